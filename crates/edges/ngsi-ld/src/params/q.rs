//! The query language of clause 4.9: `speed>50;(brand=="Mercedes"|brand.by==urn:x:bob)`.

use svod_query::{Compare, Filter, Operand, Operation, Path};

use crate::context::Context;
use crate::error::{Answer, ApiError};

/// Longest query.
const MAX_TEXT: usize = 8_192;
/// Deepest nesting of parentheses.
const MAX_DEPTH: usize = 32;
/// Largest compiled regular expression, bytes.
const MAX_PATTERN: usize = 1 << 18;

/// Reads a query.
///
/// # Errors
/// What is wrong, and where.
pub fn parse(text: &str, context: &Context) -> Answer<Filter> {
    if text.len() > MAX_TEXT {
        return Err(ApiError::bad(format!("q is longer than {MAX_TEXT} characters")));
    }
    let mut p = Parser { text, at: 0, context };
    let filter = p.any(0)?;
    match p.rest() {
        "" => Ok(filter),
        rest => Err(p.fault(&format!("nothing is expected at '{}'", shown(rest)))),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    context: &'a Context,
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn fault(&self, what: &str) -> ApiError {
        ApiError::bad(format!("q, character {}: {what}", self.text[..self.at].chars().count() + 1))
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn any(&mut self, depth: usize) -> Answer<Filter> {
        let mut all = vec![self.all(depth)?];
        while self.take("|") {
            all.push(self.all(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Filter::Any(all) })
    }

    fn all(&mut self, depth: usize) -> Answer<Filter> {
        let mut all = vec![self.term(depth)?];
        while self.take(";") {
            all.push(self.term(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Filter::All(all) })
    }

    fn term(&mut self, depth: usize) -> Answer<Filter> {
        if depth > MAX_DEPTH {
            return Err(self.fault("too many parentheses inside each other"));
        }
        if self.take("(") {
            let inner = self.any(depth + 1)?;
            return if self.take(")") { Ok(inner) } else { Err(self.fault("')' is missing")) };
        }
        let missing = self.take("!");
        let path = self.path()?;
        if missing {
            return Ok(Filter::Missing(path));
        }
        let operations = [
            ("==", Operation::Equal),
            ("!=", Operation::NotEqual),
            ("!~=", Operation::NotMatch),
            ("~=", Operation::Match),
            (">=", Operation::GreaterEqual),
            ("<=", Operation::LessEqual),
            (">", Operation::Greater),
            ("<", Operation::Less),
        ];
        let Some((_, operation)) = operations.into_iter().find(|(token, _)| self.take(token)) else {
            return Ok(Filter::Exists(path));
        };
        let operands = self.operands(operation)?;
        Ok(Filter::Compare(Compare { path, operation, operands }))
    }

    fn name(&mut self) -> Answer<String> {
        let end = self.rest().find(|c: char| ".[]{}=!<>~;|()\",".contains(c) || c.is_whitespace());
        let mut name = &self.rest()[..end.unwrap_or(self.rest().len())];
        // An IRI holds dots: it ends where a comparison or a bracket begins.
        if name.contains("://") || name.starts_with("urn:") {
            let end = self.rest().find(|c: char| "[]{}=!<>~;|()\"".contains(c) || c.is_whitespace());
            name = &self.rest()[..end.unwrap_or(self.rest().len())];
        }
        if name.is_empty() {
            return Err(self.fault("the name of an attribute is missing"));
        }
        self.at += name.len();
        Ok(name.to_owned())
    }

    fn path(&mut self) -> Answer<Path> {
        let term = self.name()?;
        let mut path = Path::attribute(&self.context.name(&term));
        if self.take("{") {
            let kind = self.type_hint();
            let inner = self.path()?;
            if !self.take("}") {
                return Err(self.fault("'}' is missing"));
            }
            path.linked = Some(Box::new((kind, inner)));
            return Ok(path);
        }
        while self.take(".") {
            let term = self.name()?;
            path.about.push(self.context.name(&term));
        }
        if self.take("[") {
            let end = self.rest().find(']').ok_or_else(|| self.fault("']' is missing"))?;
            path.inside = self.rest()[..end].split('.').map(str::to_owned).collect();
            if path.inside.iter().any(String::is_empty) {
                return Err(self.fault("a name inside [ ] is missing"));
            }
            self.at += end + 1;
        }
        Ok(path)
    }

    /// `Type:` before the path of a related entity.
    fn type_hint(&mut self) -> String {
        let rest = self.rest();
        let end = rest.find(|c: char| ":.[]{}".contains(c)).unwrap_or(rest.len());
        let word = &rest[..end];
        let iri = rest[end..].starts_with("://") || word == "urn";
        if word.is_empty() || iri || !rest[end..].starts_with(':') {
            return String::new();
        }
        self.at += end + 1;
        self.context.name(word)
    }

    fn operands(&mut self, operation: Operation) -> Answer<Vec<Operand>> {
        if matches!(operation, Operation::Match | Operation::NotMatch) {
            return Ok(vec![self.pattern()?]);
        }
        let mut all = Vec::new();
        loop {
            let from = self.operand()?;
            let one = if self.take("..") {
                let to = self.operand()?;
                if std::mem::discriminant(&from) != std::mem::discriminant(&to) {
                    return Err(self.fault("both ends of a range must be of one kind"));
                }
                Operand::Range(Box::new(from), Box::new(to))
            } else {
                from
            };
            all.push(one);
            if !self.take(",") {
                break;
            }
        }
        let ordered = !matches!(operation, Operation::Equal | Operation::NotEqual);
        if ordered && (all.len() > 1 || matches!(all[0], Operand::Range(..) | Operand::Bool(_))) {
            return Err(self.fault("this comparison takes one number, text or moment"));
        }
        Ok(all)
    }

    fn quoted(&mut self) -> Answer<Option<String>> {
        if !self.take("\"") {
            return Ok(None);
        }
        let mut out = String::new();
        let mut chars = self.rest().char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return Ok(Some(out));
                }
                '\\' => match chars.next() {
                    Some((_, c @ ('"' | '\\'))) => out.push(c),
                    Some((_, c)) => out.extend(['\\', c]),
                    None => break,
                },
                c => out.push(c),
            }
        }
        Err(self.fault("the closing quotation mark is missing"))
    }

    fn operand(&mut self) -> Answer<Operand> {
        if let Some(text) = self.quoted()? {
            return Ok(match svod_query::keys::moment_of(&text) {
                Some(at) => Operand::Moment(at),
                None => Operand::Text(text),
            });
        }
        let rest = self.rest();
        let end = rest.find([';', '|', ')', ',', '"']).unwrap_or(rest.len());
        let end = rest[..end].find("..").unwrap_or(end);
        let word = &rest[..end];
        if word.is_empty() {
            return Err(self.fault("a value is missing"));
        }
        self.at += end;
        if let Some(at) = svod_query::keys::moment_of(word) {
            return Ok(Operand::Moment(at));
        }
        match word {
            "true" => return Ok(Operand::Bool(true)),
            "false" => return Ok(Operand::Bool(false)),
            _ => {}
        }
        match word.parse::<f64>() {
            Ok(n) if n.is_finite() && word.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) => {
                Ok(Operand::Number(n))
            }
            _ if word.contains(':') || is_date(word) => Ok(Operand::Text(word.to_owned())),
            // A term, for attributes that `expandValues` names.
            _ if word.chars().all(|c| c.is_alphanumeric() || c == '_') && word.starts_with(char::is_alphabetic) => {
                Ok(Operand::Text(word.to_owned()))
            }
            _ => Err(self.fault(&format!("'{}' is no value: texts stand in quotation marks", shown(word)))),
        }
    }

    fn pattern(&mut self) -> Answer<Operand> {
        let text = match self.quoted()? {
            Some(text) => text,
            None => {
                let rest = self.rest();
                let end = rest.find([';', '|']).unwrap_or(rest.len());
                self.at += end;
                rest[..end].to_owned()
            }
        };
        let built = regex::RegexBuilder::new(&text).size_limit(MAX_PATTERN).build();
        let pattern = built.map_err(|_| self.fault("the regular expression cannot be read"))?;
        Ok(Operand::Pattern(Box::new(pattern)))
    }
}

fn is_date(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    parts.len() == 3 && parts.iter().all(|p| p.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Answer<Filter> {
        parse(text, &Context::default())
    }

    #[test]
    fn reads_what_the_standard_writes() {
        for good in [
            "brandName",
            "!brandName",
            "speed>50;brandName!=\"Mercedes\"",
            "(speed>50|rpm>3000);brandName==\"Mercedes\"",
            "speed==10..20",
            "color==\"black\",\"red\"",
            "isParked==urn:ngsi-ld:OffStreetParking:Downtown1",
            "address[city]==\"Tallinn.\"",
            "sensor.rawdata[airquality.particulate]==40",
            "temperature.observedAt>=2017-12-24T12:00:00Z",
            "name~=\"^Mer.*\"",
            "name!~=\"x\"",
            "isParked{OffStreetParking:availableSpotNumber}>10",
            "managedBy{name}==\"Pisa Tower\"",
            "a{b{T:c}}",
            "https://uri.fiware.org/ns/speed>3",
            "on==true",
        ] {
            assert!(read(good).is_ok(), "{good}: {:?}", read(good).err());
        }
        for bad in [
            "",
            "speed>",
            ">5",
            "speed==ab c",
            "(speed>5",
            "speed>5)",
            "speed>1..2",
            "a==\"x",
            "name~=\"(\"",
            ";",
            "a==1;;b==2",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn and_binds_closer_than_or() {
        let Ok(Filter::Any(all)) = read("a;b|c") else { panic!("an or outside") };
        assert!(matches!(&all[0], Filter::All(two) if two.len() == 2) && matches!(all[1], Filter::Exists(_)));
        let Ok(Filter::Compare(c)) = read("a.b.c[d.e]==\"2026-01-15T01:00:00Z\"") else { panic!("a comparison") };
        assert_eq!((c.path.about.len(), c.path.inside.len()), (2, 2));
        assert!(matches!(c.operands[0], Operand::Moment(_)));
    }
}
