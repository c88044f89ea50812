//! `cargo xtask age`: versions that newer ones have stood beside for longer than `docs/security-policy.md`, *Libraries*, allows,
//! counted from the day on which the first newer one came out. cargo and npm are asked, as anybody asks them. A newer version is
//! one that cargo would take now, or any of what the workspace itself names; what must stay stands in `age.toml` with its reason.

use crate::advisories::terms::{Day, newer};
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeSet, env, fs, path::Path, process::Command};

const NPM: [&str; 2] = ["web", "e2e"];

#[derive(Default, Deserialize)]
struct Kept {
    #[serde(default)]
    stays: Vec<Stay>,
}

/// What may be older until a day.
#[derive(Deserialize)]
struct Stay {
    name: String,
    until: String,
    reason: String,
}

/// A package, its version, and since when there is a newer one.
type Behind = (String, String, Option<Day>);

/// Prints what is behind; true when nothing is for too long, or when nobody could be asked.
///
/// # Errors
/// A policy without days, a lock file or list that cannot be read.
pub fn run(root: &Path) -> Result<bool> {
    let allowed = newer(root)?;
    let list = fs::read_to_string(root.join("crates/xtask/age.toml")).context("crates/xtask/age.toml")?;
    let (kept, mut sound): (Kept, bool) = (toml::from_str(&list)?, true);
    for (register, asked) in [("crates.io", crates(root)?), ("npm", npm(root)?)] {
        let Some(behind) = asked else {
            println!("age: {register}: NOT CHECKED: it could not be asked");
            continue;
        };
        for one in &behind {
            let (late, line) = told(one, &kept, (allowed, Day::today()));
            sound &= !late;
            println!("age: {register}: {line}");
        }
        println!("age: {register}: {} have newer versions", behind.len());
    }
    Ok(sound)
}

fn told((name, version, since): &Behind, kept: &Kept, (allowed, today): (i64, Day)) -> (bool, String) {
    let days = since.map(|day| today.0 - day.0);
    let age = days.map_or("since when is not known".to_owned(), |d| format!("superseded for {d} days"));
    if days.is_some_and(|d| d <= allowed) {
        return (false, format!("in time: {name} {version}: {age}"));
    }
    let stay = kept.stays.iter().find(|s| s.name == *name && Day::parse(&s.until).is_some_and(|d| d >= today));
    match stay {
        Some(stay) => (false, format!("stays until {}: {name} {version}: {age}; {}", stay.until, stay.reason)),
        None => (true, format!("TOO OLD: {name} {version}: {age}, {allowed} allowed")),
    }
}

/// cargo reads its index anew and says what it would change.
fn crates(root: &Path) -> Result<Option<Vec<Behind>>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let asked = Command::new(cargo).args(["update", "--dry-run", "--verbose"]).current_dir(root).output()?;
    if !asked.status.success() {
        return Ok(None);
    }
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(root.join("Cargo.toml"))?)?;
    let named = manifest.get("workspace").and_then(|w| w.get("dependencies")).and_then(toml::Value::as_table);
    let own: BTreeSet<&str> = named.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let said = behind(&String::from_utf8_lossy(&asked.stderr), &own);
    Ok(Some(
        said.into_iter()
            .map(|(name, version, breaking)| {
                let since = index(&name).and_then(|dates| first_newer(&version, breaking, dates));
                (name, version, since)
            })
            .collect(),
    ))
}

/// `Updating a v1.0.0 -> v1.0.1`, and of what the workspace names `Unchanged a v1.0.0 (available: v2.0.0)`; the last tells
/// whether only a breaking version is newer. What asks for a newer compiler than ours is not taken.
fn behind(said: &str, own: &BTreeSet<&str>) -> Vec<(String, String, bool)> {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let (verb, name, version) = (words.next()?, words.next()?, words.next()?.strip_prefix('v')?);
        let breaking = verb == "Unchanged";
        let counts = (verb == "Updating" && line.contains(" -> v")) || (breaking && own.contains(name));
        (counts && !line.contains("requires Rust")).then(|| (name.to_owned(), version.to_owned(), breaking))
    };
    said.lines().filter_map(line).collect()
}

/// Versions of a crate with their days, as cargo has them: JSON between zero bytes.
fn index(name: &str) -> Option<Vec<(String, Day)>> {
    let folder = match name.len() {
        1 | 2 => name.len().to_string(),
        3 => format!("3/{}", &name[..1]),
        _ => format!("{}/{}", &name[..2], &name[2..4]),
    };
    let home = env::var_os("CARGO_HOME").map(Into::into).or_else(|| Some(env::home_dir()?.join(".cargo")))?;
    let all = fs::read_dir(home.join("registry/index")).ok()?.flatten().map(|e| e.path().join(".cache"));
    let bytes = all.filter_map(|cache| fs::read(cache.join(&folder).join(name)).ok()).next()?;
    let parts = bytes.split(|b| *b == 0).filter_map(|part| serde_json::from_slice::<Value>(part).ok());
    let day = |v: &Value| Some((v["vers"].as_str()?.to_owned(), Day::parse(v["pubtime"].as_str()?.get(..10)?)?));
    Some(parts.filter(|v| v["yanked"] != true).filter_map(|v| day(&v)).collect())
}

/// When the first came out that is newer: of those that break nothing, or of all.
fn first_newer(version: &str, breaking: bool, dates: Vec<(String, Day)>) -> Option<Day> {
    let mine = numbers(version)?;
    let same = |v: &[u64; 3]| v[0] == mine[0] && (v[0] > 0 || (v[1] == mine[1] && (v[1] > 0 || v[2] == mine[2])));
    let newer = |v: &[u64; 3]| *v > mine && (breaking || same(v));
    dates.into_iter().filter(|(v, _)| numbers(v).is_some_and(|v| newer(&v))).map(|(_, day)| day).min()
}

/// A release's three numbers; none for what comes before one.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let release = version.split('+').next().filter(|v| !v.contains('-'))?;
    let parts: Vec<u64> = release.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
    parts.try_into().ok()
}

/// Packages that pages and journeys name, each in the one version that they name.
fn npm(root: &Path) -> Result<Option<Vec<Behind>>> {
    let mut all = Vec::new();
    for folder in NPM {
        let manifest: Value = serde_json::from_str(&fs::read_to_string(root.join(folder).join("package.json"))?)?;
        let of = |kind: &str| manifest[kind].as_object().cloned().unwrap_or_default();
        for (name, version) in of("dependencies").into_iter().chain(of("devDependencies")) {
            let asked =
                Command::new("npm").args(["view", &name, "time", "--json"]).current_dir(root.join(folder)).output();
            let times = asked.ok().and_then(|a| serde_json::from_slice::<Value>(&a.stdout).ok());
            let Some(times) = times.as_ref().and_then(Value::as_object) else { return Ok(None) };
            let day = |(v, at): (&String, &Value)| Some((v.clone(), Day::parse(at.as_str()?.get(..10)?)?));
            let version = version.as_str().unwrap_or_default().to_owned();
            if let Some(since) = first_newer(&version, true, times.iter().filter_map(day).collect()) {
                all.push((name, version, Some(since)));
            }
        }
    }
    Ok(Some(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_superseded_for_too_long_fails_unless_it_is_said_why_it_stays() {
        let kept: Kept = toml::from_str("[[stays]]\nname = \"b\"\nuntil = \"2026-12-31\"\nreason = \"r\"\n").unwrap();
        let day = |text| Day::parse(text).unwrap();
        let late = |name: &str, since: &str, today| {
            told(&(name.into(), "1.0.0".into(), Day::parse(since)), &kept, (90, day(today))).0
        };
        assert!(!late("a", "2026-08-25", "2026-11-23") && late("a", "2026-08-24", "2026-11-23"));
        assert!(late("a", "", "2026-11-23"), "no day is no leave");
        assert!(!late("b", "2026-01-01", "2026-12-31") && late("b", "2026-01-01", "2027-01-01"));
    }

    #[test]
    fn the_first_newer_version_is_the_one_that_counts() {
        let said = "    Updating crates.io index\n    Updating a v1.0.0 -> v1.2.0\n   Unchanged b v0.3.1 (available: v0.5.0)\n   \
                    Unchanged c v1.0.0 (available: v2.0.0)\n   Unchanged d v1.0.0 (available: v2.0.0, requires Rust 9.9)\n";
        let found = behind(said, &BTreeSet::from(["b", "d"]));
        assert_eq!(found, [("a".into(), "1.0.0".into(), false), ("b".into(), "0.3.1".into(), true)]);
        let day = |n: i64, v: &str| (v.to_owned(), Day(n));
        let dates = || vec![day(1, "0.3.1"), day(2, "0.4.0-rc.1"), day(3, "0.4.0"), day(4, "0.3.2"), day(5, "0.5.0")];
        assert_eq!(first_newer("0.3.1", true, dates()), Some(Day(3)));
        assert_eq!(first_newer("0.3.1", false, dates()), Some(Day(4)));
        assert_eq!(first_newer("0.5.0", true, dates()), None);
    }
}
