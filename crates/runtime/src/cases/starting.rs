//! Processes that a message starts: nobody waits for it, and a process in force begins with it.

use serde_json::{Map, Value};
use svod_kernel::{Actor, SpacePath, Urn};
use svod_process::{Event, Trigger};
use svod_registry::{INSTALLATION, ProcessStart};

use super::deed::Deed;
use super::{Along, CaseError, Cases, Key, NewCase};
use crate::applications::{About, case_of};

impl Cases {
    /// What begins with a message of that name; `space` is where it came from. Without a process that begins with it, none.
    ///
    /// # Errors
    /// See [`CaseError`].
    pub async fn starting(&self, name: &str, space: Option<&SpacePath>) -> Result<Option<NewCase>, CaseError> {
        let catalogue = self.registry.catalogue();
        let with =
            |start: &&std::sync::Arc<ProcessStart>| matches!(&start.trigger, Trigger::Message(m) if m.name == name);
        let here = |start: &&std::sync::Arc<ProcessStart>| match (&start.top, space) {
            (Some(top), Some(space)) => top.covers(space),
            _ => true,
        };
        match catalogue.starts.processes.iter().filter(with).find(here) {
            Some(start) => self.new_by(start, space).await.map(Some),
            None => Ok(None),
        }
    }

    /// Begins what a message starts for which nobody waits; whether anything does.
    ///
    /// # Errors
    /// See [`CaseError`].
    pub async fn begun_by(&self, actor: &Actor, name: &str, payload: Map<String, Value>) -> Result<bool, CaseError> {
        let Some(new) = self.starting(name, None).await? else { return Ok(false) };
        let new = NewCase { variables: payload, ..new };
        self.begin(actor, new, Along { ground: Some(format!("message:{name}")), ..Along::default() }).await?;
        Ok(true)
    }

    /// What begins with that start event: a case, when it is the process of a service.
    pub(crate) async fn new_by(&self, start: &ProcessStart, space: Option<&SpacePath>) -> Result<NewCase, CaseError> {
        let space = match (&start.top, space) {
            (Some(top), Some(space)) if top.covers(space) => space.clone(),
            (Some(top), _) => top.clone(),
            (None, Some(space)) => space.clone(),
            (None, None) => installation()?,
        };
        let id = Urn::mint("case", self.registry.clock().now(), self.registry.rng().as_ref());
        let case = match &start.service {
            None => None,
            Some(spec) => {
                let about = About { id, person: None, space: &space, channel: None, event: None };
                Some(case_of(&self.registry, spec, about).await?)
            }
        };
        let (process, element) = (start.process.clone(), Some(start.element.clone()));
        Ok(NewCase { process, element, variables: Map::new(), space, case })
    }
}

fn installation() -> Result<SpacePath, CaseError> {
    INSTALLATION.parse().map_err(|_| CaseError::Unknown(INSTALLATION.to_owned()))
}

impl Deed<'_> {
    /// A message that an instance sends begins a process, within the same command; whether there is one.
    pub(super) async fn begins(
        &mut self,
        sender: Key,
        name: &str,
        payload: &Map<String, Value>,
    ) -> Result<bool, CaseError> {
        let space = self.take(sender).await?.space.clone();
        let Some(new) = self.cases.starting(name, Some(&space)).await? else { return Ok(false) };
        let (begun, _) = self.open(&new, None).await?;
        self.queue(begun, Event::Start { element: new.element, variables: payload.clone() });
        Ok(true)
    }
}
