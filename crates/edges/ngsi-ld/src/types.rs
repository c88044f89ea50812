//! What types and attributes are in use (clauses 6.25 to 6.28).

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};
use svod_model::{AttributeValue, Entity};
use svod_query::{Query, Types};
use svod_registry::Find;

use crate::NgsiState;
use crate::context::{Context, iri_of};
use crate::error::{Answer, ApiError};
use crate::params::find::MAX_LIMIT;
use crate::request::Asked;

/// What is known of an attribute.
#[derive(Default)]
struct Use {
    count: usize,
    kinds: BTreeSet<&'static str>,
    of_types: BTreeSet<String>,
}

/// What is in use in the tenant.
#[derive(Default)]
struct InUse {
    /// Entities by type.
    types: BTreeMap<String, (usize, BTreeMap<String, Use>)>,
    attributes: BTreeMap<String, Use>,
}

impl InUse {
    fn take(&mut self, e: &Entity) {
        for kind in e.kinds() {
            let (count, attributes) = self.types.entry(kind.to_owned()).or_default();
            *count += 1;
            for (name, a) in &e.attributes {
                for known in
                    [attributes.entry(name.clone()).or_default(), self.attributes.entry(name.clone()).or_default()]
                {
                    known.kinds.extend(a.instances().map(|i| kind_of(&i.value)));
                    known.of_types.insert(kind.to_owned());
                }
                attributes.entry(name.clone()).or_default().count += 1;
            }
        }
        for name in e.attributes.keys() {
            self.attributes.entry(name.clone()).or_default().count += 1;
        }
    }
}

/// The kind of attribute (clause 4.5.2) that holds this.
pub const fn kind_of(v: &AttributeValue) -> &'static str {
    match v {
        AttributeValue::Value(_) => "Property",
        AttributeValue::Object(_) | AttributeValue::Objects(_) => "Relationship",
        AttributeValue::Geometry(_) => "GeoProperty",
        AttributeValue::Languages(_) => "LanguageProperty",
        AttributeValue::Vocab(_) => "VocabProperty",
        AttributeValue::Json(_) => "JsonProperty",
        AttributeValue::List(_) => "ListProperty",
        AttributeValue::ObjectList(_) => "ListRelationship",
    }
}

async fn in_use(state: &NgsiState, asked: &Asked, types: Types) -> Answer<InUse> {
    let mut all = InUse::default();
    let mut find = Find {
        space: asked.space.clone(),
        below: true,
        query: Query { types, ..Query::default() },
        order: Vec::new(),
        offset: 0,
        limit: MAX_LIMIT,
        count: false,
    };
    loop {
        let found = state.registry.find(&asked.actor, &find).await?;
        found.entities.iter().for_each(|e| all.take(e));
        if !found.more {
            return Ok(all);
        }
        find.offset += MAX_LIMIT;
    }
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
    let all = in_use(&state, &asked, Types::Any).await?;
    let body = if asked.flag("details")? {
        let each = all.types.iter().map(|(name, (_, attributes))| {
            json!({"id": iri_of(name), "type": "EntityType", "typeName": context.write(name),
                "attributeNames": written(attributes.keys(), &context)})
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
    let all = in_use(&state, &asked, Types::Is(name.clone())).await?;
    let Some((count, attributes)) = all.types.get(&name) else {
        return Err(ApiError::missing(format!("no entity is of the type '{term}'")));
    };
    let details = attributes.iter().map(|(n, known)| {
        json!({"id": iri_of(n), "type": "Attribute", "attributeName": context.write(n), "attributeTypes": known.kinds})
    });
    let body = json!({"id": iri_of(&name), "type": "EntityTypeInfo", "typeName": context.write(&name),
        "entityCount": count, "attributeDetails": details.collect::<Value>()});
    Ok(asked.answer(StatusCode::OK, body, &context))
}

/// `GET /attributes`
///
/// # Errors
/// See [`ApiError`].
pub async fn attributes(State(state): State<NgsiState>, asked: Asked) -> Answer {
    asked.knows(&["details"])?;
    let context = asked.context(&state).await?;
    let all = in_use(&state, &asked, Types::Any).await?;
    let body = if asked.flag("details")? {
        let each = all.attributes.iter().map(|(name, known)| {
            json!({"id": iri_of(name), "type": "Attribute", "attributeName": context.write(name),
                "typeNames": written(known.of_types.iter(), &context)})
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
    let all = in_use(&state, &asked, Types::Any).await?;
    let Some(known) = all.attributes.get(&name) else {
        return Err(ApiError::missing(format!("no entity has the attribute '{term}'")));
    };
    let body = json!({"id": iri_of(&name), "type": "Attribute", "attributeName": context.write(&name),
        "attributeCount": known.count, "attributeTypes": known.kinds,
        "typeNames": written(known.of_types.iter(), &context)});
    Ok(asked.answer(StatusCode::OK, body, &context))
}
