//! What the answers of a page bring up or take away before they are sent: the browser evaluates the same conditions by the same
//! rounds as [`crate::settle`], on answers that it reads from the page and on what it is given here of all the others.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::around::{Around, Choice, Draft};
use crate::data;
use crate::expression::Expression;
use crate::model::{Component, Form, Input, Kind, MomentRules, Part, Repeat, Switch, What, Zoned};
use crate::moment;
use crate::settle::filled;
use crate::shared::ITEM_NAMES;

/// A condition that answers of the page decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// FEEL, without the `=`: hides as `conditional.hide` does.
    pub hide: String,
    /// It hides now: what stands under it is no part of the page until its answers bring it up.
    pub hidden: bool,
}

/// How a browser reads the answer of a field from the page, for conditions.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    /// `text`, `phone`, `number`, `number-text`, `check`, `one`, `many`, `moment`, `suffix:+07:00`, `utc:420` (minutes east),
    /// `address`, `files`, `place`, or `given` for what is not answered here. `one` and `many` whose options are no texts have
    /// `json:` before them.
    pub kind: String,
    /// What a field that is not answered here holds.
    pub value: Option<Value>,
}

/// Which conditions of a page its own answers decide.
pub(crate) struct Page<'f> {
    /// Names by which expressions call what can change.
    names: BTreeSet<String>,
    components: &'f [Component],
    place: String,
}

impl<'f> Page<'f> {
    /// None where nothing on the page depends on its answers.
    pub(crate) fn new(
        components: &'f [Component],
        place: &str,
        (draft, around): (&Draft, &Around<'_>),
    ) -> Option<Self> {
        let mut names = BTreeSet::new();
        let top = |place: &str| place.split('.').next().unwrap_or_default().to_owned();
        each(components, place, &mut |c, name| match &c.what {
            What::Input(input) if may_change(input, name, draft, around) => _ = names.insert(top(name)),
            What::Repeat(_) => _ = names.insert(top(name)),
            What::Computed { by, .. } if moves(by, &names) => _ = names.insert(top(name)),
            _ => {}
        });
        let page = Self { names, components, place: place.to_owned() };
        let mut any = false;
        each(components, place, &mut |c, _| any = any || page.decides(c));
        any.then_some(page)
    }

    /// True when answers of the page decide whether that is shown.
    pub(crate) fn decides(&self, component: &Component) -> bool {
        component.hide.as_ref().is_some_and(|hide| moves(hide, &self.names))
    }

    /// What its conditions look at and the page does not have: answers of other pages, and values beside the answers. Only
    /// those parts that are named go out.
    pub(crate) fn known(&self, settled: &Value, form: &Form, around: &Around<'_>) -> Value {
        let (mut paths, mut others) = (BTreeSet::new(), settled.clone());
        each(self.components, &self.place, &mut |c, name| {
            paths.extend(c.hide.as_ref().filter(|_| self.decides(c)).into_iter().flat_map(Expression::paths));
            match &c.what {
                What::Computed { by, .. } => {
                    paths.extend(by.paths());
                    data::remove(&mut others, name);
                }
                What::Input(_) | What::Repeat(_) => data::remove(&mut others, name),
                _ => {}
            }
        });
        let paths: Vec<&[String]> = paths.iter().map(Vec::as_slice).collect();
        let known = form.inputs.iter().filter_map(|name| Some((name.clone(), around.inputs.get(name)?.clone())));
        let inputs = Value::Object(known.collect());
        json!({"data": part(&others, &paths), "inputs": part(&inputs, &paths)})
    }
}

/// Every component with its place; those in repeats have the place of the repeat before theirs.
fn each<'f>(components: &'f [Component], place: &str, see: &mut impl FnMut(&'f Component, &str)) {
    for c in components {
        let key = match &c.what {
            What::Input(input) => input.key.as_str(),
            What::Computed { key, .. } => key,
            What::Group(group) => &group.path,
            What::Repeat(Repeat { path, .. }) => path,
            _ => "",
        };
        let name = data::join(place, key);
        see(c, &name);
        each(c.inner(), &name, see);
    }
}

fn moves(expression: &Expression, names: &BTreeSet<String>) -> bool {
    expression.names().iter().any(|n| names.contains(n) || ITEM_NAMES.contains(&n.as_str()))
}

fn may_change(input: &Input, name: &str, draft: &Draft, around: &Around<'_>) -> bool {
    let given = input.source.as_ref().is_some_and(|s| !s.editable) && !draft.disputed.contains(name);
    let fixed = |switch: &Switch| matches!(switch, Switch::Fixed(true));
    !(fixed(&input.disabled) || fixed(&input.readonly) || given && filled(input, around).is_some())
}

/// A value with nothing but what stands at these paths. Lists keep their items, as FEEL looks into each of them.
fn part(value: &Value, paths: &[&[String]]) -> Value {
    if paths.iter().any(|p| p.is_empty()) {
        return value.clone();
    }
    match value {
        Value::Object(map) => {
            let firsts: BTreeSet<&String> = paths.iter().filter_map(|p| p.first()).collect();
            let inner = |first: &String| -> Vec<&[String]> {
                paths.iter().filter(|p| p.first() == Some(first)).map(|p| &p[1..]).collect()
            };
            let kept = firsts.into_iter().filter_map(|f| Some((f.clone(), part(map.get(f)?, &inner(f)))));
            Value::Object(kept.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(|item| part(item, paths)).collect(),
        other => other.clone(),
    }
}

/// How the answer of a field is read from the page; `offered`: values of its options.
pub(crate) fn reading(input: &Input, value: &Value, locked: bool, (offered, around): (&[Choice], &Around<'_>)) -> Live {
    if locked {
        return Live { kind: "given".into(), value: Some(value.clone()) };
    }
    let plain = offered.iter().all(|o| o.value.is_string());
    let choice = |many: bool| format!("{}{}", if plain { "" } else { "json:" }, if many { "many" } else { "one" });
    let kind = match &input.kind {
        Kind::Text(rules) if rules.like == crate::model::Like::Phone => "phone".into(),
        Kind::Text(_) => "text".into(),
        Kind::Number(rules) if rules.as_text => "number-text".into(),
        Kind::Number(_) => "number".into(),
        Kind::Moment(rules) => moment_kind(rules, around),
        Kind::Checkbox => "check".into(),
        Kind::Choice(rules) => choice(rules.style.many()),
        Kind::Address(_) => "address".into(),
        Kind::Files(_) => "files".into(),
        Kind::Place => "place".into(),
    };
    Live { kind, value: None }
}

fn moment_kind(rules: &MomentRules, around: &Around<'_>) -> String {
    let minutes = i64::from(around.offset_hours.clamp(-14, 14)) * 60;
    match rules.zone {
        _ if rules.part == Part::Date => "moment".into(),
        Zoned::Silent => "moment".into(),
        Zoned::Offset => format!("suffix:{}", moment::zone(minutes)),
        Zoned::Utc => format!("utc:{minutes}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_is_kept() {
        let value =
            json!({"a": {"b": 1, "secret": 2}, "list": [{"x": 1, "secret": 2}, 3], "other": 4, "whole": {"y": 5}});
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        let paths = [path("a.b"), path("list.x"), path("whole"), path("nowhere.z")];
        let paths: Vec<&[String]> = paths.iter().map(Vec::as_slice).collect();
        let expected = json!({"a": {"b": 1}, "list": [{"x": 1}, 3], "whole": {"y": 5}});
        assert_eq!(part(&value, &paths), expected);
    }
}
