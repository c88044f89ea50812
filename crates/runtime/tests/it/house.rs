//! A registry with the pack of a test, simulated time, and services that do as they are told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};
use svod_kernel::{Actor, Clock, SeededRng, SimClock, Timestamp, Urn};
use svod_model::testing::shipped;
use svod_model::{Attribute, Entity, PackSource};
use svod_registry::{EntityQuery, Registry, RegistryDeps};
use svod_runtime::cases::{Answer, Connector, ConnectorError, ServiceCall, Worker};
use svod_runtime::{Along, Cases, NewCase};
use svod_store::instance::{InstanceRow, Status};
use svod_store::testing::TestPlace;
use svod_store::{Store, StoreOptions};

pub const SPACE: &str = "kuzbass/novokuznetsk";

/// What a service does when it is called.
type Does = dyn Fn(&ServiceCall) -> Result<Map<String, Value>, ConnectorError> + Send + Sync;

/// Services of the test; every call is remembered by its key.
#[derive(Default)]
pub struct Services {
    does: Mutex<BTreeMap<&'static str, Arc<Does>>>,
    pub calls: Mutex<Vec<(String, String)>>,
}

impl Services {
    pub fn set(
        &self,
        name: &'static str,
        does: impl Fn(&ServiceCall) -> Result<Map<String, Value>, ConnectorError> + Send + Sync + 'static,
    ) {
        self.does.lock().unwrap().insert(name, Arc::new(does));
    }

    pub fn keys(&self, service: &str) -> Vec<String> {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|(s, _)| s == service).map(|(_, key)| key.clone()).collect()
    }
}

impl Connector for Services {
    fn services(&self) -> Vec<&'static str> {
        vec!["echo", "bank", "slow"]
    }

    fn call<'a>(&'a self, call: &'a ServiceCall) -> Answer<'a> {
        self.calls.lock().unwrap().push((call.service.clone(), call.key.clone()));
        let does = self.does.lock().unwrap().get(call.service.as_str()).cloned();
        let answer = does.map_or_else(|| Ok(call.input.clone()), |does| does(call));
        Box::pin(async move { answer })
    }
}

pub fn failed(code: Option<&str>, again: bool) -> ConnectorError {
    ConnectorError { code: code.map(str::to_owned), message: "no".into(), again }
}

pub fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

pub struct House {
    pub registry: Arc<Registry>,
    pub store: Store,
    pub clock: Arc<SimClock>,
    pub cases: Arc<Cases>,
    pub worker: Arc<Worker>,
    pub services: Arc<Services>,
    pub actor: Actor,
}

/// A BPMN file with one process of that id; `body` as in a file, flows as `a -> b -> c` lines.
pub fn bpmn(id: &str, body: &str) -> String {
    let (mut flows, mut elements, mut number) = (String::new(), String::new(), 0);
    for line in body.lines().map(str::trim) {
        if line.starts_with('<') || !line.contains(" -> ") {
            elements.push_str(line);
            elements.push('\n');
            continue;
        }
        for (from, to) in line.split(" -> ").zip(line.split(" -> ").skip(1)) {
            number += 1;
            let (to, condition) = to.split_once(" if ").unwrap_or((to, ""));
            let from = from.split(" if ").next().unwrap();
            let condition = match condition {
                "" => String::new(),
                text => format!("<conditionExpression>{}</conditionExpression>", text.replace('<', "&lt;")),
            };
            flows.push_str(&format!(
                "<sequenceFlow id=\"f{number}\" sourceRef=\"{from}\" targetRef=\"{to}\">{condition}</sequenceFlow>\n"
            ));
        }
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" xmlns:svod=\"urn:svod:bpmn\" id=\"d\" targetNamespace=\"t\">
<message id=\"m\" name=\"news\"/><signal id=\"g\" name=\"storm\"/><error id=\"x\" name=\"refused\" errorCode=\"refused\"/>
<process id=\"{id}\" name=\"{id}\" isExecutable=\"true\">{elements}{flows}</process></definitions>"
    )
}

fn pack(files: &[(&str, String)]) -> PackSource {
    let mut source = PackSource::default();
    let manifest = "id: test\nversion: 1.0.0\nowner: urn:svod:body:kuzbass:digital\ndepends: [base, kuzbass]\n";
    source.files.insert("pack.yaml".into(), manifest.into());
    for lang in ["ru", "kk", "en"] {
        let texts = "pack-test-title = x\npack-test-description = x\n";
        source.files.insert(format!("locales/{lang}.ftl"), texts.into());
    }
    source.files.extend(files.iter().map(|(path, text)| ((*path).to_owned(), text.clone())));
    source
}

impl House {
    /// With these processes (id and body) and decisions.
    pub async fn new(place: &TestPlace, processes: &[(&str, &str)], decisions: &[(&str, &str)]) -> Self {
        let clock = Arc::new(SimClock::new("2026-01-15T01:00:00Z".parse().unwrap()));
        let time: Arc<dyn Clock> = clock.clone();
        let store = place.open_with(StoreOptions::default(), time.clone()).unwrap();
        let rng = Arc::new(SeededRng::new(7));
        let deps = RegistryDeps { store: store.clone(), clock: time, rng, cache_bytes: 1 << 20 };
        let registry = Registry::open(deps).await.unwrap();
        registry.knows_operations(["echo", "bank", "slow"]);
        let files: Vec<(String, String)> = processes
            .iter()
            .map(|(id, body)| (format!("processes/{id}.bpmn"), bpmn(id, body)))
            .chain(decisions.iter().map(|(file, xml)| (format!("decisions/{file}"), (*xml).to_owned())))
            .collect();
        let files: Vec<(&str, String)> = files.iter().map(|(path, text)| (path.as_str(), text.clone())).collect();
        for source in [shipped("base"), shipped("kuzbass"), pack(&files)] {
            registry.publish(&Actor::platform("packs"), source).await.unwrap();
        }
        let cases = Cases::new(registry.clone(), store.clone());
        let services = Arc::new(Services::default());
        let worker = Worker::new(cases.clone(), vec![services.clone()], "one".into());
        Self { registry, store, clock, cases, worker, services, actor: Actor::platform("test") }
    }

    pub async fn begin(&self, process: &str, variables: Value) -> Urn {
        self.begin_of(&format!("test@1.0.0/{process}"), variables).await
    }

    /// A process of any pack, without a case.
    pub async fn begin_of(&self, process: &str, variables: Value) -> Urn {
        let new = NewCase {
            process: process.to_owned(),
            element: None,
            variables: map(variables),
            space: SPACE.parse().unwrap(),
            case: None,
        };
        self.cases.begin(&self.actor, new, Along::default()).await.unwrap()
    }

    /// With a case in the graph.
    pub async fn open(&self, process: &str, id: &str, variables: Value) -> Urn {
        let text = |v: &str| Attribute::property(v);
        let urn: Urn = format!("urn:svod:case:{id}").parse().unwrap();
        let case = Entity::new(urn, "Case", SPACE.parse().unwrap())
            .with("name", text("A case"))
            .with("subject", text("air"))
            .with("process", text(process))
            .with("processVersion", text(&format!("test@1.0.0/{process}")))
            .with("status", text("open"))
            .with("openedAt", text("2026-01-15T01:00:00Z"));
        let new = NewCase {
            process: format!("test@1.0.0/{process}"),
            element: None,
            variables: map(variables),
            space: SPACE.parse().unwrap(),
            case: Some(case),
        };
        self.cases.begin(&self.actor, new, Along::default()).await.unwrap()
    }

    pub async fn settle(&self) {
        self.worker.settle().await.unwrap();
    }

    pub async fn after(&self, seconds: i64) {
        self.clock.advance(seconds);
        self.settle().await;
    }

    pub async fn row(&self, case: &Urn) -> InstanceRow {
        self.cases.instances(case).await.unwrap().remove(0)
    }

    pub async fn is_done(&self, case: &Urn) -> bool {
        self.row(case).await.status == Status::Done
    }

    /// The variables of the process of a case.
    pub async fn variables(&self, case: &Urn) -> Value {
        let state: Value = serde_json::from_str(&self.row(case).await.state).unwrap();
        state["scopes"]["0"]["variables"].clone()
    }

    pub async fn tasks(&self) -> Vec<Entity> {
        let query = EntityQuery::of(SPACE.parse().unwrap(), &["Task"]);
        self.registry.query(&self.actor, query).await.unwrap().items
    }

    pub async fn entity(&self, urn: &str) -> Option<Entity> {
        self.registry.entity(&self.actor, &urn.parse().unwrap()).await.ok()
    }

    /// What a case waits for, by kind and name.
    pub async fn waits(&self, case: &Urn) -> Vec<(String, Option<Timestamp>)> {
        let row = self.row(case).await;
        let waits = self.store.read(move |c| svod_store::instance::waits_of(c, row.space, row.id)).await.unwrap();
        waits.into_iter().map(|w| (w.id, w.due)).collect()
    }

    /// Every step of a case, in order.
    pub async fn told(&self, case: &Urn) -> Vec<Value> {
        let row = self.row(case).await;
        let steps = self.store.read(move |c| svod_store::instance::steps(c, row.space, row.id, 0, 1000)).await.unwrap();
        steps.into_iter().flat_map(|(_, _, text)| serde_json::from_str::<Vec<Value>>(&text).unwrap()).collect()
    }
}

pub fn key(value: &str) -> Value {
    json!({"key": value})
}
