//! Commands that are repeated, entities that are merged, and what is in use after all of it.

use svod_kernel::{Actor, Urn};
use svod_model::Attribute;
use svod_registry::{Change, Command, CommandError, Key, Operation, Receipt, Registry};
use svod_store::testing::TestPlace;

use crate::{carry_out, on_both_engines, open, space, thing, urn};

on_both_engines!(
    a_command_with_a_key_is_done_once,
    a_merged_entity_leads_to_the_other_and_can_be_brought_back,
    what_is_in_use_is_counted,
);

async fn keyed(registry: &Registry, key: &str, content: &str, id: u32) -> Result<Receipt, CommandError> {
    let changes = vec![Operation::Create(thing(id, "a")).into()];
    let key = Some(Key::new(key.into(), content));
    registry.execute(&Actor::anonymous(), Command { changes, key, ..Command::default() }).await
}

async fn a_command_with_a_key_is_done_once(place: &TestPlace) {
    let registry = open(place).await;
    let first = keyed(&registry, "k", "make 1", 1).await.unwrap();
    let again = keyed(&registry, "k", "make 1", 1).await.unwrap();
    assert!(!first.repeated && again.repeated);
    assert_eq!((first.entities, first.made, first.events), (again.entities, again.made, again.events));
    assert!(matches!(keyed(&registry, "k", "make 2", 2).await, Err(CommandError::KeyUsed(_))));
    assert!(registry.entity(&Actor::anonymous(), &urn(2)).await.is_err());
    // A command that is refused leaves its key free.
    assert!(matches!(keyed(&registry, "free", "make 1", 1).await, Err(CommandError::Exists(_))));
    assert!(!keyed(&registry, "free", "make 3", 3).await.unwrap().repeated);
    // Of many at once one is carried out.
    let all = (0..20).map(|_| {
        let registry = registry.clone();
        tokio::spawn(async move { keyed(&registry, "many", "make 4", 4).await.unwrap().repeated })
    });
    let mut fresh = 0;
    for one in all.collect::<Vec<_>>() {
        fresh += u32::from(!one.await.unwrap());
    }
    assert_eq!(fresh, 1);
    let parts = Command {
        changes: vec![Operation::Create(thing(5, "a")).into()],
        key: Some(Key::new("p".into(), "")),
        each: true,
        ..Command::default()
    };
    assert!(matches!(registry.execute(&Actor::anonymous(), parts).await, Err(CommandError::KeyOfParts)));
}

async fn merge(registry: &Registry, from: Urn, into: Urn) -> Result<Receipt, CommandError> {
    let changes = Change::merge(from, into).into();
    registry.execute(&Actor::anonymous(), Command { changes, ..Command::default() }).await
}

async fn a_merged_entity_leads_to_the_other_and_can_be_brought_back(place: &TestPlace) {
    let registry = open(place).await;
    let (me, other) = (Actor::anonymous(), thing(2, "a").with("color", Attribute::property("red")));
    let third = thing(3, "a").with("size", Attribute::property(5));
    let all = [thing(1, "a"), other, third, thing(9, "b")].map(Operation::Create);
    carry_out(&registry, all.into()).await.unwrap();
    merge(&registry, urn(2), urn(1)).await.unwrap();
    let one = registry.entity(&me, &urn(2)).await.unwrap();
    assert_eq!((one.id.clone(), one.text("color"), one.number("n")), (urn(1), Some("red"), Some(1.0)));
    merge(&registry, urn(1), urn(3)).await.unwrap();
    let last = registry.entity(&me, &urn(2)).await.unwrap();
    assert_eq!((last.id.clone(), last.text("color"), last.number("size")), (urn(3), Some("red"), Some(5.0)));
    for (from, into, why) in
        [(urn(3), urn(9), "of another space"), (urn(3), urn(7), "not there"), (urn(2), urn(3), "gone")]
    {
        assert!(merge(&registry, from, into).await.is_err(), "{why}");
    }
    assert!(registry.entity(&me, &urn(3)).await.is_ok(), "nothing of a refused merge has happened");
    carry_out(&registry, vec![Operation::Restore { urn: urn(2) }]).await.unwrap();
    let back = registry.entity(&me, &urn(2)).await.unwrap();
    assert_eq!((back.id.clone(), back.merged_into), (urn(2), None));
}

async fn what_is_in_use_is_counted(place: &TestPlace) {
    let registry = open(place).await;
    let red = |n: u32, at: &str| thing(n, at).with("color", Attribute::property("red"));
    let mut two = red(3, "a/below");
    two.also.push("Car".into());
    let all = [red(1, "a"), thing(2, "a"), two, red(4, "b")].map(Operation::Create);
    carry_out(&registry, all.into()).await.unwrap();
    let used = registry.in_use(&Actor::anonymous(), &space("a"), true).await.unwrap();
    assert_eq!((used.types["Thing"].count, used.types["Car"].count), (3, 1));
    assert_eq!((used.attributes["color"].count, used.attributes["n"].count), (2, 3));
    assert_eq!(used.types["Thing"].attributes["color"].count, 2);
    assert_eq!(used.types["Car"].attributes["color"].types, ["Car".to_owned()].into());
    let unset = Operation::Patch { urn: urn(1), expected: None, set: Default::default(), unset: vec!["color".into()] };
    let gone = Operation::Delete { urn: urn(3), expected: None };
    carry_out(&registry, vec![unset, gone]).await.unwrap();
    let used = registry.in_use(&Actor::anonymous(), &space("a"), true).await.unwrap();
    assert_eq!((used.types.len(), used.types["Thing"].count), (1, 2));
    assert!(!used.attributes.contains_key("color"));
    let beside = registry.in_use(&Actor::anonymous(), &space("b"), true).await.unwrap();
    assert_eq!(beside.attributes["color"].count, 1);
}
