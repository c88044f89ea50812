//! Questions to very many entities that stay cheap: by moments of an attribute that has an index, in stretches of which the
//! index says beforehand that they are short.

use std::sync::Arc;

use svod_kernel::{Actor, SpacePath, Timestamp};
use svod_model::Entity;
use svod_query::{Compare, Filter, Operand, Operation, Order, Path, Query, Types};
use svod_registry::{Access, Find, QueryError, Registry};

/// So many entities are looked at for one stretch at the most; the registry counts keys of an index up to this.
pub const FEW: i64 = BOUND as i64;
/// [`FEW`] as a length.
pub const FEW_ROWS: usize = BOUND as usize;
const BOUND: u16 = 2_000;
/// A stretch of a second is not cut any more.
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// Days around the present at which stretches begin.
const MARKS: [i64; 9] = [-365, -90, -30, -7, -1, 0, 1, 7, 30];
/// Where moments begin and end: the years 1970 and 2200.
const ENDS: (i64, i64) = (0, 7_258_118_400 * SECOND);

/// So many entities of one moment are passed over at the most.
const MOST_PASSED: usize = 1_000_000;

/// What is asked.
#[derive(Clone)]
pub struct Asked<'a> {
    /// Of whom.
    pub registry: &'a Registry,
    /// By whom.
    pub actor: &'a Actor,
    /// Where, and below.
    pub space: &'a SpacePath,
    /// Entities of this type.
    pub kind: &'a str,
    /// That all of this holds for.
    pub conditions: Vec<Filter>,
}

/// Where a page ended: the moment of its last entity, and how many with that moment were shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    at: Timestamp,
    skip: usize,
}

impl Cursor {
    /// As it stands in addresses: `1768438800000000.2`.
    pub fn text(self) -> String {
        format!("{}.{}", self.at.0, self.skip)
    }

    /// From an address; none where no page can have ended.
    pub fn parse(text: &str) -> Option<Self> {
        let (at, skip) = text.split_once('.')?;
        let skip = skip.parse().ok().filter(|skip| *skip <= MOST_PASSED)?;
        Some(Self { at: Timestamp(at.parse().ok()?), skip })
    }
}

/// A stretch of a list.
#[derive(Debug, Default)]
pub struct Stretch {
    /// In order.
    pub rows: Vec<Arc<Entity>>,
    /// Where it goes on, when there is more or there may be.
    pub next: Option<Cursor>,
}

/// The attribute has this value.
pub fn is(attribute: &str, value: &str) -> Filter {
    any_of(attribute, std::iter::once(value.to_owned()))
}

/// What a way leads to has this value.
pub fn is_at(path: Path, value: &str) -> Filter {
    Filter::Compare(Compare { path, operation: Operation::Equal, operands: vec![Operand::Text(value.to_owned())] })
}

/// The attribute has one of these values.
pub fn any_of(attribute: &str, values: impl IntoIterator<Item = String>) -> Filter {
    let operands = values.into_iter().map(Operand::Text).collect();
    Filter::Compare(Compare { path: Path::attribute(attribute), operation: Operation::Equal, operands })
}

/// The attribute is a moment between these, both included.
pub fn between(attribute: &str, from: Timestamp, to: Timestamp) -> Filter {
    let range = Operand::Range(Box::new(Operand::Moment(from)), Box::new(Operand::Moment(to)));
    Filter::Compare(Compare { path: Path::attribute(attribute), operation: Operation::Equal, operands: vec![range] })
}

/// From that moment on.
pub fn since(attribute: &str, from: Timestamp) -> Filter {
    between(attribute, from, Timestamp(ENDS.1))
}

/// Until just before that moment.
pub fn before(attribute: &str, to: Timestamp) -> Filter {
    between(attribute, Timestamp(ENDS.0), Timestamp(to.0 - 1))
}

/// In the order of that attribute.
fn by(attribute: &str, descending: bool) -> Vec<Order> {
    vec![Order { path: Path::attribute(attribute), descending, from: None, collation: None }]
}

impl Asked<'_> {
    fn find(&self, filters: Vec<Filter>) -> Find {
        let filter = (!filters.is_empty()).then_some(Filter::All(filters));
        Find {
            space: self.space.clone(),
            below: true,
            query: Query { types: Types::Is(self.kind.to_owned()), filter, ..Query::default() },
            order: Vec::new(),
            offset: 0,
            limit: 0,
            count: false,
        }
    }

    /// How many keys the index has for one condition, up to [`FEW`]; what has no index has many.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn about(&self, condition: Filter) -> Result<i64, QueryError> {
        Ok(match self.registry.access(self.actor, &self.find(vec![condition])).await? {
            Some(Access::Value { about, .. }) => about,
            None => 0,
            Some(_) => FEW,
        })
    }

    /// The least that one of the conditions leads past.
    async fn narrowest(&self) -> Result<i64, QueryError> {
        let mut least = FEW;
        for condition in &self.conditions {
            let indexed = matches!(condition, Filter::Compare(c) if c.path.is_plain());
            if indexed {
                least = least.min(self.about(condition.clone()).await?);
            }
            if least < FEW {
                break;
            }
        }
        Ok(least)
    }

    /// What fits, in no order, at the most so many.
    ///
    /// # Errors
    /// When the store fails, or too much would have to be looked at.
    pub async fn some(&self, most: usize) -> Result<(Vec<Arc<Entity>>, bool), QueryError> {
        let found = self.registry.find(self.actor, &Find { limit: most, ..self.find(self.conditions.clone()) }).await?;
        Ok((found.entities, found.more))
    }

    /// What fits by the moments of an attribute that has an index, from after a page before, `wanted` at the most. Not more than
    /// `tries` stretches are looked at: then the rest is left for the next page. Entities without the attribute are not in it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sorted(
        &self,
        (attribute, descending): (&str, bool),
        after: Option<Cursor>,
        (wanted, tries): (usize, usize),
    ) -> Result<Stretch, QueryError> {
        let few = self.narrowest().await? < FEW;
        let mut windows = windows(self.registry.clock().now(), after, descending, few);
        let (mut rows, mut looks): (Vec<Arc<Entity>>, usize) = (Vec::new(), 0);
        while let Some((low, high)) = windows.pop() {
            if rows.len() > wanted || looks >= tries {
                windows.push((low, high));
                break;
            }
            let window = between(attribute, Timestamp(low), Timestamp(high));
            let about = if few { 1 } else { self.about(window.clone()).await? };
            if about == 0 {
                continue;
            }
            let crowded = about >= FEW;
            if crowded && high - low > SECOND {
                let middle = low + (high - low) / 2;
                let halves = [(low, middle), (middle + 1, high)];
                windows.extend(if descending { halves } else { [halves[1], halves[0]] });
                continue;
            }
            looks += 1;
            let edge = if descending { high } else { low };
            let offset = after.filter(|a| a.at.0 == edge).map_or(0, |a| a.skip);
            let filters = std::iter::once(window).chain(self.conditions.iter().cloned()).collect();
            let order = if crowded { Vec::new() } else { by(attribute, descending) };
            let find = Find { order, offset, limit: wanted + 1 - rows.len(), ..self.find(filters) };
            rows.extend(self.registry.find(self.actor, &find).await?.entities);
        }
        Ok(stretch(rows, wanted, (attribute, descending), after, &windows))
    }
}

fn stretch(
    mut rows: Vec<Arc<Entity>>,
    wanted: usize,
    (attribute, descending): (&str, bool),
    after: Option<Cursor>,
    left: &[(i64, i64)],
) -> Stretch {
    if rows.len() > wanted {
        rows.truncate(wanted);
        let at = |e: &Arc<Entity>| e.time(attribute).unwrap_or_default();
        let next = rows.last().map(|last| {
            let same = rows.iter().rev().take_while(|e| at(e) == at(last)).count();
            let before = after.filter(|a| a.at == at(last)).map_or(0, |a| a.skip);
            Cursor { at: at(last), skip: same + before }
        });
        return Stretch { rows, next };
    }
    let next = left.last().map(|(low, high)| Cursor { at: Timestamp(if descending { *high } else { *low }), skip: 0 });
    Stretch { rows, next }
}

/// The stretches from after a page before, the next one last.
fn windows(now: Timestamp, after: Option<Cursor>, descending: bool, whole: bool) -> Vec<(i64, i64)> {
    let marks = MARKS.iter().map(|days| now.0 + days * DAY).filter(|_| !whole);
    let mut edges: Vec<i64> = std::iter::once(ENDS.0).chain(marks).chain([ENDS.1]).collect();
    edges.sort_unstable();
    edges.dedup();
    let all = edges.windows(2).map(|w| (w[0], w[1] - 1));
    let rest = |(low, high): (i64, i64)| match (after.map(|a| a.at.0), descending) {
        (None, _) => Some((low, high)),
        (Some(at), false) => (at <= high).then_some((low.max(at), high)),
        (Some(at), true) => (at >= low).then_some((low, high.min(at))),
    };
    let mut left: Vec<(i64, i64)> = all.filter_map(rest).collect();
    if !descending {
        left.reverse();
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_leave_nothing_out_and_nothing_twice() {
        let now: Timestamp = "2026-01-15T01:00:00Z".parse().unwrap();
        for (after, descending) in [(None, false), (None, true), (Some(now), false), (Some(now), true)] {
            let after = after.map(|at| Cursor { at, skip: 1 });
            let mut all = windows(now, after, descending, false);
            if descending {
                all.reverse();
                assert!(all.windows(2).all(|w| w[0].0 == w[1].1 + 1), "{all:?}");
            } else {
                all.reverse();
                assert!(all.windows(2).all(|w| w[0].1 + 1 == w[1].0), "{all:?}");
            }
            let first = all[0];
            let edge = if descending { first.1 } else { first.0 };
            let start = if descending { ENDS.1 - 1 } else { ENDS.0 };
            assert_eq!(edge, after.map_or(start, |a| a.at.0));
        }
        assert_eq!(windows(now, None, false, true), [(ENDS.0, ENDS.1 - 1)]);
    }

    #[test]
    fn a_cursor_is_read_again() {
        let cursor = Cursor { at: Timestamp(17), skip: 3 };
        assert_eq!(Cursor::parse(&cursor.text()), Some(cursor));
        assert!(Cursor::parse("x.1").is_none() && Cursor::parse("17").is_none());
        for far in [MOST_PASSED + 1, usize::MAX] {
            assert!(Cursor::parse(&format!("17.{far}")).is_none(), "{far} is added to: it must not run over");
        }
    }
}
