//! Lists, newest first.

use std::ops::Range;
use std::sync::Arc;

use svod_kernel::{Actor, SpacePath, Timestamp, Urn};
use svod_model::Entity;
use svod_query::{Compare, Filter, Operand, Operation as Op, Order, Path, Query, Types};
use svod_registry::{Find, Found, INSTALLATION, QueryError, Registry};

use crate::Trust;
use crate::sharing::GIVEN;

/// What is listed.
pub(crate) struct List<'a> {
    pub kind: &'a str,
    /// Attributes with the values they must have.
    pub with: &'a [(&'a str, &'a str)],
    /// From a moment on.
    pub since: Option<Timestamp>,
    /// That hold at a moment: begun, and not over.
    pub holds: Option<Timestamp>,
    /// Of accesses: those by which something was given away, or all others.
    pub given: Option<bool>,
    pub offset: usize,
    pub limit: usize,
    pub count: bool,
}

impl<'a> List<'a> {
    pub const fn of(kind: &'a str, with: &'a [(&'a str, &'a str)]) -> Self {
        Self { kind, with, since: None, holds: None, given: None, offset: 0, limit: 100, count: false }
    }

    fn find(&self, space: &SpacePath) -> Find {
        let compare = |name: &str, operation, operand| {
            Filter::Compare(Compare { path: Path::attribute(name), operation, operands: vec![operand] })
        };
        let mut all: Vec<Filter> = self
            .with
            .iter()
            .map(|(name, value)| compare(name, Op::Equal, Operand::Text((*value).to_owned())))
            .collect();
        all.extend(self.since.map(|at| compare("since", Op::GreaterEqual, Operand::Moment(at))));
        if let Some(now) = self.holds {
            let over = Filter::Missing(Path::attribute("until"));
            all.push(compare("since", Op::LessEqual, Operand::Moment(now)));
            all.push(Filter::Any(vec![over, compare("until", Op::Greater, Operand::Moment(now))]));
        }
        let basis = |operation| {
            let of = move |basis: &str| compare("basis", operation, Operand::Text(basis.to_owned()));
            Vec::from(GIVEN.map(of))
        };
        match self.given {
            Some(true) => all.push(Filter::Any(basis(Op::Equal))),
            Some(false) => all.extend(basis(Op::NotEqual)),
            None => {}
        }
        let order = Order { path: Path::attribute("since"), descending: true, from: None, collation: None };
        let filter = (!all.is_empty()).then_some(Filter::All(all));
        Find {
            space: space.clone(),
            below: true,
            query: Query { types: Types::Is(self.kind.to_owned()), filter, ..Query::default() },
            order: vec![order],
            offset: self.offset,
            limit: self.limit,
            count: self.count,
        }
    }
}

impl Trust {
    pub(crate) async fn list(&self, actor: &Actor, space: &SpacePath, list: &List<'_>) -> Result<Found, QueryError> {
        self.registry.find(actor, &list.find(space)).await
    }

    /// Over all spaces that are not open to everybody, as far as the actor may see.
    pub(crate) async fn everywhere(&self, actor: &Actor, list: &List<'_>) -> Result<Vec<Arc<Entity>>, QueryError> {
        let mut all = Vec::new();
        for top in tops(&self.registry) {
            all.extend(self.list(actor, &top, list).await?.entities);
        }
        all.sort_by_key(|e| std::cmp::Reverse(e.time("since")));
        all.truncate(list.limit);
        Ok(all)
    }

    /// Entities of a type that are about the person in whose affairs the actor acts, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn own(&self, actor: &Actor, kind: &str, page: Range<usize>) -> Result<Vec<Arc<Entity>>, QueryError> {
        let all = self.about(actor, actor.subject(), kind, page.end).await?;
        Ok(all.into_iter().skip(page.start).collect())
    }

    /// Accesses to the data of the person in whose affairs the actor acts, newest first: those by which something was given to
    /// another system or a site, all others, or both.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn accesses(
        &self,
        actor: &Actor,
        given: Option<bool>,
        page: Range<usize>,
    ) -> Result<Vec<Arc<Entity>>, QueryError> {
        let with = [("person", actor.subject())];
        let list = List { given, limit: page.end, ..List::of("Access", &with) };
        Ok(self.everywhere(actor, &list).await?.into_iter().skip(page.start).collect())
    }

    /// How many accesses to the data of the person in whose affairs the actor acts came after a moment, of whatever kind; none
    /// given: how many there are. Counted up to a limit.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn accesses_since(
        &self,
        actor: &Actor,
        moment: Option<Timestamp>,
        most: usize,
    ) -> Result<usize, QueryError> {
        let with = [("person", actor.subject())];
        let since = moment.map(|at| Timestamp(at.0.saturating_add(1)));
        let list = List { since, limit: most, ..List::of("Access", &with) };
        Ok(self.everywhere(actor, &list).await?.len())
    }

    /// Entities of a type that are about a person, newest first, as far as the actor may see.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn about(
        &self,
        actor: &Actor,
        person: &str,
        kind: &str,
        limit: usize,
    ) -> Result<Vec<Arc<Entity>>, QueryError> {
        self.everywhere(actor, &List { limit, ..List::of(kind, &[("person", person)]) }).await
    }

    /// What the actor has opened, newest first: what somebody has done themselves they may know.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn opened_by(&self, actor: &Actor, limit: usize) -> Result<Vec<Arc<Entity>>, QueryError> {
        let with = [("actor", actor.id.as_str())];
        self.everywhere(&Actor::platform("trust"), &List { limit, ..List::of("Access", &with) }).await
    }

    /// Entities of a type, newest first, as far as the actor may see; `with` names attributes and the values they have.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn all(
        &self,
        actor: &Actor,
        (kind, with): (&str, &[(&str, &str)]),
        page: Range<usize>,
    ) -> Result<Vec<Arc<Entity>>, QueryError> {
        let all = self.everywhere(actor, &List { limit: page.end, ..List::of(kind, with) }).await?;
        Ok(all.into_iter().skip(page.start).collect())
    }
}

/// The top-level spaces that are not open to everybody; the installation's own, where people without a region are, comes last.
pub(crate) fn tops(registry: &Registry) -> Vec<SpacePath> {
    let tree = registry.spaces();
    let mut tops: Vec<SpacePath> =
        tree.all().into_iter().filter(|s| s.path.parent().is_none() && !s.open).map(|s| s.path.clone()).collect();
    tops.sort_by_key(|path| path.as_str() == INSTALLATION);
    tops
}

/// An identifier given in a form.
pub(crate) fn urn(text: &str) -> Option<Urn> {
    text.trim().parse().ok()
}
