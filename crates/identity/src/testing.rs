//! An identity for a test.

use std::sync::Arc;

use serde_json::json;
use svod_kernel::{Clock, SeededRng, Timestamp};
use svod_store::account::PasskeyRow;
use svod_store::{Store, StoreError, account};

use crate::{Identity, IdentityDeps, IdentityError, secret};

/// The address of [`identity`].
pub const ORIGIN: &str = "http://localhost:8080";

/// An identity with a key of its own; with the demo personas when they are wanted.
///
/// # Panics
/// Never: its address is one that passkeys can be good for.
pub fn identity(store: Store, clock: Arc<dyn Clock>, demo: bool) -> Arc<Identity> {
    let deps = IdentityDeps {
        store,
        key: [7; 32],
        demo,
        clock,
        rng: Arc::new(SeededRng::new(7)),
        origin: Some(ORIGIN.to_owned()),
        session_seconds: 12 * 3600,
        breached: None,
    };
    Arc::new(Identity::new(deps).expect("an address for passkeys"))
}

/// A passkey of an account as the store keeps it, of the algorithm `ES256` or, as before, `RS256`. Nobody has its key.
pub fn passkey(account: &str, algorithm: &str, created: Timestamp) -> PasskeyRow {
    let credential = secret::hash(&format!("{account} {algorithm}"));
    let key = match algorithm {
        "RS256" => json!({"RSA": {"n": "AQID", "e": [1, 0, 1]}}),
        _ => json!({"EC_EC2": {"curve": "SECP256R1", "x": "AQID", "y": "AQID"}}),
    };
    let doc = json!({"cred": {
        "cred_id": secret::written(&credential),
        "cred": {"type_": algorithm, "key": key},
        "counter": 0,
        "transports": null,
        "user_verified": true,
        "backup_eligible": false,
        "backup_state": false,
        "registration_policy": "required",
        "extensions": {},
        "attestation": {"data": "None", "metadata": "None"},
        "attestation_format": "none"
    }});
    let (account, name) = (account.to_owned(), algorithm.to_owned());
    PasskeyRow { credential, account, name, doc: doc.to_string(), created, used: None }
}

/// Gives an account such a passkey; its identifier.
///
/// # Errors
/// When the store fails.
pub async fn add_passkey(identity: &Identity, account: &str, algorithm: &str) -> Result<String, IdentityError> {
    let row = passkey(account, algorithm, identity.clock.now());
    let id = secret::written(&row.credential);
    identity.store.write::<_, StoreError>(move |conn| account::put_passkey(conn, &row)).await?;
    Ok(id)
}
