use std::sync::Arc;

use svod_model::{AttributeType, Entity, SecrecyClass};
use svod_portal::PageContext;
use svod_registry::{Action, Catalogue, Registry};
use svod_twin::{LiveEntity, LiveValue};

/// What this visitor may see, with what the packs say of it.
pub struct Sight<'a> {
    /// Who looks, and in which language.
    pub ctx: &'a PageContext,
    /// The one door.
    pub registry: &'a Registry,
    /// The packs in force while the page is made.
    pub catalogue: Arc<Catalogue>,
}

impl<'a> Sight<'a> {
    /// The visitor's sight.
    pub fn new(registry: &'a Registry, ctx: &'a PageContext) -> Self {
        Self { ctx, registry, catalogue: registry.catalogue() }
    }

    /// May they know of the entity?
    pub fn sees(&self, e: &Entity) -> bool {
        self.may(Action::Read, e)
    }

    /// May they do this with the entity?
    pub fn may(&self, action: Action, e: &Entity) -> bool {
        self.registry.may(&self.ctx.actor, action, &self.registry.resource_of(e))
    }

    /// What the packs declare of the attribute.
    pub fn declared(&self, kind: &str, name: &str) -> Option<&AttributeType> {
        self.catalogue.metamodel.attribute(kind, name)
    }

    /// May they see the attribute of an entity that they see?
    pub fn may_see(&self, e: &Entity, name: &str) -> bool {
        let open = self.declared(&e.kind, name).is_none_or(|a| a.class == SecrecyClass::Open);
        open || self.registry.may_see_attribute(&self.ctx.actor, e, name)
    }

    /// The text of a fact that they may see.
    pub fn text<'e>(&self, e: &'e Entity, name: &str) -> Option<&'e str> {
        e.text(name).filter(|_| self.may_see(e, name))
    }

    /// The current values that they may see, by attribute.
    pub fn observed<'l>(&self, live: &'l LiveEntity) -> Vec<(&'l str, &'l LiveValue)> {
        let all = live.observed.iter().map(|(name, v)| (&**name, v));
        all.filter(|(name, _)| self.may_see(&live.entity, name)).collect()
    }

    /// The attribute farthest above (or least below) its norm, and its ratio.
    pub fn worst<'l>(&self, live: &'l LiveEntity) -> Option<(&'l str, f64)> {
        let ratios = live.observed.iter().filter_map(|(name, v)| Some((&**name, v.ratio?)));
        ratios.filter(|(name, _)| self.may_see(&live.entity, name)).max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Something about it was made by a simulation.
    pub fn simulated(&self, live: &LiveEntity) -> bool {
        is_simulated(&live.entity) || live.observed.values().any(|v| v.simulated)
    }
}

/// The thing exists in the demonstration only.
pub fn is_simulated(e: &Entity) -> bool {
    e.value("simulated").and_then(serde_json::Value::as_bool) == Some(true)
}
