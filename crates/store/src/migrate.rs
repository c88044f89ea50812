//! Brings the tables to this version: `migrations/V….sql`, run by refinery, once for all nodes.

use refinery::{Migration, Runner};

use crate::link::Link;
use crate::pg::PgConn;
use crate::url::Place;
use crate::{Engine, StoreError, StoreUrl, copy, entity};

const MIGRATIONS: [(&str, &str); 24] = [
    ("V0001__first", include_str!("../migrations/V0001__first.sql")),
    ("V0002__history", include_str!("../migrations/V0002__history.sql")),
    ("V0003__definition", include_str!("../migrations/V0003__definition.sql")),
    ("V0004__indexes", include_str!("../migrations/V0004__indexes.sql")),
    ("V0005__projections", include_str!("../migrations/V0005__projections.sql")),
    ("V0006__evolution", include_str!("../migrations/V0006__evolution.sql")),
    ("V0007__receipts", include_str!("../migrations/V0007__receipts.sql")),
    ("V0008__spread", include_str!("../migrations/V0008__spread.sql")),
    ("V0009__journal", include_str!("../migrations/V0009__journal.sql")),
    ("V0010__definition_kind", include_str!("../migrations/V0010__definition_kind.sql")),
    ("V0011__kind_of_rows", include_str!("../migrations/V0011__kind_of_rows.sql")),
    ("V0012__ledger", include_str!("../migrations/V0012__ledger.sql")),
    ("V0013__accounts", include_str!("../migrations/V0013__accounts.sql")),
    ("V0014__provider", include_str!("../migrations/V0014__provider.sql")),
    ("V0015__acting", include_str!("../migrations/V0015__acting.sql")),
    ("V0016__logout", include_str!("../migrations/V0016__logout.sql")),
    ("V0017__files", include_str!("../migrations/V0017__files.sql")),
    ("V0018__device", include_str!("../migrations/V0018__device.sql")),
    ("V0019__senders", include_str!("../migrations/V0019__senders.sql")),
    ("V0020__quarantine_at", include_str!("../migrations/V0020__quarantine_at.sql")),
    ("V0021__merged", include_str!("../migrations/V0021__merged.sql")),
    ("V0022__instance", include_str!("../migrations/V0022__instance.sql")),
    ("V0023__money", include_str!("../migrations/V0023__money.sql")),
    ("V0024__reach", include_str!("../migrations/V0024__reach.sql")),
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
            .replace("{merged into}", entity::merged_into(engine))
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

/// With every cause: the outermost says only that something went wrong.
fn failed(e: impl std::error::Error) -> StoreError {
    let mut text = e.to_string();
    let mut cause = e.source();
    while let Some(deeper) = cause {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        cause = deeper.source();
    }
    StoreError::Migration(text)
}

pub(crate) fn run(link: &mut Link, url: &StoreUrl) -> Result<(), StoreError> {
    let migrations = migrations(url.engine())?;
    // One transaction for all: apart, a migration and the row that remembers it may be parted by a kill.
    let runner = Runner::new(&migrations).set_grouped(true);
    match link {
        Link::Sqlite(c) => runner.run(&mut c.db).map(drop).map_err(failed),
        Link::Postgres(c) => {
            let Place::Postgres { schema, .. } = &url.place else {
                return Err(StoreError::Migration("a PostgreSQL connection without a schema".to_owned()));
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

#[cfg(test)]
mod tests {
    use refinery::Target;

    use super::*;
    use crate::testing::TestPlace;
    use crate::{Conn, StoreOptions, journal};

    #[test]
    fn a_store_of_an_earlier_version_keeps_its_journal() {
        let place = TestPlace::sqlite();
        let mut link = Link::connect(place.url(), true, &StoreOptions::default()).unwrap();
        let Link::Sqlite(c) = &mut link else { panic!("no SQLite") };
        let before = migrations(Engine::Sqlite).unwrap();
        Runner::new(&before).set_target(Target::Version(8)).run(&mut c.db).unwrap();
        let clustered = |c: &crate::sqlite::SqliteConn| {
            let sql = "SELECT sql FROM sqlite_master WHERE name = 'journal'";
            let text: String = c.db.query_row(sql, [], |row| row.get(0)).unwrap();
            text.contains("WITHOUT ROWID")
        };
        assert!(clustered(c), "as it was");
        for (space, seq) in [(2, 1), (1, 1), (1, 2), (2, 2)] {
            let sql = "INSERT INTO journal (space, seq, at, actor, actor_name, action, urn, type, version, ground, cause, changes)
                       VALUES (?1, ?2, 5, 'a', 'A', 'create', ?3, 'T', 1, 'g', ?4, ?5)";
            let cause = (seq == 2).then(|| "urn:case:1".to_owned());
            let long = format!("{{\"x\":\"{}\"}}", "й".repeat(2_000));
            c.execute(sql, &[space.into(), seq.into(), format!("urn:a:{seq}").into(), cause.into(), long.into()])
                .unwrap();
        }
        run(&mut link, place.url()).unwrap();
        let Link::Sqlite(c) = &mut link else { panic!("no SQLite") };
        let c = c.as_mut();
        assert!(!clustered(c));
        let seqs = |rows: Vec<journal::EventRow>| rows.iter().map(|r| r.seq).collect::<Vec<_>>();
        assert_eq!(seqs(journal::page(c, 1, 0, 10).unwrap()), [1, 2]);
        assert_eq!(seqs(journal::by_entity(c, 2, "urn:a:2", 0, 10).unwrap()), [2]);
        assert_eq!(seqs(journal::by_cause(c, 1, "urn:case:1", 0, 10).unwrap()), [2]);
        assert!(journal::page(c, 2, 1, 10).unwrap()[0].event.changes.len() > 4_000);
    }

    /// What stands in the way of one migration leaves none of the others half done: a kill is the same to them.
    #[test]
    fn a_migration_is_whole_or_not_at_all() {
        for place in TestPlace::all() {
            let mut link = Link::connect(place.url(), true, &StoreOptions::default()).unwrap();
            let before = migrations(place.engine()).unwrap();
            let until = Runner::new(&before).set_target(Target::Version(7));
            match (&mut link, &place.url().place) {
                (Link::Sqlite(c), _) => until.run(&mut c.db).unwrap(),
                (Link::Postgres(c), Place::Postgres { schema, .. }) => {
                    c.control(&format!("CREATE SCHEMA \"{schema}\"")).unwrap();
                    until.run(&mut c.client).unwrap()
                }
                (Link::Postgres(_), Place::Sqlite(_)) => panic!("another engine's place"),
            };
            let version = |link: &mut Link| {
                let sql = "SELECT CAST(MAX(version) AS BIGINT) FROM refinery_schema_history";
                link.conn().first(sql, &[]).unwrap().unwrap().int(0).unwrap()
            };
            link.conn().execute("CREATE TABLE ledger_leaf (other TEXT)", &[]).unwrap();
            let refused = run(&mut link, place.url()).unwrap_err().to_string();
            assert!(refused.contains("ledger_leaf"), "{refused}");
            assert_eq!(version(&mut link), 7);
            link.conn().execute("DROP TABLE ledger_leaf", &[]).unwrap();
            run(&mut link, place.url()).unwrap();
            assert_eq!(version(&mut link), i64::try_from(MIGRATIONS.len()).unwrap());
        }
    }
}
