//! What begins by itself: events, moments, messages, times. Each once, whatever is repeated.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, json};
use svod_kernel::{Actor, Clock as _, Coded as _, Role, Timestamp, Urn};
use svod_model::{Attribute, Entity, PackSource};
use svod_registry::{Command, EntityQuery, Operation, PublishError};
use svod_runtime::triggers::Started;
use svod_runtime::{Applications, Filling, Offers, Triggers};
use svod_store::projection;
use svod_store::testing::TestPlace;

use crate::house::{House, SPACE, bpmn, map};

crate::on_both_engines!(
    an_event_begins_a_case_once,
    an_event_makes_an_offer_that_is_taken_once,
    an_offer_is_declined_or_runs_out,
    an_offer_may_ask_for_its_form,
    an_offer_is_withdrawn_when_its_ground_ends,
    what_a_case_led_to_is_withdrawn_when_it_is_called_off,
    a_removal_counts_and_a_service_does_not_start_itself,
    what_fails_stops_nobody_and_is_told,
    a_moment_comes_once,
    an_age_is_reached,
    a_message_begins_a_process,
    a_time_begins_a_process_once,
    what_services_say_of_events_is_checked,
);

const MODEL: &str = "id: https://svod.example/packs/gifts
name: gifts
prefixes: {linkml: 'https://w3id.org/linkml/'}
imports: [linkml:types]
default_range: string
classes:
  Permit:
    class_uri: svod:Permit
    description: Somebody may do something until a day.
    attributes:
      name: {required: true, description: What it is.}
      holder: {range: Person, description: Whose it is.}
      others: {range: Person, multivalued: true, description: Who else.}
      state: {description: How it is.}
      until: {range: datetime, description: How long it holds., annotations: {svod_index: true}}
";

const NOW: &str = r#"<startEvent id="s"/><endEvent id="e"/>
    s -> e"#;
const ASK: &str = r#"<startEvent id="s"/><endEvent id="e"/><userTask id="look"/>
    s -> look -> e"#;

const GIFT: &str = "{type: Permit, action: create, applicant: '[holder, others[1], others[2], \"urn:svod:person:9\"]', mode: run, when: 'state = null or state != \"void\"', set: {permit: urn, high: 'string length(name)'}}";
const LETTER: &str = "{type: Permit, action: update, applicant: holder, mode: offer, when: '(before.state = null or before.state != \"lost\") and entity.state = \"lost\"', set: {permit: urn, words: '\"again\"'}}";
const RENEWAL: &str =
    "{type: Permit, action: due, on: until, before: P30D, applicant: holder, mode: offer, set: {permit: urn}}";
const ADULT: &str = "{type: Person, action: due, on: birthDate, after: P18Y, applicant: urn, mode: run}";

/// Asks for words, and shows which permit it is about.
fn form(label: &str) -> String {
    json!({"type": "default", "id": "f", "schemaVersion": 19, "components": [
        {"type": "textfield", "key": "permit", "label": label, "readonly": true},
        {"type": "textfield", "key": "words", "label": label, "validate": {"required": true}}]})
    .to_string()
}

/// A pack with a service of each name: what starts it, and its process.
fn gifts(services: &[(&str, &str, &str)]) -> PackSource {
    let mut source = PackSource::default();
    let mut put = |path: String, text: String| drop(source.files.insert(path, text));
    let manifest =
        "id: gifts\nversion: 1.0.0\nowner: urn:svod:body:kuzbass:digital\ndepends: [base, kuzbass]\nspace: kuzbass\n";
    put("pack.yaml".into(), manifest.into());
    put("model/gifts.yaml".into(), MODEL.into());
    let mut texts: Vec<String> =
        ["pack-gifts-title", "pack-gifts-description", "type-Permit"].map(str::to_owned).into();
    texts.extend(["holder", "others"].map(|a| format!("attr-{a}")));
    for (id, event, body) in services {
        texts.extend(["", "-about", "-result"].map(|part| format!("service-{id}{part}")));
        put(format!("processes/{id}.bpmn"), bpmn(id, body));
        let form = if event.contains("mode: fill") {
            put(format!("forms/{id}.form.json"), form(&format!("@service-{id}")));
            format!("  - form: {id}.form.json\n")
        } else {
            String::new()
        };
        let service = format!(
            "id: {id}\nsituation: home\naudience: [person]\nsubject: residence\nprocess: {id}\nstart:\n  - event: {event}\n{form}\
             term: {{working_days: 3, calendar: ru}}\nacts: [\"Act 1\"]\n"
        );
        put(format!("services/{id}.yaml"), service);
    }
    for lang in ["ru", "kk", "en"] {
        put(format!("locales/{lang}.ftl"), texts.iter().map(|key| format!("{key} = x {key}\n")).collect());
    }
    source
}

struct Town {
    house: House,
    offers: Offers,
    triggers: Arc<Triggers>,
}

fn person(number: u32) -> Urn {
    format!("urn:svod:person:{number}").parse().unwrap()
}

fn citizen(number: u32) -> Actor {
    Actor {
        id: person(number).to_string(),
        name: "Анна Иванова".into(),
        roles: [Role::Citizen].into(),
        spaces: vec![SPACE.parse().unwrap()],
        body: None,
        on_behalf: Vec::new(),
    }
}

async fn town(place: &TestPlace, services: &[(&str, &str, &str)], processes: &[(&str, &str)]) -> Town {
    let house = House::new(place, processes, &[]).await;
    house.registry.publish(&Actor::platform("packs"), gifts(services)).await.unwrap();
    let applications = Applications::new(house.cases.clone(), house.store.clone());
    let offers = Offers::new(applications.clone());
    let triggers = Triggers::new(applications, house.store.clone(), "one".into());
    let town = Town { house, offers, triggers };
    for number in [1, 2] {
        let one = Entity::new(person(number), "Person", SPACE.parse().unwrap())
            .with("name", Attribute::property("Анна Иванова"))
            .with("birthDate", Attribute::property("1990-05-01"));
        town.execute(Operation::Create(one)).await;
    }
    town
}

impl Town {
    async fn execute(&self, operation: Operation) {
        let command = Command { ground: "test".into(), changes: vec![operation.into()], ..Command::default() };
        self.house.registry.execute(&Actor::platform("test"), command).await.unwrap();
    }

    async fn permit(&self, id: &str, set: &[(&str, Attribute)]) -> Urn {
        let urn: Urn = format!("urn:svod:permit:{id}").parse().unwrap();
        let mut permit = Entity::new(urn.clone(), "Permit", SPACE.parse().unwrap())
            .with("name", Attribute::property(id))
            .with("holder", Attribute::object(person(1)));
        for (name, value) in set {
            permit = permit.with(name, value.clone());
        }
        self.execute(Operation::Create(permit)).await;
        urn
    }

    async fn set(&self, urn: &Urn, name: &str, value: &str) {
        let set = [(name.to_owned(), Attribute::property(value))].into_iter().collect();
        self.execute(Operation::Patch { urn: urn.clone(), expected: None, set, unset: Vec::new() }).await;
    }

    async fn all(&self, kind: &str) -> Vec<Entity> {
        let query = EntityQuery::of("kuzbass".parse().unwrap(), &[kind]);
        self.house.registry.query(&self.house.actor, query).await.unwrap().items
    }

    fn space(&self) -> i64 {
        self.house.registry.spaces().get(&SPACE.parse().unwrap()).unwrap().id
    }

    /// Until everything that has happened in the space was followed.
    async fn quiet(&self, started: &Started) {
        let given = started.running().given();
        for _ in 0..1_000 {
            let head = self.house.registry.heads().get(&self.space()).copied().unwrap_or(0);
            let followed = given.borrow().get(&self.space()).copied().unwrap_or(0);
            if self.house.registry.is_all_announced() && followed >= head {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the journal was not followed");
    }

    /// Everything from the beginning of the space again, as after a crash or from an older backup of the place.
    async fn again(&self) {
        let space = self.space();
        self.house.store.write(move |c| projection::advance(c, "triggers", space, 0)).await.unwrap();
        let started = self.triggers.start().await.unwrap();
        self.quiet(&started).await;
        started.stop().await;
    }
}

async fn an_event_begins_a_case_once(place: &TestPlace) {
    let town = town(place, &[("gift", GIFT, ASK)], &[]).await;
    let before = town.permit("before", &[]).await;
    let started = town.triggers.start().await.unwrap();
    let others =
        Attribute { value: svod_model::AttributeValue::Objects(vec![person(2), person(1)]), ..Attribute::property("") };
    let permit = town.permit("one", &[("others", others)]).await;
    town.permit("void", &[("state", Attribute::property("void"))]).await;
    town.quiet(&started).await;
    started.stop().await;
    let cases = town.all("Case").await;
    let mut people: Vec<_> = cases.iter().filter_map(|c| c.object("person").cloned()).collect();
    people.sort();
    assert_eq!(people, [person(1), person(2)], "one each; who is not there gets nothing");
    for case in &cases {
        assert_eq!((case.text("event"), case.text("service")), (Some(permit.as_str()), Some("gifts/gift")));
        assert!(case.text("deadline").unwrap().starts_with("2026-01-20"), "{:?}", case.text("deadline"));
        let variables = town.house.variables(&case.id).await;
        assert_eq!((&variables["permit"], &variables["high"]), (&json!(permit), &json!(3)));
        assert_eq!(variables["applicant"]["urn"], json!(case.object("person").unwrap()));
    }
    // What was there before the triggers begins with the repetition; what has begun does not begin again.
    town.again().await;
    town.again().await;
    let cases = town.all("Case").await;
    assert_eq!(cases.len(), 3);
    assert_eq!(cases.iter().filter(|c| c.text("event") == Some(before.as_str())).count(), 1);
}

async fn an_event_makes_an_offer_that_is_taken_once(place: &TestPlace) {
    let town = town(place, &[("letter", LETTER, ASK)], &[]).await;
    let started = town.triggers.start().await.unwrap();
    let permit = town.permit("one", &[("state", Attribute::property("good"))]).await;
    town.set(&permit, "name", "another name").await;
    town.quiet(&started).await;
    assert!(town.all("Offer").await.is_empty(), "the condition does not hold");
    town.set(&permit, "state", "lost").await;
    town.set(&permit, "state", "good").await;
    town.set(&permit, "state", "lost").await;
    town.quiet(&started).await;
    started.stop().await;
    assert_eq!(town.all("Offer").await.len(), 1, "an open offer about the same permit is enough");
    let anna = citizen(1);
    let offer = town.offers.of(&anna).await.unwrap().remove(0);
    assert_eq!((offer.text("name"), offer.text("event")), (Some("x service-letter"), Some(permit.as_str())));
    assert_eq!(offer.time("until").unwrap().0 - offer.time("madeAt").unwrap().0, 30 * 86_400 * 1_000_000);
    assert_eq!(town.offers.data(&anna, &offer.id).await.unwrap(), map(json!({"permit": permit, "words": "again"})));
    let stranger = citizen(2);
    assert!(town.offers.of(&stranger).await.unwrap().is_empty());
    assert_eq!(town.offers.accept(&stranger, &offer.id).await.unwrap_err().status(), 404);
    // Two clicks at once and one afterwards.
    let (one, two) = tokio::join!(town.offers.accept(&anna, &offer.id), town.offers.accept(&anna, &offer.id));
    let case = one.unwrap();
    assert_eq!(case, two.unwrap());
    assert_eq!(town.offers.accept(&anna, &offer.id).await.unwrap(), case);
    assert_eq!(town.all("Case").await.len(), 1);
    let taken = town.offers.get(&anna, &offer.id).await.unwrap();
    assert_eq!((taken.text("status"), taken.object("case")), (Some("accepted"), Some(&case)));
    assert_eq!(town.house.variables(&case).await["words"], "again");
    assert_eq!(town.offers.decline(&anna, &offer.id).await.unwrap_err().code(), "offer-state");
    town.again().await;
    assert_eq!((town.all("Offer").await.len(), town.all("Case").await.len()), (1, 1));
}

async fn an_offer_is_declined_or_runs_out(place: &TestPlace) {
    let town = town(place, &[("letter", LETTER, NOW)], &[]).await;
    let started = town.triggers.start().await.unwrap();
    for id in ["one", "two"] {
        let permit = town.permit(id, &[]).await;
        town.set(&permit, "state", "lost").await;
    }
    town.quiet(&started).await;
    started.stop().await;
    let anna = citizen(1);
    let offers = town.offers.of(&anna).await.unwrap();
    assert_eq!(offers.len(), 2);
    town.offers.decline(&anna, &offers[0].id).await.unwrap();
    town.offers.decline(&anna, &offers[0].id).await.unwrap();
    assert_eq!(town.offers.accept(&anna, &offers[0].id).await.unwrap_err().code(), "offer-state");
    town.house.clock.advance(29 * 86_400);
    town.triggers.settle().await.unwrap();
    assert_eq!(town.offers.of(&anna).await.unwrap().len(), 1);
    town.house.clock.advance(2 * 86_400);
    assert_eq!(
        town.offers.accept(&anna, &offers[1].id).await.unwrap_err().code(),
        "offer-state",
        "before the sweep too"
    );
    town.triggers.settle().await.unwrap();
    assert_eq!(town.offers.get(&anna, &offers[1].id).await.unwrap().text("status"), Some("expired"));
    assert!(town.all("Case").await.is_empty());
}

async fn an_offer_may_ask_for_its_form(place: &TestPlace) {
    let letter = LETTER.replace("mode: offer", "mode: fill, lend: name").replace(", words: '\"again\"'", "");
    let town = town(place, &[("letter", &letter, ASK)], &[]).await;
    let started = town.triggers.start().await.unwrap();
    let permit = town.permit("one", &[]).await;
    town.set(&permit, "state", "lost").await;
    town.quiet(&started).await;
    started.stop().await;
    let anna = citizen(1);
    let offer = town.offers.of(&anna).await.unwrap().remove(0);
    assert!(Offers::must_fill(&offer) && offer.value("lent") == Some(&json!(["one"])), "{offer:?}");
    let refused = town.offers.accept(&anna, &offer.id).await.unwrap_err();
    let fields = refused.fields();
    assert_eq!((refused.code(), refused.status(), fields[0].field.as_str()), ("offer-fill", 422, "answers"));
    assert!(fields[0].rule == "required" && fields[0].fix.contains("gifts/letter"), "{fields:?}");
    assert!(town.all("Case").await.is_empty() && town.offers.of(&anna).await.unwrap().len() == 1);
    // Its form begins with what it has filled in; what the form only shows is not for the sender to change, or to leave out.
    let applications = Applications::new(town.house.cases.clone(), town.house.store.clone());
    let (service, applicant) =
        (applications.service("gifts/letter").unwrap(), applications.applicant(&anna).await.unwrap());
    let filling = Filling::new(town.house.registry.clone(), 7);
    let mut sheet = filling.of_service(&service.spec, &applicant).await.unwrap();
    sheet.held = town.offers.data(&anna, &offer.id).await.unwrap();
    let missing = filling.fill(&anna, &sheet, Map::new(), BTreeSet::new()).await.unwrap_err().fields();
    assert_eq!(missing.iter().map(|f| f.field.as_str()).collect::<Vec<_>>(), ["words"]);
    let answers = map(json!({"words": "mine", "permit": "another"}));
    let done = filling.fill(&anna, &sheet, answers, BTreeSet::new()).await.unwrap();
    assert_eq!(done.data, json!({"permit": permit, "words": "mine"}));
    let case = town.offers.accept_with(&anna, &offer.id, (map(done.data), None)).await.unwrap();
    assert_eq!(town.offers.accept(&anna, &offer.id).await.unwrap(), case, "a second click");
    let variables = town.house.variables(&case).await;
    assert_eq!((&variables["permit"], &variables["words"]), (&json!(permit), &json!("mine")));
}

impl Town {
    /// How the only offer about an entity stands.
    async fn offer_about(&self, about: &Urn) -> Entity {
        let mut all = self.all("Offer").await;
        all.retain(|o| o.text("event") == Some(about.as_str()));
        assert_eq!(all.len(), 1, "{about}: {all:?}");
        all.remove(0)
    }
}

async fn an_offer_is_withdrawn_when_its_ground_ends(place: &TestPlace) {
    let letter = LETTER.replace("mode: offer", "mode: offer, while: 'state = \"lost\"'");
    let town = town(place, &[("letter", &letter, ASK)], &[]).await;
    let started = town.triggers.start().await.unwrap();
    let mut permits = Vec::new();
    for id in ["found", "gone", "taken", "kept"] {
        let permit = town.permit(id, &[]).await;
        town.set(&permit, "state", "lost").await;
        permits.push(permit);
    }
    town.quiet(&started).await;
    let [found, gone, taken, kept] = [0, 1, 2, 3].map(|at: usize| permits[at].clone());
    let anna = citizen(1);
    assert_eq!(town.offers.of(&anna).await.unwrap().len(), 4);
    let accepted = town.offer_about(&taken).await.id;
    town.offers.accept(&anna, &accepted).await.unwrap();
    town.set(&found, "state", "found").await;
    town.set(&taken, "state", "found").await;
    town.set(&kept, "name", "another name").await;
    town.execute(Operation::Delete { urn: gone.clone(), expected: None }).await;
    town.quiet(&started).await;
    started.stop().await;
    let stand = async || {
        let mut all = Vec::new();
        for permit in [&found, &gone, &taken, &kept] {
            all.push(town.offer_about(permit).await.text("status").unwrap().to_owned());
        }
        all
    };
    let expected = ["withdrawn", "withdrawn", "accepted", "open"];
    assert_eq!(stand().await, expected);
    let over = town.offer_about(&found).await.id;
    assert_eq!((town.offers.of(&anna).await.unwrap().len(), town.offers.withdrawn(&anna).await.unwrap().len()), (1, 2));
    assert!(town.offers.withdrawn(&citizen(2)).await.unwrap().is_empty());
    let refused = town.offers.accept(&anna, &over).await.unwrap_err();
    assert!(refused.code() == "offer-state" && refused.to_string().contains("withdrawn"), "{refused}");
    // The same again after a crash: nothing is made or withdrawn twice; lost once more it is offered once more.
    town.again().await;
    assert_eq!(stand().await, expected);
    let started = town.triggers.start().await.unwrap();
    town.set(&found, "state", "lost").await;
    town.quiet(&started).await;
    started.stop().await;
    assert_eq!(town.offers.of(&anna).await.unwrap().len(), 2);
}

async fn what_a_case_led_to_is_withdrawn_when_it_is_called_off(place: &TestPlace) {
    let first = "{type: Permit, action: create, applicant: holder, mode: run, when: 'state = \"begin\"', set: {holder: holder}}";
    let letter = "{type: Permit, action: create, applicant: holder, mode: offer, when: 'state = \"offered\"'}";
    let makes = r#"<startEvent id="s"/><endEvent id="e"/><userTask id="look"/>
        <serviceTask id="a" svod:service="entity.create"><extensionElements>
          <svod:input name="type" value="&quot;Permit&quot;"/>
          <svod:input name="attributes" value="{name: &quot;a copy&quot;, state: &quot;offered&quot;, holder: {object: holder}}"/></extensionElements></serviceTask>
        s -> a -> look -> e"#;
    let town = town(place, &[("first", first, makes), ("letter", letter, ASK)], &[]).await;
    let started = town.triggers.start().await.unwrap();
    town.permit("one", &[("state", Attribute::property("begin"))]).await;
    let other = town.permit("two", &[("state", Attribute::property("offered"))]).await;
    town.quiet(&started).await;
    let copy = town.all("Permit").await.into_iter().find(|p| p.text("name") == Some("a copy")).unwrap().id;
    assert_eq!(town.offer_about(&copy).await.text("status"), Some("open"));
    let cases = town.all("Case").await;
    let case = cases.iter().find(|c| c.text("service") == Some("gifts/first")).unwrap();
    let row = town.house.cases.instances(&case.id).await.unwrap().remove(0);
    let operator = Actor::platform("test");
    town.house.cases.call_off(&operator, (&case.space, row.id), "made by mistake").await.unwrap();
    town.quiet(&started).await;
    started.stop().await;
    for _ in 0..2 {
        assert_eq!(town.offer_about(&copy).await.text("status"), Some("withdrawn"));
        assert_eq!(town.offer_about(&other).await.text("status"), Some("open"), "no case led to it");
        town.again().await;
    }
}

async fn a_removal_counts_and_a_service_does_not_start_itself(place: &TestPlace) {
    let farewell = "{type: Permit, action: delete, applicant: holder, mode: run, set: {permit: urn, name: name}}";
    let again = "{type: Permit, action: create, applicant: holder, mode: run, set: {holder: holder}}";
    let copies = r#"<startEvent id="s"/><endEvent id="e"/>
        <serviceTask id="a" svod:service="entity.create"><extensionElements>
          <svod:input name="type" value="&quot;Permit&quot;"/>
          <svod:input name="attributes" value="{name: &quot;a copy&quot;, holder: {object: holder}}"/></extensionElements></serviceTask>
        s -> a -> e"#;
    let town = town(place, &[("farewell", farewell, ASK), ("again", again, copies)], &[]).await;
    let started = town.triggers.start().await.unwrap();
    let permit = town.permit("one", &[]).await;
    town.quiet(&started).await;
    assert_eq!(town.all("Permit").await.len(), 2, "the copy that its case made starts no other");
    town.execute(Operation::Delete { urn: permit.clone(), expected: None }).await;
    town.quiet(&started).await;
    started.stop().await;
    let cases = town.all("Case").await;
    let case = cases.iter().find(|c| c.text("service") == Some("gifts/farewell")).unwrap();
    assert_eq!(town.house.variables(&case.id).await["name"], "one");
    assert_eq!(cases.len(), 2);
}

async fn what_fails_stops_nobody_and_is_told(place: &TestPlace) {
    let bad = "{type: Permit, action: create, applicant: holder, mode: run, when: 'name + 1 > 2'}";
    let nobody = "{type: Permit, action: create, applicant: entity.name, mode: run}";
    let services = [("bad", bad, ASK), ("gift", GIFT, ASK), ("nobody", nobody, ASK)];
    let town = town(place, &services, &[]).await;
    let started = town.triggers.start().await.unwrap();
    town.permit("one", &[]).await;
    town.permit("two", &[]).await;
    town.quiet(&started).await;
    started.stop().await;
    let cases = town.all("Case").await;
    assert!(cases.iter().all(|c| c.text("service") == Some("gifts/gift")), "{cases:?}");
    assert_eq!(cases.len(), 2);
    let aside = town.house.store.read(|c| projection::all_set_aside(c, "triggers")).await.unwrap();
    assert_eq!(aside.len(), 2, "{aside:?}");
    assert!(aside[0].reason.contains("gifts/bad") && aside[0].reason.contains("gifts/nobody"), "{}", aside[0].reason);
}

fn at(days: i64, now: Timestamp) -> Attribute {
    Attribute::property(now.plus_seconds(days * 86_400).to_string())
}

async fn a_moment_comes_once(place: &TestPlace) {
    let town = town(place, &[("renewal", RENEWAL, NOW)], &[]).await;
    let now = town.house.clock.now();
    let soon = town.permit("soon", &[("until", at(10, now))]).await;
    town.permit("over", &[("until", at(-1, now))]).await;
    let later = town.permit("later", &[("until", at(40, now))]).await;
    let offered = async || {
        let mut all: Vec<String> =
            town.all("Offer").await.iter().filter_map(|o| Some(o.text("event")?.to_owned())).collect();
        all.sort();
        all
    };
    town.triggers.settle().await.unwrap();
    assert_eq!(offered().await, [soon.as_str()], "at first what is to come counts, and nothing that is over");
    town.house.clock.advance(9 * 86_400);
    town.triggers.settle().await.unwrap();
    assert_eq!(offered().await.len(), 1);
    town.house.clock.advance(2 * 86_400);
    for _ in 0..2 {
        town.triggers.settle().await.unwrap();
        assert_eq!(offered().await, [later.as_str(), soon.as_str()]);
    }
    // The place is lost: what was offered is there.
    let name = "due/gifts/renewal/0/Permit/until/before/P30D";
    let older = now.0.to_string();
    town.house.store.write(move |c| svod_store::meta::set(c, 0, name, &older)).await.unwrap();
    town.triggers.settle().await.unwrap();
    assert_eq!(offered().await.len(), 2);
    // Written down when its moment is over, and it is still to come.
    let started = town.triggers.start().await.unwrap();
    let now = town.house.clock.now();
    let late = town.permit("late", &[("until", at(3, now))]).await;
    town.permit("too-late", &[("until", at(-3, now))]).await;
    town.quiet(&started).await;
    started.stop().await;
    town.triggers.settle().await.unwrap();
    let mut all = vec![late.to_string(), later.to_string(), soon.to_string()];
    all.sort();
    assert_eq!(offered().await, all);
}

async fn an_age_is_reached(place: &TestPlace) {
    let town = town(place, &[("adult", ADULT, NOW)], &[]).await;
    town.triggers.settle().await.unwrap();
    let young = Entity::new(person(3), "Person", SPACE.parse().unwrap())
        .with("name", Attribute::property("Пётр Иванов"))
        .with("birthDate", Attribute::property("2008-01-18"));
    town.execute(Operation::Create(young)).await;
    // Midnight by the clocks of the space, which are not those of the calendar of the service: 17:00 of the day before.
    town.house.clock.set("2026-01-17T16:59:00Z".parse().unwrap());
    town.triggers.settle().await.unwrap();
    assert!(town.all("Case").await.is_empty());
    town.house.clock.set("2026-01-17T17:01:00Z".parse().unwrap());
    for _ in 0..2 {
        town.triggers.settle().await.unwrap();
    }
    town.house.clock.advance(40 * 86_400);
    town.triggers.settle().await.unwrap();
    let cases = town.all("Case").await;
    assert_eq!(cases.iter().map(|c| c.object("person").cloned()).collect::<Vec<_>>(), [Some(person(3))]);
}

async fn instances(house: &House, process: &str) -> i64 {
    let space = house.registry.spaces().get(&svod_registry::INSTALLATION.parse().unwrap()).unwrap().id;
    let counts = house.store.read(move |c| svod_store::instance::counts(c, space)).await.unwrap();
    counts.get(process).map_or(0, |all| all.iter().sum())
}

async fn a_message_begins_a_process(place: &TestPlace) {
    let body = r#"<startEvent id="s"><messageEventDefinition id="md" messageRef="m"/></startEvent><endEvent id="e"/>
        <scriptTask id="sum" svod:result="twice"><script>amount * 2</script></scriptTask>
        s -> sum -> e"#;
    let sends = r#"<startEvent id="s"/><endEvent id="e"/>
        <sendTask id="a" messageRef="m" svod:correlation="key"><extensionElements><svod:input name="amount" value="2"/></extensionElements></sendTask>
        s -> a -> e"#;
    let house = House::new(place, &[("told", body), ("sends", sends)], &[]).await;
    let payload = || map(json!({"amount": 4}));
    assert!(!house.cases.message(&house.actor, "other", None, payload()).await.unwrap());
    assert!(house.cases.message(&house.actor, "news", None, payload()).await.unwrap());
    assert_eq!(instances(&house, "test@1.0.0/told").await, 1);
    // One that a case sends begins it within the command of the case, where the case is.
    house.begin("sends", json!({"key": "x"})).await;
    let space = house.registry.spaces().get(&SPACE.parse().unwrap()).unwrap().id;
    let counts = house.store.read(move |c| svod_store::instance::counts(c, space)).await.unwrap();
    assert_eq!(counts["test@1.0.0/told"].iter().sum::<i64>(), 1, "{counts:?}");
    let new = house.cases.starting("news", Some(&SPACE.parse().unwrap())).await.unwrap().unwrap();
    assert_eq!((new.space.as_str(), new.element.as_deref()), (SPACE, Some("s")));
}

async fn a_time_begins_a_process_once(place: &TestPlace) {
    let body = r#"<startEvent id="s"><timerEventDefinition id="td"><timeCycle>R2/PT1H</timeCycle></timerEventDefinition></startEvent><endEvent id="e"/>
        s -> e"#;
    let house = House::new(place, &[("hourly", body)], &[]).await;
    let applications = Applications::new(house.cases.clone(), house.store.clone());
    let triggers = Triggers::new(applications, house.store.clone(), "one".into());
    let count = || instances(&house, "test@1.0.0/hourly");
    triggers.settle().await.unwrap();
    assert_eq!(count().await, 0);
    let name = "timer/test/hourly/s";
    let before = house.store.read(move |c| svod_store::meta::get(c, 0, name)).await.unwrap().unwrap();
    house.clock.advance(3_600);
    triggers.settle().await.unwrap();
    triggers.settle().await.unwrap();
    assert_eq!(count().await, 1);
    // Killed after it began and before its place was written.
    house.store.write(move |c| svod_store::meta::set(c, 0, name, &before)).await.unwrap();
    triggers.settle().await.unwrap();
    assert_eq!(count().await, 1);
    house.clock.advance(3_600);
    triggers.settle().await.unwrap();
    assert_eq!(count().await, 2);
    house.clock.advance(7_200);
    triggers.settle().await.unwrap();
    assert_eq!(count().await, 2, "twice, as it says");
}

async fn what_services_say_of_events_is_checked(place: &TestPlace) {
    let town = town(place, &[], &[]).await;
    for (event, what) in [
        (GIFT.replace("'state = null or state != \"void\"'", "'status != 1'"), "'status'"),
        (GIFT.replace("'state = null or state != \"void\"'", "'state !='"), "'when'"),
        (LETTER.replace("holder", "'holder +'"), "'applicant'"),
        (RENEWAL.replace("on: until", "on: state"), "'state' has no index"),
        (RENEWAL.replace("on: until", "on: holder"), "'holder' holds no moment"),
        (RENEWAL.replace("P30D", "P30Z"), "no duration"),
        (RENEWAL.replace("before: P30D, ", ""), "before or after"),
        (LETTER.replace("mode:", "on: until, mode:"), "'on' goes with"),
    ] {
        let pack = gifts(&[("gift", &event, NOW)]);
        let refused = town.house.registry.check(&pack).await.unwrap_err();
        let PublishError::Faults(faults) = refused else { panic!("{refused}") };
        let fits = |f: &&svod_model::PackError| f.message.contains(what) && f.file.ends_with("services/gift.yaml");
        let fault = faults.iter().find(fits).unwrap_or_else(|| panic!("{what} not in {faults:?}"));
        assert!(fault.position.line >= 6 && !fault.fix.is_empty(), "{fault}");
    }
}
