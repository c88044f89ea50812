//! What the applicant and the body say to one another in a case, and what the applicant says of it at the end.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use svod_files::{FileError, FileInfo, Files, MAX_FILES, Upload};
use svod_kernel::{Actor, Coded, FieldError, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Action, Change, Command, CommandError, EntityQuery, Operation, QueryError, Registry, ResourceRef};

/// Longest message, in characters.
pub const MAX_MESSAGE: usize = 4_000;
/// Longest comment beside a rating, in characters.
pub const MAX_COMMENT: usize = 2_000;
/// Messages of one case at the most: the page of a case shows them all.
pub const MAX_MESSAGES: usize = 500;
/// Messages of one side that the other has not opened at the most: who is not read does not write on.
pub const MAX_UNREAD: usize = 20;
/// For so long a case that is closed is written about.
const AFTERWARDS_SECONDS: i64 = 30 * 24 * 3_600;

/// Who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Who asks, or acts for them.
    Applicant,
    /// The body that answers.
    Body,
}

impl Side {
    /// The word of the code list `MessageSide`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applicant => "applicant",
            Self::Body => "body",
        }
    }

    /// The policy's action by which they write and read.
    const fn action(self) -> Action {
        match self {
            Self::Applicant => Action::Declare,
            Self::Body => Action::Complete,
        }
    }

    fn wrote(self, message: &Entity) -> bool {
        message.text("from") == Some(self.as_str())
    }
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum CorrespondenceError {
    /// Not one the actor may know of.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// Refused by the registry.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Too short or too long.
    #[error("write a message of 1 to 4,000 characters")]
    Text,
    /// A file that comes with it is not taken.
    #[error("a file is not taken: {error}")]
    File {
        /// As its sender calls it.
        name: String,
        /// Why.
        error: Box<FileError>,
    },
    /// The case was closed long ago.
    #[error("the case was closed more than 30 days ago; ask anew")]
    Closed,
    /// What was written before is not read yet, or there is too much of it.
    #[error("there are many messages that nobody has read yet; wait for an answer")]
    TooMany,
    /// No rating.
    #[error("give 1 to 5, and a comment of 2,000 characters at the most")]
    Stars,
    /// The case is not over, or was rated.
    #[error("a case is rated once, when it is over")]
    NotNow,
}

impl Coded for CorrespondenceError {
    fn code(&self) -> &'static str {
        match self {
            Self::Query(e) => e.code(),
            Self::Command(e) => e.code(),
            Self::Text => "message-text",
            Self::File { error, .. } => error.code(),
            Self::Closed => "case-closed",
            Self::TooMany => "messages-unread",
            Self::Stars => "case-stars",
            Self::NotNow => "case-not-rated-now",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Query(e) => e.status(),
            Self::Command(e) => e.status(),
            Self::Text | Self::Stars => 422,
            Self::File { error, .. } => error.status(),
            Self::Closed | Self::NotNow => 409,
            Self::TooMany => 429,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Command(e) => e.retry_after(),
            Self::File { error, .. } => error.retry_after(),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        let one = |field: &str, rule: &str, fix: &str| {
            vec![FieldError { field: field.into(), rule: rule.into(), fix: fix.into() }]
        };
        match self {
            Self::Command(e) => e.fields(),
            Self::Text => one("text", "length", "write 1 to 4,000 characters"),
            Self::File { name, error } if error.status() < 500 => {
                one("files", error.code(), &format!("{name}: {error}"))
            }
            Self::Stars => one("stars", "range", "give 1 to 5, and a comment of 2,000 characters at the most"),
            _ => Vec::new(),
        }
    }
}

/// Messages of cases. Cheap to clone.
#[derive(Clone)]
pub struct Correspondence {
    registry: Arc<Registry>,
}

impl Correspondence {
    /// Over the registry.
    pub const fn new(registry: Arc<Registry>) -> Self {
        Self { registry }
    }

    /// As whom the actor may write in the case; none when they may not.
    pub fn side(&self, actor: &Actor, case: &Entity) -> Option<Side> {
        case.object("person")?;
        let message = ResourceRef { kind: "CaseMessage".to_owned(), ..self.registry.resource_of(case) };
        let may = |side: &Side| self.registry.may(actor, side.action(), &message);
        [Side::Applicant, Side::Body].into_iter().find(may)
    }

    /// Writes a message; its URN.
    ///
    /// # Errors
    /// See [`CorrespondenceError`].
    pub async fn write(&self, actor: &Actor, case: &Urn, text: &str, side: Side) -> Result<Urn, CorrespondenceError> {
        let case = self.writable(actor, case, text, side).await?;
        let id = self.new_id();
        self.put(actor, (&case, side), id, (text, &[])).await
    }

    /// Writes a message with files, which belong to it: who may see what it says may see them. None is kept where the message
    /// cannot be written, or one of them is not taken.
    ///
    /// # Errors
    /// See [`CorrespondenceError`].
    pub async fn write_with(
        &self,
        actor: &Actor,
        case: &Urn,
        (text, side): (&str, Side),
        (files, uploads): (&Files, Vec<Upload>),
    ) -> Result<Urn, CorrespondenceError> {
        let case = self.writable(actor, case, text, side).await?;
        let (id, mut examined, mut held) = (self.new_id(), Vec::new(), Vec::new());
        for upload in uploads {
            let name = upload.name.clone();
            let refused = |error| CorrespondenceError::File { name: name.clone(), error: Box::new(error) };
            if examined.len() == MAX_FILES {
                return Err(refused(FileError::TooMany));
            }
            files.may_send(actor, upload.bytes.len()).await.map_err(refused)?;
            let one = files.examine(upload).await.map_err(refused)?;
            examined.push((name, one));
        }
        for (name, one) in examined {
            let kept = files.hold(actor, (&id, &case.space), one).await;
            held.push(kept.map_err(|error| CorrespondenceError::File { name, error: Box::new(error) })?);
        }
        self.put(actor, (&case, side), id, (text, &held)).await
    }

    fn new_id(&self) -> Urn {
        Urn::mint("message", self.registry.clock().now(), &**self.registry.rng())
    }

    /// The case, when a message may be written in it now.
    async fn writable(&self, actor: &Actor, case: &Urn, text: &str, side: Side) -> Result<Entity, CorrespondenceError> {
        let case = self.case(actor, case).await?;
        let text = text.trim();
        if text.is_empty() || text.chars().count() > MAX_MESSAGE {
            return Err(CorrespondenceError::Text);
        }
        let now = self.registry.clock().now();
        if case.time("closedAt").is_some_and(|at| at.plus_seconds(AFTERWARDS_SECONDS) < now) {
            return Err(CorrespondenceError::Closed);
        }
        let before = self.all(&case).await?;
        let waiting = before.iter().filter(|m| side.wrote(m) && m.text("readAt").is_none()).count();
        if before.len() >= MAX_MESSAGES || waiting >= MAX_UNREAD {
            return Err(CorrespondenceError::TooMany);
        }
        Ok(case)
    }

    async fn put(
        &self,
        actor: &Actor,
        (case, side): (&Entity, Side),
        id: Urn,
        (text, files): (&str, &[FileInfo]),
    ) -> Result<Urn, CorrespondenceError> {
        let now = self.registry.clock().now();
        let mut message = Entity::new(id, "CaseMessage", case.space.clone())
            .with("case", Attribute::object(case.id.clone()))
            .with("from", Attribute::property(side.as_str()))
            .with("author", Attribute::property(actor.name.clone()))
            .with("text", Attribute::property(text.trim()))
            .with("sentAt", Attribute::property(now.to_string()));
        for name in ["person", "body"] {
            if let Some(whose) = case.attributes.get(name) {
                message = message.with(name, whose.clone());
            }
        }
        if let Some(named) = Files::naming(&message, files) {
            message = message.with(svod_files::ATTRIBUTE, named);
        }
        let urn = message.id.clone();
        let change = Change::verb(Operation::Create(message), side.action(), "write");
        self.carry_out(actor, (case, side), vec![change]).await?;
        Ok(urn)
    }

    /// The messages of a case that the actor may know of, in the order in which they were sent.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of(&self, actor: &Actor, case: &Entity) -> Result<Vec<Entity>, CorrespondenceError> {
        let q = Self::query(case);
        let mut all = self.registry.query(actor, q).await?.items;
        all.sort_by_key(|m| (m.time("sentAt"), m.id.clone()));
        Ok(all)
    }

    /// The actor has the case open: what the other side wrote and they may read is read from now on. How much it was. What an
    /// operator sees for somebody who is present, that somebody has not read.
    ///
    /// # Errors
    /// When the store fails. What somebody else has read at the same moment is no error.
    pub async fn read(&self, actor: &Actor, case: &Entity) -> Result<usize, CorrespondenceError> {
        let Some(side) = self.side(actor, case) else { return Ok(0) };
        if self.at_desk(actor).await? {
            return Ok(0);
        }
        let now = self.registry.clock().now().to_string();
        let unread = |m: &&Entity| !side.wrote(m) && m.text("readAt").is_none() && m.text("text").is_some();
        let all = self.of(actor, case).await?;
        let changes: Vec<Change> = all
            .iter()
            .filter(unread)
            .map(|m| {
                let set = [("readAt".to_owned(), Attribute::property(now.as_str()))].into();
                let patch = Operation::Patch { urn: m.id.clone(), expected: Some(m.version), set, unset: Vec::new() };
                Change::verb(patch, side.action(), "read")
            })
            .collect();
        let count = changes.len();
        if count == 0 {
            return Ok(0);
        }
        match self.carry_out(actor, (case, side), changes).await {
            Err(CorrespondenceError::Command(CommandError::Conflict { .. })) => Ok(0),
            done => done.map(|()| count),
        }
    }

    /// The applicant says how it went, once, when the case is over: 1 to 5, and a comment that may be empty.
    ///
    /// # Errors
    /// See [`CorrespondenceError`].
    pub async fn rate(&self, actor: &Actor, case: &Urn, stars: u8, comment: &str) -> Result<(), CorrespondenceError> {
        let case = self.case(actor, case).await?;
        let comment = comment.trim();
        if !(1..=5).contains(&stars) || comment.chars().count() > MAX_COMMENT {
            return Err(CorrespondenceError::Stars);
        }
        if case.text("status") != Some("closed") || case.value("satisfaction").is_some() {
            return Err(CorrespondenceError::NotNow);
        }
        let mut set = BTreeMap::from([("satisfaction".to_owned(), Attribute::property(Value::from(stars)))]);
        if !comment.is_empty() {
            set.insert("comment".to_owned(), Attribute::property(comment));
        }
        let patch = Operation::Patch { urn: case.id.clone(), expected: Some(case.version), set, unset: Vec::new() };
        let change = Change::verb(patch, Action::Declare, "rate");
        self.carry_out(actor, (&case, Side::Applicant), vec![change]).await
    }

    /// Does the actor stand at a desk, for who is present? A representative, such as a parent or a head, does not.
    async fn at_desk(&self, actor: &Actor) -> Result<bool, QueryError> {
        let Some(link) = actor.on_behalf.first() else { return Ok(false) };
        let mandate = self.registry.entity(&Actor::platform("correspondence"), &link.mandate).await?;
        Ok(mandate.text("basis") == Some("present"))
    }

    /// A case that somebody has asked for.
    async fn case(&self, actor: &Actor, urn: &Urn) -> Result<Entity, CorrespondenceError> {
        let case = self.registry.entity(actor, urn).await?;
        let asked_for = case.kind == "Case" && case.object("person").is_some();
        if asked_for { Ok(case) } else { Err(QueryError::NotFound(format!("case {urn}")).into()) }
    }

    /// All messages of a case, whoever asks: for limits.
    async fn all(&self, case: &Entity) -> Result<Vec<Entity>, CorrespondenceError> {
        Ok(self.registry.query(&Actor::platform("correspondence"), Self::query(case)).await?.items)
    }

    fn query(case: &Entity) -> EntityQuery {
        let q = EntityQuery::of(case.space.clone(), &["CaseMessage"]);
        EntityQuery { below: false, limit: MAX_MESSAGES, ..q }.with("case", case.id.as_str())
    }

    async fn carry_out(
        &self,
        actor: &Actor,
        (case, side): (&Entity, Side),
        changes: Vec<Change>,
    ) -> Result<(), CorrespondenceError> {
        let ground = match (side, actor.body.as_ref().or_else(|| case.object("body"))) {
            (Side::Applicant, _) => "application:web".to_owned(),
            (Side::Body, Some(body)) => format!("post:{body}"),
            (Side::Body, None) => "post".to_owned(),
        };
        let command = Command { ground, cause: Some(case.id.clone()), changes, ..Command::default() };
        self.registry.execute(actor, command).await?;
        Ok(())
    }
}
