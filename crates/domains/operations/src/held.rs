//! A form that waits while its sender proves anew who they are: what was typed is kept with the drafts of forms, one a page and
//! person, and stands in the form again when they come back. Their files too, which a browser would not choose again.

use axum::response::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;
use svod_portal::components::{self, Tone};
use svod_portal::{Html, PageContext, PageError};

use crate::OperationsState;

/// Most bytes of a form that are kept.
const MOST: usize = 32 << 20;

fn key(page: &str) -> String {
    format!("held:{page}")
}

/// Where the sender of a form proves anew who they are, when their last proof is too old; what they sent is kept for the page that
/// shows the form. None where they may go on: what was kept of it is forgotten then.
///
/// # Errors
/// When the store fails.
pub async fn until_proved<T: Serialize + Sync>(
    ctx: &PageContext,
    s: &OperationsState,
    page: &str,
    sent: &T,
) -> Result<Option<Response>, PageError> {
    if ctx.session.is_none() {
        return Ok(None);
    }
    let Some(elsewhere) = ctx.confirm_first(&format!("{page}?held=1")) else {
        s.applications.discard(&ctx.actor, &key(page)).await?;
        return Ok(None);
    };
    let mut kept = serde_json::to_value(sent).map_err(PageError::internal)?;
    if let Some(fields) = kept.as_object_mut() {
        fields.remove("csrf");
    }
    let doc = kept.to_string();
    if doc.len() <= MOST {
        s.applications.keep(&ctx.actor, &key(page), "", doc).await?;
    }
    Ok(Some(elsewhere))
}

/// What waits on a page; `asked` is the parameter `held` of its address, which the way back from the proof has.
///
/// # Errors
/// When the store fails.
pub async fn kept<T: DeserializeOwned>(
    ctx: &PageContext,
    s: &OperationsState,
    (page, asked): (&str, Option<&str>),
) -> Result<Option<T>, PageError> {
    if asked.is_none() || ctx.session.is_none() {
        return Ok(None);
    }
    let row = s.applications.draft(&ctx.actor, &key(page)).await?;
    Ok(row.and_then(|row| serde_json::from_str(&row.doc).ok()))
}

/// Says that nothing has been done yet.
pub fn notice(ctx: &PageContext) -> Html {
    components::banner(Tone::Info, ctx.t("held-title"), ctx.t("held-text"))
}
