//! `/my`: the cabinet of a person, or of whom they act for.

pub mod accesses;
pub mod consents;
pub mod data;
pub mod mandates;

use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use svod_kernel::{Actor, Urn};
use svod_model::Entity;
use svod_portal::components::{self, Tone};
use svod_portal::{Html, PageContext, PageError};
use svod_registry::{EntityQuery, QueryError};

use crate::CabinetState;

/// Accesses since the last visit that are counted at the most.
const MOST_NEW: usize = 99;

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

/// How many sums the person has to pay yet; none where the visitor may not act in that.
async fn unpaid(ctx: &PageContext, s: &CabinetState) -> Result<Option<usize>, QueryError> {
    let Ok(person) = ctx.actor.subject().parse::<Urn>() else { return Ok(None) };
    if !ctx.actor.owns(&person, "Accrual") {
        return Ok(None);
    }
    let tree = s.registry.spaces();
    let tops = tree.all().into_iter().filter(|s| s.path.parent().is_none() && !s.open);
    let mut count = 0;
    for top in tops {
        for status in ["open", "partly"] {
            let q = EntityQuery::of(top.path.clone(), &["Accrual"]).with("person", person.as_str());
            count += s.registry.query(&ctx.actor, q.with("status", status)).await?.items.len();
        }
    }
    Ok(Some(count))
}

/// The rooms of the cabinet.
///
/// # Errors
/// When the store fails.
pub async fn rooms(ctx: &PageContext, s: &CabinetState) -> Result<Html, PageError> {
    let unpaid = unpaid(ctx, s).await?;
    let owed = unpaid.filter(|n| *n > 0).map(|n| ctx.tf("my-payments-unpaid", &[("n", n.into())]));
    let payments = unpaid.map(|_| ("/my/payments", ctx.t("my-payments"), owed.unwrap_or_default()));
    let plain = |href, key: &str| (href, ctx.t(key), String::new());
    let new = match s.trust.accesses_since(&ctx.actor, ctx.seen, MOST_NEW + 1).await? {
        0 => String::new(),
        n if n > MOST_NEW => ctx.tf("my-accesses-many", &[("n", MOST_NEW.into())]),
        n => ctx.tf("my-accesses-new", &[("n", n.into())]),
    };
    let rooms = [plain("/my", "my-data")].into_iter().chain(payments).chain([
        ("/my/accesses", ctx.t("my-accesses"), new),
        plain("/my/consents", "my-consents"),
        plain("/my/mandates", "my-mandates"),
    ]);
    let link = |(href, text, mark): (&str, String, String)| {
        let current = if ctx.path == href { " aria-current=\"page\"" } else { "" };
        let mark =
            if mark.is_empty() { Html::default() } else { Html::join([" ".into(), components::tag(Tone::Info, mark)]) };
        format!("<li><a href=\"{href}\"{current}>{}{mark}</a></li>", Html::text(&text))
    };
    let label = Html::text(&ctx.t("my-title"));
    let links: String = rooms.map(link).collect();
    Ok(Html::trusted(format!("<nav class=\"tabs\" aria-label=\"{label}\"><ul>{links}</ul></nav>")))
}
