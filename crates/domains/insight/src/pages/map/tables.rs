use askama::Template;
use svod_kernel::SpacePath;
use svod_model::{AttributeKind, AttributeType, Entity};
use svod_portal::components::{self, Table, Tone};
use svod_portal::{Html, PageContext, PageError};
use svod_twin::LiveEntity;

use super::picture::{Group, Picture};
use crate::show::{Sight, facts, names, sight, values};

/// Observed attributes that get a column of their own.
const MAX_COLUMNS: usize = 6;

#[derive(Template)]
#[template(path = "pages/map/tables.html")]
struct Tables<'a> {
    ctx: &'a PageContext,
    groups: Vec<TableView>,
}

struct TableView {
    id: String,
    title: String,
    count: String,
    table: Html,
    folded: bool,
    all: Option<String>,
}

/// What stands on the map, a table for each layer.
///
/// # Errors
/// When a template fails.
pub fn html(sight: &Sight<'_>, picture: &Picture, space: &SpacePath) -> Result<Html, PageError> {
    let groups = picture.groups.iter().map(|g| view(sight, g, space)).collect();
    Html::of(&Tables { ctx: sight.ctx, groups }).map_err(PageError::internal)
}

/// The title of a layer.
pub fn layer_title(ctx: &PageContext, group: &Group) -> String {
    ctx.t_or(&format!("layer-{}", group.layer.id), &names::of_type(ctx, &group.layer.kind))
}

fn view(sight: &Sight<'_>, group: &Group, space: &SpacePath) -> TableView {
    let ctx = sight.ctx;
    let kind = group.layer.kind.as_str();
    let title = layer_title(ctx, group);
    let table = Table::new(title.clone()).hide_caption();
    let table = match kind {
        "Alert" => alerts(sight, table, group.rows.iter().map(|l| &*l.entity)),
        "Task" => tasks(sight, table, group),
        _ if group.normed => measured(sight, table, group),
        _ if group.observed => watched(sight, table, group),
        _ => standing(sight, table, group),
    };
    let all = (group.total > group.rows.len())
        .then(|| names::href("/entities", &[("space", space.as_str()), ("type", kind)]));
    TableView {
        id: group.layer.id.clone(),
        title,
        count: ctx.tf("objects-count", &[("n", group.total.into())]),
        table: table.html(),
        // What stands still for years is folded away: it is on the map for orientation.
        folded: !group.observed && !matches!(kind, "Alert" | "Task"),
        all,
    }
}

/// The entity's name as a link, with the mark of a simulated thing.
fn name(sight: &Sight<'_>, e: &Entity, simulated: bool) -> Html {
    let link = components::link(&names::working_href(&e.kind, &e.id), names::of_entity(sight, e));
    if simulated { Html::join([link, Html::trusted(" "), components::simulated_tag(sight.ctx)]) } else { link }
}

fn age(sight: &Sight<'_>, live: &LiveEntity) -> Html {
    live.newest().map_or_else(|| "—".into(), |at| components::ago(sight.ctx, at))
}

/// Things with values that have norms: the worst of them, then all.
fn measured(sight: &Sight<'_>, table: Table, group: &Group) -> Table {
    let ctx = sight.ctx;
    let mut table = table
        .column(ctx.t("object-name"))
        .column(ctx.t("map-worst"))
        .column(ctx.t("map-values"))
        .column(ctx.t("object-age"));
    for live in &group.rows {
        let worst = match sight.worst(live) {
            Some((attribute, ratio)) => facts::lines([
                values::level(ctx, Some(ratio)),
                format!("{}, {}", names::of_attribute(ctx, attribute), values::ratio_words(ctx, ratio)).into(),
            ]),
            None if live.observed.is_empty() => components::level(Tone::Quiet, ctx.t("level-silent")),
            None => values::level(ctx, None),
        };
        let name = name(sight, &live.entity, sight.simulated(live));
        table.row([name, worst, value_lines(sight, live), age(sight, live)]);
    }
    table
}

/// Every current value with its unit, its ratio and the word for it, the worst first.
fn value_lines(sight: &Sight<'_>, live: &LiveEntity) -> Html {
    let ctx = sight.ctx;
    let mut all = sight.observed(live);
    all.sort_by(|a, b| b.1.ratio.unwrap_or(-1.0).total_cmp(&a.1.ratio.unwrap_or(-1.0)));
    facts::lines(all.into_iter().map(|(attribute, v)| {
        let declared = sight.declared(&live.entity.kind, attribute);
        let value = values::observed(ctx, declared, &v.value);
        let title = names::of_attribute(ctx, attribute);
        let tone = v.ratio.map_or(Tone::Quiet, Tone::of_ratio);
        let words = match v.ratio {
            Some(r) => {
                format!("{title}: {value}, {}, {}", values::ratio_words(ctx, r), ctx.t(values::level_key(v.ratio)))
            }
            None => format!("{title}: {value}"),
        };
        components::level(tone, words)
    }))
}

/// Things with values without norms: a column for each.
fn watched(sight: &Sight<'_>, table: Table, group: &Group) -> Table {
    let ctx = sight.ctx;
    let columns = columns(sight, &group.layer.kind);
    let mut table = table.column(ctx.t("object-name"));
    for a in &columns {
        table = table.column(names::of_attribute(ctx, &a.name));
    }
    table = table.column(ctx.t("object-age"));
    for live in &group.rows {
        let mut cells = vec![name(sight, &live.entity, sight.simulated(live))];
        for a in &columns {
            let seen = live.observed.get(a.name.as_str()).filter(|_| sight.may_see(&live.entity, &a.name));
            cells.push(seen.map_or_else(|| "—".into(), |v| values::observed(ctx, Some(a), &v.value).into()));
        }
        cells.push(age(sight, live));
        table.row(cells);
    }
    table
}

/// What is observed of a type, places first.
fn columns<'s>(sight: &'s Sight<'_>, kind: &str) -> Vec<&'s AttributeType> {
    let Some(t) = sight.catalogue.metamodel.types.get(kind) else { return Vec::new() };
    let mut all: Vec<_> = t.attributes.values().filter(|a| a.kind == AttributeKind::Observation).collect();
    all.sort_by_key(|a| a.range != svod_model::Range::Point);
    all.truncate(MAX_COLUMNS);
    all
}

/// Things of which nothing is observed.
fn standing(sight: &Sight<'_>, table: Table, group: &Group) -> Table {
    let ctx = sight.ctx;
    let mut table = table.column(ctx.t("object-name")).column(ctx.t("object-territory"));
    for live in &group.rows {
        let e = &live.entity;
        table.row([name(sight, e, sight::is_simulated(e)), names::of_space(ctx, &e.space).into()]);
    }
    table
}

/// Alerts, open or ended.
pub fn alerts<'e>(sight: &Sight<'_>, table: Table, rows: impl Iterator<Item = &'e Entity>) -> Table {
    let ctx = sight.ctx;
    let mut table = table
        .column(ctx.t("alerts-what"))
        .column(ctx.t("alerts-severity"))
        .column(ctx.t("alerts-attribute"))
        .column(ctx.t("alerts-raised"))
        .column(ctx.t("alerts-ended"));
    for e in rows {
        let severity = sight.text(e, "severity").unwrap_or_default();
        let time = |name: &str| {
            let at = e.time(name).filter(|_| sight.may_see(e, name));
            at.map(|at| components::time(ctx, at))
        };
        table.row([
            name(sight, e, sight::is_simulated(e)),
            components::tag(Tone::of_severity(severity), ctx.word("Severity", severity)),
            sight.text(e, "attribute").map_or_else(|| "—".into(), |a| names::of_attribute(ctx, a).into()),
            time("raisedAt").unwrap_or_default(),
            time("closedAt").unwrap_or_else(|| ctx.t("alerts-open").into()),
        ]);
    }
    table
}

fn tasks(sight: &Sight<'_>, table: Table, group: &Group) -> Table {
    let ctx = sight.ctx;
    let mut table = table
        .column(ctx.t("tasks-what"))
        .column(ctx.t("tasks-status"))
        .column(ctx.t("tasks-deadline"))
        .column(ctx.t("object-territory"));
    for live in &group.rows {
        let e = &*live.entity;
        let status = sight.text(e, "status").unwrap_or_default();
        let deadline = e.time("deadline").map(|at| {
            let tone = if at < ctx.now { Tone::Danger } else { Tone::Quiet };
            components::level(tone, components::time(ctx, at))
        });
        table.row([
            name(sight, e, false),
            components::tag(Tone::Info, ctx.word("TaskStatus", status)),
            deadline.unwrap_or_else(|| "—".into()),
            names::of_space(ctx, &e.space).into(),
        ]);
    }
    table
}
