//! Services: what officials have to do, why it arose, and what became of it.
//!
//! Pages over the registry; nothing is kept here.
//!
//! * `GET /tasks`, `GET /tasks.csv` – the work list of the visitor's spaces
//! * `GET /tasks/{urn}`, `POST /tasks/{urn}/take|release|complete` – one task
//! * `GET|POST /tasks/{urn}/form` – the form that a task asks to be filled in
//! * `GET /cases/{urn}` – the journal of one case as a timeline
//! * `GET /services`, `GET /services/{pack}/{service}` – what can be asked for, by life situation
//! * `GET|POST /services/{pack}/{service}/form`, `POST …/discard` – its form, kept as a draft until it is sent
//! * `GET /journal` – the journal of a space, newest first
//! * `GET /receipt`, `POST /receipt` – proof that an event was recorded unchanged, made and verified
//! * `GET /receipt/pdf` – the same to print and to keep
//!
//! `worklist` gathers and orders tasks, `evidence` reads what a decision was given, `events` and `words` say in human
//! words what the journal keeps, `csv` writes RFC 4180.

mod access;
mod csv;
mod events;
mod evidence;
mod names;
mod pages;
mod words;
mod worklist;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use svod_files::Files;
use svod_notary::Notary;
use svod_registry::Registry;
use svod_runtime::{Applications, Tasks};
use svod_text::Texts;

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
    /// What cannot be rewritten.
    pub notary: Arc<Notary>,
    /// Files that come with forms.
    pub files: Files,
}

/// The pages; they belong inside `Portal::wrap`.
pub fn routes(state: ServicesState) -> Router {
    let with_files = DefaultBodyLimit::max(state.files.max_bytes() + FIELDS);
    let task_form = get(pages::task::form::show).post(pages::task::form::send).layer(with_files);
    let form = get(pages::services::form).post(pages::services::send).layer(with_files);
    Router::new()
        .route("/tasks", get(pages::tasks::list))
        .route("/tasks.csv", get(pages::tasks::export))
        .route("/tasks/{urn}", get(pages::task::show))
        .route("/tasks/{urn}/take", post(pages::task::take))
        .route("/tasks/{urn}/release", post(pages::task::release))
        .route("/tasks/{urn}/complete", post(pages::task::complete))
        .route("/tasks/{urn}/form", task_form)
        .route("/cases/{urn}", get(pages::case::show))
        .route("/services", get(pages::services::list))
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
