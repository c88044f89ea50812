//! Tokens: given for codes, for refresh tokens and for a site's own credentials; looked into; ended (OAuth 2.1, 3.2; RFC 7662,
//! RFC 7009; OpenID Connect Core, 2 and 5.3).

use serde_json::{Map, Value, json};
use svod_kernel::{Timestamp, Urn};
use svod_store::account::{self, ChallengeRow};
use svod_store::client::{self, TokenRow};
use svod_store::site_session::{self, SiteSessionRow};
use svod_store::{Conn, StoreError};

use super::client::{AuthMethod, Client, ClientState};
use super::grant::{CODE, Granted, common};
use super::logout::sid;
use super::{Credentials, OauthError, jose};
use crate::{Identity, SiteTold, secret};

/// An access token lives so long, a refresh token so long after its last use, in seconds.
pub(super) const ACCESS: i64 = 10 * 60;
pub(super) const REFRESH: i64 = 30 * 24 * 3600;
/// However often it is renewed, a sign-in at a site ends so long after it began, in seconds.
pub(super) const AT_LAST: i64 = 180 * 24 * 3600;
/// Kind under which codes that were used are kept: a second use ends what came of the first.
const SPENT: &str = "spent-code";

/// A request to the token endpoint.
#[derive(Debug, Clone, Default)]
pub struct TokenRequest {
    /// `grant_type`.
    pub grant: String,
    /// `code`.
    pub code: Option<String>,
    /// `redirect_uri`.
    pub redirect: Option<String>,
    /// `code_verifier`.
    pub verifier: Option<String>,
    /// `refresh_token`.
    pub refresh: Option<String>,
    /// `scope`.
    pub scope: Option<String>,
    /// The header `DPoP`.
    pub proof: Option<String>,
}

/// What a site is given (OAuth 2.1, 3.2.3).
#[derive(Debug, Clone)]
pub struct Tokens(pub Value);

/// What is known of a token (RFC 7662, 2.2).
#[derive(Debug, Clone)]
pub struct Introspection(pub Value);

/// What a site learns of somebody (OpenID Connect Core, 5.3.2).
#[derive(Debug, Clone)]
pub struct UserInfo(pub Value);

/// What is used up with the giving of tokens.
enum Spent {
    Nothing,
    /// The code of that hash, which has its mark.
    Code(Vec<u8>),
    /// The refresh token of that hash.
    Refresh(Vec<u8>),
}

/// What came of keeping tokens.
enum Kept {
    Here,
    /// What they are given for was used before.
    Twice,
    /// They would say more than is allowed.
    TakenBack,
}

/// What tokens of one chain have in common.
struct Chain {
    id: String,
    client: String,
    account: Option<String>,
    scope: String,
    doc: Value,
}

impl Identity {
    /// Gives tokens.
    ///
    /// # Errors
    /// As OAuth names them.
    pub async fn give_tokens(
        &self,
        request: &TokenRequest,
        credentials: &Credentials,
        address: &str,
    ) -> Result<Tokens, OauthError> {
        let audiences = [self.issuer()?, address.to_owned()];
        let client = self.authenticate_client(credentials, &audiences).await?;
        let key = match &request.proof {
            Some(proof) => Some(self.proved(proof, ("POST", address), None).await?),
            None if client.registration.dpop_bound_access_tokens => {
                return Err(OauthError::new("invalid_dpop_proof", "the client's tokens are bound: send DPoP"));
            }
            None => None,
        };
        if !client.grants(&request.grant) {
            let known = ["authorization_code", "refresh_token", "client_credentials"].contains(&request.grant.as_str());
            let error = if known { "unauthorized_client" } else { "unsupported_grant_type" };
            return Err(OauthError::new(error, format!("grant_type: '{}' is not for this client", request.grant)));
        }
        let tokens = match request.grant.as_str() {
            "authorization_code" => self.for_code(&client, request, key).await,
            "refresh_token" => self.for_refresh(&client, request, key).await,
            _ => self.for_client(&client, request, key).await,
        };
        metrics::counter!("svod_tokens_total", "grant" => request.grant.clone()).increment(1);
        tokens
    }

    async fn for_code(
        &self,
        client: &Client,
        request: &TokenRequest,
        key: Option<String>,
    ) -> Result<Tokens, OauthError> {
        let wrong = |text: &str| OauthError::new("invalid_grant", text);
        let code = request.code.as_deref().ok_or_else(|| OauthError::request("code is missing"))?;
        let Some(row) = self.spend(code).await? else {
            return Err(wrong("the code has expired or was used already"));
        };
        let granted: Granted = serde_json::from_str(&row.state).map_err(|_| wrong("the code cannot be read"))?;
        let asked = granted.request;
        let verifier = request.verifier.as_deref().unwrap_or_default();
        if asked.client != client.id {
            return Err(wrong("the code is another client's"));
        }
        if request.redirect.as_ref().is_some_and(|r| *r != asked.redirect) {
            return Err(wrong("redirect_uri: not that of the request"));
        }
        if !(43..=128).contains(&verifier.len()) || jose::whole_hash(verifier) != asked.challenge {
            return Err(wrong("code_verifier does not fit the code_challenge"));
        }
        if asked.key.is_some() && asked.key != key {
            return Err(wrong("the request was bound to another key (dpop_jkt)"));
        }
        if self.account(&granted.account).await.is_ok_and(|a| a.blocked) {
            return Err(wrong("the account is blocked"));
        }
        // What was taken back since is not given.
        let scope = common(&asked.scope, &self.allowed(&granted.account, &client.id).await?);
        if scope.is_empty() {
            return Err(wrong("what was allowed was taken back"));
        }
        let doc = json!({"born": self.clock.now().millis(), "nonce": asked.nonce, "session": granted.session, "method": granted.method,
            "confirmed": granted.confirmed / 1_000_000, "jkt": key, "sid": sid(&granted.chain, &granted.session)});
        let chain = Chain {
            id: granted.chain,
            client: client.id.clone(),
            account: Some(granted.account),
            scope: scope.clone(),
            doc,
        };
        self.issue(client, chain, &scope, Spent::Code(secret::hash(code))).await
    }

    /// What the owner of the account allows the site now.
    async fn allowed(&self, account: &str, client: &str) -> Result<String, OauthError> {
        let (account, id) = (account.to_owned(), client.to_owned());
        let scope = self.store.read::<_, StoreError>(move |conn| client::consent(conn, &account, &id)).await?;
        Ok(scope.unwrap_or_default())
    }

    /// A code, once; a mark stands in its place. A code that comes twice was stolen by one of the two: nobody keeps what came
    /// of it (OAuth 2.1, 4.1.3).
    async fn spend(&self, code: &str) -> Result<Option<ChallengeRow>, OauthError> {
        let (hash, now) = (secret::hash(code), self.clock.now());
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            if let Some(row) = account::take_challenge(conn, CODE.0, &hash)? {
                let chain = serde_json::from_str::<Granted>(&row.state).map(|g| g.chain).unwrap_or_default();
                let mark = ChallengeRow {
                    kind: SPENT.to_owned(),
                    account: None,
                    state: json!(chain).to_string(),
                    expires: now.plus_seconds(ACCESS),
                    ..row.clone()
                };
                account::add_challenge(conn, &mark)?;
                return Ok(Some(row).filter(|r| r.expires > now));
            }
            if let Some(mark) = account::take_challenge(conn, SPENT, &hash)? {
                let chain: String = serde_json::from_str(&mark.state).unwrap_or_default();
                tracing::warn!("a code came twice; all tokens of its sign-in were ended");
                client::end_chain(conn, &chain)?;
            }
            Ok(None)
        };
        Ok(self.store.write::<_, StoreError>(job).await?)
    }

    async fn for_refresh(
        &self,
        client: &Client,
        request: &TokenRequest,
        key: Option<String>,
    ) -> Result<Tokens, OauthError> {
        let wrong = |text: &str| OauthError::new("invalid_grant", text);
        let token = request.refresh.as_deref().ok_or_else(|| OauthError::request("refresh_token is missing"))?;
        let (hash, now) = (secret::hash(token), self.clock.now());
        let (looked, id) = (hash.clone(), client.id.clone());
        let row = self.store.read::<_, StoreError>(move |conn| client::token(conn, &looked)).await?;
        let row = row.filter(|r| r.kind == "refresh" && r.client == id && r.expires > now);
        let row = row.ok_or_else(|| wrong("the refresh token is unknown or has expired"))?;
        let mut doc: Value = serde_json::from_str(&row.doc).map_err(|_| wrong("the token cannot be read"))?;
        let bound = doc["jkt"].as_str();
        if bound.is_some() && bound != key.as_deref() {
            return Err(wrong("the token is bound to another key"));
        }
        let account = row.account.clone().ok_or_else(|| wrong("the token is nobody's"))?;
        let born = doc["born"].as_i64().map_or(row.created, Timestamp::from_millis);
        if born.plus_seconds(AT_LAST) <= now {
            return Err(wrong("the sign-in is too long ago; sign in again"));
        }
        doc["born"] = json!(born.millis());
        if self.account(&account).await.is_ok_and(|a| a.blocked) {
            return Err(wrong("the account is blocked"));
        }
        let scope = match &request.scope {
            None => row.scope.clone(),
            Some(less) => {
                let own: Vec<&str> = row.scope.split_whitespace().collect();
                if !less.split_whitespace().all(|s| own.contains(&s)) {
                    return Err(OauthError::new("invalid_scope", "scope: more than was allowed"));
                }
                common(less, &row.scope)
            }
        };
        let chain = Chain { id: row.chain, client: row.client, account: row.account, scope: row.scope, doc };
        self.issue(client, chain, &scope, Spent::Refresh(hash)).await
    }

    async fn for_client(
        &self,
        client: &Client,
        request: &TokenRequest,
        key: Option<String>,
    ) -> Result<Tokens, OauthError> {
        let personal = ["openid", "profile", "email", "posts", "offline_access"];
        let scope = client.narrowed(request.scope.as_deref().unwrap_or_default());
        let scope: Vec<&str> = scope.split_whitespace().filter(|s| !personal.contains(s)).collect();
        let scope = scope.join(" ");
        let chain = Chain {
            id: secret::token(&*self.rng),
            client: client.id.clone(),
            account: None,
            scope: scope.clone(),
            doc: json!({"jkt": key}),
        };
        self.issue(client, chain, &scope, Spent::Nothing).await
    }

    async fn issue(&self, client: &Client, chain: Chain, scope: &str, spent: Spent) -> Result<Tokens, OauthError> {
        let (now, access) = (self.clock.now(), secret::token(&*self.rng));
        let has = |words: &str, word: &str| words.split_whitespace().any(|s| s == word);
        let lasting = chain.account.is_some() && has(&chain.scope, "offline_access") && client.grants("refresh_token");
        let refresh = lasting.then(|| secret::token(&*self.rng));
        let row = |token: &str, kind: &str, scope: &str, seconds: i64| TokenRow {
            token: secret::hash(token),
            kind: kind.to_owned(),
            chain: chain.id.clone(),
            client: chain.client.clone(),
            account: chain.account.clone(),
            scope: scope.to_owned(),
            doc: chain.doc.to_string(),
            created: now,
            expires: now.plus_seconds(seconds),
            used: None,
        };
        let mut rows = vec![row(&access, "access", scope, ACCESS)];
        rows.extend(refresh.iter().map(|t| row(t, "refresh", &chain.scope, REFRESH)));
        let site = match (&spent, &chain.account) {
            (Spent::Code(_), Some(account)) => {
                let subject = self.account(account).await?.person.to_string();
                Self::site_session(&chain.id, &client.id, &subject, &chain.doc["session"])
            }
            _ => None,
        };
        self.keep_tokens(chain.id.clone(), (rows, site), spent).await?;
        let kind = if chain.doc["jkt"].is_string() { "DPoP" } else { "Bearer" };
        let mut out = Map::new();
        out.insert("id_token".into(), Value::Null);
        out.insert("access_token".into(), access.as_str().into());
        out.insert("token_type".into(), kind.into());
        out.insert("expires_in".into(), ACCESS.into());
        out.insert("scope".into(), scope.into());
        out.extend(refresh.map(|t| ("refresh_token".to_owned(), t.into())));
        match &chain.account {
            Some(account) if has(scope, "openid") => {
                let claims = self.id_claims(client, account, &chain.doc, &access).await?;
                let owner = self.account(account).await?.person;
                self.told_to(&owner, client, &json!({"sub": owner})).await?;
                out["id_token"] = self.signed_claims("JWT", &claims).await?.into();
            }
            _ => drop(out.shift_remove("id_token")),
        }
        Ok(Tokens(Value::Object(out)))
    }

    /// Keeps tokens, in the transaction in which what they are given for is used up.
    async fn keep_tokens(
        &self,
        chain: String,
        (rows, site): (Vec<TokenRow>, Option<SiteSessionRow>),
        spent: Spent,
    ) -> Result<(), OauthError> {
        let now = self.clock.now();
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            client::sweep(conn, now)?;
            // Its person may have taken some of it back since it was looked at.
            for row in &rows {
                let Some(account) = &row.account else { continue };
                let allowed = client::consent(conn, account, &row.client)?.unwrap_or_default();
                if common(&row.scope, &allowed) != row.scope {
                    return Ok(Kept::TakenBack);
                }
            }
            let first = match &spent {
                Spent::Nothing => true,
                // A code that came again meanwhile has taken its mark away.
                Spent::Code(hash) => account::challenge(conn, SPENT, hash)?.is_some(),
                Spent::Refresh(hash) => client::use_token(conn, hash, now)?,
            };
            if !first {
                // One of the two who have it is a thief: nobody keeps what came of that sign-in.
                client::end_chain(conn, &chain)?;
                return Ok(Kept::Twice);
            }
            rows.iter().try_for_each(|row| client::add_token(conn, row))?;
            let account = rows.first().and_then(|row| row.account.as_deref()).unwrap_or_default();
            if let Some(site) = &site {
                let site = Self::gone_on(conn, site.clone(), account)?;
                site_session::add(conn, &site)?;
            }
            Ok(Kept::Here)
        };
        match self.store.write::<_, StoreError>(job).await? {
            Kept::Here => Ok(()),
            Kept::TakenBack => Err(OauthError::new("invalid_grant", "what was allowed was taken back; ask again")),
            Kept::Twice => {
                tracing::warn!("a code or refresh token came twice; all tokens of its sign-in were ended");
                Err(OauthError::new("invalid_grant", "it was used before; sign in again"))
            }
        }
    }

    async fn id_claims(&self, client: &Client, account: &str, doc: &Value, access: &str) -> Result<Value, OauthError> {
        let owner = self.account(account).await?;
        let now = self.clock.now().millis() / 1000;
        let (amr, acr) = match doc["method"].as_str() {
            Some("passkey") => (json!(["pop", "user"]), "phr"),
            Some("password") => (json!(["pwd", "otp", "mfa"]), "mfa"),
            _ => (json!(["kba"]), "0"),
        };
        let mut claims = json!({"iss": self.issuer()?, "sub": owner.person, "aud": client.id, "iat": now,
            "exp": now + ACCESS, "auth_time": doc["confirmed"], "amr": amr, "acr": acr,
            "sid": doc["sid"].as_str().map_or_else(|| sid("", doc["session"].as_str().unwrap_or_default()), str::to_owned),
            "at_hash": jose::half_hash(access)});
        if doc["nonce"].is_string() {
            claims["nonce"] = doc["nonce"].clone();
        }
        Ok(claims)
    }

    /// The site, when it is in force.
    async fn let_in(&self, id: &str) -> Result<Option<Client>, OauthError> {
        Ok(self.client(id).await?.filter(|c| c.state == ClientState::Active))
    }

    /// A token of that value that is still good.
    async fn good(&self, token: &str) -> Result<Option<TokenRow>, OauthError> {
        let (hash, now) = (secret::hash(token), self.clock.now());
        let row = self.store.read::<_, StoreError>(move |conn| client::token(conn, &hash)).await?;
        Ok(row.filter(|r| r.expires > now && r.used.is_none()))
    }

    /// What a token is, told to the site whose it is, or to one that keeps a secret (RFC 7662).
    ///
    /// # Errors
    /// `invalid_client`.
    pub async fn introspect(
        &self,
        token: &str,
        credentials: &Credentials,
        address: &str,
    ) -> Result<Introspection, OauthError> {
        let audiences = [self.issuer()?, address.to_owned()];
        let asking = self.authenticate_client(credentials, &audiences).await?;
        if asking.registration.token_endpoint_auth_method == AuthMethod::None {
            return Err(OauthError::new("invalid_client", "only a client that keeps a secret may ask"));
        }
        let known = self.good(token).await?.filter(|r| r.kind == "access" || r.client == asking.id);
        let Some(row) = known else { return Ok(Introspection(json!({"active": false}))) };
        if self.active_client(&row.client).await.is_err() {
            return Ok(Introspection(json!({"active": false})));
        }
        let doc: Value = serde_json::from_str(&row.doc).unwrap_or_default();
        let mut out = json!({"active": true, "client_id": row.client, "scope": row.scope, "iss": self.issuer()?,
            "iat": row.created.millis() / 1000, "exp": row.expires.millis() / 1000,
            "token_type": if doc["jkt"].is_string() { "DPoP" } else { "Bearer" }});
        if row.kind != "access" {
            drop(out.as_object_mut().and_then(|o| o.shift_remove("token_type")));
        }
        if doc["jkt"].is_string() {
            out["cnf"] = json!({"jkt": doc["jkt"]});
        }
        if let Some(account) = &row.account {
            let owner = self.account(account).await?;
            if owner.blocked {
                return Ok(Introspection(json!({"active": false})));
            }
            self.told_to(&owner.person, &asking, &json!({"sub": owner.person})).await?;
            out["sub"] = json!(owner.person);
        }
        Ok(Introspection(out))
    }

    /// Ends a token of the site; a refresh token with everything that came of its sign-in (RFC 7009).
    ///
    /// # Errors
    /// `invalid_client`.
    pub async fn revoke(&self, token: &str, credentials: &Credentials, address: &str) -> Result<(), OauthError> {
        let audiences = [self.issuer()?, address.to_owned()];
        let client = self.authenticate_client(credentials, &audiences).await?;
        let hash = secret::hash(token);
        let job = move |conn: &mut dyn Conn| match client::token(conn, &hash)?.filter(|r| r.client == client.id) {
            Some(row) if row.kind == "refresh" => client::end_chain(conn, &row.chain),
            Some(row) => client::end_token(conn, &row.token),
            None => Ok(()),
        };
        Ok(self.store.write::<_, StoreError>(job).await?)
    }

    /// What the bearer of an access token learns of its owner.
    ///
    /// # Errors
    /// `invalid_token`, `insufficient_scope`.
    pub async fn user_info(&self, token: &str, proof: Option<(&str, &str, &str)>) -> Result<UserInfo, OauthError> {
        let wrong = |text: &str| OauthError::new("invalid_token", text);
        let row = self.good(token).await?.filter(|r| r.kind == "access");
        let row = row.ok_or_else(|| wrong("the token is unknown or has expired"))?;
        let doc: Value = serde_json::from_str(&row.doc).unwrap_or_default();
        if let Some(bound) = doc["jkt"].as_str() {
            let (method, address, proof) = proof.ok_or_else(|| wrong("the token is bound to a key: send DPoP"))?;
            if self.proved(proof, (method, address), Some(token)).await? != bound {
                return Err(wrong("the token is bound to another key"));
            }
        }
        let has = |word: &str| row.scope.split_whitespace().any(|s| s == word);
        let account = row.account.as_deref().filter(|_| has("openid"));
        let account = account.ok_or_else(|| OauthError::new("insufficient_scope", "scope: openid is needed"))?;
        let owner = self.account(account).await?;
        let site = self.let_in(&row.client).await?.filter(|_| !owner.blocked);
        let site = site.ok_or_else(|| wrong("the account or the client is blocked"))?;
        let mut out = json!({"sub": owner.person});
        if has("profile") {
            (out["name"], out["preferred_username"]) = (json!(owner.name), json!(owner.login));
        }
        if has("email") && owner.login.contains('@') {
            (out["email"], out["email_verified"]) = (json!(owner.login), json!(false));
        }
        if has("posts") {
            let held = self.capacities(&owner).await?;
            let shown = |c: crate::Capacity| json!({"title": c.title, "role": c.role, "space": c.space.to_string(), "body": c.body});
            out["posts"] = held.into_iter().map(shown).collect();
        }
        self.told_to(&owner.person, &site, &out).await?;
        Ok(UserInfo(out))
    }

    /// What a site learns of somebody is written down before it is told.
    async fn told_to(&self, person: &Urn, site: &Client, claims: &Value) -> Result<(), OauthError> {
        let claims = claims.as_object().into_iter().flat_map(|c| c.keys().cloned()).collect();
        let told = SiteTold { client: site.id.clone(), name: site.registration.client_name.clone(), claims };
        self.directory().told_to(person, &told).await.map_err(|error| {
            tracing::error!(error, "what a site was to learn could not be written down");
            OauthError::new("server_error", "the platform failed; try again")
        })
    }
}
