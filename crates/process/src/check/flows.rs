//! Sequence flows and gateways.

use crate::model::{Element, NodeKind, Process, SubKind, Trigger, Work};
use crate::parse::Report;

use super::say;

/// Both ends of every flow exist, in one scope.
pub(super) fn ends(process: &Process, report: &mut Report<'_>) {
    for flow in &process.flows {
        let label = format!("sequenceFlow '{}'", flow.id);
        let found = |id: &str| process.elements.get(id);
        for (end, id) in [("source", &flow.source), ("target", &flow.target)] {
            if found(id).is_none() {
                let reason = format!("its {end} '{id}' does not exist");
                report.add(flow.line, label.clone(), reason, "connect both of its ends");
            }
        }
        if let (Some(source), Some(target)) = (found(&flow.source), found(&flow.target))
            && source.parent != target.parent
        {
            let fix = "end it inside the sub-process, and begin another one outside";
            report.add(flow.line, label, "it crosses the border of a sub-process", fix);
        }
    }
}

/// True where no flow need come in: it begins otherwise.
fn begins(process: &Process, element: &Element) -> bool {
    match &element.kind {
        NodeKind::Start { .. } | NodeKind::Boundary { .. } | NodeKind::Catch(Trigger::Link(_)) => true,
        NodeKind::Activity(activity) => activity.compensates || element.is_event_sub() || in_ad_hoc(process, element),
        _ => false,
    }
}

/// True where no flow need go out.
fn stops(process: &Process, element: &Element) -> bool {
    match &element.kind {
        NodeKind::End(_) | NodeKind::Throw(Trigger::Link(_)) => true,
        NodeKind::Boundary { trigger, .. } => matches!(trigger, Trigger::Compensation(_)),
        NodeKind::Activity(activity) => activity.compensates || element.is_event_sub() || in_ad_hoc(process, element),
        NodeKind::Start { .. } => false,
        _ => in_ad_hoc(process, element),
    }
}

fn in_ad_hoc(process: &Process, element: &Element) -> bool {
    let parent = element.parent.as_ref().and_then(|p| process.elements.get(p));
    parent.and_then(Element::sub).is_some_and(|s| matches!(s.kind, SubKind::AdHoc(_)))
}

/// Flows come in and go out where they may and must.
pub(super) fn degrees(process: &Process, element: &Element, report: &mut Report<'_>) {
    let (incoming, outgoing) = (element.incoming.len(), element.outgoing.len());
    let apart = element.activity().is_some_and(|a| a.compensates) || element.is_event_sub();
    if incoming > 0 {
        match &element.kind {
            NodeKind::Start { .. } => say(report, element, "a flow enters it", "a start event has outgoing flows only"),
            NodeKind::Boundary { .. } => say(report, element, "a flow enters it", "let it begin at its activity"),
            NodeKind::Catch(Trigger::Link(_)) => {
                say(report, element, "a flow enters it", "let it begin at the throwing link of its name");
            }
            _ if apart => say(report, element, "a flow enters it", "it begins by its event: remove the flow"),
            _ => {}
        }
    } else if !begins(process, element) {
        say(report, element, "no flow enters it", "connect it to the element before it");
    }
    if outgoing == 0 {
        if !stops(process, element) {
            say(report, element, "no flow leaves it", "add a sequence flow to the next element");
        }
    } else if matches!(element.kind, NodeKind::End(_)) {
        say(report, element, "a flow leaves it", "an end event has incoming flows only");
    } else if apart || stops(process, element) && !in_ad_hoc(process, element) {
        say(report, element, "a flow leaves it", "remove the flow: nothing goes on from here");
    }
    if matches!(element.kind, NodeKind::EventBased) {
        event_gateway(process, element, report);
    }
    if let NodeKind::Complex { activation } = &element.kind
        && (incoming > 1) != activation.is_some()
    {
        let fix = "give it an activationCondition such as activationCount >= 2 when several flows enter, and none else";
        say(report, element, "it is not clear when it lets go", fix);
    }
}

fn event_gateway(process: &Process, element: &Element, report: &mut Report<'_>) {
    if element.outgoing.len() < 2 {
        say(
            report,
            element,
            "fewer than two events follow it",
            "let it wait for two events, or wait for one without it",
        );
    }
    for flow in &element.outgoing {
        let Some(target) = process.elements.get(&process.flows[*flow].target) else { continue };
        let good = match &target.kind {
            NodeKind::Catch(trigger) => !matches!(trigger, Trigger::None | Trigger::Link(_)),
            NodeKind::Activity(a) => {
                matches!(a.work, Work::Receive(_)) && a.repeat.is_none() && target.boundary.is_empty()
            }
            _ => false,
        };
        if !good {
            let fix = "let catching events or plain receive tasks follow an event-based gateway";
            say(report, target, "it follows an event-based gateway and is no event to wait for", fix);
        }
        if target.incoming.len() > 1 {
            let fix = "draw an event of its own for the gateway";
            say(report, target, "other flows enter it beside that of the event-based gateway", fix);
        }
    }
}

/// Conditions stand where they are looked at, and where a choice needs them.
pub(super) fn conditions(process: &Process, element: &Element, report: &mut Report<'_>) {
    let chooses = matches!(element.kind, NodeKind::Exclusive | NodeKind::Inclusive | NodeKind::Complex { .. });
    let may = chooses || element.activity().is_some();
    if element.default.is_some() && !may {
        say(report, element, "it has a default flow and chooses nothing", "remove the default");
    }
    for at in &element.outgoing {
        let flow = &process.flows[*at];
        let label = format!("sequenceFlow '{}'", flow.id);
        if flow.condition.is_some() && !may {
            let fix = "remove it, or put an exclusive gateway between";
            report.add(flow.line, label, "its condition is not looked at here", fix);
        } else if flow.condition.is_some() && element.default == Some(*at) {
            report.add(flow.line, label, "it is the default and has a condition", "remove one of them");
        } else if flow.condition.is_none()
            && element.default != Some(*at)
            && matches!(element.kind, NodeKind::Exclusive | NodeKind::Inclusive)
            && element.outgoing.len() > 1
        {
            let fix = "write a condition in FEEL, or make it the default flow of the gateway";
            report.add(flow.line, label, "it has no condition", fix);
        }
    }
}
