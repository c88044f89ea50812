//! In which matters somebody acts for another: a box for each type, as it stands in every form that gives powers.

use serde_json::Value;
use svod_model::{Entity, EntityType};
use svod_portal::{Html, PageContext};

use crate::CabinetState;
use crate::pages::of;

/// Types in whose matters nobody acts for another.
const HIDDEN: [&str; 4] = ["Access", "Mandate", "Appointment", "SecurityAlert"];

/// The boxes; those that were ticked stay so, and what is wrong with them stands above.
pub fn boxes(
    ctx: &PageContext,
    s: &CabinetState,
    ticked: &[String],
    (hint, errors): (&str, &[(String, String)]),
) -> Html {
    let metamodel = &s.registry.catalogue().metamodel;
    let of_people = |t: &&EntityType| !t.is_abstract && metamodel.attribute(&t.name, "person").is_some();
    let kinds = metamodel.types.values().filter(of_people).filter(|t| !HIDDEN.contains(&t.name.as_str()));
    let mut kinds: Vec<(String, &str)> =
        kinds.map(|t| (ctx.t_or(&format!("type-{}", t.name), &t.name), t.name.as_str())).collect();
    kinds.sort();
    let boxed = |(text, name): &(String, &str)| {
        let checked = if ticked.iter().any(|t| t == name) { " checked" } else { "" };
        let (name, text) = (Html::text(name), Html::text(text));
        format!(r#"<label class="choice"><input type="checkbox" name="scope" value="{name}"{checked}> {text}</label>"#)
    };
    let error = match of(errors, "scope") {
        "" => String::new(),
        text => format!(r#"<p class="field-error">{}</p>"#, Html::text(text)),
    };
    let (legend, hint) = (Html::text(&ctx.t("my-mandate-scope")), Html::text(hint));
    let all: String = kinds.iter().map(boxed).collect();
    Html::trusted(format!(
        r#"<fieldset class="choices" id="field-scope" tabindex="-1"><legend>{legend}</legend><p class="hint">{hint}</p>{error}{all}</fieldset>"#
    ))
}

/// The matters of a mandate, as people call them.
pub fn named(ctx: &PageContext, mandate: &Entity) -> String {
    let names: Vec<&str> = match mandate.value("scope") {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one.as_str()],
        _ => Vec::new(),
    };
    let names: Vec<String> = names.into_iter().map(|n| ctx.t_or(&format!("type-{n}"), n)).collect();
    if names.is_empty() { ctx.t("my-mandate-all") } else { names.join(", ") }
}
