//! Type selection (clause 4.17): `A,B` or `(A;B)|C`.

use svod_query::{ScopeExpr, Types};

use crate::context::Context;
use crate::error::{Answer, ApiError};

/// A reader of `a,b;c|d(…)` over leaves of any kind.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    what: &'static str,
}

enum Tree {
    Leaf(String),
    Any(Vec<Tree>),
    All(Vec<Tree>),
}

impl Reader<'_> {
    fn take(&mut self, tokens: &[char]) -> bool {
        let found = self.text[self.at..].starts_with(tokens);
        if found {
            self.at += 1;
        }
        found
    }

    fn any(&mut self, depth: usize) -> Answer<Tree> {
        let mut all = vec![self.all(depth)?];
        while self.take(&[',', '|']) {
            all.push(self.all(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Tree::Any(all) })
    }

    fn all(&mut self, depth: usize) -> Answer<Tree> {
        let mut all = vec![self.one(depth)?];
        while self.take(&[';']) {
            all.push(self.one(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Tree::All(all) })
    }

    fn one(&mut self, depth: usize) -> Answer<Tree> {
        if depth < 16 && self.take(&['(']) {
            let inner = self.any(depth + 1)?;
            return if self.take(&[')']) { Ok(inner) } else { Err(self.fault()) };
        }
        let rest = &self.text[self.at..];
        let end = rest.find([',', '|', ';', '(', ')']).unwrap_or(rest.len());
        let word = rest[..end].trim();
        if word.is_empty() {
            return Err(self.fault());
        }
        self.at += end;
        Ok(Tree::Leaf(word.to_owned()))
    }

    fn fault(&self) -> ApiError {
        let shown: String = self.text.chars().take(80).collect();
        ApiError::bad(format!("'{shown}' cannot be read as {}", self.what))
    }
}

fn tree(text: &str, what: &'static str) -> Answer<Tree> {
    let mut r = Reader { text, at: 0, what };
    let tree = r.any(0)?;
    if r.at == text.len() { Ok(tree) } else { Err(r.fault()) }
}

/// Reads a type selection.
///
/// # Errors
/// When it cannot be read.
pub fn parse(text: &str, context: &Context) -> Answer<Types> {
    fn build(t: Tree, context: &Context) -> Answer<Types> {
        Ok(match t {
            Tree::Leaf(word) => {
                crate::parse::named(&word)?;
                Types::Is(context.name(&word))
            }
            Tree::Any(all) => Types::Or(all.into_iter().map(|t| build(t, context)).collect::<Answer<_>>()?),
            Tree::All(all) => Types::And(all.into_iter().map(|t| build(t, context)).collect::<Answer<_>>()?),
        })
    }
    if text.trim() == "*" {
        return Ok(Types::Any);
    }
    build(tree(text, "a type selection such as A,B or (A;B)|C")?, context)
}

/// Reads a scope query (clause 4.19): `/Madrid/#,/Paris`.
///
/// # Errors
/// When it cannot be read.
pub fn scopes(text: &str) -> Answer<ScopeExpr> {
    fn build(t: Tree) -> Answer<ScopeExpr> {
        Ok(match t {
            Tree::Leaf(word) => ScopeExpr::Is(word.parse().map_err(ApiError::bad)?),
            Tree::Any(all) => ScopeExpr::Any(all.into_iter().map(build).collect::<Answer<_>>()?),
            Tree::All(all) => ScopeExpr::All(all.into_iter().map(build).collect::<Answer<_>>()?),
        })
    }
    build(tree(text, "a scope query such as /Madrid/#,/Paris")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selections_are_read_as_written() {
        let c = Context::default();
        let fits = |text: &str, kinds: &[&str]| parse(text, &c).unwrap().fits(kinds);
        assert!(fits("A,B", &["B"]) && fits("(A;B)|C", &["B", "A"]) && fits("(A;B),C", &["C"]));
        assert!(!fits("A;B", &["A"]) && fits("*", &["X"]));
        for bad in ["", "A,", "(A", "A)", "A;;B"] {
            assert!(parse(bad, &c).is_err(), "{bad}");
        }
        assert!(scopes("/a/#|/b").unwrap().fits(&["/a/x".to_owned()]));
        for text in ["/#", "/a/+/c", "(/a/#,/b)", "(/a;(/b,/c/#))"] {
            assert_eq!(scopes(text).unwrap().to_string(), text, "written as it was read");
        }
    }
}
