//! The tests of a pack, run from the designer beside what the platform does.

use svod_model::PackSource;
use svod_testkit::{Answer, TestApp};

const TESTS: &str = "/packs/tiny/design/tests";
const FILE: &str = "/packs/tiny/design/file?path=tests%2Ftiny.yaml";
const CSRF: &str = "0123456789abcdef0123456789abcdef";

const HOLDS: &str = "- name: An hour passes
  at: 2026-01-15T08:00:00+07:00
  when:
    - wait: PT1H
  then:
    - tasks: {count: 0}
";
const DOES_NOT: &str = "- name: Somebody works
  at: 2026-01-15T08:00:00+07:00
  when:
    - wait: PT1H
  then:
    - tasks: {count: 1}
";

fn tiny() -> PackSource {
    let manifest =
        "id: tiny\nversion: 0.1.0\nowner: urn:svod:body:kuzbass:digital\ndepends: [base, kuzbass]\nspace: kuzbass\n";
    let texts = "pack-tiny-title = Tiny\npack-tiny-description = Small\n";
    let mut files = vec![("pack.yaml".to_owned(), manifest.to_owned()), ("tests/tiny.yaml".into(), HOLDS.into())];
    files.extend(["ru", "kk", "en"].map(|lang| (format!("locales/{lang}.ftl"), texts.to_owned())));
    PackSource { files: files.into_iter().collect() }
}

async fn ask(app: &TestApp, method: &str, path: &str, fields: &str) -> Answer {
    let cookie = format!("svod_session={}; svod_csrf={CSRF}", app.token("administrator"));
    let headers = [
        ("cookie", cookie),
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ("accept-language", "en".to_owned()),
    ];
    app.request(method, path, &headers, format!("csrf={CSRF}&{fields}").into_bytes()).await
}

/// The page once the run is over.
async fn ended(app: &TestApp) -> String {
    let page = async || ask(app, "GET", TESTS, "").await.text;
    app.until("the run ends", async || !page().await.contains("data-progress")).await;
    page().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn situations_of_a_working_copy_are_played_beside_the_platform() {
    let app = TestApp::builder().pack(tiny()).doors().start().await;
    let before = app.core.registry.heads();
    let begun = ask(&app, "POST", TESTS, "").await;
    assert_eq!((begun.status, begun.header("location")), (303, TESTS), "{}", begun.text);
    // One at a time, whoever asks; the page says how far the one is that is under way.
    let second = ask(&app, "POST", TESTS, "").await;
    assert_eq!(second.status, 409, "{}", second.text);
    assert!(second.text.contains("data-progress"), "{}", second.text);
    let page = ended(&app).await;
    assert!(page.contains("All situations passed: 1") && page.contains("An hour passes"), "{page}");

    let both: String = format!("{HOLDS}{DOES_NOT}").bytes().map(|b| format!("%{b:02X}")).collect();
    assert_eq!(ask(&app, "POST", FILE, &format!("act=save&content={both}")).await.status, 303);
    app.until("the run before has let go", async || ask(&app, "POST", TESTS, "").await.status == 303).await;
    let page = ended(&app).await;
    assert!(page.contains("1 of 2 failed") && page.contains("Somebody works"), "{page}");
    assert!(page.contains("then 1 (tasks)") && page.contains("1 expected"), "{page}");
    assert_eq!(app.core.registry.heads(), before, "nothing of it is this installation's");
    app.settle().await;
}
