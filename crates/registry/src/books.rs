//! What changes move in the books, written with them: in the space of the entity, each transaction once.

use std::collections::BTreeMap;

use svod_kernel::{SpacePath, Timestamp};
use svod_store::money::{self, PostingRow};
use svod_store::{Conn, StoreError};

use crate::command::{Change, CommandError};
use crate::view::View;

/// The lines of one command.
#[derive(Default)]
pub(crate) struct Books(Vec<PostingRow>);

impl Books {
    /// The lines of a change that was worked out.
    pub fn take(&mut self, view: &View, change: &Change, space: &SpacePath, at: Timestamp) {
        let Some(info) = view.spaces.get(space) else { return };
        self.0.extend(change.postings.iter().map(|p| PostingRow {
            space: info.id,
            transaction: p.transaction.clone(),
            line: 0,
            account: p.account.clone(),
            currency: p.currency.clone(),
            amount: p.amount,
            at,
            what: change.urn().to_string(),
        }));
    }

    /// Writes them, numbered in their transactions; refused when the books have one of those.
    pub fn write(mut self, conn: &mut dyn Conn) -> Result<Result<(), CommandError>, StoreError> {
        let mut lines: BTreeMap<(i64, String), i64> = BTreeMap::new();
        for row in &mut self.0 {
            let line = lines.entry((row.space, row.transaction.clone())).or_default();
            *line += 1;
            row.line = *line;
        }
        for (space, transaction) in lines.into_keys() {
            if money::posted(conn, space, &transaction)? {
                return Ok(Err(CommandError::Posted(transaction)));
            }
        }
        money::post(conn, &self.0)?;
        Ok(Ok(()))
    }
}
