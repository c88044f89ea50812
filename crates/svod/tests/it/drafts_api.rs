//! Forms with files by the API alone: drafts, files of messages and of objections, for who asks and for who answers.

use serde_json::{Value, json};
use svod_kernel::Actor;
use svod_model::{Attribute, Entity, PackSource};
use svod_registry::{Command, Operation};
use svod_testkit::{Answer, on_both_engines, packs};

use crate::services_api::{Program, errors, value};

const DRAFT: &str = "/api/v1/my/drafts/moving/moving";
const BYTES: &str = "application/octet-stream";
const PDF: &str = "%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n";

fn answers(scan: &Value) -> Value {
    json!({"answers": {"address": "Новокузнецк, ул. Кирова, 1, 2", "since": "2026-01-10", "ground": "consent",
        "document": "Согласие от 01.01.2026", "scan": scan}})
}

/// Moving, whose officials and whose objections take files.
fn with_files() -> PackSource {
    let form = |fields: &[Value]| {
        let files = json!({"type": "filepicker", "key": "files", "label": "@moving-scan", "multiple": true});
        let all: Vec<Value> = fields.iter().cloned().chain([files]).collect();
        json!({"type": "default", "id": "f", "schemaVersion": 19, "components": all}).to_string()
    };
    let text = |key: &str| json!({"type": "textfield", "key": key, "label": "@moving-document", "validate": {"required": true}});
    let moving = packs::file(packs::shipped("moving"), "forms/moving-objection.form.json", form(&[text("why")]));
    let moving = packs::file(moving, "forms/moving-check.form.json", form(&[text("decision")]));
    let moving = if moving.files["services/moving.yaml"].contains("moving-objection.form.json") {
        moving
    } else {
        let way = "object: {process: moving, days: 90, form: moving-objection.form.json}\n";
        packs::appended(moving, "services/moving.yaml", way)
    };
    PackSource { files: moving.files.into_iter().filter(|(path, _)| !path.starts_with("tests/")).collect() }
}

async fn put(program: &Program<'_>, body: Value) -> Answer {
    program.ask("PUT", DRAFT, None, Some(body)).await
}

/// Files of a case and its messages: owner and name.
fn files(case: &Value) -> Vec<(String, String)> {
    let all = case["files"].as_array().cloned().unwrap_or_default();
    all.iter().map(|f| (f["owner"].as_str().unwrap().to_owned(), f["name"].as_str().unwrap().to_owned())).collect()
}

on_both_engines! {
    async fn a_form_with_files_is_filled_in_and_sent_as_a_draft(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        let (olga, ivan) = (Program::of(&app, "olga", None).await, Program::of(&app, "ivan", None).await);
        olga.get(DRAFT).await.problem(404, "not-found");
        let path = format!("{DRAFT}/files?name=scan.pdf");
        olga.send(&path, BYTES, "MZ").await.problem(415, "file-kind");
        olga.send(&format!("{DRAFT}/files?name=scan.png"), BYTES, PDF).await.problem(422, "file-name-differs");
        let scan = olga.send(&path, BYTES, PDF).await.ok();
        assert_eq!((&scan["name"], &scan["type"]), (&json!("scan.pdf"), &json!("application/pdf")));

        // What is not whole is kept, and all that is missing is told.
        let begun = put(&olga, json!({"answers": {"ground": "consent", "since": 7}})).await.ok();
        let missing: Vec<_> = begun["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
        assert_eq!(missing, ["address", "since", "document"]);
        assert_eq!((&begun["service"], &begun["answers"]["ground"]), (&json!("moving/moving"), &json!("consent")));
        olga.post(&format!("{DRAFT}/send"), json!({})).await.problem(422, "form");
        // Files of others, and made-up ones, are not named; what is said of a file is what it is.
        let theirs = ivan.send(&path, BYTES, PDF).await.ok();
        for strange in [json!([theirs]), json!([{"file": "urn:svod:file:1"}]), json!([{"file": "x", "name": "x", "type": "x", "size": 1}])] {
            assert_eq!(errors(&put(&olga, answers(&strange)).await), [("scan".to_owned(), "files".to_owned())]);
        }
        let lied = json!([{"file": scan["file"], "name": "other.exe", "type": "x", "size": 1}]);
        let whole = put(&olga, answers(&lied)).await.ok();
        assert_eq!((&whole["errors"], &whole["answers"]["scan"][0]), (&json!([]), &scan));
        assert_eq!(olga.get(DRAFT).await.ok(), whole);
        let listed = olga.get("/api/v1/my/drafts").await.ok();
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "{listed}");

        let (send, nothing) = (format!("{DRAFT}/send"), || json!({}));
        let (one, two) = tokio::join!(olga.post(&send, nothing()), olga.post(&send, nothing()));
        let begun: Vec<&Answer> = [&one, &two].into_iter().filter(|a| a.status == 201).collect();
        assert!(!begun.is_empty(), "{} {}", one.text, two.text);
        assert!(begun.iter().all(|a| a.json()["case"] == begun[0].json()["case"]), "sent twice it is one case");
        assert_eq!(app.all("kuzbass", "Case").await.len(), 1);
        let seen = olga.get(begun[0].header("location")).await.ok();
        assert_eq!(value(&seen["case"], "channel"), &json!("api"));
        let case = seen["case"]["id"].as_str().unwrap().to_owned();
        assert_eq!(files(&seen), [(case, "scan.pdf".to_owned())]);
        let file = format!("/api/v1/files/{}", scan["file"].as_str().unwrap());
        assert_eq!(olga.get(&file).await.text, PDF);
        ivan.get(&file).await.problem(404, "file-missing");
        olga.get(DRAFT).await.problem(404, "not-found");
        olga.post(&send, json!({})).await.problem(404, "not-found");
        app.settle().await;
    }
}

on_both_engines! {
    async fn a_draft_is_its_owners_and_is_thrown_away(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        let (olga, ivan) = (Program::of(&app, "olga", None).await, Program::of(&app, "ivan", None).await);
        put(&olga, answers(&json!([]))).await.ok();
        ivan.get(DRAFT).await.problem(404, "not-found");
        assert_eq!(ivan.get("/api/v1/my/drafts").await.ok()["items"], json!([]));
        ivan.post(&format!("{DRAFT}/send"), json!({})).await.problem(404, "not-found");
        assert_eq!(ivan.ask("DELETE", DRAFT, None, None).await.status, 204, "theirs, which is not there");
        assert_eq!(olga.get(DRAFT).await.ok()["answers"]["ground"], "consent");
        assert_eq!(olga.ask("DELETE", DRAFT, None, None).await.status, 204);
        olga.get(DRAFT).await.problem(404, "not-found");
        put(&olga, json!({"answers": {}, "channel": "web"})).await.problem(400, "bad-request");
        olga.get("/api/v1/my/drafts/moving/leaving").await.problem(404, "unknown-service");
        app.settle().await;
    }
}

on_both_engines! {
    async fn an_offer_is_taken_with_files(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        let (olga, ivan) = (Program::of(&app, "olga", None).await, Program::of(&app, "ivan", None).await);
        let person = app.all("kuzbass", "Person").await.into_iter().find(|p| p.text("name") == Some("olga")).unwrap();
        let text = |v: &str| Attribute::property(v);
        let data = json!({"address": "Новокузнецк, ул. Кирова, 1, 2", "since": "2026-01-10"}).to_string();
        let offer = Entity::new("urn:svod:offer:o1".parse().unwrap(), "Offer", person.space.clone())
            .with("name", text("Moving"))
            .with("person", Attribute::object(person.id.clone()))
            .with("service", text("moving/moving"))
            .with("data", text(&data))
            .with("madeAt", text("2026-01-15T01:00:00Z"))
            .with("status", text("open"));
        let command = Command { changes: vec![Operation::Create(offer).into()], ..Command::default() };
        app.core.registry.execute(&Actor::platform("test"), command).await.unwrap();
        let (path, accept) = ("/api/v1/my/offers/urn:svod:offer:o1/files?name=a.pdf", "/api/v1/my/offers/urn:svod:offer:o1/accept");
        ivan.send(path, BYTES, PDF).await.problem(404, "not-found");
        let scan = olga.send(path, BYTES, PDF).await.ok();
        let more = |scan: Value| json!({"answers": {"ground": "consent", "document": "Согласие", "scan": scan}});
        assert_eq!(errors(&olga.post(accept, more(json!([{"file": "urn:svod:file:1"}]))).await), [("scan".to_owned(), "files".to_owned())]);
        let taken = olga.post(accept, more(json!([scan]))).await;
        assert_eq!(taken.status, 201, "{}", taken.text);
        let seen = olga.get(taken.header("location")).await.ok();
        let case = seen["case"]["id"].as_str().unwrap().to_owned();
        assert_eq!(files(&seen), [(case, "a.pdf".to_owned())]);
        olga.send(path, BYTES, PDF).await.problem(409, "offer-state");
        app.settle().await;
    }
}

on_both_engines! {
    async fn what_an_offer_has_filled_in_and_its_form_only_shows_stays(builder: TestAppBuilder) {
        let field = |key: &str, more: Value| {
            let mut field = json!({"type": "textfield", "key": key, "label": "@moving-document"});
            field.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            field
        };
        let form = json!({"type": "default", "id": "f", "schemaVersion": 19, "components": [
            field("number", json!({"readonly": true})), field("address", json!({"validate": {"required": true}})),
            field("since", json!({})), field("ground", json!({}))]});
        let moving = packs::file(packs::shipped("moving"), "forms/moving.form.json", form.to_string());
        let moving = PackSource { files: moving.files.into_iter().filter(|(path, _)| !path.starts_with("tests/")).collect() };
        let app = builder.pack(moving).doors().start().await;
        let olga = Program::of(&app, "olga", None).await;
        let person = app.all("kuzbass", "Person").await.into_iter().find(|p| p.text("name") == Some("olga")).unwrap();
        let text = |v: &str| Attribute::property(v);
        let data = json!({"number": "32 1", "since": "2026-01-10", "ground": "owner"}).to_string();
        let offer = |id: &str, fill: bool| {
            Entity::new(format!("urn:svod:offer:{id}").parse().unwrap(), "Offer", person.space.clone())
                .with("name", text("Moving"))
                .with("person", Attribute::object(person.id.clone()))
                .with("service", text("moving/moving"))
                .with("data", text(&data))
                .with("mustFill", Attribute::property(fill))
                .with("madeAt", text(if fill { "2026-01-15T01:00:00Z" } else { "2026-01-15T02:00:00Z" }))
                .with("status", text("open"))
        };
        let changes = vec![Operation::Create(offer("one", true)).into(), Operation::Create(offer("two", false)).into()];
        let command = Command { changes, ..Command::default() };
        app.core.registry.execute(&Actor::platform("test"), command).await.unwrap();
        // What is missing is told; what is read-only is neither taken nor blanked.
        let accept = "/api/v1/my/offers/urn:svod:offer:one/accept";
        let refused = olga.post(accept, json!({})).await;
        assert_eq!(errors(&refused), [("address".to_owned(), "required".to_owned())]);
        let answers = json!({"answers": {"address": "Новокузнецк, ул. Кирова, 1, 2", "number": "forged"}});
        let taken = olga.post(accept, answers.clone()).await;
        assert_eq!(taken.status, 201, "{}", taken.text);
        // The same by a draft, and though the draft says nothing of it.
        let kept = put(&olga, answers).await.ok();
        assert_eq!((&kept["answers"]["number"], &kept["errors"]), (&json!("32 1"), &json!([])));
        let sent = olga.post(&format!("{DRAFT}/send"), json!({})).await;
        assert_eq!(sent.status, 201, "{}", sent.text);
        for at in [taken.header("location"), sent.header("location")] {
            let case: svod_kernel::Urn = at.rsplit('/').next().unwrap().parse().unwrap();
            let held: Value = serde_json::from_str(app.entity(&case).await.text("answers").unwrap()).unwrap();
            assert_eq!((&held["number"], &held["since"]), (&json!("32 1"), &json!("2026-01-10")));
        }
        app.settle().await;
    }
}

/// A message with files, as a program sends it.
fn letter(text: &str, files: &[(&str, &str)]) -> String {
    let mut body = format!("--x\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\n{text}\r\n");
    for (name, content) in files {
        body +=
            &format!("--x\r\ncontent-disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n{content}\r\n");
    }
    body + "--x--\r\n"
}

on_both_engines! {
    async fn messages_bring_files_both_ways(builder: TestAppBuilder) {
        let app = builder.pack(packs::shipped("moving")).doors().start().await;
        let olga = Program::of(&app, "olga", None).await;
        let at = olga.apply("consent").await;
        let (letters, kind) = (format!("{at}/messages"), "multipart/form-data; boundary=x");
        olga.send(&letters, kind, letter("Вот", &[("a.pdf", "MZ")])).await.problem(415, "file-kind");
        olga.send(&letters, kind, letter(" ", &[("a.pdf", PDF)])).await.problem(422, "message-text");
        olga.send(&letters, kind, letter("Вот", &[]).replace("\"text\"", "\"words\"")).await.problem(400, "bad-request");
        olga.send(&letters, kind, "no parts").await.problem(400, "bad-request");
        assert!(app.all("kuzbass", "CaseMessage").await.is_empty());
        let sent = olga.send(&letters, kind, letter("Вот", &[("a.pdf", PDF), ("b.pdf", PDF)])).await;
        assert_eq!(sent.status, 201, "{}", sent.text);
        let message = sent.json()["message"].as_str().unwrap().to_owned();
        let seen = olga.get(&at).await.ok();
        assert_eq!(files(&seen), [(message.clone(), "a.pdf".to_owned()), (message, "b.pdf".to_owned())]);
        let file = format!("/api/v1/files/{}", seen["files"][0]["id"].as_str().unwrap());
        assert_eq!(olga.get(&file).await.text, PDF);
        // Who answers reads them with the task.
        let official = "official-migration";
        app.call("GET", &file, Some(official), None).await.problem(404, "file-missing");
        let task = format!("/api/v1/tasks/{}/take", seen["now"]["tasks"][0].as_str().unwrap());
        app.call("POST", &task, Some(official), None).await.ok();
        assert_eq!(app.call("GET", &file, Some(official), None).await.text, PDF);
        app.call("GET", &file, Some("official-regional"), None).await.problem(404, "file-missing");
        app.settle().await;
    }
}

on_both_engines! {
    async fn the_answers_of_a_task_and_an_objection_bring_files(builder: TestAppBuilder) {
        let app = builder.pack(with_files()).doors().start().await;
        let (olga, ivan) = (Program::of(&app, "olga", None).await, Program::of(&app, "ivan", None).await);
        let at = olga.apply("consent").await;
        let case = at.rsplit('/').next().unwrap().to_owned();
        let task = format!("/api/v1/tasks/{}", olga.get(&at).await.ok()["now"]["tasks"][0].as_str().unwrap());
        let official = [("authorization", format!("Bearer {}", app.token("official-migration")))];
        let file = format!("{task}/files?name=plan.pdf");
        app.request("POST", &file, &official, PDF.into()).await.problem(409, "task-state");
        app.call("POST", &format!("{task}/take"), Some("official-migration"), None).await.ok();
        let plan = app.request("POST", &file, &official, PDF.into()).await.ok();
        let done = json!({"answers": {"decision": "refuse", "files": [plan]}});
        app.call("POST", &format!("{task}/answers"), Some("official-migration"), Some(done)).await.ok();
        app.settle().await;
        let seen = olga.get(&at).await.ok();
        assert_eq!(files(&seen), [(case, "plan.pdf".to_owned())]);

        let decision = seen["decisions"][0]["id"].as_str().unwrap();
        let path = format!("{at}/objections/{decision}/files?name=proof.pdf");
        ivan.send(&path, BYTES, PDF).await.problem(404, "not-found");
        let proof = olga.send(&path, BYTES, PDF).await.ok();
        let object = |files: Value| json!({"decision": decision, "answers": {"why": "It was signed", "files": files}});
        let strange = olga.post(&format!("{at}/objections"), object(json!([{"file": "urn:svod:file:1"}]))).await;
        assert_eq!(errors(&strange), [("files".to_owned(), "files".to_owned())]);
        let begun = olga.post(&format!("{at}/objections"), object(json!([proof]))).await;
        assert_eq!(begun.status, 201, "{}", begun.text);
        let seen = olga.get(begun.header("location")).await.ok();
        let new = begun.json()["case"].as_str().unwrap().to_owned();
        assert_eq!(files(&seen), [(new, "proof.pdf".to_owned())]);
        olga.send(&path, BYTES, PDF).await.problem(409, "not-objectable");
        app.settle().await;
    }
}
