//! What was sent with the case: files, and what was filled in by the words of its form.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use svod_forms::{Around, Draft, Lists, Prefill};
use svod_kernel::Urn;
use svod_model::{Entity, StartSpec};
use svod_portal::components::{self, SummaryRow};
use svod_portal::{Html, PageContext, PageError};
use svod_registry::Programs;

use super::scene::Scene;
use crate::ServicesState;
use crate::facts::{self, Facts};
use crate::names::Names;
use crate::pages::filling::look_up;
use crate::thumbs::{self, Thumb};
use crate::words::Words;

/// The part; empty when nothing was sent, or nothing may be seen.
///
/// # Errors
/// When a register cannot be read.
pub async fn part(ctx: &PageContext, s: &ServicesState, scene: &Scene) -> Result<Html, PageError> {
    let (files, answers) = (files(ctx, s, &scene.case).await?, answers(ctx, s, scene).await?);
    let lent = lent(ctx, s, &scene.case).await?;
    if files.is_empty() && answers.is_empty() && lent.is_empty() {
        return Ok(Html::default());
    }
    Ok(Html::trusted(format!(
        r#"<section aria-labelledby="papers"><h2 id="papers">{}</h2>{files}{lent}{answers}</section>"#,
        Html::from(ctx.t("case-papers"))
    )))
}

/// What the other side has sent in its own case and this one lends.
async fn lent(ctx: &PageContext, s: &ServicesState, case: &Entity) -> Result<Html, PageError> {
    let all = s.files.lent(case).await?;
    if all.is_empty() {
        return Ok(Html::default());
    }
    let list = thumbs::list(ctx, &all.iter().map(|file| Thumb::lent(ctx, file, &case.id)).collect::<Vec<_>>());
    Ok(Html::trusted(format!("<h3>{}</h3>{list}", Html::from(ctx.t("case-lent")))))
}

/// Links to the files of an entity, with what stands in the way of one; the door of files asks whether they are given out.
///
/// # Errors
/// When the store fails.
pub async fn files(ctx: &PageContext, s: &ServicesState, of: &Entity) -> Result<Html, PageError> {
    if !of.attributes.contains_key("files") {
        return Ok(Html::default());
    }
    let all = s.files.list(of).await?;
    Ok(thumbs::list(ctx, &all.iter().map(|file| Thumb::of(ctx, file)).collect::<Vec<_>>()))
}

/// What was filled in, folded: the person knows it, who decides needs it.
async fn answers(ctx: &PageContext, s: &ServicesState, scene: &Scene) -> Result<Html, PageError> {
    let rows = filled(ctx, s, &scene.case, scene.programs.as_deref()).await?;
    if rows.is_empty() {
        return Ok(Html::default());
    }
    Ok(components::more(ctx.t("case-answers"), components::summary_list(&rows)))
}

/// What was filled in of a case, by the words of its form; nothing for who may not see it.
///
/// # Errors
/// When a register cannot be read.
pub async fn filled(
    ctx: &PageContext,
    s: &ServicesState,
    case: &Entity,
    programs: Option<&Programs>,
) -> Result<Vec<SummaryRow>, PageError> {
    let Some(data) = case.text("answers").and_then(|t| serde_json::from_str::<Value>(t).ok()) else {
        return Ok(Vec::new());
    };
    let rows = form_rows(ctx, s, (case, programs), &data).await?;
    match data {
        // Begun unasked there is no form; or the form is not there any more.
        Value::Object(data) if rows.is_empty() => plain_rows(ctx, s, programs, &data).await,
        _ => Ok(rows),
    }
}

async fn form_rows(
    ctx: &PageContext,
    s: &ServicesState,
    (case, programs): (&Entity, Option<&Programs>),
    data: &Value,
) -> Result<Vec<SummaryRow>, PageError> {
    let service = case.text("service").and_then(|key| key.split_once('/')).map(|(_, id)| id);
    let Some(programs) = programs else { return Ok(Vec::new()) };
    let file = service.and_then(|id| {
        programs.services.get(id)?.start.iter().find_map(|s| match s {
            StartSpec::Form(file) => Some(file.clone()),
            StartSpec::Event { .. } => None,
        })
    });
    let Some(form) = file.and_then(|f| programs.forms.get(&f)) else { return Ok(Vec::new()) };
    let (draft, prefill, none) = (Draft::of(data.clone()), Prefill::new(), Lists::default());
    let mut inputs = form.own_of(data);
    name(ctx, s, &mut inputs).await?;
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
    let (lists, _) = look_up(ctx, s, &case.space, &wanted).await?;
    let chapters = form.overview(&draft, &around(&lists));
    let told = chapters.into_iter().flat_map(|c| c.rows).filter(|f| !f.display.is_empty());
    Ok(told
        .map(|f| {
            let label = if f.within.is_empty() { f.label } else { format!("{}: {}", f.within, f.label) };
            SummaryRow::new(label, f.display)
        })
        .collect())
}

/// What was chosen by its identifier is told by its name.
async fn name(ctx: &PageContext, s: &ServicesState, lists: &mut Map<String, Value>) -> Result<(), PageError> {
    let names = Names::load(&s.registry, &ctx.actor, lists.values().flat_map(facts::mentioned)).await?;
    for choice in lists.values_mut().filter_map(Value::as_array_mut).flatten() {
        let named = choice["value"].as_str().filter(|value| value.starts_with("urn:"));
        if let Some(urn) = named.and_then(|value| value.parse::<Urn>().ok()) {
            choice["label"] = names.called(ctx, &urn).into();
        }
    }
    Ok(())
}

/// By the names that the process has, where no form says more.
async fn plain_rows(
    ctx: &PageContext,
    s: &ServicesState,
    programs: Option<&Programs>,
    data: &Map<String, Value>,
) -> Result<Vec<SummaryRow>, PageError> {
    let mentioned = data.values().flat_map(facts::mentioned);
    let names = Names::load(&s.registry, &ctx.actor, mentioned).await?;
    let catalogue = s.registry.catalogue();
    let words = Words { ctx, metamodel: &catalogue.metamodel, names: &names };
    Ok(Facts::new(&words, programs).rows(data))
}
