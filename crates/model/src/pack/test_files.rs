//! `tests/*.yaml`: situations that a pack promises. A step or an expectation is a row of a table here, and a function in
//! `svod pack test` that plays it.

use serde_json::Value;
use svod_kernel::Timestamp;

use super::entities;
use super::reader::{Cx, Fields};
use super::yaml::Node;

/// What stands under a key.
#[derive(Clone, Copy)]
enum Holds {
    Text,
    Word,
    Flag,
    Texts,
    Map,
    Any,
    /// A number of things, 0 or more.
    Count,
    OneOf(&'static [&'static str]),
    /// What was done, of a task without a form.
    Result,
}

use Holds::{Any, Count, Flag, Map, OneOf, Result, Text, Texts, Word};

/// A step or an expectation: its key and what stands under it.
struct Shape {
    key: &'static str,
    fields: &'static [(&'static str, Holds)],
    /// Keys that must be there.
    needs: &'static [&'static str],
    /// Of these at least one is there.
    some: &'static [&'static str],
    /// Of these at most one is there.
    single: bool,
}

const fn shape(key: &'static str, fields: &'static [(&'static str, Holds)], needs: &'static [&'static str]) -> Shape {
    Shape { key, fields, needs, some: &[], single: false }
}

impl Shape {
    const fn some(self, some: &'static [&'static str]) -> Self {
        Self { some, ..self }
    }

    const fn one(self, some: &'static [&'static str]) -> Self {
        Self { some, single: true, ..self }
    }
}

/// Steps with keys of their own; `wait`, `dies`, `provider` and `expect` hold something else.
const STEPS: &[Shape] = &[
    shape("reading", &[("device", Text), ("profile", Word), ("payload", Any)], &["device", "profile", "payload"]),
    shape("act", &[("persona", Word), ("take", OneOf(&["task"])), ("complete", Result)], &["persona"])
        .one(&["take", "complete"]),
    shape(
        "apply",
        &[
            ("service", Text),
            ("as", Text),
            ("post", Word),
            ("for", Text),
            ("answers", Map),
            ("disputes", Texts),
            ("files", Map),
            ("twice", Flag),
            ("name", Word),
        ],
        &["service", "as"],
    ),
    shape(
        "task",
        &[
            ("step", Text),
            ("case", Word),
            ("by", Text),
            ("post", Word),
            ("answers", Map),
            ("files", Map),
            ("result", Text),
            ("take", OneOf(&["only"])),
            ("give", OneOf(&["back"])),
        ],
        &["by"],
    )
    .one(&["answers", "result", "take", "give"]),
    shape("message", &[("name", Text), ("key", Text), ("payload", Map)], &["name"]),
    shape(
        "create",
        &[
            ("id", Text),
            ("type", Text),
            ("space", Text),
            ("attributes", Map),
            ("as", Text),
            ("post", Word),
            ("name", Word),
        ],
        &["type"],
    ),
    shape("update", &[("id", Text), ("set", Map), ("unset", Texts), ("as", Text), ("post", Word)], &["id"])
        .some(&["set", "unset"]),
    shape("delete", &[("id", Text), ("as", Text), ("post", Word)], &["id"]),
    shape(
        "exchange",
        &[("system", Text), ("operation", Text), ("answers", Map), ("fails", Text), ("silent", Count)],
        &["system"],
    )
    .one(&["answers", "fails", "silent"]),
    shape(
        "offer",
        &[
            ("service", Text),
            ("as", Text),
            ("for", Text),
            ("answer", OneOf(&["accept", "decline"])),
            ("answers", Map),
            ("files", Map),
            ("name", Word),
        ],
        &["as", "answer"],
    ),
    shape(
        "object",
        &[
            ("as", Text),
            ("for", Text),
            ("case", Word),
            ("decision", Text),
            ("answers", Map),
            ("files", Map),
            ("name", Word),
        ],
        &["as"],
    ),
    shape("write", &[("as", Text), ("post", Word), ("for", Text), ("case", Word), ("text", Text)], &["as", "text"]),
    shape(
        "rate",
        &[("as", Text), ("for", Text), ("case", Word), ("stars", Count), ("comment", Text)],
        &["as", "stars"],
    ),
    shape("call_off", &[("as", Text), ("post", Word), ("case", Word), ("reason", Text)], &["as", "reason"]),
    shape("retry", &[("as", Text), ("post", Word), ("case", Word), ("reason", Text), ("set", Map)], &["as", "reason"]),
    shape("pay", &[("as", Text), ("for", Text), ("accrual", Text), ("amount", Count)], &["as"]),
    shape("card", &[("as", Text), ("for", Text), ("keep", Text), ("forget", Text), ("name", Word)], &["as"])
        .one(&["keep", "forget"]),
];

/// Expectations with keys of their own; `refused` may be a list of fields as well.
const EXPECTED: &[Shape] = &[
    shape("alerts", &[("kind", Text), ("open", Count), ("closed", Count)], &[]).some(&["open", "closed"]),
    shape("tasks", &[("status", Text), ("body", Text), ("step", Text), ("case", Word), ("count", Count)], &["count"]),
    shape("quarantine", &[("reason", Text), ("count", Count)], &["count"]),
    shape(
        "case",
        &[
            ("name", Word),
            ("service", Text),
            ("status", Text),
            ("outcome", Text),
            ("stage", Text),
            ("clock", Text),
            ("deadline", Text),
            ("body", Text),
            ("count", Count),
        ],
        &[],
    )
    .some(&["status", "outcome", "stage", "clock", "deadline", "body", "count"]),
    shape("entity", &[("type", Text), ("id", Text), ("where", Map), ("has", Map), ("count", Count)], &["type"])
        .some(&["has", "count"]),
    shape("decided", &[("case", Word), ("step", Text), ("rule", Text), ("result", Any)], &[]).some(&["rule", "result"]),
    shape(
        "decision",
        &[
            ("case", Word),
            ("outcome", Text),
            ("automatic", Flag),
            ("rule", Text),
            ("status", Text),
            ("reason", Text),
            ("count", Count),
        ],
        &[],
    )
    .some(&["outcome", "automatic", "rule", "status", "reason", "count"]),
    shape("messages", &[("case", Word), ("from", Text), ("contains", Text), ("count", Count)], &["count"]),
    shape("offers", &[("service", Text), ("person", Text), ("status", Text), ("count", Count)], &["count"]),
    shape("accruals", &[("case", Word), ("status", Text), ("amount", Count), ("count", Count)], &["count"]),
    shape("incidents", &[("case", Word), ("code", Text), ("count", Count)], &["count"]),
    shape("refused", &[("code", Text), ("fields", Any)], &[]).some(&["code", "fields"]),
];

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
    let f = cx.fields(item, &["name", "at", "persons", "given", "when", "then"])?;
    cx.need_text(&f, "name");
    if let Some(n) = cx.need(&f, "at") {
        cx.parsed::<Timestamp>(n, "write an RFC 3339 date-time with its offset");
    }
    for (name, person) in f.get("persons").and_then(|n| cx.map(n)).unwrap_or_default() {
        if !super::reader::is_word(&name.name) {
            cx.error(name.at, "bad-value", format!("'{}' is no id", name.name), "use a-z, 0-9 and '-', a letter first");
        }
        for (key, value) in cx.map(person).unwrap_or_default() {
            if key.name == "space" {
                cx.space(value);
            } else {
                entities::attribute(cx, value);
            }
        }
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
    let known: Vec<&str> = STEPS.iter().map(|s| s.key).chain(["wait", "dies", "provider", "expect"]).collect();
    let (key, value) = single(cx, node, &known)?;
    match key {
        "wait" => {
            cx.duration(value);
        }
        "dies" => {
            cx.text(value);
        }
        "provider" => {
            cx.choice(value, &["done", "failed"]);
        }
        "expect" => {
            expectation(cx, value);
        }
        key => {
            shaped(cx, value, STEPS.iter().find(|s| s.key == key)?);
        }
    }
    Some(())
}

fn expectation(cx: &mut Cx<'_>, node: &Node) -> Option<()> {
    let known: Vec<&str> = EXPECTED.iter().map(|s| s.key).collect();
    let (key, value) = single(cx, node, &known)?;
    if key == "refused" && matches!(value.data, super::yaml::Data::List(_)) {
        cx.list(value).unwrap_or_default().iter().for_each(|n| _ = cx.text(n));
        return Some(());
    }
    shaped(cx, value, EXPECTED.iter().find(|s| s.key == key)?)
}

fn shaped(cx: &mut Cx<'_>, node: &Node, shape: &Shape) -> Option<()> {
    let known: Vec<&str> = shape.fields.iter().map(|(name, _)| *name).collect();
    let f = cx.fields(node, &known)?;
    for name in shape.needs {
        cx.need(&f, name);
    }
    let there = shape.some.iter().filter(|name| f.get(name).is_some()).count();
    let listed = shape.some.join(", ");
    if there == 0 && !shape.some.is_empty() {
        let fix = format!("add one of: {listed}");
        cx.error(node.at, "missing-key", format!("'{}' says too little", shape.key), fix);
    } else if there > 1 && shape.single {
        cx.error(node.at, "bad-value", format!("'{}' says two things", shape.key), format!("keep one of: {listed}"));
    }
    for (name, holds) in shape.fields {
        value(cx, &f, name, *holds);
    }
    Some(())
}

fn value(cx: &mut Cx<'_>, f: &Fields<'_>, name: &str, holds: Holds) {
    let Some(node) = f.get(name) else { return };
    match holds {
        Text => drop(cx.text(node)),
        Word => drop(cx.word(node)),
        Flag => drop(cx.bool(node)),
        Texts => drop(cx.texts(f, name)),
        Map => drop(cx.map(node)),
        Any => {}
        OneOf(words) => drop(cx.choice(node, words)),
        Count => {
            if cx.integer(node).is_some_and(|n| n < 0) {
                cx.error(node.at, "bad-value", "a number of things is not negative", "write 0 or more");
            }
        }
        Result => {
            if let Some(inner) = cx.fields(node, &["result"]) {
                cx.need_text(&inner, "result");
            }
        }
    }
}
