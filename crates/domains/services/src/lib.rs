//! Services: what officials have to do, why it arose, and what became of it.
//!
//! Pages over the registry; nothing is kept here.
//!
//! * `GET /tasks`, `GET /tasks.csv` – the work list of the visitor's spaces; `POST /tasks/bulk` – one act on many of them
//! * `POST /tasks/views|answers`, `POST …/drop`, `POST /tasks/{urn}/template`, `POST /tasks/templates/drop` – what the visitor keeps
//!   beside the list
//! * `GET /tasks/workload` – how the work of a body goes, for who heads it
//! * `GET /tasks/{urn}`, `POST /tasks/{urn}/take|release|complete|accept|substitute` – one task
//! * `GET|POST /tasks/{urn}/form` – the form that a task asks to be filled in
//! * `GET /cases/{urn}`, `GET /cases/{urn}/journal` – one case, for who asked and for who answers; all that happened in it
//! * `POST /cases/{urn}/messages|rate|object`, `GET|POST /cases/{urn}/object/{decision}` – what they say in it
//! * `POST /services/offers/{urn}/accept|decline` – what was offered; `POST /cases/{urn}/offers/withdraw` – what its body takes back
//! * `GET /services`, `GET /services/{pack}/{service}` – what can be asked for, by life situation
//! * `GET|POST /services/{pack}/{service}/form`, `POST …/discard` – its form, kept as a draft until it is sent
//! * [`payments`] – what people owe and pay, the register of accruals, the word of payment providers
//! * `GET /journal` – the journal of a space, newest first
//! * `GET /receipt`, `POST /receipt` – proof that an event was recorded unchanged, made and verified
//! * `GET /receipt/pdf` – the same to print and to keep
//!
//! `worklist` gathers and orders tasks, `bounded` asks what stays cheap among a million, `measures` tells how long things took, `evidence` reads what a decision was given, `events` and `words` say in human
//! words what the journal keeps, `doers` who acted for whom, `facts` what values mean, `thumbs` which files there are.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod access;
mod bounded;
mod doers;
mod events;
mod evidence;
mod facts;
mod measures;
mod names;
mod pages;
mod thumbs;
mod words;
mod worklist;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use svod_files::Files;
use svod_notary::Notary;
use svod_registry::Registry;
use svod_runtime::{Acceptance, Applications, Cases, Correspondence, Filling, Handover, Tasks, Templates};
use svod_text::Texts;

pub use pages::payments::{PaymentsState, routes as payments};

/// What a page of a form may have beside its files, in bytes.
const FIELDS: usize = 512 * 1024;

/// What the pages stand on.
#[derive(Clone)]
pub struct ServicesState {
    /// The one door.
    pub registry: Arc<Registry>,
    /// What officials do with a task.
    pub tasks: Tasks,
    /// What people ask for.
    pub applications: Applications,
    /// Process instances.
    pub cases: Arc<Cases>,
    /// What cannot be rewritten.
    pub notary: Arc<Notary>,
    /// Files that come with forms.
    pub files: Files,
}

impl ServicesState {
    /// What both sides of a case write.
    fn correspondence(&self) -> Correspondence {
        Correspondence::new(self.registry.clone())
    }

    /// Proposals that are accepted as they stand; days are those of a territory that is so many hours ahead of UTC.
    fn acceptance(&self, offset_hours: i32) -> Acceptance {
        let filling = Filling::new(self.registry.clone(), offset_hours);
        Acceptance::new(self.registry.clone(), filling, self.tasks.clone())
    }

    /// Answers that are kept for many tasks; days as in [`ServicesState::acceptance`].
    fn templates(&self, offset_hours: i32) -> Templates {
        let filling = Filling::new(self.registry.clone(), offset_hours);
        Templates::new(self.registry.clone(), self.applications.clone(), filling, self.tasks.clone())
    }

    /// Tasks of who is away.
    fn handover(&self) -> Handover {
        Handover::new(self.registry.clone(), self.tasks.clone())
    }
}

/// The pages; they belong inside `Portal::wrap`.
pub fn routes(state: ServicesState) -> Router {
    let with_files = DefaultBodyLimit::max(state.files.max_bytes() + FIELDS);
    let task_form = get(pages::task::form::show).post(pages::task::form::send).layer(with_files);
    let form = get(pages::services::form).post(pages::services::send).layer(with_files);
    let objection = get(pages::case::objection).post(pages::case::send_objection).layer(with_files);
    Router::new()
        .route("/tasks", get(pages::tasks::list))
        .route("/tasks/bulk", post(pages::tasks::bulk))
        .route("/tasks/views", post(pages::tasks::keep_view))
        .route("/tasks/views/drop", post(pages::tasks::drop_view))
        .route("/tasks/answers", post(pages::tasks::keep_answer))
        .route("/tasks/answers/drop", post(pages::tasks::drop_answer))
        .route("/tasks/templates/drop", post(pages::tasks::drop_template))
        .route("/tasks/workload", get(pages::tasks::workload))
        .route("/tasks.csv", get(pages::tasks::export))
        .route("/tasks/{urn}", get(pages::task::show))
        .route("/tasks/{urn}/take", post(pages::task::take))
        .route("/tasks/{urn}/release", post(pages::task::release))
        .route("/tasks/{urn}/complete", post(pages::task::complete))
        .route("/tasks/{urn}/accept", post(pages::task::accept))
        .route("/tasks/{urn}/substitute", post(pages::task::substitute))
        .route("/tasks/{urn}/template", post(pages::task::keep_template))
        .route("/tasks/{urn}/form", task_form)
        .route("/cases/{urn}", get(pages::case::show))
        .route("/cases/{urn}/journal", get(pages::case::journal))
        .route("/cases/{urn}/messages", post(pages::case::write).layer(with_files))
        .route("/cases/{urn}/rate", post(pages::case::rate))
        .route("/cases/{urn}/object", post(pages::case::object))
        .route("/cases/{urn}/object/{decision}", objection)
        .route("/cases/{urn}/offers/withdraw", post(pages::case::withdraw))
        .route("/services", get(pages::services::list))
        .route("/services/offers/{urn}/accept", post(pages::services::accept))
        .route("/services/offers/{urn}/decline", post(pages::services::decline))
        .route("/services/{pack}/{service}", get(pages::services::show))
        .route("/services/{pack}/{service}/form", form)
        .route("/services/{pack}/{service}/discard", post(pages::services::discard))
        .route("/journal", get(pages::journal::show))
        .route("/receipt", get(pages::receipt::show).post(pages::receipt::verify))
        .route("/receipt/pdf", get(pages::receipt::print))
        .with_state(state)
}

/// The pages' texts, to be laid over the portal's.
///
/// # Panics
/// Never: a unit test parses the embedded files.
pub fn texts() -> Texts {
    svod_portal::locales!().expect("the texts are parsed by a unit test of this crate")
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_language_has_every_text() {
        assert_eq!(super::texts().missing(), []);
    }
}
