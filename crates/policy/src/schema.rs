//! The schema that policies are validated against: what the platform tells them, and the types of the metamodel.

use std::collections::BTreeSet;

use crate::PolicySource;

/// What policies are asked of besides entities of the metamodel: what the installation has, and what outside systems keep here.
pub const WORDS: [&str; 11] = [
    "Account",
    "Context",
    "ContextSourceRegistration",
    "ContextSourceSubscription",
    "Decision",
    "Metrics",
    "Pack",
    "Quarantine",
    "Reading",
    "Space",
    "Subscription",
];

/// The part of it that is the same everywhere: as [`crate::Policies::allows`] asks.
const ASKED: &str = include_str!("schema.cedarschema");

/// The schema (Cedar) with these types of the metamodel, those that an entity can have, beside [`WORDS`].
pub fn schema<'t>(types: impl IntoIterator<Item = &'t str>) -> PolicySource {
    let all: BTreeSet<&str> = types.into_iter().chain(WORDS).collect();
    let all: Vec<String> = all.into_iter().map(|name| format!("  {name:?}")).collect();
    let text = format!("{ASKED}\n// What an entity can be.\nentity Type enum [\n{}\n];\n", all.join(",\n"));
    PolicySource { file: "schema.cedarschema".to_owned(), text }
}
