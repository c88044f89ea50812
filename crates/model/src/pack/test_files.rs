use serde_json::Value;
use svod_kernel::Timestamp;

use super::entities;
use super::reader::{Cx, Fields};
use super::yaml::Node;

/// Checks one file of `tests/` and gives its cases as JSON.
pub fn read(cx: &mut Cx<'_>, root: &Node) -> Vec<Value> {
    let Some(items) = cx.list(root) else { return Vec::new() };
    // Cases have no ids: what is found later in the file is told at its beginning.
    let file = cx.file.trim_start_matches("tests/").to_owned();
    cx.origins.set("test", &file, "", cx.file, root.at);
    for item in items {
        case(cx, item);
    }
    items.iter().map(Node::to_json).collect()
}

fn case(cx: &mut Cx<'_>, item: &Node) -> Option<()> {
    let f = cx.fields(item, &["name", "at", "given", "when", "then"])?;
    cx.need_text(&f, "name");
    if let Some(n) = cx.need(&f, "at") {
        cx.parsed::<Timestamp>(n, "write an RFC 3339 date-time with its offset");
    }
    for n in f.get("given").and_then(|n| cx.list(n)).unwrap_or_default() {
        entities::read_one(cx, n, false);
    }
    for n in cx.need(&f, "when").and_then(|n| cx.list(n)).unwrap_or_default() {
        step(cx, n);
    }
    for n in cx.need(&f, "then").and_then(|n| cx.list(n)).unwrap_or_default() {
        expectation(cx, n);
    }
    Some(())
}

/// The one key of a step and its value.
fn single<'n>(cx: &mut Cx<'_>, node: &'n Node, known: &[&str]) -> Option<(&'n str, &'n Node)> {
    let f = cx.fields(node, known)?;
    let present: Vec<&str> = f.keys().map(|k| k.name.as_str()).filter(|k| known.contains(k)).collect();
    if let [one] = present[..] {
        return Some((one, cx.need(&f, one)?));
    }
    cx.error(node.at, "bad-value", "a step has exactly one key", format!("write one of: {}", known.join(", ")));
    None
}

fn step(cx: &mut Cx<'_>, node: &Node) -> Option<()> {
    let (key, value) = single(cx, node, &["reading", "wait", "act"])?;
    match key {
        "wait" => {
            cx.duration(value);
        }
        "reading" => {
            let f = cx.fields(value, &["device", "profile", "payload"])?;
            cx.need_text(&f, "device");
            cx.need_word(&f, "profile");
            cx.need(&f, "payload");
        }
        _ => {
            let f = cx.fields(value, &["persona", "take", "complete"])?;
            cx.need_word(&f, "persona");
            match (f.get("take"), f.get("complete")) {
                (Some(n), None) => {
                    cx.choice(n, &["task"]);
                }
                (None, Some(n)) => {
                    let inner = cx.fields(n, &["result"])?;
                    cx.need_text(&inner, "result");
                }
                _ => cx.error(value.at, "bad-value", "an act takes or completes", "write 'take: task' or 'complete:'"),
            }
        }
    }
    Some(())
}

fn expectation(cx: &mut Cx<'_>, node: &Node) -> Option<()> {
    let (key, value) = single(cx, node, &["alerts", "tasks", "quarantine"])?;
    let (words, counts): (&[&str], &[&str]) = match key {
        "alerts" => (&["kind"], &["open", "closed"]),
        "tasks" => (&["status", "body"], &["count"]),
        _ => (&["reason"], &["count"]),
    };
    let known: Vec<&str> = words.iter().chain(counts).copied().collect();
    let f = cx.fields(value, &known)?;
    for word in words {
        if let Some(n) = f.get(word) {
            cx.text(n);
        }
    }
    if counts.iter().all(|c| f.get(c).is_none()) {
        cx.error(value.at, "missing-key", "no number is expected", format!("add '{}:'", counts[0]));
    }
    counts.iter().for_each(|c| count(cx, &f, c));
    Some(())
}

fn count(cx: &mut Cx<'_>, f: &Fields<'_>, key: &str) {
    let Some(node) = f.get(key) else { return };
    if cx.integer(node).is_some_and(|n| n < 0) {
        cx.error(node.at, "bad-value", "a number of things is not negative", "write 0 or more");
    }
}
