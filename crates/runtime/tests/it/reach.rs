//! A process reaches its own region and nothing beside it, writes nothing that the platform alone writes, and looks at nobody's
//! data unseen.

use serde_json::{Value, json};
use svod_kernel::{Actor, SpacePath, Urn};
use svod_model::testing::shipped;
use svod_model::{Attribute, Entity};
use svod_registry::{Command, EntityQuery, Operation};
use svod_store::testing::TestPlace;

use crate::house::SPACE;
use crate::law::{BELOW, Law, PERSON};

crate::on_both_engines!(
    a_process_reaches_nothing_of_another_region,
    a_process_does_not_write_what_the_platform_alone_writes,
    whose_data_a_process_reads_sees_it_once,
    a_message_of_another_region_is_not_taken,
);

const FAR: &str = "urn:svod:person:far";
const NEAR: &str = "urn:svod:person:near";

/// One service task with these inputs, then somebody looks at what came of it.
fn one(service: &str, inputs: &[(&str, &str)]) -> String {
    let inputs: String = inputs
        .iter()
        .map(|(name, value)| format!("<svod:input name=\"{name}\" value=\"{}\"/>", value.replace('"', "&quot;")))
        .collect();
    format!(
        "<startEvent id=\"s\"/><endEvent id=\"e\"/><serviceTask id=\"do\" svod:service=\"{service}\" svod:result=\"made\"><extensionElements>{inputs}</extensionElements></serviceTask>
        <userTask id=\"look\"/>
        s -> do -> look -> e"
    )
}

async fn create(law: &Law, entities: impl IntoIterator<Item = Entity>) {
    let changes = entities.into_iter().map(|e| Operation::Create(e).into()).collect();
    let command = Command { ground: "test".into(), changes, ..Command::default() };
    law.house.registry.execute(&law.house.actor, command).await.unwrap();
}

fn person(id: &str, space: &str, number: &str) -> Entity {
    Entity::new(id.parse().unwrap(), "Person", space.parse().unwrap())
        .with("name", Attribute::property("Somebody"))
        .with("nationalId", Attribute::property(number))
}

async fn all(law: &Law, space: &str, kind: &str) -> Vec<Entity> {
    let query = EntityQuery::of(space.parse().unwrap(), &[kind]);
    law.house.registry.query(&Actor::platform("test"), query).await.unwrap().items
}

async fn with_neighbour(place: &TestPlace, processes: &[(&str, String)]) -> Law {
    let processes: Vec<(&str, &str)> = processes.iter().map(|(id, body)| (*id, body.as_str())).collect();
    let law = Law::new(place, &processes, &[]).await;
    law.house.registry.publish(&Actor::platform("packs"), shipped("neighbour")).await.unwrap();
    create(&law, [person(FAR, "neighbour", "12345678901"), person(NEAR, SPACE, "12345678912")]).await;
    law
}

async fn a_process_reaches_nothing_of_another_region(place: &TestPlace) {
    let kind = ("type", "\"Person\"");
    let made = ("attributes", "{name: \"Made\"}");
    let law = with_neighbour(
        place,
        &[
            ("gets", one("entity.get", &[("urn", "urn")])),
            ("finds", one("entity.find", &[kind, ("where", "{nationalId: number}")])),
            ("asks", one("entity.find", &[kind, ("space", "\"neighbour\"")])),
            ("makes", one("entity.create", &[kind, made, ("space", "\"neighbour\"")])),
            ("sets", one("entity.update", &[("urn", "urn"), ("set", "{name: \"Changed\"}")])),
            ("takes", one("entity.delete", &[("urn", "urn")])),
        ],
    )
    .await;
    let known = async |case: &Urn| law.house.variables(case).await["made"].clone();
    let case = law.open("plain", "gets", BELOW, json!({"urn": FAR})).await;
    assert_eq!(known(&case).await, json!({"entity": null}));
    let case = law.open("plain", "gets", BELOW, json!({"urn": NEAR})).await;
    assert_eq!(known(&case).await["entity"]["name"], "Somebody", "what is of the region is found");
    let case = law.open("plain", "finds", BELOW, json!({"number": "12345678901"})).await;
    assert_eq!(known(&case).await, json!({"items": []}));
    for process in ["asks", "makes"] {
        let case = law.open("plain", process, BELOW, json!({})).await;
        assert!(law.incidents(&case).await[0].2.contains("'space': neighbour is not in kuzbass"), "{process}");
    }
    for process in ["sets", "takes"] {
        let new = svod_runtime::NewCase {
            process: format!("law@1.0.0/{process}"),
            element: None,
            variables: crate::house::map(json!({"urn": FAR})),
            space: SPACE.parse().unwrap(),
            case: None,
        };
        let done = law.house.cases.begin(&law.house.actor, new, svod_runtime::Along::default()).await;
        assert!(done.is_err(), "{process}");
    }
    let far = all(&law, "neighbour", "Person").await;
    assert_eq!(far.iter().map(|p| p.text("name")).collect::<Vec<_>>(), [Some("Somebody")]);
}

async fn a_process_does_not_write_what_the_platform_alone_writes(place: &TestPlace) {
    let kinds = [
        "Access",
        "Objection",
        "Consent",
        "SecurityAlert",
        "Appointment",
        "Post",
        "Decision",
        "Accrual",
        "Payment",
        "PayoutCard",
    ];
    let mut processes: Vec<(&str, String)> = kinds
        .iter()
        .map(|kind| (*kind, one("entity.create", &[("type", &format!("\"{kind}\"")), ("attributes", "{}")])))
        .collect();
    processes.push(("sets", one("entity.update", &[("urn", "urn"), ("set", "{name: \"Mine\"}")])));
    processes.push(("takes", one("entity.delete", &[("urn", "urn")])));
    processes.push(("renumbers", one("entity.update", &[("urn", "urn"), ("set", "{nationalId: \"12345678955\"}")])));
    let law = with_neighbour(place, &processes).await;
    let post: Urn = "urn:svod:post:law:head".parse().unwrap();
    let head = Entity::new(post.clone(), "Post", SPACE.parse::<SpacePath>().unwrap())
        .with("name", Attribute::property("Head"))
        .with("role", Attribute::property("official"))
        .with("body", Attribute::object(BELOW.parse().unwrap()));
    create(&law, [head]).await;
    let refused = async |process: &str, variables: Value| {
        let case = law.open("plain", process, BELOW, variables).await;
        law.incidents(&case).await.remove(0).2
    };
    for kind in kinds {
        assert!(refused(kind, json!({})).await.contains(&format!("an entity of type {kind}")), "{kind}");
    }
    for process in ["sets", "takes"] {
        assert!(refused(process, json!({"urn": post})).await.contains("an entity of type Post"), "{process}");
    }
    assert!(refused("renumbers", json!({"urn": NEAR})).await.contains("'nationalId'"));
    assert_eq!(law.word(&post, "name").await.as_deref(), Some("Head"));
    let near = law.house.entity(NEAR).await.unwrap();
    assert_eq!(near.text("nationalId"), Some("12345678912"));
}

async fn whose_data_a_process_reads_sees_it_once(place: &TestPlace) {
    let body = r#"<startEvent id="s"/><endEvent id="e"/><userTask id="look"/>
        <serviceTask id="a" svod:service="entity.get"><extensionElements><svod:input name="urn" value="urn"/></extensionElements></serviceTask>
        <serviceTask id="b" svod:service="entity.find"><extensionElements><svod:input name="type" value="&quot;Person&quot;"/></extensionElements></serviceTask>
        <serviceTask id="c" svod:service="entity.get"><extensionElements><svod:input name="urn" value="urn"/></extensionElements></serviceTask>
        s -> a -> b -> look -> c -> e"#;
    let law = with_neighbour(place, &[("reads", body.to_owned())]).await;
    let case = law.open("permit", "reads", BELOW, json!({"urn": NEAR})).await;
    law.act(&Law::official("one", BELOW), &case, "look", json!({})).await.unwrap();
    assert!(law.house.is_done(&case).await, "{:?}", law.incidents(&case).await);
    let seen = async || {
        let all = law.all("Access").await;
        all.into_iter().filter(|a| a.text("post") == Some("process")).collect::<Vec<_>>()
    };
    let traces = seen().await;
    assert_eq!(traces.iter().map(|a| a.object("person").unwrap().as_str()).collect::<Vec<_>>(), [NEAR]);
    let trace = &traces[0];
    assert_ne!(trace.object("person").unwrap().as_str(), PERSON, "an applicant knows that their case is worked on");
    assert_eq!((trace.text("basis"), trace.text("ground")), (Some("law"), Some("Закон 1, ст. 2")));
    assert_eq!(
        (trace.object("case"), trace.text("reason")),
        (Some(&case), Some("x")),
        "the service is what it was for"
    );
    assert_eq!(trace.text("since"), trace.text("until"), "nothing stays open");
    let again = law.open("permit", "reads", BELOW, json!({"urn": NEAR})).await;
    assert_eq!(seen().await.len(), 2, "another case is another look: {again}");
}

async fn a_message_of_another_region_is_not_taken(place: &TestPlace) {
    let waits = r#"<startEvent id="s"/><endEvent id="e"/><receiveTask id="w" messageRef="m" svod:correlation="n"/>
        s -> w -> e"#;
    let sends = r#"<startEvent id="s"/><endEvent id="e"/><sendTask id="t" messageRef="m" svod:correlation="n"/>
        s -> t -> e"#;
    let law = with_neighbour(place, &[("waits", waits.to_owned()), ("sends", sends.to_owned())]).await;
    let case = law.open("plain", "waits", BELOW, json!({"n": "1"})).await;
    let send = async |space: &str| {
        let new = svod_runtime::NewCase {
            process: "law@1.0.0/sends".into(),
            element: None,
            variables: crate::house::map(json!({"n": "1"})),
            space: space.parse().unwrap(),
            case: None,
        };
        law.house.cases.begin(&law.house.actor, new, svod_runtime::Along::default()).await.unwrap();
        law.house.settle().await;
    };
    send("neighbour").await;
    assert!(!law.house.is_done(&case).await, "a process of another region goes on with it");
    send("kuzbass").await;
    assert!(law.house.is_done(&case).await);
}
