//! The books beside the entities: every sum is worked out twice, and must be the same.

use std::collections::BTreeMap;

use svod_kernel::Urn;
use svod_model::Entity;
use svod_registry::EntityQuery;
use svod_runtime::accruals::{account, whole};
use svod_store::money::{self, Balance};
use svod_store::{Conn, StoreError};

use crate::{Money, MoneyError};

/// Accounts by space and currency.
type Accounts = BTreeMap<(String, String, String), i64>;

/// What the books hold, and what is wrong with them.
#[derive(Debug, Clone, Default)]
pub struct Verified {
    /// Every account.
    pub accounts: Vec<Balance>,
    /// In words; none: the books are right.
    pub faults: Vec<String>,
}

/// What entities say the books must hold.
#[derive(Default)]
struct Expected {
    accounts: Accounts,
    /// Done payments and refunds that stand, by accrual.
    paid: BTreeMap<Urn, (i64, i64)>,
    /// What was paid over and is not given back, by payment: as it says, and as its refunds say.
    over: BTreeMap<Urn, (i64, i64)>,
}

impl Expected {
    fn add(&mut self, entity: &Entity, (kind, whose): (&str, &str), amount: i64) {
        let currency = entity.text("currency").unwrap_or_default().to_owned();
        let key = (entity.space.to_string(), account(kind, whose), currency);
        *self.accounts.entry(key).or_default() += amount;
    }

    fn accrual(&mut self, accrual: &Entity) {
        let body = accrual.object("body").map_or("", Urn::as_str);
        let (amount, paid) = (whole(accrual, "amount"), whole(accrual, "paid"));
        let owed = ["open", "partly", "paid"].contains(&accrual.text("status").unwrap_or_default());
        self.add(accrual, ("receivable", body), if owed { amount - paid } else { 0 });
        self.add(accrual, ("revenue", body), -(if owed { amount } else { paid }));
    }

    fn payment(&mut self, payment: &Entity) {
        let body = payment.object("body").map_or("", Urn::as_str);
        let provider = payment.text("provider").unwrap_or_default();
        let amount = whole(payment, "amount");
        let (kind, status) = (payment.text("kind").unwrap_or_default(), payment.text("status").unwrap_or_default());
        let of = payment.object("accrual").cloned();
        let spent = match kind {
            "refund" if of.is_none() => "overpaid",
            "refund" => "refunds",
            _ => "payouts",
        };
        match (kind, status) {
            ("payment", "done") => {
                let over = whole(payment, "overpaid");
                self.add(payment, ("cash", provider), amount);
                self.add(payment, ("overpaid", body), -over);
                of.into_iter().for_each(|a| self.paid.entry(a).or_default().0 += amount - over);
                let held = self.over.entry(payment.id.clone()).or_default();
                *held = (whole(payment, "owedBack"), held.1 + over);
            }
            ("refund" | "payout", "pending" | "done") => {
                let original = payment.object("original").filter(|_| spent == "overpaid").cloned();
                original.into_iter().for_each(|p| self.over.entry(p).or_default().1 -= amount);
                self.add(payment, (spent, body), amount);
                let gives = if status == "done" { ("cash", provider) } else { ("payable", body) };
                self.add(payment, gives, -amount);
                of.into_iter().for_each(|a| self.paid.entry(a).or_default().1 += amount);
            }
            _ => {}
        }
    }
}

impl Money {
    /// Sums the books and works out from accruals and payments what they must hold. Reads everything there is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn verify(&self) -> Result<Verified, MoneyError> {
        let tree = self.0.registry.spaces();
        let spaces: Vec<i64> = tree.all().into_iter().map(|s| s.id).collect();
        let read =
            move |conn: &mut dyn Conn| Ok::<_, StoreError>((money::balances(conn, &spaces)?, money::uneven(conn)?));
        let (accounts, uneven) = self.0.store.read(read).await?;
        let mut faults: Vec<String> = uneven
            .into_iter()
            .map(|(_, transaction, currency, sum)| format!("{transaction} adds up to {sum} {currency}"))
            .collect();
        let (mut expected, mut accruals) = (Expected::default(), Vec::new());
        for top in self.tops() {
            let of = |kind: &str| EntityQuery { limit: 1_000, ..EntityQuery::of(top.clone(), &[kind]) };
            for accrual in self.all(&self.0.platform, of("Accrual")).await? {
                expected.accrual(&accrual);
                accruals.push(accrual);
            }
            self.all(&self.0.platform, of("Payment")).await?.iter().for_each(|p| expected.payment(p));
        }
        for accrual in &accruals {
            let said = (whole(accrual, "paid"), whole(accrual, "refunded"));
            let found = expected.paid.get(&accrual.id).copied().unwrap_or_default();
            if said != found {
                faults.push(format!("{}: paid and refunded are {said:?}, its payments say {found:?}", accrual.id));
            }
        }
        let differs = expected.over.iter().filter(|(_, (said, found))| said != found || *said < 0);
        faults.extend(
            differs.map(|(payment, (said, found))| {
                format!("{payment}: {said} is owed back of it, its refunds say {found}")
            }),
        );
        let space = |id: i64| tree.by_id(id).map(|s| s.path.to_string()).unwrap_or_default();
        let found: Accounts =
            accounts.iter().map(|b| ((space(b.space), b.account.clone(), b.currency.clone()), b.amount)).collect();
        faults.extend(compared(&found, &expected.accounts));
        Ok(Verified { accounts, faults })
    }
}

/// Where the books and the entities say something else, and where an account is on the wrong side.
fn compared(found: &Accounts, expected: &Accounts) -> Vec<String> {
    let mut faults = Vec::new();
    let keys: std::collections::BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    for key in keys {
        let (is, must) = (found.get(key).copied().unwrap_or(0), expected.get(key).copied().unwrap_or(0));
        let (space, account, currency) = key;
        if is != must {
            faults.push(format!("{account} in {space} holds {is} {currency}, the entities say {must}"));
        }
        let wrong = match account.split(':').next().unwrap_or_default() {
            "receivable" | "refunds" | "payouts" => is < 0,
            "revenue" | "payable" | "overpaid" => is > 0,
            _ => false,
        };
        if wrong {
            faults.push(format!("{account} in {space} is on the wrong side: {is} {currency}"));
        }
    }
    faults
}
