use std::sync::OnceLock;

use jiff::Zoned;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use svod_kernel::{Lang, Timestamp};

use crate::{Arg, Texts};

/// Where a clock on the wall is read: an IANA zone or a fixed offset.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone(TimeZone);

/// No such zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is neither an IANA zone such as Asia/Novokuznetsk nor an offset such as +07:00")]
pub struct UnknownZone(pub String);

impl Zone {
    /// A fixed number of hours east of Greenwich, held within -25..=25.
    pub fn hours(offset: i32) -> Self {
        let seconds = offset.clamp(-25, 25) * 3_600;
        Self(Offset::from_seconds(seconds).map_or(TimeZone::UTC, TimeZone::fixed))
    }
}

impl std::str::FromStr for Zone {
    type Err = UnknownZone;

    /// `Asia/Novokuznetsk`, `UTC` or `+07:00`. Zones come from the database built in, so that every
    /// installation shows the same.
    fn from_str(s: &str) -> Result<Self, UnknownZone> {
        static ZONES: OnceLock<TimeZoneDatabase> = OnceLock::new();
        let unknown = || UnknownZone(s.chars().take(64).collect());
        if let Some(seconds) = offset_seconds(s) {
            return Offset::from_seconds(seconds).map(|o| Self(TimeZone::fixed(o))).map_err(|_| unknown());
        }
        ZONES.get_or_init(TimeZoneDatabase::bundled).get(s).map(Self).map_err(|_| unknown())
    }
}

fn offset_seconds(s: &str) -> Option<i32> {
    let (sign, rest) = match s.as_bytes().first()? {
        b'+' => (1, &s[1..]),
        b'-' => (-1, &s[1..]),
        _ => return None,
    };
    let (h, m) = rest.split_once(':').unwrap_or((rest, "0"));
    let (h, m): (i32, i32) = (h.parse().ok()?, m.parse().ok()?);
    ((0..=25).contains(&h) && (0..60).contains(&m)).then_some(sign * (h * 3_600 + m * 60))
}

/// Day and time to the minute at a fixed offset: `15.01.2026, 08:00` (English `15 Jan 2026, 08:00`).
pub fn format_datetime(lang: Lang, at: Timestamp, offset_hours: i32) -> String {
    format_datetime_in(lang, at, &Zone::hours(offset_hours))
}

/// Day and time to the second at a fixed offset: `15.01.2026, 08:00:05`.
pub fn format_datetime_exact(lang: Lang, at: Timestamp, offset_hours: i32) -> String {
    written(lang, "datetime-short", at, &Zone::hours(offset_hours), format_time(at, offset_hours))
}

/// Day and time to the minute in a zone.
pub fn format_datetime_in(lang: Lang, at: Timestamp, zone: &Zone) -> String {
    let minute = zoned(at, zone).map(|z| format!("{:02}:{:02}", z.hour(), z.minute()));
    written(lang, "datetime-short", at, zone, minute.unwrap_or_default())
}

/// The day at a fixed offset: `15.01.2026` (English `15 Jan 2026`).
pub fn format_date(lang: Lang, at: Timestamp, offset_hours: i32) -> String {
    format_date_in(lang, at, &Zone::hours(offset_hours))
}

/// The day in a zone.
pub fn format_date_in(lang: Lang, at: Timestamp, zone: &Zone) -> String {
    written(lang, "date-short", at, zone, String::new())
}

/// The day in words: `15 января 2026 г.`, `2026 ж. 15 қаңтар`, `15 January 2026`.
pub fn format_date_long(lang: Lang, at: Timestamp, offset_hours: i32) -> String {
    written(lang, "date-long", at, &Zone::hours(offset_hours), String::new())
}

/// The time of day to the second: `08:00:05`; the same in every language.
pub fn format_time(at: Timestamp, offset_hours: i32) -> String {
    zoned(at, &Zone::hours(offset_hours))
        .map_or_else(|| at.to_string(), |z| format!("{:02}:{:02}:{:02}", z.hour(), z.minute(), z.second()))
}

/// How long ago, in the largest unit that fits: `3 минуты назад`; a negative age lies in the future
/// (`через 3 минуты`). Less than ten seconds either way is "just now". A month is 30 days, a year 365.
pub fn format_relative(lang: Lang, seconds: i64) -> String {
    let age = seconds.unsigned_abs();
    let (unit, n) = match age {
        0..10 => return built_in().get(lang, "relative-now").into_owned(),
        10..60 => ("seconds", age),
        60..3_600 => ("minutes", age / 60),
        3_600..86_400 => ("hours", age / 3_600),
        86_400..2_592_000 => ("days", age / 86_400),
        2_592_000..31_536_000 => ("months", age / 2_592_000),
        _ => ("years", age / 31_536_000),
    };
    let direction = if seconds < 0 { "future" } else { "past" };
    built_in().format(lang, &format!("relative-{direction}-{unit}"), &[("n", n.into())])
}

fn zoned(at: Timestamp, zone: &Zone) -> Option<Zoned> {
    Some(jiff::Timestamp::from_microsecond(at.0).ok()?.to_zoned(zone.0.clone()))
}

/// A moment outside of the calendar (years -9999 to 9999) is written as the kernel writes it.
fn written(lang: Lang, key: &str, at: Timestamp, zone: &Zone, time: String) -> String {
    let Some(z) = zoned(at, zone) else { return at.to_string() };
    let args: [(&str, Arg<'_>); 6] = [
        ("day", Arg::from(z.day().to_string())),
        ("day2", Arg::from(format!("{:02}", z.day()))),
        ("month", Arg::from(i32::from(z.month()))),
        ("month2", Arg::from(format!("{:02}", z.month()))),
        ("year", Arg::from(z.year().to_string())),
        ("time", Arg::from(time)),
    ];
    built_in().format(lang, key, &args)
}

fn built_in() -> &'static Texts {
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    TEXTS.get_or_init(|| {
        Texts::new([
            (Lang::Ru, "text/ru.ftl".into(), include_str!("../locales/ru.ftl").into()),
            (Lang::Kk, "text/kk.ftl".into(), include_str!("../locales/kk.ftl").into()),
            (Lang::En, "text/en.ftl".into(), include_str!("../locales/en.ftl").into()),
        ])
        .expect("the built-in texts are parsed by a unit test of this crate")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60;
    const DAY: i64 = 86_400;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn built_in_texts_are_complete() {
        assert!(built_in().missing().is_empty());
    }

    #[test]
    fn dates_in_three_languages() {
        let t = at("2026-01-15T01:05:09Z");
        assert_eq!(format_datetime(Lang::Ru, t, 7), "15.01.2026, 08:05");
        assert_eq!(format_datetime(Lang::Kk, t, 7), "15.01.2026, 08:05");
        assert_eq!(format_datetime(Lang::En, t, 7), "15 Jan 2026, 08:05");
        assert_eq!(format_date(Lang::Ru, at("2026-01-14T18:00:00Z"), 7), "15.01.2026");
        assert_eq!(format_date_long(Lang::Ru, t, 7), "15 января 2026 г.");
        assert_eq!(format_date_long(Lang::Kk, t, 7), "2026 ж. 15 қаңтар");
        assert_eq!(format_date_long(Lang::En, at("2026-12-01T00:00:00Z"), 0), "1 December 2026");
        assert_eq!(format_time(t, 7), "08:05:09");
    }

    #[test]
    fn zones_by_name_and_by_offset() {
        let t = at("2026-01-15T01:05:00Z");
        let say = |zone: &str| format_datetime_in(Lang::Ru, t, &zone.parse().unwrap());
        assert_eq!(say("Asia/Novokuznetsk"), "15.01.2026, 08:05");
        assert_eq!(say("Asia/Almaty"), "15.01.2026, 06:05");
        assert_eq!(say("-03:30"), "14.01.2026, 21:35");
        for bad in ["Mars/Olympus", "+99:00", "+07:75", "", "+é"] {
            assert!(bad.parse::<Zone>().is_err(), "{bad}");
        }
    }

    #[test]
    fn ages_are_said_as_people_say_them() {
        assert_eq!(format_relative(Lang::Ru, 3), "только что");
        assert_eq!(format_relative(Lang::Ru, 3 * MINUTE), "3 минуты назад");
        assert_eq!(format_relative(Lang::Ru, 21 * MINUTE), "21 минуту назад");
        assert_eq!(format_relative(Lang::Ru, 5 * DAY), "5 дней назад");
        assert_eq!(format_relative(Lang::Ru, -2 * 3_600), "через 2 часа");
        assert_eq!(format_relative(Lang::Ru, 800 * DAY), "2 года назад");
        assert_eq!(format_relative(Lang::Kk, 3 * MINUTE), "3 минут бұрын");
        assert_eq!(format_relative(Lang::Kk, -40 * DAY), "1 айдан кейін");
        assert_eq!(format_relative(Lang::En, MINUTE), "1 minute ago");
        assert_eq!(format_relative(Lang::En, i64::MIN), format_relative(Lang::En, -i64::MAX));
    }

    #[test]
    fn moments_beyond_the_calendar_do_not_panic() {
        for t in [Timestamp(i64::MAX), Timestamp(i64::MIN)] {
            for hours in [i32::MIN, -12, 14, i32::MAX] {
                assert!(!format_datetime(Lang::En, t, hours).is_empty());
            }
        }
    }
}
