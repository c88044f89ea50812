//! What other brokers know of the past (clauses 5.7.3, 5.7.4): whole stretches of instances, brought together before anything
//! is counted, averaged or cut.

use std::sync::Arc;

use serde_json::Value;
use svod_kernel::{Timestamp, Urn};
use svod_temporal::{Ask, Evolutions, History, Instance, Property, Relation};

use super::document::does;
use super::gather::{self, Concerned, Heard, concerned, heard};
use super::matching::{Probe, Times};
use super::trust::Trust;
use super::wire::Question;
use crate::NgsiState;
use crate::context::Context;
use crate::error::Answer;
use crate::parse;
use crate::request::Asked;
use crate::temporal::give;

/// Entities asked of one source at once.
const MOST: usize = 1_000;

/// Sources that may know something.
async fn knowing(state: &NgsiState, asked: &Asked, ask: &Ask, operations: &[&str]) -> Answer<(Probe, Concerned)> {
    let times = ask.window.relation.map(|_| {
        let (from, to) = ask.window.bounds();
        Times { managed: matches!(ask.window.property, Some(Property::Created | Property::Modified)), from, to }
    });
    let query = svod_query::Query { attributes: ask.attributes.clone(), ..ask.query.clone() };
    let probe = Probe { query, times, datasets: ask.datasets.clone(), lenient: true, ..Probe::default() };
    let concerned = concerned(state, asked, &probe, operations).await?;
    Ok((probe, concerned))
}

/// The stretch of time as parameters.
fn window(ask: &Ask) -> Vec<(String, String)> {
    let (relation, at, end) = match ask.window.relation {
        None => return Vec::new(),
        Some(Relation::Before(at)) => ("before", at, None),
        Some(Relation::After(at)) => ("after", at, None),
        Some(Relation::Between(at, end)) => ("between", at, Some(end)),
    };
    let mut all = vec![("timerel".to_owned(), relation.to_owned()), ("timeAt".to_owned(), at.to_string())];
    all.extend(end.map(|end| ("endTimeAt".to_owned(), end.to_string())));
    let property = ask.window.property.map(|p| match p {
        Property::Observed => "observedAt",
        Property::Created => "createdAt",
        Property::Modified => "modifiedAt",
        Property::Deleted => "deletedAt",
    });
    all.extend(property.map(|p| ("timeproperty".to_owned(), p.to_owned())));
    all
}

/// What others know of the past of one entity.
///
/// # Errors
/// When registrations cannot be read.
pub async fn one(
    state: &NgsiState,
    asked: &Asked,
    context: &Arc<Context>,
    ask: &Ask,
    id: &Urn,
) -> Answer<(Evolutions, Vec<String>)> {
    // A list of the past needs a stretch of time.
    let operations: &[&str] =
        if ask.window.relation.is_some() { &["retrieveTemporal", "queryTemporal"] } else { &["retrieveTemporal"] };
    let (probe, concerned) = knowing(state, asked, ask, operations).await?;
    let heard = heard(state, asked, context, &probe, concerned, |source, pieces, tongue| {
        let mut params = window(ask);
        params.push(("options".into(), "sysAttrs".into()));
        let attrs = gather::attributes(pieces, &probe, &tongue.context);
        if !attrs.is_empty() {
            params.push(("attrs".into(), attrs.join(",")));
        }
        if does(&source.document, "retrieveTemporal") {
            return Question { method: "GET", path: format!("temporal/entities/{id}"), params, body: None };
        }
        params.push(("id".into(), id.to_string()));
        let kinds = gather::kinds(pieces, &tongue.context);
        if !kinds.is_empty() {
            params.push(("type".into(), kinds.join(",")));
        }
        Question { method: "GET", path: "temporal/entities".into(), params, body: None }
    });
    Ok(brought_together(state, asked, &probe, heard.await).await)
}

/// What others know of the past of entities that a question finds.
///
/// # Errors
/// When registrations cannot be read.
pub async fn many(
    state: &NgsiState,
    asked: &Asked,
    context: &Arc<Context>,
    ask: &Ask,
) -> Answer<(Evolutions, Vec<String>)> {
    let (probe, concerned) = knowing(state, asked, ask, &["queryTemporal"]).await?;
    let heard = heard(state, asked, context, &probe, concerned, |_, pieces, tongue| {
        let mut params = window(ask);
        params.push(("options".into(), "sysAttrs".into()));
        params.push(("limit".into(), MOST.to_string()));
        let kinds: Vec<String> = match probe.query.types.any_of() {
            Some(kinds) => kinds.into_iter().map(|k| tongue.context.write(k)).collect(),
            None => gather::kinds(pieces, &tongue.context),
        };
        let lists = [
            ("type", kinds),
            ("id", gather::identifiers(pieces, &probe)),
            ("attrs", gather::attributes(pieces, &probe, &tongue.context)),
        ];
        params.extend(lists.into_iter().filter(|(_, l)| !l.is_empty()).map(|(n, l)| (n.to_owned(), l.join(","))));
        if let Some(scope) = &probe.query.scope {
            params.push(("scopeQ".into(), scope.to_string()));
        }
        if let Some(pattern) = &probe.query.id_pattern {
            params.push(("idPattern".into(), pattern.as_str().to_owned()));
        }
        if !params.iter().any(|(name, _)| name == "type" || name == "attrs") {
            params.push(("local".into(), "true".into()));
        }
        Question { method: "GET", path: "temporal/entities".into(), params, body: None }
    });
    Ok(brought_together(state, asked, &probe, heard.await).await)
}

async fn brought_together(state: &NgsiState, asked: &Asked, probe: &Probe, heard: Heard) -> (Evolutions, Vec<String>) {
    let Heard { answers, mut warnings } = heard;
    let mut all = Evolutions::new();
    for (source, tongue, body) in answers {
        let Some(histories) = read(state, &body, &tongue.context).await else {
            warnings.push(gather::unreadable(state, asked, &source));
            continue;
        };
        let trust = Trust::of(&source, probe);
        let fits = |(id, h): &(Urn, History)| trust.has(id.as_str(), h.types.iter().map(String::as_str));
        for (id, mut history) in histories.into_iter().filter(fits) {
            history.attributes.retain(|name, _| trust.tells(name));
            all.entry(id).or_default().join(history);
        }
    }
    (all, warnings)
}

async fn read(state: &NgsiState, body: &[u8], context: &Arc<Context>) -> Option<Vec<(Urn, History)>> {
    let documents = match serde_json::from_slice::<Value>(body).ok()? {
        Value::Array(all) => all,
        one @ Value::Object(_) => vec![one],
        _ => return None,
    };
    let mut all = Vec::with_capacity(documents.len());
    for mut document in documents {
        let own = match document.as_object_mut().and_then(|o| o.remove("@context")) {
            Some(own) => state.contexts.resolve(&own).await.ok()?,
            None => context.clone(),
        };
        all.push(history(&document, &own)?);
    }
    Some(all)
}

fn history(document: &Value, context: &Context) -> Option<(Urn, History)> {
    let given = give::entity(document, context).ok()?;
    let moment = |v: &Value, key: &str| v.get(key).and_then(|t| parse::moment(key, t).ok());
    let mut history = History {
        types: given.types,
        created: Some(moment(document, "createdAt").unwrap_or_default()),
        modified: Some(moment(document, "modifiedAt").unwrap_or_default()),
        deleted: moment(document, "deletedAt"),
        ..History::default()
    };
    let mut given_instances = given.instances;
    for (term, value) in document.as_object()? {
        let name = if term == svod_temporal::SCOPE { term.clone() } else { context.name(term) };
        let Some(attributes) = given_instances.remove(&name) else { continue };
        let told: Vec<&Value> = value.as_array().map_or_else(|| vec![value], |all| all.iter().collect());
        let instances = attributes.into_iter().zip(told).map(|(attribute, told)| {
            let number =
                told.get("instanceId").and_then(Value::as_str).and_then(|t| t.rsplit(':').next()?.parse().ok());
            let deleted: Option<Timestamp> = moment(told, "deletedAt");
            Instance {
                id: number.unwrap_or_default(),
                created: moment(told, "createdAt"),
                modified: moment(told, "modifiedAt"),
                observed: attribute.observed_at,
                deleted,
                attribute,
            }
        });
        history.attributes.insert(name, instances.collect());
    }
    Some((given.id?, history))
}
