//! A provider's file beside what is here: CSV with `reference`, `amount` (smallest units), `state` (`done`, `failed`, `pending`) and,
//! where it has them, `currency`, in any order of columns, separated by commas or semicolons.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use svod_kernel::{Actor, Timestamp, Urn};
use svod_model::Entity;
use svod_query::{Compare, Filter, Operand, Operation, Path, Query, Types};
use svod_registry::{Find, QueryError};
use svod_runtime::accruals::whole;

use crate::{Money, MoneyError};

/// Lines of a file, and payments of the days that are asked for, at the most.
const MOST: usize = 100_000;
/// Lines looked up at once.
const AT_ONCE: usize = 500;
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
    /// Three letters; none where neither side says it.
    pub currency: Option<String>,
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

/// What is wrong with a line of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is no CSV; what the reader says.
    #[error("it is no CSV: {0}")]
    Table(String),
    /// A column is missing.
    #[error("there is no column '{0}'; the header names reference, amount and state")]
    Column(&'static str),
    /// The sum.
    #[error("amount must be a whole number of the smallest unit, such as 35000")]
    Amount,
    /// The currency.
    #[error("currency must be three letters, such as RUB")]
    Currency,
    /// The reference.
    #[error("reference is empty")]
    Reference,
    /// The state.
    #[error("state must be done, failed or pending")]
    State,
    /// A reference that was there before.
    #[error("the reference stands in the file twice; leave one line for each payment")]
    Twice,
    /// Too many lines.
    #[error("the file has more than 100,000 lines; divide it")]
    Long,
}

impl Fault {
    /// The word of the text `payments-fault-<word>`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Table(_) => "table",
            Self::Column(_) => "column",
            Self::Amount => "amount",
            Self::Currency => "currency",
            Self::Reference => "reference",
            Self::State => "state",
            Self::Twice => "twice",
            Self::Long => "long",
        }
    }

    /// What the text names: the column, or what the reader says.
    pub fn about(&self) -> &str {
        match self {
            Self::Table(said) => said,
            Self::Column(name) => name,
            _ => "",
        }
    }
}

/// Where the columns are.
struct Places {
    reference: usize,
    amount: usize,
    state: usize,
    currency: Option<usize>,
}

impl Places {
    fn of(header: &csv::StringRecord) -> Result<Self, Fault> {
        let found = |name: &str| header.iter().position(|h| h.eq_ignore_ascii_case(name));
        let place = |name: &'static str| found(name).ok_or(Fault::Column(name));
        let (reference, amount, state) = (place("reference")?, place("amount")?, place("state")?);
        Ok(Self { reference, amount, state, currency: found("currency") })
    }

    fn line(&self, record: &csv::StringRecord) -> Result<Line, Fault> {
        let cell = |place: usize| record.get(place).unwrap_or_default();
        let line = Line {
            reference: cell(self.reference).to_owned(),
            amount: cell(self.amount).parse().map_err(|_| Fault::Amount)?,
            state: cell(self.state).to_ascii_lowercase(),
            currency: self.currency.map(|place| cell(place).to_ascii_uppercase()).filter(|c| !c.is_empty()),
        };
        if line.currency.as_ref().is_some_and(|c| c.len() != 3 || !c.bytes().all(|b| b.is_ascii_uppercase())) {
            return Err(Fault::Currency);
        }
        if line.reference.is_empty() {
            return Err(Fault::Reference);
        }
        if !STATES.contains(&line.state.as_str()) {
            return Err(Fault::State);
        }
        Ok(line)
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
    let wrong = |line: u64| move |fault: Fault| MoneyError::File { line, fault };
    let unread = |e: csv::Error| Fault::Table(e.to_string());
    let places = reader.headers().map_err(unread).and_then(Places::of).map_err(wrong(1))?;
    let (mut lines, mut seen) = (Vec::new(), BTreeSet::new());
    for (number, record) in (2_u64..).zip(reader.records()) {
        let line = record.map_err(unread).and_then(|record| places.line(&record)).map_err(wrong(number))?;
        if !seen.insert(line.reference.clone()) {
            return Err(wrong(number)(Fault::Twice));
        }
        if lines.len() >= MOST {
            return Err(wrong(number)(Fault::Long));
        }
        lines.push(line);
    }
    Ok(lines)
}

fn side(payment: &Entity) -> Side {
    let text = |name: &str| payment.text(name).map(str::to_owned);
    Side { amount: whole(payment, "amount"), currency: text("currency"), state: text("status").unwrap_or_default() }
}

/// What a line says; of a payment that is here in its currency, where the line names none.
fn said(line: &Line, here: Option<&Side>) -> Side {
    let currency = line.currency.clone().or_else(|| here.and_then(|side| side.currency.clone()));
    Side { amount: line.amount, currency, state: line.state.clone() }
}

/// The attribute is one of these texts.
fn one_of(name: &str, values: impl IntoIterator<Item = String>) -> Filter {
    let operands = values.into_iter().map(Operand::Text).collect();
    Filter::Compare(Compare { path: Path::attribute(name), operation: Operation::Equal, operands })
}

/// Settled from the one moment on, and before the other.
fn settled((from, until): (Timestamp, Timestamp)) -> Filter {
    let range = Operand::Range(Box::new(Operand::Moment(from)), Box::new(Operand::Moment(until.plus_micros(-1))));
    let path = Path::attribute("settledAt");
    Filter::Compare(Compare { path, operation: Operation::Equal, operands: vec![range] })
}

impl Money {
    /// Compares a provider's lines with the payments that the actor may see; those that were done here between the two moments
    /// and are in no line are missing there.
    ///
    /// # Errors
    /// When there is no such provider, more was settled between the two moments than can be compared at once
    /// ([`QueryError::TooBroad`]), or the store fails.
    pub async fn reconcile(
        &self,
        actor: &Actor,
        provider: &str,
        lines: &[Line],
        days: (Timestamp, Timestamp),
    ) -> Result<Reconciled, MoneyError> {
        self.provider(provider)?;
        let mut done = Reconciled::default();
        for some in lines.chunks(AT_ONCE) {
            let mut here = self.called(actor, provider, some).await?;
            for line in some {
                match here.remove(&line.reference) {
                    Some((_, false)) => done.elsewhere += 1,
                    found => done.lines.push(compared(line, found.map(|(payment, _)| payment).as_deref())),
                }
            }
        }
        let there: BTreeSet<&str> = lines.iter().map(|line| line.reference.as_str()).collect();
        let only = [one_of("status", ["done".to_owned()]), settled(days)];
        for payment in self.payments_of(&self.0.platform, provider, &only).await? {
            let Some(reference) = payment.text("reference").filter(|r| !there.contains(r)) else { continue };
            done.lines.push(Compared {
                verdict: Verdict::MissingThere,
                reference: reference.to_owned(),
                there: None,
                here: Some((payment.id.clone(), side(&payment))),
                overpaid: whole(&payment, "overpaid"),
            });
        }
        self.leave_hidden(actor, &mut done.lines).await?;
        done.lines.sort_by(|a, b| (a.verdict, &a.reference).cmp(&(b.verdict, &b.reference)));
        Ok(done)
    }

    /// The payments of a provider that the actor may see, settled between two moments, as lines of such a file.
    ///
    /// # Errors
    /// As [`Money::reconcile`].
    pub async fn lines(
        &self,
        actor: &Actor,
        provider: &str,
        days: (Timestamp, Timestamp),
    ) -> Result<Vec<(Line, Arc<Entity>)>, MoneyError> {
        self.provider(provider)?;
        let mut lines = Vec::new();
        for payment in self.payments_of(actor, provider, &[settled(days)]).await? {
            let Some(reference) = payment.text("reference").map(str::to_owned) else { continue };
            let Side { amount, currency, state } = side(&payment);
            lines.push((Line { reference, amount, state, currency }, payment));
        }
        lines.sort_by(|(a, x), (b, y)| (x.time("settledAt"), &a.reference).cmp(&(y.time("settledAt"), &b.reference)));
        Ok(lines)
    }

    /// The payments that lines are about, by what the provider calls them, and whether the actor may see each.
    async fn called(
        &self,
        actor: &Actor,
        provider: &str,
        lines: &[Line],
    ) -> Result<BTreeMap<String, (Arc<Entity>, bool)>, MoneyError> {
        let named = one_of("reference", lines.iter().map(|line| line.reference.clone()));
        let all = self.payments_of(&self.0.platform, provider, &[named]).await?;
        let seen = self.seen(actor, all.iter().map(|p| p.id.clone()).collect()).await?;
        let mut here = BTreeMap::new();
        for payment in all {
            let Some(reference) = payment.text("reference").map(str::to_owned) else { continue };
            let sees = seen.contains(&payment.id);
            here.insert(reference, (payment, sees));
        }
        Ok(here)
    }

    /// What is missing there and is another's is left out.
    async fn leave_hidden(&self, actor: &Actor, lines: &mut Vec<Compared>) -> Result<(), MoneyError> {
        let missing = |line: &&Compared| line.verdict == Verdict::MissingThere;
        let urns: Vec<Urn> = lines.iter().filter(missing).filter_map(|l| Some(l.here.as_ref()?.0.clone())).collect();
        let mut seen = BTreeSet::new();
        for some in urns.chunks(AT_ONCE) {
            seen.extend(self.seen(actor, some.to_vec()).await?);
        }
        let stays = |l: &Compared| l.here.as_ref().is_none_or(|(urn, _)| seen.contains(urn));
        lines.retain(|line| !missing(&line) || stays(line));
        Ok(())
    }

    /// Which of these the actor may see.
    async fn seen(&self, actor: &Actor, urns: Vec<Urn>) -> Result<BTreeSet<Urn>, MoneyError> {
        Ok(self.0.registry.entities(actor, urns).await?.iter().map(|e| e.id.clone()).collect())
    }

    /// Payments of a provider of which all that is said holds, as the actor sees them.
    async fn payments_of(
        &self,
        actor: &Actor,
        provider: &str,
        with: &[Filter],
    ) -> Result<Vec<Arc<Entity>>, MoneyError> {
        let mut filters = vec![one_of("provider", [provider.to_owned()])];
        filters.extend_from_slice(with);
        let mut all = Vec::new();
        for space in self.tops() {
            let filter = Some(Filter::All(filters.clone()));
            let find = Find {
                space,
                below: true,
                query: Query { types: Types::Is("Payment".to_owned()), filter, ..Query::default() },
                order: Vec::new(),
                offset: 0,
                limit: MOST,
                count: false,
            };
            let found = self.0.registry.find(actor, &find).await?;
            if found.more {
                return Err(QueryError::TooBroad(MOST).into());
            }
            all.extend(found.entities);
        }
        Ok(all)
    }
}

/// A line beside the payment that it is about.
fn compared(line: &Line, payment: Option<&Entity>) -> Compared {
    let reference = line.reference.clone();
    let Some(payment) = payment else {
        let there = Some(said(line, None));
        return Compared { verdict: Verdict::MissingHere, reference, there, here: None, overpaid: 0 };
    };
    let here = side(payment);
    let there = said(line, Some(&here));
    Compared {
        verdict: if here == there { Verdict::Matched } else { Verdict::Different },
        reference,
        there: Some(there),
        here: Some((payment.id.clone(), here)),
        overpaid: whole(payment, "overpaid"),
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
