//! A registry on a store of its own, one open alert with its case and task, and the portal around the pages.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::json;
use svod_files::{Daily, Files, FilesDeps, FilesOptions};
use svod_identity::Identity;
use svod_kernel::{Actor, Clock, Role, SeededRng, SimClock, Timestamp, Urn};
use svod_ledger::{Kind, Signer};
use svod_model::testing::shipped;
use svod_model::{Attribute, Entity, PersonaSpec};
use svod_money::{Money, MoneyDeps, Sandbox};
use svod_notary::{Notary, NotaryDeps};
use svod_portal::testing::Visitor;
use svod_portal::{Portal, PortalOptions};
use svod_registry::{Action, Change, Command, EntityQuery, Operation, Registry, RegistryDeps};
use svod_runtime::{Application, Applications, Cases, Tasks};
use svod_services::{PaymentsState, ServicesState, payments, routes};
use svod_store::StoreOptions;
use svod_store::testing::TestPlace;
use svod_trust::Trust;
use tower::ServiceExt as _;

pub const TASK: &str = "urn:svod:task:1-0";
pub const CASE: &str = "urn:svod:case:1";
/// Two people of the city, by their personas; what identity calls those is what the graph knows them by.
pub const ANNA: &str = "anna";
pub const BORIS: &str = "boris";
const CITY: &str = "kuzbass/novokuznetsk";

pub struct House {
    pub registry: Arc<Registry>,
    pub notary: Arc<Notary>,
    pub clock: Arc<SimClock>,
    pub visitor: Visitor,
    pub applications: Applications,
    pub tasks: Tasks,
    pub files: Files,
    /// With the sandbox as its only provider.
    pub money: Money,
    /// Who signs in, and with what.
    pub identity: Arc<Identity>,
    app: Router,
    _place: TestPlace,
}

/// What the decision was given, as the twin writes it.
fn evidence() -> String {
    json!({
        "inputs": {"attribute": "pm25", "open": false, "value": 0.4, "norm": 0.16, "ratio": 2.5},
        "reading": {"attribute": "pm25", "value": 0.4, "observedAt": "2026-01-15T00:59:58Z",
                    "receivedAt": "2026-01-15T00:59:59Z", "simulated": true},
        "outcome": {"action": "raise", "severity": "warning", "deadlineHours": 24}
    })
    .to_string()
}

impl House {
    pub async fn new() -> Self {
        let place = TestPlace::sqlite();
        let clock = Arc::new(SimClock::new("2026-01-15T01:00:00Z".parse().unwrap()));
        let time: Arc<dyn Clock> = clock.clone();
        let store = place.open_with(StoreOptions::default(), time.clone()).unwrap();
        let rng = Arc::new(SeededRng::new(7));
        let registry = Registry::open(RegistryDeps {
            store: store.clone(),
            clock: time.clone(),
            rng: rng.clone(),
            cache_bytes: 1 << 20,
        })
        .await
        .unwrap();
        for pack in ["base", "kuzbass"] {
            registry.publish(&Actor::platform("packs"), shipped(pack)).await.unwrap();
        }
        let identity = svod_identity::testing::identity(store.clone(), time.clone(), true);
        identity.set_personas(registry.catalogue().personas.clone());
        let (portal_registry, interface) = (registry.clone(), svod_portal::texts().merged(&svod_services::texts()));
        let portal = Portal::new(PortalOptions {
            identity: identity.clone(),
            pack_texts: Arc::new(move || portal_registry.catalogue().texts.clone()),
            interface_texts: interface,
            clock: time,
            rng,
            offset_hours: 7,
            secure_cookies: false,
        });
        let cases = Cases::new(registry.clone(), store.clone());
        let applications = Applications::new(cases.clone(), store.clone());
        let tasks = Tasks::new(registry.clone(), cases.clone());
        let signer = Signer::new("house.example/ledger", Kind::Plain, &[3; 32]).unwrap();
        let files_store = store.clone();
        let deps = NotaryDeps {
            store,
            clock: clock.clone(),
            rng: Arc::new(SeededRng::new(8)),
            signer,
            adopts: false,
            node: "one".into(),
            kept: None,
        };
        let notary = Notary::new(deps);
        let files = Files::new(FilesDeps {
            store: files_store.clone(),
            registry: registry.clone(),
            trust: Trust::new(registry.clone()),
            options: FilesOptions { max_mib: 1, daily: Daily { files: 20, mib: 20 }, scanner: None },
        });
        let providers: Vec<Arc<dyn svod_money::Provider>> = vec![Arc::new(Sandbox)];
        let money = Money::new(MoneyDeps { cases: cases.clone(), store: files_store, providers });
        let pages = routes(ServicesState {
            files: files.clone(),
            registry: registry.clone(),
            tasks: tasks.clone(),
            applications: applications.clone(),
            cases,
            notary: notary.clone(),
        });
        let app =
            portal.wrap(pages.merge(payments(PaymentsState { registry: registry.clone(), money: money.clone() })));
        let visitor = Visitor::new(app.clone(), identity.clone());
        let house =
            Self { registry, notary, clock, visitor, applications, tasks, files, money, app, identity, _place: place };
        house.raise().await;
        house
    }

    /// Sets what the type declares: the packs decide what a task carries.
    fn entity(&self, urn: &str, kind: &str, values: &[(&str, Attribute)]) -> Entity {
        let catalogue = self.registry.catalogue();
        let known = |name: &str| catalogue.metamodel.attribute(kind, name).is_some();
        let space = "kuzbass/novokuznetsk".parse().unwrap();
        let new = Entity::new(urn.parse().unwrap(), kind, space);
        values.iter().filter(|(n, _)| known(n)).fold(new, |e, (n, a)| e.with(n, a.clone()))
    }

    async fn raise(&self) {
        let text = |v: &str| Attribute::property(v);
        let to = |v: &str| Attribute::object(v.parse::<Urn>().unwrap());
        let catalogue = self.registry.catalogue();
        let trigger = catalogue.trigger("kuzbass/air-above-norm").unwrap();
        // As cases were written when they kept their state themselves.
        let state = json!({"version": 1, "tokens": [{"element": "respond"}], "done": false}).to_string();
        let process = format!("kuzbass@{}/{}", trigger.spec.version, trigger.process.id());
        let (now, ground) = ("2026-01-15T01:00:00Z", trigger.ground());
        let body = "urn:svod:body:novokuznetsk:ecology";
        let shared = [
            ("name", text("ул. Тольятти, 29")),
            ("kind", text("air-pollution")),
            ("severity", text("warning")),
            ("subject", text("air")),
            ("case", to(CASE)),
            ("alert", to("urn:svod:alert:1")),
            ("body", to(body)),
        ];
        let with = |more: Vec<(&'static str, Attribute)>| shared.iter().cloned().chain(more).collect::<Vec<_>>();
        let alert = self.entity(
            "urn:svod:alert:1",
            "Alert",
            &with(vec![
                ("entity", to("urn:svod:station:42010102")),
                ("attribute", text("pm25")),
                ("status", text("open")),
                ("raisedAt", text(now)),
                ("trigger", text("kuzbass/air-above-norm")),
                ("decision", text(&ground)),
                ("rule", text("unnamed: <act> within a day")),
                ("inputs", text(&evidence())),
            ]),
        );
        let case = self.entity(
            CASE,
            "Case",
            &with(vec![
                ("process", text(trigger.process.id())),
                ("processVersion", text(&process)),
                ("state", text(&state)),
                ("status", text("open")),
                ("openedAt", text(now)),
            ]),
        );
        let task = self.entity(
            TASK,
            "Task",
            &with(vec![
                ("step", text("respond")),
                ("status", text("offered")),
                ("offeredAt", text(now)),
                ("deadline", text("2026-01-16T01:00:00Z")),
            ]),
        );
        let create = |e, verb| Change::verb(Operation::Create(e), Action::Create, verb);
        let command = Command {
            ground,
            cause: Some(CASE.parse().unwrap()),
            changes: vec![create(case, "open"), create(alert, "raise"), create(task, "offer")],
            ..Command::default()
        };
        self.registry.execute(&Actor::platform("runtime"), command).await.unwrap();
    }

    /// Writes entities as the platform does.
    pub async fn write(&self, entities: Vec<Entity>) {
        let changes = entities.into_iter().map(|e| Operation::Upsert(e).into()).collect();
        let command = Command { ground: "test".into(), changes, ..Command::default() };
        self.registry.execute(&Actor::platform("test"), command).await.unwrap();
    }

    pub fn new_entity(urn: &str, kind: &str) -> Entity {
        Entity::new(urn.parse().unwrap(), kind, CITY.parse().unwrap())
    }

    /// The pack of moving home, and two people who sign in as personas of their own.
    pub async fn people(&self) {
        self.pack("moving").await;
        let mut personas = self.registry.catalogue().personas.clone();
        for (id, name) in [(ANNA, "Анна Ким"), (BORIS, "Борис Ли")] {
            let person = Self::new_entity(&format!("persona:{id}"), "Person");
            self.write(vec![person.with("name", Attribute::property(name))]).await;
            let spaces = vec![CITY.parse().unwrap()];
            personas.push(PersonaSpec { id: id.into(), roles: vec![Role::Citizen], spaces, body: None, person: None });
        }
        self.identity.set_personas(personas);
    }

    /// A pack that comes with the program; its own personas can sign in until others are set.
    pub async fn pack(&self, id: &str) {
        let mut pack = shipped(id);
        // What the pack is tried with is tried elsewhere.
        pack.files.retain(|path, _| !path.starts_with("tests/"));
        self.registry.publish(&Actor::platform("packs"), pack).await.unwrap();
        self.identity.set_personas(self.registry.catalogue().personas.clone());
    }

    /// Anna, who has signed in.
    pub fn anna() -> Actor {
        Actor {
            id: format!("persona:{ANNA}"),
            name: "Анна Ким".into(),
            roles: [Role::Citizen].into(),
            spaces: vec![CITY.parse().unwrap()],
            body: None,
            on_behalf: Vec::new(),
        }
    }

    /// Anna moves: `owner` is registered at once, by the register; `consent` is looked at by an official. Her case.
    pub async fn moves(&self, ground: &str) -> Entity {
        let mut data = json!({"name": "Анна Ким", "address": "ул. Кирова, 1, 2", "since": "2026-01-10", "ground": ground,
            "document": "Согласие от 01.01.2026"});
        if ground == "owner" {
            let home = "urn:svod:address:novokuznetsk:kirova-1-2";
            let link = |urn: &str| Attribute::object(urn.parse().unwrap());
            let owns = Self::new_entity("urn:svod:homeownership:anna", "HomeOwnership")
                .with("person", link(&format!("persona:{ANNA}")))
                .with("home", link(home))
                .with("homeAddress", Attribute::property("Новокузнецк, ул. Кирова, 1, 2"));
            self.write(vec![owns]).await;
            data = json!({"name": "Анна Ким", "home": home, "since": "2026-01-10"});
        }
        self.asks(&Self::anna(), "moving/moving", data).await
    }

    /// Somebody asks for a service with these answers; their case.
    pub async fn asks(&self, who: &Actor, service: &str, data: serde_json::Value) -> Entity {
        let application = Application {
            service: service.into(),
            data,
            from_graph: serde_json::Map::new(),
            disputed: serde_json::Map::new(),
            channel: "web",
        };
        let urn = self.applications.send(who, application).await.unwrap();
        self.entity_now(urn.as_str()).await
    }

    /// An entity as the platform sees it.
    pub async fn entity_now(&self, urn: &str) -> Entity {
        self.registry.entity(&Actor::platform("test"), &urn.parse().unwrap()).await.unwrap()
    }

    /// The only task of a case.
    pub async fn task_of(&self, case: &Entity) -> Entity {
        let q = EntityQuery::of(CITY.parse().unwrap(), &["Task"]).with("case", case.id.as_str());
        let mut all = self.registry.query(&Actor::platform("test"), q).await.unwrap().items;
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    /// What somebody downloads, as it comes: a file need not be text.
    pub async fn download(&self, who: Option<&str>, path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
        let mut request = Request::get(path).header(header::ACCEPT_LANGUAGE, "en");
        if let Some(persona) = who {
            let token = self.identity.mint(persona, 3_600).unwrap();
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let response = self.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 8 << 20).await.unwrap();
        (parts.status, parts.headers, bytes.to_vec())
    }

    /// What the packs say in English.
    pub fn text(&self, key: &str) -> String {
        self.registry.catalogue().texts.get(svod_kernel::Lang::En, key).into_owned()
    }

    pub fn at(&self, time: &str) {
        self.clock.set(time.parse::<Timestamp>().unwrap());
    }
}
