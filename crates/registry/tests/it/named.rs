//! What processes and services name must be there: it is said with file, line, rule and fix, and before a case needs it.

use svod_model::testing::shipped;
use svod_model::{PackError, PackSource};
use svod_registry::compile;

const PROCESS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:svod="urn:svod:bpmn" id="d" targetNamespace="t">
<process id="ask" isExecutable="true">
<startEvent id="s"/><endEvent id="e"/>
<userTask id="look" svod:form="ask" svod:deadline="P1D" svod:calendar="ru"/>
<businessRuleTask id="fee" svod:decision="fees.dmn#Fee" svod:result="fee"/>
<serviceTask id="tell" svod:service="entity.get"/>
<callActivity id="call" calledElement="other"/>
<sequenceFlow id="f1" sourceRef="s" targetRef="look"/><sequenceFlow id="f2" sourceRef="look" targetRef="fee"/>
<sequenceFlow id="f3" sourceRef="fee" targetRef="tell"/><sequenceFlow id="f4" sourceRef="tell" targetRef="call"/>
<sequenceFlow id="f5" sourceRef="call" targetRef="e"/>
</process></definitions>"#;

const FEE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="fees" namespace="https://svod.example/fees">
  <decision id="fee" name="Fee"><variable name="Fee" typeRef="number"/>
    <literalExpression id="l"><text>100</text></literalExpression></decision>
</definitions>"#;

fn pack(process: &str, service: &str) -> Vec<PackSource> {
    let mut source = PackSource::default();
    let service = format!(
        "id: ask\nsituation: home\naudience: [person]\nsubject: residence\nprocess: {service}\nstart:\n  - form: ask.form.json\n\
         term: {{working_days: 3, calendar: ru}}\nacts: [\"Act 1\"]\n"
    );
    let other =
        PROCESS.replace("id=\"ask\"", "id=\"other\"").replace("calledElement=\"other\"", "calledElement=\"ask\"");
    let files = [
        ("pack.yaml", "id: test\nversion: 1.0.0\nowner: urn:svod:body:kuzbass:digital\ndepends: [base]\n"),
        ("processes/ask.bpmn", process),
        ("processes/other.bpmn", &other),
        ("decisions/fees.dmn", FEE),
        ("forms/ask.form.json", r#"{"type": "default", "components": []}"#),
        ("services/ask.yaml", &service),
    ];
    source.files.extend(files.map(|(path, text)| (path.to_owned(), text.to_owned())));
    for lang in ["ru", "kk", "en"] {
        let keys =
            ["pack-test-title", "pack-test-description", "service-ask", "service-ask-about", "service-ask-result"];
        source.files.insert(format!("locales/{lang}.ftl"), keys.iter().map(|key| format!("{key} = x\n")).collect());
    }
    vec![shipped("base"), source]
}

fn faults(process: &str, service: &str) -> Vec<PackError> {
    compile(0, &pack(process, service)).err().unwrap_or_default()
}

#[test]
fn what_is_there_is_no_fault() {
    assert_eq!(faults(PROCESS, "ask"), []);
    let catalogue = compile(0, &pack(PROCESS, "ask")).unwrap();
    assert!(catalogue.warnings(2026).is_empty(), "{:?}", catalogue.warnings(2026));
    let told = catalogue.warnings(2099);
    assert!(told.len() == 1 && told[0].contains("'ru' has no data for 2099"), "{told:?}");
}

#[test]
fn what_is_not_there_is_named_with_its_place() {
    for (from, to, line, rule) in [
        ("svod:form=\"ask\"", "svod:form=\"answer\"", 5, "unknown-form"),
        ("svod:calendar=\"ru\"", "svod:calendar=\"mars\"", 5, "unknown-calendar"),
        ("fees.dmn#Fee", "fees.dmn#Fine", 6, "unknown-decision"),
        ("fees.dmn#Fee", "fines.dmn#Fee", 6, "unknown-decision"),
        ("entity.get", "entity.gett", 7, "unknown-operation"),
        ("calledElement=\"other\"", "calledElement=\"others\"", 8, "unknown-process"),
    ] {
        assert!(PROCESS.contains(from), "{from}");
        let found = faults(&PROCESS.replacen(from, to, 1), "ask");
        let [fault] = found.as_slice() else { panic!("{to}: {found:?}") };
        assert_eq!(
            (fault.file.as_str(), fault.position.line, fault.rule.as_str()),
            ("test/processes/ask.bpmn", line, rule)
        );
        assert!(fault.fix.starts_with("name one of "), "{fault}");
    }
    // An element of that id is no process.
    let found = faults(PROCESS, "look");
    let [fault] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (fault.file.as_str(), fault.position.line, fault.rule.as_str()),
        ("test/services/ask.yaml", 5, "unknown-process")
    );
}

/// The pack with a policy that closes what `named` says.
fn closing(named: &str) -> Result<svod_registry::Catalogue, Vec<PackError>> {
    let mut packs = pack(PROCESS, "ask");
    let text =
        format!("@id(\"closed\")\nforbid (principal, action == Action::\"read\", resource)\nwhen {{\n  {named}\n}};\n");
    packs[1].files.insert("policies/closed.cedar".to_owned(), text);
    // As packs of before have it: it says nothing any more.
    packs[1].files.insert("policies/schema.cedarschema".to_owned(), "entity Actor;".to_owned());
    compile(0, &packs)
}

#[test]
fn a_policy_that_closes_a_type_which_is_none_is_refused() {
    for (named, message, fix) in [
        (r#"resource.type == "Persn""#, "'Persn', which is no type", "write 'Person'"),
        (r#"["Access", "Consnt"].contains(resource.type)"#, "'Consnt', which is no type", "write 'Consent'"),
        (r#"resource.type == "Quarantin""#, "'Quarantin', which is no type", "write 'Quarantine'"),
        (r#"resource.type == "Party""#, "'Party', which is abstract", "name the types themselves: "),
        (r#"resource == Entity::"Persn""#, "'Persn', which is no type", "write 'Person'"),
        (r#"resource.type like "Zzzzzzzzz*""#, "'Zzzzzzzzz*', which is no type", "name a type of the metamodel"),
    ] {
        let found = closing(named).err().unwrap_or_default();
        let [fault] = found.as_slice() else { panic!("{named}: {found:?}") };
        assert_eq!(
            (fault.file.as_str(), fault.position.line, fault.rule.as_str()),
            ("test/policies/closed.cedar", 4, "policy-type")
        );
        assert!(fault.message.contains("the policy 'closed'") && fault.message.contains(message), "{fault}");
        assert!(fault.fix.starts_with(fix), "{fault}");
    }
    // The same by a name of the schema: Cedar itself refuses it.
    let found = closing(r#"resource.kind == Type::"Persn""#).err().unwrap_or_default();
    assert!(found.iter().any(|f| f.file == "test/policies/closed.cedar" && f.message.contains("Persn")), "{found:?}");
}

#[test]
fn a_policy_closes_the_types_that_there_are() {
    for named in [r#"resource.type == "Person""#, r#"resource.kind == Type::"Person""#, r#"resource.type == "Metrics""#]
    {
        let catalogue = closing(named).unwrap_or_else(|e| panic!("{named}: {e:?}"));
        let text = svod_registry::policy_schema(&catalogue.metamodel).text;
        assert!(text.contains("\"Person\"") && text.contains("\"Metrics\"") && !text.contains("\"Party\""), "{text}");
    }
    // All that ship, each with all others.
    let all = ["base", "kuzbass", "moving", "birth", "road-accident", "building-permit", "company"];
    let faults = compile(0, &all.map(shipped)).err().unwrap_or_default();
    assert!(faults.is_empty(), "{faults:?}");
}
