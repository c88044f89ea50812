//! What attributes of one entity must be to each other: the `rules` of the metamodel, FEEL compiled once.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use svod_kernel::{FieldError, Lang};
use svod_model::{AttributeKind, AttributeType, AttributeValue, Entity, EntityRule, Metamodel, Pack, PackError, Range};
use svod_rules::{Feel, Input, Inputs};

use crate::command::CommandError;
use crate::desk::Desk;
use crate::view::View;

/// Words of FEEL and of its functions, which are no attributes.
const LANGUAGE: &str = "and or not if then else in between null true false instance of date time duration years months days \
    year month day hour minute second weekday string length number abs floor ceiling modulo min max sum mean upper lower case \
    substring before after contains starts ends with matches concat count list append is defined empty";

/// By type, those that it inherits included.
#[derive(Default)]
pub(crate) struct Rules(BTreeMap<String, Vec<Arc<Compiled>>>);

/// One rule, ready to be asked.
struct Compiled {
    id: String,
    /// What it names.
    attributes: Vec<AttributeType>,
    condition: Feel,
}

impl Rules {
    /// Those of all types; what is wrong with one, or with an entity of a pack that breaks one, is added to the errors.
    pub fn compile(packs: &[&Pack], metamodel: &Metamodel, errors: &mut Vec<PackError>) -> Self {
        let mut own: BTreeMap<(&str, &str), Arc<Compiled>> = BTreeMap::new();
        for (pack, rule) in
            packs.iter().flat_map(|p| p.model.types.values().flat_map(|t| &t.rules).map(move |r| (p, r)))
        {
            let Some(kind) = metamodel.types.get(&rule.class) else { continue };
            match Compiled::of(rule, &kind.attributes) {
                Ok(done) => drop(own.insert((&rule.class, &rule.id), Arc::new(done))),
                Err((message, fix)) => {
                    errors.push(fault(
                        pack,
                        ("rule", &format!("{}.{}", rule.class, rule.id)),
                        "bad-rule",
                        message,
                        fix,
                    ));
                }
            }
        }
        let of = |r: &EntityRule| own.get(&(r.class.as_str(), r.id.as_str())).cloned();
        let ruled = metamodel.types.values().filter(|t| !t.rules.is_empty());
        let all = Self(ruled.map(|t| (t.name.clone(), t.rules.iter().filter_map(of).collect())).collect());
        for (pack, entity) in packs.iter().flat_map(|p| p.entities.iter().map(move |e| (p, e))) {
            for (rule, why) in all.broken(None, entity) {
                let message = format!("{}: rule '{}' does not hold{why}", entity.id, rule.id);
                errors.push(fault(pack, ("entity", entity.id.as_str()), "bad-rule", message, rule.named()));
            }
        }
        all
    }

    /// Which do not hold, each with the reason where it could not be told. What an entity was like before it may stay.
    fn broken<'r>(
        &'r self,
        before: Option<&'r Entity>,
        new: &'r Entity,
    ) -> impl Iterator<Item = (&'r Compiled, String)> {
        let all = self.0.get(&new.kind).into_iter().flatten();
        let touched = move |rule: &&Arc<Compiled>| {
            let of = |e: &'r Entity, a: &AttributeType| e.attributes.get(&a.name).map(|a| &a.value);
            before.is_none_or(|old| old.kind != new.kind || rule.attributes.iter().any(|a| of(old, a) != of(new, a)))
        };
        all.filter(touched).filter_map(|rule| match rule.condition.holds(&rule.inputs(new)) {
            Ok(true) => None,
            Ok(false) => Some((rule.as_ref(), String::new())),
            Err(e) => Some((rule.as_ref(), format!(": {}", e.message))),
        })
    }
}

impl Compiled {
    /// Compiles; the error is what is wrong and what to do.
    fn of(rule: &EntityRule, known: &BTreeMap<String, AttributeType>) -> Result<Self, (String, String)> {
        let mut attributes: Vec<AttributeType> = Vec::new();
        for word in Feel::words(&rule.condition) {
            match known.get(word) {
                Some(a) if attributes.iter().any(|b| b.name == a.name) => {}
                Some(a) => attributes.push(a.clone()),
                None if LANGUAGE.split_whitespace().any(|w| w == word) => {}
                None => {
                    let fix = "name attributes of the class, and words of FEEL that take single values";
                    return Err((format!("'{word}' is no attribute of {}", rule.class), fix.into()));
                }
            }
        }
        let many = |a: &&AttributeType| {
            a.multivalued || a.kind != AttributeKind::Fact || matches!(a.range, Range::Point | Range::Geometry)
        };
        if let Some(a) = attributes.iter().find(many) {
            return Err((format!("'{}' is no single fact", a.name), "name attributes that hold one value".into()));
        }
        let Some(first) = attributes.first() else {
            return Err(("it names no attribute".into(), "write a condition over attributes of the class".into()));
        };
        // Else a refusal would tell who may write one of them what the other is.
        if let Some(other) = attributes.iter().find(|a| a.class != first.class) {
            let message = format!("'{}' and '{}' are not of one class of secrecy", first.name, other.name);
            return Err((message, "name attributes that the same people may read".into()));
        }
        let names: Vec<&str> = attributes.iter().map(|a| a.name.as_str()).collect();
        let condition = Feel::compile(&rule.condition, &names).map_err(|e| (e.message, e.fix))?;
        let whole = attributes.iter().fold(Inputs::new(), |all, a| all.with(a.name.as_str(), sample(a)));
        match condition.evaluate(&whole) {
            Ok(Value::Bool(_)) => Ok(Self { id: rule.id.clone(), attributes, condition }),
            Ok(other) => {
                let message = format!("it is {other} where all attributes are there, neither true nor false");
                Err((message, "compare values of one kind; end with 'else true' where nothing is asked".into()))
            }
            Err(e) => Err((format!("where all attributes are there {}", e.message), e.fix)),
        }
    }

    fn inputs(&self, entity: &Entity) -> Inputs {
        let of = |a: &AttributeType| entity.attributes.get(&a.name).map_or(Input::Null, |given| input(a, &given.value));
        self.attributes.iter().fold(Inputs::new(), |all, a| all.with(a.name.as_str(), of(a)))
    }

    fn named(&self) -> String {
        let names: Vec<&str> = self.attributes.iter().map(|a| a.name.as_str()).collect();
        format!("change one of {}", names.join(", "))
    }
}

/// A value that has been validated, as rules see it.
fn input(a: &AttributeType, value: &AttributeValue) -> Input {
    match value {
        AttributeValue::Value(Value::String(s)) if a.range == Range::Datetime => Input::Moment(s.clone()),
        AttributeValue::Value(v) => Input::from_json(v).unwrap_or(Input::Null),
        AttributeValue::Object(urn) => Input::Text(urn.to_string()),
        _ => Input::Null,
    }
}

/// A value of the kind that the attribute has.
fn sample(a: &AttributeType) -> Input {
    match a.range {
        Range::Integer => Input::Integer(1),
        Range::Float => Input::Number(1.0),
        Range::Boolean => Input::Bool(true),
        Range::Datetime => Input::Moment("2026-01-15T01:00:00Z".into()),
        _ => Input::Text("a".into()),
    }
}

fn fault(pack: &Pack, (kind, id): (&'static str, &str), rule: &str, message: String, fix: String) -> PackError {
    let (file, position) = pack.origins.find(kind, id, "");
    PackError { file: format!("{}/{file}", pack.manifest.id), position, rule: rule.into(), message, fix }
}

/// Refuses an entity whose attributes do not fit together. What it was like before the rule came may stay until it is changed.
pub(crate) fn check(desk: &Desk<'_>, view: &View, new: &Entity) -> Result<(), CommandError> {
    if view.is_open(&new.space) {
        return Ok(());
    }
    let before = desk.slot(&new.id).and_then(|s| s.now.as_deref());
    let errors: Vec<FieldError> =
        view.catalogue.rules.broken(before, new).map(|(rule, why)| said(view, rule, &why)).collect();
    if errors.is_empty() { Ok(()) } else { Err(CommandError::Invalid { urn: new.id.clone(), errors }) }
}

/// The rule's own text says what must be so.
fn said(view: &View, rule: &Compiled, why: &str) -> FieldError {
    let names: Vec<&str> = rule.attributes.iter().map(|a| a.name.as_str()).collect();
    let text = view.catalogue.texts.format(Lang::En, &format!("rule-{}", rule.id), &[]);
    FieldError { field: names.join(", "), rule: rule.id.clone(), fix: format!("{text}{why}") }
}

#[cfg(test)]
mod tests {
    use svod_model::Attribute;

    use super::*;

    const MODEL: &str = r#"
id: https://example.org/t
name: t
classes:
  Work:
    attributes:
      since: {range: datetime}
      until: {range: datetime}
      cost: {range: float}
      paid: {range: float}
      done: {range: boolean}
      hidden: {range: float, annotations: {svod_class: internal}}
      words: {multivalued: true}
    rules:
      - title: ends-later
        annotations: {svod_condition: "until >= since"}
      - title: paid-when-done
        annotations: {svod_condition: "if done = true then paid != null else true"}
  Repair:
    is_a: Work
"#;

    fn compiled(model: &str) -> (Rules, Vec<PackError>) {
        let files = [("pack.yaml", "id: t\nversion: 0.1.0\nowner: urn:t:o\n"), ("model/t.yaml", model)];
        let source = svod_model::PackSource { files: files.map(|(p, t)| (p.to_owned(), t.to_owned())).into() };
        let pack = svod_model::parse_pack(&source).unwrap();
        let metamodel = Metamodel::merge(&[&pack]).unwrap();
        let mut errors = Vec::new();
        (Rules::compile(&[&pack], &metamodel, &mut errors), errors)
    }

    fn work(kind: &str, given: &[(&str, Value)]) -> Entity {
        let entity = Entity::new("urn:t:w".parse().unwrap(), kind, "t".parse().unwrap());
        given.iter().fold(entity, |e, (name, v)| e.with(name, Attribute::property(v.clone())))
    }

    fn broken(before: Option<&Entity>, new: &Entity) -> Vec<String> {
        let (rules, errors) = compiled(MODEL);
        assert_eq!(errors, []);
        rules.broken(before, new).map(|(r, why)| format!("{}{why}", r.id)).collect()
    }

    #[test]
    fn what_does_not_fit_together_is_found_in_heirs_as_well() {
        let late = ("until", Value::from("2026-01-15T01:00:00.5Z"));
        let early = ("since", Value::from("2026-01-15T01:00:00Z"));
        assert!(broken(None, &work("Work", &[early.clone(), late.clone()])).is_empty());
        let turned = [("since", late.1.clone()), ("until", early.1.clone())];
        for kind in ["Work", "Repair"] {
            assert_eq!(broken(None, &work(kind, &turned)), ["ends-later"]);
        }
        assert_eq!(broken(None, &work("Work", &[("done", true.into())])), ["paid-when-done"]);
        assert!(broken(None, &work("Work", &[("done", true.into()), ("paid", 1.5.into())])).is_empty());
    }

    #[test]
    fn what_cannot_be_told_holds() {
        assert!(broken(None, &work("Work", &[("until", "2026-01-15T01:00:00Z".into())])).is_empty());
        assert!(broken(None, &work("Work", &[])).is_empty());
    }

    #[test]
    fn what_was_so_before_may_stay() {
        let turned = [("since", "2026-01-16T01:00:00Z".into()), ("until", "2026-01-15T01:00:00Z".into())];
        let old = work("Work", &turned);
        assert!(broken(Some(&old), &old.clone().with("cost", Attribute::property(3))).is_empty());
        let moved = old.clone().with("until", Attribute::property("2026-01-14T01:00:00Z"));
        assert_eq!(broken(Some(&old), &moved), ["ends-later"]);
    }

    #[test]
    fn rules_that_are_none_are_refused_with_their_line_and_reason() {
        for (condition, reason) in [
            ("untill >= since", "'untill' is no attribute of Work"),
            ("until >= cost", "where all attributes are there 'until >= cost' fails"),
            ("until", "neither true nor false"),
            ("until >= ", "cannot be read"),
            ("count(words) > 1", "'words' is no single fact"),
            ("cost > hidden", "'cost' and 'hidden' are not of one class of secrecy"),
            ("now() > since", "'now' is no attribute"),
            ("1 = 1", "it names no attribute"),
        ] {
            let (_, errors) = compiled(&MODEL.replace("until >= since", condition));
            let [one] = errors.as_slice() else { panic!("{condition}: {errors:?}") };
            let place = (one.file.as_str(), one.position.line, one.rule.as_str());
            assert_eq!(place, ("t/model/t.yaml", 16, "bad-rule"), "{condition}");
            assert!(one.message.contains(reason), "{condition}: {}", one.message);
        }
    }
}
