//! Notifications on their way to subscribers: HTTP and MQTT through the outbound rules, with TLS or on this machine.

use std::sync::{Arc, OnceLock};

use reqwest::Url;
use svod_subscriptions::{Deliver, Message, Sending, Target};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::courier::Parcel;
use crate::outbound::Outbound;
use crate::tls;

/// Carries messages.
pub struct Delivery {
    outbound: Outbound,
    /// TLS to brokers, made when the first is spoken to.
    tls: OnceLock<Arc<ClientConfig>>,
}

impl Delivery {
    /// Under these rules.
    pub const fn new(outbound: Outbound) -> Self {
        Self { outbound, tls: OnceLock::new() }
    }

    /// The roots of the system, or of the file that `SSL_CERT_FILE` names.
    fn tls(&self) -> Result<Arc<ClientConfig>, String> {
        if let Some(made) = self.tls.get() {
            return Ok(made.clone());
        }
        let made = closed(tls::roots())?;
        Ok(self.tls.get_or_init(|| made).clone())
    }

    async fn publish(&self, url: &str, payload: Vec<u8>, (qos, five): (u8, bool)) -> Result<(), String> {
        let to = Broker::parse(url)?;
        let address = self.outbound.resolve(to.scheme(), &to.host, to.port).await?;
        let parcel = Parcel { client: client_id(), user: to.user.as_ref(), topic: &to.topic, payload, qos, five };
        let far = |e: std::io::Error| format!("{}: {e}", to.host);
        let mut stream = TcpStream::connect((address, to.port)).await.map_err(far)?;
        if !to.closed {
            return parcel.deliver(&mut stream).await;
        }
        let name = ServerName::try_from(to.host.clone()).map_err(|e| e.to_string())?;
        let mut stream = TlsConnector::from(self.tls()?).connect(name, stream).await.map_err(far)?;
        parcel.deliver(&mut stream).await
    }
}

/// TLS 1.2 and 1.3 to who shows a certificate for their name that goes back to one of these.
fn closed(roots: RootCertStore) -> Result<Arc<ClientConfig>, String> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|e| e.to_string())?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

impl Deliver for Delivery {
    fn deliver(&self, message: Message) -> Sending<'_> {
        Box::pin(async move {
            let Message { target, body, timeout } = message;
            match target {
                Target::Http { url, headers } => self.outbound.post(&url, &headers, body, timeout).await,
                Target::Stream => Ok(()),
                Target::Mqtt { url, qos, five } => {
                    let late = |_| format!("the broker took longer than {} s", timeout.as_secs_f64());
                    let sent = self.publish(&url, body.to_vec(), (qos, five));
                    tokio::time::timeout(timeout, sent).await.map_err(late)?
                }
            }
        })
    }
}

/// `mqtt://[user[:password]@]host[:port]/topic`, or `mqtts://` (NGSI-LD, clause 7.2).
#[derive(Debug, PartialEq, Eq)]
struct Broker {
    closed: bool,
    host: String,
    port: u16,
    topic: String,
    user: Option<(String, String)>,
}

impl Broker {
    fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|e| e.to_string())?;
        let closed = match url.scheme() {
            "mqtt" => false,
            "mqtts" => true,
            other => return Err(format!("{other} is not spoken; use mqtts or mqtt")),
        };
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let topic = url.path().trim_start_matches('/').to_owned();
        if host.is_empty() || topic.is_empty() {
            return Err("an MQTT address needs a host and a topic".into());
        }
        let user = (!url.username().is_empty())
            .then(|| (url.username().to_owned(), url.password().unwrap_or_default().to_owned()));
        Ok(Self { closed, host, port: url.port().unwrap_or(if closed { 8883 } else { 1883 }), topic, user })
    }

    const fn scheme(&self) -> &'static str {
        if self.closed { "mqtts" } else { "mqtt" }
    }
}

/// A name for one connection; brokers throw the older of two of one name out.
fn client_id() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("svod-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpListener;
    use tokio::task::JoinHandle;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

    use super::*;
    use crate::config::OutboundConfig;
    use crate::courier::tests::broker;

    #[test]
    fn addresses_of_brokers_are_read() {
        let full = Broker::parse("mqtt://me:secret@b.example:8085/a/b").unwrap();
        assert_eq!((full.host.as_str(), full.port, full.topic.as_str()), ("b.example", 8085, "a/b"));
        assert_eq!(full.user, Some(("me".into(), "secret".into())));
        let plain = Broker::parse("mqtt://b.example/t").unwrap();
        assert_eq!((plain.port, plain.user, plain.closed), (1883, None, false));
        let closed = Broker::parse("mqtts://b.example/t").unwrap();
        assert_eq!((closed.port, closed.closed), (8883, true));
        for bad in ["amqp://b.example/t", "mqtt://b.example", "b"] {
            assert!(Broker::parse(bad).is_err(), "{bad}");
        }
    }

    fn delivery(trusted: Option<CertificateDer<'static>>) -> Delivery {
        let hosts = ["localhost", "127.0.0.1", "broker.example"].map(str::to_owned).to_vec();
        let outbound = Outbound::new(&OutboundConfig { hosts, private: true, ..OutboundConfig::default() }).unwrap();
        let mut roots = RootCertStore::empty();
        trusted.into_iter().for_each(|root| roots.add(root).unwrap());
        Delivery { outbound, tls: OnceLock::from(closed(roots).unwrap()) }
    }

    /// A broker behind TLS for `localhost`: its certificate, its port, and what one connection brings.
    async fn behind_tls() -> (CertificateDer<'static>, u16, JoinHandle<Vec<(u8, Vec<u8>)>>) {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("own.pem"), folder.path().join("own.key"));
        let mut openssl = std::process::Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
        openssl.args(["-subj", "/CN=localhost", "-addext", "basicConstraints=critical,CA:FALSE"]);
        openssl.args(["-addext", "subjectAltName=DNS:localhost"]);
        openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
        let made = openssl.output().expect("this test needs the program openssl (Debian: apt-get install openssl)");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let own = CertificateDer::from_pem_file(&certificate).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.clone()], PrivateKeyDer::from_pem_file(&key).unwrap())
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, acceptor) = (listener.local_addr().unwrap().port(), TlsAcceptor::from(Arc::new(config)));
        let served = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            match acceptor.accept(stream).await {
                Ok(mut stream) => broker(&mut stream, true).await,
                Err(_) => Vec::new(),
            }
        });
        (own, port, served)
    }

    async fn send(delivery: &Delivery, url: String) -> Result<(), String> {
        let target = Target::Mqtt { url, qos: 2, five: true };
        let body = bytes::Bytes::from_static(b"level 2");
        delivery.deliver(Message { target, body, timeout: Duration::from_secs(10) }).await
    }

    /// ASVS V12.3.1, V12.3.2: brokers are spoken to by TLS, and only those that prove who they are.
    #[tokio::test]
    async fn a_broker_is_spoken_to_by_tls_and_proves_who_it_is() {
        let (own, port, served) = behind_tls().await;
        send(&delivery(Some(own)), format!("mqtts://me:secret@localhost:{port}/a/b")).await.unwrap();
        let seen = served.await.unwrap();
        assert_eq!(seen.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [1, 3, 6, 14]);

        let (own, port, served) = behind_tls().await;
        let another = send(&delivery(Some(own)), format!("mqtts://127.0.0.1:{port}/a/b")).await.unwrap_err();
        assert!(another.to_lowercase().contains("certificate"), "{another}");
        assert_eq!(served.await.unwrap(), Vec::new(), "nothing was said to it");
        let (_, port, served) = behind_tls().await;
        let strange = send(&delivery(None), format!("mqtts://localhost:{port}/a/b")).await.unwrap_err();
        assert!(strange.to_lowercase().contains("certificate"), "{strange}");
        assert_eq!(served.await.unwrap(), Vec::new(), "nothing was said to it");
    }

    /// ASVS V12.3.1: another machine is not spoken to in the clear unless somebody has said so.
    #[tokio::test]
    async fn a_broker_elsewhere_is_not_spoken_to_in_the_clear() {
        let refused = send(&delivery(None), "mqtt://broker.example/a".to_owned()).await.unwrap_err();
        assert!(refused.contains("outbound.plain") && refused.contains("mqtts"), "{refused}");
    }
}
