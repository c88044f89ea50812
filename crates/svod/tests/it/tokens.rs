//! Tokens that are not good: refused as problems, at every door.

use svod_kernel::{Clock as _, Timestamp};
use svod_testkit::{Answer, TestApp};

async fn with_header(app: &TestApp, name: &'static str, value: String) -> Answer {
    app.request("GET", "/api/v1/entities?space=kuzbass&type=Body", &[(name, value)], Vec::new()).await
}

async fn bearer(app: &TestApp, token: &str) -> Answer {
    with_header(app, "authorization", format!("Bearer {token}")).await
}

#[track_caller]
fn refused(answer: &Answer, code: &str) {
    answer.problem(401, code);
    assert_eq!(answer.header("www-authenticate"), "Bearer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tampered_expired_and_foreign_tokens_are_refused() {
    let app = TestApp::builder().doors().start().await;
    let good = app.token("governor");
    assert_eq!(bearer(&app, &good).await.status, 200);
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        if at % 7 == 0 && changed != good {
            refused(&bearer(&app, &changed).await, "token-invalid");
        }
    }
    let (body, tag) = good.split_once('.').unwrap();
    let other = app.token("administrator");
    let (other_body, _) = other.split_once('.').unwrap();
    for bad in [".", "x", body, tag, &format!("{other_body}.{tag}"), &format!("{good}.{tag}"), &format!("{body}.")] {
        refused(&bearer(&app, bad).await, "token-invalid");
    }
    refused(&bearer(&app, &svod_identity::sign(&[9; 32], "governor", Timestamp(i64::MAX))).await, "token-invalid");
    refused(&bearer(&app, &app.signed("tsar", Timestamp(i64::MAX))).await, "persona-unknown");
    refused(&with_header(&app, "cookie", format!("svod_session={body}.{tag}x")).await, "token-invalid");
    app.clock.advance(3601);
    refused(&bearer(&app, &good).await, "token-expired");
    refused(&with_header(&app, "cookie", format!("svod_session={good}")).await, "token-expired");
    refused(&bearer(&app, &app.signed("governor", app.clock.now())).await, "token-expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn personas_are_refused_outside_demo_mode() {
    let app = TestApp::builder().without_demo().doors().start().await;
    for persona in ["citizen", "official-municipal", "governor", "administrator"] {
        let token = app.signed(persona, app.clock.now().plus_seconds(60));
        refused(&bearer(&app, &token).await, "demo-only");
        refused(&with_header(&app, "cookie", format!("svod_session={token}")).await, "demo-only");
    }
    let anonymous = app.call("GET", "/api/v1/entities?space=kuzbass&type=Body", None, None).await;
    assert_eq!(anonymous.status, 200, "what is open stays open");
    let bare = svod_testkit::Device::connect(app.mqtt(), "nameless");
    assert!(bare.is_err(), "a device without a password is let in outside demo mode");
}
