//! The newest head that was signed, kept outside the database: a database that ends before it was set back, however well it
//! agrees with itself.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use svod_ledger::{Checkpoint, Note, Tree};
use svod_store::ledger::{self, OWN};
use svod_store::{Conn, StoreError};

use crate::append::Tiled;
use crate::compare::there;
use crate::wrong::Wrong;

/// Its file among the installation's secrets.
pub const HEAD_FILE: &str = "ledger.head";

/// What the file says, if it is there. Signatures are not looked at: who can write the file can read the key beside it.
///
/// # Errors
/// When it cannot be read, or holds no checkpoint.
pub fn kept_head(path: &Path) -> io::Result<Option<Checkpoint>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(io::Error::new(e.kind(), format!("{}: {e}", path.display()))),
    };
    let head = Note::parse(&text).and_then(|note| Checkpoint::parse(&note.text));
    head.map(Some).map_err(|e| io::Error::other(format!("{}: {e}", path.display())))
}

/// Writes a signed head into the file; whole or not at all, and on the disk when it returns.
pub(crate) fn keep(path: &Path, note: &str) -> io::Result<()> {
    let part = path.with_extension("head.part");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all(note.as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

/// Why the store does not go on from a head that was kept; none when it does.
///
/// # Errors
/// When the store cannot be read.
pub fn goes_on(conn: &mut dyn Conn, kept: &Checkpoint) -> Result<Option<Wrong>, StoreError> {
    let stored = ledger::head(conn, OWN)?.map_or(0, |h| h.size).cast_unsigned();
    if stored < kept.size {
        return Ok(Some(Wrong::SetBack { kept: kept.size, stored }));
    }
    let root = there(Tree::new(&mut Tiled(conn), kept.size).root())?;
    Ok((root != Some(kept.root)).then_some(Wrong::Other(kept.size)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let folder = std::env::temp_dir().join(format!("svod-kept-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(HEAD_FILE);
        assert_eq!(kept_head(&path).unwrap(), None);
        for size in [7, 12] {
            let head = Checkpoint { origin: "a.example/ledger".into(), size, root: [3; 32] };
            keep(&path, &format!("{head}\n\u{2014} a.example/ledger AAAAAAA=\n")).unwrap();
            assert_eq!(kept_head(&path).unwrap(), Some(head));
        }
        fs::write(&path, "nothing").unwrap();
        assert!(kept_head(&path).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
