//! V6: passwords, what stands beside them, and ways in.

use svod_identity::{IdentityError, code};
use svod_kernel::Clock as _;
use svod_testkit::{Answer, TestApp, packs};

use super::{PASSWORD, Person, base32, goes_on, hidden, page, set_cookie, sign_in, signed_in, submit};

/// The tags of a page's fields.
fn inputs(page: &Answer) -> Vec<&str> {
    page.text.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap_or_default()).collect()
}

/// V6.2.6, V6.2.7: passwords are typed hidden, and nothing stands in a password manager's way. V6.4.2: nothing else is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_hidden_and_can_be_filled_in() {
    const ASKED: [&str; 9] =
        ["csrf", "back", "login", "current", "password", "code", "token", "credential", "username"];
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
    let token = hidden(&form, "token");
    let fields = [("token", token.as_str()), ("current", PASSWORD), ("password", OTHER), ("code", &now)];
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

/// What a form of `/account/password` sends, shown in that session: its token, and a code of the authenticator that it begins.
async fn begun(app: &TestApp, session: &str) -> (String, String) {
    let form = page(app, session, "/account/password").await;
    let typed = form.text.split_once("class=\"secret\">").unwrap().1.split('<').next().unwrap();
    (hidden(&form, "token"), code(&base32(typed), app.clock.now()))
}

/// V6.2.3: who changes the password types the one of now, or nothing changes. V6.4.3: who has forgotten it shows a passkey
/// instead, which is both factors; a recovery code stands in for the authenticator and for nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_password_of_now_is_asked_for_unless_a_passkey_was_shown() {
    const OTHER: &str = "лошадь на лугу";
    let app = TestApp::builder().doors().start().await;
    let (invited, secret) = Person::with_password(&app, "olga", PASSWORD).await;
    let typed = signed_in(&app, "olga", PASSWORD, &secret).await;
    let (token, now) = begun(&app, &typed).await;
    for wrong in ["", "не тот пароль", OTHER] {
        let fields = [("token", token.as_str()), ("current", wrong), ("password", OTHER), ("code", &now)];
        let refused = submit(&app, &typed, "/account/password", &fields).await;
        assert_eq!(refused.status, 422, "{wrong:?}: {}", refused.text);
        assert!(refused.text.contains("#field-current"), "it says which field: {}", refused.text);
    }
    let without = [("token", token.as_str()), ("password", OTHER), ("code", &now)];
    assert_eq!(submit(&app, &typed, "/account/password", &without).await.status, 422);
    assert!(goes_on(&app, &invited.token).await, "nothing has changed");

    // The session of the invitation went on by a passkey: it sets another without the one that was forgotten.
    let (token, now) = begun(&app, &invited.token).await;
    let fields = [("token", token.as_str()), ("password", OTHER), ("code", &now)];
    let set = submit(&app, &invited.token, "/account/password", &fields).await;
    assert_eq!(set.status, 200, "{}", set.text);
    assert!(!goes_on(&app, &typed).await);
    app.clock.advance(20 * 60); // what was guessed is forgotten
    assert_eq!(sign_in(&app, "olga", PASSWORD, &secret).await.status, 401, "the forgotten one");
    let paper = set.text.split_once("<li><code>").unwrap().1.split('<').next().unwrap().to_owned();
    let half = submit(&app, "", "/session/password", &[("login", "olga"), ("password", "не тот пароль")]).await;
    assert_eq!(half.status, 401, "with a recovery code at hand the password is asked for all the same");
    let half = submit(&app, "", "/session/password", &[("login", "olga"), ("password", OTHER)]).await;
    let entered = submit(&app, "", "/session/code", &[("step", &hidden(&half, "step")), ("code", &paper)]).await;
    let entered = set_cookie(&entered, "svod_session").expect("a recovery code beside the password opens");
    let (token, now) = begun(&app, &entered).await;
    let fields = [("token", token.as_str()), ("password", PASSWORD), ("code", &now)];
    assert_eq!(submit(&app, &entered, "/account/password", &fields).await.status, 422, "and sets no other");
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
    let code = app.core.identity.invite(&invited);
    assert_eq!(looked(&app, &code).await.status, 410);
    assert_eq!(accepted(&app, &code).await.status, 410);
    app.core.identity.block(&olga.account.id.to_string(), true, &svod_kernel::Actor::platform("test")).await.unwrap();
    assert_eq!(accepted(&app, &code).await.status, 410, "kept out, it opens no more either");
    assert_eq!(sign_in(&app, "olga", PASSWORD, &secret).await.status, 401);
    for persona in [None, Some("citizen"), Some("official-regional"), Some("governor")] {
        let token = persona.map(|p| app.token(p)).unwrap_or_default();
        let asked = submit(&app, &token, "/accounts/invite", &[("login", "olga2"), ("name", "Olga")]).await;
        assert!([401, 403].contains(&asked.status), "{persona:?}: {}", asked.status);
    }
}

/// V8.4.1: an administrator sees the accounts of their own region, and keeps out nobody of another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_of_another_region_are_not_shown() {
    let persona =
        "- id: neighbour-administrator\n  name: \"Администратор\"\n  roles: [administrator]\n  spaces: [neighbour]\n";
    let mut pack = packs::appended(packs::shipped("neighbour"), "personas.yaml", persona);
    for lang in ["ru", "kk", "en"] {
        pack = packs::appended(
            pack,
            &format!("locales/{lang}.ftl"),
            "\npersona-neighbour-administrator = Administrator\n",
        );
    }
    let app = TestApp::builder().pack(pack).doors().start().await;
    let (near, far) = ("of-kuzbass@example.org", "of-neighbour@example.org");
    let (of_kuzbass, _) = Person::with_password(&app, near, PASSWORD).await;
    let mut invited = svod_identity::Invitation::new(far, "Somebody", app.clock.now().plus_seconds(3_600)).unwrap();
    invited.post = Some((svod_kernel::Role::Official, "neighbour".parse().unwrap()));
    let code = app.core.identity.invite(&invited);
    app.core.identity.accept(&code, &svod_identity::From::default()).await.unwrap();
    for (persona, sees, hidden) in [("administrator", near, far), ("neighbour-administrator", far, near)] {
        let shown = page(&app, &app.token(persona), "/accounts").await;
        assert_eq!(shown.status, 200, "{persona}: {}", shown.text);
        assert!(shown.text.contains(sees) && !shown.text.contains(hidden), "{persona}: {}", shown.text);
    }
    let (id, other) = (of_kuzbass.account.id.to_string(), app.token("neighbour-administrator"));
    assert_eq!(submit(&app, &other, "/accounts/block", &[("id", &id), ("blocked", "true")]).await.status, 403);
    assert!(!app.core.identity.account(&id).await.unwrap().blocked);
}

/// The code of the invitation that an answer shows.
fn invitation(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let (_, rest) = answer.text.split_once("/invitation#").unwrap_or_else(|| panic!("none: {}", answer.text));
    rest.split('<').next().unwrap().to_owned()
}

/// What the page says of a code.
async fn looked(app: &TestApp, code: &str) -> Answer {
    submit(app, "", "/invitation", &[("code", code)]).await
}

/// The invitation is taken.
async fn accepted(app: &TestApp, code: &str) -> Answer {
    submit(app, "", "/invitation/accept", &[("code", code)]).await
}

/// V14.2.1: the code of an invitation is sent in a body; the link carries it where browsers keep it to themselves, and no
/// address with it does anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_code_of_an_invitation_stands_in_no_address() {
    let app = TestApp::builder().doors().start().await;
    let admin = app.token("administrator");
    let form = [("login", "olga@example.org"), ("name", "Olga")];
    let made = submit(&app, &admin, "/accounts/invite", &form).await;
    let code = invitation(&made);
    assert_eq!(page(&app, "", &format!("/invitation/{code}")).await.status, 404);
    let asked = page(&app, "", &format!("/invitation?code={code}")).await;
    assert!(asked.status == 200 && !asked.text.contains("olga@example.org"), "{}", asked.text);
    // Without scripts: the whole link is pasted, as a letter has broken it.
    let (begin, end) = code.split_at(code.len() / 2);
    let shown = looked(&app, &format!("https://region.example/invitation#{begin}\r\n{end} ")).await;
    assert!(shown.status == 200 && shown.text.contains("olga@example.org"), "{}", shown.text);
    assert_eq!(hidden(&shown, "code"), code);
    for mark in ["action=\"", "href=\""] {
        let addresses = shown.text.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
        assert!(addresses.into_iter().all(|address| !address.contains(&code)), "{}", shown.text);
    }
    let typo = looked(&app, &code[1..]).await;
    assert!(typo.status == 401 && typo.text.contains("name=\"code\""), "it can be typed again: {}", typo.text);
    let opened = accepted(&app, &code).await;
    assert_eq!((opened.status, opened.header("location")), (303, "/account"), "{}", opened.text);
    app.settle().await;
}

/// V6.4.1: an invitation that nobody has used yet is seen and taken back, and is worth nothing without its maker's powers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_invitation_is_taken_back_and_ends_with_its_makers_powers() {
    const POST: (&str, &str) = ("role", "official");
    const PLACE: (&str, &str) = ("space", "kuzbass/novokuznetsk");
    let app = TestApp::builder().doors().start().await;
    let admin = app.token("administrator");
    let form = [("login", "first@example.org"), ("name", "First"), POST, PLACE];
    let code = invitation(&submit(&app, &admin, "/accounts/invite", &form).await);
    assert_eq!(looked(&app, &code).await.status, 200);
    let listed = page(&app, &admin, "/accounts").await;
    let (_, row) = listed.text.split_once("first@example.org").expect("it is listed");
    assert!(!listed.text.contains(&code), "its code is not");
    let id = row.split_once("name=\"id\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    // Who runs another territory has nothing to take back here.
    let mut elsewhere = svod_identity::Invitation::new("mayor", "Mayor", app.clock.now().plus_seconds(60)).unwrap();
    elsewhere.post = Some((svod_kernel::Role::Administrator, "kuzbass/novokuznetsk".parse().unwrap()));
    let elsewhere = app.core.identity.invite(&elsewhere);
    let (mayor, token) = app.core.identity.accept(&elsewhere, &svod_identity::From::default()).await.unwrap();
    let token = app.proved(&token).await;
    let citizen = app.token("citizen");
    assert_eq!(submit(&app, &citizen, "/accounts/invitations/withdraw", &[("id", &id)]).await.status, 403);
    assert_eq!(submit(&app, &admin, "/accounts/invitations/withdraw", &[("id", &id)]).await.status, 303);
    assert_eq!(looked(&app, &code).await.status, 410);
    assert!(!page(&app, &admin, "/accounts").await.text.contains("first@example.org"));

    let form = [("login", "second@example.org"), ("name", "Second"), POST, PLACE];
    let code = invitation(&submit(&app, &token, "/accounts/invite", &form).await);
    assert_eq!(looked(&app, &code).await.status, 200);
    app.core.identity.block(&mayor.id.to_string(), true, &svod_kernel::Actor::platform("test")).await.unwrap();
    app.clock.advance(2);
    assert_eq!(looked(&app, &code).await.status, 410);
    assert_eq!(accepted(&app, &code).await.status, 410);
    assert!(!page(&app, &admin, "/accounts").await.text.contains("second@example.org"));

    // Who has opened the link already adds no passkey any more.
    let form = [("login", "third@example.org"), ("name", "Third"), POST, PLACE];
    let code = invitation(&submit(&app, &admin, "/accounts/invite", &form).await);
    let opened = set_cookie(&accepted(&app, &code).await, "svod_session").expect("the code opens");
    let begin = async || {
        let script = [super::cookies(&opened), ("x-csrf-token", super::CSRF.to_owned())];
        app.request("POST", "/account/passkeys/begin", &script, Vec::new()).await.status
    };
    assert_ne!(begin().await, 401);
    let open = app.core.identity.open_invitations().await.unwrap();
    let id = open.into_iter().find(|i| i.login == "third@example.org").unwrap().id;
    assert_eq!(submit(&app, &admin, "/accounts/invitations/withdraw", &[("id", &id)]).await.status, 303);
    assert_eq!(begin().await, 401);
    app.settle().await;
}
