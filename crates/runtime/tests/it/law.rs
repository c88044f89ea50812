//! A service with a term, an objection and bodies one above the other.

use serde_json::{Map, Value, json};
use svod_kernel::{Actor, Role, Urn};
use svod_model::{Attribute, AttributeValue, Entity, PackSource};
use svod_process::Event;
use svod_registry::{Action, Change, Command, EntityQuery, Operation};
use svod_runtime::{Along, CaseError, NewCase};
use svod_store::testing::TestPlace;

use crate::house::{House, SPACE, bpmn, map};

pub const PERSON: &str = "urn:svod:person:anna";
pub const ABOVE: &str = "urn:svod:body:law:above";
pub const BELOW: &str = "urn:svod:body:law:below";

const SERVICE: &str = "situation: home
audience: [person]
subject: residence
process: review
start: [{form: permit.form.json}]
warn: P1D
acts: [\"Закон 1, ст. 2\"]
";

pub struct Law {
    pub house: House,
    pub citizen: Actor,
}

fn text(value: &str) -> Attribute {
    Attribute::property(value)
}

impl Law {
    /// With these processes beside `review`, and decisions; its clock stands at Tuesday, 29 December 2026, 10:00 in Moscow.
    pub async fn new(place: &TestPlace, processes: &[(&str, &str)], decisions: &[(&str, &str)]) -> Self {
        let house = House::new(place, &[], &[]).await;
        house.clock.set("2026-12-29T07:00:00Z".parse().unwrap());
        let mut source = PackSource::default();
        let mut add = |path: &str, text: &str| source.files.insert(path.to_owned(), text.to_owned());
        add("pack.yaml", "id: law\nversion: 1.0.0\nowner: urn:svod:body:kuzbass:digital\ndepends: [base, kuzbass]\n");
        let days = format!(
            "id: permit\n{SERVICE}term: {{working_days: 3, calendar: ru}}\nobject: {{process: review, days: 30, term: {{duration: P15D}}}}\npause: [papers]\n"
        );
        add("services/permit.yaml", &days);
        add("services/plain.yaml", &format!("id: plain\n{SERVICE}term: {{duration: P10D}}\npause: [papers]\n"));
        add("forms/permit.form.json", r#"{"type": "default", "id": "permit", "components": []}"#);
        let review = r#"<startEvent id="s"/><endEvent id="e"/><endEvent id="out"/><userTask id="again"/><exclusiveGateway id="which" default="left"/>
            <serviceTask id="r" svod:service="decision.review"><extensionElements>
              <svod:input name="decision" value="decision.urn"/><svod:input name="result" value="result"/></extensionElements></serviceTask>
            <sequenceFlow id="left" sourceRef="which" targetRef="out"/>
            s -> again -> which -> r if result != null
            r -> e"#;
        for (id, body) in processes.iter().chain(&[("review", review)]) {
            add(&format!("processes/{id}.bpmn"), &bpmn(id, body));
        }
        for (file, xml) in decisions {
            add(&format!("decisions/{file}"), xml);
        }
        for (lang, bring) in [("ru", "Принесите"), ("kk", "Әкеліңіз"), ("en", "Bring")] {
            let mut texts = "pack-law-title = x\npack-law-description = x\npause-papers = x\n".to_owned();
            for service in ["permit", "plain"] {
                texts.push_str(&format!(
                    "service-{service} = x\nservice-{service}-about = x\nservice-{service}-result = x\n"
                ));
            }
            texts.push_str(&format!("law-bring = {bring}: {{ $what }}, {{ $count }}\n"));
            add(&format!("locales/{lang}.ftl"), &texts);
        }
        house.registry.publish(&Actor::platform("packs"), source).await.unwrap();
        let body = |id: &str| Entity::new(id.parse().unwrap(), "Body", SPACE.parse().unwrap()).with("name", text(id));
        let person = Entity::new(PERSON.parse().unwrap(), "Person", SPACE.parse().unwrap()).with("name", text("Анна"));
        let below = body(BELOW).with("parent", Attribute::object(ABOVE.parse().unwrap()));
        let changes = [body(ABOVE), below, person].map(|e| Operation::Create(e).into()).to_vec();
        let command = Command { ground: "test".into(), changes, ..Command::default() };
        house.registry.execute(&house.actor, command).await.unwrap();
        let citizen = Actor {
            id: PERSON.into(),
            name: "citizen".into(),
            roles: [Role::Citizen].into(),
            spaces: vec![SPACE.parse().unwrap()],
            body: None,
            on_behalf: Vec::new(),
        };
        Self { house, citizen }
    }

    /// Somebody in a post of a body.
    pub fn official(id: &str, body: &str) -> Actor {
        Actor {
            id: format!("urn:svod:person:{id}"),
            name: format!("Специалист {id}"),
            roles: [Role::Official].into(),
            spaces: vec![SPACE.parse().unwrap()],
            body: Some(body.parse().unwrap()),
            on_behalf: Vec::new(),
        }
    }

    /// Anna's case of a service, with the body that answers for it.
    pub async fn open(&self, service: &str, process: &str, body: &str, variables: Value) -> Urn {
        let now = self.house.registry.clock().now();
        let urn = Urn::mint("case", now, self.house.registry.rng().as_ref());
        let case = Entity::new(urn, "Case", SPACE.parse().unwrap())
            .with("name", text("A case"))
            .with("subject", text("residence"))
            .with("service", text(&format!("law/{service}")))
            .with("person", Attribute::object(PERSON.parse().unwrap()))
            .with("body", Attribute::object(body.parse().unwrap()))
            .with("process", text(process))
            .with("processVersion", text(&format!("law@1.0.0/{process}")))
            .with("status", text("open"))
            .with("openedAt", text(&now.to_string()));
        let new = NewCase {
            process: format!("law@1.0.0/{process}"),
            element: None,
            variables: map(variables),
            space: SPACE.parse().unwrap(),
            case: Some(case),
        };
        self.house.cases.begin(&self.citizen, new, Along::default()).await.unwrap()
    }

    /// Time passes, step by step: what is due comes in its time.
    pub async fn until(&self, moment: &str) {
        self.house.clock.set(moment.parse().unwrap());
        self.house.settle().await;
    }

    pub async fn entity(&self, urn: &Urn) -> Entity {
        self.house.entity(urn.as_str()).await.unwrap()
    }

    pub async fn word(&self, urn: &Urn, name: &str) -> Option<String> {
        self.entity(urn).await.text(name).map(str::to_owned)
    }

    /// The task of a step of a case that is open or was last.
    pub async fn task(&self, case: &Urn, step: &str) -> Entity {
        let all = self.house.tasks().await;
        let of = |t: &&Entity| t.object("case") == Some(case) && t.text("step") == Some(step);
        all.iter().rfind(of).unwrap_or_else(|| panic!("no task {step} of {case}")).clone()
    }

    /// An official does a task, as `Tasks` has it.
    pub async fn act(&self, actor: &Actor, case: &Urn, step: &str, answers: Value) -> Result<(), CaseError> {
        let task = self.task(case, step).await;
        let set = [("status", text("done")), ("answers", text(&answers.to_string()))];
        let set = set.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let patch = Operation::Patch { urn: task.id.clone(), expected: Some(task.version), set, unset: Vec::new() };
        let changes = vec![Change::verb(patch, Action::Complete, "complete")];
        let along = Along { changes, ..Along::default() };
        self.house.cases.complete(actor, &task, map(answers), &along).await.map(drop)
    }

    pub async fn all(&self, kind: &str) -> Vec<Entity> {
        let query = EntityQuery::of(SPACE.parse().unwrap(), &[kind]);
        self.house.registry.query(&self.house.actor, query).await.unwrap().items
    }

    /// The incidents of a case: code and message.
    pub async fn incidents(&self, case: &Urn) -> Vec<(u64, String, String)> {
        let state: Value = serde_json::from_str(&self.house.row(case).await.state).unwrap();
        let none = Map::new();
        let all = state["incidents"].as_object().unwrap_or(&none);
        let text = |v: &Value, name: &str| v[name].as_str().unwrap().to_owned();
        all.iter().map(|(id, i)| (id.parse().unwrap(), text(i, "code"), text(i, "message"))).collect()
    }

    pub async fn retry(&self, case: &Urn, variables: Value) {
        let incident = self.incidents(case).await[0].0;
        let event = Event::Retry { incident, variables: map(variables) };
        self.house.cases.tell(&self.house.actor, case, &event, &Along::default()).await.unwrap();
    }
}

/// What stands about an attribute.
pub fn about(entity: &Entity, name: &str, about: &str) -> Value {
    match &entity.attributes[name].about[about].value {
        AttributeValue::Value(value) => value.clone(),
        other => json!(format!("{other:?}")),
    }
}
