//! One documented TOML file; environment variables above it; flags of the command line above both.

mod backup;
mod exchange;
mod files;
mod keep;
mod outbound;
mod payments;
mod providers;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::secrets;
use svod_kernel::number;

pub use backup::BackupConfig;
pub use exchange::{ExchangeConfig, ExchangeConfigs};
pub use files::FilesConfig;
pub use keep::KeepConfig;
pub use outbound::{OutboundConfig, demand_closed, is_here};
pub use payments::{PaymentProvider, PaymentsConfig};
pub use providers::{ProviderConfig, TrustedAs};

/// Everything that can be configured. `docs/configuration.md` explains each key.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Folder of the embedded store, secrets and run files.
    pub data: DataDir,
    /// The disk under it may be readable to who takes it away, although others can reach the platform.
    pub plain_disk: bool,
    /// Where entities, journal and history are kept.
    pub store: StoreConfig,
    /// Pages and API.
    pub http: HttpConfig,
    /// The broker inside.
    pub mqtt: MqttConfig,
    /// Readings.
    pub ingest: IngestConfig,
    /// What is fetched from elsewhere.
    pub outbound: OutboundConfig,
    /// The NGSI-LD API.
    pub ngsi_ld: NgsiConfig,
    /// The log that nobody can rewrite.
    pub ledger: LedgerConfig,
    /// People.
    pub identity: IdentityConfig,
    /// What people send.
    pub files: FilesConfig,
    /// How long it is kept what has an end of its own.
    pub keep: KeepConfig,
    /// For whom backups are sealed.
    pub backup: BackupConfig,
    /// Systems that processes of packs ask.
    pub exchange: ExchangeConfigs,
    /// Who moves money.
    pub payments: PaymentsConfig,
    /// The platform's own log.
    pub log: LogConfig,
}

/// Folder of the embedded store, secrets and run files.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DataDir(pub PathBuf);

impl Default for DataDir {
    fn default() -> Self {
        Self("svod-data".into())
    }
}

/// `[store]`
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// `sqlite` (a file in the data folder) or `postgres://user:password@host/database`.
    pub url: Option<String>,
    /// A password that stands in `url` opens a store on another machine; whoever says it exchanges it by hand.
    pub standing_password: bool,
    /// Memory for entities that are asked for again and again, MiB; only on SQLite, where no other node writes.
    pub entity_cache_mib: u64,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { url: None, standing_password: false, entity_cache_mib: 64 }
    }
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreConfig({})", self.url.as_deref().map_or("sqlite", |u| u.split(':').next().unwrap_or("?")))
    }
}

/// `[ngsi_ld]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NgsiConfig {
    /// Instances of one attribute in one temporal answer; more are answered in part (206), with where to go on.
    pub temporal_instances: usize,
    /// Memory for the past of entities that is asked for again and again, MiB.
    pub history_cache_mib: u64,
    /// The name under which other brokers know this one; none: that of the node.
    pub alias: Option<String>,
    /// Under which address other brokers reach this one, such as `https://region.example`; none: subscriptions are not
    /// passed on to them.
    pub public_base: Option<String>,
}

impl Default for NgsiConfig {
    fn default() -> Self {
        Self { temporal_instances: 1_000, history_cache_mib: 32, alias: None, public_base: None }
    }
}

/// `[identity]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityConfig {
    /// Address at which people reach the installation, `https://region.example`. None: `http://localhost` with the port, where
    /// it listens on this machine only; elsewhere there are no passkeys then.
    pub origin: Option<String>,
    /// How long a session lasts.
    pub session_hours: u32,
    /// A file of passwords known to have leaked, as SHA-1 in capitals, a line each, sorted (Have I Been Pwned); none of them is
    /// taken.
    pub breached_passwords: Option<std::path::PathBuf>,
    /// Outside OpenID providers by which people sign in as well. Their hosts must stand in `outbound.hosts`.
    pub providers: Vec<ProviderConfig>,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self { origin: None, session_hours: 12, breached_passwords: None, providers: Vec::new() }
    }
}

impl IdentityConfig {
    /// The address at which people reach an installation that listens there.
    pub fn origin(&self, listening: SocketAddr) -> Option<String> {
        let here = || listening.ip().is_loopback().then(|| format!("http://localhost:{}", listening.port()));
        self.origin.clone().or_else(here)
    }
}

/// `[ledger]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LedgerConfig {
    /// Name of the log, such as `region.example/ledger`: where it is met, without `https://`. None: made of its key.
    pub origin: Option<String>,
    /// Who is asked to sign its heads.
    pub witnesses: Vec<WitnessConfig>,
    /// Keys (`name+id+key`) of the logs whose heads are signed here.
    pub witness_of: Vec<String>,
    /// Leaves a second that are compared with journal, tiles and head while the platform runs; 0: none.
    pub verify_per_second: u32,
}

impl Default for LedgerConfig {
    fn default() -> Self {
        Self { origin: None, witnesses: Vec::new(), witness_of: Vec::new(), verify_per_second: 200 }
    }
}

/// `[[ledger.witnesses]]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessConfig {
    /// Where it takes heads: `https://neighbour.example/ledger`.
    pub url: String,
    /// What its signatures are checked with.
    pub key: String,
}

/// `[http]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address of pages and API; port 0 picks a free one.
    pub listen: SocketAddr,
    /// A request that takes longer is answered 503.
    pub timeout_seconds: u64,
    /// Requests worked on at once; more are answered 503 with Retry-After.
    pub max_in_flight: usize,
    /// Requests a second of one network (IPv4 /24, IPv6 /64), ten seconds' worth at once; more are answered 429. 0: no limit.
    /// Who asks from this machine is not counted.
    pub network_requests_per_second: u32,
    /// The same of one bearer: a person's session, a program's token, a site's credentials.
    pub bearer_requests_per_second: u32,
    /// A proxy of the installation's own stands in front: the last address of `X-Forwarded-For` is the client's.
    pub proxied: bool,
    /// PEM certificate chain; with `tls_key` pages and API speak TLS.
    pub tls_certificate: Option<PathBuf>,
    /// PEM private key, which its owner alone may read.
    pub tls_key: Option<PathBuf>,
    /// Cookies go over TLS only: set it when a proxy in front speaks TLS. So it is anyway where the program itself does.
    pub secure_cookies: bool,
    /// Hours by which the territory's time, shown on pages, is ahead of UTC.
    pub utc_offset_hours: i32,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 8080).into(),
            timeout_seconds: 30,
            max_in_flight: 2_000,
            network_requests_per_second: 500,
            bearer_requests_per_second: 1_000,
            proxied: false,
            tls_certificate: None,
            tls_key: None,
            secure_cookies: false,
            utc_offset_hours: 7,
        }
    }
}

impl HttpConfig {
    /// The program itself speaks TLS.
    pub const fn has_tls(&self) -> bool {
        self.tls_certificate.is_some()
    }

    /// People come by TLS alone, spoken by the program or by a proxy in front.
    pub const fn is_secure(&self) -> bool {
        self.secure_cookies || self.has_tls()
    }

    /// Where an installation that listens there is met: `https://127.0.0.1:8443`.
    pub fn base(&self, listening: SocketAddr) -> String {
        format!("{}://{listening}", if self.has_tls() { "https" } else { "http" })
    }
}

/// `[mqtt]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MqttConfig {
    /// Address of the broker; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Devices without a password may deliver; always so in demo mode.
    pub anonymous: bool,
    /// Others may reach the broker without TLS: everybody on the network is trusted.
    pub plain: bool,
    /// PEM certificate chain; with `tls_key` the broker speaks TLS.
    pub tls_cert: Option<PathBuf>,
    /// PEM private key.
    pub tls_key: Option<PathBuf>,
    /// Connections at once; more are refused with "server busy".
    pub max_connections: usize,
    /// Larger packets close the connection.
    pub max_packet_bytes: usize,
}

impl Default for MqttConfig {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 1883).into(),
            anonymous: false,
            plain: false,
            tls_cert: None,
            tls_key: None,
            max_connections: 10_000,
            max_packet_bytes: 256 * 1024,
        }
    }
}

/// `[ingest]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IngestConfig {
    /// Messages accepted and not yet durable; more are refused politely.
    pub max_in_flight: usize,
}

impl Default for IngestConfig {
    fn default() -> Self {
        Self { max_in_flight: 50_000 }
    }
}

/// `[log]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// `text` or `json`, one line an event.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,svod_ingest=debug`.
    pub level: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".into() }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// File.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The file is no configuration: position and key are in the message.
    #[error("{path}: {message}")]
    Parse {
        /// File.
        path: PathBuf,
        /// Position, key, rule.
        message: String,
    },
    /// A value cannot be used.
    #[error("{key}: {rule}; {fix}")]
    Value {
        /// Key or environment variable.
        key: &'static str,
        /// What is wrong.
        rule: String,
        /// How to mend it.
        fix: &'static str,
    },
}

impl Config {
    /// Reads the file (defaults without one) and lays the environment over it.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(file: Option<&Path>, env: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut config = match file {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| ConfigError::Read { path: path.to_owned(), error })?;
                toml::from_str(&text)
                    .map_err(|e| ConfigError::Parse { path: path.to_owned(), message: e.to_string() })?
            }
            None => Self::default(),
        };
        config.overlay(env)?;
        // Who is met at https is met by TLS alone.
        config.http.secure_cookies |= config.identity.origin.as_deref().is_some_and(|o| o.starts_with("https://"));
        config.check()?;
        Ok(config)
    }

    fn overlay(&mut self, env: impl Fn(&str) -> Option<String>) -> Result<(), ConfigError> {
        if let Some(v) = env("SVOD_DATA") {
            self.data = DataDir(v.into());
        }
        if let Some(v) = env("SVOD_STORE") {
            self.store.url = Some(v);
        }
        // What a vault gives wins: it is where the password is meant to be.
        if let Some(folder) = env(secrets::GIVEN).filter(|folder| !folder.is_empty()).map(PathBuf::from)
            && let Some(url) = secrets::given_text(&folder, secrets::STORE_URL)
                .map_err(|error| ConfigError::Read { path: folder.join(secrets::STORE_URL), error })?
        {
            self.store.url = Some(url);
        }
        if let Some(v) = env("SVOD_HTTP") {
            self.http.listen = address("SVOD_HTTP", &v)?;
        }
        if let Some(v) = env("SVOD_MQTT") {
            self.mqtt.listen = address("SVOD_MQTT", &v)?;
        }
        if let Some(v) = env("SVOD_LOG") {
            self.log.level = v;
        }
        if let Some(v) = env("SVOD_LOG_FORMAT") {
            self.log.format = match v.as_str() {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                _ => {
                    return Err(ConfigError::Value {
                        key: "SVOD_LOG_FORMAT",
                        rule: format!("'{v}' is no format"),
                        fix: "use text or json",
                    });
                }
            };
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ConfigError> {
        providers::check(&self.identity.providers)?;
        payments::check(&self.payments)?;
        self.keep.check()?;
        self.backup.check()?;
        let halves = [
            ("http.tls_certificate, http.tls_key", self.http.tls_certificate.is_some() != self.http.tls_key.is_some()),
            ("mqtt.tls_cert, mqtt.tls_key", self.mqtt.tls_cert.is_some() != self.mqtt.tls_key.is_some()),
        ];
        if let Some((key, _)) = halves.into_iter().find(|(_, half)| *half) {
            let rule = "only one of the two is given".into();
            return Err(ConfigError::Value { key, rule, fix: "give both, or neither" });
        }
        let limits = [
            ("http.timeout_seconds", number::size(self.http.timeout_seconds)),
            ("http.max_in_flight", self.http.max_in_flight),
            ("mqtt.max_connections", self.mqtt.max_connections),
            ("mqtt.max_packet_bytes", self.mqtt.max_packet_bytes),
            ("ingest.max_in_flight", self.ingest.max_in_flight),
        ];
        if !(-12..=14).contains(&self.http.utc_offset_hours) {
            return Err(ConfigError::Value {
                key: "http.utc_offset_hours",
                rule: format!("{} is no offset from UTC", self.http.utc_offset_hours),
                fix: "give whole hours from -12 to 14",
            });
        }
        self.check_files()?;
        match limits.iter().find(|(_, v)| *v == 0) {
            Some((key, _)) => {
                Err(ConfigError::Value { key, rule: "must not be 0".into(), fix: "give a positive number" })
            }
            None => Ok(()),
        }
    }

    fn check_files(&self) -> Result<(), ConfigError> {
        if !(1..=100).contains(&self.files.max_mib) {
            let rule = format!("{} MiB is no limit of files", self.files.max_mib);
            return Err(ConfigError::Value { key: "files.max_mib", rule, fix: "give 1 to 100" });
        }
        if self.files.daily_files == 0 {
            let (key, rule) = ("files.daily_files", "nobody could send a file".to_owned());
            return Err(ConfigError::Value { key, rule, fix: "give 1 or more" });
        }
        if self.files.daily_mib < self.files.max_mib as u64 || self.files.daily_mib > 1 << 20 {
            let rule = format!("{} MiB a day, and files of {} MiB", self.files.daily_mib, self.files.max_mib);
            return Err(ConfigError::Value { key: "files.daily_mib", rule, fix: "give files.max_mib to 1048576" });
        }
        match self.files.options() {
            Ok(_) => Ok(()),
            Err(e) => {
                let fix = "give the address at which clamd listens, or leave it out";
                Err(ConfigError::Value { key: "files.scanner", rule: e.to_string(), fix })
            }
        }
    }

    /// As [`IdentityConfig::origin`], with the scheme that the program speaks.
    pub fn origin(&self, listening: SocketAddr) -> Option<String> {
        let origin = self.identity.origin(listening)?;
        let made = self.identity.origin.is_none() && self.http.has_tls();
        Some(if made { origin.replacen("http:", "https:", 1) } else { origin })
    }

    /// The store's URL with the default filled in.
    pub fn store_url(&self) -> String {
        match self.store.url.as_deref() {
            None | Some("sqlite") => format!("sqlite:{}", self.data.0.join("svod.sqlite").display()),
            Some(url) => url.to_owned(),
        }
    }

    /// As TOML, passwords hidden.
    ///
    /// # Errors
    /// When a path is no UTF-8.
    pub fn shown(&self) -> Result<String, toml::ser::Error> {
        let mut copy = self.clone();
        copy.store.url = copy.store.url.map(|u| hide_password(&u));
        toml::to_string_pretty(&copy)
    }
}

fn hide_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}://***@{}", &url[..scheme], &url[at + 1..]),
        _ => url.to_owned(),
    }
}

fn address(key: &'static str, text: &str) -> Result<SocketAddr, ConfigError> {
    text.parse().map_err(|_| ConfigError::Value {
        key,
        rule: format!("'{text}' is no address"),
        fix: "write host and port, such as 127.0.0.1:8080; port 0 picks a free one",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Config::load(Some(file.path()), |k| env.iter().find(|(n, _)| *n == k).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn environment_stands_above_the_file() {
        let c = load("[http]\nlisten = \"127.0.0.1:9000\"\n", &[("SVOD_HTTP", "127.0.0.1:0")]).unwrap();
        assert_eq!(c.http.listen.port(), 0);
        let c = load("[http]\nlisten = \"127.0.0.1:9000\"\n", &[]).unwrap();
        assert_eq!(c.http.listen.port(), 9000);
    }

    #[test]
    fn names_what_is_wrong() {
        let e = load("[http]\nlissten = 1\n", &[]).unwrap_err().to_string();
        assert!(e.contains("lissten"), "{e}");
        let e = load("", &[("SVOD_MQTT", "nowhere")]).unwrap_err().to_string();
        assert!(e.contains("SVOD_MQTT") && e.contains("nowhere"), "{e}");
        let e = load("[mqtt]\ntls_cert = \"a.pem\"\n", &[]).unwrap_err().to_string();
        assert!(e.contains("tls_key"), "{e}");
        let e = load("[http]\ntls_key = \"a.key\"\n", &[]).unwrap_err().to_string();
        assert!(e.contains("http.tls_certificate") && e.contains("both"), "{e}");
        let e = load("[ingest]\nmax_in_flight = 0\n", &[]).unwrap_err().to_string();
        assert!(e.contains("ingest.max_in_flight"), "{e}");
        let e = load("[files]\nscanner = \"localhost:3310\"\n", &[]).unwrap_err().to_string();
        assert!(e.contains("files.scanner") && e.contains("tcp://"), "{e}");
        let e = load("[files]\nmax_mib = 500\n", &[]).unwrap_err().to_string();
        assert!(e.contains("files.max_mib"), "{e}");
        for (key, value) in [("daily_files", 0), ("daily_mib", 19)] {
            let e = load(&format!("[files]\n{key} = {value}\n"), &[]).unwrap_err().to_string();
            assert!(e.contains(&format!("files.{key}")), "{e}");
        }
    }

    #[test]
    fn the_address_follows_from_who_speaks_tls() {
        let here: SocketAddr = ([127, 0, 0, 1], 8443).into();
        let of = |text: &str| {
            let c = load(text, &[]).unwrap();
            (c.http.base(here), c.origin(here).unwrap(), c.http.is_secure())
        };
        let (base, origin, secure) = of("[http]\ntls_certificate = \"a.pem\"\ntls_key = \"a.key\"\n");
        assert_eq!(
            (base.as_str(), origin.as_str(), secure),
            ("https://127.0.0.1:8443", "https://localhost:8443", true)
        );
        let (base, origin, secure) = of("");
        assert_eq!((base.as_str(), origin.as_str(), secure), ("http://127.0.0.1:8443", "http://localhost:8443", false));
        let (base, origin, secure) = of("[identity]\norigin = \"https://region.example\"\n");
        assert_eq!((base.as_str(), origin.as_str(), secure), ("http://127.0.0.1:8443", "https://region.example", true));
    }

    #[test]
    fn passwords_are_not_shown() {
        let c = load("[store]\nurl = \"postgres://svod:secret@localhost/svod\"\n", &[]).unwrap();
        assert!(!c.shown().unwrap().contains("secret"));
        assert!(!format!("{c:?}").contains("secret"));
    }
}
