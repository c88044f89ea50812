use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// Where each space's journal ends: space id to last committed sequence number.
pub type JournalHeads = Arc<HashMap<i64, i64>>;

/// A stretch of a space's journal that this node has just committed, as who wrote it had it in hand: whoever follows the
/// journal need not read it again.
pub struct News {
    /// Its first event.
    pub first: i64,
    /// Its last event.
    pub last: i64,
    /// What the writer left.
    pub content: Box<dyn Any + Send>,
}

impl News {
    const fn length(&self) -> i64 {
        self.last - self.first + 1
    }
}

/// The journal of a space ends there once the transaction is committed.
pub(crate) struct Moved {
    pub space: i64,
    pub seq: i64,
    pub news: Option<News>,
}

impl From<(i64, i64)> for Moved {
    fn from((space, seq): (i64, i64)) -> Self {
        Self { space, seq, news: None }
    }
}

/// Events that wait at the most, of all spaces together; who is further behind reads the journal.
const WAITING: i64 = 5_000;

/// What waits, by space.
#[derive(Default)]
struct Waiting {
    by_space: HashMap<i64, VecDeque<News>>,
    events: i64,
}

impl Waiting {
    fn put(&mut self, space: i64, news: News) {
        self.events += news.length();
        self.by_space.entry(space).or_default().push_back(news);
        // Of the same space first; what others left behind and nobody took goes as well.
        while self.events > WAITING {
            let own = self.by_space.get(&space).is_some_and(|queue| !queue.is_empty()).then_some(space);
            let Some(from) = own.or_else(|| self.by_space.keys().next().copied()) else { return };
            match self.by_space.get_mut(&from).and_then(VecDeque::pop_front) {
                Some(news) => self.events -= news.length(),
                None => drop(self.by_space.remove(&from)),
            }
        }
    }

    fn take(&mut self, space: i64, after: i64) -> Option<News> {
        let queue = self.by_space.get_mut(&space)?;
        while queue.front().is_some_and(|n| n.first <= after) {
            self.events -= queue.pop_front().map_or(0, |news| news.length());
        }
        let next = queue.front().is_some_and(|n| n.first == after + 1).then(|| queue.pop_front()).flatten();
        self.events -= next.as_ref().map_or(0, News::length);
        next
    }
}

/// The watched heads; they only ever move forward.
pub(crate) struct Heads {
    ends: watch::Sender<JournalHeads>,
    news: Mutex<Waiting>,
}

impl Heads {
    pub fn new() -> Self {
        Self { ends: watch::Sender::new(JournalHeads::default()), news: Mutex::default() }
    }

    pub fn subscribe(&self) -> watch::Receiver<JournalHeads> {
        self.ends.subscribe()
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes next after that event, where it waits.
    pub fn news(&self, space: i64, after: i64) -> Option<News> {
        self.waiting().take(space, after)
    }

    /// Takes what is further than known; wakes the watchers only then.
    pub fn moved(&self, moved: Vec<Moved>) {
        if moved.is_empty() {
            return;
        }
        let ends: Vec<(i64, i64)> = moved.iter().map(|m| (m.space, m.seq)).collect();
        self.keep(moved);
        self.ends.send_if_modified(|heads| {
            let further = |heads: &HashMap<i64, i64>, space, seq| heads.get(&space).is_none_or(|known| *known < seq);
            if !ends.iter().any(|(space, seq)| further(heads, *space, *seq)) {
                return false;
            }
            let heads = Arc::make_mut(heads);
            for (space, seq) in ends {
                if further(heads, space, seq) {
                    heads.insert(space, seq);
                }
            }
            true
        });
    }

    fn keep(&self, moved: Vec<Moved>) {
        let news: Vec<(i64, News)> = moved.into_iter().filter_map(|m| m.news.map(|news| (m.space, news))).collect();
        if news.is_empty() || self.ends.receiver_count() == 0 {
            return;
        }
        let mut waiting = self.waiting();
        news.into_iter().for_each(|(space, news)| waiting.put(space, news));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_never_move_back_and_wake_only_on_news() {
        let heads = Heads::new();
        let mut watch = heads.subscribe();
        heads.moved(vec![(1, 5).into(), (2, 1).into(), (1, 7).into()]);
        assert!(watch.has_changed().unwrap());
        assert_eq!(watch.borrow_and_update().get(&1), Some(&7));
        heads.moved(vec![(1, 6).into(), (2, 1).into()]);
        assert!(!watch.has_changed().unwrap());
        assert_eq!(watch.borrow().get(&1), Some(&7));
    }

    #[test]
    fn news_wait_for_those_who_come_in_order() {
        let heads = Heads::new();
        let stretch =
            |first, last| Moved { space: 1, seq: last, news: Some(News { first, last, content: Box::new(()) }) };
        heads.moved(vec![stretch(1, 2)]);
        assert!(heads.news(1, 0).is_none(), "nobody follows");
        let _watch = heads.subscribe();
        heads.moved(vec![stretch(3, 4), stretch(5, 5)]);
        heads.moved(vec![stretch(8, 9)]);
        assert!(heads.news(1, 0).is_none(), "what is between must be read");
        assert_eq!(heads.news(1, 2).map(|n| n.last), Some(4));
        assert!(heads.news(2, 4).is_none());
        assert_eq!(heads.news(1, 7).map(|n| n.last), Some(9), "what was read meanwhile is passed over");
        assert!(heads.news(1, 9).is_none());
        heads.moved(vec![stretch(10, 2_000), stretch(2_001, 4_000), stretch(4_001, 6_000)]);
        assert!(heads.news(1, 9).is_none(), "only so much waits");
        assert_eq!(heads.news(1, 2_000).map(|n| n.last), Some(4_000));
        assert_eq!(heads.news(1, 4_000).map(|n| n.last), Some(6_000));
        assert_eq!(heads.waiting().events, 0);
        heads.moved(vec![stretch(6_001, 20_000)]);
        assert!(heads.news(1, 6_000).is_none(), "nor one alone that is longer");
    }
}
