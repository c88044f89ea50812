//! Commands: functions worked out in the transaction, each for itself, restored, in trees of their own.

use svod_kernel::Actor;
use svod_model::{Attribute, Entity};
use svod_registry::{Command, CommandError, Edit, Operation};
use svod_store::testing::TestPlace;

use crate::{carry_out, on_both_engines, open, space, thing, urn};

on_both_engines!(
    no_edit_is_lost_under_concurrent_writers,
    each_change_stands_for_itself_when_it_is_asked,
    a_removed_entity_comes_back,
    trees_of_spaces_share_identifiers_and_do_not_meet,
    what_is_read_is_never_older_than_what_was_acknowledged,
);

fn add_one() -> Edit {
    Edit::new(|old: Option<&Entity>| {
        let old = old.ok_or_else(|| CommandError::NotFound(urn("none")))?;
        Ok(old.clone().with("n", Attribute::property(old.number("n").unwrap_or_default() + 1.0)))
    })
}

async fn no_edit_is_lost_under_concurrent_writers(place: &TestPlace) {
    let registry = open(place).await;
    carry_out(&registry, vec![Operation::Create(thing(0, "a"))]).await.unwrap();
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let registry = registry.clone();
            let edit = Operation::Edit { urn: urn(0), edit: add_one() };
            tokio::spawn(async move { carry_out(&registry, vec![edit]).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let entity = registry.entity(&Actor::anonymous(), &urn(0)).await.unwrap();
    assert_eq!((entity.number("n"), entity.version), (Some(51.0), 51));
}

async fn each_change_stands_for_itself_when_it_is_asked(place: &TestPlace) {
    let registry = open(place).await;
    carry_out(&registry, vec![Operation::Create(thing(1, "a"))]).await.unwrap();
    let changes = || {
        vec![
            Operation::Create(thing(2, "a")).into(),
            Operation::Create(thing(1, "a")).into(),
            Operation::Edit { urn: urn(9), edit: add_one() }.into(),
            Operation::Edit { urn: urn(2), edit: add_one() }.into(),
        ]
    };
    let all = Command { changes: changes(), ..Command::default() };
    let refused = registry.execute(&Actor::anonymous(), all).await;
    assert!(matches!(refused, Err(CommandError::Exists(_))), "{refused:?}");
    assert!(registry.entity(&Actor::anonymous(), &urn(2)).await.is_err(), "all or nothing");
    let each = Command { changes: changes(), each: true, ..Command::default() };
    let receipt = registry.execute(&Actor::anonymous(), each).await.unwrap();
    assert_eq!(receipt.refused.iter().map(|r| r.0).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((receipt.made, receipt.entities.len(), receipt.events.len()), (vec![urn(2)], 2, 2));
    assert_eq!(registry.entity(&Actor::anonymous(), &urn(2)).await.unwrap().number("n"), Some(2.0));
}

async fn a_removed_entity_comes_back(place: &TestPlace) {
    let registry = open(place).await;
    let made = thing(3, "a").with("name", Attribute::property("Мост"));
    carry_out(&registry, vec![Operation::Create(made)]).await.unwrap();
    carry_out(&registry, vec![Operation::Delete { urn: urn(3), expected: Some(1) }]).await.unwrap();
    assert!(registry.entity(&Actor::anonymous(), &urn(3)).await.is_err());
    carry_out(&registry, vec![Operation::Restore { urn: urn(3) }]).await.unwrap();
    let entity = registry.entity(&Actor::anonymous(), &urn(3)).await.unwrap();
    assert_eq!((entity.text("name"), entity.version), (Some("Мост"), 2));
    let again = carry_out(&registry, vec![Operation::Restore { urn: urn(3) }]).await;
    assert!(matches!(again, Err(CommandError::Exists(_))), "{again:?}");
    let never = carry_out(&registry, vec![Operation::Restore { urn: urn(4) }]).await;
    assert!(matches!(never, Err(CommandError::NotFound(_))), "{never:?}");
}

async fn trees_of_spaces_share_identifiers_and_do_not_meet(place: &TestPlace) {
    let registry = open(place).await;
    let anyone = Actor::anonymous();
    carry_out(&registry, vec![Operation::Create(thing(5, "a/below"))]).await.unwrap();
    let within = |path: &str, operation: Operation| Command {
        changes: vec![operation.into()],
        within: Some(space(path)),
        ..Command::default()
    };
    let same_tree = registry.execute(&anyone, within("a", Operation::Create(thing(5, "a")))).await;
    assert!(matches!(same_tree, Err(CommandError::Exists(_))), "{same_tree:?}");
    let other = thing(5, "b").with("n", Attribute::property(7));
    registry.execute(&anyone, within("b", Operation::Create(other))).await.unwrap();
    for _ in 0..2 {
        let of = async |path: &str| registry.entity_in(&anyone, Some(&space(path)), &urn(5)).await.unwrap().number("n");
        assert_eq!((of("a").await, of("b").await), (Some(1.0), Some(7.0)));
    }
    registry.execute(&anyone, within("b", Operation::Delete { urn: urn(5), expected: None })).await.unwrap();
    assert!(registry.entity_in(&anyone, Some(&space("a")), &urn(5)).await.is_ok());
    assert!(registry.entity_in(&anyone, Some(&space("b")), &urn(5)).await.is_err());
    carry_out(&registry, vec![Operation::Create(thing(6, "a"))]).await.unwrap();
    let above = registry.execute(&anyone, within("a/below", Operation::Edit { urn: urn(6), edit: add_one() })).await;
    assert!(matches!(above, Err(CommandError::NotFound(_))), "a command does not reach above its space: {above:?}");
}

async fn what_is_read_is_never_older_than_what_was_acknowledged(place: &TestPlace) {
    let registry = open(place).await;
    carry_out(&registry, vec![Operation::Create(thing(8, "a"))]).await.unwrap();
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let registry = registry.clone();
            tokio::spawn(async move {
                let mut last = 0;
                while last < 200 {
                    let version = registry.entity(&Actor::anonymous(), &urn(8)).await.unwrap().version;
                    assert!(version >= last, "{version} after {last}");
                    last = version;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for version in 2..=200 {
        carry_out(&registry, vec![Operation::Edit { urn: urn(8), edit: add_one() }]).await.unwrap();
        assert_eq!(registry.entity(&Actor::anonymous(), &urn(8)).await.unwrap().version, version);
    }
    for reader in readers {
        reader.await.unwrap();
    }
}
