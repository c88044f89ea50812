//! Instances read together: whoever asks before a reading begins is answered by it, many in one question to the store.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use svod_store::instance::{self, InstanceRow};
use svod_store::{Conn, Store, StoreError};
use tokio::sync::oneshot;

use super::Key;

type Asked = Vec<(Key, oneshot::Sender<Option<InstanceRow>>)>;

/// Who asks for which instance, and is not answered yet.
#[derive(Default)]
pub struct Rows(Mutex<Asked>);

impl Rows {
    /// An instance as it is now, or nothing where there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn get(self: &Arc<Self>, store: &Store, key: Key) -> Result<Option<InstanceRow>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let first = {
            let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            asked.push((key, reply));
            asked.len() == 1
        };
        // The reading takes all who have asked when it begins; its snapshot is younger than every question.
        if first {
            let me = self.clone();
            let read = store.read(move |conn: &mut dyn Conn| me.answer(conn)).await;
            if let Err(e) = read {
                drop(self.take());
                return Err(e);
            }
        }
        match answer.await {
            Ok(row) => Ok(row),
            // The reading failed for whoever began it: each asks for itself.
            Err(_) => store.read(move |conn: &mut dyn Conn| instance::get(conn, key.0, key.1)).await,
        }
    }

    fn take(&self) -> Asked {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn answer(&self, conn: &mut dyn Conn) -> Result<(), StoreError> {
        let asked = self.take();
        let mut wanted: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for ((space, id), _) in &asked {
            wanted.entry(*space).or_default().push(*id);
        }
        let mut found = HashMap::with_capacity(asked.len());
        for (space, mut ids) in wanted {
            ids.sort_unstable();
            ids.dedup();
            found.extend(instance::get_many(conn, space, &ids)?.into_iter().map(|row| ((row.space, row.id), row)));
        }
        for (key, reply) in asked {
            let _ = reply.send(found.get(&key).cloned()); // whoever went away needs no answer
        }
        Ok(())
    }
}
