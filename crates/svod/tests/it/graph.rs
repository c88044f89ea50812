//! The graph through the API of a real program: commands with a key, merging, questions.

use serde_json::{Value, json};
use svod_testkit::Binary;

use crate::program;

fn post(binary: &Binary, path: &str, key: Option<&str>, body: &Value) -> (u16, Value) {
    let client = reqwest::blocking::Client::new();
    let mut request = client.post(format!("http://{}/api/v1/{path}", binary.http)).body(body.to_string());
    if let Some(key) = key {
        request = request.header("Idempotency-Key", key);
    }
    let answer = request.send().unwrap();
    (answer.status().as_u16(), answer.json().unwrap())
}

fn well(n: u32, name: &str) -> Value {
    json!({"create": {"id": format!("urn:t:well:{n}"), "type": "Well", "space": "sandbox",
        "attributes": {"name": {"value": name}, "depth": {"value": n}}}})
}

#[test]
fn commands_and_questions() {
    let data = tempfile::tempdir().unwrap();
    let binary = program().serve(data.path(), &["--sandbox"]).ready();
    let order = json!({"ground": "test", "changes": [well(1, "Ёлочный родник"), well(2, "Второй"), well(3, "Третий")]});
    let first = post(&binary, "commands", Some("\"a-1\""), &order);
    assert_eq!(
        (first.0, first.1["made"].as_array().map(Vec::len), &first.1["repeated"]),
        (200, Some(3), &json!(false))
    );
    let again = post(&binary, "commands", Some("\"a-1\""), &order);
    assert_eq!((again.0, &again.1["entities"], &again.1["repeated"]), (200, &first.1["entities"], &json!(true)));
    assert_eq!(post(&binary, "commands", Some("\"a-1\""), &json!({"changes": [well(4, "x")]})).1["code"], "key-used");
    let then = post(&binary, "query", None, &json!({"ids": ["urn:t:well:3"]})).1["items"][0]["modifiedAt"].clone();

    let merge = json!({"changes": [{"merge": {"from": "urn:t:well:2", "into": "urn:t:well:1"}}]});
    assert_eq!(post(&binary, "commands", None, &merge).0, 200);
    let led = reqwest::blocking::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for (path, to) in [
        ("/api/v1/entities/urn:t:well:2", "/api/v1/entities/urn:t:well:1"),
        ("/ngsi-ld/v1/entities/urn:t:well:2", "/ngsi-ld/v1/entities/urn:t:well:1"),
    ] {
        let answer = led.get(format!("http://{}{path}", binary.http)).send().unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (308, to));
    }

    let ids = |question: Value| -> Vec<String> {
        let (status, page) = post(&binary, "query", None, &question);
        assert_eq!(status, 200, "{page}");
        page["items"].as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap().replace("urn:t:well:", "")).collect()
    };
    assert_eq!(ids(json!({"types": ["Well"], "text": "елоч РОД"})), ["1"]);
    assert_eq!(
        ids(json!({"types": ["Well"], "where": {"any": [{"gt": ["depth", 2]}, {"eq": ["name", ["x", "Второй"]]}]}})),
        ["3"]
    );
    assert_eq!(
        ids(json!({"types": ["Well"], "order": [{"by": "name", "descending": true, "collation": "ru"}]})),
        ["3", "1"]
    );
    assert_eq!(ids(json!({"types": ["Well"], "asOf": then, "order": [{"by": "depth"}]})), ["1", "2", "3"]);
    let explained = post(
        &binary,
        "query",
        None,
        &json!({"types": ["Well"], "where": {"between": ["depth", 1, 9]}, "explain": true}),
    )
    .1;
    assert_eq!((&explained["explained"]["missing"], &explained["explained"]["looked"]), (&json!(["depth"]), &json!(2)));
    let wrong = post(&binary, "query", None, &json!({"where": {"gt": ["depth", {}]}}));
    assert_eq!((wrong.0, wrong.1["errors"][0]["field"].as_str()), (400, Some("where")));
    binary.stop();
}
