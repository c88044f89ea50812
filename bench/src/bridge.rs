//! The peer's bridge, as a capable engineer would write it: subscribes at QoS 1, gathers batches while the last one is
//! being committed, COPYs each in one transaction, and acknowledges to the broker only what is committed.

use crate::{copy, mqtt, progress};
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde::Deserialize;
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;

/// Options of `svod-bench bridge`.
#[derive(Debug, Args)]
pub struct Options {
    /// Host and port of the broker.
    #[arg(long)]
    mqtt: String,
    /// Address of the database.
    #[arg(long)]
    postgres: String,
    /// File that says how many rows are committed.
    #[arg(long)]
    progress: PathBuf,
    /// Most rows in one COPY.
    #[arg(long, default_value_t = 5000)]
    batch: usize,
}

/// Messages between the reader and the committer: a few batches.
const QUEUE: usize = 20_000;

/// One message, read and understood.
struct Reading {
    identifier: [u8; 2],
    device: String,
    ts: u64,
    value: f64,
}

#[derive(Deserialize)]
struct Payload {
    ts: u64,
    value: f64,
}

/// Runs until it is killed or a side fails.
pub fn run(options: &Options) -> Result<()> {
    let mut database = copy::connect(&options.postgres)?;
    copy::prepare(&mut database)?;
    let progress = progress::Writer::create(&options.progress)?;
    let mut stream =
        TcpStream::connect(&options.mqtt).with_context(|| format!("cannot connect to {}", options.mqtt))?;
    stream.set_nodelay(true)?;
    stream.write_all(&mqtt::connect("bench-bridge", None))?;
    stream.write_all(&mqtt::subscribe("bench/+/up"))?;
    let (send, receive) = sync_channel(QUEUE);
    let reader = BufReader::with_capacity(1 << 18, stream.try_clone()?);
    let reading = thread::spawn(move || read(reader, &send));
    commit(&receive, &mut database, stream, &progress, options.batch)?;
    reading.join().map_err(|_| anyhow::anyhow!("the reader panicked"))?
}

fn read(mut stream: impl Read, queue: &SyncSender<Reading>) -> Result<()> {
    let mut body = Vec::new();
    loop {
        let kind = packet(&mut stream, &mut body)?;
        match kind >> 4 {
            2 => ensure!(body == [0, 0], "the broker refused the connection: {body:?}"),
            9 => ensure!(body == [0, 1, 1], "the broker refused the subscription: {body:?}"),
            3 => queue.send(reading(&body)?).context("the committer ended")?,
            _ => bail!("unexpected packet {kind:#x}"),
        }
    }
}

/// Reads one packet's body and gives its first byte.
fn packet(stream: &mut impl Read, body: &mut Vec<u8>) -> Result<u8> {
    let mut byte = [0];
    stream.read_exact(&mut byte).context("the broker closed the connection")?;
    let kind = byte[0];
    let (mut length, mut shift) = (0usize, 0);
    loop {
        stream.read_exact(&mut byte)?;
        length |= usize::from(byte[0] & 0x7F) << shift;
        shift += 7;
        if byte[0] & 0x80 == 0 {
            break;
        }
        ensure!(shift < 28, "the packet's length is malformed");
    }
    body.resize(length, 0);
    stream.read_exact(body)?;
    Ok(kind)
}

fn reading(body: &[u8]) -> Result<Reading> {
    let topic_length = usize::from(u16::from_be_bytes([body[0], body[1]]));
    let (topic, rest) = body[2..].split_at(topic_length);
    let device = std::str::from_utf8(topic)?.split('/').nth(1).context("the topic names no device")?.to_owned();
    let (identifier, payload) = rest.split_at(2);
    let payload: Payload = serde_json::from_slice(payload).context("the payload is malformed")?;
    Ok(Reading { identifier: [identifier[0], identifier[1]], device, ts: payload.ts, value: payload.value })
}

fn commit(
    queue: &Receiver<Reading>,
    database: &mut postgres::Client,
    mut broker: TcpStream,
    progress: &progress::Writer,
    most: usize,
) -> Result<()> {
    let (mut rows, mut text, mut acknowledgements) = (0, Vec::new(), Vec::new());
    while let Ok(first) = queue.recv() {
        text.clear();
        acknowledgements.clear();
        let mut next = Ok(first);
        // Whatever came while the last batch was committed makes the next one: no waiting for it to fill.
        while let Ok(reading) = next {
            copy::row(&mut text, &reading.device, reading.ts, reading.value);
            acknowledgements.extend([0x40, 2, reading.identifier[0], reading.identifier[1]]);
            next = if acknowledgements.len() / 4 < most { queue.try_recv() } else { Err(TryRecvError::Empty) };
        }
        rows += copy::batch(database, &text)?;
        broker.write_all(&acknowledgements)?;
        progress.set(rows)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publish_is_understood() {
        let mut bytes: &[u8] = b"\x32\x25\x00\x0fbench/b00001/up\x00\x07{\"ts\":5,\"value\":3}";
        let mut body = Vec::new();
        assert_eq!(packet(&mut bytes, &mut body).unwrap(), 0x32);
        let reading = reading(&body).unwrap();
        assert_eq!(
            (reading.device.as_str(), reading.ts, reading.value, reading.identifier),
            ("b00001", 5, 3.0, [0, 7])
        );
    }
}
