use svod_history::Chart;
use svod_kernel::Timestamp;
use svod_model::{AttributeKind, Entity, Range};
use svod_portal::components::{self, ChartSpec, Table};
use svod_portal::{Html, PageError};
use svod_registry::QueryError;
use svod_twin::LiveValue;

use super::current;
use crate::Room;
use crate::show::{Sight, names, values};

/// Rows of the table that stands in for a chart.
const ROWS: usize = 24;

/// What that table covers: a day.
const SECONDS: i64 = 24 * 3600;

/// The charts of an entity.
#[derive(Default)]
pub struct Charts {
    /// Shown.
    pub first: Option<View>,
    /// Folded away.
    pub others: Vec<View>,
}

/// One chart.
pub struct View {
    /// The attribute.
    pub title: String,
    /// The island's place, with what stands there without it.
    pub html: Html,
}

impl Charts {
    /// A chart for each number observed: the one asked for first, else the one farthest above its norm.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of(
        room: &Room,
        sight: &Sight<'_>,
        e: &Entity,
        current: &[(&str, &LiveValue)],
        asked: Option<&str>,
    ) -> Result<Self, PageError> {
        let mut all = numbers(sight, e, current);
        if let Some(at) = all.iter().position(|(name, _)| Some(*name) == asked) {
            all[..=at].rotate_right(1);
        }
        let Some(((name, newest), others)) = all.split_first() else { return Ok(Self::default()) };
        let table = last_day(room, sight, e, name, newest.at).await?;
        let first = View { title: names::of_attribute(sight.ctx, name), html: chart(sight, e, name, table) };
        let others = others.iter().map(|(name, _)| {
            // Its numbers are one step away rather than read with every page.
            let href = names::href(&names::entity_href(&e.id), &[("attribute", name)]);
            let link = components::link(&href, sight.ctx.t("card-as-table"));
            View { title: names::of_attribute(sight.ctx, name), html: chart(sight, e, name, link) }
        });
        Ok(Self { first: Some(first), others: others.collect() })
    }

    /// The first chart alone, for the map's card: a script has asked for it, so nothing stands in for it.
    pub fn first(sight: &Sight<'_>, e: &Entity, current: &[(&str, &LiveValue)]) -> Option<Html> {
        let (name, _) = *numbers(sight, e, current).first()?;
        Some(chart(sight, e, name, Html::default()))
    }
}

/// True when anything is observed of the entity's type.
pub fn is_observed(sight: &Sight<'_>, e: &Entity) -> bool {
    let t = sight.catalogue.metamodel.types.get(&e.kind);
    t.is_some_and(|t| t.attributes.values().any(|a| a.kind == AttributeKind::Observation))
}

fn numbers<'v>(sight: &Sight<'_>, e: &Entity, current: &[(&'v str, &'v LiveValue)]) -> Vec<(&'v str, &'v LiveValue)> {
    let is_number =
        |name: &str| sight.declared(&e.kind, name).is_some_and(|a| matches!(a.range, Range::Float | Range::Integer));
    current::in_order(current).into_iter().filter(|(name, _)| is_number(name)).collect()
}

fn chart(sight: &Sight<'_>, e: &Entity, name: &str, fallback: Html) -> Html {
    let declared = sight.declared(&e.kind, name);
    let path = format!("/api/v1/entities/{}/history", svod_portal::encoded(e.id.as_str()));
    components::chart(&ChartSpec {
        history_url: &names::href(&path, &[("attribute", name)]),
        title: &names::of_attribute(sight.ctx, name),
        unit: &declared.and_then(|a| a.unit.as_deref()).map(|u| names::of_unit(sight.ctx, u)).unwrap_or_default(),
        norm: declared.and_then(|a| a.norm),
        fallback,
    })
}

/// The last day up to the newest observation as a table: what the chart shows, for those without scripts.
async fn last_day(
    room: &Room,
    sight: &Sight<'_>,
    e: &Entity,
    name: &str,
    newest: Timestamp,
) -> Result<Html, PageError> {
    let space = room.registry.spaces().get(&e.space).map_or(0, |s| s.id);
    let (from, to) = (newest.plus_seconds(-SECONDS), newest.plus_micros(1));
    let chart = room.history.range(space, &e.id, name, from, to, ROWS).await.map_err(QueryError::from)?;
    Ok(table(sight, e, name, &chart))
}

fn table(sight: &Sight<'_>, e: &Entity, name: &str, chart: &Chart) -> Html {
    let ctx = sight.ctx;
    let declared = sight.declared(&e.kind, name);
    let unit = declared.and_then(|a| a.unit.as_deref()).map(|u| names::of_unit(ctx, u)).unwrap_or_default();
    let title = names::of_attribute(ctx, name);
    let caption = if unit.is_empty() { title } else { format!("{title}, {unit}") };
    let mut table = Table::new(caption)
        .column(ctx.t("chart-time"))
        .number_column(ctx.t("chart-average"))
        .number_column(ctx.t("chart-least"))
        .number_column(ctx.t("chart-greatest"));
    for p in chart.points.iter().rev() {
        let number = |n: f64| Html::from(values::number(ctx, declared, n));
        table.row([components::time(ctx, p.at), number(p.avg), number(p.min), number(p.max)]);
    }
    if table.is_empty() { ctx.t("object-silent").into() } else { table.html() }
}
