//! Who gives one value after another to learn which are taken. That a unique key is taken cannot be hidden from whoever gives it; of
//! what they may not see they learn it a few times within an hour, and the security officer is called.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use svod_kernel::{Actor, SpacePath, Timestamp, number};
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
    state: Mutex<State>,
    told: broadcast::Sender<Guessed>,
}

#[derive(Default)]
struct State {
    /// How often, and until when it counts, by actor.
    hits: HashMap<String, (u32, Timestamp)>,
    /// Of jobs under way, by their number: a transaction may be repeated, and what it hits upon counts once.
    pending: HashMap<u64, Vec<(Actor, SpacePath)>>,
    jobs: u64,
}

impl Default for Guesses {
    fn default() -> Self {
        Self { state: Mutex::default(), told: broadcast::channel(KEPT).0 }
    }
}

impl Guesses {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For one job.
    pub fn tries(self: &Arc<Self>) -> Tries {
        let mut state = self.state();
        state.jobs += 1;
        Tries { guesses: self.clone(), job: state.jobs }
    }

    /// What is hit upon from now on.
    pub fn signs(&self) -> broadcast::Receiver<Guessed> {
        self.told.subscribe()
    }
}

/// What one job hits upon. Given up, it leaves nothing behind.
pub(crate) struct Tries {
    guesses: Arc<Guesses>,
    job: u64,
}

impl Tries {
    /// The job begins, perhaps again.
    pub fn begin(&self) {
        self.guesses.state().pending.remove(&self.job);
    }

    /// Seconds that the actor waits before they give such a value again; none: they need not.
    pub fn wait(&self, actor: &Actor, now: Timestamp) -> Option<u64> {
        let mut state = self.guesses.state();
        state.hits.retain(|_, (_, until)| now < *until);
        let pending = state.pending.values().flatten().filter(|(by, _)| by.id == actor.id).count();
        let (count, until) = state.hits.get(&actor.id).copied().unwrap_or((0, now.plus_seconds(COUNTED)));
        (count as usize + pending >= MOST as usize)
            .then(|| number::whole(until.seconds_since(now)).max(1).cast_unsigned())
    }

    /// One more. It counts also when the command is given up for another reason: they have learnt it.
    pub fn hit(&self, actor: &Actor, space: &SpacePath) {
        self.guesses.state().pending.entry(self.job).or_default().push((actor.clone(), space.clone()));
    }

    /// The job is done: now it counts.
    pub fn done(&self, now: Timestamp) {
        let mut state = self.guesses.state();
        for (actor, space) in state.pending.remove(&self.job).unwrap_or_default() {
            let of = state.hits.entry(actor.id.clone()).or_insert((0, now.plus_seconds(COUNTED)));
            of.0 += 1;
            let count = of.0;
            let _ = self.guesses.told.send(Guessed { actor, space, count }); // nobody watching is fine
        }
    }
}

impl Drop for Tries {
    fn drop(&mut self) {
        self.begin();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_guesses_waits_until_the_hour_is_over() {
        let (guesses, space) = (Arc::new(Guesses::default()), "kuzbass".parse().unwrap());
        let (me, other) = (Actor { id: "me".into(), ..Actor::anonymous() }, Actor::anonymous());
        let (mut signs, now) = (guesses.signs(), Timestamp(0));
        for n in 1..=MOST {
            let tries = guesses.tries();
            assert_eq!(tries.wait(&me, now), None);
            tries.hit(&me, &space);
            tries.done(now);
            assert_eq!(signs.try_recv().unwrap().count, n);
        }
        let tries = guesses.tries();
        assert_eq!(tries.wait(&me, now.plus_seconds(600)), Some(3_000));
        assert_eq!(tries.wait(&other, now), None);
        assert_eq!(tries.wait(&me, now.plus_seconds(COUNTED)), None);
    }

    #[test]
    fn a_job_that_is_repeated_counts_once_and_one_that_is_given_up_not_at_all() {
        let (guesses, space) = (Arc::new(Guesses::default()), "kuzbass".parse().unwrap());
        let (me, mut signs, now) = (Actor { id: "me".into(), ..Actor::anonymous() }, guesses.signs(), Timestamp(0));
        let tries = guesses.tries();
        for _ in 0..3 {
            tries.begin();
            for _ in 0..MOST {
                assert_eq!(tries.wait(&me, now), None);
                tries.hit(&me, &space);
            }
            assert_eq!(guesses.tries().wait(&me, now), Some(3_600), "within one job as well, and beside it");
        }
        assert!(signs.try_recv().is_err(), "nobody is told before it is done");
        drop(tries);
        assert_eq!(guesses.tries().wait(&me, now), None);
        let tries = guesses.tries();
        tries.begin();
        tries.hit(&me, &space);
        tries.begin();
        tries.hit(&me, &space);
        tries.done(now);
        assert_eq!((signs.try_recv().unwrap().count, signs.try_recv().is_err()), (1, true));
    }
}
