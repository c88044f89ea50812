//! Structure: what a well-formed file can still get wrong.

use std::collections::{BTreeMap, BTreeSet};

use crate::parse::Report;
use crate::process::{Element, Flow, NodeKind};

/// Exactly one start, flows between existing elements, one way out of each, every element reached, an end in reach.
pub(crate) fn structure(
    line: usize,
    process: &str,
    elements: &BTreeMap<String, Element>,
    flows: &[Flow],
    report: &mut Report<'_>,
) {
    let process = format!("process '{process}'");
    let starts: Vec<&Element> = elements.values().filter(|e| e.kind == NodeKind::Start).collect();
    match starts.as_slice() {
        [_] => {}
        [] => report.add(line, process, "has no start event", "add one start event"),
        [_, second, ..] => report.add(second.line, label(second), "is a second start event", "keep one start event"),
    }
    ends_of_flows(elements, flows, report);
    for element in elements.values() {
        degrees(element, flows, report);
    }
    let (Some(start), true) = (starts.first(), report.errors.is_empty()) else { return };
    let reached = reach([start.id.as_str()], flows, |f| (&f.source, &f.target));
    let ends = elements.values().filter(|e| e.kind == NodeKind::End).map(|e| e.id.as_str());
    let ending = reach(ends, flows, |f| (&f.target, &f.source));
    for element in elements.values() {
        if !reached.contains(element.id.as_str()) {
            report.add(element.line, label(element), "is never reached", "connect it to the path from the start event");
        } else if !ending.contains(element.id.as_str()) {
            report.add(element.line, label(element), "leads to no end", "add a flow that leads to an end event");
        }
    }
}

fn ends_of_flows(elements: &BTreeMap<String, Element>, flows: &[Flow], report: &mut Report<'_>) {
    for flow in flows {
        for (end, id) in [("source", &flow.source), ("target", &flow.target)] {
            if !elements.contains_key(id) {
                let flow_label = format!("sequenceFlow '{}'", flow.id);
                report.add(
                    flow.line,
                    flow_label,
                    format!("its {end} '{id}' does not exist"),
                    "connect both of its ends",
                );
            }
        }
    }
}

fn degrees(element: &Element, flows: &[Flow], report: &mut Report<'_>) {
    let incoming = flows.iter().filter(|f| f.target == element.id).count();
    let outgoing = flows.iter().filter(|f| f.source == element.id).count();
    let mut say = |reason: &str, fix: &str| report.add(element.line, label(element), reason, fix);
    match element.kind {
        NodeKind::Start if incoming > 0 => say("a flow enters it", "a start event has outgoing flows only"),
        NodeKind::End if outgoing > 0 => say("a flow leaves it", "an end event has incoming flows only"),
        _ => {}
    }
    if element.kind != NodeKind::End {
        match outgoing {
            0 => say("no flow leaves it", "add a sequence flow to the next element"),
            1 => {}
            // Two flows out of one element split the token; splitting waits for gateways.
            _ => say("more than one flow leaves it", "keep one outgoing flow"),
        }
    }
    if element.kind != NodeKind::Start && incoming == 0 {
        say("no flow enters it", "connect it to the element before it");
    }
}

fn reach<'a>(
    from: impl IntoIterator<Item = &'a str>,
    flows: &'a [Flow],
    ends: impl Fn(&'a Flow) -> (&'a String, &'a String),
) -> BTreeSet<&'a str> {
    let mut seen: BTreeSet<&str> = from.into_iter().collect();
    let mut todo: Vec<&str> = seen.iter().copied().collect();
    while let Some(here) = todo.pop() {
        for flow in flows {
            let (a, b) = ends(flow);
            if a == here && seen.insert(b) {
                todo.push(b);
            }
        }
    }
    seen
}

fn label(element: &Element) -> String {
    let kind = match element.kind {
        NodeKind::Start => "startEvent",
        NodeKind::UserTask => "userTask",
        NodeKind::End => "endEvent",
    };
    format!("{kind} '{}'", element.id)
}
