//! What all checks cost on a page: the platform as it is shipped beside one whose policies allow everything and whose
//! attributes have no class, both in this process on SQLite, asked in turns for the same pages by the same official.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use svod::config::{Config, DataDir};
use svod::{Platform, PlatformOptions};
use svod_kernel::{Actor, SeededRng, SystemClock, Urn};
use svod_model::{Attribute, Entity, PackSource, Point};
use svod_registry::{Change, Command, Operation};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::http;

#[derive(Args)]
pub struct Options {
    /// Rounds of each house, in turns; one more goes before, which does not count.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Times that each page is asked for in a round.
    #[arg(long, default_value_t = 25)]
    times: usize,
    /// Stations beside those of the pack.
    #[arg(long, default_value_t = 200)]
    stations: usize,
}

const SPACE: &str = "kuzbass/novokuznetsk";
const OFFICIAL: &str = "official-regional";
/// A persona's token lasts for the whole run.
const SECONDS: i64 = 24 * 3600;
/// The map's stream has no end: it is read up to here.
const PICTURE: &str = "event: ready";

/// What is asked for.
const PAGES: [(&str, &str); 6] = [
    ("entity page", "/entities/urn:svod:station:bench-0"),
    ("page with a list of 50", "/entities?space=kuzbass&type=AirQualityStation"),
    ("list of 50 of the API", "/api/v1/entities?space=kuzbass&type=AirQualityStation&limit=50"),
    ("layer of the map", "/api/v1/geometry?space=kuzbass&layer=air"),
    ("first picture of the map", LIVE),
    ("journal page", "/journal?space=kuzbass"),
];
const LIVE: &str = "/api/v1/live?space=kuzbass";

pub fn run(options: &Options) -> Result<()> {
    ensure!(options.rounds > 0 && options.times > 0 && options.stations > 0, "there is nothing to measure");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(compare(options))
}

async fn compare(options: &Options) -> Result<()> {
    let shipped = ["base", "kuzbass"].into_iter().filter_map(svod::embedded::pack).collect::<Vec<_>>();
    let open = shipped.iter().cloned().map(without_checks).collect();
    let mut houses = [House::open(shipped, options.stations).await?, House::open(open, options.stations).await?];
    let mut samples: [Vec<Vec<f64>>; 2] = [vec![Vec::new(); PAGES.len()], vec![Vec::new(); PAGES.len()]];
    for round in 0..=options.rounds {
        // Whoever goes second finds a warmer machine: each does so as often.
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        for of in order {
            for (page, (_, path)) in PAGES.iter().enumerate() {
                for _ in 0..options.times {
                    let took = houses[of].asked(path).await?;
                    if round > 0 {
                        samples[of][page].push(took.as_secs_f64() * 1e6);
                    }
                }
            }
        }
    }
    for (page, (name, path)) in PAGES.iter().enumerate() {
        let [checked, open] = [0, 1].map(|of: usize| median(&mut samples[of][page]));
        println!(
            "{}",
            json!({"page": name, "path": path, "checked_us": checked.round(), "open_us": open.round(),
                "ratio": (checked / open * 1_000.0).round() / 1_000.0, "times": options.rounds * options.times})
        );
    }
    for house in houses {
        house.platform.stop().await;
    }
    Ok(())
}

/// The pack without its policies, but for one that permits everything, and without classes of attributes.
fn without_checks(mut pack: PackSource) -> PackSource {
    let has_policies = pack.files.keys().any(|file| file.ends_with(".cedar"));
    pack.files.retain(|file, _| !file.ends_with(".cedar"));
    if has_policies {
        let everything = "@id(\"everything\")\npermit (principal, action, resource);\n";
        pack.files.insert("policies/everything.cedar".to_owned(), everything.to_owned());
    }
    for text in pack.files.iter_mut().filter(|(file, _)| file.starts_with("model/")).map(|(_, text)| text) {
        for class in ["internal", "personal", "special", "secret"] {
            *text = text.replace(&format!("svod_class: {class}"), "svod_class: open");
        }
    }
    pack
}

/// Of at least one value.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A platform with its stations, and an official at its door.
struct House {
    platform: Platform,
    address: SocketAddr,
    token: String,
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Removed with the house.
    _folder: tempfile::TempDir,
}

impl House {
    async fn open(packs: Vec<PackSource>, stations: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut config = Config { data: DataDir(folder.path().to_owned()), ..Config::default() };
        config.http.listen = ([127, 0, 0, 1], 0).into();
        config.mqtt.listen = ([127, 0, 0, 1], 0).into();
        let options = PlatformOptions {
            demo: true,
            sandbox: false,
            packs,
            clock: Arc::new(SystemClock),
            rng: Arc::new(SeededRng::new(1)),
        };
        let platform = Platform::start(&config, options).await?;
        fill(&platform, stations).await?;
        let (address, token) = (platform.addresses.http, platform.core.identity.mint(OFFICIAL, SECONDS)?);
        let stream = connected(address).await?;
        let mut house = Self { platform, address, token, stream, buffer: Vec::new(), _folder: folder };
        house.observe(stations).await?;
        Ok(house)
    }

    /// Each station tells something, so that pages have current values.
    async fn observe(&mut self, stations: usize) -> Result<()> {
        let now = svod_kernel::Clock::now(&SystemClock).to_string();
        let message = |n: usize| {
            let payload = json!({"ts": now, "pm10": 0.02, "pm25": 0.01, "no2": 0.03});
            json!({"profile": "air-post", "device": format!("bench-{n}"), "payload": payload})
        };
        let body = json!({"messages": (0..stations).map(message).collect::<Vec<Value>>()}).to_string();
        let token = self.platform.core.identity.mint("administrator", SECONDS)?;
        let request = format!(
            "POST /api/v1/observations HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        let answer = http::answer(&mut self.stream, &mut self.buffer).await?;
        let stored = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default()["stored"].as_u64();
        ensure!(stored == Some(3 * stations as u64), "not all was stored: {}", String::from_utf8_lossy(&answer.body));
        Ok(())
    }

    fn request(&self, path: &str) -> Vec<u8> {
        let (address, token) = (self.address, &self.token);
        let head = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n");
        format!("{head}accept: text/html, */*\r\n\r\n").into_bytes()
    }

    /// Asks for a page, whole; how long it took from the request to the last byte.
    async fn asked(&mut self, path: &str) -> Result<Duration> {
        let request = self.request(path);
        if path == LIVE {
            return self.picture(&request).await;
        }
        let begin = Instant::now();
        self.stream.write_all(&request).await?;
        let answer = http::answer(&mut self.stream, &mut self.buffer).await?;
        let took = begin.elapsed();
        ensure!(answer.status == 200, "{path}: {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
        Ok(took)
    }

    /// The stream has no end, and its connection no second request.
    async fn picture(&self, request: &[u8]) -> Result<Duration> {
        let mut stream = connected(self.address).await?;
        let (mut heard, mut part) = (Vec::new(), vec![0; 64 << 10]);
        let begin = Instant::now();
        stream.write_all(request).await?;
        loop {
            let read = stream.read(&mut part).await?;
            ensure!(read > 0, "the stream ended: {}", String::from_utf8_lossy(&heard));
            let from = heard.len().saturating_sub(PICTURE.len());
            heard.extend_from_slice(&part[..read]);
            if heard[from..].windows(PICTURE.len()).any(|w| w == PICTURE.as_bytes()) {
                return Ok(begin.elapsed());
            }
        }
    }
}

async fn connected(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Stations, and changes of them for the journal; the map knows them when it is done.
async fn fill(platform: &Platform, stations: usize) -> Result<()> {
    let (mut made, mut changed) = (Vec::new(), Vec::new());
    let mut last: Option<Urn> = None;
    for n in 0..stations {
        let urn: Urn = format!("urn:svod:station:bench-{n}").parse()?;
        let place = Point { lon: 87.0 + (n % 50) as f64 / 100.0, lat: 53.7 + (n / 50) as f64 / 100.0 };
        let station = Entity::new(urn.clone(), "AirQualityStation", SPACE.parse()?)
            .with("name", Attribute::property(format!("Станция {n}")))
            .with("location", Attribute::point(place))
            .with("deviceId", Attribute::property(format!("bench-{n}")))
            .with("owner", Attribute::object("urn:svod:body:novokuznetsk:ecology".parse()?))
            .with("source", Attribute::property("bench"));
        made.push(Change::from(Operation::Create(station)));
        let set = [("source".to_owned(), Attribute::property("bench, looked at"))].into();
        changed.push(Change::from(Operation::Patch { urn: urn.clone(), expected: None, set, unset: Vec::new() }));
        last = Some(urn);
    }
    let devices = platform.core.ingest.devices().len() + stations;
    for changes in [made, changed] {
        let command = Command { ground: "bench".into(), changes, ..Command::default() };
        platform.core.registry.execute(&Actor::platform("bench"), command).await?;
    }
    let known = || {
        let shown = last.as_ref().is_none_or(|urn| platform.core.twin.entity(urn).is_some());
        shown && platform.core.ingest.devices().len() >= devices
    };
    for _ in 0..1_000 {
        if known() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    anyhow::bail!("the map does not know the stations")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_policies_and_classes() {
        let packs: Vec<PackSource> =
            ["base", "kuzbass"].into_iter().filter_map(svod::embedded::pack).map(without_checks).collect();
        let files = packs.iter().flat_map(|p| p.files.keys());
        let policies: Vec<&String> = files.filter(|file| file.ends_with(".cedar")).collect();
        assert_eq!(policies, ["policies/everything.cedar"]);
        let models = packs.iter().flat_map(|p| &p.files).filter(|(file, _)| file.starts_with("model/"));
        let classes = models.flat_map(|(_, text)| text.lines()).filter(|line| line.contains("svod_class"));
        classes.for_each(|line| assert_eq!(line.trim(), "svod_class: open"));
        assert!(svod_registry::compile(0, &packs).is_ok());
    }
}
