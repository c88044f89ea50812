//! What a decision rests on: the rules and what they were given, or who decided, what they were shown and what they answered; each
//! with its version.

use serde_json::{Map, Value, json};
use svod_kernel::{Actor, Urn};
use svod_model::{Attribute, Entity, MAX_TEXT, SecrecyClass};
use svod_registry::QueryError;
use svod_store::instance;

use super::decision::{ACTOR, PROPOSAL};
use super::deed::Deed;
use super::known::named_only;
use super::operations::Refused;
use super::{CaseError, Key};

/// Versions of an instance whose steps are read at once, the latest first.
const STEPS: i64 = 200;

/// What a decision rests on.
#[derive(Default)]
pub(super) struct Basis {
    /// The evaluation of the rules.
    pub evaluation: Option<Value>,
    /// The person's act, when a person decided.
    pub act: Option<Value>,
    /// What they decided on: their `task`; where the process names the step that decides, that `step` as
    /// `pack@version/process#step`, what it has `shown` them and their `answers`; the `proposal` of rules with their version.
    pub seen: Map<String, Value>,
}

/// What a process says of a decision that it records.
pub(super) struct Said<'a> {
    /// The business rule task that decided.
    pub element: Option<&'a str>,
    /// The user task that decided, of which all that was shown and answered may be told to whose case it is.
    pub act: Option<&'a str>,
    /// Whether rules alone decided.
    pub automatic: Option<bool>,
}

impl Deed<'_> {
    /// The evaluation of an element, or the last one of a decision that nobody took but the rules; and who decided: at the step
    /// that is named, or last.
    pub(super) async fn basis(&mut self, key: Key, said: &Said<'_>) -> Result<Basis, CaseError> {
        let Said { element, act: named, automatic } = *said;
        let some = |t: &Value| (t.get("did").is_some() || t.get("decided").is_some()).then(|| t.clone());
        let person = |t: &Value| t.get("did").is_some().then(|| t.clone());
        let act = match automatic {
            Some(true) => None,
            Some(false) => Some(self.latest(key, &person).await?.unwrap_or_else(|| json!({}))),
            None => self.latest(key, &some).await?.filter(|t| t.get("did").is_some()),
        };
        let at_named = |t: &Value| t.get("did").is_some_and(|did| did.as_str() == named).then(|| t.clone());
        let found = match (&act, named) {
            (Some(_), Some(_)) => self.latest(key, &at_named).await?,
            _ => None,
        };
        let (act, told) = (found.clone().or(act), found.is_some());
        let wanted = element.map(str::to_owned);
        let evaluated = move |t: &Value| {
            let decided = t.get("decided")?.as_str()?;
            wanted.as_deref().is_none_or(|w| w == decided).then(|| t.get("evaluation").cloned()).flatten()
        };
        let evaluation = match (element, &act) {
            (None, Some(_)) => None,
            _ => self.latest(key, &evaluated).await?,
        };
        let seen = match &act {
            Some(act) => self.decided_on(key, act, told).await?,
            None => Map::new(),
        };
        Ok(Basis { evaluation, act, seen })
    }

    /// The task at which somebody decided; where its step is named for that (`told`), what it has shown and what was answered, at
    /// which step of which version. Entities are named and not copied, and what is of a closer class than personal stays with the
    /// task. Of a step that is not named nothing is told: it may have been about others than whose case it is.
    async fn decided_on(&mut self, key: Key, act: &Value, told: bool) -> Result<Map<String, Value>, CaseError> {
        let text = |name: &str| act.get(name).and_then(Value::as_str);
        let mut seen = Map::new();
        if act.get("overridden").is_some() {
            seen.extend(self.proposing(key).await?.map(|rules| ("proposal".to_owned(), rules)));
        }
        let Some(urn) = text("task").and_then(|t| t.parse::<Urn>().ok()) else { return Ok(seen) };
        seen.insert("task".into(), urn.as_str().into());
        let Some((process, step)) = text("process").zip(text("did")).filter(|_| told) else { return Ok(seen) };
        seen.insert("step".into(), format!("{process}#{step}").into());
        let task = match self.cases.registry.entity(&self.cases.process, &urn).await {
            Ok(task) => Some(task),
            Err(QueryError::NotFound(_)) => None,
            Err(e) => return Err(e.into()),
        };
        let text = |name: &str| task.as_ref().and_then(|t| t.text(name));
        let held = |name: &str| serde_json::from_str::<Map<String, Value>>(text(name)?).ok();
        let words = || text("result").map(|words| Map::from_iter([("result".to_owned(), words.into())]));
        let answers = self.answered.get(&urn).cloned().or_else(|| held("answers")).or_else(words);
        for (name, values) in [("shown", held("input")), ("answers", answers)] {
            if let Some(values) = values.map(|values| self.shareable(values)).filter(|values| !values.is_empty()) {
                seen.insert(name.into(), values.into());
            }
        }
        Ok(seen)
    }

    /// Without what is of a closer class than personal wherever it stands.
    fn shareable(&self, values: Map<String, Value>) -> Map<String, Value> {
        let catalogue = self.cases.registry.catalogue();
        let types = &catalogue.metamodel.types;
        let closer = |name: &str| {
            let mut classes = types.values().filter_map(|t| t.attributes.get(name)).map(|a| a.class);
            classes.any(|class| matches!(class, SecrecyClass::Special | SecrecyClass::Secret))
        };
        values.into_iter().filter(|(name, _)| !closer(name)).map(|(name, v)| (name, named_only(&v))).collect()
    }

    /// The rules that proposed what to answer, with their version; none when the process proposed it without rules.
    async fn proposing(&mut self, key: Key) -> Result<Option<Value>, CaseError> {
        let programs = self.take(key).await?.programs.clone();
        let proposes = |id: &str| {
            let elements = programs.processes.values().filter_map(|p| p.element(id));
            elements.into_iter().any(|element| element.result.as_deref() == Some(PROPOSAL))
        };
        let wanted = |t: &Value| t.get("decided")?.as_str().filter(|id| proposes(id)).and(t.get("evaluation").cloned());
        let found = self.latest(key, &wanted).await?;
        Ok(found.map(|evaluation| json!({"model": model_of(&evaluation), "rules": evaluation.get("tables")})))
    }

    /// The latest of what happened in an instance, or in those that called it, that is looked for.
    async fn latest(
        &mut self,
        key: Key,
        wanted: &(impl Fn(&Value) -> Option<Value> + Sync),
    ) -> Result<Option<Value>, CaseError> {
        let mut at = Some(key);
        while let Some(key) = at {
            let held = self.take(key).await?;
            if let Some(found) = held.told.iter().rev().find_map(wanted) {
                return Ok(Some(found));
            }
            let mut before = held.row.version;
            while before > 0 {
                let after = (before - STEPS).max(0);
                let read = move |conn: &mut dyn svod_store::Conn| instance::steps(conn, key.0, key.1, after, STEPS);
                for (_, _, steps) in self.cases.store.read(read).await?.into_iter().rev() {
                    let told: Vec<Value> = serde_json::from_str(&steps).unwrap_or_default();
                    if let Some(found) = told.iter().rev().find_map(wanted) {
                        return Ok(Some(found));
                    }
                }
                before = after;
            }
            at = self.parent(key).await?.map(|(parent, ..)| parent);
        }
        Ok(None)
    }
}

/// `pack@version/file#name` of an evaluation.
fn model_of(evaluation: &Value) -> String {
    let word = |pointer: &str| evaluation.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    format!("{}/{}#{}", word("/model/version"), word("/model/file"), word("/decision"))
}

/// With the rules or the step that it rests on, what they were given, and who decided.
pub(super) fn grounded(
    mut made: Entity,
    basis: &Basis,
    with_inputs: bool,
    actor: Option<&Actor>,
    process: &Actor,
) -> Result<Entity, Refused> {
    let step = basis.seen.get("step").and_then(Value::as_str).map(str::to_owned);
    if let Some(model) = basis.evaluation.as_ref().map(model_of).or(step) {
        made = made.with("model", Attribute::property(model));
    }
    let part = |name: &str| basis.evaluation.as_ref().and_then(|e| e.get(name));
    // What is too long for an attribute stays with the steps of the case.
    if let Some(rules) = part("tables").map(ToString::to_string).filter(|text| text.len() <= MAX_TEXT) {
        made = made.with("rules", Attribute::property(rules));
    }
    if let Some(inputs) = inputs(&basis.seen, part("inputs").filter(|_| with_inputs)) {
        made = made.with("inputs", Attribute::property(inputs));
    }
    let by = |id: &str, name: &str| {
        let mut by = Attribute::property(name);
        by.about.insert(ACTOR.to_owned(), Attribute::property(id));
        by
    };
    let made_by = match &basis.act {
        None => by(&process.id, &process.id),
        Some(act) => match (act.get("by").and_then(Value::as_str), act.get("post").and_then(Value::as_str)) {
            (Some(id), Some(post)) => by(id, post),
            _ => actor.map_or_else(|| by(&process.id, &process.id), |a| by(&a.id, &a.name)),
        },
    };
    Ok(made.with("automatic", Attribute::property(basis.act.is_none())).with("madeBy", made_by))
}

/// As an attribute holds it: what rules were given, or what a person saw, with what the rules were given beside it. Of what is too
/// long for one attribute the longer parts are left with the task and the steps of the case.
fn inputs(seen: &Map<String, Value>, given: Option<&Value>) -> Option<String> {
    if seen.is_empty() {
        return given.map(ToString::to_string).filter(|text| text.len() <= MAX_TEXT);
    }
    let mut all = seen.clone();
    all.extend(given.map(|given| ("given".to_owned(), given.clone())));
    for left in ["", "given", "shown", "answers", "proposal"] {
        all.remove(left);
        let text = Value::Object(all.clone()).to_string();
        if text.len() <= MAX_TEXT {
            return Some(text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_left_out_and_never_cut() {
        let map = |value: Value| value.as_object().cloned().unwrap_or_default();
        let seen =
            map(json!({"step": "p@1/x#y", "shown": {"text": "x".repeat(MAX_TEXT)}, "answers": {"decision": "refuse"}}));
        let text = inputs(&seen, Some(&json!({"floors": 5}))).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&text).unwrap(),
            json!({"step": "p@1/x#y", "answers": {"decision": "refuse"}})
        );
        assert_eq!(inputs(&Map::new(), Some(&json!({"floors": 5}))).as_deref(), Some("{\"floors\":5}"));
        assert_eq!(inputs(&Map::new(), None), None);
    }
}
