use svod_kernel::Role;

use super::PersonaSpec;
use super::reader::Cx;
use super::yaml::Node;

/// Roles a persona may have: those of people, and a device.
const ROLES: [(&str, Role); 6] = [
    ("citizen", Role::Citizen),
    ("official", Role::Official),
    ("governor", Role::Governor),
    ("administrator", Role::Administrator),
    ("auditor", Role::Auditor),
    ("device", Role::Device),
];

/// Reads `personas.yaml`. `name` is for those who read the file; what a page shows is Fluent `persona-<id>`.
pub fn read(cx: &mut Cx<'_>, root: &Node) -> Vec<PersonaSpec> {
    let Some(items) = cx.list(root) else { return Vec::new() };
    items.iter().filter_map(|item| persona(cx, item)).collect()
}

fn persona(cx: &mut Cx<'_>, item: &Node) -> Option<PersonaSpec> {
    let f = cx.fields(item, &["id", "name", "roles", "spaces", "body", "person"])?;
    let id = cx.need_word(&f, "id");
    if let Some(n) = f.get("name") {
        cx.text(n);
    }
    let mut roles = Vec::new();
    for node in cx.need(&f, "roles").and_then(|n| cx.list(n)).unwrap_or_default() {
        if let Some(word) = cx.choice(node, &ROLES.map(|r| r.0)) {
            roles.extend(ROLES.iter().filter(|r| r.0 == word).map(|r| r.1));
        }
    }
    let list = cx.need(&f, "spaces").and_then(|n| cx.list(n)).unwrap_or_default();
    let spaces = list.iter().filter_map(|n| cx.space(n)).collect();
    let body = f.get("body").and_then(|n| cx.urn(n));
    let person = f.get("person").and_then(|n| person(cx, n));
    let id = id?;
    cx.declare("persona", id, f.place("id"));
    cx.trace("persona", id, &f);
    Some(PersonaSpec { id: id.into(), roles, spaces, body, person })
}

/// What of a person the demonstration fills in.
fn person(cx: &mut Cx<'_>, node: &Node) -> Option<std::collections::BTreeMap<String, String>> {
    let f = cx.fields(node, &["name", "birthDate", "nationalId", "phone", "email"])?;
    cx.need_text(&f, "name")?;
    let keys = ["name", "birthDate", "nationalId", "phone", "email"];
    let given = keys.into_iter().filter_map(|key| Some((key.to_owned(), cx.text(f.get(key)?)?.to_owned())));
    Some(given.collect())
}
