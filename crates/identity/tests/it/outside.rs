//! Outside OpenID providers: who is let in by them, and who is not.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use svod_identity::{Asked, Fetch, Fetched, IdentityError, OutsideProvider, Purpose, Session};
use svod_kernel::{Clock as _, Urn};
use svod_store::testing::TestPlace;

use crate::{House, here};

const ISSUER: &str = "https://accounts.example";

/// A provider as the platform meets it: it signs what it is told to say.
struct Provider {
    key: EcdsaKeyPair,
    says: Mutex<Value>,
}

impl Provider {
    fn new() -> Arc<Self> {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Arc::new(Self { key, says: Mutex::default() })
    }

    fn sign(&self, claims: &Value) -> String {
        let body = format!("{}.{}", B64.encode(r#"{"alg":"ES256","kid":"p"}"#), B64.encode(claims.to_string()));
        let signature = self.key.sign(&SystemRandom::new(), body.as_bytes()).unwrap();
        format!("{body}.{}", B64.encode(signature.as_ref()))
    }

    fn answer(&self, asked: &Asked) -> Value {
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        match asked.url.strip_prefix(ISSUER).unwrap() {
            "/.well-known/openid-configuration" => json!({
                "issuer": ISSUER, "authorization_endpoint": format!("{ISSUER}/authorize"),
                "token_endpoint": format!("{ISSUER}/token"), "jwks_uri": format!("{ISSUER}/keys")}),
            "/keys" => json!({"keys": [
                {"kty": "EC", "crv": "P-256", "kid": "p", "x": B64.encode(x), "y": B64.encode(y)}]}),
            "/token" => {
                let form = asked.form.as_deref().unwrap();
                assert!(form.contains("code_verifier=") && form.contains("client_secret=s%26cret"), "{form}");
                json!({"id_token": self.sign(&self.says.lock().unwrap())})
            }
            other => panic!("{other}"),
        }
    }
}

struct Wire(Arc<Provider>);

impl Fetch for Wire {
    fn fetch<'a>(&'a self, asked: Asked) -> Fetched<'a> {
        Box::pin(async move { Ok((200, self.0.answer(&asked))) })
    }
}

fn provider_and_spec(house: &House) -> (Arc<Provider>, OutsideProvider) {
    let provider = Provider::new();
    let spec = OutsideProvider {
        id: "national".into(),
        name: "National".into(),
        issuer: ISSUER.into(),
        client_id: "region".into(),
        client_secret: "s&cret".into(),
        scope: "openid profile".into(),
        national_id_claim: "snils".into(),
        acr: Vec::new(),
        amr: Vec::new(),
        also_at: Vec::new(),
        rsa_2048: false,
    };
    house.identity.set_outside(vec![spec.clone()], Arc::new(Wire(provider.clone())));
    (provider, spec)
}

fn with_provider(house: &House) -> Arc<Provider> {
    provider_and_spec(house).0
}

/// Away and back, with these claims besides those that the protocol wants; the state and what came of it.
async fn through(
    house: &House,
    provider: &Provider,
    session: Option<&Session>,
    claims: Value,
) -> Result<Option<String>, IdentityError> {
    let purpose = session.map_or(Purpose::SignIn, |s| Purpose::Link(s.id.clone()));
    ended(house, provider, (purpose, session), claims).await
}

async fn ended(
    house: &House,
    provider: &Provider,
    (purpose, session): (Purpose, Option<&Session>),
    claims: Value,
) -> Result<Option<String>, IdentityError> {
    let leaving = house.identity.leave("national", (&here(), "/tasks"), purpose).await?;
    let nonce = leaving.url.split("nonce=").nth(1).unwrap().split('&').next().unwrap();
    assert!(leaving.url.starts_with("https://accounts.example/authorize?response_type=code&client_id=region"));
    let now = house.clock.now().millis() / 1000;
    let mut says = json!({"iss": ISSUER, "aud": "region", "sub": "42", "nonce": nonce, "iat": now, "exp": now + 300});
    says.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    *provider.says.lock().unwrap() = says;
    let back = house.identity.come_back((&leaving.state, "code", Some(ISSUER)), &here(), session).await?;
    assert_eq!(back.back, "/tasks");
    assert_eq!(
        house.identity.come_back((&leaving.state, "code", None), &here(), session).await.unwrap_err(),
        IdentityError::Over,
        "once"
    );
    Ok(back.session)
}

pub async fn a_verified_number_leads_to_the_person(place: &TestPlace) {
    let house = House::new(place);
    let provider = with_provider(&house);
    let unknown = through(&house, &provider, None, json!({"name": "Ольга"})).await;
    assert_eq!(unknown.unwrap_err(), IdentityError::Unknown, "nobody is taken in without a number");
    let claims = json!({"name": "Ольга", "snils": "112-233-445 95", "acr": "loa-high"});
    let token = through(&house, &provider, None, claims.clone()).await.unwrap().unwrap();
    let session = house.identity.recognise(&token).await.unwrap().session.unwrap();
    assert_eq!((session.method.as_str(), session.assurance.as_str()), ("outside", "loa-high"));
    let account = house.identity.account(&session.account).await.unwrap();
    assert_eq!(account.name, "Ольга");
    // The next time issuer and subject are enough, and the same account is opened.
    let again = through(&house, &provider, None, json!({})).await.unwrap().unwrap();
    let second = house.identity.recognise(&again).await.unwrap().session.unwrap();
    assert_eq!(second.account, session.account);
    // The provider may have let them in by what it remembers: weighty acts ask for a fresh proof.
    assert!(!session.is_fresh(house.clock.now(), 600));
    // Who has an account of their own opens it by the provider only after they have linked it, signed in.
    let (ivan, _) = house.account("ivan").await;
    house.people.lock().unwrap().push(("08765430300".into(), ivan.person.clone()));
    let number = json!({"sub": "43", "snils": "087-654-303 00"});
    assert_eq!(through(&house, &provider, None, number).await.unwrap_err(), IdentityError::Unknown);
    // A person of a register without an account gets theirs.
    let person: Urn = "urn:svod:person:registered".parse().unwrap();
    house.people.lock().unwrap().push(("900101350013".into(), person.clone()));
    let number = json!({"sub": "44", "snils": "900101350013"});
    let wrong = json!({"sub": "45", "snils": "PNOKZ-900101350013"});
    assert_eq!(
        through(&house, &provider, None, wrong).await.unwrap_err(),
        IdentityError::Unknown,
        "of another register"
    );
    let token = through(&house, &provider, None, number).await.unwrap().unwrap();
    let session = house.identity.recognise(&token).await.unwrap().session.unwrap();
    let account = house.identity.account(&session.account).await.unwrap();
    assert_eq!(account.person, person);
    // Blocked is blocked, whoever vouches.
    house.identity.block(&session.account, true, &svod_kernel::Actor::platform("test")).await.unwrap();
    assert_eq!(through(&house, &provider, None, json!({"sub": "44"})).await.unwrap_err(), IdentityError::Refused);
}

pub async fn what_is_not_said_to_us_is_not_believed(place: &TestPlace) {
    let house = House::new(place);
    let provider = with_provider(&house);
    let now = house.clock.now().millis() / 1000;
    for wrong in [
        json!({"iss": "https://evil.example"}),
        json!({"aud": "another"}),
        json!({"aud": ["region", "another"]}),
        json!({"nonce": "of yesterday"}),
        json!({"exp": now - 120}),
        json!({"iat": now + 3600}),
        json!({"sub": ""}),
    ] {
        let mut claims = json!({"snils": "11223344595"});
        claims.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        assert_eq!(through(&house, &provider, None, claims).await.unwrap_err(), IdentityError::Outside, "{wrong}");
    }
    let leaving = house.identity.leave("national", (&here(), "/"), Purpose::SignIn).await.unwrap();
    let mixed = house.identity.come_back((&leaving.state, "code", Some("https://evil.example")), &here(), None).await;
    assert_eq!(mixed.unwrap_err(), IdentityError::Outside, "an answer of another provider");
    assert!(house.identity.come_back(("forged", "code", None), &here(), None).await.is_err());
    assert!(house.identity.leave("none", (&here(), "/"), Purpose::SignIn).await.is_err());
}

pub async fn an_account_is_linked_by_its_owner_and_keeps_a_way_in(place: &TestPlace) {
    let house = House::new(place);
    let provider = with_provider(&house);
    let (olga, token) = house.account("olga").await;
    let id = olga.id.to_string();
    let session = house.identity.recognise(&token).await.unwrap().session.unwrap();
    // Another session than the one that began it does not end it.
    let (_, other) = house.account("other").await;
    let other = house.identity.recognise(&other).await.unwrap().session.unwrap();
    let crossed = (Purpose::Link(session.id.clone()), Some(&*other));
    assert_eq!(ended(&house, &provider, crossed, json!({"sub": "7"})).await.unwrap_err(), IdentityError::Over);
    assert!(through(&house, &provider, Some(&session), json!({"sub": "7"})).await.unwrap().is_none());
    assert_eq!(house.identity.outside_of(&id).await.unwrap()[0].0, ISSUER);
    let token = through(&house, &provider, None, json!({"sub": "7"})).await.unwrap().unwrap();
    let outside = house.identity.recognise(&token).await.unwrap().session.unwrap();
    assert_eq!(outside.account, id);
    // A fresh proof by the provider: of the same identity, and given just now.
    let confirm = || (Purpose::Confirm(outside.id.clone()), Some(&*outside));
    let now = house.clock.now().millis() / 1000;
    for wrong in
        [json!({"sub": "7"}), json!({"sub": "7", "auth_time": now - 86_400}), json!({"sub": "8", "auth_time": now})]
    {
        assert_eq!(ended(&house, &provider, confirm(), wrong).await.unwrap_err(), IdentityError::Refused);
    }
    let renewed = ended(&house, &provider, confirm(), json!({"sub": "7", "auth_time": now})).await.unwrap().unwrap();
    assert_eq!(house.identity.recognise(&token).await.unwrap_err(), IdentityError::Invalid, "under another token");
    let fresh = house.identity.recognise(&renewed).await.unwrap().session.unwrap();
    assert!(fresh.is_fresh(house.clock.now(), 600));
    // What opens one account does not come to open another; a linked account is no bare one, which an invitation would open.
    let taken = through(&house, &provider, Some(&other), json!({"sub": "7"})).await;
    assert!(matches!(taken, Err(IdentityError::Taken(_))));
    assert!(house.identity.accept(&house.invitation("olga"), &here()).await.is_err());
    assert_eq!(house.identity.unlink(&id, ISSUER).await.unwrap_err(), IdentityError::LastWay);
}

pub async fn a_provider_is_held_to_what_is_demanded_of_it(place: &TestPlace) {
    let house = House::new(place);
    let (provider, spec) = provider_and_spec(&house);
    let demanding =
        OutsideProvider { acr: vec!["loa-high".into(), "loa-substantial".into()], amr: vec!["mfa".into()], ..spec };
    house.identity.set_outside(vec![demanding], Arc::new(Wire(provider.clone())));
    let leaving = house.identity.leave("national", (&here(), "/"), Purpose::SignIn).await.unwrap();
    assert!(leaving.url.contains("&acr_values=loa-high%20loa-substantial"), "it is asked for: {}", leaving.url);
    let said = |more: Value| {
        let mut all = json!({"name": "Olga", "snils": "112-233-445 95"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    for less in [
        json!({}),
        json!({"acr": "loa-low", "amr": ["mfa"]}),
        json!({"acr": "loa-high"}),
        json!({"acr": "loa-high", "amr": ["pwd"]}),
        json!({"acr": "loa-high", "amr": "mfa"}),
        json!({"acr": ["loa-high"], "amr": ["mfa"]}),
    ] {
        let refused = through(&house, &provider, None, said(less.clone())).await;
        assert_eq!(refused.unwrap_err(), IdentityError::Weak, "{less}");
    }
    // Nor does it open an account that is linked already, or prove anybody anew.
    let (_, token) = house.account("olga").await;
    let session = house.identity.recognise(&token).await.unwrap().session.unwrap();
    let linked = through(&house, &provider, Some(&session), json!({"sub": "9"})).await;
    assert_eq!(linked.unwrap_err(), IdentityError::Weak);
    let enough = said(json!({"acr": "loa-substantial", "amr": ["pwd", "otp", "mfa"]}));
    let token = through(&house, &provider, None, enough).await.unwrap().unwrap();
    let session = house.identity.recognise(&token).await.unwrap().session.unwrap();
    assert_eq!(session.assurance, "loa-substantial");
}
