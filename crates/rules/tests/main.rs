//! Decisions as a pack declares them, and rules nobody should publish.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests may fall

mod full;
mod hostile;

use serde_json::{Value, json};
use svod_rules::{DecisionModel, Feel, Input, Inputs, Memo, MemoStatistics, Outcome, RuleError};

const AIR: &str = include_str!("fixtures/air-quality.dmn");

fn model() -> DecisionModel {
    DecisionModel::compile("air-quality.dmn", AIR).unwrap_or_else(|e| panic!("{e}"))
}

fn reading(ratio: impl Into<Input>, open: bool) -> Inputs {
    Inputs::new().with("attribute", "pm25").with("ratio", ratio).with("open", open)
}

fn ask(ratio: impl Into<Input>, open: bool) -> Outcome {
    model().decision("Air alert").unwrap().evaluate(&reading(ratio, open)).unwrap_or_else(|e| panic!("{e}"))
}

fn refused(xml: &str) -> RuleError {
    DecisionModel::compile("x.dmn", xml).err().unwrap_or_else(|| panic!("accepted"))
}

const fn shared<T: Send + Sync>() {}

#[test]
fn is_shared_by_threads() {
    shared::<DecisionModel>();
    shared::<svod_rules::Decision>();
    shared::<Memo>();
    shared::<Feel>();
}

#[test]
fn the_table_has_its_hysteresis() {
    for (ratio, open, action, rule) in [
        (0.999, false, "hold", "hold"),
        (1.0, false, "raise", "warning"),
        (2.5, true, "hold", "hold"),
        (0.9, true, "hold", "hold"),
        (0.8, true, "hold", "hold"),
        (0.799_999, true, "clear", "clear"),
        (0.1, false, "hold", "hold"),
        (5.0, false, "raise", "danger: five times the norm"),
    ] {
        let outcome = ask(ratio, open);
        assert_eq!(outcome.value["action"], action, "{ratio} {open}");
        assert_eq!(outcome.matched, [rule], "{ratio} {open}");
    }
    assert_eq!(ask(1.0, false).value, json!({"action": "raise", "severity": "warning", "deadlineHours": 24}));
    assert_eq!(ask(Input::Null, false).value["action"], "hold");
    assert_eq!(ask(1i64, false).value["action"], "raise");
    assert_eq!(ask(f64::NAN, true).value["action"], "hold");
}

#[test]
fn a_decision_may_use_another() {
    let urgent = model().decision("Urgent").unwrap();
    assert_eq!(urgent.evaluate(&reading(7.0, false)).unwrap().value, json!(true));
    assert_eq!(urgent.evaluate(&reading(2.0, false)).unwrap().value, json!(false));
    assert!(urgent.evaluate(&reading(2.0, false)).unwrap().matched.is_empty());
}

#[test]
fn a_table_over_another_decision_names_its_rules() {
    let second = r##"<decision id="who" name="Who"><variable id="v_who" name="Who"/>
      <informationRequirement id="r9"><requiredDecision href="#air_alert"/></informationRequirement>
      <decisionTable id="t9" hitPolicy="UNIQUE"><input id="c9"><inputExpression id="e9"><text>Air alert.severity</text></inputExpression></input>
        <output id="o9" name="who"/>
        <rule id="mayor"><inputEntry id="a"><text>"danger"</text></inputEntry><outputEntry id="b"><text>"mayor"</text></outputEntry></rule>
        <rule><inputEntry id="d"><text>not("danger")</text></inputEntry><outputEntry id="e"><text>"office"</text></outputEntry></rule>
      </decisionTable></decision></definitions>"##;
    let model = DecisionModel::compile("x", &AIR.replace("</definitions>", second)).unwrap_or_else(|e| panic!("{e}"));
    let who = model.decision("Who").unwrap();
    let outcome = who.evaluate(&reading(9.0, false)).unwrap();
    assert_eq!((outcome.value, outcome.matched), (json!("mayor"), vec!["mayor".to_owned()]));
    assert_eq!(who.evaluate(&reading(1.0, false)).unwrap().matched, ["rule 2"]);
}

#[test]
fn needs_are_listed() {
    let needs = model().lint();
    let air = needs.iter().find(|n| n.decision == "Air alert").unwrap();
    let listed: Vec<_> = air.inputs.iter().map(|i| (i.name.as_str(), i.type_ref.as_deref())).collect();
    assert_eq!(listed, [("attribute", Some("string")), ("ratio", Some("number")), ("open", Some("boolean"))]);
    assert_eq!(needs.iter().find(|n| n.decision == "Urgent").unwrap().inputs.len(), 3);
}

#[test]
fn wrong_questions_are_errors() {
    let e = model().decision("Water alert").unwrap_err();
    assert!(e.message.contains("Water alert") && e.fix.contains("Air alert"), "{e}");
    let air = model().decision("Air alert").unwrap();
    let e = air.evaluate(&reading("much", false)).unwrap_err();
    assert!(e.message.contains("'ratio'") && e.message.contains("number") && e.file == "air-quality.dmn", "{e}");
    let without_last = AIR.replace("<text>-</text>", "<text>false</text>");
    let broken = DecisionModel::compile("x", &without_last);
    let e = broken.unwrap().decision("Air alert").unwrap().evaluate(&reading(0.9, true)).unwrap_err();
    assert!(e.message.contains("no result") && e.message.contains("0.9"), "{e}");
}

#[test]
fn broken_files_are_refused_with_their_line() {
    for (from, to, word) in [
        ("</decisionTable>", "", "well-formed"),
        ("<text>&gt;= 5</text>", "<text>&gt;= (</text>", "cannot be read"),
        ("<text>&gt;= 5</text>", "<text>now()</text>", "clock"),
        ("<inputEntry id=\"i12\"><text>false</text></inputEntry>", "", "1 input"),
        ("<outputEntry id=\"o13\"><text>4</text></outputEntry>", "", "2 output"),
    ] {
        let e = refused(&AIR.replacen(from, to, 1));
        assert!(e.message.contains(word), "{word}: {e}");
        assert!(e.line.is_some_and(|l| l > 1), "{e}");
        assert!(!e.fix.is_empty());
    }
    for (from, to, word) in [
        ("href=\"#in_ratio\"", "href=\"#in_water\"", "does not exist"),
        ("<requiredInput href=\"#in_attribute\" />", "<requiredDecision href=\"#urgent\" />", "requires itself"),
        ("name=\"Urgent\"", "name=\"Air alert\"", "two decisions"),
        ("hitPolicy=\"FIRST\"", "hitPolicy=\"BEST\"", "cannot be read"),
        ("MODEL/", "MODELS/", "cannot be read"),
        ("<inputData id=\"in_ratio\"", "<businessKnowledgeModel id=\"b\"/><inputData id=\"in_ratio\"", "not executed"),
    ] {
        let e = refused(&AIR.replacen(from, to, 1));
        assert!(e.message.contains(word), "{word}: {e}");
    }
    let bomb =
        AIR.replacen("?>", "?><!DOCTYPE d [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]>", 1).replace("Urgent", "&b;");
    assert!(refused(&bomb).message.contains("document type"));
    assert!(refused(&AIR.replacen("five times", "&b;", 1)).message.contains("entity"));
    assert!(refused("<!DOCTYPE d [<!ENTITY a \"aa\">]><definitions/>").message.contains("document type"));
    assert!(refused(&"<a>".repeat(5_000)).message.contains("deeper"));
    for garbage in ["", "{}", "<a/>", "<definitions/>"] {
        assert!(!refused(garbage).message.is_empty());
    }
}

#[test]
fn feel_stands_alone() {
    let inputs = Inputs::new().with("ratio", 0.1).with("name", "ПНЗ").with("n", 3i64).with("none", None::<f64>);
    let names = ["ratio", "name", "n", "none"];
    for (text, expected) in [
        ("ratio + 0.2 = 0.3", json!(true)),
        ("if ratio >= 1 then \"a\" else \"b\"", json!("b")),
        ("n * 2", json!(6)),
        ("name", json!("ПНЗ")),
        ("none", Value::Null),
        ("none = null and n in [1..5]", json!(true)),
        ("{a: n, b: [1, 2.50]}", json!({"a": 3, "b": [1, 2.5]})),
        ("string length(name)", json!(3)),
    ] {
        let feel = Feel::compile(text, &names).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(feel.evaluate(&inputs).unwrap_or_else(|e| panic!("{e}")), expected, "{text}");
    }
    assert!(Feel::compile("n > 2", &names).unwrap().is_true(&inputs).unwrap());
    assert!(Feel::compile("n", &names).unwrap().is_true(&inputs).is_err());
    assert!(Feel::compile("name > 2", &names).unwrap().is_true(&inputs).is_err());
    for bad in ["", "1 +", "now()", "for x in 1..1000000000 return x", "((", "\u{0}"] {
        assert!(Feel::compile(bad, &names).is_err(), "{bad}");
    }
}

#[test]
fn a_memo_gives_the_same_outcome_and_stays_bounded() {
    let air = model().decision("Air alert").unwrap();
    let memo = Memo::new(10);
    for _ in 0..3 {
        let outcome = memo.evaluate(&air, &reading(1.5, false)).unwrap();
        assert_eq!(*outcome, air.evaluate(&reading(1.5, false)).unwrap());
    }
    let unneeded = reading(1.5, false).with("value", 9.0);
    memo.evaluate(&air, &unneeded).unwrap();
    assert_eq!(memo.statistics(), MemoStatistics { hits: 3, misses: 1, entries: 1 });
    memo.evaluate(&air, &reading(f64::from_bits(1.5f64.to_bits() + 1), false)).unwrap();
    memo.evaluate(&air, &reading(1.5, true)).unwrap();
    assert_eq!(memo.statistics().misses, 3);
    for n in 0..100 {
        memo.evaluate(&air, &reading(f64::from(n), false)).unwrap();
        memo.evaluate(&air, &reading(1.5, false)).unwrap();
    }
    let s = memo.statistics();
    assert!(s.entries <= 10, "{s:?}");
    assert_eq!(s.misses, 103, "a value that keeps coming stays: {s:?}");
    assert!(memo.evaluate(&air, &reading("x", false)).is_err());
    let other = model().decision("Air alert").unwrap();
    memo.evaluate(&other, &reading(1.5, false)).unwrap();
    assert_eq!(memo.statistics().misses, 105, "another version of the table is another decision");
}
