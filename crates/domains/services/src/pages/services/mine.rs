//! What the visitor has going: their cases, and what they are offered.

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use svod_kernel::{Role, SpacePath, Urn};
use svod_model::Entity;
use svod_portal::components::{self, ButtonKind, PostButton, Tone};
use svod_portal::{CsrfForm, Html, PageContext, PageError, encoded};
use svod_registry::{EntityQuery, QueryError};
use svod_runtime::{ApplicationError, OfferError, Offers};

use crate::ServicesState;
use crate::access::address;
use crate::bounded::{Asked, Cursor, Stretch, is};
use crate::facts::{self, Facts};
use crate::names::Names;
use crate::pages::case::clock;
use crate::thumbs::{self, Thumb};
use crate::words::Words;

/// Cases on a page.
const CASES: usize = 10;
/// Stretches of the index that are looked at for them.
const TRIES: usize = 20;
/// Messages looked at for those that are not read.
const MESSAGES: usize = 200;
/// Answers of an offer that are shown.
const ANSWERS: usize = 40;

/// A case in the list.
pub struct Row {
    pub href: String,
    pub title: String,
    pub number: String,
    pub when: Html,
    pub unread: Html,
    pub clock: Html,
    pub status: Html,
}

/// A service that is offered.
pub struct Offered {
    pub title: String,
    pub about: String,
    pub filled: Html,
    /// Files of the other side's case that are seen with it.
    pub lent: Html,
    /// That something is missing which only the visitor knows; empty where it can be taken as it stands.
    pub needs: String,
    pub until: Html,
    /// The way to the form, where its service has one: what is filled in can be changed there.
    pub fill: Html,
    /// The button that takes it as it stands, or the way to the form that must be filled in.
    pub accept: Html,
    pub decline: Html,
}

/// An offer that was withdrawn.
pub struct Withdrawn {
    pub title: String,
    pub at: String,
    /// What the body has said; none where its ground was over by itself.
    pub why: Option<String>,
}

/// Whom the visitor acts for, when it is somebody in particular, and where they are found. People are anywhere in their region.
fn subject(ctx: &PageContext) -> Option<Urn> {
    let party = ctx.actor.is(Role::Citizen) || !ctx.actor.on_behalf.is_empty();
    ctx.actor.subject().parse().ok().filter(|_| party)
}

fn tops(s: &ServicesState) -> Vec<SpacePath> {
    let tree = s.registry.spaces();
    tree.all().into_iter().filter(|s| s.path.parent().is_none() && !s.open).map(|s| s.path.clone()).collect()
}

/// The visitor's cases, the newest first, and the cursor of the next page.
///
/// # Errors
/// When the store fails.
pub async fn cases(
    ctx: &PageContext,
    s: &ServicesState,
    after: Option<Cursor>,
) -> Result<(Vec<Row>, Option<Cursor>), PageError> {
    let Some(person) = subject(ctx) else { return Ok((Vec::new(), None)) };
    let mut all = Stretch::default();
    for space in tops(s) {
        let conditions = vec![is("person", person.as_str())];
        let asked = Asked { registry: &s.registry, actor: &ctx.actor, space: &space, kind: "Case", conditions };
        let found = asked.sorted(("openedAt", true), after, (CASES, TRIES)).await?;
        all.rows.extend(found.rows);
        // In one region people have their cases; whoever has them in several goes on from the earliest.
        all.next = all.next.or(found.next);
    }
    all.rows.sort_by_key(|c| std::cmp::Reverse(c.time("openedAt")));
    let unread = unread(ctx, s, &person).await?;
    let rows = all.rows.iter().map(|c| row(ctx, c, unread.get(&c.id).copied().unwrap_or_default())).collect();
    Ok((rows, all.next))
}

/// How many messages of the body wait in each case.
async fn unread(ctx: &PageContext, s: &ServicesState, person: &Urn) -> Result<HashMap<Urn, usize>, QueryError> {
    let mut waiting = HashMap::new();
    for space in tops(s) {
        let q = EntityQuery { limit: MESSAGES, ..EntityQuery::of(space, &["CaseMessage"]) };
        let found = s.registry.query(&ctx.actor, q.with("person", person.as_str())).await?.items;
        for m in found.iter().filter(|m| m.text("from") == Some("body") && m.text("readAt").is_none()) {
            if let Some(case) = m.object("case") {
                *waiting.entry(case.clone()).or_default() += 1;
            }
        }
    }
    Ok(waiting)
}

fn row(ctx: &PageContext, case: &Entity, unread: usize) -> Row {
    let status = case.text("status").unwrap_or_default();
    let title = match case.text("service").and_then(|s| s.split_once('/')) {
        Some((_, service)) => ctx.t(&format!("service-{service}")),
        None => case.text("name").map_or_else(|| ctx.type_name("Case"), str::to_owned),
    };
    let (word, tone) = match case.text("outcome") {
        Some(outcome) => (ctx.word("CaseOutcome", outcome), Tone::Good),
        None => (ctx.word("CaseStatus", status), Tone::Info),
    };
    let when = match (status, case.time("deadline"), case.time("openedAt")) {
        ("open", Some(at), _) => Html::join([ctx.t("case-deadline").into(), " ".into(), components::time(ctx, at)]),
        (_, _, Some(at)) => components::time(ctx, at),
        _ => Html::default(),
    };
    let unread = if unread == 0 {
        Html::default()
    } else {
        components::tag(Tone::Info, ctx.tf("case-messages-unread", &[("n", unread.into())]))
    };
    Row {
        href: address("Case", &case.id),
        title,
        number: case.text("number").unwrap_or_default().to_owned(),
        when,
        unread,
        clock: clock(ctx, case),
        status: components::tag(tone, word),
    }
}

/// What is offered to the visitor.
///
/// # Errors
/// When the store fails.
pub async fn offers(ctx: &PageContext, s: &ServicesState) -> Result<Vec<Offered>, PageError> {
    if subject(ctx).is_none() {
        return Ok(Vec::new());
    }
    let all = known(Offers::new(s.applications.clone()).of(&ctx.actor).await)?;
    let mut cards = Vec::with_capacity(all.len());
    for offer in &all {
        cards.push(offered(ctx, s, offer).await?);
    }
    Ok(cards)
}

/// What was offered to the visitor and is no more, though they did not answer.
///
/// # Errors
/// When the store fails.
pub async fn withdrawn(ctx: &PageContext, s: &ServicesState) -> Result<Vec<Withdrawn>, PageError> {
    if subject(ctx).is_none() {
        return Ok(Vec::new());
    }
    let all = known(Offers::new(s.applications.clone()).withdrawn(&ctx.actor).await)?;
    let told = |o: &Entity| {
        let at = ctx.date(o.modified_at);
        Withdrawn {
            title: title_of(ctx, o),
            at: ctx.tf("services-withdrawn-at", &[("at", at.into())]),
            why: o.text("reason").map(|why| ctx.tf("services-withdrawn-why", &[("why", why.into())])),
        }
    };
    Ok(all.iter().map(told).collect())
}

/// Who is nobody in particular is offered nothing.
fn known(found: Result<Vec<Entity>, OfferError>) -> Result<Vec<Entity>, PageError> {
    match found {
        Err(OfferError::Application(ApplicationError::Nobody)) => Ok(Vec::new()),
        found => Ok(found?),
    }
}

/// The service of an offer, without its pack.
fn service_of(offer: &Entity) -> &str {
    offer.text("service").and_then(|s| s.split_once('/')).map_or("", |(_, id)| id)
}

/// What an offer is called.
pub fn title_of(ctx: &PageContext, offer: &Entity) -> String {
    ctx.t_or(&format!("service-{}", service_of(offer)), offer.text("name").unwrap_or_default())
}

/// The address of the form of what is offered.
fn form_of(s: &ServicesState, offer: &Entity) -> Option<String> {
    let key = offer.text("service")?;
    let service = s.applications.service(key).ok()?;
    svod_runtime::form_of(&service.spec).map(|_| format!("/services/{key}/form"))
}

/// What is known of it already, in words: labels and choices are those of the forms of its pack.
async fn filled(ctx: &PageContext, s: &ServicesState, offer: &Entity) -> Result<Html, PageError> {
    let mut data: Map<String, Value> =
        offer.text("data").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let names = Names::load(&s.registry, &ctx.actor, data.values().flat_map(facts::mentioned)).await?;
    // What only machines call by its name is nothing to read, nor is what nobody has said.
    let nameless = |text: &str| text.parse::<Urn>().is_ok_and(|urn| names.name(&urn).is_none());
    data.retain(|_, value| match value {
        Value::Null => false,
        Value::String(text) => !(text.is_empty() || text.starts_with("urn:") && nameless(text)),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    });
    let data: Map<String, Value> = data.into_iter().take(ANSWERS).collect();
    if data.is_empty() {
        return Ok(Html::default());
    }
    let service = offer.text("service").and_then(|key| s.applications.service(key).ok());
    let programs = match &service {
        Some(service) => s.registry.programs(&service.spec.pack, &service.spec.version).await?,
        None => None,
    };
    let catalogue = s.registry.catalogue();
    let words = Words { ctx, metamodel: &catalogue.metamodel, names: &names };
    Ok(components::summary_list(&Facts::new(&words, programs.as_deref()).rows(&data)))
}

/// What is lent to whom it is offered to.
async fn lent(ctx: &PageContext, s: &ServicesState, offer: &Entity) -> Result<Html, PageError> {
    let all = s.files.lent(offer).await?;
    if all.is_empty() {
        return Ok(Html::default());
    }
    let list = thumbs::list(ctx, &all.iter().map(|file| Thumb::lent(ctx, file, &offer.id)).collect::<Vec<_>>());
    Ok(Html::trusted(format!("<h4>{}</h4>{list}", Html::from(ctx.t("case-lent")))))
}

async fn offered(ctx: &PageContext, s: &ServicesState, offer: &Entity) -> Result<Offered, PageError> {
    let href = |act: &str| format!("/services/offers/{}/{act}", encoded(offer.id.as_str()));
    let button = |act: &str, key: &str, kind| {
        let (action, text) = (href(act), ctx.t(key));
        components::post_button(ctx, &PostButton { action: &action, text, kind, ..PostButton::default() })
    };
    let until =
        offer.time("until").map(|at| Html::from(ctx.tf("services-offer-until", &[("at", ctx.date(at).into())])));
    let (form, must) = (form_of(s, offer), Offers::must_fill(offer));
    let link = |key: &str| form.as_ref().map(|href| components::link(href, ctx.t(key))).unwrap_or_default();
    let way = |key: &str| {
        let button = |href: &String| components::button_link(href, ctx.t(key), ButtonKind::Primary);
        form.as_ref().map(button).unwrap_or_default()
    };
    Ok(Offered {
        title: title_of(ctx, offer),
        about: ctx.t_or(&format!("service-{}-about", service_of(offer)), ""),
        filled: filled(ctx, s, offer).await?,
        lent: lent(ctx, s, offer).await?,
        needs: if must { ctx.t("services-offer-to-fill") } else { String::new() },
        until: until.unwrap_or_default(),
        fill: if must { Html::default() } else { link("services-offer-fill") },
        accept: match must {
            true => way("services-offer-fill-in"),
            false => button("accept", "services-offer-accept", ButtonKind::Primary),
        },
        decline: button("decline", "services-offer-decline", ButtonKind::Secondary),
    })
}

/// What was withdrawn while its card stood open is told so: nobody did anything wrong.
pub fn not_answered(error: OfferError) -> Result<Response, PageError> {
    match error {
        OfferError::State(state) if state == "withdrawn" => {
            Ok(Redirect::to("/services?done=withdrawn").into_response())
        }
        error => Err(error.into()),
    }
}

/// Is the form of what is offered one that is signed?
async fn is_signed(ctx: &PageContext, s: &ServicesState, offer: &Entity) -> Result<bool, PageError> {
    let applicant = s.applications.applicant(&ctx.actor).await?;
    let service = s.applications.service_for(offer.text("service").unwrap_or_default(), &applicant);
    let Ok(service) = service else { return Ok(false) };
    let file = svod_runtime::form_of(&service.spec);
    let programs = s.registry.programs(&service.spec.pack, &service.spec.version).await?;
    Ok(file.and_then(|file| programs?.forms.get(file).map(|form| form.is_signed())).unwrap_or(false))
}

type Empty = CsrfForm<BTreeMap<String, String>>;

/// Takes an offer as it stands.
///
/// # Errors
/// Not found for what is not offered to the visitor; a conflict for what was answered before; refused where its form must be filled
/// in.
pub async fn accept(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    _: Empty,
) -> Result<Response, PageError> {
    if !ctx.signed_in() {
        return Err(PageError::sign_in());
    }
    let offers = Offers::new(s.applications.clone());
    let offer = offers.get(&ctx.actor, &urn).await?;
    // What is signed asks for a fresh proof, offered or not.
    let asks = offer.text("status") == Some("open") && !Offers::must_fill(&offer);
    if asks
        && is_signed(&ctx, &s, &offer).await?
        && let Some(proof) = ctx.confirm_first("/services")
    {
        return Ok(proof);
    }
    match offers.accept(&ctx.actor, &urn).await {
        Ok(case) => Ok(Redirect::to(&format!("{}?done=accept", address("Case", &case))).into_response()),
        Err(e) => not_answered(e),
    }
}

/// Declines an offer.
///
/// # Errors
/// As [`accept`].
pub async fn decline(
    ctx: PageContext,
    State(s): State<ServicesState>,
    Path(urn): Path<Urn>,
    _: Empty,
) -> Result<Response, PageError> {
    if !ctx.signed_in() {
        return Err(PageError::sign_in());
    }
    match Offers::new(s.applications.clone()).decline(&ctx.actor, &urn).await {
        Ok(()) => Ok(Redirect::to("/services?done=decline").into_response()),
        Err(e) => not_answered(e),
    }
}
