use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};
use svod_kernel::{Actor, FieldError, SpacePath, Timestamp, Urn};
use svod_model::{Attribute, AttributeValue, Entity};
use svod_policy::ResourceRef;
use svod_store::entity::{EntityPut, EntityRow, Expected, PutError};
use svod_store::journal::NewEvent;
use svod_store::{Conn, StoreError};

use crate::command::{Change, Command, CommandError, Operation, Receipt};
use crate::find::TYPE_INDEX;
use crate::{Catalogue, Registry, SpaceTree};

impl Registry {
    /// Carries out a command: authorise, validate, commit. Returns when it is durable.
    ///
    /// # Errors
    /// See [`CommandError`]; nothing has happened then.
    pub async fn execute(&self, actor: &Actor, command: Command) -> Result<Receipt, CommandError> {
        if command.changes.is_empty() && command.consume.is_empty() {
            return Err(CommandError::Empty);
        }
        let catalogue = self.catalogue();
        let spaces = self.spaces();
        let known = self.current(command.changes.iter().map(|c| c.urn().clone()).collect()).await?;
        let mut command = command;
        for change in &mut command.changes {
            let current = known.get(change.urn());
            self.authorise(actor, change, current)?;
            self.keep_unseen(actor, change, current);
            validate(&catalogue, &spaces, change, current)?;
        }
        let job = Job { actor: actor.clone(), now: self.clock.now(), command, spaces, catalogue };
        self.store.write(move |conn| job.run(conn)).await
    }

    /// Who replaces an entity saw it redacted: what was hidden from them stays as it is.
    fn keep_unseen(&self, actor: &Actor, change: &mut Change, current: Option<&Entity>) {
        let (Operation::Replace { entity, .. }, Some(current)) = (&mut change.operation, current) else { return };
        for (name, attribute) in &current.attributes {
            if !entity.attributes.contains_key(name) && !self.may_see_attribute(actor, current, name) {
                entity.attributes.insert(name.clone(), attribute.clone());
            }
        }
    }

    async fn current(&self, urns: Vec<Urn>) -> Result<HashMap<Urn, Entity>, StoreError> {
        let rows = self
            .store
            .read(move |conn| {
                let urns: Vec<String> = urns.iter().map(ToString::to_string).collect();
                svod_store::entity::get_many(conn, &urns)
            })
            .await?;
        Ok(rows.iter().filter_map(|r| Some((r.urn.parse().ok()?, entity_of(r).ok()?))).collect())
    }

    fn authorise(&self, actor: &Actor, change: &Change, current: Option<&Entity>) -> Result<(), CommandError> {
        let action = change.policy_action();
        let given = match &change.operation {
            Operation::Create(e) | Operation::Upsert(e) | Operation::Replace { entity: e, .. } => Some(e),
            _ => None,
        };
        for entity in current.into_iter().chain(given) {
            let resource =
                ResourceRef { body: entity.object("body").cloned(), ..self.resource(&entity.kind, &entity.space) };
            if !self.may(actor, action, &resource) {
                return Err(self.refusal(actor, change, entity, action));
            }
        }
        Ok(())
    }

    /// Who may not even read the entity is told that there is none.
    fn refusal(&self, actor: &Actor, change: &Change, entity: &Entity, action: svod_policy::Action) -> CommandError {
        if !self.may(actor, svod_policy::Action::Read, &self.resource(&entity.kind, &entity.space))
            && !matches!(change.operation, Operation::Create(_) | Operation::Upsert(_))
        {
            return CommandError::NotFound(entity.id.clone());
        }
        CommandError::Forbidden { action: action.as_str(), kind: entity.kind.clone(), space: entity.space.clone() }
    }
}

fn validate(
    catalogue: &Catalogue,
    spaces: &SpaceTree,
    change: &mut Change,
    current: Option<&Entity>,
) -> Result<(), CommandError> {
    let urn = change.urn().clone();
    let invalid = |errors: Vec<FieldError>| CommandError::Invalid { urn: urn.clone(), errors };
    match &mut change.operation {
        Operation::Create(entity) | Operation::Upsert(entity) => {
            let space = spaces.get(&entity.space).ok_or_else(|| CommandError::UnknownSpace(entity.space.clone()))?;
            if let Some(c) = current.filter(|c| c.space != entity.space || c.kind != entity.kind) {
                return Err(invalid(vec![FieldError {
                    field: "space".into(),
                    rule: "an entity keeps its space and type".into(),
                    fix: format!("it is a {} in {}; delete it first", c.kind, c.space),
                }]));
            }
            // What is there already need not be said again.
            let checked = match (space.open, current) {
                (true, _) => svod_model::validate_open(entity),
                (false, Some(_)) => catalogue.metamodel.validate_patch(&entity.kind, &mut entity.attributes),
                (false, None) => catalogue.metamodel.validate(entity),
            };
            checked.map_err(&invalid)
        }
        Operation::Replace { entity, .. } => {
            let current = current.ok_or_else(|| CommandError::NotFound(urn.clone()))?;
            let open = spaces.get(&current.space).is_some_and(|s| s.open);
            if entity.space != current.space || (!open && entity.kind != current.kind) {
                return Err(invalid(vec![FieldError {
                    field: "space".into(),
                    rule: "an entity keeps its space and type".into(),
                    fix: format!("it is a {} in {}; delete it first", current.kind, current.space),
                }]));
            }
            let checked = if open { svod_model::validate_open(entity) } else { catalogue.metamodel.validate(entity) };
            checked.map_err(&invalid)
        }
        Operation::Patch { set, unset, .. } => {
            let Some(current) = current else { return Err(CommandError::NotFound(urn)) };
            if spaces.get(&current.space).is_some_and(|s| s.open) {
                return Ok(());
            }
            catalogue.metamodel.validate_patch(&current.kind, set).map_err(&invalid)?;
            catalogue.metamodel.validate_removal(&current.kind, unset.iter().map(String::as_str)).map_err(&invalid)
        }
        Operation::Delete { .. } => Ok(()),
    }
}

/// The part of a command that runs inside the transaction.
struct Job {
    actor: Actor,
    now: Timestamp,
    command: Command,
    spaces: std::sync::Arc<SpaceTree>,
    catalogue: std::sync::Arc<Catalogue>,
}

/// One change worked out against the entity as it stands in the transaction.
struct Worked {
    entity: Entity,
    event: NewEvent,
}

impl Job {
    fn run(&self, conn: &mut dyn Conn) -> Result<Receipt, CommandError> {
        let mut receipt = Receipt::default();
        let mut events: BTreeMap<SpacePath, Vec<NewEvent>> = BTreeMap::new();
        for change in &self.command.changes {
            let Some(done) = self.apply(conn, change)? else { continue };
            receipt.entities.push((done.entity.id.clone(), done.entity.version));
            events.entry(done.entity.space.clone()).or_default().push(done.event);
        }
        self.references_exist(conn)?;
        for (space, list) in events {
            let first = svod_store::journal::append(conn, self.space_id(&space)?, &list)?;
            receipt.events.extend((0..list.len() as i64).map(|i| (space.clone(), first + i)));
        }
        svod_store::finding::delete(conn, &self.command.consume)?;
        for (space, message) in &self.command.outbox {
            svod_store::outbox::put(conn, self.space_id(space)?, std::slice::from_ref(message), self.now)?;
        }
        Ok(receipt)
    }

    fn space_id(&self, path: &SpacePath) -> Result<i64, CommandError> {
        self.spaces.get(path).map(|s| s.id).ok_or_else(|| CommandError::UnknownSpace(path.clone()))
    }

    fn apply(&self, conn: &mut dyn Conn, change: &Change) -> Result<Option<Worked>, CommandError> {
        let row = svod_store::entity::get(conn, change.urn().as_str())?;
        let old = row.as_ref().map(entity_of).transpose()?;
        let version = old.as_ref().map_or(0, |e| e.version);
        let new = match (&change.operation, &old) {
            (Operation::Create(e), None) | (Operation::Upsert(e), None) => e.clone(),
            (Operation::Create(e), Some(_)) => return Err(CommandError::Exists(e.id.clone())),
            (Operation::Upsert(e), Some(old)) => patched(old, &e.attributes, &[]),
            (Operation::Replace { entity, expected }, Some(old)) => {
                check_version(&entity.id, *expected, version)?;
                Entity { space: old.space.clone(), ..entity.clone() }
            }
            (Operation::Patch { urn, expected, set, unset }, Some(old)) => {
                check_version(urn, *expected, version)?;
                patched(old, set, unset)
            }
            (Operation::Delete { urn, expected }, Some(old)) => {
                check_version(urn, *expected, version)?;
                svod_store::entity::delete(conn, urn.as_str(), Expected::Version(version))
                    .map_err(|e| refused(urn, e))?;
                return Ok(Some(self.worked(change, Some(old), old.clone())));
            }
            (Operation::Replace { .. } | Operation::Patch { .. } | Operation::Delete { .. }, None) => {
                return Err(CommandError::NotFound(change.urn().clone()));
            }
        };
        if old.as_ref().is_some_and(|o| same(o, &new)) {
            return Ok(None);
        }
        self.put(conn, change, old, new, version).map(Some)
    }

    fn put(
        &self,
        conn: &mut dyn Conn,
        change: &Change,
        old: Option<Entity>,
        new: Entity,
        version: i64,
    ) -> Result<Worked, CommandError> {
        let created_at = old.as_ref().map_or(self.now, |o| o.created_at);
        let mut new = Entity { version: version + 1, created_at, modified_at: self.now, ..new };
        for (name, a) in &mut new.attributes {
            a.stamp(old.as_ref().and_then(|o| o.attributes.get(name)), created_at, self.now);
        }
        let put = EntityPut {
            space: self.space_id(&new.space)?,
            urn: new.id.to_string(),
            kind: new.kind.clone(),
            index: self.index(&new),
            expected: if old.is_some() { Expected::Version(version) } else { Expected::New },
            now: self.now,
        };
        let doc = serde_json::to_string(&new).map_err(|e| StoreError::Shape(e.to_string()))?;
        svod_store::entity::put(conn, &put, |_, _| doc).map_err(|e| refused(&new.id, e))?;
        Ok(self.worked(change, old.as_ref(), new))
    }

    fn index(&self, entity: &Entity) -> Vec<(String, String)> {
        let declared = |name: &str| self.catalogue.metamodel.attribute(&entity.kind, name).is_some_and(|a| a.indexed);
        let indexed = entity.attributes.iter().filter(|(name, _)| declared(name));
        let values = indexed.flat_map(|(name, a)| index_texts(a).into_iter().map(move |t| (name.clone(), t)));
        values.chain(entity.also.iter().map(|k| (TYPE_INDEX.to_owned(), k.clone()))).collect()
    }

    fn worked(&self, change: &Change, old: Option<&Entity>, entity: Entity) -> Worked {
        let verb = change.verb.unwrap_or_else(|| match (&change.operation, old) {
            (Operation::Upsert(_), None) => "create",
            _ => change.policy_action().as_str(),
        });
        let gone = matches!(change.operation, Operation::Delete { .. });
        let event = NewEvent {
            at: self.now,
            actor: self.actor.id.clone(),
            actor_name: self.actor.name.clone(),
            action: verb.to_owned(),
            urn: entity.id.to_string(),
            kind: entity.kind.clone(),
            version: entity.version,
            ground: self.command.ground.clone(),
            cause: self.command.cause.as_ref().map(ToString::to_string),
            changes: differences(old, (!gone).then_some(&entity)).to_string(),
        };
        Worked { entity, event }
    }

    /// Relationships of strict spaces must point to something.
    fn references_exist(&self, conn: &mut dyn Conn) -> Result<(), CommandError> {
        let mut wanted: Vec<(Urn, String, Urn)> = Vec::new();
        for change in &self.command.changes {
            let (space, attributes) = match &change.operation {
                Operation::Create(e) | Operation::Upsert(e) | Operation::Replace { entity: e, .. } => {
                    (Some(&e.space), &e.attributes)
                }
                Operation::Patch { set, .. } => (None, set),
                Operation::Delete { .. } => continue,
            };
            if space.and_then(|s| self.spaces.get(s)).is_some_and(|s| s.open) {
                continue;
            }
            for (name, a) in attributes {
                let targets = a.instances().flat_map(|i| i.value.targets());
                wanted.extend(targets.map(|t| (change.urn().clone(), name.clone(), t.clone())));
            }
        }
        let urns: Vec<String> = wanted.iter().map(|w| w.2.to_string()).collect();
        let rows = svod_store::entity::get_many(conn, &urns)?;
        let found: std::collections::HashSet<String> = rows.into_iter().map(|r| r.urn).collect();
        match wanted.into_iter().find(|w| !found.contains(w.2.as_str())) {
            None => Ok(()),
            Some((urn, field, target)) => Err(CommandError::Invalid {
                urn,
                errors: vec![FieldError {
                    field,
                    rule: format!("reference: there is no entity {target}"),
                    fix: "create the entity first, or in the same command".into(),
                }],
            }),
        }
    }
}

fn check_version(urn: &Urn, expected: Option<i64>, found: i64) -> Result<(), CommandError> {
    match expected {
        Some(v) if v != found => Err(CommandError::Conflict { urn: urn.clone(), found }),
        _ => Ok(()),
    }
}

fn refused(urn: &Urn, e: PutError) -> CommandError {
    match e {
        PutError::Conflict { found } => CommandError::Conflict { urn: urn.clone(), found },
        PutError::Exists => CommandError::Exists(urn.clone()),
        PutError::Missing => CommandError::NotFound(urn.clone()),
        PutError::Store(e) => CommandError::Store(e),
    }
}

fn patched(old: &Entity, set: &BTreeMap<String, Attribute>, unset: &[String]) -> Entity {
    let mut new = old.clone();
    new.attributes.extend(set.clone());
    for name in unset {
        new.attributes.remove(name);
    }
    new
}

fn index_texts(a: &Attribute) -> Vec<String> {
    let of = |i: &Attribute| match &i.value {
        AttributeValue::Value(Value::Array(items)) | AttributeValue::List(items) => items.iter().map(plain).collect(),
        AttributeValue::Value(v) | AttributeValue::Vocab(v) => vec![plain(v)],
        v => v.targets().iter().map(ToString::to_string).collect::<Vec<_>>(),
    };
    a.instances().flat_map(of).collect()
}

/// The same content, whenever it was written.
fn same(a: &Entity, b: &Entity) -> bool {
    let attributes = a.attributes.len() == b.attributes.len()
        && a.attributes.iter().zip(&b.attributes).all(|((n, x), (m, y))| n == m && x.same(y));
    attributes && a.kind == b.kind && a.also == b.also && a.scopes == b.scopes && a.expires_at == b.expires_at
}

fn plain(v: &Value) -> String {
    v.as_str().map_or_else(|| v.to_string(), str::to_owned)
}

/// `{attribute: {"old": …, "new": …}}` of every attribute that differs.
fn differences(old: Option<&Entity>, new: Option<&Entity>) -> Value {
    let empty = BTreeMap::new();
    let (a, b) = (old.map_or(&empty, |e| &e.attributes), new.map_or(&empty, |e| &e.attributes));
    let mut out = Map::new();
    for name in a.keys().chain(b.keys().filter(|k| !a.contains_key(*k))) {
        let (was, is) = (a.get(name), b.get(name));
        let same = matches!((was, is), (Some(was), Some(is)) if was.same(is));
        if !same {
            let mut entry = Map::new();
            if let Some(v) = was {
                entry.insert("old".into(), json!(v));
            }
            if let Some(v) = is {
                entry.insert("new".into(), json!(v));
            }
            out.insert(name.clone(), Value::Object(entry));
        }
    }
    Value::Object(out)
}

/// The entity kept in a row.
pub fn entity_of(row: &EntityRow) -> Result<Entity, StoreError> {
    serde_json::from_str(&row.doc).map_err(|e| StoreError::Shape(format!("entity {}: {e}", row.urn)))
}
