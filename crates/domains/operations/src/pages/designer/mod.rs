//! The designer: a person's working copy of a pack, edited, checked, compared, tried and published in the browser.
//!
//! * `frame` – what all its pages have around what is their own
//! * `tree` – the files, what is wrong with them, publishing; `file` – one of them in its editor
//! * `compare`, `diff`, `elements` – the working copy beside what it was begun from
//! * `situations` – the tests of the working copy, played; `archive` – the working copy as one file, out and in
//! * `simulate` – a process step by step, by the engine itself, without a case
//! * `words` – texts for the scripts of the editors

mod archive;
mod compare;
mod diff;
mod elements;
mod file;
mod frame;
mod simulate;
mod situations;
mod tree;
mod words;

use std::future::Future;
use std::pin::Pin;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use svod_model::PackSource;
use svod_portal::encoded;
use tokio::sync::mpsc::Receiver;

use crate::OperationsState;

/// Most bytes of a question to the simulation: the process, its state, what happens.
const MAX_QUESTION: usize = 3 << 20;

/// One situation of a pack, played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackTest {
    /// File in `tests/`.
    pub file: String,
    /// Name of the situation.
    pub name: String,
    /// Why it failed; none when it passed.
    pub failed: Option<String>,
}

/// What a run of tests tells while it is under way: how many there are, each when it is played, how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackTestsTold {
    /// So many situations will be played.
    Planned(usize),
    /// One was played.
    Played(PackTest),
    /// Nothing more comes. A run that tells nothing more without this broke off.
    Ended(PackTestsEnd),
}

/// How a run of tests ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackTestsEnd {
    /// Every situation was played.
    Done,
    /// It took longer than a run may: the rest was not played.
    TooLong {
        /// How long it may take.
        seconds: u64,
    },
    /// The packs could not be set up.
    Broken(String),
}

/// Why a run of tests did not begin.
#[derive(Debug, thiserror::Error)]
pub enum PackTestsError {
    /// Another one is under way in the installation.
    #[error("tests of a pack are being run; there is one run at a time")]
    Busy,
    /// A failure of ours.
    #[error("{0}")]
    Failed(String),
}

/// A run of tests that has begun, or why it has not.
pub type PackTestsRun<'a> = Pin<Box<dyn Future<Output = Result<Receiver<PackTestsTold>, PackTestsError>> + Send + 'a>>;

/// Plays the situations of a pack, each on a platform of its own with simulated time, beside what the installation does: one
/// run at a time, within a limit of time. The binary has it; domains cannot.
pub trait PackTests: Send + Sync {
    /// Begins to play all situations of the last pack; the ones before it are those it stands on, dependencies first. Nobody
    /// listening any more ends the run.
    fn run(&self, sources: Vec<PackSource>) -> PackTestsRun<'_>;
}

/// The designer's pages.
pub fn routes() -> Router<OperationsState> {
    let file = get(file::show).post(file::save).layer(DefaultBodyLimit::max(crate::MAX_FORM));
    let simulate = post(simulate::step).layer(DefaultBodyLimit::max(MAX_QUESTION));
    let archive = get(archive::download).post(archive::upload).layer(DefaultBodyLimit::max(archive::MAX_SENT));
    Router::new()
        .route("/packs/{id}/design", get(tree::show))
        .route("/packs/{id}/design/add", post(tree::add))
        .route("/packs/{id}/design/carry-over", post(tree::carry_over))
        .route("/packs/{id}/design/discard", post(tree::discard))
        .route("/packs/{id}/design/publish", post(tree::publish))
        .route("/packs/{id}/design/try", post(tree::try_out))
        .route("/packs/{id}/design/tests", get(situations::show).post(situations::run))
        .route("/packs/{id}/design/archive", archive)
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
