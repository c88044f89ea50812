//! Documents that edges keep (contexts, subscriptions, registrations): named, authorised and journalled as entities are,
//! and not part of the graph.

use serde_json::Value;
use svod_kernel::{Actor, SpacePath, Timestamp, Urn};
use svod_policy::Action;
use svod_store::StoreError;
use svod_store::definition::DefinitionRow;
use svod_store::journal::NewEvent;

use crate::command::forbidden;
use crate::{CommandError, QueryError, Registry};

/// A document as kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Identifier, unique by space and kind.
    pub id: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
    /// The document.
    pub doc: Value,
}

fn read(row: DefinitionRow) -> Result<Definition, StoreError> {
    let doc = serde_json::from_str(&row.doc).map_err(|e| StoreError::Shape(format!("definition {}: {e}", row.id)))?;
    Ok(Definition { id: row.id, created: row.created, modified: row.modified, doc })
}

impl Registry {
    /// Keeps a document, new or changed; as it is kept.
    ///
    /// # Errors
    /// [`CommandError::Forbidden`], [`CommandError::UnknownSpace`].
    pub async fn define(
        &self,
        actor: &Actor,
        kind: &'static str,
        space: &SpacePath,
        id: &str,
        doc: Value,
    ) -> Result<Definition, CommandError> {
        let home = self.place(actor, Action::Create, kind, space)?;
        let now = self.clock.now();
        let event = event(actor, kind, id, now);
        let (id, doc) = (id.to_owned(), doc.to_string());
        self.store
            .write(move |conn| {
                let new = svod_store::definition::put(conn, home, kind, &id, &doc, now)?;
                let action = if new { "create" } else { "update" };
                svod_store::journal::append(conn, home, &[NewEvent { action: action.into(), ..event.clone() }])?;
                let kept = svod_store::definition::get(conn, home, kind, &id)?;
                let kept = kept.ok_or_else(|| StoreError::Shape(format!("the definition {id} was not kept")))?;
                Ok(read(kept)?)
            })
            .await
    }

    /// Forgets a document; says whether it was there.
    ///
    /// # Errors
    /// As [`Registry::define`].
    pub async fn undefine(
        &self,
        actor: &Actor,
        kind: &'static str,
        space: &SpacePath,
        id: &str,
    ) -> Result<bool, CommandError> {
        let home = self.place(actor, Action::Delete, kind, space)?;
        let (id, event) = (id.to_owned(), event(actor, kind, id, self.clock.now()));
        self.store
            .write(move |conn| {
                let gone = svod_store::definition::delete(conn, home, kind, &id)?;
                if gone {
                    svod_store::journal::append(conn, home, &[NewEvent { action: "delete".into(), ..event.clone() }])?;
                }
                Ok(gone)
            })
            .await
    }

    /// Writes an event about an entity that changes nothing of its present state: a history that is given or mended.
    /// `types` are those under which it is found by its past; none: that past is forgotten.
    ///
    /// # Errors
    /// [`CommandError::Forbidden`], [`CommandError::UnknownSpace`].
    #[allow(clippy::too_many_arguments)]
    pub async fn record(
        &self,
        actor: &Actor,
        space: &SpacePath,
        urn: &Urn,
        kind: &str,
        verb: &'static str,
        changes: Value,
        types: Option<Vec<String>>,
    ) -> Result<(), CommandError> {
        let home = self.place(actor, Action::Update, kind, space)?;
        let event = NewEvent {
            urn: urn.to_string(),
            action: verb.to_owned(),
            changes: changes.to_string(),
            ..event(actor, kind, "", self.clock.now())
        };
        let appended = self.store.write(move |conn| {
            match &types {
                Some(types) => svod_store::evolution::put(conn, home, &event.urn, types)?,
                None => svod_store::evolution::forget(conn, home, &event.urn)?,
            }
            svod_store::journal::append(conn, home, std::slice::from_ref(&event)).map(drop)
        });
        Ok(appended.await?)
    }

    /// One document.
    ///
    /// # Errors
    /// [`QueryError::Forbidden`], [`QueryError::UnknownSpace`].
    pub async fn definition(
        &self,
        actor: &Actor,
        kind: &'static str,
        space: &SpacePath,
        id: &str,
    ) -> Result<Option<Definition>, QueryError> {
        let home = self.readable(actor, kind, space)?;
        let id = id.to_owned();
        let row = self.store.read(move |conn| svod_store::definition::get(conn, home, kind, &id)).await?;
        Ok(row.map(read).transpose()?)
    }

    /// The document of that identifier in whichever space, for the platform itself.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn definition_anywhere(&self, kind: &'static str, id: &str) -> Result<Option<Definition>, QueryError> {
        let id = id.to_owned();
        let row = self.store.read(move |conn| svod_store::definition::find(conn, kind, &id)).await?;
        Ok(row.map(read).transpose()?)
    }

    /// All documents of a kind in a space, by identifier.
    ///
    /// # Errors
    /// As [`Registry::definition`].
    pub async fn definitions(
        &self,
        actor: &Actor,
        kind: &'static str,
        space: &SpacePath,
    ) -> Result<Vec<Definition>, QueryError> {
        let home = self.readable(actor, kind, space)?;
        let rows = self.store.read(move |conn| svod_store::definition::list(conn, home, kind)).await?;
        Ok(rows.into_iter().map(read).collect::<Result<_, _>>()?)
    }

    /// One document, for the platform itself.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn definition_of(
        &self,
        kind: &'static str,
        space: &SpacePath,
        id: &str,
    ) -> Result<Option<Definition>, QueryError> {
        let Some(home) = self.spaces().get(space).map(|s| s.id) else { return Ok(None) };
        let id = id.to_owned();
        let row = self.store.read(move |conn| svod_store::definition::get(conn, home, kind, &id)).await?;
        Ok(row.map(read).transpose()?)
    }

    /// All documents of a kind with their spaces, for the platform itself.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn definitions_everywhere(&self, kind: &'static str) -> Result<Vec<(SpacePath, Definition)>, QueryError> {
        let rows = self.store.read(move |conn| svod_store::definition::everywhere(conn, kind)).await?;
        let tree = self.spaces();
        let mut all = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(path) = tree.path(row.space).cloned() else { continue };
            all.push((path, read(row)?));
        }
        Ok(all)
    }

    /// Keeps what the platform itself notes about documents of a kind; not journalled.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn note(&self, kind: &'static str, notes: Vec<(SpacePath, String, Value)>) -> Result<(), StoreError> {
        let (tree, now) = (self.spaces(), self.clock.now());
        self.store
            .write(move |conn| {
                for (space, id, doc) in &notes {
                    let Some(home) = tree.get(space) else { continue };
                    if doc.is_null() {
                        svod_store::definition::delete(conn, home.id, kind, id)?;
                    } else {
                        svod_store::definition::put(conn, home.id, kind, id, &doc.to_string(), now)?;
                    }
                }
                Ok(())
            })
            .await
    }

    fn place(&self, actor: &Actor, action: Action, kind: &str, space: &SpacePath) -> Result<i64, CommandError> {
        let known = self.spaces().get(space).map(|s| s.id).ok_or_else(|| CommandError::UnknownSpace(space.clone()))?;
        if self.may(actor, action, &self.resource(kind, space)) {
            return Ok(known);
        }
        Err(forbidden(actor, action, kind, space))
    }

    fn readable(&self, actor: &Actor, kind: &str, space: &SpacePath) -> Result<i64, QueryError> {
        let known = self.spaces().get(space).map(|s| s.id).ok_or_else(|| QueryError::UnknownSpace(space.clone()))?;
        let may = self.may(actor, Action::Read, &self.resource(kind, space));
        if may { Ok(known) } else { Err(QueryError::Forbidden("reading definitions here")) }
    }
}

fn event(actor: &Actor, kind: &str, id: &str, now: Timestamp) -> NewEvent {
    NewEvent {
        at: now,
        actor: actor.id.clone(),
        actor_name: actor.name.clone(),
        action: String::new(),
        urn: format!("urn:svod:definition:{kind}:{id}"),
        kind: kind.to_owned(),
        version: 0,
        ground: String::new(),
        cause: None,
        changes: "{}".into(),
        on_behalf: None,
    }
}
