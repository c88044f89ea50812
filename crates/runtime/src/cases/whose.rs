//! Whose a case is by now. Its applicant may have become one with another person: the case goes on with that one. Or they are not
//! there any more: it goes on without them and without their name, for as long as its process needs to bring it to an end. Neither
//! keeps an official from their work.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use svod_kernel::Urn;
use svod_model::{Attribute, Entity};
use svod_registry::{Action, Change, Operation, QueryError, Registry};

use super::deed::{Deed, Held};
use super::operations::plain;
use super::{CaseError, Key};

/// The variable that tells a process who applies.
const APPLICANT: &str = "applicant";
/// What is kept of an applicant who is not there any more: by what a process asks for them.
const KEPT: [&str; 3] = ["urn", "type", "space"];

/// A person who is named somewhere, as they are now.
pub(crate) enum Whose {
    /// They are who they were.
    Theirs,
    /// They have become one with this one.
    Became(Box<Entity>),
    /// Nobody is there.
    Gone,
}

/// Who somebody is by now.
///
/// # Errors
/// When the store fails.
pub(crate) async fn whose(registry: &Registry, person: &Urn) -> Result<Whose, QueryError> {
    match registry.entity(&svod_kernel::Actor::platform("process"), person).await {
        Ok(found) if found.id == *person => Ok(Whose::Theirs),
        Ok(found) => Ok(Whose::Became(Box::new(found))),
        Err(QueryError::NotFound(_)) => Ok(Whose::Gone),
        Err(e) => Err(e),
    }
}

impl Deed<'_> {
    /// Before anything happens to an instance its process is told who its applicant is by now.
    pub(super) async fn told_whose(&mut self, key: Key) -> Result<(), CaseError> {
        let registry = self.cases.registry.clone();
        let held = self.take(key).await?;
        if std::mem::replace(&mut held.told_whose, true) {
            return Ok(());
        }
        let Some(person) = held.row.person.as_ref().and_then(|p| p.parse::<Urn>().ok()) else { return Ok(()) };
        match whose(&registry, &person).await? {
            Whose::Theirs => {}
            Whose::Became(now) => {
                held.row.person = Some(now.id.to_string());
                applicant(held, &person, |_| plain(&now));
            }
            // An expression that names what is not there fails; what is null does not.
            Whose::Gone => applicant(held, &person, |was| {
                let kept = |(name, value): (String, Value)| {
                    let kept = if KEPT.contains(&name.as_str()) { value } else { Value::Null };
                    (name, kept)
                };
                Value::Object(was.into_iter().map(kept).collect())
            }),
        }
        Ok(())
    }

    /// A case as it was read, with who its applicant is by now; what they have become is written down.
    pub(super) async fn with_whose(&mut self, mut case: Entity) -> Result<Arc<Entity>, CaseError> {
        let Some(person) = case.object("person").cloned() else { return Ok(Arc::new(case)) };
        match whose(&self.cases.registry, &person).await? {
            Whose::Theirs => {}
            Whose::Gone => drop(case.attributes.remove("person")),
            Whose::Became(now) => {
                let set: BTreeMap<String, Attribute> = [("person".to_owned(), Attribute::object(now.id))].into();
                case.attributes.extend(set.clone());
                let patch = Operation::Patch { urn: case.id.clone(), expected: None, set, unset: Vec::new() };
                self.changes.push(Change::verb(patch, Action::Update, "update").by(&self.cases.process));
            }
        }
        Ok(Arc::new(case))
    }

    /// Somebody has asked for the case of this instance and is not there any more.
    pub(super) async fn lost(&mut self, key: Key, case: &Entity) -> Result<bool, CaseError> {
        Ok(case.object("person").is_none() && self.take(key).await?.row.person.is_some())
    }
}

/// What the process knows of its applicant becomes another.
fn applicant(held: &mut Held, person: &Urn, now: impl Fn(Map<String, Value>) -> Value) {
    for scope in held.state.scopes.values_mut() {
        let Some(Value::Object(was)) = scope.variables.get_mut(APPLICANT) else { continue };
        if was.get("urn").and_then(Value::as_str) == Some(person.as_str()) {
            let now = now(std::mem::take(was));
            scope.variables.insert(APPLICANT.to_owned(), now);
        }
    }
}
