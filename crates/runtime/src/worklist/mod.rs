//! The tasks of the spaces somebody works in, in the order in which they press.
//!
//! Short lists are gathered once and everything is told from them. Long ones (a million open tasks) are read through the index of
//! `Task.openUntil` in stretches ([`bounded`](crate::bounded)), and counted no further than matters.

mod desk;
mod filter;

use std::collections::BTreeSet;

use svod_kernel::{Actor, SpacePath, Timestamp, Urn};
use svod_model::Entity;
use svod_registry::{Action, Registry};

use crate::tasks::is_taken_by;

pub use desk::{Amount, Desk, Figures, Listed};
pub use filter::{Filter, Late, MAX_NAME, StatusFilter, Whose};

/// Rows on a page.
pub const PAGE: usize = 50;

/// The topmost spaces where the actor may do that to things of that type; each stands for all under it.
pub fn roots(registry: &Registry, actor: &Actor, action: Action, kind: &str) -> Vec<SpacePath> {
    let mut roots: Vec<SpacePath> = Vec::new();
    // Sorted by path: a space comes before those under it.
    for space in registry.spaces().all() {
        let known = roots.iter().any(|r| r.covers(&space.path));
        if !known && registry.may(actor, action, &registry.resource(kind, &space.path)) {
            roots.push(space.path.clone());
        }
    }
    roots
}

/// Past its deadline and not done.
pub fn overdue(task: &Entity, now: Timestamp) -> bool {
    is_open(task) && task.time("deadline").is_some_and(|d| d < now)
}

/// Somebody must do it yet.
pub fn is_open(task: &Entity) -> bool {
    matches!(task.text("status"), Some("offered" | "taken"))
}

/// It is offered to a post in which the visitor is not: `others` are the posts of others that tasks name.
pub fn waits_for(task: &Entity, others: &BTreeSet<Urn>) -> bool {
    task.text("status") == Some("offered") && task.object("post").is_some_and(|post| others.contains(post))
}

/// The visitor works on it.
pub fn mine(task: &Entity, actor: &Actor) -> bool {
    task.text("status") == Some("taken") && is_taken_by(task, actor)
}

#[cfg(test)]
mod tests {
    use svod_model::Attribute;

    use super::*;

    #[test]
    fn only_what_is_open_can_be_overdue() {
        let task = |status: &str, deadline: &str| {
            let urn = Urn::svod("task", "1").unwrap();
            Entity::new(urn, "Task", "k".parse().unwrap())
                .with("status", Attribute::property(status))
                .with("deadline", Attribute::property(deadline))
        };
        let now: Timestamp = "2026-01-15T09:00:00Z".parse().unwrap();
        assert!(overdue(&task("taken", "2026-01-15T08:00:00Z"), now));
        assert!(!overdue(&task("done", "2026-01-15T08:00:00Z"), now));
        assert!(!overdue(&task("withdrawn", "2026-01-15T08:00:00Z"), now));
        assert!(!overdue(&task("offered", "2026-01-15T10:00:00Z"), now));
    }
}
