use svod_kernel::{Actor, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Action, Change, Command, Operation, QueryError};
use svod_runtime::accruals::whole;

use crate::money::{NewPayment, TRIES, patched};
use crate::provider::{ProviderError, State};
use crate::{Money, MoneyError};

/// Why a payment failed in whose place another one was started.
pub const REPLACED: &str = "another payment was started instead";

/// A payment that a person has started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Going {
    /// The payment.
    pub payment: Urn,
    /// Where the person goes to pay; none when the provider needs nothing more from them.
    pub go: Option<String>,
}

impl Money {
    /// A person pays what they, or whom they act for, owe: all that is not paid yet, or a part. `back` is the absolute address
    /// that they come back to; `{payment}` in it becomes the payment's URN. Begun twice, it is one payment.
    ///
    /// # Errors
    /// See [`MoneyError`]: not their own is not there; closed; more than the rest; a provider that refuses or is away.
    pub async fn pay(
        &self,
        actor: &Actor,
        accrual: &Urn,
        amount: Option<i64>,
        back: &str,
    ) -> Result<Going, MoneyError> {
        let mut tries = 0;
        let payment = loop {
            match self.begin(actor, accrual, amount).await {
                Err(e) if e.is_conflict() && tries < TRIES => tries += 1,
                begun => break begun?,
            }
        };
        let provider = self.provider(payment.text("provider").unwrap_or_default())?.clone();
        let back = back.replace("{payment}", payment.id.as_str());
        let order = self.order(&payment, &back).await?;
        match provider.start(&order).await {
            Ok(answered) => {
                self.call_it(&payment, &answered.reference).await?;
                if answered.state != State::Pending {
                    self.conclude(&payment.id, &answered.state, order.amount).await?;
                }
                Ok(Going { payment: payment.id, go: answered.go })
            }
            Err(e) => {
                if let ProviderError::Refused(why) = &e {
                    self.conclude(&payment.id, &State::Failed(why.clone()), order.amount).await?;
                }
                Err(e.into())
            }
        }
    }

    /// The payment that is sent: the one that waits already, or a new one.
    async fn begin(&self, actor: &Actor, accrual: &Urn, amount: Option<i64>) -> Result<Entity, MoneyError> {
        let owed = self.0.registry.entity(actor, accrual).await?;
        let own = owed.object("person").is_some_and(|p| actor.owns(p, "Accrual") && actor.owns(p, "Payment"));
        if owed.kind != "Accrual" || !own {
            return Err(QueryError::NotFound(accrual.to_string()).into());
        }
        let status = owed.text("status").unwrap_or_default();
        if !["open", "partly"].contains(&status) {
            return Err(MoneyError::Closed(status.to_owned()));
        }
        let rest = whole(&owed, "amount") - whole(&owed, "paid");
        let amount = amount.unwrap_or(rest);
        if !(1..=rest).contains(&amount) {
            return Err(MoneyError::TooMuch { rest });
        }
        let provider = self.first()?;
        let all = self.payments_with(&owed.space, &[("accrual", accrual.as_str()), ("kind", "payment")]).await?;
        let mut changes = Vec::new();
        for waiting in all.iter().filter(|p| p.text("status") == Some("pending")) {
            if whole(waiting, "amount") == amount && waiting.text("provider") == Some(provider.id()) {
                return Ok(waiting.clone());
            }
            // They want another sum now. Should the one before be paid after all, it counts as far as something is owed then; the
            // rest is theirs, and is given back.
            let set = [("status", "failed"), ("failure", REPLACED)];
            let set = set.into_iter().map(|(name, v)| (name.to_owned(), Attribute::property(v))).collect();
            changes.push(patched(waiting, Some(waiting.version), set, "replace").by(&self.0.platform));
        }
        let new = NewPayment {
            id: format!("{}-{}", owed.text("number").unwrap_or_default(), all.len() + 1),
            kind: "payment",
            person: owed.object("person").ok_or_else(|| QueryError::NotFound(accrual.to_string()))?,
            body: owed.object("body"),
            case: owed.object("case"),
            accrual: Some(accrual),
            original: None,
            purpose: owed.text("purpose").unwrap_or_default(),
            amount,
            currency: owed.text("currency").unwrap_or_default(),
            provider: provider.id(),
            account: None,
            space: &owed.space,
        };
        let made = new.entity(self.0.registry.clock().now())?;
        changes.push(Change::verb(Operation::Create(made.clone()), Action::Declare, "pay"));
        let cause = owed.object("case").cloned();
        let command = Command { ground: "payment".to_owned(), cause, changes, ..Command::default() };
        self.0.registry.execute(actor, command).await?;
        Ok(made)
    }
}
