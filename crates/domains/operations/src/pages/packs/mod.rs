//! `GET /packs`: packs in force. `POST /packs`: a folder is checked or published.

use askama::Template;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use svod_model::{Pack, PackSource};
use svod_portal::components::{self, Table, Tone};
use svod_portal::{Html, Island, Page, PageContext, PageError, encoded};

use super::{entity_link, may_publish_somewhere, pack_title, size};
use crate::OperationsState;
use crate::actions::upload;
use crate::faults;

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
/// None of its own.
pub async fn list(ctx: PageContext, State(s): State<OperationsState>) -> Result<Response, PageError> {
    Ok(render(&ctx, &s, Notice::default()).await)
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
    let publish = field("act") == "publish";
    sent.files.retain(|(name, _)| !name.is_empty());
    let refused = |errors| Notice { status: StatusCode::UNPROCESSABLE_ENTITY, errors, ..Notice::default() };
    if sent.files.is_empty() {
        return Ok(render(&ctx, &s, refused(vec![ctx.t("packs-no-files")])).await);
    }
    let source = match upload::source(sent) {
        Ok(source) => source,
        Err(all) => return Ok(render(&ctx, &s, refused(faults::texts(&ctx, &all))).await),
    };
    let outcome = if publish {
        s.registry.publish(&ctx.actor, source).await.map(Outcome::Published)
    } else {
        s.registry.check(&source).await.map(|m| Outcome::Checked(m.id, m.version, source))
    };
    match outcome {
        Ok(Outcome::Published(p)) => {
            let done = if p.changed { "published" } else { "unchanged" };
            let to = format!("/packs/{}?done={done}&version={}&entities={}", p.id, encoded(&p.version), p.entities);
            Ok(Redirect::to(&to).into_response())
        }
        Ok(Outcome::Checked(id, version, source)) => {
            Ok(render(&ctx, &s, Notice { banner: sound(&ctx, &id, &version, &source), ..Notice::default() }).await)
        }
        Err(e) => Ok(render(&ctx, &s, refused(faults::of_publication(&ctx, e)?)).await),
    }
}

enum Outcome {
    Published(svod_registry::Published),
    Checked(String, String, PackSource),
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
