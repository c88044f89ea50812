//! `POST /quarantine/look`: payloads are opened to who says what they need them for.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_ingest::QuarantineError;
use svod_portal::components::{self, Field, Tone};
use svod_portal::{CsrfForm, Html, PageContext, PageError};

use super::allowed;
use crate::OperationsState;

/// The form, where payloads are closed to the visitor. `id` is the message whose page it stands on.
pub fn form(ctx: &PageContext, s: &OperationsState, id: Option<i64>, sent: Option<&str>) -> Html {
    if s.quarantine.is_open(&ctx.actor) {
        return Html::default();
    }
    let error = sent.map(|_| ctx.t("quarantine-look-short")).unwrap_or_default();
    let field = Field::area("purpose", ctx.t("quarantine-look-reason")).value(sent.unwrap_or_default()).error(error);
    let body = format!(
        "<p>{}</p><form method=\"post\" action=\"/quarantine/look\" novalidate>{}<input type=\"hidden\" name=\"id\" value=\"{}\">{}<div class=\"actions\"><button class=\"button\" type=\"submit\">{}</button></div></form>",
        Html::from(ctx.t("quarantine-closed-text")),
        components::csrf_field(ctx),
        id.map(|id| id.to_string()).unwrap_or_default(),
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
    match s.quarantine.look(&ctx.actor, &sent.purpose).await {
        Ok(_) => {
            let to = id.map_or_else(|| "/quarantine".to_owned(), |id| format!("/quarantine/{id}#payload"));
            Ok(Redirect::to(&to).into_response())
        }
        Err(QuarantineError::Reason) => match id {
            Some(id) => crate::pages::refused::unsaid(&ctx, &s, id, sent.purpose).await,
            None => super::render(&ctx, &s, &super::Asked::default(), Some(&sent.purpose)).await,
        },
        Err(e) => allowed(&ctx, Err(e)),
    }
}
