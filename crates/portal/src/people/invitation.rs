//! An invitation becomes an account. Its code comes in the body of a request and never in its address, which logs and
//! histories keep: the link that is handed over carries it behind `#`, which browsers keep to themselves. A script puts it
//! into the form and takes it out of the address; who has no scripts pastes the link or the code (ASVS V14.2.1).

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_identity::{IdentityError, Invitation};
use svod_kernel::Timestamp;

use super::session::{refusal, said};
use super::{Answer, Client, Here, welcome};
use crate::components::{self, Field};
use crate::context::PageContext;
use crate::form::CsrfForm;
use crate::page::Page;
use crate::{PageError, assets::Island};

#[derive(Template)]
#[template(path = "people/invitation_code.html")]
struct CodePage<'a> {
    ctx: &'a PageContext,
    errors: Vec<(String, String)>,
    code: Field,
}

#[derive(Template)]
#[template(path = "people/invitation.html")]
struct InvitationPage<'a> {
    ctx: &'a PageContext,
    invitation: Invitation,
    until: Timestamp,
    code: &'a str,
}

/// `GET /invitation`: asks for the code.
pub(crate) async fn show(ctx: PageContext) -> Response {
    code_page(&ctx, "", None)
}

fn code_page(ctx: &PageContext, typed: &str, refused: Option<&IdentityError>) -> Response {
    let errors = refused.map(|e| ("code".to_owned(), said(ctx, e))).into_iter().collect();
    let code = Field::text("code", ctx.t("invitation-code"))
        .hint(ctx.t("invitation-code-hint"))
        .value(typed)
        .required()
        .autocomplete("off");
    let body = CodePage { ctx, errors, code };
    let page = Page::new(ctx, ctx.t("invitation-title")).body(&body).island(Island::Forms);
    match refused {
        Some(e) => refusal(page, e),
        None => page.into_response(),
    }
}

#[derive(Deserialize)]
pub(crate) struct Given {
    #[serde(default)]
    code: String,
}

impl Given {
    /// The code, also out of a whole link that was pasted, and where a letter has broken it into lines.
    fn code(&self) -> String {
        let end = self.code.rsplit_once('#').map_or(self.code.as_str(), |(_, code)| code);
        end.split_whitespace().collect()
    }
}

/// The form once more for a code that is none, or is over.
fn refused(ctx: &PageContext, given: &Given, error: IdentityError) -> Answer {
    match error {
        IdentityError::Invalid | IdentityError::Over => Ok(code_page(ctx, &given.code, Some(&error))),
        other => Err(PageError::from(other)),
    }
}

/// `POST /invitation`: what the code is for.
pub(crate) async fn look(State(portal): Here, ctx: PageContext, CsrfForm(given): CsrfForm<Given>) -> Answer {
    let code = given.code();
    match portal.0.identity.invitation(&code).await {
        Ok(invitation) => {
            let until = Timestamp(invitation.expires);
            let page = InvitationPage { ctx: &ctx, invitation, until, code: &code };
            Ok(Page::new(&ctx, ctx.t("invitation-title")).body(&page).into_response())
        }
        Err(e) => refused(&ctx, &given, e),
    }
}

/// `POST /invitation/accept`: the account is made, its first session begins; next it gets something to sign in with.
pub(crate) async fn accept(
    State(portal): Here,
    ctx: PageContext,
    Client(from): Client,
    CsrfForm(given): CsrfForm<Given>,
) -> Answer {
    let identity = &portal.0.identity;
    match identity.accept(&given.code(), &from).await {
        Ok((_, session)) => Ok(welcome(&portal, &session, identity.session_seconds(), "/account")),
        Err(e) => refused(&ctx, &given, e),
    }
}

#[cfg(test)]
mod tests {
    use super::Given;

    #[test]
    fn a_code_is_found_in_what_people_paste() {
        for typed in
            ["ab.cd", " ab.cd\n", "https://region.example/invitation#ab.cd", "https://h/invitation#a\r\n b.cd "]
        {
            assert_eq!(Given { code: typed.to_owned() }.code(), "ab.cd", "{typed:?}");
        }
    }
}
