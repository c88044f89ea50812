use std::collections::BTreeMap;

use serde_json::Value;
use svod_kernel::{Timestamp, Urn};
use svod_model::{Attribute, AttributeKind, AttributeType, AttributeValue, Entity, Range};
use svod_portal::Html;
use svod_portal::components::{self, SummaryRow, Tone};

use super::{Sight, names, values};

/// Relationships of one attribute that are resolved and shown.
const MAX_RELATED: usize = 20;

/// What the card on the map tells first; the rest stands on the page.
const CARD: [&str; 12] = [
    "severity",
    "status",
    "entity",
    "attribute",
    "raisedAt",
    "closedAt",
    "body",
    "deadline",
    "owner",
    "code",
    "population",
    "source",
];

/// The page's order: what is asked first, then the rest by name.
const FIRST: [&str; 16] = [
    "kind",
    "severity",
    "status",
    "subject",
    "subjects",
    "entity",
    "attribute",
    "raisedAt",
    "closedAt",
    "body",
    "deadline",
    "owner",
    "territory",
    "location",
    "deviceId",
    "source",
];

/// Related entities by id: type and name. Those whom the visitor may not know of are not among them.
pub type Related = BTreeMap<Urn, (String, String)>;

/// Asks for the names of the entities that this one points to.
pub async fn related(sight: &Sight<'_>, e: &Entity) -> Related {
    let mut found = Related::new();
    for attribute in e.attributes.values() {
        for urn in attribute.value.targets().iter().take(MAX_RELATED) {
            // One that is gone or secret is told by its type.
            if let Ok(other) = sight.registry.entity(&sight.ctx.actor, urn).await {
                found.insert(urn.clone(), (other.kind.clone(), names::of_entity(sight, &other)));
            }
        }
    }
    found
}

/// The facts of an entity (redacted before) as rows of a summary list; `card` takes the weightiest alone.
pub fn rows(sight: &Sight<'_>, e: &Entity, related: &Related, card: bool) -> Vec<SummaryRow> {
    let mut shown: Vec<(usize, String, Html)> = Vec::new();
    for (name, attribute) in &e.attributes {
        let declared = sight.declared(&e.kind, name);
        let observed = declared.is_some_and(|a| a.kind == AttributeKind::Observation);
        if name == "name" || observed || (card && !CARD.contains(&name.as_str())) {
            continue;
        }
        let value = fact(sight, declared, name, attribute, related);
        if !value.is_empty() {
            let order: &[&str] = if card { &CARD } else { &FIRST };
            let place = order.iter().position(|f| f == name).unwrap_or(order.len());
            shown.push((place, names::of_attribute(sight.ctx, name), value));
        }
    }
    shown.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    shown.into_iter().map(|(_, key, value)| SummaryRow::new(key, value)).collect()
}

fn fact(sight: &Sight<'_>, declared: Option<&AttributeType>, name: &str, a: &Attribute, related: &Related) -> Html {
    match &a.value {
        AttributeValue::Object(urn) => relation(sight, related, urn),
        AttributeValue::Objects(urns) | AttributeValue::ObjectList(urns) => {
            lines(urns.iter().take(MAX_RELATED).map(|urn| relation(sight, related, urn)))
        }
        AttributeValue::Geometry(g) => geometry(sight, g),
        AttributeValue::Value(Value::Array(list)) => {
            let words: Vec<Html> = list.iter().map(|v| scalar(sight, declared, name, v)).collect();
            Html::trusted(words.iter().map(Html::as_str).collect::<Vec<_>>().join(", "))
        }
        AttributeValue::Value(v) | AttributeValue::Vocab(v) => scalar(sight, declared, name, v),
        AttributeValue::List(all) => lines(all.iter().map(|v| scalar(sight, declared, name, v))),
        AttributeValue::Json(v) => code(&v.to_string()),
        AttributeValue::Languages(texts) => {
            let tag = sight.ctx.lang.tag();
            let spoken = texts.get(tag).or_else(|| texts.get("@none")).or_else(|| texts.values().next());
            spoken.map(|v| scalar(sight, declared, name, v)).unwrap_or_default()
        }
    }
}

/// One under another.
pub fn lines(pieces: impl IntoIterator<Item = Html>) -> Html {
    let pieces: Vec<Html> = pieces.into_iter().collect();
    Html::trusted(pieces.iter().map(Html::as_str).collect::<Vec<_>>().join("<br>"))
}

fn relation(sight: &Sight<'_>, related: &Related, urn: &Urn) -> Html {
    match related.get(urn) {
        Some((kind, title)) => components::link(&names::working_href(kind, urn), title),
        None => Html::trusted(format!(r#"<span class="muted">{}</span>"#, Html::from(sight.ctx.closed(urn)))),
    }
}

fn code(text: &str) -> Html {
    Html::trusted(format!("<code>{}</code>", Html::text(text)))
}

fn geometry(sight: &Sight<'_>, g: &Value) -> Html {
    let ctx = sight.ctx;
    let coordinates = g.get("coordinates").unwrap_or(&Value::Null);
    let pair = |i: usize| coordinates.get(i).and_then(Value::as_f64);
    match (pair(0), pair(1)) {
        (Some(lon), Some(lat)) => values::place(ctx, svod_model::Point { lon, lat }).into(),
        _ => ctx.tf("object-drawn", &[("n", positions(coordinates).into())]).into(),
    }
}

fn positions(coordinates: &Value) -> usize {
    match coordinates.as_array() {
        Some(list) if list.first().is_some_and(Value::is_number) => 1,
        Some(list) => list.iter().map(positions).sum(),
        None => 0,
    }
}

fn scalar(sight: &Sight<'_>, declared: Option<&AttributeType>, name: &str, v: &Value) -> Html {
    let ctx = sight.ctx;
    match v {
        Value::Null => Html::default(),
        Value::Bool(on) => values::switch(ctx, *on).into(),
        Value::Number(n) => values::quantity(ctx, declared, n.as_f64().unwrap_or(f64::NAN)).into(),
        Value::String(s) => text(sight, declared, name, s),
        other => code(&other.to_string()),
    }
}

fn text(sight: &Sight<'_>, declared: Option<&AttributeType>, name: &str, s: &str) -> Html {
    let ctx = sight.ctx;
    match declared.map(|a| &a.range) {
        Some(Range::Enum(list)) if list == "Severity" => components::tag(Tone::of_severity(s), ctx.word(list, s)),
        Some(Range::Enum(list)) => ctx.word(list, s).into(),
        Some(Range::Datetime) => s.parse::<Timestamp>().map_or_else(|_| s.into(), |at| components::time(ctx, at)),
        Some(Range::Uri) if s.starts_with("https://") || s.starts_with("http://") => components::link(s, s),
        _ if name == "kind" => names::of_alert(ctx, s).into(),
        _ if name == "attribute" => names::of_attribute(ctx, s).into(),
        _ if name == "process" => ctx.t_or(&format!("process-{s}"), s).into(),
        _ if name == "pauseReason" => ctx.t_or(&format!("pause-{s}"), s).into(),
        _ if name == "outcome" || name.ends_with("Outcome") => ctx.t_or(&format!("outcome-{s}"), s).into(),
        _ if name == "service" => {
            let id = s.split_once('/').map_or(s, |(_, id)| id);
            ctx.t_or(&format!("service-{id}"), s).into()
        }
        _ if is_day(s) => day(ctx, s).unwrap_or_else(|| s.to_owned()).into(),
        _ => document(sight, s).unwrap_or_else(|| s.into()),
    }
}

/// A day as registers write it: `2026-01-31`.
fn is_day(s: &str) -> bool {
    let sign = |(i, b): (usize, u8)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() };
    s.len() == 10 && s.bytes().enumerate().all(sign)
}

fn day(ctx: &svod_portal::PageContext, s: &str) -> Option<String> {
    let at: Timestamp = format!("{s}T00:00:00Z").parse().ok()?;
    Some(svod_text::format_date(ctx.lang, at, 0))
}

/// A text that is a JSON document is laid out and folded away: evidence, for those who ask for it.
fn document(sight: &Sight<'_>, s: &str) -> Option<Html> {
    if !s.starts_with(['{', '[']) {
        return None;
    }
    let json: Value = serde_json::from_str(s).ok()?;
    let pretty = serde_json::to_string_pretty(&json).ok()?;
    let label = Html::from(sight.ctx.t("object-document"));
    let body =
        format!(r#"<pre tabindex="0" role="region" aria-label="{label}"><code>{}</code></pre>"#, Html::text(&pretty));
    Some(components::more(label, Html::trusted(body)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn positions_of_any_geometry_are_counted() {
        assert_eq!(positions(&json!([87.1, 53.7])), 1);
        assert_eq!(positions(&json!([[1, 2], [3, 4]])), 2);
        assert_eq!(positions(&json!([[[[1, 2], [3, 4], [5, 6]]], [[[7, 8]]]])), 4);
        assert_eq!(positions(&json!(null)), 0);
    }

    #[test]
    fn lines_keep_markup_and_escape_text() {
        assert_eq!(lines([Html::from("a<"), code("b")]).as_str(), "a&lt;<br><code>b</code>");
    }
}
