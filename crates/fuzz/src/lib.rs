//! Every parser that meets outside bytes, as a function of bytes: what the fuzzer runs (`make fuzz`), and what
//! `make test` runs on the seeds kept here.
//!
//! A target must come back, whatever the bytes: no panic, no endless loop, memory within bounds.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod targets;

/// A parser by its name.
pub struct Target {
    /// As `make fuzz TARGET=` and the folder under `seeds/` call it.
    pub name: &'static str,
    /// Reads the bytes.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 18] = [
    Target { name: "ngsi-entity", run: svod_ngsi_ld::fuzzing::entity },
    Target { name: "ngsi-query", run: svod_ngsi_ld::fuzzing::query },
    Target { name: "ngsi-document", run: svod_ngsi_ld::fuzzing::document },
    Target { name: "mqtt-packets", run: svod_mqtt::fuzzing::packets },
    Target { name: "mqtt-topics", run: svod_mqtt::fuzzing::topics },
    Target { name: "token", run: svod_identity::fuzzing::token },
    Target { name: "passkey", run: svod_identity::fuzzing::passkey },
    Target { name: "receipt", run: targets::receipt },
    Target { name: "mapping", run: targets::mapping },
    Target { name: "pack", run: targets::pack },
    Target { name: "process", run: targets::process },
    Target { name: "feel", run: targets::feel },
    Target { name: "decision", run: targets::decision },
    Target { name: "policy", run: targets::policy },
    Target { name: "form", run: targets::form },
    Target { name: "upload", run: svod_files::fuzzing::upload },
    Target { name: "reconcile", run: targets::reconcile },
    Target { name: "export", run: svod::fuzzing::export },
];

/// The target of that name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|t| t.name == name)
}
