//! Connections of HTTP/1.1, with TLS or without: taken, served, let go.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

use crate::front::Front;

/// How long a client may take to send the head of a request; who is slower holds a connection for nothing.
const HEAD: Duration = Duration::from_secs(30);
/// How long a client may take over the handshake of TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long nothing is taken after the system refused to (no more files).
const PAUSE: Duration = Duration::from_secs(1);

/// Serves until `stopped` turns true, then lets requests under way end.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    front: Arc<Front>,
    mut stopped: watch::Receiver<bool>,
) {
    let tls = tls.map(TlsAcceptor::from);
    let mut server = http1::Builder::new();
    // Some clients look for `Location` and do not find `location`.
    server.title_case_headers(true).timer(TokioTimer::new()).header_read_timeout(HEAD).pipeline_flush(true);
    // Every connection holds an end of it: it closes when the last of them is over.
    let (alive, mut over) = mpsc::channel::<()>(1);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            // A dropped sender stops the server as well.
            _ = stopped.wait_for(|s| *s) => break,
        };
        let (stream, peer) = match stream {
            Ok((stream, peer)) => (stream, peer.ip().to_canonical()),
            // Gone before it was taken.
            Err(e) if matches!(e.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => continue,
            Err(error) => {
                tracing::warn!(%error, "a connection was not taken");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "small answers may wait on a connection");
        }
        let one = Connection { server: server.clone(), front: front.clone(), peer, stopped: stopped.clone() };
        let (alive, tls) = (alive.clone(), tls.clone());
        tokio::spawn(async move {
            one.run(stream, tls).await;
            drop(alive);
        });
    }
    drop((listener, alive));
    while over.recv().await.is_some() {}
}

/// One of them.
struct Connection {
    server: http1::Builder,
    front: Arc<Front>,
    /// Who is at the other end.
    peer: IpAddr,
    stopped: watch::Receiver<bool>,
}

impl Connection {
    /// The handshake where there is one, then requests.
    async fn run(mut self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        let served = match tls {
            None => self.serve(stream).await,
            Some(tls) => {
                let Some(stream) = self.shaken(&tls, stream).await else { return };
                self.serve(stream).await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a connection broke off");
        }
    }

    /// The stream behind the handshake; none when it failed, took too long, or the server was stopped meanwhile.
    async fn shaken(&mut self, tls: &TlsAcceptor, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let shaken = tokio::select! {
            shaken = tokio::time::timeout(HANDSHAKE, tls.accept(stream)) => shaken,
            _ = self.stopped.wait_for(|s| *s) => return None,
        };
        match shaken {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(error)) => tracing::debug!(%error, "a handshake of TLS failed"),
            Err(_) => tracing::debug!("a handshake of TLS took too long"),
        }
        None
    }

    /// Until the client ends it, it becomes something else (a WebSocket), or the server is stopped and the request under
    /// way is answered.
    async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(mut self, stream: S) -> hyper::Result<()> {
        let (front, peer) = (self.front, self.peer);
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let front = front.clone();
            async move { Ok::<_, Infallible>(front.answer(request.map(Body::new), peer).await) }
        });
        let mut connection = pin!(self.server.serve_connection(TokioIo::new(stream), service).with_upgrades());
        tokio::select! {
            ended = connection.as_mut() => return ended,
            _ = self.stopped.wait_for(|s| *s) => connection.as_mut().graceful_shutdown(),
        }
        connection.await
    }
}
