use std::sync::Arc;

use axum::http::StatusCode;
use svod_history::{History, Observation, SeriesKey};
use svod_insight::{InsightState, routes, texts};
use svod_kernel::{Actor, Clock, SeededRng, SimClock, Timestamp, Urn};
use svod_model::testing::shipped;
use svod_model::{Attribute, Entity, ObservedValue};
use svod_portal::testing::Visitor;
use svod_portal::{Portal, PortalOptions};
use svod_registry::{Command, Operation, Registry, RegistryDeps};
use svod_store::StoreOptions;
use svod_store::testing::TestPlace;
use svod_twin::{Observed, Twin};

pub const STATION: &str = "urn:svod:station:42010102";

/// A running platform without its doors: registry, history, twin and the pages.
pub struct House {
    pub visitor: Visitor,
    pub registry: Arc<Registry>,
    history: Arc<History>,
    twin: Arc<Twin>,
    pub now: Timestamp,
    _place: TestPlace,
}

impl House {
    pub async fn open() -> Self {
        let now: Timestamp = "2026-01-15T08:00:00+07:00".parse().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SimClock::new(now));
        let rng = Arc::new(SeededRng::new(1));
        let place = TestPlace::sqlite();
        let store = place.open_with(StoreOptions::default(), clock.clone()).unwrap();
        let deps = RegistryDeps { store: store.clone(), clock: clock.clone(), rng: rng.clone(), cache_bytes: 1 << 20 };
        let registry = Registry::open(deps).await.unwrap();
        for pack in ["base", "kuzbass"] {
            registry.publish(&Actor::platform("packs"), shipped(pack)).await.unwrap();
        }
        let history = Arc::new(History::new(store.clone()));
        let twin = Twin::start(registry.clone(), store.clone(), history.clone()).await.unwrap();
        let identity = svod_identity::testing::identity(store.clone(), clock.clone(), true);
        identity.set_personas(registry.catalogue().personas.clone());
        let packs = registry.clone();
        let portal = Portal::new(PortalOptions {
            identity: identity.clone(),
            pack_texts: Arc::new(move || packs.catalogue().texts.clone()),
            interface_texts: svod_portal::texts().merged(&texts()),
            clock,
            rng,
            offset_hours: 7,
            secure_cookies: false,
        });
        let state = InsightState { registry: registry.clone(), history: history.clone(), twin: twin.clone() };
        let visitor = Visitor::new(portal.wrap(routes(state)), identity);
        Self { visitor, registry, history, twin, now, _place: place }
    }

    /// A reading of a station's attribute, in history and in the twin.
    pub async fn reading(&self, attribute: &str, value: f64, at: Timestamp, simulated: bool, replayed: bool) {
        let urn: Urn = STATION.parse().unwrap();
        let space = self.registry.spaces().get(&"kuzbass/novokuznetsk".parse().unwrap()).unwrap().id;
        let key = SeriesKey { space, urn: urn.clone(), attribute: attribute.into(), device: "42010102".into() };
        let series = self.history.series(vec![key]).await.unwrap()[0];
        let value = ObservedValue::Number(value);
        let kept = Observation { series, at, value: value.clone(), received: self.now, simulated, replayed };
        self.history.append(vec![(space, kept)], vec![], vec![]).await.unwrap();
        let seen = Observed { urn: &urn, attribute, value: &value, at, received: self.now, simulated };
        self.twin.observe(std::iter::once(seen));
    }

    /// An alert about the station, as the runtime makes one.
    pub async fn alert(&self, id: &str, status: &str) {
        let text = |s: &str| Attribute::property(s);
        let urn = Urn::svod("alert", id).unwrap();
        let mut e = Entity::new(urn, "Alert", "kuzbass/novokuznetsk".parse().unwrap())
            .with("name", text("ул. Тольятти, 29"))
            .with("kind", text("air-pollution"))
            .with("severity", text("danger"))
            .with("subject", text("air"))
            .with("entity", Attribute::object(STATION.parse().unwrap()))
            .with("attribute", text("pm25"))
            .with("status", text(status))
            .with("raisedAt", text(&self.now.plus_seconds(-7200).to_string()))
            .with("trigger", text("kuzbass/air-above-norm"))
            .with("decision", text("pack:kuzbass@0.1.0 decisions/air-quality.dmn"))
            .with("inputs", text(r#"{"value":0.08,"norm":0.035}"#));
        if status == "closed" {
            e = e.with("closedAt", text(&self.now.plus_seconds(-3600).to_string()));
        }
        let command = Command { changes: vec![Operation::Create(e).into()], ..Command::default() };
        self.registry.execute(&Actor::platform("runtime"), command).await.unwrap();
    }

    /// Waits until the twin has taken in an entity.
    pub async fn twin_has(&self, urn: &str) {
        let urn: Urn = urn.parse().unwrap();
        for _ in 0..500 {
            if self.twin.entity(&urn).is_some() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{urn} never reached the twin");
    }

    /// The page, which must be there.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.visitor.get(None, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.body
    }
}
