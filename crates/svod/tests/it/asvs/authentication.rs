//! V6: passwords, what stands beside them, and ways in.

use svod_identity::{IdentityError, code};
use svod_kernel::Clock as _;
use svod_testkit::{Answer, TestApp};

use super::{PASSWORD, Person, base32, goes_on, hidden, page, sign_in, signed_in, submit};

/// The tags of a page's fields.
fn inputs(page: &Answer) -> Vec<&str> {
    page.text.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap_or_default()).collect()
}

/// V6.2.6, V6.2.7: passwords are typed hidden, and nothing stands in a password manager's way. V6.4.2: nothing else is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_hidden_and_can_be_filled_in() {
    const ASKED: [&str; 8] = ["csrf", "back", "login", "password", "code", "token", "credential", "username"];
    let app = TestApp::builder().doors().start().await;
    let (_, secret) = Person::with_password(&app, "olga", PASSWORD).await;
    let olga = signed_in(&app, "olga", PASSWORD, &secret).await;
    for (token, path, known) in [
        ("", "/session", "current-password"),
        (olga.as_str(), "/session/confirm", "current-password"),
        (olga.as_str(), "/account/password", "new-password"),
    ] {
        let shown = page(&app, token, path).await;
        assert_eq!(shown.status, 200, "{path}: {}", shown.text);
        let all = inputs(&shown);
        let own: Vec<_> = all.iter().filter(|i| i.contains("name=\"password\"")).collect();
        assert_eq!(own.len(), 1, "{path}: {all:?}");
        assert!(own[0].contains("type=\"password\""), "{path}: {own:?}");
        assert!(own[0].contains(&format!("autocomplete=\"{known}\"")), "{path}: {own:?}");
        for barrier in ["readonly", "maxlength", "onpaste", "oninput", "disabled"] {
            assert!(!own[0].contains(barrier), "{path}: {own:?}");
        }
        for input in all {
            let fine = ASKED.iter().any(|name| input.contains(&format!("name=\"{name}\"")));
            assert!(fine, "{path} asks for something else: {input}");
        }
    }
}

/// V6.2.8, V6.2.9: a password counts as it was typed, to the last letter, and may be long; what is too long is not cut.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_counts_as_it_was_typed() {
    let mixed = |n: usize| (0..n).map(|i| char::from(b'!' + (i * 37 % 90) as u8)).collect::<String>();
    const TYPED: &str = " Корова на Льду! ";
    let app = TestApp::builder().start().await;
    let identity = &app.core.identity;
    Person::with_password(&app, "olga", TYPED).await;
    let from = svod_identity::From::default();
    for other in [TYPED.trim(), &TYPED.to_lowercase(), &TYPED[..TYPED.len() - 1]] {
        let refused = identity.sign_in("olga", other.to_owned(), &from).await;
        assert_eq!(refused.unwrap_err(), IdentityError::Refused, "{other:?}");
    }
    identity.sign_in("olga", TYPED.into(), &from).await.unwrap();

    let long: String = "корова на льду жуёт клевер и глядит за реку Томь".chars().chain(mixed(16).chars()).collect();
    Person::with_password(&app, "anna", &long).await;
    identity.sign_in("anna", long.clone(), &from).await.unwrap();
    let shorter = identity.sign_in("anna", long.chars().take(long.chars().count() - 1).collect(), &from).await;
    assert_eq!(shorter.unwrap_err(), IdentityError::Refused, "the last letter counts");
    let ivan = Person::new(&app, "ivan").await;
    let begun = identity.begin_password(&ivan.account, "Svod").await.unwrap();
    let now = code(&base32(&begun.secret), app.clock.now());
    let cut = identity.set_password(&ivan.account, &begun.token, (mixed(513), &now)).await;
    assert!(matches!(cut, Err(IdentityError::Field("password", "length", _))), "{cut:?}");
    identity.set_password(&ivan.account, &begun.token, (mixed(512), &now)).await.unwrap();
}

/// V6.2.2, V7.4.3: the owner sets another password; the old one is worth nothing then, and every other session is over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_password_ends_the_old_one_and_all_other_sessions() {
    const OTHER: &str = "лошадь на лугу";
    let app = TestApp::builder().doors().start().await;
    let (invited, secret) = Person::with_password(&app, "olga", PASSWORD).await;
    let first = signed_in(&app, "olga", PASSWORD, &secret).await;
    let second = signed_in(&app, "olga", PASSWORD, &secret).await;
    let form = page(&app, &first, "/account/password").await;
    let typed = form.text.split_once("class=\"secret\">").unwrap().1.split('<').next().unwrap();
    let fresh = base32(typed);
    let now = code(&fresh, app.clock.now());
    let fields = [("token", hidden(&form, "token")), ("password", OTHER.to_owned()), ("code", now)];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let set = submit(&app, &first, "/account/password", &fields).await;
    assert_eq!(set.status, 200, "{}", set.text);
    assert!(goes_on(&app, &first).await);
    for other in [&second, &invited.token] {
        assert!(!goes_on(&app, other).await);
    }
    assert_eq!(sign_in(&app, "olga", PASSWORD, &fresh).await.status, 401, "the old password");
    assert_eq!(sign_in(&app, "olga", OTHER, &secret).await.status, 401, "the old authenticator");
    signed_in(&app, "olga", OTHER, &fresh).await;
    app.settle().await;
}

/// V6.2.10: nobody is made to change a password because time has passed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_does_not_grow_old() {
    let app = TestApp::builder().doors().start().await;
    let (_, secret) = Person::with_password(&app, "olga", PASSWORD).await;
    app.clock.advance(3 * 365 * 24 * 3600);
    let answer = sign_in(&app, "olga", PASSWORD, &secret).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/"), "{}", answer.text);
    app.settle().await;
}

/// V6.4.4: who has lost everything to sign in with is invited anew by an administrator; the old account opens to nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_with_a_factor_opens_to_no_invitation() {
    let app = TestApp::builder().doors().start().await;
    let (olga, secret) = Person::with_password(&app, "olga", PASSWORD).await;
    let invited = svod_identity::Invitation::new("olga", "Olga", app.clock.now().plus_seconds(3_600)).unwrap();
    let path = format!("/invitation/{}", app.core.identity.invite(&invited));
    assert_eq!(page(&app, "", &path).await.status, 410);
    assert_eq!(submit(&app, "", &path, &[]).await.status, 410);
    app.core.identity.block(&olga.account.id.to_string(), true).await.unwrap();
    assert_eq!(submit(&app, "", &path, &[]).await.status, 410, "kept out, it opens no more either");
    assert_eq!(sign_in(&app, "olga", PASSWORD, &secret).await.status, 401);
    for persona in [None, Some("citizen"), Some("official-regional"), Some("governor")] {
        let token = persona.map(|p| app.token(p)).unwrap_or_default();
        let asked = submit(&app, &token, "/accounts/invite", &[("login", "olga2"), ("name", "Olga")]).await;
        assert!([401, 403].contains(&asked.status), "{persona:?}: {}", asked.status);
    }
}
