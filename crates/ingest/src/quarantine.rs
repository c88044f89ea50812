use serde::Serialize;
use svod_kernel::{Actor, Coded, FieldError, Timestamp, Urn};
use svod_mapping::{Mapping, MappingError};
use svod_model::ObservedValue;
use svod_registry::Action;
use svod_store::StoreError;
use svod_store::quarantine::{self as rows, QuarantineQuery, QuarantineRow, Status};

use crate::examine::{Examined, Examiner};
use crate::message::origin;
use crate::{Ingest, IngestError, RawMessage};

/// Largest page.
const MAX_PAGE: usize = 500;

/// Which refused messages to list.
#[derive(Debug, Clone, Default)]
pub struct QuarantineFilter {
    /// With this reason.
    pub reason: Option<String>,
    /// With this status; none is all.
    pub status: Option<Status>,
    /// Older than this number: the last of the page before.
    pub before: Option<i64>,
    /// At most so many, 1 to 500.
    pub limit: usize,
}

/// Why a question about quarantine was not answered.
#[derive(Debug, thiserror::Error)]
pub enum QuarantineError {
    /// Not entitled.
    #[error("you may not {0} messages in quarantine here")]
    Forbidden(&'static str),
    /// There is none, or not in a space the actor may look at.
    #[error("there is no message {0} in quarantine")]
    NotFound(i64),
    /// No profile is published for the message, so no mapping of its can be tried.
    #[error("no device profile fits the message; publish one with its topic first")]
    NoProfile,
    /// Payloads are closed to who has not said what they need them for.
    #[error("payloads may hold data of people: say first what you need them for")]
    Closed,
    /// What they are needed for is not said in words.
    #[error("say in 5 to 1,000 characters what you need the payloads for")]
    Reason,
    /// The expression to try is wrong.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The pipeline.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for QuarantineError {
    fn code(&self) -> &'static str {
        match self {
            Self::Forbidden(_) => "forbidden",
            Self::NotFound(_) => "not-found",
            Self::NoProfile => "no-profile",
            Self::Closed => "ground-needed",
            Self::Reason => "field",
            Self::Mapping(_) => "bad-mapping",
            Self::Ingest(e) => e.code(),
            Self::Store(e) => e.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Forbidden(_) | Self::Closed => 403,
            Self::NotFound(_) => 404,
            Self::NoProfile | Self::Reason | Self::Mapping(_) => 422,
            Self::Ingest(e) => e.status(),
            Self::Store(e) => e.status(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        let at =
            |rule: &str, fix: &str| vec![FieldError { field: "reason".into(), rule: rule.into(), fix: fix.into() }];
        match self {
            Self::Closed => at("required", "say what for on the page /quarantine, or by POST /api/v1/quarantine/look"),
            Self::Reason => at("length", "write 5 to 1,000 characters"),
            _ => Vec::new(),
        }
    }
}

/// What a mapping would make of a message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preview {
    /// Readings that would be stored.
    pub readings: Vec<PreviewReading>,
    /// What would still be wrong.
    pub faults: Vec<Fault>,
}

/// A reading that would be stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PreviewReading {
    /// Entity.
    pub entity: Urn,
    /// Attribute.
    pub attribute: String,
    /// Moment of observation.
    pub at: Timestamp,
    /// Value in the declared unit.
    pub value: ObservedValue,
    /// Labelled as simulated.
    pub simulated: bool,
}

/// One thing wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Stable code.
    pub reason: String,
    /// What exactly.
    pub detail: String,
}

/// What was refused: look at it, try another mapping, replay it, discard it.
#[derive(Clone)]
pub struct Quarantine {
    pub(crate) ingest: Ingest,
}

impl Quarantine {
    pub(crate) const fn new(ingest: Ingest) -> Self {
        Self { ingest }
    }

    /// Keys of the spaces where the actor may do that; the installation's own, 0, holds what nobody could place.
    pub(crate) fn spaces(&self, actor: &Actor, action: Action) -> Result<Vec<i64>, QuarantineError> {
        let registry = &self.ingest.0.registry;
        let tree = registry.spaces();
        let all = tree.all();
        let ids: Vec<i64> = all
            .iter()
            .filter(|s| registry.may(actor, action, &registry.resource("Quarantine", &s.path)))
            .map(|s| s.id)
            .collect();
        let verb = if action == Action::ReadQuarantine { "look at" } else { "replay or discard" };
        if ids.is_empty() { Err(QuarantineError::Forbidden(verb)) } else { Ok(ids) }
    }

    /// A page, newest first; without payloads, and without details that tell of them, where they are closed. Give the last number as `before` for the next.
    ///
    /// # Errors
    /// [`QuarantineError::Forbidden`], [`QuarantineError::Store`].
    pub async fn page(&self, actor: &Actor, filter: QuarantineFilter) -> Result<Vec<QuarantineRow>, QuarantineError> {
        let query = QuarantineQuery {
            spaces: self.spaces(actor, Action::ReadQuarantine)?,
            reason: filter.reason,
            status: filter.status,
            before: filter.before,
            limit: i64::try_from(filter.limit.clamp(1, MAX_PAGE)).unwrap_or(1),
        };
        let page = self.ingest.0.store.read(move |conn| rows::page(conn, &query)).await?;
        Ok(page.into_iter().map(|row| self.shown(actor, row)).collect())
    }

    /// How many messages have that status, by reason, most frequent first.
    ///
    /// # Errors
    /// [`QuarantineError::Forbidden`], [`QuarantineError::Store`].
    pub async fn counts(&self, actor: &Actor, status: Status) -> Result<Vec<(String, i64)>, QuarantineError> {
        let spaces = self.spaces(actor, Action::ReadQuarantine)?;
        Ok(self.ingest.0.store.read(move |conn| rows::counts(conn, &spaces, status)).await?)
    }

    /// One message; without its payload, and without a detail that tells of it, where it is closed.
    ///
    /// # Errors
    /// [`QuarantineError::NotFound`] also when the actor may not look at its space.
    pub async fn get(&self, actor: &Actor, id: i64) -> Result<QuarantineRow, QuarantineError> {
        Ok(self.shown(actor, self.row(actor, id).await?))
    }

    async fn row(&self, actor: &Actor, id: i64) -> Result<QuarantineRow, QuarantineError> {
        let spaces = self.spaces(actor, Action::ReadQuarantine)?;
        let row = self.ingest.0.store.read(move |conn| rows::get(conn, id)).await?;
        row.filter(|r| spaces.contains(&r.message.space)).ok_or(QuarantineError::NotFound(id))
    }

    /// What another jq mapping would make of a message; nothing is stored.
    ///
    /// # Errors
    /// [`QuarantineError::Mapping`] when the expression is wrong; [`QuarantineError::Closed`], since readings say what the message
    /// says.
    pub async fn try_mapping(&self, actor: &Actor, id: i64, source: &str) -> Result<Preview, QuarantineError> {
        let row = self.row(actor, id).await?;
        if !self.is_open_for(actor, &row) {
            return Err(QuarantineError::Closed);
        }
        let mapping = Mapping::compile("mapping", source)?;
        let inner = &self.ingest.0;
        let routes = inner.routes();
        let message = message(&row);
        let candidates = routes.candidates(&message);
        let candidate = candidates.first().ok_or(QuarantineError::NoProfile)?;
        let examiner = Examiner {
            metamodel: &routes.catalogue.metamodel,
            directory: &inner.devices,
            profile: candidate.profile,
            mapping: &mapping,
            now: inner.now(),
        };
        let Examined { drafts, wrong } = examiner.examine(&message.payload, candidate.device.as_deref());
        let readings = drafts.into_iter().map(|d| PreviewReading {
            entity: d.device.urn.clone(),
            attribute: d.attribute,
            at: d.at,
            value: d.value,
            simulated: d.simulated,
        });
        let faults = wrong.into_iter().map(|w| Fault { reason: w.reason.to_owned(), detail: w.detail });
        Ok(Preview { readings: readings.collect(), faults: faults.collect() })
    }

    /// Gives messages up; they stay on record. How many were held.
    ///
    /// # Errors
    /// [`QuarantineError::Forbidden`], [`QuarantineError::Store`].
    pub async fn discard(&self, actor: &Actor, ids: Vec<i64>) -> Result<u64, QuarantineError> {
        let spaces = self.spaces(actor, Action::ReplayQuarantine)?;
        let discarded = self
            .ingest
            .0
            .store
            .write(move |conn| {
                let mut n = 0;
                for id in &ids {
                    let here = rows::get(conn, *id)?.is_some_and(|r| spaces.contains(&r.message.space));
                    n += u64::from(here && rows::set_status(conn, *id, Status::Held, Status::Discarded)?);
                }
                Ok::<_, StoreError>(n)
            })
            .await?;
        tracing::info!(actor = %actor.id, discarded, "quarantined messages discarded");
        Ok(discarded)
    }
}

/// The message as it came.
pub(crate) fn message(row: &QuarantineRow) -> RawMessage {
    let (source, topic) = origin(&row.message.source);
    // A topic says everything again, by the profiles of today; without one the sender named profile and device.
    let named = topic.is_none();
    RawMessage {
        topic,
        profile: row.message.profile.clone().filter(|_| named),
        device: row.message.device.clone().filter(|_| named),
        payload: row.message.payload.clone().into(),
        source,
    }
}
