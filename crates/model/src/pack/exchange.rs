//! `exchange/*.yaml`: systems of others that processes ask (`exchange.call`).

use super::ExchangeSpec;
use super::reader::Cx;
use super::yaml::Node;

/// Reads one file of `exchange/`.
pub fn read(cx: &mut Cx<'_>, root: &Node) -> Option<ExchangeSpec> {
    let f = cx.fields(root, &["id", "operations", "sandbox"])?;
    let id = cx.need_word(&f, "id");
    let items = cx.need(&f, "operations").and_then(|n| cx.list(n)).unwrap_or_default();
    let mut operations = Vec::new();
    for item in items {
        if let Some(o) = cx.fields(item, &["id"])
            && let Some(operation) = cx.need_word(&o, "id")
        {
            operations.push(operation.to_owned());
        }
    }
    if operations.is_empty() {
        cx.error(
            f.place("operations"),
            "missing-key",
            "nothing can be asked of the system",
            "name an operation: '- id: claim'",
        );
    }
    let sandbox = f.get("sandbox").and_then(|n| cx.text(n)).map(str::to_owned);
    if sandbox.as_ref().is_some_and(|s| !s.contains('#')) {
        cx.error(f.place("sandbox"), "bad-value", "the sandbox is a decision", "write file.dmn#Name");
    }
    let id = id?;
    cx.declare("exchange", id, f.place("id"));
    cx.trace("exchange", id, &f);
    Some(ExchangeSpec { id: id.to_owned(), pack: cx.manifest.id.clone(), operations, sandbox })
}
