use proptest::prelude::*;
use svod_process::{MAX_DEPTH, NodeKind, Process, ProcessError};

use crate::support::{Case, xml};

const ALERT_RESPONSE: &str = include_str!("../fixtures/alert-response.bpmn");
const KUZBASS: &str = include_str!("../../../../packs/kuzbass/processes/alert-response.bpmn");
const LINE: &str = r#"<startEvent id="s"/><userTask id="t"/><endEvent id="e"/>
    s -> t -> e"#;

fn errors(xml: &str) -> Vec<ProcessError> {
    Process::parse("x.bpmn", xml).err().unwrap_or_else(|| panic!("accepted: {xml}"))
}

#[test]
pub fn a_file_as_an_editor_saves_it() {
    let process = Process::parse("alert-response.bpmn", ALERT_RESPONSE).unwrap_or_else(|e| panic!("{e:?}"));
    assert_eq!((process.id(), process.name()), ("alert-response", "Response to an alert"));
    let inspect = process.element("inspect").unwrap();
    assert_eq!((inspect.attributes["form"].as_str(), inspect.tag()), ("inspection", "userTask"));
    let mut case = Case::new(process);
    case.ok(&svod_process::Event::start());
    case.complete("inspect");
    case.complete("confirm");
    assert!(case.completed());
    let kuzbass = Process::parse("alert-response.bpmn", KUZBASS).unwrap();
    assert!(matches!(kuzbass.element("start").unwrap().kind, NodeKind::Start { .. }));
}

#[test]
pub fn drawings_are_kept_apart() {
    let drawn = r#"<textAnnotation id="n"><text>why</text></textAnnotation><association id="as" sourceRef="t" targetRef="n"/>
        <group id="gr"/><documentation>why</documentation>"#;
    let file = xml(&format!("{LINE}\n{drawn}"));
    assert!(Process::parse("x", &file).is_ok());
    for root in
        ["itemDefinition", "category", "dataStore", "interface", "endPoint", "resource", "partnerRole", "partnerEntity"]
    {
        let file = file.replacen("<process ", &format!("<{root} id=\"root\"/><process "), 1);
        assert!(Process::parse("x", &file).is_ok(), "{root}");
    }
    let file = file.replacen("<startEvent ", "<monitoring/><auditing/><startEvent ", 1);
    assert!(Process::parse("x", &file).is_ok());
}

#[test]
fn hostile_files_are_refused() {
    let bomb = format!(
        "<!DOCTYPE d [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>{}",
        xml(&LINE.replace("id=\"t\"", "id=\"t\" name=\"&b;\""))
    );
    assert!(errors(&bomb)[0].reason.contains("document type"));
    assert!(errors(&xml(&LINE.replace("id=\"t\"", "id=\"t\" name=\"&b;\"")))[0].reason.contains("attribute value"));
    let deep = format!("{}{}", "<documentation>".repeat(MAX_DEPTH), "</documentation>".repeat(MAX_DEPTH));
    assert!(errors(&xml(&deep))[0].reason.contains("nest deeper"));
    assert!(errors(&xml(&"<documentation/>".repeat(30_000)))[0].reason.contains("elements"));
    assert!(errors(&" ".repeat(2_000_000))[0].reason.contains("larger"));
    for broken in ["", "<a", "<a></b>", "<a/><b/>", "text", "<a b='1' b='2'/>", "<x:a/>", "<definitions/>", "\u{0}"] {
        assert!(!errors(broken).is_empty(), "{broken}");
    }
}

#[test]
fn sub_processes_nest_as_deep_as_a_file_may() {
    let mut body = LINE.to_owned();
    for n in 0..20 {
        body = format!(
            "<startEvent id=\"s{n}\"/><subProcess id=\"p{n}\">\n{body}\n</subProcess><endEvent id=\"e{n}\"/>\ns{n} -> p{n} -> e{n}"
        );
    }
    let mut case = Case::start(&body);
    case.complete("t");
    assert!(case.completed());
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_fall(text in "[<>/a-z\"'=&;! \\[\\]?-]{0,200}") {
        let _ = Process::parse("x", &text);
        let _ = Process::parse("x", &xml(&text));
    }

    /// Elements, attributes and references thrown together: findings or a process, never a fall.
    #[test]
    fn no_elements_make_the_parser_fall(picked in prop::collection::vec((0usize..24, 0usize..6, 0usize..6), 0..12)) {
        let tags = ["startEvent", "endEvent", "userTask", "scriptTask", "serviceTask", "subProcess", "transaction",
            "adHocSubProcess", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent", "exclusiveGateway",
            "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway", "callActivity", "sequenceFlow",
            "dataObject", "laneSet", "association", "receiveTask", "businessRuleTask", "manualTask"];
        let inside = ["", "<timerEventDefinition/>", "<compensateEventDefinition activityRef='i1'/>",
            "<startEvent id='i9'><errorEventDefinition/></startEvent>", "<script>a +</script>",
            "<multiInstanceLoopCharacteristics/>"];
        let mut body = String::new();
        for (n, (tag, a, b)) in picked.into_iter().enumerate() {
            let tag = tags[tag];
            body += &format!("<{tag} id='i{n}' attachedToRef='i{a}' sourceRef='i{a}' targetRef='i{b}' default='i{b}'>{}</{tag}>", inside[a]);
        }
        let _ = Process::parse("x", &xml(&body));
    }
}
