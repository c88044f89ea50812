//! Two real programs over one PostgreSQL write the same entity; one of them is killed: no update is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use svod_store::StoreOptions;
use svod_store::testing::TestPlace;
use svod_testkit::place;

const URN: &str = "urn:t:counter";
/// Clients of each node.
const CLIENTS: usize = 3;

/// Adds one to the counter again and again, by reading it and writing it with its version, until it is told to end or its
/// node is gone. What was acknowledged is counted, and what may have happened unheard.
fn count_up(at: String, over: Arc<AtomicBool>, done: Arc<AtomicI64>, unheard: Arc<AtomicI64>) {
    let client = reqwest::blocking::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
    let url = format!("http://{at}/api/v1/entities/{URN}");
    while !over.load(Ordering::Acquire) {
        let Ok(read) = client.get(&url).send() else { return };
        let tag = read.headers()["etag"].to_str().unwrap().to_owned();
        let entity: Value = read.json().unwrap();
        let next = entity["attributes"]["n"]["value"].as_i64().unwrap() + 1;
        let body = json!({"set": {"n": {"value": next}}}).to_string();
        let patch = client.patch(&url).header("If-Match", tag).header("Content-Type", "application/json").body(body);
        match patch.send().map(|r| r.status().as_u16()) {
            Ok(200) => drop(done.fetch_add(1, Ordering::AcqRel)),
            Ok(412) => {}
            // Nobody knows whether it happened before the node was gone.
            Ok(503) | Err(_) => drop(unheard.fetch_add(1, Ordering::AcqRel)),
            Ok(other) => panic!("{other}"),
        }
    }
}

#[test]
fn two_programs_write_one_entity_and_lose_no_update() {
    let Some(place) = TestPlace::postgres() else { return };
    drop(place.open(StoreOptions::default()).unwrap());
    let program = crate::program().env("SVOD_STORE", &place::address(&place));
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [one, two] = folders.each_ref().map(|f| program.serve(f.path(), &["--sandbox"]).ready());
    let new = json!({"entity": {"id": URN, "type": "Counter", "space": "sandbox", "attributes": {"n": {"value": 0}}}});
    let made = one.request("POST", "/api/v1/entities", None, Some(new.to_string().into_bytes())).unwrap();
    assert_eq!(made.status, 201, "{made:?}");
    let (over, done, unheard) = <(Arc<AtomicBool>, Arc<AtomicI64>, Arc<AtomicI64>)>::default();
    let clients: Vec<_> = [&one, &two]
        .into_iter()
        .flat_map(|node| std::iter::repeat_n(node.http.to_string(), CLIENTS))
        .map(|at| {
            let (over, done, unheard) = (over.clone(), done.clone(), unheard.clone());
            std::thread::spawn(move || count_up(at, over, done, unheard))
        })
        .collect();
    let reach = |wanted: i64| {
        while done.load(Ordering::Acquire) < wanted {
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    reach(100);
    two.kill();
    reach(done.load(Ordering::Acquire) + 100);
    over.store(true, Ordering::Release);
    clients.into_iter().for_each(|c| c.join().unwrap());
    let value = one.get(&format!("/api/v1/entities/{URN}"), None)["attributes"]["n"]["value"].as_i64().unwrap();
    let (done, unheard) = (done.load(Ordering::Acquire), unheard.load(Ordering::Acquire));
    println!("{done} acknowledged, {unheard} unheard, counted to {value}");
    assert!((done..=done + unheard).contains(&value), "{done} acknowledged, {unheard} unheard, counted to {value}");
    one.stop();
}
