//! A provider's file beside what is here: CSV with `reference`, `amount` (smallest units), `state` (`done`, `failed`, `pending`) and,
//! where it has them, `currency`, in any order of columns, separated by commas or semicolons.

use std::collections::{BTreeMap, BTreeSet};

use svod_kernel::{Actor, Timestamp, Urn};
use svod_model::Entity;
use svod_registry::{EntityQuery, QueryError};
use svod_runtime::accruals::{CURRENCY, whole};

use crate::{Money, MoneyError};

/// Lines of a file at the most.
const MOST: usize = 100_000;
/// What a state may be called.
const STATES: [&str; 3] = ["done", "failed", "pending"];

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What the provider calls the payment.
    pub reference: String,
    /// Smallest units.
    pub amount: i64,
    /// `done`, `failed` or `pending`.
    pub state: String,
    /// Three letters; none where the file has no such column: that of the payment then.
    pub currency: Option<String>,
}

/// How a line there and a payment here stand to one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The provider knows it, nobody does here.
    MissingHere,
    /// It is done here, and the provider's file has it not.
    MissingThere,
    /// Sum or state are others.
    Different,
    /// They are the same.
    Matched,
}

impl Verdict {
    /// All of them, what needs looking at first.
    pub const ALL: [Self; 4] = [Self::MissingHere, Self::MissingThere, Self::Different, Self::Matched];

    /// The word in files and of the text `payments-verdict-<word>`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::MissingHere => "missing-here",
            Self::MissingThere => "missing-there",
            Self::Different => "different",
            Self::Matched => "matched",
        }
    }
}

/// One side of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Smallest units.
    pub amount: i64,
    /// Three letters; `RUB` where neither side says it.
    pub currency: String,
    /// `done`, `failed` or `pending`.
    pub state: String,
}

/// One payment, there and here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// How they stand.
    pub verdict: Verdict,
    /// What the provider calls it.
    pub reference: String,
    /// What the provider says.
    pub there: Option<Side>,
    /// The payment here.
    pub here: Option<(Urn, Side)>,
    /// How much of it was more than was owed; smallest units.
    pub overpaid: i64,
}

/// What a comparison found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// What needs looking at first.
    pub lines: Vec<Compared>,
    /// Lines about payments of others, which are left out.
    pub elsewhere: usize,
}

impl Reconciled {
    /// How many have that verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.lines.iter().filter(|l| l.verdict == verdict).count()
    }
}

/// Reads a file.
///
/// # Errors
/// [`MoneyError::File`] with the first line that does not fit.
pub fn file(bytes: &[u8]) -> Result<Vec<Line>, MoneyError> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let first = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let delimiter = if first.contains(&b';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(bytes);
    let fault = |line: u64, fault: &str| MoneyError::File { line, fault: fault.to_owned() };
    let header = reader.headers().map_err(|e| fault(1, &e.to_string()))?.clone();
    let place = |name: &str| {
        let found = header.iter().position(|h| h.eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            fault(1, &format!("there is no column '{name}'; the header names reference, amount and state"))
        })
    };
    let (reference, amount, state) = (place("reference")?, place("amount")?, place("state")?);
    let currency = header.iter().position(|h| h.eq_ignore_ascii_case("currency"));
    let (mut lines, mut seen) = (Vec::new(), BTreeSet::new());
    for (number, record) in (2_u64..).zip(reader.records()) {
        let record = record.map_err(|e| fault(number, &e.to_string()))?;
        let cell = |place: usize| record.get(place).unwrap_or_default();
        let line = Line {
            reference: cell(reference).to_owned(),
            amount: cell(amount)
                .parse()
                .map_err(|_| fault(number, "amount must be a whole number of the smallest unit, such as 35000"))?,
            state: cell(state).to_ascii_lowercase(),
            currency: currency.map(|place| cell(place).to_ascii_uppercase()).filter(|c| !c.is_empty()),
        };
        if line.currency.as_ref().is_some_and(|c| c.len() != 3 || !c.bytes().all(|b| b.is_ascii_uppercase())) {
            return Err(fault(number, "currency must be three letters, such as RUB"));
        }
        if line.reference.is_empty() {
            return Err(fault(number, "reference is empty"));
        }
        if !STATES.contains(&line.state.as_str()) {
            return Err(fault(number, "state must be done, failed or pending"));
        }
        if !seen.insert(line.reference.clone()) {
            return Err(fault(number, "the reference stands in the file twice; leave one line for each payment"));
        }
        if lines.len() >= MOST {
            return Err(fault(number, "the file has more than 100,000 lines; divide it"));
        }
        lines.push(line);
    }
    Ok(lines)
}

fn side(payment: &Entity) -> Side {
    let text = |name: &str| payment.text(name).map(str::to_owned);
    Side {
        amount: whole(payment, "amount"),
        currency: text("currency").unwrap_or_else(|| CURRENCY.to_owned()),
        state: text("status").unwrap_or_default(),
    }
}

/// What a line says; of a payment that is here in its currency, where the line names none.
fn said(line: &Line, here: Option<&Side>) -> Side {
    let currency = line.currency.as_deref().or_else(|| here.map(|side| side.currency.as_str())).unwrap_or(CURRENCY);
    Side { amount: line.amount, currency: currency.to_owned(), state: line.state.clone() }
}

impl Money {
    /// Compares a provider's lines with the payments that the actor may see; those that were done here between the two moments
    /// and are in no line are missing there.
    ///
    /// # Errors
    /// When there is no such provider, or the store fails.
    pub async fn reconcile(
        &self,
        actor: &Actor,
        provider: &str,
        lines: &[Line],
        (from, until): (Timestamp, Timestamp),
    ) -> Result<Reconciled, MoneyError> {
        self.provider(provider)?;
        let mut here: BTreeMap<String, (Entity, bool)> = BTreeMap::new();
        for payment in self.all_of(provider).await? {
            let Some(reference) = payment.text("reference").map(str::to_owned) else { continue };
            let seen = match self.0.registry.entity(actor, &payment.id).await {
                Ok(_) => true,
                Err(QueryError::NotFound(_)) => false,
                Err(e) => return Err(e.into()),
            };
            here.insert(reference, (payment, seen));
        }
        let mut done = Reconciled::default();
        for line in lines {
            let (verdict, there, here, overpaid) = match here.remove(&line.reference) {
                None => (Verdict::MissingHere, said(line, None), None, 0),
                Some((_, false)) => {
                    done.elsewhere += 1;
                    continue;
                }
                Some((payment, true)) => {
                    let side = side(&payment);
                    let there = said(line, Some(&side));
                    let verdict = if side == there { Verdict::Matched } else { Verdict::Different };
                    (verdict, there, Some((payment.id.clone(), side)), whole(&payment, "overpaid"))
                }
            };
            let there = Some(there);
            done.lines.push(Compared { verdict, reference: line.reference.clone(), there, here, overpaid });
        }
        let within = |p: &Entity| p.time("settledAt").is_some_and(|at| from <= at && at < until);
        for (reference, (payment, seen)) in here {
            if seen && payment.text("status") == Some("done") && within(&payment) {
                let (verdict, overpaid) = (Verdict::MissingThere, whole(&payment, "overpaid"));
                let here = Some((payment.id.clone(), side(&payment)));
                done.lines.push(Compared { verdict, reference, there: None, here, overpaid });
            }
        }
        done.lines.sort_by(|a, b| (a.verdict, &a.reference).cmp(&(b.verdict, &b.reference)));
        Ok(done)
    }

    /// The payments of a provider that the actor may see, settled between two moments, as lines of such a file.
    ///
    /// # Errors
    /// When there is no such provider, or the store fails.
    pub async fn lines(
        &self,
        actor: &Actor,
        provider: &str,
        (from, until): (Timestamp, Timestamp),
    ) -> Result<Vec<(Line, Entity)>, MoneyError> {
        self.provider(provider)?;
        let mut lines = Vec::new();
        for payment in self.seen_of(actor, provider).await? {
            let Some(reference) = payment.text("reference") else { continue };
            if !payment.time("settledAt").is_some_and(|at| from <= at && at < until) {
                continue;
            }
            let Side { amount, currency, state } = side(&payment);
            let (reference, currency) = (reference.to_owned(), Some(currency));
            lines.push((Line { reference, amount, state, currency }, payment));
        }
        lines.sort_by(|(a, x), (b, y)| (x.time("settledAt"), &a.reference).cmp(&(y.time("settledAt"), &b.reference)));
        Ok(lines)
    }

    async fn seen_of(&self, actor: &Actor, provider: &str) -> Result<Vec<Entity>, MoneyError> {
        let mut all = Vec::new();
        for top in self.tops() {
            let query = EntityQuery { limit: 1_000, ..EntityQuery::of(top, &["Payment"]) };
            all.extend(self.all(actor, query.with("provider", provider)).await?);
        }
        Ok(all)
    }

    async fn all_of(&self, provider: &str) -> Result<Vec<Entity>, MoneyError> {
        self.seen_of(&self.0.platform.clone(), provider).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_with_what_is_wrong_by_line() {
        let read = |text: &str| file(text.as_bytes()).map_err(|e| e.to_string());
        let lines = read("\u{feff}State;Amount;Reference\ndone;35000;a-1\r\nfailed; 100 ;a-2\n").unwrap();
        let line = |reference: &str, amount, state: &str| Line {
            reference: reference.into(),
            amount,
            state: state.into(),
            currency: None,
        };
        assert_eq!(lines, [line("a-1", 35_000, "done"), line("a-2", 100, "failed")]);
        let told = read("reference,amount,state,currency\na,1,done,kzt\nb,2,done,\n").unwrap();
        assert_eq!(told.iter().map(|l| l.currency.as_deref()).collect::<Vec<_>>(), [Some("KZT"), None]);
        for (text, part) in [
            ("reference,amount\n", "column 'state'"),
            ("reference,amount,state\na,350.00,done\n", "line 2"),
            ("reference,amount,state\na,1,done\na,1,done\n", "twice"),
            ("reference,amount,state\na,1,paid\n", "done, failed or pending"),
            ("reference,amount,state,currency\na,1,done,roubles\n", "three letters"),
            ("reference,amount,state\n,1,done\n", "empty"),
        ] {
            let fault = read(text).unwrap_err();
            assert!(fault.contains(part), "{fault}");
        }
    }
}
