use std::collections::HashSet;
use std::sync::PoisonError;

use svod_kernel::{Actor, Role, SpacePath, Timestamp, Urn, number};
use svod_model::{Attribute, Entity};
use svod_registry::{Action, Change, Command, EntityQuery, Ground, Operation, QueryError};

use crate::lists::{List, tops, urn};
use crate::watch::Happened;
use crate::{Trust, TrustError};

/// How long data stay open.
pub const LOOK_SECONDS: i64 = 3600;
/// How long they do in an emergency.
pub const EMERGENCY_SECONDS: i64 = 30 * 60;
/// The name of an actor who acts in no post.
const CITIZEN: &str = "citizen";
/// Longest text of a ground or a reason, in characters.
const MAX_TEXT: usize = 1_000;
/// Numbers that are asked in vain within an hour before one waits.
const MISSES: u32 = 10;
/// Accesses that are counted at the most.
const MOST_COUNTED: usize = 1_000;
/// Within so many seconds accesses and misses are counted.
const COUNTED: i64 = 3600;

/// Personal data of another are wanted.
#[derive(Debug, Clone)]
pub struct Looking {
    /// Whose: identifier of a person or organization, or national identification number.
    pub whom: String,
    /// The kind of ground.
    pub ground: Ground,
    /// The law's article, the contract; for a consent it is found.
    pub reference: String,
    /// What for.
    pub reason: String,
}

/// They are open.
#[derive(Debug, Clone)]
pub struct Opened {
    /// What was written down.
    pub access: Urn,
    /// Whose they are.
    pub person: Urn,
    /// Until when.
    pub until: Timestamp,
}

fn words(field: &str, text: &str, least: usize) -> Result<String, TrustError> {
    let text = text.trim();
    let length = text.chars().count();
    if length < least {
        return Err(TrustError::field(field, "required", "write it in words that the person will read"));
    }
    if length > MAX_TEXT {
        return Err(TrustError::field(field, "too-long", "write at most 1,000 characters"));
    }
    Ok(text.to_owned())
}

fn digits(number: &str) -> Result<String, TrustError> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if [11, 12].contains(&digits.len()) {
        return Ok(digits);
    }
    Err(TrustError::field("whom", "identifier", "give a number of 11 or 12 digits, or an identifier"))
}

/// Nobody judges what they have done themselves, or what was done with their own data.
fn not_in_own_case(actor: &Actor, what: Option<&Entity>) -> Result<(), TrustError> {
    let own = |e: &Entity| {
        let person = e.object("person").map(Urn::as_str);
        [e.text("actor"), person].contains(&Some(actor.id.as_str()))
    };
    if what.is_some_and(own) { Err(TrustError::SamePerson) } else { Ok(()) }
}

impl Trust {
    /// Opens the personal data of somebody to the actor, for a while. What the person will see is written down before anything
    /// is shown.
    ///
    /// # Errors
    /// [`TrustError::Field`]; [`TrustError::NoConsent`]; [`TrustError::TooMany`] when numbers are tried; a
    /// [`QueryError::NotFound`] also for whom the actor may not look at.
    pub async fn look(&self, actor: &Actor, looking: &Looking) -> Result<Opened, TrustError> {
        let reason = words("reason", &looking.reason, 5)?;
        let person = self.whom(actor, &looking.whom).await?;
        let now = self.registry.clock().now();
        let mut reference = looking.reference.trim().to_owned();
        let mut access = Entity::new(self.mint("Access"), "Access", person.space.clone());
        let seconds = if looking.ground == Ground::Emergency { EMERGENCY_SECONDS } else { LOOK_SECONDS };
        let mut until = now.plus_seconds(seconds);
        if looking.ground == Ground::Consent {
            let consent = self.consent_for(&person.id, actor, now).await?.ok_or(TrustError::NoConsent)?;
            reference = consent.text("purpose").unwrap_or_default().to_owned();
            until = until.min(consent.time("until").unwrap_or(until));
            if let Some(only) = consent.attributes.get("data") {
                access = access.with("only", only.clone());
            }
            access = access.with("consent", Attribute::object(consent.id.clone()));
        }
        if looking.ground == Ground::Emergency {
            access = access.with("review", Attribute::property("open"));
            reference = if reference.is_empty() { reason.clone() } else { reference };
        }
        let reference = words("ground", &reference, 3)?;
        let traced = self.traced(access, actor, &person.id, (now, until));
        let access = traced
            .with("basis", Attribute::property(looking.ground.as_str()))
            .with("ground", Attribute::property(reference))
            .with("reason", Attribute::property(reason));
        let opened = Opened { access: access.id.clone(), person: person.id.clone(), until };
        self.registry.look(actor, access).await?;
        self.after_look(actor, &person.space, (looking.ground, &opened.access)).await;
        Ok(opened)
    }

    /// Who looks at whom, and when.
    pub(crate) fn traced(
        &self,
        access: Entity,
        actor: &Actor,
        person: &Urn,
        (now, until): (Timestamp, Timestamp),
    ) -> Entity {
        let access = access
            .with("person", Attribute::object(person.clone()))
            .with("actor", Attribute::property(actor.id.clone()))
            .with("post", Attribute::property(actor.name.clone()))
            .with("since", Attribute::property(now.to_string()))
            .with("until", Attribute::property(until.to_string()));
        match &actor.body {
            Some(body) => access.with("body", Attribute::object(body.clone())),
            None => access,
        }
    }

    /// Somebody begins to act for another, who sees it like any other access to their data.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn begun_for(&self, actor: &Actor) -> Result<(), TrustError> {
        let Some(link) = actor.on_behalf.last() else { return Ok(()) };
        let platform = Actor::platform("trust");
        let person = self.registry.entity(&platform, &link.person).await?;
        let mandate = self.registry.entity(&platform, &link.mandate).await?;
        let now = self.registry.clock().now();
        let basis = mandate.text("basis").unwrap_or_default().to_owned();
        let access = Entity::new(self.mint("Access"), "Access", person.space.clone());
        let doer = self.doer(actor).await?;
        let access = self
            .traced(access, &doer, &person.id, (now, now))
            .with("basis", Attribute::property("mandate"))
            .with("ground", Attribute::property(mandate.text("document").unwrap_or(&basis).to_owned()))
            .with("reason", Attribute::property(basis));
        let changes = vec![Change::verb(Operation::Create(access), Action::Create, "represent")];
        let command = Command { ground: link.mandate.to_string(), changes, ..Command::default() };
        self.registry.execute(&platform, command).await?;
        Ok(())
    }

    /// As whom somebody acts for another: an operator for who is present in their post, everybody else as who they are.
    async fn doer(&self, actor: &Actor) -> Result<Actor, TrustError> {
        let own = Actor { name: CITIZEN.to_owned(), body: None, ..actor.clone() };
        let Some(nearest) = actor.on_behalf.first() else { return Ok(own) };
        let platform = Actor::platform("trust");
        let mandate = self.registry.entity(&platform, &nearest.mandate).await?;
        if mandate.text("basis") != Some("present") {
            return Ok(own);
        }
        if actor.name != CITIZEN {
            return Ok(actor.clone());
        }
        // Who acts already has no post any more: it was written down when they began.
        let with = [("person", nearest.person.as_str()), ("actor", actor.id.as_str())];
        let since = List { since: mandate.time("since"), ..List::of("Access", &with) };
        let began = self.everywhere(&platform, &since).await?;
        let post = began.iter().find_map(|a| {
            let post = a.text("post").filter(|post| *post != CITIZEN && a.text("reason") == Some("present"))?;
            Some((post.to_owned(), a.object("body").cloned()))
        });
        Ok(match post {
            Some((name, body)) => Actor { name, body, ..own },
            None => own,
        })
    }

    /// Somebody sees, in a matter of their own, what belongs to one for whom they may act: written down as when they begin to act for
    /// them, before it is shown. Within an hour once.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn seen_for(&self, actor: &Actor) -> Result<(), TrustError> {
        let Some(link) = actor.on_behalf.last() else { return Ok(()) };
        let since = self.registry.clock().now().plus_seconds(-LOOK_SECONDS);
        let with = [("person", link.person.as_str()), ("actor", actor.id.as_str())];
        let of_late = List { since: Some(since), ..List::of("Access", &with) };
        let traced = self.everywhere(&Actor::platform("trust"), &of_late).await?;
        if traced.iter().any(|a| a.text("basis") == Some("mandate")) {
            return Ok(());
        }
        self.begun_for(actor).await
    }

    /// Somebody reads a file that is kept with an entity about a person: written down before it is given to anybody but the person
    /// and who acts for them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn document_read(&self, actor: &Actor, of: &Entity, file: &Urn) -> Result<(), TrustError> {
        let Some(person) = self.registry.resource_of(of).person else { return Ok(()) };
        if actor.is(Role::Platform) || actor.owns(&person, &of.kind) {
            return Ok(());
        }
        let now = self.registry.clock().now();
        let access = Entity::new(self.mint("Access"), "Access", of.space.clone());
        let access = self
            .traced(access, actor, &person, (now, now))
            .with("basis", Attribute::property("document"))
            .with("ground", Attribute::property(of.text("document").unwrap_or(of.id.as_str())))
            .with("reason", Attribute::property(file.as_str()));
        let changes = vec![Change::verb(Operation::Create(access), Action::Create, "look")];
        let command = Command { ground: of.id.to_string(), changes, ..Command::default() };
        self.registry.execute(&Actor::platform("trust"), command).await?;
        self.counted(actor, &of.space).await;
        Ok(())
    }

    /// Whom the actor asks for, when they may look there at all.
    pub(crate) async fn whom(&self, actor: &Actor, whom: &str) -> Result<Entity, TrustError> {
        let now = self.registry.clock().now();
        let named = urn(whom);
        if named.is_none() {
            digits(whom)?;
        }
        let count = self.tried(actor, now)?;
        let looked = match named {
            Some(urn) => match self.registry.entity(&Actor::platform("trust"), &urn).await {
                Err(QueryError::NotFound(_)) => Ok(None),
                other => other.map(Some).map_err(TrustError::from),
            },
            None => self.numbered(whom).await.map(|mut all| if all.len() == 1 { all.pop() } else { None }),
        };
        let found = looked.inspect_err(|_| self.was_there(actor))?;
        let party = |e: &Entity| ["Person", "Organization"].contains(&e.kind.as_str());
        let may = |e: &Entity| {
            let resource =
                svod_registry::ResourceRef { person: Some(e.id.clone()), ..self.registry.resource("Access", &e.space) };
            self.registry.may(actor, Action::Look, &resource)
        };
        if let Some(e) = found.filter(|e| party(e) && may(e)) {
            self.was_there(actor);
            return Ok(e);
        }
        self.happened(Happened::new("probing", actor, count)).await;
        Err(QueryError::NotFound(whom.chars().take(80).collect()).into())
    }

    /// Who has that national identification number: more than one, where regions disagree. For who asks in nobody's name: the platform itself.
    ///
    /// # Errors
    /// [`TrustError::Field`] when it is no number.
    pub async fn numbered(&self, number: &str) -> Result<Vec<Entity>, TrustError> {
        let digits = digits(number)?;
        let mut all = Vec::new();
        for top in tops(&self.registry) {
            let query = EntityQuery::of(top, &["Person"]).with("nationalId", &digits);
            let found = self.registry.query(&Actor::platform("trust"), query).await?;
            all.extend(found.items);
        }
        Ok(all)
    }

    /// A number is asked for; it counts until it is found, so that many at a time do not pass either.
    fn tried(&self, actor: &Actor, now: Timestamp) -> Result<u32, TrustError> {
        let mut misses = self.misses.lock().unwrap_or_else(PoisonError::into_inner);
        misses.retain(|_, (_, until)| now < *until);
        let of = misses.entry(actor.id.clone()).or_insert((0, now.plus_seconds(COUNTED)));
        if of.0 >= MISSES {
            return Err(TrustError::TooMany(number::whole(of.1.seconds_since(now)).max(1).cast_unsigned()));
        }
        of.0 += 1;
        Ok(of.0)
    }

    fn was_there(&self, actor: &Actor) {
        let mut misses = self.misses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of) = misses.get_mut(&actor.id) {
            of.0 = of.0.saturating_sub(1);
        }
    }

    /// What the rules of security are told of an access.
    async fn after_look(&self, actor: &Actor, space: &SpacePath, (ground, access): (Ground, &Urn)) {
        self.counted(actor, space).await;
        if ground == Ground::Emergency {
            self.happened(Happened::new("emergency", actor, 1).within(space).of(access)).await;
        }
    }

    /// The rules are told whose data the actor has opened of late.
    pub(crate) async fn counted(&self, actor: &Actor, space: &SpacePath) {
        let since = self.registry.clock().now().plus_seconds(-COUNTED);
        let with = [("actor", actor.id.as_str())];
        let list = List { since: Some(since), limit: MOST_COUNTED, ..List::of("Access", &with) };
        let looked = match self.everywhere(&Actor::platform("trust"), &list).await {
            Ok(all) => all,
            Err(error) => {
                tracing::error!(%error, "accesses could not be counted");
                return;
            }
        };
        let opened = looked.iter().filter(|a| a.text("basis") != Some("mandate"));
        let count = opened.filter_map(|a| a.object("person")).collect::<HashSet<_>>().len();
        self.happened(Happened::new("mass-reading", actor, u32::try_from(count).unwrap_or(u32::MAX)).within(space))
            .await;
    }

    /// What a second person says of an emergency; found wrong, it ends at once.
    ///
    /// # Errors
    /// [`TrustError::SamePerson`]; what the registry refuses.
    pub async fn review(&self, actor: &Actor, access: &Urn, right: bool) -> Result<(), TrustError> {
        let known = self.registry.entity(actor, access).await?;
        not_in_own_case(actor, Some(&known))?;
        if known.kind != "Access" || known.text("review") != Some("open") {
            return Err(TrustError::field("access", "reviewed", "it is no emergency that waits for a review"));
        }
        let said = if right { "confirmed" } else { "refused" };
        let set = [("review", said), ("reviewer", actor.id.as_str())];
        self.overseen(actor, &known, &set, "review").await
    }

    /// The person does not agree that somebody looked.
    ///
    /// # Errors
    /// [`TrustError::Field`]; what the registry refuses.
    pub async fn object(&self, actor: &Actor, access: &Urn, text: &str) -> Result<Urn, TrustError> {
        let text = words("text", text, 3)?;
        let known = self.registry.entity(&Actor::platform("trust"), access).await?;
        let person = known.object("person").filter(|p| known.kind == "Access" && actor.owns(p, "Objection"));
        let person = person.ok_or_else(|| QueryError::NotFound(access.to_string()))?;
        let objection = Entity::new(self.mint("Objection"), "Objection", known.space.clone())
            .with("person", Attribute::object(person.clone()))
            .with("access", Attribute::object(access.clone()))
            .with("text", Attribute::property(text))
            .with("since", Attribute::property(self.registry.clock().now().to_string()))
            .with("status", Attribute::property("open"));
        let id = objection.id.clone();
        let changes = vec![Change::verb(Operation::Create(objection), Action::Declare, "object")];
        let command = Command { changes, ..self.said("objection") };
        self.registry.execute(actor, command).await?;
        Ok(id)
    }

    /// The answer to an objection, by who watches over accesses.
    ///
    /// # Errors
    /// [`TrustError::Field`]; what the registry refuses.
    pub async fn answer(&self, actor: &Actor, objection: &Urn, text: &str) -> Result<(), TrustError> {
        let text = words("answer", text, 3)?;
        let known = self.registry.entity(actor, objection).await?;
        let access = match known.object("access") {
            Some(access) => Some(self.registry.entity(actor, access).await?),
            None => None,
        };
        not_in_own_case(actor, access.as_ref())?;
        if known.kind != "Objection" || known.text("status") != Some("open") {
            return Err(TrustError::field("objection", "answered", "it is no objection that waits for an answer"));
        }
        self.overseen(actor, &known, &[("answer", &text), ("status", "closed")], "answer").await
    }

    /// Closes a security alert with what was found.
    ///
    /// # Errors
    /// [`TrustError::Field`]; what the registry refuses.
    pub async fn close(&self, actor: &Actor, alert: &Urn, text: &str) -> Result<(), TrustError> {
        let text = words("result", text, 3)?;
        let known = self.registry.entity(actor, alert).await?;
        not_in_own_case(actor, Some(&known))?;
        if known.kind != "SecurityAlert" || known.text("status") != Some("open") {
            return Err(TrustError::field("alert", "closed", "it is no alert that is open"));
        }
        self.overseen(actor, &known, &[("result", &text), ("status", "closed")], "close").await
    }

    async fn overseen(
        &self,
        actor: &Actor,
        known: &Entity,
        set: &[(&str, &str)],
        verb: &'static str,
    ) -> Result<(), TrustError> {
        let set = set.iter().map(|(n, v)| ((*n).to_owned(), Attribute::property(*v))).collect();
        let patch = Operation::Patch { urn: known.id.clone(), expected: Some(known.version), set, unset: Vec::new() };
        let changes = vec![Change::verb(patch, Action::Oversee, verb)];
        self.registry.execute(actor, Command { changes, ..self.said("oversight") }).await?;
        Ok(())
    }

    pub(crate) fn said(&self, ground: &str) -> Command {
        Command { ground: ground.to_owned(), ..Command::default() }
    }

    pub(crate) fn mint(&self, kind: &str) -> Urn {
        Urn::mint(kind, self.registry.clock().now(), &**self.registry.rng())
    }
}
