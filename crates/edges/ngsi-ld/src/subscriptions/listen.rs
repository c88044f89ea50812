//! `/ngsi-ld/ex/subscriptions/{id}/stream`: what a subscription tells, as server-sent events or over a WebSocket. Not of the
//! standard. `Last-Event-ID` (or `?after=`) goes on where a listener was; nothing of it waits in memory.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use svod_subscriptions::{Position, Stream, Told};

use super::{Notifications, found};
use crate::NgsiState;
use crate::error::{Answer, ApiError, Kind};
use crate::request::Asked;

/// How often a listener hears that the connection stands.
const BEAT: Duration = Duration::from_secs(15);

/// A listener: the stream, and who may hear it as long as they may.
struct Listening {
    stream: Stream<Notifications>,
    state: NgsiState,
    token: Option<String>,
    whose: String,
}

impl Listening {
    /// Is it still the one who has made the subscription? At most a second old.
    async fn is_theirs(&self) -> bool {
        match &self.token {
            None => true,
            Some(token) => self.state.identity.still(token).await.is_ok_and(|a| a.id == self.whose),
        }
    }
}

/// The stream; `Upgrade: websocket` makes it one of WebSocket messages: `{"id": place, "notification": …}`.
///
/// # Errors
/// See [`ApiError`]; only who has made a subscription hears what it tells, as it is told with their eyes.
pub async fn listen(
    State(state): State<NgsiState>,
    Path(id): Path<String>,
    socket: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    asked: Asked,
) -> Answer {
    asked.knows(&["after"])?;
    let (_, kept) = found(&state, &asked, &id).await?;
    if kept.actor.id != asked.actor.id {
        return Err(ApiError::new(Kind::Forbidden, "only who has made a subscription hears what it tells"));
    }
    let said = asked.headers.get("last-event-id").and_then(|v| v.to_str().ok()).or_else(|| asked.param("after"));
    let from = match said {
        None => None,
        Some(text) => Some(text.parse::<Position>().map_err(|()| ApiError::bad("the place is none of this stream"))?),
    };
    let missing = || ApiError::missing(format!("there is no subscription {id}"));
    let stream = state.subscriptions.listen(&asked.space, &id, from).ok_or_else(missing)?;
    let token = crate::auth::token(&asked.headers).map(str::to_owned);
    let listening = Listening { stream, state, token, whose: kept.actor.id };
    Ok(match socket {
        // A page of another site has no business with what its visitor subscribed to (RFC 6455, 10.2).
        Ok(_) if !from_here(&asked.headers) => {
            return Err(ApiError::new(Kind::Forbidden, "a WebSocket asked for by another site's page"));
        }
        Ok(socket) => socket.on_upgrade(move |socket| speak(socket, listening)),
        Err(_) => events(listening),
    })
}

/// Programs name no origin; pages do, and theirs must be the host that they ask.
fn from_here(headers: &axum::http::HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    match (text("origin"), text("host")) {
        (None, _) => true,
        (Some(origin), host) => origin.split_once("://").map(|(_, authority)| authority) == host,
    }
}

/// The next notification; the end of the stream also where the journal cannot be read: the listener comes again.
async fn next(listening: &mut Listening) -> Option<Told> {
    match listening.stream.next().await {
        Ok(told) if listening.is_theirs().await => told,
        Ok(_) => None,
        Err(error) => {
            tracing::warn!(%error, "a stream of notifications ends");
            None
        }
    }
}

fn events(listening: Listening) -> Response {
    let all = stream::unfold(listening, |mut listening| async move {
        let told = next(&mut listening).await?;
        let data = String::from_utf8_lossy(&told.body).into_owned();
        let event = Event::default().event("notification").id(told.position.to_string()).data(data);
        Some((Ok::<_, Infallible>(event), listening))
    });
    Sse::new(all).keep_alive(KeepAlive::new().interval(BEAT)).into_response()
}

async fn speak(mut socket: WebSocket, mut listening: Listening) {
    let mut beat = tokio::time::interval(BEAT);
    // Read by a task of its own: a step of the journal is not given up halfway because something else happens.
    let (give, mut told) = tokio::sync::mpsc::channel(16);
    tokio::spawn(async move {
        while let Some(one) = next(&mut listening).await {
            if give.send(one).await.is_err() {
                return;
            }
        }
    });
    loop {
        let message = tokio::select! {
            told = told.recv() => {
                let Some(told) = told else { break };
                let body = String::from_utf8_lossy(&told.body);
                Message::Text(Utf8Bytes::from(format!("{{\"id\":\"{}\",\"notification\":{body}}}", told.position)))
            }
            _ = beat.tick() => Message::Ping(Default::default()),
            said = socket.recv() => match said {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue, // nothing is expected; what is said is not answered
            },
        };
        if socket.send(message).await.is_err() {
            return;
        }
    }
    drop(socket.send(Message::Close(None)).await);
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    #[test]
    fn pages_of_other_sites_are_not_listened_to() {
        let asked = |origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert("host", "region.example:8443".parse().unwrap());
            origin.map(|o| headers.insert("origin", o.parse().unwrap()));
            super::from_here(&headers)
        };
        assert!(asked(None) && asked(Some("https://region.example:8443")));
        for other in ["https://evil.example", "null", "https://region.example", "https://x.region.example:8443"] {
            assert!(!asked(Some(other)), "{other}");
        }
    }
}
