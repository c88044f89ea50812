//! Clears away what has ceased to be. Nobody sees it any more anyway; its end gets an event of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use svod_kernel::{Actor, Timestamp, Urn};
use svod_policy::Action;
use svod_query::keys;
use svod_store::entity::{EntityRow, Keys};
use svod_store::{Conn, StoreError};

use crate::command::{Change, Command, CommandError, Edit, Operation};
use crate::{Registry, SpaceId, index};

/// The ground of such commands.
pub(crate) const GROUND: &str = "expiresAt";
/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);
/// Entities cleared in one command.
const AT_ONCE: u16 = 200;
/// Seconds until it is tried again what was refused.
const AGAIN: i64 = 3_600;
/// The journal's verb of an attribute that has ceased to be.
const EXPIRE: &str = "expire";

/// Is it the end of attributes? Nobody sees them any more: no rule keeps them, and what they pointed to may be gone.
pub(crate) fn expires(change: &Change) -> bool {
    change.verb == Some(EXPIRE)
}

/// What could not be cleared away, at which version, and until when it is left alone.
type Stuck = HashMap<(Urn, i64), Timestamp>;

impl Registry {
    pub(crate) fn sweep_behind(self: Arc<Self>) {
        let me = Arc::downgrade(&self);
        tokio::spawn(async move {
            let mut stuck = Stuck::new();
            loop {
                tokio::time::sleep(EVERY).await;
                let Some(registry) = me.upgrade() else { return };
                let swept = match registry.forget_receipts().await {
                    Ok(()) => registry.sweep(&mut stuck).await,
                    Err(e) => Err(e.into()),
                };
                match swept {
                    Ok(()) => {}
                    Err(CommandError::Store(StoreError::Closed)) => return,
                    Err(error) => tracing::warn!(%error, "what has ceased to be was not cleared away"),
                }
            }
        });
    }

    /// Clears away what has ceased to be by now. What is refused is told once and keeps nothing else back.
    async fn sweep(&self, stuck: &mut Stuck) -> Result<(), CommandError> {
        let (now, spaces) = (self.clock.now(), self.spaces().ids_of_all());
        stuck.retain(|_, until| now < *until);
        let left = stuck.clone();
        let rows = self
            .store
            .read(move |conn| {
                let mut rows = Vec::new();
                for space in spaces {
                    over(conn, (space, now), &left, &mut rows)?;
                }
                Ok::<_, StoreError>(rows)
            })
            .await?;
        let changes: Vec<(i64, Change)> =
            rows.iter().filter_map(|row| Some((row.version, change(row, now)?))).collect();
        if changes.is_empty() {
            return Ok(());
        }
        let told: Vec<(Urn, i64)> = changes.iter().map(|(version, c)| (c.urn().clone(), *version)).collect();
        let changes = changes.into_iter().map(|(_, change)| change).collect();
        let command = Command { ground: GROUND.into(), changes, each: true, ..Command::default() };
        let receipt = self.execute(&Actor::platform("expiry"), command).await?;
        for (place, error) in receipt.refused {
            let Some((urn, version)) = told.get(place) else { continue };
            tracing::warn!(%error, %urn, version, "what has ceased to be was not cleared away");
            stuck.insert((urn.clone(), *version), now.plus_seconds(AGAIN));
        }
        Ok(())
    }
}

/// Entities of a space that have ceased to be, or parts of them: as many as are cleared at once, those that are left alone apart.
fn over(
    conn: &mut dyn Conn,
    (space, now): (SpaceId, Timestamp),
    stuck: &Stuck,
    rows: &mut Vec<EntityRow>,
) -> Result<(), StoreError> {
    let (attribute, low) = (index::number(index::EXPIRIES), keys::moment(Timestamp(i64::MIN)));
    let keys = Keys { space, attribute, low, high: keys::moment(now) };
    let (most, mut after) = (rows.len() + usize::from(AT_ONCE), None);
    while rows.len() < most {
        let from = after.as_ref().map(|(key, entity): &(Vec<u8>, i64)| (key.as_slice(), *entity));
        let hits = svod_store::entity::by_keys(conn, &keys, from, AT_ONCE.into())?;
        let Some(last) = hits.last() else { break };
        after = Some((last.key.clone(), last.entity));
        let ids: Vec<i64> = hits.iter().map(|hit| hit.entity).collect();
        let free = |row: &EntityRow| {
            let urn = row.urn.parse::<Urn>();
            urn.is_ok_and(|urn| !stuck.contains_key(&(urn, row.version)))
        };
        rows.extend(svod_store::entity::by_ids(conn, space, &ids)?.into_iter().filter(free));
    }
    Ok(())
}

fn change(row: &EntityRow, now: Timestamp) -> Option<Change> {
    let entity = crate::execute::entity_of(row).ok()?;
    let urn: Urn = entity.id.clone();
    let operation = match entity.expires_at {
        Some(at) if at <= now => Operation::Delete { urn, expected: Some(row.version) },
        _ => Operation::Edit {
            urn: urn.clone(),
            edit: Edit::new(move |old| {
                old.cloned().and_then(|e| e.living(now)).ok_or_else(|| CommandError::NotFound(urn.clone()))
            }),
        },
    };
    let action = if matches!(operation, Operation::Delete { .. }) { Action::Delete } else { Action::Update };
    let verb = if action == Action::Delete { "delete" } else { EXPIRE };
    Some(Change::verb(operation, action, verb))
}
