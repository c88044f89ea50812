use std::collections::BTreeMap;

use super::reader::{Cx, Fields, is_inside};
use super::yaml::Node;
use super::{FeedSpec, ImportFormat, ImportSpec};

/// Reads one file of `feeds/`.
pub fn read(cx: &mut Cx<'_>, root: &Node) -> Option<FeedSpec> {
    let known = ["id", "file", "format", "profile", "device", "payload", "time", "attribution"];
    let f = cx.fields(root, &known)?;
    let id = cx.need_word(&f, "id");
    let file = data_file(cx, &f, &[".csv", ".csv.gz"]);
    if let Some(n) = cx.need(&f, "format") {
        cx.choice(n, &["csv"]);
    }
    let profile = cx.need_word(&f, "profile");
    let mut text = |key| cx.need_text(&f, key).map(str::to_owned);
    let (device, payload, time, attribution) = (text("device"), text("payload"), text("time"), text("attribution"));
    let id = id?;
    cx.declare("feed", id, f.place("id"));
    cx.trace("feed", id, &f);
    Some(FeedSpec {
        id: id.into(),
        file: file?,
        profile: profile?.into(),
        device: device?,
        payload: payload?,
        time: time?,
        attribution: attribution?,
    })
}

/// Reads one file of `imports/`.
pub fn read_import(cx: &mut Cx<'_>, root: &Node) -> Option<ImportSpec> {
    let known = ["id", "file", "format", "type", "match", "space", "set", "attribution"];
    let f = cx.fields(root, &known)?;
    let id = cx.need_word(&f, "id");
    let file = data_file(cx, &f, &[".geojson", ".json", ".csv", ".geojson.gz", ".json.gz", ".csv.gz"]);
    let format = cx.need(&f, "format").and_then(|n| cx.choice(n, &["geojson", "csv"]));
    let mut text = |key| cx.need_text(&f, key).map(str::to_owned);
    let (kind, matches, space, attribution) = (text("type"), text("match"), text("space"), text("attribution"));
    let mut set = BTreeMap::new();
    for (key, node) in cx.need(&f, "set").and_then(|n| cx.map(n)).unwrap_or_default() {
        if let Some(program) = cx.text(node) {
            set.insert(key.name.clone(), program.to_owned());
        }
    }
    let id = id?;
    cx.declare("import", id, f.place("id"));
    cx.trace("import", id, &f);
    Some(ImportSpec {
        id: id.into(),
        file: file?,
        format: if format? == "csv" { ImportFormat::Csv } else { ImportFormat::Geojson },
        kind: kind?,
        matches: matches?,
        space: space?,
        set,
        attribution: attribution?,
    })
}

fn data_file(cx: &mut Cx<'_>, f: &Fields<'_>, endings: &[&str]) -> Option<String> {
    let path = cx.need_text(f, "file")?;
    if is_inside(path) && endings.iter().any(|e| path.ends_with(e)) {
        return Some(path.to_owned());
    }
    let message = "the file is no relative path with a known ending";
    cx.error(f.place("file"), "bad-value", message, format!("end it with one of: {}", endings.join(", ")));
    None
}
