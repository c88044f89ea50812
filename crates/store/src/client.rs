//! Other sites whose people sign in here: who they are, what people have consented to, their tokens, and the keys that sign
//! for them. They are the installation's (space 0).

use svod_kernel::Timestamp;

use crate::space::INSTALLATION;
use crate::{Conn, Row, StoreError};

/// Another site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRow {
    /// Identifier.
    pub id: String,
    /// `pending`, `active` or `blocked`.
    pub state: String,
    /// SHA-256 of its secret; empty for one that keeps none.
    pub secret: Vec<u8>,
    /// What it may do, JSON.
    pub doc: String,
    /// When it came.
    pub created: Timestamp,
}

fn client_of(r: &Row) -> Result<ClientRow, StoreError> {
    Ok(ClientRow { id: r.text(0)?, state: r.text(1)?, secret: r.blob(2)?, doc: r.text(3)?, created: r.time(4)? })
}

const CLIENT: &str = "SELECT id, state, secret, doc, created FROM client WHERE space = ?1";

/// The site of an identifier.
///
/// # Errors
/// Whatever the engine refused.
pub fn get(conn: &mut dyn Conn, id: &str) -> Result<Option<ClientRow>, StoreError> {
    let sql = format!("{CLIENT} AND id = ?2");
    conn.first(&sql, &[INSTALLATION.into(), id.into()])?.as_ref().map(client_of).transpose()
}

/// All sites, those that wait first.
///
/// # Errors
/// Whatever the engine refused.
pub fn list(conn: &mut dyn Conn, limit: i64) -> Result<Vec<ClientRow>, StoreError> {
    let sql = format!(
        "{CLIENT} ORDER BY CASE state WHEN 'pending' THEN 0 WHEN 'active' THEN 1 ELSE 2 END, created DESC, id LIMIT ?2"
    );
    conn.query(&sql, &[INSTALLATION.into(), limit.into()])?.iter().map(client_of).collect()
}

/// How many wait to be approved.
///
/// # Errors
/// Whatever the engine refused.
pub fn pending(conn: &mut dyn Conn) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) FROM client WHERE space = ?1 AND state = 'pending'";
    conn.first(sql, &[INSTALLATION.into()])?.map_or(Ok(0), |r| r.int(0))
}

/// Forgets registrations that have waited since before that moment.
///
/// # Errors
/// Whatever the engine refused.
pub fn drop_pending(conn: &mut dyn Conn, before: Timestamp) -> Result<u64, StoreError> {
    let sql = "DELETE FROM client WHERE space = ?1 AND state = 'pending' AND created < ?2";
    conn.execute(sql, &[INSTALLATION.into(), before.into()])
}

/// Adds a site, or writes it anew.
///
/// # Errors
/// Whatever the engine refused.
pub fn put(conn: &mut dyn Conn, c: &ClientRow) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO client (space, id, state, secret, doc, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (space, id) DO UPDATE SET state = excluded.state, secret = excluded.secret, doc = excluded.doc",
        &[
            INSTALLATION.into(),
            (&c.id).into(),
            (&c.state).into(),
            c.secret.as_slice().into(),
            (&c.doc).into(),
            c.created.into(),
        ],
    )
    .map(drop)
}

/// What somebody has allowed a site to learn, and when.
///
/// # Errors
/// Whatever the engine refused.
pub fn consent(conn: &mut dyn Conn, account: &str, client: &str) -> Result<Option<String>, StoreError> {
    let sql = "SELECT scope FROM client_consent WHERE space = ?1 AND account = ?2 AND client = ?3";
    conn.first(sql, &[INSTALLATION.into(), account.into(), client.into()])?.map(|r| r.text(0)).transpose()
}

/// Every site that somebody has allowed something: identifier, scope, when.
///
/// # Errors
/// Whatever the engine refused.
pub fn consents(conn: &mut dyn Conn, account: &str) -> Result<Vec<(String, String, Timestamp)>, StoreError> {
    let sql = "SELECT client, scope, at FROM client_consent WHERE space = ?1 AND account = ?2 ORDER BY at DESC, client";
    let rows = conn.query(sql, &[INSTALLATION.into(), account.into()])?;
    rows.iter().map(|r| Ok((r.text(0)?, r.text(1)?, r.time(2)?))).collect()
}

/// Keeps a consent.
///
/// # Errors
/// Whatever the engine refused.
pub fn put_consent(
    conn: &mut dyn Conn,
    (account, client): (&str, &str),
    scope: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO client_consent (space, account, client, scope, at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (space, account, client) DO UPDATE SET scope = excluded.scope, at = excluded.at",
        &[INSTALLATION.into(), account.into(), client.into(), scope.into(), at.into()],
    )
    .map(drop)
}

/// Takes a consent back, and with it every token that came of it.
///
/// # Errors
/// Whatever the engine refused.
pub fn withdraw(conn: &mut dyn Conn, account: &str, client: &str) -> Result<(), StoreError> {
    let whose = [INSTALLATION.into(), account.into(), client.into()];
    conn.execute("DELETE FROM client_consent WHERE space = ?1 AND account = ?2 AND client = ?3", &whose)?;
    conn.execute("DELETE FROM client_token WHERE space = ?1 AND account = ?2 AND client = ?3", &whose).map(drop)
}

/// Takes one word out of what somebody has allowed a site; `left` is the rest. Access tokens with that word end; refresh tokens
/// go on with the rest, or end as well where `lasting` says that they stood on that word.
///
/// # Errors
/// Whatever the engine refused.
pub fn narrow(
    conn: &mut dyn Conn,
    (account, client): (&str, &str),
    (word, left): (&str, &str),
    lasting: bool,
) -> Result<(), StoreError> {
    let sql = "UPDATE client_consent SET scope = ?4 WHERE space = ?1 AND account = ?2 AND client = ?3";
    conn.execute(sql, &[INSTALLATION.into(), account.into(), client.into(), left.into()])?;
    let sql = "SELECT token, kind, scope FROM client_token WHERE space = ?1 AND account = ?2 AND client = ?3";
    for row in conn.query(sql, &[INSTALLATION.into(), account.into(), client.into()])? {
        let (token, kind, scope) = (row.blob(0)?, row.text(1)?, row.text(2)?);
        if !scope.split_whitespace().any(|s| s == word) {
            continue;
        }
        if lasting || kind == "access" {
            end_token(conn, &token)?;
            continue;
        }
        let less = scope.split_whitespace().filter(|s| *s != word).collect::<Vec<_>>().join(" ");
        let sql = "UPDATE client_token SET scope = ?3 WHERE space = ?1 AND token = ?2";
        conn.execute(sql, &[INSTALLATION.into(), token.as_slice().into(), less.as_str().into()])?;
    }
    Ok(())
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// SHA-256 of it.
    pub token: Vec<u8>,
    /// `access` or `refresh`.
    pub kind: String,
    /// The sign-in that it came of.
    pub chain: String,
    /// The site's.
    pub client: String,
    /// On whose behalf; none for the site's own.
    pub account: Option<String>,
    /// What it is good for.
    pub scope: String,
    /// What else is known of it, JSON.
    pub doc: String,
    /// When it was given.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// When a refresh token was used.
    pub used: Option<Timestamp>,
}

const TOKEN: &str = "SELECT token, kind, chain, client, account, scope, doc, created, expires, used FROM client_token
    WHERE space = ?1 AND token = ?2";

/// The token of a hash.
///
/// # Errors
/// Whatever the engine refused.
pub fn token(conn: &mut dyn Conn, hash: &[u8]) -> Result<Option<TokenRow>, StoreError> {
    let row = conn.first(TOKEN, &[INSTALLATION.into(), hash.into()])?;
    row.map(|r| {
        Ok(TokenRow {
            token: r.blob(0)?,
            kind: r.text(1)?,
            chain: r.text(2)?,
            client: r.text(3)?,
            account: r.opt_text(4)?,
            scope: r.text(5)?,
            doc: r.text(6)?,
            created: r.time(7)?,
            expires: r.time(8)?,
            used: r.opt_int(9)?.map(Timestamp),
        })
    })
    .transpose()
}

/// Gives a token.
///
/// # Errors
/// Whatever the engine refused.
pub fn add_token(conn: &mut dyn Conn, t: &TokenRow) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO client_token (space, token, kind, chain, client, account, scope, doc, created, expires, used)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        &[
            INSTALLATION.into(),
            t.token.as_slice().into(),
            (&t.kind).into(),
            (&t.chain).into(),
            (&t.client).into(),
            t.account.clone().into(),
            (&t.scope).into(),
            (&t.doc).into(),
            t.created.into(),
            t.expires.into(),
            t.used.into(),
        ],
    )
    .map(drop)
}

/// A refresh token is used; false when it was before.
///
/// # Errors
/// Whatever the engine refused.
pub fn use_token(conn: &mut dyn Conn, hash: &[u8], at: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE client_token SET used = ?3 WHERE space = ?1 AND token = ?2 AND used IS NULL";
    Ok(conn.execute(sql, &[INSTALLATION.into(), hash.into(), at.into()])? > 0)
}

/// Ends one token.
///
/// # Errors
/// Whatever the engine refused.
pub fn end_token(conn: &mut dyn Conn, hash: &[u8]) -> Result<(), StoreError> {
    let sql = "DELETE FROM client_token WHERE space = ?1 AND token = ?2";
    conn.execute(sql, &[INSTALLATION.into(), hash.into()]).map(drop)
}

/// Ends everything that came of one sign-in.
///
/// # Errors
/// Whatever the engine refused.
pub fn end_chain(conn: &mut dyn Conn, chain: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM client_token WHERE space = ?1 AND chain = ?2";
    conn.execute(sql, &[INSTALLATION.into(), chain.into()]).map(drop)
}

/// Ends every token that was given on somebody's behalf.
///
/// # Errors
/// Whatever the engine refused.
pub fn end_account(conn: &mut dyn Conn, account: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM client_token WHERE space = ?1 AND account = ?2";
    conn.execute(sql, &[INSTALLATION.into(), account.into()]).map(drop)
}

/// Ends the access tokens that came of one sign-in.
///
/// # Errors
/// Whatever the engine refused.
pub fn end_access(conn: &mut dyn Conn, chain: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM client_token WHERE space = ?1 AND chain = ?2 AND kind = 'access'";
    conn.execute(sql, &[INSTALLATION.into(), chain.into()]).map(drop)
}

/// Forgets tokens that are over.
///
/// # Errors
/// Whatever the engine refused.
pub fn sweep(conn: &mut dyn Conn, now: Timestamp) -> Result<u64, StoreError> {
    let sql = "DELETE FROM client_token WHERE space = ?1 AND expires <= ?2";
    conn.execute(sql, &[INSTALLATION.into(), now.into()])
}

/// A key that signs: identifier, sealed, since when; the newest first.
///
/// # Errors
/// Whatever the engine refused.
pub fn keys(conn: &mut dyn Conn) -> Result<Vec<(String, Vec<u8>, Timestamp)>, StoreError> {
    let sql = "SELECT id, sealed, created FROM signing_key WHERE space = ?1 ORDER BY created DESC, id";
    conn.query(sql, &[INSTALLATION.into()])?.iter().map(|r| Ok((r.text(0)?, r.blob(1)?, r.time(2)?))).collect()
}

/// Adds a key that signs.
///
/// # Errors
/// Whatever the engine refused.
pub fn add_key(conn: &mut dyn Conn, id: &str, sealed: &[u8], at: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO signing_key (space, id, sealed, created) VALUES (?1, ?2, ?3, ?4)";
    conn.execute(sql, &[INSTALLATION.into(), id.into(), sealed.into(), at.into()]).map(drop)
}

/// The same key, sealed anew.
///
/// # Errors
/// Whatever the engine refused.
pub fn reseal_key(conn: &mut dyn Conn, id: &str, sealed: &[u8]) -> Result<(), StoreError> {
    let sql = "UPDATE signing_key SET sealed = ?3 WHERE space = ?1 AND id = ?2";
    conn.execute(sql, &[INSTALLATION.into(), id.into(), sealed.into()]).map(drop)
}

/// Forgets a key: what it has signed is over.
///
/// # Errors
/// Whatever the engine refused.
pub fn drop_key(conn: &mut dyn Conn, id: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM signing_key WHERE space = ?1 AND id = ?2";
    conn.execute(sql, &[INSTALLATION.into(), id.into()]).map(drop)
}
