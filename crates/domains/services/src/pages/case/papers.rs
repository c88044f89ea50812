//! What was sent with the case: files, and what was filled in by the words of its form.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use svod_files::{FileInfo, FileState};
use svod_forms::{Around, Draft, Lists, Prefill};
use svod_model::{Entity, StartSpec};
use svod_portal::components::{self, SummaryRow, Tone};
use svod_portal::{Html, PageContext, PageError, encoded};

use super::scene::Scene;
use crate::ServicesState;
use crate::pages::filling::look_up;

/// The part; empty when nothing was sent, or nothing may be seen.
///
/// # Errors
/// When a register cannot be read.
pub async fn part(ctx: &PageContext, s: &ServicesState, scene: &Scene) -> Result<Html, PageError> {
    let (files, answers) = (files(ctx, s, &scene.case).await?, answers(ctx, s, scene).await?);
    if files.is_empty() && answers.is_empty() {
        return Ok(Html::default());
    }
    Ok(Html::trusted(format!(
        r#"<section aria-labelledby="papers"><h2 id="papers">{}</h2>{files}{answers}</section>"#,
        Html::from(ctx.t("case-papers"))
    )))
}

/// Links to the files of an entity, with what stands in the way of one; the door of files asks whether they are given out.
///
/// # Errors
/// When the store fails.
pub async fn files(ctx: &PageContext, s: &ServicesState, of: &Entity) -> Result<Html, PageError> {
    if !of.attributes.contains_key("files") {
        return Ok(Html::default());
    }
    let item = |file: &FileInfo| {
        let link = components::link(&format!("/files/{}", encoded(file.id.as_str())), &file.name);
        let state = match file.state {
            FileState::Waiting => components::tag(Tone::Quiet, ctx.t("case-file-waiting")),
            FileState::Infected => components::tag(Tone::Danger, ctx.t("case-file-infected")),
            FileState::Clean | FileState::Unscanned => Html::default(),
        };
        Html::trusted(format!("<li>{link} {state}</li>"))
    };
    let items: Vec<Html> = s.files.list(of).await?.iter().map(item).collect();
    Ok(if items.is_empty() { Html::default() } else { Html::trusted(format!("<ul>{}</ul>", Html::join(items))) })
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
    let file = service.and_then(|id| {
        programs.services.get(id)?.start.iter().find_map(|s| match s {
            StartSpec::Form(file) => Some(file.clone()),
            StartSpec::Event { .. } => None,
        })
    });
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
