//! Process instances: where each case stands in its process, what it waits for, and the steps that led there.

use std::collections::BTreeMap;

use svod_kernel::Timestamp;

use crate::conn::placeholders;
use crate::space::{Counter, take};
use crate::{BulkInsert, Clash, Column, Conn, Engine, Row, StoreError, Value};

/// How an instance fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// It goes on by itself or waits.
    Running,
    /// It waits for an operator: something in it failed.
    Incident,
    /// It came to an end of its process.
    Done,
    /// It was ended from outside.
    Cancelled,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Running, Self::Incident, Self::Done, Self::Cancelled];

    const fn number(self) -> i64 {
        match self {
            Self::Running => 0,
            Self::Incident => 1,
            Self::Done => 2,
            Self::Cancelled => 3,
        }
    }

    fn of(number: i64) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|s| s.number() == number);
        found.ok_or_else(|| StoreError::Shape(format!("an instance has no status {number}")))
    }
}

/// What an instance waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Waits {
    /// A moment: [`Wait::due`].
    Timer,
    /// A message by [`Wait::name`] and [`Wait::key`].
    Message,
    /// A signal by [`Wait::name`].
    Signal,
    /// The answer of a service, asked at [`Wait::due`].
    Service,
    /// The end of the instance that it called, [`Wait::name`].
    Called,
    /// A message that was sent and nobody waited for yet, by [`Wait::name`] and [`Wait::key`]; looked at again at
    /// [`Wait::due`], which is at once when somebody waits for it.
    Sent,
    /// A signal that is being told to everybody who waits for it.
    Broadcast,
}

impl Waits {
    const fn word(self) -> &'static str {
        match self {
            Self::Timer => "timer",
            Self::Message => "message",
            Self::Signal => "signal",
            Self::Service => "service",
            Self::Called => "called",
            Self::Sent => "sent",
            Self::Broadcast => "broadcast",
        }
    }

    fn of(word: &str) -> Result<Self, StoreError> {
        let all = [Self::Timer, Self::Message, Self::Signal, Self::Service, Self::Called, Self::Sent, Self::Broadcast];
        let found = all.into_iter().find(|w| w.word() == word);
        found.ok_or_else(|| StoreError::Shape(format!("nothing waits for '{word}'")))
    }
}

/// One thing that an instance waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// Its name inside the instance.
    pub id: String,
    /// What for.
    pub kind: Waits,
    /// Of the message, signal or service.
    pub name: String,
    /// By which a message finds it.
    pub key: String,
    /// When it is over, or tried next.
    pub due: Option<Timestamp>,
    /// How often it was tried.
    pub attempts: i64,
    /// What the caller keeps with it.
    pub body: String,
}

/// A wait with the instance that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Space of the instance.
    pub space: i64,
    /// Its number.
    pub instance: i64,
    /// What it waits for.
    pub wait: Wait,
}

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceRow {
    /// Space of the case.
    pub space: i64,
    /// Number inside the space.
    pub id: i64,
    /// URN of the case.
    pub urn: String,
    /// Pack, version and process: `birth@1.2.0/birth`.
    pub process: String,
    /// Which token of which instance called it: the caller's word.
    pub parent: Option<String>,
    /// What it is known by outside.
    pub business_key: Option<String>,
    /// Whose its case is, where it is somebody's.
    pub person: Option<String>,
    /// How it fares.
    pub status: Status,
    /// Grows by one with each step.
    pub version: i64,
    /// When it began.
    pub started: Timestamp,
    /// When it last moved.
    pub modified: Timestamp,
    /// The state of its process, JSON.
    pub state: String,
}

/// A step of an instance about to be written: the first one makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// As it is after the step. Version 1 is a new instance; any other follows the version before it.
    pub row: InstanceRow,
    /// Waits that are over.
    pub over: Vec<String>,
    /// New waits; one of the same name is replaced.
    pub waits: Vec<Wait>,
    /// What happened, a JSON list.
    pub steps: String,
}

/// Numbers asked for in one question.
const LENGTHS: [usize; 4] = [200, 50, 8, 1];

const COLUMNS: &str =
    "space, id, urn, process, parent, business_key, status, version, started, modified, state, person";

fn of(r: &Row) -> Result<InstanceRow, StoreError> {
    Ok(InstanceRow {
        space: r.int(0)?,
        id: r.int(1)?,
        urn: r.text(2)?,
        process: r.text(3)?,
        parent: r.opt_text(4)?,
        business_key: r.opt_text(5)?,
        status: Status::of(r.int(6)?)?,
        version: r.int(7)?,
        started: r.time(8)?,
        modified: r.time(9)?,
        state: r.text(10)?,
        person: r.opt_text(11)?,
    })
}

/// Numbers for new instances of a space; the first of them.
///
/// # Errors
/// Whatever the engine refused.
pub fn numbers(conn: &mut dyn Conn, space: i64, count: i64) -> Result<i64, StoreError> {
    take(conn, space, Counter::Instance, count)
}

/// Writes steps of different instances, all or none.
///
/// # Errors
/// [`StoreError::Contended`] when one of them has moved on meanwhile or is there already.
pub fn write(conn: &mut dyn Conn, all: &[Step]) -> Result<(), StoreError> {
    if all.is_empty() {
        return Ok(());
    }
    rows(conn, all)?;
    over(conn, all)?;
    waits(conn, all)?;
    let told: Vec<&Step> = all.iter().filter(|s| s.steps != "[]").collect();
    let int = |f: fn(&InstanceRow) -> i64| Column::Int(told.iter().map(|s| f(&s.row)).collect());
    let columns = [
        ("space", int(|r| r.space)),
        ("instance", int(|r| r.id)),
        ("version", int(|r| r.version)),
        ("at", int(|r| r.modified.0)),
        ("steps", Column::Text(told.iter().map(|s| s.steps.clone()).collect())),
    ];
    conn.insert_many(&BulkInsert { table: "instance_step", columns: &columns, clash: Clash::Fails }).map(drop)
}

/// Takes away what is waited for no more; over a network many in one statement, of few lengths (each is prepared once).
fn over(conn: &mut dyn Conn, all: &[Step]) -> Result<(), StoreError> {
    let gone: Vec<(&InstanceRow, &String)> = all.iter().flat_map(|s| s.over.iter().map(|w| (&s.row, w))).collect();
    let mut rest = gone.as_slice();
    while !rest.is_empty() {
        let length = match conn.engine() {
            Engine::Postgres => [64, 16, 4].into_iter().find(|n| *n <= rest.len()).unwrap_or(1),
            Engine::Sqlite => 1,
        };
        let (some, behind) = rest.split_at(length);
        rest = behind;
        let one =
            |n: usize| format!("(space = ?{} AND instance = ?{} AND wait = ?{})", 3 * n + 1, 3 * n + 2, 3 * n + 3);
        let any = (0..length).map(one).collect::<Vec<_>>().join(" OR ");
        let params: Vec<Value> = some.iter().flat_map(|(r, w)| [r.space.into(), r.id.into(), (*w).into()]).collect();
        conn.execute(&format!("DELETE FROM instance_wait WHERE {any}"), &params)?;
    }
    Ok(())
}

fn rows(conn: &mut dyn Conn, all: &[Step]) -> Result<(), StoreError> {
    let int = |f: fn(&InstanceRow) -> i64| Column::Int(all.iter().map(|s| f(&s.row)).collect());
    let text = |f: fn(&InstanceRow) -> &String| Column::Text(all.iter().map(|s| f(&s.row).clone()).collect());
    let maybe =
        |f: fn(&InstanceRow) -> &Option<String>| Column::OptText(all.iter().map(|s| f(&s.row).clone()).collect());
    let columns = [
        ("space", int(|r| r.space)),
        ("id", int(|r| r.id)),
        ("urn", text(|r| &r.urn)),
        ("process", text(|r| &r.process)),
        ("parent", maybe(|r| &r.parent)),
        ("business_key", maybe(|r| &r.business_key)),
        ("status", int(|r| r.status.number())),
        ("version", int(|r| r.version)),
        ("started", int(|r| r.started.0)),
        ("modified", int(|r| r.modified.0)),
        ("state", text(|r| &r.state)),
        ("person", maybe(|r| &r.person)),
    ];
    let clash = Clash::Updates(
        "(space, id) DO UPDATE SET process = excluded.process, status = excluded.status, version = excluded.version,
         modified = excluded.modified, state = excluded.state WHERE instance.version = excluded.version - 1",
    );
    let written = conn.insert_many(&BulkInsert { table: "instance", columns: &columns, clash })?;
    if usize::try_from(written) == Ok(all.len()) {
        return Ok(());
    }
    Err(StoreError::Contended("a process instance has moved on meanwhile".to_owned()))
}

fn waits(conn: &mut dyn Conn, all: &[Step]) -> Result<(), StoreError> {
    let new: Vec<(&InstanceRow, &Wait)> = all.iter().flat_map(|s| s.waits.iter().map(|w| (&s.row, w))).collect();
    let int = |f: fn(&InstanceRow) -> i64| Column::Int(new.iter().map(|(r, _)| f(r)).collect());
    let text = |f: fn(&Wait) -> &str| Column::Text(new.iter().map(|(_, w)| f(w).to_owned()).collect());
    let columns = [
        ("space", int(|r| r.space)),
        ("instance", int(|r| r.id)),
        ("wait", text(|w| &w.id)),
        ("kind", text(|w| w.kind.word())),
        ("name", text(|w| &w.name)),
        ("key", text(|w| &w.key)),
        ("due", Column::OptInt(new.iter().map(|(_, w)| w.due.map(|t| t.0)).collect())),
        ("attempts", Column::Int(new.iter().map(|(_, w)| w.attempts).collect())),
        ("body", text(|w| &w.body)),
    ];
    let clash = Clash::Updates(
        "(space, instance, wait) DO UPDATE SET kind = excluded.kind, name = excluded.name, key = excluded.key,
         due = excluded.due, attempts = excluded.attempts, body = excluded.body",
    );
    conn.insert_many(&BulkInsert { table: "instance_wait", columns: &columns, clash })?;
    new.into_iter().try_for_each(|(row, wait)| meet(conn, row, wait))
}

/// A message that was sent and somebody who begins to wait for it do not pass each other by: whichever is written second
/// makes the message due at once.
fn meet(conn: &mut dyn Conn, row: &InstanceRow, wait: &Wait) -> Result<(), StoreError> {
    let sql = match wait.kind {
        Waits::Message => {
            "UPDATE instance_wait SET due = ?1 WHERE kind = 'sent' AND name = ?2 AND key = ?3 AND due > ?1"
        }
        Waits::Sent => {
            "UPDATE instance_wait SET due = ?1 WHERE kind = 'sent' AND name = ?2 AND key = ?3 AND due > ?1
             AND EXISTS (SELECT 1 FROM instance_wait w WHERE w.kind = 'message' AND w.name = ?2 AND w.key = ?3)"
        }
        _ => return Ok(()),
    };
    conn.exclusive()?;
    conn.execute(sql, &[row.modified.into(), (&wait.name).into(), (&wait.key).into()]).map(drop)
}

/// An instance by its number.
///
/// # Errors
/// Whatever the engine refused.
pub fn get(conn: &mut dyn Conn, space: i64, id: i64) -> Result<Option<InstanceRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM instance WHERE space = ?1 AND id = ?2");
    conn.first(&sql, &[space.into(), id.into()])?.as_ref().map(of).transpose()
}

/// The instances of a case: the one it began with first, then those it called.
///
/// # Errors
/// Whatever the engine refused.
pub fn of_case(conn: &mut dyn Conn, urn: &str) -> Result<Vec<InstanceRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM instance WHERE urn = ?1 ORDER BY space, id");
    conn.query(&sql, &[urn.into()])?.iter().map(of).collect()
}

/// Instances of a space by process and status, in the order of their numbers, after one of them.
///
/// # Errors
/// Whatever the engine refused.
pub fn page(
    conn: &mut dyn Conn,
    space: i64,
    process: &str,
    status: Status,
    after: i64,
    limit: i64,
) -> Result<Vec<InstanceRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM instance WHERE space = ?1 AND process = ?2 AND status = ?3 AND id > ?4 ORDER BY id LIMIT ?5"
    );
    let params: [Value; 5] = [space.into(), process.into(), status.number().into(), after.into(), limit.into()];
    conn.query(&sql, &params)?.iter().map(of).collect()
}

/// How many instances of a space there are by process and status.
///
/// # Errors
/// Whatever the engine refused.
pub fn counts(conn: &mut dyn Conn, space: i64) -> Result<BTreeMap<String, [i64; 4]>, StoreError> {
    let mut all: BTreeMap<String, [i64; 4]> = BTreeMap::new();
    let sql = "SELECT process, status, count(*) FROM instance WHERE space = ?1 GROUP BY process, status";
    for row in conn.query(sql, &[space.into()])? {
        let status = Status::of(row.int(1)?)?;
        let place = usize::try_from(status.number()).unwrap_or_default();
        all.entry(row.text(0)?).or_default()[place] = row.int(2)?;
    }
    Ok(all)
}

const WAIT: &str = "space, instance, wait, kind, name, key, due, attempts, body";

fn waiting(r: &Row) -> Result<Waiting, StoreError> {
    let wait = Wait {
        id: r.text(2)?,
        kind: Waits::of(&r.text(3)?)?,
        name: r.text(4)?,
        key: r.text(5)?,
        due: r.opt_int(6)?.map(Timestamp),
        attempts: r.int(7)?,
        body: r.text(8)?,
    };
    Ok(Waiting { space: r.int(0)?, instance: r.int(1)?, wait })
}

/// Timers that are over and services to be asked at `now`, longest waiting first.
///
/// # Errors
/// Whatever the engine refused.
pub fn due(conn: &mut dyn Conn, now: Timestamp, limit: i64) -> Result<Vec<Waiting>, StoreError> {
    let sql = format!("SELECT {WAIT} FROM instance_wait WHERE due <= ?1 ORDER BY due, space, instance, wait LIMIT ?2");
    conn.query(&sql, &[now.into(), limit.into()])?.iter().map(waiting).collect()
}

/// When the next timer or service is due.
///
/// # Errors
/// Whatever the engine refused.
pub fn next_due(conn: &mut dyn Conn) -> Result<Option<Timestamp>, StoreError> {
    let row = conn.first("SELECT min(due) FROM instance_wait WHERE due IS NOT NULL", &[])?;
    Ok(row.map(|r| r.opt_int(0)).transpose()?.flatten().map(Timestamp))
}

/// Who waits for a message of this name and key, or (with an empty key) for a signal of this name.
///
/// # Errors
/// Whatever the engine refused.
pub fn awaiting(
    conn: &mut dyn Conn,
    kind: Waits,
    name: &str,
    key: &str,
    limit: i64,
) -> Result<Vec<Waiting>, StoreError> {
    let sql = format!(
        "SELECT {WAIT} FROM instance_wait WHERE kind = ?1 AND name = ?2 AND key = ?3 ORDER BY space, instance, wait LIMIT ?4"
    );
    let params: [Value; 4] = [kind.word().into(), name.into(), key.into(), limit.into()];
    conn.query(&sql, &params)?.iter().map(waiting).collect()
}

/// What an instance waits for.
///
/// # Errors
/// Whatever the engine refused.
pub fn waits_of(conn: &mut dyn Conn, space: i64, instance: i64) -> Result<Vec<Wait>, StoreError> {
    let sql = format!("SELECT {WAIT} FROM instance_wait WHERE space = ?1 AND instance = ?2 ORDER BY wait");
    let rows = conn.query(&sql, &[space.into(), instance.into()])?;
    rows.iter().map(|r| waiting(r).map(|w| w.wait)).collect()
}

/// A service could not be asked: it is tried again at `later`. Whether it is still waited for.
///
/// # Errors
/// Whatever the engine refused.
pub fn retry(conn: &mut dyn Conn, waiting: &Waiting, later: Timestamp) -> Result<bool, StoreError> {
    let sql =
        "UPDATE instance_wait SET attempts = attempts + 1, due = ?1 WHERE space = ?2 AND instance = ?3 AND wait = ?4";
    let params: [Value; 4] = [later.into(), waiting.space.into(), waiting.instance.into(), (&waiting.wait.id).into()];
    Ok(conn.execute(sql, &params)? > 0)
}

/// Who waits for a signal, in the order of their keys, after one of them.
///
/// # Errors
/// Whatever the engine refused.
pub fn listening(
    conn: &mut dyn Conn,
    name: &str,
    after: Option<&(i64, i64, String)>,
    limit: i64,
) -> Result<Vec<Waiting>, StoreError> {
    let (space, instance, wait) = after.map_or((-1, -1, ""), |(s, i, w)| (*s, *i, w.as_str()));
    let sql = format!(
        "SELECT {WAIT} FROM instance_wait WHERE kind = 'signal' AND name = ?1 AND key = '' AND (space > ?2
         OR (space = ?2 AND (instance > ?3 OR (instance = ?3 AND wait > ?4)))) ORDER BY space, instance, wait LIMIT ?5"
    );
    let params: [Value; 5] = [name.into(), space.into(), instance.into(), wait.into(), limit.into()];
    conn.query(&sql, &params)?.iter().map(waiting).collect()
}

/// Something waits that belongs to no instance, under a number of its own: what comes from outside.
///
/// # Errors
/// Whatever the engine refused.
pub fn post(conn: &mut dyn Conn, space: i64, wait: &Wait) -> Result<(), StoreError> {
    let number = numbers(conn, space, 1)?;
    let sql = format!("INSERT INTO instance_wait ({WAIT}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    let params: [Value; 9] = [
        space.into(),
        number.into(),
        (&wait.id).into(),
        wait.kind.word().into(),
        (&wait.name).into(),
        (&wait.key).into(),
        wait.due.map_or(Value::Null, |t| Value::Int(t.0)),
        wait.attempts.into(),
        (&wait.body).into(),
    ];
    conn.execute(&sql, &params).map(drop)
}

/// In the place of a moment where none is due.
const NEVER: i64 = -1;

/// What an instance waits for becomes another, or goes; the instance itself stays as it is. Whether it was still what
/// `waiting` says, and due when that says: of two who rewrite it one does, and who was told to look at once is not put off.
///
/// # Errors
/// Whatever the engine refused.
pub fn rewrite(conn: &mut dyn Conn, waiting: &Waiting, into: Option<&Wait>) -> Result<bool, StoreError> {
    let key: [Value; 5] = [
        waiting.space.into(),
        waiting.instance.into(),
        (&waiting.wait.id).into(),
        (&waiting.wait.body).into(),
        waiting.wait.due.map_or(NEVER, |t| t.0).into(),
    ];
    let at = format!("space = ?1 AND instance = ?2 AND wait = ?3 AND body = ?4 AND coalesce(due, {NEVER}) = ?5");
    let rows = match into {
        None => conn.execute(&format!("DELETE FROM instance_wait WHERE {at}"), &key)?,
        Some(wait) => {
            let sql = format!("UPDATE instance_wait SET name = ?6, body = ?7, due = ?8 WHERE {at}");
            let due = wait.due.map_or(Value::Null, |t| Value::Int(t.0));
            let new = [Value::from(&wait.name), Value::from(&wait.body), due];
            let params: Vec<Value> = key.into_iter().chain(new).collect();
            conn.execute(&sql, &params)?
        }
    };
    Ok(rows > 0)
}

/// The steps of an instance: version, moment, JSON list; after a version.
///
/// # Errors
/// Whatever the engine refused.
pub fn steps(
    conn: &mut dyn Conn,
    space: i64,
    instance: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, Timestamp, String)>, StoreError> {
    let sql = "SELECT version, at, steps FROM instance_step WHERE space = ?1 AND instance = ?2 AND version > ?3
               ORDER BY version LIMIT ?4";
    let rows = conn.query(sql, &[space.into(), instance.into(), after.into(), limit.into()])?;
    rows.iter().map(|r| Ok((r.int(0)?, r.time(1)?, r.text(2)?))).collect()
}

/// Versions of instances by their numbers; those that are not there are missing.
///
/// # Errors
/// Whatever the engine refused.
pub fn versions(conn: &mut dyn Conn, space: i64, ids: &[i64]) -> Result<Vec<(i64, i64)>, StoreError> {
    by_number(conn, "id, version", space, ids)?.iter().map(|r| Ok((r.int(0)?, r.int(1)?))).collect()
}

/// Instances by their numbers, in one question; those that are not there are missing.
///
/// # Errors
/// Whatever the engine refused.
pub fn get_many(conn: &mut dyn Conn, space: i64, ids: &[i64]) -> Result<Vec<InstanceRow>, StoreError> {
    by_number(conn, COLUMNS, space, ids)?.iter().map(of).collect()
}

/// Rows of instances, in the order of their numbers within each question.
fn by_number(conn: &mut dyn Conn, columns: &str, space: i64, ids: &[i64]) -> Result<Vec<Row>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(LENGTHS[0]) {
        // Few lengths, so that few statements are prepared: numbers that nothing has fill the rest.
        let length = LENGTHS.into_iter().filter(|n| *n >= some.len()).min().unwrap_or(some.len());
        let sql = match conn.engine() {
            Engine::Sqlite => {
                let marks = placeholders(2, length);
                format!("SELECT {columns} FROM instance WHERE space = ?1 AND id IN ({marks}) ORDER BY id")
            }
            // One by one through the primary key. The plan of a list of numbers, made while the table was empty and kept
            // until there are statistics, reads every row of the space.
            Engine::Postgres => {
                let marks: Vec<String> = (2..2 + length).map(|n| format!("(?{n}::bigint)")).collect();
                format!(
                    "SELECT found.* FROM (VALUES {}) AS wanted (number) CROSS JOIN LATERAL
                     (SELECT {columns} FROM instance WHERE space = ?1 AND id = wanted.number LIMIT 1) AS found
                     ORDER BY found.id",
                    marks.join(", ")
                )
            }
        };
        let ids = some.iter().map(|id| Value::Int(*id)).chain(std::iter::repeat(Value::Null)).take(length);
        let params: Vec<Value> = std::iter::once(space.into()).chain(ids).collect();
        found.extend(conn.query(&sql, &params)?);
    }
    Ok(found)
}

/// What is kept of one case or one person is destroyed: states, waits and steps of instances that came to their end, and of a case
/// that is gone itself. What still runs for somebody stays, and is named.
///
/// # Errors
/// Whatever the engine refused.
pub fn forget_of(conn: &mut dyn Conn, space: i64, urn: &str) -> Result<Forgotten, StoreError> {
    let sql = "SELECT id, urn, status FROM instance WHERE space = ?1 AND (urn = ?2 OR person = ?2) ORDER BY id";
    let mut forgotten = Forgotten::default();
    for row in conn.query(sql, &[space.into(), urn.into()])? {
        let (id, case, status) = (row.int(0)?, row.text(1)?, Status::of(row.int(2)?)?);
        if case != urn && matches!(status, Status::Running | Status::Incident) {
            forgotten.running.push(case);
            continue;
        }
        for table in ["instance_step", "instance_wait"] {
            let sql = format!("DELETE FROM {table} WHERE space = ?1 AND instance = ?2");
            conn.execute(&sql, &[space.into(), id.into()])?;
        }
        conn.execute("DELETE FROM instance WHERE space = ?1 AND id = ?2", &[space.into(), id.into()])?;
        forgotten.instances += 1;
    }
    forgotten.running.dedup();
    Ok(forgotten)
}

/// What became of the instances of somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Destroyed.
    pub instances: u64,
    /// Cases that still run, by URN.
    pub running: Vec<String>,
}
