use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use svod_kernel::{Actor, Clock, Role, SeededRng, SimClock, Timestamp, Urn};
use svod_model::testing::shipped;
use svod_model::{Attribute, Entity, PackSource};
use svod_money::{
    Answered, CardToken, Heard, Money, MoneyDeps, NewAccrual, Notice, Order, Payments, Provider, ProviderError, Reply,
    Sandbox, State, Unsigned, Word,
};
use svod_registry::{Command, Operation, Registry, RegistryDeps};
use svod_runtime::cases::Worker;
use svod_runtime::{Along, Cases, NewCase};
use svod_store::testing::TestPlace;
use svod_store::{Store, StoreOptions};

pub const SPACE: &str = "kuzbass/novokuznetsk";
pub const PERSON: &str = "urn:svod:person:anna";
pub const OTHER: &str = "urn:svod:person:boris";
pub const BODY: &str = "urn:svod:body:novokuznetsk:ecology";

/// How the bank behaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Mood {
    /// It takes orders and says later what became of them.
    #[default]
    Slow,
    /// It does at once what it is asked for.
    Prompt,
    /// It refuses.
    Refuses,
    /// It does what it is asked for, and its answer is lost.
    Lost,
    /// It does what it is asked for, and never answers.
    Hangs,
}

/// A bank that does every order once, by its key, and remembers how often it was asked.
#[derive(Default)]
pub struct Bank {
    pub mood: Mutex<Mood>,
    /// What it was asked for: kind and payment.
    pub calls: Mutex<Vec<(&'static str, String)>>,
    /// Of which payouts it was heard, and whether they go to a card.
    pub heard: Mutex<Vec<(String, bool)>>,
    /// What has moved, by key: into the bank is positive.
    pub moved: Mutex<BTreeMap<String, i64>>,
}

impl Bank {
    pub fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub fn asked(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    pub fn holds(&self) -> i64 {
        self.moved.lock().unwrap().values().sum()
    }

    fn ask(&self, kind: &'static str, order: &Order) -> Result<Answered, ProviderError> {
        self.calls.lock().unwrap().push((kind, order.payment.to_string()));
        let mood = self.mood.lock().unwrap().clone();
        if mood == Mood::Refuses {
            return Err(ProviderError::Refused("no such account".into()));
        }
        let out = kind != "start";
        if out && mood != Mood::Slow {
            self.moved.lock().unwrap().insert(order.payment.to_string(), -order.amount);
        }
        if mood == Mood::Lost {
            return Err(ProviderError::Unclear("the line is dead".into()));
        }
        let go = (!out).then(|| format!("https://bank.example/pay/{}", order.payment.local()));
        let state = if mood == Mood::Slow { State::Pending } else { State::Done };
        Ok(Answered { reference: reference(&order.payment), go, state })
    }

    fn reply<'a>(&'a self, kind: &'static str, order: &'a Order) -> Reply<'a> {
        let answer = self.ask(kind, order);
        let hangs = *self.mood.lock().unwrap() == Mood::Hangs;
        Box::pin(async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            answer
        })
    }
}

/// What the bank calls a payment.
pub fn reference(payment: &Urn) -> String {
    format!("bank-{}", payment.local())
}

impl Provider for Bank {
    fn id(&self) -> &str {
        "bank"
    }

    fn start<'a>(&'a self, order: &'a Order) -> Reply<'a> {
        self.reply("start", order)
    }

    fn refund<'a>(&'a self, order: &'a Order, original: &'a str) -> Reply<'a> {
        assert!(original.starts_with("bank-"), "{original}");
        self.reply("refund", order)
    }

    fn payout<'a>(&'a self, order: &'a Order, _: &'a str) -> Reply<'a> {
        self.reply("payout", order)
    }

    fn card_digits<'a>(&'a self, card: CardToken<'a>) -> Word<'a> {
        Box::pin(async move { Ok(card.token.chars().rev().take(4).collect::<Vec<_>>().iter().rev().collect()) })
    }

    fn payout_to_card<'a>(&'a self, order: &'a Order, _: CardToken<'a>) -> Reply<'a> {
        self.reply("payout", order)
    }

    fn heard<'a>(&'a self, order: &'a Order, card: bool) -> Heard<'a> {
        self.heard.lock().unwrap().push((order.payment.to_string(), card));
        Box::pin(async { Ok(()) })
    }

    fn notice(&self, _: Option<&str>, _: &[u8], _: Timestamp) -> Result<Notice, Unsigned> {
        Err(Unsigned::Silent)
    }
}

pub struct House {
    pub registry: Arc<Registry>,
    pub store: Store,
    pub clock: Arc<SimClock>,
    pub cases: Arc<Cases>,
    pub worker: Arc<Worker>,
    pub money: Money,
    pub bank: Arc<Bank>,
}

pub fn person(id: &str) -> Actor {
    Actor {
        id: id.into(),
        name: "Somebody".into(),
        roles: [Role::Citizen].into(),
        spaces: vec![SPACE.parse().unwrap()],
        body: None,
        on_behalf: Vec::new(),
    }
}

fn pack(processes: &[(&str, &str)]) -> PackSource {
    let mut source = PackSource::default();
    let manifest = "id: test\nversion: 1.0.0\nowner: urn:svod:body:kuzbass:digital\ndepends: [base, kuzbass]\n";
    source.files.insert("pack.yaml".into(), manifest.into());
    for lang in ["ru", "kk", "en"] {
        let texts = "pack-test-title = x\npack-test-description = x\n";
        source.files.insert(format!("locales/{lang}.ftl"), texts.into());
    }
    for (id, body) in processes {
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" xmlns:svod=\"urn:svod:bpmn\" id=\"d\" targetNamespace=\"t\">
<message id=\"p\" name=\"accrual-paid\"/><message id=\"m\" name=\"payment-settled\"/>
<error id=\"x\" name=\"too-much\" errorCode=\"refund-too-much\"/>
<process id=\"{id}\" name=\"{id}\" isExecutable=\"true\">{body}</process></definitions>"
        );
        source.files.insert(format!("processes/{id}.bpmn"), text);
    }
    source
}

/// Flows along these elements, from the first to the last.
pub fn flows(elements: &str, row: &[&str]) -> String {
    let lines = row
        .windows(2)
        .enumerate()
        .map(|(n, pair)| format!("<sequenceFlow id=\"f{n}\" sourceRef=\"{}\" targetRef=\"{}\"/>", pair[0], pair[1]));
    format!("{elements}{}", lines.collect::<String>())
}

impl House {
    pub async fn new(place: &TestPlace) -> Self {
        Self::with(place, &[]).await
    }

    pub async fn with(place: &TestPlace, processes: &[(&str, &str)]) -> Self {
        let bank = Arc::new(Bank::default());
        Self::of(place, processes, (bank.clone(), vec![bank, Arc::new(Sandbox)])).await
    }

    /// With the sandbox as the provider of new payments and cards.
    pub async fn of_sandbox(place: &TestPlace, processes: &[(&str, &str)]) -> Self {
        Self::of(place, processes, (Arc::default(), vec![Arc::new(Sandbox)])).await
    }

    async fn of(
        place: &TestPlace,
        processes: &[(&str, &str)],
        (bank, providers): (Arc<Bank>, Vec<Arc<dyn Provider>>),
    ) -> Self {
        let clock = Arc::new(SimClock::new("2026-01-15T01:00:00Z".parse().unwrap()));
        let time: Arc<dyn Clock> = clock.clone();
        let store = place.open_with(StoreOptions::default(), time.clone()).unwrap();
        let rng = Arc::new(SeededRng::new(7));
        let deps = RegistryDeps { store: store.clone(), clock: time, rng, cache_bytes: 1 << 20 };
        let registry = Registry::open(deps).await.unwrap();
        for source in [shipped("base"), shipped("kuzbass"), pack(processes)] {
            registry.publish(&Actor::platform("packs"), source).await.unwrap();
        }
        let of = |id: &str| {
            let person = Entity::new(id.parse().unwrap(), "Person", SPACE.parse().unwrap())
                .with("name", Attribute::property("Somebody"))
                .with("birthDate", Attribute::property("1990-05-01"));
            Operation::Create(person).into()
        };
        let command = Command { ground: "test".into(), changes: vec![of(PERSON), of(OTHER)], ..Command::default() };
        registry.execute(&Actor::platform("test"), command).await.unwrap();
        let cases = Cases::new(registry.clone(), store.clone());
        let deps = MoneyDeps { cases: cases.clone(), store: store.clone(), providers };
        let money = Money::new(deps);
        let worker = Worker::new(cases.clone(), vec![Arc::new(Payments(money.clone()))], "one".into());
        Self { registry, store, clock, cases, worker, money, bank }
    }

    pub fn owed(&self, amount: i64) -> NewAccrual {
        NewAccrual {
            person: PERSON.parse().unwrap(),
            body: BODY.parse().unwrap(),
            case: None,
            service: None,
            purpose: "State duty".into(),
            basis: Some("Tax Code, article 333.33".into()),
            amount,
            currency: "RUB".into(),
            due_days: Some(30),
            space: SPACE.parse().unwrap(),
        }
    }

    pub async fn accrued(&self, amount: i64) -> Urn {
        self.money.accrue(&self.owed(amount)).await.unwrap().0
    }

    /// What the person pays of it, as the bank says.
    pub async fn paid(&self, accrual: &Urn, amount: Option<i64>) -> Urn {
        let going = self.money.pay(&person(PERSON), accrual, amount, "https://svod.example/back").await.unwrap();
        let moved = self.number(&going.payment, "amount").await;
        self.bank.moved.lock().unwrap().insert(going.payment.to_string(), moved);
        self.money.settle("bank", &said(&going.payment, State::Done, moved)).await.unwrap();
        going.payment
    }

    pub async fn entity(&self, urn: &Urn) -> Entity {
        self.registry.entity(&Actor::platform("test"), urn).await.unwrap()
    }

    pub async fn text(&self, urn: &Urn, name: &str) -> String {
        self.entity(urn).await.text(name).unwrap_or_default().to_owned()
    }

    pub async fn number(&self, urn: &Urn, name: &str) -> i64 {
        self.entity(urn).await.value(name).and_then(Value::as_i64).unwrap_or_default()
    }

    /// What an account holds.
    pub async fn holds(&self, account: &str) -> i64 {
        let all = self.money.verify().await.unwrap().accounts;
        all.iter().filter(|b| b.account == account).map(|b| b.amount).sum()
    }

    /// The books are right.
    pub async fn adds_up(&self) {
        let verified = self.money.verify().await.unwrap();
        assert_eq!(verified.faults, Vec::<String>::new());
    }

    /// A case with its process.
    pub async fn open(&self, process: &str, id: &str, variables: Value) -> Urn {
        let text = |v: &str| Attribute::property(v);
        let urn: Urn = format!("urn:svod:case:{id}").parse().unwrap();
        let case = Entity::new(urn, "Case", SPACE.parse().unwrap())
            .with("name", text("A case"))
            .with("subject", text("civil"))
            .with("service", text("test/fee"))
            .with("person", Attribute::object(PERSON.parse().unwrap()))
            .with("body", Attribute::object(BODY.parse().unwrap()))
            .with("process", text(process))
            .with("processVersion", text(&format!("test@1.0.0/{process}")))
            .with("status", text("open"))
            .with("openedAt", text("2026-01-15T01:00:00Z"));
        let new = NewCase {
            process: format!("test@1.0.0/{process}"),
            element: None,
            variables: variables.as_object().cloned().unwrap(),
            space: SPACE.parse().unwrap(),
            case: Some(case),
        };
        self.cases.begin(&Actor::platform("test"), new, Along::default()).await.unwrap()
    }

    pub async fn variables(&self, case: &Urn) -> Value {
        let row = self.cases.instances(case).await.unwrap().remove(0);
        let state: Value = serde_json::from_str(&row.state).unwrap();
        state["scopes"]["0"]["variables"].clone()
    }

    pub async fn is_closed(&self, case: &Urn) -> bool {
        self.text(case, "status").await == "closed"
    }

    pub async fn settle(&self) {
        self.worker.settle().await.unwrap();
    }

    /// The only entity of that type.
    pub async fn only(&self, kind: &str) -> Entity {
        let query = svod_registry::EntityQuery::of(SPACE.parse().unwrap(), &[kind]);
        let mut all = self.registry.query(&Actor::platform("test"), query).await.unwrap().items;
        assert_eq!(all.len(), 1, "{:?}", all.iter().map(|e| &e.id).collect::<Vec<_>>());
        all.remove(0)
    }
}

/// The bank's word on a payment.
pub fn said(payment: &Urn, state: State, amount: i64) -> Notice {
    let reference = reference(payment);
    Notice { reference, payment: None, state, amount, currency: "RUB".into() }
}

pub fn nothing() -> Value {
    json!({})
}
