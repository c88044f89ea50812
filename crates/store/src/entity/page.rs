use super::{EntityRow, index, row};
use crate::conn::placeholders;
use crate::{Conn, StoreError, Value};

/// Which entities to list.
#[derive(Debug, Clone, Default)]
pub struct EntityPage {
    /// Of these spaces.
    pub spaces: Vec<i64>,
    /// Of these types; none means any.
    pub types: Vec<String>,
    /// Having all these pairs of indexed attribute and value.
    pub filters: Vec<(String, String)>,
    /// After this one: space and number.
    pub after: Option<(i64, i64)>,
    /// At most so many.
    pub limit: i64,
}

impl EntityPage {
    /// `FROM … WHERE …` over one space (`?1`), and the values after `?1`, beginning with `params`.
    ///
    /// The rarest way in comes first: by value where there is a filter, else by type; both walk an index in the order
    /// of the answer, so a page costs its own length.
    fn from(&self, params: &mut Vec<Value>) -> (String, &'static str) {
        let mut place = |value: Value| {
            params.push(value);
            params.len()
        };
        let mut joins = String::new();
        let mut wheres = String::new();
        for (n, (attribute, value)) in self.filters.iter().enumerate() {
            let (a, v) = (place(attribute.into()), place(index::value(value).into()));
            let pair = format!("v{n}.attribute = ?{a} AND v{n}.value = ?{v}");
            if n == 0 {
                joins.push_str("entity_value v0 JOIN entity e ON e.space = v0.space AND e.id = v0.entity");
                wheres.push_str(&format!("v0.space = ?1 AND {pair}"));
            } else {
                joins.push_str(&format!(
                    " JOIN entity_value v{n} ON v{n}.space = v0.space AND v{n}.entity = v0.entity AND {pair}"
                ));
            }
        }
        let key = if self.filters.is_empty() {
            joins.push_str("entity e");
            wheres.push_str("e.space = ?1");
            "e.id"
        } else {
            "v0.entity"
        };
        if let [only] = self.types.as_slice() {
            wheres.push_str(&format!(" AND e.type = ?{}", place(only.into())));
        } else if let Some(first) = self.types.first() {
            let first = place(first.into());
            params.extend(self.types[1..].iter().map(Value::from));
            wheres.push_str(&format!(" AND e.type IN ({})", placeholders(first, self.types.len())));
        }
        (format!("FROM {joins} WHERE {wheres}"), key)
    }

    fn spaces(&self) -> Vec<i64> {
        let mut spaces = self.spaces.clone();
        spaces.sort_unstable();
        spaces.dedup();
        spaces
    }
}

/// Entities that fit, in the order of (space, number).
///
/// # Errors
/// Whatever the engine refused.
pub fn page(conn: &mut dyn Conn, query: &EntityPage) -> Result<Vec<EntityRow>, StoreError> {
    let (after_space, after_id) = query.after.unwrap_or((i64::MIN, i64::MIN));
    let mut params = vec![Value::Null, Value::Null, Value::Null];
    let (from, key) = query.from(&mut params);
    let sql = format!(
        "SELECT e.space, e.id, e.urn, e.type, e.version, e.created, e.modified, e.doc {from} AND {key} > ?2
         ORDER BY {key} LIMIT ?3"
    );
    let mut found = Vec::new();
    for space in query.spaces().into_iter().filter(|space| *space >= after_space) {
        let left = query.limit - found.len() as i64;
        if left <= 0 {
            break;
        }
        params[0] = space.into();
        params[1] = if space == after_space { after_id } else { i64::MIN }.into();
        params[2] = left.into();
        for r in conn.query(&sql, &params)? {
            found.push(row(&r)?);
        }
    }
    Ok(found)
}

/// How many entities fit; page and limit are left out of account.
///
/// # Errors
/// Whatever the engine refused.
pub fn count(conn: &mut dyn Conn, query: &EntityPage) -> Result<i64, StoreError> {
    let mut params = vec![Value::Null];
    let (from, _) = query.from(&mut params);
    let sql = format!("SELECT count(*) {from}");
    let mut total = 0;
    for space in query.spaces() {
        params[0] = space.into();
        total += conn.first(&sql, &params)?.map_or(Ok(0), |r| r.int(0))?;
    }
    Ok(total)
}
