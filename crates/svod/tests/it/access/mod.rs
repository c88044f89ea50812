//! Every route has a case for every kind of visitor; a route without one fails, and so does a case without a route.

mod api;
mod ngsi;
mod owners;
mod pages;
mod routes;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use svod_testkit::{Answer, TestApp, packs};

/// Who comes, in the order of each case's statuses.
const VISITORS: [Option<&str>; 6] = [
    None,
    Some("citizen"),
    Some("official-municipal"),
    Some("neighbour-official"),
    Some("governor"),
    Some("administrator"),
];

/// A token of forms that the visitor's cookie repeats.
const CSRF: &str = "0123456789abcdef0123456789abcdef";

/// What is sent with a request.
#[derive(Clone)]
enum Body {
    Nothing,
    Json(Value),
    /// Fields of a page's form, beside the token.
    Form(&'static str),
    /// The same, of what is known only then.
    Fields(String),
    /// Nothing, by a script that repeats the token in a header.
    Script,
    /// A folder of a pack, sent by a page.
    Folder(String),
}

/// What is asked of one route, and what each visitor is answered.
struct Case<const N: usize = 6> {
    method: &'static str,
    /// As the router has it.
    route: &'static str,
    /// As it is asked; `{n}` becomes the visitor's number.
    path: String,
    body: Body,
    statuses: [u16; N],
    /// A text, and in whose answer it stands: for routes that leave out instead of refusing.
    shows: Option<(String, [bool; N])>,
}

/// Who comes, by what they are called and their token.
type Visitors<const N: usize> = [(&'static str, Option<String>); N];

/// The personas, as they come to that platform.
fn visitors(app: &TestApp) -> Visitors<6> {
    VISITORS.map(|persona| (persona.unwrap_or("anonymous"), persona.map(|p| app.token(p))))
}

impl<const N: usize> Case<N> {
    fn new(method: &'static str, route: &'static str, path: impl Into<String>, body: Body, statuses: [u16; N]) -> Self {
        Self { method, route, path: path.into(), body, statuses, shows: None }
    }

    fn shows(self, text: &str, whom: [bool; N]) -> Self {
        Self { shows: Some((text.to_owned(), whom)), ..self }
    }

    /// Authorised by a bearer's token; pages are by a cookie.
    fn for_programs(&self) -> bool {
        self.route.starts_with("/api/") || self.route.starts_with("/ngsi-ld/") || self.route == "/metrics"
    }

    /// Who is refused goes first: what the others change would change the reason.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..N).collect();
        order.sort_by_key(|n| self.statuses[*n] < 400);
        order
    }

    async fn ask(&self, app: &TestApp, (n, token): (usize, Option<&str>), csrf: bool) -> Answer {
        let number = |text: &str| text.replace("{n}", &n.to_string());
        let path = number(&self.path);
        let mut headers: Vec<(&str, String)> = Vec::new();
        let cookie = token.map(|t| format!("svod_session={t}; ")).unwrap_or_default();
        let sent = if csrf { CSRF } else { "fedcba9876543210fedcba9876543210" };
        let body = match &self.body {
            Body::Nothing | Body::Json(_) if self.for_programs() => {
                headers.extend(token.map(|t| ("authorization", format!("Bearer {t}"))));
                match &self.body {
                    Body::Json(value) => {
                        headers.push(("content-type", "application/json".into()));
                        number(&value.to_string())
                    }
                    _ => String::new(),
                }
            }
            Body::Nothing | Body::Json(_) => {
                headers.push(("cookie", cookie));
                String::new()
            }
            Body::Form(fields) => {
                headers.push(("cookie", format!("{cookie}svod_csrf={CSRF}")));
                headers.push(("content-type", "application/x-www-form-urlencoded".into()));
                number(&format!("csrf={sent}&{fields}"))
            }
            Body::Fields(fields) => {
                headers.push(("cookie", format!("{cookie}svod_csrf={CSRF}")));
                headers.push(("content-type", "application/x-www-form-urlencoded".into()));
                format!("csrf={sent}&{fields}")
            }
            Body::Script => {
                headers.push(("cookie", format!("{cookie}svod_csrf={CSRF}")));
                headers.push(("x-csrf-token", sent.to_owned()));
                String::new()
            }
            Body::Folder(manifest) => {
                headers.push(("cookie", format!("{cookie}svod_csrf={CSRF}")));
                headers.push(("content-type", "multipart/form-data; boundary=b".into()));
                let part = |name: &str, rest: &str, value: &str| {
                    format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{rest}\r\n\r\n{value}\r\n")
                };
                let file = part("files", "; filename=\"pack.yaml\"\r\nContent-Type: text/yaml", manifest);
                format!("{}{}{file}--b--\r\n", part("csrf", "", sent), part("act", "", "publish"))
            }
        };
        app.request(self.method, &path, &headers, body.into_bytes()).await
    }
}

/// A platform with something of everything in Novokuznetsk, and the URNs of its alert, case and task and the number of a
/// message in quarantine.
struct Stage {
    app: TestApp,
    case: String,
    task: String,
    refused: i64,
}

impl Stage {
    async fn set() -> Self {
        let app = TestApp::builder().neighbour().doors().start().await;
        app.deliver("air-post", "42010102", json!({"ts": app.ts(), "pm25": 0.05})).await;
        for n in 0..3 {
            app.deliver("air-post", "42010102", json!({"ts": app.ts(), "radon": n})).await;
        }
        app.until("a task is offered", async || app.all("kuzbass", "Task").await.len() == 1).await;
        app.settle().await;
        for n in 0..VISITORS.len() {
            app.create(station(&format!("spare-{n}"))).await;
        }
        let (case, task) = (app.only("Case").await.id.to_string(), app.only("Task").await.id.to_string());
        let refused = app.quarantine().await.last().unwrap().id;
        Self { app, case, task, refused }
    }
}

fn station(n: &str) -> svod_model::Entity {
    let urn = format!("urn:svod:station:{n}").parse().unwrap();
    svod_model::Entity::new(urn, "AirQualityStation", "kuzbass/novokuznetsk".parse().unwrap())
        .with("name", svod_model::Attribute::property(n))
        .with("location", svod_model::Attribute::point(svod_model::Point { lon: 87.1, lat: 53.7 }))
}

/// Kuzbass once more, as another version.
fn kuzbass(version: &str) -> Value {
    json!(packs::version(packs::shipped("kuzbass"), version))
}

/// Asks everything of everybody; all that differs is told together.
async fn judge<const N: usize>(app: &TestApp, cases: &[Case<N>], visitors: &Visitors<N>) {
    let mut wrong = Vec::new();
    for case in cases {
        for n in case.order() {
            let (who, token) = &visitors[n];
            let answer = case.ask(app, (n, token.as_deref()), true).await;
            let about = format!("{} {} as {who}", case.method, case.path);
            if answer.status != case.statuses[n] {
                let told: String = answer.text.chars().take(200).collect();
                wrong.push(format!("{about}: {} expected, {} answered: {told}", case.statuses[n], answer.status));
            } else if case.route.starts_with("/api/") && answer.status >= 400 {
                if answer.header("content-type") != "application/problem+json" {
                    wrong.push(format!("{about}: refused without a problem: {}", answer.text));
                }
            } else if let Some((text, whom)) = &case.shows
                && answer.text.contains(text) != whom[n]
            {
                wrong.push(format!("{about}: {text} stands in the answer: {}", !whom[n]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn asked<const N: usize>(cases: &[Case<N>]) -> BTreeSet<(String, String)> {
    cases.iter().map(|c| (c.method.to_owned(), c.route.to_owned())).collect()
}

/// Both ways: no route without a case, no case without a route.
#[track_caller]
fn complete<const N: usize>(routes: &BTreeSet<(String, String)>, cases: &[Case<N>]) {
    let asked = asked(cases);
    let forgotten: Vec<_> = routes.difference(&asked).collect();
    assert!(forgotten.is_empty(), "routes that no case asks: add one to tests/it/access: {forgotten:?}");
    let gone: Vec<_> = asked.difference(routes).collect();
    assert!(gone.is_empty(), "cases of routes that are not there (any more): {gone:?}");
}
