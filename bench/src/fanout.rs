//! How soon a change reaches its subscribers: one attribute changes, every subscription tells of it over HTTP, the next
//! change comes when the last notification has.

use crate::http::answer;
use crate::load::{Latency, Measured};
use anyhow::{Context, Result, ensure};
use clap::Args;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, timeout};

/// How long a notification may take before the run is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// Options of `svod-bench fanout`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Host and port of the broker.
    #[arg(long)]
    addr: String,
    /// Subscriptions to the one entity.
    #[arg(long, default_value_t = 100)]
    subscriptions: u64,
    /// How long.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Name of the broker, for the table.
    #[arg(long, default_value = "svod")]
    system: String,
    /// What the measured system may use, for the table.
    #[arg(long, default_value = "2")]
    cores: String,
}

/// Changes until the time is over, prints notifications a second and how long the last of each change took.
pub fn run(options: &Options) -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(measure(options))
}

async fn measure(options: &Options) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let own = listener.local_addr()?;
    let (told, mut heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(take(stream, told.clone()));
        }
    });
    let mut stream =
        TcpStream::connect(&options.addr).await.with_context(|| format!("no broker at {}", options.addr))?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    let id = format!("urn:ngsi-ld:Beacon:{}", own.port());
    let entity = format!(r#"{{"id":"{id}","type":"Beacon","level":{{"type":"Property","value":0}}}}"#);
    ask(&mut stream, &mut buffer, options, "POST", "entities", &entity).await?;
    for n in 0..options.subscriptions {
        let body = format!(
            r#"{{"id":"urn:ngsi-ld:Subscription:{}:{n}","type":"Subscription","entities":[{{"id":"{id}","type":"Beacon"}}],
            "watchedAttributes":["level"],"notification":{{"endpoint":{{"uri":"http://{own}/{n}","accept":"application/json"}}}}}}"#,
            own.port()
        );
        ask(&mut stream, &mut buffer, options, "POST", "subscriptions", &body).await?;
    }
    // Some brokers tell at once what there is.
    while timeout(Duration::from_secs(1), heard.recv()).await.is_ok_and(|value| value.is_some()) {}
    let (begun, mut samples, mut value) = (Instant::now(), Vec::new(), 0);
    while begun.elapsed() < Duration::from_secs(options.seconds) {
        value += 1;
        let sent = Instant::now();
        let body = format!(r#"{{"level":{{"type":"Property","value":{value}}}}}"#);
        ask(&mut stream, &mut buffer, options, "PATCH", &format!("entities/{id}/attrs"), &body).await?;
        let mut waiting = options.subscriptions;
        while waiting > 0 {
            let got = timeout(PATIENCE, heard.recv()).await.context("a notification did not come")?;
            waiting -= u64::from(got == Some(value));
        }
        samples.push(sent.elapsed().as_secs_f64() * 1000.0);
    }
    let seconds = begun.elapsed().as_secs_f64();
    for n in 0..options.subscriptions {
        let path = format!("subscriptions/urn:ngsi-ld:Subscription:{}:{n}", own.port());
        ask(&mut stream, &mut buffer, options, "DELETE", &path, "").await?;
    }
    let workload = format!("one change to {} subscribers", options.subscriptions);
    let (system, cores) = (options.system.clone(), options.cores.clone());
    let readings = value * options.subscriptions;
    Measured { workload, system, cores, readings, seconds, latency: Latency::of(&mut samples) }.print()
}

async fn ask(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    options: &Options,
    method: &str,
    path: &str,
    body: &str,
) -> Result<()> {
    let request = format!(
        "{method} /ngsi-ld/v1/{path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        options.addr,
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let got = answer(stream, buffer).await?;
    let text = || String::from_utf8_lossy(&got.body).chars().take(300).collect::<String>();
    ensure!((200..300).contains(&got.status), "{method} {path} refused with {}: {}", got.status, text());
    Ok(())
}

/// Answers every notification and says which value it told.
async fn take(mut stream: TcpStream, told: mpsc::UnboundedSender<u64>) -> Result<()> {
    let mut bytes = Vec::new();
    loop {
        while let Some((body, used)) = body(&bytes)? {
            let value = value(&bytes[body]);
            bytes.drain(..used);
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
            if let Some(value) = value {
                told.send(value)?;
            }
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
}

/// Where the body of the first request stands when it is whole, and the length of the request.
fn body(bytes: &[u8]) -> Result<Option<(std::ops::Range<usize>, usize)>> {
    let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&bytes[..head])?;
    let length =
        text.lines().filter_map(|l| l.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map(|(_, value)| value.trim().parse()).transpose()?.unwrap_or(0);
    let end = head + 4 + length;
    Ok((bytes.len() >= end).then_some((head + 4..end, end)))
}

/// The level that a notification tells.
fn value(body: &[u8]) -> Option<u64> {
    let notification: serde_json::Value = serde_json::from_slice(body).ok()?;
    notification.pointer("/data/0/level/value")?.as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_is_read_when_it_is_whole() {
        let text = br#"{"data":[{"id":"urn:a:b","level":{"type":"Property","value":7}}]}"#;
        let request = format!("POST /1 HTTP/1.1\r\nContent-Length: {}\r\n\r\n", text.len());
        let bytes = [request.as_bytes(), text].concat();
        assert!(body(&bytes[..bytes.len() - 1]).unwrap().is_none());
        let (range, used) = body(&bytes).unwrap().unwrap();
        assert_eq!((value(&bytes[range]), used), (Some(7), bytes.len()));
    }
}
