//! What an official sees before they decide: facts in words, beside the form; and one name for one task.

use axum::http::StatusCode;
use serde_json::{Value, json};
use svod_kernel::{Actor, Lang};
use svod_model::{Attribute, Entity, PackSource};
use svod_text::format_date;

use crate::house::{ANNA, House, TASK};

const OFFICIAL: &str = "official-migration";

/// The task of somebody who moves, taken by the official, with other values for it to show.
async fn taken(house: &House, input: Value) -> Entity {
    house.people().await;
    let case = house.moves("consent").await;
    let task = house.task_of(&case).await;
    let taken = house.visitor.post(OFFICIAL, &format!("/tasks/{}/take", task.id), "").await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
    let task = house.entity_now(task.id.as_str()).await.with("input", Attribute::property(input.to_string()));
    house.write(vec![task.clone()]).await;
    task
}

#[track_caller]
fn row(page: &str, label: &str, value: &str) {
    let row = format!("<dt>{label}</dt><dd>{value}");
    assert!(page.contains(&row), "{row}: {page}");
}

#[tokio::test]
async fn what_is_decided_on_is_told_in_words() {
    let house = House::new().await;
    let photo = json!({"file": "urn:svod:file:1", "name": "wall <1>.jpg", "type": "image/jpeg", "size": 1});
    let paper = json!({"file": "urn:svod:file:2", "name": "lease.pdf", "type": "application/pdf", "size": 1});
    let task = taken(
        &house,
        json!({
            "name": "Анна <Ким>",
            "since": "2026-01-10",
            "seenAt": "2026-01-15T01:00:00Z",
            "ground": "consent",
            "verdict": "something-else",
            "subject": "air",
            "body": "urn:svod:body:kuzbass:migration",
            "stranger": "urn:svod:person:nobody",
            "fee": {"amount": 35_000, "currency": "RUB"},
            "homeSizes": {"roomCount": 3, "hasBalcony": true, "floor": null},
            "doubts": ["one\ntwo", "three"],
            "none": [],
            "papers": [photo, paper],
            "document": null
        }),
    )
    .await;
    let page = house.visitor.get(Some(OFFICIAL), &format!("/tasks/{}", task.id)).await.body;
    row(&page, "Applicant", "Анна &lt;Ким&gt;");
    row(&page, "From which day on", &format_date(Lang::En, "2026-01-10T00:00:00Z".parse().unwrap(), 0));
    row(&page, "Seen at", "<time class=\"number\" datetime=\"2026-01-15T01:00:00Z\">");
    row(&page, "On what ground", "The owner agrees");
    row(&page, "Verdict", "something-else");
    row(&page, &house.text("attr-subject"), &house.text("enum-Subject-air"));
    row(&page, &house.text("attr-body"), "<a href=\"/entities/urn:svod:body:kuzbass:migration\">");
    row(&page, "Stranger", "<span class=\"muted\">Person (not open to you)</span>");
    row(&page, "Fee", "350.00\u{a0}RUB");
    row(&page, "Home sizes", "<dl class=\"summary\"><div><dt>Room count</dt><dd>3");
    row(&page, "Has balcony", "yes");
    row(&page, "Doubts", "<ul><li>one<br>two</li><li>three</li></ul>");
    row(&page, "None", "none");
    row(&page, "Document", "not given");
    for part in [
        "<a href=\"/files/urn:svod:file:2\">lease.pdf</a>",
        "Pictures: 1",
        "<img src=\"/files/urn:svod:file:1\" alt=\"wall &lt;1&gt;.jpg\" loading=\"lazy\"",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    for raw in ["2026-01-10<", "35000", "{&quot;", "{&#34;", "[&quot;", ">urn:svod", "amount", "Floor"] {
        assert!(!page.contains(raw), "{raw}: {page}");
    }
}

#[tokio::test]
async fn the_form_stands_beside_what_is_decided_on() {
    let house = House::new().await;
    let task = taken(&house, json!({"address": "ул. Кирова, 1, 2"})).await;
    let form = format!("/tasks/{}/form", task.id);
    let page = house.visitor.get(Some(OFFICIAL), &form).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let case = format!("<a href=\"/cases/{}\">", task.object("case").unwrap());
    // Above the form for who reads line by line: what is decided on, and the way to all of the case.
    let told = ["<div class=\"beside\"><details class=\"matter\" open>", "<dt>Address</dt>", &case, "<form "];
    let start = page.body.find(told[0]).unwrap_or_else(|| panic!("{}", page.body));
    let rest = &page.body[start..];
    let places: Vec<usize> =
        told.iter().map(|t| rest.find(t).unwrap_or_else(|| panic!("{t}: {}", page.body))).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(page.body.contains("What was filled in"), "all of the answers, folded: {}", page.body);

    let sent = house.visitor.post(OFFICIAL, &form, "page=&f.decision=&do=next").await;
    assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", sent.body);
    assert!(sent.body.contains("class=\"beside beside--refused\""), "what is wrong comes first: {}", sent.body);

    // Whose access has ended sees neither.
    house.at("2026-03-15T01:00:00Z");
    assert_eq!(house.visitor.get(Some(OFFICIAL), &form).await.status, StatusCode::NOT_FOUND);
    let closed = house.visitor.get(Some(OFFICIAL), &format!("/tasks/{}", task.id)).await.body;
    assert!(closed.contains("Open again") && !closed.contains("ул. Кирова"), "{closed}");
}

/// A pack with a text for one step.
fn naming() -> PackSource {
    let mut source = PackSource::default();
    let manifest = "id: naming\nversion: 1.0.0\nowner: urn:svod:body:kuzbass:digital\ndepends: [base, kuzbass]\n";
    source.files.insert("pack.yaml".into(), manifest.into());
    for (lang, name) in [("ru", "Посмотреть"), ("kk", "Қарау"), ("en", "Look closely")] {
        let texts = format!("pack-naming-title = x\npack-naming-description = x\nstep-naming-look = {name}\n");
        source.files.insert(format!("locales/{lang}.ftl"), texts);
    }
    source
}

#[tokio::test]
async fn a_task_has_one_name_wherever_it_is_told() {
    let house = House::new().await;
    let task = taken(&house, json!({})).await;
    house.registry.publish(&Actor::platform("packs"), naming()).await.unwrap();
    let task = task.with("process", Attribute::property("naming")).with("step", Attribute::property("look"));
    house.write(vec![task.clone()]).await;
    let (case, title) = (task.object("case").unwrap(), task.text("title").unwrap().to_owned());
    let of = format!("/tasks/{}", task.id);
    for page in ["/tasks", "/tasks.csv", &of, &format!("{of}/form"), &format!("/cases/{case}")] {
        let told = house.visitor.get(Some(OFFICIAL), page).await.body;
        assert!(told.contains("Look closely"), "{page}: {told}");
        assert!(!told.contains(&title), "{page} calls it {title} as well: {told}");
    }
    let kazakh = house.visitor.get(Some(OFFICIAL), "/tasks?lang=kk").await.body;
    assert!(kazakh.contains("Қарау: "), "{kazakh}");
    let many = house.visitor.post(OFFICIAL, "/tasks/bulk", &format!("task={}&act=take", task.id)).await.body;
    assert!(many.contains(">Look closely: "), "{many}");

    // Where no pack has a text, the process has the name; a task of the platform itself has a text of its own.
    let bare = task.clone().with("process", Attribute::property("other"));
    let up = House::new_entity("urn:svod:task:up", "Task")
        .with("name", Attribute::property("AB12"))
        .with("case", Attribute::object(case.clone()))
        .with("step", Attribute::property("escalation"))
        .with("title", Attribute::property("task-escalated"))
        .with("status", Attribute::property("offered"));
    house.write(vec![bare, up]).await;
    let list = house.visitor.get(Some(OFFICIAL), "/tasks").await.body;
    for name in [&title, &house.text("task-escalated")] {
        assert!(list.contains(name.as_str()), "{name}: {list}");
    }
    assert!(!list.contains("task-escalated"), "{list}");
    // One of an alert is called by what has happened.
    let alert = house.visitor.get(Some("official-municipal"), &format!("/tasks/{TASK}")).await.body;
    assert!(alert.contains("<h1>Air pollution: ул. Тольятти, 29</h1>"), "{alert}");
}

#[tokio::test]
async fn a_registrar_sees_founders_and_shares_beside_the_form() {
    let house = House::new().await;
    house.pack("moving").await;
    house.pack("company").await;
    house.people().await;
    let founder =
        |name: &str, snils: &str, share: f64| json!({"kind": "person", "name": name, "snils": snils, "share": share});
    let data = json!({"ownName": "Ромашка", "address": "Новокузнецк, ул. Кирова, 1", "capital": 10_000, "mainActivity": "c62-01",
        "founders": [founder("Ким Анна", "11122233355", 60.5), founder("Ли Борис", "11122233366", 39.5)],
        "headIs": "me", "filing": "electronic", "truth": true});
    let case = house.asks(&House::anna(), "company/company", data).await;
    let task = house.task_of(&case).await;
    let taken = house.visitor.post("company-registrar", &format!("/tasks/{}/take", task.id), "").await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
    let form = house.visitor.get(Some("company-registrar"), &format!("/tasks/{}/form", task.id)).await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.body);
    let start = form.body.find("<dt>Founders and shares</dt>").unwrap_or_else(|| panic!("{}", form.body));
    let told = &form.body[start..];
    row(told, "Name", "Ли Борис");
    row(told, "Who it is", "A person with SNILS");
    row(told, "Share, %", "60.5");
    row(&form.body, "Charter capital, ₽", "10,000");
    row(told, "Head", "I am");
    row(told, "Head in the register", "<a href=\"/entities/persona:anna\">");
    row(&form.body, &house.text("task-input-companyFiling"), "Here, electronically: no fee");
    for raw in ["electronic<", "person<", "Kind<"] {
        assert!(!told.contains(raw), "{raw}: {told}");
    }

    // What the process knows by now, folded on the page of the case, for who may see what was written.
    let page = format!("/cases/{}", case.id);
    let theirs = house.visitor.get(Some("company-registrar"), &page).await.body;
    let start = theirs.find("<summary>Data of the process</summary>").unwrap_or_else(|| panic!("{theirs}"));
    row(&theirs[start..], "Own name", "Ромашка");
    for who in [ANNA, "company-reviewer"] {
        let other = house.visitor.get(Some(who), &page).await;
        assert!(other.status == StatusCode::OK && !other.body.contains("Data of the process"), "{who}: {}", other.body);
    }
}

#[tokio::test]
async fn what_was_proposed_is_told_by_the_words_of_the_form() {
    let house = House::new().await;
    house.people().await;
    let case = house.moves("consent").await;
    let text = |value: &str| Attribute::property(value);
    let made = House::new_entity("urn:svod:decision:1", "Decision")
        .with("name", text("Moving"))
        .with("case", Attribute::object(case.id.clone()))
        .with("person", case.attributes["person"].clone())
        .with("outcome", text("moving-registered"))
        .with("proposed", text(&json!({"ground": "consent"}).to_string()))
        .with("overridden", Attribute::property(false))
        .with("madeAt", text("2026-01-15T01:00:00Z"))
        .with("status", text("inForce"));
    house.write(vec![made]).await;
    let page = house.visitor.get(Some(ANNA), &format!("/cases/{}", case.id)).await.body;
    row(&page, "What the rules proposed", "The owner agrees – decided so");
    assert!(page.contains("There is a decision"), "the lead says so: {page}");
    assert!(!page.contains("consent –") && !page.contains("{&#34;"), "{page}");
}

#[tokio::test]
async fn a_reason_is_read_in_the_readers_language() {
    let house = House::new().await;
    house.pack("moving").await;
    house.pack("building-permit").await;
    house.people().await;
    let data = json!({"buildingCaseNumber": "zzzz 9999", "replyKind": "withdraw"});
    let case = house.asks(&House::anna(), "building-permit/building-reply", data).await;
    for (lang, reason) in [
        ("ru", "Дела с таким номером у вас нет."),
        ("kk", "Сізде мұндай нөмірі бар іс жоқ."),
        ("en", "You have no case of this number."),
    ] {
        let page = house.visitor.get(Some(ANNA), &format!("/cases/{}?lang={lang}", case.id)).await.body;
        assert!(page.contains(reason), "{lang}: {page}");
        assert!(!page.contains("@building-told"), "{lang}: {page}");
    }
}
