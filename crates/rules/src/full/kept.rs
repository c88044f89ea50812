//! Models that were compiled before. All packs are read anew with each publication, and most of them are as they were.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::compile::Compiled;

/// Sets of files kept; those asked for last. More than an installation has versions of packs in use.
const KEPT: usize = 64;

static SETS: Mutex<VecDeque<Set>> = Mutex::new(VecDeque::new());
static COMPILED: AtomicU64 = AtomicU64::new(0);

struct Set {
    files: Vec<(String, String)>,
    compiled: Arc<Compiled>,
}

/// These very files, when they were compiled before.
pub(super) fn find(files: &[(String, String)]) -> Option<Arc<Compiled>> {
    let mut sets = lock();
    let at = sets.iter().position(|set| set.files == files)?;
    let set = sets.remove(at)?;
    let compiled = Arc::clone(&set.compiled);
    sets.push_front(set);
    Some(compiled)
}

pub(super) fn keep(files: Vec<(String, String)>, compiled: &Arc<Compiled>) {
    COMPILED.fetch_add(1, Ordering::Relaxed);
    let mut sets = lock();
    sets.retain(|set| set.files != files);
    sets.push_front(Set { files, compiled: Arc::clone(compiled) });
    sets.truncate(KEPT);
}

pub(super) fn compiled_so_far() -> u64 {
    COMPILED.load(Ordering::Relaxed)
}

fn lock() -> MutexGuard<'static, VecDeque<Set>> {
    // A panic cannot leave the list half-changed: each change is one removal or insert.
    SETS.lock().unwrap_or_else(PoisonError::into_inner)
}
