//! `/entityOperations` (clauses 6.14 to 6.17, 6.31): many entities at once, each for itself.

use std::collections::HashSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use svod_kernel::Urn;
use svod_registry::{Action, CommandError, Operation, Receipt};

use crate::NgsiState;
use crate::change;
use crate::context::Context;
use crate::edit::Changes;
use crate::error::{Answer, ApiError, Kind};
use crate::parse::{self, Given};
use crate::request::Asked;
use crate::sources::share::Rest;
use crate::sources::spread::{BatchDeed, Crowd, Elsewhere};

const CREATE: BatchDeed = BatchDeed {
    operation: "createBatch",
    action: Action::Create,
    path: "create",
    single: ("createEntity", "POST", None),
};
const UPSERT: BatchDeed = BatchDeed {
    operation: "upsertBatch",
    action: Action::Update,
    path: "upsert",
    single: ("replaceEntity", "PUT", Some("")),
};
/// Upsert with `options=update`.
const UPSERT_PARTS: BatchDeed = BatchDeed { single: ("appendAttrs", "POST", Some("/attrs")), ..UPSERT };
const UPDATE: BatchDeed = BatchDeed { operation: "updateBatch", path: "update", ..UPSERT_PARTS };
const MERGE: BatchDeed =
    BatchDeed { operation: "mergeBatch", path: "merge", single: ("mergeEntity", "PATCH", Some("")), ..UPSERT };
const DELETE: BatchDeed = BatchDeed {
    operation: "deleteBatch",
    action: Action::Delete,
    path: "delete",
    single: ("deleteEntity", "DELETE", Some("")),
};

/// Entities of one batch at the most.
const MOST: usize = 1_000;

/// What became of each entity (clause 5.2.16).
#[derive(Default)]
struct Outcome {
    made: Vec<String>,
    changed: Vec<String>,
    errors: Vec<Value>,
}

impl Outcome {
    fn fail(&mut self, id: &str, error: &ApiError) {
        self.errors.push(json!({"entityId": id, "error": error.json()}));
    }

    /// With what became of the entities at other brokers; each identifier is told once.
    fn with(mut self, elsewhere: Vec<Elsewhere>) -> Self {
        if elsewhere.is_empty() {
            return self;
        }
        for one in elsewhere {
            match one.failure {
                Some(failure) => self.errors.push(failure.json(&one.id)),
                None if self.made.contains(&one.id) || self.changed.contains(&one.id) => {}
                None if one.made => self.made.push(one.id),
                None => self.changed.push(one.id),
            }
        }
        let failed = |id: &String| self.errors.iter().any(|e| e["entityId"] == id.as_str());
        self.made.retain(|id| !failed(id));
        self.changed.retain(|id| !failed(id));
        self
    }

    fn multi(&self, asked: &Asked) -> Response {
        let success: Vec<&String> = self.made.iter().chain(&self.changed).collect();
        let body = json!({"success": success, "errors": self.errors});
        asked.answer(StatusCode::MULTI_STATUS, body, &crate::context::Context::default())
    }

    /// 201 with the identifiers when any was made, 204 when all were there, 207 with what went wrong.
    fn response(&self, asked: &Asked) -> Response {
        if !self.errors.is_empty() {
            return self.multi(asked);
        }
        if self.made.is_empty() {
            return asked.done();
        }
        asked.answer(StatusCode::CREATED, json!(self.made), &crate::context::Context::default())
    }
}

/// The entities of the body, each read with its own context; what cannot be read is an error of its own. What other
/// brokers are to have of them is taken out.
async fn read(
    state: &NgsiState,
    asked: &Asked,
    outcome: &mut Outcome,
    crowd: &mut Crowd,
    reader: fn(&Value, &Context) -> Answer<Given>,
) -> Answer<Vec<(Urn, Given)>> {
    let (body, media) = asked.json()?;
    let Value::Array(all) = body else { return Err(ApiError::bad("a batch is a list of entities")) };
    if all.is_empty() {
        return Err(ApiError::bad("the batch is empty"));
    }
    if all.len() > MOST {
        return Err(ApiError::new(Kind::TooManyResults, format!("a batch holds at most {MOST} entities")));
    }
    let mut read = Vec::with_capacity(all.len());
    if all.iter().any(Value::is_null) {
        return Err(ApiError::bad("an item of the batch is null"));
    }
    for mut one in all {
        let id = one.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let context = match asked.context_of(state, &mut one, media).await {
            Ok(context) => context,
            Err(e) if asked.link.is_some() => return Err(e),
            Err(e) => {
                outcome.fail(&id, &e);
                continue;
            }
        };
        let named = |g: Given| g.id.clone().map(|id| (id, g)).ok_or_else(|| ApiError::bad("an entity needs an 'id'"));
        match reader(&one, &context).and_then(named) {
            Ok(pair) if crowd.is_empty() => read.push(pair),
            Ok((urn, given)) => {
                let kinds = kinds(state, asked, &urn, &given.kinds).await;
                match crowd.take(state, asked, (&urn, &kinds), one.as_object(), &context)? {
                    Rest::All | Rest::Leftover => read.push((urn, given)),
                    Rest::Members(members) => read.push((urn, parse::entity(&members.into(), &context)?)),
                    Rest::Nothing => {}
                }
            }
            Err(e) => outcome.fail(&id, &e),
        }
    }
    Ok(read)
}

/// Types of an entity: those that are given, or else those it has here.
async fn kinds(state: &NgsiState, asked: &Asked, urn: &Urn, given: &[String]) -> Vec<String> {
    if !given.is_empty() {
        return given.to_vec();
    }
    let there = crate::entities::current(state, asked, urn).await;
    there.map_or_else(|_| Vec::new(), |e| e.kinds().map(str::to_owned).collect())
}

impl Outcome {
    /// What the registry refused; the places of what it carried out.
    fn sort(&mut self, ids: &[String], receipt: &mut Receipt) -> Vec<usize> {
        let mut done: Vec<usize> = (0..ids.len()).collect();
        for (place, e) in std::mem::take(&mut receipt.refused) {
            done.retain(|d| *d != place);
            self.fail(&ids[place], &e.into());
        }
        done
    }
}

/// `POST /entityOperations/create`
///
/// # Errors
/// See [`ApiError`].
pub async fn create(State(state): State<NgsiState>, asked: Asked) -> Answer {
    let mut outcome = Outcome::default();
    let mut crowd = Crowd::new(&state, &asked, CREATE).await?;
    let (mut changes, mut ids) = (Changes::default(), Vec::new());
    for (id, given) in read(&state, &asked, &mut outcome, &mut crowd, parse::new_entity).await? {
        match change::create(given, asked.space.clone()) {
            Ok(entity) => {
                changes.push(Operation::Create(entity));
                ids.push(id.to_string());
            }
            Err(e) => outcome.fail(id.as_str(), &e),
        }
    }
    let mut receipt = changes.each(&state, &asked).await?;
    let done = outcome.sort(&ids, &mut receipt);
    outcome.made = done.into_iter().map(|place| ids[place].clone()).collect();
    Ok(outcome.with(crowd.send(&state, &asked).await).response(&asked))
}

/// `POST /entityOperations/upsert`
///
/// # Errors
/// See [`ApiError`].
pub async fn upsert(State(state): State<NgsiState>, asked: Asked) -> Answer {
    let mut outcome = Outcome::default();
    let update = asked.option("update");
    let deed = if update { UPSERT_PARTS } else { UPSERT };
    let mut crowd = Crowd::new(&state, &asked, deed).await?;
    let (mut changes, mut ids) = (Changes::default(), Vec::new());
    for (id, given) in read(&state, &asked, &mut outcome, &mut crowd, parse::new_entity).await? {
        let space = asked.space.clone();
        changes.edit(&id, move |old| {
            let new = match old {
                None => change::create(given.clone(), space.clone())?,
                Some(old) if update => change::append(old, &given, true).0,
                Some(old) => change::replace(old, given.clone())?,
            };
            Ok((new, ()))
        });
        ids.push(id.to_string());
    }
    let mut receipt = changes.each(&state, &asked).await?;
    let mut made: HashSet<String> = receipt.made.iter().map(ToString::to_string).collect();
    for place in outcome.sort(&ids, &mut receipt) {
        let id = ids[place].clone();
        if made.remove(&id) { outcome.made.push(id) } else { outcome.changed.push(id) }
    }
    Ok(outcome.with(crowd.send(&state, &asked).await).response(&asked))
}

/// `POST /entityOperations/update`
///
/// # Errors
/// See [`ApiError`].
pub async fn update(State(state): State<NgsiState>, asked: Asked) -> Answer {
    let mut outcome = Outcome::default();
    let mut crowd = Crowd::new(&state, &asked, UPDATE).await?;
    let overwrite = !asked.option("noOverwrite");
    let (mut changes, mut ids, mut told) = (Changes::default(), Vec::new(), Vec::new());
    for (id, given) in read(&state, &asked, &mut outcome, &mut crowd, parse::entity).await? {
        told.push(changes.revise(&id, move |old| Ok(change::append(old, &given, overwrite))));
        ids.push(id.to_string());
    }
    let mut receipt = changes.each(&state, &asked).await?;
    for place in outcome.sort(&ids, &mut receipt) {
        let refused = told[place].take().unwrap_or_default().refused;
        if refused.is_empty() {
            outcome.changed.push(ids[place].clone());
            continue;
        }
        let names: Vec<&str> = refused.iter().map(|r| r.name.as_str()).collect();
        outcome.fail(&ids[place], &ApiError::bad(format!("not changed: {}", names.join(", "))));
    }
    Ok(outcome.with(crowd.send(&state, &asked).await).response(&asked))
}

/// `POST /entityOperations/merge`
///
/// # Errors
/// See [`ApiError`].
pub async fn merge(State(state): State<NgsiState>, asked: Asked) -> Answer {
    let mut outcome = Outcome::default();
    let mut crowd = Crowd::new(&state, &asked, MERGE).await?;
    let (mut changes, mut ids) = (Changes::default(), Vec::new());
    for (id, given) in read(&state, &asked, &mut outcome, &mut crowd, parse::entity).await? {
        changes.revise(&id, move |old| Ok((change::merge(old, &given), ())));
        ids.push(id.to_string());
    }
    let mut receipt = changes.each(&state, &asked).await?;
    let done = outcome.sort(&ids, &mut receipt);
    outcome.changed = done.into_iter().map(|place| ids[place].clone()).collect();
    Ok(outcome.with(crowd.send(&state, &asked).await).response(&asked))
}

/// `POST /entityOperations/delete`
///
/// # Errors
/// See [`ApiError`].
pub async fn delete(State(state): State<NgsiState>, asked: Asked) -> Answer {
    let (body, _) = asked.json()?;
    let all = body.as_array().filter(|a| !a.is_empty());
    let all = all.ok_or_else(|| ApiError::bad("the body is a list of identifiers"))?;
    let mut outcome = Outcome::default();
    let mut crowd = Crowd::new(&state, &asked, DELETE).await?;
    let context = asked.context(&state).await?;
    let (mut changes, mut ids, mut leftovers) = (Changes::default(), Vec::new(), HashSet::new());
    for one in all {
        let text = one.as_str().unwrap_or_default();
        let urn = match crate::entities::urn(text) {
            Ok(urn) => urn,
            Err(e) => {
                outcome.fail(text, &e);
                continue;
            }
        };
        if !crowd.is_empty() {
            let kinds = kinds(&state, &asked, &urn, &[]).await;
            if crowd.take(&state, &asked, (&urn, &kinds), None, &context)? == Rest::Leftover {
                leftovers.insert(ids.len());
            }
        }
        changes.push(Operation::Delete { urn, expected: None });
        ids.push(text.to_owned());
    }
    let mut receipt = changes.each(&state, &asked).await?;
    // What another broker alone has need not be here.
    let absent = |place: &usize, e: &CommandError| leftovers.contains(place) && matches!(e, CommandError::NotFound(_));
    let (gone, refused) = receipt.refused.into_iter().partition(|(place, e)| absent(place, e));
    receipt.refused = refused;
    let gone: Vec<(usize, CommandError)> = gone;
    let mut done = outcome.sort(&ids, &mut receipt);
    done.retain(|place| !gone.iter().any(|(p, _)| p == place));
    outcome.changed = done.into_iter().map(|place| ids[place].clone()).collect();
    Ok(outcome.with(crowd.send(&state, &asked).await).response(&asked))
}
