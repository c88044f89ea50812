//! How the platform proves to PostgreSQL who it is: by a certificate, or by a password from a file. Both are read with each
//! connection, so that what is exchanged there counts from the next one on, without a restart (ASVS V13.2.1).

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::StoreError;

/// What is shown to the server; nothing where the address says it all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Proof {
    /// `sslcert` and `sslkey`: PEM files.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// `passwordfile`: the password is its first line.
    pub password: Option<PathBuf>,
}

/// A certificate with what it goes back on, and its key.
pub(crate) type Certified = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Proof {
    /// The certificate as its files are now.
    pub fn certified(&self) -> Result<Option<Certified>, StoreError> {
        let Some((certificate, key)) = &self.certificate else { return Ok(None) };
        let chain = CertificateDer::pem_file_iter(certificate).and_then(|all| all.collect::<Result<Vec<_>, _>>());
        let chain = chain.map_err(|e| wrong("sslcert", certificate, e))?;
        if chain.is_empty() {
            return Err(wrong("sslcert", certificate, "there is no certificate in it"));
        }
        is_secret("sslkey", key)?;
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|e| wrong("sslkey", key, e))?;
        Ok(Some((chain, secret)))
    }

    /// The password as its file is now.
    pub fn password(&self) -> Result<Option<String>, StoreError> {
        let Some(file) = &self.password else { return Ok(None) };
        is_secret("passwordfile", file)?;
        let text = fs::read_to_string(file).map_err(|e| wrong("passwordfile", file, e))?;
        match text.lines().next() {
            Some(password) if !password.is_empty() => Ok(Some(password.to_owned())),
            _ => Err(wrong("passwordfile", file, "its first line is empty")),
        }
    }
}

fn wrong(parameter: &str, file: &Path, why: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(format!("{parameter}: {}: {why}", file.display()))
}

/// A group of its own may read it (ssl-cert and its like), nobody else.
fn is_secret(parameter: &str, file: &Path) -> Result<(), StoreError> {
    let about = fs::metadata(file).map_err(|e| wrong(parameter, file, e))?;
    if about.mode() & 0o037 == 0 { Ok(()) } else { Err(wrong(parameter, file, "others can read it; chmod 600 it")) }
}
