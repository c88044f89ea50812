//! What the security checklist names is there: every test and journey, every heading of a page (OWASP ASVS V5.1.1, V6.1.3 and the
//! others that ask for something written down). Paths are the documents' own rule. And its sum is the sum of its lines.

use super::{Finding, rust};
use crate::tree::{File, Tree};

const CHECKLIST: &str = "docs/security.md";
/// What a line says that no test shows.
const UNSHOWN: [&str; 3] = ["not shown", "not done", "does not apply"];

/// Lines of tables: `name` and "journey" in `path`, *Heading* in `docs/page.md`, `docs/page.md`, *Heading*.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(list) = tree.get(CHECKLIST) else { return Vec::new() };
    let mut findings: Vec<Finding> = sum(&list.text).into_iter().collect();
    for (at, line) in list.text.lines().enumerate().filter(|(_, line)| line.starts_with('|')) {
        let mut say = |what: String, fix: &str| findings.push(Finding::new(CHECKLIST, at + 1, what, fix));
        for (path, page) in pages(tree, line) {
            for heading in around(line, path).into_iter().filter(|heading| !has_heading(page, heading)) {
                say(format!("{} has no heading {heading}", page.path), "name the one that it has, or bring it back");
            }
        }
        let shown = line.trim_end().trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let named = tests(tree, shown);
        if line.starts_with("| V") && named.is_empty() && !UNSHOWN.contains(&shown.trim()) {
            say(
                "no test is named".to_owned(),
                "name one that shows it, or write 'not shown', 'not done' or 'does not apply'",
            );
        }
        for (file, test) in named {
            if !has_test(tree, file, test) {
                say(format!("{} has no test {test}", file.path), "name a test that shows it, or write 'not shown'");
            }
        }
    }
    findings
}

/// `3 lines: 1 shown by a test, 1 not shown, 1 not done, 0 do not apply.`
fn sum(list: &str) -> Option<Finding> {
    let rows = list.lines().filter(|line| line.starts_with("| V"));
    let last: Vec<&str> =
        rows.map(|row| row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap_or_default().trim()).collect();
    let mut lines = list.lines().enumerate();
    let written = lines.find(|(_, line)| line.contains(" lines: ") && line.contains(" shown by a test, "));
    if last.is_empty() && written.is_none() {
        return None;
    }
    let count = |word: &str| last.iter().filter(|cell| **cell == word).count();
    let [unshown, undone, absent] = UNSHOWN.map(count);
    let shown = last.len() - unshown - undone - absent;
    let is = format!(
        "{} lines: {shown} shown by a test, {unshown} not shown, {undone} not done, {absent} do not apply.",
        last.len()
    );
    let Some((at, said)) = written else {
        return Some(Finding::new(CHECKLIST, 1, "there is no sum of the lines", format!("write: {is}")));
    };
    (said != is).then(|| Finding::new(CHECKLIST, at + 1, "the sum is not that of the lines", format!("write: {is}")))
}

/// Pages that a line names, each with the place of its name.
fn pages<'t>(tree: &'t Tree, line: &'t str) -> Vec<((usize, usize), &'t File)> {
    let places = code(line).into_iter().filter(|(_, word)| word.starts_with("docs/") && word.ends_with(".md"));
    places.filter_map(|(at, word)| Some(((at, at + word.len()), tree.get(word)?))).collect()
}

/// Words of code with their places.
fn code(line: &str) -> Vec<(usize, &str)> {
    let mut at = 0;
    let mut all = Vec::new();
    for (number, part) in line.split('`').enumerate() {
        if number % 2 == 1 {
            all.push((at, part));
        }
        at += part.len() + 1;
    }
    all
}

/// Headings named just before the page (`*A* and *B* in`) or just after it (`, *A*, *B*`).
fn around(line: &str, (from, to): (usize, usize)) -> Vec<&str> {
    let mut all = Vec::new();
    let mut before = line[..from - 1].strip_suffix(" in ").unwrap_or_default();
    while let Some((rest, heading)) = before.strip_suffix('*').and_then(|text| text.rsplit_once('*')) {
        all.push(heading);
        before = rest.trim_end().trim_end_matches("and").trim_end().trim_end_matches(',');
    }
    let mut after = &line[to + 1..];
    while let Some((heading, rest)) = after.strip_prefix(", *").and_then(|text| text.split_once('*')) {
        // What stands before another page is that page's.
        if rest.starts_with(" in `") {
            break;
        }
        all.push(heading);
        after = rest;
    }
    all
}

/// `## Limits (V2.1.3)`, or a paragraph that begins with `**How many at once (V7.1.2).**`.
fn has_heading(page: &File, heading: &str) -> bool {
    page.text.lines().any(|line| {
        let bold = || line.strip_prefix("**")?.split_once("**").map(|(text, _)| text);
        let text = line.strip_prefix('#').map(|text| text.trim_start_matches('#')).or_else(bold);
        text.is_some_and(|text| text.split('(').next().unwrap_or_default().trim().trim_end_matches('.') == heading)
    })
}

/// What is said to show a line: a test in backticks or a journey in quotes, and the file it stands in.
fn tests<'t>(tree: &'t Tree, shown: &'t str) -> Vec<(&'t File, &'t str)> {
    let mut all = Vec::new();
    for part in parts(shown) {
        let Some((names, path)) = part.rsplit_once(" in `") else { continue };
        let Some(file) = path.split('`').next().and_then(|path| tree.get(path)) else { continue };
        let journeys = names.split('"').skip(1).step_by(2);
        let words = code(names).into_iter().map(|(_, word)| word);
        all.extend(journeys.chain(words).map(|name| (file, name)));
    }
    all
}

/// What stands between semicolons, those of a journey's name apart.
fn parts(shown: &str) -> Vec<&str> {
    let (mut all, mut from, mut quoted) = (Vec::new(), 0, false);
    for (at, c) in shown.char_indices() {
        quoted ^= c == '"';
        if c == ';' && !quoted {
            all.push(&shown[from..at]);
            from = at + 1;
        }
    }
    all.push(&shown[from..]);
    all
}

/// A test is named where it is written; the list of a macro may stand beside it.
fn has_test(tree: &Tree, file: &File, name: &str) -> bool {
    match file.extension() {
        "rs" => {
            let beside = tree.with("rs").filter(|other| other.folder() == file.folder());
            let code = rust::code_only(&file.text);
            let found = is_test(&code, name);
            found
                || code.contains(&format!("fn {name}("))
                    && beside.into_iter().any(|other| is_listed(&rust::code_only(&other.text), name))
        }
        _ => {
            let code = file.text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let quoted = format!("(\"{name}\"");
            code.filter(|line| !line.contains(".skip(")).any(|line| line.contains(&quoted))
        }
    }
}

/// Does a macro's list have the name?
fn is_listed(code: &str, name: &str) -> bool {
    code.match_indices("on_both_engines!(").any(|(at, word)| {
        let list = code[at + word.len()..].split(')').next().unwrap_or_default();
        list.split(',').any(|one| one.trim() == name)
    })
}

/// A function with the attribute of a test, or one that a macro makes two tests of. What is switched off shows nothing.
fn is_test(code: &str, name: &str) -> bool {
    let word = format!("fn {name}(");
    code.match_indices(&word).any(|(at, _)| {
        let free = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        // What stands between the end of what was before and the function.
        let from = code[..at].rfind(['{', '}', ';']).map_or(0, |end| end + 1);
        let about = &code[from..at];
        let marked = about.contains("#[test]") || about.contains("#[tokio::test");
        let made = code[..from].trim_end().ends_with("on_both_engines! {");
        free && (marked || made) && !about.contains("#[ignore")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    const CODE: &str = "#[test]\nfn holds() {}\n#[tokio::test(flavor = \"multi_thread\")]\nasync fn it_too() {}\n\
        on_both_engines!(listed, another, beside,);\nasync fn listed(place: &P) {}\n\
        on_both_engines! {\n    async fn made(builder: B) {}\n}\n\
        fn helper() {}\n// #[test]\n// fn commented() {}\n#[test]\n#[ignore = \"slow\"]\nfn off() {}\n";

    fn found(line: &str) -> Vec<String> {
        let page = "# Policy\n\n## Limits (V2.1.3)\n\n**How many at once (V7.1.2).** As many.\n### Keys\n";
        let files = [
            (CHECKLIST, line),
            ("docs/policy.md", page),
            ("docs/other.md", "# Pages\n"),
            ("crates/a/src/lib.rs", CODE),
            ("crates/a/src/b.rs", "async fn beside(place: &P) {}\nfn unlisted(place: &P) {}\n"),
            (
                "e2e/journeys/a.test.mjs",
                "test(\"somebody signs in\", f);\ntest(\"somebody waits; and goes\", f);\n// test(\"left\", f);\n",
            ),
        ];
        let (_folder, tree) = fixture::tree(&files);
        fixture::lines(&check(&tree))
    }

    #[test]
    fn what_is_there_passes_and_other_words_are_left_alone() {
        for line in [
            "| A | *Limits* and *Keys* in `docs/policy.md`; *Withdraw* is a button | `holds` and `it_too` in `crates/a/src/lib.rs` |",
            "| B | `docs/policy.md`, *How many at once*, *Keys* | \"somebody signs in\" in `e2e/journeys/a.test.mjs` |",
            "| C | `docs/policy.md` and *this* | not shown |",
            "| D | *Keys* in `docs/policy.md`, *Pages* in `docs/other.md` | not shown |",
            "| E | `listed` in `crates/a/src/lib.rs`; `made` in `crates/a/src/lib.rs` |",
            "| F | x | `beside` in `crates/a/src/b.rs`; \"somebody waits; and goes\" in `e2e/journeys/a.test.mjs` |",
            "*Gone* in `docs/policy.md`, no line of a table",
        ] {
            assert_eq!(found(line), Vec::<String>::new(), "{line}");
        }
    }

    #[test]
    fn the_sum_is_that_of_the_lines() {
        let rows = "| V1.1.1 | x | `holds` in `crates/a/src/lib.rs` |\n| V1.1.2 | x | not shown |\n| V1.1.3 | x | not done |\n";
        let sum = "3 lines: 1 shown by a test, 1 not shown, 1 not done, 0 do not apply.\n";
        assert_eq!(found(&format!("{sum}{rows}")), Vec::<String>::new());
        let wrong = ["docs/security.md:1: the sum is not that of the lines"];
        assert_eq!(found(&format!("{sum}{rows}| V1.1.4 | x | does not apply |\n")), wrong);
    }

    #[test]
    fn a_line_names_a_test_or_says_that_there_is_none_and_the_sum_stands_there() {
        let sum = "1 lines: 1 shown by a test, 0 not shown, 0 not done, 0 do not apply.\n";
        let none = ["docs/security.md:2: no test is named"];
        for last in ["", "shown", "`holds`", "`holds` in `crates/gone.rs`", "*Limits* in `docs/policy.md`"] {
            assert_eq!(found(&format!("{sum}| V1.1.1 | x | {last} |\n")), none, "{last}");
        }
        let row = "| V1.1.1 | x | `holds` in `crates/a/src/lib.rs` |\n";
        assert_eq!(found(row), ["docs/security.md:1: there is no sum of the lines"]);
    }

    #[test]
    fn what_is_no_test_shows_nothing() {
        for name in ["helper", "commented", "off", "another", "hold"] {
            let line = format!("| A | x | `{name}` in `crates/a/src/lib.rs` |");
            assert_eq!(found(&line), [format!("docs/security.md:1: crates/a/src/lib.rs has no test {name}")]);
        }
    }

    #[test]
    fn a_heading_and_a_test_that_are_gone_are_found() {
        let line = "| A | *Limits*, *Times* in `docs/policy.md`, *Words* | `holds` and `gone` in `crates/a/src/lib.rs`; \"left\" in `e2e/journeys/a.test.mjs` |";
        assert_eq!(
            found(line),
            [
                "docs/security.md:1: docs/policy.md has no heading Times",
                "docs/security.md:1: docs/policy.md has no heading Words",
                "docs/security.md:1: crates/a/src/lib.rs has no test gone",
                "docs/security.md:1: e2e/journeys/a.test.mjs has no test left",
            ]
        );
    }
}
