//! Payment providers as they are configured, reached by the outbound rules.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use svod_kernel::{Actor, Clock, Timestamp};
use svod_money::{
    Answered, CardToken, HttpProvider, Money, MoneyDeps, Network, Networked, Notice, Order, Provider, ProviderError,
    Reply, SANDBOX, Sandbox, Spec, Unsigned, Word,
};
use svod_registry::{QueryError, Registry};
use svod_runtime::cases::Cases;
use svod_store::Store;
use svod_trust::{Given, Trust};

use crate::config::{PaymentProvider, PaymentsConfig};
use crate::outbound::Outbound;

/// How long a provider is waited for; less than the worker of cases waits.
const PATIENCE: Duration = Duration::from_secs(25);
/// Longest answer.
const MAX_ANSWER: usize = 256 << 10;
/// Characters that a secret has at least.
const SECRET: usize = 32;

/// The network as far as the configuration allows it.
struct Allowed(Outbound);

impl Network for Allowed {
    fn post<'a>(&'a self, url: String, headers: Vec<(String, String)>, body: String) -> Networked<'a> {
        Box::pin(async move {
            let answered = self.0.send("POST", &url, &headers, Some(body), PATIENCE).await?;
            let status = answered.status();
            Ok((status, answered.body(MAX_ANSWER).await?))
        })
    }
}

/// What a payout tells a provider of whoever is paid.
const TOLD: [&str; 3] = ["account", "amount", "purpose"];
/// Of one to a card, of which it knows more than is known here.
const TOLD_OF_CARD: [&str; 2] = ["amount", "purpose"];

/// A provider outside: whose account it was given sees it in the cabinet, written once for each payout before anything else is made
/// of its answer.
struct Told<P> {
    provider: P,
    registry: Arc<Registry>,
    trust: Trust,
}

impl<P: Provider> Told<P> {
    async fn told(&self, order: &Order, what: &[&str]) -> Result<(), String> {
        let platform = Actor::platform("money");
        let payment = self.registry.entity(&platform, &order.payment).await.map_err(|e| e.to_string())?;
        let case = match payment.object("case") {
            Some(case) => match self.registry.entity(&platform, case).await {
                Ok(case) => Some(case),
                Err(QueryError::NotFound(_)) => None,
                Err(e) => return Err(e.to_string()),
            },
            None => None,
        };
        let persons: Vec<_> = payment.object("person").cloned().into_iter().collect();
        let (to, names) = (
            format!("payments:{}", self.provider.id()),
            what.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(),
        );
        let given = Given { to: &to, name: self.provider.id(), data: &names, key: order.payment.as_str() };
        self.trust.given_in(case.as_ref(), &persons, &given).await.map_err(|e| e.to_string())
    }
}

impl<P: Provider> Told<P> {
    /// The answer to a payout, once it is written down what its provider was given.
    async fn written(
        &self,
        order: &Order,
        answered: Result<Answered, ProviderError>,
        what: &[&str],
    ) -> Result<Answered, ProviderError> {
        // Who could not be had is asked again with the same key, and may have it by then.
        if !matches!(answered, Err(ProviderError::Away(_))) {
            let written = self.told(order, what).await;
            written
                .map_err(|why| ProviderError::Away(format!("what it was given could not be written down: {why}")))?;
        }
        answered
    }
}

impl<P: Provider> Provider for Told<P> {
    fn id(&self) -> &str {
        self.provider.id()
    }

    fn is_sandbox(&self) -> bool {
        self.provider.is_sandbox()
    }

    fn start<'a>(&'a self, order: &'a Order) -> Reply<'a> {
        self.provider.start(order)
    }

    fn refund<'a>(&'a self, order: &'a Order, original: &'a str) -> Reply<'a> {
        self.provider.refund(order, original)
    }

    fn payout<'a>(&'a self, order: &'a Order, account: &'a str) -> Reply<'a> {
        Box::pin(async move {
            let answered = self.provider.payout(order, account).await;
            self.written(order, answered, &TOLD).await
        })
    }

    fn card_page<'a>(&'a self, holder: &'a str, back: &'a str) -> Word<'a> {
        self.provider.card_page(holder, back)
    }

    fn card_digits<'a>(&'a self, card: CardToken<'a>) -> Word<'a> {
        self.provider.card_digits(card)
    }

    fn payout_to_card<'a>(&'a self, order: &'a Order, card: CardToken<'a>) -> Reply<'a> {
        Box::pin(async move {
            let answered = self.provider.payout_to_card(order, card).await;
            self.written(order, answered, &TOLD_OF_CARD).await
        })
    }

    fn notice(&self, signature: Option<&str>, body: &[u8], now: Timestamp) -> Result<Notice, Unsigned> {
        self.provider.notice(signature, body, now)
    }
}

/// What providers are met with.
pub struct Met<'a> {
    /// As configured.
    pub config: &'a PaymentsConfig,
    /// The network; none: nobody outside is asked.
    pub outbound: Option<&'a Outbound>,
    /// The sandbox takes payments where nobody else is named.
    pub demo: bool,
    /// The address of the installation, where providers tell what became of payments.
    pub origin: Option<&'a str>,
    /// By which signatures are judged.
    pub clock: Arc<dyn Clock>,
    /// Whose account was given away is told there.
    pub trust: &'a Trust,
}

/// The room of money with its providers, the one that takes new payments first.
///
/// # Errors
/// A secret that cannot be read, by its key.
pub fn open(cases: Arc<Cases>, store: Store, met: &Met<'_>) -> anyhow::Result<Money> {
    let mut providers: Vec<Arc<dyn Provider>> = Vec::new();
    if let Some(outbound) = met.outbound {
        for provider in &met.config.providers {
            let (registry, trust) = (cases.registry().clone(), met.trust.clone());
            providers.push(Arc::new(Told { provider: over_http(provider, outbound, met)?, registry, trust }));
        }
    }
    let named = met.config.provider.as_deref();
    if named == Some(SANDBOX) || (named.is_none() && met.demo) {
        providers.push(Arc::new(Sandbox));
    }
    // Without a name whoever is configured takes them, the sandbox last.
    providers.sort_by_key(|p| (named != Some(p.id()), p.is_sandbox()));
    if providers.first().is_some_and(|p| p.is_sandbox()) {
        tracing::info!("payments go to the sandbox: no money moves");
    }
    Ok(Money::new(MoneyDeps { cases, store, providers }))
}

fn over_http(provider: &PaymentProvider, outbound: &Outbound, met: &Met<'_>) -> anyhow::Result<HttpProvider> {
    let file = &provider.secret_file;
    let key = || format!("payments.providers.secret_file of {}: {}", provider.id, file.display());
    let text = std::fs::read_to_string(file).with_context(key)?;
    let secrets: Vec<String> = text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect();
    ensure!(
        !secrets.is_empty() && secrets.iter().all(|s| s.len() >= SECRET),
        "{}: each line must be a secret of {SECRET} characters or more",
        key()
    );
    let callback = met.origin.map(|origin| format!("{origin}/api/v1/payments/{}/callback", provider.id));
    let spec = Spec { id: provider.id.clone(), url: provider.url.clone(), secrets, callback };
    Ok(HttpProvider::new(spec, Arc::new(Allowed(outbound.clone())), met.clock.clone()))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use svod_kernel::{Role, SeededRng, SystemClock, Urn};
    use svod_model::{Attribute, Entity};
    use svod_money::{Answered, State};
    use svod_registry::{Command, Operation, RegistryDeps};
    use svod_store::StoreOptions;
    use svod_store::testing::TestPlace;

    use super::*;

    /// Answers as it is told.
    struct Bank(Mutex<VecDeque<Result<Answered, ProviderError>>>);

    impl Bank {
        fn next(&self) -> Reply<'_> {
            let next = self.0.lock().unwrap().pop_front();
            Box::pin(async move { next.unwrap_or(Err(ProviderError::Away("silence".into()))) })
        }
    }

    impl Provider for Bank {
        fn id(&self) -> &str {
            "bank"
        }

        fn start<'a>(&'a self, _: &'a Order) -> Reply<'a> {
            self.next()
        }

        fn refund<'a>(&'a self, _: &'a Order, _: &'a str) -> Reply<'a> {
            self.next()
        }

        fn payout<'a>(&'a self, _: &'a Order, _: &'a str) -> Reply<'a> {
            self.next()
        }

        fn notice(&self, _: Option<&str>, _: &[u8], _: Timestamp) -> Result<Notice, Unsigned> {
            Err(Unsigned::Silent)
        }
    }

    async fn registry(place: &TestPlace) -> (Store, Arc<Registry>) {
        let store = place.open(StoreOptions::default()).unwrap();
        let deps = RegistryDeps {
            store: store.clone(),
            clock: Arc::new(SystemClock),
            rng: Arc::new(SeededRng::new(1)),
            cache_bytes: 1 << 20,
        };
        let registry = Registry::open(deps).await.unwrap();
        registry.publish(&Actor::platform("packs"), crate::embedded::pack("base").unwrap()).await.unwrap();
        registry.ensure_space(&"t".parse().unwrap(), false).await.unwrap();
        (store, registry)
    }

    #[tokio::test]
    async fn whose_account_a_bank_was_given_sees_it_once() {
        let place = TestPlace::sqlite();
        let (store, registry) = registry(&place).await;
        let [anna, payment] = ["person:anna", "payment:1"].map(|n| format!("urn:t:{n}").parse::<Urn>().unwrap());
        let text = |value: &str| Attribute::property(value);
        let person = Entity::new(anna.clone(), "Person", "t".parse().unwrap()).with("name", text("Anna"));
        let paid = Entity::new(payment.clone(), "Payment", "t".parse().unwrap())
            .with("kind", text("payout"))
            .with("person", Attribute::object(anna.clone()))
            .with("amount", Attribute::property(100))
            .with("currency", text("RUB"))
            .with("provider", text("bank"))
            .with("account", text("40817"))
            .with("status", text("pending"))
            .with("startedAt", text("2026-11-23T10:00:00Z"));
        let changes = [person, paid].into_iter().map(|e| Operation::Create(e).into()).collect();
        let command = Command { ground: "test".into(), changes, ..Command::default() };
        registry.execute(&Actor::platform("test"), command).await.unwrap();

        let answered = Answered { reference: "b1".into(), go: None, state: State::Pending };
        let refused = Err(ProviderError::Refused("no such account".into()));
        let answers = [Err(ProviderError::Away("silence".into())), refused, Ok(answered.clone()), Ok(answered.clone())];
        let trust = Trust::new(registry.clone());
        let provider = Bank(Mutex::new(answers.into()));
        let told = Told { provider, registry: registry.clone(), trust: trust.clone() };
        let order = |payment: &Urn| Order {
            payment: payment.clone(),
            number: None,
            amount: 100,
            currency: "RUB".into(),
            purpose: "x".into(),
            back: String::new(),
        };
        let roles = [Role::Citizen].into();
        let me = Actor { id: anna.to_string(), name: "citizen".into(), roles, ..Actor::anonymous() };
        let seen = async || trust.accesses(&me, Some(true), 0..9).await.unwrap();

        assert!(told.payout(&order(&payment), "40817").await.is_err());
        assert!(seen().await.is_empty(), "it could not be had");
        assert!(told.payout(&order(&payment), "40817").await.is_err());
        assert_eq!(seen().await.len(), 1, "what it refuses it has seen");
        assert_eq!(told.payout(&order(&payment), "40817").await.unwrap().reference, "b1");
        let once = seen().await;
        assert_eq!((once.len(), once[0].text("actor"), once[0].text("post")), (1, Some("payments:bank"), Some("bank")));
        let names = once[0].value("only").unwrap().as_array().unwrap().clone();
        assert!(names.contains(&"account".into()) && !once[0].attributes.values().any(|a| a == &text("40817")));
        // What is not known here is asked again, and not taken for done.
        let unknown = order(&"urn:t:payment:2".parse().unwrap());
        assert!(matches!(told.payout(&unknown, "40817").await, Err(ProviderError::Away(_))));
        store.close().await;
    }
}
