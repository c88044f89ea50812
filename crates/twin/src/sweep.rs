use svod_kernel::Timestamp;
use svod_model::{Entity, ObservedValue, TriggerOn};
use svod_rules::Inputs;
use svod_store::finding::NewFinding;

use crate::judge::{Undo, Verdict};
use crate::{LiveEntity, Twin};

impl Twin {
    /// Asks every trigger that is judged by time, and says what its decisions call for.
    ///
    /// An entity is silent or standing at the longest since this node started: while the platform was down nobody
    /// listened.
    pub fn sweep(&self, now: Timestamp) -> (Vec<NewFinding>, Undo) {
        let catalogue = self.registry.catalogue();
        let (mut found, mut undo) = (Vec::new(), Undo::default());
        for trigger in &catalogue.triggers {
            let TriggerOn::Interval(seconds) = trigger.spec.on else { continue };
            if !self.due(&trigger.key(), seconds, now) {
                continue;
            }
            let mut state = self.write();
            let kinds: Vec<LiveEntity> = state
                .entities
                .values()
                .filter(|l| catalogue.metamodel.is_a(&l.entity.kind, &trigger.spec.kind))
                .filter(|l| trigger.top.as_ref().is_none_or(|t| t.covers(&l.entity.space)))
                .cloned()
                .collect();
            for live in kinds {
                let key = (trigger.key(), live.entity.id.clone(), String::new());
                let inputs = self.inputs(&live, now, state.is_open(&key));
                let before = state.alerts.get(&key).copied();
                if let Some(f) = self.ask(trigger, &mut state, key.clone(), &live.entity, &inputs, Verdict::at(now)) {
                    undo.alert(key, before);
                    found.push(f);
                }
            }
        }
        (found, undo)
    }

    fn due(&self, key: &str, seconds: i64, now: Timestamp) -> bool {
        let mut swept = self.swept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let last = swept.get(key).copied();
        if last.is_some_and(|l| now.seconds_since(l) < seconds as f64) {
            return false;
        }
        swept.insert(key.to_owned(), now);
        true
    }

    fn inputs(&self, live: &LiveEntity, now: Timestamp, open: bool) -> Inputs {
        let minutes = |since: Timestamp| now.seconds_since(since.max(self.started)).max(0.0) / 60.0;
        let mut inputs = Inputs::new();
        for (name, value) in facts(&live.entity) {
            inputs.set(name, value);
        }
        for (name, v) in &live.observed {
            match &v.value {
                ObservedValue::Number(n) => inputs.set(&**name, *n),
                ObservedValue::Bool(b) => inputs.set(&**name, *b),
                ObservedValue::Text(t) => inputs.set(&**name, t.as_str()),
                ObservedValue::Point(_) => {}
            }
        }
        inputs.set("open", open);
        inputs.set("silentMinutes", live.received.map(minutes));
        match live.moved {
            Some((_, at)) => inputs.set("stillMinutes", minutes(at)),
            None => inputs.set("stillMinutes", svod_rules::Input::Null),
        }
        inputs
    }
}

fn facts(entity: &Entity) -> impl Iterator<Item = (&str, svod_rules::Input)> {
    entity.attributes.keys().filter_map(|name| {
        let value = entity.value(name)?;
        let input = value
            .as_f64()
            .map(svod_rules::Input::from)
            .or_else(|| value.as_bool().map(svod_rules::Input::from))
            .or_else(|| value.as_str().map(svod_rules::Input::from))?;
        Some((name.as_str(), input))
    })
}
