//! `register.number`: the next number of a register, given once. It is taken before the command that uses it: one that comes to
//! nothing leaves a hole and never a double.

use serde_json::{Map, Value, json};
use svod_kernel::Timestamp;
use svod_model::ServiceTerm;
use svod_store::meta;

use super::clock::service_of;
use super::deed::Deed;
use super::operations::{Answer, Refused, refused, text};
use super::{CaseError, Key};

/// Longest name of a register, and longest pattern, in bytes.
const LONGEST: usize = 100;
/// Most digits that a number is filled up to.
const MOST_DIGITS: usize = 12;
/// The pattern where none is given.
const PLAIN: &str = "{n}";

/// How a number is written: what stands before it and behind it, and its digits at the least.
#[derive(Debug, PartialEq, Eq)]
struct Pattern {
    before: String,
    digits: usize,
    behind: String,
}

impl Pattern {
    /// `42-17-{yyyy}-{n:6}` at a moment by the clocks of the case.
    fn parse(pattern: &str, at: Timestamp) -> Result<Self, Refused> {
        let wrong =
            || refused("'pattern' is a text with {n} or {n:6} once, and {yyyy} or {yy}, of 100 bytes at the most");
        if pattern.len() > LONGEST {
            return Err(wrong());
        }
        let year: String = at.to_string().chars().take(4).collect();
        let dated = pattern.replace("{yyyy}", &year).replace("{yy}", year.get(2..).unwrap_or_default());
        let (before, rest) = dated.split_once("{n").ok_or_else(wrong)?;
        let (width, behind) = rest.split_once('}').ok_or_else(wrong)?;
        let digits = match width.strip_prefix(':') {
            None if width.is_empty() => 1,
            None => return Err(wrong()),
            Some(digits) => digits.parse().ok().filter(|d| (1..=MOST_DIGITS).contains(d)).ok_or_else(wrong)?,
        };
        if [before, behind].iter().any(|part| part.contains(['{', '}'])) {
            return Err(wrong());
        }
        Ok(Self { before: before.to_owned(), digits, behind: behind.to_owned() })
    }

    fn written(&self, number: i64) -> String {
        format!("{}{number:0digits$}{}", self.before, self.behind, digits = self.digits)
    }

    /// What is counted for itself: each year, each district that the pattern names.
    fn series(&self) -> String {
        format!("{}#{}", self.before, self.behind)
    }
}

impl Deed<'_> {
    /// The next number of a register of the top-level space of the case.
    pub(super) async fn register_number(&mut self, key: Key, input: &Map<String, Value>) -> Result<Answer, CaseError> {
        let at = self.now.plus_seconds(i64::from(self.offset_of(key).await?));
        let asked = || -> Result<(String, Pattern), Refused> {
            let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            let register = text(input, "register")?.ok_or_else(|| refused("'register' is missing"))?;
            if register.is_empty() || register.len() > LONGEST || !register.chars().all(word) {
                return Err(refused("'register' is a word of small letters, digits and '-', such as building-permits"));
            }
            let pattern = text(input, "pattern")?;
            Ok((register, Pattern::parse(pattern.as_deref().unwrap_or(PLAIN), at)?))
        };
        let (register, pattern) = match asked() {
            Ok(asked) => asked,
            Err(e) => return Ok(Err(e)),
        };
        let top = self.take(key).await?.space.top();
        let space = self.cases.registry.spaces().get(&top).map(|s| s.id);
        let space = space.ok_or(svod_registry::CommandError::UnknownSpace(top))?;
        let name = format!("number/{register}/{}", pattern.series());
        let number = self.cases.store.write(move |conn| meta::count(conn, space, &name)).await?;
        let answer = json!({"number": pattern.written(number), "n": number});
        Ok(Ok(answer.as_object().cloned().unwrap_or_default()))
    }

    /// Clocks by which a day begins for a case, seconds ahead of UTC: those of its space, else of the calendar of its service,
    /// else UTC.
    pub(super) async fn offset_of(&mut self, key: Key) -> Result<i32, CaseError> {
        let catalogue = self.cases.registry.catalogue();
        let Some((root, case)) = self.root_case(key).await? else {
            let held = self.take(key).await?;
            return Ok(catalogue.clocks.offset(&held.space).unwrap_or_default());
        };
        let programs = self.take(root).await?.programs.clone();
        let term = service_of(&case, &programs).map_or(&ServiceTerm::Seconds(0), |s| &s.term);
        Ok(catalogue.clocks.of_term(Some(&case.space), term))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_pattern_says() {
        let at: Timestamp = "2026-12-31T23:00:00Z".parse().unwrap();
        let written = |pattern: &str, n| Pattern::parse(pattern, at).map(|p| p.written(n)).ok();
        assert_eq!(written("42-17-{yyyy}-{n:6}", 123).as_deref(), Some("42-17-2026-000123"));
        assert_eq!(written("{n}/{yy}", 1_234_567).as_deref(), Some("1234567/26"));
        assert_eq!(written("№ {n:2}", 123).as_deref(), Some("№ 123"), "more digits than asked for");
        for wrong in ["", "x", "{n", "{n:0}", "{n:13}", "{n:x}", "{nn}", "{n}{n}", "{n}-{mm}", "}{n}", &"x".repeat(101)]
        {
            assert_eq!(written(wrong, 1), None, "{wrong}");
        }
        let series = |pattern: &str| Pattern::parse(pattern, at).map(|p| p.series()).unwrap_or_default();
        assert_ne!(series("42-{yyyy}-{n}"), series("43-{yyyy}-{n}"));
        assert_eq!(series("42-{yyyy}-{n}"), series("42-{yyyy}-{n:6}"), "filled up or not, it is one row of numbers");
    }
}
