//! The executor in a storm: services that fail, answer late, are asked twice; workers that die between an answer and its
//! being written; events that come twice. Whatever happens, each effect is there once and each case comes to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::json;
use svod_kernel::{Rng as _, SeededRng, Urn};
use svod_process::Event;
use svod_registry::EntityQuery;
use svod_runtime::cases::Worker;
use svod_runtime::{Along, CaseError};
use svod_store::instance::{self, Status};
use svod_store::testing::TestPlace;

use crate::house::{House, SPACE, failed, map};

/// Runs without `SVOD_STORM_RUNS`.
const RUNS: u64 = 300;

crate::on_both_engines!(nothing_is_lost_and_nothing_is_done_twice);

/// Three services beside and after each other, an entity made, a timer, a message from another case, a task.
const BODY: &str = r#"<startEvent id="s"/><endEvent id="e"/><parallelGateway id="fork"/><parallelGateway id="join"/>
    <serviceTask id="one" svod:service="bank" svod:result="r1"/>
    <serviceTask id="two" svod:service="slow" svod:result="r2"/>
    <intermediateCatchEvent id="pause"><timerEventDefinition id="td"><timeDuration>PT10M</timeDuration></timerEventDefinition></intermediateCatchEvent>
    <serviceTask id="make" svod:service="entity.create"><extensionElements>
      <svod:input name="type" value="&quot;Organization&quot;"/><svod:input name="attributes" value="{name: key}"/></extensionElements></serviceTask>
    <sendTask id="send" messageRef="m" svod:correlation="friend"/>
    <receiveTask id="hear" messageRef="m" svod:correlation="key"/>
    <serviceTask id="three" svod:service="bank" svod:result="r3"/>
    s -> fork -> one -> join -> make -> send -> hear -> three -> e
    fork -> two -> pause -> join"#;

struct Storm {
    house: House,
    rng: SeededRng,
    /// What the bank has done, by key: a bank that keeps to its keys does it once.
    done: Arc<Mutex<BTreeMap<String, u64>>>,
    asked: Arc<AtomicU64>,
}

impl Storm {
    async fn new(place: &TestPlace, seed: u64) -> Self {
        let house = House::new(place, &[("storm", BODY)], &[]).await;
        let done: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
        let asked = Arc::new(AtomicU64::new(0));
        for (number, service) in (1..).zip(["bank", "slow"]) {
            let (done, asked) = (done.clone(), asked.clone());
            let chance = SeededRng::new(seed * 31 + number);
            house.services.set(service, move |call| {
                asked.fetch_add(1, Ordering::Relaxed);
                // It may fail before it does something, or lose its answer after it has.
                let luck = chance.next_u64() % 10;
                if luck < 1 {
                    return Err(failed(None, true));
                }
                *done.lock().unwrap().entry(call.key.clone()).or_default() += 1;
                if luck < 2 { Err(failed(None, true)) } else { Ok(map(json!({"paid": call.key}))) }
            });
        }
        Self { house, rng: SeededRng::new(seed), done, asked }
    }

    fn chance(&self, one_in: u64) -> bool {
        self.rng.next_u64().is_multiple_of(one_in)
    }

    /// One look of a worker, perhaps one that dies within it, or two at once.
    async fn work(&self) {
        let worker = || Worker::new(self.house.cases.clone(), vec![self.house.services.clone()], "one".into());
        if self.chance(3) {
            let dying = worker();
            let work = tokio::spawn(async move { dying.settle().await });
            tokio::time::sleep(std::time::Duration::from_micros(self.rng.next_u64() % 4_000)).await;
            work.abort();
            let _ = work.await;
            return;
        }
        if self.chance(3) {
            let (one, two) = (worker(), worker());
            let (first, second) = tokio::join!(one.settle(), two.settle());
            first.unwrap();
            second.unwrap();
            return;
        }
        worker().settle().await.unwrap();
    }

    /// An event that has happened already, or that nobody asked for.
    async fn nonsense(&self, case: &Urn) {
        let event = match self.rng.next_u64() % 4 {
            0 => Event::TimerFired { timer: self.rng.next_u64() % 12 },
            1 => Event::ServiceDone { token: self.rng.next_u64() % 12, attempt: 0, variables: map(json!({})) },
            2 => Event::start(),
            _ => Event::Completed { token: self.rng.next_u64() % 12, variables: map(json!({})) },
        };
        // An answer that nobody gave would be taken for one: only what cannot be waited for now is told.
        let state: serde_json::Value = serde_json::from_str(&self.house.row(case).await.state).unwrap();
        if let Event::ServiceDone { token, .. } | Event::Completed { token, .. } = &event
            && state["tokens"].get(token.to_string()).is_some()
        {
            return;
        }
        let told = self.house.cases.tell(&self.house.actor, case, &event, &Along::default()).await;
        assert!(matches!(&told, Err(CaseError::Step(_))), "{event:?} was taken: {told:?}");
    }
}

async fn nothing_is_lost_and_nothing_is_done_twice(place: &TestPlace) {
    let runs = std::env::var("SVOD_STORM_RUNS").ok().and_then(|n| n.parse().ok()).unwrap_or(RUNS);
    let seed = std::env::var("SVOD_STORM_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    println!("{runs} runs, SVOD_STORM_SEED={seed}");
    let storm = Storm::new(place, seed).await;
    let pairs = runs / 2;
    let mut cases = Vec::new();
    for n in 0..pairs {
        for (me, friend) in [(format!("a{n}"), format!("b{n}")), (format!("b{n}"), format!("a{n}"))] {
            cases.push(storm.house.begin("storm", json!({"key": me, "friend": friend})).await);
            if storm.chance(4) {
                storm.work().await;
            }
        }
    }
    for round in 0..400 {
        storm.work().await;
        let some = &cases[usize::try_from(storm.rng.next_u64()).unwrap_or(0) % cases.len()];
        storm.nonsense(some).await;
        storm.house.clock.advance(120);
        if round % 5 == 4 && unfinished(&storm, &cases).await.is_empty() {
            break;
        }
    }
    let left = unfinished(&storm, &cases).await;
    assert!(left.is_empty(), "{} of {} cases did not come to their end: {:?}", left.len(), cases.len(), left.first());
    let made = made(&storm).await;
    assert_eq!(made.len(), cases.len(), "an entity for each case");
    assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), cases.len(), "none twice");
    let done = storm.done.lock().unwrap();
    assert_eq!(done.len(), 3 * cases.len(), "three calls of a case, each under one key");
    println!("{} cases, {} calls for {} keys", cases.len(), storm.asked.load(Ordering::Relaxed), done.len());
}

async fn unfinished(storm: &Storm, cases: &[Urn]) -> Vec<(Urn, Status)> {
    let space = storm.house.registry.spaces().get(&SPACE.parse().unwrap()).unwrap().id;
    let counts = storm.house.store.read(move |c| instance::counts(c, space)).await.unwrap();
    if counts.get("test@1.0.0/storm").is_some_and(|[_, _, done, _]| usize::try_from(*done) == Ok(cases.len())) {
        return Vec::new();
    }
    let mut left = Vec::new();
    for case in cases {
        let status = storm.house.row(case).await.status;
        if status != Status::Done {
            left.push((case.clone(), status));
        }
    }
    left
}

/// Names of the entities that cases made.
async fn made(storm: &Storm) -> Vec<String> {
    let mut query = EntityQuery { limit: 1_000, ..EntityQuery::of(SPACE.parse().unwrap(), &["Organization"]) };
    let mut names = Vec::new();
    loop {
        let page = storm.house.registry.query(&storm.house.actor, query.clone()).await.unwrap();
        names.extend(page.items.iter().filter_map(|e| e.text("name").map(str::to_owned)));
        match page.next {
            Some(next) => query.after = Some(next),
            None => return names,
        }
    }
}
