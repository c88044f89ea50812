//! A figure of the security policy beside which a constant is named is the constant's (OWASP ASVS V2.1.3, V6.1.1, V7.1.1):
//! `| what | 10 minutes | CONSTANT in path |`.

use super::Finding;
use crate::tree::Tree;

const POLICY: &str = "docs/security-policy.md";
const UNITS: [(&str, i64); 4] = [("second", 1), ("minute", 60), ("hour", 3_600), ("day", 86_400)];

/// Rows of tables whose cell after the figure names a constant; `CONSTANT, the same file` goes on with the file before.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(policy) = tree.get(POLICY) else { return Vec::new() };
    let mut findings = Vec::new();
    let mut file = String::new();
    for (at, line) in policy.text.lines().enumerate().filter(|(_, line)| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        for pair in cells.windows(2) {
            let Some(name) = named(pair[1], &mut file) else { continue };
            let (said, is) = (figure(pair[0]), constant(tree, &file, name));
            if said.is_none() || said != is {
                let what = format!(
                    "{} is said of {name}, which is {}",
                    pair[0],
                    is.map_or("not there".into(), |n| n.to_string())
                );
                findings.push(Finding::new(POLICY, at + 1, what, format!("look at {file}")));
            }
        }
    }
    findings
}

/// The constant that a cell names; its file is remembered.
fn named<'c>(cell: &'c str, file: &mut String) -> Option<&'c str> {
    let (name, rest) = cell.strip_prefix('`')?.split_once('`')?;
    let capital = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if !name.chars().all(capital) {
        return None;
    }
    if let Some((path, _)) = rest.strip_prefix(" in `").and_then(|rest| rest.split_once('`')) {
        path.clone_into(file);
        return Some(name);
    }
    rest.starts_with(", the same file").then_some(name)
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

/// The value of a constant that is a whole number or a product of such.
fn constant(tree: &Tree, file: &str, name: &str) -> Option<i64> {
    let text = &tree.get(file)?.text;
    let (_, declared) = text.split_once(&format!("const {name}: "))?;
    let (_, value) = declared.split_once(';')?.0.split_once('=')?;
    value.split('*').map(|factor| factor.trim().replace('_', "").parse::<i64>().ok()).product()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    const SOURCE: &str = "pub const IDLE: i64 = 2 * 3600;\nconst PAIR: u32 = 2_000;\n";

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
}
