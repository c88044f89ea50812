//! The table of elements says what is true.

use std::collections::BTreeSet;

const TABLE: &str = include_str!("../../../../docs/conformance/bpmn.md");
const FILES: [(&str, &str); 12] = [
    ("activities", include_str!("activities.rs")),
    ("adhoc", include_str!("adhoc.rs")),
    ("bounds", include_str!("bounds.rs")),
    ("calendars", include_str!("calendars.rs")),
    ("compensation", include_str!("compensation.rs")),
    ("events", include_str!("events.rs")),
    ("faults", include_str!("faults.rs")),
    ("gateways", include_str!("gateways.rs")),
    ("parse", include_str!("parse.rs")),
    ("random", include_str!("random.rs")),
    ("repeat", include_str!("repeat.rs")),
    ("scopes", include_str!("scopes.rs")),
];

#[test]
fn every_test_that_the_table_names_exists() {
    let named: BTreeSet<&str> = TABLE.split('`').skip(1).step_by(2).filter(|w| w.contains("::")).collect();
    assert!(named.len() > 40, "{named:?}");
    for name in named {
        let (file, test) = name.split_once("::").unwrap();
        let text = FILES.iter().find(|(f, _)| *f == file).map_or("", |(_, text)| *text);
        assert!(text.contains(&format!("fn {test}(")), "{name}");
    }
}

#[test]
fn every_element_that_runs_stands_in_the_table() {
    let parser = [
        include_str!("../../src/parse/draft.rs"),
        include_str!("../../src/parse/activities.rs"),
        include_str!("../../src/parse/repeat.rs"),
    ];
    let tags = ["Task", "Gateway", "Process", "Activity", "Characteristics", "transaction"];
    let mut found = 0;
    for word in parser.iter().flat_map(|text| text.split('"').skip(1).step_by(2)) {
        let element = word.chars().all(|c| c.is_ascii_alphabetic()) && tags.iter().any(|t| word.ends_with(t));
        if element {
            found += 1;
            assert!(TABLE.contains(&format!("`{word}`")), "{word}");
        }
    }
    assert!(found > 15);
}
