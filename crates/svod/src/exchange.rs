//! `exchange.call`: processes ask systems of others, by HTTP under the outbound rules.
//!
//! `POST <url>/<operation>` with what the process gives as a JSON body, `Idempotency-Key` (the same while the same call is
//! repeated) and, where a token is configured, `Authorization: Bearer`. 2xx with a JSON object: the answer. 4xx with
//! `{"error": "<code>", "message": "…"}`: an error of the business, by its code. 408, 409, 425, 429, 5xx and no answer: asked
//! again. What is not reached because nobody has said how is answered by the pack's sandbox decision, in demonstrations only;
//! the answer says so (`sandbox: true`).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use svod_model::ExchangeSpec;
use svod_registry::Registry;
use svod_runtime::cases::{Answer, Connector, ConnectorError, ServiceCall};

use crate::config::{ExchangeConfigs, PaymentsConfig};
use crate::outbound::Outbound;

/// The operation of service tasks.
pub const CALL: &str = "exchange.call";
/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(25);
/// Longest answer.
const MAX_ANSWER: usize = 256 << 10;

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
        Ok(Self { registry, reached, tokens })
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
                self.reach(outbound, (system, &url), (&call.key, data)).await
            }
            _ if self.reached.demo || configured.is_some_and(|c| c.sandbox) => self.pretend(&spec, operation, data).await,
            _ => Err(failure(format!("nobody has said how '{system}' is reached: set exchange.{system}.url"), true)),
        }
    }

    async fn reach(
        &self,
        outbound: &Outbound,
        (system, url): (&str, &str),
        (key, data): (&str, Value),
    ) -> Result<Map<String, Value>, ConnectorError> {
        let mut headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("accept".to_owned(), "application/json".to_owned()),
            ("idempotency-key".to_owned(), key.to_owned()),
        ];
        if let Some(token) = self.tokens.get(system) {
            headers.push(("authorization".to_owned(), format!("Bearer {token}")));
        }
        let sent = outbound.send("POST", url, &headers, Some(data.to_string()), PATIENCE).await;
        let answered = sent.map_err(|why| failure(format!("'{system}' does not answer: {why}"), true))?;
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
        let asked = programs.decide(decision, &inputs, self.registry.clock().now());
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

impl Connector for Exchange {
    fn services(&self) -> Vec<&'static str> {
        vec![CALL]
    }

    fn call<'a>(&'a self, call: &'a ServiceCall) -> Answer<'a> {
        Box::pin(self.ask(call))
    }
}
