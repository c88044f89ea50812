//! A registry with the base pack, two people and a mandate, and files over it.

use std::sync::Arc;

use svod_files::{Daily, Files, FilesDeps, FilesOptions, Scanner, Upload};
use svod_kernel::{Actor, OnBehalf, Role, SeededRng, SimClock, Urn};
use svod_model::testing::shipped;
use svod_model::{Attribute, Entity};
use svod_registry::{Change, Command, Operation, Registry, RegistryDeps};
use svod_store::testing::TestPlace;
use svod_store::{Store, StoreOptions};
use svod_trust::Trust;

pub const PDF: &[u8] = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n";

pub fn urn(text: &str) -> Urn {
    text.parse().unwrap()
}

pub fn olga() -> Urn {
    urn("urn:t:person:olga")
}

pub fn ivan() -> Urn {
    urn("urn:t:person:ivan")
}

/// By which Ivan acts for Olga.
pub fn mandate() -> Urn {
    urn("urn:t:mandate")
}

pub fn citizen(person: &Urn) -> Actor {
    Actor { id: person.to_string(), name: "citizen".into(), roles: [Role::Citizen].into(), ..Actor::anonymous() }
}

/// Ivan for Olga.
pub fn acting() -> Actor {
    let link = OnBehalf { person: olga(), mandate: mandate(), basis: "attorney".into(), scope: [].into() };
    Actor { on_behalf: vec![link], ..citizen(&ivan()) }
}

/// Who holds a post in the region.
pub fn post(role: Role) -> Actor {
    Actor {
        id: format!("urn:t:post:{}", role.as_str()),
        name: role.as_str().into(),
        roles: [role].into(),
        spaces: vec!["kuzbass".parse().unwrap()],
        ..Actor::anonymous()
    }
}

pub fn upload(name: &str, bytes: impl Into<Vec<u8>>) -> Upload {
    Upload { name: name.into(), bytes: bytes.into() }
}

pub struct House {
    pub files: Files,
    pub registry: Arc<Registry>,
    pub trust: Trust,
    pub store: Store,
    pub clock: Arc<SimClock>,
}

impl House {
    /// Of files up to a MiB.
    pub async fn new(place: &TestPlace, scanner: Option<Scanner>) -> Self {
        let clock = Arc::new(SimClock::new("2026-01-15T01:00:00Z".parse().unwrap()));
        let store = place.open_with(StoreOptions::default(), clock.clone()).unwrap();
        let rng = Arc::new(SeededRng::new(7));
        let deps = RegistryDeps { store: store.clone(), clock: clock.clone(), rng, cache_bytes: 1 << 20 };
        let registry = Registry::open(deps).await.unwrap();
        registry.publish(&Actor::platform("packs"), shipped("base")).await.unwrap();
        registry.ensure_space(&"kuzbass".parse().unwrap(), false).await.unwrap();
        let trust = Trust::new(registry.clone());
        let files = Self::files(&store, &registry, &trust, scanner);
        let house = Self { files, registry, trust, store, clock };
        house.people().await;
        house
    }

    fn files(store: &Store, registry: &Arc<Registry>, trust: &Trust, scanner: Option<Scanner>) -> Files {
        Files::new(FilesDeps {
            store: store.clone(),
            registry: registry.clone(),
            trust: trust.clone(),
            options: FilesOptions { max_mib: 1, daily: Daily { files: 25, mib: 3 }, scanner },
        })
    }

    /// The same files once a scanner is configured.
    pub fn scanned_by(&self, scanner: Scanner) -> Files {
        Self::files(&self.store, &self.registry, &self.trust, Some(scanner))
    }

    pub async fn make(&self, id: &Urn, kind: &str, attributes: &[(&str, Attribute)]) {
        let mut entity = Entity::new(id.clone(), kind, "kuzbass".parse().unwrap());
        entity.attributes.extend(attributes.iter().map(|(name, a)| ((*name).to_owned(), a.clone())));
        self.change(Operation::Create(entity)).await;
    }

    pub async fn change(&self, operation: Operation) {
        let command = Command { ground: "test".into(), changes: vec![Change::from(operation)], ..Command::default() };
        self.registry.execute(&Actor::platform("test"), command).await.unwrap();
    }

    async fn people(&self) {
        self.make(&olga(), "Person", &[("name", Attribute::property("Ольга"))]).await;
        self.make(&ivan(), "Person", &[("name", Attribute::property("Иван"))]).await;
        let attributes = [
            ("person", Attribute::object(olga())),
            ("delegate", Attribute::object(ivan())),
            ("basis", Attribute::property("attorney")),
            ("document", Attribute::property("№ 5 от 10.01.2026")),
            ("since", Attribute::property("2026-01-10T00:00:00Z")),
        ];
        self.make(&mandate(), "Mandate", &attributes).await;
    }

    /// Entities of a type, with all their attributes.
    pub async fn all(&self, kind: &str) -> Vec<Entity> {
        let query = svod_registry::EntityQuery::of("kuzbass".parse().unwrap(), &[kind]);
        self.registry.query(&Actor::platform("test"), query).await.unwrap().items
    }
}
