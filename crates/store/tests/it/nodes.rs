//! Several nodes and concurrent writers: versions, journal order, heads, leases, lost connections.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use svod_kernel::Timestamp;
use svod_store::entity::{self, Write};
use svod_store::testing::TestPlace;
use svod_store::{Engine, Store, StoreError, StoreOptions, journal, lease, meta, space};

use crate::tables::event;

crate::on_both_engines!(
    of_many_writers_of_one_version_one_wins,
    journal_order_is_exact_under_concurrent_writers,
    a_lease_has_one_holder,
    heads_move_after_the_commit,
);

/// Two nodes where the engine allows it, else two handles of one.
fn two(place: &TestPlace) -> [Store; 2] {
    let first = place.open(StoreOptions { poll_millis: 50, ..StoreOptions::default() }).unwrap();
    let second = match place.engine() {
        Engine::Sqlite => first.clone(),
        Engine::Postgres => place.open(StoreOptions { poll_millis: 50, ..StoreOptions::default() }).unwrap(),
    };
    [first, second]
}

async fn of_many_writers_of_one_version_one_wins(place: &TestPlace) {
    let nodes = two(place);
    let first = crate::entities::made(0, "urn:svod:thing:1", "Thing", &[]);
    let new = first.clone();
    nodes[0].write(move |c| entity::write(c, std::slice::from_ref(&new))).await.unwrap();
    let tasks: Vec<_> = (0..24)
        .map(|n| {
            let store = nodes[n % 2].clone();
            let change =
                Write { id: Some(1), version: 2, doc: Ok(n.to_string()), types_added: Vec::new(), ..first.clone() };
            tokio::spawn(async move { store.write(move |c| entity::write(c, std::slice::from_ref(&change))).await })
        })
        .collect();
    let mut won = Vec::new();
    for (n, task) in tasks.into_iter().enumerate() {
        match task.await.unwrap() {
            Ok(()) => won.push(n),
            Err(e) => assert!(matches!(e, StoreError::Contended(_)), "{e}"),
        }
    }
    assert_eq!(won.len(), 1, "{won:?}");
    let kept = nodes[1].read(|c| entity::get_many(c, &["urn:svod:thing:1"], &[])).await.unwrap().pop().unwrap();
    assert_eq!((kept.version, kept.doc), (2, won[0].to_string()));
}

async fn journal_order_is_exact_under_concurrent_writers(place: &TestPlace) {
    let nodes = two(place);
    let spaces = [0_i64, 1, 2];
    nodes[0]
        .write(|c| {
            space::ensure(c, "a", false)?;
            space::ensure(c, "b", false)
        })
        .await
        .unwrap();
    // A follower reads on from where it was, as a projection does; it must never see a number appear behind it.
    let follower = {
        let store = nodes[1].clone();
        tokio::spawn(async move {
            let mut at = 0;
            while at < 120 {
                let events = store.read(move |c| journal::page(c, 1, at, 1_000)).await.unwrap();
                for e in events {
                    assert_eq!(e.seq, at + 1, "no gap and nothing behind");
                    at = e.seq;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
    };
    let tasks: Vec<_> = (0..120)
        .map(|n: usize| {
            let store = nodes[n % 2].clone();
            tokio::spawn(async move {
                store
                    .write(move |c| {
                        // Every job touches all the spaces, each in another order.
                        for k in 0..3 {
                            journal::append(c, spaces[(n + k) % 3], &[event(&format!("urn:svod:t:{n}"))])?;
                        }
                        Ok::<_, StoreError>(())
                    })
                    .await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    tokio::time::timeout(Duration::from_secs(20), follower).await.unwrap().unwrap();
    for space in spaces {
        let events = nodes[0].read(move |c| journal::page(c, space, 0, 1_000)).await.unwrap();
        assert_eq!(events.iter().map(|e| e.seq).collect::<Vec<_>>(), (1..=120).collect::<Vec<_>>());
        assert_eq!(events.iter().map(|e| &e.event.urn).collect::<BTreeSet<_>>().len(), 120);
    }
    for node in &nodes {
        let mut heads = node.heads();
        let all = |heads: &svod_store::JournalHeads| spaces.iter().all(|s| heads.get(s) == Some(&120));
        tokio::time::timeout(Duration::from_secs(5), heads.wait_for(all)).await.unwrap().unwrap();
    }
}

async fn a_lease_has_one_holder(place: &TestPlace) {
    let nodes = two(place);
    let ask = |n: usize, holder: &'static str, now: i64| {
        nodes[n].write(move |c| lease::acquire(c, "timers", holder, Timestamp(now), 100))
    };
    let tasks: Vec<_> = (0..16)
        .map(|n: usize| {
            let store = nodes[n % 2].clone();
            let holder = format!("node-{n}");
            tokio::spawn(async move {
                store.write(move |c| lease::acquire(c, "contested", &holder, Timestamp(0), 100)).await.unwrap()
            })
        })
        .collect();
    let mut held = 0;
    for task in tasks {
        held += u32::from(task.await.unwrap());
    }
    assert_eq!(held, 1);
    assert!(ask(0, "a", 0).await.unwrap());
    assert!(!ask(1, "b", 99).await.unwrap(), "not yet over");
    assert!(ask(0, "a", 50).await.unwrap(), "renewed until 150");
    assert!(!ask(1, "b", 149).await.unwrap());
    assert!(ask(1, "b", 150).await.unwrap(), "over");
    assert!(!nodes[0].write(|c| lease::release(c, "timers", "a")).await.unwrap());
    assert!(nodes[1].write(|c| lease::release(c, "timers", "b")).await.unwrap());
    assert!(ask(0, "a", 151).await.unwrap());
}

async fn heads_move_after_the_commit(place: &TestPlace) {
    let store = place.open(StoreOptions::default()).unwrap();
    let heads = store.heads();
    assert!(heads.borrow().is_empty());
    let refused: Result<(), StoreError> = store
        .write(|c| {
            journal::append(c, 0, &[event("urn:svod:t:1")])?;
            Err(StoreError::Shape("no".into()))
        })
        .await;
    assert!(refused.is_err());
    assert!(heads.borrow().is_empty(), "rolled back");
    let first = store.write(|c| journal::append(c, 0, &[event("urn:svod:t:1"), event("urn:svod:t:2")])).await;
    assert_eq!(first, Ok(1), "the number of the rolled-back event is used again");
    assert_eq!(heads.borrow().get(&0), Some(&2), "known before the writer is answered");
    store.close().await;
    let again = place.open(StoreOptions::default()).unwrap();
    assert_eq!(again.heads().borrow().get(&0), Some(&2), "known from the start");
}

/// The server ends the connection in the middle of a job: nothing was committed, so it runs again on a new one.
#[test]
fn a_lost_connection_is_replaced() {
    let Some(place) = TestPlace::postgres() else { return };
    crate::run(&place, async |place: &TestPlace| {
        let store = place.open(StoreOptions::default()).unwrap();
        let runs = Arc::new(AtomicU32::new(0));
        let counted = runs.clone();
        store
            .write(move |c| {
                meta::set(c, 0, "kept", "once")?;
                if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                    c.query("SELECT pg_terminate_backend(pg_backend_pid())", &[])?;
                }
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 2);
        assert_eq!(store.read(|c| meta::get(c, 0, "kept")).await.unwrap().as_deref(), Some("once"));
        // Always: the third loss in a row is told.
        let always: Result<(), StoreError> =
            store.write(|c| c.query("SELECT pg_terminate_backend(pg_backend_pid())", &[]).map(drop)).await;
        assert!(matches!(always, Err(StoreError::Unavailable(_))), "{always:?}");
        store.write(|c| meta::set(c, 0, "after", "all")).await.unwrap();
        // A reading connection too.
        let cut: Result<(), StoreError> =
            store.read(|c| c.query("SELECT pg_terminate_backend(pg_backend_pid())", &[]).map(drop)).await;
        assert!(matches!(cut, Err(StoreError::Unavailable(_))), "{cut:?}");
        assert_eq!(store.read(|c| meta::get(c, 0, "after")).await.unwrap().as_deref(), Some("all"));
    });
}

/// No server at all: an error in good time, not a hanging.
#[test]
fn an_absent_server_is_named_without_its_password() {
    let url = "postgres://svod:geheim@127.0.0.1:1/svod".parse().unwrap();
    let e = Store::open(&url, StoreOptions::default(), Arc::new(svod_kernel::SystemClock)).err().unwrap();
    assert!(matches!(e, StoreError::Unavailable(_)));
    assert!(!e.to_string().contains("geheim"), "{e}");
}
