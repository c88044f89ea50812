//! The part of FEEL that the server's engine and form-js's share, and what must be written otherwise for the server's
//! to say the same: it finds nothing equal to null on the left, and counts null as one thing.

use std::collections::BTreeSet;

/// Functions that give the same on both sides.
const FUNCTIONS: [&str; 17] = [
    "abs",
    "ceiling",
    "contains",
    "count",
    "ends with",
    "floor",
    "list contains",
    "lower case",
    "mean",
    "not",
    "starts with",
    "string length",
    "substring",
    "substring after",
    "substring before",
    "sum",
    "upper case",
];

/// Words of the language, which are nobody's names.
const KEYWORDS: [&str; 17] = [
    "and",
    "or",
    "if",
    "then",
    "else",
    "in",
    "between",
    "return",
    "satisfies",
    "for",
    "some",
    "every",
    "not",
    "true",
    "false",
    "null",
    "item",
];

/// What expressions in repeats call the item and what is around it.
pub(crate) const ITEM_NAMES: [&str; 4] = ["this", "parent", "_this_", "_parent_"];

/// An expression is not written longer than this for the server.
const MOST: usize = 12_000;
/// Parentheses in parentheses.
const DEPTH: usize = 16;

type Refusal = (String, String);

/// A word, a sign or a text in quotes, with the spaces before it.
#[derive(Debug, Clone, Copy)]
struct Token<'t> {
    space: &'t str,
    text: &'t str,
}

impl Token<'_> {
    fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        let body = rest.trim_start();
        let (space, from) = rest.split_at(rest.len() - body.len());
        if from.is_empty() {
            return out;
        }
        let length = length(from);
        let (token, tail) = from.split_at(length);
        out.push(Token { space, text: token });
        rest = tail;
    }
}

fn length(text: &str) -> usize {
    let first = text.chars().next().map_or(1, char::len_utf8);
    let while_ = |is: fn(char) -> bool| text.find(|c| !is(c)).unwrap_or(text.len());
    if text.starts_with('"') {
        let mut escaped = false;
        for (at, c) in text.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => return at + 1,
                _ => {}
            }
        }
        return text.len();
    }
    if text.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        let whole = while_(|c| c.is_alphanumeric() || c == '_');
        // The digits behind a point belong to the number; two points are a range.
        let digits = text.starts_with(|c: char| c.is_ascii_digit());
        let fraction = text[whole..].strip_prefix('.').map_or(0, |f| f.bytes().take_while(u8::is_ascii_digit).count());
        return if digits && fraction > 0 { whole + 1 + fraction } else { whole };
    }
    match text.get(..2) {
        Some("<=" | ">=" | "!=" | "**" | "..") => 2,
        _ => first,
    }
}

/// Refuses what the two sides would read differently.
pub(crate) fn check(text: &str) -> Result<(), Refusal> {
    let refuse = |what: String, fix: &str| Err((what, fix.to_owned()));
    let tokens = tokens(text);
    let at = |i: Option<usize>| i.and_then(|i| tokens.get(i)).map_or("", |t| t.text);
    for (i, token) in tokens.iter().enumerate() {
        let (before, two_before) = (at(i.checked_sub(1)), at(i.checked_sub(2)));
        match token.text {
            "now" | "today" if at(Some(i + 1)) == "(" => {
                let fix = "let a field have the time, or use disallowPassedDates";
                return refuse(format!("{}() is another moment in the browser", token.text), fix);
            }
            "@" => return refuse("a literal with @".into(), "days are texts here: compare with \"2026-01-31\""),
            ".." => return refuse("a range".into(), "write between … and …, or >= and <="),
            "?" => return refuse("a ? stands for nothing here".into(), "name the field"),
            "function" | "external" => return refuse("a function is defined".into(), "write the expression out"),
            "instance" if at(Some(i + 1)) == "of" => {
                return refuse("instance of".into(), "ask for the value, not for its type");
            }
            "(" if matches!(before, "sum" | "mean") && has_comma(&tokens[i + 1..]) => {
                return refuse(format!("{before}() of several values"), "give it one list: sum([a, b])");
            }
            "(" if i > 0 && tokens[i - 1].is_word() && (!KEYWORDS.contains(&before) || before == "not") => {
                let two = format!("{two_before} {before}");
                if !FUNCTIONS.contains(&before) && !FUNCTIONS.contains(&two.as_str()) {
                    let fix = format!("use one of: {}", FUNCTIONS.join(", "));
                    return refuse(format!("{before}() may differ between server and browser"), &fix);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// True when the parenthesis that was opened before holds several things.
fn has_comma(tokens: &[Token<'_>]) -> bool {
    let mut depth = 0_usize;
    for token in tokens {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth == 0 => return false,
            ")" | "]" | "}" => depth -= 1,
            "," if depth == 0 => return true,
            _ => {}
        }
    }
    false
}

/// The names of an expression: every word that is neither of the language nor of a function. Names of forms have no
/// spaces and no signs, so that each of them is one.
pub(crate) fn names(text: &str) -> BTreeSet<String> {
    named(&tokens(text)).into_iter().map(|(_, name)| name.to_owned()).collect()
}

/// Where each name stands among the tokens.
fn named<'t>(tokens: &[Token<'t>]) -> Vec<(usize, &'t str)> {
    let mut function = vec![false; tokens.len()];
    for (i, _) in tokens.iter().enumerate().filter(|(_, t)| t.text == "(") {
        let Some(last) = i.checked_sub(1).filter(|l| tokens[*l].is_word()) else { continue };
        function[last] = true;
        if let Some(first) = last.checked_sub(1)
            && FUNCTIONS.contains(&format!("{} {}", tokens[first].text, tokens[last].text).as_str())
        {
            function[first] = true;
        }
    }
    let own = tokens.iter().zip(function).enumerate();
    own.filter(|(_, (t, f))| !f && t.is_word() && !KEYWORDS.contains(&t.text)).map(|(i, (t, _))| (i, t.text)).collect()
}

/// The places that an expression looks at: each name with the steps behind it. What stands around an item is counted from the top:
/// `parent.city` may be `city`.
pub(crate) fn paths(text: &str) -> BTreeSet<Vec<String>> {
    let tokens = tokens(text);
    let at = |i: usize| tokens.get(i).map_or("", |t| t.text);
    let mut out = BTreeSet::new();
    for (start, name) in named(&tokens) {
        if start > 0 && at(start - 1) == "." {
            continue;
        }
        let (mut path, mut next) = (vec![name.to_owned()], start + 1);
        while at(next) == "." && tokens.get(next + 1).is_some_and(Token::is_word) {
            path.push(at(next + 1).to_owned());
            next += 2;
        }
        let own = path.iter().take_while(|step| ITEM_NAMES.contains(&step.as_str())).count();
        path.drain(..own);
        if !path.is_empty() {
            out.insert(path);
        }
    }
    out
}

/// What stands in a condition that is `not(…)` and nothing else.
pub(crate) fn denied(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("not")?.trim_start().strip_prefix('(')?.strip_suffix(')')?;
    let mut depth = 0_i32;
    for token in tokens(inner) {
        match token.text {
            "(" => depth += 1,
            ")" => depth -= 1,
            "," if depth == 0 => return None,
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    Some(inner)
}

/// A token, or what stands in parentheses with them.
enum Node<'t> {
    Token(Token<'t>),
    Group(Token<'t>, Vec<Node<'t>>, &'t str),
}

impl Node<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Token(token) => token.text,
            Self::Group(open, ..) => open.text,
        }
    }
}

/// The expression as the server's engine must read it.
pub(crate) fn rewritten(text: &str) -> Result<String, Refusal> {
    let tokens = tokens(text);
    let mut at = 0;
    let nodes = nodes(&tokens, &mut at, 0)?;
    if at < tokens.len() {
        return Err(("a bracket too many".into(), "check the brackets".into()));
    }
    let mut out = String::new();
    list(&nodes, &mut out)?;
    Ok(out)
}

fn nodes<'t>(tokens: &[Token<'t>], at: &mut usize, depth: usize) -> Result<Vec<Node<'t>>, Refusal> {
    if depth > DEPTH {
        return Err(("brackets stand too deep in one another".into(), "split it over several fields".into()));
    }
    let mut out = Vec::new();
    while let Some(token) = tokens.get(*at) {
        match token.text {
            "(" | "[" | "{" => {
                *at += 1;
                let inner = nodes(tokens, at, depth + 1)?;
                let Some(close) = tokens.get(*at) else {
                    return Err(("a bracket is not closed".into(), "close it".into()));
                };
                out.push(Node::Group(*token, inner, close.text));
            }
            ")" | "]" | "}" => return Ok(out),
            _ => out.push(Node::Token(*token)),
        }
        *at += 1;
    }
    Ok(out)
}

/// Ends what stands on a side of a comparison.
fn ends(node: &Node<'_>) -> bool {
    matches!(node, Node::Token(t) if matches!(t.text, "," | ":" | "and" | "or" | "if" | "then" | "else" | "satisfies" | "return"))
}

fn list(nodes: &[Node<'_>], out: &mut String) -> Result<(), Refusal> {
    let mut from = 0;
    for (at, node) in nodes.iter().enumerate() {
        if ends(node) {
            compared(&nodes[from..at], out)?;
            one(node, out)?;
            from = at + 1;
        }
    }
    compared(&nodes[from..], out)
}

/// `a = b` becomes "where a is null, is b null? else a = b".
fn compared(nodes: &[Node<'_>], out: &mut String) -> Result<(), Refusal> {
    let compares = |n: &&Node<'_>| matches!(n, Node::Token(t) if matches!(t.text, "=" | "!=" | "<" | ">" | "<=" | ">=" | "in" | "between"));
    let at = nodes.iter().position(|n| matches!(n.text(), "=" | "!="));
    let Some(at) = at.filter(|at| *at > 0 && at + 1 < nodes.len() && nodes.iter().filter(compares).count() == 1) else {
        return run(nodes, out);
    };
    let (mut left, mut right) = (String::new(), String::new());
    run(&nodes[..at], &mut left)?;
    run(&nodes[at + 1..], &mut right)?;
    let sign = nodes[at].text();
    out.push_str(&format!(" (if ({left}) = null then ({right}) {sign} null else ({left}) {sign} ({right}))"));
    bounded(out)
}

fn run(nodes: &[Node<'_>], out: &mut String) -> Result<(), Refusal> {
    for (at, node) in nodes.iter().enumerate() {
        match (node.text(), nodes.get(at + 1), at.checked_sub(1).map(|before| nodes[before].text())) {
            // Written with what is counted.
            ("count", Some(Node::Group(open, ..)), _) if open.text == "(" => {}
            ("(", _, Some("count")) => counted(node, out)?,
            _ => one(node, out)?,
        }
    }
    bounded(out)
}

/// Null has no number of things.
fn counted(node: &Node<'_>, out: &mut String) -> Result<(), Refusal> {
    let mut body = String::new();
    one(node, &mut body)?;
    out.push_str(&format!(" (if {body} = null then null else count{body})"));
    Ok(())
}

fn one(node: &Node<'_>, out: &mut String) -> Result<(), Refusal> {
    match node {
        Node::Token(token) => {
            out.push_str(token.space);
            out.push_str(token.text);
        }
        Node::Group(open, inner, close) => {
            out.push_str(open.space);
            out.push_str(open.text);
            list(inner, out)?;
            out.push_str(close);
        }
    }
    Ok(())
}

fn bounded(out: &str) -> Result<(), Refusal> {
    if out.len() <= MOST {
        return Ok(());
    }
    Err(("comparisons stand too deep in one another".into(), "split it over several fields".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_the_language() {
        let found =
            names("if string length(name) > 2 and list contains(this.tags, \"and x\") then a.b + c_1 else null");
        let expected = ["a", "b", "c_1", "name", "tags", "this"];
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn places_are_told_with_their_steps() {
        let found =
            paths("not(this.kind = \"a.b\") and parent.home.city != x and count(list[item.y > 1.5].z) > 0 and parent");
        let found: Vec<String> = found.into_iter().map(|p| p.join(".")).collect();
        assert_eq!(found, ["home.city", "kind", "list", "x"]);
    }

    #[test]
    fn comparisons_are_written_out() {
        assert_eq!(rewritten("a > 1.5").unwrap(), "a > 1.5");
        assert!(check("x in [1..5]").is_err() && check("sum(a, b)").is_err() && check("sum([a, b])").is_ok());
        assert!(rewritten("a = \"=\"").unwrap().contains("(if (a) = null then ( \"=\") = null else (a) = ( \"=\"))"));
        assert_eq!(rewritten("count + count[1]").unwrap(), "count + count[1]");
        assert_eq!(rewritten("count(x)").unwrap(), " (if (x) = null then null else count(x))");
        assert!(rewritten("a)").is_err() && rewritten("(a").is_err());
        assert_eq!(denied(" not( a = 1 ) "), Some(" a = 1 "));
        assert_eq!(denied("not(a) and (b)"), None);
        assert_eq!(denied("nothing"), None);
    }
}
