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
/// Forms of one person that wait; the oldest goes.
const FORMS: i64 = 20;
/// How the keys of forms that wait begin.
const WAITS: &str = "held:";

fn key(page: &str) -> String {
    format!("{WAITS}{page}")
}

/// Where the sender of a form proves anew who they are, when their last proof is too old; what they sent is kept for the page that
/// shows the form, unless it is too long. None where they may go on: when it is [`done`], what was kept goes. Whoever may not do
/// what the form asks for was refused before.
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
    let Some(elsewhere) = ctx.confirm_first(&format!("{page}?held=1")) else { return Ok(None) };
    let mut kept = serde_json::to_value(sent).map_err(PageError::internal)?;
    if let Some(fields) = kept.as_object_mut() {
        fields.remove("csrf");
    }
    let doc = kept.to_string();
    if doc.len() > MOST {
        // What an earlier form said is not what was sent now.
        s.applications.discard(&ctx.actor, &key(page)).await?;
        return Ok(ctx.confirm_first(page));
    }
    s.applications.keep_few(&ctx.actor, &key(page), doc, (WAITS, FORMS)).await?;
    Ok(Some(elsewhere))
}

/// What a form of the page asked for is done: nothing of it waits any more.
pub async fn done(ctx: &PageContext, s: &OperationsState, page: &str) {
    if ctx.session.is_none() {
        return;
    }
    if let Err(error) = s.applications.discard(&ctx.actor, &key(page)).await {
        tracing::warn!(%error, page, "what waited for a proof stays, though it is done");
    }
}

/// What waits on a page, for whoever comes back from the proof: `asked` is the parameter `held` of its address, which their way
/// back has. Without a fresh proof it is not shown.
///
/// # Errors
/// When the store fails.
pub async fn kept<T: DeserializeOwned>(
    ctx: &PageContext,
    s: &OperationsState,
    (page, asked): (&str, Option<&str>),
) -> Result<Option<T>, PageError> {
    if asked.is_none() || ctx.confirm_first(page).is_some() {
        return Ok(None);
    }
    waiting(ctx, s, page).await
}

/// What waits on a page, however long ago its sender proved who they are.
///
/// # Errors
/// When the store fails.
pub async fn waiting<T: DeserializeOwned>(
    ctx: &PageContext,
    s: &OperationsState,
    page: &str,
) -> Result<Option<T>, PageError> {
    if ctx.session.is_none() {
        return Ok(None);
    }
    let row = s.applications.draft(&ctx.actor, &key(page)).await?;
    Ok(row.and_then(|row| serde_json::from_str(&row.doc).ok()))
}

/// Says that nothing has been done yet.
pub fn notice(ctx: &PageContext) -> Html {
    components::banner(Tone::Info, ctx.t("held-title"), ctx.t("held-text"))
}
