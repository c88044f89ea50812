//! Histories that are given: every attribute may be a list of instances (clause 4.5.6).

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use svod_kernel::Urn;
use svod_model::Attribute;
use svod_temporal::SCOPE;

use crate::context::Context;
use crate::error::{Answer, ApiError};
use crate::parse::{self, NULL, Read};

/// What a body says.
#[derive(Debug, Default)]
pub struct Given {
    pub id: Option<Urn>,
    pub types: Vec<String>,
    pub instances: BTreeMap<String, Vec<Attribute>>,
}

/// Reads an entity over time, or a fragment of one.
///
/// # Errors
/// What does not fit, and where.
pub fn entity(body: &Value, context: &Context) -> Answer<Given> {
    let Value::Object(members) = body else { return Err(ApiError::bad("the body must be an object")) };
    let mut plain = Map::new();
    let mut given = Given::default();
    for (key, value) in members {
        match key.as_str() {
            "id" | "@id" | "type" | "@type" => drop(plain.insert(key.clone(), value.clone())),
            "createdAt" | "modifiedAt" | "deletedAt" | "@context" => {}
            "expiresAt" => drop(parse::moment(key, value)?),
            SCOPE => drop(given.instances.insert(SCOPE.into(), scopes(value)?)),
            term => {
                parse::named(term)?;
                let all = match value {
                    Value::Array(all) => all.iter().map(|v| instance(term, v, context)).collect::<Answer<Vec<_>>>()?,
                    one => vec![instance(term, one, context)?],
                };
                given.instances.insert(context.name(term), all);
            }
        }
    }
    let head = parse::entity(&Value::Object(plain), context)?;
    given.id = head.id;
    given.types = head.kinds;
    Ok(given)
}

/// One instance. A null is a value of the past like any other.
///
/// # Errors
/// When it cannot be read.
pub fn instance(term: &str, value: &Value, context: &Context) -> Answer<Attribute> {
    match parse::attribute(term, value, context)? {
        Read::Set(a) => Ok(a),
        Read::Mixed(Some(a), _) => Ok(a),
        Read::Mixed(None, _) => Err(ApiError::bad(format!("'{term}' says nothing"))),
        Read::Remove(dataset) => {
            let moment = value.get("observedAt").map(|v| parse::moment("observedAt", v)).transpose()?;
            Ok(Attribute { dataset, observed_at: moment, ..Attribute::property(NULL) })
        }
    }
}

/// Scopes as they stand, or as instances.
fn scopes(value: &Value) -> Answer<Vec<Attribute>> {
    let one = |v: &Value, moment: Option<&Value>| -> Answer<Attribute> {
        let paths: Vec<Value> = parse::scopes(v)?.into_iter().map(Value::from).collect();
        let observed_at = moment.map(|m| parse::moment("observedAt", m)).transpose()?;
        let paths = if v.is_string() { paths.into_iter().next().unwrap_or_default() } else { Value::Array(paths) };
        Ok(Attribute { observed_at, ..Attribute::property(paths) })
    };
    match value {
        Value::Array(all) if all.iter().all(Value::is_object) && !all.is_empty() => {
            all.iter().map(|i| one(i.get("value").unwrap_or(&Value::Null), i.get("observedAt"))).collect()
        }
        Value::Object(i) => Ok(vec![one(i.get("value").unwrap_or(&Value::Null), i.get("observedAt"))?]),
        plain => Ok(vec![one(plain, None)?]),
    }
}
