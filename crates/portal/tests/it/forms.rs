//! Forms of packs on pages: what labels, helps and explains is tied to its input, in every state of a form.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::extract::Query;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Map, json};
use svod_forms::{Around, Choice, Draft, Filled, Form, Lists, Prefill, Sent};
use svod_kernel::Lang;
use svod_portal::{FormOverview, FormPage, Page, PageContext, SentForm};

use crate::pages::{app_of, page, send, submit};

static FORM: LazyLock<Form> =
    LazyLock::new(|| Form::parse("family.json", include_str!("../../../forms/fixtures/family.json")).unwrap());

fn lists() -> Lists {
    let found = vec![Choice { value: json!("urn:a:1"), label: "ул. Мира, 1 <b>".into() }];
    Lists {
        codes: [("Benefit".into(), vec!["veteran".into()])].into(),
        addresses: [("urn:a:1".into(), "ул. Мира, 1".into())].into(),
        found: [("address".into(), found)].into(),
        ..Lists::default()
    }
}

fn prefill() -> Prefill {
    let source = |value: &str| Filled { value: json!(value), source: "Register <of> acts".into(), as_of: None };
    [("applicant.familyName".to_owned(), source("Иванова")), ("applicant.email".to_owned(), source("a@b.kz"))].into()
}

/// A draft in which everything is shown.
fn full() -> Draft {
    let file = json!({"file": "urn:f:1", "name": "scan <1>.pdf", "type": "application/pdf", "size": 1});
    Draft::of(json!({
        "children": [{"firstName": "Аня", "age": 7, "school": true}, {"age": 3}],
        "works": "yes", "work": {"income": 90000}, "certificate": [file, file], "address": "urn:a:1",
    }))
}

/// `?page=…&state=fresh|full|wrong|disputed`, or the overview.
async fn shown(ctx: PageContext, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let (prefill, lists, inputs) = (prefill(), lists(), Map::from_iter([("norm".to_owned(), json!(10_000))]));
    let around = Around {
        lang: ctx.lang,
        texts: &ctx.texts,
        now: ctx.now,
        offset_hours: ctx.offset_hours,
        prefill: &prefill,
        lists: &lists,
        inputs: &inputs,
    };
    let state = query.get("state").map_or("fresh", String::as_str);
    let mut draft = if ["fresh", "came"].contains(&state) { Draft::default() } else { full() };
    if state == "disputed" {
        draft = FORM.act(&draft, &"dispute:familyName".parse().unwrap(), &around);
    }
    let name = query.get("page").map(String::as_str);
    let Some(name) = name else {
        let errors = FORM.finish(&draft, &around).err().unwrap_or_default();
        let chapters = FORM.overview(&draft, &around);
        let view = FormOverview {
            chapters: &chapters,
            action: "/form",
            title: "Form",
            errors: &errors,
            send: None,
            signature: true,
        };
        return Page::new(&ctx, "Form").html(view.html(&ctx)).into_response();
    };
    let bad =
        json!({"children": [{"age": 99}, {}], "work": {"income": "x"}, "certificate": [], "contact": {"email": "x"}});
    let came = BTreeMap::from([("works".to_owned(), vec!["yes".to_owned()])]);
    let sent = if state == "came" { Sent::Typed(&came) } else { Sent::Data(&bad) };
    let tried = ["wrong", "came"].contains(&state);
    let refused = FORM.accept(Some(name), &draft, sent, &around).err().filter(|_| tried);
    let view = FORM.view(&draft, Some(name), &around, refused.as_deref());
    Page::new(&ctx, "Form").html(FormPage { view: &view, action: "/form", title: "Form" }.html(&ctx)).into_response()
}

async fn taken(sent: SentForm) -> String {
    let files: Vec<String> =
        sent.files.iter().map(|(place, f)| format!("{place}={} {}", f.name, f.bytes.len())).collect();
    format!("{}|{:?}|{:?}|{}", sent.page, sent.action, sent.typed, files.join(","))
}

fn app() -> crate::pages::App {
    app_of(true, Router::new().route("/form", get(shown).post(taken)))
}

/// Values of an attribute, in their order.
fn values<'h>(html: &'h str, attribute: &str) -> Vec<&'h str> {
    html.split(&format!(" {attribute}=\"")).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// Each element of that name with its attributes.
fn elements<'h>(html: &'h str, name: &str) -> Vec<&'h str> {
    html.split(&format!("<{name} ")).skip(1).filter_map(|rest| rest.split('>').next()).collect()
}

fn attribute<'h>(element: &'h str, name: &str) -> Option<&'h str> {
    format!(" {element}").split_once(&format!(" {name}=\"")).map(|(before, _)| {
        let from = before.len() + name.len() + 2;
        element[from..].split('"').next().unwrap_or_default()
    })
}

fn check(html: &str, at: &str) {
    let html = html.split_once("<main").map_or(html, |(_, main)| main);
    let ids: Vec<&str> = values(html, "id");
    let known: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(known.len(), ids.len(), "{at}: an id stands twice in {ids:?}");
    let labelled: BTreeSet<&str> = values(html, "for").into_iter().collect();
    for target in &labelled {
        assert!(known.contains(target), "{at}: a label for {target}, which is not there");
    }
    for described in values(html, "aria-describedby") {
        for id in described.split(' ') {
            assert!(known.contains(id), "{at}: described by {id}, which is not there");
        }
    }
    for link in values(html, "href").into_iter().filter_map(|h| h.strip_prefix('#')) {
        assert!(known.contains(link), "{at}: a link to {link}, which is not there");
    }
    for name in ["input", "select", "textarea"] {
        for element in elements(html, name) {
            if attribute(element, "type") == Some("hidden") {
                continue;
            }
            let id = attribute(element, "id").unwrap_or_else(|| panic!("{at}: no id: {element}"));
            let wrapped =
                html.split_once(&format!("<{name} {element}")).unwrap().0.ends_with("<label class=\"check\">");
            assert!(labelled.contains(id) || wrapped, "{at}: {id} has no label");
        }
    }
    // What comes and goes is no group of its own.
    let groups = html.matches("<fieldset").count() - html.matches("role=\"presentation\"").count();
    assert_eq!(groups, html.matches("<legend").count(), "{at}: a fieldset without a legend");
    for error in ids.iter().filter_map(|id| id.strip_prefix("error-")) {
        let of = ids.iter().any(|id| *id == format!("field-{error}"));
        assert!(of, "{at}: an error of {error}, which is not there");
    }
    for evil in ["<script", " style=", " onclick=", "<of>", "<1>.pdf", "<b>"] {
        assert!(!html.contains(evil), "{at}: {evil}");
    }
}

#[tokio::test]
async fn labels_helps_and_errors_are_tied_to_their_inputs() {
    let app = app();
    for name in ["applicant", "children", "income", "papers"] {
        for state in ["fresh", "full", "wrong", "disputed"] {
            for lang in Lang::ALL {
                let path = format!("/form?page={name}&state={state}&lang={}", lang.tag());
                let answer = page(&app, &path, &[]).await;
                assert_eq!(answer.status, StatusCode::OK, "{path}");
                check(&answer.body, &path);
                assert!(!answer.body.contains(">form-"), "{path}: a text is missing");
            }
        }
    }
}

#[tokio::test]
async fn every_kind_of_field_is_there() {
    let app = app();
    let applicant = page(&app, "/form?page=applicant&lang=en", &[]).await.body;
    for part in [
        r#"<form class="pack-form" method="post" action="/form" enctype="multipart/form-data" novalidate>"#,
        r#"name="do" value="dispute:familyName""#,
        "From: Register &#60;of&#62; acts",
        r#"name="f.birthDate" type="date""#,
        r#"name="f.contact.phone" type="tel""#,
        r#"name="f.address.find""#,
        r#"name="do" value="find:address""#,
        r#"class="columns-8""#,
        "Page 1 of 4",
    ] {
        assert!(applicant.contains(part), "{part} in {applicant}");
    }
    // Enter is "continue", whatever buttons stand before it.
    let first = applicant.split_once("<form class=\"pack-form\"").unwrap().1.split_once("<button").unwrap().1;
    assert!(first.split('>').next().unwrap().contains(r#"value="next""#));
    let children = page(&app, "/form?page=children&state=full&lang=en", &[]).await.body;
    for part in
        [r#"value="remove:children.1""#, r#"value="add:children""#, "<legend class=\"form-legend\">Child 2</legend>"]
    {
        assert!(children.contains(part), "{part}");
    }
    let income = page(&app, "/form?page=income&state=full&lang=en", &[]).await.body;
    for part in [
        r#"type="radio" id="field-works" name="f.works" value="yes" checked"#,
        r#"inputmode="decimal""#,
        r#"id="unit-work.income""#,
        r#"<textarea class="textarea" id="field-work.why""#,
        r#"type="checkbox" id="field-benefits""#,
        "<caption>Children so far</caption>",
        r#"alt="Where the number stands on the paper""#,
    ] {
        assert!(income.contains(part), "{part} in {income}");
    }
    let papers = page(&app, "/form?page=papers&state=full&lang=en", &[]).await.body;
    for part in
        [r#"value="drop:certificate.0""#, "No more files", r#"name="f.visit" type="datetime-local""#, "you sign it"]
    {
        assert!(papers.contains(part), "{part} in {papers}");
    }
    assert!(!papers.contains(r#"name="f.note""#), "a read-only field has no input");
    // What can be sent stands at the field, made of what the form asks for and the platform keeps.
    for part in [
        r#"<p class="hint" id="kinds-certificate">PDF, JPEG. Files at most: 2.</p>"#,
        r#"<p class="hint" id="kinds-photo">JPEG, PNG, WebP. Files at most: 1.</p>"#,
    ] {
        assert!(papers.contains(part), "{part} in {papers}");
    }
}

#[tokio::test]
async fn what_answers_bring_up_is_there_and_switched_off() {
    let app = app();
    let income = page(&app, "/form?page=income&lang=en", &[]).await.body;
    check(&income, "income");
    for part in [
        r#" data-conditions="{&quot;data&quot;:{},&quot;inputs&quot;:{&quot;norm&quot;:10000}}""#,
        r#"<fieldset class="form-condition" role="presentation" data-hide="works != &quot;yes&quot;" hidden disabled>"#,
        r#"<fieldset class="form-condition" role="presentation" data-hide="work.income &lt;= norm" hidden disabled>"#,
        r#" data-answer="works" data-kind="one""#,
        r#" data-answer="work.income" data-kind="number""#,
        r#"<p class="visually-hidden" role="status" data-appeared></p>"#,
    ] {
        assert!(income.contains(part), "{part} in {income}");
    }
    let children = page(&app, "/form?page=children&state=full&lang=en", &[]).await.body;
    for part in [
        r#" data-repeat="children""#,
        r#" data-item="children.1""#,
        r#"<span hidden data-compute="count(children)" data-answer="childCount"></span>"#,
        r#"data-hide="this.age &lt; 6">"#,
    ] {
        assert!(children.contains(part), "{part} in {children}");
    }
    // A page on which nothing comes and goes loads nothing for it.
    let papers = page(&app, "/form?page=papers&lang=en", &[]).await.body;
    assert!(!papers.contains("data-conditions") && !papers.contains("data-answer"), "{papers}");
}

#[tokio::test]
async fn questions_that_came_up_are_told_and_are_no_errors() {
    let app = app();
    let came = page(&app, "/form?page=income&state=came&lang=en", &[]).await.body;
    check(&came, "came");
    assert!(came.contains("There is 1 more question"), "{came}");
    assert!(came.contains(r##"<li><a href="#field-work.income">Income a month</a></li>"##), "{came}");
    assert!(!came.contains("error-summary") && !came.contains("aria-invalid"), "{came}");
    assert!(came.contains(r#"data-hide="works != &quot;yes&quot;">"#), "it is shown: {came}");
}

#[tokio::test]
async fn errors_lead_to_their_fields() {
    let app = app();
    let children = page(&app, "/form?page=children&state=wrong&lang=en", &[]).await.body;
    assert!(
        children.contains(r##"<a href="#field-children.0.age">Child, 1: “Age” must be 17 or less.</a>"##),
        "{children}"
    );
    assert!(children.contains(r#"aria-describedby="error-children.0.age" aria-invalid="true""#), "{children}");
    let overview = page(&app, "/form?state=full&lang=ru", &[]).await.body;
    check(&overview, "overview");
    assert!(overview.contains(r#"href="/form?page=papers#field-agree""#), "{overview}");
    assert!(overview.contains("Подписать и отправить") && overview.contains("value=\"send\""));
}

#[tokio::test]
async fn what_is_posted_is_read() {
    let app = app();
    let front = page(&app, "/form?page=income", &[]).await;
    let token = front.cookie("svod_csrf").unwrap();
    let cookie = format!("svod_csrf={token}");
    let form = format!("csrf={token}&page=income&f.works=&f.works=yes&other=1&do=add%3Achildren");
    let answer = submit(&app, "/form", &cookie, &form).await;
    assert_eq!(answer.body, r#"income|Some(Add("children"))|{"works": ["", "yes"]}|"#);
    assert_eq!(submit(&app, "/form", &cookie, "csrf=wrong&f.a=1").await.status, StatusCode::FORBIDDEN);
    let part = |disposition: &str, value: &str| {
        format!("--x\r\ncontent-disposition: form-data; {disposition}\r\n\r\n{value}\r\n")
    };
    let parts = [
        part("name=\"csrf\"", &token),
        part("name=\"f.note\"", "a\r\nb"),
        part("name=\"f.scan\"; filename=\"\"", ""),
        part("name=\"do\"", "save"),
        "--x--\r\n".to_owned(),
    ];
    let body = parts.concat();
    let post = |body: String| {
        let request =
            Request::post("/form").header("cookie", &cookie).header("content-type", "multipart/form-data; boundary=x");
        request.body(Body::from(body)).unwrap()
    };
    assert_eq!(send(&app, post(body)).await.body, r#"|Some(Save)|{"note": ["a\r\nb"]}|"#);
    // Who has not signed in sends no files.
    let parts =
        [part("name=\"csrf\"", &token), part("name=\"f.scan\"; filename=\"a.pdf\"", "x"), "--x--\r\n".to_owned()];
    let body = parts.concat();
    assert_eq!(send(&app, post(body)).await.status, StatusCode::UNAUTHORIZED);
}

#[test]
fn every_error_has_its_words() {
    let texts = svod_portal::texts();
    for rule in svod_forms::ERRORS {
        for lang in Lang::ALL {
            assert!(texts.has(lang, &format!("form-error-{rule}")), "{rule} in {}", lang.tag());
        }
    }
    let own: Vec<&str> = texts.keys(Lang::Ru).filter_map(|k| k.strip_prefix("form-error-")).collect();
    let idle: Vec<_> = own.iter().filter(|rule| !svod_forms::ERRORS.contains(rule)).collect();
    assert!(idle.is_empty(), "{idle:?}");
}
