//! A small platform: the base pack and a region with two gauges and a gateway.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use svod_history::History;
use svod_ingest::{DeviceDirectory, Ingest, IngestDeps, IngestLimits, Judge, RawMessage, Reading, Source};
use svod_kernel::{Actor, Clock, Role, SeededRng, SimClock, Timestamp};
use svod_model::PackSource;
use svod_model::testing::shipped;
use svod_registry::{Registry, RegistryDeps};
use svod_store::finding::NewFinding;
use svod_store::testing::TestPlace;
use svod_store::{Store, StoreOptions};

pub const NOW: &str = "2026-01-15T01:00:00Z";

/// Finds something in every reading over 1, and remembers what it was told.
#[derive(Default)]
pub struct TestJudge {
    pub log: Mutex<Vec<String>>,
}

impl Judge for TestJudge {
    fn judge(&self, readings: &[Reading]) -> Vec<NewFinding> {
        self.log.lock().unwrap().push(format!("judge {}", readings.len()));
        assert!(!readings.iter().any(|r| r.value.number() == Some(1.666)), "a decision that breaks");
        let high = readings.iter().filter(|r| r.value.number().is_some_and(|n| n > 1.0));
        high.map(|r| NewFinding {
            space: r.device.space,
            at: r.received,
            trigger_id: "test/high".into(),
            urn: r.device.urn.to_string(),
            attribute: r.attribute.to_string(),
            body: "{}".into(),
        })
        .collect()
    }

    fn committed(&self, readings: &[Reading]) {
        self.log.lock().unwrap().push(format!("committed {}", readings.len()));
    }

    fn aborted(&self, readings: &[Reading]) {
        self.log.lock().unwrap().push(format!("aborted {}", readings.len()));
    }
}

pub struct House {
    _place: TestPlace,
    pub store: Store,
    pub clock: Arc<SimClock>,
    pub registry: Arc<Registry>,
    pub history: Arc<History>,
    pub judge: Arc<TestJudge>,
    pub ingest: Ingest,
}

pub fn actor(role: Role, spaces: &[&str]) -> Actor {
    Actor {
        id: format!("{}-{}", role.as_str(), spaces.join("+")),
        name: role.as_str().into(),
        roles: BTreeSet::from([role]),
        spaces: spaces.iter().map(|s| s.parse().unwrap()).collect(),
        body: None,
        on_behalf: Vec::new(),
    }
}

pub fn device() -> Actor {
    actor(Role::Device, &["field"])
}

pub fn administrator() -> Actor {
    actor(Role::Administrator, &["field", "installation"])
}

pub fn http(device: &str, payload: &str) -> RawMessage {
    RawMessage::named("gauge".into(), device.into(), payload.to_owned().into(), Source::Http)
}

pub fn mqtt(topic: &str, payload: &str) -> RawMessage {
    RawMessage::published(topic.into(), payload.to_owned().into())
}

impl House {
    pub async fn all(limits: IngestLimits) -> Vec<Self> {
        let mut houses = Vec::new();
        for place in TestPlace::all() {
            houses.push(Self::on(place, limits.clone()).await);
        }
        houses
    }

    pub async fn on(place: TestPlace, limits: IngestLimits) -> Self {
        let clock = Arc::new(SimClock::new(NOW.parse().unwrap()));
        let store = place.open_with(StoreOptions::default(), clock.clone()).unwrap();
        let rng = Arc::new(SeededRng::new(1));
        let registry =
            Registry::open(RegistryDeps { store: store.clone(), clock: clock.clone(), rng, cache_bytes: 1 << 20 })
                .await
                .unwrap();
        for pack in [shipped("base"), region("field", "0.1.0", MAPPING, "")] {
            publish(&registry, pack).await;
        }
        let history = Arc::new(History::new(store.clone()));
        let judge = Arc::new(TestJudge::default());
        let devices = DeviceDirectory::open(registry.clone()).await.unwrap();
        assert_eq!(devices.len(), 3);
        let deps = IngestDeps {
            registry: registry.clone(),
            history: history.clone(),
            store: store.clone(),
            clock: clock.clone(),
            devices,
            judge: judge.clone(),
        };
        let ingest = Ingest::new(deps, limits);
        Self { _place: place, store, clock, registry, history, judge, ingest }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Values in history, by entity and attribute.
    pub async fn latest(&self) -> BTreeMap<String, svod_model::ObservedValue> {
        let rows = self.history.latest().await.unwrap();
        rows.into_iter().map(|r| (format!("{}.{}", r.key.urn.local(), r.key.attribute), r.observation.value)).collect()
    }

    pub async fn count(&self, table: &'static str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        self.store.read(move |conn| conn.query(&sql, &[])?[0].int(0)).await.unwrap()
    }
}

pub async fn publish(registry: &Registry, pack: PackSource) {
    if let Err(e) = registry.publish(&Actor::platform("test"), pack).await {
        panic!("{e:?}");
    }
}

/// Waits until something is so.
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..500 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} never came");
}

pub const MAPPING: &str =
    "{at: .ts, simulated: .sim, values: {level: .level, cover: .cover, place: .place, name: .name}}";

/// A region with two gauges, `g1` and `g2`, and more entities in `more`.
pub fn region(id: &str, version: &str, mapping: &str, more: &str) -> PackSource {
    let depends = if id == "field" { "base" } else { "base, field" };
    let files = [
        (
            "pack.yaml",
            format!(
                "id: {id}\nversion: {version}\nowner: urn:svod:body:{id}:water\ndepends: [{depends}]\nspace: {id}\n"
            ),
        ),
        ("spaces.yaml", format!("- path: {id}\n- path: {id}/town\n")),
        (
            "model/water.yaml",
            format!(
                "id: https://svod.example/packs/{id}/water\nname: {id}_water\ndescription: Water.\n\
                 prefixes:\n  linkml: https://w3id.org/linkml/\n  {id}: https://svod.example/packs/{id}/\n\
                 default_prefix: {id}\ndefault_range: string\nimports:\n  - linkml:types\n  - ../../base/model/base\n\
                 classes:\n  {kind}:\n    is_a: Asset\n    description: A gauge.\n    attributes:\n\
                 \x20     level:\n        range: float\n        unit: {{ucum_code: m}}\n        minimum_value: 0\n\
                 \x20       maximum_value: 20\n        description: Level.\n        annotations:\n\
                 \x20         svod_kind: observation\n          svod_precision: 0.001\n\
                 \x20     cover:\n        range: string\n        description: Cover.\n        annotations:\n\
                 \x20         svod_kind: observation\n\
                 \x20     place:\n        range: GeoPoint\n        description: Place.\n        annotations:\n\
                 \x20         svod_kind: observation\n",
                kind = kind(id),
            ),
        ),
        (
            "devices/gauge.yaml",
            format!(
                "id: gauge\ntopic: water/{{device}}/up\ntype: {}\nmapping: |\n  {mapping}\nmax_future: PT5M\n",
                kind(id)
            ),
        ),
        (
            "entities/gauges.yaml",
            format!("{}{}{}{more}", gauge(id, "g1"), gauge(id, "g2"), gauge(id, &format!("own-{id}"))),
        ),
    ];
    let mut source = PackSource::default();
    source.files.extend(files.map(|(path, text)| (path.to_owned(), text)));
    for lang in ["ru", "kk", "en"] {
        // A text stands in one pack: the first region has those that all share.
        let shared =
            if id == "field" { "attr-level = L\nattr-cover = C\nattr-place = P\nspace-town = T\n" } else { "" };
        let text =
            format!("pack-{id}-title = T\npack-{id}-description = D\ntype-{} = G\nspace-{id} = R\n{shared}", kind(id));
        source.files.insert(format!("locales/{lang}.ftl"), text);
    }
    source
}

pub fn gauge(region: &str, device: &str) -> String {
    format!(
        "- id: urn:svod:gauge:{region}-{device}\n  type: {}\n  space: {region}/town\n  attributes:\n\
         \x20   name: \"Gauge {device}\"\n    deviceId: \"{device}\"\n",
        kind(region)
    )
}

fn kind(region: &str) -> String {
    format!("{}{}Gauge", region[..1].to_uppercase(), &region[1..])
}
