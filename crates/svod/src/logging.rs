//! One line an event, on standard error, for people or for machines.

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;

use crate::config::{LogConfig, LogFormat};

/// An event stays on its line, whatever the texts in it say: nobody writes lines of their own into the log.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    /// Given a whole event at a time, its line end with it.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let (text, end) = match event.strip_suffix(b"\n") {
            Some(text) => (text, &b"\n"[..]),
            None => (event, &b""[..]),
        };
        let mut line = Vec::with_capacity(event.len());
        for byte in text {
            match byte {
                b'\n' => line.extend_from_slice(b"\\n"),
                b'\r' => line.extend_from_slice(b"\\r"),
                other => line.push(*other),
            }
        }
        line.extend_from_slice(end);
        self.0.write_all(&line)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Starts logging; a second call changes nothing.
///
/// # Errors
/// When the level cannot be understood.
pub fn start(config: &LogConfig) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.level).map_err(|e| {
        format!("log.level: '{}' cannot be understood ({e}); use info or info,svod_ingest=debug", config.level)
    })?;
    let base = tracing_subscriber::fmt().with_env_filter(filter);
    let started = match config.format {
        LogFormat::Json => {
            let json = base.with_writer(std::io::stderr).json().flatten_event(true);
            json.with_current_span(true).with_span_list(false).try_init()
        }
        LogFormat::Text => base.with_target(false).with_writer(|| OneLine(std::io::stderr())).try_init(),
    };
    drop(started); // a test process has started logging already
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_makes_no_line_of_its_own() {
        let mut out = OneLine(Vec::new());
        out.write_all(b"WARN refused why=a\r\nERROR forged\n").unwrap();
        assert_eq!(out.0, b"WARN refused why=a\\r\\nERROR forged\n");
    }
}
