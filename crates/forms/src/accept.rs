//! Takes what was sent: only what was asked, only what may be answered, each answer good or told why it is not.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map, Value};
use svod_kernel::Lang;
use svod_text::{Arg, Texts};

use crate::around::{Around, Draft, Wanted};
use crate::check::check;
use crate::data::{self, get};
use crate::limits;
use crate::model::{Form, Input, Kind, Options, What};
use crate::options::options;
use crate::phrase::{Speaker, args};
use crate::settle::{Hidden, Met, Scope, Settled, begin, filled, settle, walk};
use crate::value::{self, Complaint};

/// What somebody sent.
#[derive(Debug, Clone, Copy)]
pub enum Sent<'a> {
    /// Texts of a posted form by the name of their input.
    Typed(&'a BTreeMap<String, Vec<String>>),
    /// Values as form-js sends them. What is not there stays as it was.
    Data(&'a Value),
}

/// What is wrong with one answer.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldError {
    /// Name of the input: its place in the data.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// In which items of repeats it stands: `Children, 2`; empty outside of them.
    pub within: String,
    /// Which rule is broken; the message's key is `form-error-<rule>`.
    pub rule: &'static str,
    /// What the message says beside the label.
    pub args: Vec<(&'static str, Arg<'static>)>,
}

impl FieldError {
    /// Key of its message.
    pub fn key(&self) -> String {
        format!("form-error-{}", self.rule)
    }

    /// Its message, without the items in which it stands.
    pub fn text(&self, texts: &Texts, lang: Lang) -> String {
        let mut all = vec![("label", Arg::from(self.label.as_str()))];
        all.extend(self.args.iter().map(|(name, arg)| (*name, arg.clone())));
        texts.format(lang, &self.key(), &all)
    }
}

/// Rules of answers: each has a message `form-error-<rule>` in every language.
pub const ERRORS: [&str; 40] = [
    "required",
    "required-check",
    "required-choice",
    "required-choices",
    "required-file",
    "kind",
    "number",
    "long-number",
    "integer",
    "digits",
    "step",
    "min",
    "max",
    "min-length",
    "max-length",
    "pattern",
    "said",
    "email",
    "phone",
    "date",
    "time",
    "datetime",
    "past",
    "interval",
    "choice",
    "address",
    "register-busy",
    "place",
    "place-range",
    "files",
    "file-kind",
    "file-empty",
    "file-size",
    "file-content",
    "file-name",
    "file-pixels",
    "file-broken",
    "file-active",
    "file-quota",
    "items-max",
];

/// What was sent cannot be taken as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// What could be read of it: keep this where somebody only wants to go on later.
    pub draft: Draft,
    /// What was typed, by name, to be shown again.
    pub typed: BTreeMap<String, Vec<String>>,
    /// What is wrong, in the order of the page.
    pub errors: Vec<FieldError>,
    /// Questions that the answers of the page themselves brought up: nobody has seen them yet, so that nothing is wrong with them.
    pub appeared: Vec<Appeared>,
}

/// A question that stands on a page since its answers were sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appeared {
    /// Name of the input: its place in the data.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// In which items of repeats it stands: `Children, 2`; empty outside of them.
    pub within: String,
}

/// A form that is complete.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// The answers: nothing hidden, nothing disabled.
    pub data: Value,
    /// Answers that the graph gave: name to its `svod.source`.
    pub from_graph: BTreeMap<String, String>,
    /// What the graph says where the person says otherwise, by name.
    pub disputed: BTreeMap<String, Value>,
}

/// Why a field is not answered by whoever sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    Readonly,
    Disabled,
    Source,
}

impl Form {
    /// Takes what was sent for a page, or for all of the form. Hidden fields are dropped; read-only and disabled ones
    /// and what the graph knows are never taken from outside.
    ///
    /// # Errors
    /// Every answer that is not good, with what could be read and what was typed.
    pub fn accept(
        &self,
        page: Option<&str>,
        draft: &Draft,
        sent: Sent<'_>,
        around: &Around<'_>,
    ) -> Result<Draft, Box<Refused>> {
        let before = settle(self, around, &begin(self, around, draft));
        let reading = Reading { page, draft, before: &before, around };
        let mut fresh = begin(self, around, draft);
        let mut refusals = Refusals::default();
        if let Sent::Data(given) = sent {
            self.resize(&reading, given, &mut fresh, &mut refusals);
        }
        let taken = self.take(&reading, sent, &mut fresh, &mut refusals);
        let mut settled = settle(self, around, &fresh);
        // What the new answers themselves make read-only is as it was before.
        let undone = self.locked_now(&taken, draft, around, &settled);
        if !undone.is_empty() {
            for name in &undone {
                data::set(&mut fresh, name, get(&before.data, name).cloned().unwrap_or(Value::Null));
                refusals.complaints.remove(name);
            }
            settled = settle(self, around, &fresh);
        }
        let (errors, appeared) = self.errors(&reading, &settled, &refusals, matches!(sent, Sent::Typed(_)));
        let names = self.sourced_names();
        let disputed = draft.disputed.iter().filter(|n| names.contains(*n)).cloned().collect();
        let draft = Draft { data: settled.data, disputed };
        if errors.is_empty() && appeared.is_empty() {
            return Ok(draft);
        }
        Err(Box::new(Refused { draft, typed: refusals.typed, errors, appeared }))
    }

    /// The answers of the whole form, when all of them are good.
    ///
    /// # Errors
    /// Every answer that is not good.
    pub fn finish(&self, draft: &Draft, around: &Around<'_>) -> Result<Finished, Vec<FieldError>> {
        let done = self.accept(None, draft, Sent::Data(&draft.data), around).map_err(|refused| refused.errors)?;
        let mut out = Finished { data: done.data.clone(), from_graph: BTreeMap::new(), disputed: BTreeMap::new() };
        let settled = settle(self, around, &begin(self, around, &done));
        self.visible(&settled, around, &done.data, &mut |met| {
            let What::Input(input) = &met.component.what else { return };
            match lock(input, met, &done, around) {
                Some(Lock::Disabled) => data::remove(&mut out.data, &met.name),
                Some(Lock::Source) => {
                    out.from_graph.extend(input.source.as_ref().map(|s| (met.name.clone(), s.path.clone())));
                }
                _ if done.disputed.contains(&met.name) => {
                    out.disputed.extend(filled(input, around).map(|value| (met.name.clone(), value)));
                }
                _ => {}
            }
        });
        Ok(out)
    }

    /// What must be looked up before the form is shown or read: for a draft and what was sent, if anything.
    pub fn wanted(&self, draft: &Draft, typed: &BTreeMap<String, Vec<String>>, around: &Around<'_>) -> Wanted {
        let mut out = Wanted { codes: self.code_lists().into_iter().map(str::to_owned).collect(), ..Wanted::default() };
        let start = begin(self, around, draft);
        walk(self, around, &start, &start, &mut |met| {
            let What::Input(input) = &met.component.what else { return };
            let Kind::Address(register) = &input.kind else { return };
            let held = get(&start, &met.name).and_then(Value::as_str).map(str::to_owned);
            let sent = typed.get(&met.name).into_iter().flatten().filter(|t| !t.is_empty() && t.len() <= limits::TEXT);
            out.addresses.extend(held.into_iter().chain(sent.cloned()).map(|id| (register.clone(), id)));
            let query = typed.get(&format!("{}.find", met.name)).and_then(|t| t.last());
            if let Some(query) = query.map(|q| q.trim()).filter(|q| !q.is_empty() && q.chars().count() <= 200) {
                out.searches.push((met.name.clone(), register.clone(), query.to_owned()));
            }
        });
        out
    }

    /// Meets what is shown.
    pub(crate) fn visible<'f>(
        &'f self,
        settled: &Settled,
        around: &Around<'_>,
        data: &Value,
        see: &mut impl FnMut(&Met<'f>),
    ) {
        walk(self, around, data, &settled.data, &mut |met| {
            if !is_hidden(&settled.hidden, met) {
                see(met);
            }
        });
    }

    /// Repeats get as many items as were sent.
    fn resize(&self, reading: &Reading<'_>, given: &Value, fresh: &mut Value, refusals: &mut Refusals) {
        let Reading { page, draft, before, around } = *reading;
        let mut shape = fresh.clone();
        let mut counts: Vec<(String, usize)> = Vec::new();
        let mut grown = Draft { data: fresh.clone(), disputed: draft.disputed.clone() };
        // Items in items are seen once those around them are there.
        for _ in 0..limits::DEPTH {
            counts.clear();
            walk(self, around, &before.data, &shape, &mut |met| {
                let What::Repeat(repeat) = &met.component.what else { return };
                let Some(sent) = get(given, &met.name).and_then(Value::as_array) else { return };
                if !on_page(page, met) || !repeat.changes {
                    return;
                }
                if sent.len() > repeat.max {
                    refusals.crowded.insert(met.name.clone());
                }
                counts.push((met.name.clone(), sent.len().clamp(repeat.min, repeat.max)));
            });
            for (name, count) in &counts {
                let items = get(&grown.data, name).and_then(Value::as_array).cloned().unwrap_or_default();
                let filler = std::iter::repeat_with(|| Value::Object(Map::new()));
                data::set(&mut grown.data, name, items.into_iter().chain(filler).take(*count).collect());
            }
            let next = begin(self, around, &grown);
            if next == shape {
                break;
            }
            shape = next;
        }
        *fresh = shape;
    }

    /// Puts what was sent into the answers; gives the names of what was taken.
    fn take(
        &self,
        reading: &Reading<'_>,
        sent: Sent<'_>,
        fresh: &mut Value,
        refusals: &mut Refusals,
    ) -> BTreeSet<String> {
        let Reading { page, draft, before, around } = *reading;
        let shape = fresh.clone();
        let mut taken = BTreeSet::new();
        walk(self, around, &before.data, &shape, &mut |met| {
            let What::Input(input) = &met.component.what else { return };
            if !on_page(page, met) || lock(input, met, draft, around).is_some() {
                return;
            }
            let held = get(&shape, &met.name).cloned().unwrap_or(Value::Null);
            let answer = match sent {
                Sent::Typed(typed) => typed_answer(input, met, typed, (&held, &before.data), around, refusals),
                Sent::Data(given) => {
                    get(given, &met.name).map(|value| value::sane(input, value).ok_or_else(|| Complaint::of("kind")))
                }
            };
            match answer {
                Some(Ok(value)) => {
                    data::set(fresh, &met.name, value);
                    taken.insert(met.name.clone());
                }
                Some(Err(complaint)) => {
                    data::set(fresh, &met.name, value::empty(&input.kind));
                    refusals.complaints.insert(met.name.clone(), complaint);
                    taken.insert(met.name.clone());
                }
                None => {}
            }
        });
        taken
    }

    /// What was taken although the new answers lock it.
    fn locked_now(
        &self,
        taken: &BTreeSet<String>,
        draft: &Draft,
        around: &Around<'_>,
        settled: &Settled,
    ) -> Vec<String> {
        let mut out = Vec::new();
        self.visible(settled, around, &settled.data, &mut |met| {
            if let What::Input(input) = &met.component.what
                && taken.contains(&met.name)
                && lock(input, met, draft, around).is_some()
            {
                out.push(met.name.clone());
            }
        });
        out
    }

    /// What is wrong, and what the answers brought up.
    fn errors(
        &self,
        reading: &Reading<'_>,
        settled: &Settled,
        refusals: &Refusals,
        typed: bool,
    ) -> (Vec<FieldError>, Vec<Appeared>) {
        let Reading { page, draft, before, around } = *reading;
        let (mut out, mut appeared) = (Vec::new(), Vec::new());
        let said = args(&settled.data);
        self.visible(settled, around, &settled.data, &mut |met| {
            if !on_page(page, met) {
                return;
            }
            let speaker = Speaker { around, facts: &met.scope.facts, args: &said };
            let complaint = match &met.component.what {
                What::Input(input) if lock(input, met, draft, around).is_none() => {
                    let value = get(&settled.data, &met.name).unwrap_or(&Value::Null);
                    let offered = options(input, around, &speaker, &settled.data);
                    let complaint =
                        refusals.complaints.get(&met.name).cloned().or_else(|| check(input, value, &offered, &speaker));
                    let label = input.label.say(&speaker);
                    let unseen = typed && !refusals.seen.contains(&met.name);
                    // It was not there to be answered; another time it may be left out.
                    if unseen && (is_hidden(&before.hidden, met) || complaint.is_some() && value::is_empty(value)) {
                        let within = within(met, &speaker);
                        appeared.push(Appeared { name: met.name.clone(), label, within });
                        return;
                    }
                    complaint.map(|c| (c, label))
                }
                What::Repeat(repeat) => {
                    let crowded = refusals.crowded.contains(&met.name);
                    let label = || repeat.label.as_ref().map_or_else(String::new, |l| l.say(&speaker));
                    crowded.then(|| (Complaint::of("items-max").with("n", repeat.max), label()))
                }
                _ => None,
            };
            out.extend(complaint.map(|(c, label)| FieldError {
                name: met.name.clone(),
                label,
                within: within(met, &speaker),
                rule: c.rule,
                args: c.args,
            }));
        });
        (out, appeared)
    }

    /// Names of the fields that the graph may fill.
    fn sourced_names(&self) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        fn look(components: &[crate::model::Component], prefix: &str, out: &mut BTreeSet<String>) {
            for c in components {
                match &c.what {
                    What::Input(input) if input.source.is_some() => _ = out.insert(data::join(prefix, &input.key)),
                    What::Group(g) => look(&g.components, &data::join(prefix, &g.path), out),
                    _ => {}
                }
            }
        }
        look(&self.components, "", &mut out);
        out
    }
}

/// What is read, and from where.
#[derive(Clone, Copy)]
struct Reading<'a> {
    page: Option<&'a str>,
    draft: &'a Draft,
    before: &'a Settled,
    around: &'a Around<'a>,
}

/// What went wrong while reading.
#[derive(Default)]
struct Refusals {
    complaints: BTreeMap<String, Complaint>,
    typed: BTreeMap<String, Vec<String>>,
    /// Names that the page had.
    seen: BTreeSet<String>,
    /// Repeats with more items than are taken.
    crowded: BTreeSet<String>,
}

/// The answer of a posted input; nothing where the page did not have it.
fn typed_answer(
    input: &Input,
    met: &Met<'_>,
    typed: &BTreeMap<String, Vec<String>>,
    (held, seen): (&Value, &Value),
    around: &Around<'_>,
    refusals: &mut Refusals,
) -> Option<Result<Value, Complaint>> {
    if let Kind::Files(_) = &input.kind {
        let new = around.lists.files.get(&met.name);
        if typed.contains_key(&met.name) || new.is_some() {
            refusals.seen.insert(met.name.clone());
        }
        if let Some(refused) = around.lists.refused.get(&met.name) {
            refusals.seen.insert(met.name.clone());
            return Some(Err(Complaint::of(refused.rule).with("file", refused.name.clone()).with("n", refused.n)));
        }
        let mut all = value::files(held);
        all.extend(new?.iter().cloned());
        return Some(Ok(all.into_iter().filter_map(|f| serde_json::to_value(f).ok()).collect()));
    }
    let texts = typed.get(&met.name)?;
    refusals.seen.insert(met.name.clone());
    refusals.typed.insert(met.name.clone(), texts.clone());
    let speaker = Speaker { around, facts: &met.scope.facts, args: &[] };
    let offered = options(input, around, &speaker, seen);
    // Options that depend on answers of the same page are judged when all are read.
    let late = matches!(&input.kind, Kind::Choice(c) if matches!(c.options, Options::Key(_) | Options::By(_)));
    Some(match value::read(input, texts, &offered, around) {
        Err(_) if late => Ok(loose(input, texts)),
        other => other,
    })
}

/// A choice as it was typed.
fn loose(input: &Input, texts: &[String]) -> Value {
    let chosen: Vec<Value> = texts.iter().filter(|t| !t.is_empty()).map(|t| Value::from(t.as_str())).collect();
    let value = match &input.kind {
        Kind::Choice(rules) if rules.style.many() => Value::Array(chosen),
        _ => chosen.into_iter().next_back().unwrap_or(Value::Null),
    };
    value::sane(input, &value).unwrap_or_else(|| value::empty(&input.kind))
}

/// Why whoever sends does not answer this field.
pub(crate) fn lock(input: &Input, met: &Met<'_>, draft: &Draft, around: &Around<'_>) -> Option<Lock> {
    lock_at(input, &met.name, &met.scope, draft, around)
}

pub(crate) fn lock_at(
    input: &Input,
    name: &str,
    scope: &Rc<Scope>,
    draft: &Draft,
    around: &Around<'_>,
) -> Option<Lock> {
    let given = input.source.as_ref().is_some_and(|s| !s.editable) && !draft.disputed.contains(name);
    if input.disabled.is_on(&scope.facts) {
        Some(Lock::Disabled)
    } else if given && filled(input, around).is_some() {
        Some(Lock::Source)
    } else if input.readonly.is_on(&scope.facts) {
        Some(Lock::Readonly)
    } else {
        None
    }
}

pub(crate) fn is_hidden(hidden: &Hidden, met: &Met<'_>) -> bool {
    // What holds it is hidden with it, and was met before.
    met.hidden || hidden.contains(&(met.component.at.clone(), met.scope.prefix.clone()))
}

fn on_page(page: Option<&str>, met: &Met<'_>) -> bool {
    page.is_none_or(|page| met.page.is_none_or(|own| own == page))
}

/// `Children, 2`.
pub(crate) fn within(met: &Met<'_>, speaker: &Speaker<'_>) -> String {
    let name = |(repeat, at): &(&crate::model::Repeat, usize)| {
        let label = repeat.label.as_ref().map_or_else(String::new, |l| l.say(speaker));
        format!("{label}, {at}")
    };
    met.items.iter().map(name).collect::<Vec<_>>().join("; ")
}
