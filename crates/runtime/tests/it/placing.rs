//! A case lies where the thing is that it is about.

use serde_json::json;
use svod_kernel::{Actor, Role, Timestamp, Urn};
use svod_model::{Attribute, Entity, PackSource};
use svod_registry::{Command, EntityQuery, Operation, PublishError};
use svod_runtime::{Application, ApplicationError, Applications, Enclosed};
use svod_store::file::{self, FileRow};
use svod_store::testing::TestPlace;

use crate::house::{House, SPACE, bpmn};

crate::on_both_engines!(a_case_lies_where_its_thing_is, what_is_no_place_is_refused_at_publication);

const PERSON: &str = "urn:svod:person:1";
const ELSEWHERE: &str = "kuzbass/kemerovo";

fn pack(place: &str) -> PackSource {
    let mut source = PackSource::default();
    let mut put = |path: &str, text: String| drop(source.files.insert(path.to_owned(), text));
    let manifest =
        "id: sites\nversion: 1.0.0\nowner: urn:svod:body:kuzbass:digital\ndepends: [base, kuzbass]\nspace: kuzbass\n";
    put("pack.yaml", manifest.into());
    let look = r#"<startEvent id="s"/><endEvent id="e"/><userTask id="look"/>
        s -> look -> e"#;
    put("processes/site.bpmn", bpmn("site", look));
    put("forms/site.form.json", r#"{"type": "default", "id": "site", "components": []}"#.into());
    let service = format!(
        "id: site\nsituation: home\naudience: [person]\nsubject: residence\nprocess: site\nstart: [{{form: site.form.json}}]\n\
         term: {{duration: P10D}}\nacts: [\"Act 1\"]\nplace: {place}\n"
    );
    put("services/site.yaml", service);
    let texts =
        ["pack-sites-title", "pack-sites-description", "service-site", "service-site-about", "service-site-result"];
    for lang in ["ru", "kk", "en"] {
        put(&format!("locales/{lang}.ftl"), texts.map(|key| format!("{key} = x\n")).concat());
    }
    source
}

async fn a_case_lies_where_its_thing_is(place: &TestPlace) {
    let house = House::new(place, &[], &[]).await;
    house.registry.publish(&Actor::platform("packs"), pack("site")).await.unwrap();
    let entity = |id: &str, kind: &str, space: &str| {
        Entity::new(id.parse().unwrap(), kind, space.parse().unwrap()).with("name", Attribute::property("x"))
    };
    let body =
        entity("urn:svod:body:there", "Body", ELSEWHERE).with("subjects", Attribute::property(json!(["residence"])));
    let made = [entity(PERSON, "Person", SPACE), entity("urn:svod:organization:site", "Organization", ELSEWHERE), body];
    let changes = made.map(|e| Operation::Create(e).into()).to_vec();
    let command = Command { ground: "test".into(), changes, ..Command::default() };
    house.registry.execute(&house.actor, command).await.unwrap();
    let applications = Applications::new(house.cases.clone(), house.store.clone());
    let citizen = Actor {
        id: PERSON.into(),
        name: "Анна Иванова".into(),
        roles: [Role::Citizen].into(),
        spaces: vec![SPACE.parse().unwrap()],
        body: None,
        on_behalf: Vec::new(),
    };
    let send = async |site: serde_json::Value, case: Option<Urn>| {
        let application = Application {
            service: "sites/site".into(),
            data: json!({"site": site}),
            from_graph: Default::default(),
            disputed: Default::default(),
            channel: "web",
        };
        applications.send_with(&citizen, application, Enclosed { case, files: None }).await
    };
    // A file was held for it where the applicant is.
    let held: Urn = "urn:svod:case:held".parse().unwrap();
    let id = |path: &str| house.registry.spaces().get(&path.parse().unwrap()).unwrap().id;
    let (here, there) = (id(SPACE), id(ELSEWHERE));
    let row = FileRow {
        space: here,
        id: "urn:svod:file:1".into(),
        owner: held.to_string(),
        name: "plan.pdf".into(),
        kind: "pdf".into(),
        size: 3,
        sha256: "x".into(),
        state: "clean".into(),
        created: Timestamp(1),
        actor: PERSON.into(),
    };
    house.store.write(move |conn| file::add(conn, &row, b"abc")).await.unwrap();
    let case = send(json!("urn:svod:organization:site"), Some(held.clone())).await.unwrap();
    let lies = house.entity(case.as_str()).await.unwrap();
    assert_eq!((lies.space.as_str(), lies.object("person").map(Urn::as_str)), (ELSEWHERE, Some(PERSON)));
    assert_eq!(lies.object("body").map(Urn::as_str), Some("urn:svod:body:there"), "whose territory it is");
    let tasks =
        house.registry.query(&house.actor, EntityQuery::of(ELSEWHERE.parse().unwrap(), &["Task"])).await.unwrap();
    assert_eq!(tasks.items[0].object("case"), Some(&case));
    let held = held.to_string();
    let files = house
        .store
        .read(move |conn| {
            Ok::<_, svod_store::StoreError>((file::of_owner(conn, here, &held)?, file::of_owner(conn, there, &held)?))
        })
        .await
        .unwrap();
    assert_eq!((files.0.len(), files.1.len()), (0, 1));
    let bytes = house.store.read(move |conn| file::bytes(conn, there, "urn:svod:file:1")).await.unwrap();
    assert_eq!(bytes, b"abc");
    // Its applicant sees it; what names nothing leaves it with them.
    assert_eq!(applications.case_of(&citizen, &case).await.unwrap().id, case);
    for nothing in [json!(null), json!("urn:svod:organization:none"), json!("Кирова, 1"), json!(7)] {
        let case = send(nothing.clone(), None).await.unwrap();
        assert_eq!(house.entity(case.as_str()).await.unwrap().space.as_str(), SPACE, "{nothing}");
    }
    let by_name = send(json!(ELSEWHERE), None).await.unwrap();
    assert_eq!(house.entity(by_name.as_str()).await.unwrap().space.as_str(), ELSEWHERE);
    let refused = send(json!("installation"), None).await.unwrap_err();
    assert!(matches!(refused, ApplicationError::Elsewhere(_)), "{refused}");
}

async fn what_is_no_place_is_refused_at_publication(place: &TestPlace) {
    let house = House::new(place, &[], &[]).await;
    let refused = house.registry.check(&pack("'site +'")).await.unwrap_err();
    let PublishError::Faults(faults) = refused else { panic!("{refused}") };
    let fault = faults.iter().find(|f| f.message.contains("'place'")).unwrap_or_else(|| panic!("{faults:?}"));
    assert!(fault.file.ends_with("services/site.yaml") && fault.position.line == 9, "{fault}");
}
