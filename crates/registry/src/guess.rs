//! Who gives one value after another to learn which are taken. That a unique key is taken cannot be hidden from whoever gives it; of
//! what they may not see they learn it a few times within an hour, and the security officer is called.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use svod_kernel::{Actor, SpacePath, Timestamp};
use tokio::sync::broadcast;

/// Values of hidden entities that somebody may hit upon within an hour.
const MOST: u32 = 10;
/// Within so many seconds they are counted, from the first one on.
const COUNTED: i64 = 3600;
/// Signs that may wait for who watches.
const KEPT: usize = 256;

/// Somebody has given a value that something has of which they may not know.
#[derive(Debug, Clone)]
pub struct Guessed {
    /// Who.
    pub actor: Actor,
    /// In which space they gave it.
    pub space: SpacePath,
    /// How often within the hour.
    pub count: u32,
}

/// What everybody has hit upon of late.
pub(crate) struct Guesses {
    /// How often, and until when it counts, by actor.
    hits: Mutex<HashMap<String, (u32, Timestamp)>>,
    told: broadcast::Sender<Guessed>,
}

impl Default for Guesses {
    fn default() -> Self {
        Self { hits: Mutex::default(), told: broadcast::channel(KEPT).0 }
    }
}

impl Guesses {
    /// Seconds that the actor waits before they give such a value again; none: they need not.
    pub fn wait(&self, actor: &Actor, now: Timestamp) -> Option<u64> {
        let mut hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
        hits.retain(|_, (_, until)| now < *until);
        let (count, until) = hits.get(&actor.id)?;
        (*count >= MOST).then(|| until.seconds_since(now).max(1.0) as u64)
    }

    /// One more. It counts also when the command is given up for another reason: they have learnt it.
    pub fn hit(&self, actor: &Actor, space: &SpacePath, now: Timestamp) {
        let mut hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
        let of = hits.entry(actor.id.clone()).or_insert((0, now.plus_seconds(COUNTED)));
        of.0 += 1;
        let _ = self.told.send(Guessed { actor: actor.clone(), space: space.clone(), count: of.0 }); // nobody watching is fine
    }

    /// What is hit upon from now on.
    pub fn signs(&self) -> broadcast::Receiver<Guessed> {
        self.told.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_guesses_waits_until_the_hour_is_over() {
        let (guesses, space) = (Guesses::default(), "kuzbass".parse().unwrap());
        let (me, other) = (Actor { id: "me".into(), ..Actor::anonymous() }, Actor::anonymous());
        let (mut signs, now) = (guesses.signs(), Timestamp(0));
        for n in 1..=MOST {
            assert_eq!(guesses.wait(&me, now), None);
            guesses.hit(&me, &space, now);
            assert_eq!(signs.try_recv().unwrap().count, n);
        }
        assert_eq!(guesses.wait(&me, now.plus_seconds(600)), Some(3_000));
        assert_eq!(guesses.wait(&other, now), None);
        assert_eq!(guesses.wait(&me, now.plus_seconds(COUNTED)), None);
    }
}
