//! Events stand where their kind can happen.

use crate::model::{Element, NodeKind, Process, SubKind, Trigger};
use crate::parse::Report;

use super::say;

pub(super) fn place(process: &Process, element: &Element, report: &mut Report<'_>) {
    let parent = element.parent.as_ref().and_then(|p| process.elements.get(p));
    match &element.kind {
        NodeKind::Start { trigger, interrupting } => start(parent, element, trigger, *interrupting, report),
        NodeKind::End(trigger) => end(parent, element, trigger, report),
        NodeKind::Catch(trigger) => catch(process, element, trigger, report),
        NodeKind::Throw(trigger) => throw(process, element, trigger, report),
        NodeKind::Boundary { on, trigger, interrupting, .. } => {
            border(process, element, on, trigger, *interrupting, report);
        }
        _ => {}
    }
}

const fn kind(trigger: &Trigger) -> &'static str {
    match trigger {
        Trigger::None => "plain",
        Trigger::Message(_) => "message",
        Trigger::Timer(_) => "timer",
        Trigger::Signal(_) => "signal",
        Trigger::Error(_) => "error",
        Trigger::Escalation(_) => "escalation",
        Trigger::Condition(_) => "conditional",
        Trigger::Compensation(_) => "compensation",
        Trigger::Cancel => "cancel",
        Trigger::Terminate => "terminate",
        Trigger::Link(_) => "link",
    }
}

fn refuse(report: &mut Report<'_>, element: &Element, trigger: &Trigger, fix: &str) {
    say(report, element, format!("a {} event cannot stand here", kind(trigger)), fix);
}

fn start(parent: Option<&Element>, element: &Element, trigger: &Trigger, interrupting: bool, report: &mut Report<'_>) {
    let event_sub = parent.is_some_and(Element::is_event_sub);
    let good = match trigger {
        Trigger::None => !event_sub,
        Trigger::Message(_) | Trigger::Timer(_) | Trigger::Signal(_) => event_sub || parent.is_none(),
        Trigger::Condition(_) | Trigger::Error(_) | Trigger::Escalation(_) => event_sub,
        Trigger::Compensation(_) => event_sub && parent.is_some_and(|p| p.parent.is_some()),
        _ => false,
    };
    if !good && parent.is_none() && matches!(trigger, Trigger::Condition(_)) {
        let reason =
            "a conditional event cannot stand here: before the case there are no data to judge its condition by";
        let fix = "start the case by a trigger of the pack, or put the condition at the start of an event sub-process";
        say(report, element, reason, fix);
    } else if !good {
        let fix = match trigger {
            Trigger::None => "say what starts the event sub-process",
            Trigger::Compensation(_) => "use it in an event sub-process inside of a sub-process",
            _ if parent.is_some() && !event_sub => "start a sub-process by a plain start event",
            _ => "start a process by a plain, message, timer or signal event",
        };
        refuse(report, element, trigger, fix);
    }
    if !interrupting && matches!(trigger, Trigger::Error(_) | Trigger::Compensation(_)) {
        let reason = format!("a {} start event always interrupts", kind(trigger));
        say(report, element, reason, "remove isInterrupting=\"false\"");
    }
    if !interrupting && !event_sub {
        say(report, element, "nothing runs that it could not interrupt", "remove isInterrupting=\"false\"");
    }
}

fn end(parent: Option<&Element>, element: &Element, trigger: &Trigger, report: &mut Report<'_>) {
    match trigger {
        Trigger::Timer(_) | Trigger::Condition(_) | Trigger::Link(_) => {
            refuse(
                report,
                element,
                trigger,
                "end with a plain, message, signal, error, escalation, compensation, cancel or terminate event",
            );
        }
        Trigger::Cancel => {
            let transaction = parent.and_then(Element::sub).is_some_and(|s| s.kind == SubKind::Transaction);
            if !transaction {
                refuse(report, element, trigger, "cancel inside of a transaction only");
            }
        }
        Trigger::Error(None) | Trigger::Escalation(None) => {
            say(report, element, format!("the {} has no code", kind(trigger)), "choose one with a code");
        }
        _ => {}
    }
}

fn catch(process: &Process, element: &Element, trigger: &Trigger, report: &mut Report<'_>) {
    match trigger {
        Trigger::Message(_) | Trigger::Timer(_) | Trigger::Signal(_) | Trigger::Condition(_) => {}
        Trigger::Link(name) => {
            let beside = |e: &&Element| e.parent == element.parent && e.id != element.id;
            let same = |e: &Element| matches!(&e.kind, NodeKind::Catch(Trigger::Link(n)) if n == name);
            if process.elements.values().filter(beside).any(same) {
                say(
                    report,
                    element,
                    format!("another link '{name}' catches here"),
                    "give each catching link its own name",
                );
            }
        }
        _ => refuse(report, element, trigger, "wait for a message, a signal, a time or a condition"),
    }
}

fn throw(process: &Process, element: &Element, trigger: &Trigger, report: &mut Report<'_>) {
    match trigger {
        Trigger::None | Trigger::Message(_) | Trigger::Signal(_) | Trigger::Compensation(_) => {}
        Trigger::Escalation(Some(_)) => {}
        Trigger::Escalation(None) => say(report, element, "the escalation has no code", "choose one with a code"),
        Trigger::Link(name) => {
            let mut beside = process.elements.values().filter(|e| e.parent == element.parent);
            if !beside.any(|e| matches!(&e.kind, NodeKind::Catch(Trigger::Link(n)) if n == name)) {
                say(report, element, format!("no link '{name}' catches here"), "draw the catching link of this name");
            }
        }
        _ => refuse(report, element, trigger, "throw a message, signal, escalation, compensation or link; errors end"),
    }
}

fn border(
    process: &Process,
    element: &Element,
    on: &str,
    trigger: &Trigger,
    interrupting: bool,
    report: &mut Report<'_>,
) {
    let activity = process.elements.get(on).filter(|e| e.activity().is_some() && e.parent == element.parent);
    let Some(activity) = activity else {
        return say(report, element, format!("'{on}' is no activity beside it"), "attach it to an activity");
    };
    if activity.is_event_sub() || activity.activity().is_some_and(|a| a.compensates) {
        say(report, element, "nothing can happen at the border of this activity", "attach it to another activity");
    }
    let transaction = activity.sub().is_some_and(|s| s.kind == SubKind::Transaction);
    match trigger {
        Trigger::None | Trigger::Terminate | Trigger::Link(_) => {
            let fix = "wait for a message, signal, time, condition, error, escalation, compensation or cancel";
            refuse(report, element, trigger, fix);
        }
        Trigger::Cancel if !transaction => refuse(report, element, trigger, "attach it to a transaction"),
        Trigger::Error(_) | Trigger::Cancel if !interrupting => {
            say(
                report,
                element,
                format!("a {} event always interrupts", kind(trigger)),
                "remove cancelActivity=\"false\"",
            );
        }
        _ => {}
    }
}
