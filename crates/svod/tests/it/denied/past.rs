//! What was: values of before, entities that are no more, the journal and its receipts.

use std::collections::BTreeSet;

use serde_json::json;
use svod_kernel::{Actor, SpacePath};
use svod_ledger::Receipt;
use svod_registry::{Action, JournalQuery};
use svod_testkit::TestApp;

use super::probe::Life;
use super::{Asking, Court, KINDS, markers};

/// An event of the journal: where, its number, and of which life.
pub type Told = (SpacePath, i64, usize);

/// The events of all lives, as soon as each is a leaf of the ledger.
pub async fn events(app: &TestApp, lives: &[Life]) -> Vec<Told> {
    let registry = &app.core.registry;
    let mut all = Vec::new();
    for (n, life) in lives.iter().enumerate() {
        let query = JournalQuery {
            space: "kuzbass".parse().unwrap(),
            below: true,
            entity: Some(life.made.id.clone()),
            cause: None,
            newest_first: false,
            after: None,
            limit: 100,
        };
        let page = registry.journal(&Actor::platform("test"), query).await.unwrap();
        all.extend(page.items.into_iter().map(|e| (e.space, e.seq, n)));
    }
    app.until("every event is a leaf", async || {
        for (space, seq, _) in &all {
            let id = registry.spaces().get(space).map_or(0, |s| s.id);
            if app.core.notary.receipt((id, space), *seq, Vec::new()).await.is_err() {
                return false;
            }
        }
        true
    })
    .await;
    all
}

/// As it stood at that moment, over time, and what is said of what is gone.
pub async fn judge(court: &Court<'_>, who: &Asking, then: &str) {
    let ever = court.ever(who, Action::Read);
    let question = json!({"space": "kuzbass", "types": KINDS, "limit": 1000, "asOf": then});
    let found = court.ask(who, "POST", "/api/v1/query", Some(question)).await;
    court.judge(who, "/api/v1/query as of", &found.text, &ever);
    for property in ["modifiedAt", "deletedAt"] {
        let kinds = KINDS.join(",");
        let path = format!(
            "/ngsi-ld/v1/temporal/entities?type={kinds}&limit=100&timerel=after&timeAt=2000-01-01T00:00:00Z&timeproperty={property}"
        );
        court.judge(who, &path, &court.get(who, &path).await, &ever);
    }
    for life in court.lives {
        then_and_over_time(court, who, life, then).await;
        if life.gone {
            gone(court, who, life).await;
        }
    }
}

async fn then_and_over_time(court: &Court<'_>, who: &Asking, life: &Life, then: &str) {
    let id = &life.made.id;
    let path = format!("/api/v1/entities/{id}?asOf={then}");
    let shown = markers(&court.get(who, &path).await);
    let may = court.oracle.allowed(&who.actor, &life.made, Action::Read);
    let may: BTreeSet<String> = may.into_iter().map(str::to_owned).collect();
    assert_eq!(shown, may, "{}", court.hint(who, &path));

    let path = format!("/ngsi-ld/v1/temporal/entities/{id}");
    let (text, may) = (court.get(who, &path).await, court.of_life(who, life, Action::Read));
    court.judge(who, &path, &text, &may);
    let silent = markers(&text).is_empty() && !may.is_empty() && !life.gone;
    assert!(!silent, "{}: nothing is told of what may be seen: {text}", court.hint(who, &path));
}

/// Nowhere is it as if it were there; the journal tells of it what it told while it was there.
async fn gone(court: &Court<'_>, who: &Asking, life: &Life) {
    let id = &life.made.id;
    for path in [
        format!("/api/v1/entities/{id}"),
        format!("/api/v1/entities/{id}/live"),
        format!("/ngsi-ld/v1/entities/{id}"),
        format!("/entities/{id}"),
    ] {
        let answer = court.ask(who, "GET", &path, None).await;
        assert_eq!(answer.status, 404, "{}: {}", court.hint(who, &path), answer.text);
        assert!(markers(&answer.text).is_empty(), "{}: {}", court.hint(who, &path), answer.text);
    }
    let told = court.of_life(who, life, Action::ReadJournal);
    for path in
        [format!("/api/v1/journal?space=kuzbass&entity={id}&limit=1000"), format!("/journal?space=kuzbass&entity={id}")]
    {
        court.judge(who, &path, &court.get(who, &path).await, &told);
    }
}

/// The journal, and some of its events with their receipts.
pub async fn receipts(court: &Court<'_>, who: &Asking, events: &[Told]) {
    let path = "/api/v1/journal?space=kuzbass&limit=1000";
    court.judge(who, path, &court.get(who, path).await, &court.ever(who, Action::ReadJournal));
    for (space, seq, n) in events {
        if court.dice.below(3) > 0 {
            continue;
        }
        let told = court.of_life(who, &court.lives[*n], Action::ReadJournal);
        let path = format!("/api/v1/ledger/receipts?space={space}&seq={seq}");
        let answer = court.ask(who, "GET", &path, None).await;
        let said = match Receipt::parse(&answer.text) {
            Ok(receipt) => String::from_utf8(receipt.extra).unwrap(),
            Err(_) => answer.text.clone(),
        };
        assert_eq!(answer.status == 200, said != answer.text, "{}: {}", court.hint(who, &path), answer.text);
        court.judge(who, &path, &said, &told);
        // No marker tells what is in the picture: who gets no receipt gets no print of it. Each print takes its time.
        if answer.status != 200 || *n == 0 {
            let path = format!("/receipt/pdf?space={space}&seq={seq}");
            let printed = court.ask(who, "GET", &path, None).await;
            assert_eq!(printed.status == 200, answer.status == 200, "{}: {}", court.hint(who, &path), printed.status);
        }
        let path = format!("/receipt?space={space}&seq={seq}");
        court.judge(who, &path, &court.get(who, &path).await, &told);
    }
}
