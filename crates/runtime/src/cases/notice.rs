//! `message.send`: what a process writes to the applicant.

use serde_json::{Map, Value, json};
use svod_kernel::{Lang, Timestamp, Urn};
use svod_model::{Attribute, AttributeValue, Entity};
use svod_registry::{Action, Change, Operation};
use svod_text::{Arg, Texts, format_date};

use super::deed::Deed;
use super::operations::{Answer, Refused, refused, text};
use super::{CaseError, Key};

/// What stands about a text that exists in several languages: the text by language tag.
const TRANSLATIONS: &str = "translations";

/// What an entity says in an attribute, in the reader's language where it is kept in several.
pub fn said<'e>(entity: &'e Entity, name: &str, lang: Lang) -> Option<&'e str> {
    let attribute = entity.attributes.get(name)?;
    let translated = match attribute.about.get(TRANSLATIONS).map(|a| &a.value) {
        Some(AttributeValue::Languages(all)) => all.get(lang.tag()).and_then(Value::as_str),
        _ => None,
    };
    translated.or_else(|| entity.text(name))
}

impl Deed<'_> {
    /// Writes to the applicant of the case, from the body that answers for it.
    pub(super) async fn write(
        &mut self,
        key: Key,
        token: u64,
        input: &Map<String, Value>,
    ) -> Result<Answer, CaseError> {
        let Some((root, case)) = self.root_case(key).await? else {
            return Ok(Err(refused("the process has no case")));
        };
        let Some(person) = case.attributes.get("person") else {
            if self.lost(root, &case).await? {
                // Nobody reads it. The case goes on.
                return Ok(Ok([("message".to_owned(), Value::Null)].into_iter().collect()));
            }
            return Ok(Err(refused("the case is nobody's: there is no applicant to write to")));
        };
        let texts = self.cases.registry.catalogue().texts.clone();
        let said =
            match written(&texts, input, "text").and_then(|said| said.ok_or_else(|| refused("'text' is missing"))) {
                Ok(said) => said,
                Err(e) => return Ok(Err(e)),
            };
        let urn = match Urn::svod("casemessage", &format!("{}-{}-{token}", key.0, key.1)) {
            Ok(urn) => urn,
            Err(e) => return Ok(Err(refused(e.to_string()))),
        };
        let mut message = Entity::new(urn.clone(), "CaseMessage", case.space.clone())
            .with("case", Attribute::object(case.id.clone()))
            .with("person", person.clone())
            .with("from", Attribute::property("body"))
            .with("author", Attribute::property(self.cases.process.id.as_str()))
            .with("text", said)
            .with("sentAt", Attribute::property(self.now.to_string()));
        if let Some(body) = case.attributes.get("body") {
            message = message.with("body", body.clone());
        }
        self.changes.push(Change::verb(Operation::Create(message), Action::Create, "write").by(&self.cases.process));
        self.tell(key, json!({"wrote": urn, "token": token})).await?;
        Ok(Ok([("message".to_owned(), Value::from(urn.as_str()))].into_iter().collect()))
    }
}

/// What an input says to people: a text, or `@key` of the packs' texts with `values`, kept in every language. None for nothing.
pub(super) fn written(texts: &Texts, input: &Map<String, Value>, name: &str) -> Result<Option<Attribute>, Refused> {
    let Some(said) = text(input, name)?.filter(|t| !t.trim().is_empty()) else { return Ok(None) };
    // What somebody has written themselves may begin so as well.
    let word = |key: &&str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    match said.strip_prefix('@').filter(word) {
        Some(key) if texts.has(Lang::default(), key) => Ok(Some(in_all_languages(texts, key, input.get("values")))),
        Some(key) => Err(refused(format!("there is no text '{key}' in the locales of the packs"))),
        None => Ok(Some(Attribute::property(said))),
    }
}

/// A value of a text, as that language writes it: a day such as `2026-01-31` is written as people write days.
fn spoken(value: &Value, lang: Lang) -> Arg<'static> {
    match value {
        Value::Number(n) => Arg::Number(n.as_f64().unwrap_or_default()),
        Value::String(text) => Arg::from(day(text).map_or_else(|| text.clone(), |at| format_date(lang, at, 0))),
        Value::Null => Arg::from(String::new()),
        other => Arg::from(other.to_string()),
    }
}

/// The day that a text is, and nothing beside it.
fn day(text: &str) -> Option<Timestamp> {
    let sign = |(i, b): (usize, u8)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() };
    let is_day = text.len() == 10 && text.bytes().enumerate().all(sign);
    if is_day { format!("{text}T00:00:00Z").parse().ok() } else { None }
}

/// A text of the packs, kept as it is now: what was written stays when the pack says it otherwise.
fn in_all_languages(texts: &Texts, key: &str, values: Option<&Value>) -> Attribute {
    let given: Vec<(&String, &Value)> = values.and_then(Value::as_object).into_iter().flatten().collect();
    let in_lang = |lang| {
        let args: Vec<(&str, Arg<'_>)> =
            given.iter().map(|(name, value)| (name.as_str(), spoken(value, lang))).collect();
        texts.format(lang, key, &args)
    };
    let all = Lang::ALL.map(|lang| (lang.tag().to_owned(), Value::from(in_lang(lang))));
    let mut said = Attribute::property(in_lang(Lang::default()));
    let translations = Attribute { value: AttributeValue::Languages(all.into_iter().collect()), ..said.clone() };
    said.about.insert(TRANSLATIONS.to_owned(), translations);
    said
}
