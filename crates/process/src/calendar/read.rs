use std::collections::BTreeMap;

use jiff::civil::Date;
use svod_kernel::read_offset;

use super::yaml::{Data, Node};
use super::{Calendar, Hours, Year, yaml};

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const KEYS: [&str; 7] = ["id", "offset", "hours", "daysOff", "holidays", "carried", "years"];

/// What is wrong with a calendar file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}; {fix}")]
pub struct CalendarError {
    /// File as given.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
    /// What to do about it.
    pub fix: String,
}

type Fault = (usize, String, String);

impl Calendar {
    /// Reads a calendar from YAML; `file` is named in the error.
    ///
    /// # Errors
    /// The first thing wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, CalendarError> {
        let error = |(line, reason, fix): Fault| CalendarError { file: file.to_owned(), line, reason, fix };
        let root = yaml::read(text)
            .map_err(|(line, reason)| error((line, reason, "check the YAML at this place".to_owned())))?;
        calendar(&root).map_err(error)
    }
}

fn fault(node: &Node, reason: impl Into<String>, fix: &str) -> Fault {
    (node.line, reason.into(), fix.to_owned())
}

fn calendar(root: &Node) -> Result<Calendar, Fault> {
    let entries = map(root)?;
    known(root, entries, &KEYS)?;
    let get = |name: &str| entries.iter().find(|(k, _)| k == name).map(|(_, v)| v);
    let need = |name: &str| get(name).ok_or_else(|| fault(root, format!("{name} is missing"), "add it"));
    let mut years = BTreeMap::new();
    if let Some(node) = get("years") {
        for (name, node) in map(node)? {
            let year =
                name.parse().map_err(|_| fault(node, format!("'{name}' is no year"), "write a year such as 2026"))?;
            years.insert(year, decreed(node, year)?);
        }
    }
    let made = Calendar {
        id: text(need("id")?)?.to_owned(),
        offset: offset(need("offset")?)?,
        hours: list(need("hours")?)?.iter().map(hours).collect::<Result<_, _>>()?,
        days_off: list(need("daysOff")?)?.iter().map(day).collect::<Result<_, _>>()?,
        holidays: list(need("holidays")?)?.iter().map(holiday).collect::<Result<_, _>>()?,
        carried: list(need("carried")?)?.iter().map(holiday).collect::<Result<_, _>>()?,
        years,
    };
    if made.hours.windows(2).any(|w| w[0].to > w[1].from) || made.hours.is_empty() {
        return Err(fault(root, "the working hours are empty or overlap", "write them in their order"));
    }
    if made.days_off.len() > 6 {
        return Err(fault(root, "every day of the week is off", "leave a day to work"));
    }
    Ok(made)
}

fn decreed(node: &Node, year: i16) -> Result<Year, Fault> {
    let entries = map(node)?;
    known(node, entries, &["source", "pending", "off", "working"])?;
    let mut made = Year::default();
    for (name, node) in entries {
        match name.as_str() {
            "source" => made.source = text(node)?.to_owned(),
            "pending" => made.pending = text(node)?.to_owned(),
            "off" => made.off = dates(node, year)?,
            _ => made.working = dates(node, year)?,
        }
    }
    if made.source.is_empty() {
        Err(fault(node, "source is missing", "name the decree and its number"))
    } else {
        Ok(made)
    }
}

fn known(node: &Node, entries: &[(String, Node)], keys: &[&str]) -> Result<(), Fault> {
    match entries.iter().find(|(k, _)| !keys.contains(&k.as_str())) {
        Some((k, v)) => Err(fault(v, format!("'{k}' is no key here"), &format!("write one of {}", keys.join(", ")))),
        None if entries.is_empty() => Err(fault(node, "it is empty", "fill it in")),
        None => Ok(()),
    }
}

fn map(node: &Node) -> Result<&[(String, Node)], Fault> {
    match &node.data {
        Data::Map(entries) => Ok(entries),
        _ => Err(fault(node, "keys are expected here", "write key: value")),
    }
}

fn list(node: &Node) -> Result<&[Node], Fault> {
    match &node.data {
        Data::List(items) => Ok(items),
        _ => Err(fault(node, "a list is expected here", "write [a, b]")),
    }
}

fn text(node: &Node) -> Result<&str, Fault> {
    match &node.data {
        Data::Text(text) if !text.trim().is_empty() => Ok(text.trim()),
        _ => Err(fault(node, "a text is expected here", "write a text")),
    }
}

fn dates(node: &Node, year: i16) -> Result<Vec<(i8, i8)>, Fault> {
    let date = |node: &Node| {
        let found: Option<Date> = text(node)?.parse().ok().filter(|d: &Date| d.year() == year);
        let found = found.map(|d| (d.month(), d.day()));
        found.ok_or_else(|| fault(node, format!("it is no date of {year}"), "write a date such as 2026-01-09"))
    };
    list(node)?.iter().map(date).collect()
}

fn holiday(node: &Node) -> Result<(i8, i8), Fault> {
    // A leap year takes every day.
    let date = format!("2024-{}", text(node)?).parse::<Date>();
    let date = date.map_err(|_| fault(node, "it is no day of the year", "write month and day, such as 05-09"))?;
    Ok((date.month(), date.day()))
}

fn day(node: &Node) -> Result<i8, Fault> {
    let name = text(node)?;
    let at = DAYS.iter().position(|d| *d == name).and_then(|at| i8::try_from(at + 1).ok());
    at.ok_or_else(|| fault(node, format!("'{name}' is no day"), &format!("write one of {}", DAYS.join(", "))))
}

fn hours(node: &Node) -> Result<Hours, Fault> {
    let span = text(node)?.split_once('-').and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
    match span {
        Some((from, to)) if from < to => Ok(Hours { from, to }),
        _ => Err(fault(node, "these are no working hours", "write them such as 09:00-13:00")),
    }
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60 && (hour < 24 || (hour == 24 && minute == 0))).then(|| hour * 60 + minute)
}

fn offset(node: &Node) -> Result<i32, Fault> {
    let text = text(node)?;
    read_offset(text).ok_or_else(|| fault(node, format!("'{text}' is no offset"), "write it such as \"+03:00\""))
}
