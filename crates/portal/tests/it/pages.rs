use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use svod_kernel::{Clock, Lang, Role, SeededRng, SimClock, Timestamp};
use svod_model::PersonaSpec;
use svod_portal::{CsrfForm, CsrfMultipart, Html, Page, PageContext, PageError, Portal, PortalOptions};
use svod_store::StoreOptions;
use svod_store::testing::TestPlace;
use svod_text::Texts;
use tower::ServiceExt as _;

/// An application over a store of its own.
pub struct App {
    router: Router,
    _place: TestPlace,
}

impl std::ops::Deref for App {
    type Target = Router;

    fn deref(&self) -> &Router {
        &self.router
    }
}

fn app(demo: bool) -> App {
    let inner = Router::new()
        .route("/", get(front))
        .route("/acting", get(acting))
        .route("/denied", get(|| async { PageError::forbidden() }))
        .route("/broken", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .route("/act", post(act))
        .route("/send", post(sent));
    app_of(demo, inner)
}

/// The portal around these routes.
pub fn app_of(demo: bool, inner: Router) -> App {
    let place = TestPlace::sqlite();
    let clock: Arc<dyn Clock> = Arc::new(SimClock::new(Timestamp::from_millis(1_800_000_000_000)));
    let store = place.open_with(StoreOptions::default(), clock.clone()).unwrap();
    let identity = svod_identity::testing::identity(store, clock.clone(), demo);
    let persona =
        |id: &str, role| PersonaSpec { id: id.into(), roles: vec![role], spaces: vec![], body: None, person: None };
    identity.set_personas(vec![persona("citizen", Role::Citizen), persona("administrator", Role::Administrator)]);
    let packs = Lang::ALL.map(|l| (l, "p".to_owned(), format!("persona-citizen = Житель {}", l.tag())));
    let packs = Arc::new(Texts::new(packs).unwrap());
    let portal = Portal::new(PortalOptions {
        identity,
        pack_texts: Arc::new(move || packs.clone()),
        interface_texts: svod_portal::texts(),
        clock,
        rng: Arc::new(SeededRng::new(1)),
        offset_hours: 7,
        secure_cookies: false,
    });
    let router = portal.wrap(inner);
    App { router, _place: place }
}

async fn front(ctx: PageContext) -> Response {
    Page::new(&ctx, "Front <page>").html(Html::trusted("<h1>front</h1>")).into_response()
}

async fn acting(mut ctx: PageContext) -> Response {
    ctx.acts_for = "Анна <Ким>".to_owned();
    Page::new(&ctx, "Front").html(Html::trusted("<h1>front</h1>")).into_response()
}

async fn act(CsrfForm(fields): CsrfForm<BTreeMap<String, String>>) -> String {
    fields["x"].clone()
}

async fn sent(CsrfMultipart { form, file }: CsrfMultipart<BTreeMap<String, String>>) -> String {
    let file = file.map(|f| format!("{} {}", f.name, f.bytes.len())).unwrap_or_default();
    format!("{}|{file}", form["x"])
}

pub struct Answer {
    pub status: StatusCode,
    headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.headers.get_all(header::SET_COOKIE).iter().find_map(|c| {
            let value = c.to_str().ok()?.strip_prefix(name)?.strip_prefix('=')?;
            value.split(';').next().map(str::to_owned)
        })
    }
}

pub async fn send(app: &Router, request: Request<Body>) -> Answer {
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(bytes.to_vec()).unwrap() }
}

pub async fn page(app: &Router, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(app, request.body(Body::empty()).unwrap()).await
}

pub async fn submit(app: &Router, path: &str, cookies: &str, form: &str) -> Answer {
    let request = Request::post(path)
        .header("cookie", cookies)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()))
        .unwrap();
    send(app, request).await
}

#[tokio::test]
async fn the_shell_holds_the_page_in_three_languages() {
    let app = app(true);
    for (lang, word) in [("ru", "Перейти к содержанию"), ("kk", "Мазмұнға өту"), ("en", "Skip to content")]
    {
        let a = page(&app, &format!("/?lang={lang}"), &[]).await;
        assert_eq!(a.status, StatusCode::OK);
        assert!(a.body.contains(word) && a.body.contains(&format!("<html lang=\"{lang}\"")), "{}", a.body);
        assert!(a.body.contains("<h1>front</h1>") && !a.body.contains("Front <page>"));
        assert_eq!(a.cookie("lang").as_deref(), Some(lang));
    }
    let a = page(&app, "/?a=1", &[("cookie", "lang=kk"), ("accept-language", "en")]).await;
    assert!(a.body.contains("<html lang=\"kk\"") && a.body.contains("/?a=1&#38;lang=en"), "{}", a.body);
    assert_eq!(a.cookie("lang"), None);
    let a = page(&app, "/", &[("accept-language", "de, en;q=0.5")]).await;
    assert!(a.body.contains("<html lang=\"en\""));
}

#[tokio::test]
async fn whose_affairs_they_are_stands_in_a_bar_of_its_own() {
    let app = app(true);
    let acting = page(&app, "/acting?lang=ru", &[]).await.body;
    let bar = acting.split_once(r#"<div class="notice acting">"#).unwrap().1.split_once("</header>").unwrap().0;
    assert!(bar.contains("действует за: Анна &#60;Ким&#62;") && bar.contains(r#"href="/account#acting""#), "{bar}");
    assert!(!page(&app, "/", &[]).await.body.contains("notice acting"));
}

#[tokio::test]
async fn nothing_inline_and_every_answer_has_its_headers() {
    let app = app(true);
    for path in ["/", "/session", "/nowhere", "/favicon.svg"] {
        let a = page(&app, path, &[]).await;
        let policy = a.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(a.headers["x-content-type-options"], "nosniff");
        assert!(!a.body.contains(" style=") && !a.body.contains(" onclick="), "{path}");
    }
}

#[tokio::test]
async fn a_persona_signs_in_works_and_signs_out() {
    let app = app(true);
    let a = page(&app, "/session?back=/tasks", &[]).await;
    assert!(a.body.contains("Житель ru") && a.body.contains(r#"value="/tasks""#), "{}", a.body);
    let csrf = a.cookie("svod_csrf").unwrap();
    let form = format!("csrf={csrf}&persona=administrator&back=%2F%2Fevil.example");
    let a = submit(&app, "/session", &format!("svod_csrf={csrf}"), &form).await;
    assert_eq!((a.status, a.headers[header::LOCATION].to_str().unwrap()), (StatusCode::SEE_OTHER, "/"));
    let session = a.cookie("svod_session").unwrap();
    let fresh = a.cookie("svod_csrf").unwrap();
    assert_ne!(fresh, csrf);

    let cookies = format!("svod_session={session}; svod_csrf={fresh}");
    let a = page(&app, "/", &[("cookie", &cookies)]).await;
    assert!(a.body.contains("href=\"/quarantine\"") && a.body.contains("/session/end"));
    assert_eq!(a.cookie("svod_csrf"), None);
    let a = page(&app, "/", &[("authorization", &format!("Bearer {session}"))]).await;
    assert!(a.body.contains("href=\"/quarantine\""));

    let a = submit(&app, "/session/end", &cookies, &format!("csrf={fresh}")).await;
    assert_eq!((a.status, a.cookie("svod_session").as_deref()), (StatusCode::SEE_OTHER, Some("")));
}

#[tokio::test]
async fn a_spoilt_session_is_forgotten() {
    let a = page(&app(true), "/", &[("cookie", "svod_session=no.token")]).await;
    assert_eq!((a.status, a.cookie("svod_session").as_deref()), (StatusCode::OK, Some("")));
    assert!(!a.body.contains("href=\"/quarantine\""));
}

#[tokio::test]
async fn without_demo_nobody_gets_in() {
    let app = app(false);
    let a = page(&app, "/session", &[]).await;
    assert!(a.body.contains("name=\"password\"") && !a.body.contains("name=\"persona\""));
    let csrf = a.cookie("svod_csrf").unwrap();
    let a = submit(&app, "/session", &format!("svod_csrf={csrf}"), &format!("csrf={csrf}&persona=citizen")).await;
    assert_eq!((a.status, a.cookie("svod_session")), (StatusCode::UNAUTHORIZED, None));
}

#[tokio::test]
async fn a_form_without_its_token_is_refused() {
    let app = app(true);
    let token = "0123456789abcdef0123456789abcdef";
    let cookie = format!("svod_csrf={token}");
    let a = submit(&app, "/act", &cookie, &format!("csrf={token}&x=done")).await;
    assert_eq!((a.status, a.body.as_str()), (StatusCode::OK, "done"));
    for (cookie, form) in [(cookie.as_str(), "csrf=&x=1"), (&cookie, "x=1"), ("", "csrf=&x=1"), ("svod_csrf=", "csrf=")]
    {
        let a = submit(&app, "/act", cookie, form).await;
        assert_eq!(a.status, StatusCode::FORBIDDEN, "{cookie} {form}");
        assert!(a.body.contains("Форма устарела"));
    }
    let request = Request::post("/act")
        .header("cookie", format!("{cookie}; svod_session=a.b"))
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(format!("csrf={token}&x=1")))
        .unwrap();
    assert_eq!(send(&app, request).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn failures_become_pages_for_people_and_problems_for_programs() {
    let app = app(true);
    for (path, status, word) in [
        ("/nowhere", 404, "Страница не найдена"),
        ("/denied", 403, "Доступ закрыт"),
        ("/broken", 500, "Сбой"),
        ("/act", 405, "не понят"),
    ] {
        let a = page(&app, path, &[("accept", "text/html")]).await;
        assert_eq!(a.status.as_u16(), status, "{path}");
        assert!(a.body.contains(word) && a.body.contains("</html>"), "{path}: {}", a.body);
    }
    let a = page(&app, "/denied", &[("accept", "application/json")]).await;
    assert_eq!(a.headers["content-type"], "application/problem+json");
    assert!(a.body.contains("urn:svod:problem:forbidden"));
    let a = page(&app, "/api/v1/nowhere", &[]).await;
    assert!(!a.body.contains("<html"), "the API answers for itself");
}

#[tokio::test]
async fn what_a_page_names_can_be_loaded() {
    let app = app(true);
    let a = page(&app, "/", &[]).await;
    let names: Vec<&str> = a.body.split(['"']).filter(|s| s.starts_with("/assets/") || *s == "/favicon.svg").collect();
    assert!(names.iter().any(|n| n.starts_with("/assets/texts/ru-")), "{names:?}");
    for name in names {
        let response = app.clone().oneshot(Request::get(name).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{name}");
        assert!(response.headers().contains_key("cache-control"));
    }
    for absent in ["/assets/../Cargo.toml", "/assets/none.js", "/assets/texts/ru-0.json"] {
        assert_eq!(page(&app, absent, &[]).await.status, StatusCode::NOT_FOUND, "{absent}");
    }
}

/// A form of parts: name, file's name (none for a field) and content.
async fn multipart(app: &Router, cookies: &str, parts: &[(&str, Option<&str>, &str)]) -> Answer {
    let mut body = String::new();
    for (name, file, content) in parts {
        let file = file.map(|f| format!("; filename=\"{f}\"")).unwrap_or_default();
        body += &format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n");
    }
    let request = Request::post("/send")
        .header("cookie", cookies)
        .header("content-type", "multipart/form-data; boundary=x")
        .body(Body::from(body + "--x--\r\n"))
        .unwrap();
    send(app, request).await
}

#[tokio::test]
async fn a_file_is_read_after_the_token_and_from_who_has_signed_in() {
    let app = app(true);
    let csrf = page(&app, "/session", &[]).await.cookie("svod_csrf").unwrap();
    let a = submit(&app, "/session", &format!("svod_csrf={csrf}"), &format!("csrf={csrf}&persona=citizen")).await;
    let (session, csrf) = (a.cookie("svod_session").unwrap(), a.cookie("svod_csrf").unwrap());
    let me = format!("svod_session={session}; svod_csrf={csrf}");
    let (token, x) = (("csrf", None, csrf.as_str()), ("x", None, "1 & 2"));
    let scan = ("scan", Some("скан.pdf"), "%PDF");

    let a = multipart(&app, &me, &[token, x, scan]).await;
    assert_eq!((a.status, a.body.as_str()), (StatusCode::OK, "1 & 2|скан.pdf 4"));
    let a = multipart(&app, &me, &[token, x, ("scan", Some(""), "")]).await;
    assert_eq!(a.body, "1 & 2|", "nothing was chosen");
    assert_eq!(multipart(&app, &me, &[token, x]).await.body, "1 & 2|");
    let a = submit(&app, "/send", &me, &format!("csrf={csrf}&x=1")).await;
    assert_eq!(a.body, "1|", "a form without files");

    for parts in [vec![x, scan], vec![scan, token, x], vec![("csrf", None, "0"), x, scan]] {
        assert_eq!(multipart(&app, &me, &parts).await.status, StatusCode::FORBIDDEN, "{parts:?}");
    }
    let stranger = format!("svod_csrf={csrf}");
    assert_eq!(multipart(&app, &stranger, &[token, x, scan]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(multipart(&app, &me, &[token, scan, scan, x]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let long = "a".repeat(3 << 20);
    for parts in [[token, ("scan", Some("a"), long.as_str())], [token, ("x", None, &long[..100_000])]] {
        assert_eq!(multipart(&app, &me, &parts).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
}
