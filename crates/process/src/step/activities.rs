//! Work begins and is done.

use serde_json::{Map, Value};

use crate::error::StepError;
use crate::event::Effect;
use crate::model::{Activity, Element, Message, NodeKind, Timer, Trigger, Work};
use crate::state::{Owner, Redo, Wait};
use crate::text::{Text, as_text};

use super::{Done, Fault, Run, object};

impl<'p> Run<'p> {
    pub(super) fn begin_activity(&mut self, id: u64, element: &'p Element, activity: &'p Activity) -> Done {
        let Some((_, scope)) = self.here(id) else { return Ok(()) };
        if self.is_inner(scope) {
            return self.work(id);
        }
        for border in element.boundary.iter().filter_map(|b| self.process.elements.get(b)) {
            if let NodeKind::Boundary { trigger, .. } = &border.kind {
                self.arm(Owner::Token(id), scope, border, trigger)?;
            }
        }
        match &activity.repeat {
            Some(repeat) => self.repeat(id, element, scope, repeat),
            None => self.work(id),
        }
    }

    /// The work itself, once. What fails is done again as a whole.
    pub(super) fn work(&mut self, id: u64) -> Done {
        let Some((element, scope)) = self.here(id) else { return Ok(()) };
        let Some(activity) = element.activity() else { return Ok(()) };
        let fault = |message: String| Fault::new("expression", message, Redo::Work);
        match &activity.work {
            Work::Pass => self.finish_work(id),
            Work::User { role, body, deadline } => {
                self.offer(id, element, scope, (role, body, deadline)).map_err(fault)
            }
            Work::Service { service, .. } => {
                let input = self.inputs(element, scope).map_err(fault)?;
                self.wait(id, Wait::Service);
                let (key, attempt) = (self.key_of(id), self.attempt(id));
                let (element, service) = (element.id.clone(), service.clone());
                self.effects.push(Effect::CallService { token: id, attempt, element, service, input, key });
                Ok(())
            }
            Work::Send(message) => {
                self.send(id, element, scope, message).map_err(fault)?;
                self.finish_work(id)
            }
            Work::Receive(message) => {
                self.wait(id, Wait::Event);
                self.arm(Owner::Token(id), scope, element, &Trigger::Message(message.clone()))
            }
            Work::Script(script) => {
                let value = self.evaluate(script, scope).map_err(fault)?;
                let came = object(element.result.as_deref().unwrap_or_default(), value);
                self.try_complete(id, &came)
            }
            Work::Decision { decision } => self.decide(id, element, scope, decision).map_err(fault),
            Work::Call { process } => {
                let variables = self.inputs(element, scope).map_err(fault)?;
                self.wait(id, Wait::Called);
                let (key, attempt) = (self.key_of(id), self.attempt(id));
                let (element, process) = (element.id.clone(), process.clone());
                self.effects.push(Effect::CallProcess { token: id, attempt, element, process, variables, key });
                Ok(())
            }
            Work::Sub(_) => self.open(id, element, scope),
        }
    }

    /// A task for a person.
    fn offer(
        &mut self,
        id: u64,
        element: &Element,
        scope: u64,
        (role, body, deadline): (&Option<Text>, &Option<Text>, &Option<Timer>),
    ) -> Result<(), String> {
        let resolve =
            |text: &Option<Text>| text.as_ref().map(|t| t.resolve(|n| self.state.find(scope, n).cloned())).transpose();
        let role = resolve(role)?.or_else(|| element.lane.clone());
        let body = resolve(body)?;
        let deadline = deadline.as_ref().map(|timer| self.time_of(timer, scope)).transpose()?.map(|at| at.due);
        let input = self.inputs(element, scope)?;
        self.wait(id, Wait::Task);
        self.effects.push(Effect::OfferTask {
            token: id,
            element: element.id.clone(),
            name: element.name.clone(),
            role,
            body,
            deadline,
            input,
            attributes: element.attributes.clone(),
        });
        Ok(())
    }

    fn decide(&mut self, id: u64, element: &Element, scope: u64, decision: &str) -> Result<(), String> {
        let inputs = if element.inputs.is_empty() { self.state.visible(scope) } else { self.inputs(element, scope)? };
        self.wait(id, Wait::Decision);
        let (element, decision, attempt) = (element.id.clone(), decision.to_owned(), self.attempt(id));
        self.effects.push(Effect::Decide { token: id, attempt, element, decision, inputs });
        Ok(())
    }

    /// The same while a call is repeated: a token is one visit, an attempt one call of it.
    pub(super) fn key_of(&self, id: u64) -> String {
        format!("{id}-{}", self.attempt(id))
    }

    pub(super) fn send(&mut self, id: u64, element: &Element, scope: u64, message: &Message) -> Result<(), String> {
        let payload = self.inputs(element, scope)?;
        let correlation = self.correlation(message, scope)?;
        let (name, key) = (message.name.clone(), self.key_of(id));
        self.effects.push(Effect::SendMessage { element: element.id.clone(), name, correlation, payload, key });
        Ok(())
    }

    /// The key of a message: its own, or the business key of the case.
    pub(super) fn correlation(&self, message: &Message, scope: u64) -> Result<Option<String>, String> {
        let Some(expression) = &message.correlation else { return Ok(self.state.key.clone()) };
        let value = self.evaluate(expression, scope)?;
        as_text(&value).map(Some).ok_or_else(|| format!("'{}' gives no key", expression.text()))
    }

    /// The outcome of a token's work came.
    pub(super) fn complete(&mut self, id: u64, came: &Map<String, Value>) {
        if let Some(fault) = self.halts(Redo::Outcome(Value::Object(came.clone()))) {
            return self.incident(id, fault);
        }
        if let Err(fault) = self.try_complete(id, came) {
            self.incident(id, fault);
        }
    }

    pub(super) fn try_complete(&mut self, id: u64, came: &Map<String, Value>) -> Done {
        let Some((element, scope)) = self.here(id) else { return Ok(()) };
        self.keep(element, scope, came)?;
        self.finish_work(id)
    }

    pub(super) fn completed(&mut self, id: u64, variables: &Map<String, Value>) -> Result<(), StepError> {
        let ad_hoc = self.here(id).is_some_and(|(e, _)| e.ad_hoc().is_some());
        self.expect(id, |w| *w == Wait::Task || (ad_hoc && *w == Wait::Body))?;
        let body = self.state.scopes.iter().find(|(_, s)| s.token == Some(id)).map(|(scope, _)| *scope);
        match body {
            Some(body) if ad_hoc => {
                self.set_all(body, variables);
                self.empty(body);
                self.close(body);
            }
            _ => self.complete(id, variables),
        }
        Ok(())
    }

    pub(super) fn decided(&mut self, id: u64, outcome: &Value) {
        let result = self.here(id).and_then(|(e, _)| e.result.clone()).unwrap_or_default();
        self.complete(id, &object(&result, outcome.clone()));
    }
}
