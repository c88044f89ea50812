//! Processes that a message starts: nobody waits for it, and a process in force begins with it. Processes that a signal starts:
//! each in force when it was called, once.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use svod_kernel::{Actor, SpacePath, Urn};
use svod_process::{Event, Trigger};
use svod_registry::{INSTALLATION, ProcessStart};

use super::deed::Deed;
use super::{Along, CaseError, Cases, Key, NewCase};
use crate::applications::{About, case_of};

/// What a signal on its way keeps.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Told {
    /// What it says.
    pub payload: Map<String, Value>,
    /// Who was told last.
    #[serde(default)]
    pub after: Option<(i64, i64, String)>,
    /// Everybody was told who waited for it.
    #[serde(default)]
    pub heard: bool,
    /// What begins with it and has not begun yet.
    #[serde(default)]
    pub begins: Vec<Beginning>,
    /// From outside: in these spaces alone, and in no case of these people.
    #[serde(default)]
    pub within: Option<Within>,
    /// Told again, to that wait of the instance that keeps it and to nobody else: it could not be told before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
}

/// How far a signal from outside goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Within {
    /// Spaces that whoever called it administers.
    pub spaces: Vec<i64>,
    /// Whose cases are not told: who called it, and for whom they act.
    pub not_of: Vec<String>,
}

/// A process by its name without a version, and its start event: which version is in force is looked up when it begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Beginning {
    process: String,
    element: String,
}

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

    /// A signal that is called now, with what begins with it: as much of it as was in force then.
    pub(super) fn called(&self, name: &str, payload: Map<String, Value>, within: Option<Within>) -> Told {
        let catalogue = self.registry.catalogue();
        let with = |start: &&std::sync::Arc<ProcessStart>| matches!(&start.trigger, Trigger::Signal(s) if s == name);
        let here = |start: &&std::sync::Arc<ProcessStart>| match &within {
            None => true,
            Some(within) => {
                let top = start.top.clone().or_else(|| installation().ok());
                let info = top.and_then(|top| self.registry.spaces().get(&top).map(|s| s.id));
                info.is_some_and(|id| within.spaces.contains(&id))
            }
        };
        let begins = catalogue.starts.processes.iter().filter(with).filter(here);
        let begins = begins.map(|s| Beginning { process: s.name.clone(), element: s.element.clone() }).collect();
        Told { payload, after: None, heard: false, begins, within, only: None }
    }

    /// Begins what a signal begins, as it is in force, in the space that it came from where the pack is at home there; whether
    /// there still is such a process. `along` is written with it.
    pub(super) async fn begun_by_signal(
        &self,
        actor: &Actor,
        beginning: &Beginning,
        (from, payload): (Option<&SpacePath>, Map<String, Value>),
        along: Along,
    ) -> Result<bool, CaseError> {
        let catalogue = self.registry.catalogue();
        let same = |start: &&std::sync::Arc<ProcessStart>| {
            let signal = matches!(start.trigger, Trigger::Signal(_));
            signal && start.name == beginning.process && start.element == beginning.element
        };
        let Some(start) = catalogue.starts.processes.iter().find(same) else { return Ok(false) };
        let new = self.new_by(start, from).await?;
        self.begin(actor, NewCase { variables: payload, ..new }, along).await?;
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
