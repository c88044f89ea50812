//! Neither the demonstration nor the sandbox is started over an installation that people use (ASVS V15.2.3).

use std::path::Path;

use svod_testkit::Binary;

use crate::program;

/// A token of forms that the visitor's cookie repeats.
const CSRF: &str = "0123456789abcdef0123456789abcdef";

/// Somebody gets an account.
fn invited(binary: &Binary, data: &Path) {
    let folder = data.to_str().unwrap();
    let ran = program().run(&["account", "invite", "olga", "--name", "Olga", "--data", folder]);
    let code = ran.stdout.trim().split_once("/invitation#").unwrap_or_else(|| panic!("{}", ran.stderr)).1.to_owned();
    let client = reqwest::blocking::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let asked = client.post(format!("http://{}/invitation/accept", binary.http));
    let form = asked.header("cookie", format!("svod_csrf={CSRF}"));
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let answer = form.body(format!("csrf={CSRF}&code={code}")).send().unwrap();
    assert_eq!(answer.status(), 303, "{}", answer.text().unwrap());
}

/// What is said where it does not start.
fn refused(data: &Path, flag: &str) -> String {
    let folder = data.to_str().unwrap();
    let ran = program().run(&["serve", flag, "--data", folder, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"]);
    assert_eq!(ran.code, Some(1), "{flag}: {}", ran.stderr);
    ran.stderr
}

#[test]
fn over_peoples_accounts_nothing_is_opened_to_everybody() {
    let data = tempfile::tempdir().unwrap();
    let binary = program().serve(data.path(), &[]).ready();
    invited(&binary, data.path());
    binary.stop();
    for flag in ["--demo", "--sandbox"] {
        let said = refused(data.path(), flag);
        assert!(said.contains("people have accounts") && said.contains(flag) && !said.contains("ready"), "{said}");
    }
    program().serve(data.path(), &[]).ready().stop();
}
