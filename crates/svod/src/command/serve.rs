use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use svod_kernel::{SeededRng, SystemClock};

use crate::config::{DataDir, LogFormat};
use crate::{Config, Platform, PlatformOptions, embedded, guarded, logging, real_data, simulate};

/// The packs of the demonstration, each after those it needs.
pub(super) const DEMO: [&str; 7] =
    ["base", "kuzbass", "moving", "birth", "road-accident", "building-permit", "company"];

/// `svod serve`
#[derive(Args, Clone, Default)]
pub struct ServeArgs {
    /// Folder of the embedded store, secrets and run files.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address of pages and API; port 0 picks a free one.
    #[arg(long, value_name = "ADDR")]
    pub http: Option<SocketAddr>,
    /// Address of the MQTT broker; port 0 picks a free one.
    #[arg(long, value_name = "ADDR")]
    pub mqtt: Option<SocketAddr>,
    /// TOML file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Load the packs of the demonstration, let demo personas in, start the simulated feeds.
    #[arg(long)]
    pub demo: bool,
    /// Demo where others can reach it: whoever opens it may be any persona.
    #[arg(long, requires = "demo")]
    pub demo_for_all: bool,
    /// Demo without the simulated feeds.
    #[arg(long, requires = "demo")]
    pub no_simulation: bool,
    /// Demo with real data: folder of boundaries, settlements and series that the packs' imports and feeds name.
    #[arg(long, value_name = "DIR", requires = "demo")]
    pub data_from: Option<PathBuf>,
    /// Seconds of the real series replayed in one second.
    #[arg(long, value_name = "N", default_value_t = 21_600.0, requires = "data_from")]
    pub speed: f64,
    /// Seed of the simulated feeds.
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub seed: u64,
    /// One open space, any entity type, anonymous rights; loopback only. For conformance suites and first tries.
    #[arg(long, conflicts_with = "demo")]
    pub sandbox: bool,
    /// Publish this pack's folder at the start (may be given several times, dependencies first).
    #[arg(long, value_name = "DIR")]
    pub pack: Vec<PathBuf>,
    /// How log lines look.
    #[arg(long, value_enum)]
    pub log_format: Option<LogFormat>,
}

impl ServeArgs {
    fn configuration(&self) -> anyhow::Result<Config> {
        let mut config = Config::load(self.config.as_deref(), |k| std::env::var(k).ok())?;
        if let Some(data) = &self.data {
            config.data = DataDir(data.clone());
        }
        if let Some(http) = self.http {
            config.http.listen = http;
        }
        if let Some(mqtt) = self.mqtt {
            config.mqtt.listen = mqtt;
        }
        if let Some(format) = self.log_format {
            config.log.format = format;
        }
        Ok(config)
    }

    fn options(&self) -> anyhow::Result<PlatformOptions> {
        let mut packs = Vec::new();
        let names: &[&str] = if self.demo { &DEMO } else { &["base"] };
        for name in names {
            packs.push(embedded::pack(name).with_context(|| format!("the pack '{name}' is not in this program"))?);
        }
        for folder in &self.pack {
            packs.push(crate::packs::read(folder)?);
        }
        Ok(PlatformOptions {
            demo: self.demo,
            sandbox: self.sandbox,
            packs,
            clock: Arc::new(SystemClock),
            rng: Arc::new(SeededRng::from_system()?),
        })
    }
}

pub fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    super::runtime()?.block_on(async { serve_until(args, signalled()?).await })
}

/// Serves until `stop` resolves; then stops cleanly.
///
/// # Errors
/// When the platform cannot start.
pub async fn serve_until(args: ServeArgs, stop: impl Future<Output = ()>) -> anyhow::Result<ExitCode> {
    let config = args.configuration()?;
    logging::start(&config.log).map_err(anyhow::Error::msg)?;
    for (key, address) in [("http.listen", config.http.listen), ("mqtt.listen", config.mqtt.listen)] {
        anyhow::ensure!(
            !args.demo || args.demo_for_all || address.ip().is_loopback(),
            "{key}: whoever opens the demo may be any persona, and others can reach {address}: say --demo-for-all, or listen on loopback"
        );
    }
    // What is open to everybody by intention has no password that could be read.
    if !args.sandbox && !args.demo_for_all {
        guarded::demand_tls(&config)?;
        guarded::demand_sealed(&config)?;
    }
    let platform = Platform::start(&config, args.options()?).await?;
    crate::tenures::tell(&platform.core.store).await;
    tracing::info!(entities = platform.core.twin.len(), "ready");
    if args.demo {
        greet(&platform, &config);
    }
    let feeds = feeds(&args, &platform).await?;
    stop.await;
    tracing::info!("stopping");
    feeds.iter().for_each(tokio::task::JoinHandle::abort);
    platform.stop().await;
    tracing::info!("stopped; the next start continues here");
    Ok(ExitCode::SUCCESS)
}

async fn feeds(args: &ServeArgs, platform: &Platform) -> anyhow::Result<Vec<tokio::task::JoinHandle<()>>> {
    let mut running = Vec::new();
    let mut replayed = Vec::new();
    if let Some(folder) = &args.data_from {
        real_data::import(&platform.core.registry, folder).await?;
        replayed = real_data::profiles(&platform.core.registry);
        running.push(real_data::replay(&platform.core, folder, args.speed)?);
    }
    if args.demo && !args.no_simulation {
        let registry = platform.core.registry.clone();
        running.push(simulate::start(registry, platform.addresses.mqtt, args.seed, replayed));
    }
    Ok(running)
}

/// What a person who has just started the demo wants to know.
fn greet(platform: &Platform, config: &Config) {
    let personas: Vec<String> = platform.core.identity.personas().iter().map(|p| p.id.clone()).collect();
    eprintln!(
        "\n  Свод · Svod\n\n  Open     {}\n  MQTT     {}\n  Data     {}\n  Personas {}\n  Token    svod demo token {} --data {}\n  Stop     Ctrl-C\n",
        config.http.base(platform.addresses.http),
        platform.addresses.mqtt,
        config.data.0.display(),
        personas.join(", "),
        personas.iter().find(|p| *p == "administrator").or(personas.last()).map_or("administrator", String::as_str),
        config.data.0.display(),
    );
}

/// Resolves when the process is asked to stop. Listens from the moment it is called, so that a signal during the start
/// is heard as well.
fn signalled() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupted, mut terminated) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}
