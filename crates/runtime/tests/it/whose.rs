//! An applicant who is not there any more, or has become one with another: the case goes on, and whoever works on it is kept from nothing.

use serde_json::{Value, json};
use svod_kernel::Urn;
use svod_model::{Attribute, Entity};
use svod_registry::{Change, Command, Operation};
use svod_runtime::cases::Awaits;
use svod_runtime::{Tasks, shown_to};
use svod_store::testing::TestPlace;

use crate::house::SPACE;
use crate::law::{BELOW, Law, PERSON};

crate::on_both_engines!(
    a_case_goes_on_without_who_is_gone,
    a_task_that_was_offered_before_is_done_all_the_same,
    a_case_goes_on_with_whom_its_applicant_has_become,
    nobody_owes_when_nobody_is_there,
    a_case_says_what_it_waits_for,
    a_case_is_found_by_its_number_however_it_is_typed,
);

const OTHER: &str = "urn:svod:person:survivor";

/// Somebody looks, it is decided, told and looked at again.
const PROCESS: &str = r#"<startEvent id="s"/><endEvent id="e"/>
    <userTask id="look"/>
    <userTask id="again"><extensionElements><svod:input name="who" value="applicant.name"/><svod:input name="urn" value="applicant.urn"/></extensionElements></userTask>
    <serviceTask id="rec" svod:service="decision.record" svod:result="made"><extensionElements>
      <svod:input name="outcome" value="&quot;done&quot;"/><svod:input name="reason" value="&quot;@law-bring&quot;"/>
      <svod:input name="values" value="{what: &quot;2026-12-31&quot;, count: 1}"/></extensionElements></serviceTask>
    <serviceTask id="tell" svod:service="message.send" svod:result="told"><extensionElements>
      <svod:input name="text" value="&quot;Done&quot;"/></extensionElements></serviceTask>
    s -> look -> rec -> tell -> again -> e"#;

fn applicant() -> Value {
    json!({"applicant": {"urn": PERSON, "type": "Person", "space": SPACE, "name": "Анна"}})
}

async fn execute(law: &Law, changes: Vec<Change>) {
    let command = Command { ground: "test".into(), changes, ..Command::default() };
    law.house.registry.execute(&law.house.actor, command).await.unwrap();
}

async fn gone(law: &Law) {
    execute(law, vec![Operation::Delete { urn: PERSON.parse().unwrap(), expected: None }.into()]).await;
}

async fn merged(law: &Law) {
    let other = Entity::new(OTHER.parse().unwrap(), "Person", SPACE.parse().unwrap());
    execute(law, vec![Operation::Create(other.with("name", Attribute::property("Анна Ким"))).into()]).await;
    execute(law, Change::merge(PERSON.parse().unwrap(), OTHER.parse().unwrap()).into()).await;
}

fn input(task: &Entity) -> Value {
    serde_json::from_str(task.text("input").unwrap()).unwrap()
}

async fn a_case_goes_on_without_who_is_gone(place: &TestPlace) {
    let law = Law::new(place, &[("goes", PROCESS)], &[]).await;
    let case = law.open("permit", "goes", BELOW, applicant()).await;
    gone(&law).await;
    let official = Law::official("one", BELOW);
    law.act(&official, &case, "look", json!({})).await.unwrap();
    law.house.settle().await;
    assert_eq!(law.incidents(&case).await, []);
    let made = law.all("Decision").await.remove(0);
    assert_eq!((made.object("person"), made.text("outcome")), (None, Some("done")));
    assert!(law.all("CaseMessage").await.is_empty(), "nobody reads it");
    assert_eq!(law.house.variables(&case).await["told"], json!({"message": null}));
    let again = law.task(&case, "again").await;
    assert_eq!(again.object("person"), None);
    assert_eq!(input(&again), json!({"who": null, "urn": PERSON}), "the process can ask for them, and has no name");

    // There is nothing to be opened, and who takes it sees what it shows.
    let (registry, tasks) = (&law.house.registry, Tasks::new(law.house.registry.clone(), law.house.cases.clone()));
    tasks.take(&official, &again.id).await.unwrap();
    assert!(law.all("Access").await.is_empty());
    let closed = registry.entity(&official, &again.id).await.unwrap();
    assert_eq!(closed.text("input"), None, "at the door it is closed as ever");
    let other = Law::official("two", BELOW);
    let theirs = shown_to(registry, &other, registry.entity(&other, &again.id).await.unwrap()).await.unwrap();
    assert_eq!(theirs.text("input"), None, "for who has not taken it");
    assert_eq!(input(&shown_to(registry, &official, closed).await.unwrap())["urn"], json!(PERSON));
    tasks.complete(&official, &again.id, "Ended").await.unwrap();
    assert_eq!(law.word(&case, "status").await.as_deref(), Some("closed"));
}

async fn a_task_that_was_offered_before_is_done_all_the_same(place: &TestPlace) {
    let law = Law::new(place, &[("goes", PROCESS)], &[]).await;
    let official = Law::official("one", BELOW);
    let tasks = Tasks::new(law.house.registry.clone(), law.house.cases.clone());
    let case = law.open("permit", "goes", BELOW, applicant()).await;
    let look = law.task(&case, "look").await;
    tasks.take(&official, &look.id).await.unwrap();
    assert_eq!(law.all("Access").await.len(), 1);
    gone(&law).await;
    tasks.complete(&official, &look.id, "Looked").await.unwrap();
    law.house.settle().await;
    let again = law.task(&case, "again").await;
    assert_eq!((again.text("status"), again.object("person")), (Some("offered"), None));
}

async fn a_case_goes_on_with_whom_its_applicant_has_become(place: &TestPlace) {
    let law = Law::new(place, &[("goes", PROCESS)], &[]).await;
    let official = Law::official("one", BELOW);
    let tasks = Tasks::new(law.house.registry.clone(), law.house.cases.clone());
    let case = law.open("permit", "goes", BELOW, applicant()).await;
    merged(&law).await;
    let look = law.task(&case, "look").await;
    tasks.take(&official, &look.id).await.unwrap();
    let survivor: Urn = OTHER.parse().unwrap();
    assert_eq!(law.entity(&look.id).await.object("person"), Some(&survivor));
    assert_eq!(law.all("Access").await[0].object("person"), Some(&survivor), "what is opened is theirs");
    tasks.complete(&official, &look.id, "Looked").await.unwrap();
    law.house.settle().await;
    assert_eq!(law.incidents(&case).await, []);
    for kind in ["Decision", "CaseMessage"] {
        assert_eq!(law.all(kind).await[0].object("person"), Some(&survivor), "{kind}");
    }
    assert_eq!(law.entity(&case).await.object("person"), Some(&survivor));
    let again = law.task(&case, "again").await;
    assert_eq!(again.object("person"), Some(&survivor));
    assert_eq!(input(&again), json!({"who": "Анна Ким", "urn": OTHER}));
    // What it said stands in each language, with the day as that writes days.
    let made = law.all("Decision").await.remove(0);
    let said = svod_kernel::Lang::ALL.map(|lang| svod_runtime::cases::said(&made, "reason", lang).unwrap().to_owned());
    assert!(said[0].starts_with("Принесите: 31.12.2026") && said[2].starts_with("Bring: 31 Dec 2026"), "{said:?}");
}

async fn nobody_owes_when_nobody_is_there(place: &TestPlace) {
    let body = r#"<startEvent id="s"/><endEvent id="e"/><userTask id="look"/>
        <serviceTask id="fee" svod:service="money.accrue"><extensionElements><svod:input name="amount" value="100"/>
          <svod:input name="purpose" value="&quot;Fee&quot;"/><svod:input name="person" value="applicant.urn"/></extensionElements></serviceTask>
        s -> look -> fee -> e"#;
    let law = Law::new(place, &[("owes", body)], &[]).await;
    let case = law.open("permit", "owes", BELOW, applicant()).await;
    gone(&law).await;
    law.act(&Law::official("one", BELOW), &case, "look", json!({})).await.unwrap();
    assert!(law.incidents(&case).await[0].2.contains("not there any more"), "the official's work is done");
    assert!(law.all("Accrual").await.is_empty());
}

async fn a_case_says_what_it_waits_for(place: &TestPlace) {
    let body = r#"<startEvent id="s"/><endEvent id="e"/><userTask id="look"/><scriptTask id="set" svod:result="seen"><script>"yes"</script></scriptTask>
        <intermediateCatchEvent id="later"><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></intermediateCatchEvent>
        <serviceTask id="bad" svod:service="entity.delete"/>
        s -> look -> set -> later -> bad -> e"#;
    let law = Law::new(place, &[("waits", body)], &[]).await;
    let case = law.open("permit", "waits", BELOW, json!({"secret": "x"})).await;
    let names = ["seen".to_owned()];
    let standing = async || law.house.cases.standing(&case, &names).await.unwrap().unwrap();
    let first = standing().await;
    assert_eq!((first.awaits, first.variables.len()), (Awaits::Nothing, 0), "somebody has a task");
    law.act(&Law::official("one", BELOW), &case, "look", json!({})).await.unwrap();
    let then = standing().await;
    assert_eq!((then.awaits, then.at), (Awaits::Event, vec![("law@1.0.0/waits".to_owned(), "later".to_owned())]));
    assert_eq!(Value::Object(then.variables), json!({"seen": "yes"}), "what was asked for, and nothing beside");
    law.house.after(24 * 3_600 + 1).await;
    assert_eq!(standing().await.awaits, Awaits::Repair);
    let none: Urn = "urn:svod:case:none".parse().unwrap();
    assert_eq!(law.house.cases.standing(&none, &[]).await.unwrap(), None);
}

async fn a_case_is_found_by_its_number_however_it_is_typed(place: &TestPlace) {
    let body = r#"<startEvent id="s"/><endEvent id="e"/>
        <serviceTask id="f" svod:service="entity.find" svod:result="found"><extensionElements><svod:input name="type" value="&quot;Case&quot;"/>
          <svod:input name="where" value="{number: typed}"/></extensionElements></serviceTask>
        s -> f -> e"#;
    let law = Law::new(place, &[("finds", body), ("goes", PROCESS)], &[]).await;
    let case = law.open("permit", "goes", BELOW, applicant()).await;
    let set = [("number".to_owned(), Attribute::property("ABC0-1XYZ"))].into_iter().collect();
    execute(&law, vec![Operation::Patch { urn: case.clone(), expected: None, set, unset: Vec::new() }.into()]).await;
    for (typed, count) in [("ABC0-1XYZ", 1), ("abc01xyz", 1), ("авс0 1хуz", 1), ("ABC0-1XYY", 0), ("", 0)] {
        let finds = law.open("permit", "finds", BELOW, json!({"typed": typed})).await;
        let found = law.house.variables(&finds).await["found"]["items"].as_array().map(Vec::len);
        assert_eq!(found, Some(count), "{typed}");
    }
}
