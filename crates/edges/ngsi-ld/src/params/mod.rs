//! Query parameters as typed questions and forms of answers.

pub mod find;
pub mod form;
pub mod geo;
pub mod media;
pub mod q;
pub mod types;
