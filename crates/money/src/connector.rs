//! Refunds and payouts as services of processes: called at least once with a key, which is the payment's.

use serde_json::{Map, Value, json};
use svod_kernel::{Coded as _, Urn};
use svod_model::Entity;
use svod_registry::QueryError;
use svod_runtime::accruals::CURRENCY;
use svod_runtime::cases::{Answer, Connector, ConnectorError, ServiceCall, whole};

use crate::{Money, MoneyError, PayTo, Payout, Refund};

/// `money.refund` and `money.payout`.
///
/// | service | input | answer |
/// | --- | --- | --- |
/// | `money.refund` | `accrual`, `amount`? | `payment`, `payments` |
/// | `money.payout` | `amount`, `purpose`, `account` or `card`, `currency`?, `person`?, `body`? | `payment` |
///
/// What became of it comes as the message `payment-settled` with the payment's URN as its key.
pub struct Payments(pub Money);

impl Connector for Payments {
    fn services(&self) -> Vec<&'static str> {
        vec!["money.refund", "money.payout"]
    }

    fn call<'a>(&'a self, call: &'a ServiceCall) -> Answer<'a> {
        Box::pin(async move {
            let done = match call.service.as_str() {
                "money.refund" => self.refund(call).await,
                _ => self.payout(call).await,
            };
            done.map_err(told)
        })
    }
}

/// What a process is told: what is wrong with the order has a code, what may be better later is asked again.
fn told(e: MoneyError) -> ConnectorError {
    let again = e.status() >= 500 || e.is_conflict();
    ConnectorError { code: (!again).then(|| e.code().to_owned()), message: e.to_string(), again }
}

impl Payments {
    async fn refund(&self, call: &ServiceCall) -> Result<Map<String, Value>, MoneyError> {
        let accrual = urn(call, "accrual")?;
        let amount = amount(call)?;
        let case = self.case(call).await?.map(|c| c.id);
        let accrual = accrual.ok_or(MoneyError::Field { field: "accrual", fix: "give the URN of what was paid" })?;
        let all = self.0.refund(&Refund { accrual, amount, case, key: visit(&call.key) }).await?;
        let answer = json!({"payment": all.first(), "payments": all});
        Ok(answer.as_object().cloned().unwrap_or_default())
    }

    async fn payout(&self, call: &ServiceCall) -> Result<Map<String, Value>, MoneyError> {
        let case = self.case(call).await?;
        let of_case = |name: &str| case.as_ref().and_then(|c| c.object(name).cloned());
        let text = |name: &str| call.input.get(name).and_then(Value::as_str).map(str::to_owned);
        let needed = |field, fix| MoneyError::Field { field, fix };
        let person = urn(call, "person")?.or_else(|| of_case("person"));
        let body = urn(call, "body")?.or_else(|| of_case("body"));
        let space = case.as_ref().map(|c| c.space.clone());
        let payout = Payout {
            person: person.ok_or_else(|| needed("person", "give the URN of who is paid: the case has no applicant"))?,
            body: body.ok_or_else(|| needed("body", "give the URN of who pays: no body answers for the case"))?,
            case: case.map(|c| c.id),
            purpose: text("purpose").ok_or_else(|| needed("purpose", "say what is paid for"))?,
            amount: amount(call)?.ok_or_else(|| needed("amount", "give the sum in the smallest unit"))?,
            currency: text("currency").unwrap_or_else(|| CURRENCY.to_owned()),
            to: match (urn(call, "card")?, text("account")) {
                (Some(card), None) => PayTo::Card(card),
                (None, Some(account)) => PayTo::Account(account),
                (None, None) => {
                    return Err(needed(
                        "account",
                        "give the number of the account, or `card`, the URN of a card of theirs",
                    ));
                }
                (Some(_), Some(_)) => return Err(needed("card", "give an account or a card, and not both")),
            },
            space: space.ok_or_else(|| needed("case", "pay from a process that has a case"))?,
            key: visit(&call.key),
        };
        let payment = self.0.payout(&payout).await?;
        Ok([("payment".to_owned(), json!(payment))].into_iter().collect())
    }

    /// The case of a call, by its URN or by space and number of the instance.
    async fn case(&self, call: &ServiceCall) -> Result<Option<Entity>, MoneyError> {
        let numbers = call.case.split_once('-').and_then(|(s, i)| Some((s.parse().ok()?, i.parse().ok()?)));
        let named = match numbers {
            Some((space, id)) => {
                let row = self.0.0.store.read(move |conn| svod_store::instance::get(conn, space, id)).await?;
                row.map(|r| r.urn)
            }
            None => Some(call.case.clone()),
        };
        let Some(urn) = named.and_then(|n| n.parse::<Urn>().ok()) else { return Ok(None) };
        match self.0.known(&urn, "Case").await {
            Ok(case) => Ok(Some(case)),
            Err(MoneyError::Query(QueryError::NotFound(_))) => Ok(None),
            Err(e) => Err(e),
        }
    }
}

fn urn(call: &ServiceCall, field: &'static str) -> Result<Option<Urn>, MoneyError> {
    let wrong = || MoneyError::Field { field, fix: "give a URN" };
    match call.input.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().and_then(|t| t.parse().ok()).map(Some).ok_or_else(wrong),
    }
}

fn amount(call: &ServiceCall) -> Result<Option<i64>, MoneyError> {
    let wrong = || MoneyError::Field { field: "amount", fix: "give a whole number of the currency's smallest unit" };
    match call.input.get("amount") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => whole(value).map(Some).ok_or_else(wrong),
    }
}

/// One visit of a process to its task is one payment, however often it is tried and whoever tries it again: of the key
/// (space, instance, token, attempt) the attempt goes.
fn visit(key: &str) -> String {
    key.rsplit_once('-').map_or(key, |(visit, _)| visit).to_owned()
}
