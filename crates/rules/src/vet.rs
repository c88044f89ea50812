//! What a FEEL expression may not be, so that it always ends and always gives the same result.

use crate::error::RuleError;

/// Longest expression in bytes.
const MAX_TEXT: usize = 4_096;
/// Longest in the full profile.
const MAX_FULL_TEXT: usize = 16_384;
/// Deepest nesting: the evaluator recurses.
const MAX_DEPTH: usize = 32;

/// Minus signs at the most: the evaluator takes twice as long for each when what it subtracts from is null (found by fuzzing).
const MAX_MINUS: usize = 12;

/// What a rule may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Single values in, always the same time out: no iteration, no function, no clock. What readings run through.
    Strict,
    /// All of FEEL but the clock.
    Full,
    /// All of FEEL; `now` and `today` are what the caller says.
    Timed,
}

/// Judges one expression.
pub(crate) fn expression(file: &str, line: Option<usize>, text: &str, profile: Profile) -> Result<(), RuleError> {
    let fail =
        |message: &str, fix: &str| Err(RuleError::new(file, line, format!("{message} in: {}", excerpt(text)), fix));
    if text.len() > if profile == Profile::Strict { MAX_TEXT } else { MAX_FULL_TEXT } {
        return fail("the expression is too long", "split it over several rules or decisions");
    }
    let pieces = pieces(text);
    if pieces.iter().filter(|p| **p == "-").count() > MAX_MINUS {
        return fail("something is subtracted too often", "split it over several rules or decisions");
    }
    let operators = |p: &&&str| matches!(**p, "<" | ">" | "=" | "!");
    // `list<context<a: string>>` and `function<>` are types.
    let generic = |pair: &[&str]| pair[1] == "<" && matches!(pair[0], "list" | "context" | "range" | "function");
    let typed = profile != Profile::Strict && pieces.windows(2).any(generic);
    for at in 0..pieces.len() {
        let run: String = pieces[at..].iter().take_while(operators).take(3).copied().collect();
        // The evaluator would take `>= = 1` and compare nothing.
        if run.len() > 1 && !typed && !matches!(run.as_str(), "<=" | ">=" | "!=") {
            return fail(&format!("no operator is written '{run}'"), "write one of <, <=, >, >=, =, !=");
        }
    }
    let mut depth = 0usize;
    let mut prefixes = 0usize;
    for (i, piece) in pieces.iter().enumerate() {
        match *piece {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        prefixes = if *piece == "-" { prefixes + 1 } else { 0 };
        if depth > MAX_DEPTH || prefixes > MAX_DEPTH {
            return fail("the expression nests too deeply", "split it over several rules or decisions");
        }
        let next = pieces.get(i + 1).copied();
        let then = pieces.get(i + 2).copied();
        match (*piece, next, then) {
            ("now" | "today", Some("("), _) if profile != Profile::Timed => {
                return fail("the clock is read", "pass the time as an input");
            }
            _ if profile != Profile::Strict => {}
            ("function", Some("("), _) | ("external", _, _) => {
                return fail("a function is defined", "write the expression out, or make it a decision of its own");
            }
            ("for" | "some" | "every", Some(_), Some("in")) => {
                return fail("an iteration", "inputs are single values: write one rule for each case");
            }
            _ => {}
        }
    }
    Ok(())
}

/// Words and symbols outside of string literals.
pub(crate) fn pieces(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if c == '"' {
            string_length(rest)
        } else if c.is_alphanumeric() || c == '_' {
            rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len())
        } else {
            c.len_utf8()
        };
        let (piece, tail) = rest.split_at(length);
        if c != '"' && !c.is_whitespace() {
            out.push(piece);
        }
        rest = tail;
    }
    out
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return i + 1,
            _ => {}
        }
    }
    text.len()
}

fn excerpt(text: &str) -> String {
    text.trim().chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges() {
        for good in
            ["-", ">= 1.0", "\"now() for x in\"", "[1..5]", "not(\"a\", \"b\")", "a - b", "today - 1", "a<=b", "!= 2"]
        {
            assert!(expression("f", None, good, Profile::Strict).is_ok(), "{good}");
        }
        for bad in [
            "now()",
            "a > today ( )",
            "for i in 1..9 return i",
            "some x in [1] satisfies x",
            "function(x) x",
            ">= = 1",
            "a == 1",
            "<> 1",
        ] {
            assert!(expression("f", None, bad, Profile::Strict).is_err(), "{bad}");
        }
        for deep in ["(".repeat(40), "-".repeat(40), " ".repeat(5_000), format!("item{}", "-1".repeat(13))] {
            assert!(expression("f", None, &deep, Profile::Strict).is_err());
        }
    }
}
