//! How far a process reaches: its own territory and nothing beside it, nothing that the platform alone writes, and nobody's data
//! unseen. Who may publish a pack in one region thereby looks at and changes nothing in another.

use std::collections::BTreeSet;

use svod_kernel::{Actor, Lang, SpacePath, Timestamp, Urn};
use svod_model::{Attribute, Entity, ServiceSpec};
use svod_registry::{Action, Change, CommandError, Ground, Operation, QueryError, Registry};
use svod_store::instance::{self, Waiting, Waits};
use svod_store::{Conn, StoreError};

use super::deed::Deed;
use super::operations::{Refused, refused};
use super::{CaseError, Cases, Key};

/// Types of which no process makes, changes or removes anything, nor of their subtypes: they say who has which powers, who looked
/// at what, what was agreed to, what was decided and what was paid, and each has a way of its own. `Mandate` is not among them:
/// a birth gives parents theirs, a registered company its head; the security officer is called.
const NOT_BY_PROCESS: [&str; 10] = [
    "Access",
    "Objection",
    "Consent",
    "SecurityAlert",
    "Appointment",
    "Post",
    "Decision",
    "Accrual",
    "Payment",
    "PayoutCard",
];
/// By this number a person is known to those who sign them in: it is given once, when they are registered.
const NUMBER: &str = "nationalId";
/// In which post a process looks: a key of the texts, `persona-process`.
const POST: &str = "process";
/// Longest text of a ground or a reason, in characters.
const MAX_TEXT: usize = 1_000;
/// Those who wait for one message, looked through for who is within reach.
const MOST_WAITING: i64 = 50;

impl Cases {
    /// Do both spaces belong to one region?
    pub(super) fn is_near(&self, one: i64, other: i64) -> bool {
        let spaces = self.registry.spaces();
        spaces.top(one) == spaces.top(other)
    }

    /// Who waits for a message that an instance of this space sends: of its own region alone.
    pub(super) async fn receiver_near(&self, name: &str, key: &str, space: i64) -> Result<Option<Waiting>, StoreError> {
        let (name, key) = (name.to_owned(), key.to_owned());
        let read = move |conn: &mut dyn Conn| instance::awaiting(conn, Waits::Message, &name, &key, MOST_WAITING);
        Ok(self.store.read(read).await?.into_iter().find(|w| self.is_near(w.space, space)))
    }
}

impl Deed<'_> {
    /// The region of an instance: its space at the top and all under it.
    pub(super) async fn territory(&mut self, key: Key) -> Result<SpacePath, CaseError> {
        Ok(self.take(key).await?.space.top())
    }

    /// Takes a change that a service of the graph makes; refused when it is none that a process makes.
    pub(super) async fn reaches(&mut self, key: Key, change: Change) -> Result<Result<(), Refused>, CaseError> {
        let own = self.territory(key).await?;
        let kind = self.kind_of(&own, &change).await?;
        let catalogue = self.cases.registry.catalogue();
        let is = |of: &str| kind.as_deref().is_some_and(|kind| catalogue.metamodel.is_a(kind, of));
        if let Some(of) = NOT_BY_PROCESS.iter().find(|of| is(of)) {
            return Ok(Err(refused(format!("no process makes, changes or removes an entity of type {of}"))));
        }
        let numbered = match &change.operation {
            Operation::Patch { set, unset, .. } => set.contains_key(NUMBER) || unset.iter().any(|name| name == NUMBER),
            _ => false,
        };
        if numbered && is("Person") {
            return Ok(Err(refused(format!("no process changes '{NUMBER}' of somebody who is registered"))));
        }
        self.reached.insert(own);
        self.changes.push(change.by(&self.cases.process));
        Ok(Ok(()))
    }

    /// The type of what is changed, as it is there or about to be made; none when nothing is.
    async fn kind_of(&self, own: &SpacePath, change: &Change) -> Result<Option<String>, CaseError> {
        let urn = change.urn();
        let made = |c: &Change| match &c.operation {
            Operation::Create(e) | Operation::Upsert(e) if e.id == *urn => Some(e.kind.clone()),
            _ => None,
        };
        let here = std::iter::once(change).chain(&self.along.changes).chain(&self.changes).find_map(made);
        if here.is_some() {
            return Ok(here);
        }
        match self.cases.registry.entity_in(&Actor::platform("process"), Some(own), urn).await {
            Ok(found) => Ok(Some(found.kind.clone())),
            Err(QueryError::NotFound(_)) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// Within which space the command is carried out, when a service of the graph has written something: whatever another region
    /// has under the same identifier is out of its reach.
    pub(super) fn within(&self) -> Result<Option<SpacePath>, CaseError> {
        if self.reached.is_empty() {
            return Ok(None);
        }
        let mut tops = self.reached.clone();
        tops.extend(self.held.values().map(|held| held.space.top()));
        match (tops.pop_first(), tops.pop_first()) {
            (own, None) => Ok(own),
            (_, Some(space)) => {
                let (action, kind) = (Action::Update.as_str(), "Case".to_owned());
                Err(CommandError::Forbidden { action, kind, space }.into())
            }
        }
    }

    /// Of what a service of the graph has read, whose it is: everybody but the applicant sees it among the accesses to their
    /// data, once for each case.
    pub(super) async fn seen(&mut self, key: Key, read: &[Entity]) -> Result<(), CaseError> {
        let registry = self.cases.registry.clone();
        let persons: BTreeSet<Urn> = read.iter().filter_map(|e| registry.resource_of(e).person).collect();
        if persons.is_empty() || registry.catalogue().metamodel.attribute("Access", "until").is_none() {
            return Ok(());
        }
        let case = self.case_of(key).await?;
        let now = self.now;
        let held = self.take(key).await?;
        let about = case.as_ref().map_or_else(|| held.row.urn.clone(), ToString::to_string);
        let of_case = held.case.as_ref().and_then(|c| c.object("person")).map(ToString::to_string);
        let own: Vec<String> = held.row.person.clone().into_iter().chain(of_case).collect();
        let (space, service) =
            (held.space.clone(), held.case.as_ref().and_then(|c| c.text("service").map(str::to_owned)));
        let process = held.row.process.clone();
        let purpose = purpose(&registry, service.as_deref(), &process);
        for person in persons.into_iter().filter(|p| !own.iter().any(|o| o == p.as_str())) {
            let id = trace_of(&about, &person)?;
            if self.is_traced(&space, &id).await? {
                continue;
            }
            let found = match registry.entity(&Actor::platform("process"), &person).await {
                Ok(found) => found,
                Err(QueryError::NotFound(_)) => continue,
                Err(e) => return Err(e.into()),
            };
            let is_person = registry.catalogue().metamodel.is_a(&found.kind, "Person");
            if !is_person || own.iter().any(|o| o == found.id.as_str()) {
                continue;
            }
            let access = Entity::new(id, "Access", space.clone()).with("person", Attribute::object(found.id));
            let access = traced(access, &self.cases.process, &purpose, now);
            let access = case.iter().fold(access, |a, case| a.with("case", Attribute::object(case.clone())));
            let change = Change::verb(Operation::Create(access), Action::Create, "look");
            self.changes.push(change.by(&self.cases.process));
        }
        Ok(())
    }

    async fn is_traced(&self, space: &SpacePath, id: &Urn) -> Result<bool, CaseError> {
        if self.changes.iter().any(|c| c.urn() == id) {
            return Ok(true);
        }
        match self.cases.registry.entity_in(&Actor::platform("process"), Some(&space.top()), id).await {
            Ok(_) => Ok(true),
            Err(QueryError::NotFound(_)) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }
}

/// The acts that a service follows and its title; of what is no service, the name of its process twice.
fn purpose(registry: &Registry, service: Option<&str>, process: &str) -> (String, String) {
    let catalogue = registry.catalogue();
    let named = service.and_then(|s| s.split_once('/'));
    let of = |spec: &&ServiceSpec| named == Some((&*spec.pack, &*spec.id));
    let spec = catalogue.packs.iter().flat_map(|p| &p.services).find(of);
    let acts = spec.map(|s| s.acts.join("; ")).filter(|acts| !acts.is_empty());
    let title = spec.map(|s| catalogue.texts.get(Lang::Ru, &format!("service-{}", s.id)).into_owned());
    (acts.unwrap_or_else(|| process.to_owned()), title.unwrap_or_else(|| process.to_owned()))
}

/// A look and nothing more: nothing stays open.
fn traced(access: Entity, by: &Actor, (ground, reason): &(String, String), now: Timestamp) -> Entity {
    let cut = |text: &str| Attribute::property(text.chars().take(MAX_TEXT).collect::<String>());
    access
        .with("actor", Attribute::property(by.id.clone()))
        .with("post", Attribute::property(POST))
        .with("since", Attribute::property(now.to_string()))
        .with("until", Attribute::property(now.to_string()))
        .with("basis", Attribute::property(Ground::Law.as_str()))
        .with("ground", cut(ground))
        .with("reason", cut(reason))
}

/// One for a case and a person, so that there is no second.
fn trace_of(about: &str, person: &Urn) -> Result<Urn, CaseError> {
    let (case, person) = (svod_query::keys::hash(about), svod_query::keys::hash(person.as_str()));
    let id = Urn::svod("access", &format!("process-{case:016x}-{person:016x}"));
    id.map_err(|e| CaseError::Store(StoreError::Shape(format!("a trace of {about}: {e}"))))
}
