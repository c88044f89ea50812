//! The list of work by the API: narrowed and ordered as its page has it, many tasks at once, tasks of who is away.

use serde_json::{Value, json};
use svod_testkit::{TestApp, on_both_engines, packs};

use crate::services_api::{Program, value};

const OFFICIAL: &str = "official-migration";
const TASKS: &str = "/api/v1/tasks";

/// Ids of the tasks of a page.
fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|task| task["id"].as_str().unwrap().to_owned()).collect()
}

/// What is done with many by an official.
async fn many(app: &TestApp, body: Value) -> Value {
    app.call("POST", &format!("{TASKS}/bulk"), Some(OFFICIAL), Some(body)).await.ok()
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
        for query in ["order=name", "status=new&order=deadline", "late=never", "q=x&after=nonsense", "q=x&body=urn:a:b"] {
            let refused = app.call("GET", &format!("{TASKS}?{query}"), Some(OFFICIAL), None).await;
            refused.problem(400, "bad-request");
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
