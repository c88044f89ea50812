//! The table of elements says what is true: the tests that a cell names are run here, and tokens enter what it claims.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{faults, seen};

const TABLE: &str = include_str!("../../../../docs/conformance/bpmn.md");
/// Files whose tests stand beside the cells of the table.
const BESIDE: [(&str, &str); 2] = [("bounds", include_str!("bounds.rs")), ("random", include_str!("random.rs"))];
/// Kinds of events that interrupt or do not, at a border and at the start of an event sub-process.
const EITHER: [&str; 5] = ["message", "timer", "signal", "conditional", "escalation"];

macro_rules! tests {
    ($($file:ident :: $test:ident),* $(,)?) => {
        [$((concat!(stringify!($file), "::", stringify!($test)), crate::$file::$test as fn())),*]
    };
}

/// The tests that the table names.
const TESTS: [(&str, fn()); 56] = tests![
    activities::a_service_that_fails_is_asked_again_and_then_an_incident,
    activities::business_rule_task,
    activities::call_activity,
    activities::lanes_within_lanes_and_pools,
    activities::manual_and_plain_tasks_pass,
    activities::script_task,
    activities::send_and_receive_task,
    activities::service_task,
    activities::user_task,
    adhoc::a_condition_ends_it,
    adhoc::activities_begin_by_themselves,
    adhoc::one_after_the_other,
    adhoc::people_choose_and_people_end,
    calendars::deadlines_and_timers_count_working_days,
    compensation::a_sub_process_says_how_it_is_undone,
    compensation::everything_is_undone_last_first,
    compensation::one_activity_is_undone,
    events::a_plain_throwing_event_is_a_milestone,
    events::a_process_starts_in_several_ways,
    events::border_events_that_do_not_interrupt,
    events::conditional_events,
    events::interrupting_border_events,
    events::link_events,
    events::message_events,
    events::signal_events,
    events::terminate_event,
    events::timer_events,
    faults::an_error_goes_to_the_nearest_that_catches_it,
    faults::an_escalation_that_nobody_hears_goes_to_the_caller,
    faults::error_end_events,
    faults::escalations,
    gateways::a_choice_without_a_way_out_is_an_incident,
    gateways::a_complex_gateway_splits_by_conditions,
    gateways::a_join_that_can_never_be_complete_is_an_incident,
    gateways::an_inclusive_join_does_not_wait_for_a_way_that_was_left,
    gateways::complex_gateway,
    gateways::event_based_gateway,
    gateways::exclusive_gateway,
    gateways::flows_out_of_an_activity_split,
    gateways::inclusive_gateway,
    gateways::parallel_gateway,
    parse::a_file_as_an_editor_saves_it,
    parse::drawings_are_kept_apart,
    repeat::a_sub_process_many_times,
    repeat::enough_of_many,
    repeat::loops,
    repeat::many_at_once,
    repeat::many_one_after_the_other,
    scopes::a_border_event_ends_everything_inside,
    scopes::a_condition_begins_an_event_sub_process,
    scopes::a_terminate_event_ends_its_sub_process_only,
    scopes::an_event_sub_process_may_happen_again,
    scopes::data_objects,
    scopes::embedded_sub_process,
    scopes::event_sub_processes,
    scopes::transaction,
];

/// What a cell or a row says is run: in the words of `support::seen`, and by which tests.
pub struct Claim {
    pub what: Vec<String>,
    tests: Vec<&'static str>,
}

/// Every claim of the table.
pub fn claims() -> Vec<Claim> {
    let mut all = Vec::new();
    for (kind, place, cell) in events() {
        let name = format!("{kind}, {place}");
        let either = EITHER.contains(&kind) && ["border", "start of an event sub-process"].contains(&place);
        let ways = if either { &["interrupting", "not interrupting"][..] } else { &[] };
        let mut what: Vec<String> = ways.iter().map(|way| format!("{name}, {way}")).collect();
        what.push(name);
        all.push(Claim { what, tests: named(cell) });
    }
    for section in ["Activities", "Gateways"] {
        for row in rows(section).into_iter().filter(|row| row[1].starts_with("runs")) {
            // Manual and plain tasks are one to the engine.
            let what = quoted(row[0]).map(|word| if word == "manualTask" { "task" } else { word }.to_owned()).collect();
            all.push(Claim { what, tests: named(row[2]) });
        }
    }
    all.retain(|claim| !claim.tests.is_empty());
    all
}

/// Kind, place and cell of the table of events.
fn events() -> Vec<(&'static str, &'static str, &'static str)> {
    let all = rows("Events");
    let (places, kinds) = all.split_first().unwrap();
    assert_eq!(places.len(), 7, "{places:?}");
    let cells = kinds.iter().flat_map(|row| {
        assert_eq!(row.len(), places.len(), "{row:?}");
        (1..row.len()).map(|at| (row[0], places[at], row[at]))
    });
    cells.collect()
}

/// The lines of the table in a section.
fn rows(section: &str) -> Vec<Vec<&'static str>> {
    let text = TABLE.split(&format!("## {section}\n")).nth(1).unwrap().split("\n## ").next().unwrap();
    let lines = text.lines().filter(|line| line.starts_with("| ") && !line.contains("---"));
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

fn quoted(cell: &'static str) -> impl Iterator<Item = &'static str> {
    cell.split('`').skip(1).step_by(2)
}

fn named(cell: &'static str) -> Vec<&'static str> {
    quoted(cell).filter(|word| word.contains("::")).collect()
}

#[test]
fn what_the_table_says_runs_is_run() {
    let known: BTreeMap<&str, fn()> = TESTS.into_iter().collect();
    let mut ran: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let claims = claims();
    assert!(claims.len() > 50, "{}", claims.len());
    for claim in claims {
        let mut entered = BTreeSet::new();
        for name in &claim.tests {
            let run = || {
                seen();
                known.get(name).unwrap_or_else(|| panic!("{name} is not in the list"))();
                seen()
            };
            entered.extend(ran.entry(name).or_insert_with(run).iter().cloned());
        }
        let missing: Vec<&String> = claim.what.iter().filter(|what| !entered.contains(*what)).collect();
        assert!(missing.is_empty(), "no token has entered {missing:?} in {:?}", claim.tests);
    }
}

/// The structure names tests too, and so does the text beside the tables.
#[test]
fn every_test_that_the_table_names_exists() {
    for name in named(TABLE) {
        let (file, test) = name.split_once("::").unwrap();
        let beside = BESIDE.iter().any(|(f, text)| *f == file && text.contains(&format!("fn {test}(")));
        assert!(beside || TESTS.iter().any(|(known, _)| *known == name), "{name}");
    }
}

#[test]
fn what_the_table_says_is_refused_is_refused() {
    let mut refused = 0;
    for (kind, place, cell) in events().into_iter().filter(|(_, _, cell)| !cell.contains("::")) {
        assert!(["–", "refused"].iter().any(|word| cell.starts_with(word)), "{kind}, {place}: '{cell}'");
        let found = faults(&at(place, &definition(kind)));
        let finding = found.iter().find(|f| f.element.ends_with(" 'x'") && f.reason.contains("cannot stand here"));
        assert!(finding.is_some_and(|f| !f.fix.is_empty()), "{kind}, {place}: {found:#?}");
        refused += 1;
    }
    assert!(refused > 25, "{refused}");
}

fn definition(kind: &str) -> String {
    let (name, more, inside) = match kind {
        "none" => return String::new(),
        "message" => ("message", " messageRef=\"paid\"", ""),
        "timer" => ("timer", "", "<timeDuration>P1D</timeDuration>"),
        "signal" => ("signal", " signalRef=\"alarm\"", ""),
        "conditional" => ("conditional", "", "<condition>y</condition>"),
        "error" => ("error", " errorRef=\"bad\"", ""),
        "escalation" => ("escalation", " escalationRef=\"late\"", ""),
        "compensation" => ("compensate", "", ""),
        "link" => ("link", " name=\"L\"", ""),
        other => (other, "", ""),
    };
    format!("<{name}EventDefinition{more}>{inside}</{name}EventDefinition>")
}

/// A process with an event `x` of that definition at that place.
fn at(place: &str, definition: &str) -> String {
    let line = |start: &str, middle: &str, end: &str| {
        format!(
            "<startEvent id=\"{start}\"/>{middle}<endEvent id=\"{end}\"/>\n{start} -> {} -> {end}",
            if middle.contains("Event id=\"x\"") { "x" } else { "t" }
        )
    };
    let task = "<userTask id=\"t\"/>";
    let plain = line("s", task, "e");
    match place {
        "start of a process" => {
            line("x", task, "e").replacen("\"x\"/>", &format!("\"x\">{definition}</startEvent>"), 1)
        }
        "start of an event sub-process" => format!(
            "{plain}\n<subProcess id=\"q\" triggeredByEvent=\"true\"><startEvent id=\"x\">{definition}</startEvent><endEvent id=\"e1\"/>\nx -> e1\n</subProcess>"
        ),
        "catching" => {
            line("s", &format!("<intermediateCatchEvent id=\"x\">{definition}</intermediateCatchEvent>"), "e")
        }
        "throwing" => {
            line("s", &format!("<intermediateThrowEvent id=\"x\">{definition}</intermediateThrowEvent>"), "e")
        }
        "border" => {
            format!("{plain}\n<boundaryEvent id=\"x\" attachedToRef=\"t\">{definition}</boundaryEvent>\nx -> e")
        }
        "end" => line("s", task, "x").replacen("\"x\"/>", &format!("\"x\">{definition}</endEvent>"), 1),
        other => panic!("no place '{other}'"),
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

/// The kinds of events that the parser reads, as BPMN names their definitions, have a row with a test.
#[test]
fn every_event_that_runs_stands_in_the_table() {
    let parser = include_str!("../../src/parse/events.rs");
    let words = parser.split('"').skip(1).step_by(2);
    let mut kinds: BTreeSet<&str> = words.filter_map(|word| word.strip_suffix("EventDefinition")).collect();
    kinds.remove("");
    assert!(kinds.len() >= 10, "{kinds:?}");
    for kind in std::iter::once("none").chain(kinds) {
        let called = if kind == "compensate" { "compensation" } else { kind };
        let run = events().into_iter().any(|(row, _, cell)| row == called && cell.contains("::"));
        assert!(run, "no test for '{kind}'");
    }
}
