//! The log of a journal on a store of its own, on both engines.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod erase;
mod kept;
mod rows;
mod sweep;

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use svod_kernel::{SeededRng, SimClock};
use svod_ledger::{Checkpoint, Kind, Note, Receipt, Signer, Verifier};
use svod_notary::{
    Answer, Ask, Asked, Found, Notary, NotaryDeps, NotaryError, Part, Peer, Secret, Witness, Wrong, verify,
};
use svod_store::journal::NewEvent;
use svod_store::testing::TestPlace;
use svod_store::{Conn, Store, StoreOptions};

svod_store::on_both_engines!(
    a_receipt_shows_what_its_reader_may_see,
    what_is_done_behind_its_back_is_found,
    a_size_that_none_can_be_is_found,
    a_witness_signs_what_grows_and_refuses_a_fork,
    leaves_are_made_while_events_come,
);

fn run(place: &TestPlace, test: impl AsyncFn(&TestPlace)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test(place));
}

const ORIGIN: &str = "test.example/ledger";

fn clock() -> Arc<SimClock> {
    Arc::new(SimClock::new("2026-01-15T01:00:00Z".parse().unwrap()))
}

fn notary(store: &Store) -> Arc<Notary> {
    notary_of(store, ORIGIN, None)
}

/// Under a name, with the file in which the newest head is kept.
fn notary_of(store: &Store, origin: &str, kept: Option<PathBuf>) -> Arc<Notary> {
    Notary::new(NotaryDeps {
        store: store.clone(),
        clock: clock(),
        rng: Arc::new(SeededRng::new(5)),
        signer: Signer::new(origin, Kind::Plain, &[1; 32]).unwrap(),
        adopts: false,
        node: "one".into(),
        kept,
    })
}

async fn open(place: &TestPlace) -> (Store, i64) {
    let store = place.open_with(StoreOptions::default(), clock()).unwrap();
    let space = store.write(|conn| svod_store::space::ensure(conn, "a", true)).await.unwrap();
    (store, space)
}

fn event(n: i64) -> NewEvent {
    NewEvent {
        at: "2026-01-15T01:00:00Z".parse().unwrap(),
        actor: "persona:clerk".into(),
        actor_name: "clerk".into(),
        action: "update".into(),
        urn: format!("urn:t:{n}"),
        kind: "Thing".into(),
        version: n,
        ground: "law".into(),
        cause: None,
        changes: format!(r#"{{"name": {{"new": {{"value": "Иванов {n}"}}}}, "size": {{"new": {{"value": {n}.50}}}}}}"#),
        on_behalf: None,
    }
}

async fn events(store: &Store, space: i64, from: i64, to: i64) {
    let append =
        move |conn: &mut dyn Conn| svod_store::journal::append(conn, space, &(from..to).map(event).collect::<Vec<_>>());
    store.write(append).await.unwrap();
}

async fn execute(store: &Store, sql: &'static str) {
    assert!(store.write(move |conn| conn.execute(sql, &[])).await.unwrap() > 0, "{sql}");
}

async fn looked(store: &Store, key: &Verifier) -> Found {
    let key = key.clone();
    store.read(move |conn| verify(conn, &key)).await.unwrap()
}

async fn a_receipt_shows_what_its_reader_may_see(place: &TestPlace) {
    let (store, space) = open(place).await;
    let notary = notary(&store);
    let path = "a".parse().unwrap();
    events(&store, space, 0, 600).await;
    let early = notary.receipt((space, &path), 1, Vec::new()).await;
    assert!(matches!(early, Err(NotaryError::Missing(_))), "it is no leaf yet");
    notary.catch_up().await.unwrap();
    assert_eq!(looked(&store, notary.key()).await, Found { size: 600, ..Found::default() });

    let receipt = notary.receipt((space, &path), 300, vec!["size".into()]).await.unwrap();
    let receipt = Receipt::parse(&receipt.to_string()).unwrap();
    let secret: Secret = serde_json::from_slice(&receipt.extra).unwrap();
    assert!(!String::from_utf8(receipt.extra.clone()).unwrap().contains("Иванов"));
    assert!(matches!(&secret.changes[..], [Part::Hidden { .. }, Part::Open { name, change, .. }]
        if name == "size" && change.contains("299.50")));
    let known = [notary.key().clone()];
    let (head, _) = receipt.verify(&secret.entry().unwrap(), &known).unwrap();
    assert_eq!((head.size, head.origin.as_str()), (600, ORIGIN));
    let other = Secret { event: secret.event.replace("urn:t:299", "urn:t:298"), ..secret };
    assert!(receipt.verify(&other.entry().unwrap(), &known).is_err());

    let tile = notary.tile(0, 1, 256).await.unwrap();
    assert_eq!(tile.len(), 8_192);
    assert_eq!(notary.entries(2, 88).await.unwrap().len(), 88 * 34);
    assert!(matches!(notary.tile(0, 2, 89).await, Err(NotaryError::Missing(_))));
    assert!(matches!(notary.tile(5, u64::MAX, 1).await, Err(NotaryError::Missing(_))));
}

async fn what_is_done_behind_its_back_is_found(place: &TestPlace) {
    let (store, space) = open(place).await;
    let notary = notary(&store);
    events(&store, space, 0, 700).await;
    notary.catch_up().await.unwrap();
    let wrong = async || looked(&store, notary.key()).await.wrong;
    assert!(wrong().await.is_empty());

    execute(&store, "UPDATE journal SET ground = 'none' WHERE seq = 401").await;
    assert_eq!(wrong().await, [Wrong::Event { leaf: 400, space: "a".into(), seq: 401 }]);
    execute(&store, "UPDATE journal SET changes = '{}' WHERE seq = 12").await;
    assert_eq!(wrong().await[0].leaf(), Some(11), "the first");
    execute(&store, "DELETE FROM journal WHERE seq = 5").await;
    assert_eq!(wrong().await, [Wrong::Gone { leaf: 4, space: "a".into(), seq: 5 }]);

    // Whoever changes the leaf's row as well is found by the entry that nobody says they are.
    execute(&store, "DELETE FROM ledger_leaf WHERE seq = 4").await;
    assert_eq!(wrong().await, [Wrong::Unknown(3)]);

    execute(&store, "UPDATE ledger_tile SET hashes = (SELECT t.hashes FROM ledger_tile t WHERE t.level = 0 AND t.number = 0 AND t.space = ledger_tile.space)
        WHERE level = 0 AND number = 1").await;
    assert!(wrong().await.contains(&Wrong::Tile { level: 0, number: 1, leaf: 256 }));
    execute(&store, "UPDATE ledger_tile SET hashes = (SELECT t.hashes FROM ledger_tile t WHERE t.level = -1 AND t.number = 1 AND t.space = ledger_tile.space)
        WHERE level = -1 AND number = 0").await;
    assert!(wrong().await.contains(&Wrong::Tile { level: 0, number: 0, leaf: 0 }));
    execute(&store, "UPDATE ledger_head SET size = size - 1").await;
    assert!(matches!(&wrong().await[0], Wrong::Head(_)));
    events(&store, space, 700, 710).await;
    assert!(notary.catch_up().await.is_err(), "what was rewritten is not signed again");
    let stranger = Signer::new(ORIGIN, Kind::Plain, &[9; 32]).unwrap();
    assert!(matches!(&looked(&store, stranger.verifier()).await.wrong[0], Wrong::Head(_)));
    execute(&store, "DELETE FROM ledger_head").await;
    assert!(matches!(&wrong().await[..], [Wrong::Head(_)]), "a log that was there is missed");
}

async fn a_size_that_none_can_be_is_found(place: &TestPlace) {
    let (store, space) = open(place).await;
    let notary = notary(&store);
    events(&store, space, 0, 70).await;
    notary.catch_up().await.unwrap();
    for sql in ["UPDATE ledger_head SET size = -1", "UPDATE ledger_head SET size = 9223372036854775807"] {
        execute(&store, sql).await;
        let found = looked(&store, notary.key()).await;
        assert!(matches!(&found.wrong[0], Wrong::Head(_)), "{sql}: {:?}", found.wrong);
        assert!(found.wrong.contains(&Wrong::Unknown(70)), "{sql}: {:?}", found.wrong);
    }
}

/// The way to a witness without a network.
struct Straight(Witness);

impl Ask for Straight {
    fn post<'a>(
        &'a self,
        _: &'a str,
        body: String,
    ) -> Pin<Box<dyn Future<Output = Result<Asked, String>> + Send + 'a>> {
        Box::pin(async move {
            Ok(match self.0.add(&body).await.map_err(|e| e.to_string())? {
                // What else stands in the answer is passed over.
                Answer::Signed(body) => Asked { status: 200, body: format!("\u{2014} junk AAAAAAA=\n{body}\n\n") },
                Answer::Conflict(size) => Asked { status: 409, body: format!("{size}\n") },
                other => panic!("{other:?}"),
            })
        })
    }
}

async fn a_witness_signs_what_grows_and_refuses_a_fork(place: &TestPlace) {
    let (store, space) = open(place).await;
    let other = TestPlace::sqlite();
    let theirs = other.open_with(StoreOptions::default(), clock()).unwrap();
    let notary = notary(&store);
    let signer = Arc::new(Signer::new("witness.example", Kind::Cosignature, &[2; 32]).unwrap());
    let witness = || Witness::new(theirs.clone(), clock(), signer.clone(), vec![notary.key().clone()]);
    let peer = Peer { url: "http://witness.example/ledger/".into(), key: signer.verifier().clone() };
    let known = [notary.key().clone(), signer.verifier().clone()];
    let going = tokio::spawn(notary.clone().be_witnessed(peer, Arc::new(Straight(witness()))));
    for to in [300, 301, 900] {
        events(&store, space, if to == 300 { 0 } else { to - 1 }, to).await;
        notary.catch_up().await.unwrap();
        for _ in 0..100 {
            let note = Note::parse(&notary.checkpoint().await.unwrap()).unwrap();
            if note.verify(&known).unwrap().len() == 2 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let note = Note::parse(&notary.checkpoint().await.unwrap()).unwrap();
        assert_eq!(note.verify(&known).unwrap().len(), 2, "log and witness have signed");
    }
    going.abort();

    // Another tree under the same name: of the same size, larger with any proof, smaller.
    let log = Signer::new(ORIGIN, Kind::Plain, &[1; 32]).unwrap();
    let claim = |old: u64, size: u64, steps: &str| {
        let text = Checkpoint { origin: ORIGIN.into(), size, root: [7; 32] }.to_string();
        format!("old {old}\n{steps}\n{text}\n{}", log.sign(&text, 0))
    };
    let step = format!("{}=\n", "A".repeat(43));
    let witness = witness();
    let size = 302;
    assert_eq!(witness.add(&claim(size, size, "")).await.unwrap(), Answer::Conflict(size));
    assert_eq!(witness.add(&claim(size, 1_000, &step)).await.unwrap(), Answer::Inconsistent);
    assert_eq!(witness.add(&claim(5, 1_000, &step)).await.unwrap(), Answer::Conflict(size));
    assert!(matches!(witness.add(&claim(9, 8, &step)).await.unwrap(), Answer::Malformed(_)));
    assert!(matches!(witness.add("old 1").await.unwrap(), Answer::Malformed(_)));
    let unsigned = claim(size, 1_000, "").replace(ORIGIN, "another.example/ledger");
    assert_eq!(witness.add(&unsigned).await.unwrap(), Answer::Unknown);
    let forged = claim(size, 1_000, "").replace("\n1000\n", "\n1001\n");
    assert_eq!(witness.add(&forged).await.unwrap(), Answer::Untrusted);
}

async fn leaves_are_made_while_events_come(place: &TestPlace) {
    let (store, space) = open(place).await;
    let notary = notary(&store);
    let running = notary.start();
    for round in 0..5 {
        events(&store, space, round * 100, round * 100 + 100).await;
    }
    let size = async || notary.checkpoint().await.ok().map(|n| Checkpoint::parse(&n).unwrap().size);
    for _ in 0..100 {
        if size().await == Some(500) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(size().await, Some(500));
    running.stop().await;
    assert!(looked(&store, notary.key()).await.wrong.is_empty());
}
