//! The designer: a person's working copy of a pack, edited, checked, compared, tried and published in the browser.
//!
//! * `tree` – the files, what is wrong with them, publishing; `file` – one of them in its editor
//! * `compare`, `diff`, `elements` – the working copy beside what it was begun from
//! * `simulate` – a process step by step, by the engine itself, without a case
//! * `words` – texts for the scripts of the editors

mod compare;
mod diff;
mod elements;
mod file;
mod simulate;
mod tree;
mod words;

use std::future::Future;
use std::pin::Pin;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use svod_model::PackSource;
use svod_portal::encoded;

use crate::OperationsState;

/// Most bytes of a question to the simulation: the process, its state, what happens.
const MAX_QUESTION: usize = 3 << 20;

/// One test of a pack, done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackTest {
    /// File in `tests/`.
    pub file: String,
    /// Name of the situation.
    pub name: String,
    /// Why it failed; none when it passed.
    pub failed: Option<String>,
}

/// What a run of tests gives: each test, or why none could be run.
pub type PackTestsRun<'a> = Pin<Box<dyn Future<Output = Result<Vec<PackTest>, String>> + Send + 'a>>;

/// Runs the situations of a pack, each on a platform of its own with simulated time. The binary has it; domains cannot.
pub trait PackTests: Send + Sync {
    /// Runs all tests of the last pack; the ones before it are those it stands on, dependencies first.
    fn run(&self, sources: Vec<PackSource>) -> PackTestsRun<'_>;
}

/// The designer's pages.
pub fn routes() -> Router<OperationsState> {
    let file = get(file::show).post(file::save).layer(DefaultBodyLimit::max(crate::MAX_FORM));
    let simulate = post(simulate::step).layer(DefaultBodyLimit::max(MAX_QUESTION));
    Router::new()
        .route("/packs/{id}/design", get(tree::show))
        .route("/packs/{id}/design/add", post(tree::add))
        .route("/packs/{id}/design/carry-over", post(tree::carry_over))
        .route("/packs/{id}/design/discard", post(tree::discard))
        .route("/packs/{id}/design/publish", post(tree::publish))
        .route("/packs/{id}/design/tests", post(tree::tests))
        .route("/packs/{id}/design/compare", get(compare::show))
        .route("/packs/{id}/design/file", file)
        .route("/packs/{id}/design/simulate", simulate)
}

/// Address of the working copy.
fn address(pack: &str) -> String {
    format!("/packs/{}/design", encoded(pack))
}

/// Address of a file in its editor.
fn file_address(pack: &str, path: &str) -> String {
    format!("{}/file?path={}", address(pack), encoded(path))
}
