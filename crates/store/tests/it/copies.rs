//! A store as a whole: copied between engines, broken off, compared.

use svod_store::copy::{self, CopyError, Target};
use svod_store::testing::TestPlace;
use svod_store::{Conn, Store, StoreError, StoreOptions, space};

fn opened(place: &TestPlace) -> Store {
    place.open(StoreOptions::default()).unwrap()
}

/// A row in every table, with what is hard to carry over.
fn fill(conn: &mut dyn Conn) -> Result<(), StoreError> {
    let top = space::ensure(conn, "a", false)?;
    for table in copy::tables().filter(|t| t.name != "space") {
        let value = |(place, (name, kind)): (usize, &(&str, copy::Kind))| match (kind, *name) {
            (_, "space") => top.into(),
            (copy::Kind::Int, _) => i64::MAX.into(),
            (copy::Kind::Real, _) => {
                if place == 3 {
                    0.1.into()
                } else {
                    5.0.into()
                }
            }
            (copy::Kind::Text, _) => "тест 'a' ~\n".into(),
            (copy::Kind::Json, _) => r#"{"b":1,"a":"ү"}"#.into(),
            (copy::Kind::Bytes, _) => vec![0_u8, 255, 7].into(),
        };
        let row: Vec<_> = table.columns.iter().enumerate().map(value).collect();
        copy::put(conn, &table, &[row])?;
    }
    Ok(())
}

fn sums(store: &Store) -> Vec<copy::Digest> {
    store
        .blocking_read(|conn| copy::tables().map(|t| copy::digest(conn, &t)).collect::<Result<Vec<_>, StoreError>>())
        .unwrap()
}

async fn everything_arrives(place: &TestPlace) {
    let from_place = TestPlace::sqlite();
    let (from, to) = (opened(&from_place), opened(place));
    from.write(|conn| fill(conn)).await.unwrap();
    let (a, b) = (from.clone(), to.clone());
    tokio::task::spawn_blocking(move || {
        let mut told = 0;
        copy::copy(&a, &b, &mut |_, _| told += 1).unwrap();
        assert_eq!(told, copy::tables().count());
        assert_eq!(sums(&a), sums(&b));
        // A store in use is not overwritten, and the way back is the same.
        assert!(matches!(copy::copy(&a, &b, &mut |_, _| {}), Err(CopyError::NotEmpty)));
        let back = TestPlace::sqlite();
        let third = opened(&back);
        copy::copy(&b, &third, &mut |_, _| {}).unwrap();
        assert_eq!(sums(&a), sums(&third));
        third.blocking_close();
    })
    .await
    .unwrap();
    from.close().await;
    to.close().await;
}

async fn one_that_was_broken_off_goes_on(place: &TestPlace) {
    let from_place = TestPlace::sqlite();
    let (from, to) = (opened(&from_place), opened(place));
    from.write(|conn| {
        fill(conn)?;
        for n in 0..5_000 {
            svod_store::meta::set(conn, 0, &format!("key-{n}"), "value")?;
        }
        Ok::<_, StoreError>(())
    })
    .await
    .unwrap();
    let (a, b) = (from.clone(), to.clone());
    tokio::task::spawn_blocking(move || {
        // The first two tables and a part of a third are there when it breaks off.
        let mut target = Target::open(&b).unwrap();
        for (n, table) in copy::tables().filter(|t| ["space", "pack", "meta"].contains(&t.name)).enumerate() {
            let rows = a.blocking_read(move |conn| {
                let mut rows = Vec::new();
                copy::each(conn, &table, &mut |row| {
                    rows.push(row);
                    Ok(())
                })?;
                Ok::<_, StoreError>(rows)
            });
            let mut rows = rows.unwrap();
            rows.truncate(if n == 2 { 1_700 } else { usize::MAX });
            target.put(table, rows).unwrap();
        }
        drop(target);
        copy::copy(&a, &b, &mut |_, _| {}).unwrap();
        assert_eq!(sums(&a), sums(&b));
    })
    .await
    .unwrap();
    from.close().await;
    to.close().await;
}

async fn a_source_that_changed_is_noticed(place: &TestPlace) {
    let from_place = TestPlace::sqlite();
    let (from, to) = (opened(&from_place), opened(place));
    from.write(|conn| fill(conn)).await.unwrap();
    let (a, b) = (from.clone(), to.clone());
    tokio::task::spawn_blocking(move || {
        let mut target = Target::open(&b).unwrap();
        let spaces = copy::tables().next().unwrap();
        let rows = a.blocking_read(move |conn| {
            let mut rows = Vec::new();
            copy::each(conn, &spaces, &mut |row| {
                rows.push(row);
                Ok(())
            })?;
            Ok::<_, StoreError>(rows)
        });
        target.put(spaces, rows.unwrap()).unwrap();
        drop(target);
        a.blocking_write(|conn| conn.execute("UPDATE space SET open = 1 WHERE path = ?1", &["a".into()])).unwrap();
        let outcome = copy::copy(&a, &b, &mut |_, _| {});
        assert!(matches!(outcome, Err(CopyError::Differs { table: "space", .. })), "{outcome:?}");
    })
    .await
    .unwrap();
    from.close().await;
    to.close().await;
}

/// What is not listed would be lost.
async fn every_table_is_known(place: &TestPlace) {
    let store = opened(place);
    let schema = include_str!("../../schema.sql");
    let named: Vec<&str> = schema
        .lines()
        .filter_map(|l| l.strip_prefix("CREATE TABLE "))
        .map(|l| l.trim_end_matches(" (").trim_matches('"'))
        .filter(|t| !["lease", "refinery_schema_history"].contains(t))
        .collect();
    let known: Vec<&str> = copy::tables().map(|t| t.name).collect();
    for name in &named {
        assert!(known.contains(name), "{name} is not copied");
    }
    assert_eq!(named.len(), known.len());
    let all = store.read(|conn| copy::tables().map(|t| copy::digest(conn, &t)).collect::<Result<Vec<_>, StoreError>>());
    all.await.unwrap();
    for table in copy::tables() {
        let columns = schema.split("CREATE TABLE ").find(|part| part.trim_matches('"').starts_with(table.name));
        let body = columns.unwrap_or_default();
        assert!(table.columns.iter().all(|(c, _)| body.contains(&format!("{c} "))), "{}", table.name);
    }
    store.close().await;
}

crate::on_both_engines!(
    everything_arrives,
    one_that_was_broken_off_goes_on,
    a_source_that_changed_is_noticed,
    every_table_is_known,
);
