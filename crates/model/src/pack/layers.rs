use super::reader::Cx;
use super::yaml::Node;
use super::{LayerSpec, LayerStyle};

const STYLES: [&str; 5] = ["circle", "line", "fill", "vehicle", "pin"];

/// Reads one file of `layers/`.
pub fn read(cx: &mut Cx<'_>, root: &Node) -> Option<LayerSpec> {
    let f = cx.fields(root, &["id", "type", "geometry", "order", "visible", "style"])?;
    let id = cx.need_word(&f, "id");
    let kind = cx.need_text(&f, "type");
    let geometry = cx.need_text(&f, "geometry");
    let order = f.get("order").map_or(Some(100), |n| cx.integer(n));
    let visible = f.get("visible").map_or(Some(true), |n| cx.bool(n));
    let style = cx.need(&f, "style").and_then(|n| style(cx, n));
    let id = id?;
    cx.declare("layer", id, f.place("id"));
    cx.trace("layer", id, &f);
    Some(LayerSpec {
        id: id.into(),
        kind: kind?.into(),
        geometry: geometry?.into(),
        order: order?,
        visible: visible?,
        style: style?,
    })
}

fn style(cx: &mut Cx<'_>, node: &Node) -> Option<LayerStyle> {
    let f = cx.fields(node, &["kind", "colour-by", "stops", "trail"])?;
    let kind = cx.need(&f, "kind").and_then(|n| cx.choice(n, &STYLES));
    let colour_by = f.get("colour-by").and_then(|n| cx.text(n)).map(str::to_owned);
    let trail = f.get("trail").map_or(Some(false), |n| cx.bool(n));
    let mut stops: Vec<(f64, String)> = Vec::new();
    for stop in f.get("stops").and_then(|n| cx.list(n)).unwrap_or_default() {
        let Some([from, colour]) = cx.list(stop) else {
            cx.error(stop.at, "bad-value", "a stop is a number and a colour", "write [0.5, \"#9e9d24\"]");
            continue;
        };
        let (Some(from), Some(name)) = (cx.number(from), cx.text(colour)) else { continue };
        if !is_colour(name) {
            cx.error(colour.at, "bad-value", "the colour is not '#rrggbb'", "write a colour such as \"#2e7d32\"");
        } else if stops.last().is_some_and(|last| last.0 >= from) {
            cx.error(stop.at, "bad-value", "stops do not grow", "order the stops from the lowest to the highest");
        } else {
            stops.push((from, name.to_owned()));
        }
    }
    if colour_by.is_some() && stops.is_empty() {
        cx.error(f.place("colour-by"), "missing-key", "'colour-by' has no stops", "add 'stops:'");
    }
    Some(LayerStyle { kind: kind?.to_owned(), colour_by, stops, trail: trail? })
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|h| h.len() == 6 && h.bytes().all(|b| b.is_ascii_hexdigit()))
}
