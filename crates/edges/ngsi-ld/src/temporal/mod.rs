//! `/temporal` (clauses 5.6.11 to 5.6.16, 5.7.3, 5.7.4, 6.18 to 6.24): how entities came to be what they are.

pub(crate) mod ask;
pub mod give;
mod show;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::Value;
use svod_kernel::{SpacePath, Urn};
use svod_model::Attribute;
use svod_temporal::{Evolution, History, Rewrite, Which, Window};

use crate::context::Context;
use crate::entities::urn;
use crate::error::{Answer, ApiError, Kind};
use crate::params::find;
use crate::parse;
use crate::request::Asked;
use crate::sources::past;
use crate::{NgsiState, maps};

/// Where instances are named.
const INSTANCE: &str = "urn:ngsi-ld:Instance:";

/// The stretch of time that a request names, if any.
///
/// # Errors
/// When it cannot be read.
pub fn window(asked: &Asked) -> Answer<Window> {
    Ok(ask::window(asked, false)?.window)
}

/// The stretch of time of a `TemporalQuery` document.
///
/// # Errors
/// When it cannot be read.
pub fn window_of(document: &Value) -> Answer<Window> {
    let of = |key: &str| document.get(key);
    ask::of_words(of("timerel"), of("timeAt"), of("endTimeAt"), of("timeproperty"))
}

fn missing(id: &Urn) -> ApiError {
    ApiError::missing(format!("nothing is known of the past of {id}"))
}

async fn history(state: &NgsiState, asked: &Asked, id: &Urn) -> Answer<(SpacePath, Arc<History>)> {
    let found = state.temporal.history(&asked.actor, &asked.space, id).await?;
    found.ok_or_else(|| missing(id))
}

async fn rewrite(
    state: &NgsiState,
    asked: &Asked,
    id: &Urn,
    (home, types): (&SpacePath, &[String]),
    rewrite: &Rewrite,
) -> Answer<()> {
    Ok(state.temporal.rewrite(&asked.actor, home, id, types, rewrite).await?)
}

/// `POST /temporal/entities`: a history that is given, or more of one.
///
/// # Errors
/// See [`ApiError`].
pub async fn create(State(state): State<NgsiState>, asked: Asked) -> Answer {
    asked.knows(&["options"])?;
    let body = asked.body(&state).await?;
    let given = give::entity(&body.value, &body.context)?;
    let id = given.id.ok_or_else(|| ApiError::bad("an entity needs an 'id'"))?;
    let known = state.temporal.history(&asked.actor, &asked.space, &id).await?;
    if known.is_none() && given.types.is_empty() {
        return Err(ApiError::bad("an entity needs a 'type'"));
    }
    let is_known = known.is_some();
    let (home, before) = known.map_or_else(|| (asked.space.clone(), Vec::new()), |(home, h)| (home, h.types.clone()));
    let types = if given.types.is_empty() { before } else { given.types };
    let add = Rewrite::Add { types: types.clone(), instances: given.instances, replace: true };
    rewrite(&state, &asked, &id, (&home, &types), &add).await?;
    if is_known { Ok(asked.done()) } else { Ok(asked.created(&format!("/ngsi-ld/v1/temporal/entities/{id}"))) }
}

/// `DELETE /temporal/entities/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn delete(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    let id = urn(&id)?;
    let (home, known) = history(&state, &asked, &id).await?;
    rewrite(&state, &asked, &id, (&home, &known.types), &Rewrite::DropAll).await?;
    Ok(asked.done())
}

/// `POST /temporal/entities/{id}/attrs`
///
/// # Errors
/// See [`ApiError`].
pub async fn append(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    let id = urn(&id)?;
    let body = asked.body(&state).await?;
    let given = give::entity(&body.value, &body.context)?;
    let (home, known) = history(&state, &asked, &id).await?;
    let add = Rewrite::Add { types: given.types, instances: given.instances, replace: false };
    rewrite(&state, &asked, &id, (&home, &known.types), &add).await?;
    Ok(asked.done())
}

/// The name of an attribute that is known of the entity.
async fn attribute(
    state: &NgsiState,
    asked: &Asked,
    id: &Urn,
    term: &str,
    context: &Context,
) -> Answer<(String, SpacePath, Arc<History>)> {
    parse::named(term)?;
    let name = if term == svod_temporal::SCOPE { term.to_owned() } else { context.name(term) };
    let (home, known) = history(state, asked, id).await?;
    if known.attributes.contains_key(&name) {
        return Ok((name, home, known));
    }
    Err(ApiError::missing(format!("the entity {id} never had an attribute '{term}'")))
}

/// `DELETE /temporal/entities/{id}/attrs/{name}`
///
/// # Errors
/// See [`ApiError`].
pub async fn delete_attribute(
    State(state): State<NgsiState>,
    Path((id, term)): Path<(String, String)>,
    asked: Asked,
) -> Answer {
    let id = urn(&id)?;
    let context = asked.context(&state).await?;
    let which = match crate::attributes::dataset(&asked)? {
        None => Which::All,
        Some(dataset) => Which::Of(dataset),
    };
    let (name, home, known) = attribute(&state, &asked, &id, &term, &context).await?;
    let fits = |dataset: &Option<String>| which == Which::All || which == Which::Of(dataset.clone());
    if !known.attributes.get(&name).into_iter().flatten().any(|i| fits(&i.attribute.dataset)) {
        return Err(ApiError::missing(format!("the attribute '{term}' has no such instance")));
    }
    rewrite(&state, &asked, &id, (&home, &known.types), &Rewrite::DropAttribute { name, which }).await?;
    Ok(asked.done())
}

/// The number of an instance that is known.
fn instance(known: &History, name: &str, text: &str) -> Answer<(i64, Attribute)> {
    let named = urn(text)?;
    let number = named.as_str().strip_prefix(INSTANCE).and_then(|n| n.parse::<i64>().ok());
    let found = known.attributes.get(name).into_iter().flatten().find(|i| Some(i.id) == number);
    let found = found.ok_or_else(|| ApiError::missing(format!("there is no instance {text}")))?;
    Ok((found.id, found.attribute.clone()))
}

/// `PATCH /temporal/entities/{id}/attrs/{name}/{instance}`
///
/// # Errors
/// See [`ApiError`].
pub async fn change(
    State(state): State<NgsiState>,
    Path((id, term, number)): Path<(String, String, String)>,
    asked: Asked,
) -> Answer {
    let id = urn(&id)?;
    if term.is_empty() {
        return no_instance().await; // clause 6.3.2: nothing stands at such an address
    }
    let body = asked.body(&state).await?;
    urn(&number)?;
    let (name, home, known) = attribute(&state, &asked, &id, &term, &body.context).await?;
    let (number, old) = instance(&known, &name, &number)?;
    // The body may be the attribute itself, or an entity with it.
    let value = body.value.get(&term).unwrap_or(&body.value);
    let value = value.as_array().and_then(|a| a.first()).unwrap_or(value);
    let mut given = give::instance(&term, value, &body.context)?;
    given.dataset = given.dataset.or(old.dataset);
    let change = Rewrite::Change { name, id: number, instance: Box::new(given) };
    rewrite(&state, &asked, &id, (&home, &known.types), &change).await?;
    Ok(asked.done())
}

/// `DELETE /temporal/entities/{id}/attrs/{name}/{instance}`
///
/// # Errors
/// See [`ApiError`].
pub async fn delete_instance(
    State(state): State<NgsiState>,
    Path((id, term, number)): Path<(String, String, String)>,
    asked: Asked,
) -> Answer {
    let id = urn(&id)?;
    urn(&number)?;
    let context = asked.context(&state).await?;
    let (name, home, known) = attribute(&state, &asked, &id, &term, &context).await?;
    let (number, _) = instance(&known, &name, &number)?;
    rewrite(&state, &asked, &id, (&home, &known.types), &Rewrite::Drop { name, id: number }).await?;
    Ok(asked.done())
}

/// An attribute that is known only by its past is taken away: its history gets an end.
///
/// # Errors
/// When nothing is known of it.
pub async fn end(state: &NgsiState, asked: &Asked, id: &Urn, term: &str, context: &Context) -> Answer<()> {
    let (name, home, known) = attribute(state, asked, id, term, context).await?;
    rewrite(state, asked, id, (&home, &known.types), &Rewrite::End { name }).await
}

/// `GET /temporal/entities/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn read(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    asked.knows(&[&ask::OF_TIME[..], &ask::OF_LOOK[..]].concat())?;
    let id = urn(&id)?;
    let context = asked.context(&state).await?;
    let look = show::Look::of(&asked, &context)?;
    let mut wanted = ask::window(&asked, false)?;
    wanted.space = asked.space.clone();
    wanted.query.ids = vec![id.clone()];
    wanted.attributes = crate::params::find::names(&asked.words("attrs"), &context)?;
    wanted.datasets = asked.words("datasetId");
    let (others, warnings) = past::one(&state, &asked, &context, &wanted, &id).await?;
    let (home, known) =
        match (state.temporal.history(&asked.actor, &asked.space, &id).await?, others.into_values().next()) {
            (Some((home, mut known)), others) => {
                if let Some(others) = others {
                    Arc::make_mut(&mut known).join(others);
                }
                (home, known)
            }
            (None, Some(known)) => (asked.space.clone(), Arc::new(known)),
            (None, None) => {
                let mut response = axum::response::IntoResponse::into_response(missing(&id));
                crate::entities::warn(&mut response, warnings);
                return Ok(response);
            }
        };
    let named = |name: &String| known.attributes.contains_key(name);
    if !wanted.attributes.is_empty() && !wanted.attributes.iter().any(named) {
        return Err(ApiError::missing(format!("the entity {id} never had one of these attributes")));
    }
    let found = wanted.evolution(id.clone(), &home, &known).unwrap_or_else(|| Evolution {
        id: id.clone(),
        space: home,
        types: known.types.clone(),
        created: known.created.unwrap_or_default(),
        modified: known.modified.unwrap_or_default(),
        attributes: Default::default(),
    });
    let mut all = vec![found];
    let cut = look.cut(&wanted, &mut all, state.temporal_instances);
    let body = all.pop().map(|e| look.entity(&e, &wanted, &context)).unwrap_or_default();
    if body.is_empty() {
        return Err(ApiError::missing(format!("the entity {id} never had one of these members")));
    }
    let mut response = answer(&asked, Value::Object(body), &context, cut);
    let map = match maps::Use::of(&state, &asked)? {
        make @ maps::Use::Make => {
            let here = maps::Origins::from_iter([(id, vec![maps::HERE.to_owned()])]);
            make.settle(&state, &asked, &here)?
        }
        other => other,
    };
    map.name(&mut response);
    crate::entities::warn(&mut response, warnings);
    Ok(response)
}

fn answer(asked: &Asked, body: Value, context: &Context, cut: Option<String>) -> Response {
    let status = if cut.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut response = asked.answer(status, body, context);
    if let Some(range) = cut.and_then(|c| HeaderValue::from_str(&c).ok()) {
        response.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    response
}

/// `GET /temporal/entities`
///
/// # Errors
/// See [`ApiError`].
pub async fn list(State(state): State<NgsiState>, asked: Asked) -> Answer {
    asked.knows(&[&ask::OF_TIME[..], &ask::OF_LOOK[..], &ask::OF_LIST[..]].concat())?;
    let context = asked.context(&state).await?;
    let look = show::Look::of(&asked, &context)?;
    let (wanted, count) = ask::list(&asked, &context)?;
    find::fits_in_an_address(&wanted.query, &state.registry.catalogue().metamodel)?;
    found(&state, &asked, &context, &look, wanted, count, "/ngsi-ld/v1/temporal/entities").await
}

/// `POST /temporal/entityOperations/query`
///
/// # Errors
/// See [`ApiError`].
pub async fn query(State(state): State<NgsiState>, asked: Asked) -> Answer {
    let body = asked.body(&state).await?;
    let mut look = show::Look::of(&asked, &body.context)?;
    let (wanted, count) = ask::document(&asked, &body.value, &body.context, &mut look)?;
    found(&state, &asked, &body.context, &look, wanted, count, "/ngsi-ld/v1/temporal/entityOperations/query").await
}

async fn found(
    state: &NgsiState,
    asked: &Asked,
    context: &Arc<Context>,
    look: &show::Look,
    wanted: svod_temporal::Ask,
    count: bool,
    at: &str,
) -> Answer {
    let (mut wanted, map) = (wanted, maps::Use::of(state, asked)?);
    let making = matches!(map, maps::Use::Make);
    let map =
        if making { map.settle(state, asked, &everything(state, asked, context, wanted.clone()).await?)? } else { map };
    if let Some(ids) = map.ids() {
        wanted.query.ids = ids;
    }
    let (found, warnings) = match &map {
        maps::Use::Walk(_) if wanted.query.ids.is_empty() => Default::default(),
        _ => {
            let (others, warnings) = past::many(state, asked, context, &wanted).await?;
            (state.temporal.find(&asked.actor, &wanted, others).await?, warnings)
        }
    };
    let more = found.total > wanted.offset + wanted.limit;
    let mut all = found.evolutions;
    let cut = look.cut(&wanted, &mut all, state.temporal_instances);
    let bodies: Value = all.iter().map(|e| Value::Object(look.entity(e, &wanted, context))).collect();
    let mut response = answer(asked, bodies, context, cut);
    if making && response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::CREATED;
    }
    map.name(&mut response);
    crate::entities::warn(&mut response, warnings);
    if count {
        response.headers_mut().insert("ngsild-results-count", HeaderValue::from(found.total));
    }
    crate::entities::page_links(&mut response, asked, (wanted.offset, wanted.limit), more, at, "application/json");
    Ok(response)
}

/// Who has what a question about the past finds.
///
/// # Errors
/// See [`ApiError`].
pub async fn origins(state: &NgsiState, asked: &Asked, context: &Arc<Context>) -> Answer<maps::Origins> {
    asked.knows(&[&ask::OF_TIME[..], &ask::OF_LOOK[..], &ask::OF_LIST[..]].concat())?;
    let (wanted, _) = ask::list(asked, context)?;
    find::fits_in_an_address(&wanted.query, &state.registry.catalogue().metamodel)?;
    everything(state, asked, context, wanted).await
}

/// Entities of one map of the past at the most.
const MOST_MAPPED: usize = 10_000;

async fn everything(
    state: &NgsiState,
    asked: &Asked,
    context: &Arc<Context>,
    wanted: svod_temporal::Ask,
) -> Answer<maps::Origins> {
    let whole = svod_temporal::Ask { offset: 0, limit: MOST_MAPPED, ..wanted };
    let (others, _) = past::many(state, asked, context, &whole).await?;
    let found = state.temporal.find(&asked.actor, &whole, others).await?;
    if found.total > MOST_MAPPED {
        let text = format!("more than {MOST_MAPPED} entities fit; ask for less");
        return Err(ApiError::new(Kind::TooManyResults, text));
    }
    Ok(found.evolutions.into_iter().map(|e| (e.id, vec![maps::HERE.to_owned()])).collect())
}

/// The address names no instance.
///
/// # Errors
/// Always.
pub async fn no_instance() -> Answer {
    Err(ApiError::new(Kind::MethodNotAllowed, "the address ends where an instance should stand"))
}
