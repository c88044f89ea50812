//! Who may change an entity does not set every attribute of it.

use std::collections::BTreeMap;

use svod_kernel::{Actor, Coded, FieldError, Role};
use svod_model::{Attribute, Entity};
use svod_registry::{Command, Operation, Registry};
use svod_store::testing::TestPlace;

use crate::{on_both_engines, space, urn, with_role, works};

on_both_engines!(what_is_written_is_judged_by_its_class, nobody_writes_what_they_may_not_read,);

fn work(n: u32, kind: &str, given: &[(&str, Attribute)]) -> Entity {
    let entity = Entity::new(urn(n), kind, space("town"));
    given.iter().fold(entity, |e, (name, a)| e.with(name, a.clone()))
}

fn patch(n: u32, set: &[(&str, Attribute)], unset: &[&str]) -> Operation {
    let set: BTreeMap<_, _> = set.iter().map(|(name, a)| ((*name).to_owned(), a.clone())).collect();
    Operation::Patch { urn: urn(n), expected: None, set, unset: unset.iter().map(|n| (*n).to_owned()).collect() }
}

/// Fields and rules of a refusal; empty when it was done.
async fn refused(registry: &Registry, actor: &Actor, operation: Operation) -> Vec<(String, String)> {
    let command = Command { changes: vec![operation.into()], ..Command::default() };
    let Err(e) = registry.execute(actor, command).await else { return Vec::new() };
    let word = |f: FieldError| {
        assert!(!f.fix.is_empty());
        (f.field, f.rule.split(':').next().unwrap_or_default().to_owned())
    };
    let fields: Vec<_> = e.fields().into_iter().map(word).collect();
    assert!(!fields.is_empty(), "{e}");
    fields
}

fn fault(field: &str, rule: &str) -> Vec<(String, String)> {
    vec![(field.to_owned(), rule.to_owned())]
}

async fn what_is_written_is_judged_by_its_class(place: &TestPlace) {
    let registry = works(place).await;
    let (note, cost, key) = (Attribute::property("a"), Attribute::property(5.0), Attribute::property("k"));
    let administrator = with_role(Role::Administrator);
    let all = [("note", note.clone()), ("cost", cost.clone())];
    assert_eq!(
        refused(&registry, &administrator, Operation::Create(work(1, "Work", &all))).await,
        fault("cost", "setInternal")
    );
    // The pack forbids it for one type, not for what inherits from it.
    assert_eq!(refused(&registry, &administrator, Operation::Create(work(1, "Repair", &all))).await, []);
    assert_eq!(refused(&registry, &Actor::platform("t"), Operation::Create(work(2, "Work", &all))).await, []);
    let dearer = [("note", Attribute::property("b")), ("cost", Attribute::property(6.0))];
    assert_eq!(refused(&registry, &administrator, patch(2, &dearer, &[])).await, fault("cost", "setInternal"));
    assert_eq!(refused(&registry, &administrator, patch(2, &[], &["cost"])).await, fault("cost", "setInternal"));
    let same = [("note", Attribute::property("b")), ("cost", cost)];
    assert_eq!(refused(&registry, &administrator, patch(2, &same, &[])).await, [], "what stays is not set");
    let clerk = with_role(Role::Official);
    assert_eq!(
        refused(&registry, &clerk, Operation::Create(work(3, "Work", &[("key", key)]))).await,
        fault("key", "setSecret")
    );
}

async fn nobody_writes_what_they_may_not_read(place: &TestPlace) {
    let registry = works(place).await;
    let (who, other) = (Attribute::property("Anna"), Attribute::property("Olga"));
    for (n, given) in [(1, vec![("who", who.clone())]), (2, Vec::new())] {
        assert_eq!(refused(&registry, &Actor::platform("t"), Operation::Create(work(n, "Work", &given))).await, []);
    }
    let clerk = with_role(Role::Official);
    // The right guess, a wrong one, and what is not there are answered alike.
    for n in [1, 2] {
        for value in [&who, &other] {
            let given = [("who", value.clone())];
            assert_eq!(refused(&registry, &clerk, patch(n, &given, &[])).await, fault("who", "unseen"));
            assert_eq!(
                refused(&registry, &clerk, Operation::Upsert(work(n, "Work", &given))).await,
                fault("who", "unseen")
            );
            let entity = work(n, "Work", &given);
            let replace = Operation::Replace { entity, expected: None };
            assert_eq!(refused(&registry, &clerk, replace).await, fault("who", "unseen"));
        }
        assert_eq!(refused(&registry, &clerk, patch(n, &[], &["who"])).await, fault("who", "unseen"));
        assert_eq!(refused(&registry, &clerk, patch(n, &[("note", other.clone())], &[])).await, []);
    }
    let kept = registry.entity(&Actor::platform("t"), &urn(1)).await.unwrap();
    assert_eq!(kept.text("who"), Some("Anna"));
    // What they enter they know.
    assert_eq!(refused(&registry, &clerk, Operation::Create(work(3, "Work", &[("who", who)]))).await, []);
}
