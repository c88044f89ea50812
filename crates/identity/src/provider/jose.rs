//! JWTs (RFC 7519) signed with ES256 (RFC 7518, 3.4), and keys as JWKs (RFC 7517).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use svod_kernel::Timestamp;
use svod_store::{Conn, StoreError, client};

use super::OauthError;
use crate::{Identity, secret};

/// A key signs for so many days; it is shown for a day longer, so that what it has signed can be verified.
const SIGNS: i64 = 90 * 24 * 3600;
const SHOWN: i64 = 24 * 3600;
/// A key is shown so long before it signs, unless it is the first.
const BEFORE: i64 = 24 * 3600;
/// Name, sealed key, when it was made.
type KeyRow = (String, Vec<u8>, Timestamp);
/// For so many seconds keys are remembered: what another node adds is known after that.
const REMEMBERED: i64 = 60;

/// A key that signs.
pub(crate) struct SigningKey {
    pub id: String,
    pair: EcdsaKeyPair,
    created: Timestamp,
}

impl SigningKey {
    fn open(id: String, pkcs8: &[u8], created: Timestamp) -> Option<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new()).ok()?;
        Some(Self { id, pair, created })
    }

    /// The public half.
    pub fn jwk(&self) -> Value {
        // An uncompressed point: 4, x, y.
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": B64.encode(x), "y": B64.encode(y)})
    }

    /// Signs claims.
    pub fn sign(&self, kind: &str, claims: &Value) -> Option<String> {
        let head = json!({"typ": kind, "alg": "ES256", "kid": self.id});
        let body = format!("{}.{}", B64.encode(head.to_string()), B64.encode(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), body.as_bytes()).ok()?;
        Some(format!("{body}.{}", B64.encode(signature.as_ref())))
    }
}

/// Keys as they were read last.
pub(crate) type Keys = Arc<Vec<SigningKey>>;

impl Identity {
    /// The keys of the provider, the one that signs first; made and changed as time goes.
    pub(crate) async fn signing_keys(&self) -> Result<Keys, OauthError> {
        let now = self.clock.now();
        let kept = self.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        if let Some((at, keys)) = kept
            && now < at.plus_seconds(REMEMBERED)
        {
            return Ok(keys);
        }
        let fresh = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let fresh = fresh.map_err(|_| OauthError::new("server_error", "no key could be made"))?;
        let id = secret::written(&secret::hash(&secret::token(&*self.rng))[..12]);
        let sealed = self.ring.seal(&id, fresh.as_ref(), &*self.rng);
        let job = move |conn: &mut dyn Conn| {
            let known = client::keys(conn)?;
            let grows = |known: &[KeyRow]| known.first().is_none_or(|(_, _, at)| now >= at.plus_seconds(SIGNS));
            // A key is shown for a day after the next one has begun to sign.
            let over = |known: &[KeyRow]| {
                let over = |pair: &&[KeyRow]| now >= pair[0].2.plus_seconds(BEFORE + SHOWN);
                known.windows(2).filter(over).map(|pair| pair[1].0.clone()).collect::<Vec<_>>()
            };
            if !grows(&known) && over(&known).is_empty() {
                return Ok(known);
            }
            conn.exclusive()?;
            let known = client::keys(conn)?;
            if grows(&known) {
                client::add_key(conn, &id, &sealed, now)?;
            }
            for old in over(&known) {
                client::drop_key(conn, &old)?;
            }
            client::keys(conn)
        };
        let rows = self.store.write::<_, StoreError>(job).await?;
        let opened = rows.into_iter().filter_map(|(id, sealed, created)| {
            let pkcs8 = self.ring.open(&id, &sealed)?;
            SigningKey::open(id, &pkcs8, created)
        });
        let mut keys: Vec<SigningKey> = opened.collect();
        // The newest that everybody can know signs: sites may keep what they were shown for some time.
        let signs =
            |k: &SigningKey| now >= k.created.plus_seconds(BEFORE) && now < k.created.plus_seconds(SIGNS + BEFORE);
        let signs = keys.iter().position(signs).unwrap_or(0);
        if let Some(known) = keys.get_mut(..=signs) {
            known.rotate_right(1);
        }
        let keys: Keys = Arc::new(keys);
        if keys.first().is_none_or(|k| now >= k.created.plus_seconds(SIGNS + BEFORE)) {
            return Err(OauthError::new(
                "server_error",
                "the signing keys were sealed with another key of the installation",
            ));
        }
        *self.keys.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some((now, keys.clone()));
        Ok(keys)
    }

    /// The public halves of the keys (RFC 7517, 5).
    ///
    /// # Errors
    /// When the store fails.
    pub async fn jwks(&self) -> Result<Value, OauthError> {
        let keys = self.signing_keys().await?;
        Ok(json!({"keys": keys.iter().map(SigningKey::jwk).collect::<Vec<_>>()}))
    }

    pub(crate) async fn signed_claims(&self, kind: &str, claims: &Value) -> Result<String, OauthError> {
        let keys = self.signing_keys().await?;
        let signed = keys.first().and_then(|key| key.sign(kind, claims));
        signed.ok_or_else(|| OauthError::new("server_error", "nothing could be signed"))
    }
}

/// A JWT whose signature is that of a key: header and claims.
pub(crate) fn verified(token: &str, key: &Value) -> Option<(Map<String, Value>, Map<String, Value>)> {
    let (body, signature) = token.rsplit_once('.')?;
    let (head, claims) = body.split_once('.')?;
    let (head, claims) = (parsed(head)?, parsed(claims)?);
    if head.get("alg").and_then(Value::as_str) != Some("ES256") {
        return None;
    }
    let point = point(key)?;
    let signature = B64.decode(signature).ok()?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(body.as_bytes(), &signature).ok()?;
    Some((head, claims))
}

/// RSA keys of fewer bits have less than 128 bits of strength (ASVS V11.2.3; NIST SP 800-57, part 1, table 2).
pub(crate) const RSA_BITS: usize = 3_072;

/// The claims of a JWT that another provider has signed with one of its keys: ES256, RS256 or PS256, RSA with so many bits at
/// the least.
pub(crate) fn verified_by(token: &str, keys: &[Value], least: usize) -> Option<Map<String, Value>> {
    let (body, signature) = token.rsplit_once('.')?;
    let (head, claims) = body.split_once('.')?;
    let (head, signature) = (parsed(head)?, B64.decode(signature).ok()?);
    let fits = |key: &Value| holds((head.get("alg")?.as_str()?, least), key, body.as_bytes(), &signature);
    keys.iter().filter(|key| names(&head, key)).find_map(fits)?;
    parsed(claims)
}

/// The bits of the RSA key that a token names, where they are too few.
pub(crate) fn too_weak(token: &str, keys: &[Value], least: usize) -> Option<usize> {
    let head = parsed(token.split('.').next()?)?;
    keys.iter().filter(|key| names(&head, key)).filter_map(rsa_bits).find(|bits| *bits < least)
}

fn names(head: &Map<String, Value>, key: &Value) -> bool {
    head.get("kid").is_none_or(|kid| key.get("kid") == Some(kid))
}

fn rsa_bits(key: &Value) -> Option<usize> {
    let modulus = B64.decode(key.get("n")?.as_str()?).ok()?;
    let first = modulus.iter().position(|byte| *byte != 0)?;
    Some((modulus.len() - first) * 8 - modulus[first].leading_zeros() as usize)
}

fn holds((algorithm, least): (&str, usize), key: &Value, body: &[u8], signature: &[u8]) -> Option<()> {
    let rsa: &'static RsaParameters = match algorithm {
        "ES256" => return UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point(key)?).verify(body, signature).ok(),
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        "PS256" => &RSA_PSS_2048_8192_SHA256,
        _ => return None,
    };
    if key.get("kty").and_then(Value::as_str) != Some("RSA") || key.get("use").is_some_and(|u| u != "sig") {
        return None;
    }
    if rsa_bits(key)? < least {
        return None;
    }
    let part = |name: &str| B64.decode(key.get(name)?.as_str()?).ok();
    let public = RsaPublicKeyComponents { n: part("n")?, e: part("e")? };
    public.verify(rsa, body, signature).ok()
}

/// A part of a JWT, not verified.
pub(crate) fn parsed(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&B64.decode(part).ok()?).ok()
}

fn coordinates(key: &Value) -> Option<(&str, &str)> {
    let is = |name: &str, wanted: &str| key.get(name).and_then(Value::as_str) == Some(wanted);
    let private = key.get("d").is_some();
    (is("kty", "EC") && is("crv", "P-256") && !private).then_some(())?;
    Some((key.get("x")?.as_str()?, key.get("y")?.as_str()?))
}

fn point(key: &Value) -> Option<Vec<u8>> {
    let (x, y) = coordinates(key)?;
    let (x, y) = (B64.decode(x).ok()?, B64.decode(y).ok()?);
    (x.len() == 32 && y.len() == 32).then(|| [&[4], x.as_slice(), y.as_slice()].concat())
}

/// The thumbprint of a key (RFC 7638).
pub(crate) fn thumbprint(key: &Value) -> Option<String> {
    let (x, y) = coordinates(key)?;
    Some(B64.encode(Sha256::digest(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#))))
}

/// The left half of a hash, for `at_hash` (OpenID Connect Core, 3.1.3.6) and its like; the whole for `ath`.
pub(crate) fn half_hash(text: &str) -> String {
    B64.encode(&Sha256::digest(text.as_bytes())[..16])
}

pub(crate) fn whole_hash(text: &str) -> String {
    B64.encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_verified_and_nothing_else_is() {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let key = SigningKey::open("k".into(), pkcs8.as_ref(), Timestamp(0)).unwrap();
        let token = key.sign("JWT", &json!({"sub": "olga"})).unwrap();
        let (head, claims) = verified(&token, &key.jwk()).unwrap();
        assert_eq!((head["kid"].as_str(), claims["sub"].as_str()), (Some("k"), Some("olga")));
        let none = format!("{}.{}.", B64.encode(r#"{"alg":"none"}"#), B64.encode(r#"{"sub":"olga"}"#));
        let changed = token.replacen('.', &format!(".{}x", ""), 1);
        for bad in [none.as_str(), &changed, "", "a.b.c"] {
            assert!(verified(bad, &key.jwk()).is_none(), "{bad}");
        }
        let other = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let other = SigningKey::open("k".into(), other.as_ref(), Timestamp(0)).unwrap();
        assert!(verified(&token, &other.jwk()).is_none());
    }

    const MODULUS: &str = concat!(
        "pvO42aE0E5g9H8vhRdXua2wmqoHewb5anc1O9y4KBlixX1ZOKU74nWCgt0Dni1bHNfFJbe1YZFHXyahrsgbSycdaJ9Dta5GJJDD6",
        "SwG6QMkJvfkHlhnZ4otL6WffZlc1v-U62_kP-Vb0yIofcxoAIrjD79RJAHFkl4r_7VTJQa7JGxs4cNCPxRX0z_1h1Ju_Ir9TpTox",
        "YN9W0guiHDgK7RteOqED8d9pL1XmsnOM2eBXTC1CiDl2OdR7ZA1YBFReZKTXptnAPqruYWXvV6bxsQ3JbLdR6QSLzUcc9iESunvH",
        "QqqgFnLQt7etLKj2ylDxKhluzz7zY-RlZ3EjJKeptw",
    );
    const RS256: &str = concat!(
        "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJvbGdhIn0.AR2EAloiakoZ2m2nMlYDUJbRx4mGeGpA3hk5FS3XiF_Jk",
        "iruiOQ73oc0qI9tZNMMPEfB-GF-EYfWZTk4EGpY7M1zBtsSrz27PW9JZT3wGX_pvW7w_ftXArDYuRg-b0FZtUTOT7QgU_4WMUzMa",
        "MDBOjAFn02zHEk0_kPmJZraWcCqkJF70dbWHmqtKqs-TGgAjagcJ6kGpIZR-wNidRcw1H71_8iw8FDyf68UqPk6005Fx0iXNYQIq",
        "JPd7sfKunQ4AJJNxoS7ghDR3ETFamjl6FkmffElviA6f5J40yGnkvCQ6hF3SftgMOKwZ_jYWJpxxaFM7BSVBJkdgLr2JEbREw",
    );
    const PS256: &str = concat!(
        "eyJhbGciOiJQUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJvbGdhIn0.VRonAHl49DeCEdCPPOxUD_YRahr7wCfvfitPoou4IoqpF",
        "4JVmlVjjH6by_S8duW32MFwFNt0oPisFiV-c1spasB9rgDwL9QKXGKUurGpOd0ayIa9Z94drsFhXjFQYld-2nvBpfK45nKpe5KhQ",
        "YOobbFw5Xsski_10-YS2vZgeVHNS5fbYUyfDJnuZhJlL-18rbP9sfY8vZijyZrK_Et0sa1DOKrHsLGMSm2s3IFFy474VwkXdSGVm",
        "NQ7gE4Fwnyjkl7_k3-c_-Lhigr2BDzfeFF8wMdoL1eoW5n6Xawx_bgdFH9CW8bW6vF7rymCoPRW72xJQOpJESn9V7MSJwEnvw",
    );

    #[test]
    fn tokens_of_others_hold_under_their_own_keys_and_algorithms() {
        let key = json!({"kty": "RSA", "kid": "r", "use": "sig", "n": MODULUS, "e": "AQAB"});
        for token in [RS256, PS256] {
            assert_eq!(verified_by(token, std::slice::from_ref(&key), 2_048).unwrap()["sub"], "olga");
            let changed = token.replacen("eyJzdWIi", "eyJzdWJi", 1);
            assert!(verified_by(&changed, std::slice::from_ref(&key), 2_048).is_none());
        }
        // A public key is no shared secret, and a key of another use or name signs nothing.
        let hmac = format!("{}.{}.AAAA", B64.encode(r#"{"alg":"HS256","kid":"r"}"#), B64.encode("{}"));
        assert!(verified_by(&hmac, std::slice::from_ref(&key), 2_048).is_none());
        let other = json!({"kty": "RSA", "kid": "other", "n": MODULUS, "e": "AQAB"});
        let sealing = json!({"kty": "RSA", "kid": "r", "use": "enc", "n": MODULUS, "e": "AQAB"});
        assert!(verified_by(RS256, &[other, sealing], 2_048).is_none());
    }

    const MODULUS_3072: &str = concat!(
        "30wAZ-uSRD_16510993pDtlpdqcwnz_BFQ9AKc00wyB2uJR9GnLaF0_7BCU4Jbk7G6ObUVB3ZerfB4E4ZcTTqKdI7SIim_wUmr0V",
        "CvW_r3vqe7zWvIvQZ5iQYbqK570QjjynteWglLKph0SQyUnGrAT4KI4Eg5G-0HT-VI7ruP0LkSjA98rBdKC6IYSLCSKBzQyU30wY",
        "tlDNVEcI_e04O0zFfAz67BNrMD1O7NxDcJOtvDCQItqrhQMVckP6dDK8GCBUQKVut2e_QDabhCzWHr9qZ0oncplrzSnphPST5aH8",
        "HPa97h2Bchozc-twCjcctWYr2c7gNXjZBv7GUKQ491hBENuuLNnae_K4VoI3EcUs9xGipS7ah-hPY4-",
        "4cwWDXrRdsjQlQLTuhTdEYL8pMtQICM95v_92zD5o8aUzi6XNiFcF-4umZV96472t-B8gsxatvHV2MVLh2-",
        "Vkxv4kBQCrBewurHrNC2tN2Z3Rl84_JitfS04Fu_V5HMEXO4FL",
    );
    const PS256_3072: &str = concat!(
        "eyJhbGciOiJQUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJvbGdhIn0.t8N5ST1Z_UHVtVuBIuG_OgAYRdjHtNlTvngufd4zXWOgu",
        "aMqrLuRQZhBm7SSKIEkNtw8anRaG1TflwtGDbuR3Gxvakt5RcI9zEmC_PNfzoKWMisA0Tvvxgn879u98rMdwtVmhYJJayR2GHxw-",
        "T8ZAOKIJ8kweu4luJiIxE6lezavCJJpOgkmnKXDmdHRy-WNezzOdpRw83M_R0zV53tKCeUWY8vHs67poJrCNjsGzPsZCPC09NCE0",
        "5c5_U092fspFJ8rF8h7-V9-za6mdq0NC1yC0lCsYYKV6HMrziIFJanoL-",
        "64BrNIFAlMjhswWesCh1fKWFUlNgo267GNjy2SVCWw4sr8o8OQw6Sa0ixK7smZs7a1_he8SI_VTF5-",
        "9mQv3_QwZ5ze9Mdf5Jq2h44OclNHVvHIFSVkV6azEAKAvZpOmtf4-bS_r9PYt-",
        "hxhd7uFu6pQ7CWJ0xXdvZ38wPVCJzt1l2PLvn3iP8S557Btkv2Up84hn49BEoi0QCjtfB6",
    );

    /// ASVS V11.2.3.
    #[test]
    fn rsa_keys_of_less_than_128_bits_of_strength_sign_nothing_unless_it_is_said() {
        let weak = [json!({"kty": "RSA", "kid": "r", "n": MODULUS, "e": "AQAB"})];
        for token in [RS256, PS256] {
            assert!(verified_by(token, &weak, RSA_BITS).is_none());
            assert_eq!(too_weak(token, &weak, RSA_BITS), Some(2_048));
            assert_eq!(too_weak(token, &weak, 2_048), None);
        }
        let strong = [json!({"kty": "RSA", "kid": "r", "n": MODULUS_3072, "e": "AQAB"})];
        assert_eq!(verified_by(PS256_3072, &strong, RSA_BITS).unwrap()["sub"], "olga");
        assert_eq!(too_weak(PS256_3072, &strong, RSA_BITS), None);
        // Zeros in front make no key longer.
        let padded = B64.encode([vec![0; 128], B64.decode(MODULUS).unwrap()].concat());
        let padded = [json!({"kty": "RSA", "kid": "r", "n": padded, "e": "AQAB"})];
        assert!(verified_by(RS256, &padded, RSA_BITS).is_none());
    }

    #[test]
    fn a_thumbprint_is_that_of_the_public_half() {
        let key = json!({"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "use": "enc", "kid": "1"});
        assert_eq!(thumbprint(&key).unwrap(), "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s");
        let private = json!({"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "d": "c"});
        assert!(thumbprint(&private).is_none());
    }
}
