//! A figure of the security policy beside which a constant is named is the constant's (OWASP ASVS V2.1.3, V6.1.1, V7.1.1):
//! `| what | 10 minutes | CONSTANT in path |`, `| this; that | 5; 16 MiB | ONE in path, OTHER in path |`. A limit is one that
//! can be compared so, or a key of the configuration.

use super::Finding;
use crate::tree::Tree;

const POLICY: &str = "docs/security-policy.md";
const LIMITS: &str = "## Limits";
const UNITS: [(&str, i64); 6] =
    [("second", 1), ("minute", 60), ("hour", 3_600), ("day", 86_400), ("KiB", 1 << 10), ("MiB", 1 << 20)];

/// Rows of tables whose cell after the figure names constants; `CONSTANT, the same file` goes on with the file before.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(policy) = tree.get(POLICY) else { return Vec::new() };
    let mut findings = Vec::new();
    let (mut file, mut limits) = (String::new(), false);
    for (at, line) in policy.text.lines().enumerate() {
        if line.starts_with("## ") {
            limits = line.starts_with(LIMITS);
        }
        if !line.starts_with('|') {
            continue;
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let mut compared = false;
        for pair in cells.windows(2) {
            for (said, (path, name)) in pair[0].split(';').map(str::trim).chain([""]).zip(named(pair[1], &mut file)) {
                compared = true;
                let is = constant(tree, &path, name);
                if figure(said).is_none() || figure(said) != is {
                    let is = is.map_or("not there".into(), |n| n.to_string());
                    let what =
                        format!("{} is said of {name}, which is {is}", if said.is_empty() { "nothing" } else { said });
                    findings.push(Finding::new(POLICY, at + 1, what, format!("look at {path}")));
                }
            }
        }
        if limits && !compared && is_loose(&cells) {
            let what = format!("nothing compares the limit: {}", cells[0]);
            let fix = "name its constant and file in the last cell, or its key of the configuration";
            findings.push(Finding::new(POLICY, at + 1, what, fix));
        }
    }
    findings
}

/// A figure that is no other section's, beside which neither a key of the configuration stands nor a file of a pack.
fn is_loose(cells: &[&str]) -> bool {
    let code = || cells.iter().flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let key = |word: &str| word.contains('.') && !word.contains('/');
    let elsewhere = |cell: &str| cell.starts_with("see [") || cell.starts_with("no limit");
    let figures = cells.get(1).is_some_and(|cell| !elsewhere(cell) && cell.contains(|c: char| c.is_ascii_digit()));
    figures && !code().any(|word| key(word) || word.starts_with("packs/"))
}

/// The constants that a cell names, each with its file; the last file is remembered.
fn named<'c>(cell: &'c str, file: &mut String) -> Vec<(String, &'c str)> {
    let capital = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let mut all = Vec::new();
    let mut rest = cell;
    while let Some((name, after)) = rest.strip_prefix('`').and_then(|rest| rest.split_once('`')) {
        if !name.chars().all(capital) {
            break;
        }
        let placed = after.strip_prefix(" in `").and_then(|rest| rest.split_once('`'));
        if let Some((path, _)) = placed {
            path.clone_into(file);
        }
        all.push((file.clone(), name));
        let after = placed.map_or(after, |(_, rest)| rest);
        rest = after.strip_prefix(", the same file").unwrap_or(after).trim_start_matches([',', ';', ' ']);
    }
    if cell.contains("` in `") || cell.contains(", the same file") { all } else { Vec::new() }
}

/// The first number of a text, in seconds where a unit of time follows.
fn figure(text: &str) -> Option<i64> {
    let at = text.find(|c: char| c.is_ascii_digit())?;
    let digits: String = text[at..].chars().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    let number: i64 = digits.replace(',', "").parse().ok()?;
    let after = text[at + digits.len()..].trim_start();
    let unit = UNITS.iter().find(|(unit, _)| after.starts_with(unit)).map_or(1, |(_, seconds)| *seconds);
    Some(number * unit)
}

/// The value of a constant that is a whole number, a product of such, or one moved by bits; a span of time in seconds, one that is
/// named for its days as well.
fn constant(tree: &Tree, file: &str, name: &str) -> Option<i64> {
    let text = &tree.get(file)?.text;
    let (_, declared) = text.split_once(&format!("const {name}: "))?;
    let (_, value) = declared.split_once(';')?.0.split_once('=')?;
    let value = value.trim().trim_start_matches("Duration::from_secs(").trim_end_matches(')');
    let number = |text: &str| text.trim().replace('_', "").parse::<i64>().ok();
    let plain = match value.split_once("<<") {
        Some((low, bits)) => number(low)?.checked_shl(number(bits)?.try_into().ok()?),
        None => value.split('*').map(number).product(),
    };
    plain.map(|n| if name.ends_with("DAYS") { n * 86_400 } else { n })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    const SOURCE: &str = "pub const IDLE: i64 = 2 * 3600;\nconst PAIR: u32 = 2_000;\nconst BODY: usize = 16 << 20;\n\
                          const MAX_DAYS: i64 = 3 * 366;\nconst WAITS: Duration = Duration::from_secs(10);\n";

    fn found(rows: &str) -> Vec<String> {
        let text = format!("| What | How long | Where |\n| --- | --- | --- |\n{rows}");
        let (_folder, tree) = fixture::tree(&[(POLICY, &text), ("crates/a/src/lib.rs", SOURCE)]);
        fixture::lines(&check(&tree))
    }

    #[test]
    fn figures_of_constants_pass_and_what_names_none_is_left_alone() {
        let rows = "| A | 2 hours | `IDLE` in `crates/a/src/lib.rs` | why |\n| B | 2,000 free | `PAIR`, the same file |\n\
                    | C | 5 minutes | `crates/a/src/lib.rs` |\n| D | 7 | `http.listen` in the configuration |\n";
        assert_eq!(found(rows), Vec::<String>::new());
    }

    #[test]
    fn another_figure_and_a_constant_that_is_gone_are_found() {
        let rows = "| A | 3 hours | `IDLE` in `crates/a/src/lib.rs` |\n| B | many | `PAIR`, the same file |\n\
                    | C | 5 | `GONE` in `crates/a/src/lib.rs` |\n";
        assert_eq!(
            found(rows),
            [
                "docs/security-policy.md:3: 3 hours is said of IDLE, which is 7200",
                "docs/security-policy.md:4: many is said of PAIR, which is 2000",
                "docs/security-policy.md:5: 5 is said of GONE, which is not there",
            ]
        );
    }

    #[test]
    fn several_figures_are_those_of_several_constants() {
        let rows = "| A; B; C | 16 MiB; 2,000; any | `BODY` in `crates/a/src/lib.rs`, `PAIR`, the same file |\n\
                    | D; E | 1,098 days at most; 10 s | `MAX_DAYS`, `WAITS` in `crates/a/src/lib.rs` |\n";
        assert_eq!(found(rows), Vec::<String>::new());
        let rows = "| A; B | 15 MiB | `BODY` in `crates/a/src/lib.rs`, `PAIR`, the same file |\n";
        assert_eq!(
            found(rows),
            [
                "docs/security-policy.md:3: 15 MiB is said of BODY, which is 16777216",
                "docs/security-policy.md:3: nothing is said of PAIR, which is 2000",
            ]
        );
    }

    #[test]
    fn a_limit_that_nothing_compares_is_found() {
        let rows = "\n## Limits (V2.1.3)\n\n| A | 5 free | `crates/a/src/lib.rs` |\n| B | no limit | |\n\
                    | C | 7 (`http.max`) | `crates/a/src/lib.rs` |\n| D | 50 an hour | `packs/base/a.dmn` |\n\
                    | E | 2,000 | `PAIR` in `crates/a/src/lib.rs` |\n\n## Files\n\n| F | 5 | `crates/a/src/lib.rs` |\n";
        assert_eq!(found(rows), ["docs/security-policy.md:6: nothing compares the limit: A"]);
    }
}
