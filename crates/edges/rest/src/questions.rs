use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use regex::RegexBuilder;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use svod_kernel::{SpacePath, Timestamp, Urn};
use svod_model::Entity;
use svod_query::geo::Shape;
use svod_query::{Collation, Compare, Filter, Georel, Operand, Operation, Order, Path, Place, Query, Types, words};
use svod_registry::{Explained, Find};
use utoipa::ToSchema;

use crate::{Caller, Failure, RestState};

/// Largest page.
const MAX_LIMIT: usize = 1_000;
/// Conditions inside each other.
const MAX_DEPTH: usize = 16;
/// Bytes of a compiled regular expression.
const MAX_PATTERN: usize = 1 << 18;

/// What is wanted: all that is said must hold.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Question {
    /// Space; the first region when absent.
    #[schema(value_type = Option<String>)]
    space: Option<SpacePath>,
    /// Spaces under it as well (default true).
    below: Option<bool>,
    /// One of these.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    ids: Vec<Urn>,
    /// The identifier matches this regular expression.
    id_pattern: Option<String>,
    /// One of these types.
    #[serde(default)]
    types: Vec<String>,
    /// Having one of these attributes.
    #[serde(default)]
    attributes: Vec<String>,
    /// Words in the texts; each by its beginning, small and capital letters alike.
    text: Option<String>,
    /// A condition on values: an object with one member of `all`, `any` (lists of conditions), `exists`, `missing` (a way to a
    /// value), `eq`, `ne`, `lt`, `le`, `gt`, `ge`, `matches` (way and value: `{"gt": ["pm25", 0.16]}`), `between` (way, from, to).
    #[serde(rename = "where")]
    #[schema(value_type = Option<Object>, example = json!({"all": [{"gt": ["pm25", 0.16]}, {"eq": ["status", ["open", "new"]]}]}))]
    condition: Option<Condition>,
    /// A condition on a geometry.
    place: Option<Where>,
    /// As things stood at that moment; now when absent.
    #[schema(value_type = Option<String>)]
    as_of: Option<Timestamp>,
    /// In which order.
    #[serde(default)]
    order: Vec<By>,
    /// How many are left out before the first.
    #[serde(default)]
    offset: usize,
    /// 0 to 1,000, default 100.
    limit: Option<usize>,
    /// How many there are in all is wanted.
    #[serde(default)]
    count: bool,
    /// How the answer was found is wanted.
    #[serde(default)]
    explain: bool,
}

/// An object with one of these members.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Condition {
    /// All hold.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// There is something there.
    Exists(String),
    /// There is nothing there.
    Missing(String),
    /// Equal to the value, or to one of a list: `["status", "open"]`.
    Eq(String, Value),
    /// There is something, and it is not equal.
    Ne(String, Value),
    /// Less.
    Lt(String, Value),
    /// Less or equal.
    Le(String, Value),
    /// Greater.
    Gt(String, Value),
    /// Greater or equal.
    Ge(String, Value),
    /// From, to, both included.
    Between(String, Value, Value),
    /// Matches the regular expression.
    Matches(String, String),
}

/// A condition on a geometry.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Where {
    /// Attribute that holds the geometry (default `location`).
    attribute: Option<String>,
    /// `near`, `within`, `contains`, `intersects`, `equals`, `disjoint` or `overlaps`.
    georel: String,
    /// Metres, for `near`.
    max_distance: Option<f64>,
    /// GeoJSON.
    #[schema(value_type = Object)]
    geometry: Value,
}

/// What entities are sorted by.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct By {
    /// Attribute, or a way to a value (`accuracy.of`, `address[city]`).
    by: String,
    /// From large to small.
    #[serde(default)]
    descending: bool,
    /// Language whose order texts have: `ru`, `kk`, `en`; code points when absent.
    collation: Option<String>,
}

/// A page of entities.
#[derive(Serialize, ToSchema)]
pub struct Reply {
    /// Entities in their stored form, redacted for the caller.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Entity>,
    /// There are more behind these.
    more: bool,
    /// How many fit in all, when asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
    /// How it was found, when asked: the way in, entities looked at, attributes whose index would have shortened the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    explained: Option<Explained>,
}

fn bad(field: &str, rule: &str, fix: &str) -> Failure {
    Failure::bad(field, rule, fix)
}

/// `attribute.about[inside]`.
fn path(text: &str) -> Result<Path, Failure> {
    let wrong = || {
        bad("where", &format!("'{text}' is no way to a value"), "write attribute, attribute.about or attribute[member]")
    };
    let (names, rest) = text.split_once('[').map_or((text, None), |(n, r)| (n, Some(r)));
    let mut names = names.split('.').map(str::to_owned);
    let attribute = names.next().filter(|n| !n.is_empty()).ok_or_else(wrong)?;
    let inside = match rest {
        None => Vec::new(),
        Some(rest) => {
            let members = rest.strip_suffix(']').ok_or_else(wrong)?;
            members.split("][").flat_map(|m| m.split('.')).map(str::to_owned).collect()
        }
    };
    Ok(Path { attribute, about: names.collect(), inside, linked: None })
}

fn operand(v: &Value) -> Result<Operand, Failure> {
    match v {
        Value::Number(n) => Ok(Operand::Number(n.as_f64().unwrap_or_default())),
        Value::Bool(b) => Ok(Operand::Bool(*b)),
        Value::String(s) => {
            Ok(svod_query::keys::moment_of(s).map_or_else(|| Operand::Text(s.clone()), Operand::Moment))
        }
        _ => {
            Err(bad("where", "a value is a number, a text, a moment or a switch", "write for example [\"pm25\", 0.16]"))
        }
    }
}

fn compare(at: &str, operation: Operation, v: &Value) -> Result<Filter, Failure> {
    let operands = match v {
        Value::Array(all) if !all.is_empty() => all.iter().map(operand).collect::<Result<_, _>>()?,
        one => vec![operand(one)?],
    };
    Ok(Filter::Compare(Compare { path: path(at)?, operation, operands }))
}

fn pattern(field: &str, text: &str) -> Result<regex::Regex, Failure> {
    let built = RegexBuilder::new(text).size_limit(MAX_PATTERN).build();
    built.map_err(|e| bad(field, &e.to_string(), "give a regular expression"))
}

impl Condition {
    fn filter(&self, depth: usize) -> Result<Filter, Failure> {
        if depth > MAX_DEPTH {
            return Err(bad("where", "too deep", "at most 16 conditions inside each other"));
        }
        let all = |all: &[Self]| all.iter().map(|c| c.filter(depth + 1)).collect::<Result<Vec<_>, _>>();
        match self {
            Self::All(of) => Ok(Filter::All(all(of)?)),
            Self::Any(of) => Ok(Filter::Any(all(of)?)),
            Self::Exists(at) => Ok(Filter::Exists(path(at)?)),
            Self::Missing(at) => Ok(Filter::Missing(path(at)?)),
            Self::Eq(at, v) => compare(at, Operation::Equal, v),
            Self::Ne(at, v) => compare(at, Operation::NotEqual, v),
            Self::Lt(at, v) => compare(at, Operation::Less, v),
            Self::Le(at, v) => compare(at, Operation::LessEqual, v),
            Self::Gt(at, v) => compare(at, Operation::Greater, v),
            Self::Ge(at, v) => compare(at, Operation::GreaterEqual, v),
            Self::Between(at, from, to) => {
                let range = Operand::Range(Box::new(operand(from)?), Box::new(operand(to)?));
                Ok(Filter::Compare(Compare { path: path(at)?, operation: Operation::Equal, operands: vec![range] }))
            }
            Self::Matches(at, text) => {
                let operands = vec![Operand::Pattern(Box::new(pattern("where", text)?))];
                Ok(Filter::Compare(Compare { path: path(at)?, operation: Operation::Match, operands }))
            }
        }
    }
}

impl Where {
    fn place(&self) -> Result<Place, Failure> {
        let georel = match (self.georel.as_str(), self.max_distance) {
            ("near", Some(metres)) if metres >= 0.0 => Georel::NearMax(metres),
            ("near", _) => return Err(bad("place", "near needs maxDistance", "give metres")),
            ("within", _) => Georel::Within,
            ("contains", _) => Georel::Contains,
            ("intersects", _) => Georel::Intersects,
            ("equals", _) => Georel::Equals,
            ("disjoint", _) => Georel::Disjoint,
            ("overlaps", _) => Georel::Overlaps,
            _ => {
                return Err(bad(
                    "place",
                    "unknown georel",
                    "near, within, contains, intersects, equals, disjoint or overlaps",
                ));
            }
        };
        svod_model::check_geometry(&self.geometry)
            .map_err(|e| bad("place", &e.to_string(), "give a GeoJSON geometry"))?;
        let shape =
            Shape::from_json(&self.geometry).ok_or_else(|| bad("place", "no geometry", "give a GeoJSON geometry"))?;
        Ok(Place { attribute: self.attribute.clone().unwrap_or_else(|| "location".into()), georel, shape })
    }
}

impl By {
    fn order(&self) -> Result<Order, Failure> {
        let collation = match &self.collation {
            None => None,
            Some(tag) => Some(Collation::of(tag).ok_or_else(|| bad("order", "no language tag", "write ru, kk or en"))?),
        };
        Ok(Order { path: path(&self.by)?, descending: self.descending, from: None, collation })
    }
}

impl Question {
    fn query(&self) -> Result<Query, Failure> {
        let mut filters: Vec<Filter> = Vec::new();
        if let Some(text) = &self.text {
            filters.extend(words::of_text(text).map(Filter::Word));
            if filters.is_empty() {
                return Err(bad("text", "there is no word in it", "give at least one letter or digit"));
            }
        }
        if let Some(condition) = &self.condition {
            filters.push(condition.filter(0)?);
        }
        Ok(Query {
            ids: self.ids.clone(),
            id_pattern: self.id_pattern.as_deref().map(|p| pattern("idPattern", p)).transpose()?,
            types: Types::one_of(self.types.iter().cloned()),
            attributes: self.attributes.clone(),
            filter: if filters.len() > 1 { Some(Filter::All(filters)) } else { filters.pop() },
            place: self.place.as_ref().map(Where::place).transpose()?,
            ..Query::default()
        })
    }
}

/// Entities that fit, redacted for the caller: by type, value, word, place, at a moment, in an order.
#[utoipa::path(post, path = "/api/v1/query", tag = "entities", request_body = Question,
    responses((status = 200, body = Reply), (status = 400, description = "cannot be read, or would look at too much"), (status = 404, description = "unknown space")),
    security((), ("bearer" = [])))]
pub async fn ask(State(s): State<RestState>, Caller(actor): Caller, body: Bytes) -> Result<Json<Reply>, Failure> {
    let asked: Question =
        serde_json::from_slice(&body).map_err(|e| bad("body", &e.to_string(), "see Question in /api/openapi.json"))?;
    let limit = asked.limit.unwrap_or(100);
    if limit > MAX_LIMIT {
        return Err(bad("limit", "too large", "at most 1,000"));
    }
    let find = Find {
        query: asked.query()?,
        space: s.space(asked.space),
        below: asked.below.unwrap_or(true),
        order: asked.order.iter().map(By::order).collect::<Result<_, _>>()?,
        offset: asked.offset,
        limit,
        count: asked.count,
    };
    let found = match asked.as_of {
        None => s.registry.find(&actor, &find).await?,
        Some(at) => s.registry.find_at(&actor, &find, at).await?,
    };
    Ok(Json(Reply {
        items: found.entities.iter().map(|e| Entity::clone(e)).collect(),
        more: found.more,
        total: found.total,
        // Counts of the index say something of what is hidden.
        explained: (asked.explain && s.registry.may_be_explained(&actor, &find)).then_some(found.explained),
    }))
}
