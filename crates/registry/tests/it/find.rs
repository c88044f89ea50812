//! Questions: whatever way is chosen, the answer is that of looking at every entity.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;
use svod_kernel::Actor;
use svod_model::{Attribute, AttributeValue, Entity};
use svod_query::geo::Shape;
use svod_query::{Compare, Filter, Georel, Operand, Operation as Op, Order, Path, Place, Query, Types};
use svod_registry::{Access, Command, Find, Found, Operation, Registry};
use svod_store::testing::TestPlace;

use crate::{carry_out, on_both_engines, open, space, urn, works};

on_both_engines!(
    every_way_gives_the_same_answer,
    an_index_is_made_when_questions_need_it,
    a_page_in_the_order_of_an_index_ends_when_it_is_full
);

/// Chance that is the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

fn attribute(value: AttributeValue) -> Attribute {
    Attribute { value, ..Attribute::property(0) }
}

fn random(dice: &mut Dice, n: u64) -> Entity {
    let at = ["a", "a/below", "b"][dice.below(3) as usize];
    let mut e = Entity::new(urn(n), ["Car", "Bus", "Tram"][dice.below(3) as usize], space(at));
    if dice.below(5) == 0 && e.kind != "Tram" {
        e.also.push("Tram".into());
    }
    let speed = match dice.below(4) {
        0 => json!(dice.below(100)),
        1 => json!([dice.below(100), dice.below(100)]),
        2 => json!(["fast", "slow"][dice.below(2) as usize]),
        _ => json!(dice.below(100) as f64 / 2.0),
    };
    e = e.with("speed", Attribute::property(speed));
    let (lon, lat) = (87.0 + dice.below(1_000) as f64 / 1_000.0, 53.0 + dice.below(1_000) as f64 / 1_000.0);
    let shape = match dice.below(4) {
        0 => json!({"type": "LineString", "coordinates": [[lon, lat], [lon + 0.1, lat + 0.05]]}),
        _ => json!({"type": "Point", "coordinates": [lon, lat]}),
    };
    e.with("location", attribute(AttributeValue::Geometry(shape)))
}

fn compare(operation: Op, operand: Operand) -> Filter {
    Filter::Compare(Compare { path: Path::attribute("speed"), operation, operands: vec![operand] })
}

fn questions() -> Vec<Query> {
    let square = json!({"type": "Polygon", "coordinates": [[[87.2, 53.2], [87.6, 53.3], [87.5, 53.7], [87.1, 53.6], [87.2, 53.2]]]});
    let place = |georel, shape| Some(Place { attribute: "location".into(), georel, shape });
    let within = || place(Georel::Within, Shape::from_json(&square).unwrap());
    let near = || place(Georel::NearMax(20_000.0), Shape::point(87.5, 53.5));
    let range = Operand::Range(Box::new(Operand::Number(10.0)), Box::new(Operand::Number(20.0)));
    let car = || Types::Is("Car".into());
    let filter = |f| Query { filter: Some(f), ..Query::default() };
    vec![
        Query::default(),
        Query { types: car(), ..Query::default() },
        Query { types: Types::Is("Tram".into()), ..Query::default() },
        Query { types: Types::one_of(["Bus".into(), "Tram".into()]), ..Query::default() },
        filter(compare(Op::Equal, Operand::Number(20.0))),
        filter(compare(Op::Greater, Operand::Number(40.0))),
        filter(compare(Op::Less, Operand::Number(7.0))),
        filter(compare(Op::Equal, range)),
        filter(compare(Op::Equal, Operand::Text("fast".into()))),
        filter(compare(Op::NotEqual, Operand::Text("fast".into()))),
        Query { types: car(), ..filter(compare(Op::GreaterEqual, Operand::Number(30.0))) },
        Query { place: within(), ..Query::default() },
        Query { place: near(), types: car(), ..Query::default() },
        Query { place: place(Georel::Disjoint, Shape::from_json(&square).unwrap()), ..Query::default() },
        Query { place: place(Georel::Intersects, Shape::from_json(&square).unwrap()), ..Query::default() },
        Query { place: near(), ..filter(compare(Op::Less, Operand::Number(50.0))) },
        filter(Filter::Any(vec![
            compare(Op::Equal, Operand::Number(3.0)),
            compare(Op::Equal, Operand::Text("slow".into())),
        ])),
    ]
}

async fn ask(registry: &Registry, at: &str, query: Query, (offset, limit): (usize, usize)) -> Found {
    let find = Find { space: space(at), below: true, query, order: Vec::new(), offset, limit, count: true };
    registry.find(&Actor::anonymous(), &find).await.unwrap()
}

async fn answers_are_right(registry: &Registry, all: &[Arc<Entity>]) {
    for (number, query) in questions().into_iter().enumerate() {
        for at in ["a", "a/below", "b"] {
            let here = all.iter().filter(|e| space(at).covers(&e.space) && query.fits(e, &|_| None));
            let right: BTreeSet<_> = here.map(|e| e.id.clone()).collect();
            let mut found = BTreeSet::new();
            let mut offset = 0;
            loop {
                let page = ask(registry, at, query.clone(), (offset, 37)).await;
                assert_eq!(page.total, Some(right.len()), "count of question {number} in {at}: {:?}", page.explained);
                for e in &page.entities {
                    assert!(found.insert(e.id.clone()), "question {number} gives {} twice", e.id);
                }
                offset += 37;
                if !page.more {
                    break;
                }
            }
            assert_eq!(found, right, "question {number} in {at}");
        }
    }
}

/// Pages in an order hold what a sort of everything would give, whether the index gives the order or not.
async fn order_is_right(registry: &Registry, all: &[Arc<Entity>]) {
    for (number, query) in questions().into_iter().enumerate() {
        for (at, descending) in [("a", false), ("a", true), ("b", false), ("b", true)] {
            let by = Order { path: Path::attribute("speed"), descending, from: None, collation: None };
            let here = all.iter().filter(|e| space(at).covers(&e.space) && query.fits(e, &|_| None));
            let mut right: Vec<Vec<u8>> = here.filter_map(|e| by.key(e)).collect();
            right.sort();
            if descending {
                right.reverse();
            }
            let mut found = Vec::new();
            loop {
                let (offset, order) = (found.len(), vec![by.clone()]);
                let (space, query) = (space(at), query.clone());
                let find = Find { space, below: true, query, order, offset, limit: 7, count: number % 2 == 0 };
                let page = registry.find(&Actor::anonymous(), &find).await.unwrap();
                found.extend(page.entities.iter().map(|e| by.key(e)));
                if !page.more {
                    break;
                }
            }
            let found: Vec<Vec<u8>> = found.into_iter().flatten().collect();
            assert_eq!(found, right, "order of question {number} in {at}, descending: {descending}");
        }
    }
}

async fn all_of(registry: &Registry) -> Vec<Arc<Entity>> {
    let mut all = Vec::new();
    for at in ["a", "b"] {
        all.extend(ask(registry, at, Query::default(), (0, 1_000)).await.entities);
    }
    all
}

async fn every_way_gives_the_same_answer(place: &TestPlace) {
    let registry = open(place).await;
    let mut dice = Dice(11);
    let made = (0..300).map(|n| Operation::Create(random(&mut dice, n))).collect();
    carry_out(&registry, made).await.unwrap();
    let all = all_of(&registry).await;
    assert_eq!(all.len(), 300);
    answers_are_right(&registry, &all).await;
    order_is_right(&registry, &all).await;
    for top in ["a", "b"] {
        registry.index(&space(top), "speed").await.unwrap();
    }
    order_is_right(&registry, &all).await;
    let by_value = ask(&registry, "a", questions()[4].clone(), (0, 5)).await.explained;
    assert!(matches!(&by_value.access, Access::Value { attribute, .. } if attribute == "speed"), "{by_value:?}");
    let by_place = ask(&registry, "a", questions()[11].clone(), (0, 5)).await.explained;
    assert!(matches!(by_place.access, Access::Place { .. }), "{by_place:?}");
    answers_are_right(&registry, &all).await;
    // Changed, moved, of other types, gone and back again.
    let mut changes = Vec::new();
    for old in &all {
        let n: u64 = old.id.as_str().rsplit(':').next().unwrap().parse().unwrap();
        match dice.below(4) {
            0 => changes.push(Operation::Delete { urn: old.id.clone(), expected: None }),
            1 => {
                let new = Entity { space: old.space.clone(), ..random(&mut dice, n) };
                changes.push(Operation::Replace { entity: new, expected: None });
            }
            _ => {}
        }
    }
    let gone: Vec<_> = changes
        .iter()
        .filter_map(|c| if let Operation::Delete { urn, .. } = c { Some(urn.clone()) } else { None })
        .collect();
    carry_out(&registry, changes).await.unwrap();
    answers_are_right(&registry, &all_of(&registry).await).await;
    carry_out(&registry, gone.into_iter().map(|urn| Operation::Restore { urn }).collect()).await.unwrap();
    let all = all_of(&registry).await;
    assert_eq!(all.len(), 300);
    answers_are_right(&registry, &all).await;
}

async fn an_index_is_made_when_questions_need_it(place: &TestPlace) {
    let registry = open(place).await;
    for part in 0..6 {
        let made = (0..1_000).map(|n| {
            let e = Entity::new(urn(part * 1_000 + n), "Meter", space("b")).with("speed", Attribute::property(n));
            Operation::Create(e)
        });
        carry_out(&registry, made.collect()).await.unwrap();
    }
    let rare = Query { filter: Some(compare(Op::Equal, Operand::Number(999.0))), ..Query::default() };
    let first = ask(&registry, "b", rare.clone(), (0, 20)).await;
    assert_eq!((first.total, first.explained.looked), (Some(6), 6_000));
    assert_eq!(first.explained.missing, ["speed"], "what would have helped is said");
    let mut last = first;
    for _ in 0..400 {
        last = ask(&registry, "b", rare.clone(), (0, 20)).await;
        if last.explained.looked < 100 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert!(matches!(last.explained.access, Access::Value { about: 6, .. }), "{:?}", last.explained);
    assert_eq!((last.total, last.entities.len()), (Some(6), 6));
}

async fn a_page_in_the_order_of_an_index_ends_when_it_is_full(place: &TestPlace) {
    let registry = works(place).await;
    registry.ensure_space(&space("town/part"), false).await.unwrap();
    let made = (0..600).map(|n| {
        let at = ["town", "town/part"][n as usize % 2];
        Operation::Create(Entity::new(urn(n), "Work", space(at)).with("cost", Attribute::property(n)))
    });
    let command = Command { changes: made.map(Into::into).collect(), ..Command::default() };
    registry.execute(&Actor::platform("t"), command).await.unwrap();
    registry.index(&space("town"), "cost").await.unwrap();
    for (descending, first) in [(false, 103), (true, 296)] {
        let by = Order { path: Path::attribute("cost"), descending, from: None, collation: None };
        let range = Operand::Range(Box::new(Operand::Number(100.0)), Box::new(Operand::Number(299.0)));
        let cost = Compare { path: Path::attribute("cost"), operation: Op::Equal, operands: vec![range] };
        let query = Query { types: Types::Is("Work".into()), filter: Some(Filter::Compare(cost)), ..Query::default() };
        let (space, order) = (space("town"), vec![by]);
        let find = Find { space, below: true, query, order, offset: 3, limit: 20, count: false };
        let found = registry.find(&Actor::platform("t"), &find).await.unwrap();
        let costs: Vec<_> = found.entities.iter().filter_map(|e| e.number("cost")).map(|n| n as i64).collect();
        let step = if descending { -1 } else { 1 };
        assert_eq!(costs, (0..20).map(|n| first + n * step).collect::<Vec<_>>(), "both spaces side by side");
        assert!(found.more && found.explained.looked < 100, "{:?}", found.explained);
    }
}
