//! HTTP/1.1 by hand, one request at a time on each connection: the generator must cost little beside what it measures.

use crate::load::{self, Latency, Measured, Source};
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant};

/// Options of `svod-bench http`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Host and port of the platform.
    #[arg(long)]
    addr: String,
    /// Bearer token of an actor that may deliver readings.
    #[arg(long)]
    token: String,
    /// How long new batches are sent.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Connections at once.
    #[arg(long, default_value_t = 8)]
    connections: u32,
    /// Readings in a batch.
    #[arg(long, default_value_t = 100)]
    batch: u32,
    /// Sensors of the pack.
    #[arg(long, default_value_t = load::DEVICES)]
    devices: u32,
    /// What the measured system may use, for the table.
    #[arg(long, default_value = "2")]
    cores: String,
}

/// Sends, waits for every answer, prints the rate.
pub fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let begun = Instant::now();
        let end = begun + Duration::from_secs(options.seconds);
        let tasks: Vec<_> =
            (0..options.connections).map(|index| tokio::spawn(connection(options.clone(), index, end))).collect();
        let (mut readings, mut latencies) = (0, Vec::new());
        for task in tasks {
            let (acknowledged, mut samples) = task.await??;
            readings += acknowledged;
            latencies.append(&mut samples);
        }
        let workload = format!("HTTP, batches of {}, {} connections", options.batch, options.connections);
        let seconds = begun.elapsed().as_secs_f64();
        let latency = Latency::of(&mut latencies);
        Measured { workload, system: "svod".into(), cores: options.cores.clone(), readings, seconds, latency }.print()
    })
}

async fn connection(options: Options, index: u32, end: Instant) -> Result<(u64, Vec<f64>)> {
    let mut stream =
        TcpStream::connect(&options.addr).await.with_context(|| format!("cannot connect to {}", options.addr))?;
    stream.set_nodelay(true)?;
    let mut source = Source::share(index, options.connections, options.devices);
    let (mut acknowledged, mut samples, mut buffer) = (0, Vec::new(), Vec::new());
    while Instant::now() < end {
        let request = request(&options, &mut source);
        let sent = Instant::now();
        stream.write_all(&request).await?;
        let answer = answer(&mut stream, &mut buffer).await?;
        samples.push(sent.elapsed().as_secs_f64() * 1000.0);
        check(&answer, options.batch)?;
        acknowledged += u64::from(options.batch);
    }
    Ok((acknowledged, samples))
}

fn request(options: &Options, source: &mut Source) -> Vec<u8> {
    let messages: Vec<String> = (0..options.batch)
        .map(|_| {
            let (number, ts, value) = source.next();
            format!(
                "{{\"profile\":\"bench-post\",\"device\":\"{}\",\"payload\":{}}}",
                load::device(number),
                load::payload(ts, value)
            )
        })
        .collect();
    let body = format!("{{\"messages\":[{}]}}", messages.join(","));
    format!(
        "POST /api/v1/observations HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        options.addr,
        options.token,
        body.len()
    )
    .into_bytes()
}

/// An answer's status and body.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Body, whole.
    pub body: Vec<u8>,
}

/// Reads one answer, of known length or in chunks; what follows it stays in `buffer`.
pub async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<Answer> {
    loop {
        if let Some((answer, used)) = parse(buffer)? {
            buffer.drain(..used);
            return Ok(answer);
        }
        if stream.read_buf(buffer).await? == 0 {
            bail!("the platform closed the connection before it answered");
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Option<(Answer, usize)>> {
    let Some(head_end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..head_end]).context("the answer's head is no text")?;
    let status = head.get(9..12).and_then(|code| code.parse().ok()).context("the answer has no status")?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = match length {
        Some((_, value)) => value.trim().parse()?,
        None if status == 204 => 0,
        None if head.to_ascii_lowercase().contains("transfer-encoding: chunked") => {
            let chunks = chunks(&bytes[head_end + 4..])?;
            return Ok(chunks.map(|(body, used)| (Answer { status, body }, head_end + 4 + used)));
        }
        None => bail!("the answer has no content-length:\n{head}"),
    };
    let end = head_end + 4 + length;
    Ok((bytes.len() >= end).then(|| (Answer { status, body: bytes[head_end + 4..end].to_vec() }, end)))
}

/// A body in chunks (RFC 9112, 7.1), when it is whole, and its length on the wire.
fn chunks(bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let Some(line) = bytes[at..].windows(2).position(|w| w == b"\r\n") else { return Ok(None) };
        let size = std::str::from_utf8(&bytes[at..at + line])?.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size.trim(), 16).context("a chunk has no size")?;
        let end = at + line + 2 + size + 2;
        if bytes.len() < end {
            return Ok(None);
        }
        if size == 0 {
            return Ok(Some((body, end)));
        }
        body.extend_from_slice(&bytes[at + line + 2..end - 2]);
        at = end;
    }
}

#[derive(Deserialize)]
struct Delivered {
    stored: u64,
}

/// An answer acknowledges a batch when it is 2xx and every reading was stored: none in quarantine, none a duplicate.
fn check(answer: &Answer, batch: u32) -> Result<()> {
    let text = String::from_utf8_lossy(&answer.body);
    ensure!((200..300).contains(&answer.status), "refused with {}: {text}", answer.status);
    let delivered: Delivered =
        serde_json::from_slice(&answer.body).with_context(|| format!("unexpected answer: {text}"))?;
    ensure!(delivered.stored == u64::from(batch), "not the whole batch was stored: {text}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_it_is_whole_and_the_next_is_left() {
        let bytes = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 ";
        assert!(parse(&bytes[..bytes.len() - 10]).unwrap().is_none());
        let (answer, used) = parse(bytes).unwrap().unwrap();
        assert_eq!((answer.status, answer.body.as_slice(), used), (202, b"ok".as_slice(), bytes.len() - 9));
    }

    #[test]
    fn an_answer_in_chunks_is_read() {
        let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\n\r\nHTTP";
        assert!(parse(&bytes[..bytes.len() - 6]).unwrap().is_none());
        let (answer, used) = parse(bytes).unwrap().unwrap();
        assert_eq!((answer.body.as_slice(), used), (b"ok!".as_slice(), bytes.len() - 4));
    }

    #[test]
    fn an_answer_that_does_not_acknowledge_all_is_an_error() {
        let with = |status, body: &str| check(&Answer { status, body: body.as_bytes().to_vec() }, 100);
        assert!(with(202, r#"{"stored":100,"duplicates":0,"quarantined":0}"#).is_ok());
        assert!(with(503, "").is_err());
        assert!(with(202, r#"{"stored":99,"duplicates":0,"quarantined":1}"#).is_err());
        assert!(with(202, r#"{"stored":99,"duplicates":1,"quarantined":0}"#).is_err());
    }
}
