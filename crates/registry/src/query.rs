use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::{Serialize, Serializer};
use serde_json::Value;
use svod_kernel::{Actor, Coded, OnBehalf, SpacePath, Timestamp, Urn, number};
use svod_model::Entity;
use svod_policy::{Action, ResourceRef};
use svod_query::keys;
use svod_store::StoreError;
use svod_store::entity::{EntityPage, EntityRow};
use svod_store::journal::EventRow;

use crate::execute::entity_of;
use crate::view::{View, is_party};
use crate::{Registry, index};

/// Largest page.
pub const MAX_PAGE: usize = 1_000;

/// Rows looked at for one page at the most, permitted or not.
const MAX_SCAN_PAGES: usize = 20;

/// Entities of a space.
#[derive(Debug, Clone)]
pub struct EntityQuery {
    /// Where.
    pub space: SpacePath,
    /// And the spaces under it.
    pub below: bool,
    /// Any of these types; empty means all.
    pub types: Vec<String>,
    /// Indexed attribute and value; all must hold.
    pub filters: Vec<(String, String)>,
    /// Where the page before ended.
    pub after: Option<String>,
    /// At the most, 1 to 1,000.
    pub limit: usize,
}

impl EntityQuery {
    /// Everything of these types in the space and under it, 100 a page.
    pub fn of(space: SpacePath, types: &[&str]) -> Self {
        Self {
            space,
            below: true,
            types: types.iter().map(|t| (*t).to_owned()).collect(),
            filters: Vec::new(),
            after: None,
            limit: 100,
        }
    }

    /// With one filter more.
    #[must_use]
    pub fn with(mut self, attribute: &str, value: &str) -> Self {
        self.filters.push((attribute.into(), value.into()));
        self
    }
}

/// Journal events of a space, an entity or a case, oldest first.
#[derive(Debug, Clone)]
pub struct JournalQuery {
    /// Where.
    pub space: SpacePath,
    /// And the spaces under it.
    pub below: bool,
    /// Only of this entity.
    pub entity: Option<Urn>,
    /// Only caused by this case.
    pub cause: Option<Urn>,
    /// Newest first.
    pub newest_first: bool,
    /// Where the page before ended.
    pub after: Option<String>,
    /// At the most, 1 to 1,000.
    pub limit: usize,
}

/// A page of a list.
#[derive(Debug, Clone, Serialize)]
pub struct Page<T> {
    /// In order.
    pub items: Vec<T>,
    /// Give this as `after` for the next page; none on the last.
    pub next: Option<String>,
}

/// One event of the journal.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JournalEvent {
    /// Where.
    pub space: SpacePath,
    /// Exact order within the space, without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who: stable id.
    pub actor: String,
    /// Who: name.
    pub actor_name: String,
    /// Verb: `create`, `update`, `raise`, `close`, `take`, `complete`, `publish` …
    pub action: String,
    /// What it was done to.
    pub entity: Urn,
    /// Its type.
    pub entity_type: String,
    /// Its version after the event.
    pub version: i64,
    /// On what ground: law, rule with its version, post.
    pub ground: String,
    /// The case that caused it.
    pub cause: Option<Urn>,
    /// `{attribute: {"old", "new"}}`, redacted.
    pub changes: Changes,
    /// For whom the actor acted, and by what mandate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_behalf: Vec<OnBehalf>,
}

/// What an event changed; the text it is kept as is parsed for who looks at it first.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    text: String,
    read: OnceLock<Value>,
}

impl Changes {
    fn kept(text: String) -> Self {
        Self { text, read: OnceLock::new() }
    }
}

impl Deref for Changes {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.read.get_or_init(|| serde_json::from_str(&self.text).unwrap_or_default())
    }
}

impl From<Value> for Changes {
    fn from(value: Value) -> Self {
        Self { text: String::new(), read: OnceLock::from(value) }
    }
}

impl PartialEq for Changes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Serialize for Changes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// There is none, or none the actor may know of.
    #[error("there is no {0}, or you are not entitled to see it")]
    NotFound(String),
    /// No such space.
    #[error("there is no space '{0}'")]
    UnknownSpace(SpacePath),
    /// The cursor is none of ours.
    #[error("the cursor '{0}' is not one given by this list; start from the first page")]
    BadCursor(String),
    /// Too much would have to be looked at.
    #[error("the question would look at more than {0} entities; ask more narrowly, or declare the attribute indexed")]
    TooBroad(usize),
    /// Not entitled.
    #[error("not permitted: {0}")]
    Forbidden(&'static str),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for QueryError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not-found",
            Self::UnknownSpace(_) => "unknown-space",
            Self::BadCursor(_) => "bad-cursor",
            Self::TooBroad(_) => "too-broad",
            Self::Forbidden(_) => "forbidden",
            Self::Store(e) => e.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::NotFound(_) | Self::UnknownSpace(_) => 404,
            Self::BadCursor(_) | Self::TooBroad(_) => 400,
            Self::Forbidden(_) => 403,
            Self::Store(e) => e.status(),
        }
    }
}

impl Registry {
    /// One entity, redacted for the actor.
    ///
    /// # Errors
    /// [`QueryError::NotFound`] also when the actor may not know of it.
    pub async fn entity(&self, actor: &Actor, urn: &Urn) -> Result<Entity, QueryError> {
        self.entity_in(actor, None, urn).await.map(Arc::unwrap_or_clone)
    }

    /// A page of entities, each redacted for the actor; those they may not see are left out.
    ///
    /// # Errors
    /// [`QueryError::UnknownSpace`], [`QueryError::BadCursor`].
    pub async fn query(&self, actor: &Actor, q: EntityQuery) -> Result<Page<Entity>, QueryError> {
        let ids = self.spaces().ids(&q.space, q.below);
        if ids.is_empty() {
            return Err(QueryError::UnknownSpace(q.space));
        }
        let view = self.view();
        let kinds: Vec<&str> = q.types.iter().map(String::as_str).collect();
        let (ids, own) = if kinds.is_empty() { (ids, false) } else { view.known(actor, &kinds, ids) };
        if ids.is_empty() {
            return Ok(Page { items: Vec::new(), next: None });
        }
        if own && kinds.iter().all(|kind| is_party(kind)) {
            return self.themselves(&view, actor, &q).await;
        }
        let limit = q.limit.clamp(1, MAX_PAGE);
        let mut after = q.after.as_deref().map(cursor).transpose()?;
        let mut items = Vec::new();
        for _ in 0..MAX_SCAN_PAGES {
            let rows = self.page(&ids, &q, after, limit).await?;
            let full = rows.len() == limit;
            for row in rows {
                after = Some((row.space, row.id));
                // What somebody may not see does not lead them to an entity either.
                let shown = view.redact(actor, Arc::new(entity_of(&row)?));
                let shown = shown.filter(|e| q.filters.iter().all(|(name, _)| e.attributes.contains_key(name)));
                items.extend(shown.map(Arc::unwrap_or_clone));
                if items.len() == limit {
                    return Ok(Page { items, next: Some(format!("{}.{}", row.space, row.id)) });
                }
            }
            if !full {
                return Ok(Page { items, next: None });
            }
        }
        Ok(Page { items, next: after.map(|(s, i)| format!("{s}.{i}")) })
    }

    /// Who asks of people and may know of nobody else: the register is not walked for one row of it.
    async fn themselves(&self, view: &View, actor: &Actor, q: &EntityQuery) -> Result<Page<Entity>, QueryError> {
        let subject: Option<Urn> = actor.subject().parse().ok().filter(|_| q.after.is_none());
        let found = self.read_many(subject.as_slice(), &[]).await?;
        let here = |e: &Arc<Entity>| {
            let within = if q.below { q.space.covers(&e.space) } else { q.space == e.space };
            let said = |(name, value): &(String, String)| {
                let shown = e.attributes.get(name);
                shown.is_some_and(|a| keys::of_attribute(a).contains(&keys::text(value)))
            };
            within && q.types.contains(&e.kind) && q.filters.iter().all(said)
        };
        let seen = found.into_iter().filter_map(|e| view.redact(actor, e)).filter(here);
        Ok(Page { items: seen.map(Arc::unwrap_or_clone).collect(), next: None })
    }

    async fn page(
        &self,
        ids: &[i64],
        q: &EntityQuery,
        after: Option<(i64, i64)>,
        limit: usize,
    ) -> Result<Vec<EntityRow>, StoreError> {
        let wanted = EntityPage {
            spaces: ids.to_vec(),
            types: q.types.clone(),
            marks: q.types.iter().map(|kind| index::number(kind)).collect(),
            filters: q.filters.iter().map(|(name, v)| (index::number(name), keys::text(v))).collect(),
            after,
            limit: number::count(limit),
        };
        self.store.read(move |conn| svod_store::entity::page(conn, &wanted)).await
    }

    /// The entity as the actor may see it; none when they may not know of it.
    pub fn redact(&self, actor: &Actor, entity: Arc<Entity>) -> Option<Arc<Entity>> {
        self.view().redact(actor, entity)
    }

    /// May the actor see this attribute of this entity?
    pub fn may_see_attribute(&self, actor: &Actor, entity: &Entity, name: &str) -> bool {
        let view = self.view();
        view.may_see(actor, &entity.kind, name, &view.resource_of(entity))
    }

    /// The entity as policy sees it.
    pub fn resource_of(&self, entity: &Entity) -> ResourceRef {
        self.view().resource_of(entity)
    }

    /// A page of the journal, redacted; events the actor may not know of are left out.
    ///
    /// # Errors
    /// [`QueryError::UnknownSpace`], [`QueryError::BadCursor`].
    pub async fn journal(&self, actor: &Actor, q: JournalQuery) -> Result<Page<JournalEvent>, QueryError> {
        let ids = self.spaces().ids(&q.space, q.below);
        if ids.is_empty() {
            return Err(QueryError::UnknownSpace(q.space));
        }
        let limit = q.limit.clamp(1, MAX_PAGE);
        let after = q.after.as_deref().map(journal_cursor).transpose()?;
        let filter = svod_store::journal::ListFilter {
            spaces: ids,
            urn: q.entity.map(|u| u.to_string()),
            cause: q.cause.map(|u| u.to_string()),
            after,
            newest_first: q.newest_first,
            limit: number::count(limit),
        };
        let rows = self.store.read(move |conn| svod_store::journal::list(conn, &filter)).await?;
        let next = (rows.len() == limit)
            .then(|| rows.last().map(|r| format!("{}.{}.{}", r.event.at.0, r.space, r.seq)))
            .flatten();
        let items = self.events_for(actor, &rows).await?;
        Ok(Page { items, next })
    }

    /// One event of the journal, redacted; none when there is none that the actor may know of.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn event(&self, actor: &Actor, space: &SpacePath, seq: i64) -> Result<Option<JournalEvent>, QueryError> {
        let Some(id) = self.spaces().get(space).map(|s| s.id) else { return Ok(None) };
        let rows = self.store.read(move |conn| svod_store::journal::page(conn, id, seq - 1, 1)).await?;
        let found: Vec<EventRow> = rows.into_iter().filter(|r| r.seq == seq).collect();
        Ok(self.events_for(actor, &found).await?.pop())
    }

    /// Events as the actor may see them. Whose the entity is, it says as it stands now; of what is gone, nobody knows.
    async fn events_for(&self, actor: &Actor, rows: &[EventRow]) -> Result<Vec<JournalEvent>, QueryError> {
        let (view, tree) = (self.view(), self.spaces());
        let apart = |r: &&EventRow| tree.path(r.space).is_some_and(|space| !view.is_uniform(&r.event.kind, space));
        let mut urns: Vec<Urn> = rows.iter().filter(apart).filter_map(|r| r.event.urn.parse().ok()).collect();
        urns.sort();
        urns.dedup();
        let mut known: HashMap<(Urn, SpacePath), ResourceRef> = self
            .read_many(&urns, &[])
            .await?
            .into_iter()
            .map(|e| ((e.id.clone(), e.space.clone()), view.resource_of(&e)))
            .collect();
        // What is gone is judged as what it was when it went.
        let gone = urns.iter().filter(|urn| !known.keys().any(|(id, _)| id == *urn));
        let gone: Vec<String> = gone.map(ToString::to_string).collect();
        if !gone.is_empty() {
            let read = move |conn: &mut dyn svod_store::Conn| svod_store::entity::tombstones(conn, &gone, &[]);
            let stones = self.store.read::<_, StoreError>(read).await?;
            let were = stones.iter().filter_map(|t| serde_json::from_str::<Entity>(&t.doc).ok());
            known.extend(were.map(|e| ((e.id.clone(), e.space.clone()), view.resource_of(&e))));
        }
        let event = |row: &EventRow| {
            let event = self.event_of(row.clone())?;
            let resource = known.get(&(event.entity.clone(), event.space.clone())).cloned();
            let resource = resource.unwrap_or_else(|| {
                // Whose it was is not known any more: somebody's, to whom nobody has a ground.
                let apart = !view.is_uniform(&event.entity_type, &event.space);
                let person = apart.then(|| event.entity.clone());
                ResourceRef { person, ..view.resource(&event.entity_type, &event.space) }
            });
            Self::event_for(&view, actor, event, &resource)
        };
        Ok(rows.iter().filter_map(event).collect())
    }

    fn event_for(view: &View, actor: &Actor, mut event: JournalEvent, resource: &ResourceRef) -> Option<JournalEvent> {
        if !view.may(actor, Action::ReadJournal, resource) {
            return None;
        }
        if let Some(changes) = event.changes.as_object() {
            let open = changes.iter().filter(|(name, _)| view.may_see(actor, &event.entity_type, name, resource));
            event.changes = open.map(|(name, change)| (name.clone(), change.clone())).collect::<Value>().into();
        }
        Some(event)
    }

    pub(crate) fn event_of(&self, row: EventRow) -> Option<JournalEvent> {
        let e = row.event;
        Some(JournalEvent {
            space: self.spaces().path(row.space)?.clone(),
            seq: row.seq,
            at: e.at,
            actor: e.actor,
            actor_name: e.actor_name,
            action: e.action,
            entity: e.urn.parse().ok()?,
            entity_type: e.kind,
            version: e.version,
            ground: e.ground,
            cause: e.cause.as_deref().and_then(|c| c.parse().ok()),
            changes: Changes::kept(e.changes),
            on_behalf: e.on_behalf.and_then(|chain| serde_json::from_str(&chain).ok()).unwrap_or_default(),
        })
    }
}

fn numbers(text: &str) -> Option<Vec<i64>> {
    text.split('.').map(|p| p.parse().ok()).collect()
}

fn cursor(text: &str) -> Result<(i64, i64), QueryError> {
    match numbers(text).as_deref() {
        Some([space, id]) => Ok((*space, *id)),
        _ => Err(QueryError::BadCursor(text.chars().take(40).collect())),
    }
}

fn journal_cursor(text: &str) -> Result<(i64, i64, i64), QueryError> {
    match numbers(text).as_deref() {
        Some([at, space, seq]) => Ok((*at, *space, *seq)),
        _ => Err(QueryError::BadCursor(text.chars().take(40).collect())),
    }
}
