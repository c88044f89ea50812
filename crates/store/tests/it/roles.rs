//! Two roles of PostgreSQL: one owns the tables, the other works with their rows (ASVS V13.2.2).

use std::sync::Arc;

use svod_kernel::SystemClock;
use svod_store::testing::TestPlace;
use svod_store::{Store, StoreError, StoreOptions, StoreUrl, meta, migrate};

/// Roles belong to the whole server: these are gone with the test.
struct Roles {
    admin: String,
    owner: String,
    works: String,
    schema: String,
}

impl Roles {
    fn make(admin: String, schema: &str) -> Self {
        let (owner, works) = (format!("{schema}_owner"), format!("{schema}_works"));
        let mut client = postgres::Client::connect(&admin, postgres::NoTls).unwrap();
        client
            .batch_execute(&format!(
                "CREATE ROLE {owner} LOGIN PASSWORD 'o'; CREATE ROLE {works} LOGIN PASSWORD 'w';
                 CREATE SCHEMA {schema} AUTHORIZATION {owner}"
            ))
            .unwrap();
        Self { admin, owner, works, schema: schema.to_owned() }
    }

    /// The same place, reached as that role.
    fn of(&self, role: &str, password: &str) -> StoreUrl {
        let (scheme, rest) = self.admin.split_once("://").unwrap();
        let host = rest.split_once('@').map_or(rest, |(_, host)| host);
        let joint = if host.contains('?') { '&' } else { '?' };
        format!("{scheme}://{role}:{password}@{host}{joint}schema={}", self.schema).parse().unwrap()
    }
}

impl Drop for Roles {
    fn drop(&mut self) {
        let Self { owner, works, schema, .. } = self;
        let sql = format!(
            "SET lock_timeout TO '5s'; DROP SCHEMA IF EXISTS {schema} CASCADE; DROP OWNED BY {works}, {owner};
             DROP ROLE {works}; DROP ROLE {owner}"
        );
        let gone = postgres::Client::connect(&self.admin, postgres::NoTls).and_then(|mut c| c.batch_execute(&sql));
        if let Err(e) = gone {
            eprintln!("the test's roles {works} and {owner} are left behind: {e}");
        }
    }
}

#[test]
fn who_works_with_rows_changes_no_table_and_says_what_to_do() {
    // Says why there is no PostgreSQL, and fails where there must be one.
    let Some(place) = TestPlace::postgres() else { return };
    let schema = format!("{}_two", place.url().schema().unwrap());
    let roles = Roles::make(std::env::var("SVOD_TEST_POSTGRES").unwrap(), &schema);
    let (owner, works) = (roles.of(&roles.owner, "o"), roles.of(&roles.works, "w"));
    let open = || Store::open(&works, StoreOptions::default(), Arc::new(SystemClock));
    assert!(open().is_err(), "there is nothing yet, and it may make nothing");
    assert!(migrate(&owner, Some(&roles.owner)).is_err(), "the owner is not the one who works");
    let version = migrate(&owner, Some(&roles.works)).unwrap();
    assert_eq!(migrate(&owner, Some(&roles.works)), Ok(version), "as often as one likes");

    let store = open().unwrap();
    store.blocking_write(|c| meta::set(c, 0, "two/roles", "yes")).unwrap();
    assert_eq!(store.blocking_read(|c| meta::get(c, 0, "two/roles")).unwrap().as_deref(), Some("yes"));
    for sql in [
        "CREATE TABLE another (n BIGINT)",
        "ALTER TABLE journal ADD COLUMN another BIGINT",
        "DROP TABLE journal",
        "TRUNCATE journal",
        "UPDATE refinery_schema_history SET version = 1",
        "CREATE SCHEMA another",
    ] {
        let refused = store.blocking_write(move |c| c.execute(sql, &[]));
        assert!(matches!(&refused, Err(StoreError::Statement(why)) if why.contains("42501")), "{sql}: {refused:?}");
    }
    store.blocking_close();

    // A program that is newer than the tables.
    let mut admin = postgres::Client::connect(&roles.admin, postgres::NoTls).unwrap();
    let last = format!("DELETE FROM {schema}.refinery_schema_history WHERE version = {version}");
    admin.batch_execute(&last).unwrap();
    let said = open().err().unwrap().to_string();
    let versions = [format!("of version {}", version - 1), format!("with version {version}")];
    assert!(versions.iter().all(|v| said.contains(v)) && said.contains("svod migrate"), "{said}");
    assert!(said.contains(&roles.works), "{said}");
}

#[test]
fn a_file_is_brought_to_its_version_as_well() {
    let place = TestPlace::sqlite();
    let version = migrate(place.url(), None).unwrap();
    assert!(version > 0 && place.url().path().unwrap().is_file());
    let store = place.open(StoreOptions::default()).unwrap();
    let sql = "SELECT MAX(version) FROM refinery_schema_history";
    let found = store.blocking_read(move |c| c.first(sql, &[])?.map_or(Ok(0), |row| row.int(0)));
    store.blocking_close();
    assert_eq!(found, Ok(i64::try_from(version).unwrap()));
}
