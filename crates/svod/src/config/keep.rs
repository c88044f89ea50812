//! How long it is kept what has an end of its own.

use serde::{Deserialize, Serialize};
use svod_kernel::Timestamp;

use super::ConfigError;

/// Traces are kept so many days at least: people must have the time to see who has looked, and to object.
const TRACES: u32 = 1_095;

/// `[keep]`, in days; 0: as long as the store stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeepConfig {
    /// Refused messages that were replayed or discarded.
    pub judged_days: u32,
    /// Refused messages that nobody has judged.
    pub held_days: u32,
    /// Observations, from the moment they were observed.
    pub observations_days: u32,
    /// Traces of who has opened whose data, from the end of the stretch for which they were open.
    pub traces_days: u32,
    /// Accounts that nobody signs in to are kept out then.
    pub unused_account_days: u32,
    /// Accounts that have been kept out are removed then.
    pub closed_account_days: u32,
}

impl Default for KeepConfig {
    fn default() -> Self {
        Self {
            judged_days: 30,
            held_days: 365,
            observations_days: 0,
            traces_days: 0,
            unused_account_days: 0,
            closed_account_days: 0,
        }
    }
}

impl KeepConfig {
    /// What came before is kept no longer, when it is kept for so many days.
    pub fn before(days: u32, now: Timestamp) -> Timestamp {
        if days == 0 { Timestamp(i64::MIN) } else { now.plus_seconds(-i64::from(days) * 86_400) }
    }

    /// Can these be kept to?
    ///
    /// # Errors
    /// The first that cannot.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if (1..TRACES).contains(&self.traces_days) {
            return Err(ConfigError::Value {
                key: "keep.traces_days",
                rule: format!("{} days are too few for people to see who has looked at their data", self.traces_days),
                fix: "give 1095 or more, or 0 for ever",
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_end_and_none_is_for_ever() {
        let now: Timestamp = "2026-01-31T00:00:00Z".parse().unwrap();
        assert_eq!(KeepConfig::before(30, now).to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(KeepConfig::before(0, now), Timestamp(i64::MIN));
    }

    #[test]
    fn traces_are_kept_long_enough_to_be_seen() {
        let of = |traces_days| KeepConfig { traces_days, ..KeepConfig::default() }.check();
        assert!(of(0).is_ok() && of(1_095).is_ok());
        assert!(of(1_094).unwrap_err().to_string().contains("keep.traces_days"));
    }
}
