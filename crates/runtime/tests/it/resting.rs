//! What comes by itself and is refused however often it is tried: it rests, an operator sees it and has it tried again.

use serde_json::json;
use svod_kernel::{Actor, Coded, Role, Urn};
use svod_registry::{Command, Operation};
use svod_runtime::cases::repair::{Stuck, Trouble};
use svod_store::instance::Status;
use svod_store::testing::TestPlace;

use crate::house::{House, SPACE, map};
use crate::law::{ABOVE, BELOW, Law, PERSON};

crate::on_both_engines!(
    a_term_that_is_refused_rests_and_is_tried_again,
    what_comes_to_a_process_that_is_in_no_pack_rests,
    a_signal_to_a_process_that_is_in_no_pack_rests_with_it,
    what_waits_for_nobody_is_over,
);

const LOOK: &str = r#"<startEvent id="s"/><endEvent id="e"/><userTask id="look"/>
    s -> look -> e"#;
const HOUR: &str = r#"<startEvent id="s"/><endEvent id="e"/>
    <intermediateCatchEvent id="pause" name="An hour"><timerEventDefinition id="td"><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>
    s -> pause -> e"#;
const HEARS: &str = r#"<startEvent id="s"/><endEvent id="e"/><receiveTask id="r" messageRef="m" svod:correlation="key"/>
    s -> r -> e"#;
const SENDS: &str = r#"<startEvent id="s"/><endEvent id="e"/><sendTask id="a" messageRef="m" svod:correlation="key"/>
    s -> a -> e"#;

fn operator(id: &str) -> Actor {
    Actor {
        id: id.to_owned(),
        name: "Оператор".into(),
        roles: [Role::Administrator].into(),
        spaces: vec!["kuzbass".parse().unwrap()],
        body: None,
        on_behalf: Vec::new(),
    }
}

async fn troubles(house: &House) -> Vec<Trouble> {
    let all = Stuck { limit: 50, ..Stuck::default() };
    house.cases.stuck(&operator("urn:t:operator"), &all).await.unwrap().items
}

/// Time passes until what is refused has been tried often enough.
async fn tried(house: &House) {
    for _ in 0..12 {
        house.after(3_600).await;
    }
}

async fn execute(house: &House, operation: Operation) {
    let command = Command { ground: "test".into(), changes: vec![operation.into()], ..Command::default() };
    house.registry.execute(&house.actor, command).await.unwrap();
}

async fn a_term_that_is_refused_rests_and_is_tried_again(place: &TestPlace) {
    let law = Law::new(place, &[("looks", LOOK)], &[]).await;
    let house = &law.house;
    let case = law.open("plain", "looks", BELOW, json!({})).await;
    let row = house.row(&case).await;
    // The body that it would be brought before is there no more.
    let urn: Urn = ABOVE.parse().unwrap();
    execute(house, Operation::Delete { urn: urn.clone(), expected: None }).await;
    law.until("2027-01-07T07:00:00Z").await;
    law.until("2027-01-08T07:00:00Z").await;
    assert!(troubles(house).await.is_empty(), "it is tried again first");
    tried(house).await;
    let found = troubles(house).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].urn.as_str(), found[0].code.as_str()), (case.as_str(), "refused"));
    assert!(found[0].message.contains("invalid-entity (body)"), "{}", found[0].message);
    assert_eq!(
        (house.row(&case).await.status, law.word(&case, "clock").await.as_deref()),
        (Status::Incident, Some("warned"))
    );
    let waits = house.waits(&case).await;
    assert_eq!(waits, [("k-due".to_owned(), None)], "nobody tries it any more");
    // Tried again as it is, it rests at once; put right, it happens.
    let space = SPACE.parse().unwrap();
    let at = (&space, row.id);
    let retry = async |actor: &Actor, incident, variables| {
        house.cases.retry(actor, at, incident, map(variables), "looked at").await
    };
    let own = retry(&operator(PERSON), found[0].incident, json!({})).await.unwrap_err();
    assert_eq!(own.code(), "repair-own");
    let one = operator("urn:t:operator");
    let given = retry(&one, found[0].incident, json!({"a": 1})).await.unwrap_err();
    assert_eq!(given.code(), "repair-variables");
    retry(&one, found[0].incident, json!({})).await.unwrap();
    assert_eq!(house.row(&case).await.status, Status::Running);
    house.settle().await;
    let again = troubles(house).await;
    assert!(again.len() == 1 && again[0].incident != found[0].incident, "{again:?}");
    execute(house, Operation::Restore { urn }).await;
    retry(&one, again[0].incident, json!({})).await.unwrap();
    let late = retry(&one, again[0].incident, json!({})).await.unwrap_err();
    assert!(late.is_late(), "{late}");
    house.settle().await;
    assert_eq!(law.word(&case, "clock").await.as_deref(), Some("overdue"));
    assert_eq!(law.task(&case, "escalation").await.text("status"), Some("offered"));
    assert!(troubles(house).await.is_empty() && house.row(&case).await.status == Status::Running);
    let told = house.told(&case).await;
    assert_eq!(told.iter().filter(|t| t["repair"] == "retry").count(), 2);
}

/// Its process is in no pack that this program can run any more.
async fn forgotten(house: &House, case: &Urn, process: &'static str) {
    let row = house.row(case).await;
    let sql = "UPDATE instance SET process = ?1 WHERE space = ?2 AND id = ?3";
    let write =
        move |conn: &mut dyn svod_store::Conn| conn.execute(sql, &[process.into(), row.space.into(), row.id.into()]);
    house.store.write(write).await.unwrap();
}

async fn what_comes_to_a_process_that_is_in_no_pack_rests(place: &TestPlace) {
    let house = House::new(place, &[("hour", HOUR), ("hears", HEARS), ("sends", SENDS)], &[]).await;
    let timed = house.open("hour", "1", json!({})).await;
    forgotten(&house, &timed, "gone@1.0.0/hour").await;
    let late = house.open("hears", "3", json!({"key": "b"})).await;
    forgotten(&house, &late, "gone@1.0.0/hears").await;
    // Who sends it a message goes on, and ends.
    let sender = house.begin("sends", json!({"key": "b"})).await;
    assert!(house.is_done(&sender).await);
    tried(&house).await;
    let mut found = troubles(&house).await;
    found.sort_by(|a, b| a.urn.cmp(&b.urn));
    let seen: Vec<(&str, &str)> = found.iter().map(|t| (t.urn.as_str(), t.element.as_str())).collect();
    assert_eq!(seen, [(timed.as_str(), "pause"), (late.as_str(), "news")], "a message stands with who cannot take it");
    assert!(found.iter().all(|t| t.message.contains("gone@1.0.0/")), "{found:?}");
    // The page of it is there all the same.
    let space = SPACE.parse().unwrap();
    let one = operator("urn:t:operator");
    let shown = house.cases.instance(&one, (&space, found[0].instance)).await.unwrap();
    assert_eq!((shown.tokens[0].name.as_str(), shown.troubles.len()), ("pause", 1));
    assert!(!house.cases.history(&one, (&space, found[0].instance), None).await.unwrap().is_empty());
    // The pack is there again.
    forgotten(&house, &timed, "test@1.0.0/hour").await;
    forgotten(&house, &late, "test@1.0.0/hears").await;
    for trouble in &found {
        let at = (&trouble.space, trouble.instance);
        house.cases.retry(&one, at, trouble.incident, map(json!({})), "published again").await.unwrap();
    }
    house.settle().await;
    assert!(house.is_done(&timed).await && house.is_done(&late).await);
    assert!(troubles(&house).await.is_empty());
}

const CALLS: &str = r#"<startEvent id="s"/><endEvent id="e"/><intermediateThrowEvent id="t"><extensionElements><svod:input name="n" value="n"/></extensionElements><signalEventDefinition id="sd" signalRef="g"/></intermediateThrowEvent>
    s -> t -> e"#;
const LISTENS: &str = r#"<startEvent id="s"/><endEvent id="e"/><intermediateCatchEvent id="c"><signalEventDefinition id="sd" signalRef="g"/></intermediateCatchEvent>
    s -> c -> e"#;

async fn a_signal_to_a_process_that_is_in_no_pack_rests_with_it(place: &TestPlace) {
    let house = House::new(place, &[("calls", CALLS), ("listens", LISTENS)], &[]).await;
    let [lost, given_up] = [house.begin("listens", json!({})).await, house.begin("listens", json!({})).await];
    let hears = house.begin("listens", json!({})).await;
    forgotten(&house, &lost, "gone@1.0.0/listens").await;
    forgotten(&house, &given_up, "gone@1.0.0/listens").await;
    house.begin("calls", json!({"n": 7})).await;
    house.settle().await;
    assert!(house.is_done(&hears).await, "it is kept from nobody else");
    let found = troubles(&house).await;
    let mut seen: Vec<(String, &str)> = found.iter().map(|t| (t.urn.clone(), t.element.as_str())).collect();
    seen.sort();
    let mut both = [(lost.to_string(), "storm"), (given_up.to_string(), "storm")];
    both.sort();
    assert_eq!(seen, both);
    assert!(found.iter().all(|t| t.code == "refused" && t.message.contains("gone@1.0.0/listens")), "{found:?}");
    // Told again while the pack is away it rests again, once.
    let (space, one) = (SPACE.parse().unwrap(), operator("urn:t:operator"));
    let of = |all: Vec<Trouble>, case: &Urn| all.into_iter().find(|t| t.urn == case.as_str()).unwrap();
    let trouble = of(found, &lost);
    house.cases.retry(&one, (&space, trouble.instance), trouble.incident, map(json!({})), "try").await.unwrap();
    house.settle().await;
    let found = troubles(&house).await;
    assert_eq!(found.len(), 2, "{found:?}");
    // The pack is there again: it hears what was said then, and nobody else hears it twice.
    let second = house.begin("listens", json!({})).await;
    forgotten(&house, &lost, "test@1.0.0/listens").await;
    let trouble = of(found, &lost);
    house.cases.retry(&one, (&space, trouble.instance), trouble.incident, map(json!({})), "again").await.unwrap();
    house.settle().await;
    assert!(house.is_done(&lost).await && !house.is_done(&second).await);
    let left = troubles(&house).await;
    assert_eq!(left.iter().map(|t| t.urn.as_str()).collect::<Vec<_>>(), [given_up.as_str()]);
}

async fn what_waits_for_nobody_is_over(place: &TestPlace) {
    let house = House::new(place, &[("hour", HOUR)], &[]).await;
    let case = house.begin("hour", json!({})).await;
    let row = house.row(&case).await;
    let sql = "DELETE FROM instance WHERE space = ?1 AND id = ?2";
    house.store.write(move |conn| conn.execute(sql, &[row.space.into(), row.id.into()])).await.unwrap();
    tried(&house).await;
    let left = house.store.read(move |c| svod_store::instance::waits_of(c, row.space, row.id)).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
}
