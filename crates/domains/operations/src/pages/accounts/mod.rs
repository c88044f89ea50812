//! `GET /accounts`: who can sign in; who is invited; who is kept out.

mod again;
mod invited;
mod seen;

pub use again::again;
pub use invited::take_back;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_identity::{Account, INVITED, IdentityError, Invitation};
use svod_kernel::{Coded as _, Role, SpacePath, Urn};
use svod_portal::components::{self, ButtonKind, Choice, Field, PostButton, Table, Tone};
use svod_portal::{CsrfForm, Html, Island, Page, PageContext, PageError, encoded};
use svod_registry::Action;

use crate::OperationsState;

/// Rows on a page.
const PAGE: usize = 50;
/// Roles of posts that somebody can be invited to.
const ROLES: [Role; 4] = [Role::Official, Role::Governor, Role::Administrator, Role::Auditor];

/// What stands in the address.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    after: String,
}

#[derive(Template)]
#[template(path = "accounts/accounts.html")]
struct AccountsPage<'a> {
    ctx: &'a PageContext,
    invitation: &'a str,
    errors: Vec<(String, String)>,
    fields: Vec<Field>,
    table: Html,
    empty: Html,
    pages: Html,
    /// Invitations that nobody has used yet.
    invited: Html,
}

/// Where the visitor runs the installation.
pub fn spaces(ctx: &PageContext, s: &OperationsState) -> Vec<SpacePath> {
    let tree = s.registry.spaces();
    let may = |path: &SpacePath| s.registry.may(&ctx.actor, Action::Administer, &s.registry.resource("Account", path));
    // A space that is open to everybody makes nobody an administrator.
    tree.all().iter().filter(|space| !space.open).map(|space| space.path.clone()).filter(may).collect()
}

/// The spaces where the visitor runs the installation; elsewhere the page is not theirs.
pub fn allowed(ctx: &PageContext, s: &OperationsState) -> Result<Vec<SpacePath>, PageError> {
    let spaces = spaces(ctx, s);
    if spaces.is_empty() { Err(ctx.refusal()) } else { Ok(spaces) }
}

/// Does the visitor run a whole region?
pub fn is_regional(spaces: &[SpacePath]) -> bool {
    spaces.iter().any(|s| s.parent().is_none())
}

/// The page.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn list(
    ctx: PageContext,
    State(s): State<OperationsState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let spaces = allowed(&ctx, &s)?;
    shown(&ctx, &s, &asked.after, (&spaces, &Invite::default(), Ok(""))).await
}

async fn shown(
    ctx: &PageContext,
    s: &OperationsState,
    after: &str,
    (spaces, form, outcome): (&[SpacePath], &Invite, Result<&str, IdentityError>),
) -> Result<Response, PageError> {
    let (accounts, next) = seen::page(s, spaces, after).await?;
    let next = next.map(|login| format!("/accounts?after={}", encoded(&login)));
    let errors: Vec<(String, String)> = match &outcome {
        Err(IdentityError::Field(field, rule, fix)) => {
            vec![((*field).to_owned(), ctx.t_or(&format!("account-{field}-{rule}"), fix))]
        }
        Err(e) => vec![("login".into(), ctx.t_or(&format!("problem-{}", e.code()), &e.to_string()))],
        Ok(_) => Vec::new(),
    };
    let body = AccountsPage {
        ctx,
        invitation: outcome.as_ref().copied().unwrap_or_default(),
        fields: fields(ctx, spaces, form, &errors),
        errors,
        table: if accounts.is_empty() { Html::default() } else { table(ctx, &accounts) },
        empty: components::empty(ctx.t("accounts-empty-title"), ctx.t("accounts-empty")),
        invited: invited::table(ctx, &invited::theirs(ctx, s, spaces).await?),
        pages: components::pagination(ctx, accounts.len(), (!after.is_empty()).then_some("/accounts"), next.as_deref()),
    };
    let status = if outcome.is_err() { axum::http::StatusCode::UNPROCESSABLE_ENTITY } else { Default::default() };
    let page = Page::new(ctx, ctx.t("accounts-title")).status(status).body(&body).island(Island::Forms);
    let mut response = page.into_response();
    if !body.invitation.is_empty() {
        let never = axum::http::HeaderValue::from_static("no-store");
        response.headers_mut().insert(axum::http::header::CACHE_CONTROL, never);
    }
    Ok(response)
}

fn fields(ctx: &PageContext, spaces: &[SpacePath], form: &Invite, errors: &[(String, String)]) -> Vec<Field> {
    let of = |name: &str| errors.iter().find(|(n, _)| n == name).map(|(_, text)| text.clone()).unwrap_or_default();
    let choice = |value: &str, text: String| Choice { value: value.to_owned(), text };
    let mut roles = vec![choice("", ctx.t("accounts-no-post"))];
    roles.extend(ROLES.iter().map(|r| choice(r.as_str(), ctx.word("PostRole", r.as_str()))));
    let places = spaces.iter().map(|s| choice(s.as_str(), s.to_string())).collect();
    vec![
        Field::text("login", ctx.t("session-login"))
            .hint(ctx.t("accounts-login-hint"))
            .value(&form.login)
            .error(of("login"))
            .required(),
        Field::text("name", ctx.t("account-name")).value(&form.name).error(of("name")).required(),
        Field::select("role", ctx.t("invitation-post"), roles).value(&form.role),
        Field::select("space", ctx.t("accounts-space"), places).value(&form.space),
        Field::text("person", ctx.t("accounts-person"))
            .hint(ctx.t("accounts-person-hint"))
            .value(&form.person)
            .error(of("person")),
    ]
}

fn table(ctx: &PageContext, accounts: &[Account]) -> Html {
    let mut table = Table::new(ctx.t("accounts-title"))
        .hide_caption()
        .column(ctx.t("session-login"))
        .column(ctx.t("account-name"))
        .column(ctx.t("accounts-since"))
        .column(ctx.t("accounts-state"))
        .column(ctx.t("accounts-act"));
    for a in accounts {
        let state = if a.blocked {
            components::tag(Tone::Danger, ctx.t("accounts-blocked"))
        } else {
            components::tag(Tone::Good, ctx.t("accounts-active"))
        };
        let (text, blocked, confirm) = if a.blocked {
            (ctx.t("accounts-unblock"), "false", None)
        } else {
            (ctx.t("accounts-block"), "true", Some(ctx.t("accounts-block-ask")))
        };
        let id = a.id.to_string();
        let fields = [("id", id.as_str()), ("blocked", blocked)];
        let spec =
            PostButton { action: "/accounts/block", text, fields: &fields, kind: ButtonKind::Secondary, confirm };
        let mut button = components::post_button(ctx, &spec);
        if a.blocked {
            let spec = PostButton {
                action: "/accounts/again",
                text: ctx.t("accounts-again"),
                fields: &fields[..1],
                kind: ButtonKind::Secondary,
                confirm: Some(ctx.t("accounts-again-ask")),
            };
            button = Html::join([button, components::post_button(ctx, &spec)]);
        }
        table.row([Html::text(&a.login), Html::text(&a.name), components::time(ctx, a.created), state, button]);
    }
    table.html()
}

#[derive(Debug, Default, Deserialize)]
pub struct Invite {
    login: String,
    name: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    space: String,
    /// Who is in the graph already.
    #[serde(default)]
    person: String,
}

/// `POST /accounts/invite`: the answer shows the address that is handed over, once.
///
/// # Errors
/// Not permitted.
pub async fn invite(
    ctx: PageContext,
    State(s): State<OperationsState>,
    CsrfForm(form): CsrfForm<Invite>,
) -> Result<Response, PageError> {
    let spaces = allowed(&ctx, &s)?;
    if let Some(elsewhere) = ctx.confirm_first("/accounts") {
        return Ok(elsewhere);
    }
    let outcome = invitation(&ctx, &s, &spaces, &form).await;
    match &outcome {
        Ok(address) => shown(&ctx, &s, "", (&spaces, &Invite::default(), Ok(address))).await,
        Err(e) => shown(&ctx, &s, "", (&spaces, &form, Err(e.clone()))).await,
    }
}

async fn invitation(
    ctx: &PageContext,
    s: &OperationsState,
    spaces: &[SpacePath],
    form: &Invite,
) -> Result<String, IdentityError> {
    let mut invitation = Invitation::new(&form.login, &form.name, ctx.now.plus_seconds(INVITED))?;
    if let Some(role) = ROLES.into_iter().find(|r| r.as_str() == form.role) {
        let space = spaces.iter().find(|space| space.as_str() == form.space);
        let wrong = || IdentityError::Field("space", "choice", "choose one where you run the installation".into());
        invitation.post = Some((role, space.cloned().ok_or_else(wrong)?));
    }
    if !form.person.trim().is_empty() {
        let wrong = |rule, fix: &str| IdentityError::Field("person", rule, fix.into());
        if invitation.post.is_some() {
            return Err(wrong("post", "appoint who is known already on the page of bodies"));
        }
        let urn = form.person.trim().parse::<Urn>();
        invitation.person = Some(urn.map_err(|_| wrong("choice", "write the URN of a person of your territory"))?);
    }
    address(ctx, s, &invitation).await
}

/// The address of an invitation that is made now, in the visitor's name.
async fn address(ctx: &PageContext, s: &OperationsState, invitation: &Invitation) -> Result<String, IdentityError> {
    let token = s.identity.make_invitation(invitation, (&ctx.actor, &ctx.actor_name())).await?;
    Ok(format!("{}/invitation#{token}", s.identity.origin().unwrap_or_default()))
}

/// May whoever runs these spaces keep the account out, and let it in? Nobody is kept out by whoever runs less than they do;
/// people without a post are for whoever runs a whole region.
async fn keeps(s: &OperationsState, spaces: &[SpacePath], account: &Account) -> Result<bool, PageError> {
    let held = s.identity.capacities(account).await?;
    let within = held.iter().all(|c| spaces.contains(&c.space));
    let enough = within && (!held.is_empty() || is_regional(spaces));
    Ok(enough && seen::is_seen(s, spaces, account).await?)
}

#[derive(Deserialize)]
pub struct Block {
    id: String,
    blocked: bool,
}

/// `POST /accounts/block`: out at once, or in again.
///
/// # Errors
/// Not permitted, or no such account.
pub async fn block(
    ctx: PageContext,
    State(s): State<OperationsState>,
    CsrfForm(form): CsrfForm<Block>,
) -> Result<Response, PageError> {
    let spaces = allowed(&ctx, &s)?;
    if let Some(elsewhere) = ctx.confirm_first("/accounts") {
        return Ok(elsewhere);
    }
    let account = s.identity.account(&form.id).await?;
    // Nobody shuts themselves out.
    let own = ctx.session.as_ref().is_some_and(|session| session.account == form.id);
    if own || !keeps(&s, &spaces, &account).await? {
        return Err(PageError::forbidden());
    }
    s.identity.block(&form.id, form.blocked, &ctx.actor).await?;
    Ok(Redirect::to("/accounts").into_response())
}
