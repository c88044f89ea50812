//! Entities over time in the representations of clauses 4.5.6 to 4.5.9 and 4.5.19.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use svod_kernel::{Timestamp, number};
use svod_temporal::{Ask, Evolution, Instance, Method, Period, Relation, aggregated};

use super::INSTANCE;
use crate::context::Context;
use crate::error::{Answer, ApiError};
use crate::render::{Form, Joined, Picked, one_or_many};
use crate::request::Asked;

/// The longest period of methods, microseconds: 1000 years. The end of a longer one may be a moment that no date can be written of.
const LONGEST: i64 = 1_000 * 365 * 86_400 * 1_000_000;

/// How much is shown of each instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Everything.
    Normalized,
    /// Pairs of value and moment.
    Values,
    /// What methods make of them, by period.
    Aggregated,
}

/// How an answer looks.
#[derive(Debug)]
pub struct Look {
    /// How much.
    pub shape: Shape,
    form: Form,
    methods: Vec<Method>,
    period: Option<i64>,
}

/// Members that hold the value of an instance, with their names in lists of pairs.
const HELD: [(&str, &str); 7] = [
    ("value", "values"),
    ("object", "objects"),
    ("languageMap", "languageMaps"),
    ("json", "jsons"),
    ("vocab", "vocabs"),
    ("valueList", "valueLists"),
    ("objectList", "objectLists"),
];

impl Look {
    /// From the parameters; `format` wins over `options`.
    ///
    /// # Errors
    /// When a word is unknown.
    pub fn of(asked: &Asked, context: &Context) -> Answer<Self> {
        for word in asked.words("options").iter().chain(&asked.words("format")) {
            if !["normalized", "temporalValues", "aggregatedValues", "sysAttrs"].contains(&word.as_str()) {
                return Err(ApiError::invalid(format!("histories have no form '{word}'")));
            }
        }
        for list in ["pick", "omit", "q"] {
            if asked.param(list).is_some_and(|t| t.contains('{')) {
                return Err(ApiError::bad(format!(
                    "histories are not joined: '{list}' goes no further than the entity"
                )));
            }
        }
        let form = crate::params::form::parse(asked, context)?;
        let format = asked.words("format");
        let word = |w: &str| if format.is_empty() { asked.option(w) } else { format.iter().any(|f| f == w) };
        let shape = if word("temporalValues") {
            Shape::Values
        } else if word("aggregatedValues") {
            Shape::Aggregated
        } else {
            Shape::Normalized
        };
        let mut look = Self { shape, form: Form { datasets: Vec::new(), ..form }, methods: Vec::new(), period: None };
        if shape == Shape::Aggregated || asked.param("aggrMethods").is_some() {
            look.aggregate(&asked.words("aggrMethods"), asked.param("aggrPeriodDuration"))?;
        }
        if shape == Shape::Aggregated && look.methods.is_empty() {
            return Err(ApiError::bad("aggregated values need 'aggrMethods'"));
        }
        Ok(look)
    }

    /// Members of a `Query` document.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn of_document(&mut self, body: &Value, context: &Context) -> Answer<()> {
        self.form.of_document(body, context)
    }

    /// Methods and periods.
    ///
    /// # Errors
    /// When one is unknown.
    pub fn aggregate(&mut self, methods: &[String], duration: Option<&str>) -> Answer<()> {
        for name in methods {
            let method = Method::named(name)
                .ok_or_else(|| ApiError::bad(format!("'{name}' is none of the aggrMethods of clause 4.5.19")))?;
            self.methods.push(method);
        }
        self.period = match duration {
            None | Some("PT0S" | "P0D") => None,
            Some(text) => {
                let seconds = svod_model::parse_duration(text)
                    .ok_or_else(|| ApiError::bad(format!("'{text}' is no aggrPeriodDuration such as PT1H or P1D")))?;
                let micros = number::whole(seconds * 1e6);
                if !(1..=LONGEST).contains(&micros) {
                    let rule = "is shorter than a microsecond or longer than 1000 years";
                    return Err(ApiError::bad(format!(
                        "aggrPeriodDuration '{text}' {rule}: give one such as PT1H or P1D"
                    )));
                }
                Some(micros)
            }
        };
        Ok(())
    }

    fn shows(&self, name: &str) -> bool {
        let picked = |all: &[Picked]| all.iter().any(|p| p.name == name);
        (self.form.pick.is_empty() || picked(&self.form.pick)) && !picked(&self.form.omit)
    }

    /// Keeps only so many instances of each attribute; what stands in `Content-Range` when some were cut off (clause 6.3.10).
    ///
    /// All attributes end at the same moment then, so that whoever goes on from there misses nothing.
    pub fn cut(&self, ask: &Ask, all: &mut [Evolution], most: usize) -> Option<String> {
        let property = ask.window.property();
        let at = |i: &Instance| property.of(i).or(i.created).or(i.deleted);
        let series = || all.iter().flat_map(|e| e.attributes.values());
        if self.shape == Shape::Aggregated || !series().any(|s| s.len() > most) {
            return None;
        }
        let newest = ask.last.is_some();
        let edge = if newest {
            series().filter(|s| s.len() > most).filter_map(|s| s.get(s.len() - most).and_then(at)).max()
        } else {
            series().filter(|s| s.len() > most).filter_map(|s| s.get(most - 1).and_then(at)).min()
        }?;
        for instances in all.iter_mut().flat_map(|e| e.attributes.values_mut()) {
            instances.retain(|i| at(i).is_none_or(|t| if newest { t >= edge } else { t <= edge }));
        }
        let kept = || all.iter().flat_map(|e| e.attributes.values()).flatten().filter_map(at);
        let (first, last) = (kept().min()?, kept().max()?);
        let (from, to) = match (ask.window.relation, newest) {
            (None | Some(Relation::Before(_)), false) => (first, last),
            (Some(Relation::After(from) | Relation::Between(from, _)), false) => (from, last),
            (None | Some(Relation::After(_)), true) => (last, first),
            (Some(Relation::Before(to) | Relation::Between(_, to)), true) => (to, first),
        };
        let size = ask.last.map_or_else(|| "*".to_owned(), |n| n.to_string());
        Some(format!("date-time {from}-{to}/{size}"))
    }

    /// The entity.
    pub fn entity(&self, e: &Evolution, ask: &Ask, context: &Context) -> Map<String, Value> {
        let mut out = Map::new();
        if self.shows("id") {
            out.insert("id".into(), e.id.as_str().into());
        }
        if self.shows("type") {
            out.insert("type".into(), one_or_many(e.types.iter().map(|k| context.write(k))));
        }
        if self.form.sys_attrs {
            out.insert("createdAt".into(), e.created.to_string().into());
            out.insert("modifiedAt".into(), e.modified.to_string().into());
        }
        // Moments of an instance are written here, not by the form.
        let form = Form { sys_attrs: false, ..self.form.clone() };
        let pen = Pen { look: self, form: &form, ask, context };
        for (name, instances) in e.attributes.iter().filter(|(name, _)| self.shows(name)) {
            let key = if name == svod_temporal::SCOPE { name.clone() } else { context.write(name) };
            let shown = match self.shape {
                Shape::Normalized => instances.iter().map(|i| Value::Object(pen.instance(i))).collect(),
                Shape::Values => pen.grouped(instances, |group| Some(pen.pairs(group))),
                Shape::Aggregated => pen.grouped(instances, |group| pen.aggregates(group)),
            };
            if !shown.is_null() {
                out.insert(key, shown);
            }
        }
        out
    }
}

/// How the instances of one answer are written.
struct Pen<'a> {
    look: &'a Look,
    form: &'a Form,
    ask: &'a Ask,
    context: &'a Context,
}

impl Pen<'_> {
    /// The instance without its moments.
    fn held(&self, i: &Instance) -> Map<String, Value> {
        let written = self.form.attribute(&i.attribute, self.context, Timestamp::default(), &Joined::new());
        match written {
            Some(Value::Object(mut out)) => {
                out.shift_remove("expiresAt");
                out
            }
            _ => Map::new(),
        }
    }

    fn instance(&self, i: &Instance) -> Map<String, Value> {
        let mut out = self.held(i);
        out.insert("instanceId".into(), format!("{INSTANCE}{}", i.id).into());
        if self.look.form.sys_attrs {
            for (key, at) in
                [("createdAt", i.created), ("modifiedAt", i.modified), ("expiresAt", i.attribute.expires_at)]
            {
                if let Some(at) = at {
                    out.insert(key.into(), at.to_string().into());
                }
            }
        }
        if let Some(at) = i.deleted {
            out.insert("deletedAt".into(), at.to_string().into());
        }
        out
    }

    /// One object for each dataset; alone when there is one.
    fn grouped(&self, instances: &[Instance], show: impl Fn(&[&Instance]) -> Option<Map<String, Value>>) -> Value {
        let mut groups: BTreeMap<Option<&str>, Vec<&Instance>> = BTreeMap::new();
        for i in instances {
            groups.entry(i.attribute.dataset.as_deref()).or_default().push(i);
        }
        if groups.is_empty() {
            return json!({"type": "Property", "values": []});
        }
        let mut all: Vec<Value> = Vec::new();
        for (dataset, group) in groups {
            let Some(shown) = show(&group) else { continue };
            let mut out = Map::new();
            let kind = group.last().and_then(|i| self.held(i).remove("type"));
            out.insert("type".into(), kind.unwrap_or_else(|| "Property".into()));
            if let Some(dataset) = dataset {
                out.insert("datasetId".into(), dataset.into());
            }
            out.extend(shown);
            all.push(Value::Object(out));
        }
        match all.len() {
            0 => Value::Null,
            1 => all.remove(0),
            _ => Value::Array(all),
        }
    }

    fn pairs(&self, group: &[&Instance]) -> Map<String, Value> {
        let property = self.ask.window.property();
        let mut out: Map<String, Value> = Map::new();
        for i in group {
            let mut shown = self.held(i);
            let found = HELD.iter().find_map(|(key, plural)| Some((*key, *plural, shown.remove(*key)?)));
            let Some((key, plural, value)) = found else { continue };
            let value = match key {
                "languageMap" | "json" | "vocab" => json!({ key: value }),
                "objectList" => bare(value),
                _ => value,
            };
            let at = property.of(i).or(i.modified).or(i.deleted).unwrap_or_default();
            let all = out.entry(plural).or_insert_with(|| json!([]));
            if let Value::Array(all) = all {
                all.push(json!([value, at.to_string()]));
            }
        }
        out
    }

    fn aggregates(&self, group: &[&Instance]) -> Option<Map<String, Value>> {
        let window = &self.ask.window;
        let period = Period { from: window.bounds().0, micros: self.look.period };
        let made = aggregated(group, window.property(), &self.look.methods, period);
        let rows = |all: Vec<(Value, Timestamp, Timestamp)>| -> Value {
            all.into_iter().map(|(v, from, to)| json!([v, from.to_string(), to.to_string()])).collect()
        };
        let out: Map<String, Value> = made.into_iter().map(|(m, all)| (m.name().to_owned(), rows(all))).collect();
        (!out.is_empty()).then_some(out)
    }
}

/// `[{"object": …}]` as plain identifiers.
fn bare(list: Value) -> Value {
    match list {
        Value::Array(all) => all.into_iter().map(|v| v.get("object").cloned().unwrap_or(v)).collect(),
        other => other,
    }
}
