use std::collections::BTreeMap;
use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use svod_kernel::{Actor, SpacePath, Timestamp, Urn, number};
use svod_model::{Attribute, Entity};
use svod_policy::Action;
use svod_store::entity::EntityRow;
use svod_store::journal::NewEvent;
use svod_store::{Conn, Engine, News, StoreError};

use crate::books::Books;
use crate::cache::Closed;
use crate::command::{Change, Command, CommandError, Edit, Operation, Receipt, forbidden};
use crate::desk::{Desk, Left, Slot};
use crate::follow::Fresh;
use crate::guess::Tries;
use crate::index::Indexes;
use crate::instances::Instances;
use crate::view::View;
use crate::{Registry, check, receipts, references, rules, sweep, tenure, unique};

/// How often a command is repeated when what writers must know has changed meanwhile.
const STALE_TRIES: usize = 5;

impl Registry {
    /// Carries out a command: in one transaction the entities are read, the actor's right is asked for, the changes are
    /// worked out, checked and written. Returns when it is durable.
    ///
    /// # Errors
    /// See [`CommandError`]; nothing has happened then.
    pub async fn execute(&self, actor: &Actor, command: Command) -> Result<Receipt, CommandError> {
        if command.changes.is_empty() && command.consume.is_empty() && command.steps.is_empty() {
            return Err(CommandError::Empty);
        }
        if command.key.is_some() && command.each {
            return Err(CommandError::KeyOfParts);
        }
        if let Some(transaction) = command.changes.iter().find_map(Change::uneven) {
            return Err(CommandError::Uneven(transaction.to_owned()));
        }
        self.together(actor.clone(), Arc::new(command)).await
    }

    /// Carries commands out in one transaction, each for itself; an error is the store's and concerns all of them. Which
    /// they are is asked when the transaction begins, and again each time it must be repeated.
    pub(crate) async fn carry_out(
        self: Arc<Self>,
        pieces: impl Fn() -> Arc<[Piece]> + Clone + Send + 'static,
    ) -> Result<Vec<Outcome>, CommandError> {
        let closed = Closed::new(&self.cache);
        let hits = Arc::new(self.guesses.tries());
        let mut tries = 0;
        let outcome = loop {
            let (registry, pieces, closed, hits) = (self.clone(), pieces.clone(), closed.clone(), hits.clone());
            let run = move |conn: &mut dyn Conn| {
                let (pieces, closed) = (pieces(), closed.clone());
                // The spaces are loaded before the indexes: their epoch must not be newer.
                let view = registry.view();
                let indexes = registry.indexes.load_full();
                let hits = hits.clone();
                hits.begin();
                Job { pieces, now: registry.clock.now(), view, indexes, closed, hits }.run(conn)
            };
            match self.store.write(run).await {
                Err(CommandError::Store(StoreError::Stale)) if tries < STALE_TRIES => {
                    tries += 1;
                    self.refresh().await?;
                }
                outcome => break outcome,
            }
        };
        closed.open(outcome.is_ok());
        if outcome.is_ok() {
            hits.done(self.clock.now());
        }
        outcome
    }
}

/// A command with who gives it.
#[derive(Clone)]
pub(crate) struct Piece {
    pub actor: Actor,
    pub command: Arc<Command>,
    /// The request that it came with, for lines of the log.
    pub span: tracing::Span,
}

impl Piece {
    /// Is it known by the same key?
    fn has_key_of(&self, other: &Self) -> bool {
        let name = |p: &Self| p.command.key.as_ref().map(|k| k.key.clone());
        self.actor.id == other.actor.id && name(self).is_some() && name(self) == name(other)
    }
}

/// What became of one of several commands.
pub(crate) enum Outcome {
    /// It was carried out or refused.
    Done(Result<Receipt, CommandError>),
    /// It must not share the transaction with one before it.
    Later,
}

/// The part of commands that runs inside the transaction.
struct Job {
    pieces: Arc<[Piece]>,
    now: Timestamp,
    view: View,
    indexes: Arc<Indexes>,
    /// Entities that may be others afterwards are not taken from memory until the outcome is known.
    closed: Arc<Closed>,
    /// Who tries which values are taken, and what is there.
    hits: Arc<Tries>,
}

/// Events of a job by space, each with the place of its command.
type Events = BTreeMap<SpacePath, Vec<(usize, NewEvent)>>;

/// One change worked out.
struct Worked {
    /// As it is now; as it was, when it is gone.
    entity: Entity,
    made: bool,
    gone: bool,
    event: NewEvent,
}

impl Job {
    fn run(&self, conn: &mut dyn Conn) -> Result<Vec<Outcome>, CommandError> {
        let mut events = Events::new();
        let mut urns: Vec<&Urn> =
            self.pieces.iter().flat_map(|p| p.command.changes.iter().flat_map(Change::urns)).collect();
        urns.sort();
        urns.dedup();
        let within = self.pieces.first().and_then(|p| p.command.within.as_ref());
        let sweeping = self.pieces.first().is_some_and(|p| p.command.ground == sweep::GROUND);
        let mut desk = Desk::load(conn, &self.view.spaces, within, &urns, (self.now, sweeping), self.closed.cache())?;
        self.closed.close(desk.places());
        let mut instances = Instances::load(conn, &self.pieces)?;
        let mut outcomes = Vec::with_capacity(self.pieces.len());
        for (place, piece) in self.pieces.iter().enumerate() {
            let late = matches!(outcomes.last(), Some(Outcome::Later))
                || piece.command.changes.iter().any(|c| place > 0 && c.removes() && desk.is_new(c.urn()))
                || instances.taken(&piece.command)
                || self.pieces[..place].iter().any(|before| piece.has_key_of(before));
            let outcome = if late {
                Outcome::Later
            } else if let Err(refused) = instances.fits(&piece.command) {
                Outcome::Done(Err(refused))
            } else {
                piece.span.in_scope(|| self.one(conn, &mut desk, &mut events, place))?
            };
            outcomes.push(outcome);
        }
        let mut left = desk.write(conn, &self.indexes, self.now)?;
        self.closed.leave(left.placed.drain(..));
        self.journal(conn, events, left, &mut outcomes)?;
        let mut steps = Vec::new();
        for (piece, outcome) in self.pieces.iter().zip(&outcomes) {
            let Outcome::Done(Ok(receipt)) = outcome else { continue };
            if receipt.repeated {
                continue;
            }
            receipts::keep(conn, piece, receipt, self.now)?;
            svod_store::finding::delete(conn, &piece.command.consume)?;
            steps.extend(piece.command.steps.iter().cloned());
            for (waiting, into) in &piece.command.waits {
                if !svod_store::instance::rewrite(conn, waiting, into.as_ref())? {
                    return Err(StoreError::Contended("what an instance waits for has changed meanwhile".into()).into());
                }
            }
            for (space, message) in &piece.command.outbox {
                let info = self.view.spaces.get(space).ok_or_else(|| CommandError::UnknownSpace(space.clone()))?;
                svod_store::outbox::put(conn, info.id, std::slice::from_ref(message), self.now)?;
            }
        }
        svod_store::instance::write(conn, &steps)?;
        Ok(outcomes)
    }

    /// One command, on the desk only; refused, it leaves the desk as it was.
    fn one(
        &self,
        conn: &mut dyn Conn,
        desk: &mut Desk<'_>,
        events: &mut Events,
        place: usize,
    ) -> Result<Outcome, CommandError> {
        let Piece { actor, command, .. } = &self.pieces[place];
        if let Some(done) = receipts::before(conn, &self.pieces[place])? {
            return Ok(Outcome::Done(done));
        }
        let unknown = |(space, _): &&(SpacePath, _)| self.view.spaces.get(space).is_none();
        if let Some((space, _)) = command.outbox.iter().find(unknown) {
            return Ok(Outcome::Done(Err(CommandError::UnknownSpace(space.clone()))));
        }
        let (mut receipt, mut undo, mut said) = (Receipt::default(), Vec::new(), Vec::new());
        let mut books = Books::default();
        for (number, change) in command.changes.iter().enumerate() {
            let actor = change.by.as_deref().unwrap_or(actor);
            let hand = Hand { view: &self.view, now: self.now, actor, command };
            let worked = hand.apply(desk, change).and_then(|worked| {
                if let Some(w) = &worked {
                    self.view
                        .spaces
                        .get(&w.entity.space)
                        .ok_or_else(|| CommandError::UnknownSpace(w.entity.space.clone()))?;
                }
                if let Some(w) = worked.as_ref().filter(|w| !w.gone && !sweep::expires(change)) {
                    references::check(conn, desk, (&self.view, actor, &self.hits), (command, change), &w.entity)?;
                    rules::check(desk, (&self.view, actor), change, &w.entity)?;
                    unique::check(conn, desk, (&self.view, actor, &self.hits), &w.entity)?;
                    unique::party(conn, &self.view, w.made, &w.entity)?;
                    tenure::check(conn, desk, (&self.view, actor), &w.entity)?;
                }
                Ok(worked)
            });
            match worked {
                Ok(None) => {}
                Ok(Some(Worked { entity, made, gone, event })) => {
                    receipt.entities.push((entity.id.clone(), entity.version));
                    receipt.made.extend(made.then(|| entity.id.clone()));
                    books.take(&self.view, change, &entity.space, self.now);
                    said.push((entity.space.clone(), event));
                    undo.push(desk.set(&entity.id.clone(), if gone { Err(entity.merged_into) } else { Ok(entity) }));
                }
                Err(e @ CommandError::Store(_)) => return Err(e),
                Err(e) if command.each => receipt.refused.push((number, e)),
                Err(e) => {
                    undo.into_iter().rev().for_each(|before| desk.unset(before));
                    return Ok(Outcome::Done(Err(e)));
                }
            }
        }
        if let Err(refused) = books.write(conn)? {
            undo.into_iter().rev().for_each(|before| desk.unset(before));
            return Ok(Outcome::Done(Err(refused)));
        }
        said.into_iter().for_each(|(space, event)| events.entry(space).or_default().push((place, event)));
        Ok(Outcome::Done(Ok(receipt)))
    }

    fn journal(
        &self,
        conn: &mut dyn Conn,
        events: Events,
        mut left: Left,
        outcomes: &mut [Outcome],
    ) -> Result<(), CommandError> {
        for (space, list) in events {
            let info = self.view.spaces.get(&space).ok_or_else(|| CommandError::UnknownSpace(space.clone()))?;
            let (places, list): (Vec<usize>, Vec<NewEvent>) = list.into_iter().unzip();
            let count = number::count(list.len());
            let first = svod_store::journal::append_at(conn, info.id, info.epoch, &list)?;
            for (number, place) in (first..).zip(places) {
                if let Outcome::Done(Ok(receipt)) = &mut outcomes[place] {
                    receipt.events.push((space.clone(), number));
                }
            }
            // Where other nodes write as well, the journal itself is followed.
            if conn.engine() == Engine::Sqlite {
                let (entities, rest) = left.entities.into_iter().partition(|e| e.space == space);
                let (tombstones, gone) = left.tombstones.into_iter().partition(|e| e.space == space);
                left = Left { entities: rest, tombstones: gone, ..Left::default() };
                let last = first + count - 1;
                let content = Box::new(Fresh { events: list, entities, tombstones });
                conn.note_news(info.id, News { first, last, content });
            }
        }
        Ok(())
    }
}

/// Who does what, with what is in force.
struct Hand<'j> {
    view: &'j View,
    now: Timestamp,
    actor: &'j Actor,
    command: &'j Command,
}

impl Hand<'_> {
    fn apply(&self, desk: &Desk<'_>, change: &Change) -> Result<Option<Worked>, CommandError> {
        let urn = change.urn();
        let slot = desk.slot(urn);
        if slot.is_some_and(|s| s.foreign) {
            return Err(check::hidden(self.view, self.actor, change));
        }
        let old = slot.and_then(|s| s.now.as_deref());
        check::authorised(self.view, self.actor, change, old)?;
        let beneath = slot.and_then(Slot::beneath).filter(|_| !matches!(change.operation, Operation::Restore { .. }));
        let buried = slot.and_then(|s| s.tombstone.as_ref());
        let Some(mut new) = self.made_of(desk, change, old, buried)? else {
            let mut old = old.cloned().ok_or_else(|| CommandError::NotFound(urn.clone()))?;
            let event = self.event(change, Some(&old), None, &old)?;
            if let Operation::Redirect { into, .. } = &change.operation {
                old.merged_into = Some(into.clone());
            }
            return Ok(Some(Worked { entity: old, made: false, gone: true, event }));
        };
        if old.is_some_and(|old| same(old, &new)) {
            return Ok(None);
        }
        let born = old.map_or(self.now, |o| o.created_at);
        new.version = slot.map_or(0, |s| s.version) + 1;
        new.created_at = born;
        new.modified_at = self.now;
        for (name, a) in &mut new.attributes {
            a.stamp(old.and_then(|o| o.attributes.get(name)), born, self.now);
        }
        check::whose(self.view, &new)?;
        if let Some(beneath) = beneath {
            check::over(self.view, self.actor, beneath)?;
        }
        if let Some(before) = old.or(beneath) {
            check::stays_theirs(self.view, self.actor, before, &new)?;
        }
        check::classes(self.view, self.actor, change, old, &new)?;
        // What becomes of it must be theirs to make as well: nobody hands their own thing to another's affairs.
        if old.is_some_and(|old| self.view.resource_of(old) != self.view.resource_of(&new)) {
            check::may_make(self.view, self.actor, change.policy_action(), &new)?;
        }
        let event = self.event(change, old, Some(&new), &new)?;
        Ok(Some(Worked { entity: new, made: old.is_none(), gone: false, event }))
    }

    /// What the operation makes of the entity, checked; nothing when it removes it.
    fn made_of(
        &self,
        desk: &Desk<'_>,
        change: &Change,
        old: Option<&Entity>,
        buried: Option<&Entity>,
    ) -> Result<Option<Entity>, CommandError> {
        let missing = || CommandError::NotFound(change.urn().clone());
        let version = old.map_or(0, |e| e.version);
        let (view, urn) = (self.view, change.urn());
        Ok(Some(match &change.operation {
            Operation::Create(_) if old.is_some() => return Err(CommandError::Exists(urn.clone())),
            Operation::Create(e) => check::new(view, e.clone())?,
            Operation::Upsert(e) => match old {
                None => check::new(view, e.clone())?,
                Some(old) => {
                    check::stays(urn, old, &e.space, Some(&e.kind))?;
                    let mut set = e.attributes.clone();
                    check::patch(view, old, &mut set, &[])?;
                    check::seen(view, self.actor, change, old, (set.keys(), &[]))?;
                    self.patched(old, set, &[])?
                }
            },
            Operation::Replace { entity, expected } => {
                let old = old.ok_or_else(missing)?;
                check_version(urn, *expected, version)?;
                check::seen(view, self.actor, change, old, (entity.attributes.keys(), &[]))?;
                self.replaced(old, entity.clone())?
            }
            Operation::Patch { expected, set, unset, .. } => {
                let old = old.ok_or_else(missing)?;
                check_version(urn, *expected, version)?;
                let mut set = set.clone();
                check::patch(view, old, &mut set, unset)?;
                check::seen(view, self.actor, change, old, (set.keys(), unset))?;
                self.patched(old, set, unset)?
            }
            Operation::Edit { edit, .. } => self.edited(change, desk.slot(urn).and_then(|s| s.now.as_ref()), edit)?,
            Operation::Restore { .. } if old.is_some() => return Err(CommandError::Exists(urn.clone())),
            Operation::Restore { .. } => {
                // Of what was erased only the way to where it went is left.
                let erased = |e: &&Entity| e.merged_into.is_some() && e.attributes.is_empty();
                let buried = buried.filter(|e| !erased(e)).ok_or_else(missing)?;
                let was = Entity { merged_into: None, ..buried.clone() };
                check::may(view, self.actor, Action::Create, &was)?;
                check::new(view, was)?
            }
            Operation::Absorb { other, .. } => self.absorbed(desk, old.ok_or_else(missing)?, other)?,
            Operation::Redirect { .. } => {
                old.ok_or_else(missing)?;
                return Ok(None);
            }
            Operation::Delete { expected, .. } => {
                old.ok_or_else(missing)?;
                check_version(urn, *expected, version)?;
                return Ok(None);
            }
        }))
    }

    /// What the other entity has and this one has not is added.
    fn absorbed(&self, desk: &Desk<'_>, old: &Entity, other: &Urn) -> Result<Entity, CommandError> {
        let slot = desk.slot(other).filter(|s| !s.foreign && other != &old.id);
        let other = slot.and_then(|s| s.now.as_deref()).ok_or_else(|| CommandError::NotFound(other.clone()))?;
        check::may(self.view, self.actor, Action::Delete, other)?;
        check::stays(&other.id, other, &old.space, Some(&old.kind))?;
        self.sees_all_of(other)?;
        let mut new = old.clone();
        for (name, attribute) in &other.attributes {
            new.attributes.entry(name.clone()).or_insert_with(|| attribute.clone());
        }
        let kinds: Vec<&str> = old.kinds().collect();
        new.also.extend(other.kinds().filter(|k| !kinds.contains(k)).map(str::to_owned));
        new.scopes.extend(other.scopes.iter().filter(|s| !old.scopes.contains(s)).cloned());
        check::whole(self.view, &mut new)?;
        Ok(new)
    }

    /// What somebody may not see does not become part of what they do see.
    fn sees_all_of(&self, other: &Entity) -> Result<(), CommandError> {
        let (view, resource) = (self.view, self.view.resource_of(other));
        let mut sees = view.sees(self.actor, &other.kind, &resource);
        if other.attributes.keys().all(|name| sees(name)) {
            return Ok(());
        }
        Err(forbidden(self.actor, Action::ReadPersonal, &other.kind, &other.space))
    }

    fn edited(&self, change: &Change, old: Option<&Arc<Entity>>, edit: &Edit) -> Result<Entity, CommandError> {
        let view = self.view;
        let Some(old) = old else {
            let new = check::new(view, (edit.0)(None)?)?;
            check::may_make(view, self.actor, Action::Create, &new)?;
            return Ok(new);
        };
        let seen = view.redact(self.actor, old.clone());
        let seen = seen.ok_or_else(|| CommandError::NotFound(change.urn().clone()))?;
        let new = (edit.0)(Some(&seen))?;
        check::may_make(view, self.actor, Action::Update, &new)?;
        check::seen(view, self.actor, change, old, (new.attributes.keys(), &[]))?;
        self.replaced(old, new)
    }

    /// With some attributes set and others removed; an open space has no rules for single attributes, so all are looked at.
    fn patched(
        &self,
        old: &Entity,
        set: BTreeMap<String, Attribute>,
        unset: &[String],
    ) -> Result<Entity, CommandError> {
        let mut new = old.clone();
        new.attributes.extend(set);
        for name in unset {
            new.attributes.remove(name);
        }
        if self.view.is_open(&new.space) {
            check::whole(self.view, &mut new)?;
        }
        Ok(new)
    }

    /// Who replaces an entity saw it redacted: what was hidden from them stays as it is.
    fn replaced(&self, old: &Entity, mut new: Entity) -> Result<Entity, CommandError> {
        let view = self.view;
        let open = view.is_open(&old.space);
        check::stays(&old.id, old, &new.space, (!open).then_some(&new.kind))?;
        if !open {
            let resource = view.resource_of(old);
            let mut sees = view.sees(self.actor, &old.kind, &resource);
            for (name, attribute) in &old.attributes {
                if !sees(name) {
                    new.attributes.insert(name.clone(), attribute.clone());
                }
            }
        }
        new.space.clone_from(&old.space);
        check::whole(view, &mut new)?;
        Ok(new)
    }

    fn event(
        &self,
        change: &Change,
        old: Option<&Entity>,
        new: Option<&Entity>,
        of: &Entity,
    ) -> Result<NewEvent, StoreError> {
        let verb = change.verb.unwrap_or_else(|| match (&change.operation, old) {
            (Operation::Upsert(_) | Operation::Edit { .. }, None) => "create",
            (Operation::Restore { .. }, _) => "restore",
            _ => change.policy_action().as_str(),
        });
        let changes = serde_json::to_string(&Differences::between(old, new));
        Ok(NewEvent {
            at: self.now,
            actor: self.actor.id.clone(),
            actor_name: self.actor.name.clone(),
            action: verb.to_owned(),
            urn: of.id.to_string(),
            kind: of.kind.clone(),
            version: of.version,
            ground: self.command.ground.clone(),
            cause: self.command.cause.as_ref().map(ToString::to_string),
            changes: changes.map_err(|e| StoreError::Shape(e.to_string()))?,
            on_behalf: self.chain()?,
        })
    }

    /// For whom the actor acts, as the journal keeps it.
    fn chain(&self) -> Result<Option<String>, StoreError> {
        if self.actor.on_behalf.is_empty() {
            return Ok(None);
        }
        serde_json::to_string(&self.actor.on_behalf).map(Some).map_err(|e| StoreError::Shape(e.to_string()))
    }
}

fn check_version(urn: &Urn, expected: Option<i64>, found: i64) -> Result<(), CommandError> {
    match expected {
        Some(v) if v != found => Err(CommandError::Conflict { urn: urn.clone(), found }),
        _ => Ok(()),
    }
}

/// The same content, whenever it was written.
pub(crate) fn same(a: &Entity, b: &Entity) -> bool {
    let attributes = a.attributes.len() == b.attributes.len()
        && a.attributes.iter().zip(&b.attributes).all(|((n, x), (m, y))| n == m && x.same(y));
    attributes && a.kind == b.kind && a.also == b.also && a.scopes == b.scopes && a.expires_at == b.expires_at
}

/// `{attribute: {"old": …, "new": …}}` of every attribute that differs; `@type` and `@scope` where further types or scopes do.
struct Differences<'e> {
    attributes: Vec<(&'e String, Difference<&'e Attribute>)>,
    types: Option<Difference<Vec<&'e str>>>,
    scopes: Option<Difference<&'e Vec<String>>>,
}

#[derive(Serialize)]
struct Difference<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<T>,
}

impl<'e> Differences<'e> {
    fn between(old: Option<&'e Entity>, new: Option<&'e Entity>) -> Self {
        let of = |e: Option<&'e Entity>, name: &String| e.and_then(|e| e.attributes.get(name));
        let names = |e: Option<&'e Entity>| e.into_iter().flat_map(|e| e.attributes.keys());
        let all = names(old).chain(names(new).filter(|name| of(old, name).is_none()));
        let changed = all.filter_map(|name| match (of(old, name), of(new, name)) {
            (Some(was), Some(is)) if was.same(is) => None,
            (old, new) => Some((name, Difference { old, new })),
        });
        let kinds = |e: Option<&'e Entity>| e.filter(|e| !e.also.is_empty()).map(|e| e.kinds().collect::<Vec<_>>());
        let scopes = |e: Option<&'e Entity>| e.map(|e| &e.scopes).filter(|s| !s.is_empty());
        let moved = old.zip(new).is_some_and(|(a, b)| a.kind != b.kind);
        let (was, is) = (kinds(old), kinds(new));
        let all = |e: Option<&'e Entity>| e.map(|e| e.kinds().collect::<Vec<_>>());
        let types = (was != is || moved).then(|| Difference { old: all(old), new: all(new) });
        let (was, is) = (scopes(old), scopes(new));
        let scopes = (was != is).then_some(Difference { old: was, new: is });
        Self { attributes: changed.collect(), types, scopes }
    }
}

impl Serialize for Differences<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, difference) in &self.attributes {
            map.serialize_entry(name, difference)?;
        }
        if let Some(types) = &self.types {
            map.serialize_entry("@type", types)?;
        }
        if let Some(scopes) = &self.scopes {
            map.serialize_entry("@scope", scopes)?;
        }
        map.end()
    }
}

/// The entity kept in a row.
pub fn entity_of(row: &EntityRow) -> Result<Entity, StoreError> {
    serde_json::from_str(&row.doc).map_err(|e| StoreError::Shape(format!("entity {}: {e}", row.urn)))
}
