//! Insight: what is known of the territory, for people to look at.
//!
//! * `/` – the live map of a space; the same as tables without JavaScript and at `/table`
//! * `/entities/{urn}` – one entity: facts, current values, charts, alerts; `?fragment=1` is the map's card
//! * `/entities`, `/entities.csv` – entities of a space by type and name
//! * `/vocabulary`, `/vocabulary/{type}` – types and attributes that are declared or in use
//!
//! `show` holds how a fact, a value and a name are written; `ended` remembers the alerts that ended lately.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod ended;
mod pages;
mod show;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use svod_history::History;
use svod_registry::Registry;
use svod_text::Texts;
use svod_twin::Twin;

use crate::ended::Ended;

/// What the pages are made from.
#[derive(Clone)]
pub struct InsightState {
    /// The one door.
    pub registry: Arc<Registry>,
    /// Observations.
    pub history: Arc<History>,
    /// The present.
    pub twin: Arc<Twin>,
}

/// The state with what the room remembers by itself.
#[derive(Clone)]
pub(crate) struct Room {
    pub registry: Arc<Registry>,
    pub history: Arc<History>,
    pub twin: Arc<Twin>,
    pub ended: Arc<Ended>,
}

/// All pages of the domain; they stand inside of [`svod_portal::Portal::wrap`].
pub fn routes(state: InsightState) -> Router {
    let room =
        Room { registry: state.registry, history: state.history, twin: state.twin, ended: Arc::new(Ended::default()) };
    Router::new()
        .route("/", get(pages::map::show))
        .route("/table", get(pages::map::table))
        .route("/entities", get(pages::entities::show))
        .route("/entities.csv", get(pages::entities::csv::export))
        .route("/entities/{urn}", get(pages::entity::show))
        .route("/vocabulary", get(pages::vocabulary::list))
        .route("/vocabulary/{type}", get(pages::vocabulary::one))
        .with_state(room)
}

/// The domain's texts.
///
/// # Panics
/// Never: a unit test parses the embedded files.
pub fn texts() -> Texts {
    svod_portal::locales!().expect("the domain's texts are parsed by a unit test of this crate")
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_language_has_every_text() {
        assert_eq!(super::texts().missing(), []);
    }
}
