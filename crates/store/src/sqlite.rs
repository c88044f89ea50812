//! The SQLite engine: one file in WAL mode. A returned COMMIT is in the log; `crate::sync` flushes the log before anybody is
//! answered. <https://www.sqlite.org/pragma.html#pragma_synchronous>

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags};

use crate::conn::{Tx, placeholders};
use crate::heads::Moved;
use crate::link::CommitError;
use crate::value::keepable;
use crate::{BulkInsert, Column, Conn, Engine, News, Row, StoreError, StoreOptions, Value};

pub(crate) struct SqliteConn {
    pub db: Connection,
    pub tx: Tx,
    /// A failed commit left the connection in doubt; it is opened anew.
    pub broken: bool,
    unchecked: bool,
    /// Where the log is, and the log once something was committed.
    log: (PathBuf, Option<Arc<File>>),
}

/// WAL pages (2 KiB each) after which a commit also checkpoints: 64 MiB.
const CHECKPOINT_PAGES: u32 = 32_768;

impl SqliteConn {
    pub fn open(path: &Path, writer: bool, options: &StoreOptions) -> Result<Self, StoreError> {
        if let (true, Some(folder)) = (writer, path.parent().filter(|p| !p.as_os_str().is_empty())) {
            std::fs::create_dir_all(folder)
                .map_err(|e| StoreError::Unavailable(format!("{}: {e}", folder.display())))?;
        }
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if writer {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let db = Connection::open_with_flags(path, flags).map_err(error)?;
        db.busy_timeout(Duration::from_secs(5)).map_err(error)?;
        db.set_prepared_statement_cache_capacity(256);
        // Else each value bound to a LIMIT makes the engine prepare the statement anew, whenever it is run.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(error)?;
        let cache = if writer { options.writer_cache_kib } else { options.reader_cache_kib };
        let own = if writer {
            format!(
                "PRAGMA page_size=2048; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;
                 PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}; PRAGMA journal_size_limit=67108864;"
            )
        } else {
            "PRAGMA query_only=ON;".into()
        };
        db.execute_batch(&format!(
            "{own} PRAGMA cache_size=-{cache}; PRAGMA mmap_size={}; PRAGMA temp_store=MEMORY;",
            options.mmap_bytes
        ))
        .map_err(error)?;
        // The engine keeps the log beside the file itself, wherever a link leads to it from.
        let file = path.canonicalize().map_err(|e| StoreError::Unavailable(format!("{}: {e}", path.display())))?;
        let mut log = file.into_os_string();
        log.push("-wal");
        Ok(Self { db, tx: Tx::default(), broken: false, unchecked: false, log: (log.into(), None) })
    }

    pub fn control(&mut self, sql: &str) -> Result<(), StoreError> {
        self.db.prepare_cached(sql).and_then(|mut s| s.execute([])).map(drop).map_err(error)
    }

    pub fn commit(&mut self) -> Result<(), CommitError> {
        self.unchecked = true;
        let Err(e) = self.db.prepare_cached("COMMIT").and_then(|mut s| s.execute([])) else { return Ok(()) };
        match error(e) {
            // Both are found before anything of the commit reaches the log.
            e @ (StoreError::Contended(_) | StoreError::Full(_)) => Err(CommitError::RolledBack(e)),
            e => {
                self.broken = true;
                Err(CommitError::Unknown(e))
            }
        }
    }

    /// The log, for the flush that makes a commit durable. The engine keeps no locks on it that closing could lose.
    pub fn log(&mut self) -> std::io::Result<Arc<File>> {
        if let (_, Some(log)) = &self.log {
            return Ok(log.clone());
        }
        let log = Arc::new(File::open(&self.log.0)?);
        self.log.1 = Some(log.clone());
        Ok(log)
    }

    /// Whether the engine itself has ended the transaction (disk full, I/O error).
    pub fn transaction_gone(&self) -> bool {
        self.db.is_autocommit()
    }

    /// Moves the log into the file while nobody waits.
    pub fn idle(&mut self) {
        if std::mem::take(&mut self.unchecked) {
            self.checkpoint("PASSIVE");
        }
    }

    /// Brings everything that is in the log into the file, and that to the disk.
    pub fn mend(&self) -> Result<(), StoreError> {
        let busy: i64 = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get(0)).map_err(error)?;
        match busy {
            0 => Ok(()),
            _ => Err(StoreError::Unavailable("a flush has failed, and the log cannot be written back yet".into())),
        }
    }

    pub fn checkpoint(&self, mode: &str) {
        if let Err(e) = self.db.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(())) {
            tracing::warn!(error = %e, "checkpoint failed; the log stays until the next one");
        }
    }

    fn run(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let mut statement = bound(&self.db, sql, params)?;
        let changed = statement.raw_execute().map_err(error)?;
        Ok(changed as u64)
    }

    fn walk(
        &mut self,
        sql: &str,
        params: &[Value],
        f: &mut dyn FnMut(&Row) -> Result<(), StoreError>,
    ) -> Result<Option<StoreError>, StoreError> {
        let mut statement = bound(&self.db, sql, params)?;
        let width = statement.column_count();
        let mut rows = statement.raw_query();
        let mut out = Row(Vec::with_capacity(width));
        while let Some(row) = rows.next().map_err(error)? {
            out.0.clear();
            for column in 0..width {
                out.0.push(read(row.get_ref(column).map_err(error)?)?);
            }
            if let Err(e) = f(&out) {
                return Ok(Some(e));
            }
        }
        Ok(None)
    }

    fn insert(&mut self, insert: &BulkInsert<'_>) -> Result<u64, StoreError> {
        let rows = insert.rows()?;
        let sql = insert.sql(&format!("VALUES ({})", placeholders(1, insert.columns.len())));
        let mut statement = self.db.prepare_cached(&sql).map_err(error)?;
        let mut inserted = 0;
        for row in 0..rows {
            for (place, (_, column)) in insert.columns.iter().enumerate() {
                statement.raw_bind_parameter(place + 1, Cell(column, row)).map_err(error)?;
            }
            inserted += statement.raw_execute().map_err(error)? as u64;
        }
        Ok(inserted)
    }
}

impl Conn for SqliteConn {
    fn engine(&self) -> Engine {
        Engine::Sqlite
    }

    fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let result = self.run(sql, params);
        self.tx.note(result)
    }

    fn each(
        &mut self,
        sql: &str,
        params: &[Value],
        f: &mut dyn FnMut(&Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let result = self.walk(sql, params, f);
        self.tx.note(result)?.map_or(Ok(()), Err)
    }

    fn insert_many(&mut self, insert: &BulkInsert<'_>) -> Result<u64, StoreError> {
        let result = self.insert(insert);
        self.tx.note(result)
    }

    fn note_events(&mut self, space: i64, seq: i64) {
        self.tx.moved.push((space, seq).into());
    }

    fn note_news(&mut self, space: i64, news: News) {
        self.tx.moved.push(Moved { space, seq: news.last, news: Some(news) });
    }

    /// SQLite has one writer at a time anyway.
    fn exclusive(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn bound<'c>(db: &'c Connection, sql: &str, params: &[Value]) -> Result<CachedStatement<'c>, StoreError> {
    let mut statement = db.prepare_cached(sql).map_err(error)?;
    let wanted = statement.parameter_count();
    if wanted != params.len() {
        return Err(StoreError::Shape(format!("{} values for {wanted} placeholders", params.len())));
    }
    for (place, value) in params.iter().enumerate() {
        statement.raw_bind_parameter(place + 1, value).map_err(error)?;
    }
    Ok(statement)
}

fn text(text: &str) -> ToSqlOutput<'_> {
    match keepable(text) {
        std::borrow::Cow::Borrowed(t) => ToSqlOutput::Borrowed(ValueRef::Text(t.as_bytes())),
        std::borrow::Cow::Owned(t) => ToSqlOutput::Owned(rusqlite::types::Value::Text(t)),
    }
}

const fn whole(v: i64) -> ToSqlOutput<'static> {
    ToSqlOutput::Borrowed(ValueRef::Integer(v))
}

const fn real(v: f64) -> ToSqlOutput<'static> {
    ToSqlOutput::Borrowed(ValueRef::Real(v))
}

const NULL: ToSqlOutput<'static> = ToSqlOutput::Borrowed(ValueRef::Null);

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => NULL,
            Self::Int(v) => whole(*v),
            Self::Real(v) => real(*v),
            Self::Text(v) => text(v),
            Self::Blob(v) => ToSqlOutput::Borrowed(ValueRef::Blob(v)),
        })
    }
}

/// One value of a column; the row is within its length, checked before.
struct Cell<'a>(&'a Column, usize);

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let row = self.1;
        Ok(match self.0 {
            Column::Int(v) => whole(v[row]),
            Column::OptInt(v) => v[row].map_or(NULL, whole),
            Column::Real(v) => real(v[row]),
            Column::OptReal(v) => v[row].map_or(NULL, real),
            Column::Text(v) => text(&v[row]),
            Column::OptText(v) => v[row].as_deref().map_or(NULL, text),
            Column::Blob(v) => ToSqlOutput::Borrowed(ValueRef::Blob(&v[row])),
        })
    }
}

fn read(value: ValueRef<'_>) -> Result<Value, StoreError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(v) => Value::Int(v),
        ValueRef::Real(v) => Value::Real(v),
        ValueRef::Text(v) => {
            Value::Text(std::str::from_utf8(v).map_err(|_| StoreError::Shape("a text is not UTF-8".into()))?.to_owned())
        }
        ValueRef::Blob(v) => Value::Blob(v.to_vec()),
    })
}

/// What an error of SQLite means to a job. <https://www.sqlite.org/rescode.html>
pub(crate) fn error(e: rusqlite::Error) -> StoreError {
    let message = e.to_string();
    match e.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => StoreError::Constraint(message),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Contended(message),
        Some(ErrorCode::DiskFull) => StoreError::Full(message),
        Some(ErrorCode::CannotOpen | ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt | ErrorCode::ReadOnly) => {
            StoreError::Unavailable(message)
        }
        _ => StoreError::Statement(message),
    }
}
