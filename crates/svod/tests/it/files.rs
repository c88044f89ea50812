//! The scan of a mandate's document: sent with a form or by the API, given to who may see the mandate, and erased.

use svod_identity::{From, Invitation};
use svod_kernel::{Actor, Urn};
use svod_registry::{Ground, JournalQuery};
use svod_testkit::{Answer, TestApp, on_both_engines};
use svod_trust::Looking;

/// The token of forms that the cookie repeats.
const CSRF: &str = "0123456789abcdef0123456789abcdef";
const PDF: &str = "%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n";
const NAME: &str = "доверенность.pdf";

/// Somebody with an account; the person and the token.
struct Somebody {
    person: Urn,
    token: String,
}

impl Somebody {
    async fn new(app: &TestApp, login: &str) -> Self {
        let until = app.core.registry.clock().now().plus_seconds(60);
        let invitation = app.core.identity.invite(&Invitation::new(login, login, until).unwrap());
        let (account, token) = app.core.identity.accept(&invitation, &From::default()).await.unwrap();
        let token = app.proved(&token).await;
        Self { person: account.person, token }
    }

    async fn page(&self, app: &TestApp, path: &str) -> Answer {
        app.request("GET", path, &[("cookie", format!("svod_session={}", self.token))], Vec::new()).await
    }

    async fn api(&self, app: &TestApp, method: &str, path: &str, body: &str) -> Answer {
        let bearer = [("authorization", format!("Bearer {}", self.token))];
        app.request(method, path, &bearer, body.as_bytes().to_vec()).await
    }

    /// Lets Ivan act, with a scan of the document.
    async fn empower(&self, app: &TestApp, (name, scan): (&str, &str)) -> Answer {
        let field = |name: &str, rest: &str, value: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{rest}\r\n\r\n{value}\r\n")
        };
        let mut body = field("csrf", "", CSRF);
        for (name, value) in [("delegate", "ivan"), ("scope", ""), ("document", "№ 5"), ("days", "30")] {
            body += &field(name, "", value);
        }
        body += &field("scan", &format!("; filename=\"{name}\"\r\nContent-Type: text/html"), scan);
        let headers = [
            ("cookie", format!("svod_session={}; svod_csrf={CSRF}", self.token)),
            ("content-type", "multipart/form-data; boundary=b".to_owned()),
        ];
        app.request("POST", "/my/mandates", &headers, (body + "--b--\r\n").into_bytes()).await
    }
}

/// The address of the one file that a page leads to.
fn address(page: &Answer) -> String {
    let mut links = page.text.split("href=\"/files/").skip(1);
    let id = links.next().and_then(|rest| rest.split('"').next()).unwrap_or_else(|| panic!("no file: {}", page.text));
    assert!(links.next().is_none(), "more than one: {}", page.text);
    format!("/files/{id}")
}

on_both_engines! {
    async fn a_scan_comes_with_a_mandate_and_is_read_by_who_may_see_it(builder: TestAppBuilder) {
        let app = builder.doors().start().await;
        let (olga, ivan) = (Somebody::new(&app, "olga").await, Somebody::new(&app, "ivan").await);
        for (name, scan) in [("a.png", PDF), ("a.pdf", "<html>"), ("a.pdf", "%PDF-1.4\n<< /S /JavaScript >>")] {
            let refused = olga.empower(&app, (name, scan)).await;
            assert_eq!(refused.status, 422, "{}", refused.text);
            assert!(refused.text.contains("error-scan"), "{}", refused.text);
        }
        assert!(app.all("kuzbass", "Mandate").await.is_empty(), "nothing was given with them");

        let sent = olga.empower(&app, (NAME, PDF)).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let page = olga.page(&app, "/my/mandates").await;
        assert!(page.text.contains(NAME), "{}", page.text);
        let path = address(&page);
        let file = olga.page(&app, &path).await;
        assert_eq!((file.status, file.text.as_str()), (200, PDF));
        assert_eq!(file.header("content-type"), "application/pdf");
        assert!(file.header("content-disposition").starts_with("attachment; filename*=UTF-8''%D0%B4"));
        assert_eq!(file.header("content-security-policy"), "default-src 'none'; sandbox");
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        assert_eq!(file.header("cache-control"), "no-store");

        assert_eq!(ivan.page(&app, &path).await.status, 404, "who acts for himself");
        assert_eq!(app.call("GET", &path, None, None).await.status, 401);
        for persona in ["citizen", "official-municipal", "official-regional", "governor"] {
            assert_eq!(app.call("GET", &path, Some(persona), None).await.status, 404, "{persona}");
        }
        let me = app.core.identity.authenticate(&olga.token).await.unwrap();
        assert!(app.core.trust.own(&me, "Access", 0..10).await.unwrap().is_empty(), "what is one's own leaves no trace");
        assert_eq!(app.call("GET", &path, Some("administrator"), None).await.status, 404, "without a ground");
        let looking = Looking {
            whom: olga.person.to_string(),
            ground: Ground::Law,
            reference: "152-ФЗ, ст. 6".into(),
            reason: "проверка доверенности".into(),
        };
        app.core.trust.look(&app.actor("administrator"), &looking).await.unwrap();
        assert_eq!(app.call("GET", &path, Some("administrator"), None).await.status, 200);
        let traces = app.core.trust.own(&me, "Access", 0..10).await.unwrap();
        assert_eq!(traces.len(), 2, "the ground and the look");
        let traces: Vec<_> = traces.into_iter().filter(|a| a.text("basis") == Some("document")).collect();
        let trace = ["actor", "basis", "ground"].map(|name| traces[0].text(name).unwrap_or_default().to_owned());
        assert_eq!(trace, ["persona:administrator", "document", "№ 5"]);
        assert_eq!(traces[0].object("person"), Some(&olga.person));
        app.settle().await;
    }
}

on_both_engines! {
    async fn files_are_sent_and_erased_by_the_api(builder: TestAppBuilder) {
        let app = builder.doors().start().await;
        let (olga, _ivan) = (Somebody::new(&app, "olga").await, Somebody::new(&app, "ivan").await);
        assert_eq!(olga.empower(&app, ("", "")).await.status, 303, "a scan may be left out");
        let mandate = app.only("Mandate").await.id;
        let path = format!("/api/v1/files?owner={mandate}&name=scan.pdf");
        olga.api(&app, "POST", &format!("/api/v1/files?owner={mandate}&name=scan.png"), PDF).await.problem(422, "file-name-differs");
        olga.api(&app, "POST", &path, "MZ").await.problem(415, "file-kind");
        olga.api(&app, "POST", &path, "").await.problem(422, "file-empty");
        olga.api(&app, "POST", &path, &format!("%PDF-{}", "a".repeat(20 << 20))).await.problem(413, "file-too-large");
        assert_eq!(app.call("POST", &path, Some("official-municipal"), None).await.status, 404);

        let kept = olga.api(&app, "POST", &path, PDF).await;
        assert_eq!(kept.status, 201, "{}", kept.text);
        let kept = kept.json();
        assert_eq!((kept["kind"].as_str(), kept["state"].as_str()), (Some("pdf"), Some("unscanned")));
        let file = format!("/api/v1/files/{}", kept["id"].as_str().unwrap());
        let read = olga.api(&app, "GET", &file, "").await;
        assert_eq!((read.status, read.text.as_str()), (200, PDF));
        assert_eq!(read.header("content-security-policy"), "default-src 'none'; sandbox");
        app.call("GET", &file, None, None).await.problem(404, "file-missing");

        assert_eq!(olga.api(&app, "DELETE", &file, "").await.status, 204);
        olga.api(&app, "GET", &file, "").await.problem(404, "file-missing");
        let journal = JournalQuery {
            space: "kuzbass".parse().unwrap(),
            below: true,
            entity: Some(mandate.clone()),
            cause: None,
            newest_first: false,
            after: None,
            limit: 10,
        };
        let journal = app.core.registry.journal(&Actor::platform("test"), journal).await.unwrap().items;
        let of_files: Vec<_> = journal.iter().filter(|e| ["attach", "detach"].contains(&e.action.as_str())).collect();
        assert_eq!(of_files.len(), 2);
        let sha256 = kept["sha256"].as_str().unwrap();
        for event in of_files {
            assert_eq!(event.entity, mandate);
            assert!(event.changes.to_string().contains(sha256), "{}", *event.changes);
            assert!(!event.changes.to_string().contains("scan.pdf"), "names are not kept for ever");
        }
        assert!(!app.entity(&mandate).await.attributes.contains_key("files"));
        app.settle().await;
    }
}

on_both_engines! {
    async fn who_sends_too_much_within_a_day_waits(builder: TestAppBuilder) {
        let app = builder.doors().configured(|c| c.files.daily_files = 1).start().await;
        let (olga, _ivan) = (Somebody::new(&app, "olga").await, Somebody::new(&app, "ivan").await);
        assert_eq!(olga.empower(&app, (NAME, PDF)).await.status, 303);
        let mandate = app.only("Mandate").await.id;
        let path = format!("/api/v1/files?owner={mandate}&name=scan.pdf");
        let waits = olga.api(&app, "POST", &path, PDF).await;
        waits.problem(429, "file-quota");
        let seconds: u64 = waits.header("retry-after").parse().unwrap();
        assert!((80_000..=86_400).contains(&seconds), "{seconds}");
        let form = olga.empower(&app, (NAME, PDF)).await;
        assert!(form.status == 422 && form.text.contains("error-scan"), "{}", form.text);
        assert_eq!(app.all("kuzbass", "Mandate").await.len(), 1, "nothing was given with it");
        assert_eq!(olga.empower(&app, ("", "")).await.status, 303, "without a scan");
        app.settle().await;
    }
}
