//! What service tasks do in the graph, within the command that moves the case.
//!
//! | service | input | answer |
//! | --- | --- | --- |
//! | `entity.create` | `type`, `attributes` (seed form), `id`?, `space`? | `urn` |
//! | `entity.update` | `urn`, `set` (seed form)?, `unset`? | – |
//! | `entity.delete` | `urn` | – |
//! | `entity.get` | `urn` | `entity`: null when there is none |
//! | `entity.find` | `type`, `where` (attribute: value), `space`?, `limit`? | `items` |
//! | `case.update` | `set` (seed form) | – |
//! | `case.pause` | `reason` | – |
//! | `case.resume` | – | `deadline`, `stood`: when it stood still |
//! | `decision.record` | `outcome`, `reason`?, `values`?, `acts`?, `element`?, `act`?, `inputs`?, `proposed`?, `objectDays`?, `automatic`?, `endsTerm`? | `decision` |
//! | `decision.review` | `decision`?, `result`: `uphold` or `revise` | – |
//! | `message.send` | `text`, `values`? | `message`: null when the applicant is not there any more |
//! | `register.number` | `register`, `pattern`? | `number`, `n` |

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use svod_kernel::{Actor, SpacePath, Urn, number};
use svod_model::{Attribute, AttributeValue, Entity, attribute_from_seed};
use svod_registry::{Action, Change, EntityQuery, Operation, QueryError};

use super::deed::Deed;
use super::{CaseError, Key};
use crate::place::numbers_meant;

/// Entities that are found at the most.
const MOST_FOUND: u64 = 200;

/// Why an operation was not done: an error of the business when it has a code, else an incident.
pub(super) struct Refused {
    pub code: Option<String>,
    pub message: String,
}

pub(super) fn refused(message: impl Into<String>) -> Refused {
    Refused { code: None, message: message.into() }
}

pub(super) type Answer = Result<Map<String, Value>, Refused>;

impl Deed<'_> {
    /// Does what the service is asked for; none when it is no service of the graph.
    pub(super) async fn operate(
        &mut self,
        key: Key,
        token: u64,
        service: &str,
        input: &Map<String, Value>,
    ) -> Result<Option<Answer>, CaseError> {
        let answer = match service {
            "entity.create" => self.create(key, token, input).await?,
            "entity.update" => self.changed(key, update(input)).await?,
            "entity.delete" => self.changed(key, delete(input)).await?,
            "entity.get" => self.get(key, input).await?,
            "entity.find" => self.find(key, input).await?,
            "case.update" => self.update_case(key, input).await?,
            "case.pause" => self.pause(key, input).await?,
            "case.resume" => self.resume(key).await?,
            "decision.record" => self.record(key, token, input).await?,
            "decision.review" => self.review(key, input).await?,
            "message.send" => self.write(key, token, input).await?,
            "register.number" => self.register_number(key, input).await?,
            _ => return self.money(key, service, input).await,
        };
        Ok(Some(answer))
    }

    async fn update_case(&mut self, key: Key, input: &Map<String, Value>) -> Result<Answer, CaseError> {
        let Some(urn) = self.case_of(key).await? else { return Ok(Err(refused("the process has no case"))) };
        let set = match attributes(input, "set") {
            Ok(set) => set,
            Err(e) => return Ok(Err(e)),
        };
        let before = self.take(key).await?.case.as_ref().and_then(|c| c.text("deadline").map(str::to_owned));
        let extended = set.contains_key("deadline");
        self.patch_case(&urn, set, Vec::new(), (Action::Update, "update"));
        if extended {
            self.extended(key, before).await?;
        }
        Ok(Ok(Map::new()))
    }

    async fn changed(&mut self, key: Key, change: Result<Change, Refused>) -> Result<Answer, CaseError> {
        match change {
            Ok(change) => Ok(self.reaches(key, change).await?.map(|()| Map::new())),
            Err(e) => Ok(Err(e)),
        }
    }

    async fn create(&mut self, key: Key, token: u64, input: &Map<String, Value>) -> Result<Answer, CaseError> {
        let own = self.take(key).await?.space.clone();
        let made = (|| {
            let kind = text(input, "type")?.ok_or_else(|| refused("'type' is missing"))?;
            let space = match text(input, "space")? {
                Some(space) => near(&space, &own)?,
                None => own,
            };
            let id = match text(input, "id")? {
                Some(id) => id.parse::<Urn>().map_err(|e| refused(e.to_string()))?,
                None => Urn::svod(&kind.to_lowercase(), &format!("{}-{}-{token}", key.0, key.1))
                    .map_err(|e| refused(e.to_string()))?,
            };
            let mut entity = Entity::new(id, kind, space);
            entity.attributes = attributes(input, "attributes")?;
            Ok(entity)
        })();
        let entity = match made {
            Ok(entity) => entity,
            Err(e) => return Ok(Err(e)),
        };
        let answer = [("urn".to_owned(), Value::from(entity.id.as_str()))].into_iter().collect();
        let create = Change::verb(Operation::Create(entity), Action::Create, "create");
        Ok(self.reaches(key, create).await?.map(|()| answer))
    }

    /// The applicant is found wherever they are at home; whatever else, in the region of the case.
    async fn get(&mut self, key: Key, input: &Map<String, Value>) -> Result<Answer, CaseError> {
        let urn = match urn(input, "urn") {
            Ok(urn) => urn,
            Err(e) => return Ok(Err(e)),
        };
        let own = self.territory(key).await?;
        let theirs = self.take(key).await?.row.person.as_deref() == Some(urn.as_str());
        let within = (!theirs).then_some(&own);
        let found = match self.cases.registry.entity_in(&Actor::platform("process"), within, &urn).await {
            Ok(entity) => {
                self.seen(key, std::slice::from_ref(&*entity)).await?;
                plain(&entity)
            }
            Err(QueryError::NotFound(_)) => Value::Null,
            Err(e) => return Err(e.into()),
        };
        Ok(Ok([("entity".to_owned(), found)].into_iter().collect()))
    }

    async fn find(&mut self, key: Key, input: &Map<String, Value>) -> Result<Answer, CaseError> {
        let own = self.take(key).await?.space.clone();
        let query = (|| {
            let kind = text(input, "type")?.ok_or_else(|| refused("'type' is missing"))?;
            let space = match text(input, "space")? {
                Some(space) => near(&space, &own)?,
                None => own.top(),
            };
            let mut query = EntityQuery::of(space, &[&kind]);
            query.limit = number::size(input.get("limit").and_then(Value::as_u64).unwrap_or(20).clamp(1, MOST_FOUND));
            for (name, value) in input.get("where").and_then(Value::as_object).into_iter().flatten() {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                query = query.with(name, &value);
            }
            Ok(query)
        })();
        let query = match query {
            Ok(query) => query,
            Err(e) => return Ok(Err(e)),
        };
        let mut items = Vec::new();
        for query in meant(query) {
            match self.cases.registry.query(&Actor::platform("process"), query).await {
                Ok(page) => {
                    self.seen(key, &page.items).await?;
                    items = page.items.iter().map(plain).collect();
                }
                Err(QueryError::Store(e)) => return Err(e.into()),
                Err(e) => return Ok(Err(refused(e.to_string()))),
            }
            if !items.is_empty() {
                break;
            }
        }
        Ok(Ok([("items".to_owned(), Value::from(items))].into_iter().collect()))
    }
}

/// The queries that one stands for, until one finds something: the number of a case is found however somebody has typed it.
fn meant(query: EntityQuery) -> Vec<EntityQuery> {
    let of_cases = query.types.iter().any(|kind| kind == "Case");
    let Some(at) = query.filters.iter().position(|(name, _)| of_cases && name == "number") else { return vec![query] };
    let typed = query.filters[at].1.clone();
    let meant = numbers_meant(&typed).into_iter().filter(|number| *number != typed);
    let with = |number: String| {
        let mut query = query.clone();
        query.filters[at].1 = number;
        query
    };
    std::iter::once(typed.clone()).chain(meant).map(with).collect()
}

/// A space that is named, of the same region.
fn near(space: &str, own: &SpacePath) -> Result<SpacePath, Refused> {
    let space: SpacePath = space.parse().map_err(|e| refused(format!("'space': {e}")))?;
    let top = own.top();
    if top.covers(&space) {
        Ok(space)
    } else {
        Err(refused(format!("'space': {space} is not in {top}, as the case is")))
    }
}

fn delete(input: &Map<String, Value>) -> Result<Change, Refused> {
    let urn = urn(input, "urn")?;
    Ok(Change::verb(Operation::Delete { urn, expected: None }, Action::Delete, "delete"))
}

fn update(input: &Map<String, Value>) -> Result<Change, Refused> {
    let (urn, set) = (urn(input, "urn")?, attributes(input, "set")?);
    let unset = input.get("unset").and_then(Value::as_array).into_iter().flatten();
    let unset = unset.filter_map(|n| n.as_str().map(str::to_owned)).collect();
    Ok(Change::verb(Operation::Patch { urn, expected: None, set, unset }, Action::Update, "update"))
}

pub(super) fn text(input: &Map<String, Value>, name: &str) -> Result<Option<String>, Refused> {
    match input.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(refused(format!("'{name}' must be a text"))),
    }
}

pub(super) fn urn(input: &Map<String, Value>, name: &str) -> Result<Urn, Refused> {
    let text = text(input, name)?.ok_or_else(|| refused(format!("'{name}' is missing")))?;
    text.parse().map_err(|e| refused(format!("'{name}': {e}")))
}

fn attributes(input: &Map<String, Value>, name: &str) -> Result<BTreeMap<String, Attribute>, Refused> {
    let given = input.get(name).and_then(Value::as_object);
    let mut read = BTreeMap::new();
    for (name, value) in given.into_iter().flatten().filter(|(_, v)| !v.is_null()) {
        let attribute = attribute_from_seed(value).map_err(|e| {
            refused(format!(
                "'{name}': {}",
                e.first().map_or_else(String::new, |e| format!("{}; {}", e.message, e.fix))
            ))
        })?;
        read.insert(name.clone(), attribute);
    }
    Ok(read)
}

/// An entity as processes see it: `urn`, `type`, `space`, and each attribute by its name.
pub fn plain(entity: &Entity) -> Value {
    let mut map = Map::new();
    for (name, attribute) in &entity.attributes {
        let value = match &attribute.value {
            AttributeValue::Value(v)
            | AttributeValue::Vocab(v)
            | AttributeValue::Json(v)
            | AttributeValue::Geometry(v) => v.clone(),
            AttributeValue::Object(urn) => json!(urn),
            AttributeValue::Objects(urns) | AttributeValue::ObjectList(urns) => json!(urns),
            AttributeValue::Languages(texts) => Value::Object(texts.clone()),
            AttributeValue::List(values) => json!(values),
        };
        map.insert(name.clone(), value);
    }
    map.insert("urn".into(), entity.id.as_str().into());
    map.insert("type".into(), entity.kind.as_str().into());
    map.insert("space".into(), entity.space.as_str().into());
    Value::Object(map)
}
