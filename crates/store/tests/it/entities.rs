//! Entities through their functions: written in bulk, found by number, type, value and place.

use svod_kernel::Timestamp;
use svod_store::entity::{self, EntityPage, IndexKey, IndexRow, Keys, Write};
use svod_store::testing::TestPlace;
use svod_store::{Conn, StoreError, journal, space, value_index};

use crate::tables::with;

crate::on_both_engines!(
    entities_keep_their_versions,
    removed_entities_leave_a_tombstone,
    entities_are_found_by_type_and_value,
    few_are_found_among_many_with_the_same_value,
    what_is_over_is_not_found_by_its_place,
    entities_are_found_by_cell,
    types_are_counted,
    a_writer_learns_that_it_is_behind,
);

/// A new entity; `index` are pairs of attribute number and key.
pub(crate) fn made(space: i64, urn: &str, kind: &str, index: &[(i64, &str)]) -> Write {
    let rows = index.iter().map(|(a, v)| (*a, IndexKey::Value(v.as_bytes().to_vec())));
    Write {
        space,
        id: None,
        urn: urn.into(),
        kind: kind.into(),
        retyped: false,
        mark: 0,
        version: 1,
        created: Timestamp(1_000),
        modified: Timestamp(1_000),
        doc: Ok(format!("{{\"urn\":\"{urn}\"}}")),
        gone: Vec::new(),
        added: rows.collect(),
        types_gone: Vec::new(),
        types_added: vec![kind.into()],
        tombstone: false,
    }
}

fn changed(of: &Write, id: i64, version: i64) -> Write {
    Write {
        id: Some(id),
        version,
        modified: Timestamp(2_000),
        added: Vec::new(),
        types_added: Vec::new(),
        ..of.clone()
    }
}

fn only(c: &mut dyn Conn, urn: &str) -> Result<Option<entity::EntityRow>, StoreError> {
    Ok(entity::get_many(c, &[urn], &[])?.pop())
}

async fn entities_keep_their_versions(place: &TestPlace) {
    with(place, |c| {
        let first = made(0, "urn:a:1", "T", &[]);
        entity::write(c, std::slice::from_ref(&first))?;
        let kept = only(c, "urn:a:1")?.expect("kept");
        assert_eq!((kept.id, kept.version, kept.created.0, kept.modified.0), (1, 1, 1_000, 1_000));
        entity::write(c, &[Write { doc: Ok("{\"v\":2}".into()), ..changed(&first, 1, 2) }])?;
        let kept = only(c, "urn:a:1")?.expect("kept");
        assert_eq!((kept.version, kept.modified.0, kept.doc.as_str()), (2, 2_000, "{\"v\":2}"));
        let other = space::ensure(c, "elsewhere", false)?;
        entity::write(c, &[made(other, "urn:a:1", "T", &[]), made(other, "urn:a:2", "T", &[])])?;
        assert_eq!(
            entity::get_many(c, &["urn:a:1", "urn:a:2", "urn:a:3"], &[])?.len(),
            3,
            "one identifier in two spaces"
        );
        Ok(())
    })
    .await;
    let store = place.open(svod_store::StoreOptions::default()).unwrap();
    let stale = changed(&made(0, "urn:a:1", "T", &[]), 1, 2);
    let outcome = store.write(move |c| entity::write(c, std::slice::from_ref(&stale))).await;
    assert!(matches!(outcome, Err(StoreError::Contended(_))), "{outcome:?}");
    let twice = made(0, "urn:a:1", "T", &[]);
    let outcome = store.write(move |c| entity::write(c, std::slice::from_ref(&twice))).await;
    assert!(matches!(outcome, Err(StoreError::Constraint(_))), "{outcome:?}");
}

async fn removed_entities_leave_a_tombstone(place: &TestPlace) {
    with(place, |c| {
        let first = made(0, "urn:a:1", "T", &[(7, "x")]);
        entity::write(c, std::slice::from_ref(&first))?;
        let gone = Write { doc: Err("was".into()), gone: first.added.clone(), ..changed(&first, 1, 1) };
        entity::write(c, &[gone])?;
        assert!(only(c, "urn:a:1")?.is_none());
        let stone = entity::tombstones(c, &["urn:a:1", "urn:a:2"], &[])?.pop().expect("kept");
        assert_eq!((stone.version, stone.deleted.0, stone.doc.as_str()), (1, 2_000, "was"));
        entity::write(c, &[Write { version: 2, tombstone: true, ..first.clone() }])?;
        assert!(entity::tombstones(c, &["urn:a:1"], &[])?.is_empty());
        assert_eq!(only(c, "urn:a:1")?.map(|e| (e.id, e.version)), Some((2, 2)), "a number is not used twice");
        Ok(())
    })
    .await;
}

async fn entities_are_found_by_type_and_value(place: &TestPlace) {
    const STATUS: i64 = 11;
    const PARITY: i64 = -12;
    with(place, |c| {
        let spaces = [space::ensure(c, "s/one", false)?, space::ensure(c, "s/two", false)?];
        let all: Vec<Write> = (0..30)
            .map(|n| {
                let index = [(STATUS, if n % 3 == 0 { "open" } else { "closed" }), (PARITY, ["even", "odd"][n % 2])];
                Write {
                    doc: Ok(n.to_string()),
                    ..made(spaces[n % 2], &format!("urn:e:{n}"), ["A", "B"][n / 15], &index)
                }
            })
            .collect();
        entity::write(c, &all)?;
        let mut page = EntityPage { spaces: vec![spaces[1], spaces[0]], limit: 7, ..EntityPage::default() };
        let mut seen = Vec::new();
        loop {
            let rows = entity::page(c, &page)?;
            let Some(last) = rows.last() else { break };
            page.after = Some((last.space, last.id));
            seen.extend(rows.into_iter().map(|e| (e.space, e.id)));
        }
        assert!(seen.len() == 30 && seen.is_sorted());
        let find = |c: &mut dyn Conn, types: &[&str], filters: &[(i64, &str)]| {
            let query = EntityPage {
                spaces: spaces.to_vec(),
                types: types.iter().map(|t| (*t).to_owned()).collect(),
                filters: filters.iter().map(|(a, v)| (*a, v.as_bytes().to_vec())).collect(),
                limit: 100,
                ..EntityPage::default()
            };
            let mut found: Vec<i64> = entity::page(c, &query)?.iter().map(|e| e.doc.parse().expect("n")).collect();
            found.sort_unstable();
            Ok::<_, StoreError>(found)
        };
        assert_eq!(find(c, &["A"], &[(STATUS, "open")])?, [0, 3, 6, 9, 12]);
        assert_eq!(find(c, &[], &[(STATUS, "open"), (PARITY, "odd")])?, [3, 9, 15, 21, 27]);
        assert_eq!(find(c, &["A", "B"], &[(PARITY, "even")])?.len(), 15);
        assert!(find(c, &["C"], &[])?.is_empty());

        let row = |v: &str| vec![(STATUS, IndexKey::Value(v.as_bytes().to_vec()))];
        entity::write(c, &[Write { gone: row("open"), added: row("closed"), ..changed(&all[0], 1, 2) }])?;
        assert_eq!(find(c, &["A"], &[(STATUS, "open")])?, [3, 6, 9, 12], "the old value is found no more");

        let keys =
            |low: &str, high: &str| Keys { space: spaces[0], attribute: STATUS, low: low.into(), high: high.into() };
        let (open, every) = (keys("open", "open"), keys("a", "z"));
        assert_eq!((entity::count_keys_to(c, &open, 100)?, entity::count_keys_to(c, &every, 9)?), (4, 9));
        let first = entity::by_keys(c, &every, None, 12)?;
        let rest = entity::by_keys(c, &every, first.last().map(|h| (h.key.as_slice(), h.entity)), 12)?;
        assert_eq!((first.len(), rest.len()), (12, 3));
        assert!(first.iter().chain(&rest).map(|h| (&h.key, h.entity)).is_sorted());
        let last = entity::by_keys_down(c, &every, None, 12)?;
        let before = entity::by_keys_down(c, &every, last.last().map(|h| (h.key.as_slice(), h.entity)), 12)?;
        let down = last.iter().chain(&before).rev().map(|h| (&h.key, h.entity));
        assert!(down.eq(first.iter().chain(&rest).map(|h| (&h.key, h.entity))), "the same from the other end");
        let ids: Vec<i64> = first.iter().map(|h| h.entity).collect();
        assert_eq!(entity::by_ids(c, spaces[0], &ids)?.iter().map(|e| e.id).collect::<Vec<_>>(), ids);
        assert_eq!(
            entity::of_type(c, spaces[0], "A", &ids)?.len() + entity::of_type(c, spaces[0], "B", &ids)?.len(),
            12
        );
        assert_eq!(entity::ids(c, spaces[0], Some("A"), i64::MIN, 100)?.len(), 8);
        assert_eq!(entity::ids(c, spaces[0], None, 3, 4)?, [4, 5, 6, 7]);
        Ok(())
    })
    .await;
}

/// By type where a type has few and a value many (open alerts among open cases), by value otherwise: page by page the same.
async fn few_are_found_among_many_with_the_same_value(place: &TestPlace) {
    const STATUS: i64 = 11;
    const KIND: i64 = 12;
    with(place, |c| {
        let space = space::ensure(c, "s", false)?;
        let entity = |n: usize| {
            let (kind, mark) = if n % 100 == 7 { ("Alert", 1) } else { ("Case", 2) };
            let index = [(STATUS, if n == 107 { "closed" } else { "open" }), (KIND, ["air", "water"][n / 300])];
            Write { mark, doc: Ok(n.to_string()), ..made(space, &format!("urn:e:{n}"), kind, &index) }
        };
        let all: Vec<Write> = (0..600).map(entity).collect();
        entity::write(c, &all)?;
        let mut find = |kind: &str, mark: i64, filters: &[(i64, &str)]| {
            let mut query = EntityPage {
                spaces: vec![space],
                types: vec![kind.to_owned()],
                marks: vec![mark],
                filters: filters.iter().map(|(a, v)| (*a, v.as_bytes().to_vec())).collect(),
                limit: 2,
                ..EntityPage::default()
            };
            let mut found: Vec<usize> = Vec::new();
            loop {
                let rows = entity::page(c, &query)?;
                found.extend(rows.iter().map(|e| e.doc.parse::<usize>().expect("n")));
                match rows.last() {
                    Some(last) if rows.len() == 2 => query.after = Some((last.space, last.id)),
                    _ => return Ok::<_, StoreError>(found),
                }
            }
        };
        let open = [(STATUS, "open")];
        assert_eq!(find("Alert", 1, &open)?, [7, 207, 307, 407, 507], "by type");
        assert_eq!(find("Alert", 1, &[(STATUS, "closed")])?, [107], "by value");
        assert_eq!(find("Alert", 1, &[(STATUS, "open"), (KIND, "air")])?, [7, 207]);
        assert_eq!(find("Case", 2, &open)?.len(), 594);
        assert!(find("Person", 3, &open)?.is_empty(), "none of the type");
        Ok(())
    })
    .await;
}

/// Work that is done keeps its place for ever: it is no answer, however few or many are open.
async fn what_is_over_is_not_found_by_its_place(place: &TestPlace) {
    const STATUS: i64 = 11;
    with(place, |c| {
        let key = |status: &str| status.as_bytes().to_vec();
        let row = |status: &str| (STATUS, IndexKey::Value(key(status)));
        let with = |n: i64, status: &str, at: Option<i64>| {
            let cell = at.map(|cell| (5, IndexKey::Cell(cell)));
            Write { added: [row(status)].into_iter().chain(cell).collect(), ..made(0, &format!("urn:t:{n}"), "T", &[]) }
        };
        let all = [
            with(1, "offered", Some(100)),
            with(2, "offered", None),
            with(3, "done", Some(110)),
            with(4, "taken", Some(120)),
            with(5, "done", None),
        ];
        entity::write(c, &all)?;
        let of = |status: &str| Keys { space: 0, attribute: STATUS, low: key(status), high: key(status) };
        let keys = [of("offered"), of("taken")];
        let mut found = |many: i64| {
            let ids = entity::placed(c, &keys, (0, 5), (77, many))?;
            let rows = entity::by_ids(c, 0, &ids)?;
            Ok::<_, StoreError>(rows.into_iter().map(|row| row.urn).collect::<Vec<_>>())
        };
        assert_eq!(found(1)?, ["urn:t:1", "urn:t:4"], "by both indexes");
        assert_eq!(found(100)?, ["urn:t:1", "urn:t:2", "urn:t:4"], "few are looked at one by one");
        Ok(())
    })
    .await;
}

async fn entities_are_found_by_cell(place: &TestPlace) {
    with(place, |c| {
        let at = |cell: i64| -> Vec<IndexRow> { vec![(5, IndexKey::Cell(cell))] };
        let all: Vec<Write> =
            (0..10).map(|n| Write { added: at(100 + n * 10), ..made(0, &format!("urn:p:{n}"), "P", &[]) }).collect();
        entity::write(c, &all)?;
        assert_eq!(entity::by_cells(c, 0, 5, (110, 140), None, 100)?.len(), 4);
        let cells = |hits: Vec<entity::Hit<i64>>| hits.iter().map(|h| (h.key, h.entity, h.kind)).collect::<Vec<_>>();
        assert_eq!(cells(entity::by_cells(c, 0, 5, (110, 140), Some((120, 3)), 100)?), [(130, 4, 0), (140, 5, 0)]);
        assert_eq!(entity::count_cells_to(c, 0, 5, (0, 1_000), 7)?, 7);
        entity::write(c, &[Write { gone: at(110), added: at(500), ..changed(&all[1], 2, 2) }])?;
        assert_eq!(entity::by_cells(c, 0, 5, (110, 140), None, 100)?.len(), 3);
        entity::add_rows(c, at(500).iter().map(|row| entity::Added { space: 0, entity: 2, kind: 7, row }))?;
        assert_eq!(cells(entity::by_cells(c, 0, 5, (500, 500), None, 9)?), [(500, 2, 0)], "a row that is there stays");
        Ok(())
    })
    .await;
}

async fn types_are_counted(place: &TestPlace) {
    with(place, |c| {
        let all: Vec<Write> = (0..5).map(|n| made(0, &format!("urn:c:{n}"), "A", &[])).collect();
        entity::write(c, &all)?;
        let other = Write { types_gone: vec!["A".into()], types_added: vec!["B".into()], ..changed(&all[0], 1, 2) };
        entity::write(c, &[other])?;
        entity::write(c, &[Write { doc: Err("x".into()), types_gone: vec!["A".into()], ..changed(&all[1], 2, 2) }])?;
        assert_eq!(
            (entity::count(c, &[0], "A")?, entity::count(c, &[0, 9], "B")?, entity::count(c, &[0], "C")?),
            (3, 1, 0)
        );
        Ok(())
    })
    .await;
}

async fn a_writer_learns_that_it_is_behind(place: &TestPlace) {
    with(place, |c| {
        let epoch = space::list(c)?[0].epoch;
        let event = crate::tables::event("urn:t:1");
        assert_eq!(journal::append_at(c, 0, epoch, std::slice::from_ref(&event))?, 1);
        assert!(value_index::begin(c, 0, "speed", Timestamp(1))? && !value_index::begin(c, 0, "speed", Timestamp(2))?);
        assert_eq!(journal::append_at(c, 0, epoch, std::slice::from_ref(&event)), Err(StoreError::Stale));
        value_index::advance(c, 0, "speed", (3, 4), true)?;
        let kept = value_index::list(c)?.pop().expect("kept");
        assert_eq!((kept.name.as_str(), kept.ready, kept.at), ("speed", true, (3, 4)));
        Ok(())
    })
    .await;
}
