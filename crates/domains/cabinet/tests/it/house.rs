//! A registry on a store of its own, and the portal around the pages.

use std::sync::Arc;

use svod_cabinet::{CabinetState, routes};
use svod_files::{Daily, Files, FilesDeps, FilesOptions};
use svod_kernel::{Actor, Clock, SeededRng, SimClock};
use svod_model::testing::shipped;
use svod_model::{Attribute, Entity};
use svod_portal::testing::Visitor;
use svod_portal::{Portal, PortalOptions};
use svod_registry::{Change, Command, Operation, Registry, RegistryDeps};
use svod_store::StoreOptions;
use svod_store::testing::TestPlace;
use svod_trust::Trust;

pub struct House {
    pub registry: Arc<Registry>,
    pub visitor: Visitor,
    _place: TestPlace,
}

impl House {
    pub async fn new() -> Self {
        let place = TestPlace::sqlite();
        let clock: Arc<dyn Clock> = Arc::new(SimClock::new("2026-01-15T01:00:00Z".parse().unwrap()));
        let store = place.open_with(StoreOptions::default(), clock.clone()).unwrap();
        let rng = Arc::new(SeededRng::new(7));
        let deps = RegistryDeps { store: store.clone(), clock: clock.clone(), rng: rng.clone(), cache_bytes: 1 << 20 };
        let registry = Registry::open(deps).await.unwrap();
        for pack in ["base", "kuzbass"] {
            registry.publish(&Actor::platform("packs"), shipped(pack)).await.unwrap();
        }
        let identity = svod_identity::testing::identity(store.clone(), clock.clone(), true);
        identity.set_personas(registry.catalogue().personas.clone());
        let packs = registry.clone();
        let portal = Portal::new(PortalOptions {
            identity: identity.clone(),
            pack_texts: Arc::new(move || packs.catalogue().texts.clone()),
            interface_texts: svod_portal::texts().merged(&svod_cabinet::texts()),
            clock,
            rng,
            offset_hours: 7,
            secure_cookies: false,
        });
        let trust = Trust::new(registry.clone());
        let options = FilesOptions { max_mib: 1, daily: Daily { files: 100, mib: 100 }, scanner: None };
        let files = FilesDeps { store, registry: registry.clone(), trust: trust.clone(), options };
        let files = Files::new(files);
        let state = CabinetState { registry: registry.clone(), identity: identity.clone(), trust, files };
        let visitor = Visitor::new(portal.wrap(routes(state)), identity);
        Self { registry, visitor, _place: place }
    }

    /// An entity as the platform makes it, or with these attributes more.
    pub async fn make(&self, id: &str, kind: &str, space: &str, attributes: &[(&str, Attribute)]) {
        let mut entity = Entity::new(id.parse().unwrap(), kind, space.parse().unwrap());
        entity.attributes.extend(attributes.iter().map(|(name, a)| ((*name).to_owned(), a.clone())));
        let changes = vec![Change::from(Operation::Upsert(entity))];
        let command = Command { ground: "test".into(), changes, ..Command::default() };
        self.registry.execute(&Actor::platform("test"), command).await.unwrap();
    }
}
