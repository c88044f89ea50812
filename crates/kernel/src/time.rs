use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment: microseconds since the Unix epoch, UTC. Written as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

/// The text is no RFC 3339 date-time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not an RFC 3339 date-time such as 2026-01-15T08:00:00+07:00")]
pub struct InvalidTime(pub String);

impl Timestamp {
    /// From milliseconds since the epoch; saturates at the ends of the range.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// Milliseconds since the epoch, rounded down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// This moment moved by `micros` microseconds; saturates.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// This moment moved by `seconds` seconds; saturates.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_micros(seconds.saturating_mul(1_000_000))
    }

    /// As RFC 3339 by clocks that many seconds ahead of UTC: `2026-01-15T08:00:00+07:00`; in UTC where they are not ahead.
    pub fn by_clocks(self, offset: i32) -> String {
        let local = self.plus_seconds(offset.into()).to_string();
        match local.strip_suffix('Z') {
            Some(local) if offset != 0 => format!("{local}{}", write_offset(offset)),
            _ => self.to_string(),
        }
    }

    /// Seconds from `earlier` to this moment (negative when `earlier` is later).
    pub const fn seconds_since(self, earlier: Self) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / 1_000_000.0
    }
}

/// Seconds by which clocks are ahead of UTC, from `+07:00`; at most 14 hours either way.
pub fn read_offset(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let two = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    let (hours, minutes): (i32, i32) =
        (hours.parse().ok().filter(|_| two(hours))?, minutes.parse().ok().filter(|m| two(minutes) && *m < 60)?);
    let all = hours * 60 + minutes;
    (all <= 14 * 60).then_some(sign * all * 60)
}

/// Seconds by which clocks are ahead of UTC as RFC 3339 writes them: `+07:00`.
pub fn write_offset(offset: i32) -> String {
    let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs() / 60);
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(t) => t.fmt(f),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTime;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse::<jiff::Timestamp>()
            .map(|t| Self(t.as_microsecond()))
            .map_err(|_| InvalidTime(s.chars().take(64).collect()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Where the present comes from. Everything that needs "now" takes one.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The operating system's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> Timestamp {
        let now = std::time::SystemTime::now();
        let micros = match now.duration_since(std::time::UNIX_EPOCH) {
            Ok(d) => i64::try_from(d.as_micros()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
        };
        Timestamp(micros)
    }
}

/// A clock that moves only when told to: tests and pack tests.
#[derive(Debug, Default)]
pub struct SimClock(AtomicI64);

impl SimClock {
    /// A clock standing at `start`.
    pub fn new(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.0))
    }

    /// Moves the clock forward by `seconds`.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds.saturating_mul(1_000_000), Ordering::SeqCst);
    }

    /// Puts the clock at `t`.
    pub fn set(&self, t: Timestamp) {
        self.0.store(t.0, Ordering::SeqCst);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_offsets_and_writes_utc() {
        let t: Timestamp = "2026-01-15T08:00:00+07:00".parse().unwrap();
        assert_eq!(t.to_string(), "2026-01-15T01:00:00Z");
        assert_eq!(Timestamp::from_millis(t.millis()), t);
    }

    #[test]
    fn clocks_of_a_place_are_read_and_written() {
        for (text, seconds) in [("+07:00", 25_200), ("-03:30", -12_600), ("+00:00", 0), ("+14:00", 50_400)] {
            assert_eq!(read_offset(text), Some(seconds), "{text}");
            assert_eq!(write_offset(seconds), text);
        }
        for bad in ["", "7", "+7:00", "+07:60", "+15:00", "07:00", "+07", "+07:0a", "+é7:00"] {
            assert_eq!(read_offset(bad), None, "{bad}");
        }
        let t: Timestamp = "2026-01-14T20:30:00Z".parse().unwrap();
        assert_eq!(t.by_clocks(25_200), "2026-01-15T03:30:00+07:00", "the day of the place");
        assert_eq!(t.by_clocks(-9_000), "2026-01-14T18:00:00-02:30");
        assert_eq!(t.by_clocks(0), "2026-01-14T20:30:00Z");
    }

    #[test]
    fn refuses_what_is_no_time() {
        for bad in ["", "yesterday", "2026-13-01T00:00:00Z", "2026-01-15"] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
    }

    #[test]
    fn simulated_clock_moves_only_when_told() {
        let c = SimClock::new(Timestamp(5));
        assert_eq!(c.now(), Timestamp(5));
        c.advance(2);
        assert_eq!(c.now().seconds_since(Timestamp(5)), 2.0);
    }
}
