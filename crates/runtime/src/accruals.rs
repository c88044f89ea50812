//! What somebody owes a body: its number, its entity, and the lines of the books that begin and end it. Processes and the
//! money room make accruals by the same functions.

use std::collections::BTreeMap;

use svod_kernel::{Coded, FieldError, Rng, SpacePath, Timestamp, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Action, Change, Operation, Posting};

/// The currency where none is named.
pub const CURRENCY: &str = "RUB";
/// The largest sum, in smallest units: ten million million of the main unit.
pub const MOST: i64 = 1_000_000_000_000_000;
/// Longest purpose, in characters: what a payment order holds (field 24, Bank of Russia 762-P).
const MOST_PURPOSE: usize = 210;
/// Digits of a number, the check digit among them.
const DIGITS: usize = 25;

/// What is about to be owed.
#[derive(Debug, Clone)]
pub struct NewAccrual {
    /// Who owes it.
    pub person: Urn,
    /// To whom.
    pub body: Urn,
    /// The case it arises in.
    pub case: Option<Urn>,
    /// The service it is for, as pack/service.
    pub service: Option<String>,
    /// What for, in words for a payment.
    pub purpose: String,
    /// The act and article.
    pub basis: Option<String>,
    /// Smallest units of the currency.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Days until it must be paid.
    pub due_days: Option<i64>,
    /// Where it lies.
    pub space: SpacePath,
}

/// Why nothing is owed, or is owed still.
#[derive(Debug, thiserror::Error)]
pub enum AccrualError {
    /// No sum that can be owed.
    #[error("the amount must be a whole number of the currency's smallest unit, from 1 to {MOST}")]
    Amount,
    /// No currency.
    #[error("'{0}' is no currency; give its three letters (ISO 4217), such as RUB")]
    Currency(String),
    /// What for is not said.
    #[error("say in 1 to {MOST_PURPOSE} characters what is paid for")]
    Purpose,
    /// It is not owed any more, or is paid.
    #[error("the accrual {number} is {status}; only what is open or partly paid is cancelled")]
    Status {
        /// Its number.
        number: String,
        /// How it stands.
        status: String,
    },
}

impl Coded for AccrualError {
    fn code(&self) -> &'static str {
        match self {
            Self::Amount => "accrual-amount",
            Self::Currency(_) => "accrual-currency",
            Self::Purpose => "accrual-purpose",
            Self::Status { .. } => "accrual-status",
        }
    }

    fn status(&self) -> u16 {
        if matches!(self, Self::Status { .. }) { 409 } else { 422 }
    }

    fn fields(&self) -> Vec<FieldError> {
        let field = match self {
            Self::Amount => "amount",
            Self::Currency(_) => "currency",
            Self::Purpose => "purpose",
            Self::Status { .. } => return Vec::new(),
        };
        vec![FieldError { field: field.into(), rule: self.code().into(), fix: self.to_string() }]
    }
}

/// The name of an account: what it is, and whose.
pub fn account(kind: &str, whose: &str) -> String {
    format!("{kind}:{whose}")
}

/// A transaction of two lines: one account gets what another gives.
pub fn entry(transaction: &str, currency: &str, (gets, gives): (String, String), amount: i64) -> Vec<Posting> {
    let line = |account, amount| Posting {
        transaction: transaction.to_owned(),
        account,
        currency: currency.to_owned(),
        amount,
    };
    vec![line(gets, amount), line(gives, -amount)]
}

/// A whole number of an entity; 0 where there is none.
pub fn whole(entity: &Entity, name: &str) -> i64 {
    entity.value(name).and_then(serde_json::Value::as_i64).unwrap_or_default()
}

/// The change that makes an accrual, with its number.
///
/// # Errors
/// The field that is wrong.
pub fn accrue(new: &NewAccrual, now: Timestamp, rng: &dyn Rng) -> Result<(Urn, String, Change), AccrualError> {
    if !(1..=MOST).contains(&new.amount) {
        return Err(AccrualError::Amount);
    }
    if new.currency.len() != 3 || !new.currency.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(AccrualError::Currency(new.currency.clone()));
    }
    let purpose = new.purpose.trim();
    if purpose.is_empty() || purpose.chars().count() > MOST_PURPOSE {
        return Err(AccrualError::Purpose);
    }
    let number = number(&new.body, now, rng);
    let urn = Urn::svod("accrual", &number).map_err(|_| AccrualError::Amount)?;
    let mut entity = Entity::new(urn.clone(), "Accrual", new.space.clone())
        .with("number", Attribute::property(number.as_str()))
        .with("person", Attribute::object(new.person.clone()))
        .with("body", Attribute::object(new.body.clone()))
        .with("purpose", Attribute::property(purpose))
        .with("amount", Attribute::property(new.amount))
        .with("paid", Attribute::property(0))
        .with("currency", Attribute::property(new.currency.as_str()))
        .with("accruedAt", Attribute::property(now.to_string()))
        .with("status", Attribute::property("open"));
    if let Some(case) = &new.case {
        entity = entity.with("case", Attribute::object(case.clone()));
    }
    for (name, text) in [("service", &new.service), ("basis", &new.basis)] {
        if let Some(text) = text.as_deref().filter(|t| !t.is_empty()) {
            entity = entity.with(name, Attribute::property(text));
        }
    }
    if let Some(days) = new.due_days.filter(|days| (0..=36_600).contains(days)) {
        entity = entity.with("dueAt", Attribute::property(now.plus_seconds(days * 86_400).to_string()));
    }
    let accounts = (account("receivable", new.body.as_str()), account("revenue", new.body.as_str()));
    let postings = entry(&format!("accrue:{number}"), &new.currency, accounts, new.amount);
    let change = Change::verb(Operation::Create(entity), Action::Create, "accrue").posting(postings);
    Ok((urn, number, change))
}

/// The change by which the rest of an accrual is not owed any more.
///
/// # Errors
/// When it is paid, given back or cancelled.
pub fn cancel(accrual: &Entity) -> Result<Change, AccrualError> {
    let status = accrual.text("status").unwrap_or_default();
    if !["open", "partly"].contains(&status) {
        let number = accrual.text("number").unwrap_or_default().to_owned();
        return Err(AccrualError::Status { number, status: status.to_owned() });
    }
    let set: BTreeMap<_, _> = [("status".to_owned(), Attribute::property("cancelled"))].into();
    let patch = Operation::Patch { urn: accrual.id.clone(), expected: Some(accrual.version), set, unset: Vec::new() };
    Ok(Change::verb(patch, Action::Update, "cancel").posting(rest_cancelled(accrual)))
}

/// The lines by which what is not paid of an accrual is not owed any more.
pub fn rest_cancelled(accrual: &Entity) -> Vec<Posting> {
    let rest = whole(accrual, "amount") - whole(accrual, "paid");
    if rest == 0 {
        return Vec::new();
    }
    let body = accrual.object("body").map_or("", Urn::as_str);
    let transaction = format!("cancel:{}", accrual.text("number").unwrap_or_default());
    let currency = accrual.text("currency").unwrap_or(CURRENCY);
    entry(&transaction, currency, (account("revenue", body), account("receivable", body)), rest)
}

/// A number of 25 digits in the manner of the UIN of GIS GMP: three that stand for the body, a nought, the moment in milliseconds
/// (13), seven of chance, and the check digit.
fn number(body: &Urn, now: Timestamp, rng: &dyn Rng) -> String {
    let code = body.as_str().bytes().fold(7_u64, |sum, b| (sum * 31 + u64::from(b)) % 999) + 1;
    let moment = now.millis().rem_euclid(10_000_000_000_000);
    let digits = format!("{code:03}0{moment:013}{:07}", rng.below(10_000_000));
    format!("{digits}{}", check_digit(&digits))
}

/// The check digit of a row of digits: weights 1 to 10 from the left, over and over, the sum modulo 11; where that is 10 the
/// weights begin with 3, and where it is 10 again the digit is 0 (PR 50.1.024-2005, appendix V, which the formats of GIS GMP
/// take for the UIN).
pub fn check_digit(digits: &str) -> u32 {
    let sum = |from: u32| {
        let weighed = (0_u32..).zip(digits.chars().filter_map(|c| c.to_digit(10)));
        weighed.map(|(place, digit)| ((place + from - 1) % 10 + 1) * digit).sum::<u32>() % 11
    };
    [1, 3].into_iter().map(sum).find(|rest| *rest < 10).unwrap_or(0)
}

/// Is it a number of an accrual: 20 or 25 digits, the last of which fits the others?
pub fn is_number(text: &str) -> bool {
    let plain = text.is_ascii() && text.bytes().all(|b| b.is_ascii_digit());
    plain
        && [20, DIGITS].contains(&text.len())
        && text.chars().next_back().and_then(|c| c.to_digit(10)) == Some(check_digit(&text[..text.len() - 1]))
}

#[cfg(test)]
mod tests {
    use svod_kernel::SeededRng;

    use super::*;

    #[test]
    fn the_check_digit_follows_the_rule() {
        assert_eq!(check_digit("1"), 1);
        assert_eq!(check_digit("12"), 5);
        assert_eq!(check_digit("0000000000"), 0);
        // The eleventh digit has weight 1 again.
        assert_eq!(check_digit("00000000007"), 7);
        // 5·2 leaves 10: with weights from 3 it is 5·4, which leaves 9.
        assert_eq!(check_digit("05"), 9);
    }

    #[test]
    fn numbers_prove_themselves_and_differ() {
        let (rng, body) = (SeededRng::new(3), "urn:svod:body:x".parse().unwrap());
        let now: Timestamp = "2026-01-15T01:00:00Z".parse().unwrap();
        let all: std::collections::BTreeSet<String> = (0..200).map(|_| number(&body, now, &rng)).collect();
        assert_eq!(all.len(), 200);
        let slipped = |number: &&String| {
            let mut wrong = (*number).clone().into_bytes();
            wrong[10] = b'0' + (wrong[10] - b'0' + 1) % 10;
            is_number(std::str::from_utf8(&wrong).unwrap())
        };
        assert!(all.iter().all(|number| is_number(number)));
        // Where the first sum leaves 10 the second may fall on the same digit: few wrong ones pass, and not many.
        assert!(all.iter().filter(slipped).count() < 10);
        assert!(!is_number("123") && !is_number(&"0".repeat(24)) && !is_number("x"));
    }
}
