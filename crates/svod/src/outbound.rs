//! What the platform fetches from elsewhere: only from hosts that the configuration allows, never from a private
//! address unless it says so, within a time and a size.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde_json::Value;

use crate::config::OutboundConfig;

/// Longest answer.
const MAX_BYTES: usize = 4 << 20;
/// A connection that takes longer is given up, so that it is known that nothing was sent.
const CONNECTS: Duration = Duration::from_secs(5);
/// Redirections followed, each to a host that is allowed.
const MAX_HOPS: usize = 5;

/// A client of other systems.
#[derive(Clone)]
pub struct Outbound {
    client: reqwest::Client,
    rules: Arc<Rules>,
}

struct Rules(OutboundConfig);

impl Rules {
    /// Why this address is not fetched; `None` when it is.
    fn refusal(&self, url: &Url) -> Option<String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Some("only http and https addresses are fetched".into());
        }
        self.refuses(url.scheme(), url.host_str().unwrap_or_default())
    }

    /// Why a host is not spoken to by this scheme; `None` when it is.
    fn refuses(&self, scheme: &str, host: &str) -> Option<String> {
        let host = host.trim_matches(['[', ']']);
        if !self.0.hosts.iter().any(|h| h == "*" || h.eq_ignore_ascii_case(host)) {
            return Some(format!("the host {host} does not stand in outbound.hosts"));
        }
        match host.parse::<IpAddr>() {
            Ok(ip) if !self.0.private && !public(ip) => Some("private addresses are not fetched".into()),
            _ => self.0.refuses_plain(scheme, host),
        }
    }
}

/// Reachable from anywhere, by the special-purpose registries of IANA (RFC 6890).
fn public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let reserved = a == 0 || a >= 240 || (a == 192 && b == 0) || (a == 198 && (18..20).contains(&b));
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast() || shared || reserved)
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => public(v4.into()),
            None => {
                let first = v6.segments()[0];
                !(v6.is_loopback() || v6.is_unspecified() || v6.is_multicast())
                    && (first & 0xfe00) != 0xfc00
                    && (first & 0xffc0) != 0xfe80
            }
        },
    }
}

/// Leaves private addresses out of what a name resolves to, so that no name leads inside.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let kept: Vec<SocketAddr> = found.filter(|a| public(a.ip())).collect();
            if kept.is_empty() {
                return Err("the name leads to private addresses only".into());
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

impl Outbound {
    /// A client under these rules.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(config: &OutboundConfig) -> anyhow::Result<Self> {
        let rules = Arc::new(Rules(config.clone()));
        let checked = rules.clone();
        let follow = reqwest::redirect::Policy::custom(move |attempt| match checked.refusal(attempt.url()) {
            Some(why) => attempt.error(why),
            None if attempt.previous().len() > MAX_HOPS => attempt.error("too many redirections"),
            None => attempt.follow(),
        });
        let patience = Duration::from_secs(config.timeout_seconds);
        let mut builder = reqwest::Client::builder()
            .timeout(patience)
            // Shorter than any patience: what runs out of that has been connected.
            .connect_timeout(CONNECTS.min(patience / 2))
            .redirect(follow)
            .no_proxy()
            // Some receivers compare names of fields as they stand.
            .http1_title_case_headers()
            .user_agent(concat!("svod/", env!("CARGO_PKG_VERSION")));
        if !config.private {
            builder = builder.dns_resolver(Arc::new(PublicOnly));
        }
        Ok(Self { client: builder.build()?, rules })
    }

    /// A JSON document.
    ///
    /// # Errors
    /// Why it is not to be had.
    pub async fn json(&self, url: &str) -> Result<Value, OutboundError> {
        let body = self.bytes(url).await.map_err(OutboundError::Unavailable)?;
        serde_json::from_slice(&body).map_err(|e| OutboundError::NotJson(e.to_string()))
    }

    /// May this address be spoken to?
    ///
    /// # Errors
    /// Why not.
    pub fn permits(&self, url: &str) -> Result<Url, String> {
        let url = Url::parse(url).map_err(|e| e.to_string())?;
        match self.rules.refusal(&url) {
            None => Ok(url),
            Some(why) => Err(why),
        }
    }

    /// The address behind a name that may be spoken to, for what is not HTTP: the one that was looked at is the one that is
    /// connected to.
    ///
    /// # Errors
    /// Why not.
    pub async fn resolve(&self, scheme: &str, host: &str, port: u16) -> Result<IpAddr, String> {
        let bare = host.trim_matches(['[', ']']);
        if let Some(why) = self.rules.refuses(scheme, bare) {
            return Err(why);
        }
        let found = tokio::net::lookup_host((bare, port)).await.map_err(|e| format!("{bare} is not found: {e}"))?;
        let may = |ip: &IpAddr| self.rules.0.private || public(*ip);
        found.map(|a| a.ip()).find(may).ok_or_else(|| "the name leads to private addresses only".to_owned())
    }

    /// Sends a body; done when the answer is 2xx.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: bytes::Bytes,
        timeout: Duration,
    ) -> Result<(), String> {
        let mut request = self.client.post(self.permits(url)?).timeout(timeout).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(|e| why(&e.without_url()))?;
        if response.status().is_success() { Ok(()) } else { Err(format!("it answers {}", response.status())) }
    }

    /// Sends a request; whatever is answered is an answer.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Option<String>,
        timeout: Duration,
    ) -> Result<Answered, String> {
        self.send_told(method, url, headers, body, timeout).await.map_err(|e| e.why)
    }

    /// As [`Outbound::send`]; where there is no answer it is told whether what was sent may have arrived.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn send_told(
        &self,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Option<String>,
        timeout: Duration,
    ) -> Result<Answered, Unanswered> {
        let stays = |why: String| Unanswered { why, arrived: false };
        let method = reqwest::Method::from_bytes(method.as_bytes()).map_err(|e| stays(e.to_string()))?;
        let mut request = self.client.request(method, self.permits(url).map_err(stays)?).timeout(timeout);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let sent = request.send().await.map(Answered);
        sent.map_err(|e| Unanswered { arrived: !(e.is_connect() || e.is_builder()), why: why(&e.without_url()) })
    }

    async fn bytes(&self, url: &str) -> Result<Vec<u8>, String> {
        let request =
            self.client.get(self.permits(url)?).header("accept", "application/ld+json, application/json;q=0.9");
        let mut response = request.send().await.map_err(|e| e.without_url().to_string())?;
        if !response.status().is_success() {
            return Err(format!("it answers {}", response.status()));
        }
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|e| e.without_url().to_string())? {
            body.extend_from_slice(&part);
            if body.len() > MAX_BYTES {
                return Err(format!("it is longer than {MAX_BYTES} bytes"));
            }
        }
        Ok(body)
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub struct Unanswered {
    /// In words.
    pub why: String,
    /// What was sent may have arrived: there was a connection, with TLS where the address asks for it.
    pub arrived: bool,
}

/// An answer that is yet to be read.
pub struct Answered(reqwest::Response);

impl Answered {
    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// Values of a header field.
    pub fn headers(&self, name: &str) -> Vec<String> {
        self.0.headers().get_all(name).iter().filter_map(|v| v.to_str().ok().map(str::to_owned)).collect()
    }

    /// The body, when it is no longer than that.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub async fn body(mut self, most: usize) -> Result<Vec<u8>, String> {
        let mut body = Vec::new();
        while let Some(part) = self.0.chunk().await.map_err(|e| e.without_url().to_string())? {
            body.extend_from_slice(&part);
            if body.len() > most {
                return Err(format!("it is longer than {most} bytes"));
            }
        }
        Ok(body)
    }
}

/// An error with its causes.
fn why(e: &dyn std::error::Error) -> String {
    let mut text = e.to_string();
    let mut cause = e.source();
    while let Some(c) = cause {
        text.push_str(": ");
        text.push_str(&c.to_string());
        cause = c.source();
    }
    text
}

/// Why a document is not to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboundError {
    /// It came and is something else.
    NotJson(String),
    /// It did not come.
    Unavailable(String),
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn only_what_is_allowed_and_public_is_fetched() {
        let rules = |hosts: &[&str], private| {
            let (hosts, plain) = (hosts.iter().map(|h| (*h).to_owned()).collect(), vec!["*".to_owned()]);
            Rules(OutboundConfig { hosts, plain, private, ..OutboundConfig::default() })
        };
        let may = |r: &Rules, url: &str| r.refusal(&Url::parse(url).unwrap()).is_none();
        let some = rules(&["a.example", "10.0.0.1"], false);
        assert!(may(&some, "https://A.example/x") && !may(&some, "https://b.example/x"));
        assert!(!may(&some, "http://10.0.0.1/") && !may(&some, "ftp://a.example/"));
        let all = rules(&["*"], false);
        for inside in [
            "127.0.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "[::1]",
            "[fd00::1]",
            "[::ffff:10.0.0.1]",
            "0.0.0.0",
        ] {
            assert!(!may(&all, &format!("http://{inside}/")), "{inside}");
        }
        assert!(may(&all, "http://93.184.216.34/") && may(&rules(&["*"], true), "http://127.0.0.1:8087/c"));
        let closed = Rules(OutboundConfig { plain: Vec::new(), ..all.0 });
        assert!(may(&closed, "https://93.184.216.34/") && !may(&closed, "http://93.184.216.34/"));
    }

    fn outbound(hosts: &[&str], private: bool) -> Outbound {
        let hosts = hosts.iter().map(|h| (*h).to_owned()).collect();
        Outbound::new(&OutboundConfig { hosts, private, ..OutboundConfig::default() }).unwrap()
    }

    /// A server that always answers the same, and how often it was asked.
    async fn server(answer: impl Fn(SocketAddr) -> String) -> (SocketAddr, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (answer, asked) = (answer(at), Arc::new(AtomicUsize::new(0)));
        let count = asked.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                drop(stream.read(&mut request).await);
                count.fetch_add(1, Ordering::SeqCst);
                drop(stream.write_all(answer.as_bytes()).await);
            }
        });
        (at, asked)
    }

    fn document(_: SocketAddr) -> String {
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}".to_owned()
    }

    fn away(to: &str) -> String {
        format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    }

    /// ASVS V15.3.2: each step of a redirection is judged as the first address is, and there are few.
    #[tokio::test]
    async fn a_redirection_leads_to_allowed_hosts_only_and_not_for_ever() {
        let client = outbound(&["127.0.0.1"], true);
        let (end, reached) = server(document).await;
        let (near, _) = server(|_| away(&format!("http://{end}/"))).await;
        client.json(&format!("http://{near}/")).await.unwrap();
        assert_eq!(reached.load(Ordering::SeqCst), 1);
        let (far, _) = server(|_| away(&format!("http://localhost:{}/", end.port()))).await;
        assert!(client.json(&format!("http://{far}/")).await.is_err());
        assert_eq!(reached.load(Ordering::SeqCst), 1, "a host that nobody has allowed");
        let (round, asked) = server(|own| away(&format!("http://{own}/"))).await;
        assert!(client.json(&format!("http://{round}/")).await.is_err());
        assert!(asked.load(Ordering::SeqCst) <= MAX_HOPS + 1, "{asked:?}");
    }

    /// ASVS V1.3.6, V13.2.4: a name is allowed and leads inside all the same: it is not followed, over HTTP or for MQTT.
    #[tokio::test]
    async fn no_name_leads_inside() {
        let (inside, reached) = server(document).await;
        let (closed, open) =
            (outbound(&["localhost", "127.0.0.1"], false), outbound(&["localhost", "127.0.0.1"], true));
        let address = format!("http://localhost:{}/", inside.port());
        assert!(closed.json(&address).await.is_err());
        assert_eq!(reached.load(Ordering::SeqCst), 0);
        for host in ["localhost", "127.0.0.1"] {
            assert!(closed.resolve("mqtt", host, inside.port()).await.is_err(), "{host}");
            assert!(open.resolve("mqtt", host, inside.port()).await.unwrap().is_loopback(), "{host}");
        }
        let other = open.resolve("mqtts", "broker.example", 8883).await.unwrap_err();
        assert!(other.contains("outbound.hosts"), "{other}");
    }

    /// A host that swallows packets was never connected to: nothing was sent, however long it was waited for. One that takes the
    /// request and is silent may have it.
    #[tokio::test]
    async fn what_was_never_connected_to_has_nothing() {
        let hosts = vec!["127.0.0.1".to_owned()];
        let config = OutboundConfig { hosts, private: true, timeout_seconds: 2, ..OutboundConfig::default() };
        let client = Outbound::new(&config).unwrap();
        let send = async |to: SocketAddr| {
            let (url, patience) = (format!("http://{to}/"), Duration::from_secs(3));
            client.send_told("POST", &url, &[], Some("x".into()), patience).await.err().unwrap()
        };
        // The line of those who wait for this listener is full.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let full = socket.listen(1).unwrap();
        let at = full.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(Ok(stream)) =
            tokio::time::timeout(Duration::from_millis(300), tokio::net::TcpStream::connect(at)).await
        {
            waiting.push(stream);
            assert!(waiting.len() < 64, "the line is never full");
        }
        assert!(!send(at).await.arrived);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let silent = listener.local_addr().unwrap();
        let held = tokio::spawn(async move { listener.accept().await.map(|(stream, _)| stream) });
        assert!(send(silent).await.arrived);
        drop(held.await.unwrap());
    }

    /// ASVS V12.3.2: whose certificate nobody vouches for is not spoken to.
    #[tokio::test]
    async fn a_certificate_that_nobody_vouches_for_is_refused() {
        use tokio_rustls::rustls::ServerConfig;
        use tokio_rustls::rustls::crypto::ring;
        use tokio_rustls::rustls::pki_types::pem::PemObject as _;
        use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("own.pem"), folder.path().join("own.key"));
        let mut openssl = std::process::Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
        openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]);
        openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
        let made = openssl.output().expect("this test needs the program openssl (Debian: apt-get install openssl)");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let chain = vec![CertificateDer::from_pem_file(&certificate).unwrap()];
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::from_pem_file(&key).unwrap())
            .unwrap();
        let (listener, acceptor) =
            (TcpListener::bind("127.0.0.1:0").await.unwrap(), tokio_rustls::TlsAcceptor::from(Arc::new(config)));
        let address = format!("https://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await);
                }
            }
        });
        let client = outbound(&["127.0.0.1"], true);
        let sent = client.post(&address, &[], bytes::Bytes::new(), Duration::from_secs(10)).await;
        let why = sent.unwrap_err().to_lowercase();
        assert!(why.contains("certificate"), "{why}");
    }
}
