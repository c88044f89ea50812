use std::sync::Arc;

use svod_kernel::{Actor, Timestamp, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Action, Change, Command, Operation, QueryError};

use crate::{Trust, TrustError};

/// Longest consent, in days.
const MAX_DAYS: i64 = 5 * 366;
/// Longest purpose, in characters.
const MAX_PURPOSE: usize = 300;

/// A consent as a person gives it.
#[derive(Debug, Clone)]
pub struct NewConsent {
    /// What for.
    pub purpose: String,
    /// Attributes of the person that may be used; empty: all.
    pub data: Vec<String>,
    /// The body that may.
    pub recipient: Urn,
    /// For how many days.
    pub days: i64,
}

impl Trust {
    /// The person, or who may agree for them, agrees.
    ///
    /// # Errors
    /// [`TrustError::Field`]; what the registry refuses.
    pub async fn agree(&self, actor: &Actor, new: &NewConsent) -> Result<Urn, TrustError> {
        let purpose = new.purpose.trim();
        if purpose.chars().count() < 3 || purpose.chars().count() > MAX_PURPOSE {
            return Err(TrustError::field(
                "purpose",
                "required",
                "say in 3 to 300 characters what the data are used for",
            ));
        }
        if !(1..=MAX_DAYS).contains(&new.days) {
            return Err(TrustError::field("days", "term", "choose a term of a day to five years"));
        }
        let catalogue = self.registry.catalogue();
        if let Some(name) = new.data.iter().find(|n| catalogue.metamodel.attribute("Person", n).is_none()) {
            return Err(TrustError::field("data", "unknown", &format!("'{name}' is no attribute of a person")));
        }
        let body = self.registry.entity(actor, &new.recipient).await;
        if !body.is_ok_and(|b| b.kind == "Body") {
            return Err(TrustError::field("recipient", "unknown", "choose one of the bodies"));
        }
        let person = self.subject(actor).await?;
        let now = self.registry.clock().now();
        let mut consent = Entity::new(self.mint("Consent"), "Consent", person.space.clone())
            .with("person", Attribute::object(person.id.clone()))
            .with("purpose", Attribute::property(purpose))
            .with("recipient", Attribute::object(new.recipient.clone()))
            .with("since", Attribute::property(now.to_string()))
            .with("until", Attribute::property(now.plus_seconds(new.days * 86_400).to_string()));
        if !new.data.is_empty() {
            consent = consent.with("data", Attribute::property(new.data.clone()));
        }
        let id = consent.id.clone();
        let changes = vec![Change::verb(Operation::Create(consent), Action::Declare, "agree")];
        let command = Command { changes, ..self.said("consent") };
        self.registry.execute(actor, command).await?;
        Ok(id)
    }

    /// Takes a consent or a mandate back: it ends now, and with a consent all that rests on it. Mandates are ended by who enters
    /// them in the territory, too.
    ///
    /// # Errors
    /// [`QueryError::NotFound`] for what is not the person's own; what the registry refuses.
    pub async fn withdraw(&self, actor: &Actor, what: &Urn) -> Result<(), TrustError> {
        let known = self.registry.entity(&Actor::platform("trust"), what).await?;
        let party = known.object("person").is_some_and(|p| actor.owns(p, &known.kind));
        // A head ends what a head gives, and neither their own powers nor another head's.
        let own = party && (!actor.heads() || known.kind != "Mandate" || known.text("basis") == Some("employee"));
        // Who enters mandates ends them as well: of those who cannot do it themselves.
        let kept = !party
            && known.kind == "Mandate"
            && self.registry.may(actor, Action::Declare, &self.registry.resource_of(&known))
            && !self.registry.resource_of(&known).open;
        if !(own || kept) || !["Consent", "Mandate"].contains(&known.kind.as_str()) {
            return Err(QueryError::NotFound(what.to_string()).into());
        }
        let now = self.registry.clock().now();
        if known.time("until").is_some_and(|until| until <= now) {
            return Ok(());
        }
        let set = [("until".to_owned(), Attribute::property(now.to_string()))].into();
        let patch = Operation::Patch { urn: known.id.clone(), expected: Some(known.version), set, unset: Vec::new() };
        let change = Change::verb(patch, Action::Declare, "withdraw");
        self.registry.execute(actor, Command { changes: vec![change], ..self.said("withdrawal") }).await?;
        Ok(())
    }

    /// The consent of a person that the actor's body may rest upon now: the one that lasts longest.
    pub(crate) async fn consent_for(
        &self,
        person: &Urn,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Option<Arc<Entity>>, QueryError> {
        let Some(body) = &actor.body else { return Ok(None) };
        let all = self.about(&Actor::platform("trust"), person.as_str(), "Consent", 100).await?;
        let holds = |c: &&Arc<Entity>| {
            c.object("recipient") == Some(body)
                && c.object("person") == Some(person)
                && c.time("since").is_some_and(|at| at <= now)
                && c.time("until").is_some_and(|at| now < at)
        };
        Ok(all.iter().filter(holds).max_by_key(|c| c.time("until")).cloned())
    }

    /// In whose affairs the actor acts, as an entity.
    pub(crate) async fn subject(&self, actor: &Actor) -> Result<Entity, TrustError> {
        let nobody = || QueryError::NotFound(actor.subject().to_owned());
        let person: Urn = actor.subject().parse().map_err(|_| nobody())?;
        Ok(self.registry.entity(&Actor::platform("trust"), &person).await?)
    }
}
