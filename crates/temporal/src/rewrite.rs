use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use svod_kernel::{Timestamp, number};
use svod_model::Attribute;

use crate::history::{History, Instance, SCOPE};

/// The journal's verb of a history that is given or mended.
pub(crate) const VERB: &str = "history";
/// Under which name it stands among an event's changes.
pub(crate) const MEMBER: &str = "@history";
/// Instances that one event can make.
const PER_EVENT: i64 = 1 << 12;

/// The number of an instance: that of its event, and its place in it.
pub(crate) fn number(seq: i64, place: usize) -> i64 {
    seq * PER_EVENT + number::count(place).min(PER_EVENT - 1)
}

/// Which instances of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Which {
    /// Of every dataset.
    All,
    /// Of this one; none is the default one.
    Of(Option<String>),
}

/// A change of what is known of the past. It stands in the journal as an event of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "do")]
pub enum Rewrite {
    /// Instances that are given; the entity is made when there is none.
    Add {
        /// Types that the entity has as well.
        types: Vec<String>,
        /// By name, in the order in which they were given.
        instances: BTreeMap<String, Vec<Attribute>>,
        /// One that was observed at the same moment for the same dataset gives way.
        replace: bool,
    },
    /// One instance becomes another.
    Change {
        /// Attribute.
        name: String,
        /// Number of the instance.
        id: i64,
        /// What it holds from now on.
        instance: Box<Attribute>,
    },
    /// One instance is forgotten.
    Drop {
        /// Attribute.
        name: String,
        /// Number of the instance.
        id: i64,
    },
    /// Instances of an attribute are forgotten.
    DropAttribute {
        /// Attribute.
        name: String,
        /// Which of them.
        which: Which,
    },
    /// An attribute was taken away: its past stays, with a mark of the end.
    End {
        /// Attribute.
        name: String,
    },
    /// Everything is forgotten.
    DropAll,
}

impl Rewrite {
    /// Carries it out.
    pub(crate) fn apply(self, history: &mut History, seq: i64, at: Timestamp) {
        if matches!(self, Self::DropAll) {
            *history = History::default();
            return;
        }
        history.created.get_or_insert(at);
        history.modified = Some(at);
        match self {
            Self::Add { types, instances, replace } => {
                history.add_types(types);
                let mut place = 0;
                for (name, given) in instances {
                    let there = history.attributes.entry(name).or_default();
                    for attribute in given {
                        add(there, number(seq, place), attribute, at, replace);
                        place += 1;
                    }
                }
            }
            Self::Change { name, id, instance } => {
                let there = history.attributes.get_mut(&name).into_iter().flatten().find(|i| i.id == id);
                if let Some(there) = there {
                    there.observed = instance.observed_at;
                    there.attribute = *instance;
                    there.modified = Some(at);
                }
            }
            Self::Drop { name, id } => retain(history, &name, |i| i.id != id),
            Self::DropAttribute { name, which } => {
                retain(history, &name, |i| which != Which::All && which != Which::Of(i.attribute.dataset.clone()));
            }
            Self::End { name } => end(history, name, number(seq, 0), at),
            Self::DropAll => {}
        }
    }
}

fn end(history: &mut History, name: String, id: i64, at: Timestamp) {
    let there = history.attributes.entry(name.clone()).or_default();
    let was = there.last().map(|i| i.attribute.value.clone());
    let attribute = match name.as_str() {
        SCOPE => Attribute::property(serde_json::json!([])),
        _ => Attribute::taken_away(was.as_ref()),
    };
    there.push(Instance { id, created: None, modified: None, observed: None, deleted: Some(at), attribute });
}

fn retain(history: &mut History, name: &str, stays: impl Fn(&Instance) -> bool) {
    if let Some(there) = history.attributes.get_mut(name) {
        there.retain(stays);
        if there.is_empty() {
            history.attributes.remove(name);
        }
    }
}

fn add(there: &mut Vec<Instance>, id: i64, attribute: Attribute, at: Timestamp, replace: bool) {
    let observed = attribute.observed_at;
    let same = |i: &&mut Instance| {
        replace && observed.is_some() && i.observed == observed && i.attribute.dataset == attribute.dataset
    };
    if let Some(old) = there.iter_mut().find(same) {
        old.attribute = attribute;
        old.modified = Some(at);
        return;
    }
    there.push(Instance { id, created: Some(at), modified: Some(at), observed, deleted: None, attribute });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(v: i64, observed: i64) -> Attribute {
        Attribute { observed_at: Some(Timestamp(observed)), ..Attribute::property(v) }
    }

    fn given(replace: bool, all: Vec<Attribute>) -> Rewrite {
        Rewrite::Add { types: vec!["Car".into()], instances: BTreeMap::from([("speed".into(), all)]), replace }
    }

    #[test]
    fn a_history_is_given_and_mended() {
        let mut h = History::default();
        given(true, vec![value(120, 3), value(80, 5)]).apply(&mut h, 1, Timestamp(100));
        given(true, vec![value(121, 3), value(100, 7)]).apply(&mut h, 2, Timestamp(200));
        let number = |i: &Instance| match &i.attribute.value {
            svod_model::AttributeValue::Value(v) => v.as_i64().unwrap_or_default(),
            _ => 0,
        };
        let of = |h: &History| h.attributes["speed"].iter().map(number).collect::<Vec<_>>();
        assert_eq!(of(&h), [121, 80, 100], "one of the same moment gave way");
        let id = h.attributes["speed"][1].id;
        Rewrite::Change { name: "speed".into(), id, instance: Box::new(value(81, 5)) }.apply(&mut h, 3, Timestamp(300));
        assert_eq!(of(&h), [121, 81, 100]);
        Rewrite::Drop { name: "speed".into(), id }.apply(&mut h, 4, Timestamp(400));
        assert_eq!(of(&h), [121, 100]);
        Rewrite::End { name: "speed".into() }.apply(&mut h, 5, Timestamp(500));
        assert_eq!(h.attributes["speed"].last().map(|i| i.deleted), Some(Some(Timestamp(500))));
        Rewrite::DropAttribute { name: "speed".into(), which: Which::All }.apply(&mut h, 6, Timestamp(600));
        assert!(h.attributes.is_empty() && !h.is_empty());
        Rewrite::DropAll.apply(&mut h, 7, Timestamp(700));
        assert!(h.is_empty());
    }
}
