//! Sealed backups: a tar of the store and of the installation's secrets, encrypted for who may open it (age-encryption.org/v1).
//! Any age tool opens them, without this program.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use age::secrecy::{ExposeSecret as _, SecretString};
use age::{Decryptor, Encryptor, Identity, Recipient, scrypt, x25519};
use anyhow::{Context as _, bail, ensure};

/// How every age file begins.
const HEAD: &[u8] = b"age-encryption.org/v1";
/// The store inside.
pub const STORE: &str = "store.sqlite";
/// The folder of the secrets inside.
const SECRETS: &str = "secrets/";
/// No secret is longer: what is, is no backup of this platform.
const MAX_SECRET: u64 = 64 << 10;

/// For whom a backup is sealed.
pub enum Seal {
    /// Public keys, `age1…`: who makes backups cannot open them.
    Keys(Vec<x25519::Recipient>),
    /// Words.
    Words(SecretString),
}

/// What opens a backup.
pub enum Key {
    /// A file with private keys, a line each, as `svod backup-key` and `age-keygen` write it.
    File(PathBuf),
    /// Words.
    Words(SecretString),
}

impl Seal {
    /// For who has the private key of one of these public ones.
    ///
    /// # Errors
    /// When one is none; it is not repeated, because it may be a private one.
    pub fn for_keys(keys: &[String]) -> Result<Self, String> {
        keys.iter().map(|key| recipient(key)).collect::<Result<_, _>>().map(Self::Keys)
    }
}

/// A public key.
///
/// # Errors
/// When it is none; it is not repeated, because it may be a private one.
pub fn recipient(key: &str) -> Result<x25519::Recipient, String> {
    x25519::Recipient::from_str(key.trim()).map_err(|why| format!("a key is no public key: {why}"))
}

/// The words of a file: its first line.
///
/// # Errors
/// When it cannot be read or says nothing.
pub fn words(path: &Path) -> anyhow::Result<SecretString> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let line = text.lines().next().unwrap_or_default().trim();
    ensure!(line.chars().count() >= 12, "{}: the first line is the passphrase, 12 characters at least", path.display());
    Ok(SecretString::from(line.to_owned()))
}

/// A new key: what the file of the private one says, and the public one.
pub fn new_key() -> (SecretString, String) {
    let key = x25519::Identity::generate();
    let public = key.to_public().to_string();
    let text = format!("# public key: {public}\n{}\n", key.to_string().expose_secret());
    (SecretString::from(text), public)
}

/// Is the file sealed?
///
/// # Errors
/// When it cannot be read.
pub fn is_sealed(path: &Path) -> anyhow::Result<bool> {
    let mut head = Vec::new();
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    file.take(HEAD.len() as u64).read_to_end(&mut head)?;
    Ok(head == HEAD)
}

/// Writes the store of that file and the secrets of that folder, sealed.
///
/// # Errors
/// When nobody is named, or something cannot be read or written.
pub fn seal(store: &Path, secrets: &Path, to: File, seal: Seal) -> anyhow::Result<()> {
    let sealed = match seal {
        Seal::Words(words) => Encryptor::with_user_passphrase(words),
        Seal::Keys(keys) => Encryptor::with_recipients(keys.iter().map(|key| key as &dyn Recipient))?,
    };
    let mut tar = tar::Builder::new(sealed.wrap_output(BufWriter::new(to))?);
    let mut names: Vec<String> = match std::fs::read_dir(secrets) {
        Ok(folder) => folder.map(|e| Ok(e?.file_name().to_string_lossy().into_owned())).collect::<io::Result<_>>()?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(e).with_context(|| format!("{} cannot be read", secrets.display())),
    };
    // How far this machine has seen the ledger is no secret, and not of the moment of the backup.
    names.retain(|name| !name.starts_with(svod_notary::HEAD_FILE) && name != crate::ledger::FRESH);
    names.sort();
    for name in names.iter().filter(|n| is_plain(n)) {
        let path = secrets.join(name);
        let about = std::fs::symlink_metadata(&path)?;
        if about.is_file() {
            ensure!(about.len() <= MAX_SECRET, "{} is no secret: it is longer than {MAX_SECRET} bytes", path.display());
            tar.append_path_with_name(&path, format!("{SECRETS}{name}"))?;
        }
    }
    tar.append_path_with_name(store, STORE)?;
    let mut out = tar.into_inner()?.finish()?;
    out.flush()?;
    Ok(out.get_ref().sync_all()?)
}

/// Opens a sealed backup: the store goes into that new file; the secrets by their names come back.
///
/// # Errors
/// When the key does not fit, or the file was cut off or changed.
pub fn open(sealed: &Path, key: &Key, mut store: File) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let file = File::open(sealed).with_context(|| format!("{} cannot be read", sealed.display()))?;
    let opened = Decryptor::new_buffered(BufReader::new(file)).context("it cannot be opened")?;
    let keys: Vec<Box<dyn Identity>> = match key {
        Key::Words(words) => vec![Box::new(scrypt::Identity::new(words.clone()))],
        Key::File(path) => private_keys(path)?,
    };
    let opened = opened.decrypt(keys.iter().map(|key| &**key));
    let mut tar = tar::Archive::new(opened.context("it cannot be opened with this key")?);
    let (mut secrets, mut whole) = (Vec::new(), false);
    for entry in tar.entries()? {
        let mut entry = entry.context("it is not whole")?;
        let name = entry.path()?.to_string_lossy().into_owned();
        if name == STORE {
            let mut out = BufWriter::new(&mut store);
            io::copy(&mut entry, &mut out).context("it is not whole")?;
            out.flush()?;
            whole = true;
        } else if let Some(secret) = name.strip_prefix(SECRETS).filter(|n| is_plain(n)) {
            let mut bytes = Vec::new();
            entry.take(MAX_SECRET).read_to_end(&mut bytes).context("it is not whole")?;
            secrets.push((secret.to_owned(), bytes));
        } else {
            bail!("it holds {name}, which no backup of this platform does");
        }
    }
    // To the end: what follows the last file is authenticated as well.
    io::copy(&mut tar.into_inner(), &mut io::sink()).context("it is not whole")?;
    ensure!(whole, "it holds no store");
    store.sync_all()?;
    Ok(secrets)
}

/// A name that stays in its folder.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

fn private_keys(path: &Path) -> anyhow::Result<Vec<Box<dyn Identity>>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let key = |line: &str| match x25519::Identity::from_str(line) {
        Ok(key) => Ok(Box::new(key) as Box<dyn Identity>),
        Err(why) => bail!("{}: a line is no private key: {why}", path.display()),
    };
    let keys = lines.map(key).collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(!keys.is_empty(), "{} holds no private key (AGE-SECRET-KEY-1…)", path.display());
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_has_the_key_opens_it_and_it_is_whole_or_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("store"), vec![7; 300_000]).unwrap();
        std::fs::create_dir(at("secrets")).unwrap();
        std::fs::write(at("secrets/identity.key"), [1; 32]).unwrap();
        let ((private, public), (strange, _)) = (new_key(), new_key());
        std::fs::write(at("key"), private.expose_secret()).unwrap();
        std::fs::write(at("strange"), strange.expose_secret()).unwrap();
        let sealed = at("sealed");
        seal(&at("store"), &at("secrets"), File::create(&sealed).unwrap(), Seal::for_keys(&[public]).unwrap()).unwrap();
        assert!(is_sealed(&sealed).unwrap() && !is_sealed(&at("store")).unwrap());
        let bytes = std::fs::read(&sealed).unwrap();
        assert!(!bytes.windows(32).any(|w| w == [7; 32]), "nothing of it can be read");

        let open_with = |file: &Path, key: &str| open(file, &Key::File(at(key)), File::create(at("out")).unwrap());
        let secrets = open_with(&sealed, "key").unwrap();
        assert_eq!(secrets, [("identity.key".to_owned(), vec![1; 32])]);
        assert_eq!(std::fs::read(at("out")).unwrap(), vec![7; 300_000]);
        assert!(open_with(&sealed, "strange").is_err());
        for spoilt in [
            bytes[..bytes.len() - 20].to_vec(),
            [&bytes[..bytes.len() / 2], &[!bytes[bytes.len() / 2]], &bytes[bytes.len() / 2 + 1..]].concat(),
        ] {
            std::fs::write(at("spoilt"), spoilt).unwrap();
            assert!(open_with(&at("spoilt"), "key").is_err());
        }
    }

    #[test]
    fn words_open_it_too() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("store"), b"store").unwrap();
        let said = |text: &str| SecretString::from(text.to_owned());
        let sealed = File::create(at("sealed")).unwrap();
        seal(&at("store"), &at("none"), sealed, Seal::Words(said("twelve words or so"))).unwrap();
        let open_with = |text: &str| open(&at("sealed"), &Key::Words(said(text)), File::create(at("out")).unwrap());
        assert_eq!(open_with("twelve words or so").unwrap(), []);
        assert!(open_with("other words").is_err());
    }

    #[test]
    fn no_name_leaves_its_folder() {
        assert!(is_plain("identity.key"));
        for bad in ["", "..", "../x", "a/b", ".hidden"] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}
