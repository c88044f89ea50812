use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use svod_kernel::{Actor, SpacePath, Timestamp};
use svod_model::Entity;
use svod_query::Query;
use svod_registry::{Happening, Touch};

/// What can set a notification off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trigger {
    /// An entity was made.
    EntityCreated,
    /// An entity was changed.
    EntityUpdated,
    /// An entity is gone.
    EntityDeleted,
    /// An attribute came.
    AttributeCreated,
    /// An attribute changed.
    AttributeUpdated,
    /// An attribute is gone.
    AttributeDeleted,
}

/// Who wants to be told of what. `S` is what the dialect needs to write it down.
#[derive(Debug)]
pub struct Subscription<S> {
    /// Identifier, unique in its space.
    pub id: String,
    /// Changes in this space and those under it.
    pub space: SpacePath,
    /// With whose eyes entities are seen.
    pub actor: Actor,
    /// Changes before it are not told.
    pub since: Timestamp,
    /// When its document was last changed.
    pub revision: Timestamp,
    /// Entities: any of these questions fits, without their conditions on values; empty: all.
    pub selectors: Vec<Query>,
    /// Conditions on the entity after the change: filter, place, scope.
    pub condition: Query,
    /// Only changes of these attributes; empty: of any.
    pub watched: Vec<String>,
    /// What sets it off.
    pub triggers: BTreeSet<Trigger>,
    /// Seconds that must lie between two notifications.
    pub throttling: Option<f64>,
    /// Told every so many seconds, whatever changes.
    pub interval: Option<f64>,
    /// Told no more from then on.
    pub expires: Option<Timestamp>,
    /// Not paused.
    pub active: bool,
    /// Seconds without an attempt after a failure.
    pub cooldown: Option<f64>,
    /// What the dialect needs.
    pub spec: Arc<S>,
}

/// How a subscription fares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct State {
    /// Notifications tried.
    pub times_sent: u64,
    /// Of them without success.
    pub times_failed: u64,
    /// The last one tried.
    pub last_notification: Option<Timestamp>,
    /// The last one delivered.
    pub last_success: Option<Timestamp>,
    /// The last one not delivered.
    pub last_failure: Option<Timestamp>,
    /// Whether the last one failed.
    pub failed: bool,
}

impl State {
    /// A notification sets out.
    pub fn sets_out(&mut self, now: Timestamp) {
        self.times_sent += 1;
        self.last_notification = Some(now);
    }

    /// It has arrived, or not.
    pub fn arrived(&mut self, now: Timestamp, delivered: bool) {
        self.failed = !delivered;
        if delivered {
            self.last_success = Some(now);
        } else {
            self.last_failure = Some(now);
            self.times_failed += 1;
        }
    }
}

/// Something that a subscriber is to be told.
#[derive(Debug, Clone)]
pub struct Notice {
    /// When it happened.
    pub at: Timestamp,
    /// The entities, as the subscription's actor may see them.
    pub entities: Vec<Arc<Entity>>,
    /// The event, with the changes that the subscription watches; none for a subscription by time.
    pub happening: Option<Happening>,
}

impl<S> Clone for Subscription<S> {
    fn clone(&self) -> Self {
        Self {
            id: self.id.clone(),
            space: self.space.clone(),
            actor: self.actor.clone(),
            selectors: self.selectors.clone(),
            condition: self.condition.clone(),
            watched: self.watched.clone(),
            triggers: self.triggers.clone(),
            spec: self.spec.clone(),
            ..*self
        }
    }
}

impl<S> Subscription<S> {
    /// Is anything told at that moment?
    pub fn is_awake(&self, at: Timestamp) -> bool {
        self.active && self.expires.is_none_or(|e| at < e)
    }

    /// Is it told of an entity like this, whatever has changed?
    pub fn takes(&self, entity: &Entity) -> bool {
        let alone = |_: &svod_kernel::Urn| None;
        (self.selectors.is_empty() || self.selectors.iter().any(|q| q.fits(entity, &alone)))
            && self.condition.fits(entity, &alone)
            && (self.watched.is_empty() || self.watched.iter().any(|name| entity.attributes.contains_key(name)))
    }

    /// The changes of a happening that it is told of; none when it does not concern it. The conditions on the entity are
    /// not judged yet.
    pub fn wants(&self, happening: &Happening) -> Option<Vec<Touch>> {
        let entity = &happening.entity;
        if self.interval.is_some()
            || happening.at < self.since
            || !self.is_awake(happening.at)
            || !self.space.covers(&entity.space)
            || !self.selects(entity)
        {
            return None;
        }
        let watched = |t: &&Touch| self.watched.is_empty() || self.watched.contains(&t.name);
        let touches: Vec<Touch> = happening.touches.iter().filter(watched).cloned().collect();
        let set_off = |trigger: &Trigger| match trigger {
            Trigger::EntityCreated => happening.made,
            Trigger::EntityDeleted => happening.gone,
            Trigger::EntityUpdated => !happening.made && !happening.gone && !touches.is_empty(),
            Trigger::AttributeCreated => touches.iter().any(|t| t.old.is_none()),
            Trigger::AttributeUpdated => touches.iter().any(|t| t.old.is_some() && t.new.is_some()),
            Trigger::AttributeDeleted => touches.iter().any(|t| t.new.is_none()),
        };
        self.triggers.iter().any(set_off).then_some(touches)
    }

    fn selects(&self, entity: &Entity) -> bool {
        self.selectors.is_empty() || self.selectors.iter().any(|q| q.fits(entity, &|_| None))
    }
}
