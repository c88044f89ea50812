//! What was given an end comes to it (ASVS V14.2.4).

use svod::config::KeepConfig;
use svod::keeping::forget;
use svod_identity::{From, Invitation};
use svod_kernel::{Actor, Urn};
use svod_notary::{EraseError, Erasure};
use svod_registry::{Command, Ground, Operation};
use svod_store::meta;
use svod_testkit::{TestApp, on_both_engines};
use svod_trust::{LOOK_SECONDS, Looking, Opened};

const DAY: i64 = 86_400;

async fn somebody(app: &TestApp, login: &str) -> svod_identity::Account {
    let invitation = Invitation::new(login, login, app.core.registry.clock().now().plus_seconds(60)).unwrap();
    let invitation = app.core.identity.invite(&invitation);
    app.core.identity.accept(&invitation, &From::default()).await.unwrap().0
}

async fn looked(app: &TestApp, whom: &Urn, ground: Ground) -> Opened {
    let (reference, reason) = ("152-ФЗ, ст. 6, ч. 1, п. 2".into(), "проверка заявления о субсидии".into());
    let looking = Looking { whom: whom.to_string(), ground, reference, reason };
    app.core.trust.look(&app.actor("official-regional"), &looking).await.unwrap()
}

async fn is_there(app: &TestApp, urn: &Urn) -> bool {
    app.core.registry.entity(&Actor::platform("test"), urn).await.is_ok()
}

/// Whether anything is still kept of what was removed.
async fn is_kept(app: &TestApp, urn: &Urn) -> bool {
    let actor = Actor::platform("test");
    let erasure = Erasure { urn: urn.to_string(), within: None, ground: "test".into(), actor };
    !matches!(app.core.notary.erase(erasure).await, Err(EraseError::Nothing(_)))
}

on_both_engines! {
    async fn traces_end_and_nothing_is_kept_of_them(builder: TestAppBuilder) {
        let app = builder.leftovers().start().await;
        let olga = somebody(&app, "olga").await;
        let by_law = looked(&app, &olga.person, Ground::Law).await;
        let emergency = looked(&app, &olga.person, Ground::Emergency).await;
        app.settle().await;
        let keep = KeepConfig { traces_days: 1_095, ..KeepConfig::default() };
        app.clock.advance(1_095 * DAY);
        assert_eq!(forget(&app.core, &keep).await.unwrap(), 0, "the stretch was open for a while");
        app.clock.advance(LOOK_SECONDS + DAY);
        assert_eq!(forget(&app.core, &KeepConfig::default()).await.unwrap(), 0, "no end was given");
        assert_eq!(forget(&app.core, &keep).await.unwrap(), 1);
        assert!(!is_there(&app, &by_law.access).await && !is_kept(&app, &by_law.access).await);
        assert!(is_there(&app, &emergency.access).await, "nobody has reviewed it");
        assert_eq!(forget(&app.core, &keep).await.unwrap(), 0);

        // Killed between removing one and destroying what is kept of it.
        let changes = vec![Operation::Delete { urn: emergency.access.clone(), expected: None }.into()];
        let command = Command { ground: "test".into(), changes, ..Command::default() };
        app.core.registry.execute(&Actor::platform("test"), command).await.unwrap();
        let begun = serde_json::to_string(&[&emergency.access]).unwrap();
        app.core.store.write(move |conn| meta::set(conn, 0, "keep/erasing", &begun)).await.unwrap();
        assert_eq!(forget(&app.core, &keep).await.unwrap(), 0);
        assert!(!is_kept(&app, &emergency.access).await, "it is finished");
    }
}

on_both_engines! {
    async fn observations_and_accounts_end_as_configured(builder: TestAppBuilder) {
        let app = builder.leftovers().start().await;
        let olga = somebody(&app, "olga").await;
        app.air("42010102", "pm25", 0.01).await;
        let keep = KeepConfig {
            observations_days: 30, unused_account_days: 60, closed_account_days: 90, ..KeepConfig::default()
        };
        assert_eq!(forget(&app.core, &keep).await.unwrap(), 0);
        app.clock.advance(31 * DAY);
        assert_eq!(forget(&app.core, &keep).await.unwrap(), 1);
        assert_eq!(app.core.history.count().await.unwrap(), 0);
        let id = olga.id.to_string();
        assert!(!app.core.identity.account(&id).await.unwrap().blocked);
        app.clock.advance(30 * DAY);
        assert_eq!(forget(&app.core, &keep).await.unwrap(), 1);
        assert!(app.core.identity.account(&id).await.unwrap().blocked);
        app.clock.advance(91 * DAY);
        assert_eq!(forget(&app.core, &keep).await.unwrap(), 1);
        assert!(app.core.identity.account(&id).await.is_err());
    }
}
