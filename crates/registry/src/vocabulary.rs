//! What is in use: types with their entities, attributes with what they hold. Counted as entities are written, so that
//! asking costs the same however many there are; only where policy looks at each entity are they looked at.

use std::collections::{BTreeMap, BTreeSet};

use svod_kernel::{Actor, SpacePath};
use svod_model::Entity;
use svod_policy::Action;
use svod_query::{Query, Types};
use svod_store::StoreError;
use svod_store::entity::{UsedRow, attributes_in_use, types_in_use};

use crate::find::Find;
use crate::query::MAX_PAGE;
use crate::view::View;
use crate::{QueryError, Registry, SpaceInfo};

/// An attribute in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttributeInUse {
    /// By how many entities.
    pub count: u64,
    /// What it holds, as NGSI-LD calls it: `Property`, `Relationship` …
    pub holds: BTreeSet<String>,
    /// Types of the entities.
    pub types: BTreeSet<String>,
}

/// A type in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeInUse {
    /// How many entities.
    pub count: u64,
    /// Their attributes.
    pub attributes: BTreeMap<String, AttributeInUse>,
}

/// What is in use, as far as the actor may see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InUse {
    /// By name.
    pub types: BTreeMap<String, TypeInUse>,
    /// By name, over all types.
    pub attributes: BTreeMap<String, AttributeInUse>,
}

impl InUse {
    fn add(&mut self, kind: &str, attribute: &str, holds: &str, count: u64) {
        let of_type = self.types.entry(kind.to_owned()).or_default().attributes.entry(attribute.to_owned());
        of_type.or_default().add(kind, holds, count);
    }

    fn take(&mut self, e: &Entity) {
        for kind in e.kinds() {
            self.types.entry(kind.to_owned()).or_default().count += 1;
        }
        for (name, a) in &e.attributes {
            let holds = a.value.kind();
            for kind in e.kinds() {
                self.add(kind, name, holds, 1);
                self.attributes.entry(name.clone()).or_default().add(kind, holds, 0);
            }
            self.attributes.entry(name.clone()).or_default().count += 1;
        }
    }
}

impl AttributeInUse {
    fn add(&mut self, kind: &str, holds: &str, count: u64) {
        self.count += count;
        self.holds.insert(holds.to_owned());
        self.types.insert(kind.to_owned());
    }
}

/// Rows of one space.
type Rows = (Vec<(String, i64)>, Vec<UsedRow>);

impl Registry {
    /// What is in use in a space, and with `below` in those under it.
    ///
    /// # Errors
    /// [`QueryError::UnknownSpace`]; [`QueryError::TooBroad`] when too many entities of a type that policy looks at one by one.
    pub async fn in_use(&self, actor: &Actor, space: &SpacePath, below: bool) -> Result<InUse, QueryError> {
        let view = self.view();
        let ids = view.spaces.ids(space, below);
        if ids.is_empty() {
            return Err(QueryError::UnknownSpace(space.clone()));
        }
        let wanted = ids.clone();
        let rows = self
            .store
            .read(move |conn| {
                let of = |id: &i64| Ok((types_in_use(conn, *id)?, attributes_in_use(conn, *id)?));
                wanted.iter().map(of).collect::<Result<Vec<Rows>, StoreError>>()
            })
            .await?;
        let mut all = InUse::default();
        for (id, rows) in ids.into_iter().zip(rows) {
            let Some(info) = view.spaces.by_id(id) else { continue };
            for kind in counted(&view, actor, info, &rows, &mut all) {
                self.looked_at(actor, info, kind, &mut all).await?;
            }
        }
        Ok(all)
    }

    /// Entities of a type that policy looks at one by one.
    async fn looked_at(&self, actor: &Actor, info: &SpaceInfo, kind: &str, all: &mut InUse) -> Result<(), QueryError> {
        let mut find = Find {
            space: info.path.clone(),
            below: false,
            query: Query { types: Types::Is(kind.to_owned()), ..Query::default() },
            order: Vec::new(),
            offset: 0,
            limit: MAX_PAGE,
            count: false,
        };
        loop {
            let found = self.find(actor, &find).await?;
            found.entities.iter().for_each(|e| all.take(e));
            if !found.more {
                return Ok(());
            }
            find.offset += MAX_PAGE;
        }
    }
}

/// Takes in what can be counted; the types that must be looked at instead.
fn counted<'r>(view: &View, actor: &Actor, info: &SpaceInfo, rows: &'r Rows, all: &mut InUse) -> Vec<&'r str> {
    let mut rest = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (kind, count) in &rows.0 {
        if !view.is_uniform(kind, &info.path) {
            rest.push(kind.as_str());
        } else if view.may(actor, Action::Read, &view.resource(kind, &info.path)) {
            seen.insert(kind);
            all.types.entry(kind.clone()).or_default().count += count.unsigned_abs();
        }
    }
    for row in rows.1.iter().filter(|row| seen.contains(row.kind.as_str())) {
        if view.may_see(actor, &row.kind, &row.attribute, &view.resource(&row.kind, &info.path)) {
            all.add(&row.kind, &row.attribute, &row.holds, row.count.unsigned_abs());
            // Where entities have one type only the sum over types is that over entities.
            let count = if info.open { 0 } else { row.count.unsigned_abs() };
            all.attributes.entry(row.attribute.clone()).or_default().add(&row.kind, &row.holds, count);
        }
    }
    for row in rows.1.iter().filter(|row| info.open && row.kind.is_empty()) {
        all.attributes.entry(row.attribute.clone()).or_default().count += row.count.unsigned_abs();
    }
    rest
}
