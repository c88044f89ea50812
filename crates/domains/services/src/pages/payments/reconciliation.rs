//! `GET|POST /operations/payments/reconciliation`: a provider's file beside what is here; `GET …/reconciliation.csv`: what is
//! here, in the columns of such a file.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_kernel::{Coded as _, Timestamp};
use svod_money::{Compared, MoneyError, Reconciled, Side, Verdict, sums};
use svod_portal::components::{self, Choice, Field, Table, Tone};
use svod_portal::{CsrfMultipart, Csv, Html, PageContext, PageError, encoded};

use super::register::{locked_page, may, table_file};
use super::{PaymentsState, called, office, sum};

/// Rows shown; a file has all of them.
const SHOWN: usize = 500;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// Which provider, and which days, both included.
#[derive(Debug, Default, Clone, Deserialize)]
pub struct Asked {
    #[serde(default)]
    provider: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    /// `csv`: the outcome as a file.
    #[serde(default, rename = "as")]
    form: String,
}

impl Asked {
    /// The moments between which a payment was settled; the name of the field that is no day.
    fn moments(&self, ctx: &PageContext) -> Result<(Timestamp, Timestamp), &'static str> {
        let day = |text: &str, field: &'static str| -> Result<Timestamp, &'static str> {
            let at: Timestamp = format!("{}T00:00:00Z", text.trim()).parse().map_err(|_| field)?;
            Ok(at.plus_seconds(-i64::from(ctx.offset_hours) * 3_600))
        };
        let (from, until) = (day(&self.from, "from")?, day(&self.until, "until")?.plus_seconds(DAY));
        if from < until { Ok((from, until)) } else { Err("until") }
    }
}

#[derive(Template)]
#[template(path = "payments/reconciliation.html")]
struct ReconciliationPage<'a> {
    ctx: &'a PageContext,
    errors: Vec<(String, String)>,
    fields: Vec<Field>,
    outcome: Html,
    download: String,
}

/// The form, and what the last comparison found.
fn page(
    ctx: &PageContext,
    s: &PaymentsState,
    asked: &Asked,
    (errors, outcome): (Vec<(String, String)>, Html),
) -> Result<Response, PageError> {
    let error = |name: &str| errors.iter().find(|(n, _)| n == name).map(|(_, e)| e.clone()).unwrap_or_default();
    let choices =
        s.money.providers().iter().map(|p| Choice { value: p.id().to_owned(), text: called(ctx, p.id()) }).collect();
    let hint = ctx.t("payments-day-hint");
    let fields = vec![
        Field::select("provider", ctx.t("payments-provider"), choices).value(&asked.provider),
        Field::text("from", ctx.t("payments-from")).hint(hint.clone()).value(&asked.from).error(error("from")),
        Field::text("until", ctx.t("payments-until")).hint(hint).value(&asked.until).error(error("until")),
        Field::file("file", ctx.t("payments-file"), ".csv").hint(ctx.t("payments-file-hint")).error(error("file")),
    ];
    let status =
        if errors.is_empty() { axum::http::StatusCode::OK } else { axum::http::StatusCode::UNPROCESSABLE_ENTITY };
    let download = format!(
        "/operations/payments/reconciliation.csv?provider={}&from={}&until={}",
        encoded(&asked.provider),
        encoded(&asked.from),
        encoded(&asked.until)
    );
    let body = ReconciliationPage { ctx, errors, fields, outcome, download };
    let page = office(ctx, s, ("payments-reconciliation", "payments-reconciliation-lead"), &body)?;
    Ok(page.crumb(ctx.t("payments-title"), "/operations/payments").status(status).into_response())
}

/// What is asked where nothing was: the first provider, yesterday.
fn usual(ctx: &PageContext, s: &PaymentsState) -> Asked {
    let local = ctx.now.plus_seconds(i64::from(ctx.offset_hours) * 3_600 - DAY).to_string();
    let day: String = local.chars().take(10).collect();
    let provider = s.money.providers().first().map(|p| p.id().to_owned()).unwrap_or_default();
    Asked { provider, from: day.clone(), until: day, form: String::new() }
}

/// The form.
///
/// # Errors
/// When its template fails; who may see no register is told who may.
pub async fn show(ctx: PageContext, State(s): State<PaymentsState>) -> Result<Response, PageError> {
    if !may(&ctx, &s) {
        return Ok(locked_page(&ctx, &s));
    }
    page(&ctx, &s, &usual(&ctx, &s), (Vec::new(), Html::default()))
}

/// A file is compared.
///
/// # Errors
/// [`PageError::forbidden`] for who may see no register; when the store fails.
pub async fn compare(
    ctx: PageContext,
    State(s): State<PaymentsState>,
    sent: CsrfMultipart<Asked>,
) -> Result<Response, PageError> {
    if !may(&ctx, &s) {
        return Err(ctx.refusal());
    }
    let asked = sent.form;
    let refused = |field: &str, text: String| page(&ctx, &s, &asked, (vec![(field.to_owned(), text)], Html::default()));
    let moments = match asked.moments(&ctx) {
        Ok(moments) => moments,
        Err(field) => return refused(field, ctx.t("payments-day-wrong")),
    };
    let Some(file) = sent.file else { return refused("file", ctx.t("payments-file-none")) };
    let lines = match svod_money::file(&file.bytes) {
        Ok(lines) => lines,
        Err(MoneyError::File { line, fault }) => {
            let about = [("about", fault.about().into())];
            let fault = ctx.tf(&format!("payments-fault-{}", fault.word()), &about);
            return refused("file", ctx.tf("payments-file-line", &[("line", line.into()), ("fault", fault.into())]));
        }
        Err(e) => return Err(e.into()),
    };
    let found = match s.money.reconcile(&ctx.actor, &asked.provider, &lines, moments).await {
        Ok(found) => found,
        Err(e) if e.code() == "no-payment-provider" => return refused("provider", ctx.t("payments-provider-none")),
        Err(e) if e.code() == "too-broad" => return refused("until", ctx.t("payments-days-many")),
        Err(e) => return Err(e.into()),
    };
    if asked.form == "csv" {
        return Ok(table_file("reconciled.csv", told(&ctx, &found)));
    }
    page(&ctx, &s, &asked, (Vec::new(), outcome(&ctx, &found)))
}

const fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Matched => Tone::Good,
        Verdict::Different => Tone::Danger,
        Verdict::MissingHere | Verdict::MissingThere => Tone::Warning,
    }
}

fn verdict(ctx: &PageContext, verdict: Verdict) -> String {
    ctx.t(&format!("payments-verdict-{}", verdict.word()))
}

/// Three letters; nothing where nobody says it.
fn currency(side: &Side) -> &str {
    side.currency.as_deref().unwrap_or_default()
}

/// Sum and state of one side, as people read them.
fn side(ctx: &PageContext, side: Option<&Side>) -> [String; 2] {
    side.map_or_else(Default::default, |side| {
        [sum(ctx.lang, side.amount, currency(side)), ctx.word("PaymentStatus", &side.state)]
    })
}

fn sides(ctx: &PageContext, line: &Compared) -> [String; 5] {
    let here = line.here.as_ref().map(|(_, side)| side);
    let over = match here.filter(|_| line.overpaid > 0) {
        Some(side) => sum(ctx.lang, line.overpaid, currency(side)),
        None => String::new(),
    };
    let ([a, b], [c, d]) = (side(ctx, line.there.as_ref()), side(ctx, here));
    [a, b, c, d, over]
}

const COLUMNS: [&str; 6] = ["reference", "amount-there", "state-there", "amount-here", "state-here", "overpaid"];

fn outcome(ctx: &PageContext, found: &Reconciled) -> Html {
    let counts = Verdict::ALL
        .map(|v| Html::join([components::tag(tone(v), verdict(ctx, v)), format!(" {} ", found.count(v)).into()]));
    let elsewhere = match found.elsewhere {
        0 => Html::default(),
        n => ctx.tf("payments-elsewhere", &[("n", n.into())]).into(),
    };
    let mut table = Table::new(ctx.t("payments-compared")).column(ctx.t("payments-verdict"));
    for column in COLUMNS {
        table = table.column(ctx.t(&format!("payments-{column}")));
    }
    let differs = found.lines.iter().filter(|l| l.verdict != Verdict::Matched || l.overpaid > 0).take(SHOWN);
    for line in differs {
        let cells = std::iter::once(line.reference.clone()).chain(sides(ctx, line)).map(Html::from);
        table.row(std::iter::once(components::tag(tone(line.verdict), verdict(ctx, line.verdict))).chain(cells));
    }
    let rows = if table.is_empty() { Html::default() } else { table.html() };
    let counts = Html::join(counts.into_iter().chain([elsewhere]));
    Html::join([Html::trusted("<p role=\"status\">".to_owned()), counts, Html::trusted("</p>".to_owned()), rows])
}

/// Columns of the outcome as a file: each sum, and its currency beside it.
const FILE_COLUMNS: [&str; 9] = [
    "verdict",
    "reference",
    "amount-there",
    "currency-there",
    "state-there",
    "amount-here",
    "currency-here",
    "state-here",
    "overpaid",
];

/// Sum, currency and state of one side: the sum as a number that can be added.
fn cells(ctx: &PageContext, side: Option<&Side>) -> [String; 3] {
    side.map_or_else(Default::default, |side| {
        let written = sums::written(side.amount, currency(side));
        [written, currency(side).to_owned(), ctx.word("PaymentStatus", &side.state)]
    })
}

/// The outcome, all lines of it.
fn told(ctx: &PageContext, found: &Reconciled) -> Csv {
    let mut csv = Csv::new(&FILE_COLUMNS.map(|c| ctx.t(&format!("payments-{c}"))));
    for line in &found.lines {
        let here = line.here.as_ref().map(|(_, side)| side);
        let over = here.filter(|_| line.overpaid > 0).map(|side| sums::written(line.overpaid, currency(side)));
        let first = [verdict(ctx, line.verdict), Csv::guarded(&line.reference)];
        let both = cells(ctx, line.there.as_ref()).into_iter().chain(cells(ctx, here));
        csv.row(first.into_iter().chain(both).chain([over.unwrap_or_default()]));
    }
    csv
}

/// What is here, settled in these days, in the columns that the upload takes.
///
/// # Errors
/// [`PageError::forbidden`] for who may see no register; not found for a provider or days that are none.
pub async fn export(
    ctx: PageContext,
    State(s): State<PaymentsState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    if !may(&ctx, &s) {
        return Err(ctx.refusal());
    }
    let asked = if asked.provider.is_empty() { usual(&ctx, &s) } else { asked };
    let moments = asked.moments(&ctx).map_err(|_| PageError::not_found())?;
    let mut csv = Csv::new(&["reference", "amount", "state", "currency", "settled", "payment"].map(str::to_owned));
    if !asked.provider.is_empty() {
        for (line, payment) in s.money.lines(&ctx.actor, &asked.provider, moments).await? {
            let settled = payment.text("settledAt").unwrap_or_default().to_owned();
            let currency = line.currency.unwrap_or_default();
            let amount = line.amount.to_string();
            csv.record(&[line.reference, amount, line.state, currency, settled, payment.id.to_string()]);
        }
    }
    Ok(table_file("payments.csv", csv))
}
