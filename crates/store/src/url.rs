use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::pg_proof::Proof;
use crate::pg_tls::{Server, Trust};
use crate::{Engine, StoreError};

/// Where the store is: `sqlite:/path/db.sqlite` or `postgres://user:password@host/db?schema=name`, with `sslmode` and
/// `sslrootcert` for a closed connection, and `sslcert` with `sslkey`, or `passwordfile`, to say who asks.
///
/// Shown without the password.
#[derive(Clone)]
pub struct StoreUrl {
    pub(crate) place: Place,
    shown: String,
}

#[derive(Clone)]
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres { config: Box<Server>, schema: String },
}

impl StoreUrl {
    /// A SQLite file at `path`.
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { shown: format!("sqlite:{}", path.display()), place: Place::Sqlite(path) }
    }

    /// The schema of a PostgreSQL store.
    pub fn schema(&self) -> Option<&str> {
        match &self.place {
            Place::Postgres { schema, .. } => Some(schema),
            Place::Sqlite(..) => None,
        }
    }

    /// The file, where it is one.
    pub fn path(&self) -> Option<&std::path::Path> {
        match &self.place {
            Place::Sqlite(path) => Some(path),
            Place::Postgres { .. } => None,
        }
    }

    /// Whether it is reached over a network by connections that others may read or answer: PostgreSQL on another machine
    /// whose certificate is not looked at.
    pub fn is_exposed(&self) -> bool {
        match &self.place {
            Place::Postgres { config, .. } => config.is_exposed(),
            Place::Sqlite(_) => false,
        }
    }

    /// Whether a password that stands in the address opens a store on another machine (ASVS V13.2.1).
    pub fn has_standing_password(&self) -> bool {
        match &self.place {
            Place::Postgres { config, .. } => config.has_standing_password(),
            Place::Sqlite(_) => false,
        }
    }

    /// Which engine keeps the store.
    pub const fn engine(&self) -> Engine {
        match self.place {
            Place::Sqlite(_) => Engine::Sqlite,
            Place::Postgres { .. } => Engine::Postgres,
        }
    }

    fn postgres(url: &str) -> Result<Self, StoreError> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let asked = Asked::read(query)?;
        if !is_schema(asked.schema) {
            let schema = asked.schema;
            return Err(StoreError::Url(format!("schema '{schema}' must be like svod_1: a-z, 0-9, _, at most 63")));
        }
        let (tls, trust) = Trust::asked(asked.mode()?, asked.roots.as_deref())?;
        let plain =
            if asked.theirs.is_empty() { base.to_owned() } else { format!("{base}?{}", asked.theirs.join("&")) };
        // The reason is not repeated: the parser quotes the text it stumbled over, which may be the password.
        let mut login = postgres::Config::from_str(&plain)
            .map_err(|_| StoreError::Url("not understood as postgres://user:password@host/db".into()))?;
        login.ssl_mode(tls);
        let proof = asked.proof()?;
        if proof.password.is_some() && login.get_password().is_some() {
            return Err(StoreError::Url(
                "the password stands in the address and in passwordfile: keep the file".into(),
            ));
        }
        let (schema, shown) = (asked.schema.to_owned(), format!("{}?schema={}", without_password(base), asked.schema));
        let place = Place::Postgres { config: Box::new(Server { login, trust, proof }), schema };
        Ok(Self { place, shown })
    }
}

/// What the query of an address asks for.
struct Asked<'u> {
    schema: &'u str,
    mode: Option<&'u str>,
    roots: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
    password: Option<String>,
    /// What the driver understands.
    theirs: Vec<&'u str>,
}

impl<'u> Asked<'u> {
    fn read(query: &'u str) -> Result<Self, StoreError> {
        let (schema, mode, theirs) = ("svod", None, Vec::new());
        let mut asked = Self { schema, mode, roots: None, certificate: None, key: None, password: None, theirs };
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("schema", name)) => asked.schema = name,
                Some(("sslmode", mode)) => asked.mode = Some(mode),
                Some(("sslrootcert", file)) => asked.roots = Some(decoded(file)?),
                Some(("sslcert", file)) => asked.certificate = Some(decoded(file)?),
                Some(("sslkey", file)) => asked.key = Some(decoded(file)?),
                Some(("passwordfile", file)) => asked.password = Some(decoded(file)?),
                _ => asked.theirs.push(part),
            }
        }
        Ok(asked)
    }

    /// A certificate is shown to a server that has proved who it is.
    fn mode(&self) -> Result<Option<&'u str>, StoreError> {
        match (self.mode, &self.certificate) {
            (Some("disable" | "prefer"), Some(_)) => Err(StoreError::Url(
                "sslcert is shown to a server that proves who it is: leave sslmode out, or make it verify-full".into(),
            )),
            (None, Some(_)) => Ok(Some("verify-full")),
            (mode, _) => Ok(mode),
        }
    }

    fn proof(&self) -> Result<Proof, StoreError> {
        let files = [&self.certificate, &self.key, &self.password];
        if files.into_iter().flatten().any(String::is_empty) {
            return Err(StoreError::Url("sslcert, sslkey and passwordfile name files".into()));
        }
        let certificate = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => Some((certificate.into(), key.into())),
            (None, None) => None,
            _ => return Err(StoreError::Url("sslcert and sslkey go together: give both, or neither".into())),
        };
        Ok(Proof { certificate, password: self.password.as_ref().map(PathBuf::from) })
    }
}

/// A value of the query, its `%2F` and the like written out (RFC 3986, 2.1).
fn decoded(value: &str) -> Result<String, StoreError> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut parts = value.split('%');
    bytes.extend(parts.next().unwrap_or_default().bytes());
    for part in parts {
        let (byte, rest) = part.split_at_checked(2).ok_or_else(undecodable)?;
        bytes.push(u8::from_str_radix(byte, 16).map_err(|_| undecodable())?);
        bytes.extend(rest.bytes());
    }
    String::from_utf8(bytes).map_err(|_| undecodable())
}

fn undecodable() -> StoreError {
    StoreError::Url("a % in the name of a file is followed by two hexadecimal digits".into())
}

fn is_schema(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn without_password(base: &str) -> String {
    let Some((scheme, rest)) = base.split_once("://") else { return "postgres:".into() };
    let Some((login, host)) = rest.rsplit_once('@') else { return base.into() };
    let user = login.split_once(':').map_or(login, |(user, _)| user);
    format!("{scheme}://{user}@{host}")
}

impl FromStr for StoreUrl {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            if path.is_empty() {
                return Err(StoreError::Url("sqlite: needs a path, such as sqlite:/var/lib/svod/svod.sqlite".into()));
            }
            return Ok(Self::sqlite(path));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::postgres(url);
        }
        Err(StoreError::Url("begin it with sqlite: or postgres://".into()))
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoreUrl").field(&self.shown).finish()
    }
}

#[cfg(test)]
mod tests {
    use postgres::config::SslMode;

    use super::*;

    #[test]
    fn hides_the_password_and_keeps_the_rest() {
        let url: StoreUrl = "postgres://svod:s3cr:et@db.local:6432/main?connect_timeout=3&schema=a_1".parse().unwrap();
        assert_eq!(url.to_string(), "postgres://svod@db.local:6432/main?schema=a_1");
        assert!(!format!("{url:?}").contains("s3cr"));
        let Place::Postgres { config, schema } = url.place else { panic!("postgres expected") };
        assert_eq!(schema, "a_1");
        assert_eq!(config.login.get_password(), Some(&b"s3cr:et"[..]));
        assert_eq!(config.login.get_ports(), [6432]);
    }

    #[test]
    fn says_what_the_server_must_show() {
        let of = |url: &str| {
            let url: StoreUrl = url.parse().unwrap();
            let exposed = url.is_exposed();
            let Place::Postgres { config, .. } = url.place else { panic!("postgres expected") };
            (config.login.get_ssl_mode(), config.trust, exposed)
        };
        let own = Trust::Roots(Some("/etc/our own.pem".into()));
        let asked = of("postgres://svod@db.local/main?sslrootcert=%2Fetc%2Four%20own.pem&connect_timeout=3");
        assert_eq!(asked, (SslMode::Require, own, false));
        assert_eq!(of("postgres://svod@db.local/main?sslmode=require").1, Trust::Roots(None));
        assert_eq!(of("postgres://svod@db.local/main"), (SslMode::Prefer, Trust::Anybody, true));
        assert!(of("postgres://svod@db.local/main?sslmode=disable").2);
        for near in ["127.0.0.1", "localhost:5433", "%2Fvar%2Frun%2Fpostgresql"] {
            assert!(!of(&format!("postgres://svod@{near}/main")).2, "{near}");
        }
    }

    #[test]
    fn says_who_asks_by_files() {
        let of = |url: &str| {
            let url: StoreUrl = url.parse().unwrap();
            let (standing, exposed) = (url.has_standing_password(), url.is_exposed());
            let Place::Postgres { config, .. } = url.place else { panic!("postgres expected") };
            (config.proof, config.login.get_ssl_mode(), standing, exposed)
        };
        let certificate = Some(("/etc/a.pem".into(), "/etc/a.key".into()));
        let proof = Proof { certificate, password: None };
        let closed = of("postgres://svod@db.local/main?sslcert=%2Fetc%2Fa.pem&sslkey=/etc/a.key");
        assert_eq!(closed, (proof, SslMode::Require, false, false));
        let proof = Proof { certificate: None, password: Some("/run/pw".into()) };
        assert_eq!(of("postgres://svod@db.local/main?passwordfile=/run/pw&sslmode=require").0, proof);
        assert!(of("postgres://svod:x@db.local/main").2, "it stands in the address");
        assert!(!of("postgres://svod:x@localhost/main").2 && !of("postgres://svod@db.local/main").2);
    }

    #[test]
    fn refuses_what_is_no_address() {
        for bad in [
            "",
            "mysql://x",
            "sqlite:",
            "postgres://h/db?schema=x;drop",
            "postgres://h/db?schema=",
            "postgres://h/db?sslrootcert=%zz",
            "postgres://h/db?sslmode=allow",
            "postgres://h/db?sslcert=/a",
            "postgres://h/db?sslkey=/a",
            "postgres://h/db?sslcert=/a&sslkey=/b&sslmode=prefer",
            "postgres://u:x@h/db?passwordfile=/a",
            "postgres://h/db?passwordfile=",
        ] {
            assert!(matches!(bad.parse::<StoreUrl>(), Err(StoreError::Url(_))), "{bad}");
        }
    }
}
