//! Starts every room in order and stops them in reverse.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use svod_files::{Files, FilesDeps};
use svod_identity::Identity;
use svod_ingest::IngestLimits;
use svod_kernel::{Clock, Rng};
use svod_model::PackSource;
use svod_mqtt::MqttBroker;
use svod_ngsi_ld::subscriptions::Notifications;
use svod_notary::Witness;
use svod_notify::{Notify, NotifyConfig, NotifyDeps};
use svod_registry::Registry;
use svod_runtime::Triggers;
use svod_store::{Store, StoreOptions, StoreUrl};
use svod_subscriptions::Started;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::config::OutboundConfig;
use crate::exchange::Reached;
use crate::ledger;
use crate::outbound::Outbound;
use crate::rooms::{Core, Ground};
use crate::tls::Doors;
use crate::{earnest, http, keeping, mqtt, ngsi, outside, secrets};

/// The open space of `--sandbox`.
pub const SANDBOX_SPACE: &str = "sandbox";

/// How long requests under way may take to end when the platform stops.
const GRACE: Duration = Duration::from_secs(5);

/// What is not configuration: how this start is meant.
#[derive(Clone)]
pub struct PlatformOptions {
    /// Demo personas are let in and devices may deliver without a password.
    pub demo: bool,
    /// One open space with anonymous rights; loopback only.
    pub sandbox: bool,
    /// Packs published at the start when they are new.
    pub packs: Vec<PackSource>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
}

/// Where the platform listens.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// Pages and API.
    pub http: SocketAddr,
    /// Broker.
    pub mqtt: SocketAddr,
}

/// A running platform.
pub struct Platform {
    /// Where it listens.
    pub addresses: Addresses,
    /// The rooms.
    pub core: Core,
    broker: Arc<MqttBroker>,
    stop: tokio::sync::watch::Sender<bool>,
    server: JoinHandle<()>,
    workers: Vec<JoinHandle<()>>,
    notify: Notify,
    subscriptions: Started<Notifications>,
    notary: svod_notary::Running,
    triggers: svod_runtime::triggers::Started,
}

impl Platform {
    /// Opens the store, publishes new packs, builds the twin and listens.
    ///
    /// # Errors
    /// What went wrong, with the key or address it went wrong with.
    pub async fn start(config: &Config, options: PlatformOptions) -> anyhow::Result<Self> {
        if options.sandbox {
            refuse_open_listening(config)?;
        }
        let doors = Doors::open(config)?;
        let http_listener = listen("http.listen", config.http.listen).await?;
        let mqtt_listener = listen("mqtt.listen", config.mqtt.listen).await?;
        let addresses = Addresses { http: http_listener.local_addr()?, mqtt: mqtt_listener.local_addr()? };
        let url = config.http.base(addresses.http);
        tracing::info!(http = %addresses.http, mqtt = %addresses.mqtt, %url, demo = options.demo, "listening");
        std::fs::create_dir_all(&config.data.0)
            .with_context(|| format!("the data folder {} cannot be made", config.data.0.display()))?;
        let store = open_store(config, &options)?;
        earnest::demand(&store, options.demo || options.sandbox).await?;
        let keys = secrets::identity_keys(&config.data.0, &*options.rng)
            .with_context(|| format!("the installation's key in {} cannot be read or made", config.data.0.display()))?;
        let outbound = Outbound::new(&outbound_rules(config, &options))?;
        let ground = ground(config, &options, (store, keys[0], outbound.clone()), addresses.http)?;
        let core = Core::open(ground, &options.packs, Vec::new(), limits(config)).await?;
        if options.sandbox {
            core.registry.ensure_space(&SANDBOX_SPACE.parse().context("a literal")?, true).await?;
        }
        let mut workers = own_workers(config, &options, &core);
        let broker = mqtt::start(config, &options, &core, (mqtt_listener, doors.mqtt.clone()));
        let outward: Arc<dyn svod_notify::Publish> = broker.clone();
        workers.extend(followers(config, &core, (broker.clone(), keys)));
        mqtt::retain_open_alerts(&core.registry, &*outward).await?;
        let notify = Notify::start(
            NotifyDeps { store: core.store.clone(), clock: options.clock.clone(), publish: outward },
            NotifyConfig { node: core.node.clone(), ..NotifyConfig::default() },
        );
        let (stop, stopped) = tokio::sync::watch::channel(false);
        outside::open(&core.identity, &config.identity.providers, outbound.clone())?;
        workers.push(tokio::spawn(outside::tell(core.identity.clone())));
        workers.push(tokio::spawn(outside::know(core.identity.clone())));
        let ngsi = ngsi::state(&core, outbound.clone(), &config.ngsi_ld, options.sandbox, addresses.http);
        let subscriptions = ngsi.subscriptions.start(&core.node).await?;
        workers.push(tokio::spawn(svod_ngsi_ld::sources::watch::run(ngsi.clone())));
        workers.extend(ledger::workers(&config.ledger, &core, outbound)?);
        let files = files(config, &core)?;
        workers.push(files.start());
        let edges = http::Edges { ngsi, witness: witness(config, &options, &core)?, files };
        let (notary, triggers) = behind(&core).await?;
        let server = http::serve((http_listener, doors.http.clone()), config, &core, edges, stopped);
        workers.extend(doors.follow());
        Ok(Self { addresses, core, broker, stop, server, workers, notify, subscriptions, notary, triggers })
    }

    /// Stops listening, lets requests under way end, and closes the store; what was acknowledged is durable already.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        self.broker.shutdown().await;
        if tokio::time::timeout(GRACE, self.server).await.is_err() {
            tracing::info!("some requests were still open and have been cut off");
        }
        for worker in self.workers {
            worker.abort();
        }
        self.core.runtime.release().await;
        self.core.worker.release().await;
        self.triggers.stop().await;
        self.notify.stop().await;
        self.subscriptions.stop().await;
        self.notary.stop().await;
        self.core.store.close().await;
    }
}

/// What follows the journal and the clock from the place where it was left.
async fn behind(core: &Core) -> anyhow::Result<(svod_notary::Running, svod_runtime::triggers::Started)> {
    let triggers = Triggers::new(core.applications.clone(), core.store.clone(), core.node.clone());
    Ok((core.notary.start(), triggers.start().await?))
}

/// The socket listens at once, so that its address can be named first; connections wait until the rooms are ready.
async fn listen(key: &str, address: SocketAddr) -> anyhow::Result<tokio::net::TcpListener> {
    tokio::net::TcpListener::bind(address).await.with_context(|| format!("{key}: {address} cannot be listened on"))
}

fn limits(config: &Config) -> IngestLimits {
    let in_flight = u32::try_from(config.ingest.max_in_flight).unwrap_or(u32::MAX);
    IngestLimits { in_flight, ..IngestLimits::default() }
}

fn open_store(config: &Config, options: &PlatformOptions) -> anyhow::Result<Store> {
    let url: StoreUrl = config.store_url().parse().context("store.url")?;
    Store::open(&url, StoreOptions::default(), options.clock.clone())
        .with_context(|| format!("the store {url} cannot be opened"))
}

/// What the rooms stand on.
fn ground(
    config: &Config,
    options: &PlatformOptions,
    (store, key, outbound): (Store, [u8; 32], Outbound),
    address: SocketAddr,
) -> anyhow::Result<Ground> {
    Ok(Ground {
        store,
        clock: options.clock.clone(),
        rng: options.rng.clone(),
        key,
        node: secrets::node(&config.data.0, &*options.rng).context("the name of this node cannot be kept")?,
        demo: options.demo,
        origin: config.origin(address),
        session_seconds: i64::from(config.identity.session_hours.max(1)) * 3600,
        breached: config.identity.breached_passwords.clone(),
        cache_bytes: config.store.entity_cache_mib << 20,
        ledger: ledger::Keeping::open(&config.ledger, &config.data.0, &*options.rng)?,
        reached: Reached {
            outbound: Some(outbound),
            systems: config.exchange.clone(),
            demo: options.demo,
            payments: config.payments.clone(),
        },
    })
}

fn files(config: &Config, core: &Core) -> anyhow::Result<Files> {
    let options = config.files.options().context("files.scanner")?;
    let (store, registry, trust) = (core.store.clone(), core.registry.clone(), core.trust.clone());
    Ok(Files::new(FilesDeps { store, registry, trust, options }))
}

fn witness(config: &Config, options: &PlatformOptions, core: &Core) -> anyhow::Result<Arc<Witness>> {
    let deps = (core.store.clone(), options.clock.clone(), core.notary.origin());
    Ok(Arc::new(ledger::witness(&config.ledger, &config.data.0, &*options.rng, deps)?))
}

/// What is changed from outside while the platform runs: keys of the installation, devices that are revoked.
fn followers(config: &Config, core: &Core, (broker, keys): (Arc<MqttBroker>, Vec<[u8; 32]>)) -> [JoinHandle<()>; 2] {
    core.identity.set_keys(&keys);
    [
        tokio::spawn(secrets::follow(config.data.0.clone(), core.identity.clone(), keys)),
        tokio::spawn(mqtt::follow_revocations(core.identity.clone(), broker)),
    ]
}

/// The sandbox is for tries on this machine: it fetches from anywhere.
fn outbound_rules(config: &Config, options: &PlatformOptions) -> OutboundConfig {
    if options.sandbox {
        let any = || vec!["*".to_owned()];
        return OutboundConfig { hosts: any(), plain: any(), private: true, ..config.outbound.clone() };
    }
    config.outbound.clone()
}

fn refuse_open_listening(config: &Config) -> anyhow::Result<()> {
    for (key, address) in [("http.listen", config.http.listen), ("mqtt.listen", config.mqtt.listen)] {
        anyhow::ensure!(
            address.ip().is_loopback(),
            "{key}: the sandbox gives everybody every right and listens on loopback only; {address} is not loopback"
        );
    }
    Ok(())
}

/// What goes on by itself and speaks to nobody outside.
fn own_workers(config: &Config, options: &PlatformOptions, core: &Core) -> Vec<JoinHandle<()>> {
    let keeping = keeping::run(core.clone(), config.keep.clone());
    let personas = keep_personas(core.registry.clone(), core.identity.clone(), options.demo);
    vec![core.runtime.start(), core.worker.start(), personas, tokio::spawn(keeping)]
}

/// Identity knows the personas of the packs in force.
fn keep_personas(registry: Arc<Registry>, identity: Arc<Identity>, demo: bool) -> JoinHandle<()> {
    let mut changes = registry.catalogue_changes();
    identity.set_personas(registry.catalogue().personas.clone());
    tokio::spawn(async move {
        while changes.changed().await.is_ok() {
            let personas = registry.catalogue().personas.clone();
            if demo && let Err(error) = crate::people::settle(&registry, &personas).await {
                tracing::warn!(%error, "people of the demonstration are missing");
            }
            identity.set_personas(personas);
        }
    })
}
