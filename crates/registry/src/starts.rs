//! What begins by itself: services that events start, processes that messages, signals and times start.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};
use svod_kernel::{SpacePath, Timestamp, Urn, write_offset};
use svod_model::{DueSpec, Metamodel, Pack, PackError, ServiceSpec, StartMode, StartSpec};
use svod_process::{Expression, Reference, Span, Trigger};

use crate::catalogue::{Processes, top};
use crate::clocks::Clocks;

/// Names of FEEL beside the attributes of the type.
const GIVEN: [&str; 5] = ["entity", "before", "urn", "type", "space"];
/// Words of FEEL's functions that stand alone in front of another word of theirs.
const OF_FUNCTIONS: [&str; 5] = ["date", "time", "years", "days", "months"];
/// What a name may be bound by within an expression.
const BINDING: [&str; 6] = ["[", "{", "for ", "some ", "every ", "function"];

/// A service that an event starts.
#[derive(Debug)]
pub struct EventStart {
    /// The service.
    pub service: ServiceSpec,
    /// Top-level space of its pack; none means every space.
    pub top: Option<SpacePath>,
    /// Its place in `start` of the service.
    pub place: usize,
    /// Type of the entity.
    pub kind: String,
    /// What happens to it.
    pub on: On,
    /// Asked first, by a form or without one, or begun at once.
    pub mode: StartMode,
    when: Option<Expression>,
    stands: Option<Expression>,
    lend: Option<Expression>,
    applicant: Expression,
    set: Vec<(String, Expression)>,
}

/// What starts a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum On {
    /// The entity is made.
    Create,
    /// It changes.
    Update,
    /// It is removed.
    Delete,
    /// A moment of it comes.
    Due(Due),
}

/// A moment of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// As declared.
    pub spec: DueSpec,
    /// How long before or after.
    pub span: Span,
    /// Clocks by which a day begins where a space has none of its own, seconds ahead of UTC: those of the calendar of the service.
    pub offset: i32,
}

/// A process that a message, a signal or a time starts.
#[derive(Debug)]
pub struct ProcessStart {
    /// Pack, version and process: `birth@1.2.0/birth`.
    pub process: String,
    /// The same without the version: `birth/birth`.
    pub name: String,
    /// Its start event.
    pub element: String,
    /// What starts it.
    pub trigger: Trigger,
    /// Top-level space of its pack; none means every space.
    pub top: Option<SpacePath>,
    /// The service whose process it is.
    pub service: Option<ServiceSpec>,
}

/// Everything that begins by itself.
#[derive(Debug, Default)]
pub struct Starts {
    /// By events.
    pub events: Vec<Arc<EventStart>>,
    /// By messages, signals and times.
    pub processes: Vec<Arc<ProcessStart>>,
    /// Calendars that processes count in.
    pub(crate) calendars: BTreeSet<String>,
}

impl EventStart {
    /// What the service is known by: `birth/birth`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.service.pack, self.service.id)
    }

    /// Does it start here? `scope` has `entity`, `before` and the attributes of the entity by their names.
    ///
    /// # Errors
    /// FEEL's reason, when the condition fails or is neither true nor false.
    pub fn holds(&self, scope: &Map<String, Value>) -> Result<bool, String> {
        Ok(is_true("when", self.when.as_ref(), scope)? && self.stands(scope)?)
    }

    /// Does what an offer stands on hold still? Where nothing is said, it does.
    ///
    /// # Errors
    /// As [`EventStart::holds`].
    pub fn stands(&self, scope: &Map<String, Value>) -> Result<bool, String> {
        is_true("while", self.stands.as_ref(), scope)
    }

    /// Whom it concerns, each once.
    ///
    /// # Errors
    /// FEEL's reason, or that it gives something else than URNs.
    pub fn applicants(&self, scope: &Map<String, Value>) -> Result<BTreeSet<Urn>, String> {
        let all = match value(&self.applicant, scope)? {
            Value::Array(all) => all,
            one => vec![one],
        };
        let read = |v: &Value| {
            let urn = v.as_str().and_then(|text| text.parse::<Urn>().ok());
            urn.ok_or_else(|| format!("'applicant' gives {v}, which is no URN"))
        };
        all.iter().filter(|v| !v.is_null()).map(read).collect()
    }

    /// Files of cases that are seen with an offer, by their identifiers.
    ///
    /// # Errors
    /// FEEL's reason, or that it gives something else than identifiers.
    pub fn lent(&self, scope: &Map<String, Value>) -> Result<Vec<String>, String> {
        let all = match self.lend.as_ref().map(|feel| value(feel, scope)).transpose()? {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(all)) => all,
            Some(one) => vec![one],
        };
        let read =
            |v: &Value| v.as_str().map(str::to_owned).ok_or_else(|| format!("'lend' gives {v}, which is no file"));
        all.iter().filter(|v| !v.is_null()).map(read).collect()
    }

    /// Variables of the process, or answers of its form.
    ///
    /// # Errors
    /// FEEL's reason.
    pub fn data(&self, scope: &Map<String, Value>) -> Result<Map<String, Value>, String> {
        self.set.iter().map(|(name, feel)| Ok((name.clone(), value(feel, scope)?))).collect()
    }
}

fn is_true(what: &str, feel: Option<&Expression>, scope: &Map<String, Value>) -> Result<bool, String> {
    match feel.map(|feel| value(feel, scope)).transpose()? {
        None | Some(Value::Bool(true)) => Ok(true),
        Some(Value::Bool(false) | Value::Null) => Ok(false),
        Some(other) => Err(format!("'{what}' gives {other}, neither true nor false")),
    }
}

fn value(feel: &Expression, scope: &Map<String, Value>) -> Result<Value, String> {
    feel.evaluate(|name| scope.get(name).cloned())
}

impl Due {
    /// When it is due, from what its attribute holds: a moment, or a day by the clocks of the entity's space.
    pub fn moment(&self, held: &str, clock: Option<i32>) -> Option<Timestamp> {
        let (at, offset) = (self.held(held, clock)?, clock.unwrap_or(self.offset));
        if self.spec.before { self.span.before(at, offset) } else { self.span.after(at, offset) }
    }

    /// The moment that its attribute holds.
    pub fn held(&self, text: &str, clock: Option<i32>) -> Option<Timestamp> {
        if text.len() != 10 {
            return text.parse().ok();
        }
        format!("{text}T00:00:00{}", write_offset(clock.unwrap_or(self.offset))).parse().ok()
    }

    /// What the attribute holds, about, when it is due at that moment; months are given or taken a few days.
    pub fn about(&self, due: Timestamp) -> Option<Timestamp> {
        if self.spec.before { self.span.after(due, self.offset) } else { self.span.before(due, self.offset) }
    }
}

/// Everything in packs that begins by itself, compiled.
pub(crate) fn compile(
    packs: &[&Pack],
    (model, clocks): (&Metamodel, &Clocks),
    processes: &[Processes],
    errors: &mut Vec<PackError>,
) -> Starts {
    let mut all = Starts::default();
    for (pack, processes) in packs.iter().zip(processes) {
        for service in &pack.services {
            errors.extend(unplaced(pack, service));
            for (place, start) in service.start.iter().enumerate() {
                match event(pack, service, (place, start), (model, clocks)) {
                    Ok(start) => all.events.extend(start.map(Arc::new)),
                    Err(faults) => errors.extend(faults),
                }
            }
        }
        for (id, (_, process)) in processes {
            all.calendars.extend(process.references().iter().filter_map(|r| match r {
                Reference::Calendar(name) => Some(name.clone()),
                _ => None,
            }));
            let alone = |t: &Trigger| matches!(t, Trigger::Message(_) | Trigger::Signal(_) | Trigger::Timer(_));
            let begun = process.starts().filter(|(_, t)| alone(t));
            all.processes.extend(begun.map(|(element, trigger)| {
                let manifest = &pack.manifest;
                Arc::new(ProcessStart {
                    process: format!("{}@{}/{id}", manifest.id, manifest.version),
                    name: format!("{}/{id}", manifest.id),
                    element: element.id.clone(),
                    trigger: trigger.clone(),
                    top: top(pack),
                    service: pack.services.iter().find(|s| s.process == *id).cloned(),
                })
            }));
        }
    }
    all
}

/// What is wrong with where the cases of a service lie.
fn unplaced(pack: &Pack, service: &ServiceSpec) -> Option<PackError> {
    let (message, fix) = Expression::compile(service.place.as_deref()?).err()?;
    let (file, position) = pack.origins.find("service", &service.id, "place");
    let (file, message) = (format!("{}/{file}", pack.manifest.id), format!("'place': {message}"));
    Some(PackError { file, position, rule: "bad-value".into(), message, fix })
}

fn event(
    pack: &Pack,
    service: &ServiceSpec,
    (place, start): (usize, &StartSpec),
    (model, clocks): (&Metamodel, &Clocks),
) -> Result<Option<EventStart>, Vec<PackError>> {
    let StartSpec::Event { kind, action, due, when, applicant, mode, stands, lend, set } = start else {
        return Ok(None);
    };
    let fault = |message: String, fix: String| {
        let (file, position) = pack.origins.find("service", &service.id, "start");
        let file = format!("{}/{file}", pack.manifest.id);
        PackError { file, position, rule: "bad-value".into(), message, fix }
    };
    let mut faults = Vec::new();
    let mut feel = |what: &str, text: &str| match Expression::compile(text) {
        Ok(e) => {
            faults.extend(unknown(&e, kind, model).map(|name| {
                let fix = "use entity, before, urn, type, space and the attributes of the type".to_owned();
                fault(format!("'{what}' reads '{name}', which {kind} has not"), fix)
            }));
            Some(e)
        }
        Err((message, fix)) => {
            faults.push(fault(format!("'{what}': {message}"), fix));
            None
        }
    };
    let when = when.as_ref().map(|text| feel("when", text));
    let stands = stands.as_ref().map(|text| feel("while", text));
    let lend = lend.as_ref().map(|text| feel("lend", text));
    let applicant = feel("applicant", applicant);
    let set: Option<Vec<_>> = set.iter().map(|(name, text)| Some((name.clone(), feel(name, text)?))).collect();
    let on = on((due.as_ref(), action), clocks.of_term(top(pack).as_ref(), &service.term));
    if let (Some(spec), None) = (due, &on) {
        faults.push(fault(format!("'{}' is no duration", spec.span), "write one such as P18Y or P30D".into()));
    }
    match (applicant, set, on) {
        (Some(applicant), Some(set), Some(on)) if faults.is_empty() => Ok(Some(EventStart {
            service: service.clone(),
            top: top(pack),
            place,
            kind: kind.clone(),
            on,
            mode: *mode,
            when: when.flatten(),
            stands: stands.flatten(),
            lend: lend.flatten(),
            applicant,
            set,
        })),
        _ => Err(faults),
    }
}

/// What happens; none for a duration that is none.
fn on((due, action): (Option<&DueSpec>, &str), offset: i32) -> Option<On> {
    Some(match (due, action) {
        (Some(spec), _) => On::Due(Due { spec: spec.clone(), span: Span::parse(&spec.span)?, offset }),
        (None, "create") => On::Create,
        (None, "update") => On::Update,
        (None, _) => On::Delete,
    })
}

/// A name that the expression reads and that nothing gives; none where it may bind names itself.
fn unknown<'e>(feel: &'e Expression, kind: &str, model: &Metamodel) -> Option<&'e str> {
    if BINDING.iter().any(|b| feel.text().contains(b)) {
        return None;
    }
    let known =
        |name: &str| GIVEN.contains(&name) || OF_FUNCTIONS.contains(&name) || model.attribute(kind, name).is_some();
    feel.names().iter().map(String::as_str).find(|name| !known(name))
}
