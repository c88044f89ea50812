//! What was decided, on what ground, by which rules or by whom; and the way to object.

use askama::Template;
use serde_json::{Map, Value};
use svod_model::Entity;
use svod_portal::components::{self, Field, SummaryRow, Tone};
use svod_portal::{Html, PageContext, PageError, encoded};
use svod_runtime::cases::said;

use super::scene::Scene;
use super::{Notice, lines};
use crate::access::address;
use crate::facts::Facts;
use crate::words::Words;

/// Rules that are told of one decision.
const MAX_RULES: usize = 30;

#[derive(Template)]
#[template(path = "case/decisions.html")]
struct Part<'a> {
    ctx: &'a PageContext,
    decisions: Vec<Decision>,
}

struct Decision {
    outcome: String,
    status: Html,
    facts: Html,
    rules: Html,
    /// What a person decided on.
    basis: Html,
    /// Cases in which it is looked at again.
    objections: Vec<(String, String)>,
    form: Option<Form>,
    /// Where its service has a form to object by.
    fill: Option<String>,
}

struct Form {
    action: String,
    decision: String,
    field: Html,
    open: bool,
}

/// The part; empty when nothing was decided.
///
/// # Errors
/// When its template fails.
pub fn part(words: &Words<'_>, scene: &Scene, notice: &Notice) -> Result<Html, PageError> {
    if scene.decisions.is_empty() {
        return Ok(Html::default());
    }
    let part =
        Part { ctx: words.ctx, decisions: scene.decisions.iter().map(|d| decision(words, scene, d, notice)).collect() };
    Html::of(&part).map_err(PageError::internal)
}

fn decision(words: &Words<'_>, scene: &Scene, d: &Entity, notice: &Notice) -> Decision {
    let ctx = words.ctx;
    let outcome = d.text("outcome").unwrap_or_default();
    let status = d.text("status").unwrap_or_default();
    let tone = match status {
        "objected" => Tone::Warning,
        "revised" => Tone::Quiet,
        _ => Tone::Good,
    };
    let way = scene.objectable.get(&d.id).copied();
    let of_it = |o: &&Entity| o.object("about") == Some(&d.id);
    let objection = |o: &Entity| {
        let state = ctx.word("CaseStatus", o.text("status").unwrap_or_default());
        let number = o.text("number").unwrap_or_default();
        (address("Case", &o.id), ctx.tf("case-objection", &[("number", number.into()), ("status", state.into())]))
    };
    Decision {
        outcome: ctx.t_or(&format!("outcome-{outcome}"), outcome),
        status: components::tag(tone, ctx.word("DecisionStatus", status)),
        facts: facts(words, d),
        rules: rules(ctx, d),
        basis: basis(words, d),
        objections: scene.objections.iter().filter(of_it).map(objection).collect(),
        form: (way == Some(false)).then(|| form(ctx, scene, d, notice)),
        fill: (way == Some(true))
            .then(|| format!("{}/object/{}", address("Case", &scene.case.id), encoded(d.id.as_str()))),
    }
}

fn form(ctx: &PageContext, scene: &Scene, d: &Entity, notice: &Notice) -> Form {
    let here = notice.decision.as_ref() == Some(&d.id);
    let (error, value) =
        if here { (notice.error_of("objection"), notice.written_in("objection")) } else { (String::new(), "") };
    Form {
        action: format!("{}/object", address("Case", &scene.case.id)),
        decision: d.id.to_string(),
        open: here,
        field: Field::area("objection", ctx.t("case-object-label"))
            .hint(ctx.t("case-object-hint"))
            .value(value)
            .error(error)
            .required()
            .html(),
    }
}

fn facts(words: &Words<'_>, d: &Entity) -> Html {
    let ctx = words.ctx;
    let mut rows = Vec::new();
    let mut add = |key: &str, value: Html| rows.push(SummaryRow::new(ctx.t(key), value));
    if let Some(at) = d.time("madeAt") {
        add("case-decision-when", components::time(ctx, at));
    }
    if let Some(reason) = said(d, "reason", ctx.lang) {
        add("case-decision-reason", lines(reason));
    }
    let acts: Vec<String> = match d.value("acts") {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    };
    if !acts.is_empty() {
        add(
            "case-decision-acts",
            Html::trusted(acts.iter().map(|a| Html::text(a).to_string()).collect::<Vec<_>>().join("<br>")),
        );
    }
    add("case-decision-by", by(words, d));
    if let Some(proposed) = d.text("proposed") {
        let word = proposal(words, proposed);
        let other = d.value("overridden").and_then(Value::as_bool) == Some(true);
        let key = if other { "case-decision-otherwise" } else { "case-decision-as-proposed" };
        add("case-decision-proposed", ctx.tf(key, &[("proposed", word.into())]).into());
    }
    if let Some((key, name, version)) = d.text("model").map(|text| versioned(words, text)) {
        add(key, ctx.tf("case-decision-model-of", &[("name", name.into()), ("version", version.into())]).into());
    }
    let seen = seen(d);
    if let Some(model) = seen.get("proposal").and_then(|p| p.get("model")?.as_str()) {
        let (_, name, version) = versioned(words, model);
        add(
            "case-decision-proposing",
            ctx.tf("case-decision-model-of", &[("name", name.into()), ("version", version.into())]).into(),
        );
    }
    if let Some(until) = d.time("objectUntil") {
        add("case-decision-until", components::time(ctx, until));
    }
    components::summary_list(&rows)
}

/// What a person decided on, for who may see it; empty where rules alone decided.
pub(super) fn seen(d: &Entity) -> Map<String, Value> {
    let inputs = d.text("inputs").and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok());
    inputs.filter(|_| d.value("automatic").and_then(Value::as_bool) == Some(false)).unwrap_or_default()
}

/// Which rules, or which step of a process, and in which version: the key of its label, its name, the version.
fn versioned(words: &Words<'_>, text: &str) -> (&'static str, String, String) {
    let (version, name) = model(text);
    match text.split_once('/').and_then(|(_, rest)| rest.split_once('#')) {
        Some((file, _)) if file.ends_with(".dmn") => ("case-decision-model", name, version),
        Some(place) => {
            let drawn = words.names.programs().and_then(|p| p.processes.get(place.0)?.element(place.1));
            let otherwise = drawn.map_or(place.1, |element| element.name.as_str());
            let name = svod_runtime::step_name(&words.ctx.texts, words.ctx.lang, place, otherwise);
            ("case-decision-step", name, version)
        }
        None => ("case-decision-model", name, version),
    }
}

/// What whoever decided was shown and what they answered, folded.
fn basis(words: &Words<'_>, d: &Entity) -> Html {
    let (ctx, seen) = (words.ctx, seen(d));
    let step = seen.get("step").and_then(Value::as_str).and_then(|s| s.split_once('/')?.1.split_once('#'));
    let part = |key: &str, name: &str| {
        let Some(values) = seen.get(name).and_then(Value::as_object).filter(|v| !v.is_empty()) else {
            return Html::default();
        };
        let facts = Facts::new(words, words.names.programs());
        let facts = match step {
            Some((process, step)) => facts.of_step(process, step),
            None => facts,
        };
        let rows = components::summary_list(&facts.rows(values));
        Html::join([Html::trusted(format!("<h4>{}</h4>", Html::text(&ctx.t(key)))), rows])
    };
    let (shown, answers) = (part("case-decision-shown", "shown"), part("case-decision-answers", "answers"));
    if shown.is_empty() && answers.is_empty() {
        return Html::default();
    }
    components::more(ctx.t("case-decision-basis"), Html::join([shown, answers]))
}

/// What was proposed: a word, or the answers of a form by the words of that form.
fn proposal(words: &Words<'_>, text: &str) -> String {
    let facts = Facts::new(words, words.names.programs());
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(answers)) => match answers.iter().next() {
            Some((name, only)) if answers.len() == 1 => facts.line(name, only),
            _ => facts.line("", &Value::Object(answers)),
        },
        _ => facts.line("outcome", &Value::from(text)),
    }
}

/// By rules alone, or by whom.
fn by(words: &Words<'_>, d: &Entity) -> Html {
    let ctx = words.ctx;
    if d.value("automatic").and_then(Value::as_bool) == Some(true) {
        return ctx.t("case-decision-automatic").into();
    }
    let who = d.text("madeBy").map(|by| words.actor(by));
    let body = d.object("body").map(|b| words.names.called(ctx, b));
    let all: Vec<String> = [who, body].into_iter().flatten().collect();
    if all.is_empty() { ctx.t("case-decision-official").into() } else { all.join(", ").into() }
}

/// Version and name of `pack@version/file#name`.
fn model(text: &str) -> (String, String) {
    let (version, rest) = text.split_once('/').unwrap_or((text, ""));
    let name = rest.rsplit('#').next().unwrap_or_default();
    (version.to_owned(), if name.is_empty() { rest.to_owned() } else { name.to_owned() })
}

/// The rules that fired, in the words of their annotations, folded.
fn rules(ctx: &PageContext, d: &Entity) -> Html {
    let fired: Vec<String> = d
        .text("rules")
        .and_then(|text| serde_json::from_str::<Value>(text).ok())
        .map(|value| told(ctx, &value))
        .unwrap_or_default();
    if fired.is_empty() {
        return Html::default();
    }
    let items = fired.iter().take(MAX_RULES).map(|r| Html::trusted(format!("<li>{}</li>", Html::text(r))));
    components::more(ctx.t("case-decision-rules"), Html::trusted(format!("<ul>{}</ul>", Html::join(items))))
}

/// Rules as an evaluation keeps them, alone or within their tables.
fn told(ctx: &PageContext, value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().flat_map(|v| told(ctx, v)).collect(),
        Value::String(text) => vec![ctx.t_or(&format!("rule-{text}"), text)],
        Value::Object(rule) => match rule.get("rules").or_else(|| rule.get("tables")) {
            Some(within) => told(ctx, within),
            None => {
                let text = |name: &str| rule.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
                let number = rule.get("number").and_then(Value::as_f64);
                let said = text("annotation").or_else(|| text("text")).map(str::to_owned);
                let named = text("id").map(|id| ctx.t_or(&format!("rule-{id}"), said.as_deref().unwrap_or(id)));
                let numbered = number.map(|n| ctx.tf("case-decision-rule", &[("n", n.into())]));
                named.or(said).or(numbered).into_iter().collect()
            }
        },
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::model;

    #[test]
    fn a_model_is_named_with_its_version() {
        let (version, name) = model("birth@1.2.0/decisions/fees.dmn#Fee of a child");
        assert_eq!((version.as_str(), name.as_str()), ("birth@1.2.0", "Fee of a child"));
        assert_eq!(model("birth@1.2.0"), ("birth@1.2.0".to_owned(), String::new()));
    }
}
