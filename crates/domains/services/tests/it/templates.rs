//! Answers of a form that are kept, and given to many tasks at once: each is held to its own form.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use svod_kernel::{Actor, Clock as _, Coded as _, Role};
use svod_model::testing::shipped;
use svod_model::{Attribute, Entity, PackSource};
use svod_portal::testing::{Answer, form};
use svod_registry::EntityQuery;
use svod_runtime::{Applications, Cases, Filling, Template, Templates};
use svod_store::StoreOptions;
use svod_store::testing::TestPlace;

use crate::house::{ANNA, House};

const OFFICIAL: &str = "official-migration";
const BODY: &str = "urn:svod:body:kuzbass:migration";
const WHY: &str = "The consent is not signed";

/// The pack of moving under another version, whose check asks for a note where a letter was brought, and for no reason then; photographs
/// may come with it.
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
      "conditional": { "hide": "=document != \"Letter\" and document != \"Ticket\"" } },
    { "type": "filepicker", "key": "photos", "label": "@moving-scan", "multiple": true, "accept": ".jpg" }"#;
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

fn bulk(template: &str, tasks: &[&Entity]) -> String {
    let tasks: String = tasks.iter().map(|t| format!("&task={}", t.id)).collect();
    format!("act=answer&answers={}{tasks}", form(template))
}

/// What a form of a page sends under a name without being asked.
fn hidden(page: &str, name: &str) -> Vec<String> {
    let field = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
    page.split(&field).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// Looks at what will be answered, and says yes to it for all of them, whatever was said of each.
async fn answered(house: &House, template: &str, tasks: &[&Entity]) -> Answer {
    let shown = house.visitor.post(OFFICIAL, "/tasks/bulk", &bulk(template, tasks)).await;
    let seen = hidden(&shown.body, "seen").concat();
    house.visitor.post(OFFICIAL, "/tasks/bulk", &format!("{}&sure=1&seen={seen}", bulk(template, tasks))).await
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
    let sure = house.visitor.post(OFFICIAL, "/tasks/bulk", &bulk("own/Unsigned", &all)).await;
    assert_eq!(sure.status, StatusCode::OK, "{}", sure.body);
    told(
        &sure.body,
        &["cannot be undone", WHY, "Will be answered so", "take it first", "of another version", "Do it: 2"],
    );
    assert_eq!(status(&house, &first).await, "taken");
    for lang in ["ru", "kk"] {
        let path = format!("/tasks/bulk?lang={lang}");
        let told = house.visitor.post(OFFICIAL, &path, &bulk("own/Unsigned", &all)).await;
        assert_eq!(told.status, StatusCode::OK, "{lang}");
    }
    let done = answered(&house, "own/Unsigned", &all).await;
    told(&done.body, &["Done: 2 of 4", "Not done: 2.", "Answered by its form", "take it first", "of another version"]);
    for (task, now) in [(&first, "done"), (&second, "done"), (&offered, "offered"), (&other, "taken")] {
        assert_eq!(status(&house, task).await, now);
    }
    let made = decisions(&house, &second).await;
    assert_eq!((made[0].text("outcome"), made[0].text("reason")), (Some("moving-refused"), Some(WHY)));
    assert!(decisions(&house, &other).await.is_empty());

    let again = answered(&house, "own/Unsigned", &[&first]).await;
    told(&again.body, &["Done: 0 of 1", "it is complete already"]);
    for (template, says) in [("own/Nothing", "Choose the answers of a form"), ("", "Choose the answers of a form")] {
        let none = answered(&house, template, &[&other]).await;
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
    let done = answered(&house, "own/R", &all).await;
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
async fn what_was_looked_at_is_what_is_done() {
    const OTHER: &str = "The owner has withdrawn the consent";
    let house = House::new().await;
    house.people().await;
    let (first, second) = (taken(&house, "Consent").await, taken(&house, "Consent").await);
    let elsewhere = asked(&house, "Consent").await;
    let keep = async |reason: &str| {
        begun(&house, &first, &format!("f.decision=refuse&f.reason={}", form(reason))).await;
        let kept = house.visitor.post(OFFICIAL, &format!("/tasks/{}/template", first.id), "name=R").await;
        assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.body);
    };
    // What the form of the page sends, whatever was chosen before.
    let yes = async |page: &str| {
        let fields = ["act", "answers", "back", "sure", "seen", "task"].into_iter();
        let fields =
            fields.flat_map(|name| hidden(page, name).into_iter().map(move |v| format!("{name}={}", form(&v))));
        let sent = fields.collect::<Vec<_>>().join("&");
        house.visitor.post(OFFICIAL, "/tasks/bulk", &sent).await
    };
    keep(WHY).await;
    let shown = house.visitor.post(OFFICIAL, "/tasks/bulk", &bulk("own/R", &[&first, &second, &elsewhere])).await;
    told(&shown.body, &[WHY, "Do it: 2", "take it first"]);
    let able = [&first, &second].map(|task| task.id.to_string());
    assert_eq!(hidden(&shown.body, "task"), able, "what could not be done is not done because it can be by now");

    // Kept anew meanwhile: it is shown again, and nothing is done.
    keep(OTHER).await;
    house.visitor.post(OFFICIAL, &format!("/tasks/{}/take", elsewhere.id), "").await;
    let again = yes(&shown.body).await;
    told(&again.body, &["The template has changed", OTHER, "Do it: 2"]);
    for unseen in ["", "&seen=", "&seen=00"] {
        let sent = format!("{}&sure=1{unseen}", bulk("own/R", &[&first]));
        told(&house.visitor.post(OFFICIAL, "/tasks/bulk", &sent).await.body, &["The template has changed"]);
    }
    assert_eq!([status(&house, &first).await, status(&house, &second).await], ["taken", "taken"]);
    let done = yes(&again.body).await;
    told(&done.body, &["Done: 2 of 2"]);
    for task in [&first, &second] {
        assert_eq!(decisions(&house, task).await[0].text("reason"), Some(OTHER));
    }
    assert_eq!(status(&house, &elsewhere).await, "taken", "nobody has said yes to it");
}

#[tokio::test]
async fn files_are_of_one_case_and_go_into_no_other() {
    let house = House::new().await;
    house.people().await;
    house.registry.publish(&Actor::platform("packs"), moving("99.0.0")).await.unwrap();
    let (person, kept) = (official("urn:svod:person:o", "Somebody"), templates(&house));
    let task = taken_by(&house, &person, "Consent").await;
    let template = |file: &str| {
        let photo = json!({"file": file, "name": "wall.jpg", "type": "image/jpeg", "size": 5});
        let answers = map(json!({"decision": "register", "photos": [photo]}));
        let (form, version) = ("moving/moving-check.form.json".to_owned(), "99.0.0".to_owned());
        Template { name: "F".into(), shared: false, form, version, answers }
    };
    // Of another case, or whatever it calls itself.
    for file in ["urn:svod:file:1", "nothing"] {
        let template = template(file);
        let refused = [
            kept.fits(&person, &task.id, &template).await.unwrap_err(),
            kept.answer(&person, &task.id, &template).await.unwrap_err(),
            kept.keep(&person, &task.id, ("F", false), template.answers.clone()).await.unwrap_err(),
        ];
        for refused in refused {
            assert_eq!((refused.code(), refused.fields()[0].field.as_str()), ("template-files", "photos"), "{file}");
        }
        assert_eq!(status(&house, &task).await, "taken");
    }
    let bare = Template { answers: map(json!({"decision": "register"})), ..template("") };
    kept.answer(&person, &task.id, &bare).await.unwrap();

    // Kept in another way it is told in a line as well.
    let persona = Actor { id: format!("persona:{OFFICIAL}"), ..person };
    let doc = json!({"form": bare.form, "answers": template("urn:svod:file:1").answers}).to_string();
    house.applications.keep(&persona, "view/form/F", &bare.version, doc).await.unwrap();
    let theirs = taken(&house, "Consent").await;
    let sure = house.visitor.post(OFFICIAL, "/tasks/bulk", &bulk("own/F", &[&theirs])).await;
    told(
        &sure.body,
        &[&format!("files belong to one case, answer by the form of the task: {}", house.text("moving-scan"))],
    );
}

#[tokio::test]
async fn what_is_done_is_told_as_done_although_its_draft_stays() {
    let house = House::new().await;
    house.people().await;
    let place = TestPlace::sqlite();
    let broken = place.open_with(StoreOptions::default(), house.clock.clone()).unwrap();
    let drafts = Applications::new(Cases::new(house.registry.clone(), broken.clone()), broken.clone());
    broken.close().await;
    let person = official("urn:svod:person:o", "Somebody");
    assert!(drafts.discard(&person, "task/x").await.is_err(), "nothing can be thrown away");
    let task = taken_by(&house, &person, "Consent").await;
    let case = house.entity_now(task.object("case").unwrap().as_str()).await;
    let version = case.text("processVersion").unwrap().split_once('@').unwrap().1.split_once('/').unwrap().0.to_owned();
    let (form, answers) = ("moving/moving-check.form.json".to_owned(), map(json!({"decision": "register"})));
    let template = Template { name: "R".into(), shared: false, form, version, answers };
    let filling = Filling::new(house.registry.clone(), 7);
    let templates = Templates::new(house.registry.clone(), drafts, filling, house.tasks.clone());
    templates.answer(&person, &task.id, &template).await.unwrap();
    assert_eq!(status(&house, &task).await, "done");
}

#[tokio::test]
async fn what_was_kept_anew_or_thrown_away_does_not_come_back_by_being_looked_at() {
    let house = House::new().await;
    let (kept, who, key) = (&house.applications, official("urn:svod:person:o", "O"), "view/form/A");
    let row = async || kept.drafts(&who).await.unwrap().pop();
    kept.keep(&who, key, "1", "old".into()).await.unwrap();
    let read = row().await.unwrap();
    house.at("2026-01-20T01:00:00Z");
    kept.touch(&read).await.unwrap();
    let touched = row().await.unwrap();
    assert_eq!((touched.doc.as_str(), touched.modified), ("old", house.clock.now()));
    house.at("2026-01-21T01:00:00Z");
    kept.keep(&who, key, "2", "new".into()).await.unwrap();
    let anew = row().await.unwrap();
    house.at("2026-01-22T01:00:00Z");
    kept.touch(&touched).await.unwrap();
    assert_eq!(row().await, Some(anew.clone()), "what was kept meanwhile stands");
    kept.discard(&who, key).await.unwrap();
    kept.touch(&anew).await.unwrap();
    assert_eq!(row().await, None);
}

/// The task of somebody who moves, for which the rules propose to register.
async fn proposed(house: &House) -> Entity {
    let data = json!({"name": "Анна Ким", "address": "ул. Кирова, 1, 2", "since": "2026-01-10", "ground": "consent",
        "document": "Consent", "proposal": {"decision": "register"}});
    house.task_of(&house.asks(&House::anna(), "moving/moving", data).await).await
}

#[tokio::test]
async fn what_would_be_refused_is_told_before() {
    let house = House::new().await;
    house.people().await;
    let (task, decided) = (proposed(&house).await, proposed(&house).await);
    let would = async |who: &str, task: &Entity| {
        house.visitor.post(who, "/tasks/bulk", &format!("act=accept&task={}", task.id)).await.body
    };
    told(&would(OFFICIAL, &task).await, &["Will be done as proposed", "Do it: 1"]);
    let none = "None of the chosen tasks can be done so";
    // They see it, and have no right to do it.
    told(&would("governor", &task).await, &["Not done: you may not", none]);

    // Nor is it for somebody in another post.
    let post = House::new_entity("urn:svod:post:chief", "Post")
        .with("name", Attribute::property("Chief"))
        .with("role", Attribute::property("official"))
        .with("body", Attribute::object(BODY.parse().unwrap()));
    house.write(vec![post.clone()]).await;
    let theirs = proposed(&house).await.with("post", Attribute::object(post.id));
    house.write(vec![theirs.clone()]).await;
    told(&would(OFFICIAL, &theirs).await, &["Not done: you may not", none]);

    // Whoever has decided does not look at it again.
    let done = house.visitor.post(OFFICIAL, &format!("/tasks/{}/accept", decided.id), "").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let made = decisions(&house, &decided).await.remove(0);
    let objected = proposed(&house).await;
    let case = house.entity_now(objected.object("case").unwrap().as_str()).await;
    house.write(vec![case.with("about", Attribute::object(made.id))]).await;
    told(&would(OFFICIAL, &objected).await, &["the objection is to your own decision", none]);

    // What it is about is closed to who has it: it is opened again first.
    let taken = house.visitor.post(OFFICIAL, &format!("/tasks/{}/take", task.id), "").await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
    told(&would(OFFICIAL, &task).await, &["Will be done as proposed"]);
    house.at("2026-03-15T01:00:00Z");
    told(&would(OFFICIAL, &task).await, &["is closed by now, open it again", none]);
    let refused = house.visitor.post(OFFICIAL, "/tasks/bulk", &format!("act=accept&sure=1&task={}", task.id)).await;
    told(&refused.body, &["Done: 0 of 1", "is closed by now, open it again"]);
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
    let done = answered(&house, "body/Usual", &[&theirs]).await;
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
    assert_eq!(theirs.status, StatusCode::OK, "{}", theirs.body);
    told(&theirs.body, &["Decided at the step", &version]);
    assert!(!theirs.body.contains("Consent 17") && !theirs.body.contains(WHY), "{}", theirs.body);
    let reader = official("urn:svod:person:r", "Another");
    let seen = house.registry.entity(&reader, &made.id).await.unwrap();
    assert_eq!((seen.text("model"), seen.text("inputs")), (Some(step.as_str()), None), "personal as the reason is");
}
