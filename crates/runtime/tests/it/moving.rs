//! The pack of moving home, from the application to the register.

use serde_json::{Value, json};
use svod_kernel::{Actor, Role, Urn};
use svod_model::testing::shipped;
use svod_model::{Attribute, Entity};
use svod_registry::{Command, EntityQuery, Operation};
use svod_runtime::{Application, ApplicationError, Applications, Kept, Tasks};
use svod_store::testing::TestPlace;

use crate::house::{House, SPACE, map};

crate::on_both_engines!(
    who_owns_the_home_is_registered_at_once,
    somebody_elses_leave_is_looked_at_by_an_official,
    who_takes_the_task_sees_what_was_written_while_they_have_it,
    nobody_in_particular_cannot_apply,
    a_draft_is_kept_until_it_is_sent,
    files_of_a_draft_are_held_for_one_case,
    sent_twice_it_is_one_application,
    of_ones_own_a_form_offers_what_it_asks_for,
);

const PERSON: &str = "urn:svod:person:1";
/// A home of the register of the pack.
const HOME: &str = "urn:svod:address:novokuznetsk:kirova-1-2";

struct Town {
    house: House,
    applications: Applications,
    tasks: Tasks,
    citizen: Actor,
}

async fn town(place: &TestPlace) -> Town {
    let house = House::new(place, &[], &[]).await;
    house.registry.publish(&Actor::platform("packs"), shipped("moving")).await.unwrap();
    let person = Entity::new(PERSON.parse().unwrap(), "Person", SPACE.parse().unwrap())
        .with("name", Attribute::property("Анна Иванова"))
        .with("birthDate", Attribute::property("1990-05-01"));
    let command =
        Command { ground: "test".into(), changes: vec![Operation::Create(person).into()], ..Command::default() };
    house.registry.execute(&Actor::platform("test"), command).await.unwrap();
    let citizen = Actor {
        id: PERSON.into(),
        name: "Анна Иванова".into(),
        roles: [Role::Citizen].into(),
        spaces: vec![SPACE.parse().unwrap()],
        body: None,
        on_behalf: Vec::new(),
    };
    let applications = Applications::new(house.cases.clone(), house.store.clone());
    let tasks = Tasks::new(house.registry.clone(), house.cases.clone());
    let town = Town { house, applications, tasks, citizen };
    town.owns().await;
    town
}

impl Town {
    async fn send(&self, ground: &str) -> Result<Urn, ApplicationError> {
        let data = match ground {
            "owner" => json!({"name": "Анна Иванова", "home": HOME, "since": "2026-01-10"}),
            _ => json!({"name": "Анна Иванова", "address": "Новокузнецк, ул. Кирова, 1, 2", "since": "2026-01-10",
                "ground": ground, "document": "Согласие от 01.01.2026"}),
        };
        let application = Application {
            service: "moving/moving".into(),
            data,
            from_graph: map(json!({"name": "applicant.name"})),
            disputed: map(json!({})),
            channel: "web",
        };
        self.applications.send(&self.citizen, application).await
    }

    /// The register says that the home is theirs.
    async fn owns(&self) {
        let right = Entity::new("urn:svod:homeownership:1".parse().unwrap(), "HomeOwnership", SPACE.parse().unwrap())
            .with("person", Attribute::object(PERSON.parse().unwrap()))
            .with("home", Attribute::object(HOME.parse().unwrap()))
            .with("homeAddress", Attribute::property("Новокузнецк, ул. Кирова, 1, 2"));
        let changes = vec![Operation::Create(right).into()];
        let command = Command { ground: "test".into(), changes, ..Command::default() };
        self.house.registry.execute(&Actor::platform("test"), command).await.unwrap();
    }

    async fn homes(&self) -> Vec<Entity> {
        let query = EntityQuery::of(SPACE.parse().unwrap(), &["Residence"]);
        self.house.registry.query(&self.house.actor, query).await.unwrap().items
    }
}

async fn who_owns_the_home_is_registered_at_once(place: &TestPlace) {
    let town = town(place).await;
    let case = town.send("owner").await.unwrap();
    let closed = town.applications.case_of(&town.citizen, &case).await.unwrap();
    assert_eq!((closed.text("status"), closed.text("outcome")), (Some("closed"), Some("completed")));
    assert_eq!(closed.object("person").map(Urn::as_str), Some(PERSON));
    assert_eq!(closed.text("service"), Some("moving/moving"));
    // Three working days from Thursday, 15 January 2026.
    assert!(closed.text("deadline").unwrap().starts_with("2026-01-20"), "{:?}", closed.text("deadline"));
    let homes = town.homes().await;
    assert_eq!(homes.len(), 1);
    assert_eq!(homes[0].text("address"), Some("Новокузнецк, ул. Кирова, 1, 2"));
    let told = town.house.told(&case).await;
    let decided = told.iter().find(|t| t["decided"] == "route").unwrap().to_string();
    assert!(decided.contains("owner") && decided.contains("moving@0.5.0"), "{decided}");
    let stranger = Actor { id: "urn:svod:person:2".into(), ..town.citizen.clone() };
    assert!(town.applications.case_of(&stranger, &case).await.is_err(), "nobody else's case");
}

async fn somebody_elses_leave_is_looked_at_by_an_official(place: &TestPlace) {
    let town = town(place).await;
    let official = official();
    for (decision, homes) in [("refuse", 0), ("register", 1)] {
        let case = town.send("consent").await.unwrap();
        let tasks = town.house.tasks().await;
        let task = tasks.iter().find(|t| t.text("status") == Some("offered")).unwrap();
        assert_eq!(task.object("body"), official.body.as_ref());
        assert_eq!(task.text("form"), Some("moving-check"));
        let input: Value = serde_json::from_str(task.text("input").unwrap()).unwrap();
        assert_eq!(input["document"], "Согласие от 01.01.2026");
        town.tasks.take(&official, &task.id).await.unwrap();
        let around = town.tasks.complete(&official, &task.id, "done").await.unwrap_err();
        assert_eq!(svod_kernel::Coded::code(&around), "task-form", "its form is not gone around");
        let answers = map(json!({"decision": decision, "reason": "Нет подписи"}));
        town.tasks.complete_with(&official, &task.id, answers, &[]).await.unwrap();
        assert!(town.house.is_done(&case).await);
        assert_eq!(town.homes().await.len(), homes, "{decision}");
    }
}

fn official() -> Actor {
    Actor {
        id: "official".into(),
        name: "Специалист".into(),
        roles: [Role::Official].into(),
        spaces: vec!["kuzbass".parse().unwrap()],
        body: Some("urn:svod:body:kuzbass:migration".parse().unwrap()),
        on_behalf: Vec::new(),
    }
}

async fn who_takes_the_task_sees_what_was_written_while_they_have_it(place: &TestPlace) {
    let town = town(place).await;
    let (official, registry) = (official(), &town.house.registry);
    town.send("consent").await.unwrap();
    let task = town.house.tasks().await.remove(0).id;
    let written = async |actor: &Actor| {
        let task = registry.entity(actor, &task).await.unwrap();
        task.text("input").is_some_and(|i| i.contains("Согласие от 01.01.2026"))
    };
    assert!(!written(&official).await, "closed to who has not taken it");
    town.tasks.take(&official, &task).await.unwrap();
    assert!(written(&official).await);
    let colleague = Actor { id: "colleague".into(), name: "Коллега".into(), ..official.clone() };
    assert!(!written(&colleague).await, "and to whoever else is of the body");
    // The applicant sees who opened it, on which acts and what for.
    let query = EntityQuery::of(SPACE.parse().unwrap(), &["Access"]);
    let seen = registry.query(&town.citizen, query).await.unwrap().items;
    assert_eq!(seen.len(), 1);
    assert!(seen[0].text("ground").unwrap().contains("713"), "{:?}", seen[0].text("ground"));
    assert!(seen[0].text("reason").unwrap().starts_with("Проверить право на жильё: "));
    // Of the person nothing else is open.
    let person = registry.entity(&official, &PERSON.parse().unwrap()).await;
    assert!(!person.is_ok_and(|p| p.text("birthDate").is_some()));
    town.tasks.release(&official, &task).await.unwrap();
    let closed = async || {
        for _ in 0..250 {
            if !written(&official).await {
                return true;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await; // the journal tells of it
        }
        false
    };
    assert!(closed().await, "given back, it is closed");
    town.tasks.take(&official, &task).await.unwrap();
    town.tasks.take(&official, &task).await.unwrap();
    assert!(written(&official).await, "taken again, it is open");
    town.tasks.complete_with(&official, &task, map(json!({"decision": "register"})), &[]).await.unwrap();
    assert!(closed().await, "done, it is closed");
    let own = Actor { id: PERSON.into(), name: "Анна".into(), ..official };
    town.send("consent").await.unwrap();
    let next = town.house.tasks().await.into_iter().find(|t| t.text("status") == Some("offered")).unwrap();
    assert_eq!(svod_kernel::Coded::code(&town.tasks.take(&own, &next.id).await.unwrap_err()), "forbidden");
}

async fn nobody_in_particular_cannot_apply(place: &TestPlace) {
    let mut town = town(place).await;
    town.citizen.id = "persona:citizen".into();
    assert!(matches!(town.send("owner").await, Err(ApplicationError::Nobody)));
    town.citizen.id = "urn:svod:person:none".into();
    assert!(matches!(town.send("owner").await, Err(ApplicationError::Nobody)));
    assert!(matches!(town.applications.service("moving/none"), Err(ApplicationError::Unknown(_))));
}

async fn a_draft_is_kept_until_it_is_sent(place: &TestPlace) {
    let town = town(place).await;
    let (key, citizen) = ("moving/moving", &town.citizen);
    assert!(town.applications.draft(citizen, key).await.unwrap().is_none());
    town.applications.keep(citizen, key, "0.1.0", "{\"data\":1}".into()).await.unwrap();
    town.applications.keep(citizen, key, "0.1.0", "{\"data\":2}".into()).await.unwrap();
    let kept = town.applications.drafts(citizen).await.unwrap();
    assert_eq!(kept.iter().map(|d| (d.form.as_str(), d.doc.as_str())).collect::<Vec<_>>(), [(key, "{\"data\":2}")]);
    let stranger = Actor { id: "urn:svod:person:2".into(), ..citizen.clone() };
    assert!(town.applications.draft(&stranger, key).await.unwrap().is_none());
    town.send("owner").await.unwrap();
    assert!(town.applications.drafts(citizen).await.unwrap().is_empty());
}

async fn sent_twice_it_is_one_application(place: &TestPlace) {
    let town = town(place).await;
    town.applications.keep(&town.citizen, "moving/moving", "0.1.0", "{}".into()).await.unwrap();
    // Two clicks, or one and a crash before the draft is thrown away.
    let (one, two) = tokio::join!(town.send("owner"), town.send("owner"));
    assert_eq!(one.unwrap(), two.unwrap());
    assert_eq!(town.homes().await.len(), 1);
}

async fn files_of_a_draft_are_held_for_one_case(place: &TestPlace) {
    let town = town(place).await;
    let (key, citizen) = (("moving/moving", "0.1.0"), &town.citizen);
    let case = |n: u8| format!("urn:svod:case:{n}").parse::<Urn>().unwrap();
    let (one, two) = tokio::join!(
        town.applications.envelope(citizen, key, case(1)),
        town.applications.envelope(citizen, key, case(2))
    );
    let first = one.unwrap();
    assert_eq!(first, two.unwrap(), "of two at once there is one");
    // What is filled in beside it does not lose it.
    let draft = svod_forms::Draft::of(json!({"address": "ул. Кирова, 1"}));
    let kept = Kept { draft, ..Kept::default() };
    town.applications.keep_form(citizen, key, kept.clone(), None).await.unwrap();
    let now = town.applications.kept(citizen, key.0).await.unwrap().unwrap();
    assert_eq!((now.owner.as_ref(), now.answers()), (Some(&first), kept.answers()));
    assert_eq!(town.applications.envelope(citizen, key, case(3)).await.unwrap(), first);
    assert_eq!(town.applications.unsent(citizen, key.0).await.unwrap(), Some(now), "its case has not begun");
    town.send("owner").await.unwrap();
    assert!(town.applications.kept(citizen, key.0).await.unwrap().is_none());
}

async fn of_ones_own_a_form_offers_what_it_asks_for(place: &TestPlace) {
    let town = town(place).await;
    let (closed, open) = (town.send("owner").await.unwrap(), town.send("consent").await.unwrap());
    assert!(town.house.is_done(&closed).await);
    let number = town.applications.case_of(&town.citizen, &open).await.unwrap().text("number").unwrap().to_owned();
    let offered = async |who: &Actor, among: Value| {
        let own = json!({"type": "Case", "by": "person", "where": among, "value": "number", "label": ["number"]});
        let form = json!({"type": "default", "id": "f", "svod.own": {"cases": own}, "components": []}).to_string();
        let form = svod_forms::Form::parse("f.form.json", &form).unwrap();
        let lists = svod_runtime::own(&town.house.registry, who, &form, &SPACE.parse().unwrap()).await.unwrap();
        lists["cases"].as_array().unwrap().iter().map(|c| c["value"].clone()).collect::<Vec<_>>()
    };
    let both = ["building-permit", "moving"];
    assert_eq!(offered(&town.citizen, json!({"status": "open", "process": both})).await, [json!(number)]);
    assert_eq!(offered(&town.citizen, json!({"process": both})).await.len(), 2);
    assert!(offered(&town.citizen, json!({"status": "open", "process": ["building-permit"]})).await.is_empty());
    let stranger = Actor { id: "urn:svod:person:2".into(), ..town.citizen.clone() };
    assert!(offered(&stranger, json!({"status": "open"})).await.is_empty(), "what is somebody else's is not offered");
}
