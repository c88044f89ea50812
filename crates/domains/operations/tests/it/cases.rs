//! The operator's pages of running processes: seen, repaired, carried over; and who may not.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use svod_kernel::{Actor, Urn};
use svod_model::{Attribute, Entity, PackSource};
use svod_portal::testing::form;
use svod_runtime::cases::repair::{Status, Stuck};
use svod_runtime::{Along, NewCase};

use crate::house::House;

const ADMINISTRATOR: &str = "administrator";
const SPACE: &str = "kuzbass/novokuznetsk";
const LIST: &str = "/operations/cases";

/// Until somebody says how much it is, it stands still at the gateway.
const FIRST: &str = r#"<startEvent id="s"/><endEvent id="e"/><exclusiveGateway id="g" name="How much?"/>
    <userTask id="look" name="Look at it"/><userTask id="sign" name="Sign it"/>
    <sequenceFlow id="f1" sourceRef="s" targetRef="g"/>
    <sequenceFlow id="f2" sourceRef="g" targetRef="look"><conditionExpression>amount &gt; 10</conditionExpression></sequenceFlow>
    <sequenceFlow id="f3" sourceRef="g" targetRef="sign"><conditionExpression>amount &lt; 11</conditionExpression></sequenceFlow>
    <sequenceFlow id="f4" sourceRef="look" targetRef="e"/><sequenceFlow id="f5" sourceRef="sign" targetRef="e"/>"#;

/// What is no number of floors has no fee.
const FEE: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="fees" namespace="https://svod.example/fees">
  <inputData id="i" name="floors"><variable name="floors" typeRef="number"/></inputData>
  <decision id="fee" name="Fee"><variable name="Fee" typeRef="number"/>
    <informationRequirement id="ir"><requiredInput href="#i"/></informationRequirement>
    <decisionTable id="t" hitPolicy="FIRST"><input id="in"><inputExpression id="ie" typeRef="number"><text>floors</text></inputExpression></input>
      <output id="o"/>
      <rule id="low"><inputEntry id="a1"><text>&lt;= 3</text></inputEntry><outputEntry id="a2"><text>100</text></outputEntry></rule>
      <rule id="high"><inputEntry id="b1"><text>-</text></inputEntry><outputEntry id="b2"><text>500</text></outputEntry></rule>
    </decisionTable></decision>
</definitions>"##;

fn pack(version: &str, body: &str) -> PackSource {
    let mut source = PackSource::default();
    let manifest =
        format!("id: test\nversion: {version}\nowner: urn:svod:body:kuzbass:digital\ndepends: [base, kuzbass]\n");
    source.files.insert("pack.yaml".into(), manifest);
    for lang in ["ru", "kk", "en"] {
        let texts = "pack-test-title = x\npack-test-description = x\nprocess-weigh = Weighing\n";
        source.files.insert(format!("locales/{lang}.ftl"), texts.into());
    }
    let bpmn = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
        id="d" targetNamespace="t"><process id="weigh" name="weigh" isExecutable="true">{body}</process></definitions>"#
    );
    source.files.insert("processes/weigh.bpmn".into(), bpmn);
    source.files.insert("decisions/fees.dmn".into(), FEE.into());
    source
}

impl House {
    async fn publish(&self, version: &str, body: &str) {
        self.registry.publish(&Actor::platform("packs"), pack(version, body)).await.unwrap();
    }

    /// Begins a case; the address of its instance.
    async fn begin(&self, variables: Value) -> String {
        let Value::Object(variables) = variables else { panic!("{variables} is no object") };
        let text = |v: &str| Attribute::property(v);
        let number = self.registry.rng().next_u64();
        let case = Entity::new(Urn::svod("case", &number.to_string()).unwrap(), "Case", SPACE.parse().unwrap())
            .with("name", text("A case"))
            .with("subject", text("air"))
            .with("process", text("weigh"))
            .with("processVersion", text("test@1.0.0/weigh"))
            .with("status", text("open"))
            .with("openedAt", text("2026-01-15T01:00:00Z"));
        let new = NewCase {
            process: "test@1.0.0/weigh".into(),
            element: None,
            variables,
            space: SPACE.parse().unwrap(),
            case: Some(case),
        };
        let urn: Urn = self.cases.begin(&Actor::platform("test"), new, Along::default()).await.unwrap();
        let row = self.cases.instances(&urn).await.unwrap().remove(0);
        format!("{LIST}/{}-{}", row.space, row.id)
    }

    async fn standing(&self) -> usize {
        let all = Stuck { limit: 100, ..Stuck::default() };
        self.cases.stuck(&self.operator(), &all).await.unwrap().items.len()
    }

    async fn status(&self, address: &str) -> Status {
        let id = address.rsplit('-').next().unwrap().parse().unwrap();
        self.cases.instance(&self.operator(), (&SPACE.parse().unwrap(), id)).await.unwrap().status
    }

    fn operator(&self) -> Actor {
        let roles = [svod_kernel::Role::Administrator].into();
        Actor { id: "operator".into(), roles, spaces: vec!["kuzbass".parse().unwrap()], ..Actor::anonymous() }
    }

    async fn read(&self, path: &str) -> String {
        let page = self.visitor.get(Some(ADMINISTRATOR), path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
        page.body
    }

    async fn send(&self, path: &str, fields: &str) -> svod_portal::testing::Answer {
        self.visitor.post(ADMINISTRATOR, path, fields).await
    }
}

/// The number of an incident or token in the address of its button.
fn named(page: &str, act: &str, what: &str) -> String {
    let after = page.split(&format!("/{act}?{what}=")).nth(1).unwrap_or_else(|| panic!("no {act} in {page}"));
    after.chars().take_while(char::is_ascii_digit).collect()
}

async fn house() -> House {
    let house = House::new().await;
    house.publish("1.0.0", FIRST).await;
    house
}

#[tokio::test]
async fn what_stands_still_is_found_and_tried_again_with_variables_put_right() {
    let house = house().await;
    assert!(house.read(LIST).await.contains("No processes"));
    let address = house.begin(json!({"who": "Анна <Иванова>"})).await;
    house.begin(json!({"amount": 5})).await;
    let list = house.read(LIST).await;
    for part in ["Weighing", "in force", "How much?", "A condition is neither true nor false", SPACE, address.as_str()]
    {
        assert!(list.contains(part), "{part}: {list}");
    }
    assert!(house.read(&format!("{LIST}?code=endless")).await.contains("Nothing stands still"));
    assert!(house.read(&format!("{LIST}?age=day")).await.contains("Nothing stands still"));
    let csv = house.read("/operations/cases.csv?code=condition").await;
    assert!(csv.lines().count() == 2 && csv.contains(",test@1.0.0/weigh,") && csv.contains(",g,How much?,"), "{csv}");

    let page = house.read(&address).await;
    assert!(page.contains(">who<") && !page.contains("Анна"), "a name, and nothing of what it holds: {page}");
    let retry = format!("{address}/retry");
    let incident = named(&page, "retry", "incident");
    let ask = house.read(&format!("{retry}?incident={incident}")).await;
    assert!(ask.contains("This cannot be undone") && ask.contains("field-reason"), "{ask}");
    let fields = |variables: &str, reason: &str| {
        format!("do=go&incident={incident}&variables={}&reason={}", form(variables), form(reason))
    };
    let silent = house.send(&retry, &fields(r#"{"amount": 20}"#, " ")).await;
    assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(silent.body.contains("Say why") && silent.body.contains("&#34;amount&#34;: 20"), "{}", silent.body);
    for bad in ["[20]", "{\"a b\": 1}", "{"] {
        let wrong = house.send(&retry, &fields(bad, "why")).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        assert!(wrong.body.contains("Write a JSON object"), "{}", wrong.body);
    }
    assert_eq!(house.standing().await, 1);
    let done = house.send(&retry, &fields(r#"{"amount": 20}"#, "The amount was missing")).await;
    assert_eq!(done.location, format!("{address}?done=retry"), "{}", done.body);
    let page = house.read(&done.location).await;
    for part in ["It was tried again", "Look at it", "The amount was missing", "Variables put right:<wbr> amount"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let late = house.send(&retry, &fields("", "why")).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.body.contains("Somebody else was faster"), "{}", late.body);
}

#[tokio::test]
async fn it_is_moved_and_called_off() {
    let house = house().await;
    let address = house.begin(json!({"amount": 20})).await;
    let token = named(&house.read(&address).await, "move", "token");
    let ask = house.read(&format!("{address}/move?token={token}")).await;
    assert!(ask.contains("Sign it (sign)") && !ask.contains("(s)<"), "{ask}");
    let wrong = house.send(&format!("{address}/move"), &format!("do=go&token={token}&element=s&reason=x")).await;
    assert_eq!(wrong.status, StatusCode::CONFLICT, "{}", wrong.body);
    let moved = house.send(&format!("{address}/move"), &format!("do=go&token={token}&element=sign&reason=x")).await;
    assert!(house.read(&moved.location).await.contains("It was moved"));
    assert!(house.read(&format!("{address}/cancel")).await.contains("Call the instance off"));
    let off = house.send(&format!("{address}/cancel"), "do=go&reason=duplicate").await;
    assert_eq!(off.status, StatusCode::SEE_OTHER, "{}", off.body);
    assert_eq!(house.status(&address).await, Status::Cancelled);
    let page = house.read(&address).await;
    assert!(page.contains("Nothing is under way in it") && !page.contains(&format!("{address}/cancel")), "{page}");
}

#[tokio::test]
async fn work_is_done_by_hand() {
    let house = House::new().await;
    let body = r#"<startEvent id="s"/><endEvent id="e"/><userTask id="look" name="Look at it"/>
        <businessRuleTask id="sum" name="Add up" xmlns:svod="urn:svod:bpmn" svod:decision="fees.dmn#Fee" svod:result="total"/>
        <sequenceFlow id="f1" sourceRef="s" targetRef="sum"/><sequenceFlow id="f2" sourceRef="sum" targetRef="look"/>
        <sequenceFlow id="f3" sourceRef="look" targetRef="e"/>"#;
    house.publish("1.0.0", body).await;
    let address = house.begin(json!({"floors": "many"})).await;
    let incident = named(&house.read(&address).await, "resolve", "incident");
    let fields = format!("do=go&incident={incident}&variables={}&reason=by+phone", form(r#"{"total": 3}"#));
    let done = house.send(&format!("{address}/resolve"), &fields).await;
    let page = house.read(&done.location).await;
    assert!(
        page.contains("It goes on with the outcome") && page.contains("Look at it") && page.contains(">total<"),
        "{page}"
    );
}

#[tokio::test]
async fn all_that_fit_are_tried_again_after_a_question() {
    let house = house().await;
    for n in 0..3 {
        house.begin(json!({"n": n})).await;
    }
    let ask = house.read("/operations/cases/retry?code=condition").await;
    assert!(ask.contains("A condition is neither") && ask.contains("Try all of these again"), "{ask}");
    let silent = house.send("/operations/cases/retry", "do=go&code=condition&reason=").await;
    assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = house.send("/operations/cases/retry", "do=go&code=condition&reason=mended").await;
    assert!(done.status == StatusCode::OK && done.body.contains("Done: 3. Refused: 0."), "{}", done.body);
    assert_eq!(house.standing().await, 3, "they fail again, and are not tried for ever");
}

#[tokio::test]
async fn a_version_is_carried_over_after_a_dry_run() {
    let house = house().await;
    let (over, stays) = (house.begin(json!({"amount": 20})).await, house.begin(json!({"amount": 5})).await);
    let early = house.visitor.get(Some(ADMINISTRATOR), &format!("{over}/migrate")).await;
    assert_eq!(early.status, StatusCode::NOT_FOUND, "nothing newer is in force");
    let second = FIRST.replace("\"look\"", "\"inspect\"").replace("\"sign\"", "\"seal\"");
    house.publish("1.1.0", &second).await;
    let one = house.read(&format!("{over}/migrate")).await;
    assert!(one.contains("It cannot go over as it is") && one.contains("look"), "{one}");
    let checked = house.send(&format!("{over}/migrate"), &format!("do=check&mapping={}", form("look = inspect"))).await;
    assert!(checked.body.contains("It can go over"), "{}", checked.body);
    let refused = house.send(&format!("{over}/migrate"), "do=go&reason=law").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);

    let all = "/operations/cases/migration";
    assert!(house.read(LIST).await.contains(&format!("{all}?from=test%401.0.0%2Fweigh")));
    let ask = house.read(&format!("{all}?from=test%401.0.0%2Fweigh")).await;
    assert!(ask.contains("test@1.1.0") && ask.contains("Elements without a counterpart"), "{ask}");
    let fields = |act: &str, mapping: &str| {
        format!("do={act}&from=test%401.0.0%2Fweigh&mapping={}&reason=The+law", form(mapping))
    };
    let wrong = house.send(all, &fields("check", "look inspect")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = house.send(all, &fields("go", "look = inspect")).await;
    assert!(done.body.contains("Done: 1. Refused: 1.") && done.body.contains(&stays), "{}", done.body);
    assert!(house.read(&over).await.contains("test@1.1.0"));
    assert!(house.read(&stays).await.contains("test@1.0.0"));
    let fine =
        house.send(&format!("{stays}/migrate"), &format!("do=go&reason=law&mapping={}", form("sign=seal"))).await;
    assert!(house.read(&fine.location).await.contains("It goes on by the version in force"));
}

#[tokio::test]
async fn others_stay_outside() {
    let house = house().await;
    let address = house.begin(json!({})).await;
    let nobody = format!("{LIST}/999-1");
    for path in
        [LIST, "/operations/cases.csv", "/operations/cases/retry", "/operations/cases/migration", &address, &nobody]
    {
        assert_eq!(house.visitor.get(None, path).await.status, StatusCode::UNAUTHORIZED, "{path}");
        for persona in ["governor", "official-regional", "citizen"] {
            assert_eq!(house.visitor.get(Some(persona), path).await.status, StatusCode::FORBIDDEN, "{persona} {path}");
        }
    }
    for act in ["retry", "migration", "x/cancel"].map(|a| a.replace('x', address.rsplit('/').next().unwrap())) {
        let sent = house.visitor.post("governor", &format!("{LIST}/{act}"), "do=go&reason=x").await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{act}");
    }
    for path in [nobody.as_str(), "/operations/cases/x", "/operations/cases/1-99999"] {
        assert_eq!(house.visitor.get(Some(ADMINISTRATOR), path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for act in ["retry?incident=77", "move?token=77", "dance", "migrate"] {
        let path = format!("{address}/{act}");
        assert_eq!(house.visitor.get(Some(ADMINISTRATOR), &path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(house.status(&address).await, Status::Incident);
}

#[tokio::test]
async fn every_page_of_cases_speaks_every_language() {
    let house = house().await;
    let address = house.begin(Map::from_iter([("who".to_owned(), Value::from("x"))]).into()).await;
    let incident = named(&house.read(&address).await, "retry", "incident");
    let pages = [
        LIST.to_owned(),
        address.clone(),
        format!("{address}/retry?incident={incident}"),
        format!("{address}/resolve?incident={incident}"),
        format!("{address}/cancel?x=1"),
        "/operations/cases/retry?age=hour".to_owned(),
    ];
    for path in pages {
        for lang in ["ru", "kk", "en"] {
            let joint = if path.contains('?') { '&' } else { '?' };
            let page = house.read(&format!("{path}{joint}lang={lang}")).await;
            assert!(page.contains(&format!("<html lang=\"{lang}\"")), "{path}");
            assert_eq!(page.matches("<h1").count(), 1, "{path}");
            assert!(!page.contains("stuck-"), "a text is missing: {path} {lang}");
        }
    }
}
