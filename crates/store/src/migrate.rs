//! Brings the tables to this version: `migrations/V….sql`, run by refinery, once for all nodes.

use refinery::{Migration, Runner};

use crate::link::Link;
use crate::pg::PgConn;
use crate::{Engine, StoreError, StoreOptions, StoreUrl, copy, entity};

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
            let schema = schema_of(url)?;
            let now = Standing::of(c, schema, &runner)?;
            // Who works with rows alone may not even ask for what is there already.
            if now.applied == migrations && !(c.spread && now.may_change) {
                return Ok(());
            }
            if !now.may_change {
                return Err(now.refused());
            }
            // Nodes that start together take turns; the waiting may outlast an ordinary lock's. The owner of the tables need not
            // be allowed to make a schema where there is one.
            let made = if now.is_there { String::new() } else { format!("; CREATE SCHEMA IF NOT EXISTS \"{schema}\"") };
            let key = c.lock_key();
            c.control(&format!("SET lock_timeout TO '120s'; SELECT pg_advisory_lock({key}){made}"))?;
            let outcome = runner.run(&mut c.client).map(drop).map_err(failed).and_then(|()| spread(c, schema));
            c.control(&format!("SELECT pg_advisory_unlock({key}); SET lock_timeout TO '10s'"))?;
            outcome
        }
    }
}

fn schema_of(url: &StoreUrl) -> Result<&str, StoreError> {
    url.schema().ok_or_else(|| StoreError::Migration("a PostgreSQL connection without a schema".to_owned()))
}

/// How the tables of a PostgreSQL store stand, and what who asks may do with them.
struct Standing {
    is_there: bool,
    may_change: bool,
    role: String,
    applied: Vec<Migration>,
}

impl Standing {
    fn of(c: &mut PgConn, schema: &str, runner: &Runner) -> Result<Self, StoreError> {
        let sql =
            "SELECT named IS NOT NULL, to_regclass(quote_ident($1::text) || '.refinery_schema_history') IS NOT NULL,
                   CASE WHEN named IS NULL THEN has_database_privilege(current_database(), 'CREATE')
                        ELSE has_schema_privilege(named::oid, 'CREATE') END, current_user::text
                   FROM (SELECT to_regnamespace(quote_ident($1::text)) AS named) one";
        let row = c.client.query_one(sql, &[&schema]).map_err(failed)?;
        let flag = |column: usize| row.try_get::<_, bool>(column).map_err(failed);
        let applied = if flag(1)? { runner.get_applied_migrations(&mut c.client).map_err(failed)? } else { Vec::new() };
        Ok(Self { is_there: flag(0)?, may_change: flag(2)?, role: row.try_get(3).map_err(failed)?, applied })
    }

    fn refused(&self) -> StoreError {
        let (has, wants) = (self.applied.iter().map(Migration::version).max().unwrap_or(0), MIGRATIONS.len());
        StoreError::Migration(format!(
            "the tables are of version {has}, this program works with version {wants}, and the role '{}' may not change them: \
             run 'svod migrate' as the role that owns them, with the same program",
            self.role
        ))
    }
}

/// Brings the tables of a store to this version without opening it, as the role that owns them; `works` names the role that is
/// given their rows and nothing else (PostgreSQL). The version that they have then. Blocks; may be called anywhere.
///
/// # Errors
/// [`StoreError::Unavailable`], [`StoreError::Migration`], [`StoreError::Statement`] when the role cannot be given them.
pub fn migrate(url: &StoreUrl, works: Option<&str>) -> Result<usize, StoreError> {
    let (url, works) = (url.clone(), works.map(str::to_owned));
    // On a thread of its own: PostgreSQL's client may not be used inside an async runtime.
    let job = move || {
        let mut link = Link::connect(&url, true, &StoreOptions::default())?;
        run(&mut link, &url)?;
        if let (Link::Postgres(c), Some(role)) = (&mut link, works) {
            give(c, schema_of(&url)?, &role)?;
        }
        link.finish();
        Ok(MIGRATIONS.len())
    };
    let done = std::thread::spawn(job).join();
    done.unwrap_or_else(|_| Err(StoreError::Migration("it panicked; nothing was changed".to_owned())))
}

/// A role reads and writes rows, and reads which version the tables are of. Tables it can neither make nor change.
fn give(c: &mut PgConn, schema: &str, role: &str) -> Result<(), StoreError> {
    let same = "SELECT current_user::text = $1::text";
    let row = c.client.query_one(same, &[&role]).map_err(failed)?;
    if row.try_get::<_, bool>(0).map_err(failed)? {
        return Err(StoreError::Migration(format!("'{role}' owns the tables: name another role that works with them")));
    }
    let [schema, role] = [schema, role].map(|name| format!("\"{}\"", name.replace('"', "\"\"")));
    c.control(&format!(
        "GRANT USAGE ON SCHEMA {schema} TO {role};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
         REVOKE INSERT, UPDATE, DELETE ON {schema}.refinery_schema_history FROM {role}"
    ))
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
    use crate::url::Place;
    use crate::{Conn, journal};

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
