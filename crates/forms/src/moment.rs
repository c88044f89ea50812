//! Days and times: kept as form-js keeps them (ISO 8601), typed by a browser's own field or by hand.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use svod_kernel::Timestamp;

use crate::around::Around;
use crate::model::{MomentRules, Part, Zoned};
use crate::value::Complaint;

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60;

/// A kept moment in the form in which the field keeps it.
pub(crate) fn sane(rules: &MomentRules, text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    // Whatever zone it names, it is written as the field writes it, in the zone it names.
    let hours = zone_minutes(text.rsplit('T').next().unwrap_or(text)).unwrap_or(0);
    Some(match rules.part {
        Part::Date => iso_date(text)?.to_string(),
        Part::Time => {
            let (time, zone) = split_zone(text);
            iso_time(time)?;
            kept_zone(rules, zone)?;
            text.to_owned()
        }
        Part::Both => {
            let (date, rest) = text.split_once('T')?;
            let (time, zone) = split_zone(rest);
            iso_date(date)?;
            iso_time(time)?;
            kept_zone(rules, zone)?;
            // Neither end of the calendar may be left by going to another zone and back.
            let year = iso_date(date)?.year();
            (hours.abs() <= DAY && (-9_000..=9_000).contains(&year)).then(|| text.to_owned())?
        }
    })
}

/// True when the zone is written as the field writes it.
fn kept_zone(rules: &MomentRules, zone: &str) -> Option<()> {
    let good = match rules.zone {
        Zoned::Silent => zone.is_empty(),
        Zoned::Utc => zone == "Z",
        Zoned::Offset => zone.len() == 6 && zone_minutes(&format!("00:00{zone}")).is_some(),
    };
    good.then_some(())
}

/// The time and what it says of its zone: `08:05` and `+07:00`.
fn split_zone(text: &str) -> (&str, &str) {
    let at = text.find(['Z', '+', '-']).unwrap_or(text.len());
    text.split_at(at)
}

/// Minutes east of Greenwich that the end of a time names.
fn zone_minutes(text: &str) -> Option<i64> {
    let (_, zone) = split_zone(text);
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (h, m) = zone.get(1..)?.split_once(':')?;
    let digits = |t: &str| t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit());
    let (h, m) = (digits(h).then(|| h.parse::<i64>().ok())??, digits(m).then(|| m.parse::<i64>().ok())??);
    (h < 15 && m < 60).then_some(sign * (h * 60 + m))
}

/// What was typed, as it is kept.
pub(crate) fn read(rules: &MomentRules, typed: &str, offset_hours: i32) -> Result<String, Complaint> {
    let typed = typed.trim();
    let offset = i64::from(offset_hours.clamp(-14, 14)) * 60;
    match rules.part {
        Part::Date => Ok(any_date(typed).ok_or_else(|| Complaint::of("date"))?.to_string()),
        Part::Time => {
            let time = any_time(typed).ok_or_else(|| Complaint::of("time"))?;
            let minutes = i64::from(time.hour()) * 60 + i64::from(time.minute());
            Ok(match rules.zone {
                Zoned::Silent => clock(minutes),
                Zoned::Utc => format!("{}Z", clock((minutes - offset).rem_euclid(DAY))),
                Zoned::Offset => format!("{}{}", clock(minutes), zone(offset)),
            })
        }
        Part::Both => {
            let bad = || Complaint::of("datetime");
            let (date, time) = typed.split_once(['T', ' ', ',']).ok_or_else(bad)?;
            let at = any_date(date.trim()).ok_or_else(bad)?.to_datetime(any_time(time.trim()).ok_or_else(bad)?);
            match rules.zone {
                Zoned::Silent => Ok(written(at)),
                Zoned::Utc => Ok(format!("{}Z", written(moved(at, -offset).ok_or_else(bad)?))),
                Zoned::Offset => Ok(format!("{}{}", written(at), zone(offset))),
            }
        }
    }
}

/// What the browser's field shows of a kept moment.
pub(crate) fn typed(rules: &MomentRules, text: &str, offset_hours: i32) -> String {
    let here = i64::from(offset_hours.clamp(-14, 14)) * 60;
    match rules.part {
        Part::Date => text.to_owned(),
        Part::Time => {
            let (time, _) = split_zone(text);
            let Some(time) = iso_time(time) else { return text.to_owned() };
            let shift = if rules.zone == Zoned::Silent { 0 } else { here - zone_minutes(text).unwrap_or(here) };
            clock((i64::from(time.hour()) * 60 + i64::from(time.minute()) + shift).rem_euclid(DAY))
        }
        Part::Both => local(rules, text, here).map_or_else(|| text.to_owned(), written),
    }
}

/// A kept day and time on the territory's clock.
fn local(rules: &MomentRules, text: &str, here: i64) -> Option<DateTime> {
    let (date, rest) = text.split_once('T')?;
    let at = iso_date(date)?.to_datetime(iso_time(split_zone(rest).0)?);
    let shift = if rules.zone == Zoned::Silent { 0 } else { here - zone_minutes(rest).unwrap_or(here) };
    moved(at, shift)
}

/// A kept moment as the language writes it.
pub(crate) fn display(rules: &MomentRules, text: &str, around: &Around<'_>) -> String {
    let here = i64::from(around.offset_hours.clamp(-14, 14)) * 60;
    let as_utc = |text: String| format!("{text}Z").parse::<Timestamp>().ok();
    match rules.part {
        Part::Time => typed(rules, text, around.offset_hours),
        Part::Date => as_utc(format!("{text}T00:00:00"))
            .map_or_else(|| text.to_owned(), |at| svod_text::format_date(around.lang, at, 0)),
        Part::Both => local(rules, text, here)
            .and_then(|at| as_utc(format!("{}:00", written(at))))
            .map_or_else(|| text.to_owned(), |at| svod_text::format_datetime(around.lang, at, 0)),
    }
}

/// True when its day is over in the territory: what `disallowPassedDates` forbids.
pub(crate) fn is_past(rules: &MomentRules, text: &str, around: &Around<'_>) -> bool {
    let day = match rules.part {
        Part::Time => return false,
        Part::Date => text.to_owned(),
        Part::Both => typed(rules, text, around.offset_hours),
    };
    day.get(..10).is_some_and(|day| day < around.today().as_str())
}

/// True when the time falls on the steps that can be chosen.
pub(crate) fn on_step(rules: &MomentRules, text: &str, offset_hours: i32) -> bool {
    let Some(interval) = rules.interval.filter(|_| rules.part != Part::Date) else { return true };
    let minute = typed(rules, text, offset_hours).get(3..).and_then(|t| t.rsplit(':').next()?.parse::<u32>().ok());
    minute.is_none_or(|m| m % interval == 0)
}

fn moved(at: DateTime, minutes: i64) -> Option<DateTime> {
    at.checked_add(SignedDuration::from_secs(minutes * MINUTE)).ok()
}

fn written(at: DateTime) -> String {
    format!("{}T{}", at.date(), clock(i64::from(at.hour()) * 60 + i64::from(at.minute())))
}

fn clock(minutes: i64) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Hours and minutes east of Greenwich: `+07:00`.
pub(crate) fn zone(minutes: i64) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{}", clock(minutes.abs()))
}

/// `2026-01-31`, exactly.
fn iso_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (y, m, d) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |t: &str, n: usize| t.len() == n && t.bytes().all(|b| b.is_ascii_digit());
    if parts.next().is_some() || !digits(y, 4) || !digits(m, 2) || !digits(d, 2) {
        return None;
    }
    day(y, m, d)
}

fn day(y: &str, m: &str, d: &str) -> Option<Date> {
    let year: i16 = y.parse().ok()?;
    (year > 0).then(|| Date::new(year, m.parse().ok()?, d.parse().ok()?).ok())?
}

/// `2026-01-31`, or day, month and year as all three languages write them: `31.01.2026`, `31/1/2026`, `31 01 2026`.
fn any_date(text: &str) -> Option<Date> {
    if let Some(date) = iso_date(text) {
        return Some(date);
    }
    let parts: Vec<&str> = text.split(['.', '/', ',', ' ', '-']).filter(|p| !p.is_empty()).collect();
    let [d, m, y] = parts.as_slice() else { return None };
    let digits = |t: &str, n: usize| t.len() <= n && t.bytes().all(|b| b.is_ascii_digit());
    (digits(d, 2) && digits(m, 2) && y.len() == 4 && digits(y, 4)).then(|| day(y, m, d))?
}

/// `08:05`; seconds that a browser may add are zero.
fn iso_time(text: &str) -> Option<Time> {
    let mut parts = text.split(':');
    let (h, m) = (parts.next()?, parts.next()?);
    let digits = |t: &str| t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit());
    if parts.next().is_some() || !digits(h) || !digits(m) {
        return None;
    }
    Time::new(h.parse().ok()?, m.parse().ok()?, 0, 0).ok()
}

/// `08:05`, `8:05`, `8.05`.
fn any_time(text: &str) -> Option<Time> {
    let text = text.strip_suffix(":00").filter(|t| t.contains(':')).unwrap_or(text).replace('.', ":");
    let padded = if text.find(':') == Some(1) { format!("0{text}") } else { text };
    iso_time(&padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(part: Part, zone: Zoned) -> MomentRules {
        MomentRules { part, zone, interval: Some(15), no_past: false, purpose: None }
    }

    #[test]
    fn what_is_typed_is_kept_as_form_js_keeps_it_and_shown_again() {
        for (part, zone, typed_text, kept, again) in [
            (Part::Date, Zoned::Silent, "2026-01-31", "2026-01-31", "2026-01-31"),
            (Part::Date, Zoned::Silent, "31.1.2026", "2026-01-31", "2026-01-31"),
            (Part::Date, Zoned::Silent, "31/01/2026", "2026-01-31", "2026-01-31"),
            (Part::Time, Zoned::Silent, "8:05", "08:05", "08:05"),
            (Part::Time, Zoned::Utc, "02:00", "19:00Z", "02:00"),
            (Part::Time, Zoned::Offset, "08:05:00", "08:05+07:00", "08:05"),
            (Part::Both, Zoned::Utc, "2026-01-01T02:30", "2025-12-31T19:30Z", "2026-01-01T02:30"),
            (Part::Both, Zoned::Offset, "1.1.2026, 02:30", "2026-01-01T02:30+07:00", "2026-01-01T02:30"),
            (Part::Both, Zoned::Silent, "2026-01-01 2.30", "2026-01-01T02:30", "2026-01-01T02:30"),
        ] {
            let r = rules(part, zone);
            let read = read(&r, typed_text, 7).unwrap();
            assert_eq!(read, kept, "{typed_text}");
            assert_eq!(sane(&r, &read).as_deref(), Some(kept));
            assert_eq!(typed(&r, &read, 7), again);
        }
    }

    #[test]
    fn what_is_no_day_or_time_is_refused() {
        for (part, text) in [
            (Part::Date, "2026-02-30"),
            (Part::Date, "31.1.26"),
            (Part::Date, "0000-01-01"),
            (Part::Time, "24:00"),
            (Part::Time, "8"),
            (Part::Both, "2026-01-31"),
        ] {
            assert!(read(&rules(part, Zoned::Silent), text, 7).is_err(), "{text}");
            assert_eq!(sane(&rules(part, Zoned::Silent), text), None, "{text}");
        }
        assert!(on_step(&rules(Part::Both, Zoned::Silent), "2026-01-01T02:30", 7));
        assert!(!on_step(&rules(Part::Time, Zoned::Silent), "02:31", 7));
    }
}
