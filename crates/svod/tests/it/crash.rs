//! SIGKILL at random moments under MQTT load with QoS 1: every acknowledged reading is there once, nothing is half
//! visible, of alerts, cases and tasks none is lost and none doubled.
//!
//! `SVOD_CRASH_KILLS` says how often (20), `SVOD_CRASH_SEED` repeats a run.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use svod_history::History;
use svod_kernel::{Clock as _, Rng as _, SeededRng, SystemClock, Timestamp};
use svod_store::StoreOptions;
use svod_store::testing::TestPlace;
use svod_testkit::{Binary, Device, Program, place};

/// Messages sent and not yet acknowledged, on each connection.
const WINDOW: usize = 16;

/// Pollutants a station tells in each message; every one has a norm.
const POLLUTANTS: [(&str, f64); 4] = [("pm25", 0.035), ("so2", 0.05), ("no2", 0.1), ("h2s", 0.008)];

/// What a plough tells beside its place.
const OF_PLOUGH: [&str; 2] = ["speed", "heading"];

const STATIONS: [&str; 6] = ["42010102", "42010109", "42010110", "42010116", "42010118", "42010119"];
const PLOUGHS: [&str; 4] = ["nvk-01", "nvk-02", "kem-01", "kem-02"];

/// A station and one of its pollutants.
type Exceedance = (&'static str, &'static str);

/// One message, which is one moment of one device.
#[derive(Clone)]
struct Message {
    device: &'static str,
    at: Timestamp,
    /// Numbers by attribute, as history must show them.
    values: BTreeMap<&'static str, f64>,
}

impl Message {
    fn is_plough(&self) -> bool {
        PLOUGHS.contains(&self.device)
    }

    fn topic(&self) -> String {
        if self.is_plough() { format!("plough/plough-{}/up", self.device) } else { format!("air/{}/up", self.device) }
    }

    fn urn(device: &str) -> String {
        let kind = if PLOUGHS.contains(&device) { "plough" } else { "station" };
        format!("urn:svod:{kind}:{device}")
    }

    fn payload(&self) -> Vec<u8> {
        let mut payload = json!(self.values);
        payload["ts"] = json!(self.at.to_string());
        if self.is_plough() {
            let moved = (self.at.millis() / 1000 % 600) as f64 / 1000.0;
            payload["lon"] = json!(87.0 + moved);
            payload["lat"] = json!(53.75);
            payload["working"] = json!(true);
        }
        payload.to_string().into_bytes()
    }

    /// Readings the message is made of.
    fn readings(&self) -> usize {
        self.values.len() + if self.is_plough() { 2 } else { 0 }
    }
}

/// One connection with its devices: what it has sent and not seen acknowledged, and what was acknowledged.
struct Sender {
    name: String,
    devices: Vec<&'static str>,
    rng: SeededRng,
    next_at: Timestamp,
    turn: usize,
    pending: VecDeque<Message>,
    acknowledged: Vec<Message>,
}

impl Sender {
    fn new(number: usize, devices: Vec<&'static str>, seed: u64, from: Timestamp) -> Self {
        Self {
            name: format!("crash-{number}"),
            devices,
            rng: SeededRng::new(seed),
            next_at: from,
            turn: 0,
            pending: VecDeque::new(),
            acknowledged: Vec::new(),
        }
    }

    fn message(&mut self, above: &BTreeSet<Exceedance>) -> Message {
        let device = self.devices[self.turn % self.devices.len()];
        self.turn += 1;
        if self.turn.is_multiple_of(self.devices.len()) {
            self.next_at = self.next_at.plus_seconds(1);
        }
        let mut values = BTreeMap::new();
        if PLOUGHS.contains(&device) {
            values.insert("speed", (self.rng.below(600) as f64) / 10.0);
            values.insert("heading", self.rng.below(360) as f64);
        } else {
            for (name, norm) in POLLUTANTS {
                // Once above its norm a pollutant stays so: one alert, and it stays open.
                let ratio = if above.contains(&(device, name)) { 1.2 + self.rng.unit() } else { 0.7 * self.rng.unit() };
                values.insert(name, (norm * ratio * 1000.0).round() / 1000.0);
            }
        }
        Message { device, at: self.next_at, values }
    }

    /// Sends until the connection breaks: first again what was not acknowledged.
    fn run(&mut self, broker: SocketAddr, above: &BTreeSet<Exceedance>) {
        let _ = self.flow(broker, above, None); // broken by the kill: what is pending stays pending
    }

    /// Sends until everything is acknowledged, with at least one message more of each device.
    fn finish(&mut self, broker: SocketAddr, above: &BTreeSet<Exceedance>) -> io::Result<()> {
        let last = self.devices.len();
        self.flow(broker, above, Some(last))
    }

    fn flow(&mut self, broker: SocketAddr, above: &BTreeSet<Exceedance>, more: Option<usize>) -> io::Result<()> {
        let mut line = Device::connect(broker, &self.name)?;
        let mut left = more.unwrap_or(usize::MAX);
        let mut on_the_way: VecDeque<u16> = VecDeque::new();
        let mut packet = 0u16;
        for message in &self.pending {
            packet = packet % u16::MAX + 1;
            line.publish(packet, &message.topic(), &message.payload())?;
            on_the_way.push_back(packet);
        }
        loop {
            while self.pending.len() < WINDOW && left > 0 {
                let message = self.message(above);
                packet = packet % u16::MAX + 1;
                // It is pending before the first byte goes out.
                self.pending.push_back(message.clone());
                line.publish(packet, &message.topic(), &message.payload())?;
                on_the_way.push_back(packet);
                left -= 1;
            }
            if self.pending.is_empty() {
                return Ok(());
            }
            let done = line.acknowledged()?;
            let at = on_the_way.iter().position(|p| *p == done).expect("an acknowledgement of what was sent");
            on_the_way.remove(at);
            self.acknowledged.extend(self.pending.remove(at));
        }
    }
}

#[test]
fn crash_on_sqlite() {
    crash(&TestPlace::sqlite());
}

#[test]
fn crash_on_postgres() {
    if let Some(place) = TestPlace::postgres() {
        crash(&place);
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |v| v.parse().expect("a number"))
}

fn crash(place: &TestPlace) {
    let kills = number("SVOD_CRASH_KILLS", 20);
    let begun = SystemClock.now();
    let seed = number("SVOD_CRASH_SEED", begun.0.unsigned_abs());
    println!("{kills} kills on {:?}, SVOD_CRASH_SEED={seed}", place.engine());
    let folder = tempfile::tempdir().unwrap();
    let program = crate::program().env("SVOD_STORE", &place::address(place));
    let from = begun.plus_seconds(-24 * 3600);
    let mut senders = vec![
        Sender::new(0, STATIONS[..3].to_vec(), seed, from),
        Sender::new(1, STATIONS[3..].to_vec(), seed + 1, from),
        Sender::new(2, PLOUGHS.to_vec(), seed + 2, from),
    ];
    let mut above = BTreeSet::new();
    let mut kept = 0;
    for kill in 0..kills {
        let rng = SeededRng::new(seed.wrapping_add(1_000 + kill));
        above.insert((STATIONS[rng.below(6) as usize], POLLUTANTS[rng.below(4) as usize].0));
        // The first start, which publishes the packs, and one in five of the others are killed before they are ready.
        let (starting, millis) = (rng.below(5) == 0 || kill == 0, 20 + rng.below(700));
        let acknowledged: usize = senders.iter().map(|s| s.acknowledged.len()).sum();
        println!(
            "kill {kill}: seed {}, {millis} ms after {}; {acknowledged} acknowledged",
            seed.wrapping_add(1_000 + kill),
            if starting { "listening" } else { "ready" }
        );
        kept += under_load(&program, folder.path(), &mut senders, &above, starting, millis);
    }
    let (binary, more) = start(&program, folder.path(), &senders);
    kept += more;
    std::thread::scope(|scope| {
        for sender in &mut senders {
            scope.spawn(|| sender.finish(binary.mqtt, &above).unwrap());
        }
    });
    settled(&binary, above.len());
    let token = binary.token("administrator");
    everything_is_there_once(&binary, &senders);
    work_is_whole(&binary, &token, Some(&above));
    binary.stop();
    nothing_is_left(place, &senders);
    let took = SystemClock.now().seconds_since(begun);
    println!(
        "{} alerts, {} acknowledged messages, {kept} durable before a kill and not acknowledged, {took:.0} s",
        above.len(),
        acknowledged(&senders).len()
    );
}

/// One life of the program: checked, put under load, killed. How many messages the check found durable though nobody was
/// told so.
fn under_load(
    program: &Program,
    data: &std::path::Path,
    senders: &mut [Sender],
    above: &BTreeSet<Exceedance>,
    starting: bool,
    millis: u64,
) -> usize {
    let (binary, kept) = if starting { (serve(program, data), 0) } else { start(program, data, senders) };
    let broker = binary.mqtt;
    std::thread::scope(|scope| {
        for sender in senders {
            scope.spawn(move || sender.run(broker, above));
        }
        std::thread::sleep(Duration::from_millis(millis));
        binary.kill();
    });
    kept
}

fn serve(program: &Program, data: &std::path::Path) -> Binary {
    program.serve(data, &["--demo", "--no-simulation"])
}

/// Starts, and before anything is sent again looks at what the kill left behind.
fn start(program: &Program, data: &std::path::Path, senders: &[Sender]) -> (Binary, usize) {
    let binary = serve(program, data).ready();
    let mut kept = 0;
    let token = binary.token("administrator");
    work_is_whole(&binary, &token, None);
    for message in senders.iter().flat_map(|s| &s.pending) {
        let seen: Vec<bool> = message
            .values
            .iter()
            .map(|(name, value)| {
                let found = history(&binary, message.device, name, message.at, message.at.plus_micros(1));
                found.iter().for_each(|(at, found)| assert_eq!((*at, *found), (message.at.millis(), *value)));
                found.len() == 1
            })
            .collect();
        let half = seen.iter().any(|s| *s) && !seen.iter().all(|s| *s);
        assert!(!half, "half of a message of {} is there: {seen:?}", message.device);
        kept += usize::from(seen[0]);
    }
    (binary, kept)
}

fn acknowledged(senders: &[Sender]) -> Vec<&Message> {
    senders.iter().flat_map(|s| &s.acknowledged).collect()
}

/// Raw points of a numeric attribute: milliseconds and value.
fn history(binary: &Binary, device: &str, attribute: &str, from: Timestamp, to: Timestamp) -> Vec<(i64, f64)> {
    let path = format!(
        "/api/v1/entities/{}/history?attribute={attribute}&points=4000&from={from}&to={to}",
        Message::urn(device)
    );
    let found = binary.get(&path, None);
    let points = found["points"].as_array().unwrap_or_else(|| panic!("{path}: {found}"));
    points
        .iter()
        .map(|p| {
            assert_eq!(p[4], 1, "several observations in one point of {path}");
            (p[0].as_i64().unwrap(), p[1].as_f64().unwrap())
        })
        .collect()
}

/// Every acknowledged reading is in history exactly once, with its value, and nothing else is.
fn everything_is_there_once(binary: &Binary, senders: &[Sender]) {
    let all = acknowledged(senders);
    for device in STATIONS.iter().chain(&PLOUGHS) {
        let mine: Vec<&&Message> = all.iter().filter(|m| m.device == *device).collect();
        let (first, last) = (mine.iter().map(|m| m.at).min().unwrap(), mine.iter().map(|m| m.at).max().unwrap());
        let pollutants: Vec<&str> = POLLUTANTS.iter().map(|p| p.0).collect();
        let names: &[&str] = if PLOUGHS.contains(device) { &OF_PLOUGH } else { &pollutants };
        for name in names {
            let mut found = Vec::new();
            let mut from = first;
            while from <= last {
                // A message a second: an hour is less than the points of an answer.
                let to = from.plus_seconds(3600);
                found.extend(history(binary, device, name, from, to));
                from = to;
            }
            let mut expected: Vec<(i64, f64)> = mine.iter().map(|m| (m.at.millis(), m.values[name])).collect();
            expected.sort_by_key(|e| e.0);
            assert_eq!(found.len(), expected.len(), "{device} {name}: readings lost or doubled");
            assert_eq!(found, expected, "{device} {name}");
        }
    }
}

fn entities(binary: &Binary, token: &str, kind: &str) -> Vec<Value> {
    let page = binary.get(&format!("/api/v1/entities?space=kuzbass&type={kind}&limit=1000"), Some(token));
    assert_eq!(page["next"], Value::Null, "more than a page of {kind}");
    page["items"].as_array().unwrap().clone()
}

/// Each alert has its one case and its one task, and they have it. At the end: the alerts are those that must be.
fn work_is_whole(binary: &Binary, token: &str, expected: Option<&BTreeSet<Exceedance>>) {
    // Asked for in this order, what is made meanwhile only adds to the later lists.
    let alerts = entities(binary, token, "Alert");
    let (cases, tasks) = (entities(binary, token, "Case"), entities(binary, token, "Task"));
    let related = |e: &Value, name: &str| e["attributes"][name]["object"].as_str().unwrap_or_default().to_owned();
    let mut keys = Vec::new();
    for alert in &alerts {
        let id = alert["id"].as_str().unwrap();
        let own: Vec<_> = cases.iter().filter(|c| related(c, "alert") == id).collect();
        assert_eq!(own.len(), 1, "cases of {id}");
        assert_eq!(related(alert, "case"), own[0]["id"].as_str().unwrap());
        let offered: Vec<_> = tasks.iter().filter(|t| related(t, "alert") == id).collect();
        assert_eq!(offered.len(), 1, "tasks of {id}");
        assert_eq!(offered[0]["attributes"]["status"]["value"], "offered");
        assert_eq!(alert["attributes"]["status"]["value"], "open", "{alert}");
        keys.push((related(alert, "entity"), alert["attributes"]["attribute"]["value"].as_str().unwrap().to_owned()));
    }
    keys.sort();
    let count = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), count, "an alert is doubled");
    if let Some(expected) = expected {
        let mut wanted: Vec<_> = expected.iter().map(|(d, a)| (Message::urn(d), (*a).to_owned())).collect();
        wanted.sort();
        assert_eq!(keys, wanted, "an alert is lost, or one came from nowhere");
        assert_eq!((cases.len(), tasks.len()), (count, count));
    }
}

/// Waits until the alerts that must come have come.
fn settled(binary: &Binary, alerts: usize) {
    let token = binary.token("administrator");
    for _ in 0..200 {
        if entities(binary, &token, "Alert").len() >= alerts {
            // One more look of the runtime, so that one too many would be seen.
            return std::thread::sleep(Duration::from_millis(1_500));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The store itself: no finding waits, no message is unsent, there are as many observations as were acknowledged.
fn nothing_is_left(place: &TestPlace, senders: &[Sender]) {
    let expected: usize = acknowledged(senders).iter().map(|m| m.readings()).sum();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = place.open(StoreOptions::default()).unwrap();
        assert_eq!(History::new(store.clone()).count().await.unwrap(), expected as i64, "observations");
        let left = store
            .read(|conn| {
                Ok::<_, svod_store::StoreError>((
                    svod_store::finding::count(conn)?,
                    svod_store::outbox::count(conn)?,
                    conn.first("SELECT count(*) FROM quarantine", &[])?.map_or(Ok(0), |r| r.int(0))?,
                ))
            })
            .await
            .unwrap();
        assert_eq!(left, (0, 0, 0), "findings, outbox, quarantine");
        store.close().await;
    });
}
