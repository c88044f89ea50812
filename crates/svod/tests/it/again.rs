//! Who has lost every way to sign in is invited again to what is theirs, by who may; and sees who that was.

use svod_identity::{From, Invitation};
use svod_kernel::{Clock as _, Role};
use svod_testkit::{Answer, TestApp, packs};

use super::services_api::Program;

/// The token of forms that the cookie repeats.
const CSRF: &str = "0123456789abcdef0123456789abcdef";

/// A form of *Accounts*, sent in that session.
async fn submit(app: &TestApp, session: &str, path: &str, fields: &str) -> Answer {
    let headers = [
        ("cookie", format!("svod_session={session}; svod_csrf={CSRF}")),
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
    ];
    app.request("POST", path, &headers, format!("csrf={CSRF}&{fields}").into_bytes()).await
}

async fn bearer(app: &TestApp, token: &str, path: &str) -> Answer {
    app.request("GET", path, &[("authorization", format!("Bearer {token}"))], Vec::new()).await
}

/// Somebody with a post, in a session with a fresh proof.
async fn holding(app: &TestApp, role: Role, space: &str) -> String {
    let now = app.clock.now();
    let login = format!("of-{space}-{}", now.0);
    let mut invitation = Invitation::new(&login, "Administrator", now.plus_seconds(60)).unwrap();
    invitation.post = Some((role, space.parse().unwrap()));
    let invitation = app.core.identity.invite(&invitation);
    let (_, token) = app.core.identity.accept(&invitation, &From::default()).await.unwrap();
    app.proved(&token).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_invited_again_finds_their_cases_and_who_did_it() {
    let app = TestApp::builder().pack(packs::shipped("moving")).neighbour().doors().start().await;
    let olga = Program::of(&app, "olga", None).await;
    let case = olga.apply("consent").await;
    let session = app.core.identity.recognise(olga.token()).await.unwrap().session.unwrap();
    let account = app.core.identity.account(&session.account).await.unwrap();
    svod_identity::testing::add_passkey(&app.core.identity, &session.account, "ES256").await.unwrap();
    let again = format!("id={}", account.id);
    let (here, there) =
        (holding(&app, Role::Administrator, "kuzbass").await, holding(&app, Role::Administrator, "neighbour").await);

    let open = submit(&app, &here, "/accounts/again", &again).await;
    assert!(open.status == 422 && open.text.contains("Сначала закройте вход"), "who can sign in: {}", open.text);
    submit(&app, &here, "/accounts/block", &format!("{again}&blocked=true")).await;
    for (who, session) in [("of another region", there.as_str()), ("an official", &app.token("official-regional"))] {
        assert_eq!(submit(&app, session, "/accounts/again", &again).await.status, 403, "{who}");
    }
    let named = format!("login=other@example.org&name=Olga&person={}", account.person);
    let refused = submit(&app, &there, "/accounts/invite", &named).await;
    assert!(refused.status == 422 && !refused.text.contains("/invitation#"), "{}", refused.text);
    // A proof of long ago is none.
    app.clock.advance(11 * 60);
    let stale = submit(&app, &here, "/accounts/again", &again).await;
    assert!(stale.status == 303 && stale.header("location").starts_with("/session/confirm"), "{}", stale.text);
    let here = holding(&app, Role::Administrator, "kuzbass").await;
    let made = submit(&app, &here, "/accounts/again", &again).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let code = made.text.split_once("/invitation#").expect("its address").1.split('<').next().unwrap().to_owned();

    let accepted = submit(&app, "", "/invitation/accept", &format!("code={code}")).await;
    assert_eq!(accepted.status, 303, "{}", accepted.text);
    let cookies = accepted.headers.get_all("set-cookie").into_iter().filter_map(|c| c.to_str().ok());
    let mut opened = cookies.filter_map(|c| c.strip_prefix("svod_session=")?.split(';').next().map(str::to_owned));
    let back = opened.next().expect("a session begins");
    let seen = bearer(&app, &back, &case).await;
    assert_eq!(seen.status, 200, "her case of before: {}", seen.text);
    assert_eq!(olga.get(&case).await.status, 401, "her session of before");
    assert!(app.core.identity.passkeys(&session.account).await.unwrap().is_empty(), "her passkey of before");
    let accesses = bearer(&app, &back, "/api/v1/my/accesses").await;
    assert!(accesses.status == 200 && accesses.text.contains("\"account\""), "who opened it: {}", accesses.text);
    app.settle().await;
}
