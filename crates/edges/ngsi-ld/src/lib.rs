//! NGSI-LD (ETSI GS CIM 009 v1.8.1, with the additions of v1.9.1): translation between its HTTP binding and the
//! registry. No rules live here.
//!
//! # Map
//! * [`context`] – `@context`: terms to IRIs and back; [`hosted`] – contexts kept here.
//! * `request` – who, which tenant, which context; `version` – answers for clients of earlier versions; `params` – query parameters as a `svod_query::Query` and a form.
//! * `parse` – payloads to attributes of the graph; `change` – what the operations make of an entity, `edit` – the way there;
//!   `render`, `join` – entities to payloads.
//! * [`subscriptions`] – who is told of changes, and what notifications look like.
//! * [`sources`] – other brokers that know more; `maps`, `snapshots` – what a question found, kept for a while on a `shelf`.
//! * `temporal` – how entities came to be what they are.
//! * `entities`, `provide`, `attributes`, `batch`, `types` – the operations, clause by clause.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod attributes;
mod auth;
mod batch;
mod change;
pub mod context;
mod edit;
mod entities;
mod error;
#[doc(hidden)]
pub mod fuzzing;
pub mod hosted;
mod identity;
mod join;
pub mod maps;
mod params;
mod parse;
mod provide;
mod render;
mod request;
mod shelf;
pub mod snapshots;
pub mod sources;
pub mod subscriptions;
mod temporal;
mod types;
mod version;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use sources::watch;
use svod_identity::Identity;
use svod_kernel::SpacePath;
use svod_registry::{INSTALLATION, Registry};
use tower::ServiceExt as _;
use tower::util::MapRequestLayer;

use crate::context::Contexts;
pub use crate::error::ApiError;
use crate::error::{Answer, Kind};

/// What the routes translate for.
#[derive(Clone)]
pub struct NgsiState(Arc<Ngsi>);

impl std::ops::Deref for NgsiState {
    type Target = Ngsi;

    fn deref(&self) -> &Ngsi {
        &self.0
    }
}

impl From<Ngsi> for NgsiState {
    fn from(ngsi: Ngsi) -> Self {
        let whole = Arc::new(ngsi);
        whole.subscriptions.dialect().stands_in(&whole);
        Self(whole)
    }
}

impl From<Arc<Ngsi>> for NgsiState {
    fn from(whole: Arc<Ngsi>) -> Self {
        Self(whole)
    }
}

/// The parts of the edge.
pub struct Ngsi {
    /// The one door.
    pub registry: Arc<Registry>,
    /// Who somebody is.
    pub identity: Arc<Identity>,
    /// Contexts.
    pub contexts: Arc<Contexts>,
    /// Registrations of other brokers, as they were read last.
    pub remembered: Arc<sources::Remembered>,
    /// Other brokers.
    pub peers: Arc<dyn sources::peers::Peers>,
    /// What questions found, for those who page through it.
    pub maps: Arc<maps::Maps>,
    /// How entities stood, for those who look at it later.
    pub snapshots: Arc<snapshots::Snapshots>,
    /// Copies of subscriptions at other brokers.
    pub relay: Arc<sources::relay::Relay>,
    /// Under which address other brokers reach this one; none: subscriptions stay here.
    pub public_base: Option<String>,
    /// Tells of registrations.
    pub watch: Arc<sources::watch::Watch>,
    /// Tells subscribers.
    pub subscriptions: Arc<svod_subscriptions::Engine<subscriptions::Notifications>>,
    /// What was when.
    pub temporal: Arc<svod_temporal::Temporal>,
    /// Instances of one attribute in one temporal answer at the most.
    pub temporal_instances: usize,
    /// When this broker began, and the name under which others know it.
    pub since: svod_kernel::Timestamp,
    /// Its alias in `Via` fields.
    pub alias: String,
    /// The space of requests that name no tenant; none: the first region.
    pub home: Option<SpacePath>,
    /// Tenants come into being with their first entity, as open spaces (sandbox).
    pub new_tenants: bool,
}

impl NgsiState {
    /// The name under which other brokers know the tenant of a request.
    pub(crate) fn alias_of(&self, asked: &request::Asked) -> String {
        match &asked.tenant {
            Some(tenant) => format!("{}-{tenant}", self.alias),
            None => self.alias.clone(),
        }
    }

    /// The space of a tenant.
    ///
    /// # Errors
    /// When there is none and none may be made.
    pub(crate) async fn space(&self, tenant: Option<&str>, make: bool) -> Answer<SpacePath> {
        let Some(tenant) = tenant else { return Ok(self.home()) };
        let none = || ApiError::new(Kind::NonexistentTenant, format!("there is no tenant '{tenant}'"));
        let path: SpacePath = self.path_of(tenant).ok_or_else(none)?;
        if self.registry.spaces().get(&path).is_none() {
            if !(self.new_tenants && make) {
                return Err(none());
            }
            let made = self.registry.ensure_space(&path, true).await;
            made.map_err(|e| ApiError::new(Kind::InternalError, e.to_string()))?;
        }
        Ok(path)
    }

    /// A tenant is a space; where tenants come into being by themselves any name is made one.
    fn path_of(&self, tenant: &str) -> Option<SpacePath> {
        match tenant.parse::<SpacePath>() {
            Ok(path) => Some(path),
            Err(_) if self.new_tenants => {
                let kept: String = tenant
                    .to_ascii_lowercase()
                    .chars()
                    .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
                    .collect();
                format!("tenant-{}", kept.trim_matches('-')).parse().ok()
            }
            Err(_) => None,
        }
    }

    fn home(&self) -> SpacePath {
        if let Some(home) = &self.home {
            return home.clone();
        }
        let tree = self.registry.spaces();
        let tops = tree.all().into_iter().filter(|s| s.path.parent().is_none() && s.path.as_str() != INSTALLATION);
        tops.map(|s| s.path.clone()).next().unwrap_or_else(|| self.registry.installation("Space").space)
    }
}

/// Where this edge stands: `v1` is the standard's, `ex` is beside it.
pub const ROOT: &str = "/ngsi-ld/";

/// The edge, ready to answer.
#[derive(Clone)]
pub struct Edge {
    routes: Router,
}

impl Edge {
    /// All routes below [`ROOT`].
    pub fn new(state: NgsiState) -> Self {
        Self { routes: routes(state) }
    }

    /// With something that sees every request once its route is found.
    #[must_use]
    pub fn layered(self, seen: MapRequestLayer<fn(Request) -> Request>) -> Self {
        Self { routes: self.routes.layer(seen) }
    }

    /// The answer to a request below [`ROOT`], with and without a slash at its end. Its tenant stands in the answer,
    /// whatever that is (clause 6.3.14).
    pub async fn answer(&self, mut request: Request) -> Response {
        if request.uri().path().ends_with('/') {
            *request.uri_mut() = trimmed(request.uri());
        }
        let tenant = request.headers().get(request::TENANT).cloned();
        let mut response = self.routes.clone().oneshot(request).await.into_response();
        if let Some(tenant) = tenant {
            response.headers_mut().entry(request::TENANT).or_insert(tenant);
        }
        response
    }
}

/// The address without slashes at the end of its path.
fn trimmed(uri: &Uri) -> Uri {
    let path = uri.path().trim_end_matches('/');
    let text = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    text.parse().unwrap_or_else(|_| uri.clone())
}

fn routes(state: NgsiState) -> Router {
    Router::new()
        .route(
            "/ngsi-ld/v1/entities",
            get(entities::list).post(provide::create).delete(provide::purge).put(no_identifier).patch(no_identifier),
        )
        .route(
            "/ngsi-ld/v1/entities/{id}",
            get(entities::read).delete(provide::delete).put(provide::replace).patch(provide::merge),
        )
        .route(
            "/ngsi-ld/v1/entities/{id}/attrs",
            post(provide::append).patch(provide::update).put(no_identifier).delete(subscriptions::no_identifier),
        )
        .route(
            "/ngsi-ld/v1/entities/{id}/attrs/{name}",
            delete(attributes::delete).patch(attributes::patch).put(attributes::replace),
        )
        .route("/ngsi-ld/v1/entityOperations/create", post(batch::create))
        .route("/ngsi-ld/v1/entityOperations/upsert", post(batch::upsert))
        .route("/ngsi-ld/v1/entityOperations/update", post(batch::update))
        .route("/ngsi-ld/v1/entityOperations/merge", post(batch::merge))
        .route("/ngsi-ld/v1/entityOperations/delete", post(batch::delete))
        .route("/ngsi-ld/v1/entityOperations/query", post(entities::query))
        .route("/ngsi-ld/v1/types", get(types::types))
        .route("/ngsi-ld/v1/types/{type}", get(types::one_type))
        .route("/ngsi-ld/v1/attributes", get(types::attributes))
        .route("/ngsi-ld/v1/attributes/{name}", get(types::one_attribute))
        .route("/ngsi-ld/v1/jsonldContexts", get(hosted::list).post(hosted::add))
        .route("/ngsi-ld/v1/jsonldContexts/{id}", get(hosted::read).delete(hosted::delete))
        .merge(beside())
        .method_not_allowed_fallback(not_allowed)
        .fallback(nothing)
        .with_state(state)
}

/// What is not the present state of entities: subscriptions, other brokers, the past.
fn beside() -> Router<NgsiState> {
    Router::new()
        .route(
            "/ngsi-ld/v1/subscriptions",
            get(subscriptions::list)
                .post(subscriptions::create)
                .patch(subscriptions::no_identifier)
                .delete(subscriptions::no_identifier),
        )
        .route(
            "/ngsi-ld/v1/subscriptions/{id}",
            get(subscriptions::read).patch(subscriptions::update).delete(subscriptions::delete),
        )
        .route(
            "/ngsi-ld/v1/csourceRegistrations",
            get(sources::list)
                .post(sources::create)
                .patch(subscriptions::no_identifier)
                .delete(subscriptions::no_identifier),
        )
        .route(
            "/ngsi-ld/v1/csourceRegistrations/{id}",
            get(sources::read).patch(sources::update).delete(sources::delete),
        )
        .route(
            "/ngsi-ld/v1/csourceSubscriptions",
            get(watch::list)
                .post(watch::create)
                .patch(subscriptions::no_identifier)
                .delete(subscriptions::no_identifier),
        )
        .route("/ngsi-ld/v1/csourceSubscriptions/{id}", get(watch::read).patch(watch::update).delete(watch::delete))
        .route("/ngsi-ld/v1/entityMaps", get(maps::create))
        .route("/ngsi-ld/v1/entityMaps/{id}", get(maps::read).patch(maps::update).delete(maps::delete))
        .route("/ngsi-ld/v1/temporal/entityMaps", get(maps::create_temporal))
        .route("/ngsi-ld/v1/snapshots", post(snapshots::create).delete(snapshots::purge))
        .route("/ngsi-ld/v1/snapshots/{id}", get(snapshots::read).patch(snapshots::update).delete(snapshots::delete))
        .route("/ngsi-ld/v1/snapshots/{id}/clone", post(snapshots::duplicate))
        .route("/ngsi-ld/v1/info/sourceIdentity", get(identity::read))
        .route("/ngsi-ld/v1/temporal/entities", get(temporal::list).post(temporal::create))
        .route("/ngsi-ld/v1/temporal/entities/{id}", get(temporal::read).delete(temporal::delete))
        .route("/ngsi-ld/v1/temporal/entities/{id}/attrs", post(temporal::append))
        .route(
            "/ngsi-ld/v1/temporal/entities/{id}/attrs/{name}",
            delete(temporal::delete_attribute).patch(temporal::no_instance),
        )
        .route(
            "/ngsi-ld/v1/temporal/entities/{id}/attrs/{name}/{instance}",
            delete(temporal::delete_instance).patch(temporal::change),
        )
        .route("/ngsi-ld/v1/temporal/entityOperations/query", post(temporal::query))
        .route("/ngsi-ld/ex/remote-notify", post(sources::relay::inbound))
        .route("/ngsi-ld/ex/subscriptions/{id}/stream", get(subscriptions::listen))
}

async fn nothing(request: Request) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    if path.contains("//") {
        let patched = method == axum::http::Method::PATCH && path.contains("/attrs//");
        let kind = if patched { Kind::MethodNotAllowed } else { Kind::BadRequestData };
        return ApiError::new(kind, "an identifier in the address is empty").into_response();
    }
    ApiError::missing("nothing stands at this address of the NGSI-LD API").into_response()
}

async fn not_allowed() -> Response {
    ApiError::new(Kind::MethodNotAllowed, "the method is not defined for this address").into_response()
}

/// The address ends where an identifier should stand.
async fn no_identifier() -> Response {
    ApiError::bad("the address ends where an identifier should stand").into_response()
}
