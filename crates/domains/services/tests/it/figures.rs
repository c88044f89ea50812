//! What is told of how a service goes: two versions and two processes beside one another, a pilot, and how long it is from a
//! decision to its execution and from a working copy to its publication.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Map, json};
use svod_kernel::{Actor, Coded as _, Role, Timestamp};
use svod_model::testing::shipped;
use svod_model::{Attribute, Entity, PackSource, PersonaSpec};
use svod_registry::Scope;
use svod_runtime::{Application, ApplicationError};

use crate::house::{ANNA, House};

const PAGE: &str = "/services/moving/moving";
const CITY: &str = "kuzbass/novokuznetsk";
const ELSEWHERE: &str = "kuzbass/kemerovo";
/// So many ask: a few fall to each of two.
const PEOPLE: usize = 14;

/// The pack of moving under another version.
fn moving(version: &str) -> PackSource {
    let mut source = shipped("moving");
    source.files.retain(|path, _| !path.starts_with("tests/"));
    let line = source.files["pack.yaml"].lines().find(|l| l.starts_with("version:")).unwrap().to_owned();
    changed(&mut source, "pack.yaml", &line, &format!("version: {version}"));
    source
}

fn changed(source: &mut PackSource, path: &str, old: &str, new: &str) {
    let file = source.files.get_mut(path).unwrap();
    assert!(file.contains(old), "{path}: {old}");
    *file = file.replace(old, new);
}

/// The service with another line.
fn with_line(version: &str, line: &str) -> PackSource {
    let mut source = moving(version);
    changed(&mut source, "services/moving.yaml", "start:\n", &format!("{line}\nstart:\n"));
    source
}

fn person(n: usize) -> String {
    format!("urn:svod:person:asks-{n}")
}

async fn settled(house: &House) {
    house.people().await;
    let new = |n| House::new_entity(&person(n), "Person").with("name", Attribute::property("Анна"));
    house.write((0..PEOPLE).map(new).collect()).await;
}

/// They move by somebody's leave: an official looks at it, where nothing else is said. Their case.
async fn asks(house: &House, who: &str) -> Result<Entity, ApplicationError> {
    let actor = Actor {
        id: who.into(),
        name: "Анна".into(),
        roles: [Role::Citizen].into(),
        spaces: vec![CITY.parse().unwrap()],
        body: None,
        on_behalf: Vec::new(),
    };
    let data = json!({"name": "Анна", "address": "ул. Кирова, 1, 2", "since": "2026-01-10", "ground": "consent",
        "document": "Согласие от 01.01.2026"});
    let (service, none) = ("moving/moving".to_owned(), Map::new());
    let application = Application { service, data, from_graph: none.clone(), disputed: none, channel: "web" };
    let urn = house.applications.send(&actor, application).await?;
    Ok(house.entity_now(urn.as_str()).await)
}

/// How many began with what, and how many of those are closed.
async fn all_ask(house: &House, by: &str) -> BTreeMap<String, (usize, usize)> {
    let mut all: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for n in 0..PEOPLE {
        let case = asks(house, &person(n)).await.unwrap();
        let of = all.entry(case.text(by).unwrap().to_owned()).or_default();
        of.0 += 1;
        of.1 += usize::from(case.text("status") == Some("closed"));
    }
    all
}

/// A row of the comparison.
fn row(label: &str, cells: [&str; 6]) -> String {
    let names =
        ["Started", "Finished", "Decided by rules alone", "Usually takes", "In term", "Rating by applicants, of 5"];
    let cell = |(name, cell)| format!("<td class=\"num\" data-label=\"{name}\"><span>{cell}</span></td>");
    let cells: String = names.into_iter().zip(cells).map(cell).collect();
    format!("<th scope=\"row\">{label}</th>{cells}</tr>")
}

const FEW: &str = "too few";
const ALL: &str = "100\u{a0}%";

/// One way that ends at once, by rules, beside one in which all wait for an official.
#[track_caller]
fn compared(page: &str, quick: (&str, usize), slow: (&str, usize)) {
    assert!(quick.1 >= 5 && slow.1 >= 5 && quick.1 + slow.1 == PEOPLE, "a figure of fewer is not told: {quick:?}");
    let (many, others) = (quick.1.to_string(), slow.1.to_string());
    for row in [row(quick.0, [&many, &many, ALL, "0 min", ALL, FEW]), row(slow.0, [&others, "0", FEW, FEW, FEW, FEW])] {
        assert!(page.contains(&row), "{row}: {page}");
    }
}

async fn page(house: &House, path: &str) -> String {
    let answer = house.visitor.get(None, path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    answer.body
}

#[tokio::test]
async fn a_version_that_is_tried_stands_beside_the_one_in_force() {
    let house = House::new().await;
    settled(&house).await;
    let platform = Actor::platform("packs");
    house.registry.publish(&platform, moving("1.0.0")).await.unwrap();
    let mut quick = moving("2.0.0");
    changed(&mut quick, "decisions/moving.dmn", "<text>\"check\"</text>", "<text>\"register\"</text>");
    let half = Scope { share: 50, space: None };
    assert!(!page(&house, PAGE).await.contains("Two versions of the service"));
    house.registry.try_version(&platform, &quick, half, "Is it quicker?").await.unwrap();

    let begun = all_ask(&house, "processVersion").await;
    let of = |version: &str| begun.get(&format!("moving@{version}/moving")).copied().unwrap_or_default();
    let ((old, none), (new, closed)) = (of("1.0.0"), of("2.0.0"));
    assert_eq!((none, closed), (0, new), "the table of the version that is tried decides, and no other");
    let words = ("2.0.0, tried: 50 of a hundred applicants", "1.0.0, in force");
    compared(&page(&house, PAGE).await, (words.0, new), (words.1, old));
    for (lang, words) in [("ru", "пробуется: 50 из ста заявителей"), ("kk", "сыналуда: жүз өтініш берушінің 50")]
    {
        let told = page(&house, &format!("{PAGE}?lang={lang}")).await;
        assert!(told.contains(words), "{lang}: {told}");
    }
    house.registry.withdraw(&platform, "moving", "Enough").await.unwrap();
    assert!(!page(&house, PAGE).await.contains("Two versions of the service"));
}

#[tokio::test]
async fn processes_of_a_service_stand_beside_one_another_and_fall_to_the_same_people() {
    let house = House::new().await;
    settled(&house).await;
    let mut source = with_line("1.0.0", "variants:\n  - {process: moving-quick, share: 50}");
    let quick = source.files["processes/moving.bpmn"]
        .replace("id=\"moving-definitions\"", "id=\"moving-quick-definitions\"")
        .replace("<process id=\"moving\"", "<process id=\"moving-quick\"")
        .replace("route = &quot;register&quot;", "route != null");
    source.files.insert("processes/moving-quick.bpmn".into(), quick);
    house.registry.publish(&Actor::platform("packs"), source).await.unwrap();

    let begun = all_ask(&house, "process").await;
    let of = |process: &str| begun.get(process).copied().unwrap_or_default();
    let ((slow, none), (quick, closed)) = (of("moving"), of("moving-quick"));
    assert_eq!((none, closed), (0, quick), "each runs the process that fell to them");
    let shown = page(&house, PAGE).await;
    assert!(shown.contains("Variants of the process"), "{shown}");
    // By their names, where the packs' texts have one.
    compared(&shown, ("moving-quick", quick), ("Registration at the place of residence", slow));
    assert_eq!(all_ask(&house, "process").await, begun, "whoever comes again has the same");
}

#[tokio::test]
async fn a_pilot_is_offered_where_it_is_tried_and_its_next_version_elsewhere() {
    let house = House::new().await;
    house.people().await;
    let (away, urn) = ("kemerovo", "persona:kemerovo");
    let person = Entity::new(urn.parse().unwrap(), "Person", ELSEWHERE.parse().unwrap());
    house.write(vec![person.with("name", Attribute::property("Вера Цой"))]).await;
    let platform = Actor::platform("packs");
    let publish = async |version: &str, pilot: &str| {
        house.registry.publish(&platform, with_line(version, &format!("pilot: [{pilot}]"))).await.unwrap();
        let mut personas = house.registry.catalogue().personas.clone();
        for (id, space) in [(ANNA, CITY), (away, ELSEWHERE)] {
            let spaces = vec![space.parse().unwrap()];
            personas.push(PersonaSpec { id: id.into(), roles: vec![Role::Citizen], spaces, body: None, person: None });
        }
        house.identity.set_personas(personas);
    };
    publish("1.0.0", CITY).await;
    let form = format!("{PAGE}/form");
    let visitor = &house.visitor;
    assert_eq!(visitor.get(Some(ANNA), &form).await.status, StatusCode::OK);
    for (lang, words) in [
        ("en", "This service is not offered where you live"),
        ("ru", "Там, где вы живёте, эта услуга не оказывается"),
        ("kk", "Бұл қызмет сіз тұратын жерде көрсетілмейді"),
    ] {
        let told = visitor.get(Some(away), &format!("{form}?lang={lang}")).await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY, "{lang}");
        assert!(told.body.contains(words), "{lang}: {}", told.body);
    }
    let refused = asks(&house, urn).await.unwrap_err();
    assert_eq!(refused.code(), "not-here", "nor by another way");
    let running = house.moves("consent").await;

    publish("2.0.0", &format!("{CITY}, {ELSEWHERE}")).await;
    assert_eq!(visitor.get(Some(away), &form).await.status, StatusCode::OK);
    let begun = asks(&house, urn).await.unwrap();
    assert_eq!((begun.text("processVersion"), begun.space.as_str()), (Some("moving@2.0.0/moving"), ELSEWHERE));
    let running = house.entity_now(running.id.as_str()).await;
    assert_eq!(
        (running.text("processVersion"), running.text("status")),
        (Some("moving@1.0.0/moving"), Some("open")),
        "what runs stays as it is"
    );
}

/// The moment of the decisions.
const MADE: &str = "2026-01-05T00:00:00Z";

fn after(hours: i64) -> Attribute {
    Attribute::property(MADE.parse::<Timestamp>().unwrap().plus_seconds(hours * 3_600).to_string())
}

fn to(kind: &str, n: usize) -> Attribute {
    Attribute::object(format!("urn:svod:{kind}:executed-{n}").parse().unwrap())
}

/// A case that was closed so many hours after its decision.
fn closed(n: usize, hours: i64) -> Entity {
    House::new_entity(&format!("urn:svod:case:executed-{n}"), "Case")
        .with("name", Attribute::property("Moving"))
        .with("process", Attribute::property("moving"))
        .with("processVersion", Attribute::property("moving@1.0.0/moving"))
        .with("service", Attribute::property("moving/moving"))
        .with("subject", Attribute::property("residence"))
        .with("status", Attribute::property("closed"))
        .with("openedAt", after(-48))
        .with("closedAt", after(hours))
}

fn decided(id: usize, case: usize, hours: i64) -> Entity {
    House::new_entity(&format!("urn:svod:decision:executed-{id}"), "Decision")
        .with("name", Attribute::property("Moving"))
        .with("case", to("case", case))
        .with("service", Attribute::property("moving/moving"))
        .with("outcome", Attribute::property("moving-registered"))
        .with("status", Attribute::property("inForce"))
        .with("madeAt", after(hours))
}

/// Money on its way out of a case.
fn payout(id: usize, case: usize, (status, settled): (&str, Option<i64>)) -> Entity {
    let new = House::new_entity(&format!("urn:svod:payment:executed-{id}"), "Payment")
        .with("kind", Attribute::property("payout"))
        .with("case", to("case", case))
        .with("person", Attribute::object(format!("persona:{ANNA}").parse().unwrap()))
        .with("amount", Attribute::property(100))
        .with("currency", Attribute::property("RUB"))
        .with("provider", Attribute::property("sandbox"))
        .with("status", Attribute::property(status))
        .with("startedAt", after(0));
    match settled {
        Some(hours) => new.with("settledAt", after(hours)),
        None => new,
    }
}

#[tokio::test]
async fn from_a_decision_to_its_execution() {
    let house = House::new().await;
    house.people().await;
    // Closed one to nine hours after the decision; of the fifth the decision ended the term and stands nowhere else.
    let mut all: Vec<Entity> = (1..=9).map(|n| closed(n, n as i64)).collect();
    all[4] = all[4].clone().with("metAt", after(0));
    all.extend((1..=9).filter(|n| *n != 5).map(|n| decided(n, n, 0)));
    // The last decision of a case counts, and no money that did not come.
    all.push(decided(20, 2, -20));
    all.push(payout(1, 1, ("failed", Some(200))));
    // Closed and decided, and the money is not there yet.
    all.extend([closed(30, 1), decided(30, 30, 0), payout(30, 30, ("pending", None))]);
    house.write(all).await;
    let figure = |label: &str, value: &str| format!("<dt>{label}</dt><dd>{value}</dd>");
    let none = "<span class=\"none\">too few</span>";
    let shown = page(&house, PAGE).await;
    for part in [
        figure("From decision to execution, usually", "5 h"),
        figure("… nine of ten within", none),
        "Executed is what has been paid out".to_owned(),
    ] {
        assert!(shown.contains(&part), "{part}: {shown}");
    }
    // The money of the tenth came a hundred hours after its decision, though its case was closed at once.
    house.write(vec![closed(10, 0), decided(10, 10, 0), payout(10, 10, ("done", Some(100)))]).await;
    let shown = page(&house, PAGE).await;
    for part in [figure("From decision to execution, usually", "6 h"), figure("… nine of ten within", "9 h")] {
        assert!(shown.contains(&part), "{part}: {shown}");
    }
}

#[tokio::test]
async fn a_service_says_how_long_its_version_was_made() {
    let house = House::new().await;
    house.people().await;
    let (platform, now) = (Actor::platform("packs"), "2026-01-15T01:00:00Z".parse::<Timestamp>().unwrap());
    let begun = Some(now.plus_seconds(-3 * 3_600));
    house.registry.publish_begun(&platform, moving("1.0.0"), begun).await.unwrap();
    let told = |version: &str| format!("<dt>Version {version}: from working copy to publication</dt>");
    let shown = page(&house, PAGE).await;
    assert!(shown.contains(&format!("{}<dd>3 h</dd>", told("1.0.0"))), "{shown}");
    // What came by another way has no working copy, and does not borrow one.
    house.registry.publish(&platform, moving("1.0.1")).await.unwrap();
    let shown = page(&house, PAGE).await;
    assert!(!shown.contains(&told("1.0.0")) && !shown.contains(&told("1.0.1")), "{shown}");
}
