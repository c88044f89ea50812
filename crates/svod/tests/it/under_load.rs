//! Two versions of a pack are published to the running program while people, officials and programs ask it all the time: nobody
//! is refused or cut off, the case that runs stays on its version, and what begins afterwards has the new one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::blocking::Client;
use serde_json::{Value, json};
use svod_kernel::{Clock as _, SystemClock};
use svod_model::PackSource;
use svod_testkit::{Binary, packs};

const APPLICATIONS: &str = "/api/v1/services/moving/moving/applications";
const TABLE: &str = "decisions/moving.dmn";
/// A home of the register of the pack.
const HOME: &str = "urn:svod:address:novokuznetsk:kirova-1-2";
/// Between two questions of one who asks.
const BREATH: Duration = Duration::from_millis(10);

/// Somebody who asks, on connections of their own.
struct Asking {
    client: Client,
    base: String,
    token: Option<String>,
    answers: usize,
    /// Seconds, and for what.
    slowest: (f64, String),
}

impl Asking {
    fn new(binary: &Binary, token: Option<&str>) -> Self {
        let client = Client::builder().timeout(Duration::from_secs(60)).redirect(reqwest::redirect::Policy::none());
        Self {
            client: client.build().unwrap(),
            base: format!("http://{}", binary.http),
            token: token.map(str::to_owned),
            answers: 0,
            slowest: (0.0, String::new()),
        }
    }

    /// One question, answered with 2xx or 3xx.
    fn ask(&mut self, method: &str, path: &str, key: Option<&str>, body: Option<&Value>) -> Value {
        let mut request = self.client.request(method.parse().unwrap(), format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let asked = SystemClock.now();
        let answer = request.send().unwrap_or_else(|e| panic!("{method} {path} is cut off: {e}"));
        let status = answer.status();
        let text = answer.text().unwrap_or_else(|e| panic!("{method} {path} is cut off in the middle: {e}"));
        assert!(status.is_success() || status.is_redirection(), "{method} {path}: {status} {text}");
        let took = SystemClock.now().seconds_since(asked);
        if took > self.slowest.0 {
            self.slowest = (took, format!("{method} {path}"));
        }
        self.answers += 1;
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn get(&mut self, path: &str) -> Value {
        self.ask("GET", path, None, None)
    }

    fn post(&mut self, path: &str, body: &Value) -> Value {
        self.ask("POST", path, None, Some(body))
    }

    /// Applies under a key; the case.
    fn apply(&mut self, key: &str, ground: &str) -> String {
        let answers = match ground {
            "owner" => json!({"home": HOME, "since": "2026-01-10"}),
            _ => {
                json!({"home": "other", "address": "Новокузнецк, ул. Новая, 1, 2", "since": "2026-01-10", "ground": ground,
                "document": "Согласие от 01.01.2026"})
            }
        };
        let begun = self.ask("POST", APPLICATIONS, Some(key), Some(&json!({"answers": answers})));
        begun["case"].as_str().unwrap_or_else(|| panic!("no case: {begun}")).to_owned()
    }

    /// Does it again and again, until it is over.
    fn until(mut self, over: &AtomicBool, mut round: impl FnMut(&mut Self, usize)) -> Self {
        let mut n = 0;
        while !over.load(Ordering::SeqCst) {
            round(&mut self, n);
            n += 1;
        }
        self
    }

    fn look(&mut self, paths: &[&str]) {
        for path in paths {
            self.get(path);
            std::thread::sleep(BREATH);
        }
    }
}

/// Whatever happens, those who ask hear that it is over.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// The register says that the resident owns a home.
fn owned() -> Value {
    let link = |urn: &str| json!({"object": urn});
    let attributes = json!({"person": link("urn:svod:person:demo-new-resident"), "home": link(HOME),
        "homeAddress": {"value": "Новокузнецк, ул. Кирова, 1, 2"}});
    let right = json!({"id": "urn:svod:homeownership:resident", "type": "HomeOwnership", "space": "kuzbass/novokuznetsk",
        "attributes": attributes});
    json!({"ground": "test", "changes": [{"create": right}]})
}

fn value<'a>(entity: &'a Value, attribute: &str) -> &'a str {
    entity["attributes"][attribute]["value"].as_str().unwrap_or_default()
}

/// Nobody looks at a consent any more.
fn quick() -> PackSource {
    let pack = packs::version(packs::shipped("moving"), "9.1.0");
    packs::replaced(pack, TABLE, "<text>\"check\"</text>", "<text>\"register\"</text>")
}

/// Nor at anything but what owners say.
fn turned() -> PackSource {
    let pack = packs::version(packs::shipped("moving"), "9.2.0");
    let pack = packs::replaced(pack, TABLE, "<text>\"register\"</text>", "<text>\"now\"</text>");
    let pack = packs::replaced(pack, TABLE, "<text>\"check\"</text>", "<text>\"register\"</text>");
    packs::replaced(pack, TABLE, "<text>\"now\"</text>", "<text>\"check\"</text>")
}

/// By the command; how long it took, in seconds.
fn publish(binary: &Binary, token: &str, source: &PackSource) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    packs::write(source, folder.path());
    let (url, begun) = (format!("http://{}", binary.http), SystemClock.now());
    let program = crate::program().env("SVOD_TOKEN", token);
    let ran = program.run(&["pack", "publish", folder.path().to_str().unwrap(), "--to", &url]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    SystemClock.now().seconds_since(begun)
}

/// The case that runs, and its task.
struct Running {
    case: String,
    task: String,
}

impl Running {
    fn begin(citizen: &mut Asking, official: &mut Asking) -> Self {
        let case = citizen.apply("first", "consent");
        let seen = citizen.get(&format!("/api/v1/cases/{case}"));
        let task = seen["now"]["tasks"][0].as_str().expect("somebody looks at a consent").to_owned();
        official.post(&format!("/api/v1/tasks/{task}/take"), &json!({}));
        Self { case, task }
    }

    /// The applicant and the official look at it all the time, and write to one another now and then.
    fn watched(&self, who: &mut Asking, n: usize) {
        let api = format!("/api/v1/cases/{}", self.case);
        who.look(&[&format!("/cases/{}", self.case), &api, "/api/v1/cases"]);
        if n.is_multiple_of(5) {
            who.post(&format!("{api}/messages"), &json!({"text": format!("Сообщение {n}")}));
        }
    }
}

/// Applies again and again, each time under another key and every third time twice.
fn applying(who: &mut Asking, n: usize, begun: &mut Vec<(String, String)>) {
    let key = format!("load-{n}");
    let case = who.apply(&key, "consent");
    if n.is_multiple_of(3) {
        assert_eq!(who.apply(&key, "consent"), case, "sent twice under one key");
    }
    who.look(&[&format!("/cases/{case}")]);
    std::thread::sleep(BREATH * 5);
    begun.push((key, case));
}

/// Four who ask all the time while something is done: those who asked, and what was applied for.
fn beside(
    [visitor, reader, clerk, sender]: [Asking; 4],
    running: &Running,
    done: impl FnOnce(),
) -> (Vec<Asking>, Vec<(String, String)>) {
    let over = &AtomicBool::new(false);
    std::thread::scope(|scope| {
        let stop = Over(over);
        let visitor = scope.spawn(move || {
            visitor.until(over, |who, _| {
                who.look(&["/", "/services", "/services/moving/moving"]);
                who.look(&["/api/v1/services", "/api/v1/services/moving/moving", "/api/v1/packs"]);
            })
        });
        let reader = scope.spawn(move || {
            reader.until(over, |who, n| {
                running.watched(who, n);
                who.look(&["/services/moving/moving/form"]);
            })
        });
        let clerk = scope.spawn(move || {
            let page = format!("/tasks/{}", running.task);
            clerk.until(over, |who, n| {
                running.watched(who, n);
                who.look(&["/tasks", "/api/v1/tasks", &page]);
            })
        });
        let sender = scope.spawn(move || {
            let mut sent = Vec::new();
            (sender.until(over, |who, n| applying(who, n, &mut sent)), sent)
        });
        done();
        drop(stop);
        let (who, sent) = sender.join().unwrap();
        (vec![visitor.join().unwrap(), reader.join().unwrap(), clerk.join().unwrap(), who], sent)
    })
}

#[test]
fn versions_are_published_under_load_and_nobody_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let binary = crate::program().serve(data.path(), &["--demo", "--no-simulation"]).ready();
    let [resident, officer, administrator] =
        ["new-resident", "official-migration", "administrator"].map(|persona| binary.token(persona));
    let asking = |token: Option<&str>| Asking::new(&binary, token);
    let (mut citizen, mut official) = (asking(Some(&resident)), asking(Some(&officer)));
    asking(Some(&administrator)).post("/api/v1/commands", &owned());
    let old = binary.get("/api/v1/packs/moving", None)[0]["version"].as_str().unwrap().to_owned();
    let running = Running::begin(&mut citizen, &mut official);
    let mut begun = vec![("first".to_owned(), running.case.clone())];
    let all = [asking(None), asking(Some(&resident)), asking(Some(&officer)), asking(Some(&resident))];
    let (asked, sent) = beside(all, &running, || {
        std::thread::sleep(Duration::from_secs(1));
        let first = publish(&binary, &administrator, &quick());
        begun.push(("between".to_owned(), citizen.apply("between", "consent")));
        let second = publish(&binary, &administrator, &turned());
        begun.push(("after".to_owned(), citizen.apply("after", "consent")));
        begun.push(("owner".to_owned(), citizen.apply("owner", "owner")));
        println!("published in {first:.1} and {second:.1} s");
    });
    begun.extend(sent);
    let slowest = asked.iter().map(|a| &a.slowest).max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    let answers: usize = asked.iter().map(|a| a.answers).sum();
    println!("{answers} answers, {} applications, the slowest {:.1} s: {}", begun.len(), slowest.0, slowest.1);

    let versions = [old.as_str(), "9.1.0", "9.2.0"].map(|v| format!("moving@{v}/moving"));
    cases_are_on_their_versions(&mut citizen, &begun, &versions);
    let answer = json!({"answers": {"decision": "register"}});
    official.post(&format!("/api/v1/tasks/{}/answers", running.task), &answer);
    let seen = citizen.get(&format!("/api/v1/cases/{}", running.case));
    assert_eq!((&seen["now"]["state"], &seen["now"]["outcome"]), (&json!("closed"), &json!("completed")));
    assert_eq!(value(&seen["case"], "processVersion"), versions[0], "to its end");
    assert_eq!(seen["decisions"].as_array().map(Vec::len), Some(1));
    binary.stop();
}

/// As many cases as keys; each on the version that was in force when it began, and decided by it.
fn cases_are_on_their_versions(citizen: &mut Asking, begun: &[(String, String)], versions: &[String; 3]) {
    let page = citizen.get("/api/v1/cases?limit=1000");
    assert_eq!(page["next"], Value::Null);
    let items = page["items"].as_array().unwrap();
    let all: BTreeMap<&str, &Value> = items.iter().map(|c| (c["id"].as_str().unwrap(), c)).collect();
    assert_eq!(all.len(), begun.len(), "a case for each key, and no other");
    let mut newest = 0;
    for (key, case) in begun {
        let found = all.get(case.as_str()).unwrap_or_else(|| panic!("the case of {key} is not there"));
        let version = versions.iter().position(|v| v == value(found, "processVersion"));
        let version = version.unwrap_or_else(|| panic!("{key}: {found}"));
        let looked_at = version == 0 || key == "owner";
        assert_eq!(value(found, "status"), if looked_at { "open" } else { "closed" }, "{key} on {}", versions[version]);
        match key.as_str() {
            "first" => assert_eq!(version, 0),
            "between" => assert_eq!(version, 1),
            "after" | "owner" => assert_eq!(version, 2),
            _ => {
                assert!(version >= newest, "{key} is on {} after one on {}", versions[version], versions[newest]);
                newest = version;
            }
        }
    }
}
