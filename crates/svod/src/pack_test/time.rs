//! Time passes in a situation: in a blink from one moment at which something may happen to the next.

use std::collections::HashMap;

use serde_json::Value;
use svod_kernel::{Clock as _, Timestamp};
use svod_model::{Entity, TriggerOn};
use svod_process::{Begun, Trigger};
use svod_registry::{On, ProcessStart};
use svod_store::{Conn, StoreError, instance};

use super::stage::Stage;

/// Where things are judged by time, it moves in steps so that intervals come due one after the other.
const STEP_SECONDS: i64 = 30;
/// Waits looked at for the next that is due.
const DUE: i64 = 1_000;
/// Rounds until nothing follows from anything any more.
const ROUNDS: usize = 100;
/// Looks until the journal was followed to its end.
const LOOKS: usize = 10_000;

impl Stage {
    /// Everything that is due, and what follows from it.
    pub async fn settle(&self) -> anyhow::Result<()> {
        for _ in 0..ROUNDS {
            let before = self.core.registry.announced();
            self.followed().await?;
            self.core.runtime.settle().await.map_err(anyhow::Error::msg)?;
            self.triggers.settle().await.map_err(anyhow::Error::msg)?;
            self.worker.settle().await.map_err(anyhow::Error::msg)?;
            self.followed().await?;
            if self.core.registry.announced() == before {
                return Ok(());
            }
        }
        anyhow::bail!("there is no end to what follows; look for things that start one another")
    }

    /// Until everything that has happened has been seen by what begins services by itself.
    async fn followed(&self) -> anyhow::Result<()> {
        let given = self.started.running().given();
        for _ in 0..LOOKS {
            let seen = |(space, head): (&i64, &i64)| {
                let at_first = self.present.get(space).copied().unwrap_or_default();
                *head <= given.borrow().get(space).copied().unwrap_or_default().max(at_first)
            };
            if self.core.registry.is_all_announced() && self.core.registry.heads().iter().all(seen) {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        anyhow::bail!("the journal is not followed to its end")
    }

    /// Time passes.
    pub async fn wait(&self, seconds: i64) -> anyhow::Result<()> {
        let end = self.clock.now().plus_seconds(seconds);
        let triggers = &self.core.registry.catalogue().triggers;
        let swept = self.live && triggers.iter().any(|t| matches!(t.spec.on, TriggerOn::Interval(_)));
        loop {
            let now = self.clock.now();
            if now >= end {
                return Ok(());
            }
            let next = if swept { now.plus_seconds(STEP_SECONDS) } else { self.next_moment(now, end).await? };
            self.clock.set(next.min(end));
            self.settle().await?;
        }
    }

    /// The next at which something may happen: timers, terms and calls of cases, offers that run out, moments of entities and times
    /// of the clock that start something.
    async fn next_moment(&self, now: Timestamp, end: Timestamp) -> anyhow::Result<Timestamp> {
        let due = self.core.store.read(move |conn| instance::due(conn, end, DUE)).await?;
        let mut next: Vec<Timestamp> = due.iter().filter_map(|w| w.wait.due).collect();
        let offers = self.all("Offer").await?;
        next.extend(offers.iter().filter(|o| o.text("status") == Some("open")).filter_map(|o| o.time("until")));
        let catalogue = self.core.registry.catalogue();
        for start in &catalogue.starts.events {
            if let On::Due(due) = &start.on {
                let all = self.all(&start.kind).await?;
                next.extend(
                    all.iter()
                        .filter_map(|e: &Entity| due.moment(e.text(&due.spec.on)?, catalogue.clocks.offset(&e.space))),
                );
            }
        }
        for start in &catalogue.starts.processes {
            next.extend(self.next_start(start, now).await?);
        }
        Ok(next.into_iter().filter(|t| *t > now).fold(end, Ord::min))
    }

    /// When the clock starts a process next, by what is kept of the last time.
    async fn next_start(&self, start: &ProcessStart, now: Timestamp) -> anyhow::Result<Option<Timestamp>> {
        let Trigger::Timer(timer) = &start.trigger else { return Ok(None) };
        let name = format!("timer/{}/{}", start.name, start.element);
        let space = svod_store::space::INSTALLATION;
        let kept = self.core.store.read(move |conn| svod_store::meta::get(conn, space, &name)).await?;
        let Some(kept) = kept.and_then(|text| serde_json::from_str::<Value>(&text).ok()) else { return Ok(None) };
        let moment = |key: &str| kept.get(key).and_then(Value::as_str).and_then(|t| t.parse().ok());
        let times = kept.get("times").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
        let begun = Begun { since: moment("since").unwrap_or(now), last: moment("last"), times: times.unwrap_or(0) };
        let catalogue = self.core.registry.catalogue();
        let calendars = start.top.as_ref().map_or(catalogue.clocks.plain(), |top| catalogue.clocks.calendars(top));
        timer.next_start(begun, now, calendars).map_err(anyhow::Error::msg)
    }
}

/// The last event of each space now.
pub async fn present(store: &svod_store::Store) -> Result<HashMap<i64, i64>, StoreError> {
    let spaces = store.read(|conn: &mut dyn Conn| svod_store::space::list(conn)).await?;
    Ok(spaces.into_iter().map(|s| (s.id, s.seq)).collect())
}
