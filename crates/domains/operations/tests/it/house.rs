//! A registry and a pipeline on a store of their own, and the portal around the pages.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use svod_history::History;
use svod_ingest::{DeviceDirectory, Ingest, IngestDeps, IngestLimits, NoJudge, RawMessage};
use svod_kernel::{Actor, Clock, SeededRng, SimClock};
use svod_model::PackSource;
use svod_model::testing::shipped;
use svod_operations::{
    OperationsState, PackTest, PackTests, PackTestsEnd, PackTestsError, PackTestsRun, PackTestsTold, routes,
};
use svod_portal::testing::Visitor;
use svod_portal::{Portal, PortalOptions};
use svod_registry::{Registry, RegistryDeps};
use svod_runtime::{Applications, Cases};
use svod_store::StoreOptions;
use svod_store::testing::TestPlace;

/// Plays no situation: says which packs it was given, in their order, and ends as it is told.
#[derive(Default)]
pub struct Played {
    /// Somebody else's run is under way.
    pub busy: AtomicBool,
    /// Runs are cut off before their end.
    pub cut: AtomicBool,
}

impl PackTests for Played {
    fn run(&self, sources: Vec<PackSource>) -> PackTestsRun<'_> {
        let first = |s: &PackSource| s.files["pack.yaml"].lines().find(|l| l.starts_with("id:")).unwrap().to_owned();
        let name = sources.iter().map(first).collect::<Vec<_>>().join(", ");
        let failed = sources.last().unwrap().files.contains_key("tests/bad.yaml").then(|| "it is bad".to_owned());
        Box::pin(async move {
            if self.busy.load(Ordering::Relaxed) {
                return Err(PackTestsError::Busy);
            }
            let (told, heard) = tokio::sync::mpsc::channel(8);
            told.try_send(PackTestsTold::Planned(1)).unwrap();
            if !self.cut.load(Ordering::Relaxed) {
                let test = PackTest { file: "tests/air.yaml".into(), name, failed };
                told.try_send(PackTestsTold::Played(test)).unwrap();
                told.try_send(PackTestsTold::Ended(PackTestsEnd::Done)).unwrap();
            }
            Ok(heard)
        })
    }
}

pub struct House {
    pub registry: Arc<Registry>,
    pub ingest: Ingest,
    pub cases: Arc<Cases>,
    pub visitor: Visitor,
    pub tests: Arc<Played>,
    pub clock: Arc<SimClock>,
    _place: TestPlace,
}

impl House {
    pub async fn new() -> Self {
        let place = TestPlace::sqlite();
        let sim = Arc::new(SimClock::new("2026-01-15T01:00:00Z".parse().unwrap()));
        let clock: Arc<dyn Clock> = sim.clone();
        let store = place.open_with(StoreOptions::default(), clock.clone()).unwrap();
        let rng = Arc::new(SeededRng::new(7));
        let registry = Registry::open(RegistryDeps {
            store: store.clone(),
            clock: clock.clone(),
            rng: rng.clone(),
            cache_bytes: 1 << 20,
        })
        .await
        .unwrap();
        for pack in ["base", "kuzbass"] {
            registry.publish(&Actor::platform("packs"), shipped(pack)).await.unwrap();
        }
        let identity = svod_identity::testing::identity(store.clone(), clock.clone(), true);
        identity.set_personas(registry.catalogue().personas.clone());
        let (portal_registry, interface) = (registry.clone(), svod_portal::texts().merged(&svod_operations::texts()));
        let portal = Portal::new(PortalOptions {
            identity: identity.clone(),
            pack_texts: Arc::new(move || portal_registry.catalogue().texts.clone()),
            interface_texts: interface,
            clock: clock.clone(),
            rng,
            offset_hours: 7,
            secure_cookies: false,
        });
        let cases = Cases::new(registry.clone(), store.clone());
        let applications = Applications::new(cases.clone(), store.clone());
        let deps = IngestDeps {
            registry: registry.clone(),
            history: Arc::new(History::new(store.clone())),
            store,
            clock,
            devices: DeviceDirectory::open(registry.clone()).await.unwrap(),
            judge: Arc::new(NoJudge),
        };
        let ingest = Ingest::new(deps, IngestLimits::default());
        let tests = Arc::new(Played::default());
        let state = OperationsState {
            registry: registry.clone(),
            quarantine: ingest.quarantine(),
            identity: identity.clone(),
            cases: cases.clone(),
            applications,
            tests: Some(tests.clone()),
        };
        let visitor = Visitor::new(portal.wrap(routes(state)), identity);
        Self { registry, ingest, cases, visitor, tests, clock: sim, _place: place }
    }

    /// A message that the mapping in force refuses.
    pub async fn refuse(&self, payload: &str) {
        let message = RawMessage::published("air/42010102/up".into(), payload.to_owned().into());
        self.ingest.submit(&Actor::platform("test"), message).await.unwrap();
        self.ingest.settle().await;
    }
}
