//! The full profile: what the public TCK does not ask.

use serde_json::{Value, json};
use svod_rules::{Asked, DecisionError, DecisionModels, Evaluation, Feel, Inputs, Temporal};

/// A model of that namespace with these elements.
pub(crate) fn dmn(name: &str, body: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" id="{name}" name="{name}" namespace="urn:{name}">{body}</definitions>"#
    )
}

pub(crate) fn compiled(files: &[(&str, String)]) -> DecisionModels {
    DecisionModels::compile(files).unwrap_or_else(|e| panic!("{e}"))
}

pub(crate) fn inputs(value: &Value) -> Inputs {
    Inputs::from_json(value.as_object().unwrap())
}

fn at(moment: &str) -> Asked {
    Asked { at: Some(moment.into()), version: "benefits@1.2.0".into(), lenient: false }
}

fn ask(models: &DecisionModels, decision: &str, given: &Value) -> Evaluation {
    models.evaluate("m", decision, &inputs(given), &at("2026-11-23T10:15:00+07:00")).unwrap_or_else(|e| panic!("{e}"))
}

const CHILD: &str = r##"
  <itemDefinition name="tChild"><itemComponent name="name"><typeRef>string</typeRef></itemComponent>
    <itemComponent name="date of birth"><typeRef>date</typeRef></itemComponent></itemDefinition>
  <itemDefinition name="tChildren" isCollection="true"><typeRef>tChild</typeRef></itemDefinition>
  <itemDefinition name="tKind"><typeRef>string</typeRef><allowedValues><text>"first", "repeated"</text></allowedValues></itemDefinition>
  <inputData id="i_children" name="children"><variable name="children" typeRef="tChildren"/></inputData>
  <inputData id="i_kind" name="kind"><variable name="kind" typeRef="tKind"/></inputData>
  <businessKnowledgeModel id="b_age" name="age"><variable name="age" typeRef="number"/>
    <encapsulatedLogic><formalParameter name="born" typeRef="date"/>
      <literalExpression><text>years and months duration(born, today()).years</text></literalExpression></encapsulatedLogic>
  </businessKnowledgeModel>
  <decision id="d_minors" name="minors"><variable name="minors"/>
    <informationRequirement><requiredInput href="#i_children"/></informationRequirement>
    <knowledgeRequirement><requiredKnowledge href="#b_age"/></knowledgeRequirement>
    <literalExpression><text>count(children[age(date of birth) &lt; 18])</text></literalExpression></decision>
  <decision id="d_sum" name="sum"><variable name="sum"/>
    <informationRequirement><requiredDecision href="#d_minors"/></informationRequirement>
    <informationRequirement><requiredInput href="#i_kind"/></informationRequirement>
    <decisionTable id="t" hitPolicy="COLLECT" aggregation="SUM">
      <input id="c1"><inputExpression><text>minors</text></inputExpression></input>
      <input id="c2"><inputExpression><text>kind</text></inputExpression></input>
      <output id="o1"/>
      <rule id="each"><inputEntry><text>&gt;= 1</text></inputEntry><inputEntry><text>-</text></inputEntry><outputEntry><text>minors * 1000</text></outputEntry></rule>
      <rule id="many"><description>three and more</description><inputEntry><text>&gt;= 3</text></inputEntry><inputEntry><text>-</text></inputEntry><outputEntry><text>500</text></outputEntry></rule>
      <rule><inputEntry><text>? = 2</text></inputEntry><inputEntry><text>"first"</text></inputEntry><outputEntry><text>50</text></outputEntry></rule>
    </decisionTable></decision>"##;

fn born(years: &[i32]) -> Value {
    years.iter().map(|y| json!({"name": "x", "date of birth": format!("{y}-05-01")})).collect()
}

#[test]
fn an_evaluation_explains_itself() {
    let models = compiled(&[("decisions/m.dmn", dmn("m", CHILD))]);
    let given = json!({"children": born(&[2020, 2010, 1990]), "kind": "first", "more": 1});
    let evaluation = ask(&models, "sum", &given);
    assert_eq!(evaluation.result, json!(2050));
    let made: Vec<_> = evaluation.decisions.iter().map(|d| (d.id.as_str(), &d.result)).collect();
    assert_eq!(made, [("d_minors", &json!(2)), ("d_sum", &json!(2050))]);
    let [table] = evaluation.tables.as_slice() else { panic!("{:?}", evaluation.tables) };
    assert_eq!((table.element.as_str(), table.hit_policy.as_str()), ("d_sum", "C+"));
    let rules: Vec<_> = table.rules.iter().map(|r| (r.number, r.id.as_deref())).collect();
    assert_eq!(rules, [(1, Some("each")), (3, None)]);
    assert!(evaluation.inputs.get("more").is_none() && evaluation.inputs["kind"] == "first");
    assert_eq!(
        (evaluation.model.file.as_str(), evaluation.model.version.as_str()),
        ("decisions/m.dmn", "benefits@1.2.0")
    );
    let kept = serde_json::to_string(&evaluation).unwrap();
    assert_eq!(serde_json::from_str::<Evaluation>(&kept).unwrap(), evaluation);
    let four = ask(&models, "sum", &json!({"children": born(&[2020, 2021, 2022]), "kind": "repeated"}));
    assert_eq!((four.result, four.tables[0].rules[1].annotation.as_str()), (json!(3500), "three and more"));
}

#[test]
fn time_is_what_the_caller_says() {
    let models = compiled(&[("m.dmn", dmn("m", CHILD))]);
    let given = inputs(&json!({"children": born(&[2009]), "kind": "first"}));
    for (moment, minors) in [("2026-11-23T00:00:00Z", 1), ("2027-05-01T00:00:00+07:00", 0), ("1999-01-01T00:00:00Z", 1)]
    {
        assert_eq!(models.evaluate("m", "minors", &given, &at(moment)).unwrap().result, json!(minors), "{moment}");
    }
    let e = models.evaluate("m", "minors", &given, &Asked::default()).unwrap_err();
    assert!(matches!(&e, DecisionError::Stopped { what, .. } if what.contains("clock")), "{e}");
    let e = models.evaluate("m", "minors", &given, &at("yesterday")).unwrap_err();
    assert!(matches!(&e, DecisionError::BadInput { fields } if fields[0].field == "at"), "{e}");
}

#[test]
fn wrong_questions_name_their_fields() {
    let models = compiled(&[("decisions/m.dmn", dmn("m", CHILD))]);
    let wrong = json!({"children": [{"name": 1, "date of birth": "2020-13-01"}], "kind": "second"});
    let DecisionError::BadInput { fields } =
        models.evaluate("m", "sum", &inputs(&wrong), &at("2026-11-23T00:00:00Z")).unwrap_err()
    else {
        panic!("accepted")
    };
    let mut named: Vec<_> = fields.iter().map(|f| (f.field.as_str(), f.expected.as_str())).collect();
    named.sort_unstable();
    assert_eq!(named, [("children[1].date of birth", "date"), ("children[1].name", "string"), ("kind", "tKind")]);
    let lenient = Asked { lenient: true, ..at("2026-11-23T00:00:00Z") };
    let evaluation = models.evaluate("m", "sum", &inputs(&wrong), &lenient).unwrap();
    assert!(matches!(evaluation.value(), Err(DecisionError::NoResult { .. })), "{evaluation:?}");
    let known = |e| match e {
        DecisionError::UnknownModel { known, .. } | DecisionError::UnknownDecision { known, .. } => known,
        other => panic!("{other}"),
    };
    assert_eq!(known(models.evaluate("n", "sum", &Inputs::new(), &lenient).unwrap_err()), ["m"]);
    assert_eq!(known(models.evaluate("m", "sums", &Inputs::new(), &lenient).unwrap_err()), ["age", "minors", "sum"]);
    for name in ["m", "m.dmn", "decisions/m.dmn"] {
        assert!(models.evaluate(name, "age", &inputs(&json!({"born": "2000-01-01"})), &lenient).is_ok(), "{name}");
    }
    let askable = models.askable();
    let sum = askable.iter().find(|a| a.name == "sum").unwrap();
    assert_eq!(sum.inputs.iter().map(|i| i.name.as_str()).collect::<Vec<_>>(), ["kind", "children"]);
}

#[test]
fn dates_travel_as_texts_or_tagged() {
    assert!(Temporal::date("2026-02-30").is_none() && Temporal::duration("P1DT2H").is_some());
    let feel = |text: &str, given: Value| {
        let names: Vec<&str> = given.as_object().unwrap().keys().map(String::as_str).collect();
        Feel::compile_full(text, &names).unwrap_or_else(|e| panic!("{e}")).evaluate(&inputs(&given))
    };
    let day = json!({"d": {"$date": "2026-11-23"}, "t": "2026-11-23", "l": [1, 2, {"a": 3}]});
    for (text, expected) in [
        ("d + duration(\"P1D\")", json!("2026-11-24")),
        ("date(t) = d", json!(true)),
        ("d.weekday", json!(1)),
        ("l[3].a", json!(3)),
        ("for x in l[item instance of number] return x * 2", json!([2, 4])),
        ("some x in [1, 2], y in [3, 4] satisfies x + y = 6", json!(true)),
        ("every x in [1, 2], y in [3, 4] satisfies x + y < 6", json!(false)),
        ("get value({\"k v\": 5}, \"k v\")", json!(5)),
        ("{f: function(n) if n < 2 then 1 else n * f(n - 1), r: f(10)}.r", json!(3_628_800)),
        ("sort([3, 1, 2], function(a, b) a < b)", json!([1, 2, 3])),
        ("{a: l[9], b: 1}", json!({"a": null, "b": 1})),
        ("[1..5]", json!("[1..5]")),
    ] {
        assert_eq!(feel(text, day.clone()).unwrap_or_else(|e| panic!("{e}")), expected, "{text}");
    }
    let missing = Feel::compile_full("d.nothing.more", &["d"]).unwrap();
    assert_eq!(missing.evaluate_or_null(&inputs(&json!({"d": {}}))).unwrap(), Value::Null);
    for bad in ["now()", "today() > d", "{n: now, m: today}.n + (1"] {
        assert!(Feel::compile_full(bad, &["d"]).is_err(), "{bad}");
    }
    for bad in ["d.sum * 2", "d.sum - 1", "d.a/d.b"] {
        assert!(Feel::compile_full(bad, &["d"]).is_err(), "{bad}");
    }
    assert_eq!(feel("(d.sum) * 2 - (d.sum)", json!({"d": {"sum": 3}})).unwrap(), json!(3));
    // Named without a call, the clock is stopped when it is read.
    let e = Feel::compile_full("{n: now, r: n()}.r", &[]).unwrap().evaluate(&Inputs::new()).unwrap_err();
    assert!(e.message.contains("clock"), "{e}");
}

#[test]
fn models_of_a_pack_import_each_other() {
    let base = dmn(
        "base",
        r##"<itemDefinition name="tRate"><typeRef>number</typeRef></itemDefinition>
      <inputData id="i" name="income"><variable name="income" typeRef="number"/></inputData>
      <businessKnowledgeModel id="b" name="tax"><variable name="tax" typeRef="number"/><encapsulatedLogic>
        <formalParameter name="amount" typeRef="number"/><formalParameter name="rate" typeRef="tRate"/>
        <literalExpression><text>amount * rate</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>
      <decision id="d" name="due"><variable name="due" typeRef="number"/>
        <informationRequirement><requiredInput href="#i"/></informationRequirement>
        <knowledgeRequirement><requiredKnowledge href="#b"/></knowledgeRequirement>
        <invocation><literalExpression><text>tax</text></literalExpression>
          <binding><parameter name="amount" typeRef="number"/><literalExpression><text>income</text></literalExpression></binding>
          <binding><parameter name="rate" typeRef="number"/><literalExpression><text>0.13</text></literalExpression></binding>
        </invocation></decision>
      <decisionService id="s" name="Service"><variable name="Service"/><outputDecision href="#d"/><inputData href="#i"/></decisionService>"##,
    );
    let using = dmn(
        "using",
        r##"<import name="b" namespace="urn:base" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>
      <decision id="n" name="net"><variable name="net" typeRef="b.tRate"/>
        <informationRequirement><requiredDecision href="urn:base#d"/></informationRequirement>
        <knowledgeRequirement><requiredKnowledge href="urn:base#b"/></knowledgeRequirement>
        <knowledgeRequirement><requiredKnowledge href="urn:base#s"/></knowledgeRequirement>
        <context><contextEntry><variable name="low" typeRef="number"/><literalExpression><text>b.tax(b.due, 0.1)</text></literalExpression></contextEntry>
          <contextEntry><literalExpression><text>b.due - low + b.Service(1000)</text></literalExpression></contextEntry></context></decision>"##,
    );
    let models = compiled(&[("decisions/base.dmn", base), ("decisions/using.dmn", using.clone())]);
    let evaluation = models.evaluate("using", "net", &inputs(&json!({"income": 1000})), &Asked::default()).unwrap();
    assert_eq!(evaluation.result, json!(247));
    assert_eq!(evaluation.model.namespace, "urn:using");
    let e = DecisionModels::compile(&[("using.dmn", using)]).unwrap_err();
    assert!(e.message.contains("b.tRate"), "{e}");
}

fn table(policy: &str, extra: &str) -> String {
    let rule = |id: &str, test: &str, out: &str| {
        format!(
            "<rule id=\"{id}\"><inputEntry><text>{test}</text></inputEntry><outputEntry><text>{out}</text></outputEntry></rule>"
        )
    };
    let rules = [rule("r1", "&gt; 0", "2"), rule("r2", "&gt; 5", "7"), rule("r3", "&gt; 5", "5")].concat();
    dmn(
        "m",
        &format!(
            r##"<inputData id="i" name="n"><variable name="n" typeRef="number"/></inputData>
        <decision id="d" name="d"><variable name="d"/><informationRequirement><requiredInput href="#i"/></informationRequirement>
        <decisionTable id="t" {policy}><input id="c"><inputExpression><text>n</text></inputExpression></input>
        <output id="o">{extra}</output>{rules}</decisionTable></decision>"##
        ),
    )
}

#[test]
fn every_hit_policy_says_which_rules_fired() {
    let order = "<outputValues><text>5, 7, 2</text></outputValues>";
    for (policy, extra, result, fired) in [
        ("hitPolicy=\"UNIQUE\"", "", Value::Null, vec![1, 2, 3]),
        ("hitPolicy=\"ANY\"", "", Value::Null, vec![1, 2, 3]),
        ("hitPolicy=\"FIRST\"", "", json!(2), vec![1]),
        ("hitPolicy=\"PRIORITY\"", order, json!(5), vec![3]),
        ("hitPolicy=\"RULE ORDER\"", "", json!([2, 7, 5]), vec![1, 2, 3]),
        ("hitPolicy=\"OUTPUT ORDER\"", order, json!([5, 7, 2]), vec![3, 2, 1]),
        ("hitPolicy=\"COLLECT\"", "", json!([2, 7, 5]), vec![1, 2, 3]),
        ("hitPolicy=\"COLLECT\" aggregation=\"SUM\"", "", json!(14), vec![1, 2, 3]),
        ("hitPolicy=\"COLLECT\" aggregation=\"MIN\"", "", json!(2), vec![1, 2, 3]),
        ("hitPolicy=\"COLLECT\" aggregation=\"MAX\"", "", json!(7), vec![1, 2, 3]),
        ("hitPolicy=\"COLLECT\" aggregation=\"COUNT\"", "", json!(3), vec![1, 2, 3]),
    ] {
        let models = compiled(&[("m.dmn", table(policy, extra))]);
        let evaluation = ask(&models, "d", &json!({"n": 6}));
        assert_eq!(evaluation.result, result, "{policy}");
        let numbers: Vec<_> = evaluation.tables[0].rules.iter().map(|r| r.number).collect();
        assert_eq!(numbers, fired, "{policy}");
        assert_eq!(ask(&models, "d", &json!({"n": 0})).tables[0].rules, [], "{policy}");
    }
    let models = compiled(&[(
        "m.dmn",
        table("hitPolicy=\"UNIQUE\"", "<defaultOutputEntry><text>0</text></defaultOutputEntry>"),
    )]);
    assert_eq!(ask(&models, "d", &json!({"n": 0})).result, json!(0));
    assert_eq!(ask(&models, "d", &json!({"n": 3})).result, json!(2));
}

#[test]
fn the_packs_of_the_house_compile_in_both_profiles() {
    let packs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    for pack in ["base", "kuzbass"] {
        let files = std::fs::read_dir(packs.join(pack).join("decisions")).unwrap().map(|e| e.unwrap().path());
        let files: Vec<(String, String)> =
            files.map(|p| (p.display().to_string(), std::fs::read_to_string(&p).unwrap())).collect();
        let models = DecisionModels::compile(&files).unwrap_or_else(|e| panic!("{e}"));
        assert!(models.askable().len() >= files.len(), "{pack}");
        for (file, xml) in &files {
            svod_rules::DecisionModel::compile(file, xml).unwrap_or_else(|e| panic!("{e}"));
        }
    }
}
