//! Who acted for whom, in words: the journal keeps identifiers, people know posts and mandates.

use std::collections::HashMap;

use svod_kernel::{Actor, OnBehalf, SpacePath, Timestamp, Urn};
use svod_model::Entity;
use svod_registry::{EntityQuery, JournalEvent, QueryError, Registry, Tenure};

/// Somebody who acted for another: who, by which chain.
pub type Acted<'a> = (&'a str, &'a [OnBehalf]);

/// What their mandates rest on, and which posts the operators among them hold. Posts are public; whose they are is told only to
/// who may read what was done in them.
#[derive(Debug, Default)]
pub struct Doers {
    bases: HashMap<Urn, String>,
    posts: HashMap<String, Vec<(Tenure, String)>>,
}

/// Who did it for somebody else.
pub fn acted(event: &JournalEvent) -> Option<Acted<'_>> {
    (!event.on_behalf.is_empty()).then_some((event.actor.as_str(), event.on_behalf.as_slice()))
}

impl Doers {
    /// Looks them up.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(registry: &Registry, all: &[Acted<'_>]) -> Result<Self, QueryError> {
        let (mut doers, reader) = (Self::default(), Actor::platform("services"));
        for &(id, chain) in all {
            let Some(first) = chain.first() else { continue };
            if !doers.bases.contains_key(&first.mandate) {
                let basis = match registry.entity(&reader, &first.mandate).await {
                    Ok(mandate) => mandate.text("basis").unwrap_or_default().to_owned(),
                    Err(QueryError::NotFound(_)) => String::new(),
                    Err(e) => return Err(e),
                };
                doers.bases.insert(first.mandate.clone(), basis);
            }
            if doers.at_desk(chain) && !doers.posts.contains_key(id) {
                doers.posts.insert(id.to_owned(), posts(registry, &reader, id).await?);
            }
        }
        Ok(doers)
    }

    /// What the nearest mandate of a chain rests on: a value of the code list `MandateBasis`; empty when it is not known.
    pub fn basis(&self, chain: &[OnBehalf]) -> &str {
        chain.first().and_then(|link| self.bases.get(&link.mandate)).map_or("", String::as_str)
    }

    /// Was it an operator, for somebody who was present?
    pub fn at_desk(&self, chain: &[OnBehalf]) -> bool {
        self.basis(chain) == "present"
    }

    /// The post that somebody held at a moment.
    pub fn post(&self, id: &str, at: Timestamp) -> Option<&str> {
        self.posts.get(id)?.iter().find(|(tenure, _)| tenure.holds(at)).map(|(_, post)| post.as_str())
    }
}

async fn posts(registry: &Registry, reader: &Actor, id: &str) -> Result<Vec<(Tenure, String)>, QueryError> {
    let tree = registry.spaces();
    let tops: Vec<SpacePath> =
        tree.all().into_iter().filter(|s| s.path.parent().is_none() && !s.open).map(|s| s.path.clone()).collect();
    let mut held = Vec::new();
    for top in tops {
        let q = EntityQuery::of(top, &["Appointment"]).with("person", id);
        for appointment in registry.query(reader, q).await?.items {
            let Some((tenure, post)) = Tenure::of(&appointment).zip(appointment.object("post")) else { continue };
            let Some(post) = there(registry, reader, post).await? else { continue };
            let body = match post.object("body") {
                Some(body) => there(registry, reader, body).await?,
                None => None,
            };
            let name = |e: &Entity| e.text("name").map(str::to_owned);
            let words: Vec<String> = name(&post).into_iter().chain(body.as_ref().and_then(name)).collect();
            held.push((tenure, words.join(", ")));
        }
    }
    Ok(held)
}

async fn there(registry: &Registry, reader: &Actor, urn: &Urn) -> Result<Option<Entity>, QueryError> {
    match registry.entity(reader, urn).await {
        Ok(entity) => Ok(Some(entity)),
        Err(QueryError::NotFound(_)) => Ok(None),
        Err(e) => Err(e),
    }
}
