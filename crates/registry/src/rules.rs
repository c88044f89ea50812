//! What attributes of one entity must be to each other: the `rules` of the metamodel, FEEL compiled once.

use std::collections::BTreeMap;

use serde_json::Value;
use svod_kernel::{Actor, FieldError, Lang};
use svod_model::{
    AttributeKind, AttributeType, AttributeValue, Entity, EntityRule, EntityType, Metamodel, Pack, PackError, Range,
};
use svod_rules::{Feel, Input, Inputs, Temporal};

use crate::command::{Change, CommandError, Operation};
use crate::desk::Desk;
use crate::view::View;

/// Words of FEEL and of its functions, which are no attributes.
const LANGUAGE: &str = "and or not if then else in between null true false instance of date time duration years months days \
    year month day hour minute second weekday string length number abs floor ceiling modulo min max sum mean upper lower case \
    substring before after contains starts ends with matches concat count list append is defined empty";

/// By type, those that it inherits included.
#[derive(Default)]
pub(crate) struct Rules(BTreeMap<String, Vec<Compiled>>);

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
        let mut all = Self::default();
        // For each heir anew: its attributes may be of other classes of secrecy.
        for (kind, rule) in metamodel.types.values().flat_map(|t| t.rules.iter().map(move |r| (t, r))) {
            match Compiled::of(rule, kind) {
                Ok(done) => all.0.entry(kind.name.clone()).or_default().push(done),
                Err(_) if kind.name != rule.class && is_bad(rule, metamodel) => {}
                Err((message, fix)) => {
                    let Some(pack) = packs.iter().find(|p| p.manifest.id == kind.pack) else { continue };
                    let own = format!("{}.{}", rule.class, rule.id);
                    let place =
                        if kind.name == rule.class { ("rule", own.as_str()) } else { ("class", kind.name.as_str()) };
                    errors.push(fault(pack, place, "bad-rule", message, fix));
                }
            }
        }
        for (pack, entity) in packs.iter().flat_map(|p| p.entities.iter().map(move |e| (p, e))) {
            for rule in all.touched(None, entity).filter(|rule| !rule.holds(entity)) {
                let message = format!("{}: rule '{}' does not hold", entity.id, rule.id);
                errors.push(fault(pack, ("entity", entity.id.as_str()), "bad-rule", message, rule.named()));
            }
        }
        all
    }

    /// Those about what is another now. What an entity was like before it may stay.
    fn touched<'r>(&'r self, before: Option<&'r Entity>, new: &'r Entity) -> impl Iterator<Item = &'r Compiled> {
        let all = self.0.get(&new.kind).into_iter().flatten();
        let changed = move |old: &Entity, rule: &Compiled| rule.attributes.iter().any(|a| is_other(a, old, new));
        all.filter(move |rule| before.is_none_or(|old| old.kind != new.kind || changed(old, rule)))
    }
}

/// Has the attribute another value?
fn is_other(a: &AttributeType, old: &Entity, new: &Entity) -> bool {
    let of = |e: &Entity| e.attributes.get(&a.name).map(|a| a.value.clone());
    of(old) != of(new)
}

/// Is it wrong where it stands already?
fn is_bad(rule: &EntityRule, metamodel: &Metamodel) -> bool {
    metamodel.types.get(&rule.class).is_some_and(|kind| Compiled::of(rule, kind).is_err())
}

impl Compiled {
    /// Compiles; the error is what is wrong and what to do.
    fn of(rule: &EntityRule, kind: &EntityType) -> Result<Self, (String, String)> {
        let known = &kind.attributes;
        let mut attributes: Vec<AttributeType> = Vec::new();
        for word in Feel::words(&rule.condition) {
            match known.get(word) {
                Some(a) if attributes.iter().any(|b| b.name == a.name) => {}
                Some(a) => attributes.push(a.clone()),
                None if LANGUAGE.split_whitespace().any(|w| w == word) => {}
                None => {
                    let fix = "name attributes of the class, and words of FEEL that take single values";
                    return Err((format!("'{word}' is no attribute of {}", kind.name), fix.into()));
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
            let message =
                format!("'{}' and '{}' of {} are not of one class of secrecy", first.name, other.name, kind.name);
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

    /// What goes wrong is the log's: the reason has the values in it.
    fn holds(&self, entity: &Entity) -> bool {
        self.condition.holds(&self.inputs(entity)).unwrap_or_else(|_| {
            tracing::warn!(rule = self.id, urn = %entity.id, "a rule cannot be worked out");
            false
        })
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

/// A moment as FEEL's date and time; what is none counts as null.
fn moment(text: &str) -> Input {
    Temporal::date_time(text).map_or(Input::Null, Input::Temporal)
}

/// A value that has been validated, as rules see it.
fn input(a: &AttributeType, value: &AttributeValue) -> Input {
    match value {
        AttributeValue::Value(Value::String(s)) if a.range == Range::Datetime => moment(s),
        AttributeValue::Value(v) => Input::from_json(v),
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
        Range::Datetime => moment("2026-01-15T01:00:00Z"),
        _ => Input::Text("a".into()),
    }
}

fn fault(pack: &Pack, (kind, id): (&'static str, &str), rule: &str, message: String, fix: String) -> PackError {
    let (file, position) = pack.origins.find(kind, id, "");
    PackError { file: format!("{}/{file}", pack.manifest.id), position, rule: rule.into(), message, fix }
}

/// Refuses an entity whose attributes do not fit together. What it was like before the rule came may stay until it is changed. Who may
/// not see all that a rule is about does not change any of it: a refusal would tell what the rest is.
pub(crate) fn check(
    desk: &Desk<'_>,
    (view, actor): (&View, &Actor),
    change: &Change,
    new: &Entity,
) -> Result<(), CommandError> {
    if view.is_open(&new.space) {
        return Ok(());
    }
    let before = desk.slot(&new.id).and_then(|s| s.now.as_deref());
    let mut errors: Vec<FieldError> = Vec::new();
    for rule in view.catalogue.rules.touched(before, new) {
        let holds = rule.holds(new);
        // What they make they know.
        let known = before.or_else(|| matches!(change.operation, Operation::Restore { .. }).then_some(new));
        let unseen = known.is_some_and(|old| {
            let resource = view.resource_of(old);
            let mut sees = view.sees(actor, &old.kind, &resource);
            rule.attributes.iter().any(|a| !sees(&a.name))
        });
        if unseen && (!holds || (before.is_some() && change.is_free())) {
            let given = rule.attributes.iter().filter(|a| before.is_some_and(|old| is_other(a, old, new)));
            errors.push(unknown(given.map(|a| a.name.as_str())));
        } else if !holds {
            errors.push(said(view, rule));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(CommandError::Invalid { urn: new.id.clone(), errors }) }
}

/// The rule's own text says what must be so.
fn said(view: &View, rule: &Compiled) -> FieldError {
    let names: Vec<&str> = rule.attributes.iter().map(|a| a.name.as_str()).collect();
    let fix = view.catalogue.texts.format(Lang::En, &format!("rule-{}", rule.id), &[]);
    FieldError { field: names.join(", "), rule: rule.id.clone(), fix }
}

/// The same whether the rule holds or not.
fn unknown<'n>(given: impl Iterator<Item = &'n str>) -> FieldError {
    let rule = "unseen: it must fit what you may not read".to_owned();
    let fix = "leave it as it is, or let somebody change it who may read all of it".to_owned();
    FieldError { field: given.collect::<Vec<_>>().join(", "), rule, fix }
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
        rules.touched(before, new).filter(|r| !r.holds(new)).map(|r| r.id.clone()).collect()
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
    fn an_heir_of_another_class_of_secrecy_is_refused_where_it_stands() {
        let heir = "  Repair:\n    is_a: Work\n    attributes:\n      since: {range: datetime, annotations: {svod_class: personal}}\n";
        let (_, errors) = compiled(&MODEL.replace("  Repair:\n    is_a: Work\n", heir));
        let [one] = errors.as_slice() else { panic!("{errors:?}") };
        assert_eq!((one.position.line, one.rule.as_str()), (19, "bad-rule"));
        assert!(one.message.contains("of Repair are not of one class of secrecy"), "{}", one.message);
    }

    #[test]
    fn rules_that_are_none_are_refused_with_their_line_and_reason() {
        for (condition, reason) in [
            ("untill >= since", "'untill' is no attribute of Work"),
            ("until >= cost", "where all attributes are there 'until >= cost' fails"),
            ("until", "neither true nor false"),
            ("until >= ", "cannot be read"),
            ("count(words) > 1", "'words' is no single fact"),
            ("cost > hidden", "'cost' and 'hidden' of Work are not of one class of secrecy"),
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
