//! What a readable file can still get wrong.

mod compensation;
mod events;
mod flows;
mod reach;

use crate::model::{Element, NodeKind, Process, SubKind, Trigger};
use crate::parse::Report;

/// Every check of a process; `line` is that of the process.
pub(crate) fn all(process: &Process, line: usize, report: &mut Report<'_>) {
    starts(process, line, report);
    flows::ends(process, report);
    for element in process.elements.values() {
        flows::degrees(process, element, report);
        flows::conditions(process, element, report);
        events::place(process, element, report);
        compensation::pairs(process, element, report);
    }
    if report.errors.is_empty() {
        reach::everything(process, report);
    }
}

/// How a finding names an element.
fn label(element: &Element) -> String {
    format!("{} '{}'", element.tag(), element.id)
}

fn say(report: &mut Report<'_>, element: &Element, reason: impl Into<String>, fix: impl Into<String>) {
    report.add(element.line, label(element), reason, fix);
}

/// A process and each sub-process begin in one way that is clear.
fn starts(process: &Process, line: usize, report: &mut Report<'_>) {
    let plain: Vec<&Element> = process.starts().filter(|(_, t)| **t == Trigger::None).map(|(e, _)| e).collect();
    if process.starts().next().is_none() {
        report.add(line, format!("process '{}'", process.id), "has no start event", "add one start event");
    }
    if let [_, second, ..] = plain.as_slice() {
        let fix = "keep one start event without a trigger";
        say(report, second, "is a second start event", fix);
    }
    for sub in process.elements.values() {
        let Some(kind) = sub.sub().map(|s| &s.kind) else { continue };
        let inside = || sub.children.iter().filter_map(|c| process.elements.get(c));
        let starts = inside().filter(|e| matches!(e.kind, NodeKind::Start { .. })).count();
        match (kind, starts) {
            (SubKind::AdHoc(_), 0) | (SubKind::Embedded | SubKind::Transaction | SubKind::Event, 1) => {}
            (SubKind::AdHoc(_), _) => {
                say(report, sub, "has a start event", "remove it: people begin the activities");
            }
            (_, 0) => say(report, sub, "has no start event", "add one start event"),
            _ => say(report, sub, "has more than one start event", "keep one start event"),
        }
        if let SubKind::AdHoc(_) = kind
            && !inside().any(|e| e.activity().is_some())
        {
            say(report, sub, "has no activity", "add one");
        }
    }
}
