//! An operator repairs.

use serde_json::{Map, Value};

use crate::error::StepError;
use crate::model::{Element, NodeKind, Trigger, Work};
use crate::state::{Owner, Redo, ScopeKind, Wait};

use super::Run;

impl Run<'_> {
    fn of_incident(&self, incident: u64) -> Result<(u64, Redo), StepError> {
        let found = self.state.incidents.get(&incident);
        found.map(|i| (i.token, i.redo.clone())).ok_or_else(|| StepError::NotWaiting(format!("incident {incident}")))
    }

    /// It tries again, after variables were put right.
    pub(super) fn retry(&mut self, incident: u64, variables: &Map<String, Value>) -> Result<(), StepError> {
        let (id, redo) = self.of_incident(incident)?;
        let scope = self.state.tokens.get(&id).map_or(0, |t| t.scope);
        self.set_all(scope, variables);
        self.solved(incident);
        let done = match redo {
            Redo::Enter => {
                self.start_over(id);
                self.wait(id, Wait::Ready);
                self.ready.push_back(id);
                Ok(())
            }
            Redo::Work => {
                self.ask_again(id);
                Ok(())
            }
            Redo::Outcome(came) => self.try_complete(id, came.as_object().unwrap_or(&Map::new())),
            Redo::Leave => self.finish_work(id),
        };
        if let Err(fault) = done {
            self.incident(id, fault);
        }
        Ok(())
    }

    /// What a token has begun is taken back; the token stays.
    fn start_over(&mut self, id: u64) {
        self.release(Owner::Token(id));
        let scopes: Vec<u64> =
            self.state.scopes.iter().filter(|(_, s)| s.token == Some(id)).map(|(scope, _)| *scope).collect();
        for scope in scopes {
            self.clear(scope);
        }
    }

    /// The operator did the work by hand.
    pub(super) fn resolve(&mut self, incident: u64, variables: &Map<String, Value>) -> Result<(), StepError> {
        let (id, _) = self.of_incident(incident)?;
        let waits = |e: &Element| e.activity().is_some() || matches!(e.kind, NodeKind::Catch(_) | NodeKind::Throw(_));
        let Some((element, _)) = self.here(id).filter(|(e, _)| waits(e)) else {
            let message = "only activities and intermediate events can be done by hand: move the token instead";
            return Err(StepError::Refused(message.to_owned()));
        };
        let single = matches!(element.activity().map(|a| &a.work), Some(Work::Script(_) | Work::Decision { .. }));
        self.start_over(id);
        self.solved(incident);
        self.wait(id, Wait::Event);
        if single && element.activity().is_some_and(|a| a.repeat.is_none()) {
            let scope = self.state.tokens.get(&id).map_or(0, |t| t.scope);
            self.set_all(scope, variables);
            if let Err(fault) = self.finish_work(id) {
                self.incident(id, fault);
            }
        } else {
            self.complete(id, variables);
        }
        Ok(())
    }

    /// A token is put elsewhere in its scope.
    pub(super) fn put(&mut self, id: u64, to: &str) -> Result<(), StepError> {
        let refused = |why: &str| Err(StepError::Refused(format!("the token cannot be moved to '{to}': {why}")));
        let Some((from, scope)) = self.here(id) else { return Err(StepError::NotWaiting(format!("token {id}"))) };
        let Some(target) = self.process.elements.get(to) else { return refused("there is no such element") };
        let kind = self.state.scopes.get(&scope).map(|s| s.kind);
        if kind != Some(ScopeKind::Body) || self.state.tokens.get(&id).is_some_and(|t| t.undoes.is_some()) {
            return refused("it is one instance of many, or undoes something: move the token around it");
        }
        if from.is_event_sub() || target.parent != from.parent {
            return refused("it stands in another sub-process");
        }
        let reachable = match &target.kind {
            NodeKind::Start { .. } | NodeKind::Boundary { .. } | NodeKind::Catch(Trigger::Link(_)) => false,
            NodeKind::Activity(activity) => !activity.compensates && !target.is_event_sub(),
            _ => true,
        };
        if !reachable {
            return refused("no token can be put there");
        }
        self.cancel(id);
        self.spawn(&target.id, scope, None);
        Ok(())
    }
}
