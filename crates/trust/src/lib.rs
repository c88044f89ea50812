//! Nobody looks unnoticed, nobody acts for another without a mandate: what people must be able to rely on, made of entities.
//!
//! * `looking` – personal data of another are opened on a ground, which is written down first; the person sees it and objects
//! * `consent` – a person agrees to a use of their data, for a time, and takes it back
//! * `mandate` – who may act for whom
//! * `sharing` – what of a person was given to whom outside
//! * `working` – who works on somebody's matter sees what belongs to it, as long as they do
//! * `watch` – rules over what happens, which call the security officer
//!
//! What is kept are entities of the base pack (`Access`, `Objection`, `Consent`, `Mandate`, `SecurityAlert`); what holds now the
//! registry asks itself for each attribute that is read.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod consent;
mod error;
mod forget;
mod lists;
mod looking;
mod mandate;
mod sharing;
mod watch;
mod working;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use svod_kernel::Timestamp;
use svod_registry::Registry;

pub use consent::NewConsent;
pub use error::TrustError;
pub use looking::{EMERGENCY_SECONDS, LOOK_SECONDS, Looking, Opened};
pub use mandate::{MAX_MANDATE_DAYS, NewMandate, PRESENT_SECONDS, Registered};
pub use sharing::Given;
pub use working::{Work, work_over};

/// The rooms of trust over one graph.
#[derive(Clone)]
pub struct Trust {
    registry: Arc<Registry>,
    /// Numbers asked in vain, by actor: how many, and until when they count.
    misses: Arc<Mutex<HashMap<String, (u32, Timestamp)>>>,
}

impl Trust {
    /// Over the registry.
    pub fn new(registry: Arc<Registry>) -> Self {
        Self { registry, misses: Arc::default() }
    }
}
