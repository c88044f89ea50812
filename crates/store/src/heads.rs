use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;

/// Where each space's journal ends: space id to last committed sequence number.
pub type JournalHeads = Arc<HashMap<i64, i64>>;

/// The watched heads; they only ever move forward.
pub(crate) struct Heads(watch::Sender<JournalHeads>);

impl Heads {
    pub fn new() -> Self {
        Self(watch::Sender::new(JournalHeads::default()))
    }

    pub fn subscribe(&self) -> watch::Receiver<JournalHeads> {
        self.0.subscribe()
    }

    /// Takes what is further than known; wakes the watchers only then.
    pub fn moved(&self, moved: &[(i64, i64)]) {
        if moved.is_empty() {
            return;
        }
        self.0.send_if_modified(|heads| {
            let further = |heads: &HashMap<i64, i64>, space, seq| heads.get(&space).is_none_or(|known| *known < seq);
            if !moved.iter().any(|(space, seq)| further(heads, *space, *seq)) {
                return false;
            }
            let heads = Arc::make_mut(heads);
            for (space, seq) in moved {
                if further(heads, *space, *seq) {
                    heads.insert(*space, *seq);
                }
            }
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_never_move_back_and_wake_only_on_news() {
        let heads = Heads::new();
        let mut watch = heads.subscribe();
        heads.moved(&[(1, 5), (2, 1), (1, 7)]);
        assert!(watch.has_changed().unwrap());
        assert_eq!(watch.borrow_and_update().get(&1), Some(&7));
        heads.moved(&[(1, 6), (2, 1)]);
        assert!(!watch.has_changed().unwrap());
        assert_eq!(watch.borrow().get(&1), Some(&7));
    }
}
