//! Forms in the language of form-js (bpmn.io, schema versions up to 19), rendered and checked on the server, so that
//! they work without JavaScript; a browser that shows the same file with form-js comes to the same conditions.
//!
//! Pure: no I/O, no clock. A [`Form`] is parsed once ([`Form::parse`] finds every fault at once) and shared. For a
//! [`Draft`] and what is [`Around`] it says what is shown ([`Form::view`], [`Form::overview`]), takes what was sent
//! ([`Form::accept`], [`Form::act`]) and gives the answers when they are complete ([`Form::finish`]).
//!
//! Hidden fields are no answers, read-only fields and what the graph knows are never taken from the sender, every
//! message is a key of the locales ([`FieldError`]). What packs may write stands in `docs/forms.md`.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod accept;
mod act;
mod around;
mod check;
mod data;
mod decimal;
mod expression;
mod fault;
mod field;
mod limits;
mod live;
mod markdown;
mod model;
mod moment;
mod options;
mod page;
mod parse;
mod pattern;
mod phrase;
mod place;
mod settle;
mod shared;
mod value;
mod view;

pub use accept::{Appeared, ERRORS, FieldError, Finished, Refused, Sent};
pub use act::Action;
pub use around::{Around, Choice, Draft, FileRef, Filled, Lists, Prefill, RefusedFile, Wanted};
pub use fault::{FormFault, RULES};
pub use live::{Condition, Live};
pub use markdown::{Block, Span};
pub use model::{Form, Like, Own, Part, Style};
pub use page::{Chapter, Control, FieldView, Item, PageTitle, Shown, SourceView, View};
