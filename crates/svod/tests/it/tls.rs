//! The real program behind TLS, with certificates that the program `openssl` makes for the test.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use reqwest::blocking::Client;
use svod_testkit::Binary;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore};

use crate::program;

/// The program looks every two seconds and believes what it has seen twice; a busy machine takes its time.
const PATIENCE: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

/// A certificate for this machine with its key.
struct Pair {
    certificate: PathBuf,
    key: PathBuf,
}

impl Pair {
    fn new(folder: &Path, name: &str) -> Self {
        let (certificate, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]);
        openssl.args(["-subj", "/CN=localhost", "-addext", "basicConstraints=critical,CA:FALSE"]);
        openssl.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
        openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
        let made = openssl.output().expect("this test needs the program openssl (Debian: apt-get install openssl)");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self { certificate, key }
    }

    /// Takes the place of another, both files at once as far as a file system can.
    fn replaces(&self, other: &Self) {
        for (from, to) in [(&self.key, &other.key), (&self.certificate, &other.certificate)] {
            let beside = to.with_extension("new");
            std::fs::copy(from, &beside).unwrap();
            std::fs::rename(&beside, to).unwrap();
        }
    }

    fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(&self.certificate).unwrap()
    }

    /// A client that trusts it alone and keeps connections.
    fn client(&self) -> Client {
        let root = reqwest::Certificate::from_pem(&std::fs::read(&self.certificate).unwrap()).unwrap();
        Client::builder().timeout(Duration::from_secs(20)).tls_certs_only([root]).build().unwrap()
    }
}

fn configuration(folder: &Path, text: &str) -> String {
    let file = folder.join("svod.toml");
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Both doors with this pair.
fn doors(folder: &Path, pair: &Pair) -> String {
    let (certificate, key) = (pair.certificate.display(), pair.key.display());
    configuration(
        folder,
        &format!(
            "[http]\ntls_certificate = \"{certificate}\"\ntls_key = \"{key}\"\n\
             [mqtt]\ntls_cert = \"{certificate}\"\ntls_key = \"{key}\"\n"
        ),
    )
}

/// What a door shows to somebody who trusts these.
fn shown(at: SocketAddr, trusted: &[&Pair]) -> CertificateDer<'static> {
    let mut roots = RootCertStore::empty();
    for pair in trusted {
        roots.add(pair.der()).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut session = ClientConnection::new(Arc::new(config), ServerName::from(at.ip())).unwrap();
    let mut stream = TcpStream::connect(at).unwrap();
    while session.is_handshaking() {
        session.complete_io(&mut stream).unwrap();
    }
    session.peer_certificates().unwrap()[0].clone()
}

fn eventually(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..PATIENCE {
        if holds() {
            return;
        }
        std::thread::sleep(PAUSE);
    }
    panic!("{what}: not within {:?}", PAUSE * PATIENCE);
}

fn complaints(binary: &Binary, key: &str) -> usize {
    let log = binary.log();
    log.lines().filter(|l| l.contains("cannot be used; the old one is shown") && l.contains(key)).count()
}

#[test]
fn pages_and_api_over_tls() {
    let (data, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let pair = Pair::new(files.path(), "own");
    let config = doors(files.path(), &pair);
    let binary = program().serve(data.path(), &["--config", &config]).ready();
    let base = format!("https://{}", binary.http);
    assert!(binary.log().lines().next().unwrap().contains(&base), "{}", binary.log());
    // Somebody who says nothing holds up nobody.
    let mut silent = TcpStream::connect(binary.http).unwrap();

    let client = pair.client();
    let health = client.get(format!("{base}/healthz")).send().unwrap();
    assert_eq!(health.status(), 200);
    assert!(health.headers()["strict-transport-security"].to_str().unwrap().starts_with("max-age="));
    assert_eq!(health.text().unwrap(), "ok\n");
    let page = client.get(format!("{base}/session")).header("accept", "text/html").send().unwrap();
    assert_eq!(page.status(), 200);
    let cookies: Vec<&str> = page.headers().get_all("set-cookie").iter().map(|c| c.to_str().unwrap()).collect();
    assert!(!cookies.is_empty() && cookies.iter().all(|c| c.contains("; Secure")), "{cookies:?}");

    let plain = Client::new().get(format!("http://{}/healthz", binary.http)).send();
    assert!(plain.is_err(), "answered without TLS: {plain:?}");
    let stranger = Pair::new(files.path(), "stranger").client().get(format!("{base}/healthz")).send();
    assert!(stranger.is_err(), "the certificate is not the stranger's: {stranger:?}");
    let doctor = program().run(&["doctor", "--config", &config, "--data", data.path().to_str().unwrap()]);
    assert!(doctor.stdout.contains("http certificate: good for 29 days"), "{}", doctor.stdout);

    silent.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    assert_eq!(silent.read(&mut [0; 1]).unwrap(), 0, "a handshake that does not come ends");
    binary.stop();
}

/// ASVS V12.2.2: whether browsers believe the certificate, for the name by which people come.
#[test]
fn the_doctor_says_whether_browsers_believe_the_certificate() {
    let (data, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let pair = Pair::new(files.path(), "own");
    let config = doors(files.path(), &pair);
    let ask = |program: svod_testkit::Program| {
        program.run(&["doctor", "--config", &config, "--data", data.path().to_str().unwrap()]).stdout
    };
    let believing = || program().env("SSL_CERT_FILE", pair.certificate.to_str().unwrap());
    let strange = Pair::new(files.path(), "stranger");
    let said = ask(program().env("SSL_CERT_FILE", strange.certificate.to_str().unwrap()));
    assert!(said.contains("odd  http trust: ") && said.contains("does not believe it for localhost"), "{said}");
    let said = ask(believing());
    assert!(said.contains("ok   http trust: ") && said.contains("believes it for localhost"), "{said}");
    let named = std::fs::read_to_string(&config).unwrap() + "[identity]\norigin = \"https://region.example\"\n";
    std::fs::write(&config, named).unwrap();
    let said = ask(believing());
    assert!(said.contains("odd  http trust: ") && said.contains("does not believe it for region.example"), "{said}");
}

#[test]
fn a_renewed_certificate_is_shown_without_a_restart() {
    let (data, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (own, first, second) = (files.path().join("own"), files.path().join("1"), files.path().join("2"));
    for folder in [&own, &first, &second] {
        std::fs::create_dir(folder).unwrap();
    }
    let (served, first, second) = (Pair::new(&own, "own"), Pair::new(&first, "first"), Pair::new(&second, "second"));
    first.replaces(&served);
    let config = doors(files.path(), &served);
    let mut binary = program().serve(data.path(), &["--config", &config]).ready();
    let health = format!("https://{}/healthz", binary.http);
    let early = first.client();
    assert_eq!(early.get(&health).send().unwrap().text().unwrap(), "ok\n");

    second.replaces(&served);
    for door in [binary.http, binary.mqtt] {
        eventually("the second certificate", || shown(door, &[&first, &second]) == second.der());
    }
    let again = early.get(&health).send();
    assert!(again.is_ok(), "the connection that was there is still there: {again:?}");

    for key in ["http.tls_certificate", "mqtt.tls_cert"] {
        binary.expect(key);
    }
    std::fs::write(&served.certificate, "no certificate\n").unwrap();
    for (door, key) in [(binary.http, "http.tls_certificate"), (binary.mqtt, "mqtt.tls_cert")] {
        eventually("a complaint", || complaints(&binary, key) == 1);
        assert_eq!(shown(door, &[&first, &second]), second.der(), "the old one stays");
    }
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(complaints(&binary, "http.tls_certificate"), 1, "it is said once");
    first.replaces(&served);
    eventually("the first certificate", || shown(binary.http, &[&first, &second]) == first.der());
    binary.stop();
}

#[test]
fn what_cannot_be_used_is_named() {
    let (data, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (pair, other) = (Pair::new(files.path(), "own"), Pair::new(files.path(), "other"));
    let refused = |certificate: &Path, key: &Path| {
        let text =
            format!("[http]\ntls_certificate = \"{}\"\ntls_key = \"{}\"\n", certificate.display(), key.display());
        let config = configuration(files.path(), &text);
        let data = data.path().to_str().unwrap();
        let any = "127.0.0.1:0";
        let ran = program().run(&["serve", "--config", &config, "--data", data, "--http", any, "--mqtt", any]);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        ran.stderr
    };
    let missing = refused(&files.path().join("nowhere.pem"), &pair.key);
    assert!(missing.contains("http.tls_certificate") && missing.contains("nowhere.pem"), "{missing}");
    let mixed = refused(&pair.certificate, &other.key);
    assert!(mixed.contains("http.tls_certificate and http.tls_key do not fit together"), "{mixed}");
    std::fs::set_permissions(&pair.key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = refused(&pair.certificate, &pair.key);
    assert!(open.contains("http.tls_key") && open.contains("can be read by others"), "{open}");
    let half = configuration(files.path(), "[http]\ntls_key = \"own.key\"\n");
    let checked = program().run(&["config", "check", "--config", &half]);
    assert!(checked.code == Some(1) && checked.stderr.contains("only one of the two"), "{}", checked.stderr);
}

/// A `ClientHello` of that version with that one suite (RFC 5246, 7.4.1.2), and a curve and a signature that every server has.
fn hello(version: [u8; 2], suite: [u8; 2]) -> Vec<u8> {
    let groups: [u8; 8] = [0, 10, 0, 4, 0, 2, 0, 23];
    let points: [u8; 6] = [0, 11, 0, 2, 1, 0];
    let signatures: [u8; 8] = [0, 13, 0, 4, 0, 2, 4, 3];
    let extensions = [&groups[..], &points, &signatures].concat();
    let counted = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    let body = [&version[..], &[7_u8; 32], &[0, 0, 2], &suite, &[1, 0], &counted(&extensions)].concat();
    let handshake = [&[1_u8, 0][..], &counted(&body)].concat();
    [&[22_u8, 3, 1][..], &counted(&handshake)].concat()
}

/// What kind of record the door answers with (RFC 8446, 5.1): 22 goes on, 21 is an alert; 0 for none.
fn answered(at: SocketAddr, hello: &[u8]) -> u8 {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(hello).unwrap();
    let mut kind = [0; 1];
    match stream.read(&mut kind) {
        Ok(1) => kind[0],
        _ => 0,
    }
}

/// ASVS V12.1.1, V12.1.2: nothing older than TLS 1.2, and no suite without forward secrecy and authenticated encryption.
#[test]
fn old_versions_and_weak_suites_are_refused() {
    const GOOD: [u8; 2] = [0xc0, 0x2b]; // ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    const WEAK: [[u8; 2]; 4] = [
        [0xc0, 0x09], // ECDHE_ECDSA_WITH_AES_128_CBC_SHA
        [0xc0, 0x07], // ECDHE_ECDSA_WITH_RC4_128_SHA
        [0x00, 0x9c], // RSA_WITH_AES_128_GCM_SHA256
        [0x00, 0x0a], // RSA_WITH_3DES_EDE_CBC_SHA
    ];
    let (data, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let pair = Pair::new(files.path(), "own");
    let config = doors(files.path(), &pair);
    let binary = program().serve(data.path(), &["--config", &config]).ready();
    for door in [binary.http, binary.mqtt] {
        assert_eq!(answered(door, &hello([3, 3], GOOD)), 22, "TLS 1.2 is spoken");
        for old in [[3, 0], [3, 1], [3, 2]] {
            assert_ne!(answered(door, &hello(old, GOOD)), 22, "{old:?}");
        }
        for suite in WEAK {
            assert_ne!(answered(door, &hello([3, 3], suite)), 22, "{suite:x?}");
        }
    }
    binary.stop();
}

/// ASVS V12.3.1: what others can reach does not start in the clear by oversight.
#[test]
fn without_a_certificate_it_listens_on_loopback_only() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    for (key, http, mqtt) in [("http.listen", "0.0.0.0:0", "127.0.0.1:0"), ("mqtt.listen", "127.0.0.1:0", "0.0.0.0:0")]
    {
        let ran = program().run(&["serve", "--data", folder, "--http", http, "--mqtt", mqtt]);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains(key) && ran.stderr.contains("certificate"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("listening"), "it listened before it refused: {}", ran.stderr);
    }
    let store = program().env("SVOD_STORE", "postgres://svod:s3cret@db.invalid/svod");
    let ran = store.run(&["serve", "--data", folder, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("sslmode=verify-full") && !ran.stderr.contains("s3cret"), "{}", ran.stderr);
}
