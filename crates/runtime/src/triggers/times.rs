//! Processes that a time starts: one instance for each time that it is due.

use serde::{Deserialize, Serialize};
use svod_kernel::{Coded, Timestamp};
use svod_process::{Begun, Timer, Trigger};
use svod_registry::{CommandError, Key, ProcessStart, QueryError};
use svod_store::StoreError;

use super::{Triggers, passed};
use crate::cases::{Along, CaseError};

/// Times of one process worked in one look.
const MOST: usize = 100;
/// So long the registry answers a command that it knows by its key, seconds; an hour is left for clocks that differ.
const REMEMBERED: i64 = 23 * 3_600;

/// Where a timer start is; kept in the store under its name.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Place {
    /// As its process has it: another text is another timer.
    timer: String,
    since: Timestamp,
    #[serde(default)]
    last: Option<Timestamp>,
    times: u32,
    /// What is being begun, and since when.
    #[serde(default)]
    trying: Option<(Timestamp, Timestamp)>,
}

impl Triggers {
    /// Begins what is due; when the next is.
    pub(super) async fn times(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let mut next: Option<Timestamp> = None;
        for start in &self.registry.catalogue().starts.processes {
            if let Trigger::Timer(timer) = &start.trigger
                && let Some(due) = self.timer(start, timer, now).await?
            {
                next = Some(next.map_or(due, |next| next.min(due)));
            }
        }
        Ok(next)
    }

    async fn timer(
        &self,
        start: &ProcessStart,
        timer: &Timer,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let name = format!("timer/{}/{}", start.name, start.element);
        let text = format!("{:?} {:?} {}", timer.kind, timer.text, timer.calendar.as_deref().unwrap_or_default());
        let known = self.place(&name).await?.and_then(|doc| serde_json::from_str::<Place>(&doc).ok());
        let mut place = match known.filter(|p| p.timer == text) {
            Some(place) => place,
            None => {
                let place = Place { timer: text, since: now, last: None, times: 0, trying: None };
                self.keep(&name, &place).await?;
                place
            }
        };
        let catalogue = self.registry.catalogue();
        let calendars = start.top.as_ref().map_or(catalogue.clocks.plain(), |top| catalogue.clocks.calendars(top));
        for _ in 0..MOST {
            let begun = Begun { since: place.since, last: place.last, times: place.times };
            let due = match timer.next_start(begun, now, calendars) {
                Ok(Some(due)) if due <= now => due,
                Ok(next) => return Ok(next),
                Err(reason) => {
                    passed(&start.process, &start.element, &reason);
                    return Ok(None);
                }
            };
            self.begin_at(start, due, (&name, &mut place), now).await?;
            (place.last, place.times, place.trying) = (Some(due), place.times.saturating_add(1), None);
            self.keep(&name, &place).await?;
        }
        Ok(Some(now))
    }

    /// One instance for that time. The key of the command makes it one, however often it is tried within a day.
    async fn begin_at(
        &self,
        start: &ProcessStart,
        due: Timestamp,
        (name, place): (&str, &mut Place),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match place.trying.filter(|(what, _)| *what == due) {
            Some((_, since)) if now > since.plus_seconds(REMEMBERED) => {
                passed(&start.process, &start.element, "the platform stood still while it began it; begin it by hand");
                return Ok(());
            }
            Some(_) => {}
            None => {
                place.trying = Some((due, now));
                self.keep(name, place).await?;
            }
        }
        let key = format!("timer:{}:{}:{due}", start.name, start.element);
        let cases = self.applications.cases();
        let along = Along {
            ground: Some(format!("time:{}:{due}", start.process)),
            key: Some(Key::new(key, &start.name)),
            ..Along::default()
        };
        let begun = match cases.new_by(start, None).await {
            Ok(new) => cases.begin(&self.actor, new, along).await,
            Err(e) => Err(e),
        };
        match begun {
            Ok(urn) => {
                tracing::info!(process = start.process, %due, %urn, "begun");
                Ok(())
            }
            Err(
                CaseError::Store(e)
                | CaseError::Command(CommandError::Store(e))
                | CaseError::Query(QueryError::Store(e)),
            ) if !matches!(e, StoreError::Shape(_) | StoreError::Statement(_) | StoreError::Constraint(_)) => Err(e),
            Err(CaseError::Command(e @ (CommandError::Conflict { .. } | CommandError::TooManyTries(_)))) => {
                Err(StoreError::Contended(e.to_string()))
            }
            Err(e) => {
                passed(&start.process, &start.element, &format!("{}: {e}", e.code()));
                Ok(())
            }
        }
    }

    async fn keep(&self, name: &str, place: &Place) -> Result<(), StoreError> {
        let doc = serde_json::to_string(place).map_err(|e| StoreError::Shape(e.to_string()))?;
        self.write_place(name, doc).await
    }
}
