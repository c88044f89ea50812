//! Working days and hours of a country: plain data, one file each (`packs/base/calendars`).

mod read;
mod yaml;

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};
use svod_kernel::Timestamp;

use crate::span::Span;

pub use read::CalendarError;

/// Most days that a search goes on: a century.
const MAX_DAYS: u32 = 36_600;

/// Microseconds.
const SECOND: i64 = 1_000_000;
/// Microseconds of a day by the clocks of one offset.
const DAY: i64 = 86_400 * SECOND;

/// When people work: by the clocks of one offset, the days of the week, the holidays of every year, and what a decree
/// says for a year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Calendar {
    /// Name that processes use: `ru`.
    pub id: String,
    /// Seconds east of Greenwich.
    pub offset: i32,
    /// Working hours of a day, in their order.
    pub hours: Vec<Hours>,
    /// Weekly days off, Monday is 1.
    pub days_off: Vec<i8>,
    /// Holidays of every year: month and day.
    pub holidays: Vec<(i8, i8)>,
    /// Holidays of every year that move to the next working day when they fall on a weekly day off. They move by
    /// themselves only in years for which nothing is decreed: a decree lists what is off.
    pub carried: Vec<(i8, i8)>,
    /// What is decreed, by year.
    pub years: BTreeMap<i16, Year>,
}

/// A span of working hours, in minutes since midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// Begin.
    pub from: u16,
    /// End, after the begin.
    pub to: u16,
}

/// What is decreed for a year.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Year {
    /// The decree and its number.
    pub source: String,
    /// What is not decreed yet; empty where nothing is missing. Until then the year is not known, and what stands here counts.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pending: String,
    /// Days off beside the weekly ones and the holidays: month and day.
    pub off: Vec<(i8, i8)>,
    /// Days worked although they are weekly days off or holidays.
    pub working: Vec<(i8, i8)>,
}

/// Calendars by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calendars(BTreeMap<String, Calendar>);

impl Calendars {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more; replaces one of the same name.
    #[must_use]
    pub fn with(mut self, calendar: Calendar) -> Self {
        self.0.insert(calendar.id.clone(), calendar);
        self
    }

    /// One of them.
    pub fn get(&self, id: &str) -> Option<&Calendar> {
        self.0.get(id)
    }

    /// Every calendar by the clocks of a place: the same days, another offset in seconds.
    #[must_use]
    pub fn at(&self, offset: i32) -> Self {
        Self(self.0.iter().map(|(id, c)| (id.clone(), c.clone().at(offset))).collect())
    }
}

impl Calendar {
    /// The same days by the clocks of another place, in seconds east of Greenwich.
    #[must_use]
    pub fn at(mut self, offset: i32) -> Self {
        self.offset = offset;
        self
    }

    /// False where nothing is decreed for a year, or not all of it: its weekly days off, holidays and what is known count,
    /// transfers are not known.
    pub fn knows(&self, year: i16) -> bool {
        self.years.get(&year).is_some_and(|year| year.pending.is_empty())
    }

    /// What to tell an operator about a year, when nothing is decreed for it, or not all of it.
    pub fn warning(&self, year: i16) -> Option<String> {
        let id = &self.id;
        match self.years.get(&year) {
            Some(known) if known.pending.is_empty() => None,
            Some(known) => Some(format!("calendar '{id}' has not all of {year}: {}", known.pending)),
            None => {
                let what = "weekly days off and holidays of every year count, decreed days off are not known";
                Some(format!("calendar '{id}' has no data for {year}: {what}"))
            }
        }
    }

    /// True when people work on the day of this moment.
    pub fn is_working_at(&self, at: Timestamp) -> bool {
        let zone = Offset::from_seconds(self.offset).map(TimeZone::fixed);
        let date = zone.and_then(|z| Ok(jiff::Timestamp::from_microsecond(at.0)?.to_zoned(z).date()));
        date.is_ok_and(|d| self.is_working(d))
    }

    fn is_working(&self, date: Date) -> bool {
        if let Some(year) = self.years.get(&date.year()) {
            let day = (date.month(), date.day());
            if year.working.contains(&day) {
                return true;
            }
            if year.off.contains(&day) {
                return false;
            }
        }
        self.is_plain(date) && (self.knows(date.year()) || !self.is_carried_to(date))
    }

    /// True for a day that is neither a weekly day off nor a holiday of every year.
    fn is_plain(&self, date: Date) -> bool {
        let day = (date.month(), date.day());
        let holiday = self.holidays.contains(&day) || self.carried.contains(&day);
        !holiday && !self.days_off.contains(&weekday(date.weekday()))
    }

    /// True for a day off instead of a holiday that fell on a weekly day off.
    fn is_carried_to(&self, date: Date) -> bool {
        let mut taken: Vec<Date> = Vec::new();
        for (month, day) in &self.carried {
            let Ok(holiday) = Date::new(date.year(), *month, *day) else { continue };
            if !self.days_off.contains(&weekday(holiday.weekday())) {
                continue;
            }
            let days = holiday.series(jiff::Span::new().days(1)).skip(1).take(31);
            taken.extend(days.into_iter().find(|d| self.is_plain(*d) && !taken.contains(d)));
        }
        taken.contains(&date)
    }

    /// The moment that much later. Months are those of the calendar, and end on a working day; days are working days
    /// and keep the time of day; hours, minutes and seconds are working time. None beyond a century.
    pub fn after(&self, from: Timestamp, span: Span) -> Option<Timestamp> {
        let zone = TimeZone::fixed(Offset::from_seconds(self.offset).ok()?);
        let mut at: DateTime = jiff::Timestamp::from_microsecond(from.0).ok()?.to_zoned(zone.clone()).datetime();
        if span.months > 0 {
            at = at.checked_add(jiff::Span::new().try_months(span.months).ok()?).ok()?;
            at = self.working_from(at.date())?.to_datetime(at.time());
        }
        if span.days > 0 {
            at = self.days_later(at.date(), span.days)?.to_datetime(at.time());
        }
        if span.seconds > 0 {
            at = self.seconds_later(at, i64::from(span.seconds))?;
        }
        Some(Timestamp(at.to_zoned(zone).ok()?.timestamp().as_microsecond()))
    }

    /// The time of working days between two moments, in microseconds: a working day has all its hours, a day off none.
    /// None where the moments are out of range or a century apart.
    pub fn worked(&self, from: Timestamp, to: Timestamp) -> Option<i64> {
        let ((mut day, begin), (last, end)) = (self.local(from)?, self.local(to)?);
        if to <= from {
            return Some(0);
        }
        if last - day > i64::from(MAX_DAYS) {
            return None;
        }
        let mut total = -if self.is_working(date_of(day)?) { begin } else { 0 };
        while day < last {
            total += if self.is_working(date_of(day)?) { DAY } else { 0 };
            day += 1;
        }
        Some(total + if self.is_working(date_of(last)?) { end } else { 0 })
    }

    /// The moment from which so many microseconds of working days lie (before it, when they are less than nothing); what
    /// [`Calendar::worked`] counts. None beyond a century.
    pub fn moved(&self, at: Timestamp, worked: i64) -> Option<Timestamp> {
        if worked == 0 {
            return Some(at);
        }
        let (mut day, mut within) = self.local(at)?;
        let mut left = worked.checked_abs()?;
        for _ in 0..MAX_DAYS {
            if self.is_working(date_of(day)?) {
                let free = if worked > 0 { DAY - within } else { within };
                // The last moment of a day is the first of the next working one.
                if left < free || (worked < 0 && left == free) {
                    let there = day * DAY + if worked > 0 { within + left } else { within - left };
                    return Some(Timestamp(there - i64::from(self.offset) * SECOND));
                }
                left -= free;
            }
            (day, within) = if worked > 0 { (day + 1, 0) } else { (day - 1, DAY) };
        }
        None
    }

    /// The day by the clocks of the place, counted from 1970, and the microseconds since its midnight.
    fn local(&self, at: Timestamp) -> Option<(i64, i64)> {
        let local = at.0.checked_add(i64::from(self.offset) * SECOND)?;
        Some((local.div_euclid(DAY), local.rem_euclid(DAY)))
    }

    /// This day, or the next on which people work.
    fn working_from(&self, date: Date) -> Option<Date> {
        let mut date = date;
        for _ in 0..MAX_DAYS {
            if self.is_working(date) {
                return Some(date);
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn days_later(&self, date: Date, days: u32) -> Option<Date> {
        if days > MAX_DAYS {
            return None;
        }
        let mut date = date;
        for _ in 0..days {
            date = self.working_from(date.tomorrow().ok()?)?;
        }
        Some(date)
    }

    fn seconds_later(&self, at: DateTime, seconds: i64) -> Option<DateTime> {
        let (mut date, mut second, mut left) = (at.date(), second_of(at.time()), seconds);
        for _ in 0..MAX_DAYS {
            if self.is_working(date) {
                for hours in &self.hours {
                    let begin = second.max(i64::from(hours.from) * 60);
                    let free = i64::from(hours.to) * 60 - begin;
                    if free >= left {
                        let end = date.to_datetime(Time::midnight());
                        return end.checked_add(jiff::Span::new().try_seconds(begin + left).ok()?).ok();
                    }
                    left -= free.max(0);
                }
            }
            date = date.tomorrow().ok()?;
            second = 0;
        }
        None
    }
}

/// The day of that number since 1970.
fn date_of(day: i64) -> Option<Date> {
    Date::new(1970, 1, 1).ok()?.checked_add(jiff::Span::new().try_days(day).ok()?).ok()
}

fn second_of(time: Time) -> i64 {
    i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second())
}

fn weekday(day: Weekday) -> i8 {
    day.to_monday_one_offset()
}
