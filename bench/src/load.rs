//! What is sent: readings of generated sensors, never the same (device, time) twice, so that each is one new row.

use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};

/// Sensors of the generated pack.
pub const DEVICES: u32 = 1000;
/// One day, milliseconds: how far before the present the throughput load is dated, since it passes faster than time.
const BACK: u64 = 86_400_000;

/// External id of a sensor.
pub fn device(number: u32) -> String {
    format!("b{number:05}")
}

/// MQTT topic of a sensor.
pub fn topic(number: u32) -> String {
    format!("bench/{}/up", device(number))
}

/// The payload of one reading: `ts` in milliseconds since the epoch.
pub fn payload(ts: u64, value: u64) -> String {
    format!("{{\"ts\":{ts},\"value\":{value}}}")
}

/// Milliseconds since the epoch. A benchmark measures real time, so it is taken from no `Clock`.
#[allow(clippy::disallowed_methods)]
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// One connection's share of the sensors and the readings it makes of them, in turn.
#[derive(Debug)]
pub struct Source {
    first: u32,
    step: u32,
    devices: u32,
    start: u64,
    made: u64,
}

impl Source {
    /// The share of connection `index` of `connections`.
    pub fn share(index: u32, connections: u32, devices: u32) -> Self {
        Self { first: index % devices, step: connections.min(devices), devices, start: now_ms() - BACK, made: 0 }
    }

    /// The next reading: sensor, time, value. A sensor's readings are a millisecond apart.
    pub fn next(&mut self) -> (u32, u64, u64) {
        let own = u64::from((self.devices - self.first).div_ceil(self.step));
        let number = self.first + self.step * (self.made % own) as u32;
        let ts = self.start + self.made / own;
        self.made += 1;
        (number, ts, self.made)
    }
}

/// What was measured, one line of JSON; `svod-bench report` reads them back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Measured {
    /// What was done, such as `http, batches of 100`.
    pub workload: String,
    /// `svod`, `mosquitto + PostgreSQL` …
    pub system: String,
    /// Cores that the measured system may use.
    pub cores: String,
    /// Readings acknowledged durable.
    pub readings: u64,
    /// Seconds until the last of them was.
    pub seconds: f64,
    /// How long an answer or an event took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
}

impl Measured {
    /// Prints the line.
    pub fn print(&self) -> anyhow::Result<()> {
        println!("{}", serde_json::to_string(self)?);
        Ok(())
    }
}

/// Milliseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Latency {
    /// Half are faster.
    pub p50: f64,
    /// One in a hundred is slower.
    pub p99: f64,
    /// The slowest.
    pub max: f64,
}

impl Latency {
    /// Of samples in milliseconds; nothing of none.
    pub fn of(samples: &mut [f64]) -> Option<Self> {
        samples.sort_by(f64::total_cmp);
        let at = |part: f64| samples.get(((samples.len() as f64 * part).ceil() as usize).saturating_sub(1)).copied();
        Some(Self { p50: at(0.5)?, p99: at(0.99)?, max: at(1.0)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_connections_make_the_same_reading() {
        for connections in [1, 3, 7, 10] {
            let mut seen = HashSet::new();
            for index in 0..connections {
                let mut source = Source { start: 0, ..Source::share(index, connections, 10) };
                for _ in 0..50 {
                    let (number, ts, _) = source.next();
                    assert!(number < 10 && seen.insert((number, ts)), "{connections} connections: {number} at {ts}");
                }
            }
        }
    }

    #[test]
    fn percentiles_are_of_the_sorted_samples() {
        let mut samples: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        let latency = Latency::of(&mut samples).unwrap();
        assert_eq!((latency.p50, latency.p99, latency.max), (100.0, 198.0, 200.0));
        assert!(Latency::of(&mut []).is_none());
    }
}
