//! Which entities are asked for.

use serde_json::Value;
use svod_kernel::Urn;
use svod_model::Metamodel;
use svod_query::{Filter, Operand, Order, Query, Types};

use super::geo::GeoQ;
use super::{q, types};
use crate::context::Context;
use crate::error::{Answer, ApiError, Kind};
use crate::request::Asked;

/// Entities of one page when the client says nothing.
const LIMIT: usize = 20;
/// Entities of one page at the most.
pub const MAX_LIMIT: usize = 1_000;

/// A question with the page of answers that is wanted.
#[derive(Debug, Clone, Default)]
pub struct Find {
    /// What fits.
    pub query: Query,
    /// In which order; empty: as they were made.
    pub order: Vec<Order>,
    /// How many are left out before the first.
    pub offset: usize,
    /// How many at the most.
    pub limit: usize,
    /// How many there are in all is wanted.
    pub count: bool,
}

/// Reads the query parameters of a list of entities (clause 6.4.3.2).
///
/// # Errors
/// When one cannot be read, or nothing is asked.
pub fn parse(asked: &Asked, context: &Context) -> Answer<Find> {
    let query = read(asked, context)?;
    // Clause 6.4.3.2: identifiers alone do not say enough, as other brokers may be asked as well.
    let of_system = |name: &String| matches!(name.as_str(), "createdAt" | "modifiedAt" | "deletedAt" | "expiresAt");
    let nothing = asked.param("type").is_none()
        && query.attributes.iter().all(of_system)
        && query.asked().into_iter().all(|name| of_system(&name.to_owned()))
        && query.place.is_none()
        && !asked.flag("local")?;
    if nothing {
        return Err(ApiError::bad("ask for something: type, attrs, q, a geo-query or local=true"));
    }
    let order = Ordering::of(asked).read(context)?;
    if let Some(csf) = asked.param("csf") {
        q::parse(csf, context)?;
    }
    if query.types == Types::Any && asked.param("type").is_some() && asked.param("local") == Some("false") {
        return Err(ApiError::bad("any type is asked for only here: 'local' cannot be false"));
    }
    page(asked, Find { query, order, ..Find::default() })
}

/// The standard asks by GET, with values in the address, which logs and histories keep. What is about people is asked by POST,
/// with the same words in the body (ASVS V14.2.1).
///
/// # Errors
/// When such a value stands in the address; it names the way that is open.
pub fn fits_in_an_address(query: &Query, metamodel: &Metamodel) -> Answer<()> {
    let kinds = query.types.any_of();
    let about_people =
        |(name, related): &(&str, bool)| metamodel.is_about_people(kinds.as_deref().filter(|_| !related), name);
    match query.compared().into_iter().find(about_people) {
        None => Ok(()),
        Some((name, _)) => Err(ApiError::bad(format!(
            "'{name}' is about people, and an address is kept in logs: POST the question to entityOperations/query"
        ))),
    }
}

/// What the query parameters say of entities.
///
/// # Errors
/// When one cannot be read.
pub fn read(asked: &Asked, context: &Context) -> Answer<Query> {
    let mut query = Query { ids: ids(asked.words("id"))?, ..Query::default() };
    if let Some(pattern) = asked.param("idPattern") {
        query.id_pattern = Some(pattern_of(pattern)?);
    }
    if let Some(text) = asked.param("type") {
        query.types = types::parse(text, context)?;
    }
    query.attributes = attributes(&asked.words("attrs"), context)?;
    query.datasets = Vec::new();
    if let Some(text) = asked.param("q") {
        query.filter = Some(q::parse(text, context)?);
    }
    if let Some(text) = asked.param("scopeQ") {
        query.scope = Some(types::scopes(text)?);
    }
    let geo = GeoQ {
        georel: asked.param("georel").map(str::to_owned),
        geometry: asked.param("geometry").map(str::to_owned),
        coordinates: asked.param("coordinates").map(Value::from),
        geoproperty: asked.param("geoproperty").map(str::to_owned),
    };
    query.place = geo.place(context)?;
    let expanded = names(&asked.words("expandValues"), context)?;
    if let Some(filter) = &mut query.filter {
        expand(filter, &expanded, context);
    }
    Ok(query)
}

/// Reads limit, offset and count.
///
/// # Errors
/// When one cannot be read.
pub fn page(asked: &Asked, find: Find) -> Answer<Find> {
    let count = asked.flag("count")? || asked.option("count");
    let limit = asked.number("limit", usize::from(!count), LIMIT)?;
    if limit > MAX_LIMIT {
        return Err(ApiError::new(Kind::TooManyResults, format!("at most {MAX_LIMIT} entities come at once")));
    }
    Ok(Find { offset: asked.number("offset", 0, 0)?, limit, count, ..find })
}

/// Reads a `Query` document (clause 5.2.23).
///
/// # Errors
/// When it cannot be read.
pub fn document(asked: &Asked, body: &Value, context: &Context) -> Answer<Find> {
    let Value::Object(o) = body else { return Err(ApiError::bad("a query is a JSON object")) };
    if o.get("type").and_then(Value::as_str) != Some("Query") {
        return Err(ApiError::bad("the type of the document must be Query"));
    }
    let mut query = Query::default();
    if let Some(entities) = o.get("entities") {
        selectors(entities, &mut query, context)?;
    }
    let list = |key: &str| -> Answer<Vec<String>> {
        match o.get(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(a)) if a.iter().all(Value::is_string) => {
                Ok(a.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect())
            }
            Some(Value::String(s)) => Ok(s.split(',').map(str::to_owned).collect()),
            Some(_) => Err(ApiError::bad(format!("'{key}' must be a list of texts"))),
        }
    };
    query.attributes = attributes(&list("attrs")?, context)?;
    if o.get("q").is_some_and(|q| !q.is_string()) {
        return Err(ApiError::bad("'q' must be a text"));
    }
    if o.get("joinLevel").is_some_and(|l| l.as_u64().is_none_or(|l| l == 0)) {
        return Err(ApiError::bad("'joinLevel' must be a whole number above 0"));
    }
    if let Some(text) = o.get("q").and_then(Value::as_str) {
        query.filter = Some(q::parse(text, context)?);
    }
    if let Some(text) = o.get("scopeQ").and_then(Value::as_str) {
        query.scope = Some(types::scopes(text)?);
    }
    if let Some(geo) = o.get("geoQ") {
        query.place = GeoQ::from_json(geo).place(context)?;
    }
    let order = match o.get("ordering") {
        None => Vec::new(),
        Some(ordering) => Ordering::of_document(ordering)?.read(context)?,
    };
    page(asked, Find { query, order, ..Find::default() })
}

/// Which entities a `Query` document selects.
fn selectors(entities: &Value, query: &mut Query, context: &Context) -> Answer<()> {
    let all = entities.as_array().filter(|a| !a.is_empty());
    let all = all.ok_or_else(|| ApiError::bad("'entities' must be a list of selectors"))?;
    let mut kinds = Vec::new();
    for one in all {
        if one.get("type").is_none() {
            return Err(ApiError::bad("a selector of entities needs a 'type'"));
        }
        if let Some(ids_) = one.get("id") {
            let list: Vec<String> = match ids_ {
                Value::String(s) => vec![s.clone()],
                Value::Array(a) if a.iter().all(Value::is_string) => {
                    a.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()
                }
                _ => return Err(ApiError::bad("'id' must be a URI or a list of them")),
            };
            query.ids.extend(ids(list)?);
        }
        let by_pattern = one.get("id").is_none(); // an identifier says more
        if let Some(p) = one.get("idPattern").and_then(Value::as_str).filter(|_| by_pattern) {
            query.id_pattern = Some(pattern_of(p)?);
        }
        if let Some(t) = one.get("type") {
            let text = t.as_str().ok_or_else(|| ApiError::bad("'type' must be a text"))?;
            kinds.push(types::parse(text, context)?);
        }
    }
    query.types = match kinds.len() {
        0 => Types::Any,
        1 => kinds.remove(0),
        _ => Types::Or(kinds),
    };
    Ok(())
}

/// `expandValues`: words that values of these attributes are compared with are terms (clause 4.9).
pub fn expand(filter: &mut Filter, names: &[String], context: &Context) {
    match filter {
        Filter::All(all) | Filter::Any(all) => all.iter_mut().for_each(|f| expand(f, names, context)),
        Filter::Compare(c) if names.contains(&c.path.attribute) => {
            for operand in &mut c.operands {
                if let Operand::Text(word) = operand {
                    *word = context.expand(word);
                }
            }
        }
        _ => {}
    }
}

fn ids(words: Vec<String>) -> Answer<Vec<Urn>> {
    words.into_iter().map(|w| crate::parse::uri("id", &Value::from(w))).collect()
}

/// Names of attributes.
///
/// # Errors
/// When one is no name.
pub fn names(words: &[String], context: &Context) -> Answer<Vec<String>> {
    words
        .iter()
        .map(|w| {
            crate::parse::named(w)?;
            Ok(context.name(w))
        })
        .collect()
}

/// Names of attributes that entities are asked for: what every entity has says nothing.
///
/// # Errors
/// When one is no name of an attribute.
pub fn attributes(words: &[String], context: &Context) -> Answer<Vec<String>> {
    match words.iter().find(|w| matches!(w.as_str(), "id" | "type" | "@id" | "@type" | "scope")) {
        Some(member) => Err(ApiError::bad(format!("'{member}' is no attribute"))),
        None => names(words, context),
    }
}

/// True when repetitions follow one another, of which every dialect makes something else.
fn repeats_repetition(text: &str) -> bool {
    let (mut escaped, mut before) = (false, false);
    for c in text.chars() {
        let repeats = !escaped && matches!(c, '*' | '+');
        if repeats && before {
            return true;
        }
        (before, escaped) = (repeats, !escaped && c == '\\');
    }
    false
}

fn pattern_of(text: &str) -> Answer<regex::Regex> {
    if repeats_repetition(text) {
        return Err(ApiError::bad("'idPattern' is no regular expression: a repetition is repeated"));
    }
    let built = regex::RegexBuilder::new(text).size_limit(1 << 18).build();
    built.map_err(|_| ApiError::bad("'idPattern' is no regular expression"))
}

/// In which order: what `orderBy` and its companions say (clauses 4.23, 5.2.43).
struct Ordering {
    by: Vec<String>,
    geometry: Option<String>,
    from: Option<Value>,
    collation: Option<String>,
}

impl Ordering {
    fn of(asked: &Asked) -> Self {
        let text = |name: &str| asked.param(name).map(str::to_owned);
        Self {
            by: asked.param("orderBy").into_iter().flat_map(|t| t.split(',')).map(str::to_owned).collect(),
            geometry: text("orderGeometry"),
            from: asked.param("orderFrom").map(Value::from),
            collation: text("collation"),
        }
    }

    fn of_document(ordering: &Value) -> Answer<Self> {
        let o = ordering.as_object().ok_or_else(|| ApiError::bad("'ordering' must be a JSON object"))?;
        let text = |name: &str| match o.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(ApiError::bad(format!("'{name}' of 'ordering' must be a text"))),
        };
        let by = match o.get("orderBy") {
            Some(Value::Array(all)) if !all.is_empty() && all.iter().all(Value::is_string) => {
                all.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()
            }
            _ => return Err(ApiError::bad("'orderBy' of 'ordering' must be a list of texts")),
        };
        if o.get("coordinates").is_some_and(|c| !c.is_array()) {
            return Err(ApiError::bad("'coordinates' of 'ordering' must be a list"));
        }
        let from = o.get("coordinates").cloned();
        Ok(Self { by, geometry: text("geometry")?, from, collation: text("collation")? })
    }

    /// `name`, `!speed`, `name;desc`; distances by `location;dist-asc`.
    fn read(&self, context: &Context) -> Answer<Vec<Order>> {
        let collation = match &self.collation {
            None => None,
            Some(tag) => {
                let known = svod_query::Collation::of(tag);
                Some(known.ok_or_else(|| ApiError::bad(format!("'{tag}' is no language tag to collate by")))?)
            }
        };
        let mut all = Vec::new();
        for part in self.by.iter().map(|p| p.trim()) {
            let (name, way) = part.split_once(';').unwrap_or((part, "asc"));
            let (name, down) = name.strip_prefix('!').map_or((name, false), |n| (n, true));
            let path = match q::parse(name, context)? {
                Filter::Exists(path) => path,
                _ => return Err(ApiError::bad(format!("'{part}' is no member to sort by"))),
            };
            if !["asc", "desc", "dist-asc", "dist-desc"].contains(&way) {
                return Err(ApiError::bad(format!("'{way}' is no order: write asc or desc")));
            }
            let geometry = self.geometry.as_deref().unwrap_or("Point");
            let distance = way.starts_with("dist");
            let from = distance.then(|| super::geo::shape(Some(geometry), self.from.as_ref())).transpose()?;
            let descending = down || way.ends_with("desc");
            all.push(Order { path, descending, from, collation: collation.clone() });
        }
        Ok(all)
    }
}
