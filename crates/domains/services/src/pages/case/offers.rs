//! What somebody is offered because of a case, for the body that answers for it, and how one offer is withdrawn. What it holds and
//! to whom it goes are not shown: that is theirs.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use svod_kernel::{Coded as _, Urn};
use svod_model::Entity;
use svod_portal::components::{self, Choice, Field};
use svod_portal::{CsrfForm, Html, PageContext, PageError};
use svod_runtime::{MAX_REASON, OfferError, Offers};

use super::acts::{Fields, done, text};
use super::{Notice, render, scene};
use crate::ServicesState;
use crate::access::address;
use crate::pages::services::offer_title;

#[derive(Template)]
#[template(path = "case/offers.html")]
struct Part<'a> {
    ctx: &'a PageContext,
    action: String,
    rows: Vec<(String, String)>,
    open: bool,
    which: Html,
    why: Html,
}

/// The part; empty where there is nothing to withdraw.
///
/// # Errors
/// When its template fails.
pub fn part(ctx: &PageContext, case: &Entity, offers: &[Entity], notice: &Notice) -> Result<Html, PageError> {
    if offers.is_empty() {
        return Ok(Html::default());
    }
    let made = |offer: &Entity| offer.time("madeAt").map(|at| ctx.datetime(at)).unwrap_or_default();
    let row = |offer: &Entity| {
        let until = offer.time("until").map(|at| ctx.tf("services-offer-until", &[("at", ctx.date(at).into())]));
        let made = ctx.tf("case-offer-made", &[("at", made(offer).into())]);
        let said = [Some(made), until].into_iter().flatten().collect::<Vec<_>>().join(". ");
        (offer_title(ctx, offer), said)
    };
    let choice = |offer: &Entity| {
        let text = format!("{} · {}", offer_title(ctx, offer), made(offer));
        Choice { value: offer.id.to_string(), text }
    };
    let choices = offers.iter().map(choice).collect();
    let why = notice.error_of("withdraw-reason");
    let which = Field::select("withdraw-offer", ctx.t("case-offer-which"), choices);
    let part = Part {
        ctx,
        action: format!("{}/offers/withdraw", address("Case", &case.id)),
        rows: offers.iter().map(row).collect(),
        open: !why.is_empty(),
        which: which.value(notice.offer.as_ref().map_or("", Urn::as_str)).html(),
        why: Field::area("withdraw-reason", ctx.t("case-offer-why"))
            .hint(ctx.tf("case-offer-why-hint", &[("n", MAX_REASON.into())]))
            .value(notice.written_in("withdraw-reason"))
            .error(why)
            .required()
            .html(),
    };
    Html::of(&part).map_err(PageError::internal)
}

/// Withdraws an offer that rests on the case.
///
/// # Errors
/// As the page of the case; not found for an offer that is not the visitor's to withdraw, a conflict for one that was answered.
pub async fn withdraw(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    CsrfForm(fields): Fields,
) -> Result<Response, PageError> {
    let case = scene::case(&ctx, &s, &urn).await?;
    let offer: Urn = text(&fields, "withdraw-offer").parse().map_err(|_| PageError::not_found())?;
    let reason = text(&fields, "withdraw-reason");
    match Offers::new(s.applications.clone()).withdraw_by_hand(&ctx.actor, &case, (&offer, reason)).await {
        Ok(()) => Ok(done(&urn, "withdraw", "")),
        Err(e @ OfferError::Reason) => {
            let notice = Notice {
                status: StatusCode::from_u16(e.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY),
                error: Some(("withdraw-reason", ctx.tf("case-offer-why-wrong", &[("n", MAX_REASON.into())]))),
                written: reason.to_owned(),
                offer: Some(offer),
                ..Notice::default()
            };
            render(&ctx, &s, &urn, notice).await
        }
        Err(e) => Err(e.into()),
    }
}
