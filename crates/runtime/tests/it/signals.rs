//! Signals that begin processes: each process in force, once for each call, whatever is killed meanwhile.

use serde_json::json;
use svod_kernel::{Actor, Rng as _, Role, SeededRng};
use svod_model::PackSource;
use svod_registry::PublishError;
use svod_runtime::cases::Worker;
use svod_store::instance;
use svod_store::testing::TestPlace;

use crate::house::{House, SPACE, bpmn, map};

crate::on_both_engines!(
    a_signal_begins_each_process_once_for_each_call,
    what_a_signal_begins_is_in_force_and_lies_where_it_was_called,
    a_signal_from_outside_reaches_the_caller_s_territories,
    a_signal_that_is_none_is_refused_at_publication,
);

const CALLS: &str = r#"<startEvent id="s"/><endEvent id="e"/><intermediateThrowEvent id="t"><extensionElements><svod:input name="n" value="n"/></extensionElements><signalEventDefinition id="sd" signalRef="g"/></intermediateThrowEvent>
    s -> t -> e"#;
/// It begins with the signal and would hear the next one, were it the same call.
const BEGINS: &str = r#"<startEvent id="s"><signalEventDefinition id="sd" signalRef="g"/></startEvent><endEvent id="e"/><endEvent id="heard"/>
    <receiveTask id="look" messageRef="m"/>
    <boundaryEvent id="b" attachedToRef="look" cancelActivity="false"><signalEventDefinition id="sd2" signalRef="g"/></boundaryEvent>
    s -> look -> e
    b -> heard"#;
const ONCE: &str = r#"<startEvent id="s"><signalEventDefinition id="sd" signalRef="g"/></startEvent><endEvent id="e"/>
    s -> e"#;
const INSIDE: &str = r#"<startEvent id="s"/><endEvent id="e"/><userTask id="look"/>
    <subProcess id="p1" triggeredByEvent="true"><startEvent id="s1" isInterrupting="false"><signalEventDefinition id="sd" signalRef="g"/></startEvent><endEvent id="e1"/>
      <sequenceFlow id="i1" sourceRef="s1" targetRef="e1"/></subProcess>
    s -> look -> e"#;

/// How many instances there are of a process, in a space.
async fn count(house: &House, space: &str, process: &str) -> i64 {
    let id = house.registry.spaces().get(&space.parse().unwrap()).unwrap().id;
    let counts = house.store.read(move |c| instance::counts(c, id)).await.unwrap();
    counts.get(process).map_or(0, |all| all.iter().sum())
}

/// No signal is on its way any more.
async fn all_told(house: &House) -> bool {
    let due = house.registry.clock().now().plus_seconds(86_400);
    house.store.read(move |c| instance::due(c, due, 10)).await.unwrap().is_empty()
}

async fn a_signal_begins_each_process_once_for_each_call(place: &TestPlace) {
    let processes = [("calls", CALLS), ("begins", BEGINS), ("once", ONCE), ("inside", INSIDE)];
    let house = House::new(place, &processes, &[]).await;
    let inside = house.open("inside", "1", json!({})).await;
    let luck = SeededRng::new(11);
    for n in 0..20 {
        house.begin("calls", json!({"n": n})).await;
        // Workers die between any two things that they do.
        for _ in 0..luck.next_u64() % 3 {
            let worker = Worker::new(house.cases.clone(), vec![house.services.clone()], "one".into());
            let dying = tokio::spawn(async move { worker.settle().await });
            tokio::time::sleep(std::time::Duration::from_micros(luck.next_u64() % 3_000)).await;
            dying.abort();
            drop(dying.await);
        }
    }
    for _ in 0..50 {
        house.after(60).await;
        if all_told(&house).await {
            break;
        }
    }
    assert!(all_told(&house).await);
    assert_eq!(count(&house, SPACE, "test@1.0.0/once").await, 20);
    assert_eq!(count(&house, SPACE, "test@1.0.0/begins").await, 20);
    let told = house.told(&inside).await;
    assert_eq!(told.iter().filter(|t| t["in"] == "s1").count(), 20, "an event sub-process hears each call");
}

async fn what_a_signal_begins_is_in_force_and_lies_where_it_was_called(place: &TestPlace) {
    let house = House::new(place, &[("calls", CALLS), ("begins", BEGINS)], &[]).await;
    house.begin("calls", json!({"n": 7})).await;
    house.settle().await;
    assert_eq!(count(&house, SPACE, "test@1.0.0/begins").await, 1);
    let row = house.store.read(|c| instance::listening(c, "storm", None, 10)).await.unwrap().remove(0);
    let state = house.store.read(move |c| instance::get(c, row.space, row.instance)).await.unwrap().unwrap().state;
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    assert_eq!(state["scopes"]["0"]["variables"]["n"], json!(7), "the payload is its variables");
    assert!(!state.to_string().contains("heard"), "it does not hear the call that began it");
    // A version without it: nothing begins any more.
    let mut source = pack("test", "1.1.0", "");
    source.files.insert("processes/calls.bpmn".into(), bpmn("calls", CALLS));
    house.registry.publish(&Actor::platform("packs"), source).await.unwrap();
    house.begin("calls", json!({"n": 8})).await;
    house.settle().await;
    assert_eq!(count(&house, SPACE, "test@1.0.0/begins").await, 1);
}

fn pack(id: &str, version: &str, more: &str) -> PackSource {
    let mut source = PackSource::default();
    let manifest =
        format!("id: {id}\nversion: {version}\nowner: urn:svod:body:kuzbass:digital\ndepends: [base, kuzbass]\n{more}");
    source.files.insert("pack.yaml".into(), manifest);
    for lang in ["ru", "kk", "en"] {
        let texts = format!("pack-{id}-title = x\npack-{id}-description = x\n");
        source.files.insert(format!("locales/{lang}.ftl"), texts);
    }
    source
}

async fn a_signal_from_outside_reaches_the_caller_s_territories(place: &TestPlace) {
    let house = House::new(place, &[("inside", INSIDE)], &[]).await;
    let mut source = pack("loud", "1.0.0", "space: kuzbass\n");
    source.files.insert("processes/once.bpmn".into(), bpmn("once", ONCE));
    house.registry.publish(&Actor::platform("packs"), source).await.unwrap();
    let inside = house.open("inside", "1", json!({})).await;
    let administrator = |id: &str, space: &str| Actor {
        id: id.into(),
        name: "Администратор".into(),
        roles: [Role::Administrator].into(),
        spaces: vec![space.parse().unwrap()],
        body: None,
        on_behalf: Vec::new(),
    };
    let official = Actor { roles: [Role::Official].into(), ..administrator("urn:t:one", "kuzbass") };
    for nobody in [official, Actor::anonymous()] {
        let refused = house.cases.call(&nobody, "storm", map(json!({}))).await.unwrap_err();
        assert_eq!(svod_kernel::Coded::status(&refused), 403, "{}", nobody.id);
    }
    let heard = async || house.told(&inside).await.iter().filter(|t| t["in"] == "s1").count();
    house.cases.call(&administrator("urn:t:one", "kuzbass/kemerovo"), "storm", map(json!({}))).await.unwrap();
    house.settle().await;
    assert_eq!((heard().await, count(&house, "kuzbass", "loud@1.0.0/once").await), (0, 0), "another town");
    for _ in 0..2 {
        house.cases.call(&administrator("urn:t:one", "kuzbass"), "storm", map(json!({"n": 1}))).await.unwrap();
    }
    house.settle().await;
    assert_eq!((heard().await, count(&house, "kuzbass", "loud@1.0.0/once").await), (2, 2));
    assert!(all_told(&house).await);
}

async fn a_signal_that_is_none_is_refused_at_publication(place: &TestPlace) {
    let house = House::new(place, &[], &[]).await;
    let mut source = pack("loud", "1.0.0", "");
    source.files.insert("processes/once.bpmn".into(), bpmn("once", &ONCE.replace("\"g\"", "\"nothing\"")));
    let refused = house.registry.publish(&Actor::platform("packs"), source).await.unwrap_err();
    let PublishError::Faults(faults) = refused else { panic!("{refused}") };
    let fault = faults.iter().find(|f| f.message.contains("'nothing' does not exist")).unwrap();
    assert!(fault.file.ends_with("once.bpmn") && !fault.fix.is_empty(), "{fault}");
}
