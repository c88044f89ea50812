//! What a field offers to choose from.

use serde_json::{Map, Value, json};

use crate::around::{Around, Choice};
use crate::data::get;
use crate::limits::OPTIONS;
use crate::model::{Form, Input, Kind, Options, What};
use crate::phrase::{Speaker, shown};
use crate::value::is_option;

/// The options of a field, as the answers stand; none for what is no choice.
pub(crate) fn options(input: &Input, around: &Around<'_>, speaker: &Speaker<'_>, data: &Value) -> Vec<Choice> {
    let Kind::Choice(rules) = &input.kind else { return Vec::new() };
    match &rules.options {
        Options::Fixed(fixed) => {
            fixed.iter().map(|(value, label)| Choice { value: value.clone(), label: label.say(speaker) }).collect()
        }
        Options::Codes(list) => {
            let values = around.lists.codes.get(list).into_iter().flatten();
            values.map(|v| Choice { value: Value::from(v.as_str()), label: around.word(list, v) }).collect()
        }
        Options::Key(place) => {
            let (first, rest) = place.split_once('.').map_or((place.as_str(), None), |(f, r)| (f, Some(r)));
            let outside = || {
                let input = around.inputs.get(first)?;
                rest.map_or(Some(input), |rest| get(input, rest))
            };
            listed(get(data, place).or_else(outside).unwrap_or(&Value::Null), around)
        }
        Options::By(expression) => listed(&expression.value(speaker.facts), around),
    }
}

impl Form {
    /// The lists of `svod.own` as answers that were given tell them: for whoever shows a form that is filled in, without looking up
    /// what its applicant owns by now.
    pub fn own_of(&self, answers: &Value) -> Map<String, Value> {
        let mut lists: Map<String, Value> =
            self.own.iter().map(|own| (own.name.clone(), Value::Array(Vec::new()))).collect();
        self.each(&mut |c| {
            if let What::Input(input) = &c.what
                && let Kind::Choice(rules) = &input.kind
                && let Options::Key(place) = &rules.options
                && let Some(Value::Array(list)) = lists.get_mut(place)
                && let Some(value) = get(answers, &input.key)
            {
                let chosen = value.as_array().map_or_else(|| vec![value.clone()], Clone::clone);
                let words = |v: &Value| {
                    let other = self.own.iter().find(|own| own.name == *place).and_then(|own| own.other.as_ref());
                    other.filter(|(value, _)| v == value.as_str()).map_or_else(|| shown(v), |(_, label)| label.clone())
                };
                list.extend(chosen.iter().filter(|v| is_option(v)).map(|v| json!({"value": v, "label": words(v)})));
            }
        });
        lists
    }
}

/// A list of values, or of labels and values, as form-js reads it. A label `@key` is looked up.
fn listed(list: &Value, around: &Around<'_>) -> Vec<Choice> {
    let mut out: Vec<Choice> = Vec::new();
    for item in list.as_array().into_iter().flatten().take(OPTIONS) {
        let (value, label) = match item {
            Value::Object(map) => (map.get("value").unwrap_or(&Value::Null), map.get("label").and_then(Value::as_str)),
            plain => (plain, None),
        };
        if !is_option(value) || out.iter().any(|o| shown(&o.value) == shown(value)) {
            continue;
        }
        let label = match label.filter(|l| !l.is_empty()) {
            Some(label) => match label.strip_prefix('@').filter(|key| around.texts.has(around.lang, key)) {
                Some(key) => around.texts.get(around.lang, key).into_owned(),
                None => label.to_owned(),
            },
            None => shown(value),
        };
        out.push(Choice { value: value.clone(), label });
    }
    out
}
