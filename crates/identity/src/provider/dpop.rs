//! Tokens that are good only in the hand of whoever holds a key (RFC 9449).

use serde_json::Value;
use svod_kernel::Timestamp;
use svod_store::account::{self, ChallengeRow};
use svod_store::{Conn, StoreError};

use super::{OauthError, jose};
use crate::{Identity, secret};

/// A proof may be so old, in seconds.
const OLD: i64 = 300;
/// Kind under which proofs that were seen are kept.
const SEEN: &str = "proof";

impl Identity {
    /// The thumbprint of the key that a proof is signed with; the proof is for that method and address, of now, and of that
    /// access token where there is one.
    ///
    /// # Errors
    /// `invalid_dpop_proof`.
    pub(crate) async fn proved(
        &self,
        proof: &str,
        (method, address): (&str, &str),
        token: Option<&str>,
    ) -> Result<String, OauthError> {
        let wrong = |text: &str| OauthError::new("invalid_dpop_proof", text);
        let head = proof.split('.').next().and_then(jose::parsed).ok_or_else(|| wrong("it is no JWT"))?;
        let key = head.get("jwk").cloned().unwrap_or_default();
        let thumbprint = jose::thumbprint(&key).ok_or_else(|| wrong("jwk: a public key, EC P-256"))?;
        let (head, claims) = jose::verified(proof, &key).ok_or_else(|| wrong("its signature does not hold (ES256)"))?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if head.get("typ").and_then(Value::as_str) != Some("dpop+jwt") {
            return Err(wrong("typ: dpop+jwt"));
        }
        let plain = |uri: &str| uri.split(['?', '#']).next().unwrap_or_default().to_owned();
        if text("htm") != Some(method) || text("htu").map(plain).as_deref() != Some(address) {
            return Err(wrong("htm and htu must be those of the request"));
        }
        let now = self.clock.now().millis() / 1000;
        let at = claims.get("iat").and_then(Value::as_i64).ok_or_else(|| wrong("iat is missing"))?;
        if (now - at).abs() > OLD {
            return Err(wrong("iat: too old or too far ahead"));
        }
        if token.is_some_and(|t| text("ath") != Some(jose::whole_hash(t).as_str())) {
            return Err(wrong("ath must be the hash of the access token"));
        }
        let jti = text("jti").filter(|j| j.len() <= 200).ok_or_else(|| wrong("jti is missing"))?;
        if !self.first_time(&format!("{thumbprint} {jti}"), 2 * OLD).await? {
            return Err(wrong("jti was used before"));
        }
        Ok(thumbprint)
    }

    /// Is a name used for the first time within so many seconds?
    pub(crate) async fn first_time(&self, name: &str, seconds: i64) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let row = ChallengeRow {
            token: secret::hash(&format!("{SEEN} {name}")),
            kind: SEEN.to_owned(),
            account: None,
            state: "{}".to_owned(),
            expires: now.plus_seconds(seconds),
        };
        let job = move |conn: &mut dyn Conn| {
            conn.exclusive()?;
            account::sweep(conn, now, Timestamp(0))?;
            if account::challenge(conn, SEEN, &row.token)?.is_some() {
                return Ok(false);
            }
            account::add_challenge(conn, &row)?;
            Ok(true)
        };
        self.store.write::<_, StoreError>(job).await
    }
}
