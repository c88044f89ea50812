//! `/jsonldContexts`: contexts kept here, and those loaded from elsewhere (clauses 5.13, 6.29, 6.30).

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use svod_kernel::Timestamp;
use svod_registry::Definition;

use crate::NgsiState;
use crate::context::{core, load::context_of};
use crate::error::{Answer, ApiError, Kind};
use crate::request::Asked;

/// Kind of definition under which contexts are kept.
pub const KIND: &str = "Context";
/// Where contexts stand in addresses.
pub const PATH: &str = "/ngsi-ld/v1/jsonldContexts/";

fn kind(asked: &Asked) -> Answer<Option<&str>> {
    match asked.param("kind") {
        None => Ok(None),
        Some(k) if ["hosted", "cached", "implicitlycreated"].contains(&k.to_ascii_lowercase().as_str()) => Ok(Some(k)),
        Some(k) => Err(ApiError::bad(format!("the kind '{k}' is none of Hosted, Cached, ImplicitlyCreated"))),
    }
}

fn details(d: &Definition, base: &str) -> Value {
    let kind = if is_implicit(d) { "ImplicitlyCreated" } else { "Hosted" };
    json!({"URL": format!("{base}{PATH}{}", d.id), "localId": d.id, "kind": kind, "createdAt": d.created})
}

/// Made by the broker for a subscription whose context has no address of its own.
fn is_implicit(d: &Definition) -> bool {
    d.doc.get("implicit") == Some(&Value::Bool(true))
}

/// Hosts a context that came inside a document; its address.
///
/// # Errors
/// When it may not be kept.
pub async fn implicit(state: &NgsiState, asked: &Asked, context: Value) -> Answer<String> {
    let now = state.registry.clock().now();
    let id = svod_kernel::Urn::mint("Context", now, state.registry.rng().as_ref()).local().to_owned();
    let doc = json!({"@context": context, "implicit": true});
    state.registry.define(&asked.actor, KIND, &asked.space, &id, doc).await?;
    Ok(format!("{}{PATH}{id}", base(asked)))
}

/// `POST /jsonldContexts`
///
/// # Errors
/// See [`ApiError`].
pub async fn add(State(state): State<NgsiState>, asked: Asked) -> Answer {
    let (body, _) = asked.json()?;
    if body.as_object().is_none_or(|o| !o.contains_key("@context")) {
        return Err(ApiError::invalid("the body needs an @context"));
    }
    state.contexts.resolve(&body["@context"]).await?;
    let now = state.registry.clock().now();
    let id = svod_kernel::Urn::mint("Context", now, state.registry.rng().as_ref()).local().to_owned();
    let doc = json!({"@context": body["@context"]});
    state.registry.define(&asked.actor, KIND, &asked.space, &id, doc).await?;
    Ok(asked.created(&format!("{PATH}{id}")))
}

/// `GET /jsonldContexts`
///
/// # Errors
/// See [`ApiError`].
pub async fn list(State(state): State<NgsiState>, asked: Asked) -> Answer {
    let (detailed, kind) = (asked.flag("details")?, kind(&asked)?.map(str::to_ascii_lowercase));
    let wanted = |k: &str| kind.as_deref().is_none_or(|w| w == k);
    let base = base(&asked);
    let mut all = Vec::new();
    for (word, implicit) in [("hosted", false), ("implicitlycreated", true)] {
        if !wanted(word) {
            continue;
        }
        let hosted = state.registry.definitions(&asked.actor, KIND, &asked.space).await?;
        all.extend(
            hosted
                .iter()
                .filter(|d| is_implicit(d) == implicit)
                .map(|d| if detailed { details(d, &base) } else { details(d, &base)["URL"].clone() }),
        );
    }
    if wanted("cached") {
        all.push(if detailed { cached(core::CORE_URL, 0, Timestamp::default()) } else { core::CORE_URL.into() });
        let loaded = state.contexts.loaded().into_iter().filter(|(url, _)| !url.contains(PATH));
        all.extend(loaded.map(|(url, l)| if detailed { cached(&url, l.hits(), l.since) } else { url.into() }));
    }
    let response = (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], Value::Array(all).to_string());
    Ok(asked.finish(response.into_response()))
}

fn cached(url: &str, hits: u64, since: Timestamp) -> Value {
    json!({"URL": url, "localId": url, "kind": "Cached", "numberOfHits": hits, "createdAt": since})
}

/// Scheme and host under which the client sees this broker.
fn base(asked: &Asked) -> String {
    let host = asked.headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}")
}

/// `GET /jsonldContexts/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn read(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    let detailed = asked.flag("details")?;
    let body = match hosted(&state, &asked, &id).await? {
        Some(d) if detailed => details(&d, &base(&asked)),
        Some(d) => json!({"@context": d.doc["@context"]}),
        None if core::is_core(&id) => {
            if detailed {
                cached(core::CORE_URL, 0, Timestamp::default())
            } else {
                core::document()
            }
        }
        None => {
            let found = state.contexts.loaded().into_iter().find(|(url, _)| *url == id);
            let (url, loaded) = found.ok_or_else(|| ApiError::missing(format!("there is no context '{id}'")))?;
            if !detailed {
                // Clause 5.13.4.4: a cached context is had from where it comes from.
                return Err(ApiError::new(
                    Kind::OperationNotSupported,
                    "a cached context is not served; ask for details=true",
                ));
            }
            let shown = cached(&url, loaded.hits(), loaded.since);
            loaded.used();
            shown
        }
    };
    let kind =
        if detailed || asked.media == crate::request::Media::Json { "application/json" } else { "application/ld+json" };
    let response: Response = (StatusCode::OK, [(header::CONTENT_TYPE, kind)], body.to_string()).into_response();
    Ok(asked.finish(response))
}

async fn hosted(state: &NgsiState, asked: &Asked, id: &str) -> Answer<Option<Definition>> {
    let local = id.rsplit_once(PATH).map_or(id, |(_, local)| local);
    Ok(state.registry.definition(&asked.actor, KIND, &asked.space, local).await?)
}

/// `DELETE /jsonldContexts/{id}`
///
/// # Errors
/// See [`ApiError`].
pub async fn delete(State(state): State<NgsiState>, Path(id): Path<String>, asked: Asked) -> Answer {
    let reload = asked.flag("reload")?;
    if let Some(d) = hosted(&state, &asked, &id).await? {
        if reload {
            return Err(ApiError::bad("a hosted context is not reloaded: it is kept here"));
        }
        state.registry.undefine(&asked.actor, KIND, &asked.space, &d.id).await?;
        state.contexts.forget(&format!("{}{PATH}{}", base(&asked), d.id));
        return Ok(asked.done());
    }
    let known = state.contexts.loaded().into_iter().any(|(url, _)| url == id);
    match (known || core::is_core(&id), reload) {
        (false, true) => Err(ApiError::bad(format!("'{id}' is no cached context, and only those are reloaded"))),
        (true, false) if core::is_core(&id) => Err(ApiError::bad("the core context stays")),
        (false, false) => Err(ApiError::missing(format!("there is no context '{id}'"))),
        (true, true) => {
            if !core::is_core(&id) {
                state.contexts.reload(&id).await?;
            }
            Ok(asked.done())
        }
        (true, false) => {
            state.contexts.forget(&id);
            Ok(asked.done())
        }
    }
}

/// The body of a hosted context, for [`crate::context::Fetch`].
///
/// # Errors
/// When it is no document with an `@context`.
pub fn body(d: Definition) -> Result<Value, crate::context::FetchError> {
    context_of(d.doc).map(|c| json!({"@context": c}))
}
