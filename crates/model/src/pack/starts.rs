//! `start:` of a service: what begins it.

use super::reader::{Cx, Fields};
use super::yaml::Node;
use super::{DueSpec, StartMode, StartSpec};

/// Keys of `event:`.
const KNOWN: [&str; 11] =
    ["type", "action", "on", "before", "after", "when", "applicant", "mode", "while", "lend", "set"];

/// Reads what stands under `event:`.
pub fn event(cx: &mut Cx<'_>, node: &Node) -> Option<StartSpec> {
    let e = cx.fields(node, &KNOWN)?;
    let kind = cx.need_text(&e, "type");
    let action = cx.need(&e, "action").and_then(|n| cx.choice(n, &["create", "update", "delete", "due"]));
    let due = if action == Some("due") { due(cx, &e) } else { never(cx, &e) };
    let when = e.get("when").and_then(|n| cx.text(n)).map(str::to_owned);
    let applicant = cx.need_text(&e, "applicant");
    let mode = cx.need(&e, "mode").and_then(|n| cx.choice(n, &["offer", "fill", "run"])).map(mode_of);
    let stands = e.get("while").and_then(|n| cx.text(n)).map(str::to_owned);
    let lend = e.get("lend").and_then(|n| cx.text(n)).map(str::to_owned);
    for (key, given) in [("while", &stands), ("lend", &lend)] {
        if given.is_some() && mode == Some(StartMode::Run) {
            let message = format!("'{key}' goes with 'mode: offer' or 'mode: fill'");
            cx.error(e.place(key), "unknown-key", message, "drop the key");
        }
    }
    let set = e
        .get("set")
        .and_then(|n| cx.map(n))
        .map(|entries| entries.iter().filter_map(|(k, v)| Some((k.name.clone(), cx.text(v)?.to_owned()))).collect());
    Some(StartSpec::Event {
        kind: kind?.into(),
        action: action?.into(),
        due: due?,
        when,
        applicant: applicant?.into(),
        mode: mode?,
        stands,
        lend,
        set: set.unwrap_or_default(),
    })
}

fn mode_of(word: &str) -> StartMode {
    match word {
        "offer" => StartMode::Offer,
        "fill" => StartMode::Fill,
        _ => StartMode::Run,
    }
}

/// A moment that comes by itself.
fn due(cx: &mut Cx<'_>, e: &Fields<'_>) -> Option<Option<DueSpec>> {
    let on = cx.need_text(e, "on");
    let (before, node) = match (e.get("before"), e.get("after")) {
        (Some(node), None) => (true, node),
        (None, Some(node)) => (false, node),
        _ => {
            let fix = "write 'before: P30D' or 'after: P18Y', one of them";
            cx.error(e.at, "bad-value", "what is due comes so long before or after a moment", fix);
            return None;
        }
    };
    let span = cx.text(node)?;
    // The same form as in processes: whole years, months, weeks, days, hours, minutes, seconds.
    let good = span.starts_with('P')
        && span.len() > 2
        && span.chars().skip(1).all(|c| c.is_ascii_digit() || "YMWDTHS".contains(c));
    if !good {
        let shown: String = span.chars().take(60).collect();
        cx.error(node.at, "bad-value", format!("'{shown}' is no duration"), "write one such as P18Y, P1M or P30D");
        return None;
    }
    Some(Some(DueSpec { on: on?.into(), before, span: span.to_owned() }))
}

/// What happens when somebody does something has no moment.
fn never(cx: &mut Cx<'_>, e: &Fields<'_>) -> Option<Option<DueSpec>> {
    for key in ["on", "before", "after"] {
        if e.get(key).is_some() {
            cx.error(e.place(key), "unknown-key", format!("'{key}' goes with 'action: due'"), "drop the key");
        }
    }
    Some(None)
}
