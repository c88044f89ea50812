use std::sync::Arc;

use svod_kernel::{Actor, OnBehalf, Role, Timestamp, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Action, Change, Command, Operation, QueryError};

use crate::lists::List;
use crate::{Trust, TrustError};

/// Longest mandate that a person gives, in days.
pub const MAX_MANDATE_DAYS: i64 = 3 * 366;
/// How long an operator acts for whom is present.
pub const PRESENT_SECONDS: i64 = 30 * 60;
/// Mandates of one delegate that are looked at.
const MOST: usize = 500;

/// Mandates of one person that hold at a time.
const MOST_GIVEN: usize = 50;
/// What a mandate can be entered by.
const REGISTERED: [&str; 5] = ["parent", "guardian", "attorney", "head", "employee"];
/// Of those, who acts for an organization alone, and for a person alone.
const OF_ORGANIZATIONS: [&str; 2] = ["head", "employee"];
const OF_PEOPLE: [&str; 2] = ["parent", "guardian"];
/// Of those, whose mandate ends by itself: they act because somebody wants it, and not by law or office.
const FOR_A_TIME: [&str; 2] = ["attorney", "employee"];
/// In which matters an employee acts is said: within their duties.
const EMPLOYEE: &str = "employee";

/// A mandate as it is entered by its document.
#[derive(Debug, Clone)]
pub struct Registered {
    /// For whom: identifier of a person or organization, or national identification number.
    pub whom: String,
    /// Who acts.
    pub delegate: Urn,
    /// A value of the code list `MandateBasis`.
    pub basis: String,
    /// Number and date.
    pub document: String,
    /// Types of the matters; empty: all. An employee's are named.
    pub scope: Vec<String>,
    /// Until when; none: as long as nobody ends it. An employee's and an attorney's end within three years.
    pub until: Option<Timestamp>,
}

/// A power of attorney as a person gives it.
#[derive(Debug, Clone)]
pub struct NewMandate {
    /// Who shall act.
    pub delegate: Urn,
    /// Types of the matters; empty: all.
    pub scope: Vec<String>,
    /// The document, number and date; empty for none.
    pub document: String,
    /// For how many days.
    pub days: i64,
}

impl Trust {
    /// The person lets another act for them: by a power of attorney; the head of an organization as its employee, in the matters
    /// that are named.
    ///
    /// # Errors
    /// [`TrustError::Field`]; what the registry refuses.
    pub async fn empower(&self, actor: &Actor, new: &NewMandate) -> Result<Urn, TrustError> {
        if !(1..=MAX_MANDATE_DAYS).contains(&new.days) {
            return Err(term("days"));
        }
        let basis = if actor.heads() { EMPLOYEE } else { "attorney" };
        self.matters(basis, &new.scope)?;
        let until = self.registry.clock().now().plus_seconds(new.days * 86_400);
        let person = self.subject(actor).await?;
        let given = List { holds: Some(self.registry.clock().now()), limit: MOST_GIVEN, ..List::of("Mandate", &[]) };
        let with = [("person", actor.subject())];
        let given = List { with: &with, ..given };
        if self.everywhere(&Actor::platform("trust"), &given).await?.len() >= MOST_GIVEN {
            return Err(TrustError::field("delegate", "too-many", "withdraw one of the mandates that you have given"));
        }
        self.fits(&person, basis)?;
        let what = (basis, Some(until));
        self.mandate(actor, &person, &new.delegate, what, (&new.scope, new.document.trim())).await
    }

    /// Who runs a territory enters a mandate of one of its people by its document. The person sees it, and the security officer is
    /// called; nobody enters one for themselves, nor one by which another acts for them: that they give ([`Trust::empower`]).
    ///
    /// # Errors
    /// [`TrustError::Field`]; what the registry refuses.
    pub async fn register(&self, actor: &Actor, new: &Registered) -> Result<Urn, TrustError> {
        if !REGISTERED.contains(&new.basis.as_str()) {
            return Err(TrustError::field("basis", "choice", "choose parent, guardian, attorney, head or employee"));
        }
        if new.document.trim().is_empty() {
            return Err(TrustError::field("document", "required", "name the document by which it is proved"));
        }
        if new.delegate.as_str() == actor.id {
            return Err(TrustError::SamePerson);
        }
        self.matters(&new.basis, &new.scope)?;
        let now = self.registry.clock().now();
        let last = now.plus_seconds(MAX_MANDATE_DAYS * 86_400);
        let ends = match new.until {
            Some(until) => now < until && (until <= last || !FOR_A_TIME.contains(&new.basis.as_str())),
            None => !FOR_A_TIME.contains(&new.basis.as_str()),
        };
        if !ends {
            return Err(term("until"));
        }
        let person = self.whom(actor, &new.whom).await?;
        if [actor.id.as_str(), actor.subject()].contains(&person.id.as_str()) {
            return Err(TrustError::SamePerson);
        }
        self.fits(&person, &new.basis)?;
        let document = new.document.trim();
        self.mandate(actor, &person, &new.delegate, (&new.basis, new.until), (&new.scope, document)).await
    }

    /// Are these types of matters in which somebody may act, and named where they must be?
    fn matters(&self, basis: &str, scope: &[String]) -> Result<(), TrustError> {
        let known = &self.registry.catalogue().metamodel.types;
        if let Some(name) = scope.iter().find(|n| !known.contains_key(*n)) {
            return Err(TrustError::field("scope", "unknown", &format!("'{name}' is no type")));
        }
        if basis == EMPLOYEE && scope.is_empty() {
            return Err(TrustError::field("scope", "required", "name the matters in which an employee acts"));
        }
        Ok(())
    }

    /// Heads and employees act for organizations, all others for people.
    fn fits(&self, whom: &Entity, basis: &str) -> Result<(), TrustError> {
        let of = if self.registry.catalogue().metamodel.is_a(&whom.kind, "Organization") {
            OF_PEOPLE
        } else {
            OF_ORGANIZATIONS
        };
        if of.contains(&basis) {
            let fix = "heads and employees act for organizations, parents and guardians for people";
            return Err(TrustError::field("basis", "whom", fix));
        }
        Ok(())
    }

    /// The person is present at a service centre and has told the operator a code: for a while the operator acts for them.
    ///
    /// # Errors
    /// What the registry refuses.
    pub async fn attend(&self, person: &Urn, operator: &Urn) -> Result<Urn, TrustError> {
        let actor = Actor {
            id: person.to_string(),
            name: "citizen".into(),
            roles: [Role::Citizen].into(),
            ..Actor::anonymous()
        };
        let until = self.registry.clock().now().plus_seconds(PRESENT_SECONDS);
        let person = self.subject(&actor).await?;
        self.mandate(&actor, &person, operator, ("present", Some(until)), (&[], "")).await
    }

    async fn mandate(
        &self,
        actor: &Actor,
        person: &Entity,
        delegate: &Urn,
        (basis, until): (&str, Option<Timestamp>),
        (scope, document): (&[String], &str),
    ) -> Result<Urn, TrustError> {
        if *delegate == person.id {
            return Err(TrustError::field("delegate", "self", "one acts for oneself without a mandate"));
        }
        let known = self.registry.entity(&Actor::platform("trust"), delegate).await;
        if !known.is_ok_and(|e| e.kind == "Person") {
            return Err(TrustError::field("delegate", "unknown", "there is no such person"));
        }
        let mut mandate = Entity::new(self.mint("Mandate"), "Mandate", person.space.clone())
            .with("person", Attribute::object(person.id.clone()))
            .with("delegate", Attribute::object(delegate.clone()))
            .with("basis", Attribute::property(basis))
            .with("since", Attribute::property(self.registry.clock().now().to_string()));
        if let Some(until) = until {
            mandate = mandate.with("until", Attribute::property(until.to_string()));
        }
        if !scope.is_empty() {
            mandate = mandate.with("scope", Attribute::property(scope.to_vec()));
        }
        if !document.is_empty() {
            mandate = mandate.with("document", Attribute::property(document));
        }
        let id = mandate.id.clone();
        let changes = vec![Change::verb(Operation::Create(mandate), Action::Declare, "empower")];
        let command = Command { changes, ..self.said("mandate") };
        self.registry.execute(actor, command).await?;
        Ok(id)
    }

    /// For whom a person may act now: chains of one mandate, and of two where the first was given in presence. Each with the
    /// name of whose affairs they are.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn mandates_of(&self, person: &Urn) -> Result<Vec<(Vec<OnBehalf>, String)>, QueryError> {
        let mut chains = Vec::new();
        for mandate in self.holding(person).await? {
            let Some(link) = link(&mandate) else { continue };
            let present = mandate.text("basis") == Some("present");
            let nearest = link.person.clone();
            chains.push(vec![link.clone()]);
            if present {
                // For whom the visitor may act, the operator acts as well; but not in what the visitor was let in by presence.
                let further = self.holding(&nearest).await?;
                let further =
                    further.iter().filter(|m| m.text("basis") != Some("present")).filter_map(|m| self::link(m));
                chains.extend(further.map(|next| vec![link.clone(), next]));
            }
        }
        let reader = Actor::platform("trust");
        let mut named = Vec::with_capacity(chains.len());
        for chain in chains {
            let Some(last) = chain.last().map(|l| l.person.clone()) else { continue };
            let party = self.registry.entity(&reader, &last).await;
            if let Ok(party) = party {
                named.push((chain, party.text("name").unwrap_or(party.id.as_str()).to_owned()));
            }
        }
        Ok(named)
    }

    /// The mandates by which a person may act now. Those that were written where everybody may write count for nothing.
    async fn holding(&self, delegate: &Urn) -> Result<Vec<Arc<Entity>>, QueryError> {
        let (reader, now) = (Actor::platform("trust"), self.registry.clock().now());
        let with = [("delegate", delegate.as_str())];
        let list = List { holds: Some(now), limit: MOST, ..List::of("Mandate", &with) };
        let mut all = self.everywhere(&reader, &list).await?;
        all.retain(|m| m.kind == "Mandate" && m.object("delegate") == Some(delegate));
        // A mandate holds for people of its own territory: who may write there says nothing of others.
        let mut good = Vec::with_capacity(all.len());
        for m in all {
            let Some(person) = m.object("person") else { continue };
            match self.registry.entity_in(&reader, Some(&m.space), person).await {
                Ok(p) if m.space.covers(&p.space) && ["Person", "Organization"].contains(&p.kind.as_str()) => {
                    good.push(m)
                }
                Ok(_) | Err(QueryError::NotFound(_)) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(good)
    }
}

fn term(field: &str) -> TrustError {
    TrustError::field(field, "term", "choose a term of a day to three years")
}

fn link(mandate: &Entity) -> Option<OnBehalf> {
    let scope = mandate.value("scope").map(|v| match v {
        serde_json::Value::Array(all) => all.iter().filter_map(|v| v.as_str()).map(str::to_owned).collect(),
        other => other.as_str().map(str::to_owned).into_iter().collect(),
    });
    let mut scope: std::collections::BTreeSet<String> = scope.unwrap_or_default();
    if scope.contains("Objection") {
        scope.insert("Access".into()); // what one objects to
    }
    let basis = mandate.text("basis").unwrap_or_default().to_owned();
    Some(OnBehalf { person: mandate.object("person")?.clone(), mandate: mandate.id.clone(), basis, scope })
}
