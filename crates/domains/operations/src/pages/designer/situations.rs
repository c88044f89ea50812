//! `GET|POST /packs/{id}/design/tests`: the situations of the working copy, played beside what the installation does.
//!
//! What a run has told is kept beside the working copy, so that every node shows it, and until it is thrown away like a draft.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use svod_kernel::Actor;
use svod_model::PackSource;
use svod_portal::components::{self, ButtonKind, PostButton, Table, Tone};
use svod_portal::{Html, Island, PageContext, PageError};
use svod_registry::PublishError;
use svod_runtime::ApplicationError;
use tokio::sync::mpsc::Receiver;

use super::frame::Frame;
use super::tree::{self, Fields, Notice};
use super::{PackTest, PackTestsEnd, PackTestsError, PackTestsTold, address, file_address};
use crate::OperationsState;
use crate::pages::file::allowed;
use crate::publications::{active, publications};
use crate::working::Working;

/// Seconds without news after which a run is over: no run may take as long.
const LOST: f64 = 900.0;

/// Letters of a message that are kept.
const MAX_WHY: usize = 4_000;

/// A run, as far as it has told.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    planned: Option<usize>,
    played: Vec<Played>,
    end: Option<End>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Played {
    file: String,
    name: String,
    failed: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
enum End {
    Done,
    TooLong(u64),
    Broken(String),
    Lost,
}

impl Run {
    /// What was told next; none: it broke off.
    fn hear(&mut self, told: Option<PackTestsTold>) {
        let short = |text: String| text.chars().take(MAX_WHY).collect::<String>();
        match told {
            Some(PackTestsTold::Planned(n)) => self.planned = Some(n),
            Some(PackTestsTold::Played(PackTest { file, name, failed })) => {
                self.played.push(Played { file, name, failed: failed.map(short) });
            }
            Some(PackTestsTold::Ended(PackTestsEnd::Done)) => self.end = Some(End::Done),
            Some(PackTestsTold::Ended(PackTestsEnd::TooLong { seconds })) => self.end = Some(End::TooLong(seconds)),
            Some(PackTestsTold::Ended(PackTestsEnd::Broken(why))) => self.end = Some(End::Broken(short(why))),
            None => self.end = Some(End::Lost),
        }
    }

    fn failed(&self) -> usize {
        self.played.iter().filter(|t| t.failed.is_some()).count()
    }
}

/// A run that is kept, and whether the working copy is what was played.
struct Kept {
    run: Run,
    same: bool,
}

#[derive(Template)]
#[template(path = "designer/situations.html")]
struct TestsPage<'a> {
    ctx: &'a PageContext,
    frame: Frame<'a>,
    here: String,
    under_way: bool,
    status: String,
    outcome: Html,
    run: Html,
    back: String,
}

/// The page, for who may publish the pack.
///
/// # Errors
/// Not permitted, no such pack, or there is nobody who plays situations.
pub async fn show(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    allowed(&ctx, &s, &id)?;
    s.tests.as_ref().ok_or_else(PageError::not_found)?;
    let working = Working::open(&s, &ctx.actor, &id).await?;
    let kept = kept(&ctx, &s, &working).await?;
    Ok(render(&ctx, &working, kept, None))
}

/// Begins to play the situations; the page shows how far it is.
///
/// # Errors
/// Not permitted, no such pack, or there is nobody who plays situations.
pub async fn run(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
    _: Fields,
) -> Result<Response, PageError> {
    allowed(&ctx, &s, &id)?;
    let tests = s.tests.clone().ok_or_else(PageError::not_found)?;
    let working = Working::open(&s, &ctx.actor, &id).await?;
    match s.registry.check(&working.source()).await {
        Ok(_) => {}
        Err(PublishError::Faults(found)) => {
            let banner = components::banner(Tone::Warning, ctx.t("design-tests-faults"), Html::default());
            let notice = Notice { banner, found: Some(found), ..Notice::default() };
            let mut page = tree::render(&ctx, &s, &working, notice);
            *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(page);
        }
        Err(e) => return Err(e.into()),
    }
    let told = match tests.run(with_what_it_needs(&s, &working).await?).await {
        Ok(told) => told,
        Err(PackTestsError::Busy) => {
            let kept = kept(&ctx, &s, &working).await?;
            return Ok(render(&ctx, &working, kept, Some(ctx.t("design-tests-busy"))));
        }
        Err(PackTestsError::Failed(why)) => return Err(PageError::internal(why)),
    };
    let row = Row { key: key(&id), mark: mark(&working.source()), actor: ctx.actor.clone() };
    row.keep(&s, &Run::default()).await?;
    tokio::spawn(follow(s, row, told));
    Ok(Redirect::to(&format!("{}/tests", address(&id))).into_response())
}

/// Where a run is kept.
struct Row {
    key: String,
    mark: String,
    actor: Arc<Actor>,
}

impl Row {
    async fn keep(&self, s: &OperationsState, run: &Run) -> Result<(), ApplicationError> {
        let doc = serde_json::to_string(run).unwrap_or_default();
        s.applications.keep(&self.actor, &self.key, &self.mark, doc).await
    }
}

/// Keeps what a run tells until it ends.
async fn follow(s: OperationsState, row: Row, mut told: Receiver<PackTestsTold>) {
    let mut run = Run::default();
    while run.end.is_none() {
        run.hear(told.recv().await);
        if let Err(e) = row.keep(&s, &run).await {
            tracing::warn!(error = %e, key = row.key, "what the tests of a pack came to is not kept");
        }
    }
}

fn key(pack: &str) -> String {
    format!("design-tests/{pack}")
}

/// What tells one working copy from another.
fn mark(source: &PackSource) -> String {
    let mut hasher = DefaultHasher::new();
    source.files.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

async fn kept(ctx: &PageContext, s: &OperationsState, working: &Working) -> Result<Option<Kept>, PageError> {
    let Some(row) = s.applications.draft(&ctx.actor, &key(&working.pack)).await? else { return Ok(None) };
    let Ok(mut run) = serde_json::from_str::<Run>(&row.doc) else { return Ok(None) };
    if run.end.is_none() && ctx.now.seconds_since(row.modified) > LOST {
        run.hear(None);
    }
    Ok(Some(Kept { run, same: row.version == mark(&working.source()) }))
}

/// The packs that the working copy depends on as they are in force, and the working copy last.
async fn with_what_it_needs(s: &OperationsState, working: &Working) -> Result<Vec<PackSource>, PageError> {
    let catalogue = s.registry.catalogue();
    let mut needed: Vec<String> = match svod_model::parse_pack(&working.source()) {
        Ok(pack) => pack.manifest.depends,
        Err(_) => catalogue.pack(&working.pack).map(|p| p.manifest.depends.clone()).unwrap_or_default(),
    };
    let mut sources = Vec::new();
    // Dependencies come first in the catalogue: from its end on, who needs comes before what is needed.
    for pack in catalogue.packs.iter().rev().filter(|p| p.manifest.id != working.pack) {
        if needed.contains(&pack.manifest.id) {
            needed.extend(pack.manifest.depends.iter().cloned());
            sources.push(active(&publications(&s.registry, &pack.manifest.id).await?)?.source()?);
        }
    }
    sources.reverse();
    sources.push(working.source());
    Ok(sources)
}

fn render(ctx: &PageContext, working: &Working, kept: Option<Kept>, refused: Option<String>) -> Response {
    let any = working.source().files.keys().any(|path| path.starts_with("tests/"));
    let here = format!("{}/tests", address(&working.pack));
    let under_way = kept.as_ref().is_some_and(|k| k.run.end.is_none());
    let status = if refused.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let refused = refused.map(|text| components::banner(Tone::Warning, text, Html::default()));
    let button = PostButton { action: &here, text: ctx.t("design-run-tests"), ..PostButton::default() };
    let body = TestsPage {
        ctx,
        frame: Frame::new(ctx, ctx.t("design-tests"), ctx.t("design-tests-lead")).notices(refused),
        under_way,
        status: match &kept {
            None if any => ctx.t("design-tests-never"),
            None => ctx.t("design-tests-empty"),
            Some(kept) => said(ctx, &kept.run),
        },
        outcome: kept.as_ref().map(|k| outcome(ctx, working, k)).unwrap_or_default(),
        run: if under_way {
            components::button_link(&here, ctx.t("design-tests-look"), ButtonKind::Secondary)
        } else if any {
            components::post_button(ctx, &button)
        } else {
            Html::default()
        },
        here,
        back: address(&working.pack),
    };
    body.frame.inner(&working.pack).island(Island::Designer).body(&body).status(status).into_response()
}

/// How far it is, or what came of it, in a sentence.
fn said(ctx: &PageContext, run: &Run) -> String {
    let (done, failed) = (run.played.len(), run.failed());
    match (&run.end, run.planned) {
        (None, None) => ctx.t("design-tests-begin"),
        (None, Some(n)) => ctx.tf("design-tests-under-way", &[("done", done.into()), ("n", n.into())]),
        (Some(End::Done), _) if done == 0 => ctx.t("design-tests-empty"),
        (Some(End::Done), _) if failed == 0 => ctx.tf("design-tests-passed", &[("n", done.into())]),
        (Some(End::Done), _) => ctx.tf("design-tests-failed", &[("n", done.into()), ("failed", failed.into())]),
        (Some(End::TooLong(seconds)), _) => ctx.tf("design-tests-too-long", &[("n", (seconds / 60).into())]),
        (Some(End::Broken(_)), _) => ctx.t("design-tests-none"),
        (Some(End::Lost), _) => ctx.t("design-tests-lost"),
    }
}

/// Each situation, those that failed first, and why nothing more could be played.
fn outcome(ctx: &PageContext, working: &Working, kept: &Kept) -> Html {
    let mut all = Vec::new();
    if let (None, Some(planned)) = (&kept.run.end, kept.run.planned) {
        let done = kept.run.played.len();
        all.push(Html::trusted(format!(
            r#"<progress max="{planned}" value="{done}" aria-labelledby="run-status">{done}/{planned}</progress>"#
        )));
    }
    if !kept.same {
        all.push(components::banner(Tone::Warning, ctx.t("design-tests-changed"), Html::default()));
    }
    if let Some(End::Broken(why)) = &kept.run.end {
        all.push(components::banner(Tone::Danger, ctx.t("design-tests-none"), Html::text(why)));
    }
    let mut table = Table::new(ctx.t("design-tests")).hide_caption().column(ctx.t("design-file"));
    table = table.column(ctx.t("design-test")).column(ctx.t("design-outcome"));
    let (failed, passed): (Vec<_>, Vec<_>) = kept.run.played.iter().partition(|test| test.failed.is_some());
    for test in failed.into_iter().chain(passed) {
        let what = match &test.failed {
            None => components::tag(Tone::Good, ctx.t("design-passed")),
            Some(why) => Html::join([
                components::tag(Tone::Danger, ctx.t("design-failed")),
                Html::trusted(format!("<span class=\"why\">{}</span>", Html::text(why))),
            ]),
        };
        table.row([file(working, &test.file), Html::text(&test.name), what]);
    }
    if !table.is_empty() {
        all.push(table.html());
    }
    Html::join(all)
}

/// The file of a situation, with the way to its editor while the working copy has it.
fn file(working: &Working, name: &str) -> Html {
    let path = if name.starts_with("tests/") { name.to_owned() } else { format!("tests/{name}") };
    let shown = Html::trusted(format!("<code>{}</code>", Html::text(&path)));
    match working.file(&path) {
        Some(_) => components::link(&file_address(&working.pack, &path), shown),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_heard_to_its_end() {
        let mut run = Run::default();
        run.hear(Some(PackTestsTold::Planned(2)));
        let played = |failed: Option<String>| PackTest { file: "tests/a.yaml".into(), name: "a".into(), failed };
        run.hear(Some(PackTestsTold::Played(played(None))));
        run.hear(Some(PackTestsTold::Played(played(Some("x".repeat(MAX_WHY + 1))))));
        assert_eq!((run.planned, run.played.len(), run.failed(), &run.end), (Some(2), 2, 1, &None));
        assert_eq!(run.played[1].failed.as_ref().map(String::len), Some(MAX_WHY));
        run.hear(None);
        assert_eq!(run.end, Some(End::Lost));
        let again: Run = serde_json::from_str(&serde_json::to_string(&run).unwrap()).unwrap();
        assert_eq!(again, run);
    }
}
