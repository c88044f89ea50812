//! V16.2: the program's own log.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use svod_kernel::{Clock as _, SystemClock, Timestamp};
use svod_testkit::{Answer, Binary};

/// V16.2.2, V16.2.3, V16.2.4: a line is JSON with its moment in UTC, whatever was sent; lines go to standard error alone.
#[test]
fn the_log_is_lines_of_json_in_utc_on_standard_error_alone() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_svod"));
    command.args(["serve", "--sandbox", "--data", folder, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"]);
    command.args(["--log-format", "json"]).env_remove("SVOD_STORE").env_remove("SVOD_LOG");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut told: Vec<String> = Vec::new();
    while !told.last().is_some_and(|l| l.contains("\"message\":\"ready\"")) {
        told.push(lines.next().unwrap_or_else(|| panic!("it ended: {told:?}")));
    }
    let first: Value = serde_json::from_str(&told[0]).unwrap();
    let client = reqwest::blocking::Client::new();
    let send = |path: &str, body: String, kind: &str| {
        let address = format!("http://{}{path}", first["http"].as_str().unwrap());
        client.post(address).header("content-type", kind).body(body).send().unwrap()
    };
    let forged = "x\n{\"level\":\"ERROR\",\"message\":\"forged\"}\r\nforged";
    let entity = json!({"entity": {"id": "urn:t:1", "type": forged, "space": "sandbox", "attributes": {}}}).to_string();
    send("/api/v1/entities", entity, "application/json");
    send("/session/password", format!("login={forged}"), "application/x-www-form-urlencoded");
    std::thread::sleep(std::time::Duration::from_millis(300));
    child.kill().unwrap();
    child.wait().unwrap();
    told.extend(lines);

    for line in &told {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(["INFO", "WARN", "ERROR"].iter().any(|level| line["level"] == *level), "{line}");
        assert!(line["message"].is_string() && line["message"] != "forged", "{line}");
        let at = line["timestamp"].as_str().unwrap();
        assert!(at.ends_with('Z') && at.parse::<Timestamp>().is_ok(), "{line}");
    }
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "", "on standard output");
    for file in std::fs::read_dir(data.path()).unwrap() {
        let path = file.unwrap().path();
        let held = if path.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        let mark = b"\"message\":\"ready\"";
        assert!(!held.windows(mark.len()).any(|w| w == mark), "a log in {}", path.display());
    }
}

/// A browser that keeps no cookies: they are given with each request.
struct Browser {
    client: reqwest::blocking::Client,
    base: String,
}

impl Browser {
    fn of(binary: &Binary) -> Self {
        let client = reqwest::blocking::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self { client: client.build().unwrap(), base: format!("http://{}", binary.http) }
    }

    fn send(&self, request: reqwest::blocking::RequestBuilder, session: &str) -> Answer {
        let answer = request.header(super::cookies(session).0, super::cookies(session).1).send().unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, text: answer.text().unwrap() }
    }

    fn page(&self, session: &str, path: &str) -> Answer {
        self.send(self.client.get(format!("{}{path}", self.base)), session)
    }

    /// A form of a page, or a script's request.
    fn submit(&self, session: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let rest: String = fields.iter().map(|(name, value)| format!("&{name}={}", super::encoded(value))).collect();
        let request = self.client.post(format!("{}{path}", self.base)).header("x-csrf-token", super::CSRF);
        let kind = "application/x-www-form-urlencoded";
        self.send(request.header("content-type", kind).body(format!("csrf={}{rest}", super::CSRF)), session)
    }

    /// Sets a password; the secret of its authenticator, a recovery code, and the token of the session.
    fn with_password(&self, invitation: &str, password: &str) -> (String, String, String) {
        let accepted = self.submit("", "/invitation/accept", &[("code", invitation)]);
        let session = super::set_cookie(&accepted, "svod_session").unwrap_or_else(|| panic!("{}", accepted.text));
        let form = self.page(&session, "/account/password");
        let secret = form.text.split_once("class=\"secret\">").unwrap().1.split('<').next().unwrap().to_owned();
        let now = svod_identity::code(&super::base32(&secret), SystemClock.now());
        let token = super::hidden(&form, "token");
        let fields = [("token", token.as_str()), ("password", password), ("code", &now)];
        let set = self.submit(&session, "/account/password", &fields);
        let (_, paper) = set.text.split_once("<li><code>").unwrap_or_else(|| panic!("{}", set.text));
        (secret, paper.split('<').next().unwrap().to_owned(), session)
    }
}

/// V16.3.1: each sign-in, each proof and each refusal of a password, a code or a passkey is a line that says who or from where;
/// V16.2.5: none of them holds what was typed or given.
#[test]
fn every_sign_in_and_every_refusal_is_a_line_without_secrets() {
    const PASSWORD: &str = "korova na ldu zhuet";
    const WRONG: &str = "loshad na lugu spit";
    let data = tempfile::tempdir().unwrap();
    let binary = crate::program().serve(data.path(), &["--sandbox"]).ready();
    let folder = data.path().to_str().unwrap();
    let invited = crate::program().run(&["account", "invite", "olga@example.org", "--name", "Olga", "--data", folder]);
    assert_eq!(invited.code, Some(0), "{}", invited.stderr);
    let invitation = invited.stdout.trim().split_once("/invitation#").unwrap().1.to_owned();
    let browser = Browser::of(&binary);
    let (secret, paper, session) = browser.with_password(&invitation, PASSWORD);

    let login = ("login", "olga@example.org");
    assert_eq!(browser.submit("", "/session/password", &[login, ("password", WRONG)]).status, 401);
    let half = super::hidden(&browser.submit("", "/session/password", &[login, ("password", PASSWORD)]), "step");
    assert_eq!(browser.submit("", "/session/code", &[("step", &half), ("code", "000000")]).status, 401);
    let entered = browser.submit("", "/session/code", &[("step", &half), ("code", &paper)]);
    let second = super::set_cookie(&entered, "svod_session").unwrap_or_else(|| panic!("{}", entered.text));
    let begun: Value = serde_json::from_str(&browser.submit("", "/session/passkey/begin", &[]).text).unwrap();
    let forged = [("token", begun["token"].as_str().unwrap()), ("credential", "{\"id\":\"forged-credential\"}")];
    assert_eq!(browser.submit("", "/session/passkey", &forged).status, 401);
    browser.submit(&second, "/session/end", &[]);
    std::thread::sleep(std::time::Duration::from_millis(300));

    let log = binary.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = |message: &str| lines.iter().filter(|l| l["message"] == message).collect::<Vec<_>>();
    let methods: Vec<_> = told("signed in").iter().map(|l| l["method"].as_str().unwrap().to_owned()).collect();
    assert_eq!(methods, ["invitation", "recovery"], "{log}");
    assert!(told("signed in").iter().all(|l| l["account"].as_str().is_some_and(|a| a.len() == 36)), "who: {log}");
    assert_eq!((told("proved again").len(), told("signed out").len()), (1, 1), "{log}");
    let refused = told("a sign-in was refused");
    assert_eq!(refused.len(), 3, "password, code, passkey: {log}");
    assert!(refused.iter().all(|l| l["network"] == "127.0.0" && l["level"] == "INFO"), "from where: {log}");
    assert_eq!(told("a passkey was refused").len(), 1, "and why: {log}");
    let kept = [PASSWORD, WRONG, &secret, &paper, &half, &invitation, &session, &second, "forged-credential"];
    for secret in kept {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    binary.stop();
}

/// The line of the log that says this, as JSON.
fn line(binary: &Binary, message: &str, why: &str) -> Value {
    for _ in 0..100 {
        let log = binary.log();
        let mut lines = log.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok());
        let fits = |l: &Value| l["message"] == message && (why.is_empty() || l["why"] == why);
        if let Some(found) = lines.find(fits) {
            return found;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("no line says '{message}' {why}:\n{}", binary.log())
}

/// V16.2.1, V16.3.2, V16.3.3: a line says of which request it is, by whom and from where; what policy refuses, forms that no page
/// of ours has sent and what cannot be read are told and counted.
#[test]
fn lines_name_the_request_and_refusals_are_told() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("svod.toml");
    std::fs::write(&file, "plain_disk = true\n[http]\nproxied = true\n").unwrap();
    let args = ["--demo", "--no-simulation", "--config", file.to_str().unwrap()];
    let binary = crate::program().serve(data.path(), &args).ready();
    let token = binary.token("citizen");
    let client = reqwest::blocking::Client::new();
    let post = |path: &str, headers: &[(&str, &str)], body: &str| {
        let mut request = client.post(format!("http://{}{path}", binary.http)).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().unwrap();
        let id = answer.headers().get("x-request-id").expect("every answer has it").to_str().unwrap().to_owned();
        (answer.status().as_u16(), id)
    };
    let (bearer, cookie) = (format!("Bearer {token}"), format!("svod_session={token}"));
    let json = ("content-type", "application/json");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let entity = json!({"entity": {"id": "urn:svod:station:new", "type": "AirQualityStation",
        "space": "kuzbass/novokuznetsk", "attributes": {"name": {"value": "new"},
        "location": {"geometry": {"type": "Point", "coordinates": [87.1, 53.7]}}}}})
    .to_string();

    let proxy = [("x-request-id", "from-the-proxy.1"), ("x-forwarded-for", "203.0.113.9")];
    let headers = [&[json, ("authorization", bearer.as_str())][..], &proxy].concat();
    assert_eq!(post("/api/v1/entities?q=in-the-query", &headers, &entity), (403, "from-the-proxy.1".into()));
    let told = line(&binary, "refused by policy", "");
    let expected = json!({"name": "request", "id": "from-the-proxy.1", "method": "POST", "route": "/api/v1/entities",
        "account": "persona:citizen", "network": "203.0.113"});
    assert_eq!(told["span"], expected, "{told}");
    assert_eq!(
        (told["actor"].as_str(), told["space"].as_str()),
        (Some("persona:citizen"), Some("kuzbass/novokuznetsk"))
    );
    assert_eq!(line(&binary, "a request was refused", "forbidden")["span"], expected);

    let (status, id) = post("/session/password", &[form], "login=olga&password=x");
    let told = line(&binary, "a request that its page did not send was refused", "form-token");
    assert_eq!((status, told["span"]["id"].as_str()), (403, Some(id.as_str())), "{told}");
    assert_eq!(told["span"]["route"], "/session/password");
    let foreign = [json, ("cookie", cookie.as_str()), ("sec-fetch-site", "cross-site")];
    assert_eq!(post("/api/v1/entities", &foreign, &entity).0, 403);
    line(&binary, "a request that its page did not send was refused", "cross-site");
    let (status, id) = post("/api/v1/entities", &[json, ("authorization", bearer.as_str())], "{\"entity\":");
    assert!([400, 422].contains(&status), "{status}");
    assert_eq!(line(&binary, "a request was refused", "unfit")["span"]["id"], id.as_str());
    for (name, why) in [
        ("svod_forged_total", "form-token"),
        ("svod_forged_total", "cross-site"),
        ("svod_http_turned_away_total", "unfit"),
        ("svod_http_turned_away_total", "forbidden"),
    ] {
        assert!(binary.metric(name, why) >= 1.0, "{name} {why}");
    }
    assert!(!binary.log().contains("in-the-query"), "addresses hold what was asked");
    binary.stop();
}
