//! What somebody may not see they neither write nor learn of, whichever way they come.

use svod_kernel::{Actor, Coded, Role};
use svod_model::{Attribute, Entity};
use svod_registry::{Command, CommandError, Operation, Receipt, Registry};
use svod_store::testing::TestPlace;

use crate::{on_both_engines, space, urn, with_role, works};

on_both_engines!(
    an_identifier_that_is_taken_tells_nothing_of_what_has_it,
    what_lies_beneath_is_not_taken_away_by_making_it_anew,
    what_gives_powers_is_said_once_and_a_post_keeps_its_role,
    what_points_to_the_hidden_is_as_what_points_to_nothing,
    nobody_finds_out_what_they_may_not_read_by_a_rule,
);

fn made(n: u32, kind: &str, given: &[(&str, Attribute)]) -> Entity {
    let entity = Entity::new(urn(n), kind, space("town"));
    given.iter().fold(entity, |e, (name, a)| e.with(name, a.clone()))
}

fn link(n: u32) -> Attribute {
    Attribute::object(urn(n))
}

fn patch(n: u32, name: &str, value: Attribute) -> Operation {
    Operation::Patch { urn: urn(n), expected: None, set: [(name.to_owned(), value)].into(), unset: Vec::new() }
}

fn delete(n: u32) -> Operation {
    Operation::Delete { urn: urn(n), expected: None }
}

async fn done(registry: &Registry, actor: &Actor, all: Vec<Operation>) -> Result<Receipt, CommandError> {
    let changes = all.into_iter().map(Into::into).collect();
    registry.execute(actor, Command { changes, ..Command::default() }).await
}

/// Field and rule of the only fault; the rule up to its colon.
#[track_caller]
fn fault(outcome: Result<Receipt, CommandError>) -> (String, String) {
    let error = outcome.unwrap_err();
    let [one] = &error.fields()[..] else { panic!("{error}") };
    (one.field.clone(), one.rule.split(':').next().unwrap_or_default().to_owned())
}

fn is(field: &str, rule: &str) -> (String, String) {
    (field.to_owned(), rule.to_owned())
}

async fn an_identifier_that_is_taken_tells_nothing_of_what_has_it(place: &TestPlace) {
    let registry = works(place).await;
    let platform = Actor::platform("t");
    done(&registry, &platform, vec![Operation::Create(made(1, "Repair", &[("note", Attribute::property("a"))]))])
        .await
        .unwrap();
    registry.ensure_space(&space("town/part"), false).await.unwrap();
    let other = |n: u32| made(n, "Work", &[("note", Attribute::property("b"))]);
    let within = async |actor: &Actor, path: Option<&str>, operation: Operation| {
        let command = Command { changes: vec![operation.into()], within: path.map(space), ..Command::default() };
        registry.execute(actor, command).await
    };
    let (stranger, maker) = (with_role(Role::Governor), with_role(Role::Citizen));
    for path in [None, Some("town/part")] {
        for operation in [Operation::Create, Operation::Upsert] {
            let hidden = within(&stranger, path, operation(other(1))).await.unwrap_err();
            let never = within(&stranger, path, operation(other(2))).await.unwrap_err();
            assert!(matches!(&hidden, CommandError::Forbidden { kind, .. } if kind == "Work"), "{hidden}");
            assert_eq!(hidden.to_string(), never.to_string());
            let taken = within(&maker, path, operation(other(1))).await;
            assert!(matches!(&taken, Err(CommandError::Exists(id)) if *id == urn(1)), "{taken:?}");
        }
    }
    for hidden in [delete(1), patch(1, "note", Attribute::property("b")), Operation::Restore { urn: urn(1) }] {
        let refused = done(&registry, &maker, vec![hidden]).await;
        assert!(matches!(refused, Err(CommandError::NotFound(_))), "{refused:?}");
    }
    let kept = registry.entity(&platform, &urn(1)).await.unwrap();
    assert_eq!((kept.text("note"), kept.version), (Some("a"), 1));
}

async fn what_lies_beneath_is_not_taken_away_by_making_it_anew(place: &TestPlace) {
    let registry = works(place).await;
    let (platform, clerk, administrator) =
        (Actor::platform("t"), with_role(Role::Official), with_role(Role::Administrator));
    let text = |value: &str| Attribute::property(value);
    let full = made(1, "Work", &[("note", text("a")), ("who", text("Anna"))]);
    done(&registry, &platform, vec![Operation::Create(full)]).await.unwrap();
    let bare = || made(1, "Work", &[("note", text("b"))]);
    for again in [Operation::Create(bare()), Operation::Upsert(bare())] {
        let taken = done(&registry, &clerk, vec![delete(1), again]).await;
        assert!(matches!(&taken, Err(e @ CommandError::Exists(_)) if e.to_string().contains("restore")), "{taken:?}");
    }
    done(&registry, &clerk, vec![delete(1)]).await.unwrap();
    let taken = done(&registry, &clerk, vec![Operation::Create(bare())]).await;
    assert!(matches!(taken, Err(CommandError::Exists(_))), "{taken:?}");
    done(&registry, &clerk, vec![Operation::Restore { urn: urn(1) }]).await.unwrap();
    let back = registry.entity(&platform, &urn(1)).await.unwrap();
    assert_eq!((back.text("note"), back.text("who")), (Some("a"), Some("Anna")));
    // Where nothing is hidden it may be made anew, and stays whose it was.
    done(&registry, &administrator, vec![delete(1), Operation::Create(bare())]).await.unwrap();
    let people = [made(8, "Person", &[]), made(9, "Person", &[])].map(Operation::Create);
    done(&registry, &platform, people.into()).await.unwrap();
    done(&registry, &administrator, vec![Operation::Create(made(2, "Deal", &[("person", link(8))]))]).await.unwrap();
    let others = Operation::Create(made(2, "Deal", &[("person", link(9))]));
    let refused = done(&registry, &administrator, vec![delete(2), others]).await;
    assert_eq!(fault(refused), is("person", "an entity stays with the person whose it is"));
    // What is brought back was not given: what there was in it stays unsaid.
    let dear = made(3, "Work", &[("cost", Attribute::property(5.0))]);
    done(&registry, &platform, vec![Operation::Create(dear)]).await.unwrap();
    done(&registry, &platform, vec![delete(3)]).await.unwrap();
    let refused = done(&registry, &administrator, vec![Operation::Restore { urn: urn(3) }]).await.unwrap_err();
    assert!(matches!(refused, CommandError::Forbidden { action: "create", .. }), "{refused}");
}

async fn what_gives_powers_is_said_once_and_a_post_keeps_its_role(place: &TestPlace) {
    let registry = works(place).await;
    let (platform, administrator) = (Actor::platform("t"), with_role(Role::Administrator));
    let text = |value: &str| Attribute::property(value);
    let post = made(1, "Post", &[("role", text("official"))]);
    let all = [made(8, "Person", &[]), made(7, "Work", &[]), post].map(Operation::Create);
    done(&registry, &platform, all.into()).await.unwrap();
    let whole = made(
        2,
        "Appointment",
        &[
            ("person", link(8)),
            ("post", link(1)),
            ("since", text("2026-01-15T01:00:00Z")),
            ("until", text("2026-02-15T01:00:00Z")),
            ("deputy", Attribute::property(true)),
        ],
    );
    let later = Some("2026-01-16T01:00:00Z".parse().unwrap());
    for name in ["since", "until", "deputy", "post", "person"] {
        let was = &whole.attributes[name];
        let mut several = was.clone();
        several.others.push(Attribute { dataset: Some("urn:t:d".into()), ..was.clone() });
        let wrong = [
            Attribute { expires_at: later, ..was.clone() },
            Attribute { dataset: Some("urn:t:d".into()), ..was.clone() },
        ];
        for wrong in wrong.into_iter().chain([several]) {
            let refused = done(&registry, &platform, vec![Operation::Create(whole.clone().with(name, wrong))]).await;
            // Whose an entity is, is said once whatever it is.
            let rule = if name == "person" { "it says whose the entity is" } else { "said-once" };
            let (field, said) = fault(refused);
            assert!(field == name && said == rule, "{field} {said}");
        }
    }
    done(&registry, &platform, vec![Operation::Create(whole)]).await.unwrap();
    for (name, value) in [("role", text("governor")), ("body", link(7))] {
        let refused = done(&registry, &administrator, vec![patch(1, name, value)]).await;
        assert_eq!(fault(refused), is(name, "post-stays"));
    }
    let higher = Operation::Create(made(1, "Post", &[("role", text("governor"))]));
    assert_eq!(fault(done(&registry, &administrator, vec![delete(1), higher]).await), is("role", "post-stays"));
    done(&registry, &administrator, vec![patch(1, "name", text("Head"))]).await.unwrap();
    let expiring = Attribute { expires_at: later, ..text("official") };
    assert_eq!(fault(done(&registry, &platform, vec![patch(1, "role", expiring)]).await), is("role", "said-once"));
    done(&registry, &platform, vec![patch(1, "role", text("governor"))]).await.unwrap();
}

async fn what_points_to_the_hidden_is_as_what_points_to_nothing(place: &TestPlace) {
    let registry = works(place).await;
    let (platform, maker) = (Actor::platform("t"), with_role(Role::Citizen));
    let all = [made(1, "Work", &[]), made(8, "Person", &[])].map(Operation::Create);
    done(&registry, &platform, all.into()).await.unwrap();
    let to = |n: u32, target: u32| Operation::Create(made(n, "Deal", &[("link", link(target))]));
    let mut signs = registry.guesses();
    let told: Vec<String> = [
        done(&registry, &maker, vec![to(20, 1)]).await.unwrap_err(),
        done(&registry, &maker, vec![to(20, 99)]).await.unwrap_err(),
    ]
    .map(|e| e.to_string().replace("urn:t:99", "urn:t:1"))
    .into();
    assert_eq!(told[0], told[1]);
    assert!(told[0].contains("reference: there is no entity"), "{}", told[0]);
    assert_eq!((signs.try_recv().unwrap().count, signs.try_recv().unwrap().count), (1, 2));
    // Whom it concerns is named by their identifier; what was made along with it is known.
    done(&registry, &maker, vec![Operation::Create(made(21, "Deal", &[("person", link(8))]))]).await.unwrap();
    done(&registry, &maker, vec![Operation::Create(made(30, "Work", &[])), to(22, 30)]).await.unwrap();
    let changes = (0..12).map(|n| to(40 + n, 90 + n).into()).collect();
    let many = Command { changes, each: true, ..Command::default() };
    let refused = registry.execute(&maker, many).await.unwrap().refused;
    let stopped = refused.iter().filter(|(_, e)| matches!(e, CommandError::TooManyTries(_))).count();
    assert_eq!((refused.len(), stopped), (12, 4), "ten within the hour");
    let waits = done(&registry, &maker, vec![to(20, 1)]).await;
    assert!(matches!(waits, Err(CommandError::TooManyTries(_))), "{waits:?}");
    assert!(done(&registry, &platform, vec![to(20, 1)]).await.is_ok(), "others go on");
}

async fn nobody_finds_out_what_they_may_not_read_by_a_rule(place: &TestPlace) {
    let registry = works(place).await;
    let (platform, clerk) = (Actor::platform("t"), with_role(Role::Official));
    let number = |n: f64| Attribute::property(n);
    let deal = made(1, "Deal", &[("person", link(8)), ("mine", number(1.0)), ("theirs", number(5.0))]);
    let all = [made(8, "Person", &[]), deal].map(Operation::Create);
    done(&registry, &platform, all.into()).await.unwrap();
    let access = |n: u32, only: &[&str]| {
        let text = |value: &str| Attribute::property(value);
        let names: Vec<serde_json::Value> = only.iter().map(|name| (*name).into()).collect();
        made(
            n,
            "Access",
            &[
                ("actor", text(&clerk.id)),
                ("post", text(&clerk.name)),
                ("person", link(8)),
                ("basis", text("law")),
                ("since", text("2026-01-15T00:00:00Z")),
                ("until", text("2026-01-15T05:00:00Z")),
                ("only", Attribute::property(serde_json::Value::Array(names))),
            ],
        )
    };
    registry.look(&clerk, access(2, &["mine"])).await.unwrap();
    let mut told = Vec::new();
    for guess in [2.0, 9.0] {
        let refused = done(&registry, &clerk, vec![patch(1, "mine", number(guess))]).await.unwrap_err();
        told.push(refused.fields());
    }
    assert_eq!(told[0], told[1], "whether it fits or not");
    assert_eq!((told[0][0].field.as_str(), told[0][0].rule.starts_with("unseen")), ("mine", true), "{told:?}");
    done(&registry, &clerk, vec![patch(1, "words", Attribute::property("b"))]).await.unwrap();
    registry.look(&clerk, access(3, &["theirs"])).await.unwrap();
    assert_eq!(
        fault(done(&registry, &clerk, vec![patch(1, "mine", number(9.0))]).await),
        is("mine, theirs", "mine-fits")
    );
    done(&registry, &clerk, vec![patch(1, "mine", number(2.0))]).await.unwrap();
}
