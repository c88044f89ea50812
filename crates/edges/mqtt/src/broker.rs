use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use rmqtt_codec::types::Publish;
use rmqtt_codec::v5::QoS;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::config::MqttConfig;
use crate::connection;
use crate::core::Core;
use crate::door::Door;
use crate::topic;

/// How many connections over the limit are still told "server busy" instead of being cut off.
const POLITE_REFUSALS: usize = 256;

/// How long a shutdown waits for acknowledgements of what is in flight.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// The text is no topic name a message may go to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a topic name")]
pub struct InvalidTopic(pub String);

/// The MQTT door: a broker for MQTT 3.1, 3.1.1 (OASIS 2014) and 5.0 (OASIS 2019). A cheap handle.
#[derive(Clone)]
pub struct MqttBroker(Arc<Core>);

impl MqttBroker {
    /// A broker that listens nowhere yet. Call within a tokio runtime.
    pub fn new(config: MqttConfig, door: Arc<dyn Door>) -> Self {
        let core = Core::new(config, door);
        tokio::spawn(keep_house(Arc::clone(&core)));
        Self(core)
    }

    /// A broker that listens on `addr` without TLS; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn bind(
        addr: impl ToSocketAddrs,
        config: MqttConfig,
        door: Arc<dyn Door>,
    ) -> io::Result<(SocketAddr, Self)> {
        let broker = Self::new(config, door);
        Ok((broker.listen(addr, None).await?, broker))
    }

    /// Listens on one address more; with TLS when a server configuration is given.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn listen(&self, addr: impl ToSocketAddrs, tls: Option<Arc<ServerConfig>>) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(addr).await?;
        let local = listener.local_addr()?;
        self.accept_from(listener, tls);
        Ok(local)
    }

    /// Takes connections from a socket that listens already.
    pub fn accept_from(&self, listener: TcpListener, tls: Option<Arc<ServerConfig>>) {
        tokio::spawn(accept(Arc::clone(&self.0), listener, tls.map(TlsAcceptor::from)));
    }

    /// Publishes a message of the platform: to subscribers now and, when `retain`, to later ones. An empty retained
    /// payload forgets the topic.
    ///
    /// # Errors
    /// When `topic` is no topic name.
    pub fn publish(&self, topic: &str, payload: Bytes, retain: bool) -> Result<(), InvalidTopic> {
        if !topic::is_topic(topic) {
            return Err(InvalidTopic(topic.chars().take(200).collect()));
        }
        let publish = Publish {
            dup: false,
            retain,
            qos: QoS::AtLeastOnce,
            topic: topic.into(),
            packet_id: None,
            payload,
            properties: None,
        };
        self.0.route(&publish, None);
        Ok(())
    }

    /// Sends away everybody whose actor's id is `gone`: they are let in no more. How many sessions ended.
    pub fn expel(&self, gone: impl Fn(&str) -> bool) -> usize {
        let ended = self.0.expel(gone);
        metrics::counter!("svod_mqtt_expelled_total").increment(ended as u64);
        ended
    }

    /// Connections now.
    pub fn connections(&self) -> usize {
        self.0.connections.load(Ordering::Relaxed)
    }

    /// Stops listening, lets what is in flight become durable and acknowledged, tells clients and closes; at most ten
    /// seconds.
    pub async fn shutdown(&self) {
        self.0.stop.send_replace(true);
        if tokio::time::timeout(SHUTDOWN, self.0.stop.closed()).await.is_err() {
            tracing::warn!(connections = self.connections(), "mqtt connections did not end in time");
        }
    }
}

async fn keep_house(core: Arc<Core>) {
    let mut stop = core.stop.subscribe();
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = tick.tick() => core.keep_house(Instant::now()),
            _ = stop.wait_for(|s| *s) => return,
        }
    }
}

async fn accept(core: Arc<Core>, listener: TcpListener, tls: Option<TlsAcceptor>) {
    let mut stop = core.stop.subscribe();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|s| *s) => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let before = core.connections.load(Ordering::Relaxed);
                if before >= core.config.max_connections + POLITE_REFUSALS {
                    metrics::counter!("svod_mqtt_refused_total", "reason" => "connections").increment(1);
                    continue;
                }
                let busy = before >= core.config.max_connections;
                tokio::spawn(serve(Arc::clone(&core), stream, peer, tls.clone(), busy));
            }
            Err(error) => {
                // Out of file descriptors: let connections end before the next try.
                tracing::warn!(%error, "mqtt accept failed");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Counts a connection for as long as it lives, however it ends.
struct Counted<'a>(&'a Core);

impl<'a> Counted<'a> {
    fn new(core: &'a Core) -> Self {
        core.connections.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!("svod_mqtt_connections").increment(1.0);
        Self(core)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("svod_mqtt_connections").decrement(1.0);
    }
}

async fn serve(core: Arc<Core>, stream: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>, busy: bool) {
    let _counted = Counted::new(&core);
    let deadline = Instant::now() + core.config.connect_timeout;
    if stream.set_nodelay(true).is_err() {
        return;
    }
    match tls {
        None => connection::run(&core, stream, peer, deadline, busy).await,
        Some(tls) => match tokio::time::timeout_at(deadline, tls.accept(stream)).await {
            Ok(Ok(stream)) => connection::run(&core, stream, peer, deadline, busy).await,
            _ => metrics::counter!("svod_mqtt_refused_total", "reason" => "tls").increment(1),
        },
    }
}
