//! V7 and V14: sessions, their end, and what is left of them.

use svod_identity::{DeviceQuery, From, Invitation, code};
use svod_kernel::{Clock as _, Role};
use svod_testkit::TestApp;

use super::{PASSWORD, Person, goes_on, hidden, page, set_cookie, signed_in, submit, way_back};

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

/// V7.2.4: whoever proves anew who they are goes on under a new token; the one of before, in whose hands ever, is worth nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_proof_gives_the_session_another_token() {
    let app = TestApp::builder().doors().start().await;
    let (person, secret) = Person::with_password(&app, "olga", PASSWORD).await;
    let before = signed_in(&app, "olga", PASSWORD, &secret).await;
    let account = person.account.id.to_string();
    let listed = app.core.identity.sessions(&account).await.unwrap();
    app.clock.advance(10 * 60);
    let now = code(&secret, app.clock.now());
    let wrong = [("password", "не тот пароль"), ("code", now.as_str()), ("back", "/account")];
    let refused = submit(&app, &before, "/session/confirm", &wrong).await;
    assert_eq!((refused.status, set_cookie(&refused, "svod_session")), (401, None));
    assert!(goes_on(&app, &before).await);
    let now = code(&secret, app.clock.now());
    let right = [("password", PASSWORD), ("code", now.as_str()), ("back", "/account")];
    let proved = submit(&app, &before, "/session/confirm", &right).await;
    assert_eq!((proved.status, proved.header("location")), (303, "/account"), "{}", proved.text);
    let after = set_cookie(&proved, "svod_session").expect("the browser is told the new token");
    assert_ne!(after, before);
    assert_eq!(page(&app, &before, "/account").await.status, 401, "at once");
    assert!(goes_on(&app, &after).await);
    assert_eq!(page(&app, &after, "/account/password").await.status, 200, "and the proof is a fresh one");
    let now = app.core.identity.sessions(&account).await.unwrap();
    let devices = |all: &[svod_identity::Session]| {
        let mut began: Vec<_> = all.iter().map(|s| (s.created, s.agent.clone(), s.expires)).collect();
        began.sort();
        began
    };
    assert_eq!(devices(&now), devices(&listed), "it is the same session to its owner");
    app.settle().await;
}

/// V7.5.2: one sees where one is signed in, and ends each, and all others, after a fresh proof.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_seen_and_ended_one_by_one_after_a_fresh_proof() {
    let app = TestApp::builder().doors().start().await;
    let (person, secret) = Person::with_password(&app, "olga", PASSWORD).await;
    let mut all = vec![person.token.clone()];
    for _ in 0..3 {
        all.push(signed_in(&app, "olga", PASSWORD, &secret).await);
    }
    let mine = all.pop().unwrap();
    let id_of = async |token: &str| app.core.identity.recognise(token).await.unwrap().session.unwrap().id.clone();
    let shown = page(&app, &mine, "/account").await;
    assert_eq!(shown.text.matches("action=\"/account/sessions/end\"").count(), 3, "each but this one: {}", shown.text);
    for other in &all {
        assert!(shown.text.contains(&id_of(other).await) && !shown.text.contains(other.as_str()));
    }
    let first = id_of(&all[0]).await;
    app.clock.advance(10 * 60);
    for (path, fields) in
        [("/account/sessions/end", &[("id", first.as_str())][..]), ("/account/sessions/end-others", &[])]
    {
        let answer = submit(&app, &mine, path, fields).await;
        assert!(answer.header("location").starts_with("/session/confirm?back="), "{path}: {}", answer.status);
    }
    assert!(goes_on(&app, &all[0]).await, "nothing has ended yet");
    let now = code(&secret, app.clock.now());
    let right = [("password", PASSWORD), ("code", now.as_str()), ("back", "/account")];
    let mine = set_cookie(&submit(&app, &mine, "/session/confirm", &right).await, "svod_session").unwrap();
    // Of another's account nothing is ended, whoever asks.
    let stranger = Person::new(&app, "ivan").await;
    assert_eq!(submit(&app, &stranger.token, "/account/sessions/end", &[("id", &first)]).await.status, 404);
    assert_eq!(submit(&app, &mine, "/account/sessions/end", &[("id", &first)]).await.status, 303);
    assert!(!goes_on(&app, &all[0]).await && goes_on(&app, &all[1]).await && goes_on(&app, &all[2]).await);
    assert_eq!(submit(&app, &mine, "/account/sessions/end-others", &[]).await.status, 303);
    assert!(!goes_on(&app, &all[1]).await && !goes_on(&app, &all[2]).await && goes_on(&app, &mine).await);
    app.settle().await;
}

/// A device is let in after a fresh proof; what was typed before is there when one comes back, and one form lets in one
/// device.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_of_devices_survives_the_proof_and_is_taken_once() {
    let app = TestApp::builder().doors().start().await;
    let mut invitation = Invitation::new("keeper", "Keeper", app.clock.now().plus_seconds(60)).unwrap();
    invitation.post = Some((Role::Administrator, "kuzbass".parse().unwrap()));
    let invitation = app.core.identity.invite(&invitation);
    let (_, token) = app.core.identity.accept(&invitation, &From::default()).await.unwrap();
    let keeper = app.proved(&token).await;
    app.clock.advance(2);
    let fields = |form: &str| {
        let typed = [("name", "Пост & 7"), ("space", "kuzbass"), ("profile", "air-post"), ("device", "42")];
        [&typed.map(|(n, v)| (n, v.to_owned()))[..], &[("form", form.to_owned())]].concat()
    };
    let send = async |form: &str| {
        let fields = fields(form);
        let fields: Vec<_> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        submit(&app, &keeper, "/devices/add", &fields).await
    };
    let form = hidden(&page(&app, &keeper, "/devices").await, "form");
    let (first, second) = (send(&form).await, send(&form).await);
    assert!(first.status == 200 && first.text.contains("svod_device_"), "{}", first.text);
    assert!(second.status == 422 && !second.text.contains("svod_device_"), "{}", second.text);
    let all = app.core.identity.devices(DeviceQuery { limit: 10, ..DeviceQuery::default() }).await.unwrap();
    assert_eq!(all.len(), 1, "sent twice it is one");
    let shown = page(&app, &keeper, &format!("/devices/{}", all[0].id)).await;
    assert!(shown.text.contains(&all[0].by), "who let it in: {}", shown.text);

    app.clock.advance(10 * 60);
    let asked = send(&hidden(&second, "form")).await;
    assert_eq!(asked.status, 303, "{}", asked.text);
    let back = way_back(&asked);
    let again = page(&app, &keeper, back.split('#').next().unwrap()).await;
    let kept = ["value=\"Пост &amp; 7\"", "value=\"Пост &#38; 7\""].iter().any(|text| again.text.contains(text));
    assert!(kept, "{back}: {}", again.text);
    assert!(again.text.contains("value=\"42\""), "{}", again.text);
    app.settle().await;
}

/// V6.2.3: removing the password asks for it, unless a passkey was shown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removing_the_password_asks_for_it() {
    let app = TestApp::builder().doors().start().await;
    let (person, secret) = Person::with_password(&app, "olga", PASSWORD).await;
    let id = person.account.id.to_string();
    svod_identity::testing::add_passkey(&app.core.identity, &id, "ES256").await.unwrap();
    let typed = signed_in(&app, "olga", PASSWORD, &secret).await;
    for wrong in [&[("current", "")][..], &[("current", "не тот пароль")]] {
        let refused = submit(&app, &typed, "/account/password/remove", wrong).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert!(refused.text.contains("#field-current"), "it says which field: {}", refused.text);
    }
    assert!(app.core.identity.account(&id).await.unwrap().has_password);
    let removed = submit(&app, &typed, "/account/password/remove", &[("current", PASSWORD)]).await;
    assert_eq!(removed.status, 303, "{}", removed.text);
    assert!(!app.core.identity.account(&id).await.unwrap().has_password);
    app.settle().await;
}
