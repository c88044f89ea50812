//! From a device to the map: publishes at a fixed rate whatever the platform does (open loop: a slow platform cannot
//! slow the load that measures it) and reads the stream that browsers read.

use crate::load::{self, Latency, Measured};
use crate::mqtt::Client;
use crate::sse;
use anyhow::{Result, ensure};
use clap::Args;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::{Duration, Instant, interval, sleep};

/// Options of `svod-bench map`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Host and port of HTTP.
    #[arg(long)]
    http: String,
    /// Host and port of MQTT.
    #[arg(long)]
    mqtt: String,
    /// Bearer token of an actor that may look.
    #[arg(long)]
    token: String,
    /// Password of the devices, where the broker wants one.
    #[arg(long)]
    device_token: Option<String>,
    /// Path of the stream.
    #[arg(long, default_value = "/api/v1/live")]
    path: String,
    /// Readings a second.
    #[arg(long, default_value_t = 5000)]
    rate: u32,
    /// How long.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// MQTT connections that share the load.
    #[arg(long, default_value_t = 50)]
    connections: u32,
    /// Sensors of the pack.
    #[arg(long, default_value_t = load::DEVICES)]
    devices: u32,
    /// What the measured system may use, for the table.
    #[arg(long, default_value = "2")]
    cores: String,
}

/// Between two bursts of the load.
const TICK: Duration = Duration::from_millis(2);
/// After the last reading the map has so long to show it.
const GRACE: Duration = Duration::from_secs(5);

/// For each sensor its readings that the map has not shown: value and moment of sending, oldest first.
#[derive(Debug)]
struct Waiting {
    sensors: Vec<VecDeque<(u64, Instant)>>,
    latencies: Vec<f64>,
}

impl Waiting {
    /// The map keeps the newest value only, so one value shown ends the wait of all before it.
    fn shown(&mut self, number: usize, value: u64, at: Instant) {
        let Some(queue) = self.sensors.get_mut(number) else { return };
        while queue.front().is_some_and(|(sent, _)| *sent <= value) {
            if let Some((_, sent)) = queue.pop_front() {
                self.latencies.push(at.duration_since(sent).as_secs_f64() * 1000.0);
            }
        }
    }
}

/// Publishes, listens, prints the percentiles. Errors: a reading that never came to the map.
pub fn run(options: &Options) -> Result<()> {
    let waiting = Waiting { sensors: vec![VecDeque::new(); options.devices as usize], latencies: Vec::new() };
    let waiting = Arc::new(Mutex::new(waiting));
    listen(options, Arc::clone(&waiting));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // The stream's first picture comes before the load.
        sleep(Duration::from_secs(1)).await;
        let begun = Instant::now();
        let share = |index| tokio::spawn(publish(options.clone(), index, Arc::clone(&waiting)));
        let tasks: Vec<_> = (0..options.connections).map(share).collect();
        for task in tasks {
            task.await??;
        }
        let seconds = begun.elapsed().as_secs_f64();
        sleep(GRACE).await;
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let missing: usize = waiting.sensors.iter().map(VecDeque::len).sum();
        ensure!(missing == 0, "{missing} readings never came to the map, {} did", waiting.latencies.len());
        let workload = format!("publish (MQTT QoS 1) to map event, {} readings/s", options.rate);
        let (readings, latency) = (waiting.latencies.len() as u64, Latency::of(&mut waiting.latencies));
        Measured { workload, system: "svod".into(), cores: options.cores.clone(), readings, seconds, latency }.print()
    })
}

/// Each connection has its own sensors and its own part of the rate.
async fn publish(options: Options, index: u32, waiting: Arc<Mutex<Waiting>>) -> Result<()> {
    let mut client =
        Client::connect(&options.mqtt, &format!("bench-map-{index}"), options.device_token.as_deref()).await?;
    let own: Vec<u32> = (index..options.devices).step_by(options.connections as usize).collect();
    let rate = f64::from(options.rate) / f64::from(options.connections);
    let (begun, mut ticks, mut sent, mut samples) = (Instant::now(), interval(TICK), 0u64, Vec::new());
    while begun.elapsed() < Duration::from_secs(options.seconds) {
        ticks.tick().await;
        let due = (begun.elapsed().as_secs_f64() * rate) as u64;
        while sent < due {
            let number = own[(sent % own.len() as u64) as usize];
            sent += 1;
            waiting.lock().unwrap_or_else(PoisonError::into_inner).sensors[number as usize]
                .push_back((sent, Instant::now()));
            client.queue(&load::topic(number), load::payload(load::now_ms(), sent).as_bytes());
        }
        client.flush().await?;
        // Acknowledgements are taken when they are there; the load waits for none.
        while !client.out.is_empty() {
            match tokio::time::timeout(Duration::from_micros(50), client.acknowledgements(&mut samples)).await {
                Ok(outcome) => outcome?,
                Err(_) => break,
            }
        }
    }
    while !client.out.is_empty() {
        client.acknowledgements(&mut samples).await?;
    }
    Ok(())
}

/// The listener ends with the process.
fn listen(options: &Options, waiting: Arc<Mutex<Waiting>>) {
    let (addr, path, token) = (options.http.clone(), options.path.clone(), options.token.clone());
    std::thread::spawn(move || {
        let outcome = sse::follow(&addr, &path, &token, |data| {
            let at = Instant::now();
            let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            for (number, value) in shown(data) {
                waiting.shown(number, value, at);
            }
            true
        });
        if let Err(error) = outcome {
            eprintln!("the map's stream ended: {error:#}");
        }
    });
}

/// Sensors and values in one event: `"id":"urn:svod:bench:b00042" … "v":{"value":17.0}`, found by their marks so that the
/// reader costs little.
fn shown(data: &str) -> impl Iterator<Item = (usize, u64)> {
    data.split("\"id\":\"urn:svod:bench:b").skip(1).filter_map(|part| {
        let number = part.split('"').next()?.parse().ok()?;
        let value = part.split("\"value\":").nth(1)?;
        let value = value[..value.find([',', '}'])?].trim().parse::<f64>().ok()?;
        Some((number, value as u64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensors_are_found_in_an_event_and_others_are_not() {
        let data = r#"{"entities":[{"id":"urn:svod:bench:b00042","type":"BenchSensor","v":{"value":17.0},"t":1},
            {"id":"urn:svod:station:1","v":{"value":3}},{"id":"urn:svod:bench:b00007","v":{"value":5}}]}"#;
        assert_eq!(shown(data).collect::<Vec<_>>(), [(42, 17), (7, 5)]);
    }

    #[test]
    fn a_newer_value_ends_the_wait_of_the_older_ones() {
        let at = Instant::now();
        let mut waiting = Waiting { sensors: vec![VecDeque::from([(1, at), (2, at), (3, at)])], latencies: Vec::new() };
        waiting.shown(0, 2, at);
        assert_eq!((waiting.latencies.len(), waiting.sensors[0].len()), (2, 1));
    }
}
