//! TLS to PostgreSQL, by rustls with ring.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use postgres::Socket;
use postgres::config::{Host, SslMode};
use postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{self, WebPkiSupportedAlgorithms, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{self, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::StoreError;
use crate::pg_proof::{Certified, Proof};

/// Time for the handshake; a server that is silent in it would hold a thread for ever.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A server, what it must show before anything is said to it, and what it is shown.
#[derive(Clone)]
pub(crate) struct Server {
    pub login: postgres::Config,
    pub trust: Trust,
    pub proof: Proof,
}

/// Whom a connection with TLS believes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Whoever answers: closed to those who only listen.
    Anybody,
    /// Who shows a certificate for the host's name that goes back to a root of this file; none: to one of the system's.
    Roots(Option<PathBuf>),
}

impl Trust {
    /// What `sslmode` and `sslrootcert` of an address ask for. Stricter than libpq: `require` looks at certificate and name.
    pub fn asked(mode: Option<&str>, roots: Option<&str>) -> Result<(SslMode, Self), StoreError> {
        let wrong = |why: &str| Err(StoreError::Url(why.into()));
        let file = match roots {
            None | Some("system") => None,
            Some("") => return wrong("sslrootcert names no file"),
            Some(path) => Some(PathBuf::from(path)),
        };
        match (mode, roots) {
            (Some("disable" | "prefer"), Some(_)) => {
                wrong("sslrootcert asks for a server that proves who it is: leave sslmode out, or make it verify-full")
            }
            (Some("disable"), None) => Ok((SslMode::Disable, Self::Anybody)),
            (None | Some("prefer"), None) => Ok((SslMode::Prefer, Self::Anybody)),
            (None | Some("require" | "verify-full"), _) => Ok((SslMode::Require, Self::Roots(file))),
            _ => wrong("sslmode is disable, prefer, require or verify-full"),
        }
    }

    fn client(&self, shown: Option<Certified>) -> Result<ClientConfig, StoreError> {
        let provider = Arc::new(ring::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| StoreError::Unavailable(format!("TLS cannot be spoken: {e}")))?;
        let builder = match self {
            Self::Anybody => builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(algorithms))),
            Self::Roots(file) => builder.with_root_certificates(roots(file.as_ref())?),
        };
        let mut client = match shown {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder
                .with_client_auth_cert(chain, key)
                .map_err(|e| StoreError::Unavailable(format!("sslcert and sslkey: {e}")))?,
        };
        // PostgreSQL 17 asks for it where TLS begins without a question (`sslnegotiation=direct`).
        client.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(client)
    }
}

/// Read with each connection: a changed file counts from the next one on.
fn roots(file: Option<&PathBuf>) -> Result<RootCertStore, StoreError> {
    let wrong = |why: String| StoreError::Unavailable(format!("sslrootcert: {why}"));
    let mut store = RootCertStore::empty();
    let Some(file) = file else {
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if store.is_empty() {
            return Err(wrong("the system has no root certificates; name a file of your own".into()));
        }
        return Ok(store);
    };
    let all = CertificateDer::pem_file_iter(file).and_then(|all| all.collect::<Result<Vec<_>, _>>());
    for certificate in all.map_err(|e| wrong(format!("{}: {e}", file.display())))? {
        store.add(certificate).map_err(|e| wrong(format!("{}: {e}", file.display())))?;
    }
    if store.is_empty() {
        return Err(wrong(format!("there is no certificate in {}", file.display())));
    }
    Ok(store)
}

impl Server {
    /// How connections to it become closed.
    pub fn tls(&self) -> Result<Tls, StoreError> {
        Ok(Tls(Arc::new(self.trust.client(self.proof.certified()?)?)))
    }

    /// What a connection begins with, its password as it is now.
    pub fn login(&self) -> Result<postgres::Config, StoreError> {
        let mut login = self.login.clone();
        if let Some(password) = self.proof.password()? {
            login.password(password);
        }
        Ok(login)
    }

    /// It is reached over a network, by connections that others may read or answer.
    pub fn is_exposed(&self) -> bool {
        self.trust == Trust::Anybody && self.is_far()
    }

    /// A password that stands in the address opens it from another machine.
    pub fn has_standing_password(&self) -> bool {
        self.login.get_password().is_some() && self.is_far()
    }

    /// It is on another machine.
    fn is_far(&self) -> bool {
        let near = |host: &Host| match host {
            Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
            Host::Unix(_) => true,
        };
        !self.login.get_hosts().iter().all(near) || !self.login.get_hostaddrs().iter().all(IpAddr::is_loopback)
    }
}

/// Makes connections closed.
pub(crate) struct Tls(Arc<ClientConfig>);

/// One connection that is to become closed.
pub(crate) struct Handshake {
    connector: TlsConnector,
    host: String,
}

/// A closed connection.
pub(crate) struct Sealed(tokio_rustls::client::TlsStream<Socket>);

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Sealed;
    type TlsConnect = Handshake;
    type Error = Infallible;

    // Asked for sockets of this machine as well, which have no name and get no handshake.
    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, Infallible> {
        Ok(Handshake { connector: TlsConnector::from(self.0.clone()), host: host.to_owned() })
    }
}

impl TlsConnect<Socket> for Handshake {
    type Stream = Sealed;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Sealed>> + Send>>;

    fn connect(self, stream: Socket) -> Self::Future {
        Box::pin(async move {
            let name = ServerName::try_from(self.host).map_err(io::Error::other)?;
            match tokio::time::timeout(HANDSHAKE, self.connector.connect(name, stream)).await {
                Ok(shaken) => shaken.map(Sealed),
                Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the server is silent in the handshake")),
            }
        })
    }
}

impl TlsStream for Sealed {
    // Where the certificate is looked at, a binding adds nothing; where it is not, who stands between can refuse TLS.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Sealed {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Sealed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// For `sslmode=prefer`, which goes without TLS when the server says that it has none: a certificate would prove nothing.
/// That the server has its key is looked at.
#[derive(Debug)]
struct Anybody(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        crypto::verify_tls12_signature(message, certificate, signed, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        crypto::verify_tls13_signature(message, certificate, signed, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_address_asks_for() {
        let own = Trust::Roots(Some("/etc/ca.pem".into()));
        let right = [
            (None, None, SslMode::Prefer, Trust::Anybody),
            (Some("prefer"), None, SslMode::Prefer, Trust::Anybody),
            (Some("disable"), None, SslMode::Disable, Trust::Anybody),
            (Some("require"), None, SslMode::Require, Trust::Roots(None)),
            (Some("verify-full"), None, SslMode::Require, Trust::Roots(None)),
            (None, Some("system"), SslMode::Require, Trust::Roots(None)),
            (None, Some("/etc/ca.pem"), SslMode::Require, own.clone()),
            (Some("require"), Some("/etc/ca.pem"), SslMode::Require, own),
        ];
        for (mode, roots, tls, trust) in right {
            let asked = Trust::asked(mode, roots).unwrap();
            assert_eq!(asked, (tls, trust), "{mode:?} {roots:?}");
        }
        let wrong = [(Some("verify-ca"), None), (Some("allow"), None), (Some("prefer"), Some("/a")), (None, Some(""))];
        for (mode, roots) in wrong {
            assert!(matches!(Trust::asked(mode, roots), Err(StoreError::Url(_))), "{mode:?} {roots:?}");
        }
    }

    #[test]
    fn a_file_without_a_root_is_named() {
        let folder = std::env::temp_dir().join(format!("svod-roots-{}", std::process::id()));
        let missing = roots(Some(&folder)).unwrap_err().to_string();
        assert!(missing.contains("sslrootcert") && missing.contains("svod-roots"), "{missing}");
    }
}
