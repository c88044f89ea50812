//! Services that people ask for: what there is, what they have begun to fill in, what they have sent.

use std::sync::Arc;

use serde_json::{Map, Value};
use svod_forms::Finished;
use svod_kernel::{Actor, Coded, FieldError, SpacePath, Timestamp, Urn};
use svod_model::{Attribute, Audience, Entity, ServiceSpec, ServiceTerm};
use svod_process::Span;
use svod_registry::{Action, Change, CommandError, Key, QueryError, Registry};
use svod_store::draft::{self, DraftRow, Going, ReachRow};
use svod_store::{Conn, Store, StoreError};

use crate::cases::{Along, CaseError, Cases, NewCase};
use crate::enclosed::Enclosed;
use crate::filling::Kept;
use crate::place::{body, bring_files, number_of, place_of};

/// Why a service was not begun.
#[derive(Debug, thiserror::Error)]
pub enum ApplicationError {
    /// There is no such service, or not for them.
    #[error("there is no service '{0}'")]
    Unknown(String),
    /// Somebody must be known to ask.
    #[error("services are asked for by people and organizations: sign in as a person")]
    Nobody,
    /// The applicant does not live where the service is.
    #[error("the service is not offered in {0}")]
    Elsewhere(SpacePath),
    /// Something could not be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The case did not begin.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// Refused by the registry.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl Coded for ApplicationError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-service",
            Self::Nobody => "no-applicant",
            Self::Elsewhere(_) => "not-here",
            Self::Query(e) => e.code(),
            Self::Store(e) => e.code(),
            Self::Case(e) => e.code(),
            Self::Command(e) => e.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Unknown(_) => 404,
            Self::Nobody => 403,
            Self::Elsewhere(_) => 422,
            Self::Query(e) => e.status(),
            Self::Store(e) => e.status(),
            Self::Case(e) => e.status(),
            Self::Command(e) => e.status(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Case(e) => e.fields(),
            Self::Command(e) => e.fields(),
            _ => Vec::new(),
        }
    }
}

/// A service in force.
#[derive(Debug, Clone)]
pub struct Service {
    /// As its pack declares it.
    pub spec: ServiceSpec,
    /// Top-level space of its pack; none means every space.
    pub top: Option<SpacePath>,
}

impl Service {
    /// What it is known by: `birth/birth`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.spec.pack, self.spec.id)
    }

    /// How cases name its process: `birth@1.2.0/birth`.
    fn process(&self) -> String {
        format!("{}@{}/{}", self.spec.pack, self.spec.version, self.spec.process)
    }

    /// May this party have it, where they are?
    ///
    /// # Errors
    /// [`ApplicationError::Unknown`] when it is not for such a party, [`ApplicationError::Elsewhere`] when it is not offered there.
    pub fn is_for(&self, applicant: &Entity) -> Result<(), ApplicationError> {
        let fits = match applicant.kind.as_str() {
            "Person" => self.spec.audience.contains(&Audience::Person),
            "Organization" => self.spec.audience.contains(&Audience::Organization),
            _ => false,
        };
        if !fits {
            return Err(ApplicationError::Unknown(self.key()));
        }
        let tried = &self.spec.pilot;
        let outside = !tried.is_empty() && !tried.iter().any(|space| space.covers(&applicant.space));
        match &self.top {
            Some(top) if !top.covers(&applicant.space) => Err(ApplicationError::Elsewhere(applicant.space.clone())),
            _ if outside => Err(ApplicationError::Elsewhere(applicant.space.clone())),
            _ => Ok(()),
        }
    }

    /// As this party has it: with the process that falls to them.
    fn of(mut self, applicant: &Entity) -> Result<Self, ApplicationError> {
        self.is_for(applicant)?;
        self.spec.process = self.spec.process_for(applicant.id.as_str()).to_owned();
        Ok(self)
    }
}

/// A case about to begin for somebody who has filled in nothing.
pub(crate) struct Begun {
    /// Its URN: the same for the same cause.
    pub id: Urn,
    /// Variables of the process.
    pub data: Map<String, Value>,
    /// On what ground.
    pub ground: String,
    /// By which way it came.
    pub channel: &'static str,
    /// The entity whose event started it.
    pub event: Option<String>,
    /// What changes with it.
    pub changes: Vec<Change>,
    /// Files that belong to it, as the case names them.
    pub files: Option<Attribute>,
}

/// A case about to be sent.
#[derive(Debug, Clone)]
pub struct Application {
    /// Which service.
    pub service: String,
    /// The answers of its form.
    pub data: Value,
    /// What the graph gave: field and path.
    pub from_graph: Map<String, Value>,
    /// What the person says is wrong in the graph: field and what the graph says.
    pub disputed: Map<String, Value>,
    /// By which way it came: `web`, `api`, `desk`.
    pub channel: &'static str,
}

impl Application {
    /// Of a form that is whole.
    pub fn of(service: String, done: Finished, channel: &'static str) -> Self {
        Self {
            service,
            data: done.data,
            from_graph: done.from_graph.into_iter().map(|(name, path)| (name, path.into())).collect(),
            disputed: done.disputed.into_iter().collect(),
            channel,
        }
    }
}

/// Services, drafts and applications. Cheap to clone.
#[derive(Clone)]
pub struct Applications {
    registry: Arc<Registry>,
    cases: Arc<Cases>,
    store: Store,
}

impl Applications {
    /// Over the cases and their store.
    pub fn new(cases: Arc<Cases>, store: Store) -> Self {
        Self { registry: cases.registry().clone(), cases, store }
    }

    /// Every service in force, by pack and id.
    pub fn services(&self) -> Vec<Service> {
        let catalogue = self.registry.catalogue();
        let of = |pack: &Arc<svod_model::Pack>| {
            let top: Option<SpacePath> = pack.manifest.space.as_deref().and_then(|s| s.parse().ok());
            pack.services.iter().map(move |spec| Service { spec: spec.clone(), top: top.clone() }).collect::<Vec<_>>()
        };
        catalogue.packs.iter().flat_map(of).collect()
    }

    /// The service of that key.
    ///
    /// # Errors
    /// When there is none.
    pub fn service(&self, key: &str) -> Result<Service, ApplicationError> {
        let found = self.services().into_iter().find(|s| s.key() == key);
        found.ok_or_else(|| ApplicationError::Unknown(key.to_owned()))
    }

    /// The service of that key as this party has it: of the version of its pack that falls to them, where one is tried.
    ///
    /// # Errors
    /// When there is none.
    pub fn service_for(&self, key: &str, applicant: &Entity) -> Result<Service, ApplicationError> {
        Ok(self.falling(self.service(key)?, applicant))
    }

    fn falling(&self, service: Service, applicant: &Entity) -> Service {
        let catalogue = self.registry.catalogue();
        let tried = catalogue.tried_for(&service.spec.pack, applicant.id.as_str(), &applicant.space);
        match tried.and_then(|pack| pack.services.iter().find(|s| s.id == service.spec.id)) {
            Some(spec) => Service { spec: spec.clone(), ..service },
            None => service,
        }
    }

    /// For whom the actor asks: their own person, or whom they act for.
    ///
    /// # Errors
    /// When the actor is nobody in particular.
    pub async fn applicant(&self, actor: &Actor) -> Result<Arc<Entity>, ApplicationError> {
        let urn: Urn = actor.subject().parse().map_err(|_| ApplicationError::Nobody)?;
        match self.registry.entity(actor, &urn).await {
            Ok(entity) if ["Person", "Organization"].contains(&entity.kind.as_str()) => Ok(Arc::new(entity)),
            Ok(_) | Err(QueryError::NotFound(_)) => Err(ApplicationError::Nobody),
            Err(e) => Err(e.into()),
        }
    }

    /// The draft of a service for whom the actor asks.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn draft(&self, actor: &Actor, service: &str) -> Result<Option<DraftRow>, ApplicationError> {
        let (subject, form) = (actor.subject().to_owned(), service.to_owned());
        Ok(self.store.read(move |conn| draft::get(conn, &subject, &form)).await?)
    }

    /// Every draft for whom the actor asks, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn drafts(&self, actor: &Actor) -> Result<Vec<DraftRow>, ApplicationError> {
        let subject = actor.subject().to_owned();
        Ok(self.store.read(move |conn| draft::of_subject(conn, &subject)).await?)
    }

    /// Keeps a draft under a key: a service, or a task.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep(&self, actor: &Actor, key: &str, version: &str, doc: String) -> Result<(), ApplicationError> {
        let row = self.row(actor, (key, version), doc);
        Ok(self.store.write(move |conn| draft::keep(conn, &row, None)).await?)
    }

    /// Keeps a draft under a key; of the actor's drafts whose keys begin so, as many as said stay, the newest.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep_few(
        &self,
        actor: &Actor,
        key: &str,
        doc: String,
        (beginning, most): (&'static str, i64),
    ) -> Result<(), ApplicationError> {
        let row = self.row(actor, (key, ""), doc);
        let job = move |conn: &mut dyn Conn| {
            draft::keep(conn, &row, None)?;
            draft::keep_newest(conn, &row.subject, beginning, most)
        };
        Ok(self.store.write::<_, StoreError>(job).await.map(drop)?)
    }

    /// Keeps a draft for longer as it was read; one that was kept anew or thrown away since then stays so.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn touch(&self, read: &DraftRow) -> Result<(), ApplicationError> {
        let (read, now) = (read.clone(), self.registry.clock().now());
        Ok(self.store.write(move |conn| draft::touch(conn, &read, now)).await?)
    }

    fn row(&self, actor: &Actor, (key, version): (&str, &str), doc: String) -> DraftRow {
        DraftRow {
            subject: actor.subject().to_owned(),
            form: key.to_owned(),
            version: version.to_owned(),
            modified: self.registry.clock().now(),
            doc,
        }
    }

    /// What is kept of a form under a key.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn kept(&self, actor: &Actor, key: &str) -> Result<Option<Kept>, ApplicationError> {
        Ok(self.draft(actor, key).await?.and_then(|row| Kept::parse(&row.doc)))
    }

    /// The same of a form whose case has not begun: what was sent, where the platform stopped before its draft was thrown away,
    /// is thrown away now.
    ///
    /// # Errors
    /// When something cannot be read.
    pub async fn unsent(&self, actor: &Actor, key: &str) -> Result<Option<Kept>, ApplicationError> {
        let Some(kept) = self.kept(actor, key).await? else { return Ok(None) };
        let Some(case) = &kept.owner else { return Ok(Some(kept)) };
        match self.registry.entity(&Actor::platform("drafts"), case).await {
            Err(QueryError::NotFound(_)) => Ok(Some(kept)),
            Err(e) => Err(e.into()),
            Ok(_) => {
                self.sent(actor, key).await?;
                Ok(None)
            }
        }
    }

    /// Keeps what is filled in of a form; `going` counts how far it came. The case that files are held for is not forgotten.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep_form(
        &self,
        actor: &Actor,
        (key, version): (&str, &str),
        kept: Kept,
        going: Option<Going>,
    ) -> Result<(), ApplicationError> {
        let row = self.row(actor, (key, version), String::new());
        let job = move |conn: &mut dyn Conn| {
            let before = draft::get(conn, &row.subject, &row.form)?.and_then(|old| Kept::parse(&old.doc));
            let owner = kept.owner.clone().or_else(|| before.and_then(|b| b.owner));
            let doc = Kept { owner, ..kept.clone() }.doc();
            draft::keep(conn, &DraftRow { doc, ..row.clone() }, going.as_ref())
        };
        Ok(self.store.write(job).await?)
    }

    /// The case that files of a draft are held for: `first` where none is written down yet; then it is from now on.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn envelope(
        &self,
        actor: &Actor,
        (key, version): (&str, &str),
        first: Urn,
    ) -> Result<Urn, ApplicationError> {
        let row = self.row(actor, (key, version), String::new());
        let job = move |conn: &mut dyn Conn| {
            let before = draft::get(conn, &row.subject, &row.form)?;
            let version = before.as_ref().map_or_else(|| row.version.clone(), |old| old.version.clone());
            let kept = before.and_then(|old| Kept::parse(&old.doc)).unwrap_or_default();
            if let Some(owner) = kept.owner {
                return Ok::<_, StoreError>(owner);
            }
            let doc = Kept { owner: Some(first.clone()), ..kept }.doc();
            draft::keep(conn, &DraftRow { version, doc, ..row.clone() }, None)?;
            Ok(first.clone())
        };
        Ok(self.store.write(job).await?)
    }

    /// How far people come in a version of a service's form, page by page, in no order. Nothing of it is about anybody.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reached(&self, service: &str, version: &str) -> Result<Vec<ReachRow>, ApplicationError> {
        let (form, version) = (service.to_owned(), version.to_owned());
        Ok(self.store.read(move |conn| draft::reached(conn, &form, &version)).await?)
    }

    /// A draft goes because it was sent.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sent(&self, actor: &Actor, key: &str) -> Result<(), ApplicationError> {
        let (subject, form) = (actor.subject().to_owned(), key.to_owned());
        self.store.write(move |conn| draft::sent(conn, &subject, &form)).await?;
        Ok(())
    }

    /// By which an application is known that is sent from a draft: sent twice (a second click, a crash before the draft went), it
    /// is one.
    pub fn key_of(row: &DraftRow) -> Key {
        Key::new(format!("application:{}:{}", row.form, row.modified.0), &row.doc)
    }

    /// Throws a draft away.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn discard(&self, actor: &Actor, service: &str) -> Result<(), ApplicationError> {
        let (subject, form) = (actor.subject().to_owned(), service.to_owned());
        Ok(self.store.write(move |conn| draft::drop_draft(conn, &subject, &form)).await.map(drop)?)
    }

    /// Sends an application: its case begins, its draft goes. The URN of the case.
    ///
    /// # Errors
    /// See [`ApplicationError`]; nothing is lost then, the draft stays.
    pub async fn send(&self, actor: &Actor, application: Application) -> Result<Urn, ApplicationError> {
        self.send_with(actor, application, Enclosed::default()).await
    }

    /// Sends an application with its files; see [`Applications::send`].
    ///
    /// # Errors
    /// See [`ApplicationError`]; nothing is lost then, the draft stays.
    pub async fn send_with(
        &self,
        actor: &Actor,
        application: Application,
        enclosed: Enclosed,
    ) -> Result<Urn, ApplicationError> {
        self.send_once(actor, application, enclosed, None).await
    }

    /// Sends an application under the sender's own name of the request: sent again under it, it is the case that began the first
    /// time. Without one it is known by its draft.
    ///
    /// # Errors
    /// See [`ApplicationError`]; the name may not stand for other answers.
    pub async fn send_once(
        &self,
        actor: &Actor,
        application: Application,
        enclosed: Enclosed,
        named: Option<Key>,
    ) -> Result<Urn, ApplicationError> {
        let service = self.service(&application.service)?;
        let applicant = self.applicant(actor).await?;
        let service = self.falling(service, &applicant).of(&applicant)?;
        let space = place_of(&self.registry, &service, &applicant, application.data.as_object()).await?;
        let now = self.registry.clock().now();
        let key = match named {
            Some(key) => Some(key),
            None => self.draft(actor, &service.key()).await?.as_ref().map(Self::key_of),
        };
        let about = About {
            id: enclosed.case.unwrap_or_else(|| Urn::mint("case", now, self.registry.rng().as_ref())),
            person: Some(&applicant.id),
            space: &space,
            channel: Some(application.channel),
            event: None,
        };
        let mut case = case_of(&self.registry, &service.spec, about).await?;
        case = case.with("answers", Attribute::property(application.data.to_string()));
        if let Some(files) = enclosed.files {
            case = case.with("files", files);
        }
        let ground = format!("application:{}", application.channel);
        let new = NewCase {
            process: service.process(),
            element: None,
            variables: variables(&applicant, &case, application),
            space,
            case: Some(case),
        };
        let urn = self.cases.begin(actor, new, Along { ground: Some(ground), key, ..Along::default() }).await?;
        bring_files((&self.registry, &self.store), &urn, &applicant).await?;
        self.sent(actor, &service.key()).await?;
        Ok(urn)
    }

    /// Begins a case that nobody sent an application for: an event started it, or an offer was taken.
    pub(crate) async fn begin(
        &self,
        actor: &Actor,
        service: &Service,
        applicant: &Entity,
        begun: Begun,
    ) -> Result<Urn, ApplicationError> {
        let service = self.falling(service.clone(), applicant).of(applicant)?;
        let space = place_of(&self.registry, &service, applicant, Some(&begun.data)).await?;
        let about = About {
            id: begun.id,
            person: Some(&applicant.id),
            space: &space,
            channel: Some(begun.channel),
            event: begun.event.as_deref(),
        };
        let case = case_of(&self.registry, &service.spec, about).await?;
        let answers = Value::Object(begun.data.clone()).to_string();
        let mut case = case.with("answers", Attribute::property(answers));
        if let Some(files) = begun.files {
            case = case.with("files", files);
        }
        let application = Application {
            service: service.key(),
            data: Value::Object(begun.data),
            from_graph: Map::new(),
            disputed: Map::new(),
            channel: begun.channel,
        };
        let new = NewCase {
            process: service.process(),
            element: None,
            variables: variables(applicant, &case, application),
            space,
            case: Some(case),
        };
        let along = Along { ground: Some(begun.ground), changes: begun.changes, ..Along::default() };
        let urn = self.cases.begin(actor, new, along).await?;
        bring_files((&self.registry, &self.store), &urn, applicant).await?;
        Ok(urn)
    }

    pub(crate) const fn cases(&self) -> &Arc<Cases> {
        &self.cases
    }

    /// May the actor see the case at all, and as whom?
    ///
    /// # Errors
    /// When it is not theirs to know.
    pub async fn case_of(&self, actor: &Actor, urn: &Urn) -> Result<Entity, ApplicationError> {
        let case = self.registry.entity(actor, urn).await?;
        let may = self.registry.may(actor, Action::Read, &self.registry.resource_of(&case));
        if case.kind == "Case" && may { Ok(case) } else { Err(QueryError::NotFound(format!("case {urn}")).into()) }
    }
}

/// What a case that begins is, beside its service.
pub(crate) struct About<'a> {
    pub id: Urn,
    pub person: Option<&'a Urn>,
    pub space: &'a SpacePath,
    /// By which way it came; none: nobody asked.
    pub channel: Option<&'static str>,
    /// The entity whose event started it.
    pub event: Option<&'a str>,
}

/// The entity of a case of a service that begins now.
pub(crate) async fn case_of(registry: &Registry, spec: &ServiceSpec, about: About<'_>) -> Result<Entity, QueryError> {
    let text = |s: &str| Attribute::property(s);
    let now = registry.clock().now();
    let number = number_of(&about.id);
    let mut case = Entity::new(about.id, "Case", about.space.clone())
        .with("name", text(&number))
        .with("number", text(&number))
        .with("service", text(&format!("{}/{}", spec.pack, spec.id)))
        .with("process", text(&spec.process))
        .with("processVersion", text(&format!("{}@{}/{}", spec.pack, spec.version, spec.process)))
        .with("status", text("open"))
        .with("subject", text(&spec.subject))
        .with("openedAt", text(&now.to_string()));
    if let Some(person) = about.person {
        case = case.with("person", Attribute::object(person.clone()));
    }
    for (name, value) in [("channel", about.channel), ("event", about.event)] {
        if let Some(value) = value {
            case = case.with(name, text(value));
        }
    }
    if let Some(deadline) = deadline(registry, (&spec.term, about.space), now) {
        case = case.with("deadline", text(&deadline.to_string()));
    }
    if let Some(body) = body(registry, &spec.subject, about.space).await? {
        case = case.with("body", Attribute::object(body));
    }
    Ok(case)
}

/// The end of a term that begins now.
fn deadline(registry: &Registry, (term, space): (&ServiceTerm, &SpacePath), now: Timestamp) -> Option<Timestamp> {
    match term {
        ServiceTerm::Seconds(seconds) => Some(now.plus_seconds(*seconds)),
        ServiceTerm::WorkingDays { days, calendar } => {
            let catalogue = registry.catalogue();
            let calendar = catalogue.clocks.calendars(space).get(calendar)?;
            calendar.after(now, Span::parse(&format!("P{days}D"))?)
        }
    }
}

/// What the process begins with: the answers by their names, the applicant, and what the answers stand on.
fn variables(applicant: &Entity, case: &Entity, application: Application) -> Map<String, Value> {
    let mut variables = match application.data {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    variables.insert("applicant".into(), crate::cases::plain(applicant));
    variables.insert("case".into(), case.id.as_str().into());
    variables.insert("fromGraph".into(), Value::Object(application.from_graph));
    variables.insert("disputed".into(), Value::Object(application.disputed));
    variables
}
