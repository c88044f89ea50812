//! All routes of the program around one listener.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use svod_files::Files;
use svod_identity::Identity;
use svod_ngsi_ld::NgsiState;
use svod_notary::Witness;
use svod_portal::{Portal, PortalOptions};
use svod_registry::{Action, Registry};
use svod_rest::{Ledger, RestState};
use svod_runtime::Filling;
use svod_store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::rustls::ServerConfig;
use tower::util::MapRequestLayer;

use crate::config::Config;
use crate::connections;
use crate::front::Front;
use crate::pack_test;
use crate::rooms::Core;
use crate::trace;

#[derive(Clone)]
struct Health {
    registry: Arc<Registry>,
    identity: Arc<Identity>,
    store: Store,
    metrics: Option<PrometheusHandle>,
    loopback: bool,
}

/// What is served beside the rooms.
pub struct Edges {
    /// The NGSI-LD edge's.
    pub ngsi: NgsiState,
    /// Signs heads of other logs.
    pub witness: Arc<Witness>,
    /// What people send.
    pub files: Files,
}

/// Serves until `stopped` turns true; by TLS where it is given.
pub fn serve(
    (listener, tls): (TcpListener, Option<Arc<ServerConfig>>),
    config: &Config,
    rooms: &Core,
    edges: Edges,
    stopped: watch::Receiver<bool>,
) -> JoinHandle<()> {
    tokio::spawn(connections::serve(listener, tls, Arc::new(front(config, rooms, edges)), stopped))
}

fn front(config: &Config, rooms: &Core, edges: Edges) -> Front {
    let Edges { ngsi, witness, files } = edges;
    let portal = portal(config, rooms);
    let rest = rest(config, rooms, (witness, files.clone()));
    let pages = Router::new()
        .merge(svod_insight::routes(svod_insight::InsightState {
            registry: rooms.registry.clone(),
            history: rooms.history.clone(),
            twin: rooms.twin.clone(),
        }))
        .merge(svod_services::routes(svod_services::ServicesState {
            applications: rooms.applications.clone(),
            cases: rooms.cases.clone(),
            registry: rooms.registry.clone(),
            tasks: rooms.tasks.clone(),
            notary: rooms.notary.clone(),
            files: files.clone(),
        }))
        .merge(svod_operations::routes(svod_operations::OperationsState {
            registry: rooms.registry.clone(),
            quarantine: rooms.ingest.quarantine(),
            identity: rooms.identity.clone(),
            cases: rooms.cases.clone(),
            applications: rooms.applications.clone(),
            tests: Some(Arc::new(pack_test::Beside::new(
                rooms.store.clone(),
                rooms.registry.clock().clone(),
                rooms.node.clone(),
            ))),
        }))
        .merge(svod_cabinet::routes(svod_cabinet::CabinetState {
            registry: rooms.registry.clone(),
            identity: rooms.identity.clone(),
            trust: rooms.trust.clone(),
            files,
        }))
        .merge(payments(rooms))
        .merge(svod_oidc::routes(rooms.identity.clone()))
        .merge(svod_rest::router(rest).0);
    let health = health(config, rooms);
    let own = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health);
    // On every route, those of the shell among them; a route is known when it is found.
    let named = MapRequestLayer::new(trace::routed as fn(Request) -> Request);
    let chance = (rooms.registry.clock().clone(), rooms.registry.rng().clone());
    let ngsi = svod_ngsi_ld::Edge::new(ngsi).layered(named.clone());
    Front::new(own, portal.wrap(pages).layer(named), ngsi, &config.http, chance)
}

fn rest(config: &Config, rooms: &Core, (witness, files): (Arc<Witness>, Files)) -> RestState {
    RestState {
        registry: rooms.registry.clone(),
        identity: rooms.identity.clone(),
        quarantine: rooms.ingest.quarantine(),
        ingest: rooms.ingest.clone(),
        trust: rooms.trust.clone(),
        files,
        history: rooms.history.clone(),
        twin: rooms.twin.clone(),
        tasks: rooms.tasks.clone(),
        applications: rooms.applications.clone(),
        cases: rooms.cases.clone(),
        filling: Filling::new(rooms.registry.clone(), config.http.utc_offset_hours),
        ledger: Ledger { notary: rooms.notary.clone(), witness },
    }
}

fn payments(rooms: &Core) -> Router {
    let (registry, money) = (rooms.registry.clone(), rooms.money.clone());
    svod_services::payments(svod_services::PaymentsState { registry, money })
}

fn health(config: &Config, rooms: &Core) -> Health {
    Health {
        registry: rooms.registry.clone(),
        identity: rooms.identity.clone(),
        store: rooms.store.clone(),
        metrics: recorder(),
        loopback: config.http.listen.ip().is_loopback(),
    }
}

fn portal(config: &Config, rooms: &Core) -> Portal {
    let registry = rooms.registry.clone();
    let texts = svod_portal::texts()
        .merged(&svod_insight::texts())
        .merged(&svod_services::texts())
        .merged(&svod_operations::texts())
        .merged(&svod_cabinet::texts())
        .merged(&svod_oidc::texts());
    Portal::new(PortalOptions {
        identity: rooms.identity.clone(),
        pack_texts: Arc::new(move || registry.catalogue().texts.clone()),
        interface_texts: texts,
        clock: rooms.registry.clock().clone(),
        rng: rooms.registry.rng().clone(),
        offset_hours: config.http.utc_offset_hours,
        secure_cookies: config.http.is_secure(),
    })
}

async fn ready(State(h): State<Health>) -> Response {
    match h.store.read(|conn| svod_store::space::list(conn)).await {
        Ok(_) if h.store.queue_length() < 5_000 => "ready\n".into_response(),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "the store's queue is long\n").into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n").into_response(),
    }
}

/// Figures in the Prometheus text format: for the administrator, and for whoever scrapes on the machine itself.
async fn metrics(State(h): State<Health>, request: Request) -> Response {
    let proxied = ["forwarded", "x-forwarded-for"].iter().any(|name| request.headers().contains_key(*name));
    let actor = match svod_rest::session_token(request.headers()) {
        Some(token) => Some(h.identity.authenticate(token).await),
        None => None,
    };
    let allowed = match actor {
        Some(Ok(actor)) => {
            let spaces = h.registry.spaces();
            spaces
                .all()
                .iter()
                .any(|s| h.registry.may(&actor, Action::Administer, &h.registry.resource("Metrics", &s.path)))
        }
        Some(Err(_)) => false,
        None => h.loopback && !proxied,
    };
    match (allowed, &h.metrics) {
        (true, Some(handle)) => {
            // Counted when it is asked for: a gauge that every node kept would go on after its node had stopped.
            if let Ok(open) = h.store.read(svod_store::instance_list::standing_count).await {
                metrics::gauge!("svod_case_incidents_open").set(open as f64);
            }
            handle.render().into_response()
        }
        (true, None) => StatusCode::NOT_FOUND.into_response(),
        (false, _) => (StatusCode::FORBIDDEN, "metrics are for the administrator\n").into_response(),
    }
}

/// One recorder a process: tests start several platforms.
fn recorder() -> Option<PrometheusHandle> {
    static HANDLE: std::sync::OnceLock<Option<PrometheusHandle>> = std::sync::OnceLock::new();
    HANDLE.get_or_init(|| metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder().ok()).clone()
}
