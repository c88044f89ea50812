use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use svod_kernel::Timestamp;
use svod_model::PackSource;
use svod_registry::{Action, Published, QueryError};
use utoipa::ToSchema;

use crate::auth::Signer;
use crate::{Caller, Failure, RestState};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PackInForce {
    id: String,
    version: String,
    owner: String,
    /// Top-level space, none for every space.
    space: Option<String>,
    depends: Vec<String>,
}

/// Packs in force.
#[utoipa::path(get, path = "/api/v1/packs", tag = "operations", responses((status = 200, body = Vec<PackInForce>)),
    security((), ("bearer" = [])))]
pub async fn list(State(s): State<RestState>, _caller: Caller) -> Json<Vec<PackInForce>> {
    let catalogue = s.registry.catalogue();
    let packs = catalogue.packs.iter().map(|p| PackInForce {
        id: p.manifest.id.clone(),
        version: p.manifest.version.clone(),
        owner: p.manifest.owner.clone(),
        space: p.manifest.space.clone(),
        depends: p.manifest.depends.clone(),
    });
    Json(packs.collect())
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PackPublication {
    version: String,
    #[schema(value_type = String)]
    published: Timestamp,
    /// Who published it.
    actor: String,
    /// In force now.
    active: bool,
    /// When the working copy was begun that it came from; none for what was not made in the designer.
    #[schema(value_type = Option<String>)]
    begun_at: Option<Timestamp>,
    /// Its files, for who may publish packs.
    #[schema(value_type = Option<Object>)]
    files: Option<serde_json::Value>,
}

/// Every publication of a pack, newest first.
#[utoipa::path(get, path = "/api/v1/packs/{id}", tag = "operations", params(("id" = String, Path)),
    responses((status = 200, body = Vec<PackPublication>), (status = 404)), security((), ("bearer" = [])))]
pub async fn read(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<PackPublication>>, Failure> {
    let rows = s.registry.pack_history(&id).await.map_err(QueryError::from)?;
    if rows.is_empty() {
        return Err(QueryError::NotFound(format!("pack {id}")).into());
    }
    let made = s.registry.made(&id).await.map_err(QueryError::from)?;
    let may = s.registry.may_publish_pack(&actor, &id);
    let shown = rows.into_iter().map(|r| PackPublication {
        begun_at: made.get(&r.pack.version).map(|made| made.begun),
        files: may.then(|| serde_json::from_str(&r.pack.source).ok()).flatten(),
        version: r.pack.version,
        published: r.pack.published,
        actor: r.pack.actor,
        active: r.active,
    });
    Ok(Json(shown.collect()))
}

#[derive(Serialize, ToSchema)]
pub struct PublishedPack {
    #[schema(value_type = Object)]
    #[serde(flatten)]
    published: Published,
}

/// Publishes a pack: checked whole, then in force without a restart. Body: `{"files": {"pack.yaml": "…", …}}`. In a session it
/// asks for a proof of the last minutes, like the page: without one it is refused (`proof-needed`).
#[utoipa::path(post, path = "/api/v1/packs", tag = "operations", request_body(content = Object),
    responses((status = 200, body = PublishedPack), (status = 403), (status = 409), (status = 422)),
    security(("bearer" = [])))]
pub async fn publish(
    State(s): State<RestState>,
    signer: Signer,
    Json(source): Json<PackSource>,
) -> Result<Json<PublishedPack>, Failure> {
    signer.proved()?;
    let published = s.registry.publish(&signer.actor, source).await?;
    Ok(Json(PublishedPack { published }))
}

/// Checks a pack against those in force without publishing it.
#[utoipa::path(post, path = "/api/v1/packs/check", tag = "operations", request_body(content = Object),
    responses((status = 200, body = Object), (status = 403), (status = 422)), security(("bearer" = [])))]
pub async fn check(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Json(source): Json<PackSource>,
) -> Result<Json<serde_json::Value>, Failure> {
    let anywhere = s
        .registry
        .spaces()
        .all()
        .iter()
        .any(|space| s.registry.may(&actor, Action::PublishPack, &s.registry.resource("Pack", &space.path)));
    if !anywhere {
        return Err(Failure::forbidden("checking packs"));
    }
    let manifest = s.registry.check(&source).await?;
    Ok(Json(serde_json::json!({"id": manifest.id, "version": manifest.version, "faults": []})))
}
