//! What a pack declares, by name.

use svod_model::Pack;
use svod_portal::components::{self, SummaryRow};
use svod_portal::{Html, PageContext};

/// Names listed of one kind; a pack of a whole region declares hundreds of entities.
const MAX_NAMES: usize = 60;

/// What the pack declares, a row for each kind that it has; `seeds` is the number of its entities.
pub fn list(ctx: &PageContext, pack: &Pack, seeds: usize) -> Html {
    let message = |stem: &str, id: &str| ctx.t_or(&format!("{stem}-{id}"), id);
    let file = |f: &String| f.clone();
    let kinds: [(&str, Vec<String>); 12] = [
        ("packs-declares-types", pack.model.types.keys().map(|t| message("type", t)).collect()),
        ("packs-declares-enums", pack.model.enums.keys().map(file).collect()),
        ("packs-declares-profiles", pack.devices.iter().map(|d| format!("{} ({})", d.id, d.topic)).collect()),
        ("packs-declares-decisions", pack.decisions.keys().map(file).collect()),
        ("packs-declares-triggers", pack.triggers.iter().map(|t| t.id.clone()).collect()),
        ("packs-declares-processes", pack.processes.keys().map(file).collect()),
        ("packs-declares-policies", pack.policies.keys().map(file).collect()),
        ("packs-declares-layers", pack.layers.iter().map(|l| message("layer", &l.id)).collect()),
        ("packs-declares-spaces", pack.spaces.iter().map(|s| message("space", s.path.name())).collect()),
        ("packs-declares-simulations", pack.simulations.iter().map(|s| s.id.clone()).collect()),
        ("packs-declares-feeds", pack.feeds.iter().map(|f| f.id.clone()).collect()),
        ("packs-declares-tests", pack.tests.keys().map(file).collect()),
    ];
    let mut rows: Vec<SummaryRow> =
        kinds.iter().filter(|(_, names)| !names.is_empty()).map(|(key, names)| row(ctx, key, names)).collect();
    if seeds > 0 {
        rows.push(SummaryRow::new(ctx.t("packs-declares-entities"), ctx.number(seeds as f64)));
    }
    components::summary_list(&rows)
}

fn row(ctx: &PageContext, key: &str, names: &[String]) -> SummaryRow {
    let shown = names.iter().take(MAX_NAMES).cloned().collect::<Vec<_>>().join(", ");
    let more = if names.len() > MAX_NAMES { " …" } else { "" };
    let label = format!("{} ({})", ctx.t(key), ctx.number(names.len() as f64));
    SummaryRow::new(label, format!("{shown}{more}"))
}
