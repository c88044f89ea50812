//! What the process of a case knows by now, as far as its service shows it, for who answers: behind a fold.

use serde_json::{Map, Value};
use svod_model::Entity;
use svod_portal::components;
use svod_portal::{Html, PageContext};

use super::scene::Scene;
use crate::ServicesState;
use crate::facts::Facts;
use crate::words::Words;

/// What there is of it for the visitor.
pub fn of(ctx: &PageContext, s: &ServicesState, scene: &Scene) -> Map<String, Value> {
    let known = scene.standing.as_ref().map(|standing| s.cases.known(&ctx.actor, &scene.case, standing));
    known.unwrap_or_default()
}

/// The part; empty for nothing.
pub fn part(words: &Words<'_>, case: &Entity, data: &Map<String, Value>) -> Html {
    if data.is_empty() {
        return Html::default();
    }
    let facts = Facts::new(words, words.names.programs()).of_process(case.text("process").unwrap_or_default());
    let rows = facts.rows(data);
    components::more(words.ctx.t("case-data"), components::summary_list(&rows))
}
