use std::collections::BTreeMap;
use std::sync::Arc;

use svod_kernel::{Actor, SpacePath, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Action, Change, EntityQuery, INSTALLATION, Operation, QueryError, Registry};
use svod_runtime::Cases;
use svod_runtime::accruals::{self, NewAccrual, whole};
use svod_store::Store;

use crate::provider::{Order, Provider};
use crate::{MoneyError, SANDBOX};

/// How often a change is made anew when somebody else was faster.
pub(crate) const TRIES: usize = 6;
/// Rows read at once.
const PAGE: usize = 1_000;

/// What money stands on.
pub struct MoneyDeps {
    /// Whose processes hear of it; their registry is the one door.
    pub cases: Arc<Cases>,
    /// Keeps the books.
    pub store: Store,
    /// Who moves money. The first takes new payments and payouts, the others what was begun with them.
    pub providers: Vec<Arc<dyn Provider>>,
}

/// Accruals, payments, refunds and payouts. Cheap to clone.
#[derive(Clone)]
pub struct Money(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub registry: Arc<Registry>,
    pub cases: Arc<Cases>,
    pub store: Store,
    pub providers: Vec<Arc<dyn Provider>>,
    pub platform: Arc<Actor>,
}

impl Money {
    /// Over the cases and their store.
    pub fn new(deps: MoneyDeps) -> Self {
        let MoneyDeps { cases, store, providers } = deps;
        let platform = Arc::new(Actor::platform("money"));
        Self(Arc::new(Inner { registry: cases.registry().clone(), cases, store, providers, platform }))
    }

    /// The providers, the one that takes new payments first.
    pub fn providers(&self) -> &[Arc<dyn Provider>] {
        &self.0.providers
    }

    /// The provider of that name.
    ///
    /// # Errors
    /// [`MoneyError::NoProvider`].
    pub fn provider(&self, id: &str) -> Result<&Arc<dyn Provider>, MoneyError> {
        let found = self.0.providers.iter().find(|p| p.id() == id);
        found.ok_or_else(|| MoneyError::NoProvider(id.to_owned()))
    }

    /// The provider of new payments.
    pub(crate) fn first(&self) -> Result<&Arc<dyn Provider>, MoneyError> {
        self.0.providers.first().ok_or_else(|| MoneyError::NoProvider(String::new()))
    }

    /// Is the provider of new payments the sandbox, so that nothing moves?
    pub fn is_sandbox(&self) -> bool {
        self.0.providers.first().is_some_and(|p| p.id() == SANDBOX)
    }

    /// Somebody owes a sum from now on; its URN and number.
    ///
    /// # Errors
    /// The field that is wrong, or what the registry refuses.
    pub async fn accrue(&self, new: &NewAccrual) -> Result<(Urn, String), MoneyError> {
        let mut tries = 0;
        loop {
            let registry = &self.0.registry;
            let (urn, number, change) = accruals::accrue(new, registry.clock().now(), &**registry.rng())?;
            match self.write("accrual", vec![change], None).await {
                Ok(()) => return Ok((urn, number)),
                Err(e) if e.is_conflict() && tries < TRIES => tries += 1,
                Err(e) => return Err(e),
            }
        }
    }

    /// What is not paid of an accrual is not owed any more.
    ///
    /// # Errors
    /// When it is paid, given back or cancelled already.
    pub async fn cancel(&self, accrual: &Urn) -> Result<(), MoneyError> {
        let mut tries = 0;
        loop {
            let change = accruals::cancel(&self.known(accrual, "Accrual").await?)?;
            match self.write("accrual", vec![change], None).await {
                Err(e) if e.is_conflict() && tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }

    /// An entity of that type, whoever asks.
    pub(crate) async fn known(&self, urn: &Urn, kind: &str) -> Result<Entity, MoneyError> {
        let found = self.0.registry.entity(&self.0.platform, urn).await?;
        if found.kind == kind { Ok(found) } else { Err(QueryError::NotFound(urn.to_string()).into()) }
    }

    /// Writes changes by the platform, and what is told to a case with them.
    pub(crate) async fn write(
        &self,
        ground: &str,
        changes: Vec<Change>,
        said: Option<svod_runtime::cases::Said>,
    ) -> Result<(), MoneyError> {
        self.0.cases.settle(&self.0.platform, ground, changes, said.as_ref()).await?;
        Ok(())
    }

    /// Payments with these values, in the space of what they are about and below.
    pub(crate) async fn payments_with(
        &self,
        space: &SpacePath,
        with: &[(&str, &str)],
    ) -> Result<Vec<Entity>, MoneyError> {
        let mut query = EntityQuery { limit: PAGE, ..EntityQuery::of(space.clone(), &["Payment"]) };
        for (name, value) in with {
            query = query.with(name, value);
        }
        self.all(&self.0.platform, query).await
    }

    /// Every page of a question.
    pub(crate) async fn all(&self, actor: &Actor, mut query: EntityQuery) -> Result<Vec<Entity>, MoneyError> {
        let mut all = Vec::new();
        loop {
            let page = self.0.registry.query(actor, query.clone()).await?;
            all.extend(page.items);
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// The topmost spaces, the installation's own last.
    pub(crate) fn tops(&self) -> Vec<SpacePath> {
        let tree = self.0.registry.spaces();
        let mut tops: Vec<SpacePath> =
            tree.all().into_iter().filter(|s| s.path.parent().is_none()).map(|s| s.path.clone()).collect();
        tops.sort_by_key(|path| path.as_str() == INSTALLATION);
        tops
    }

    /// A payment as its provider is asked for it.
    pub(crate) async fn order(&self, payment: &Entity, back: &str) -> Result<Order, MoneyError> {
        let number = match payment.object("accrual") {
            Some(accrual) => self.known(accrual, "Accrual").await?.text("number").map(str::to_owned),
            None => None,
        };
        Ok(Order {
            payment: payment.id.clone(),
            number,
            amount: whole(payment, "amount"),
            currency: payment.text("currency").unwrap_or_default().to_owned(),
            purpose: payment.text("purpose").unwrap_or_default().to_owned(),
            back: back.to_owned(),
        })
    }

    /// Keeps what the provider calls a payment, when it is not known yet.
    pub(crate) async fn call_it(&self, payment: &Entity, reference: &str) -> Result<(), MoneyError> {
        if payment.text("reference") == Some(reference) {
            return Ok(());
        }
        let set = BTreeMap::from([("reference".to_owned(), Attribute::property(reference))]);
        self.write("payment", vec![patched(payment, None, set, "send")], None).await
    }
}

/// A change of some attributes.
pub(crate) fn patched(
    entity: &Entity,
    expected: Option<i64>,
    set: BTreeMap<String, Attribute>,
    verb: &'static str,
) -> Change {
    let patch = Operation::Patch { urn: entity.id.clone(), expected, set, unset: Vec::new() };
    Change::verb(patch, Action::Update, verb)
}

/// An entity `Payment` that is about to be sent to its provider.
pub(crate) struct NewPayment<'a> {
    pub id: String,
    pub kind: &'static str,
    pub person: &'a Urn,
    pub body: Option<&'a Urn>,
    pub case: Option<&'a Urn>,
    pub accrual: Option<&'a Urn>,
    pub original: Option<&'a Urn>,
    pub purpose: &'a str,
    pub amount: i64,
    pub currency: &'a str,
    pub provider: &'a str,
    pub account: Option<&'a str>,
    pub space: &'a SpacePath,
}

impl NewPayment<'_> {
    pub fn entity(&self, now: svod_kernel::Timestamp) -> Result<Entity, MoneyError> {
        let urn = Urn::svod("payment", &self.id)
            .map_err(|_| MoneyError::Field { field: "key", fix: "use letters, digits and '-'" })?;
        let mut entity = Entity::new(urn, "Payment", self.space.clone());
        let objects = [
            ("person", Some(self.person)),
            ("body", self.body),
            ("case", self.case),
            ("accrual", self.accrual),
            ("original", self.original),
        ];
        for (name, urn) in objects {
            if let Some(urn) = urn {
                entity = entity.with(name, Attribute::object(urn.clone()));
            }
        }
        let texts = [
            ("kind", Some(self.kind)),
            ("purpose", Some(self.purpose).filter(|p| !p.is_empty())),
            ("currency", Some(self.currency)),
            ("provider", Some(self.provider)),
            ("account", self.account),
            ("status", Some("pending")),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                entity = entity.with(name, Attribute::property(text));
            }
        }
        Ok(entity
            .with("amount", Attribute::property(self.amount))
            .with("startedAt", Attribute::property(now.to_string())))
    }
}
