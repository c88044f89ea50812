//! `/my`: the cabinet of a person, or of whom they act for.

pub mod accesses;
pub mod consents;
pub mod data;
pub mod mandates;

use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_kernel::{Actor, Urn};
use svod_model::Entity;
use svod_portal::{Html, PageContext, PageError};
use svod_registry::QueryError;

use crate::CabinetState;

/// In whose affairs the visitor is here. Personas of the demonstration are nobody.
pub async fn owner(ctx: &PageContext, s: &CabinetState) -> Result<Entity, PageError> {
    if !ctx.signed_in() {
        return Err(PageError::sign_in());
    }
    let urn: Urn = ctx.actor.subject().parse().map_err(|_| PageError::not_found())?;
    // Who acts in some matters only, may be here as well; what they see in each room, policy says.
    match s.registry.entity(&Actor::platform("cabinet"), &urn).await {
        Ok(e) => Ok(e),
        Err(QueryError::NotFound(_)) => Err(PageError::not_found()),
        Err(e) => Err(e.into()),
    }
}

/// What the person takes back: a consent or a mandate.
#[derive(Deserialize)]
pub struct Withdraw {
    id: String,
}

/// It is taken back; then the room once more.
async fn withdrawn(ctx: &PageContext, s: &CabinetState, form: &Withdraw, room: &str) -> Result<Response, PageError> {
    owner(ctx, s).await?;
    let id: Urn = form.id.parse().map_err(|_| PageError::not_found())?;
    s.trust.withdraw(&ctx.actor, &id).await?;
    Ok(Redirect::to(room).into_response())
}

/// The rooms of the cabinet.
pub fn rooms(ctx: &PageContext) -> Html {
    let rooms = [
        ("/my", "my-data"),
        ("/my/accesses", "my-accesses"),
        ("/my/consents", "my-consents"),
        ("/my/mandates", "my-mandates"),
    ];
    let link = |(href, key): &(&str, &str)| {
        let current = if ctx.path == *href { " aria-current=\"page\"" } else { "" };
        format!("<li><a href=\"{href}\"{current}>{}</a></li>", Html::text(&ctx.t(key)))
    };
    let label = Html::text(&ctx.t("my-title"));
    let links: String = rooms.iter().map(link).collect();
    Html::trusted(format!("<nav class=\"tabs\" aria-label=\"{label}\"><ul>{links}</ul></nav>"))
}
