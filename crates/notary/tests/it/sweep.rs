//! What was changed is found by looking a little all the time, and told once.

use svod_notary::{Notary, Sweep, Wrong};
use svod_store::Conn;
use svod_store::testing::TestPlace;

use crate::{erase, events, execute, notary, open};

svod_store::on_both_engines!(
    a_round_finds_nothing_where_nothing_is_wrong,
    a_round_finds_what_was_changed_and_tells_it_once,
    a_round_finds_tiles_and_heads_that_were_changed,
    what_was_erased_by_right_is_not_told,
);

/// One round from the newest leaf to the first, and as many by chance.
async fn round(notary: &Notary) {
    let mut sweep = Sweep::default();
    for _ in 0..200 {
        if notary.look(&mut sweep, 50).await.unwrap() {
            return;
        }
    }
    panic!("the round does not end");
}

fn told(signs: &mut tokio::sync::broadcast::Receiver<Wrong>) -> Vec<String> {
    let mut all: Vec<String> = std::iter::from_fn(|| signs.try_recv().ok()).map(|wrong| wrong.to_string()).collect();
    all.sort();
    all
}

async fn a_round_finds_nothing_where_nothing_is_wrong(place: &TestPlace) {
    let (store, space) = open(place).await;
    let notary = notary(&store);
    let mut signs = notary.signs();
    round(&notary).await;
    let other = store.write(|conn| svod_store::space::ensure(conn, "b", true)).await.unwrap();
    for (space, from, to) in [(space, 0, 300), (other, 0, 7), (space, 300, 620), (other, 7, 20)] {
        events(&store, space, from, to).await;
        notary.catch_up().await.unwrap();
        round(&notary).await;
    }
    // Events that wait are not missed.
    events(&store, space, 620, 630).await;
    round(&notary).await;
    assert_eq!(told(&mut signs), Vec::<String>::new());
}

async fn a_round_finds_what_was_changed_and_tells_it_once(place: &TestPlace) {
    let (store, space) = open(place).await;
    let notary = notary(&store);
    events(&store, space, 0, 700).await;
    notary.catch_up().await.unwrap();
    let mut signs = notary.signs();
    for sql in [
        "UPDATE journal SET ground = 'none' WHERE seq = 401",
        "DELETE FROM journal WHERE seq = 5",
        "DELETE FROM ledger_leaf WHERE seq IN (600, 601)",
        "DELETE FROM journal WHERE seq = 600",
    ] {
        execute(&store, sql).await;
    }
    let destroy = move |conn: &mut dyn Conn| svod_store::ledger::destroy_salt(conn, space, 650);
    store.write(destroy).await.unwrap();
    round(&notary).await;
    let wanted = [
        "event 600 of a is gone, and so is what said which leaf it was",
        "event 601 of a came behind the log's back",
        "leaf 400: event 401 of a was changed",
        "leaf 4: event 5 of a is gone",
        "leaf 649: event 650 of a says nothing any more, and no erasure names it",
    ];
    assert_eq!(told(&mut signs), wanted);
    round(&notary).await;
    assert_eq!(told(&mut signs), Vec::<String>::new(), "once");
}

async fn a_round_finds_tiles_and_heads_that_were_changed(place: &TestPlace) {
    let (store, space) = open(place).await;
    let notary = notary(&store);
    events(&store, space, 0, 700).await;
    notary.catch_up().await.unwrap();
    let mut signs = notary.signs();
    let swap = |level: i64, number: i64| {
        move |conn: &mut dyn Conn| {
            let mut hashes = svod_store::ledger::tile(conn, level, number)?.unwrap_or_default();
            hashes[3] ^= 1;
            svod_store::ledger::put_tile(conn, level, number, hashes)
        }
    };
    store.write(swap(0, 0)).await.unwrap();
    round(&notary).await;
    assert_eq!(told(&mut signs), ["tile 0/0, from leaf 0 on"]);
    store.write(swap(0, 0)).await.unwrap();
    // The first hash of the tile above: a full tile does not lead to it, nor does the edge to the signed head.
    store.write(swap(1, 0)).await.unwrap();
    round(&notary).await;
    let found = told(&mut signs);
    assert!(
        found.len() == 2 && found[0].starts_with("the head: ") && found[1] == "tile 1/0, from leaf 0 on",
        "{found:?}"
    );
    store.write(swap(1, 0)).await.unwrap();
    execute(&store, "UPDATE projection SET seq = seq - 1").await;
    round(&notary).await;
    assert_eq!(told(&mut signs), Vec::<String>::new(), "of the head one thing is said");
}

async fn what_was_erased_by_right_is_not_told(place: &TestPlace) {
    let (store, space) = open(place).await;
    let notary = notary(&store);
    let mut signs = notary.signs();
    events(&store, space, 0, 300).await;
    erase::erased(&notary, "urn:t:77").await.unwrap();
    round(&notary).await;
    assert_eq!(told(&mut signs), Vec::<String>::new());
    execute(&store, "UPDATE journal SET changes = '{\"name\": {}}' WHERE seq = 78").await;
    round(&notary).await;
    assert_eq!(told(&mut signs), ["leaf 77: event 78 of a was changed"]);
}
