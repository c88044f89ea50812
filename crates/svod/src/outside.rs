//! Outside providers by which people sign in, reached by the outbound rules.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use svod_identity::{Asked, Fetch, Fetched, Identity, OutsideProvider};

use crate::config::ProviderConfig;
use crate::outbound::Outbound;

/// How long somebody waits for a provider.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest answer.
const MAX_ANSWER: usize = 1 << 20;

struct Network(Outbound);

impl Fetch for Network {
    fn fetch<'a>(&'a self, asked: Asked) -> Fetched<'a> {
        Box::pin(async move {
            let mut headers = vec![("accept".to_owned(), "application/json".to_owned())];
            if asked.form.is_some() {
                headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
            }
            let method = if asked.form.is_some() { "POST" } else { "GET" };
            let answered = self.0.send(method, &asked.url, &headers, asked.form, PATIENCE).await?;
            let status = answered.status();
            let body = answered.body(MAX_ANSWER).await?;
            // Who is only told something need not answer with a document.
            let document = serde_json::from_slice(&body);
            match (document, asked.bare) {
                (Ok(document), _) => Ok((status, document)),
                (Err(_), true) => Ok((status, serde_json::Value::Null)),
                (Err(e), false) => Err(format!("{status} without JSON: {e}")),
            }
        })
    }
}

/// Other nodes end sessions too, and time does: sites that are still to be told are looked for that often.
const LOOKED_FOR: Duration = Duration::from_secs(30);

/// Tells the sites of sessions that have ended, for as long as it is let.
pub async fn tell(identity: Arc<Identity>) {
    loop {
        // Whether somebody called or time has passed, it is looked.
        let _ = tokio::time::timeout(LOOKED_FOR, identity.session_ended()).await;
        loop {
            match identity.tell_ended().await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "sites could not be told that sessions have ended; tried again soon");
                    break;
                }
            }
        }
    }
}

/// Providers are asked that often what they say of themselves, sooner where one has not answered.
const ASKED: Duration = Duration::from_secs(1_800);
const ASKED_AGAIN: Duration = Duration::from_secs(60);

/// Knows where the providers' buttons lead before somebody presses one, for as long as it is let.
pub async fn know(identity: Arc<Identity>) {
    loop {
        let all = identity.know_providers().await;
        tokio::time::sleep(if all { ASKED } else { ASKED_AGAIN }).await;
    }
}

/// Lets people in by these providers.
///
/// # Errors
/// When the secret of one cannot be read.
pub fn open(identity: &Arc<Identity>, providers: &[ProviderConfig], outbound: Outbound) -> anyhow::Result<()> {
    let spec = |p: &ProviderConfig| {
        let secret = p.secret_file.as_ref().map(|file| {
            std::fs::read_to_string(file).with_context(|| format!("identity.providers: the secret of {}", p.id))
        });
        Ok(OutsideProvider {
            id: p.id.clone(),
            name: p.name.clone(),
            issuer: p.issuer.clone(),
            client_id: p.client_id.clone(),
            client_secret: secret.transpose()?.unwrap_or_default().trim().to_owned(),
            scope: p.scope.clone(),
            national_id_claim: p.national_id_claim.clone().unwrap_or_default(),
            acr: p.acr.clone(),
            amr: p.amr.clone(),
            also_at: p.also_at.clone(),
            rsa_2048: p.rsa_2048,
        })
    };
    let all: anyhow::Result<Vec<OutsideProvider>> = providers.iter().map(spec).collect();
    identity.set_outside(all?, Arc::new(Network(outbound)));
    Ok(())
}
