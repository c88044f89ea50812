use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use svod_kernel::{SpacePath, Urn};
use svod_registry::{JournalEvent, JournalQuery};
use utoipa::{IntoParams, ToSchema};

use crate::{Caller, Failure, RestState};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JournalParams {
    /// Space; the first region when absent.
    #[param(value_type = Option<String>)]
    space: Option<SpacePath>,
    /// Only of this entity.
    #[param(value_type = Option<String>)]
    entity: Option<Urn>,
    /// Only of this case.
    #[param(value_type = Option<String>)]
    case: Option<Urn>,
    /// Newest first (default) or `oldest`.
    order: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 1,000, default 100.
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
pub struct JournalPage {
    /// Events, redacted for the caller.
    #[schema(value_type = Vec<Object>)]
    items: Vec<JournalEvent>,
    /// Give it as `after` for the next page.
    next: Option<String>,
}

/// Who did what, when, on what ground.
#[utoipa::path(get, path = "/api/v1/journal", tag = "work", params(JournalParams),
    responses((status = 200, body = JournalPage)), security(("bearer" = [])))]
pub async fn list(
    State(s): State<RestState>,
    Caller(actor): Caller,
    Query(p): Query<JournalParams>,
) -> Result<Json<JournalPage>, Failure> {
    let page = s
        .registry
        .journal(
            &actor,
            JournalQuery {
                space: s.space(p.space),
                below: true,
                entity: p.entity,
                cause: p.case,
                newest_first: p.order.as_deref() != Some("oldest"),
                after: p.after,
                limit: p.limit.unwrap_or(100),
            },
        )
        .await?;
    Ok(Json(JournalPage { items: page.items, next: page.next }))
}
