//! One folder a page: the handler and its template side by side.

pub mod case;
mod enclosed;
mod filling;
pub mod journal;
mod locked;
pub mod payments;
pub mod receipt;
pub mod services;
pub mod task;
pub mod tasks;
