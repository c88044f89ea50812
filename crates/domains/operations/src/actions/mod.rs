//! What changes something: one file an action.

pub mod correct;
pub mod edit;
pub mod roll_back;
pub mod upload;
