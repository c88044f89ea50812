use std::time::Duration;

/// Limits and manners of the broker. Every queue has its bound here.
#[derive(Debug, Clone)]
pub struct MqttConfig {
    /// Connections at once; one more gets CONNACK "server busy". A connection at rest costs about 10 KB.
    pub max_connections: usize,
    /// Time from accepting the socket to a whole CONNECT (and TLS handshake): an idle stranger holds no slot longer.
    pub connect_timeout: Duration,
    /// Largest packet accepted, bytes: a reading is hundreds of bytes, a batch tens of thousands.
    pub max_packet_size: u32,
    /// Publishes of one connection not yet acknowledged (MQTT 5 Receive Maximum); over it the socket is not read.
    pub receive_maximum: u16,
    /// Topic aliases a version 5 client may define.
    pub topic_alias_maximum: u16,
    /// Longest keep-alive granted to version 5 clients, seconds; silence of one and a half times it ends a connection.
    pub max_keep_alive: u16,
    /// Bytes waiting to be written to one connection before nothing more is read from it or queued for it.
    pub write_buffer: usize,
    /// A connection that takes no byte for so long while bytes wait is closed.
    pub write_stall: Duration,
    /// Filters of one session.
    pub max_subscriptions_per_session: usize,
    /// Filters of all sessions.
    pub max_subscriptions: usize,
    /// Messages waiting for one session; a further one is dropped and counted.
    pub max_queued_messages: usize,
    /// Bytes waiting for one session.
    pub max_queued_bytes: usize,
    /// Unacknowledged messages sent to one session (a client's own Receive Maximum may be lower).
    pub max_out_inflight: u16,
    /// Sessions kept for clients that are away; the one away longest goes first.
    pub max_sessions: usize,
    /// Longest a session is kept for a client that is away.
    pub max_session_expiry: Duration,
    /// Retained messages, number.
    pub max_retained_messages: usize,
    /// Retained messages, bytes.
    pub max_retained_bytes: usize,
    /// How long the broker asks a busy ingest again before it gives the message back to the client.
    pub busy_patience: Duration,
    /// Topics only the platform may publish to begin so.
    pub platform_prefix: String,
}

impl Default for MqttConfig {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            connect_timeout: Duration::from_secs(10),
            max_packet_size: 256 * 1024,
            receive_maximum: 1_024,
            topic_alias_maximum: 16,
            max_keep_alive: 3_600,
            write_buffer: 256 * 1024,
            write_stall: Duration::from_secs(60),
            max_subscriptions_per_session: 100,
            max_subscriptions: 100_000,
            max_queued_messages: 1_000,
            max_queued_bytes: 4 * 1024 * 1024,
            max_out_inflight: 256,
            max_sessions: 10_000,
            max_session_expiry: Duration::from_secs(24 * 3_600),
            max_retained_messages: 100_000,
            max_retained_bytes: 64 * 1024 * 1024,
            busy_patience: Duration::from_secs(30),
            platform_prefix: "svod/".into(),
        }
    }
}
