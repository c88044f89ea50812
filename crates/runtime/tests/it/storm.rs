//! The executor in a storm. A seed is a run: two cases that wait for one another's message, services that refuse, answer late,
//! lose their answer or take the worker that asks down with them; timers, messages and answers told in any order, early, twice
//! and out of nowhere. Whatever happens, each effect is there once and each case comes to its end.
//!
//! `SVOD_STORM_SEED` is the first seed (1), `SVOD_STORM_RUNS` how many there are (40); `make storm` takes ten thousand on both
//! engines. What fails prints the two that repeat it.
//!
//! Everything that the test decides comes from the seed alone: what is told in which order, how far the clock goes, what becomes
//! of the n-th call of a service, after how many polls a worker dies. One thread drives it, and who is late waits for a gate, not
//! for a time. What a seed does not decide: the store answers from threads of its own, so that where two things are under way at
//! once (two workers, a worker beside what is told, the branches of a case) either may be first; and the slow service takes real
//! milliseconds. Such a run repeats its decisions, and as a rule its course.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future as _, pending, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use serde_json::{Map, Value, json};
use svod_kernel::{Clock as _, Rng as _, SeededRng, SystemClock, Urn};
use svod_process::{Event, StepError};
use svod_registry::{EntityQuery, Receipt};
use svod_runtime::cases::{Answer, Connector, ServiceCall, Worker};
use svod_runtime::{Along, CaseError};
use svod_store::instance::{self, InstanceRow, Status, Wait, Waits};
use svod_store::journal::{self, EventRow, ListFilter};
use svod_store::testing::TestPlace;
use svod_store::{Conn, StoreError};
use tokio::sync::{Notify, watch};

use crate::house::{House, SPACE, failed, map};

/// Runs without `SVOD_STORM_RUNS`.
const RUNS: u64 = 40;
/// How often it is told how far it came.
const TOLD: u64 = 500;
/// Rounds in which a case must have come to its end.
const ROUNDS: u64 = 60;
/// From this ask on a service is well: after ten bad answers a case would rightly stand still.
const WELL: u64 = 6;
/// The two cases of a run.
const TWINS: [&str; 2] = ["a", "b"];

mod nothing_is_lost_and_nothing_is_done_twice {
    use svod_store::testing::TestPlace;

    #[test]
    fn sqlite() {
        super::storm(&TestPlace::sqlite());
    }

    #[test]
    fn postgres() {
        if let Some(place) = TestPlace::postgres() {
            super::storm(&place);
        }
    }
}

/// Three services beside and after each other, a timer, a message from outside, an entity made, a message to and from the twin.
const BODY: &str = r#"<startEvent id="s"/><endEvent id="e"/><parallelGateway id="fork"/><parallelGateway id="join"/>
    <serviceTask id="one" svod:service="bank" svod:result="r1"><extensionElements>
      <svod:input name="who" value="who"/><svod:input name="what" value="&quot;r1&quot;"/></extensionElements></serviceTask>
    <serviceTask id="two" svod:service="slow" svod:result="r2"><extensionElements>
      <svod:input name="who" value="who"/><svod:input name="what" value="&quot;r2&quot;"/></extensionElements></serviceTask>
    <intermediateCatchEvent id="pause"><timerEventDefinition id="td"><timeDuration>PT10M</timeDuration></timerEventDefinition></intermediateCatchEvent>
    <intermediateCatchEvent id="word" svod:correlation="word"><messageEventDefinition id="md" messageRef="m"/></intermediateCatchEvent>
    <serviceTask id="make" svod:service="entity.create"><extensionElements>
      <svod:input name="type" value="&quot;Organization&quot;"/><svod:input name="attributes" value="{name: key}"/></extensionElements></serviceTask>
    <sendTask id="send" messageRef="m" svod:correlation="friend"/>
    <receiveTask id="hear" messageRef="m" svod:correlation="key"/>
    <serviceTask id="three" svod:service="bank" svod:result="r3"><extensionElements>
      <svod:input name="who" value="who"/><svod:input name="what" value="&quot;r3&quot;"/></extensionElements></serviceTask>
    s -> fork -> one -> join -> make -> send -> hear -> three -> e
    fork -> two -> pause -> join
    fork -> word -> join"#;

/// What becomes of a call.
enum Luck {
    Fine,
    /// Nothing is done.
    Refused,
    /// It is done, and the answer is lost: it comes when it is asked again.
    Lost,
    /// It is done, and whoever asked dies before the answer is written.
    Dies,
    /// It is done, and the answer comes when the test lets it go.
    Held,
    /// It is done, and takes so many microseconds.
    Takes(u64),
}

fn luck(seed: u64, service: &str, place: &str, ask: u64) -> Luck {
    if ask >= WELL {
        return Luck::Fine;
    }
    let mixed = place.bytes().fold(seed, |n, b| n.wrapping_mul(0x0100_0000_01b3) ^ u64::from(b));
    let chance = SeededRng::new(mixed.wrapping_mul(31).wrapping_add(ask));
    match (chance.below(10), service) {
        (0, _) => Luck::Refused,
        (1, _) => Luck::Lost,
        (2, _) => Luck::Dies,
        (3..=4, "slow") => Luck::Held,
        (5..=7, "slow") => Luck::Takes(chance.below(3_000)),
        _ => Luck::Fine,
    }
}

#[derive(Default)]
struct Desk {
    seed: u64,
    /// How often it was asked by whom for what.
    asks: BTreeMap<String, u64>,
    /// What was done, by key: a bank that keeps to its keys does it once.
    done: BTreeMap<String, String>,
}

/// Both services: a bank, and one that is slow as well.
struct Bank {
    desk: Mutex<Desk>,
    /// Do answers that are held come?
    open: watch::Sender<bool>,
    death: Notify,
}

impl Bank {
    fn asked(&self, call: &ServiceCall) -> Luck {
        let word = |name: &str| call.input.get(name).and_then(Value::as_str).unwrap_or_default();
        let place = format!("{} {}", word("who"), word("what"));
        let mut desk = self.desk.lock().unwrap();
        let ask = desk.asks.entry(place.clone()).or_default();
        *ask += 1;
        let ask = *ask;
        let luck = luck(desk.seed, &call.service, &place, ask);
        if !matches!(luck, Luck::Refused) {
            desk.done.insert(call.key.clone(), place);
        }
        luck
    }

    /// Keys under which something was done for one of the twins, and for what.
    fn done(&self, who: &str) -> Vec<(String, String)> {
        let desk = self.desk.lock().unwrap();
        let of = |(key, place): (&String, &String)| {
            let (whose, what) = place.split_once(' ')?;
            (whose == who).then(|| (key.clone(), what.to_owned()))
        };
        desk.done.iter().filter_map(of).collect()
    }
}

fn paid(key: &str) -> Map<String, Value> {
    map(json!({"paid": key}))
}

impl Connector for Bank {
    fn services(&self) -> Vec<&'static str> {
        vec!["bank", "slow"]
    }

    fn call<'a>(&'a self, call: &'a ServiceCall) -> Answer<'a> {
        Box::pin(async move {
            match self.asked(call) {
                Luck::Fine => {}
                Luck::Refused | Luck::Lost => return Err(failed(None, true)),
                Luck::Dies => {
                    self.death.notify_waiters();
                    return pending().await;
                }
                Luck::Held => drop(self.open.subscribe().wait_for(|open| *open).await),
                Luck::Takes(micros) => tokio::time::sleep(Duration::from_micros(micros)).await,
            }
            Ok(paid(&call.key))
        })
    }
}

/// What may happen in a round; numbers are the twins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// A worker looks, or two at once.
    Work,
    /// The clock goes on.
    Time,
    /// The timer is told, by somebody who is no worker; perhaps too early, or once more.
    Timer(usize),
    /// The message from outside is told, perhaps once more.
    Word(usize),
    /// An answer of a service comes by another way, before the worker's or after it.
    Answer(usize),
    /// Something is told that nobody waits for.
    Nonsense(usize),
}

const ACTS: [Act; 11] = [
    Act::Work,
    Act::Work,
    Act::Time,
    Act::Timer(0),
    Act::Timer(1),
    Act::Word(0),
    Act::Word(1),
    Act::Answer(0),
    Act::Answer(1),
    Act::Nonsense(0),
    Act::Nonsense(1),
];

/// What stays from run to run.
struct Storm {
    house: House,
    bank: Arc<Bank>,
    space: i64,
    asks: Cell<u64>,
    deaths: Cell<u64>,
    late: Cell<u64>,
}

/// What is there of a case.
struct Seen {
    rows: Vec<InstanceRow>,
    waits: Vec<Wait>,
    /// What it changed in the graph.
    events: Vec<EventRow>,
}

fn seen(conn: &mut dyn Conn, space: i64, case: &Urn) -> Result<Seen, StoreError> {
    let rows = instance::of_case(conn, case.as_str())?;
    let mut waits = Vec::new();
    for row in &rows {
        waits.extend(instance::waits_of(conn, row.space, row.id)?);
    }
    let filter = ListFilter { spaces: vec![space], cause: Some(case.to_string()), limit: 100, ..ListFilter::default() };
    Ok(Seen { rows, waits, events: journal::list(conn, &filter)? })
}

impl Storm {
    async fn new(place: &TestPlace) -> Self {
        let house = House::new(place, &[("storm", BODY)], &[]).await;
        let space = house.registry.spaces().get(&SPACE.parse().unwrap()).unwrap().id;
        let bank = Arc::new(Bank { desk: Mutex::default(), open: watch::Sender::new(true), death: Notify::new() });
        Self { house, bank, space, asks: Cell::new(0), deaths: Cell::new(0), late: Cell::new(0) }
    }

    async fn look(&self, cases: &[Urn]) -> Vec<Seen> {
        let (space, cases) = (self.space, cases.to_vec());
        let read = move |conn: &mut dyn Conn| {
            cases.iter().map(|case| seen(conn, space, case)).collect::<Result<Vec<_>, StoreError>>()
        };
        self.house.store.read(read).await.unwrap()
    }

    /// A worker looks until nothing is due. It dies with a service that takes it down, and after so many polls.
    async fn hand(&self, (node, polls): (&str, u64)) {
        let worker = Worker::new(self.house.cases.clone(), vec![self.bank.clone()], node.to_owned());
        let mut work = pin!(worker.settle());
        let mut death = pin!(self.bank.death.notified());
        let mut left = polls;
        let died = poll_fn(|cx| {
            if left == 0 || death.as_mut().poll(cx).is_ready() {
                return Poll::Ready(true);
            }
            left -= 1;
            work.as_mut().poll(cx).map(|done| {
                done.unwrap();
                false
            })
        });
        if died.await {
            self.deaths.set(self.deaths.get() + 1);
        }
    }

    /// Names of all entities that cases made.
    async fn made(&self) -> Vec<String> {
        let mut query = EntityQuery { limit: 1_000, ..EntityQuery::of(SPACE.parse().unwrap(), &["Organization"]) };
        let mut names = Vec::new();
        loop {
            let page = self.house.registry.query(&self.house.actor, query.clone()).await.unwrap();
            names.extend(page.items.iter().filter_map(|e| e.text("name").map(str::to_owned)));
            match page.next {
                Some(next) => query.after = Some(next),
                None => return names,
            }
        }
    }
}

/// One run.
struct Run<'s> {
    storm: &'s Storm,
    seed: u64,
    rng: SeededRng,
    pair: Vec<Urn>,
    timers: [Cell<Option<u64>>; 2],
    /// How often the message from outside was taken.
    words: [Cell<u32>; 2],
    told: RefCell<Vec<String>>,
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("what happened: {}", self.told.borrow().join(", "));
            println!("SVOD_STORM_SEED={} SVOD_STORM_RUNS=1 repeats it", self.seed);
        }
    }
}

impl<'s> Run<'s> {
    async fn begin(storm: &'s Storm, seed: u64) -> Self {
        *storm.bank.desk.lock().unwrap() = Desk { seed, ..Desk::default() };
        let (rng, pair, told) = (SeededRng::new(seed), Vec::new(), RefCell::default());
        let mut run = Self { storm, seed, rng, pair, timers: Default::default(), words: Default::default(), told };
        for (me, friend) in [(0, 1), (1, 0)] {
            let names = |n: usize| format!("{seed}{}", TWINS[n]);
            let variables =
                json!({"who": TWINS[me], "key": names(me), "friend": names(friend), "word": run.word_of(me)});
            run.pair.push(storm.house.begin("storm", variables).await);
            if run.rng.below(2) == 0 {
                run.act(Act::Work).await;
            }
        }
        run
    }

    fn word_of(&self, n: usize) -> String {
        format!("word-{}{}", self.seed, TWINS[n])
    }

    /// Which node looks, and after how many polls it dies; the lease of another stands in its way for a while.
    fn worker(&self) -> (&'static str, u64) {
        let (node, dies, polls) = (self.rng.below(4), self.rng.below(3), 1 + self.rng.below(12));
        (if node == 0 { "two" } else { "one" }, if dies == 0 { polls } else { u64::MAX })
    }

    /// Some of the acts, in an order of the seed. In every other round a worker is at work beside the last of them, and what is
    /// held comes when they are over.
    async fn round(&self) {
        let mut acts: Vec<Act> = ACTS.into_iter().filter(|_| self.rng.below(2) == 0).collect();
        for last in (1..acts.len()).rev() {
            acts.swap(last, self.rng.below(last as u64 + 1) as usize);
        }
        let (before, rest) = acts.split_at(self.rng.below(acts.len() as u64 + 1) as usize);
        for act in before {
            self.act(*act).await;
        }
        let (beside, worker) = (self.rng.below(2) == 0, self.worker());
        if !beside {
            for act in rest {
                self.act(*act).await;
            }
            return;
        }
        self.note(format!("[{worker:?}"));
        self.storm.bank.open.send_replace(false);
        let telling = async {
            for act in rest.iter().filter(|act| **act != Act::Work) {
                self.act(*act).await;
            }
            self.note("]".to_owned());
            self.storm.bank.open.send_replace(true);
        };
        tokio::join!(self.storm.hand(worker), telling);
    }

    /// Nothing disturbs any more.
    async fn calm(&self) {
        self.storm.house.clock.advance(3_600);
        self.word(0).await;
        self.word(1).await;
        self.storm.hand(("one", u64::MAX)).await;
    }

    fn note(&self, what: String) {
        self.told.borrow_mut().push(what);
    }

    async fn act(&self, act: Act) {
        self.note(format!("{act:?}"));
        match act {
            Act::Work => self.work().await,
            Act::Time => {
                self.storm.house.clock.advance(30 + self.rng.below(900) as i64);
            }
            Act::Timer(n) => self.timer(n).await,
            Act::Word(n) => self.word(n).await,
            Act::Answer(n) => self.answer(n).await,
            Act::Nonsense(n) => self.nonsense(n).await,
        }
    }

    async fn work(&self) {
        let (one, two) = (self.worker(), self.worker());
        if self.rng.below(3) == 0 {
            tokio::join!(self.storm.hand(one), self.storm.hand((one.0, two.1)));
        } else {
            self.storm.hand(one).await;
        }
    }

    /// Somebody tells a case of an event; `wait` is what is over with it, where they know that.
    async fn tell(&self, n: usize, event: &Event, wait: Option<String>) -> Result<Receipt, CaseError> {
        let house = &self.storm.house;
        let row = house.row(&self.pair[n]).await;
        let along = Along { over: wait.map(|wait| ((row.space, row.id), wait)), ..Along::default() };
        let told = house.cases.tell(&house.actor, &self.pair[n], event, &along).await;
        if told.as_ref().is_err_and(CaseError::is_late) {
            self.storm.late.set(self.storm.late.get() + 1);
        }
        told
    }

    async fn timer(&self, n: usize) {
        let seen = self.storm.look(&self.pair[n..=n]).await.remove(0);
        let armed = seen.waits.iter().find(|w| w.kind == Waits::Timer);
        let armed = armed.and_then(|w| w.id.strip_prefix('t')?.parse().ok());
        let Some(timer) = armed.or(self.timers[n].get()) else { return };
        self.timers[n].set(Some(timer));
        let wait = (self.rng.below(2) == 0).then(|| format!("t{timer}"));
        match self.tell(n, &Event::TimerFired { timer }, wait).await {
            Ok(_) => assert!(armed.is_some(), "a timer has fired twice"),
            Err(CaseError::Step(StepError::NotDue(due))) => assert!(due > self.storm.house.clock.now()),
            Err(e) => assert!(e.is_late(), "a timer: {e}"),
        }
    }

    async fn word(&self, n: usize) {
        let (house, word) = (&self.storm.house, self.word_of(n));
        if house.cases.message(&house.actor, "news", Some(&word), Map::new()).await.unwrap() {
            self.words[n].set(self.words[n].get() + 1);
        }
    }

    async fn answer(&self, n: usize) {
        let (done, which) = (self.storm.bank.done(TWINS[n]), self.rng.next_u64());
        let Some((key, _)) = done.get((which % done.len().max(1) as u64) as usize) else { return };
        let numbers: Vec<u64> = key.split('-').map(|part| part.parse().unwrap()).collect();
        let [_, _, token, attempt] = numbers[..] else { panic!("the key of a call is {key}") };
        // Whoever does not know of the wait leaves it to the worker, which asks once more and finds that it is late.
        let wait = (which >> 32).is_multiple_of(2).then(|| format!("c{token}"));
        let told = self.tell(n, &Event::ServiceDone { token, attempt, variables: paid(key) }, wait).await;
        assert!(told.as_ref().err().is_none_or(CaseError::is_late), "an answer: {told:?}");
    }

    async fn nonsense(&self, n: usize) {
        let (kind, number) = (self.rng.below(5), self.rng.below(12));
        let event = match kind {
            0 => Event::TimerFired { timer: 1_000 + number },
            1 => Event::ServiceDone { token: number, attempt: 99, variables: Map::new() },
            2 => Event::start(),
            3 => Event::Completed { token: number, variables: Map::new() },
            _ => {
                let (house, key) = (&self.storm.house, format!("nobody-{}", self.seed));
                let taken = house.cases.message(&house.actor, "news", Some(&key), Map::new()).await;
                return assert!(!taken.unwrap(), "a message for nobody was taken");
            }
        };
        let told = self.tell(n, &event, None).await;
        assert!(told.as_ref().is_err_and(CaseError::is_late), "{event:?} was taken: {told:?}");
    }

    /// Have both come to their end?
    async fn is_over(&self) -> bool {
        let all = self.storm.look(&self.pair).await;
        let rows = || all.iter().flat_map(|seen| &seen.rows);
        let still: Vec<&String> = rows().filter(|r| r.status == Status::Incident).map(|r| &r.state).collect();
        assert!(still.is_empty(), "a case stands still: {still:?}");
        rows().all(|row| row.status == Status::Done)
    }

    async fn play(&self) {
        let rough = 1 + self.rng.below(6);
        for round in 0..ROUNDS {
            if round < rough {
                self.round().await;
            } else {
                self.calm().await;
            }
            if self.is_over().await {
                // What comes after the end changes nothing, and nothing stays behind that is waited for: a call whose answer came
                // by another way is asked once more, as often as the service is not well, and then dropped.
                self.calm().await;
                for _ in 0..=WELL {
                    self.calm().await;
                    if self.storm.look(&self.pair).await.iter().all(|seen| seen.waits.is_empty()) {
                        break;
                    }
                }
                return self.holds().await;
            }
        }
        panic!("the cases did not come to their end: {:?}", self.storm.look(&self.pair).await[0].rows);
    }

    /// What must be there after whatever happened.
    async fn holds(&self) {
        for (n, seen) in self.storm.look(&self.pair).await.iter().enumerate() {
            assert_eq!((seen.rows.len(), &seen.waits), (1, &Vec::new()), "one instance, and it waits for nothing");
            let made = seen.events.iter().filter(|e| e.event.kind == "Organization").count();
            assert_eq!(made, 1, "one entity of a case: {:?}", seen.events);
            assert_eq!(self.words[n].get(), 1, "the message from outside is taken once");
            let done = self.storm.bank.done(TWINS[n]);
            let what: Vec<&str> = done.iter().map(|(_, what)| what.as_str()).collect();
            let each: BTreeSet<&str> = what.iter().copied().collect();
            assert_eq!((done.len(), each.len()), (3, 3), "three calls of a case, each under one key: {done:?}");
            let state: Value = serde_json::from_str(&seen.rows[0].state).unwrap();
            for (key, what) in &done {
                assert_eq!(state["scopes"]["0"]["variables"][what]["paid"], json!(key), "the answer of {what}");
            }
        }
        let asks: u64 = self.storm.bank.desk.lock().unwrap().asks.values().sum();
        self.storm.asks.set(self.storm.asks.get() + asks);
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |n| n.parse().expect("a number"))
}

fn storm(place: &TestPlace) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(runs(place));
}

async fn runs(place: &TestPlace) {
    let (first, runs) = (number("SVOD_STORM_SEED", 1), number("SVOD_STORM_RUNS", RUNS));
    let (engine, storm) = (place.engine(), Storm::new(place).await);
    let begun = SystemClock.now();
    let took = || SystemClock.now().seconds_since(begun);
    for seed in first..first + runs {
        let run = Run::begin(&storm, seed).await;
        run.play().await;
        let gone = seed + 1 - first;
        if gone.is_multiple_of(TOLD) && gone < runs {
            println!("{engine:?}: {gone} of {runs} runs, {:.0} s", took());
        }
    }
    let made = storm.made().await;
    assert_eq!(made.len() as u64, 2 * runs, "an entity for each case");
    assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), made.len(), "none twice");
    println!(
        "{engine:?}: {runs} runs from SVOD_STORM_SEED={first}, {} cases at their end, {} calls of services for {} keys, \
         {} workers died, {} events came too late and changed nothing; {:.0} s",
        2 * runs,
        storm.asks.get(),
        6 * runs,
        storm.deaths.get(),
        storm.late.get(),
        took()
    );
}
