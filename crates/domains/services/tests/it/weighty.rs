//! Acts that weigh: a form that is signed asks for a fresh proof first, and who stands in takes a task over on its page.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::Value;
use svod_identity::{From, Invitation, Method, code};
use svod_kernel::{Actor, Lang, Role};
use svod_model::testing::shipped;
use svod_model::{Attribute, PersonaSpec};
use svod_portal::testing::{Answer, CSRF, form};
use svod_registry::EntityQuery;

use crate::house::{CASE, House, TASK};

const OFFICIAL: &str = "official-municipal";
const COLLEAGUE: &str = "colleague";
const BODY: &str = "urn:svod:body:novokuznetsk:ecology";
const FORM: &str = "/services/moving/moving/form";
const PASSWORD: &str = "корова на льду";

/// Olga, who has an account with a password and an authenticator, in a browser that keeps her session.
struct Olga<'a> {
    house: &'a House,
    session: String,
    secret: Vec<u8>,
}

fn base32(text: &str) -> Vec<u8> {
    let mut bits = (0_u64, 0);
    let mut out = Vec::new();
    for c in text.bytes() {
        let value = if c.is_ascii_uppercase() { c - b'A' } else { c - b'2' + 26 };
        bits = (bits.0 << 5 | u64::from(value), bits.1 + 5);
        if bits.1 >= 8 {
            bits.1 -= 8;
            out.push((bits.0 >> bits.1) as u8);
        }
    }
    out
}

impl<'a> Olga<'a> {
    async fn new(house: &'a House) -> Self {
        let identity = &house.identity;
        let expires = svod_kernel::Clock::now(&*house.clock).plus_seconds(3_600);
        let invitation = identity.invite(&Invitation::new("olga", "Ольга Ким", expires).unwrap());
        let from = From { agent: "Test".into(), address: "192.0.2.7".into() };
        let (account, token) = identity.accept(&invitation, &from).await.unwrap();
        let opened = identity.recognise(&token).await.unwrap().session.unwrap();
        let session = identity.strengthened(&opened, Method::Passkey).await.unwrap().unwrap();
        let begun = identity.begin_password(&account, "Svod").await.unwrap();
        let secret = base32(&begun.secret);
        let now = code(&secret, svod_kernel::Clock::now(&*house.clock));
        identity.set_password(&account, &begun.token, (PASSWORD.into(), &now)).await.unwrap();
        let person = House::new_entity(account.person.as_str(), "Person");
        house.write(vec![person.with("name", Attribute::property("Ольга Ким"))]).await;
        Self { house, session, secret }
    }

    async fn send(&self, path: &str, fields: Option<&str>) -> Answer {
        let request = if fields.is_some() { Request::post(path) } else { Request::get(path) };
        let body = fields.map_or_else(Body::empty, |fields| Body::from(format!("csrf={CSRF}&{fields}")));
        let request = request
            .header(header::COOKIE, format!("svod_session={}; svod_csrf={CSRF}", self.session))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "text/html")
            .header(header::ACCEPT_LANGUAGE, "en");
        self.house.visitor.send(None, request.body(body).unwrap()).await
    }

    /// The code that her authenticator shows now.
    fn code(&self) -> String {
        code(&self.secret, svod_kernel::Clock::now(&*self.house.clock))
    }

    /// Her browser keeps the session that an answer gives it.
    fn keep(&mut self, answer: &Answer) {
        let cookies = answer.headers.get_all(header::SET_COOKIE).iter().filter_map(|c| c.to_str().ok());
        let session = cookies.filter_map(|c| c.strip_prefix("svod_session=")?.split(';').next()).next();
        self.session = session.unwrap().to_owned();
    }
}

/// Moving, with a form that is signed.
async fn signed(house: &House) {
    let mut moving = shipped("moving");
    moving.files.retain(|path, _| !path.starts_with("tests/"));
    let manifest = moving.files.get_mut("pack.yaml").unwrap();
    let line = manifest.lines().find(|l| l.starts_with("version:")).unwrap().to_owned();
    *manifest = manifest.replace(&line, "version: 1.0.0");
    let file = moving.files.get_mut("forms/moving.form.json").unwrap();
    let mut form: Value = serde_json::from_str(file).unwrap();
    let last = form["components"].as_array_mut().unwrap().last_mut().unwrap();
    last["properties"]["svod.signature"] = "true".into();
    *file = form.to_string();
    house.registry.publish(&Actor::platform("packs"), moving).await.unwrap();
}

async fn cases(house: &House) -> usize {
    let q = EntityQuery::of("kuzbass".parse().unwrap(), &["Case"]).with("service", "moving/moving");
    house.registry.query(&Actor::platform("test"), q).await.unwrap().items.len()
}

#[tokio::test]
async fn a_form_that_is_signed_asks_for_a_fresh_proof_and_is_sent_after_it() {
    let house = House::new().await;
    house.people().await;
    signed(&house).await;
    let mut olga = Olga::new(&house).await;
    let (check, confirm) = (format!("{FORM}?page=check"), "/session/confirm");
    let proof = format!("{confirm}?back={}", form_encoded(&check));
    let home = format!("page=home&do=next&f.address={}&f.since=2026-01-10&f.ground=owner", form("ул. Кирова, 1, 2"));
    assert_eq!(olga.send(FORM, Some("page=you&do=next")).await.location, format!("{FORM}?page=home"));
    assert_eq!(olga.send(FORM, Some(&home)).await.location, check);
    let page = olga.send(&check, None).await;
    assert!(page.body.contains("ул. Кирова, 1, 2"), "{}", page.body);

    // Who proved who they are more than ten minutes ago proves it again, and nothing is sent till then.
    house.clock.advance(601);
    let asked = olga.send(FORM, Some("do=send")).await;
    assert_eq!((asked.status, asked.location.as_str()), (StatusCode::SEE_OTHER, proof.as_str()), "{}", asked.body);
    assert_eq!(cases(&house).await, 0);
    let page = olga.send(&asked.location, None).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("name=\"password\"") && page.body.contains("name=\"code\""), "{}", page.body);
    let give = |code: &str| format!("password={}&code={code}&back={}", form(PASSWORD), form_encoded(&check));
    let wrong = olga.send(confirm, Some(&give("000000"))).await;
    assert!(wrong.status.is_client_error() && wrong.body.contains("That did not fit"), "{}", wrong.body);
    assert_eq!(olga.send(FORM, Some("do=send")).await.location, proof, "a proof that failed is none");

    let given = olga.send(confirm, Some(&give(&olga.code()))).await;
    assert_eq!((given.status, given.location.as_str()), (StatusCode::SEE_OTHER, check.as_str()), "{}", given.body);
    olga.keep(&given);
    let page = olga.send(&check, None).await;
    assert!(page.body.contains("ул. Кирова, 1, 2"), "what was filled in is kept: {}", page.body);
    let sent = olga.send(FORM, Some("do=send")).await;
    assert!(
        sent.status == StatusCode::SEE_OTHER && sent.location.starts_with("/cases/"),
        "{} {}",
        sent.location,
        sent.body
    );
    assert_eq!(cases(&house).await, 1);

    // A form that nobody signs asks for nothing, however old the session.
    let mut plain = shipped("moving");
    plain.files.retain(|path, _| !path.starts_with("tests/"));
    let manifest = plain.files.get_mut("pack.yaml").unwrap();
    let line = manifest.lines().find(|l| l.starts_with("version:")).unwrap().to_owned();
    *manifest = manifest.replace(&line, "version: 2.0.0");
    house.registry.publish(&Actor::platform("packs"), plain).await.unwrap();
    house.clock.advance(601);
    olga.send(FORM, Some("page=you&do=next")).await;
    assert_eq!(olga.send(FORM, Some(&home)).await.location, check);
    let sent = olga.send(FORM, Some("do=send")).await;
    assert!(sent.location.starts_with("/cases/"), "{} {}", sent.location, sent.body);
}

/// As the portal writes an address into another.
fn form_encoded(text: &str) -> String {
    svod_portal::encoded(text)
}

fn acting_in(name: &str) -> Actor {
    Actor {
        id: "urn:svod:person:acting".into(),
        name: name.to_owned(),
        roles: [Role::Official].into(),
        spaces: vec!["kuzbass/novokuznetsk".parse().unwrap()],
        body: Some(BODY.parse().unwrap()),
        on_behalf: Vec::new(),
    }
}

#[tokio::test]
async fn who_is_back_takes_a_task_over_on_its_page_from_who_stood_in() {
    let house = House::new().await;
    let mut personas = house.registry.catalogue().personas.clone();
    let (roles, spaces) = (vec![Role::Official], vec!["kuzbass/novokuznetsk".parse().unwrap()]);
    personas.push(PersonaSpec { id: COLLEAGUE.into(), roles, spaces, body: Some(BODY.parse().unwrap()), person: None });
    house.identity.set_personas(personas);
    // Somebody acts in the official's post and has taken the task.
    let texts = house.registry.catalogue().texts.clone();
    let acting = acting_in(&texts.format(Lang::Ru, "post-acting", &[("post", OFFICIAL.into())]));
    house.tasks.take(&acting, &TASK.parse().unwrap()).await.unwrap();
    let (page, over) = (format!("/tasks/{TASK}"), format!("/tasks/{TASK}/substitute"));
    let form = format!("action=\"{over}\"");

    let colleague = house.visitor.get(Some(COLLEAGUE), &page).await;
    assert!(colleague.status == StatusCode::OK && !colleague.body.contains(&form), "{}", colleague.body);
    assert_eq!(house.visitor.post(COLLEAGUE, &over, "to=me").await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.entity_now(TASK).await.text("takenBy"), Some(acting.name.as_str()));

    let back = house.visitor.get(Some(OFFICIAL), &page).await;
    assert!(back.body.contains(&form) && back.body.contains("Take it over"), "{}", back.body);
    let done = house.visitor.post(OFFICIAL, &over, "to=me").await;
    assert_eq!(
        (done.status, done.location),
        (StatusCode::SEE_OTHER, format!("{page}?done=substitute")),
        "{}",
        done.body
    );
    let told = house.visitor.get(Some(OFFICIAL), &format!("{page}?done=substitute")).await.body;
    assert!(told.contains("The task is handed over") && !told.contains(&form), "{told}");
    assert!(told.contains(&format!("action=\"{page}/complete\"")), "it is theirs to do now: {told}");
    let task = house.entity_now(TASK).await;
    assert_eq!((task.text("status"), task.text("takenBy")), (Some("taken"), Some(OFFICIAL)));

    // The page that was open with who stood in gives nothing back any more.
    let late = house.tasks.release(&acting, &TASK.parse().unwrap()).await;
    assert!(late.is_err(), "{late:?}");

    // Or back to the body, for whoever has time.
    house.visitor.post(OFFICIAL, &format!("{page}/release"), "").await;
    house.tasks.take(&acting, &TASK.parse().unwrap()).await.unwrap();
    let given = house.visitor.post(OFFICIAL, &over, "to=body").await;
    assert_eq!(given.status, StatusCode::SEE_OTHER, "{}", given.body);
    let task = house.entity_now(TASK).await;
    assert_eq!((task.text("status"), task.text("takenBy")), (Some("offered"), None));
    let story = house.visitor.get(Some(OFFICIAL), &format!("/cases/{CASE}")).await.body;
    assert!(story.contains("Task handed over by who stands in"), "{story}");
}
