//! Rules over what happens: the decision "Security" of the packs says what the security officer is called for.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde_json::json;
use svod_identity::{Identity, Sign};
use svod_kernel::{Actor, SpacePath, Timestamp, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Change, Command, CommandError, Committed, Guessed, INSTALLATION, Operation};
use svod_rules::Inputs;
use tokio::sync::broadcast::error::RecvError;

use crate::Trust;
use crate::lists::tops;

/// The same about the same actor is told once in so many seconds.
const ONCE: i64 = 3600;
/// Networks of which refused sign-ins and devices are counted.
const MOST: usize = 50_000;
/// Refusals of a network that are judged one by one; above, each doubling is.
const FEW: u32 = 64;
/// Who has rested is forgotten once in so many seconds.
const SWEPT: i64 = 60;

/// Something that the rules are asked about.
#[derive(Debug, Clone)]
pub(crate) struct Happened {
    kind: &'static str,
    /// Whom it is about: an actor, or a network.
    whom: String,
    role: String,
    count: u32,
    space: Option<SpacePath>,
    /// What it was done to, where each counts for itself.
    entity: String,
}

impl Happened {
    pub fn new(kind: &'static str, actor: &Actor, count: u32) -> Self {
        let role = actor.roles.iter().next_back().map_or("", |r| r.as_str());
        Self {
            kind,
            whom: actor.id.clone(),
            role: role.to_owned(),
            count,
            space: actor.spaces.first().cloned(),
            entity: String::new(),
        }
    }

    pub fn of(self, entity: &Urn) -> Self {
        Self { entity: entity.to_string(), ..self }
    }

    pub fn within(self, space: &SpacePath) -> Self {
        Self { space: Some(space.clone()), ..self }
    }
}

/// Refusals by kind and network, within an hour from the first.
#[derive(Default)]
struct Refusals {
    counts: HashMap<(&'static str, String), (u32, Timestamp)>,
    swept: Timestamp,
}

impl Refusals {
    /// So many more; how many it are, when that is to be judged.
    fn add(&mut self, kind: &'static str, network: &str, more: u32, now: Timestamp) -> Option<u32> {
        if self.swept.plus_seconds(SWEPT) <= now {
            self.counts.retain(|_, (_, until)| now < *until);
            self.swept = now;
        }
        let key = (kind, network.to_owned());
        if self.counts.len() >= MOST && !self.counts.contains_key(&key) {
            return None;
        }
        let of = self.counts.entry(key).or_default();
        if of.1 <= now {
            *of = (0, now.plus_seconds(ONCE));
        }
        let before = of.0;
        of.0 = before.saturating_add(more);
        is_judged(before, of.0).then_some(of.0)
    }
}

/// Is a count that has grown so to be judged? Few each time, many when they have doubled: what strangers send is no work.
const fn is_judged(before: u32, after: u32) -> bool {
    after <= FEW || before < FEW || before.ilog2() != after.ilog2()
}

impl Trust {
    /// Asks the rules; what they call for is written down. It never stands in the way of what happened.
    pub(crate) async fn happened(&self, what: Happened) {
        let catalogue = self.registry.catalogue();
        let Some(decision) = &catalogue.security else { return };
        let inputs =
            Inputs::new().with("kind", what.kind).with("count", i64::from(what.count)).with("role", what.role.as_str());
        let outcome = match decision.evaluate(&inputs) {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::error!(%error, "the decision on security failed");
                return;
            }
        };
        // A table with one output gives its value, one with several an object.
        let said = outcome.value.get("severity").unwrap_or(&outcome.value);
        let severity = said.as_str().unwrap_or("none");
        if severity == "none" {
            return;
        }
        if let Err(error) = self.alert(&what, severity, outcome.matched.first().map_or("", String::as_str)).await {
            tracing::error!(%error, kind = what.kind, "a security alert could not be written");
        }
    }

    /// A file that somebody has sent holds malware, as the scanner says. Telling it again within the hour tells nothing new.
    pub async fn infected(&self, sender: &str, space: &SpacePath, file: &Urn) {
        let (whom, entity) = (sender.to_owned(), file.to_string());
        let space = Some(space.clone());
        self.happened(Happened { kind: "malware", whom, role: String::new(), count: 1, space, entity }).await;
    }

    /// The ledger does not fit: what is wrong, in words, each of which counts for itself, and the space of the event, if it is
    /// about one.
    pub async fn tampering(&self, wrong: &str, space: Option<SpacePath>) {
        let what = Happened {
            kind: "tampering",
            whom: Actor::platform("ledger").id,
            role: String::new(),
            count: 1,
            // What the installation itself has recorded concerns every region.
            space: space.filter(|space| space.as_str() != INSTALLATION),
            entity: wrong.to_owned(),
        };
        self.happened(what).await;
    }

    async fn alert(&self, what: &Happened, severity: &str, rule: &str) -> Result<(), CommandError> {
        let tops = tops(&self.registry).into_iter().filter(|top| top.as_str() != INSTALLATION);
        // What concerns no territory, each region's officer is told.
        let spaces = what.space.clone().map_or_else(|| tops.collect(), |space| vec![space]);
        metrics::counter!("svod_security_alerts_total", "kind" => what.kind).increment(1);
        for space in spaces {
            self.alert_in(space, what, severity, rule).await?;
        }
        Ok(())
    }

    async fn alert_in(
        &self,
        space: SpacePath,
        what: &Happened,
        severity: &str,
        rule: &str,
    ) -> Result<(), CommandError> {
        let now = self.registry.clock().now();
        let mut h = DefaultHasher::new();
        (what.kind, &what.whom, severity, &what.entity, space.as_str()).hash(&mut h);
        let id = format!("{:x}-{:x}", now.0 / (ONCE * 1_000_000), h.finish());
        let Ok(urn) = Urn::svod("securityalert", &id) else { return Ok(()) };
        let inputs = json!({"count": what.count, "role": what.role, "entity": what.entity});
        let alert = Entity::new(urn, "SecurityAlert", space)
            .with("kind", Attribute::property(what.kind))
            .with("severity", Attribute::property(severity))
            .with("actor", Attribute::property(what.whom.clone()))
            .with("inputs", Attribute::property(inputs.to_string()))
            .with("rule", Attribute::property(if rule.is_empty() { what.kind } else { rule }))
            .with("since", Attribute::property(now.to_string()))
            .with("status", Attribute::property("open"));
        match self.raise(alert.clone()).await {
            Err(CommandError::Exists(urn)) => {
                // Told already within the hour; unless somebody has taken the identifier for something else.
                let there = self.registry.entity(&Actor::platform("trust"), &urn).await;
                if there.is_ok_and(|e| e.kind == alert.kind) {
                    return Ok(());
                }
                self.raise(Entity { id: self.mint("securityalert"), ..alert }).await
            }
            outcome => outcome,
        }
    }

    async fn raise(&self, alert: Entity) -> Result<(), CommandError> {
        let change = Change { verb: Some("raise"), ..Operation::Create(alert).into() };
        let command = Command { changes: vec![change], ..self.said("decisions/security.dmn") };
        self.registry.execute(&Actor::platform("trust"), command).await.map(drop)
    }

    /// Watches what identity notices and how powers change, as long as the platform runs.
    pub fn watch(&self, identity: Arc<Identity>) {
        let (trust, mut signs) = (self.clone(), identity.signs());
        tokio::spawn(async move {
            let mut refused = Refusals::default();
            loop {
                match signs.recv().await {
                    Ok(sign) => trust.noticed(sign, &identity, &mut refused).await,
                    Err(RecvError::Lagged(n)) => {
                        tracing::warn!(n, "signs of identity came faster than they are judged")
                    }
                    Err(RecvError::Closed) => return,
                }
            }
        });
        let (trust, mut guesses) = (self.clone(), self.registry.guesses());
        tokio::spawn(async move {
            loop {
                match guesses.recv().await {
                    // Somebody gives numbers, to learn who has one.
                    Ok(Guessed { actor, space, count }) => {
                        trust.happened(Happened::new("probing", &actor, count).within(&space)).await;
                    }
                    Err(RecvError::Lagged(n)) => tracing::warn!(n, "values were tried faster than they are judged"),
                    Err(RecvError::Closed) => return,
                }
            }
        });
        let (trust, mut changes) = (self.clone(), self.registry.changes());
        tokio::spawn(async move {
            loop {
                match changes.recv().await {
                    Ok(step) => trust.powers(&step).await,
                    Err(RecvError::Lagged(n)) => tracing::warn!(n, "changes came faster than powers are watched"),
                    Err(RecvError::Closed) => return,
                }
            }
        });
    }

    async fn noticed(&self, sign: Sign, identity: &Identity, refused: &mut Refusals) {
        let (kind, about) = match sign {
            Sign::Refused { network } => return self.refused(refused, "sign-in-failures", (network, 1)).await,
            // A kind of their own: devices that knock do not hide who guesses passwords.
            Sign::DevicesRefused { network, count } => {
                return self.refused(refused, "device-failures", (network, count)).await;
            }
            Sign::NewDevice { person } => ("new-device", (person.to_string(), person, String::new())),
            Sign::FarAway { person } => ("far-away", (person.to_string(), person, String::new())),
            // A site is let in, somebody is invited to a post: who may do what has changed.
            Sign::Changed { what, of, by, person: None, space } => {
                let of = Happened { entity: format!("{what} {of}"), ..Happened::new("powers", &by, 1) };
                let space = space.or_else(|| of.space.clone());
                return self.happened(Happened { space, ..of }).await;
            }
            Sign::Changed { what, of, by, person: Some(person), .. } => {
                ("account", (by.id, person, format!("{what} {of}")))
            }
        };
        let (whom, person, entity) = about;
        let post = identity.posts(&person).await.unwrap_or_default().into_iter().next();
        let role = post.as_ref().map_or("citizen", |p| p.role.as_str()).to_owned();
        let space = post.map(|p| p.space);
        self.happened(Happened { kind, whom, role, count: 1, space, entity }).await;
    }

    async fn refused(&self, all: &mut Refusals, kind: &'static str, (network, more): (String, u32)) {
        let Some(count) = all.add(kind, &network, more, self.registry.clock().now()) else { return };
        let (role, entity) = (String::new(), String::new());
        self.happened(Happened { kind, whom: network, role, count, space: None, entity }).await;
    }

    /// Appointments, posts, and mandates that somebody else than the person has made.
    async fn powers(&self, step: &Committed) {
        for event in &step.events {
            let powers = ["Appointment", "Post", "Mandate"].contains(&event.entity_type.as_str());
            // Packs seed posts; what the platform makes of an invitation is an appointment like any other.
            if !powers || event.actor == "platform:packs" {
                continue;
            }
            let gone = step.tombstones.iter().chain(&step.entities).find(|e| e.id == event.entity);
            let Some(entity) = gone else { continue };
            if entity.kind == "Mandate" && entity.object("person").is_some_and(|p| p.as_str() == event.actor) {
                continue;
            }
            let role = match entity.object("post") {
                Some(post) => match self.registry.entity(&Actor::platform("trust"), post).await {
                    Ok(post) => post.text("role").unwrap_or_default().to_owned(),
                    Err(_) => String::new(),
                },
                None => entity.text("role").unwrap_or_default().to_owned(),
            };
            let whom = event.actor.clone();
            let space = Some(event.space.clone());
            let entity = event.entity.to_string();
            self.happened(Happened { kind: "powers", whom, role, count: 1, space, entity }).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_refusals_are_judged_when_they_have_doubled() {
        let (mut all, now) = (Refusals::default(), Timestamp(0).plus_seconds(1));
        let judged: Vec<u32> = (0..100_000).filter_map(|_| all.add("device-failures", "192.0.2", 1, now)).collect();
        assert_eq!(judged[..64], (1..=64).collect::<Vec<_>>());
        assert_eq!(judged[64..], [128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]);
        assert_eq!(all.add("device-failures", "192.0.2", 40_000, now), Some(140_000), "told by the thousand");
        assert_eq!(all.add("sign-in-failures", "192.0.2", 1, now), Some(1), "another kind counts for itself");
        assert_eq!(all.add("device-failures", "192.0.2", 1, now.plus_seconds(ONCE)), Some(1), "another hour");
        assert_eq!(all.counts.len(), 1, "who has rested is forgotten");
    }

    #[test]
    fn few_that_become_many_at_once_are_judged() {
        assert!(is_judged(10, 70) && is_judged(0, 1_000_000) && is_judged(63, 65));
        assert!(!is_judged(64, 127) && is_judged(64, 128));
    }
}
