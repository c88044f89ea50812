//! Sessions here and at the sites end together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use svod_identity::provider::Registration;
use svod_identity::{Asked, Fetch, Fetched};
use svod_store::testing::TestPlace;

use crate::provider::{TOKEN, claims, code, exchange, given, registration, renewal, session, shop};
use crate::{House, PASSWORD, here};

const TOLD: &str = "https://shop.example/ended";
const LEFT: &str = "https://shop.example/left";

/// A site that is told something, and answers so.
struct Site {
    answers: Mutex<u16>,
    heard: Mutex<Vec<Value>>,
}

struct Wire(Arc<Site>);

impl Fetch for Wire {
    fn fetch<'a>(&'a self, asked: Asked) -> Fetched<'a> {
        Box::pin(async move {
            assert_eq!(asked.url, TOLD);
            let form = asked.form.unwrap();
            self.0.heard.lock().unwrap().push(claims(form.strip_prefix("logout_token=").unwrap()));
            Ok((*self.0.answers.lock().unwrap(), Value::Null))
        })
    }
}

fn listening(house: &House) -> Arc<Site> {
    let site = Arc::new(Site { answers: Mutex::new(200), heard: Mutex::default() });
    house.identity.set_outside(Vec::new(), Arc::new(Wire(site.clone())));
    site
}

fn told() -> Registration {
    Registration {
        backchannel_logout_uri: Some(TOLD.into()),
        post_logout_redirect_uris: vec![LEFT.into()],
        ..registration()
    }
}

pub async fn who_signs_out_here_is_signed_out_at_the_sites(place: &TestPlace) {
    let house = House::new(place);
    let site = listening(&house);
    let (shop, session) = (shop(&house.identity, told()).await, session(&house, "olga").await);
    let mut tokens = Vec::new();
    for _ in 0..2 {
        tokens.push(given(&house, &shop, &exchange(&code(&house, &shop, &session, &[]).await)).await.unwrap());
    }
    assert_eq!(house.identity.tell_ended().await.unwrap(), 0, "the session lasts");

    house.identity.end_session(&session.account, &session.id).await.unwrap();
    assert_eq!(house.identity.tell_ended().await.unwrap(), 2);
    let heard = site.heard.lock().unwrap().clone();
    assert_eq!(heard.len(), 1, "one word for two sign-ins");
    let id = claims(tokens[0]["id_token"].as_str().unwrap());
    for claim in ["iss", "sub", "aud", "sid"] {
        assert_eq!(heard[0][claim], id[claim], "{claim}");
    }
    assert_eq!(heard[0]["events"], json!({"http://schemas.openid.net/event/backchannel-logout": {}}));
    assert!(heard[0].get("nonce").is_none() && heard[0]["jti"].is_string());
    assert!(heard[0]["exp"].as_i64().unwrap() <= heard[0]["iat"].as_i64().unwrap() + 120);
    for given_out in &tokens {
        let access = given_out["access_token"].as_str().unwrap();
        let known = house.identity.introspect(access, &shop.credentials, TOKEN).await.unwrap().0;
        assert_eq!(known, json!({"active": false}));
    }
    // What was asked for to last beyond the session lasts (offline_access).
    given(&house, &shop, &renewal(tokens[1]["refresh_token"].as_str().unwrap())).await.unwrap();
    assert_eq!(house.identity.tell_ended().await.unwrap(), 0, "it is said once");
}

/// Whoever proves anew who they are between the code and its tokens stays signed in at the site.
pub async fn a_fresh_proof_between_code_and_tokens_ends_nothing(place: &TestPlace) {
    let house = House::new(place);
    let site = listening(&house);
    let (account, secret, _) = house.with_password("olga").await;
    let (shop, now) = (shop(&house.identity, told()).await, house.next_code(&secret));
    let token = house.sign_in("olga", PASSWORD, &now).await.unwrap();
    let session = house.identity.recognise(&token).await.unwrap().session.unwrap();
    let begun = code(&house, &shop, &session, &[]).await;
    let now = house.next_code(&secret);
    let proved = house.identity.confirm_password(&session, (PASSWORD.into(), &now), &here()).await.unwrap();
    let tokens = given(&house, &shop, &exchange(&begun)).await.unwrap();
    assert_eq!(house.identity.tell_ended().await.unwrap(), 0, "the session lasts");
    let access = tokens["access_token"].as_str().unwrap();
    let known = house.identity.introspect(access, &shop.credentials, TOKEN).await.unwrap().0;
    assert_eq!(known["active"], true);
    assert!(site.heard.lock().unwrap().is_empty());
    let session = house.identity.recognise(&proved).await.unwrap().session.unwrap();
    house.identity.end_session(&account.id.to_string(), &session.id).await.unwrap();
    assert_eq!(house.identity.tell_ended().await.unwrap(), 1, "and when it ends the site is told");
    assert_eq!(site.heard.lock().unwrap()[0]["sid"], claims(tokens["id_token"].as_str().unwrap())["sid"]);
}

pub async fn a_site_that_does_not_answer_is_told_again_and_time_ends_sessions_too(place: &TestPlace) {
    let house = House::new(place);
    let site = listening(&house);
    let (shop, session) = (shop(&house.identity, told()).await, session(&house, "olga").await);
    given(&house, &shop, &exchange(&code(&house, &shop, &session, &[]).await)).await.unwrap();
    house.clock.advance(2 * 3600 + 1);
    *site.answers.lock().unwrap() = 503;
    let mut tried = 0;
    for _ in 0..40 {
        assert_eq!(house.identity.tell_ended().await.unwrap(), 0);
        let heard = site.heard.lock().unwrap().len();
        if heard > tried {
            tried = heard;
        }
        house.clock.advance(10);
    }
    assert!((3..=5).contains(&tried), "less and less often: {tried}");
    *site.answers.lock().unwrap() = 204;
    house.clock.advance(3600);
    assert_eq!(house.identity.tell_ended().await.unwrap(), 1);
    house.clock.advance(3600);
    assert_eq!(house.identity.tell_ended().await.unwrap(), 0);
}

pub async fn a_site_sends_people_away_only_to_where_it_said(place: &TestPlace) {
    let house = House::new(place);
    let (shop, session) = (shop(&house.identity, told()).await, session(&house, "olga").await);
    let other = crate::provider::shop(&house.identity, registration()).await;
    let tokens = given(&house, &shop, &exchange(&code(&house, &shop, &session, &[]).await)).await.unwrap();
    let hint = tokens["id_token"].as_str().unwrap();
    let ask = |pairs: &[(&str, &str)]| {
        let fields: HashMap<String, String> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let identity = house.identity.clone();
        async move { identity.leaving(&fields).await }
    };
    house.clock.advance(24 * 3600); // a hint may be old
    let back = ("post_logout_redirect_uri", LEFT);
    let leaving = ask(&[("id_token_hint", hint), back, ("state", "a&b")]).await.unwrap();
    assert_eq!(leaving.back.as_deref(), Some("https://shop.example/left?state=a%26b"));
    assert_eq!(leaving.site.as_deref(), Some("Shop"));
    assert!(ask(&[("client_id", &shop.client.id), back]).await.is_ok());
    assert!(ask(&[]).await.unwrap().back.is_none());
    let forged = format!("{}x", hint);
    for wrong in [
        vec![back],
        vec![("client_id", other.client.id.as_str()), back],
        vec![("client_id", "nobody"), back],
        vec![("id_token_hint", forged.as_str()), back],
        vec![("id_token_hint", hint), ("client_id", other.client.id.as_str()), back],
        vec![("id_token_hint", hint), ("post_logout_redirect_uri", "https://evil.example/")],
    ] {
        assert_eq!(ask(&wrong).await.unwrap_err().error, "invalid_request", "{wrong:?}");
    }
}
