use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use svod_kernel::{Clock, Timestamp};

use super::{Context, core};

/// Contexts inside contexts at the most.
const MAX_DEPTH: usize = 8;
/// Documents one context may be made of.
const MAX_DOCUMENTS: usize = 32;
/// Terms of one context at the most.
const MAX_TERMS: usize = 20_000;
/// Resolved contexts kept.
const KEPT: usize = 512;

/// What a fetch gives.
pub type Fetched = Pin<Box<dyn Future<Output = Result<Value, FetchError>> + Send>>;

/// Gets the JSON document of an address: the platform's own contexts, and others through the outbound allow-list.
pub trait Fetch: Send + Sync {
    /// The document.
    fn get(&self, url: &str) -> Fetched;
}

/// Why a context cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It is not JSON-LD.
    #[error("the @context is not valid: {0}")]
    Invalid(String),
    /// It is not to be had.
    #[error("the @context {url} cannot be had: {reason}")]
    Unavailable {
        /// Address.
        url: String,
        /// Why.
        reason: String,
    },
}

/// A document that was loaded from elsewhere.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Its `@context`.
    pub body: Value,
    /// When it was loaded.
    pub since: Timestamp,
    hits: Arc<AtomicU64>,
}

impl Loaded {
    /// How often it was used.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// It is used once more.
    pub fn used(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }
}

/// A context with the uses of the documents that it was made of.
#[derive(Clone)]
struct Resolved {
    context: Arc<Context>,
    uses: Arc<[Arc<AtomicU64>]>,
}

/// Contexts resolved before, and the documents they were made of.
pub struct Contexts {
    fetch: Arc<dyn Fetch>,
    clock: Arc<dyn Clock>,
    core: Arc<Context>,
    resolved: Mutex<HashMap<String, Resolved>>,
    documents: Mutex<HashMap<String, Loaded>>,
}

impl Contexts {
    /// Nothing loaded yet.
    pub fn new(fetch: Arc<dyn Fetch>, clock: Arc<dyn Clock>) -> Self {
        Self { fetch, clock, core: Arc::default(), resolved: Mutex::default(), documents: Mutex::default() }
    }

    /// Only the core context.
    pub fn core(&self) -> Arc<Context> {
        self.core.clone()
    }

    /// The context that a client named: an address, a context object, or a list of both.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn resolve(&self, given: &Value) -> Result<Arc<Context>, FetchError> {
        if given.is_null() || given.as_str().is_some_and(core::is_core) {
            return Ok(self.core());
        }
        let key = given.to_string();
        if let Some(known) = lock(&self.resolved).get(&key).cloned() {
            for hits in known.uses.iter() {
                hits.fetch_add(1, Ordering::Relaxed);
            }
            return Ok(known.context);
        }
        shaped(given)?;
        let mut definitions = Vec::new();
        let mut documents = Vec::new();
        self.gather(given, 0, &mut documents, &mut definitions).await?;
        let context = Arc::new(Context::new(given.clone(), &definitions));
        let mut resolved = lock(&self.resolved);
        if resolved.len() >= KEPT {
            resolved.clear();
        }
        resolved.insert(key, Resolved { context: context.clone(), uses: documents.into() });
        Ok(context)
    }

    fn gather<'a>(
        &'a self,
        given: &'a Value,
        depth: usize,
        documents: &'a mut Vec<Arc<AtomicU64>>,
        into: &'a mut Vec<(String, Option<String>)>,
    ) -> Pin<Box<dyn Future<Output = Result<(), FetchError>> + Send + 'a>> {
        Box::pin(async move {
            if depth > MAX_DEPTH || documents.len() > MAX_DOCUMENTS {
                return Err(FetchError::Invalid("too many contexts refer to each other".into()));
            }
            match given {
                Value::Null => Ok(()),
                Value::String(url) if core::is_core(url) => Ok(()),
                Value::String(url) => {
                    let loaded = self.document(url).await?;
                    documents.push(loaded.hits.clone());
                    self.gather(&loaded.body, depth + 1, documents, into).await
                }
                Value::Array(all) => {
                    for one in all {
                        self.gather(one, depth + 1, documents, into).await?;
                    }
                    Ok(())
                }
                Value::Object(terms) => {
                    for (term, definition) in terms {
                        define(term, definition, into)?;
                    }
                    if into.len() > MAX_TERMS {
                        return Err(FetchError::Invalid(format!("more than {MAX_TERMS} terms")));
                    }
                    Ok(())
                }
                _ => Err(FetchError::Invalid("it must be an address, an object or a list of them".into())),
            }
        })
    }

    async fn document(&self, url: &str) -> Result<Loaded, FetchError> {
        if let Some(known) = lock(&self.documents).get(url) {
            known.used();
            return Ok(known.clone());
        }
        let body = context_of(self.fetch.get(url).await?)?;
        let mut documents = lock(&self.documents);
        if documents.len() >= KEPT {
            documents.clear();
        }
        let loaded = Loaded { body, since: self.clock.now(), hits: Arc::new(AtomicU64::new(1)) };
        documents.insert(url.to_owned(), loaded.clone());
        Ok(loaded)
    }

    /// Documents loaded from elsewhere, by address.
    pub fn loaded(&self) -> Vec<(String, Loaded)> {
        let mut all: Vec<_> = lock(&self.documents).iter().map(|(u, l)| (u.clone(), l.clone())).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    /// Forgets a document; says whether it was there.
    pub fn forget(&self, url: &str) -> bool {
        lock(&self.resolved).clear();
        lock(&self.documents).remove(url).is_some()
    }

    /// Loads a document anew; the old one stays when that fails.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn reload(&self, url: &str) -> Result<(), FetchError> {
        let body = context_of(self.fetch.get(url).await?)?;
        lock(&self.resolved).clear();
        if let Some(known) = lock(&self.documents).get_mut(url) {
            known.body = body;
        }
        Ok(())
    }
}

/// Refuses what is no context before anything is fetched.
fn shaped(given: &Value) -> Result<(), FetchError> {
    match given {
        Value::String(_) | Value::Object(_) | Value::Null => Ok(()),
        Value::Array(all) => all.iter().try_for_each(shaped),
        _ => Err(FetchError::Invalid("it must be an address, an object or a list of them".into())),
    }
}

/// The `@context` member of a document.
///
/// # Errors
/// [`FetchError::Invalid`] when there is none.
pub fn context_of(document: Value) -> Result<Value, FetchError> {
    match document {
        Value::Object(mut o) => {
            o.remove("@context").ok_or_else(|| FetchError::Invalid("the document has no @context".into()))
        }
        _ => Err(FetchError::Invalid("the document is no JSON object".into())),
    }
}

fn define(term: &str, definition: &Value, into: &mut Vec<(String, Option<String>)>) -> Result<(), FetchError> {
    if term.starts_with('@') {
        return Ok(());
    }
    let iri = match definition {
        Value::Null => None,
        Value::String(iri) => Some(iri.clone()),
        Value::Object(o) if o.contains_key("@context") => {
            return Err(FetchError::Invalid(format!("the term '{term}' brings a context of its own")));
        }
        Value::Object(o) => match o.get("@id") {
            None => Some(term.to_owned()),
            Some(Value::String(iri)) => Some(iri.clone()),
            Some(Value::Null) => None,
            Some(_) => return Err(FetchError::Invalid(format!("the @id of the term '{term}' is no text"))),
        },
        _ => return Err(FetchError::Invalid(format!("the term '{term}' is neither a text nor an object"))),
    };
    into.push((term.to_owned(), iri));
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|p| p.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Shelf(Value);

    impl Fetch for Shelf {
        fn get(&self, url: &str) -> Fetched {
            let found = self.0.get(url).cloned();
            let url = url.to_owned();
            Box::pin(async move { found.ok_or(FetchError::Unavailable { url, reason: "not on the shelf".into() }) })
        }
    }

    #[tokio::test]
    async fn contexts_are_put_together_in_order() {
        let shelf = json!({
            "https://a.example/1": {"@context": ["https://a.example/2", core::CORE_URL]},
            "https://a.example/2": {"@context": {"speed": "https://a.example/speed", "Car": {"@id": "https://a.example/Car"}}},
            "https://a.example/loop": {"@context": "https://a.example/loop"},
            "https://a.example/bad": {"context": 1},
        });
        let contexts = Contexts::new(Arc::new(Shelf(shelf)), Arc::new(svod_kernel::SimClock::new(Timestamp(0))));
        let c = contexts.resolve(&json!(["https://a.example/1", {"speed": "https://b.example/v"}])).await.unwrap();
        assert_eq!(c.expand("Car"), "https://a.example/Car");
        assert_eq!(c.expand("speed"), "https://b.example/v");
        assert_eq!(contexts.loaded().len(), 2);
        for bad in
            [json!("https://a.example/loop"), json!("https://a.example/bad"), json!("https://c.example"), json!(3)]
        {
            assert!(contexts.resolve(&bad).await.is_err(), "{bad}");
        }
        assert!(contexts.resolve(&json!(core::CORE_URL)).await.unwrap().is_core_only());
    }
}
