//! What a version of a pack runs: its processes and services, compiled once and kept, also when a newer version is in force.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::{Map, Value};
use svod_forms::Form;
use svod_kernel::Timestamp;
use svod_model::{PackSource, ServiceSpec, parse_pack};
use svod_process::Process;
use svod_rules::{Asked, DecisionModels, Evaluation, Inputs, RuleError};
use svod_store::StoreError;

use crate::Registry;

/// Versions kept in memory.
const KEPT: usize = 64;

/// The programs of one version of a pack.
pub struct Programs {
    /// Pack.
    pub pack: String,
    /// Version.
    pub version: String,
    /// Processes by id.
    pub processes: BTreeMap<String, Arc<Process>>,
    /// Services by id.
    pub services: BTreeMap<String, ServiceSpec>,
    /// `decisions/*.dmn`: file name to XML.
    pub decisions: BTreeMap<String, String>,
    /// The same, compiled when the first of them is asked.
    models: OnceLock<Result<DecisionModels, RuleError>>,
    /// Forms by file.
    pub forms: BTreeMap<String, Arc<Form>>,
}

impl Programs {
    /// From a pack's files, each for itself: what was in force once goes on running, also where today's rules for packs would
    /// refuse another file of it. What does not compile any more is left out, and a case that needs it says so.
    fn of(pack: &str, version: &str, source: &PackSource) -> Self {
        let mut without_seeds = source.clone();
        without_seeds.files.retain(|path, _| !path.starts_with("entities/"));
        let services = match parse_pack(&without_seeds) {
            Ok(parsed) => parsed.services,
            Err(faults) => {
                let fault = faults.first().map(ToString::to_string).unwrap_or_default();
                tracing::warn!(pack, version, fault, "a version of a pack is read without its services");
                Vec::new()
            }
        };
        let (mut processes, mut decisions, mut forms) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (path, text) in &source.files {
            match path.split_once('/') {
                Some(("processes", file)) => {
                    if let Some(process) = left_out(path, Process::parse(file, text)) {
                        processes.insert(process.id().to_owned(), Arc::new(process));
                    }
                }
                Some(("forms", file)) => {
                    if let Some(form) = left_out(path, Form::parse(file, text)) {
                        forms.insert(file.to_owned(), Arc::new(form));
                    }
                }
                Some(("decisions", file)) => {
                    decisions.insert(file.to_owned(), text.clone());
                }
                _ => {}
            }
        }
        let services = services.into_iter().map(|s| (s.id.clone(), s)).collect();
        let (pack, version) = (pack.to_owned(), version.to_owned());
        Self { pack, version, processes, services, decisions, models: OnceLock::new(), forms }
    }

    /// Its decisions, compiled: the first call takes as long as that takes.
    ///
    /// # Errors
    /// What does not compile.
    pub fn models(&self) -> Result<&DecisionModels, RuleError> {
        let compile = || {
            let files: Vec<(&String, &String)> = self.decisions.iter().collect();
            DecisionModels::compile(&files)
        };
        self.models.get_or_init(compile).as_ref().map_err(Clone::clone)
    }

    /// Takes a decision that a process names: `fees.dmn#Fee`, at a moment as the clocks show it so many seconds east of Greenwich:
    /// days of registers are those of the place.
    ///
    /// # Errors
    /// As text: no such decision, inputs that do not fit, no result.
    pub fn decide(
        &self,
        named: &str,
        inputs: &Map<String, Value>,
        now: (Timestamp, i32),
    ) -> Result<Evaluation, String> {
        let (file, name) = named.split_once('#').ok_or_else(|| format!("'{named}' names no decision"))?;
        let models = self.models().map_err(|e| e.to_string())?;
        let inputs = Inputs::from_json(inputs);
        let asked = Asked {
            at: Some(now.0.by_clocks(now.1)),
            version: format!("{}@{}", self.pack, self.version),
            ..Asked::default()
        };
        let evaluation = models.evaluate(file, name, &inputs, &asked).map_err(|e| e.to_string())?;
        evaluation.value().map_err(|e| e.to_string())?;
        Ok(evaluation)
    }

    /// How a case names a process of it: `birth@1.2.0/birth`.
    pub fn name_of(&self, process: &str) -> String {
        format!("{}@{}/{process}", self.pack, self.version)
    }
}

/// What compiles; of the rest the log tells.
fn left_out<T, E: std::fmt::Debug>(path: &str, compiled: Result<T, E>) -> Option<T> {
    compiled
        .inspect_err(|e| tracing::warn!(path, error = ?e, "a file of an earlier version does not compile any more"))
        .ok()
}

/// The programs asked for last.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<VecDeque<Arc<Programs>>>);

impl Shelf {
    fn find(&self, pack: &str, version: &str) -> Option<Arc<Programs>> {
        let shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.iter().find(|p| p.pack == pack && p.version == version).cloned()
    }

    fn keep(&self, programs: &Arc<Programs>) {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.retain(|p| p.pack != programs.pack || p.version != programs.version);
        shelf.push_front(programs.clone());
        shelf.truncate(KEPT);
    }
}

impl Registry {
    /// What a version of a pack runs; none when it was never published.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn programs(&self, pack: &str, version: &str) -> Result<Option<Arc<Programs>>, StoreError> {
        if let Some(known) = self.shelf.find(pack, version) {
            return Ok(Some(known));
        }
        let (id, wanted) = (pack.to_owned(), version.to_owned());
        let row = self.store.read(move |conn| svod_store::pack::version(conn, 0, &id, &wanted)).await?;
        let Some(row) = row.map(|r| r.pack) else { return Ok(None) };
        let source: PackSource = serde_json::from_str(&row.source).map_err(|e| StoreError::Shape(e.to_string()))?;
        let programs = Arc::new(Programs::of(pack, version, &source));
        self.shelf.keep(&programs);
        Ok(Some(programs))
    }

    /// What the version of a pack that is in force runs.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn programs_in_force(&self, pack: &str) -> Result<Option<Arc<Programs>>, StoreError> {
        let version = self.catalogue().pack(pack).map(|p| p.manifest.version.clone());
        match version {
            Some(version) => self.programs(pack, &version).await,
            None => Ok(None),
        }
    }
}
