//! Ad-hoc sub-processes: people choose the order (10.3.5).

use serde_json::Value;

use crate::error::StepError;
use crate::event::Effect;
use crate::model::{AdHoc, Element};
use crate::state::{Redo, Wait};

use super::{Done, Fault, Run};

impl<'p> Run<'p> {
    pub(super) fn begin_ad_hoc(&mut self, id: u64, body: u64, element: &'p Element, ad_hoc: &'p AdHoc) -> Done {
        let mut first = Vec::new();
        if let Some(activate) = &ad_hoc.activate {
            match self.chosen(element, activate, body) {
                Ok(chosen) => first = chosen,
                Err(message) => {
                    self.clear(body);
                    return Err(Fault::new("expression", message, Redo::Work));
                }
            }
        }
        let elements = self.enabled(element).map(|e| e.id.clone()).collect();
        self.effects.push(Effect::EnableActivities { token: id, elements });
        let at_once = if ad_hoc.sequential { first.len().min(1) } else { first.len() };
        let pending = first.split_off(at_once);
        for activity in &first {
            self.spawn(activity, body, None);
        }
        if let Some(scope) = self.state.scopes.get_mut(&body) {
            scope.pending = pending;
        }
        if first.is_empty() {
            self.ad_hoc_ended(body, ad_hoc);
        }
        Ok(())
    }

    /// Activities that begin no earlier than somebody says so.
    fn enabled(&self, element: &'p Element) -> impl Iterator<Item = &'p Element> {
        let process = self.process;
        let inside = element.children.iter().filter_map(|c| process.elements.get(c));
        inside.filter(|e| e.incoming.is_empty() && e.activity().is_some_and(|a| !a.compensates) && !e.is_event_sub())
    }

    fn chosen(
        &self,
        element: &'p Element,
        activate: &crate::expression::Expression,
        body: u64,
    ) -> Result<Vec<String>, String> {
        let Value::Array(list) = self.evaluate(activate, body)? else {
            return Err(format!("'{}' gives no list of activities", activate.text()));
        };
        let known = |id: &Value| id.as_str().and_then(|id| self.enabled(element).find(|e| e.id == id));
        let found =
            |id: &Value| known(id).map(|e| e.id.clone()).ok_or_else(|| format!("{id} is no activity that can begin"));
        list.iter().map(found).collect()
    }

    /// A person begins an activity.
    pub(super) fn activate(&mut self, id: u64, activity: &str) -> Result<(), StepError> {
        self.expect(id, |w| *w == Wait::Body)?;
        let refused = |why: &str| StepError::Refused(format!("'{activity}' cannot be begun: {why}"));
        let Some((element, _)) = self.here(id) else { return Ok(()) };
        let ad_hoc = element.ad_hoc().ok_or_else(|| refused("its sub-process is not ad hoc"))?;
        let found = self.enabled(element).find(|e| e.id == activity).map(|e| e.id.as_str());
        let found = found.ok_or_else(|| refused("it is not one of the activities that can begin"))?;
        let body = self.state.scopes.iter().find(|(_, s)| s.token == Some(id)).map(|(scope, _)| *scope);
        let Some(body) = body else { return Ok(()) };
        if ad_hoc.sequential && !self.tokens_in(body).is_empty() {
            return Err(refused("another one runs, and they run one after the other"));
        }
        self.spawn(found, body, None);
        Ok(())
    }

    /// An activity is done: perhaps everything is.
    pub(super) fn ad_hoc_ended(&mut self, body: u64, ad_hoc: &AdHoc) {
        let running = !self.tokens_in(body).is_empty();
        let enough = ad_hoc.completion.as_ref().map(|c| self.holds(c, body).unwrap_or(false));
        let Some(scope) = self.state.scopes.get_mut(&body) else { return };
        match enough {
            Some(true) if ad_hoc.cancels || !running => {
                self.empty(body);
                self.close(body);
            }
            Some(true) => scope.pending.clear(),
            _ if !running && !scope.pending.is_empty() => {
                let next = scope.pending.remove(0);
                self.spawn(&next, body, None);
            }
            // Without a rule, what was begun by itself is all; what people begin, people end.
            None if !running && ad_hoc.activate.is_some() => self.close(body),
            _ => {}
        }
    }
}
