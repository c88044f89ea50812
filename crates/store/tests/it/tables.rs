//! Each table through its functions.

use svod_kernel::Timestamp;
use svod_store::file::{self, FileRow};
use svod_store::finding::{self, NewFinding};
use svod_store::journal::{self, NewEvent};
use svod_store::outbox::{self, NewOutbox};
use svod_store::pack::{self, NewPack};
use svod_store::quarantine::{self, NewQuarantine, QuarantineQuery, Status};
use svod_store::testing::TestPlace;
use svod_store::{Conn, Store, StoreError, StoreOptions, meta, space};

crate::on_both_engines!(
    the_journal_is_read_three_ways,
    the_outbox_tries_again_later,
    findings_wait_until_deleted,
    quarantine_is_counted_and_replayed_once,
    quarantine_is_forgotten_in_its_time,
    packs_have_one_active_version,
    spaces_are_made_once,
    files_are_kept_in_parts_and_erased_whole,
);

pub(crate) fn event(urn: &str) -> NewEvent {
    NewEvent {
        at: Timestamp(7),
        actor: "official-ecology".into(),
        actor_name: "Эколог".into(),
        action: "take".into(),
        urn: urn.into(),
        kind: "Task".into(),
        version: 2,
        ground: "pack:kuzbass@0.1.0".into(),
        cause: None,
        changes: "{}".into(),
        on_behalf: Some("[]".into()),
    }
}

/// Runs a job by `write`, in a store made for the test.
pub(crate) async fn with<T: Send + 'static>(
    place: &TestPlace,
    job: impl FnMut(&mut dyn Conn) -> Result<T, StoreError> + Send + 'static,
) -> (Store, T) {
    let store = place.open(StoreOptions::default()).unwrap();
    let value = store.write(job).await.unwrap();
    (store, value)
}

async fn the_journal_is_read_three_ways(place: &TestPlace) {
    with(place, |c| {
        let mut caused = event("urn:t:2");
        caused.cause = Some("urn:case:1".into());
        assert_eq!(journal::append(c, 0, &[event("urn:t:1"), caused.clone()])?, 1);
        assert_eq!(journal::append(c, 0, &[event("urn:t:1")])?, 3);
        assert_eq!(journal::append(c, 0, &[])?, 4);
        let seqs = |rows: Vec<journal::EventRow>| rows.iter().map(|e| e.seq).collect::<Vec<_>>();
        assert_eq!(seqs(journal::page(c, 0, 1, 10)?), [2, 3]);
        assert_eq!(seqs(journal::page(c, 0, 0, 1)?), [1]);
        assert_eq!(seqs(journal::by_entity(c, 0, "urn:t:1", 0, 10)?), [1, 3]);
        let found = journal::by_cause(c, 0, "urn:case:1", 0, 10)?;
        assert_eq!(found, [journal::EventRow { space: 0, seq: 2, event: caused }]);
        assert!(matches!(journal::append(c, 99, &[event("urn:t:1")]), Err(StoreError::Shape(_))));
        Ok(())
    })
    .await;
}

async fn the_outbox_tries_again_later(place: &TestPlace) {
    with(place, |c| {
        let message = |n: i32| NewOutbox { kind: "mqtt".into(), body: n.to_string() };
        assert_eq!(outbox::put(c, 0, &[message(1), message(2)], Timestamp(10))?, 1);
        assert!(outbox::due(c, Timestamp(9), 10)?.is_empty());
        assert_eq!(outbox::due(c, Timestamp(10), 1)?.len(), 1);
        assert!(outbox::retry(c, 0, 1, Timestamp(50))?);
        assert!(outbox::done(c, 0, 2)?);
        assert!(!outbox::done(c, 0, 2)?);
        assert!(outbox::due(c, Timestamp(49), 10)?.is_empty());
        let due = outbox::due(c, Timestamp(50), 10)?;
        assert_eq!((due[0].id, due[0].attempts, due[0].body.as_str()), (1, 1, "1"));
        assert_eq!(outbox::count(c)?, 1);
        Ok(())
    })
    .await;
}

async fn findings_wait_until_deleted(place: &TestPlace) {
    with(place, |c| {
        let other = space::ensure(c, "other", false)?;
        let finding = |space| NewFinding {
            space,
            at: Timestamp(3),
            trigger_id: "air-above-norm".into(),
            urn: "urn:svod:station:1".into(),
            attribute: "pm25".into(),
            body: "{}".into(),
        };
        assert_eq!(finding::put(c, &[finding(0), finding(other)])?, 1);
        let rows = finding::page(c, 0, 10)?;
        assert_eq!(rows.iter().map(|f| (f.id, f.finding.space)).collect::<Vec<_>>(), [(1, 0), (2, other)]);
        assert_eq!(finding::page(c, 1, 10)?.len(), 1);
        assert_eq!(finding::delete(c, &[1, 2, 77])?, 2);
        assert_eq!(finding::count(c)?, 0);
        assert_eq!(finding::put(c, &[finding(0)])?, 3, "a number is never used twice");
        Ok(())
    })
    .await;
}

async fn quarantine_is_counted_and_replayed_once(place: &TestPlace) {
    with(place, |c| {
        let refused = |n: u8, reason: &str| NewQuarantine {
            space: 0,
            at: Timestamp(3),
            source: "mqtt:air/1/up".into(),
            profile: None,
            device: Some("1\0".into()),
            reason: reason.into(),
            detail: "…".into(),
            payload: vec![0, 255, n],
        };
        let messages = [refused(1, "wrong-unit"), refused(2, "malformed"), refused(3, "malformed")];
        assert_eq!(quarantine::put_many(c, &messages)?, 1);
        let held = |n: i64, reason: &str| (reason.to_owned(), n);
        assert_eq!(quarantine::counts(c, &[0], Status::Held)?, [held(2, "malformed"), held(1, "wrong-unit")]);
        assert!(quarantine::set_status(c, 2, Status::Held, Status::Replayed)?);
        assert!(!quarantine::set_status(c, 2, Status::Held, Status::Replayed)?);
        let query = QuarantineQuery {
            spaces: vec![0],
            reason: Some("malformed".into()),
            status: Some(Status::Held),
            before: None,
            limit: 10,
        };
        let page = quarantine::page(c, &query)?;
        assert_eq!(page.iter().map(|m| m.id).collect::<Vec<_>>(), [3]);
        let all = QuarantineQuery { spaces: vec![0, 5], before: Some(3), limit: 10, ..QuarantineQuery::default() };
        assert_eq!(quarantine::page(c, &all)?.iter().map(|m| m.id).collect::<Vec<_>>(), [2, 1]);
        let one = quarantine::get(c, 1)?.expect("kept");
        assert_eq!((one.message.payload, one.message.device), (vec![0, 255, 1], Some("1\u{FFFD}".into())));
        Ok(())
    })
    .await;
}

async fn quarantine_is_forgotten_in_its_time(place: &TestPlace) {
    with(place, |c| {
        let refused = |space: i64, at: i64| NewQuarantine {
            space,
            at: Timestamp(at),
            source: "mqtt:air/1/up".into(),
            profile: None,
            device: None,
            reason: "malformed".into(),
            detail: "…".into(),
            payload: vec![1],
        };
        let messages = [(0, 10), (5, 10), (0, 20), (5, 30), (0, 40)].map(|(space, at)| refused(space, at));
        assert_eq!(quarantine::put_many(c, &messages)?, 1);
        assert!(quarantine::set_status(c, 1, Status::Held, Status::Replayed)?);
        assert!(quarantine::set_status(c, 4, Status::Held, Status::Discarded)?);
        assert!(quarantine::set_status(c, 5, Status::Held, Status::Discarded)?);
        let left = |c: &mut dyn Conn| {
            let all = QuarantineQuery { spaces: vec![0, 5], limit: 10, ..QuarantineQuery::default() };
            Ok::<_, StoreError>(quarantine::page(c, &all)?.iter().map(|m| m.id).collect::<Vec<_>>())
        };
        let held = |c: &mut dyn Conn, before, most| quarantine::over(c, Status::Held, Timestamp(before), most);
        assert_eq!(held(c, 30, 10)?, [(5, 2), (0, 3)], "of the status, and before: the oldest first");
        assert_eq!(held(c, 30, 1)?, [(5, 2)], "so many at a time");
        assert_eq!(quarantine::over(c, Status::Discarded, Timestamp(40), 10)?, [(5, 4)]);
        let all = [(0, 1), (5, 2), (0, 3), (5, 4), (0, 5)];
        assert_eq!(quarantine::forget(c, &all, Status::Discarded, Timestamp(40))?, 1);
        assert_eq!(left(c)?, [5, 3, 2, 1], "in its time it stays, and so does what has another status by now");
        assert_eq!(quarantine::forget(c, &all, Status::Replayed, Timestamp(40))?, 1);
        assert_eq!(quarantine::forget(c, &all[..2], Status::Held, Timestamp(40))?, 1, "those that are named");
        assert_eq!(left(c)?, [5, 3]);
        assert_eq!(quarantine::forget(c, &[], Status::Held, Timestamp(40))?, 0);
        Ok(())
    })
    .await;
}

async fn packs_have_one_active_version(place: &TestPlace) {
    with(place, |c| {
        let pack = |id: &str, version: &str| NewPack {
            space: 0,
            id: id.into(),
            version: version.into(),
            published: Timestamp(5),
            actor: "administrator".into(),
            source: "{}".into(),
        };
        assert_eq!(pack::publish(c, &pack("base", "0.1.0"))?, Timestamp(5));
        assert_eq!(pack::publish(c, &pack("base", "0.2.0"))?, Timestamp(6));
        pack::publish(c, &pack("kuzbass", "0.1.0"))?;
        let active: Vec<_> = pack::active(c)?.into_iter().map(|p| (p.pack.id, p.pack.version)).collect();
        assert_eq!(active, [("kuzbass".into(), "0.1.0".to_owned()), ("base".to_owned(), "0.2.0".into())]);
        let versions: Vec<_> =
            pack::history(c, 0, "base", 10)?.into_iter().map(|p| (p.pack.version, p.active)).collect();
        assert_eq!(versions, [("0.2.0".to_owned(), true), ("0.1.0".to_owned(), false)]);
        Ok(())
    })
    .await;
}

async fn files_are_kept_in_parts_and_erased_whole(place: &TestPlace) {
    with(place, |c| {
        let other = space::ensure(c, "other", false)?;
        let row = |space, id: &str, created| FileRow {
            space,
            id: id.into(),
            owner: "urn:t:mandate:1".into(),
            name: "Скан.pdf".into(),
            kind: "pdf".into(),
            size: 600_000,
            sha256: "00".into(),
            state: "waiting".into(),
            created: Timestamp(created),
            actor: "urn:t:person:1".into(),
        };
        let long: Vec<u8> = (0..600_000_u32).map(|n| (n % 251) as u8).collect();
        file::add(c, &row(0, "urn:t:file:1", 5), &long)?;
        file::add(c, &row(other, "urn:t:file:1", 7), b"short")?;
        assert_eq!(file::bytes(c, 0, "urn:t:file:1")?, long);
        assert_eq!(file::bytes(c, other, "urn:t:file:1")?, b"short");
        assert_eq!(c.query("SELECT n FROM file_part WHERE space = ?1", &[0_i64.into()])?.len(), 3);
        assert_eq!(file::get(c, 0, "urn:t:file:1")?, Some(row(0, "urn:t:file:1", 5)));
        assert_eq!(file::by_id(c, "urn:t:file:1")?.len(), 2);
        assert_eq!(file::page(c, Timestamp(6), (i64::MIN, ""), 10)?, [row(0, "urn:t:file:1", 5)]);
        file::set_state(c, 0, "urn:t:file:1", "clean")?;
        let waiting = |c: &mut dyn Conn, after| file::in_states(c, ["waiting", "unscanned"], after, 10);
        assert_eq!(waiting(c, (i64::MIN, ""))?, [row(other, "urn:t:file:1", 7)]);
        assert!(waiting(c, (other, "urn:t:file:1"))?.is_empty());
        file::remove(c, 0, "urn:t:file:1")?;
        assert_eq!(file::get(c, 0, "urn:t:file:1")?, None);
        assert!(file::bytes(c, 0, "urn:t:file:1")?.is_empty());
        assert_eq!(file::bytes(c, other, "urn:t:file:1")?, b"short", "the other one stays");
        Ok(())
    })
    .await;
}

async fn spaces_are_made_once(place: &TestPlace) {
    let (store, ids) = with(place, |c| {
        let one = space::ensure(c, "kuzbass", false)?;
        let two = space::ensure(c, "kuzbass/novokuznetsk", true)?;
        assert_eq!(space::ensure(c, "kuzbass", false)?, one);
        meta::set(c, one, "offset", "1")?;
        meta::set(c, one, "offset", "2")?;
        assert_eq!(meta::get(c, one, "offset")?.as_deref(), Some("2"));
        assert_eq!(meta::get(c, two, "offset")?, None);
        Ok((one, two))
    })
    .await;
    let spaces = store.read(|c| space::list(c)).await.unwrap();
    let list: Vec<_> = spaces.iter().map(|s| (s.id, s.path.as_str(), s.open)).collect();
    assert_eq!(list, [(0, "installation", false), (ids.0, "kuzbass", false), (ids.1, "kuzbass/novokuznetsk", true)]);
}
