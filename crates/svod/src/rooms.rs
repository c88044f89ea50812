//! The rooms without their doors: what the platform, pack tests and the testkit have in common.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use svod_history::History;
use svod_identity::{Identity, IdentityDeps};
use svod_ingest::{DeviceDirectory, Ingest, IngestDeps, IngestLimits};
use svod_kernel::{Actor, Clock, Rng};
use svod_model::{Entity, PackSource};
use svod_money::{Money, Payments};
use svod_notary::{Notary, NotaryDeps};
use svod_registry::{Catalogue, Change, Command, Operation, PublishError, Registry, RegistryDeps};
use svod_runtime::cases::{Cases, Connector, Worker};
use svod_runtime::{Applications, Runtime, Tasks};
use svod_store::Store;
use svod_trust::Trust;
use svod_twin::Twin;

use crate::directory::Posts;
use crate::exchange::{Exchange, Reached};
use crate::judge::{TwinJudge, TwinSweep};
use crate::ledger::Keeping;
use crate::payments;

/// What the rooms stand on.
pub struct Ground {
    /// Everything durable.
    pub store: Store,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// The installation's secret.
    pub key: [u8; 32],
    /// Name of this process in leases.
    pub node: String,
    /// Demo personas are let in.
    pub demo: bool,
    /// The address at which people reach the installation.
    pub origin: Option<String>,
    /// How long their sessions last.
    pub session_seconds: i64,
    /// A file of passwords known to have leaked.
    pub breached: Option<PathBuf>,
    /// Bytes of entities kept in memory at the most.
    pub cache_bytes: u64,
    /// What the ledger is kept with.
    pub ledger: Keeping,
    /// How systems of others are reached.
    pub reached: Reached,
}

/// The rooms, wired.
#[derive(Clone)]
pub struct Core {
    /// The one door.
    pub registry: Arc<Registry>,
    /// Who somebody is.
    pub identity: Arc<Identity>,
    /// Who looks at whose data, and who acts for whom.
    pub trust: Trust,
    /// Readings come in.
    pub ingest: Ingest,
    /// Observations.
    pub history: Arc<History>,
    /// The present.
    pub twin: Arc<Twin>,
    /// Findings become deeds; not started.
    pub runtime: Arc<Runtime>,
    /// Process instances.
    pub cases: Arc<Cases>,
    /// What comes by itself in cases; not started.
    pub worker: Arc<Worker>,
    /// Services that people ask for.
    pub applications: Applications,
    /// What officials do.
    pub tasks: Tasks,
    /// What people owe, pay and are paid.
    pub money: Money,
    /// Everything durable.
    pub store: Store,
    /// Name of this process in leases.
    pub node: String,
    /// What cannot be rewritten; not started.
    pub notary: Arc<Notary>,
}

impl Core {
    /// Opens the registry, publishes packs that are new, makes the entities given, and builds the rooms above.
    ///
    /// # Errors
    /// A pack with faults, or a store that fails.
    pub async fn open(
        ground: Ground,
        packs: &[PackSource],
        given: Vec<Entity>,
        limits: IngestLimits,
    ) -> anyhow::Result<Self> {
        Self::open_with(ground, packs, given, (limits, Arc::new(Catalogue::empty()))).await
    }

    /// As [`Core::open`] with packs that were compiled before, for a store that holds just those.
    ///
    /// # Errors
    /// As [`Core::open`].
    pub async fn open_with(
        ground: Ground,
        packs: &[PackSource],
        given: Vec<Entity>,
        (limits, compiled): (IngestLimits, Arc<Catalogue>),
    ) -> anyhow::Result<Self> {
        let identity = identity(&ground)?;
        let registry = registry(&ground, (packs, compiled), given).await?;
        let Ground { store, clock, rng, node, ledger, reached, origin, demo, .. } = ground;
        let trust = Trust::new(registry.clone());
        introduce(&identity, &registry, &trust, demo).await?;
        let history = Arc::new(History::new(store.clone()));
        let twin = Twin::start(registry.clone(), store.clone(), history.clone()).await?;
        let sweep = Arc::new(TwinSweep::new(twin.clone()));
        let cases = Cases::new(registry.clone(), store.clone());
        let money = money((&cases, &store, &trust), &clock, &reached, origin.as_deref())?;
        let exchange = Exchange::open(registry.clone(), reached)?;
        let connectors: Vec<Arc<dyn Connector>> = vec![Arc::new(exchange), Arc::new(Payments(money.clone()))];
        let worker = Worker::new(cases.clone(), connectors, node.clone());
        let runtime = Runtime::new(cases.clone(), store.clone(), sweep, node.clone());
        let notary = Notary::new(NotaryDeps {
            store: store.clone(),
            clock: clock.clone(),
            rng,
            signer: ledger.signer,
            adopts: ledger.adopts,
            node: node.clone(),
            kept: ledger.kept,
        });
        crate::ledger::watch(&notary, trust.clone());
        let deps = IngestDeps {
            registry: registry.clone(),
            history: history.clone(),
            store: store.clone(),
            clock,
            devices: DeviceDirectory::open(registry.clone()).await?,
            judge: Arc::new(TwinJudge::new(twin.clone(), runtime.clone())),
        };
        let ingest = Ingest::new(deps, limits);
        let applications = Applications::new(cases.clone(), store.clone());
        let tasks = Tasks::new(registry.clone(), cases.clone());
        Ok(Self {
            registry,
            identity,
            trust,
            ingest,
            history,
            twin,
            runtime,
            cases,
            worker,
            applications,
            tasks,
            money,
            store,
            node,
            notary,
        })
    }
}

/// Identity learns who holds which post, and who the demonstration may be tried as.
async fn introduce(
    identity: &Arc<Identity>,
    registry: &Arc<Registry>,
    trust: &Trust,
    demo: bool,
) -> anyhow::Result<()> {
    identity.set_directory(Arc::new(Posts { registry: registry.clone(), trust: trust.clone() }));
    trust.watch(identity.clone());
    let personas = registry.catalogue().personas.clone();
    if demo {
        crate::people::settle(registry, &personas).await?;
    }
    identity.set_personas(personas);
    Ok(())
}

/// Money with the providers that are configured.
fn money(
    (cases, store, trust): (&Arc<Cases>, &Store, &Trust),
    clock: &Arc<dyn Clock>,
    reached: &Reached,
    origin: Option<&str>,
) -> anyhow::Result<Money> {
    let (config, outbound) = (&reached.payments, reached.outbound.as_ref());
    let met = payments::Met { config, outbound, demo: reached.demo, origin, clock: clock.clone(), trust };
    payments::open(cases.clone(), store.clone(), &met)
}

fn identity(ground: &Ground) -> anyhow::Result<Arc<Identity>> {
    let deps = IdentityDeps {
        store: ground.store.clone(),
        key: ground.key,
        demo: ground.demo,
        clock: ground.clock.clone(),
        rng: ground.rng.clone(),
        origin: ground.origin.clone(),
        session_seconds: ground.session_seconds,
        breached: ground.breached.clone(),
    };
    Ok(Arc::new(Identity::new(deps).map_err(anyhow::Error::msg).context("identity.origin")?))
}

/// The registry with the packs published and the entities made.
async fn registry(
    ground: &Ground,
    (packs, compiled): (&[PackSource], Arc<Catalogue>),
    given: Vec<Entity>,
) -> anyhow::Result<Arc<Registry>> {
    let deps = RegistryDeps {
        store: ground.store.clone(),
        clock: ground.clock.clone(),
        rng: ground.rng.clone(),
        cache_bytes: ground.cache_bytes,
    };
    let registry = Registry::open_with(deps, compiled).await?;
    publish_new(&registry, packs).await?;
    if !given.is_empty() {
        let changes = given.into_iter().map(|e| Change::from(Operation::Upsert(e))).collect();
        let command = Command { ground: "given".into(), changes, ..Command::default() };
        registry.execute(&Actor::platform("given"), command).await?;
    }
    Ok(registry)
}

/// Publishes packs that are not there, or there in an older version, and finishes what the last process began.
async fn publish_new(registry: &Arc<Registry>, packs: &[PackSource]) -> anyhow::Result<()> {
    let mut new = Vec::new();
    for source in packs {
        let manifest = match svod_model::parse_pack(source) {
            Ok(p) => p.manifest,
            Err(faults) => anyhow::bail!("a pack has faults:\n{}", listed(&faults)),
        };
        let known = registry.catalogue().pack(&manifest.id).map(|p| p.manifest.version.clone());
        if known.as_deref().is_none_or(|k| version(k) < version(&manifest.version)) {
            new.push(source.clone());
        }
    }
    if !new.is_empty() {
        match registry.publish_together(&Actor::platform("packs"), &new).await {
            Ok(all) => {
                for p in all {
                    tracing::info!(pack = p.id, version = p.version, entities = p.entities, "pack published");
                }
            }
            Err(PublishError::Faults(faults)) => anyhow::bail!("packs have faults:\n{}", listed(&faults)),
            Err(e) => return Err(e).context("packs that come with this start"),
        }
    }
    for pack in &registry.catalogue().packs {
        let id = &pack.manifest.id;
        let entities = registry.finish_publication(id).await.with_context(|| format!("pack '{id}'"))?;
        if entities > 0 {
            tracing::info!(pack = id, entities, "a publication that was broken off is finished");
        }
    }
    Ok(())
}

fn listed(faults: &[svod_model::PackError]) -> String {
    faults.iter().take(20).map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn version(text: &str) -> Vec<u64> {
    text.split(['.', '-', '+']).map_while(|p| p.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(version("0.10.0") > version("0.9.9"));
        assert!(version("1.0.0") == version("1.0.0"));
    }
}
