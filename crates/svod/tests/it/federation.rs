//! A region over three municipalities, four real programs: what it is asked it asks them, live; one is slow, one is down.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use svod_testkit::{Answer, Binary};

/// How late the slow municipality answers.
const LATE: Duration = Duration::from_millis(400);

/// Passes everything on, the answers late.
fn slow(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let server = TcpStream::connect(to).unwrap();
                let (asks, asked) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let there = std::thread::spawn(move || pass(asks, asked, Duration::ZERO));
                pass(server, client, LATE);
                there.join().unwrap();
            });
        }
    });
    at
}

fn pass(mut from: TcpStream, mut to: TcpStream, pause: Duration) {
    let mut buffer = [0; 16_384];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        std::thread::sleep(pause);
        if to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    drop(to.shutdown(Shutdown::Both));
}

fn send(node: &Binary, method: &str, path: &str, body: &Value) -> Answer {
    let sent = node.request(method, &format!("/ngsi-ld/v1/{path}"), None, Some(body.to_string().into_bytes())).unwrap();
    assert!((200..300).contains(&sent.status), "{method} {path}: {} {}", sent.status, sent.text);
    sent
}

fn stop_at(name: &str, boarded: i64) -> Value {
    json!({"id": format!("urn:t:stop:{name}"), "type": "BusStop", "boarded": {"type": "Property", "value": boarded}})
}

/// The node asks that address about bus stops; `timeout` in milliseconds.
fn register(node: &Binary, name: &str, at: SocketAddr, timeout: u64) {
    let body = json!({"id": format!("urn:t:source:{name}"), "type": "ContextSourceRegistration", "mode": "inclusive",
        "information": [{"entities": [{"type": "BusStop"}]}], "endpoint": format!("http://{at}"),
        "operations": ["federationOps"], "management": {"timeout": timeout}});
    send(node, "POST", "csourceRegistrations", &body);
}

/// Bus stops as the node tells of them, and what it warns of.
fn stops(node: &Binary) -> (Vec<(String, i64)>, Vec<String>) {
    let answer = node.request("GET", "/ngsi-ld/v1/entities?type=BusStop&options=keyValues", None, None).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text);
    let all = answer.json();
    let one =
        |e: &Value| (e["id"].as_str().unwrap().rsplit(':').next().unwrap().to_owned(), e["boarded"].as_i64().unwrap());
    let mut found: Vec<_> = all.as_array().unwrap().iter().map(one).collect();
    found.sort();
    let warnings = answer.headers.get_all("ngsild-warning").iter().map(|w| w.to_str().unwrap().to_owned());
    (found, warnings.collect())
}

#[test]
fn a_region_sees_its_municipalities_live_and_says_who_does_not_answer() {
    let program = crate::program();
    let folders: [_; 4] = std::array::from_fn(|_| tempfile::tempdir().unwrap());
    let [mut region, a, b, c] = folders.each_ref().map(|f| program.serve(f.path(), &["--sandbox"]).ready());
    for (node, name, boarded) in [(&a, "a", 1), (&b, "b", 2), (&c, "c", 3), (&region, "region", 9)] {
        send(node, "POST", "entities", &stop_at(name, boarded));
    }
    register(&region, "a", a.http, 20_000);
    register(&region, "b", slow(b.http), 20_000);
    register(&region, "c", c.http, 20_000);
    let known = |all: &[(&str, i64)]| all.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect::<Vec<_>>();
    let (found, warnings) = stops(&region);
    assert_eq!(found, known(&[("a", 1), ("b", 2), ("c", 3), ("region", 9)]), "the slow one was waited for");
    assert!(warnings.is_empty(), "{warnings:?}");

    // Nothing is copied: what a municipality changes the region tells at once; what the region is told it passes on.
    send(&b, "PATCH", "entities/urn:t:stop:b/attrs", &json!({"boarded": {"type": "Property", "value": 20}}));
    assert!(stops(&region).0.contains(&("b".into(), 20)));
    let one = region.request("GET", "/ngsi-ld/v1/entities/urn:t:stop:b?options=keyValues", None, None).unwrap();
    assert_eq!(one.json()["boarded"], 20);

    // A municipality asks its region, which asks the municipality: each tells once, nobody goes round in circles.
    register(&a, "region", region.http, 20_000);
    let (seen, _) = stops(&a);
    assert_eq!(seen, known(&[("a", 1), ("b", 20), ("c", 3), ("region", 9)]));

    // The slow one is not waited for any longer than its registration says; the one that is down is named.
    let patient = json!({"management": {"timeout": 50}});
    send(&region, "PATCH", "csourceRegistrations/urn:t:source:b", &patient);
    region.expect("urn:t:source:");
    c.kill();
    let (found, warnings) = stops(&region);
    assert_eq!(found, known(&[("a", 1), ("region", 9)]), "what is known is told");
    let about = |name: &str| warnings.iter().any(|w| w.contains(&format!("urn:t:source:{name} did not answer")));
    assert!(about("b") && about("c") && !about("a"), "{warnings:?}");
    let one = region.request("GET", "/ngsi-ld/v1/entities/urn:t:stop:a?options=keyValues", None, None).unwrap();
    assert_eq!((one.status, one.json()["boarded"].as_i64()), (200, Some(1)));
    for node in [region, a, b] {
        node.stop();
    }
}
