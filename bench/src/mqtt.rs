//! MQTT 3.1.1 by hand: CONNECT, PUBLISH at QoS 1, PUBACK, SUBSCRIBE, and every acknowledgement checked.

use crate::load::{self, Latency, Measured, Source};
use crate::progress;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use std::collections::VecDeque;
use std::path::PathBuf;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant};

/// Options of `svod-bench mqtt`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Host and port of the broker.
    #[arg(long)]
    addr: String,
    /// Password, where the broker wants one.
    #[arg(long)]
    token: Option<String>,
    /// How long new messages are sent.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Connections at once.
    #[arg(long, default_value_t = 1)]
    connections: u32,
    /// Messages sent and not yet acknowledged, on each connection.
    #[arg(long, default_value_t = 1000)]
    window: usize,
    /// Sensors of the pack.
    #[arg(long, default_value_t = load::DEVICES)]
    devices: u32,
    /// What the measured system may use, for the table.
    #[arg(long, default_value = "2")]
    cores: String,
    /// Name of the measured system, for the table.
    #[arg(long, default_value = "svod")]
    system: String,
    /// The bridge's progress file: a broker's acknowledgement is not yet durable in the peer's store, so the clock runs
    /// on until the bridge has committed as many.
    #[arg(long)]
    progress: Option<PathBuf>,
}

/// Sends, waits for every acknowledgement (and the bridge), prints the rate.
pub fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let committed_before = options.progress.as_deref().map(progress::read).transpose()?;
        let mut clients = Vec::new();
        for index in 0..options.connections {
            clients.push(Client::connect(&options.addr, &format!("bench-{index}"), options.token.as_deref()).await?);
        }
        let begun = Instant::now();
        let end = begun + Duration::from_secs(options.seconds);
        let publish = |(index, client)| tokio::spawn(publish(client, options.clone(), index as u32, end));
        let tasks: Vec<_> = clients.into_iter().enumerate().map(publish).collect();
        let (mut readings, mut latencies) = (0, Vec::new());
        for task in tasks {
            let (acknowledged, mut samples) = task.await??;
            readings += acknowledged;
            latencies.append(&mut samples);
        }
        if let (Some(path), Some(before)) = (&options.progress, committed_before) {
            progress::wait(path, before + readings).await?;
        }
        let workload = format!("MQTT QoS 1, {} connection(s), window {}", options.connections, options.window);
        let seconds = begun.elapsed().as_secs_f64();
        let latency = Latency::of(&mut latencies);
        Measured { workload, system: options.system.clone(), cores: options.cores.clone(), readings, seconds, latency }
            .print()
    })
}

/// Keeps the window full until the end, then waits for what is still out.
async fn publish(mut client: Client, options: Options, index: u32, end: Instant) -> Result<(u64, Vec<f64>)> {
    let mut source = Source::share(index, options.connections, options.devices);
    let mut samples = Vec::new();
    loop {
        let sending = Instant::now() < end;
        while sending && client.out.len() < options.window {
            let (number, ts, value) = source.next();
            client.queue(&load::topic(number), load::payload(ts, value).as_bytes());
        }
        if client.out.is_empty() {
            return Ok((client.acknowledged, samples));
        }
        client.flush().await?;
        client.acknowledgements(&mut samples).await?;
    }
}

/// One connection.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    /// Packets written and not yet flushed.
    write: Vec<u8>,
    read: Vec<u8>,
    /// Identifiers sent and not yet acknowledged, oldest first, and when.
    pub out: VecDeque<(u16, Instant)>,
    identifier: u16,
    /// Messages acknowledged.
    pub acknowledged: u64,
}

impl Client {
    /// Connects with a clean session.
    pub async fn connect(addr: &str, id: &str, token: Option<&str>) -> Result<Self> {
        let stream = TcpStream::connect(addr).await.with_context(|| format!("cannot connect to {addr}"))?;
        stream.set_nodelay(true)?;
        let mut client = Self {
            stream,
            write: connect(id, token),
            read: Vec::new(),
            out: VecDeque::new(),
            identifier: 0,
            acknowledged: 0,
        };
        client.flush().await?;
        while client.read.len() < 4 {
            client.fill().await?;
        }
        ensure!(
            client.read[..2] == [0x20, 2] && client.read[3] == 0,
            "the broker refused the connection: {:?}",
            &client.read[..4]
        );
        client.read.drain(..4);
        Ok(client)
    }

    /// Adds a PUBLISH at QoS 1 to what the next flush writes.
    pub fn queue(&mut self, topic: &str, payload: &[u8]) {
        self.identifier = self.identifier.checked_add(1).unwrap_or(1);
        encode_publish(&mut self.write, topic, self.identifier, payload);
        self.out.push_back((self.identifier, Instant::now()));
    }

    /// Writes what was queued.
    pub async fn flush(&mut self) -> Result<()> {
        self.stream.write_all(&self.write).await.context("the broker closed the connection")?;
        self.write.clear();
        Ok(())
    }

    /// Waits for at least one acknowledgement and takes all that have come. MQTT 3.1.1 [MQTT-4.6.0-2]: PUBACKs come in
    /// the order of the PUBLISHes; anything else is an error.
    pub async fn acknowledgements(&mut self, samples: &mut Vec<f64>) -> Result<()> {
        self.fill().await?;
        let whole = self.read.len() / 4 * 4;
        for packet in self.read[..whole].as_chunks::<4>().0 {
            ensure!(packet[..2] == [0x40, 2], "not a PUBACK: {packet:?}");
            let identifier = u16::from_be_bytes([packet[2], packet[3]]);
            match self.out.pop_front() {
                Some((expected, sent)) if expected == identifier => samples.push(sent.elapsed().as_secs_f64() * 1000.0),
                other => bail!("PUBACK of {identifier}, expected {:?}", other.map(|(expected, _)| expected)),
            }
            self.acknowledged += 1;
        }
        self.read.drain(..whole);
        Ok(())
    }

    async fn fill(&mut self) -> Result<()> {
        ensure!(self.stream.read_buf(&mut self.read).await? > 0, "the broker closed the connection");
        Ok(())
    }
}

fn string(into: &mut Vec<u8>, text: &[u8]) {
    into.extend((text.len() as u16).to_be_bytes());
    into.extend(text);
}

/// MQTT 3.1.1 section 2.2.3: seven bits a byte, lowest first.
fn length(into: &mut Vec<u8>, mut length: usize) {
    loop {
        let byte = (length % 128) as u8;
        length /= 128;
        into.push(if length > 0 { byte | 0x80 } else { byte });
        if length == 0 {
            return;
        }
    }
}

/// CONNECT (3.1): clean session, keep-alive off, the token as password.
pub fn connect(id: &str, token: Option<&str>) -> Vec<u8> {
    let mut body = Vec::new();
    string(&mut body, b"MQTT");
    body.extend([4, if token.is_some() { 0xC2 } else { 0x02 }, 0, 0]);
    string(&mut body, id.as_bytes());
    if let Some(token) = token {
        string(&mut body, b"bench");
        string(&mut body, token.as_bytes());
    }
    packet(0x10, &body)
}

/// SUBSCRIBE (3.8) to one filter at QoS 1, with identifier 1.
pub fn subscribe(filter: &str) -> Vec<u8> {
    let mut body = vec![0, 1];
    string(&mut body, filter.as_bytes());
    body.push(1);
    packet(0x82, &body)
}

fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![kind];
    length(&mut packet, body.len());
    packet.extend(body);
    packet
}

fn encode_publish(into: &mut Vec<u8>, topic: &str, identifier: u16, payload: &[u8]) {
    into.push(0x32);
    length(into, 2 + topic.len() + 2 + payload.len());
    string(into, topic.as_bytes());
    into.extend(identifier.to_be_bytes());
    into.extend(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_those_of_the_standard() {
        assert_eq!(connect("a", None), [0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 0, 0, 1, b'a']);
        assert_eq!(subscribe("a/+"), [0x82, 8, 0, 1, 0, 3, b'a', b'/', b'+', 1]);
        let mut publish = Vec::new();
        encode_publish(&mut publish, "t", 7, &[b'x'; 200]);
        assert_eq!(publish[..8], [0x32, 0xCD, 0x01, 0, 1, b't', 0, 7]);
        assert_eq!(publish.len(), 208);
    }

    #[test]
    fn acknowledgements_out_of_order_are_an_error() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap().to_string();
            let broker = tokio::spawn(async move {
                let (mut socket, _) = listener.accept().await.unwrap();
                let mut bytes = [0; 64];
                let _ = socket.read(&mut bytes).await.unwrap();
                socket.write_all(&[0x20, 2, 0, 0, 0x40, 2, 0, 1, 0x40, 2, 0, 3]).await.unwrap();
                socket
            });
            let mut client = Client::connect(&addr, "a", None).await.unwrap();
            for _ in 0..3 {
                client.queue("t", b"x");
            }
            // Already read with CONNACK or not, the two PUBACKs are there after one more byte.
            let mut socket = broker.await.unwrap();
            socket.write_all(&[0x40]).await.unwrap();
            let mut samples = Vec::new();
            let mut outcome = Ok(());
            while outcome.is_ok() && samples.len() < 2 {
                outcome = client.acknowledgements(&mut samples).await;
            }
            assert_eq!(outcome.unwrap_err().to_string(), "PUBACK of 3, expected Some(2)");
            assert_eq!(samples.len(), 1);
        });
    }
}
