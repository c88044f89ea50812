//! Services that somebody is entitled to, offered with everything filled in: they take it with one act, or decline.

use std::sync::Arc;

use serde_json::{Map, Value};
use svod_kernel::{Actor, Coded, FieldError, Lang, SpacePath, Timestamp, Urn};
use svod_model::{Attribute, Entity};
use svod_query::{Compare, Filter, Operand, Operation as Is, Path, Query, Types};
use svod_registry::{Action, Change, Command, CommandError, EntityQuery, Find, Operation, QueryError, Registry};
use svod_store::StoreError;

use crate::applications::{ApplicationError, Applications, Begun, Service};
use crate::cases::{CaseError, Cases};
use crate::withdrawal::MAX_REASON;

/// How long an offer stands, seconds.
const STANDS: i64 = 30 * 86_400;
/// Offers that run out in one command.
const AT_ONCE: usize = 200;
/// Offers of one party that are shown.
const SHOWN: usize = 200;
/// How long somebody is told that an offer was withdrawn, seconds.
const TOLD: i64 = 30 * 86_400;
/// How often a withdrawal is tried while others change the offer.
pub(crate) const TRIES: usize = 5;

/// Why an offer was not answered.
#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    /// It was answered before, or its time is over.
    #[error("the offer is {0}; only an open one is answered")]
    State(String),
    /// It is taken by filling in the form of its service, which is named.
    #[error("the offer is taken with the form of {0}, and not as it stands")]
    MustFill(String),
    /// It is withdrawn with a reason.
    #[error("say why it is withdrawn, in {MAX_REASON} characters at the most")]
    Reason,
    /// There is none, it could not be read, or the service does not begin.
    #[error(transparent)]
    Application(#[from] ApplicationError),
}

impl From<QueryError> for OfferError {
    fn from(e: QueryError) -> Self {
        Self::Application(e.into())
    }
}

impl From<CommandError> for OfferError {
    fn from(e: CommandError) -> Self {
        Self::Application(e.into())
    }
}

impl Coded for OfferError {
    fn code(&self) -> &'static str {
        match self {
            Self::State(_) => "offer-state",
            Self::MustFill(_) => "offer-fill",
            Self::Reason => "offer-reason",
            Self::Application(e) => e.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::State(_) => 409,
            Self::MustFill(_) | Self::Reason => 422,
            Self::Application(e) => e.status(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::State(_) => Vec::new(),
            Self::MustFill(service) => vec![FieldError {
                field: "answers".into(),
                rule: "required".into(),
                fix: format!("fill in what is missing of the form of {service} and send it with the answers"),
            }],
            Self::Reason => vec![FieldError {
                field: "reason".into(),
                rule: "length".into(),
                fix: format!("write 1 to {MAX_REASON} characters; whom it was offered to reads them"),
            }],
            Self::Application(e) => e.fields(),
        }
    }
}

/// Offers and what becomes of them. Cheap to clone.
#[derive(Clone)]
pub struct Offers {
    pub(crate) registry: Arc<Registry>,
    applications: Applications,
}

impl Offers {
    /// Over the services.
    pub fn new(applications: Applications) -> Self {
        Self { registry: applications.cases().registry().clone(), applications }
    }

    /// Offers that wait for an answer of whom the actor acts for, the newest first.
    ///
    /// # Errors
    /// When the actor is nobody in particular, or the store fails.
    pub async fn of(&self, actor: &Actor) -> Result<Vec<Entity>, OfferError> {
        let party = self.applications.applicant(actor).await?;
        let query = EntityQuery { limit: SHOWN, ..EntityQuery::of(party.space.top(), &["Offer"]) }
            .with("person", party.id.as_str())
            .with("status", "open");
        let now = self.registry.clock().now();
        let mut found = self.registry.query(actor, query).await?.items;
        found.retain(|offer| stands(offer, now));
        found.sort_by_key(|offer| std::cmp::Reverse(offer.time("madeAt")));
        Ok(found)
    }

    /// Offers to whom the actor acts for that were withdrawn of late, the newest first.
    ///
    /// # Errors
    /// As [`Offers::of`].
    pub async fn withdrawn(&self, actor: &Actor) -> Result<Vec<Entity>, OfferError> {
        let party = self.applications.applicant(actor).await?;
        let query = EntityQuery { limit: SHOWN, ..EntityQuery::of(party.space.top(), &["Offer"]) }
            .with("person", party.id.as_str())
            .with("status", "withdrawn");
        let since = self.registry.clock().now().plus_seconds(-TOLD);
        let mut found = self.registry.query(actor, query).await?.items;
        found.retain(|offer| offer.modified_at > since);
        found.sort_by_key(|offer| std::cmp::Reverse(offer.modified_at));
        Ok(found)
    }

    /// Is it taken by filling in the form of its service, and not as it stands?
    pub fn must_fill(offer: &Entity) -> bool {
        offer.value("mustFill").and_then(Value::as_bool) == Some(true)
    }

    /// The offer of a service that waits for an answer of whom the actor acts for: the newest.
    ///
    /// # Errors
    /// When the store fails. Who is nobody in particular is offered nothing.
    pub async fn of_service(&self, actor: &Actor, service: &str) -> Result<Option<Entity>, OfferError> {
        match self.of(actor).await {
            Ok(all) => Ok(all.into_iter().find(|offer| offer.text("service") == Some(service))),
            Err(OfferError::Application(ApplicationError::Nobody)) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// An offer to whom the actor acts for, which waits for an answer.
    ///
    /// # Errors
    /// As [`Offers::get`]; [`OfferError::State`] when it was answered, or its time is over.
    pub async fn open(&self, actor: &Actor, urn: &Urn) -> Result<Entity, OfferError> {
        let offer = self.get(actor, urn).await?;
        self.is_open(&offer)?;
        Ok(offer)
    }

    /// An offer to whom the actor acts for, whatever became of it.
    ///
    /// # Errors
    /// Not found also when it is somebody else's.
    pub async fn get(&self, actor: &Actor, urn: &Urn) -> Result<Entity, OfferError> {
        let offer = self.registry.entity(actor, urn).await?;
        let own = offer.object("person").is_some_and(|person| person.as_str() == actor.subject());
        if offer.kind == "Offer" && own { Ok(offer) } else { Err(QueryError::NotFound(format!("offer {urn}")).into()) }
    }

    /// What it has filled in, by the names of the form: what the form begins with when it asks for more.
    ///
    /// # Errors
    /// As [`Offers::get`].
    pub async fn data(&self, actor: &Actor, urn: &Urn) -> Result<Map<String, Value>, OfferError> {
        Ok(data(&self.get(actor, urn).await?))
    }

    /// Takes an offer as it stands: the case of its service begins. Taken twice, it is one case.
    ///
    /// # Errors
    /// See [`OfferError`]; the offer stays open then.
    pub async fn accept(&self, actor: &Actor, urn: &Urn) -> Result<Urn, OfferError> {
        let offer = self.get(actor, urn).await?;
        if Self::must_fill(&offer) && taken(&offer).is_none() {
            self.is_open(&offer)?;
            return Err(OfferError::MustFill(offer.text("service").unwrap_or_default().to_owned()));
        }
        self.accept_with(actor, urn, (Map::new(), None)).await
    }

    /// What the case of an offer will be known by: files of its form are held for it.
    ///
    /// # Errors
    /// When the offer's identifier makes none.
    pub fn case_of(offer: &Entity) -> Result<Urn, OfferError> {
        Ok(Urn::svod("case", offer.id.local()).map_err(|e| shape(&e))?)
    }

    /// Takes an offer; `answers` come before what it has filled in, with the files that its case names.
    ///
    /// # Errors
    /// As [`Offers::accept`].
    pub async fn accept_with(
        &self,
        actor: &Actor,
        urn: &Urn,
        (answers, files): (Map<String, Value>, Option<Attribute>),
    ) -> Result<Urn, OfferError> {
        let offer = self.get(actor, urn).await?;
        if let Some(case) = taken(&offer) {
            return Ok(case);
        }
        self.is_open(&offer)?;
        let service = self.applications.service(offer.text("service").unwrap_or_default())?;
        let applicant = self.applications.applicant(actor).await?;
        let mut held = data(&offer);
        held.extend(answers);
        // Made of the offer's own: of two clicks at once one finds it there.
        let case = Self::case_of(&offer)?;
        let set = [("status", Attribute::property("accepted")), ("case", Attribute::object(case.clone()))];
        let change = answered(&offer, set, "accept");
        let begun = Begun {
            id: case,
            data: held,
            ground: format!("offer:{urn}"),
            channel: "web",
            event: offer.text("event").map(str::to_owned),
            changes: vec![change],
            files,
        };
        match self.applications.begin(actor, &service, &applicant, begun).await {
            Ok(case) => Ok(case),
            Err(e) if was_answered(&e) => {
                let now = self.get(actor, urn).await?;
                taken(&now).ok_or_else(|| OfferError::State(now.text("status").unwrap_or_default().to_owned()))
            }
            Err(e) => Err(e.into()),
        }
    }

    /// The offer is not wanted. Declined twice is declined.
    ///
    /// # Errors
    /// See [`OfferError`].
    pub async fn decline(&self, actor: &Actor, urn: &Urn) -> Result<(), OfferError> {
        let offer = self.get(actor, urn).await?;
        if offer.text("status") == Some("declined") {
            return Ok(());
        }
        self.is_open(&offer)?;
        let change = answered(&offer, [("status", Attribute::property("declined"))], "decline");
        let command = Command { ground: format!("offer:{urn}"), changes: vec![change], ..Command::default() };
        self.registry.execute(actor, command).await?;
        Ok(())
    }

    /// Process instances.
    pub(crate) fn cases(&self) -> &Arc<Cases> {
        self.applications.cases()
    }

    /// Waits it for an answer?
    pub(crate) fn is_open(&self, offer: &Entity) -> Result<(), OfferError> {
        match offer.text("status") {
            Some("open") if stands(offer, self.registry.clock().now()) => Ok(()),
            Some("open") => Err(OfferError::State("expired".to_owned())),
            other => Err(OfferError::State(other.unwrap_or_default().to_owned())),
        }
    }

    /// Offers a service. `id` is the same for the same cause: made again it is refused as existing. `lent`: files of cases that are
    /// seen with it. `fill`: it is taken with its form only.
    pub(crate) async fn make(
        &self,
        actor: &Actor,
        service: &Service,
        party: &Entity,
        (id, data, lent, fill): (&Urn, &Map<String, Value>, &[String], bool),
        (event, ground): (&Urn, &str),
    ) -> Result<(), ApplicationError> {
        let text = |s: &str| Attribute::property(s);
        let now = self.registry.clock().now();
        let catalogue = self.registry.catalogue();
        let name = format!("service-{}", service.spec.id);
        let mut offer = Entity::new(id.clone(), "Offer", party.space.clone())
            .with("name", text(&catalogue.texts.get(Lang::default(), &name)))
            .with("person", Attribute::object(party.id.clone()))
            .with("service", text(&service.key()))
            .with("data", text(&Value::Object(data.clone()).to_string()))
            .with("event", text(event.as_str()))
            .with("madeAt", text(&now.to_string()))
            .with("until", text(&now.plus_seconds(STANDS).to_string()))
            .with("status", text("open"));
        if !lent.is_empty() {
            offer = offer.with("lent", Attribute::property(lent));
        }
        if fill {
            offer = offer.with("mustFill", Attribute::property(true));
        }
        let changes = vec![Change::verb(Operation::Create(offer), Action::Create, "offer")];
        let command = Command { ground: ground.to_owned(), changes, ..Command::default() };
        self.registry.execute(actor, command).await?;
        Ok(())
    }

    /// What an open offer stands on is over: it is withdrawn; whether it was. One that was answered meanwhile stays as it is.
    pub(crate) async fn withdraw(&self, actor: &Actor, urn: &Urn, ground: &str) -> Result<bool, ApplicationError> {
        let mut tries = 1;
        loop {
            let offer = self.registry.entity(actor, urn).await?;
            if offer.text("status") != Some("open") {
                return Ok(false);
            }
            let change = answered(&offer, [("status", Attribute::property("withdrawn"))], "withdraw");
            let command = Command { ground: ground.to_owned(), changes: vec![change], ..Command::default() };
            match self.registry.execute(actor, command).await {
                Ok(_) => return Ok(true),
                Err(CommandError::Conflict { .. }) if tries < TRIES => tries += 1,
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// Offers whose time is over are marked as expired.
    pub(crate) async fn expire(&self, actor: &Actor, now: Timestamp) -> Result<(), StoreError> {
        let compare = |name: &str, operation: Is, operand: Operand| {
            Filter::Compare(Compare { path: Path::attribute(name), operation, operands: vec![operand] })
        };
        let filter = Filter::All(vec![
            compare("status", Is::Equal, Operand::Text("open".into())),
            compare("until", Is::LessEqual, Operand::Moment(now)),
        ]);
        let query = Query { types: Types::Is("Offer".into()), filter: Some(filter), ..Query::default() };
        for space in tops(&self.registry) {
            let query = query.clone();
            let find = Find { space, below: true, query, order: Vec::new(), offset: 0, limit: AT_ONCE, count: false };
            loop {
                let found = match self.registry.find(actor, &find).await {
                    Ok(found) => found,
                    Err(QueryError::Store(e)) => return Err(e),
                    Err(e) => {
                        tracing::warn!(error = %e, "offers that have run out were not found");
                        break;
                    }
                };
                if found.entities.is_empty() || !self.lapse(actor, &found.entities).await? || !found.more {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whether any of them could be marked.
    async fn lapse(&self, actor: &Actor, offers: &[Arc<Entity>]) -> Result<bool, StoreError> {
        let over = |offer: &Arc<Entity>| answered(offer, [("status", Attribute::property("expired"))], "lapse");
        let changes: Vec<Change> = offers.iter().map(over).collect();
        let command = Command { ground: "until".into(), changes, each: true, ..Command::default() };
        match self.registry.execute(actor, command).await {
            Ok(receipt) => {
                for (_, error) in &receipt.refused {
                    tracing::warn!(%error, "an offer that has run out was not marked");
                }
                Ok(!receipt.entities.is_empty())
            }
            Err(CommandError::Store(e)) => Err(e),
            Err(e) => {
                tracing::warn!(error = %e, "offers that have run out were not marked");
                Ok(false)
            }
        }
    }
}

/// Top-level spaces.
pub(crate) fn tops(registry: &Registry) -> Vec<SpacePath> {
    let tree = registry.spaces();
    tree.all().into_iter().filter(|s| s.path.parent().is_none()).map(|s| s.path.clone()).collect()
}

/// Is its time not over?
pub(crate) fn stands(offer: &Entity, now: Timestamp) -> bool {
    offer.time("until").is_none_or(|until| until > now)
}

fn taken(offer: &Entity) -> Option<Urn> {
    offer.object("case").filter(|_| offer.text("status") == Some("accepted")).cloned()
}

fn data(offer: &Entity) -> Map<String, Value> {
    offer.text("data").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// What becomes of an offer, as it is now.
pub(crate) fn answered<const N: usize>(offer: &Entity, set: [(&str, Attribute); N], verb: &'static str) -> Change {
    let set = set.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let patch = Operation::Patch { urn: offer.id.clone(), expected: Some(offer.version), set, unset: Vec::new() };
    Change::verb(patch, Action::Declare, verb)
}

/// Somebody was faster: a second click, another device, the sweep.
fn was_answered(e: &ApplicationError) -> bool {
    matches!(e, ApplicationError::Case(CaseError::Command(CommandError::Conflict { .. } | CommandError::Exists(_))))
}

fn shape(e: &dyn std::fmt::Display) -> ApplicationError {
    ApplicationError::Store(StoreError::Shape(e.to_string()))
}
