use std::sync::atomic::Ordering;

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

const TESTS: &str = "/packs/kuzbass/design/tests";

/// The page of the tests once it says that.
async fn told(house: &House, words: &str) -> String {
    for _ in 0..500 {
        let page = shown(house, TESTS).await;
        if page.contains(words) {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the page never says: {words}");
}

#[tokio::test]
async fn tests_are_run_on_the_working_copy_and_what_it_needs() {
    let house = House::new().await;
    let run = async || house.visitor.post(ADMINISTRATOR, TESTS, "").await;
    assert!(shown(&house, TESTS).await.contains("have not been played yet"));
    let begun = run().await;
    assert_eq!((begun.status, begun.location.as_str()), (StatusCode::SEE_OTHER, TESTS));
    let page = told(&house, "All situations passed: 1").await;
    assert!(page.contains("id: base, id: kuzbass") && !page.contains("data-progress"), "{page}");
    assert!(page.contains("design/file?path=tests%2Fair.yaml"), "a situation leads to its file: {page}");

    let (from, to) = (shipped("kuzbass").files["tests/air.yaml"].clone(), "path=tests%2Fbad.yaml");
    save(&house, &format!("/packs/kuzbass/design/file?{to}"), &from).await;
    assert!(shown(&house, TESTS).await.contains("The working copy has changed since"));
    run().await;
    let page = told(&house, "1 of 1 failed").await;
    assert!(page.contains("it is bad") && !page.contains("has changed since"), "{page}");

    house.tests.busy.store(true, Ordering::Relaxed);
    let busy = run().await;
    assert_eq!(busy.status, StatusCode::CONFLICT);
    assert!(busy.body.contains("one run at a time") && busy.body.contains("1 of 1 failed"), "{}", busy.body);
    house.tests.busy.store(false, Ordering::Relaxed);
    house.tests.cut.store(true, Ordering::Relaxed);
    run().await;
    assert!(!told(&house, "The run broke off").await.contains("data-progress"));

    // What does not compile is not played: the faults are shown in its place.
    save(&house, LAYER, "colour: red\n").await;
    let refused = run().await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("mend the faults of the pack first"), "{}", refused.body);
}

/// Sends a file as a browser does (RFC 7578).
async fn send(house: &House, who: &str, csrf: &str, bytes: &[u8]) -> Answer {
    let part = |head: &str| format!("--x\r\ncontent-disposition: form-data; {head}\r\n\r\n");
    let head = format!("{}{csrf}\r\n{}", part("name=\"csrf\""), part("name=\"archive\"; filename=\"k.zip\""));
    let mut sent = head.into_bytes();
    sent.extend_from_slice(bytes);
    sent.extend_from_slice(b"\r\n--x--\r\n");
    let request = Request::post(format!("{DESIGN}/archive"))
        .header(header::COOKIE, format!("svod_csrf={CSRF}"))
        .header(header::ACCEPT, "text/html")
        .header(header::ACCEPT_LANGUAGE, "en")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    house.visitor.send(Some(who), request.body(Body::from(sent)).unwrap()).await
}

#[tokio::test]
async fn a_working_copy_goes_out_as_an_archive_and_comes_back() {
    let house = House::new().await;
    let address = format!("{DESIGN}/archive");
    assert_eq!(house.visitor.get(Some("governor"), &address).await.status, StatusCode::FORBIDDEN);
    let out = house.visitor.get(Some(ADMINISTRATOR), &address).await;
    assert_eq!(out.status, StatusCode::OK);
    assert_eq!(out.headers[header::CONTENT_TYPE], "application/zip");
    let named = out.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert_eq!(named, format!("attachment; filename=\"kuzbass-{}.zip\"", version(&house)));

    // What was taken out takes the place of what has been changed since.
    save(&house, LAYER, "colour: red\n").await;
    house.visitor.post(ADMINISTRATOR, PROCESS, "act=remove").await;
    house.visitor.post(ADMINISTRATOR, &format!("{DESIGN}/add"), "path=layers%2Fnew.yaml").await;
    assert_eq!(send(&house, "governor", CSRF, &out.bytes).await.status, StatusCode::FORBIDDEN);
    assert_eq!(send(&house, ADMINISTRATOR, "forged", &out.bytes).await.status, StatusCode::FORBIDDEN);
    let back = send(&house, ADMINISTRATOR, CSRF, &out.bytes).await;
    assert_eq!(back.location, format!("{DESIGN}?done=taken"), "{}", back.body);
    assert!(shown(&house, &format!("{DESIGN}/compare")).await.contains("Nothing differs"));

    save(&house, LAYER, "colour: red\n").await;
    let refused = send(&house, ADMINISTRATOR, CSRF, b"no archive").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("[broken]") && refused.body.contains("without a password"), "{}", refused.body);
    let none = house.visitor.post(ADMINISTRATOR, &address, "").await;
    assert!(none.body.contains("Choose a zip archive"), "{}", none.body);
    assert!(shown(&house, LAYER).await.contains("colour: red"), "what was refused changes nothing");
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
