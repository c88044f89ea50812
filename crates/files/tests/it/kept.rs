//! Files belong to entities: who sees them there reads them.

use svod_files::{ATTRIBUTE, FileState, MAX_FILES};
use svod_kernel::{Coded as _, Role, Timestamp};
use svod_model::Attribute;
use svod_registry::{Ground, Operation};
use svod_store::file::{self, FileRow};
use svod_store::testing::TestPlace;
use svod_trust::Looking;

use crate::house::{House, PDF, acting, citizen, ivan, mandate, olga, post, upload, urn};
use crate::on_both_engines;

on_both_engines!(
    who_sees_the_entity_sees_its_files,
    a_reader_who_is_not_the_person_leaves_a_trace,
    a_case_lends_files_of_another,
    a_file_is_erased_and_its_digest_stays,
    only_types_that_declare_it_have_files,
    what_belongs_to_nothing_is_erased,
    nobody_fills_the_disk_within_a_day,
);

async fn who_sees_the_entity_sees_its_files(place: &TestPlace) {
    let house = House::new(place, None).await;
    let files = &house.files;
    let me = citizen(&olga());
    let kept = files.put(&me, &mandate(), upload("скан.pdf", PDF)).await.unwrap();
    assert_eq!((kept.state, kept.size, kept.owner.clone()), (FileState::Unscanned, PDF.len() as i64, mandate()));
    let opened = Looking {
        whom: olga().to_string(),
        ground: Ground::Law,
        reference: "152-ФЗ, ст. 6".into(),
        reason: "проверка доверенности".into(),
    };
    let without = [post(Role::Administrator), post(Role::Auditor)];
    for reader in &without {
        assert_eq!(files.read(reader, &kept.id).await.unwrap_err().code(), "file-missing", "{}", reader.name);
        let owner = house.registry.entity(reader, &mandate()).await.unwrap();
        assert!(files.list(&owner).await.unwrap().is_empty(), "{} without a ground", reader.name);
    }
    house.trust.look(&post(Role::Administrator), &opened).await.unwrap();
    for reader in [me.clone(), acting(), post(Role::Administrator)] {
        let (info, bytes) = files.read(&reader, &kept.id).await.unwrap();
        assert_eq!((&info, bytes.as_slice()), (&kept, PDF), "{}", reader.name);
        let owner = house.registry.entity(&reader, &mandate()).await.unwrap();
        assert_eq!(files.list(&owner).await.unwrap(), std::slice::from_ref(&kept), "{}", reader.name);
    }
    for stranger in [citizen(&ivan()), post(Role::Official), post(Role::Governor), svod_kernel::Actor::anonymous()] {
        assert_eq!(files.read(&stranger, &kept.id).await.unwrap_err().code(), "file-missing", "{}", stranger.name);
        let put = files.put(&stranger, &mandate(), upload("a.pdf", PDF)).await;
        assert_eq!(put.unwrap_err().status(), 404, "{}", stranger.name);
    }
    // Who sees it and may not change it, adds and removes nothing.
    for reader in [post(Role::Auditor), acting()] {
        let put = files.put(&reader, &mandate(), upload("a.pdf", PDF)).await;
        assert_eq!(put.unwrap_err().status(), 403, "{}", reader.name);
        let sees = files.read(&reader, &kept.id).await.is_ok();
        let removed = files.remove(&reader, &kept.id).await.unwrap_err().status();
        assert_eq!(removed, if sees { 403 } else { 404 }, "{}", reader.name);
    }
    house.clock.advance(svod_trust::LOOK_SECONDS);
    let second = files.put(&post(Role::Administrator), &mandate(), upload("a.pdf", PDF)).await.unwrap();
    assert_ne!(second.id, kept.id);
    files.read(&me, &kept.id).await.expect("who adds one without seeing the others takes nothing away");
    let hidden = files.read(&post(Role::Administrator), &kept.id).await;
    assert_eq!(hidden.unwrap_err().code(), "file-missing", "the hour is over");
    for _ in 2..MAX_FILES {
        files.put(&me, &mandate(), upload("a.pdf", PDF)).await.unwrap();
    }
    let one_more = files.put(&me, &mandate(), upload("a.pdf", PDF)).await;
    assert_eq!(one_more.unwrap_err().code(), "file-too-many");
}

async fn a_reader_who_is_not_the_person_leaves_a_trace(place: &TestPlace) {
    let house = House::new(place, None).await;
    let kept = house.files.put(&citizen(&olga()), &mandate(), upload("a.pdf", PDF)).await.unwrap();
    for own in [citizen(&olga()), acting()] {
        house.files.read(&own, &kept.id).await.unwrap();
    }
    assert!(house.all("Access").await.is_empty());
    let opened = Looking {
        whom: olga().to_string(),
        ground: Ground::Contract,
        reference: "договор № 7".into(),
        reason: "проверка доверенности".into(),
    };
    house.trust.look(&post(Role::Administrator), &opened).await.unwrap();
    for _ in 0..2 {
        house.files.read(&post(Role::Administrator), &kept.id).await.unwrap();
    }
    let traces = house.all("Access").await;
    let documents: Vec<_> = traces.iter().filter(|a| a.text("basis") == Some("document")).collect();
    assert_eq!((traces.len(), documents.len()), (3, 2), "the ground, and each look at the document");
    for trace in documents {
        let of = |name: &str| trace.text(name).unwrap_or_default();
        assert_eq!((of("actor"), of("reason")), ("urn:t:post:administrator", kept.id.as_str()));
        assert_eq!(trace.object("person"), Some(&olga()));
    }
    // Who watches over accesses sees that they were, not the document.
    assert_eq!(house.files.read(&post(Role::Auditor), &kept.id).await.unwrap_err().code(), "file-missing");
}

async fn a_file_is_erased_and_its_digest_stays(place: &TestPlace) {
    let house = House::new(place, None).await;
    let me = citizen(&olga());
    let mut kept = Vec::new();
    for name in ["a.pdf", "b.pdf"] {
        kept.push(house.files.put(&me, &mandate(), upload(name, PDF)).await.unwrap());
    }
    house.files.remove(&me, &kept[0].id).await.unwrap();
    assert_eq!(house.files.read(&me, &kept[0].id).await.unwrap_err().code(), "file-missing");
    house.files.read(&me, &kept[1].id).await.unwrap();
    house.files.remove(&me, &kept[1].id).await.unwrap();
    let owner = house.registry.entity(&me, &mandate()).await.unwrap();
    assert!(!owner.attributes.contains_key(ATTRIBUTE));
    let left = house.store.read(|conn| {
        let count = |c: &mut dyn svod_store::Conn, sql: &str| Ok::<_, svod_store::StoreError>(c.query(sql, &[])?.len());
        Ok::<_, svod_store::StoreError>((count(conn, "SELECT id FROM file")?, count(conn, "SELECT n FROM file_part")?))
    });
    assert_eq!(left.await.unwrap(), (0, 0), "no byte is left");
    let journal = svod_registry::JournalQuery {
        space: "kuzbass".parse().unwrap(),
        below: true,
        entity: Some(mandate()),
        cause: None,
        newest_first: false,
        after: None,
        limit: 10,
    };
    let events = house.registry.journal(&me, journal).await.unwrap().items;
    let verbs: Vec<&str> = events.iter().map(|e| e.action.as_str()).collect();
    assert_eq!(verbs, ["create", "attach", "attach", "detach", "detach"]);
    for event in &events[1..] {
        assert!(event.changes.to_string().contains(&kept[0].sha256), "{}", *event.changes);
        assert!(!event.changes.to_string().contains(".pdf"), "names are not kept for ever");
    }
}

async fn only_types_that_declare_it_have_files(place: &TestPlace) {
    let house = House::new(place, None).await;
    let body = urn("urn:t:body");
    house.make(&body, "Body", &[("name", Attribute::property("Комитет"))]).await;
    let put = house.files.put(&post(Role::Administrator), &body, upload("a.pdf", PDF)).await;
    assert_eq!(put.unwrap_err().code(), "file-not-here");
    let put = house.files.put(&citizen(&olga()), &body, upload("a.pdf", PDF)).await;
    assert_eq!(put.unwrap_err().status(), 403);
    // Where everybody may do everything, there are none either.
    house.registry.ensure_space(&"sandbox".parse().unwrap(), true).await.unwrap();
    let open = svod_model::Entity::new(urn("urn:t:open"), "Mandate", "sandbox".parse().unwrap());
    house.change(Operation::Create(open)).await;
    let put = house.files.put(&citizen(&olga()), &urn("urn:t:open"), upload("a.pdf", PDF)).await;
    assert_eq!(put.unwrap_err().code(), "file-not-here");
}

async fn what_belongs_to_nothing_is_erased(place: &TestPlace) {
    let house = House::new(place, None).await;
    let me = citizen(&olga());
    let kept = house.files.put(&me, &mandate(), upload("a.pdf", PDF)).await.unwrap();
    let space = house.registry.spaces().get(&kept.space).unwrap().id;
    let stray = FileRow {
        space,
        id: "urn:svod:file:stray".into(),
        owner: mandate().to_string(),
        name: "stray.pdf".into(),
        kind: "pdf".into(),
        size: 1,
        sha256: kept.sha256.clone(),
        state: "unscanned".into(),
        created: kept.created,
        actor: olga().to_string(),
    };
    // In a space that is not there (yet): what is being brought in from elsewhere.
    let coming = FileRow { space: 1_000, id: "urn:svod:file:coming".into(), created: Timestamp(0), ..stray.clone() };
    house
        .store
        .write(move |conn| {
            file::add(conn, &stray, b"x")?;
            file::add(conn, &coming, b"x")
        })
        .await
        .unwrap();
    let id = urn("urn:svod:file:stray");
    assert_eq!(house.files.read(&me, &id).await.unwrap_err().code(), "file-missing", "no entity names it");
    assert_eq!(house.files.sweep().await.unwrap(), 0, "it may still be on its way");
    house.clock.advance(25 * 3600);
    assert_eq!(house.files.sweep().await.unwrap(), 1);
    house.files.read(&me, &kept.id).await.unwrap();
    house.change(Operation::Delete { urn: mandate(), expected: None }).await;
    assert_eq!(house.files.sweep().await.unwrap(), 1, "with its entity it goes");
    let left = house.store.read(|conn| file::page(conn, Timestamp(i64::MAX), (i64::MIN, ""), 10)).await.unwrap();
    assert_eq!(left.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["urn:svod:file:coming"]);
}

async fn nobody_fills_the_disk_within_a_day(place: &TestPlace) {
    let house = House::new(place, None).await;
    let (me, files) = (citizen(&olga()), &house.files);
    let mut large = PDF.to_vec();
    large.resize(1 << 20, b' ');
    for n in 0..3 {
        let kept = files.put(&me, &mandate(), upload("a.pdf", large.clone())).await.unwrap();
        // What is removed was sent all the same.
        files.remove(&me, &kept.id).await.unwrap();
        assert_eq!(files.may_send(&me, 1 << 20).await.is_ok(), n < 2);
        house.clock.advance(60);
    }
    let refused = files.put(&me, &mandate(), upload("a.pdf", PDF)).await.unwrap_err();
    assert_eq!((refused.code(), refused.status()), ("file-quota", 429));
    assert_eq!(refused.retry_after(), Some(24 * 3600 - 180));
    files.put(&post(Role::Administrator), &mandate(), upload("a.pdf", PDF)).await.expect("each for themselves");
    house.clock.advance(24 * 3600 - 180);
    for _ in 0..2 {
        files.put(&me, &mandate(), upload("a.pdf", PDF)).await.unwrap();
    }
    // Another process, or the same after a restart, asks the store.
    let other = house.scanned_by("tcp://127.0.0.1:1".parse().unwrap());
    other.may_send(&me, (1 << 20) - 2 * PDF.len()).await.unwrap();
    let most = (3 << 20) - 2 * PDF.len();
    assert_eq!((other.may_send(&me, most).await.is_ok(), other.may_send(&me, most + 1).await.is_ok()), (true, false));
}

async fn a_case_lends_files_of_another(place: &TestPlace) {
    let house = House::new(place, None).await;
    let (one, two) = (urn("urn:t:case:one"), urn("urn:t:case:two"));
    for (id, person) in [(&one, olga()), (&two, ivan())] {
        let text = |v: &str| Attribute::property(v);
        let attributes = [
            ("name", text("1")),
            ("process", text("p")),
            ("processVersion", text("p@1.0.0/p")),
            ("subject", text("roads")),
            ("status", text("open")),
            ("openedAt", text("2026-01-15T00:00:00Z")),
            ("person", Attribute::object(person)),
        ];
        house.make(id, "Case", &attributes).await;
    }
    let (files, me, other) = (&house.files, citizen(&olga()), citizen(&ivan()));
    let kept = files.put(&me, &one, upload("a.pdf", PDF)).await.unwrap();
    let code = async |actor| files.read_lent(actor, &kept.id, &two).await.map(drop).map_err(|e| e.code());
    assert_eq!(code(&other).await, Err("file-missing"), "it lends nothing yet");
    let set = [("lent".to_owned(), Attribute::property(vec![kept.id.to_string(), "urn:svod:file:none".into()]))].into();
    house.change(Operation::Patch { urn: two.clone(), expected: None, set, unset: Vec::new() }).await;
    assert_eq!(
        files.read(&other, &kept.id).await.unwrap_err().code(),
        "file-missing",
        "by the case that lends it alone"
    );
    assert!(house.all("Access").await.is_empty());
    let (info, bytes) = files.read_lent(&other, &kept.id, &two).await.unwrap();
    assert_eq!((info.name.as_str(), bytes.as_slice()), ("a.pdf", PDF));
    let traces = house.all("Access").await;
    let of = |name: &str| traces[0].text(name).unwrap_or_default();
    assert_eq!((traces.len(), of("basis"), of("actor"), of("ground")), (1, "document", ivan().as_str(), one.as_str()));
    assert_eq!(traces[0].object("person"), Some(&olga()), "whose it is sees who looked");
    assert_eq!(code(&me).await, Err("file-missing"), "the case is not hers");
    let official = post(Role::Official);
    assert_eq!(code(&official).await, Err("file-missing"), "nor does it lend to officials without a ground");
    let case = house.all("Case").await.into_iter().find(|c| c.id == two).unwrap();
    assert_eq!(files.lent(&case).await.unwrap().iter().map(|f| &f.id).collect::<Vec<_>>(), [&kept.id]);
    files.remove(&me, &kept.id).await.unwrap();
    assert!(code(&other).await.is_err() && files.lent(&case).await.unwrap().is_empty());
}
