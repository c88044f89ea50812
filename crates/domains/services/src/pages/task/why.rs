//! Why the task arose, in words: reading, norm, rule, version.

use serde_json::Value;
use svod_portal::Html;
use svod_portal::components::{self, SummaryRow};
use svod_text::format_number;

use super::Scene;
use crate::evidence::{Evidence, Why};
use crate::facts::Facts;
use crate::words::Words;

/// Sentences that say what was seen.
pub fn sentences(words: &Words<'_>, scene: &Scene, evidence: &Evidence) -> Vec<Html> {
    let ctx = words.ctx;
    let attribute = scene
        .alert
        .as_ref()
        .and_then(|a| a.text("attribute"))
        .or_else(|| evidence.reading.as_ref().map(|r| r.attribute.as_str()))
        .unwrap_or_default();
    let unit = unit(words, scene, attribute);
    let name = words.attribute(attribute);
    let minutes = |m: f64| m.round().max(0.0);
    let told = evidence.why().into_iter().map(|why| match why {
        Why::Ratio { value, norm, ratio } => {
            let (value, norm) = (words.quantity(value, unit.as_deref()), words.quantity(norm, unit.as_deref()));
            let ratio = format_number(ctx.lang, ratio, 1);
            let args =
                [("name", (&name).into()), ("value", value.into()), ("norm", norm.into()), ("ratio", ratio.into())];
            ctx.tf("why-ratio", &args)
        }
        Why::Value(v) => {
            let shown = match v.as_f64() {
                Some(n) => words.quantity(n, unit.as_deref()),
                None => match v.as_bool() {
                    Some(b) => ctx.t(if b { "value-yes" } else { "value-no" }),
                    None => v.as_str().map_or_else(|| v.to_string(), str::to_owned),
                },
            };
            ctx.tf("why-value", &[("name", (&name).into()), ("value", shown.into())])
        }
        Why::Silent(m) => ctx.tf("why-silent", &[("n", minutes(m).into())]),
        Why::NeverHeard => ctx.t("why-never"),
        Why::Still(m) => ctx.tf("why-still", &[("n", minutes(m).into())]),
    });
    told.map(Html::from).collect()
}

fn unit(words: &Words<'_>, scene: &Scene, attribute: &str) -> Option<String> {
    let asset = scene.asset.as_ref()?;
    words.metamodel.attribute(&asset.kind, attribute)?.unit.clone()
}

/// Reading, rule, decision, trigger and the deadline that it gave.
pub fn ground(words: &Words<'_>, scene: &Scene, evidence: Option<&Evidence>) -> Html {
    let ctx = words.ctx;
    let mut rows = Vec::new();
    if let Some(r) = evidence.and_then(|e| e.reading.as_ref()) {
        let times = [("why-observed", r.observed), ("why-received", r.received)];
        rows.extend(
            times.iter().filter_map(|(k, at)| Some(SummaryRow::new(ctx.t(k), components::exact_time(ctx, (*at)?)))),
        );
    }
    if let Some(alert) = &scene.alert {
        if let Some(decision) = alert.text("decision") {
            rows.push(SummaryRow::new(ctx.t("why-decision"), words.ground(decision)));
        }
        if let Some(rule) = alert.text("rule").filter(|t| !t.is_empty()) {
            let id = rule.split(':').next().unwrap_or(rule);
            rows.push(SummaryRow::new(ctx.t("why-rule"), ctx.t_or(&format!("rule-{id}"), rule)));
        }
        if let Some(trigger) = alert.text("trigger").filter(|t| !t.is_empty()) {
            let id = trigger.rsplit('/').next().unwrap_or(trigger);
            rows.push(SummaryRow::new(ctx.t("why-trigger"), ctx.t_or(&format!("trigger-{id}"), trigger)));
        }
        if let Some(at) = alert.time("raisedAt") {
            rows.push(SummaryRow::new(ctx.t("why-raised"), components::time(ctx, at)));
        }
        if let Some(status) = alert.text("status") {
            let at = alert.time("closedAt").map(|at| Html::join([", ".into(), components::time(ctx, at)]));
            let value = Html::join([ctx.word("AlertStatus", status).into(), at.unwrap_or_default()]);
            rows.push(SummaryRow::new(ctx.t("why-alert-status"), value));
        }
    }
    if let Some(hours) = evidence.and_then(|e| e.deadline_hours) {
        rows.push(SummaryRow::new(ctx.t("why-hours"), ctx.tf("why-hours-n", &[("n", hours.into())])));
    }
    if rows.is_empty() { Html::default() } else { components::summary_list(&rows) }
}

/// Every input of the decision, behind its heading.
pub fn inputs(words: &Words<'_>, evidence: &Evidence) -> Html {
    let ctx = words.ctx;
    if evidence.inputs.is_empty() {
        return Html::default();
    }
    let facts = Facts::new(words, None);
    let rows: Vec<SummaryRow> = evidence
        .inputs
        .iter()
        .map(|(name, value)| {
            let shown = match value {
                Value::Null => ctx.t("value-none").into(),
                Value::Number(n) => ctx.number(n.as_f64().unwrap_or_default()).into(),
                Value::String(s) if name == "attribute" => words.attribute(s).into(),
                other => facts.told(name, other),
            };
            let label = ctx.t_or(&format!("input-{name}"), &words.attribute(name));
            SummaryRow::new(label, shown)
        })
        .collect();
    components::more(ctx.t("why-inputs"), components::summary_list(&rows))
}
