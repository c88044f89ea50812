//! Every refusal names its element, the reason and the fix.

use crate::support::faults;

const LINE: &str = r#"<startEvent id="s"/><userTask id="t"/><endEvent id="e"/>
    s -> t -> e"#;

/// A body, the element that a finding names, a word of its reason.
fn refused(body: &str, element: &str, word: &str) {
    let found = faults(body);
    let fits = |e: &&svod_process::ProcessError| e.element == element && e.reason.contains(word);
    let finding = found.iter().find(fits).unwrap_or_else(|| panic!("{element}: {word}: {found:#?}"));
    assert!(!finding.fix.is_empty() && finding.line > 1, "{finding}");
}

/// A line of elements beside the good ones.
fn beside(elements: &str, element: &str, word: &str) {
    refused(&format!("{LINE}\n{elements}"), element, word);
}

#[test]
fn what_is_not_executed() {
    for (elements, element, word) in [
        (r#"<choreographyTask id="g"/>"#, "choreographyTask 'g'", "choreographies"),
        (r#"<ioSpecification id="g"/>"#, "ioSpecification 'g'", "not executed"),
        (r#"<x:y xmlns:x="urn:x" id="g"/>"#, "y 'g'", "not executed"),
        (r#"<userTask id="g" startQuantity="2"/>"#, "userTask 'g'", "startQuantity"),
        (r#"<userTask id="g" color="red"/>"#, "userTask 'g'", "color"),
        (r#"<userTask id="g"><potentialOwner/></userTask>"#, "userTask 'g'", "potentialOwner"),
        (r#"<receiveTask id="g" messageRef="paid" instantiate="true"/>"#, "receiveTask 'g'", "instantiate"),
        (r#"<eventBasedGateway id="g" instantiate="true"/>"#, "eventBasedGateway 'g'", "does not start"),
        (r#"<eventBasedGateway id="g" eventGatewayType="Parallel"/>"#, "eventBasedGateway 'g'", "parallel"),
        (r#"<transaction id="g" method="Store"/>"#, "transaction 'g'", "method"),
        (r#"<task id="g"><dataInputAssociation><assignment/></dataInputAssociation></task>"#, "task 'g'", "computes"),
        (
            r#"<task id="g"><multiInstanceLoopCharacteristics behavior="One" svod:collection="x"/></task>"#,
            "multiInstanceLoopCharacteristics",
            "behavior",
        ),
        (
            r#"<task id="g"><multiInstanceLoopCharacteristics><loopDataInputRef>x</loopDataInputRef></multiInstanceLoopCharacteristics></task>"#,
            "task 'g'",
            "loopDataInputRef",
        ),
        (
            r#"<intermediateCatchEvent id="g"><messageEventDefinition messageRef="paid"/><signalEventDefinition signalRef="alarm"/></intermediateCatchEvent>"#,
            "intermediateCatchEvent 'g'",
            "several kinds",
        ),
        (
            r#"<intermediateThrowEvent id="g"><compensateEventDefinition waitForCompletion="false"/></intermediateThrowEvent>"#,
            "compensateEventDefinition",
            "waitForCompletion",
        ),
    ] {
        beside(elements, element, word);
    }
    let file = crate::support::xml(LINE);
    for root in ["import", "choreography", "globalUserTask", "correlationProperty", "errorEventDefinition", "extension"]
    {
        let file = file.replacen("<process", &format!("<{root} id=\"root\"/><process"), 1);
        let found = svod_process::Process::parse("x", &file).unwrap_err();
        assert!(found[0].element == format!("{root} 'root'") && found[0].reason.contains("not "), "{found:?}");
    }
}

#[test]
fn our_own_attributes() {
    for (elements, element, word) in [
        (r#"<userTask id="g" svod:froms="x"/>"#, "userTask 'g'", "svod:froms"),
        (r#"<userTask id="g" svod:form=""/>"#, "userTask 'g'", "empty"),
        (r#"<userTask id="g" svod:result="two words"/>"#, "userTask 'g'", "no name of a variable"),
        (r#"<userTask id="g" svod:deadline="soon"/>"#, "userTask 'g'", "cannot be read"),
        (r#"<userTask id="g" svod:calendar="ru"/>"#, "userTask 'g'", "no deadline"),
        (r#"<userTask id="g" svod:body="= 1 +"/>"#, "userTask 'g'", "body"),
        (r#"<serviceTask id="g"/>"#, "serviceTask 'g'", "svod:service"),
        (r#"<serviceTask id="g" svod:service="x" svod:retry="R/PT1M"/>"#, "serviceTask 'g'", "svod:retry"),
        (r#"<businessRuleTask id="g" svod:decision="x" svod:result="y"/>"#, "businessRuleTask 'g'", "no decision"),
        (r#"<businessRuleTask id="g" svod:decision="x#Y"/>"#, "businessRuleTask 'g'", "svod:result"),
        (r#"<scriptTask id="g" svod:result="x"/>"#, "scriptTask 'g'", "no script"),
        (r#"<scriptTask id="g"><script>1</script></scriptTask>"#, "scriptTask 'g'", "svod:result"),
        (
            r#"<scriptTask id="g" svod:result="x" scriptFormat="javascript"><script>1</script></scriptTask>"#,
            "scriptTask 'g'",
            "FEEL only",
        ),
        (r#"<scriptTask id="g" svod:result="x"><script>now()</script></scriptTask>"#, "scriptTask 'g'", "clock"),
        (
            r#"<intermediateCatchEvent id="g"><timerEventDefinition svod:calendar="ru"><timeDuration>P1D</timeDuration></timerEventDefinition></intermediateCatchEvent>"#,
            "timerEventDefinition",
            "svod:calendar",
        ),
        (r#"<callActivity id="g"/>"#, "callActivity 'g'", "calledElement"),
        (r#"<sendTask id="g"/>"#, "sendTask 'g'", "messageRef"),
        (r#"<receiveTask id="g" messageRef="nothing"/>"#, "receiveTask 'g'", "does not exist"),
        (r#"<dataObject id="a-b"/>"#, "dataObject 'a-b'", "no name of a variable"),
        (
            r#"<task id="g"><extensionElements><svod:inptu name="a" value="1"/></extensionElements></task>"#,
            "task 'g'",
            "svod:inptu",
        ),
        (
            r#"<task id="g"><extensionElements><svod:input name="a b" value="1"/></extensionElements></task>"#,
            "task 'g'",
            "svod:input",
        ),
        (
            r#"<task id="g"><extensionElements><svod:output name="a" value="(("/></extensionElements></task>"#,
            "task 'g'",
            "svod:output 'a'",
        ),
        (r#"<task id="g"><multiInstanceLoopCharacteristics/></task>"#, "task 'g'", "how often"),
        (r#"<task id="g"><standardLoopCharacteristics/></task>"#, "task 'g'", "no end"),
        (r#"<task id="g"><standardLoopCharacteristics loopMaximum="0"/></task>"#, "task 'g'", "loopMaximum"),
    ] {
        beside(elements, element, word);
    }
}

#[test]
fn times_and_conditions() {
    let timer = |inside: &str| {
        format!(
            "<intermediateCatchEvent id=\"g\"><timerEventDefinition>{inside}</timerEventDefinition></intermediateCatchEvent>"
        )
    };
    for (inside, word) in [
        ("", "no time"),
        ("<timeDate>P1D</timeDate>", "cannot be read"),
        ("<timeDuration>2026-01-01T00:00:00Z</timeDuration>", "cannot be read"),
        ("<timeCycle>P1D</timeCycle>", "cannot be read"),
        ("<timeDuration>= \"P1D\" +</timeDuration>", "cannot be read"),
    ] {
        beside(&timer(inside), "intermediateCatchEvent 'g'", word);
    }
    let condition = "<intermediateCatchEvent id=\"g\"><conditionalEventDefinition/></intermediateCatchEvent>";
    beside(condition, "intermediateCatchEvent 'g'", "no condition");
    let body = LINE.replace("s -> t", "s -> t : (").replace(": ( -> e", "-> e : (");
    refused(&body, "sequenceFlow 's-t'", "conditionExpression");
    let choice = |flows: &str, default: &str| {
        format!(
            r#"<startEvent id="s"/><exclusiveGateway id="g"{default}/><endEvent id="e"/><task id="a"/><parallelGateway id="h"/>
            s -> g
            g -> a
            {flows}
            h -> e"#
        )
    };
    refused(&choice("g -> h : x\na -> h", ""), "sequenceFlow 'g-a'", "no condition");
    refused(&choice("g -> h : x\na -> h", " default=\"s-g\""), "exclusiveGateway 'g'", "does not leave it");
    refused(&choice("g -> h : x\na -> h", " default=\"g-h\""), "sequenceFlow 'g-h'", "default and has a condition");
    refused(&LINE.replace("s -> t -> e", "s -> t : x\nt -> e"), "sequenceFlow 's-t'", "not looked at");
}

#[test]
fn structure() {
    let second = r#"<startEvent id="s2"/>
        s2 -> t"#;
    for (body, element, word) in [
        (String::new(), "process 'p'", "no start event"),
        (format!("{LINE}\n{second}"), "startEvent 's2'", "second start"),
        (LINE.replace("t -> e", "t -> nowhere"), "sequenceFlow 't-nowhere'", "does not exist"),
        (format!("{LINE}\n<userTask id=\"z\"/>"), "userTask 'z'", "no flow enters"),
        (format!("{LINE}\ne -> t"), "endEvent 'e'", "a flow leaves"),
        (format!("{LINE}\nt -> s"), "startEvent 's'", "a flow enters"),
        (format!("{LINE}\n<userTask id=\"t\"/>"), "userTask 't'", "used twice"),
        (format!("{LINE}\n<userTask id=\"p\"/>"), "userTask 'p'", "used twice"),
        (LINE.replace(" id=\"t\"", ""), "userTask", "has no id"),
        (format!("{LINE}\n<userTask id=\"y\"/><userTask id=\"z\"/>\ny -> z -> y"), "userTask 'y'", "never reached"),
        (LINE.replace("t -> e", "t -> u -> t\n<userTask id=\"u\"/>"), "endEvent 'e'", "no flow enters"),
    ] {
        refused(&body, element, word);
    }
    let trap = r#"<startEvent id="s"/><exclusiveGateway id="g" default="g-a"/><task id="a"/><endEvent id="e"/>
        s -> g
        g -> a
        g -> e : x
        a -> a"#;
    refused(trap, "task 'a'", "leads to no end");
    let file = crate::support::xml(LINE).replace("isExecutable=\"true\"", "");
    assert!(svod_process::Process::parse("x", &file).unwrap_err()[0].reason.contains("not executable"));
    let file = crate::support::xml(LINE).replace("<process", "<process id=\"q\" isExecutable=\"true\"/><process");
    assert!(svod_process::Process::parse("x", &file).unwrap_err()[0].reason.contains("second process"));
}

#[test]
fn sub_processes() {
    let sub = |tag: &str, attributes: &str, inside: &str| {
        format!(
            r#"<startEvent id="s"/><{tag} id="q" {attributes}>
            {inside}
            </{tag}><endEvent id="e"/>
            s -> q -> e"#
        )
    };
    let good = "<startEvent id=\"s1\"/><endEvent id=\"e1\"/>\ns1 -> e1";
    for (body, element, word) in [
        (sub("subProcess", "", ""), "subProcess 'q'", "no start event"),
        (
            sub("subProcess", "", &format!("{good}\n<startEvent id=\"s2\"/>\ns2 -> e1")),
            "subProcess 'q'",
            "more than one",
        ),
        (sub("subProcess", "", &format!("{good}\n<endEvent id=\"z\"/>\ns -> z")), "sequenceFlow 's-z'", "border"),
        (sub("subProcess", "triggeredByEvent=\"true\"", good), "subProcess 'q'", "a flow enters it"),
        (sub("subProcess", "triggeredByEvent=\"true\"", good), "startEvent 's1'", "plain event cannot stand here"),
        (
            sub(
                "subProcess",
                "",
                &good.replace("\"s1\"/>", "\"s1\"><signalEventDefinition signalRef=\"alarm\"/></startEvent>"),
            ),
            "startEvent 's1'",
            "signal event cannot stand here",
        ),
        (
            sub("subProcess", "", &good.replace("\"s1\"/>", "\"s1\" isInterrupting=\"false\"/>")),
            "startEvent 's1'",
            "nothing runs",
        ),
        (sub("adHocSubProcess", "", good), "adHocSubProcess 'q'", "has a start event"),
        (sub("adHocSubProcess", "", ""), "adHocSubProcess 'q'", "no activity"),
        (
            sub("subProcess", "", &format!("{good}\n<completionCondition>x</completionCondition>")),
            "subProcess 'q'",
            "completionCondition",
        ),
        (
            sub("transaction", "", &good.replace("\"e1\"/>", "\"e1\"><cancelEventDefinition/></endEvent>")),
            "endEvent 'e1'",
            "called off",
        ),
    ] {
        refused(&body, element, word);
    }
}

#[test]
fn events_in_wrong_places() {
    let start = |definition: &str| LINE.replace("\"s\"/>", &format!("\"s\">{definition}</startEvent>"));
    let end = |definition: &str| LINE.replace("\"e\"/>", &format!("\"e\">{definition}</endEvent>"));
    let border = |definition: &str, more: &str| {
        format!("{LINE}\n<boundaryEvent id=\"x\" attachedToRef=\"t\" {more}>{definition}</boundaryEvent>\nx -> e")
    };
    let middle = |tag: &str, definition: &str| {
        format!("<startEvent id=\"s\"/><endEvent id=\"e\"/><{tag} id=\"m\">{definition}</{tag}>\ns -> m -> e")
    };
    let condition = "<conditionalEventDefinition><condition>x</condition></conditionalEventDefinition>";
    for (body, element, word) in [
        (start(condition), "startEvent 's'", "conditional event cannot stand here"),
        (start("<errorEventDefinition/>"), "startEvent 's'", "error event cannot stand here"),
        (start("<terminateEventDefinition/>"), "startEvent 's'", "terminate event cannot stand here"),
        (start("<compensateEventDefinition/>"), "startEvent 's'", "compensation event cannot stand here"),
        (
            end("<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"),
            "endEvent 'e'",
            "timer event cannot",
        ),
        (end("<cancelEventDefinition/>"), "endEvent 'e'", "cancel event cannot"),
        (end("<errorEventDefinition/>"), "endEvent 'e'", "no code"),
        (end("<errorEventDefinition errorRef=\"nothing\"/>"), "endEvent 'e'", "does not exist"),
        (start("<signalEventDefinition signalRef=\"nothing\"/>"), "startEvent 's'", "does not exist"),
        (end("<compensateEventDefinition activityRef=\"nothing\"/>"), "endEvent 'e'", "cannot be undone"),
        (border("", ""), "boundaryEvent 'x'", "plain event cannot"),
        (border("<terminateEventDefinition/>", ""), "boundaryEvent 'x'", "terminate event cannot"),
        (border("<cancelEventDefinition/>", ""), "boundaryEvent 'x'", "cancel event cannot"),
        (border("<errorEventDefinition/>", "cancelActivity=\"false\""), "boundaryEvent 'x'", "always interrupts"),
        (border("<compensateEventDefinition/>", ""), "boundaryEvent 'x'", "nothing undoes"),
        (border("<errorEventDefinition/>", "").replace("\"t\" >", "\"s\">"), "boundaryEvent 'x'", "no activity beside"),
        (format!("{LINE}\n<task id=\"u\" isForCompensation=\"true\"/>"), "task 'u'", "undoes nothing"),
        (middle("intermediateCatchEvent", ""), "intermediateCatchEvent 'm'", "plain event cannot"),
        (
            middle("intermediateCatchEvent", "<errorEventDefinition/>"),
            "intermediateCatchEvent 'm'",
            "error event cannot",
        ),
        (
            middle("intermediateThrowEvent", "<errorEventDefinition errorRef=\"bad\"/>"),
            "intermediateThrowEvent 'm'",
            "error event cannot",
        ),
        (middle("intermediateThrowEvent", "<escalationEventDefinition/>"), "intermediateThrowEvent 'm'", "no code"),
        (
            middle("intermediateThrowEvent", "<linkEventDefinition name=\"L\"/>"),
            "intermediateThrowEvent 'm'",
            "no link 'L'",
        ),
        (
            middle("intermediateCatchEvent", "<linkEventDefinition name=\"L\"/>"),
            "intermediateCatchEvent 'm'",
            "a flow enters",
        ),
    ] {
        refused(&body, element, word);
    }
}

#[test]
fn gateways() {
    let after = |inside: &str| {
        format!(
            r#"<startEvent id="s"/><eventBasedGateway id="g"/><task id="a"/><receiveTask id="b" messageRef="paid"/><endEvent id="e"/>
            s -> g
            {inside}
            a -> e
            b -> e"#
        )
    };
    refused(&after("g -> a\ng -> b"), "task 'a'", "no event to wait for");
    refused(&after("g -> b\ns -> a"), "eventBasedGateway 'g'", "fewer than two");
    refused(&after("g -> b\ng -> e\ns -> b"), "receiveTask 'b'", "other flows");
    let complex = r#"<startEvent id="s"/><parallelGateway id="g"/><task id="a"/><task id="b"/><complexGateway id="j"/><endEvent id="e"/>
        s -> g
        g -> a -> j
        g -> b -> j
        j -> e"#;
    refused(complex, "complexGateway 'j'", "lets go");
}
