//! What was sent with the case: files, and what was filled in by the words of its form.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use svod_forms::{Around, Draft, Lists, Prefill};
use svod_model::{AttributeValue, Entity, StartSpec};
use svod_portal::components::{self, SummaryRow};
use svod_portal::{Html, PageContext, PageError, encoded};

use super::scene::Scene;
use crate::ServicesState;
use crate::pages::filling::look_up;

/// The part; empty when nothing was sent, or nothing may be seen.
///
/// # Errors
/// When a register cannot be read.
pub async fn part(ctx: &PageContext, s: &ServicesState, scene: &Scene) -> Result<Html, PageError> {
    let (files, answers) = (files(ctx, &scene.case), answers(ctx, s, scene).await?);
    if files.is_empty() && answers.is_empty() {
        return Ok(Html::default());
    }
    Ok(Html::trusted(format!(
        r#"<section aria-labelledby="papers"><h2 id="papers">{}</h2>{files}{answers}</section>"#,
        Html::from(ctx.t("case-papers"))
    )))
}

/// Links to the files of an entity; the door of files asks whether they are given out.
pub fn files(ctx: &PageContext, of: &Entity) -> Html {
    let Some(attribute) = of.attributes.get("files") else { return Html::default() };
    let text = |value: &AttributeValue| match value {
        AttributeValue::Value(Value::String(text)) => Some(text.clone()),
        AttributeValue::Value(Value::Number(n)) => Some(n.to_string()),
        _ => None,
    };
    let items: Vec<Html> = attribute
        .instances()
        .filter_map(|file| Some((text(&file.value)?, file)))
        .enumerate()
        .map(|(at, (id, file))| {
            let about = |name: &str| file.about.get(name).and_then(|a| text(&a.value)).unwrap_or_default();
            let kib = about("size").parse::<f64>().unwrap_or_default() / 1024.0;
            let args = [
                ("n", ((at + 1) as f64).into()),
                ("kind", about("kind").to_uppercase().into()),
                ("size", ctx.number(kib.ceil()).into()),
            ];
            let link = components::link(&format!("/files/{}", encoded(&id)), ctx.tf("case-file", &args));
            Html::trusted(format!("<li>{link}</li>"))
        })
        .collect();
    if items.is_empty() { Html::default() } else { Html::trusted(format!("<ul>{}</ul>", Html::join(items))) }
}

/// What was filled in, folded: the person knows it, who decides needs it.
async fn answers(ctx: &PageContext, s: &ServicesState, scene: &Scene) -> Result<Html, PageError> {
    let Some(data) = scene.case.text("answers").and_then(|t| serde_json::from_str::<Value>(t).ok()) else {
        return Ok(Html::default());
    };
    let rows = match form_rows(ctx, s, scene, &data).await? {
        rows if !rows.is_empty() => rows,
        // Begun unasked there is no form; or the form is not there any more.
        _ => plain_rows(ctx, &data),
    };
    if rows.is_empty() {
        return Ok(Html::default());
    }
    Ok(components::more(ctx.t("case-answers"), components::summary_list(&rows)))
}

async fn form_rows(
    ctx: &PageContext,
    s: &ServicesState,
    scene: &Scene,
    data: &Value,
) -> Result<Vec<SummaryRow>, PageError> {
    let service = scene.case.text("service").and_then(|key| key.split_once('/')).map(|(_, id)| id);
    let Some(programs) = &scene.programs else { return Ok(Vec::new()) };
    let file = service.and_then(|id| programs.services.get(id)?.start.iter().find_map(|s| match s {
        StartSpec::Form(file) => Some(file.clone()),
        StartSpec::Event { .. } => None,
    }));
    let Some(form) = file.and_then(|f| programs.forms.get(&f)) else { return Ok(Vec::new()) };
    let (draft, prefill, inputs, none) = (Draft::of(data.clone()), Prefill::new(), Map::new(), Lists::default());
    let around = |lists| Around {
        lang: ctx.lang,
        texts: &ctx.texts,
        now: ctx.now,
        offset_hours: ctx.offset_hours,
        prefill: &prefill,
        lists,
        inputs: &inputs,
    };
    let wanted = form.wanted(&draft, &BTreeMap::new(), &around(&none));
    let lists = look_up(ctx, s, &scene.case.space, &wanted).await?;
    let chapters = form.overview(&draft, &around(&lists));
    let told = chapters.into_iter().flat_map(|c| c.rows).filter(|f| !f.display.is_empty());
    Ok(told
        .map(|f| {
            let label = if f.within.is_empty() { f.label } else { format!("{}: {}", f.within, f.label) };
            SummaryRow::new(label, f.display)
        })
        .collect())
}

/// By the names that the process has, where no form says more.
fn plain_rows(ctx: &PageContext, data: &Value) -> Vec<SummaryRow> {
    let said = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(n) => Some(ctx.number(n.as_f64().unwrap_or_default())),
        Value::Bool(b) => Some(ctx.t(if *b { "value-yes" } else { "value-no" })),
        _ => None,
    };
    let all = data.as_object().into_iter().flatten();
    all.filter_map(|(name, value)| {
        let label = ctx.t_or(&format!("task-input-{name}"), &ctx.t_or(&format!("attr-{name}"), name));
        Some(SummaryRow::new(label, said(value)?))
    })
    .collect()
}
