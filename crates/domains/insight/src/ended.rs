//! Alerts that ended in the last day, so that whoever saw one on the map sees its end.
//!
//! The twin forgets what is closed and the registry lists by age, oldest first. The list is therefore read once and
//! then follows the registry's changes; a visitor's request takes in what came since the one before.

use std::sync::Arc;

use svod_kernel::{Actor, SpacePath, Timestamp};
use svod_model::Entity;
use svod_registry::{Committed, EntityQuery, INSTALLATION, QueryError, Registry};
use tokio::sync::Mutex;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

/// How long an ended alert is shown.
pub const SHOWN_SECONDS: i64 = 24 * 3600;

/// Ended alerts remembered, of all spaces together.
const KEPT: usize = 1_000;

/// Pages of 1,000 closed alerts read at the start.
const LOAD_PAGES: usize = 100;

/// The alerts that ended lately, newest first.
#[derive(Default)]
pub struct Ended(Mutex<State>);

#[derive(Default)]
struct State {
    changes: Option<Receiver<Arc<Committed>>>,
    alerts: Vec<Arc<Entity>>,
}

impl Ended {
    /// At most `limit` alerts of the space and those under it that ended in the day before `now`, each redacted for
    /// the actor; newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of(
        &self,
        registry: &Registry,
        actor: &Actor,
        space: &SpacePath,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Entity>, QueryError> {
        let mut state = self.0.lock().await;
        if !state.catch_up() {
            let changes = registry.changes(); // before reading, so that nothing falls between the two
            state.alerts = load(registry, now).await?;
            state.changes = Some(changes);
        }
        keep_recent(&mut state.alerts, now);
        let here = state.alerts.iter().filter(|a| space.covers(&a.space));
        Ok(here.filter_map(|a| registry.redact(actor, a.clone())).take(limit).map(Arc::unwrap_or_clone).collect())
    }
}

impl State {
    /// Takes in what was committed since; false when the list must be read anew.
    fn catch_up(&mut self) -> bool {
        let Some(changes) = &mut self.changes else { return false };
        loop {
            match changes.try_recv() {
                Ok(committed) => {
                    for e in committed.entities.iter().filter(|e| ended_at(e).is_some()) {
                        self.alerts.retain(|a| a.id != e.id);
                        self.alerts.push(e.clone());
                    }
                    self.alerts.retain(|a| !committed.deleted.contains(&a.id));
                }
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Lagged(_) | TryRecvError::Closed) => return false,
            }
        }
    }
}

/// When the alert ended; none for what is no ended alert.
pub fn ended_at(e: &Entity) -> Option<Timestamp> {
    let closed = e.kind == "Alert" && e.text("status") == Some("closed");
    closed.then(|| e.time("closedAt").unwrap_or(e.modified_at))
}

fn keep_recent(alerts: &mut Vec<Arc<Entity>>, now: Timestamp) {
    let oldest = now.plus_seconds(-SHOWN_SECONDS);
    alerts.retain(|a| ended_at(a).is_some_and(|t| t >= oldest));
    alerts.sort_by_key(|a| std::cmp::Reverse(ended_at(a)));
    alerts.truncate(KEPT);
}

async fn load(registry: &Registry, now: Timestamp) -> Result<Vec<Arc<Entity>>, QueryError> {
    let reader = Actor::platform("insight");
    let tree = registry.spaces();
    let regions = tree.all().into_iter().filter(|s| s.path.parent().is_none() && s.path.as_str() != INSTALLATION);
    let mut found = Vec::new();
    for region in regions {
        let query = EntityQuery::of(region.path.clone(), &["Alert"]).with("status", "closed");
        let mut query = EntityQuery { limit: 1_000, ..query };
        for _ in 0..LOAD_PAGES {
            let page = registry.query(&reader, query.clone()).await?;
            found.extend(page.items.into_iter().map(Arc::new));
            keep_recent(&mut found, now);
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use svod_model::Attribute;

    use super::*;

    fn alert(id: &str, status: &str, closed: &str) -> Arc<Entity> {
        let e = Entity::new(format!("urn:svod:alert:{id}").parse().unwrap(), "Alert", "kuzbass".parse().unwrap());
        Arc::new(e.with("status", Attribute::property(status)).with("closedAt", Attribute::property(closed)))
    }

    #[test]
    fn only_the_last_day_is_kept_newest_first() {
        let mut all = vec![
            alert("old", "closed", "2026-01-13T00:00:00Z"),
            alert("first", "closed", "2026-01-15T01:00:00Z"),
            alert("open", "open", "2026-01-15T02:00:00Z"),
            alert("last", "closed", "2026-01-15T03:00:00Z"),
        ];
        keep_recent(&mut all, "2026-01-15T12:00:00Z".parse().unwrap());
        assert_eq!(all.iter().map(|a| a.id.local()).collect::<Vec<_>>(), ["last", "first"]);
    }
}
