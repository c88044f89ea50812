//! A version of a pack that some have before all others.

use serde_json::{Map, json};
use svod_kernel::{Actor, Coded, Role, Urn};
use svod_model::testing::shipped;
use svod_model::{Attribute, Entity, PackSource};
use svod_registry::{Candidate, CandidateError, Command, JournalQuery, Operation, Scope};
use svod_runtime::{Application, Applications};
use svod_store::testing::TestPlace;

use crate::house::{House, SPACE};

crate::on_both_engines!(
    a_version_is_tried_in_one_space_withdrawn_tried_again_and_promoted,
    the_next_publication_ends_what_is_tried,
    what_two_versions_cannot_both_have_is_refused,
);

/// Who lives where the version is tried, and who does not.
const HERE: &str = "urn:svod:person:1";
const THERE: &str = "urn:svod:person:2";

struct Town {
    house: House,
    applications: Applications,
}

fn in_space(share: u64, space: Option<&str>) -> Scope {
    Scope { share, space: space.map(|s| s.parse().unwrap()) }
}

/// The pack of moving under another version, in which nobody's leave is looked at.
fn quick(version: &str) -> PackSource {
    let mut source = versioned(version);
    let table = source.files.get_mut("decisions/moving.dmn").unwrap();
    let quick = table.replace("<text>\"check\"</text>", "<text>\"register\"</text>");
    assert_ne!(*table, quick);
    *table = quick;
    source
}

fn versioned(version: &str) -> PackSource {
    let mut source = shipped("moving");
    let manifest = source.files.get_mut("pack.yaml").unwrap();
    let line = manifest.lines().find(|l| l.starts_with("version:")).unwrap().to_owned();
    *manifest = manifest.replace(&line, &format!("version: {version}"));
    source
}

impl Town {
    async fn new(place: &TestPlace) -> Self {
        let house = House::new(place, &[], &[]).await;
        house.registry.publish(&Actor::platform("packs"), versioned("1.0.0")).await.unwrap();
        let person = |id: &str, space: &str| {
            let person = Entity::new(id.parse().unwrap(), "Person", space.parse().unwrap());
            Operation::Create(person.with("name", Attribute::property("Анна"))).into()
        };
        let changes = vec![person(HERE, SPACE), person(THERE, "kuzbass/kemerovo")];
        let command = Command { ground: "test".into(), changes, ..Command::default() };
        house.registry.execute(&Actor::platform("test"), command).await.unwrap();
        let applications = Applications::new(house.cases.clone(), house.store.clone());
        Self { house, applications }
    }

    fn actor(&self, id: &str) -> Actor {
        let spaces = vec!["kuzbass".parse().unwrap()];
        Actor {
            id: id.into(),
            name: "Анна".into(),
            roles: [Role::Citizen].into(),
            spaces,
            body: None,
            on_behalf: Vec::new(),
        }
    }

    async fn send(&self, id: &str) -> Urn {
        let data = json!({"name": "Анна", "address": "Новокузнецк, ул. Кирова, 1, 2", "since": "2026-01-10",
            "ground": "consent", "document": "Согласие от 01.01.2026"});
        let (service, none) = ("moving/moving".to_owned(), Map::new());
        let application = Application { service, data, from_graph: none.clone(), disputed: none, channel: "web" };
        self.applications.send(&self.actor(id), application).await.unwrap()
    }

    /// The version that a new case of theirs has, and whether it was closed at once.
    async fn begun(&self, id: &str) -> (String, bool) {
        let case = self.send(id).await;
        let case = self.applications.case_of(&self.actor(id), &case).await.unwrap();
        (case.text("processVersion").unwrap().to_owned(), case.text("status") == Some("closed"))
    }

    async fn try_version(&self, source: &PackSource, scope: Scope, reason: &str) -> Result<Candidate, CandidateError> {
        self.house.registry.try_version(&self.house.actor, source, scope, reason).await
    }

    fn in_force(&self) -> String {
        self.house.registry.catalogue().pack("moving").unwrap().manifest.version.clone()
    }

    /// Action and ground of everything that became of the pack.
    async fn told(&self) -> Vec<(String, String)> {
        let query = JournalQuery {
            space: "installation".parse().unwrap(),
            below: false,
            entity: Some("urn:svod:pack:moving".parse().unwrap()),
            cause: None,
            newest_first: false,
            after: None,
            limit: 100,
        };
        let page = self.house.registry.journal(&self.house.actor, query).await.unwrap();
        page.items.into_iter().map(|e| (e.action, e.ground)).collect()
    }
}

fn of(version: &str, closed: bool) -> (String, bool) {
    (format!("moving@{version}/moving"), closed)
}

async fn a_version_is_tried_in_one_space_withdrawn_tried_again_and_promoted(place: &TestPlace) {
    let town = Town::new(place).await;
    let (registry, actor) = (&town.house.registry, &town.house.actor);
    town.try_version(&quick("2.0.0"), in_space(100, Some(SPACE)), " Быстрее ли без проверки? ").await.unwrap();
    assert_eq!(town.in_force(), "1.0.0");
    assert_eq!(town.begun(HERE).await, of("2.0.0", true), "decided by the table of the version that is tried");
    assert_eq!(town.begun(THERE).await, of("1.0.0", false));
    // Whoever opens the store anew has it too, as another node does.
    let again = town.house.store.clone();
    let deps = svod_registry::RegistryDeps {
        store: again,
        clock: registry.clock().clone(),
        rng: registry.rng().clone(),
        cache_bytes: 1 << 20,
    };
    let other = svod_registry::Registry::open(deps).await.unwrap();
    let tried = other.catalogue().tried["moving"].candidate.clone();
    assert_eq!((tried.version.as_str(), tried.reason.as_str()), ("2.0.0", "Быстрее ли без проверки?"));

    registry.withdraw(actor, "moving", "Жалуются").await.unwrap();
    assert_eq!(town.begun(HERE).await, of("1.0.0", false));
    assert!(matches!(registry.withdraw(actor, "moving", "Ещё раз").await, Err(CandidateError::None(_))));

    town.try_version(&quick("2.0.0"), in_space(1, None), "Ещё раз").await.unwrap();
    registry.try_with(actor, "moving", in_space(100, Some("kuzbass")), "Теперь вся область").await.unwrap();
    assert_eq!(town.begun(THERE).await, of("2.0.0", true));
    let published = registry.promote(actor, "moving", "Впятеро быстрее").await.unwrap();
    assert_eq!((published.version.as_str(), published.changed), ("2.0.0", true));
    assert_eq!((town.in_force().as_str(), registry.catalogue().tried.len()), ("2.0.0", 0));
    assert_eq!(town.begun(THERE).await, of("2.0.0", true));

    let told = town.told().await;
    let expected = [
        ("publish", "pack:moving@1.0.0"),
        ("try", "Быстрее ли без проверки?"),
        ("withdraw", "Жалуются"),
        ("try", "Ещё раз"),
        ("try", "Теперь вся область"),
        ("publish", "Впятеро быстрее"),
    ];
    assert_eq!(told, expected.map(|(action, ground)| (action.to_owned(), ground.to_owned())));
}

async fn the_next_publication_ends_what_is_tried(place: &TestPlace) {
    let town = Town::new(place).await;
    town.try_version(&quick("2.0.0"), in_space(100, Some(SPACE)), "Проба").await.unwrap();
    town.house.registry.publish(&Actor::platform("packs"), versioned("3.0.0")).await.unwrap();
    assert!(town.house.registry.catalogue().tried.is_empty());
    assert_eq!(town.begun(HERE).await, of("3.0.0", false));
    assert!(matches!(
        town.house.registry.promote(&town.house.actor, "moving", "Поздно").await,
        Err(CandidateError::None(_))
    ));
}

async fn what_two_versions_cannot_both_have_is_refused(place: &TestPlace) {
    let town = Town::new(place).await;
    let everywhere = || in_space(10, None);
    let code = |r: Result<Candidate, CandidateError>| r.map_or_else(|e| e.code().to_owned(), |c| c.version);
    let tried = async |source: &PackSource| code(town.try_version(source, everywhere(), "Проба").await);

    assert_eq!(tried(&versioned("1.0.0")).await, "unchanged");
    assert_eq!(tried(&quick("1.0.0")).await, "version-taken");
    let mut typed = quick("2.0.0");
    typed.files.get_mut("model/moving.yaml").unwrap().push_str("# another word\n");
    match town.try_version(&typed, everywhere(), "Проба").await {
        Err(CandidateError::Beyond(files)) => assert_eq!(files, ["model/moving.yaml"]),
        other => panic!("{other:?}"),
    }
    let mut broken = quick("2.0.0");
    broken.files.insert("processes/moving.bpmn".into(), "<no/>".into());
    assert_eq!(tried(&broken).await, "pack-faults");
    for (scope, reason, refused) in [
        (in_space(100, None), "Проба", "share"),
        (in_space(0, Some(SPACE)), "Проба", "share"),
        (in_space(10, Some("installation")), "Проба", "space"),
        (everywhere(), " ", "reason"),
    ] {
        assert_eq!(code(town.try_version(&quick("2.0.0"), scope, reason).await), refused);
    }
    let citizen = town.actor(HERE);
    let theirs = town.house.registry.try_version(&citizen, &quick("2.0.0"), everywhere(), "Проба").await;
    assert_eq!(code(theirs), "forbidden");
    assert!(town.house.registry.catalogue().tried.is_empty());

    assert_eq!(tried(&quick("2.0.0")).await, "2.0.0");
    assert_eq!(tried(&quick("2.1.0")).await, "candidate-standing");
    assert_eq!(town.in_force(), "1.0.0");
}
