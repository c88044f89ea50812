//! Findings become deeds: an alert on the map, a case with its process, a task for the body that answers.
//!
//! * `worker` – takes findings in order, one transaction each, under a lease: never lost, never doubled
//! * `respond` – the command a finding becomes
//! * `acceptance` – a proposed decision accepted as it stands
//! * [`accruals`] – what somebody owes a body
//! * `applications` – services that people ask for: what there is, drafts, what they have sent
//! * [`cases`] – process instances made durable: states, waits, tasks and changes of the graph in one command
//! * `place` – where a case lies; `territory` – which body answers for a place and a subject
//! * `correspondence` – what the applicant and the body write to one another, and how it went
//! * `filling` – forms answered by programs, held to the rules of the pages; `enclosed` – files that come with answers
//! * `handover` – a task of somebody who is away; `naming` – what tasks and steps are called
//! * [`triggers`] – what begins by itself; `offers` – what somebody is offered because of it; `withdrawal` – by hand
//! * `tasks` – what an official does with a task: take, give back, complete; `templates` – answers kept for many of them
//! * [`worklist`] – the tasks somebody works with, in their order; [`bounded`] – questions that stay cheap among a million

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod acceptance;
pub mod accruals;
mod applications;
pub mod bounded;
pub mod cases;
mod correspondence;
mod enclosed;
mod filling;
mod handover;
mod naming;
mod offers;
mod place;
mod respond;
mod tasks;
mod templates;
mod territory;
pub mod triggers;
mod withdrawal;
mod worker;
pub mod worklist;

pub use acceptance::{AcceptError, Acceptance};
pub use applications::{Application, ApplicationError, Applications, Service};
pub use cases::plain;
pub use cases::{Along, CaseError, Cases, NewCase};
pub use correspondence::{Correspondence, CorrespondenceError, MAX_COMMENT, MAX_MESSAGE, Side};
pub use enclosed::{Enclosed, EnclosedError, reference};
pub use filling::{Filling, FillingError, Kept, Sheet, form_of, own};
pub use handover::{Handover, HandoverError, To};
pub use naming::{step_name, task_name};
pub use offers::{OfferError, Offers};
pub use place::numbers_meant;
pub use respond::alert_message;
pub use svod_store::draft::{DraftRow, Going, ReachRow};
pub use tasks::{TaskError, Tasks, is_taken_by, shown_to};
pub use templates::{Template, TemplateError, Templates, let_go};
pub use territory::{Answerable, Territories};
pub use triggers::Triggers;
pub use withdrawal::MAX_REASON;
pub use worker::{Runtime, Sweep};
