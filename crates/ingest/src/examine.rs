//! From a message to readings, or to the reasons why not. No I/O.

use std::sync::Arc;

use svod_kernel::Timestamp;
use svod_mapping::{Mapped, Mapping};
use svod_model::{Metamodel, ObservedValue};
use svod_registry::CompiledProfile;

use crate::directory::{Device, DeviceDirectory};

/// A reading that has no series yet.
pub struct Draft {
    pub device: Arc<Device>,
    pub attribute: String,
    pub at: Timestamp,
    pub value: ObservedValue,
    pub simulated: bool,
    pub replayed: bool,
}

/// One thing wrong with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Stable code of the reason.
    pub reason: &'static str,
    /// What exactly.
    pub detail: String,
    /// The device, where known.
    pub device: Option<String>,
    /// Key of its space, where known.
    pub space: Option<i64>,
}

impl Wrong {
    pub fn new(reason: &'static str, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), device: None, space: None }
    }

    fn of(mut self, device: &Device) -> Self {
        self.device = Some(device.id.clone());
        self.space = Some(device.space);
        self
    }
}

/// What a message holds.
#[derive(Default)]
pub struct Examined {
    pub drafts: Vec<Draft>,
    pub wrong: Vec<Wrong>,
}

/// What examining needs.
pub struct Examiner<'a> {
    pub metamodel: &'a Metamodel,
    pub directory: &'a DeviceDirectory,
    pub profile: &'a CompiledProfile,
    pub mapping: &'a Mapping,
    pub now: Timestamp,
}

impl Examiner<'_> {
    /// Maps a payload and checks every value. `device` is the external id that topic or door named; a payload that names
    /// one itself (of a gateway) goes before it.
    pub fn examine(&self, payload: &[u8], device: Option<&str>) -> Examined {
        let mut result = Examined::default();
        match self.mapping.apply(payload) {
            Ok(all) => {
                for mapped in all {
                    self.reading(mapped, device, &mut result);
                }
            }
            Err(fault) => result.wrong.push(Wrong::new(fault.code.as_str(), fault.detail)),
        }
        if result.drafts.is_empty() && result.wrong.is_empty() {
            result.wrong.push(Wrong::new("bad-shape", "the mapping gave no value"));
        }
        for wrong in &mut result.wrong {
            wrong.device = wrong.device.take().or_else(|| device.map(str::to_owned));
        }
        result
    }

    fn reading(&self, mapped: Mapped, named: Option<&str>, result: &mut Examined) {
        let Some(id) = mapped.device.as_deref().or(named) else {
            result.wrong.push(Wrong::new("unknown-device", "neither topic nor payload names the device"));
            return;
        };
        let (kind, top) = (self.profile.spec.kind.as_str(), self.profile.top.as_ref());
        let Some(device) = self.directory.find(self.metamodel, kind, top, id) else {
            let detail = format!("there is no {kind} with deviceId '{}'", clip(id));
            result.wrong.push(Wrong { device: Some(id.to_owned()), ..Wrong::new("unknown-device", detail) });
            return;
        };
        let latest = self.now.plus_seconds(self.profile.spec.max_future_seconds);
        if mapped.at > latest {
            let detail = format!("observed at {}, after {latest}", mapped.at);
            result.wrong.push(Wrong::new("future", detail).of(&device));
            return;
        }
        for (attribute, given) in mapped.values {
            match self.metamodel.observed(&device.kind, &attribute, &given.value, given.unit.as_deref()) {
                Ok(ObservedValue::Text(t)) if t.contains('\0') => {
                    let detail = format!("'{attribute}' holds the character NUL");
                    result.wrong.push(Wrong::new("wrong-type", detail).of(&device));
                }
                Ok(value) => result.drafts.push(Draft {
                    device: Arc::clone(&device),
                    attribute,
                    at: mapped.at,
                    value,
                    simulated: mapped.simulated,
                    replayed: false,
                }),
                Err(fault) => {
                    // A fact is, to a device, an attribute that it cannot observe.
                    let reason = if fault.code == "not-an-observation" { "unknown-attribute" } else { fault.code };
                    result.wrong.push(Wrong::new(reason, fault.detail).of(&device));
                }
            }
        }
    }
}

/// At most 80 characters of what a device sent.
pub fn clip(text: &str) -> String {
    text.chars().take(80).collect()
}

/// All that is wrong with one message, as quarantine shows it: the first reason leads.
pub fn summary(wrong: &[Wrong]) -> String {
    const LONGEST: usize = 2_000;
    let mut text = String::new();
    for (i, w) in wrong.iter().enumerate() {
        if i > 0 {
            text.push_str("; ");
        }
        if i > 0 && w.reason != wrong[0].reason {
            text.push_str(w.reason);
            text.push_str(": ");
        }
        text.push_str(&w.detail);
        if text.len() > LONGEST {
            text.truncate(text.floor_char_boundary(LONGEST));
            text.push('…');
            break;
        }
    }
    // PostgreSQL keeps no NUL in texts.
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_names_all_reasons_and_has_an_end() {
        let all = [Wrong::new("wrong-unit", "a"), Wrong::new("wrong-unit", "b"), Wrong::new("future", "c\0")];
        assert_eq!(summary(&all), "a; b; future: c\u{fffd}");
        let many = vec![Wrong::new("future", "я".repeat(700)); 10];
        assert!(summary(&many).len() < 3_500);
    }
}
