//! One folder a page: handlers and templates side by side.

pub mod bodies;
pub mod files;
pub mod matters;
pub mod my;
pub mod oversight;
pub mod people;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use svod_kernel::{Coded as _, Urn};
use svod_model::Entity;
use svod_portal::components::{self, Tone};
use svod_portal::{Html, Page, PageContext, PageError};
use svod_trust::TrustError;

use crate::CabinetState;

/// Rows shown of each list.
pub const ROWS: usize = 100;

/// A refusal that is shown beside the form; others have a page of their own.
pub fn shown(ctx: &PageContext, error: TrustError) -> Result<(String, String), PageError> {
    let status = error.status();
    if !matches!(error, TrustError::Field(_) | TrustError::NoConsent | TrustError::TooMany(_)) && status != 404 {
        return Err(error.into());
    }
    let field = error.fields().first().map_or_else(|| "whom".to_owned(), |f| f.field.clone());
    let text = match &error {
        TrustError::Field(f) => ctx.t_or(&format!("cabinet-{}-{}", f.field, f.rule), &f.fix),
        TrustError::TooMany(seconds) => ctx.tf("cabinet-too-many", &[("n", (*seconds).into())]),
        TrustError::NoConsent => ctx.t("cabinet-no-consent"),
        _ => ctx.t("cabinet-whom-missing"),
    };
    Ok((field, text))
}

/// The text of a field's error.
pub fn of<'e>(errors: &'e [(String, String)], name: &str) -> &'e str {
    errors.iter().find(|(n, _)| n == name).map_or("", |(_, text)| text)
}

/// A page, with the status of what was wrong.
pub fn answer(page: Page<'_>, errors: &[(String, String)]) -> Response {
    if errors.is_empty() { page.into_response() } else { page.status(StatusCode::UNPROCESSABLE_ENTITY).into_response() }
}

/// A value of a code list, coloured.
pub fn word(ctx: &PageContext, e: &Entity, attribute: &str, list: &str, tones: &[(&str, Tone)]) -> Html {
    let Some(value) = e.text(attribute) else { return Html::default() };
    let tone = tones.iter().find(|(v, _)| *v == value).map_or(Tone::Quiet, |(_, tone)| *tone);
    components::tag(tone, ctx.word(list, value))
}

/// A moment that the entity has.
pub fn moment(ctx: &PageContext, e: &Entity, attribute: &str) -> Html {
    e.time(attribute).map_or_else(Html::default, |at| components::time(ctx, at))
}

/// What an entity is called; its type, where the visitor may read no name.
pub async fn name_of(ctx: &PageContext, s: &CabinetState, urn: Option<&Urn>) -> String {
    let Some(urn) = urn else { return String::new() };
    match s.registry.entity(&ctx.actor, urn).await {
        Ok(e) => e.text("name").map_or_else(|| ctx.type_name(&e.kind), str::to_owned),
        Err(_) => ctx.closed(urn),
    }
}

/// Was something given to another system or a site by it?
pub fn is_given(access: &Entity) -> bool {
    access.text("basis").is_some_and(|basis| ["exchange", "site"].contains(&basis))
}

/// The post in which somebody looked: a persona's name, or the post's own.
pub fn post_of(ctx: &PageContext, access: &Entity) -> String {
    let post = access.text("post").unwrap_or_default();
    match post {
        system if access.text("basis") == Some("exchange") => ctx.t_or(&format!("exchange-{system}"), system),
        // A site calls itself what it likes: it is no persona.
        site if access.text("basis") == Some("site") => site.to_owned(),
        "operator" if access.text("basis") == Some("account") => ctx.t("my-access-operator"),
        "citizen" if access.text("basis") == Some("document") => ctx.t("cabinet-other-side"),
        "citizen" => ctx.t("cabinet-representative"),
        post => ctx.t_or(&format!("persona-{post}"), post),
    }
}
