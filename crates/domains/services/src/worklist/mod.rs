//! The tasks of the spaces a visitor works in, as the platform lists them, with their addresses.

use svod_portal::encoded;

pub use svod_runtime::worklist::{
    Amount, Desk, Figures, Filter, Late, Listed, PAGE, StatusFilter, Whose, is_open, mine, overdue, waits_for,
};

/// Rows of a table that is downloaded at the most.
pub const MAX_TASKS: usize = 5_000;

/// What a list is narrowed to, as a query of its address.
pub fn query_of(filter: &Filter) -> String {
    let fields = filter.fields().into_iter().map(|(name, value)| format!("{name}={}", encoded(value)));
    fields.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_encoded() {
        let filter =
            Filter { service: Some("moving/moving".into()), words: "Кирова & 1".into(), ..Filter::default() };
        let query = query_of(&filter);
        assert!(query.starts_with("status=open&service=moving%2Fmoving&q=%D0%9A"), "{query}");
        assert!(query.ends_with("%20%26%201"), "{query}");
    }
}
