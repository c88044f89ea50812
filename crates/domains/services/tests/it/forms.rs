//! Forms and what comes with them: how far people come, files of messages and of objections.

use axum::http::StatusCode;
use serde_json::json;
use svod_files::FileError;
use svod_kernel::{Actor, Role, SpacePath, Urn};
use svod_model::testing::shipped;
use svod_model::{Attribute, Entity};
use svod_notary::Erasure;
use svod_portal::testing::{Answer, form};
use svod_query::{Filter, Query, Types, WORDS, words};
use svod_registry::{Access, Command, EntityQuery, Find, Operation};

use crate::house::{ANNA, BORIS, House};

const OFFICIAL: &str = "official-migration";
const FORM: &str = "/services/moving/moving/form";
const PDF: &str = "%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n";

fn citizen(id: &str) -> Actor {
    Actor {
        id: format!("persona:{id}"),
        name: id.to_owned(),
        roles: [Role::Citizen].into(),
        spaces: vec!["kuzbass/novokuznetsk".parse().unwrap()],
        body: None,
        on_behalf: Vec::new(),
    }
}

/// All of these stand in the page.
#[track_caller]
fn told(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[track_caller]
fn led(answer: &Answer, to: &str) {
    assert_eq!((answer.status, answer.location.as_str()), (StatusCode::SEE_OTHER, to), "{}", answer.body);
}

#[tokio::test]
async fn a_service_shows_where_people_stop_in_its_form() {
    let house = House::new().await;
    house.people().await;
    let visitor = &house.visitor;
    let page = async |lang: &str| visitor.get(None, &format!("/services/moving/moving?lang={lang}")).await.body;
    assert!(!page("en").await.contains("How far people come"), "nobody has begun");
    led(&visitor.post(ANNA, FORM, "page=you&do=next").await, &format!("{FORM}?page=home"));
    let few = page("en").await;
    told(&few, &["How far people come in the form", "too few"]);
    assert!(!few.contains("<meter"), "of one person nothing is told: {few}");
    // Back and forth, and once more: it is one.
    for (post, to) in
        [("page=home&do=page:you", "you"), ("page=you&do=next", "home"), ("page=home&do=save", "/services")]
    {
        let back = if to.starts_with('/') { to.to_owned() } else { format!("{FORM}?page={to}") };
        led(&visitor.post(ANNA, FORM, post).await, &back);
    }
    for _ in 0..4 {
        led(&visitor.post(ANNA, "/services/moving/moving/discard", "").await, "/services");
        led(&visitor.post(ANNA, FORM, "page=you&do=next").await, &format!("{FORM}?page=home"));
    }
    let home = format!("page=home&do=next&f.address={}&f.since=2026-01-10&f.ground=owner", form("ул. Кирова, 1, 2"));
    led(&visitor.post(ANNA, FORM, &home).await, &format!("{FORM}?page=check"));
    let sent = visitor.post(ANNA, FORM, "do=send").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    // Five came to the first page and went on; four of the five stopped at the second, though their drafts are gone.
    let all = page("en").await;
    let row = |reached: &str, left: &str| {
        format!(
            "data-label=\"Came here\"><span>{reached}</span></td><td class=\"num\" data-label=\"Stopped here\"><span>{left}<"
        )
    };
    told(
        &all,
        &[
            &row("5", "0"),
            &row("5", "4"),
            "80\u{a0}% <meter min=\"0\" max=\"1\" value=\"0.800\"",
            &row("too few", "too few"),
        ],
    );
    told(&page("ru").await, &["До какой страницы доходят в форме", "Остановились", "Проверка ответов"]);
    told(&page("kk").await, &["Форманың қай бетіне дейін жетеді", "Тоқтады"]);
}

/// The files that an entity names.
async fn named(house: &House, urn: &Urn) -> Vec<Urn> {
    let entity = house.entity_now(urn.as_str()).await;
    house.files.list(&entity).await.unwrap().into_iter().map(|f| f.id).collect()
}

async fn all(house: &House, kind: &str) -> Vec<Entity> {
    let q = EntityQuery::of("kuzbass/novokuznetsk".parse().unwrap(), &[kind]);
    house.registry.query(&Actor::platform("test"), q).await.unwrap().items
}

/// Removes an entity, and erases what is kept of it.
async fn erased(house: &House, urn: &str) {
    let actor = Actor::platform("test");
    let delete = Operation::Delete { urn: urn.parse().unwrap(), expected: None };
    let command = Command { ground: "test".into(), changes: vec![delete.into()], ..Command::default() };
    house.registry.execute(&actor, command).await.unwrap();
    let erasure = Erasure { urn: urn.to_owned(), within: None, ground: "152-ФЗ".into(), actor };
    house.notary.erase(erasure).await.unwrap();
}

#[tokio::test]
async fn a_message_brings_files_for_who_may_read_it() {
    let house = House::new().await;
    house.people().await;
    let case = house.moves("consent").await;
    let (page, write) = (format!("/cases/{}", case.id), format!("/cases/{}/messages", case.id));
    told(
        &house.visitor.get(Some(ANNA), &page).await.body,
        &["multipart/form-data", "name=\"files\" type=\"file\" multiple"],
    );

    let send = async |who: &str, text: &str, files: &[(&str, &str)]| {
        house.visitor.upload(who, &write, &[("text", text)], files).await
    };
    for (name, content, says) in [
        ("a.png", PDF, "not what its name says"),
        ("a.pdf", "MZ", "send a PDF, JPEG, PNG or WebP"),
        ("a.pdf", "%PDF-1.4\n<< /S /JavaScript >>", "runs something"),
    ] {
        let refused = send(ANNA, "kept words", &[("good.pdf", PDF), (name, content)]).await;
        assert!(refused.status.is_client_error(), "{}", refused.status);
        told(&refused.body, &[says, name, "href=\"#field-files\"", ">kept words<"]);
    }
    let empty = send(ANNA, " ", &[("good.pdf", PDF)]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(all(&house, "CaseMessage").await.is_empty(), "nothing was written");
    assert_eq!(send(BORIS, "x", &[("good.pdf", PDF)]).await.status, StatusCode::NOT_FOUND);

    led(
        &send(ANNA, "Here they are", &[("согласие.pdf", PDF), ("plan.pdf", PDF)]).await,
        &format!("{page}?done=message#messages"),
    );
    let message = all(&house, "CaseMessage").await.remove(0).id;
    let files = named(&house, &message).await;
    assert_eq!(files.len(), 2);
    assert!(named(&house, &case.id).await.is_empty(), "they belong to the message");
    let link = |file: &Urn| format!("href=\"/files/{file}\"");
    let mine = house.visitor.get(Some(ANNA), &page).await.body;
    told(&mine, &["согласие.pdf", "plan.pdf", &link(&files[0]), &link(&files[1])]);
    let read = async |who: &str| house.files.read(&citizen(who), &files[0]).await;
    assert_eq!(read(ANNA).await.unwrap().1, PDF.as_bytes());
    assert!(matches!(read(BORIS).await, Err(FileError::Missing(_))));

    // Who answers sees them with the words, once the task is theirs.
    assert!(!house.visitor.get(Some(OFFICIAL), &page).await.body.contains("plan.pdf"));
    let task = house.task_of(&case).await;
    assert_eq!(
        house.visitor.post(OFFICIAL, &format!("/tasks/{}/take", task.id), "").await.status,
        StatusCode::SEE_OTHER
    );
    told(&house.visitor.get(Some(OFFICIAL), &page).await.body, &["plan.pdf", &link(&files[1])]);
    led(&send(OFFICIAL, "The answer", &[("answer.pdf", PDF)]).await, &format!("{page}?done=message#messages"));
    told(&house.visitor.get(Some(ANNA), &page).await.body, &["answer.pdf"]);

    // What is erased takes its files with it.
    erased(&house, message.as_str()).await;
    assert!(matches!(read(ANNA).await, Err(FileError::Missing(_))));
    house.at("2026-01-17T01:00:00Z");
    assert_eq!(house.files.sweep().await.unwrap(), 0, "nothing of it is left to be swept away");
}

#[tokio::test]
async fn what_is_held_for_a_draft_is_erased_with_its_sender() {
    let house = House::new().await;
    house.people().await;
    let home = [("page", "home"), ("f.ground", "consent"), ("do", "save")];
    for who in [ANNA, BORIS] {
        let kept = house.visitor.upload(who, FORM, &home, &[("plan.pdf", PDF)]).await;
        assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.body);
    }
    let anna = format!("persona:{ANNA}");
    erased(&house, &anna).await;
    assert!(house.applications.drafts(&citizen(ANNA)).await.unwrap().is_empty());
    // Of two files that nothing names one is left, until its time is over: not hers.
    house.at("2026-04-01T00:00:00Z");
    assert_eq!(house.files.sweep().await.unwrap(), 0);
    house.at("2026-05-01T00:00:00Z");
    assert_eq!(house.files.sweep().await.unwrap(), 1);
}

#[tokio::test]
async fn an_objection_brings_its_files_to_the_case_that_begins() {
    let house = House::new().await;
    house.people().await;
    objectable(&house).await;
    let case = house.moves("owner").await;
    let decision = decision(&case);
    let urn = decision.id.clone();
    house.write(vec![decision]).await;
    let page = format!("/cases/{}/object/{urn}", case.id);
    let visitor = &house.visitor;
    let bad = visitor.upload(ANNA, &page, &[("f.why", "x"), ("do", "next")], &[("a.pdf", "MZ")]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    told(&bad.body, &["a.pdf is not taken"]);
    let next = visitor.upload(ANNA, &page, &[("f.why", "It was signed"), ("do", "next")], &[("proof.pdf", PDF)]).await;
    led(&next, &format!("{page}?page=check"));
    let held = house.applications.kept(&citizen(ANNA), &format!("object/{urn}")).await.unwrap().unwrap();
    let sent = visitor.post(ANNA, &page, "do=send").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let begun: Urn = sent.location.trim_start_matches("/cases/").split('?').next().unwrap().parse().unwrap();
    assert_eq!(Some(&begun), held.owner.as_ref(), "the case that the file was held for");
    let new = house.entity_now(begun.as_str()).await;
    assert_eq!(new.object("about"), Some(&urn));
    let files = named(&house, &begun).await;
    assert_eq!(files.len(), 1);
    assert_eq!(house.files.read(&citizen(ANNA), &files[0]).await.unwrap().1, PDF.as_bytes());
    told(&visitor.get(Some(ANNA), &sent.location).await.body, &["proof.pdf"]);
    assert!(
        house.applications.kept(&citizen(ANNA), &format!("object/{urn}")).await.unwrap().is_none(),
        "the draft went"
    );
    // A draft that was sent and never thrown away is not sent once more.
    let key = format!("object/{urn}");
    house.applications.keep_form(&citizen(ANNA), (&key, "1"), held, None).await.unwrap();
    assert_eq!(house.applications.unsent(&citizen(ANNA), &key).await.unwrap(), None);
    assert_eq!(house.applications.kept(&citizen(ANNA), &key).await.unwrap(), None);
}

#[tokio::test]
async fn questions_that_a_later_page_brings_up_are_led_to_before_the_form_is_sent() {
    let house = House::new().await;
    house.people().await;
    let line = |key: &str, more: serde_json::Value| {
        let mut field = json!({"type": "textfield", "key": key, "label": format!("Question {key}")});
        field.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        field
    };
    let page = |name: &str, components: serde_json::Value| json!({"type": "group", "label": name, "properties": {"svod.page": name}, "components": components});
    let hidden = |answer: &str| json!({"hide": format!("=not(which = \"{answer}\" or which = \"both\")")});
    let must = json!({"conditional": hidden("must"), "validate": {"required": true}});
    objectable_with(
        &house,
        json!([
            page(
                "one",
                json!([line("why", json!({})), line("may", json!({"conditional": hidden("may")})), line("must", must)])
            ),
            page("two", json!([line("which", json!({}))])),
        ]),
    )
    .await;
    let case = house.moves("owner").await;
    let decision = decision(&case);
    let form = format!("/cases/{}/object/{}", case.id, decision.id);
    house.write(vec![decision]).await;
    let visitor = &house.visitor;
    let check = async || visitor.get(Some(ANNA), &format!("{form}?page=check&lang=en")).await.body;
    let says = "There are questions that you have not seen";
    led(&visitor.post(ANNA, &form, "page=one&f.why=&do=next").await, &format!("{form}?page=two"));
    led(&visitor.post(ANNA, &form, "page=two&f.which=&do=next").await, &format!("{form}?page=check"));
    assert!(!check().await.contains(says), "what was left out was seen");
    // A later answer brings up a question that may be left out: it is led to, and hinders nobody.
    led(&visitor.post(ANNA, &form, "page=two&f.which=may&do=next").await, &format!("{form}?page=check"));
    let shown = check().await;
    told(&shown, &[says, &format!("href=\"{form}?page=one#field-may\">Question may</a>"), "may be left out"]);
    assert!(!shown.contains("#field-must"), "{shown}");
    // Seen and left out, it is not spoken of again.
    led(&visitor.post(ANNA, &form, "page=one&f.why=&f.may=&do=next").await, &format!("{form}?page=two"));
    assert!(!check().await.contains(says));
    // One that must be answered is led to as well, and holds the form back.
    led(&visitor.post(ANNA, &form, "page=two&f.which=both&do=next").await, &format!("{form}?page=check"));
    let link = format!("href=\"{form}?page=one#field-must\"");
    let shown = check().await;
    told(&shown, &[says, &link, "must be answered"]);
    assert!(!shown.contains("#field-may\">Question may</a> <span"), "it was seen: {shown}");
    let refused = visitor.post(ANNA, &form, "do=send").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    told(&refused.body, &[&link, "error-summary"]);
    let answered = "page=one&f.why=x&f.may=&f.must=x&do=next";
    led(&visitor.post(ANNA, &form, answered).await, &format!("{form}?page=two"));
    assert!(!check().await.contains(says));
    assert_eq!(visitor.post(ANNA, &form, "do=send").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_question_that_the_page_itself_brings_up_is_asked_and_is_no_error() {
    let house = House::new().await;
    house.people().await;
    let hide = json!({"hide": "=which != \"must\""});
    let which = json!({"type": "textfield", "key": "which", "label": "Question which"});
    let must = json!({"type": "textfield", "key": "must", "label": "Question must", "conditional": hide,
        "validate": {"required": true}});
    objectable_with(&house, json!([which, must])).await;
    let case = house.moves("owner").await;
    let decision = decision(&case);
    let form = format!("/cases/{}/object/{}?lang=en", case.id, decision.id);
    house.write(vec![decision]).await;
    let visitor = &house.visitor;
    // As a browser without scripts sends it: what is switched off is not sent.
    let page = visitor.get(Some(ANNA), &form).await.body;
    told(&page, &["data-conditions=", "data-hide=\"which != &quot;must&quot;\" hidden disabled>"]);
    let asked = visitor.post(ANNA, &form, "page=&f.which=must&do=next").await;
    assert_eq!(asked.status, StatusCode::OK);
    told(
        &asked.body,
        &[
            "There is 1 more question",
            "href=\"#field-must\">Question must</a>",
            "data-hide=\"which != &quot;must&quot;\">",
        ],
    );
    assert!(!asked.body.contains("error-summary"), "{}", asked.body);
    // Seen and left empty it is missing.
    let missing = visitor.post(ANNA, &form, "page=&f.which=must&f.must=&do=next").await;
    assert_eq!(missing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(missing.body.contains("error-summary") && !missing.body.contains("more question"), "{}", missing.body);
    // With scripts it came at once, and is sent with the others.
    let sent = visitor.post(ANNA, &form, "page=&f.which=must&f.must=x&do=next").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
}

/// Moving, with a form for objections that takes files.
async fn objectable(house: &House) {
    let fields = json!([
        {"type": "textfield", "key": "why", "label": "@moving-document", "validate": {"required": true}},
        {"type": "filepicker", "key": "files", "label": "@moving-scan", "multiple": true},
    ]);
    objectable_with(house, fields).await;
}

/// Moving, with a form for objections of these components.
async fn objectable_with(house: &House, components: serde_json::Value) {
    let mut moving = shipped("moving");
    moving.files.retain(|path, _| !path.starts_with("tests/"));
    let form = json!({"type": "default", "id": "moving-objection", "schemaVersion": 19, "components": components});
    moving.files.insert("forms/moving-objection.form.json".into(), form.to_string());
    let service = moving.files.get_mut("services/moving.yaml").unwrap();
    if !service.contains("moving-objection.form.json") {
        service.push_str("object: {process: moving, days: 90, form: moving-objection.form.json}\n");
    }
    let manifest = moving.files.get_mut("pack.yaml").unwrap();
    let old = manifest.lines().find(|l| l.starts_with("version:")).unwrap().to_owned();
    *manifest = manifest.replace(&old, "version: 9.0.0");
    house.registry.publish(&Actor::platform("packs"), moving).await.unwrap();
}

fn decision(case: &Entity) -> Entity {
    let text = |v: &str| Attribute::property(v);
    let made = House::new_entity("urn:svod:decision:1", "Decision")
        .with("name", text("Moving"))
        .with("case", Attribute::object(case.id.clone()))
        .with("service", text("moving/moving"))
        .with("outcome", text("refused"))
        .with("madeAt", text("2026-01-15T01:00:00Z"))
        .with("objectUntil", text("2026-02-15T01:00:00Z"))
        .with("status", text("inForce"));
    ["person", "body"].into_iter().fold(made, |made, name| made.with(name, case.attributes[name].clone()))
}

#[tokio::test]
async fn an_address_is_looked_for_by_its_words_and_kept_by_its_id() {
    let house = House::new().await;
    house.people().await;
    let named = |n: usize, name: String| {
        House::new_entity(&format!("urn:svod:address:test-{n}"), "Address").with("name", Attribute::property(name))
    };
    let street = (1..=300).map(|n| named(n, format!("Мыски, ул. Рембрандта, {n}")));
    house.write(street.chain([named(301, "Мыски, пр. Рембрандтовский, 29".into())]).collect()).await;
    let top: SpacePath = "kuzbass".parse().unwrap();
    house.registry.index(&top, WORDS).await.unwrap();
    // The index of words leads to what fits, past nothing else of the register.
    let filter = Filter::All(words::of_text("рембр 29").map(Filter::Word).collect());
    let query = Query { types: Types::Is("Address".into()), filter: Some(filter), ..Query::default() };
    let find = Find { space: top, below: true, query, order: Vec::new(), offset: 0, limit: 1_000, count: false };
    let found = house.registry.find(&Actor::platform("test"), &find).await.unwrap();
    assert!(matches!(&found.explained.access, Access::Value { attribute, .. } if attribute == WORDS));
    assert!(found.explained.looked < 40, "{}", found.explained.looked);

    let visitor = &house.visitor;
    led(&visitor.post(ANNA, FORM, "page=you&do=next").await, &format!("{FORM}?page=home"));
    let looked = async |typed: &str| {
        visitor.post(ANNA, FORM, &format!("page=home&do=find:place&f.place=&f.place.find={}", form(typed))).await.body
    };
    let page = looked("РЕМБР 29").await;
    let at = |name: &str| page.find(&format!("<span>{name}</span>"));
    let (whole, other) = (at("Мыски, ул. Рембрандта, 29"), at("Мыски, ул. Рембрандта, 290"));
    assert!(whole.is_some() && whole < other, "whole words come first: {page}");
    assert!(at("Мыски, пр. Рембрандтовский, 29").is_some() && at("Мыски, ул. Рембрандта, 30").is_none(), "{page}");
    let many = looked("рембрандта").await;
    assert_eq!(many.matches("value=\"urn:svod:address:test-").count(), 20);
    told(&looked("эмбрандта").await, &["Nothing was found"]);
    told(&looked(" , ").await, &["Nothing was found"]);

    // What is chosen is kept, and nobody types it again.
    let home = |id: &str| {
        let ground = form("Согласие от 01.01.2026");
        format!("page=home&do=next&f.place=&f.place={id}&f.since=2026-01-10&f.ground=consent&f.document={ground}")
    };
    let wrong = visitor.post(ANNA, FORM, &home("urn:svod:address:nowhere")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    led(&visitor.post(ANNA, FORM, &home("urn:svod:address:test-29")).await, &format!("{FORM}?page=check"));
    let check = visitor.get(Some(ANNA), &format!("{FORM}?page=check")).await.body;
    assert!(check.contains("Мыски, ул. Рембрандта, 29") && !check.contains("urn:svod:address"), "{check}");
    let sent = visitor.post(ANNA, FORM, "do=send").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let tasks = all(&house, "Task").await;
    let shows = |task: &Entity| task.text("input").is_some_and(|input| input.contains("Мыски, ул. Рембрандта, 29"));
    assert_eq!(tasks.iter().filter(|t| shows(t)).count(), 1, "who decides sees the address of the register");
}
