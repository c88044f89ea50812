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

/// The kinds of events that the parser reads, as BPMN names their definitions, and how the table calls their rows.
#[test]
fn every_event_that_runs_stands_in_the_table_with_a_test_for_each_place() {
    let parser = include_str!("../../src/parse/events.rs");
    let words = parser.split('"').skip(1).step_by(2);
    let mut kinds: BTreeSet<&str> = words.filter_map(|word| word.strip_suffix("EventDefinition")).collect();
    kinds.remove("");
    assert!(kinds.len() >= 10, "{kinds:?}");
    let table = TABLE.split("## Events").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("---"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let places = &rows[0];
    assert_eq!(places.len(), 7, "{places:?}");
    for kind in std::iter::once("none").chain(kinds) {
        let called = if kind == "compensate" { "compensation" } else { kind };
        let row = rows.iter().find(|row| row[0] == called);
        let row = row.unwrap_or_else(|| panic!("no row for '{kind}'"));
        assert_eq!(row.len(), places.len(), "{kind}");
        assert!(row[1..].iter().any(|cell| cell.contains("::")), "no test for '{kind}'");
        for (place, cell) in places.iter().zip(row).skip(1) {
            let told =
                ["–", "same", "runs", "refused"].iter().any(|word| cell.starts_with(word)) || cell.contains("::");
            assert!(told, "{kind}, {place}: '{cell}'");
        }
    }
}
