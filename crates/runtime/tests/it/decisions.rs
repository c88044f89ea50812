//! What was decided, by whom and from what; objections; what is written to the applicant; what cannot go on.

use serde_json::{Value, json};
use svod_kernel::{Coded, Lang, Urn};
use svod_model::{Attribute, Entity};
use svod_runtime::cases::said;
use svod_runtime::{CaseError, Enclosed};
use svod_store::instance::Status;
use svod_store::testing::TestPlace;

use crate::house::map;
use crate::law::{ABOVE, BELOW, Law, PERSON, about};

crate::on_both_engines!(
    an_automatic_decision_names_the_rules_that_fired,
    a_decision_by_a_person_names_the_post,
    what_is_about_others_stays_with_the_task,
    what_a_decision_rests_on_must_be_there,
    what_the_rules_were_given_need_not_be_told,
    a_decision_is_objected_to_and_looked_at_by_somebody_else,
    an_objection_names_the_files_that_were_held_for_it,
    an_objection_has_its_time_and_its_people,
    what_is_written_is_kept_in_every_language,
    a_timer_whose_consequence_is_refused_stands_still_at_last,
    a_signal_that_one_cannot_take_reaches_the_others,
);

const FEE: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="fees" namespace="https://svod.example/fees">
  <inputData id="i" name="floors"><variable name="floors" typeRef="number"/></inputData>
  <decision id="fee" name="Fee"><variable name="Fee" typeRef="number"/>
    <informationRequirement id="ir"><requiredInput href="#i"/></informationRequirement>
    <decisionTable id="t" hitPolicy="FIRST"><input id="in"><inputExpression id="ie" typeRef="number"><text>floors</text></inputExpression></input>
      <output id="o"/>
      <rule id="low"><inputEntry id="a1"><text>&lt;= 3</text></inputEntry><outputEntry id="a2"><text>100</text></outputEntry></rule>
      <rule id="high"><inputEntry id="b1"><text>-</text></inputEntry><outputEntry id="b2"><text>500</text></outputEntry></rule>
    </decisionTable></decision>
</definitions>"##;

/// `decision.record` with these inputs.
fn record(id: &str, inputs: &[(&str, &str)]) -> String {
    let inputs: String = inputs
        .iter()
        .map(|(name, value)| format!("<svod:input name=\"{name}\" value=\"{}\"/>", value.replace('"', "&quot;")))
        .collect();
    format!(
        "<serviceTask id=\"{id}\" svod:service=\"decision.record\" svod:result=\"made\"><extensionElements>{inputs}</extensionElements></serviceTask>"
    )
}

async fn decision(law: &Law, case: &Urn) -> Entity {
    let urn = law.house.variables(case).await["made"]["decision"].as_str().unwrap().to_owned();
    law.house.entity(&urn).await.unwrap()
}

async fn an_automatic_decision_names_the_rules_that_fired(place: &TestPlace) {
    let rec = record("rec", &[("outcome", "\"granted\""), ("reason", "\"The house is high\"")]);
    // A service answers in between: what was decided is read from the steps of the case.
    let body = format!(
        r#"<startEvent id="s"/><endEvent id="e"/><userTask id="wait"/><serviceTask id="echo" svod:service="echo"/>
        <businessRuleTask id="d" svod:decision="fees.dmn#Fee" svod:result="fee"/>{rec}
        s -> d -> echo -> rec -> wait -> e"#
    );
    let law = Law::new(place, &[("rules", &body)], &[("fees.dmn", FEE)]).await;
    let case = law.open("permit", "rules", BELOW, json!({"floors": 5})).await;
    law.house.settle().await;
    let made = decision(&law, &case).await;
    assert_eq!((made.text("outcome"), made.text("status")), (Some("granted"), Some("inForce")));
    assert_eq!(made.value("automatic"), Some(&json!(true)));
    assert_eq!(made.text("model"), Some("law@1.0.0/fees.dmn#Fee"));
    let rules: Value = serde_json::from_str(made.text("rules").unwrap()).unwrap();
    assert_eq!((rules[0]["rules"][0]["id"].as_str(), rules[0]["rules"].as_array().unwrap().len()), (Some("high"), 1));
    assert_eq!(serde_json::from_str::<Value>(made.text("inputs").unwrap()).unwrap()["floors"], json!(5));
    assert_eq!(made.text("madeBy"), Some("platform:process"));
    assert_eq!(made.value("acts"), Some(&json!(["Закон 1, ст. 2"])), "the acts of the service");
    assert_eq!(made.text("objectUntil"), Some("2027-01-28T07:00:00Z"), "30 days");
    assert_eq!(made.object("person").map(Urn::as_str), Some(PERSON));
    assert_eq!((made.object("body").map(Urn::as_str), made.text("service")), (Some(BELOW), Some("law/permit")));
    assert_eq!((made.text("proposed"), made.value("overridden")), (None, None));
    assert_eq!(made.text("reason"), Some("The house is high"));
}

const DECIDES: &str = r#"<startEvent id="s"/><endEvent id="e"/><userTask id="look"/><serviceTask id="echo" svod:service="echo"/>
    <scriptTask id="p" svod:result="proposal"><script>{decision: "grant"}</script></scriptTask>"#;

fn decides(rest: &str) -> String {
    let rec = record("rec", &[("outcome", "decision"), ("acts", "[\"Act 3\"]"), ("objectDays", "10")]);
    format!("{DECIDES}{rec}{rest}\ns -> p -> look -> echo -> rec -> e")
}

const PROPOSES: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="p" name="proposes" namespace="https://svod.example/proposes">
  <inputData id="i" name="floors"><variable name="floors" typeRef="number"/></inputData>
  <decision id="proposal" name="Proposal"><variable name="Proposal"/>
    <informationRequirement id="ir"><requiredInput href="#i"/></informationRequirement>
    <literalExpression id="l"><text>{decision: if floors &gt; 3 then "refuse" else "grant"}</text></literalExpression></decision>
</definitions>"##;

/// Somebody looks, and the process records what they said with these inputs.
fn looks(inputs: &[(&str, &str)]) -> String {
    let rec = record("rec", inputs);
    format!(
        r#"<startEvent id="s"/><endEvent id="e"/><serviceTask id="echo" svod:service="echo"/>
        <businessRuleTask id="p" svod:decision="proposes.dmn#Proposal" svod:result="proposal"/>
        <userTask id="look"><extensionElements><svod:input name="floors" value="floors"/><svod:input name="owner" value="owner"/>
          </extensionElements></userTask>{rec}
        s -> p -> look -> echo -> rec -> e"#
    )
}

async fn a_decision_by_a_person_names_the_post(place: &TestPlace) {
    let inputs = [("outcome", "decision"), ("act", "\"look\""), ("acts", "[\"Act 3\"]"), ("objectDays", "10")];
    let law = Law::new(place, &[("decides", &looks(&inputs))], &[("proposes.dmn", PROPOSES)]).await;
    let one = Law::official("one", BELOW);
    let owner = json!({"urn": PERSON, "type": "Person", "space": "kuzbass", "name": "Анна"});
    for (word, overridden) in [("grant", false), ("refuse", true)] {
        let case = law.open("permit", "decides", BELOW, json!({"floors": 2, "owner": owner})).await;
        law.act(&one, &case, "look", json!({"decision": word})).await.unwrap();
        law.house.settle().await;
        let made = decision(&law, &case).await;
        assert_eq!((made.text("outcome"), made.value("automatic")), (Some(word), Some(&json!(false))));
        assert_eq!(made.text("madeBy"), Some("Специалист one"), "the post, though a service answered in between");
        assert_eq!(about(&made, "madeBy", "actor"), json!(one.id));
        assert_eq!(made.value("overridden"), Some(&json!(overridden)), "{word}");
        assert_eq!(made.text("proposed"), Some("{\"decision\":\"grant\"}"));
        assert_eq!((made.text("model"), made.text("rules")), (Some("law@1.0.0/decides#look"), None), "no rule decided");
        let from: Value = serde_json::from_str(made.text("inputs").unwrap()).unwrap();
        assert_eq!(from["step"], json!("law@1.0.0/decides#look"));
        assert_eq!(from["shown"], json!({"floors": 2, "owner": PERSON}), "entities are named and not copied");
        assert_eq!(from["answers"], json!({"decision": word}));
        assert_eq!(from["proposal"]["model"], json!("law@1.0.0/proposes.dmn#Proposal"), "which rules proposed it");
        assert_eq!(made.value("acts"), Some(&json!(["Act 3"])));
        assert_eq!(made.text("objectUntil"), Some("2027-01-08T07:00:00Z"));
    }
}

/// E13: what an official saw and answered may be about others, so that the applicant is told only of a step that is named for it.
async fn what_is_about_others_stays_with_the_task(place: &TestPlace) {
    let law = Law::new(place, &[("decides", &looks(&[("outcome", "decision")]))], &[("proposes.dmn", PROPOSES)]).await;
    let one = Law::official("one", BELOW);
    let case = law.open("permit", "decides", BELOW, json!({"floors": 2, "owner": {"name": "Another"}})).await;
    let answers = json!({"decision": "refuse", "account": "40817810000000000001"});
    law.act(&one, &case, "look", answers).await.unwrap();
    law.house.settle().await;
    let made = decision(&law, &case).await;
    assert_eq!((made.text("outcome"), made.text("madeBy")), (Some("refuse"), Some("Специалист one")));
    assert_eq!(made.text("model"), None, "nobody says at which step it was decided");
    let text = made.text("inputs").unwrap();
    let from: Value = serde_json::from_str(text).unwrap();
    assert_eq!(from["proposal"]["model"], json!("law@1.0.0/proposes.dmn#Proposal"));
    assert!(from["task"].as_str().is_some_and(|task| task.starts_with("urn:svod:task:")), "{text}");
    assert!(!text.contains("4081781") && !text.contains("Another") && from.get("step").is_none(), "{text}");
}

async fn what_a_decision_rests_on_must_be_there(place: &TestPlace) {
    let body = |wrong: &str| {
        let rec = record("rec", &[("outcome", "outcome"), (wrong, "\"nowhere\"")]);
        format!("<startEvent id=\"s\"/><endEvent id=\"e\"/>{rec}\ns -> rec -> e")
    };
    let law = Law::new(place, &[("element", &body("element")), ("act", &body("act"))], &[]).await;
    for wrong in ["element", "act"] {
        let case = law.open("permit", wrong, BELOW, json!({"outcome": "x"})).await;
        assert!(law.incidents(&case).await[0].2.contains("nowhere"), "{wrong}");
        assert!(law.all("Decision").await.is_empty());
    }
}

/// What the rules were given is about others too: the process keeps it to itself.
async fn what_the_rules_were_given_need_not_be_told(place: &TestPlace) {
    let rec = record("rec", &[("outcome", "\"granted\""), ("element", "\"d\""), ("inputs", "false")]);
    let body = format!(
        r#"<startEvent id="s"/><endEvent id="e"/><userTask id="wait"/>
        <businessRuleTask id="d" svod:decision="fees.dmn#Fee" svod:result="fee"/>{rec}
        s -> d -> rec -> wait -> e"#
    );
    let law = Law::new(place, &[("rules", &body)], &[("fees.dmn", FEE)]).await;
    let case = law.open("permit", "rules", BELOW, json!({"floors": 5})).await;
    let made = decision(&law, &case).await;
    assert_eq!((made.text("model"), made.text("inputs")), (Some("law@1.0.0/fees.dmn#Fee"), None));
}

/// A case of Anna's that the official decided; the decision.
async fn decided(law: &Law, body: &str) -> Urn {
    let case = law.open("permit", "decides", body, json!({})).await;
    law.act(&Law::official("one", body), &case, "look", json!({"decision": "refuse"})).await.unwrap();
    law.house.settle().await;
    decision(law, &case).await.id
}

async fn a_decision_is_objected_to_and_looked_at_by_somebody_else(place: &TestPlace) {
    let law = Law::new(place, &[("decides", &decides(""))], &[]).await;
    for (body, answers, status) in [
        (BELOW, json!({"result": "revise"}), "revised"),
        (ABOVE, json!({"result": "uphold"}), "upheld"),
        (BELOW, json!({}), "inForce"),
    ] {
        let made = decided(&law, body).await;
        let cases = &law.house.cases;
        let data = map(json!({"why": "The papers were there", "case": "spoofed"}));
        let (one, two) =
            tokio::join!(cases.object(&law.citizen, &made, data.clone()), cases.object(&law.citizen, &made, data));
        let (case, second) = match (one, two) {
            (Ok(case), Err(e)) | (Err(e), Ok(case)) => (case, e),
            other => panic!("{other:?}"),
        };
        assert_eq!((second.code(), second.status()), ("not-objectable", 409), "once, while one is open");
        assert_eq!(law.word(&made, "status").await.as_deref(), Some("objected"));
        let new = law.entity(&case).await;
        assert_eq!((new.object("about"), new.text("clock")), (Some(&made), Some("running")));
        assert_eq!(new.object("body").map(Urn::as_str), Some(ABOVE), "the body above, the same at the top");
        assert_eq!(new.text("deadline"), Some("2027-01-13T07:00:00Z"), "fifteen days, of its own");
        let variables = law.house.variables(&case).await;
        assert_eq!(
            (variables["why"].as_str(), variables["case"].as_str()),
            (Some("The papers were there"), Some(case.as_str()))
        );
        assert_eq!(variables["decision"]["outcome"], json!("refuse"));
        assert_eq!(variables["applicant"]["urn"], json!(PERSON));
        let (same, other) = (Law::official("one", ABOVE), Law::official("two", ABOVE));
        let task = law.task(&case, "again").await;
        assert!(!cases.may_review(&same, &task).await.unwrap() && cases.may_review(&other, &task).await.unwrap());
        let refused = law.act(&same, &case, "again", answers.clone()).await.unwrap_err();
        assert!(matches!(refused, CaseError::OwnDecision), "who decided does not look again: {refused}");
        law.act(&other, &case, "again", answers).await.unwrap();
        assert!(law.house.is_done(&case).await);
        assert_eq!(law.word(&made, "status").await.as_deref(), Some(status));
        let anew = cases.object(&law.citizen, &made, map(json!({}))).await;
        assert_eq!(anew.is_ok(), status != "revised", "{status}: {anew:?}");
    }
}

async fn an_objection_names_the_files_that_were_held_for_it(place: &TestPlace) {
    let law = Law::new(place, &[("decides", &decides(""))], &[]).await;
    let made = decided(&law, BELOW).await;
    let case: Urn = "urn:svod:case:held".parse().unwrap();
    let files = Attribute::property("urn:svod:file:1");
    let enclosed = Enclosed { case: Some(case.clone()), files: Some(files) };
    let begun = law.house.cases.object_with(&law.citizen, &made, map(json!({})), enclosed).await.unwrap();
    assert_eq!(begun, case);
    let new = law.entity(&begun).await;
    assert_eq!((new.object("about"), new.text("files")), (Some(&made), Some("urn:svod:file:1")));
}

async fn an_objection_has_its_time_and_its_people(place: &TestPlace) {
    let law = Law::new(place, &[("decides", &decides(""))], &[]).await;
    let made = decided(&law, BELOW).await;
    let stranger = svod_kernel::Actor { id: "urn:svod:person:boris".into(), ..law.citizen.clone() };
    for nobody in [&stranger, &Law::official("two", BELOW), &svod_kernel::Actor::anonymous()] {
        let refused = law.house.cases.object(nobody, &made, map(json!({}))).await.unwrap_err();
        assert_eq!(refused.status(), 404, "{}: {refused}", nobody.id);
    }
    law.house.clock.set("2027-01-08T07:00:00Z".parse().unwrap());
    assert!(law.house.cases.objectable(&law.citizen, &made).await.is_ok());
    law.house.clock.set("2027-01-08T07:00:01Z".parse().unwrap());
    let late = law.house.cases.object(&law.citizen, &made, map(json!({}))).await.unwrap_err();
    assert!(matches!(late, CaseError::NotObjectable(why) if why.contains("time")), "{late}");
    assert_eq!(law.word(&made, "status").await.as_deref(), Some("inForce"));
}

async fn what_is_written_is_kept_in_every_language(place: &TestPlace) {
    let body = r#"<startEvent id="s"/><endEvent id="e"/>
        <serviceTask id="w" svod:service="message.send" svod:result="sent"><extensionElements>
          <svod:input name="text" value="text"/><svod:input name="values" value="{what: what, count: 2}"/></extensionElements></serviceTask>
        s -> w -> e"#;
    let law = Law::new(place, &[("writes", body)], &[]).await;
    law.open("permit", "writes", BELOW, json!({"text": "@law-bring", "what": "паспорт"})).await;
    let message = law.all("CaseMessage").await.remove(0);
    let [ru, kk, en] = Lang::ALL.map(|lang| said(&message, "text", lang).unwrap().to_owned());
    assert!(ru.starts_with("Принесите") && kk.starts_with("Әкеліңіз") && en.starts_with("Bring"), "{ru} {kk} {en}");
    assert!([&ru, &kk, &en].iter().all(|text| text.contains("паспорт") && text.contains('2')));
    assert_eq!(message.text("text"), Some(ru.as_str()));
    assert_eq!((message.text("from"), message.object("body").map(Urn::as_str)), (Some("body"), Some(BELOW)));
    assert_eq!(message.object("person").map(Urn::as_str), Some(PERSON));
    law.open("permit", "writes", BELOW, json!({"text": "Come tomorrow", "what": null})).await;
    let plain = law.all("CaseMessage").await.into_iter().find(|m| m.id != message.id).unwrap();
    assert_eq!(said(&plain, "text", Lang::Kk), Some("Come tomorrow"));
    let wrong = law.open("permit", "writes", BELOW, json!({"text": "@law-nothing", "what": null})).await;
    assert!(law.incidents(&wrong).await[0].2.contains("law-nothing"));
    // Whoever writes is written with the case, or not at all.
    assert_eq!(law.all("CaseMessage").await.len(), 2);
}

const MAKE: &str = r#"<serviceTask id="make" svod:service="entity.create"><extensionElements>
      <svod:input name="type" value="&quot;Organization&quot;"/><svod:input name="attributes" value="{name: name}"/></extensionElements></serviceTask>"#;

async fn a_timer_whose_consequence_is_refused_stands_still_at_last(place: &TestPlace) {
    let body = format!(
        r#"<startEvent id="s"/><endEvent id="e"/>{MAKE}<userTask id="look"/>
        <boundaryEvent id="t" attachedToRef="look"><timerEventDefinition id="td"><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>
        s -> look -> e
        t -> make -> e"#
    );
    let law = Law::new(place, &[("timed", &body)], &[]).await;
    let case = law.open("plain", "timed", BELOW, json!({"name": 7})).await;
    for _ in 0..9 {
        law.house.after(3_600).await;
    }
    assert_eq!(law.house.row(&case).await.status, Status::Running, "it is tried again");
    assert_eq!(law.task(&case, "look").await.text("status"), Some("offered"));
    law.house.after(3_600).await;
    assert_eq!(law.house.row(&case).await.status, Status::Incident);
    let (_, code, message) = law.incidents(&case).await.remove(0);
    assert_eq!((code.as_str(), message.as_str()), ("refused", "what follows is refused: invalid-entity (name)"));
    assert_eq!(law.task(&case, "look").await.text("status"), Some("withdrawn"), "the hour is over");
    law.retry(&case, json!({"name": "Seven"})).await;
    assert!(law.house.is_done(&case).await);
    assert!(law.all("Organization").await.iter().any(|o| o.text("name") == Some("Seven")));
}

async fn a_signal_that_one_cannot_take_reaches_the_others(place: &TestPlace) {
    let hears = format!(
        r#"<startEvent id="s"/><endEvent id="e"/>{MAKE}
        <intermediateCatchEvent id="hear"><signalEventDefinition id="sd" signalRef="g"/></intermediateCatchEvent>
        s -> hear -> make -> e"#
    );
    let calls = r#"<startEvent id="s"/><endEvent id="e"/><intermediateThrowEvent id="t"><signalEventDefinition id="sd" signalRef="g"/></intermediateThrowEvent>
        s -> t -> e"#;
    let law = Law::new(place, &[("hears", &hears), ("calls", calls)], &[]).await;
    let bad = law.open("permit", "hears", BELOW, json!({"name": 7})).await;
    let good = law.open("permit", "hears", BELOW, json!({"name": "Good"})).await;
    law.open("permit", "calls", BELOW, json!({})).await;
    law.house.settle().await;
    assert!(law.house.is_done(&good).await);
    assert_eq!(law.incidents(&bad).await[0].1, "refused");
    law.retry(&bad, json!({"name": "Better"})).await;
    assert!(law.house.is_done(&bad).await);
}
