use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use svod_kernel::{Actor, Role, Timestamp, number};
use svod_store::file::{self, Sent};

use crate::{FileError, Files};

/// A day, seconds.
const DAY: i64 = 24 * 3600;

/// How much one sender may send within a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Daily {
    /// Files.
    pub files: u64,
    /// MiB of all of them.
    pub mib: u64,
}

/// What was sent to this process, by sender: what was removed since counts as well. What others have taken the store tells.
#[derive(Default)]
pub(crate) struct Senders(Mutex<HashMap<String, Vec<(Timestamp, u64)>>>);

impl Senders {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Vec<(Timestamp, u64)>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// More than that in one of both ways.
fn exceeds(daily: Daily, of: &[(Timestamp, u64)], kept: &Sent, size: u64) -> bool {
    let files = kept.files.max(of.len() as u64);
    let bytes = kept.bytes.max(of.iter().map(|(_, size)| size).sum());
    files + 1 > daily.files || bytes + size > daily.mib << 20
}

impl Files {
    /// Says, before a file is examined, whether the actor may send so many bytes more today.
    ///
    /// # Errors
    /// [`FileError::Quota`]; when the store fails.
    pub async fn may_send(&self, actor: &Actor, size: usize) -> Result<(), FileError> {
        self.sending(actor, size, false).await
    }

    /// The same, and it counts from now on.
    pub(crate) async fn send(&self, actor: &Actor, size: usize) -> Result<(), FileError> {
        self.sending(actor, size, true).await
    }

    /// It was not kept after all.
    pub(crate) fn unsend(&self, actor: &Actor, size: usize) {
        if let Some(of) = self.0.senders.all().get_mut(&actor.id)
            && let Some(at) = of.iter().rposition(|(_, bytes)| *bytes == size as u64)
        {
            of.remove(at);
        }
    }

    async fn sending(&self, actor: &Actor, size: usize, counts: bool) -> Result<(), FileError> {
        if actor.is(Role::Platform) {
            return Ok(());
        }
        let now = self.0.registry.clock().now();
        let (id, since) = (actor.id.clone(), now.plus_seconds(-DAY));
        let kept = self.0.store.read(move |conn| file::sent(conn, &id, since)).await?;
        let mut all = self.0.senders.all();
        all.retain(|_, of| {
            of.retain(|(at, _)| *at > since);
            !of.is_empty()
        });
        let of = all.get(&actor.id).map_or(&[][..], Vec::as_slice);
        if exceeds(self.0.options.daily, of, &kept, size as u64) {
            let oldest = of.iter().map(|(at, _)| *at).chain(kept.first).min().unwrap_or(now);
            metrics::counter!("svod_files_slowed_total").increment(1);
            return Err(FileError::Quota(
                number::whole(oldest.plus_seconds(DAY).seconds_since(now)).max(1).cast_unsigned(),
            ));
        }
        if counts {
            all.entry(actor.id.clone()).or_default().push((now, size as u64));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_bytes_are_counted_each() {
        let daily = Daily { files: 2, mib: 1 };
        let none = Sent::default();
        let one = [(Timestamp(0), 600 << 10)];
        assert!(!exceeds(daily, &[], &none, 1 << 20) && exceeds(daily, &[], &none, (1 << 20) + 1));
        assert!(!exceeds(daily, &one, &none, 424 << 10) && exceeds(daily, &one, &none, 425 << 10));
        let kept = Sent { files: 2, bytes: 10, first: Some(Timestamp(0)) };
        assert!(exceeds(daily, &[], &kept, 1), "what is kept counts where nobody remembers it");
    }
}
