use svod_kernel::Timestamp;
use svod_store::instance::{self, InstanceRow, Status, Step, Wait, Waits};
use svod_store::testing::TestPlace;
use svod_store::{Store, StoreError, StoreOptions, space};

crate::on_both_engines!(
    steps_follow_each_other,
    of_two_that_move_one_instance_one_is_refused,
    waits_are_found_by_time_and_by_name,
    who_is_told_to_look_at_once_is_not_put_off,
    instances_are_listed_and_counted,
    what_is_kept_of_somebody_is_destroyed,
);

async fn ready(place: &TestPlace) -> (Store, i64) {
    let store = place.open(StoreOptions::default()).unwrap();
    let space = store.write(|c| space::ensure(c, "kuzbass", false)).await.unwrap();
    (store, space)
}

fn row(space: i64, id: i64, version: i64) -> InstanceRow {
    InstanceRow {
        space,
        id,
        urn: format!("urn:svod:case:{id}"),
        process: "birth@1.0.0/birth".into(),
        parent: None,
        business_key: Some(format!("key-{id}")),
        person: (id > 3).then(|| "urn:t:person".to_owned()),
        status: Status::Running,
        version,
        started: Timestamp(1),
        modified: Timestamp(version),
        state: format!("{{\"version\":{version}}}"),
    }
}

fn step(row: InstanceRow) -> Step {
    Step { row, over: Vec::new(), waits: Vec::new(), steps: "[]".into() }
}

fn wait(id: &str, kind: Waits, name: &str, key: &str, due: Option<i64>) -> Wait {
    Wait {
        id: id.into(),
        kind,
        name: name.into(),
        key: key.into(),
        due: due.map(Timestamp),
        attempts: 0,
        body: "{}".into(),
    }
}

async fn write(store: &Store, steps: Vec<Step>) -> Result<(), StoreError> {
    store.write(move |c| instance::write(c, &steps)).await
}

async fn steps_follow_each_other(place: &TestPlace) {
    let (store, space) = ready(place).await;
    let first = store.write(move |c| instance::numbers(c, space, 2)).await.unwrap();
    assert_eq!(first, 1);
    let told = |version: i64, what: &str| Step { steps: format!("[\"{what}\"]"), ..step(row(space, 1, version)) };
    write(&store, vec![told(1, "start"), step(row(space, 2, 1))]).await.unwrap();
    write(&store, vec![told(2, "task")]).await.unwrap();
    let (one, many, trail) = store
        .read(move |c| {
            let one = instance::get(c, space, 1)?;
            let many = instance::get_many(c, space, &[2, 1, 7])?;
            Ok::<_, StoreError>((one, many, instance::steps(c, space, 1, 0, 10)?))
        })
        .await
        .unwrap();
    assert_eq!(one.unwrap(), row(space, 1, 2));
    assert_eq!(many.len(), 2);
    assert_eq!(trail, [(1, Timestamp(1), "[\"start\"]".into()), (2, Timestamp(2), "[\"task\"]".into())]);
    let of_case = store.read(|c| instance::of_case(c, "urn:svod:case:2")).await.unwrap();
    assert_eq!(of_case, [row(space, 2, 1)]);
}

async fn of_two_that_move_one_instance_one_is_refused(place: &TestPlace) {
    let (store, space) = ready(place).await;
    write(&store, vec![step(row(space, 1, 1)), step(row(space, 2, 1))]).await.unwrap();
    write(&store, vec![step(row(space, 1, 2))]).await.unwrap();
    for late in [1, 2, 4] {
        // The other instance of the same job is left alone as well.
        let refused = write(&store, vec![step(row(space, 2, 2)), step(row(space, 1, late))]).await;
        assert!(matches!(refused, Err(StoreError::Contended(_))), "{late}: {refused:?}");
    }
    let found = store.read(move |c| instance::get_many(c, space, &[1, 2])).await.unwrap();
    assert_eq!(found.iter().map(|r| (r.id, r.version)).collect::<Vec<_>>(), [(1, 2), (2, 1)]);
}

async fn waits_are_found_by_time_and_by_name(place: &TestPlace) {
    let (store, space) = ready(place).await;
    let waits = vec![
        wait("t1", Waits::Timer, "", "", Some(100)),
        wait("s1", Waits::Service, "bank", "1:s1", Some(50)),
        wait("m1", Waits::Message, "paid", "77", None),
        wait("g1", Waits::Signal, "storm", "", None),
    ];
    write(&store, vec![Step { waits, ..step(row(space, 1, 1)) }]).await.unwrap();
    let due = |at: i64| store.read(move |c| instance::due(c, Timestamp(at), 10));
    assert!(due(49).await.unwrap().is_empty());
    let found = due(100).await.unwrap();
    assert_eq!(found.iter().map(|w| w.wait.id.as_str()).collect::<Vec<_>>(), ["s1", "t1"]);
    assert_eq!(store.read(instance::next_due).await.unwrap(), Some(Timestamp(50)));
    let service = found[0].clone();
    assert!(store.write(move |c| instance::retry(c, &service, Timestamp(500))).await.unwrap());
    assert_eq!(store.read(instance::next_due).await.unwrap(), Some(Timestamp(100)));
    let named =
        |kind, name: &'static str, key: &'static str| store.read(move |c| instance::awaiting(c, kind, name, key, 10));
    assert_eq!(named(Waits::Message, "paid", "77").await.unwrap().len(), 1);
    assert!(named(Waits::Message, "paid", "78").await.unwrap().is_empty());
    assert_eq!(named(Waits::Signal, "storm", "").await.unwrap().len(), 1);
    let again = wait("t1", Waits::Timer, "", "", Some(900));
    let over = vec!["m1".to_owned(), "g1".to_owned()];
    write(&store, vec![Step { over, waits: vec![again], ..step(row(space, 1, 2)) }]).await.unwrap();
    let left = store.read(move |c| instance::waits_of(c, space, 1)).await.unwrap();
    assert_eq!(left.iter().map(|w| (w.id.as_str(), w.attempts)).collect::<Vec<_>>(), [("s1", 1), ("t1", 0)]);
    assert!(due(899).await.unwrap().iter().all(|w| w.wait.id == "s1"));
}

async fn instances_are_listed_and_counted(place: &TestPlace) {
    let (store, space) = ready(place).await;
    let all = (1..=5).map(|id| {
        let status = if id == 3 { Status::Incident } else { Status::Running };
        step(InstanceRow { status, ..row(space, id, 1) })
    });
    write(&store, all.collect()).await.unwrap();
    let page = |status, after| store.read(move |c| instance::page(c, space, "birth@1.0.0/birth", status, after, 2));
    let ids = |rows: Vec<InstanceRow>| rows.into_iter().map(|r| r.id).collect::<Vec<_>>();
    assert_eq!(ids(page(Status::Running, 0).await.unwrap()), [1, 2]);
    assert_eq!(ids(page(Status::Running, 2).await.unwrap()), [4, 5]);
    assert_eq!(ids(page(Status::Incident, 0).await.unwrap()), [3]);
    let counts = store.read(move |c| instance::counts(c, space)).await.unwrap();
    assert_eq!(counts["birth@1.0.0/birth"], [4, 1, 0, 0]);
}

/// A message that nobody waited for is put off by who has looked; meanwhile somebody has begun to wait, and it is due at once.
async fn who_is_told_to_look_at_once_is_not_put_off(place: &TestPlace) {
    let (store, space) = ready(place).await;
    let sent = Step { waits: vec![wait("m1", Waits::Sent, "paid", "a", Some(900))], ..step(row(space, 1, 1)) };
    write(&store, vec![sent]).await.unwrap();
    let all = store.read(|c| instance::due(c, Timestamp(900), 10)).await.unwrap();
    let looked = all[0].clone();
    let waits = Step { waits: vec![wait("s1", Waits::Message, "paid", "a", None)], ..step(row(space, 2, 1)) };
    write(&store, vec![waits]).await.unwrap();
    let later = Wait { due: Some(Timestamp(5_000)), ..looked.wait.clone() };
    let rewrite = async |waiting: &instance::Waiting, into: Option<&Wait>| {
        let (waiting, into) = (waiting.clone(), into.cloned());
        store.write(move |c| instance::rewrite(c, &waiting, into.as_ref())).await.unwrap()
    };
    assert!(!rewrite(&looked, Some(&later)).await, "it is due at another moment now");
    assert!(!rewrite(&looked, None).await);
    let due = store.read(|c| instance::due(c, Timestamp(10), 10)).await.unwrap();
    assert_eq!(due.len(), 1, "still due at once");
    // One that rests is not due, and is found by that.
    let resting = Wait { due: None, ..due[0].wait.clone() };
    assert!(rewrite(&due[0], Some(&resting)).await);
    let rests = instance::Waiting { wait: resting, ..due[0].clone() };
    assert!(rewrite(&rests, Some(&later)).await && !rewrite(&rests, None).await);
}

async fn what_is_kept_of_somebody_is_destroyed(place: &TestPlace) {
    let (store, space) = ready(place).await;
    let all = (1..=5).map(|id| {
        let status = if id == 4 { Status::Done } else { Status::Running };
        let waits = vec![wait("t1", Waits::Timer, "", "", Some(900))];
        Step { waits, steps: "[\"secret\"]".into(), ..step(InstanceRow { status, ..row(space, id, 1) }) }
    });
    write(&store, all.collect()).await.unwrap();
    let forget = |urn: &'static str| store.write(move |c| instance::forget_of(c, space, urn));
    let forgotten = forget("urn:t:person").await.unwrap();
    assert_eq!((forgotten.instances, forgotten.running), (1, vec!["urn:svod:case:5".to_owned()]));
    let of = |id: i64| store.read(move |c| instance::get(c, space, id));
    assert!(of(4).await.unwrap().is_none() && of(5).await.unwrap().is_some());
    // A case that is gone itself has nothing left to run for.
    assert_eq!(forget("urn:svod:case:5").await.unwrap().instances, 1);
    assert!(store.read(move |c| instance::waits_of(c, space, 5)).await.unwrap().is_empty());
    assert!(store.read(move |c| instance::steps(c, space, 5, 0, 10)).await.unwrap().is_empty());
    assert!(of(1).await.unwrap().is_some());
}
