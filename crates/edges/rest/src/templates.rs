use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use svod_kernel::{SpacePath, Urn};
use svod_registry::{Action, Copied, Template, TemplateError};
use utoipa::ToSchema;

use crate::auth::Signer;
use crate::{Failure, RestState};

/// Spaces of one request at the most.
const MOST: usize = 100;

/// What is copied from where to where.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Copying {
    /// The pilot's space; what lies under it is copied as well.
    #[schema(value_type = String)]
    from: SpacePath,
    /// The spaces that get it, at most 100; none that lies inside of the pilot or around it.
    #[schema(value_type = Vec<String>)]
    to: Vec<SpacePath>,
    /// Types of entities; none: all.
    #[serde(default)]
    types: Vec<String>,
    /// Only say what would be done.
    #[serde(default)]
    dry_run: bool,
}

/// What became of one copy.
#[derive(Serialize, ToSchema)]
pub struct Copy {
    /// New entities.
    made: usize,
    /// Copies made anew because the pilot has changed.
    renewed: usize,
    /// Copies that are as the pilot is.
    same: usize,
    /// Copies that somebody has changed since, left as they are.
    #[schema(value_type = Vec<String>)]
    kept: Vec<Urn>,
    /// Entities that were not copied, and why.
    refused: BTreeMap<String, String>,
}

impl From<Copied> for Copy {
    fn from(c: Copied) -> Self {
        let refused = c.refused.into_iter().map(|(urn, why)| (urn.to_string(), why)).collect();
        Self { made: c.made, renewed: c.renewed, same: c.same, kept: c.kept, refused }
    }
}

/// Copies entities of a pilot into other spaces, each under an identifier called after its space; a second time, what has
/// changed in the pilot is copied anew, except over what somebody has changed in a copy. For administrators of all of these
/// spaces. In a session it asks for a proof of the last minutes (`proof-needed`), unless it only says what would be done.
#[utoipa::path(post, path = "/api/v1/templates/copies", tag = "entities", request_body = Copying,
    responses((status = 200, body = BTreeMap<String, Copy>), (status = 403), (status = 404), (status = 422)),
    security(("bearer" = [])))]
pub async fn copy(
    State(s): State<RestState>,
    signer: Signer,
    body: Bytes,
) -> Result<Json<BTreeMap<String, Copy>>, Failure> {
    let actor = &signer.actor;
    let wanted: Copying = serde_json::from_slice(&body)
        .map_err(|e| Failure::bad("body", &e.to_string(), "see Copying in /api/openapi.json"))?;
    if wanted.to.is_empty() || wanted.to.len() > MOST {
        return Err(Failure::bad("to", "must name 1 to 100 spaces", "send several requests"));
    }
    for space in wanted.to.iter().chain([&wanted.from]) {
        let resource = s.registry.resource("Space", space);
        if !s.registry.may(actor, Action::Administer, &resource) {
            return Err(Failure::forbidden("templates are copied by administrators of all the spaces"));
        }
    }
    if !wanted.dry_run {
        signer.proved()?;
    }
    let template = Template { from: wanted.from, types: wanted.types, dry: wanted.dry_run };
    let mut copies = BTreeMap::new();
    for to in wanted.to {
        let copied = s.registry.copy_template(actor, &template, &to).await.map_err(|e| match e {
            TemplateError::Query(e) => e.into(),
            TemplateError::Command(e) => e.into(),
            e => Failure::bad("to", &e.to_string(), "choose other spaces or types"),
        })?;
        copies.insert(to.to_string(), copied.into());
    }
    Ok(Json(copies))
}
