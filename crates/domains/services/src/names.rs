use std::collections::{HashMap, HashSet};

use svod_kernel::{Actor, Urn};
use svod_model::Entity;
use svod_registry::{QueryError, Registry};

use crate::doers::{Acted, Doers};

/// Entities named on one page at the most; the others are shown by their id.
const MAX_NAMES: usize = 1_000;

/// Types and names of the entities that a page speaks of, and those who acted for others.
#[derive(Debug, Default)]
pub struct Names {
    things: HashMap<Urn, Thing>,
    doers: Doers,
}

#[derive(Debug)]
struct Thing {
    kind: String,
    name: Option<String>,
    /// In which its sums are.
    currency: Option<String>,
}

impl Names {
    /// Looks them up; what the actor may not know of keeps its id.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(
        registry: &Registry,
        actor: &Actor,
        urns: impl IntoIterator<Item = Urn>,
    ) -> Result<Self, QueryError> {
        let wanted: HashSet<Urn> = urns.into_iter().take(MAX_NAMES).collect();
        let mut names = Self::default();
        for urn in wanted {
            match registry.entity(actor, &urn).await {
                Ok(e) => names.learn(&e),
                Err(QueryError::NotFound(_)) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(names)
    }

    /// An entity that is at hand already.
    pub fn learn(&mut self, entity: &Entity) {
        let text = |name: &str| entity.text(name).map(str::to_owned);
        let thing = Thing { kind: entity.kind.clone(), name: text("name"), currency: text("currency") };
        self.things.insert(entity.id.clone(), thing);
    }

    /// With those who acted for others.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn with_doers(mut self, registry: &Registry, acted: &[Acted<'_>]) -> Result<Self, QueryError> {
        self.doers = Doers::load(registry, acted).await?;
        Ok(self)
    }

    /// Those who acted for others.
    pub const fn doers(&self) -> &Doers {
        &self.doers
    }

    /// The name, or the last part of the id.
    pub fn name<'a>(&'a self, urn: &'a Urn) -> &'a str {
        self.things.get(urn).and_then(|t| t.name.as_deref()).unwrap_or_else(|| urn.local())
    }

    /// The type, where it is known.
    pub fn kind(&self, urn: &Urn) -> Option<&str> {
        self.things.get(urn).map(|t| t.kind.as_str())
    }

    /// In which its sums are, where it has some.
    pub fn currency(&self, urn: &Urn) -> Option<&str> {
        self.things.get(urn)?.currency.as_deref()
    }
}
