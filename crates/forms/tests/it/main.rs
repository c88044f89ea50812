//! Forms as a house uses them: parsed, shown, answered, sent.

mod answers;
mod components;
mod faults;
mod fuzzed;
mod house;
mod property;
