//! From the first byte to CONNACK.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::BytesMut;
use bytestring::ByteString;
use futures_util::stream::FuturesOrdered;
use rmqtt_codec::error::DecodeError;
use rmqtt_codec::v5::ConnectAckReason;
use svod_kernel::Actor;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::Duration;

use super::{Connection, MAX_CONNECT};
use crate::core::Core;
use crate::door::{Credentials, Refusal};
use crate::session::SessionKey;
use crate::topic;
use crate::wire::{Granted, Hello, Inbound, Wire};

/// CONNACK of 3.1.1 with "unacceptable protocol version", the answer to a version that nobody knows.
const UNKNOWN_VERSION: [u8; 4] = [0x20, 2, 0, 1];

/// Numbers the ids given to clients that bring none.
static ASSIGNED: AtomicU64 = AtomicU64::new(1);

/// Reads CONNECT, asks who it is, answers. `None` when the connection is to be closed.
pub async fn greet<'a, R, W>(
    core: &'a Arc<Core>,
    reader: &mut R,
    writer: &mut W,
    peer: SocketAddr,
    busy: bool,
) -> Option<Connection<'a>>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut input = BytesMut::with_capacity(512);
    let (mut wire, hello) = match read_connect(reader, &mut input).await {
        Ok(read) => read?,
        Err(error) => {
            metrics::counter!("svod_mqtt_refused_total", "reason" => "malformed").increment(1);
            if matches!(error, DecodeError::InvalidProtocol) && input.first() == Some(&0x10) {
                let _ = writer.write_all(&UNKNOWN_VERSION).await;
            }
            return None;
        }
    };
    let mut out = BytesMut::with_capacity(128);
    match admit(core, &hello, peer, busy).await {
        Ok((actor, client)) => {
            let connection = welcome(core, actor, client, *hello, wire, input, out)?;
            Some(connection)
        }
        Err(reason) => {
            metrics::counter!("svod_mqtt_refused_total", "reason" => format!("{reason:?}")).increment(1);
            wire.refuse(&mut out, reason).ok()?;
            writer.write_all_buf(&mut out).await.ok()?;
            writer.shutdown().await.ok()?;
            None
        }
    }
}

async fn read_connect<R>(reader: &mut R, input: &mut BytesMut) -> Result<Option<(Wire, Box<Hello>)>, DecodeError>
where
    R: AsyncRead + Unpin,
{
    let mut wire: Option<Wire> = None;
    loop {
        if wire.is_none() {
            wire = Wire::detect(input, MAX_CONNECT)?;
        }
        if let Some(mut w) = wire.take() {
            match w.decode(input)? {
                Some(Inbound::Connect(hello)) => return Ok(Some((w, hello))),
                Some(_) => return Err(DecodeError::UnsupportedPacketType),
                None => wire = Some(w),
            }
        }
        if reader.read_buf(input).await? == 0 {
            return Ok(None);
        }
    }
}

/// Who it is and under which client id, or why not.
async fn admit(
    core: &Core,
    hello: &Hello,
    peer: SocketAddr,
    busy: bool,
) -> Result<(Actor, (ByteString, bool)), ConnectAckReason> {
    if busy {
        return Err(ConnectAckReason::ServerBusy);
    }
    if hello.auth_method {
        return Err(ConnectAckReason::BadAuthenticationMethod);
    }
    if hello.client_id.len() > 256 || hello.client_id.contains(char::is_control) {
        return Err(ConnectAckReason::ClientIdentifierNotValid);
    }
    if let Some(will) = &hello.will {
        if !topic::is_topic(&will.publish.topic) {
            return Err(ConnectAckReason::TopicNameInvalid);
        }
        if core.is_reserved(&will.publish.topic) {
            return Err(ConnectAckReason::NotAuthorized);
        }
    }
    let assigned = hello.client_id.is_empty();
    let client_id = if assigned {
        format!("svod-{}-{}", peer.port(), ASSIGNED.fetch_add(1, Ordering::Relaxed)).into()
    } else {
        ByteString::from(&*hello.client_id)
    };
    let credentials = Credentials {
        client_id: client_id.to_string(),
        username: hello.username.as_deref().map(Into::into),
        password: hello.password.clone(),
        peer,
    };
    let actor = core.door.authenticate(credentials).await.map_err(|refusal| match refusal {
        Refusal::BadCredentials => ConnectAckReason::BadUserNameOrPassword,
        Refusal::NotAuthorised => ConnectAckReason::NotAuthorized,
        Refusal::Unavailable => ConnectAckReason::ServerUnavailable,
    })?;
    Ok((actor, (client_id, assigned)))
}

/// Takes the session and writes CONNACK.
fn welcome<'a>(
    core: &'a Arc<Core>,
    actor: Actor,
    (client, assigned): (ByteString, bool),
    hello: Hello,
    mut wire: Wire,
    input: BytesMut,
    mut out: BytesMut,
) -> Option<Connection<'a>> {
    let config = &core.config;
    let max_expiry = u32::try_from(config.max_session_expiry.as_secs()).unwrap_or(u32::MAX);
    let longest = config.max_keep_alive;
    let keep_alive = match hello.keep_alive {
        0 if wire.is_v5() => longest,
        asked if wire.is_v5() => asked.min(longest),
        asked => asked,
    };
    let key = SessionKey { actor: actor.id.clone(), client: client.to_string() };
    let at = core.attach(key, hello.clean_start, hello.expiry);
    wire.set_max_packet(config.max_packet_size);
    let granted = Granted {
        session_present: at.present,
        assigned: assigned.then_some(client),
        keep_alive: (keep_alive != hello.keep_alive).then_some(keep_alive),
        expiry: (hello.expiry > max_expiry).then_some(max_expiry),
        receive_max: NonZeroU16::new(config.receive_maximum).unwrap_or(NonZeroU16::MIN),
        max_packet: config.max_packet_size,
        topic_alias_max: config.topic_alias_maximum,
    };
    if wire.welcome(&mut out, granted).is_err() {
        core.detach(&at.session, at.epoch, None);
        return None;
    }
    Some(Connection {
        core,
        at,
        actor: Arc::new(actor),
        wire,
        input,
        out,
        pending: FuturesOrdered::new(),
        in_flight: 0,
        unacknowledged: 0,
        aliases: HashMap::new(),
        will: hello.will,
        keep_alive: (keep_alive > 0).then(|| Duration::from_secs(u64::from(keep_alive)) * 3 / 2),
        credit: usize::from(hello.receive_max.min(config.max_out_inflight)),
        max_packet: hello.max_packet as usize,
        busy: false,
    })
}
