//! What outside bytes meet here, for the fuzzer: each function takes any bytes and must come back.

use std::sync::LazyLock;

use serde_json::Value;
use uuid::Uuid;
use webauthn_rs::prelude::{PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Webauthn};

use crate::provider::jose;

/// A signed token, and the keys of who may have signed it, a line each.
pub fn token(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let mut lines = text.lines();
    let token = lines.next().unwrap_or_default();
    let keys: Vec<Value> = lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
    _ = jose::verified_by(token, &keys, jose::RSA_BITS);
    _ = jose::verified_by(token, &keys, 2_048);
    _ = jose::too_weak(token, &keys, jose::RSA_BITS);
    for key in &keys {
        _ = jose::verified(token, key);
        _ = jose::thumbprint(key);
    }
}

static BEGUN: LazyLock<Option<(Webauthn, PasskeyRegistration)>> = LazyLock::new(|| {
    let verifier = crate::passkey::webauthn("https://svod.test").ok()?;
    let (_, state) = verifier.start_passkey_registration(Uuid::nil(), "a", "A", None).ok()?;
    Some((verifier, state))
});

/// What an authenticator answers: attestation (CBOR, COSE) and assertion.
pub fn passkey(bytes: &[u8]) {
    let Some((verifier, state)) = &*BEGUN else { return };
    if let Ok(answer) = serde_json::from_slice::<RegisterPublicKeyCredential>(bytes) {
        _ = verifier.finish_passkey_registration(&answer, state);
    }
    if let Ok(answer) = serde_json::from_slice::<PublicKeyCredential>(bytes) {
        _ = verifier.identify_discoverable_authentication(&answer);
    }
}
