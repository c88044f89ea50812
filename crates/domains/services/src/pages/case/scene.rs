//! What belongs to a case, as far as the visitor may see it.

use std::collections::HashMap;
use std::sync::Arc;

use svod_kernel::Urn;
use svod_model::{AttributeValue, Entity};
use svod_portal::{Html, PageContext, PageError};
use svod_registry::{Action, EntityQuery, Programs, QueryError};
use svod_runtime::Side;
use svod_runtime::cases::{Standing, Upcoming, shown};

use super::decisions;
use crate::ServicesState;
use crate::access::seen;
use crate::facts;
use crate::pages::case::papers;

/// Things of one type that a page shows of one case.
const MOST: usize = 100;

/// A case and everything around it.
pub struct Scene {
    pub case: Entity,
    /// It is the visitor's own, or whose affairs they act in.
    pub own: bool,
    /// As whom the visitor writes.
    pub side: Option<Side>,
    /// What people wrote is closed to the visitor.
    pub locked: bool,
    pub tasks: Vec<Entity>,
    pub alert: Option<Entity>,
    pub messages: Vec<Entity>,
    /// Files of the messages that have some, as links.
    pub files: HashMap<Urn, Html>,
    /// The latest last.
    pub decisions: Vec<Entity>,
    /// Those of them that the visitor may object to now, and whether there is a form for it.
    pub objectable: HashMap<Urn, bool>,
    /// Cases in which decisions of this one are objected to.
    pub objections: Vec<Entity>,
    pub accruals: Vec<Entity>,
    /// MiB that a file of a message may have.
    pub mib: usize,
    /// What runs it: the version that it began with.
    pub programs: Option<Arc<Programs>>,
    /// What its process waits for and knows; none for a case that nobody asked for.
    pub standing: Option<Standing>,
    /// What comes next.
    pub next: Vec<Upcoming>,
}

impl Scene {
    /// Reads it; what the other side wrote is read by that.
    pub async fn of(ctx: &PageContext, s: &ServicesState, urn: &Urn) -> Result<Self, PageError> {
        let case = case(ctx, s, urn).await?;
        let alert = match case.object("alert") {
            Some(urn) => s.registry.entity(&ctx.actor, urn).await.ok(),
            None => None,
        };
        let tasks = of_case(ctx, s, &case, "Task").await?;
        let programs = match case.text("processVersion").and_then(version) {
            Some((pack, version)) => s.registry.programs(pack, version).await.map_err(QueryError::from)?,
            None => None,
        };
        let person = case.object("person");
        let own = person.is_some_and(|p| ctx.actor.owns(p, "Case"));
        let mut scene = Self {
            own,
            side: None,
            locked: false,
            tasks,
            alert,
            messages: Vec::new(),
            files: HashMap::new(),
            objectable: HashMap::new(),
            decisions: Vec::new(),
            objections: Vec::new(),
            accruals: Vec::new(),
            mib: s.files.max_mib(),
            programs,
            standing: None,
            next: Vec::new(),
            case,
        };
        if scene.case.object("person").is_some() {
            scene.asked_for(ctx, s).await?;
        }
        Ok(scene)
    }

    /// What only a case has that somebody asked for.
    async fn asked_for(&mut self, ctx: &PageContext, s: &ServicesState) -> Result<(), PageError> {
        let correspondence = s.correspondence();
        self.side = correspondence.side(&ctx.actor, &self.case);
        self.locked = !self.own && !s.registry.may_see_attribute(&ctx.actor, &self.case, "answers");
        self.messages = correspondence.of(&ctx.actor, &self.case).await?;
        for message in self.messages.iter().filter(|m| m.attributes.contains_key("files")) {
            self.files.insert(message.id.clone(), papers::files(ctx, s, message).await?);
        }
        if let Err(error) = correspondence.read(&ctx.actor, &self.case).await {
            // Whoever looks sees the page all the same; it is marked the next time.
            tracing::warn!(%error, "messages that were opened could not be marked as read");
        }
        self.decisions = of_case(ctx, s, &self.case, "Decision").await?;
        self.decisions.sort_by_key(|d| d.time("madeAt"));
        for decision in &self.decisions {
            if self.own
                && let Ok((_, way)) = s.cases.objectable(&ctx.actor, &decision.id).await
            {
                self.objectable.insert(decision.id.clone(), way.form.is_some());
            }
            let q = EntityQuery::of(self.case.space.clone(), &["Case"]).with("about", decision.id.as_str());
            self.objections.extend(s.registry.query(&ctx.actor, EntityQuery { limit: 10, ..q }).await?.items);
        }
        self.accruals = of_case(ctx, s, &self.case, "Accrual").await?;
        let names = self.programs.as_deref().map(|programs| shown(&self.case, programs)).unwrap_or_default();
        self.standing = s.cases.standing(&self.case.id, names).await.map_err(QueryError::from)?;
        self.next = s.cases.next(&self.case, &self.tasks).await.map_err(QueryError::from)?;
        Ok(())
    }

    /// Entities that the page names.
    pub fn mentioned(&self) -> impl Iterator<Item = Urn> {
        let asset = self.alert.as_ref().and_then(|a| a.object("entity").cloned());
        let all = std::iter::once(&self.case).chain(&self.tasks).chain(&self.decisions);
        let related = all.flat_map(|e| e.attributes.values()).filter_map(|a| match &a.value {
            AttributeValue::Object(u) => Some(u.clone()),
            _ => None,
        });
        let decided_on = |d: &Entity| decisions::seen(d).values().flat_map(facts::mentioned).collect::<Vec<_>>();
        related.chain(asset).chain(self.decisions.iter().flat_map(decided_on))
    }

    /// Tasks that somebody must do yet.
    pub fn open_tasks(&self) -> impl Iterator<Item = &Entity> {
        self.tasks.iter().filter(|t| crate::worklist::is_open(t))
    }
}

/// The case, for who may see who did what in it.
///
/// # Errors
/// Not found for who may not know of it, forbidden for who may not see its journal.
pub async fn case(ctx: &PageContext, s: &ServicesState, urn: &Urn) -> Result<Entity, PageError> {
    let case = seen(ctx, s.registry.entity(&ctx.actor, urn).await)?;
    if case.kind != "Case" {
        return Err(QueryError::NotFound(format!("case {urn}")).into());
    }
    if !s.registry.may(&ctx.actor, Action::ReadJournal, &s.registry.resource_of(&case)) {
        return Err(PageError::forbidden());
    }
    Ok(case)
}

async fn of_case(ctx: &PageContext, s: &ServicesState, case: &Entity, kind: &str) -> Result<Vec<Entity>, QueryError> {
    let q = EntityQuery { below: false, limit: MOST, ..EntityQuery::of(case.space.clone(), &[kind]) };
    Ok(s.registry.query(&ctx.actor, q.with("case", case.id.as_str())).await?.items)
}

/// Pack and version of `birth@1.2.0/birth`.
pub fn version(process: &str) -> Option<(&str, &str)> {
    let (pack, rest) = process.split_once('@')?;
    Some((pack, rest.split_once('/')?.0))
}
