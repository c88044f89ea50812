//! How files that people send are handled, as it is configured.

use serde::{Deserialize, Serialize};
use svod_files::{Daily, FilesOptions, InvalidScanner, Scanner};

/// `[files]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FilesConfig {
    /// Largest file, MiB, 1 to 100.
    pub max_mib: usize,
    /// Files that one sender may send within a day, at least 1.
    pub daily_files: u64,
    /// MiB that one sender may send within a day, at least as many as one file may have.
    pub daily_mib: u64,
    /// Where clamd looks for malware, `tcp://127.0.0.1:3310` or `unix:///run/clamav/clamd.ctl`. None: files are given out unscanned.
    pub scanner: Option<String>,
}

impl Default for FilesConfig {
    fn default() -> Self {
        Self { max_mib: 20, daily_files: 100, daily_mib: 500, scanner: None }
    }
}

impl FilesConfig {
    /// How files are handled.
    ///
    /// # Errors
    /// When the scanner's address is none.
    pub fn options(&self) -> Result<FilesOptions, InvalidScanner> {
        let scanner = self.scanner.as_deref().map(str::parse::<Scanner>).transpose()?;
        let daily = Daily { files: self.daily_files, mib: self.daily_mib };
        Ok(FilesOptions { max_mib: self.max_mib, daily, scanner })
    }
}
