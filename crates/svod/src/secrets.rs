use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use svod_kernel::Rng;

const IDENTITY: &str = "identity.key";

/// The installation's own key.
pub fn identity_key(data: &Path, rng: &dyn Rng) -> io::Result<[u8; 32]> {
    key(data, IDENTITY, rng)
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
    read_key(data, IDENTITY)
}

/// A key of the installation when there is one.
pub fn read_key(data: &Path, name: &str) -> io::Result<Option<[u8; 32]>> {
    match fs::read(data.join("secrets").join(name)) {
        Ok(bytes) => {
            let damaged = |_| io::Error::other(format!("secrets/{name} is damaged"));
            bytes.try_into().map(Some).map_err(damaged)
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
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
        let [one, other] = folders.each_ref().map(|folder| identity_key(folder.path(), &rng).unwrap());
        assert!(one != other && one != [0; 32]);
        assert_eq!(identity_key(folders[0].path(), &rng).unwrap(), one, "it stays");
        let file = folders[0].path().join("secrets").join(IDENTITY);
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
