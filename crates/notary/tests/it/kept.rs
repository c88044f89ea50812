//! The newest head lies outside the store: one that ends before it was set back, and nothing more is signed.

use std::path::{Path, PathBuf};

use svod_ledger::Checkpoint;
use svod_notary::{HEAD_FILE, Wrong, goes_on, kept_head};
use svod_store::testing::TestPlace;
use svod_store::{Conn, Store};

use crate::{ORIGIN, events, execute, notary_of, open};

svod_store::on_both_engines!(
    a_store_that_was_set_back_is_found_and_not_signed,
    a_store_with_another_past_is_found,
    the_newest_head_is_kept_while_the_log_grows,
);

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, place: &TestPlace) -> Self {
        let folder = format!("svod-{name}-{:?}-{}", place.engine(), std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn head(&self) -> PathBuf {
        self.0.join(HEAD_FILE)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn size(file: &Path) -> Option<u64> {
    kept_head(file).unwrap().map(|head| head.size)
}

/// Takes the last events away with everything that says that they were, and leaves an older head in its place: all agrees.
async fn set_back(store: &Store, older: svod_store::ledger::HeadRow) {
    for sql in [
        "DELETE FROM journal WHERE seq > 300",
        "DELETE FROM ledger_leaf WHERE seq > 300",
        "DELETE FROM ledger_tile WHERE level = 0 AND number > 1",
        "UPDATE space SET seq = 300 WHERE seq > 300",
        "UPDATE projection SET seq = 300 WHERE seq > 300",
    ] {
        execute(store, sql).await;
    }
    let put = move |conn: &mut dyn Conn| svod_store::ledger::put_head(conn, svod_store::ledger::OWN, &older);
    store.write(put).await.unwrap();
}

async fn a_store_that_was_set_back_is_found_and_not_signed(place: &TestPlace) {
    let (store, space) = open(place).await;
    let folder = Folder::new("set-back", place);
    let notary = notary_of(&store, ORIGIN, Some(folder.head()));
    events(&store, space, 0, 300).await;
    notary.catch_up().await.unwrap();
    notary.keep_head().await.unwrap();
    assert_eq!(size(&folder.head()), Some(300));
    let older = store.read(|conn| svod_store::ledger::head(conn, svod_store::ledger::OWN)).await.unwrap().unwrap();
    events(&store, space, 300, 900).await;
    notary.catch_up().await.unwrap();
    notary.keep_head().await.unwrap();
    assert_eq!(size(&folder.head()), Some(900));

    set_back(&store, older).await;
    let again = notary_of(&store, ORIGIN, Some(folder.head()));
    let mut signs = again.signs();
    events(&store, space, 300, 310).await;
    for _ in 0..2 {
        assert!(again.catch_up().await.is_err_and(|e| e.to_string().contains("svod ledger accept")));
        assert!(again.keep_head().await.is_err(), "the file is not written over");
    }
    assert_eq!(signs.try_recv().unwrap(), Wrong::SetBack { kept: 900, stored: 300 });
    assert!(signs.try_recv().is_err(), "told once");
    assert_eq!(size(&folder.head()), Some(900));
    let known = kept_head(&folder.head()).unwrap().unwrap();
    let found = store.read(move |conn| goes_on(conn, &known)).await.unwrap();
    assert_eq!(found, Some(Wrong::SetBack { kept: 900, stored: 300 }));
    assert!(notary.catch_up().await.is_err(), "nor does one that was running");

    // An operator accepts it by putting the file aside. Who runs goes on refusing, under the old name; who is started goes on.
    std::fs::remove_file(folder.head()).unwrap();
    assert!(again.catch_up().await.is_err());
    let anew = notary_of(&store, ORIGIN, Some(folder.head()));
    anew.catch_up().await.unwrap();
    anew.keep_head().await.unwrap();
    assert_eq!(size(&folder.head()), Some(310));
}

async fn a_store_with_another_past_is_found(place: &TestPlace) {
    let (store, space) = open(place).await;
    let folder = Folder::new("other-past", place);
    let notary = notary_of(&store, ORIGIN, Some(folder.head()));
    events(&store, space, 0, 300).await;
    notary.catch_up().await.unwrap();
    notary.keep_head().await.unwrap();
    let kept = kept_head(&folder.head()).unwrap().unwrap();
    assert_eq!((kept.size, kept.origin.as_str()), (300, ORIGIN));

    let other = TestPlace::sqlite();
    let (forked, space) = open(&other).await;
    events(&forked, space, 1, 601).await;
    let theirs = notary_of(&forked, ORIGIN, None);
    theirs.catch_up().await.unwrap();
    let (asked, wanted) = (kept.clone(), Some(Wrong::Other(300)));
    assert_eq!(forked.read(move |conn| goes_on(conn, &asked)).await.unwrap(), wanted);
    let behind = notary_of(&forked, ORIGIN, Some(folder.head()));
    assert!(behind.catch_up().await.is_err());
    // Under another name the same past is the same log.
    let renamed = notary_of(&store, "renamed.example/ledger", Some(folder.head()));
    events_follow(&renamed, &store, kept).await;
}

async fn events_follow(notary: &svod_notary::Notary, store: &Store, kept: Checkpoint) {
    let space = store.write(|conn| svod_store::space::ensure(conn, "a", true)).await.unwrap();
    events(store, space, 300, 301).await;
    notary.catch_up().await.unwrap();
    assert_eq!(store.read(move |conn| goes_on(conn, &kept)).await.unwrap(), None);
}

async fn the_newest_head_is_kept_while_the_log_grows(place: &TestPlace) {
    let (store, space) = open(place).await;
    let folder = Folder::new("grows", place);
    let notary = notary_of(&store, ORIGIN, Some(folder.head()));
    assert_eq!(size(&folder.head()), None);
    let running = notary.start();
    events(&store, space, 0, 40).await;
    for _ in 0..100 {
        if size(&folder.head()) == Some(40) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(size(&folder.head()), Some(40));
    events(&store, space, 40, 70).await;
    notary.catch_up().await.unwrap();
    running.stop().await;
    assert_eq!(size(&folder.head()), Some(70), "what was signed last is kept when it stops");
}
