//! What no two entities share (D4): declared by a pack, kept by every write.

use svod_kernel::{Coded as _, Urn};
use svod_model::{Attribute, Entity, PackSource};
use svod_registry::{Command, CommandError, Operation, Registry};
use svod_testkit::{on_both_engines, packs};

/// Kuzbass, where no two posts answer to one device.
fn kuzbass() -> PackSource {
    let before = "  AirQualityStation:\n    is_a: Asset\n";
    let after = format!("{before}    unique_keys:\n      post: {{unique_key_slots: [deviceId]}}\n");
    packs::replaced(packs::shipped("kuzbass"), "model/air.yaml", before, &after)
}

fn urn(n: u32) -> Urn {
    format!("urn:svod:air-quality-station:kuzbass:new-{n}").parse().unwrap()
}

fn post(n: u32, space: &str, device: &str) -> Entity {
    let entity = Entity::new(urn(n), "AirQualityStation", space.parse().unwrap());
    entity.with("name", Attribute::property("Пост")).with("deviceId", Attribute::property(device))
}

async fn write(
    registry: &Registry,
    actor: &svod_kernel::Actor,
    operations: Vec<Operation>,
) -> Result<(), CommandError> {
    let changes = operations.into_iter().map(Into::into).collect();
    registry.execute(actor, Command { changes, ..Command::default() }).await.map(drop)
}

fn refused(outcome: Result<(), CommandError>) {
    let Err(CommandError::Invalid { errors, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(errors[0].field, "deviceId");
    assert!(errors[0].rule.starts_with("unique key post"), "{}", errors[0].rule);
}

on_both_engines! {
    async fn no_two_entities_share_a_unique_key(builder: TestAppBuilder) {
        let app = builder.pack(kuzbass()).start().await;
        let (registry, me) = (&app.core.registry, app.actor("administrator"));
        let create = |n, space: &str, device: &str| Operation::Create(post(n, space, device));
        write(registry, &me, vec![create(1, "kuzbass", "new")]).await.unwrap();
        refused(write(registry, &me, vec![create(2, "kuzbass", "new")]).await);
        refused(write(registry, &me, vec![create(2, "kuzbass/novokuznetsk", "new")]).await);
        refused(write(registry, &me, vec![create(3, "kuzbass", "twin"), create(4, "kuzbass", "twin")]).await);
        assert!(registry.entity(&me, &urn(3)).await.is_err(), "nothing of a refused command happens");

        write(registry, &me, vec![create(2, "kuzbass", "other")]).await.unwrap();
        let set = |n, device: &str| Operation::Patch {
            urn: urn(n),
            expected: None,
            set: [("deviceId".to_owned(), Attribute::property(device))].into(),
            unset: Vec::new(),
        };
        refused(write(registry, &me, vec![set(2, "new")]).await);
        write(registry, &me, vec![set(2, "other")]).await.unwrap();
        // What one gives up the other may take, in one command as well.
        write(registry, &me, vec![set(1, "third"), set(2, "new")]).await.unwrap();
        write(registry, &me, vec![Operation::Delete { urn: urn(2), expected: None }]).await.unwrap();
        write(registry, &me, vec![create(5, "kuzbass", "new")]).await.unwrap();

        let at_once = (10..20).map(|n| {
            let (registry, me) = (registry.clone(), me.clone());
            tokio::spawn(async move { write(&registry, &me, vec![Operation::Create(post(n, "kuzbass", "one"))]).await.is_ok() })
        });
        let mut made = 0;
        for one in at_once.collect::<Vec<_>>() {
            made += u32::from(one.await.unwrap());
        }
        assert_eq!(made, 1);
    }
}

fn numbered(n: u32, number: &str) -> Operation {
    let entity = Entity::new(format!("urn:t:person:{n}").parse().unwrap(), "Person", "kuzbass".parse().unwrap());
    let entity = entity.with("name", Attribute::property("Ольга"));
    Operation::Create(entity.with("nationalId", Attribute::property(number)))
}

on_both_engines! {
    async fn who_may_not_see_whose_a_number_is_hits_upon_few_of_them(builder: TestAppBuilder) {
        let app = builder.start().await;
        let (registry, me) = (&app.core.registry, app.actor("administrator"));
        let platform = svod_kernel::Actor::platform("test");
        write(registry, &platform, vec![numbered(1, "11223344595")]).await.unwrap();
        for n in 0..10 {
            let Err(CommandError::Invalid { errors, .. }) = write(registry, &me, vec![numbered(10 + n, "11223344595")]).await
            else { panic!("{n}") };
            assert_eq!((errors[0].field.as_str(), errors[0].rule.as_str()), ("nationalId", "unique: it cannot be given"));
            assert!(!format!("{errors:?}").contains("11223344595") && !format!("{errors:?}").contains("urn:t:person:1"));
        }
        for number in ["11223344595", "11223344596"] {
            let waits = write(registry, &me, vec![numbered(30, number)]).await.unwrap_err();
            assert_eq!((waits.code(), waits.status()), ("too-many-tries", 429), "{number}: taken or free, it is the same");
            assert!(waits.retry_after().is_some_and(|s| (1..=3_600).contains(&s)));
        }
        write(registry, &me, vec![Operation::Create(post(1, "kuzbass", "new"))]).await.unwrap();
        app.until("the security officer is called", async || {
            app.all("kuzbass", "SecurityAlert").await.iter().any(|a| {
                a.text("kind") == Some("probing") && a.text("severity") == Some("danger")
            })
        })
        .await;
        app.clock.advance(3_601);
        write(registry, &me, vec![numbered(30, "11223344596")]).await.unwrap();
        // Who may see it is told what it is.
        let Err(CommandError::Invalid { errors, .. }) = write(registry, &platform, vec![numbered(31, "11223344596")]).await
        else { panic!() };
        assert!(errors[0].rule.starts_with("unique key byNationalId"), "{errors:?}");
        app.settle().await;
    }
}
