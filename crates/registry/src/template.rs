//! What a pilot has, for all others (E8): entities of a space are made anew in other spaces, and made anew again when the
//! pilot has changed, unless somebody has changed the copy since.

use std::collections::HashMap;

use svod_kernel::{Actor, SpacePath, Urn};
use svod_model::{Attribute, AttributeValue, Entity};
use svod_query::{Query, Types};
use svod_store::journal;

use crate::execute::same;
use crate::{Change, Command, CommandError, Find, Operation, QueryError, Registry};

/// Entities of a template at the most: each copy is one command.
const MOST: usize = 5_000;
/// Entities of the pilot read at once.
const PAGE: usize = 1_000;

/// What is copied from where.
#[derive(Debug, Clone)]
pub struct Template {
    /// The pilot's space; what lies under it is copied as well.
    pub from: SpacePath,
    /// Types of entities; none: all.
    pub types: Vec<String>,
    /// Only say what would be done.
    pub dry: bool,
}

/// What became of a copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copied {
    /// New entities.
    pub made: usize,
    /// Copies made anew.
    pub renewed: usize,
    /// Copies that are as the pilot is.
    pub same: usize,
    /// Copies that somebody has changed since, left as they are.
    pub kept: Vec<Urn>,
    /// Entities that were not copied, and why.
    pub refused: Vec<(Urn, String)>,
}

/// Why a template was not applied.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The pilot's space or the other could not be asked.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The command was refused as a whole.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The pilot has more than one template takes.
    #[error("more than {MOST} entities; name fewer types")]
    TooMany,
    /// A space is no copy of itself, nor of what lies above or under it.
    #[error("'{0}' and the pilot lie inside of one another")]
    Overlap(SpacePath),
}

impl Registry {
    /// Entities of the pilot that a template takes, as the actor may see them.
    async fn of_template(&self, actor: &Actor, template: &Template) -> Result<Vec<Entity>, TemplateError> {
        let mut all: Vec<Entity> = Vec::new();
        let types: Vec<Types> = match template.types.as_slice() {
            [] => vec![Types::Any],
            some => some.iter().cloned().map(Types::Is).collect(),
        };
        for kind in types {
            let mut offset = 0;
            loop {
                let query = Query { types: kind.clone(), ..Query::default() };
                let (space, order) = (template.from.clone(), Vec::new());
                let find = Find { space, below: true, query, order, offset, limit: PAGE, count: false };
                let found = self.find(actor, &find).await?;
                offset += found.entities.len();
                all.extend(found.entities.iter().map(|e| Entity::clone(e)));
                if all.len() > MOST {
                    return Err(TemplateError::TooMany);
                }
                if !found.more {
                    break;
                }
            }
        }
        Ok(all)
    }

    /// Copies a template into a space. Relationships between copied entities lead to the copies. Every entity stands for
    /// itself: what is refused leaves the others alone.
    ///
    /// # Errors
    /// See [`TemplateError`].
    pub async fn copy_template(
        &self,
        actor: &Actor,
        template: &Template,
        to: &SpacePath,
    ) -> Result<Copied, TemplateError> {
        if template.from.covers(to) || to.covers(&template.from) {
            return Err(TemplateError::Overlap(to.clone()));
        }
        if self.spaces().get(to).is_none() {
            return Err(QueryError::UnknownSpace(to.clone()).into());
        }
        let pilots = self.of_template(actor, template).await?;
        let names: HashMap<Urn, Urn> =
            pilots.iter().filter_map(|e| Some((e.id.clone(), renamed(&e.id, &template.from, to)?))).collect();
        let wanted: Vec<Entity> = pilots.iter().filter_map(|e| copy(e, &names, &template.from, to)).collect();
        // The same identifier may stand in another tree: that is another entity.
        let known = self.entities(actor, names.values().cloned().collect()).await?;
        let there: HashMap<Urn, _> =
            known.into_iter().filter(|e| to.covers(&e.space)).map(|e| (e.id.clone(), e)).collect();
        let ground = format!("template {}", template.from);
        let (mut copied, mut changes) = (Copied::default(), Vec::new());
        for entity in wanted {
            match there.get(&entity.id) {
                None => {
                    copied.made += 1;
                    changes.push(Change::from(Operation::Create(entity)));
                }
                Some(now) if same(now, &entity) => copied.same += 1,
                Some(now) if self.last_ground(now).await?.as_ref() == Some(&ground) => {
                    copied.renewed += 1;
                    let expected = Some(now.version);
                    changes.push(Operation::Replace { entity, expected }.into());
                }
                Some(_) => copied.kept.push(entity.id),
            }
        }
        if template.dry || changes.is_empty() {
            return Ok(copied);
        }
        let all: Vec<(Urn, bool)> =
            changes.iter().map(|c| (c.urn().clone(), matches!(c.operation, Operation::Create(_)))).collect();
        let command = Command { ground, changes, within: Some(to.clone()), each: true, ..Command::default() };
        for (place, error) in self.execute(actor, command).await?.refused {
            let (urn, new) = all[place].clone();
            *if new { &mut copied.made } else { &mut copied.renewed } -= 1;
            copied.refused.push((urn, error.to_string()));
        }
        Ok(copied)
    }

    /// On what ground the entity was changed last.
    async fn last_ground(&self, e: &Entity) -> Result<Option<String>, QueryError> {
        let Some(space) = self.spaces().get(&e.space).map(|s| s.id) else { return Ok(None) };
        let urn = e.id.to_string();
        let rows = self.store.read(move |conn| journal::backwards(conn, space, Some(&urn), i64::MAX, 1)).await?;
        Ok(rows.into_iter().next().map(|row| row.event.ground))
    }
}

/// The identifier of a copy, the same each time: the pilot's name in it becomes the other's; where it does not stand in it,
/// the other's is added.
fn renamed(urn: &Urn, from: &SpacePath, to: &SpacePath) -> Option<Urn> {
    let name = |path: &SpacePath| path.as_str().rsplit('/').next().unwrap_or_default().to_owned();
    let (old, new) = (name(from), name(to));
    let mut parts: Vec<&str> = urn.as_str().split(':').collect();
    match parts.iter().skip(2).position(|part| *part == old) {
        Some(place) => parts[place + 2] = &new,
        None => parts.push(&new),
    }
    parts.join(":").parse().ok()
}

fn copy(pilot: &Entity, names: &HashMap<Urn, Urn>, from: &SpacePath, to: &SpacePath) -> Option<Entity> {
    let rest = pilot.space.as_str().strip_prefix(from.as_str())?;
    let mut entity =
        Entity::new(names.get(&pilot.id)?.clone(), pilot.kind.clone(), format!("{to}{rest}").parse().ok()?);
    (entity.also, entity.scopes, entity.expires_at) = (pilot.also.clone(), pilot.scopes.clone(), pilot.expires_at);
    entity.attributes = pilot.attributes.iter().map(|(name, a)| (name.clone(), led(a, names))).collect();
    Some(entity)
}

/// The attribute with its relationships, and without the moments of the pilot's.
fn led(a: &Attribute, names: &HashMap<Urn, Urn>) -> Attribute {
    let to = |urn: &Urn| names.get(urn).unwrap_or(urn).clone();
    let value = match &a.value {
        AttributeValue::Object(urn) => AttributeValue::Object(to(urn)),
        AttributeValue::Objects(all) => AttributeValue::Objects(all.iter().map(to).collect()),
        AttributeValue::ObjectList(all) => AttributeValue::ObjectList(all.iter().map(to).collect()),
        other => other.clone(),
    };
    Attribute {
        value,
        created_at: None,
        modified_at: None,
        about: a.about.iter().map(|(name, a)| (name.clone(), led(a, names))).collect(),
        others: a.others.iter().map(|a| led(a, names)).collect(),
        ..a.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_called_after_their_space() {
        let (from, to) = ("r/pilot".parse().unwrap(), "r/other".parse().unwrap());
        let of = |urn: &str| renamed(&urn.parse().unwrap(), &from, &to).unwrap().to_string();
        assert_eq!(of("urn:svod:body:pilot:roads"), "urn:svod:body:other:roads");
        assert_eq!(of("urn:svod:body:roads"), "urn:svod:body:roads:other");
        assert_eq!(of("urn:pilot:a:pilot:pilot"), "urn:pilot:a:other:pilot", "the namespace stays");
    }
}
