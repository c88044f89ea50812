//! Events of the journal as items of a timeline.

use serde_json::Value;
use svod_kernel::{Timestamp, Urn};
use svod_portal::components::{self, TimelineItem, Tone};
use svod_portal::{Html, PageContext, encoded};
use svod_registry::JournalEvent;
use svod_runtime::cases::whole;

use crate::pages::payments::sum;
use crate::words::Words;

/// Kept for the machinery, or said already by the event's own words.
const UNSAID: [&str; 19] = [
    "@erased",
    // Sums are told with it.
    "currency",
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
        ("Case", "met") => ("event-case-met".into(), Tone::Good),
        ("Case" | "Task", "warn") => ("event-warn".into(), Tone::Warning),
        ("Case" | "Task", "overdue") => ("event-overdue".into(), Tone::Danger),
        ("Task", "escalate") => ("event-task-escalate".into(), Tone::Danger),
        ("Decision", "decide") => ("event-decision-decide".into(), Tone::Info),
        ("Decision", "object") => ("event-decision-object".into(), Tone::Warning),
        ("Decision", "review") => ("event-decision-review".into(), Tone::Info),
        ("Accrual", "accrue") => ("event-accrual-accrue".into(), Tone::Info),
        ("Accrual", "pay") => ("event-accrual-pay".into(), Tone::Good),
        ("Accrual", "cancel") => ("event-accrual-cancel".into(), Tone::Quiet),
        ("Accrual", "refund") => ("event-accrual-refund".into(), Tone::Info),
        ("Accrual", "fail") => ("event-accrual-fail".into(), Tone::Warning),
        ("Payment", "pay") => ("event-payment-pay".into(), Tone::Info),
        ("Payment", "send") => ("event-payment-send".into(), Tone::Quiet),
        ("Payment", "replace") => ("event-payment-replace".into(), Tone::Quiet),
        ("Payment", "refund") => ("event-payment-refund".into(), Tone::Info),
        ("Payment", "payout") => ("event-payment-payout".into(), Tone::Info),
        ("Payment", "settle") => ("event-payment-settle".into(), Tone::Good),
        ("Payment", "fail") => ("event-payment-fail".into(), Tone::Danger),
        ("Access", "look") => ("event-access-look".into(), Tone::Warning),
        ("Access", "represent") => ("event-access-represent".into(), Tone::Warning),
        ("Access", "share") => ("event-access-share".into(), Tone::Info),
        ("Access", "end") => ("event-access-end".into(), Tone::Quiet),
        ("Access", "review") => ("event-access-review".into(), Tone::Info),
        ("Offer", "offer") => ("event-offer-offer".into(), Tone::Info),
        ("Offer", "accept") => ("event-offer-accept".into(), Tone::Good),
        ("Offer", "decline") => ("event-offer-decline".into(), Tone::Quiet),
        ("Offer", "lapse") => ("event-offer-lapse".into(), Tone::Quiet),
        ("Offer", "withdraw") => ("event-offer-withdraw".into(), Tone::Quiet),
        ("Pack", "try") => ("event-pack-try".into(), Tone::Info),
        ("Pack", "withdraw") => ("event-pack-withdraw".into(), Tone::Quiet),
        (_, "attach" | "detach") => (format!("event-file-{}", event.action), Tone::Quiet),
        (_, "create" | "update" | "delete" | "publish" | "erased") => (format!("event-{}", event.action), Tone::Quiet),
        _ => ("event-other".into(), Tone::Quiet),
    }
}

/// The verbs that a filter offers, in the order in which they usually happen.
pub const VERBS: [&str; 39] = [
    "raise",
    "open",
    "offer",
    "accept",
    "decline",
    "lapse",
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
    "settle",
    "fail",
    "refund",
    "payout",
    "look",
    "represent",
    "share",
    "end",
    "rate",
    "advance",
    "close",
    "cancel",
    "create",
    "update",
    "delete",
    "erased",
    "try",
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
    let verb = ctx.t_or(&format!("verb-{}", event.action), &event.action);
    let title = ctx.tf(&key, &[("type", type_name.as_str().into()), ("action", verb.into())]);
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
        when: when(words, event.at, &words.doer((&event.actor, &event.actor_name), &event.on_behalf, event.at)),
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
    let items: Vec<Html> = said.take(MAX_LINES).map(|(name, c)| change(words, event, name, c)).collect();
    if items.is_empty() { Html::default() } else { Html::trusted(format!("<ul>{}</ul>", Html::join(items))) }
}

/// Of what its headline tells only the rest that people want to know; of other events all but the technical.
fn worth_saying(event: &JournalEvent, name: &str, change: &Value) -> bool {
    let only: &[&str] = match (event.entity_type.as_str(), event.action.as_str()) {
        ("Alert", "raise") => &["kind", "severity", "entity", "attribute"],
        ("Case", "open") => &["body"],
        ("Case", "pause") => &["pauseReason"],
        ("Task", "offer") => &["body", "deadline"],
        ("CaseMessage", "write") => &["text"],
        ("Decision", "decide") => &["outcome", "reason", "objectUntil"],
        ("Accrual", "accrue") => &["amount", "purpose", "basis", "dueAt"],
        ("Accrual", "pay") => &["paid"],
        ("Payment", "pay" | "refund" | "payout") => &["amount", "purpose"],
        ("Payment", "settle" | "fail") => &["amount", "failure"],
        ("Access", "look") => &["post", "body", "basis", "ground", "reason", "until"],
        ("Access", "share") => &["post", "ground"],
        ("Offer", "offer") => &["name", "until"],
        ("CaseMessage", "read") | ("Payment", "send" | "replace") => &[],
        ("Access", "end" | "represent") | ("Offer", "accept" | "decline" | "lapse" | "withdraw") => &[],
        (_, "attach" | "detach") => &[],
        _ => {
            // Where a new thing stands is on the map.
            let new_place = change.get("old").is_none() && change.pointer("/new/geometry").is_some();
            return !new_place && !UNSAID.contains(&name);
        }
    };
    only.contains(&name)
}

fn change(words: &Words<'_>, event: &JournalEvent, name: &str, change: &Value) -> Html {
    let (ctx, kind) = (words.ctx, event.entity_type.as_str());
    let currency = words.currency((kind, name), &event.entity);
    let shown = |v: &Value| match currency.zip(v.get("value").and_then(whole)) {
        Some((currency, amount)) => sum(ctx.lang, amount, currency).into(),
        None => words.value(kind, name, v),
    };
    let side = |s: &str| change.get(s).map(shown);
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

    /// Type and verb of events that have words of their own.
    const KNOWN: &[(&str, &str)] = &[
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
        ("Accrual", "refund"),
        ("Accrual", "fail"),
        ("Payment", "pay"),
        ("Payment", "send"),
        ("Payment", "replace"),
        ("Payment", "refund"),
        ("Payment", "payout"),
        ("Payment", "settle"),
        ("Payment", "fail"),
        ("Access", "look"),
        ("Access", "represent"),
        ("Access", "share"),
        ("Access", "end"),
        ("Access", "review"),
        ("Offer", "offer"),
        ("Offer", "accept"),
        ("Offer", "decline"),
        ("Offer", "lapse"),
        ("Offer", "withdraw"),
        ("Case", "attach"),
        ("Case", "detach"),
        ("Task", "withdraw"),
        ("Body", "create"),
        ("Body", "update"),
        ("Body", "delete"),
        ("Body", "erased"),
        ("Pack", "publish"),
        ("Pack", "try"),
        ("Pack", "withdraw"),
        ("Body", "whatever"),
    ];

    #[test]
    fn every_event_has_words_in_every_language() {
        let texts = crate::texts();
        for &(kind, action) in KNOWN {
            let (key, _) = headline(&event(kind, action, 1, json!({})));
            assert!(action == "whatever" || key != "event-other", "{kind} {action} has words of its own");
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
        assert!(said("Payment", "pay", "amount", json!({"new": {"value": 35_000}})));
        for raw in ["currency", "provider", "service", "kind", "accrual"] {
            assert!(!said("Payment", "pay", raw, json!({"new": {"value": "x"}})), "{raw}");
        }
        assert!(said("Decision", "decide", "reason", json!({})) && !said("Decision", "decide", "rules", json!({})));
        assert!(!said("Offer", "accept", "status", json!({})) && !said("CaseMessage", "write", "author", json!({})));
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
