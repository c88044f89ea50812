//! The log that nobody can rewrite (E3): two programs, one the witness of the other; receipts, tampering and a fork; what is
//! erased by right, and a store that was set back.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use svod_kernel::{Actor, SeededRng, Urn};
use svod_ledger::{Checkpoint, Kind, Signer};
use svod_model::{Attribute, Entity};
use svod_notary::{Erased, Erasure, HEAD_FILE, Notary, NotaryDeps, Sweep};
use svod_registry::{Change, Command, Operation};
use svod_store::Conn;
use svod_testkit::{Binary, Program, on_both_engines};

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

    // Behind the platform's back: a row that pages and policies read, then an event.
    sql(own.path(), "UPDATE entity SET doc = replace(doc, 'Иванов 9', 'Петров 9') WHERE urn = 'urn:t:permit:9'");
    let ran = program.run(&stored);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(ran.stdout.contains("entity urn:t:permit:9 of sandbox has another 'holder'"), "{}", ran.stdout);
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

/// Waits until the security officer is called because of that.
fn called(node: &Binary, because: &str) -> bool {
    (0..ROUNDS).any(|_| {
        std::thread::sleep(ROUND);
        let page = node.get("/api/v1/entities?space=sandbox&type=SecurityAlert", None);
        let tampering = |alert: &serde_json::Value| {
            let value = |name: &str| alert["attributes"][name]["value"].as_str().unwrap_or_default().to_owned();
            value("kind") == "tampering" && value("inputs").contains(because)
        };
        page["items"].as_array().is_some_and(|all| all.iter().any(tampering))
    })
}

#[test]
fn what_is_erased_is_named_and_what_only_vanishes_calls_the_security_officer() {
    let program = crate::program();
    let data = tempfile::tempdir().unwrap();
    let at = data.path().to_str().unwrap();
    let (erase, verify) =
        (["erase", "urn:t:permit:7", "--ground", "152-ФЗ, ст. 21", "--data", at], ["ledger", "verify", "--data", at]);
    let log = serve(&program, data.path(), "");
    write(&log, 0, 20);
    head(&log, 20, 1).expect("it is signed");
    log.stop();
    let there = program.run(&erase);
    assert!(there.code == Some(1) && there.stderr.contains("still there"), "{}{}", there.stdout, there.stderr);

    let log = serve(&program, data.path(), "");
    log.request("DELETE", "/api/v1/entities/urn:t:permit:7", None, None).unwrap().ok();
    log.stop();
    let done = program.run(&erase);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.stdout.contains("sandbox: 2 events say nothing any more; event 22 names them"), "{}", done.stdout);
    let ran = program.run(&verify);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("2 of them erased"), "{}", ran.stdout);
    assert_eq!(program.run(&erase).code, Some(1), "there is nothing left");

    let log = serve(&program, data.path(), "");
    let receipt = |seq: u32| {
        let path = format!("/api/v1/ledger/receipts?space=sandbox&seq={seq}");
        log.request("GET", &path, None, None).unwrap()
    };
    receipt(8).problem(410, "ledger-erased");
    receipt(21).problem(410, "ledger-erased");
    assert_eq!((receipt(9).status, receipt(22).status), (200, 200));
    let journal = text(&log, "/api/v1/journal?space=sandbox");
    assert!(journal.contains("Иванов 6") && !journal.contains("Иванов 7"), "{journal}");
    log.stop();

    // A salt that vanishes without an erasure.
    let of =
        "UPDATE ledger_leaf SET salt = x'' WHERE seq = 12 AND space = (SELECT id FROM space WHERE path = 'sandbox')";
    sql(data.path(), of);
    let ran = program.run(&verify);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("event 12 of sandbox says nothing any more, and no erasure names it"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("3 of them erased"), "{}", ran.stdout);
    let mut log = serve(&program, data.path(), "");
    log.expect("the ledger does not fit the journal");
    assert!(called(&log, "event 12 of sandbox"), "{}", log.log());
    log.stop();
}

#[test]
fn a_store_that_was_set_back_signs_nothing_until_that_is_accepted() {
    let program = crate::program();
    let data = tempfile::tempdir().unwrap();
    let path = |name: &str| data.path().join("live").join(name).to_str().unwrap().to_owned();
    let (live, config, backup) = (path(""), path("svod.toml"), path("../backup.sqlite"));
    std::fs::create_dir_all(&live).unwrap();
    let place = ["--data", &live, "--config", &config];
    let run = |args: &[&str], code: i32| {
        let ran = program.run(&[args, &place].concat());
        assert_eq!(ran.code, Some(code), "{args:?}: {}{}", ran.stdout, ran.stderr);
        format!("{}{}", ran.stdout, ran.stderr)
    };
    let log = serve(&program, live.as_ref(), "");
    write(&log, 0, 10);
    head(&log, 10, 1).expect("it is signed");
    std::thread::sleep(ROUND * 40);
    let size = text(&log, "/ledger/checkpoint").lines().nth(1).and_then(|line| line.parse::<u64>().ok()).unwrap();
    log.stop();
    run(&["backup", &backup, "--plain"], 0);
    let log = serve(&program, live.as_ref(), "");
    write(&log, 10, 30);
    head(&log, size + 20, 1).expect("it is signed");
    log.stop();
    assert!(run(&["ledger", "accept", "--ground", "x"], 0).contains("nothing to accept"));

    for name in ["svod.sqlite", "svod.sqlite-wal", "svod.sqlite-shm"] {
        let _ = std::fs::remove_file(path(name)); // what is there of them
    }
    let said = run(&["restore", &backup], 0);
    assert!(said.contains("was set back") && said.contains("svod ledger accept"), "{said}");
    assert!(run(&["ledger", "verify"], 1).contains("WRONG the ledger was set back"));
    let mut log = serve(&program, live.as_ref(), "");
    log.expect("nothing is signed until");
    log.expect("events wait to become leaves of the log");
    let before = text(&log, "/ledger/checkpoint");
    write(&log, 30, 35);
    std::thread::sleep(ROUND * 40);
    assert_eq!(text(&log, "/ledger/checkpoint"), before, "nothing is signed");
    log.stop();

    let refused = run(&["ledger", "accept", "--ground", "backup of the morning"], 1);
    assert!(refused.contains("under one name"), "{refused}");
    let renamed = "[ledger]\norigin = \"again.example/ledger\"\n";
    std::fs::write(&config, renamed).unwrap();
    let accepted = run(&["ledger", "accept", "--ground", "backup of the morning"], 0);
    assert!(accepted.contains("goes on as again.example/ledger"), "{accepted}");
    let log = serve(&program, live.as_ref(), renamed);
    write(&log, 35, 50);
    let note = head(&log, size + 20, 1).expect("it is signed again");
    assert!(note.starts_with("again.example/ledger\n"), "{note}");
    std::thread::sleep(ROUND * 40);
    log.stop();
    assert!(run(&["ledger", "verify"], 0).contains("agree"));
}

/// A run that made the key and ended before its first leaf has signed nothing: the next one takes the log over, as it would have.
#[test]
fn a_key_that_has_signed_nothing_adopts_the_log_and_one_that_has_does_not() {
    let (program, config, rng) = (crate::program(), svod::config::LedgerConfig::default(), SeededRng::new(3));
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [old, new] = folders.each_ref().map(|folder| folder.path());
    let opened = |at: &Path| svod::ledger::Keeping::open(&config, at, &rng).unwrap().adopts;
    let bring = || {
        for name in ["svod.sqlite", "svod.sqlite-wal", "svod.sqlite-shm"] {
            match std::fs::copy(old.join(name), new.join(name)) {
                Ok(_) => {}
                Err(_) => drop(std::fs::remove_file(new.join(name))), // it may not be there either
            }
        }
    };
    let log = serve(&program, old, "");
    write(&log, 0, 10);
    head(&log, 10, 1).expect("it is signed");
    log.stop();
    bring();

    assert!(opened(new) && opened(new), "made, and never used");
    let log = serve(&program, new, "");
    write(&log, 10, 20);
    head(&log, 20, 1).expect("it goes on under the new key");
    log.stop();
    assert!(!opened(new) && !opened(new) && !opened(old), "known by what was signed");
    let verified = program.run(&["ledger", "verify", "--data", new.to_str().unwrap()]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.stdout, verified.stderr);

    bring();
    assert!(!opened(new), "another's log is not taken over any more");
    let verified = program.run(&["ledger", "verify", "--data", new.to_str().unwrap()]);
    assert_eq!(verified.code, Some(1), "{}{}", verified.stdout, verified.stderr);
}

on_both_engines! {
    async fn what_is_done_behind_its_back_calls_the_security_officer(builder: TestAppBuilder) {
        let app = builder.start().await;
        app.core.notary.catch_up().await.unwrap();
        let change = |conn: &mut dyn Conn| {
            let of = "UPDATE journal SET ground = 'none' WHERE seq = 1 AND space = (SELECT max(space) FROM journal)";
            conn.execute(of, &[])
        };
        assert_eq!(app.core.store.write(change).await.unwrap(), 1);
        for _ in 0..2 {
            let mut sweep = Sweep::default();
            while !app.core.notary.look(&mut sweep, 500).await.unwrap() {}
        }
        app.until("an alert is raised", async || !app.all("kuzbass", "SecurityAlert").await.is_empty()).await;
        let alert = app.only("SecurityAlert").await;
        assert_eq!((alert.text("kind"), alert.text("severity")), (Some("tampering"), Some("danger")));
        assert!(alert.text("inputs").is_some_and(|i| i.contains("event 1 of kuzbass") && i.contains("was changed")));
        app.settle().await;
    }
}

on_both_engines! {
    async fn a_store_that_was_set_back_calls_the_security_officer(builder: TestAppBuilder) {
        let app = builder.start().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(HEAD_FILE);
        let head = Checkpoint { origin: "a.example/ledger".into(), size: 1_000_000, root: [7; 32] };
        std::fs::write(&file, format!("{head}\n\u{2014} a.example/ledger AAAAAAA=\n")).unwrap();
        let notary = Notary::new(NotaryDeps {
            store: app.core.store.clone(),
            clock: app.clock.clone(),
            rng: Arc::new(SeededRng::new(1)),
            signer: Signer::new("a.example/ledger", Kind::Plain, &[1; 32]).unwrap(),
            adopts: true,
            node: "test".into(),
            kept: Some(file),
        });
        svod::ledger::watch(&notary, app.core.trust.clone());
        assert!(notary.catch_up().await.is_err() && notary.catch_up().await.is_err());
        app.until("an alert is raised", async || !app.all("kuzbass", "SecurityAlert").await.is_empty()).await;
        let alert = app.only("SecurityAlert").await;
        assert_eq!((alert.text("kind"), alert.space.as_str()), (Some("tampering"), "kuzbass"));
        assert!(alert.text("inputs").is_some_and(|i| i.contains("was set back")));
        app.settle().await;
    }
}

on_both_engines! {
    async fn what_was_erased_has_no_past_and_does_not_come_back(builder: TestAppBuilder) {
        let app = builder.start().await;
        let (registry, platform) = (&app.core.registry, Actor::platform("test"));
        let urn: Urn = "urn:svod:person:olga".parse().unwrap();
        let change = async |operation: Operation| {
            let command = Command { ground: "test".into(), changes: vec![Change::from(operation)], ..Command::default() };
            registry.execute(&platform, command).await
        };
        let olga = Entity::new(urn.clone(), "Person", "kuzbass".parse().unwrap()).with("name", Attribute::property("Ольга"));
        change(Operation::Create(olga)).await.unwrap();
        let then = app.clock_plus(1).parse().unwrap();
        app.clock.advance(60);
        change(Operation::Delete { urn: urn.clone(), expected: None }).await.unwrap();
        let past = registry.entity_at(&platform, &urn, then).await.unwrap();
        assert_eq!(past.text("name"), Some("Ольга"));

        let erasure = Erasure {
            urn: urn.to_string(),
            within: Some("kuzbass".parse().unwrap()),
            ground: "152-ФЗ, ст. 21".into(),
            actor: Actor::platform("erase"),
        };
        let erased = app.core.notary.erase(erasure).await.unwrap();
        assert!(matches!(&erased[..], [Erased { space, events: 2, .. }] if space == "kuzbass"), "{erased:?}");
        assert!(registry.entity_at(&platform, &urn, then).await.is_err_and(|e| svod_kernel::Coded::code(&e) == "not-found"));
        let back = change(Operation::Restore { urn: urn.clone() }).await;
        assert!(back.is_err_and(|e| svod_kernel::Coded::code(&e) == "not-found"));
        let key = app.core.notary.key().clone();
        let found = app.core.store.read(move |conn| svod_notary::verify(conn, &key)).await.unwrap();
        assert_eq!((found.erased, found.wrong), (2, Vec::new()));
        app.settle().await;
    }
}
