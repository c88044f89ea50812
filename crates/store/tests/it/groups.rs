//! Group commit: isolation, failure, panic, limits, durability.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};

use svod_store::testing::TestPlace;
use svod_store::{BulkInsert, Clash, Column, Conn, Engine, Store, StoreError, StoreOptions, Value, meta};

crate::on_both_engines!(
    one_failing_job_does_not_hurt_the_others,
    a_failing_append_makes_the_group_run_again,
    a_full_queue_is_busy,
    closing_does_what_is_queued,
    acknowledged_survives_a_drop_without_close,
    duplicates_are_counted_exactly,
    a_panic_is_answered_and_survived,
    reading_cannot_write,
    texts_come_back_without_zero_bytes,
    a_swallowed_failure_fails_the_job,
);

fn put(conn: &mut dyn Conn, name: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (space, name, value) VALUES (0, ?1, 'x')";
    conn.execute(sql, &[name.into()]).map(drop)
}

async fn names(store: &Store) -> Vec<String> {
    store
        .read(|conn| {
            let rows = conn.query("SELECT name FROM meta ORDER BY name", &[])?;
            rows.iter().map(|r| r.text(0)).collect::<Result<Vec<_>, StoreError>>()
        })
        .await
        .unwrap()
}

/// Occupies the writer until the returned sender is dropped, so that what is queued meanwhile becomes one group.
async fn occupy(store: &Store) -> (Sender<()>, tokio::task::JoinHandle<Result<(), StoreError>>) {
    let (release, gate) = channel::<()>();
    let (started, running) = tokio::sync::oneshot::channel();
    let mut started = Some(started);
    let store = store.clone();
    let task = tokio::spawn(async move {
        store
            .write(move |_| {
                if let Some(started) = started.take() {
                    started.send(()).unwrap();
                }
                let _ = gate.recv();
                Ok::<_, StoreError>(())
            })
            .await
    });
    running.await.unwrap();
    (release, task)
}

async fn one_failing_job_does_not_hurt_the_others(place: &TestPlace) {
    let store = place.open(StoreOptions::default()).unwrap();
    let (release, gate) = occupy(&store).await;
    let jobs: Vec<_> = (0..60)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write(move |conn| {
                        put(conn, &format!("a{n:02}"))?;
                        match n % 6 {
                            1 => put(conn, &format!("a{n:02}")),
                            2 => panic!("job {n}"),
                            3 => Err(StoreError::Shape("my own".into())),
                            _ => Ok(()),
                        }
                    })
                    .await
            })
        })
        .collect();
    while store.queue_length() < 60 {
        tokio::task::yield_now().await;
    }
    drop(release);
    gate.await.unwrap().unwrap();
    for (n, job) in jobs.into_iter().enumerate() {
        let result = job.await.unwrap();
        match n % 6 {
            1 => assert!(matches!(result, Err(StoreError::Constraint(_))), "{n}: {result:?}"),
            2 => assert_eq!(result, Err(StoreError::Panicked)),
            3 => assert_eq!(result, Err(StoreError::Shape("my own".into()))),
            _ => assert_eq!(result, Ok(())),
        }
    }
    let kept: Vec<String> = (0..60).filter(|n| !(1..=3).contains(&(n % 6))).map(|n| format!("a{n:02}")).collect();
    assert_eq!(names(&store).await, kept);
}

async fn a_failing_append_makes_the_group_run_again(place: &TestPlace) {
    let store = place.open(StoreOptions::default()).unwrap();
    let (release, gate) = occupy(&store).await;
    let runs = Arc::new(AtomicU32::new(0));
    let jobs: Vec<_> = (0..5)
        .map(|n| {
            let (store, runs) = (store.clone(), runs.clone());
            tokio::spawn(async move {
                store
                    .append(move |conn| {
                        runs.fetch_add(1, Ordering::SeqCst);
                        put(conn, &format!("b{}", if n == 4 { 0 } else { n }))
                    })
                    .await
            })
        })
        .collect();
    while store.queue_length() < 5 {
        tokio::task::yield_now().await;
    }
    drop(release);
    gate.await.unwrap().unwrap();
    let mut failed = 0;
    for job in jobs {
        failed += u32::from(matches!(job.await.unwrap(), Err(StoreError::Constraint(_))));
    }
    assert_eq!(failed, 1, "the second of the two with one key, whichever it was");
    assert_eq!(names(&store).await, ["b0", "b1", "b2", "b3"]);
    assert!(runs.load(Ordering::SeqCst) > 5, "the group ran again one by one");
}

async fn a_full_queue_is_busy(place: &TestPlace) {
    let store = place.open(StoreOptions { queue: 3, ..StoreOptions::default() }).unwrap();
    let (release, gate) = occupy(&store).await;
    let waiting: Vec<_> = (0..3)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.write(move |conn| put(conn, &format!("c{n}"))).await })
        })
        .collect();
    while store.queue_length() < 3 {
        tokio::task::yield_now().await;
    }
    assert_eq!(store.write(|conn| put(conn, "too much")).await, Err(StoreError::Busy));
    drop(release);
    gate.await.unwrap().unwrap();
    for job in waiting {
        job.await.unwrap().unwrap();
    }
    store.write(|conn| put(conn, "d")).await.unwrap();
    assert_eq!(names(&store).await, ["c0", "c1", "c2", "d"]);
}

async fn closing_does_what_is_queued(place: &TestPlace) {
    let store = place.open(StoreOptions::default()).unwrap();
    let (release, _gate) = occupy(&store).await;
    let jobs: Vec<_> = (0..20)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.write(move |conn| put(conn, &format!("e{n:02}"))).await })
        })
        .collect();
    while store.queue_length() < 20 {
        tokio::task::yield_now().await;
    }
    let other = store.clone();
    let closing = tokio::spawn(store.close());
    drop(release);
    closing.await.unwrap();
    for job in jobs {
        job.await.unwrap().unwrap();
    }
    assert_eq!(other.write(|_| Ok::<_, StoreError>(())).await, Err(StoreError::Closed));
    let again = place.open(StoreOptions::default()).unwrap();
    assert_eq!(names(&again).await.len(), 20);
}

async fn acknowledged_survives_a_drop_without_close(place: &TestPlace) {
    let store = place.open(StoreOptions::default()).unwrap();
    for n in 0..50 {
        store.write(move |conn| put(conn, &format!("f{n:02}"))).await.unwrap();
    }
    if place.engine() == Engine::Sqlite {
        // What the disk holds at this moment, as after a power cut: the file and its log, nothing folded together.
        let copy = TestPlace::sqlite();
        let path = |url: &svod_store::StoreUrl| url.to_string().trim_start_matches("sqlite:").to_owned();
        let (from, to) = (path(place.url()), path(copy.url()));
        std::fs::create_dir_all(std::path::Path::new(&to).parent().unwrap()).unwrap();
        for tail in ["", "-wal"] {
            std::fs::copy(format!("{from}{tail}"), format!("{to}{tail}")).unwrap();
        }
        let found = copy.open(StoreOptions::default()).unwrap();
        assert_eq!(names(&found).await.len(), 50);
    }
    drop(store);
    let again = place.open(StoreOptions::default()).unwrap();
    assert_eq!(names(&again).await.len(), 50);
}

async fn duplicates_are_counted_exactly(place: &TestPlace) {
    let store = place.open(StoreOptions::default()).unwrap();
    let insert = |ids: Vec<i64>| {
        store.append(move |conn| {
            let rows = ids.len();
            let columns = [
                ("space", Column::Int(vec![0; rows])),
                ("series", Column::Int(vec![1; rows])),
                ("at", Column::Int(ids.clone())),
                ("num", Column::OptReal((0..rows).map(|n| (n > 0).then_some(n as f64)).collect())),
                ("txt", Column::OptText(vec![None; rows])),
                ("flags", Column::Int(vec![0; rows])),
                ("received", Column::Int(vec![9; rows])),
            ];
            conn.insert_many(&BulkInsert { table: "observation", columns: &columns, clash: Clash::Keeps })
        })
    };
    assert_eq!(insert(vec![1, 2, 2, 3, 1]).await, Ok(3));
    assert_eq!(insert(vec![3, 4, 5]).await, Ok(2));
    assert_eq!(insert(vec![1, 2, 3]).await, Ok(0));
    assert_eq!(insert(vec![]).await, Ok(0));
    let crooked = store
        .append(|conn| {
            let columns = [("space", Column::Int(vec![1])), ("name", Column::Text(vec![]))];
            conn.insert_many(&BulkInsert { table: "meta", columns: &columns, clash: Clash::Fails })
        })
        .await;
    assert!(matches!(crooked, Err(StoreError::Shape(_))));
    let first: Vec<Value> = store
        .read(|conn| {
            let row = conn.first("SELECT num, at FROM observation WHERE at = 1", &[])?.unwrap();
            Ok::<_, StoreError>(vec![row.value(0)?.clone(), row.value(1)?.clone()])
        })
        .await
        .unwrap();
    assert_eq!(first, [Value::Null, Value::Int(1)], "the first of two with one key is kept");
}

async fn a_panic_is_answered_and_survived(place: &TestPlace) {
    let store = place.open(StoreOptions::default()).unwrap();
    for _ in 0..3 {
        let answer: Result<(), StoreError> = store
            .write(|conn| {
                put(conn, "torn")?;
                panic!("in the middle")
            })
            .await;
        assert_eq!(answer, Err(StoreError::Panicked));
        let answer: Result<(), StoreError> = store.read(|_| panic!("reading")).await;
        assert_eq!(answer, Err(StoreError::Panicked));
    }
    store.append(|conn| put(conn, "whole")).await.unwrap();
    assert_eq!(names(&store).await, ["whole"]);
}

async fn reading_cannot_write(place: &TestPlace) {
    let store = place.open(StoreOptions::default()).unwrap();
    assert!(store.read(|conn| put(conn, "by the back door")).await.is_err());
    assert!(names(&store).await.is_empty());
}

async fn texts_come_back_without_zero_bytes(place: &TestPlace) {
    let store = place.open(StoreOptions::default()).unwrap();
    store.write(|conn| meta::set(conn, 0, "n", "а\0ә")).await.unwrap();
    assert_eq!(store.read(|conn| meta::get(conn, 0, "n")).await.unwrap().as_deref(), Some("а\u{FFFD}ә"));
}

async fn a_swallowed_failure_fails_the_job(place: &TestPlace) {
    let store = place.open(StoreOptions::default()).unwrap();
    let answer = store
        .write(|conn| {
            put(conn, "g")?;
            drop(put(conn, "g"));
            Ok::<_, StoreError>(())
        })
        .await;
    assert!(matches!(answer, Err(StoreError::Constraint(_))), "{answer:?}");
    assert!(names(&store).await.is_empty());
}
