//! On a distributed engine: what is asked often is answered by one shard, and a space moves between workers under load.
//! Runs where `SVOD_TEST_POSTGRES` names a Citus cluster (`scripts/citus-for-tests`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use svod_store::entity::{self, Keys, Write};
use svod_store::testing::TestPlace;
use svod_store::{Conn, Store, StoreError, StoreOptions, journal, space};

use crate::entities::made;
use crate::tables::event;

/// A store on Citus with a space `a`, whose number comes back; none, with the reason printed, elsewhere.
async fn distributed() -> Option<(TestPlace, Store, i64)> {
    let place = TestPlace::postgres()?;
    let store = place.open(StoreOptions::default()).unwrap();
    let found = store.read(|c| c.query("SELECT 1 FROM pg_extension WHERE extname = 'citus'", &[])).await.unwrap();
    if found.is_empty() {
        eprintln!("skipped: SVOD_TEST_POSTGRES is no Citus cluster (scripts/citus-for-tests)");
        return None;
    }
    let a = store.write(|c| space::ensure(c, "a", false)).await.unwrap();
    Some((place, store, a))
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test);
}

/// The plan of a statement, its parameters written out.
fn plan(conn: &mut dyn Conn, sql: &str) -> Result<String, StoreError> {
    let rows = conn.query(&format!("EXPLAIN {sql}"), &[])?;
    let lines: Result<Vec<String>, StoreError> = rows.iter().map(|r| r.text(0)).collect();
    Ok(lines?.join("\n"))
}

#[test]
fn what_is_asked_often_is_answered_by_one_shard() {
    run(async {
        let Some((_place, store, a)) = distributed().await else { return };
        let all = [
            format!("SELECT doc FROM entity WHERE urn IN ('urn:a:1') AND space IN ({a})"),
            format!("SELECT id FROM entity WHERE space = {a} AND type = 'T' AND id > 0 ORDER BY id LIMIT 20"),
            format!(
                "SELECT entity FROM entity_value WHERE space = {a} AND attribute = 7 AND key >= '\\x01' AND key <= '\\x02'
                 ORDER BY entity LIMIT 20"
            ),
            format!("SELECT entity FROM entity_cell WHERE space = {a} AND attribute = 7 AND cell BETWEEN 1 AND 9"),
            format!("SELECT seq, changes FROM journal WHERE space = {a} AND seq > 5 ORDER BY seq LIMIT 500"),
            format!("SELECT at, num FROM observation WHERE space = {a} AND series = 3 AND at > 0 ORDER BY at LIMIT 10"),
            format!("UPDATE space SET seq = seq + 1 WHERE id = {a} RETURNING seq, epoch"),
            format!("UPDATE entity SET version = 2, doc = '{{}}' WHERE space = {a} AND id = 1 AND version < 2"),
            format!("SELECT count FROM entity_count WHERE space = {a} AND type = 'T'"),
        ];
        for sql in all {
            let asked = sql.clone();
            let plan = store.read(move |c| plan(c, &asked)).await.unwrap();
            assert!(plan.contains("Task Count: 1"), "{sql}\n{plan}");
        }
        // The functions of the store do so too: they name the space.
        let keys = Keys { space: a, attribute: 7, low: vec![1], high: vec![2] };
        assert!(store.read(move |c| entity::by_keys(c, &keys, None, 20)).await.unwrap().is_empty());
    });
}

#[test]
fn a_space_moves_between_workers_under_load_without_a_lost_write() {
    run(async {
        let Some((place, store, a)) = distributed().await else { return };
        let (over, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let writer = {
            let (store, over, done) = (store.clone(), over.clone(), done.clone());
            tokio::spawn(async move {
                let mut kept: Vec<String> = Vec::new();
                for n in 0_u64.. {
                    if over.load(Ordering::Acquire) {
                        break;
                    }
                    let urn = format!("urn:a:{n}");
                    let new: Write = made(a, &urn, "T", &[(7, "v")]);
                    let outcome = store
                        .write(move |c| {
                            entity::write(c, std::slice::from_ref(&new))?;
                            journal::append(c, a, &[event(&new.urn)])
                        })
                        .await;
                    if outcome.is_ok() {
                        kept.push(urn);
                        done.fetch_add(1, Ordering::AcqRel);
                    }
                }
                kept
            })
        };
        let url = std::env::var("SVOD_TEST_POSTGRES").unwrap();
        let schema = place.url().schema().unwrap().to_owned();
        let before = done.clone();
        let moves = move || {
            let mut admin = postgres::Client::connect(&url, postgres::NoTls).unwrap();
            for _ in 0..2 {
                let at = before.load(Ordering::Acquire);
                while before.load(Ordering::Acquire) < at + 20 {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                let row = admin
                    .query_one(
                        &format!(
                            "SELECT s.shardid, s.nodename, s.nodeport, n.nodename, n.nodeport FROM citus_shards s
                             CROSS JOIN pg_dist_node n
                             WHERE s.shardid = get_shard_id_for_distribution_column('{schema}.space', {a}::bigint)
                               AND n.nodeport <> s.nodeport AND n.groupid <> 0 ORDER BY n.nodeport LIMIT 1"
                        ),
                        &[],
                    )
                    .unwrap();
                let (shard, from): (i64, i32) = (row.get(0), row.get(2));
                let to: i32 = row.get(4);
                let host: String = row.get(1);
                admin
                    .batch_execute(&format!(
                        "SELECT citus_move_shard_placement({shard}, '{host}', {from}, '{host}', {to}, 'auto')"
                    ))
                    .unwrap();
            }
        };
        tokio::task::spawn_blocking(moves).await.unwrap();
        let at = done.load(Ordering::Acquire);
        while done.load(Ordering::Acquire) < at + 20 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        over.store(true, Ordering::Release);
        let kept = writer.await.unwrap();
        let asked = kept.clone();
        let found = store.read(move |c| entity::get_many(c, &asked, &[a])).await.unwrap();
        assert_eq!(found.len(), kept.len(), "every acknowledged entity is there");
        let seqs: Vec<i64> =
            store.read(move |c| journal::page(c, a, 0, 1_000_000)).await.unwrap().iter().map(|e| e.seq).collect();
        assert!(seqs.len() >= kept.len() && seqs.iter().zip(1..).all(|(seq, n)| *seq == n), "no gap in the journal");
        println!("{} writes were acknowledged while the space moved twice", kept.len());
    });
}
