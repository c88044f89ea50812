//! How long it is kept what is no entity, no journal and no ledger.

use serde::{Deserialize, Serialize};
use svod_kernel::Timestamp;

/// `[keep]`, in days; 0: as long as the store stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeepConfig {
    /// Refused messages that were replayed or discarded.
    pub judged_days: u32,
    /// Refused messages that nobody has judged.
    pub held_days: u32,
}

impl Default for KeepConfig {
    fn default() -> Self {
        Self { judged_days: 30, held_days: 365 }
    }
}

impl KeepConfig {
    /// What came before is kept no longer, when it is kept for so many days.
    pub fn before(days: u32, now: Timestamp) -> Timestamp {
        if days == 0 { Timestamp(i64::MIN) } else { now.plus_seconds(-i64::from(days) * 86_400) }
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
}
