//! The step function: state and event to new state and effects (BPMN 2.0.2, chapter 13).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::StepError;
use crate::process::{NodeKind, Process};

/// Version of the written form of [`State`].
pub const STATE_VERSION: u32 = 1;

/// Where a case stands. Its JSON is kept in the case entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Version of this form: [`STATE_VERSION`].
    pub version: u32,
    /// Tokens, each waiting at a user task, in the order in which they arrived.
    pub tokens: Vec<Token>,
    /// The case has started and no token is left.
    pub done: bool,
}

impl Default for State {
    fn default() -> Self {
        Self { version: STATE_VERSION, tokens: Vec::new(), done: false }
    }
}

/// A token waiting at an element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Id of the element.
    pub element: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The case begins.
    Start,
    /// The work at an element is done.
    Completed {
        /// Id of the element.
        element: String,
    },
}

/// What the runtime has to do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Offer a task to the body answerable.
    OfferTask {
        /// Id of the user task.
        element: String,
        /// Its name.
        name: String,
        /// Its `urn:svod:bpmn` attributes.
        attributes: BTreeMap<String, String>,
    },
    /// The case has ended.
    Finished,
}

impl Process {
    /// Moves the case on.
    ///
    /// # Errors
    /// When the event cannot happen in this state; the state is then unchanged.
    pub fn step(&self, state: &State, event: &Event) -> Result<(State, Vec<Effect>), StepError> {
        self.readable(state)?;
        if state.done {
            return Err(StepError::Ended);
        }
        let mut next = state.clone();
        let mut effects = Vec::new();
        match event {
            Event::Start if !state.tokens.is_empty() => return Err(StepError::AlreadyStarted),
            Event::Start => self.leave(&self.start, &mut next, &mut effects),
            Event::Completed { .. } if state.tokens.is_empty() => return Err(StepError::NotStarted),
            Event::Completed { element } => {
                let waiting = next.tokens.iter().position(|t| t.element == *element);
                next.tokens.remove(waiting.ok_or_else(|| StepError::NotWaiting(element.clone()))?);
                self.leave(element, &mut next, &mut effects);
            }
        }
        if next.tokens.is_empty() {
            next.done = true;
            effects.push(Effect::Finished);
        }
        Ok((next, effects))
    }

    /// A state of a newer program, or of another process, is not guessed at.
    fn readable(&self, state: &State) -> Result<(), StepError> {
        if state.version != STATE_VERSION {
            return Err(StepError::BadState(format!("version {} is not {STATE_VERSION}", state.version)));
        }
        let waits = |t: &&Token| self.element(&t.element).is_some_and(|e| e.kind == NodeKind::UserTask);
        match state.tokens.iter().find(|t| !waits(t)) {
            Some(t) => Err(StepError::BadState(format!("'{}' is no user task of process '{}'", t.element, self.id))),
            None if state.done && !state.tokens.is_empty() => {
                Err(StepError::BadState("ended with tokens left".to_owned()))
            }
            None => Ok(()),
        }
    }

    /// A token leaves `from`: it waits at the next user task or vanishes in an end event.
    fn leave(&self, from: &str, state: &mut State, effects: &mut Vec<Effect>) {
        for target in self.targets(from) {
            let Some(element) = self.element(target) else { continue };
            if element.kind == NodeKind::UserTask {
                state.tokens.push(Token { element: element.id.clone() });
                effects.push(Effect::OfferTask {
                    element: element.id.clone(),
                    name: element.name.clone(),
                    attributes: element.attributes.clone(),
                });
            }
        }
    }
}
