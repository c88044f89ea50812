//! V6.5, V7.2, V10.3, V11.5: what must not be guessed, and what it opens.

use std::collections::BTreeSet;

use svod_identity::provider::{AuthMethod, ClientState, Credentials, Registration, TokenRequest};
use svod_kernel::{Clock as _, Rng as _, SeededRng};
use svod_testkit::TestApp;

use super::{PASSWORD, Person, base32, page, set_cookie};

/// As it stands in cookies and addresses: 256 bits in 43 letters.
fn is_token(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

/// V7.2.3, V11.5.1: tokens have 256 random bits, those of forms 128; none comes twice, and none is kept as it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_long_and_never_the_same() {
    let app = TestApp::builder().doors().start().await;
    let mut seen = BTreeSet::new();
    for n in 0..20 {
        let person = Person::new(&app, &format!("person-{n}")).await;
        let sessions = app.core.identity.sessions(&person.account.id.to_string()).await.unwrap();
        assert!(is_token(&person.token), "{}", person.token);
        assert!(is_token(&sessions[0].id) && sessions[0].id != person.token, "kept by its hash");
        let begun = app.core.identity.begin_password(&person.account, "Svod").await.unwrap();
        assert!(is_token(&begun.token), "{}", begun.token);
        let form = set_cookie(&app.call("GET", "/session", None, None).await, "svod_csrf").unwrap();
        assert!(form.len() == 32 && form.bytes().all(|b| b.is_ascii_hexdigit()), "{form}");
        seen.extend([person.token, begun.token, form]);
    }
    assert_eq!(seen.len(), 60);
    // Every place takes many letters: no part of a token stands still.
    let tokens: Vec<&String> = seen.iter().filter(|t| is_token(t)).collect();
    for at in 0..42 {
        let letters: BTreeSet<u8> = tokens.iter().map(|t| t.as_bytes()[at]).collect();
        assert!(letters.len() > 10, "place {at}: {letters:?}");
    }
}

/// V6.5.3, V6.5.4: secrets of authenticators have 160 random bits; codes on paper and at the counter more than 20.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_cannot_be_guessed() {
    let app = TestApp::builder().start().await;
    let identity = &app.core.identity;
    let (mut secrets, mut shown) = (BTreeSet::new(), BTreeSet::new());
    for n in 0..3 {
        let person = Person::new(&app, &format!("person-{n}")).await;
        let begun = identity.begin_password(&person.account, "Svod").await.unwrap();
        let secret = base32(&begun.secret);
        assert_eq!(secret.len(), 20, "RFC 4226, 4");
        let now = svod_identity::code(&secret, app.clock.now());
        let given = (PASSWORD.to_owned(), now.as_str());
        let codes = identity.set_password(&person.account, &begun.token, given).await.unwrap();
        for code in &codes {
            let letters = code.replace('-', "");
            assert!(letters.len() == 24 && letters.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        }
        secrets.insert(secret);
        shown.extend(codes);
        let counter = identity.presence_code(&person.account.id.to_string()).await.unwrap();
        assert!(counter.len() == 8 && counter.bytes().all(|b| b.is_ascii_digit()), "{counter}");
        shown.insert(counter);
    }
    assert_eq!((secrets.len(), shown.len()), (3, 33), "none comes twice");
    let letters: BTreeSet<char> = shown.iter().flat_map(|code| code.chars()).collect();
    assert!(letters.len() > 25, "codes on paper take many letters: {letters:?}");
}

/// V6.5.3, V11.5.1: chance is the system's, another at every start.
#[test]
fn every_start_has_chance_of_its_own() {
    let first = |rng: SeededRng| std::array::from_fn::<u64, 4, _>(|_| rng.next_u64());
    let drawn: BTreeSet<[u64; 4]> = (0..50).map(|_| first(SeededRng::from_system().unwrap())).collect();
    assert_eq!(drawn.len(), 50);
}

/// V10.3.1: a token that a site was given opens nothing of the platform but what the provider gives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_a_site_opens_no_door_of_the_platform() {
    let app = TestApp::builder().doors().start().await;
    let registration = Registration {
        client_name: "Shop".into(),
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
        grant_types: vec!["client_credentials".into()],
        scope: "openid".into(),
        jwks: None,
        dpop_bound_access_tokens: false,
    };
    let (client, secret) = app.core.identity.add_client(registration, ClientState::Active).await.unwrap();
    let credentials = Credentials { basic: Some((client.id, secret)), ..Credentials::default() };
    let request = TokenRequest { grant: "client_credentials".into(), ..TokenRequest::default() };
    let at = format!("{}/oauth/token", app.http());
    let given = app.core.identity.give_tokens(&request, &credentials, &at).await.unwrap().0;
    let token = given["access_token"].as_str().unwrap();
    let known = app.core.identity.introspect(token, &credentials, &at).await.unwrap().0;
    assert_eq!(known["active"], true, "it is a good one");

    for path in ["/api/v1/entities?type=Body", "/ngsi-ld/v1/entities?type=Body"] {
        let bearer = ("authorization", format!("Bearer {token}"));
        let answer = app.request("GET", path, &[bearer], Vec::new()).await;
        assert_eq!(answer.status, 401, "{path}: {}", answer.text);
    }
    assert_eq!(page(&app, token, "/account").await.status, 401);
    assert!(app.core.identity.recognise(token).await.is_err());
    assert!(app.core.identity.signed(token).is_err(), "nor the broker's");
}
