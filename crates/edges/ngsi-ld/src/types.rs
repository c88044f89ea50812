//! What types and attributes are in use (clauses 6.25 to 6.28).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};
use svod_registry::InUse;

use crate::NgsiState;
use crate::context::{Context, iri_of};
use crate::error::{Answer, ApiError};
use crate::request::Asked;

async fn in_use(state: &NgsiState, asked: &Asked) -> Answer<InUse> {
    Ok(state.registry.in_use(&asked.actor, &asked.space, true).await?)
}

/// Identifier of a list that was made for this answer.
fn list_id(state: &NgsiState, what: &str) -> String {
    let clock = state.registry.clock();
    svod_kernel::Urn::mint(what, clock.now(), state.registry.rng().as_ref()).to_string()
}

/// `GET /types`
///
/// # Errors
/// See [`ApiError`].
pub async fn types(State(state): State<NgsiState>, asked: Asked) -> Answer {
    asked.knows(&["details"])?;
    let context = asked.context(&state).await?;
    let all = in_use(&state, &asked).await?;
    let body = if asked.flag("details")? {
        let each = all.types.iter().map(|(name, used)| {
            json!({"id": iri_of(name), "type": "EntityType", "typeName": context.write(name),
                "attributeNames": written(used.attributes.keys(), &context)})
        });
        each.collect()
    } else {
        json!({"id": list_id(&state, "EntityTypeList"), "type": "EntityTypeList", "typeList": written(all.types.keys(), &context)})
    };
    Ok(asked.answer(StatusCode::OK, body, &context))
}

fn written<'a>(names: impl Iterator<Item = &'a String>, context: &Context) -> Value {
    let mut all: Vec<String> = names.map(|n| context.write(n)).collect();
    all.sort();
    all.into()
}

/// `GET /types/{type}`
///
/// # Errors
/// See [`ApiError`].
pub async fn one_type(State(state): State<NgsiState>, Path(term): Path<String>, asked: Asked) -> Answer {
    asked.knows(&[])?;
    let context = asked.context(&state).await?;
    crate::parse::named(&term)?;
    let name = context.name(&term);
    let all = in_use(&state, &asked).await?;
    let Some(used) = all.types.get(&name) else {
        return Err(ApiError::missing(format!("no entity is of the type '{term}'")));
    };
    let details = used.attributes.iter().map(|(n, known)| {
        json!({"id": iri_of(n), "type": "Attribute", "attributeName": context.write(n), "attributeTypes": known.holds})
    });
    let body = json!({"id": iri_of(&name), "type": "EntityTypeInfo", "typeName": context.write(&name),
        "entityCount": used.count, "attributeDetails": details.collect::<Value>()});
    Ok(asked.answer(StatusCode::OK, body, &context))
}

/// `GET /attributes`
///
/// # Errors
/// See [`ApiError`].
pub async fn attributes(State(state): State<NgsiState>, asked: Asked) -> Answer {
    asked.knows(&["details"])?;
    let context = asked.context(&state).await?;
    let all = in_use(&state, &asked).await?;
    let body = if asked.flag("details")? {
        let each = all.attributes.iter().map(|(name, known)| {
            json!({"id": iri_of(name), "type": "Attribute", "attributeName": context.write(name),
                "typeNames": written(known.types.iter(), &context)})
        });
        each.collect()
    } else {
        json!({"id": list_id(&state, "AttributeList"), "type": "AttributeList",
            "attributeList": written(all.attributes.keys(), &context)})
    };
    Ok(asked.answer(StatusCode::OK, body, &context))
}

/// `GET /attributes/{name}`
///
/// # Errors
/// See [`ApiError`].
pub async fn one_attribute(State(state): State<NgsiState>, Path(term): Path<String>, asked: Asked) -> Answer {
    asked.knows(&[])?;
    let context = asked.context(&state).await?;
    crate::parse::named(&term)?;
    let name = context.name(&term);
    let all = in_use(&state, &asked).await?;
    let Some(known) = all.attributes.get(&name) else {
        return Err(ApiError::missing(format!("no entity has the attribute '{term}'")));
    };
    let body = json!({"id": iri_of(&name), "type": "Attribute", "attributeName": context.write(&name),
        "attributeCount": known.count, "attributeTypes": known.holds,
        "typeNames": written(known.types.iter(), &context)});
    Ok(asked.answer(StatusCode::OK, body, &context))
}
