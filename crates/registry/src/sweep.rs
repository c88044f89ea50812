//! Clears away what has ceased to be. Nobody sees it any more anyway; its end gets an event of its own.

use std::sync::Arc;
use std::time::Duration;

use svod_kernel::{Actor, Timestamp, Urn};
use svod_policy::Action;
use svod_query::keys;
use svod_store::StoreError;
use svod_store::entity::Keys;

use crate::command::{Change, Command, CommandError, Edit, Operation};
use crate::{Registry, index};

/// The ground of such commands.
pub(crate) const GROUND: &str = "expiresAt";
/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);
/// Entities cleared in one command.
const AT_ONCE: i64 = 200;

impl Registry {
    pub(crate) fn sweep_behind(self: Arc<Self>) {
        let me = Arc::downgrade(&self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                let Some(registry) = me.upgrade() else { return };
                let swept = match registry.forget_receipts().await {
                    Ok(()) => registry.sweep().await,
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

    /// Clears away what has ceased to be by now.
    async fn sweep(&self) -> Result<(), CommandError> {
        let (now, spaces) = (self.clock.now(), self.spaces().ids_of_all());
        let rows = self
            .store
            .read(move |conn| {
                let mut rows = Vec::new();
                for space in spaces {
                    let (attribute, low) = (index::number(index::EXPIRIES), keys::moment(Timestamp(i64::MIN)));
                    let keys = Keys { space, attribute, low, high: keys::moment(now) };
                    let ids: Vec<i64> = svod_store::entity::by_keys(conn, &keys, None, AT_ONCE)?
                        .into_iter()
                        .map(|hit| hit.entity)
                        .collect();
                    rows.extend(svod_store::entity::by_ids(conn, space, &ids)?);
                }
                Ok::<_, StoreError>(rows)
            })
            .await?;
        let changes: Vec<Change> = rows.iter().filter_map(|row| change(row, now)).collect();
        if changes.is_empty() {
            return Ok(());
        }
        let command = Command { ground: GROUND.into(), changes, each: true, ..Command::default() };
        self.execute(&Actor::platform("expiry"), command).await.map(drop)
    }
}

fn change(row: &svod_store::entity::EntityRow, now: Timestamp) -> Option<Change> {
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
    let verb = if action == Action::Delete { "delete" } else { "expire" };
    Some(Change::verb(operation, action, verb))
}
