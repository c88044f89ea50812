use svod_kernel::{SpacePath, Urn};
use svod_model::Entity;
use svod_portal::{PageContext, encoded};

use super::Sight;

/// The name of a type.
pub fn of_type(ctx: &PageContext, kind: &str) -> String {
    ctx.type_name(kind)
}

/// The name of an attribute.
pub fn of_attribute(ctx: &PageContext, name: &str) -> String {
    ctx.t_or(&format!("attr-{name}"), name)
}

/// The name of a space.
pub fn of_space(ctx: &PageContext, space: &SpacePath) -> String {
    ctx.t_or(&format!("space-{}", space.name()), space.name())
}

/// The name of a kind of alert.
pub fn of_alert(ctx: &PageContext, kind: &str) -> String {
    ctx.t_or(&format!("alert-{kind}"), kind)
}

/// A unit as people write it; the UCUM code itself where no text knows it.
pub fn of_unit(ctx: &PageContext, code: &str) -> String {
    ctx.t_or(&unit_key(code), code)
}

/// The message of a UCUM code: `mg/m3` → `unit-mg-per-m3`, `mm[Hg]` → `unit-mm-Hg`, `%` → `unit-percent`.
fn unit_key(code: &str) -> String {
    let mut key = String::from("unit-");
    for c in code.chars() {
        match c {
            '/' => key.push_str("-per-"),
            '%' => key.push_str("percent"),
            '[' | '.' => key.push('-'),
            c if c.is_ascii_alphanumeric() || c == '-' => key.push(c),
            _ => {}
        }
    }
    key.replace("--", "-")
}

/// What people call the entity. Work and alerts are called by what happened and where.
pub fn of_entity(sight: &Sight<'_>, e: &Entity) -> String {
    let ctx = sight.ctx;
    if let Some(what) = what(sight, e) {
        return match sight.text(e, "name") {
            Some(name) => ctx.tf("object-about", &[("what", what.into()), ("where", name.into())]),
            None => what,
        };
    }
    match sight.catalogue.metamodel.called(e, |name| sight.may_see(e, name)) {
        Some(name) => name,
        // An identifier may tell what is closed: it tells one apart from another only where nothing is.
        None if is_closed(sight, e) => of_type(ctx, &e.kind),
        None => format!("{} {}", of_type(ctx, &e.kind), e.id.local()),
    }
}

/// May the visitor not read all that an entity of that type can have?
fn is_closed(sight: &Sight<'_>, e: &Entity) -> bool {
    let types = &sight.catalogue.metamodel.types;
    let attributes = types.values().filter(|t| sight.catalogue.metamodel.is_a(&e.kind, &t.name));
    attributes.flat_map(|t| t.attributes.keys()).any(|name| !sight.may_see(e, name))
}

/// What has happened, what is asked for, or what is to be done; none for what has a name of its own.
fn what(sight: &Sight<'_>, e: &Entity) -> Option<String> {
    let ctx = sight.ctx;
    if !matches!(e.kind.as_str(), "Alert" | "Case" | "Task") {
        return None;
    }
    if let Some(kind) = sight.text(e, "kind").filter(|kind| !kind.is_empty()) {
        return Some(of_alert(ctx, kind));
    }
    let step = (e.kind == "Task").then(|| svod_runtime::task_name(&ctx.texts, ctx.lang, e, None));
    let named = e.text("name").unwrap_or_default();
    let service = || Some(ctx.t_or(&format!("service-{}", e.text("service")?.split_once('/')?.1), ""));
    let told = step.filter(|step| step != named).or_else(service).filter(|told| !told.is_empty());
    Some(told.unwrap_or_else(|| of_type(ctx, &e.kind)))
}

/// The page of an entity.
pub fn entity_href(urn: &Urn) -> String {
    format!("/entities/{}", encoded(urn.as_str()))
}

/// The page on which people work with an entity of that type: tasks and cases have their own.
pub fn working_href(kind: &str, urn: &Urn) -> String {
    match kind {
        "Task" => format!("/tasks/{}", encoded(urn.as_str())),
        "Case" => format!("/cases/{}", encoded(urn.as_str())),
        _ => entity_href(urn),
    }
}

/// An address with a query of those parameters that are not empty.
pub fn href(path: &str, params: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        params.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| format!("{k}={}", encoded(v))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_have_keys_that_fluent_takes() {
        for (code, key) in [
            ("mg/m3", "unit-mg-per-m3"),
            ("mm[Hg]", "unit-mm-Hg"),
            ("%", "unit-percent"),
            ("Cel", "unit-Cel"),
            ("[ppm]", "unit-ppm"),
            ("/min", "unit-per-min"),
        ] {
            assert_eq!(unit_key(code), key);
        }
    }

    #[test]
    fn addresses_hold_any_identifier() {
        let urn: Urn = "https://example.org/a?b#c".parse().unwrap();
        assert_eq!(entity_href(&urn), "/entities/https:%2F%2Fexample.org%2Fa%3Fb%23c");
        assert_eq!(working_href("Task", &"urn:svod:task:1-0".parse().unwrap()), "/tasks/urn:svod:task:1-0");
        assert_eq!(href("/entities", &[("space", "a/b"), ("q", ""), ("type", "T")]), "/entities?space=a%2Fb&type=T");
    }
}
