//! The readings pipeline that all doors share: a message becomes readings in history, or a row in quarantine with its
//! reason, and the door acknowledges when that is durable.
//!
//! topic → device profile → authorise → jq mapping → device → metamodel → one group commit of readings, findings and
//! quarantine.
//!
//! * [`Ingest`] – what doors call
//! * [`Judge`] – what looks at readings before they are committed (the twin)
//! * [`DeviceDirectory`] – external id of a device to its entity
//! * [`Quarantine`] – what was refused: look, try another mapping, replay, discard; `looks` – to whom payloads are open

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod collector;
mod directory;
mod error;
mod examine;
mod feed;
mod ingest;
mod judge;
mod limits;
mod looks;
mod message;
mod quarantine;
mod replay;
mod routes;

pub use directory::{Device, DeviceDirectory};
pub use error::IngestError;
pub use feed::Feed;
pub use ingest::{Ingest, IngestDeps};
pub use judge::{Judge, NoJudge};
pub use limits::IngestLimits;
pub use looks::LOOK_SECONDS;
pub use message::{Accepted, RawMessage, Reading, Source};
pub use quarantine::{Fault, Preview, PreviewReading, Quarantine, QuarantineError, QuarantineFilter};
pub use replay::{ReplayReport, Which};
pub use svod_store::quarantine::{QuarantineRow, Status as QuarantineStatus};
