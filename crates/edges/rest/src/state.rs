use std::sync::Arc;

use svod_files::Files;
use svod_history::History;
use svod_identity::Identity;
use svod_ingest::{Ingest, Quarantine};
use svod_kernel::SpacePath;
use svod_registry::{INSTALLATION, Registry};
use svod_runtime::{Applications, Cases, Correspondence, Filling, Offers, Tasks};
use svod_trust::Trust;
use svod_twin::Twin;

/// What the routes translate for.
#[derive(Clone)]
pub struct RestState {
    /// The one door.
    pub registry: Arc<Registry>,
    /// Who somebody is.
    pub identity: Arc<Identity>,
    /// Readings come in.
    pub ingest: Ingest,
    /// Refused readings.
    pub quarantine: Quarantine,
    /// Who looks at whose data, and who acts for whom.
    pub trust: Trust,
    /// What people send.
    pub files: Files,
    /// Observations.
    pub history: Arc<History>,
    /// The present.
    pub twin: Arc<Twin>,
    /// What officials do.
    pub tasks: Tasks,
    /// What people ask for.
    pub applications: Applications,
    /// Process instances.
    pub cases: Arc<Cases>,
    /// Forms answered by programs.
    pub filling: Filling,
    /// What cannot be rewritten.
    pub ledger: crate::Ledger,
}

impl RestState {
    /// What is offered to people.
    pub fn offers(&self) -> Offers {
        Offers::new(self.applications.clone())
    }

    /// What is written in cases.
    pub fn correspondence(&self) -> Correspondence {
        Correspondence::new(self.registry.clone())
    }

    /// The space asked for, or the first top-level space of the installation.
    pub fn space(&self, asked: Option<SpacePath>) -> SpacePath {
        asked.unwrap_or_else(|| home(&self.registry))
    }
}

/// The first top-level space that is not the installation itself.
pub fn home(registry: &Registry) -> SpacePath {
    let tree = registry.spaces();
    let all = tree.all();
    let tops = all.iter().filter(|s| s.path.parent().is_none());
    let first = tops.clone().find(|s| s.path.as_str() != INSTALLATION).or_else(|| tops.clone().next());
    first.map_or_else(|| registry.installation("Space").space, |s| s.path.clone())
}
