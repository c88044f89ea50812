use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use svod_model::Pack;
use svod_simulation::Simulation;

use crate::simulate::{Feed, device, send};
use crate::{embedded, packs};

/// `svod simulate`
#[derive(Args)]
pub struct SimulateArgs {
    /// Pack whose simulations are sent; the pack kuzbass of this program when absent.
    #[arg(long, value_name = "DIR")]
    pack: Option<PathBuf>,
    /// MQTT broker.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:1883")]
    to: SocketAddr,
    /// The same seed gives the same messages.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Only these simulations of the pack.
    #[arg(long, value_delimiter = ',')]
    only: Option<Vec<String>>,
}

pub fn run(args: SimulateArgs) -> anyhow::Result<ExitCode> {
    let source = match &args.pack {
        Some(folder) => packs::read(folder)?,
        None => embedded::pack("kuzbass").context("the pack kuzbass is not in this program")?,
    };
    let pack = svod_model::parse_pack(&source).map_err(|e| anyhow::anyhow!("{}", e[0]))?;
    let feeds = feeds(&pack, &args)?;
    let devices: usize = feeds.iter().map(|f| f.simulation.len()).sum();
    eprintln!(
        "{} simulations, {devices} devices, seed {}, to mqtt://{}; Ctrl-C stops",
        feeds.len(),
        args.seed,
        args.to
    );
    super::runtime()?.block_on(async {
        tokio::select! {
            () = send(feeds, args.to) => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    });
    Ok(ExitCode::SUCCESS)
}

fn feeds(pack: &Pack, args: &SimulateArgs) -> anyhow::Result<Vec<Feed>> {
    let wanted = |id: &String| args.only.as_ref().is_none_or(|o| o.contains(id));
    pack.simulations
        .iter()
        .filter(|s| wanted(&s.id))
        .map(|spec| {
            let profile = pack.devices.iter().find(|d| d.id == spec.profile);
            let topic = profile
                .with_context(|| format!("simulation '{}': no profile '{}'", spec.id, spec.profile))?
                .topic
                .clone();
            let devices =
                pack.entities.iter().filter(|e| e.kind == spec.kind).filter_map(|e| device(e, spec)).collect();
            let simulation = Simulation::new(spec, devices, args.seed)
                .map_err(|e| anyhow::anyhow!("simulation '{}': {e}", spec.id))?;
            Ok(Feed { topic, simulation })
        })
        .collect()
}
