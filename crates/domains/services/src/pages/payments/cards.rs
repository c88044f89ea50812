//! `GET|POST /my/payments/cards`: cards to which one is paid, shown to the provider on its page; `GET|POST /sandbox/cards`: that page
//! in the sandbox. The number of a card is on neither.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_money::{MoneyError, ProviderError, SANDBOX};
use svod_portal::components::{self, ButtonKind, Field, PostButton, Tone};
use svod_portal::{CsrfForm, Html, Page, PageContext, PageError, encoded};

use super::{PaymentsState, called, owner, sandbox_banner, urn};

/// The page.
const CARDS: &str = "/my/payments/cards";

#[derive(Template)]
#[template(path = "payments/cards.html")]
struct CardsPage<'a> {
    ctx: &'a PageContext,
    banner: Html,
    sandbox: Html,
    /// The token with which one has come back from the provider; empty for none.
    token: &'a str,
    cards: Vec<Card>,
}

struct Card {
    name: String,
    provider: String,
    added: Html,
    forget: Html,
}

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// With which one comes back from the provider.
    #[serde(default)]
    token: String,
    /// What was just done.
    done: Option<String>,
}

/// The page.
///
/// # Errors
/// Who is not signed in is asked to.
pub async fn show(
    ctx: PageContext,
    State(s): State<PaymentsState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    owner(&ctx)?;
    let banner = match asked.done.as_deref() {
        Some(done @ ("kept" | "forgotten")) => {
            components::banner(Tone::Good, ctx.t(&format!("cards-{done}")), Html::default())
        }
        _ => Html::default(),
    };
    render(&ctx, &s, &asked.token, (banner, StatusCode::OK)).await
}

async fn render(
    ctx: &PageContext,
    s: &PaymentsState,
    token: &str,
    (banner, status): (Html, StatusCode),
) -> Result<Response, PageError> {
    let cards = s.money.cards(&ctx.actor).await?;
    let card = |card: &svod_model::Entity| {
        let (name, id) = (card.text("name").unwrap_or_default().to_owned(), card.id.to_string());
        let text = ctx.tf("cards-forget", &[("name", name.as_str().into())]);
        let fields = [("act", "forget"), ("card", id.as_str())];
        let button = PostButton { action: CARDS, text, fields: &fields, kind: ButtonKind::Secondary, confirm: None };
        Card {
            forget: components::post_button(ctx, &button),
            provider: called(ctx, card.text("provider").unwrap_or_default()),
            added: card.time("addedAt").map(|at| components::time(ctx, at)).unwrap_or_default(),
            name,
        }
    };
    let cards = cards.iter().map(card).collect();
    let body = CardsPage { ctx, banner, sandbox: sandbox_banner(ctx, &s.money), token, cards };
    let page = Page::new(ctx, ctx.t("cards-title")).crumb(ctx.t("payments-own-title"), "/my/payments");
    Ok(page.body(&body).status(status).into_response())
}

/// What is done with cards.
#[derive(Deserialize)]
pub struct Act {
    act: String,
    #[serde(default)]
    token: String,
    #[serde(default)]
    card: String,
}

/// `add` leads to the provider, `keep` keeps the card with which one has come back, `forget` forgets one.
///
/// # Errors
/// Not found for another's card, and for who is nobody here. A token that the provider has not given for them, a card too many and one
/// that is in use are told on the page.
pub async fn act(
    ctx: PageContext,
    State(s): State<PaymentsState>,
    CsrfForm(form): CsrfForm<Act>,
) -> Result<Response, PageError> {
    owner(&ctx)?;
    let done = |what: &str| Redirect::to(&format!("{CARDS}?done={what}")).into_response();
    let refused = |key: &str| {
        let banner = components::banner(Tone::Warning, ctx.t("cards-refused"), ctx.t(key));
        (banner, StatusCode::UNPROCESSABLE_ENTITY)
    };
    let stays = || {
        let banner = components::banner(Tone::Warning, ctx.t("cards-stays"), ctx.t("cards-in-use"));
        (banner, StatusCode::CONFLICT)
    };
    let outcome = match form.act.as_str() {
        "forget" => s.money.forget_card(&ctx.actor, &urn(&form.card)?).await.map(|()| done("forgotten")),
        "keep" => s.money.keep_card(&ctx.actor, &form.token).await.map(|_| done("kept")),
        _ => {
            let back = format!("{}{CARDS}", ctx.origin().unwrap_or_default());
            s.money.show_card(&ctx.actor, &back).await.map(|go| super::own::leave(&ctx, &go))
        }
    };
    match outcome {
        Ok(answer) => Ok(answer),
        Err(MoneyError::Field { .. }) => render(&ctx, &s, "", refused("cards-no-token")).await,
        Err(MoneyError::Provider(ProviderError::Refused(_))) if form.act == "keep" => {
            render(&ctx, &s, "", refused("cards-foreign")).await
        }
        Err(MoneyError::Provider(ProviderError::Refused(_))) => render(&ctx, &s, "", refused("cards-none")).await,
        Err(MoneyError::NoProvider(_)) => render(&ctx, &s, "", refused("cards-no-provider")).await,
        Err(MoneyError::TooManyCards(_)) => render(&ctx, &s, "", refused("cards-full")).await,
        Err(MoneyError::CardInUse) => render(&ctx, &s, "", stays()).await,
        Err(e) => Err(e.into()),
    }
}

#[derive(Template)]
#[template(path = "payments/sandbox_card.html")]
struct SandboxPage<'a> {
    ctx: &'a PageContext,
    banner: Html,
    field: Html,
}

/// The sandbox's page of cards.
///
/// # Errors
/// Not found where there is no sandbox.
pub async fn sandbox(ctx: PageContext, State(s): State<PaymentsState>) -> Result<Response, PageError> {
    owner(&ctx)?;
    s.money.provider(SANDBOX)?;
    Ok(sandbox_page(&ctx, "", StatusCode::OK))
}

fn sandbox_page(ctx: &PageContext, error: &str, status: StatusCode) -> Response {
    let field = Field::text("last", ctx.t("cards-last")).hint(ctx.t("cards-last-hint")).error(error).required();
    let banner = components::banner(Tone::Warning, ctx.t("payments-sandbox-title"), ctx.t("payments-sandbox-text"));
    let body = SandboxPage { ctx, banner, field: field.html() };
    Page::new(ctx, ctx.t("cards-sandbox")).body(&body).status(status).into_response()
}

/// The digits of a card that there is not.
#[derive(Deserialize)]
pub struct Shown {
    #[serde(default)]
    last: String,
}

/// One goes back with its token.
///
/// # Errors
/// As for the page; not found for who is nobody here.
pub async fn shown(
    ctx: PageContext,
    State(s): State<PaymentsState>,
    CsrfForm(form): CsrfForm<Shown>,
) -> Result<Response, PageError> {
    owner(&ctx)?;
    match s.money.sandbox_card(&ctx.actor, form.last.trim()).await {
        Ok(token) => Ok(Redirect::to(&format!("{CARDS}?token={}", encoded(&token))).into_response()),
        Err(MoneyError::Field { .. }) => {
            Ok(sandbox_page(&ctx, &ctx.t("cards-last-error"), StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(e) => Err(e.into()),
    }
}
