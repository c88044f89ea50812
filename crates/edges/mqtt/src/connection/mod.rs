//! One client: a single task that reads, hands on, acknowledges and delivers.

mod handshake;
mod inbound;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::sync::Arc;

use bytes::BytesMut;
use bytestring::ByteString;
use futures_util::FutureExt as _;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;
use rmqtt_codec::types::Publish;
use rmqtt_codec::v5::{DisconnectReasonCode, PublishProperties, QoS};
use svod_kernel::Actor;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Duration, Instant};

use crate::core::{Attached, Core};
use crate::door::{BoxFuture, PublishRefusal};
use crate::session::Delivery;
use crate::wire::{Will, Wire};

/// Publishes handed to the platform together, and its answers.
type Batch = (Vec<Publish>, Vec<Result<(), PublishRefusal>>);

/// Read at once from a socket, bytes: some hundreds of small publishes.
const READ: usize = 16 * 1024;

/// Room kept for a client that says little, bytes.
const QUIET_READ: usize = 2 * 1024;

/// Largest CONNECT packet, bytes: before it nobody has said who they are.
const MAX_CONNECT: u32 = 64 * 1024;

/// How long a connection that ends waits for its publishes to become durable.
const DRAIN: Duration = Duration::from_secs(8);

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client said goodbye; true when it wants its will published.
    Goodbye(bool),
    /// The peer is gone, or the socket broke.
    Gone,
    /// We end it for this reason.
    Reason(DisconnectReasonCode),
    /// The platform stops.
    Shutdown,
}

struct Connection<'a> {
    core: &'a Arc<Core>,
    at: Attached,
    actor: Arc<Actor>,
    wire: Wire,
    input: BytesMut,
    out: BytesMut,
    pending: FuturesOrdered<BoxFuture<Batch>>,
    in_flight: usize,
    unacknowledged: usize,
    aliases: HashMap<NonZeroU16, ByteString>,
    will: Option<Will>,
    keep_alive: Option<Duration>,
    credit: usize,
    max_packet: usize,
    busy: bool,
}

/// Serves one accepted stream to its end.
pub async fn run<S>(core: &Arc<Core>, stream: S, peer: SocketAddr, deadline: Instant, busy: bool)
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let (mut reader, mut writer) = tokio::io::split(stream);
    let greeted = tokio::time::timeout_at(deadline, handshake::greet(core, &mut reader, &mut writer, peer, busy));
    let Ok(Some(mut connection)) = greeted.await else { return };
    let end = connection.serve(&mut reader, &mut writer).await;
    connection.finish(end, &mut writer).await;
}

impl Connection<'_> {
    async fn serve<R, W>(&mut self, reader: &mut R, writer: &mut W) -> End
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut stop = self.core.stop.subscribe();
        let session = Arc::clone(&self.at.session);
        let (mut heard, mut wrote) = (Instant::now(), Instant::now());
        let mut tick = tokio::time::interval(self.tick());
        self.redeliver();
        loop {
            if let Err(end) = self.process() {
                return end;
            }
            self.deliver();
            let may_read = self.may_take() && self.out.len() < self.core.config.write_buffer;
            let room = self.room();
            tokio::select! {
                biased;
                _ = stop.wait_for(|s| *s) => return End::Shutdown,
                Some(batch) = self.pending.next(), if !self.pending.is_empty() => {
                    if let Err(end) = self.answer(batch) {
                        return end;
                    }
                }
                n = writer.write_buf(&mut self.out), if !self.out.is_empty() => match n {
                    Ok(n) if n > 0 => wrote = Instant::now(),
                    _ => return End::Gone,
                },
                n = reader.read_buf(&mut self.input), if may_read => match n {
                    Ok(n) if n > 0 => {
                        heard = Instant::now();
                        self.busy = n >= room;
                    }
                    _ => return End::Gone,
                },
                () = session.wake.notified() => if let Some(reason) = self.sent_away() {
                    return End::Reason(reason);
                },
                now = tick.tick() => {
                    // A client we do not read from cannot be heard.
                    let silent = self.keep_alive.is_some_and(|k| now.saturating_duration_since(heard) > k);
                    if silent && may_read {
                        return End::Reason(DisconnectReasonCode::KeepAliveTimeout);
                    }
                    self.shrink();
                    if self.out.is_empty() {
                        wrote = now;
                    } else if now.saturating_duration_since(wrote) > self.core.config.write_stall {
                        return End::Gone;
                    }
                }
            }
        }
    }

    /// Why the session is no longer this connection's.
    fn sent_away(&self) -> Option<DisconnectReasonCode> {
        let state = self.at.session.state();
        if state.expelled {
            return Some(DisconnectReasonCode::NotAuthorized);
        }
        (state.epoch != self.at.epoch).then_some(DisconnectReasonCode::SessionTakenOver)
    }

    /// Makes room for the next read, much when the last one filled what there was; its size in bytes.
    fn room(&mut self) -> usize {
        let room = self.input.capacity() - self.input.len();
        if room >= QUIET_READ / 2 && !self.busy {
            return room;
        }
        self.input.reserve(if self.busy { READ } else { QUIET_READ });
        self.input.capacity() - self.input.len()
    }

    /// Gives back what a burst made the buffers grow to.
    fn shrink(&mut self) {
        for buffer in [&mut self.input, &mut self.out] {
            if buffer.is_empty() && buffer.capacity() > READ {
                *buffer = BytesMut::new();
            }
        }
    }

    fn tick(&self) -> Duration {
        let longest = Duration::from_secs(10).min(self.core.config.write_stall / 2);
        self.keep_alive.map_or(longest, |k| (k / 4).min(longest)).max(Duration::from_millis(20))
    }

    fn may_take(&self) -> bool {
        self.in_flight < usize::from(self.core.config.receive_maximum)
    }

    /// Acknowledges one batch and all others that are ready, in order.
    fn answer(&mut self, first: Batch) -> Result<(), End> {
        let mut batch = Some(first);
        let mut end = Ok(());
        while let Some((publishes, answers)) = batch {
            for (publish, kept) in publishes.iter().zip(answers) {
                end = end.and(self.acknowledge(publish, kept));
            }
            batch = self.pending.next().now_or_never().flatten();
        }
        end
    }

    /// What was sent on an earlier connection and not acknowledged goes first, marked as a duplicate.
    fn redeliver(&mut self) {
        let again = self.at.session.state().unacknowledged();
        for (id, delivery) in again {
            self.send(Some(id), &delivery, true);
        }
    }

    /// Moves what waits in the session to the socket's buffer, as far as both sides' limits allow.
    fn deliver(&mut self) {
        let now = Instant::now();
        while self.out.len() < self.core.config.write_buffer {
            let mut state = self.at.session.state();
            if state.epoch != self.at.epoch {
                return;
            }
            let Some((id, delivery)) = state.next(self.credit, now) else { return };
            drop(state);
            self.send(id, &delivery, false);
        }
    }

    fn send(&mut self, id: Option<u16>, delivery: &Delivery, dup: bool) {
        let m = &delivery.message;
        let properties = self.wire.is_v5().then(|| {
            let left = m.expires.map(|at| at.saturating_duration_since(Instant::now()).as_secs().max(1));
            PublishProperties {
                message_expiry_interval: left.and_then(|s| u32::try_from(s).ok()?.try_into().ok()),
                subscription_ids: delivery.ids.clone(),
                ..m.properties.clone().unwrap_or_default()
            }
        });
        let publish = Publish {
            dup,
            retain: delivery.retain,
            qos: if id.is_some() { QoS::AtLeastOnce } else { QoS::AtMostOnce },
            topic: m.topic.clone(),
            packet_id: id.and_then(NonZeroU16::new),
            payload: m.payload.clone(),
            properties,
        };
        let before = self.out.len();
        if self.wire.publish(&mut self.out, publish).is_ok() && self.out.len() - before <= self.max_packet {
            metrics::counter!("svod_mqtt_delivered_total").increment(1);
            return;
        }
        // MQTT 5.0, 3.1.2.11.4: what is too large for the client is not sent, as if it had been.
        self.out.truncate(before);
        metrics::counter!("svod_mqtt_dropped_total", "reason" => "too-large").increment(1);
        if let Some(id) = id {
            self.at.session.state().acknowledged(id);
        }
    }

    /// Lets what is in flight become durable, says goodbye, gives the session back.
    async fn finish<W: AsyncWrite + Unpin>(mut self, end: End, writer: &mut W) {
        let reason = match end {
            End::Goodbye(_) | End::Gone => None,
            End::Reason(reason) => Some(reason),
            End::Shutdown => Some(DisconnectReasonCode::ServerShuttingDown),
        };
        if let Some(reason) = reason {
            metrics::counter!("svod_mqtt_closed_total", "reason" => format!("{reason:?}")).increment(1);
        }
        let will = match end {
            End::Goodbye(false) | End::Shutdown => None,
            _ => self.will.take().map(|w| (w, Arc::clone(&self.actor))),
        };
        if end == End::Shutdown {
            self.drain().await;
        }
        let said = reason.is_none_or(|reason| self.wire.goodbye(&mut self.out, reason).is_ok());
        if said && end != End::Gone {
            let last = async {
                writer.write_all_buf(&mut self.out).await?;
                writer.shutdown().await
            };
            let _ = tokio::time::timeout(Duration::from_secs(1), last).await;
        }
        self.core.detach(&self.at.session, self.at.epoch, will);
        self.drain().await;
    }

    /// Messages that came whole are kept even when their sender is gone.
    async fn drain(&mut self) {
        let all = async {
            while let Some(batch) = self.pending.next().await {
                if self.answer(batch).is_err() {
                    continue;
                }
            }
        };
        let _ = tokio::time::timeout(DRAIN, all).await;
    }
}
