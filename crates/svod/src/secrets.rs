//! Keys and other secrets: those that a vault gives (systemd's credentials, files that an orchestrator mounts), else those that
//! are kept in the data folder.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use svod_identity::Identity;
use svod_kernel::Rng;

const IDENTITY: &str = "identity.key";
/// The key that is to take its place: while both are there, both open and this one seals.
const NEXT: &str = "identity.key.next";
/// The address of the store, with its password, where a vault gives it.
pub const STORE_URL: &str = "store.url";
/// The variable that names the folder of what a vault gives (systemd.exec(5), LoadCredentialEncrypted).
pub const GIVEN: &str = "CREDENTIALS_DIRECTORY";
/// How often a running platform looks whether its keys have changed.
pub const FOLLOW: Duration = Duration::from_secs(1);

/// The folder of what a vault gives.
pub fn given() -> Option<PathBuf> {
    std::env::var_os(GIVEN).filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// A text that a vault gives, its last line end apart.
pub fn given_text(folder: &Path, name: &str) -> io::Result<Option<String>> {
    match fs::read_to_string(folder.join(name)) {
        Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// The installation's own keys, the newest first: one, or two while one takes the other's place. Made at the first start.
pub fn identity_keys(data: &Path, rng: &dyn Rng) -> io::Result<Vec<[u8; 32]>> {
    // The next one first: once it has the other's name, that one is it.
    let next = read_key(data, NEXT)?;
    let mut keys: Vec<_> = next.into_iter().chain([key(data, IDENTITY, rng)?]).collect();
    keys.dedup();
    Ok(keys)
}

/// Follows the installation's keys as long as the platform runs: one can take the other's place without a restart.
pub async fn follow(data: PathBuf, identity: Arc<Identity>, rng: Arc<dyn Rng>, mut known: Vec<[u8; 32]>) {
    loop {
        tokio::time::sleep(FOLLOW).await;
        match identity_keys(&data, &*rng) {
            Ok(keys) if keys != known => {
                identity.set_keys(&keys);
                tracing::info!(keys = keys.len(), "the installation's key has changed");
                known = keys;
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "the installation's key cannot be read now; the one of before holds"),
        }
    }
}

/// Where one key is to take the other's place: both, the new one first, made unless it is there already.
pub fn begin_rotation(data: &Path, rng: &dyn Rng) -> io::Result<[[u8; 32]; 2]> {
    let old = read_key(data, IDENTITY)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    if is_given(IDENTITY) && !is_given(NEXT) {
        let why = format!(
            "{IDENTITY} comes from {GIVEN}: give the new one there as {NEXT}, start the platform with both, and \
             run this with the same folder"
        );
        return Err(io::Error::other(why));
    }
    if let Some(next) = read_key(data, NEXT)? {
        return Ok([next, old]);
    }
    let mut next = [0u8; 32];
    rng.fill(&mut next);
    let (folder, begun) = (data.join("secrets"), data.join("secrets").join("identity.key.begun"));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&begun)?;
    file.write_all(&next)?;
    file.sync_all()?;
    fs::rename(&begun, folder.join(NEXT))?;
    File::open(&folder)?.sync_all()?;
    Ok([next, old])
}

/// The new key takes the old one's name, which is gone then. False where a vault gives them: there the operator does it.
pub fn end_rotation(data: &Path) -> io::Result<bool> {
    if is_given(NEXT) {
        return Ok(false);
    }
    let folder = data.join("secrets");
    fs::rename(folder.join(NEXT), folder.join(IDENTITY))?;
    File::open(&folder)?.sync_all()?;
    Ok(true)
}

fn is_given(name: &str) -> bool {
    given().is_some_and(|folder| folder.join(name).is_file())
}

/// A key of the installation, made at the first start and readable by its owner only.
pub fn key(data: &Path, name: &str, rng: &dyn Rng) -> io::Result<[u8; 32]> {
    if let Some(key) = read_key(data, name)? {
        return Ok(key);
    }
    let mut key = [0u8; 32];
    rng.fill(&mut key);
    let folder = data.join("secrets");
    fs::create_dir_all(&folder)?;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(name))?;
    file.write_all(&key)?;
    file.sync_all()?;
    Ok(key)
}

/// The installation's own key when there is one.
pub fn read_identity_key(data: &Path) -> io::Result<Option<[u8; 32]>> {
    match read_key(data, NEXT)? {
        Some(next) => Ok(Some(next)),
        None => read_key(data, IDENTITY),
    }
}

/// A key of the installation when there is one: what a vault gives wins.
pub fn read_key(data: &Path, name: &str) -> io::Result<Option<[u8; 32]>> {
    read_first(given().into_iter().chain([data.join("secrets")]), name)
}

fn read_first(folders: impl IntoIterator<Item = PathBuf>, name: &str) -> io::Result<Option<[u8; 32]>> {
    for folder in folders {
        match fs::read(folder.join(name)) {
            Ok(bytes) => {
                let damaged = |_| io::Error::other(format!("{} is damaged", folder.join(name).display()));
                return bytes.try_into().map(Some).map_err(damaged);
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(None)
}

/// Leaves an empty file beside the keys.
pub fn mark(data: &Path, name: &str) -> io::Result<()> {
    let folder = data.join("secrets");
    fs::create_dir_all(&folder)?;
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(folder.join(name))?.sync_all()
}

/// Takes it away, if it is there.
pub fn unmark(data: &Path, name: &str) -> io::Result<()> {
    match fs::remove_file(data.join("secrets").join(name)) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// The name of this node in leases: the same at every start over the same data folder, so that a restart goes on at once.
pub fn node(data: &Path, rng: &dyn Rng) -> io::Result<String> {
    let path = data.join("node");
    match fs::read_to_string(&path) {
        Ok(name) if !name.trim().is_empty() => Ok(name.trim().to_owned()),
        Ok(_) => Err(io::Error::other("the file node is empty; remove it")),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let name = format!("node-{:016x}", rng.next_u64());
            fs::write(&path, &name)?;
            Ok(name)
        }
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use svod_kernel::SeededRng;

    use super::*;

    /// ASVS V13.2.3, V13.3.2: no key comes with the program.
    #[test]
    fn every_installation_makes_a_key_of_its_own_that_its_owner_alone_reads() {
        let rng = SeededRng::from_system().unwrap();
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [one, other] = folders.each_ref().map(|folder| identity_keys(folder.path(), &rng).unwrap());
        assert!(one != other && one != [[0; 32]]);
        assert_eq!(identity_keys(folders[0].path(), &rng).unwrap(), one, "it stays");
        let file = folders[0].path().join("secrets").join(IDENTITY);
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    /// ASVS V13.3.1: what a vault gives goes before what is kept.
    #[test]
    fn what_is_given_wins() {
        let [given, kept] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let read = |name: &str| read_first([given.path().to_owned(), kept.path().to_owned()], name);
        fs::write(kept.path().join(IDENTITY), [1; 32]).unwrap();
        assert_eq!(read(IDENTITY).unwrap(), Some([1; 32]));
        fs::write(given.path().join(IDENTITY), [2; 32]).unwrap();
        assert_eq!(read(IDENTITY).unwrap(), Some([2; 32]));
        fs::write(given.path().join(IDENTITY), [2; 31]).unwrap();
        assert!(read(IDENTITY).unwrap_err().to_string().contains("damaged"), "no other is taken instead");
        assert_eq!(read("ledger.key").unwrap(), None);
        fs::write(given.path().join(STORE_URL), "postgres://h/db\n").unwrap();
        assert_eq!(given_text(given.path(), STORE_URL).unwrap().as_deref(), Some("postgres://h/db"));
        assert_eq!(given_text(kept.path(), STORE_URL).unwrap(), None);
    }

    /// ASVS V11.2.2: wherever it is broken off, the old key or both are there.
    #[test]
    fn one_key_takes_the_others_place() {
        let (rng, data) = (SeededRng::from_system().unwrap(), tempfile::tempdir().unwrap());
        assert!(begin_rotation(data.path(), &rng).is_err(), "there is none yet");
        let old = identity_keys(data.path(), &rng).unwrap()[0];
        let [next, before] = begin_rotation(data.path(), &rng).unwrap();
        assert!(before == old && next != old);
        assert_eq!(identity_keys(data.path(), &rng).unwrap(), [next, old], "both open, the new one seals");
        assert_eq!(begin_rotation(data.path(), &rng).unwrap(), [next, old], "begun once");
        assert!(end_rotation(data.path()).unwrap());
        assert_eq!(identity_keys(data.path(), &rng).unwrap(), [next]);
        let left: Vec<_> = fs::read_dir(data.path().join("secrets")).unwrap().collect();
        assert_eq!(left.len(), 1, "the old one is gone");
        let mode = fs::metadata(data.path().join("secrets").join(IDENTITY)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
