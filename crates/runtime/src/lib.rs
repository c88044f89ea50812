//! Findings become deeds: an alert on the map, a case with its process, a task for the body that answers.
//!
//! * `worker` – takes findings in order, one transaction each, under a lease: never lost, never doubled
//! * `respond` – the command a finding becomes
//! * `applications` – services that people ask for: what there is, drafts, what they have sent
//! * [`cases`] – process instances made durable: states, waits, tasks and changes of the graph in one command
//! * `territory` – which body answers for a place and a subject
//! * `tasks` – what an official does with a task: take, give back, complete

mod applications;
pub mod cases;
mod respond;
mod tasks;
mod territory;
mod worker;

pub use applications::{Application, ApplicationError, Applications, Enclosed, Service};
pub use cases::plain;
pub use cases::{Along, CaseError, Cases, NewCase};
pub use respond::alert_message;
pub use svod_store::draft::DraftRow;
pub use tasks::{TaskError, Tasks};
pub use territory::{Answerable, Territories};
pub use worker::{Runtime, Sweep};
