//! Business processes (BPMN 2.0.2) as a pure step function.
//!
//! [`Process::parse`] reads the file once, compiles its FEEL, and refuses with place and reason what is not executed
//! or cannot work. [`Process::step`] takes a [`State`] and an [`Event`], runs to the next waiting states and says in
//! [`Effect`]s what the runtime has to do; it touches nothing, so the same state, event, moment and calendars always
//! give the same result. [`Process::migrate`] carries a running state over to another version by a checked mapping.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod calendar;
mod check;
mod error;
mod event;
mod expression;
mod migrate;
mod model;
mod operations;
mod parse;
mod span;
mod start;
mod state;
mod step;
mod text;
mod xml;

pub use calendar::{Calendar, CalendarError, Calendars, Hours, Year};
pub use error::{ProcessError, StepError};
pub use event::{Effect, Event};
pub use expression::Expression;
pub use migrate::MigrationFault;
pub use model::{
    Activity, AdHoc, DataObject, Element, Flow, Mapping, Message, NodeKind, Process, Reference, Repeat, Sub, SubKind,
    Timer, TimerKind, Trigger, Work,
};
pub use operations::OPERATIONS;
pub use parse::{MAX_DEPTH, MAX_ELEMENTS, MAX_SOURCE, SVOD_NAMESPACE};
pub use span::Span;
pub use start::Begun;
pub use state::{
    Armed, Entry, Incident, Items, Outcome, Owner, Redo, Reset, STATE_VERSION, Scope, ScopeKind, State, Stopped,
    Subscription, Token, Topic, Undo, Wait,
};
pub use step::{MAX_ITEMS, MAX_STEPS, MAX_TOKENS, MAX_VARIABLES};
pub use text::Text;
