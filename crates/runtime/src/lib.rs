//! Findings become deeds: an alert on the map, a case with its process, a task for the body that answers.
//!
//! * `worker` – takes findings in order, one transaction each, under a lease: never lost, never doubled
//! * `respond` – the command a finding becomes
//! * `territory` – which body answers for a place and a subject
//! * `tasks` – what an official does with a task: take, give back, complete

mod respond;
mod tasks;
mod territory;
mod worker;

pub use respond::alert_message;
pub use tasks::{TaskError, Tasks};
pub use territory::{Answerable, Territories};
pub use worker::{Runtime, Sweep};
