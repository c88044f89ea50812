//! What has ceased to be is cleared away, whatever stands in the way of something else.

use std::sync::Arc;
use std::time::Duration;

use svod_kernel::{Actor, Coded, SimClock};
use svod_model::{Attribute, Entity};
use svod_registry::{Command, JournalQuery, Operation, Registry};
use svod_store::testing::TestPlace;

use crate::{on_both_engines, open_at, publish, space, urn};

on_both_engines!(what_cannot_be_cleared_away_keeps_nothing_else_back, what_must_be_there_does_not_cease,);

const MODEL: &str = include_str!("works.yaml");

fn until(value: &str, moment: &str) -> Attribute {
    Attribute { expires_at: Some(moment.parse().unwrap()), ..Attribute::property(value) }
}

async fn make(registry: &Registry, all: Vec<Entity>) -> Result<(), svod_registry::CommandError> {
    let changes = all.into_iter().map(|e| Operation::Create(e).into()).collect();
    registry.execute(&Actor::platform("t"), Command { changes, ..Command::default() }).await.map(drop)
}

/// The verbs of what happened to it.
async fn verbs(registry: &Registry, n: u32) -> Vec<String> {
    let query = JournalQuery {
        space: space("town"),
        below: true,
        entity: Some(urn(n)),
        cause: None,
        newest_first: false,
        after: None,
        limit: 10,
    };
    let page = registry.journal(&Actor::platform("t"), query).await.unwrap();
    page.items.into_iter().map(|e| e.action).collect()
}

async fn what_cannot_be_cleared_away_keeps_nothing_else_back(place: &TestPlace) {
    let clock = Arc::new(SimClock::new("2026-01-15T01:00:00Z".parse().unwrap()));
    let registry = open_at(place, clock.clone()).await;
    publish(&registry, "0.1.0", MODEL).await;
    let deal = |n| Entity::new(urn(n), "Deal", space("town")).with("words", until("a", "2026-01-15T02:00:00Z"));
    make(&registry, (100..301).map(deal).collect()).await.unwrap();
    let work = Entity::new(urn(1), "Work", space("town")).with("note", until("a", "2026-01-15T03:00:00Z"));
    make(&registry, vec![work]).await.unwrap();
    // From now on words must be there, and a rule asks for the note.
    let model = MODEL.replace("      words: {}\n", "      words: {required: true}\n");
    let rule = "      - title: mine-fits\n        annotations: {svod_condition: \"note != null\"}\n  Repair:";
    publish(&registry, "0.2.0", &model.replace("  Repair:", rule)).await;
    clock.advance(3 * 3600);
    for _ in 0..100 {
        if verbs(&registry, 1).await.len() > 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(verbs(&registry, 1).await, ["create", "expire"]);
    assert_eq!(verbs(&registry, 100).await, ["create"], "what must be there is left alone");
}

async fn what_must_be_there_does_not_cease(place: &TestPlace) {
    let registry = open_at(place, Arc::new(SimClock::new("2026-01-15T01:00:00Z".parse().unwrap()))).await;
    let model = MODEL.replace("      words: {}\n", "      words: {required: true}\n");
    publish(&registry, "0.1.0", &model).await;
    let deal = Entity::new(urn(1), "Deal", space("town"));
    let refused =
        make(&registry, vec![deal.clone().with("words", until("a", "2027-01-15T02:00:00Z"))]).await.unwrap_err();
    assert!(refused.fields()[0].rule.starts_with("required"), "{refused}");
    // What a key or a rule names has one value at every moment.
    for name in ["number", "mine"] {
        let value = if name == "mine" { Attribute::property(1.0) } else { Attribute::property("1") };
        let mut several = value.clone();
        several.others.push(Attribute { dataset: Some("urn:t:d".into()), ..value.clone() });
        for wrong in [
            Attribute { expires_at: Some("2027-01-15T02:00:00Z".parse().unwrap()), ..value.clone() },
            Attribute { dataset: Some("urn:t:d".into()), ..value.clone() },
            several,
        ] {
            let whole = deal.clone().with("words", Attribute::property("a")).with(name, wrong);
            let refused = make(&registry, vec![whole]).await.unwrap_err();
            assert!(refused.fields()[0].rule.starts_with("single"), "{refused}");
        }
    }
    for moment in ["0999-12-31T23:59:59Z", "-000044-03-15T12:00:00Z"] {
        let work = Entity::new(urn(2), "Work", space("town")).with("since", Attribute::property(moment));
        let refused = make(&registry, vec![work]).await.unwrap_err();
        assert!(refused.fields()[0].rule.starts_with("range datetime"), "{refused}");
    }
}
