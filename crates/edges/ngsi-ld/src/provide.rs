//! Writing `/entities` and what lies below (clauses 6.4 to 6.6), here and wherever registrations say.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value};
use svod_registry::{Action, Find, Operation};

use crate::NgsiState;
use crate::change::{self, Outcome};
use crate::context::Context;
use crate::edit::{self, Changes, Selected, revise};
use crate::entities::{OF_LIST, urn};
use crate::error::{Answer, ApiError};
use crate::params::find;
use crate::parse::{self, Given};
use crate::request::{Asked, Body};
use crate::sources::matching::Probe;
use crate::sources::share::Content;
use crate::sources::spread::{self, Deed, carry};

/// Members of a body that is about an entity.
fn members(body: &Body) -> Answer<&Map<String, Value>> {
    body.value.as_object().ok_or_else(|| ApiError::bad("an entity is a JSON object"))
}

/// What is left for here: read anew where others have taken their part.
fn left(rest: Option<Map<String, Value>>, whole: Given, context: &Context) -> Answer<Given> {
    rest.map_or(Ok(whole), |members| parse::merging(&Value::Object(members), context))
}

/// `POST /entities`
///
/// # Errors
/// See [`ApiError`].
pub async fn create(State(state): State<NgsiState>, asked: Asked) -> Answer {
    asked.knows(&["options"])?;
    let body = asked.body(&state).await?;
    let given = parse::new_entity(&body.value, &body.context)?;
    let entity = change::create(given.clone(), asked.space.clone())?;
    let id = entity.id.clone();
    let deed = Deed {
        operation: "createEntity",
        action: Action::Create,
        method: "POST",
        path: &|_| "entities".to_owned(),
        id: &id,
        kinds: given.kinds.clone(),
        content: Content::Members(members(&body)?, &body.context),
    };
    let carried = carry(&state, &asked, &body.context, deed, async |rest| {
        let entity = match rest {
            None => entity,
            Some(_) => change::create(left(rest, given, &body.context)?, asked.space.clone())?,
        };
        Ok(edit::one(&state, &asked, Operation::Create(entity)).await?)
    });
    let carried = carried.await?;
    Ok(carried.of_entity(&asked, &id, asked.created(&format!("/ngsi-ld/v1/entities/{id}"))))
}

/// `DELETE /entities/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn delete(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    let id = urn(&id)?;
    let selected = Selected::of(&state, &asked).await?;
    let context = asked.context(&state).await?;
    let deed = Deed {
        operation: "deleteEntity",
        action: Action::Delete,
        method: "DELETE",
        path: &|_| format!("entities/{id}"),
        id: &id,
        kinds: selected.kinds(),
        content: Content::Whole,
    };
    let carried = carry(&state, &asked, &context, deed, async |_| {
        if !selected.is_any() {
            selected.check(&*crate::entities::current(&state, &asked, &id).await?)?;
        }
        Ok(edit::one(&state, &asked, Operation::Delete { urn: id.clone(), expected: None }).await?)
    });
    let carried = carried.await?;
    Ok(carried.of_entity(&asked, &id, asked.done()))
}

/// `PUT /entities/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn replace(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    let body = asked.body(&state).await?;
    let given = parse::new_entity(&body.value, &body.context)?;
    whole(&state, &asked, &id, (body, given), ("replaceEntity", "PUT"), |old, given| {
        change::replace(old, given.clone())
    })
    .await
}

/// `PATCH /entities/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn merge(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    let body = asked.body(&state).await?;
    let given = parse::merging(&body.value, &body.context)?;
    whole(&state, &asked, &id, (body, given), ("mergeEntity", "PATCH"), |old, given| Ok(change::merge(old, given)))
        .await
}

/// An entity as such, made into another.
async fn whole(
    state: &NgsiState,
    asked: &Asked,
    id: &str,
    (body, given): (Body, Given),
    (operation, method): (&'static str, &'static str),
    work: impl Fn(&svod_model::Entity, &Given) -> Answer<svod_model::Entity> + Send + Sync + 'static,
) -> Answer {
    let id = urn(id)?;
    change::same_id(&id, &given)?;
    let deed = Deed {
        operation,
        action: Action::Update,
        method,
        path: &|_| format!("entities/{id}"),
        id: &id,
        kinds: given.kinds.clone(),
        content: Content::Members(members(&body)?, &body.context),
    };
    let carried = carry(state, asked, &body.context, deed, async |rest| {
        let given = left(rest, given, &body.context)?;
        revise(state, asked, &id, move |old| Ok((work(old, &given)?, ()))).await
    });
    let carried = carried.await?;
    Ok(carried.of_entity(asked, &id, asked.done()))
}

/// `POST /entities/{id}/attrs`
///
/// # Errors
/// See [`ApiError`].
pub async fn append(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    let overwrite = !asked.option("noOverwrite");
    fragment(&state, &asked, &id, ("appendAttrs", "POST"), move |old, given| change::append(old, given, overwrite))
        .await
}

/// `PATCH /entities/{id}/attrs`
///
/// # Errors
/// See [`ApiError`].
pub async fn update(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    fragment(&state, &asked, &id, ("updateEntity", "PATCH"), change::update).await
}

/// Several attributes of an entity at once.
async fn fragment(
    state: &NgsiState,
    asked: &Asked,
    id: &str,
    (operation, method): (&'static str, &'static str),
    work: impl Fn(&svod_model::Entity, &Given) -> (svod_model::Entity, Outcome) + Send + Sync + 'static,
) -> Answer {
    let id = urn(id)?;
    let body = asked.body(state).await?;
    let given = parse::entity(&body.value, &body.context)?;
    let deed = Deed {
        operation,
        action: Action::Update,
        method,
        path: &|_| format!("entities/{id}/attrs"),
        id: &id,
        kinds: given.kinds.clone(),
        content: Content::Members(members(&body)?, &body.context),
    };
    let carried = carry(state, asked, &body.context, deed, async |rest| {
        let given = left(rest, given, &body.context)?;
        revise(state, asked, &id, move |old| Ok(work(old, &given))).await
    });
    let mut carried = carried.await?;
    let here = carried.local.take().unwrap_or_default();
    Ok(told(asked, &body.context, &carried.outcome(here)))
}

/// 204 when everything was done, 207 with what was not.
pub fn told(asked: &Asked, context: &Context, outcome: &Outcome) -> Response {
    if outcome.refused.is_empty() {
        return asked.done();
    }
    asked.answer(StatusCode::MULTI_STATUS, outcome.json(), context)
}

/// `DELETE /entities`: everything that fits (clause 5.6.21).
///
/// # Errors
/// See [`ApiError`].
pub async fn purge(State(state): State<NgsiState>, asked: Asked) -> Answer {
    asked.knows(&[&OF_LIST[..], &["type", "attrs", "keep", "drop", "csf", "datasetId"]].concat())?;
    let context = asked.context(&state).await?;
    let wanted = find::parse(&asked, &context)?;
    find::fits_in_an_address(&wanted.query, &state.registry.catalogue().metamodel)?;
    if !wanted.query.links().is_empty() || asked.words("attrs").iter().any(|w| w.contains('{')) {
        return Err(ApiError::bad("related entities have no say in what is purged"));
    }
    if asked.param("keep").is_some() && asked.param("drop").is_some() {
        return Err(ApiError::bad("'keep' does not go with 'drop'"));
    }
    let keep = find::names(&asked.words("keep"), &context)?;
    let drop_only = find::names(&asked.words("drop"), &context)?;
    let probe = Probe { query: wanted.query.clone(), lenient: true, ..Probe::default() };
    let failures = spread::purge(&state, &asked, &context, &probe).await?;
    let mut find = Find {
        space: asked.space.clone(),
        below: true,
        query: wanted.query,
        order: Vec::new(),
        offset: 0,
        limit: find::MAX_LIMIT,
        count: false,
    };
    // All are found before the first is changed: a change may make an entity fit no longer.
    let mut urns = Vec::new();
    loop {
        let found = state.registry.find(&asked.actor, &find).await?;
        urns.extend(found.entities.iter().map(|e| e.id.clone()));
        if !found.more {
            break;
        }
        find.offset += find::MAX_LIMIT;
    }
    for part in urns.chunks(find::MAX_LIMIT) {
        let mut changes = Changes::default();
        for urn in part {
            if keep.is_empty() && drop_only.is_empty() {
                changes.push(Operation::Delete { urn: urn.clone(), expected: None });
                continue;
            }
            let (keep, drop_only) = (keep.clone(), drop_only.clone());
            changes.revise(urn, move |old| {
                let mut new = old.clone();
                let goes = |name: &String| !keep.contains(name) && (drop_only.is_empty() || drop_only.contains(name));
                new.attributes.retain(|name, _| !goes(name));
                Ok((new, ()))
            });
        }
        changes.all(&state, &asked).await?;
    }
    if failures.is_empty() {
        return Ok(asked.done());
    }
    let success: Vec<&str> = urns.iter().map(svod_kernel::Urn::as_str).collect();
    let errors: Vec<Value> = failures.iter().map(|f| f.json("urn:ngsi-ld:null")).collect();
    let body = serde_json::json!({"success": success, "errors": errors});
    Ok(asked.answer(StatusCode::MULTI_STATUS, body, &context))
}
