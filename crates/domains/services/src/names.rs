use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use svod_kernel::{Actor, Urn};
use svod_model::{Entity, Metamodel};
use svod_portal::PageContext;
use svod_registry::{Programs, QueryError, Registry};

use crate::doers::{Acted, Doers};

/// Entities named on one page at the most; the others are called as if they were closed.
const MAX_NAMES: usize = 1_000;

/// Types and names of the entities that a page speaks of, those who acted for others, and the words of its case.
#[derive(Default)]
pub struct Names {
    things: HashMap<Urn, Thing>,
    doers: Doers,
    programs: Option<Arc<Programs>>,
}

#[derive(Debug, Clone)]
struct Thing {
    kind: String,
    /// Its name; else where it is, or the number by which it is known.
    name: Option<String>,
    /// In which its sums are.
    currency: Option<String>,
}

impl Names {
    /// Looks them up; of what the actor may not know only its type is told.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(
        registry: &Registry,
        actor: &Actor,
        urns: impl IntoIterator<Item = Urn>,
    ) -> Result<Self, QueryError> {
        let wanted: HashSet<Urn> = urns.into_iter().take(MAX_NAMES).collect();
        let (mut names, catalogue) = (Self::default(), registry.catalogue());
        for urn in wanted {
            match registry.entity(actor, &urn).await {
                Ok(e) => {
                    names.learn(&catalogue.metamodel, &e);
                    // One that has become a part of another is named as that one.
                    if let Some(thing) = names.things.get(&e.id).filter(|_| e.id != urn).cloned() {
                        names.things.insert(urn, thing);
                    }
                }
                Err(QueryError::NotFound(_)) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(names)
    }

    /// An entity that is at hand already, as the visitor sees it.
    pub fn learn(&mut self, metamodel: &Metamodel, entity: &Entity) {
        let name = metamodel.called(entity, |_| true);
        let thing = Thing { kind: entity.kind.clone(), name, currency: entity.text("currency").map(str::to_owned) };
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

    /// With the forms by whose words answers are told: of a page about one case.
    #[must_use]
    pub fn with_forms(mut self, programs: Option<Arc<Programs>>) -> Self {
        self.programs = programs;
        self
    }

    /// Where the words of answers stand.
    pub fn programs(&self) -> Option<&Programs> {
        self.programs.as_deref()
    }

    /// Those who acted for others.
    pub const fn doers(&self) -> &Doers {
        &self.doers
    }

    /// The name, where the visitor may read one.
    pub fn name(&self, urn: &Urn) -> Option<&str> {
        self.things.get(urn)?.name.as_deref()
    }

    /// What people call it: its name, else its type; never a part of its id.
    pub fn called(&self, ctx: &PageContext, urn: &Urn) -> String {
        match self.things.get(urn) {
            Some(thing) => thing.name.clone().unwrap_or_else(|| ctx.type_name(&thing.kind)),
            None => ctx.closed(urn),
        }
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
