use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use svod_forms::{Form, Own};
use svod_kernel::{Lang, SpacePath};
use svod_mapping::Mapping;
use svod_model::{
    DeviceProfile, LayerSpec, Metamodel, Pack, PackError, PackSource, PersonaSpec, Position, ServiceTerm, TriggerSpec,
    check_pack, parse_pack,
};
use svod_policy::Policies;
use svod_process::{Calendar, Calendars, Process};
use svod_rules::{Decision, DecisionModel, DecisionModels};
use svod_text::Texts;

use crate::candidates::Tried;
use crate::clocks::Clocks;
use crate::rules::Rules;
use crate::starts::Starts;
use crate::{named, policies, starts};

/// The file of the decision on security.
const SECURITY: &str = "security.dmn";

/// Processes of a pack by id, each with its file.
pub(crate) type Processes = BTreeMap<String, (String, Arc<Process>)>;

/// What becomes of names in processes and services that lead nowhere.
#[derive(Clone, Copy)]
pub(crate) enum Names<'a> {
    /// They refuse the pack; beside the operations of the platform there are these.
    Refuse(&'a BTreeSet<String>),
    /// Nothing: what is in force stays in force when a new version of the platform asks more of packs.
    Tell,
}

/// Everything the published packs say, compiled, swapped whole when a pack is published.
pub struct Catalogue {
    /// Grows by one with each publication since the start.
    pub generation: u64,
    /// Dependencies first, without their seed entities: those live in the store and may be many.
    pub packs: Vec<Arc<Pack>>,
    /// Number of seed entities by pack.
    pub seeds: BTreeMap<String, usize>,
    /// What it was compiled from.
    fingerprints: BTreeSet<u64>,
    /// Merged, inheritance resolved.
    pub metamodel: Metamodel,
    /// Messages of all packs.
    pub texts: Arc<Texts>,
    /// Device profiles.
    pub profiles: Vec<Arc<CompiledProfile>>,
    /// Triggers with their decisions and processes.
    pub triggers: Vec<Arc<CompiledTrigger>>,
    /// Decisions of each pack that has any, by its id.
    pub decisions: BTreeMap<String, Arc<CompiledDecisions>>,
    /// The decision "Security": what of that which happens calls the security officer. The last pack that has one.
    pub security: Option<Decision>,
    /// Clocks of spaces, and working days and holidays by them.
    pub clocks: Clocks,
    /// What begins by itself.
    pub starts: Starts,
    /// Map layers by order.
    pub layers: Vec<(Option<SpacePath>, LayerSpec)>,
    /// Demo personas.
    pub personas: Vec<PersonaSpec>,
    /// Who may do what.
    pub policies: Policies,
    /// Versions that are tried beside those in force, by pack.
    pub tried: BTreeMap<String, Tried>,
    /// What attributes of one entity must be to each other.
    pub(crate) rules: Rules,
}

/// A device profile with its mapping compiled.
pub struct CompiledProfile {
    /// As declared.
    pub spec: DeviceProfile,
    /// Top-level space of its pack; none means every space.
    pub top: Option<SpacePath>,
    /// jq, compiled.
    pub mapping: Mapping,
}

/// The decisions of one version of a pack, in the full profile of DMN.
pub struct CompiledDecisions {
    /// Id and version of the pack: `benefits@1.2.0`.
    pub version: String,
    /// Top-level space of the pack; none means every space.
    pub top: Option<SpacePath>,
    /// Files that everybody may ask.
    pub open: Vec<String>,
    /// All files, compiled together.
    pub models: DecisionModels,
}

/// A trigger with what it asks and what it starts.
pub struct CompiledTrigger {
    /// As declared.
    pub spec: TriggerSpec,
    /// Top-level space of its pack; none means every space.
    pub top: Option<SpacePath>,
    /// DMN decision, compiled.
    pub decision: Decision,
    /// BPMN process, parsed.
    pub process: Arc<Process>,
    /// How cases name it: `kuzbass@0.1.0/alert-response`.
    pub process_name: String,
}

impl CompiledTrigger {
    /// Unique over all packs: `kuzbass/air-above-norm`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.spec.pack, self.spec.id)
    }

    /// The decision with its version, as journals name it.
    pub fn ground(&self) -> String {
        let (s, d) = (&self.spec, &self.spec.decision);
        format!("pack:{}@{} decisions/{} «{}»", s.pack, s.version, d.file, d.name)
    }
}

impl Catalogue {
    /// A catalogue without packs: nothing is declared and nothing permitted.
    ///
    /// # Panics
    /// Never: an empty set of policies always compiles.
    pub fn empty() -> Self {
        Self {
            generation: 0,
            packs: Vec::new(),
            seeds: BTreeMap::new(),
            fingerprints: BTreeSet::new(),
            metamodel: Metamodel::default(),
            texts: Arc::new(Texts::new([]).expect("no text is no fault")),
            profiles: Vec::new(),
            triggers: Vec::new(),
            decisions: BTreeMap::new(),
            security: None,
            clocks: Clocks::default(),
            starts: Starts::default(),
            layers: Vec::new(),
            personas: Vec::new(),
            policies: Policies::none(),
            tried: BTreeMap::new(),
            rules: Rules::default(),
        }
    }

    /// The published pack of that id.
    pub fn pack(&self, id: &str) -> Option<&Arc<Pack>> {
        self.packs.iter().find(|p| p.manifest.id == id)
    }

    /// True when it was compiled from exactly these packs.
    pub fn same_sources(&self, sources: &[PackSource]) -> bool {
        sources.len() == self.packs.len()
            && sources.iter().map(fingerprint).collect::<BTreeSet<_>>() == self.fingerprints
    }

    /// What operators should know of the packs in force: calendars in use for which nothing is decreed in that year.
    pub fn warnings(&self, year: i16) -> Vec<String> {
        let mut used = BTreeSet::new();
        for pack in &self.packs {
            used.extend(pack.services.iter().filter_map(|s| match &s.term {
                ServiceTerm::WorkingDays { calendar, .. } => Some(calendar.clone()),
                ServiceTerm::Seconds(_) => None,
            }));
        }
        used.extend(self.starts.calendars.iter().cloned());
        used.iter().filter_map(|name| self.clocks.plain().get(name)?.warning(year)).collect()
    }

    /// The compiled trigger of that key.
    pub fn trigger(&self, key: &str) -> Option<&Arc<CompiledTrigger>> {
        self.triggers.iter().find(|t| t.key() == key)
    }
}

/// Compiles a set of packs: every declaration is parsed, cross-checked and compiled before anything changes.
///
/// # Errors
/// Everything wrong, each with file, line, rule and fix; files are named `<pack>/<path>`.
pub fn compile(generation: u64, sources: &[PackSource]) -> Result<Catalogue, Vec<PackError>> {
    compile_with(generation, sources, Names::Refuse(&BTreeSet::new()))
}

/// As [`compile`]; what becomes of names that lead nowhere is said.
pub(crate) fn compile_with(
    generation: u64,
    sources: &[PackSource],
    names: Names<'_>,
) -> Result<Catalogue, Vec<PackError>> {
    let mut errors = Vec::new();
    let packs = parsed(sources, &mut errors);
    let refs: Vec<&Pack> = packs.iter().map(AsRef::as_ref).collect();
    let metamodel = match Metamodel::merge(&refs) {
        Ok(m) => m,
        Err(e) => {
            errors.extend(e);
            return Err(errors);
        }
    };
    for pack in &refs {
        errors.extend(check_pack(pack, &metamodel, &refs));
    }
    let texts = texts(&refs, &mut errors);
    let policies = policies::compile((&refs, &metamodel), names, &mut errors);
    let profiles = profiles(&refs, &mut errors);
    let processes: Vec<Processes> = refs.iter().map(|pack| processes(pack, &mut errors)).collect();
    let triggers = triggers(&refs, &processes, &mut errors);
    let decisions = decisions(&refs, &mut errors);
    let security = security(&refs, &mut errors);
    let clocks = Clocks::new(&refs, calendars(&refs, &mut errors));
    refs.iter().for_each(|pack| forms(pack, &metamodel, &mut errors));
    let rules = Rules::compile(&refs, &metamodel, &mut errors);
    let starts = begun((&refs, &processes), (&metamodel, &clocks, &decisions), names, &mut errors);
    let mut layers: Vec<_> = refs.iter().flat_map(|p| p.layers.iter().map(|l| (top(p), l.clone()))).collect();
    layers.sort_by_key(|(_, l)| l.order);
    let personas = refs.iter().flat_map(|p| p.personas.clone()).collect();
    let seeds = refs.iter().map(|p| (p.manifest.id.clone(), p.entities.len())).collect();
    match (policies, texts) {
        (Some(policies), Some(texts)) if errors.is_empty() => {
            let fingerprints = sources.iter().map(fingerprint).collect();
            let packs = packs.into_iter().map(without_seeds).collect();
            Ok(Catalogue {
                generation,
                packs,
                seeds,
                fingerprints,
                metamodel,
                texts,
                profiles,
                triggers,
                decisions,
                security,
                clocks,
                starts,
                layers,
                personas,
                policies,
                tried: BTreeMap::new(),
                rules,
            })
        }
        _ => Err(errors),
    }
}

fn fingerprint(source: &PackSource) -> u64 {
    let mut h = DefaultHasher::new();
    source.files.hash(&mut h);
    h.finish()
}

fn without_seeds(pack: Arc<Pack>) -> Arc<Pack> {
    let mut pack = Arc::unwrap_or_clone(pack);
    pack.entities = Vec::new();
    pack.origins = Default::default();
    pack.source.files.retain(|path, _| !path.starts_with("entities/"));
    Arc::new(pack)
}

/// The packs in their order.
fn parsed(sources: &[PackSource], errors: &mut Vec<PackError>) -> Vec<Arc<Pack>> {
    let mut packs = Vec::new();
    for source in sources {
        match parse_pack(source) {
            Ok(p) => packs.push(p),
            Err(e) => errors.extend(e),
        }
    }
    in_order(packs, errors)
}

/// What begins by itself.
fn begun(
    (packs, processes): (&[&Pack], &[Processes]),
    (metamodel, clocks, decisions): (&Metamodel, &Clocks, &BTreeMap<String, Arc<CompiledDecisions>>),
    names: Names<'_>,
    errors: &mut Vec<PackError>,
) -> Starts {
    let mut lost = Vec::new();
    let starts = starts::compile(packs, (metamodel, clocks), processes, &mut lost);
    match names {
        Names::Refuse(operations) => {
            errors.extend(named::check(packs, processes, decisions, operations));
            errors.append(&mut lost);
        }
        Names::Tell => {
            for fault in lost {
                tracing::error!(%fault, "a service is not begun by itself");
            }
        }
    }
    starts
}

pub(crate) fn top(pack: &Pack) -> Option<SpacePath> {
    pack.manifest.space.as_deref().and_then(|s| s.parse().ok())
}

/// Dependencies before dependants; a missing or circular dependency is an error.
fn in_order(packs: Vec<Pack>, errors: &mut Vec<PackError>) -> Vec<Arc<Pack>> {
    let mut waiting: Vec<Arc<Pack>> = packs.into_iter().map(Arc::new).collect();
    let mut ordered: Vec<Arc<Pack>> = Vec::new();
    loop {
        let ready = |p: &Arc<Pack>| p.manifest.depends.iter().all(|d| ordered.iter().any(|o| &o.manifest.id == d));
        let Some(at) = waiting.iter().position(ready) else { break };
        ordered.push(waiting.remove(at));
    }
    for p in &waiting {
        let missing: Vec<_> =
            p.manifest.depends.iter().filter(|d| !ordered.iter().any(|o| &o.manifest.id == *d)).collect();
        errors.push(PackError {
            file: format!("{}/pack.yaml", p.manifest.id),
            position: Position::default(),
            rule: "depends".into(),
            message: format!("the pack depends on {missing:?}, which is not published or depends on it in turn"),
            fix: "publish the packs it depends on first; a circle of dependencies is not possible".into(),
        });
    }
    ordered
}

fn texts(packs: &[&Pack], errors: &mut Vec<PackError>) -> Option<Arc<Texts>> {
    let sources = packs
        .iter()
        .flat_map(|p| p.locales.iter().map(|(lang, text)| (*lang, locale_file(&p.manifest.id, *lang), text.clone())));
    match Texts::new(sources) {
        Ok(t) => {
            for (lang, key) in t.missing() {
                errors.push(PackError {
                    file: format!("locales/{}.ftl", lang.tag()),
                    position: Position::default(),
                    rule: "text-missing".into(),
                    message: format!("the message '{key}' exists in another language and not in {}", lang.own_name()),
                    fix: format!("add '{key} = …' to locales/{}.ftl", lang.tag()),
                });
            }
            Some(Arc::new(t))
        }
        Err(e) => {
            errors.extend(e.into_iter().map(|e| PackError {
                file: e.origin,
                position: Position { line: e.line, column: 0 },
                rule: "fluent".into(),
                message: e.message,
                fix: "correct the Fluent syntax".into(),
            }));
            None
        }
    }
}

fn locale_file(pack: &str, lang: Lang) -> String {
    format!("{pack}/locales/{}.ftl", lang.tag())
}

fn profiles(packs: &[&Pack], errors: &mut Vec<PackError>) -> Vec<Arc<CompiledProfile>> {
    let mut done = Vec::new();
    for pack in packs {
        for spec in &pack.devices {
            match Mapping::compile(&spec.file, &spec.mapping) {
                Ok(mapping) => done.push(Arc::new(CompiledProfile { spec: spec.clone(), top: top(pack), mapping })),
                Err(e) => errors.push(PackError {
                    file: format!("{}/{}", pack.manifest.id, e.file),
                    position: Position { line: e.line, column: e.column },
                    rule: "jq".into(),
                    message: e.message,
                    fix: e.fix,
                }),
            }
        }
    }
    done
}

fn triggers(packs: &[&Pack], parsed: &[Processes], errors: &mut Vec<PackError>) -> Vec<Arc<CompiledTrigger>> {
    let mut done = Vec::new();
    let mut processes: BTreeMap<String, (String, Arc<Process>)> = BTreeMap::new();
    for (pack, parsed) in packs.iter().zip(parsed) {
        let (id, version) = (&pack.manifest.id, &pack.manifest.version);
        let named =
            |(_, p): &(String, Arc<Process>)| (p.id().to_owned(), (format!("{id}@{version}/{}", p.id()), p.clone()));
        processes.extend(parsed.values().map(named));
    }
    for pack in packs {
        let models = decision_models(pack, errors);
        for spec in &pack.triggers {
            let decision = models.get(&spec.decision.file).map(|m| m.decision(&spec.decision.name));
            let process = processes.get(&spec.process).cloned();
            match (decision, process) {
                (Some(Ok(decision)), Some((process_name, process))) => {
                    let (spec, top) = (spec.clone(), top(pack));
                    done.push(Arc::new(CompiledTrigger { spec, top, decision, process, process_name }));
                }
                (Some(Err(e)), _) => errors.push(rule_error(pack, e)),
                (Some(Ok(_)), None) | (None, _) => {} // what is missing or broken has been reported already
            }
        }
    }
    done
}

fn forms(pack: &Pack, metamodel: &Metamodel, errors: &mut Vec<PackError>) {
    for (name, json) in &pack.forms {
        let file = format!("forms/{name}");
        let error = |message: String, fix: String| PackError {
            file: format!("{}/{file}", pack.manifest.id),
            position: Position::default(),
            rule: "form".into(),
            message,
            fix,
        };
        match Form::parse(&file, json) {
            Ok(form) => {
                errors.extend(form.own().iter().filter_map(|own| unowned(own, metamodel)).map(|(m, f)| error(m, f)))
            }
            Err(faults) => {
                errors.extend(faults.into_iter().map(|e| error(format!("{}: {}", e.path, e.message), e.fix)));
            }
        }
    }
}

/// What is wrong with a list of `svod.own`, and what to do about it.
fn unowned(own: &Own, metamodel: &Metamodel) -> Option<(String, String)> {
    let place = format!("svod.own.{}", own.name);
    let Some(kind) = metamodel.types.get(&own.kind) else {
        return Some((format!("{place}: type '{}' is not declared", own.kind), "name a type of the packs".into()));
    };
    let asked = || [&own.by].into_iter().chain(own.among.iter().map(|(name, _)| name));
    let names = asked().chain(&own.value).chain(&own.label);
    if let Some(name) = names.into_iter().find(|name| !kind.attributes.contains_key(*name)) {
        let message = format!("{place}: attribute '{name}' is not declared on the type {}", own.kind);
        return Some((message, "name an attribute of the type".into()));
    }
    let bare = asked().find(|name| !kind.attributes.get(*name).is_some_and(|a| a.indexed));
    let fix = "add the annotation 'svod_index: true' to the attribute";
    bare.map(|name| (format!("{place}: '{name}' has no index"), fix.to_owned()))
}

fn calendars(packs: &[&Pack], errors: &mut Vec<PackError>) -> Calendars {
    let mut all = Calendars::default();
    for pack in packs {
        for (name, text) in &pack.calendars {
            let file = format!("calendars/{name}.yaml");
            match Calendar::parse(&file, text) {
                Ok(calendar) => all = all.with(calendar),
                Err(e) => errors.push(PackError {
                    file: format!("{}/{file}", pack.manifest.id),
                    position: Position { line: e.line, column: 0 },
                    rule: "calendar".into(),
                    message: e.reason,
                    fix: e.fix,
                }),
            }
        }
    }
    all
}

fn security(packs: &[&Pack], errors: &mut Vec<PackError>) -> Option<Decision> {
    let pack = packs.iter().rfind(|p| p.decisions.contains_key(SECURITY))?;
    let model = DecisionModel::compile(&format!("decisions/{SECURITY}"), pack.decisions.get(SECURITY)?).ok()?;
    model.decision("Security").map_err(|e| errors.push(rule_error(pack, e))).ok()
}

/// All decisions of packs in the full profile, as cases and programs ask them.
fn decisions(packs: &[&Pack], errors: &mut Vec<PackError>) -> BTreeMap<String, Arc<CompiledDecisions>> {
    let mut done = BTreeMap::new();
    for pack in packs.iter().filter(|p| !p.decisions.is_empty()) {
        let (id, version) = (&pack.manifest.id, &pack.manifest.version);
        for file in pack.manifest.open_decisions.iter().filter(|file| !pack.decisions.contains_key(*file)) {
            errors.push(PackError {
                file: format!("{id}/pack.yaml"),
                position: Position::default(),
                rule: "unknown-decision".into(),
                message: format!("'{file}' of open_decisions is not in decisions/"),
                fix: "name a file of decisions/".into(),
            });
        }
        let files: Vec<(String, &String)> =
            pack.decisions.iter().map(|(file, xml)| (format!("decisions/{file}"), xml)).collect();
        match DecisionModels::compile(&files) {
            Ok(models) => {
                let open = pack.manifest.open_decisions.iter().map(|file| format!("decisions/{file}")).collect();
                let compiled = CompiledDecisions { version: format!("{id}@{version}"), top: top(pack), open, models };
                done.insert(id.clone(), Arc::new(compiled));
            }
            // What the strict profile has found already is not told twice.
            Err(e) if errors.iter().any(|known| known.file == format!("{id}/{}", e.file)) => {}
            Err(e) => errors.push(rule_error(pack, e)),
        }
    }
    done
}

/// The files that triggers ask, in the strict profile: readings run through them.
fn decision_models(pack: &Pack, errors: &mut Vec<PackError>) -> BTreeMap<String, DecisionModel> {
    let mut models = BTreeMap::new();
    let asked = |file: &String| file == SECURITY || pack.triggers.iter().any(|t| t.decision.file == *file);
    for (file, xml) in pack.decisions.iter().filter(|(file, _)| asked(file)) {
        match DecisionModel::compile(&format!("decisions/{file}"), xml) {
            Ok(m) => {
                models.insert(file.clone(), m);
            }
            Err(e) => errors.push(rule_error(pack, e)),
        }
    }
    models
}

fn rule_error(pack: &Pack, e: svod_rules::RuleError) -> PackError {
    PackError {
        file: format!("{}/{}", pack.manifest.id, e.file),
        position: Position { line: e.line.unwrap_or(0), column: 0 },
        rule: "dmn".into(),
        message: e.message,
        fix: e.fix,
    }
}

fn processes(pack: &Pack, errors: &mut Vec<PackError>) -> Processes {
    let mut done = BTreeMap::new();
    for (file, xml) in &pack.processes {
        match Process::parse(&format!("processes/{file}"), xml) {
            Ok(p) => {
                done.insert(p.id().to_owned(), (file.clone(), Arc::new(p)));
            }
            Err(all) => errors.extend(all.into_iter().map(|e| PackError {
                file: format!("{}/{}", pack.manifest.id, e.file),
                position: Position { line: e.line, column: 0 },
                rule: "bpmn".into(),
                message: format!("{}: {}", e.element, e.reason),
                fix: e.fix,
            })),
        }
    }
    done
}
