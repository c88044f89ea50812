use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use svod_kernel::Actor;
use svod_model::testing::shipped;
use svod_portal::testing::{Answer, CSRF, form};

use crate::house::House;

const ADMINISTRATOR: &str = "administrator";
const DESIGN: &str = "/packs/kuzbass/design";
const LAYER: &str = "/packs/kuzbass/design/file?path=layers%2Fair.yaml";
const PROCESS: &str = "/packs/kuzbass/design/file?path=processes%2Falert-response.bpmn";

fn version(house: &House) -> String {
    house.registry.catalogue().pack("kuzbass").unwrap().manifest.version.clone()
}

fn next(version: &str) -> String {
    let (head, patch) = version.rsplit_once('.').unwrap();
    format!("{head}.{}", patch.parse::<u64>().unwrap() + 1)
}

async fn save(house: &House, path: &str, text: &str) -> Answer {
    house.visitor.post(ADMINISTRATOR, path, &format!("act=save&content={}", form(text))).await
}

async fn shown(house: &House, path: &str) -> String {
    let answer = house.visitor.get(Some(ADMINISTRATOR), path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    answer.body
}

#[tokio::test]
async fn a_working_copy_is_changed_checked_compared_and_published() {
    let house = House::new().await;
    let (first, old) = (version(&house), shipped("kuzbass").files["layers/air.yaml"].clone());
    let page = shown(&house, DESIGN).await;
    assert!(page.contains("layers%2Fair.yaml") && !page.contains("design/publish"), "{page}");

    let bad = save(&house, LAYER, &format!("{old}colour: red\n")).await;
    assert_eq!((bad.status, bad.location.as_str()), (StatusCode::SEE_OTHER, &*format!("{LAYER}&done=saved")));
    assert!(shown(&house, &bad.location).await.contains("Saved in the working copy"));
    let line = old.lines().count() + 1;
    let page = shown(&house, &format!("{DESIGN}?check=1")).await;
    assert!(page.contains("Faults found: 1") && page.contains(&format!("{}&amp;line={line}", LAYER)), "{page}");
    let refused =
        house.visitor.post(ADMINISTRATOR, &format!("{DESIGN}/publish"), &format!("version={}", next(&first))).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("mend the faults") && version(&house) == first, "{}", refused.body);

    save(&house, LAYER, &format!("# seen from afar\n{old}")).await;
    let page = shown(&house, &format!("{DESIGN}/compare")).await;
    assert!(page.contains("# seen from afar") && page.contains("Lines unchanged"), "{page}");
    assert!(shown(&house, &format!("{DESIGN}?check=1")).await.contains("There are no faults"));
    let worse =
        house.visitor.post(ADMINISTRATOR, &format!("{DESIGN}/publish"), &format!("version={}", form("1 # x"))).await;
    assert!(worse.body.contains("Write a version such as"), "{}", worse.body);
    let done =
        house.visitor.post(ADMINISTRATOR, &format!("{DESIGN}/publish"), &format!("version={}", next(&first))).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert!(shown(&house, &done.location).await.contains("layers/air.yaml</code> — changed"));
    assert_eq!(version(&house), next(&first));
    assert!(shown(&house, &format!("{DESIGN}/compare")).await.contains("Nothing differs"), "the copy is thrown away");
}

#[tokio::test]
async fn a_version_that_came_meanwhile_is_told_and_carried_over_to() {
    let house = House::new().await;
    let first = version(&house);
    let mut source = shipped("kuzbass");
    let old = source.files["layers/air.yaml"].clone();
    save(&house, LAYER, &format!("# mine\n{old}")).await;
    save(&house, PROCESS, "no process").await;

    let manifest = source.files["pack.yaml"].replace(&first, &next(&first));
    source.files.insert("pack.yaml".into(), manifest);
    source.files.insert("layers/air.yaml".into(), format!("# theirs\n{old}"));
    house.registry.publish(&Actor::platform("test"), source).await.unwrap();

    let page = shown(&house, DESIGN).await;
    assert!(
        page.contains("The published version has moved on") && page.contains("<li><code>layers/air.yaml</code></li>")
    );
    let later = next(&next(&first));
    let refused = house.visitor.post(ADMINISTRATOR, &format!("{DESIGN}/publish"), &format!("version={later}")).await;
    assert!(refused.body.contains("came into force meanwhile"), "{}", refused.body);
    let carried = house.visitor.post(ADMINISTRATOR, &format!("{DESIGN}/carry-over"), "").await;
    assert!(!shown(&house, &carried.location).await.contains("has moved on"));
    let page = shown(&house, &format!("{DESIGN}/compare?path=layers%2Fair.yaml")).await;
    assert!(page.contains("# theirs") && page.contains("# mine") && !page.contains("no process"), "{page}");

    let undone = house.visitor.post(ADMINISTRATOR, PROCESS, "act=undo").await;
    assert_eq!(undone.location, format!("{DESIGN}?done=undone"));
    let done = house.visitor.post(ADMINISTRATOR, &format!("{DESIGN}/publish"), &format!("version={later}")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert!(house.registry.catalogue().pack("kuzbass").unwrap().source.files["layers/air.yaml"].starts_with("# mine"));
}

#[tokio::test]
async fn files_are_made_removed_and_thrown_away() {
    let house = House::new().await;
    let add = |path: &str| format!("path={}", form(path));
    let (made, taken) = (add("processes/new.bpmn"), add("pack.yaml"));
    let post = async |to: &str, fields: &str| house.visitor.post(ADMINISTRATOR, &format!("{DESIGN}{to}"), fields).await;
    let new = post("/add", &made).await;
    assert!(shown(&house, &new.location).await.contains("startEvent id="));
    assert!(post("/add", &taken).await.body.contains("There is such a file already"));
    assert_eq!(post("/add", &add("../x")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let big = save(&house, LAYER, &"x".repeat((4 << 20) + 1)).await;
    assert_eq!(big.status, StatusCode::UNPROCESSABLE_ENTITY, "{:.300}", big.body);

    let gone = house.visitor.post(ADMINISTRATOR, LAYER, "act=remove").await;
    assert!(shown(&house, &gone.location).await.contains("removed"));
    assert!(shown(&house, LAYER).await.contains("You have removed this file"));
    let manifest = "/packs/kuzbass/design/file?path=pack.yaml";
    let kept = house.visitor.post(ADMINISTRATOR, manifest, "act=remove").await;
    assert_eq!(kept.status, StatusCode::UNPROCESSABLE_ENTITY);
    let gone = post("/discard", "").await;
    assert!(!shown(&house, &gone.location).await.contains("design/publish"));
    assert_eq!(house.visitor.get(Some(ADMINISTRATOR), &new.location).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn working_copies_are_for_who_may_publish() {
    let house = House::new().await;
    for path in [DESIGN, LAYER, &format!("{DESIGN}/compare")] {
        assert_eq!(house.visitor.get(None, path).await.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(house.visitor.get(Some("governor"), path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(house.visitor.get(Some(ADMINISTRATOR), "/packs/base/design").await.status, StatusCode::FORBIDDEN);
    for path in ["/add", "/carry-over", "/discard", "/publish", "/tests"] {
        let refused = house.visitor.post("governor", &format!("{DESIGN}{path}"), "").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
    }
    // Only the pages of editors let style attributes in, and no page more than that.
    let policy = |a: &Answer| a.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    let editor = policy(&house.visitor.get(Some(ADMINISTRATOR), LAYER).await);
    let tree = policy(&house.visitor.get(Some(ADMINISTRATOR), DESIGN).await);
    assert_eq!(editor.replace(" style-src-attr 'unsafe-inline';", ""), tree);
    assert!(editor != tree && !tree.contains("unsafe"), "{editor}");
}

#[tokio::test]
async fn tests_are_run_on_the_working_copy_and_what_it_needs() {
    let house = House::new().await;
    let run = async || house.visitor.post(ADMINISTRATOR, &format!("{DESIGN}/tests"), "").await.body;
    let page = run().await;
    assert!(page.contains("All situations passed: 1") && page.contains("id: base, id: kuzbass"), "{page}");
    save(&house, "/packs/kuzbass/design/file?path=tests%2Fbad.yaml", "[]\n").await;
    let page = run().await;
    assert!(page.contains("1 of 1 failed") && page.contains("it is bad"), "{page}");
}

async fn ask(house: &House, who: &str, csrf: &str, question: &Value) -> Answer {
    let request = Request::post(format!("{DESIGN}/simulate"))
        .header(header::COOKIE, format!("svod_csrf={CSRF}"))
        .header("x-csrf-token", csrf)
        .header(header::ACCEPT, "application/json");
    house.visitor.send(Some(who), request.body(Body::from(question.to_string())).unwrap()).await
}

#[tokio::test]
async fn a_process_of_the_working_copy_is_played() {
    let house = House::new().await;
    let start = json!({"path": "processes/alert-response.bpmn",
        "event": {"kind": "start", "element": null, "variables": {}}});
    assert_eq!(ask(&house, "governor", CSRF, &start).await.status, StatusCode::FORBIDDEN);
    assert_eq!(ask(&house, ADMINISTRATOR, "forged", &start).await.status, StatusCode::FORBIDDEN);
    assert_eq!(ask(&house, ADMINISTRATOR, CSRF, &json!({"x": 1})).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let told = ask(&house, ADMINISTRATOR, CSRF, &start).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    let told: Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!(told["tokens"][0]["wait"], "task", "{told}");
    save(&house, PROCESS, "<no/>").await;
    let told = ask(&house, ADMINISTRATOR, CSRF, &start).await;
    assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(told.body.contains("faults"), "{}", told.body);
}
