//! May they, and does it fit the metamodel?

use std::collections::BTreeMap;

use svod_kernel::{Actor, FieldError, Role, SpacePath, Urn};
use svod_model::{Attribute, Entity};
use svod_policy::Action;

use crate::command::{Change, CommandError, Operation, forbidden};
use crate::view::{View, is_party};

/// Policy is asked about the entity as it is and as it is given.
pub(crate) fn authorised(
    view: &View,
    actor: &Actor,
    change: &Change,
    current: Option<&Entity>,
) -> Result<(), CommandError> {
    let action = change.policy_action();
    let given = match &change.operation {
        Operation::Create(e) | Operation::Upsert(e) | Operation::Replace { entity: e, .. } => Some(e),
        _ => None,
    };
    current.into_iter().chain(given).try_for_each(|entity| may(view, actor, action, change, entity))
}

/// Who may not even read the entity is told that there is none.
pub(crate) fn may(
    view: &View,
    actor: &Actor,
    action: Action,
    change: &Change,
    entity: &Entity,
) -> Result<(), CommandError> {
    let resource = view.resource_of(entity);
    if view.may(actor, action, &resource) {
        return Ok(());
    }
    let readable = view.may(actor, Action::Read, &view.resource(&entity.kind, &entity.space));
    if !readable && !matches!(change.operation, Operation::Create(_) | Operation::Upsert(_)) {
        return Err(CommandError::NotFound(entity.id.clone()));
    }
    Err(forbidden(actor, action, &entity.kind, &entity.space))
}

fn invalid(urn: &Urn, errors: Vec<FieldError>) -> CommandError {
    CommandError::Invalid { urn: urn.clone(), errors }
}

/// A new entity.
pub(crate) fn new(view: &View, mut entity: Entity) -> Result<Entity, CommandError> {
    if view.spaces.get(&entity.space).is_none() {
        return Err(CommandError::UnknownSpace(entity.space));
    }
    whole(view, &mut entity)?;
    Ok(entity)
}

/// Everything about an entity.
pub(crate) fn whole(view: &View, entity: &mut Entity) -> Result<(), CommandError> {
    let checked = if view.is_open(&entity.space) {
        svod_model::validate_open(entity)
    } else {
        view.catalogue.metamodel.validate(entity)
    };
    checked.map_err(|errors| invalid(&entity.id, errors))
}

/// Attributes that are set and removed; what is there already need not be said again.
pub(crate) fn patch(
    view: &View,
    current: &Entity,
    set: &mut BTreeMap<String, Attribute>,
    unset: &[String],
) -> Result<(), CommandError> {
    if view.is_open(&current.space) {
        return Ok(());
    }
    let (model, urn) = (&view.catalogue.metamodel, &current.id);
    model.validate_patch(&current.kind, set).map_err(|errors| invalid(urn, errors))?;
    model.validate_removal(&current.kind, unset.iter().map(String::as_str)).map_err(|errors| invalid(urn, errors))
}

/// Whose an entity is, and which body it belongs to, decides who sees it: it is said once, for as long as the entity stands.
pub(crate) fn whose(view: &View, entity: &Entity) -> Result<(), CommandError> {
    if view.is_open(&entity.space) {
        return Ok(());
    }
    let wavers = |name: &str| {
        entity.attributes.get(name).filter(|a| a.instances().any(|i| !i.value.targets().is_empty())).is_some_and(|a| {
            let single = a.value.targets().len() == 1 && a.others.is_empty();
            !single || a.dataset.is_some() || a.expires_at.is_some()
        })
    };
    let Some(name) = ["person", "body"].into_iter().find(|name| wavers(name)) else { return Ok(()) };
    let one = FieldError {
        field: name.into(),
        rule: "it says whose the entity is".into(),
        fix: "name one entity, without datasetId and expiresAt".into(),
    };
    Err(invalid(&entity.id, vec![one]))
}

/// An entity stays the person's whose it is.
pub(crate) fn stays_theirs(view: &View, actor: &Actor, old: &Entity, new: &Entity) -> Result<(), CommandError> {
    let numbered = |e: &Entity| e.value("nationalId").cloned();
    if is_party(&old.kind) && numbered(old) != numbered(new) && !actor.is(Role::Platform) && !view.is_open(&new.space) {
        let one = FieldError {
            field: "nationalId".into(),
            rule: "the number says who a person is: it is given when they are entered, and stays".into(),
            fix: "enter the person anew with the right number".into(),
        };
        return Err(invalid(&new.id, vec![one]));
    }
    let was = old.object("person");
    if was.is_none() || was == new.object("person") || actor.is(Role::Platform) || view.is_open(&new.space) {
        return Ok(());
    }
    let one = FieldError {
        field: "person".into(),
        rule: "an entity stays with the person whose it is".into(),
        fix: "make a new one for the other person".into(),
    };
    Err(invalid(&new.id, vec![one]))
}

/// An entity keeps its space, and in strict spaces its type.
pub(crate) fn stays(urn: &Urn, current: &Entity, space: &SpacePath, kind: Option<&String>) -> Result<(), CommandError> {
    if current.space == *space && kind.is_none_or(|k| *k == current.kind) {
        return Ok(());
    }
    Err(invalid(
        urn,
        vec![FieldError {
            field: "space".into(),
            rule: "an entity keeps its space and type".into(),
            fix: format!("it is a {} in {}; delete it first", current.kind, current.space),
        }],
    ))
}
