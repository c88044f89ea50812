//! What an actor may do: Cedar policies from the packs, compiled once per publication, decided in microseconds.
//!
//! Principal `Actor::"<id>"` {roles, spaces, body}; action `Action::"<name>"`; resource `Entity::"<type>"`
//! {type, space, spaces, body, own, open}. The schema stands in `packs/base/policies/schema.cedarschema`.

mod action;
mod matrix;
mod policies;

pub use action::{Action, ResourceRef};
pub use matrix::{Matrix, Reach, Rows};
pub use policies::{Policies, PolicyError, PolicySource};
