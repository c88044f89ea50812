use svod_store::testing::TestPlace;
use svod_store::{StoreError, StoreOptions};

/// `UPDATE_SCHEMA=1 cargo nextest run -p svod-store schema` writes it anew.
#[test]
fn schema_sql_is_what_the_migrations_make() {
    let store = TestPlace::sqlite();
    let open = store.open(StoreOptions::default()).unwrap();
    let sql = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'refinery%'
               ORDER BY tbl_name, type DESC, name";
    let made: String = open
        .blocking_read(move |conn| {
            let rows = conn.query(sql, &[])?;
            rows.iter().map(|r| Ok::<_, StoreError>(r.text(0)? + ";\n\n")).collect::<Result<_, _>>()
        })
        .unwrap();
    open.blocking_close();
    let path = "schema.sql";
    let made =
        format!("-- Made by UPDATE_SCHEMA=1 cargo nextest run -p svod-store schema (as SQLite sees it).\n\n{made}");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        made,
        "run UPDATE_SCHEMA=1 cargo nextest run -p svod-store schema"
    );
}
