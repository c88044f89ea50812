//! `/receipt`: proof that an event was recorded unchanged. `GET ?space=&seq=` makes the receipt of an event that the visitor
//! may see; `POST` verifies one that somebody brings. The browser verifies it once more by itself (`web/src/receipt.ts`).

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use svod_kernel::{SpacePath, Timestamp};
use svod_ledger::{Receipt, ReceiptError, Verifier};
use svod_notary::{NotaryError, Part, Secret};
use svod_portal::components::{self, Field, SummaryRow, Tone};
use svod_portal::{CsrfForm, Html, Island, Page, PageContext, PageError, encoded};

use crate::ServicesState;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    space: Option<SpacePath>,
    seq: Option<i64>,
}

/// What is posted.
#[derive(Debug, Default, Deserialize)]
pub struct Brought {
    receipt: String,
    #[serde(default)]
    keys: String,
}

#[derive(Template)]
#[template(path = "receipt/receipt.html")]
struct ReceiptPage<'a> {
    ctx: &'a PageContext,
    errors: Html,
    verdict: Html,
    facts: Html,
    changes: Vec<(String, String)>,
    hidden: String,
    download: Option<String>,
    fields: Html,
    keys: String,
}

/// What a receipt proves.
struct Proven {
    facts: Html,
    changes: Vec<(String, String)>,
    hidden: usize,
}

/// The page, with the receipt of an event when one is named.
///
/// # Errors
/// When the visitor may not see the event, or the store fails.
pub async fn show(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let (Some(space), Some(seq)) = (asked.space, asked.seq) else {
        return Ok(page(&ctx, &s, &Brought::default(), None, None));
    };
    let missing = || if ctx.signed_in() { PageError::not_found() } else { PageError::sign_in() };
    let event = s.registry.event(&ctx.actor, &space, seq).await?.ok_or_else(missing)?;
    let shown = event.changes.as_object().map(|o| o.keys().cloned().collect()).unwrap_or_default();
    let id = s.registry.spaces().get(&space).map(|i| i.id).ok_or_else(missing)?;
    let receipt = match s.notary.receipt((id, &space), seq, shown).await {
        Ok(receipt) => receipt.to_string(),
        Err(e @ (NotaryError::Missing(_) | NotaryError::Erased(_))) => {
            let erased = matches!(e, NotaryError::Erased(_));
            let key = if erased { "receipt-erased" } else { "receipt-not-yet" };
            return Ok(page(&ctx, &s, &Brought::default(), Some(Err(ctx.t(key))), None));
        }
        Err(e) => return Err(e.into()),
    };
    let brought = Brought { receipt, keys: String::new() };
    let outcome = prove(&ctx, &s, &brought);
    let download = format!("/api/v1/ledger/receipts?space={}&seq={seq}", encoded(space.as_str()));
    Ok(page(&ctx, &s, &brought, Some(outcome), Some(download)))
}

/// Verifies what somebody brings.
///
/// # Errors
/// Never; what proves nothing is said on the page.
pub async fn verify(
    ctx: PageContext,
    State(s): State<ServicesState>,
    CsrfForm(brought): CsrfForm<Brought>,
) -> Result<Response, PageError> {
    let outcome = prove(&ctx, &s, &brought);
    Ok(page(&ctx, &s, &brought, Some(outcome), None))
}

fn page(
    ctx: &PageContext,
    s: &ServicesState,
    brought: &Brought,
    outcome: Option<Result<Proven, String>>,
    download: Option<String>,
) -> Response {
    let (proven, error) = match outcome {
        None => (None, String::new()),
        Some(Ok(proven)) => (Some(proven), String::new()),
        Some(Err(why)) => (None, why),
    };
    let errors: Vec<_> =
        Some(error.clone()).filter(|e| !e.is_empty()).map(|e| ("receipt".to_owned(), e)).into_iter().collect();
    let receipt = Field::area("receipt", ctx.t("receipt-text")).hint(ctx.t("receipt-text-hint")).error(error);
    let keys = Field::area("keys", ctx.t("receipt-keys")).hint(ctx.t("receipt-keys-hint"));
    let fields = [receipt.value(brought.receipt.as_str()).required(), keys.value(brought.keys.as_str())];
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let verdict = proven.as_ref().map_or_else(Html::default, |_| {
        components::banner(Tone::Good, ctx.t("receipt-valid"), Html::from(ctx.t("receipt-valid-text")))
    });
    let count = proven.as_ref().map_or(0, |p| p.hidden);
    let hidden = if count > 0 { ctx.tf("receipt-hidden", &[("n", (count as f64).into())]) } else { String::new() };
    let (facts, changes) = proven.map_or_else(Default::default, |p| (p.facts, p.changes));
    let body = ReceiptPage {
        ctx,
        errors: components::error_summary(ctx, &errors),
        verdict,
        facts,
        changes,
        hidden,
        download,
        fields: Html::join(fields.map(|f| f.html())),
        keys: s.notary.key().to_string(),
    };
    Page::new(ctx, ctx.t("receipt-title"))
        .body(&body)
        .island(Island::Forms)
        .island(Island::Receipt)
        .status(status)
        .into_response()
}

/// What the receipt proves, or why it proves nothing.
fn prove(ctx: &PageContext, s: &ServicesState, brought: &Brought) -> Result<Proven, String> {
    let mut known = vec![s.notary.key().clone()];
    for line in brought.keys.lines().map(str::trim).filter(|l| !l.is_empty()) {
        known.push(Verifier::parse(line).map_err(|_| ctx.t("receipt-bad-key"))?);
    }
    // A textarea sends lines as CR LF, and none at the end.
    let text = brought.receipt.replace("\r\n", "\n");
    let receipt = Receipt::parse(&format!("{}\n", text.trim())).map_err(|_| ctx.t("receipt-unreadable"))?;
    let secret: Secret = serde_json::from_slice(&receipt.extra).map_err(|_| ctx.t("receipt-unreadable"))?;
    let entry = secret.entry().ok_or_else(|| ctx.t("receipt-unreadable"))?;
    let (head, signed) = receipt.verify(&entry, &known).map_err(|e| match e {
        ReceiptError::Shape(_) => ctx.t("receipt-unreadable"),
        ReceiptError::Note(_) => ctx.t("receipt-unsigned"),
        ReceiptError::Other(_) => ctx.t("receipt-changed"),
    })?;
    let event: Value = serde_json::from_str(&secret.event).unwrap_or_default();
    let said = |name: &str| {
        event.get(name).map_or_else(String::new, |v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
    };
    let row = |key: &str, value: String| SummaryRow::new(ctx.t(key), Html::from(value));
    let at: Option<Timestamp> = said("at").parse().ok();
    let who = signed.iter().map(|s| match s.seconds {
        Some(seconds) => Html::join([
            Html::from(format!("{} · ", s.name)),
            components::exact_time(ctx, Timestamp(i64::try_from(seconds).unwrap_or(0).saturating_mul(1_000_000))),
        ]),
        None => Html::from(s.name.clone()),
    });
    let signers = Html::join(who.map(|w| Html::trusted(format!("<p>{w}</p>"))));
    let place = ctx.tf(
        "receipt-leaf-of",
        &[
            ("n", (receipt.index as f64).into()),
            ("size", (head.size as f64).into()),
            ("log", head.origin.as_str().into()),
        ],
    );
    let mut rows = vec![
        row("receipt-event", format!("{} · {} · {}", said("type"), said("action"), said("entity"))),
        SummaryRow::new(
            ctx.t("receipt-when"),
            at.map_or_else(|| said("at").into(), |at| components::exact_time(ctx, at)),
        ),
        row("receipt-who", said("actorName")),
    ];
    rows.extend(Some(said("ground")).filter(|g| !g.is_empty()).map(|g| row("event-ground", g)));
    rows.push(row("receipt-place", place));
    rows.push(SummaryRow::new(ctx.t("receipt-signed"), signers));
    let open = secret.changes.iter().filter_map(|part| match part {
        Part::Open { name, change, .. } => Some((name.clone(), change.clone())),
        Part::Hidden { .. } => None,
    });
    let changes: Vec<_> = open.collect();
    let hidden = secret.changes.len() - changes.len();
    Ok(Proven { facts: components::summary_list(&rows), changes, hidden })
}
