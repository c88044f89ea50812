//! `GET /quarantine/{id}`: one refused message; another mapping tried on it, and put into force.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_ingest::{Preview, QuarantineError, QuarantineRow, QuarantineStatus};
use svod_model::ObservedValue;
use svod_portal::components::{self, ButtonKind, PostButton, SummaryRow, Table, Tone};
use svod_portal::{CsrfForm, Html, Island, Page, PageContext, PageError, encoded};

use super::quarantine::{allowed, look, may_replay, reason_name, told, tone_of};
use super::{breakable, entity_link, pack_title};
use crate::actions::correct::{CorrectError, correct as correct_mapping, profile_of};
use crate::actions::edit::EditFileError;
use crate::{OperationsState, faults, held};

#[derive(Template)]
#[template(path = "refused/refused.html")]
struct RefusedPage<'a> {
    ctx: &'a PageContext,
    title: &'a str,
    banner: Html,
    errors: Html,
    status: Html,
    explanation: String,
    fix: String,
    facts: Html,
    payload: Option<String>,
    look: Html,
    acts: Html,
    id: i64,
    profile: Option<Profile>,
    has_error: bool,
    preview: Html,
}

/// The mapping that refused it, or the one tried.
struct Profile {
    name: String,
    mapping: String,
    may_publish: bool,
}

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// They come back from a fresh proof.
    held: Option<String>,
}

/// What was tried, or kept until a fresh proof.
#[derive(Default)]
struct Tried {
    banner: Html,
    mapping: Option<String>,
    preview: Option<Preview>,
    errors: Vec<String>,
    /// What payloads were said to be needed for, which is too little or too much.
    unsaid: Option<String>,
}

/// The page.
///
/// # Errors
/// Not permitted, or no such message.
pub async fn show(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let waiting = held::kept(&ctx, &s, (&address(id), asked.held.as_deref())).await?;
    let tried =
        waiting.map(|fields| Tried { mapping: Some(mapping(&fields)), banner: held::notice(&ctx), ..Tried::default() });
    render(&ctx, &s, id, tried.unwrap_or_default()).await
}

fn address(id: i64) -> String {
    format!("/quarantine/{id}")
}

async fn render(ctx: &PageContext, s: &OperationsState, id: i64, tried: Tried) -> Result<Response, PageError> {
    let row = allowed(ctx, s.quarantine.get(&ctx.actor, id).await)?;
    let (m, open) = (&row.message, s.quarantine.is_open_for(&ctx.actor, &row));
    let number = id.to_string();
    let title = ctx.tf("quarantine-number", &[("id", number.as_str().into())]);
    let has_error = !tried.errors.is_empty();
    let mut errors: Vec<_> = tried.errors.iter().map(|text| ("mapping".to_owned(), text.clone())).collect();
    errors.extend(tried.unsaid.iter().map(|_| ("purpose".to_owned(), ctx.t("quarantine-look-short"))));
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let profile = profile_of(&s.registry, &row).map(|p| Profile {
        name: format!("{} · {}", p.spec.id, pack_title(ctx, &p.spec.pack)),
        mapping: tried.mapping.clone().unwrap_or_else(|| p.spec.mapping.clone()),
        may_publish: may_replay(ctx, s) && s.registry.may_publish_pack(&ctx.actor, &p.spec.pack),
    });
    let preview = match &tried.preview {
        Some(p) => preview(ctx, s, p).await,
        None => Html::default(),
    };
    let body = RefusedPage {
        ctx,
        title: &title,
        banner: tried.banner,
        errors: components::error_summary(ctx, &errors),
        status: components::tag(tone_of(row.status), ctx.t(&format!("quarantine-status-{}", row.status.as_str()))),
        explanation: ctx.t_or(&format!("reason-{}-text", m.reason), ""),
        fix: ctx.t_or(&format!("reason-{}-fix", m.reason), ""),
        facts: facts(ctx, s, &row, open),
        payload: open.then(|| String::from_utf8_lossy(&m.payload).into_owned()),
        look: if open { Html::default() } else { look::form(ctx, look::Stands::Message(id), tried.unsaid.as_deref()) },
        acts: acts(ctx, s, &row),
        id,
        profile,
        has_error,
        preview,
    };
    let page = Page::new(ctx, title.clone()).crumb(ctx.t("quarantine-title"), "/quarantine");
    Ok(page.body(&body).island(Island::Forms).status(status).into_response())
}

/// The page, where too little was said about what payloads are needed for.
///
/// # Errors
/// Not permitted, or no such message.
pub async fn unsaid(ctx: &PageContext, s: &OperationsState, id: i64, said: String) -> Result<Response, PageError> {
    render(ctx, s, id, Tried { unsaid: Some(said), ..Tried::default() }).await
}

fn facts(ctx: &PageContext, s: &OperationsState, row: &QuarantineRow, open: bool) -> Html {
    let m = &row.message;
    let tree = s.registry.spaces();
    let space = tree.path(m.space).map(|p| ctx.t_or(&format!("space-{}", p.name()), p.as_str()));
    let unknown = || Html::from(ctx.t("quarantine-unknown"));
    let closed = || Html::from(ctx.t("quarantine-detail-closed"));
    let detail = if !open && m.detail.is_empty() {
        closed()
    } else {
        Html::trusted(format!(r#"<span lang="en">{}</span>"#, breakable(&m.detail)))
    };
    let device = match m.device.as_deref() {
        Some(device) => breakable(device),
        None if !open && m.reason == "unknown-device" => closed(),
        None => unknown(),
    };
    let mut rows = vec![
        SummaryRow::new(ctx.t("quarantine-reason"), reason_name(ctx, &m.reason)),
        SummaryRow::new(ctx.t("quarantine-detail"), detail),
        SummaryRow::new(ctx.t("quarantine-when"), components::time(ctx, m.at)),
        SummaryRow::new(ctx.t("quarantine-device"), device),
        SummaryRow::new(ctx.t("quarantine-profile"), m.profile.as_deref().map_or_else(unknown, breakable)),
        SummaryRow::new(ctx.t("quarantine-source"), breakable(&m.source)),
    ];
    rows.extend(space.filter(|_| m.space != 0).map(|s| SummaryRow::new(ctx.t("quarantine-space"), s)));
    components::summary_list(&rows)
}

/// For a message that is good now as it is: its device was registered meanwhile, its type declared.
fn acts(ctx: &PageContext, s: &OperationsState, row: &QuarantineRow) -> Html {
    if row.status != QuarantineStatus::Held || !may_replay(ctx, s) {
        return Html::default();
    }
    let id = row.id.to_string();
    let button = |action, key: &str, kind, confirm| {
        let fields = [("ids", id.as_str())];
        components::post_button(ctx, &PostButton { action, text: ctx.t(key), fields: &fields, kind, confirm })
    };
    let question = ctx.t("quarantine-discard-confirm");
    Html::join([
        button("/quarantine/replay", "quarantine-replay-one", ButtonKind::Secondary, None),
        button("/quarantine/discard", "quarantine-discard-one", ButtonKind::Danger, Some(question)),
    ])
}

async fn preview(ctx: &PageContext, s: &OperationsState, preview: &Preview) -> Html {
    let mut parts = Vec::new();
    if preview.faults.is_empty() {
        parts.push(components::banner(Tone::Good, ctx.t("quarantine-try-good"), ctx.t("quarantine-try-good-text")));
    } else {
        let faults = preview.faults.iter().map(|f| {
            let reason = Html::from(reason_name(ctx, &f.reason));
            Html::trusted(format!(r#"<li>{reason}: <span lang="en">{}</span></li>"#, breakable(&f.detail)))
        });
        let list = Html::trusted(format!("<ul>{}</ul>", Html::join(faults)));
        parts.push(components::banner(Tone::Warning, ctx.t("quarantine-try-faults"), list));
    }
    if !preview.readings.is_empty() {
        let mut table = Table::new(ctx.t("quarantine-try-readings"))
            .column(ctx.t("quarantine-entity"))
            .column(ctx.t("quarantine-attribute"))
            .number_column(ctx.t("quarantine-value"))
            .column(ctx.t("quarantine-observed"));
        for r in &preview.readings {
            let mark =
                if r.simulated { Html::join([" ".into(), components::simulated_tag(ctx)]) } else { Html::default() };
            // It need not be there yet, and stands in the payload that is open.
            let known = s.registry.entity(&ctx.actor, &r.entity).await.is_ok();
            let of = if known {
                entity_link(ctx, &s.registry, r.entity.as_str()).await
            } else {
                Html::text(r.entity.as_str())
            };
            table.row([
                of,
                ctx.t_or(&format!("attr-{}", r.attribute), &r.attribute).into(),
                Html::join([value(ctx, &r.value), mark]),
                components::time(ctx, r.at),
            ]);
        }
        parts.push(table.html());
    }
    Html::join(parts)
}

fn value(ctx: &PageContext, value: &ObservedValue) -> Html {
    match value {
        ObservedValue::Number(n) => ctx.number(*n).into(),
        ObservedValue::Bool(true) => ctx.t("quarantine-yes").into(),
        ObservedValue::Bool(false) => ctx.t("quarantine-no").into(),
        ObservedValue::Point(p) => format!("{:.5}, {:.5}", p.lat, p.lon).into(),
        ObservedValue::Text(t) => Html::from(t),
    }
}

type Fields = CsrfForm<BTreeMap<String, String>>;

fn mapping(fields: &BTreeMap<String, String>) -> String {
    fields.get("mapping").map(|m| m.replace("\r\n", "\n")).unwrap_or_default()
}

/// Shows what another mapping would make of the message; nothing is stored.
///
/// # Errors
/// Not permitted, or no such message.
pub async fn try_mapping(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<i64>,
    CsrfForm(fields): Fields,
) -> Result<Response, PageError> {
    let mapping = mapping(&fields);
    let mut tried = Tried { mapping: Some(mapping.clone()), ..Tried::default() };
    match s.quarantine.try_mapping(&ctx.actor, id, &mapping).await {
        Ok(preview) => tried.preview = Some(preview),
        Err(e) => tried.errors = of_quarantine(&ctx, e)?,
    }
    render(&ctx, &s, id, tried).await
}

/// Publishes the corrected mapping and replays what its profile holds.
///
/// # Errors
/// Not permitted, or no such message.
pub async fn correct(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path(id): Path<i64>,
    CsrfForm(fields): Fields,
) -> Result<Response, PageError> {
    // Who may not publish anything is told that first.
    if may_replay(&ctx, &s)
        && let Some(elsewhere) = held::until_proved(&ctx, &s, &address(id), &fields).await?
    {
        return Ok(elsewhere);
    }
    let mapping = mapping(&fields);
    let errors = match correct_mapping(&s, &ctx.actor, id, &mapping).await {
        Ok(done) => {
            held::done(&ctx, &s, &address(id)).await;
            let (pack, version) = (encoded(&done.pack), encoded(&done.version));
            let to = format!("/quarantine?done=corrected&pack={pack}&version={version}&{}", told(&done.report));
            return Ok(Redirect::to(&to).into_response());
        }
        Err(CorrectError::Quarantine(e)) => of_quarantine(&ctx, e)?,
        Err(CorrectError::Edit(EditFileError::Publish(e))) => faults::of_publication(&ctx, e)?,
        Err(CorrectError::Edit(e)) if !matches!(e, EditFileError::Query(_)) => {
            vec![ctx.tf("quarantine-not-edited", &[("detail", e.to_string().into())])]
        }
        Err(e) => return Err(e.into()),
    };
    render(&ctx, &s, id, Tried { mapping: Some(mapping), errors, ..Tried::default() }).await
}

/// What is wrong with the expression, in words; another error becomes its own page.
fn of_quarantine(ctx: &PageContext, error: QuarantineError) -> Result<Vec<String>, PageError> {
    match error {
        QuarantineError::Mapping(e) => {
            let (line, column) = (e.line.to_string(), e.column.to_string());
            let args = [
                ("line", line.as_str().into()),
                ("column", column.as_str().into()),
                ("message", e.message.as_str().into()),
                ("fix", e.fix.as_str().into()),
            ];
            Ok(vec![ctx.tf("quarantine-mapping-fault", &args)])
        }
        QuarantineError::NoProfile => Ok(vec![ctx.t("quarantine-no-profile")]),
        QuarantineError::Closed => Ok(vec![ctx.t("quarantine-try-closed")]),
        other => allowed(ctx, Err(other)),
    }
}
