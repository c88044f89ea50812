//! Events of the journal as items of a timeline.

use serde_json::Value;
use svod_kernel::{Timestamp, Urn};
use svod_portal::components::{self, TimelineItem, Tone};
use svod_portal::{Html, PageContext, encoded};
use svod_registry::JournalEvent;

use crate::words::Words;

/// Kept for the machinery, or said already by the event's own words.
const UNSAID: [&str; 18] = [
    "@erased",
    "inputs",
    "closing",
    "state",
    "process",
    "processVersion",
    "trigger",
    "decision",
    "rule",
    "step",
    "case",
    "alert",
    "raisedAt",
    "closedAt",
    "openedAt",
    "offeredAt",
    "takenAt",
    "completedAt",
];

/// Lines of changes shown for one event; an import may set hundreds of attributes.
const MAX_LINES: usize = 30;

/// Events of one transaction happen at one moment; people tell the alert before the case it opens.
pub fn in_telling_order(events: &mut [JournalEvent]) {
    events.sort_by_key(|e| (e.at, rank(&e.action)));
}

fn rank(action: &str) -> u8 {
    match action {
        "raise" => 0,
        "open" => 1,
        "offer" => 2,
        "advance" => 4,
        _ => 3,
    }
}

/// The key of what happened, and its colour.
pub fn headline(event: &JournalEvent) -> (String, Tone) {
    let new = |name: &str| event.changes.pointer(&format!("/{name}/new/value")).and_then(Value::as_str);
    match (event.entity_type.as_str(), event.action.as_str()) {
        ("Alert", "raise") => {
            let tone = new("severity").map_or(Tone::Warning, Tone::of_severity);
            ("event-alert-raise".into(), tone)
        }
        ("Alert", "close") => ("event-alert-close".into(), Tone::Good),
        ("Case", "open") => ("event-case-open".into(), Tone::Quiet),
        ("Case", "advance") if new("status") == Some("closed") => ("event-case-close".into(), Tone::Good),
        ("Case", "advance") => ("event-case-advance".into(), Tone::Quiet),
        ("Case", "close") => ("event-case-close".into(), Tone::Good),
        ("Task", "withdraw") => ("event-task-withdraw".into(), Tone::Warning),
        ("Task", "offer") => ("event-task-offer".into(), Tone::Info),
        ("Task", "take") => ("event-task-take".into(), Tone::Info),
        ("Task", "release") => ("event-task-release".into(), Tone::Warning),
        ("Task", "complete") => ("event-task-complete".into(), Tone::Good),
        ("Task", "substitute") => ("event-task-substitute".into(), Tone::Warning),
        ("CaseMessage", "write") => ("event-message-write".into(), Tone::Info),
        ("CaseMessage", "read") => ("event-message-read".into(), Tone::Quiet),
        ("Case", "rate") => ("event-case-rate".into(), Tone::Quiet),
        ("Case", "pause") => ("event-case-pause".into(), Tone::Warning),
        ("Case", "resume") => ("event-case-resume".into(), Tone::Info),
        ("Case" | "Task", "warn") => ("event-warn".into(), Tone::Warning),
        ("Case" | "Task", "overdue") => ("event-overdue".into(), Tone::Danger),
        ("Task", "escalate") => ("event-task-escalate".into(), Tone::Danger),
        ("Decision", "decide") => ("event-decision-decide".into(), Tone::Info),
        ("Decision", "object") => ("event-decision-object".into(), Tone::Warning),
        ("Decision", "review") => ("event-decision-review".into(), Tone::Info),
        ("Accrual", "accrue") => ("event-accrual-accrue".into(), Tone::Info),
        ("Accrual" | "Payment", "pay") => ("event-accrual-pay".into(), Tone::Good),
        ("Accrual", "cancel") => ("event-accrual-cancel".into(), Tone::Quiet),
        (_, "create" | "update" | "delete" | "publish" | "erased") => (format!("event-{}", event.action), Tone::Quiet),
        _ => ("event-other".into(), Tone::Quiet),
    }
}

/// The verbs that a filter offers, in the order in which they usually happen.
pub const VERBS: [&str; 27] = [
    "raise",
    "open",
    "offer",
    "take",
    "release",
    "substitute",
    "complete",
    "decide",
    "object",
    "review",
    "write",
    "read",
    "pause",
    "resume",
    "warn",
    "escalate",
    "accrue",
    "pay",
    "rate",
    "advance",
    "close",
    "cancel",
    "create",
    "update",
    "delete",
    "erased",
    "publish",
];

/// Entities that an event speaks of.
pub fn mentioned(event: &JournalEvent) -> Vec<Urn> {
    let mut urns = vec![event.entity.clone()];
    urns.extend(event.cause.clone());
    urns.extend(event.ground.strip_prefix("post:").and_then(|u| u.parse().ok()));
    for side in
        event.changes.as_object().into_iter().flat_map(|c| c.values()).flat_map(|c| [c.get("old"), c.get("new")])
    {
        let one = side.and_then(|s| s.get("object")).into_iter();
        let many = side.and_then(|s| s.get("objects")?.as_array()).into_iter().flatten();
        urns.extend(one.chain(many).filter_map(|u| u.as_str()?.parse::<Urn>().ok()));
    }
    urns
}

/// The event as an item. `here` says that the page is about this one case: it is not named again.
pub fn item(words: &Words<'_>, event: &JournalEvent, here: bool) -> TimelineItem {
    let ctx = words.ctx;
    let (key, tone) = headline(event);
    let type_name = words.kind(&event.entity_type);
    let title = ctx.tf(&key, &[("type", type_name.as_str().into()), ("action", event.action.as_str().into())]);
    let mut lines = Vec::new();
    if !here {
        lines.push(line(ctx, "event-about", words.thing(&event.entity)));
        if let Some(cause) = event.cause.as_ref().filter(|c| **c != event.entity) {
            lines.push(line(ctx, "event-cause", words.thing(cause)));
        }
    }
    if !event.ground.is_empty() {
        lines.push(line(ctx, "event-ground", words.ground(&event.ground)));
    }
    TimelineItem {
        title: title.into(),
        when: when(words, event.at, &words.actor(&event.actor_name)),
        body: Html::join([Html::join(lines), changes(words, event), receipt(ctx, event)]),
        tone,
    }
}

/// Leads to the proof that the event was recorded unchanged.
fn receipt(ctx: &PageContext, event: &JournalEvent) -> Html {
    let href = format!("/receipt?space={}&seq={}", encoded(event.space.as_str()), event.seq);
    let text = ctx.t("event-receipt");
    Html::trusted(format!(r#"<p class="small">{}</p>"#, components::link(&href, text)))
}

/// Moment and doer.
pub fn when(words: &Words<'_>, at: Timestamp, who: &str) -> Html {
    Html::join([components::exact_time(words.ctx, at), " · ".into(), who.into()])
}

/// `<p>what: value</p>`.
pub fn line(ctx: &PageContext, key: &str, value: Html) -> Html {
    Html::trusted(format!(r#"<p><span class="muted">{}:</span> {value}</p>"#, Html::from(ctx.t(key))))
}

fn changes(words: &Words<'_>, event: &JournalEvent) -> Html {
    let Some(all) = event.changes.as_object() else { return Html::default() };
    let said = all.iter().filter(|(name, change)| worth_saying(event, name, change));
    let items: Vec<Html> = said.take(MAX_LINES).map(|(name, c)| change(words, &event.entity_type, name, c)).collect();
    if items.is_empty() { Html::default() } else { Html::trusted(format!("<ul>{}</ul>", Html::join(items))) }
}

/// Of a new alert, case or task only what its headline does not say; of the rest all but the technical.
fn worth_saying(event: &JournalEvent, name: &str, change: &Value) -> bool {
    match (event.entity_type.as_str(), event.action.as_str()) {
        ("Alert", "raise") => ["kind", "severity", "entity", "attribute"].contains(&name),
        ("Case", "open") => name == "body",
        ("Task", "offer") => ["body", "deadline"].contains(&name),
        _ => {
            // Where a new thing stands is on the map.
            let new_place = change.get("old").is_none() && change.pointer("/new/geometry").is_some();
            !new_place && !UNSAID.contains(&name)
        }
    }
}

fn change(words: &Words<'_>, kind: &str, name: &str, change: &Value) -> Html {
    let ctx = words.ctx;
    let side = |s: &str| change.get(s).map(|v| words.value(kind, name, v));
    let name = Html::from(words.attribute(name));
    let value = match (side("old"), side("new")) {
        (Some(old), Some(new)) => format!(
            r#"<span class="visually-hidden">{} </span>{old} <span aria-hidden="true">→</span> <span class="visually-hidden">{} </span>{new}"#,
            Html::from(ctx.t("change-was")),
            Html::from(ctx.t("change-is"))
        ),
        (None, Some(new)) => new.to_string(),
        (Some(old), None) => format!("<del>{old}</del> {}", Html::from(ctx.t("change-removed"))),
        (None, None) => String::new(),
    };
    Html::trusted(format!("<li>{name}: {value}</li>"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use svod_kernel::Lang;

    use super::*;

    fn event(kind: &str, action: &str, at: i64, changes: Value) -> JournalEvent {
        let changes = changes.into();
        JournalEvent {
            space: "k".parse().unwrap(),
            seq: 1,
            at: Timestamp(at),
            actor: "a".into(),
            actor_name: "a".into(),
            action: action.into(),
            entity: "urn:svod:x:1".parse().unwrap(),
            entity_type: kind.into(),
            version: 1,
            ground: "post:urn:svod:body:b".into(),
            cause: Some("urn:svod:case:1".parse().unwrap()),
            changes,
            on_behalf: Vec::new(),
        }
    }

    #[test]
    fn the_alert_is_told_before_its_case() {
        let verbs = [("Case", "open", 5), ("Alert", "raise", 5), ("Task", "offer", 5), ("Task", "take", 9)];
        let closing = [("Case", "advance", 12), ("Task", "complete", 12)];
        let mut all: Vec<_> = verbs.iter().chain(&closing).map(|(k, v, t)| event(k, v, *t, json!({}))).collect();
        in_telling_order(&mut all);
        let told: Vec<_> = all.iter().map(|e| e.action.as_str()).collect();
        assert_eq!(told, ["raise", "open", "offer", "take", "complete", "advance"]);
    }

    #[test]
    fn every_event_has_words_in_every_language() {
        let texts = crate::texts();
        let known = [
            ("Alert", "raise"),
            ("Alert", "close"),
            ("Case", "open"),
            ("Case", "advance"),
            ("Task", "offer"),
            ("Task", "take"),
            ("Task", "release"),
            ("Task", "complete"),
            ("Task", "substitute"),
            ("CaseMessage", "write"),
            ("CaseMessage", "read"),
            ("Case", "rate"),
            ("Case", "pause"),
            ("Case", "resume"),
            ("Case", "warn"),
            ("Task", "escalate"),
            ("Decision", "decide"),
            ("Decision", "object"),
            ("Decision", "review"),
            ("Accrual", "accrue"),
            ("Accrual", "pay"),
            ("Accrual", "cancel"),
            ("Body", "create"),
            ("Body", "update"),
            ("Body", "delete"),
            ("Body", "erased"),
            ("Pack", "publish"),
            ("Body", "whatever"),
        ];
        for (kind, action) in known {
            let (key, _) = headline(&event(kind, action, 1, json!({})));
            assert!(Lang::ALL.iter().all(|l| texts.has(*l, &key)), "{key}");
            let verb = format!("verb-{action}");
            assert!(action == "whatever" || Lang::ALL.iter().all(|l| texts.has(*l, &verb)), "{verb}");
        }
        assert!(VERBS.iter().all(|v| texts.has(Lang::En, &format!("verb-{v}"))));
    }

    #[test]
    fn the_end_of_a_case_and_a_danger_are_told_as_such() {
        let closed =
            event("Case", "advance", 1, json!({"status": {"old": {"value": "open"}, "new": {"value": "closed"}}}));
        assert_eq!(headline(&closed), ("event-case-close".into(), Tone::Good));
        let danger = event("Alert", "raise", 1, json!({"severity": {"new": {"value": "danger"}}}));
        assert_eq!(headline(&danger).1, Tone::Danger);
    }

    #[test]
    fn only_what_the_headline_does_not_say_is_said() {
        let said = |kind: &str, action: &str, name: &str, change: Value| {
            worth_saying(&event(kind, action, 1, json!({})), name, &change)
        };
        assert!(!said("Alert", "close", "closing", json!({"new": {"value": "{}"}})));
        assert!(!said("Station", "create", "location", json!({"new": {"geometry": {}}})));
        assert!(said("Station", "update", "location", json!({"old": {"geometry": {}}, "new": {"geometry": {}}})));
        assert!(said("Task", "take", "status", json!({"new": {"value": "taken"}})));
        assert!(said("Task", "offer", "deadline", json!({"new": {"value": "2026-01-15T08:00:00Z"}})));
        assert!(!said("Task", "offer", "status", json!({"new": {"value": "offered"}})));
    }

    #[test]
    fn all_that_is_spoken_of_is_named() {
        let e = event(
            "Task",
            "offer",
            1,
            json!({"body": {"new": {"object": "urn:svod:body:c"}},
            "x": {"old": {"objects": ["urn:svod:y:1", "no urn"]}}}),
        );
        let urns: Vec<String> = mentioned(&e).iter().map(ToString::to_string).collect();
        assert_eq!(urns, ["urn:svod:x:1", "urn:svod:case:1", "urn:svod:body:b", "urn:svod:body:c", "urn:svod:y:1"]);
    }
}
