//! An identity for a test.

use std::sync::Arc;

use svod_kernel::{Clock, SeededRng};
use svod_store::Store;

use crate::{Identity, IdentityDeps};

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
