use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::{Engine, StoreError};

/// Where the store is: `sqlite:/path/db.sqlite` or `postgres://user:password@host/db?schema=name`.
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
    Postgres { config: Box<postgres::Config>, schema: String },
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

    /// Which engine keeps the store.
    pub const fn engine(&self) -> Engine {
        match self.place {
            Place::Sqlite(_) => Engine::Sqlite,
            Place::Postgres { .. } => Engine::Postgres,
        }
    }

    fn postgres(url: &str) -> Result<Self, StoreError> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (ours, theirs): (Vec<&str>, Vec<&str>) =
            query.split('&').filter(|part| !part.is_empty()).partition(|part| part.starts_with("schema="));
        let schema = ours.last().map_or("svod", |part| &part["schema=".len()..]).to_owned();
        if !is_schema(&schema) {
            return Err(StoreError::Url(format!("schema '{schema}' must be like svod_1: a-z, 0-9, _, at most 63")));
        }
        let plain = if theirs.is_empty() { base.to_owned() } else { format!("{base}?{}", theirs.join("&")) };
        // The reason is not repeated: the parser quotes the text it stumbled over, which may be the password.
        let config = postgres::Config::from_str(&plain)
            .map_err(|_| StoreError::Url("not understood as postgres://user:password@host/db".into()))?;
        let shown = format!("{}?schema={schema}", without_password(base));
        Ok(Self { place: Place::Postgres { config: Box::new(config), schema }, shown })
    }
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
    use super::*;

    #[test]
    fn hides_the_password_and_keeps_the_rest() {
        let url: StoreUrl = "postgres://svod:s3cr:et@db.local:6432/main?connect_timeout=3&schema=a_1".parse().unwrap();
        assert_eq!(url.to_string(), "postgres://svod@db.local:6432/main?schema=a_1");
        assert!(!format!("{url:?}").contains("s3cr"));
        let Place::Postgres { config, schema } = url.place else { panic!("postgres expected") };
        assert_eq!(schema, "a_1");
        assert_eq!(config.get_password(), Some(&b"s3cr:et"[..]));
        assert_eq!(config.get_ports(), [6432]);
    }

    #[test]
    fn refuses_what_is_no_address() {
        for bad in ["", "mysql://x", "sqlite:", "postgres://h/db?schema=x;drop", "postgres://h/db?schema="] {
            assert!(matches!(bad.parse::<StoreUrl>(), Err(StoreError::Url(_))), "{bad}");
        }
    }
}
