//! The one door: every change is a [`Command`] given to [`Registry::execute`], every question goes through its queries.
//!
//! Data's way: command → authorise (Cedar) → validate (metamodel) → one transaction of entities, journal and outbox →
//! [`Follower`](follow) reads the journal and tells every projection, of this node and of others, in journal order.
//!
//! * `catalogue` – what the published packs say, compiled
//! * `publish` – a pack becomes part of the catalogue without a restart
//! * `command`, `execute` – writing
//! * `query`, `find` – reading, redacted
//! * `define` – documents that edges keep
//! * `spaces` – the tree
//! * `follow` – the journal as a stream of [`Committed`]

mod catalogue;
mod command;
mod define;
mod execute;
mod find;
mod follow;
mod publish;
mod query;
mod registry;
mod spaces;

pub use catalogue::{Catalogue, CompiledProfile, CompiledTrigger, compile};
pub use command::{Change, Command, CommandError, Operation, Receipt};
pub use define::Definition;
pub use find::{Find, Found};
pub use follow::Committed;
pub use publish::{PublishError, Published};
pub use query::{EntityQuery, JournalEvent, JournalQuery, Page, QueryError};
pub use registry::{Registry, RegistryDeps};
pub use spaces::{SpaceId, SpaceInfo, SpaceTree};
pub use svod_policy::{Action, ResourceRef};

/// The space of the installation itself: packs of every space, unroutable messages.
pub const INSTALLATION: &str = "installation";
