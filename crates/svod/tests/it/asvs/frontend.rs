//! V3 and V5: what browsers are told, and what they are given to keep.

use std::sync::Arc;

use serde_json::json;
use svod_identity::provider::{AuthMethod, ClientState, Registration};
use svod_identity::{Asked, Fetch, Fetched, OutsideProvider};
use svod_testkit::{Answer, TestApp};

use super::{Person, encoded, page, set_cookie, submit};

/// One of each edge, and what the front itself answers.
const EDGES: [&str; 8] = [
    "/",
    "/session",
    "/nothing",
    "/api/v1/entities?type=Body",
    "/api/v1/nothing",
    "/ngsi-ld/v1/entities?type=Body",
    "/healthz",
    "/favicon.svg",
];

async fn get(app: &TestApp, path: &str, persona: Option<&str>) -> Answer {
    app.call("GET", path, persona, None).await
}

/// V3.4.3, V3.4.4, V3.4.5, V3.4.6: whichever edge answers, it loads nothing foreign, stands in no frame and tells no address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let app = TestApp::builder().doors().start().await;
    for path in EDGES {
        let answer = get(&app, path, None).await;
        let policy = answer.header("content-security-policy");
        for rule in ["default-src 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(rule), "{path}: {rule}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let told = answer.header("referrer-policy");
        assert!(["same-origin", "no-referrer"].contains(&told), "{path}: {told}");
        if answer.header("content-type").starts_with("text/html") {
            assert!(policy.contains("base-uri 'none'"), "{path}: {policy}");
            assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        }
    }
}

/// V3.4.1: where people come by TLS alone, every answer says so for a year, and cookies go no other way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_tls_every_answer_asks_for_tls() {
    let app = TestApp::builder().configured(|c| c.http.secure_cookies = true).start().await;
    for path in EDGES {
        assert_eq!(get(&app, path, None).await.header("strict-transport-security"), "max-age=31536000", "{path}");
    }
    let shown = get(&app, "/session", None).await;
    assert!(set_cookie(&shown, "__Host-svod_csrf").is_some());
    let set = shown.headers.get_all("set-cookie").iter().map(|c| c.to_str().unwrap());
    set.for_each(|c| assert!(c.contains("; Secure"), "{c}"));

    let plain = TestApp::builder().doors().start().await;
    assert_eq!(get(&plain, "/", None).await.header("strict-transport-security"), "", "without TLS it would lock out");
}

/// V3.5.3: looking changes nothing, whoever looks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looking_changes_nothing() {
    const PATHS: &[&str] = &[
        "/?space=kuzbass",
        "/table?space=kuzbass",
        "/entities?space=kuzbass&type=Body",
        "/entities.csv?space=kuzbass&type=Body",
        "/entities/urn:svod:station:42010102",
        "/vocabulary?space=kuzbass",
        "/packs",
        "/packs/kuzbass",
        "/packs/kuzbass/files/pack.yaml",
        "/quarantine",
        "/accounts",
        "/clients",
        "/devices",
        "/tasks",
        "/tasks.csv",
        "/journal",
        "/people",
        "/bodies",
        "/oversight",
        "/my",
        "/account",
        "/session",
        "/session/end",
        "/session/confirm",
        "/oauth/logout",
        "/api/v1/entities?type=Body",
        "/api/v1/entities/urn:svod:station:42010102/live",
        "/api/v1/journal",
        "/api/v1/tasks",
        "/api/v1/packs/kuzbass",
        "/api/v1/quarantine",
        "/api/v1/layers",
        "/ngsi-ld/v1/entities?type=Body",
        "/ngsi-ld/v1/types",
        "/ngsi-ld/v1/subscriptions",
    ];
    let app = TestApp::builder().doors().start().await;
    let olga = Person::new(&app, "olga").await;
    app.settle().await;
    let ends = || app.core.store.heads().borrow().clone();
    let (before, sessions) = (ends(), app.core.identity.sessions(&olga.account.id.to_string()).await.unwrap());
    for path in PATHS {
        for persona in [None, Some("official-municipal"), Some("administrator")] {
            get(&app, path, persona).await;
        }
        page(&app, &olga.token, path).await;
    }
    assert_eq!(ends(), before, "the journal has grown");
    assert_eq!(app.core.identity.sessions(&olga.account.id.to_string()).await.unwrap(), sessions);
    // The same by a form does.
    submit(&app, &olga.token, "/session/end", &[]).await;
    assert!(app.core.identity.sessions(&olga.account.id.to_string()).await.unwrap().is_empty());
    app.settle().await;
}

/// V5.4.1, V5.4.2: a download is called as the program says, whatever was asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn downloads_have_names_of_ours() {
    let app = TestApp::builder().doors().start().await;
    let (city, official) = ("kuzbass/novokuznetsk", Some("official-municipal"));
    let receipt = format!("/api/v1/ledger/receipts?space={city}&seq=1");
    app.until("the first event is a leaf", async || get(&app, &receipt, official).await.status == 200).await;
    for (path, name) in [
        ("/entities.csv?space=kuzbass&type=Body".to_owned(), "entities.csv"),
        ("/entities.csv?space=kuzbass&type=Body&q=%22%3B%20filename%3D%22x.exe".to_owned(), "entities.csv"),
        ("/tasks.csv".to_owned(), "tasks.csv"),
        (receipt, "kuzbass-novokuznetsk-1.tlog-proof"),
        (format!("/receipt/pdf?space={city}&seq=1"), "receipt-kuzbass-novokuznetsk-1.pdf"),
    ] {
        let answer = get(&app, &path, official).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert_eq!(answer.header("content-disposition"), format!("attachment; filename=\"{name}\""), "{path}");
    }
    for space in ["kuzbass\"; filename=\"x.exe", "kuzbass\r\nX-Evil: 1", "../kuzbass"] {
        for path in ["/api/v1/ledger/receipts", "/receipt/pdf"] {
            let answer = get(&app, &format!("{path}?space={}&seq=1", encoded(space)), official).await;
            assert!((400..500).contains(&answer.status), "{path} {space}: {}", answer.status);
            assert_eq!((answer.header("content-disposition"), answer.header("x-evil")), ("", ""), "{path} {space}");
        }
    }
}

/// V3.4.2: what the provider says of itself anybody's page reads; what it gives to sites, theirs alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_sites_in_force_alone_read_what_the_provider_gives() {
    const SITE: &str = "https://shop.example";
    let app = TestApp::builder().doors().start().await;
    let site = Registration {
        client_name: "Shop".into(),
        redirect_uris: vec![format!("{SITE}/cb")],
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        token_endpoint_auth_method: AuthMethod::None,
        grant_types: vec!["authorization_code".into()],
        scope: "openid".into(),
        jwks: None,
        dpop_bound_access_tokens: false,
    };
    app.core.identity.add_client(site.clone(), ClientState::Active).await.unwrap();
    let waiting = Registration { redirect_uris: vec!["https://waits.example/cb".into()], ..site };
    app.core.identity.register_client(waiting).await.unwrap();
    let ask = async |method: &str, path: &str, origin: &str| {
        app.request(method, path, &[("origin", origin.to_owned())], Vec::new()).await
    };
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/oauth/jwks"] {
        let answer = ask("GET", path, "https://stranger.example").await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, "*"), "{path}");
    }
    for path in
        ["/oauth/token", "/oauth/userinfo", "/oauth/revoke", "/oauth/introspect", "/oauth/par", "/oauth/register"]
    {
        for (origin, told) in [
            (SITE, SITE),
            ("https://stranger.example", ""),
            ("https://waits.example", ""),
            ("https://shop.example.evil.example", ""),
            ("http://shop.example", ""),
            ("null", ""),
        ] {
            for method in ["OPTIONS", "POST"] {
                let answer = ask(method, path, origin).await;
                assert_eq!(answer.header("access-control-allow-origin"), told, "{method} {path} {origin}");
                assert_eq!(
                    answer.header("access-control-allow-methods").is_empty(),
                    method == "POST" || told.is_empty()
                );
                assert_eq!(answer.header("access-control-allow-credentials"), "", "no cookie counts");
                let mut vary = answer.headers.get_all("vary").iter();
                let named = vary.any(|v| v.to_str().is_ok_and(|v| v.to_ascii_lowercase().contains("origin")));
                assert!(named, "{method} {path}: caches keep the two apart");
            }
        }
    }
}

/// A provider that says of itself what is needed to leave for it.
struct Provider;

impl Fetch for Provider {
    fn fetch<'a>(&'a self, asked: Asked) -> Fetched<'a> {
        let at = "https://accounts.example";
        let document = match asked.url.ends_with("/keys") {
            true => json!({"keys": []}),
            false => json!({"issuer": at, "authorization_endpoint": format!("{at}/authorize"),
                "token_endpoint": format!("{at}/token"), "jwks_uri": format!("{at}/keys")}),
        };
        Box::pin(async move { Ok((200, document)) })
    }
}

/// V7.6.2: a way to a provider, which may let in without asking, is begun by a form of ours and by no link.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_link_begins_a_session_by_a_provider() {
    let app = TestApp::builder().doors().start().await;
    let spec = OutsideProvider {
        id: "national".into(),
        name: "National".into(),
        issuer: "https://accounts.example".into(),
        client_id: "region".into(),
        client_secret: String::new(),
        scope: "openid".into(),
        national_id_claim: String::new(),
        acr: vec!["high".into()],
        amr: Vec::new(),
        also_at: vec!["https://login.example:8443".into()],
        rsa_2048: false,
    };
    app.core.identity.set_outside(vec![spec], Arc::new(Provider));
    let path = "/session/outside/national";
    let link = get(&app, path, None).await;
    assert_eq!((link.status, set_cookie(&link, "svod_outside")), (405, None));
    let kind = ("content-type", "application/x-www-form-urlencoded".to_owned());
    let foreign = app.request("POST", path, &[kind], b"back=/".to_vec()).await;
    assert_eq!((foreign.status, set_cookie(&foreign, "svod_outside")), (403, None));
    let door = get(&app, "/session", None).await;
    assert!(door.text.contains(&format!("method=\"post\" action=\"{path}\"")), "{}", door.text);
    let policy = door.header("content-security-policy");
    assert!(
        policy.contains("; form-action 'self' https://accounts.example https://login.example:8443;"),
        "it leads there and nowhere else: {policy}"
    );
    let elsewhere = get(&app, "/session?back=%2Foauth%2Fauthorize%3Fclient_id%3Dnobody", None).await;
    assert_eq!(elsewhere.header("content-security-policy"), policy, "no link opens it");
    let left = submit(&app, "", path, &[("back", "/account")]).await;
    assert_eq!(left.status, 303, "{}", left.text);
    assert!(left.header("location").starts_with("https://accounts.example/authorize?"), "{}", left.header("location"));
    assert!(set_cookie(&left, "svod_outside").is_some());
}
