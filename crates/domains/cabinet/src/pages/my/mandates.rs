//! `GET|POST /my/mandates`, `POST /my/mandates/withdraw|code`: who acts for the person.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_kernel::Urn;
use svod_portal::components::{self, ButtonKind, Choice, Field, PostButton, Tone};
use svod_portal::{CsrfForm, CsrfMultipart, Html, Island, Page, PageContext, PageError};
use svod_trust::NewMandate;

use super::{Withdraw, owner, rooms, withdrawn};
use crate::CabinetState;
use crate::pages::files::{examined, links, scan_field, scan_refused};
use crate::pages::{ROWS, answer, matters, moment, of, shown, word};

/// Terms offered, in days.
const TERMS: [i64; 4] = [1, 30, 365, 1_096];

#[derive(Template)]
#[template(path = "my/mandates.html")]
struct MandatesPage<'a> {
    ctx: &'a PageContext,
    rooms: Html,
    rows: Vec<Row>,
    empty: Html,
    fields: Vec<Field>,
    matters: Html,
    own: bool,
    heads: bool,
    code: &'a str,
    errors: Vec<(String, String)>,
}

struct Row {
    delegate: String,
    basis: Html,
    document: String,
    files: Html,
    scope: String,
    since: Html,
    until: Html,
    state: Html,
    button: Html,
}

async fn rows(ctx: &PageContext, s: &CabinetState, own: bool) -> Result<Vec<Row>, PageError> {
    let mut rows = Vec::new();
    for m in s.trust.own(&ctx.actor, "Mandate", 0..ROWS).await? {
        let holds = m.time("until").is_none_or(|at| ctx.now < at);
        let (tone, key) = if holds { (Tone::Good, "my-mandate-holds") } else { (Tone::Quiet, "my-mandate-over") };
        let fields = [("id", m.id.as_str())];
        let spec = PostButton {
            action: "/my/mandates/withdraw",
            text: ctx.t("my-withdraw"),
            fields: &fields,
            kind: ButtonKind::Secondary,
            confirm: Some(ctx.t("my-mandate-withdraw-ask")),
        };
        // A head ends what a head has given, and nothing else.
        let own = own && (!ctx.actor.heads() || m.text("basis") == Some("employee"));
        rows.push(Row {
            delegate: delegate(ctx, s, m.object("delegate")).await,
            basis: word(ctx, &m, "basis", "MandateBasis", &[]),
            document: m.text("document").unwrap_or_default().to_owned(),
            files: links(ctx, s, &m).await?,
            scope: matters::named(ctx, &m),
            since: moment(ctx, &m, "since"),
            until: moment(ctx, &m, "until"),
            state: components::tag(tone, ctx.t(key)),
            button: if holds && own { components::post_button(ctx, &spec) } else { Html::default() },
        });
    }
    Ok(rows)
}

/// How a delegate signs in: what the person named them by.
async fn delegate(ctx: &PageContext, s: &CabinetState, urn: Option<&Urn>) -> String {
    let Some(urn) = urn else { return String::new() };
    match s.identity.login_of_person(urn).await {
        Ok(Some(login)) => login,
        _ => ctx.closed(urn),
    }
}

async fn page(
    ctx: &PageContext,
    s: &CabinetState,
    (form, code): (&Give, &str),
    errors: Vec<(String, String)>,
) -> Result<Response, PageError> {
    owner(ctx, s).await?;
    let heads = ctx.actor.heads();
    let own = (ctx.actor.on_behalf.is_empty() || heads) && ctx.session.is_some();
    let term = |days: &i64| Choice { value: days.to_string(), text: ctx.tf("my-days", &[("n", (*days).into())]) };
    let fields = vec![
        Field::text("delegate", ctx.t("my-mandate-delegate"))
            .hint(ctx.t("my-mandate-delegate-hint"))
            .value(&form.delegate)
            .error(of(&errors, "delegate"))
            .required(),
        Field::text("document", ctx.t("my-mandate-document"))
            .hint(ctx.t("my-mandate-document-hint"))
            .value(&form.document),
        scan_field(ctx, s, &errors),
        Field::select("days", ctx.t("my-term"), TERMS.iter().map(term).collect())
            .value(&form.days)
            .error(of(&errors, "days")),
    ];
    let page = MandatesPage {
        ctx,
        rooms: rooms(ctx, s).await?,
        rows: rows(ctx, s, own).await?,
        empty: components::empty(ctx.t("my-mandates-none"), ctx.t("my-mandates-none-text")),
        matters: matters::boxes(
            ctx,
            s,
            &form.scope,
            (&ctx.t(if heads { "my-employee-scope-hint" } else { "my-mandate-scope-hint" }), &errors),
        ),
        fields,
        own,
        heads,
        code,
        errors,
    };
    let whole = Page::new(ctx, ctx.t("my-mandates")).crumb(ctx.t("my-title"), "/my").body(&page).island(Island::Forms);
    let mut response = answer(whole, &page.errors);
    if !code.is_empty() {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

/// The page.
///
/// # Errors
/// Nobody is signed in, or the store failed.
pub async fn show(ctx: PageContext, State(s): State<CabinetState>) -> Result<Response, PageError> {
    page(&ctx, &s, (&Give::default(), ""), Vec::new()).await
}

/// What the form says.
#[derive(Default)]
struct Give {
    delegate: String,
    scope: Vec<String>,
    document: String,
    days: String,
}

impl Give {
    fn of(pairs: &[(String, String)]) -> Self {
        let one = |name: &str| pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap_or_default();
        let scope = pairs.iter().filter(|(n, v)| n == "scope" && !v.is_empty()).map(|(_, v)| v.clone()).collect();
        Self { delegate: one("delegate"), scope, document: one("document"), days: one("days") }
    }
}

/// `POST /my/mandates`: a weighty act, which asks for a fresh proof.
///
/// # Errors
/// Not permitted, or the store failed.
pub async fn give(
    ctx: PageContext,
    State(s): State<CabinetState>,
    CsrfMultipart { form, file }: CsrfMultipart<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    owner(&ctx, &s).await?;
    let form = Give::of(&form);
    if let Some(elsewhere) = ctx.confirm_first("/my/mandates") {
        return Ok(elsewhere);
    }
    let Some(session) = ctx.session.clone() else { return Err(PageError::forbidden()) };
    let scan = match examined(&ctx, &s, file).await {
        Ok(scan) => scan,
        Err(e) => return page(&ctx, &s, (&form, ""), vec![scan_refused(&ctx, &s, e)?]).await,
    };
    let delegate = match s.identity.person_of(&session, &form.delegate).await? {
        Some(person) => person,
        None => {
            let error = ("delegate".to_owned(), ctx.t("cabinet-delegate-unknown"));
            return page(&ctx, &s, (&form, ""), vec![error]).await;
        }
    };
    let days = form.days.parse().unwrap_or_default();
    let new = NewMandate { delegate, scope: form.scope.clone(), document: form.document.clone(), days };
    match s.trust.empower(&ctx.actor, &new).await {
        Ok(mandate) => {
            if let Some(scan) = scan {
                s.files.keep(&ctx.actor, &mandate, scan).await?;
            }
            Ok(Redirect::to("/my/mandates").into_response())
        }
        Err(e) => page(&ctx, &s, (&form, ""), vec![shown(&ctx, e)?]).await,
    }
}

/// `POST /my/mandates/withdraw`
///
/// # Errors
/// Not one's own, or the store failed.
pub async fn withdraw(
    ctx: PageContext,
    State(s): State<CabinetState>,
    CsrfForm(form): CsrfForm<Withdraw>,
) -> Result<Response, PageError> {
    withdrawn(&ctx, &s, &form, "/my/mandates").await
}

#[derive(Deserialize)]
pub struct Nothing {}

/// `POST /my/mandates/code`: a code that one tells the operator of a service centre.
///
/// # Errors
/// Nobody is signed in with an account, or the store failed.
pub async fn code(
    ctx: PageContext,
    State(s): State<CabinetState>,
    CsrfForm(Nothing {}): CsrfForm<Nothing>,
) -> Result<Response, PageError> {
    owner(&ctx, &s).await?;
    let Some(session) = ctx.session.clone().filter(|_| ctx.actor.on_behalf.is_empty()) else {
        return Err(PageError::forbidden());
    };
    if let Some(elsewhere) = ctx.confirm_first("/my/mandates") {
        return Ok(elsewhere);
    }
    let code = s.identity.presence_code(&session.account).await?;
    page(&ctx, &s, (&Give::default(), &code), Vec::new()).await
}
