//! Accounts, passkeys, sessions, and what was begun. They are the installation's (space 0). What a token is kept by is its
//! hash: who reads these tables can sign in as nobody.

use svod_kernel::Timestamp;

use crate::space::INSTALLATION;
use crate::{Conn, Row, StoreError, Value, site_session};

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// URN.
    pub id: String,
    /// What they sign in with, in small letters.
    pub login: String,
    /// How they are called.
    pub name: String,
    /// URN of the person in the graph.
    pub person: Option<String>,
    /// `active` or `blocked`.
    pub state: String,
    /// Argon2id in PHC form.
    pub password: Option<String>,
    /// The sealed secret of one-time codes; empty where there is none.
    pub totp: Vec<u8>,
    /// The last step whose code was used.
    pub totp_step: i64,
    /// Hashes of recovery codes, JSON.
    pub recovery: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed.
    pub modified: Timestamp,
}

const ACCOUNT: &str =
    "id, login, name, person, state, password, totp, totp_step, recovery, created, modified FROM account";

fn account_of(r: &Row) -> Result<AccountRow, StoreError> {
    Ok(AccountRow {
        id: r.text(0)?,
        login: r.text(1)?,
        name: r.text(2)?,
        person: r.opt_text(3)?,
        state: r.text(4)?,
        password: r.opt_text(5)?,
        totp: r.blob(6)?,
        totp_step: r.int(7)?,
        recovery: r.text(8)?,
        created: r.time(9)?,
        modified: r.time(10)?,
    })
}

/// The account of an identifier.
///
/// # Errors
/// Whatever the engine refused.
pub fn get(conn: &mut dyn Conn, id: &str) -> Result<Option<AccountRow>, StoreError> {
    let sql = format!("SELECT {ACCOUNT} WHERE space = ?1 AND id = ?2");
    conn.first(&sql, &[INSTALLATION.into(), id.into()])?.as_ref().map(account_of).transpose()
}

/// The account of a login.
///
/// # Errors
/// Whatever the engine refused.
pub fn by_login(conn: &mut dyn Conn, login: &str) -> Result<Option<AccountRow>, StoreError> {
    let sql = format!("SELECT {ACCOUNT} WHERE space = ?1 AND login = ?2");
    conn.first(&sql, &[INSTALLATION.into(), login.into()])?.as_ref().map(account_of).transpose()
}

/// The account of a person; where there are several, the one that is open, then the newest.
///
/// # Errors
/// Whatever the engine refused.
pub fn by_person(conn: &mut dyn Conn, person: &str) -> Result<Option<AccountRow>, StoreError> {
    let sql = format!("SELECT {ACCOUNT} WHERE space = ?1 AND person = ?2 ORDER BY state, created DESC, id LIMIT 1");
    conn.first(&sql, &[INSTALLATION.into(), person.into()])?.as_ref().map(account_of).transpose()
}

/// Accounts in the order of their logins, after one.
///
/// # Errors
/// Whatever the engine refused.
pub fn list(conn: &mut dyn Conn, after: &str, limit: i64) -> Result<Vec<AccountRow>, StoreError> {
    let sql = format!("SELECT {ACCOUNT} WHERE space = ?1 AND login > ?2 ORDER BY login LIMIT ?3");
    conn.query(&sql, &[INSTALLATION.into(), after.into(), limit.into()])?.iter().map(account_of).collect()
}

/// Identifiers and sealed secrets of accounts that have one, in the order of their identifiers, after one.
///
/// # Errors
/// Whatever the engine refused.
pub fn sealed(conn: &mut dyn Conn, after: &str, limit: i64) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let sql = "SELECT id, totp FROM account WHERE space = ?1 AND id > ?2 AND LENGTH(totp) > 0 ORDER BY id LIMIT ?3";
    let rows = conn.query(sql, &[INSTALLATION.into(), after.into(), limit.into()])?;
    rows.iter().map(|r| Ok((r.text(0)?, r.blob(1)?))).collect()
}

/// The same secret of an account, sealed anew.
///
/// # Errors
/// Whatever the engine refused.
pub fn reseal(conn: &mut dyn Conn, id: &str, sealed: &[u8]) -> Result<(), StoreError> {
    let sql = "UPDATE account SET totp = ?3 WHERE space = ?1 AND id = ?2";
    conn.execute(sql, &[INSTALLATION.into(), id.into(), sealed.into()]).map(drop)
}

/// Makes an account.
///
/// # Errors
/// [`StoreError::Constraint`] when its login is taken.
pub fn add(conn: &mut dyn Conn, a: &AccountRow) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO account (space, id, login, name, person, state, password, totp, totp_step, recovery, created, modified)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        &[
            INSTALLATION.into(),
            (&a.id).into(),
            (&a.login).into(),
            (&a.name).into(),
            a.person.clone().into(),
            (&a.state).into(),
            a.password.clone().into(),
            a.totp.as_slice().into(),
            a.totp_step.into(),
            (&a.recovery).into(),
            a.created.into(),
            a.modified.into(),
        ],
    )
    .map(drop)
}

/// Writes an account anew. Whoever goes by what it was before asks for [`Conn::exclusive`] first.
///
/// # Errors
/// Whatever the engine refused.
pub fn put(conn: &mut dyn Conn, a: &AccountRow) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE account SET login = ?3, name = ?4, person = ?5, state = ?6, password = ?7, totp = ?8, totp_step = ?9,
             recovery = ?10, modified = ?11
         WHERE space = ?1 AND id = ?2",
        &[
            INSTALLATION.into(),
            (&a.id).into(),
            (&a.login).into(),
            (&a.name).into(),
            a.person.clone().into(),
            (&a.state).into(),
            a.password.clone().into(),
            a.totp.as_slice().into(),
            a.totp_step.into(),
            (&a.recovery).into(),
            a.modified.into(),
        ],
    )
    .map(drop)
}

/// Somebody has signed in to the account at that moment.
///
/// # Errors
/// Whatever the engine refused.
pub fn used(conn: &mut dyn Conn, id: &str, at: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE account SET seen = ?3 WHERE space = ?1 AND id = ?2";
    conn.execute(sql, &[INSTALLATION.into(), id.into(), at.into()]).map(drop)
}

/// Accounts of a state that nobody has used or changed since before a moment, at most so many. Whether they were used is not asked
/// of those that are `blocked`.
///
/// # Errors
/// Whatever the engine refused.
pub fn idle(conn: &mut dyn Conn, state: &str, before: Timestamp, most: i64) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM account WHERE space = ?1 AND state = ?2 AND modified < ?3
               AND (state = 'blocked' OR COALESCE(seen, modified) < ?3) ORDER BY id LIMIT ?4";
    let rows = conn.query(sql, &[INSTALLATION.into(), state.into(), before.into(), most.into()])?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// Removes an account that is still `blocked` and has not changed since before a moment, with everything that opens it and that
/// was given in its name; false when it is not so.
///
/// # Errors
/// Whatever the engine refused.
pub fn remove(conn: &mut dyn Conn, id: &str, before: Timestamp) -> Result<bool, StoreError> {
    let sql = "DELETE FROM account WHERE space = ?1 AND id = ?2 AND state = 'blocked' AND modified < ?3";
    if conn.execute(sql, &[INSTALLATION.into(), id.into(), before.into()])? == 0 {
        return Ok(false);
    }
    end_sessions(conn, id, None)?;
    for table in ["passkey", "outside_identity", "challenge", "client_consent", "client_token"] {
        let sql = format!("DELETE FROM {table} WHERE space = ?1 AND account = ?2");
        conn.execute(&sql, &[INSTALLATION.into(), id.into()])?;
    }
    Ok(true)
}

/// A passkey of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRow {
    /// The credential's identifier.
    pub credential: Vec<u8>,
    /// Whose it is.
    pub account: String,
    /// How its owner calls it.
    pub name: String,
    /// Public key and counter, JSON.
    pub doc: String,
    /// When it was added.
    pub created: Timestamp,
    /// When it was used last.
    pub used: Option<Timestamp>,
}

const PASSKEY: &str = "credential, account, name, doc, created, used FROM passkey";

fn passkey_of(r: &Row) -> Result<PasskeyRow, StoreError> {
    Ok(PasskeyRow {
        credential: r.blob(0)?,
        account: r.text(1)?,
        name: r.text(2)?,
        doc: r.text(3)?,
        created: r.time(4)?,
        used: r.opt_int(5)?.map(Timestamp),
    })
}

/// The passkeys of an account, oldest first.
///
/// # Errors
/// Whatever the engine refused.
pub fn passkeys(conn: &mut dyn Conn, account: &str) -> Result<Vec<PasskeyRow>, StoreError> {
    let sql = format!("SELECT {PASSKEY} WHERE space = ?1 AND account = ?2 ORDER BY created, credential");
    conn.query(&sql, &[INSTALLATION.into(), account.into()])?.iter().map(passkey_of).collect()
}

/// The passkey of a credential.
///
/// # Errors
/// Whatever the engine refused.
pub fn passkey(conn: &mut dyn Conn, credential: &[u8]) -> Result<Option<PasskeyRow>, StoreError> {
    let sql = format!("SELECT {PASSKEY} WHERE space = ?1 AND credential = ?2");
    conn.first(&sql, &[INSTALLATION.into(), credential.into()])?.as_ref().map(passkey_of).transpose()
}

/// Adds a passkey, or writes it anew.
///
/// # Errors
/// [`StoreError::Constraint`] when the credential is somebody else's.
pub fn put_passkey(conn: &mut dyn Conn, p: &PasskeyRow) -> Result<(), StoreError> {
    let changed = conn.execute(
        "INSERT INTO passkey (space, credential, account, name, doc, created, used) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (space, credential) DO UPDATE SET name = excluded.name, doc = excluded.doc, used = excluded.used
         WHERE passkey.account = excluded.account",
        &[
            INSTALLATION.into(),
            p.credential.as_slice().into(),
            (&p.account).into(),
            (&p.name).into(),
            (&p.doc).into(),
            p.created.into(),
            p.used.into(),
        ],
    )?;
    if changed == 0 {
        return Err(StoreError::Constraint("the credential belongs to another account".into()));
    }
    Ok(())
}

/// Takes a passkey away; false when the account has none such.
///
/// # Errors
/// Whatever the engine refused.
pub fn remove_passkey(conn: &mut dyn Conn, account: &str, credential: &[u8]) -> Result<bool, StoreError> {
    let sql = "DELETE FROM passkey WHERE space = ?1 AND credential = ?2 AND account = ?3";
    Ok(conn.execute(sql, &[INSTALLATION.into(), credential.into(), account.into()])? > 0)
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of its token.
    pub token: Vec<u8>,
    /// Whose it is.
    pub account: String,
    /// How they signed in.
    pub method: String,
    /// The appointment in which they act; empty: in their own affairs; none: in whichever comes first.
    pub acting: Option<String>,
    /// When.
    pub created: Timestamp,
    /// When it was used last, to the minute.
    pub seen: Timestamp,
    /// When they last proved who they are.
    pub confirmed: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// The browser or program.
    pub agent: String,
    /// From where it began.
    pub address: String,
    /// How sure an outside provider was of them, in its own words; empty for what was proved here.
    pub assurance: String,
}

const SESSION: &str =
    "token, account, method, acting, created, seen, confirmed, expires, agent, address, assurance FROM session";

fn session_of(r: &Row) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        token: r.blob(0)?,
        account: r.text(1)?,
        method: r.text(2)?,
        acting: r.opt_text(3)?,
        created: r.time(4)?,
        seen: r.time(5)?,
        confirmed: r.time(6)?,
        expires: r.time(7)?,
        agent: r.text(8)?,
        address: r.text(9)?,
        assurance: r.text(10)?,
    })
}

/// The session of a token's hash.
///
/// # Errors
/// Whatever the engine refused.
pub fn session(conn: &mut dyn Conn, token: &[u8]) -> Result<Option<SessionRow>, StoreError> {
    let sql = format!("SELECT {SESSION} WHERE space = ?1 AND token = ?2");
    conn.first(&sql, &[INSTALLATION.into(), token.into()])?.as_ref().map(session_of).transpose()
}

/// The sessions of an account, latest first.
///
/// # Errors
/// Whatever the engine refused.
pub fn sessions(conn: &mut dyn Conn, account: &str) -> Result<Vec<SessionRow>, StoreError> {
    let sql = format!("SELECT {SESSION} WHERE space = ?1 AND account = ?2 ORDER BY seen DESC, token");
    conn.query(&sql, &[INSTALLATION.into(), account.into()])?.iter().map(session_of).collect()
}

/// Begins a session.
///
/// # Errors
/// Whatever the engine refused.
pub fn add_session(conn: &mut dyn Conn, s: &SessionRow) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO session (space, token, account, method, acting, created, seen, confirmed, expires, agent, address,
         assurance) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        &[
            INSTALLATION.into(),
            s.token.as_slice().into(),
            (&s.account).into(),
            (&s.method).into(),
            s.acting.clone().into(),
            s.created.into(),
            s.seen.into(),
            s.confirmed.into(),
            s.expires.into(),
            (&s.agent).into(),
            (&s.address).into(),
            (&s.assurance).into(),
        ],
    )
    .map(drop)
}

/// The session was used: when, in which post, and where the person has proved again who they are, how and when.
///
/// # Errors
/// Whatever the engine refused.
pub fn touch_session(conn: &mut dyn Conn, s: &SessionRow) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE session SET seen = ?3, confirmed = ?4, method = ?5, acting = ?6 WHERE space = ?1 AND token = ?2",
        &[
            INSTALLATION.into(),
            s.token.as_slice().into(),
            s.seen.into(),
            s.confirmed.into(),
            (&s.method).into(),
            s.acting.clone().into(),
        ],
    )
    .map(drop)
}

/// Its owner has proved again who they are: the session goes on under another token, and what it was known by opens nothing
/// any more. False when it is over.
///
/// # Errors
/// Whatever the engine refused.
pub fn renew_session(conn: &mut dyn Conn, before: &[u8], s: &SessionRow) -> Result<bool, StoreError> {
    let changed = conn.execute(
        "UPDATE session SET token = ?3, seen = ?4, confirmed = ?5, method = ?6 WHERE space = ?1 AND token = ?2",
        &[
            INSTALLATION.into(),
            before.into(),
            s.token.as_slice().into(),
            s.seen.into(),
            s.confirmed.into(),
            (&s.method).into(),
        ],
    )?;
    if changed > 0 {
        site_session::follow(conn, before, &s.token)?;
    }
    Ok(changed > 0)
}

/// The session was used: only that, whatever else has changed of it meanwhile.
///
/// # Errors
/// Whatever the engine refused.
pub fn seen_session(conn: &mut dyn Conn, token: &[u8], at: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE session SET seen = ?3 WHERE space = ?1 AND token = ?2";
    conn.execute(sql, &[INSTALLATION.into(), token.into(), at.into()]).map(drop)
}

/// Ends a session of an account; false when there is none such.
///
/// # Errors
/// Whatever the engine refused.
pub fn end_session(conn: &mut dyn Conn, account: &str, token: &[u8]) -> Result<bool, StoreError> {
    let (which, values) = ("token = ?2 AND account = ?3", [INSTALLATION.into(), token.into(), account.into()]);
    Ok(end(conn, which, &values)? > 0)
}

/// Ends all sessions of an account but one.
///
/// # Errors
/// Whatever the engine refused.
pub fn end_sessions(conn: &mut dyn Conn, account: &str, but: Option<&[u8]>) -> Result<u64, StoreError> {
    end(conn, "account = ?2 AND token <> ?3", &[INSTALLATION.into(), account.into(), but.unwrap_or_default().into()])
}

/// Ends sessions; the sites that came of them are to be told.
fn end(conn: &mut dyn Conn, which: &str, values: &[Value]) -> Result<u64, StoreError> {
    site_session::end(conn, which, values)?;
    conn.execute(&format!("DELETE FROM session WHERE space = ?1 AND {which}"), values)
}

/// What was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallengeRow {
    /// SHA-256 of the token that names it.
    pub token: Vec<u8>,
    /// What it is.
    pub kind: String,
    /// Whose it is, where that is known.
    pub account: Option<String>,
    /// What is needed for its second half, JSON.
    pub state: String,
    /// When it is worth nothing any more.
    pub expires: Timestamp,
}

/// Keeps what was begun.
///
/// # Errors
/// Whatever the engine refused.
pub fn add_challenge(conn: &mut dyn Conn, c: &ChallengeRow) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO challenge (space, token, kind, account, state, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &[
            INSTALLATION.into(),
            c.token.as_slice().into(),
            (&c.kind).into(),
            c.account.clone().into(),
            (&c.state).into(),
            c.expires.into(),
        ],
    )
    .map(drop)
}

const CHALLENGE: &str = "token, kind, account, state, expires";

fn challenge_of(r: &Row) -> Result<ChallengeRow, StoreError> {
    Ok(ChallengeRow {
        token: r.blob(0)?,
        kind: r.text(1)?,
        account: r.opt_text(2)?,
        state: r.text(3)?,
        expires: r.time(4)?,
    })
}

/// What was begun, left where it is.
///
/// # Errors
/// Whatever the engine refused.
pub fn challenge(conn: &mut dyn Conn, kind: &str, token: &[u8]) -> Result<Option<ChallengeRow>, StoreError> {
    let sql = format!("SELECT {CHALLENGE} FROM challenge WHERE space = ?1 AND token = ?2 AND kind = ?3");
    conn.first(&sql, &[INSTALLATION.into(), token.into(), kind.into()])?.as_ref().map(challenge_of).transpose()
}

/// What was begun of one kind and is not over, what ends first before the others.
///
/// # Errors
/// Whatever the engine refused.
pub fn challenges(
    conn: &mut dyn Conn,
    kind: &str,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<ChallengeRow>, StoreError> {
    let sql = format!(
        "SELECT {CHALLENGE} FROM challenge WHERE space = ?1 AND kind = ?2 AND expires > ?3 ORDER BY expires, token LIMIT ?4"
    );
    let values = &[INSTALLATION.into(), kind.into(), now.into(), limit.into()];
    conn.query(&sql, values)?.iter().map(challenge_of).collect()
}

/// What was begun, and is so no longer: nobody takes it twice.
///
/// # Errors
/// Whatever the engine refused.
pub fn take_challenge(conn: &mut dyn Conn, kind: &str, token: &[u8]) -> Result<Option<ChallengeRow>, StoreError> {
    let sql = format!("DELETE FROM challenge WHERE space = ?1 AND token = ?2 AND kind = ?3 RETURNING {CHALLENGE}");
    conn.first(&sql, &[INSTALLATION.into(), token.into(), kind.into()])?.as_ref().map(challenge_of).transpose()
}

/// Forgets what is over.
///
/// # Errors
/// Whatever the engine refused.
pub fn sweep(conn: &mut dyn Conn, now: Timestamp, unused: Timestamp) -> Result<u64, StoreError> {
    let at = &[INSTALLATION.into(), now.into()];
    let sessions = end(conn, "(expires <= ?2 OR seen <= ?3)", &[INSTALLATION.into(), now.into(), unused.into()])?;
    Ok(sessions + conn.execute("DELETE FROM challenge WHERE space = ?1 AND expires <= ?2", at)?)
}
