//! What is kept in memory for a while within bounds, because anybody who may ask may make one: entity maps, snapshots.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use svod_kernel::{SpacePath, Timestamp};

/// Something on a [`Shelf`].
pub trait Item: Clone {
    /// What has the least of it makes room first.
    type Rank: Ord;

    /// Bytes in memory, about.
    fn size(&self) -> usize;
    /// How long it is worth its room beside others.
    fn rank(&self) -> Self::Rank;
    /// When it ends by itself.
    fn expires_at(&self) -> Timestamp;
}

/// Items by space and identifier.
#[derive(Debug)]
pub struct Shelf<T> {
    /// Bytes at the most.
    most: usize,
    inner: Mutex<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    all: HashMap<(SpacePath, String), T>,
    bytes: usize,
}

impl<T: Item> Shelf<T> {
    /// An empty one that holds so many bytes.
    pub fn new(most: usize) -> Self {
        Self { most, inner: Mutex::new(Inner { all: HashMap::new(), bytes: 0 }) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The item, which lives at `now`.
    pub fn get(&self, space: &SpacePath, id: &str, now: Timestamp) -> Option<T> {
        self.lock().all.get(&(space.clone(), id.to_owned())).filter(|item| now < item.expires_at()).cloned()
    }

    /// Keeps an item, also one larger than the whole shelf; those whose time is over go, others make room.
    pub fn put(&self, space: &SpacePath, id: &str, item: T, now: Timestamp) {
        let mut inner = self.lock();
        inner.all.retain(|_, item| now < item.expires_at());
        inner.bytes = inner.all.values().map(T::size).sum();
        let key = (space.clone(), id.to_owned());
        inner.bytes += item.size();
        if let Some(old) = inner.all.insert(key.clone(), item) {
            inner.bytes -= old.size();
        }
        while inner.bytes > self.most {
            let others = inner.all.iter().filter(|(k, _)| **k != key);
            let first = others.min_by_key(|(_, item)| item.rank()).map(|(k, _)| k.clone());
            let Some(gone) = first.and_then(|k| inner.all.remove(&k)) else { return };
            inner.bytes -= gone.size();
        }
    }

    /// Changes an item in its place; none: it is gone.
    pub fn change<R>(&self, space: &SpacePath, id: &str, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut inner = self.lock();
        let item = inner.all.get_mut(&(space.clone(), id.to_owned()))?;
        let before = item.size();
        let result = change(item);
        let after = item.size();
        inner.bytes = inner.bytes - before + after;
        Some(result)
    }

    /// Takes an item away.
    pub fn remove(&self, space: &SpacePath, id: &str) {
        let mut inner = self.lock();
        if let Some(gone) = inner.all.remove(&(space.clone(), id.to_owned())) {
            inner.bytes -= gone.size();
        }
    }

    /// Identifiers of those of a space that fit.
    pub fn those(&self, space: &SpacePath, fits: impl Fn(&T) -> bool) -> Vec<String> {
        let inner = self.lock();
        inner.all.iter().filter(|((s, _), item)| s == space && fits(item)).map(|((_, id), _)| id.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Timestamp = Timestamp(0);

    #[derive(Debug, Clone, Copy)]
    struct Thing(usize, i64);

    impl Item for Thing {
        type Rank = i64;

        fn size(&self) -> usize {
            self.0
        }

        fn rank(&self) -> i64 {
            self.1
        }

        fn expires_at(&self) -> Timestamp {
            Timestamp(self.1)
        }
    }

    #[test]
    fn items_make_room_and_end() {
        let shelf = Shelf::new(100);
        let (space, other): (SpacePath, SpacePath) = ("a".parse().unwrap(), "b".parse().unwrap());
        let bytes = || shelf.lock().bytes;
        shelf.put(&space, "first", Thing(40, 10), T0);
        shelf.put(&space, "second", Thing(40, 20), T0);
        assert!(shelf.get(&space, "first", Timestamp(9)).is_some());
        assert!(shelf.get(&space, "first", Timestamp(10)).is_none(), "its time is over");
        assert!(shelf.get(&other, "second", Timestamp(0)).is_none(), "spaces do not share");
        shelf.put(&space, "third", Thing(40, 5), T0);
        assert!(shelf.get(&space, "first", Timestamp(0)).is_none(), "it made room");
        assert!(shelf.get(&space, "third", Timestamp(0)).is_some(), "what has just come stays");
        assert_eq!(bytes(), 80);
        shelf.put(&space, "third", Thing(10, 30), T0);
        assert_eq!(bytes(), 50);
        assert_eq!(shelf.change(&space, "third", |t| t.0 = 15), Some(()));
        assert_eq!(bytes(), 55);
        shelf.put(&space, "huge", Thing(500, 40), T0);
        assert_eq!((bytes(), shelf.those(&space, |_| true)), (500, vec!["huge".to_owned()]));
        shelf.put(&space, "late", Thing(1, 2_000), Timestamp(1_000));
        assert_eq!(bytes(), 1);
    }
}
