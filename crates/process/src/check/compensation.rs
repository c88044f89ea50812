//! What is done and what undoes it belong together.

use crate::model::{Element, NodeKind, Process, Trigger};
use crate::parse::Report;

use super::say;

pub(super) fn pairs(process: &Process, element: &Element, report: &mut Report<'_>) {
    match &element.kind {
        NodeKind::Boundary { trigger: Trigger::Compensation(_), handler, .. } => {
            let beside = handler.as_ref().and_then(|h| process.elements.get(h)).map(|h| h.parent == element.parent);
            match beside {
                Some(true) => {}
                Some(false) => say(report, element, "what undoes stands elsewhere", "draw it beside the activity"),
                None => {
                    let fix = "associate it with an activity that has isForCompensation=\"true\"";
                    say(report, element, "nothing undoes its activity", fix);
                }
            }
        }
        NodeKind::Activity(activity) if activity.compensates => {
            let tied = |e: &Element| matches!(&e.kind, NodeKind::Boundary { handler: Some(h), .. } if *h == element.id);
            if !process.elements.values().any(tied) {
                let fix = "associate it with the compensation event of the activity that it undoes";
                say(report, element, "it undoes nothing", fix);
            }
        }
        NodeKind::Throw(Trigger::Compensation(Some(activity)))
        | NodeKind::End(Trigger::Compensation(Some(activity))) => {
            thrown(process, element, activity, report);
        }
        NodeKind::End(Trigger::Cancel) => {
            let transaction = element.parent.as_ref().and_then(|p| process.elements.get(p));
            let mut borders = transaction.into_iter().flat_map(|t| &t.boundary).filter_map(|b| process.elements.get(b));
            if transaction.is_some() && !borders.any(|b| b.trigger() == Some(&Trigger::Cancel)) {
                let fix = "attach a cancel event to the border of the transaction";
                say(report, element, "nothing follows when the transaction is called off", fix);
            }
        }
        _ => {}
    }
}

/// The activity that is to be undone stands in the same scope, or in the one around an event sub-process.
fn thrown(process: &Process, element: &Element, activity: &str, report: &mut Report<'_>) {
    let mut around = vec![element.parent.clone()];
    let mut parent = element.parent.as_ref().and_then(|p| process.elements.get(p));
    while let Some(sub) = parent.filter(|p| p.is_event_sub()) {
        around.push(sub.parent.clone());
        parent = sub.parent.as_ref().and_then(|p| process.elements.get(p));
    }
    let found = process.elements.get(activity).filter(|a| a.activity().is_some() && around.contains(&a.parent));
    if found.is_none() {
        let fix = "name an activity of its scope, or none to undo all of them";
        say(report, element, format!("'{activity}' cannot be undone from here"), fix);
    }
}
