//! What belongs to somebody with an account, in the order of visitors: whose it is, and another person with an account. A case
//! with its draft, letter, accrual and payment, a consent, mandates with a file, and an access by an administrator.

use std::collections::BTreeSet;

use serde_json::json;
use svod_identity::{From, Invitation};
use svod_kernel::{Actor, Clock as _, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::Ground;
use svod_testkit::{TestApp, packs};
use svod_trust::{Looking, NewConsent, NewMandate};

use super::pages::EXPIRED;
use super::{Body, Case, Visitors, complete, judge, routes};

/// Everybody has a cabinet of their own; what stands in it is theirs.
const BOTH: [u16; 2] = [200; 2];
const MADE: [u16; 2] = [201; 2];
const DONE: [u16; 2] = [303; 2];
/// The other is told that there is no such thing.
const OWNER: [u16; 2] = [200, 404];
const BY_OWNER: [u16; 2] = [303, 404];
const TAKEN_BACK: [u16; 2] = [204, 404];
const NOBODYS: [u16; 2] = [404; 2];
const OF_OWNER: [bool; 2] = [true, false];

const BODY: &str = "urn:svod:body:kuzbass:ecology";
const ACCRUAL: &str = "10000000000000000017";
const PDF: &str = "%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n";

/// Olga's matters, and who comes.
struct Household {
    app: TestApp,
    visitors: Visitors<2>,
    person: Urn,
    case: String,
    /// One is taken back on the page, the other by the API.
    consents: [Urn; 2],
    mandates: [Urn; 2],
    access: Urn,
    file: String,
    payment: String,
}

async fn account(app: &TestApp, login: &str) -> (Urn, String) {
    let invitation = Invitation::new(login, login, app.clock.now().plus_seconds(60)).unwrap();
    let invitation = app.core.identity.invite(&invitation);
    let (account, token) = app.core.identity.accept(&invitation, &From::default()).await.unwrap();
    (account.person, app.proved(&token).await)
}

impl Household {
    async fn set() -> Self {
        let app = TestApp::builder().pack(packs::shipped("moving")).doors().start().await;
        let ((person, olga), (_, ivan)) = (account(&app, "olga").await, account(&app, "ivan").await);
        let (delegate, _) = account(&app, "petr").await;
        app.clock.advance(2);
        let me = app.core.identity.authenticate(&olga).await.unwrap();
        let trust = &app.core.trust;
        let agreed = async |days| {
            let recipient = BODY.parse().unwrap();
            trust
                .agree(&me, &NewConsent { purpose: "benefit".into(), data: Vec::new(), recipient, days })
                .await
                .unwrap()
        };
        let empowered = async |days| {
            let new = NewMandate { delegate: delegate.clone(), scope: Vec::new(), document: "№ 5".into(), days };
            trust.empower(&me, &new).await.unwrap()
        };
        let consents = [agreed(3).await, agreed(4).await];
        let mandates = [empowered(3).await, empowered(4).await];
        let looking = Looking {
            whom: person.to_string(),
            ground: Ground::Law,
            reference: "152-ФЗ, ст. 6".into(),
            reason: "проверка заявления".into(),
        };
        let access = trust.look(&app.actor("administrator"), &looking).await.unwrap().access;
        let visitors = [("owner", Some(olga.clone())), ("another", Some(ivan))];
        let (case, file, payment) = (String::new(), String::new(), String::new());
        let mut house = Self { app, visitors, person, case, consents, mandates, access, file, payment };
        house.filled().await;
        house
    }

    /// What Olga does herself.
    async fn filled(&mut self) {
        let api = async |method: &str, path: &str, body: String| {
            let token = self.visitors[0].1.clone().unwrap();
            let headers =
                [("authorization", format!("Bearer {token}")), ("content-type", "application/json".to_owned())];
            let answer = self.app.request(method, path, &headers, body.into_bytes()).await;
            assert!(answer.status < 300, "{path}: {}", answer.text);
            answer.json()
        };
        let address = json!({"address": "Новокузнецк, ул. Кирова, 1, 2", "since": "2026-01-10", "ground": "owner"});
        let begun =
            api("POST", "/api/v1/services/moving/moving/applications", json!({"answers": address}).to_string()).await;
        let draft = json!({"answers": {"address": "Новокузнецк, ул. Кирова, 3"}}).to_string();
        api("PUT", "/api/v1/my/drafts/moving/moving", draft).await;
        let scan = format!("/api/v1/files?owner={}&name=scan.pdf", self.mandates[1]);
        let kept = api("POST", &scan, PDF.to_owned()).await;
        (self.case, self.file) = (begun["case"].as_str().unwrap().to_owned(), kept["id"].as_str().unwrap().to_owned());

        let accrual = Entity::new(accrual(), "Accrual", "kuzbass".parse().unwrap())
            .with("number", Attribute::property(ACCRUAL))
            .with("person", Attribute::object(self.person.clone()))
            .with("body", Attribute::object(BODY.parse().unwrap()))
            .with("purpose", Attribute::property("Госпошлина"))
            .with("amount", Attribute::property(100_000))
            .with("paid", Attribute::property(0))
            .with("currency", Attribute::property("RUB"))
            .with("accruedAt", Attribute::property(self.app.clock.now().to_string()))
            .with("status", Attribute::property("open"));
        self.app.create(accrual).await;
        let pay =
            Case::new("POST", "/pay/{accrual}", format!("/pay/{}", self::accrual()), Body::Form("amount=1"), DONE);
        let begun = pay.ask(&self.app, (0, self.visitors[0].1.as_deref()), true).await;
        assert_eq!(begun.status, 303, "{}", begun.text);
        let going = begun.header("location").rsplit('/').next().unwrap_or_default();
        self.payment = going.replace("%3A", ":");
    }
}

fn accrual() -> Urn {
    format!("urn:svod:accrual:{ACCRUAL}").parse().unwrap()
}

fn get<const N: usize>(route: &'static str, path: impl Into<String>, statuses: [u16; N]) -> Case<N> {
    Case::new("GET", route, path, Body::Nothing, statuses)
}

fn form(route: &'static str, fields: String, statuses: [u16; 2]) -> Case<2> {
    Case::new("POST", route, route, Body::Fields(fields), statuses)
}

fn pages(house: &Household) -> Vec<Case<2>> {
    cabinet(house).into_iter().chain(matters(house)).collect()
}

/// The cabinet's pages.
fn cabinet(house: &Household) -> Vec<Case<2>> {
    let file = get("/files/{id}", format!("/files/{}", house.file), OWNER);
    vec![
        get("/my", "/my", BOTH),
        get("/my/accesses", "/my/accesses", BOTH).shows(house.access.as_str(), OF_OWNER),
        form("/my/accesses/object", format!("access={}&text=I+did+not+ask", house.access), [303, 422]),
        get("/my/consents", "/my/consents", BOTH).shows(house.consents[0].as_str(), OF_OWNER),
        form("/my/consents", format!("purpose=benefit&recipient={BODY}&days=1"), DONE),
        form("/my/consents/withdraw", format!("id={}", house.consents[0]), BY_OWNER),
        get("/my/mandates", "/my/mandates", BOTH).shows(house.mandates[0].as_str(), OF_OWNER),
        form("/my/mandates", "delegate=petr&days=1".into(), DONE),
        form("/my/mandates/code", String::new(), BOTH),
        file,
        form("/my/mandates/withdraw", format!("id={}", house.mandates[0]), BY_OWNER),
    ]
}

/// What is owed and paid, and the case.
fn matters(house: &Household) -> Vec<Case<2>> {
    let (payment, case) = (&house.payment, &house.case);
    let said = |route, verb: &str, fields, statuses| {
        Case::new("POST", route, format!("/cases/{case}/{verb}"), Body::Form(fields), statuses)
    };
    let sandbox = ("/sandbox/payments/{payment}", format!("/sandbox/payments/{payment}"));
    vec![
        get("/my/payments", "/my/payments", BOTH).shows(ACCRUAL, OF_OWNER),
        get("/my/payments/cards", "/my/payments/cards", BOTH),
        form("/my/payments/cards", "act=forget&card=urn:t:none".into(), [404; 2]),
        get("/my/payments/{urn}", format!("/my/payments/{payment}"), OWNER),
        get("/my/payments/{urn}/invoice", format!("/my/payments/{}/invoice", accrual()), OWNER),
        Case::new("POST", "/pay/{accrual}", format!("/pay/{}", accrual()), Body::Form("amount=1"), BY_OWNER),
        get(sandbox.0, sandbox.1.clone(), OWNER),
        Case::new("POST", sandbox.0, sandbox.1, Body::Form("outcome=later"), BY_OWNER),
        get("/cases/{urn}", format!("/cases/{case}"), OWNER),
        get("/cases/{urn}/journal", format!("/cases/{case}/journal"), OWNER),
        said("/cases/{urn}/messages", "messages", "text=hello", BY_OWNER),
        // It is open yet.
        said("/cases/{urn}/rate", "rate", "stars=5", [409, 404]),
    ]
}

/// The same for programs.
fn api(house: &Household) -> Vec<Case<2>> {
    let case = |method: &'static str, route: &'static str, path: String, body, statuses| {
        Case::new(method, route, path, body, statuses)
    };
    let own = |method: &'static str, route: &'static str, body, statuses| {
        let path = route.replace("{pack}", "moving").replace("{service}", "moving").replace("{urn}", "urn:t:none");
        case(method, route, path, body, statuses)
    };
    let entity = |urn: &str| get("/api/v1/entities/{urn}", format!("/api/v1/entities/{urn}"), OWNER);
    let agreement = Body::Json(json!({"purpose": "benefit", "recipient": BODY, "days": 1}));
    let power = Body::Json(json!({"delegate": "petr", "days": 1}));
    let draft = Body::Json(json!({"answers": {"address": "Новокузнецк, ул. Кирова, 4"}}));
    let (drafts, of_draft) = ("/api/v1/my/drafts/{pack}/{service}", "/api/v1/my/drafts/{pack}/{service}/files");
    let held = "/api/v1/my/drafts/moving/moving/files?name=a.pdf".to_owned();
    let (cases, file) = (format!("/api/v1/cases/{}", house.case), format!("/api/v1/files/{}", house.file));
    let scan = format!("/api/v1/files?owner={}&name=a.pdf", house.mandates[1]);
    let mut all = vec![
        get("/api/v1/my/accesses", "/api/v1/my/accesses", BOTH).shows(house.access.as_str(), OF_OWNER),
        own("GET", "/api/v1/my/consents", Body::Nothing, BOTH).shows(house.consents[1].as_str(), OF_OWNER),
        own("POST", "/api/v1/my/consents", agreement, MADE),
        own("GET", "/api/v1/my/mandates", Body::Nothing, BOTH).shows(house.mandates[1].as_str(), OF_OWNER),
        own("POST", "/api/v1/my/mandates", power, MADE),
        own("GET", "/api/v1/my/offers", Body::Nothing, BOTH),
        own("POST", "/api/v1/my/offers/{urn}/accept", Body::Json(json!({})), NOBODYS),
        own("POST", "/api/v1/my/offers/{urn}/decline", Body::Nothing, NOBODYS),
        case(
            "POST",
            "/api/v1/my/offers/{urn}/files",
            "/api/v1/my/offers/urn:t:none/files?name=a.pdf".to_owned(),
            Body::Nothing,
            NOBODYS,
        ),
        own("GET", "/api/v1/my/drafts", Body::Nothing, BOTH).shows("moving/moving", OF_OWNER),
        own("GET", drafts, Body::Nothing, OWNER).shows("Кирова, 3", OF_OWNER),
        // It is not whole yet.
        own("POST", "/api/v1/my/drafts/{pack}/{service}/send", Body::Nothing, [422, 404]),
        own("PUT", drafts, draft, BOTH),
        case("POST", of_draft, held, Body::Nothing, [422; 2]),
        own("DELETE", drafts, Body::Nothing, [204; 2]),
        get("/api/v1/cases", "/api/v1/cases", BOTH).shows(&house.case, OF_OWNER),
        get("/api/v1/cases/{urn}", cases.clone(), OWNER),
        case(
            "POST",
            "/api/v1/cases/{urn}/messages",
            format!("{cases}/messages"),
            Body::Json(json!({"text": "a"})),
            [201, 404],
        ),
        case(
            "POST",
            "/api/v1/cases/{urn}/rating",
            format!("{cases}/rating"),
            Body::Json(json!({"stars": 5})),
            [409, 404],
        ),
        get("/api/v1/files/{id}", file.clone(), OWNER),
        // Nothing is no file.
        case("POST", "/api/v1/files", scan, Body::Nothing, [422, 404]),
        case("DELETE", "/api/v1/files/{id}", file, Body::Nothing, TAKEN_BACK),
    ];
    let kept = [house.access.as_str(), &house.case, &house.payment, house.person.as_str()];
    all.extend(kept.into_iter().map(entity));
    all.extend([entity(accrual().as_str()), entity(house.consents[1].as_str()), entity(house.mandates[1].as_str())]);
    for (kind, urn) in [("consents", &house.consents[1]), ("mandates", &house.mandates[1])] {
        let route = if kind == "consents" { "/api/v1/my/consents/{urn}" } else { "/api/v1/my/mandates/{urn}" };
        all.push(case("DELETE", route, format!("/api/v1/my/{kind}/{urn}"), Body::Nothing, TAKEN_BACK));
    }
    all
}

/// Every route of somebody's own is asked here.
#[track_caller]
fn whole(all: &BTreeSet<(String, String)>, prefix: &str, cases: &[Case<2>]) {
    let of_people = |route: &str| route == prefix || route.starts_with(&format!("{prefix}/"));
    let routes = all.iter().filter(|(_, route)| of_people(route)).cloned().collect();
    let asked = cases.iter().filter(|c| of_people(c.route));
    let asked: Vec<Case<2>> =
        asked.map(|c| Case::new(c.method, c.route, c.path.clone(), Body::Nothing, c.statuses)).collect();
    complete(&routes, &asked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_somebodys_own_is_nobody_elses() {
    let house = Household::set().await;
    let (pages, programs) = (pages(&house), api(&house));
    whole(&routes::pages(), "/my", &pages);
    whole(&routes::api(), "/api/v1/my", &programs);
    // Pages first: programs remove what is shown there.
    judge(&house.app, &pages, &house.visitors).await;
    judge(&house.app, &programs, &house.visitors).await;
    house.app.settle().await;
}

/// Whatever these two may do, a form that another site sends in their name does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_form_of_somebody_is_taken_without_its_token() {
    let house = Household::set().await;
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for case in pages(&house).iter().filter(|case| case.method == "POST") {
        for (n, (who, token)) in house.visitors.iter().enumerate() {
            let answer = case.ask(&house.app, (n, token.as_deref()), false).await;
            let ours = [EXPIRED, "form-expired"].iter().any(|text| answer.text.contains(text));
            if answer.status != 403 || !ours {
                wrong.push(format!("POST {} as {who}: {} and not of the token", case.path, answer.status));
            }
            asked += 1;
        }
    }
    assert!(wrong.is_empty() && asked >= 18, "{asked} asked:\n{}", wrong.join("\n"));
    let registry = &house.app.core.registry;
    for urn in house.consents.iter().chain(&house.mandates) {
        let until = registry.entity(&Actor::platform("test"), urn).await.unwrap().time("until");
        assert!(until.is_some_and(|until| until > house.app.clock.now()), "{urn} was taken back");
    }
    assert!(
        house.app.all("kuzbass", "CaseMessage").await.is_empty()
            && house.app.all("kuzbass", "Objection").await.is_empty()
    );
    house.app.settle().await;
}
