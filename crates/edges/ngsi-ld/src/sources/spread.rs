//! Writes that other brokers have a part in (clauses 4.3.6, 5.6), and how the outcomes become one.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use futures_util::future::join_all;
use serde_json::{Map, Value, json};
use svod_kernel::Urn;
use svod_registry::Action;

use super::document::{Mode, does};
use super::gather::{has_been_here, is_passed, passed};
use super::matching::Probe;
use super::peers::{Reply, Silence};
use super::share::{Content, Portion, Rest, share};
use super::wire::{Question, Tongue, say};
use super::{Source, known};
use crate::NgsiState;
use crate::change::{Outcome, Refused};
use crate::context::Context;
use crate::error::{Answer, ApiError, Kind};
use crate::request::Asked;

/// A write about one entity.
pub struct Deed<'a> {
    /// Name of the operation (table 4.20-1).
    pub operation: &'static str,
    /// What policy is asked for.
    pub action: Action,
    /// HTTP method.
    pub method: &'static str,
    /// Address at a source, by the context in which it is spoken to.
    pub path: &'a (dyn Fn(&Context) -> String + Send + Sync),
    /// The entity.
    pub id: &'a Urn,
    /// Its types as far as the request says.
    pub kinds: Vec<String>,
    /// What it is about.
    pub content: Content<'a>,
}

/// A part that did not succeed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The registration; none: here.
    pub source: Option<String>,
    /// Attributes concerned.
    pub names: Vec<String>,
    /// Why.
    pub error: ApiError,
}

impl Failure {
    /// As an item of `errors` (clause 5.2.17).
    pub fn json(&self, id: &str) -> Value {
        let mut one = json!({"entityId": id, "error": self.error.json()});
        if let Some(source) = &self.source {
            one["registrationId"] = source.as_str().into();
        }
        one
    }
}

/// What came of a write.
pub struct Carried<T> {
    /// What was done here, if anything was to be.
    pub local: Option<T>,
    /// Attributes that other brokers have taken.
    pub done: Vec<String>,
    /// Some part succeeded.
    some: bool,
    /// Parts that did not.
    pub failures: Vec<Failure>,
}

impl<T> Carried<T> {
    /// The answer about an entity: what it would be, or 207 with what went wrong (clause 6.3.19).
    pub fn of_entity(&self, asked: &Asked, id: &Urn, done: Response) -> Response {
        if self.failures.is_empty() {
            return done;
        }
        let success: Vec<&str> = self.some.then_some(id.as_str()).into_iter().collect();
        let errors: Vec<Value> = self.failures.iter().map(|f| f.json(id.as_str())).collect();
        let body = json!({"success": success, "errors": errors});
        asked.answer(StatusCode::MULTI_STATUS, body, &Context::default())
    }

    /// What became of attributes, here and elsewhere.
    pub fn outcome(self, here: Outcome) -> Outcome {
        let mut outcome = here;
        outcome.updated.extend(self.done);
        for failure in self.failures {
            let Failure { source, names, error } = failure;
            let names = if names.is_empty() { vec![String::new()] } else { names };
            let refused = |name| Refused { name, why: error.detail.clone(), source: source.clone() };
            outcome.refused.extend(names.into_iter().map(refused));
        }
        outcome
    }
}

/// Registrations that writes may concern; none when the request is for here alone.
async fn sources(state: &NgsiState, asked: &Asked) -> Answer<Vec<Source>> {
    if asked.flag("local")? {
        return Ok(Vec::new());
    }
    let (mut all, passed) = (known(state, asked).await?, passed(asked));
    let been = has_been_here(state, asked);
    all.retain(|s| {
        let mode = Mode::of(&s.document);
        // A copy that has come round is at home; what is to be elsewhere alone has no home.
        mode != Mode::Auxiliary && !is_passed(s, &passed) && (mode != Mode::Inclusive || !been)
    });
    Ok(all)
}

/// Carries a write out, here and wherever registrations say. `local` gets the members that are left for here, or none
/// where nothing was taken away.
///
/// # Errors
/// The only part's own; 508 when it leads back here.
pub async fn carry<T>(
    state: &NgsiState,
    asked: &Asked,
    context: &Arc<Context>,
    deed: Deed<'_>,
    local: impl AsyncFnOnce(Option<Map<String, Value>>) -> Answer<T>,
) -> Answer<Carried<T>> {
    let alone = |value| Carried { local: Some(value), done: Vec::new(), some: true, failures: Vec::new() };
    let sources = sources(state, asked).await?;
    if sources.is_empty() {
        return Ok(alone(local(None).await?));
    }
    let mut kinds = deed.kinds.clone();
    if kinds.is_empty()
        && let Ok(there) = crate::entities::current(state, asked, deed.id).await
    {
        kinds = there.kinds().map(str::to_owned).collect();
    }
    let shares = share(&sources, deed.id, &kinds, deed.content);
    let (can, cannot): (Vec<Portion>, Vec<Portion>) =
        shares.portions.into_iter().partition(|p| does(&sources[p.source].document, deed.operation));
    let refused: Vec<&Portion> = cannot.iter().filter(|p| p.claimed).collect();
    if can.is_empty() && refused.is_empty() {
        return Ok(alone(local(None).await?));
    }
    permitted(state, asked, deed.action, &kinds)?;
    if has_been_here(state, asked) {
        return Err(ApiError::new(Kind::LoopDetected, "the request has been here before, and its part is elsewhere"));
    }
    let refused = refused.iter().map(|p| refusal(&sources[p.source], p)).collect();
    let mut outcome = Told { failures: refused, ..Told::default() };
    tell_all(state, asked, context, &deed, (&sources, &can), &mut outcome).await?;
    let Told { mut failures, done, mut some } = outcome;
    let (mine, tolerant) = match shares.rest {
        Rest::All => (Some(local(None).await), false),
        Rest::Members(members) => (Some(local(Some(members)).await), false),
        Rest::Leftover => (Some(local(None).await), true),
        Rest::Nothing => (None, false),
    };
    let mine = match mine {
        Some(Ok(value)) => Some(value),
        Some(Err(e)) if tolerant && e.kind == Kind::ResourceNotFound => None,
        Some(Err(e)) => {
            let names = match deed.content {
                Content::Attribute(name) => vec![name.to_owned()],
                _ => Vec::new(),
            };
            failures.push(Failure { source: None, names, error: e });
            None
        }
        None => None,
    };
    some |= mine.is_some();
    match failures.as_slice() {
        [only] if !some => Err(only.error.clone()),
        _ => Ok(Carried { local: mine, done, some, failures }),
    }
}

/// What other brokers have said to a write.
#[derive(Default)]
struct Told {
    done: Vec<String>,
    some: bool,
    failures: Vec<Failure>,
}

/// Tells every source its part.
async fn tell_all(
    state: &NgsiState,
    asked: &Asked,
    context: &Arc<Context>,
    deed: &Deed<'_>,
    (sources, portions): (&[Source], &[Portion]),
    told: &mut Told,
) -> Answer<()> {
    let calls = portions.iter().map(async |portion| {
        let source = &sources[portion.source];
        let reply = tell(state, asked, context, source, deed, portion).await;
        (source, portion, reply)
    });
    for (source, portion, reply) in join_all(calls).await {
        let in_part = reply.as_ref().is_ok_and(|r| r.status == 207);
        match failed(source, reply) {
            None => {
                told.some = true;
                told.done.extend(portion.names.iter().cloned());
            }
            Some(error) if error.kind == Kind::LoopDetected && portion.claimed => return Err(error),
            Some(error) => {
                told.some |= in_part;
                let (source, names) = (Some(source.id.clone()), portion.names.clone());
                told.failures.push(Failure { source, names, error });
            }
        }
    }
    Ok(())
}

/// Others are told only what the actor might do here.
fn permitted(state: &NgsiState, asked: &Asked, action: Action, kinds: &[String]) -> Answer<()> {
    let kinds = if kinds.is_empty() { &[String::new()][..] } else { kinds };
    for kind in kinds {
        if !state.registry.may(&asked.actor, action, &state.registry.resource(kind, &asked.space)) {
            let text = format!("not permitted: {} of {kind} in {}", action.as_str(), asked.space);
            return Err(ApiError::new(Kind::Forbidden, text));
        }
    }
    Ok(())
}

fn refusal(source: &Source, portion: &Portion) -> Failure {
    let text = format!("{} has it alone and does not take this operation", source.id);
    let error = ApiError::new(Kind::Conflict, text);
    Failure { source: Some(source.id.clone()), names: portion.names.clone(), error }
}

/// Parameters of the request go along; that it is for here alone does not.
fn params(asked: &Asked) -> Vec<(String, String)> {
    asked.pairs.iter().filter(|(name, _)| name != "local").cloned().collect()
}

async fn tell(
    state: &NgsiState,
    asked: &Asked,
    context: &Arc<Context>,
    source: &Source,
    deed: &Deed<'_>,
    portion: &Portion,
) -> Result<Reply, Silence> {
    let given = serde_json::from_slice::<Map<String, Value>>(asked.raw()).ok();
    let tongue = Tongue::of(state, source, asked, context, given.is_some()).await?;
    let body = match (&portion.members, given) {
        (Some(members), _) => Some(tongue.document(members, context)),
        (None, Some(mut whole)) => {
            whole.remove("@context");
            Some(tongue.document(&whole, context))
        }
        (None, None) => None,
    };
    let path = (deed.path)(&tongue.context);
    say(state, asked, source, &tongue, Question { method: deed.method, path, params: params(asked), body }).await
}

/// What an answer means when it is not that all was done.
fn failed(source: &Source, reply: Result<Reply, Silence>) -> Option<ApiError> {
    let error = |kind, text: &str| Some(ApiError::new(kind, format!("{} {text}", source.id)));
    let reply = match reply {
        Ok(reply) => reply,
        Err(Silence::NoAnswer(_)) => return error(Kind::GatewayTimeout, "did not answer"),
        Err(Silence::Unreadable(_)) => return error(Kind::BadGateway, "answered something else"),
    };
    match reply.status {
        207 => error(Kind::BadGateway, "has done it in part"),
        200..=299 => None,
        400 => error(Kind::BadRequestData, "found the data wrong"),
        401 | 403 => error(Kind::Forbidden, "did not permit it"),
        404 => error(Kind::ResourceNotFound, "has no such element"),
        409 if reply.body.windows(13).any(|w| w == b"AlreadyExists") => error(Kind::AlreadyExists, "has it already"),
        409 => error(Kind::Conflict, "refused it for another registration or because it is there"),
        508 => error(Kind::LoopDetected, "leads back here"),
        other => error(Kind::BadGateway, &format!("answered {other}")),
    }
}

/// Purges at the sources that the question concerns (clause 5.6.21); what failed.
///
/// # Errors
/// When the actor may not delete.
pub async fn purge(state: &NgsiState, asked: &Asked, context: &Arc<Context>, probe: &Probe) -> Answer<Vec<Failure>> {
    let mut all = sources(state, asked).await?;
    all.retain(|s| probe.fits(&s.document));
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let kinds: Vec<String> = probe.query.types.any_of().into_iter().flatten().map(|k| (*k).to_owned()).collect();
    permitted(state, asked, Action::Delete, &kinds)?;
    if has_been_here(state, asked) {
        return Err(ApiError::new(Kind::LoopDetected, "the request has been here before, and its part is elsewhere"));
    }
    let (can, cannot): (Vec<Source>, Vec<Source>) = all.into_iter().partition(|s| does(&s.document, "purgeEntity"));
    let whole = Portion { source: 0, members: None, names: Vec::new(), claimed: true };
    let claimed = |s: &&Source| Mode::of(&s.document) != Mode::Inclusive;
    let mut failures: Vec<Failure> = cannot.iter().filter(claimed).map(|s| refusal(s, &whole)).collect();
    let calls = can.iter().map(async |source| {
        let tongue = Tongue::of(state, source, asked, context, false).await?;
        let question = Question { method: "DELETE", path: "entities".into(), params: params(asked), body: None };
        say(state, asked, source, &tongue, question).await
    });
    for (source, reply) in can.iter().zip(join_all(calls).await) {
        let error = failed(source, reply).filter(|e| e.kind != Kind::ResourceNotFound);
        failures.extend(error.map(|error| Failure { source: Some(source.id.clone()), names: Vec::new(), error }));
    }
    Ok(failures)
}

/// A batch operation, and what stands for it at sources that take entities one by one.
pub struct BatchDeed {
    /// Name of the operation.
    pub operation: &'static str,
    /// What policy is asked for.
    pub action: Action,
    /// Below `entityOperations/`.
    pub path: &'static str,
    /// For one entity: name, method, what follows the identifier (none: the list of entities itself).
    pub single: (&'static str, &'static str, Option<&'static str>),
}

/// One entity on its way to one source.
struct Parcel {
    id: Urn,
    document: Option<Map<String, Value>>,
    context: Arc<Context>,
    names: Vec<String>,
}

/// What became of an entity elsewhere.
pub struct Elsewhere {
    /// Which.
    pub id: String,
    /// It was made there.
    pub made: bool,
    /// Why it failed.
    pub failure: Option<Failure>,
}

/// A batch as other brokers have a part in it.
pub struct Crowd {
    deed: BatchDeed,
    sources: Vec<Source>,
    parcels: Vec<Vec<Parcel>>,
    outcomes: Vec<Elsewhere>,
}

impl Crowd {
    /// Who may have a part.
    ///
    /// # Errors
    /// When registrations cannot be read.
    pub async fn new(state: &NgsiState, asked: &Asked, deed: BatchDeed) -> Answer<Self> {
        let sources = sources(state, asked).await?;
        let parcels = sources.iter().map(|_| Vec::new()).collect();
        Ok(Self { deed, sources, parcels, outcomes: Vec::new() })
    }

    /// Nobody may.
    pub const fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Takes what others are to have of an entity; says what is left for here.
    ///
    /// # Errors
    /// When the actor may not do it, or it leads back here.
    pub fn take(
        &mut self,
        state: &NgsiState,
        asked: &Asked,
        (id, kinds): (&Urn, &[String]),
        members: Option<&Map<String, Value>>,
        context: &Arc<Context>,
    ) -> Answer<Rest> {
        let content = members.map_or(Content::Whole, |m| Content::Members(m, context));
        let shares = share(&self.sources, id, kinds, content);
        for portion in shares.portions {
            let source = &self.sources[portion.source];
            if !does(&source.document, self.deed.operation) && !does(&source.document, self.deed.single.0) {
                if portion.claimed {
                    let failure = Some(refusal(source, &portion));
                    self.outcomes.push(Elsewhere { id: id.to_string(), made: false, failure });
                }
                continue;
            }
            permitted(state, asked, self.deed.action, kinds)?;
            if has_been_here(state, asked) {
                return Err(ApiError::new(Kind::LoopDetected, format!("{id} has been here before")));
            }
            let Portion { source, members: document, names, .. } = portion;
            self.parcels[source].push(Parcel { id: id.clone(), document, context: context.clone(), names });
        }
        Ok(shares.rest)
    }

    /// Sends everything; what became of it.
    pub async fn send(self, state: &NgsiState, asked: &Asked) -> Vec<Elsewhere> {
        let Self { deed, sources, parcels, mut outcomes } = self;
        let deed = &deed;
        let calls = sources.iter().zip(parcels).filter(|(_, p)| !p.is_empty()).map(async |(source, parcels)| {
            if does(&source.document, deed.operation) {
                together(state, asked, deed, source, parcels).await
            } else {
                one_by_one(state, asked, deed, source, parcels).await
            }
        });
        outcomes.extend(join_all(calls).await.into_iter().flatten());
        outcomes
    }
}

async fn together(
    state: &NgsiState,
    asked: &Asked,
    deed: &BatchDeed,
    source: &Source,
    parcels: Vec<Parcel>,
) -> Vec<Elsewhere> {
    let Some(first) = parcels.first() else { return Vec::new() };
    let same = parcels.iter().all(|p| p.context.source == first.context.source);
    let tongue = Tongue::of(state, source, asked, &first.context, first.document.is_some()).await;
    let reply = match tongue {
        Err(silence) => Err(silence),
        Ok(tongue) if same => {
            let document = |p: &Parcel| match &p.document {
                Some(members) => tongue.document(members, &p.context),
                None => p.id.as_str().into(),
            };
            let body = Some(parcels.iter().map(document).collect());
            let path = format!("entityOperations/{}", deed.path);
            say(state, asked, source, &tongue, Question { method: "POST", path, params: params(asked), body }).await
        }
        // Entities of several contexts go one by one where they may.
        Ok(_) => return one_by_one(state, asked, deed, source, parcels).await,
    };
    let body: Value = reply.as_ref().ok().and_then(|r| serde_json::from_slice(&r.body).ok()).unwrap_or_default();
    let status = reply.as_ref().map_or(0, |r| r.status);
    let of_all = if status == 207 { None } else { failed(source, reply) };
    let errors: HashMap<&str, &Value> = match body.get("errors").and_then(Value::as_array) {
        Some(all) if status == 207 => all.iter().filter_map(|e| Some((e.get("entityId")?.as_str()?, e))).collect(),
        _ => HashMap::new(),
    };
    let made = |id: &str| match &body {
        Value::Array(ids) if status == 201 => ids.iter().any(|i| i == id),
        _ => status == 201,
    };
    let outcome = |p: Parcel| {
        let id = p.id.to_string();
        let error = of_all.clone().or_else(|| errors.get(id.as_str()).map(|e| error_of(source, e)));
        let (made, registration) = (made(&id), Some(source.id.clone()));
        Elsewhere { made, failure: error.map(|error| Failure { source: registration, names: p.names, error }), id }
    };
    parcels.into_iter().map(outcome).collect()
}

/// An item of `errors` as ours.
fn error_of(source: &Source, item: &Value) -> ApiError {
    let status = item.pointer("/error/status").and_then(Value::as_u64).and_then(|s| u16::try_from(s).ok());
    let named = item.pointer("/error/type").and_then(Value::as_str).unwrap_or_default();
    let status = status.unwrap_or_else(|| match named.rsplit('/').next() {
        Some("ResourceNotFound") => 404,
        Some("AlreadyExists" | "Conflict") => 409,
        Some("BadRequestData" | "InvalidRequest") => 400,
        _ => 502,
    });
    let reply = Reply { status, body: named.into(), ..Reply::default() };
    failed(source, Ok(reply)).unwrap_or_else(|| ApiError::new(Kind::BadGateway, format!("{} failed", source.id)))
}

async fn one_by_one(
    state: &NgsiState,
    asked: &Asked,
    deed: &BatchDeed,
    source: &Source,
    parcels: Vec<Parcel>,
) -> Vec<Elsewhere> {
    let (_, method, below) = deed.single;
    let mut outcomes = Vec::with_capacity(parcels.len());
    for p in parcels {
        let reply = match Tongue::of(state, source, asked, &p.context, p.document.is_some()).await {
            Ok(tongue) => {
                let path = below.map_or_else(|| "entities".to_owned(), |b| format!("entities/{}{b}", p.id));
                let body = p.document.as_ref().map(|m| tongue.document(m, &p.context));
                let mut params = params(asked);
                params.retain(|(_, value)| value != "update" && value != "replace");
                say(state, asked, source, &tongue, Question { method, path, params, body }).await
            }
            Err(silence) => Err(silence),
        };
        let made = method == "POST" && below.is_none();
        let failure = failed(source, reply);
        let failure = failure.map(|error| Failure { source: Some(source.id.clone()), names: p.names, error });
        outcomes.push(Elsewhere { id: p.id.to_string(), made, failure });
    }
    outcomes
}
