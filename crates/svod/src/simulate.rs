//! The simulated feeds: what packs declare, sent over MQTT like any device's.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rumqttc::{AsyncClient, EventLoop, MqttOptions, QoS};
use svod_kernel::{Actor, Clock, SystemClock};
use svod_model::{Entity, Point, SimulationSpec};
use svod_registry::{EntityQuery, Registry};
use svod_simulation::{SimDevice, Simulation};
use tokio::task::JoinHandle;

/// How often the simulation looks at the clock.
const STEP: Duration = Duration::from_millis(200);

/// Publishes waiting in the client.
const IN_FLIGHT: usize = 1_000;

/// One declared simulation with its topic.
pub struct Feed {
    /// MQTT topic with `{device}`.
    pub topic: String,
    /// Makes the payloads.
    pub simulation: Simulation,
}

/// Starts the feeds of all packs in force over a connection to the broker; starts anew when packs are published.
/// Profiles in `replaced` are fed by real data and left out.
pub fn start(registry: Arc<Registry>, broker: SocketAddr, seed: u64, replaced: Vec<String>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut packs = registry.catalogue_changes();
        loop {
            let feeds = feeds(&registry, seed, &replaced).await;
            let devices: usize = feeds.iter().map(|f| f.simulation.len()).sum();
            tracing::info!(feeds = feeds.len(), devices, seed, "simulated feeds started");
            tokio::select! {
                () = send(feeds, broker) => return,
                changed = packs.changed() => if changed.is_err() { return },
            }
        }
    })
}

async fn feeds(registry: &Registry, seed: u64, replaced: &[String]) -> Vec<Feed> {
    let catalogue = registry.catalogue();
    let mut feeds = Vec::new();
    for pack in &catalogue.packs {
        for spec in pack.simulations.iter().filter(|s| !replaced.contains(&s.profile)) {
            let Some(profile) = pack.devices.iter().find(|d| d.id == spec.profile) else { continue };
            let Some(top) = pack.manifest.space.as_deref().and_then(|s| s.parse().ok()) else { continue };
            let entities = entities(registry, EntityQuery::of(top, &[&spec.kind])).await;
            let devices = entities.iter().filter_map(|e| device(e, spec)).collect();
            match Simulation::new(spec, devices, seed) {
                Ok(simulation) => feeds.push(Feed { topic: profile.topic.clone(), simulation }),
                Err(e) => tracing::error!(simulation = spec.id, error = %e, "a simulation cannot start"),
            }
        }
    }
    feeds
}

async fn entities(registry: &Registry, mut query: EntityQuery) -> Vec<Entity> {
    let mut all = Vec::new();
    query.limit = 1_000;
    loop {
        match registry.query(&Actor::platform("simulation"), query.clone()).await {
            Ok(page) => {
                all.extend(page.items);
                let Some(next) = page.next else { return all };
                query.after = Some(next);
            }
            Err(e) => {
                tracing::error!(error = %e, "the simulated devices could not be read");
                return all;
            }
        }
    }
}

/// The device of an entity; its route stands in the attribute that the simulation names.
pub fn device(entity: &Entity, spec: &SimulationSpec) -> Option<SimDevice> {
    let attribute = spec.spec.pointer("/route/attribute").and_then(|a| a.as_str()).unwrap_or("route");
    let route = entity.geometry(attribute).and_then(|g| {
        let points = g.get("coordinates")?.as_array()?.iter();
        points.map(|c| Some(Point { lon: c.get(0)?.as_f64()?, lat: c.get(1)?.as_f64()? })).collect()
    });
    Some(SimDevice { external_id: entity.text("deviceId")?.to_owned(), route })
}

/// Sends until the connection cannot be made any more.
pub async fn send(mut feeds: Vec<Feed>, broker: SocketAddr) {
    let (client, events) = connect(broker, "svod-simulation", None);
    let listening = tokio::spawn(drive(events));
    let mut every = tokio::time::interval(STEP);
    loop {
        every.tick().await;
        let now = SystemClock.now();
        for feed in &mut feeds {
            for message in feed.simulation.due(now) {
                let topic = feed.topic.replace("{device}", &message.topic_device);
                if client.publish(topic, QoS::AtLeastOnce, false, message.payload).await.is_err() {
                    listening.abort();
                    return;
                }
            }
        }
    }
}

/// A client of the broker at `address`; `token` is its password.
pub fn connect(address: SocketAddr, id: &str, token: Option<String>) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new(id, address.ip().to_string(), address.port());
    options.set_keep_alive(Duration::from_secs(30)).set_inflight(500);
    if let Some(token) = token {
        options.set_credentials("token", token);
    }
    AsyncClient::new(options, IN_FLIGHT)
}

/// Keeps the connection alive; waits a little after each failure.
async fn drive(mut events: EventLoop) {
    let mut failures: HashMap<String, u32> = HashMap::new();
    loop {
        if let Err(e) = events.poll().await {
            let seen = failures.entry(e.to_string()).or_default();
            *seen += 1;
            if *seen == 1 {
                tracing::info!(error = %e, "the simulated feeds lost the broker and try again");
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}
