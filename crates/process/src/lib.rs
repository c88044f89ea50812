//! Business processes (BPMN 2.0.2) as a pure step function.
//!
//! [`Process::parse`] reads the file once and refuses, with place and reason, everything outside the executed subset:
//! one executable process of start event, user tasks, end events and sequence flows. [`Process::step`] moves the tokens
//! on and says what the runtime has to do; it touches nothing, so the same state and event always give the same result.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod check;
mod error;
mod parse;
mod process;
mod step;
mod xml;

pub use error::{ProcessError, StepError};
pub use parse::{MAX_DEPTH, MAX_ELEMENTS, MAX_SOURCE, SVOD_NAMESPACE};
pub use process::{Element, Flow, NodeKind, Process};
pub use step::{Effect, Event, STATE_VERSION, State, Token};
