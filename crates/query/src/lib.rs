//! Questions to the graph, in one typed language that every edge translates into, and what answers them entity by
//! entity.
//!
//! Pure: no store, no clock. [`Query`] says what is wanted, [`Query::fits`] judges one entity. The store finds the
//! entities worth judging through [`keys`] (values in an order of bytes) and [`cells`] (places as ranges of whole
//! numbers); what an index gives is always judged again, so an index may give too much and never too little.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod ast;
pub mod cells;
mod collation;
mod eval;
pub mod geo;
pub mod keys;
mod scope;
pub mod words;

pub use ast::{Compare, Filter, Georel, Operand, Operation, Order, Path, Place, Query, Types, WORDS};
pub use collation::Collation;
pub use scope::{ScopeExpr, ScopePattern};
