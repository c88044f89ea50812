//! Where a test's store is, as the program is told it.

use svod_store::Engine;
use svod_store::testing::TestPlace;

/// The address that `SVOD_STORE` takes, password and all: what [`TestPlace`] shows hides it.
///
/// # Panics
/// Never with a place of [`TestPlace`]: one on PostgreSQL was made from `SVOD_TEST_POSTGRES`.
pub fn address(place: &TestPlace) -> String {
    let shown = place.url().to_string();
    if place.engine() == Engine::Sqlite {
        return shown;
    }
    let server = std::env::var("SVOD_TEST_POSTGRES").expect("a place on PostgreSQL comes from SVOD_TEST_POSTGRES");
    let schema = shown.rsplit_once("schema=").expect("a place on PostgreSQL names its schema").1;
    let joint = if server.contains('?') { '&' } else { '?' };
    format!("{server}{joint}schema={schema}")
}
