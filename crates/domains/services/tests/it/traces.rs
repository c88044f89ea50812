//! What a case leaves behind: what was issued, who acted for whom, how money is told.

use axum::http::StatusCode;
use serde_json::json;
use svod_kernel::{Actor, OnBehalf, Role};
use svod_model::testing::shipped;
use svod_model::{Attribute, Entity};
use svod_registry::{Action, Change, Command, EntityQuery, Operation};
use svod_runtime::{Correspondence, Side};

use crate::house::{ANNA, BORIS, House};

const OFFICIAL: &str = "official-migration";
const CHILD: &str = "urn:t:person:child";

fn text(text: &str) -> Attribute {
    Attribute::property(text)
}

fn link(urn: &str) -> Attribute {
    Attribute::object(urn.parse().unwrap())
}

fn anna() -> String {
    format!("persona:{ANNA}")
}

/// Carries changes out as the process of a case does.
async fn carried(house: &House, case: &Entity, changes: Vec<Change>) {
    let ground = "process:moving@0.1.0/moving".to_owned();
    let command = Command { ground, cause: Some(case.id.clone()), changes, ..Command::default() };
    house.registry.execute(&Actor::platform("process"), command).await.unwrap();
}

fn made(entity: Entity, verb: &'static str) -> Change {
    Change::verb(Operation::Create(entity), Action::Create, verb)
}

fn patched(urn: &str, verb: &'static str, set: &[(&str, Attribute)]) -> Change {
    let set = set.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let patch = Operation::Patch { urn: urn.parse().unwrap(), expected: None, set, unset: Vec::new() };
    Change::verb(patch, Action::Update, verb)
}

async fn mandate(house: &House, id: &str, (person, delegate, basis): (&str, &str, &str), scope: Option<&str>) {
    let mut mandate = House::new_entity(id, "Mandate")
        .with("person", link(person))
        .with("delegate", link(delegate))
        .with("basis", text(basis))
        .with("since", text("2026-01-14T00:00:00Z"));
    if let Some(scope) = scope {
        mandate = mandate.with("scope", Attribute::property(json!([scope])));
    }
    house.write(vec![mandate]).await;
}

/// Anna's case, in which a child of hers was recorded and queued.
async fn born(house: &House) -> Entity {
    house.people().await;
    let mut birth = shipped("birth");
    birth.files.retain(|path, _| !path.starts_with("tests/"));
    house.registry.publish(&Actor::platform("packs"), birth).await.unwrap();
    house.write(vec![House::new_entity(CHILD, "Person").with("name", text("Ким Мария"))]).await;
    let case = house.moves("owner").await;
    let record = House::new_entity("urn:t:record:1", "BirthRecord")
        .with("recordNumber", text("2026-42-77"))
        .with("certificateNumber", text("32 000000077"))
        .with("person", link(CHILD))
        .with("body", case.attributes["body"].clone())
        .with("medicalDocument", text("urn:t:certificate:1"))
        .with("mother", link(&anna()))
        .with("fatherBasis", text("none"))
        .with("bornOn", text("2026-01-10"))
        .with("birthplace", text("Новокузнецк"))
        .with("stillborn", Attribute::property(false));
    let place = House::new_entity("urn:t:place:1", "KindergartenPlace")
        .with("person", link(CHILD))
        .with("body", case.attributes["body"].clone())
        .with("wantedFrom", text("2027-09-01"))
        .with("placeStatus", text("queued"));
    let other = House::new_entity("urn:t:place:2", "KindergartenPlace")
        .with("person", link(&format!("persona:{BORIS}")))
        .with("body", case.attributes["body"].clone())
        .with("wantedFrom", text("2027-09-01"))
        .with("placeStatus", text("given"));
    carried(house, &case, vec![made(record, "create"), made(place, "create"), made(other, "create")]).await;
    case
}

/// The part of a page that says what was issued; empty without one.
fn issued(page: &str) -> &str {
    let from = page.find("id=\"issued\"").map_or("", |at| &page[at..]);
    from.split("</section>").next().unwrap_or_default()
}

/// Who has looked at the child's data.
async fn looks(house: &House) -> Vec<Entity> {
    let q = EntityQuery::of("kuzbass".parse().unwrap(), &["Access"]).with("person", CHILD);
    house.registry.query(&Actor::platform("test"), q).await.unwrap().items
}

#[tokio::test]
async fn what_was_issued_is_shown_to_who_may_see_it_and_of_a_child_to_its_parent() {
    let house = House::new().await;
    let case = born(&house).await;
    let page = format!("/cases/{}", case.id);
    let before = house.visitor.get(Some(ANNA), &page).await;
    assert_eq!(before.status, StatusCode::OK, "{}", before.body);
    for part in ["What was issued", "href=\"/entities/", ">Place of residence", ">Receipt</a>"] {
        assert!(issued(&before.body).contains(part), "{part}: {}", before.body);
    }
    for closed in ["Record of birth", "2026-42-77", "Ким Мария", "Place in a kindergarten"] {
        assert!(!before.body.contains(closed), "{closed}: nobody has said that she acts for the child");
    }
    // A mandate in other matters is none in these.
    mandate(&house, "urn:t:mandate:other", (CHILD, &anna(), "attorney"), Some("Consent")).await;
    assert!(!house.visitor.get(Some(ANNA), &page).await.body.contains("Record of birth"));
    assert_eq!(looks(&house).await.len(), 0, "what was not shown was not seen");

    mandate(&house, "urn:t:mandate:parent", (CHILD, &anna(), "parent"), None).await;
    let mine = house.visitor.get(Some(ANNA), &page).await.body;
    for part in ["Record of birth · 2026-42-77", "Place in a kindergarten", "In the queue", "Whose: Ким Мария"]
    {
        assert!(issued(&mine).contains(part), "{part}: {mine}");
    }
    assert!(!mine.contains("Place given"), "what was made of somebody else's is not hers: {mine}");
    assert!(!mine.contains("/account/acting"), "a persona has no session to act in");
    let traced = looks(&house).await;
    let said = |e: &Entity| (e.text("actor").map(str::to_owned), e.text("basis").map(str::to_owned));
    assert_eq!(traced.iter().map(said).collect::<Vec<_>>(), [(Some(anna()), Some("mandate".to_owned()))]);
    house.visitor.get(Some(ANNA), &page).await;
    assert_eq!(looks(&house).await.len(), 1, "within an hour once");
    house.clock.advance(3_601);
    house.visitor.get(Some(ANNA), &page).await;
    assert_eq!(looks(&house).await.len(), 2);

    let official = house.visitor.get(Some(OFFICIAL), &page).await.body;
    assert!(issued(&official).contains("Record of birth"), "{official}");
    assert!(!official.contains("2026-42-77") && !official.contains("Ким Мария"), "{official}");
    assert_eq!(looks(&house).await.len(), 2, "who sees nothing personal leaves no trace");
    assert_eq!(house.visitor.get(Some(BORIS), &page).await.status, StatusCode::NOT_FOUND);
    for (lang, words) in [("ru", "Что оформлено"), ("kk", "Не ресімделді")] {
        assert!(house.visitor.get(Some(ANNA), &format!("{page}?lang={lang}")).await.body.contains(words));
    }
}

#[tokio::test]
async fn where_nothing_was_made_nothing_is_said_of_it() {
    let house = House::new().await;
    house.people().await;
    let case = house.moves("consent").await;
    let page = house.visitor.get(Some(ANNA), &format!("/cases/{}", case.id)).await.body;
    assert!(page.contains("What happened") && !page.contains("What was issued"), "{page}");
}

/// Somebody who acts for Anna by that mandate.
fn acting(id: &str, mandate: &str) -> Actor {
    let link = OnBehalf {
        person: anna().parse().unwrap(),
        mandate: mandate.parse().unwrap(),
        basis: "parent".into(),
        scope: Default::default(),
    };
    let roles = [Role::Citizen].into();
    Actor { id: id.to_owned(), name: "citizen".into(), roles, on_behalf: vec![link], ..Actor::anonymous() }
}

#[tokio::test]
async fn an_operator_stands_by_their_post_and_reads_for_nobody() {
    let house = House::new().await;
    house.people().await;
    let case = house.moves("consent").await;
    let (page, clerk, son) = (format!("/cases/{}", case.id), "urn:t:person:clerk", "urn:t:person:son");
    let post = House::new_entity("urn:t:post:desk", "Post").with("name", text("Desk 7")).with("role", text("official"));
    let appointed = House::new_entity("urn:t:appointment:1", "Appointment")
        .with("person", link(clerk))
        .with("post", link("urn:t:post:desk"))
        .with("since", text("2025-01-01T00:00:00Z"));
    let people = [clerk, son].map(|p| House::new_entity(p, "Person").with("name", text("Тайное Имя")));
    house.write(people.into_iter().chain([post, appointed]).collect()).await;
    mandate(&house, "urn:t:mandate:present", (&anna(), clerk, "present"), None).await;
    mandate(&house, "urn:t:mandate:son", (&anna(), son, "attorney"), None).await;

    let letters = Correspondence::new(house.registry.clone());
    let (operator, deputy) = (acting(clerk, "urn:t:mandate:present"), acting(son, "urn:t:mandate:son"));
    letters.write(&operator, &case.id, "She asks when", Side::Applicant).await.unwrap();
    letters.write(&deputy, &case.id, "I ask as well", Side::Applicant).await.unwrap();
    house.visitor.post(ANNA, &format!("{page}/messages"), "text=My+own").await;
    let task = house.task_of(&case).await;
    house.visitor.post(OFFICIAL, &format!("/tasks/{}/take", task.id), "").await;
    house.visitor.post(OFFICIAL, &format!("{page}/messages"), "text=Tomorrow").await;

    // What the operator sees at the desk, the person has not read; what a representative sees is read.
    assert_eq!(letters.read(&operator, &case).await.unwrap(), 0);
    let unread = async || {
        let all = letters.of(&Actor::platform("test"), &case).await.unwrap();
        all.iter().filter(|m| m.text("from") == Some("body") && m.text("readAt").is_none()).count()
    };
    assert_eq!(unread().await, 1);
    assert_eq!(letters.read(&deputy, &case).await.unwrap(), 1);
    assert_eq!(unread().await, 0);

    let desk = "Operator: Desk 7 – for the person who was present";
    let mine = house.visitor.get(Some(ANNA), &page).await.body;
    for part in [&format!("<strong>{desk}</strong>"), "<strong>A representative (", "<strong>You</strong>"] {
        assert!(mine.contains(part), "{part}: {mine}");
    }
    assert!(!mine.contains("Тайное Имя"), "a post is named, not a person: {mine}");
    let journal = house.visitor.get(Some(ANNA), &format!("{page}/journal")).await.body;
    assert!(journal.contains(&format!("· {desk}")), "{journal}");
    let theirs = house.visitor.get(Some(OFFICIAL), &page).await.body;
    assert!(theirs.contains(desk) && theirs.contains("<strong>You</strong>"), "{theirs}");
}

#[tokio::test]
async fn money_and_what_was_done_are_told_in_words() {
    let house = House::new().await;
    house.people().await;
    let case = house.moves("consent").await;
    let shared = |e: Entity| {
        e.with("person", case.attributes["person"].clone())
            .with("body", case.attributes["body"].clone())
            .with("case", Attribute::object(case.id.clone()))
            .with("purpose", text("State fee"))
            .with("amount", Attribute::property(35_005))
            .with("currency", text("RUB"))
    };
    let accrual = shared(House::new_entity("urn:svod:accrual:9", "Accrual"))
        .with("number", text("12345678901234567890"))
        .with("paid", Attribute::property(0))
        .with("accruedAt", text("2026-01-15T01:00:00Z"))
        .with("status", text("open"));
    let payment = shared(House::new_entity("urn:svod:payment:9", "Payment"))
        .with("kind", text("payment"))
        .with("accrual", link("urn:svod:accrual:9"))
        .with("provider", text("sandbox"))
        .with("startedAt", text("2026-01-15T01:00:00Z"))
        .with("status", text("pending"));
    carried(&house, &case, vec![made(accrual, "accrue")]).await;
    carried(&house, &case, vec![made(payment, "pay")]).await;
    let paid = [("paid", Attribute::property(35_005)), ("status", text("paid"))];
    let settled = [("status", text("done")), ("settledAt", text("2026-01-15T02:00:00Z"))];
    let changes = vec![patched("urn:svod:accrual:9", "pay", &paid), patched("urn:svod:payment:9", "settle", &settled)];
    carried(&house, &case, changes).await;

    let journal = |lang: &str| format!("/cases/{}/journal?lang={lang}", case.id);
    let plain = |body: String| body.replace(['\u{a0}', '\u{202f}'], " ");
    for (lang, words) in [
        (
            "en",
            [
                "A payment is due",
                "A payment was begun",
                "What was due has been paid",
                "The money has arrived",
                "350.05 RUB",
            ],
        ),
        ("ru", ["Начислено к оплате", "Начата оплата", "Оплачено", "Деньги поступили", "350,05 RUB"]),
        ("kk", ["Төлемге есептелді", "Төлеу басталды", "Төленді", "Ақша түсті", "350,05 RUB"]),
    ] {
        let page = plain(house.visitor.get(Some(ANNA), &journal(lang)).await.body);
        for part in words {
            assert!(page.contains(part), "{lang} {part}: {page}");
        }
        for raw in ["35005", "35,005", "35 005", "accrue", ">sandbox"] {
            assert!(!page.contains(raw), "{lang} {raw}: {page}");
        }
    }
}

#[tokio::test]
async fn the_way_to_payments_is_shown_to_who_keeps_them() {
    let house = House::new().await;
    house.people().await;
    let way = "href=\"/operations/payments\"";
    assert!(house.visitor.get(Some(OFFICIAL), "/tasks").await.body.contains(way));
    for who in [Some(ANNA), None] {
        assert!(!house.visitor.get(who, "/services").await.body.contains(way), "{who:?}");
    }
}
