//! What somebody signs in with, and where they are signed in.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use svod_identity::provider::Client;
use svod_identity::{Account, Authenticator, Capacity, IdentityError, Key, Method, Represented, Session};
use svod_kernel::Timestamp;

use super::session::{is_shown, refusal, said};
use super::{
    Answer, Client as Browser, FRESH, Here, Reach, Scripted, Signed, given, goes_on, leading, local, redirect,
    to_confirm,
};
use crate::assets::Island;
use crate::components::{self, ButtonKind, Field, PostButton};
use crate::context::PageContext;
use crate::form::CsrfForm;
use crate::html::Html;
use crate::page::Page;
use crate::{PageError, Portal};

#[derive(Template)]
#[template(path = "people/account.html")]
struct AccountPage<'a> {
    ctx: &'a PageContext,
    account: Account,
    keys: Vec<Key>,
    sessions: Vec<Session>,
    posts: Vec<Capacity>,
    represented: Vec<Represented>,
    sites: Vec<(Client, Vec<String>, Timestamp)>,
    current: &'a str,
    acting: String,
    reach: Reach,
    name: Field,
    errors: Vec<(String, String)>,
    /// The password of now, where it is asked for before it goes.
    typed: Option<Field>,
    /// Outside providers: identifier, name, and issuer with the moment since when it opens the account.
    outside: Vec<(String, String)>,
    linked: Vec<(String, Timestamp)>,
}

impl AccountPage<'_> {
    fn method(&self, s: &Session) -> String {
        self.ctx.t(&format!("session-method-{}", s.method))
    }

    /// The browser and its system, by the words that every one of them names itself with.
    fn device(&self, s: &Session) -> String {
        let named =
            |words: &[(&str, &'static str)]| words.iter().find(|(word, _)| s.agent.contains(word)).map(|(_, n)| *n);
        let browser = named(&[
            ("YaBrowser/", "Yandex Browser"),
            ("Edg/", "Edge"),
            ("OPR/", "Opera"),
            ("Firefox/", "Firefox"),
            ("Chrome/", "Chrome"),
            ("Safari/", "Safari"),
        ]);
        let system = named(&[
            ("Android", "Android"),
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Windows", "Windows"),
            ("Mac OS X", "macOS"),
            ("Linux", "Linux"),
        ]);
        match (browser, system) {
            (Some(browser), Some(system)) => format!("{browser} · {system}"),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) if s.agent.is_empty() => self.ctx.t("account-session-unknown"),
            (None, None) => s.agent.chars().take(60).collect(),
        }
    }

    fn codes_left(&self) -> String {
        self.ctx.tf("account-codes-left", &[("n", (self.account.recovery_codes as u64).into())])
    }

    /// A button; `asks` is the text that it asks for a confirmation with.
    fn button(&self, action: &str, text: &str, fields: &[(&str, &str)], asks: Option<&str>) -> Html {
        let (text, confirm) = (self.ctx.t(text), asks.map(|key| self.ctx.t(key)));
        components::post_button(self.ctx, &PostButton { action, text, fields, kind: ButtonKind::Secondary, confirm })
    }

    fn remove_key(&self, key: &Key) -> Html {
        self.button(
            "/account/passkeys/remove",
            "account-remove",
            &[("id", &key.id)],
            Some("account-passkey-remove-ask"),
        )
    }

    fn drop_password(&self) -> Html {
        self.button("/account/password/remove", "account-password-remove", &[], Some("account-password-remove-ask"))
    }

    /// Buttons that take single things back which a site may learn; who somebody is, on which all of it stands, goes with the
    /// whole.
    fn narrower(&self, site: &Client, scope: &[String]) -> Html {
        if scope.len() < 2 {
            return Html::default();
        }
        let single = scope.iter().filter(|word| *word != "openid").map(|word| {
            let what = self.ctx.t_or(&format!("account-scope-{word}"), word);
            let text = self.ctx.tf("account-site-narrow", &[("what", what.into())]);
            let fields = [("client", site.id.as_str()), ("scope", word.as_str())];
            let (action, kind) = ("/account/sites/narrow", ButtonKind::Secondary);
            let spec = PostButton { action, text, fields: &fields, kind, confirm: None };
            components::post_button(self.ctx, &spec)
        });
        components::more(self.ctx.t("account-site-narrow-title"), Html::join(single))
    }

    fn withdraw(&self, site: &Client) -> Html {
        self.button("/account/sites/withdraw", "account-site-withdraw", &[("client", &site.id)], None)
    }

    /// What a site may learn, in words.
    fn learns(&self, scope: &[String]) -> String {
        let words = scope.iter().map(|s| self.ctx.t_or(&format!("consent-scope-{s}"), s));
        words.collect::<Vec<_>>().join("; ")
    }

    fn link(&self, provider: &str, name: &str) -> Html {
        let text = self.ctx.tf("account-outside-add", &[("name", name.into())]);
        let fields = [("provider", provider)];
        let spec = PostButton {
            action: "/account/outside",
            text,
            fields: &fields,
            kind: ButtonKind::Secondary,
            confirm: None,
        };
        components::post_button(self.ctx, &spec)
    }

    fn unlink(&self, issuer: &str) -> Html {
        self.button("/account/outside/remove", "account-remove", &[("issuer", issuer)], None)
    }

    fn end_session(&self, s: &Session) -> Html {
        self.button("/account/sessions/end", "account-session-end", &[("id", &s.id)], None)
    }

    fn end_others(&self) -> Html {
        self.button("/account/sessions/end-others", "account-sessions-end", &[], None)
    }

    /// Nothing to sign in with yet.
    fn is_bare(&self) -> bool {
        !self.keys.iter().any(|key| key.good) && !self.account.has_password && self.linked.is_empty()
    }
}

async fn owner(portal: &Portal, signed: &Signed) -> Result<Account, PageError> {
    Ok(portal.0.identity.account(&signed.session.account).await?)
}

/// May what opens the account be changed now? Who has nothing to prove themselves with yet, may.
async fn may_change(portal: &Portal, signed: &Signed) -> Result<bool, PageError> {
    if signed.session.is_fresh(signed.ctx.now, FRESH) {
        return Ok(true);
    }
    let (identity, account) = (&portal.0.identity, &signed.session.account);
    let bare = identity.passkeys(account).await?.is_empty() && identity.outside_of(account).await?.is_empty();
    Ok(bare && !owner(portal, signed).await?.has_password)
}

/// What opens the account has changed: whoever else holds a session may be the reason.
async fn end_others_of(portal: &Portal, signed: &Signed) -> Result<(), PageError> {
    portal.0.identity.end_sessions(&signed.session.account, Some(&signed.session)).await?;
    Ok(())
}

/// `GET /account`.
pub(crate) async fn show(State(portal): Here, signed: Signed, headers: HeaderMap) -> Answer {
    account_page(&portal, &signed, &headers, None).await
}

/// The page, perhaps once more with why the password was not removed.
async fn account_page(
    portal: &Portal,
    signed: &Signed,
    headers: &HeaderMap,
    refused: Option<&IdentityError>,
) -> Answer {
    let (ctx, identity) = (&signed.ctx, &portal.0.identity);
    let account = owner(portal, signed).await?;
    let errors: Vec<_> = refused.map(|e| ("current".to_owned(), words(ctx, e))).into_iter().collect();
    let wrong = errors.first().map(|(_, text)| text.clone()).unwrap_or_default();
    let typed = identity.asks_password(&account, &signed.session).then(|| current_password(ctx, wrong));
    // Who has only the link of an invitation acts in nothing but their own affairs: nothing is offered that would be refused.
    let (posts, represented) = match signed.session.method == Method::Invitation.as_str() {
        true => (Vec::new(), Vec::new()),
        false => (identity.capacities(&account).await?, identity.represented(&account).await?),
    };
    let chosen = signed.session.acting.clone();
    let acting = chosen.or_else(|| posts.first().map(|p| p.appointment.to_string())).unwrap_or_default();
    let page = AccountPage {
        ctx,
        keys: identity.passkeys(&signed.session.account).await?,
        sessions: identity.sessions(&signed.session.account).await?,
        sites: identity.allowed_sites(&signed.session.account).await?,
        represented,
        posts,
        acting,
        account,
        current: &signed.session.id,
        reach: Reach::of(portal, headers),
        errors,
        typed,
        outside: identity.outside_providers(),
        linked: identity.outside_of(&signed.session.account).await?,
        name: Field::text("name", ctx.t("account-passkey-name")).hint(ctx.t("account-passkey-name-hint")),
    };
    let whole = Page::new(ctx, ctx.t("account-title")).body(&page).island(Island::Passkey).island(Island::Forms);
    let response = match refused {
        Some(e) => refusal(whole, e),
        None => whole.into_response(),
    };
    // Its form leads away to the provider.
    Ok(leading(portal, response, ("", !page.outside.is_empty())).await)
}

/// What was wrong, as it stands at its field.
fn words(ctx: &PageContext, error: &IdentityError) -> String {
    match error {
        IdentityError::Field(field, rule, _) => ctx.t_or(&format!("account-{field}-{rule}"), &said(ctx, error)),
        other => said(ctx, other),
    }
}

fn current_password(ctx: &PageContext, wrong: String) -> Field {
    Field::password("current", ctx.t("account-current-password"))
        .hint(ctx.t("account-current-password-hint"))
        .error(wrong)
        .required()
        .autocomplete("current-password")
}

#[derive(Deserialize)]
pub(crate) struct Acting {
    #[serde(default)]
    appointment: String,
    #[serde(default)]
    back: String,
}

/// `POST /account/acting`: the post in which one acts from now on; empty: one's own affairs. Then the page it was asked from.
pub(crate) async fn act_as(State(portal): Here, signed: Signed, CsrfForm(form): CsrfForm<Acting>) -> Answer {
    portal.0.identity.act_as(&signed.session, &form.appointment).await?;
    Ok(redirect(local(&form.back, "/account")))
}

/// `POST /account/passkeys/begin`, by a script.
pub(crate) async fn begin_passkey(State(portal): Here, signed: Signed, _: Scripted) -> Answer {
    if !may_change(&portal, &signed).await? {
        return Err(IdentityError::Unconfirmed.into());
    }
    Ok(given(portal.0.identity.begin_passkey(&owner(&portal, &signed).await?).await?))
}

#[derive(Deserialize)]
pub(crate) struct AddPasskey {
    token: String,
    credential: String,
    #[serde(default)]
    name: String,
}

/// `POST /account/passkeys`.
pub(crate) async fn add_passkey(State(portal): Here, signed: Signed, CsrfForm(form): CsrfForm<AddPasskey>) -> Answer {
    let account = owner(&portal, &signed).await?;
    portal.0.identity.add_passkey(&account, &form.token, (&form.credential, &form.name)).await?;
    let token = portal.0.identity.strengthened(&signed.session, Method::Passkey).await?;
    Ok(goes_on(&portal, &signed, token.as_deref(), redirect("/account#passkeys")))
}

#[derive(Deserialize)]
pub(crate) struct OnePasskey {
    id: String,
    #[serde(default)]
    name: String,
}

/// `POST /account/passkeys/rename`.
pub(crate) async fn rename_passkey(
    State(portal): Here,
    signed: Signed,
    CsrfForm(form): CsrfForm<OnePasskey>,
) -> Answer {
    portal.0.identity.rename_passkey(&signed.session.account, &form.id, &form.name).await?;
    Ok(redirect("/account#passkeys"))
}

/// `POST /account/passkeys/remove`.
pub(crate) async fn remove_passkey(
    State(portal): Here,
    signed: Signed,
    CsrfForm(form): CsrfForm<OnePasskey>,
) -> Answer {
    if !may_change(&portal, &signed).await? {
        return Ok(to_confirm("/account"));
    }
    portal.0.identity.remove_passkey(&signed.session.account, &form.id).await?;
    end_others_of(&portal, &signed).await?;
    Ok(redirect("/account#passkeys"))
}

#[derive(Template)]
#[template(path = "people/password.html")]
struct PasswordPage<'a> {
    ctx: &'a PageContext,
    begun: Authenticator,
    picture: Html,
    errors: Vec<(String, String)>,
    login: &'a str,
    /// The password of now, where it is asked for.
    current: Option<Field>,
    password: Field,
    code: Field,
}

/// `GET /account/password`: a new password with a new authenticator.
pub(crate) async fn password(State(portal): Here, signed: Signed) -> Answer {
    if !may_change(&portal, &signed).await? {
        return Ok(to_confirm("/account/password"));
    }
    let account = owner(&portal, &signed).await?;
    let begun = portal.0.identity.begin_password(&account, &issuer(&signed.ctx)).await?;
    Ok(password_page(&portal, &signed, (&account, begun), None))
}

fn issuer(ctx: &PageContext) -> String {
    ctx.t("product")
}

fn password_page(
    portal: &Portal,
    signed: &Signed,
    (account, begun): (&Account, Authenticator),
    refused: Option<&IdentityError>,
) -> Response {
    let ctx = &signed.ctx;
    let asks = portal.0.identity.asks_password(account, &signed.session);
    let field = match refused {
        Some(IdentityError::Field(field, ..)) => *field,
        Some(IdentityError::TooMany(_)) if asks => "current",
        _ => "code",
    };
    let errors: Vec<(String, String)> = refused.map(|e| (field.to_owned(), words(ctx, e))).into_iter().collect();
    let of = |name: &str| errors.iter().find(|(n, _)| n == name).map(|(_, text)| text.clone()).unwrap_or_default();
    let current = asks.then(|| current_password(ctx, of("current")));
    let password = Field::password("password", ctx.t("account-new-password"))
        .hint(ctx.t("account-new-password-hint"))
        .error(of("password"))
        .required()
        .autocomplete("new-password");
    let code = Field::text("code", ctx.t("account-authenticator-code"))
        .error(of("code"))
        .required()
        .autocomplete("one-time-code");
    let picture = Html::trusted(qr(&begun.address));
    let page = PasswordPage { ctx, begun, picture, errors, login: &account.login, current, password, code };
    let answer = Page::new(ctx, ctx.t("account-password-title")).crumb(ctx.t("account-title"), "/account").body(&page);
    let mut response = match refused {
        Some(e) => refusal(answer, e),
        None => answer.into_response(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

/// An address as a picture that a telephone reads.
fn qr(address: &str) -> String {
    use qrcode::QrCode;
    use qrcode::render::svg;
    let Ok(code) = QrCode::new(address) else { return String::new() };
    let drawn = code.render::<svg::Color<'_>>().min_dimensions(200, 200).quiet_zone(true).build();
    // Only the picture itself stands inside a page.
    drawn.find("<svg").map(|at| drawn[at..].replacen("<svg", "<svg aria-hidden=\"true\"", 1)).unwrap_or_default()
}

#[derive(Deserialize)]
pub(crate) struct SetPassword {
    token: String,
    #[serde(default)]
    current: String,
    password: String,
    code: String,
}

#[derive(Template)]
#[template(path = "people/codes.html")]
struct CodesPage<'a> {
    ctx: &'a PageContext,
    codes: Vec<String>,
}

/// `POST /account/password`: the password is set; recovery codes are shown, once.
pub(crate) async fn set_password(
    State(portal): Here,
    signed: Signed,
    Browser(from): Browser,
    CsrfForm(form): CsrfForm<SetPassword>,
) -> Answer {
    if !may_change(&portal, &signed).await? {
        return Ok(to_confirm("/account/password"));
    }
    let (account, identity) = (owner(&portal, &signed).await?, &portal.0.identity);
    let set = match identity.knows_password(&account, &signed.session, (form.current, &from)).await {
        Ok(()) => identity.set_password(&account, &form.token, (form.password, &form.code)).await,
        Err(e) => Err(e),
    };
    match set {
        Ok(codes) => {
            end_others_of(&portal, &signed).await?;
            let token = identity.strengthened(&signed.session, Method::Password).await?;
            let ctx = &signed.ctx;
            let page = CodesPage { ctx, codes };
            let answer = Page::new(ctx, ctx.t("account-codes-title")).crumb(ctx.t("account-title"), "/account");
            let mut response = answer.body(&page).into_response();
            response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
            Ok(goes_on(&portal, &signed, token.as_deref(), response))
        }
        Err(e) if is_shown(&e) && e != IdentityError::Over => {
            let begun = identity.begun_password(&account, &issuer(&signed.ctx), &form.token).await?;
            Ok(password_page(&portal, &signed, (&account, begun), Some(&e)))
        }
        Err(e) => Err(e.into()),
    }
}

#[derive(Deserialize)]
pub(crate) struct Nothing {}

#[derive(Deserialize)]
pub(crate) struct DropPassword {
    #[serde(default)]
    current: String,
}

/// `POST /account/password/remove`: asks for the password of now as another one does.
pub(crate) async fn drop_password(
    State(portal): Here,
    signed: Signed,
    Browser(from): Browser,
    headers: HeaderMap,
    CsrfForm(form): CsrfForm<DropPassword>,
) -> Answer {
    if !may_change(&portal, &signed).await? {
        return Ok(to_confirm("/account"));
    }
    let (account, identity) = (owner(&portal, &signed).await?, &portal.0.identity);
    match identity.knows_password(&account, &signed.session, (form.current, &from)).await {
        Ok(()) => {}
        Err(e) if is_shown(&e) => return account_page(&portal, &signed, &headers, Some(&e)).await,
        Err(e) => return Err(e.into()),
    }
    identity.drop_password(&account).await?;
    end_others_of(&portal, &signed).await?;
    Ok(redirect("/account#password"))
}

#[derive(Deserialize)]
pub(crate) struct OneSession {
    id: String,
}

/// `POST /account/sessions/end`.
pub(crate) async fn end_session(State(portal): Here, signed: Signed, CsrfForm(form): CsrfForm<OneSession>) -> Answer {
    if !may_change(&portal, &signed).await? {
        return Ok(to_confirm("/account"));
    }
    portal.0.identity.end_session(&signed.session.account, &form.id).await?;
    Ok(redirect("/account#sessions"))
}

#[derive(Deserialize)]
pub(crate) struct OneSite {
    client: String,
}

/// `POST /account/sites/withdraw`: the site learns nothing more, and its tokens end.
pub(crate) async fn withdraw(State(portal): Here, signed: Signed, CsrfForm(form): CsrfForm<OneSite>) -> Answer {
    portal.0.identity.withdraw(&signed.session.account, &form.client).await?;
    Ok(redirect("/account#sites"))
}

#[derive(Deserialize)]
pub(crate) struct OneScope {
    client: String,
    scope: String,
}

/// `POST /account/sites/narrow`: the site learns one thing less, now and with what it has.
pub(crate) async fn narrow(State(portal): Here, signed: Signed, CsrfForm(form): CsrfForm<OneScope>) -> Answer {
    portal.0.identity.narrow(&signed.session.account, &form.client, &form.scope).await?;
    Ok(redirect("/account#sites"))
}

/// `POST /account/sessions/end-others`.
pub(crate) async fn end_others(State(portal): Here, signed: Signed, CsrfForm(Nothing {}): CsrfForm<Nothing>) -> Answer {
    if !may_change(&portal, &signed).await? {
        return Ok(to_confirm("/account"));
    }
    portal.0.identity.end_sessions(&signed.session.account, Some(&signed.session)).await?;
    Ok(redirect("/account#sessions"))
}
