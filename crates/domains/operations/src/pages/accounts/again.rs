//! Somebody who has lost every way to sign in is invited again: to the account of the person that they are.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use svod_identity::{INVITED, Invitation};
use svod_portal::{CsrfForm, PageContext, PageError};

use super::{Invite, address, allowed, keeps, shown};
use crate::OperationsState;

#[derive(Deserialize)]
pub struct Again {
    id: String,
}

/// `POST /accounts/again`: the account was kept out before; the answer shows the address that is handed over, once.
///
/// # Errors
/// Not permitted, or no such account.
pub async fn again(
    ctx: PageContext,
    State(s): State<OperationsState>,
    CsrfForm(form): CsrfForm<Again>,
) -> Result<Response, PageError> {
    let spaces = allowed(&ctx, &s)?;
    if let Some(elsewhere) = ctx.confirm_first("/accounts") {
        return Ok(elsewhere);
    }
    let account = s.identity.account(&form.id).await?;
    if !keeps(&s, &spaces, &account).await? {
        return Err(PageError::forbidden());
    }
    let outcome = match Invitation::new(&account.login, &account.name, ctx.now.plus_seconds(INVITED)) {
        Ok(mut invitation) => {
            invitation.person = Some(account.person);
            address(&ctx, &s, &invitation).await
        }
        Err(e) => Err(e),
    };
    let outcome = outcome.as_deref().map_err(Clone::clone);
    shown(&ctx, &s, "", (&spaces, &Invite::default(), outcome)).await
}
