//! How the answer is to look: `options`, `format`, `pick`, `omit`, `lang`, `datasetId`.

use crate::context::Context;
use crate::error::{Answer, ApiError};
use crate::render::{Form, Mode, Picked};
use crate::request::Asked;

/// Words of `options` and `format` that say how an answer looks, and others that are known.
const KNOWN: [&str; 14] = [
    "normalized",
    "concise",
    "simplified",
    "keyValues",
    "sysAttrs",
    "temporalValues",
    "aggregatedValues",
    "noOverwrite",
    "update",
    "replace",
    "upsert",
    "system",
    "includeSysAttrs",
    "audit",
];

/// Reads the form of the answer.
///
/// # Errors
/// When a word is unknown, or a member is both picked and omitted.
pub fn parse(asked: &Asked, context: &Context) -> Answer<Form> {
    let mut form = Form::default();
    for word in asked.words("options").iter().chain(&asked.words("format")) {
        match word.as_str() {
            "concise" => form.mode = Mode::Concise,
            "keyValues" | "simplified" => form.mode = Mode::Simplified,
            "sysAttrs" => form.sys_attrs = true,
            other if KNOWN.contains(&other) => {}
            other => return Err(ApiError::invalid(format!("the option '{other}' is unknown"))),
        }
    }
    form.lang = languages(asked.param("lang").unwrap_or_default());
    form.datasets = datasets(asked.words("datasetId"))?;
    form.pick = picked(asked.param("pick"), context)?;
    form.omit = picked(asked.param("omit"), context)?;
    let both = form.pick.iter().find(|p| p.inner.is_empty() && form.omit.contains(p));
    if let Some(p) = both {
        return Err(ApiError::bad(format!("'{}' is both picked and omitted", context.write(&p.name))));
    }
    if asked.param("attrs").is_some() && (asked.param("pick").is_some() || asked.param("omit").is_some()) {
        return Err(ApiError::bad("'attrs' does not go with 'pick' or 'omit'"));
    }
    // `attrs` also chooses what is shown; identifier and type stay.
    for name in asked.words("attrs") {
        crate::parse::named(&name)?;
        form.pick.push(Picked { name: context.name(&name), inner: Vec::new() });
    }
    if asked.param("attrs").is_some() && !form.pick.is_empty() {
        for name in ["id", "type", "scope"] {
            form.pick.push(Picked { name: name.into(), inner: Vec::new() });
        }
    }
    Ok(form)
}

impl Form {
    /// Members of a `Query` document that say how the answer looks (clause 5.2.23).
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn of_document(&mut self, body: &serde_json::Value, context: &Context) -> Answer<()> {
        let words = |key: &str| {
            let all = body.get(key).and_then(serde_json::Value::as_array)?;
            Some(all.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join(","))
        };
        self.pick.extend(picked(words("pick").as_deref(), context)?);
        self.omit.extend(picked(words("omit").as_deref(), context)?);
        if let Some(attrs) = words("attrs") {
            self.pick.extend(picked(Some(&attrs), context)?);
            self.pick.extend(["id", "type", "scope"].map(|n| Picked { name: n.into(), inner: Vec::new() }));
        }
        if let Some(lang) = body.get("lang").and_then(serde_json::Value::as_str) {
            self.lang = languages(lang);
        }
        Ok(())
    }
}

/// Identifiers of datasets; `@none` is the default one.
///
/// # Errors
/// When one is no URI.
pub fn datasets(named: Vec<String>) -> Answer<Vec<String>> {
    match named.iter().find(|d| *d != "@none" && d.parse::<svod_kernel::Urn>().is_err()) {
        Some(other) => Err(ApiError::bad(format!("the datasetId '{other}' is no URI"))),
        None => Ok(named),
    }
}

/// Languages by preference (RFC 9110, 12.5.4).
pub fn languages(text: &str) -> Vec<String> {
    let mut all: Vec<(f32, String)> = Vec::new();
    for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let (tag, q) = part.split_once(";q=").map_or((part, 1.0), |(t, q)| (t, q.parse().unwrap_or(0.0)));
        all.push((q, tag.to_owned()));
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    all.into_iter().map(|(_, tag)| tag).collect()
}

/// `a,b{c,d{e}}` (clause 4.21).
///
/// # Errors
/// When it cannot be read.
pub fn picked(text: Option<&str>, context: &Context) -> Answer<Vec<Picked>> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let mut at = 0;
    let all = list(text, &mut at, context, 0)?;
    if at == text.len() { Ok(all) } else { Err(unreadable(text)) }
}

fn unreadable(text: &str) -> ApiError {
    let shown: String = text.chars().take(80).collect();
    ApiError::bad(format!("'{shown}' is no list of members such as name,speed or isParked{{name}}"))
}

fn list(text: &str, at: &mut usize, context: &Context, depth: usize) -> Answer<Vec<Picked>> {
    let mut all = Vec::new();
    loop {
        let rest = &text[*at..];
        let end = rest.find([',', '{', '}', '|']).unwrap_or(rest.len());
        let word = rest[..end].trim();
        if word.is_empty() || depth > 8 {
            return Err(unreadable(text));
        }
        crate::parse::named(word)?;
        *at += end;
        let mut inner = Vec::new();
        if text[*at..].starts_with('{') {
            *at += 1;
            inner = list(text, at, context, depth + 1)?;
            if !text[*at..].starts_with('}') {
                return Err(unreadable(text));
            }
            *at += 1;
        }
        let name = if matches!(word, "id" | "type" | "scope") { word.to_owned() } else { context.name(word) };
        all.push(Picked { name, inner });
        if !text[*at..].starts_with([',', '|']) {
            return Ok(all);
        }
        *at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_nest() {
        let all = picked(Some("name,isParked{id,at{x}}"), &Context::default()).unwrap();
        assert_eq!((all.len(), all[1].inner.len(), all[1].inner[1].inner[0].name.as_str()), (2, 2, "x"));
        for bad in ["", "a,", "a{b", "a}", ",a", "a b"] {
            assert!(picked(Some(bad), &Context::default()).is_err(), "{bad}");
        }
        assert_eq!(languages("fr;q=0.5, en, *;q=0.1"), ["en", "fr", "*"]);
    }
}
