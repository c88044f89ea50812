//! RustSec, by cargo-deny. Its database is fetched; where it cannot be, the copy of before is asked.

use super::terms::{Day, Weight};
use super::{Answer, Known};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

/// What cargo-deny says when the database cannot be had.
const UNREACHED: [&str; 3] =
    ["failed to fetch advisory database", "failed to open advisory database", "failed to get 'FETCH_HEAD' metadata"];

/// Everything that is not argued away in deny.toml.
///
/// # Errors
/// When cargo-deny is not there, or fails at something else.
pub fn ask(root: &Path) -> Result<Answer> {
    let mut asked = deny(root, false)?;
    if unreached(&asked) {
        println!("advisories: RustSec cannot be reached; the copy of before is asked");
        asked = deny(root, true)?;
    }
    if unreached(&asked) {
        return Ok(Answer::Unreached("there is no copy of the database on this machine".into()));
    }
    let said = String::from_utf8_lossy(&asked.stderr);
    let known = read(&said);
    if !asked.status.success() && known.is_empty() {
        bail!("cargo deny failed: {said}");
    }
    Ok(Answer::Known(known))
}

fn deny(root: &Path, offline: bool) -> Result<Output> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["deny", "--workspace", "--all-features", "--locked", "--format", "json"]);
    if offline {
        command.arg("--offline");
    }
    command.args(["check", "--hide-inclusion-graph", "advisories"]).current_dir(root);
    command.output().context("cannot start cargo deny: run scripts/setup test")
}

fn unreached(output: &Output) -> bool {
    let said = String::from_utf8_lossy(&output.stderr);
    !output.status.success() && UNREACHED.iter().any(|words| said.contains(words))
}

/// One line of JSON for each thing that cargo-deny has to say.
fn read(said: &str) -> Vec<Known> {
    let lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut all: Vec<Known> = lines.filter_map(|line| known(&line["fields"])).collect();
    all.sort();
    all.dedup();
    all
}

fn known(fields: &Value) -> Option<Known> {
    let advisory =
        fields["advisory"].as_object().filter(|_| ["error", "warning"].iter().any(|s| fields["severity"] == *s))?;
    let word = |key: &str| advisory.get(key).and_then(Value::as_str);
    let span = fields["labels"][0]["span"].as_str().unwrap_or_default();
    Some(Known {
        package: span.split(" registry+").next().filter(|p| !p.is_empty()).or(word("package"))?.to_owned(),
        id: word("id")?.to_owned(),
        title: word("title").unwrap_or_default().to_owned(),
        weight: if word("informational").is_some() { Weight::Other } else { Weight::of_vector(word("cvss")) },
        since: word("date").and_then(Day::parse),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As cargo-deny 0.18 wrote it, shortened.
    const RECORDED: &str = concat!(
        r#"{"fields":{"advisory":{"aliases":["CVE-2023-49092"],"cvss":"CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N","#,
        r#""date":"2023-11-22","id":"RUSTSEC-2023-0071","informational":null,"package":"rsa","title":"Marvin Attack"},"#,
        r#""code":"vulnerability","labels":[{"column":1,"line":444,"message":"security vulnerability detected","#,
        r#""span":"rsa 0.10.0-rc.19 registry+https://github.com/rust-lang/crates.io-index"}],"message":"Marvin Attack","#,
        r#""notes":[],"severity":"error"},"type":"diagnostic"}"#,
        "\n",
        r#"{"fields":{"advisories":{"errors":1,"helps":0,"notes":0,"warnings":0}},"type":"summary"}"#,
        "\n",
    );

    #[test]
    fn what_cargo_deny_says_is_read() {
        let one = Known {
            package: "rsa 0.10.0-rc.19".into(),
            id: "RUSTSEC-2023-0071".into(),
            title: "Marvin Attack".into(),
            weight: Weight::Other,
            since: Day::parse("2023-11-22"),
        };
        assert_eq!(read(RECORDED), [one]);
        let given_up = RECORDED.replace("\"informational\":null", "\"informational\":\"unmaintained\"");
        assert_eq!(read(&given_up)[0].weight, Weight::Other);
        assert_eq!(read(&RECORDED.replace("\"severity\":\"error\"", "\"severity\":\"note\"")), [], "argued away");
    }
}
