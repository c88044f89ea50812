//! Payment providers as they are configured, reached by the outbound rules.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use svod_kernel::{Actor, Clock, Timestamp};
use svod_money::{
    Answered, CardToken, Heard, HttpProvider, Money, MoneyDeps, Network, Networked, Notice, Order, Provider,
    ProviderError, Reply, SANDBOX, Sandbox, Spec, Unanswered, Unsigned, Word,
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
            let answered = self.0.send_told("POST", &url, &headers, Some(body), PATIENCE).await;
            let answered = answered.map_err(|e| Unanswered { why: e.why, arrived: e.arrived })?;
            let status = answered.status();
            let body = answered.body(MAX_ANSWER).await;
            Ok((status, body.map_err(|why| Unanswered { why, arrived: true })?))
        })
    }
}

/// What a payout tells a provider of whoever is paid.
const TOLD: [&str; 3] = ["account", "amount", "purpose"];
/// Of one to a card, of which it knows more than is known here.
const TOLD_OF_CARD: [&str; 2] = ["amount", "purpose"];

/// A provider outside: whose account it was given sees it in the cabinet, written once for each payout as soon as it may have it and
/// before anything else is made of its answer. Where that was not done (the platform has stopped in between), it is written when the
/// payout is sent again, or its provider speaks of it.
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
        // Who could not be had has nothing.
        if !matches!(answered, Err(ProviderError::Away(_))) {
            self.write_down(order, what).await?;
        }
        answered
    }

    async fn write_down(&self, order: &Order, what: &[&str]) -> Result<(), ProviderError> {
        let unwritten =
            |why: String| ProviderError::Unclear(format!("what it was given could not be written down: {why}"));
        self.told(order, what).await.map_err(unwritten)
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

    fn heard<'a>(&'a self, order: &'a Order, card: bool) -> Heard<'a> {
        Box::pin(async move { self.write_down(order, if card { &TOLD_OF_CARD } else { &TOLD }).await })
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

        fn payout_to_card<'a>(&'a self, _: &'a Order, _: CardToken<'a>) -> Reply<'a> {
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

    const PERSON: &str = "urn:t:person:anna";

    /// Anna, and payouts to her.
    async fn payouts(registry: &Registry, names: &[&str]) -> Vec<Urn> {
        let text = |value: &str| Attribute::property(value);
        let anna: Urn = PERSON.parse().unwrap();
        let person = Entity::new(anna.clone(), "Person", "t".parse().unwrap()).with("name", text("Anna"));
        let urns: Vec<Urn> = names.iter().map(|n| format!("urn:t:payment:{n}").parse().unwrap()).collect();
        let paid = |payment: &Urn| {
            Entity::new(payment.clone(), "Payment", "t".parse().unwrap())
                .with("kind", text("payout"))
                .with("person", Attribute::object(anna.clone()))
                .with("amount", Attribute::property(100))
                .with("currency", text("RUB"))
                .with("provider", text("bank"))
                .with("status", text("pending"))
                .with("startedAt", text("2026-11-23T10:00:00Z"))
        };
        let all = std::iter::once(person).chain(urns.iter().map(paid));
        let changes = all.map(|e| Operation::Create(e).into()).collect();
        let command = Command { ground: "test".into(), changes, ..Command::default() };
        registry.execute(&Actor::platform("test"), command).await.unwrap();
        urns
    }

    fn order(payment: &Urn) -> Order {
        Order {
            payment: payment.clone(),
            number: None,
            amount: 100,
            currency: "RUB".into(),
            purpose: "x".into(),
            back: String::new(),
        }
    }

    /// What Anna sees of what was given away.
    async fn seen(trust: &Trust) -> Vec<Arc<Entity>> {
        let roles = [Role::Citizen].into();
        let me = Actor { id: PERSON.into(), name: "citizen".into(), roles, ..Actor::anonymous() };
        trust.accesses(&me, Some(true), 0..9).await.unwrap()
    }

    fn told(registry: &Arc<Registry>, answers: Vec<Result<Answered, ProviderError>>) -> Told<Bank> {
        let provider = Bank(Mutex::new(answers.into()));
        Told { provider, registry: registry.clone(), trust: Trust::new(registry.clone()) }
    }

    #[tokio::test]
    async fn whose_account_a_bank_was_given_sees_it_once() {
        let place = TestPlace::sqlite();
        let (store, registry) = registry(&place).await;
        let payment = payouts(&registry, &["1"]).await.remove(0);
        let answered = Answered { reference: "b1".into(), go: None, state: State::Pending };
        let refused = Err(ProviderError::Refused("no such account".into()));
        let away = Err(ProviderError::Away("silence".into()));
        let bank = told(&registry, vec![away, refused, Ok(answered.clone()), Ok(answered)]);

        assert!(bank.payout(&order(&payment), "40817").await.is_err());
        assert!(seen(&bank.trust).await.is_empty(), "it could not be had");
        assert!(bank.payout(&order(&payment), "40817").await.is_err());
        assert_eq!(seen(&bank.trust).await.len(), 1, "what it refuses it has seen");
        assert_eq!(bank.payout(&order(&payment), "40817").await.unwrap().reference, "b1");
        let once = seen(&bank.trust).await;
        assert_eq!((once.len(), once[0].text("actor"), once[0].text("post")), (1, Some("payments:bank"), Some("bank")));
        let names = once[0].value("only").unwrap().as_array().unwrap().clone();
        let number = Attribute::property("40817");
        assert!(names.contains(&"account".into()) && !once[0].attributes.values().any(|a| *a == number));
        // What is not known here is asked again, and not taken for done.
        let unknown = order(&"urn:t:payment:none".parse().unwrap());
        assert!(matches!(bank.payout(&unknown, "40817").await, Err(ProviderError::Unclear(_))));
        store.close().await;
    }

    /// The bank may have the account although it answers nothing that can be read: that is told at once, and once.
    #[tokio::test]
    async fn an_account_that_may_have_arrived_is_told_whatever_is_answered() {
        let place = TestPlace::sqlite();
        let (store, registry) = registry(&place).await;
        let urns = payouts(&registry, &["1", "2", "3"]).await;
        let unclear = || Err(ProviderError::Unclear("it answers 500".into()));
        let bank = told(&registry, vec![unclear(), unclear(), unclear()]);
        for _ in 0..2 {
            assert!(bank.payout(&order(&urns[0]), "40817").await.is_err());
            assert_eq!(seen(&bank.trust).await.len(), 1);
        }
        // Its notice came before it was asked again: it is told then, and once.
        for _ in 0..2 {
            bank.heard(&order(&urns[1]), false).await.unwrap();
            assert_eq!(seen(&bank.trust).await.len(), 2);
        }
        // Of a card it knows more than is known here.
        let card = CardToken { holder: "h", token: "t" };
        assert!(bank.payout_to_card(&order(&urns[2]), card).await.is_err());
        bank.heard(&order(&urns[2]), true).await.unwrap();
        let all = seen(&bank.trust).await;
        let only = |names: &[&str]| all.iter().filter(|a| a.value("only") == Some(&serde_json::json!(names))).count();
        assert_eq!((all.len(), only(&TOLD), only(&TOLD_OF_CARD)), (3, 2, 1));
        store.close().await;
    }
}
