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
