//! `POST /quarantine/look`: payloads are opened to who says what they need them for.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_ingest::QuarantineError;
use svod_portal::components::{self, Field, Tone};
use svod_portal::{CsrfForm, Html, PageContext, PageError};

use super::{Asked, allowed};
use crate::OperationsState;

/// The page on which the form stands, and to which it leads back.
#[derive(Clone, Copy)]
pub enum Stands<'a> {
    /// Of one message.
    Message(i64),
    /// The list, with its filter.
    List(&'a Asked),
}

impl Stands<'_> {
    fn fields(self) -> Vec<(&'static str, String)> {
        match self {
            Self::Message(id) => vec![("id", id.to_string())],
            Self::List(asked) => vec![
                ("reason", asked.reason().unwrap_or_default()),
                ("status", asked.status().0.to_owned()),
                ("before", asked.before().map(|id| id.to_string()).unwrap_or_default()),
            ],
        }
    }
}

/// The form, for a visitor to whom payloads are closed.
pub fn form(ctx: &PageContext, stands: Stands<'_>, sent: Option<&str>) -> Html {
    let error = sent.map(|_| ctx.t("quarantine-look-short")).unwrap_or_default();
    let field = Field::area("purpose", ctx.t("quarantine-look-reason")).value(sent.unwrap_or_default()).error(error);
    let hidden = stands.fields().into_iter().map(|(name, value)| {
        Html::trusted(format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", Html::from(value)))
    });
    let body = format!(
        "<p>{}</p><form method=\"post\" action=\"/quarantine/look\" novalidate>{}{}{}<div class=\"actions\"><button class=\"button\" type=\"submit\">{}</button></div></form>",
        Html::from(ctx.t("quarantine-closed-text")),
        components::csrf_field(ctx),
        Html::join(hidden),
        field.required().html(),
        Html::from(ctx.t("quarantine-look"))
    );
    components::banner(Tone::Info, ctx.t("quarantine-closed"), Html::trusted(body))
}

#[derive(Deserialize)]
pub struct Sent {
    #[serde(default)]
    purpose: String,
    /// The message to come back to.
    #[serde(default)]
    id: String,
    /// Or the filter of the list to come back to.
    #[serde(default)]
    reason: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    before: String,
}

/// Opens payloads for an hour.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn open(
    ctx: PageContext,
    State(s): State<OperationsState>,
    CsrfForm(sent): CsrfForm<Sent>,
) -> Result<Response, PageError> {
    let id: Option<i64> = sent.id.parse().ok();
    let asked =
        Asked { reason: Some(sent.reason), status: Some(sent.status), before: Some(sent.before), ..Asked::default() };
    match s.quarantine.look(&ctx.actor, &sent.purpose).await {
        Ok(_) => {
            let to = id.map_or_else(|| asked.address(), |id| format!("/quarantine/{id}#payload"));
            Ok(Redirect::to(&to).into_response())
        }
        Err(QuarantineError::Reason) => match id {
            Some(id) => crate::pages::refused::unsaid(&ctx, &s, id, sent.purpose).await,
            None => super::render(&ctx, &s, &asked, Some(&sent.purpose)).await,
        },
        Err(e) => allowed(&ctx, Err(e)),
    }
}
