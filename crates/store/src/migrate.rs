//! Brings the tables to this version: `migrations/V….sql`, run by refinery, once for all nodes.

use refinery::{Migration, Runner};

use crate::link::Link;
use crate::url::Place;
use crate::{Engine, StoreError, StoreUrl};

const MIGRATIONS: [(&str, &str); 7] = [
    ("V0001__first", include_str!("../migrations/V0001__first.sql")),
    ("V0002__history", include_str!("../migrations/V0002__history.sql")),
    ("V0003__definition", include_str!("../migrations/V0003__definition.sql")),
    ("V0004__indexes", include_str!("../migrations/V0004__indexes.sql")),
    ("V0005__projections", include_str!("../migrations/V0005__projections.sql")),
    ("V0006__evolution", include_str!("../migrations/V0006__evolution.sql")),
    ("V0007__receipts", include_str!("../migrations/V0007__receipts.sql")),
];

fn migrations(engine: Engine) -> Result<Vec<Migration>, StoreError> {
    let (clustered, attributes) = match engine {
        Engine::Sqlite => (" WITHOUT ROWID", include_str!("../migrations/V0007.sqlite.sql")),
        Engine::Postgres => ("", include_str!("../migrations/V0007.postgres.sql")),
    };
    let filled = |sql: &str| sql.replace("{clustered}", clustered).replace("{attributes of before}", attributes);
    MIGRATIONS
        .iter()
        .map(|(name, sql)| Migration::unapplied(name, &filled(sql)))
        .collect::<Result<_, _>>()
        .map_err(failed)
}

fn failed(e: impl std::fmt::Display) -> StoreError {
    StoreError::Migration(e.to_string())
}

pub(crate) fn run(link: &mut Link, url: &StoreUrl) -> Result<(), StoreError> {
    let migrations = migrations(url.engine())?;
    let runner = Runner::new(&migrations);
    match link {
        Link::Sqlite(c) => runner.run(&mut c.db).map(drop).map_err(failed),
        Link::Postgres(c) => {
            let Place::Postgres { schema, .. } = &url.place else {
                return Err(failed("a PostgreSQL connection without a schema"));
            };
            // Nodes that start together take turns; the waiting may outlast an ordinary lock's.
            let key = c.lock_key();
            c.control(&format!(
                "SET lock_timeout TO '120s'; SELECT pg_advisory_lock({key}); CREATE SCHEMA IF NOT EXISTS \"{schema}\""
            ))?;
            let outcome = runner.run(&mut c.client).map(drop).map_err(failed);
            c.control(&format!("SELECT pg_advisory_unlock({key}); SET lock_timeout TO '10s'"))?;
            outcome
        }
    }
}
