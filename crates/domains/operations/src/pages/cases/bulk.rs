//! `GET|POST /operations/cases/retry`, `GET|POST /operations/cases/migration`: many at once. First what it would come to, then,
//! with a reason, some hundreds at a time; the page says how far it came and goes on.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::SpacePath;
use svod_portal::components::{self, SummaryRow, Table, Tone};
use svod_portal::{CsrfForm, Html, Island, Page, PageContext, PageError, encoded};
use svod_runtime::cases::repair::{MAX_SWEPT, RepairError, Survey, Swept};

use super::super::breakable;
use super::act::{Slip, english, error, faults, mapping, mapping_field, reason_field};
use super::{Asked, FormPage, Number, allowed, code_name, process_line, written};
use crate::OperationsState;

/// Refusals that one page names; the others are counted.
const NAMED: usize = 50;

/// What the forms hold beside the filter.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Sent {
    #[serde(default)]
    from: String,
    #[serde(default)]
    mapping: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    after: String,
    /// Done before this part.
    #[serde(default)]
    done: u64,
    #[serde(default)]
    refused: u64,
    #[serde(default, rename = "do")]
    go: String,
    #[serde(default)]
    process: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    age: String,
}

impl Sent {
    fn asked(&self) -> Asked {
        let Self { process, code, age, after, .. } = self.clone();
        Asked { process, code, age, after }
    }
}

/// What came of a part.
struct Part {
    done: u64,
    refused: u64,
    named: Html,
    next: Option<String>,
}

/// What retrying all of a filter would try.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn ask_retry(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Query(sent): Query<Sent>,
) -> Result<Response, PageError> {
    retry_page(&ctx, &s, &sent, Ok(None)).await
}

/// Retries some of them.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn retry(
    ctx: PageContext,
    State(s): State<OperationsState>,
    CsrfForm(sent): CsrfForm<Sent>,
) -> Result<Response, PageError> {
    if s.cases.administered(&ctx.actor).is_empty() {
        return Err(ctx.refusal());
    }
    let asked = sent.asked();
    if let Some(elsewhere) = ctx.confirm_first(&format!("/operations/cases/retry?{}", asked.query())) {
        return Ok(elsewhere);
    }
    match s.cases.retry_all(&ctx.actor, &asked.stuck(ctx.now, MAX_SWEPT), &sent.reason).await {
        Ok(swept) => {
            let next = swept.next.map(written);
            retry_page(&ctx, &s, &sent, Ok(Some(part(&ctx, &s, &sent, swept, next)))).await
        }
        Err(e @ RepairError::Reason) => retry_page(&ctx, &s, &sent, Err(Slip::Repair(e))).await,
        Err(e) => Err(e.into()),
    }
}

async fn retry_page(
    ctx: &PageContext,
    s: &OperationsState,
    sent: &Sent,
    came: Result<Option<Part>, Slip>,
) -> Result<Response, PageError> {
    let asked = sent.asked();
    let mut rows = Vec::new();
    if !asked.process.is_empty() {
        rows.push(SummaryRow::new(ctx.t("stuck-process"), process_line(ctx, &asked.process)));
    }
    if !asked.code.is_empty() {
        rows.push(SummaryRow::new(ctx.t("stuck-code"), code_name(ctx, &asked.code)));
    }
    if !asked.age.is_empty() {
        rows.push(SummaryRow::new(ctx.t("stuck-age"), ctx.t_or(&format!("stuck-age-{}", asked.age), &asked.age)));
    }
    let begun = matches!(came, Ok(Some(_)));
    if !begun {
        let found = allowed(ctx, s.cases.stuck(&ctx.actor, &asked.stuck(ctx.now, MAX_SWEPT)).await)?;
        let key = if found.next.is_some() { "stuck-at-least" } else { "stuck-exactly" };
        let n = ctx.tf(key, &[("n", (found.items.len() as f64).into())]);
        rows.push(SummaryRow::new(ctx.t("stuck-incidents"), n));
    }
    let filter = vec![("process", asked.process), ("code", asked.code), ("age", asked.age)];
    let about = components::summary_list(&rows);
    Ok(page(ctx, "retry-all", (about, filter, sent), came))
}

/// What carrying all of a version over would come to.
///
/// # Errors
/// Not permitted, no such version, or the store failed.
pub async fn ask_migration(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Query(sent): Query<Sent>,
) -> Result<Response, PageError> {
    migration_page(&ctx, &s, &sent, Ok(None)).await
}

/// Carries some of them over.
///
/// # Errors
/// As [`ask_migration`].
pub async fn migrate(
    ctx: PageContext,
    State(s): State<OperationsState>,
    CsrfForm(sent): CsrfForm<Sent>,
) -> Result<Response, PageError> {
    if s.cases.administered(&ctx.actor).is_empty() {
        return Err(ctx.refusal());
    }
    if sent.go == "check" {
        return migration_page(&ctx, &s, &sent, Ok(None)).await;
    }
    let back = format!("/operations/cases/migration?from={}", encoded(&sent.from));
    if let Some(elsewhere) = ctx.confirm_first(&back) {
        return Ok(elsewhere);
    }
    let map = match mapping(&sent.mapping) {
        Ok(map) => map,
        Err(slip) => return migration_page(&ctx, &s, &sent, Err(slip)).await,
    };
    let after = sent.after.parse().ok();
    match s.cases.migrate_all(&ctx.actor, &sent.from, &map, &sent.reason, after).await {
        Ok(swept) => {
            let next = swept.next.map(|n| n.to_string());
            migration_page(&ctx, &s, &sent, Ok(Some(part(&ctx, &s, &sent, swept, next)))).await
        }
        Err(e @ RepairError::Reason) => migration_page(&ctx, &s, &sent, Err(Slip::Repair(e))).await,
        Err(e) => Err(e.into()),
    }
}

async fn migration_page(
    ctx: &PageContext,
    s: &OperationsState,
    sent: &Sent,
    came: Result<Option<Part>, Slip>,
) -> Result<Response, PageError> {
    let hidden = vec![("from", sent.from.clone())];
    let mut rows = vec![SummaryRow::new(ctx.t("stuck-from"), breakable(&sent.from))];
    if matches!(came, Ok(Some(_))) {
        return Ok(page(ctx, "migrate-all", (components::summary_list(&rows), hidden, sent), came));
    }
    let (map, came) = match (mapping(&sent.mapping), came) {
        (Ok(map), came) => (map, came),
        (Err(slip), _) => (Default::default(), Err(slip)),
    };
    let survey = allowed(ctx, s.cases.survey(&ctx.actor, &sent.from, &map).await)?;
    rows.push(SummaryRow::new(ctx.t("stuck-to"), breakable(&survey.to)));
    rows.push(SummaryRow::new(ctx.t("stuck-fit"), ctx.number(survey.fit as f64)));
    rows.push(SummaryRow::new(ctx.t("stuck-misfit"), ctx.number(survey.misfit as f64)));
    let more = survey.more.then(|| components::banner(Tone::Info, ctx.t("stuck-more"), ctx.t("stuck-more-text")));
    let about = [components::summary_list(&rows)].into_iter().chain(more).chain([surveyed(ctx, &survey)]);
    Ok(page(ctx, "migrate-all", (Html::join(about), hidden, sent), came))
}

fn surveyed(ctx: &PageContext, survey: &Survey) -> Html {
    if survey.faults.is_empty() {
        return Html::default();
    }
    let mut table = faults(ctx).number_column(ctx.t("stuck-instances"));
    for (fault, count) in &survey.faults {
        let count = ctx.number(*count as f64);
        table.row([breakable(&fault.element), english(&fault.reason), english(&fault.fix), count.into()]);
    }
    table.html()
}

/// The form before, and after a part what came of it, with the way on.
fn page(
    ctx: &PageContext,
    name: &str,
    (about, mut hidden, sent): (Html, Vec<(&'static str, String)>, &Sent),
    came: Result<Option<Part>, Slip>,
) -> Response {
    let errors: Vec<(String, String)> = came.as_ref().err().map(|slip| error(ctx, slip)).into_iter().collect();
    let of = |name: &str| errors.iter().find(|(n, _)| n == name).map(|(_, text)| text.clone()).unwrap_or_default();
    let migration = name == "migrate-all";
    let mut fields = Vec::new();
    let (mut banner, mut below, mut button) = (Html::default(), Html::default(), ctx.t(&format!("stuck-do-{name}")));
    let title = button.clone();
    let begun = if let Ok(Some(part)) = came {
        banner = report(ctx, &part);
        button = if part.next.is_some() { ctx.t("stuck-go-on") } else { String::new() };
        hidden.extend([("reason", sent.reason.clone()), ("mapping", sent.mapping.clone())]);
        hidden.extend([("done", part.done.to_string()), ("refused", part.refused.to_string())]);
        hidden.extend(part.next.map(|next| ("after", next)));
        below = part.named;
        true
    } else {
        fields.extend(migration.then(|| mapping_field(ctx, &sent.mapping, of("mapping"))));
        fields.push(reason_field(ctx, &sent.reason, of("reason")));
        false
    };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let action = if migration { "/operations/cases/migration" } else { "/operations/cases/retry" };
    let body = FormPage {
        ctx,
        banner,
        title: title.clone(),
        lead: ctx.t(&format!("stuck-do-{name}-text")),
        about,
        errors,
        action: action.to_owned(),
        hidden,
        fields,
        check: migration && !begun,
        button,
        below,
    };
    let page = Page::new(ctx, title).crumb(ctx.t("stuck-title"), "/operations/cases");
    page.status(status).body(&body).island(Island::Forms).into_response()
}

fn report(ctx: &PageContext, part: &Part) -> Html {
    let key = if part.next.is_some() { "stuck-part" } else { "stuck-all-done" };
    let tone = if part.refused > 0 { Tone::Warning } else { Tone::Good };
    let text =
        ctx.tf("stuck-report", &[("done", (part.done as f64).into()), ("refused", (part.refused as f64).into())]);
    components::banner(tone, ctx.t(key), text)
}

fn part<P>(ctx: &PageContext, s: &OperationsState, sent: &Sent, swept: Swept<P>, next: Option<String>) -> Part {
    let done = sent.done.saturating_add(swept.done as u64);
    let refused = sent.refused.saturating_add(swept.refused.len() as u64);
    Part { done, refused, named: named(ctx, s, &swept.refused), next }
}

/// Which were refused in this part, and why.
fn named(ctx: &PageContext, s: &OperationsState, refused: &[(SpacePath, i64, RepairError)]) -> Html {
    if refused.is_empty() {
        return Html::default();
    }
    let mut table = Table::new(ctx.t("stuck-refused")).column(ctx.t("stuck-instance")).column(ctx.t("stuck-fault"));
    for (space, id, why) in refused.iter().take(NAMED) {
        let number = Number::of(s, space, *id);
        let link = number.map(|n| components::link(&n.address(), format!("{}-{}", n.space, n.id)));
        table.row([link.unwrap_or_default(), english(&why.to_string())]);
    }
    table.html()
}
