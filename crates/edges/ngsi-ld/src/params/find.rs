//! Which entities are asked for.

use serde_json::Value;
use svod_kernel::Urn;
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
    let order = match asked.param("orderBy") {
        None => Vec::new(),
        Some(text) => order(text, asked, context)?,
    };
    if let Some(csf) = asked.param("csf") {
        q::parse(csf, context)?;
    }
    if let Some(tag) = asked.param("collation") {
        collation(tag)?;
    }
    // Clause 5.7.2.4: what is related is looked at no deeper than it is joined.
    let joined = !matches!(asked.param("join"), None | Some("@none"));
    let deepest = if joined { asked.number("joinLevel", 1, 1)? } else { 0 };
    if query.links().len() > deepest && asked.param("join").is_some() {
        return Err(ApiError::new(Kind::BadRequestData, "'q' goes deeper than 'join' and 'joinLevel'"));
    }
    page(asked, Find { query, order, ..Find::default() })
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
    query.attributes = names(&asked.words("attrs"), context)?;
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
    query.attributes = names(&list("attrs")?, context)?;
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
    page(asked, Find { query, ..Find::default() })
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
                    *word = context.name(word);
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

/// A language tag (RFC 5646), roughly.
fn collation(tag: &str) -> Answer<()> {
    let part = |p: &str| (1..=8).contains(&p.len()) && p.chars().all(|c| c.is_ascii_alphanumeric());
    let first = tag.split('-').next().is_some_and(|p| p.len() >= 2 && p.chars().all(|c| c.is_ascii_alphabetic()));
    if first && tag.split('-').all(part) {
        return Ok(());
    }
    Err(ApiError::bad(format!("'{tag}' is no language tag to collate by")))
}

fn pattern_of(text: &str) -> Answer<regex::Regex> {
    let built = regex::RegexBuilder::new(text).size_limit(1 << 18).build();
    built.map_err(|_| ApiError::bad("'idPattern' is no regular expression"))
}

/// `orderBy=name,!speed` or `name;desc`, distances by `dist-asc` (clause 4.23).
fn order(text: &str, asked: &Asked, context: &Context) -> Answer<Vec<Order>> {
    let mut all = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (name, way) = part.split_once(';').unwrap_or((part, "asc"));
        let (name, down) = name.strip_prefix('!').map_or((name, false), |n| (n, true));
        let path = match q::parse(name, context)? {
            svod_query::Filter::Exists(path) => path,
            _ => return Err(ApiError::bad(format!("'{part}' is no member to sort by"))),
        };
        let distance = way.starts_with("dist");
        if !["asc", "desc", "dist-asc", "dist-desc"].contains(&way) {
            return Err(ApiError::bad(format!("'{way}' is no order: write asc or desc")));
        }
        let from = distance
            .then(|| {
                let coordinates = asked.param("orderFrom").map(Value::from);
                let geometry = asked.param("orderGeometry").unwrap_or("Point");
                super::geo::shape(Some(geometry), coordinates.as_ref())
            })
            .transpose()?;
        all.push(Order { path, descending: down || way.ends_with("desc"), from });
    }
    Ok(all)
}
