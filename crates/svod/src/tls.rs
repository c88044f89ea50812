//! Certificates of the program's own doors: read, shown, read anew when their files have changed.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use svod_kernel::Timestamp;
use tokio::task::JoinHandle;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier as _;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::config::{Config, HttpConfig, MqttConfig};

/// How often the files are looked at. A pair is read when it has stayed the same for one look more, so that nobody sees a
/// certificate whose key is still being written.
const LOOK: Duration = Duration::from_secs(2);

/// A certificate and its key, by the keys of the configuration that name them.
#[derive(Debug, Clone)]
pub struct Files {
    certificate: (&'static str, PathBuf),
    key: (&'static str, PathBuf),
}

/// What tells that a file is another one than before, or that its rights have changed: device, number, time of change.
type Mark = Option<(u64, u64, i64, i64)>;

impl Files {
    /// Those of pages and API, where they speak TLS.
    pub fn of_http(config: &HttpConfig) -> Option<Self> {
        let (certificate, key) = (config.tls_certificate.clone()?, config.tls_key.clone()?);
        Some(Self { certificate: ("http.tls_certificate", certificate), key: ("http.tls_key", key) })
    }

    /// Those of the broker, where it speaks TLS.
    pub fn of_mqtt(config: &MqttConfig) -> Option<Self> {
        let (certificate, key) = (config.tls_cert.clone()?, config.tls_key.clone()?);
        Some(Self { certificate: ("mqtt.tls_cert", certificate), key: ("mqtt.tls_key", key) })
    }

    /// What is in them.
    ///
    /// # Errors
    /// When one cannot be read, others may read the key, or the two do not belong together.
    pub fn read(&self) -> anyhow::Result<CertifiedKey> {
        let ((named, certificate), (key_named, key)) = (&self.certificate, &self.key);
        let chain = CertificateDer::pem_file_iter(certificate)
            .and_then(|all| all.collect::<Result<Vec<_>, _>>())
            .with_context(|| format!("{named}: {} is no PEM certificate chain", certificate.display()))?;
        ensure!(!chain.is_empty(), "{named}: there is no certificate in {}", certificate.display());
        let about = fs::metadata(key).with_context(|| format!("{key_named}: {} cannot be read", key.display()))?;
        // A group of its own may read it (ssl-cert and its like); nobody else may, and nobody but the owner may write.
        let open = about.mode() & 0o037 != 0;
        ensure!(!open, "{key_named}: {} can be read by others; chmod 600 it", key.display());
        let secret = PrivateKeyDer::from_pem_file(key)
            .with_context(|| format!("{key_named}: {} is no PEM private key", key.display()))?;
        CertifiedKey::from_der(chain, secret, &ring::default_provider())
            .with_context(|| format!("{named} and {key_named} do not fit together"))
    }

    fn marks(&self) -> [Mark; 2] {
        let mark = |m: Metadata| (m.dev(), m.ino(), m.ctime(), m.ctime_nsec());
        let of = |path: &Path| fs::metadata(path).ok().map(mark);
        [of(&self.certificate.1), of(&self.key.1)]
    }
}

/// Until when a certificate is good, in seconds since 1970; none when it does not tell.
pub fn end(shown: &CertifiedKey) -> Option<i64> {
    let first = shown.cert.first()?;
    let (_, parsed) = x509_parser::parse_x509_certificate(first).ok()?;
    Some(parsed.validity().not_after.timestamp())
}

/// The roots of this machine, or of the file that `SSL_CERT_FILE` names: on Debian those that browsers begin with.
pub fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// Whether who comes by that name and has these roots believes what is shown (ASVS V12.2.2).
///
/// # Errors
/// Why not.
pub fn is_believed(shown: &CertifiedKey, name: &str, roots: RootCertStore, now: Timestamp) -> Result<(), String> {
    let (first, rest) = shown.cert.split_first().ok_or("there is no certificate")?;
    let name = ServerName::try_from(name.to_owned()).map_err(|e| e.to_string())?;
    let provider = Arc::new(ring::default_provider());
    let judge = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let judge = judge.map_err(|_| "this machine has no roots to believe")?;
    let now = UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(now.millis()).unwrap_or_default()));
    judge.verify_server_cert(first, rest, &name, &[], now).map(drop).map_err(|e| e.to_string())
}

/// What a door shows to those who come. Connections that are there keep what they have seen.
#[derive(Debug)]
struct Shown {
    files: Files,
    marks: [Mark; 2],
    now: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.now.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Shown {
    fn open(files: Files) -> anyhow::Result<Arc<Self>> {
        let marks = files.marks();
        let now = RwLock::new(Arc::new(files.read()?));
        Ok(Arc::new(Self { files, marks, now }))
    }

    /// TLS 1.2 and 1.3 with it.
    fn server(self: &Arc<Self>, protocols: &[&str]) -> anyhow::Result<Arc<ServerConfig>> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        Ok(Arc::new(config))
    }

    /// Looks at the files for as long as it is let.
    async fn follow(self: Arc<Self>) {
        let (mut read, mut before) = (self.marks, self.marks);
        loop {
            tokio::time::sleep(LOOK).await;
            let marks = self.files.marks();
            if marks == before && marks != read {
                read = marks;
                self.renew();
            }
            before = marks;
        }
    }

    /// A pair that will not do leaves the one that is shown.
    fn renew(&self) {
        let certificate = self.files.certificate.0;
        match self.files.read() {
            Ok(new) => {
                *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                tracing::info!(certificate, "the renewed certificate is shown");
            }
            Err(error) => {
                let why = format!("{error:#}");
                tracing::warn!(certificate, %why, "the renewed certificate cannot be used; the old one is shown");
            }
        }
    }
}

/// TLS of the doors; none where one speaks plainly.
pub struct Doors {
    /// Of pages and API.
    pub http: Option<Arc<ServerConfig>>,
    /// Of the broker.
    pub mqtt: Option<Arc<ServerConfig>>,
    shown: Vec<Arc<Shown>>,
}

impl Doors {
    /// Reads what the configuration names.
    ///
    /// # Errors
    /// As [`Files::read`].
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let mut shown = Vec::new();
        let mut door = |files: Option<Files>, protocols: &[&str]| -> anyhow::Result<Option<Arc<ServerConfig>>> {
            let Some(files) = files else { return Ok(None) };
            let certificate = Shown::open(files)?;
            let server = certificate.server(protocols)?;
            shown.push(certificate);
            Ok(Some(server))
        };
        let http = door(Files::of_http(&config.http), &["http/1.1"])?;
        let mqtt = door(Files::of_mqtt(&config.mqtt), &[])?;
        Ok(Self { http, mqtt, shown })
    }

    /// Follows the files until it is stopped.
    pub fn follow(self) -> Vec<JoinHandle<()>> {
        self.shown.into_iter().map(|shown| tokio::spawn(shown.follow())).collect()
    }
}
