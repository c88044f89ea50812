//! Who has lost every way to sign in is invited again to what is theirs, by who may; and sees who that was.

use svod_identity::{From, Invitation};
use svod_kernel::{Clock as _, Role, Urn};
use svod_model::{Attribute, Entity};
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
    let login = format!("of-{}-{}", space.replace('/', "-"), now.0);
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
    // A link of before she was kept out again opens nothing.
    app.clock.advance(1);
    app.core.identity.block(&account.id.to_string(), true, &svod_kernel::Actor::platform("test")).await.unwrap();
    let refused = submit(&app, "", "/invitation/accept", &format!("code={code}")).await;
    assert!(refused.status != 303, "{}", refused.header("location"));
    assert!(app.core.identity.account(&session.account).await.unwrap().blocked);
    app.settle().await;
}

/// Opens an invitation of the command line to the account of that person.
async fn by_hand(app: &TestApp, person: &Urn) -> (svod_identity::Account, String) {
    let mut invitation = Invitation::new("anna", "Анна", app.clock.now().plus_seconds(60)).unwrap();
    invitation.person = Some(person.clone());
    let link = app.core.identity.invite(&invitation);
    // Both of two who open it at once, or the one of them.
    let from = From::default();
    let (one, two) = tokio::join!(app.core.identity.accept(&link, &from), app.core.identity.accept(&link, &from));
    two.or(one).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_post_is_for_who_runs_the_region() {
    const TOWN: &str = "kuzbass/novokuznetsk";
    let app = TestApp::builder().doors().start().await;
    let person: Urn = "urn:t:person:anna".parse().unwrap();
    let anna = Entity::new(person.clone(), "Person", TOWN.parse().unwrap());
    app.create(anna.with("name", Attribute::property("Анна"))).await;
    let (account, token) = by_hand(&app, &person).await;
    app.proved(&token).await;
    svod_identity::testing::add_passkey(&app.core.identity, &account.id.to_string(), "ES256").await.unwrap();
    let (region, town) =
        (holding(&app, Role::Administrator, "kuzbass").await, holding(&app, Role::Administrator, TOWN).await);
    let again = format!("id={}", account.id);
    let kept_out = submit(&app, &region, "/accounts/block", &format!("{again}&blocked=true")).await;
    assert_eq!(kept_out.status, 303, "{}", kept_out.text);
    // Who may not let her in again does not open her account anew either.
    let in_again = format!("{again}&blocked=false");
    for (path, fields) in [("/accounts/block", &in_again), ("/accounts/again", &again)] {
        assert_eq!(submit(&app, &town, path, fields).await.status, 403, "{path}");
    }
    let named = format!("login=anna&name=Anna&person={person}");
    let refused = submit(&app, &town, "/accounts/invite", &named).await;
    assert!(refused.status == 422 && !refused.text.contains("/invitation#"), "{}", refused.text);
    let made = submit(&app, &region, "/accounts/again", &again).await;
    assert!(made.status == 200 && made.text.contains("/invitation#"), "{}", made.text);

    // Who works for the town is the town's.
    let mut invitation = Invitation::new("clerk", "Clerk", app.clock.now().plus_seconds(60)).unwrap();
    invitation.post = Some((Role::Official, TOWN.parse().unwrap()));
    let link = app.core.identity.invite(&invitation);
    let (clerk, _) = app.core.identity.accept(&link, &From::default()).await.unwrap();
    let of_clerk = format!("id={}", clerk.id);
    assert_eq!(submit(&app, &town, "/accounts/block", &format!("{of_clerk}&blocked=true")).await.status, 303);
    let made = submit(&app, &town, "/accounts/again", &of_clerk).await;
    assert!(made.status == 200 && made.text.contains("/invitation#"), "{}", made.text);
    app.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_opened_an_account_stands_there_once_in_the_readers_language() {
    let app = TestApp::builder().doors().start().await;
    let person: Urn = "urn:t:person:anna".parse().unwrap();
    let anna = Entity::new(person.clone(), "Person", "kuzbass".parse().unwrap());
    app.create(anna.with("name", Attribute::property("Анна"))).await;
    let (_, token) = by_hand(&app, &person).await;
    for (lang, who, ground, reason) in [
        ("en", "The platform&#39;s operator", "Invitation to your account", "ways to sign in that it had before"),
        ("kk", "Платформа операторы", "Тіркелгіңізге шақыру", "бұрынғы кіру тәсілдері"),
        ("ru", "Оператор платформы", "Приглашение в вашу учётную запись", "прежние способы входа"),
    ] {
        let headers = [("cookie", format!("svod_session={token}")), ("accept-language", lang.to_owned())];
        let page = app.request("GET", "/my/accesses", &headers, Vec::new()).await;
        assert_eq!(page.status, 200, "{}", page.text);
        for text in [who, ground, reason] {
            assert!(page.text.contains(text), "{lang}, {text}: {}", page.text);
        }
        assert_eq!(page.text.matches(ground).count(), 1, "{lang}: {}", page.text);
        assert!(!page.text.contains(">operator<") && !page.text.contains(": invitation<"), "{lang}: {}", page.text);
    }
    app.settle().await;
}
