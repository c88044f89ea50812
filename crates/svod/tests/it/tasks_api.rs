//! The list of work by the API: narrowed and ordered as its page has it, many tasks at once, tasks of who is away.

use serde_json::{Value, json};
use svod_kernel::Actor;
use svod_model::{Attribute, Entity, PackSource};
use svod_registry::{Command, Operation};
use svod_runtime::{Filling, Templates};
use svod_testkit::{TestApp, on_both_engines, packs};

use crate::services_api::{Program, value};

const OFFICIAL: &str = "official-migration";
const TASKS: &str = "/api/v1/tasks";

const REVIEWER: &str = "migration-reviewer";
const BODY: &str = "urn:svod:body:kuzbass:migration";

/// The pack of moving, whose check takes photographs as well.
fn with_photographs() -> PackSource {
    let mut source = packs::shipped("moving");
    source.files.retain(|path, _| !path.starts_with("tests/"));
    let check = source.files.get_mut("forms/moving-check.form.json").unwrap();
    let photos = r#""components": [
    { "type": "filepicker", "key": "photos", "label": "@moving-scan", "multiple": true, "accept": ".jpg" },"#;
    assert!(check.contains("\"components\": ["));
    *check = check.replacen("\"components\": [", photos, 1);
    source
}

/// The task of somebody who applies now, and where its case is read.
async fn applied(program: &Program<'_>) -> (String, String) {
    let case = program.apply("consent").await;
    let task = program.get(&case).await.ok()["now"]["tasks"][0].as_str().unwrap().to_owned();
    (task, case)
}

/// Version of the pack that a case began with.
async fn version_of(program: &Program<'_>, case: &str) -> String {
    let case = program.get(case).await.ok();
    let process = value(&case["case"], "processVersion").as_str().unwrap();
    process.split_once('@').unwrap().1.split_once('/').unwrap().0.to_owned()
}

/// Writes as the platform does.
async fn write(app: &TestApp, operations: Vec<Operation>) {
    let changes = operations.into_iter().map(Into::into).collect();
    let command = Command { ground: "test".into(), changes, ..Command::default() };
    app.core.registry.execute(&Actor::platform("test"), command).await.unwrap();
}

fn set(task: &str, name: &str, value: Attribute) -> Operation {
    let set = [(name.to_owned(), value)].into_iter().collect();
    Operation::Patch { urn: task.parse().unwrap(), expected: None, set, unset: Vec::new() }
}

/// What became of each: whether it was done, how it stands, and why not.
fn told(answer: &Value) -> Vec<(bool, Option<&str>, Option<&str>)> {
    let items = answer["items"].as_array().unwrap().iter();
    items.map(|i| (i["done"].as_bool().unwrap(), i["status"].as_str(), i["problem"]["code"].as_str())).collect()
}

/// Ids of the tasks of a page.
fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|task| task["id"].as_str().unwrap().to_owned()).collect()
}

/// What is done with many by an official.
async fn many(app: &TestApp, body: Value) -> Value {
    many_by(app, OFFICIAL, body).await
}

async fn many_by(app: &TestApp, who: &str, body: Value) -> Value {
    app.call("POST", &format!("{TASKS}/bulk"), Some(who), Some(body)).await.ok()
}

/// Codes of what was refused, in the order of the tasks; nothing for what was done.
fn codes(answer: &Value) -> Vec<Option<&str>> {
    answer["items"].as_array().unwrap().iter().map(|item| item["problem"]["code"].as_str()).collect()
}

on_both_engines! {
    async fn the_list_of_work_is_narrowed_and_read_page_by_page(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        let (olga, oleg) = (Program::of(&app, "olga", None).await, Program::of(&app, "oleg", None).await);
        let case = olga.apply("consent").await;
        let mut of_olga = vec![olga.get(&case).await.ok()["now"]["tasks"][0].as_str().unwrap().to_owned()];
        for _ in 0..2 {
            app.clock.advance(60);
            let case = oleg.apply("consent").await;
            of_olga.push(oleg.get(&case).await.ok()["now"]["tasks"][0].as_str().unwrap().to_owned());
        }
        let list = async |query: &str| app.call("GET", &format!("{TASKS}?{query}"), Some(OFFICIAL), None).await.ok();
        let all = list("service=moving/moving").await;
        assert_eq!((ids(&all), &all["total"]), (of_olga.clone(), &json!(3)), "what presses first");
        assert!(all["figures"]["offered"]["n"].as_u64().is_some_and(|n| n >= 3), "{all}");
        // Page by page, by the same limit.
        let first = list("service=moving/moving&limit=2").await;
        let next = first["next"].as_str().unwrap();
        let second = list(&format!("service=moving/moving&limit=2&after={next}")).await;
        assert_eq!([ids(&first), ids(&second)].concat(), of_olga);
        assert_eq!((&second["next"], &second["figures"]), (&Value::Null, &Value::Null));
        let person = all["items"][0]["attributes"]["person"]["object"].as_str().unwrap().to_owned();
        for (query, n) in [
            (format!("person={person}"), 1),
            ("service=moving/moving".to_owned(), 3),
            ("service=moving/other".to_owned(), 0),
            ("late=overdue".to_owned(), 0),
            ("whose=mine".to_owned(), 3),
            ("whose=me".to_owned(), 0),
            ("status=done&service=moving/moving".to_owned(), 0),
            ("space=kuzbass&status=open&service=moving/moving".to_owned(), 3),
        ] {
            assert_eq!(ids(&list(&query).await).len(), n, "{query}");
        }
        let long = "x".repeat(201);
        let (service, kind) = (format!("service={long}"), format!("kind={long}"));
        // Further on than any page ends: what is added to it must not run over.
        let far = "status=done&order=deadline&after=after=0~1768438800000000.18446744073709551615";
        for query in [
            "order=name", "status=new&order=deadline", "late=never", "q=x&after=nonsense", "q=x&body=urn:a:b", &service,
            &kind, far, "status=done&order=deadline&after=after=nonsense",
        ] {
            let refused = app.call("GET", &format!("{TASKS}?{query}"), Some(OFFICIAL), None).await;
            refused.problem(400, "bad-request");
        }
        // What is done is a long list, read by its index: words are not looked for in it, and that is told.
        let number = value(&olga.get(&case).await.ok()["case"], "number").as_str().unwrap().to_owned();
        for (query, unsearched) in [
            ("q=Кирова".to_owned(), false),
            ("status=done&q=Кирова".to_owned(), true),
            (format!("status=done&q={number}"), false),
            ("status=done&order=deadline".to_owned(), false),
            ("limit=1".to_owned(), false),
        ] {
            assert_eq!(list(&query).await["unsearched"], json!(unsearched), "{query}");
        }
        // Whoever works with no tasks has none, and is not told how many there are.
        let none = olga.get(&format!("{TASKS}?order=deadline")).await.ok();
        assert_eq!((ids(&none).len(), &none["figures"]), (0, &Value::Null));
        app.settle().await;
    }
}

on_both_engines! {
    async fn many_tasks_are_done_at_once_and_each_tells_for_itself(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        let olga = Program::of(&app, "olga", None).await;
        let mut tasks = Vec::new();
        let mut cases = Vec::new();
        for _ in 0..3 {
            let case = olga.apply("consent").await;
            tasks.push(olga.get(&case).await.ok()["now"]["tasks"][0].as_str().unwrap().to_owned());
            cases.push(case);
        }
        let taken = many(&app, json!({"act": "take", "tasks": [tasks[0], tasks[1], "urn:svod:task:none"]})).await;
        assert_eq!((&taken["done"], &taken["refused"]), (&json!(2), &json!(1)));
        assert_eq!(codes(&taken), [None, None, Some("not-found")]);
        let case = olga.get(&cases[0]).await.ok();
        let version = value(&case["case"], "processVersion").as_str().unwrap();
        let version = version.split_once('@').unwrap().1.split_once('/').unwrap().0.to_owned();
        let with = |version: &str, answers: Value| {
            json!({"act": "answer", "tasks": tasks,
                "with": {"form": "moving/moving-check.form.json", "version": version, "answers": answers}})
        };
        // Nothing is done by halves, and nothing under another version.
        let old = many(&app, with("0.0.1", json!({"decision": "register"}))).await;
        assert_eq!(codes(&old), [Some("template-version"), Some("template-version"), Some("task-state")]);
        let half = many(&app, with(&version, json!({"decision": "refuse"}))).await;
        assert_eq!(half["items"][0]["problem"]["errors"][0]["field"], "reason", "{half}");
        let more = many(&app, with(&version, json!({"decision": "register", "reason": "so"}))).await;
        assert_eq!(codes(&more)[0], Some("template-unasked"));
        let done = many(&app, with(&version, json!({"decision": "refuse", "reason": "Нет согласия"}))).await;
        assert_eq!((&done["done"], codes(&done)), (&json!(2), vec![None, None, Some("task-state")]));
        let seen = olga.get(&cases[0]).await.ok();
        assert_eq!(seen["now"]["state"], "closed");
        let decision = &seen["decisions"][0];
        let from: Value = serde_json::from_str(value(decision, "inputs").as_str().unwrap()).unwrap();
        assert_eq!(from["step"], json!(format!("moving@{version}/moving#check")), "data and version of what a person decided");
        assert_eq!(from["answers"]["reason"], "Нет согласия");
        let bad = app.call("POST", &format!("{TASKS}/bulk"), Some(OFFICIAL), Some(json!({"act": "take", "tasks": []}))).await;
        bad.problem(400, "bad-request");
        let nothing = json!({"act": "answer", "tasks": [tasks[2]], "template": "own/None"});
        let missing = app.call("POST", &format!("{TASKS}/bulk"), Some(OFFICIAL), Some(nothing)).await;
        missing.problem(404, "no-template");
        // Nobody has it whom somebody could stand in for; and who stands in for nobody takes nothing over.
        let over = format!("{TASKS}/{}/substitute", tasks[2]);
        app.call("POST", &over, Some(OFFICIAL), Some(json!({"to": "body"}))).await.problem(409, "task-state");
        many(&app, json!({"act": "take", "tasks": [tasks[2]]})).await;
        app.call("POST", &over, Some(OFFICIAL), Some(json!({"to": "me"}))).await.problem(403, "task-not-handed-over");
        app.settle().await;
    }
}

on_both_engines! {
    async fn files_are_sent_with_one_task_and_not_with_many(builder: TestAppBuilder) {
        let app = builder.pack(with_photographs()).doors().start().await;
        let olga = Program::of(&app, "olga", None).await;
        let (task, case) = applied(&olga).await;
        let version = version_of(&olga, &case).await;
        many(&app, json!({"act": "take", "tasks": [task]})).await;
        for file in ["urn:svod:file:1", "nothing"] {
            let photo = json!({"file": file, "name": "wall.jpg", "type": "image/jpeg", "size": 5});
            let with = json!({"form": "moving/moving-check.form.json", "version": version,
                "answers": {"decision": "register", "photos": [photo]}});
            let refused = many(&app, json!({"act": "answer", "tasks": [task], "with": with})).await;
            assert_eq!(told(&refused), [(false, Some("taken"), Some("template-files"))], "{file}");
            assert_eq!(refused["items"][0]["problem"]["errors"][0]["field"], "photos");
        }
        assert_eq!(olga.get(&case).await.ok()["decisions"], json!([]), "nothing was decided on what nobody has looked at");
        let with = json!({"form": "moving/moving-check.form.json", "version": version, "answers": {"decision": "register"}});
        let done = many(&app, json!({"act": "answer", "tasks": [task], "with": with})).await;
        assert_eq!(told(&done), [(true, Some("done"), None)], "without files as ever");
        app.settle().await;
    }
}

on_both_engines! {
    async fn what_is_done_in_words_is_given_back_and_closed_by_many(builder: TestAppBuilder) {
        let app = builder.doors().start().await;
        app.air("42010102", "pm25", 0.05).await;
        app.settle().await;
        let (task, who) = (app.only("Task").await.id, "official-municipal");
        let act = async |act: &str, result: &str| {
            let body = json!({"act": act, "tasks": [task, task, "urn:svod:task:none"], "result": result});
            let answer = many_by(&app, who, body).await;
            // What cannot be said of any task is told before it is looked for.
            let unknown = if result == " " { "task-result" } else { "not-found" };
            assert_eq!(told(&answer)[1], (false, None, Some(unknown)), "{act}");
            let item = told(&answer)[0];
            assert_eq!((&answer["done"], answer["items"].as_array().unwrap().len()), (&json!(usize::from(item.0)), 2), "once each");
            (item.0, item.1.unwrap().to_owned(), item.2.unwrap_or_default().to_owned())
        };
        let is = |done: bool, status: &str, code: &str| (done, status.to_owned(), code.to_owned());
        assert_eq!(act("complete", "x").await, is(false, "offered", "task-state"));
        assert_eq!(act("take", "").await, is(true, "taken", ""));
        assert_eq!(act("release", "").await, is(true, "offered", ""));
        assert_eq!(act("take", "").await, is(true, "taken", ""));
        assert_eq!(act("complete", " ").await, is(false, "taken", "task-result"));
        assert_eq!(act("complete", "выбросы снижены").await, is(true, "done", ""));
        assert_eq!(app.entity(&task).await.text("result"), Some("выбросы снижены"));
        assert_eq!(act("release", "").await, is(false, "done", "task-state"));
        app.settle().await;
    }
}

on_both_engines! {
    async fn what_the_rules_propose_is_accepted_for_many(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        let olga = Program::of(&app, "olga", None).await;
        let (good, case) = applied(&olga).await;
        let (stale, _) = applied(&olga).await;
        let (bare, _) = applied(&olga).await;
        let proposal = |task: &str, decision: &str| {
            set(task, "proposal", Attribute::property(json!({"decision": decision}).to_string()))
        };
        write(&app, vec![proposal(&good, "register"), proposal(&stale, "tomorrow")]).await;
        let told_of = many(&app, json!({"act": "accept", "tasks": [good, stale, bare]})).await;
        let refused = (false, Some("taken"), Some("form"));
        assert_eq!(
            told(&told_of),
            [(true, Some("done"), None), refused, (false, Some("offered"), Some("no-proposal"))],
            "what does not fit its form is the caller's to answer now, and that is told"
        );
        assert_eq!(told_of["items"][1]["problem"]["errors"][0]["field"], "decision");
        assert_eq!(olga.get(&case).await.ok()["now"]["outcome"], json!("completed"));
        app.settle().await;
    }
}

/// The official heads the body from now on.
async fn head(app: &TestApp) {
    let actor = app.actor(OFFICIAL);
    let new = |urn: &str, kind: &str| Entity::new(urn.parse().unwrap(), kind, "kuzbass".parse().unwrap());
    let post = new("urn:t:post:head", "Post")
        .with("name", Attribute::property(actor.name.as_str()))
        .with("role", Attribute::property("official"))
        .with("body", Attribute::object(BODY.parse().unwrap()))
        .with("head", Attribute::property(true));
    let other = new("urn:t:post:other", "Post")
        .with("name", Attribute::property("Other"))
        .with("role", Attribute::property("official"))
        .with("body", Attribute::object(BODY.parse().unwrap()));
    let person = new(&actor.id, "Person").with("name", Attribute::property("X"));
    let appointment = new("urn:t:appointment:head", "Appointment")
        .with("person", Attribute::object(actor.id.parse().unwrap()))
        .with("post", Attribute::object(post.id.clone()))
        .with("since", Attribute::property("2026-01-01T00:00:00Z"));
    write(app, vec![Operation::Upsert(post), Operation::Upsert(other), Operation::Upsert(person)]).await;
    write(app, vec![Operation::Upsert(appointment)]).await;
}

on_both_engines! {
    async fn who_heads_the_body_takes_over_many_tasks(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        let olga = Program::of(&app, "olga", None).await;
        let mut tasks = Vec::new();
        for _ in 0..4 {
            tasks.push(applied(&olga).await.0);
        }
        many_by(&app, REVIEWER, json!({"act": "take", "tasks": tasks})).await;
        let refused = many(&app, json!({"act": "over-me", "tasks": [tasks[0]]})).await;
        assert_eq!(told(&refused), [(false, Some("taken"), Some("task-not-handed-over"))], "not yet");
        head(&app).await;
        // It waits for another post by now: given back, it cannot be taken by who heads the body.
        let other = Attribute::object("urn:t:post:other".parse().unwrap());
        write(&app, vec![set(&tasks[1], "post", other)]).await;
        let over = many(&app, json!({"act": "over-me", "tasks": [tasks[0], tasks[1]]})).await;
        assert_eq!(told(&over), [(true, Some("taken"), None), (false, Some("offered"), Some("forbidden"))]);
        assert_eq!(app.entity(&tasks[0].parse().unwrap()).await.text("takenBy"), Some(OFFICIAL));
        let back = many(&app, json!({"act": "over-body", "tasks": [tasks[2]]})).await;
        assert_eq!(told(&back), [(true, Some("offered"), None)]);
        let one = format!("{TASKS}/{}/substitute", tasks[3]);
        let substituted = app.call("POST", &one, Some(OFFICIAL), Some(json!({"to": "me"}))).await.ok();
        assert_eq!((&substituted["task"], &substituted["status"]), (&json!(tasks[3]), &json!("taken")));
        assert_eq!(app.entity(&tasks[3].parse().unwrap()).await.text("takenBy"), Some(OFFICIAL));
        app.settle().await;
    }
}

on_both_engines! {
    async fn many_are_answered_by_the_key_of_a_template_and_read_on_when_done(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        let olga = Program::of(&app, "olga", None).await;
        let mut tasks = Vec::new();
        for _ in 0..3 {
            tasks.push(applied(&olga).await.0);
        }
        many(&app, json!({"act": "take", "tasks": tasks})).await;
        let (core, official) = (&app.core, app.actor(OFFICIAL));
        let filling = Filling::new(core.registry.clone(), 7);
        let templates = Templates::new(core.registry.clone(), core.applications.clone(), filling, core.tasks.clone());
        let answers = json!({"decision": "register"}).as_object().cloned().unwrap();
        templates.keep(&official, &tasks[0].parse().unwrap(), ("Usual", false), answers.clone()).await.unwrap();
        let kept = app.call("GET", &format!("{TASKS}/templates"), Some(OFFICIAL), None).await.ok();
        assert_eq!((&kept["items"][0]["key"], &kept["items"][0]["answers"]), (&json!("own/Usual"), &json!(answers)));
        for task in &tasks {
            app.clock.advance(60);
            let done = many(&app, json!({"act": "answer", "tasks": [task], "template": "own/Usual"})).await;
            assert_eq!(told(&done), [(true, Some("done"), None)]);
        }
        let theirs = json!({"act": "answer", "tasks": tasks, "template": "own/Usual"});
        let missing = app.call("POST", &format!("{TASKS}/bulk"), Some(REVIEWER), Some(theirs)).await;
        missing.problem(404, "no-template");

        // The latest first, page by page.
        let (mut seen, mut after) = (Vec::new(), String::new());
        for _ in 0..10 {
            let path = format!("{TASKS}?status=done&service=moving/moving&limit=1{after}");
            let page = app.call("GET", &path, Some(OFFICIAL), None).await.ok();
            seen.extend(ids(&page));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        tasks.reverse();
        assert_eq!(seen, tasks, "each once");
        app.settle().await;
    }
}
