//! What processes and services of packs name is there: forms, decisions, processes, calendars, operations.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use svod_model::{Pack, PackError, Position};
use svod_process::{OPERATIONS, Reference};

use crate::catalogue::{CompiledDecisions, Processes};

/// Names that a fix lists at the most.
const LISTED: usize = 12;

/// What is there for the processes of a pack.
struct There<'a> {
    pack: &'a Pack,
    processes: &'a Processes,
    /// Its own decisions as `file.dmn#Name`; none when they do not compile, which is told already.
    decisions: Option<BTreeSet<String>>,
    /// Calendars of the pack and those it depends on.
    calendars: BTreeSet<&'a str>,
    /// Operations that connectors of this installation have.
    operations: &'a BTreeSet<String>,
}

/// Everything that is named and not there.
pub(crate) fn check(
    packs: &[&Pack],
    processes: &[Processes],
    decisions: &BTreeMap<String, Arc<CompiledDecisions>>,
    operations: &BTreeSet<String>,
) -> Vec<PackError> {
    let mut faults = Vec::new();
    for (pack, processes) in packs.iter().zip(processes) {
        let near = depended(pack, packs);
        let there = There {
            pack,
            processes,
            decisions: decisions.get(&pack.manifest.id).map(|d| {
                let all = d.models.askable();
                all.into_iter().map(|a| format!("{}#{}", a.file.trim_start_matches("decisions/"), a.name)).collect()
            }),
            calendars: near.iter().flat_map(|p| p.calendars.keys()).map(String::as_str).collect(),
            operations,
        };
        for (id, (file, process)) in processes {
            for element in process.elements() {
                for reference in element.references() {
                    if let Some((rule, what, fix)) = there.lacks(&reference) {
                        faults.push(PackError {
                            file: format!("{}/processes/{file}", pack.manifest.id),
                            position: Position { line: element.line, column: 0 },
                            rule: rule.into(),
                            message: format!("'{}' of process '{id}' names {what}, which is not there", element.id),
                            fix,
                        });
                    }
                }
            }
        }
        faults.extend(services(pack, processes));
    }
    faults
}

/// The pack and all it depends on.
fn depended<'a>(pack: &'a Pack, packs: &[&'a Pack]) -> Vec<&'a Pack> {
    let mut all = vec![pack];
    let mut at = 0;
    while let Some(one) = all.get(at).copied() {
        at += 1;
        for name in &one.manifest.depends {
            let known = all.iter().any(|p| p.manifest.id == *name);
            all.extend(packs.iter().copied().filter(|p| !known && p.manifest.id == *name));
        }
    }
    all
}

/// Rule, what is named, and the fix.
type Lack = (&'static str, String, String);

impl There<'_> {
    fn lacks(&self, reference: &Reference) -> Option<Lack> {
        let pack = self.pack;
        match reference {
            Reference::Form(name) => {
                let file = if name.ends_with(".form.json") { name.clone() } else { format!("{name}.form.json") };
                let missing = !pack.forms.contains_key(&file);
                missing.then(|| ("unknown-form", format!("the form '{name}'"), one_of(pack.forms.keys())))
            }
            Reference::Decision(named) => {
                let known = self.decisions.as_ref();
                let missing = match known {
                    Some(all) => !all.contains(named),
                    None => pack.decisions.is_empty(),
                };
                let fix = || one_of(known.into_iter().flatten());
                missing.then(|| ("unknown-decision", format!("the decision '{named}'"), fix()))
            }
            Reference::Process(id) => {
                let missing = !self.processes.contains_key(id);
                missing.then(|| ("unknown-process", format!("the process '{id}'"), one_of(self.processes.keys())))
            }
            Reference::Calendar(name) => {
                let missing = !self.calendars.contains(name.as_str());
                missing.then(|| ("unknown-calendar", format!("the calendar '{name}'"), one_of(self.calendars.iter())))
            }
            Reference::Service(name) => {
                let missing = !OPERATIONS.contains(&name.as_str()) && !self.operations.contains(name);
                let all = || one_of(OPERATIONS.iter().map(|o| (*o).to_owned()).chain(self.operations.iter().cloned()));
                missing.then(|| ("unknown-operation", format!("the operation '{name}'"), all()))
            }
        }
    }
}

/// The processes that services name are executable ones, not other elements of that id.
fn services(pack: &Pack, processes: &Processes) -> Vec<PackError> {
    let fault = |service: &svod_model::ServiceSpec| {
        let (file, position) = pack.origins.find("service", &service.id, "process");
        PackError {
            file: format!("{}/{file}", pack.manifest.id),
            position,
            rule: "unknown-process".into(),
            message: format!("the service names the process '{}', which is not there", service.process),
            fix: one_of(processes.keys()),
        }
    };
    pack.services.iter().filter(|s| !processes.contains_key(&s.process)).map(fault).collect()
}

fn one_of(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let names: Vec<String> = names.into_iter().take(LISTED).map(|n| n.as_ref().to_owned()).collect();
    if names.is_empty() { "the pack has none: add it".to_owned() } else { format!("name one of {}", names.join(", ")) }
}
