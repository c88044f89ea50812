//! What something points to is there.

use std::collections::BTreeSet;
use std::sync::Arc;

use svod_kernel::{Actor, FieldError, Role, Urn};
use svod_model::{Attribute, Entity};
use svod_store::Conn;

use crate::command::{Change, Command, CommandError, Operation};
use crate::desk::Desk;
use crate::execute::entity_of;
use crate::guess::Tries;
use crate::view::{View, is_party};

/// Relationships of strict spaces must point to something, made by the same command perhaps. What was pointed to before is not asked
/// for again. Of something else that they may not see nobody learns whether it is there: it is as if it were not, and either is counted
/// as a guess. Whom something concerns is named by their identifier, which nobody guesses.
pub(crate) fn check(
    conn: &mut dyn Conn,
    desk: &Desk<'_>,
    (view, actor, tries): (&View, &Actor, &Tries),
    (command, change): (&Command, &Change),
    new: &Entity,
) -> Result<(), CommandError> {
    if view.is_open(&new.space) {
        return Ok(());
    }
    let set = match &change.operation {
        Operation::Create(e) | Operation::Upsert(e) => &e.attributes,
        Operation::Patch { set, .. } => set,
        _ => &new.attributes,
    };
    let of = |a: &Attribute| a.instances().flat_map(|i| i.value.targets().to_vec()).collect::<Vec<Urn>>();
    let before = desk.slot(&new.id).and_then(|s| s.now.as_deref());
    let old: BTreeSet<Urn> = before.into_iter().flat_map(|e| e.attributes.values().flat_map(of)).collect();
    let given = |t: &Urn| old.contains(t) || command.changes.iter().any(|c| c.urn() == t);
    let targets: Vec<(&String, Urn)> =
        set.iter().flat_map(|(name, a)| of(a).into_iter().map(move |t| (name, t))).filter(|(_, t)| !given(t)).collect();
    if targets.is_empty() {
        return Ok(());
    }
    let free = actor.is(Role::Platform);
    // Before it is looked up: whether it is there is what they want to know.
    if let Some(seconds) = tries.wait(actor, view.present).filter(|_| !free) {
        return Err(CommandError::TooManyTries(seconds));
    }
    let found = there(conn, desk, (view, actor), change, targets.iter().map(|(_, t)| t))?;
    let Some((field, target)) = targets.into_iter().find(|(_, t)| !found.contains(t)) else { return Ok(()) };
    if !free {
        tries.hit(actor, &new.space);
    }
    let one = FieldError {
        field: field.clone(),
        rule: format!("reference: there is no entity {target}"),
        fix: "create the entity first, or in the same command".into(),
    };
    Err(CommandError::Invalid { urn: new.id.clone(), errors: vec![one] })
}

/// Those of them that are there for this actor. An action with a name of its own knows what it points to.
fn there<'t>(
    conn: &mut dyn Conn,
    desk: &Desk<'_>,
    (view, actor): (&View, &Actor),
    change: &Change,
    targets: impl Iterator<Item = &'t Urn>,
) -> Result<BTreeSet<Urn>, CommandError> {
    let shown = |e: Arc<Entity>| !change.is_free() || is_party(&e.kind) || view.redact(actor, e).is_some();
    let (mut found, mut asked) = (BTreeSet::new(), Vec::new());
    for target in targets {
        match desk.slot(target).and_then(|s| s.now.clone()) {
            Some(now) if shown(now.clone()) => drop(found.insert(target.clone())),
            _ => asked.push(target.to_string()),
        }
    }
    for row in svod_store::entity::get_many(conn, &asked, &[])? {
        let entity = Arc::new(entity_of(&row)?);
        if shown(entity.clone()) {
            found.insert(entity.id.clone());
        }
    }
    Ok(found)
}
