//! `cargo xtask count`: the sums of JUnit reports, so that no output made for people is parsed.

use anyhow::{Context, Result, bail};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::fs;

/// Tests by outcome.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Sum {
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// Prints `passed failed skipped` over all files, for a script to read. Always true: the runner's own exit code says
/// whether tests failed.
pub fn run(files: &[&str]) -> Result<bool> {
    let mut sum = Sum::default();
    for file in files {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
        let one = count(&text).with_context(|| format!("{file} is no JUnit report"))?;
        sum.passed += one.passed;
        sum.failed += one.failed;
        sum.skipped += one.skipped;
    }
    println!("{} {} {}", sum.passed, sum.failed, sum.skipped);
    Ok(true)
}

/// A `testcase` failed when it holds `failure` or `error` itself (nextest's `flakyFailure` is a pass at another try).
fn count(text: &str) -> Result<Sum> {
    let mut reader = Reader::from_str(text);
    let (mut sum, mut outcome, mut known) = (Sum::default(), None, false);
    loop {
        let event = reader.read_event().with_context(|| format!("byte {}", reader.buffer_position()))?;
        let (name, empty, end) = match &event {
            Event::Start(tag) => (tag.name().as_ref().to_owned(), false, false),
            Event::Empty(tag) => (tag.name().as_ref().to_owned(), true, false),
            Event::End(tag) => (tag.name().as_ref().to_owned(), false, true),
            Event::Eof => break,
            _ => continue,
        };
        match (name.as_str(), end) {
            ("testsuites" | "testsuite", false) => known = true,
            ("testcase", false) if empty => sum.passed += 1,
            ("testcase", false) => outcome = None,
            ("failure" | "error", false) => outcome = Some(false),
            ("skipped", false) => outcome = outcome.or(Some(true)),
            ("testcase", true) => match outcome {
                None => sum.passed += 1,
                Some(false) => sum.failed += 1,
                Some(true) => sum.skipped += 1,
            },
            _ => {}
        }
    }
    if !known {
        bail!("it has no testsuites element");
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_counted_by_outcome_in_both_runners_forms() {
        let text = r#"<?xml version="1.0"?><testsuites tests="4"><testsuite name="a"><testcase name="1"/>
            <testcase name="2"><system-out>failure</system-out></testcase>
            <testcase name="3"><failure type="x">why</failure></testcase></testsuite>
            <testcase name="4"><skipped type="skipped" message="true"/></testcase>
            <testcase name="5"><flakyFailure/></testcase><testcase name="6"><error/></testcase></testsuites>"#;
        assert_eq!(count(text).unwrap(), Sum { passed: 3, failed: 2, skipped: 1 });
    }

    #[test]
    fn something_else_is_refused() {
        assert!(count("<html></html>").is_err());
        assert!(count("<testsuites><testcase></testsuites>").is_err());
    }
}
