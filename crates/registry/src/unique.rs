//! Unique keys of the metamodel: no two entities of a class in one tree share them.

use std::sync::Arc;

use svod_kernel::{Actor, FieldError};
use svod_model::{AttributeValue, Entity, UniqueKey};
use svod_query::keys;
use svod_store::Conn;

use crate::command::CommandError;
use crate::desk::Desk;
use crate::execute::entity_of;
use crate::guess::Tries;
use crate::index;
use crate::view::{View, is_party};

/// Refuses an entity whose unique keys another one has, be it stored or about to be. Who may not see that of the other one is not
/// told which it is, and does not learn it often.
pub(crate) fn check(
    conn: &mut dyn Conn,
    desk: &Desk<'_>,
    (view, actor, tries): (&View, &Actor, &Tries),
    new: &Entity,
) -> Result<(), CommandError> {
    let Some(kind) = view.catalogue.metamodel.types.get(&new.kind) else { return Ok(()) };
    if kind.unique.is_empty() || view.is_open(&new.space) {
        return Ok(());
    }
    let before = desk.slot(&new.id).and_then(|s| s.now.as_deref());
    for key in &kind.unique {
        let Some(values) = key.values(new) else { continue };
        if before.filter(|b| b.kind == new.kind).and_then(|b| key.values(b)).is_some_and(|was| was == values) {
            continue;
        }
        // Before it is looked up: whether it is taken is what they want to know.
        if let Some(seconds) = tries.wait(actor, view.present) {
            return Err(CommandError::TooManyTries(seconds));
        }
        let Some(other) = taken_by(conn, desk, view, new, (key, &values))? else { continue };
        let seen = view.redact(actor, Arc::new(other));
        let shown = seen.is_some_and(|e| key.slots.iter().all(|slot| e.attributes.contains_key(slot)));
        if !shown {
            tries.hit(actor, &new.space);
        }
        let (rule, fix) = if shown {
            let rule = format!("unique key {}: another {} has the same", key.name, key.class);
            (rule, "find and change that one, or give another value")
        } else {
            ("unique: it cannot be given".to_owned(), "check the value; if it is right, ask who keeps the register")
        };
        let one = FieldError { field: key.slots.join(", "), rule, fix: fix.into() };
        return Err(CommandError::Invalid { urn: new.id.clone(), errors: vec![one] });
    }
    Ok(())
}

/// Who somebody is, their identifier alone says, in mandates and in what is theirs: no two of them in all trees have the same.
pub(crate) fn party(conn: &mut dyn Conn, view: &View, made: bool, new: &Entity) -> Result<(), CommandError> {
    if !made || !is_party(&new.kind) || view.is_open(&new.space) {
        return Ok(());
    }
    let here = view.spaces.get(&new.space).map(|s| s.id);
    let same = svod_store::entity::get_many(conn, &[new.id.to_string()], &[])?;
    if same.iter().any(|row| Some(row.space) != here) {
        return Err(CommandError::Exists(new.id.clone()));
    }
    Ok(())
}

/// The other entity that has them.
fn taken_by(
    conn: &mut dyn Conn,
    desk: &Desk<'_>,
    view: &View,
    new: &Entity,
    (key, values): (&UniqueKey, &[&AttributeValue]),
) -> Result<Option<Entity>, CommandError> {
    let info = view.spaces.get(&new.space).ok_or_else(|| CommandError::UnknownSpace(new.space.clone()))?;
    let tree = view.spaces.tree(view.spaces.top(info.id));
    let mine = |e: &Entity| view.spaces.get(&e.space).is_some_and(|s| tree.contains(&s.id));
    let same = |e: &Entity| {
        let types = &view.catalogue.metamodel.types;
        e.id != new.id
            && types.get(&e.kind).is_some_and(|t| t.unique.contains(key))
            && key.values(e).is_some_and(|of| of == values)
    };
    if let Some(other) = desk.present().find(|e| mine(e) && same(e)) {
        return Ok(Some(other.clone()));
    }
    let Some((slot, attribute)) = key.slots.first().and_then(|s| Some((s, new.attributes.get(s)?))) else {
        return Ok(None);
    };
    for bytes in keys::of_attribute(attribute) {
        for row in svod_store::entity::having(conn, &tree, index::number(slot), &bytes)? {
            let entity = entity_of(&row)?;
            // What lies on the desk was looked at as it is by now.
            if desk.slot(&entity.id).is_none() && same(&entity) {
                return Ok(Some(entity));
            }
        }
    }
    Ok(None)
}
