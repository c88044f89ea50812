use std::collections::{HashMap, HashSet};

use svod_kernel::{Actor, Urn};
use svod_model::Entity;
use svod_registry::{QueryError, Registry};

/// Entities named on one page at the most; the others are shown by their id.
const MAX_NAMES: usize = 1_000;

/// Types and names of the entities that a page speaks of.
#[derive(Debug, Default)]
pub struct Names(HashMap<Urn, (String, Option<String>)>);

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
        let name = entity.text("name").map(str::to_owned);
        self.0.insert(entity.id.clone(), (entity.kind.clone(), name));
    }

    /// The name, or the last part of the id.
    pub fn name<'a>(&'a self, urn: &'a Urn) -> &'a str {
        self.0.get(urn).and_then(|(_, name)| name.as_deref()).unwrap_or_else(|| urn.local())
    }

    /// The type, where it is known.
    pub fn kind(&self, urn: &Urn) -> Option<&str> {
        self.0.get(urn).map(|(kind, _)| kind.as_str())
    }
}
