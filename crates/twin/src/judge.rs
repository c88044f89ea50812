use std::sync::Arc;

use serde_json::{Value, json};
use svod_kernel::{Timestamp, Urn};
use svod_model::{Entity, ObservedValue, TriggerOn};
use svod_registry::{Catalogue, CompiledTrigger};
use svod_rules::{Input, Inputs};
use svod_store::finding::NewFinding;

use crate::Twin;
use crate::live::LiveValue;
use crate::state::{AlertKey, Standing, State, ratio};

/// A reading as the twin needs it.
#[derive(Debug, Clone, Copy)]
pub struct Observed<'a> {
    /// The entity observed.
    pub urn: &'a Urn,
    /// Attribute.
    pub attribute: &'a str,
    /// In the declared unit.
    pub value: &'a ObservedValue,
    /// When it was observed.
    pub at: Timestamp,
    /// When it arrived.
    pub received: Timestamp,
    /// A simulation made it.
    pub simulated: bool,
}

/// Entity and attribute.
type Judged = (Urn, Arc<str>);

/// What judging changed in memory; given back when the commit fails.
#[derive(Debug, Default)]
pub struct Undo {
    judged: Vec<(Judged, Option<Timestamp>)>,
    alerts: Vec<(AlertKey, Option<Standing>)>,
}

impl Undo {
    pub(crate) fn alert(&mut self, key: AlertKey, before: Option<Standing>) {
        self.alerts.push((key, before));
    }
}

/// The moment and the reading a decision is asked about.
pub(crate) struct Verdict {
    pub now: Timestamp,
    pub reading: Option<Value>,
}

impl Verdict {
    pub const fn at(now: Timestamp) -> Self {
        Self { now, reading: None }
    }
}

impl Twin {
    /// Judges readings in their order, before they are committed; the findings belong into the same transaction.
    ///
    /// Only a reading that becomes the current value of its attribute is judged: a late one changes history, not the
    /// present.
    pub fn judge<'a>(&self, readings: impl Iterator<Item = Observed<'a>>) -> (Vec<NewFinding>, Undo) {
        let catalogue = self.registry.catalogue();
        let watch = self.watch(&catalogue);
        let (mut found, mut undo) = (Vec::new(), Undo::default());
        let mut guard = None;
        for r in readings {
            let Some(triggers) = watch.get(r.attribute) else { continue };
            let state = guard.get_or_insert_with(|| self.write());
            let Some(live) = state.entities.get(r.urn) else { continue };
            let entity = live.entity.clone();
            let here = |t: &Arc<CompiledTrigger>| t.top.as_ref().is_none_or(|top| top.covers(&entity.space));
            let mine = triggers.iter().filter(|t| catalogue.metamodel.is_a(&entity.kind, &t.spec.kind) && here(t));
            let key = (r.urn.clone(), Arc::<str>::from(r.attribute));
            let newest = state.judged.get(&key).copied();
            let current = live.observed.get(r.attribute).map(|v| v.at).max(newest);
            if current.is_some_and(|c| c >= r.at) {
                continue;
            }
            undo.judged.push((key.clone(), newest));
            state.judged.insert(key, r.at);
            for trigger in mine {
                let alert = (trigger.key(), r.urn.clone(), r.attribute.to_owned());
                let before = state.alerts.get(&alert).copied();
                let inputs = observation_inputs(&catalogue, &entity, &r, state.is_open(&alert));
                let verdict = Verdict { now: r.received, reading: Some(reading_json(&r)) };
                if let Some(f) = self.ask(trigger, state, alert.clone(), &entity, &inputs, verdict) {
                    undo.alert(alert, before);
                    found.push(f);
                }
            }
        }
        (found, undo)
    }

    /// The commit failed: what judging changed is taken back.
    pub fn take_back(&self, undo: Undo) {
        let mut state = self.write();
        for (key, before) in undo.judged.into_iter().rev() {
            match before {
                Some(t) => state.judged.insert(key, t),
                None => state.judged.remove(&key),
            };
        }
        for (key, before) in undo.alerts.into_iter().rev() {
            match before {
                Some(s) => state.alerts.insert(key, s),
                None => state.alerts.remove(&key),
            };
        }
    }

    /// The readings are durable: they become the present.
    pub fn observe<'a>(&self, readings: impl Iterator<Item = Observed<'a>>) {
        let catalogue = self.registry.catalogue();
        let mut state = self.write();
        for r in readings {
            let Some(kind) = state.entities.get(r.urn).map(|l| l.entity.kind.clone()) else { continue };
            let value = LiveValue {
                value: r.value.clone(),
                at: r.at,
                received: r.received,
                simulated: r.simulated,
                ratio: ratio(&catalogue.metamodel, &kind, r.attribute, r.value.number()),
            };
            state.observe(r.urn, r.attribute, value);
        }
    }

    /// Asks one decision; says what it calls for when that differs from how things stand.
    pub(crate) fn ask(
        &self,
        trigger: &Arc<CompiledTrigger>,
        state: &mut State,
        key: AlertKey,
        entity: &Entity,
        inputs: &Inputs,
        verdict: Verdict,
    ) -> Option<NewFinding> {
        let outcome = match self.memo.evaluate(&trigger.decision, inputs) {
            Ok(o) => o,
            Err(e) => {
                metrics::counter!("svod_decision_errors_total", "trigger" => trigger.key()).increment(1);
                tracing::debug!(trigger = trigger.key(), error = %e, "a decision could not be evaluated");
                return None;
            }
        };
        let action = outcome.value.get("action").and_then(Value::as_str)?;
        let standing = match (action, state.is_open(&key)) {
            ("raise", false) => Standing::Raising,
            ("clear", true) => Standing::Clearing,
            _ => return None,
        };
        let space = self.registry.spaces().get(&entity.space)?.id;
        state.alerts.insert(key.clone(), standing);
        let body = json!({
            "action": action,
            "outcome": outcome.value,
            "rules": outcome.matched,
            "inputs": inputs.to_json(),
            "reading": verdict.reading,
            "ground": trigger.ground(),
        });
        Some(NewFinding {
            space,
            at: verdict.now,
            trigger_id: key.0,
            urn: key.1.to_string(),
            attribute: key.2,
            body: body.to_string(),
        })
    }

    fn watch(&self, catalogue: &Catalogue) -> std::collections::HashMap<String, Vec<Arc<CompiledTrigger>>> {
        let mut watch: std::collections::HashMap<String, Vec<Arc<CompiledTrigger>>> = std::collections::HashMap::new();
        for t in &catalogue.triggers {
            if let TriggerOn::Observation(attributes) = &t.spec.on {
                for a in attributes {
                    watch.entry(a.clone()).or_default().push(t.clone());
                }
            }
        }
        watch
    }
}

fn observation_inputs(catalogue: &Catalogue, entity: &Entity, r: &Observed<'_>, open: bool) -> Inputs {
    let mut inputs = Inputs::new();
    inputs.set("attribute", r.attribute);
    inputs.set("open", open);
    let norm = catalogue.metamodel.attribute(&entity.kind, r.attribute).and_then(|a| a.norm);
    match (r.value, norm.filter(|n| *n > 0.0)) {
        (ObservedValue::Number(n), Some(norm)) => {
            inputs.set("value", *n);
            inputs.set("norm", norm);
            inputs.set("ratio", *n / norm);
        }
        (value, _) => {
            match value {
                ObservedValue::Number(n) => inputs.set("value", *n),
                ObservedValue::Bool(b) => inputs.set("value", *b),
                ObservedValue::Text(t) => inputs.set("value", t.as_str()),
                ObservedValue::Point(_) => inputs.set("value", Input::Null),
            }
            inputs.set("norm", Input::Null);
            inputs.set("ratio", Input::Null);
        }
    }
    inputs
}

fn reading_json(r: &Observed<'_>) -> Value {
    json!({
        "attribute": r.attribute,
        "value": r.value,
        "observedAt": r.at,
        "receivedAt": r.received,
        "simulated": r.simulated,
    })
}
