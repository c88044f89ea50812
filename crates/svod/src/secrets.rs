//! Keys and other secrets: those that a vault gives (systemd's credentials, files that an orchestrator mounts), else those that
//! are kept in the data folder.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
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
    key(data, IDENTITY, rng)?;
    read_identity_keys(data)
}

/// The same where they are there already; nothing is made.
///
/// # Errors
/// `NotFound` without one.
pub fn read_identity_keys(data: &Path) -> io::Result<Vec<[u8; 32]>> {
    // The next one first: once it has the other's name, that one is it.
    let next = read_key(data, NEXT)?;
    let missing = || io::Error::new(io::ErrorKind::NotFound, format!("{IDENTITY} is not there"));
    let mut keys: Vec<_> = next.into_iter().chain([read_key(data, IDENTITY)?.ok_or_else(missing)?]).collect();
    keys.dedup();
    Ok(keys)
}

/// Follows the installation's keys as long as the platform runs: one can take the other's place without a restart. It only
/// reads: a key that is missing is not made anew, the ones of before hold.
pub async fn follow(data: PathBuf, identity: Arc<Identity>, mut known: Vec<[u8; 32]>) {
    let mut failing = false;
    loop {
        tokio::time::sleep(FOLLOW).await;
        let read = read_identity_keys(&data);
        if let Err(error) = &read
            && !failing
        {
            tracing::error!(%error, "the installation's key cannot be read; the one of before holds");
        }
        failing = read.is_err();
        if let Some(keys) = read.ok().filter(|keys| *keys != known) {
            identity.set_keys(&keys);
            tracing::info!(keys = keys.len(), "the installation's key has changed");
            known = keys;
        }
    }
}

/// One key takes the other's place. While it lives nobody else begins one over the same folder.
pub struct Rotation {
    folder: PathBuf,
    keys: [[u8; 32]; 2],
    /// Locked until it is closed.
    _held: File,
}

impl Rotation {
    /// Both keys are there from then on, the new one made unless it was there already.
    ///
    /// # Errors
    /// When there is no key, a vault gives only the old one, another rotation is under way, or a file cannot be read or written.
    pub fn begin(data: &Path, rng: &dyn Rng) -> io::Result<Self> {
        let folder = data.join("secrets");
        let held = held(if folder.is_dir() { &folder } else { data })?;
        let old = read_key(data, IDENTITY)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        if is_given(IDENTITY) && !is_given(NEXT) {
            let why = format!(
                "{IDENTITY} comes from {GIVEN}: give the new one there as {NEXT}, start the platform with both, and \
                 run this with the same folder"
            );
            return Err(io::Error::other(why));
        }
        let next = match read_key(data, NEXT)? {
            Some(next) => next,
            None => made(&folder, rng)?,
        };
        if !is_given(NEXT) {
            // Made by root, the platform could not read it.
            own_as(&folder.join(NEXT), &folder.join(IDENTITY))?;
        }
        Ok(Self { folder, keys: [next, old], _held: held })
    }

    /// The new key, then the old one.
    pub const fn keys(&self) -> &[[u8; 32]; 2] {
        &self.keys
    }

    /// The new key takes the old one's name, which is gone then. False where a vault gives them: there the operator does it.
    ///
    /// # Errors
    /// When what lies there is not the key of this rotation any more, or the file cannot be renamed.
    pub fn end(&self) -> io::Result<bool> {
        if is_given(NEXT) {
            return Ok(false);
        }
        let next = self.folder.join(NEXT);
        if read_first([self.folder.clone()], NEXT)? != Some(self.keys[0]) {
            let why = format!("{} is not the key any more that was sealed with: run it again", next.display());
            return Err(io::Error::other(why));
        }
        fs::rename(next, self.folder.join(IDENTITY))?;
        File::open(&self.folder)?.sync_all()?;
        Ok(true)
    }
}

/// Nobody else rotates over the folder while the file is open.
fn held(folder: &Path) -> io::Result<File> {
    let file = File::open(folder)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let why = format!("another exchange of the key is under way in {}: wait for its end", folder.display());
            Err(io::Error::other(why))
        }
        Err(TryLockError::Error(e)) => Err(e),
    }
}

/// The next key, under its name only when it is whole.
fn made(folder: &Path, rng: &dyn Rng) -> io::Result<[u8; 32]> {
    let mut next = [0u8; 32];
    rng.fill(&mut next);
    let begun = folder.join("identity.key.begun");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&begun)?;
    file.write_all(&next)?;
    own_as(&begun, &folder.join(IDENTITY))?;
    file.sync_all()?;
    fs::rename(&begun, folder.join(NEXT))?;
    File::open(folder)?.sync_all()?;
    Ok(next)
}

/// Gives a file the owner and group of another.
fn own_as(path: &Path, model: &Path) -> io::Result<()> {
    let (file, like) = (File::open(path)?, fs::metadata(model)?);
    let about = file.metadata()?;
    if (about.uid(), about.gid()) == (like.uid(), like.gid()) {
        return Ok(());
    }
    fchown(&file, Some(like.uid()), Some(like.gid()))
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
            // Whole or not at all: a start that is killed here must not keep the next from starting.
            let new = data.join("node.new");
            fs::write(&new, &name)?;
            fs::rename(&new, &path)?;
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
        let secrets = data.path().join("secrets");
        assert!(Rotation::begin(data.path(), &rng).is_err(), "there is none yet");
        let old = identity_keys(data.path(), &rng).unwrap()[0];
        // Who is not root cannot give a file away, and has but one owner to compare.
        let _ = std::os::unix::fs::chown(secrets.join(IDENTITY), Some(4_321), Some(4_321));
        let owner = |name: &str| fs::metadata(secrets.join(name)).map(|about| (about.uid(), about.gid())).unwrap();
        let begun = Rotation::begin(data.path(), &rng).unwrap();
        let [next, before] = *begun.keys();
        assert!(before == old && next != old);
        assert_eq!(identity_keys(data.path(), &rng).unwrap(), [next, old], "both open, the new one seals");
        assert_eq!(owner(NEXT), owner(IDENTITY), "the platform reads what root has made");
        let why = Rotation::begin(data.path(), &rng).err().unwrap().to_string();
        assert!(why.contains("under way"), "{why}");
        drop(begun);
        let begun = Rotation::begin(data.path(), &rng).unwrap();
        assert_eq!(*begun.keys(), [next, old], "begun once");
        fs::write(secrets.join(NEXT), [7; 32]).unwrap();
        assert!(begun.end().is_err(), "another key is there than the one that seals");
        assert_eq!(read_key(data.path(), IDENTITY).unwrap(), Some(old));
        fs::write(secrets.join(NEXT), next).unwrap();
        assert!(begun.end().unwrap());
        assert_eq!(identity_keys(data.path(), &rng).unwrap(), [next]);
        assert!(begun.end().is_err(), "once is enough");
        let left: Vec<_> = fs::read_dir(&secrets).unwrap().collect();
        assert_eq!(left.len(), 1, "the old one is gone");
        let mode = fs::metadata(secrets.join(IDENTITY)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_platform_that_runs_makes_no_key() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(read_identity_keys(data.path()).unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::create_dir(data.path().join("secrets")).unwrap();
        fs::write(data.path().join("secrets").join(NEXT), [1; 32]).unwrap();
        assert_eq!(read_identity_keys(data.path()).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(fs::read_dir(data.path().join("secrets")).unwrap().count(), 1);
    }
}
