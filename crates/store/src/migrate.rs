//! Brings the tables to this version: `migrations/V….sql`, run by refinery, once for all nodes.

use refinery::{Migration, Runner};

use crate::link::Link;
use crate::pg::PgConn;
use crate::url::Place;
use crate::{Engine, StoreError, StoreUrl, copy};

const MIGRATIONS: [(&str, &str); 9] = [
    ("V0001__first", include_str!("../migrations/V0001__first.sql")),
    ("V0002__history", include_str!("../migrations/V0002__history.sql")),
    ("V0003__definition", include_str!("../migrations/V0003__definition.sql")),
    ("V0004__indexes", include_str!("../migrations/V0004__indexes.sql")),
    ("V0005__projections", include_str!("../migrations/V0005__projections.sql")),
    ("V0006__evolution", include_str!("../migrations/V0006__evolution.sql")),
    ("V0007__receipts", include_str!("../migrations/V0007__receipts.sql")),
    ("V0008__spread", include_str!("../migrations/V0008__spread.sql")),
    ("V0009__journal", include_str!("../migrations/V0009__journal.sql")),
];

fn migrations(engine: Engine) -> Result<Vec<Migration>, StoreError> {
    let (clustered, attributes) = match engine {
        Engine::Sqlite => (" WITHOUT ROWID", include_str!("../migrations/V0007.sqlite.sql")),
        Engine::Postgres => ("", include_str!("../migrations/V0007.postgres.sql")),
    };
    // A constraint over another column than the one that tables are spread by cannot be had; who makes a space holds the
    // exclusive lock.
    let paths = match engine {
        Engine::Sqlite => "SELECT 1;",
        Engine::Postgres => {
            "ALTER TABLE space DROP CONSTRAINT IF EXISTS space_path_key; CREATE INDEX space_path ON space (path);"
        }
    };
    let journal = match engine {
        Engine::Sqlite => include_str!("../migrations/V0009.sqlite.sql"),
        Engine::Postgres => "SELECT 1;",
    };
    let filled = |sql: &str| {
        sql.replace("{clustered}", clustered)
            .replace("{attributes of before}", attributes)
            .replace("{spaces by path}", paths)
            .replace("{journal in rows}", journal)
    };
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
            let outcome = runner.run(&mut c.client).map(drop).map_err(failed).and_then(|()| spread(c, schema));
            c.control(&format!("SELECT pg_advisory_unlock({key}); SET lock_timeout TO '10s'"))?;
            outcome
        }
    }
}

/// Where the database is a Citus cluster, every table is distributed by space, all rows of a space on one worker.
fn spread(c: &mut PgConn, schema: &str) -> Result<(), StoreError> {
    if !c.spread {
        return Ok(());
    }
    let leases = ("lease", "space", "space");
    let tables = copy::tables().map(|t| match t.name {
        "space" => ("space", "id", "none"),
        name => (name, "space", "space"),
    });
    for (table, by, beside) in tables.chain([leases]) {
        let named = |t: &str| format!("\"{schema}\".{t}");
        let beside = if beside == "none" { beside.to_owned() } else { named(beside) };
        let sql = format!(
            "SELECT create_distributed_table('{0}', '{by}', colocate_with => '{beside}') FROM (SELECT 1) one
             WHERE NOT EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = '{0}'::regclass)",
            named(table)
        );
        c.control(&sql)?;
    }
    Ok(())
}
