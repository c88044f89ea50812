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
    fn start(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("svod-postgres-{name}-{}", std::process::id()));
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
        self.certificate_of(name, "localhost")
    }

    /// A certificate in that name, and its key, which its owner alone reads.
    fn certificate_of(&self, name: &str, common: &str) -> (PathBuf, PathBuf) {
        let (certificate, key) = (self.folder.join(format!("{name}.pem")), self.folder.join(format!("{name}.key")));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
        openssl.args(["-subj", &format!("/CN={common}"), "-addext", "basicConstraints=critical,CA:FALSE"]);
        openssl.args(["-addext", "subjectAltName=DNS:localhost"]);
        openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
        let made = openssl.output().expect("this test needs the program openssl (Debian: apt-get install openssl)");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        (certificate, key)
    }

    /// Somebody who may do everything.
    fn admin(&self) -> postgres::Client {
        postgres::Client::connect(&self.url, postgres::NoTls).unwrap()
    }

    /// The server writes its files itself: they must be its user's own.
    fn put(&self, admin: &mut postgres::Client, text: &str, to: &str) {
        let lines = format!("SELECT unnest(string_to_array($pem${}$pem$, E'\\n'))", text.trim_end());
        admin.batch_execute(&format!("COPY ({lines}) TO PROGRAM 'umask 077; cat > {to}'")).unwrap();
    }

    /// From now on it speaks TLS.
    fn seal(&self, (certificate, key): &(PathBuf, PathBuf)) {
        let mut admin = self.admin();
        for (from, to) in [(certificate, "server.crt"), (key, "server.key")] {
            self.put(&mut admin, &std::fs::read_to_string(from).unwrap(), to);
        }
        admin.batch_execute("ALTER SYSTEM SET ssl TO on").unwrap();
        admin.batch_execute("SELECT pg_reload_conf()").unwrap();
    }

    /// Two roles: one is known by a certificate that goes back to that one, the other by a password.
    fn with_roles(&self, trusted: &Path) {
        let mut admin = self.admin();
        self.put(&mut admin, &std::fs::read_to_string(trusted).unwrap(), "clients.crt");
        let rules = "local all all trust\nhostssl all robot 127.0.0.1/32 cert\nhost all all 127.0.0.1/32 scram-sha-256";
        self.put(&mut admin, rules, "pg_hba.conf");
        admin
            .batch_execute(
                "CREATE ROLE robot LOGIN; CREATE ROLE changing LOGIN PASSWORD 'one';
                 GRANT CREATE ON DATABASE svod TO robot, changing",
            )
            .unwrap();
        admin.batch_execute("ALTER SYSTEM SET ssl_ca_file TO 'clients.crt'").unwrap();
        admin.batch_execute("SELECT pg_reload_conf()").unwrap();
    }

    /// The store as that role, with a schema of its own.
    fn open_as(&self, role: &str, query: &str) -> Result<Store, StoreError> {
        let port = self.url.split_once("127.0.0.1:").unwrap().1;
        let url = format!("postgres://{role}@localhost:{port}?hostaddr=127.0.0.1&schema={role}&{query}");
        Store::open(&url.parse()?, StoreOptions::default(), Arc::new(SystemClock))
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
    let server = Server::start("tls");
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

/// ASVS V13.2.1: a certificate or a password that is exchanged, each read anew with a connection.
#[test]
fn the_platform_proves_who_it_is_without_a_standing_password() {
    if TestPlace::postgres().is_none() {
        return;
    }
    let server = Server::start("proof");
    let own = server.certificate("own");
    let (robot, other) = (server.certificate_of("robot", "robot"), server.certificate_of("other", "robot"));
    server.seal(&own);
    server.with_roles(&robot.0);
    let trusted = file(&own.0);
    let shown = |(c, k): &(PathBuf, PathBuf)| format!("{trusted}&sslcert={}&sslkey={}", c.display(), k.display());
    let certified = || server.open_as("robot", &shown(&robot)).map(Store::blocking_close);
    let opened = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        certified().is_ok()
    });
    assert!(opened, "{:?}", certified());
    assert!(server.open_as("robot", &trusted).is_err(), "without a certificate");
    assert!(server.open_as("robot", &shown(&other)).is_err(), "with one that nobody has trusted");
    std::fs::set_permissions(&robot.1, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = certified().unwrap_err().to_string();
    assert!(open.contains("sslkey") && open.contains("chmod 600"), "{open}");

    let password = server.folder.join("password");
    std::fs::write(&password, "one\n").unwrap();
    std::fs::set_permissions(&password, std::fs::Permissions::from_mode(0o600)).unwrap();
    let by_file = format!("{trusted}&passwordfile={}", password.display());
    let store = server.open_as("changing", &by_file).unwrap();
    let asks = || store.blocking_read(|conn| conn.first("SELECT CAST(1 AS BIGINT)", &[])?.map_or(Ok(0), |r| r.int(0)));
    assert_eq!(asks(), Ok(1));
    // The password is exchanged, and what stood on the old one is cut off.
    let mut admin = server.admin();
    admin.batch_execute("ALTER ROLE changing PASSWORD 'two'").unwrap();
    std::fs::write(&password, "two\n").unwrap();
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'changing'";
    assert!(admin.query_one(cut, &[]).unwrap().get::<_, i64>(0) > 0);
    let back = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        asks() == Ok(1)
    });
    assert!(back, "{:?}", asks());
    store.blocking_close();
    std::fs::write(&password, "one\n").unwrap();
    assert!(server.open_as("changing", &by_file).is_err(), "the old one opens nothing");
}
