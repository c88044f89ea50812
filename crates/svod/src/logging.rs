//! One line an event, on standard error, for people or for machines.

use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

/// Starts logging; a second call changes nothing.
///
/// # Errors
/// When the level cannot be understood.
pub fn start(config: &LogConfig) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.level).map_err(|e| {
        format!("log.level: '{}' cannot be understood ({e}); use info or info,svod_ingest=debug", config.level)
    })?;
    let base = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match config.format {
        LogFormat::Json => base.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
        LogFormat::Text => base.with_target(false).try_init(),
    };
    drop(started); // a test process has started logging already
    Ok(())
}
