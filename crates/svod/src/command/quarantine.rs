use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::client::Client;

#[derive(Args)]
pub struct Target {
    /// The running platform.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    to: String,
    /// Bearer token (`svod demo token administrator`).
    #[arg(long, env = "SVOD_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

impl Target {
    pub fn client(&self) -> anyhow::Result<Client> {
        Client::new(&self.to, self.token.clone())
    }
}

#[derive(Subcommand)]
pub enum QuarantineCommand {
    /// Held messages, newest first.
    List {
        #[command(flatten)]
        target: Target,
        /// Only with this reason.
        #[arg(long)]
        reason: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Send held messages through the door again, with the mappings in force now.
    Replay {
        #[command(flatten)]
        target: Target,
        /// These messages.
        #[arg(long, value_delimiter = ',')]
        ids: Option<Vec<i64>>,
        /// All of a device profile.
        #[arg(long)]
        profile: Option<String>,
        /// All with a reason.
        #[arg(long)]
        reason: Option<String>,
    },
}

pub fn run(command: QuarantineCommand) -> anyhow::Result<ExitCode> {
    match command {
        QuarantineCommand::List { target, reason, limit } => {
            let filter = reason.map(|r| format!("&reason={r}")).unwrap_or_default();
            let page = target.client()?.get(&format!("/api/v1/quarantine?limit={limit}{filter}"))?;
            for item in page.get("items").and_then(Value::as_array).into_iter().flatten() {
                let text = |k: &str| item.get(k).and_then(Value::as_str).unwrap_or("-").to_owned();
                let id = item.get("id").and_then(Value::as_i64).unwrap_or(0);
                println!(
                    "{id}\t{}\t{}\t{}\t{}\t{}",
                    text("at"),
                    text("profile"),
                    text("device"),
                    text("reason"),
                    text("detail")
                );
            }
        }
        QuarantineCommand::Replay { target, ids, profile, reason } => {
            let body = json!({"ids": ids, "profile": profile, "reason": reason});
            let report = target.client()?.post("/api/v1/quarantine/replay", &body)?;
            println!("{}", serde_json::to_string_pretty(&report)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}
