//! REST API, version 1: translation between HTTP and the registry, ingest and the twin. No rules live here.
//!
//! Every route is described by OpenAPI 3.1 at `/api/openapi.json`; errors are RFC 9457 problem details.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod auth;
mod bulk;
mod cases;
mod commands;
mod course;
mod decisions;
mod drafts;
mod entities;
mod files;
mod history;
mod journal;
mod layers;
mod ledger;
mod live;
mod mandates;
mod my;
mod observations;
mod packs;
mod problem;
mod quarantine;
mod questions;
mod services;
mod state;
mod tasks;
mod templates;

use axum::Router;
use axum::routing::{get, post};
use utoipa::OpenApi;
use utoipa::openapi::{ContentBuilder, Object, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use auth::Bearer;
pub use auth::{Caller, SESSION_COOKIE, session_token};
pub use ledger::Ledger;
pub use problem::Failure;
pub use state::RestState;

/// Largest request body: a pack with real boundaries fits.
pub const MAX_BODY: usize = 16 * 1024 * 1024;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Svod API",
        version = "1",
        description = "One graph of entities, one journal, one door. Authorise with a bearer token (demo mode: `svod demo token PERSONA`); without one you are anonymous and see what is open. Errors are RFC 9457 problem details with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    modifiers(&Bearer),
    tags(
        (name = "entities", description = "The graph"),
        (name = "readings", description = "What devices and systems deliver"),
        (name = "live", description = "The twin as it happens"),
        (name = "work", description = "Tasks and the journal"),
        (name = "services", description = "Services, applications and cases"),
        (name = "my", description = "The cabinet: who looked at one's data, consents, mandates"),
        (name = "mandates", description = "Who acts for whom, entered by documents"),
        (name = "operations", description = "Packs and quarantine")
    )
)]
struct ApiDoc;

fn described() -> OpenApiRouter<RestState> {
    worked(OpenApiRouter::with_openapi(ApiDoc::openapi()))
        .routes(routes!(entities::list, entities::create))
        .routes(routes!(entities::read, entities::patch, entities::remove))
        .routes(routes!(entities::card))
        .routes(routes!(my::accesses))
        .routes(routes!(my::consents, my::agree))
        .routes(routes!(my::disagree))
        .routes(routes!(my::mandates, my::empower))
        .routes(routes!(my::disempower))
        .routes(routes!(mandates::register))
        .routes(routes!(mandates::end))
        .routes(routes!(files::put))
        .routes(routes!(files::read, files::remove))
        .routes(routes!(commands::carry_out))
        .routes(routes!(questions::ask))
        .routes(routes!(decisions::ask))
        .routes(routes!(templates::copy))
        .routes(routes!(history::read))
        .routes(routes!(observations::deliver))
        .routes(routes!(live::stream))
        .routes(routes!(layers::list))
        .routes(routes!(layers::geometry))
        .routes(routes!(journal::list))
        .routes(routes!(ledger::receipt))
        .routes(routes!(packs::list, packs::publish))
        .routes(routes!(packs::check))
        .routes(routes!(packs::read))
        .routes(routes!(quarantine::list))
        .routes(routes!(quarantine::look))
        .routes(routes!(quarantine::try_mapping))
        .routes(routes!(quarantine::replay))
        .routes(routes!(quarantine::discard))
}

/// Tasks, services and cases.
fn worked(router: OpenApiRouter<RestState>) -> OpenApiRouter<RestState> {
    router
        .routes(routes!(tasks::list))
        .routes(routes!(bulk::many))
        .routes(routes!(bulk::kept))
        .routes(routes!(bulk::substitute))
        .routes(routes!(tasks::take))
        .routes(routes!(tasks::release))
        .routes(routes!(tasks::complete))
        .routes(routes!(tasks::answers))
        .routes(routes!(tasks::accept))
        .routes(routes!(tasks::put_file))
        .routes(routes!(services::list))
        .routes(routes!(services::read))
        .routes(routes!(services::apply))
        .routes(routes!(services::offers))
        .routes(routes!(services::accept))
        .routes(routes!(services::put_file))
        .routes(routes!(services::decline))
        .routes(routes!(drafts::list))
        .routes(routes!(drafts::read, drafts::keep, drafts::remove))
        .routes(routes!(drafts::put_file))
        .routes(routes!(drafts::send))
        .routes(routes!(cases::list))
        .routes(routes!(cases::read))
        .routes(routes!(cases::write))
        .routes(routes!(cases::rate))
        .routes(routes!(cases::object))
        .routes(routes!(cases::put_file))
        .routes(routes!(cases::tell))
        .routes(routes!(cases::call))
}

/// What any request may be answered with besides what its operation says.
const GENERAL: [(&str, &str, bool); 7] = [
    ("400", "The request cannot be understood", false),
    ("401", "The token is not good", false),
    ("405", "Not by this method", false),
    ("413", "The body is too large", true),
    ("415", "The body is of another kind", true),
    ("422", "The body does not fit", true),
    ("503", "Too much at once: try again after `Retry-After`", false),
];

/// The description with the general answers, which are RFC 9457 problem details like all refusals.
fn completed(mut api: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let problem = || ContentBuilder::new().schema(Some(Object::new())).build();
    for item in api.paths.paths.values_mut() {
        let all = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in all.into_iter().flatten() {
            let bodied = operation.request_body.is_some();
            for (status, why, _) in GENERAL.into_iter().filter(|(.., of_body)| bodied || !of_body) {
                let answer = ResponseBuilder::new().description(why).content("application/problem+json", problem());
                operation.responses.responses.entry(status.to_owned()).or_insert(answer.build().into());
            }
        }
    }
    api
}

/// All routes of the API with their state, and its OpenAPI document.
pub fn router(state: RestState) -> (Router, utoipa::openapi::OpenApi) {
    let (router, api) = described().split_for_parts();
    let api = completed(api);
    let document = serde_json::to_string(&api).unwrap_or_default();
    let served = move || {
        let document = document.clone();
        async move { ([(axum::http::header::CONTENT_TYPE, "application/json")], document) }
    };
    let router = router
        .route("/api/openapi.json", get(served))
        .route("/ledger/checkpoint", get(ledger::checkpoint))
        .route("/ledger/keys", get(ledger::keys))
        .route("/ledger/tile/{level}/{*number}", get(ledger::tile))
        .route("/ledger/add-checkpoint", post(ledger::add_checkpoint))
        .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY))
        .layer(axum::middleware::from_fn(problem::in_problems))
        .with_state(state);
    (router, api)
}

/// The OpenAPI document without a running platform.
pub fn openapi() -> utoipa::openapi::OpenApi {
    completed(described().into_openapi())
}
