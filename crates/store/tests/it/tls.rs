//! TLS to a PostgreSQL of the test's own, which gets its certificate from the program `openssl`.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use svod_kernel::SystemClock;
use svod_store::testing::TestPlace;
use svod_store::{Store, StoreError, StoreOptions, StoreUrl};

/// A server that is stopped and removed with the test.
struct Server {
    folder: PathBuf,
    url: String,
}

impl Server {
    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("svod-postgres-tls-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        // The server runs as another user where the test runs as root.
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut server = Self { folder, url: String::new() };
        let started = server.script("tcp");
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        server.url = String::from_utf8(started.stdout).unwrap().trim().to_owned();
        server
    }

    fn script(&self, command: &str) -> Output {
        let script = std::env::current_dir().unwrap().join("../../scripts/postgres-for-tests");
        Command::new(script).arg(command).env("SVOD_POSTGRES_DIR", self.folder.join("pg")).output().unwrap()
    }

    /// A certificate for `localhost` alone, and its key.
    fn certificate(&self, name: &str) -> (PathBuf, PathBuf) {
        let (certificate, key) = (self.folder.join(format!("{name}.pem")), self.folder.join(format!("{name}.key")));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
        openssl.args(["-subj", "/CN=localhost", "-addext", "basicConstraints=critical,CA:FALSE"]);
        openssl.args(["-addext", "subjectAltName=DNS:localhost"]);
        openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
        let made = openssl.output().expect("this test needs the program openssl (Debian: apt-get install openssl)");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        (certificate, key)
    }

    /// From now on it speaks TLS. The server writes its files itself: they must be its user's own.
    fn seal(&self, (certificate, key): &(PathBuf, PathBuf)) {
        let mut admin = postgres::Client::connect(&self.url, postgres::NoTls).unwrap();
        for (from, to) in [(certificate, "server.crt"), (key, "server.key")] {
            let pem = std::fs::read_to_string(from).unwrap();
            let lines = format!("SELECT unnest(string_to_array($pem${}$pem$, E'\\n'))", pem.trim_end());
            admin.batch_execute(&format!("COPY ({lines}) TO PROGRAM 'umask 077; cat > {to}'")).unwrap();
        }
        admin.batch_execute("ALTER SYSTEM SET ssl TO on").unwrap();
        admin.batch_execute("SELECT pg_reload_conf()").unwrap();
    }

    /// Whether a store opened there speaks TLS.
    fn seen(&self, host: &str, query: &str) -> Result<bool, StoreError> {
        let named = self.url.replace("127.0.0.1", host);
        let url: StoreUrl = format!("{named}?hostaddr=127.0.0.1&{query}").parse()?;
        let store = Store::open(&url, StoreOptions::default(), Arc::new(SystemClock))?;
        let sql = "SELECT count(*) FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl";
        let found = store.blocking_read(move |conn| conn.first(sql, &[])?.map_or(Ok(0), |row| row.int(0)));
        store.blocking_close();
        Ok(found? == 1)
    }

    #[track_caller]
    fn refused(&self, host: &str, query: &str, why: &str) {
        match self.seen(host, query) {
            Err(StoreError::Unavailable(said)) => assert!(said.contains(why), "{host} {query}: {said}"),
            other => panic!("{host} {query}: {other:?}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.join("pg/server.log")).unwrap_or_default();
            eprintln!("the server's log:\n{log}");
        }
        let stopped = self.script("stop");
        if !stopped.status.success() {
            eprintln!("{}", String::from_utf8_lossy(&stopped.stderr));
        }
        let _ = std::fs::remove_dir_all(&self.folder); // what is left is in the system's folder of temporary files
    }
}

fn file(path: &Path) -> String {
    format!("sslrootcert={}", path.display())
}

#[test]
fn a_connection_is_as_closed_as_the_address_asks() {
    // Says why there is no PostgreSQL, and fails where there must be one.
    if TestPlace::postgres().is_none() {
        return;
    }
    let server = Server::start();
    let (own, other) = (server.certificate("own"), server.certificate("other"));
    let (trusted, strange) = (file(&own.0), file(&other.0));
    assert_eq!(server.seen("127.0.0.1", ""), Ok(false), "it has no TLS yet, and none was asked for");
    for demanding in ["sslmode=require", "sslmode=verify-full", &trusted] {
        server.refused("localhost", demanding, "TLS");
    }

    server.seal(&own);
    let sealed = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        server.seen("localhost", &trusted) == Ok(true)
    });
    assert!(sealed, "{:?}", server.seen("localhost", &trusted));
    assert_eq!(server.seen("localhost", &format!("sslmode=verify-full&{trusted}")), Ok(true));
    assert_eq!(server.seen("localhost", &format!("sslmode=require&{trusted}")), Ok(true));
    assert_eq!(server.seen("127.0.0.1", "sslmode=prefer"), Ok(true), "closed, whoever answers");
    assert_eq!(server.seen("127.0.0.1", ""), Ok(true), "the same");
    assert_eq!(server.seen("127.0.0.1", "sslmode=disable"), Ok(false));

    server.refused("localhost", "sslmode=require", "certificate");
    server.refused("localhost", "sslmode=verify-full", "certificate");
    server.refused("localhost", &strange, "certificate");
    server.refused("127.0.0.1", &trusted, "certificate");
    server.refused("localhost", "sslrootcert=/nowhere/root.pem", "/nowhere/root.pem");
}
