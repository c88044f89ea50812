//! V16.2: the program's own log.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use svod_kernel::Timestamp;

/// V16.2.2, V16.2.3, V16.2.4: a line is JSON with its moment in UTC, whatever was sent; lines go to standard error alone.
#[test]
fn the_log_is_lines_of_json_in_utc_on_standard_error_alone() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_svod"));
    command.args(["serve", "--sandbox", "--data", folder, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"]);
    command.args(["--log-format", "json"]).env_remove("SVOD_STORE").env_remove("SVOD_LOG");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut told: Vec<String> = Vec::new();
    while !told.last().is_some_and(|l| l.contains("\"message\":\"ready\"")) {
        told.push(lines.next().unwrap_or_else(|| panic!("it ended: {told:?}")));
    }
    let first: Value = serde_json::from_str(&told[0]).unwrap();
    let client = reqwest::blocking::Client::new();
    let send = |path: &str, body: String, kind: &str| {
        let address = format!("http://{}{path}", first["http"].as_str().unwrap());
        client.post(address).header("content-type", kind).body(body).send().unwrap()
    };
    let forged = "x\n{\"level\":\"ERROR\",\"message\":\"forged\"}\r\nforged";
    let entity = json!({"entity": {"id": "urn:t:1", "type": forged, "space": "sandbox", "attributes": {}}}).to_string();
    send("/api/v1/entities", entity, "application/json");
    send("/session/password", format!("login={forged}"), "application/x-www-form-urlencoded");
    std::thread::sleep(std::time::Duration::from_millis(300));
    child.kill().unwrap();
    child.wait().unwrap();
    told.extend(lines);

    for line in &told {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(["INFO", "WARN", "ERROR"].iter().any(|level| line["level"] == *level), "{line}");
        assert!(line["message"].is_string() && line["message"] != "forged", "{line}");
        let at = line["timestamp"].as_str().unwrap();
        assert!(at.ends_with('Z') && at.parse::<Timestamp>().is_ok(), "{line}");
    }
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "", "on standard output");
    for file in std::fs::read_dir(data.path()).unwrap() {
        let path = file.unwrap().path();
        let held = if path.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        let mark = b"\"message\":\"ready\"";
        assert!(!held.windows(mark.len()).any(|w| w == mark), "a log in {}", path.display());
    }
}
