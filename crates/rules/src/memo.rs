use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::decision::{Decision, Outcome};
use crate::error::RuleError;
use crate::inputs::{Input, Inputs};
use crate::temporal::Temporal;

/// Remembers outcomes by decision and exact inputs, so that a sensor repeating its value costs a hash lookup.
///
/// Bounded: two generations of half the capacity each; what is not asked for while one generation fills is forgotten.
pub struct Memo {
    generations: Mutex<Generations>,
    half: usize,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// How a memo fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoStatistics {
    /// Outcomes remembered.
    pub hits: u64,
    /// Outcomes computed.
    pub misses: u64,
    /// Outcomes held now.
    pub entries: usize,
}

#[derive(Default)]
struct Generations {
    young: HashMap<Key, Arc<Outcome>>,
    old: HashMap<Key, Arc<Outcome>>,
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    decision: u64,
    inputs: Box<[Part]>,
}

/// An input by its bit pattern: 0.1 and the float next to it are different inputs.
#[derive(PartialEq, Eq, Hash)]
enum Part {
    Null,
    Bool(bool),
    Integer(i64),
    Number(u64),
    Text(Box<str>),
    Temporal(Temporal),
    List(Box<[Self]>),
    /// In the order of the names.
    Context(Box<[(Box<str>, Self)]>),
}

impl From<&Input> for Part {
    fn from(input: &Input) -> Self {
        match input {
            Input::Null => Self::Null,
            Input::Bool(b) => Self::Bool(*b),
            Input::Integer(n) => Self::Integer(*n),
            Input::Number(n) => Self::Number(n.to_bits()),
            Input::Text(s) => Self::Text(s.as_str().into()),
            Input::Temporal(t) => Self::Temporal(t.clone()),
            Input::List(items) => Self::List(items.iter().map(Self::from).collect()),
            Input::Context(entries) => {
                Self::Context(entries.iter().map(|(name, entry)| (name.as_str().into(), Self::from(entry))).collect())
            }
        }
    }
}

impl Memo {
    /// Holds at most `capacity` outcomes (at least two).
    pub fn new(capacity: usize) -> Self {
        let generations = Mutex::new(Generations::default());
        Self { generations, half: (capacity / 2).max(1), hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// As [`Decision::evaluate`]; errors are not remembered.
    ///
    /// # Errors
    /// Those of the evaluation.
    pub fn evaluate(&self, decision: &Decision, inputs: &Inputs) -> Result<Arc<Outcome>, RuleError> {
        let needed = decision.inputs().iter();
        let parts = needed.map(|n| inputs.get(&n.name).map_or(Part::Null, Part::from)).collect();
        let key = Key { decision: decision.number(), inputs: parts };
        if let Some(known) = self.known(&key) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(known);
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        // Outside the lock: two threads may compute the same outcome, none waits for another's.
        let outcome = Arc::new(decision.evaluate(inputs)?);
        self.keep(key, Arc::clone(&outcome));
        Ok(outcome)
    }

    /// Hits, misses and size so far.
    pub fn statistics(&self) -> MemoStatistics {
        let generations = self.lock();
        MemoStatistics {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            entries: generations.young.len() + generations.old.len(),
        }
    }

    fn known(&self, key: &Key) -> Option<Arc<Outcome>> {
        let mut generations = self.lock();
        if let Some(outcome) = generations.young.get(key) {
            return Some(Arc::clone(outcome));
        }
        let (key, outcome) = generations.old.remove_entry(key)?;
        self.insert(&mut generations, key, Arc::clone(&outcome));
        Some(outcome)
    }

    fn keep(&self, key: Key, outcome: Arc<Outcome>) {
        self.insert(&mut self.lock(), key, outcome);
    }

    fn insert(&self, generations: &mut Generations, key: Key, outcome: Arc<Outcome>) {
        if generations.young.len() >= self.half {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(key, outcome);
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        // A panic cannot leave the maps half-changed: each change is one insert or take.
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
