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

/// What a source alone has is written there, not here; what it takes besides is a copy (clause 4.3.6).
#[test]
fn writes_go_where_registrations_say() {
    let folders: Vec<_> = (0..2).map(|_| tempfile::tempdir().unwrap()).collect();
    let [region, city]: [Binary; 2] = folders.iter().map(sandbox).collect::<Vec<_>>().try_into().ok().unwrap();
    let register = |mode: &str, information: Value, operations: Value| {
        let source = json!({"id": format!("urn:t:{mode}"), "type": "ContextSourceRegistration", "mode": mode,
            "endpoint": format!("http://{}", city.http), "information": [information], "operations": operations});
        assert_eq!(send(&region, "POST", "csourceRegistrations", Some(source)).status, 201);
    };
    let all = json!(["redirectionOps", "createBatch", "deleteBatch"]);
    let pump = json!({"entities": [{"id": "urn:t:pump", "type": "Pump"}], "propertyNames": ["pressure"]});
    register("exclusive", pump, all.clone());
    register("redirect", json!({"entities": [{"type": "Valve"}]}), all);
    register("inclusive", json!({"entities": [{"type": "Tank"}]}), json!(["createEntity", "deleteEntity"]));
    let entity = |id: &str, kind: &str| json!({"id": id, "type": kind, "pressure": 5, "name": "n"});
    let keys = |of: &Binary, id: &str| -> Vec<String> {
        let answer = send(of, "GET", &format!("entities/{id}?options=keyValues&local=true"), None);
        if answer.status == 404 { Vec::new() } else { answer.ok().as_object().unwrap().keys().cloned().collect() }
    };
    for (id, kind) in [("urn:t:pump", "Pump"), ("urn:t:valve", "Valve"), ("urn:t:tank", "Tank")] {
        assert_eq!(send(&region, "POST", "entities", Some(entity(id, kind))).status, 201, "{kind}");
    }
    assert_eq!(
        (keys(&region, "urn:t:pump"), keys(&city, "urn:t:pump").len()),
        (vec!["id".into(), "type".into(), "name".into()], 3)
    );
    assert_eq!((keys(&region, "urn:t:valve").len(), keys(&city, "urn:t:valve").len()), (0, 4));
    assert_eq!((keys(&region, "urn:t:tank").len(), keys(&city, "urn:t:tank").len()), (4, 4));
    let whole = send(&region, "GET", "entities/urn:t:pump?options=keyValues", None).ok();
    assert_eq!((&whole["pressure"], &whole["name"]), (&json!(5), &json!("n")), "one entity to whoever asks");
    // Not taken there: refused, and not kept here instead.
    let batch = json!([entity("urn:t:valve:2", "Valve"), entity("urn:t:else", "Else")]);
    assert_eq!(send(&region, "POST", "entityOperations/create", Some(batch)).status, 201);
    let merge = json!([{"id": "urn:t:valve:2", "type": "Valve", "pressure": 6}, {"id": "urn:t:else", "pressure": 6}]);
    assert_eq!(send(&region, "POST", "entityOperations/merge", Some(merge)).status, 204);
    city.stop();
    let dead = send(&region, "PATCH", "entities/urn:t:pump/attrs", Some(json!({"pressure": 7, "name": "m"})));
    assert_eq!(
        (dead.status, dead.ok()["notUpdated"][0]["attributeName"].as_str()),
        (207, Some("https://uri.etsi.org/ngsi-ld/default-context/pressure"))
    );
    assert_eq!(send(&region, "DELETE", "entities/urn:t:valve?type=Valve", None).status, 504);
    region.stop();
}

#[test]
fn whoever_waits_for_registrations_is_told_of_them() {
    let data = tempfile::tempdir().unwrap();
    let (url, heard) = listener();
    let binary = sandbox(&data);
    let subscription = json!({"id": "urn:t:s", "type": "Subscription", "entities": [{"type": "Well"}],
        "notification": {"endpoint": {"uri": url}}});
    assert_eq!(send(&binary, "POST", "csourceSubscriptions", Some(subscription)).status, 201);
    let source = |kind: &str| {
        json!({"id": "urn:t:r", "type": "ContextSourceRegistration", "endpoint": "http://192.0.2.1",
            "information": [{"entities": [{"type": kind}]}, {"entities": [{"type": "Pump"}]}]})
    };
    let wait = || heard.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(send(&binary, "POST", "csourceRegistrations", Some(source("Well"))).status, 201);
    let told = wait();
    assert_eq!((&told["triggerReason"], &told["subscriptionId"]), (&json!("newlyMatching"), &json!("urn:t:s")));
    assert_eq!(told["data"][0]["information"].as_array().unwrap().len(), 1, "only what was asked for: {told}");
    let change = json!({"description": "other"});
    assert_eq!(send(&binary, "PATCH", "csourceRegistrations/urn:t:r", Some(change)).status, 204);
    assert_eq!(wait()["triggerReason"], "updated");
    assert_eq!(send(&binary, "DELETE", "csourceRegistrations/urn:t:r", None).status, 204);
    assert_eq!(wait()["triggerReason"], "noLongerMatching");
    let state = send(&binary, "GET", "csourceSubscriptions/urn:t:s", None).ok();
    assert_eq!((&state["notification"]["timesSent"], &state["notification"]["status"]), (&json!(3), &json!("ok")));
    binary.stop();
}

#[test]
fn pages_of_a_map_stay_the_same() {
    let data = tempfile::tempdir().unwrap();
    let binary = sandbox(&data);
    for n in 0..5 {
        make(&binary, &format!("urn:t:well:{n}"), "Well", n);
    }
    let first = send(&binary, "GET", "entities?type=Well&limit=2&entityMap=true", None);
    assert_eq!((first.status, first.ok().as_array().unwrap().len()), (201, 2));
    let id = first.header("ngsild-entitymap").to_owned();
    make(&binary, "urn:t:well:later", "Well", 9);
    assert_eq!(send(&binary, "DELETE", "entities/urn:t:well:3", None).status, 204);
    let path = "/ngsi-ld/v1/entities?type=Well&limit=10&count=true&options=keyValues";
    let url = format!("http://{}{path}", binary.http);
    let walk = reqwest::blocking::Client::new().get(url).header("NGSILD-EntityMap", &id).send().unwrap();
    assert_eq!((walk.status().as_u16(), walk.headers()["ngsild-results-count"].to_str().unwrap()), (200, "4"));
    let map = binary.request("GET", &id, None, None).unwrap().ok();
    assert_eq!(map["entityMap"]["urn:t:well:4"], json!(["@none"]));
    assert!(map["entityMap"].get("urn:t:well:3").is_none(), "what is gone is struck out");
    binary.stop();
}

#[test]
fn a_snapshot_stays_as_it_was() {
    let data = tempfile::tempdir().unwrap();
    let binary = sandbox(&data);
    for n in 0..3 {
        make(&binary, &format!("urn:t:well:{n}"), "Well", n);
    }
    let query = json!({"type": "Query", "entities": [{"type": "Well"}], "q": "level>0"});
    let made = send(&binary, "POST", "snapshots", Some(json!({"type": "Snapshot", "snapshotQueries": [query]})));
    assert_eq!(made.status, 201);
    let at = made.header("location").to_owned();
    let read = || binary.request("GET", &at, None, None).unwrap().ok();
    for _ in 0..100 {
        if read()["snapshotStatus"] != "preparing" {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(read()["snapshotStatus"], "success");
    assert_eq!(read()["snapshotQueriesDetails"][0]["entitiesCount"], 2);

    let change = json!({"level": {"type": "Property", "value": 100}});
    assert_eq!(send(&binary, "PATCH", "entities/urn:t:well:1/attrs", Some(change)).status, 204);
    assert_eq!(send(&binary, "DELETE", "entities/urn:t:well:2", None).status, 204);
    let client = reqwest::blocking::Client::new();
    let then = |method: &str, path: &str| {
        let url = format!("http://{}/ngsi-ld/v1/{path}", binary.http);
        let request =
            client.request(method.parse().unwrap(), url).header("NGSILD-Snapshot", at.rsplit('/').next().unwrap());
        let answer = request.send().unwrap();
        (answer.status().as_u16(), answer.json::<Value>().unwrap_or_default())
    };
    let (_, list) = then("GET", "entities?type=Well&options=keyValues&orderBy=level&count=true");
    let levels: Vec<_> = list.as_array().unwrap().iter().map(|e| e["level"].as_i64()).collect();
    assert_eq!(levels, [Some(1), Some(2)]);
    assert_eq!(then("GET", "entities/urn:t:well:2?options=keyValues").1["level"], 2);
    assert_eq!(then("GET", "entities/urn:t:well:0").0, 404, "it did not fit then");
    assert_eq!(then("DELETE", "entities/urn:t:well:1").0, 422, "a snapshot is only looked at");
    assert_eq!(send(&binary, "DELETE", "snapshots?q=snapshotPriority%3E4", None).status, 204);
    assert_eq!(then("GET", "entities?type=Well").0, 404);
    binary.stop();
}

/// Server-sent events of a stream: identifier and document, one at a time.
struct Events(std::io::BufReader<reqwest::blocking::Response>);

impl Events {
    fn open(binary: &Binary, id: &str, after: Option<&str>) -> Self {
        let url = format!("http://{}/ngsi-ld/ex/subscriptions/{id}/stream", binary.http);
        let client = reqwest::blocking::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        let mut request = client.get(url).header("Accept", "text/event-stream");
        if let Some(after) = after {
            request = request.header("Last-Event-ID", after);
        }
        let answer = request.send().unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        Self(std::io::BufReader::new(answer))
    }

    fn next(&mut self) -> (String, Value) {
        use std::io::BufRead as _;
        let (mut id, mut data) = (String::new(), Value::Null);
        for line in (&mut self.0).lines() {
            let line = line.unwrap();
            match line.split_once(": ") {
                Some(("id", text)) => text.clone_into(&mut id),
                Some(("data", text)) => data = serde_json::from_str(text).unwrap(),
                None if line.is_empty() && !data.is_null() => return (id, data),
                _ => {}
            }
        }
        panic!("the stream ended");
    }
}

#[test]
fn listeners_go_on_where_they_were() {
    let data = tempfile::tempdir().unwrap();
    let binary = sandbox(&data);
    let subscription = json!({"id": "urn:t:s", "type": "Subscription", "entities": [{"type": "Well"}], "q": "level>1",
        "notification": {"endpoint": {"uri": "stream:"}}});
    assert_eq!(send(&binary, "POST", "subscriptions", Some(subscription)).status, 201);
    let level = |(_, told): &(String, Value)| told["data"][0]["level"]["value"].as_i64();
    let mut first = Events::open(&binary, "urn:t:s", None);
    for n in 1..4 {
        make(&binary, &format!("urn:t:well:{n}"), "Well", n);
    }
    let told = [first.next(), first.next()];
    assert_eq!(told.each_ref().map(level), [Some(2), Some(3)]);
    drop(first);
    make(&binary, "urn:t:well:4", "Well", 4);
    binary.stop();

    let binary = sandbox(&data);
    let mut second = Events::open(&binary, "urn:t:s", Some(&told[0].0));
    let missed = [second.next(), second.next()];
    assert_eq!(missed.each_ref().map(level), [Some(3), Some(4)], "what came while nobody listened is told");
    assert_eq!(missed[0].0, told[1].0, "places are the same for every listener");

    // The same over a WebSocket.
    let place = &missed[0].0;
    let mut socket = TcpStream::connect(binary.http).unwrap();
    let ask = format!(
        "GET /ngsi-ld/ex/subscriptions/urn:t:s/stream?after={place} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    socket.write_all(ask.as_bytes()).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains("\"level\":{\"type\":\"Property\",\"value\":4}") {
        let mut part = [0_u8; 4096];
        let read = socket.read(&mut part).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&heard));
        heard.extend_from_slice(&part[..read]);
    }
    assert!(heard.starts_with(b"HTTP/1.1 101"));
    drop((second, socket));
    binary.stop();
}

/// What other brokers have counts in a subscription by time, in a question about the past, in a snapshot; a source is asked
/// where its patterns and datasets may fit, and believed only as far as it is registered.
#[test]
fn what_a_source_has_counts_in_every_kind_of_question() {
    let folders: Vec<_> = (0..2).map(|_| tempfile::tempdir().unwrap()).collect();
    let [region, town]: [Binary; 2] = folders.iter().map(sandbox).collect::<Vec<_>>().try_into().ok().unwrap();
    make(&town, "urn:t:pump:1", "Pump", 11);
    for (id, scope) in [("urn:t:pump:1", "/north"), ("urn:t:pump:2", "/south")] {
        let past = json!({"id": id, "type": "Pump", "scope": scope,
            "level": [{"type": "Property", "value": 1, "observedAt": "2026-05-01T00:00:00Z"}]});
        assert!(matches!(send(&town, "POST", "temporal/entities", Some(past)).status, 201 | 204));
    }
    let source = json!({"id": "urn:t:source", "type": "ContextSourceRegistration", "endpoint": format!("http://{}", town.http),
        "information": [{"entities": [{"type": "Pump"}]}], "datasetId": ["urn:t:gauge"],
        "operations": ["retrieveOps", "queryTemporal", "retrieveTemporal"]});
    assert_eq!(send(&region, "POST", "csourceRegistrations", Some(source)).status, 201);

    let (url, heard) = listener();
    let subscription = json!({"id": "urn:t:each-second", "type": "Subscription", "entities": [{"type": "Pump"}],
        "timeInterval": 1, "notification": {"endpoint": {"uri": url}, "format": "keyValues"}});
    assert_eq!(send(&region, "POST", "subscriptions", Some(subscription)).status, 201);
    let told = heard.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(told["data"][0]["id"], "urn:t:pump:1", "{told}");

    let of_past = "temporal/entities?type=Pump&timerel=after&timeAt=2020-01-01T00:00:00Z&scopeQ=/north";
    let past = send(&region, "GET", of_past, None).ok();
    assert_eq!((past.as_array().unwrap().len(), &past[0]["id"]), (1, &json!("urn:t:pump:1")), "{past}");

    let seen = |path: &str| send(&region, "GET", path, None).ok().as_array().unwrap().len();
    assert_eq!(seen("entities?type=Pump"), 1);
    assert_eq!(seen("entities?type=Pump&datasetId=urn:t:other"), 0, "it has no such dataset (clause 5.12)");

    let query = |kind: &str| json!({"type": "Query", "entities": [{"type": kind}]});
    for (kinds, wanted) in [(["Pump", "None"], "partial"), (["Pump", "Pump"], "success"), (["None", "None"], "empty")] {
        let made =
            send(&region, "POST", "snapshots", Some(json!({"type": "Snapshot", "snapshotQueries": kinds.map(query)})));
        let at = made.header("location").trim_start_matches("/ngsi-ld/v1/").to_owned();
        let ready = (0..200).find_map(|_| {
            std::thread::sleep(Duration::from_millis(20));
            Some(send(&region, "GET", &at, None).ok()).filter(|s| s["snapshotStatus"] != "preparing")
        });
        assert_eq!(ready.unwrap()["snapshotStatus"], wanted);
    }

    // Whether two patterns exclude each other nobody can say: it is asked, and tells of something else than it is for.
    let narrow = json!({"information": [{"entities": [{"type": "Pump", "idPattern": "urn:t:well:.*"}]}]});
    assert_eq!(send(&region, "PATCH", "csourceRegistrations/urn:t:source", Some(narrow)).status, 204);
    assert_eq!(seen("entities?type=Pump&idPattern=urn:t:pump:.*"), 0);
    for node in [region, town] {
        node.stop();
    }
}
