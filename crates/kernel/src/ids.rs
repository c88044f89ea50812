use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Rng, Timestamp};

/// Longest identifier accepted, in bytes.
pub const MAX_URN: usize = 512;

/// An entity's identifier: an absolute URI (RFC 3986), usually `urn:svod:<kind>:<id>`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Urn(Arc<str>);

/// Why a text is no identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an absolute URI of at most 512 bytes, such as urn:svod:station:42010102")]
pub struct InvalidUrn(pub String);

impl Urn {
    /// The identifier `urn:svod:<kind>:<id>`.
    ///
    /// # Errors
    /// When `kind` and `id` do not make a URI.
    pub fn svod(kind: &str, id: &str) -> Result<Self, InvalidUrn> {
        format!("urn:svod:{kind}:{id}").parse()
    }

    /// A new identifier of that kind: sorts by time, unique by 80 random bits (the layout of a ULID).
    ///
    /// # Panics
    /// When `kind` holds a character a URI may not.
    pub fn mint(kind: &str, at: Timestamp, rng: &dyn Rng) -> Self {
        const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let mut bits = (u128::from(at.millis().max(0).unsigned_abs()) & 0xffff_ffff_ffff) << 80;
        bits |= (u128::from(rng.next_u64()) << 16) | u128::from(rng.next_u64() & 0xffff);
        let id: String = (0..26).rev().map(|i| ALPHABET[((bits >> (i * 5)) & 31) as usize] as char).collect();
        Self::svod(kind, &id).expect("a kind is a literal of letters in the caller")
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the last colon: `42010102` of `urn:svod:station:42010102`.
    pub fn local(&self) -> &str {
        self.0.rsplit(':').next().unwrap_or(&self.0)
    }
}

impl FromStr for Urn {
    type Err = InvalidUrn;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let scheme = s.split_once(':').map(|(a, rest)| (a, rest.is_empty()));
        let ok = s.len() <= MAX_URN
            && matches!(scheme, Some((a, false)) if a.starts_with(|c: char| c.is_ascii_alphabetic())
                && a.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)))
            && !s.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c));
        if ok { Ok(Self(s.into())) } else { Err(InvalidUrn(s.chars().take(80).collect())) }
    }
}

impl fmt::Display for Urn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Urn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Urn {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Urn {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededRng;

    #[test]
    fn accepts_uris_and_refuses_the_rest() {
        for good in ["urn:svod:station:1", "https://example.org/x", "urn:ngsi-ld:A:b", "urn:svod:x:дом"] {
            assert!(good.parse::<Urn>().is_ok(), "{good}");
        }
        for bad in ["", "x", "urn:", ":a", "urn:a b", "1a:b", "urn:a<b"] {
            assert!(bad.parse::<Urn>().is_err(), "{bad}");
        }
        assert!(format!("urn:{}", "x".repeat(512)).parse::<Urn>().is_err());
    }

    #[test]
    fn minted_ids_sort_by_time_and_differ() {
        let rng = SeededRng::new(3);
        let a = Urn::mint("task", Timestamp::from_millis(1_000), &rng);
        let b = Urn::mint("task", Timestamp::from_millis(2_000), &rng);
        let c = Urn::mint("task", Timestamp::from_millis(2_000), &rng);
        assert!(a < b && b != c);
        assert_eq!(a.local().len(), 26);
    }
}
