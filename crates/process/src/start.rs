//! When a process begins by itself.

use svod_kernel::Timestamp;

use crate::calendar::Calendars;
use crate::model::{Timer, TimerKind};
use crate::span::{Cycle, Span};

/// Times of a cycle that are passed over one by one; after more of them it goes on from the present.
const MAX_PASSED: usize = 10_000;

/// How often a timer start has begun a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// Since when the process is known.
    pub since: Timestamp,
    /// When it was last due.
    pub last: Option<Timestamp>,
    /// So often it was due.
    pub times: u32,
}

impl Timer {
    /// When a process with this timer at its start is due next; none: never again. The next time is counted from when the
    /// last one was due; of those that passed while nobody looked, one counts.
    ///
    /// # Errors
    /// What is wrong with its text: no variables are there yet.
    pub fn next_start(&self, begun: Begun, now: Timestamp, calendars: &Calendars) -> Result<Option<Timestamp>, String> {
        let text = self.text.resolve(|_| None)?;
        let once = |due: Timestamp| if begun.last.is_none() && due > begun.since { Some(due) } else { None };
        match self.kind {
            TimerKind::Date => text
                .trim()
                .parse()
                .map(once)
                .map_err(|_| format!("'{text}' is no moment such as 2026-01-15T08:00:00+07:00")),
            TimerKind::Duration => {
                let span = Span::parse(&text).ok_or_else(|| format!("'{text}' is no duration such as P3D"))?;
                self.later(begun.since, span, calendars).map(once)
            }
            TimerKind::Cycle => {
                let cycle = Cycle::parse(&text).ok_or_else(|| format!("'{text}' is no cycle such as R3/PT1H"))?;
                self.next_of(cycle, begun, now, calendars)
            }
        }
    }

    fn next_of(
        &self,
        cycle: Cycle,
        begun: Begun,
        now: Timestamp,
        calendars: &Calendars,
    ) -> Result<Option<Timestamp>, String> {
        if cycle.times.is_some_and(|most| begun.times >= most) {
            return Ok(None);
        }
        let Some(last) = begun.last else {
            let mut due = match cycle.begin {
                Some(begin) => begin,
                None => self.later(begun.since, cycle.span, calendars)?,
            };
            for _ in 0..MAX_PASSED {
                if due > begun.since {
                    return Ok(Some(due));
                }
                due = self.later(due, cycle.span, calendars)?;
            }
            return self.later(begun.since, cycle.span, calendars).map(Some);
        };
        let mut due = self.later(last, cycle.span, calendars)?;
        for _ in 0..MAX_PASSED {
            let next = self.later(due, cycle.span, calendars)?;
            if next > now {
                return Ok(Some(due));
            }
            due = next;
        }
        Ok(Some(now))
    }

    fn later(&self, from: Timestamp, span: Span, calendars: &Calendars) -> Result<Timestamp, String> {
        let found = match self.calendar.as_deref() {
            None => span.after(from, 0),
            Some(name) => {
                let calendar = calendars.get(name).ok_or_else(|| format!("there is no calendar '{name}'"))?;
                calendar.after(from, span)
            }
        };
        found.ok_or_else(|| "the time is out of range".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    fn timer(kind: TimerKind, text: &str) -> Timer {
        Timer { kind, text: Text::Plain(text.to_owned()), calendar: None }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_cycle_goes_on_from_when_it_was_due() {
        let day = timer(TimerKind::Cycle, "R/2026-01-10T09:00:00Z/P1D");
        let none = Calendars::new();
        let mut begun = Begun { since: at("2026-01-15T12:00:00Z"), last: None, times: 0 };
        let next = |begun, now| day.next_start(begun, at(now), &none).unwrap();
        assert_eq!(
            next(begun, "2026-01-15T12:00:00Z"),
            Some(at("2026-01-16T09:00:00Z")),
            "what is over does not count"
        );
        begun = Begun { last: Some(at("2026-01-16T09:00:00Z")), times: 1, ..begun };
        assert_eq!(next(begun, "2026-01-16T09:00:01Z"), Some(at("2026-01-17T09:00:00Z")));
        assert_eq!(
            next(begun, "2026-01-20T10:00:00Z"),
            Some(at("2026-01-20T09:00:00Z")),
            "of those that passed one counts"
        );
        let twice = timer(TimerKind::Cycle, "R2/PT1H");
        assert_eq!(twice.next_start(Begun { times: 2, ..begun }, at("2026-02-01T00:00:00Z"), &none), Ok(None));
    }

    #[test]
    fn a_date_comes_once() {
        let none = Calendars::new();
        let begun = Begun { since: at("2026-01-15T12:00:00Z"), last: None, times: 0 };
        let ask = |begun, text: &str| timer(TimerKind::Date, text).next_start(begun, begun.since, &none);
        assert_eq!(ask(begun, "2026-01-16T00:00:00Z"), Ok(Some(at("2026-01-16T00:00:00Z"))));
        assert_eq!(ask(begun, "2026-01-14T00:00:00Z"), Ok(None));
        let over = Begun { last: Some(at("2026-01-16T00:00:00Z")), times: 1, ..begun };
        assert_eq!(ask(over, "2026-01-16T00:00:00Z"), Ok(None));
        assert!(ask(begun, "soon").is_err());
    }
}
