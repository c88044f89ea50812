//! Many submissions, few transactions.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use futures_util::future::join_all;
use svod_history::{Appended, History, Observation};
use svod_store::StoreError;
use svod_store::finding::NewFinding;
use svod_store::quarantine::NewQuarantine;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::{Accepted, IngestError, Judge, Reading};

/// What one caller wants durable, together.
pub struct Submission {
    pub readings: Vec<Reading>,
    pub held: Vec<NewQuarantine>,
    /// Committed by itself, so that its duplicates can be told.
    pub alone: bool,
    pub reply: oneshot::Sender<Result<Accepted, IngestError>>,
    /// Room taken until the answer is given.
    pub permit: OwnedSemaphorePermit,
}

/// Submissions that become one append.
struct Group {
    readings: Vec<Reading>,
    held: Vec<NewQuarantine>,
    members: Vec<Member>,
}

struct Member {
    readings: usize,
    held: usize,
    reply: oneshot::Sender<Result<Accepted, IngestError>>,
    _permit: OwnedSemaphorePermit,
}

/// The one task that writes readings: while a commit is under way the next submissions gather.
pub struct Collector {
    pub history: Arc<History>,
    pub judge: Arc<dyn Judge>,
    pub group_readings: usize,
}

impl Collector {
    /// Runs until all senders are gone and everything is written.
    pub async fn run(self, mut inbox: mpsc::UnboundedReceiver<Submission>) {
        while let Some(first) = inbox.recv().await {
            let mut taken = first.readings.len();
            let mut round = vec![first];
            while taken < self.group_readings
                && let Ok(next) = inbox.try_recv()
            {
                taken += next.readings.len();
                round.push(next);
            }
            // The store takes appends in the order of their first poll and commits those that wait as one group.
            let outcomes = join_all(grouped(round).into_iter().map(|g| self.commit(g))).await;
            let mut refused = Vec::new();
            for (group, outcome) in outcomes {
                match outcome {
                    Err(error) if group.members.len() > 1 && is_refusal(&error) => {
                        tracing::warn!(%error, "a group of readings was refused; its members are tried one by one");
                        self.aborted(&group.readings);
                        refused.extend(split(group));
                    }
                    outcome => self.tell(group, outcome),
                }
            }
            // Nobody pays for another's message that the store refuses for its content.
            for member in refused {
                let (member, outcome) = self.commit(member).await;
                self.tell(member, outcome);
            }
        }
    }

    async fn commit(&self, group: Group) -> (Group, Result<Appended, StoreError>) {
        let outcome = self.append(&group).await;
        (group, outcome)
    }

    async fn append(&self, group: &Group) -> Result<Appended, StoreError> {
        let findings = self.judged(&group.readings);
        let batch = group
            .readings
            .iter()
            .map(|r| {
                let observation = Observation {
                    series: r.series,
                    at: r.at,
                    value: r.value.clone(),
                    received: r.received,
                    simulated: r.simulated,
                    replayed: r.replayed,
                };
                (r.device.space, observation)
            })
            .collect();
        self.history.append(batch, findings, group.held.clone()).await
    }

    fn tell(&self, group: Group, outcome: Result<Appended, StoreError>) {
        match outcome {
            Ok(appended) => {
                self.committed(&group.readings);
                count(&group, &appended);
                let exact = group.members.len() == 1;
                for m in group.members {
                    let (stored, duplicates) =
                        if exact { (appended.stored, appended.duplicates) } else { (m.readings as u64, 0) };
                    let _ = m.reply.send(Ok(Accepted { stored, duplicates, quarantined: m.held as u64 }));
                }
            }
            Err(error) => {
                if !matches!(error, StoreError::Busy | StoreError::Closed) {
                    tracing::error!(%error, readings = group.readings.len(), "readings were not stored");
                }
                self.aborted(&group.readings);
                metrics::counter!("svod_ingest_readings_total", "result" => "failed")
                    .increment(group.readings.len() as u64);
                for m in group.members {
                    let _ = m.reply.send(Err(error.clone().into()));
                }
            }
        }
    }

    fn judged(&self, readings: &[Reading]) -> Vec<NewFinding> {
        if readings.is_empty() {
            return Vec::new();
        }
        // A pack's decision that breaks must not stop the readings of everybody.
        let judged = |readings| catch_unwind(AssertUnwindSafe(|| self.judge.judge(readings)));
        judged(readings).unwrap_or_else(|_| {
            tracing::error!("judging readings broke; they are stored without a judgement");
            // The judge counts its groups: this one was judged, as if it held nothing.
            judged(&[]).unwrap_or_default()
        })
    }

    fn committed(&self, readings: &[Reading]) {
        if !readings.is_empty() && catch_unwind(AssertUnwindSafe(|| self.judge.committed(readings))).is_err() {
            tracing::error!("the twin broke over committed readings");
        }
    }

    fn aborted(&self, readings: &[Reading]) {
        if !readings.is_empty() && catch_unwind(AssertUnwindSafe(|| self.judge.aborted(readings))).is_err() {
            tracing::error!("the twin broke over aborted readings");
        }
    }
}

/// The store looked at the content and refused it, as opposed to not being there.
const fn is_refusal(e: &StoreError) -> bool {
    matches!(e, StoreError::Constraint(_) | StoreError::Statement(_) | StoreError::Shape(_) | StoreError::Panicked)
}

fn count(group: &Group, appended: &Appended) {
    metrics::counter!("svod_ingest_readings_total", "result" => "stored").increment(appended.stored);
    metrics::counter!("svod_ingest_readings_total", "result" => "duplicate").increment(appended.duplicates);
    for held in &group.held {
        metrics::counter!("svod_ingest_quarantined_total", "reason" => held.reason.clone()).increment(1);
    }
}

/// Everything that need not stand alone in one group, the rest each in its own.
fn grouped(round: Vec<Submission>) -> Vec<Group> {
    let mut together = Group { readings: Vec::new(), held: Vec::new(), members: Vec::new() };
    let mut groups = Vec::new();
    for s in round {
        let member = Member { readings: s.readings.len(), held: s.held.len(), reply: s.reply, _permit: s.permit };
        if s.alone {
            groups.push(Group { readings: s.readings, held: s.held, members: vec![member] });
        } else {
            together.readings.extend(s.readings);
            together.held.extend(s.held);
            together.members.push(member);
        }
    }
    if !together.members.is_empty() {
        groups.push(together);
    }
    groups
}

fn split(group: Group) -> Vec<Group> {
    let (mut readings, mut held) = (group.readings.into_iter(), group.held.into_iter());
    group
        .members
        .into_iter()
        .map(|m| Group {
            readings: readings.by_ref().take(m.readings).collect(),
            held: held.by_ref().take(m.held).collect(),
            members: vec![m],
        })
        .collect()
}
