use super::SimulationSpec;
use super::reader::{Cx, Fields};
use super::yaml::{Data, Node};

/// Reads one file of `simulation/`.
pub fn read(cx: &mut Cx<'_>, root: &Node) -> Option<SimulationSpec> {
    let f = cx.fields(root, &["id", "profile", "interval", "devices", "payload", "faults", "route"])?;
    let id = cx.need_word(&f, "id");
    let profile = cx.need_word(&f, "profile");
    let interval = cx.need(&f, "interval").and_then(|n| cx.duration(n));
    let devices = cx.need(&f, "devices").and_then(|n| cx.fields(n, &["type"]));
    let kind = devices.and_then(|d| cx.need_text(&d, "type"));
    let payload = cx.need(&f, "payload").and_then(|n| cx.map(n));
    for (_, node) in payload.unwrap_or_default() {
        generator(cx, node);
    }
    if let Some(faults) = f.get("faults").and_then(|n| cx.fields(n, &["gap", "malformed", "wrong-unit"])) {
        chance(cx, &faults, "malformed");
        chance(cx, &faults, "wrong-unit");
        event(cx, &faults, "gap", &["chance", "minutes"]);
    }
    if let Some(route) = f.get("route").and_then(|n| cx.fields(n, &["attribute", "speed-kmh", "stop"])) {
        cx.need_text(&route, "attribute");
        if let Some(node) = cx.need(&route, "speed-kmh")
            && cx.number(node).is_some_and(|v| !(0.1..=300.0).contains(&v))
        {
            cx.error(node.at, "bad-value", "the speed is outside 0.1..300 km/h", "write a speed such as 25");
        }
        event(cx, &route, "stop", &["chance", "minutes"]);
    }
    let id = id?;
    cx.declare("simulation", id, f.place("id"));
    cx.trace("simulation", id, &f);
    Some(SimulationSpec {
        id: id.into(),
        profile: profile?.into(),
        interval_seconds: interval?,
        kind: kind?.into(),
        spec: root.to_json(),
    })
}

/// A field of the payload: a constant, a "$word", a generator of numbers, or an object of such.
fn generator(cx: &mut Cx<'_>, node: &Node) {
    let Data::Map(entries) = &node.data else { return };
    if !entries.iter().any(|(k, _)| k.name == "mean") {
        entries.iter().for_each(|(_, n)| generator(cx, n));
        return;
    }
    let known = ["mean", "daily", "weekly", "noise", "spike", "min", "max"];
    let Some(f) = cx.fields(node, &known) else { return };
    for key in known.iter().filter(|k| **k != "spike") {
        if let Some(n) = f.get(key) {
            cx.number(n);
        }
    }
    event(cx, &f, "spike", &["chance", "factor", "minutes"]);
}

fn event(cx: &mut Cx<'_>, f: &Fields<'_>, key: &str, known: &[&str]) {
    let Some(inner) = f.get(key).and_then(|n| cx.fields(n, known)) else { return };
    for k in known {
        if let Some(n) = cx.need(&inner, k) {
            cx.number(n);
        }
    }
    chance(cx, &inner, "chance");
}

fn chance(cx: &mut Cx<'_>, f: &Fields<'_>, key: &str) {
    let Some(node) = f.get(key) else { return };
    if cx.number(node).is_some_and(|v| !(0.0..=1.0).contains(&v)) {
        cx.error(node.at, "bad-value", "a chance lies between 0 and 1", "write a share such as 0.002");
    }
}
