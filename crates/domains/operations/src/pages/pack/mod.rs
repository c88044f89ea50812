//! `GET /packs/{id}`: one pack, what it declares, its publications and files.

pub mod candidate;
mod declared;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_model::{Pack, PackSource, parse_pack};
use svod_portal::components::{self, ButtonKind, PostButton, SummaryRow, Table, Tone};
use svod_portal::{CsrfForm, Html, Island, Page, PageContext, PageError, encoded};

use super::file::allowed;
use super::packs::space_name;
use super::{actor_name, entity_link, file_address, pack_title, size};
use crate::actions::edit::EditFileError;
use crate::actions::roll_back;
use crate::publications::{Publication, active, differences, publications};
use crate::{OperationsState, faults, held};

/// What stands in the address after something was done.
#[derive(Debug, Default, Deserialize)]
pub struct Done {
    done: Option<String>,
    version: Option<String>,
    entities: Option<String>,
    /// They come back from a fresh proof.
    held: Option<String>,
}

/// What was sent, and refused or kept until a fresh proof.
#[derive(Debug, Default)]
pub struct Said {
    errors: candidate::Errors,
    sent: candidate::Sent,
    /// It was kept.
    waited: bool,
}

#[derive(Template)]
#[template(path = "pack/pack.html")]
struct PackPage<'a> {
    ctx: &'a PageContext,
    title: &'a str,
    description: String,
    errors: Html,
    banner: Html,
    facts: Html,
    declared: Html,
    candidate: Html,
    publications: Html,
    may: bool,
    design: String,
    files: Vec<(String, String, String)>,
    size: String,
}

/// The page.
///
/// # Errors
/// When there is no such pack.
pub async fn show(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    let waiting = held::kept(&ctx, &s, (&address(&id), done.held.as_deref())).await?;
    let said = waiting.map(|sent| Said { sent, waited: true, ..Said::default() }).unwrap_or_default();
    render(&ctx, &s, &id, &done, said).await
}

/// The page's address.
fn address(id: &str) -> String {
    format!("/packs/{}", encoded(id))
}

async fn render(
    ctx: &PageContext,
    s: &OperationsState,
    id: &str,
    done: &Done,
    said: Said,
) -> Result<Response, PageError> {
    let all = publications(&s.registry, id).await?;
    let in_force = active(&all)?;
    let source = in_force.source()?;
    let may = s.registry.may_publish_pack(&ctx.actor, id);
    // The catalogue holds it parsed; a pack that no longer compiles is not in it.
    let pack = s.registry.catalogue().pack(id).cloned();
    let pack = pack.map_or_else(|| parse_pack(&source).unwrap_or_default(), |p| Pack::clone(&p));
    let title = pack_title(ctx, id);
    let status = if said.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let tried = s.registry.catalogue().tried.get(id).map(|t| t.candidate.version.clone());
    let body = PackPage {
        ctx,
        title: &title,
        description: ctx.t_or(&format!("pack-{id}-description"), ""),
        errors: components::error_summary(ctx, &said.errors),
        banner: if said.waited { held::notice(ctx) } else { banner(ctx, done, &all, &source) },
        facts: facts(ctx, s, &pack, in_force).await,
        declared: declared::list(ctx, &pack, s.registry.catalogue().seeds.get(id).copied().unwrap_or(0)),
        candidate: candidate::part(ctx, s, id, may, &said),
        publications: history(ctx, id, (&all, tried.as_deref()), may),
        may,
        design: format!("/packs/{}/design", encoded(id)),
        files: if may { files(ctx, id, &source) } else { Vec::new() },
        size: size(ctx, &source),
    };
    let page = Page::new(ctx, title.clone()).crumb(ctx.t("packs-title"), "/packs").island(Island::Forms);
    Ok(page.body(&body).status(status).into_response())
}

fn files(ctx: &PageContext, id: &str, source: &PackSource) -> Vec<(String, String, String)> {
    let kib = |text: &str| ctx.tf("packs-size", &[("n", text.len().div_ceil(1024).into())]);
    source.files.iter().map(|(path, text)| (file_address(id, path), path.clone(), kib(text))).collect()
}

async fn facts(ctx: &PageContext, s: &OperationsState, pack: &Pack, in_force: &Publication) -> Html {
    let m = &pack.manifest;
    let depends = m.depends.iter().enumerate().map(|(i, d)| {
        let comma = if i == 0 { "" } else { ", " };
        Html::join([comma.into(), components::link(&format!("/packs/{}", encoded(d)), pack_title(ctx, d))])
    });
    let published =
        Html::join([components::time(ctx, in_force.published), " · ".into(), actor_name(ctx, &in_force.actor).into()]);
    let mut rows = vec![
        SummaryRow::new(ctx.t("packs-version"), Html::text(&in_force.version)),
        SummaryRow::new(ctx.t("packs-published"), published),
        SummaryRow::new(ctx.t("packs-owner"), entity_link(ctx, &s.registry, &m.owner).await),
        SummaryRow::new(ctx.t("packs-space"), space_name(ctx, m.space.as_deref())),
        SummaryRow::new(
            ctx.t("packs-depends"),
            if m.depends.is_empty() { ctx.t("packs-none").into() } else { Html::join(depends) },
        ),
    ];
    if let Some(took) = took(ctx, in_force) {
        rows.insert(2, SummaryRow::new(ctx.t("packs-took"), took));
    }
    components::summary_list(&rows)
}

/// How long it was from the first change of the working copy to the publication.
fn took(ctx: &PageContext, publication: &Publication) -> Option<String> {
    Some(components::span(ctx, publication.published.seconds_since(publication.begun?)))
}

fn history(ctx: &PageContext, id: &str, (all, tried): (&[Publication], Option<&str>), may: bool) -> Html {
    let mut table = Table::new(ctx.t("packs-publications"))
        .hide_caption()
        .column(ctx.t("packs-version"))
        .column(ctx.t("packs-when"))
        .column(ctx.t("packs-who"))
        .column(ctx.t("packs-took"))
        .column(ctx.t("packs-state"));
    let act = format!("/packs/{}/rollback", encoded(id));
    for (n, p) in all.iter().enumerate() {
        // A version that came into force twice is offered once.
        let offered = may && !p.active && !all[..n].iter().any(|earlier| earlier.version == p.version);
        let state = if p.active {
            components::tag(Tone::Good, ctx.t("packs-active"))
        } else if tried == Some(p.version.as_str()) {
            components::tag(Tone::Info, ctx.t("candidate-tried"))
        } else if offered {
            components::post_button(
                ctx,
                &PostButton {
                    action: &act,
                    text: ctx.tf("packs-roll-back", &[("version", p.version.as_str().into())]),
                    fields: &[("version", &p.version)],
                    kind: ButtonKind::Secondary,
                    confirm: Some(ctx.tf("packs-roll-back-confirm", &[("version", p.version.as_str().into())])),
                },
            )
        } else {
            ctx.t("packs-earlier").into()
        };
        let who = Html::from(actor_name(ctx, &p.actor));
        let took = took(ctx, p).unwrap_or_else(|| ctx.t("packs-took-none"));
        table.row([Html::text(&p.version), components::time(ctx, p.published), who, took.into(), state]);
    }
    table.html()
}

/// What was done, and what it changed against the publication before.
fn banner(ctx: &PageContext, done: &Done, all: &[Publication], source: &PackSource) -> Html {
    let version = done.version.as_deref().unwrap_or_default();
    let title = match done.done.as_deref() {
        Some(done @ ("tried" | "withdrawn")) => {
            let said = ctx.tf(&format!("candidate-done-{done}"), &[("version", version.into())]);
            return components::banner(Tone::Good, said, Html::default());
        }
        Some(done @ ("published" | "unchanged" | "rolled-back")) => {
            ctx.tf(&format!("packs-done-{done}"), &[("version", version.into())])
        }
        _ => return Html::default(),
    };
    let entities: i64 = done.entities.as_deref().and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut body =
        vec![Html::trusted(format!("<p>{}</p>", Html::from(ctx.tf("packs-done-entities", &[("n", entities.into())]))))];
    let before = all.iter().skip_while(|p| !p.active).nth(1).and_then(|p| p.source().ok());
    let changed = before.map(|b| differences(&b, source)).unwrap_or_default();
    if !changed.is_empty() && done.done.as_deref() != Some("unchanged") {
        let items = changed.iter().map(|(path, d)| {
            let what = ctx.t(&format!("packs-file-{}", d.word()));
            Html::trusted(format!("<li><code>{}</code> — {}</li>", Html::text(path), Html::from(what)))
        });
        let items = Html::join(items);
        body.push(Html::trusted(format!("<p>{}</p><ul>{items}</ul>", Html::from(ctx.t("packs-done-files")))));
    }
    components::banner(Tone::Good, title, Html::join(body))
}

/// Brings an earlier publication into force again, under a new version.
///
/// # Errors
/// Not permitted, or no such version.
pub async fn roll_back(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<String>,
    CsrfForm(fields): CsrfForm<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    if s.registry.catalogue().pack(&id).is_some() {
        allowed(&ctx, &s, &id)?;
    }
    if let Some(elsewhere) = ctx.confirm_first(&format!("{}#field-version", address(&id))) {
        return Ok(elsewhere);
    }
    let version = fields.get("version").map(String::as_str).unwrap_or_default();
    match roll_back::roll_back(&s.registry, &ctx.actor, &id, version).await {
        Ok(p) => {
            let to = format!(
                "/packs/{}?done=rolled-back&version={}&entities={}",
                encoded(&p.id),
                encoded(&p.version),
                p.entities
            );
            Ok(Redirect::to(&to).into_response())
        }
        Err(EditFileError::Publish(e)) => {
            let texts = faults::of_publication(&ctx, e)?;
            let errors = texts.into_iter().map(|text| ("version".to_owned(), text)).collect();
            render(&ctx, &s, &id, &Done::default(), Said { errors, ..Said::default() }).await
        }
        Err(e) => Err(e.into()),
    }
}
