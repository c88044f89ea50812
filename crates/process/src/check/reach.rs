//! Every element is reached, and leads to an end.

use std::collections::BTreeSet;

use crate::model::{Element, NodeKind, Process, SubKind, Trigger};
use crate::parse::Report;

use super::say;

pub(super) fn everything(process: &Process, report: &mut Report<'_>) {
    let reached = closure(process, roots(process), forward);
    let ends = process.elements.values().filter(|e| is_final(process, e)).map(|e| e.id.as_str()).collect();
    let ending = closure(process, ends, backward);
    for element in process.elements.values() {
        if !reached.contains(element.id.as_str()) {
            say(report, element, "is never reached", "connect it to the path from the start event");
        } else if !ending.contains(element.id.as_str()) {
            say(report, element, "leads to no end", "add a flow that leads to an end event");
        }
    }
}

/// Where something begins without a flow.
fn roots(process: &Process) -> Vec<&str> {
    let begins = |e: &&Element| match &e.kind {
        NodeKind::Start { .. } => true,
        NodeKind::Activity(activity) => {
            activity.compensates || e.is_event_sub() || (ad_hoc(process, e) && e.incoming.is_empty())
        }
        _ => false,
    };
    process.elements.values().filter(begins).map(|e| e.id.as_str()).collect()
}

/// Where a token may end.
fn is_final(process: &Process, element: &Element) -> bool {
    match &element.kind {
        NodeKind::End(_) => true,
        NodeKind::Boundary { trigger: Trigger::Compensation(_), .. } => true,
        NodeKind::Activity(activity) => activity.compensates || element.is_event_sub() || ad_hoc(process, element),
        _ => ad_hoc(process, element) && element.outgoing.is_empty(),
    }
}

fn ad_hoc(process: &Process, element: &Element) -> bool {
    let parent = element.parent.as_ref().and_then(|p| process.elements.get(p));
    parent.and_then(Element::sub).is_some_and(|s| matches!(s.kind, SubKind::AdHoc(_)))
}

fn closure<'p>(
    process: &'p Process,
    from: Vec<&'p str>,
    next: impl Fn(&'p Process, &'p Element) -> Vec<&'p str>,
) -> BTreeSet<&'p str> {
    let mut todo = from;
    let mut seen = BTreeSet::new();
    while let Some(id) = todo.pop() {
        if seen.insert(id)
            && let Some(element) = process.elements.get(id)
        {
            todo.extend(next(process, element));
        }
    }
    seen
}

fn links<'p>(process: &'p Process, element: &'p Element, name: &'p str, throwing: bool) -> Vec<&'p str> {
    let same = |e: &&Element| match &e.kind {
        NodeKind::Throw(Trigger::Link(n)) => throwing && n == name,
        NodeKind::Catch(Trigger::Link(n)) => !throwing && n == name,
        _ => false,
    };
    process.elements.values().filter(|e| e.parent == element.parent).filter(same).map(|e| e.id.as_str()).collect()
}

fn forward<'p>(process: &'p Process, element: &'p Element) -> Vec<&'p str> {
    let mut next: Vec<&str> = element.outgoing.iter().map(|f| process.flows[*f].target.as_str()).collect();
    next.extend(element.boundary.iter().map(String::as_str));
    if let NodeKind::Throw(Trigger::Link(name)) = &element.kind {
        next.extend(links(process, element, name, false));
    }
    next
}

fn backward<'p>(process: &'p Process, element: &'p Element) -> Vec<&'p str> {
    let mut before: Vec<&str> = element.incoming.iter().map(|f| process.flows[*f].source.as_str()).collect();
    match &element.kind {
        // What is done on the side says nothing about where the activity itself leads.
        NodeKind::Boundary { on, interrupting: true, trigger, .. } if !matches!(trigger, Trigger::Compensation(_)) => {
            before.push(on);
        }
        NodeKind::Catch(Trigger::Link(name)) => before.extend(links(process, element, name, true)),
        _ => {}
    }
    before
}
