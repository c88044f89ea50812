//! A pack against the merged metamodel and the packs it stands among.

use std::collections::{BTreeMap, BTreeSet};

use svod_kernel::{FieldError, SpacePath, Urn};

use super::reader::MAX_ERRORS;
use super::{Pack, PackError, Position, ServiceTerm, StartSpec, TriggerOn, texts};
use crate::nearest::suggest;
use crate::{AttributeKind, AttributeType, AttributeValue, Entity, Metamodel, Range};

/// Types that packs bring no entities of.
const NOT_SEEDED: [&str; 7] = ["Person", "Appointment", "Mandate", "Access", "Consent", "Objection", "SecurityAlert"];

/// Words a layer may be coloured by beside the attributes of its type.
const COLOURS: [&str; 2] = ["worstRatio", "status"];

/// Names of FEEL that are no attributes: the entity, what it was, and what stands beside its attributes.
const GIVEN: [&str; 5] = ["entity", "before", "urn", "type", "space"];

/// Is it a single name, and one of an attribute?
fn is_name(text: &str) -> bool {
    let word = text.starts_with(|c: char| c.is_alphabetic()) && text.chars().all(|c| c.is_alphanumeric() || c == '_');
    word && !GIVEN.contains(&text) && !["true", "false", "null"].contains(&text)
}

struct Check<'a> {
    pack: &'a Pack,
    model: &'a Metamodel,
    /// The pack itself and all it depends on, directly or not.
    visible: Vec<&'a Pack>,
    entities: BTreeMap<&'a Urn, &'a Entity>,
    spaces: BTreeSet<&'a SpacePath>,
    errors: Vec<PackError>,
}

/// Checks everything in a pack that other files or packs decide. `all` holds the packs published together with it,
/// itself among them or not; `metamodel` is merged of them all.
///
/// Decisions, processes, policies, mappings and texts are compiled by the crates that run them; here only their
/// presence is checked.
pub fn check_pack(pack: &Pack, metamodel: &Metamodel, all: &[&Pack]) -> Vec<PackError> {
    let mut errors = Vec::new();
    let visible = visible(pack, all, &mut errors);
    let entities = visible.iter().flat_map(|p| &p.entities).map(|e| (&e.id, e)).collect();
    let spaces = visible.iter().flat_map(|p| &p.spaces).map(|s| &s.path).collect();
    let mut c = Check { pack, model: metamodel, visible, entities, spaces, errors };
    c.seed();
    c.devices();
    c.triggers();
    c.services();
    c.layers();
    c.sources();
    c.personas();
    c.tests();
    let dependencies: Vec<&Pack> = c.visible.iter().copied().filter(|p| p.manifest.id != pack.manifest.id).collect();
    c.errors.extend(texts::missing(pack, &dependencies));
    c.errors.sort();
    c.errors.truncate(MAX_ERRORS);
    c.errors
}

/// The pack and its dependencies; those that are absent and circles are errors.
fn visible<'a>(pack: &'a Pack, all: &[&'a Pack], errors: &mut Vec<PackError>) -> Vec<&'a Pack> {
    let mut out: Vec<&Pack> = vec![pack];
    let mut at = 0;
    while at < out.len() {
        let current = out[at];
        at += 1;
        for name in &current.manifest.depends {
            let fault = |message: String, fix: String| PackError {
                file: "pack.yaml".into(),
                position: pack.origins.find("pack", "", "").1,
                rule: "missing-dependency".into(),
                message,
                fix,
            };
            if *name == pack.manifest.id {
                let message = format!("'{}' depends on '{name}', which depends on it", current.manifest.id);
                errors.push(fault(message, "break the circle".into()));
            } else if out.iter().any(|p| p.manifest.id == *name) {
                // Reached by another way already.
            } else if let Some(found) = all.iter().find(|p| p.manifest.id == *name) {
                out.push(found);
            } else {
                let known: Vec<&str> = all.iter().map(|p| p.manifest.id.as_str()).collect();
                let message = format!("'{}' depends on pack '{name}', which is not here", current.manifest.id);
                errors.push(fault(message, suggest(name, known)));
            }
        }
    }
    out
}

impl<'a> Check<'a> {
    fn error(&mut self, place: (&'static str, &str, &str), rule: &'static str, message: String, fix: String) {
        let (file, position): (&str, Position) = self.pack.origins.find(place.0, place.1, place.2);
        self.errors.push(PackError { file: file.to_owned(), position, rule: rule.to_owned(), message, fix });
    }

    /// The attributes of a type that is declared; an error at the place otherwise.
    fn attributes(
        &mut self,
        place: (&'static str, &str, &str),
        kind: &str,
    ) -> Option<&'a BTreeMap<String, AttributeType>> {
        let model = self.model;
        let found = model.types.get(kind).map(|t| &t.attributes);
        if found.is_none() {
            let fix = suggest(kind, model.types.keys().map(String::as_str).collect::<Vec<_>>());
            self.error(place, "unknown-type", format!("type '{kind}' is not declared"), fix);
        }
        found
    }

    fn unknown_attribute(
        &mut self,
        place: (&'static str, &str, &str),
        known: &BTreeMap<String, AttributeType>,
        name: &str,
    ) {
        let fix = suggest(name, known.keys().map(String::as_str).collect::<Vec<_>>());
        self.error(place, "unknown-attribute", format!("attribute '{name}' is not declared on the type"), fix);
    }

    fn space(&mut self, place: (&'static str, &str, &str), space: &SpacePath) {
        if !self.spaces.contains(space) {
            let fix = suggest(space.as_str(), self.spaces.iter().map(|s| s.as_str()).collect::<Vec<_>>());
            self.error(place, "unknown-space", format!("space '{space}' is not declared in spaces.yaml"), fix);
        } else if let Some(top) = self.pack.manifest.space.as_ref().filter(|t| space.top().as_str() != *t) {
            let (message, fix) = (format!("'{space}' is not under '{top}'"), format!("use a space under '{top}'"));
            self.error(place, "unknown-space", message, fix);
        }
    }

    fn seed(&mut self) {
        let pack = self.pack;
        for entity in &pack.entities {
            if self.errors.len() >= MAX_ERRORS {
                return;
            }
            let id = entity.id.as_str();
            self.space(("entity", id, "space"), &entity.space);
            if NOT_SEEDED.contains(&entity.kind.as_str()) {
                let fix = "people, what they may, and what was said and seen of them come by doors of their own";
                let message = format!("no pack makes a {}", entity.kind);
                self.error(("entity", id, "type"), "not-seeded", message, fix.to_owned());
            }
            if let Err(faults) = self.model.validate(&mut entity.clone()) {
                for f in faults {
                    self.field(id, f);
                }
            }
            for (name, attribute) in &entity.attributes {
                let targets = match &attribute.value {
                    AttributeValue::Object(u) => std::slice::from_ref(u),
                    AttributeValue::Objects(us) => us.as_slice(),
                    _ => continue,
                };
                let wanted = self.model.attribute(&entity.kind, name).map(|a| &a.range);
                if let Some(Range::Entity(wanted)) = wanted {
                    targets.iter().for_each(|t| self.related(("entity", id, name), t, wanted));
                }
            }
        }
    }

    /// A fault of a value at the attribute's place; the code is the first word of the rule.
    fn field(&mut self, id: &str, f: FieldError) {
        let code = f.rule.split([' ', ':']).next().unwrap_or_default();
        let Some(rule) = super::RULES.iter().map(|r| r.0).find(|r| *r == code) else { return };
        let message = format!("{id}: '{}' breaks the rule {}", f.field, f.rule);
        self.error(("entity", id, &f.field), rule, message, f.fix);
    }

    fn related(&mut self, place: (&'static str, &str, &str), target: &Urn, wanted: &str) {
        match self.entities.get(target) {
            None => {
                let rule = if wanted == "Body" { "unknown-body" } else { "unknown-entity" };
                let of_type = self.entities.values().filter(|e| self.model.is_a(&e.kind, wanted));
                let fix = suggest(target.as_str(), of_type.map(|e| e.id.as_str()).collect::<Vec<_>>());
                self.error(place, rule, format!("'{target}' is not among the seed entities"), fix);
            }
            Some(e) if !self.model.is_a(&e.kind, wanted) => {
                let message = format!("'{target}' is a {}, not a {wanted}", e.kind);
                self.error(place, "wrong-type", message, format!("name an entity of type {wanted}"));
            }
            Some(_) => {}
        }
    }

    fn devices(&mut self) {
        let pack = self.pack;
        for d in &pack.devices {
            let place = ("device profile", d.id.as_str(), "type");
            if let Some(known) = self.attributes(place, &d.kind)
                && !known.contains_key("deviceId")
            {
                let message = format!("type '{}' has no attribute 'deviceId'", d.kind);
                self.error(place, "no-device-id", message, "add 'is_a: Asset' or the attribute".into());
            }
        }
    }

    fn triggers(&mut self) {
        let pack = self.pack;
        for t in &pack.triggers {
            let id = t.id.as_str();
            if let Some(known) = self.attributes(("trigger", id, "type"), &t.kind)
                && let TriggerOn::Observation(names) = &t.on
            {
                for name in names {
                    let place = ("trigger", id, "attributes");
                    match known.get(name) {
                        None => self.unknown_attribute(place, known, name),
                        Some(a) if a.kind == AttributeKind::Fact => {
                            let fix = "name an attribute with 'svod_kind: observation'".into();
                            self.error(place, "wrong-type", format!("'{name}' is a fact, not an observation"), fix);
                        }
                        Some(_) => {}
                    }
                }
            }
            if !pack.decisions.contains_key(&t.decision.file) {
                let fix = suggest(&t.decision.file, pack.decisions.keys().map(String::as_str).collect::<Vec<_>>());
                let message = format!("decisions/{} is not in the pack", t.decision.file);
                self.error(("trigger", id, "decision"), "unknown-decision", message, fix);
            }
            let declared = |xml: &String| {
                xml.contains(&format!("id=\"{}\"", t.process)) || xml.contains(&format!("id='{}'", t.process))
            };
            if !self.visible.iter().flat_map(|p| p.processes.values()).any(declared) {
                let message = format!("process '{}' is in no file of processes/", t.process);
                let fix = "name the id of a <process> of this pack or of one it depends on".into();
                self.error(("trigger", id, "process"), "unknown-process", message, fix);
            }
            self.listed(("trigger", id, "alert"), "Subject", &t.alert.subject, "unknown-subject");
        }
    }

    fn listed(&mut self, place: (&'static str, &str, &str), list: &str, value: &str, rule: &'static str) {
        let values = self.model.enums.get(list).map(|e| e.values.as_slice()).unwrap_or_default();
        if !values.iter().any(|v| v == value) {
            let fix = suggest(value, values.iter().map(String::as_str).collect::<Vec<_>>());
            self.error(place, rule, format!("'{value}' is no value of {list}"), fix);
        }
    }

    fn services(&mut self) {
        let pack = self.pack;
        for s in &pack.services {
            let id = s.id.as_str();
            self.listed(("service", id, "situation"), "LifeSituation", &s.situation, "unknown-situation");
            self.listed(("service", id, "subject"), "Subject", &s.subject, "unknown-subject");
            self.process(("service", id, "process"), &s.process);
            self.term(("service", id, "term"), &s.term);
            if let Some(object) = &s.object {
                let place = ("service", id, "object");
                self.process(place, &object.process);
                if let Some(term) = &object.term {
                    self.term(place, term);
                }
                if let Some(form) = &object.form {
                    self.form(place, form);
                }
            }
            for start in &s.start {
                self.start(id, start);
            }
            for variant in &s.variants {
                self.process(("service", id, "variants"), &variant.process);
            }
        }
    }

    /// A process of this pack.
    fn process(&mut self, place: (&'static str, &str, &str), process: &str) {
        let declared =
            |xml: &String| xml.contains(&format!("id=\"{process}\"")) || xml.contains(&format!("id='{process}'"));
        if !self.pack.processes.values().any(declared) {
            let message = format!("process '{process}' is in no file of processes/");
            self.error(place, "unknown-process", message, "name the id of a <process> of this pack".into());
        }
    }

    fn term(&mut self, place: (&'static str, &str, &str), term: &ServiceTerm) {
        let ServiceTerm::WorkingDays { calendar, .. } = term else { return };
        let known: Vec<&str> = self.visible.iter().flat_map(|p| p.calendars.keys()).map(String::as_str).collect();
        if !known.contains(&calendar.as_str()) {
            let fix = suggest(calendar, known);
            self.error(place, "unknown-calendar", format!("there is no calendar '{calendar}'"), fix);
        }
    }

    fn form(&mut self, place: (&'static str, &str, &str), file: &str) {
        let pack = self.pack;
        if !pack.forms.contains_key(file) {
            let fix = suggest(file, pack.forms.keys().map(String::as_str).collect::<Vec<_>>());
            self.error(place, "unknown-form", format!("forms/{file} is not in the pack"), fix);
        }
    }

    fn start(&mut self, service: &str, start: &StartSpec) {
        let place = ("service", service, "start");
        match start {
            StartSpec::Form(file) => self.form(place, file),
            StartSpec::Event { kind, applicant, set, due, .. } => {
                let Some(known) = self.attributes(place, kind) else { return };
                if let Some(due) = due {
                    self.due(place, known, &due.on);
                }
                // What is more than a name is FEEL, and compiled by the crate that runs it.
                match known.get(applicant) {
                    Some(a) if matches!(a.range, Range::Entity(_)) => {}
                    Some(_) => {
                        let message = format!("'{applicant}' leads to nobody");
                        self.error(place, "wrong-type", message, "name a relationship to a Party".into());
                    }
                    None if is_name(applicant) => self.unknown_attribute(place, known, applicant),
                    None => {}
                }
                for attribute in set.values().filter(|a| is_name(a) && !known.contains_key(*a)) {
                    self.unknown_attribute(place, known, attribute);
                }
            }
        }
    }

    /// The attribute whose moment is waited for.
    fn due(&mut self, place: (&'static str, &str, &str), known: &BTreeMap<String, AttributeType>, on: &str) {
        let Some(a) = known.get(on) else { return self.unknown_attribute(place, known, on) };
        if !matches!(a.range, Range::Datetime | Range::String) || a.kind == AttributeKind::Observation {
            let fix = "name a fact of range datetime, or a text such as 2001-12-31".into();
            self.error(place, "wrong-type", format!("'{on}' holds no moment"), fix);
        } else if !a.indexed {
            let message = format!("'{on}' has no index: every entity of the type would be looked at");
            self.error(place, "wrong-type", message, "add the annotation 'svod_index: true' to the attribute".into());
        }
    }

    fn layers(&mut self) {
        let pack = self.pack;
        for l in &pack.layers {
            let id = l.id.as_str();
            let Some(known) = self.attributes(("layer", id, "type"), &l.kind) else { continue };
            match known.get(&l.geometry) {
                None => self.unknown_attribute(("layer", id, "geometry"), known, &l.geometry),
                Some(a) if !matches!(a.range, Range::Point | Range::Geometry) => {
                    let message = format!("'{}' holds no geometry", l.geometry);
                    let fix = "name an attribute of range GeoPoint or Geometry".into();
                    self.error(("layer", id, "geometry"), "wrong-type", message, fix);
                }
                Some(_) => {}
            }
            if let Some(name) = l.style.colour_by.as_ref().filter(|n| !COLOURS.contains(&n.as_str()))
                && !known.contains_key(name)
            {
                self.unknown_attribute(("layer", id, "style"), known, name);
            }
        }
    }

    fn profile(&mut self, place: (&'static str, &str, &str), name: &str) -> Option<&'a super::DeviceProfile> {
        let found = self.visible.iter().flat_map(|p| &p.devices).find(|d| d.id == name);
        if found.is_none() {
            let all = self.visible.iter().flat_map(|p| &p.devices).map(|d| d.id.as_str());
            let fix = suggest(name, all.collect::<Vec<_>>());
            self.error(place, "unknown-profile", format!("device profile '{name}' is not declared"), fix);
        }
        found
    }

    /// Simulations, feeds and imports.
    fn sources(&mut self) {
        let pack = self.pack;
        for s in &pack.simulations {
            let id = s.id.as_str();
            let profile = self.profile(("simulation", id, "profile"), &s.profile);
            let Some(known) = self.attributes(("simulation", id, "devices"), &s.kind) else { continue };
            if let Some(p) = profile.filter(|p| !self.model.is_a(&s.kind, &p.kind)) {
                let message = format!("profile '{}' is for type {}, not {}", p.id, p.kind, s.kind);
                self.error(("simulation", id, "devices"), "wrong-type", message, format!("write 'type: {}'", p.kind));
            }
            if let Some(route) = s.spec.pointer("/route/attribute").and_then(|v| v.as_str()) {
                match known.get(route) {
                    None => self.unknown_attribute(("simulation", id, "route"), known, route),
                    Some(a) if a.range != Range::Geometry => {
                        let message = format!("'{route}' holds no line");
                        let fix = "name an attribute of range Geometry".into();
                        self.error(("simulation", id, "route"), "wrong-type", message, fix);
                    }
                    Some(_) => {}
                }
            }
        }
        for f in &pack.feeds {
            self.profile(("feed", &f.id, "profile"), &f.profile);
        }
        for i in &pack.imports {
            let Some(known) = self.attributes(("import", &i.id, "type"), &i.kind) else { continue };
            for name in i.set.keys().filter(|n| !known.contains_key(*n)) {
                self.unknown_attribute(("import", &i.id, "set"), known, name);
            }
        }
    }

    fn personas(&mut self) {
        let pack = self.pack;
        for p in &pack.personas {
            for s in &p.spaces {
                self.space(("persona", &p.id, "spaces"), s);
            }
            if let Some(body) = &p.body {
                self.related(("persona", &p.id, "body"), body, "Body");
            }
        }
    }

    fn tests(&mut self) {
        let pack = self.pack;
        let personas: Vec<&str> = self.visible.iter().flat_map(|p| &p.personas).map(|p| p.id.as_str()).collect();
        for (file, cases) in &pack.tests {
            let steps = cases.iter().filter_map(|c| c.get("when")?.as_array()).flatten();
            for step in steps {
                let word = |pointer: &str| step.pointer(pointer).and_then(|v| v.as_str());
                if let Some(name) = word("/reading/profile") {
                    self.profile(("test", file, ""), name);
                }
                if let Some(name) = word("/act/persona").filter(|n| !personas.contains(n)) {
                    let fix = suggest(name, personas.iter().copied());
                    self.error(("test", file, ""), "unknown-persona", format!("persona '{name}' is not declared"), fix);
                }
            }
            cases.iter().for_each(|case| self.played(file, case, &personas));
        }
    }

    /// Who acts in a situation: a persona, a person of the situation, or what a step before has named.
    fn played(&mut self, file: &str, case: &serde_json::Value, personas: &[&str]) {
        let persons =
            case.get("persons").and_then(|p| p.as_object()).into_iter().flatten().map(|(name, _)| name.as_str());
        let mut known: Vec<&str> = personas.iter().copied().chain(persons).collect();
        let steps = case.get("when").and_then(|w| w.as_array()).into_iter().flatten();
        for step in steps.filter_map(|s| s.as_object()).flat_map(|s| s.values()) {
            for key in ["as", "by", "for", "post"] {
                let Some(name) = step.get(key).and_then(|v| v.as_str()) else { continue };
                let is_known = if key == "post" { personas.contains(&name) } else { known.contains(&name) };
                if !is_known && !name.starts_with("urn:") && !name.starts_with('{') {
                    let fix = suggest(name, known.iter().copied());
                    let said = format!("'{name}' is neither a persona nor a person of the situation");
                    self.error(("test", file, ""), "unknown-persona", said, fix);
                }
            }
            known.extend(step.get("name").and_then(|v| v.as_str()));
        }
    }
}
