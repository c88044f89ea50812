//! Payment providers as they are configured, reached by the outbound rules.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use svod_kernel::Clock;
use svod_money::{HttpProvider, Money, MoneyDeps, Network, Networked, Provider, SANDBOX, Sandbox, Spec};
use svod_runtime::cases::Cases;
use svod_store::Store;

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
}

/// The room of money with its providers, the one that takes new payments first.
///
/// # Errors
/// A secret that cannot be read, by its key.
pub fn open(cases: Arc<Cases>, store: Store, met: &Met<'_>) -> anyhow::Result<Money> {
    let mut providers: Vec<Arc<dyn Provider>> = Vec::new();
    if let Some(outbound) = met.outbound {
        for provider in &met.config.providers {
            providers.push(Arc::new(over_http(provider, outbound, met)?));
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
