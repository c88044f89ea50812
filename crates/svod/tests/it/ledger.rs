//! The log that nobody can rewrite (E3): two programs, one the witness of the other; receipts, tampering and a fork.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use svod_testkit::{Binary, Program};

/// How long a head may take to be signed by the witness.
const ROUNDS: u32 = 200;
const ROUND: Duration = Duration::from_millis(50);

fn serve(program: &Program, data: &Path, ledger: &str) -> Binary {
    let config = data.join("svod.toml");
    std::fs::write(&config, ledger).unwrap();
    program.serve(data, &["--sandbox", "--config", config.to_str().unwrap()]).ready()
}

fn text(node: &Binary, path: &str) -> String {
    let answer = node.request("GET", path, None, None).unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.text
}

fn write(node: &Binary, from: usize, to: usize) {
    for n in from..to {
        let entity = json!({"entity": {"id": format!("urn:t:permit:{n}"), "type": "Permit", "space": "sandbox",
            "attributes": {"holder": {"value": format!("Иванов {n}")}}}});
        let sent = node.request("POST", "/api/v1/entities", None, Some(entity.to_string().into_bytes())).unwrap();
        assert_eq!(sent.status, 201, "{}", sent.text);
    }
}

/// Waits for a head of at least so many leaves with so many signatures.
fn head(node: &Binary, leaves: u64, signatures: usize) -> Option<String> {
    for _ in 0..ROUNDS {
        let note = text(node, "/ledger/checkpoint");
        let size: u64 = note.lines().nth(1).unwrap().parse().unwrap();
        if size >= leaves && note.matches('\u{2014}').count() >= signatures {
            return Some(note);
        }
        std::thread::sleep(ROUND);
    }
    None
}

fn sql(data: &Path, sql: &'static str) {
    let url = format!("sqlite:{}", data.join("svod.sqlite").display()).parse().unwrap();
    let clock = std::sync::Arc::new(svod_kernel::SystemClock);
    let store = svod_store::Store::open(&url, svod_store::StoreOptions::default(), clock).unwrap();
    let changed = store.blocking_write(move |conn| conn.execute(sql, &[])).unwrap();
    store.blocking_close();
    assert!(changed > 0, "{sql}");
}

fn copy(from: &Path, to: &Path) {
    for name in ["svod.sqlite", "node", "secrets/ledger.key", "secrets/witness.key", "secrets/identity.key"] {
        std::fs::create_dir_all(to.join(name).parent().unwrap()).unwrap();
        std::fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

#[test]
fn what_is_recorded_is_witnessed_proven_and_cannot_be_changed_unnoticed() {
    let program = crate::program();
    let [own, other, copied] = std::array::from_fn(|_| tempfile::tempdir().unwrap());
    let log = serve(&program, own.path(), "");
    let keys = text(&log, "/ledger/keys");
    let key = keys.lines().next().unwrap();
    log.stop();

    let witness = serve(&program, other.path(), &format!("[ledger]\nwitness_of = [\"{key}\"]\n"));
    let theirs = text(&witness, "/ledger/keys").lines().nth(1).unwrap().to_owned();
    let witnessed = format!("[[ledger.witnesses]]\nurl = \"http://{}/ledger\"\nkey = \"{theirs}\"\n", witness.http);
    let log = serve(&program, own.path(), &witnessed);
    write(&log, 0, 30);
    let note = head(&log, 30, 2).expect("log and witness have signed");

    // A receipt proves without anybody; whoever fetches the whole log finds the same.
    let receipt = own.path().join("permit.tlog-proof");
    std::fs::write(&receipt, text(&log, "/api/v1/ledger/receipts?space=sandbox&seq=12")).unwrap();
    let proven = ["ledger", "receipt", receipt.to_str().unwrap(), "--key", key, "--key", &theirs];
    let ran = program.run(&proven);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("Иванов 11") && ran.stdout.contains("/witness"), "{}", ran.stdout);
    let kept = own.path().join("kept.checkpoint");
    std::fs::write(&kept, &note).unwrap();
    let from = format!("http://{}/ledger", log.http);
    let all = ["ledger", "verify", "--from", &from, "--key", key, "--since", kept.to_str().unwrap()];
    write(&log, 30, 40);
    head(&log, 40, 2).expect("it goes on");
    let ran = program.run(&all);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    log.stop();
    let stored = ["ledger", "verify", "--data", own.path().to_str().unwrap()];
    let ran = program.run(&stored);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    copy(own.path(), copied.path());

    // Another past under the same key: the witness has seen the first.
    let log = serve(&program, own.path(), &witnessed);
    write(&log, 40, 50);
    let longer = head(&log, 50, 2).expect("the true one is signed");
    log.stop();
    let mut fork = serve(&program, copied.path(), &witnessed);
    write(&fork, 50, 70);
    head(&fork, 60, 1).expect("it signs its own");
    std::thread::sleep(ROUND * 40);
    assert!(head(&fork, 60, 1).is_some_and(|note| note.matches('\u{2014}').count() == 1), "no witness signs a fork");
    let from = format!("http://{}/ledger", fork.http);
    std::fs::write(&kept, &longer).unwrap();
    let ran = program.run(&["ledger", "verify", "--from", &from, "--key", key, "--since", kept.to_str().unwrap()]);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(ran.stderr.contains("forked"), "{}", ran.stderr);
    fork.expect("a witness has not signed the head");
    fork.stop();
    witness.stop();

    // Behind the platform's back.
    sql(
        own.path(),
        "UPDATE journal SET changes = replace(changes, 'Иванов 7', 'Петров 7') WHERE changes LIKE '%Иванов 7\"%'",
    );
    let ran = program.run(&stored);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(ran.stdout.contains("event 8 of sandbox was changed"), "{}", ran.stdout);
    assert!(ran.stdout.contains("the first wrong leaf: "), "{}", ran.stdout);
    let forged = std::fs::read_to_string(&receipt).unwrap().replacen("index ", "index 1", 1);
    std::fs::write(&receipt, forged).unwrap();
    assert_eq!(program.run(&proven).code, Some(1));
}
