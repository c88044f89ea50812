//! The data of a notification (clauses 5.2.14, 5.3.1): entities in the form that the subscriber asked for, with what was
//! taken away and what was there before.

use std::sync::Arc;

use serde_json::{Map, Value};
use svod_kernel::{Timestamp, number};
use svod_model::{Attribute, Entity};
use svod_registry::{Happening, Registry, Touch};
use svod_subscriptions::{Notice, Subscription, Trigger};

use super::dialect::Spec;
use crate::context::Context;
use crate::error::Answer;
use crate::join::{Beyond, Join};
use crate::render::{Form, Joined, Mode, Picked, feature};

/// What a subscriber wants to see.
pub struct Look {
    /// Whose names are used.
    pub context: Arc<Context>,
    /// What JSON-LD bodies carry.
    source: Value,
    form: Form,
    join: Join,
    changes: bool,
    media: Media,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Media {
    Json,
    Ld,
    Geo,
}

impl Look {
    /// From the document of a subscription.
    pub fn of(doc: &Map<String, Value>, notification: &Value, context: Arc<Context>, source: &Value) -> Self {
        let text = |key: &str| notification.get(key).and_then(Value::as_str);
        let flag = |key: &str| notification.get(key) == Some(&Value::Bool(true));
        let picked = |key: &str| -> Vec<Picked> {
            let all = notification.get(key).and_then(Value::as_array).into_iter().flatten();
            all.filter_map(Value::as_str).map(|n| Picked { name: n.to_owned(), inner: Vec::new() }).collect()
        };
        let mut form = Form { sys_attrs: flag("sysAttrs"), omit: picked("omit"), ..Form::default() };
        form.mode = match text("format") {
            Some("concise") => Mode::Concise,
            Some("keyValues" | "simplified") => Mode::Simplified,
            _ => Mode::Normalized,
        };
        form.pick = picked("pick");
        let attributes = picked("attributes");
        if !attributes.is_empty() {
            form.pick = attributes;
            form.pick.extend(["id", "type", "scope"].map(|n| Picked { name: n.into(), inner: Vec::new() }));
        }
        if let Some(lang) = doc.get("lang").and_then(Value::as_str) {
            form.lang = crate::params::form::languages(lang);
        }
        let datasets = doc.get("datasetId").and_then(Value::as_array).into_iter().flatten();
        form.datasets = datasets.filter_map(|d| d.as_str().map(str::to_owned)).collect();
        let level = notification.get("joinLevel").and_then(Value::as_u64).unwrap_or(1);
        let media = match notification.get("endpoint").and_then(|e| e.get("accept")).and_then(Value::as_str) {
            Some("application/ld+json") => Media::Ld,
            Some("application/geo+json") => Media::Geo,
            _ => Media::Json,
        };
        let source = match source {
            Value::Null => Value::from(crate::context::core::CORE_URL),
            source => source.clone(),
        };
        Self {
            join: Join::told(text("join"), number::size(level)),
            changes: flag("showChanges"),
            context,
            source,
            form,
            media,
        }
    }

    /// The member `data`.
    ///
    /// # Errors
    /// When related entities cannot be read.
    pub async fn data(&self, registry: &Registry, s: &Subscription<Spec>, notice: &Notice) -> Answer<Value> {
        let mut bodies = match &notice.happening {
            Some(h) if h.gone => vec![self.gone(s, h)],
            Some(h) => {
                let marked = Arc::new(with_markers(&h.entity, &h.touches));
                let mut all =
                    self.join.list(Beyond::Graph(registry, &s.actor), &self.context, &self.form, &[marked]).await?;
                if let Some(first) = all.first_mut() {
                    self.annotate(first, h);
                }
                all
            }
            None => {
                self.join.list(Beyond::Graph(registry, &s.actor), &self.context, &self.form, &notice.entities).await?
            }
        };
        if self.media == Media::Geo {
            let features: Vec<Value> = bodies.into_iter().map(|b| feature(b, "location")).collect();
            return Ok(serde_json::json!({"type": "FeatureCollection", "features": features, "@context": self.source}));
        }
        if self.media == Media::Ld {
            bodies.iter_mut().for_each(|b| drop(b.insert("@context".into(), self.source.clone())));
        }
        Ok(bodies.into_iter().map(Value::Object).collect())
    }

    /// An entity that is no more: identifier, type and when; its attributes where they were subscribed to.
    fn gone(&self, s: &Subscription<Spec>, h: &Happening) -> Map<String, Value> {
        let told = self.changes || s.triggers.contains(&Trigger::AttributeDeleted);
        let empty =
            Entity { attributes: Default::default(), scopes: Vec::new(), expires_at: None, ..Entity::clone(&h.entity) };
        let touches = if told { h.touches.as_slice() } else { &[] };
        let marked = with_markers(&empty, touches);
        let mut body = self.form.entity(&marked, &self.context, &Joined::new());
        body.insert("deletedAt".into(), h.at.to_string().into());
        self.annotate(&mut body, h);
        body
    }

    /// Adds when instances were taken away, and what was there before.
    fn annotate(&self, body: &mut Map<String, Value>, h: &Happening) {
        if self.form.mode == Mode::Simplified || !(self.changes || self.form.sys_attrs) {
            return;
        }
        for touch in &h.touches {
            let Some(shown) = body.get_mut(&self.context.write(&touch.name)) else { continue };
            let Some(instance) = instance_of(shown, touch.dataset.as_deref()) else { continue };
            if touch.new.is_none() && self.form.sys_attrs {
                instance.insert("deletedAt".into(), h.at.to_string().into());
            }
            if let Some(old) = touch.old.as_ref().filter(|_| self.changes) {
                self.previous(instance, old, h.entity.created_at);
            }
        }
    }

    fn previous(&self, instance: &mut Map<String, Value>, old: &Attribute, born: Timestamp) {
        let whole = Form::default();
        let Some(Value::Object(written)) = whole.attribute(old, &self.context, born, &Joined::new()) else { return };
        for (key, name) in [
            ("value", "previousValue"),
            ("object", "previousObject"),
            ("languageMap", "previousLanguageMap"),
            ("json", "previousJson"),
            ("vocab", "previousVocab"),
            ("valueList", "previousValueList"),
            ("objectList", "previousObjectList"),
        ] {
            if let Some(value) = written.get(key) {
                instance.insert(name.into(), value.clone());
            }
        }
    }
}

/// The instance of an attribute in its JSON form; a bare value of the concise form becomes an object.
fn instance_of<'v>(shown: &'v mut Value, dataset: Option<&str>) -> Option<&'v mut Map<String, Value>> {
    let many = shown.as_array().is_some_and(|all| all.iter().any(|v| v.get("datasetId").is_some()));
    if many {
        let mut all = shown.as_array_mut()?.iter_mut();
        return all.find(|v| v.get("datasetId").and_then(Value::as_str) == dataset)?.as_object_mut();
    }
    if !shown.is_object() {
        *shown = serde_json::json!({"value": shown.take()});
    }
    shown.as_object_mut()
}

/// The entity with a null where instances were taken away (clause 4.5.0): one for all where the attribute is gone whole.
fn with_markers(entity: &Entity, touches: &[Touch]) -> Entity {
    let mut marked = entity.clone();
    for touch in touches.iter().filter(|t| t.new.is_none()) {
        let Some(old) = &touch.old else { continue };
        let there = entity.attributes.get(&touch.name);
        let mut instances: Vec<Attribute> = match (there, marked.attributes.get(&touch.name)) {
            (None, Some(_)) => continue, // marked by another instance
            (_, Some(a)) => a.instances().map(|i| Attribute { others: Vec::new(), ..i.clone() }).collect(),
            (_, None) => Vec::new(),
        };
        let dataset = there.and(touch.dataset.clone());
        instances.push(Attribute {
            dataset,
            created_at: old.created_at,
            modified_at: old.modified_at,
            ..Attribute::taken_away(Some(&old.value))
        });
        if let Some(all) = Attribute::from_instances(instances) {
            marked.attributes.insert(touch.name.clone(), all);
        }
    }
    marked
}
