//! Temporal queries (clause 4.11) from parameters and documents.

use serde_json::Value;
use svod_query::Query;
use svod_temporal::{Ask, Property, Relation, Window};

use super::show::{Look, Shape};
use crate::context::Context;
use crate::error::{Answer, ApiError};
use crate::params::find;
use crate::parse;
use crate::request::Asked;

/// Parameters of a stretch of time.
pub const OF_TIME: [&str; 7] =
    ["timerel", "timeAt", "endTimeAt", "timeproperty", "lastN", "aggrMethods", "aggrPeriodDuration"];
/// Parameters that say how an answer looks.
pub const OF_LOOK: [&str; 12] = [
    "attrs",
    "pick",
    "omit",
    "options",
    "format",
    "lang",
    "datasetId",
    "geometryProperty",
    "entityMap",
    "csf",
    "expandValues",
    "jsonKeys",
];
/// Parameters that say which entities are listed.
pub const OF_LIST: [&str; 15] = [
    "id",
    "type",
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
    "entityMapLifetime",
    "splitEntities",
];

pub fn of_words(
    relation: Option<&Value>,
    at: Option<&Value>,
    end: Option<&Value>,
    property: Option<&Value>,
) -> Answer<Window> {
    let needed = |name: &str, v: Option<&Value>| match v {
        Some(v) => parse::moment(name, v),
        None => Err(ApiError::bad(format!("this 'timerel' needs '{name}'"))),
    };
    let relation = match relation.and_then(Value::as_str) {
        None if relation.is_some() => return Err(ApiError::bad("'timerel' must be a text")),
        None => None,
        Some("before") => Some(Relation::Before(needed("timeAt", at)?)),
        Some("after") => Some(Relation::After(needed("timeAt", at)?)),
        Some("between") => Some(Relation::Between(needed("timeAt", at)?, needed("endTimeAt", end)?)),
        Some(other) => return Err(ApiError::bad(format!("'{other}' is none of before, after, between"))),
    };
    let property = match property.and_then(Value::as_str) {
        None => None,
        Some("observedAt") => Some(Property::Observed),
        Some("createdAt") => Some(Property::Created),
        Some("modifiedAt") => Some(Property::Modified),
        Some("deletedAt") => Some(Property::Deleted),
        Some(other) => {
            return Err(ApiError::bad(format!("'{other}' is none of observedAt, createdAt, modifiedAt, deletedAt")));
        }
    };
    Ok(Window { relation, property })
}

fn last(v: Option<&Value>) -> Answer<Option<usize>> {
    let number = |v: &Value| v.as_u64().or_else(|| v.as_str().and_then(|t| t.parse().ok())).filter(|n| *n > 0);
    match v {
        None => Ok(None),
        Some(v) => match number(v) {
            Some(n) => Ok(Some(usize::try_from(n).unwrap_or(usize::MAX))),
            None => Err(ApiError::bad("'lastN' must be a whole number above 0")),
        },
    }
}

/// The stretch of time of a request; `needed` where one must be named.
///
/// # Errors
/// When it cannot be read.
pub fn window(asked: &Asked, needed: bool) -> Answer<Ask> {
    let of = |name: &str| asked.param(name).map(Value::from);
    let (relation, at) = (of("timerel"), of("timeAt"));
    if needed && relation.is_none() {
        return Err(ApiError::bad("a temporal query needs 'timerel' and 'timeAt'"));
    }
    let window = of_words(relation.as_ref(), at.as_ref(), of("endTimeAt").as_ref(), of("timeproperty").as_ref())?;
    Ok(Ask {
        space: asked.space.clone(),
        query: Query::default(),
        window,
        attributes: Vec::new(),
        datasets: Vec::new(),
        last: last(of("lastN").as_ref())?,
        descending: false,
        offset: 0,
        limit: 1,
    })
}

/// The parameters of a list; with whether all are to be counted.
///
/// # Errors
/// When one cannot be read.
pub fn list(asked: &Asked, context: &Context) -> Answer<(Ask, bool)> {
    let mut ask = window(asked, true)?;
    let wanted = find::parse(asked, context)?;
    if let Some(csf) = asked.param("csf") {
        crate::params::q::parse(csf, context)?;
    }
    ask.descending = match asked.param("orderBy") {
        None | Some("id" | "id;asc") => false,
        Some("id;desc" | "!id") => true,
        Some(other) => return Err(ApiError::bad(format!("histories are ordered by id, not by '{other}'"))),
    };
    ask.attributes = wanted.query.attributes.clone();
    ask.datasets = asked.words("datasetId");
    ask.query = wanted.query;
    (ask.offset, ask.limit) = (wanted.offset, wanted.limit);
    Ok((ask, wanted.count))
}

/// A `Query` document with its `temporalQ` (clauses 5.2.21, 5.2.23).
///
/// # Errors
/// When it cannot be read.
pub fn document(asked: &Asked, body: &Value, context: &Context, look: &mut Look) -> Answer<(Ask, bool)> {
    let wanted = find::document(asked, body, context)?;
    let temporal = body.get("temporalQ").ok_or_else(|| ApiError::bad("a temporal query needs 'temporalQ'"))?;
    let of = |name: &str| temporal.get(name);
    if of("timerel").is_none() {
        return Err(ApiError::bad("'temporalQ' needs 'timerel' and 'timeAt'"));
    }
    let window = of_words(of("timerel"), of("timeAt"), of("endTimeAt"), of("timeproperty"))?;
    let params = body.get("aggrParams");
    let either = |name: &str| of(name).or_else(|| params.and_then(|p| p.get(name)));
    if let Some(methods) = either("aggrMethods") {
        look.shape = Shape::Aggregated;
        look.aggregate(&words(methods), either("aggrPeriodDuration").and_then(Value::as_str))?;
    } else if let Some(duration) = either("aggrPeriodDuration").and_then(Value::as_str) {
        look.aggregate(&[], Some(duration))?;
    }
    look.of_document(body, context)?;
    let ask = Ask {
        space: asked.space.clone(),
        attributes: wanted.query.attributes.clone(),
        query: wanted.query,
        window,
        datasets: body.get("datasetId").map(words).unwrap_or_default(),
        last: last(of("lastN"))?,
        descending: false,
        offset: wanted.offset,
        limit: wanted.limit,
    };
    Ok((ask, wanted.count))
}

fn words(v: &Value) -> Vec<String> {
    match v {
        Value::Array(all) => all.iter().filter_map(|w| w.as_str().map(str::to_owned)).collect(),
        Value::String(text) => text.split(',').map(|w| w.trim().to_owned()).collect(),
        _ => Vec::new(),
    }
}
