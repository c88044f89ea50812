//! Services by the API alone: asked for, worked on, written about, and what is in the register then.

use serde_json::{Value, json};
use svod_identity::{From, Invitation};
use svod_kernel::{Role, Urn};
use svod_model::Entity;
use svod_testkit::{Answer, TestApp, on_both_engines, packs};

const APPLICATIONS: &str = "/api/v1/services/moving/moving/applications";

/// A program that acts for somebody with an account; their token.
pub struct Program<'a> {
    app: &'a TestApp,
    token: String,
}

impl<'a> Program<'a> {
    pub async fn of(app: &'a TestApp, login: &str, post: Option<(Role, &str)>) -> Self {
        let mut invitation = Invitation::new(login, login, app.core.registry.clock().now().plus_seconds(60)).unwrap();
        invitation.post = post.map(|(role, space)| (role, space.parse().unwrap()));
        let invitation = app.core.identity.invite(&invitation);
        let (_, token) = app.core.identity.accept(&invitation, &From::default()).await.unwrap();
        let token = app.proved(&token).await;
        // Who somebody is is asked anew after a second.
        app.clock.advance(2);
        Self { app, token }
    }

    /// Of their session.
    pub fn token(&self) -> &str {
        &self.token
    }

    pub async fn ask(&self, method: &str, path: &str, key: Option<&str>, body: Option<Value>) -> Answer {
        let mut headers = vec![("authorization", format!("Bearer {}", self.token))];
        headers.push(("content-type", "application/json".to_owned()));
        headers.extend(key.map(|k| ("idempotency-key", k.to_owned())));
        let body = body.map(|b| b.to_string().into_bytes()).unwrap_or_default();
        self.app.request(method, path, &headers, body).await
    }

    /// Bytes of a kind.
    pub async fn send(&self, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> Answer {
        let headers = [("authorization", format!("Bearer {}", self.token)), ("content-type", kind.to_owned())];
        self.app.request("POST", path, &headers, body.into()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, None, Some(body)).await
    }

    /// Applies for a registration that an official looks at; where its case is read.
    pub async fn apply(&self, ground: &str) -> String {
        let begun = self.post(APPLICATIONS, application(ground)).await;
        assert_eq!(begun.status, 201, "{}", begun.text);
        let at = begun.header("location").to_owned();
        assert_eq!(at, format!("/api/v1/cases/{}", begun.json()["case"].as_str().unwrap()));
        at
    }
}

fn urn(text: &str) -> Urn {
    text.parse().unwrap()
}

fn application(ground: &str) -> Value {
    json!({"answers": {"address": "Новокузнецк, ул. Кирова, 1, 2", "since": "2026-01-10", "ground": ground,
        "document": "Согласие от 01.01.2026"}})
}

/// Field and rule of all that is wrong with the answers of a form.
pub fn errors(answer: &Answer) -> Vec<(String, String)> {
    answer.problem(422, "form");
    let all = answer.json()["errors"].as_array().cloned().unwrap_or_default();
    assert!(all.iter().all(|e| e["fix"].as_str().is_some_and(|fix| !fix.is_empty())), "{}", answer.text);
    let text = |e: &Value, name: &str| e[name].as_str().unwrap_or_default().to_owned();
    all.iter().map(|e| (text(e, "field"), text(e, "rule"))).collect()
}

/// The value of an attribute.
pub fn value<'a>(entity: &'a Value, attribute: &str) -> &'a Value {
    &entity["attributes"][attribute]["value"]
}

on_both_engines! {
    async fn a_move_goes_from_the_application_to_the_register_by_the_api_alone(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        let services = app.call("GET", "/api/v1/services", None, None).await.ok();
        let moving = services["items"].as_array().unwrap().iter().find(|s| s["key"] == "moving/moving").unwrap();
        assert_eq!((&moving["form"], &moving["term"]["workingDays"]["days"]), (&json!(true), &json!(3)));
        let service = app.call("GET", "/api/v1/services/moving/moving", None, None).await.ok();
        assert_eq!(service["schema"]["id"], "moving");

        let olga = Program::of(&app, "olga", None).await;
        let at = olga.apply("consent").await;
        let seen = olga.get(&at).await.ok();
        assert_eq!((&seen["now"]["state"], value(&seen["case"], "channel")), (&json!("task"), &json!("api")));
        assert!(seen["now"]["by"].is_string(), "{seen}");
        let next = &seen["next"][0];
        assert_eq!((&next["kind"], &next["sure"], next["by"].is_string()), (&json!("decision"), &json!(true), true), "{seen}");
        let happened = |seen: &Value| -> Vec<String> {
            let events = seen["events"].as_array().unwrap();
            events.iter().map(|e| e["action"].as_str().unwrap().to_owned()).collect()
        };
        assert!(happened(&seen).contains(&"open".to_owned()), "{seen}");
        assert_eq!(seen["issued"], json!([]));
        let number = value(&seen["case"], "number").as_str().unwrap().to_owned();
        for query in [format!("number={number}"), "status=open".to_owned(), "service=moving/moving".to_owned()] {
            let own = olga.get(&format!("/api/v1/cases?{query}")).await.ok();
            assert_eq!(own["items"].as_array().map(Vec::len), Some(1), "{query}");
        }
        let none = olga.get("/api/v1/cases?status=closed").await.ok();
        assert_eq!(none["items"], json!([]));

        let task = format!("/api/v1/tasks/{}", seen["now"]["tasks"][0].as_str().unwrap());
        let official = async |verb: &str, body: Option<Value>| {
            app.call("POST", &format!("{task}/{verb}"), Some("official-migration"), body).await
        };
        let register = || Some(json!({"answers": {"decision": "register"}}));
        official("answers", register()).await.problem(409, "task-state");
        official("take", None).await.ok();
        let refused = official("answers", Some(json!({"answers": {"decision": "refuse"}}))).await;
        assert_eq!(errors(&refused), [("reason".to_owned(), "required".to_owned())]);
        official("answers", register()).await.ok();

        let seen = olga.get(&at).await.ok();
        assert_eq!((&seen["now"]["state"], &seen["now"]["outcome"]), (&json!("closed"), &json!("completed")));
        assert_eq!(seen["next"], json!([]));
        assert!(happened(&seen).contains(&"complete".to_owned()), "{seen}");
        let issued = &seen["issued"][0];
        assert_eq!(value(&issued["entity"], "address"), "Новокузнецк, ул. Кирова, 1, 2");
        assert!(issued["receipt"].as_str().unwrap().starts_with("/api/v1/ledger/receipts?space="), "{issued}");
        let home = app.only("Residence").await;
        assert_eq!(home.text("address"), Some("Новокузнецк, ул. Кирова, 1, 2"));
        let rating = format!("{at}/rating");
        olga.post(&rating, json!({"stars": 9})).await.problem(422, "case-stars");
        assert_eq!(olga.post(&rating, json!({"stars": 5, "comment": "быстро"})).await.status, 204);
        olga.post(&rating, json!({"stars": 1})).await.problem(409, "case-not-rated-now");
        app.settle().await;
    }
}

on_both_engines! {
    async fn what_a_process_knows_is_told_to_who_works_on_its_case(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        let olga = Program::of(&app, "olga", None).await;
        let at = olga.apply("consent").await;
        let known = async |who: &str| app.call("GET", &at, Some(who), None).await.ok()["variables"].clone();
        assert_eq!(known("official-migration").await, json!({}), "what was written is not open to them yet");
        let task = olga.get(&at).await.ok()["now"]["tasks"][0].as_str().unwrap().to_owned();
        app.call("POST", &format!("/api/v1/tasks/{task}/take"), Some("official-migration"), None).await.ok();
        let address = "Новокузнецк, ул. Кирова, 1, 2";
        assert_eq!(known("official-migration").await, json!({"address": address, "since": "2026-01-10"}));
        assert_eq!(known("governor").await, json!({}));
        assert_eq!(olga.get(&at).await.ok()["variables"], json!({}), "she has what she wrote");
    }
}

on_both_engines! {
    async fn what_was_issued_of_a_child_is_told_to_its_parent_by_the_api(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        let olga = Program::of(&app, "olga", None).await;
        let at = olga.apply("consent").await;
        let case = app.only("Case").await;
        let parent = case.object("person").unwrap().clone();
        let (child, text) = (urn("urn:t:person:child"), |text: &str| svod_model::Attribute::property(text));
        let person = Entity::new(child.clone(), "Person", case.space.clone()).with("name", text("Ким Мария"));
        let home = Entity::new(urn("urn:t:residence:child"), "Residence", case.space.clone())
            .with("person", svod_model::Attribute::object(child.clone()))
            .with("address", text("ул. Кирова, 1, 2"))
            .with("livesSince", text("2026-01-10"));
        let write = async |entity: Entity, cause: Option<Urn>| {
            let create = svod_registry::Operation::Create(entity);
            let changes = vec![svod_registry::Change::verb(create, svod_registry::Action::Create, "create")];
            let command = svod_registry::Command { ground: "test".into(), cause, changes, ..Default::default() };
            app.core.registry.execute(&svod_kernel::Actor::platform("process"), command).await.unwrap();
        };
        write(person, None).await;
        write(home, Some(case.id.clone())).await;
        let issued = async || olga.get(&at).await.ok()["issued"].clone();
        let looks = async || {
            let all = app.all("kuzbass", "Access").await;
            all.iter().filter(|a| a.object("person") == Some(&child)).count()
        };
        assert_eq!((issued().await, looks().await), (json!([]), 0), "nobody has said that she acts for the child");
        let mandate = Entity::new(urn("urn:t:mandate:parent"), "Mandate", case.space.clone())
            .with("person", svod_model::Attribute::object(child.clone()))
            .with("delegate", svod_model::Attribute::object(parent))
            .with("basis", text("parent"))
            .with("since", text("2025-01-01T00:00:00Z"));
        write(mandate, None).await;
        let told = issued().await;
        let one = &told[0];
        assert_eq!((value(&one["entity"], "address"), &one["receipt"]), (&json!("ул. Кирова, 1, 2"), &Value::Null));
        let acting = json!({"person": child, "name": "Ким Мария", "mandate": "urn:t:mandate:parent"});
        assert_eq!((&one["acting"], told.as_array().map(Vec::len), looks().await), (&acting, Some(1), 1));
        issued().await;
        assert_eq!(looks().await, 1, "within an hour once");
        let official = app.call("GET", &at, Some("official-migration"), None).await.ok();
        assert!(!official["issued"].to_string().contains("Кирова"), "{official}");
    }
}

on_both_engines! {
    async fn what_the_rules_propose_is_accepted_by_the_api(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        let olga = Program::of(&app, "olga", None).await;
        let proposed = async |proposal: Option<&str>| {
            let at = olga.apply("consent").await;
            let task = olga.get(&at).await.ok()["now"]["tasks"][0].as_str().unwrap().to_owned();
            if let Some(proposal) = proposal {
                let set = [("proposal".to_owned(), svod_model::Attribute::property(proposal))].into_iter().collect();
                let urn = task.parse().unwrap();
                let patch = svod_registry::Operation::Patch { urn, expected: None, set, unset: Vec::new() };
                let changes = vec![patch.into()];
                let command = svod_registry::Command { ground: "test".into(), changes, ..Default::default() };
                app.core.registry.execute(&svod_kernel::Actor::platform("test"), command).await.unwrap();
            }
            (at, format!("/api/v1/tasks/{task}/accept"))
        };
        let official = Some("official-migration");
        let (at, accept) = proposed(Some(r#"{"decision": "register"}"#)).await;
        app.call("POST", &accept, official, None).await.ok();
        assert_eq!(olga.get(&at).await.ok()["now"]["outcome"], json!("completed"));
        app.call("POST", &accept, official, None).await.problem(409, "task-state");
        let (_, stale) = proposed(Some(r#"{"decision": "tomorrow"}"#)).await;
        let refused = app.call("POST", &stale, official, None).await;
        assert_eq!(errors(&refused), [("decision".to_owned(), "choice".to_owned())]);
        let (_, bare) = proposed(None).await;
        app.call("POST", &bare, official, None).await.problem(409, "no-proposal");
        app.settle().await;
    }
}

on_both_engines! {
    async fn what_is_wrong_is_told_field_by_field_and_nothing_begins(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        let olga = Program::of(&app, "olga", None).await;
        let told = |answer: &Answer| errors(answer).into_iter().map(|(field, rule)| format!("{field} {rule}")).collect::<Vec<_>>();
        let nothing = olga.post(APPLICATIONS, json!({})).await;
        let missing: Vec<String> = errors(&nothing).into_iter().map(|(field, _)| field).collect();
        assert_eq!(missing, ["address", "since", "ground", "document"]);
        let owner = |address: &str, since: Value| {
            json!({"answers": {"address": address, "since": since, "ground": "owner"}})
        };
        let short = olga.post(APPLICATIONS, owner("д. 1", json!("2026-01-10"))).await;
        assert_eq!(told(&short), ["address min-length"]);
        assert!(short.text.contains("write at least 5 characters"), "{}", short.text);
        let typed = olga.post(APPLICATIONS, owner("Новокузнецк, ул. Кирова, 1", json!(7))).await;
        assert_eq!(told(&typed), ["since kind"]);
        let mut file = application("consent");
        file["answers"]["scan"] = json!([{"file": "urn:svod:file:1", "name": "a.pdf", "type": "application/pdf", "size": 5}]);
        assert_eq!(told(&olga.post(APPLICATIONS, file).await), ["scan files"]);
        let stray = olga.post(APPLICATIONS, json!({"answers": {}, "channel": "web"})).await;
        stray.problem(400, "bad-request");
        olga.post("/api/v1/services/moving/leaving/applications", json!({})).await.problem(404, "unknown-service");
        let nobody = app.call("POST", APPLICATIONS, Some("citizen"), Some(application("owner"))).await;
        nobody.problem(403, "no-applicant");
        app.call("POST", APPLICATIONS, None, Some(application("owner"))).await.problem(403, "no-applicant");
        assert!(app.all("kuzbass", "Case").await.is_empty());
        app.settle().await;
    }
}

on_both_engines! {
    async fn sent_twice_under_one_key_it_is_one_case(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        let olga = Program::of(&app, "olga", None).await;
        let send = async |key: &str, ground: &str| olga.ask("POST", APPLICATIONS, Some(key), Some(application(ground))).await;
        let (one, two) = tokio::join!(send("a", "consent"), send("a", "consent"));
        assert_eq!(one.ok()["case"], two.ok()["case"]);
        assert_eq!(send("a", "consent").await.ok()["case"], one.json()["case"]);
        send("a", "lease").await.problem(422, "key-used");
        assert_ne!(send("b", "consent").await.ok()["case"], one.json()["case"]);
        assert_eq!(app.all("kuzbass", "Case").await.len(), 2);
        app.settle().await;
    }
}

on_both_engines! {
    async fn a_case_of_somebody_else_is_not_there(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        let (olga, ivan) = (Program::of(&app, "olga", None).await, Program::of(&app, "ivan", None).await);
        let at = olga.apply("consent").await;
        ivan.get(&at).await.problem(404, "not-found");
        let objection = json!({"decision": "urn:t:none", "answers": {"text": "no"}});
        for (verb, body) in [("messages", json!({"text": "x"})), ("rating", json!({"stars": 1})), ("objections", objection)] {
            ivan.post(&format!("{at}/{verb}"), body).await.problem(404, "not-found");
        }
        assert_eq!(ivan.get("/api/v1/cases").await.ok()["items"], json!([]));
        app.call("GET", &at, None, None).await.problem(404, "not-found");
        // Who answers for another subject sees that there is one, and not what was written.
        let seen = app.call("GET", &at, Some("official-regional"), None).await.ok();
        assert!(!seen.to_string().contains("Согласие от"), "{seen}");
        app.settle().await;
    }
}

on_both_engines! {
    async fn the_applicant_and_the_body_write_to_one_another(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        let olga = Program::of(&app, "olga", None).await;
        let at = olga.apply("consent").await;
        let letters = format!("{at}/messages");
        let write = async |persona: &str, text: &str| {
            app.call("POST", &letters, Some(persona), Some(json!({"text": text}))).await
        };
        assert_eq!(olga.post(&letters, json!({"text": "Нужен ли оригинал?"})).await.status, 201);
        olga.post(&letters, json!({"text": "  "})).await.problem(422, "message-text");
        app.clock.advance(1);
        assert_eq!(write("official-migration", "Да, принесите.").await.status, 201);
        write("official-regional", "Не к нам.").await.problem(403, "forbidden");
        let seen = olga.get(&at).await.ok();
        let said: Vec<_> = seen["messages"].as_array().unwrap().iter().map(|m| (value(m, "from"), value(m, "text"))).collect();
        let (question, answer) = (json!("Нужен ли оригинал?"), json!("Да, принесите."));
        assert_eq!(said, [(&json!("applicant"), &question), (&json!("body"), &answer)]);
        let again = olga.get(&at).await.ok();
        let read = again["messages"].as_array().unwrap().iter().filter(|m| value(m, "readAt").is_string()).count();
        assert_eq!(read, 1, "what the body wrote is read; what they wrote themselves is not theirs to read");
        app.settle().await;
    }
}

on_both_engines! {
    async fn tasks_are_called_in_the_language_that_is_asked_for(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        Program::of(&app, "olga", None).await.apply("consent").await;
        let bearer = format!("Bearer {}", app.token("official-migration"));
        let title = async |query: &str, accepted: Option<&str>| {
            let mut headers = vec![("authorization", bearer.clone())];
            headers.extend(accepted.map(|tags| ("accept-language", tags.to_owned())));
            let page = app.request("GET", &format!("/api/v1/tasks{query}"), &headers, Vec::new()).await.ok();
            value(&page["items"][0], "title").as_str().unwrap_or_default().to_owned()
        };
        let (ru, kk, en) = ("Проверить право на жильё", "Тұрғын үйге құқықты тексеру", "Check the right to the home");
        for (query, accepted, words) in [
            ("", None, ru),
            ("", Some("kk"), kk),
            ("", Some("de, en-GB;q=0.8, ru;q=0.5"), en),
            // A language that the platform does not speak, and a program that takes any.
            ("", Some("de"), ru),
            ("", Some("*"), ru),
            ("?lang=en", None, en),
            // What stands in the address is said more plainly.
            ("?lang=kk", Some("en"), kk),
        ] {
            assert_eq!(title(query, accepted).await, words, "{query} {accepted:?}");
        }
        app.settle().await;
    }
}

/// Moving that waits for another system before it is looked at.
fn waiting() -> svod_model::PackSource {
    let moving = packs::shipped("moving");
    let wait = r#"<intermediateCatchEvent id="asked" name="Ответ соседа" svod:correlation="document"><extensionElements><svod:output name="neighbour" value="agrees"/></extensionElements><messageEventDefinition messageRef="message-neighbour"/></intermediateCatchEvent>
    <userTask id="check" "#;
    let file = "processes/moving.bpmn";
    let moving = packs::replaced(moving, file, "<userTask id=\"check\" ", wait);
    let moving = packs::replaced(
        moving,
        file,
        r#"sourceRef="who" targetRef="check"></sequenceFlow>"#,
        r#"sourceRef="who" targetRef="asked"></sequenceFlow><sequenceFlow id="to-check-then" sourceRef="asked" targetRef="check"></sequenceFlow>"#,
    );
    packs::replaced(
        moving,
        file,
        r#"<process id="moving""#,
        r#"<message id="message-neighbour" name="neighbour"/><process id="moving""#,
    )
}

on_both_engines! {
    async fn another_system_tells_a_process_what_it_waits_for(builder: TestAppBuilder) {
        let app = builder.pack(waiting()).doors().start().await;
        let olga = Program::of(&app, "olga", None).await;
        let at = olga.apply("consent").await;
        assert_eq!(olga.get(&at).await.ok()["now"]["state"], "platform");
        let told = |key: &str| json!({"name": "neighbour", "key": key, "payload": {"agrees": true}});
        let (key, path) = ("Согласие от 01.01.2026", "/api/v1/messages");
        olga.post(path, told(key)).await.problem(403, "forbidden");
        app.call("POST", path, Some("official-migration"), Some(told(key))).await.problem(403, "forbidden");
        let elsewhere = Program::of(&app, "elsewhere", Some((Role::Administrator, "kuzbass/kemerovo"))).await;
        elsewhere.post(path, told(key)).await.problem(404, "nobody-waits");
        let system = Program::of(&app, "system", Some((Role::Administrator, "kuzbass"))).await;
        system.post(path, told("another key")).await.problem(404, "nobody-waits");
        system.post(path, json!({"name": "", "payload": {}})).await.problem(400, "bad-request");
        assert_eq!(olga.get(&at).await.ok()["now"]["state"], "platform", "nothing of that has moved it");
        assert_eq!(system.post(path, told(key)).await.status, 204);
        assert_eq!(olga.get(&at).await.ok()["now"]["state"], "task");
        system.post(path, told(key)).await.problem(404, "nobody-waits");
        app.settle().await;
    }
}
