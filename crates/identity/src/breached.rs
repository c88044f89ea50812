//! Passwords that are known to have leaked: a file of their SHA-1 in capitals, a line each, sorted, as Have I Been Pwned gives
//! them out (`HASH:COUNT`). It is looked through by halves; nothing leaves the machine.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// No line is longer.
const LINE: u64 = 64;
/// Characters of a SHA-1.
const HASH: usize = 40;

/// The file.
#[derive(Debug, Clone)]
pub(crate) struct Breached(PathBuf);

impl Breached {
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Does the password stand in it?
    pub fn knows(&self, password: &str) -> io::Result<bool> {
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        let wanted: String = hash.as_ref().iter().map(|b| format!("{b:02X}")).collect();
        let mut file = File::open(&self.0)?;
        // The line wanted begins, if at all, in low..high.
        let (mut low, mut high) = (0, file.metadata()?.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let Some((start, line)) = line_from(&mut file, middle)?.filter(|(start, _)| *start < high) else {
                high = middle;
                continue;
            };
            match line.get(..HASH).map(|known| known.cmp(&wanted)) {
                Some(std::cmp::Ordering::Equal) => return Ok(true),
                Some(std::cmp::Ordering::Less) => low = start + line.len() as u64 + 1,
                _ => high = middle,
            }
        }
        Ok(false)
    }
}

/// The first line that begins there or later, and where it begins.
fn line_from(file: &mut File, at: u64) -> io::Result<Option<(u64, String)>> {
    let from = at.saturating_sub(1);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(2 * LINE + 1).read_to_end(&mut bytes)?;
    let begin = match at {
        0 => 0,
        _ => match bytes.iter().position(|b| *b == b'\n') {
            Some(end) => end + 1,
            None => return Ok(None),
        },
    };
    let rest = &bytes[begin..];
    if rest.is_empty() {
        return Ok(None);
    }
    let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    Ok(Some((from + begin as u64, String::from_utf8_lossy(&rest[..end]).into_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_and_nothing_else() {
        let hash = |text: &str| -> String {
            let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
            hash.as_ref().iter().map(|b| format!("{b:02X}")).collect()
        };
        let path = std::env::temp_dir().join(format!("svod-breached-{}", std::process::id()));
        for (size, ending) in [(0, "\n"), (1, ""), (2, "\n"), (7, "\r\n"), (1_000, "\n")] {
            let mut lines: Vec<String> =
                (0..size).map(|n| format!("{}:{}", hash(&format!("word{n}")), n * n)).collect();
            lines.sort();
            std::fs::write(&path, lines.join(ending)).unwrap();
            let breached = Breached::new(&path);
            for n in 0..size {
                assert!(breached.knows(&format!("word{n}")).unwrap(), "{n} of {size}");
            }
            for n in 0..50 {
                assert!(!breached.knows(&format!("other{n}")).unwrap());
            }
        }
        std::fs::remove_file(&path).unwrap();
        assert!(Breached::new(&path).knows("x").is_err());
    }
}
