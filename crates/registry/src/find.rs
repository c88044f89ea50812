use std::collections::HashMap;
use std::sync::Arc;

use svod_kernel::{Actor, SpacePath, Urn};
use svod_model::Entity;
use svod_query::{Order, Query};
use svod_store::entity::{EntityPage, EntityRow};

use crate::execute::entity_of;
use crate::{QueryError, Registry};

/// Name under which further types of an entity stand in the value index.
pub(crate) const TYPE_INDEX: &str = "@type";
/// Rows read at once.
const STEP: usize = 500;
/// Rows looked at for one question at the most.
const MOST: usize = 200_000;

/// A question with the stretch of answers that is wanted.
#[derive(Debug, Clone)]
pub struct Find {
    /// Where.
    pub space: SpacePath,
    /// And the spaces under it.
    pub below: bool,
    /// What fits.
    pub query: Query,
    /// In which order; empty: as they were made.
    pub order: Vec<Order>,
    /// How many are left out before the first.
    pub offset: usize,
    /// How many at the most.
    pub limit: usize,
    /// How many there are in all is wanted.
    pub count: bool,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// In order, redacted for the one who asked.
    pub entities: Vec<Arc<Entity>>,
    /// How many fit in all, when that was asked.
    pub total: Option<usize>,
    /// There are more behind these.
    pub more: bool,
}

/// Takes what fits until there is enough.
struct Taker<'a> {
    find: &'a Find,
    seen: usize,
    kept: Vec<Arc<Entity>>,
    more: bool,
}

impl Taker<'_> {
    /// Whether the walk may end.
    fn take(&mut self, entity: Arc<Entity>) -> bool {
        let at = self.seen;
        self.seen += 1;
        if self.find.order.is_empty() && at < self.find.offset {
            return false;
        }
        if self.find.order.is_empty() && self.kept.len() >= self.find.limit {
            self.more = true;
            return !self.find.count;
        }
        self.kept.push(entity);
        false
    }

    fn found(mut self) -> Found {
        let f = self.find;
        if !f.order.is_empty() {
            sort(&mut self.kept, &f.order);
            self.more = self.kept.len() > f.offset + f.limit;
            self.kept = self.kept.into_iter().skip(f.offset).take(f.limit).collect();
        }
        Found { entities: self.kept, total: f.count.then_some(self.seen), more: self.more }
    }
}

fn sort(entities: &mut Vec<Arc<Entity>>, order: &[Order]) {
    let mut keyed: Vec<_> =
        entities.drain(..).map(|e| (order.iter().map(|o| o.key(&e)).collect::<Vec<_>>(), e)).collect();
    keyed.sort_by(|(a, _), (b, _)| {
        for ((x, y), o) in a.iter().zip(b).zip(order) {
            let by = match (x, y) {
                (Some(x), Some(y)) if o.descending => y.cmp(x),
                (Some(x), Some(y)) => x.cmp(y),
                (x, y) => y.is_some().cmp(&x.is_some()),
            };
            if by.is_ne() {
                return by;
            }
        }
        std::cmp::Ordering::Equal
    });
    entities.extend(keyed.into_iter().map(|(_, e)| e));
}

impl Registry {
    /// Entities that fit, each redacted for the actor; those they may not see are left out.
    ///
    /// # Errors
    /// [`QueryError::UnknownSpace`]; [`QueryError::TooBroad`] when too much would have to be looked at.
    pub async fn find(&self, actor: &Actor, find: &Find) -> Result<Found, QueryError> {
        let spaces = self.spaces().ids(&find.space, find.below);
        if spaces.is_empty() {
            return Err(QueryError::UnknownSpace(find.space.clone()));
        }
        let mut taker = Taker { find, seen: 0, kept: Vec::new(), more: false };
        if !find.query.ids.is_empty() {
            let urns: Vec<String> = find.query.ids.iter().map(ToString::to_string).collect();
            let mut rows = self.store.read(move |conn| svod_store::entity::get_many(conn, &urns)).await?;
            rows.retain(|r| spaces.contains(&r.space));
            rows.sort_by_key(|r| (r.space, r.id));
            self.judge(actor, &rows, &mut taker).await?;
            return Ok(taker.found());
        }
        let mut page = EntityPage { spaces, limit: STEP as i64, ..EntityPage::default() };
        let mut extra = Vec::new();
        if let Some(kinds) = find.query.types.any_of() {
            page.types = kinds.iter().map(|k| (*k).to_owned()).collect();
            extra = self.of_further_types(&page).await?;
        }
        let mut looked = 0;
        loop {
            let wanted = page.clone();
            let mut rows = self.store.read(move |conn| svod_store::entity::page(conn, &wanted)).await?;
            let last = rows.len() < STEP;
            page.after = rows.last().map(|r| (r.space, r.id));
            let cut = page.after.filter(|_| !last);
            rows.extend(extra.extract_if(.., |r: &mut EntityRow| cut.is_none_or(|at| (r.space, r.id) <= at)));
            rows.sort_by_key(|r| (r.space, r.id));
            looked += rows.len();
            if self.judge(actor, &rows, &mut taker).await? || last {
                return Ok(taker.found());
            }
            if looked > MOST {
                return Err(QueryError::TooBroad(MOST));
            }
        }
    }

    /// Entities that have one of the types besides their first.
    async fn of_further_types(&self, page: &EntityPage) -> Result<Vec<EntityRow>, QueryError> {
        let mut all: Vec<EntityRow> = Vec::new();
        for kind in page.types.clone() {
            let mut wanted = EntityPage {
                types: Vec::new(),
                filters: vec![(TYPE_INDEX.to_owned(), kind)],
                limit: MOST as i64,
                ..page.clone()
            };
            wanted.after = None;
            let rows = self.store.read(move |conn| svod_store::entity::page(conn, &wanted)).await?;
            all.extend(rows.into_iter().filter(|r| !page.types.contains(&r.kind)));
        }
        all.sort_by_key(|r| (r.space, r.id));
        all.dedup_by_key(|r| (r.space, r.id));
        Ok(all)
    }

    async fn judge(&self, actor: &Actor, rows: &[EntityRow], taker: &mut Taker<'_>) -> Result<bool, QueryError> {
        let mut entities = Vec::with_capacity(rows.len());
        for row in rows {
            entities.extend(self.redact(actor, entity_of(row)?).map(Arc::new));
        }
        let linked = self.linked(actor, &taker.find.query, &entities).await?;
        for e in entities {
            if taker.find.query.fits(&e, &|u| linked.get(u).cloned()) && taker.take(e) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The related entities that the filter follows, level by level.
    async fn linked(
        &self,
        actor: &Actor,
        query: &Query,
        entities: &[Arc<Entity>],
    ) -> Result<HashMap<Urn, Arc<Entity>>, QueryError> {
        let mut known: HashMap<Urn, Arc<Entity>> = HashMap::new();
        let mut at: Vec<Arc<Entity>> = entities.to_vec();
        for names in query.links() {
            let targets = at.iter().flat_map(|e| names.iter().filter_map(|n| e.attributes.get(n)));
            let mut urns: Vec<Urn> =
                targets.flat_map(|a| a.instances()).flat_map(|i| i.value.targets()).cloned().collect();
            urns.sort();
            urns.dedup();
            urns.retain(|u| !known.contains_key(u));
            at = self.entities(actor, urns).await?;
            known.extend(at.iter().map(|e| (e.id.clone(), e.clone())));
        }
        Ok(known)
    }

    /// Those of the entities that exist and that the actor may see.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn entities(&self, actor: &Actor, urns: Vec<Urn>) -> Result<Vec<Arc<Entity>>, QueryError> {
        if urns.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: Vec<String> = urns.iter().map(ToString::to_string).collect();
        let rows = self.store.read(move |conn| svod_store::entity::get_many(conn, &wanted)).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            found.extend(self.redact(actor, entity_of(row)?).map(Arc::new));
        }
        Ok(found)
    }
}
