//! Rules that would take the platform down: none may, and each is told why it was stopped.

use serde_json::{Value, json};
use svod_rules::{Asked, DecisionError, DecisionModels, Feel, Inputs, RuleError};

use crate::full::{compiled, dmn, inputs};

fn decision(text: &str) -> String {
    dmn(
        "m",
        &format!(
            "<decision id=\"d\" name=\"d\"><variable name=\"d\"/><literalExpression><text>{text}</text></literalExpression></decision>"
        ),
    )
}

fn stopped(models: &DecisionModels, name: &str) -> String {
    match models.evaluate("m", name, &Inputs::new(), &Asked::default()) {
        Err(DecisionError::Stopped { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

fn feel(text: &str) -> Result<Value, RuleError> {
    Feel::compile_full(text, &[])?.evaluate(&Inputs::new())
}

/// What is slow enough, as it is without the optimiser, is given up before its steps are counted out.
fn says(message: &str, why: &str) -> bool {
    message.contains(why) || message.contains("takes too long")
}

#[test]
fn what_does_not_end_is_stopped() {
    for (text, why) in [
        ("for x in 1..1000000000 return x", "steps"),
        ("for x in 1..10000, y in 1..10000 return x * y", "steps"),
        ("count(for x in 1..100000 return for y in 1..100000 return 1)", "steps"),
        ("{f: function(n) f(n), r: f(1)}.r", "deeply"),
        ("{f: function(n) f(n + 1) + 1, r: f(1)}.r", "deeply"),
        ("{f: function(n) g(n), g: function(n) f(n), r: f(1)}.r", "deeply"),
        ("{f: function(n) if n = 0 then 1 else f(n - 1) + f(n - 1), r: f(60)}.r", "steps"),
        ("{f: function(n) {a: f(n)}, r: f(1)}.r", "deeply"),
        ("{f: function(n) if n = 0 then 1 else [f(n - 1)], r: f(500)}.r", "nest"),
    ] {
        let e = feel(text).unwrap_err();
        assert!(says(&e.message, why), "{text}: {e}");
    }
    let what = stopped(&compiled(&[("m.dmn", decision("{f: function(n) f(n + 1) + 1, r: f(1)}.r"))]), "d");
    assert!(says(&what, "deeply"), "{what}");
    let what = stopped(&compiled(&[("m.dmn", decision("for x in 1..1000000000 return x"))]), "d");
    assert!(says(&what, "steps"), "{what}");
}

#[test]
fn what_grows_is_stopped() {
    for text in [
        "(for i in 1..60 return if i = 1 then \"ab\" else partial[-1] + partial[-1])[-1]",
        "{f: function(n) if n = 0 then \"ab\" else f(n - 1) + f(n - 1), r: f(40)}.r",
        "{f: function(n) if n = 0 then [1] else concatenate(f(n - 1), f(n - 1)), r: f(40)}.r",
        "{l: for i in 1..2000 return \"aaaaaaaaaaaaaaaa\", s: string join(l, string join(l, \"\"))}.s",
        "{l: for i in 1..2000 return \"aaaaaaaaaaaaaaaa\", s: string join(l, \"\"), r: replace(s, \"a\", s)}.r",
    ] {
        let e = feel(text).unwrap_err();
        assert!(says(&e.message, "large") || says(&e.message, "steps"), "{text}: {e}");
    }
    for text in ["{r: replace, s: r(\"a\", \"a\", \"b\")}.s", "\"\\u0001tick\"", "{\"\\u0001tick\": 1}"] {
        assert!(Feel::compile_full(text, &[]).is_err(), "{text}");
    }
    let names = Feel::compile_full("for x in l return x", &["l"]).unwrap();
    assert!(names.evaluate(&inputs(&json!({"l": ["\u{1}tick"]}))).is_err());
    assert_eq!(names.evaluate(&inputs(&json!({"l": [1]}))).unwrap(), json!([1]));
}

#[test]
fn graphs_are_walked_once_and_never_in_circles() {
    let layer = |n: usize, below: &[usize]| {
        let needs: String = below
            .iter()
            .map(|b| format!("<informationRequirement><requiredDecision href=\"#a{b}\"/></informationRequirement>"))
            .collect();
        let sum = if below.is_empty() {
            "1".to_owned()
        } else {
            below.iter().map(|b| format!("a{b}")).collect::<Vec<_>>().join(" + ")
        };
        format!(
            "<decision id=\"a{n}\" name=\"a{n}\"><variable name=\"a{n}\" typeRef=\"number\"/>{needs}<literalExpression><text>{sum}</text></literalExpression></decision>"
        )
    };
    // Fibonacci: walked naively, decision 90 would be made more often than there are grains of sand.
    let graph: String = (0..90).map(|n| layer(n, &if n < 2 { vec![] } else { vec![n - 1, n - 2] })).collect();
    let models = compiled(&[("m.dmn", dmn("m", &graph))]);
    let evaluation = models.evaluate("m", "a89", &Inputs::new(), &Asked::default()).unwrap();
    assert_eq!(evaluation.decisions.len(), 90);
    assert_eq!(evaluation.result, json!(2_880_067_194_370_816_120_i64));
    let chain: String = (0..300).map(|n| layer(n, &if n == 0 { vec![] } else { vec![n - 1] })).collect();
    let e = DecisionModels::compile(&[("m.dmn", dmn("m", &chain))]).unwrap_err();
    assert!(e.message.contains("chain"), "{e}");
    let e = DecisionModels::compile(&[("m.dmn", dmn("m", &[layer(0, &[1]), layer(1, &[0])].concat()))]).unwrap_err();
    assert!(e.message.contains("requires itself"), "{e}");
}

#[test]
fn knowledge_that_calls_itself_is_stopped() {
    let knowledge = |body: &str| {
        dmn(
            "m",
            &format!(
                r##"<businessKnowledgeModel id="b" name="b"><variable name="b"/><encapsulatedLogic><formalParameter name="n" typeRef="number"/>
            <literalExpression><text>{body}</text></literalExpression></encapsulatedLogic>
            <knowledgeRequirement><requiredKnowledge href="#b"/></knowledgeRequirement></businessKnowledgeModel>
            <decision id="d" name="d"><variable name="d"/><knowledgeRequirement><requiredKnowledge href="#b"/></knowledgeRequirement>
            <literalExpression><text>b(300)</text></literalExpression></decision>"##
            ),
        )
    };
    assert!(stopped(&compiled(&[("m.dmn", knowledge("b(n)"))]), "d").contains("deeply"));
    assert!(stopped(&compiled(&[("m.dmn", knowledge("b(n - 1) + b(n - 1)"))]), "d").contains("deeply"));
    let ends = compiled(&[("m.dmn", knowledge("if n = 0 then 0 else b(n - 1) + 1"))]);
    assert_eq!(ends.evaluate("m", "d", &Inputs::new(), &Asked::default()).unwrap().result, json!(300));
}

#[test]
fn types_that_hold_each_other_are_read() {
    let part = |n: usize, of: &str| format!("<itemComponent name=\"p{n}\"><typeRef>{of}</typeRef></itemComponent>");
    let model = |circle: bool| {
        let types: String = (0..12)
            .map(|n| {
                let below = if n == 11 && circle { "t0".to_owned() } else { format!("t{}", n + 1) };
                let parts: String = (0..6).map(|p| part(p, &below)).collect();
                format!("<itemDefinition name=\"t{n}\">{parts}</itemDefinition>")
            })
            .collect();
        let last = if circle { "" } else { "<itemDefinition name=\"t12\"><typeRef>number</typeRef></itemDefinition>" };
        let body = format!(
            r##"{types}{last}<inputData id="i" name="x"><variable name="x" typeRef="t0"/></inputData>
            <decision id="d" name="d"><variable name="d"/><informationRequirement><requiredInput href="#i"/></informationRequirement>
            <literalExpression><text>x.p1</text></literalExpression></decision>"##
        );
        dmn("m", &body)
    };
    // Six to the power of twelve parts, were they all unfolded; without end, where the last holds the first.
    for circle in [false, true] {
        let models = compiled(&[("m.dmn", model(circle))]);
        let e = models.evaluate("m", "d", &inputs(&json!({"x": 1})), &Asked::default()).unwrap_err();
        assert!(matches!(e, DecisionError::BadInput { .. }), "{e}");
    }
}

#[test]
fn deep_and_long_texts_are_refused_or_read() {
    let around = |open: &str, n: usize, close: &str| format!("{}true{}", open.repeat(n), close.repeat(n));
    for text in [around("(", 40, ")"), around("not(", 31, ")"), around("[", 31, "]"), "x-".repeat(13) + "x"] {
        let done = DecisionModels::compile(&[("m.dmn", decision(&text))]);
        if let Ok(models) = done {
            models.evaluate("m", "d", &Inputs::new(), &Asked::default()).unwrap_or_else(|e| panic!("{e}"));
        }
    }
    assert!(DecisionModels::compile(&[("m.dmn", decision(&("1+".repeat(3_000) + "1")))]).is_err());
    assert!(DecisionModels::compile(&[("m.dmn", decision(&("1+".repeat(900) + "1")))]).is_ok());
    let deep = serde_json::from_str::<Value>(&around("[", 100, "]")).unwrap();
    assert_eq!(feel("1").unwrap(), json!(1));
    assert!(
        Feel::compile_full("l", &["l"]).unwrap().evaluate(&inputs(&json!({"l": deep}))).is_ok_and(|v| v.is_array())
    );
}
