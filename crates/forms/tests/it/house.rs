//! A house around a form: lists, registers, what the graph holds.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use svod_forms::{
    Around, Choice, Draft, FieldError, FieldView, FileRef, Filled, Form, Item, Lists, Prefill, Refused, Sent, Shown,
    View,
};
use svod_kernel::{Lang, Timestamp};
use svod_text::Texts;

pub const FAMILY: &str = include_str!("../../fixtures/family.json");

pub struct House {
    pub texts: Texts,
    pub prefill: Prefill,
    pub lists: Lists,
    pub inputs: Map<String, Value>,
    pub lang: Lang,
}

impl House {
    pub fn new() -> Self {
        let ftl = "form-yes = Yes\nform-no = No\nfamily-applicant = Applicant\nfamily-answer-yes = Yes, I do\nhello = Hello, { $name }\nenum-Benefit-veteran = Veteran\n";
        let texts = Texts::new(Lang::ALL.map(|lang| (lang, "house.ftl".into(), ftl.into()))).unwrap();
        let graph = |value: Value| Filled { value, source: "Register of acts".into(), as_of: None };
        let prefill = [
            ("applicant.familyName", json!("Иванова")),
            ("applicant.birthDate", json!("1990-12-31")),
            ("applicant.email", json!("a@b.kz")),
        ];
        let lists = Lists {
            codes: [("Benefit".into(), vec!["veteran".into(), "invalid".into()])].into(),
            addresses: [("urn:a:1".into(), "ул. Мира, 1".into()), ("urn:a:2".into(), "ул. Мира, 2".into())].into(),
            ..Lists::default()
        };
        Self {
            texts,
            prefill: prefill.into_iter().map(|(path, value)| (path.to_owned(), graph(value))).collect(),
            lists,
            inputs: [("norm".to_owned(), json!(10_000))].into_iter().collect(),
            lang: Lang::En,
        }
    }

    pub fn around(&self) -> Around<'_> {
        Around {
            lang: self.lang,
            texts: &self.texts,
            now: "2026-11-23T20:00:00Z".parse::<Timestamp>().unwrap(),
            offset_hours: 7,
            prefill: &self.prefill,
            lists: &self.lists,
            inputs: &self.inputs,
        }
    }
}

pub fn parse(json: &str) -> Form {
    Form::parse("form.json", json).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// A form of these components.
pub fn of(components: Value) -> Form {
    parse(&json!({"type": "default", "components": components}).to_string())
}

pub fn typed(pairs: &[(&str, &str)]) -> BTreeMap<String, Vec<String>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, text) in pairs {
        out.entry((*name).to_owned()).or_default().push((*text).to_owned());
    }
    out
}

pub fn accept(
    form: &Form,
    house: &House,
    page: Option<&str>,
    draft: &Draft,
    pairs: &[(&str, &str)],
) -> Result<Draft, Box<Refused>> {
    form.accept(page, draft, Sent::Typed(&typed(pairs)), &house.around())
}

/// Name and rule of each error.
pub fn rules(errors: &[FieldError]) -> Vec<(&str, &str)> {
    errors.iter().map(|e| (e.name.as_str(), e.rule)).collect()
}

pub fn fields(view: &View) -> Vec<&FieldView> {
    fn walk<'v>(items: &'v [Item], out: &mut Vec<&'v FieldView>) {
        for item in items.iter().filter(|i| !i.is_hidden()) {
            match &item.shown {
                Shown::Field(field) => out.push(field),
                Shown::Group { items, .. } => walk(items, out),
                Shown::Repeat { items, .. } => items.iter().for_each(|i| walk(i, out)),
                _ => {}
            }
        }
    }
    let mut out = Vec::new();
    walk(&view.items, &mut out);
    out
}

pub fn field<'v>(view: &'v View, name: &str) -> &'v FieldView {
    let all = fields(view);
    let names: Vec<&str> = all.iter().map(|f| f.name.as_str()).collect();
    let at = names.iter().position(|n| *n == name).unwrap_or_else(|| panic!("{name} is not among {names:?}"));
    all[at]
}

pub fn names(view: &View) -> Vec<&str> {
    fields(view).iter().map(|f| f.name.as_str()).collect()
}

pub fn file(name: &str) -> FileRef {
    FileRef { file: format!("urn:file:{name}"), name: name.into(), media: "application/pdf".into(), size: 12 }
}

pub fn choice(value: &str, label: &str) -> Choice {
    Choice { value: value.into(), label: label.into() }
}
