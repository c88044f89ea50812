//! The broker's questions, answered by identity, policy and ingest; and what the platform tells the outside.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use svod_identity::{Identity, IdentityError};
use svod_ingest::Feed;
use svod_kernel::{Actor, Role, SpacePath};
use svod_mqtt::{BoxFuture, Credentials, MqttBroker, PlatformDoor, Refusal};
use svod_registry::{Action, EntityQuery, INSTALLATION, Registry};
use tokio::net::TcpListener;
use tokio_rustls::rustls::ServerConfig;

use crate::config::Config;
use crate::pace::RefusedPace;
use crate::platform::PlatformOptions;
use crate::rooms::Core;

/// How often it is looked whether devices were revoked: what they hold open ends within a second.
const LOOK: Duration = Duration::from_millis(400);

/// Starts the broker on a socket that listens already; by TLS where it is given.
pub fn start(
    config: &Config,
    options: &PlatformOptions,
    core: &Core,
    (listener, tls): (TcpListener, Option<Arc<ServerConfig>>),
) -> Arc<MqttBroker> {
    let limits = svod_mqtt::MqttConfig {
        max_connections: config.mqtt.max_connections,
        max_packet_size: u32::try_from(config.mqtt.max_packet_bytes).unwrap_or(u32::MAX),
        ..svod_mqtt::MqttConfig::default()
    };
    let anonymous = config.mqtt.anonymous || options.demo || options.sandbox;
    let (rights, devices) = (core.registry.clone(), core.identity.clone());
    let (registry, identity) = (core.registry.clone(), core.identity.clone());
    let pace = RefusedPace::new(registry.clock().clone());
    let gate = Arc::new(Gate { registry, identity, anonymous, pace });
    let door = PlatformDoor {
        ingest: core.ingest.clone(),
        authenticate: Arc::new(move |c| authenticate(&gate, c)),
        still_may: Arc::new(move |actor: &Arc<Actor>| still_may(&devices, actor)),
        may_subscribe: Arc::new(move |actor, filter| may_subscribe(&rights, actor, filter)),
    };
    let broker = Arc::new(MqttBroker::new(limits, Arc::new(door)));
    broker.accept_from(listener, tls);
    broker
}

/// Who is let in, and how often who is not may ask.
struct Gate {
    registry: Arc<Registry>,
    identity: Arc<Identity>,
    anonymous: bool,
    pace: RefusedPace,
}

fn authenticate(gate: &Arc<Gate>, c: Credentials) -> BoxFuture<Result<Actor, Refusal>> {
    let address = c.peer.ip().to_canonical();
    if gate.pace.is_exceeded(address) {
        metrics::counter!("svod_mqtt_slowed_total").increment(1);
        return Box::pin(std::future::ready(Err(Refusal::Unavailable)));
    }
    let said = c.password.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let refused = |why: Refusal| {
        gate.pace.refused(address);
        gate.identity.device_refused(c.username.as_deref().unwrap_or(&c.client_id), &address.to_string());
        why
    };
    let answer = match said {
        Some(said) if Identity::is_device_secret(&said) => {
            let gate = gate.clone();
            return Box::pin(async move { keyed_device(&gate, &said, &c, address).await });
        }
        Some(token) => gate.identity.signed(&token).map_err(|_| refused(Refusal::BadCredentials)),
        None if gate.anonymous => Ok(nameless_device(&gate.registry, &c.client_id)),
        None => Err(refused(Refusal::NotAuthorised)),
    };
    Box::pin(std::future::ready(answer))
}

/// A device with credentials of its own: the user name is its identifier.
async fn keyed_device(gate: &Gate, said: &str, c: &Credentials, address: IpAddr) -> Result<Actor, Refusal> {
    let named = c.username.as_deref().unwrap_or_default();
    match gate.identity.device_of(said, Some(named), &address.to_string()).await {
        Ok(device) => Ok(Actor::clone(&device.actor)),
        Err(IdentityError::Store(_)) => Err(Refusal::Unavailable),
        Err(_) => {
            // Told and counted where it was found out.
            gate.pace.refused(address);
            Err(Refusal::BadCredentials)
        }
    }
}

/// Devices with credentials of their own are asked about with every batch, from memory mostly.
fn still_may(identity: &Arc<Identity>, actor: &Arc<Actor>) -> Option<BoxFuture<Result<Option<Feed>, Refusal>>> {
    if !Identity::is_device(actor) {
        return None;
    }
    let (identity, actor) = (identity.clone(), actor.clone());
    Some(Box::pin(async move {
        let device = identity.device_still(&actor).await.map_err(|_| Refusal::Unavailable)?;
        Ok(device.map(|d| Feed { profile: d.profile.clone(), device: d.device.clone() }))
    }))
}

/// Sends away devices that are let in no more, as long as the platform runs.
pub async fn follow_revocations(identity: Arc<Identity>, broker: Arc<MqttBroker>) {
    let mut tick = tokio::time::interval(LOOK);
    // Twice: who was just being let in has a session by the second time.
    let mut rounds = 0_u8;
    loop {
        tick.tick().await;
        match identity.look_for_revocations().await {
            Ok(true) => rounds = 2,
            Ok(false) if rounds > 0 => {}
            Ok(false) => continue,
            Err(error) => {
                tracing::debug!(%error, "whether devices were revoked cannot be told now");
                continue;
            }
        }
        if let Ok(gone) = identity.revoked_devices().await {
            rounds -= 1;
            let ended = broker.expel(|actor| gone.contains(actor));
            if ended > 0 {
                tracing::info!(ended, "devices that are let in no more were sent away");
            }
        }
    }
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
        on_behalf: Vec::new(),
    }
}

/// Platform topics are `svod/<space>/…`: who may read alerts of the space may follow them. Devices' own topics are for
/// those who may look into quarantine there: raw payloads are nobody else's business.
fn may_subscribe(registry: &Registry, actor: &Actor, filter: &str) -> bool {
    let may =
        |action: Action, kind: &str, space: &SpacePath| registry.may(actor, action, &registry.resource(kind, space));
    let tree = registry.spaces();
    let mut regions = tree.all().into_iter().filter(|s| s.path.as_str() != INSTALLATION);
    let Some(rest) = filter.strip_prefix("svod/") else {
        return regions.all(|s| may(Action::ReadQuarantine, "Quarantine", &s.path));
    };
    let fixed = rest.split(['+', '#']).next().unwrap_or_default();
    let fixed = fixed.split("/alerts").next().unwrap_or_default().trim_end_matches('/');
    match fixed.parse::<SpacePath>() {
        Ok(space) => may(Action::Read, "Alert", &space),
        Err(_) => fixed.is_empty() && regions.all(|s| may(Action::Read, "Alert", &s.path)),
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
