use svod_kernel::read_offset;

use super::SpaceSpec;
use super::reader::Cx;
use super::yaml::Node;

/// Reads `spaces.yaml`.
pub fn read(cx: &mut Cx<'_>, root: &Node) -> Vec<SpaceSpec> {
    let Some(items) = cx.list(root) else { return Vec::new() };
    let mut out = Vec::new();
    for item in items {
        let Some(f) = cx.fields(item, &["path", "clock"]) else { continue };
        let Some(path) = cx.need(&f, "path").and_then(|n| cx.space(n)) else { continue };
        if let Some(top) = cx.manifest.space.clone().filter(|top| path.top().as_str() != top) {
            let message = format!("'{path}' is not under '{top}', the space of the pack");
            cx.error(f.place("path"), "unknown-space", message, format!("begin the path with '{top}'"));
        }
        cx.declare("space", path.as_str(), f.place("path"));
        let text = f.get("clock").and_then(|node| Some((node.at, cx.text(node)?)));
        let clock = text.and_then(|(at, text)| {
            let clock = read_offset(text);
            if clock.is_none() {
                let fix = "write how far ahead of UTC its clocks are, such as \"+07:00\"";
                cx.error(at, "bad-value", format!("'{text}' is no offset from UTC"), fix);
            }
            clock
        });
        out.push(SpaceSpec { path, clock });
    }
    out
}
