//! `/receipt`: proof that an event was recorded unchanged. `GET ?space=&seq=` makes the receipt of an event that the visitor
//! may see; `POST` verifies one that somebody brings. The browser verifies it once more by itself (`web/src/receipt.ts`).

mod print;
mod proof;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;
use svod_kernel::SpacePath;
use svod_notary::NotaryError;
use svod_portal::components::{self, Field, Tone};
use svod_portal::{CsrfForm, Html, Island, Page, PageContext, PageError, encoded};

use crate::ServicesState;
use proof::{Proven, prove};

pub use print::print;

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    space: Option<SpacePath>,
    seq: Option<i64>,
}

impl Asked {
    fn named(self) -> Option<Named> {
        Some(Named { space: self.space?, seq: self.seq? })
    }
}

/// What is posted.
#[derive(Debug, Default, Deserialize)]
pub struct Brought {
    receipt: String,
    #[serde(default)]
    keys: String,
}

/// An event of the journal.
struct Named {
    space: SpacePath,
    seq: i64,
}

impl Named {
    /// Where its receipt is found, from outside; none when the installation has no address of its own.
    fn address(&self, ctx: &PageContext) -> Option<String> {
        ctx.origin().map(|origin| format!("{origin}/receipt?space={}&seq={}", self.space, self.seq))
    }

    fn links(&self, ctx: &PageContext) -> Links {
        let query = format!("space={}&seq={}", encoded(self.space.as_str()), self.seq);
        Links {
            text: format!("/api/v1/ledger/receipts?{query}"),
            pdf: format!("/receipt/pdf?{query}"),
            picture: self.address(ctx).map(|address| picture(ctx, &address, "receipt-qr-alt")).unwrap_or_default(),
        }
    }
}

/// Where the receipt that a page shows is to be had.
struct Links {
    text: String,
    pdf: String,
    /// The address of the page for a telephone; empty when there is none.
    picture: Html,
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
    links: Option<Links>,
    fields: Html,
    keys: String,
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
    let Some(named) = asked.named() else { return Ok(page(&ctx, &s, &Brought::default(), None, None)) };
    let brought = match make(&ctx, &s, &named).await? {
        Ok(receipt) => Brought { receipt, keys: String::new() },
        Err(why) => return Ok(page(&ctx, &s, &Brought::default(), Some(Err(why)), None)),
    };
    let outcome = prove(&ctx, &s, &brought);
    Ok(page(&ctx, &s, &brought, Some(outcome), Some(&named)))
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

/// The receipt of an event that the visitor may see, or why there is none.
async fn make(ctx: &PageContext, s: &ServicesState, named: &Named) -> Result<Result<String, String>, PageError> {
    let missing = || if ctx.signed_in() { PageError::not_found() } else { PageError::sign_in() };
    let (space, seq) = (&named.space, named.seq);
    let event = s.registry.event(&ctx.actor, space, seq).await?.ok_or_else(missing)?;
    let shown = event.changes.as_object().map(|o| o.keys().cloned().collect()).unwrap_or_default();
    let id = s.registry.spaces().get(space).map(|i| i.id).ok_or_else(missing)?;
    match s.notary.receipt((id, space), seq, shown).await {
        Ok(receipt) => Ok(Ok(receipt.to_string())),
        Err(NotaryError::Missing(_)) => Ok(Err(ctx.t("receipt-not-yet"))),
        Err(NotaryError::Erased(_)) => Ok(Err(ctx.t("receipt-erased"))),
        Err(e) => Err(e.into()),
    }
}

fn page(
    ctx: &PageContext,
    s: &ServicesState,
    brought: &Brought,
    outcome: Option<Result<Proven, String>>,
    named: Option<&Named>,
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
    // What was mended is shown as it is now: the browser verifies what stands in the field.
    let text = proven.as_ref().map_or(brought.receipt.as_str(), |p| p.receipt.as_str());
    let fields = [receipt.value(text).required(), keys.value(brought.keys.as_str())];
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let verdict = proven.as_ref().map_or_else(Html::default, |_| {
        components::banner(Tone::Good, ctx.t("receipt-valid"), Html::from(ctx.t("receipt-valid-text")))
    });
    let (facts, changes, unseen) =
        proven.map_or_else(Default::default, |p| (p.list(), p.changes, hidden(ctx, p.hidden)));
    let body = ReceiptPage {
        ctx,
        errors: components::error_summary(ctx, &errors),
        verdict,
        facts,
        changes,
        hidden: unseen,
        links: named.map(|n| n.links(ctx)),
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

/// How much is proven without being shown; empty for nothing.
fn hidden(ctx: &PageContext, n: usize) -> String {
    if n > 0 { ctx.tf("receipt-hidden", &[("n", (n as f64).into())]) } else { String::new() }
}

/// A text, such as an address, as a picture that a telephone reads; `alt` is the text of what it is.
pub(crate) fn picture(ctx: &PageContext, text: &str, alt: &str) -> Html {
    let Ok(code) = QrCode::new(text) else { return Html::default() };
    let drawn = code.render::<svg::Color<'_>>().min_dimensions(200, 200).quiet_zone(true).build();
    let opening = format!("<svg role=\"img\" aria-label=\"{}\"", Html::from(ctx.t(alt)));
    // Only the picture itself stands inside a page.
    Html::trusted(drawn.find("<svg").map(|at| drawn[at..].replacen("<svg", &opening, 1)).unwrap_or_default())
}
