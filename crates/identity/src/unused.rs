//! Accounts have an end: who uses none for long is kept out, and what has been kept out for long is removed (ASVS V14.2.4).

use svod_kernel::{Actor, Timestamp};
use svod_store::{Conn, StoreError, account};

use crate::account::{ACTIVE, BLOCKED};
use crate::{Identity, IdentityError, removed};

/// Accounts looked at in one go.
const AT_ONCE: i64 = 200;

impl Identity {
    /// Keeps accounts out that nobody has used since before a moment, as an administrator would; how many it were.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn close_unused(&self, before: Timestamp) -> Result<u64, IdentityError> {
        let mut closed = 0;
        loop {
            let idle = self.idle(ACTIVE, before).await?;
            for id in &idle {
                self.block(id, true, &Actor::platform("identity")).await?;
                tracing::info!(account = id, "kept out: nobody has used it for long");
                closed += 1;
            }
            if idle.is_empty() {
                return Ok(closed);
            }
        }
    }

    /// Removes accounts that have been kept out since before a moment, with everything that opens them; how many it were. Their
    /// people in the graph stay. Invitations of before that open nothing any more.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remove_closed(&self, before: Timestamp) -> Result<u64, IdentityError> {
        let mut removed = 0;
        loop {
            let idle = self.idle(BLOCKED, before).await?;
            if idle.is_empty() {
                self.recent.forget_all();
                return Ok(removed);
            }
            for id in idle {
                let (ring, now) = (self.ring.clone(), self.clock.now());
                let key = id.clone();
                let job = move |conn: &mut dyn Conn| {
                    conn.exclusive()?;
                    let Some(row) = account::get(conn, &key)? else { return Ok(false) };
                    let removed = account::remove(conn, &key, before)?;
                    if removed {
                        removed::leave(conn, &removed::marks(&ring, &row.login, row.person.as_deref()), now)?;
                    }
                    Ok::<_, StoreError>(removed)
                };
                if self.store.write::<_, StoreError>(job).await? {
                    tracing::info!(account = id, "removed: it has been kept out for long");
                    removed += 1;
                }
            }
        }
    }

    async fn idle(&self, state: &'static str, before: Timestamp) -> Result<Vec<String>, StoreError> {
        self.store.read(move |conn| account::idle(conn, state, before, AT_ONCE)).await
    }
}
