//! V7 and V14: sessions, their end, and what is left of them.

use svod_testkit::TestApp;

use super::{PASSWORD, Person, goes_on, page, signed_in, submit};

/// V7.5.1: what opens the account is changed after a fresh proof only, by whatever door.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_opens_the_account_changes_after_a_fresh_proof_only() {
    let app = TestApp::builder().doors().start().await;
    let (_, secret) = Person::with_password(&app, "olga", PASSWORD).await;
    let olga = signed_in(&app, "olga", PASSWORD, &secret).await;
    assert_eq!(page(&app, &olga, "/account/password").await.status, 200, "just proved");
    app.clock.advance(10 * 60);
    let shown = page(&app, &olga, "/account/password").await;
    assert_eq!(shown.status, 303);
    assert!(shown.header("location").starts_with("/session/confirm?back="), "{}", shown.header("location"));
    for (path, fields) in [
        ("/account/password", &[("token", "x"), ("password", "x"), ("code", "000000")][..]),
        ("/account/password/remove", &[]),
        ("/account/passkeys/remove", &[("id", "x")]),
    ] {
        let answer = submit(&app, &olga, path, fields).await;
        assert_eq!(answer.status, 303, "{path}: {}", answer.text);
        assert!(answer.header("location").starts_with("/session/confirm?back="), "{path}");
    }
    let script = [super::cookies(&olga), ("x-csrf-token", super::CSRF.to_owned())];
    let passkey = app.request("POST", "/account/passkeys/begin", &script, Vec::new()).await;
    assert_eq!(passkey.status, 403, "{}", passkey.text);
    // Nothing has changed: it still opens.
    signed_in(&app, "olga", PASSWORD, &secret).await;
    app.settle().await;
}

/// V14.3.1: who signs out leaves nothing behind in the browser, and the token is worth nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_clears_what_the_browser_has_kept() {
    let app = TestApp::builder().doors().start().await;
    let olga = Person::new(&app, "olga").await.token;
    assert!(goes_on(&app, &olga).await);
    let out = submit(&app, &olga, "/session/end", &[]).await;
    assert_eq!(out.status, 303, "{}", out.text);
    let cleared = out.header("clear-site-data");
    assert!(cleared.contains("\"cache\"") && cleared.contains("\"storage\""), "{cleared}");
    let set: Vec<_> = out.headers.get_all("set-cookie").iter().map(|c| c.to_str().unwrap()).collect();
    for cookie in ["svod_session=; ", "svod_csrf=; "] {
        assert!(set.iter().any(|c| c.starts_with(cookie) && c.contains("Max-Age=0")), "{set:?}");
    }
    assert!(!goes_on(&app, &olga).await);
    assert_eq!(page(&app, &olga, "/account").await.status, 401);
}
