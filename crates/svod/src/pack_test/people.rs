//! Who acts in a situation, and what stands for whom: `{case}`, `{anna}`, `{case.number}`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};
use serde_json::Value;
use svod_kernel::{Actor, Role, Urn};
use svod_runtime::plain;

use super::stage::Stage;

impl Stage {
    /// What a name or an identifier stands for.
    pub fn urn(&self, said: &str) -> anyhow::Result<Urn> {
        if let Some(known) = self.names.get(said) {
            return Ok(known.clone());
        }
        said.parse().with_context(|| format!("'{said}' is no URN and no name; {}", self.known()))
    }

    fn known(&self) -> String {
        let names: Vec<&str> = self.names.keys().map(String::as_str).collect();
        format!("names so far: {}", if names.is_empty() { "none".to_owned() } else { names.join(", ") })
    }

    /// Who acts in a step: a persona or a person (`as` or `by`), in the post of a persona (`post`), for another (`for`).
    pub async fn actor(&self, step: &Value) -> anyhow::Result<Actor> {
        let word = |key: &str| step.get(key).and_then(Value::as_str);
        let who = word("as").or_else(|| word("by")).context("'as' is missing: say who acts")?;
        let person = self.names.get(who).cloned().or_else(|| who.parse().ok());
        let Some(person) = person else { return self.persona(who).await };
        if let Some(post) = word("post") {
            return Ok(Actor { id: person.to_string(), ..self.persona(post).await? });
        }
        let mut actor = Actor { id: person.to_string(), name: "citizen".to_owned(), ..Actor::anonymous() };
        actor.roles = BTreeSet::from([Role::Citizen]);
        if let Some(other) = word("for") {
            let other = self.urn(other)?;
            let all = self.core.trust.mandates_of(&person).await?;
            let chain = all.into_iter().map(|(chain, _)| chain).find(|c| c.last().is_some_and(|l| l.person == other));
            actor.on_behalf = chain.with_context(|| {
                format!("'{who}' has no mandate for {other}; put an entity of type Mandate into 'given'")
            })?;
        }
        Ok(actor)
    }

    /// A persona, as it signs in.
    pub async fn persona(&self, name: &str) -> anyhow::Result<Actor> {
        let token = self.core.identity.mint(name, 3600).with_context(|| {
            let all = self.core.identity.personas();
            let all: Vec<&str> = all.iter().map(|p| p.id.as_str()).collect();
            format!("'{name}' is nobody; personas: {}; {}", all.join(", "), self.known())
        })?;
        Ok(self.core.identity.authenticate(&token).await?)
    }

    /// A step with what its references stand for.
    pub async fn filled(&self, value: &Value) -> anyhow::Result<Value> {
        let mut wanted = BTreeSet::new();
        references(value, &mut wanted);
        let mut known = BTreeMap::new();
        for reference in wanted {
            let said = self.stands_for(&reference).await?;
            known.insert(reference, said);
        }
        Ok(if known.is_empty() { value.clone() } else { replaced(value, &known) })
    }

    async fn stands_for(&self, reference: &str) -> anyhow::Result<String> {
        let (name, attribute) = reference.split_once('.').map_or((reference, None), |(n, a)| (n, Some(a)));
        let Some(urn) = self.names.get(name) else { bail!("'{{{name}}}' stands for nothing; {}", self.known()) };
        let Some(attribute) = attribute else { return Ok(urn.to_string()) };
        match plain(&self.entity(urn).await?).get(attribute) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => Ok(other.to_string()),
            None => bail!("{urn} has no '{attribute}'"),
        }
    }
}

/// A text in pieces: words, and references between braces.
fn pieces(text: &str) -> Vec<Result<&str, &str>> {
    let is_name = |inner: &str| {
        inner.starts_with(|c: char| c.is_ascii_lowercase())
            && inner.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
    };
    let (mut out, mut rest, mut from) = (Vec::new(), text, 0);
    while let Some(open) = rest[from..].find('{').map(|at| at + from) {
        let close = rest[open..].find('}').map(|at| at + open);
        match close.map(|close| (&rest[open + 1..close], close)) {
            Some((inner, close)) if is_name(inner) => {
                out.push(Ok(&rest[..open]));
                out.push(Err(inner));
                (rest, from) = (&rest[close + 1..], 0);
            }
            _ => from = open + 1,
        }
    }
    out.push(Ok(rest));
    out
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => found.extend(pieces(text).into_iter().filter_map(Result::err).map(str::to_owned)),
        Value::Array(items) => items.iter().for_each(|v| references(v, found)),
        Value::Object(map) => map.values().for_each(|v| references(v, found)),
        _ => {}
    }
}

fn replaced(value: &Value, known: &BTreeMap<String, String>) -> Value {
    let said = |piece: Result<&str, &str>| match piece {
        Ok(words) => words.to_owned(),
        Err(name) => known.get(name).cloned().unwrap_or_default(),
    };
    match value {
        Value::String(text) => pieces(text).into_iter().map(said).collect::<String>().into(),
        Value::Array(items) => items.iter().map(|v| replaced(v, known)).collect(),
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), replaced(v, known))).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_found_and_replaced() {
        let value = json!({"a": "{case}", "b": ["to {anna.phone}, {x y} and {", {"c": "{\"n\": 1}"}]});
        let mut found = BTreeSet::new();
        references(&value, &mut found);
        assert_eq!(found, BTreeSet::from(["anna.phone".to_owned(), "case".to_owned()]));
        let known = [("case".to_owned(), "urn:1".to_owned()), ("anna.phone".to_owned(), "7".to_owned())].into();
        let filled = replaced(&value, &known);
        assert_eq!(filled, json!({"a": "urn:1", "b": ["to 7, {x y} and {", {"c": "{\"n\": 1}"}]}));
    }
}
