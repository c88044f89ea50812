//! The books: lines posted to accounts, and what payment providers have said that fits nothing here.

use svod_kernel::Timestamp;

use crate::conn::placeholders;
use crate::space::INSTALLATION;
use crate::{BulkInsert, Clash, Column, Conn, Row, StoreError, Value};

/// A line of the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostingRow {
    /// Space of what moved the money.
    pub space: i64,
    /// The transaction, whose lines add up to nothing in each currency.
    pub transaction: String,
    /// Number inside the transaction.
    pub line: i64,
    /// Account, by name.
    pub account: String,
    /// ISO 4217.
    pub currency: String,
    /// Smallest units; debit is positive, credit negative.
    pub amount: i64,
    /// When.
    pub at: Timestamp,
    /// URN of the entity whose change moved it.
    pub what: String,
}

const COLUMNS: &str = "space, txn, line, account, currency, amount, at, what";

fn of(r: &Row) -> Result<PostingRow, StoreError> {
    Ok(PostingRow {
        space: r.int(0)?,
        transaction: r.text(1)?,
        line: r.int(2)?,
        account: r.text(3)?,
        currency: r.text(4)?,
        amount: r.int(5)?,
        at: r.time(6)?,
        what: r.text(7)?,
    })
}

/// Writes lines.
///
/// # Errors
/// [`StoreError::Constraint`] when one of them is there already; see [`posted`].
pub fn post(conn: &mut dyn Conn, rows: &[PostingRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let int = |f: fn(&PostingRow) -> i64| Column::Int(rows.iter().map(f).collect());
    let text = |f: fn(&PostingRow) -> &String| Column::Text(rows.iter().map(|r| f(r).clone()).collect());
    let columns = [
        ("space", int(|r| r.space)),
        ("txn", text(|r| &r.transaction)),
        ("line", int(|r| r.line)),
        ("account", text(|r| &r.account)),
        ("currency", text(|r| &r.currency)),
        ("amount", int(|r| r.amount)),
        ("at", int(|r| r.at.0)),
        ("what", text(|r| &r.what)),
    ];
    conn.insert_many(&BulkInsert { table: "posting", columns: &columns, clash: Clash::Fails }).map(drop)
}

/// Is there such a transaction?
///
/// # Errors
/// Whatever the engine refused.
pub fn posted(conn: &mut dyn Conn, space: i64, transaction: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM posting WHERE space = ?1 AND txn = ?2 LIMIT 1";
    Ok(conn.first(sql, &[space.into(), transaction.into()])?.is_some())
}

/// The lines that an entity has moved, in order.
///
/// # Errors
/// Whatever the engine refused.
pub fn of_entity(conn: &mut dyn Conn, what: &str) -> Result<Vec<PostingRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM posting WHERE what = ?1 ORDER BY at, space, txn, line LIMIT 1000");
    conn.query(&sql, &[what.into()])?.iter().map(of).collect()
}

/// What an account of a space holds in a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// Space.
    pub space: i64,
    /// Account, by name.
    pub account: String,
    /// ISO 4217.
    pub currency: String,
    /// Smallest units.
    pub amount: i64,
    /// Lines that make it up.
    pub lines: i64,
}

/// Every account of these spaces.
///
/// # Errors
/// Whatever the engine refused.
pub fn balances(conn: &mut dyn Conn, spaces: &[i64]) -> Result<Vec<Balance>, StoreError> {
    if spaces.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT space, account, currency, CAST(sum(amount) AS BIGINT), count(*) FROM posting WHERE space IN ({})
         GROUP BY space, account, currency ORDER BY space, account, currency",
        placeholders(1, spaces.len())
    );
    let params: Vec<Value> = spaces.iter().map(|s| Value::Int(*s)).collect();
    let of = |r: &Row| {
        let (space, account, currency) = (r.int(0)?, r.text(1)?, r.text(2)?);
        Ok(Balance { space, account, currency, amount: r.int(3)?, lines: r.int(4)? })
    };
    conn.query(&sql, &params)?.iter().map(of).collect()
}

/// Transactions that do not add up to nothing: space, transaction, currency, sum. There is none unless somebody has changed
/// the table by hand.
///
/// # Errors
/// Whatever the engine refused.
pub fn uneven(conn: &mut dyn Conn) -> Result<Vec<(i64, String, String, i64)>, StoreError> {
    let sql = "SELECT space, txn, currency, CAST(sum(amount) AS BIGINT) FROM posting
               GROUP BY space, txn, currency HAVING sum(amount) <> 0 ORDER BY space, txn LIMIT 1000";
    let of = |r: &Row| Ok((r.int(0)?, r.text(1)?, r.text(2)?, r.int(3)?));
    conn.query(sql, &[])?.iter().map(of).collect()
}

/// What a provider has said that fits nothing here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRow {
    /// Which provider.
    pub provider: String,
    /// What it calls the payment.
    pub reference: String,
    /// What it says of it: a word of the caller's.
    pub state: String,
    /// Smallest units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Which payment it names, when it names one.
    pub payment: Option<String>,
    /// Why it fits nothing: a word of the caller's.
    pub reason: String,
    /// When it said so first.
    pub first: Timestamp,
    /// When it said so last.
    pub last: Timestamp,
    /// How often.
    pub times: i64,
}

/// Keeps it; said again, it is counted.
///
/// # Errors
/// Whatever the engine refused.
pub fn keep_notice(conn: &mut dyn Conn, notice: &NoticeRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO payment_notice (space, provider, reference, state, amount, currency, payment, reason, first_at, last_at, times)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, 1)
               ON CONFLICT (space, provider, reference, state) DO UPDATE SET amount = excluded.amount,
               currency = excluded.currency, payment = excluded.payment, reason = excluded.reason,
               last_at = excluded.last_at, times = payment_notice.times + 1";
    let params = [
        INSTALLATION.into(),
        (&notice.provider).into(),
        (&notice.reference).into(),
        (&notice.state).into(),
        notice.amount.into(),
        (&notice.currency).into(),
        notice.payment.as_ref().map_or(Value::Null, Value::from),
        (&notice.reason).into(),
        notice.last.into(),
    ];
    conn.execute(sql, &params).map(drop)
}

/// What is kept, the newest first.
///
/// # Errors
/// Whatever the engine refused.
pub fn notices(conn: &mut dyn Conn, limit: i64) -> Result<Vec<NoticeRow>, StoreError> {
    let sql = "SELECT provider, reference, state, amount, currency, payment, reason, first_at, last_at, times
               FROM payment_notice WHERE space = ?1 ORDER BY last_at DESC, provider, reference LIMIT ?2";
    let of = |r: &Row| {
        Ok(NoticeRow {
            provider: r.text(0)?,
            reference: r.text(1)?,
            state: r.text(2)?,
            amount: r.int(3)?,
            currency: r.text(4)?,
            payment: r.opt_text(5)?,
            reason: r.text(6)?,
            first: r.time(7)?,
            last: r.time(8)?,
            times: r.int(9)?,
        })
    };
    conn.query(sql, &[INSTALLATION.into(), limit.into()])?.iter().map(of).collect()
}
