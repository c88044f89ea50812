//! Reading `/entities` and what lies below (clauses 6.4 to 6.7, 6.23).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use svod_kernel::Urn;
use svod_model::Entity;
use svod_registry::{Find, QueryError};

use crate::context::Context;
use crate::edit::Selected;
use crate::error::{Answer, ApiError};
use crate::join;
use crate::params::{find, form};
use crate::render::{Form, feature};
use crate::request::{Asked, Media};
use crate::sources::gather;
use crate::sources::matching::Probe;
use crate::{NgsiState, maps, parse};

/// Parameters that say how an entity looks (clause 6.5.3.1).
pub const OF_FORM: [&str; 16] = [
    "type",
    "attrs",
    "pick",
    "omit",
    "options",
    "format",
    "lang",
    "datasetId",
    "geometryProperty",
    "join",
    "joinLevel",
    "containedBy",
    "entityMap",
    "csf",
    "expandValues",
    "jsonKeys",
];
/// Parameters that say which entities are listed (clause 6.4.3.2).
pub const OF_LIST: [&str; 18] = [
    "id",
    "idPattern",
    "q",
    "georel",
    "geometry",
    "coordinates",
    "geoproperty",
    "scopeQ",
    "limit",
    "offset",
    "count",
    "orderBy",
    "collation",
    "orderGeometry",
    "orderFrom",
    "splitEntities",
    "entityMapLifetime",
    "lastN",
];
/// Header with the number of all results.
const COUNT: &str = "ngsild-results-count";

/// The identifier in an address.
///
/// # Errors
/// When it is no URI.
pub fn urn(text: &str) -> Answer<Urn> {
    parse::uri("id", &Value::from(text))
}

/// The entity in the tenant of the request.
///
/// # Errors
/// When there is none.
pub async fn current(state: &NgsiState, asked: &Asked, urn: &Urn) -> Answer<Arc<Entity>> {
    let entity = state.registry.entity_in(&asked.actor, Some(&asked.space), urn).await?;
    if asked.space.covers(&entity.space) {
        Ok(entity)
    } else {
        Err(QueryError::NotFound(format!("entity {urn}")).into())
    }
}

/// `GET /entities`
///
/// # Errors
/// See [`ApiError`].
pub async fn list(State(state): State<NgsiState>, asked: Asked) -> Answer {
    asked.knows(&[&OF_FORM[..], &OF_LIST[..]].concat())?;
    let context = asked.context(&state).await?;
    let wanted = find::parse(&asked, &context)?;
    find::fits_in_an_address(&wanted.query, &state.registry.catalogue().metamodel)?;
    let look = (form::parse(&asked, &context)?, join::Join::of(&asked)?);
    answer_found(&state, &asked, &context, wanted, look, "/ngsi-ld/v1/entities").await
}

/// `POST /entityOperations/query`
///
/// # Errors
/// See [`ApiError`].
pub async fn query(State(state): State<NgsiState>, asked: Asked) -> Answer {
    let body = asked.body(&state).await?;
    if body.value.get("temporalQ").is_some() {
        return Err(ApiError::bad("'temporalQ' is for /temporal/entityOperations/query"));
    }
    let wanted = find::document(&asked, &body.value, &body.context)?;
    let mut form = form::parse(&asked, &body.context)?;
    form.of_document(&body.value, &body.context)?;
    if let Some(named) = body.value.get("datasetId").and_then(Value::as_array) {
        form.datasets = form::datasets(named.iter().filter_map(|d| d.as_str().map(str::to_owned)).collect())?;
    }
    let join = join::Join::of_document(&asked, &body.value)?;
    answer_found(&state, &asked, &body.context, wanted, (form, join), "/ngsi-ld/v1/entityOperations/query").await
}

async fn answer_found(
    state: &NgsiState,
    asked: &Asked,
    context: &Arc<Context>,
    wanted: find::Find,
    (form, join): (Form, join::Join),
    at: &str,
) -> Answer {
    let find = Find {
        space: asked.space.clone(),
        below: true,
        query: wanted.query,
        order: wanted.order,
        offset: wanted.offset,
        limit: wanted.limit,
        count: wanted.count,
    };
    of_look(asked, &form, &join)?;
    // Clause 5.7.2.4: what is related is looked at no deeper than it is joined.
    if find.query.links().len() > join.depth() {
        return Err(ApiError::bad("'q' goes deeper than 'join' and 'joinLevel'"));
    }
    let map = maps::Use::of(state, asked)?;
    let status = map.status();
    let (found, warnings, map) = find_all(state, asked, context, (&find, form.datasets.clone()), map).await?;
    let mut response = if join.is_none() && asked.shows_plainly() {
        asked.show(&found.entities, &form, context, false)?
    } else {
        let mut bodies = join.list(join::Beyond::of(state, asked), context, &form, &found.entities).await?;
        // What has none of the members that are picked is not shown.
        bodies.retain(|body| !body.is_empty());
        asked.answer(StatusCode::OK, whole_of(asked, bodies), context)
    };
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    if let Some(total) = found.total {
        response.headers_mut().insert(COUNT, HeaderValue::from(total));
    }
    map.name(&mut response);
    pages(&mut response, asked, &find, found.more, at);
    warn(&mut response, warnings);
    Ok(response)
}

/// Several entities as one document.
fn whole_of(asked: &Asked, bodies: Vec<Map<String, Value>>) -> Value {
    if asked.media != Media::Geo {
        return bodies.into_iter().map(Value::Object).collect();
    }
    let geometry = geometry_of(asked);
    let features: Vec<Value> = bodies.into_iter().map(|b| feature(b, &geometry)).collect();
    serde_json::json!({"type": "FeatureCollection", "features": features})
}

/// Warnings about sources (clause 6.3.17).
pub fn warn(response: &mut Response, warnings: Vec<String>) {
    for warning in warnings.into_iter().filter_map(|w| HeaderValue::from_str(&w).ok()) {
        response.headers_mut().append("ngsild-warning", warning);
    }
}

/// What fits here and at the sources that the question concerns.
async fn find_all(
    state: &NgsiState,
    asked: &Asked,
    context: &Arc<Context>,
    (find, datasets): (&Find, Vec<String>),
    map: maps::Use,
) -> Answer<(svod_registry::Found, Vec<String>, maps::Use)> {
    if let Some(frozen) = &asked.snapshot {
        return Ok((find.among(&frozen.entities), Vec::new(), maps::Use::No));
    }
    let csf = asked.param("csf").map(|t| crate::params::q::parse(t, context)).transpose()?;
    let mut query = find.query.clone();
    if let Some(mut ids) = map.ids() {
        if !query.ids.is_empty() {
            ids.retain(|id| query.ids.contains(id));
        }
        if ids.is_empty() {
            let nothing = svod_registry::Found { total: find.count.then_some(0), ..Default::default() };
            return Ok((nothing, Vec::new(), map));
        }
        query.ids = ids;
    }
    let probe = Probe { query, filter: csf, datasets, lenient: true, ..Probe::default() };
    let concerned = gather::concerned(state, asked, &probe, &["queryEntity", "queryBatch"]).await?;
    if concerned.sources.is_empty() && matches!(map, maps::Use::No) {
        return Ok((state.registry.find(&asked.actor, find).await?, concerned.warnings, map));
    }
    if !concerned.sources.is_empty() && !find.order.is_empty() {
        return Err(ApiError::bad("what other brokers are asked for is not ordered; ask with local=true"));
    }
    // Pages are cut from the whole: what is here and there must be brought together first.
    let mut here = probe.query.clone();
    let split = !concerned.sources.is_empty() && asked.flag("splitEntities")?;
    if split {
        // Here may be only a part of what fits: the whole is judged.
        (here.filter, here.place, here.scope) = (None, None, None);
        here.attributes.clear();
    }
    let local = everything(state, asked, &Find { query: here, ..find.clone() }).await?;
    let mut gathered = gather::many(state, asked, context, &probe, concerned, local).await?;
    if split || !asked.raw().is_empty() || gathered.foreign {
        // The conditions did not travel: what came is judged here.
        gathered.entities.retain(|e| probe.query.fits(e, &|_| None));
    }
    let map = map.settle(state, asked, &gathered.origins())?;
    let total = gathered.entities.len();
    let entities = gathered.entities.into_iter().skip(find.offset).take(find.limit).collect();
    let more = total > find.offset + find.limit;
    let total = find.count.then_some(total);
    Ok((svod_registry::Found { entities, total, more, ..Default::default() }, gathered.warnings, map))
}

/// Who has what a question finds.
///
/// # Errors
/// See [`ApiError`].
pub async fn origins(
    state: &NgsiState,
    asked: &Asked,
    context: &Arc<Context>,
    wanted: find::Find,
) -> Answer<maps::Origins> {
    Ok(whole(state, asked, context, &Probe { query: wanted.query, lenient: true, ..Probe::default() }).await?.origins())
}

/// All entities that a question finds, here and at the sources that it concerns, and what to warn of.
///
/// # Errors
/// See [`ApiError`].
pub async fn those(
    state: &NgsiState,
    asked: &Asked,
    context: &Arc<Context>,
    query: svod_query::Query,
) -> Answer<(Vec<Arc<Entity>>, Vec<String>)> {
    let probe = Probe { query, lenient: true, ..Probe::default() };
    let mut gathered = whole(state, asked, context, &probe).await?;
    // The conditions did not travel.
    gathered.entities.retain(|e| probe.query.fits(e, &|_| None));
    Ok((gathered.entities, gathered.warnings))
}

async fn whole(state: &NgsiState, asked: &Asked, context: &Arc<Context>, probe: &Probe) -> Answer<gather::Gathered> {
    let concerned = gather::concerned(state, asked, probe, &["queryEntity", "queryBatch"]).await?;
    let find = Find {
        space: asked.space.clone(),
        below: true,
        query: probe.query.clone(),
        order: Vec::new(),
        offset: 0,
        limit: find::MAX_LIMIT,
        count: false,
    };
    let local = everything(state, asked, &find).await?;
    gather::many(state, asked, context, probe, concerned, local).await
}

/// Most entities of here that are brought together with those of other brokers.
const MOST_JOINED: usize = 10_000;

/// Everything that fits here.
///
/// # Errors
/// When it is more than can be brought together with what other brokers have.
async fn everything(state: &NgsiState, asked: &Asked, find: &Find) -> Answer<Vec<Arc<Entity>>> {
    let mut all = Vec::new();
    loop {
        let part = Find { offset: all.len(), limit: find::MAX_LIMIT, count: false, ..find.clone() };
        let found = state.registry.find(&asked.actor, &part).await?;
        all.extend(found.entities);
        if !found.more {
            return Ok(all);
        }
        if all.len() >= MOST_JOINED {
            let most = format!(
                "more than {MOST_JOINED} fit here; name identifiers or narrower conditions, or ask with local=true"
            );
            return Err(ApiError::new(crate::error::Kind::TooComplexQuery, most));
        }
    }
}

/// Parameters that only features have, and that only joined answers can follow.
fn of_look(asked: &Asked, form: &Form, join: &join::Join) -> Answer<()> {
    if asked.param("geometryProperty").is_some() && asked.media != Media::Geo {
        return Err(ApiError::bad("'geometryProperty' is for answers in application/geo+json"));
    }
    if form.depth() > join.depth() {
        return Err(ApiError::bad("'pick' and 'omit' go deeper than 'join' and 'joinLevel'"));
    }
    Ok(())
}

/// The term whose value becomes the geometry of a feature.
fn geometry_of(asked: &Asked) -> String {
    asked.param("geometryProperty").unwrap_or("location").to_owned()
}

/// Links to the pages before and after (clause 6.3.10).
fn pages(response: &mut Response, asked: &Asked, find: &Find, more: bool, at: &str) {
    let kind = if asked.media == Media::Ld { "application/ld+json" } else { "application/json" };
    page_links(response, asked, (find.offset, find.limit), more, at, kind);
}

/// Links to the pages beside one of any list.
pub fn page_links(
    response: &mut Response,
    asked: &Asked,
    (offset, limit): (usize, usize),
    more: bool,
    at: &str,
    kind: &str,
) {
    if limit == 0 {
        return;
    }
    let mut link = |offset: usize, rel: &str| {
        let (limit, offset) = (limit.to_string(), offset.to_string());
        let mut all: Vec<String> = Vec::new();
        let mut named = (false, false);
        for (name, value) in &asked.pairs {
            let value = match name.as_str() {
                "limit" => {
                    named.0 = true;
                    &limit
                }
                "offset" => {
                    named.1 = true;
                    &offset
                }
                _ => value,
            };
            all.push(format!("{name}={}", encoded(value)));
        }
        if !named.0 {
            all.push(format!("limit={limit}"));
        }
        if !named.1 {
            all.push(format!("offset={offset}"));
        }
        if at.ends_with("/entities") {
            all.sort();
        }
        let text = format!("<{at}?{}>;rel=\"{rel}\";type=\"{kind}\"", all.join("&"));
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().append(axum::http::header::LINK, value);
        }
    };
    if offset > 0 {
        link(offset.saturating_sub(limit), "prev");
    }
    if more {
        link(offset + limit, "next");
    }
}

/// A value as it stands in an address.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~:,*".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

/// `GET /entities/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn read(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    asked.knows(&OF_FORM)?;
    let id = urn(&id)?;
    let context = asked.context(&state).await?;
    let form = form::parse(&asked, &context)?;
    let join = join::Join::of(&asked)?;
    of_look(&asked, &form, &join)?;
    let map = maps::Use::of(&state, &asked)?;
    let gathered = one_of_all(&state, &asked, &context, &id).await?;
    let origins = if matches!(map, maps::Use::Make) { gathered.origins() } else { maps::Origins::default() };
    let warnings = gathered.warnings;
    let Some(entity) = gathered.entities.into_iter().next() else {
        let mut response = ApiError::missing(format!("there is no entity {id}")).into_response();
        warn(&mut response, warnings);
        return Ok(response);
    };
    if entity.id != id {
        // It was merged into another one.
        let mut response = asked.created(&format!("/ngsi-ld/v1/entities/{}", entity.id));
        *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
        return Ok(response);
    }
    Selected::of(&state, &asked).await?.check(&entity)?;
    let wanted = find::names(&asked.words("attrs"), &context)?;
    if !wanted.is_empty() && !wanted.iter().any(|a| entity.attributes.contains_key(a)) {
        return Err(ApiError::missing(format!("the entity {id} has none of these attributes")));
    }
    let mut response = if join.is_none() && asked.shows_plainly() {
        asked.show(&[entity], &form, &context, true)?
    } else {
        let mut bodies = join.list(join::Beyond::of(&state, &asked), &context, &form, &[entity]).await?;
        let body = if bodies.len() > 1 {
            bodies.into_iter().map(Value::Object).collect()
        } else {
            let one = bodies.pop().unwrap_or_default();
            if one.is_empty() {
                return Err(ApiError::missing(format!("the entity {id} has none of these members")));
            }
            if asked.media == Media::Geo { feature(one, &geometry_of(&asked)) } else { Value::Object(one) }
        };
        asked.answer(StatusCode::OK, body, &context)
    };
    let map = if matches!(map, maps::Use::Make) { map.settle(&state, &asked, &origins)? } else { map };
    map.name(&mut response);
    warn(&mut response, warnings);
    Ok(response)
}

/// The entity as it is known here and at the sources that have it.
async fn one_of_all(state: &NgsiState, asked: &Asked, context: &Arc<Context>, id: &Urn) -> Answer<gather::Gathered> {
    if let Some(frozen) = &asked.snapshot {
        return Ok(gather::Gathered::of(frozen.get(id).into_iter().collect()));
    }
    let local = match current(state, asked, id).await {
        Ok(entity) => Some(entity),
        Err(e) if e.kind == crate::error::Kind::ResourceNotFound => None,
        Err(e) => return Err(e),
    };
    let mut query = svod_query::Query { ids: vec![id.clone()], ..Default::default() };
    query.attributes = find::names(&asked.words("attrs"), context)?;
    let probe = Probe { query, datasets: asked.words("datasetId"), lenient: true, ..Probe::default() };
    gather::one(state, asked, context, &probe, local, id).await
}
