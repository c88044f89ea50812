//! The register of what was given to whom: sites (issue 4: E11). Systems and banks: `svod`'s `exchange` and `payments`.

use std::collections::HashMap;

use svod_identity::provider::{
    AuthMethod, Authorized, Client, ClientState, Credentials, Registration, TokenRequest, Tokens,
};
use svod_testkit::{TestApp, on_both_engines};

use crate::trust::Somebody;

const BACK: &str = "https://shop.example/cb";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A site that is let in.
async fn shop(app: &TestApp) -> (Client, Credentials) {
    let registration = Registration {
        client_name: "Shop".into(),
        redirect_uris: vec![BACK.into()],
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
        grant_types: vec!["authorization_code".into()],
        scope: "openid profile email".into(),
        jwks: None,
        dpop_bound_access_tokens: false,
    };
    let (client, secret) = app.core.identity.add_client(registration, ClientState::Active).await.unwrap();
    let credentials = Credentials { basic: Some((client.id.clone(), secret)), ..Credentials::default() };
    (client, credentials)
}

/// A token with which the site asks about somebody who has allowed it those scopes.
async fn token(
    app: &TestApp,
    (client, credentials): &(Client, Credentials),
    who: &Somebody,
    allowed: &[&str],
) -> String {
    let identity = &app.core.identity;
    let session = identity.recognise(&who.token).await.unwrap().session.unwrap();
    let params: HashMap<String, String> = [
        ("client_id", client.id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", "openid profile email"),
        ("prompt", "consent"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let request = identity.read_request(&params).await.unwrap().unwrap();
    let Authorized::Ask(asked) = identity.authorize(request, Some(&session)).await.unwrap() else { panic!("asked") };
    let ticked: Vec<String> = allowed.iter().map(|word| (*word).to_owned()).collect();
    let back = identity.answered(&session, &asked.token, Some(&ticked)).await.unwrap();
    let code = back.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let request = TokenRequest {
        grant: "authorization_code".into(),
        code: Some(code.into()),
        redirect: Some(BACK.into()),
        verifier: Some(VERIFIER.into()),
        ..TokenRequest::default()
    };
    let Tokens(given) =
        identity.give_tokens(&request, credentials, &format!("{}/oauth/token", app.http())).await.unwrap();
    given["access_token"].as_str().unwrap().to_owned()
}

/// What was given by each, as it stands there.
fn names(seen: &serde_json::Value) -> Vec<String> {
    let of = |item: &serde_json::Value| match &item["attributes"]["only"]["value"] {
        serde_json::Value::Array(all) => all.iter().map(|name| name.as_str().unwrap()).collect::<Vec<_>>().join(" "),
        one => one.as_str().unwrap().to_owned(),
    };
    seen["items"].as_array().unwrap().iter().map(of).collect()
}

on_both_engines! {
    async fn what_a_site_learns_its_person_sees_once_an_hour(builder: TestAppBuilder) {
        let app = builder.doors().start().await;
        let (olga, ivan) = (Somebody::new(&app, "olga@example.org", None).await, Somebody::new(&app, "ivan", None).await);
        let shop = shop(&app).await;
        let given = "/api/v1/my/accesses?given=true";
        let first = token(&app, &shop, &olga, &["profile"]).await;
        // The ID token came with it and says who she is.
        let told = names(&olga.api(&app, "GET", given, None).await.ok());
        assert_eq!(told, ["sub"], "it asks for nothing more");
        for _ in 0..2 {
            app.core.identity.user_info(&first, None).await.unwrap();
        }
        let seen = olga.api(&app, "GET", given, None).await.ok();
        assert_eq!(names(&seen).len(), 2, "{seen}");
        let whole = names(&seen).iter().position(|names| names != "sub").unwrap();
        let whole = &seen["items"][whole];
        let told = &whole["attributes"];
        assert_eq!((&told["basis"]["value"], &told["post"]["value"]), (&"site".into(), &"Shop".into()), "{told}");
        assert_eq!(told["actor"]["value"], format!("site:{}", shop.0.id));
        assert_eq!(told["only"]["value"], serde_json::json!(["sub", "name", "preferred_username"]));
        // Whoever looked is another list, and both stand in what is asked for without a word.
        let looked = olga.api(&app, "GET", "/api/v1/my/accesses?given=false", None).await.ok();
        assert_eq!(looked["items"], serde_json::json!([]));
        assert_eq!(olga.api(&app, "GET", "/api/v1/my/accesses", None).await.ok()["items"], seen["items"]);
        assert_eq!(ivan.api(&app, "GET", given, None).await.ok()["items"], serde_json::json!([]), "a stranger");

        let cookie = [("cookie", format!("svod_session={}", olga.token)), ("accept-language", "en".to_owned())];
        let page = app.request("GET", "/my/accesses?given=true", &cookie, Vec::new()).await;
        assert!(page.status == 200 && page.text.contains("<strong>Shop</strong>"), "{}", page.text);
        let other = app.request("GET", "/my/accesses", &cookie, Vec::new()).await;
        assert!(other.status == 200 && !other.text.contains("Shop"), "{}", other.text);
        let access = whole["id"].as_str().unwrap().parse().unwrap();
        app.core.trust.object(&olga.actor(&app).await, &access, "I did not know").await.unwrap();
        // Whoever has no good token learns nothing; what it learns besides is told at once, the same again after an hour. A site
        // that asks what another's token is learns whose it is.
        assert!(app.core.identity.user_info("stolen", None).await.is_err());
        let wider = token(&app, &shop, &olga, &["profile", "email"]).await;
        app.core.identity.user_info(&wider, None).await.unwrap();
        app.clock.advance(3_600);
        let later = token(&app, &shop, &olga, &["profile"]).await;
        app.core.identity.user_info(&later, None).await.unwrap();
        let seen = olga.api(&app, "GET", given, None).await.ok();
        assert_eq!(names(&seen).len(), 5, "{seen}");
        let other = crate::sharing::shop(&app).await;
        app.core.identity.introspect(&later, &other.1, &format!("{}/oauth/introspect", app.http())).await.unwrap();
        let seen = olga.api(&app, "GET", given, None).await.ok();
        assert!(names(&seen).len() == 6 && seen.to_string().contains(&format!("site:{}", other.0.id)), "{seen}");
        app.settle().await;
    }
}
