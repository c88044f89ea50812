//! An NGSI-LD broker under one kind of request: entities made, read, found and changed over HTTP/1.1, one request at a
//! time on each connection. The same load speaks to every broker.

use crate::http::{Answer, answer};
use crate::load::{Latency, Measured};
use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// `POST /entities`
    Create,
    /// `POST /entityOperations/create`
    Batch,
    /// `GET /entities/{id}`
    Read,
    /// `GET /entities?type=`: a tenth of all.
    Type,
    /// `GET /entities?type=&q=`: a thousandth of all by an equal value, of which a tenth has the type.
    Value,
    /// `GET /entities?georel=near`: one kilometre.
    Near,
    /// `GET /entities?georel=within`: a polygon of two by two kilometres.
    Within,
    /// `PATCH /entities/{id}/attrs`: one attribute.
    Update,
    /// `GET /temporal/entities/{id}`: the last values of one attribute.
    Temporal,
    /// `POST /subscriptions`: each to an entity that never changes.
    Subscribe,
}

/// Options of `svod-bench ngsi`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// What is asked.
    #[arg(value_enum)]
    kind: Kind,
    /// Host and port of the broker.
    #[arg(long)]
    addr: String,
    /// How long; creation ends with the last entity.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Connections at once.
    #[arg(long, default_value_t = 1)]
    connections: u64,
    /// Entities of a batch, or of an answer.
    #[arg(long, default_value_t = 20)]
    size: u64,
    /// Entities that are there; created are those from `from` on.
    #[arg(long, default_value_t = 1_000)]
    entities: u64,
    /// The first entity to be created.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// With the number of all.
    #[arg(long)]
    count: bool,
    /// Name of the broker, for the table.
    #[arg(long, default_value = "svod")]
    system: String,
    /// What the measured system may use, for the table.
    #[arg(long, default_value = "2")]
    cores: String,
}

/// Asks until the time is over, prints the rate.
pub fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let begun = Instant::now();
        let end = begun + Duration::from_secs(options.seconds);
        let tasks: Vec<_> =
            (0..options.connections).map(|index| tokio::spawn(connection(options.clone(), index, end))).collect();
        let (mut done, mut latencies) = (0, Vec::new());
        for task in tasks {
            let (acknowledged, mut samples) = task.await??;
            done += acknowledged;
            latencies.append(&mut samples);
        }
        let name = options.kind.to_possible_value().map(|v| v.get_name().to_owned()).unwrap_or_default();
        let count = if options.count { " with count" } else { "" };
        let workload = format!(
            "{name}{count} ×{}, {} connections, {} entities",
            options.size, options.connections, options.entities
        );
        let seconds = begun.elapsed().as_secs_f64();
        let latency = Latency::of(&mut latencies);
        let (system, cores) = (options.system.clone(), options.cores.clone());
        Measured { workload, system, cores, readings: done, seconds, latency }.print()
    })
}

/// A sequence without a pattern, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n.max(1)
    }
}

async fn connection(options: Options, index: u64, end: Instant) -> Result<(u64, Vec<f64>)> {
    let mut stream =
        TcpStream::connect(&options.addr).await.with_context(|| format!("cannot connect to {}", options.addr))?;
    stream.set_nodelay(true)?;
    let (mut done, mut samples, mut buffer, mut dice) = (0, Vec::new(), Vec::new(), Dice(index + 1));
    let each = if options.kind == Kind::Batch { options.size } else { 1 };
    let mut next = options.from + index * each;
    while Instant::now() < end {
        if matches!(options.kind, Kind::Create | Kind::Batch | Kind::Subscribe) && next >= options.entities {
            break;
        }
        let request = request(&options, next, &mut dice);
        next += options.connections * each;
        let sent = Instant::now();
        stream.write_all(&request).await?;
        let got = answer(&mut stream, &mut buffer).await?;
        samples.push(sent.elapsed().as_secs_f64() * 1000.0);
        check(&options, &got)?;
        done += each;
    }
    Ok((done, samples))
}

fn check(options: &Options, got: &Answer) -> Result<()> {
    let text = || String::from_utf8_lossy(&got.body).chars().take(300).collect::<String>();
    ensure!(
        (200..300).contains(&got.status) && got.status != 207,
        "{:?} refused with {}: {}",
        options.kind,
        got.status,
        text()
    );
    let finds = matches!(options.kind, Kind::Type | Kind::Value);
    ensure!(
        !finds || got.body.len() > 100 || options.entities < 20_000,
        "{:?} found nothing: {}",
        options.kind,
        text()
    );
    Ok(())
}

fn place(n: u64) -> (f64, f64) {
    let mut dice = Dice(n.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 7);
    (87.0 + dice.below(1_000_000) as f64 / 1e6, 53.0 + dice.below(1_000_000) as f64 / 1e6)
}

/// Six properties, one relationship, one location.
fn entity(n: u64) -> String {
    let (lon, lat) = place(n);
    format!(
        "{{\"id\":\"urn:ngsi-ld:Vehicle:{n}\",\"type\":\"Vehicle{}\",\
         \"brandName\":{{\"type\":\"Property\",\"value\":\"Brand {}\"}},\
         \"speed\":{{\"type\":\"Property\",\"value\":{},\"unitCode\":\"KMH\",\"observedAt\":\"2026-01-15T01:00:00Z\"}},\
         \"heading\":{{\"type\":\"Property\",\"value\":{}}},\
         \"serial\":{{\"type\":\"Property\",\"value\":{n}}},\
         \"inUse\":{{\"type\":\"Property\",\"value\":{}}},\
         \"description\":{{\"type\":\"Property\",\"value\":\"A vehicle of the municipal fleet, number {n}\"}},\
         \"isParked\":{{\"type\":\"Relationship\",\"object\":\"urn:ngsi-ld:OffStreetParking:{}\"}},\
         \"location\":{{\"type\":\"GeoProperty\",\"value\":{{\"type\":\"Point\",\"coordinates\":[{lon},{lat}]}}}}}}",
        n % 10,
        n % 50,
        Dice(n + 3).below(1_000),
        n % 360,
        n.is_multiple_of(2),
        n % 97,
    )
}

/// To one of the types that do change, by an identifier that nobody has.
fn subscription(n: u64) -> String {
    format!(
        "{{\"id\":\"urn:ngsi-ld:Subscription:still:{n}\",\"type\":\"Subscription\",\
         \"entities\":[{{\"id\":\"urn:ngsi-ld:Still:{n}\",\"type\":\"Vehicle{}\"}}],\"watchedAttributes\":[\"heading\"],\
         \"notification\":{{\"endpoint\":{{\"uri\":\"http://127.0.0.1:9/\",\"accept\":\"application/json\"}}}}}}",
        n % 10
    )
}

fn request(options: &Options, next: u64, dice: &mut Dice) -> Vec<u8> {
    let count = if options.count { "&count=true" } else { "" };
    let page = format!("limit={}{count}", options.size);
    let one = dice.below(options.entities);
    let (lon, lat) = place(one);
    let get = |path: String| ("GET", path, String::new());
    let (method, path, body) = match options.kind {
        Kind::Create => ("POST", "entities".into(), entity(next)),
        Kind::Batch => {
            let all: Vec<String> = (next..next + options.size).map(entity).collect();
            ("POST", "entityOperations/create".into(), format!("[{}]", all.join(",")))
        }
        Kind::Read => get(format!("entities/urn:ngsi-ld:Vehicle:{one}")),
        Kind::Type => get(format!("entities?type=Vehicle{}&{page}", one % 10)),
        Kind::Value => get(format!("entities?type=Vehicle{}&q=speed=={}&{page}", one % 10, Dice(one + 3).below(1_000))),
        Kind::Near => get(format!(
            "entities?type=Vehicle{}&georel=near;maxDistance==1000&geometry=Point&coordinates=[{lon},{lat}]&{page}",
            one % 10
        )),
        Kind::Within => {
            let (w, s, e, n) = (lon - 0.015, lat - 0.009, lon + 0.015, lat + 0.009);
            let ring = format!("[[[{w},{s}],[{e},{s}],[{e},{n}],[{w},{n}],[{w},{s}]]]");
            get(format!("entities?type=Vehicle{}&georel=within&geometry=Polygon&coordinates={ring}&{page}", one % 10))
        }
        Kind::Temporal => get(format!(
            "temporal/entities/urn:ngsi-ld:Vehicle:{one}?attrs=heading&timerel=after&timeAt=2020-01-01T00:00:00Z\
             &timeproperty=modifiedAt&lastN={}&options=temporalValues",
            options.size
        )),
        Kind::Subscribe => ("POST", "subscriptions".into(), subscription(next)),
        Kind::Update => (
            "PATCH",
            format!("entities/urn:ngsi-ld:Vehicle:{one}/attrs"),
            format!("{{\"heading\":{{\"type\":\"Property\",\"value\":{}}}}}", dice.below(1_000_000)),
        ),
    };
    let content = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
    format!(
        "{method} /ngsi-ld/v1/{path} HTTP/1.1\r\nhost: {}\r\n{content}content-length: {}\r\n\r\n{body}",
        options.addr,
        body.len()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_json_and_lie_in_the_region() {
        for n in [0, 1, 999_999] {
            let e: serde_json::Value = serde_json::from_str(&entity(n)).unwrap();
            assert_eq!(e["serial"]["value"], n);
            let at = &e["location"]["value"]["coordinates"];
            assert!((87.0..88.0).contains(&at[0].as_f64().unwrap()) && (53.0..54.0).contains(&at[1].as_f64().unwrap()));
        }
    }
}
