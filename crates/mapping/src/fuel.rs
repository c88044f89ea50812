//! What one evaluation may spend. jaq cannot be interrupted from outside, but every step of it touches values, and
//! the values are ours: each operation burns fuel and fails when none is left, and so does everything after it.

use std::cell::Cell;

/// Steps of one evaluation. A mapping of a hundred attributes takes about two thousand.
const TANK: u64 = 200_000;

/// Bytes of text that cost one step: bounds what an evaluation can allocate to a few megabytes.
const BYTES_PER_STEP: usize = 32;

thread_local! {
    // Per thread because jaq's operators on values get no context; an evaluation never leaves its thread.
    static FUEL: Cell<u64> = const { Cell::new(0) };
}

/// The evaluation has spent all it may.
pub(crate) struct Exhausted;

pub(crate) const MESSAGE: &str = "the expression takes too many steps for this payload";

/// Starts an evaluation.
pub(crate) fn refill() {
    FUEL.set(TANK);
}

/// Spends `steps`.
pub(crate) fn burn(steps: u64) -> Result<(), Exhausted> {
    let left = FUEL.get().saturating_sub(steps);
    FUEL.set(left);
    if left == 0 { Err(Exhausted) } else { Ok(()) }
}

/// Spends what producing `bytes` bytes costs.
pub(crate) fn burn_bytes(bytes: usize) -> Result<(), Exhausted> {
    burn(1 + (bytes / BYTES_PER_STEP) as u64)
}
