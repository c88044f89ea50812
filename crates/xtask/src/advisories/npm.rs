//! The register of npm packages, by `npm audit`, tools included. It does not say since when a weakness is public.

use super::terms::Weight;
use super::{Answer, Known};
use anyhow::Result;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Folders that have a lock file of npm.
pub const FOLDERS: [&str; 2] = ["web", "e2e"];

/// What is known of the packages of a folder's lock file.
///
/// # Errors
/// None today; what cannot be asked is an answer.
pub fn ask(root: &Path, folder: &str) -> Result<Answer> {
    let mut npm = Command::new("npm");
    // NODE_ENV would leave tools out.
    npm.args(["audit", "--json", "--package-lock-only", "--include=dev"]).current_dir(root.join(folder));
    Ok(match npm.output() {
        Ok(output) => read(folder, &String::from_utf8_lossy(&output.stdout)),
        Err(e) => Answer::Unreached(format!("npm does not start: {e}")),
    })
}

/// A report names what is vulnerable, and by what: an advisory, or the name of another package in the report.
fn read(folder: &str, said: &str) -> Answer {
    let report: Value = serde_json::from_str(said).unwrap_or_default();
    let Some(packages) = report["vulnerabilities"].as_object() else {
        let why = report["message"].as_str().unwrap_or("npm gave no report");
        return Answer::Unreached(why.chars().take(200).collect());
    };
    let by = packages.values().flat_map(|package| package["via"].as_array().into_iter().flatten());
    let mut all: Vec<Known> = by.filter_map(|advisory| known(folder, advisory)).collect();
    all.sort();
    all.dedup();
    Answer::Known(all)
}

fn known(folder: &str, advisory: &Value) -> Option<Known> {
    let word = |key: &str| advisory[key].as_str().unwrap_or_default().to_owned();
    let package = format!("{folder}: {} {}", advisory["name"].as_str()?, word("range"));
    let weight = match word("severity").as_str() {
        "critical" => Weight::Critical,
        "high" => Weight::High,
        _ => Weight::Other,
    };
    Some(Known { package, id: word("url"), title: word("title"), weight, since: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{"auditReportVersion": 2, "vulnerabilities": {
        "brace-expansion": {"name": "brace-expansion", "severity": "low", "isDirect": false, "via": [
            {"source": 1105443, "name": "brace-expansion", "dependency": "brace-expansion", "title": "Takes too long",
             "url": "https://github.com/advisories/GHSA-v6h2-p8h4-qcjw", "severity": "low", "cwe": ["CWE-400"],
             "cvss": {"score": 3.1, "vectorString": null}, "range": ">=2.0.0 <=2.0.1"}],
         "effects": ["minimatch"], "range": "2.0.0 - 2.0.1", "nodes": [], "fixAvailable": true},
        "minimatch": {"name": "minimatch", "severity": "low", "via": ["brace-expansion"], "effects": [], "range": "*"}},
        "metadata": {"vulnerabilities": {"low": 2, "total": 2}}}"#;

    #[test]
    fn each_advisory_is_told_once_whoever_depends_on_it() {
        let Answer::Known(all) = read("web", REPORT) else { panic!("a report") };
        let [one] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((one.package.as_str(), one.weight), ("web: brace-expansion >=2.0.0 <=2.0.1", Weight::Other));
        assert_eq!((one.title.as_str(), one.since), ("Takes too long", None));
        let Answer::Known(all) = read("web", r#"{"vulnerabilities": {}}"#) else { panic!("a report") };
        assert_eq!(all, []);
    }

    #[test]
    fn an_answer_that_is_no_report_is_not_taken_for_no_weakness() {
        for said in ["", "no JSON", r#"{"message": "405 Method Not Allowed", "error": {"summary": ""}}"#] {
            assert!(matches!(read("web", said), Answer::Unreached(_)), "{said}");
        }
    }
}
