use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream, StreamExt};
use serde::Deserialize;
use svod_kernel::{Actor, SpacePath};
use svod_registry::Action;
use svod_twin::Frame;
use tokio::sync::broadcast::error::RecvError;
use utoipa::IntoParams;

use crate::{Caller, Failure, RestState};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LiveParams {
    /// Space and those under it; the first region when absent.
    #[param(value_type = Option<String>)]
    space: Option<SpacePath>,
}

/// The map as it happens, as server-sent events: `snapshot` (several), `ready`, then `update` five times a second
/// when something changes. A client that is too slow gets a new snapshot.
#[utoipa::path(get, path = "/api/v1/live", tag = "live", params(LiveParams),
    responses((status = 200, content_type = "text/event-stream", body = String)), security((), ("bearer" = [])))]
pub async fn stream(
    State(s): State<RestState>,
    Caller(actor): Caller,
    headers: HeaderMap,
    Query(p): Query<LiveParams>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let space = s.space(p.space);
    if s.registry.spaces().get(&space).is_none() {
        return Err(svod_registry::QueryError::UnknownSpace(space).into());
    }
    let frames = s.twin.frames();
    let first = picture(&s, &actor, &space);
    let token = crate::auth::session_token(&headers).map(str::to_owned);
    let rest = stream::unfold((s, actor, space, frames), move |(s, mut actor, space, mut frames)| {
        let token = token.clone();
        async move {
            loop {
                let next = frames.recv().await;
                // Whoever has signed out, or lost the post, sees no more of it than a new visitor does: the stream ends with
                // the session, and goes on with the powers of this second.
                if let Some(token) = &token {
                    actor = Actor::clone(&*s.identity.still(token).await.ok()?);
                }
                match next {
                    Ok(frame) => {
                        if let Some(event) = update(&s, &actor, &space, &frame) {
                            return Some((vec![event], (s, actor, space, frames)));
                        }
                    }
                    Err(RecvError::Lagged(_)) => {
                        frames = s.twin.frames();
                        return Some((picture(&s, &actor, &space), (s, actor, space, frames)));
                    }
                    Err(RecvError::Closed) => return None,
                }
            }
        }
    });
    let events = stream::iter(first).chain(rest.flat_map(stream::iter)).map(Ok);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

fn picture(s: &RestState, actor: &Actor, space: &SpacePath) -> Vec<Event> {
    let chunks = s.twin.snapshot(actor, space);
    let mut events: Vec<Event> =
        chunks.iter().map(|c| named("snapshot", format!("{{\"entities\":[{}]}}", c.join(",")))).collect();
    events.push(named("ready", format!("{{\"at\":\"{}\"}}", s.registry.clock().now())));
    events
}

fn update(s: &RestState, actor: &Actor, space: &SpacePath, frame: &Frame) -> Option<Event> {
    let sees = |r: &svod_registry::ResourceRef| space.covers(&r.space) && s.registry.may(actor, Action::Read, r);
    let entities: Vec<&Arc<str>> = frame.entities.iter().filter(|(r, _)| sees(r)).map(|(_, json)| json).collect();
    let removed: Vec<&String> = frame.removed.iter().filter(|(r, _)| sees(r)).map(|(_, urn)| urn).collect();
    if entities.is_empty() && removed.is_empty() {
        return None;
    }
    let mut text = String::with_capacity(64 + entities.iter().map(|e| e.len() + 1).sum::<usize>());
    text.push_str(&format!("{{\"at\":\"{}\",\"entities\":[", frame.at));
    for (n, e) in entities.iter().enumerate() {
        if n > 0 {
            text.push(',');
        }
        text.push_str(e);
    }
    text.push_str("],\"removed\":");
    text.push_str(&serde_json::to_string(&removed).unwrap_or_else(|_| "[]".into()));
    text.push('}');
    Some(named("update", text))
}

fn named(name: &str, data: String) -> Event {
    Event::default().event(name).data(data)
}
