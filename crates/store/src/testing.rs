//! A store of one's own for a test: a temporary SQLite file, or a fresh schema of the PostgreSQL database named by
//! `SVOD_TEST_POSTGRES` (see `scripts/postgres-for-tests`). Gone when dropped.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use svod_kernel::{Clock, SystemClock};

use crate::{Engine, Store, StoreError, StoreOptions, StoreUrl};

static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// The place of a store that lives as long as the test.
#[derive(Debug)]
pub struct TestPlace {
    url: StoreUrl,
    rubbish: Rubbish,
}

#[derive(Debug)]
enum Rubbish {
    Folder(PathBuf),
    Schema { url: String, name: String },
}

impl TestPlace {
    /// A temporary SQLite file.
    pub fn sqlite() -> Self {
        let folder = std::env::temp_dir().join(name());
        Self { url: StoreUrl::sqlite(folder.join("svod.sqlite")), rubbish: Rubbish::Folder(folder) }
    }

    /// A schema of its own in the PostgreSQL for tests. `None`, with the reason printed, when there is none.
    ///
    /// # Panics
    /// When there is none and `SVOD_REQUIRE_POSTGRES=1` or `CI=true` says that there must be one.
    pub fn postgres() -> Option<Self> {
        let Ok(url) = std::env::var("SVOD_TEST_POSTGRES") else {
            let is = |name, value| std::env::var(name).is_ok_and(|v| v == value);
            assert!(
                !is("CI", "true") && !is("SVOD_REQUIRE_POSTGRES", "1"),
                "SVOD_TEST_POSTGRES is not set: export SVOD_TEST_POSTGRES=$(scripts/postgres-for-tests)"
            );
            eprintln!(
                "skipped: SVOD_TEST_POSTGRES is not set (export SVOD_TEST_POSTGRES=$(scripts/postgres-for-tests))"
            );
            return None;
        };
        let name = name();
        let joint = if url.contains('?') { '&' } else { '?' };
        let place = format!("{url}{joint}schema={name}").parse().expect("SVOD_TEST_POSTGRES is a postgres:// address");
        Some(Self { url: place, rubbish: Rubbish::Schema { url, name } })
    }

    /// One place on each engine there is.
    pub fn all() -> Vec<Self> {
        std::iter::once(Self::sqlite()).chain(Self::postgres()).collect()
    }

    /// Where it is.
    pub const fn url(&self) -> &StoreUrl {
        &self.url
    }

    /// Which engine it is on.
    pub const fn engine(&self) -> Engine {
        self.url.engine()
    }

    /// Opens the store with the system's clock; may be called again and again.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open(&self, options: StoreOptions) -> Result<Store, StoreError> {
        self.open_with(options, Arc::new(SystemClock))
    }

    /// Opens the store with a clock of the test.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(&self, options: StoreOptions, clock: Arc<dyn Clock>) -> Result<Store, StoreError> {
        Store::open(&self.url, options, clock)
    }
}

impl Drop for TestPlace {
    fn drop(&mut self) {
        match &self.rubbish {
            Rubbish::Folder(folder) => drop(std::fs::remove_dir_all(folder)),
            Rubbish::Schema { url, name } => {
                let sql = format!("SET lock_timeout TO '5s'; DROP SCHEMA IF EXISTS \"{name}\" CASCADE");
                let url = url.clone();
                // On a thread of its own: the client may not be used inside an async runtime.
                let clean = move || postgres::Client::connect(&url, postgres::NoTls)?.batch_execute(&sql);
                if !matches!(std::thread::spawn(clean).join(), Ok(Ok(()))) {
                    eprintln!("the test's schema {name} is left behind");
                }
            }
        }
    }
}

fn name() -> String {
    let now = SystemClock.now().0;
    format!("svod_test_{}_{}_{now}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// For each test named a `sqlite` and a `postgres` case; the crate's root has `fn run(&TestPlace, test)`.
#[allow(clippy::crate_in_macro_def, reason = "the test crate says how its tests are run")]
#[macro_export]
macro_rules! on_both_engines {
    ($($test:ident),* $(,)?) => {$(
        mod $test {
            use $crate::testing::TestPlace;

            #[test]
            fn sqlite() {
                crate::run(&TestPlace::sqlite(), super::$test);
            }

            #[test]
            fn postgres() {
                if let Some(place) = TestPlace::postgres() {
                    crate::run(&place, super::$test);
                }
            }
        }
    )*};
}
