//! How many rows the bridge has committed: eight bytes in a file, so that nobody has to ask the database, which is being
//! measured.

use anyhow::{Context, Result, bail};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use tokio::time::{Duration, sleep};

/// Longest time without a new row before the bridge counts as dead.
const PATIENCE: u32 = 3000;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);

/// The bridge's side.
#[derive(Debug)]
pub struct Writer(File);

impl Writer {
    /// Creates the file with zero.
    pub fn create(path: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .open(path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        let writer = Self(file);
        writer.set(0)?;
        Ok(writer)
    }

    /// Says how many rows are committed.
    pub fn set(&self, rows: u64) -> Result<()> {
        Ok(self.0.write_all_at(&rows.to_le_bytes(), 0)?)
    }
}

/// Rows committed so far.
pub fn read(path: &Path) -> Result<u64> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}: does the bridge run?", path.display()))?;
    Ok(u64::from_le_bytes(bytes.as_slice().try_into().context("the progress file is malformed")?))
}

/// Waits until `rows` are committed.
pub async fn wait(path: &Path, rows: u64) -> Result<()> {
    let (mut last, mut idle) = (0, 0);
    loop {
        let now = read(path)?;
        if now >= rows {
            return Ok(());
        }
        idle = if now == last { idle + 1 } else { 0 };
        if idle > PATIENCE {
            bail!("the bridge stands still at {now} of {rows} rows");
        }
        last = now;
        sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        assert!(read(&path).is_err());
        let writer = Writer::create(&path).unwrap();
        assert_eq!(read(&path).unwrap(), 0);
        writer.set(123_456).unwrap();
        assert_eq!(read(&path).unwrap(), 123_456);
    }
}
