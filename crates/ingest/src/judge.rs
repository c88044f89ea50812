use svod_store::finding::NewFinding;

use crate::Reading;

/// Looks at readings on their way into history, so that what they call for is committed with them or not at all.
///
/// Called by one task: `judge` for a group, then exactly one of `committed` and `aborted` for the same group. Groups that
/// go into one commit are all judged before the first of them is told its outcome; outcomes come in the order of judging.
/// When `judge` panics it is called again with no readings, and the outcome of the group is told as of any other.
pub trait Judge: Send + Sync {
    /// What the readings call for. They are not durable yet.
    fn judge(&self, readings: &[Reading]) -> Vec<NewFinding>;

    /// They are durable, with what they called for.
    fn committed(&self, readings: &[Reading]);

    /// They are not: forget what `judge` assumed.
    fn aborted(&self, readings: &[Reading]);
}

/// Calls for nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoJudge;

impl Judge for NoJudge {
    fn judge(&self, _: &[Reading]) -> Vec<NewFinding> {
        Vec::new()
    }

    fn committed(&self, _: &[Reading]) {}

    fn aborted(&self, _: &[Reading]) {}
}
