//! V16.3 and V16.5: what breaks is told to the log, and to nobody else.

use std::path::Path;

use serde_json::{Value, json};
use svod_testkit::Binary;

use crate::program;

const PERMIT: &str = "urn:t:permit:1";

/// Spoils an entity behind the program's back.
fn spoil(data: &Path) {
    let url = format!("sqlite:{}", data.join("svod.sqlite").display()).parse().unwrap();
    let clock = std::sync::Arc::new(svod_kernel::SystemClock);
    let store = svod_store::Store::open(&url, svod_store::StoreOptions::default(), clock).unwrap();
    let sql = "UPDATE entity SET doc = '{\"inner-secret\"' WHERE type = 'Permit'";
    let changed = store.blocking_write(move |conn| conn.execute(sql, &[])).unwrap();
    store.blocking_close();
    assert_eq!(changed, 1);
}

/// The line of the log with that message, which may come a moment after the answer.
fn line_of(binary: &Binary, message: &str) -> Value {
    let mark = format!("\"message\":\"{message}\"");
    for _ in 0..100 {
        if let Some(line) = binary.log().lines().find(|l| l.contains(&mark)) {
            return serde_json::from_str(line).unwrap();
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("no line {mark}:\n{}", binary.log());
}

/// V16.3.4: an unexpected failure is a line of the log with its code and cause. V16.5.1: the answer has neither, at any edge.
#[test]
fn what_breaks_is_told_to_the_log_alone() {
    let data = tempfile::tempdir().unwrap();
    let binary = program().serve(data.path(), &["--sandbox"]).ready();
    let entity = json!({"entity": {"id": PERMIT, "type": "Permit", "space": "sandbox", "attributes": {}}});
    let made = binary.request("POST", "/api/v1/entities", None, Some(entity.to_string().into_bytes())).unwrap();
    assert_eq!(made.status, 201, "{}", made.text);
    binary.stop();
    spoil(data.path());

    let mut binary = program().serve(data.path(), &["--sandbox"]).ready();
    for (path, logged) in [
        (format!("/api/v1/entities/{PERMIT}"), "a request failed"),
        (format!("/entities/{PERMIT}"), "page failed"),
        (format!("/ngsi-ld/v1/entities/{PERMIT}"), "an NGSI-LD request failed"),
    ] {
        binary.expect(logged);
        let answer = binary.request("GET", &path, None, None).unwrap();
        assert_eq!(answer.status, 500, "{path}: {}", answer.text);
        for inner in ["EOF", "unexpected shape", "inner-secret", "panicked"] {
            assert!(!answer.text.contains(inner), "{path} tells {inner}: {}", answer.text);
        }
        let line = line_of(&binary, logged);
        assert_eq!(line["level"], "ERROR", "{line}");
        assert!(line["error"].as_str().is_some_and(|e| e.contains(PERMIT)), "the cause: {line}");
        assert!(logged.contains("NGSI") || line["code"] == "store-shape", "its code: {line}");
    }
    binary.stop();
}
