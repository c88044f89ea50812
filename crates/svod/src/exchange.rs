//! `exchange.call`: processes ask systems of others, by HTTP under the outbound rules.
//!
//! `POST <url>/<operation>` with what the process gives as a JSON body, `Idempotency-Key` (the same while the same call is
//! repeated) and, where a token is configured, `Authorization: Bearer`. 2xx with a JSON object: the answer. 4xx with
//! `{"error": "<code>", "message": "…"}`: an error of the business, by its code. 408, 409, 425, 429, 5xx and no answer: asked
//! again. Whose data were sent sees it in the cabinet (`svod_trust`'s `sharing`), written once for each call before the process
//! learns the answer; where nothing was sent, nothing is written. What is not reached because nobody has said how is answered by the pack's sandbox decision, in demonstrations only;
//! the answer says so (`sandbox: true`).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use svod_kernel::{Actor, Urn};
use svod_model::{Entity, ExchangeSpec};
use svod_registry::{QueryError, Registry};
use svod_runtime::cases::{Answer, Connector, ConnectorError, ServiceCall};
use svod_trust::{Given, Trust};

use crate::config::{ExchangeConfigs, PaymentsConfig};
use crate::outbound::{Answered, Outbound, Unanswered};

/// The operation of service tasks.
pub const CALL: &str = "exchange.call";
/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(25);
/// Longest answer.
const MAX_ANSWER: usize = 256 << 10;
/// Identifiers in what is sent that are looked at together.
const TOGETHER: usize = 100;

/// How systems are reached, and what of it is only tried.
#[derive(Default)]
pub struct Reached {
    /// Other systems over the network; none: no system is reached.
    pub outbound: Option<Outbound>,
    /// As configured.
    pub systems: ExchangeConfigs,
    /// Sandboxes answer for all that are not configured.
    pub demo: bool,
    /// Who moves money.
    pub payments: PaymentsConfig,
}

/// Systems of others.
pub struct Exchange {
    registry: Arc<Registry>,
    trust: Trust,
    reached: Reached,
    tokens: HashMap<String, String>,
}

fn failure(message: impl Into<String>, again: bool) -> ConnectorError {
    ConnectorError { code: None, message: message.into(), again }
}

impl Exchange {
    /// Reads the tokens.
    ///
    /// # Errors
    /// A token file that cannot be read, by its key.
    pub fn open(registry: Arc<Registry>, reached: Reached) -> anyhow::Result<Self> {
        let mut tokens = HashMap::new();
        for (system, config) in &reached.systems {
            if let Some(file) = &config.token_file {
                let token = std::fs::read_to_string(file)
                    .with_context(|| format!("exchange.{system}.token_file: {} cannot be read", file.display()))?;
                tokens.insert(system.clone(), token.trim().to_owned());
            }
        }
        Ok(Self { trust: Trust::new(registry.clone()), registry, reached, tokens })
    }

    fn declared(&self, system: &str) -> Option<ExchangeSpec> {
        let catalogue = self.registry.catalogue();
        catalogue.packs.iter().flat_map(|p| &p.exchanges).find(|e| e.id == system).cloned()
    }

    async fn ask(&self, call: &ServiceCall) -> Result<Map<String, Value>, ConnectorError> {
        let word = |key: &str| call.input.get(key).and_then(Value::as_str).unwrap_or_default();
        let (system, operation) = (word("system"), word("operation"));
        let spec = self.declared(system);
        let spec = spec.ok_or_else(|| failure(format!("no pack in force declares the system '{system}'"), false))?;
        if !spec.operations.iter().any(|o| o == operation) {
            return Err(failure(format!("the system '{system}' has no operation '{operation}'"), false));
        }
        let data = call.input.get("data").cloned().unwrap_or_else(|| json!({}));
        let configured = self.reached.systems.get(system);
        let url = configured.and_then(|c| c.url.as_deref());
        match (url, &self.reached.outbound) {
            (Some(url), Some(outbound)) => {
                let url = format!("{}/{operation}", url.trim_end_matches('/'));
                let sent = data.clone();
                let (answer, arrived) = self.reach(outbound, (system, &url), (&call.key, data)).await;
                if arrived {
                    self.told(call, system, &sent).await?;
                }
                answer
            }
            _ if self.reached.demo || configured.is_some_and(|c| c.sandbox) => {
                self.pretend(&spec, operation, data).await
            }
            _ => Err(failure(format!("nobody has said how '{system}' is reached: set exchange.{system}.url"), true)),
        }
    }

    /// What was sent is written down for whose case it is, and for everybody whom it names.
    async fn told(&self, call: &ServiceCall, system: &str, data: &Value) -> Result<(), ConnectorError> {
        if is_nothing(data) {
            return Ok(());
        }
        // Asked again with the same key: what the other system has, it has already.
        let later = |why: String| failure(format!("what '{system}' was given could not be written down: {why}"), true);
        let case = self.case(call).await.map_err(|e| later(e.to_string()))?;
        let mut persons = self.whose(data).await.map_err(|e| later(e.to_string()))?;
        persons.extend(case.as_ref().and_then(|c| c.object("person").cloned()));
        persons.sort();
        persons.dedup();
        let names: Vec<String> = match data {
            Value::Object(fields) => fields.keys().cloned().collect(),
            _ => vec!["data".to_owned()],
        };
        let to = format!("exchange:{system}");
        let given = Given { to: &to, name: system, data: &names, key: &call.key };
        self.trust.given_in(case.as_ref(), &persons, &given).await.map_err(|e| later(e.to_string()))
    }

    async fn case(&self, call: &ServiceCall) -> Result<Option<Entity>, QueryError> {
        let Ok(urn) = call.case.parse::<Urn>() else { return Ok(None) };
        match self.registry.entity(&Actor::platform("exchange"), &urn).await {
            Ok(case) => Ok(Some(case)),
            Err(QueryError::NotFound(_)) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Whom the data name, or whose things they name.
    async fn whose(&self, data: &Value) -> Result<Vec<Urn>, QueryError> {
        let mut urns = BTreeSet::new();
        named(data, &mut urns);
        let urns: Vec<Urn> = urns.into_iter().collect();
        let platform = Actor::platform("exchange");
        let mut persons = Vec::new();
        for some in urns.chunks(TOGETHER) {
            let found = self.registry.entities(&platform, some.to_vec()).await?;
            persons.extend(found.iter().filter_map(|e| self.registry.resource_of(e).person));
        }
        Ok(persons)
    }

    /// The answer, and whether what was sent may have arrived.
    async fn reach(
        &self,
        outbound: &Outbound,
        at: (&str, &str),
        what: (&str, Value),
    ) -> (Result<Map<String, Value>, ConnectorError>, bool) {
        match self.send(outbound, at, what).await {
            Ok(answered) => (read(at.0, answered).await, true),
            Err(Unanswered { why, arrived }) => {
                (Err(failure(format!("'{}' does not answer: {why}", at.0), true)), arrived)
            }
        }
    }

    async fn send(
        &self,
        outbound: &Outbound,
        (system, url): (&str, &str),
        (key, data): (&str, Value),
    ) -> Result<Answered, Unanswered> {
        let mut headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("accept".to_owned(), "application/json".to_owned()),
            ("idempotency-key".to_owned(), key.to_owned()),
        ];
        if let Some(token) = self.tokens.get(system) {
            headers.push(("authorization".to_owned(), format!("Bearer {token}")));
        }
        outbound.send_told("POST", url, &headers, Some(data.to_string()), PATIENCE).await
    }

    /// The sandbox: a decision of the pack, which sees `operation` and what the process gave.
    async fn pretend(
        &self,
        spec: &ExchangeSpec,
        operation: &str,
        data: Value,
    ) -> Result<Map<String, Value>, ConnectorError> {
        let decision = spec.sandbox.as_deref();
        let decision = decision.ok_or_else(|| failure(format!("'{}' has no sandbox", spec.id), false))?;
        let programs = self.registry.programs_in_force(&spec.pack).await.map_err(|e| failure(e.to_string(), true))?;
        let programs = programs.ok_or_else(|| failure(format!("the pack '{}' is gone", spec.pack), false))?;
        let mut inputs = match data {
            Value::Object(map) => map,
            other => [("data".to_owned(), other)].into_iter().collect(),
        };
        inputs.insert("operation".into(), operation.into());
        let asked = programs.decide(decision, &inputs, (self.registry.clock().now(), 0));
        let mut fields = match asked.map_err(|why| failure(why, false))?.result {
            Value::Object(map) => map,
            other => [("answer".to_owned(), other)].into_iter().collect(),
        };
        if let Some(code) = fields.get("error").and_then(Value::as_str) {
            let message = format!("the sandbox of '{}' answers '{code}'", spec.id);
            return Err(ConnectorError { code: Some(code.to_owned()), message, again: false });
        }
        fields.insert("sandbox".into(), true.into());
        Ok(fields)
    }
}

/// What a system answers.
async fn read(system: &str, answered: Answered) -> Result<Map<String, Value>, ConnectorError> {
    let status = answered.status();
    let body = answered.body(MAX_ANSWER).await.map_err(|why| failure(format!("'{system}': {why}"), true))?;
    let document: Option<Map<String, Value>> = serde_json::from_slice(&body).ok();
    match (status, document) {
        (200..=299, Some(fields)) => Ok(fields),
        (200..=299, None) => Err(failure(format!("'{system}' answers {status} without a JSON object"), false)),
        (408 | 409 | 425 | 429 | 500.., _) => Err(failure(format!("'{system}' answers {status}"), true)),
        (_, document) => {
            let said = |key: &str| document.as_ref()?.get(key)?.as_str().map(str::to_owned);
            let message = said("message").unwrap_or_else(|| format!("'{system}' answers {status}"));
            Err(ConnectorError { code: said("error"), message, again: false })
        }
    }
}

/// A call that says nothing of anybody.
fn is_nothing(data: &Value) -> bool {
    match data {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(all) => all.is_empty(),
        _ => false,
    }
}

/// Identifiers in what is sent.
fn named(data: &Value, urns: &mut BTreeSet<Urn>) {
    match data {
        Value::String(text) if text.starts_with("urn:") => urns.extend(text.parse::<Urn>()),
        Value::Array(all) => all.iter().for_each(|v| named(v, urns)),
        Value::Object(fields) => fields.values().for_each(|v| named(v, urns)),
        _ => {}
    }
}

impl Connector for Exchange {
    fn services(&self) -> Vec<&'static str> {
        vec![CALL]
    }

    fn call<'a>(&'a self, call: &'a ServiceCall) -> Answer<'a> {
        Box::pin(self.ask(call))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use svod_kernel::{Role, SeededRng, SystemClock};
    use svod_model::{Attribute, PackSource};
    use svod_registry::{Command, Operation, RegistryDeps};
    use svod_store::testing::TestPlace;
    use svod_store::{Store, StoreOptions};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::config::{ExchangeConfig, OutboundConfig};

    const MODEL: &str = r##"<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="m" name="m" namespace="urn:t">
<inputData id="i" name="amount"><variable id="iv" name="amount"/></inputData>
<decision id="d" name="Claim"><variable id="dv" name="Claim"/><informationRequirement id="r"><requiredInput href="#i"/></informationRequirement>
<literalExpression id="e"><text>if amount &gt; 100 then {error: "too-much"} else {paid: amount}</text></literalExpression></decision></definitions>"##;

    async fn registry(place: &TestPlace) -> (Store, Arc<Registry>) {
        let store = place.open(StoreOptions::default()).unwrap();
        let deps = RegistryDeps {
            store: store.clone(),
            clock: Arc::new(SystemClock),
            rng: Arc::new(SeededRng::new(1)),
            cache_bytes: 1 << 20,
        };
        let registry = Registry::open(deps).await.unwrap();
        let mut pack = PackSource::default();
        let mut file = |path: &str, text: &str| pack.files.insert(path.into(), text.into());
        file("pack.yaml", "id: insured\nversion: 1.0.0\nowner: urn:svod:body:t\ndepends: [base]\n");
        file("exchange/insurer.yaml", "id: insurer\noperations:\n  - id: claim\nsandbox: insurer.dmn#Claim\n");
        file("decisions/insurer.dmn", MODEL);
        for lang in ["ru", "kk", "en"] {
            file(&format!("locales/{lang}.ftl"), "pack-insured-title = x\npack-insured-description = x\n");
        }
        for source in [crate::embedded::pack("base").unwrap(), pack] {
            registry.publish(&Actor::platform("packs"), source).await.unwrap();
        }
        (store, registry)
    }

    fn call(operation: &str, amount: i64) -> ServiceCall {
        let input = json!({"system": "insurer", "operation": operation, "data": {"amount": amount}});
        let Value::Object(input) = input else { unreachable!() };
        ServiceCall { service: CALL.into(), input, key: "1-2-c3".into(), case: "1-2".into(), attempts: 0 }
    }

    /// Answers one connection after the other as it is told, and keeps what it was asked.
    async fn insurer(answers: &[(u16, &str)]) -> (String, Arc<Mutex<Vec<String>>>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api", listener.local_addr().unwrap());
        let kept: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut answers: VecDeque<(u16, String)> = answers.iter().map(|(s, b)| (*s, (*b).to_owned())).collect();
        let told = kept.clone();
        tokio::spawn(async move {
            while let Some((status, body)) = answers.pop_front() {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut heard = Vec::new();
                while !is_whole(&String::from_utf8_lossy(&heard).to_lowercase()) {
                    let mut part = [0; 4096];
                    let read = stream.read(&mut part).await.unwrap();
                    heard.extend_from_slice(&part[..read]);
                }
                told.lock().unwrap().push(String::from_utf8_lossy(&heard).to_lowercase());
                let length = body.len();
                let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
                stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            }
        });
        (url, kept)
    }

    /// A request with its body.
    fn is_whole(heard: &str) -> bool {
        let Some((head, body)) = heard.split_once("\r\n\r\n") else { return false };
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.trim().parse().ok());
        body.len() >= length.unwrap_or(0)
    }

    fn reached(url: Option<String>, demo: bool, token: Option<std::path::PathBuf>) -> Reached {
        let outbound = OutboundConfig { hosts: vec!["127.0.0.1".into()], private: true, ..OutboundConfig::default() };
        let config = ExchangeConfig { url, token_file: token, sandbox: false };
        Reached {
            outbound: Some(Outbound::new(&outbound).unwrap()),
            systems: [("insurer".to_owned(), config)].into(),
            demo,
            ..Reached::default()
        }
    }

    #[tokio::test]
    async fn a_system_is_asked_with_its_key_and_token_and_its_answers_are_told_apart() {
        let place = TestPlace::sqlite();
        let (store, registry) = registry(&place).await;
        let folder = tempfile::tempdir().unwrap();
        let token = folder.path().join("token");
        std::fs::write(&token, "s3cret\n").unwrap();
        let answers =
            [(200, r#"{"paid": 7}"#), (422, r#"{"error": "no-policy", "message": "none"}"#), (503, ""), (200, "[]")];
        let (url, asked) = insurer(&answers).await;
        let exchange = Exchange::open(registry, reached(Some(url), false, Some(token))).unwrap();
        assert_eq!(exchange.call(&call("claim", 7)).await.unwrap()["paid"], 7);
        let refused = exchange.call(&call("claim", 7)).await.unwrap_err();
        assert_eq!((refused.code.as_deref(), refused.again), (Some("no-policy"), false));
        assert!(exchange.call(&call("claim", 7)).await.unwrap_err().again, "who is busy is asked again");
        let odd = exchange.call(&call("claim", 7)).await.unwrap_err();
        assert!(odd.code.is_none() && !odd.again);
        assert!(exchange.call(&call("claim", 7)).await.unwrap_err().again, "silence");
        let asked = asked.lock().unwrap().clone();
        assert!(asked.iter().all(|a| a.starts_with("post /api/claim ") && a.contains("idempotency-key: 1-2-c3")));
        assert!(asked.iter().all(|a| a.contains("authorization: bearer s3cret")));
        assert!(exchange.call(&call("steal", 7)).await.is_err_and(|e| e.message.contains("no operation")));
        store.close().await;
    }

    /// Two people, and a case of the first.
    async fn people(registry: &Registry) -> [Urn; 3] {
        let space: svod_kernel::SpacePath = "t".parse().unwrap();
        registry.ensure_space(&space, false).await.unwrap();
        let [anna, boris, case]: [Urn; 3] =
            ["person:anna", "person:boris", "case:1"].map(|n| format!("urn:t:{n}").parse().unwrap());
        let person = |urn: &Urn, name: &str| Entity::new(urn.clone(), "Person", space.clone()).with("name", text(name));
        let made = Entity::new(case.clone(), "Case", space.clone())
            .with("name", text("A claim"))
            .with("process", text("claim"))
            .with("processVersion", text("1"))
            .with("status", text("open"))
            .with("subject", text("residence"))
            .with("openedAt", text("2026-01-10T00:00:00Z"))
            .with("person", Attribute::object(anna.clone()));
        let all = [person(&anna, "Anna"), person(&boris, "Boris"), made];
        let changes = all.into_iter().map(|e| Operation::Create(e).into()).collect();
        let command = Command { ground: "test".into(), changes, ..Command::default() };
        registry.execute(&Actor::platform("test"), command).await.unwrap();
        [anna, boris, case]
    }

    fn text(value: &str) -> Attribute {
        Attribute::property(value)
    }

    /// To whom something of a person was given, by which names, as the person sees it.
    async fn given(trust: &Trust, person: &Urn) -> Vec<(String, Value)> {
        let roles = [Role::Citizen].into();
        let me = Actor { id: person.to_string(), name: "citizen".into(), roles, ..Actor::anonymous() };
        let all = trust.accesses(&me, Some(true), 0..9).await.unwrap();
        assert!(trust.accesses(&me, Some(false), 0..9).await.unwrap().is_empty(), "nobody has looked");
        all.iter().map(|a| (a.text("actor").unwrap().to_owned(), a.value("only").unwrap().clone())).collect()
    }

    #[tokio::test]
    async fn whose_data_were_sent_sees_to_whom_once() {
        let place = TestPlace::sqlite();
        let (store, registry) = registry(&place).await;
        let [anna, boris, case] = people(&registry).await;
        let trust = Trust::new(registry.clone());
        let fine = (200, "{}");
        let answers = [(503, ""), (422, r#"{"error": "no-policy"}"#), fine, fine, fine, fine];
        let (url, _kept) = insurer(&answers).await;
        let exchange = Exchange::open(registry.clone(), reached(Some(url), false, None)).unwrap();
        let of_case =
            |operation: &str, key: &str| ServiceCall { key: key.into(), case: case.to_string(), ..call(operation, 7) };
        // Nothing leaves the house: an operation that the system has not, an address that is not allowed.
        assert!(exchange.call(&of_case("steal", "k0")).await.is_err());
        let nowhere = Some("http://198.51.100.1/api".to_owned());
        let barred = Exchange::open(registry.clone(), reached(nowhere, false, None)).unwrap();
        assert!(barred.call(&of_case("claim", "k0")).await.is_err());
        assert!(given(&trust, &anna).await.is_empty());
        // What it was sent it has, whatever it answers; asked again with the same key, it has it once.
        for again in [true, false] {
            assert_eq!(exchange.call(&of_case("claim", "k1")).await.unwrap_err().again, again);
        }
        assert!(exchange.call(&of_case("claim", "k1")).await.is_ok());
        let once = vec![("exchange:insurer".to_owned(), json!(["amount"]))];
        assert_eq!(given(&trust, &anna).await, once);
        assert!(given(&trust, &boris).await.is_empty(), "a stranger sees nothing of it");
        // Another of whom it says something sees it too.
        let mut two = of_case("claim", "k2");
        two.input["data"]["other"] = json!([{"whom": boris.as_str()}]);
        exchange.call(&two).await.unwrap();
        assert_eq!(given(&trust, &boris).await, [("exchange:insurer".to_owned(), json!(["amount", "other"]))]);
        assert_eq!(given(&trust, &anna).await.len(), 2);
        // A call without data says nothing of anybody.
        let mut bare = of_case("claim", "k-bare");
        bare.input.remove("data");
        exchange.call(&bare).await.unwrap();
        assert_eq!(given(&trust, &anna).await.len(), 2);
        // However many are named before, and however often.
        let mut many = of_case("claim", "k-many");
        let strangers = (0..150).map(|n| format!("urn:t:person:a{n:03}"));
        let named: Vec<String> = strangers.chain(vec![anna.to_string(); 150]).chain([boris.to_string()]).collect();
        many.input["data"]["named"] = json!(named);
        exchange.call(&many).await.unwrap();
        assert_eq!(given(&trust, &boris).await.len(), 2);
        // Nobody listens.
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let silent =
            Exchange::open(registry.clone(), reached(Some(format!("http://{closed}/api")), false, None)).unwrap();
        assert!(silent.call(&of_case("claim", "k3")).await.is_err_and(|e| e.again));
        assert_eq!(given(&trust, &anna).await.len(), 3);
        store.close().await;
    }

    #[tokio::test]
    async fn the_sandbox_answers_in_a_demonstration_and_nowhere_else() {
        let place = TestPlace::sqlite();
        let (store, registry) = registry(&place).await;
        let demo = Exchange::open(registry.clone(), reached(None, true, None)).unwrap();
        let answer = demo.call(&call("claim", 7)).await.unwrap();
        assert_eq!((&answer["paid"], &answer["sandbox"]), (&json!(7), &json!(true)));
        assert_eq!(demo.call(&call("claim", 700)).await.unwrap_err().code.as_deref(), Some("too-much"));
        let earnest = Exchange::open(registry, reached(None, false, None)).unwrap();
        let waits = earnest.call(&call("claim", 7)).await.unwrap_err();
        assert!(waits.again && waits.message.contains("exchange.insurer.url"), "{}", waits.message);
        store.close().await;
    }
}
