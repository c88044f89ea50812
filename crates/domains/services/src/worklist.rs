//! The tasks of the spaces a visitor works in, in the order in which they press.

use std::cmp::Reverse;

use svod_kernel::{Actor, SpacePath, Timestamp, Urn};
use svod_model::Entity;
use svod_registry::{EntityQuery, QueryError, Registry};

/// Tasks looked at for one list: one page's answer stays within some ten megabytes and a tenth of a second.
pub const MAX_TASKS: usize = 5_000;

/// Rows on a page.
pub const PAGE: usize = 50;

/// What the list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// With what status.
    pub status: StatusFilter,
    /// Offered to this body.
    pub body: Option<Urn>,
    /// Of this severity.
    pub severity: Option<String>,
}

/// Statuses shown together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StatusFilter {
    /// Offered and taken.
    #[default]
    Open,
    /// Waiting for somebody.
    Offered,
    /// Somebody works on it.
    Taken,
    /// Closed.
    Done,
    /// Every one.
    All,
}

impl StatusFilter {
    /// All, in the order in which a select shows them.
    pub const ALL: [Self; 5] = [Self::Open, Self::Offered, Self::Taken, Self::Done, Self::All];

    /// As in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Offered => "offered",
            Self::Taken => "taken",
            Self::Done => "done",
            Self::All => "all",
        }
    }

    /// From an address; anything else means open.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|s| s.as_str() == text).unwrap_or_default()
    }

    fn holds(self, status: &str) -> bool {
        match self {
            Self::Open => matches!(status, "offered" | "taken"),
            Self::All => true,
            one => status == one.as_str(),
        }
    }
}

/// Figures above the list; they do not depend on the filters but on the body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Waiting.
    pub offered: usize,
    /// Being worked on.
    pub taken: usize,
    /// Of these, past their deadline.
    pub overdue: usize,
    /// Of these, taken by the visitor.
    pub mine: usize,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Those that fit, in order.
    pub tasks: Vec<Entity>,
    /// Figures.
    pub counts: Counts,
    /// There are more than were looked at.
    pub truncated: bool,
}

/// Looks them up in these spaces and under them.
///
/// # Errors
/// When the store fails.
pub async fn find(
    registry: &Registry,
    actor: &Actor,
    roots: &[SpacePath],
    filter: &Filter,
) -> Result<Found, QueryError> {
    let now = registry.clock().now();
    let mut found = Found::default();
    let done = filter.status.holds("done").then_some("done");
    for status in ["offered", "taken"].into_iter().chain(done) {
        let mut all = Vec::new();
        for root in roots {
            found.truncated |= gather(registry, actor, root, status, filter.body.as_ref(), &mut all).await?;
        }
        found.counts.add(&all, status, actor, now);
        if filter.status.holds(status) {
            found.tasks.append(&mut all);
        }
    }
    if let Some(severity) = &filter.severity {
        found.tasks.retain(|t| t.text("severity") == Some(severity));
    }
    order(&mut found.tasks);
    Ok(found)
}

/// Whether there are more than may be looked at.
async fn gather(
    registry: &Registry,
    actor: &Actor,
    root: &SpacePath,
    status: &str,
    body: Option<&Urn>,
    all: &mut Vec<Entity>,
) -> Result<bool, QueryError> {
    let mut q = EntityQuery { limit: 1_000, ..EntityQuery::of(root.clone(), &["Task"]) }.with("status", status);
    if let Some(body) = body {
        q = q.with("body", body.as_str());
    }
    loop {
        let page = registry.query(actor, q.clone()).await?;
        all.extend(page.items);
        if page.next.is_none() {
            return Ok(false);
        }
        if all.len() >= MAX_TASKS {
            return Ok(true);
        }
        q.after = page.next;
    }
}

impl Counts {
    fn add(&mut self, tasks: &[Entity], status: &str, actor: &Actor, now: Timestamp) {
        match status {
            "offered" => self.offered += tasks.len(),
            "taken" => self.taken += tasks.len(),
            _ => return,
        }
        self.overdue += tasks.iter().filter(|t| overdue(t, now)).count();
        self.mine += tasks.iter().filter(|t| mine(t, actor)).count();
    }
}

/// Past its deadline and not done.
pub fn overdue(task: &Entity, now: Timestamp) -> bool {
    task.text("status") != Some("done") && task.time("deadline").is_some_and(|d| d < now)
}

/// The visitor works on it.
pub fn mine(task: &Entity, actor: &Actor) -> bool {
    task.text("status") == Some("taken") && task.text("takenBy") == Some(&actor.name)
}

/// Open ones by deadline, so that the overdue come first; then the done, the latest first.
pub fn order(tasks: &mut [Entity]) {
    tasks.sort_by_cached_key(|t| {
        let done = t.text("status") == Some("done");
        let deadline = t.time("deadline").map_or(i64::MAX, |d| d.0);
        let completed = t.time("completedAt").map_or(i64::MIN, |d| d.0);
        (done, if done { i64::MAX } else { deadline }, Reverse(if done { completed } else { 0 }), t.id.clone())
    });
}

#[cfg(test)]
mod tests {
    use svod_model::Attribute;

    use super::*;

    fn task(id: &str, status: &str, deadline: Option<&str>, completed: Option<&str>) -> Entity {
        let urn = Urn::svod("task", id).unwrap();
        let mut e = Entity::new(urn, "Task", "k".parse().unwrap()).with("status", Attribute::property(status));
        for (name, value) in [("deadline", deadline), ("completedAt", completed)] {
            if let Some(v) = value {
                e = e.with(name, Attribute::property(v));
            }
        }
        e
    }

    #[test]
    fn what_presses_comes_first() {
        let (early, late) = ("2026-01-15T08:00:00Z", "2026-01-16T08:00:00Z");
        let mut all = vec![
            task("done-early", "done", Some(early), Some(early)),
            task("no-deadline", "offered", None, None),
            task("done-late", "done", Some(early), Some(late)),
            task("late", "offered", Some(late), None),
            task("early", "taken", Some(early), None),
        ];
        order(&mut all);
        let ids: Vec<_> = all.iter().map(|t| t.id.local().to_owned()).collect();
        assert_eq!(ids, ["early", "late", "no-deadline", "done-late", "done-early"]);
    }

    #[test]
    fn only_what_is_open_can_be_overdue() {
        let now: Timestamp = "2026-01-15T09:00:00Z".parse().unwrap();
        let before = Some("2026-01-15T08:00:00Z");
        assert!(overdue(&task("a", "taken", before, None), now));
        assert!(!overdue(&task("b", "done", before, before), now));
        assert!(!overdue(&task("c", "offered", Some("2026-01-15T10:00:00Z"), None), now));
    }

    #[test]
    fn statuses_are_read_from_addresses() {
        assert_eq!(StatusFilter::parse("done"), StatusFilter::Done);
        assert_eq!(StatusFilter::parse("nonsense"), StatusFilter::Open);
        assert!(StatusFilter::All.holds("done") && !StatusFilter::Open.holds("done"));
    }
}
