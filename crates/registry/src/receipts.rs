//! Commands that clients give a name of their own: repeated, they are answered and not carried out again (the
//! `Idempotency-Key` of HTTP).

use svod_kernel::Timestamp;
use svod_store::receipt::{self, ReceiptRow};
use svod_store::{Conn, StoreError};

use crate::Registry;
use crate::command::{CommandError, Receipt};
use crate::execute::Piece;

/// How long a key is remembered, microseconds.
const KEPT: i64 = 86_400_000_000;

/// What became of the command when it was given before; none: it is new.
pub(crate) fn before(conn: &mut dyn Conn, piece: &Piece) -> Result<Option<Result<Receipt, CommandError>>, StoreError> {
    let Some(key) = &piece.command.key else { return Ok(None) };
    let Some(row) = receipt::get(conn, &piece.actor.id, &key.key)? else { return Ok(None) };
    if row.fingerprint != key.fingerprint {
        return Ok(Some(Err(CommandError::KeyUsed(key.key.clone()))));
    }
    let done: Receipt = serde_json::from_str(&row.doc).map_err(|e| StoreError::Shape(e.to_string()))?;
    Ok(Some(Ok(Receipt { repeated: true, ..done })))
}

/// Remembers what a command with a key has done.
pub(crate) fn keep(conn: &mut dyn Conn, piece: &Piece, done: &Receipt, at: Timestamp) -> Result<(), StoreError> {
    let Some(key) = &piece.command.key else { return Ok(()) };
    let doc = serde_json::to_string(done).map_err(|e| StoreError::Shape(e.to_string()))?;
    receipt::put(conn, (&piece.actor.id, &key.key), &ReceiptRow { fingerprint: key.fingerprint, doc }, at)
}

impl Registry {
    /// Forgets keys of long ago.
    pub(crate) async fn forget_receipts(&self) -> Result<(), StoreError> {
        let before = Timestamp(self.clock.now().0 - KEPT);
        if self.store.read(move |conn| receipt::any_before(conn, before)).await? {
            self.store.write(move |conn| receipt::forget_before(conn, before)).await?;
        }
        Ok(())
    }
}
