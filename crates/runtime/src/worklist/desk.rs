//! One visitor at their list: what is there, how much, in which order.

use std::sync::Arc;

use svod_kernel::{Actor, SpacePath, Timestamp};
use svod_model::Entity;
use svod_query::{Filter as Condition, Query, Types};
use svod_registry::{Find, QueryError, Registry};

use super::{Filter, Late, PAGE, StatusFilter, Whose, mine, overdue};
use crate::bounded::{Asked, Cursor, FEW, FEW_ROWS, any_of, is};
use crate::place::numbers_meant;
use crate::tasks::is_taken_by;

/// Counted no further in a long list.
const COUNTED: usize = 100;
/// Stretches looked at for one page of a long list, and for a figure about it.
const TRIES: (usize, usize) = (30, 6);

/// How many, perhaps more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// So many.
    pub n: usize,
    /// There are more.
    pub more: bool,
}

/// Figures above the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Waiting.
    pub offered: Amount,
    /// Being worked on.
    pub taken: Amount,
    /// Of both, past their deadline.
    pub overdue: Amount,
    /// Taken by the visitor.
    pub mine: Amount,
}

/// A page of the list.
#[derive(Debug, Default)]
pub struct Listed {
    /// In order.
    pub tasks: Vec<Arc<Entity>>,
    /// How many there are in all, where that is known.
    pub total: Option<usize>,
    /// What stands in the address of the next page: `page=2`, `after=…`.
    pub next: Option<String>,
    /// The words were not looked for: the list is too long for that, and no case has them as its number.
    pub unsearched: bool,
}

impl Listed {
    /// May a long list go on there? What stands behind `after=` in [`Listed::next`].
    pub fn is_place(text: &str) -> bool {
        text.split_once('~').is_some_and(|(number, cursor)| {
            number.parse::<usize>().is_ok() && (cursor.is_empty() || Cursor::parse(cursor).is_some())
        })
    }
}

/// The list of one visitor.
pub struct Desk<'a> {
    registry: &'a Registry,
    actor: &'a Actor,
    roots: &'a [SpacePath],
    now: Timestamp,
    /// Every open task, when they are few.
    open: Option<Vec<Arc<Entity>>>,
}

impl<'a> Desk<'a> {
    /// Of the visitor's spaces and those under them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn open(registry: &'a Registry, actor: &'a Actor, roots: &'a [SpacePath]) -> Result<Self, QueryError> {
        let mut desk = Self { registry, actor, roots, now: registry.clock().now(), open: None };
        let mut about = 0;
        for root in roots {
            for status in ["offered", "taken"] {
                about += desk.asked(root, Vec::new()).about(is("status", status)).await?;
            }
        }
        if about < FEW {
            let mut all = Vec::new();
            for root in roots {
                let open = any_of("status", ["offered", "taken"].map(str::to_owned));
                all.extend(desk.asked(root, vec![open]).some(2 * FEW_ROWS).await?.0);
            }
            all.sort_by_cached_key(|t| (t.time("deadline").map_or(i64::MAX, |d| d.0), t.id.clone()));
            desk.open = Some(all);
        }
        Ok(desk)
    }

    fn asked(&self, space: &'a SpacePath, conditions: Vec<Condition>) -> Asked<'a> {
        Asked { registry: self.registry, actor: self.actor, space, kind: "Task", conditions }
    }

    /// Open tasks that fit, when all are at hand.
    fn among(&self, filter: &Filter) -> Option<Vec<Arc<Entity>>> {
        let open = self.open.as_ref().filter(|_| filter.status != StatusFilter::Done)?;
        // All are at hand, also those that the visitor has taken under another name.
        let me = filter.whose == Whose::Me;
        let narrow = Filter { whose: if me { Whose::All } else { filter.whose }, ..filter.clone() };
        let mut conditions = narrow.conditions(self.actor, self.now, "deadline");
        conditions.extend(filter.worded());
        let find = Find {
            space: self.roots.first()?.clone(),
            below: true,
            query: Query {
                types: Types::Is("Task".into()),
                filter: Some(Condition::All(conditions)),
                ..Query::default()
            },
            order: Vec::new(),
            offset: 0,
            limit: open.len(),
            count: false,
        };
        let mut found = find.among(open).entities;
        found.retain(|t| !me || (t.text("takenBy").is_some() && is_taken_by(t, self.actor)));
        Some(found)
    }

    /// How many fit; in a long list no more than a hundred are counted.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count(&self, filter: &Filter) -> Result<Amount, QueryError> {
        if let Some(all) = self.among(filter) {
            return Ok(Amount { n: all.len(), more: false });
        }
        let mut counted = Amount::default();
        for root in self.roots {
            let rest = COUNTED - counted.n;
            let Some(asked) = self.narrowed(root, filter).await? else { continue };
            // What only its status and its term narrow is there at once, in whichever order.
            let wide = Filter { status: filter.status, late: filter.late, ..Filter::default() };
            if *filter == wide {
                let (found, more) = asked.some(rest).await?;
                counted.n += found.len();
                counted.more |= more;
                continue;
            }
            let found = asked.sorted(way(filter), None, (rest, TRIES.1)).await?;
            counted.n += found.rows.len();
            counted.more |= found.next.is_some();
        }
        Ok(counted)
    }

    /// Figures of the whole list, or of the visitor's body.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn figures(&self, whose: Whose) -> Result<Figures, QueryError> {
        let whose = if whose == Whose::Body { Whose::Body } else { Whose::All };
        let of = |status, late| Filter { status, whose, late, ..Filter::default() };
        if let Some(all) = self.among(&of(StatusFilter::Open, None)) {
            let count =
                |fits: &dyn Fn(&Entity) -> bool| Amount { n: all.iter().filter(|t| fits(t)).count(), more: false };
            return Ok(Figures {
                offered: count(&|t| t.text("status") == Some("offered")),
                taken: count(&|t| t.text("status") == Some("taken")),
                overdue: count(&|t| overdue(t, self.now)),
                mine: count(&|t| mine(t, self.actor)),
            });
        }
        let mine = Filter { status: StatusFilter::Taken, whose: Whose::Me, ..Filter::default() };
        Ok(Figures {
            offered: self.count(&of(StatusFilter::Offered, None)).await?,
            taken: self.count(&of(StatusFilter::Taken, None)).await?,
            overdue: self.count(&of(StatusFilter::Open, Some(Late::Overdue))).await?,
            mine: self.count(&mine).await?,
        })
    }

    /// A page of `wanted`: `page` counts such pages from one in a short list, `after` is where a long one goes on.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(
        &self,
        filter: &Filter,
        (page, after): (usize, Option<&str>),
        wanted: usize,
    ) -> Result<Listed, QueryError> {
        if let Some(all) = self.among(filter) {
            let from = page.saturating_sub(1).saturating_mul(wanted);
            let next = (all.len() > from + wanted).then(|| format!("page={}", page + 1));
            let total = Some(all.len());
            let tasks = all.into_iter().skip(from).take(wanted).collect();
            return Ok(Listed { tasks, total, next, unsearched: false });
        }
        let (number, cursor) = after.and_then(|a| a.split_once('~')).unwrap_or_default();
        let (mut number, mut cursor) = (number.parse::<usize>().unwrap_or_default(), Cursor::parse(cursor));
        let (mut listed, mut searched) = (Listed::default(), false);
        // Who works in several territories reads one after the other.
        while let Some(root) = self.roots.get(number) {
            let (rest, from) = (wanted - listed.tasks.len(), cursor.take());
            match self.narrowed(root, filter).await? {
                None => listed.unsearched = true,
                Some(asked) => {
                    searched = true;
                    let found = asked.sorted(way(filter), from, (rest, TRIES.0)).await?;
                    listed.tasks.extend(found.rows);
                    listed.next = found.next.map(|c| format!("after={number}~{}", c.text()));
                }
            }
            number += 1;
            if listed.next.is_some() {
                break;
            }
            if listed.tasks.len() >= wanted {
                // The page is full at the end of a territory: the next page begins with the next one.
                listed.next = self.roots.get(number).map(|_| format!("after={number}~"));
                break;
            }
        }
        listed.unsearched &= !searched;
        Ok(listed)
    }

    /// What is asked in a long list. Words are not looked for there but for the number of a case; none when that is not one.
    async fn narrowed(&self, root: &'a SpacePath, filter: &Filter) -> Result<Option<Asked<'a>>, QueryError> {
        let mut conditions = filter.conditions(self.actor, self.now, "openUntil");
        if !filter.words.is_empty() {
            let number = vec![any_of("number", numbers_meant(&filter.words))];
            let cases = Asked { kind: "Case", ..self.asked(root, number) }.some(PAGE).await?.0;
            if cases.is_empty() {
                return Ok(None);
            }
            conditions.insert(0, any_of("case", cases.iter().map(|c| c.id.to_string())));
        }
        Ok(Some(self.asked(root, conditions)))
    }
}

/// The attribute that says the order, and whether the latest comes first.
fn way(filter: &Filter) -> (&'static str, bool) {
    if filter.status == StatusFilter::Done { ("completedAt", true) } else { ("openUntil", false) }
}
