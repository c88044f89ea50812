//! The one door: every change is a [`Command`] given to [`Registry::execute`], every question goes through its queries.
//!
//! Data's way: command → one transaction: entities read, authorise (Cedar), validate (metamodel), entities, journal and
//! outbox written → `follow` tells every projection, in journal order, what was written: what this node wrote from memory, the
//! rest from the journal.
//!
//! * `catalogue` – what the published packs say, compiled
//! * `named` – what packs name is there; `policies` – who may do what, under a schema of the metamodel's types; `starts` – what begins by itself
//! * `clocks` – by which clocks a space lives, and calendars by them
//! * `publish` – a pack becomes part of the catalogue without a restart; `candidates` – a version that some have before all others
//! * `command`, `combine`, `execute`, `desk`, `check`, `rules`, `unique`, `tenure` – writing; `receipts` – what was done under a client's key; `books` – what changes move in the books
//! * `guess` – who tries which values are taken
//! * `powers` – which changes give or take powers
//! * `template` – what a pilot has, for all others
//! * `query`, `find`, `plan`, `walk`, `cache` – reading, redacted; `past` – as it was; `view` – who may see what
//! * `index` – what entities are found by; `vocabulary` – which types and attributes are in use
//! * `decide` – decisions of packs, asked by name
//! * `define` – documents that edges keep
//! * `spaces` – the tree; `sweep` – clears away what has ceased to be
//! * `follow` – the journal as a stream of [`Committed`]; `happening` – what an event did to an entity; `project` – what is kept current from it

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod books;
mod cache;
mod candidates;
mod catalogue;
mod check;
mod clocks;
mod combine;
mod command;
mod decide;
mod define;
mod desk;
mod execute;
mod find;
mod follow;
mod grounds;
mod guess;
mod happening;
mod index;
mod instances;
mod named;
mod past;
mod plan;
mod policies;
mod powers;
mod programs;
mod project;
mod publish;
mod query;
mod receipts;
mod references;
mod registry;
mod rules;
mod spaces;
mod starts;
mod sweep;
mod template;
mod tenure;
mod unique;
mod view;
mod vocabulary;
mod walk;

pub use candidates::{Candidate, CandidateError, Scope, Tried};
pub use catalogue::{Catalogue, CompiledDecisions, CompiledProfile, CompiledTrigger, compile};
pub use clocks::Clocks;
pub use command::{Change, Command, CommandError, Edit, Key, Operation, Posting, Receipt};
pub use decide::{Ask, DecideError};
pub use define::Definition;
pub use find::{Explained, Find, Found};
pub use follow::Committed;
pub use guess::Guessed;
pub use happening::{Happening, Touch};
pub use index::{indexed, numbered};
pub use plan::Access;
pub use policies::policy_schema;
pub use programs::Programs;
pub use project::{Projection, Running, Taken};
pub use publish::{Made, PublishError, Published};
pub use query::{Changes, EntityQuery, JournalEvent, JournalQuery, Page, QueryError};
pub use registry::{Registry, RegistryDeps};
pub use spaces::{SpaceId, SpaceInfo, SpaceTree};
pub use starts::{Due, EventStart, On, ProcessStart, Starts};
pub use svod_policy::{Action, Ground, ResourceRef};
pub use template::{Copied, Template, TemplateError};
pub use tenure::{ACTING_DAYS, Tenure};
pub use vocabulary::{AttributeInUse, InUse, TypeInUse};

/// The space of the installation itself: packs of every space, unroutable messages.
pub const INSTALLATION: &str = "installation";
