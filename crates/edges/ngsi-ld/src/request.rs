//! What every request says outside of its own parameters: who, which tenant, which context, which representation.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Query, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use svod_kernel::{Actor, SpacePath};
use svod_model::Entity;

use crate::NgsiState;
use crate::context::{Context, core};
use crate::error::{Answer, ApiError, Kind};
use crate::params::media;
use crate::render::{Form, Joined};
use crate::snapshots::{self, Frozen};
use crate::version;

/// Largest body.
pub const MAX_BODY: usize = 16 << 20;
/// Header that names the tenant (clause 6.3.14).
pub const TENANT: &str = "ngsild-tenant";

/// Media types of this edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/json`
    Json,
    /// `application/ld+json`
    Ld,
    /// `application/geo+json`
    Geo,
}

/// A request as the handlers see it.
pub struct Asked {
    /// Who asks.
    pub actor: Actor,
    /// They ask in a session whose last proof of who they are is too old for what is weighty.
    pub stale: bool,
    /// The tenant's space.
    pub space: SpacePath,
    /// The tenant as the client named it.
    pub tenant: Option<String>,
    /// Headers.
    pub headers: HeaderMap,
    /// Query parameters, the first of each name.
    pub query: HashMap<String, String>,
    /// Query parameters as they came.
    pub pairs: Vec<(String, String)>,
    /// Media type wanted.
    pub media: Media,
    /// Address of the context in the `Link` header.
    pub link: Option<String>,
    /// The snapshot that is looked at instead of the present.
    pub snapshot: Option<Frozen>,
    body: Bytes,
}

impl FromRequest<NgsiState> for Asked {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &NgsiState) -> Result<Self, ApiError> {
        let (actor, stale) = crate::auth::caller(state, request.headers()).await?;
        let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
        let pairs = query.map_err(|_| ApiError::invalid("the query of the address cannot be read"))?.0;
        let mut query = HashMap::new();
        for (name, value) in pairs.iter().cloned() {
            query.entry(name).or_insert(value);
        }
        let (method, headers) = (request.method().clone(), request.headers().clone());
        let request_path = request.uri().path().to_owned();
        let media = media::wanted(&headers, request.uri().path())?;
        let link = media::link(&headers)?;
        let bodied = matches!(method, Method::POST | Method::PUT | Method::PATCH);
        if bodied && !headers.contains_key(header::CONTENT_LENGTH) {
            return Err(ApiError::new(Kind::LengthRequired, "send Content-Length"));
        }
        let body = whole(request).await?;
        let tenant = headers.get(TENANT).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let space = match state.space(tenant.as_deref(), bodied && makes(request_path.as_str())).await {
            // Who this broker is to others does not depend on what a tenant has (clause 5.15).
            Err(e) if e.kind == Kind::NonexistentTenant && request_path.ends_with("/info/sourceIdentity") => {
                state.home()
            }
            space => space?,
        };
        let snapshot = Frozen::of(state, &headers, (&method, &request_path), &space, &actor)?;
        Ok(Self { actor, stale, space, tenant, headers, query, pairs, media, link, snapshot, body })
    }
}

/// The body of a request.
///
/// # Errors
/// When it is too large, or breaks off.
pub async fn whole(request: Request) -> Answer<Bytes> {
    let body = axum::body::to_bytes(request.into_body(), MAX_BODY).await;
    body.map_err(|_| ApiError::new(Kind::TooLarge, format!("at most {MAX_BODY} bytes are taken")))
}

impl Asked {
    /// What the platform asks of other brokers by itself, on behalf of a request that came through `via`.
    pub fn own(space: SpacePath, via: &[String], link: Option<String>) -> Self {
        let mut headers = HeaderMap::new();
        for hop in via.iter().filter_map(|alias| HeaderValue::from_str(&format!("1.1 {alias}")).ok()) {
            headers.append(header::VIA, hop);
        }
        Self {
            actor: Actor::anonymous(),
            stale: false,
            space,
            tenant: None,
            headers,
            query: HashMap::new(),
            pairs: Vec::new(),
            media: Media::Json,
            link,
            snapshot: None,
            body: Bytes::new(),
        }
    }

    /// What is asked later in the name of the one who asks this.
    pub fn on_behalf(&self) -> Self {
        let own = Self::own(self.space.clone(), &[], self.link.clone());
        Self { actor: self.actor.clone(), tenant: self.tenant.clone(), ..own }
    }
}

/// Only what makes something makes a tenant (clause 5.5.10).
fn makes(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    ["/entities", "/subscriptions", "/csourceRegistrations", "/csourceSubscriptions", "/jsonldContexts", "/snapshots"]
        .iter()
        .any(|end| path.ends_with(end))
        || path.ends_with("/entityOperations/create")
        || path.ends_with("/entityOperations/upsert")
}

/// A body with the context that belongs to it.
pub struct Body {
    /// The document, without `@context`.
    pub value: Value,
    /// Its context.
    pub context: Arc<Context>,
}

impl Asked {
    /// A query parameter that says something.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// Words of a parameter, separated by commas.
    pub fn words(&self, name: &str) -> Vec<String> {
        let all = self.param(name).into_iter().flat_map(|v| v.split(','));
        all.map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned).collect()
    }

    /// Refuses parameters that the operation does not have (clause 6.3.2).
    ///
    /// # Errors
    /// Names the first one.
    pub fn knows(&self, names: &[&str]) -> Answer<()> {
        match self.query.keys().find(|name| !names.contains(&name.as_str()) && name.as_str() != "local") {
            None => Ok(()),
            Some(name) => Err(ApiError::invalid(format!("this operation has no parameter '{name}'"))),
        }
    }

    /// True for `name=true`.
    ///
    /// # Errors
    /// When it is neither true nor false.
    pub fn flag(&self, name: &str) -> Answer<bool> {
        match self.param(name) {
            None => Ok(false),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(other) => Err(ApiError::bad(format!("'{name}' must be true or false, not '{other}'"))),
        }
    }

    /// A whole number of at least `least`.
    ///
    /// # Errors
    /// When it is none.
    pub fn number(&self, name: &str, least: usize, absent: usize) -> Answer<usize> {
        let Some(text) = self.param(name) else { return Ok(absent) };
        match text.parse::<usize>() {
            Ok(n) if n >= least => Ok(n),
            _ => Err(ApiError::bad(format!("'{name}' must be a whole number of at least {least}, not '{text}'"))),
        }
    }

    /// True when `options` or `format` holds the word.
    pub fn option(&self, word: &str) -> bool {
        self.words("options").iter().any(|o| o == word)
    }

    /// The context of a request without a body.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn context(&self, state: &NgsiState) -> Answer<Arc<Context>> {
        let given = self.link.as_deref().map_or(Value::Null, Value::from);
        Ok(state.contexts.resolve(&given).await?)
    }

    /// Bytes of the body.
    pub fn raw(&self) -> &Bytes {
        &self.body
    }

    /// The body as JSON, its `@context` still inside.
    ///
    /// # Errors
    /// When it is not JSON, or says that it is something else.
    pub fn json(&self) -> Answer<(Value, Media)> {
        let media = media::given(&self.headers)?;
        let value =
            serde_json::from_slice(&self.body).map_err(|e| ApiError::invalid(format!("the body is not JSON: {e}")))?;
        Ok((value, media))
    }

    /// The body with its context (clause 6.3.5).
    ///
    /// # Errors
    /// When it is not JSON, or the context stands where it should not.
    pub async fn body(&self, state: &NgsiState) -> Answer<Body> {
        let (mut value, media) = self.json()?;
        let context = self.context_of(state, &mut value, media).await?;
        Ok(Body { value, context })
    }

    /// Takes the context out of a document; that of the `Link` header where the document is plain JSON.
    ///
    /// # Errors
    /// As [`Asked::body`].
    pub async fn context_of(&self, state: &NgsiState, value: &mut Value, media: Media) -> Answer<Arc<Context>> {
        if media == Media::Ld && value.as_array().is_some_and(Vec::is_empty) {
            return Err(ApiError::invalid("the body is an empty list"));
        }
        let inside = value.as_object_mut().and_then(|o| o.remove("@context"));
        match (media, inside, &self.link) {
            (Media::Ld, Some(_), Some(_)) | (Media::Ld, None, Some(_)) => Err(ApiError::bad(
                "a body of application/ld+json carries its @context itself: send no Link header to one",
            )),
            (Media::Ld, None, None) => Err(ApiError::bad("a body of application/ld+json needs an @context")),
            (Media::Ld, Some(context), None) => Ok(state.contexts.resolve(&context).await?),
            (_, Some(_), _) => Err(ApiError::bad(
                "a body of application/json has no @context: name it in a Link header, or send application/ld+json",
            )),
            (_, None, _) => self.context(state).await,
        }
    }

    /// Nothing to say but that it is done.
    pub fn done(&self) -> Response {
        self.finish(StatusCode::NO_CONTENT.into_response())
    }

    /// An element was made.
    pub fn created(&self, location: &str) -> Response {
        let mut response = StatusCode::CREATED.into_response();
        if let Ok(location) = HeaderValue::from_str(location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        self.finish(response)
    }

    /// A document in the media type that was asked for, with its context (clause 6.3.6).
    pub fn answer(&self, status: StatusCode, body: Value, context: &Context) -> Response {
        let mut body = body;
        let changed = version::preferred(&self.headers).is_some_and(|minor| version::as_of(&mut body, minor));
        let status = if changed { StatusCode::NON_AUTHORITATIVE_INFORMATION } else { status };
        if let Some(source) = self.inside(context) {
            match &mut body {
                Value::Object(o) => with_context(o, &source),
                Value::Array(all) => {
                    all.iter_mut().filter_map(Value::as_object_mut).for_each(|o| with_context(o, &source));
                }
                _ => {}
            }
        }
        self.written(status, body.to_string())
    }

    /// Entities as [`Asked::answer`] gives them, written at once.
    ///
    /// # Errors
    /// When there is nothing to show of the only one.
    pub fn show(&self, entities: &[Arc<Entity>], form: &Form, context: &Context, one: bool) -> Answer {
        let (joined, source) = (Joined::new(), self.inside(context));
        let shown = entities.iter().map(|e| form.shown(e, context, &joined).within(source.as_ref()));
        // What has none of the members that are picked is not shown.
        let shown: Vec<_> = shown.filter(|s| !s.is_empty()).collect();
        let written = match shown.as_slice() {
            [] if one => return Err(ApiError::missing("the entity has none of these members")),
            [entity] if one => serde_json::to_string(entity),
            all => serde_json::to_string(all),
        };
        let written = written.map_err(|e| ApiError::new(Kind::InternalError, e.to_string()))?;
        Ok(self.written(StatusCode::OK, written))
    }

    /// Are entities shown as they stand, in no way that looks at the whole document?
    pub fn shows_plainly(&self) -> bool {
        self.media != Media::Geo && version::preferred(&self.headers).is_none()
    }

    /// The context that stands inside of what is answered, where it does. A feature carries it unless the client prefers
    /// plain JSON (clause 6.3.15).
    fn inside(&self, context: &Context) -> Option<Value> {
        let source = || if context.source.is_null() { Value::from(core::CORE_URL) } else { context.source.clone() };
        self.carries_context().then(source)
    }

    fn carries_context(&self) -> bool {
        let plain = || self.headers.get("prefer").and_then(|p| p.to_str().ok()).is_some_and(|p| p == "body=json");
        self.media == Media::Ld || (self.media == Media::Geo && !plain())
    }

    fn written(&self, status: StatusCode, body: String) -> Response {
        let kind = match self.media {
            Media::Json => "application/json",
            Media::Ld => "application/ld+json",
            Media::Geo => "application/geo+json",
        };
        let mut response = (status, [(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response();
        if !self.carries_context() {
            let url = self.link.as_deref().unwrap_or(core::CORE_URL);
            let link = format!("<{url}>; rel=\"http://www.w3.org/ns/json-ld#context\"; type=\"application/ld+json\"");
            if let Ok(link) = HeaderValue::try_from(link) {
                response.headers_mut().insert(header::LINK, link);
            }
        }
        self.finish(response)
    }

    /// The tenant stands in every answer (clause 6.3.14).
    pub fn finish(&self, mut response: Response) -> Response {
        if let Some(applied) =
            version::preferred(&self.headers).and_then(|minor| HeaderValue::try_from(format!("ngsi-ld=1.{minor}")).ok())
        {
            response.headers_mut().insert("preference-applied", applied);
        }
        if let Some(tenant) = self.tenant.as_deref().and_then(|t| HeaderValue::from_str(t).ok()) {
            response.headers_mut().insert(TENANT, tenant);
        }
        if let Some(id) = self.snapshot.as_ref().and_then(|s| HeaderValue::from_str(&s.id).ok()) {
            response.headers_mut().insert(snapshots::HEADER, id);
        }
        response
    }
}

fn with_context(o: &mut Map<String, Value>, source: &Value) {
    o.insert("@context".into(), source.clone());
}
