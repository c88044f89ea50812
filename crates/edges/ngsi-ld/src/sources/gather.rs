//! Questions that other brokers are asked as well (clauses 4.3.6, 5.7.1, 5.7.2), and how the answers become one.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::{Map, Value};
use svod_kernel::{Timestamp, Urn};
use svod_model::{Attribute, Entity};

use super::document::{Mode, does};
use super::matching::{Piece, Probe};
use super::peers::{Reply, Silence};
use super::trust::Trust;
use super::wire::{Question, Tongue, say};
use super::{Source, known};
use crate::NgsiState;
use crate::change;
use crate::context::Context;
use crate::error::Answer;
use crate::maps::{HERE, Origins};
use crate::parse;
use crate::request::Asked;

/// Entities asked of one source at once.
const MOST: usize = 1_000;

/// What a source said.
struct Said {
    mode: Mode,
    /// Names that it answers for; none: all.
    names: Vec<String>,
    entities: Vec<Entity>,
}

/// What came of asking.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Entities, those from here among them, each once.
    pub entities: Vec<Arc<Entity>>,
    /// Values of `NGSILD-Warning`.
    pub warnings: Vec<String>,
    /// Who else has told of each, by the registration.
    told: Vec<(Urn, String)>,
    /// Those from here.
    here: Vec<Urn>,
    /// A source was asked in words that are not the client's, and without its conditions.
    pub foreign: bool,
}

impl Gathered {
    /// What needed nobody else.
    pub fn of(entities: Vec<Arc<Entity>>) -> Self {
        Self { entities, ..Self::default() }
    }

    /// Who has which of the entities.
    pub fn origins(&self) -> Origins {
        let mut all: Origins = self.entities.iter().map(|e| (e.id.clone(), Vec::new())).collect();
        let here = self.here.iter().map(|urn| (urn, HERE));
        for (urn, who) in here.chain(self.told.iter().map(|(urn, who)| (urn, who.as_str()))) {
            if let Some(of) = all.get_mut(urn) {
                of.push(who.to_owned());
            }
        }
        all
    }
}

/// Sources that a question concerns.
#[derive(Debug, Default)]
pub struct Concerned {
    /// Those to be asked.
    pub sources: Vec<Source>,
    /// The question has been here before: who asks is told that something was left out.
    pub warnings: Vec<String>,
}

/// Sources that the question concerns.
///
/// # Errors
/// When registrations cannot be read.
pub async fn concerned(state: &NgsiState, asked: &Asked, probe: &Probe, operations: &[&str]) -> Answer<Concerned> {
    if asked.flag("local")? {
        return Ok(Concerned::default());
    }
    let passed = passed(asked);
    let fits = |s: &Source| {
        operations.iter().any(|o| does(&s.document, o)) && !is_passed(s, &passed) && probe.fits(&s.document)
    };
    let sources: Vec<Source> = known(state, asked).await?.into_iter().filter(fits).collect();
    if sources.is_empty() || !has_been_here(state, asked) {
        return Ok(Concerned { sources, warnings: Vec::new() });
    }
    let warnings = vec![warning(state, asked, 199, "the question has been here before")];
    Ok(Concerned { sources: Vec::new(), warnings })
}

/// Has the request been through this broker before?
pub fn has_been_here(state: &NgsiState, asked: &Asked) -> bool {
    let own = state.alias_of(asked);
    passed(asked).contains(&own)
}

/// Has the request been through the source before, by its alias?
pub fn is_passed(source: &Source, passed: &[String]) -> bool {
    let alias = source.document.get("contextSourceAlias").and_then(Value::as_str);
    alias.is_some_and(|a| passed.iter().any(|p| p == a))
}

/// Names of brokers that the request has been through (RFC 9110, 7.6.3).
pub fn passed(asked: &Asked) -> Vec<String> {
    let all = asked.headers.get_all("via").iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(','));
    all.filter_map(|hop| hop.split_whitespace().nth(1).map(str::to_owned)).collect()
}

/// A value of `NGSILD-Warning` (clause 6.3.17).
fn warning(state: &NgsiState, asked: &Asked, code: u16, text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control() && *c != '"').take(120).collect();
    format!("{code} {} \"{text}\"", state.alias_of(asked))
}

/// Asks the sources for one entity and joins what they say with what is known here.
///
/// # Errors
/// When a source cannot be asked because of the request itself.
pub async fn one(
    state: &NgsiState,
    asked: &Asked,
    context: &Arc<Context>,
    probe: &Probe,
    local: Option<Arc<Entity>>,
    id: &Urn,
) -> Answer<Gathered> {
    let concerned = concerned(state, asked, probe, &["retrieveEntity", "queryEntity", "queryBatch"]).await?;
    let call = |source: &Source, pieces: &[Piece<'_>], tongue: &Tongue| {
        let words = &tongue.context;
        let attrs = attributes(pieces, probe, words);
        let mut params = vec![("options".to_owned(), "sysAttrs".to_owned())];
        if !attrs.is_empty() {
            params.push(("attrs".into(), attrs.join(",")));
        }
        if does(&source.document, "retrieveEntity") {
            return Question { method: "GET", path: format!("entities/{id}"), params, body: None };
        }
        if !does(&source.document, "queryEntity") {
            return batched(pieces, probe, tongue, asked);
        }
        params.push(("id".into(), id.to_string()));
        let kinds = kinds(pieces, words);
        if !kinds.is_empty() {
            params.push(("type".into(), kinds.join(",")));
        }
        Question { method: "GET", path: "entities".into(), params, body: None }
    };
    ask(state, asked, context, probe, concerned, local.into_iter().collect(), call).await
}

/// An entity that a source has told of, with what is known of it here and at the other sources.
///
/// # Errors
/// As [`one`].
pub async fn beside(
    state: &NgsiState,
    asked: &Asked,
    context: &Arc<Context>,
    probe: &Probe,
    local: Option<Arc<Entity>>,
    (teller, told): (&str, Entity),
) -> Answer<Arc<Entity>> {
    let id = told.id.clone();
    let mut concerned = concerned(state, asked, probe, &["retrieveEntity"]).await?;
    concerned.sources.retain(|s| s.id != teller);
    let question = |_: &Source, pieces: &[Piece<'_>], tongue: &Tongue| {
        let mut params = vec![("options".to_owned(), "sysAttrs".to_owned())];
        let attrs = attributes(pieces, probe, &tongue.context);
        if !attrs.is_empty() {
            params.push(("attrs".into(), attrs.join(",")));
        }
        Question { method: "GET", path: format!("entities/{id}"), params, body: None }
    };
    let told = Arc::new(told);
    let others = ask(state, asked, context, probe, concerned, local.into_iter().collect(), question).await?.entities;
    // What was told is the newest there is of it.
    let mut whole = others.into_iter().next().map_or_else(|| (*told).clone(), Arc::unwrap_or_clone);
    for (name, attribute) in &told.attributes {
        whole.attributes.insert(name.clone(), attribute.clone());
    }
    Ok(Arc::new(whole))
}

/// Asks the sources a question and joins what they say with what fits here.
///
/// # Errors
/// As [`one`].
pub async fn many(
    state: &NgsiState,
    asked: &Asked,
    context: &Arc<Context>,
    probe: &Probe,
    concerned: Concerned,
    local: Vec<Arc<Entity>>,
) -> Answer<Gathered> {
    let split = asked.flag("splitEntities")?;
    let call = |source: &Source, pieces: &[Piece<'_>], tongue: &Tongue| {
        if !does(&source.document, "queryEntity") {
            return batched(pieces, probe, tongue, asked);
        }
        let mut params = vec![("options".to_owned(), "sysAttrs".to_owned()), ("limit".to_owned(), MOST.to_string())];
        let conditions: &[&str] = match (split, tongue.foreign) {
            // Each source has only a part of an entity: the whole is judged here.
            (true, _) => &["idPattern"],
            (false, true) => &["idPattern", "scopeQ"],
            (false, false) => &["type", "q", "georel", "geometry", "coordinates", "geoproperty", "scopeQ", "idPattern"],
        };
        for name in conditions {
            if let Some(value) = asked.param(name) {
                params.push(((*name).to_owned(), value.to_owned()));
            }
        }
        if !params.iter().any(|(name, _)| name == "type") {
            let kinds = kinds(pieces, &tongue.context);
            if !kinds.is_empty() {
                params.push(("type".into(), kinds.join(",")));
            }
        }
        let ids = identifiers(pieces, probe);
        if !ids.is_empty() {
            params.push(("id".into(), ids.join(",")));
        }
        let attrs = attributes(pieces, probe, &tongue.context);
        if !attrs.is_empty() {
            params.push(("attrs".into(), attrs.join(",")));
        }
        Question { method: "GET", path: "entities".into(), params, body: None }
    };
    ask(state, asked, context, probe, concerned, local, call).await
}

/// The question as a `Query` document (clause 5.2.23).
fn batched(pieces: &[Piece<'_>], probe: &Probe, tongue: &Tongue, asked: &Asked) -> Question {
    let (ids, kinds) = (identifiers(pieces, probe), kinds(pieces, &tongue.context));
    let wanted = asked.param("type").filter(|_| !tongue.foreign).map_or_else(|| kinds.join(","), str::to_owned);
    let mut selector = Map::new();
    if !wanted.is_empty() {
        selector.insert("type".into(), wanted.into());
    }
    match ids.as_slice() {
        [] => {}
        [one] => drop(selector.insert("id".into(), one.as_str().into())),
        many => drop(selector.insert("id".into(), many.to_vec().into())),
    }
    let mut body = Map::from_iter([("type".to_owned(), Value::from("Query"))]);
    body.insert("entities".into(), Value::Array(vec![selector.into()]));
    let attrs = attributes(pieces, probe, &tongue.context);
    if !attrs.is_empty() {
        body.insert("attrs".into(), attrs.into());
    }
    let conditions: &[&str] = if tongue.foreign { &["scopeQ"] } else { &["q", "scopeQ"] };
    for name in conditions {
        if let Some(text) = asked.param(name) {
            body.insert((*name).into(), text.into());
        }
    }
    let params = vec![("options".to_owned(), "sysAttrs".to_owned()), ("limit".to_owned(), MOST.to_string())];
    Question { method: "POST", path: "entityOperations/query".into(), params, body: Some(body.into()) }
}

/// Names that the source is asked for; none: all that it has.
pub fn attributes(pieces: &[Piece<'_>], probe: &Probe, context: &Context) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    for (_, of_piece) in pieces {
        if of_piece.is_empty() {
            names = probe.query.attributes.iter().map(String::as_str).collect();
            break;
        }
        let wanted = |n: &&&str| probe.query.attributes.is_empty() || probe.query.attributes.iter().any(|a| a == **n);
        names.extend(of_piece.iter().filter(wanted));
    }
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|n| context.write(n)).collect()
}

/// Types that the source is registered for.
pub fn kinds(pieces: &[Piece<'_>], context: &Context) -> Vec<String> {
    let of = |selector: &Value| match selector.get("type") {
        Some(Value::Array(all)) => all.iter().filter_map(|k| k.as_str().map(|k| context.write(k))).collect(),
        Some(Value::String(one)) => vec![context.write(one)],
        _ => Vec::new(),
    };
    let mut all: Vec<String> = pieces.iter().flat_map(|(selectors, _)| selectors.iter().flat_map(|s| of(s))).collect();
    all.sort();
    all.dedup();
    all
}

/// Identifiers that both the question and the registration allow; none: the source decides.
pub fn identifiers(pieces: &[Piece<'_>], probe: &Probe) -> Vec<String> {
    let mut all = Vec::new();
    for (selectors, _) in pieces {
        if selectors.is_empty() {
            return probe.query.ids.iter().map(ToString::to_string).collect();
        }
        for selector in selectors {
            match selector.get("id").and_then(Value::as_str) {
                Some(id) => all.push(id.to_owned()),
                None => {
                    let pattern = selector.get("idPattern").and_then(Value::as_str);
                    let pattern = pattern.and_then(|p| regex::Regex::new(p).ok());
                    let fits = |u: &&Urn| pattern.as_ref().is_none_or(|p| p.is_match(u.as_str()));
                    if probe.query.ids.is_empty() {
                        return Vec::new();
                    }
                    all.extend(probe.query.ids.iter().filter(fits).map(ToString::to_string));
                }
            }
        }
    }
    all.sort();
    all.dedup();
    all
}

async fn ask(
    state: &NgsiState,
    asked: &Asked,
    context: &Arc<Context>,
    probe: &Probe,
    concerned: Concerned,
    local: Vec<Arc<Entity>>,
    question: impl Fn(&Source, &[Piece<'_>], &Tongue) -> Question,
) -> Answer<Gathered> {
    if concerned.sources.is_empty() {
        let here = local.iter().map(|e| e.id.clone()).collect();
        return Ok(Gathered { entities: local, warnings: concerned.warnings, here, ..Gathered::default() });
    }
    let Heard { answers, mut warnings } = heard(state, asked, context, probe, concerned, question).await;
    let (mut said, mut foreign, mut told) = (Vec::new(), false, Vec::new());
    for (source, tongue, body) in answers {
        foreign |= tongue.foreign;
        let Some(entities) = read(state, &body, &tongue.context, asked).await else {
            warnings.push(unreadable(state, asked, &source));
            continue;
        };
        let one = trusted(&source, probe, entities);
        told.extend(one.entities.iter().map(|e| (e.id.clone(), source.id.clone())));
        said.push(one);
    }
    let here = local.iter().map(|e| e.id.clone()).collect();
    Ok(Gathered { entities: joined(local, said), warnings, told, here, foreign })
}

/// What sources answered.
pub struct Heard {
    /// Who, in which words, what; nothing empty.
    pub answers: Vec<(Source, Tongue, Vec<u8>)>,
    /// Values of `NGSILD-Warning`.
    pub warnings: Vec<String>,
}

/// A source answered, but not as a broker does.
pub fn unreadable(state: &NgsiState, asked: &Asked, source: &Source) -> String {
    warning(state, asked, 111, &format!("{} answered something else", source.id))
}

/// Asks all sources at once.
pub async fn heard(
    state: &NgsiState,
    asked: &Asked,
    context: &Arc<Context>,
    probe: &Probe,
    concerned: Concerned,
    question: impl Fn(&Source, &[Piece<'_>], &Tongue) -> Question,
) -> Heard {
    let Concerned { sources, mut warnings } = concerned;
    let question = &question;
    let calls = sources.iter().map(async |source| {
        let tongue = Tongue::of(state, source, asked, context, false).await?;
        let question = question(source, &probe.pieces(&source.document), &tongue);
        let reply = say(state, asked, source, &tongue, question).await?;
        Ok((reply, tongue))
    });
    let replies: Vec<Result<(Reply, Tongue), Silence>> = join_all(calls).await;
    let mut answers = Vec::new();
    for (source, reply) in sources.into_iter().zip(replies) {
        let mut warn = |code: u16, text: &str| warnings.push(warning(state, asked, code, text));
        let (reply, tongue) = match reply {
            Ok(reply) => reply,
            Err(Silence::NoAnswer(_)) => {
                warn(199, &format!("{} did not answer", source.id));
                continue;
            }
            Err(Silence::Unreadable(_)) => {
                warnings.push(unreadable(state, asked, &source));
                continue;
            }
        };
        match reply.status {
            404 => {}
            508 => warn(199, &format!("{} leads back here", source.id)),
            200..=299 if reply.body.is_empty() => {}
            200..=299 => answers.push((source, tongue, reply.body)),
            other => warn(299, &format!("{} answered {other}", source.id)),
        }
        warnings.extend(reply.warnings);
    }
    Heard { answers, warnings }
}

/// Entities of an answer; none when it is no answer of a broker.
async fn read(state: &NgsiState, body: &[u8], context: &Arc<Context>, asked: &Asked) -> Option<Vec<Entity>> {
    let documents = match serde_json::from_slice::<Value>(body).ok()? {
        Value::Array(all) => all,
        one @ Value::Object(_) => vec![one],
        _ => return None,
    };
    let mut entities = Vec::with_capacity(documents.len());
    for mut document in documents {
        let own = match document.as_object_mut().and_then(|o| o.remove("@context")) {
            Some(own) => state.contexts.resolve(&own).await.ok()?,
            None => context.clone(),
        };
        let given = parse::entity(&document, &own).ok()?;
        let mut entity = change::create(given, asked.space.clone()).ok()?;
        let moment = |v: &Value, key: &str| v.get(key).and_then(|t| parse::moment(key, t).ok());
        entity.created_at = moment(&document, "createdAt").unwrap_or_default();
        entity.modified_at = moment(&document, "modifiedAt").unwrap_or_default();
        let members = document.as_object().cloned().unwrap_or_default();
        stamp(&mut entity, &members, &own);
        entities.push(entity);
    }
    Some(entities)
}

/// Moments of creation and change as the source tells them.
fn stamp(entity: &mut Entity, members: &Map<String, Value>, context: &Context) {
    for (term, value) in members {
        let Some(attribute) = entity.attributes.get_mut(&context.name(term)) else { continue };
        let instances: Vec<&Value> = match value {
            Value::Array(all) => all.iter().collect(),
            one => vec![one],
        };
        let of = |dataset: &Option<String>, key: &str| {
            let same = |v: &&&Value| v.get("datasetId").and_then(Value::as_str) == dataset.as_deref();
            instances.iter().find(same).and_then(|v| v.get(key)).and_then(|t| parse::moment(key, t).ok())
        };
        for instance in std::iter::once(&mut *attribute) {
            instance.created_at = of(&instance.dataset, "createdAt");
            instance.modified_at = of(&instance.dataset, "modifiedAt");
        }
        for instance in &mut attribute.others {
            instance.created_at = of(&instance.dataset, "createdAt");
            instance.modified_at = of(&instance.dataset, "modifiedAt");
        }
    }
}

/// What a source says of things that it is not registered for is not taken.
fn trusted(source: &Source, probe: &Probe, entities: Vec<Entity>) -> Said {
    let trust = Trust::of(source, probe);
    let kept = entities.into_iter().filter(|e| trust.has(e.id.as_str(), e.kinds())).map(|mut e| {
        e.attributes.retain(|name, _| trust.tells(name));
        e
    });
    Said { mode: Mode::of(&source.document), entities: kept.collect(), names: trust.names.clone() }
}

/// Everything together: the newest of each instance wins; auxiliary sources only fill what nobody else has.
fn joined(local: Vec<Arc<Entity>>, said: Vec<Said>) -> Vec<Arc<Entity>> {
    let mut order: Vec<Urn> = Vec::new();
    let mut all: HashMap<Urn, Entity> = HashMap::new();
    for e in local {
        order.push(e.id.clone());
        all.insert(e.id.clone(), Arc::unwrap_or_clone(e));
    }
    let claimed = |said: &Said| matches!(said.mode, Mode::Exclusive | Mode::Redirect);
    for s in said.iter().filter(|s| claimed(s)) {
        for e in &s.entities {
            // What the source alone has is not served from here.
            if let Some(there) = all.get_mut(&e.id) {
                there.attributes.retain(|name, _| !(s.names.is_empty() || s.names.contains(name)));
            }
        }
    }
    let auxiliary = |s: &Said| s.mode == Mode::Auxiliary;
    let (last, first): (Vec<Said>, Vec<Said>) = said.into_iter().partition(auxiliary);
    for s in first.into_iter().chain(last) {
        for e in s.entities {
            match all.get_mut(&e.id) {
                None => {
                    order.push(e.id.clone());
                    all.insert(e.id.clone(), e);
                }
                Some(there) => merge(there, e, s.mode == Mode::Auxiliary),
            }
        }
    }
    order.into_iter().filter_map(|id| all.remove(&id).map(Arc::new)).collect()
}

fn merge(there: &mut Entity, other: Entity, only_fill: bool) {
    let kinds: Vec<String> = other.kinds().map(str::to_owned).collect();
    for kind in kinds {
        if !there.kinds().any(|k| k == kind) {
            there.also.push(kind);
        }
    }
    for scope in &other.scopes {
        if !there.scopes.contains(scope) {
            there.scopes.push(scope.clone());
        }
    }
    there.modified_at = there.modified_at.max(other.modified_at);
    for (name, attribute) in other.attributes {
        let Some(own) = there.attributes.remove(&name) else {
            there.attributes.insert(name, attribute);
            continue;
        };
        let mut instances: Vec<Attribute> = own.instances().map(change::alone).collect();
        for instance in attribute.instances().map(change::alone) {
            match instances.iter_mut().find(|i| i.dataset == instance.dataset) {
                None if only_fill => {}
                None => instances.push(instance),
                Some(there) if !only_fill && newer(&instance, there) => *there = instance,
                Some(_) => {}
            }
        }
        if let Some(all) = Attribute::from_instances(instances) {
            there.attributes.insert(name, all);
        }
    }
}

fn newer(a: &Attribute, b: &Attribute) -> bool {
    let key =
        |i: &Attribute| -> (Option<Timestamp>, Option<Timestamp>) { (i.observed_at, i.modified_at.or(i.created_at)) };
    key(a) > key(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(mode: Mode, names: &[&str], value: i64, observed: i64) -> Said {
        let a = Attribute { observed_at: Some(Timestamp(observed)), ..Attribute::property(value) };
        let e = Entity::new("urn:a:b".parse().unwrap(), "Car", "s".parse().unwrap()).with("speed", a);
        Said { mode, names: names.iter().map(|n| (*n).to_owned()).collect(), entities: vec![e] }
    }

    fn local() -> Vec<Arc<Entity>> {
        let a = Attribute { observed_at: Some(Timestamp(5)), ..Attribute::property(1) };
        vec![Arc::new(Entity::new("urn:a:b".parse().unwrap(), "Car", "s".parse().unwrap()).with("speed", a))]
    }

    #[test]
    fn the_newest_wins_and_modes_count() {
        let speed = |said: Vec<Said>| joined(local(), said)[0].number("speed");
        assert_eq!(speed(vec![said(Mode::Inclusive, &[], 2, 9)]), Some(2.0));
        assert_eq!(speed(vec![said(Mode::Inclusive, &[], 2, 1)]), Some(1.0));
        assert_eq!(speed(vec![said(Mode::Exclusive, &["speed"], 2, 1)]), Some(2.0), "ours does not count");
        assert_eq!(speed(vec![said(Mode::Auxiliary, &[], 2, 9)]), Some(1.0), "only where nobody else knows");
        assert_eq!(joined(Vec::new(), vec![said(Mode::Auxiliary, &[], 2, 9)]).len(), 1);
    }
}
