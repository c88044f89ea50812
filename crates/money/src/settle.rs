//! What a provider says becomes true here, once: payment, accrual, books and the message to the case in one command.

use std::collections::BTreeMap;

use serde_json::json;
use svod_kernel::{Actor, Timestamp, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Change, Operation, Posting, QueryError};
use svod_runtime::accruals::{MOST, account, entry, rest_cancelled, whole};
use svod_runtime::cases::Said;

use crate::money::{TRIES, patched};
use crate::notice::Reason;
use crate::provider::{Notice, State};
use crate::{Money, MoneyError, SANDBOX};

/// What became of a provider's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It is written now, of this payment.
    Written(Urn),
    /// It was written before: nothing happens twice.
    Repeated(Urn),
    /// It fits nothing here, and is kept for people to look into.
    Kept(Reason),
    /// The provider says that it does not know yet.
    Pending,
}

type Set = BTreeMap<String, Attribute>;

impl Money {
    /// A notice as it came, over HTTP or otherwise: its signature is proved first.
    ///
    /// # Errors
    /// [`MoneyError::NoProvider`], [`MoneyError::Unsigned`]; the store.
    pub async fn notice(&self, provider: &str, signature: Option<&str>, body: &[u8]) -> Result<Settled, MoneyError> {
        let from = self.provider(provider)?;
        let notice = from.notice(signature, body, self.0.registry.clock().now()).inspect_err(|e| {
            metrics::counter!("svod_payment_notices_refused_total").increment(1);
            tracing::warn!(provider, error = %e, "a notice was not taken for the payment provider's");
        })?;
        self.settle(provider, &notice).await
    }

    /// What the provider says of a payment, refund or payout. Said again, nothing happens; what fits nothing is kept.
    ///
    /// # Errors
    /// When the store fails; it may be said again then.
    pub async fn settle(&self, provider: &str, notice: &Notice) -> Result<Settled, MoneyError> {
        if notice.state == State::Pending {
            return Ok(Settled::Pending);
        }
        let Some(payment) = self.payment_of(provider, notice).await? else {
            self.keep(provider, notice, Reason::Unknown).await?;
            return Ok(Settled::Kept(Reason::Unknown));
        };
        if payment.text("kind") == Some("payout")
            && let Ok(from) = self.provider(provider)
        {
            from.heard(&self.order(&payment, "").await?, payment.object("card").is_some()).await?;
        }
        let outcome = match moved(&payment, notice) {
            Err(reason) => Err(reason),
            Ok(amount) => {
                if payment.text("reference").is_none() {
                    self.call_it(&payment, &notice.reference).await?;
                }
                self.conclude_or(&payment.id, &notice.state, amount).await?
            }
        };
        match outcome {
            Ok(settled) => Ok(settled),
            Err(reason) => {
                self.keep(provider, notice, reason).await?;
                Ok(Settled::Kept(reason))
            }
        }
    }

    /// What was chosen on the sandbox's page for a payment of one's own.
    ///
    /// # Errors
    /// Not found when it is not one's own, or none of the sandbox's.
    pub async fn choose(&self, actor: &Actor, payment: &Urn, state: State) -> Result<Settled, MoneyError> {
        let found = self.own_payment(actor, payment).await?;
        if found.text("provider") != Some(SANDBOX) {
            return Err(QueryError::NotFound(payment.to_string()).into());
        }
        self.provider(SANDBOX)?;
        let notice = Notice {
            reference: crate::sandbox::reference(&self.order(&found, "").await?),
            payment: Some(payment.clone()),
            state,
            amount: whole(&found, "amount"),
            currency: found.text("currency").unwrap_or_default().to_owned(),
        };
        self.settle(SANDBOX, &notice).await
    }

    /// A payment of one's own.
    ///
    /// # Errors
    /// Not found when it is another's.
    pub async fn own_payment(&self, actor: &Actor, payment: &Urn) -> Result<Entity, MoneyError> {
        let found = self.0.registry.entity(actor, payment).await?;
        let own = found.object("person").is_some_and(|p| actor.owns(p, "Payment"));
        if found.kind == "Payment" && own { Ok(found) } else { Err(QueryError::NotFound(payment.to_string()).into()) }
    }

    /// The payment that a notice is about: the one it names, else the one that has its reference.
    async fn payment_of(&self, provider: &str, notice: &Notice) -> Result<Option<Entity>, MoneyError> {
        let of_it = |p: &Entity| {
            let named = p.text("reference").is_none_or(|r| r == notice.reference);
            p.kind == "Payment" && p.text("provider") == Some(provider) && named
        };
        if let Some(urn) = &notice.payment {
            match self.0.registry.entity(&self.0.platform, urn).await {
                Ok(found) => return Ok(Some(found).filter(of_it)),
                Err(QueryError::NotFound(_)) => return Ok(None),
                Err(e) => return Err(e.into()),
            }
        }
        for top in self.tops() {
            let with = [("reference", notice.reference.as_str()), ("provider", provider)];
            if let Some(found) = self.payments_with(&top, &with).await?.into_iter().find(of_it) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// As [`Money::conclude_or`], for what a provider answers at once: what does not fit is kept.
    pub(crate) async fn conclude(&self, payment: &Urn, state: &State, amount: i64) -> Result<(), MoneyError> {
        let Err(reason) = self.conclude_or(payment, state, amount).await? else { return Ok(()) };
        let found = self.known(payment, "Payment").await?;
        let notice = Notice {
            reference: found.text("reference").unwrap_or_default().to_owned(),
            payment: Some(payment.clone()),
            state: state.clone(),
            amount,
            currency: found.text("currency").unwrap_or_default().to_owned(),
        };
        self.keep(found.text("provider").unwrap_or_default(), &notice, reason).await
    }

    /// Writes what became of a payment; why not, when it does not fit what is written.
    async fn conclude_or(&self, urn: &Urn, state: &State, amount: i64) -> Result<Result<Settled, Reason>, MoneyError> {
        let mut tries = 0;
        loop {
            let payment = self.known(urn, "Payment").await?;
            let status = payment.text("status").unwrap_or_default();
            let paid = payment.text("kind") == Some("payment");
            match (status, state) {
                ("done", State::Done) if whole(&payment, "amount") == amount => {
                    return Ok(Ok(Settled::Repeated(urn.clone())));
                }
                ("failed", State::Failed(_)) => return Ok(Ok(Settled::Repeated(urn.clone()))),
                // A person may pay after all what was given up here; what was given out and reversed is for people to look at.
                ("pending", _) => {}
                ("failed", State::Done) if paid => {}
                _ => return Ok(Err(Reason::Contradicts)),
            }
            let now = self.0.registry.clock().now();
            let (changes, said) = self.outcome(&payment, state, amount, now).await?;
            let ground = format!("provider:{}", payment.text("provider").unwrap_or_default());
            match self.write(&ground, changes, said).await {
                Ok(()) => return Ok(Ok(Settled::Written(urn.clone()))),
                Err(e) if e.is_conflict() && tries < TRIES => tries += 1,
                Err(e) => return Err(e),
            }
        }
    }

    /// The changes that an outcome makes, and what the case is told.
    async fn outcome(
        &self,
        payment: &Entity,
        state: &State,
        amount: i64,
        now: Timestamp,
    ) -> Result<(Vec<Change>, Option<Said>), MoneyError> {
        let accrual = match payment.object("accrual") {
            Some(urn) => self.known(urn, "Accrual").await.map(Some).or_else(|e| match e {
                MoneyError::Query(QueryError::NotFound(_)) => Ok(None),
                e => Err(e),
            })?,
            None => None,
        };
        let own = |postings| ended(payment, state, amount, now).posting(postings);
        Ok(match (payment.text("kind").unwrap_or_default(), state) {
            ("payment", State::Done) => received(payment, accrual.as_ref(), amount, now),
            ("payment", _) => (vec![own(Vec::new())], None),
            (kind, _) => {
                let mut changes = vec![own(given(payment, kind, state, amount))];
                if let Some(accrual) = accrual {
                    changes.extend(self.given_back(payment, &accrual, state, amount).await?);
                } else if let (State::Failed(_), Some(original)) = (state, payment.object("original")) {
                    changes.push(owed_again(&self.known(original, "Payment").await?, amount));
                }
                (changes, told_settled(payment, state))
            }
        })
    }

    /// What becomes of the accrual when a refund is done or has failed.
    async fn given_back(
        &self,
        payment: &Entity,
        accrual: &Entity,
        state: &State,
        amount: i64,
    ) -> Result<Option<Change>, MoneyError> {
        let refunded = whole(accrual, "refunded");
        let expected = Some(accrual.version);
        if let State::Failed(_) = state {
            let set = Set::from([("refunded".to_owned(), Attribute::property(refunded - amount))]);
            return Ok(Some(patched(accrual, expected, set, "fail")));
        }
        let with = [("accrual", accrual.id.as_str()), ("kind", "refund"), ("status", "pending")];
        let others = self.payments_with(&accrual.space, &with).await?.iter().any(|p| p.id != payment.id);
        if others || refunded < whole(accrual, "paid") {
            return Ok(None);
        }
        // All that was paid is back: nothing more is owed either.
        let set = Set::from([("status".to_owned(), Attribute::property("refunded"))]);
        let open = accrual.text("status") == Some("partly");
        let lines = if open { rest_cancelled(accrual) } else { Vec::new() };
        Ok(Some(patched(accrual, expected, set, "refund").posting(lines)))
    }
}

/// How much has moved by a notice; why not, when that is not what was asked for. A person may pay a part, or more; what is given
/// out is what was ordered.
fn moved(payment: &Entity, notice: &Notice) -> Result<i64, Reason> {
    let asked = whole(payment, "amount");
    if notice.state != State::Done {
        return Ok(asked);
    }
    let same = currency(payment) == notice.currency;
    match payment.text("kind") {
        Some("payment") if same && (1..=MOST).contains(&notice.amount) => Ok(notice.amount),
        _ if same && notice.amount == asked => Ok(asked),
        _ => Err(Reason::Differs),
    }
}

/// The payment as the provider has ended it.
fn ended(payment: &Entity, state: &State, amount: i64, now: Timestamp) -> Change {
    let mut set = Set::from([
        ("status".to_owned(), Attribute::property(state.word())),
        ("settledAt".to_owned(), Attribute::property(now.to_string())),
        ("amount".to_owned(), Attribute::property(amount)),
    ]);
    if let State::Failed(why) = state {
        let why: String = why.chars().take(500).collect();
        set.insert("failure".to_owned(), Attribute::property(why));
    }
    let unset = if *state == State::Done { vec!["failure".to_owned()] } else { Vec::new() };
    let verb = if *state == State::Done { "settle" } else { "fail" };
    let mut change = patched(payment, Some(payment.version), set, verb);
    if let Operation::Patch { unset: gone, .. } = &mut change.operation {
        *gone = unset.into_iter().filter(|name| payment.attributes.contains_key(name)).collect();
    }
    change
}

/// What a provider has taken goes to the accrual as far as that is owed; the rest is the payer's, and the body owes it back.
fn received(payment: &Entity, accrual: Option<&Entity>, amount: i64, now: Timestamp) -> (Vec<Change>, Option<Said>) {
    let owed = accrual.filter(|a| ["open", "partly"].contains(&a.text("status").unwrap_or_default()));
    let rest = owed.map_or(0, |a| whole(a, "amount") - whole(a, "paid"));
    let credit = amount.min(rest);
    let over = amount - credit;
    let mut own = ended(payment, &State::Done, amount, now).posting(paid(payment, (credit, over)));
    if let (Operation::Patch { set, .. }, true) = (&mut own.operation, over > 0) {
        set.extend(["overpaid", "owedBack"].map(|name| (name.to_owned(), Attribute::property(over))));
        tracing::info!(payment = %payment.id, over, "more was paid than is owed");
        metrics::counter!("svod_payments_overpaid_total").increment(1);
    }
    let credited = owed.filter(|_| credit > 0).map(|a| credited(a, credit));
    let said = owed.filter(|_| credit > 0 && credit == rest).and_then(told_paid);
    (std::iter::once(own).chain(credited).collect(), said)
}

/// What was to be given back to a payer could not be: it is owed to them as before.
fn owed_again(original: &Entity, amount: i64) -> Change {
    let owed = Attribute::property(whole(original, "owedBack") + amount);
    patched(original, Some(original.version), Set::from([("owedBack".to_owned(), owed)]), "update")
}

fn body_of(payment: &Entity) -> &str {
    payment.object("body").map_or("", Urn::as_str)
}

fn cash(payment: &Entity) -> String {
    account("cash", payment.text("provider").unwrap_or_default())
}

fn currency(payment: &Entity) -> &str {
    payment.text("currency").unwrap_or_default()
}

/// A payment is done: the provider has the money, the body is owed less, and owes the payer what was paid over.
fn paid(payment: &Entity, (credit, over): (i64, i64)) -> Vec<Posting> {
    let line = |(account, amount)| Posting {
        transaction: format!("pay:{}", payment.id.local()),
        account,
        currency: currency(payment).to_owned(),
        amount,
    };
    let body = body_of(payment);
    let lines =
        [(cash(payment), credit + over), (account("receivable", body), -credit), (account("overpaid", body), -over)];
    lines.into_iter().filter(|(_, amount)| *amount != 0).map(line).collect()
}

/// A refund or payout is done: what the body owed is paid by the provider. Failed: the body owes it no more.
fn given(payment: &Entity, kind: &str, state: &State, amount: i64) -> Vec<Posting> {
    let payable = account("payable", body_of(payment));
    let (word, gives) = match state {
        State::Done => ("done", cash(payment)),
        _ => ("fail", spent(payment, kind)),
    };
    entry(&format!("{word}:{}", payment.id.local()), currency(payment), (payable, gives), amount)
}

/// The account of what a body gives back or pays out. A refund without an accrual gives back what was never the body's.
pub(crate) fn spent(payment: &Entity, kind: &str) -> String {
    let of = match kind {
        "refund" if payment.object("accrual").is_none() => "overpaid",
        "refund" => "refunds",
        _ => "payouts",
    };
    account(of, body_of(payment))
}

fn credited(accrual: &Entity, amount: i64) -> Change {
    let paid = whole(accrual, "paid") + amount;
    let status = if paid == whole(accrual, "amount") { "paid" } else { "partly" };
    let set =
        Set::from([("paid".to_owned(), Attribute::property(paid)), ("status".to_owned(), Attribute::property(status))]);
    patched(accrual, Some(accrual.version), set, "pay")
}

fn told_paid(accrual: &Entity) -> Option<Said> {
    let payload = json!({"accrual": accrual.id, "amount": whole(accrual, "amount")});
    Some(Said {
        case: accrual.object("case")?.clone(),
        name: "accrual-paid",
        key: accrual.text("number").unwrap_or_default().to_owned(),
        payload: payload.as_object().cloned().unwrap_or_default(),
    })
}

fn told_settled(payment: &Entity, state: &State) -> Option<Said> {
    let failure = if let State::Failed(why) = state { Some(why) } else { None };
    let payload = json!({"payment": payment.id, "status": state.word(), "failure": failure});
    Some(Said {
        case: payment.object("case")?.clone(),
        name: "payment-settled",
        key: payment.id.to_string(),
        payload: payload.as_object().cloned().unwrap_or_default(),
    })
}
