//! What an official decides on: what the process shows them, the files and the answers of the case.

use std::sync::Arc;

use serde_json::{Map, Value};
use svod_files::FileInfo;
use svod_model::Entity;
use svod_portal::components::{self, SummaryRow};
use svod_portal::{Html, PageContext, PageError};
use svod_registry::{Programs, QueryError};

use super::other;
use crate::ServicesState;
use crate::facts::{self, Facts};
use crate::names::Names;
use crate::pages::case::papers;
use crate::thumbs::{self, Thumb};
use crate::words::Words;

/// All of it, as far as the visitor may see it.
pub struct Matter {
    /// The case, for who may know of it.
    pub case: Option<Entity>,
    /// What runs it: the version that it began with.
    pub programs: Option<Arc<Programs>>,
    /// What the process shows, by the names that it gives.
    pub input: Map<String, Value>,
    names: Names,
    files: Vec<FileInfo>,
    filled: Vec<SummaryRow>,
}

impl Matter {
    /// Reads it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of(ctx: &PageContext, s: &ServicesState, task: &Entity) -> Result<Self, PageError> {
        let case = other(ctx, s, task.object("case")).await?;
        let programs = match case.as_ref().and_then(version) {
            Some((pack, version)) => s.registry.programs(pack, version).await.map_err(QueryError::from)?,
            None => None,
        };
        let shown = svod_runtime::shown_to(&s.registry, &ctx.actor, task.clone()).await?;
        let input: Map<String, Value> =
            shown.text("input").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let names = Names::load(&s.registry, &ctx.actor, input.values().flat_map(facts::mentioned)).await?;
        let (files, filled) = match &case {
            Some(case) => (s.files.list(case).await?, papers::filled(ctx, s, case, programs.as_deref()).await?),
            None => (Vec::new(), Vec::new()),
        };
        Ok(Self { case, programs, input, names, files, filled })
    }

    /// The facts in their order: what the process shows, files, and behind a fold all that was filled in. Empty for nothing.
    pub fn html(&self, ctx: &PageContext, s: &ServicesState, task: &Entity) -> Html {
        let catalogue = s.registry.catalogue();
        let words = Words { ctx, metamodel: &catalogue.metamodel, names: &self.names };
        let of = |name: &str| task.text(name).or_else(|| self.case.as_ref()?.text(name)).unwrap_or_default();
        let facts = Facts::new(&words, self.programs.as_deref()).of_step(of("process"), of("step"));
        let given = facts.rows(&self.input);
        let given = if given.is_empty() { Html::default() } else { components::summary_list(&given) };
        let files: Vec<Thumb> = self.files.iter().map(|file| Thumb::of(ctx, file)).collect();
        let filled = if self.filled.is_empty() {
            Html::default()
        } else {
            components::more(ctx.t("case-answers"), components::summary_list(&self.filled))
        };
        Html::join([given, thumbs::list(ctx, &files), filled])
    }

    /// What the rules propose to answer, in the words of the form; empty for who may not see it yet.
    pub fn proposed(&self, ctx: &PageContext, s: &ServicesState, task: &Entity) -> Html {
        let catalogue = s.registry.catalogue();
        let words = Words { ctx, metamodel: &catalogue.metamodel, names: &self.names };
        let proposed = task.text("proposal").and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok());
        let rows = Facts::new(&words, self.programs.as_deref()).rows(&proposed.unwrap_or_default());
        if rows.is_empty() { Html::default() } else { components::summary_list(&rows) }
    }
}

/// Pack and version of the case: `birth`, `1.2.0` of `birth@1.2.0/birth`.
pub fn version(case: &Entity) -> Option<(&str, &str)> {
    let (pack, rest) = case.text("processVersion")?.split_once('@')?;
    Some((pack, rest.split_once('/')?.0))
}
