//! Topic names and filters (MQTT 5.0, 4.7).

/// Most levels of a topic or filter; bounds the depth of the subscription tree.
pub const MAX_LEVELS: usize = 32;

/// True for a name a message may be published to: not empty, no wildcard, no NUL, at most 32 levels.
pub fn is_topic(topic: &str) -> bool {
    !topic.is_empty()
        && !topic.bytes().any(|b| matches!(b, b'+' | b'#' | 0))
        && topic.bytes().filter(|b| *b == b'/').count() < MAX_LEVELS
}

/// True for a filter one may subscribe to: `+` and `#` only as whole levels, `#` only as the last.
pub fn is_filter(filter: &str) -> bool {
    if filter.is_empty() || filter.contains('\0') {
        return false;
    }
    let last = filter.bytes().filter(|b| *b == b'/').count();
    last < MAX_LEVELS
        && filter.split('/').enumerate().all(|(i, level)| match level {
            "+" => true,
            "#" => i == last,
            other => !other.contains(['+', '#']),
        })
}

/// True when `topic` is one of those `filter` names. Wildcards at the first level do not reach `$` topics.
pub fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut names = topic.split('/');
    for level in filter.split('/') {
        match (level, names.next()) {
            ("#", _) => return true,
            (_, None) => return false,
            ("+", Some(_)) => {}
            (level, Some(name)) if level == name => {}
            _ => return false,
        }
    }
    names.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_filters() {
        assert!(is_topic("air/42/up") && is_topic("/") && is_topic("дом"));
        assert!(!is_topic("") && !is_topic("a/+") && !is_topic("a#") && !is_topic("a\0"));
        assert!(!is_topic(&"a/".repeat(MAX_LEVELS)));
        for good in ["#", "+", "a/#", "a/+/c", "+/+", "/"] {
            assert!(is_filter(good), "{good}");
        }
        for bad in ["", "a#", "#/a", "a/b+", "a/#/c", "a\0"] {
            assert!(!is_filter(bad), "{bad}");
        }
    }

    #[test]
    fn matching_follows_the_standard() {
        for (filter, topic, expected) in [
            ("sport/#", "sport", true),
            ("sport/#", "sport/a/b", true),
            ("sport/+", "sport", false),
            ("sport/+", "sport/", true),
            ("+/+", "/finance", true),
            ("+", "/finance", false),
            ("#", "$SYS/x", false),
            ("$SYS/#", "$SYS/x", true),
            ("a/b", "a/b/c", false),
        ] {
            assert_eq!(matches(filter, topic), expected, "{filter} {topic}");
        }
    }
}
