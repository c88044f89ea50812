//! The NGSI-LD API of real programs: subscribers are told, municipalities are asked through their region.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use svod_testkit::Binary;

use crate::program;

fn sandbox(data: &tempfile::TempDir) -> Binary {
    program().serve(data.path(), &["--sandbox"]).ready()
}

fn send(binary: &Binary, method: &str, path: &str, body: Option<Value>) -> svod_testkit::Answer {
    let path = format!("/ngsi-ld/v1/{path}");
    binary.request(method, &path, None, body.map(|b| b.to_string().into_bytes())).unwrap()
}

fn make(binary: &Binary, id: &str, kind: &str, value: i64) {
    let entity = json!({"id": id, "type": kind, "level": {"type": "Property", "value": value}});
    assert_eq!(send(binary, "POST", "entities", Some(entity)).status, 201);
}

/// Takes one request after another, answers 200, and hands their bodies on.
fn listener() -> (String, Receiver<Value>) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/notify", socket.local_addr().unwrap());
    let (told, heard) = channel();
    std::thread::spawn(move || {
        for stream in socket.incoming() {
            let body = receive(&mut stream.unwrap());
            if told.send(body).is_err() {
                return;
            }
        }
    });
    (url, heard)
}

fn receive(stream: &mut TcpStream) -> Value {
    let mut bytes = Vec::new();
    let mut part = [0_u8; 4096];
    loop {
        let read = stream.read(&mut part).unwrap();
        bytes.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            return serde_json::from_str(body).unwrap();
        }
    }
}

#[test]
fn subscribers_are_told_and_not_told_twice_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let (url, heard) = listener();
    let binary = sandbox(&data);
    let subscription = json!({"id": "urn:t:s", "type": "Subscription", "entities": [{"type": "Well"}], "q": "level>10",
        "notification": {"endpoint": {"uri": url}, "format": "keyValues"}});
    assert_eq!(send(&binary, "POST", "subscriptions", Some(subscription)).status, 201);
    make(&binary, "urn:t:low", "Well", 5);
    make(&binary, "urn:t:high", "Well", 50);
    let first = heard.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(first["subscriptionId"], "urn:t:s");
    assert_eq!(first["data"], json!([{"id": "urn:t:high", "type": "Well", "level": 50}]));
    let state = send(&binary, "GET", "subscriptions/urn:t:s", None).ok();
    assert_eq!((&state["notification"]["timesSent"], &state["notification"]["status"]), (&json!(1), &json!("ok")));
    binary.stop();
    let binary = sandbox(&data);
    let attrs = json!({"level": {"type": "Property", "value": 60}});
    assert_eq!(send(&binary, "PATCH", "entities/urn:t:high/attrs", Some(attrs)).status, 204);
    let second = heard.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(second["data"][0]["level"], 60, "the first comes next, not again: {second}");
    let state = send(&binary, "GET", "subscriptions/urn:t:s", None).ok();
    assert_eq!(state["notification"]["timesSent"], 2, "counted on over the restart");
    binary.stop();
}

/// E12: a region sees its municipalities live; one of them is down, another one hangs.
#[test]
fn a_region_asks_its_municipalities_and_says_who_is_silent() {
    let folders: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let [region, one, two]: [Binary; 3] = folders.iter().map(sandbox).collect::<Vec<_>>().try_into().ok().unwrap();
    make(&one, "urn:t:station:1", "Station", 11);
    make(&two, "urn:t:station:2", "Station", 22);
    make(&region, "urn:t:station:0", "Station", 1);
    let hangs = TcpListener::bind("127.0.0.1:0").unwrap(); // takes connections and says nothing
    let hanging = hangs.local_addr().unwrap().to_string();
    for (name, address) in [("one", one.http.to_string()), ("two", two.http.to_string()), ("hangs", hanging)] {
        let source = json!({"id": format!("urn:t:{name}"), "type": "ContextSourceRegistration",
            "endpoint": format!("http://{address}"), "information": [{"entities": [{"type": "Station"}]}],
            "management": {"timeout": 700}});
        assert_eq!(send(&region, "POST", "csourceRegistrations", Some(source)).status, 201);
    }
    let ask = |q: &str| send(&region, "GET", &format!("entities?type=Station&options=keyValues{q}"), None);
    let levels = |answer: svod_testkit::Answer| -> Vec<i64> {
        let mut all: Vec<i64> = answer.ok().as_array().unwrap().iter().map(|e| e["level"].as_i64().unwrap()).collect();
        all.sort_unstable();
        all
    };
    let answer = ask("");
    assert!(
        answer.header("ngsild-warning").contains("urn:t:hangs did not answer"),
        "{:?}",
        answer.header("ngsild-warning")
    );
    assert_eq!(levels(answer), [1, 11, 22]);
    assert_eq!(levels(ask("&q=level>10")), [11, 22]);
    assert_eq!(levels(ask("&local=true")), [1]);
    assert_eq!(send(&region, "GET", "entities/urn:t:station:2?options=keyValues", None).ok()["level"], 22);
    two.stop();
    assert_eq!(levels(ask("")), [1, 11]);
    assert_eq!(send(&region, "GET", "entities/urn:t:station:2", None).status, 404);
    region.stop();
    one.stop();
}

/// What was is asked of the journal; histories can be given and mended.
#[test]
fn the_past_is_asked_by_time() {
    let data = tempfile::tempdir().unwrap();
    let binary = sandbox(&data);
    let at = |minute: u32, v: i64| json!({"type": "Property", "value": v, "observedAt": format!("2026-01-15T01:{minute:02}:00Z")});
    let given = json!({"id": "urn:t:well", "type": "Well", "level": [at(0, 10), at(10, 20), at(20, 60)]});
    assert_eq!(send(&binary, "POST", "temporal/entities", Some(given)).status, 201);
    let window = "timerel=between&timeAt=2026-01-15T01:00:00Z&endTimeAt=2026-01-15T01:20:00Z";
    let values =
        send(&binary, "GET", &format!("temporal/entities?type=Well&format=temporalValues&{window}"), None).ok();
    assert_eq!(values[0]["level"]["values"], json!([[10, "2026-01-15T01:00:00Z"], [20, "2026-01-15T01:10:00Z"]]));
    let means =
        "format=aggregatedValues&aggrMethods=avg&aggrPeriodDuration=PT15M&timerel=after&timeAt=2026-01-15T01:00:00Z";
    let means = send(&binary, "GET", &format!("temporal/entities?type=Well&{means}"), None).ok();
    let periods: Vec<f64> =
        means[0]["level"]["avg"].as_array().unwrap().iter().map(|p| p[0].as_f64().unwrap()).collect();
    assert_eq!(periods, [15.0, 60.0]);
    let whole = send(&binary, "GET", "temporal/entities/urn:t:well", None).ok();
    let instance = whole["level"][1]["instanceId"].as_str().unwrap().to_owned();
    assert_eq!(
        send(&binary, "DELETE", &format!("temporal/entities/urn:t:well/attrs/level/{instance}"), None).status,
        204
    );
    assert_eq!(
        send(&binary, "GET", "temporal/entities/urn:t:well", None).ok()["level"].as_array().map(Vec::len),
        Some(2)
    );
    make(&binary, "urn:t:now", "Well", 1);
    let attrs = json!({"level": {"type": "Property", "value": 2}});
    assert_eq!(send(&binary, "PATCH", "entities/urn:t:now/attrs", Some(attrs)).status, 204);
    let kept = send(
        &binary,
        "GET",
        "temporal/entities/urn:t:now?timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=modifiedAt",
        None,
    )
    .ok();
    assert_eq!(kept["level"].as_array().unwrap().iter().map(|i| i["value"].clone()).collect::<Vec<_>>(), [1, 2]);
    binary.stop();
}
