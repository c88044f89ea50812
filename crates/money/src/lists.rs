//! What a person owes and has paid; what a body is owed.

use std::collections::BTreeMap;
use std::sync::Arc;

use svod_kernel::{Actor, Urn};
use svod_model::Entity;
use svod_query::{Compare, Filter, Operand, Operation as Op, Order, Path, Query, Types};
use svod_registry::{Find, Found};
use svod_store::money;

use crate::{Money, MoneyError};

/// Rows of one's own list at the most.
const OWN: usize = 500;

/// Which accruals of the register.
#[derive(Debug, Clone, Default)]
pub struct Register {
    /// Of this body only.
    pub body: Option<Urn>,
    /// Only these: `open`, `partly`, `paid`, `cancelled`, `refunded`.
    pub status: Option<String>,
    /// Only the one of this number.
    pub number: Option<String>,
    /// How many are passed over, the newest first.
    pub offset: usize,
    /// How many at the most.
    pub limit: usize,
}

/// What the books say of a body, in a currency, smallest units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// Owed to it and not paid.
    pub receivable: i64,
    /// Accrued in all, without what was cancelled.
    pub revenue: i64,
    /// Given back, or on its way.
    pub refunds: i64,
    /// Paid out, or on its way.
    pub payouts: i64,
    /// Paid over by people and not given back.
    pub overpaid: i64,
}

fn equal(name: &str, value: &str) -> Filter {
    let operands = vec![Operand::Text(value.to_owned())];
    Filter::Compare(Compare { path: Path::attribute(name), operation: Op::Equal, operands })
}

impl Money {
    /// Accruals of the person in whose affairs the actor acts, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn accruals(&self, actor: &Actor) -> Result<Vec<Arc<Entity>>, MoneyError> {
        let own = vec![equal("person", actor.subject())];
        Ok(self.newest(actor, ("Accrual", "accruedAt"), &own, 0..OWN).await?.entities)
    }

    /// Payments, refunds and payouts of the person in whose affairs the actor acts, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn payments(&self, actor: &Actor) -> Result<Vec<Arc<Entity>>, MoneyError> {
        let own = vec![equal("person", actor.subject())];
        Ok(self.newest(actor, ("Payment", "startedAt"), &own, 0..OWN).await?.entities)
    }

    /// A stretch of the register of accruals as far as the actor may see, the newest first, with how many there are in all.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn register(&self, actor: &Actor, which: &Register) -> Result<Found, MoneyError> {
        let body = which.body.as_ref().map(|b| equal("body", b.as_str()));
        let status = which.status.as_ref().map(|s| equal("status", s));
        let number = which.number.as_ref().map(|n| equal("number", n));
        let with: Vec<Filter> = [body, status, number].into_iter().flatten().collect();
        let stretch = which.offset..which.offset + which.limit;
        self.newest(actor, ("Accrual", "accruedAt"), &with, stretch).await
    }

    /// Payments of which something is owed back, because more was paid than was owed, as far as the actor may see: of this body
    /// where one is named, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn overpaid(&self, actor: &Actor, body: Option<&Urn>) -> Result<Vec<Arc<Entity>>, MoneyError> {
        let operands = vec![Operand::Number(0.0)];
        let path = Path::attribute("owedBack");
        let over = Filter::Compare(Compare { path, operation: Op::Greater, operands });
        let with: Vec<Filter> = body.map(|b| equal("body", b.as_str())).into_iter().chain([over]).collect();
        Ok(self.newest(actor, ("Payment", "startedAt"), &with, 0..OWN).await?.entities)
    }

    /// What the books say of a body, by currency.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sums(&self, body: &Urn) -> Result<BTreeMap<String, Sums>, MoneyError> {
        let spaces: Vec<i64> = self.0.registry.spaces().all().into_iter().map(|s| s.id).collect();
        let all = self.0.store.read(move |conn| money::balances(conn, &spaces)).await?;
        let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
        for balance in all {
            let Some((kind, whose)) = balance.account.split_once(':') else { continue };
            if whose != body.as_str() {
                continue;
            }
            let of = sums.entry(balance.currency.clone()).or_default();
            match kind {
                "receivable" => of.receivable += balance.amount,
                "revenue" => of.revenue -= balance.amount,
                "refunds" => of.refunds += balance.amount,
                "payouts" => of.payouts += balance.amount,
                "overpaid" => of.overpaid -= balance.amount,
                _ => {}
            }
        }
        Ok(sums)
    }

    async fn newest(
        &self,
        actor: &Actor,
        (kind, by): (&str, &str),
        with: &[Filter],
        stretch: std::ops::Range<usize>,
    ) -> Result<Found, MoneyError> {
        let mut all = Found { total: Some(0), ..Found::default() };
        for top in self.tops() {
            let filter = (!with.is_empty()).then(|| Filter::All(with.to_vec()));
            let find = Find {
                space: top,
                below: true,
                query: Query { types: Types::Is(kind.to_owned()), filter, ..Query::default() },
                order: vec![Order { path: Path::attribute(by), descending: true, from: None, collation: None }],
                offset: 0,
                limit: stretch.end,
                count: true,
            };
            let found = self.0.registry.find(actor, &find).await?;
            all.entities.extend(found.entities);
            all.total = Some(all.total.unwrap_or(0) + found.total.unwrap_or(0));
        }
        all.entities.sort_by_key(|e| std::cmp::Reverse(e.time(by)));
        let shown = all.entities.len();
        all.entities = all.entities.into_iter().skip(stretch.start).take(stretch.len()).collect();
        all.more = shown > stretch.end || all.total.is_some_and(|total| total > stretch.end);
        Ok(all)
    }
}
