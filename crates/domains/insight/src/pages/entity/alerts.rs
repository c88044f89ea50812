use svod_model::Entity;
use svod_portal::components::{self, Table, Tone};
use svod_portal::{Html, PageError};
use svod_registry::EntityQuery;

use crate::ended::ended_at;
use crate::show::{Sight, facts, names};

/// Alerts of one entity that are read: pages of 1,000.
const MAX_PAGES: usize = 5;

/// Ended alerts shown.
const MAX_ENDED: usize = 10;

/// The alerts about an entity that the visitor may see.
#[derive(Default)]
pub struct Alerts {
    open: Vec<Entity>,
    ended: Vec<Entity>,
}

impl Alerts {
    /// Asks the registry. Alerts, cases and tasks are about other things and have none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of(sight: &Sight<'_>, e: &Entity) -> Result<Self, PageError> {
        let mut found = Self::default();
        if matches!(e.kind.as_str(), "Alert" | "Case" | "Task") {
            return Ok(found);
        }
        let query = EntityQuery::of(e.space.top(), &["Alert"]).with("entity", e.id.as_str());
        let mut query = EntityQuery { limit: 1_000, ..query };
        for _ in 0..MAX_PAGES {
            let page = sight.registry.query(&sight.ctx.actor, query.clone()).await?;
            for alert in page.items {
                if ended_at(&alert).is_some() { found.ended.push(alert) } else { found.open.push(alert) }
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        found.ended.sort_by_key(|a| std::cmp::Reverse(ended_at(a)));
        found.ended.truncate(MAX_ENDED);
        Ok(found)
    }

    /// What is wrong now, as a banner; none when nothing is.
    pub fn open(&self, sight: &Sight<'_>) -> Option<Html> {
        let ctx = sight.ctx;
        if self.open.is_empty() {
            return None;
        }
        let grave = self.open.iter().any(|a| a.text("severity") == Some("danger"));
        let lines = facts::lines(self.open.iter().map(|a| {
            let since = a.time("raisedAt").map(|at| components::ago(ctx, at)).unwrap_or_default();
            Html::join([components::link(&names::entity_href(&a.id), what(sight, a)), Html::trusted(", "), since])
        }));
        let tone = if grave { Tone::Danger } else { Tone::Warning };
        Some(components::banner(tone, ctx.t("card-open"), lines))
    }

    /// What was wrong, newest first; none when nothing was.
    pub fn ended(&self, sight: &Sight<'_>) -> Option<Html> {
        let ctx = sight.ctx;
        let mut table = Table::new(ctx.t("card-ended"))
            .hide_caption()
            .column(ctx.t("alerts-what"))
            .column(ctx.t("alerts-raised"))
            .column(ctx.t("alerts-ended"));
        for a in &self.ended {
            let time = |at: Option<svod_kernel::Timestamp>| at.map(|at| components::time(ctx, at)).unwrap_or_default();
            let link = components::link(&names::entity_href(&a.id), what(sight, a));
            table.row([link, time(a.time("raisedAt")), time(ended_at(a))]);
        }
        (!table.is_empty()).then(|| table.html())
    }
}

/// What happened, and to which value; where is the page's own subject.
fn what(sight: &Sight<'_>, alert: &Entity) -> String {
    let ctx = sight.ctx;
    let kind = sight.text(alert, "kind").map_or_else(|| names::of_type(ctx, "Alert"), |k| names::of_alert(ctx, k));
    match sight.text(alert, "attribute") {
        Some(a) => ctx.tf("object-about", &[("what", kind.into()), ("where", names::of_attribute(ctx, a).into())]),
        None => kind,
    }
}
