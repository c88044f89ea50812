//! What an actor may do: Cedar policies from the packs, compiled once per publication, decided in microseconds.
//!
//! Principal `Actor::"<id>"` {roles, spaces, body, acting}; action `Action::"<name>"`; resource `Entity::"<type>"`
//! {type, kind, space, spaces, body, own, ground, open}. The schema is made of `schema.cedarschema` and the metamodel's types.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod action;
mod matrix;
mod names;
mod policies;
mod schema;

pub use action::{Action, Ground, ResourceRef};
pub use matrix::{Cell, Matrix, Reach, Rows};
pub use names::{TypeNamed, types_named};
pub use policies::{Policies, PolicyError, PolicySource, without_slots};
pub use schema::{WORDS, schema};
