use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use serde::Serialize;
use svod_kernel::{Actor, SpacePath, Urn};
use svod_model::Entity;
use svod_policy::Action;
use svod_query::{Compare, Filter, Operand, Operation, Order, Path, Query, Types};

use crate::plan::{Access, Plan};
use crate::view::{View, is_party};
use crate::walk::Walk;
use crate::{QueryError, Registry, SpaceId};

/// Entities read at once: the first time, and at the most.
const STEPS: (usize, usize) = (32, 500);
/// Entities looked at for one question at the most.
const MOST: usize = 200_000;
/// Entities looked at in vain, by all questions together, after which an index that would have helped is made.
const DEMANDING: usize = 5_000;
/// Attributes of which that is remembered.
const REMEMBERED: usize = 1_000;

/// A question with the stretch of answers that is wanted.
#[derive(Debug, Clone)]
pub struct Find {
    /// Where.
    pub space: SpacePath,
    /// And the spaces under it.
    pub below: bool,
    /// What fits.
    pub query: Query,
    /// In which order; empty: that of the way that was chosen, the same for every page.
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
    /// How they were found.
    pub explained: Explained,
}

/// How a question was answered.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    /// The way in.
    pub access: Access,
    /// Entities that were looked at.
    pub looked: usize,
    /// Attributes whose index would have shortened the way.
    pub missing: Vec<String>,
}

/// Takes what fits until there is enough.
struct Taker<'a> {
    find: &'a Find,
    seen: usize,
    kept: Vec<Arc<Entity>>,
    more: bool,
    total: Option<usize>,
    /// They come in the order asked for.
    ordered: Ordered,
}

/// What is known of the order in which entities come.
#[derive(Clone, PartialEq, Eq)]
enum Ordered {
    /// Nothing: they are sorted in the end.
    No,
    /// The index gives them in it; the key of the last.
    Yes(Vec<u8>),
    /// The index was to give them in it and did not: an entity has several values, the first of them outside of the stretch.
    Broken,
}

impl Find {
    /// What fits of these entities, which are all there is.
    pub fn among(&self, entities: &[Arc<Entity>]) -> Found {
        let of = |urn: &Urn| entities.iter().find(|e| e.id == *urn).cloned();
        let mut taker = Taker::of(self);
        for e in entities {
            if self.query.fits(e, &of) && taker.take(e.clone()) {
                break;
            }
        }
        taker.found(Explained { looked: entities.len(), ..Explained::default() })
    }
}

impl<'a> Taker<'a> {
    const fn of(find: &'a Find) -> Self {
        Self { find, seen: 0, kept: Vec::new(), more: false, total: None, ordered: Ordered::No }
    }

    /// Whether there are enough of those that come in order.
    fn take_next(&mut self, last: &[u8], entity: Arc<Entity>) -> bool {
        let f = self.find;
        let Some((by, key)) = f.order.first().and_then(|by| Some((by, by.key(&entity)?))) else {
            self.ordered = Ordered::Broken;
            return true;
        };
        let falls = if by.descending { !last.is_empty() && key.as_slice() > last } else { key.as_slice() < last };
        if falls {
            self.ordered = Ordered::Broken;
            return true;
        }
        self.ordered = Ordered::Yes(key);
        let enough = f.offset + f.limit + 1;
        if self.kept.len() < enough {
            self.kept.push(entity);
        }
        self.kept.len() >= enough && (!f.count || self.total.is_some())
    }

    /// Whether the walk may end.
    fn take(&mut self, entity: Arc<Entity>) -> bool {
        let at = self.seen;
        self.seen += 1;
        let f = self.find;
        if let Ordered::Yes(last) = &self.ordered {
            return self.take_next(&last.clone(), entity);
        }
        if !f.order.is_empty() {
            self.kept.push(entity);
            let enough = f.offset + f.limit + 1;
            if self.kept.len() >= 2 * enough + STEPS.1 {
                sort(&mut self.kept, &f.order);
                self.kept.truncate(enough);
            }
            return false;
        }
        if at >= f.offset && self.kept.len() >= f.limit {
            self.more = true;
            return !f.count || self.total.is_some();
        }
        if at >= f.offset {
            self.kept.push(entity);
        }
        false
    }

    fn found(mut self, explained: Explained) -> Found {
        let f = self.find;
        if !f.order.is_empty() {
            if self.ordered == Ordered::No {
                sort(&mut self.kept, &f.order);
            }
            self.more = self.seen > f.offset + f.limit;
            self.kept = self.kept.into_iter().skip(f.offset).take(f.limit).collect();
        }
        let total = f.count.then_some(self.total.unwrap_or(self.seen));
        Found { entities: self.kept, total, more: self.more, explained }
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

/// Entities merged one into the other that are followed.
const MOST_MERGED: usize = 8;
/// So many entities are looked up at once without handing the job over.
const FEW: usize = 4;

impl Registry {
    /// Entities that fit, each redacted for the actor; those they may not see are left out.
    ///
    /// # Errors
    /// [`QueryError::UnknownSpace`]; [`QueryError::TooBroad`] when too much would have to be looked at.
    pub async fn find(&self, actor: &Actor, find: &Find) -> Result<Found, QueryError> {
        let (mut found, broken) = self.find_by(actor, find, &find.order).await?;
        if broken {
            (found, _) = self.find_by(actor, find, &[]).await?;
        }
        Ok(found)
    }

    /// How a question would be answered, without looking at anything; none where the actor may look nowhere. Its figures count
    /// what the actor may not see as well: they are for the platform's own choices.
    ///
    /// # Errors
    /// [`QueryError::UnknownSpace`].
    pub async fn access(&self, actor: &Actor, find: &Find) -> Result<Option<Access>, QueryError> {
        let view = self.view();
        let spaces = view.spaces.ids(&find.space, find.below);
        if spaces.is_empty() {
            return Err(QueryError::UnknownSpace(find.space.clone()));
        }
        let (narrow, spaces) = narrowed(&view, actor, find, spaces);
        if spaces.is_empty() {
            return Ok(None);
        }
        let (query, indexes) = (narrow.map_or_else(|| find.query.clone(), |n| n.query), self.indexes.load_full());
        let choose = move |conn: &mut dyn svod_store::Conn| Plan::choose(conn, &view, &indexes, &spaces, &query);
        let plan = self.store.read(choose).await?;
        Ok((!plan.segments.is_empty()).then_some(plan.access))
    }

    /// Finds, by an index in this order where there is one; whether that order did not hold.
    async fn find_by(&self, actor: &Actor, find: &Find, order: &[Order]) -> Result<(Found, bool), QueryError> {
        let view = self.view();
        let spaces = view.spaces.ids(&find.space, find.below);
        if spaces.is_empty() {
            return Err(QueryError::UnknownSpace(find.space.clone()));
        }
        let (narrow, spaces) = narrowed(&view, actor, find, spaces);
        let find = narrow.as_ref().unwrap_or(find);
        let mut taker = Taker::of(find);
        if spaces.is_empty() {
            return Ok((taker.found(Explained::default()), false));
        }
        if !find.query.ids.is_empty() {
            return Ok((self.named(&view, actor, taker).await?, false));
        }
        let first = (find.offset + find.limit + 1).clamp(STEPS.0, STEPS.1);
        let countable = find.count.then(|| countable(&view, actor, &find.query, &spaces)).flatten();
        let (query, indexes, cache) = (find.query.clone(), self.indexes.load_full(), self.cache.clone());
        let asked = view.clone();
        let order = if is_single(&view, &find.query, order, &spaces) { order.to_vec() } else { Vec::new() };
        let (mut walk, plan, batch, total) = self
            .store
            .read(move |conn| {
                let memory = (&*cache, cache.moment());
                let plan = Arc::new(Plan::choose(conn, &asked, &indexes, &spaces, &query)?.in_order(conn, &order)?);
                let total = match countable {
                    None => None,
                    Some(spaces) => Walk::new(Arc::new(plan.only(&spaces))).count(conn, memory, &query)?,
                };
                let mut walk = Walk::new(plan.clone());
                let batch = walk.step(conn, memory, first)?;
                Ok::<_, QueryError>((walk, plan, batch, total))
            })
            .await?;
        taker.total = total;
        if plan.ordered.is_some() {
            taker.ordered = Ordered::Yes(Vec::new());
        }
        let (mut batch, mut wanted) = (batch, first);
        loop {
            let enough = self.judge(&view, actor, batch, &mut taker).await?;
            if enough || walk.is_over() {
                break;
            }
            if walk.looked > MOST {
                self.need(&plan, walk.looked);
                return Err(QueryError::TooBroad(MOST));
            }
            wanted = (wanted * 2).min(STEPS.1);
            (walk, batch) = self.further(walk, wanted).await?;
        }
        self.need(&plan, walk.looked.saturating_sub(taker.seen));
        let mut missing: Vec<String> = plan.wanting.iter().map(|(_, name)| name.clone()).collect();
        missing.dedup();
        let broken = taker.ordered == Ordered::Broken;
        Ok((taker.found(Explained { access: plan.access.clone(), looked: walk.looked, missing }), broken))
    }

    /// The next stretch of a walk.
    async fn further(&self, mut walk: Walk, wanted: usize) -> Result<(Walk, Vec<Arc<Entity>>), QueryError> {
        let cache = self.cache.clone();
        let step = move |conn: &mut dyn svod_store::Conn| {
            let memory = (&*cache, cache.moment());
            let batch = walk.step(conn, memory, wanted)?;
            Ok::<_, QueryError>((walk, batch))
        };
        self.store.read(step).await
    }

    /// Those that the question names.
    async fn named(&self, view: &View, actor: &Actor, mut taker: Taker<'_>) -> Result<Found, QueryError> {
        let find = taker.find;
        let mut entities = self.read_many(&find.query.ids, &self.reach(view, Some(&find.space))).await?;
        entities.retain(|e| find.space.covers(&e.space) && (find.below || e.space == find.space));
        let looked = entities.len();
        self.judge(view, actor, entities, &mut taker).await?;
        Ok(taker.found(Explained { access: Access::Identifiers, looked, missing: Vec::new() }))
    }

    /// So many entities were looked at in vain for want of these indexes.
    fn need(&self, plan: &Plan, vain: usize) {
        if vain == 0 || plan.wanting.is_empty() {
            return;
        }
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        for (top, name) in &plan.wanting {
            let key = (*top, name.clone());
            if wanted.len() >= REMEMBERED && !wanted.contains_key(&key) {
                wanted.clear();
            }
            let all = wanted.entry(key.clone()).or_default();
            *all += vain;
            if *all > DEMANDING {
                wanted.remove(&key);
                self.demand(*top, name);
            }
        }
    }

    /// Gives the taker what fits; whether it has enough.
    async fn judge(
        &self,
        view: &View,
        actor: &Actor,
        entities: Vec<Arc<Entity>>,
        taker: &mut Taker<'_>,
    ) -> Result<bool, QueryError> {
        let entities: Vec<_> = entities.into_iter().filter_map(|e| view.redact(actor, e)).collect();
        let linked = self.linked(actor, &taker.find.query, &entities).await?;
        for e in entities {
            if taker.find.query.fits(&e, &|u| linked.get(u).cloned()) && taker.take(e) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Does the entity, as the actor sees it, fit? Related entities are looked up.
    pub async fn fits(&self, actor: &Actor, query: &Query, entity: &Arc<Entity>) -> bool {
        match self.linked(actor, query, std::slice::from_ref(entity)).await {
            Ok(linked) => query.fits(entity, &|u| linked.get(u).cloned()),
            Err(error) => {
                tracing::warn!(%error, "related entities could not be looked up");
                false
            }
        }
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
        let view = self.view();
        Ok(self.read_many(&urns, &[]).await?.into_iter().filter_map(|e| view.redact(actor, e)).collect())
    }

    /// May the actor be told how a question was answered? Counts of an index say something of what is hidden: where it names
    /// an attribute that is not open to everybody, only whoever runs the space.
    pub fn may_be_explained(&self, actor: &Actor, find: &Find) -> bool {
        let view = self.view();
        let types = &view.catalogue.metamodel.types;
        let hidden = |name: &str| {
            types.values().any(|t| {
                crate::view::class_of(&view.catalogue, &t.name, name) != svod_model::SecrecyClass::Open
                    && t.attributes.contains_key(name)
            })
        };
        let asked = find.query.asked();
        let orders = find.order.iter().map(|o| o.path.attribute.as_str());
        !asked.into_iter().chain(orders).any(hidden)
            || self.may(actor, Action::Administer, &self.resource("Space", &find.space))
    }

    /// One entity as the actor may see it: in that tree of spaces, or in whichever has it. Of one that was merged into
    /// another, that other one.
    ///
    /// # Errors
    /// [`QueryError::NotFound`] also when the actor may not know of it.
    pub async fn entity_in(
        &self,
        actor: &Actor,
        within: Option<&SpacePath>,
        urn: &Urn,
    ) -> Result<Arc<Entity>, QueryError> {
        let view = self.view();
        let all = self.read_many(std::slice::from_ref(urn), &self.reach(&view, within)).await?;
        let top = |path: &SpacePath| view.spaces.get(path).map(|s| view.spaces.top(s.id));
        let here = |e: &Arc<Entity>| within.is_none_or(|w| top(w) == top(&e.space));
        let found = all.into_iter().filter(here).find_map(|e| view.redact(actor, e));
        match found {
            Some(entity) => Ok(entity),
            None => self.led_to(&view, actor, within, urn).await,
        }
    }

    /// The entity that the one asked for has become a part of.
    async fn led_to(
        &self,
        view: &View,
        actor: &Actor,
        within: Option<&SpacePath>,
        urn: &Urn,
    ) -> Result<Arc<Entity>, QueryError> {
        let top = |path: &SpacePath| view.spaces.get(path).map(|s| view.spaces.top(s.id));
        let mut at = urn.clone();
        for _ in 0..MOST_MERGED {
            let (asked, spaces) = ([at.to_string()], self.reach(view, within));
            let read = move |conn: &mut dyn svod_store::Conn| svod_store::entity::tombstones(conn, &asked, &spaces);
            let stones: Vec<Entity> =
                self.store.glance(read).await?.iter().filter_map(|t| serde_json::from_str(&t.doc).ok()).collect();
            let here = |e: &&Entity| within.is_none_or(|w| top(w) == top(&e.space));
            let Some(into) = stones.iter().filter(here).find_map(|e| e.merged_into.clone()) else { break };
            let all = self.read_many(std::slice::from_ref(&into), &self.reach(view, within)).await?;
            let mut same = all.into_iter().filter(|e| within.is_none_or(|w| top(w) == top(&e.space)));
            if let Some(found) = same.find_map(|e| view.redact(actor, e)) {
                return Ok(found);
            }
            at = into;
        }
        Err(QueryError::NotFound(format!("entity {urn}")))
    }

    /// Spaces of the tree in which an identifier is unique, where naming them helps: not with all in one file, of whose
    /// identifiers memory knows all or none.
    fn reach(&self, view: &View, within: Option<&SpacePath>) -> Vec<SpaceId> {
        let info = within.filter(|_| !self.cache.is_on()).and_then(|path| view.spaces.get(path));
        info.map(|info| view.spaces.tree(view.spaces.top(info.id))).unwrap_or_default()
    }

    /// Entities of these identifiers in these spaces (none named: in all trees), in no particular order.
    pub(crate) async fn read_many(&self, urns: &[Urn], spaces: &[SpaceId]) -> Result<Vec<Arc<Entity>>, QueryError> {
        let mut found = Vec::with_capacity(urns.len());
        let mut missing = Vec::new();
        for urn in urns {
            match self.cache.by_urn(urn.as_str()) {
                Some(all) => found.extend(all),
                None => missing.push(urn.to_string()),
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let cache = self.cache.clone();
        let spaces = spaces.to_vec();
        let read = move |conn: &mut dyn svod_store::Conn| {
            let since = cache.moment();
            let rows = svod_store::entity::get_many(conn, &missing, &spaces)?;
            let mut places: HashMap<&str, Vec<(SpaceId, i64)>> = HashMap::new();
            let mut entities = Vec::with_capacity(rows.len());
            for row in &rows {
                entities.push(cache.parsed(since, row)?);
                places.entry(row.urn.as_str()).or_default().push((row.space, row.id));
            }
            places.into_iter().for_each(|(urn, all)| cache.places(since, urn, all));
            Ok::<_, QueryError>(entities)
        };
        let few = urns.len() <= FEW;
        found.extend(if few { self.store.glance(read).await? } else { self.store.read(read).await? });
        Ok(found)
    }
}

/// Has each entity one value of what is ordered by? Of several the least says the order, which may lie outside of the stretch.
fn is_single(view: &View, query: &Query, order: &[Order], spaces: &[SpaceId]) -> bool {
    let ([by], Types::Is(kind)) = (order, &query.types) else { return false };
    let declared = view.catalogue.metamodel.attribute(kind, &by.path.attribute).is_some_and(|a| !a.multivalued);
    declared && spaces.iter().all(|id| view.spaces.by_id(*id).is_some_and(|space| !space.open))
}

/// The question without what the actor cannot know of, where that is known beforehand: the way does not lead past other people's
/// entities, whose number it would take time to pass.
fn narrowed(view: &View, actor: &Actor, find: &Find, spaces: Vec<SpaceId>) -> (Option<Find>, Vec<SpaceId>) {
    let Some(kinds) = find.query.types.any_of() else { return (None, spaces) };
    let (spaces, own) = view.known(actor, &kinds, spaces);
    let Some(subject) = actor.subject().parse::<Urn>().ok().filter(|_| own && !spaces.is_empty()) else {
        return (None, spaces);
    };
    let mut narrow = find.clone();
    if kinds.iter().all(|kind| is_party(kind)) {
        if narrow.query.ids.is_empty() {
            narrow.query.ids = vec![subject];
        }
    } else if kinds.iter().all(|kind| view.catalogue.metamodel.attribute(kind, "person").is_some()) {
        let operands = vec![Operand::Text(subject.to_string())];
        let theirs = Compare { path: Path::attribute("person"), operation: Operation::Equal, operands };
        narrow.query.filter =
            Some(Filter::All(narrow.query.filter.into_iter().chain([Filter::Compare(theirs)]).collect()));
    }
    (Some(narrow), spaces)
}

/// The spaces whose entities can be counted by the index, all of a kind being alike to policy and what is asked about
/// them open to the actor; nothing when each must be looked at.
fn countable(view: &View, actor: &Actor, query: &Query, spaces: &[SpaceId]) -> Option<Vec<SpaceId>> {
    let mut counted = Vec::new();
    for id in spaces {
        let space = view.spaces.by_id(*id)?;
        if space.open {
            counted.push(*id);
            continue;
        }
        let Types::Is(kind) = &query.types else { return None };
        if !view.is_uniform(kind, &space.path) {
            return None;
        }
        let resource = view.resource(kind, &space.path);
        if !view.may(actor, Action::Read, &resource) {
            continue;
        }
        if !query.asked().into_iter().all(|name| view.may_see(actor, kind, name, &resource)) {
            return None;
        }
        counted.push(*id);
    }
    Some(counted)
}
