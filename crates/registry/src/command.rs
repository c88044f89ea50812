use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use svod_kernel::{Actor, Coded, FieldError, SpacePath, Urn};
use svod_model::{Attribute, Entity};
use svod_policy::Action;
use svod_store::StoreError;
use svod_store::instance::{Step, Wait, Waiting};
use svod_store::outbox::NewOutbox;

/// What is asked of the registry: all of it happens, in one transaction, or nothing.
#[derive(Debug, Clone, Default)]
pub struct Command {
    /// On what ground: law, rule (`pack:kuzbass@0.1.0`), post.
    pub ground: String,
    /// The case that causes it.
    pub cause: Option<Urn>,
    /// In order.
    pub changes: Vec<Change>,
    /// Findings that are dealt with by this command; they are removed in the same transaction.
    pub consume: Vec<i64>,
    /// Steps of process instances that go with it. An instance that has moved on meanwhile refuses the command.
    pub steps: Vec<Step>,
    /// What instances wait for that becomes another or goes, without their moving.
    pub waits: Vec<(Waiting, Option<Wait>)>,
    /// Messages to the outside, sent after the commit: space and message.
    pub outbox: Vec<(SpacePath, NewOutbox)>,
    /// Only entities of this space and those under it; none: of whichever has them.
    pub within: Option<SpacePath>,
    /// A refused change leaves the others alone; see [`Receipt::refused`].
    pub each: bool,
    /// The client's own name of the command: given again, it is answered and not carried out. Not for `each`.
    pub key: Option<Key>,
}

/// A client's own name of a command, remembered for a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Unique among the actor's.
    pub key: String,
    /// What the command is, in short: the same key must not stand for another.
    pub fingerprint: i64,
}

impl Key {
    /// The name of a command with this content.
    pub fn new(key: String, content: &str) -> Self {
        Self { key, fingerprint: svod_query::keys::hash(content).cast_signed() }
    }
}

/// One change of one entity.
#[derive(Debug, Clone)]
pub struct Change {
    /// What is done.
    pub operation: Operation,
    /// The policy's action; `None` takes the operation's own (`create`, `update`, `delete`).
    pub action: Option<Action>,
    /// The journal's verb; `None` takes the action's name.
    pub verb: Option<&'static str>,
    /// Who does it, when it is not who gives the command: the process that goes on because of what they did.
    pub by: Option<Arc<Actor>>,
    /// What it moves in the books, in the space of the entity; written when the change is, and not when nothing changes.
    pub postings: Vec<Posting>,
}

/// A line of the books: an account that gets or gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The transaction that it belongs to; its lines add up to nothing in each currency. Once in a space.
    pub transaction: String,
    /// Account, by name: `receivable:<body>`.
    pub account: String,
    /// ISO 4217.
    pub currency: String,
    /// Smallest units of the currency; debit is positive, credit negative.
    pub amount: i64,
}

/// What is done to an entity.
#[derive(Debug, Clone)]
pub enum Operation {
    /// A new entity; refused when the id exists.
    Create(Entity),
    /// Sets these attributes and leaves the others; made when it is not there, nothing when it is the same.
    Upsert(Entity),
    /// Everything about an entity that is there: types, scopes, attributes. It keeps its space.
    Replace {
        /// As it shall be.
        entity: Entity,
        /// Refused when the version is another (If-Match).
        expected: Option<i64>,
    },
    /// Sets and removes attributes.
    Patch {
        /// Which entity.
        urn: Urn,
        /// Refused when the version is another (If-Match).
        expected: Option<i64>,
        /// New values.
        set: BTreeMap<String, Attribute>,
        /// Attributes removed.
        unset: Vec<String>,
    },
    /// What a function makes of the entity as it stands when it is written, as the actor sees it; what is hidden from
    /// them stays. Without an entity it may make one, in the space it names.
    Edit {
        /// Which entity.
        urn: Urn,
        /// The function; it may be called more than once.
        edit: Edit,
    },
    /// Brings back an entity that was removed.
    Restore {
        /// Which entity.
        urn: Urn,
    },
    /// Takes over what the other entity has and this one has not; see [`Change::merge`].
    Absorb {
        /// Which entity.
        urn: Urn,
        /// The other one, of the same space and type.
        other: Urn,
    },
    /// Removes the entity and leads those who ask for it to another; see [`Change::merge`].
    Redirect {
        /// Which entity.
        urn: Urn,
        /// Where to.
        into: Urn,
    },
    /// Removes the entity; the journal keeps what it was.
    Delete {
        /// Which entity.
        urn: Urn,
        /// Refused when the version is another (If-Match).
        expected: Option<i64>,
    },
}

/// A function from the present entity to the new one.
#[derive(Clone)]
pub struct Edit(pub(crate) Arc<EditFn>);

type EditFn = dyn Fn(Option<&Entity>) -> Result<Entity, CommandError> + Send + Sync;

impl Edit {
    /// From a function without effects.
    pub fn new(edit: impl Fn(Option<&Entity>) -> Result<Entity, CommandError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(edit))
    }
}

impl std::fmt::Debug for Edit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Edit")
    }
}

impl From<Operation> for Change {
    fn from(operation: Operation) -> Self {
        Self { operation, action: None, verb: None, by: None, postings: Vec::new() }
    }
}

impl Change {
    /// With the policy's action and the journal's verb.
    pub fn verb(operation: Operation, action: Action, verb: &'static str) -> Self {
        Self { action: Some(action), verb: Some(verb), ..operation.into() }
    }

    /// With what it moves in the books.
    #[must_use]
    pub fn posting(self, postings: Vec<Posting>) -> Self {
        Self { postings, ..self }
    }

    /// The transaction of its postings that does not add up to nothing, when there is one.
    pub(crate) fn uneven(&self) -> Option<&str> {
        let mut sums: BTreeMap<(&str, &str), i128> = BTreeMap::new();
        for p in &self.postings {
            *sums.entry((&p.transaction, &p.currency)).or_default() += i128::from(p.amount);
        }
        sums.into_iter().find(|(_, sum)| *sum != 0).map(|((transaction, _), _)| transaction)
    }

    /// Done by somebody else than who gives the command.
    #[must_use]
    pub fn by(self, actor: &Arc<Actor>) -> Self {
        Self { by: Some(actor.clone()), ..self }
    }

    /// Two entities that are the same thing become one: `into` takes over what only `from` knows, `from` is removed and
    /// whoever asks for it is led to `into`. [`Operation::Restore`] brings `from` back as it was.
    pub fn merge(from: Urn, into: Urn) -> [Self; 2] {
        [
            Self::verb(Operation::Absorb { urn: into.clone(), other: from.clone() }, Action::Update, "merge"),
            Self::verb(Operation::Redirect { urn: from, into }, Action::Delete, "merge"),
        ]
    }

    /// The action policy is asked for.
    pub fn policy_action(&self) -> Action {
        self.action.unwrap_or(match self.operation {
            Operation::Create(_) | Operation::Restore { .. } => Action::Create,
            Operation::Upsert(_)
            | Operation::Replace { .. }
            | Operation::Patch { .. }
            | Operation::Edit { .. }
            | Operation::Absorb { .. } => Action::Update,
            Operation::Delete { .. } | Operation::Redirect { .. } => Action::Delete,
        })
    }

    /// Is it the caller who chooses the attributes? An action with a name of its own says which it writes; merging takes what
    /// it finds.
    pub(crate) const fn is_free(&self) -> bool {
        self.action.is_none() || matches!(self.operation, Operation::Absorb { .. })
    }

    /// Does it take the entity away?
    pub const fn removes(&self) -> bool {
        matches!(self.operation, Operation::Delete { .. } | Operation::Redirect { .. })
    }

    /// The entity concerned.
    pub fn urn(&self) -> &Urn {
        match &self.operation {
            Operation::Create(e) | Operation::Upsert(e) | Operation::Replace { entity: e, .. } => &e.id,
            Operation::Patch { urn, .. }
            | Operation::Edit { urn, .. }
            | Operation::Restore { urn }
            | Operation::Absorb { urn, .. }
            | Operation::Redirect { urn, .. }
            | Operation::Delete { urn, .. } => urn,
        }
    }

    /// All entities that must be known to carry it out.
    pub fn urns(&self) -> impl Iterator<Item = &Urn> {
        let other = match &self.operation {
            Operation::Absorb { other, .. } => Some(other),
            _ => None,
        };
        std::iter::once(self.urn()).chain(other)
    }
}

/// What a command did.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Receipt {
    /// Each changed entity with its new version; unchanged ones are absent.
    pub entities: Vec<(Urn, i64)>,
    /// Those of them that were not there before.
    pub made: Vec<Urn>,
    /// Journal events written: space and sequence number.
    pub events: Vec<(SpacePath, i64)>,
    /// Changes that were refused, by their place in the command; only when each stands for itself.
    #[serde(skip)]
    pub refused: Vec<(usize, CommandError)>,
    /// It was done before, under the same key.
    #[serde(skip)]
    pub repeated: bool,
}

/// A refusal by policy, written down: who wanted what, where.
pub(crate) fn forbidden(actor: &Actor, action: Action, kind: &str, space: &SpacePath) -> CommandError {
    tracing::info!(actor = actor.id, action = action.as_str(), kind, space = space.as_str(), "refused by policy");
    CommandError::Forbidden { action: action.as_str(), kind: kind.to_owned(), space: space.clone() }
}

/// Why a command was refused. Nothing of it has happened.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Policy does not permit it.
    #[error("not permitted: {action} of {kind} in {space}")]
    Forbidden {
        /// Policy action.
        action: &'static str,
        /// Type of the entity.
        kind: String,
        /// Where.
        space: SpacePath,
    },
    /// The entity does not fit the metamodel.
    #[error("{urn} does not fit the metamodel: {}", summary(.errors))]
    Invalid {
        /// Which entity.
        urn: Urn,
        /// Attribute, rule and fix of each fault.
        errors: Vec<FieldError>,
    },
    /// There is no such entity, or none the actor may know of.
    #[error("there is no entity {0}")]
    NotFound(Urn),
    /// The id is taken.
    #[error("an entity {0} exists already; use another id, change the existing one, or restore it when it was removed")]
    Exists(Urn),
    /// Somebody else was faster.
    #[error("{urn} is at version {found} now; read it again and repeat the change")]
    Conflict {
        /// Which entity.
        urn: Urn,
        /// Its version now.
        found: i64,
    },
    /// No such space.
    #[error("there is no space '{0}'; declare it in a pack's spaces.yaml")]
    UnknownSpace(SpacePath),
    /// The function of an [`Operation::Edit`] refused; the edge that gave it knows its own error again.
    #[error(transparent)]
    Edit(Box<dyn std::error::Error + Send + Sync>),
    /// The key has stood for another command.
    #[error("the key '{0}' has stood for another command within a day; use a new one")]
    KeyUsed(String),
    /// Values of what is hidden are tried; seconds to wait.
    #[error("too many values that others have; wait {0} seconds")]
    TooManyTries(u64),
    /// A key with `each`.
    #[error("a key goes with a command that is done as a whole; leave 'each' out")]
    KeyOfParts,
    /// Money would come from nowhere or go nowhere.
    #[error("the lines of the transaction '{0}' do not add up to nothing in each currency")]
    Uneven(String),
    /// The books have that transaction.
    #[error("the transaction '{0}' is in the books already")]
    Posted(String),
    /// A command must change something.
    #[error("the command is empty; give at least one change")]
    Empty,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn summary(errors: &[FieldError]) -> String {
    let first = errors.first().map(|e| format!("{}: {} ({})", e.field, e.rule, e.fix)).unwrap_or_default();
    if errors.len() > 1 { format!("{first} and {} more", errors.len() - 1) } else { first }
}

impl Coded for CommandError {
    fn code(&self) -> &'static str {
        match self {
            Self::Forbidden { .. } => "forbidden",
            Self::Invalid { .. } => "invalid-entity",
            Self::NotFound(_) => "not-found",
            Self::Exists(_) => "already-exists",
            Self::Conflict { .. } => "version-conflict",
            Self::UnknownSpace(_) => "unknown-space",
            Self::Edit(_) => "edit-refused",
            Self::KeyUsed(_) => "key-used",
            Self::KeyOfParts => "key-of-parts",
            Self::TooManyTries(_) => "too-many-tries",
            Self::Uneven(_) => "uneven-postings",
            Self::Posted(_) => "already-posted",
            Self::Empty => "empty-command",
            Self::Store(e) => e.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Forbidden { .. } => 403,
            Self::Invalid { .. } | Self::UnknownSpace(_) | Self::Edit(_) | Self::Empty => 422,
            Self::KeyUsed(_) | Self::KeyOfParts => 422,
            Self::Uneven(_) => 500,
            Self::TooManyTries(_) => 429,
            Self::NotFound(_) => 404,
            Self::Exists(_) | Self::Posted(_) => 409,
            Self::Conflict { .. } => 412,
            Self::Store(e) => e.status(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid { errors, .. } => errors.clone(),
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyTries(seconds) => Some(*seconds),
            _ => None,
        }
    }
}
