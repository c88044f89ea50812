//! May they, and does it fit the metamodel?

use std::collections::BTreeMap;

use svod_kernel::{Actor, FieldError, Role, SpacePath, Urn};
use svod_model::{Attribute, Entity, SecrecyClass};
use svod_policy::Action;

use crate::command::{Change, CommandError, Operation, forbidden};
use crate::view::{View, class_of, is_party};

/// Policy is asked about the entity as it is and as it is given. What is not there is not there, whatever was given: a refusal
/// would tell it from what is hidden.
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
    let makes = matches!(change.operation, Operation::Create(_) | Operation::Upsert(_));
    if let Some(current) = current {
        if makes && !view.may(actor, Action::Read, &view.resource_of(current)) {
            return Err(hidden(view, actor, change));
        }
        may(view, actor, action, current)?;
    }
    match given.map(|given| may_make(view, actor, action, given)) {
        Some(Err(_)) if current.is_none() && !makes => Err(CommandError::NotFound(change.urn().clone())),
        Some(outcome) => outcome,
        None => Ok(()),
    }
}

/// What a change meets that the actor may not know of. Who gives something new may learn that the identifier is taken, once they might
/// have made what they gave; nobody learns what has it.
pub(crate) fn hidden(view: &View, actor: &Actor, change: &Change) -> CommandError {
    match &change.operation {
        Operation::Create(given) | Operation::Upsert(given) => {
            let refused = may_make(view, actor, change.policy_action(), given).err();
            refused.unwrap_or_else(|| CommandError::Exists(given.id.clone()))
        }
        _ => CommandError::NotFound(change.urn().clone()),
    }
}

/// What is made where something was removed is judged as if it took its place: nobody takes away what they may not see by removing
/// the whole and making it anew.
pub(crate) fn over(view: &View, actor: &Actor, beneath: &Entity) -> Result<(), CommandError> {
    let resource = view.resource_of(beneath);
    let mut sees = view.sees(actor, &beneath.kind, &resource);
    if view.may(actor, Action::Read, &resource) && beneath.attributes.keys().all(|name| sees(name)) {
        return Ok(());
    }
    Err(CommandError::Exists(beneath.id.clone()))
}

/// Something that is there. Who may not read that very entity is told that there is none.
pub(crate) fn may(view: &View, actor: &Actor, action: Action, entity: &Entity) -> Result<(), CommandError> {
    let resource = view.resource_of(entity);
    // Also when a policy lets them change it: nobody changes what they may not know of.
    if !view.may(actor, Action::Read, &resource) {
        return Err(CommandError::NotFound(entity.id.clone()));
    }
    if view.may(actor, action, &resource) {
        return Ok(());
    }
    Err(forbidden(actor, action, &entity.kind, &entity.space))
}

/// Something as the actor has given it: they know it, so that a refusal tells nothing.
pub(crate) fn may_make(view: &View, actor: &Actor, action: Action, entity: &Entity) -> Result<(), CommandError> {
    if view.may(actor, action, &view.resource_of(entity)) {
        return Ok(());
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

/// What somebody may not read they do not write: they would learn what it is, or take away what they do not know of. Judged by
/// what was given, whether or not it is another value.
pub(crate) fn seen<'n>(
    view: &View,
    actor: &Actor,
    change: &Change,
    old: &Entity,
    (set, unset): (impl IntoIterator<Item = &'n String>, &'n [String]),
) -> Result<(), CommandError> {
    if !change.is_free() || view.is_open(&old.space) {
        return Ok(());
    }
    let resource = view.resource_of(old);
    // What nobody has declared is refused as unknown.
    let set = set.into_iter().filter(|name| view.catalogue.metamodel.attribute(&old.kind, name).is_some());
    let mut sees = view.sees(actor, &old.kind, &resource);
    let errors: Vec<FieldError> =
        set.chain(unset).filter(|name| !sees(name)).map(|name| unwritable(name, UNSEEN)).collect();
    if errors.is_empty() {
        return Ok(());
    }
    tracing::info!(actor = actor.id, kind = old.kind, space = old.space.as_str(), "writing what is hidden refused");
    Err(invalid(&old.id, errors))
}

/// Policy is asked once for each class of the attributes that become others.
pub(crate) fn classes(
    view: &View,
    actor: &Actor,
    change: &Change,
    old: Option<&Entity>,
    new: &Entity,
) -> Result<(), CommandError> {
    if !change.is_free() || view.is_open(&new.space) {
        return Ok(());
    }
    let resource = view.resource_of(new);
    let mut asked: BTreeMap<SecrecyClass, bool> = BTreeMap::new();
    let mut errors = Vec::new();
    for name in changed(old, new) {
        let class = class_of(&view.catalogue, &new.kind, name);
        let (action, rule) = setting(class);
        if !*asked.entry(class).or_insert_with(|| view.may(actor, action, &resource)) {
            errors.push(unwritable(name, rule));
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    let refused: Vec<&str> =
        asked.iter().filter(|(_, may)| !**may).map(|(class, _)| setting(*class).0.as_str()).collect();
    let (kind, space) = (new.kind.as_str(), new.space.as_str());
    tracing::info!(actor = actor.id, action = refused.join(" "), kind, space, "refused by policy");
    // They have not given them: which there are would tell what they may not see.
    if matches!(change.operation, Operation::Restore { .. }) {
        return Err(forbidden(actor, Action::Create, kind, &new.space));
    }
    Err(invalid(&new.id, errors))
}

/// Names of attributes that are not as they were.
fn changed<'e>(old: Option<&'e Entity>, new: &'e Entity) -> impl Iterator<Item = &'e String> {
    let was = move |name: &String| old.and_then(|e| e.attributes.get(name));
    let set = new.attributes.iter().filter(move |(name, is)| was(name).is_none_or(|was| !was.same(is)));
    let gone = old.into_iter().flat_map(|e| e.attributes.keys()).filter(|name| !new.attributes.contains_key(*name));
    set.map(|(name, _)| name).chain(gone)
}

const UNSEEN: &str = "unseen: what you may not read you may not write";

/// What policy is asked, and the rule that is broken when it says no.
const fn setting(class: SecrecyClass) -> (Action, &'static str) {
    match class {
        SecrecyClass::Open => (Action::Set, "set: you may not write open attributes here"),
        SecrecyClass::Internal => (Action::SetInternal, "setInternal: you may not write internal attributes here"),
        SecrecyClass::Personal => (Action::SetPersonal, "setPersonal: you may not write personal attributes here"),
        SecrecyClass::Special => (Action::SetSpecial, "setSpecial: you may not write special attributes here"),
        SecrecyClass::Secret => (Action::SetSecret, "setSecret: you may not write secret attributes here"),
    }
}

fn unwritable(name: &str, rule: &str) -> FieldError {
    let fix = "leave it out, or let somebody write it who may";
    FieldError { field: name.to_owned(), rule: rule.to_owned(), fix: fix.to_owned() }
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
    post_stays(view, actor, old, new)?;
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

/// A post keeps what gives powers to whoever holds it: who holds one would change their own.
fn post_stays(view: &View, actor: &Actor, old: &Entity, new: &Entity) -> Result<(), CommandError> {
    if old.kind != "Post" || actor.is(Role::Platform) || view.is_open(&new.space) {
        return Ok(());
    }
    let differs = |name: &&str| match (old.attributes.get(*name), new.attributes.get(*name)) {
        (None, None) => false,
        (Some(was), Some(is)) => !was.same(is),
        _ => true,
    };
    let Some(name) = ["role", "body"].into_iter().find(differs) else { return Ok(()) };
    let one = FieldError {
        field: name.into(),
        rule: "post-stays: a post keeps its role and its body".into(),
        fix: "make another post and appoint to it".into(),
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
