//! What is shown follows from the answers, and what is not shown is no answer: both are settled together.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Map, Value};

use crate::around::{Around, Draft};
use crate::data::{self, get, join};
use crate::expression::Facts;
use crate::limits::{ANSWERS, ROUNDS};
use crate::model::{Component, Form, Input, Kind, Options, Repeat, What};
use crate::value;

/// From where expressions look at the answers.
pub(crate) struct Scope {
    /// Place of the item of a repeat; empty at the top.
    pub prefix: String,
    pub facts: Facts,
}

/// Which components are not shown: where they stand in the file, and for which item.
pub(crate) type Hidden = BTreeSet<(String, String)>;

/// Answers of which none is hidden.
pub(crate) struct Settled {
    pub data: Value,
    pub hidden: Hidden,
}

/// One component, met once for each item in which it stands.
pub(crate) struct Met<'f> {
    pub component: &'f Component,
    /// Its place, for what has one; else that of what holds it.
    pub name: String,
    pub scope: Rc<Scope>,
    pub hidden: bool,
    /// The page on which it stands.
    pub page: Option<&'f str>,
    /// Repeats around it: their component and the item, from 1.
    pub items: Vec<(&'f Repeat, usize)>,
}

impl Scope {
    /// At the top of the answers.
    pub(crate) fn top(form: &Form, around: &Around<'_>, data: &Value) -> Rc<Self> {
        let known = form.inputs.iter().filter_map(|name| Some((name.clone(), around.inputs.get(name)?.clone())));
        Rc::new(Self { prefix: String::new(), facts: Facts::new(data, known.collect()) })
    }

    /// Inside an item of a repeat; `at` counts from 0.
    pub(crate) fn item(&self, data: &Value, prefix: String, at: usize) -> Rc<Self> {
        let this = get(data, &prefix).cloned().unwrap_or_else(|| Value::Object(Map::new()));
        Rc::new(Self { prefix, facts: self.facts.item(this, at + 1) })
    }
}

/// Meets every component, containers before what they hold. Conditions see `seen`; items are those of `shape`.
pub(crate) fn walk<'f>(
    form: &'f Form,
    around: &Around<'_>,
    seen: &Value,
    shape: &Value,
    see: &mut impl FnMut(&Met<'f>),
) {
    let scope = Scope::top(form, around, seen);
    let place = Place { name: String::new(), scope, hidden: false, page: None, items: Vec::new() };
    Walker { seen, shape, left: ANSWERS, see }.list(&form.components, &place);
}

#[derive(Clone)]
struct Place<'f> {
    name: String,
    scope: Rc<Scope>,
    hidden: bool,
    page: Option<&'f str>,
    items: Vec<(&'f Repeat, usize)>,
}

struct Walker<'a, S> {
    seen: &'a Value,
    shape: &'a Value,
    left: usize,
    see: &'a mut S,
}

impl<'f, S: FnMut(&Met<'f>)> Walker<'_, S> {
    fn list(&mut self, components: &'f [Component], place: &Place<'f>) {
        for component in components {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            self.component(component, place);
        }
    }

    fn component(&mut self, component: &'f Component, place: &Place<'f>) {
        let hidden = place.hidden || component.hide.as_ref().is_some_and(|hide| hide.hides(&place.scope.facts));
        let (key, page) = match &component.what {
            What::Input(input) => (input.key.as_str(), None),
            What::Computed { key, .. } => (key.as_str(), None),
            What::Group(group) => (group.path.as_str(), group.page.as_ref().map(|p| p.name.as_str())),
            What::Repeat(repeat) => (repeat.path.as_str(), None),
            _ => ("", None),
        };
        let page = page.or(place.page);
        let name = join(&place.name, key);
        let met =
            Met { component, name: name.clone(), scope: place.scope.clone(), hidden, page, items: place.items.clone() };
        (self.see)(&met);
        match &component.what {
            What::Group(group) => {
                let inner = Place { name, hidden, page, ..place.clone() };
                self.list(&group.components, &inner);
            }
            What::Repeat(repeat) => {
                let count = items(self.shape, &name).min(repeat.max);
                for at in 0..count {
                    let prefix = format!("{name}.{at}");
                    let scope = place.scope.item(self.seen, prefix.clone(), at);
                    let items = place.items.iter().copied().chain([(repeat, at + 1)]).collect();
                    self.list(&repeat.components, &Place { name: prefix, scope, hidden, page, items });
                }
            }
            _ => {}
        }
    }
}

/// How many items a repeat has.
pub(crate) fn items(data: &Value, name: &str) -> usize {
    get(data, name).and_then(Value::as_array).map_or(0, Vec::len)
}

/// The answers with which a form begins: those of the draft, of the graph, its defaults, and form-js's emptiness.
pub(crate) fn begin(form: &Form, around: &Around<'_>, draft: &Draft) -> Value {
    let mut out = Value::Object(Map::new());
    let mut left = ANSWERS;
    fill(&form.components, "", around, draft, &mut out, &mut left);
    out
}

fn fill(components: &[Component], prefix: &str, around: &Around<'_>, draft: &Draft, out: &mut Value, left: &mut usize) {
    for component in components {
        if *left == 0 {
            return;
        }
        *left -= 1;
        match &component.what {
            What::Input(input) => {
                let name = join(prefix, &input.key);
                let value = first(input, &name, around, draft);
                data::set(out, &name, value);
            }
            What::Group(group) => fill(&group.components, &join(prefix, &group.path), around, draft, out, left),
            What::Repeat(repeat) => {
                let name = join(prefix, &repeat.path);
                let held = get(&draft.data, &name).and_then(Value::as_array).map(Vec::len);
                let count = held.unwrap_or(repeat.first).clamp(repeat.min, repeat.max);
                data::set(out, &name, Value::Array(Vec::new()));
                for at in 0..count {
                    data::set(out, &format!("{name}.{at}"), Value::Object(Map::new()));
                    fill(&repeat.components, &format!("{name}.{at}"), around, draft, out, left);
                }
            }
            _ => {}
        }
    }
}

/// What the graph says for a field, in the form in which the field keeps it.
pub(crate) fn filled(input: &Input, around: &Around<'_>) -> Option<Value> {
    let source = input.source.as_ref()?;
    let value = value::sane(input, &around.prefill.get(&source.path)?.value)?;
    (!value::is_empty(&value)).then_some(value)
}

/// The first value of a field.
fn first(input: &Input, name: &str, around: &Around<'_>, draft: &Draft) -> Value {
    let graph = filled(input, around);
    let own = input.source.as_ref().is_none_or(|s| s.editable) || draft.disputed.contains(name);
    if let Some(value) = graph.as_ref().filter(|_| !own) {
        return value.clone();
    }
    let held = get(&draft.data, name).and_then(|v| value::sane(input, v));
    let value = held.or(graph).or_else(|| input.default.clone()).unwrap_or_else(|| value::empty(&input.kind));
    offered(input, value, around)
}

/// Without options that are offered no more, in the order of the options. Those that depend on answers are looked at
/// when the answers are checked.
fn offered(input: &Input, value: Value, around: &Around<'_>) -> Value {
    let Kind::Choice(rules) = &input.kind else { return value };
    let codes: Vec<Value>;
    let known: Vec<&Value> = match &rules.options {
        Options::Fixed(options) => options.iter().map(|(value, _)| value).collect(),
        Options::Codes(list) => match around.lists.codes.get(list) {
            Some(values) => {
                codes = values.iter().map(|v| Value::from(v.as_str())).collect();
                codes.iter().collect()
            }
            None => return value,
        },
        Options::Key(_) | Options::By(_) => return value,
    };
    match value {
        Value::Array(chosen) => known.into_iter().filter(|k| chosen.contains(k)).cloned().collect(),
        one if known.contains(&&one) => one,
        _ => Value::Null,
    }
}

/// Takes hidden answers away and computes what is computed, until nothing changes. Conditions that go round in a
/// circle hide what any of their rounds hides.
pub(crate) fn settle(form: &Form, around: &Around<'_>, base: &Value) -> Settled {
    let mut now = Settled { data: base.clone(), hidden: Hidden::new() };
    for _ in 0..ROUNDS {
        let (hidden, names) = judge(form, around, &now.data, base);
        let next = without(form, around, base, &hidden, &names);
        if next.data == now.data && next.hidden == now.hidden {
            return next;
        }
        now = next;
    }
    let (mut hidden, mut names) = judge(form, around, &now.data, base);
    hidden.extend(now.hidden.iter().cloned());
    walk(form, around, &now.data, base, &mut |met| {
        let standing = (met.component.at.clone(), met.scope.prefix.clone());
        if hidden.contains(&standing) && keeps(met.component) {
            names.insert(met.name.clone());
        }
    });
    without(form, around, base, &hidden, &names)
}

/// What is hidden when conditions see these answers, and the places that are cleared by it.
fn judge(form: &Form, around: &Around<'_>, seen: &Value, shape: &Value) -> (Hidden, BTreeSet<String>) {
    let (mut hidden, mut names) = (Hidden::new(), BTreeSet::new());
    walk(form, around, seen, shape, &mut |met| {
        if met.hidden {
            hidden.insert((met.component.at.clone(), met.scope.prefix.clone()));
            if keeps(met.component) {
                names.insert(met.name.clone());
            }
        }
    });
    (hidden, names)
}

const fn keeps(component: &Component) -> bool {
    matches!(component.what, What::Input(_) | What::Computed { .. } | What::Repeat(_))
}

fn without(form: &Form, around: &Around<'_>, base: &Value, hidden: &Hidden, names: &BTreeSet<String>) -> Settled {
    let mut kept = base.clone();
    for name in names {
        data::remove(&mut kept, name);
    }
    compute(form, around, hidden, &mut kept);
    Settled { data: kept, hidden: hidden.clone() }
}

/// Values of `expression` components, one after another: each sees those before it.
fn compute(form: &Form, around: &Around<'_>, hidden: &Hidden, kept: &mut Value) {
    let mut places = Vec::new();
    let shape = kept.clone();
    let has = |c: &Component| matches!(c.what, What::Computed { .. });
    if !any(&form.components, &has) {
        return;
    }
    walk(form, around, &shape, &shape, &mut |met| {
        let standing = (met.component.at.clone(), met.scope.prefix.clone());
        if let What::Computed { by, .. } = &met.component.what
            && !hidden.contains(&standing)
        {
            places.push((
                by,
                met.name.clone(),
                met.items.iter().map(|(_, at)| at - 1).collect::<Vec<_>>(),
                met.scope.prefix.clone(),
            ));
        }
    });
    for (by, name, items, prefix) in places {
        let mut scope = Scope::top(form, around, kept);
        // The scopes around the item, outermost first: the place of each is the beginning of the next.
        let steps: Vec<&str> = prefix.split('.').collect();
        let ends: Vec<usize> =
            steps.iter().enumerate().filter(|(_, s)| data::index(s).is_some()).map(|(at, _)| at + 1).collect();
        for (end, at) in ends.iter().zip(&items) {
            scope = scope.item(kept, steps[..*end].join("."), *at);
        }
        data::set(kept, &name, by.value(&scope.facts));
    }
}

fn any(components: &[Component], is: &impl Fn(&Component) -> bool) -> bool {
    components.iter().any(|c| is(c) || any(c.inner(), is))
}
