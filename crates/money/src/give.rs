//! Money that a body gives: back what was paid, or out to somebody's account.

use std::collections::BTreeMap;

use svod_kernel::{Actor, SpacePath, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Action, Change, Command, CommandError, Operation, QueryError};
use svod_runtime::accruals::{MOST, account, entry, whole};

use crate::cards::holder;
use crate::money::{NewPayment, TRIES, patched};
use crate::provider::{Answered, CardToken, Order, Provider, ProviderError, State};
use crate::settle::spent;
use crate::{Money, MoneyError};

/// What is given back of what was paid.
#[derive(Debug, Clone)]
pub struct Refund {
    /// Of which accrual.
    pub accrual: Urn,
    /// Smallest units; none: all that was paid and not given back.
    pub amount: Option<i64>,
    /// The case that gives it back.
    pub case: Option<Urn>,
    /// The caller's own name of it, letters, digits and `-`: given again, it is not done again.
    pub key: String,
}

/// Where somebody is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayTo {
    /// Number of an account.
    Account(String),
    /// A card of theirs, the URN of a `PayoutCard`.
    Card(Urn),
}

/// What is paid to somebody.
#[derive(Debug, Clone)]
pub struct Payout {
    /// To whom.
    pub person: Urn,
    /// By whom.
    pub body: Urn,
    /// The case that decides so.
    pub case: Option<Urn>,
    /// What for, in words for a payment.
    pub purpose: String,
    /// Smallest units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Where to.
    pub to: PayTo,
    /// Where it lies.
    pub space: SpacePath,
    /// As [`Refund::key`].
    pub key: String,
}

/// A key as a part of a URN.
fn plain(key: &str) -> String {
    key.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect()
}

impl Money {
    /// Gives back what was paid: each payment by the provider that took it. The refunds, each a payment of its own; what became
    /// of one the provider says at once or later.
    ///
    /// # Errors
    /// [`MoneyError::TooMuchBack`]; a provider that is away: with the same key it is asked again.
    pub async fn refund(&self, refund: &Refund) -> Result<Vec<Urn>, MoneyError> {
        let mut tries = 0;
        let all = loop {
            match self.begin_refund(refund).await {
                Err(e) if e.is_conflict() && tries < TRIES => tries += 1,
                begun => break begun?,
            }
        };
        for payment in &all {
            self.send(payment).await?;
        }
        Ok(all)
    }

    /// Pays somebody. The payment; what became of it the provider says at once or later.
    ///
    /// # Errors
    /// A field that is wrong; a provider that is away: with the same key it is asked again.
    pub async fn payout(&self, payout: &Payout) -> Result<Urn, MoneyError> {
        let id = format!("payout-{}", plain(&payout.key));
        let urn = match self.begun(&id).await? {
            Some(found) => found,
            None => match self.begin_payout(payout, id.clone()).await {
                // Somebody with the same key was faster.
                Err(e) if e.is_conflict() => self.begun(&id).await?.ok_or(e)?,
                begun => begun?,
            },
        };
        self.send(&urn).await?;
        Ok(urn)
    }

    /// Gives back what somebody paid more than they owed, by the provider that took it; whoever works for the body may. The
    /// refund. Done twice, it is one.
    ///
    /// # Errors
    /// Not found, forbidden; [`MoneyError::TooMuchBack`] when nothing of it is owed back; a provider that is away: it may be done
    /// again.
    pub async fn give_back(&self, actor: &Actor, payment: &Urn) -> Result<Urn, MoneyError> {
        let mut tries = 0;
        let refund = loop {
            match self.begin_back(actor, payment).await {
                Err(e) if e.is_conflict() && tries < TRIES => tries += 1,
                begun => break begun?,
            }
        };
        self.send(&refund).await?;
        Ok(refund)
    }

    async fn begin_back(&self, actor: &Actor, payment: &Urn) -> Result<Urn, MoneyError> {
        let registry = &self.0.registry;
        let paid = registry.entity(actor, payment).await?;
        if paid.kind != "Payment" {
            return Err(QueryError::NotFound(payment.to_string()).into());
        }
        if !registry.may(actor, Action::Complete, &registry.resource_of(&paid)) {
            let (action, kind) = (Action::Complete.as_str(), paid.kind.clone());
            return Err(CommandError::Forbidden { action, kind, space: paid.space.clone() }.into());
        }
        let mut before = self.payments_with(&paid.space, &[("original", payment.as_str()), ("kind", "refund")]).await?;
        before.retain(|p| p.object("accrual").is_none());
        let back = whole(&paid, "owedBack");
        if back == 0 {
            let begun = before.iter().find(|p| ["pending", "done"].contains(&p.text("status").unwrap_or_default()));
            return begun.map(|p| p.id.clone()).ok_or(MoneyError::TooMuchBack { rest: 0 });
        }
        let new = NewPayment {
            id: format!("back-{}-{}", payment.local(), before.len() + 1),
            kind: "refund",
            person: paid.object("person").ok_or_else(|| QueryError::NotFound(payment.to_string()))?,
            body: paid.object("body"),
            case: paid.object("case"),
            accrual: None,
            original: Some(payment),
            purpose: paid.text("purpose").unwrap_or_default(),
            amount: back,
            currency: paid.text("currency").unwrap_or_default(),
            provider: paid.text("provider").unwrap_or_default(),
            account: None,
            space: &paid.space,
        };
        let made = new.entity(registry.clock().now())?;
        let refund = made.id.clone();
        let unset = vec!["owedBack".to_owned()];
        let set = BTreeMap::new();
        let patch = Operation::Patch { urn: payment.clone(), expected: Some(paid.version), set, unset };
        let changes = vec![Change::verb(patch, Action::Complete, "refund"), owed(made, "refund").by(&self.0.platform)];
        let cause = paid.object("case").cloned();
        let command = Command { ground: "overpaid".to_owned(), cause, changes, ..Command::default() };
        registry.execute(actor, command).await?;
        Ok(refund)
    }

    async fn begun(&self, id: &str) -> Result<Option<Urn>, MoneyError> {
        let wrong = |_| MoneyError::Field { field: "key", fix: "use letters, digits and '-'" };
        let urn = Urn::svod("payment", id).map_err(wrong)?;
        match self.known(&urn, "Payment").await {
            Ok(found) => Ok(Some(found.id)),
            Err(MoneyError::Query(QueryError::NotFound(_))) => Ok(None),
            Err(e) => Err(e),
        }
    }

    async fn begin_payout(&self, payout: &Payout, id: String) -> Result<Urn, MoneyError> {
        if !(1..=MOST).contains(&payout.amount) {
            return Err(MoneyError::Field { field: "amount", fix: "give a whole number of the smallest unit, from 1" });
        }
        let (account_number, card) = match &payout.to {
            PayTo::Account(number) => (Some(number.trim()), None),
            PayTo::Card(card) => (None, Some(self.card_of(card, &payout.person).await?)),
        };
        if account_number.is_some_and(|number| number.is_empty() || number.chars().count() > 64) {
            return Err(MoneyError::Field {
                field: "account",
                fix: "give the number of the account, up to 64 characters",
            });
        }
        // Only the provider that has the card can pay to it.
        let provider = match &card {
            Some(card) => self.provider(card.text("provider").unwrap_or_default())?.id(),
            None => self.first()?.id(),
        };
        let new = NewPayment {
            id,
            kind: "payout",
            person: &payout.person,
            body: Some(&payout.body),
            case: payout.case.as_ref(),
            accrual: None,
            original: None,
            purpose: payout.purpose.trim(),
            amount: payout.amount,
            currency: &payout.currency,
            provider,
            account: account_number,
            space: &payout.space,
        };
        let made = new.entity(self.0.registry.clock().now())?;
        let made = match card {
            Some(card) => made.with("card", Attribute::object(card.id)),
            None => made,
        };
        let urn = made.id.clone();
        self.write("payout", vec![owed(made, "payout")], None).await?;
        Ok(urn)
    }

    async fn begin_refund(&self, refund: &Refund) -> Result<Vec<Urn>, MoneyError> {
        let key = plain(&refund.key);
        let mut begun = Vec::new();
        while let Some(found) = self.begun(&format!("refund-{key}-{}", begun.len() + 1)).await? {
            begun.push(found);
        }
        if !begun.is_empty() {
            return Ok(begun);
        }
        let accrual = self.known(&refund.accrual, "Accrual").await?;
        let rest = whole(&accrual, "paid") - whole(&accrual, "refunded");
        let amount = refund.amount.unwrap_or(rest);
        if !(1..=rest).contains(&amount) {
            return Err(MoneyError::TooMuchBack { rest });
        }
        let (mut changes, mut left) = (Vec::new(), amount);
        for (original, of_it) in self.returnable(&accrual).await? {
            let part = left.min(of_it);
            if part == 0 {
                continue;
            }
            left -= part;
            let made = self.refund_of(&accrual, &original, part, refund, changes.len() + 1)?;
            begun.push(made.id.clone());
            changes.push(owed(made, "refund"));
        }
        if left > 0 {
            return Err(MoneyError::TooMuchBack { rest: amount - left });
        }
        let refunded = Attribute::property(whole(&accrual, "refunded") + amount);
        let set = BTreeMap::from([("refunded".to_owned(), refunded)]);
        changes.push(patched(&accrual, Some(accrual.version), set, "refund"));
        self.write("refund", changes, None).await?;
        Ok(begun)
    }

    fn refund_of(
        &self,
        accrual: &Entity,
        original: &Entity,
        amount: i64,
        refund: &Refund,
        number: usize,
    ) -> Result<Entity, MoneyError> {
        let gone = || QueryError::NotFound(accrual.id.to_string());
        let new = NewPayment {
            id: format!("refund-{}-{number}", plain(&refund.key)),
            kind: "refund",
            person: accrual.object("person").ok_or_else(gone)?,
            body: accrual.object("body"),
            case: refund.case.as_ref().or_else(|| accrual.object("case")),
            accrual: Some(&accrual.id),
            original: Some(&original.id),
            purpose: accrual.text("purpose").unwrap_or_default(),
            amount,
            currency: accrual.text("currency").unwrap_or_default(),
            provider: original.text("provider").unwrap_or_default(),
            account: None,
            space: &accrual.space,
        };
        new.entity(self.0.registry.clock().now())
    }

    /// The payments of an accrual, the newest first, each with what of it is not given back.
    async fn returnable(&self, accrual: &Entity) -> Result<Vec<(Entity, i64)>, MoneyError> {
        let all = self.payments_with(&accrual.space, &[("accrual", accrual.id.as_str())]).await?;
        let back = |of: &Entity| -> i64 {
            let refunds = all.iter().filter(|p| p.object("original") == Some(&of.id));
            refunds.filter(|p| p.text("status") != Some("failed")).map(|p| whole(p, "amount")).sum()
        };
        let done = |p: &&Entity| p.text("kind") == Some("payment") && p.text("status") == Some("done");
        let mut paid: Vec<(Entity, i64)> =
            all.iter().filter(done).map(|p| (p.clone(), whole(p, "amount") - whole(p, "overpaid") - back(p))).collect();
        paid.sort_by_key(|(p, _)| std::cmp::Reverse(p.time("settledAt")));
        Ok(paid)
    }

    /// Asks the provider for a refund or payout that waits. Asked again, with the same key, the money moves once.
    async fn send(&self, urn: &Urn) -> Result<(), MoneyError> {
        let payment = self.known(urn, "Payment").await?;
        if payment.text("status") != Some("pending") {
            return Ok(());
        }
        let provider = self.provider(payment.text("provider").unwrap_or_default())?.clone();
        let order = self.order(&payment, "").await?;
        let answered = match payment.object("original") {
            Some(original) => {
                let original = self.known(original, "Payment").await?;
                provider.refund(&order, original.text("reference").unwrap_or_default()).await
            }
            None => self.pay_to(provider.as_ref(), &payment, &order).await?,
        };
        let state = match answered {
            Ok(answered) => {
                self.call_it(&payment, &answered.reference).await?;
                answered.state
            }
            // It will not: that is an outcome, and the case is told.
            Err(ProviderError::Refused(why)) => State::Failed(why),
            Err(e) => return Err(e.into()),
        };
        if state == State::Pending {
            return Ok(());
        }
        self.conclude(urn, &state, order.amount).await
    }
}

impl Money {
    /// Orders a payout: to the account, or to the card, which is looked at once more. That it is gone by then is no outcome.
    async fn pay_to(
        &self,
        provider: &dyn Provider,
        payment: &Entity,
        order: &Order,
    ) -> Result<Result<Answered, ProviderError>, MoneyError> {
        let Some(card) = payment.object("card") else {
            return Ok(provider.payout(order, payment.text("account").unwrap_or_default()).await);
        };
        let person = payment.object("person").ok_or_else(|| QueryError::NotFound(payment.id.to_string()))?;
        let card = match self.card_of(card, person).await {
            Ok(card) => card,
            // The order may have been sent already: what became of it the provider alone knows, and a person has to look.
            Err(MoneyError::NoCard) => {
                return Ok(Err(ProviderError::Unclear("the card of the payout is not there any more".to_owned())));
            }
            Err(e) => return Err(e),
        };
        let holder = holder(person, provider.id());
        let token = CardToken { holder: &holder, token: card.text("token").unwrap_or_default() };
        Ok(provider.payout_to_card(order, token).await)
    }
}

/// The change that makes a refund or payout: the body owes it until the provider has paid.
fn owed(made: Entity, kind: &'static str) -> Change {
    let body = made.object("body").map_or("", Urn::as_str);
    let (transaction, amount) = (format!("{kind}:{}", made.id.local()), whole(&made, "amount"));
    let accounts = (spent(&made, kind), account("payable", body));
    let lines = entry(&transaction, made.text("currency").unwrap_or_default(), accounts, amount);
    Change::verb(Operation::Create(made), Action::Create, kind).posting(lines)
}
