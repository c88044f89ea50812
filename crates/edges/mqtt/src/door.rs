use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use svod_kernel::Actor;

/// A future that owns all it needs.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What a client says about itself in CONNECT.
#[derive(Clone)]
pub struct Credentials {
    /// Client identifier, never empty.
    pub client_id: String,
    /// User name.
    pub username: Option<String>,
    /// Password: a bearer token.
    pub password: Option<Bytes>,
    /// Address of the peer.
    pub peer: SocketAddr,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("password", &self.password.is_some()).finish_non_exhaustive()
    }
}

/// Why a client is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The token or password is wrong.
    #[error("bad user name or password")]
    BadCredentials,
    /// Nothing was given and anonymous devices are not let in, or the actor may not use this door.
    #[error("not authorised")]
    NotAuthorised,
    /// It cannot be told now.
    #[error("identity is not available")]
    Unavailable,
}

/// One message as a client published it.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Topic name, aliases resolved.
    pub topic: String,
    /// Bytes as they came.
    pub payload: Bytes,
}

/// Why a message is not accepted. A message that is merely wrong *is* accepted: into quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublishRefusal {
    /// Too much in flight; ask again.
    #[error("ingest is busy")]
    Busy,
    /// The actor may not deliver readings there.
    #[error("not authorised")]
    NotAuthorised,
    /// The store failed; nothing was kept.
    #[error("not stored")]
    Failed,
}

/// What the broker asks of the platform.
pub trait Door: Send + Sync + 'static {
    /// Who is this?
    fn authenticate(&self, credentials: Credentials) -> BoxFuture<Result<Actor, Refusal>>;

    /// Takes messages of one actor in order; resolves when each is durable or refused, one answer for each, same order.
    fn publish(&self, actor: Arc<Actor>, messages: Vec<Publication>) -> BoxFuture<Vec<Result<(), PublishRefusal>>>;

    /// May the actor see every message that the filter names?
    fn may_subscribe(&self, actor: &Actor, filter: &str) -> bool;
}
