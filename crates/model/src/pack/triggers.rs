use super::reader::{Cx, Fields};
use super::yaml::Node;
use super::{AlertSpec, DecisionRef, TriggerOn, TriggerSpec};
use crate::duration::whole;

/// Reads one file of `triggers/`.
pub fn read(cx: &mut Cx<'_>, root: &Node) -> Option<TriggerSpec> {
    let known = ["id", "type", "on", "every", "attributes", "decision", "alert", "process"];
    let f = cx.fields(root, &known)?;
    let id = cx.need_word(&f, "id");
    let kind = cx.need_text(&f, "type");
    let on = when(cx, &f);
    let decision = cx.need(&f, "decision").and_then(|n| cx.fields(n, &["file", "name"]));
    let decision = decision.and_then(|d| {
        let (file, name) = (cx.need_text(&d, "file"), cx.need_text(&d, "name"));
        Some(DecisionRef { file: file?.into(), name: name?.into() })
    });
    let alert = cx.need(&f, "alert").and_then(|n| cx.fields(n, &["kind", "subject"]));
    let alert = alert.and_then(|a| {
        let (kind, subject) = (cx.need_word(&a, "kind"), cx.need_text(&a, "subject"));
        Some(AlertSpec { kind: kind?.into(), subject: subject?.into() })
    });
    let process = cx.need_text(&f, "process");
    let id = id?;
    cx.declare("trigger", id, f.place("id"));
    cx.trace("trigger", id, &f);
    Some(TriggerSpec {
        id: id.into(),
        pack: cx.manifest.id.clone(),
        version: cx.manifest.version.clone(),
        kind: kind?.into(),
        on: on?,
        decision: decision?,
        alert: alert?,
        process: process?.into(),
    })
}

fn when(cx: &mut Cx<'_>, f: &Fields<'_>) -> Option<TriggerOn> {
    let node = cx.need(f, "on")?;
    let (wanted, other) = match cx.choice(node, &["observation", "interval"])? {
        "observation" => ("attributes", "every"),
        _ => ("every", "attributes"),
    };
    if f.get(other).is_some() {
        let message = format!("'{other}' has no meaning here");
        cx.error(f.place(other), "bad-value", message, format!("drop '{other}', write '{wanted}'"));
    }
    let node = cx.need(f, wanted)?;
    if wanted == "every" {
        let seconds = cx.duration(node)?;
        if seconds < 1.0 {
            cx.error(node.at, "bad-value", "an interval lasts at least a second", "write PT1S or more");
        }
        return Some(TriggerOn::Interval(whole(seconds.round())));
    }
    let names: Vec<String> = cx.texts(f, "attributes").into_iter().map(str::to_owned).collect();
    if names.is_empty() {
        cx.error(node.at, "bad-value", "no attribute is named", "name at least one attribute");
        return None;
    }
    Some(TriggerOn::Observation(names))
}
