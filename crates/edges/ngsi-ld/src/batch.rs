//! `/entityOperations` (clauses 6.14 to 6.17, 6.31): many entities at once, each for itself.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use svod_kernel::Urn;
use svod_registry::{CommandError, Operation};

use crate::NgsiState;
use crate::change;
use crate::context::Context;
use crate::entities::{current, execute, revise};
use crate::error::{Answer, ApiError, Kind};
use crate::parse::{self, Given};
use crate::request::Asked;

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

/// The entities of the body, each read with its own context; what cannot be read is an error of its own.
async fn read(
    state: &NgsiState,
    asked: &Asked,
    outcome: &mut Outcome,
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
        let given = match asked.context_of(state, &mut one, media).await {
            Ok(context) => reader(&one, &context),
            Err(e) if asked.link.is_some() || e.kind == Kind::LdContextNotAvailable => return Err(e),
            Err(e) => Err(e),
        };
        match given.and_then(|g| g.id.clone().map(|id| (id, g)).ok_or_else(|| ApiError::bad("an entity needs an 'id'")))
        {
            Ok(pair) => read.push(pair),
            Err(e) => outcome.fail(&id, &e),
        }
    }
    Ok(read)
}

/// `POST /entityOperations/create`
///
/// # Errors
/// See [`ApiError`].
pub async fn create(State(state): State<NgsiState>, asked: Asked) -> Answer {
    let mut outcome = Outcome::default();
    for (id, given) in read(&state, &asked, &mut outcome, parse::new_entity).await? {
        match make(&state, &asked, given).await {
            Ok(()) => outcome.made.push(id.to_string()),
            Err(e) => outcome.fail(id.as_str(), &e),
        }
    }
    Ok(outcome.response(&asked))
}

async fn make(state: &NgsiState, asked: &Asked, given: Given) -> Answer<()> {
    let entity = change::create(given, asked.space.clone())?;
    Ok(execute(state, asked, vec![Operation::Create(entity)]).await?)
}

/// `POST /entityOperations/upsert`
///
/// # Errors
/// See [`ApiError`].
pub async fn upsert(State(state): State<NgsiState>, asked: Asked) -> Answer {
    let mut outcome = Outcome::default();
    let update = asked.option("update");
    for (id, given) in read(&state, &asked, &mut outcome, parse::new_entity).await? {
        match put(&state, &asked, &id, given, update).await {
            Ok(true) => outcome.made.push(id.to_string()),
            Ok(false) => outcome.changed.push(id.to_string()),
            Err(e) => outcome.fail(id.as_str(), &e),
        }
    }
    Ok(outcome.response(&asked))
}

/// Makes or changes; says whether it was made.
async fn put(state: &NgsiState, asked: &Asked, id: &Urn, given: Given, update: bool) -> Answer<bool> {
    match current(state, asked, id).await {
        Ok(_) => {}
        Err(e) if e.kind == Kind::ResourceNotFound => {
            let entity = change::create(given.clone(), asked.space.clone())?;
            match execute(state, asked, vec![Operation::Create(entity)]).await {
                Ok(()) => return Ok(true),
                Err(CommandError::Exists(_)) => {} // somebody else was faster
                Err(e) => return Err(e.into()),
            }
        }
        Err(e) => return Err(e),
    }
    revise(state, asked, id, |old| {
        let new = if update { change::append(old, &given, true).0 } else { change::replace(old, given.clone())? };
        Ok((new, false))
    })
    .await
}

/// `POST /entityOperations/update`
///
/// # Errors
/// See [`ApiError`].
pub async fn update(State(state): State<NgsiState>, asked: Asked) -> Answer {
    let mut outcome = Outcome::default();
    let overwrite = !asked.option("noOverwrite");
    for (id, given) in read(&state, &asked, &mut outcome, parse::entity).await? {
        match revise(&state, &asked, &id, |old| Ok(change::append(old, &given, overwrite))).await {
            Ok(done) if done.refused.is_empty() => outcome.changed.push(id.to_string()),
            Ok(done) => {
                let names: Vec<&str> = done.refused.iter().map(|(n, _)| n.as_str()).collect();
                outcome.fail(id.as_str(), &ApiError::bad(format!("not changed: {}", names.join(", "))));
            }
            Err(e) => outcome.fail(id.as_str(), &e),
        }
    }
    Ok(outcome.response(&asked))
}

/// `POST /entityOperations/merge`
///
/// # Errors
/// See [`ApiError`].
pub async fn merge(State(state): State<NgsiState>, asked: Asked) -> Answer {
    let mut outcome = Outcome::default();
    for (id, given) in read(&state, &asked, &mut outcome, parse::entity).await? {
        match revise(&state, &asked, &id, |old| Ok((change::merge(old, &given), ()))).await {
            Ok(()) => outcome.changed.push(id.to_string()),
            Err(e) => outcome.fail(id.as_str(), &e),
        }
    }
    Ok(outcome.response(&asked))
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
    for one in all {
        let text = one.as_str().unwrap_or_default();
        match gone(&state, &asked, text).await {
            Ok(()) => outcome.changed.push(text.to_owned()),
            Err(e) => outcome.fail(text, &e),
        }
    }
    Ok(outcome.response(&asked))
}

async fn gone(state: &NgsiState, asked: &Asked, id: &str) -> Answer<()> {
    let urn = crate::entities::urn(id)?;
    current(state, asked, &urn).await?;
    Ok(execute(state, asked, vec![Operation::Delete { urn, expected: None }]).await?)
}
