//! Messages of the quarantine once more through the pipeline, with the profiles of today.

use std::collections::BTreeMap;

use serde::Serialize;
use svod_kernel::Actor;
use svod_registry::Action;
use svod_store::quarantine::{self as rows, QuarantineRow, Status};
use svod_store::{Conn, StoreError, Value};

use crate::examine::summary;
use crate::quarantine::{Quarantine, QuarantineError, message};

/// Messages replayed in one transaction.
const PAGE: usize = 500;

/// Which held messages to replay.
#[derive(Debug, Clone)]
pub enum Which {
    /// These.
    Ids(Vec<i64>),
    /// All of a device profile.
    Profile(String),
    /// All with a reason.
    Reason(String),
    /// All.
    All,
}

/// How far a replay is, or what it came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayReport {
    /// Messages looked at.
    pub examined: u64,
    /// Messages whose readings are now all stored.
    pub replayed: u64,
    /// Messages still held, by the reason of today.
    pub held: BTreeMap<String, u64>,
    /// Readings stored.
    pub stored: u64,
    /// Readings that were there already.
    pub duplicates: u64,
}

/// A message that is held on, for what reason.
struct Rest {
    id: i64,
    reason: &'static str,
    detail: String,
    profile: Option<String>,
}

impl Quarantine {
    /// Replays held messages, oldest first, 500 at a time; `progress` is called after each page. A message whose
    /// readings are all good becomes "replayed"; another stays held with the reason of today, its good readings stored.
    /// Broken off, it can be started again: a reading is stored once.
    ///
    /// # Errors
    /// [`QuarantineError::Forbidden`], [`QuarantineError::Store`]; pages finished before stay finished.
    pub async fn replay(
        &self,
        actor: &Actor,
        which: Which,
        mut progress: impl FnMut(&ReplayReport) + Send,
    ) -> Result<ReplayReport, QuarantineError> {
        let spaces = self.spaces(actor, Action::ReplayQuarantine)?;
        let mut report = ReplayReport::default();
        let mut after = 0;
        loop {
            let (which, spaces) = (which.clone(), spaces.clone());
            let page = self.ingest.0.store.read(move |conn| held(conn, &spaces, &which, after)).await?;
            let (page, last) = page;
            let Some(last) = last else { break };
            after = last;
            if page.is_empty() {
                continue;
            }
            self.replay_page(page, &mut report).await?;
            progress(&report);
        }
        tracing::info!(actor = %actor.id, ?report, "quarantine replayed");
        Ok(report)
    }

    async fn replay_page(&self, page: Vec<QuarantineRow>, report: &mut ReplayReport) -> Result<(), QuarantineError> {
        let inner = &self.ingest.0;
        let messages: Vec<_> = page.iter().map(message).collect();
        let permit = inner.wait_for_room(&messages).await?;
        let (routes, now) = (inner.routes(), inner.now());
        let (mut done, mut rest) = (Vec::new(), Vec::new());
        let mut prepared = Vec::with_capacity(page.len());
        for (row, message) in page.iter().zip(&messages) {
            let mut p = inner.prepare(&routes, None, message, now)?;
            report.examined += 1;
            // What is wrong stays the row it is: no second one is made.
            let wrong = std::mem::take(&mut p.wrong);
            p.drafts.iter_mut().for_each(|d| d.replayed = true);
            match wrong.first() {
                None => done.push(row.id),
                Some(first) => {
                    *report.held.entry(first.reason.to_owned()).or_default() += 1;
                    let profile = p.profile.clone();
                    rest.push(Rest { id: row.id, reason: first.reason, detail: summary(&wrong), profile });
                }
            }
            prepared.push(p);
        }
        let accepted = inner.commit(messages, prepared, now, true, permit).await?;
        report.stored += accepted.stored;
        report.duplicates += accepted.duplicates;
        report.replayed += done.len() as u64;
        inner.store.write(move |conn| mark(conn, &done, &rest)).await?;
        Ok(())
    }
}

/// The next page of held messages, oldest first, and the last number looked at; none of it when there are no more.
fn held(
    conn: &mut dyn Conn,
    spaces: &[i64],
    which: &Which,
    after: i64,
) -> Result<(Vec<QuarantineRow>, Option<i64>), StoreError> {
    let ids: Vec<i64> = if let Which::Ids(ids) = which {
        let mut ids: Vec<i64> = ids.iter().copied().filter(|id| *id > after).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(PAGE);
        ids
    } else {
        let mut params: Vec<Value> = vec![after.into()];
        let mut sql = String::from("SELECT id FROM quarantine WHERE status = 'held' AND id > ?1");
        if let Which::Profile(value) | Which::Reason(value) = which {
            let column = if matches!(which, Which::Profile(_)) { "profile" } else { "reason" };
            params.push(value.as_str().into());
            sql.push_str(&format!(" AND {column} = ?2"));
        }
        let first = params.len() + 1;
        let marks: Vec<String> = (first..first + spaces.len()).map(|n| format!("?{n}")).collect();
        params.extend(spaces.iter().map(|s| Value::from(*s)));
        sql.push_str(&format!(" AND space IN ({}) ORDER BY id LIMIT {PAGE}", marks.join(", ")));
        conn.query(&sql, &params)?.iter().map(|r| r.int(0)).collect::<Result<_, _>>()?
    };
    let mut page = Vec::with_capacity(ids.len());
    for id in &ids {
        let row = rows::get(conn, *id)?;
        page.extend(row.filter(|r| r.status == Status::Held && spaces.contains(&r.message.space)));
    }
    Ok((page, ids.last().copied()))
}

fn mark(conn: &mut dyn Conn, done: &[i64], rest: &[Rest]) -> Result<(), StoreError> {
    for id in done {
        rows::set_status(conn, *id, Status::Held, Status::Replayed)?;
    }
    for r in rest {
        let sql = "UPDATE quarantine SET reason = ?1, detail = ?2, profile = coalesce(?3, profile)
                   WHERE id = ?4 AND status = 'held'";
        let profile = r.profile.as_deref().map_or(Value::Null, Value::from);
        conn.execute(sql, &[r.reason.into(), r.detail.as_str().into(), profile, r.id.into()])?;
    }
    Ok(())
}
