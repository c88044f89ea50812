//! When a timer is due.

use svod_kernel::Timestamp;

use crate::model::{Element, Timer, TimerKind, Trigger};
use crate::span::{Cycle, Span};
use crate::state::Armed;

use super::Run;

/// Times of a cycle that are passed over one by one; after more of them it begins anew from now.
const MAX_PASSED: usize = 1_000;

/// The first time of a timer, and how it repeats.
pub(super) struct Due {
    pub(super) due: Timestamp,
    pub(super) left: Option<u32>,
    pub(super) every: Option<String>,
}

impl Run<'_> {
    pub(super) fn time_of(&self, timer: &Timer, scope: u64) -> Result<Due, String> {
        let text = timer.text.resolve(|name| self.state.find(scope, name).cloned())?;
        let once = |due| Due { due, left: Some(0), every: None };
        match timer.kind {
            TimerKind::Date => text
                .trim()
                .parse()
                .map(once)
                .map_err(|_| format!("'{text}' is no moment such as 2026-01-15T08:00:00+07:00")),
            TimerKind::Duration => {
                let span = Span::parse(&text).ok_or_else(|| format!("'{text}' is no duration such as P3D"))?;
                self.later(self.now, span, timer.calendar.as_deref()).map(once)
            }
            TimerKind::Cycle => {
                let cycle = Cycle::parse(&text).ok_or_else(|| format!("'{text}' is no cycle such as R3/PT1H"))?;
                let due = match cycle.begin {
                    Some(begin) => begin,
                    None => self.later(self.now, cycle.span, timer.calendar.as_deref())?,
                };
                let every = text.rsplit('/').next().map(str::to_owned);
                Ok(Due { due, left: cycle.times.map(|n| n - 1), every })
            }
        }
    }

    /// The time after this one, counted from when it was due and not from when somebody looked. Times that nobody
    /// looked at are passed over, so that a case is not overrun after a pause.
    pub(super) fn next_due(&self, armed: &Armed, event: &Element) -> Option<Timestamp> {
        let span = Span::parse(armed.every.as_deref()?)?;
        let calendar = match event.trigger() {
            Some(Trigger::Timer(timer)) => timer.calendar.as_deref(),
            _ => None,
        };
        let mut due = armed.due;
        for _ in 0..MAX_PASSED {
            due = self.later(due, span, calendar).ok()?;
            if due > self.now {
                return Some(due);
            }
        }
        self.later(self.now, span, calendar).ok()
    }

    pub(super) fn later(&self, from: Timestamp, span: Span, calendar: Option<&str>) -> Result<Timestamp, String> {
        let found = match calendar {
            None => span.after(from, 0),
            Some(name) => match self.calendars.get(name) {
                Some(calendar) => calendar.after(from, span),
                None => return Err(format!("there is no calendar '{name}'")),
            },
        };
        found.ok_or_else(|| "the time is out of range".to_owned())
    }
}
