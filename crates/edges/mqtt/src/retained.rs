//! The last message of a topic, kept for those who subscribe later.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytestring::ByteString;

use crate::session::Message;
use crate::topic;

/// Retained messages by topic, bounded in number and bytes.
pub struct Retained {
    by_topic: BTreeMap<ByteString, Arc<Message>>,
    bytes: usize,
    max_messages: usize,
    max_bytes: usize,
}

impl Retained {
    /// Empty, with its bounds.
    pub const fn new(max_messages: usize, max_bytes: usize) -> Self {
        Self { by_topic: BTreeMap::new(), bytes: 0, max_messages, max_bytes }
    }

    /// Keeps the message, or forgets the topic when its payload is empty. False when there is no room.
    pub fn put(&mut self, message: &Arc<Message>) -> bool {
        let old = self.by_topic.get(&message.topic).map(|m| m.size());
        let freed = old.unwrap_or(0);
        if message.payload.is_empty() {
            self.by_topic.remove(&message.topic);
            self.bytes -= freed;
            return true;
        }
        let count = self.by_topic.len() + usize::from(old.is_none());
        let bytes = self.bytes - freed + message.size();
        if count > self.max_messages || bytes > self.max_bytes {
            return false;
        }
        self.by_topic.insert(message.topic.clone(), Arc::clone(message));
        self.bytes = bytes;
        true
    }

    /// The messages a filter names.
    pub fn matching(&self, filter: &str) -> Vec<Arc<Message>> {
        let end = filter.find(['+', '#']).unwrap_or(filter.len());
        let prefix = filter[..end].trim_end_matches('/');
        self.by_topic
            .range::<str, _>((std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded))
            .take_while(|(name, _)| name.starts_with(prefix))
            .filter(|(name, _)| topic::matches(filter, name))
            .map(|(_, m)| Arc::clone(m))
            .collect()
    }

    /// Drops what has expired.
    pub fn expire(&mut self, now: tokio::time::Instant) {
        let bytes = &mut self.bytes;
        self.by_topic.retain(|_, m| {
            let keep = m.expires.is_none_or(|at| at > now);
            if !keep {
                *bytes -= m.size();
            }
            keep
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(topic: &str, payload: &'static str) -> Arc<Message> {
        Arc::new(Message::platform(topic.into(), payload.as_bytes().into(), true))
    }

    #[test]
    fn keeps_replaces_forgets_within_bounds() {
        let mut r = Retained::new(2, 10_000);
        assert!(r.put(&message("svod/a/1", "x")) && r.put(&message("svod/a/2", "y")));
        assert!(!r.put(&message("svod/a/3", "z")));
        assert!(r.put(&message("svod/a/1", "xx")));
        assert_eq!(r.matching("svod/+/1")[0].payload, "xx".as_bytes());
        assert_eq!(r.matching("svod/#").len(), 2);
        assert_eq!(r.matching("#").len(), 2);
        assert_eq!(r.matching("svod/a/2").len(), 1);
        assert!(r.put(&message("svod/a/1", "")) && r.put(&message("svod/a/2", "")));
        assert_eq!((r.bytes, r.matching("svod/#").len()), (0, 0));
    }

    #[test]
    fn bytes_are_bounded() {
        let mut r = Retained::new(100, 200);
        assert!(!r.put(&message("a", Box::leak("x".repeat(300).into_boxed_str()))));
        assert_eq!(r.bytes, 0);
    }
}
