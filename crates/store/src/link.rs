//! One connection of either engine, with the control of transactions that jobs do not see.

use std::fs::File;
use std::sync::Arc;

use crate::conn::Tx;
use crate::pg::PgConn;
use crate::sqlite::SqliteConn;
use crate::url::Place;
use crate::{Conn, StoreError, StoreOptions, StoreUrl};

pub(crate) enum Link {
    Sqlite(Box<SqliteConn>),
    Postgres(Box<PgConn>),
}

/// How a COMMIT failed.
pub(crate) enum CommitError {
    /// Certainly nothing was committed.
    RolledBack(StoreError),
    /// Nobody knows.
    Unknown(StoreError),
}

impl Link {
    pub fn connect(url: &StoreUrl, writer: bool, options: &StoreOptions) -> Result<Self, StoreError> {
        match &url.place {
            Place::Sqlite(path) => Ok(Self::Sqlite(Box::new(SqliteConn::open(path, writer, options)?))),
            Place::Postgres { config, schema } => {
                Ok(Self::Postgres(Box::new(PgConn::connect(config, schema, writer)?)))
            }
        }
    }

    pub fn conn(&mut self) -> &mut dyn Conn {
        match self {
            Self::Sqlite(c) => c.as_mut(),
            Self::Postgres(c) => c.as_mut(),
        }
    }

    pub fn tx(&mut self) -> &mut Tx {
        match self {
            Self::Sqlite(c) => &mut c.tx,
            Self::Postgres(c) => &mut c.tx,
        }
    }

    fn control(&mut self, sql: &str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(c) => c.control(sql),
            Self::Postgres(c) => c.control(sql),
        }
    }

    pub fn begin_write(&mut self, exclusive: bool) -> Result<(), StoreError> {
        *self.tx() = Tx::default();
        match self {
            Self::Sqlite(c) => c.control("BEGIN IMMEDIATE"),
            Self::Postgres(c) => c.begin(exclusive),
        }
    }

    pub fn begin_read(&mut self) -> Result<(), StoreError> {
        *self.tx() = Tx::default();
        match self {
            Self::Sqlite(c) => c.control("BEGIN"),
            Self::Postgres(c) => c.control("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        }
    }

    pub fn savepoint(&mut self) -> Result<(), StoreError> {
        self.control("SAVEPOINT job")
    }

    pub fn release(&mut self) -> Result<(), StoreError> {
        self.control("RELEASE SAVEPOINT job")
    }

    /// Undoes everything since the savepoint, `moved` being the heads noted before it.
    pub fn rollback_to(&mut self, moved: usize) -> Result<(), StoreError> {
        self.tx().failed = None;
        self.tx().moved.truncate(moved);
        self.control("ROLLBACK TO SAVEPOINT job")?;
        self.release()
    }

    pub fn rollback(&mut self) -> Result<(), StoreError> {
        *self.tx() = Tx::default();
        match self {
            Self::Sqlite(c) if c.transaction_gone() => Ok(()),
            _ => self.control("ROLLBACK"),
        }
    }

    /// Commits; the log that must be flushed before the commit is durable, none when it is.
    pub fn commit(&mut self) -> Result<Option<Arc<File>>, CommitError> {
        match self {
            Self::Sqlite(c) => {
                c.commit()?;
                match c.log() {
                    Ok(log) => Ok(Some(log)),
                    Err(e) => {
                        c.broken = true;
                        Err(CommitError::Unknown(StoreError::Unavailable(format!("the log cannot be opened: {e}"))))
                    }
                }
            }
            Self::Postgres(c) => c.commit().map(|()| None),
        }
    }

    /// Whether the transaction still stands, so that a savepoint can be rolled back to.
    pub fn stands(&self) -> bool {
        match self {
            Self::Sqlite(c) => !c.transaction_gone(),
            Self::Postgres(c) => c.healthy(),
        }
    }

    /// Whether the connection can be used again.
    pub fn healthy(&self) -> bool {
        match self {
            Self::Sqlite(c) => !c.broken,
            Self::Postgres(c) => c.healthy(),
        }
    }

    /// Makes durable by other means what a failed flush may have left undone.
    pub fn mend(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(c) => c.mend(),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// House-keeping while no job waits.
    pub fn idle(&mut self) {
        if let Self::Sqlite(c) = self {
            c.idle();
        }
    }

    /// Last house-keeping before the connection goes.
    pub fn finish(&mut self) {
        if let Self::Sqlite(c) = self {
            c.checkpoint("TRUNCATE");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::testing::TestPlace;

    fn run(link: &mut Link, sql: &str) {
        link.begin_write(true).unwrap();
        link.conn().execute(sql, &[]).unwrap();
        assert!(link.commit().is_ok_and(|log| log.is_some()), "{sql}");
    }

    /// What is in the file itself, without its log.
    fn in_the_file(path: &Path) -> i64 {
        let alone = path.with_extension("alone");
        std::fs::copy(path, &alone).unwrap();
        let db = rusqlite::Connection::open(&alone).unwrap();
        // Half written back it may not be readable at all.
        db.query_row("SELECT count(*) FROM t", [], |r| r.get(0)).unwrap_or(0)
    }

    #[test]
    fn what_is_mended_is_all_in_the_file_or_it_is_said_that_it_is_not() {
        let place = TestPlace::sqlite();
        let path = place.url().path().unwrap();
        let mut link = Link::connect(place.url(), true, &StoreOptions::default()).unwrap();
        if let Link::Sqlite(c) = &link {
            c.db.busy_timeout(Duration::ZERO).unwrap();
        }
        run(&mut link, "CREATE TABLE t (n BIGINT)");
        run(&mut link, "INSERT INTO t (n) VALUES (1)");
        let mut reader = Link::connect(place.url(), false, &StoreOptions::default()).unwrap();
        reader.begin_read().unwrap();
        assert_eq!(reader.conn().query("SELECT n FROM t", &[]).unwrap().len(), 1);
        run(&mut link, "INSERT INTO t (n) VALUES (2)");
        assert!(in_the_file(path) < 2);
        // Somebody still reads what was before: not everything can be written back.
        assert!(matches!(link.mend(), Err(StoreError::Unavailable(_))));
        assert!(in_the_file(path) < 2, "and what cannot be is not taken for written");
        reader.rollback().unwrap();
        link.mend().unwrap();
        assert_eq!(in_the_file(path), 2);
        let log = path.with_file_name("svod.sqlite-wal");
        assert_eq!(std::fs::metadata(log).map_or(0, |m| m.len()), 0, "nothing is in the log alone");
        run(&mut link, "INSERT INTO t (n) VALUES (3)");
        assert_eq!(link.conn().query("SELECT n FROM t", &[]).unwrap().len(), 3, "and it goes on");
    }
}
