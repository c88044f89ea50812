//! The command line, as the real program.

use std::time::Duration;

use serde_json::{Value, json};
use svod_testkit::{Binary, packs};

use crate::{program, repository};

fn sandbox(data: &std::path::Path) -> Binary {
    program().serve(data, &["--sandbox"]).ready()
}

#[test]
fn the_sandbox_listens_on_loopback_only() {
    let data = tempfile::tempdir().unwrap();
    for (http, mqtt, key) in [("0.0.0.0:0", "127.0.0.1:0", "http.listen"), ("127.0.0.1:0", "0.0.0.0:0", "mqtt.listen")]
    {
        let folder = data.path().to_str().unwrap();
        let ran = program().run(&["serve", "--sandbox", "--data", folder, "--http", http, "--mqtt", mqtt]);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains(key) && ran.stderr.contains("loopback"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("listening"), "it listened before it refused: {}", ran.stderr);
    }
}

#[test]
fn the_sandbox_takes_any_type_from_anybody() {
    let data = tempfile::tempdir().unwrap();
    let binary = sandbox(data.path());
    let call = |method: &str, path: &str, body: Option<serde_json::Value>| {
        binary.request(method, path, None, body.map(|b| b.to_string().into_bytes())).unwrap()
    };
    let entity = json!({"entity": {"id": "urn:svod:unheard-of:1", "type": "UnheardOf", "space": "sandbox",
        "attributes": {"anything": {"value": [1, "два"]}, "where": {"geometry": {"type": "Point", "coordinates": [87.1, 53.7]}}}}});
    assert_eq!(call("POST", "/api/v1/entities", Some(entity.clone())).status, 201);
    call("POST", "/api/v1/entities", Some(entity)).problem(409, "already-exists");
    let path = "/api/v1/entities/urn:svod:unheard-of:1";
    let read = call("GET", path, None);
    assert_eq!((read.header("etag"), read.ok()["attributes"]["anything"]["value"][1].as_str()), ("\"1\"", Some("два")));
    call("PATCH", path, Some(json!({"set": {"more": {"value": true}}, "unset": ["anything"]}))).ok();
    let page = binary.get("/api/v1/entities?space=sandbox&type=UnheardOf", None);
    assert_eq!(page["items"][0]["attributes"]["more"]["value"], true);
    assert_eq!(page["items"][0]["attributes"]["anything"], json!(null));
    assert_eq!(binary.get("/api/v1/journal?space=sandbox", None)["items"].as_array().map(Vec::len), Some(2));
    call("DELETE", path, None).ok();
    assert_eq!(call("GET", path, None).status, 404);
    // Only that space is open.
    let elsewhere =
        json!({"entity": {"id": "urn:svod:body:1", "type": "Body", "space": "installation", "attributes": {}}});
    assert!([403, 404, 422].contains(&call("POST", "/api/v1/entities", Some(elsewhere)).status));
    assert_eq!(call("POST", "/api/v1/packs", Some(json!(packs::version(packs::shipped("base"), "9.0.0")))).status, 403);
    binary.stop();
}

#[test]
fn flags_that_contradict_each_other_are_refused() {
    for args in [
        &["serve", "--sandbox", "--demo"][..],
        &["serve", "--no-simulation"],
        &["serve", "--data-from", "/tmp"],
        &["serve", "--demo", "--speed", "3"],
    ] {
        let ran = program().run(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
    }
}

/// ASVS V13.4.2: nobody puts the demo where others can reach it without saying so.
#[test]
fn the_demo_listens_on_loopback_only() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    for (key, http, mqtt) in [("http.listen", "0.0.0.0:0", "127.0.0.1:0"), ("mqtt.listen", "127.0.0.1:0", "0.0.0.0:0")]
    {
        let ran = program().run(&["serve", "--demo", "--data", folder, "--http", http, "--mqtt", mqtt]);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains(key) && ran.stderr.contains("--demo-for-all"), "{}", ran.stderr);
    }
}

#[test]
fn the_configuration_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("svod.toml");
    let path = file.to_str().unwrap().to_owned();
    let check = |text: &str| {
        std::fs::write(&file, text).unwrap();
        program().run(&["config", "check", "--config", &path])
    };
    let good = check("[http]\nlisten = \"127.0.0.1:9000\"\n[store]\nurl = \"postgres://svod:s3cret@localhost/svod\"\n");
    assert_eq!(good.code, Some(0), "{}", good.stderr);
    assert!(good.stdout.contains("127.0.0.1:9000") && !good.stdout.contains("s3cret"), "{}", good.stdout);
    let bad = check("[http]\nlissten = \"127.0.0.1:9000\"\n");
    assert_eq!(bad.code, Some(1));
    assert!(
        bad.stderr.contains("svod.toml") && bad.stderr.contains("line 2") && bad.stderr.contains("lissten"),
        "{}",
        bad.stderr
    );
    for (text, key) in [
        ("[http]\nlisten = \"0.0.0.0:9000\"\n", "http.listen"),
        ("[mqtt]\nlisten = \"0.0.0.0:1883\"\n", "mqtt.plain"),
        ("[store]\nurl = \"postgres://svod:s3cret@db.example/svod\"\n", "sslmode"),
    ] {
        let refused = check(text);
        assert!(refused.code == Some(1) && refused.stderr.contains(key), "as the start does: {}", refused.stderr);
        assert!(!refused.stderr.contains("s3cret") && !refused.stdout.contains("s3cret"));
    }
    check("[http]\nlissten = \"127.0.0.1:9000\"\n");
    let ran = program().env("SVOD_MQTT", "nowhere").run(&["config", "check"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("SVOD_MQTT"), "{}", ran.stderr);
    let above = program().env("SVOD_HTTP", "127.0.0.1:9999").run(&["config", "check", "--config", &path]);
    assert_eq!(above.code, Some(1), "the file is still bad");
}

#[test]
fn the_shipped_packs_have_no_fault() {
    for (pack, with) in [("base", None), ("kuzbass", None), ("neighbour", Some("packs/kuzbass"))] {
        let (folder, with) = (repository(&format!("packs/{pack}")), with.map(repository));
        let mut args = vec!["pack", "check", &folder];
        args.extend(with.iter().flat_map(|w| ["--with", w]));
        let ran = program().run(&args);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{pack}");
        assert!(ran.stdout.contains("no fault"), "{}", ran.stdout);
    }
}

#[test]
fn a_broken_pack_is_named_by_file_line_rule_and_fix() {
    let folder = tempfile::tempdir().unwrap();
    let broken =
        packs::replaced(packs::shipped("kuzbass"), "triggers/air-above-norm.yaml", "on: observation", "on: whim");
    packs::write(&broken, folder.path());
    let ran = program().run(&["pack", "check", folder.path().to_str().unwrap()]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{}", ran.stderr);
    let line = 1 + broken.files["triggers/air-above-norm.yaml"].lines().position(|l| l.contains("whim")).unwrap();
    let named = format!("triggers/air-above-norm.yaml:{line}");
    let first = ran.stderr.lines().find(|l| l.contains(&named)).unwrap_or_else(|| panic!("{}", ran.stderr));
    assert!(first.contains("whim") || ran.stderr.contains("whim"), "{}", ran.stderr);
    assert!(ran.stderr.contains("observation"), "the fix does not say what may stand there: {}", ran.stderr);
    let ran = program().run(&["pack", "check", "/nowhere"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("/nowhere"), "{}", ran.stderr);
}

/// Plays the situations of a shipped pack: at least so many, all of them.
fn situations(pack: &str, least: usize) {
    let folder = std::path::PathBuf::from(repository(&format!("packs/{pack}")));
    let tests = std::fs::read_dir(folder.join("tests")).unwrap();
    let files = tests.map(|f| f.unwrap().path()).filter(|f| f.extension().is_some_and(|e| e == "yaml"));
    let named = |f: std::path::PathBuf| {
        let text = std::fs::read_to_string(f).unwrap();
        text.lines().filter(|l| l.starts_with("- name:")).count()
    };
    let declared: usize = files.map(named).sum();
    let ran = program().run(&["pack", "test", folder.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}: {}{}", folder.display(), ran.stdout, ran.stderr);
    let told = ran.stdout.lines().filter(|l| l.starts_with("ok ")).count();
    assert_eq!(told, declared, "situations run, situations declared:\n{}", ran.stdout);
    assert!(told >= least, "{told} situations, {least} are promised");
}

#[test]
fn situations_of_kuzbass_hold() {
    situations("kuzbass", 21);
}

#[test]
fn situations_of_moving_hold() {
    situations("moving", 25);
}

#[test]
fn situations_of_birth_hold() {
    situations("birth", 25);
}

#[test]
fn situations_of_road_accident_hold() {
    situations("road-accident", 25);
}

#[test]
fn situations_of_building_permit_hold() {
    situations("building-permit", 25);
}

#[test]
fn situations_of_company_hold() {
    situations("company", 25);
}

#[test]
fn what_is_refused_and_not_expected_fails_with_what_the_platform_says() {
    let folder = tempfile::tempdir().unwrap();
    let write = |steps: &str, then: &str| {
        let case = format!(
            "- name: a slip\n  at: 2026-01-15T08:00:00+07:00\n  persons: {{anna: {{}}}}\n  when:\n{steps}  then:\n{then}"
        );
        packs::write(&packs::file(packs::shipped("moving"), "tests/slip.yaml", &case), folder.path());
        let kuzbass = repository("packs/kuzbass");
        program().run(&["pack", "test", folder.path().to_str().unwrap(), "--with", &kuzbass, "--only", "a slip"])
    };
    let apply = |answers: &str| format!("    - apply: {{service: moving/moving, as: anna, answers: {answers}}}\n");
    let whole = "{address: \"Town, 1, 2\", since: \"2026-01-10\", ground: owner}";
    let fails = |steps: String, then: &str, said: &[&str]| {
        let ran = write(&steps, then);
        assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
        for words in said {
            assert!(ran.stdout.contains(words) || ran.stderr.contains(words), "{words}: {}{}", ran.stdout, ran.stderr);
        }
    };
    // What no register knows is looked at, so that the case is open.
    let closed = "    - case: {status: closed}\n";
    fails(apply("{}"), "    - case: {count: 0}\n", &["refused (form)", "address: required", "expect 'refused'"]);
    fails(apply("{}"), closed, &["refused (form)", "address: required"]);
    fails(apply(whole), closed, &["then 1 (case)", "status: \"closed\" expected, \"open\" found"]);
    fails(apply("{adress: x}"), closed, &["when 1 (apply)", "no field 'adress'", "address"]);
    let done = format!("{}    - task: {{by: official-migration, step: review, take: only}}\n", apply(whole));
    fails(done, closed, &["when 2 (task)", "no open task"]);
    let missed = format!("{}    - expect: {{refused: [address]}}\n", apply(whole));
    fails(missed, closed, &["when 2 (expect)", "was not refused"]);
    fails(
        apply(whole),
        "    - entity: {type: Residence, has: {person: \"{boris}\"}}\n",
        &["'{boris}' stands for nothing"],
    );
    let nobody = "    - apply: {service: moving/moving, as: bella}\n".to_owned();
    fails(nobody, closed, &["tests/slip.yaml", "'bella' is neither a persona nor a person", "unknown-persona"]);
    fails("    - aply: {as: anna}\n".to_owned(), closed, &["unknown-key", "write 'apply'"]);
}

#[test]
fn a_situation_that_does_not_hold_fails() {
    let folder = tempfile::tempdir().unwrap();
    let case = "- name: nothing comes of nothing\n  at: 2026-01-15T08:00:00+07:00\n  given: []\n  when: []\n  \
        then:\n    - alerts: {kind: air-pollution, open: 1}\n";
    packs::write(&packs::file(packs::shipped("kuzbass"), "tests/wrong.yaml", case), folder.path());
    let ran = program().run(&["pack", "test", folder.path().to_str().unwrap(), "--only", "nothing comes"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(ran.stdout.contains("FAILED") && ran.stdout.contains("1 expected, 0 found"), "{}", ran.stdout);
}

#[test]
fn a_pack_is_published_to_a_running_platform() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let binary = program().serve(data.path(), &["--demo", "--no-simulation"]).ready();
    let url = format!("http://{}", binary.http);
    let table = "decisions/air-quality.dmn";
    let stricter = packs::version(packs::shipped("kuzbass"), "0.2.0");
    let stricter = packs::replaced(stricter, table, "<text>&gt;= 1</text>", "<text>&gt;= 0.5</text>");
    packs::write(&stricter, folder.path());
    let publish = |token: &str| {
        program().env("SVOD_TOKEN", token).run(&["pack", "publish", folder.path().to_str().unwrap(), "--to", &url])
    };
    let refused = publish(&binary.token("governor"));
    assert!(refused.code == Some(1) && refused.stderr.contains("403"), "{}", refused.stderr);
    let administrator = binary.token("administrator");
    let done = publish(&administrator);
    assert_eq!((done.code, done.stdout.trim()), (Some(0), "kuzbass 0.2.0 published"), "{}", done.stderr);
    assert_eq!(publish(&administrator).stdout.trim(), "kuzbass 0.2.0 was in force already");
    let listed = program().run(&["pack", "list", "--to", &url]);
    assert!(listed.stdout.lines().any(|l| l.starts_with("kuzbass\t0.2.0\tkuzbass\t")), "{}", listed.stdout);

    let ts = svod_kernel::Clock::now(&svod_kernel::SystemClock);
    let batch =
        json!({"messages": [{"profile": "air-post", "device": "42010102", "payload": {"ts": ts, "pm25": 0.02}}]});
    let taken =
        binary.request("POST", "/api/v1/observations", Some(&administrator), Some(batch.to_string().into_bytes()));
    assert_eq!(taken.unwrap().ok()["stored"], 1);
    let raised = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        let page = binary.get("/api/v1/entities?space=kuzbass&type=Alert", None);
        page["items"].as_array().is_some_and(|a| a.len() == 1)
    });
    assert!(raised, "the table published decides");

    packs::write(&packs::replaced(stricter, table, "<text>&gt;= 0.5</text>", "<text>&gt;= (0.5</text>"), folder.path());
    let faulty = publish(&administrator);
    assert_eq!(faulty.code, Some(1));
    assert!(faulty.stderr.contains("422") && faulty.stderr.contains("decisions/air-quality.dmn:"), "{}", faulty.stderr);
    assert!(faulty.stderr.contains("fix:"), "{}", faulty.stderr);
    binary.stop();
}

#[test]
fn the_program_starts_stops_and_goes_on() {
    let data = tempfile::tempdir().unwrap();
    let first = program().serve(data.path(), &["--demo", "--no-simulation"]).ready();
    assert_eq!(first.request("GET", "/healthz", None, None).unwrap().status, 200);
    assert_eq!(first.request("GET", "/readyz", None, None).unwrap().status, 200);
    let token = first.token("governor");
    let before = first.get("/api/v1/entities?space=kuzbass&type=Municipality&limit=1000", None);
    first.stop();
    let second = program().serve(data.path(), &["--demo", "--no-simulation"]).ready();
    assert_eq!(second.get("/api/v1/entities?space=kuzbass&type=Municipality&limit=1000", None), before);
    assert_eq!(second.request("GET", "/api/v1/tasks", Some(&token), None).unwrap().status, 200, "the key stays");
    let published = second.get("/api/v1/packs/kuzbass", None);
    assert_eq!(published.as_array().map(Vec::len), Some(1), "published at the first start only");
    second.stop();
    let without = program().serve(data.path(), &[]).ready();
    without.request("GET", "/api/v1/tasks", Some(&token), None).unwrap().problem(401, "demo-only");
    without.stop();
}

#[test]
fn a_store_is_backed_up_exported_and_brought_back() {
    let data = tempfile::tempdir().unwrap();
    let path = |name: &str| data.path().join(name).to_str().unwrap().to_owned();
    let run = |args: &[&str]| {
        let ran = program().run(args);
        assert_eq!(ran.code, Some(0), "{args:?}: {} {}", ran.stdout, ran.stderr);
        ran
    };
    let (live, backup, lines) = (path("live"), path("backup.sqlite"), path("export.ndjson"));
    let binary = sandbox(live.as_ref());
    for n in 0..300 {
        let entity = json!({"entity": {"id": format!("urn:svod:thing:{n}"), "type": "Thing", "space": "sandbox",
            "attributes": {"name": {"value": format!("вещь {n}")}, "where": {"geometry": {"type": "Point", "coordinates": [87.1, 53.7]}}}}});
        let made = binary.request("POST", "/api/v1/entities", None, Some(entity.to_string().into_bytes())).unwrap();
        assert_eq!(made.status, 201);
    }
    // While the platform runs.
    run(&["backup", &backup, "--plain", "--data", &live]);
    assert!(run(&["doctor", "--data", &live, "--deep"]).stdout.contains("300 entities"));
    run(&["export", &lines, "--data", &live]);
    let again = program().run(&["backup", &backup, "--plain", "--data", &live]);
    assert!(again.code == Some(1) && again.stderr.contains("is there already"), "{}", again.stderr);
    binary.stop();

    let (restored, imported) = (path("restored"), path("imported"));
    run(&["restore", &backup, "--data", &restored]);
    run(&["import", &lines, "--data", &imported]);
    let full = program().run(&["import", &lines, "--data", &imported]);
    assert!(full.code == Some(1) && full.stderr.contains("holds data already"), "{}", full.stderr);
    for folder in [&restored, &imported] {
        let binary = sandbox(folder.as_ref());
        let read = binary.get("/api/v1/entities/urn:svod:thing:299", None);
        assert_eq!(read["attributes"]["name"]["value"], "вещь 299");
        let near = "/ngsi-ld/v1/entities?type=Thing&georel=near;maxDistance==100&geometry=Point&coordinates=[87.1,53.7]&geoproperty=where&count=true&limit=1";
        let found = binary.request("GET", near, None, None).unwrap();
        assert_eq!(found.header("ngsild-results-count"), "300", "index rows are there again: {folder}");
        binary.stop();
        run(&["doctor", "--data", folder, "--deep"]);
    }
    sealed(&live, &path);
    // What is cut off or changed is not taken for whole.
    let text = std::fs::read_to_string(&lines).unwrap();
    let short: String = text.lines().take(100).flat_map(|l| [l, "\n"]).collect();
    for (name, bad, why) in
        [("short", short, "cut off"), ("changed", text.replace("вещь 7\"", "вещь 8\""), "not those")]
    {
        let file = path(name);
        std::fs::write(&file, bad).unwrap();
        let ran = program().run(&["import", &file, "--data", &path(&format!("of-{name}"))]);
        assert!(ran.code == Some(1) && ran.stderr.contains(why), "{}", ran.stderr);
    }
}

#[test]
fn a_space_moves_to_another_installation() {
    let data = tempfile::tempdir().unwrap();
    let path = |name: &str| data.path().join(name).to_str().unwrap().to_owned();
    let client = reqwest::blocking::Client::new();
    let call = |binary: &Binary, tenant: &str, method: &str, path: &str, body: Option<Value>| {
        let url = format!("http://{}/ngsi-ld/v1/{path}", binary.http);
        let request = client.request(method.parse().unwrap(), url).header("NGSILD-Tenant", tenant);
        let request = request.header("Content-Type", "application/json");
        let answer = request.body(body.map(|b| b.to_string()).unwrap_or_default()).send().unwrap();
        let count = answer.headers().get("ngsild-results-count").and_then(|c| c.to_str().ok()?.parse::<u32>().ok());
        (answer.status().as_u16(), count, answer.json::<Value>().unwrap_or_default())
    };
    let make = |binary: &Binary, tenant: &str, n: u32| {
        let place = json!({"type": "GeoProperty", "value": {"type": "Point", "coordinates": [87.1, 53.7]}});
        let entity = json!({"id": format!("urn:t:well:{n}"), "type": "Well", "location": place,
            "depth": {"type": "Property", "value": n}});
        assert_eq!(call(binary, tenant, "POST", "entities", Some(entity)).0, 201);
    };
    let (from, to, file) = (path("from"), path("to"), path("belovo.ndjson"));
    let old = sandbox(from.as_ref());
    (0..40).for_each(|n| make(&old, "belovo", n));
    make(&old, "stays", 1);
    let change = json!({"depth": {"type": "Property", "value": 500}});
    assert_eq!(call(&old, "belovo", "PATCH", "entities/urn:t:well:1/attrs", Some(change)).0, 204);
    old.stop();
    let new = sandbox(to.as_ref());
    make(&new, "first", 1);
    make(&new, "second", 1);
    new.stop();

    let run = |args: &[&str], code: i32| {
        let ran = program().run(args);
        assert_eq!(ran.code, Some(code), "{args:?}: {} {}", ran.stdout, ran.stderr);
        ran.stderr
    };
    run(&["export", &file, "--space", "belovo", "--data", &from], 0);
    assert!(!std::fs::read_to_string(&file).unwrap().contains("stays"));
    assert!(run(&["import", &file, "--data", &path("empty")], 1).contains("--into-others"));
    run(&["import", &file, "--into-others", "--data", &to], 0);
    assert!(run(&["import", &file, "--into-others", "--data", &to], 1).contains("already"));
    run(&["import", &file, "--into-others", "--as", "copied", "--data", &to], 0);
    // One that breaks off leaves nothing that stands in the way.
    let text = std::fs::read_to_string(&file).unwrap();
    let short = path("short");
    std::fs::write(&short, text.lines().take(60).flat_map(|l| [l, "\n"]).collect::<String>()).unwrap();
    assert!(run(&["import", &short, "--into-others", "--as", "third", "--data", &to], 1).contains("cut off"));
    run(&["import", &file, "--into-others", "--as", "third", "--data", &to], 0);

    let new = sandbox(to.as_ref());
    for tenant in ["belovo", "copied", "third"] {
        let near =
            "entities?type=Well&georel=near;maxDistance==100&geometry=Point&coordinates=[87.1,53.7]&count=true&limit=1";
        assert_eq!(call(&new, tenant, "GET", near, None).1, Some(40), "{tenant}");
        let one = call(&new, tenant, "GET", "entities/urn:t:well:1?options=keyValues", None).2;
        assert_eq!(one["depth"], 500);
        let past = "temporal/entities/urn:t:well:1?timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=createdAt";
        assert_eq!(call(&new, tenant, "GET", past, None).2["depth"].as_array().map(Vec::len), Some(2), "{tenant}");
        make(&new, tenant, 100);
        assert_eq!(call(&new, tenant, "GET", "types/Well", None).2["entityCount"], 41);
    }
    assert_eq!(call(&new, "first", "GET", "entities?type=Well&count=true", None).1, Some(1));
    new.stop();
    run(&["doctor", "--data", &to, "--deep"], 0);
}

/// Who says nothing of it gets a sealed backup, or none; never one that whoever finds it reads.
fn sealed_unless_said(live: &str, path: &dyn Fn(&str) -> String, public: &str, key: &str) {
    let run = |args: &[&str]| program().run(args);
    let (none, config, configured) = (path("none.age"), path("backup.toml"), path("configured.age"));
    let refused = run(&["backup", &none, "--data", live]);
    assert_eq!(refused.code, Some(1));
    for said in ["--to", "nobody is named who can open it", "svod backup-key", "[backup]", "--plain"] {
        assert!(refused.stderr.contains(said), "{said}: {}", refused.stderr);
    }
    let left = |name: &str| std::path::Path::new(&path(name)).exists();
    assert!(!left("none.age") && !left("none.age.part"), "nothing is left of it");
    let wrong = run(&["backup", &none, "--to", "age1nobody", "--data", live]);
    assert!(wrong.code == Some(1) && wrong.stderr.contains("--to: a key is no public key"), "{}", wrong.stderr);
    let both = run(&["backup", &none, "--to", public, "--plain", "--data", live]);
    assert!(both.code == Some(2) && !left("none.age"), "{}", both.stderr);

    std::fs::write(&config, format!("[backup]\nrecipients = [\"{public}\"]\n")).unwrap();
    let done = run(&["backup", &configured, "--config", &config, "--data", live]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let tried = run(&["restore", &configured, "--key", key, "--check", "--data", &path("nowhere")]);
    assert!(tried.code == Some(0) && tried.stdout.contains("can be restored"), "{} {}", tried.stdout, tried.stderr);
}

/// A sealed backup: tried without a trace, and restored with the secrets of the installation.
fn sealed(live: &str, path: &dyn Fn(&str) -> String) {
    let run = |args: &[&str]| program().run(args);
    let (backup, key, restored) = (path("backup.age"), path("backup.key"), path("of-sealed"));
    let made = run(&["backup-key", &key]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let public = made.stdout.trim();
    assert!(public.starts_with("age1"), "{public}");
    let done = run(&["backup", &backup, "--to", public, "--data", live]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(std::fs::read(&backup).unwrap().starts_with(b"age-encryption.org/v1\n-> X25519 "));
    sealed_unless_said(live, path, public, &key);

    let closed = run(&["restore", &backup, "--data", &restored]);
    assert!(closed.code == Some(1) && closed.stderr.contains("--key"), "{}", closed.stderr);
    let tried = run(&["restore", &backup, "--key", &key, "--check", "--data", &path("nowhere")]);
    assert!(tried.code == Some(0) && tried.stdout.contains("can be restored"), "{} {}", tried.stdout, tried.stderr);
    assert!(tried.stdout.contains("leaves of the ledger verified"), "{}", tried.stdout);
    assert!(!std::path::Path::new(&format!("{backup}.check")).exists(), "nothing stays");

    let done = run(&["restore", &backup, "--key", &key, "--data", &restored]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    for secret in ["identity.key", "ledger.key"] {
        let read = |folder: &str| std::fs::read(format!("{folder}/secrets/{secret}")).unwrap();
        assert_eq!(read(live), read(&restored), "{secret}");
    }
    let verified = run(&["ledger", "verify", "--data", &restored]);
    assert_eq!(verified.code, Some(0), "{}", verified.stdout);
    let other = path("other");
    std::fs::create_dir_all(format!("{other}/secrets")).unwrap();
    std::fs::write(format!("{other}/secrets/identity.key"), [9; 32]).unwrap();
    let refused = run(&["restore", &backup, "--key", &key, "--data", &other]);
    assert!(refused.code == Some(1) && refused.stderr.contains("is another one"), "{}", refused.stderr);
}
