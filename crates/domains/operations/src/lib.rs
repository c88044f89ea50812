//! Operations: packs in force and how they change, readings refused and how they are taken in after all.
//!
//! * `GET|POST /packs` – packs in force; a folder checked or published
//! * `GET /packs/{id}`, `POST /packs/{id}/rollback` – one pack, its publications and files
//! * `POST /packs/{id}/candidate` – the version of it that is tried: given to others, brought into force, withdrawn
//! * `GET|POST /packs/{id}/files/{path…}` – one file, seen and edited
//! * `/packs/{id}/design…` – the designer: a working copy of a pack, edited, checked, tried, compared, published
//! * `GET /quarantine`, `POST /quarantine/look|replay|discard` – what was refused; what payloads are needed for
//! * `GET /accounts`, `POST /accounts/invite|block|again|invitations/withdraw` – who can sign in, who is invited
//! * `GET /clients`, `POST /clients/state` – other sites whose people sign in here
//! * `GET /devices`, `GET /devices/{id}`, `POST /devices/add|revoke` – devices with credentials of their own
//! * `GET /operations/cases`, `GET /operations/cases.csv` – processes, what stands still in them
//! * `GET /operations/cases/{id}`, `GET|POST /operations/cases/{id}/{act}` – one instance; retried, resolved, moved, called off, migrated
//! * `GET|POST /operations/cases/retry`, `GET|POST /operations/cases/migration` – many at once
//! * `GET /quarantine/{id}`, `POST /quarantine/{id}/try|correct` – one message; its mapping tried and corrected
//!
//! `actions` change something: they bump versions (`versions`), edit YAML by its structure (`yaml_edit`) and publish.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod actions;
mod archive;
mod faults;
mod held;
mod pages;
mod publications;
mod versions;
mod working;
mod yaml_edit;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use svod_identity::Identity;
use svod_ingest::Quarantine;
use svod_model::{MAX_FILE, MAX_PACK};
use svod_registry::Registry;
use svod_runtime::{Applications, Cases};
use svod_text::Texts;

pub use pages::designer::{PackTest, PackTests, PackTestsEnd, PackTestsError, PackTestsRun, PackTestsTold};

/// A whole pack and the multipart lines around its files.
const MAX_UPLOAD: usize = MAX_PACK + (4 << 20);

/// A file of a pack in a form: a letter of Cyrillic takes two bytes in the file and six in the form.
const MAX_FORM: usize = MAX_FILE * 3 + (1 << 16);

/// What the pages stand on.
#[derive(Clone)]
pub struct OperationsState {
    /// The one door.
    pub registry: Arc<Registry>,
    /// What was refused.
    pub quarantine: Quarantine,
    /// Who somebody is.
    pub identity: Arc<Identity>,
    /// Process instances.
    pub cases: Arc<Cases>,
    /// Where working copies are kept.
    pub applications: Applications,
    /// Who runs the tests of packs; none where nobody does.
    pub tests: Option<Arc<dyn PackTests>>,
}

/// The pages; they belong inside `Portal::wrap`.
pub fn routes(state: OperationsState) -> Router {
    let file = get(pages::file::show).post(pages::file::save).layer(DefaultBodyLimit::max(MAX_FORM));
    let packs = get(pages::packs::list).post(pages::packs::upload).layer(DefaultBodyLimit::max(MAX_UPLOAD));
    Router::new()
        .route("/packs", packs)
        .route("/packs/{id}", get(pages::pack::show))
        .route("/packs/{id}/rollback", post(pages::pack::roll_back))
        .route("/packs/{id}/candidate", post(pages::pack::candidate::act))
        .route("/packs/{id}/files/{*path}", file)
        .route("/quarantine", get(pages::quarantine::list))
        .route("/quarantine/look", post(pages::quarantine::look::open))
        .route("/quarantine/replay", post(pages::quarantine::replay))
        .route("/quarantine/discard", post(pages::quarantine::discard))
        .route("/quarantine/{id}", get(pages::refused::show))
        .route("/quarantine/{id}/try", post(pages::refused::try_mapping))
        .route("/quarantine/{id}/correct", post(pages::refused::correct))
        .route("/accounts", get(pages::accounts::list))
        .route("/accounts/invite", post(pages::accounts::invite))
        .route("/accounts/invitations/withdraw", post(pages::accounts::take_back))
        .route("/accounts/block", post(pages::accounts::block))
        .route("/accounts/again", post(pages::accounts::again))
        .route("/clients", get(pages::clients::list))
        .route("/clients/state", post(pages::clients::change))
        .route("/devices", get(pages::devices::list))
        .route("/devices/add", post(pages::devices::add))
        .route("/devices/revoke", post(pages::devices::revoke))
        .route("/devices/{id}", get(pages::devices::show))
        .route("/operations/cases", get(pages::cases::list))
        .route("/operations/cases.csv", get(pages::cases::file))
        .route("/operations/cases/retry", get(pages::cases::bulk::ask_retry).post(pages::cases::bulk::retry))
        .route("/operations/cases/migration", get(pages::cases::bulk::ask_migration).post(pages::cases::bulk::migrate))
        .route("/operations/cases/{id}", get(pages::cases::instance::show))
        .route("/operations/cases/{id}/{act}", get(pages::cases::act::show).post(pages::cases::act::done))
        .merge(pages::designer::routes())
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
