//! What is kept of a removed entity is destroyed; the journal says so, and every proof of every other event stays valid.

use svod_kernel::Actor;
use svod_ledger::Receipt;
use svod_notary::{EraseError, Erased, Erasure, Found, Notary, NotaryError, Secret, Wrong};
use svod_store::testing::TestPlace;
use svod_store::{Conn, Store, journal};

use crate::{events, execute, looked, notary, open};

svod_store::on_both_engines!(
    what_is_erased_is_named_and_leaves_every_proof_valid,
    a_leaf_that_says_nothing_and_that_no_erasure_names_is_wrong,
    what_is_still_there_is_not_erased,
    what_is_no_leaf_yet_waits_and_is_erased_then,
    what_was_merged_is_erased_with_all_its_identifiers,
    what_was_merged_once_is_erased_with_it_though_it_was_brought_back,
);

fn erasure(urn: &str) -> Erasure {
    let actor = Actor::platform("erase");
    Erasure { urn: urn.into(), within: None, ground: "152-ФЗ, ст. 21".into(), actor }
}

pub async fn erased(notary: &Notary, urn: &str) -> Result<(u64, i64), EraseError> {
    let all = notary.erase(erasure(urn)).await?;
    let [Erased { space, events, seq, .. }] = &all[..] else { panic!("{all:?}") };
    assert_eq!(space, "a");
    Ok((*events, *seq))
}

/// What the journal says of one event: action, changes, and how its actor is called.
async fn said(store: &Store, space: i64, seq: i64) -> (String, String, String) {
    let page = move |conn: &mut dyn Conn| journal::page(conn, space, seq - 1, 1);
    let event = store.read(page).await.unwrap().remove(0).event;
    (event.action, event.changes, event.actor_name)
}

async fn what_is_erased_is_named_and_leaves_every_proof_valid(place: &TestPlace) {
    let (store, space) = open(place).await;
    let notary = notary(&store);
    let path = "a".parse().unwrap();
    events(&store, space, 0, 20).await;
    // The entity has done something to itself, and was removed.
    execute(&store, "UPDATE journal SET actor = urn, urn = 'urn:t:6' WHERE seq IN (9, 10)").await;
    execute(&store, "UPDATE journal SET actor = 'urn:t:6' WHERE seq = 10").await;
    execute(
        &store,
        "INSERT INTO tombstone (space, urn, version, deleted, doc, type)
         SELECT id, 'urn:t:6', 3, 0, '{\"name\": \"Иванов 6\"}', 'Thing' FROM space WHERE path = 'a'",
    )
    .await;
    notary.catch_up().await.unwrap();
    let before = notary.receipt((space, &path), 8, vec!["name".into()]).await.unwrap();

    assert_eq!(erased(&notary, "urn:t:6").await.unwrap(), (3, 21));
    assert_eq!(looked(&store, notary.key()).await, Found { size: 21, erased: 3, ..Found::default() });
    for seq in [7, 9, 10] {
        let gone = notary.receipt((space, &path), seq, Vec::new()).await;
        assert!(matches!(gone, Err(NotaryError::Erased(of)) if of == seq));
        assert_eq!(said(&store, space, seq).await.1, "{}");
    }
    assert_eq!(said(&store, space, 10).await.2, "", "how they were called themselves");
    assert_eq!(said(&store, space, 7).await.2, "clerk");
    let event = said(&store, space, 21).await;
    assert_eq!((event.0.as_str(), event.1.as_str()), ("erased", r#"{"@erased":{"new":[[7,7],[9,10]]}}"#));
    let doc = move |conn: &mut dyn Conn| {
        let left = conn.first("SELECT doc FROM tombstone WHERE urn = 'urn:t:6'", &[])?;
        left.map_or(Ok("none".into()), |row| row.text(0))
    };
    assert_eq!(store.read(doc).await.unwrap(), "");

    // The event of the erasure is proven like any other, and so is everything else.
    let of_erasure = notary.receipt((space, &path), 21, vec!["@erased".into()]).await.unwrap();
    let after = notary.receipt((space, &path), 8, vec!["name".into()]).await.unwrap();
    for receipt in [before, after, of_erasure] {
        let receipt = Receipt::parse(&receipt.to_string()).unwrap();
        let secret: Secret = serde_json::from_slice(&receipt.extra).unwrap();
        receipt.verify(&secret.entry().unwrap(), &[notary.key().clone()]).unwrap();
    }
    let again = notary.erase(erasure("urn:t:6")).await;
    assert_eq!(again, Err(EraseError::Nothing("urn:t:6".into())));

    // What comes of it afterwards is erased by an event of its own; nothing may stand where something was erased.
    events(&store, space, 6, 7).await;
    assert_eq!(erased(&notary, "urn:t:6").await.unwrap(), (1, 23));
    assert_eq!(looked(&store, notary.key()).await, Found { size: 23, erased: 4, ..Found::default() });
    execute(&store, "UPDATE journal SET changes = '{\"name\": {}}' WHERE seq = 9").await;
    let wrong = looked(&store, notary.key()).await.wrong;
    assert_eq!(wrong, [Wrong::Event { leaf: 8, space: "a".into(), seq: 9 }]);
}

async fn a_leaf_that_says_nothing_and_that_no_erasure_names_is_wrong(place: &TestPlace) {
    let (store, space) = open(place).await;
    let notary = notary(&store);
    events(&store, space, 0, 20).await;
    erased(&notary, "urn:t:3").await.unwrap();
    let destroy = move |conn: &mut dyn Conn| {
        svod_store::ledger::destroy_salt(conn, space, 7)?;
        journal::redact(conn, space, 7)
    };
    store.write(destroy).await.unwrap();
    let found = looked(&store, notary.key()).await;
    assert_eq!((found.erased, found.wrong), (2, vec![Wrong::Unnamed { leaf: 6, space: "a".into(), seq: 7 }]));
    // An event of another entity does not name it, nor does an ordinary one.
    execute(&store, "UPDATE journal SET urn = 'urn:t:6' WHERE seq = 4").await;
    assert!(looked(&store, notary.key()).await.wrong.iter().any(|w| w.leaf() == Some(3)), "nor the other way round");
    execute(&store, "UPDATE journal SET urn = 'urn:t:3' WHERE seq = 4").await;
    assert_eq!(erased(&notary, "urn:t:6").await.unwrap(), (1, 22), "what was destroyed without a trace gets one");
    assert_eq!(looked(&store, notary.key()).await, Found { size: 22, erased: 2, ..Found::default() });
}

async fn what_is_still_there_is_not_erased(place: &TestPlace) {
    let (store, space) = open(place).await;
    let notary = notary(&store);
    events(&store, space, 0, 5).await;
    execute(
        &store,
        "INSERT INTO entity (space, id, urn, type, version, created, modified, doc)
         SELECT id, 1, 'urn:t:2', 'Thing', 1, 0, 0, '{}' FROM space WHERE path = 'a'",
    )
    .await;
    let there = notary.erase(erasure("urn:t:2")).await;
    assert_eq!(there, Err(EraseError::There { urn: "urn:t:2".into(), space: "a".into() }));
    assert_eq!(notary.erase(erasure("urn:t:77")).await, Err(EraseError::Nothing("urn:t:77".into())));
    let elsewhere = Erasure { within: Some("b".parse().unwrap()), ..erasure("urn:t:1") };
    assert_eq!(notary.erase(elsewhere).await, Err(EraseError::Nothing("urn:t:1".into())));
    assert!(said(&store, space, 3).await.1.contains("Иванов 2"));
    assert_eq!(looked(&store, notary.key()).await, Found { size: 5, ..Found::default() });
}

async fn what_is_no_leaf_yet_waits_and_is_erased_then(place: &TestPlace) {
    let (store, space) = open(place).await;
    let notary = notary(&store);
    events(&store, space, 0, 5).await;
    notary.catch_up().await.unwrap();
    // Another node keeps the log and is slow: nothing of what it may have in hand is taken from under it.
    let now = svod_kernel::Clock::now(&*crate::clock());
    let take = move |conn: &mut dyn Conn| {
        conn.execute("DELETE FROM lease", &[])?;
        svod_store::lease::acquire(conn, svod_notary::PROJECTION, "two", now, 60_000_000)
    };
    assert!(store.write(take).await.unwrap());
    events(&store, space, 2, 3).await;
    let waits = tokio::spawn({
        let notary = notary.clone();
        async move { notary.erase(erasure("urn:t:2")).await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert!(!waits.is_finished());
    assert!(said(&store, space, 3).await.1.contains("Иванов 2"));
    store.write(|conn| svod_store::lease::release(conn, svod_notary::PROJECTION, "two")).await.unwrap();
    let done = waits.await.unwrap().unwrap();
    assert_eq!(done, [Erased { urn: "urn:t:2".into(), space: "a".into(), events: 2, seq: 7, running: Vec::new() }]);
    assert_eq!(looked(&store, notary.key()).await, Found { size: 7, erased: 2, ..Found::default() });
}

/// A removed entity, merged into another perhaps.
async fn removed(store: &Store, n: u32, into: Option<u32>) {
    let mut doc =
        serde_json::json!({"id": format!("urn:t:{n}"), "type": "Thing", "space": "a", "attributes": {"name": {}}});
    if let Some(into) = into {
        doc["mergedInto"] = format!("urn:t:{into}").into();
    }
    let sql = format!(
        "INSERT INTO tombstone (space, urn, version, deleted, doc, type)
         SELECT id, 'urn:t:{n}', 3, 0, '{doc}', 'Thing' FROM space WHERE path = 'a'"
    );
    store.write(move |conn| conn.execute(&sql, &[])).await.unwrap();
}

/// What is kept of it.
async fn kept(store: &Store, n: u32) -> String {
    let sql = format!("SELECT doc FROM tombstone WHERE urn = 'urn:t:{n}'");
    let doc = move |conn: &mut dyn Conn| conn.first(&sql, &[])?.map_or(Ok("none".into()), |row| row.text(0));
    store.read(doc).await.unwrap()
}

async fn what_was_merged_is_erased_with_all_its_identifiers(place: &TestPlace) {
    let (store, space) = open(place).await;
    let notary = notary(&store);
    events(&store, space, 0, 20).await;
    // The first was merged into the second, the second into the third; the fourth has nothing to do with them.
    for (first, asked) in [(0, 0), (5, 6), (10, 12)] {
        for (n, into) in [(first, Some(first + 1)), (first + 1, Some(first + 2)), (first + 2, None), (first + 3, None)]
        {
            removed(&store, n, into).await;
        }
        let erasure = erasure(&format!("urn:t:{asked}"));
        let erased = notary.erase(erasure.clone()).await.unwrap();
        let mut urns: Vec<String> = erased.into_iter().map(|e| e.urn).collect();
        urns.sort_by_key(|urn| (urn.len(), urn.clone()));
        assert_eq!(urns, [first, first + 1, first + 2].map(|n| format!("urn:t:{n}")), "{asked} was asked");
        for n in first..first + 3 {
            assert_eq!(said(&store, space, i64::from(n) + 1).await.1, "{}", "{n}");
            assert!(!kept(&store, n).await.contains("name"), "{n}");
        }
        assert!(said(&store, space, i64::from(first) + 4).await.1.contains("Иванов"), "{first}");
        assert!(kept(&store, first + 3).await.contains("name") && kept(&store, first + 2).await.is_empty());
        let leads = kept(&store, first).await;
        assert!(leads.contains(&format!("\"mergedInto\":\"urn:t:{}\"", first + 1)), "{leads}");
        assert_eq!(notary.erase(erasure.clone()).await, Err(EraseError::Nothing(erasure.urn)));
    }
    assert!(looked(&store, notary.key()).await.wrong.is_empty());
    // As long as one of them is there, it is named, and nothing has happened.
    removed(&store, 15, Some(16)).await;
    execute(
        &store,
        "INSERT INTO entity (space, id, urn, type, version, created, modified, doc)
         SELECT id, 1, 'urn:t:16', 'Thing', 1, 0, 0, '{}' FROM space WHERE path = 'a'",
    )
    .await;
    let there = notary.erase(erasure("urn:t:15")).await;
    assert_eq!(there, Err(EraseError::There { urn: "urn:t:16".into(), space: "a".into() }));
    assert!(kept(&store, 15).await.contains("name"));
}

/// A merge of before that nothing leads along any more.
async fn what_was_merged_once_is_erased_with_it_though_it_was_brought_back(place: &TestPlace) {
    let (store, space) = open(place).await;
    let notary = notary(&store);
    events(&store, space, 0, 8).await;
    for n in 0..8 {
        removed(&store, n, None).await;
    }
    // The second became a part of the first, the fifth of the fourth; the third and the sixth were written in between.
    let (given, taken) = (r#"{"name":{"new":{"value":"Иванов"}}}"#, r#"{"name":{"old":{"value":"Иванов"}}}"#);
    for (seq, changes) in [(1, given), (2, taken), (4, given), (5, taken)] {
        let sql = format!(
            "UPDATE journal SET action = 'merge', actor = 'clerk', at = {seq} / 3, changes = '{changes}' WHERE seq = {seq}"
        );
        store.write(move |conn: &mut dyn Conn| conn.execute(&sql, &[])).await.unwrap();
    }
    for (asked, wanted) in [(1, ["urn:t:0", "urn:t:1"]), (3, ["urn:t:3", "urn:t:4"])] {
        let erased = notary.erase(erasure(&format!("urn:t:{asked}"))).await.unwrap();
        let mut urns: Vec<String> = erased.into_iter().map(|e| e.urn).collect();
        urns.sort();
        assert_eq!(urns, wanted);
    }
    for n in [2, 5, 6, 7] {
        assert!(kept(&store, n).await.contains("name"), "{n} has nothing to do with them");
    }
}
