//! `cargo xtask advisories`: known weaknesses of what is linked in (RustSec), and of what pages and tests are made of (npm). Each
//! may stand as long as `docs/security-policy.md` allows, from the day on which it became public; then it is a failure.

mod npm;
mod rust;
pub mod terms;

use anyhow::Result;
use std::path::Path;
use terms::{Day, Terms, Weight};

/// A weakness that somebody has made public.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    /// The package with its version, or its lock file.
    package: String,
    /// The register's name of it, or its address.
    id: String,
    /// In its finder's words.
    title: String,
    /// How bad it is.
    weight: Weight,
    /// Since when it is public; npm does not say.
    since: Option<Day>,
}

/// What a register answered.
enum Answer {
    /// All that it knows.
    Known(Vec<Known>),
    /// It could not be asked, and why.
    Unreached(String),
}

/// Prints what is known; true when nothing has stood for too long, or when a register could not be asked and nobody demands that
/// it is.
///
/// # Errors
/// A program that does not start, an answer that cannot be read, a policy without terms.
pub fn run(root: &Path) -> Result<bool> {
    let (terms, today) = (Terms::read(root)?, Day::today());
    let mut sound = true;
    let (mut registers, mut unasked) = (vec![("RustSec", rust::ask(root)?)], false);
    for folder in npm::FOLDERS {
        registers.push((folder, npm::ask(root, folder)?));
    }
    for (register, answer) in registers {
        match answer {
            Answer::Known(all) => {
                let (late, lines) = told(register, &all, (&terms, today));
                lines.iter().for_each(|line| println!("{line}"));
                sound &= !late;
            }
            Answer::Unreached(why) => {
                println!("advisories: {register}: NOT CHECKED: {why} (SVOD_REQUIRE_ADVISORIES=1 makes this a failure)");
                unasked = true;
            }
        }
    }
    if !sound {
        eprintln!(
            "advisories: update the package, or do without it; a crate's may be ignored in deny.toml with the reason why it does not touch us"
        );
    }
    Ok(sound && (!unasked || std::env::var_os("SVOD_REQUIRE_ADVISORIES").is_none()))
}

/// Has one stood for too long? And a line for each.
fn told(register: &str, all: &[Known], (terms, today): (&Terms, Day)) -> (bool, Vec<String>) {
    let mut late = false;
    let mut lines = Vec::new();
    for known in all {
        let allowed = terms.days(known.weight);
        let (over, age) = match known.since {
            Some(since) => (today.0 - since.0 > allowed, format!("public for {} days", today.0 - since.0)),
            None => (true, "since when is not said: it counts as too old".to_owned()),
        };
        late |= over;
        let word = if over { "TOO OLD" } else { "in time" };
        let (package, id, title) = (&known.package, &known.id, &known.title);
        lines.push(format!("advisories: {register}: {word}: {package}: {title} ({id}); {age}, {allowed} allowed"));
    }
    if all.is_empty() {
        lines.push(format!("advisories: {register}: none that is not argued away"));
    }
    (late, lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(weight: Weight, since: Option<&str>) -> Known {
        let since = since.map(|day| Day::parse(day).unwrap());
        Known { package: "rsa".into(), id: "X-1".into(), title: "Leaks".into(), weight, since }
    }

    #[test]
    fn what_has_stood_too_long_fails_and_what_is_young_is_printed() {
        let terms =
            Terms::parse("## Libraries\n| Critical | 2 days |\n| High | 7 days |\n| Other weaknesses | 30 days |\n")
                .unwrap();
        let today = Day::parse("2026-02-01").unwrap();
        let late = |weight, since| told("R", &[known(weight, since)], (&terms, today)).0;
        for (weight, last, over) in [
            (Weight::Critical, "2026-01-30", "2026-01-29"),
            (Weight::High, "2026-01-25", "2026-01-24"),
            (Weight::Other, "2026-01-02", "2026-01-01"),
        ] {
            assert!(!late(weight, Some(last)), "{weight:?}");
            assert!(late(weight, Some(over)), "{weight:?}");
        }
        assert!(late(Weight::Other, None), "no day is no leave");
        let (_, lines) = told("R", &[known(Weight::High, Some("2026-01-30"))], (&terms, today));
        assert_eq!(lines, ["advisories: R: in time: rsa: Leaks (X-1); public for 2 days, 7 allowed"]);
        assert_eq!(
            told("R", &[], (&terms, today)),
            (false, vec!["advisories: R: none that is not argued away".to_owned()])
        );
    }
}
