//! Money in cases: what is owed because of a step is owed with it; and what became of money is told to its case in the command
//! that writes it.
//!
//! | service | input | answer |
//! | --- | --- | --- |
//! | `money.accrue` | `amount` (smallest unit), `purpose`, `currency`?, `basis`?, `dueDays`?, `person`?, `body`? | `accrual`, `number` |
//! | `money.cancel` | `accrual` | – |
//!
//! `money.refund` and `money.payout` ask a provider: they are connectors of the money room.

use serde_json::{Map, Value, json};
use svod_kernel::{Actor, Urn, number};
use svod_model::Entity;
use svod_registry::{Change, Command, QueryError, Receipt};
use svod_store::instance::{Wait, Waits};

use super::deed::Deed;
use super::operations::Refused;
use super::whose::{Whose, whose};
use super::{Along, CaseError, Cases, Key, TRIES};
use crate::accruals::{self, CURRENCY, NewAccrual};

/// How long a message waits for its receiver, as long as those that processes send.
const KEPT_SECONDS: i64 = 7 * 24 * 3_600;

type Answer = Result<Map<String, Value>, Refused>;

/// A message that a case is left.
#[derive(Debug, Clone)]
pub struct Said {
    /// The case; its first instance keeps the message until somebody waits for it.
    pub case: Urn,
    /// Name of the message.
    pub name: &'static str,
    /// By which its receiver is found.
    pub key: String,
    /// What it holds.
    pub payload: Map<String, Value>,
}

fn refused(message: impl Into<String>) -> Refused {
    Refused { code: None, message: message.into() }
}

impl Deed<'_> {
    /// Does what the service is asked for; none when it moves no money within the command.
    pub(super) async fn money(
        &mut self,
        key: Key,
        service: &str,
        input: &Map<String, Value>,
    ) -> Result<Option<Answer>, CaseError> {
        Ok(Some(match service {
            "money.accrue" => self.accrue(key, input).await?,
            "money.cancel" => self.cancel_accrual(input).await?,
            _ => return Ok(None),
        }))
    }

    async fn accrue(&mut self, key: Key, input: &Map<String, Value>) -> Result<Answer, CaseError> {
        self.case_of(key).await?;
        let held = self.take(key).await?;
        let (case, space) = (held.case.clone(), held.space.clone());
        let mut new = match new_accrual(input, case.as_deref(), space) {
            Ok(new) => new,
            Err(e) => return Ok(Err(e)),
        };
        match whose(&self.cases.registry, &new.person).await? {
            Whose::Theirs => {}
            Whose::Became(now) => new.person = now.id,
            Whose::Gone => return Ok(Err(refused(format!("{} is not there any more: nobody owes it", new.person)))),
        }
        let (now, rng) = (self.now, self.cases.registry.rng().clone());
        Ok(match accruals::accrue(&new, now, &*rng) {
            Ok((urn, number, change)) => {
                self.changes.push(change.by(&self.cases.process));
                let answer = [("accrual", json!(urn)), ("number", json!(number))];
                Ok(answer.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }
            Err(e) => Err(refused(e.to_string())),
        })
    }

    async fn cancel_accrual(&mut self, input: &Map<String, Value>) -> Result<Answer, CaseError> {
        let urn = match urn(input, "accrual") {
            Ok(Some(urn)) => urn,
            Ok(None) => return Ok(Err(refused("'accrual' is missing"))),
            Err(e) => return Ok(Err(e)),
        };
        let accrual = match self.cases.registry.entity(&Actor::platform("process"), &urn).await {
            Ok(entity) if entity.kind == "Accrual" => entity,
            Ok(_) | Err(QueryError::NotFound(_)) => return Ok(Err(refused(format!("there is no accrual {urn}")))),
            Err(e) => return Err(e.into()),
        };
        Ok(match accruals::cancel(&accrual) {
            Ok(change) => {
                self.changes.push(change.by(&self.cases.process));
                Ok(Map::new())
            }
            // The process may have a way for what was paid meanwhile.
            Err(e) => Err(Refused { code: Some("not-open".to_owned()), message: e.to_string() }),
        })
    }

    /// Leaves a message with an instance, due at once: the worker brings it to whoever waits, now or later.
    async fn leave(&mut self, key: Key, said: &Said) -> Result<(), CaseError> {
        let until = self.now.plus_seconds(KEPT_SECONDS);
        let body = json!({"payload": said.payload, "until": until.0}).to_string();
        let wait = Wait {
            id: format!("m${}-{}", said.name, said.key),
            kind: Waits::Sent,
            name: said.name.to_owned(),
            key: said.key.clone(),
            due: Some(self.now),
            attempts: 0,
            body,
        };
        self.take(key).await?.wait(wait);
        Ok(())
    }
}

fn new_accrual(
    input: &Map<String, Value>,
    case: Option<&Entity>,
    space: svod_kernel::SpacePath,
) -> Result<NewAccrual, Refused> {
    let of_case = |name: &str| case.and_then(|c| c.object(name).cloned());
    let person = urn(input, "person")?.or_else(|| of_case("person"));
    let body = urn(input, "body")?.or_else(|| of_case("body"));
    Ok(NewAccrual {
        person: person.ok_or_else(|| refused("nobody is known to owe it: the case has no applicant, give 'person'"))?,
        body: body.ok_or_else(|| refused("no body is known to be owed: none answers for the case, give 'body'"))?,
        case: case.map(|c| c.id.clone()),
        service: case.and_then(|c| c.text("service").map(str::to_owned)),
        purpose: text(input, "purpose")?.ok_or_else(|| refused("'purpose' is missing"))?,
        basis: text(input, "basis")?,
        amount: number(input, "amount")?.ok_or_else(|| refused("'amount' is missing"))?,
        currency: text(input, "currency")?.unwrap_or_else(|| CURRENCY.to_owned()),
        due_days: number(input, "dueDays")?,
        space: case.map_or(space, |c| c.space.clone()),
    })
}

fn text(input: &Map<String, Value>, name: &str) -> Result<Option<String>, Refused> {
    match input.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(refused(format!("'{name}' must be a text"))),
    }
}

fn urn(input: &Map<String, Value>, name: &str) -> Result<Option<Urn>, Refused> {
    text(input, name)?.map(|t| t.parse().map_err(|e| refused(format!("'{name}': {e}")))).transpose()
}

/// A whole number; FEEL writes some of them with a point.
fn number(input: &Map<String, Value>, name: &str) -> Result<Option<i64>, Refused> {
    let wrong = || refused(format!("'{name}' must be a whole number"));
    match input.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => whole(value).map(Some).ok_or_else(wrong),
    }
}

/// The whole number that a value is.
pub fn whole(value: &Value) -> Option<i64> {
    let exact = |v: &f64| v.fract() == 0.0 && v.abs() < 9e15;
    value.as_i64().or_else(|| value.as_f64().filter(exact).map(number::whole))
}

impl Cases {
    /// Carries changes out and leaves a message for whoever waits for it, in one command: what became of money is told to its
    /// case or is not written. Without a case, or with one that has no process, the changes alone.
    ///
    /// # Errors
    /// See [`CaseError`]; [`svod_registry::CommandError::Conflict`] when what is changed has moved on meanwhile.
    pub async fn settle(
        &self,
        actor: &Actor,
        ground: &str,
        changes: Vec<Change>,
        said: Option<&Said>,
    ) -> Result<Receipt, CaseError> {
        let along = Along { ground: Some(ground.to_owned()), changes, ..Along::default() };
        let plain = |along: Along| Command {
            ground: ground.to_owned(),
            cause: said.map(|s| s.case.clone()),
            changes: along.changes,
            ..Command::default()
        };
        let Some(said) = said else { return Ok(self.registry.execute(actor, plain(along)).await?) };
        let Some(key) = self.instances(&said.case).await?.first().map(|row| (row.space, row.id)) else {
            return Ok(self.registry.execute(actor, plain(along)).await?);
        };
        let mut tries = 0;
        loop {
            let mut deed = Deed::new(self, along.clone());
            match deed.leave(key, said).await {
                Ok(()) => {}
                // Its process is in no pack any more: that keeps no money from being written.
                Err(e @ (CaseError::NoProcess(_) | CaseError::Unknown(_))) => {
                    tracing::warn!(case = %said.case, message = said.name, error = %e, "a case could not be told");
                    return Ok(self.registry.execute(actor, plain(along)).await?);
                }
                Err(e) => return Err(e),
            }
            let command = Command { cause: Some(said.case.clone()), ..deed.command()? };
            match self.registry.execute(actor, command).await {
                Ok(receipt) => {
                    self.due.notify_one();
                    return Ok(receipt);
                }
                Err(e) => match CaseError::from(e) {
                    e if e.is_conflict() && tries < TRIES => tries += 1,
                    e => return Err(e),
                },
            }
        }
    }
}
