//! Decisions by the API: an answer that explains itself, and what is told to who asks wrongly.

use serde_json::{Value, json};
use svod_kernel::Clock as _;
use svod_model::PackSource;
use svod_rules::DecisionModels;
use svod_testkit::{on_both_engines, packs};

const BENEFIT: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="benefit" name="benefit" namespace="urn:test:benefit">
  <itemDefinition id="t-kind" name="tKind"><typeRef>string</typeRef><allowedValues id="t-kind-values"><text>"first", "repeated"</text></allowedValues></itemDefinition>
  <inputData id="i-born" name="born"><variable id="v-born" name="born" typeRef="date"/></inputData>
  <inputData id="i-kind" name="kind"><variable id="v-kind" name="kind" typeRef="tKind"/></inputData>
  <decision id="d-age" name="age"><variable id="v-age" name="age" typeRef="number"/>
    <informationRequirement id="r-born"><requiredInput href="#i-born"/></informationRequirement>
    <literalExpression id="l-age"><text>years and months duration(born, today()).years</text></literalExpression></decision>
  <decision id="d-benefit" name="benefit"><variable id="v-benefit" name="benefit" typeRef="number"/>
    <informationRequirement id="r-age"><requiredDecision href="#d-age"/></informationRequirement>
    <informationRequirement id="r-kind"><requiredInput href="#i-kind"/></informationRequirement>
    <decisionTable id="t-benefit" hitPolicy="FIRST">
      <input id="c-age"><inputExpression id="e-age" typeRef="number"><text>age</text></inputExpression></input>
      <input id="c-kind"><inputExpression id="e-kind" typeRef="string"><text>kind</text></inputExpression></input>
      <output id="o-benefit" typeRef="number"/>
      <rule id="small"><description>Under three years</description><inputEntry id="s1"><text>&lt; 3</text></inputEntry><inputEntry id="s2"><text>"first"</text></inputEntry><outputEntry id="s3"><text>1000</text></outputEntry></rule>
      <rule id="others"><inputEntry id="n1"><text>-</text></inputEntry><inputEntry id="n2"><text>-</text></inputEntry><outputEntry id="n3"><text>0</text></outputEntry></rule>
    </decisionTable></decision>
</definitions>"##;
const FILE: &str = "decisions/benefit.dmn";
const PATH: &str = "/api/v1/decisions/kuzbass/benefit/benefit";

/// The region with a benefit that everybody may ask for.
fn region() -> PackSource {
    let pack = packs::file(packs::shipped("kuzbass"), FILE, BENEFIT);
    packs::appended(pack, "pack.yaml", "\nopen_decisions: [benefit.dmn]\n")
}

fn child() -> Value {
    json!({"born": "2024-05-01", "kind": "first", "more": 1})
}

/// Number and id of the rules that the only table's result comes from.
fn fired(answer: &Value) -> Vec<(u64, String)> {
    let [table] = answer["tables"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    assert_eq!((&table["element"], &table["hitPolicy"]), (&json!("d-benefit"), &json!("F")), "{answer}");
    let rules = table["rules"].as_array().unwrap().iter();
    rules.map(|r| (r["number"].as_u64().unwrap(), r["id"].as_str().unwrap().to_owned())).collect()
}

on_both_engines! {
    async fn an_answer_explains_itself(builder: TestAppBuilder) {
        let app = builder.pack(region()).doors().start().await;
        let version = app.core.registry.catalogue().pack("kuzbass").unwrap().manifest.version.clone();
        let ask = async |body: Value| app.call("POST", PATH, None, Some(body)).await.ok();
        let at = "2026-11-23T10:15:00+07:00";
        let answer = ask(json!({"inputs": child(), "at": at})).await;
        assert_eq!((&answer["result"], &answer["decision"], &answer["at"]), (&json!(1000), &json!("benefit"), &json!(at)));
        assert_eq!(fired(&answer), [(1, "small".to_owned())]);
        assert_eq!(answer["tables"][0]["rules"][0]["annotation"], "Under three years");
        assert_eq!(answer["inputs"], json!({"born": "2024-05-01", "kind": "first"}), "what is not needed is ignored");
        let made: Vec<_> = answer["decisions"].as_array().unwrap().iter().map(|d| (&d["name"], &d["result"])).collect();
        assert_eq!(made, [(&json!("age"), &json!(2)), (&json!("benefit"), &json!(1000))]);
        let model = json!({"file": FILE, "name": "benefit", "namespace": "urn:test:benefit", "version": format!("kuzbass@{version}")});
        assert_eq!(answer["model"], model);
        // The clock is what the question says; else the present of the platform.
        let later = ask(json!({"inputs": child(), "at": "2027-05-01T00:00:00+07:00"})).await;
        assert_eq!((&later["result"], fired(&later)), (&json!(0), vec![(2, "others".to_owned())]));
        let now = ask(json!({"inputs": child()})).await;
        assert_eq!((&now["result"], &now["at"]), (&json!(1000), &json!(app.clock.now().by_clocks(7 * 3_600))));
        assert!(app.all("kuzbass", "Decision").await.is_empty(), "nothing is kept of a question");
        // Still the last day of April in UTC and in Moscow: in the region the child is three (spaces.yaml: clock).
        app.clock.set("2027-04-30T17:30:00Z".parse().unwrap());
        let three = ask(json!({"inputs": child()})).await;
        assert_eq!((&three["result"], &three["at"]), (&json!(0), &json!("2027-05-01T00:30:00+07:00")));
        app.settle().await;
    }
}

on_both_engines! {
    async fn a_wrong_question_is_told_what_is_wrong(builder: TestAppBuilder) {
        let app = builder.pack(region()).doors().start().await;
        let ask = async |path: &str, body: Value| app.call("POST", path, Some("official-municipal"), Some(body)).await;
        let wrong = json!({"born": "2024-13-01", "kind": "third"});
        let refused = ask(PATH, json!({"inputs": wrong})).await;
        refused.problem(422, "bad-input");
        let refused = refused.json();
        let errors = refused["errors"].as_array().unwrap();
        let told = |field: &str, rule: &str, fix: &str| {
            let fits = |e: &&Value| e["field"] == field && e["rule"].as_str().unwrap().contains(rule) && e["fix"] == fix;
            assert!(errors.iter().any(|e| fits(&e)), "{field}: {errors:?}");
        };
        told("born", "date is expected", "give date");
        told("kind", "tKind is expected", "give tKind");
        assert_eq!(errors.len(), 2, "{errors:?}");
        // As DMN says, it is null: no age is under three.
        let lenient = ask(PATH, json!({"inputs": wrong, "lenient": true})).await.ok();
        assert_eq!((&lenient["result"], fired(&lenient)), (&json!(0), vec![(2, "others".to_owned())]));
        let moment = ask(PATH, json!({"inputs": child(), "at": "yesterday"})).await;
        moment.problem(422, "bad-input");
        assert_eq!(moment.json()["errors"][0]["field"], "at");

        let decision = ask("/api/v1/decisions/kuzbass/benefit/pension", json!({})).await;
        decision.problem(404, "unknown-decision");
        assert!(decision.text.contains("pension") && decision.text.contains("age, benefit"), "{}", decision.text);
        let model = ask("/api/v1/decisions/kuzbass/pension/benefit", json!({})).await;
        model.problem(404, "unknown-model");
        assert!(model.text.contains("air-quality"), "what there is: {}", model.text);
        ask("/api/v1/decisions/nowhere/benefit/benefit", json!({})).await.problem(404, "not-found");
        let closed = "/api/v1/decisions/kuzbass/air-quality/Air%20alert";
        app.call("POST", closed, None, Some(json!({}))).await.problem(403, "forbidden");
        app.settle().await;
    }
}

on_both_engines! {
    /// The engine counts; each test is a process of its own.
    async fn a_model_is_compiled_once_for_a_version(builder: TestAppBuilder) {
        let app = builder.pack(region()).doors().start().await;
        let mut counted = DecisionModels::compilations();
        let mut more = || {
            let before = std::mem::replace(&mut counted, DecisionModels::compilations());
            counted - before
        };
        let ask = async || app.call("POST", PATH, None, Some(json!({"inputs": child()}))).await.ok()["result"].clone();
        for _ in 0..20 {
            assert_eq!(ask().await, json!(1000));
        }
        assert_eq!(more(), 0, "asking compiles nothing");
        let programs = app.core.registry.programs_in_force("kuzbass").await.unwrap().unwrap();
        for _ in 0..20 {
            let inputs = child().as_object().cloned().unwrap();
            let evaluation = programs.decide("benefit.dmn#benefit", &inputs, (app.clock.now(), 0)).unwrap();
            assert_eq!(evaluation.result, json!(1000));
        }
        assert_eq!(more(), 1, "what cases ask is compiled when the first of them does");
        let administrator = app.actor("administrator");
        let publish = async |pack: PackSource| app.core.registry.publish(&administrator, pack).await.unwrap();
        publish(packs::version(region(), "99.0.1")).await;
        assert_eq!((ask().await, more()), (json!(1000), 0), "a version with the same models has them already, and so have the other packs");
        let raised = packs::replaced(packs::version(region(), "99.0.2"), FILE, "<text>1000</text>", "<text>1500</text>");
        publish(raised).await;
        assert_eq!((ask().await, more()), (json!(1500), 1), "checked and put in force, and compiled once");
        for _ in 0..20 {
            assert_eq!(ask().await, json!(1500));
        }
        assert_eq!(more(), 0);
        app.settle().await;
    }
}
