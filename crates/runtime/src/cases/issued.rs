//! What was issued, to whom it may be shown: what the process of a case has made, as far as somebody may see it. What belongs to one
//! for whom they may act, a child to its parent, they see as who acts for them, which is written down before it is shown.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use svod_kernel::{Actor, OnBehalf, Role, Urn};
use svod_model::Entity;
use svod_registry::Action;
use svod_trust::{Trust, TrustError};

use super::{Cases, Made};

/// Things that are shown of one case.
const MOST: usize = 100;

/// For whom something is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acting {
    /// By which mandates, from the nearest to the one whose it is.
    pub chain: Vec<OnBehalf>,
    /// What they are called.
    pub name: String,
}

/// One thing that was made.
#[derive(Debug, Clone)]
pub struct Issued {
    /// As it is now, without what is closed.
    pub entity: Arc<Entity>,
    /// Whose it is, of whom the actor does not act for yet; none: it is seen in their own right.
    pub acting: Option<Acting>,
    /// Number of the event that made it, in the space of the case, where its receipt is theirs to have.
    pub receipt: Option<i64>,
}

/// One for whom somebody may act.
struct Capacity {
    actor: Actor,
    name: String,
}

impl Cases {
    /// What of it the actor may see, in the order in which it was made, 100 things at the most.
    ///
    /// # Errors
    /// When the store fails, or it cannot be written down that they see what is another's.
    pub async fn issued(&self, actor: &Actor, case: &Entity, made: &[Made]) -> Result<Vec<Issued>, TrustError> {
        let urns: Vec<Urn> = made.iter().take(MOST).map(|m| m.urn.clone()).collect();
        if urns.is_empty() {
            return Ok(Vec::new());
        }
        let (registry, top) = (&self.registry, case.space.top());
        let trust = Trust::new(registry.clone());
        let there = registry.entities(&self.process, urns).await?;
        let there: HashMap<&Urn, &Arc<Entity>> =
            there.iter().filter(|e| e.space.top() == top).map(|e| (&e.id, e)).collect();
        let whose = |e: &Entity| registry.resource_of(e).person;
        let others = there.values().filter_map(|e| whose(e)).any(|p| p.as_str() != actor.subject());
        let own = case.object("person").is_some_and(|person| actor.owns(person, "Case"));
        let people = if own && others { represented(&trust, actor).await? } else { HashMap::new() };
        let (mut issued, mut traced) = (Vec::new(), HashSet::new());
        for (made, e) in made.iter().filter_map(|m| Some((m, there.get(&m.urn)?))) {
            let person = whose(e);
            let acting = person.as_ref().and_then(|p| people.get(p).filter(|c| c.actor.owns(p, &e.kind)));
            let seer = acting.map_or(actor, |c| &c.actor);
            let Some(entity) = registry.redact(seer, Arc::clone(e)) else { continue };
            // Of another's thing they see that it is there, and nothing of it: nothing was issued to them.
            if entity.attributes.is_empty() {
                continue;
            }
            if let Some((person, capacity)) = person.as_ref().zip(acting)
                && traced.insert(person.clone())
            {
                trust.seen_for(&capacity.actor).await?;
            }
            let proven = acting.is_none() && registry.may(seer, Action::ReadJournal, &registry.resource_of(e));
            issued.push(Issued {
                entity,
                acting: acting.map(|c| Acting { chain: c.actor.on_behalf.clone(), name: c.name.clone() }),
                receipt: proven.then_some(made.seq),
            });
        }
        Ok(issued)
    }
}

/// Those for whom somebody may act one step further than they do, by the person.
async fn represented(trust: &Trust, actor: &Actor) -> Result<HashMap<Urn, Capacity>, TrustError> {
    // Who sits in a post acts for nobody.
    let me: Option<Urn> = actor.id.parse().ok().filter(|_| actor.is(Role::Citizen));
    let Some(me) = me else { return Ok(HashMap::new()) };
    let further = trust.mandates_of(&me).await?.into_iter().filter_map(|(chain, name)| {
        let (last, before) = chain.split_last()?;
        if before != actor.on_behalf {
            return None;
        }
        let (person, id, roles) = (last.person.clone(), actor.id.clone(), [Role::Citizen].into());
        let actor = Actor { id, name: "citizen".to_owned(), roles, on_behalf: chain, ..Actor::anonymous() };
        Some((person, Capacity { actor, name }))
    });
    Ok(further.collect())
}
