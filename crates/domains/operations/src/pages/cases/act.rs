//! `GET|POST /operations/cases/{id}/{act}`: one act on one instance, with its reason: `retry`, `resolve`, `move`, `cancel`,
//! `migrate`.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Map, Value};
use svod_kernel::{Coded, SpacePath};
use svod_portal::components::{self, Choice, Field, SummaryRow, Table, Tone};
use svod_portal::{CsrfForm, Html, Island, Page, PageContext, PageError};
use svod_runtime::cases::repair::{Instance, Mapping, Plan, RepairError};

use super::super::breakable;
use super::instance::one;
use super::{FormPage, Number, code_name, process_line};
use crate::OperationsState;

/// What can be done with an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Try again.
    Retry,
    /// It was done by hand.
    Resolve,
    /// Put a token elsewhere.
    Move,
    /// Call it off.
    Cancel,
    /// Carry it over to the version in force.
    Migrate,
}

impl Act {
    fn named(name: &str) -> Option<Self> {
        [Self::Retry, Self::Resolve, Self::Move, Self::Cancel, Self::Migrate].into_iter().find(|a| a.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Resolve => "resolve",
            Self::Move => "move",
            Self::Cancel => "cancel",
            Self::Migrate => "migrate",
        }
    }
}

/// What a form of these pages holds.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Sent {
    #[serde(default)]
    incident: String,
    #[serde(default)]
    token: String,
    #[serde(default)]
    element: String,
    #[serde(default)]
    variables: String,
    #[serde(default)]
    pub mapping: String,
    #[serde(default)]
    pub reason: String,
    #[serde(default, rename = "do")]
    go: String,
}

/// Why nothing was done.
#[derive(Debug)]
pub enum Slip {
    /// Refused.
    Repair(RepairError),
    /// A line of the mapping that is none.
    Mapping(String),
}

impl From<RepairError> for Slip {
    fn from(e: RepairError) -> Self {
        Self::Repair(e)
    }
}

/// The form.
///
/// # Errors
/// Not permitted, no such instance, incident or token, or the store failed.
pub async fn show(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path((id, act)): Path<(String, String)>,
    Query(sent): Query<Sent>,
) -> Result<Response, PageError> {
    let (number, space, found) = one(&ctx, &s, &id).await?;
    let act = Act::named(&act).ok_or_else(PageError::not_found)?;
    let there = match act {
        Act::Retry | Act::Resolve => found.troubles.iter().any(|t| t.incident.to_string() == sent.incident),
        Act::Move => found.tokens.iter().any(|t| t.id.to_string() == sent.token && !t.targets.is_empty()),
        Act::Migrate => found.newer.is_some(),
        Act::Cancel => true,
    };
    if !there {
        return Err(PageError::not_found());
    }
    let plan = plan(&ctx, &s, (&space, number), act, &sent).await;
    Ok(shown(&ctx, (act, number, &found), &sent, &plan, None))
}

/// Does it, or for a migration says what would come of it.
///
/// # Errors
/// Not permitted, no such instance, or the store failed.
pub async fn done(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Path((id, act)): Path<(String, String)>,
    CsrfForm(sent): CsrfForm<Sent>,
) -> Result<Response, PageError> {
    let (number, space, found) = one(&ctx, &s, &id).await?;
    let act = Act::named(&act).ok_or_else(PageError::not_found)?;
    if sent.go == "check" {
        let plan = plan(&ctx, &s, (&space, number), act, &sent).await;
        return Ok(shown(&ctx, (act, number, &found), &sent, &plan, None));
    }
    if let Some(elsewhere) = ctx.confirm_first(&number.address()) {
        return Ok(elsewhere);
    }
    match carried_out(&ctx, &s, (&space, number.id), act, &sent).await {
        Ok(()) => Ok(Redirect::to(&format!("{}?done={}", number.address(), act.name())).into_response()),
        Err(Slip::Repair(e)) if e.status() >= 500 || e.code() == "forbidden" => Err(e.into()),
        Err(slip) => {
            let plan = plan(&ctx, &s, (&space, number), act, &sent).await;
            Ok(shown(&ctx, (act, number, &found), &sent, &plan, Some(&slip)))
        }
    }
}

async fn carried_out(
    ctx: &PageContext,
    s: &OperationsState,
    at: (&SpacePath, i64),
    act: Act,
    sent: &Sent,
) -> Result<(), Slip> {
    let (actor, reason) = (&ctx.actor, sent.reason.as_str());
    // What is no number is none that is waited for.
    let number = |text: &str| text.parse().unwrap_or(0);
    match act {
        Act::Retry => s.cases.retry(actor, at, number(&sent.incident), variables(sent)?, reason).await?,
        Act::Resolve => s.cases.resolve(actor, at, number(&sent.incident), variables(sent)?, reason).await?,
        Act::Move => s.cases.relocate(actor, at, number(&sent.token), &sent.element, reason).await?,
        Act::Cancel => s.cases.call_off(actor, at, reason).await?,
        Act::Migrate => s.cases.migrate(actor, at, &mapping(&sent.mapping)?, reason).await?,
    }
    Ok(())
}

/// A JSON object, or nothing.
fn variables(sent: &Sent) -> Result<Map<String, Value>, RepairError> {
    if sent.variables.trim().is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(&sent.variables).map_err(|e| RepairError::Variables(e.to_string()))
}

/// Lines of `old = new`.
pub fn mapping(text: &str) -> Result<Mapping, Slip> {
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
    let pair = |line: &str| {
        let (old, new) = line.split_once('=')?;
        let (old, new) = (old.trim(), new.trim());
        (!old.is_empty() && !new.is_empty()).then(|| (old.to_owned(), new.to_owned()))
    };
    lines.map(|l| pair(l).ok_or_else(|| Slip::Mapping(l.chars().take(100).collect()))).collect()
}

/// What a migration would come to, where it is one.
async fn plan(
    ctx: &PageContext,
    s: &OperationsState,
    (space, number): (&SpacePath, Number),
    act: Act,
    sent: &Sent,
) -> Option<Result<Plan, Slip>> {
    if act != Act::Migrate {
        return None;
    }
    Some(match mapping(&sent.mapping) {
        Ok(mapping) => s.cases.plan(&ctx.actor, (space, number.id), &mapping).await.map_err(Slip::from),
        Err(slip) => Err(slip),
    })
}

fn shown(
    ctx: &PageContext,
    (act, number, found): (Act, Number, &Instance),
    sent: &Sent,
    plan: &Option<Result<Plan, Slip>>,
    slip: Option<&Slip>,
) -> Response {
    let slip = slip.or_else(|| plan.as_ref().and_then(|p| p.as_ref().err()));
    let errors: Vec<(String, String)> = slip.map(|s| error(ctx, s)).into_iter().collect();
    let name = act.name();
    let title = ctx.t(&format!("stuck-do-{name}"));
    let checked = plan.as_ref().and_then(|p| p.as_ref().ok()).map(|p| planned(ctx, p)).unwrap_or_default();
    let body = FormPage {
        ctx,
        banner: Html::default(),
        title: title.clone(),
        lead: ctx.t(&format!("stuck-do-{name}-text")),
        about: Html::join([about(ctx, act, found, sent), checked]),
        action: format!("{}/{name}", number.address()),
        hidden: vec![("incident", sent.incident.clone()), ("token", sent.token.clone())],
        fields: fields(ctx, act, found, sent, &errors),
        errors,
        check: act == Act::Migrate,
        button: title.clone(),
        below: Html::default(),
    };
    let status = match slip {
        None => StatusCode::OK,
        Some(Slip::Repair(e)) => StatusCode::from_u16(e.status()).unwrap_or(StatusCode::CONFLICT),
        Some(Slip::Mapping(_)) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Page::new(ctx, title)
        .crumb(ctx.t("stuck-title"), "/operations/cases")
        .crumb(process_line(ctx, &found.process), number.address())
        .status(status)
        .body(&body)
        .island(Island::Forms)
        .into_response()
}

/// What it is done to.
fn about(ctx: &PageContext, act: Act, found: &Instance, sent: &Sent) -> Html {
    let mut rows = Vec::new();
    match act {
        Act::Retry | Act::Resolve => {
            for t in found.troubles.iter().filter(|t| t.incident.to_string() == sent.incident) {
                rows.push(SummaryRow::new(ctx.t("stuck-where"), Html::text(&t.name)));
                rows.push(SummaryRow::new(ctx.t("stuck-code"), code_name(ctx, &t.code)));
                let message = Html::trusted(format!(r#"<span lang="en">{}</span>"#, breakable(&t.message)));
                rows.push(SummaryRow::new(ctx.t("stuck-message"), message));
            }
            let names: Vec<&str> = found.variables.iter().map(|v| v.name.as_str()).collect();
            if !names.is_empty() {
                rows.push(SummaryRow::new(ctx.t("stuck-variables"), breakable(&names.join(", "))));
            }
        }
        Act::Move => {
            let standing = found.tokens.iter().find(|t| t.id.to_string() == sent.token);
            rows.extend(standing.map(|t| SummaryRow::new(ctx.t("stuck-where"), Html::text(&t.name))));
        }
        Act::Cancel => {}
        Act::Migrate => {
            rows.push(SummaryRow::new(ctx.t("stuck-from"), breakable(&found.process)));
            rows.extend(found.newer.as_ref().map(|n| SummaryRow::new(ctx.t("stuck-to"), breakable(n))));
        }
    }
    if rows.is_empty() { Html::default() } else { components::summary_list(&rows) }
}

fn fields(ctx: &PageContext, act: Act, found: &Instance, sent: &Sent, errors: &[(String, String)]) -> Vec<Field> {
    let of = |name: &str| errors.iter().find(|(n, _)| n == name).map(|(_, text)| text.clone()).unwrap_or_default();
    let json = |label: &str, hint: &str| {
        let field = Field::area("variables", ctx.t(label)).hint(ctx.t(hint));
        field.value(&sent.variables).error(of("variables"))
    };
    let own = match act {
        Act::Retry => Some(json("stuck-repairs", "stuck-repairs-hint")),
        Act::Resolve => Some(json("stuck-outcome", "stuck-outcome-hint")),
        Act::Move => {
            let token = found.tokens.iter().find(|t| t.id.to_string() == sent.token);
            let targets = token.map(|t| t.targets.as_slice()).unwrap_or_default();
            let choice = |(id, name): &(String, String)| Choice { value: id.clone(), text: format!("{name} ({id})") };
            let choices = targets.iter().map(choice).collect();
            Some(Field::select("element", ctx.t("stuck-target"), choices).value(&sent.element).error(of("element")))
        }
        Act::Cancel => None,
        Act::Migrate => Some(mapping_field(ctx, &sent.mapping, of("mapping"))),
    };
    own.into_iter().chain([reason_field(ctx, &sent.reason, of("reason"))]).collect()
}

/// Which element of the new version is which of the one before.
pub fn mapping_field(ctx: &PageContext, value: &str, error: String) -> Field {
    Field::area("mapping", ctx.t("stuck-mapping")).hint(ctx.t("stuck-mapping-hint")).value(value).error(error)
}

/// Why: it stays with the case.
pub fn reason_field(ctx: &PageContext, value: &str, error: String) -> Field {
    Field::text("reason", ctx.t("stuck-reason")).hint(ctx.t("stuck-reason-hint")).value(value).error(error).required()
}

/// What is wrong, and at which field.
pub fn error(ctx: &PageContext, slip: &Slip) -> (String, String) {
    let (field, text) = match slip {
        Slip::Mapping(line) => ("mapping", ctx.tf("stuck-error-mapping", &[("line", line.as_str().into())])),
        Slip::Repair(RepairError::Reason) => ("reason", ctx.t("stuck-error-reason")),
        Slip::Repair(RepairError::Variables(why)) => {
            ("variables", ctx.tf("stuck-error-variables", &[("why", why.as_str().into())]))
        }
        Slip::Repair(RepairError::Misfit(_)) => ("mapping", ctx.t("stuck-error-misfit")),
        Slip::Repair(RepairError::Own) => ("reason", ctx.t("stuck-error-own")),
        Slip::Repair(e) if e.is_late() => ("reason", ctx.t("stuck-error-late")),
        Slip::Repair(e) => ("reason", ctx.tf("stuck-error-other", &[("why", e.to_string().into())])),
    };
    (field.to_owned(), text)
}

fn planned(ctx: &PageContext, plan: &Plan) -> Html {
    if plan.faults.is_empty() {
        return components::banner(Tone::Good, ctx.t("stuck-fits"), ctx.t("stuck-fits-text"));
    }
    let mut table = faults(ctx);
    for fault in &plan.faults {
        table.row([breakable(&fault.element), english(&fault.reason), english(&fault.fix)]);
    }
    let banner = components::banner(Tone::Warning, ctx.t("stuck-misfits"), ctx.t("stuck-misfits-text"));
    Html::join([banner, table.html()])
}

/// The table of elements without a counterpart, before its rows.
pub fn faults(ctx: &PageContext) -> Table {
    Table::new(ctx.t("stuck-faults"))
        .column(ctx.t("stuck-element"))
        .column(ctx.t("stuck-fault"))
        .column(ctx.t("stuck-fix"))
}

/// What the platform says in English in every language.
pub fn english(text: &str) -> Html {
    Html::trusted(format!(r#"<span lang="en">{}</span>"#, breakable(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_is_lines_of_old_and_new() {
        let read = mapping("a = b\n\n  look=inspect  \r\n").unwrap();
        assert_eq!(read.into_iter().collect::<Vec<_>>(), [("a".into(), "b".into()), ("look".into(), "inspect".into())]);
        for bad in ["a", "= b", "a ="] {
            assert!(matches!(mapping(bad), Err(Slip::Mapping(line)) if line == bad), "{bad}");
        }
    }

    #[test]
    fn only_a_json_object_puts_variables_right() {
        let read = |text: &str| variables(&Sent { variables: text.into(), ..Sent::default() });
        assert!(read(" \n").unwrap().is_empty());
        assert_eq!(read(r#"{"amount": 20}"#).unwrap()["amount"], 20);
        assert!(read("[1]").is_err() && read("{").is_err() && read("20").is_err());
    }
}
