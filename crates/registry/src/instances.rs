//! Steps of process instances that go with commands: each follows the version it was made from, or its command is refused.

use std::collections::{BTreeMap, BTreeSet};

use svod_kernel::Urn;
use svod_store::instance::Step;
use svod_store::{Conn, StoreError, instance};

use crate::command::{Command, CommandError};
use crate::execute::Piece;

/// The versions of all instances that a job is about.
pub(crate) struct Instances {
    versions: BTreeMap<(i64, i64), i64>,
    /// Those that a command of this job has moved.
    moved: BTreeSet<(i64, i64)>,
}

const fn key(step: &Step) -> (i64, i64) {
    (step.row.space, step.row.id)
}

impl Instances {
    /// Reads them, in one question for each space.
    pub fn load(conn: &mut dyn Conn, pieces: &[Piece]) -> Result<Self, StoreError> {
        let mut wanted: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for step in pieces.iter().flat_map(|p| &p.command.steps).filter(|s| s.row.version > 1) {
            wanted.entry(step.row.space).or_default().push(step.row.id);
        }
        let mut versions = BTreeMap::new();
        for (space, ids) in wanted {
            versions.extend(instance::versions(conn, space, &ids)?.into_iter().map(|(id, v)| ((space, id), v)));
        }
        Ok(Self { versions, moved: BTreeSet::new() })
    }

    /// Has a command before this one moved the same instance?
    pub fn taken(&self, command: &Command) -> bool {
        command.steps.iter().any(|s| self.moved.contains(&key(s)))
    }

    /// Each step follows the version that is there; they count as moved from now on.
    pub fn fits(&mut self, command: &Command) -> Result<(), CommandError> {
        for step in &command.steps {
            let found = self.versions.get(&key(step)).copied().unwrap_or_default();
            if step.row.version != found + 1 {
                let urn: Urn = step.row.urn.parse().map_err(|_| StoreError::Shape(step.row.urn.clone()))?;
                return Err(CommandError::Conflict { urn, found });
            }
        }
        self.moved.extend(command.steps.iter().map(key));
        Ok(())
    }
}
