//! Ten thousand random and mutated payloads at the doors of the real program, half over MQTT and half over HTTP: it does
//! not fall, what it takes is stored or in quarantine to the last message, and its memory stays bounded.
//!
//! `SVOD_FUZZ_SEED` repeats a run, `SVOD_FUZZ_MESSAGES` says how many messages (10,000).

use std::net::SocketAddr;

use serde_json::{Value, json};
use svod_ingest::{RawMessage, Source};
use svod_kernel::{Actor, Clock as _, Rng, SeededRng, SystemClock, Timestamp};
use svod_testkit::{Binary, Device, TestApp};

/// KiB by which memory may grow over the whole run. What may be in flight is 64 MiB; the caches of the store and of
/// decisions fill up meanwhile. About a third of it is what is seen.
const GROWTH_KIB: u64 = 96 * 1024;

/// Messages over MQTT on the way at once.
const WINDOW: usize = 50;

const STATIONS: [&str; 6] = ["42010102", "42010109", "42010110", "42010116", "42010118", "42010119"];

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |v| v.parse().expect("a number"))
}

fn one<'a, T: ?Sized>(rng: &dyn Rng, of: &[&'a T]) -> &'a T {
    of[rng.below(of.len() as u64) as usize]
}

/// Something sent to a door.
struct Message {
    profile: &'static str,
    device: String,
    payload: Vec<u8>,
}

impl Message {
    fn random(rng: &dyn Rng, now: Timestamp) -> Self {
        let (profile, known) = match rng.below(10) {
            0 => ("snow-plough", "plough-nvk-01"),
            1 => ("weather-post", "42010110"),
            _ => ("air-post", STATIONS[rng.below(6) as usize]),
        };
        let device = if rng.below(12) == 0 { format!("никто-{}", rng.below(50)) } else { known.to_owned() };
        let good = good(rng, profile, now);
        let payload = match rng.below(10) {
            0..3 => good.to_string().into_bytes(),
            3..6 => mutated_bytes(rng, good.to_string().into_bytes()),
            6..9 => mutated_json(rng, good).to_string().into_bytes(),
            _ => {
                let mut noise = vec![0; rng.below(3_000) as usize];
                rng.fill(&mut noise);
                noise
            }
        };
        Self { profile, device, payload }
    }

    fn topic(&self) -> String {
        match self.profile {
            "snow-plough" => format!("plough/{}/up", self.device),
            "weather-post" => format!("weather/{}/up", self.device),
            _ => format!("air/{}/up", self.device),
        }
    }
}

/// What a device in order would send; never near the border of the future, which moves with the clock.
fn good(rng: &dyn Rng, profile: &str, now: Timestamp) -> Value {
    let at = now.plus_seconds(-(rng.below(30 * 24 * 3600) as i64));
    match profile {
        "snow-plough" => json!({"ts": at, "lon": 87.0 + rng.unit(), "lat": 53.0 + rng.unit(), "speed": rng.below(60),
            "heading": rng.below(360), "working": rng.below(2) == 0}),
        "weather-post" => json!({"ts": at, "temperature": -20.0 * rng.unit(), "humidity": rng.below(100)}),
        _ => {
            json!({"ts": at, "pm25": rng.unit() / 10.0, "no2": {"value": rng.below(90), "unit": "ug/m3"}, "co": rng.unit()})
        }
    }
}

fn mutated_bytes(rng: &dyn Rng, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..=rng.below(4) {
        let at = rng.below(bytes.len() as u64 + 1) as usize;
        match rng.below(5) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.below(8),
            1 => bytes.truncate(at),
            2 => bytes.insert(at, rng.next_u64() as u8),
            3 => {
                let piece = bytes[at..].to_vec();
                bytes.extend(piece);
            }
            _ => {
                let word = one(rng, &["\0", "null", "1e999", "[[[[", "\u{feff}", "\"", "}", "-0", "\\ud800"]);
                bytes.splice(at..at, word.bytes());
            }
        }
    }
    bytes
}

fn mutated_json(rng: &dyn Rng, mut value: Value) -> Value {
    let names: Vec<String> = value.as_object().map(|o| o.keys().cloned().collect()).unwrap_or_default();
    let name = names[rng.below(names.len() as u64) as usize].clone();
    let strange = match rng.below(14) {
        0 => Value::Null,
        1 => json!(rng.next_u64()),
        2 => json!(-1.5e300),
        3 => json!("я".repeat(rng.below(2_000) as usize)),
        4 => json!([1, 2, 3]),
        5 => json!({"value": 1, "unit": "Cel"}),
        6 => json!({"value": {"value": 1}, "unit": 7}),
        7 => (0..rng.below(200)).fold(json!(1), |inner, _| json!([inner])),
        8 => json!("nul \u{0} inside"),
        9 => json!("2999-01-01T00:00:00Z"),
        10 => json!(true),
        11 => json!(i64::MIN),
        12 => json!("x".repeat(rng.below(60_000) as usize)),
        _ => json!(""),
    };
    match rng.below(8) {
        0 => drop(value.as_object_mut().map(|o| o.remove(&name))),
        1 => value[format!("new-{}", rng.below(99))] = strange,
        2 => return strange,
        _ => value[name] = strange,
    }
    value
}

/// What became of the messages, as far as a door or the pipeline told it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Fate {
    readings: u64,
    quarantined: u64,
}

/// The figures of the program: readings stored or there already, messages in quarantine.
fn figures(binary: &Binary) -> Fate {
    let whole = |name: &str, label: &str| binary.metric(name, label) as u64;
    Fate {
        readings: whole("svod_ingest_readings_total", "stored") + whole("svod_ingest_readings_total", "duplicate"),
        quarantined: whole("svod_ingest_quarantined_total", ""),
    }
}

#[test]
fn fuzzed_doors_keep_everything_and_stand() {
    let begun = SystemClock.now();
    let seed = number("SVOD_FUZZ_SEED", begun.0.unsigned_abs());
    let half = number("SVOD_FUZZ_MESSAGES", 10_000) / 2;
    println!("{} messages, SVOD_FUZZ_SEED={seed}", half * 2);
    let data = tempfile::tempdir().unwrap();
    let binary = crate::program().serve(data.path(), &["--demo", "--no-simulation"]).ready();
    let rng = SeededRng::new(seed);
    let warm: Vec<Message> = (0..200).map(|_| Message::random(&rng, begun)).collect();
    over_mqtt(binary.mqtt, &warm);
    let before = (figures(&binary), binary.rss_kib());

    let (by_mqtt, by_http): (Vec<_>, Vec<_>) =
        (0..half).map(|_| (Message::random(&rng, begun), Message::random(&rng, begun))).unzip();
    over_mqtt(binary.mqtt, &by_mqtt);
    let after_mqtt = figures(&binary);
    let mqtt = Fate {
        readings: after_mqtt.readings - before.0.readings,
        quarantined: after_mqtt.quarantined - before.0.quarantined,
    };
    assert_eq!(mqtt, expected(&by_mqtt, begun), "what was acknowledged over MQTT, and what must become of it");

    let http = over_http(&binary, &by_http);
    garbage(binary.mqtt, &rng);
    let after = figures(&binary);
    assert_eq!(after.readings, after_mqtt.readings + http.readings, "readings taken over HTTP");
    assert_eq!(after.quarantined, after_mqtt.quarantined + http.quarantined, "messages refused over HTTP");
    assert_eq!(in_quarantine(&binary), after.quarantined, "rows in quarantine");

    let grown = binary.rss_kib().saturating_sub(before.1);
    println!("memory grew by {} MiB from {} MiB; MQTT {mqtt:?}, HTTP {http:?}", grown / 1024, before.1 / 1024);
    assert!(grown < GROWTH_KIB, "memory grew by {grown} KiB");
    still_works(&binary);
    binary.stop();
}

/// Sends with QoS 1, several on the way; every one must be acknowledged.
fn over_mqtt(broker: SocketAddr, messages: &[Message]) {
    let mut device = Device::connect(broker, "fuzz").unwrap();
    for (round, part) in messages.chunks(WINDOW).enumerate() {
        for (n, message) in part.iter().enumerate() {
            device.publish(n as u16 + 1, &message.topic(), &message.payload).unwrap();
        }
        let mut missing: std::collections::BTreeSet<u16> = (1..=part.len() as u16).collect();
        while !missing.is_empty() {
            let done = device.acknowledged().unwrap_or_else(|e| panic!("message {}: {e}", round * WINDOW));
            assert!(missing.remove(&done), "{done} was acknowledged twice");
        }
    }
}

/// One message a request; what is no JSON makes a body that is none, which is refused whole.
fn over_http(binary: &Binary, messages: &[Message]) -> Fate {
    let token = binary.token("administrator");
    let fates: Vec<Fate> = std::thread::scope(|scope| {
        let parts = messages.chunks(messages.len().div_ceil(4).max(1));
        let workers: Vec<_> = parts
            .map(|part| scope.spawn(|| part.iter().map(|m| post(binary, &token, m)).collect::<Vec<_>>()))
            .collect();
        workers.into_iter().flat_map(|w| w.join().unwrap()).collect()
    });
    fates.iter().fold(Fate::default(), |sum, f| Fate {
        readings: sum.readings + f.readings,
        quarantined: sum.quarantined + f.quarantined,
    })
}

fn post(binary: &Binary, token: &str, message: &Message) -> Fate {
    let mut body =
        format!(r#"{{"messages":[{{"profile":"{}","device":"{}","payload":"#, message.profile, message.device)
            .into_bytes();
    body.extend(&message.payload);
    body.extend(b"}]}");
    let whole = serde_json::from_slice::<Value>(&body).is_ok();
    let answer = binary.request("POST", "/api/v1/observations", Some(token), Some(body)).unwrap();
    match answer.status {
        200 => {
            let done = answer.json();
            let count = |key: &str| done[key].as_u64().unwrap();
            let fate = Fate { readings: count("stored") + count("duplicates"), quarantined: count("quarantined") };
            assert!(
                fate.readings + fate.quarantined > 0,
                "a message is gone: {:?}",
                String::from_utf8_lossy(&message.payload)
            );
            fate
        }
        400 => {
            answer.problem(400, "bad-request");
            Fate::default()
        }
        status => panic!("{status} (JSON: {whole}): {}", answer.text),
    }
}

/// What no MQTT client sends: each of these connections is closed, and nobody else notices.
fn garbage(broker: SocketAddr, rng: &SeededRng) {
    for n in 0..100 {
        let Ok(mut device) = Device::connect(broker, &format!("garbage-{n}")) else { continue };
        let mut noise = vec![0; 1 + rng.below(500) as usize];
        rng.fill(&mut noise);
        let _ = device.bytes(&noise); // the broker may be faster in closing
    }
}

/// The same messages through the pipeline in this process, each by itself: none may vanish.
fn expected(messages: &[Message], now: Timestamp) -> Fate {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let app = TestApp::builder().at(now).leftovers().start().await;
        let device = Actor::platform("fuzz");
        let mut fate = Fate::default();
        for part in messages.chunks(500) {
            let submitted = part.iter().map(|m| {
                let raw = RawMessage::published(m.topic(), m.payload.clone().into());
                assert_eq!(raw.source, Source::Mqtt);
                app.core.ingest.submit(&device, raw)
            });
            for (outcome, message) in futures_util::future::join_all(submitted).await.into_iter().zip(part) {
                let taken = outcome.unwrap();
                let shown = || String::from_utf8_lossy(&message.payload).into_owned();
                assert!(taken.stored + taken.duplicates + taken.quarantined > 0, "a message is gone: {}", shown());
                fate.readings += taken.stored + taken.duplicates;
                fate.quarantined += taken.quarantined;
            }
        }
        fate
    })
}

/// Rows in quarantine by walking all pages of the API.
fn in_quarantine(binary: &Binary) -> u64 {
    let token = binary.token("administrator");
    let (mut count, mut before) = (0, String::new());
    loop {
        let page = binary.get(&format!("/api/v1/quarantine?status=all&limit=500{before}"), Some(&token));
        for item in page["items"].as_array().unwrap() {
            assert!(
                !item["reason"].as_str().unwrap().is_empty()
                    && item["detail"].as_str().is_none_or(|said| !said.is_empty()),
                "{item}"
            );
            count += 1;
        }
        match page["next"].as_i64() {
            Some(next) => before = format!("&before={next}"),
            None => return count,
        }
    }
}

fn still_works(binary: &Binary) {
    assert_eq!(binary.request("GET", "/readyz", None, None).unwrap().status, 200);
    let mut device = Device::connect(binary.mqtt, "after").unwrap();
    let payload = json!({"ts": SystemClock.now(), "h2s": 0.9});
    device.publish(1, "air/42010119/up", payload.to_string().as_bytes()).unwrap();
    assert_eq!(device.acknowledged().unwrap(), 1);
    let card = binary.get("/api/v1/entities/urn:svod:station:42010119/live", None);
    assert_eq!(card["observed"]["h2s"]["value"], 0.9);
    let raised = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        let page = binary.get("/api/v1/entities?space=kuzbass&type=Alert&limit=1000", None);
        let h2s = |a: &Value| a["attributes"]["attribute"]["value"] == "h2s";
        page["items"].as_array().is_some_and(|all| all.iter().any(h2s))
    });
    assert!(raised, "no alert comes any more");
}
