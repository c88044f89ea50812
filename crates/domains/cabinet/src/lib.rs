//! The cabinet: what is known of a person, who looked at it, what they have agreed to and who acts for them; the other side of
//! it for those who work with people, and for the security officer.
//!
//! * `GET /my` – one's own data and what happened to them
//! * `GET /my/accesses`, `POST /my/accesses/object` – who looked, and objections
//! * `GET|POST /my/consents`, `POST /my/consents/withdraw` – consents
//! * `GET|POST /my/mandates`, `POST /my/mandates/withdraw|code` – who acts for me
//! * `GET|POST /people`, `POST /people/attend|mandates|mandates/end` – somebody's data on a ground; acting for who is present; mandates by their documents
//! * `GET /files/{id}` – a file that belongs to what one may see: the scan of a mandate's document
//! * `GET /bodies`, `GET /bodies/{urn}` – who answers for what, and who holds which post; `GET|POST /bodies/acting`, `POST /bodies/end` – who acts in one for a time
//! * `GET /oversight`, `POST /oversight/review|answer|close` – who watches over all that

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod actions;
mod pages;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use svod_files::Files;
use svod_identity::Identity;
use svod_registry::Registry;
use svod_text::Texts;
use svod_trust::Trust;

/// What a form with a file may have beside the file, in bytes.
const FIELDS: usize = 128 * 1024;

/// What the pages stand on.
#[derive(Clone)]
pub struct CabinetState {
    /// The one door.
    pub registry: Arc<Registry>,
    /// Who somebody is.
    pub identity: Arc<Identity>,
    /// Who looks at whose data, and who acts for whom.
    pub trust: Trust,
    /// Scans of documents.
    pub files: Files,
}

/// The pages; they belong inside `Portal::wrap`.
pub fn routes(state: CabinetState) -> Router {
    let with_file = DefaultBodyLimit::max(state.files.max_bytes() + FIELDS);
    let mandates = get(pages::my::mandates::show).post(pages::my::mandates::give).layer(with_file);
    let entered = post(pages::people::enter).layer(with_file);
    Router::new()
        .route("/my", get(pages::my::data::show))
        .route("/my/accesses", get(pages::my::accesses::show))
        .route("/my/accesses/object", post(pages::my::accesses::object))
        .route("/my/consents", get(pages::my::consents::show).post(pages::my::consents::give))
        .route("/my/consents/withdraw", post(pages::my::consents::withdraw))
        .route("/my/mandates", mandates)
        .route("/my/mandates/withdraw", post(pages::my::mandates::withdraw))
        .route("/my/mandates/code", post(pages::my::mandates::code))
        .route("/people", get(pages::people::show).post(pages::people::look))
        .route("/people/attend", post(pages::people::attend))
        .route("/people/mandates", entered)
        .route("/people/mandates/end", post(pages::people::end))
        .route("/files/{id}", get(pages::files::read))
        .route("/bodies", get(pages::bodies::show))
        .route("/bodies/acting", get(pages::bodies::acting::show).post(pages::bodies::acting::appoint))
        .route("/bodies/end", post(pages::bodies::acting::end))
        .route("/bodies/{urn}", get(pages::bodies::body::show))
        .route("/oversight", get(pages::oversight::show))
        .route("/oversight/review", post(pages::oversight::review))
        .route("/oversight/answer", post(pages::oversight::answer))
        .route("/oversight/close", post(pages::oversight::close))
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
