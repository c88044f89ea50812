//! What outside bytes meet here, for the fuzzer: each function takes any bytes and must come back.

use std::sync::{Arc, LazyLock};

use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue, Uri};
use serde_json::Value;
use svod_kernel::{SimClock, Timestamp};

use crate::context::{Context, Contexts, Fetch, FetchError};
use crate::params::{find, form, media, types};
use crate::request::Asked;
use crate::{parse, sources, subscriptions, temporal};

struct Nowhere;

impl Fetch for Nowhere {
    fn get(&self, url: &str) -> crate::context::Fetched {
        let unavailable = FetchError::Unavailable { url: url.to_owned(), reason: "offline".into() };
        Box::pin(async { Err(unavailable) })
    }
}

fn context(given: &Value) -> Option<Arc<Context>> {
    let contexts = Contexts::new(Arc::new(Nowhere), Arc::new(SimClock::new(Timestamp(0))));
    futures_util::FutureExt::now_or_never(contexts.resolve(given))?.ok()
}

fn nobody() -> Option<Asked> {
    Some(Asked::own("space".parse().ok()?, &[], None))
}

static CORE: LazyLock<Context> = LazyLock::new(Context::default);

/// An entity, with its `@context`.
pub fn entity(bytes: &[u8]) {
    let Ok(mut body) = serde_json::from_slice::<Value>(bytes) else { return };
    let own = body.as_object_mut().and_then(|o| o.remove("@context")).and_then(|given| context(&given));
    let context = own.as_deref().unwrap_or(&CORE);
    _ = parse::new_entity(&body, context);
    _ = parse::merging(&body, context);
}

/// The query of an address, and headers.
pub fn query(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (query, header) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(uri) = format!("/?{query}").parse::<Uri>() else { return };
    let Ok(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&uri) else { return };
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(header) {
        headers.insert("accept", value.clone());
        headers.insert("link", value);
    }
    _ = media::wanted(&headers, "/entities");
    _ = media::link(&headers);
    let Some(mut asked) = nobody() else { return };
    asked.query = pairs.0.iter().cloned().collect();
    asked.pairs = pairs.0;
    _ = find::parse(&asked, &CORE);
    _ = form::parse(&asked, &CORE);
    _ = temporal::ask::list(&asked, &CORE);
    if let Some(scopes) = asked.param("scopeQ") {
        _ = types::scopes(scopes);
    }
}

/// Documents of subscriptions, of other brokers, and of questions sent by POST.
pub fn document(bytes: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Value>(bytes) else { return };
    let Some(asked) = nobody() else { return };
    _ = find::document(&asked, &body, &CORE);
    let Some(body) = body.as_object() else { return };
    let now = Timestamp(0);
    if let Ok(read) = subscriptions::document::read(body, &CORE) {
        _ = subscriptions::document::check(&read, now);
    }
    if let Ok(read) = sources::document::read(body, &CORE) {
        _ = sources::document::check(&read, now);
        _ = sources::document::write(&read, &CORE);
    }
}
