//! Ten thousand payloads, random and mutated, seeded: every one is stored or in quarantine.

use svod_ingest::{IngestLimits, RawMessage, Source};
use svod_kernel::{Rng, SeededRng};
use svod_store::testing::TestPlace;

use crate::house::{House, device};

const SEED: u64 = 20_260_115;
const PAYLOADS: usize = 10_000;

const SAMPLES: [&str; 6] = [
    r#"{"ts":"2026-01-15T01:00:00Z","level":1.25,"cover":"ice","place":[87.1,53.7],"sim":true}"#,
    r#"{"ts":1768438800000,"level":{"value":125,"unit":"cm"}}"#,
    r#"{"ts":1768438800000.5,"level":{"value":-1e308,"unit":"[degF]"},"place":{"lon":0,"lat":90}}"#,
    r#"[{"ts":0,"level":1},{"ts":null}]"#,
    r#"{"ts":"9999-12-31T23:59:59Z","level":1e999}"#,
    r#"{"ts":"2026-01-15T01:00:00Z","name":"fact","level":[[[[1]]]]}"#,
];

fn payload(rng: &SeededRng) -> Vec<u8> {
    if rng.below(5) == 0 {
        let mut bytes = vec![0; rng.below(200) as usize];
        rng.fill(&mut bytes);
        return bytes;
    }
    let mut bytes = SAMPLES[rng.below(SAMPLES.len() as u64) as usize].as_bytes().to_vec();
    for _ in 0..rng.below(4) {
        let at = rng.below(bytes.len() as u64) as usize;
        match rng.below(6) {
            0 => bytes[at] = rng.next_u64() as u8,
            1 => bytes[at] ^= 1 << rng.below(8),
            2 => bytes.truncate(at.max(1)),
            3 => bytes[at] = b"0123456789-.eE{}[]\",:"[rng.below(21) as usize],
            4 => bytes.insert(at, b'9'),
            _ => {
                let piece = bytes[at..].to_vec();
                bytes.extend(piece);
            }
        }
    }
    bytes
}

fn word(rng: &SeededRng, words: &[&str]) -> String {
    match rng.below(20) {
        0 => String::from_utf8_lossy(&rng.next_u64().to_le_bytes()).into_owned(),
        n => words[n as usize % words.len()].to_owned(),
    }
}

fn message(rng: &SeededRng) -> RawMessage {
    let payload = payload(rng).into();
    if rng.below(2) == 0 {
        let device = word(rng, &["g1", "g2", "g1", "zz"]);
        let topic = word(rng, &["water/{}/up", "water/{}/up", "water/{}", "/", "$SYS"]).replace("{}", &device);
        return RawMessage::published(topic, payload);
    }
    let (profile, device) = (word(rng, &["gauge", "gauge", "none"]), word(rng, &["g1", "g2", ""]));
    RawMessage::named(profile, device, payload, Source::Http)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_payload_is_stored_or_quarantined() {
    println!("seed {SEED}");
    for place in TestPlace::all() {
        let house = House::on(place, IngestLimits::default()).await;
        let rng = SeededRng::new(SEED);
        let actor = device();
        let (mut kept, mut refused) = (0, 0);
        for round in 0..PAYLOADS / 100 {
            let messages: Vec<RawMessage> = (0..100).map(|_| message(&rng)).collect();
            let answers =
                futures_util::future::join_all(messages.iter().map(|m| house.ingest.submit(&actor, m.clone()))).await;
            for (message, answer) in messages.iter().zip(answers) {
                let accepted = answer.unwrap_or_else(|e| panic!("round {round}: {e}: {message:?}"));
                assert!(
                    accepted.stored + accepted.duplicates + accepted.quarantined > 0,
                    "round {round}: neither stored nor quarantined: {message:?}"
                );
                kept += accepted.stored + accepted.duplicates;
                refused += accepted.quarantined;
            }
        }
        assert_eq!(house.count("quarantine").await, refused as i64);
        assert!(kept > 500 && refused > 1_000, "{kept} readings kept, {refused} messages refused");
    }
}
