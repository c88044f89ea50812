//! The PostgreSQL engine: `synchronous_commit=on`, so a returned COMMIT is on the server's disk.

use std::collections::HashMap;
use std::time::Duration;

use postgres::error::{Severity, SqlState};
use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, Statement};

use crate::conn::Tx;
use crate::heads::Moved;
use crate::link::CommitError;
use crate::pg_tls::Server;
use crate::{BulkInsert, Column, Conn, Engine, News, Row, StoreError, Value};

pub(crate) struct PgConn {
    pub client: Client,
    pub tx: Tx,
    /// The server has said, or the socket shows, that this connection is over.
    lost: bool,
    schema: String,
    statements: HashMap<String, Statement>,
    /// The database is a Citus cluster: tables are distributed by space.
    pub spread: bool,
}

/// Rows of one statement where rows are written out; few lengths, so that few statements are prepared.
const LENGTHS: [usize; 4] = [200, 50, 10, 1];

/// Prepared statements kept per connection; over it the cache starts anew.
const STATEMENTS: usize = 512;

impl PgConn {
    pub fn connect(server: &Server, schema: &str, writer: bool) -> Result<Self, StoreError> {
        let mut config = server.login()?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        if config.get_application_name().is_none() {
            config.application_name("svod");
        }
        // A server that vanished without a word is noticed in half a minute, not in two hours.
        config.keepalives_idle(Duration::from_secs(15)).tcp_user_timeout(Duration::from_secs(30));
        let client = config.connect(server.tls()?).map_err(|e| StoreError::Unavailable(describe(&e)))?;
        let statements = HashMap::new();
        let mut conn =
            Self { client, tx: Tx::default(), lost: false, schema: schema.into(), statements, spread: false };
        conn.control(&format!(
            "SET search_path TO \"{schema}\"; SET synchronous_commit TO on; SET jit TO off;
             SET lock_timeout TO '10s'; SET idle_in_transaction_session_timeout TO '{}s'",
            if writer { 30 } else { 600 }
        ))?;
        let found = conn.client.query("SELECT 1 FROM pg_extension WHERE extname = 'citus'", &[]);
        conn.spread = !found.map_err(|e| error(&e, false))?.is_empty();
        Ok(conn)
    }

    pub fn control(&mut self, sql: &str) -> Result<(), StoreError> {
        let result = self.client.batch_execute(sql).map_err(|e| error(&e, self.client.is_closed()));
        self.lost |= matches!(result, Err(StoreError::Unavailable(_)));
        result
    }

    /// Whether the connection can be used again.
    pub fn healthy(&self) -> bool {
        !self.lost && !self.client.is_closed()
    }

    /// Remembers a failure of a statement.
    fn note<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        self.lost |= matches!(result, Err(StoreError::Unavailable(_)));
        self.tx.note(result)
    }

    /// Name of the advisory lock that makes exclusive writers of several nodes take turns, and migrations wait.
    pub fn lock_key(&self) -> String {
        format!("hashtext('svod:{}')::bigint", self.schema)
    }

    pub fn begin(&mut self, exclusive: bool) -> Result<(), StoreError> {
        if !exclusive {
            return self.control("BEGIN");
        }
        // One message, so the lock costs no round trip of its own.
        let sql = format!("BEGIN; SELECT pg_advisory_xact_lock({})", self.lock_key());
        self.control(&sql)?;
        self.tx.exclusive = true;
        Ok(())
    }

    pub fn commit(&mut self) -> Result<(), CommitError> {
        let Err(e) = self.client.batch_execute("COMMIT") else { return Ok(()) };
        let said = error(&e, self.client.is_closed());
        // Only an ordinary error of the server says for sure that nothing was committed.
        match e.as_db_error().map(|db| (db.parsed_severity(), db.code().code().starts_with("57"))) {
            Some((Some(Severity::Error), false)) if self.healthy() => Err(CommitError::RolledBack(said)),
            _ => Err(CommitError::Unknown(said)),
        }
    }

    fn prepared(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        if self.statements.len() >= STATEMENTS {
            self.statements.clear();
        }
        let statement = self.client.prepare(&dollars(sql)).map_err(|e| error(&e, self.client.is_closed()))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn bound(&mut self, sql: &str, params: &[Value]) -> Result<Statement, StoreError> {
        let statement = self.prepared(sql)?;
        let wanted = statement.params().len();
        if wanted != params.len() {
            return Err(StoreError::Shape(format!("{} values for {wanted} placeholders", params.len())));
        }
        Ok(statement)
    }

    fn run(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let statement = self.bound(sql, params)?;
        let params: Vec<&(dyn postgres::types::ToSql + Sync)> = params.iter().map(|v| v as _).collect();
        self.client.execute(&statement, &params).map_err(|e| error(&e, self.client.is_closed()))
    }

    fn walk(
        &mut self,
        sql: &str,
        params: &[Value],
        f: &mut dyn FnMut(&Row) -> Result<(), StoreError>,
    ) -> Result<Option<StoreError>, StoreError> {
        let statement = self.bound(sql, params)?;
        let mut rows = self.client.query_raw(&statement, params).map_err(|e| error(&e, false))?;
        let mut out = Row(Vec::with_capacity(statement.columns().len()));
        while let Some(row) = rows.next().map_err(|e| error(&e, false))? {
            out.0.clear();
            for column in 0..row.len() {
                out.0.push(row.try_get(column).map_err(|e| StoreError::Shape(e.to_string()))?);
            }
            if let Err(e) = f(&out) {
                return Ok(Some(e));
            }
        }
        Ok(None)
    }

    fn insert(&mut self, insert: &BulkInsert<'_>) -> Result<u64, StoreError> {
        if insert.rows()? == 0 {
            return Ok(0);
        }
        if self.spread {
            return self.insert_written_out(insert);
        }
        let arrays: Vec<String> =
            insert.columns.iter().enumerate().map(|(n, (_, c))| format!("${}::{}[]", n + 1, array_of(c))).collect();
        let statement = self.prepared(&insert.sql(&format!("SELECT * FROM unnest({})", arrays.join(", "))))?;
        let columns: Vec<&(dyn postgres::types::ToSql + Sync)> = insert.columns.iter().map(|(_, c)| c as _).collect();
        self.client.execute(&statement, &columns).map_err(|e| error(&e, self.client.is_closed()))
    }
}

impl PgConn {
    /// Row by row in one statement: what comes out of a function passes the coordinator as a copy, which counts rows that
    /// were there and tells duplicates otherwise.
    fn insert_written_out(&mut self, insert: &BulkInsert<'_>) -> Result<u64, StoreError> {
        let (rows, width) = (insert.rows()?, insert.columns.len());
        let (mut at, mut done) = (0, 0);
        while at < rows {
            let length = LENGTHS.into_iter().find(|l| *l <= rows - at).unwrap_or(1);
            let row = |r: usize| {
                let of = |n: usize| format!("${}::{}", r * width + n + 1, array_of(&insert.columns[n].1));
                format!("({})", (0..width).map(of).collect::<Vec<_>>().join(", "))
            };
            let values: Vec<String> = (0..length).map(row).collect();
            let statement = self.prepared(&insert.sql(&format!("VALUES {}", values.join(", "))))?;
            let bound: Vec<Value> =
                (at..at + length).flat_map(|r| insert.columns.iter().map(move |(_, c)| c.value(r))).collect();
            let bound: Vec<&(dyn postgres::types::ToSql + Sync)> = bound.iter().map(|v| v as _).collect();
            done += self.client.execute(&statement, &bound).map_err(|e| error(&e, self.client.is_closed()))?;
            at += length;
        }
        Ok(done)
    }
}

const fn array_of(column: &Column) -> &'static str {
    match column {
        Column::Int(_) | Column::OptInt(_) => "bigint",
        Column::Real(_) | Column::OptReal(_) => "double precision",
        Column::Text(_) | Column::OptText(_) => "text",
        Column::Blob(_) => "bytea",
    }
}

impl Conn for PgConn {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }

    fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let result = self.run(sql, params);
        self.note(result)
    }

    fn each(
        &mut self,
        sql: &str,
        params: &[Value],
        f: &mut dyn FnMut(&Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let result = self.walk(sql, params, f);
        self.note(result)?.map_or(Ok(()), Err)
    }

    fn insert_many(&mut self, insert: &BulkInsert<'_>) -> Result<u64, StoreError> {
        let result = self.insert(insert);
        self.note(result)
    }

    fn note_events(&mut self, space: i64, seq: i64) {
        self.tx.moved.push((space, seq).into());
    }

    fn note_news(&mut self, space: i64, news: News) {
        self.tx.moved.push(Moved { space, seq: news.last, news: Some(news) });
    }

    fn exclusive(&mut self) -> Result<(), StoreError> {
        if !self.tx.exclusive {
            // Through the cache of prepared statements: void is a type no Value knows, so it is only executed.
            let sql = format!("SELECT pg_advisory_xact_lock({})", self.lock_key());
            self.execute(&sql, &[])?;
            self.tx.exclusive = true;
        }
        Ok(())
    }
}

/// `?1` becomes `$1`; quoted text stays as it is.
fn dollars(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut quoted = false;
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        quoted ^= c == '\'';
        let place = c == '?' && !quoted && chars.peek().is_some_and(char::is_ascii_digit);
        out.push(if place { '$' } else { c });
    }
    out
}

/// Message without the DETAIL, which repeats values of the row.
fn describe(e: &postgres::Error) -> String {
    match e.as_db_error() {
        Some(db) => format!("{} ({})", db.message(), db.code().code()),
        None => std::iter::successors(Some(e as &dyn std::error::Error), |e| e.source())
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(": "),
    }
}

/// What an error of PostgreSQL means to a job (appendix A of its manual, error codes).
pub(crate) fn error(e: &postgres::Error, closed: bool) -> StoreError {
    let message = describe(e);
    let Some(code) = e.code() else {
        return if closed || e.is_closed() { StoreError::Unavailable(message) } else { StoreError::Statement(message) };
    };
    let contended =
        [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::LOCK_NOT_AVAILABLE];
    match code.code() {
        _ if contended.contains(code) => StoreError::Contended(message),
        "53100" => StoreError::Full(message),
        // The server says goodbye: shutdown, crash, start-up, a session or a transaction that was idle for too long.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => StoreError::Unavailable(message),
        code if code.starts_with("08") => StoreError::Unavailable(message),
        code if code.starts_with("23") => StoreError::Constraint(message),
        _ => StoreError::Statement(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_turned_outside_of_quotes() {
        assert_eq!(dollars("a = ?1 AND b = '?2 it''s ?3' AND c = ?12 ?"), "a = $1 AND b = '?2 it''s ?3' AND c = $12 ?");
    }
}
