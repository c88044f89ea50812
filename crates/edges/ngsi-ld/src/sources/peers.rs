//! How other brokers are spoken to; the binary brings the wires.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A request to another broker.
#[derive(Debug, Clone)]
pub struct Call {
    /// `GET`, `POST` …
    pub method: &'static str,
    /// Address.
    pub url: String,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// JSON, for what has a body.
    pub body: Option<String>,
    /// How long it may take.
    pub timeout: Duration,
}

/// What it answered.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Warnings it passes on (`NGSILD-Warning`).
    pub warnings: Vec<String>,
    /// Body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silence {
    /// Nobody answered in time.
    NoAnswer(String),
    /// What came cannot be an answer: too long, not HTTP.
    Unreadable(String),
}

/// A call under way.
pub type Calling<'a> = Pin<Box<dyn Future<Output = Result<Reply, Silence>> + Send + 'a>>;

/// Speaks to other brokers.
pub trait Peers: Send + Sync {
    /// One call.
    fn call(&self, call: Call) -> Calling<'_>;
}
