use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A space: territory and tenant at once, a node of the tree, written as a path (`kuzbass/novokuznetsk`).
///
/// Segments are `[a-z0-9-]{1,63}`, at most eight of them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpacePath(Arc<str>);

/// Why a text is no space.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a space: one to eight segments of a-z, 0-9 and '-', joined by '/'")]
pub struct InvalidSpace(pub String);

impl SpacePath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The space above, none for a top-level space.
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(p, _)| Self(p.into()))
    }

    /// The top-level space this one belongs to.
    pub fn top(&self) -> Self {
        Self(self.0.split('/').next().unwrap_or(&self.0).into())
    }

    /// The last segment: `novokuznetsk`.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// True for this space itself and for every space under it.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.strip_prefix(&*self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// This space and all above it, from itself to the top.
    pub fn lineage(&self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self.clone()), Self::parent)
    }
}

impl FromStr for SpacePath {
    type Err = InvalidSpace;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let segment = |p: &str| {
            (1..=63).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if s.split('/').count() <= 8 && s.split('/').all(segment) {
            Ok(Self(s.into()))
        } else {
            Err(InvalidSpace(s.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for SpacePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SpacePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for SpacePath {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SpacePath {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(p: &str) -> SpacePath {
        p.parse().unwrap()
    }

    #[test]
    fn covers_itself_and_below_but_no_namesake() {
        assert!(s("kuzbass").covers(&s("kuzbass")));
        assert!(s("kuzbass").covers(&s("kuzbass/novokuznetsk")));
        assert!(!s("kuzbass").covers(&s("kuzbass2")));
        assert!(!s("kuzbass/novokuznetsk").covers(&s("kuzbass")));
        assert_eq!(s("a/b/c").lineage().map(|p| p.to_string()).collect::<Vec<_>>(), ["a/b/c", "a/b", "a"]);
    }

    #[test]
    fn refuses_bad_paths() {
        for bad in ["", "/", "a/", "A", "a b", "a//b", "../a", "кузбасс", "a/b/c/d/e/f/g/h/i"] {
            assert!(bad.parse::<SpacePath>().is_err(), "{bad}");
        }
    }
}
