//! `GET /quarantine`: readings refused, each with its reason and what can be done.

pub mod look;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_ingest::{QuarantineError, QuarantineFilter, QuarantineRow, QuarantineStatus, ReplayReport, Which};
use svod_portal::components::{self, ButtonKind, Choice, Field, Filters, PostButton, Table, Tone};
use svod_portal::{CsrfForm, Html, Island, Page, PageContext, PageError, encoded};
use svod_registry::Action;

use super::breakable;
use crate::OperationsState;

/// Reasons that doors and mappings give today; another is shown by its code.
pub const REASONS: [&str; 11] = [
    "malformed-payload",
    "mapping-error",
    "bad-shape",
    "unknown-topic",
    "unknown-device",
    "unknown-attribute",
    "wrong-type",
    "wrong-unit",
    "out-of-range",
    "not-finite",
    "future",
];

/// Rows on a page.
const PAGE: usize = 50;

/// Characters of a payload in the list.
const EXCERPT: usize = 160;

/// Most messages chosen by hand: what one page offers.
const MAX_CHOSEN: usize = 500;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    reason: Option<String>,
    status: Option<String>,
    before: Option<String>,
    #[serde(flatten)]
    done: BTreeMap<String, String>,
}

impl Asked {
    fn reason(&self) -> Option<String> {
        let reason = self.reason.as_deref().filter(|r| !r.is_empty())?;
        Some(reason.chars().take(60).collect())
    }

    fn status(&self) -> (&'static str, Option<QuarantineStatus>) {
        match self.status.as_deref() {
            Some("replayed") => ("replayed", Some(QuarantineStatus::Replayed)),
            Some("discarded") => ("discarded", Some(QuarantineStatus::Discarded)),
            Some("all") => ("all", None),
            _ => ("held", Some(QuarantineStatus::Held)),
        }
    }

    fn query(&self) -> String {
        let reason = self.reason().map(|r| format!("&reason={}", encoded(&r))).unwrap_or_default();
        format!("status={}{reason}", self.status().0)
    }

    fn before(&self) -> Option<i64> {
        self.before.as_deref()?.parse().ok()
    }

    /// Where this page of the list stands.
    fn address(&self) -> String {
        let before = self.before().map(|id| format!("&before={id}")).unwrap_or_default();
        format!("/quarantine?{}{before}", self.query())
    }
}

#[derive(Template)]
#[template(path = "quarantine/quarantine.html")]
struct QuarantinePage<'a> {
    ctx: &'a PageContext,
    errors: Html,
    banner: Html,
    look: Html,
    counts: Html,
    filters: Html,
    table: Html,
    acts: bool,
    empty: Html,
    pages: Html,
}

/// The page.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn list(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    render(&ctx, &s, &asked, None).await
}

/// The page; `unsaid` is what was said payloads are needed for, and is too little or too much.
async fn render(
    ctx: &PageContext,
    s: &OperationsState,
    asked: &Asked,
    unsaid: Option<&str>,
) -> Result<Response, PageError> {
    let filter =
        QuarantineFilter { reason: asked.reason(), status: asked.status().1, before: asked.before(), limit: PAGE };
    let first = format!("/quarantine?{}", asked.query());
    let back = filter.before.is_some().then_some(first.as_str());
    let rows = allowed(ctx, s.quarantine.page(&ctx.actor, filter.clone()).await)?;
    let counts = s.quarantine.counts(&ctx.actor, QuarantineStatus::Held).await?;
    let may = may_replay(ctx, s);
    let next = rows.last().filter(|_| rows.len() == PAGE).map(|r| format!("{first}&before={}", r.id));
    let open = s.quarantine.is_open(&ctx.actor);
    let errors: Vec<_> = unsaid.map(|_| ("purpose".to_owned(), ctx.t("quarantine-look-short"))).into_iter().collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let body = QuarantinePage {
        ctx,
        errors: components::error_summary(ctx, &errors),
        banner: done(ctx, &asked.done),
        look: if open || (rows.is_empty() && unsaid.is_none()) {
            Html::default()
        } else {
            look::form(ctx, look::Stands::List(asked), unsaid)
        },
        counts: counted(ctx, &counts, may),
        filters: filters(ctx, asked, &counts).html(ctx),
        table: if rows.is_empty() { Html::default() } else { table(ctx, &rows, may, open) },
        acts: may && rows.iter().any(|r| r.status == QuarantineStatus::Held),
        empty: components::empty(ctx.t("quarantine-empty-title"), ctx.t("quarantine-empty-text")),
        pages: components::pagination(ctx, rows.len(), back, next.as_deref()),
    };
    let page = Page::new(ctx, ctx.t("quarantine-title")).body(&body).wide().island(Island::Forms);
    Ok(page.status(status).into_response())
}

/// Who has not signed in is asked to.
pub fn allowed<T>(ctx: &PageContext, answer: Result<T, QuarantineError>) -> Result<T, PageError> {
    match answer {
        Err(QuarantineError::Forbidden(_)) if !ctx.signed_in() => Err(PageError::sign_in()),
        other => Ok(other?),
    }
}

/// May the visitor replay and discard somewhere?
pub fn may_replay(ctx: &PageContext, s: &OperationsState) -> bool {
    let tree = s.registry.spaces();
    tree.all().iter().any(|space| {
        s.registry.may(&ctx.actor, Action::ReplayQuarantine, &s.registry.resource("Quarantine", &space.path))
    })
}

/// What a reason is called.
pub fn reason_name(ctx: &PageContext, code: &str) -> String {
    ctx.t_or(&format!("reason-{code}"), code)
}

/// The colour of a status.
pub const fn tone_of(status: QuarantineStatus) -> Tone {
    match status {
        QuarantineStatus::Held => Tone::Warning,
        QuarantineStatus::Replayed => Tone::Good,
        QuarantineStatus::Discarded => Tone::Quiet,
    }
}

fn counted(ctx: &PageContext, counts: &[(String, i64)], may: bool) -> Html {
    if counts.is_empty() {
        return Html::default();
    }
    let mut table = Table::new(ctx.t("quarantine-by-reason"))
        .column(ctx.t("quarantine-reason"))
        .number_column(ctx.t("quarantine-count"))
        .column(ctx.t("quarantine-what-to-do"))
        .column(ctx.t("quarantine-act"));
    for (code, n) in counts {
        let href = format!("/quarantine?reason={}", encoded(code));
        let button = may.then(|| {
            components::post_button(
                ctx,
                &PostButton {
                    action: "/quarantine/replay",
                    text: ctx.t("quarantine-replay-reason"),
                    fields: &[("reason", code)],
                    kind: ButtonKind::Secondary,
                    confirm: None,
                },
            )
        });
        table.row([
            components::link(&href, reason_name(ctx, code)),
            ctx.number(*n as f64).into(),
            ctx.t_or(&format!("reason-{code}-fix"), "").into(),
            button.unwrap_or_default(),
        ]);
    }
    table.html()
}

fn filters(ctx: &PageContext, asked: &Asked, counts: &[(String, i64)]) -> Filters {
    let choice = |value: &str, text: String| Choice { value: value.to_owned(), text };
    let mut codes: Vec<&str> = REASONS.to_vec();
    codes.extend(counts.iter().map(|(c, _)| c.as_str()).filter(|c| !REASONS.contains(c)));
    let any = choice("", ctx.t("quarantine-reason-any"));
    let reasons = std::iter::once(any).chain(codes.iter().map(|c| choice(c, reason_name(ctx, c)))).collect();
    let statuses =
        ["held", "replayed", "discarded", "all"].map(|s| choice(s, ctx.t(&format!("quarantine-status-{s}"))));
    Filters {
        action: "/quarantine".into(),
        fields: vec![
            Field::select("reason", ctx.t("quarantine-reason"), reasons).value(asked.reason().unwrap_or_default()),
            Field::select("status", ctx.t("quarantine-status"), statuses.to_vec()).value(asked.status().0),
        ],
    }
}

fn table(ctx: &PageContext, rows: &[QuarantineRow], may: bool, open: bool) -> Html {
    let mut table = Table::new(ctx.t("quarantine-messages"))
        .column(ctx.t("quarantine-message"))
        .column(ctx.t("quarantine-when"))
        .column(ctx.t("quarantine-from"))
        .column(ctx.t("quarantine-reason"));
    if open {
        table = table.column(ctx.t("quarantine-payload"));
    }
    for row in rows {
        let m = &row.message;
        let reason = Html::trusted(format!(
            r#"<strong>{}</strong><br><span lang="en">{}</span>"#,
            Html::from(reason_name(ctx, &m.reason)),
            breakable(&m.detail)
        ));
        let payload = open.then(|| excerpt(&m.payload));
        let cells = [message(ctx, row, may), components::time(ctx, m.at), from(ctx, row), reason];
        table.row(cells.into_iter().chain(payload));
    }
    table.html()
}

fn message(ctx: &PageContext, row: &QuarantineRow, may: bool) -> Html {
    let id = row.id.to_string();
    let number = ctx.tf("quarantine-number", &[("id", id.as_str().into())]);
    let link = components::link(&format!("/quarantine/{id}"), &number);
    let status = row.status;
    if status != QuarantineStatus::Held {
        let tag = components::tag(tone_of(status), ctx.t(&format!("quarantine-status-{}", status.as_str())));
        return Html::join([link, " ".into(), tag]);
    }
    if !may {
        return link;
    }
    let label = Html::from(ctx.tf("quarantine-choose", &[("id", id.as_str().into())]));
    Html::trusted(format!(
        r#"<span class="check"><input type="checkbox" name="ids" value="{id}" id="choose-{id}" aria-label="{label}">{link}</span>"#
    ))
}

fn from(ctx: &PageContext, row: &QuarantineRow) -> Html {
    let m = &row.message;
    let known = [("quarantine-device", m.device.as_deref()), ("quarantine-profile", m.profile.as_deref())];
    let lines = known.iter().filter_map(|(key, v)| {
        let value = breakable((*v)?);
        Some(Html::trusted(format!(r#"<span class="muted">{}:</span> {value}<br>"#, Html::from(ctx.t(key)))))
    });
    Html::join(lines.chain([breakable(&m.source)]))
}

fn excerpt(payload: &[u8]) -> Html {
    let text = String::from_utf8_lossy(payload);
    let short: String = text.chars().take(EXCERPT).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    Html::trusted(format!("<code>{}{more}</code>", breakable(&short)))
}

/// What was just done, from the address the form was sent on to.
fn done(ctx: &PageContext, told: &BTreeMap<String, String>) -> Html {
    let n = |name: &str| told.get(name).and_then(|v| v.parse::<i64>().ok()).unwrap_or(0);
    let text = |name: &str| told.get(name).map(String::as_str).unwrap_or_default();
    let report = || {
        let args = [
            ("examined", n("examined").into()),
            ("replayed", n("replayed").into()),
            ("held", (n("examined") - n("replayed")).max(0).into()),
            ("stored", n("stored").into()),
            ("duplicates", n("duplicates").into()),
        ];
        ctx.tf("quarantine-report", &args)
    };
    let tone = if n("examined") > n("replayed") { Tone::Warning } else { Tone::Good };
    match text("done") {
        "replayed" => components::banner(tone, ctx.t("quarantine-done-replayed"), report()),
        "corrected" => {
            let args = [("pack", text("pack").into()), ("version", text("version").into())];
            components::banner(tone, ctx.tf("quarantine-done-corrected", &args), report())
        }
        "discarded" => {
            let body = ctx.tf("quarantine-done-discarded-n", &[("n", n("discarded").into())]);
            components::banner(Tone::Good, ctx.t("quarantine-done-discarded"), body)
        }
        "nothing" => components::banner(Tone::Warning, ctx.t("quarantine-nothing"), ctx.t("quarantine-nothing-text")),
        _ => Html::default(),
    }
}

/// The address that tells a report.
pub fn told(report: &ReplayReport) -> String {
    format!(
        "examined={}&replayed={}&stored={}&duplicates={}",
        report.examined, report.replayed, report.stored, report.duplicates
    )
}

type Fields = CsrfForm<Vec<(String, String)>>;

fn chosen(fields: &[(String, String)]) -> Vec<i64> {
    let ids = fields.iter().filter(|(name, _)| name == "ids").filter_map(|(_, v)| v.parse().ok());
    ids.take(MAX_CHOSEN).collect()
}

fn nothing() -> Response {
    Redirect::to("/quarantine?done=nothing").into_response()
}

/// Sends chosen messages, or all with a reason, through the door again.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn replay(
    ctx: PageContext,
    State(s): State<OperationsState>,
    CsrfForm(fields): Fields,
) -> Result<Response, PageError> {
    let reason = fields.iter().find(|(name, v)| name == "reason" && !v.is_empty()).map(|(_, v)| v.clone());
    let ids = chosen(&fields);
    let which = match reason {
        Some(reason) => Which::Reason(reason),
        None if ids.is_empty() => return Ok(nothing()),
        None => Which::Ids(ids),
    };
    let report = allowed(&ctx, s.quarantine.replay(&ctx.actor, which, |_| {}).await)?;
    Ok(Redirect::to(&format!("/quarantine?done=replayed&{}", told(&report))).into_response())
}

/// Gives chosen messages up; they stay on record.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn discard(
    ctx: PageContext,
    State(s): State<OperationsState>,
    CsrfForm(fields): Fields,
) -> Result<Response, PageError> {
    let ids = chosen(&fields);
    if ids.is_empty() {
        return Ok(nothing());
    }
    let n = allowed(&ctx, s.quarantine.discard(&ctx.actor, ids).await)?;
    Ok(Redirect::to(&format!("/quarantine?done=discarded&discarded={n}")).into_response())
}

#[cfg(test)]
mod tests {
    use svod_kernel::Lang;

    use super::*;

    #[test]
    fn every_reason_says_what_it_is_and_what_to_do() {
        let texts = crate::texts();
        for code in REASONS {
            for key in [format!("reason-{code}"), format!("reason-{code}-text"), format!("reason-{code}-fix")] {
                assert!(Lang::ALL.iter().all(|l| texts.has(*l, &key)), "{key}");
            }
        }
    }

    #[test]
    fn only_numbers_are_chosen() {
        let fields = [("ids", "3"), ("csrf", "9"), ("ids", "x"), ("ids", "5")];
        assert_eq!(chosen(&fields.map(|(k, v)| (k.to_owned(), v.to_owned()))), [3, 5]);
    }

    #[test]
    fn payloads_are_cut_and_escaped() {
        assert_eq!(excerpt(b"<b>\xff").as_str(), "<code>&lt;b&gt;\u{fffd}</code>");
        assert!(excerpt(&[b'x'; 500]).as_str().ends_with("…</code>"));
    }

    #[test]
    fn the_address_of_a_filter() {
        let asked = Asked { reason: Some("a b".into()), status: Some("nonsense".into()), ..Asked::default() };
        assert_eq!(asked.query(), "status=held&reason=a%20b");
        assert_eq!(
            Asked { before: Some("7".into()), ..asked }.address(),
            "/quarantine?status=held&reason=a%20b&before=7"
        );
    }
}
