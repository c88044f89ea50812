//! The tree of subscriptions: topic filters by level.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use rmqtt_codec::v5::QoS;

use crate::session::Session;

/// What a session asked for with one filter.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// Granted quality of service.
    pub qos: QoS,
    /// Not the session's own messages.
    pub no_local: bool,
    /// The retain flag is passed on as published.
    pub retain_as_published: bool,
    /// Subscription identifier, version 5.
    pub id: Option<NonZeroU32>,
}

#[derive(Default)]
struct Node {
    children: HashMap<Box<str>, Node>,
    here: HashMap<u64, (Arc<Session>, Wish)>,
}

impl Node {
    fn is_empty(&self) -> bool {
        self.children.is_empty() && self.here.is_empty()
    }
}

/// Who wants what.
#[derive(Default)]
pub struct Tree {
    root: Node,
    count: usize,
}

/// A session and how it is to get a message, over all its filters that match.
pub struct Match {
    /// The session.
    pub session: Arc<Session>,
    /// Highest quality granted by a matching filter.
    pub qos: QoS,
    /// A matching filter wants the flag as published.
    pub retain_as_published: bool,
    /// Identifiers of all matching filters.
    pub ids: Vec<NonZeroU32>,
}

impl Tree {
    /// Number of subscriptions.
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Adds or replaces; true when the session did not have that filter.
    pub fn insert(&mut self, filter: &str, session: &Arc<Session>, wish: Wish) -> bool {
        let mut node = &mut self.root;
        for level in filter.split('/') {
            node = node.children.entry(level.into()).or_default();
        }
        let new = node.here.insert(session.id, (Arc::clone(session), wish)).is_none();
        self.count += usize::from(new);
        new
    }

    /// Removes; true when it was there.
    pub fn remove(&mut self, filter: &str, session: u64) -> bool {
        fn go(node: &mut Node, mut levels: std::str::Split<'_, char>, session: u64) -> bool {
            let Some(level) = levels.next() else {
                return node.here.remove(&session).is_some();
            };
            let Some(child) = node.children.get_mut(level) else { return false };
            let removed = go(child, levels, session);
            if child.is_empty() {
                node.children.remove(level);
            }
            removed
        }
        let removed = go(&mut self.root, filter.split('/'), session);
        self.count -= usize::from(removed);
        removed
    }

    /// Everybody who wants a message on `topic`, published by session `origin`.
    pub fn matches(&self, topic: &str, origin: Option<u64>) -> Vec<Match> {
        let mut found: HashMap<u64, Match> = HashMap::new();
        let levels: Vec<&str> = topic.split('/').collect();
        Self::walk(&self.root, &levels, topic.starts_with('$'), &mut |session, wish| {
            if wish.no_local && origin == Some(session.id) {
                return;
            }
            let m = found.entry(session.id).or_insert_with(|| Match {
                session: Arc::clone(session),
                qos: QoS::AtMostOnce,
                retain_as_published: false,
                ids: Vec::new(),
            });
            m.qos = m.qos.max(wish.qos);
            m.retain_as_published |= wish.retain_as_published;
            m.ids.extend(wish.id);
        });
        found.into_values().collect()
    }

    fn walk(node: &Node, levels: &[&str], exact: bool, f: &mut dyn FnMut(&Arc<Session>, &Wish)) {
        let Some(open) = (!exact).then_some(&node.children) else {
            if let Some(child) = levels.first().and_then(|l| node.children.get(*l)) {
                Self::walk(child, &levels[1..], false, f);
            }
            return;
        };
        if let Some(rest) = open.get("#") {
            rest.here.values().for_each(|(s, w)| f(s, w));
        }
        let Some((first, rest)) = levels.split_first() else {
            node.here.values().for_each(|(s, w)| f(s, w));
            return;
        };
        for name in [first, "+"] {
            if let Some(child) = open.get(name) {
                Self::walk(child, rest, false, f);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topic;

    const WISH: Wish = Wish { qos: QoS::AtLeastOnce, no_local: false, retain_as_published: false, id: None };

    #[test]
    fn agrees_with_the_matching_of_single_filters() {
        let filters = ["#", "+", "a", "a/#", "a/+", "a/b", "+/b", "+/+/c", "a/b/#", "$SYS/#", "/", "+/", "/+"];
        let topics = ["a", "a/b", "a/b/c", "b", "b/b", "/", "a/", "$SYS/x", "$SYS", "x/y/c", "/b"];
        for filter in filters {
            let mut tree = Tree::default();
            let session = Session::for_tests(7);
            assert!(tree.insert(filter, &session, WISH));
            for name in topics {
                let hit = !tree.matches(name, None).is_empty();
                assert_eq!(hit, topic::matches(filter, name), "{filter} {name}");
            }
            assert!(tree.remove(filter, 7) && !tree.remove(filter, 7));
            assert!(tree.root.is_empty() && tree.len() == 0);
        }
    }

    #[test]
    fn overlapping_filters_make_one_match() {
        let mut tree = Tree::default();
        let session = Session::for_tests(1);
        tree.insert("a/#", &session, Wish { qos: QoS::AtMostOnce, id: NonZeroU32::new(5), ..WISH });
        tree.insert("a/b", &session, Wish { id: NonZeroU32::new(6), ..WISH });
        let found = tree.matches("a/b", None);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].qos, QoS::AtLeastOnce);
        assert_eq!(found[0].ids.len(), 2);
        assert!(!tree.insert("a/b", &session, Wish { no_local: true, ..WISH }));
        tree.remove("a/#", 1);
        assert!(tree.matches("a/b", Some(1)).is_empty());
    }
}
