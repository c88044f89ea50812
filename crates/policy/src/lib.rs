//! What an actor may do: Cedar policies from the packs, compiled once per publication, decided in microseconds.
//!
//! Principal `Actor::"<id>"` {roles, spaces, body, acting}; action `Action::"<name>"`; resource `Entity::"<type>"`
//! {type, space, spaces, body, own, ground, open}. The schema stands in `packs/base/policies/schema.cedarschema`.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod action;
mod matrix;
mod policies;

pub use action::{Action, Ground, ResourceRef};
pub use matrix::{Cell, Matrix, Reach, Rows};
pub use policies::{Policies, PolicyError, PolicySource};
