use super::{COLUMNS, EntityRow, row};
use crate::conn::placeholders;
use crate::{Conn, Engine, StoreError, Value};

/// Spaces named in one statement at the most.
const MOST_AT_ONCE: usize = 500;
/// Entities of a type that are looked at one by one rather than all that have a common value.
const FEW: i64 = 20_000;
/// Rows of an index read in one statement.
const STRETCH: i64 = 5_000;
/// Entities that have a common value, at the least.
const PROBE: i64 = 200;

/// Which entities to list.
#[derive(Debug, Clone, Default)]
pub struct EntityPage {
    /// Of these spaces.
    pub spaces: Vec<i64>,
    /// Of these types (their first); none means any.
    pub types: Vec<String>,
    /// Hashes of the types, as rows of the index of values have them: what has a value and another type is not looked at.
    pub marks: Vec<i64>,
    /// Having all these values: hash of the attribute's name and key.
    pub filters: Vec<(i64, Vec<u8>)>,
    /// After this one: space and number.
    pub after: Option<(i64, i64)>,
    /// At most so many.
    pub limit: i64,
}

impl EntityPage {
    /// `FROM … WHERE …` over one space (`?1`), and the values after `?1`, beginning with `params`.
    ///
    /// The rarest way in comes first; each walks an index in the order of the answer, so a page costs its own length.
    fn from(&self, engine: Engine, way: Way, params: &mut Vec<Value>) -> (String, &'static str) {
        let mut place = |value: Value| {
            params.push(value);
            params.len()
        };
        let mut joins = String::new();
        let mut wheres = String::new();
        for (n, (attribute, key)) in self.filters.iter().enumerate() {
            let (a, k) = (place((*attribute).into()), place(key.clone().into()));
            let pair = format!("v{n}.attribute = ?{a} AND v{n}.key = ?{k}");
            if n == 0 && way == Way::Value {
                joins.push_str("entity_value v0 JOIN entity e ON e.space = v0.space AND e.id = v0.entity");
                wheres.push_str(&format!("v0.space = ?1 AND {pair}"));
                if !self.marks.is_empty() {
                    let marks: Vec<String> =
                        self.marks.iter().map(|mark| format!("?{}", place((*mark).into()))).collect();
                    wheres.push_str(&format!(" AND v0.kind IN (0, {})", marks.join(", ")));
                }
            } else {
                joins.push_str(if n == 0 { "entity e" } else { "" });
                // Left to itself SQLite would begin with the value all the same.
                let join = if way == Way::Type && engine == Engine::Sqlite { "CROSS JOIN" } else { "JOIN" };
                let (space, id) = way.found();
                joins.push_str(&format!(
                    " {join} entity_value v{n} ON v{n}.space = {space} AND v{n}.entity = {id} AND {pair}"
                ));
            }
        }
        if way == Way::Type {
            joins.push_str(if self.filters.is_empty() { "entity e" } else { "" });
            wheres.push_str("e.space = ?1");
        }
        if let [only] = self.types.as_slice() {
            wheres.push_str(&format!(" AND e.type = ?{}", place(only.into())));
        } else if let Some(first) = self.types.first() {
            let first = place(first.into());
            params.extend(self.types[1..].iter().map(Value::from));
            wheres.push_str(&format!(" AND e.type IN ({})", placeholders(first, self.types.len())));
        }
        (format!("FROM {joins} WHERE {wheres}"), way.found().1)
    }

    /// How to come in; none where the space has nothing of the types.
    fn way(&self, conn: &mut dyn Conn, space: i64) -> Result<Option<Way>, StoreError> {
        let Some((attribute, key)) = self.filters.first() else { return Ok(Some(Way::Type)) };
        if self.types.is_empty() {
            return Ok(Some(Way::Value));
        }
        let mut all = 0;
        for kind in &self.types {
            all += count(conn, &[space], kind)?;
        }
        if all == 0 {
            return Ok(None);
        }
        let keys = Keys { space, attribute: *attribute, low: key.clone(), high: key.clone() };
        let common = all <= FEW && count_keys_to(conn, &keys, PROBE)? >= PROBE;
        Ok(Some(if common { Way::Type } else { Way::Value }))
    }
}

/// The way into a page: by the first value, or by type. A handful of open alerts among a million open cases is found by type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Value,
    Type,
}

impl Way {
    /// Columns of space and number in what the way goes through.
    const fn found(self) -> (&'static str, &'static str) {
        match self {
            Self::Value => ("v0.space", "v0.entity"),
            Self::Type => ("e.space", "e.id"),
        }
    }
}

/// Entities that fit, in the order of (space, number).
///
/// # Errors
/// Whatever the engine refused.
pub fn page(conn: &mut dyn Conn, query: &EntityPage) -> Result<Vec<EntityRow>, StoreError> {
    let (after_space, after_id) = query.after.unwrap_or((i64::MIN, i64::MIN));
    let mut found = Vec::new();
    let mut spaces = query.spaces.clone();
    spaces.sort_unstable();
    spaces.dedup();
    for space in spaces.into_iter().filter(|space| *space >= after_space) {
        let left = query.limit.saturating_sub(i64::try_from(found.len()).unwrap_or(i64::MAX));
        if left <= 0 {
            break;
        }
        let Some(way) = query.way(conn, space)? else { continue };
        let after = if space == after_space { after_id } else { i64::MIN };
        let mut params: Vec<Value> = vec![space.into(), after.into(), left.into()];
        let (from, key) = query.from(conn.engine(), way, &mut params);
        let sql = format!(
            "SELECT e.space, e.id, e.urn, e.type, e.version, e.created, e.modified, e.doc {from} AND {key} > ?2
             ORDER BY {key} LIMIT ?3"
        );
        conn.each(&sql, &params, &mut |r| {
            found.push(row(r)?);
            Ok(())
        })?;
    }
    Ok(found)
}

/// Numbers of the entities of a space, of that first type where one is given, after a number, ascending.
///
/// # Errors
/// Whatever the engine refused.
pub fn ids(
    conn: &mut dyn Conn,
    space: i64,
    kind: Option<&str>,
    after: i64,
    limit: i64,
) -> Result<Vec<i64>, StoreError> {
    let mut found = Vec::new();
    let mut take = |r: &crate::Row| {
        found.push(r.int(0)?);
        Ok(())
    };
    match kind {
        None => {
            let sql = "SELECT id FROM entity WHERE space = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
            conn.each(sql, &[space.into(), after.into(), limit.into()], &mut take)?;
        }
        Some(kind) => {
            let sql = "SELECT id FROM entity WHERE space = ?1 AND type = ?4 AND id > ?2 ORDER BY id LIMIT ?3";
            conn.each(sql, &[space.into(), after.into(), limit.into(), kind.into()], &mut take)?;
        }
    }
    Ok(found)
}

/// The entities of these numbers in a space.
///
/// # Errors
/// Whatever the engine refused.
pub fn by_ids(conn: &mut dyn Conn, space: i64, ids: &[i64]) -> Result<Vec<EntityRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM entity WHERE space = ?1 AND id = ?2");
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        conn.each(&sql, &[space.into(), (*id).into()], &mut |r| {
            found.push(row(r)?);
            Ok(())
        })?;
    }
    Ok(found)
}

/// A stretch of keys of one attribute in one space, both ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Space.
    pub space: i64,
    /// Hash of the attribute's name.
    pub attribute: i64,
    /// From.
    pub low: Vec<u8>,
    /// To.
    pub high: Vec<u8>,
}

/// A row of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit<K> {
    /// Key or cell.
    pub key: K,
    /// Number of the entity in its space.
    pub entity: i64,
    /// Hash of its type; 0 where the entity must be looked at.
    pub kind: i64,
}

/// Keys and entities of the stretch in their order, after a given one, at most `limit`.
///
/// # Errors
/// Whatever the engine refused.
pub fn by_keys(
    conn: &mut dyn Conn,
    keys: &Keys,
    after: Option<(&[u8], i64)>,
    limit: i64,
) -> Result<Vec<Hit<Vec<u8>>>, StoreError> {
    let (from, entity) = after.map_or((keys.low.clone(), i64::MIN), |(key, entity)| (key.to_vec(), entity));
    let mut found = Vec::new();
    conn.each(
        "SELECT key, entity, kind FROM entity_value
         WHERE space = ?1 AND attribute = ?2 AND (key, entity) > (?3, ?4) AND key <= ?5
         ORDER BY key, entity LIMIT ?6",
        &[keys.space.into(), keys.attribute.into(), from.into(), entity.into(), keys.high.clone().into(), limit.into()],
        &mut |r| {
            found.push(Hit { key: r.blob(0)?, entity: r.int(1)?, kind: r.int(2)? });
            Ok(())
        },
    )?;
    Ok(found)
}

/// The same from the last key to the first; `after` is the one that stands behind those that follow.
///
/// # Errors
/// Whatever the engine refused.
pub fn by_keys_down(
    conn: &mut dyn Conn,
    keys: &Keys,
    after: Option<(&[u8], i64)>,
    limit: i64,
) -> Result<Vec<Hit<Vec<u8>>>, StoreError> {
    let (from, entity) = after.map_or((keys.high.clone(), i64::MAX), |(key, entity)| (key.to_vec(), entity));
    let mut found = Vec::new();
    conn.each(
        "SELECT key, entity, kind FROM entity_value
         WHERE space = ?1 AND attribute = ?2 AND (key, entity) < (?3, ?4) AND key >= ?5
         ORDER BY key DESC, entity DESC LIMIT ?6",
        &[keys.space.into(), keys.attribute.into(), from.into(), entity.into(), keys.low.clone().into(), limit.into()],
        &mut |r| {
            found.push(Hit { key: r.blob(0)?, entity: r.int(1)?, kind: r.int(2)? });
            Ok(())
        },
    )?;
    Ok(found)
}

/// Entities of these spaces that have that very key.
///
/// # Errors
/// Whatever the engine refused.
pub fn having(conn: &mut dyn Conn, spaces: &[i64], attribute: i64, key: &[u8]) -> Result<Vec<EntityRow>, StoreError> {
    let mut found = Vec::new();
    for some in spaces.chunks(MOST_AT_ONCE) {
        let sql = format!(
            "SELECT space, entity FROM entity_value WHERE space IN ({}) AND attribute = ?1 AND key = ?2",
            placeholders(3, some.len())
        );
        let mut params: Vec<Value> = vec![attribute.into(), key.to_vec().into()];
        params.extend(some.iter().map(|space| Value::from(*space)));
        let places: Vec<(i64, i64)> =
            conn.query(&sql, &params)?.iter().map(|r| Ok((r.int(0)?, r.int(1)?))).collect::<Result<_, StoreError>>()?;
        for (space, id) in places {
            found.extend(by_ids(conn, space, &[id])?);
        }
    }
    Ok(found)
}

fn length_of<T>(all: &[T]) -> i64 {
    i64::try_from(all.len()).unwrap_or(i64::MAX)
}

/// How many keys there are in the stretch, counted up to `most`.
///
/// # Errors
/// Whatever the engine refused.
pub fn count_keys_to(conn: &mut dyn Conn, keys: &Keys, most: i64) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM entity_value
               WHERE space = ?1 AND attribute = ?2 AND key >= ?3 AND key <= ?4 LIMIT ?5) AS few";
    let (low, high) = (keys.low.clone(), keys.high.clone());
    let params = [keys.space.into(), keys.attribute.into(), low.into(), high.into(), most.into()];
    conn.first(sql, &params)?.map_or(Ok(0), |r| r.int(0))
}

/// How many cells there are in the stretch, counted up to `most`.
///
/// # Errors
/// Whatever the engine refused.
pub fn count_cells_to(
    conn: &mut dyn Conn,
    space: i64,
    attribute: i64,
    (low, high): (i64, i64),
    most: i64,
) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM entity_cell
               WHERE space = ?1 AND attribute = ?2 AND cell >= ?3 AND cell <= ?4 LIMIT ?5) AS few";
    let params = [space.into(), attribute.into(), low.into(), high.into(), most.into()];
    conn.first(sql, &params)?.map_or(Ok(0), |r| r.int(0))
}

/// Which of these entities of a space have the type as their first.
///
/// # Errors
/// Whatever the engine refused.
pub fn of_type(conn: &mut dyn Conn, space: i64, kind: &str, ids: &[i64]) -> Result<Vec<i64>, StoreError> {
    let mut found = Vec::new();
    for part in ids.chunks(super::MOST) {
        let sql = format!(
            "SELECT id FROM entity WHERE space = ?1 AND type = ?2 AND id IN ({})",
            placeholders(3, super::length(part.len()))
        );
        let mut params: Vec<Value> = vec![space.into(), kind.into()];
        params.extend(part.iter().map(|id| Value::from(*id)));
        params.resize(2 + super::length(part.len()), part.last().copied().unwrap_or_default().into());
        conn.each(&sql, &params, &mut |r| {
            found.push(r.int(0)?);
            Ok(())
        })?;
    }
    Ok(found)
}

/// Entities kept under a stretch of cells, after a given cell and entity, at most `limit`: cell and entity, in order.
///
/// # Errors
/// Whatever the engine refused.
pub fn by_cells(
    conn: &mut dyn Conn,
    space: i64,
    attribute: i64,
    (low, high): (i64, i64),
    after: Option<(i64, i64)>,
    limit: i64,
) -> Result<Vec<Hit<i64>>, StoreError> {
    let (cell, entity) = after.unwrap_or((low, i64::MIN));
    let mut found = Vec::new();
    conn.each(
        "SELECT cell, entity, kind FROM entity_cell
         WHERE space = ?1 AND attribute = ?2 AND (cell, entity) > (?3, ?4) AND cell <= ?5
         ORDER BY cell, entity LIMIT ?6",
        &[space.into(), attribute.into(), cell.into(), entity.into(), high.into(), limit.into()],
        &mut |r| {
            found.push(Hit { key: r.int(0)?, entity: r.int(1)?, kind: r.int(2)? });
            Ok(())
        },
    )?;
    Ok(found)
}

/// Entities kept under one of these cells: cell and entity.
///
/// # Errors
/// Whatever the engine refused.
pub fn by_cell_list(
    conn: &mut dyn Conn,
    space: i64,
    attribute: i64,
    cells: &[i64],
) -> Result<Vec<Hit<i64>>, StoreError> {
    let mut found = Vec::new();
    for part in cells.chunks(super::MOST) {
        let length = super::length(part.len());
        let sql = format!(
            "SELECT cell, entity, kind FROM entity_cell WHERE space = ?1 AND attribute = ?2 AND cell IN ({})",
            placeholders(3, length)
        );
        let mut params: Vec<Value> = vec![space.into(), attribute.into()];
        params.extend(part.iter().map(|c| Value::from(*c)));
        params.resize(2 + length, part.last().copied().unwrap_or_default().into());
        conn.each(&sql, &params, &mut |r| {
            found.push(Hit { key: r.int(0)?, entity: r.int(1)?, kind: r.int(2)? });
            Ok(())
        })?;
    }
    Ok(found)
}

/// Entities of a space that have one of these keys and, where that are `many` or more, a place under the attribute; numbers,
/// ascending. Only rows of the indexes are read. What has a place and none of the keys costs its row of the index at the most: work
/// that is done keeps its place for ever.
///
/// # Errors
/// Whatever the engine refused.
pub fn placed(
    conn: &mut dyn Conn,
    keys: &[Keys],
    (space, geometry): (i64, i64),
    (mark, many): (i64, i64),
) -> Result<Vec<i64>, StoreError> {
    let mut having = Vec::new();
    for keys in keys {
        let mut after: Option<(Vec<u8>, i64)> = None;
        loop {
            let hits = by_keys(conn, keys, after.as_ref().map(|(key, entity)| (key.as_slice(), *entity)), STRETCH)?;
            let whole = length_of(&hits) < STRETCH;
            having.extend(hits.iter().filter(|hit| hit.kind == mark || hit.kind == 0).map(|hit| hit.entity));
            match hits.into_iter().next_back() {
                Some(last) if !whole => after = Some((last.key, last.entity)),
                _ => break,
            }
        }
    }
    having.sort_unstable();
    having.dedup();
    if length_of(&having) < many {
        return Ok(having);
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let hits = by_cells(conn, space, geometry, (i64::MIN, i64::MAX), after, STRETCH)?;
        found.extend(hits.iter().map(|hit| hit.entity).filter(|entity| having.binary_search(entity).is_ok()));
        match hits.last() {
            Some(last) if length_of(&hits) == STRETCH => after = Some((last.key, last.entity)),
            _ => break,
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// How many entities of the spaces have the type, as their first or a further one; of any type without one.
///
/// # Errors
/// Whatever the engine refused.
pub fn count(conn: &mut dyn Conn, spaces: &[i64], kind: &str) -> Result<i64, StoreError> {
    let sql = "SELECT count FROM entity_count WHERE space = ?1 AND type = ?2";
    let mut total = 0;
    for space in spaces {
        total += conn.first(sql, &[(*space).into(), kind.into()])?.map_or(Ok(0), |r| r.int(0))?;
    }
    Ok(total)
}

/// Those of the spaces that have entities of any of these types, as their first or a further one; in the order given.
///
/// # Errors
/// Whatever the engine refused.
pub fn spaces_with(conn: &mut dyn Conn, spaces: &[i64], kinds: &[&str]) -> Result<Vec<i64>, StoreError> {
    let mut found = std::collections::HashSet::new();
    for some in spaces.chunks(MOST_AT_ONCE) {
        let (at, of) = (placeholders(1, some.len()), placeholders(some.len() + 1, kinds.len()));
        let sql =
            format!("SELECT DISTINCT space FROM entity_count WHERE space IN ({at}) AND type IN ({of}) AND count > 0");
        let places = some.iter().map(|space| Value::from(*space));
        let params: Vec<Value> = places.chain(kinds.iter().map(|kind| Value::from(*kind))).collect();
        for row in conn.query(&sql, &params)? {
            found.insert(row.int(0)?);
        }
    }
    Ok(spaces.iter().copied().filter(|space| found.contains(space)).collect())
}

/// What is in use in a space: types with the number of their entities.
///
/// # Errors
/// Whatever the engine refused.
pub fn types_in_use(conn: &mut dyn Conn, space: i64) -> Result<Vec<(String, i64)>, StoreError> {
    let sql = "SELECT type, count FROM entity_count WHERE space = ?1 AND count > 0 ORDER BY type";
    conn.query(sql, &[space.into()])?.iter().map(|r| Ok((r.text(0)?, r.int(1)?))).collect()
}

/// An attribute in use: by entities of which type (empty: of any), what it holds, by how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedRow {
    /// Type; empty for all of them together.
    pub kind: String,
    /// Attribute.
    pub attribute: String,
    /// What it holds, as NGSI-LD calls it.
    pub holds: String,
    /// By how many entities.
    pub count: i64,
}

/// What is in use in a space: attributes by type.
///
/// # Errors
/// Whatever the engine refused.
pub fn attributes_in_use(conn: &mut dyn Conn, space: i64) -> Result<Vec<UsedRow>, StoreError> {
    let sql = "SELECT type, attribute, holds, count FROM attribute_count WHERE space = ?1 AND count > 0
               ORDER BY type, attribute, holds";
    let rows = conn.query(sql, &[space.into()])?;
    let row =
        |r: &crate::Row| Ok(UsedRow { kind: r.text(0)?, attribute: r.text(1)?, holds: r.text(2)?, count: r.int(3)? });
    rows.iter().map(row).collect()
}
