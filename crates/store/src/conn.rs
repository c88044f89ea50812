use crate::heads::Moved;
use crate::{News, Row, StoreError, Value};

/// Which database answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite, in this process.
    Sqlite,
    /// PostgreSQL, over a connection.
    Postgres,
}

/// A transaction of one of the two engines, as a job sees it.
///
/// SQL is the portable subset: BIGINT, DOUBLE PRECISION, TEXT, BYTEA, upsert, RETURNING, placeholders `?1 ?2 …`, no
/// functions of one engine. Statements are prepared once and kept. Once a statement has failed inside a job, the
/// job fails, even when it swallows the error: PostgreSQL would have it so, and both engines behave alike.
pub trait Conn {
    /// Which engine this is.
    fn engine(&self) -> Engine;

    /// Runs a statement; the number of rows changed. A statement with RETURNING goes through [`Conn::query`].
    ///
    /// # Errors
    /// Whatever the engine refused.
    fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError>;

    /// Hands every row to `f` as it arrives, keeping none.
    ///
    /// # Errors
    /// Whatever the engine refused, or the first error of `f`, which ends the walk.
    fn each(
        &mut self,
        sql: &str,
        params: &[Value],
        f: &mut dyn FnMut(&Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Inserts many rows; the exact number of rows that were not there before.
    ///
    /// # Errors
    /// [`StoreError::Shape`] when columns differ in length; otherwise whatever the engine refused.
    fn insert_many(&mut self, insert: &BulkInsert<'_>) -> Result<u64, StoreError>;

    /// Says that `space`'s journal now ends at `seq`; told to [`crate::Store::heads`] after the commit.
    fn note_events(&mut self, space: i64, seq: i64);

    /// Leaves what a stretch of `space`'s journal is about, for [`crate::Store::news`] after the commit.
    fn note_news(&mut self, space: i64, news: News);

    /// Waits until no other node writes exclusively, and keeps it so until the end of the transaction. A job given to
    /// `write` has it from the start; one given to `append` asks for it before it touches a counter.
    ///
    /// # Errors
    /// [`StoreError::Contended`] when the others took too long.
    fn exclusive(&mut self) -> Result<(), StoreError>;

    /// All rows.
    ///
    /// # Errors
    /// Whatever the engine refused.
    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        self.each(sql, params, &mut |row| {
            rows.push(row.clone());
            Ok(())
        })?;
        Ok(rows)
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// Whatever the engine refused.
    fn first(&mut self, sql: &str, params: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.query(sql, params)?.into_iter().next())
    }
}

/// Rows for [`Conn::insert_many`], column by column.
#[derive(Debug)]
pub struct BulkInsert<'a> {
    /// Table.
    pub table: &'a str,
    /// Name and values of each column, all of one length.
    pub columns: &'a [(&'a str, Column)],
    /// What becomes of a row whose key exists already.
    pub clash: Clash,
}

/// What becomes of a row whose key exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clash {
    /// The job fails.
    Fails,
    /// It stays as it is, the new one is left out.
    Keeps,
    /// `(key) DO UPDATE SET …`, perhaps with `WHERE …`; `excluded` is the new one. Rows so changed count as new ones.
    Updates(&'static str),
}

/// The values of one column, row by row.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Whole numbers.
    Int(Vec<i64>),
    /// Whole numbers or null.
    OptInt(Vec<Option<i64>>),
    /// Numbers.
    Real(Vec<f64>),
    /// Numbers or null.
    OptReal(Vec<Option<f64>>),
    /// Texts.
    Text(Vec<String>),
    /// Texts or null.
    OptText(Vec<Option<String>>),
    /// Bytes.
    Blob(Vec<Vec<u8>>),
}

impl Column {
    /// How many rows.
    pub const fn len(&self) -> usize {
        match self {
            Self::Int(v) => v.len(),
            Self::OptInt(v) => v.len(),
            Self::Real(v) => v.len(),
            Self::OptReal(v) => v.len(),
            Self::Text(v) => v.len(),
            Self::OptText(v) => v.len(),
            Self::Blob(v) => v.len(),
        }
    }

    /// The value of a row.
    pub(crate) fn value(&self, row: usize) -> Value {
        match self {
            Self::Int(v) => v[row].into(),
            Self::OptInt(v) => v[row].map_or(Value::Null, Value::Int),
            Self::Real(v) => Value::Real(v[row]),
            Self::OptReal(v) => v[row].map_or(Value::Null, Value::Real),
            Self::Text(v) => Value::Text(v[row].clone()),
            Self::OptText(v) => v[row].clone().map_or(Value::Null, Value::Text),
            Self::Blob(v) => Value::Blob(v[row].clone()),
        }
    }

    /// Whether there is no row.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl BulkInsert<'_> {
    /// How many rows, all columns agreeing.
    pub(crate) fn rows(&self) -> Result<usize, StoreError> {
        let rows = self.columns.first().map_or(0, |(_, c)| c.len());
        match self.columns.iter().find(|(_, c)| c.len() != rows) {
            None => Ok(rows),
            Some((name, c)) => {
                Err(StoreError::Shape(format!("{}.{name} has {} values for {rows} rows", self.table, c.len())))
            }
        }
    }

    /// `INSERT INTO table (columns) … ON CONFLICT DO NOTHING` around the engine's own source of rows.
    pub(crate) fn sql(&self, source: &str) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        let tail = match self.clash {
            Clash::Fails => String::new(),
            Clash::Keeps => " ON CONFLICT DO NOTHING".to_owned(),
            Clash::Updates(how) => format!(" ON CONFLICT {how}"),
        };
        format!("INSERT INTO {} ({}) {source}{tail}", self.table, names.join(", "))
    }
}

/// What the running transaction has to remember, the same on both engines.
#[derive(Default)]
pub(crate) struct Tx {
    /// First failure of a statement since the last savepoint.
    pub failed: Option<StoreError>,
    /// Journal heads moved.
    pub moved: Vec<Moved>,
    /// Whether the exclusive lock is held.
    pub exclusive: bool,
}

impl Tx {
    /// Remembers the first failure and passes the result on.
    pub fn note<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result {
            self.failed.get_or_insert_with(|| error.clone());
        }
        result
    }
}

/// `?2, ?3, ?4`: `count` placeholders from number `first` on.
pub(crate) fn placeholders(first: usize, count: usize) -> String {
    (first..first + count).map(|n| format!("?{n}")).collect::<Vec<_>>().join(", ")
}
