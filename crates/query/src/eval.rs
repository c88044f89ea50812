use std::sync::Arc;

use serde_json::Value;
use svod_kernel::{Timestamp, Urn};
use svod_model::{Attribute, AttributeValue, Entity};

use crate::geo::Shape;
use crate::keys::moment_of;
use crate::{Compare, Filter, Operand, Operation, Order, Path, Place, Query};

/// Gives a related entity, when the one who asks may see it.
pub type Linked<'a> = &'a dyn Fn(&Urn) -> Option<Arc<Entity>>;

impl Query {
    /// Does the entity fit?
    pub fn fits(&self, e: &Entity, linked: Linked<'_>) -> bool {
        (self.ids.is_empty() || self.ids.contains(&e.id))
            && self.id_pattern.as_ref().is_none_or(|p| p.is_match(e.id.as_str()))
            && self.types.fits(&e.kinds().collect::<Vec<_>>())
            && (self.attributes.is_empty() || self.attributes.iter().any(|a| e.attributes.contains_key(a)))
            && (self.datasets.is_empty() || e.attributes.values().any(|a| self.has_dataset(a)))
            && self.scope.as_ref().is_none_or(|s| s.fits(&e.scopes))
            && self.filter.as_ref().is_none_or(|f| f.holds(e, linked))
            && self.place.as_ref().is_none_or(|p| p.holds(e))
    }

    fn has_dataset(&self, a: &Attribute) -> bool {
        a.instances().any(|i| self.datasets.iter().any(|d| d == i.dataset.as_deref().unwrap_or("@none")))
    }
}

impl Filter {
    /// Does it hold for the entity?
    pub fn holds(&self, e: &Entity, linked: Linked<'_>) -> bool {
        match self {
            Self::All(all) => all.iter().all(|f| f.holds(e, linked)),
            Self::Any(all) => all.iter().any(|f| f.holds(e, linked)),
            Self::Exists(path) => !path.values(e, linked).is_empty(),
            Self::Missing(path) => path.values(e, linked).is_empty(),
            Self::Word(beginning) => crate::words::begins(e, beginning),
            Self::Compare(c) if c.operation.is_of_order() && c.path.is_of_relationship(e) => false,
            Self::Compare(c) => c.holds(&c.path.values(e, linked)),
        }
    }
}

impl Place {
    /// Does a geometry of the entity lie so?
    pub fn holds(&self, e: &Entity) -> bool {
        let Some(a) = e.attributes.get(&self.attribute) else { return false };
        a.instances().any(|i| match &i.value {
            AttributeValue::Geometry(g) => Shape::from_json(g).is_some_and(|s| s.lies(self.georel, &self.shape)),
            _ => false,
        })
    }
}

impl Path {
    /// Relationships are equal or not; nothing comes before or after them.
    fn is_of_relationship(&self, e: &Entity) -> bool {
        let named = e.attributes.get(&self.attribute).filter(|_| self.is_plain());
        named.is_some_and(|a| a.instances().all(|i| i.value.is_relationship()))
    }

    /// Everything the path leads to.
    pub fn values(&self, e: &Entity, linked: Linked<'_>) -> Vec<Value> {
        if let Some((kind, rest)) = self.linked.as_deref() {
            let targets = e.attributes.get(&self.attribute).into_iter().flat_map(Attribute::instances);
            let entities = targets.flat_map(|i| i.value.targets()).filter_map(linked);
            let fitting = entities.filter(|t| kind.is_empty() || t.kinds().any(|k| k == kind));
            return fitting.flat_map(|t| rest.values(&t, linked)).collect();
        }
        let Some(a) = e.attributes.get(&self.attribute) else {
            return self.of_entity(e).into_iter().collect();
        };
        let mut out = Vec::new();
        for instance in a.instances() {
            self.about(instance, &self.about, e, &mut out);
        }
        out
    }

    /// Members of the entity itself, where no attribute is called so.
    fn of_entity(&self, e: &Entity) -> Option<Value> {
        if !self.is_plain() {
            return None;
        }
        match self.attribute.as_str() {
            "id" => Some(e.id.as_str().into()),
            "type" => Some(e.kinds().map(Value::from).collect()),
            "scope" if !e.scopes.is_empty() => Some(e.scopes.iter().map(|s| Value::from(s.as_str())).collect()),
            "createdAt" => Some(e.created_at.to_string().into()),
            "modifiedAt" => Some(e.modified_at.to_string().into()),
            "expiresAt" => e.expires_at.map(|t| t.to_string().into()),
            _ => None,
        }
    }

    fn about(&self, a: &Attribute, way: &[String], e: &Entity, out: &mut Vec<Value>) {
        let Some((next, rest)) = way.split_first() else {
            content(a, &self.inside, out);
            return;
        };
        if let Some(deeper) = a.about.get(next) {
            deeper.instances().for_each(|i| self.about(i, rest, e, out));
            return;
        }
        if rest.is_empty() {
            out.extend(member(a, next, e.created_at));
        }
    }
}

fn member(a: &Attribute, name: &str, born: Timestamp) -> Option<Value> {
    match name {
        "observedAt" => a.observed_at.map(|t| t.to_string().into()),
        "createdAt" => Some(a.created(born).to_string().into()),
        "modifiedAt" => Some(a.modified(born).to_string().into()),
        "expiresAt" => a.expires_at.map(|t| t.to_string().into()),
        "unitCode" => a.unit.as_deref().map(Value::from),
        "datasetId" => a.dataset.as_deref().map(Value::from),
        "objectType" if !a.object_type.is_empty() => {
            Some(a.object_type.iter().map(|t| Value::from(t.as_str())).collect())
        }
        _ => None,
    }
}

fn content(a: &Attribute, inside: &[String], out: &mut Vec<Value>) {
    match &a.value {
        AttributeValue::Value(v) | AttributeValue::Json(v) | AttributeValue::Vocab(v) => inner(v, inside, out),
        AttributeValue::Geometry(v) => inner(v, inside, out),
        AttributeValue::List(all) => all.iter().for_each(|v| inner(v, inside, out)),
        AttributeValue::Languages(map) => match inside.split_first() {
            None => out.extend(map.values().cloned()),
            Some((tag, rest)) if tag == "*" => map.values().for_each(|v| inner(v, rest, out)),
            Some((tag, rest)) => map.get(tag).into_iter().for_each(|v| inner(v, rest, out)),
        },
        AttributeValue::Object(_) | AttributeValue::Objects(_) | AttributeValue::ObjectList(_) => {
            if inside.is_empty() {
                out.extend(a.value.targets().iter().map(|u| Value::from(u.as_str())));
            }
        }
    }
}

fn inner(v: &Value, inside: &[String], out: &mut Vec<Value>) {
    match (inside.split_first(), v) {
        (None, v) => out.push(v.clone()),
        (Some((name, rest)), Value::Object(o)) => o.get(name).into_iter().for_each(|v| inner(v, rest, out)),
        (Some(_), Value::Array(all)) => all.iter().for_each(|v| inner(v, inside, out)),
        _ => {}
    }
}

impl Compare {
    /// Does one of the values compare so? A list compares by its members.
    pub fn holds(&self, values: &[Value]) -> bool {
        let mut all = Vec::new();
        values.iter().for_each(|v| flat(v, &mut all));
        let any = |f: &dyn Fn(&Value) -> bool| all.iter().any(|v| f(v));
        let equal = |v: &Value| self.operands.iter().any(|o| equals(v, o));
        match self.operation {
            Operation::Equal => any(&equal),
            Operation::NotEqual => !all.is_empty() && !any(&equal),
            Operation::Match => any(&|v| self.operands.iter().any(|o| matches(v, o))),
            Operation::NotMatch => !all.is_empty() && !any(&|v| self.operands.iter().any(|o| matches(v, o))),
            Operation::Less => any(&|v| self.ordered(v, |o| o.is_lt())),
            Operation::LessEqual => any(&|v| self.ordered(v, |o| o.is_le())),
            Operation::Greater => any(&|v| self.ordered(v, |o| o.is_gt())),
            Operation::GreaterEqual => any(&|v| self.ordered(v, |o| o.is_ge())),
        }
    }

    fn ordered(&self, v: &Value, fits: impl Fn(std::cmp::Ordering) -> bool) -> bool {
        self.operands.iter().any(|o| order(v, o).is_some_and(&fits))
    }
}

fn flat<'v>(v: &'v Value, out: &mut Vec<&'v Value>) {
    match v {
        Value::Array(all) => all.iter().for_each(|v| flat(v, out)),
        Value::Object(o) if o.contains_key("@value") => flat(&o["@value"], out),
        _ => out.push(v),
    }
}

fn equals(v: &Value, operand: &Operand) -> bool {
    match operand {
        Operand::Range(from, to) => {
            order(v, from).is_some_and(|o| o.is_ge()) && order(v, to).is_some_and(|o| o.is_le())
        }
        Operand::Bool(b) => v.as_bool() == Some(*b),
        _ => order(v, operand).is_some_and(|o| o.is_eq()),
    }
}

fn order(v: &Value, operand: &Operand) -> Option<std::cmp::Ordering> {
    match (v, operand) {
        (Value::Number(n), Operand::Number(o)) => n.as_f64()?.partial_cmp(o),
        (Value::String(s), Operand::Moment(at)) => Some(moment_of(s)?.cmp(at)),
        (Value::String(s), Operand::Text(t)) => Some(s.as_str().cmp(t.as_str())),
        _ => None,
    }
}

fn matches(v: &Value, operand: &Operand) -> bool {
    matches!((v, operand), (Value::String(s), Operand::Pattern(p)) if p.is_match(s))
}

impl Order {
    /// What the entity is sorted by; `None` sorts last.
    pub fn key(&self, e: &Entity) -> Option<Vec<u8>> {
        let values = self.path.values(e, &|_| None);
        if let Some(from) = &self.from {
            let nearest = values.iter().filter_map(Shape::from_json).map(|s| s.distance(from)).reduce(f64::min);
            return nearest.map(crate::keys::number);
        }
        let held = |v: &Value| match v {
            Value::Number(n) => n.as_f64().map(crate::keys::number),
            Value::String(s) => Some(match (moment_of(s), &self.collation) {
                (Some(at), _) => crate::keys::moment(at),
                (None, Some(collation)) => crate::keys::collated(&collation.key(s)),
                (None, None) => crate::keys::text(s),
            }),
            Value::Bool(b) => Some(vec![1, u8::from(*b)]),
            _ => None,
        };
        let mut all = Vec::new();
        values.iter().for_each(|v| flat(v, &mut all));
        let keys = all.into_iter().filter_map(held);
        if self.descending { keys.max() } else { keys.min() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Georel, Types};
    use serde_json::json;

    fn entity() -> Entity {
        let attributes = json!({
            "speed": [{"value": 55, "observedAt": "2026-01-15T01:00:00Z"}, {"value": 60, "dataset": "urn:d:gps"}],
            "brand": {"value": "Mercedes", "about": {"by": {"object": "urn:x:bob"}, "sure": {"value": 0.9}}},
            "address": {"value": {"city": "Berlin", "tags": [{"k": 1}, {"k": 2}]}},
            "name": {"languages": {"en": "Car", "ru": "Машина"}},
            "parked": {"object": "urn:x:lot"},
            "when": {"value": {"@type": "DateTime", "@value": "2026-01-15T08:00:00+07:00"}},
            "location": {"geometry": {"type": "Point", "coordinates": [87.1, 53.7]}}});
        let text =
            json!({"id": "urn:x:car", "type": "Vehicle", "also": ["Car"], "space": "a", "attributes": attributes});
        serde_json::from_value(text).unwrap()
    }

    fn path(text: &str) -> Path {
        let (head, inside) = text.split_once('[').map_or((text, ""), |(h, i)| (h, i.trim_end_matches(']')));
        let mut way = head.split('.').map(str::to_owned);
        Path {
            attribute: way.next().unwrap(),
            about: way.collect(),
            inside: inside.split('.').filter(|s| !s.is_empty()).map(str::to_owned).collect(),
            linked: None,
        }
    }

    fn holds(text: &str, operation: Operation, operand: Operand) -> bool {
        Filter::Compare(Compare { path: path(text), operation, operands: vec![operand] }).holds(&entity(), &|_| None)
    }

    #[test]
    fn values_are_compared_by_kind() {
        use Operation::{Equal, Greater, Less, NotEqual};
        let text = |s: &str| Operand::Text(s.into());
        assert!(holds("speed", Equal, Operand::Number(60.0)) && holds("speed", Less, Operand::Number(56.0)));
        assert!(!holds("speed", Equal, text("55")) && !holds("speed", NotEqual, Operand::Number(55.0)));
        assert!(holds("brand", NotEqual, text("Audi")) && !holds("nothing", NotEqual, text("Audi")));
        assert!(holds("brand.by", Equal, text("urn:x:bob")) && holds("brand.sure", Greater, Operand::Number(0.5)));
        assert!(holds("address[city]", Equal, text("Berlin")) && holds("address[tags.k]", Equal, Operand::Number(2.0)));
        assert!(holds("name[ru]", Equal, text("Машина")) && holds("name[*]", Equal, text("Car")));
        let at: Timestamp = "2026-01-15T01:00:00Z".parse().unwrap();
        assert!(holds("speed.observedAt", Equal, Operand::Moment(at)) && holds("when", Equal, Operand::Moment(at)));
        let range = Operand::Range(Box::new(Operand::Number(50.0)), Box::new(Operand::Number(57.0)));
        assert!(holds("speed", Equal, range));
        assert!(Filter::Missing(path("nothing")).holds(&entity(), &|_| None));
    }

    #[test]
    fn linked_entities_are_followed() {
        let lot = Entity::new("urn:x:lot".parse().unwrap(), "Parking", "a".parse().unwrap())
            .with("free", Attribute::property(7));
        let lot = Arc::new(lot);
        let follow = |u: &Urn| (u == &lot.id).then(|| lot.clone());
        let way = |kind: &str| Path { linked: Some(Box::new((kind.into(), path("free")))), ..path("parked") };
        let more = |kind| {
            Filter::Compare(Compare {
                path: way(kind),
                operation: Operation::Greater,
                operands: vec![Operand::Number(5.0)],
            })
        };
        assert!(more("Parking").holds(&entity(), &follow) && !more("Garage").holds(&entity(), &follow));
    }

    #[test]
    fn everything_asked_must_hold() {
        let place =
            Place { attribute: "location".into(), georel: Georel::NearMax(1_000.0), shape: Shape::point(87.1, 53.7) };
        let q = Query {
            types: Types::And(vec![Types::Is("Vehicle".into()), Types::Is("Car".into())]),
            place: Some(place),
            datasets: vec!["urn:d:gps".into()],
            ..Query::default()
        };
        assert!(q.fits(&entity(), &|_| None));
        assert!(!Query { types: Types::Is("Bus".into()), ..q.clone() }.fits(&entity(), &|_| None));
        assert!(!Query { datasets: vec!["urn:d:x".into()], ..q }.fits(&entity(), &|_| None));
    }
}
