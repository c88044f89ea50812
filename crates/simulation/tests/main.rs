//! Simulations as packs declare them.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests may fall

use serde_json::{Value, json};
use svod_kernel::Timestamp;
use svod_model::{Point, SimulationSpec};
use svod_simulation::{MAX_CATCH_UP, SimDevice, SimMessage, Simulation, SimulationError, distance_metres};

fn spec(spec: Value) -> SimulationSpec {
    SimulationSpec { id: "air".into(), profile: "air-post".into(), interval_seconds: 2.0, kind: "Station".into(), spec }
}

fn air(extra: Value) -> SimulationSpec {
    let mut file = json!({
        "id": "air", "profile": "air-post", "interval": "PT2S", "devices": {"type": "Station"},
        "payload": {"ts": "$now", "id": "$device", "pm25": {"mean": 0.02, "daily": 0.6, "weekly": 0.2, "noise": 0.15,
                    "spike": {"chance": 0.01, "factor": 12, "minutes": 1}}, "kind": "air", "list": ["$now-ms", 1]},
    });
    for (k, v) in extra.as_object().unwrap() {
        file[k] = v.clone();
    }
    spec(file)
}

fn plough() -> SimulationSpec {
    spec(json!({
        "id": "ploughs", "payload": {"ts": "$now", "pos": ["$lon", "$lat"], "speed": "$speed", "heading": "$heading"},
        "route": {"attribute": "route", "speed-kmh": 36, "stop": {"chance": 0.01, "minutes": 2}},
    }))
}

fn devices(n: usize) -> Vec<SimDevice> {
    let route = vec![Point { lon: 87.0, lat: 53.7 }, Point { lon: 87.02, lat: 53.7 }, Point { lon: 87.02, lat: 53.71 }];
    (0..n).map(|i| SimDevice { external_id: format!("d{i}"), route: Some(route.clone()) }).collect()
}

fn start() -> Timestamp {
    "2026-01-15T08:00:00Z".parse().unwrap()
}

fn run(spec: &SimulationSpec, seed: u64, steps: i64, every: i64) -> Vec<SimMessage> {
    let mut sim = Simulation::new(spec, devices(3), seed).unwrap_or_else(|e| panic!("{e}"));
    (0..=steps).flat_map(|i| sim.due(start().plus_seconds(i * every))).collect()
}

fn json_of(m: &SimMessage) -> Value {
    serde_json::from_slice(&m.payload).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&m.payload)))
}

fn error(spec: &SimulationSpec) -> SimulationError {
    Simulation::new(spec, devices(1), 1).err().unwrap_or_else(|| panic!("accepted"))
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for spec in [air(json!({"faults": {"gap": {"chance": 0.01, "minutes": 0.2}, "malformed": 0.1}})), plough()] {
        let first = run(&spec, 7, 300, 2);
        assert_eq!(first, run(&spec, 7, 300, 2));
        assert_ne!(first, run(&spec, 8, 300, 2));
        let mut rarely = run(&spec, 7, 6, 100);
        let mut often = first;
        rarely.sort_by_key(|m| (m.at, m.topic_device.clone()));
        often.sort_by_key(|m| (m.at, m.topic_device.clone()));
        assert_eq!(often, rarely, "how often one asks changes nothing");
    }
}

#[test]
fn one_device_more_changes_no_other() {
    let spec = air(json!({}));
    let mut few = Simulation::new(&spec, devices(1), 1).unwrap();
    let mut many = Simulation::new(&spec, devices(5), 1).unwrap();
    let of_first: Vec<_> = many.due(start()).into_iter().filter(|m| m.topic_device == "d0").collect();
    assert_eq!(few.due(start()), of_first);
}

#[test]
fn payloads_follow_the_template_and_say_what_they_are() {
    let messages = run(&air(json!({})), 1, 1_000, 2);
    assert_eq!(messages.len(), 3 * 1_001);
    let mut high = 0;
    for m in &messages {
        let p = json_of(m);
        assert_eq!(p["simulated"], true);
        assert_eq!(p["ts"].as_str().unwrap().parse::<Timestamp>().unwrap(), m.at);
        assert_eq!(p["list"][0], m.at.millis());
        assert_eq!((p["id"].as_str().unwrap(), &p["kind"]), (m.topic_device.as_str(), &json!("air")));
        let pm25 = p["pm25"].as_f64().unwrap();
        assert!((0.0..1.0).contains(&pm25), "{pm25}");
        high += usize::from(pm25 > 0.12);
    }
    assert!(high > 20, "spikes last: {high}");
    assert!(high < messages.len() * 3 / 4, "and end: {high}");
}

#[test]
fn the_day_is_local() {
    let mean_at = |hour: i64, offset: i64| {
        let spec = spec(json!({"payload": {"x": {"mean": 10, "daily": 0.5}}, "utc-offset-hours": offset}));
        let mut sim = Simulation::new(&spec, devices(1), 1).unwrap();
        json_of(&sim.due(start().plus_seconds((hour - 8) * 3_600))[0])["x"].as_f64().unwrap()
    };
    assert!((mean_at(18, 0) - 15.0).abs() < 0.01);
    assert!((mean_at(11, 7) - 15.0).abs() < 0.01);
    assert!((mean_at(6, 0) - 5.0).abs() < 0.01);
}

#[test]
fn vehicles_drive_and_stop() {
    let messages: Vec<_> = run(&plough(), 3, 3_000, 2).into_iter().filter(|m| m.topic_device == "d1").collect();
    let pose = |m: &SimMessage| {
        let p = json_of(m);
        (Point { lon: p["pos"][0].as_f64().unwrap(), lat: p["pos"][1].as_f64().unwrap() }, p["speed"].as_f64().unwrap())
    };
    let mut stops = 0;
    for pair in messages.windows(2) {
        let ((a, _), (b, speed)) = (pose(&pair[0]), pose(&pair[1]));
        let moved = distance_metres(a, b);
        if speed == 0.0 {
            assert_eq!(a, b);
            stops += 1;
        } else {
            assert!((32.0..=40.0).contains(&speed), "{speed}");
            assert!(moved < 23.0, "{moved}");
        }
        assert!((86.999..=87.021).contains(&b.lon) && (53.699..=53.711).contains(&b.lat), "{b:?}");
    }
    assert!(stops > 60 && stops < messages.len() - 200, "{stops} of {}", messages.len());
}

#[test]
fn faults_happen() {
    let count = |faults: Value, of: fn(&SimMessage) -> bool| {
        run(&air(json!({"faults": faults})), 5, 500, 2).iter().filter(|m| of(m)).count()
    };
    let broken = |m: &SimMessage| serde_json::from_slice::<Value>(&m.payload).is_err();
    assert_eq!(count(json!({}), broken), 0);
    let n = count(json!({"malformed": 0.1}), broken);
    assert!((80..250).contains(&n), "{n}");
    let n = count(json!({"wrong-unit": 0.1}), |m| json_of(m)["pm25"]["unit"] == "lx");
    assert!((80..250).contains(&n), "{n}");
    let n = count(json!({"jump": 0.1}), |m| json_of(m)["pm25"].as_f64().unwrap() > 1_000.0);
    assert!((80..250).contains(&n), "{n}");
    let n = count(json!({"gap": {"chance": 0.01, "minutes": 1}}), |_| true);
    assert!((900..1_450).contains(&n), "{n}");
    let stuck = run(&air(json!({"faults": {"stuck": {"chance": 1, "minutes": 100}}})), 5, 50, 2);
    let values: Vec<_> = stuck.iter().filter(|m| m.topic_device == "d0").map(|m| json_of(m)["pm25"].clone()).collect();
    assert!(values.iter().all(|v| *v == values[0]) && values.len() == 51);
}

#[test]
fn catching_up_is_bounded_and_a_clock_set_back_is_survived() {
    let mut sim = Simulation::new(&air(json!({})), devices(2), 1).unwrap();
    assert_eq!(sim.due(start()).len(), 2);
    assert_eq!(sim.due(start()).len(), 0);
    assert_eq!(sim.due(start().plus_seconds(10)).len(), 10);
    let late = start().plus_seconds(1_000_000);
    let messages = sim.due(late);
    assert_eq!(messages.len(), 2 * MAX_CATCH_UP);
    assert!(messages.windows(2).all(|p| p[0].at <= p[1].at) && messages.iter().all(|m| m.at <= late));
    assert_eq!(sim.due(start()).len(), 2);
    assert_eq!(sim.due(start().plus_seconds(2)).len(), 2);
    assert_eq!(sim.due(Timestamp(i64::MIN)).len(), 2);
    assert_eq!(sim.due(Timestamp(i64::MAX)).len(), 2 * MAX_CATCH_UP);
}

#[test]
fn a_wrong_declaration_is_explained() {
    for (file, path) in [
        (json!([]), ""),
        (json!({}), "payload"),
        (json!({"payload": {}}), "payload"),
        (json!({"payload": {"a": 1}, "fault": {}}), "fault"),
        (json!({"payload": {"a": "$where"}}), "payload.a"),
        (json!({"payload": {"a": {"mean": "x"}}}), "payload.a.mean"),
        (json!({"payload": {"a": {"mean": 1, "dayly": 1}}}), "payload.a.dayly"),
        (json!({"payload": {"a": {"mean": 1, "min": 2, "max": 1}}}), "payload.a"),
        (json!({"payload": {"a": [{"b": {"mean": 1, "spike": {"chance": 2}}}]}}), "payload.a.0.b.spike.chance"),
        (json!({"payload": {"a": {"mean": 1, "spike": {"chance": 1, "minutes": 1}}}}), "payload.a.spike.factor"),
        (json!({"payload": {"a": "$lon"}}), "route"),
        (json!({"payload": {"a": "$lon"}, "route": {"attribute": "route"}}), "route.speed-kmh"),
        (json!({"payload": {"a": 1}, "faults": {"gap": 0.1}}), "faults.gap"),
        (json!({"payload": {"a": 1}, "faults": {"malformed": -1}}), "faults.malformed"),
    ] {
        let e = error(&spec(file));
        assert_eq!(e.path, path, "{e}");
        assert!(!e.message.is_empty() && !e.fix.is_empty());
    }
    assert_eq!(error(&SimulationSpec { interval_seconds: 0.0, ..air(json!({})) }).path, "interval");
    let lost = vec![SimDevice { external_id: "d".into(), route: None }];
    assert_eq!(Simulation::new(&plough(), lost, 1).err().unwrap().path, "devices.d");
}
