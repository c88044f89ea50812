//! Unique keys of the metamodel: no two entities of a class in one tree share them.

use svod_kernel::FieldError;
use svod_model::{AttributeValue, Entity, UniqueKey};
use svod_query::keys;
use svod_store::Conn;

use crate::command::CommandError;
use crate::desk::Desk;
use crate::execute::entity_of;
use crate::index;
use crate::view::{View, is_party};

/// Refuses an entity whose unique keys another one has, be it stored or about to be.
pub(crate) fn check(conn: &mut dyn Conn, desk: &Desk<'_>, view: &View, new: &Entity) -> Result<(), CommandError> {
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
        if is_taken(conn, desk, view, new, (key, &values))? {
            let one = FieldError {
                field: key.slots.join(", "),
                rule: format!("unique key {}: another {} has the same", key.name, key.class),
                fix: "find and change that one, or give another value".into(),
            };
            return Err(CommandError::Invalid { urn: new.id.clone(), errors: vec![one] });
        }
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

fn is_taken(
    conn: &mut dyn Conn,
    desk: &Desk<'_>,
    view: &View,
    new: &Entity,
    (key, values): (&UniqueKey, &[&AttributeValue]),
) -> Result<bool, CommandError> {
    let info = view.spaces.get(&new.space).ok_or_else(|| CommandError::UnknownSpace(new.space.clone()))?;
    let tree = view.spaces.tree(view.spaces.top(info.id));
    let mine = |e: &Entity| view.spaces.get(&e.space).is_some_and(|s| tree.contains(&s.id));
    let same = |e: &Entity| {
        let types = &view.catalogue.metamodel.types;
        e.id != new.id
            && types.get(&e.kind).is_some_and(|t| t.unique.contains(key))
            && key.values(e).is_some_and(|of| of == values)
    };
    if desk.present().any(|e| mine(e) && same(e)) {
        return Ok(true);
    }
    let Some((slot, attribute)) = key.slots.first().and_then(|s| Some((s, new.attributes.get(s)?))) else {
        return Ok(false);
    };
    for bytes in keys::of_attribute(attribute) {
        for row in svod_store::entity::having(conn, &tree, index::number(slot), &bytes)? {
            let entity = entity_of(&row)?;
            // What lies on the desk was looked at as it is by now.
            if desk.slot(&entity.id).is_none() && same(&entity) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
