//! The NGSI-LD edge with what it needs from outside.

use std::net::SocketAddr;
use std::sync::Arc;

use svod_identity::Identity;
use svod_kernel::{Actor, SpacePath};
use svod_ngsi_ld::context::{Contexts, Fetch, FetchError, load::Fetched};
use svod_ngsi_ld::hosted;
use svod_ngsi_ld::sources::watch::Watch;
use svod_ngsi_ld::subscriptions::Notifications;
use svod_ngsi_ld::{Ngsi, NgsiState};
use svod_registry::Registry;
use svod_subscriptions::{Engine, Powers, Today};
use svod_temporal::Temporal;

use crate::config::NgsiConfig;
use crate::deliver::Delivery;
use crate::outbound::{Outbound, OutboundError};
use crate::peers::Wires;
use crate::platform::SANDBOX_SPACE;
use crate::rooms::Core;

/// Contexts kept here, and those of others through the allow-list.
struct Documents {
    registry: Arc<Registry>,
    outbound: Outbound,
}

impl Fetch for Documents {
    fn get(&self, url: &str) -> Fetched {
        let (registry, outbound, url) = (self.registry.clone(), self.outbound.clone(), url.to_owned());
        Box::pin(async move {
            let unavailable = |reason: String| FetchError::Unavailable { url: url.clone(), reason };
            if let Some((_, id)) = url.split_once(hosted::PATH) {
                let kept = registry.definition_anywhere(hosted::KIND, id).await;
                if let Some(d) = kept.map_err(|e| unavailable(e.to_string()))? {
                    return hosted::body(d);
                }
            }
            outbound.json(&url).await.map_err(|e| match e {
                OutboundError::NotJson(why) => FetchError::Invalid(format!("{url} is not JSON: {why}")),
                OutboundError::Unavailable(reason) => unavailable(reason),
            })
        })
    }
}

/// Whoever has subscribed is told what they may see today.
struct OfToday(Arc<Identity>);

impl Powers for OfToday {
    fn now<'a>(&'a self, actor: &'a Actor) -> Today<'a> {
        Box::pin(async move {
            let today = self.0.powers_now(actor).await.map_err(|e| e.to_string())?;
            Ok((*today != *actor).then(|| Actor::clone(&today)))
        })
    }
}

/// The state of the edge's routes.
pub fn state(core: &Core, outbound: Outbound, config: &NgsiConfig, sandbox: bool, listening: SocketAddr) -> NgsiState {
    // Only the sandbox is surely met where it listens: elsewhere there may be a proxy in between.
    let own = sandbox.then(|| format!("http://{listening}"));
    let home: Option<SpacePath> = sandbox.then(|| SANDBOX_SPACE.parse().ok()).flatten();
    let documents = Documents { registry: core.registry.clone(), outbound: outbound.clone() };
    let contexts = Arc::new(Contexts::new(Arc::new(documents), core.registry.clock().clone()));
    let notifications = Notifications::new(core.registry.clone(), contexts.clone());
    let deliver: Arc<dyn svod_subscriptions::Deliver> = Arc::new(Delivery::new(outbound.clone()));
    NgsiState::from(Ngsi {
        registry: core.registry.clone(),
        identity: core.identity.clone(),
        contexts,
        remembered: Arc::default(),
        peers: Arc::new(Wires(outbound)),
        maps: Arc::default(),
        snapshots: Arc::default(),
        relay: Arc::default(),
        public_base: config.public_base.clone().or(own),
        watch: Arc::new(Watch::new(deliver.clone())),
        subscriptions: Engine::new(
            core.registry.clone(),
            notifications,
            deliver,
            Arc::new(OfToday(core.identity.clone())),
        ),
        temporal: Arc::new(Temporal::new(core.registry.clone(), core.store.clone(), config.history_cache_mib << 20)),
        temporal_instances: config.temporal_instances,
        since: core.registry.clock().now(),
        alias: config.alias.clone().unwrap_or_else(|| core.node.clone()),
        home,
        new_tenants: sandbox,
    })
}
