//! V4 and V13: requests as such.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use svod_testkit::TestApp;

use super::{Person, encoded, submit};

/// Every answer on one connection within a moment, to bytes as they are.
fn raw(app: &TestApp, bytes: &str) -> String {
    let mut stream = TcpStream::connect(app.http().trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    let (mut all, mut part) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut part) {
        all.extend_from_slice(&part[..read]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// V4.2.1: a request whose end is not clear is refused, and nothing inside one is taken for another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_request_ends_is_never_guessed() {
    let app = TestApp::builder().doors().start().await;
    let head = "POST /session HTTP/1.1\r\nHost: x\r\n";
    for fields in [
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "Content-Length: 5, 6\r\n\r\nabcdef",
        "Content-Length: +5\r\n\r\nabcde",
        "Content-Length: -1\r\n\r\n",
        "Transfer-Encoding: gzip\r\n\r\nabcde",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    ] {
        let answer = raw(&app, &format!("{head}{fields}"));
        // Refused, or hung up on; never handed to a route, which would ask for the token of the form.
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{fields}: {answer}");
    }
    // Both at once: chunks count, so that what a length cuts off is no request.
    let inner = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let chunk = format!("{:x}\r\n{inner}\r\n0\r\n\r\n", inner.len());
    let both = raw(&app, &format!("{head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}"));
    assert_eq!(both.matches("HTTP/1.1 ").count(), 1, "{both}");
    assert!(!both.contains("\r\n\r\nok\n"), "{both}");
    let other = raw(&app, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert!(!other.contains(" 200 "), "only HTTP/1.1 is spoken: {other}");
    let fine = raw(&app, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(fine.starts_with("HTTP/1.1 200") && fine.ends_with("ok\n"), "{fine}");
}

/// V3.5.2: what a page of another site can send without being asked first changes nothing, whatever its browser says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_cookie_nothing_is_changed_without_a_preflight() {
    let app = TestApp::builder().doors().start().await;
    let token = app.token("administrator");
    let body = r#"{"changes": []}"#;
    let asked = |kind: &str, site: &str| {
        let head = "POST /api/v1/commands HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
        let fields = format!("Cookie: svod_session={token}\r\nContent-Length: {}\r\n{kind}{site}", body.len());
        raw(&app, &format!("{head}{fields}\r\n{body}"))
    };
    for kind in ["", "Content-Type: text/plain\r\n", "Content-Type: application/x-www-form-urlencoded\r\n"] {
        let answer = asked(kind, "");
        assert!(answer.starts_with("HTTP/1.1 403"), "{kind}: {answer}");
    }
    let json = "Content-Type: application/json\r\n";
    assert!(asked(json, "Sec-Fetch-Site: same-site\r\n").starts_with("HTTP/1.1 403"));
    assert!(asked(json, "").starts_with("HTTP/1.1 422"), "it is heard, and has nothing to do");
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!({"exists": "name"}), |inner, _| json!({"all": [inner]}))
}

/// V4.3.1: what would cost much is refused before it is begun.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expensive_question_is_refused() {
    let app = TestApp::builder().doors().start().await;
    let bomb = "(a{500}){500}";
    let ask = async |question: Value| app.call("POST", "/api/v1/query", None, Some(question)).await;
    ask(json!({"types": ["Body"], "where": nested(16)})).await.ok();
    for question in [
        json!({"types": ["Body"], "where": nested(17)}),
        json!({"types": ["Body"], "limit": 1_001}),
        json!({"types": ["Body"], "idPattern": bomb}),
        json!({"types": ["Body"], "where": {"matches": ["name", bomb]}}),
    ] {
        ask(question).await.problem(400, "bad-request");
    }
    let deep = |n: usize| format!("q={}name==%22x%22{}", "(".repeat(n), ")".repeat(n));
    for (rest, status) in [
        (deep(4), 200),
        (deep(64), 400),
        (format!("q={}", "name==%22x%22%7C".repeat(1_000)), 400),
        (format!("idPattern={}", encoded(bomb)), 400),
        ("limit=1001".to_owned(), 403),
    ] {
        let path = format!("/ngsi-ld/v1/entities?type=Body&{rest}");
        let answer = app.call("GET", &path, None, None).await;
        assert_eq!(answer.status, status, "{rest}: {}", answer.text);
    }
}

/// V14.2.1: what is about people is asked for in a body; an address with such a value is refused, and says where to ask.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_about_people_are_asked_for_in_no_address() {
    const NUMBER: &str = "11223344595";
    let app = TestApp::builder().doors().start().await;
    let governor = Some("governor");
    let q = format!("q=nationalId==%22{NUMBER}%22");
    let past = "timerel=before&timeAt=2030-01-01T00:00:00Z";
    for (method, path) in [
        ("GET", format!("/ngsi-ld/v1/entities?type=Person&{q}")),
        ("GET", format!("/ngsi-ld/v1/entities?{q}")),
        ("GET", "/ngsi-ld/v1/entities?type=Person&q=birthDate%3E%221990-01-01%22%3Bname".to_owned()),
        ("GET", format!("/ngsi-ld/v1/entityMaps?type=Person&{q}")),
        ("GET", format!("/ngsi-ld/v1/temporal/entities?type=Person&{q}&{past}")),
        ("DELETE", format!("/ngsi-ld/v1/entities?type=Person&{q}")),
    ] {
        let answer = app.call(method, &path, governor, None).await;
        assert_eq!(answer.status, 400, "{method} {path}: {}", answer.text);
        assert!(answer.text.contains("POST the question to entityOperations/query"), "{path}: {}", answer.text);
        assert!(!answer.text.contains(NUMBER), "{path}: {}", answer.text);
    }
    for open in ["type=Body&q=name==%22x%22", "type=Person&q=nationalId", "q=name==%22x%22"] {
        let answer = app.call("GET", &format!("/ngsi-ld/v1/entities?{open}"), governor, None).await;
        assert_eq!(answer.status, 200, "{open}: {}", answer.text);
    }
    let body = json!({"type": "Query", "entities": [{"type": "Person"}], "q": format!("nationalId==\"{NUMBER}\"")});
    let asked = app.call("POST", "/ngsi-ld/v1/entityOperations/query", governor, Some(body)).await;
    assert_eq!(asked.status, 200, "{}", asked.text);

    let path = format!("/api/v1/entities?space=kuzbass&type=Person&filter=nationalId={NUMBER}");
    let answer = app.call("GET", &path, governor, None).await;
    assert!(answer.status == 400 && answer.text.contains("POST /api/v1/query"), "{}", answer.text);
    let question = json!({"space": "kuzbass", "types": ["Person"], "where": {"eq": ["nationalId", NUMBER]}});
    assert_eq!(app.call("POST", "/api/v1/query", governor, Some(question)).await.status, 200);
}

/// The address that a session is said to come from, when the request names these.
async fn seen_from(app: &TestApp, login: &str, named: &[&str]) -> String {
    let invited = svod_identity::Invitation::new(login, "Olga", svod_kernel::Timestamp(i64::MAX)).unwrap();
    let code = app.core.identity.invite(&invited);
    let mut headers = vec![super::cookies(""), ("content-type", "application/x-www-form-urlencoded".to_owned())];
    headers.extend(named.iter().map(|n| ("x-forwarded-for", (*n).to_owned())));
    let body = format!("csrf={}&code={code}", super::CSRF).into_bytes();
    let answer = app.request("POST", "/invitation/accept", &headers, body).await;
    let token = super::set_cookie(&answer, "svod_session").unwrap_or_else(|| panic!("{}", answer.text));
    app.core.identity.recognise(&token).await.unwrap().session.unwrap().address.clone()
}

/// V4.1.3, V15.3.4: where somebody comes from their own connection says, or the installation's own proxy; never they.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_says_themselves_where_they_come_from() {
    let forged = ["192.0.2.66", "192.0.2.66, 203.0.113.9"];
    let app = TestApp::builder().doors().start().await;
    assert_eq!(seen_from(&app, "olga", &forged).await, "127.0.0.1");
    let behind = TestApp::builder().configured(|c| c.http.proxied = true).start().await;
    assert_eq!(seen_from(&behind, "olga", &forged).await, "203.0.113.9", "the last, which the proxy has added");
    assert_eq!(seen_from(&behind, "ivan", &["192.0.2.66, nowhere"]).await, "127.0.0.1", "what is no address is none");
    assert_eq!(seen_from(&behind, "anna", &[]).await, "127.0.0.1");
}

/// V13.4.3, V13.4.4: no folder is listed, and nothing echoes a request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_folder_is_listed_and_no_request_is_traced() {
    let app = TestApp::builder().doors().start().await;
    for path in ["/assets", "/assets/", "/assets/texts/", "/packs/kuzbass/files/", "/.git/config", "/.env", "/secrets/"]
    {
        let answer = app.call("GET", path, Some("administrator"), None).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
    }
    for path in ["/", "/session", "/api/v1/entities", "/ngsi-ld/v1/entities", "/healthz", "/oauth/token"] {
        let secret = ("x-secret", "of-the-request".to_owned());
        let answer = app.request("TRACE", path, &[secret], Vec::new()).await;
        assert_eq!(answer.status, 405, "{path}: {}", answer.text);
        assert!(!answer.text.contains("of-the-request"), "{path}: {}", answer.text);
    }
}

/// V4.1.1: every text says in which letters it is written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_text_says_its_charset() {
    let app = TestApp::builder().doors().start().await;
    let front = app.call("GET", "/", None, None).await.text;
    let assets: Vec<String> = front.split('"').filter(|s| s.starts_with("/assets/")).map(str::to_owned).collect();
    let fixed = [
        "/",
        "/nothing",
        "/healthz",
        "/readyz",
        "/metrics",
        "/entities.csv?space=kuzbass&type=Body",
        "/tasks.csv",
        "/ledger/keys",
        "/api/openapi.json",
        "/api/v1/nothing",
        "/ngsi-ld/v1/nothing",
        "/.well-known/openid-configuration",
        "/favicon.svg",
    ];
    for path in fixed.map(str::to_owned).into_iter().chain(assets) {
        let answer = app.call("GET", &path, Some("administrator"), None).await;
        let kind = answer.header("content-type");
        assert!(!kind.is_empty() || answer.text.is_empty(), "{path} does not say what it is");
        let told = kind.to_ascii_lowercase().contains("charset=utf-8");
        assert!(told || !(kind.starts_with("text/") || kind.contains("xml")), "{path}: {kind}");
    }
    let refused = submit(&app, &Person::new(&app, "olga").await.token, "/session/password", &[]).await;
    assert_eq!(refused.header("content-type"), "text/html; charset=utf-8");
}
