//! Drafts, and how far people come in forms: counted once for each of them, whatever becomes of the draft.

use svod_kernel::Timestamp;
use svod_store::draft::{self, DraftRow, Going};
use svod_store::testing::TestPlace;
use svod_store::{Store, StoreOptions};

crate::on_both_engines!(whoever_goes_on_is_counted_once_for_each_page, what_is_thrown_away_stays_counted);

const FORM: &str = "birth/birth";

fn row(subject: &str, version: &str, modified: i64) -> DraftRow {
    DraftRow {
        subject: subject.into(),
        form: FORM.into(),
        version: version.into(),
        modified: Timestamp(modified),
        doc: "{}".into(),
    }
}

async fn go(store: &Store, row: DraftRow, step: Option<(&str, &str)>) {
    let order = ["child", "parents", "check"].map(str::to_owned).to_vec();
    let going = step.map(|(at, to)| Going { at: at.into(), to: to.into(), order });
    store.write(move |c| draft::keep(c, &row, going.as_ref())).await.unwrap();
}

/// Page, how many came, how many went on; by the name of the page.
async fn counts(store: &Store, version: &'static str) -> Vec<(String, i64, i64)> {
    let rows = store.read(move |c| draft::reached(c, FORM, version)).await.unwrap();
    let mut all: Vec<_> = rows.into_iter().map(|r| (r.page, r.reached, r.passed)).collect();
    all.sort();
    all
}

fn told(all: &[(&str, i64, i64)]) -> Vec<(String, i64, i64)> {
    all.iter().map(|(page, reached, passed)| ((*page).to_owned(), *reached, *passed)).collect()
}

async fn whoever_goes_on_is_counted_once_for_each_page(place: &TestPlace) {
    let store = place.open(StoreOptions::default()).unwrap();
    go(&store, row("anna", "1", 1), Some(("child", "child"))).await;
    assert_eq!(counts(&store, "1").await, told(&[("child", 1, 0)]));
    for step in [("child", "parents"), ("parents", "child"), ("child", "parents"), ("parents", "check")] {
        go(&store, row("anna", "1", 2), Some(step)).await;
    }
    // A program that changes the answers goes to no page.
    go(&store, row("anna", "1", 3), None).await;
    assert_eq!(counts(&store, "1").await, told(&[("check", 1, 0), ("child", 1, 1), ("parents", 1, 1)]));
    // Who jumps over a page has not come to it.
    go(&store, row("boris", "1", 3), Some(("child", "check"))).await;
    assert_eq!(counts(&store, "1").await, told(&[("check", 2, 0), ("child", 2, 2), ("parents", 1, 1)]));
    assert!(store.write(|c| draft::sent(c, "anna", FORM)).await.unwrap());
    assert_eq!(counts(&store, "1").await[0], ("check".to_owned(), 2, 1), "sent is gone on");
    assert!(!store.write(|c| draft::sent(c, "anna", FORM)).await.unwrap());
    assert_eq!(counts(&store, "1").await[0], ("check".to_owned(), 2, 1), "once");
    // A draft that no page was counted of counts nothing when it is sent.
    go(&store, row("clara", "1", 3), None).await;
    assert!(store.write(|c| draft::sent(c, "clara", FORM)).await.unwrap());
    assert_eq!(counts(&store, "1").await[0], ("check".to_owned(), 2, 1));
    store.close().await;
}

async fn what_is_thrown_away_stays_counted(place: &TestPlace) {
    let store = place.open(StoreOptions::default()).unwrap();
    for subject in ["anna", "boris", "clara"] {
        go(&store, row(subject, "1", 1), Some(("child", "parents"))).await;
    }
    let stopped = told(&[("child", 3, 3), ("parents", 3, 0)]);
    assert!(store.write(|c| draft::drop_draft(c, "anna", FORM)).await.unwrap());
    assert_eq!(store.write(|c| draft::forget_of(c, "boris")).await.unwrap(), 1);
    assert_eq!(counts(&store, "1").await, stopped);
    // Another version of the form is another count; whoever goes on in it has not stopped in the one before.
    go(&store, row("clara", "2", 2), Some(("parents", "parents"))).await;
    assert_eq!(counts(&store, "1").await, told(&[("child", 3, 3), ("parents", 3, 1)]));
    assert_eq!(counts(&store, "2").await, told(&[("parents", 1, 0)]));
    assert_eq!(store.write(|c| draft::forget(c, Timestamp(3))).await.unwrap(), 1);
    assert_eq!(counts(&store, "2").await, told(&[("parents", 1, 0)]));
    let kept = store.read(|c| draft::get(c, "clara", FORM)).await.unwrap();
    assert_eq!(kept, None);
    store.close().await;
}
