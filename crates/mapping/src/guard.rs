//! What an expression may not be: too long, too deep, or able to loop. Refused when compiled, with the place and the
//! reason, because jaq cannot be interrupted while it runs.

use jaq_core::load::lex::{Lexer, StrPart, Tok, Token};
use jaq_core::load::parse::{BinaryOp, Parser, Term};
use jaq_core::load::span;
use jaq_core::path::{Part, Path};

use crate::error::MappingError;
use crate::program::MAX_OUTPUTS;

/// Longest expression in bytes.
const MAX_SOURCE: usize = 16 * 1024;
/// Deepest nesting of brackets: the parser and the evaluator recurse.
const MAX_DEPTH: usize = 48;
/// Most tokens in all.
const MAX_TOKENS: usize = 4_000;
/// Most tokens on the way from the top into the deepest bracket: operators and keywords nest without brackets, and
/// parser, compiler and evaluator recurse. Entries of an object stand beside each other and do not add up.
const MAX_NESTING: usize = 100;

const LOOPS: &str = "it can run without end";
const OUTSIDE: &str = "a mapping sees its payload and nothing else";
const UPDATES: &str = "a mapping builds a new object and does not change the payload";

/// Functions of jq that are refused by name, with the reason.
const REFUSED: &[(&str, &str)] = &[
    ("repeat", LOOPS),
    ("while", LOOPS),
    ("until", LOOPS),
    ("recurse", LOOPS),
    ("combinations", LOOPS),
    ("recurse_down", LOOPS),
    ("input", OUTSIDE),
    ("inputs", OUTSIDE),
    ("env", OUTSIDE),
    ("now", OUTSIDE),
    ("debug", OUTSIDE),
    ("stderr", OUTSIDE),
    ("input_filename", OUTSIDE),
    ("input_line_number", OUTSIDE),
    ("localtime", OUTSIDE),
    ("strflocaltime", OUTSIDE),
    ("halt", OUTSIDE),
    ("halt_error", OUTSIDE),
    ("setpath", UPDATES),
    ("del", UPDATES),
    ("delpaths", UPDATES),
    ("map_values", UPDATES),
    ("walk", UPDATES),
];

/// Parses and judges an expression.
pub(crate) fn check<'s>(file: &str, source: &'s str) -> Result<Term<&'s str>, MappingError> {
    let at = |offset, message: String, fix: &str| MappingError::at(file, source, offset, message, fix);
    if source.len() > MAX_SOURCE {
        return Err(at(0, format!("the expression is longer than {MAX_SOURCE} bytes"), "split the device profile"));
    }
    if let Some(offset) = too_deep(source) {
        return Err(at(offset, format!("brackets nest deeper than {MAX_DEPTH}"), "simplify the expression"));
    }
    let tokens = Lexer::new(source).lex().map_err(|errors| match errors.into_iter().next() {
        Some((expected, found)) => {
            at(span(source, found).start, format!("expected {}", expected.as_str()), "correct the spelling")
        }
        None => at(0, "the expression cannot be read".to_owned(), "check it against the jq manual"),
    })?;
    if count(&tokens) > MAX_TOKENS {
        return Err(at(0, format!("the expression has more than {MAX_TOKENS} tokens"), "split the device profile"));
    }
    if nesting(&tokens, false) + keywords(&tokens) > MAX_NESTING {
        let message = "the expression nests too deeply without brackets".to_owned();
        return Err(at(0, message, "make the pipelines and lists in it shorter"));
    }
    let term = Parser::new(&tokens).parse(|p| p.term()).map_err(|errors| match errors.into_iter().next() {
        Some((expected, found)) => {
            let offset = found.map_or(source.len(), |t| span(source, t.0).start);
            at(offset, format!("expected {}", expected.as_str()), "complete the expression")
        }
        None => at(0, "the expression cannot be read".to_owned(), "check it against the jq manual"),
    })?;
    judge(&term).map_err(|r| {
        let offset = r.place.map_or(0, |p| span(source, p).start);
        at(offset, format!("{} is not available in a mapping: {}", r.what, r.why), r.fix)
    })?;
    Ok(term)
}

fn too_deep(source: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (i, b) in source.bytes().enumerate() {
        match b {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(i);
        }
    }
    None
}

fn count(tokens: &[Token<&str>]) -> usize {
    let inside = |t: &Token<&str>| match &t.1 {
        Tok::Block(inner) => count(inner),
        Tok::Str(parts) => {
            parts.iter().map(|p| if let StrPart::Term(t) = p { 1 + count(std::slice::from_ref(t)) } else { 1 }).sum()
        }
        _ => 0,
    };
    tokens.iter().map(|t| 1 + inside(t)).sum()
}

/// Tokens that can nest in each other, counted along the worst way inwards.
fn nesting(tokens: &[Token<&str>], object: bool) -> usize {
    let (mut worst, mut here, mut inside) = (0, 0, 0);
    for Token(text, kind) in tokens {
        if object && *text == "," {
            (here, inside) = (0, 0);
            continue;
        }
        here += 1;
        inside = inside.max(match kind {
            Tok::Block(inner) => nesting(inner, text.starts_with('{')),
            Tok::Str(parts) => parts.iter().map(interpolation).max().unwrap_or_default(),
            _ => 0,
        });
        worst = worst.max(here + inside);
    }
    worst
}

fn interpolation(part: &StrPart<&str, Token<&str>>) -> usize {
    if let StrPart::Term(t) = part { nesting(std::slice::from_ref(t), false) } else { 0 }
}

/// Words after which a comma does not end the nesting.
fn keywords(tokens: &[Token<&str>]) -> usize {
    let inside = |t: &Token<&str>| match &t.1 {
        Tok::Block(inner) => keywords(inner),
        Tok::Str(parts) => {
            parts.iter().map(|p| if let StrPart::Term(t) = p { keywords(std::slice::from_ref(t)) } else { 0 }).sum()
        }
        _ => usize::from(["if", "elif", "try", "catch", "label", "as"].contains(&t.0)),
    };
    tokens.iter().map(inside).sum()
}

struct Refusal<'s> {
    place: Option<&'s str>,
    what: String,
    why: &'static str,
    fix: &'static str,
}

const PLAIN: &str = "write it with paths, map, select and object construction";

fn refuse<'s, T>(place: Option<&'s str>, what: &str, why: &'static str) -> Result<T, Refusal<'s>> {
    Err(Refusal { place, what: what.to_owned(), why, fix: PLAIN })
}

/// The number of results the literals alone can multiply to (what the payload multiplies is bounded by fuel).
type Fan<'s> = Result<f64, Refusal<'s>>;

fn judge<'s>(term: &Term<&'s str>) -> Fan<'s> {
    let fan = fan(term)?;
    if fan > MAX_OUTPUTS as f64 {
        return refuse(
            somewhere(term),
            "this many alternatives",
            "commas multiply to more results than a payload may have",
        );
    }
    Ok(fan)
}

fn fan<'s>(term: &Term<&'s str>) -> Fan<'s> {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Arr(None) => Ok(1.0),
        Term::Var(name) if *name == "$ENV" => refuse(Some(name), "$ENV", OUTSIDE),
        Term::Var(_) => Ok(1.0),
        Term::Str(_, parts) => {
            product(parts.iter().filter_map(|p| if let StrPart::Term(t) = p { Some(t) } else { None }))
        }
        Term::Arr(Some(inner)) => judge(inner).map(|_| 1.0),
        Term::Neg(inner) | Term::Label(_, inner) => judge(inner),
        Term::Obj(entries) => product(entries.iter().flat_map(|(k, v)| std::iter::once(k).chain(v))),
        Term::BinOp(l, op, r) => operator(l, op, r),
        Term::TryCatch(body, handler) => Ok(judge(body)? + handler.as_ref().map_or(Ok(0.0), |h| judge(h))?),
        Term::IfThenElse(branches, otherwise) => {
            let mut sum = otherwise.as_ref().map_or(Ok(1.0), |o| judge(o))?;
            for (condition, then) in branches {
                sum += judge(condition)? * judge(then)?;
            }
            Ok(sum)
        }
        Term::Fold(word, ..) => refuse(Some(word), word, "its state can grow without bound"),
        Term::Def(defs, _) => refuse(defs.first().map(|d| d.name), "def", "a definition can call itself without end"),
        Term::Call(name, arguments) => match REFUSED.iter().find(|(n, _)| n == name) {
            Some((_, why)) => refuse(Some(name), name, why),
            None => product(arguments),
        },
        Term::Path(head, Path(parts)) => {
            let mut total = judge(head)?;
            for (part, _) in parts {
                total *= match part {
                    Part::Index(i) => judge(i)?,
                    Part::Range(from, to) => product(from.iter().chain(to))?,
                };
            }
            Ok(total)
        }
    }
}

fn operator<'s>(l: &Term<&'s str>, op: &BinaryOp<&'s str>, r: &Term<&'s str>) -> Fan<'s> {
    match op {
        BinaryOp::Comma => Ok(judge(l)? + judge(r)?),
        BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => {
            refuse(somewhere(l), "assignment", UPDATES)
        }
        BinaryOp::Pipe(_) | BinaryOp::Alt | BinaryOp::Or | BinaryOp::And | BinaryOp::Math(_) | BinaryOp::Cmp(_) => {
            Ok(judge(l)? * judge(r)?)
        }
    }
}

fn product<'a, 's: 'a>(terms: impl IntoIterator<Item = &'a Term<&'s str>>) -> Fan<'s> {
    terms.into_iter().try_fold(1.0, |total: f64, t| Ok(total * judge(t)?.max(1.0)))
}

/// A piece of source inside the term, to point at.
fn somewhere<'s>(term: &Term<&'s str>) -> Option<&'s str> {
    match term {
        Term::Num(s) | Term::Var(s) | Term::Break(s) | Term::Call(s, _) | Term::Fold(s, ..) | Term::Label(s, _) => {
            Some(s)
        }
        Term::Str(_, parts) => parts.iter().find_map(|p| match p {
            StrPart::Str(s) => Some(*s),
            StrPart::Term(t) => somewhere(t),
            StrPart::Char(_) => None,
        }),
        Term::Arr(inner) => inner.as_deref().and_then(somewhere),
        Term::Neg(inner) | Term::TryCatch(inner, _) => somewhere(inner),
        Term::Obj(entries) => entries.iter().find_map(|(k, v)| somewhere(k).or_else(|| v.as_ref().and_then(somewhere))),
        Term::BinOp(l, _, r) => somewhere(l).or_else(|| somewhere(r)),
        Term::Path(head, Path(parts)) => somewhere(head).or_else(|| {
            parts.iter().find_map(|(part, _)| match part {
                Part::Index(i) => somewhere(i),
                Part::Range(from, to) => from.as_ref().or(to.as_ref()).and_then(somewhere),
            })
        }),
        Term::Id | Term::Recurse | Term::IfThenElse(..) | Term::Def(..) => None,
    }
}
