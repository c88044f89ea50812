use serde_json::{Value, json};
use svod_model::{Attribute, Entity, Metamodel, ObservedValue, Point, validate_open};

use crate::{parse, source};

fn model() -> Metamodel {
    Metamodel::merge(&[&parse(&source(&[]))]).unwrap()
}

fn station() -> Entity {
    Entity::new("urn:svod:station:9".parse().unwrap(), "Station", "town".parse().unwrap())
        .with("name", Attribute::property("A"))
}

fn rules(m: &Metamodel, e: &Entity) -> Vec<String> {
    m.validate(&mut e.clone()).err().unwrap_or_default().into_iter().map(|f| f.rule).collect()
}

#[test]
fn numbers_are_kept_in_the_declared_unit_and_precision() {
    let m = model();
    let mut height = Attribute::property(123.456);
    height.unit = Some("cm".into());
    let mut e = station().with("height", height);
    m.validate(&mut e).unwrap();
    assert_eq!(e.number("height"), Some(1.23));
    assert_eq!(e.attributes["height"].unit.as_deref(), Some("m"));
    let again = e.clone();
    m.validate(&mut e).unwrap();
    assert_eq!(e, again, "normal form stays as it is");
}

#[test]
fn moments_are_kept_in_utc_and_whole_numbers_whole() {
    let m = model();
    let mut e = Entity::new("urn:svod:body:1".parse().unwrap(), "Body", "town".parse().unwrap())
        .with("name", Attribute::property("B"))
        .with("founded", Attribute::property("2026-01-15T08:00:00+07:00"))
        .with("people", Attribute::property(12.0));
    m.validate(&mut e).unwrap();
    assert_eq!(e.text("founded"), Some("2026-01-15T01:00:00Z"));
    assert_eq!(e.value("people"), Some(&json!(12)));
    e.attributes.insert("people".into(), Attribute::property(12.5));
    assert_eq!(rules(&m, &e), ["range integer"]);
}

#[test]
fn faults_of_values_have_rules() {
    let m = model();
    let with = |name: &str, a: Attribute| rules(&m, &station().with(name, a));
    let owner = "urn:svod:body:1".parse::<svod_kernel::Urn>().unwrap();
    assert_eq!(with("name", Attribute::property(5)), ["range string"]);
    assert_eq!(with("name", Attribute::object(owner.clone())), ["relationship"]);
    assert_eq!(with("owner", Attribute::property("x")), ["relationship"]);
    assert_eq!(with("owner", Attribute::object(owner)), Vec::<String>::new());
    assert_eq!(with("simulated", Attribute::property("yes")), ["range boolean"]);
    assert_eq!(with("height", Attribute::property(501)), ["maximum 500"]);
    assert_eq!(with("name", Attribute::property(json!(["a"]))), ["multivalued"]);
    assert_eq!(with("name", Attribute::property("x".repeat(70_000))), ["too-long 65536"]);
    assert_eq!(with("pm25", Attribute::property(1)), ["observation"]);
    let line = json!({"type": "LineString", "coordinates": [[1, 1], [2, 2]]});
    assert_eq!(with("location", Attribute::geometry(line)), ["geometry: not a Point"]);
    let mut united = Attribute::property("x");
    united.unit = Some("m".into());
    assert_eq!(with("name", united), ["unit"]);
    let mut e = station();
    e.attributes.clear();
    assert_eq!(rules(&m, &e), ["required"]);
    assert!(m.validate_patch("Station", &mut e.attributes).is_ok(), "a patch need not be complete");
    assert!(m.validate_removal("Station", ["height"]).is_ok());
    assert_eq!(m.validate_removal("Station", ["height", "name"]).unwrap_err()[0].field, "name");
}

#[test]
fn observed_values() {
    let m = model();
    let see = |attribute: &str, raw: Value, unit| m.observed("Station", attribute, &raw, unit).map_err(|f| f.code);
    assert_eq!(see("pm25", json!(0.1234), None), Ok(ObservedValue::Number(0.123)));
    assert_eq!(see("pm25", json!(400), Some("ug/m3")), Ok(ObservedValue::Number(0.4)));
    assert_eq!(see("pm25", json!(0.4), Some("mg/m3")), Ok(ObservedValue::Number(0.4)));
    assert_eq!(see("pm25", json!(0.4), Some("Cel")), Err("wrong-unit"));
    assert_eq!(see("pm25", json!(0.4), Some("мг")), Err("wrong-unit"));
    assert_eq!(see("pm25", json!(-1), None), Err("out-of-range"));
    assert_eq!(see("pm25", json!(11), None), Err("out-of-range"));
    assert_eq!(see("pm25", json!("0.4"), None), Err("wrong-type"));
    assert_eq!(see("pm25", json!(null), None), Err("wrong-type"));
    assert_eq!(see("pm25", json!(1e308), Some("t/L")), Err("not-finite"));
    assert_eq!(see("nothing", json!(1), None), Err("unknown-attribute"));
    assert_eq!(see("height", json!(1), None), Err("not-an-observation"));
    assert_eq!(see("count", json!(3), None), Ok(ObservedValue::Number(3.0)));
    assert_eq!(see("count", json!(3.5), None), Err("wrong-type"));
    assert_eq!(see("count", json!(3), Some("kg")), Err("wrong-unit"));
    assert_eq!(see("on", json!(true), None), Ok(ObservedValue::Bool(true)));
    assert_eq!(see("on", json!(true), Some("m")), Err("wrong-unit"));
    assert_eq!(see("state", json!("air"), None), Ok(ObservedValue::Text("air".into())));
    assert_eq!(see("state", json!("fire"), None), Err("out-of-range"));
    let p = Ok(ObservedValue::Point(Point { lon: 87.1, lat: 53.7 }));
    assert_eq!(see("place", json!([87.1, 53.7]), None), p);
    assert_eq!(see("place", json!({"lon": 87.1, "lat": 53.7}), None), p);
    assert_eq!(see("place", json!({"type": "Point", "coordinates": [87.1, 53.7]}), None), p);
    assert_eq!(see("place", json!([53.7, 187.1]), None), Err("out-of-range"));
}

#[test]
fn an_open_space_takes_any_type_but_not_any_shape() {
    let mut e = station().with("anything", Attribute::property(json!({"deep": [1, {"x": null}]})));
    e.kind = "https://example.org/Whatever".into();
    assert_eq!(validate_open(&e), Ok(()));
    let mut deep = json!(1);
    for _ in 0..20 {
        deep = json!([deep]);
    }
    let bad = e.with("deep", Attribute::property(deep)).with("a b", Attribute::geometry(json!({"type": "Blob"})));
    let faults: Vec<_> = validate_open(&bad).unwrap_err().into_iter().map(|f| f.field).collect();
    assert_eq!(faults, ["a b", "a b", "deep"]);
}
