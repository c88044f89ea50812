//! `[backup]`: for whom backups are sealed that name nobody themselves.

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::sealed;

/// `[backup]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackupConfig {
    /// Public keys (`age1…`, of `svod backup-key`): who has one of the private ones can open a backup.
    pub recipients: Vec<String>,
}

impl BackupConfig {
    /// Are they keys?
    ///
    /// # Errors
    /// The first that is none.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = self.recipients.iter().find_map(|key| sealed::recipient(key).err());
        let fix = "give public keys as `svod backup-key` prints them, age1…";
        wrong.map_or(Ok(()), |rule| Err(ConfigError::Value { key: "backup.recipients", rule, fix }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_public_key_is_refused_before_a_backup_is_made() {
        let of = |keys: &[&str]| BackupConfig { recipients: keys.iter().map(|k| (*k).to_owned()).collect() }.check();
        let (_, public) = sealed::new_key();
        assert!(of(&[]).is_ok() && of(&[&public]).is_ok());
        let said = of(&[&public, "AGE-SECRET-KEY-1"]).unwrap_err().to_string();
        assert!(said.contains("backup.recipients") && said.contains("svod backup-key"), "{said}");
        assert!(!said.contains("AGE-SECRET-KEY-1"), "a private key given by mistake is not repeated: {said}");
    }
}
