//! The metamodel and packs: what kinds of entity exist, what an attribute may hold, what a pack declares.
//!
//! Pure: reads bytes that somebody else fetched, knows no clock, no database, no network.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod attribute;
mod called;
mod duration;
mod entity;
mod geometry;
mod merge;
mod metamodel;
mod nearest;
mod observe;
mod pack;
mod pattern;
mod reading;
pub mod testing;
pub mod units;
mod validate;

pub use attribute::{Attribute, AttributeValue, MAX_ABOUT, NULL};
pub use duration::parse_duration;
pub use entity::Entity;
pub use geometry::{MAX_POSITIONS, check_geometry};
pub use metamodel::{
    AttributeKind, AttributeType, EntityRule, EntityType, EnumType, Metamodel, Range, SecrecyClass, UniqueKey,
};
pub use nearest::nearest;
pub use observe::ReadingFault;
pub use pack::{
    AlertSpec, Audience, DecisionRef, DeviceProfile, DueSpec, ExchangeSpec, FeedSpec, ImportFormat, ImportSpec,
    LayerSpec, LayerStyle, MAX_FILE, MAX_FILES, MAX_PACK, Manifest, ObjectSpec, Origins, Pack, PackError, PackSource,
    PersonaSpec, Position, RULES, ServiceSpec, ServiceTerm, SimulationSpec, SpaceSpec, StartMode, StartSpec, TriggerOn,
    TriggerSpec, VariantSpec, attribute_from_seed, check_pack, entity_from_seed, parse_pack, place_of,
};
pub use reading::{ObservedValue, Point};
pub use validate::{MAX_ATTRIBUTES, MAX_LIST, MAX_TEXT, validate_open};
