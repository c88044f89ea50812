//! The broker's questions, answered by identity, policy and ingest; and what the platform tells the outside.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use svod_identity::Identity;
use svod_ingest::{Ingest, IngestError, RawMessage};
use svod_kernel::{Actor, Role};
use svod_notify::Undelivered;
use svod_mqtt::{BoxFuture, Credentials, Door, MqttBroker, Publication, PublishRefusal, Refusal};
use svod_registry::{Action, EntityQuery, INSTALLATION, Registry};

use crate::config::{Config, MqttConfig};
use crate::rooms::Core;
use crate::platform::PlatformOptions;

struct Gate {
    registry: Arc<Registry>,
    identity: Arc<Identity>,
    ingest: Ingest,
    anonymous: bool,
}

/// Starts the broker.
pub async fn start(
    config: &Config,
    options: &PlatformOptions,
    core: &Core,
) -> anyhow::Result<(Arc<MqttBroker>, SocketAddr)> {
    let anonymous = config.mqtt.anonymous || options.demo || options.sandbox;
    let limits = svod_mqtt::MqttConfig {
        max_connections: config.mqtt.max_connections,
        max_packet_size: u32::try_from(config.mqtt.max_packet_bytes).unwrap_or(u32::MAX),
        ..svod_mqtt::MqttConfig::default()
    };
    let gate = Gate {
        registry: core.registry.clone(),
        identity: core.identity.clone(),
        ingest: core.ingest.clone(),
        anonymous,
    };
    let broker = Arc::new(MqttBroker::new(limits, Arc::new(gate)));
    let address = broker
        .listen(config.mqtt.listen, tls(&config.mqtt)?)
        .await
        .with_context(|| format!("mqtt.listen: {} cannot be listened on", config.mqtt.listen))?;
    Ok((broker, address))
}

fn tls(config: &MqttConfig) -> anyhow::Result<Option<Arc<tokio_rustls::rustls::ServerConfig>>> {
    use tokio_rustls::rustls::{ServerConfig, crypto::ring, pki_types::pem::PemObject as _, pki_types::*};
    let (Some(cert), Some(key)) = (&config.tls_cert, &config.tls_key) else { return Ok(None) };
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(|all| all.collect::<Result<Vec<_>, _>>())
        .with_context(|| format!("mqtt.tls_cert: {} is no PEM certificate chain", cert.display()))?;
    let key_der = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("mqtt.tls_key: {} is no PEM private key", key.display()))?;
    let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key_der)
        .context("mqtt.tls_cert and mqtt.tls_key do not fit together")?;
    Ok(Some(Arc::new(server)))
}

/// A device that gave no password: it may deliver to every region, which is why it must be allowed expressly.
fn nameless_device(registry: &Registry, client: &str) -> Actor {
    let tree = registry.spaces();
    let tops = tree.all().into_iter().filter(|s| s.path.parent().is_none() && s.path.as_str() != INSTALLATION);
    Actor {
        id: format!("device:{}", client.chars().take(64).collect::<String>()),
        name: "device".into(),
        roles: [Role::Device].into(),
        spaces: tops.map(|s| s.path.clone()).collect(),
        body: None,
    }
}

impl Door for Gate {
    fn authenticate(&self, c: Credentials) -> BoxFuture<Result<Actor, Refusal>> {
        let answer = match &c.password {
            Some(password) => std::str::from_utf8(password)
                .map_err(|_| Refusal::BadCredentials)
                .and_then(|token| self.identity.authenticate(token).map_err(|_| Refusal::BadCredentials)),
            None if self.anonymous => Ok(nameless_device(&self.registry, &c.client_id)),
            None => Err(Refusal::NotAuthorised),
        };
        Box::pin(async move { answer })
    }

    fn publish(&self, actor: Arc<Actor>, messages: Vec<Publication>) -> BoxFuture<Vec<Result<(), PublishRefusal>>> {
        let ingest = self.ingest.clone();
        Box::pin(async move {
            let raw = messages.into_iter().map(|m| RawMessage::published(m.topic, m.payload)).collect();
            let answers = ingest.submit_each(&actor, raw).await;
            answers.into_iter().map(|a| a.map_err(refusal)).collect()
        })
    }

    /// Platform topics are `svod/<space>/…`: who may read alerts of the space may follow them. Devices' own topics are
    /// for those who may look into quarantine there: raw payloads are nobody else's business.
    fn may_subscribe(&self, actor: &Actor, filter: &str) -> bool {
        let tree = self.registry.spaces();
        let spaces = tree.all();
        let platform = filter.strip_prefix("svod/").map(|rest| {
            let fixed = rest.split(['+', '#']).next().unwrap_or_default();
            let fixed = fixed.split("/alerts").next().unwrap_or_default().trim_end_matches('/');
            fixed.to_owned()
        });
        match platform {
            Some(fixed) if fixed.is_empty() => {
                spaces.iter().all(|s| self.registry.may(actor, Action::Read, &self.registry.resource("Alert", &s.path)))
            }
            Some(fixed) => fixed
                .parse()
                .is_ok_and(|space| self.registry.may(actor, Action::Read, &self.registry.resource("Alert", &space))),
            None => {
                let may = |s: &&svod_registry::SpaceInfo| {
                    self.registry.may(actor, Action::ReadQuarantine, &self.registry.resource("Quarantine", &s.path))
                };
                spaces.iter().filter(|s| s.path.as_str() != INSTALLATION).all(may)
            }
        }
    }
}

fn refusal(e: IngestError) -> PublishRefusal {
    match e {
        IngestError::Busy => PublishRefusal::Busy,
        IngestError::Forbidden | IngestError::TooLarge(_) => PublishRefusal::NotAuthorised,
        IngestError::Store(_) | IngestError::Stopping => PublishRefusal::Failed,
    }
}

/// The outbox's way to subscribers.
pub struct Outward(pub Arc<MqttBroker>);

impl svod_notify::Publish for Outward {
    fn publish(&self, topic: &str, payload: &[u8], retain: bool) -> Result<(), Undelivered> {
        self.0
            .publish(topic, Bytes::copy_from_slice(payload), retain)
            .map_err(|e| Undelivered { topic: topic.to_owned(), reason: e.to_string() })
    }
}

/// Retained messages live in memory: open alerts are told anew at the start.
pub async fn retain_open_alerts(registry: &Arc<Registry>, publish: &dyn svod_notify::Publish) -> anyhow::Result<()> {
    let platform = Actor::platform("notify");
    for space in registry.spaces().all() {
        let mut q = EntityQuery { below: false, limit: 1_000, ..EntityQuery::of(space.path.clone(), &["Alert"]) }
            .with("status", "open");
        loop {
            let page = registry.query(&platform, q.clone()).await?;
            let told: Vec<String> = page.items.iter().map(|a| svod_runtime::alert_message(a, "open").body).collect();
            svod_notify::republish(publish, told.iter().map(String::as_str));
            let Some(next) = page.next else { break };
            q.after = Some(next);
        }
    }
    Ok(())
}
