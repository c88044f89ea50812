//! Other sites whose people sign in here.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use svod_identity::provider::{
    Asked, AuthMethod, Authorized, Client, ClientState, Credentials, OauthError, Registration, TokenRequest,
};
use svod_identity::{Identity, IdentityError, Session};
use svod_store::testing::TestPlace;

use crate::House;

const ISSUER: &str = "https://region.example";
pub const TOKEN: &str = "https://region.example/oauth/token";
const BACK: &str = "https://shop.example/cb";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub fn registration() -> Registration {
    Registration {
        client_name: "Shop".into(),
        redirect_uris: vec![BACK.into()],
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
        grant_types: ["authorization_code", "refresh_token", "client_credentials"].map(str::to_owned).to_vec(),
        scope: "openid profile email posts offline_access".into(),
        jwks: None,
        dpop_bound_access_tokens: false,
    }
}

pub struct Shop {
    pub client: Client,
    pub credentials: Credentials,
}

pub async fn shop(identity: &Identity, registration: Registration) -> Shop {
    let (client, secret) = identity.add_client(registration, ClientState::Active).await.unwrap();
    let basic = (!secret.is_empty()).then(|| (client.id.clone(), secret));
    let id = basic.is_none().then(|| client.id.clone());
    Shop { credentials: Credentials { basic, id, ..Credentials::default() }, client }
}

fn params(client: &Client, more: &[(&str, &str)]) -> HashMap<String, String> {
    let challenge = B64.encode(Sha256::digest(VERIFIER));
    let all = [
        ("client_id", client.id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", "openid profile offline_access"),
        ("state", "s"),
        ("nonce", "n"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    all.iter().chain(more).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn query(address: &str) -> HashMap<String, String> {
    let pairs = address.split_once('?').map(|(_, q)| q).unwrap_or_default().split('&');
    pairs
        .filter_map(|p| p.split_once('='))
        .map(|(k, v)| (k.to_owned(), v.replace("%3A", ":").replace("%2F", "/")))
        .collect()
}

/// All that a site asks for.
fn all(asked: &Asked) -> Vec<String> {
    asked.scope.iter().map(|(word, _)| word.clone()).collect()
}

/// The code of a request that somebody allows.
pub async fn code(house: &House, shop: &Shop, session: &Session, more: &[(&str, &str)]) -> String {
    let request = house.identity.read_request(&params(&shop.client, more)).await.unwrap().unwrap();
    let back = match house.identity.authorize(request, Some(session)).await.unwrap() {
        Authorized::Ask(asked) => house.identity.answered(session, &asked.token, Some(&all(&asked))).await.unwrap(),
        Authorized::Back(back) => back,
        other => panic!("{other:?}"),
    };
    let said = query(&back);
    assert_eq!((said["state"].as_str(), said["iss"].as_str()), ("s", ISSUER));
    said["code"].clone()
}

pub fn exchange(code: &str) -> TokenRequest {
    TokenRequest {
        grant: "authorization_code".into(),
        code: Some(code.into()),
        redirect: Some(BACK.into()),
        verifier: Some(VERIFIER.into()),
        ..TokenRequest::default()
    }
}

pub fn renewal(token: &str) -> TokenRequest {
    TokenRequest { grant: "refresh_token".into(), refresh: Some(token.into()), ..TokenRequest::default() }
}

pub async fn given(house: &House, shop: &Shop, request: &TokenRequest) -> Result<Value, OauthError> {
    house.identity.give_tokens(request, &shop.credentials, TOKEN).await.map(|t| t.0)
}

pub async fn session(house: &House, login: &str) -> Session {
    let (_, token) = house.account(login).await;
    Session::clone(&house.identity.recognise(&token).await.unwrap().session.unwrap())
}

pub fn claims(token: &str) -> Value {
    serde_json::from_slice(&B64.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn error<T: std::fmt::Debug>(answer: Result<T, OauthError>) -> &'static str {
    answer.unwrap_err().error
}

pub async fn a_person_allows_a_site_once_and_takes_it_back(place: &TestPlace) {
    let house = House::new(place);
    let (shop, session) = (shop(&house.identity, registration()).await, session(&house, "olga").await);
    let request = || async { house.identity.read_request(&params(&shop.client, &[])).await.unwrap().unwrap() };
    assert!(matches!(house.identity.authorize(request().await, None).await.unwrap(), Authorized::SignIn));
    let Authorized::Ask(asked) = house.identity.authorize(request().await, Some(&session)).await.unwrap() else {
        panic!()
    };
    assert_eq!(all(&asked), ["openid", "profile", "offline_access"]);
    let no = house.identity.answered(&session, &asked.token, None).await.unwrap();
    assert!(no.starts_with(BACK) && query(&no)["error"] == "access_denied");
    assert!(
        house.identity.answered(&session, &asked.token, Some(&all(&asked))).await.is_err(),
        "a question is answered once"
    );

    let first = code(&house, &shop, &session, &[]).await;
    let tokens = given(&house, &shop, &exchange(&first)).await.unwrap();
    let said = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(
        (said["aud"].as_str(), said["nonce"].as_str(), said["iss"].as_str()),
        (Some(shop.client.id.as_str()), Some("n"), Some(ISSUER))
    );
    let info = house.identity.user_info(tokens["access_token"].as_str().unwrap(), None).await.unwrap().0;
    assert_eq!((&info["sub"], info["name"].as_str(), info.get("email")), (&said["sub"], Some("Olga Ivanova"), None));
    // Allowed once, not asked again; more is asked for.
    assert!(matches!(house.identity.authorize(request().await, Some(&session)).await.unwrap(), Authorized::Back(_)));
    let more = params(&shop.client, &[("scope", "openid email")]);
    let more = house.identity.read_request(&more).await.unwrap().unwrap();
    assert!(matches!(house.identity.authorize(more, Some(&session)).await.unwrap(), Authorized::Ask(_)));

    assert_eq!(house.identity.allowed_sites(&session.account).await.unwrap().len(), 1);
    house.identity.withdraw(&session.account, &shop.client.id).await.unwrap();
    assert_eq!(error(house.identity.user_info(tokens["access_token"].as_str().unwrap(), None).await), "invalid_token");
    assert_eq!(error(given(&house, &shop, &renewal(tokens["refresh_token"].as_str().unwrap())).await), "invalid_grant");
}

pub async fn a_code_and_a_refresh_token_are_good_once(place: &TestPlace) {
    let house = House::new(place);
    let (shop, session) = (shop(&house.identity, registration()).await, session(&house, "olga").await);
    let stolen = code(&house, &shop, &session, &[]).await;
    let tokens = given(&house, &shop, &exchange(&stolen)).await.unwrap();
    assert_eq!(error(given(&house, &shop, &exchange(&stolen)).await), "invalid_grant");
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(error(house.identity.user_info(access, None).await), "invalid_token", "what came of it has ended");

    let one = given(&house, &shop, &exchange(&code(&house, &shop, &session, &[]).await)).await.unwrap();
    let two = given(&house, &shop, &renewal(one["refresh_token"].as_str().unwrap())).await.unwrap();
    assert_ne!(one["refresh_token"], two["refresh_token"]);
    house.identity.user_info(two["access_token"].as_str().unwrap(), None).await.unwrap();
    assert_eq!(error(given(&house, &shop, &renewal(one["refresh_token"].as_str().unwrap())).await), "invalid_grant");
    assert_eq!(error(given(&house, &shop, &renewal(two["refresh_token"].as_str().unwrap())).await), "invalid_grant");
    assert_eq!(error(house.identity.user_info(two["access_token"].as_str().unwrap(), None).await), "invalid_token");

    let late = code(&house, &shop, &session, &[]).await;
    house.clock.advance(61);
    assert_eq!(error(given(&house, &shop, &exchange(&late)).await), "invalid_grant");
    let tokens = given(&house, &shop, &exchange(&code(&house, &shop, &session, &[]).await)).await.unwrap();
    house.clock.advance(601);
    assert_eq!(error(house.identity.user_info(tokens["access_token"].as_str().unwrap(), None).await), "invalid_token");
}

pub async fn nothing_is_given_to_another_or_for_less(place: &TestPlace) {
    let house = House::new(place);
    let (first, session) = (shop(&house.identity, registration()).await, session(&house, "olga").await);
    let other = shop(&house.identity, registration()).await;
    let of_first = code(&house, &first, &session, &[]).await;
    assert_eq!(error(given(&house, &other, &exchange(&of_first)).await), "invalid_grant");
    for spoil in [
        |r: &mut TokenRequest| r.verifier = Some("x".repeat(43)),
        |r: &mut TokenRequest| r.verifier = None,
        |r: &mut TokenRequest| r.redirect = Some("https://shop.example/other".into()),
    ] {
        let mut request = exchange(&code(&house, &first, &session, &[]).await);
        spoil(&mut request);
        assert_eq!(error(given(&house, &first, &request).await), "invalid_grant");
    }
    let wrong = Credentials { basic: Some((first.client.id.clone(), "guess".into())), ..Credentials::default() };
    let refused = house.identity.give_tokens(&exchange("x"), &wrong, TOKEN).await.map(|t| t.0);
    assert_eq!(error(refused), "invalid_client");
    let bare = Credentials { id: Some(first.client.id.clone()), ..Credentials::default() };
    assert_eq!(error(house.identity.give_tokens(&exchange("x"), &bare, TOKEN).await.map(|t| t.0)), "invalid_client");

    // Requests that go to a page, and those that go back.
    for (name, value) in
        [("redirect_uri", "https://evil.example/"), ("client_id", "nobody"), ("request_uri", "https://x/")]
    {
        assert!(house.identity.read_request(&params(&first.client, &[(name, value)])).await.is_err(), "{name}");
    }
    for (name, value, wanted) in [
        ("response_type", "token", "unsupported_response_type"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("scope", "root", "invalid_scope"),
        ("response_mode", "fragment", "invalid_request"),
    ] {
        let back = house.identity.read_request(&params(&first.client, &[(name, value)])).await.unwrap().unwrap_err();
        assert_eq!(query(&back)["error"], wanted);
    }
    let silent = house.identity.read_request(&params(&first.client, &[("prompt", "none")])).await.unwrap().unwrap();
    let Authorized::Back(back) = house.identity.authorize(silent.clone(), None).await.unwrap() else { panic!() };
    assert_eq!(query(&back)["error"], "login_required");
    house.clock.advance(120);
    for fresh in [("prompt", "login"), ("max_age", "60")] {
        let request = house.identity.read_request(&params(&first.client, &[fresh])).await.unwrap().unwrap();
        assert!(
            matches!(house.identity.authorize(request, Some(&session)).await.unwrap(), Authorized::Confirm),
            "{fresh:?}"
        );
    }
    house
        .identity
        .set_client(&first.client.id, ClientState::Blocked, &svod_kernel::Actor::platform("test"))
        .await
        .unwrap();
    assert_eq!(error(house.identity.read_request(&params(&first.client, &[])).await), "invalid_client");
}

pub async fn a_registration_waits_for_an_administrator(place: &TestPlace) {
    let house = House::new(place);
    let (client, secret) = house.identity.register_client(registration()).await.unwrap();
    assert_eq!((client.state, secret.is_empty()), (ClientState::Pending, false));
    assert_eq!(error(house.identity.read_request(&params(&client, &[])).await), "invalid_client");
    house.identity.set_client(&client.id, ClientState::Active, &svod_kernel::Actor::platform("test")).await.unwrap();
    house.identity.read_request(&params(&client, &[])).await.unwrap().unwrap();
    for spoil in [
        |r: &mut Registration| r.redirect_uris = vec!["http://shop.example/".into()],
        |r: &mut Registration| r.redirect_uris.clear(),
        |r: &mut Registration| r.scope = "openid root".into(),
        |r: &mut Registration| r.grant_types = vec!["password".into()],
        |r: &mut Registration| r.client_name = " ".into(),
        |r: &mut Registration| r.token_endpoint_auth_method = AuthMethod::None,
        |r: &mut Registration| r.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt,
    ] {
        let mut bad = registration();
        spoil(&mut bad);
        assert!(house.identity.register_client(bad.clone()).await.is_err(), "{bad:?}");
    }
}

pub async fn what_is_known_of_a_token_its_client_is_told(place: &TestPlace) {
    let house = House::new(place);
    let (shop, session) = (shop(&house.identity, registration()).await, session(&house, "olga").await);
    let tokens = given(&house, &shop, &exchange(&code(&house, &shop, &session, &[]).await)).await.unwrap();
    let known = async |token: String| house.identity.introspect(&token, &shop.credentials, TOKEN).await.unwrap().0;
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    let said = known(access.clone()).await;
    assert_eq!((&said["active"], said["client_id"].as_str()), (&json!(true), Some(shop.client.id.as_str())));
    assert_eq!(known("none".into()).await, json!({"active": false}));
    house.identity.revoke(tokens["refresh_token"].as_str().unwrap(), &shop.credentials, TOKEN).await.unwrap();
    assert_eq!(known(access).await, json!({"active": false}), "a refresh token takes its access tokens along");

    let own =
        TokenRequest { grant: "client_credentials".into(), scope: Some("openid".into()), ..TokenRequest::default() };
    let own = given(&house, &shop, &own).await.unwrap();
    assert!(own.get("id_token").is_none() && own.get("refresh_token").is_none() && own["scope"] == "");
    let access = own["access_token"].as_str().unwrap();
    assert_eq!(error(house.identity.user_info(access, None).await), "insufficient_scope");
}

/// A key of somebody outside.
struct Key(EcdsaKeyPair);

impl Key {
    fn new() -> Self {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &SystemRandom::new()).unwrap())
    }

    fn jwk(&self) -> Value {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "x": B64.encode(x), "y": B64.encode(y)})
    }

    fn sign(&self, head: &Value, claims: &Value) -> String {
        let body = format!("{}.{}", B64.encode(head.to_string()), B64.encode(claims.to_string()));
        format!("{body}.{}", B64.encode(self.0.sign(&SystemRandom::new(), body.as_bytes()).unwrap()))
    }
}

pub async fn a_bound_token_is_good_in_its_holders_hand_alone(place: &TestPlace) {
    let house = House::new(place);
    let (shop, session) = (shop(&house.identity, registration()).await, session(&house, "olga").await);
    let (key, thief) = (Key::new(), Key::new());
    let now = house.clock_seconds();
    let proof = |key: &Key, jti: &str, (method, at): (&str, &str), token: Option<&str>| {
        let mut claims = json!({"htm": method, "htu": at, "iat": now, "jti": jti});
        if let Some(token) = token {
            claims["ath"] = B64.encode(Sha256::digest(token)).into();
        }
        key.sign(&json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk()}), &claims)
    };
    let first = proof(&key, "1", ("POST", TOKEN), None);
    let mut request = exchange(&code(&house, &shop, &session, &[]).await);
    request.proof = Some(first.clone());
    let tokens = given(&house, &shop, &request).await.unwrap();
    assert_eq!(tokens["token_type"], "DPoP");
    request.code = Some(code(&house, &shop, &session, &[]).await);
    assert_eq!(error(given(&house, &shop, &request).await), "invalid_dpop_proof", "a proof is good once");

    let (access, at) = (tokens["access_token"].as_str().unwrap(), "https://region.example/oauth/userinfo");
    assert_eq!(error(house.identity.user_info(access, None).await), "invalid_token");
    let get = async |proof: String| house.identity.user_info(access, Some(("GET", at, &proof))).await;
    assert_eq!(error(get(proof(&thief, "2", ("GET", at), Some(access))).await), "invalid_token");
    assert_eq!(error(get(proof(&key, "3", ("GET", at), None)).await), "invalid_dpop_proof");
    assert_eq!(error(get(proof(&key, "4", ("POST", at), Some(access))).await), "invalid_dpop_proof");
    get(proof(&key, "5", ("GET", at), Some(access))).await.unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let mut stolen = renewal(refresh);
    stolen.proof = Some(proof(&thief, "6", ("POST", TOKEN), None));
    assert_eq!(error(given(&house, &shop, &stolen).await), "invalid_grant");
}

pub async fn a_site_may_prove_itself_with_a_key(place: &TestPlace) {
    let house = House::new(place);
    let (key, thief) = (Key::new(), Key::new());
    let keyed = Registration {
        token_endpoint_auth_method: AuthMethod::PrivateKeyJwt,
        jwks: Some(json!({"keys": [key.jwk()]})),
        ..registration()
    };
    let shop = shop(&house.identity, keyed).await;
    let now = house.clock_seconds();
    let dated = |key: &Key, jti: &str, audience: &str, (since, until): (i64, i64)| {
        let id = &shop.client.id;
        let claims = json!({"iss": id, "sub": id, "aud": audience, "nbf": now + since, "exp": now + until, "jti": jti});
        Credentials { assertion: Some(key.sign(&json!({"alg": "ES256"}), &claims)), ..Credentials::default() }
    };
    let assertion = |key: &Key, jti: &str, audience: &str| dated(key, jti, audience, (0, 60));
    let request = TokenRequest { grant: "client_credentials".into(), ..TokenRequest::default() };
    let ask =
        async |credentials: Credentials| house.identity.give_tokens(&request, &credentials, TOKEN).await.map(|t| t.0);
    ask(assertion(&key, "1", TOKEN)).await.unwrap();
    assert_eq!(error(ask(assertion(&key, "1", TOKEN)).await), "invalid_client", "once");
    assert_eq!(error(ask(assertion(&thief, "2", TOKEN)).await), "invalid_client");
    assert_eq!(error(ask(assertion(&key, "3", "https://other.example")).await), "invalid_client");
    ask(assertion(&key, "4", ISSUER)).await.unwrap();
    // Clocks may differ by a minute; what is not good yet, or no more, or for ever, is not good.
    ask(dated(&key, "5", TOKEN, (60, 120))).await.unwrap();
    for (jti, times) in [("6", (61, 120)), ("7", (-120, 0)), ("8", (0, 24 * 3600))] {
        assert_eq!(error(ask(dated(&key, jti, TOKEN, times)).await), "invalid_client", "{times:?}");
    }
}

pub async fn a_sign_in_at_a_site_ends_at_last(place: &TestPlace) {
    let house = House::new(place);
    let (shop, session) = (shop(&house.identity, registration()).await, session(&house, "olga").await);
    let mut tokens = given(&house, &shop, &exchange(&code(&house, &shop, &session, &[]).await)).await.unwrap();
    // However often it is renewed: half a year after it began, it is over.
    for _ in 0..7 {
        house.clock.advance(25 * 24 * 3600);
        tokens = given(&house, &shop, &renewal(tokens["refresh_token"].as_str().unwrap())).await.unwrap();
    }
    house.clock.advance(5 * 24 * 3600);
    assert_eq!(error(given(&house, &shop, &renewal(tokens["refresh_token"].as_str().unwrap())).await), "invalid_grant");
}

pub async fn keys_change_and_are_the_same_on_every_node(place: &TestPlace) {
    let house = House::new(place);
    let first = house.identity.jwks().await.unwrap();
    assert_eq!(house.neighbour.jwks().await.unwrap(), first);
    assert!(first["keys"][0].get("d").is_none());
    house.clock.advance(90 * 24 * 3600);
    let second = house.identity.jwks().await.unwrap();
    assert_eq!(second["keys"].as_array().unwrap().len(), 2, "the new one is shown a day before it signs");
    assert_eq!(second["keys"][0], first["keys"][0]);
    assert_eq!(house.neighbour.jwks().await.unwrap(), second);
    house.clock.advance(24 * 3600);
    let third = house.identity.jwks().await.unwrap();
    assert_eq!(third["keys"][0], second["keys"][1], "it signs");
    assert_eq!(third["keys"][1], first["keys"][0], "what the old one has signed can be verified still");
    house.clock.advance(24 * 3600);
    let last = house.neighbour.jwks().await.unwrap();
    assert_eq!(last["keys"].as_array().unwrap().len(), 1, "for a day: what it has signed is over");
    assert_eq!(last["keys"][0], third["keys"][0]);
}

pub async fn a_site_may_be_allowed_less_than_before(place: &TestPlace) {
    let house = House::new(place);
    let (shop, session) = (shop(&house.identity, registration()).await, session(&house, "olga").await);
    let wide = [("scope", "openid profile email offline_access")];
    let before = code(&house, &shop, &session, &wide).await;
    let tokens = given(&house, &shop, &exchange(&code(&house, &shop, &session, &wide).await)).await.unwrap();
    let plain = given(&house, &shop, &exchange(&code(&house, &shop, &session, &[("scope", "openid")]).await)).await;
    let plain = plain.unwrap()["access_token"].as_str().unwrap().to_owned();
    let (account, id) = (&session.account, &shop.client.id);
    house.identity.narrow(account, id, "email").await.unwrap();
    assert_eq!(house.identity.narrow(account, id, "email").await, Err(IdentityError::Missing("permission")));
    assert_eq!(house.identity.narrow(account, id, "posts").await, Err(IdentityError::Missing("permission")));
    // What could say more than is left has ended, what says less goes on; a code of before and a renewal give what is left.
    assert_eq!(error(house.identity.user_info(tokens["access_token"].as_str().unwrap(), None).await), "invalid_token");
    house.identity.user_info(&plain, None).await.unwrap();
    let late = given(&house, &shop, &exchange(&before)).await.unwrap();
    let renewed = given(&house, &shop, &renewal(tokens["refresh_token"].as_str().unwrap())).await.unwrap();
    for given_out in [&late, &renewed] {
        assert_eq!(given_out["scope"], "openid profile offline_access");
        let info = house.identity.user_info(given_out["access_token"].as_str().unwrap(), None).await.unwrap().0;
        assert_eq!((info["name"].as_str(), info.get("email")), (Some("Olga Ivanova"), None));
    }
    let more =
        TokenRequest { scope: Some("openid email".into()), ..renewal(renewed["refresh_token"].as_str().unwrap()) };
    assert_eq!(error(given(&house, &shop, &more).await), "invalid_scope");
    // The site has to ask again for what was taken back.
    let again = house.identity.read_request(&params(&shop.client, &wide)).await.unwrap().unwrap();
    assert!(matches!(house.identity.authorize(again, Some(&session)).await.unwrap(), Authorized::Ask(_)));
    // Not while its person is away any more: nothing is renewed, and new tokens come without.
    house.identity.narrow(account, id, "offline_access").await.unwrap();
    assert_eq!(error(given(&house, &shop, &renewal(late["refresh_token"].as_str().unwrap())).await), "invalid_grant");
    assert_eq!(house.identity.allowed_sites(account).await.unwrap()[0].1, ["openid", "profile"]);
    // Who somebody is goes with everything.
    house.identity.narrow(account, id, "openid").await.unwrap();
    assert!(house.identity.allowed_sites(account).await.unwrap().is_empty());
    assert_eq!(error(house.identity.user_info(&plain, None).await), "invalid_token");
}

pub async fn a_site_is_allowed_what_is_ticked(place: &TestPlace) {
    let house = House::new(place);
    let (shop, session) = (shop(&house.identity, registration()).await, session(&house, "olga").await);
    let wide = [("scope", "openid profile email offline_access")];
    let ask = async |more: &[(&str, &str)]| {
        let request = house.identity.read_request(&params(&shop.client, more)).await.unwrap().unwrap();
        match house.identity.authorize(request, Some(&session)).await.unwrap() {
            Authorized::Ask(asked) => asked,
            other => panic!("{other:?}"),
        }
    };
    let answer = async |asked: &Asked, ticked: &[&str]| {
        let ticked: Vec<String> = ticked.iter().map(|w| (*w).to_owned()).collect();
        let back = house.identity.answered(&session, &asked.token, Some(&ticked)).await.unwrap();
        given(&house, &shop, &exchange(&query(&back)["code"])).await.unwrap()
    };
    let allowed = async || house.identity.allowed_sites(&session.account).await.unwrap()[0].1.clone();

    let first = ask(&wide).await;
    assert!(first.scope.iter().all(|(_, ticked)| *ticked), "the first time all of it stands ticked");
    // What nobody asked for is not had by sending it along; who somebody is needs no tick.
    let tokens = answer(&first, &["email", "posts"]).await;
    assert_eq!(tokens["scope"], "openid email");
    assert!(tokens.get("refresh_token").is_none(), "not while its person is away");
    let info = house.identity.user_info(tokens["access_token"].as_str().unwrap(), None).await.unwrap().0;
    assert_eq!(info.get("name"), None, "{info}");
    assert_eq!(allowed().await, ["email", "openid"]);

    // What was not allowed is asked for again, and what was allowed then is taken back by who takes its tick off.
    let second = ask(&wide).await;
    let ticks: Vec<bool> = second.scope.iter().map(|(_, ticked)| *ticked).collect();
    assert_eq!(ticks, [true, false, true, false], "{:?}", second.scope);
    let more = answer(&second, &["profile", "offline_access"]).await;
    assert_eq!(more["scope"], "openid profile offline_access");
    assert_eq!(error(house.identity.user_info(tokens["access_token"].as_str().unwrap(), None).await), "invalid_token");
    assert_eq!(allowed().await, ["offline_access", "openid", "profile"]);
    // Nothing ticked is a sign-in and nothing more; without even that it is a no.
    let third = ask(&wide).await;
    assert_eq!(answer(&third, &[]).await["scope"], "openid");
    assert_eq!(error(given(&house, &shop, &renewal(more["refresh_token"].as_str().unwrap())).await), "invalid_grant");
    let bare = ask(&[("scope", "profile")]).await;
    let no = house.identity.answered(&session, &bare.token, Some(&[])).await.unwrap();
    assert_eq!(query(&no)["error"], "access_denied");
}

/// V10.7.1: an answer is remembered for a site that is sure to be itself; whoever may be anybody asks each time.
pub async fn consent_is_remembered_where_it_may_be(place: &TestPlace) {
    let house = House::new(place);
    let session = session(&house, "olga").await;
    let local = "http://127.0.0.1:4000/cb";
    let open = |redirect: &str| Registration {
        token_endpoint_auth_method: AuthMethod::None,
        grant_types: vec!["authorization_code".into(), "refresh_token".into()],
        redirect_uris: vec![redirect.into()],
        ..registration()
    };
    for (registration, redirect, remembered) in
        [(registration(), BACK, true), (open(BACK), BACK, true), (open(local), local, false)]
    {
        let shop = shop(&house.identity, registration).await;
        let ask = async |more: &[(&str, &str)]| {
            let more: Vec<_> = [("redirect_uri", redirect)].into_iter().chain(more.iter().copied()).collect();
            let request = house.identity.read_request(&params(&shop.client, &more)).await.unwrap().unwrap();
            house.identity.authorize(request, Some(&session)).await.unwrap()
        };
        let Authorized::Ask(asked) = ask(&[]).await else { panic!("{redirect}: the first time") };
        let lasts = asked.lasts;
        assert_eq!((lasts.minutes, lasts.days, lasts.remembered), (10, Some((30, 180)), remembered), "{redirect}");
        house.identity.answered(&session, &asked.token, Some(&all(&asked))).await.unwrap();
        assert_eq!(matches!(ask(&[]).await, Authorized::Back(_)), remembered, "{redirect}");
        // More than was allowed, and a site that wants the question asked: each time.
        for more in [&[("scope", "openid posts")][..], &[("prompt", "consent")]] {
            assert!(matches!(ask(more).await, Authorized::Ask(_)), "{redirect}: {more:?}");
        }
        let Authorized::Ask(brief) = ask(&[("scope", "openid posts")]).await else { panic!() };
        assert_eq!(brief.lasts.days, None, "nothing is renewed that was not asked for");
    }
}

pub async fn pages_of_sites_in_force_are_known_by_their_origin(place: &TestPlace) {
    let house = House::new(place);
    assert!(!house.identity.is_site_origin("https://shop.example").await);
    let shop = shop(&house.identity, registration()).await;
    assert!(
        !house.identity.is_site_origin("https://shop.example").await,
        "strangers do not make it look again at once"
    );
    house.clock.advance(60);
    assert!(house.identity.is_site_origin("https://shop.example").await);
    for other in ["http://shop.example", "https://shop.example:8443", "https://shop.example/cb", "null", "*", ""] {
        assert!(!house.identity.is_site_origin(other).await, "{other}");
    }
    house
        .identity
        .set_client(&shop.client.id, ClientState::Blocked, &svod_kernel::Actor::platform("test"))
        .await
        .unwrap();
    assert!(!house.identity.is_site_origin("https://shop.example").await, "kept out, it reads nothing");
}
