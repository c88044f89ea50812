//! `GET /packs`: packs in force. `POST /packs`: a folder is checked or published.

use askama::Template;
use axum::extract::{Multipart, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_model::{Pack, PackSource, parse_pack};
use svod_portal::components::{self, Table, Tone};
use svod_portal::{Html, Island, Page, PageContext, PageError, encoded};

use super::{entity_link, may_publish_somewhere, pack_title, size};
use crate::actions::upload;
use crate::{OperationsState, faults, held};

#[derive(Template)]
#[template(path = "packs/packs.html")]
struct PacksPage<'a> {
    ctx: &'a PageContext,
    errors: Html,
    banner: Html,
    table: Html,
    empty: Html,
    may_publish: bool,
}

/// The page with a folder that waits for a fresh proof.
const PAGE: &str = "/packs";

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// They come back from a fresh proof.
    held: Option<String>,
}

/// What is said above the list.
#[derive(Default)]
struct Notice {
    status: StatusCode,
    banner: Html,
    errors: Vec<String>,
}

/// The page.
///
/// # Errors
/// When the store fails.
pub async fn list(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let waiting = held::kept::<PackSource>(&ctx, &s, (PAGE, asked.held.as_deref())).await?;
    let banner = waiting.map(|source| waits(&ctx, &source)).unwrap_or_default();
    Ok(render(&ctx, &s, Notice { banner, ..Notice::default() }).await)
}

/// A folder that was sent before a fresh proof was asked for, and the button that publishes it.
fn waits(ctx: &PageContext, source: &PackSource) -> Html {
    let (id, version) = parse_pack(source).map(|p| (p.manifest.id, p.manifest.version)).unwrap_or_default();
    let said =
        ctx.tf("packs-held", &[("id", id.into()), ("version", version.into()), ("n", source.files.len().into())]);
    let form = format!(
        "<p>{}</p><form method=\"post\" action=\"{PAGE}\" enctype=\"multipart/form-data\">{}<div class=\"actions\"><button class=\"button\" type=\"submit\" name=\"act\" value=\"held\">{}</button></div></form>",
        Html::from(said),
        components::csrf_field(ctx),
        Html::from(ctx.t("packs-publish"))
    );
    components::banner(Tone::Info, ctx.t("held-title"), Html::trusted(form))
}

async fn render(ctx: &PageContext, s: &OperationsState, notice: Notice) -> Response {
    let catalogue = s.registry.catalogue();
    let mut table = Table::new(ctx.t("packs-in-force"))
        .column(ctx.t("packs-pack"))
        .column(ctx.t("packs-version"))
        .column(ctx.t("packs-owner"))
        .column(ctx.t("packs-space"))
        .column(ctx.t("packs-depends"))
        .number_column(ctx.t("packs-types"))
        .number_column(ctx.t("packs-decisions"))
        .number_column(ctx.t("packs-layers"));
    for pack in &catalogue.packs {
        table.row(row(ctx, s, pack).await);
    }
    let errors: Vec<_> = notice.errors.into_iter().map(|text| ("files".to_owned(), text)).collect();
    let body = PacksPage {
        ctx,
        errors: components::error_summary(ctx, &errors),
        banner: notice.banner,
        table: if table.is_empty() { Html::default() } else { table.html() },
        empty: components::empty(ctx.t("packs-empty-title"), ctx.t("packs-empty-text")),
        may_publish: may_publish_somewhere(&s.registry, &ctx.actor),
    };
    let page = Page::new(ctx, ctx.t("packs-title")).body(&body).wide().island(Island::Forms);
    page.status(notice.status).into_response()
}

async fn row(ctx: &PageContext, s: &OperationsState, pack: &Pack) -> Vec<Html> {
    let m = &pack.manifest;
    let count = |n: usize| Html::from(ctx.number(n as f64));
    let depends = m.depends.iter().enumerate().map(|(i, d)| {
        let comma = if i == 0 { "" } else { ", " };
        Html::join([comma.into(), components::link(&format!("/packs/{}", encoded(d)), pack_title(ctx, d))])
    });
    vec![
        components::link(&format!("/packs/{}", encoded(&m.id)), pack_title(ctx, &m.id)),
        Html::text(&m.version),
        entity_link(ctx, &s.registry, &m.owner).await,
        space_name(ctx, m.space.as_deref()),
        if m.depends.is_empty() { ctx.t("packs-none").into() } else { Html::join(depends) },
        count(pack.model.types.len()),
        count(pack.decisions.len()),
        count(pack.layers.len()),
    ]
}

/// The region a pack is for.
pub fn space_name(ctx: &PageContext, space: Option<&str>) -> Html {
    match space {
        Some(s) => ctx.t_or(&format!("space-{s}"), s).into(),
        None => ctx.t("packs-every-space").into(),
    }
}

/// A folder that was sent: checked, and published when that was asked.
///
/// # Errors
/// Not permitted, not readable, or a failure of ours; faults of the pack stand on the page.
pub async fn upload(
    ctx: PageContext,
    State(s): State<OperationsState>,
    form: Multipart,
) -> Result<Response, PageError> {
    if !may_publish_somewhere(&s.registry, &ctx.actor) {
        return Err(ctx.refusal());
    }
    let mut sent = upload::read(form).await?;
    let field = |name: &str| sent.fields.get(name).map(String::as_str).unwrap_or_default().to_owned();
    if !ctx.csrf_holds(&field("csrf")) {
        return Err(PageError::csrf());
    }
    let (publish, waited) = (field("act") == "publish", field("act") == "held");
    sent.files.retain(|(name, _)| !name.is_empty());
    let refused = |errors| Notice { status: StatusCode::UNPROCESSABLE_ENTITY, errors, ..Notice::default() };
    let kept = if waited { held::waiting(&ctx, &s, PAGE).await? } else { None };
    if kept.is_none() && sent.files.is_empty() {
        return Ok(render(&ctx, &s, refused(vec![ctx.t("packs-no-files")])).await);
    }
    let source = match kept.map_or_else(|| upload::source(sent), Ok) {
        Ok(source) => source,
        Err(all) => return Ok(render(&ctx, &s, refused(faults::texts(&ctx, &all))).await),
    };
    if !(publish || waited) {
        let checked = s.registry.check(&source).await;
        let notice = match checked {
            Ok(m) => Notice { banner: sound(&ctx, &m.id, &m.version, &source), ..Notice::default() },
            Err(e) => refused(faults::of_publication(&ctx, e)?),
        };
        return Ok(render(&ctx, &s, notice).await);
    }
    if let Some(elsewhere) = held::until_proved(&ctx, &s, PAGE, &source).await? {
        return Ok(elsewhere);
    }
    // What waits is offered again where it could not be published.
    let banner = if waited { waits(&ctx, &source) } else { Html::default() };
    match s.registry.publish(&ctx.actor, source).await {
        Ok(p) => {
            held::done(&ctx, &s, PAGE).await;
            let done = if p.changed { "published" } else { "unchanged" };
            let to = format!("/packs/{}?done={done}&version={}&entities={}", p.id, encoded(&p.version), p.entities);
            Ok(Redirect::to(&to).into_response())
        }
        Err(e) => {
            let notice = Notice { banner, ..refused(faults::of_publication(&ctx, e)?) };
            Ok(render(&ctx, &s, notice).await)
        }
    }
}

fn sound(ctx: &PageContext, id: &str, version: &str, source: &PackSource) -> Html {
    let args = [
        ("id", id.into()),
        ("version", version.into()),
        ("n", source.files.len().into()),
        ("size", size(ctx, source).into()),
    ];
    components::banner(Tone::Good, ctx.t("packs-checked"), ctx.tf("packs-checked-text", &args))
}
