use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use svod_identity::{Identity, IdentityError, Known, Session};
use svod_kernel::{Actor, Coded as _, Lang, Role, Timestamp, number};
use svod_text::{Arg, Texts};

use crate::error::{Failure, PageError};
use crate::{Portal, cookies, form, page};

/// What a page needs to know of its request: who looks, in which language, at what moment.
#[derive(Clone)]
pub struct PageContext {
    /// Language of the page.
    pub lang: Lang,
    /// Who looks.
    pub actor: Arc<Actor>,
    /// In which session; none for who has not signed in, and for personas.
    pub session: Option<Arc<Session>>,
    /// How whoever has a session is called; empty for personas and for nobody.
    pub name: String,
    /// How the one is called in whose affairs the visitor acts; empty for their own.
    pub acts_for: String,
    /// All texts: of the packs, the portal and the domains.
    pub texts: Arc<Texts>,
    /// Path of the request, without its query.
    pub path: String,
    /// Query of the request, without the parameter `lang`; empty when there is none.
    pub query: String,
    /// The installation runs in demo mode.
    pub demo: bool,
    /// Token that a form must repeat; see [`crate::components::csrf_field`].
    pub csrf: String,
    /// Hours by which the page's time is ahead of UTC.
    pub offset_hours: i32,
    /// When the request came.
    pub now: Timestamp,
    /// When they in whose affairs this is were last shown, in this browser, who looked at their data; see [`Self::mark_seen`].
    pub seen: Option<Timestamp>,
    pub(crate) portal: Portal,
}

impl PageContext {
    /// The address of the installation, without a path; none when it has none of its own.
    pub fn origin(&self) -> Option<String> {
        self.portal.0.identity.origin()
    }

    /// From now on they have been shown who looked at their data: [`Self::seen`] of later requests of this browser.
    pub fn mark_seen(&self, response: &mut Response) {
        let value = format!("{:016x}.{}", of_whom(&self.actor), self.now.0);
        cookies::set(response.headers_mut(), cookies::SEEN, &value, cookies::YEAR, self.portal.0.secure_cookies);
    }

    /// The text of a message.
    pub fn t(&self, key: &str) -> String {
        self.texts.get(self.lang, key).into_owned()
    }

    /// The text of a message with arguments.
    pub fn tf(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.texts.format(self.lang, key, args)
    }

    /// The text of the message, or `otherwise` where no language has it: names of what packs declare.
    pub fn t_or(&self, key: &str, otherwise: &str) -> String {
        if self.texts.has(self.lang, key) || self.texts.has(Lang::Ru, key) { self.t(key) } else { otherwise.to_owned() }
    }

    /// The name of a code list's value: `enum-<list>-<value>`.
    pub fn word(&self, list: &str, value: &str) -> String {
        self.t_or(&format!("enum-{list}-{value}"), value)
    }

    /// Day and time in the territory.
    pub fn datetime(&self, at: Timestamp) -> String {
        svod_text::format_datetime(self.lang, at, self.offset_hours)
    }

    /// A moment in the territory's time, to the second.
    pub fn datetime_exact(&self, at: Timestamp) -> String {
        svod_text::format_datetime_exact(self.lang, at, self.offset_hours)
    }

    /// The day in the territory.
    pub fn date(&self, at: Timestamp) -> String {
        svod_text::format_date(self.lang, at, self.offset_hours)
    }

    /// How long ago, or in how long.
    pub fn ago(&self, at: Timestamp) -> String {
        svod_text::format_relative(self.lang, number::whole(self.now.seconds_since(at)))
    }

    /// A number with the digits it needs.
    pub fn number(&self, value: f64) -> String {
        svod_text::format_value(self.lang, value)
    }

    /// Somebody who has said who they are.
    pub fn signed_in(&self) -> bool {
        !self.actor.is(Role::Anonymous)
    }

    /// Before a weighty act: where a fresh proof is given, when the last one of this session is too old. `back` is where one
    /// comes back to, to do it again. Personas have nothing to prove.
    pub fn confirm_first(&self, back: &str) -> Option<Response> {
        let session = self.session.as_ref()?;
        (!session.is_fresh(self.now, crate::people::FRESH)).then(|| crate::people::to_confirm(back))
    }

    /// Why the visitor may not: who has not signed in is asked to.
    pub fn refusal(&self) -> PageError {
        if self.signed_in() { PageError::forbidden() } else { PageError::sign_in() }
    }

    /// The name under which the visitor is greeted.
    pub fn actor_name(&self) -> String {
        match &self.session {
            Some(_) => self.name.clone(),
            None => self.t_or(&format!("persona-{}", self.actor.name), &self.actor.name),
        }
    }

    /// The post in which whoever has a session acts; empty in their own affairs.
    pub fn post(&self) -> &str {
        if self.session.is_some() && !self.actor.is(Role::Citizen) { &self.actor.name } else { "" }
    }

    /// The address of this same page in another language.
    pub fn here_in(&self, lang: Lang) -> String {
        let joint = if self.query.is_empty() { "" } else { "&" };
        format!("{}?{}{joint}lang={}", self.path, self.query, lang.tag())
    }

    /// The address of this page.
    pub fn here(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }

    /// True when `sent` is the token of this visitor's forms: for multipart forms, which [`crate::CsrfForm`] does not
    /// read.
    pub fn csrf_holds(&self, sent: &str) -> bool {
        form::same(sent, &self.csrf)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PageContext {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| PageError::internal("a page's route stands outside of Portal::wrap"))
    }
}

/// Who sends the request: by `Authorization: Bearer`, else by the session cookie.
async fn recognised(headers: &HeaderMap, identity: &Identity) -> Result<Option<Known>, IdentityError> {
    match bearer(headers).or_else(|| cookies::read(headers, cookies::SESSION)) {
        Some(token) => identity.recognise(token).await.map(Some),
        None => Ok(None),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Gives pages their context and turns failures into pages. The API and the assets pass by.
pub(crate) async fn around(State(portal): State<Portal>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path.starts_with("/api/") || path.starts_with("/assets/") || path == "/favicon.svg" {
        return next.run(request).await;
    }
    let (ctx, marks) = read(&portal, request.headers(), request.uri()).await;
    let html = accepts_html(request.headers());
    if cross_site(request.method(), request.headers()) {
        return page::failure(&ctx, PageError::foreign().problem());
    }
    request.extensions_mut().insert(ctx.clone());
    let before =
        ctx.session.as_ref().and_then(|_| cookies::read(request.headers(), cookies::SESSION)).map(str::to_owned);
    let response = next.run(request).await;
    let mut response = dressed(&ctx, response, html);
    let begun = cookies::sets(response.headers(), cookies::SESSION).filter(|token| !token.is_empty());
    if let (Some(before), Some(begun)) = (before, begun)
        && before != begun
        && let Err(error) = portal.0.identity.sign_out(&before).await
    {
        // The session before ends with its time.
        tracing::warn!(%error, "the browser's session of before could not be ended");
    }
    marks.leave(&ctx, response.headers_mut());
    response
}

/// Cookies that the answer must set.
struct Marks {
    lang: bool,
    csrf: bool,
    forget_session: bool,
}

impl Marks {
    fn leave(&self, ctx: &PageContext, headers: &mut HeaderMap) {
        let secure = ctx.portal.0.secure_cookies;
        if self.lang {
            cookies::set(headers, cookies::LANG, ctx.lang.tag(), cookies::YEAR, secure);
        }
        let page =
            headers.get(header::CONTENT_TYPE).is_some_and(|t| t.to_str().is_ok_and(|t| t.starts_with("text/html")));
        if self.csrf && page {
            cookies::set(headers, cookies::CSRF, &ctx.csrf, cookies::YEAR, secure);
        }
        let signing = cookies::sets(headers, cookies::SESSION).is_some();
        if self.forget_session && !signing {
            cookies::set(headers, cookies::SESSION, "", 0, secure);
        }
        if page && !headers.contains_key(header::CACHE_CONTROL) {
            // What somebody was shown stays in no cache, so that nobody finds it after they have signed out.
            let kept = if ctx.signed_in() { "no-store" } else { "private, no-cache" };
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
            headers.append(header::VARY, HeaderValue::from_static("Cookie, Accept-Language"));
        }
    }
}

async fn read(portal: &Portal, headers: &HeaderMap, uri: &Uri) -> (PageContext, Marks) {
    let query = uri.query().unwrap_or("");
    let asked: Option<Lang> = query.split('&').find_map(|p| p.strip_prefix("lang=")?.parse().ok());
    let kept: Option<Lang> = cookies::read(headers, cookies::LANG).and_then(|v| v.parse().ok());
    let accepted = || headers.get(header::ACCEPT_LANGUAGE).and_then(|h| Lang::from_accept(h.to_str().ok()?));
    let known = recognised(headers, &portal.0.identity).await;
    // A store that does not answer ends nobody's session.
    let forget_session =
        known.as_ref().is_err_and(|e| e.status() == 401) && cookies::read(headers, cookies::SESSION).is_some();
    let csrf =
        cookies::read(headers, cookies::CSRF).filter(|v| v.len() == 32 && v.bytes().all(|b| b.is_ascii_hexdigit()));
    let (actor, session, name, acts_for) = match known {
        Ok(Some(known)) => (known.actor, known.session, known.name, known.acts_for),
        _ => (Arc::new(Actor::anonymous()), None, String::new(), String::new()),
    };
    let seen = cookies::read(headers, cookies::SEEN).and_then(|kept| seen_at(kept, &actor));
    let ctx = PageContext {
        lang: asked.or(kept).or_else(accepted).unwrap_or_default(),
        actor,
        session,
        name,
        acts_for,
        texts: portal.0.texts.now(),
        path: uri.path().to_owned(),
        query: query.split('&').filter(|p| !p.is_empty() && !p.starts_with("lang=")).collect::<Vec<_>>().join("&"),
        demo: portal.0.identity.demo(),
        csrf: csrf.map_or_else(|| new_token(portal), str::to_owned),
        offset_hours: portal.0.offset_hours,
        now: portal.0.clock.now(),
        seen,
        portal: portal.clone(),
    };
    let marks = Marks { lang: asked.is_some() && asked != kept, csrf: csrf.is_none(), forget_session };
    (ctx, marks)
}

/// Whose moment it is: several people may share a browser.
fn of_whom(actor: &Actor) -> u64 {
    let mut h = DefaultHasher::new();
    actor.subject().hash(&mut h);
    h.finish()
}

fn seen_at(kept: &str, actor: &Actor) -> Option<Timestamp> {
    let (whom, at) = kept.split_once('.')?;
    (whom == format!("{:016x}", of_whom(actor))).then(|| at.parse().ok().map(Timestamp)).flatten()
}

pub(crate) fn new_token(portal: &Portal) -> String {
    format!("{:016x}{:016x}", portal.0.rng.next_u64(), portal.0.rng.next_u64())
}

fn accepts_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|a| a.to_str().ok())
        .is_none_or(|a| a.contains("text/html") || a.contains("*/*"))
}

/// A form sent from another site's page: refused before its token is even looked at.
fn cross_site(method: &Method, headers: &HeaderMap) -> bool {
    !method.is_safe()
        && cookies::read(headers, cookies::SESSION).is_some()
        && headers.get("sec-fetch-site").is_some_and(|v| v == "cross-site")
}

/// An error without a page of its own gets one, unless the visitor is a program that wants none.
fn dressed(ctx: &PageContext, response: Response, html: bool) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    if let Some(Failure(problem)) = response.extensions().get::<Failure>() {
        let problem = problem.clone();
        let mut answer = if html {
            page::failure(ctx, &problem)
        } else {
            let body = serde_json::to_vec(&problem).expect("a problem is always JSON");
            (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
        };
        if let Some(seconds) = problem.retry_after {
            answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        return answer;
    }
    let plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|t| t.to_str().is_ok_and(|t| t.starts_with("text/plain")));
    if html && plain { page::bare_failure(ctx, status) } else { response }
}
