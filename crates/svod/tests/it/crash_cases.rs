//! SIGKILL at random moments over cases that reach outside: a call to a system of others beside a timer, then an entity, a
//! payout, and a message to and from a twin. Afterwards there is one case for each key under which it was applied for, each at
//! its end, with one entity and one payment; the other system has heard each call under one key and with one body.
//!
//! `SVOD_CRASH_KILLS` says how often (10), `SVOD_CRASH_SEED` repeats the moments.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::blocking::Client;
use serde_json::{Value, json};
use svod_kernel::{Actor, Clock as _, Rng as _, SeededRng, SystemClock};
use svod_model::PackSource;
use svod_money::{Money, MoneyDeps};
use svod_registry::{EntityQuery, Registry, RegistryDeps};
use svod_runtime::Cases;
use svod_store::StoreOptions;
use svod_store::testing::TestPlace;
use svod_testkit::{Binary, Program, packs, place};

/// Applications that a life of the program is sent at the most.
const MORE: usize = 4;
/// What each case pays out, in the smallest unit.
const SUM: i64 = 700;
/// Seconds within which all cases must have come to their end.
const PATIENCE: f64 = 90.0;

const PROCESS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:svod="urn:svod:bpmn" id="d" targetNamespace="t">
<message id="news" name="relay-news"/><message id="settled" name="payment-settled"/>
<process id="relay" name="relay" isExecutable="true">
<startEvent id="s"/><endEvent id="e"/><parallelGateway id="fork"/><parallelGateway id="join"/>
<serviceTask id="note" svod:service="exchange.call"><extensionElements><svod:input name="system" value='"bureau"'/>
<svod:input name="operation" value='"note"'/><svod:input name="data" value="{relayKey: relayKey}"/></extensionElements></serviceTask>
<intermediateCatchEvent id="pause"><timerEventDefinition id="td"><timeDuration>PT1S</timeDuration></timerEventDefinition></intermediateCatchEvent>
<serviceTask id="make" svod:service="entity.create"><extensionElements><svod:input name="type" value='"Organization"'/>
<svod:input name="attributes" value="{name: relayKey}"/></extensionElements></serviceTask>
<serviceTask id="pay" svod:service="money.payout"><extensionElements><svod:input name="amount" value="700"/>
<svod:input name="purpose" value='"Relay"'/><svod:input name="account" value='"40817810099910004312"'/>
<svod:output name="payment" value="payment"/></extensionElements></serviceTask>
<receiveTask id="paid" messageRef="settled" svod:correlation="payment"/>
<sendTask id="send" messageRef="news" svod:correlation="relayFriend"/>
<receiveTask id="hear" messageRef="news" svod:correlation="relayKey"/>
<sequenceFlow id="f1" sourceRef="s" targetRef="fork"/><sequenceFlow id="f2" sourceRef="fork" targetRef="note"/>
<sequenceFlow id="f3" sourceRef="note" targetRef="join"/><sequenceFlow id="f4" sourceRef="fork" targetRef="pause"/>
<sequenceFlow id="f5" sourceRef="pause" targetRef="join"/><sequenceFlow id="f6" sourceRef="join" targetRef="make"/>
<sequenceFlow id="f7" sourceRef="make" targetRef="pay"/><sequenceFlow id="f8" sourceRef="pay" targetRef="paid"/>
<sequenceFlow id="f9" sourceRef="paid" targetRef="send"/><sequenceFlow id="f10" sourceRef="send" targetRef="hear"/>
<sequenceFlow id="f11" sourceRef="hear" targetRef="e"/>
</process></definitions>"#;

fn relay() -> PackSource {
    let mut pack = PackSource::default();
    let mut file = |path: &str, text: &str| pack.files.insert(path.into(), text.into());
    let manifest =
        "id: relay\nversion: 1.0.0\nowner: urn:svod:body:kuzbass:digital\ndepends: [base, kuzbass]\nspace: kuzbass\n";
    file("pack.yaml", manifest);
    file("exchange/bureau.yaml", "id: bureau\noperations:\n  - id: note\n");
    let service = "id: relay\nsituation: home\naudience: [person]\nsubject: air\nprocess: relay\nstart:\n  \
        - form: relay.form.json\nterm: {duration: P30D}\nacts: [\"An act, article 1\"]\n";
    file("services/relay.yaml", service);
    let field =
        |key: &str| json!({"type": "textfield", "key": key, "label": "@relay-field", "validate": {"required": true}});
    let form = json!({"type": "default", "id": "relay", "schemaVersion": 19,
        "components": [field("relayKey"), field("relayFriend")]});
    file("forms/relay.form.json", &form.to_string());
    file("processes/relay.bpmn", PROCESS);
    let texts =
        ["pack-relay-title", "pack-relay-description", "service-relay", "service-relay-about", "service-relay-result"];
    let texts = texts.into_iter().chain(["process-relay", "relay-field"]).map(|key| format!("{key} = Relay\n"));
    let texts: String = texts.collect();
    for lang in ["ru", "kk", "en"] {
        file(&format!("locales/{lang}.ftl"), &texts);
    }
    pack
}

/// A call as it was heard: idempotency key and body.
type Heard = Arc<Mutex<Vec<(String, String)>>>;

/// A system of others, which notes every call before it answers, or does not.
struct Bureau {
    url: String,
    heard: Heard,
}

impl Bureau {
    fn open(seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Heard::default();
        let kept = heard.clone();
        std::thread::spawn(move || {
            for (n, stream) in (0..).zip(listener.incoming().map_while(Result::ok)) {
                let (heard, rng) = (kept.clone(), SeededRng::new(seed.wrapping_add(n)));
                std::thread::spawn(move || answer(stream, &heard, &rng));
            }
        });
        Self { url, heard }
    }

    /// Each application was told under one key of a call, and each key has one body.
    fn heard_each_once(&self, keys: &BTreeSet<String>) {
        let heard = self.heard.lock().unwrap();
        let (mut bodies, mut calls) = (BTreeMap::new(), BTreeMap::<String, BTreeSet<&String>>::new());
        for (key, body) in heard.iter() {
            assert!(!key.is_empty(), "a call without a key: {body}");
            assert_eq!(*bodies.entry(key).or_insert(body), body, "two bodies under the key {key}");
            let body: Value = serde_json::from_str(body).unwrap();
            calls.entry(body["relayKey"].as_str().unwrap().to_owned()).or_default().insert(key);
        }
        let doubled: Vec<_> = calls.iter().filter(|(_, keys)| keys.len() > 1).collect();
        assert!(doubled.is_empty(), "told under several keys: {doubled:?}");
        assert_eq!(calls.into_keys().collect::<BTreeSet<_>>(), *keys, "who was told");
        println!("the bureau has heard {} calls under {} keys", heard.len(), bodies.len());
    }
}

/// Hears one call out; one in eight answers is lost, some take their time, so that a kill finds them under way.
fn answer(mut stream: TcpStream, heard: &Heard, rng: &SeededRng) {
    let Some((key, body)) = question(&mut stream) else { return }; // whoever asked was killed before it had asked
    heard.lock().unwrap().push((key, body));
    let (luck, pause) = (rng.below(8), rng.below(500));
    std::thread::sleep(Duration::from_millis(if luck < 4 { pause } else { 0 }));
    let (status, text) = if luck == 7 { ("503 Busy", "") } else { ("200 OK", r#"{"number": "1"}"#) };
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", text.len());
    let _ = stream.write_all(format!("{head}{text}").as_bytes()); // whoever asked may be gone
}

fn question(stream: &mut TcpStream) -> Option<(String, String)> {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let field = |name: &str| {
                let fields = head.lines().filter_map(|line| line.split_once(':'));
                fields.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned()).next()
            };
            if body.len() == field("content-length")?.parse::<usize>().ok()? {
                return Some((field("idempotency-key").unwrap_or_default(), body.to_owned()));
            }
        }
        let read = stream.read(&mut part).ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&part[..read]);
    }
}

/// Who applies, and what became of it.
struct Desk {
    token: Option<String>,
    client: Client,
    /// Cases by the keys of their applications, as they were answered.
    begun: BTreeMap<String, String>,
}

/// Names of an application and of its twin's.
fn names(n: usize) -> (String, String) {
    let name = |n: usize| format!("relay-{}{}", n / 2, if n.is_multiple_of(2) { 'a' } else { 'b' });
    (name(n), name(n ^ 1))
}

impl Desk {
    /// Sends an application, for the first time or again.
    fn send(&mut self, http: SocketAddr, n: usize) -> reqwest::Result<()> {
        let (key, friend) = names(n);
        let body = json!({"answers": {"relayKey": key, "relayFriend": friend}}).to_string();
        let request = self.client.post(format!("http://{http}/api/v1/services/relay/relay/applications"));
        let request = request.bearer_auth(self.token.as_deref().unwrap_or_default()).header("idempotency-key", &key);
        let answer = request.header("content-type", "application/json").body(body).send()?;
        let (status, text) = (answer.status(), answer.text()?);
        assert_eq!(status, 201, "{key}: {text}");
        let begun: Value = serde_json::from_str(&text).unwrap();
        let case = begun["case"].as_str().unwrap().to_owned();
        assert_eq!(*self.begun.entry(key.clone()).or_insert(case.clone()), case, "{key} has begun two cases");
        Ok(())
    }

    /// Sends what is not answered yet, the last that is once more before it; until all are answered, or the connection breaks.
    fn send_until(&mut self, http: SocketAddr, end: usize) {
        for n in self.begun.len().saturating_sub(1)..end {
            if self.send(http, n).is_err() {
                return; // by the kill: it is sent again
            }
        }
    }
}

/// A run: the program, its data, and who speaks to it.
struct Run<'a> {
    program: Program,
    folder: &'a Path,
    args: Vec<String>,
    desk: Desk,
}

impl Run<'_> {
    fn serve(&self) -> Binary {
        self.program.serve(self.folder, &self.args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// One life of the program, killed so long after it listens, or after it is ready.
    fn life(&mut self, end: usize, starting: bool, millis: u64) {
        let binary = self.serve();
        let binary = if starting { binary } else { binary.ready() };
        if self.desk.token.is_none() && !starting {
            self.desk.token = Some(binary.token("new-resident"));
        }
        let (http, desk) = (binary.http, &mut self.desk);
        std::thread::scope(|scope| {
            if desk.token.is_some() {
                scope.spawn(move || desk.send_until(http, end));
            }
            std::thread::sleep(Duration::from_millis(millis));
            binary.kill();
        });
    }

    /// The last life: everything is sent, and sent once more; all cases come to their end.
    fn last(&mut self, all: usize) {
        let binary = self.serve().ready();
        let token = self.desk.token.get_or_insert_with(|| binary.token("new-resident")).clone();
        for n in 0..all {
            self.desk.send(binary.http, n).unwrap();
        }
        let begun = SystemClock.now();
        let of = |query: &str| {
            let page = binary.get(&format!("/api/v1/cases?service=relay/relay&limit=1000{query}"), Some(&token));
            page["items"].as_array().unwrap().clone()
        };
        loop {
            let open = of("&status=open");
            if open.is_empty() {
                break;
            }
            let late = SystemClock.now().seconds_since(begun) > PATIENCE;
            assert!(!late, "{} cases do not come to their end: {}\n{}", open.len(), open[0], binary.log());
            std::thread::sleep(Duration::from_millis(200));
        }
        let (cases, answered) = (of(""), &self.desk.begun);
        let found: BTreeSet<&str> = cases.iter().filter_map(|c| c["id"].as_str()).collect();
        assert_eq!(found, answered.values().map(String::as_str).collect(), "a case for each key, and no other");
        assert_eq!((cases.len(), answered.len()), (all, all));
        for case in &cases {
            let value = |name: &str| case["attributes"][name]["value"].as_str().unwrap_or_default();
            assert_eq!((value("status"), value("outcome")), ("closed", "completed"), "{case}");
        }
        binary.stop();
    }
}

#[test]
fn cases_on_sqlite() {
    crash(&TestPlace::sqlite());
}

#[test]
fn cases_on_postgres() {
    if let Some(place) = TestPlace::postgres() {
        crash(&place);
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |v| v.parse().expect("a number"))
}

fn crash(place: &TestPlace) {
    let (kills, begun) = (number("SVOD_CRASH_KILLS", 10), SystemClock.now());
    let seed = number("SVOD_CRASH_SEED", begun.0.unsigned_abs());
    println!("{kills} kills on {:?}, SVOD_CRASH_SEED={seed}", place.engine());
    let (folder, bureau) = (tempfile::tempdir().unwrap(), Bureau::open(seed));
    let (data, pack, config) =
        (folder.path().join("data"), folder.path().join("relay"), folder.path().join("svod.toml"));
    packs::write(&relay(), &pack);
    let reached =
        format!("[outbound]\nhosts = [\"127.0.0.1\"]\nprivate = true\n[exchange.bureau]\nurl = \"{}\"\n", bureau.url);
    std::fs::write(&config, reached).unwrap();
    let args = ["--demo", "--no-simulation", "--config", config.to_str().unwrap(), "--pack", pack.to_str().unwrap()];
    let client = Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
    let mut run = Run {
        program: crate::program().env("SVOD_STORE", &place::address(place)),
        folder: &data,
        args: args.map(str::to_owned).to_vec(),
        desk: Desk { token: None, client, begun: BTreeMap::new() },
    };
    for kill in 0..kills {
        let rng = SeededRng::new(seed.wrapping_add(1_000 + kill));
        // The first start, which publishes the packs, and one in five of the others are killed before they are ready.
        let (starting, millis) = (rng.below(5) == 0 || kill == 0, 50 + rng.below(1_200));
        println!("kill {kill}: {millis} ms after {}", if starting { "listening" } else { "ready" });
        run.life((kill as usize + 1) * MORE, starting, millis);
    }
    let all = kills as usize * MORE;
    run.last(all);
    let keys: BTreeSet<String> = run.desk.begun.keys().cloned().collect();
    bureau.heard_each_once(&keys);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(everything_is_there_once(place, &keys));
    println!("{all} cases, {:.0} s", SystemClock.now().seconds_since(begun));
}

/// The store itself: one entity and one payment of each case, and books that add up.
async fn everything_is_there_once(place: &TestPlace, keys: &BTreeSet<String>) {
    let store = place.open(StoreOptions::default()).unwrap();
    let (clock, rng) = (Arc::new(SystemClock), Arc::new(SeededRng::new(1)));
    let deps = RegistryDeps { store: store.clone(), clock, rng, cache_bytes: 0 };
    let registry = Registry::open(deps).await.unwrap();
    let platform = Actor::platform("test");
    let all = async |kind: &str| {
        let query = EntityQuery { limit: 1_000, ..EntityQuery::of("kuzbass".parse().unwrap(), &[kind]) };
        registry.query(&platform, query).await.unwrap().items
    };
    let made = all("Organization").await;
    let mut names: Vec<&str> = made.iter().filter_map(|e| e.text("name")).filter(|n| n.starts_with("relay-")).collect();
    names.sort_unstable();
    assert_eq!(names, keys.iter().map(String::as_str).collect::<Vec<_>>(), "an entity of each case, none twice");
    let payments = all("Payment").await;
    assert!(payments.iter().all(|p| p.text("status") == Some("done")), "{payments:?}");
    assert_eq!(payments.len(), keys.len(), "a payment of each case, none twice");

    let cases = Cases::new(registry.clone(), store.clone());
    let books = Money::new(MoneyDeps { cases, store: store.clone(), providers: Vec::new() }).verify().await.unwrap();
    assert_eq!(books.faults, Vec::<String>::new(), "the books add up");
    let held =
        |kind: &str| books.accounts.iter().filter(|b| b.account.starts_with(kind)).map(|b| b.amount).sum::<i64>();
    let paid = SUM * keys.len() as i64;
    assert_eq!((held("payouts:"), held("cash:"), held("payable:")), (paid, -paid, 0));
    store.close().await;
}
