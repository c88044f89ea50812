//! The pages, in the same order of visitors: anonymous, citizen, official of the city, official of the neighbouring
//! region, governor, administrator.

use svod_testkit::packs;

use super::{Body, Case, Stage, complete, judge, routes, visitors};

const ALL: [u16; 6] = [200; 6];
const ADMINISTRATOR: [u16; 6] = [401, 403, 403, 403, 403, 200];
const DONE_BY_ADMINISTRATOR: [u16; 6] = [401, 403, 403, 403, 403, 303];
const NO_INSTANCE: [u16; 6] = [401, 403, 403, 403, 403, 404];
const NO_VERSION: [u16; 6] = [401, 403, 403, 403, 403, 409];

/// A task that asks for no form has none, whoever looks.
const FORMLESS: [u16; 6] = [401, 404, 404, 404, 404, 404];

/// In office in the region: the neighbour's list is another one.
const REGION: [bool; 6] = [false, false, true, false, true, true];

/// Nobody has asked for the case of an alert: there is no one to write to.
const NOT_ASKED: [u16; 6] = [401, 404, 403, 404, 403, 403];

fn open(texts: &str) -> Vec<Case> {
    let get = |route, path: &str| Case::new("GET", route, path, Body::Nothing, ALL);
    let metrics = Case::new("GET", "/metrics", "/metrics", Body::Nothing, [200, 403, 403, 403, 403, 200]);
    let form = |route: &'static str, fields, statuses| Case::new("POST", route, route, Body::Form(fields), statuses);
    let answer = |route, path: &str| Case::new("POST", route, path, Body::Form(""), FORMLESS);
    vec![
        get("/healthz", "/healthz"),
        get("/readyz", "/readyz"),
        metrics,
        get("/", "/?space=kuzbass"),
        get("/table", "/table?space=kuzbass"),
        get("/entities", "/entities?space=kuzbass&type=AirQualityStation"),
        get("/entities.csv", "/entities.csv?space=kuzbass&type=AirQualityStation"),
        get("/entities/{urn}", "/entities/urn:svod:station:42010102"),
        get("/vocabulary", "/vocabulary?space=kuzbass"),
        get("/vocabulary/{type}", "/vocabulary/AirQualityStation?space=kuzbass"),
        get("/packs", "/packs"),
        get("/packs/{id}", "/packs/kuzbass"),
        get("/session", "/session"),
        get("/services", "/services"),
        Case::new("GET", "/services/{pack}/{service}", "/services/none/none", Body::Nothing, [404; 6]),
        Case::new("GET", "/services/{pack}/{service}/form", "/services/none/none/form", Body::Nothing, FORMLESS),
        Case::new(
            "POST",
            "/services/{pack}/{service}/form",
            "/services/none/none/form",
            Body::Form("do=send"),
            FORMLESS,
        ),
        Case::new(
            "POST",
            "/services/{pack}/{service}/discard",
            "/services/none/none/discard",
            Body::Form(""),
            [401, 303, 303, 303, 303, 303],
        ),
        answer("/services/offers/{urn}/accept", "/services/offers/urn:t:none/accept"),
        answer("/services/offers/{urn}/decline", "/services/offers/urn:t:none/decline"),
        get("/api", "/api"),
        get("/favicon.svg", "/favicon.svg"),
        get("/assets/texts/{file}", texts),
        Case::new("GET", "/assets/{*file}", "/assets/nothing.js", Body::Nothing, [404; 6]),
        form("/session", "persona=citizen&back=/", [303; 6]),
        form("/session", "persona=tsar&back=/", [401; 6]),
        form("/session/end", "back=/", [303; 6]),
    ]
}

/// Pages of accounts: who has none is asked to sign in, a persona is told that it has none. What an account's holder may do
/// with it stands in the journeys and in the tests of identity.
fn people() -> Vec<Case> {
    const OF_ACCOUNTS: [u16; 6] = [401, 404, 404, 404, 404, 404];
    let get = |route: &'static str, statuses| Case::new("GET", route, route, Body::Nothing, statuses);
    let form = |route: &'static str, fields| Case::new("POST", route, route, Body::Form(fields), OF_ACCOUNTS);
    let script = |route: &'static str, statuses| Case::new("POST", route, route, Body::Script, statuses);
    let door = |route: &'static str, fields, statuses| Case::new("POST", route, route, Body::Form(fields), statuses);
    vec![
        door("/session/password", "login=nobody-{n}&password=nothing", [401; 6]),
        door("/session/code", "step=none&code=000000", [410; 6]),
        script("/session/passkey/begin", [200; 6]),
        door("/session/passkey", "token=none&credential=%7B%7D", [410; 6]),
        get("/invitation", [200; 6]),
        door("/invitation", "code=forged.token", [401; 6]),
        door("/invitation/accept", "code=forged.token", [401; 6]),
        Case::new("POST", "/session/outside/{provider}", "/session/outside/none", Body::Form("back=/"), [404; 6]),
        get("/session/outside/return", [410; 6]),
        form("/session/confirm/outside", "provider=none"),
        form("/account/outside", "provider=none"),
        form("/account/outside/remove", "issuer=none"),
        get("/session/confirm", OF_ACCOUNTS),
        form("/session/confirm", "password=x&code=000000"),
        script("/session/confirm/passkey/begin", OF_ACCOUNTS),
        form("/session/confirm/passkey", "token=none&credential=%7B%7D"),
        get("/account", OF_ACCOUNTS),
        form("/account/acting", "appointment="),
        script("/account/passkeys/begin", OF_ACCOUNTS),
        form("/account/passkeys", "token=none&credential=%7B%7D"),
        form("/account/passkeys/rename", "id=none&name=x"),
        form("/account/passkeys/remove", "id=none"),
        get("/account/password", OF_ACCOUNTS),
        form("/account/password", "token=none&password=x&code=000000"),
        form("/account/password/remove", ""),
        form("/account/sites/withdraw", "client=none"),
        form("/account/sites/narrow", "client=none&scope=email"),
        form("/account/sessions/end", "id=none"),
        form("/account/sessions/end-others", ""),
    ]
}

/// The cabinet is a person's own; opening the data of others is for who holds a post; oversight for the security officer, whom no
/// persona is; bodies and posts are everybody's to see, and appointments an account's to make. What each of them sees stands in
/// the tests of trust and of posts.
fn cabinet() -> Vec<Case> {
    const OF_PERSONS: [u16; 6] = [401, 404, 404, 404, 404, 404];
    const OF_OFFICER: [u16; 6] = [401, 403, 403, 403, 403, 403];
    let get = |route: &'static str, statuses| Case::new("GET", route, route, Body::Nothing, statuses);
    let form = |route: &'static str, fields, statuses| Case::new("POST", route, route, Body::Form(fields), statuses);
    vec![
        get("/my", OF_PERSONS),
        get("/my/accesses", OF_PERSONS),
        form("/my/accesses/object", "access=urn:t:none&text=why", OF_PERSONS),
        get("/my/consents", OF_PERSONS),
        form("/my/consents", "purpose=x&recipient=urn:t:none&days=1", OF_PERSONS),
        form("/my/consents/withdraw", "id=urn:t:none", OF_PERSONS),
        get("/my/mandates", OF_PERSONS),
        form("/my/mandates", "delegate=nobody&days=1", OF_PERSONS),
        form("/my/mandates/withdraw", "id=urn:t:none", OF_PERSONS),
        form("/my/mandates/code", "", OF_PERSONS),
        get("/people", [401, 403, 200, 200, 200, 200]),
        form("/people", "whom=urn:t:none&basis=law&reference=law&reason=a+reason", [401, 403, 422, 422, 422, 422]),
        form("/people/attend", "code=00000000", OF_OFFICER),
        form("/people/mandates", "represented=x&delegate=y&entitled=parent&document=z", OF_OFFICER),
        form("/people/mandates/end", "id=urn:t:none", OF_OFFICER),
        Case::new("GET", "/files/{id}", "/files/urn:svod:file:none", Body::Nothing, OF_PERSONS),
        get("/bodies", ALL),
        Case::new("GET", "/bodies/{urn}", "/bodies/urn:svod:body:novokuznetsk:ecology", Body::Nothing, ALL),
        get("/bodies/acting", OF_OFFICER),
        form("/bodies/acting", "post=urn:t:none&person=nobody&until=2026-02-01&ground=order", OF_OFFICER),
        form("/bodies/end", "id=urn:t:none", OF_OFFICER),
        get("/oversight", OF_OFFICER),
        form("/oversight/review", "access=urn:t:none&right=true", OF_OFFICER),
        form("/oversight/answer", "id=urn:t:none&text=why", OF_OFFICER),
        form("/oversight/close", "id=urn:t:none&text=why", OF_OFFICER),
    ]
}

/// What one owes is a person's own; the register is for who holds a post; a provider's word has its signature, and a provider that
/// nobody has configured is not there.
fn payments() -> Vec<Case> {
    const OF_PERSONS: [u16; 6] = [401, 404, 404, 404, 404, 404];
    const OFFICE: [u16; 6] = [401, 403, 200, 200, 200, 200];
    let get = |route: &'static str, path: &str, statuses| Case::new("GET", route, path, Body::Nothing, statuses);
    let form = |route, path: &str, fields, statuses| Case::new("POST", route, path, Body::Form(fields), statuses);
    let (sandbox, file) = ("/sandbox/payments/{payment}", "/operations/payments/reconciliation");
    let days = "provider=none&from=2026-01-01&until=2026-01-02";
    vec![
        // Who is nobody in particular owes nothing: an empty page.
        get("/my/payments", "/my/payments", [401, 200, 200, 200, 200, 200]),
        get("/my/payments/cards", "/my/payments/cards", [401, 200, 200, 200, 200, 200]),
        form("/my/payments/cards", "/my/payments/cards", "act=forget&card=urn:t:none", OF_PERSONS),
        get("/sandbox/cards", "/sandbox/cards", [401, 200, 200, 200, 200, 200]),
        form("/sandbox/cards", "/sandbox/cards", "last=4", [401, 422, 422, 422, 422, 422]),
        get("/my/payments/{urn}", "/my/payments/urn:t:none", OF_PERSONS),
        get("/my/payments/{urn}/invoice", "/my/payments/urn:t:none/invoice", OF_PERSONS),
        form("/pay/{accrual}", "/pay/urn:t:none", "amount=1", OF_PERSONS),
        get(sandbox, "/sandbox/payments/urn:t:none", OF_PERSONS),
        form(sandbox, "/sandbox/payments/urn:t:none", "outcome=paid", OF_PERSONS),
        Case::new(
            "POST",
            "/api/v1/payments/{provider}/callback",
            "/api/v1/payments/none/callback",
            Body::Nothing,
            [404; 6],
        ),
        get("/operations/payments", "/operations/payments", OFFICE),
        get("/operations/payments.csv", "/operations/payments.csv", OFFICE),
        form(
            "/operations/payments/{payment}/refund",
            "/operations/payments/urn:t:none/refund",
            "",
            [401, 403, 404, 404, 404, 404],
        ),
        get(file, file, OFFICE),
        form(file, file, days, [401, 403, 422, 422, 422, 422]),
        get("/operations/payments/reconciliation.csv", "/operations/payments/reconciliation.csv", OFFICE),
    ]
}

/// What other sites ask: without a client in force nobody gets anything.
fn sites() -> Vec<Case> {
    let get = |route: &'static str, statuses| Case::new("GET", route, route, Body::Nothing, statuses);
    let post = |route: &'static str, fields, statuses| Case::new("POST", route, route, Body::Form(fields), statuses);
    let authorize = "/oauth/authorize?client_id=nobody&response_type=code";
    vec![
        get("/.well-known/openid-configuration", ALL),
        get("/.well-known/oauth-authorization-server", ALL),
        get("/oauth/jwks", ALL),
        Case::new("GET", "/oauth/authorize", authorize, Body::Nothing, [400; 6]),
        post("/oauth/authorize", "question=none&answer=no", [401; 6]),
        get("/oauth/logout", ALL),
        post("/oauth/logout", "state=s", [303; 6]),
        post("/oauth/token", "grant_type=client_credentials&client_id=nobody", [401; 6]),
        post("/oauth/par", "client_id=nobody", [401; 6]),
        post("/oauth/introspect", "token=none&client_id=nobody", [401; 6]),
        post("/oauth/revoke", "token=none&client_id=nobody", [401; 6]),
        get("/oauth/userinfo", [401; 6]),
        post("/oauth/userinfo", "", [401; 6]),
        post("/oauth/register", "client_name=form", [400; 6]),
    ]
}

/// Accounts, sites and devices are looked after by whoever runs the installation.
fn administration() -> Vec<Case> {
    let get = |route: &'static str| Case::new("GET", route, route, Body::Nothing, ADMINISTRATOR);
    let post = |route: &'static str, fields, last| {
        Case::new("POST", route, route, Body::Form(fields), [401, 403, 403, 403, 403, last])
    };
    let nobody = "id=00000000-0000-0000-0000-000000000000&blocked=true";
    vec![
        get("/accounts"),
        post("/accounts/invite", "login=olga@example.org&name=Olga", 200),
        post("/accounts/invite", "login=x&name=Olga", 422),
        post("/accounts/invite", "login=olga@example.org&name=Olga&role=governor&space=altai", 422),
        post("/accounts/invitations/withdraw", "id=none", 404),
        post("/accounts/block", nobody, 404),
        post("/accounts/again", "id=00000000-0000-0000-0000-000000000000", 404),
        post("/accounts/invite", "login=x1x&name=Olga&person=urn:svod:person:none", 422),
        get("/clients"),
        post("/clients/state", "id=none&state=active", 404),
        get("/devices"),
        post("/devices/add", "name=Gateway&space=kuzbass", 200),
        post("/devices/add", "name=&space=kuzbass", 422),
        post("/devices/add", "name=Gateway&space=altai", 422),
        Case::new("GET", "/devices/{id}", "/devices/none", Body::Nothing, [401, 403, 403, 403, 403, 404]),
        post("/devices/revoke", "id=none", 404),
        get("/operations/cases"),
        get("/operations/cases.csv"),
        get("/operations/cases/retry"),
        post("/operations/cases/retry", "reason=", 422),
        Case::new("GET", "/operations/cases/migration", "/operations/cases/migration", Body::Nothing, NO_VERSION),
        post("/operations/cases/migration", "from=none&reason=law", 409),
        Case::new("GET", "/operations/cases/{id}", "/operations/cases/none", Body::Nothing, NO_INSTANCE),
        Case::new("GET", "/operations/cases/{id}/{act}", "/operations/cases/none/retry", Body::Nothing, NO_INSTANCE),
        Case::new(
            "POST",
            "/operations/cases/{id}/{act}",
            "/operations/cases/none/retry",
            Body::Form("reason=x"),
            NO_INSTANCE,
        ),
    ]
}

/// The address of the islands' texts, which changes with them: as the front page names it.
async fn texts(stage: &Stage) -> String {
    let page = stage.app.call("GET", "/", None, None).await.text;
    let at = page.find("/assets/texts/").expect("the front page names its texts");
    page[at..].split(['"', '\'', '&', ' ', '<']).next().unwrap_or_default().to_owned()
}

fn work(stage: &Stage) -> Vec<Case> {
    let get = |route, path: String, statuses| Case::new("GET", route, path, Body::Nothing, statuses);
    let act = |route, verb: &str, fields, statuses| {
        Case::new("POST", route, format!("/tasks/{}/{verb}", stage.task), Body::Form(fields), statuses)
    };
    let take = || act("/tasks/{urn}/take", "take", "", [401, 404, 303, 404, 403, 403]);
    let said = |route, verb: &str, fields, statuses| {
        Case::new("POST", route, format!("/cases/{}/{verb}", stage.case), Body::Form(fields), statuses)
    };
    let kept = [401, 403, 303, 303, 303, 303];
    let hidden = [401, 404, 200, 404, 200, 200];
    let theirs = [401, 404, 303, 404, 409, 409];
    let office = [401, 403, 200, 200, 200, 200];
    vec![
        get("/entities/{urn}", format!("/entities/{}", stage.task), [404, 404, 200, 404, 200, 200]),
        get("/tasks", "/tasks".into(), office).shows(&stage.task, REGION),
        get("/tasks.csv", "/tasks.csv".into(), office).shows(&stage.task, REGION),
        get("/journal", "/journal".into(), office).shows(&stage.case, REGION),
        get("/receipt", "/receipt".into(), [200; 6]),
        get("/receipt", "/receipt?space=kuzbass/novokuznetsk&seq=1".into(), hidden),
        get("/receipt/pdf", "/receipt/pdf?space=kuzbass/novokuznetsk&seq=1".into(), hidden),
        Case::new("POST", "/receipt", "/receipt", Body::Form("receipt=none"), [422; 6]),
        get("/tasks/{urn}", format!("/tasks/{}", stage.task), hidden),
        get("/tasks/{urn}/form", format!("/tasks/{}/form", stage.task), FORMLESS),
        act("/tasks/{urn}/form", "form", "do=send", FORMLESS),
        get("/cases/{urn}", format!("/cases/{}", stage.case), hidden),
        get("/cases/{urn}/journal", format!("/cases/{}/journal", stage.case), hidden),
        said("/cases/{urn}/messages", "messages", "text=hello", NOT_ASKED),
        said("/cases/{urn}/rate", "rate", "stars=5", [401, 404, 404, 404, 404, 404]),
        said("/cases/{urn}/object", "object", "decision=urn:t:none&objection=why", [401, 404, 404, 404, 404, 404]),
        get("/cases/{urn}/object/{decision}", format!("/cases/{}/object/urn:t:none", stage.case), FORMLESS),
        said("/cases/{urn}/object/{decision}", "object/urn:t:none", "do=send", FORMLESS),
        said(
            "/cases/{urn}/offers/withdraw",
            "offers/withdraw",
            "withdraw-offer=urn:t:none&withdraw-reason=why",
            FORMLESS,
        ),
        get("/tasks/workload", "/tasks/workload".into(), [401, 403, 403, 403, 200, 200]),
        Case::new("POST", "/tasks/bulk", "/tasks/bulk", Body::Form("act=take"), [401, 403, 422, 422, 422, 422]),
        Case::new("POST", "/tasks/views", "/tasks/views", Body::Form("name=x&query=status%3Dopen"), kept),
        Case::new("POST", "/tasks/views/drop", "/tasks/views/drop", Body::Form("name=x"), kept),
        Case::new("POST", "/tasks/answers", "/tasks/answers", Body::Form("answer=x&words=y"), kept),
        Case::new("POST", "/tasks/answers/drop", "/tasks/answers/drop", Body::Form("name=x"), kept),
        Case::new("POST", "/tasks/templates/drop", "/tasks/templates/drop", Body::Form("name=x"), kept),
        // It has no form whose answers could be kept.
        act("/tasks/{urn}/template", "template", "name=x", [401, 404, 409, 404, 409, 409]),
        // Nobody has it whom somebody could stand in for.
        act("/tasks/{urn}/substitute", "substitute", "to=me", [401, 404, 409, 404, 409, 409]),
        // Nothing is proposed for it.
        act("/tasks/{urn}/accept", "accept", "", [401, 404, 409, 404, 403, 403]),
        take(),
        act("/tasks/{urn}/release", "release", "", theirs),
        take(),
        act("/tasks/{urn}/complete", "complete", "result=done", theirs),
    ]
}

fn operations(stage: &Stage) -> Vec<Case> {
    let file = "/packs/kuzbass/files/pack.yaml";
    let manifest = packs::version(packs::shipped("kuzbass"), "0.1.2").files["pack.yaml"].clone();
    let quarantine = |verb: &str| format!("/quarantine/{}{verb}", stage.refused);
    let form = |route, path: String, fields, statuses| Case::new("POST", route, path, Body::Form(fields), statuses);
    // A pack of one file has faults: what matters is that it was looked at.
    let looked_at = [401, 403, 403, 403, 403, 422];
    vec![
        Case::new("POST", "/packs", "/packs", Body::Folder(manifest), looked_at),
        Case::new("GET", "/packs/{id}/files/{*path}", file, Body::Nothing, ADMINISTRATOR),
        form("/packs/{id}/files/{*path}", file.into(), "content=%3A&version=0.1.2", looked_at),
        // No version is tried: nothing is given, promoted or withdrawn.
        form(
            "/packs/{id}/candidate",
            "/packs/kuzbass/candidate".into(),
            "act=withdraw&reason=x",
            [401, 403, 403, 403, 403, 404],
        ),
        form("/packs/{id}/rollback", "/packs/kuzbass/rollback".into(), "version=0.1.1", DONE_BY_ADMINISTRATOR),
        Case::new("GET", "/quarantine", "/quarantine", Body::Nothing, ADMINISTRATOR),
        Case::new("GET", "/quarantine/{id}", quarantine(""), Body::Nothing, ADMINISTRATOR),
        form("/quarantine/look", "/quarantine/look".into(), "purpose=the+gauge+was+changed", DONE_BY_ADMINISTRATOR),
        form("/quarantine/{id}/try", quarantine("/try"), "mapping=.", ADMINISTRATOR),
        form("/quarantine/{id}/correct", quarantine("/correct"), "mapping=%7B", looked_at),
        form("/quarantine/replay", "/quarantine/replay".into(), "reason=unknown-attribute", DONE_BY_ADMINISTRATOR),
        form("/quarantine/discard", "/quarantine/discard".into(), "ids=1", DONE_BY_ADMINISTRATOR),
    ]
}

/// The working copy of a pack, each visitor's own: only who may publish the pack has one.
fn designer() -> Vec<Case> {
    let get = |route, path: &str| Case::new("GET", route, path, Body::Nothing, ADMINISTRATOR);
    let form = |route, path: &str, fields, statuses| Case::new("POST", route, path, Body::Form(fields), statuses);
    let (file, looked_at) = ("/packs/kuzbass/design/file?path=pack.yaml", [401, 403, 403, 403, 403, 422]);
    let simulate = "/packs/kuzbass/design/simulate";
    let act =
        |route, verb: &str, fields, statuses| form(route, &format!("/packs/kuzbass/design/{verb}"), fields, statuses);
    vec![
        get("/packs/{id}/design", "/packs/kuzbass/design"),
        get("/packs/{id}/design/compare", "/packs/kuzbass/design/compare"),
        get("/packs/{id}/design/file", file),
        form("/packs/{id}/design/file", file, "act=save&content=x", DONE_BY_ADMINISTRATOR),
        act("/packs/{id}/design/add", "add", "path=..", looked_at),
        act("/packs/{id}/design/carry-over", "carry-over", "", DONE_BY_ADMINISTRATOR),
        act("/packs/{id}/design/discard", "discard", "", DONE_BY_ADMINISTRATOR),
        act("/packs/{id}/design/publish", "publish", "version=9.0.0", looked_at),
        act("/packs/{id}/design/try", "try", "tried=9.0.0&share=10&reason=x", looked_at),
        get("/packs/{id}/design/tests", "/packs/kuzbass/design/tests"),
        act("/packs/{id}/design/tests", "tests", "", DONE_BY_ADMINISTRATOR),
        get("/packs/{id}/design/archive", "/packs/kuzbass/design/archive"),
        act("/packs/{id}/design/archive", "archive", "", looked_at),
        Case::new("POST", "/packs/{id}/design/simulate", simulate, Body::Script, looked_at),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_shown_as_the_visitor_may() {
    let stage = Stage::set().await;
    let mut cases = open(&texts(&stage).await);
    cases.extend(people());
    cases.extend(designer());
    cases.extend(cabinet());
    cases.extend(payments());
    cases.extend(sites());
    cases.extend(administration());
    cases.extend(work(&stage));
    cases.extend(operations(&stage));
    complete(&routes::pages(), &cases);
    judge(&stage.app, &cases, &visitors(&stage.app)).await;
    stage.app.settle().await;
}

/// What the page of a form whose token is not the visitor's says.
pub const EXPIRED: &str = "Форма устарела";

/// A form that another site sends in the visitor's name has not their token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_form_is_taken_without_its_token() {
    let stage = Stage::set().await;
    let mut cases = open(&texts(&stage).await);
    cases.extend(people());
    cases.extend(designer());
    cases.extend(cabinet());
    cases.extend(payments());
    cases.extend(sites());
    cases.extend(administration());
    cases.extend(work(&stage));
    cases.extend(operations(&stage));
    let (mut wrong, mut judged, visitors) = (Vec::new(), 0, visitors(&stage.app));
    // Programs prove themselves by other means than a cookie; what people send beside it needs the token.
    let by_program = |c: &Case| c.path.starts_with("/oauth/") && c.path != "/oauth/authorize"; // /oauth/logout only leads on
    for case in cases.iter().filter(|c| c.method == "POST" && !by_program(c)) {
        for (n, (who, token)) in visitors.iter().enumerate() {
            let answer = case.ask(&stage.app, (n, token.as_deref()), false).await;
            // Whoever is let near the form at all is told that it is none of ours; the others do not come so far.
            let ours = answer.status == 403 && [EXPIRED, "form-expired"].iter().any(|text| answer.text.contains(text));
            let shut = matches!(answer.status, 401 | 403 | 404) && matches!(case.statuses[n], 401 | 403 | 404);
            if !ours && !shut {
                wrong.push(format!("POST {} as {who}: {}", case.path, answer.status));
            }
            judged += usize::from(ours);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(judged > cases.len() / 4, "hardly any form was refused for its token: {judged}");
    assert_eq!(stage.app.only("Task").await.text("status"), Some("offered"));
    stage.app.settle().await;
}
