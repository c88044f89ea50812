//! What was issued: what the process of the case has made, as far as the visitor may see it. What belongs to one for whom they may
//! act, a child to its parent, they see as who acts for them, which is written down before it is shown.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use askama::Template;
use svod_identity::Represented;
use svod_kernel::{Actor, Role, Urn};
use svod_model::{Entity, Range};
use svod_portal::components::{self, ButtonKind, PostButton, Tone};
use svod_portal::{Html, PageContext, PageError, encoded};
use svod_registry::Action;

use super::papers;
use super::scene::Scene;
use super::traces::Traces;
use crate::ServicesState;
use crate::access::address;
use crate::words::Words;

/// Rows at the most.
const MOST: usize = 100;

/// One for whom the visitor may act.
struct Capacity {
    actor: Actor,
    name: String,
    /// What the session is told to act for them.
    key: String,
}

/// One thing that was made.
pub struct Issued {
    entity: Arc<Entity>,
    /// Name of whose it is and the key to act for them; none: the visitor sees it in their own right.
    acting: Option<(String, String)>,
    files: Html,
    /// Number of the event that made it, where the visitor may have its receipt.
    receipt: Option<i64>,
}

/// Those for whom the visitor may act one step further than they do, by the person; looked up where something of others was made.
async fn represented(
    ctx: &PageContext,
    s: &ServicesState,
    (scene, others): (&Scene, bool),
) -> Result<HashMap<Urn, Capacity>, PageError> {
    let actor = &ctx.actor;
    // Who sits in a post acts for nobody.
    let me: Option<Urn> = actor.id.parse().ok().filter(|_| scene.own && others && actor.is(Role::Citizen));
    let Some(me) = me else { return Ok(HashMap::new()) };
    let chains = s.trust().mandates_of(&me).await?;
    let further = chains.into_iter().filter_map(|(chain, name)| {
        let (last, before) = chain.split_last()?;
        if before != actor.on_behalf {
            return None;
        }
        let (person, id, roles) = (last.person.clone(), actor.id.clone(), [Role::Citizen].into());
        let whom = Represented { chain, name };
        let key = whom.key();
        let actor = Actor { id, name: "citizen".to_owned(), roles, on_behalf: whom.chain, ..Actor::anonymous() };
        Some((person, Capacity { actor, name: whom.name, key }))
    });
    Ok(further.collect())
}

/// What there is of it for the visitor.
///
/// # Errors
/// When the store fails, or it cannot be written down that they see what is another's.
pub async fn of(
    ctx: &PageContext,
    s: &ServicesState,
    (scene, traces): (&Scene, &Traces),
) -> Result<Vec<Issued>, PageError> {
    let urns: Vec<Urn> = traces.made.iter().take(MOST).map(|m| m.urn.clone()).collect();
    if urns.is_empty() {
        return Ok(Vec::new());
    }
    let (registry, trust, top) = (&s.registry, s.trust(), scene.case.space.top());
    let there = registry.entities(&Actor::platform("services"), urns).await?;
    let there: HashMap<&Urn, &Arc<Entity>> =
        there.iter().filter(|e| e.space.top() == top).map(|e| (&e.id, e)).collect();
    let whose = |e: &Entity| registry.resource_of(e).person;
    let others = there.values().filter_map(|e| whose(e)).any(|p| p.as_str() != ctx.actor.subject());
    let people = represented(ctx, s, (scene, others)).await?;
    let (mut issued, mut traced) = (Vec::new(), HashSet::new());
    for (made, e) in traces.made.iter().filter_map(|m| Some((m, there.get(&m.urn)?))) {
        let person = whose(e);
        let acting = person.as_ref().and_then(|p| people.get(p).filter(|r| r.actor.owns(p, &e.kind)));
        let seer = acting.map_or(&*ctx.actor, |r| &r.actor);
        let Some(entity) = registry.redact(seer, Arc::clone(e)) else { continue };
        if let Some(r) = acting
            && traced.insert(&r.key)
        {
            trust.seen_for(&r.actor).await?;
        }
        let proven = acting.is_none() && registry.may(seer, Action::ReadJournal, &registry.resource_of(e));
        issued.push(Issued {
            files: if acting.is_none() { papers::files(ctx, s, &entity).await? } else { Html::default() },
            acting: acting.map(|r| (r.name.clone(), r.key.clone())),
            receipt: proven.then_some(made.seq),
            entity,
        });
    }
    Ok(issued)
}

#[derive(Template)]
#[template(path = "case/issued.html")]
struct Part<'a> {
    ctx: &'a PageContext,
    /// Something of it belongs to others.
    acting: bool,
    rows: Vec<Row>,
}

struct Row {
    what: Html,
    status: Html,
    whose: String,
    files: Html,
    receipt: Html,
    open: Html,
}

/// The part; empty when there is nothing.
///
/// # Errors
/// When its template fails.
pub fn part(words: &Words<'_>, scene: &Scene, issued: &[Issued]) -> Result<Html, PageError> {
    if issued.is_empty() {
        return Ok(Html::default());
    }
    let rows = issued.iter().map(|i| row(words, scene, i)).collect();
    let part = Part { ctx: words.ctx, acting: issued.iter().any(|i| i.acting.is_some()), rows };
    Html::of(&part).map_err(PageError::internal)
}

fn row(words: &Words<'_>, scene: &Scene, issued: &Issued) -> Row {
    let (ctx, e) = (words.ctx, &*issued.entity);
    let what = match words.metamodel.called(e, |_| true) {
        Some(name) => format!("{} · {name}", words.kind(&e.kind)),
        None => words.kind(&e.kind),
    };
    let page = address(&e.kind, &e.id);
    let receipt = issued.receipt.map(|seq| {
        let href = format!("/receipt?space={}&seq={seq}", encoded(scene.case.space.as_str()));
        components::link(&href, ctx.t("event-receipt"))
    });
    // Who has no session of their own cannot begin to act for somebody.
    let open = issued.acting.as_ref().filter(|_| ctx.session.is_some()).map(|(_, key)| {
        let fields = [("appointment", key.as_str()), ("back", page.as_str())];
        let text = ctx.tf("case-issued-open", &[("what", what.as_str().into())]);
        let (action, kind) = ("/account/acting", ButtonKind::Secondary);
        components::post_button(ctx, &PostButton { action, text, fields: &fields, kind, confirm: None })
    });
    Row {
        what: if issued.acting.is_some() { what.into() } else { components::link(&page, what) },
        status: status(words, e),
        whose: issued.acting.as_ref().map(|(name, _)| name.clone()).unwrap_or_default(),
        files: issued.files.clone(),
        receipt: receipt.unwrap_or_default(),
        open: open.unwrap_or_default(),
    }
}

/// How it stands, where its type says so.
fn status(words: &Words<'_>, e: &Entity) -> Html {
    let word = e.attributes.keys().filter(|name| name.ends_with("tatus")).find_map(|name| {
        match &words.metamodel.attribute(&e.kind, name)?.range {
            Range::Enum(list) => Some(words.ctx.word(list, e.text(name)?)),
            _ => None,
        }
    });
    word.map(|word| components::tag(Tone::Quiet, word)).unwrap_or_default()
}
