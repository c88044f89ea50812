//! Spans of time as ISO 8601 writes them.

use jiff::tz::{Offset, TimeZone};
use svod_kernel::Timestamp;

/// A span of months, days and seconds: `P1Y2M`, `P2W`, `P1DT2H30M`. Months have no fixed length, so they are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Months; a year is twelve.
    pub months: u32,
    /// Days; a week is seven.
    pub days: u32,
    /// Seconds.
    pub seconds: u32,
}

/// Largest number of one unit: ten thousand days are 27 years, a million seconds twelve days.
const MAX_NUMBER: u32 = 100_000_000;

impl Span {
    /// Reads an ISO 8601 duration of whole years, months, weeks, days, hours, minutes, seconds; more than nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.trim().strip_prefix('P')?;
        let (date, time) = match rest.split_once('T') {
            Some((_, "")) => return None,
            Some((date, time)) => (date, time),
            None => (rest, ""),
        };
        let [years, months, weeks, days] = units(date, ['Y', 'M', 'W', 'D'])?;
        let [hours, minutes, seconds, _] = units(time, ['H', 'M', 'S', ' '])?;
        let span = Self {
            months: years.checked_mul(12)?.checked_add(months)?,
            days: weeks.checked_mul(7)?.checked_add(days)?,
            seconds: hours.checked_mul(3_600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(seconds)?,
        };
        (span != Self::default()).then_some(span)
    }

    /// The moment this much earlier, by the clocks of a place `offset` seconds east of Greenwich; months keep the day of
    /// the month where there is one. None before the year -9999.
    pub fn before(self, from: Timestamp, offset: i32) -> Option<Timestamp> {
        let zone = TimeZone::fixed(Offset::from_seconds(offset).ok()?);
        let local = jiff::Timestamp::from_microsecond(from.0).ok()?.to_zoned(zone);
        let span = jiff::Span::new().try_months(self.months).ok()?.try_days(self.days).ok()?;
        let earlier = local.checked_sub(span).ok()?.timestamp();
        let seconds = jiff::Span::new().try_seconds(self.seconds).ok()?;
        Some(Timestamp(earlier.checked_sub(seconds).ok()?.as_microsecond()))
    }

    /// The moment this much later, by the clocks of a place `offset` seconds east of Greenwich; months keep the day of
    /// the month where there is one. None beyond the year 9999.
    pub fn after(self, from: Timestamp, offset: i32) -> Option<Timestamp> {
        let zone = TimeZone::fixed(Offset::from_seconds(offset).ok()?);
        let local = jiff::Timestamp::from_microsecond(from.0).ok()?.to_zoned(zone);
        let span = jiff::Span::new().try_months(self.months).ok()?.try_days(self.days).ok()?;
        let later = local.checked_add(span).ok()?.timestamp();
        let seconds = jiff::Span::new().try_seconds(self.seconds).ok()?;
        Some(Timestamp(later.checked_add(seconds).ok()?.as_microsecond()))
    }
}

fn units(text: &str, names: [char; 4]) -> Option<[u32; 4]> {
    let mut found = [0; 4];
    let mut from = 0;
    let mut number = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            number.push(c);
            continue;
        }
        let at = from + names.get(from..)?.iter().position(|n| *n == c)?;
        found[at] = number.parse().ok().filter(|n| *n <= MAX_NUMBER)?;
        number.clear();
        from = at + 1;
    }
    number.is_empty().then_some(found)
}

/// A repeating span: `R3/PT1H`, `R/P1D`, with a beginning between: `R3/2026-01-01T09:00:00Z/P1D`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cycle {
    /// How often; none is without end.
    pub(crate) times: Option<u32>,
    /// When it begins; where none is given, one span from now.
    pub(crate) begin: Option<Timestamp>,
    pub(crate) span: Span,
}

impl Cycle {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.trim().split('/').collect();
        let (times, begin, span) = match parts.as_slice() {
            [times, span] => (times, None, span),
            [times, begin, span] => (times, Some(begin.parse().ok()?), span),
            _ => return None,
        };
        let times = match times.strip_prefix('R')? {
            "" => None,
            n => Some(n.parse().ok().filter(|n| *n > 0)?),
        };
        Some(Self { times, begin, span: Span::parse(span)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read() {
        let span = |months, days, seconds| Some(Span { months, days, seconds });
        assert_eq!(Span::parse("P1Y2M"), span(14, 0, 0));
        assert_eq!(Span::parse("P2W"), span(0, 14, 0));
        assert_eq!(Span::parse("P1DT2H30M1S"), span(0, 1, 9_001));
        assert_eq!(Span::parse("PT5M"), span(0, 0, 300));
        for bad in ["", "P", "PT", "P1", "5D", "P1H", "PT1D", "P1D2M", "P-1D", "PT0S", "P99999999999D", "P1.5D"] {
            assert_eq!(Span::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_month_ends_with_its_last_day() {
        let from: Timestamp = "2026-01-31T10:00:00+07:00".parse().unwrap();
        let later = Span::parse("P1M").unwrap().after(from, 7 * 3_600).unwrap();
        assert_eq!(later, "2026-02-28T10:00:00+07:00".parse().unwrap());
        assert_eq!(Span::parse("P99999Y").unwrap().after(from, 0), None);
        assert_eq!(Span::parse("P99999D").unwrap().after(Timestamp(i64::MAX), 0), None);
        let last: Timestamp = "9999-12-30T00:00:00Z".parse().unwrap();
        assert_eq!(Span::parse("PT999H").unwrap().after(last, 0), None);
    }

    #[test]
    fn a_span_is_taken_back() {
        let from: Timestamp = "2026-03-31T10:00:00+07:00".parse().unwrap();
        let earlier = Span::parse("P1MT1H").unwrap().before(from, 7 * 3_600).unwrap();
        assert_eq!(earlier, "2026-02-28T09:00:00+07:00".parse().unwrap());
        assert_eq!(Span::parse("P99999Y").unwrap().before(from, 0), None);
    }

    #[test]
    fn cycles_are_read() {
        assert_eq!(Cycle::parse("R3/PT1H").unwrap().times, Some(3));
        assert_eq!(Cycle::parse("R/P1D").unwrap().times, None);
        assert!(Cycle::parse("R2/2026-01-01T09:00:00Z/P1D").unwrap().begin.is_some());
        for bad in ["R0/PT1H", "PT1H", "R/", "R/x", "Rx/PT1H", "R1/y/PT1H", "R1/PT1H/z/q"] {
            assert_eq!(Cycle::parse(bad), None, "{bad}");
        }
    }
}
