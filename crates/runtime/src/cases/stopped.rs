//! What comes by itself and cannot be carried out however often it is tried: it rests, and the case is an incident that an
//! operator sees, although its process may be in no pack any more.

use serde_json::{Map, Value, json};
use svod_kernel::Actor;
use svod_process::{State, Stopped};
use svod_registry::{Command, QueryError};
use svod_store::StoreError;
use svod_store::instance::{self, InstanceRow, Status, Step, Wait, Waiting, Waits};

use super::repair::{RepairError, case_urn};
use super::starting::Told;
use super::{CaseError, Cases, Key, TRIES};

/// Code of these incidents.
pub(super) const CODE: &str = "refused";

/// What is done with what rests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Anew {
    /// It is tried again.
    Tried,
    /// It is given up.
    Over,
}

impl Cases {
    /// A wait rests until an operator has seen to it. What waits in vain, because the instance is gone or has ended, goes.
    pub(super) async fn rest(&self, actor: &Actor, waiting: &Waiting, message: &str) -> Result<(), CaseError> {
        let mut tries = 0;
        loop {
            match self.rest_once(actor, waiting, message).await {
                Err(e) if e.is_conflict() && tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }

    async fn rest_once(&self, actor: &Actor, waiting: &Waiting, message: &str) -> Result<(), CaseError> {
        let (wait, own) = (&waiting.wait, (waiting.space, waiting.instance));
        // A message stands still with whoever cannot take it.
        let receiver = match wait.kind {
            Waits::Sent => self.receiver_near(&wait.name, &wait.key, own.0).await?.map(|w| (w.space, w.instance)),
            _ => None,
        };
        let at = receiver.unwrap_or(own);
        let Some((row, mut state)) = self.bare(at).await?.filter(|(_, state)| !state.done) else {
            tracing::warn!(instance = format!("{}-{}", at.0, at.1), wait = wait.id, message, "given up");
            let waiting = waiting.clone();
            self.store.write(move |conn| instance::rewrite(conn, &waiting, None)).await?;
            return Ok(());
        };
        state.next += 1;
        let (number, of) = (state.next, receiver.filter(|r| *r != own).map(|_| own));
        let now = self.registry.clock().now();
        let (name, text) = (wait.name.clone(), message.to_owned());
        state.stopped.insert(number, Stopped { wait: wait.id.clone(), of, name, message: text, at: now });
        let told = json!([{"incident": number, "element": wait.name, "code": CODE, "message": message}]);
        let resting = (waiting.clone(), Some(Wait { due: None, ..wait.clone() }));
        self.rewritten(actor, (row, &state), (vec![resting], Vec::new()), &told).await?;
        tracing::warn!(instance = format!("{}-{}", at.0, at.1), wait = wait.id, message, "a case stands still");
        metrics::counter!("svod_case_incidents_total").increment(1);
        Ok(())
    }

    /// A signal that an instance does not take, because its process is in no pack any more, rests with it, to be told to it again;
    /// `moved`: how far the signal came is written with that.
    pub(super) async fn unheard(
        &self,
        actor: &Actor,
        listener: &Waiting,
        told: &Told,
        (message, moved): (&str, (Waiting, Option<Wait>)),
    ) -> Result<(), CaseError> {
        let mut tries = 0;
        loop {
            match self.unheard_once(actor, listener, told, (message, moved.clone())).await {
                Err(e) if e.is_conflict() && tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }

    async fn unheard_once(
        &self,
        actor: &Actor,
        listener: &Waiting,
        told: &Told,
        (message, moved): (&str, (Waiting, Option<Wait>)),
    ) -> Result<(), CaseError> {
        let at = (listener.space, listener.instance);
        let unknown = || CaseError::Unknown(format!("{}-{}", at.0, at.1));
        let (row, mut state) = self.bare(at).await?.filter(|(_, state)| !state.done).ok_or_else(unknown)?;
        state.next += 1;
        let (number, name, now) = (state.next, listener.wait.name.clone(), self.registry.clock().now());
        let only = Some(listener.wait.id.clone());
        let again =
            Told { payload: told.payload.clone(), after: None, heard: false, begins: Vec::new(), within: None, only };
        let body = serde_json::to_string(&again).map_err(|e| StoreError::Shape(e.to_string()))?;
        let (id, key) = (format!("g{number}"), String::new());
        let resting =
            Wait { id: id.clone(), kind: Waits::Broadcast, name: name.clone(), key, due: None, attempts: 0, body };
        let stopped = Stopped { wait: id, of: None, name: name.clone(), message: message.to_owned(), at: now };
        state.stopped.insert(number, stopped);
        let steps = json!([{"incident": number, "element": name, "code": CODE, "message": message}]);
        self.rewritten(actor, (row, &state), (vec![moved], vec![resting]), &steps).await?;
        tracing::warn!(instance = format!("{}-{}", at.0, at.1), signal = name, message, "a case stands still");
        metrics::counter!("svod_case_incidents_total").increment(1);
        Ok(())
    }

    /// An operator has it tried again, or gives it up; whether the incident is one of these.
    pub(super) async fn anew(
        &self,
        actor: &Actor,
        key: Key,
        (incident, anew): (u64, Anew),
        (told, variables): (&Value, &Map<String, Value>),
    ) -> Result<bool, RepairError> {
        let mut tries = 0;
        loop {
            match self.anew_once(actor, key, (incident, anew), (told, variables)).await {
                Err(RepairError::Case(e)) if e.is_conflict() && tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }

    async fn anew_once(
        &self,
        actor: &Actor,
        key: Key,
        (incident, anew): (u64, Anew),
        (told, variables): (&Value, &Map<String, Value>),
    ) -> Result<bool, RepairError> {
        let Some((row, mut state)) = self.bare(key).await? else { return Ok(false) };
        let Some(stopped) = state.stopped.remove(&incident) else { return Ok(false) };
        if !variables.is_empty() {
            return Err(RepairError::Variables("nothing is put right at this incident; leave them out".to_owned()));
        }
        if self.is_ones_own(actor, &row).await? {
            return Err(RepairError::Own);
        }
        let (space, id) = stopped.of.unwrap_or(key);
        let waits = self.store.read(move |conn| instance::waits_of(conn, space, id)).await?;
        let now = self.registry.clock().now();
        let due = |wait: Wait| {
            let again = (anew == Anew::Tried).then(|| Wait { due: Some(now), ..wait.clone() });
            (Waiting { space, instance: id, wait }, again)
        };
        // It may have been taken meanwhile: then there is nothing left to try.
        let resting = waits.into_iter().filter(|w| w.id == stopped.wait && w.due.is_none()).map(due).collect();
        self.rewritten(actor, (row, &state), (resting, Vec::new()), &json!([told, {"solved": incident}])).await?;
        self.due.notify_one();
        Ok(true)
    }

    /// Another state of an instance without a step of its process, with what becomes of waits, and new ones of its own.
    async fn rewritten(
        &self,
        actor: &Actor,
        (row, state): (InstanceRow, &State),
        (waits, new): (Vec<(Waiting, Option<Wait>)>, Vec<Wait>),
        told: &Value,
    ) -> Result<(), CaseError> {
        let text = serde_json::to_string(state).map_err(|e| StoreError::Shape(e.to_string()))?;
        let stands = !state.incidents.is_empty() || !state.stopped.is_empty();
        let status = match row.status {
            Status::Running | Status::Incident if stands => Status::Incident,
            Status::Running | Status::Incident => Status::Running,
            ended => ended,
        };
        let ground = format!("process:{}", row.process);
        let (cause, version) = (case_urn(&row.urn), row.version + 1);
        let row = InstanceRow { status, version, modified: self.registry.clock().now(), state: text, ..row };
        let step = Step { row, over: Vec::new(), waits: new, steps: told.to_string() };
        let command = Command { ground, cause, steps: vec![step], waits, ..Command::default() };
        self.registry.execute(actor, command).await?;
        Ok(())
    }

    /// An instance as it is kept, without its process.
    pub(super) async fn bare(&self, key: Key) -> Result<Option<(InstanceRow, State)>, CaseError> {
        let Some(row) = self.store.read(move |conn| instance::get(conn, key.0, key.1)).await? else { return Ok(None) };
        let state = serde_json::from_str(&row.state);
        let state = state.map_err(|e| StoreError::Shape(format!("state of {}: {e}", row.urn)))?;
        Ok(Some((row, state)))
    }

    /// Is the case of an instance the actor's own matter?
    async fn is_ones_own(&self, actor: &Actor, row: &InstanceRow) -> Result<bool, CaseError> {
        let Some(case) = case_urn(&row.urn) else { return Ok(false) };
        match self.registry.entity(&self.process, &case).await {
            Ok(case) => Ok(case.object("person").is_some_and(|person| actor.owns(person, "Case"))),
            Err(QueryError::NotFound(_)) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }
}
