//! Answers of a form that are kept, and given to many tasks at once: each is held to its own form.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use svod_kernel::{Actor, Coded as _, Role};
use svod_model::testing::shipped;
use svod_model::{Attribute, Entity, PackSource};
use svod_portal::testing::form;
use svod_registry::EntityQuery;
use svod_runtime::{Filling, Templates};

use crate::house::{ANNA, House};

const OFFICIAL: &str = "official-migration";
const BODY: &str = "urn:svod:body:kuzbass:migration";
const WHY: &str = "The consent is not signed";

/// The pack of moving under another version, whose check asks for a note where a letter was brought, and for no reason then.
fn moving(version: &str) -> PackSource {
    let mut source = shipped("moving");
    source.files.retain(|path, _| !path.starts_with("tests/"));
    let mut change = |path: &str, old: &str, new: &str| {
        let file = source.files.get_mut(path).unwrap();
        assert!(file.contains(old), "{path}: {old}");
        *file = file.replace(old, new);
    };
    let line = shipped("moving").files["pack.yaml"].lines().find(|l| l.starts_with("version:")).unwrap().to_owned();
    change("pack.yaml", &line, &format!("version: {version}"));
    let note = r#""conditional": { "hide": "=decision != \"refuse\" or document = \"Letter\"" } },
    { "type": "textfield", "key": "note", "label": "@moving-document", "validate": { "required": true },
      "conditional": { "hide": "=document != \"Letter\" and document != \"Ticket\"" } }"#;
    let form = "forms/moving-check.form.json";
    change(form, r#""conditional": { "hide": "=decision != \"refuse\"" } }"#, note);
    change(form, r#""id": "moving-check","#, r#""id": "moving-check", "svod.inputs": ["document"],"#);
    source
}

async fn asked(house: &House, document: &str) -> Entity {
    let data = json!({"name": "Анна Ким", "address": "ул. Кирова, 1, 2", "since": "2026-01-10", "ground": "consent",
        "document": document});
    house.task_of(&house.asks(&House::anna(), "moving/moving", data).await).await
}

async fn taken(house: &House, document: &str) -> Entity {
    let task = asked(house, document).await;
    let done = house.visitor.post(OFFICIAL, &format!("/tasks/{}/take", task.id), "").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    task
}

async fn status(house: &House, task: &Entity) -> String {
    house.entity_now(task.id.as_str()).await.text("status").unwrap().to_owned()
}

async fn decisions(house: &House, task: &Entity) -> Vec<Entity> {
    let q = EntityQuery::of("kuzbass".parse().unwrap(), &["Decision"]);
    let q = q.with("case", task.object("case").unwrap().as_str());
    house.registry.query(&Actor::platform("test"), q).await.unwrap().items
}

/// Begins to answer a task by its form, and keeps it for later.
async fn begun(house: &House, task: &Entity, answers: &str) {
    let kept =
        house.visitor.post(OFFICIAL, &format!("/tasks/{}/form", task.id), &format!("page=&{answers}&do=save")).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.body);
}

fn bulk(template: &str, tasks: &[&Entity], sure: bool) -> String {
    let tasks: String = tasks.iter().map(|t| format!("&task={}", t.id)).collect();
    format!("act=answer&answers={}{tasks}{}", form(template), if sure { "&sure=1" } else { "" })
}

/// All of these stand in the page.
#[track_caller]
fn told(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[tokio::test]
async fn answers_of_a_form_are_given_to_many_tasks() {
    let house = House::new().await;
    house.people().await;
    let (first, second) = (taken(&house, "Consent").await, taken(&house, "Consent").await);
    let offered = asked(&house, "Consent").await;
    house.registry.publish(&Actor::platform("packs"), moving("99.0.0")).await.unwrap();
    let other = taken(&house, "Consent").await;
    let (page, keep) = (format!("/tasks/{}", first.id), format!("/tasks/{}/template", first.id));
    assert!(!house.visitor.get(Some(OFFICIAL), &page).await.body.contains(&keep), "nothing is answered yet");

    // What the form does not take as it stands is no template.
    begun(&house, &first, "f.decision=refuse").await;
    assert!(house.visitor.get(Some(OFFICIAL), &page).await.body.contains(&keep));
    let refused = house.visitor.post(OFFICIAL, &keep, "name=Unsigned").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    told(&refused.body, &["Nothing was kept", "asks for another answer", &house.text("moving-reason")]);
    begun(&house, &first, &format!("f.decision=refuse&f.reason={}", form(WHY))).await;
    let refused = house.visitor.post(OFFICIAL, &keep, "name=+").await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("1 to 60"), "{}", refused.body);
    let foreign = house.visitor.post(OFFICIAL, &keep, "name=Unsigned&shared=1").await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN, "for the body only who heads it");
    let kept = house.visitor.post(OFFICIAL, &keep, "name=Unsigned").await;
    assert_eq!(kept.location, format!("{page}?done=template"), "{}", kept.body);
    told(
        &house.visitor.get(Some(OFFICIAL), "/tasks").await.body,
        &["<option value=\"own/Unsigned\">Unsigned</option>"],
    );

    // Nothing happens before it was looked at once more.
    let all = [&first, &second, &offered, &other];
    let sure = house.visitor.post(OFFICIAL, "/tasks/bulk", &bulk("own/Unsigned", &all, false)).await;
    assert_eq!(sure.status, StatusCode::OK, "{}", sure.body);
    told(
        &sure.body,
        &["cannot be undone", WHY, "Will be answered so", "take it first", "of another version", "Do it: 2"],
    );
    assert_eq!(status(&house, &first).await, "taken");
    for lang in ["ru", "kk"] {
        let path = format!("/tasks/bulk?lang={lang}");
        let told = house.visitor.post(OFFICIAL, &path, &bulk("own/Unsigned", &all, false)).await;
        assert_eq!(told.status, StatusCode::OK, "{lang}");
    }
    let done = house.visitor.post(OFFICIAL, "/tasks/bulk", &bulk("own/Unsigned", &all, true)).await;
    told(&done.body, &["Done: 2 of 4", "Not done: 2.", "Answered by its form", "take it first", "of another version"]);
    for (task, now) in [(&first, "done"), (&second, "done"), (&offered, "offered"), (&other, "taken")] {
        assert_eq!(status(&house, task).await, now);
    }
    let made = decisions(&house, &second).await;
    assert_eq!((made[0].text("outcome"), made[0].text("reason")), (Some("moving-refused"), Some(WHY)));
    assert!(decisions(&house, &other).await.is_empty());

    let again = house.visitor.post(OFFICIAL, "/tasks/bulk", &bulk("own/Unsigned", &[&first], true)).await;
    told(&again.body, &["Done: 0 of 1", "it is complete already"]);
    for (template, says) in [("own/Nothing", "Choose the answers of a form"), ("", "Choose the answers of a form")] {
        let none = house.visitor.post(OFFICIAL, "/tasks/bulk", &bulk(template, &[&other], true)).await;
        assert!(none.status == StatusCode::UNPROCESSABLE_ENTITY && none.body.contains(says), "{}", none.body);
    }
    house.visitor.post(OFFICIAL, "/tasks/templates/drop", "name=own%2FUnsigned&query=").await;
    assert!(!house.visitor.get(Some(OFFICIAL), "/tasks").await.body.contains("own/Unsigned"));
}

#[tokio::test]
async fn each_task_is_held_to_its_own_form() {
    let house = House::new().await;
    house.people().await;
    house.registry.publish(&Actor::platform("packs"), moving("99.0.0")).await.unwrap();
    let plain = taken(&house, "Consent").await;
    let (hides, asks) = (taken(&house, "Letter").await, taken(&house, "Ticket").await);
    begun(&house, &plain, &format!("f.decision=refuse&f.reason={}", form(WHY))).await;
    house.visitor.post(OFFICIAL, &format!("/tasks/{}/template", plain.id), "name=R").await;
    let all = [&plain, &hides, &asks];
    let done = house.visitor.post(OFFICIAL, "/tasks/bulk", &bulk("own/R", &all, true)).await;
    let note = house.text("moving-document");
    told(&done.body, &["Done: 1 of 3", &format!("the form asks for another answer: {note}")]);
    assert_eq!(done.body.matches("the form asks for another answer").count(), 2, "{}", done.body);
    assert_eq!(status(&house, &plain).await, "done");
    for task in [&hides, &asks] {
        assert_eq!(status(&house, task).await, "taken", "it stays with who has it");
        assert!(decisions(&house, task).await.is_empty());
    }
    // Of a task whose form hides an answer, that answer is not lost in silence.
    let person = official("urn:svod:person:o", "Somebody");
    let own = taken_by(&house, &person, "Letter").await;
    let templates = templates(&house);
    let noted = json!({"decision": "register", "note": "seen"});
    let kept = templates.keep(&person, &own.id, ("N", false), map(noted)).await.unwrap();
    let bare = taken_by(&house, &person, "Consent").await;
    let refused = templates.answer(&person, &bare.id, &kept).await.unwrap_err();
    assert_eq!((refused.code(), refused.fields()[0].field.as_str()), ("template-unasked", "note"));
    assert_eq!(status(&house, &bare).await, "taken");
    templates.answer(&person, &own.id, &kept).await.unwrap();
    assert_eq!(status(&house, &own).await, "done");
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn official(id: &str, name: &str) -> Actor {
    Actor {
        id: id.into(),
        name: name.into(),
        roles: [Role::Official].into(),
        spaces: vec!["kuzbass".parse().unwrap()],
        body: Some(BODY.parse().unwrap()),
        on_behalf: Vec::new(),
    }
}

async fn taken_by(house: &House, who: &Actor, document: &str) -> Entity {
    let task = asked(house, document).await;
    house.tasks.take(who, &task.id).await.unwrap();
    task
}

fn templates(house: &House) -> Templates {
    let filling = Filling::new(house.registry.clone(), 7);
    Templates::new(house.registry.clone(), house.applications.clone(), filling, house.tasks.clone())
}

#[tokio::test]
async fn who_heads_a_body_keeps_templates_for_all_of_it() {
    let house = House::new().await;
    house.people().await;
    let post = House::new_entity("urn:svod:post:chief", "Post")
        .with("name", Attribute::property("Chief"))
        .with("role", Attribute::property("official"))
        .with("body", Attribute::object(BODY.parse().unwrap()))
        .with("head", Attribute::property(true));
    let chief = official("urn:svod:person:h", "Chief");
    let person = House::new_entity(&chief.id, "Person").with("name", Attribute::property("X"));
    let appointment = House::new_entity("urn:svod:appointment:1", "Appointment")
        .with("person", Attribute::object(chief.id.parse().unwrap()))
        .with("post", Attribute::object(post.id.clone()))
        .with("since", Attribute::property("2026-01-01T00:00:00Z"));
    house.write(vec![post, person]).await;
    house.write(vec![appointment]).await;
    let task = taken_by(&house, &chief, "Consent").await;
    let kept = templates(&house);
    let answers = map(json!({"decision": "refuse", "reason": WHY}));
    let template = kept.keep(&chief, &task.id, ("Usual", true), answers).await.unwrap();
    assert_eq!(template.key(), "body/Usual");

    let theirs = taken(&house, "Consent").await;
    let list = house.visitor.get(Some(OFFICIAL), "/tasks").await.body;
    told(&list, &["<option value=\"body/Usual\">Usual – of the authority</option>"]);
    assert!(!house.visitor.get(Some("official-municipal"), "/tasks").await.body.contains("body/Usual"));
    assert!(!house.visitor.get(Some(ANNA), "/tasks").await.body.contains("body/Usual"));
    let drop = house.visitor.post(OFFICIAL, "/tasks/templates/drop", "name=body%2FUsual").await;
    assert_eq!(drop.status, StatusCode::FORBIDDEN, "it is not theirs to throw away");
    let done = house.visitor.post(OFFICIAL, "/tasks/bulk", &bulk("body/Usual", &[&theirs], true)).await;
    told(&done.body, &["Done: 1 of 1"]);
    assert_eq!(status(&house, &theirs).await, "done");

    // What is in use is not swept away with what is old.
    house.at("2026-02-15T01:00:00Z");
    assert_eq!(kept.all(&chief).await.unwrap().len(), 1);
    let holder = Actor { id: BODY.into(), ..Actor::anonymous() };
    let row = house.applications.drafts(&holder).await.unwrap().remove(0);
    assert_eq!(row.modified.to_string(), "2026-02-15T01:00:00Z");
    kept.discard(&chief, "body/Usual").await.unwrap();
    assert!(kept.all(&official("urn:svod:person:o", "O")).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_decision_says_what_it_was_taken_on_to_whom_it_is_about() {
    let house = House::new().await;
    house.people().await;
    let task = taken(&house, "Consent 17").await;
    let answers = format!("f.decision=refuse&f.reason={}", form(WHY));
    begun(&house, &task, &answers).await;
    let sent = house.visitor.post(OFFICIAL, &format!("/tasks/{}/form", task.id), "do=send").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let made = decisions(&house, &task).await.remove(0);
    let case = house.entity_now(task.object("case").unwrap().as_str()).await;
    let step = format!("{}#check", case.text("processVersion").unwrap());
    let from: Value = serde_json::from_str(made.text("inputs").unwrap()).unwrap();
    assert_eq!((made.text("model"), &from["step"]), (Some(step.as_str()), &json!(step)));
    assert_eq!(from["answers"], json!({"decision": "refuse", "reason": WHY}), "in the command that closed the task");
    assert_eq!(from["shown"]["document"], json!("Consent 17"));
    let page = format!("/cases/{}", case.id);
    let mine = house.visitor.get(Some(ANNA), &page).await.body;
    let version = case.text("processVersion").unwrap().split_once('/').unwrap().0.to_owned();
    told(&mine, &["Decided at the step", &version, "From what it was decided", "Consent 17", WHY]);
    // Whoever is not about it sees that it was decided, where, and nothing of what was looked at.
    let theirs = house.visitor.get(Some("official-regional"), &page).await;
    assert!(!theirs.body.contains("Consent 17") && !theirs.body.contains(WHY), "{}", theirs.body);
    let reader = official("urn:svod:person:r", "Another");
    let seen = house.registry.entity(&reader, &made.id).await.unwrap();
    assert_eq!((seen.text("model"), seen.text("inputs")), (Some(step.as_str()), None), "personal as the reason is");
}
