//! V7.5.3: what is weighty asks for a fresh proof of who does it, on pages and over the API.

use serde_json::{Value, json};
use svod_kernel::Role;
use svod_model::{Attribute, Entity};
use svod_testkit::{Answer, TestApp, packs};

use super::{CSRF, PASSWORD, Person, cookies, page, proved_anew, signed_in, submit, way_back};

const TEN_MINUTES: i64 = 10 * 60;
const LAYER: &str = "/packs/kuzbass/files/layers/air.yaml";

/// An administrator of Kuzbass: the token of a session, and the secret of the authenticator.
async fn keeper(app: &TestApp) -> (String, Vec<u8>) {
    let keeper = Person::holding(app, "keeper", Role::Administrator).await;
    let secret = keeper.set_password(app, PASSWORD).await;
    (signed_in(app, "keeper", PASSWORD, &secret).await, secret)
}

fn version(app: &TestApp) -> String {
    app.core.registry.catalogue().pack("kuzbass").unwrap().manifest.version.clone()
}

/// A folder of two files for a pack of its own, to be published; or what was kept of it.
async fn folder(app: &TestApp, token: &str, act: &str) -> Answer {
    let kind = ("content-type", "multipart/form-data; boundary=b".to_owned());
    let part = |name: &str, rest: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{rest}\r\n\r\n{value}\r\n")
    };
    let mut body = format!("{}{}", part("csrf", "", CSRF), part("act", "", act));
    let manifest = "id: tiny\nversion: 0.1.0\nowner: urn:svod:body:kuzbass:digital\ndepends: [base]\nspace: kuzbass\n";
    let texts = "pack-tiny-title = Tiny\npack-tiny-description = Small\n";
    let files =
        [("pack.yaml", manifest), ("locales/ru.ftl", texts), ("locales/kk.ftl", texts), ("locales/en.ftl", texts)];
    for (path, text) in files.iter().filter(|_| act != "held") {
        body += &part("files", &format!("; filename=\"tiny/{path}\"\r\nContent-Type: text/plain"), text);
    }
    app.request("POST", "/packs", &[cookies(token), kind], format!("{body}--b--\r\n").into_bytes()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pack_is_published_after_a_fresh_proof_and_what_was_typed_is_kept() {
    let app = TestApp::builder().doors().start().await;
    let (token, secret) = keeper(&app).await;
    let (first, old) = (version(&app), packs::shipped("kuzbass").files["layers/air.yaml"].clone());
    let fields = [("content", format!("# издалека\n{old}")), ("version", "0.1.77".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    app.clock.advance(TEN_MINUTES);
    let back = way_back(&submit(&app, &token, LAYER, &fields).await);
    assert_eq!(version(&app), first, "nothing is published yet");
    for shown in [LAYER, back.as_str()] {
        // Whoever presses "back" has proved nothing.
        assert!(!page(&app, &token, shown).await.text.contains("# издалека"), "{shown}");
    }
    let token = proved_anew(&app, &token, &secret).await;
    let kept = page(&app, &token, &back).await;
    assert!(
        kept.status == 200 && kept.text.contains("# издалека") && kept.text.contains("value=\"0.1.77\""),
        "{}",
        kept.text
    );
    // What could not be published waits on.
    let broken = [("content", "layers: ["), ("version", "0.1.77")];
    assert_eq!(submit(&app, &token, LAYER, &broken).await.status, 422);
    assert!(page(&app, &token, &back).await.text.contains("# издалека"), "refused");
    let done = submit(&app, &token, LAYER, &fields).await;
    assert!(done.header("location").contains("done=published"), "{} {}", done.status, done.text);
    assert_eq!(version(&app), "0.1.77");
    assert!(!page(&app, &token, &back).await.text.contains("value=\"0.1.77\""), "what was published is kept no more");

    // Another's form is not theirs to see.
    app.clock.advance(TEN_MINUTES);
    let back = way_back(&folder(&app, &token, "publish").await);
    let other = Person::holding(&app, "other", Role::Administrator).await;
    assert!(!page(&app, &other.token, &back).await.text.contains("tiny"));
    let token = proved_anew(&app, &token, &secret).await;
    let kept = page(&app, &token, &back).await;
    assert!(kept.text.contains("value=\"held\"") && kept.text.contains("tiny"), "{}", kept.text);
    assert!(app.core.registry.catalogue().pack("tiny").is_none());
    let done = folder(&app, &token, "held").await;
    assert!(done.header("location").starts_with("/packs/tiny?done=published"), "{} {}", done.status, done.text);
    assert_eq!(folder(&app, &token, "held").await.status, 422, "once");
    app.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_are_tried_given_and_rolled_back_after_a_fresh_proof() {
    let app = TestApp::builder().doors().start().await;
    app.deliver("air-post", "42010102", json!({"ts": app.ts(), "radon": 1})).await;
    let (mut token, secret) = keeper(&app).await;
    let (first, design) = (version(&app), "/packs/kuzbass/design");
    app.clock.advance(TEN_MINUTES);
    // A working copy is nobody's but its owner's.
    let process = "/packs/kuzbass/design/file?path=processes%2Falert-response.bpmn";
    let old = packs::shipped("kuzbass").files["processes/alert-response.bpmn"].clone();
    let new = old.replacen("<process ", "<!-- иначе -->\n  <process ", 1);
    let saved = submit(&app, &token, process, &[("act", "save"), ("content", &new)]).await;
    assert!(saved.header("location").starts_with("/packs/kuzbass/design/"), "{} {}", saved.status, saved.text);
    let refused = app.quarantine().await.last().unwrap().id;
    let correct = format!("/quarantine/{refused}/correct");
    let trial = [("tried", "0.1.66"), ("share", "10"), ("space", ""), ("reason", "Быстрее ли?")];
    let given = [("act", "scope"), ("share", "35"), ("space", ""), ("reason", "Ещё десяти")];
    for (path, fields, kept) in [
        (format!("{design}/publish"), &[("version", "0.1.55")][..], &["value=\"0.1.55\""][..]),
        (format!("{design}/try"), &trial, &["value=\"0.1.66\"", "Быстрее ли?"]),
        ("/packs/kuzbass/candidate".to_owned(), &given, &[]),
        ("/packs/kuzbass/rollback".to_owned(), &[("version", first.as_str())], &[]),
        (correct, &[("mapping", "{at: .ts, values: {pm10: .radon}}")], &["pm10: .radon"]),
    ] {
        let back = way_back(&submit(&app, &token, &path, fields).await);
        let shown = page(&app, &token, &back).await;
        assert_eq!(shown.status, 200, "{path}: {}", shown.text);
        assert!(!kept.iter().any(|text| shown.text.contains(text)), "{path}, unproved: {}", shown.text);
        token = proved_anew(&app, &token, &secret).await;
        let shown = page(&app, &token, &back).await;
        assert_eq!(shown.status, 200, "{path}: {}", shown.text);
        assert!(kept.iter().all(|text| shown.text.contains(text)), "{path}: {}", shown.text);
        app.clock.advance(TEN_MINUTES);
    }
    assert!(version(&app) == first && app.core.registry.catalogue().tried.is_empty(), "nothing has happened");
    let token = proved_anew(&app, &token, &secret).await;
    let tried = submit(&app, &token, &format!("{design}/try"), &trial).await;
    assert!(tried.header("location").contains("done=tried"), "{} {}", tried.status, tried.text);
    // What it is given to is typed again in the form of its page.
    app.clock.advance(TEN_MINUTES);
    let back = way_back(&submit(&app, &token, "/packs/kuzbass/candidate", &given).await);
    let token = proved_anew(&app, &token, &secret).await;
    let shown = page(&app, &token, &back).await;
    assert!(shown.text.contains("value=\"35\"") && shown.text.contains("Ещё десяти"), "{}", shown.text);
    app.settle().await;
}

/// How many forms of somebody wait.
async fn waiting(app: &TestApp, of: &svod_kernel::Urn) -> usize {
    let somebody = svod_kernel::Actor { id: of.to_string(), ..svod_kernel::Actor::anonymous() };
    app.core.applications.drafts(&somebody).await.unwrap().iter().filter(|d| d.form.starts_with("held:")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_fills_the_store_with_forms_that_wait() {
    let app = TestApp::builder().doors().start().await;
    let (citizen, keeper) =
        (Person::new(&app, "olga").await, Person::holding(&app, "keeper", Role::Administrator).await);
    app.clock.advance(TEN_MINUTES);
    let long = [("reason", "x".repeat(10_000))];
    let long = long.each_ref().map(|(name, value)| (*name, value.as_str()));
    for n in 0..3 {
        let refused = submit(&app, &citizen.token, &format!("/packs/a{n}/candidate"), &long).await;
        assert_eq!(refused.status, 403, "{} {}", refused.header("location"), refused.text);
    }
    assert_eq!(waiting(&app, &citizen.account.person).await, 0);
    // Who may publish has so many, and the newest stay.
    let file = |n: usize| format!("/packs/kuzbass/files/layers/{n}.yaml");
    let mut last = String::new();
    for n in 0..25 {
        app.clock.advance(1);
        last = way_back(&submit(&app, &keeper.token, &file(n), &[("content", "x")]).await);
    }
    assert_eq!((waiting(&app, &keeper.account.person).await, last), (20, format!("{}?held=1", file(24))));
    let somebody = app.core.identity.authenticate(&keeper.token).await.unwrap();
    for (n, stays) in [(0, false), (4, false), (5, true), (24, true)] {
        let key = format!("held:{}", file(n));
        assert_eq!(app.core.applications.draft(&somebody, &key).await.unwrap().is_some(), stays, "{n}");
    }
    app.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_the_api_powers_and_packs_ask_for_a_fresh_proof() {
    let app = TestApp::builder().doors().start().await;
    let (mut token, secret) = keeper(&app).await;
    let olga = Person::new(&app, "olga").await.account.person;
    let post = Entity::new("urn:t:post".parse().unwrap(), "Post", "kuzbass".parse().unwrap())
        .with("name", Attribute::property("Инспектор"))
        .with("role", Attribute::property("official"));
    app.create(post).await;
    let call = async |token: &str, method: &str, path: &str, body: &Value| {
        let headers = [("authorization", format!("Bearer {token}")), ("content-type", "application/json".to_owned())];
        app.request(method, path, &headers, body.to_string().into_bytes()).await
    };
    let appointment = json!({"id": "urn:t:appointment", "type": "Appointment", "space": "kuzbass", "attributes": {
        "person": {"object": olga}, "post": {"object": "urn:t:post"}, "since": {"value": app.ts()}}});
    let named = |urn: &str| json!({"set": {"name": {"value": format!("{urn}, иначе")}}});
    let copies = |dry: bool| json!({"from": "kuzbass/novokuznetsk", "to": ["kuzbass/kemerovo"], "types": ["Case"], "dryRun": dry});
    let ld = json!({"id": "urn:t:post:2", "type": "Post", "name": "Ещё", "role": "official"});
    let weighty = [
        ("POST", "/api/v1/packs", json!(packs::version(packs::shipped("kuzbass"), "0.1.44"))),
        ("POST", "/api/v1/templates/copies", copies(false)),
        ("POST", "/api/v1/entities", json!({"entity": appointment})),
        ("PATCH", "/api/v1/entities/urn:t:post", named("post")),
        ("DELETE", "/api/v1/entities/urn:t:post", json!({})),
        (
            "POST",
            "/api/v1/commands",
            json!({"changes": [{"patch": {"urn": "urn:svod:station:42010102", "set": {}}},
            {"delete": {"urn": "urn:t:post"}}]}),
        ),
        ("POST", "/api/v1/commands", json!({"changes": [{"restore": {"urn": "urn:t:gone"}}]})),
    ];
    app.clock.advance(TEN_MINUTES);
    for (method, path, body) in &weighty {
        let refused = call(&token, method, path, body).await;
        refused.problem(403, "proof-needed");
        let error = &refused.json()["errors"][0];
        assert!(error["fix"].as_str().is_some_and(|fix| fix.contains("/session/confirm")), "{path}: {error}");
    }
    let refused = call(&token, "POST", "/ngsi-ld/v1/entities", &ld).await;
    assert!(refused.status == 403 && refused.text.contains("/session/confirm"), "{}", refused.text);
    let part = json!({"name": {"type": "Property", "value": "x"}});
    assert_eq!(call(&token, "PATCH", "/ngsi-ld/v1/entities/urn:t:post", &part).await.status, 403);
    // What weighs less goes on: the day's work is not asked twice.
    for (method, path, body) in [
        ("PATCH", "/api/v1/entities/urn:svod:station:42010102", named("station")),
        ("POST", "/api/v1/templates/copies", copies(true)),
        ("PATCH", "/ngsi-ld/v1/entities/urn:svod:station:42010102", part),
    ] {
        let answer = call(&token, method, path, &body).await;
        assert!((200..300).contains(&answer.status), "{path}: {} {}", answer.status, answer.text);
    }
    // Who has no session has nothing to prove.
    let persona = call(&app.token("administrator"), "PATCH", "/api/v1/entities/urn:t:post", &named("post")).await;
    assert_eq!(persona.status, 200, "{}", persona.text);

    token = proved_anew(&app, &token, &secret).await;
    for (method, path, body) in &weighty[..4] {
        let answer = call(&token, method, path, body).await;
        assert!((200..300).contains(&answer.status), "{path}: {} {}", answer.status, answer.text);
    }
    assert_eq!(version(&app), "0.1.44");
    app.settle().await;
}
