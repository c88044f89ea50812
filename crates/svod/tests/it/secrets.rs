//! The installation's own key, from a vault and exchanged, as the real program.

use std::fs;
use std::path::Path;
use std::time::Duration;

use svod_testkit::{Binary, Program};

use crate::program;

/// A token of forms that the visitor's cookie repeats.
const CSRF: &str = "0123456789abcdef0123456789abcdef";
const FORM: &str = "application/x-www-form-urlencoded";

/// The code of an invitation that the command line makes.
fn invitation(program: &Program, data: &str) -> String {
    let ran = program.run(&["account", "invite", "olga", "--name", "Olga", "--data", data]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.stdout.trim().split_once("/invitation#").unwrap().1.to_owned()
}

/// Whether the platform takes the code for one of its own.
fn opens(binary: &Binary, code: &str) -> bool {
    let asked = reqwest::blocking::Client::new().post(format!("http://{}/invitation", binary.http));
    let form = asked.header("cookie", format!("svod_csrf={CSRF}")).header("content-type", FORM);
    form.body(format!("csrf={CSRF}&code={code}")).send().unwrap().status() == 200
}

fn key(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("identity.key")).unwrap()
}

/// ASVS V11.2.2: without a restart, and what was broken off is finished.
#[test]
fn the_key_is_exchanged_while_the_platform_runs() {
    let data = tempfile::tempdir().unwrap();
    let (folder, secrets) = (data.path().to_str().unwrap(), data.path().join("secrets"));
    let binary = program().serve(data.path(), &[]).ready();
    let (before, old) = (invitation(&program(), folder), key(&secrets));
    assert!(opens(&binary, &before));
    // As if it had been killed when the new key was made.
    let next = vec![9; 32];
    fs::write(secrets.join("identity.key.next"), &next).unwrap();
    let ran = program().run(&["secrets", "rotate", "--data", folder]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(key(&secrets) == next && old != next && !secrets.join("identity.key.next").exists());
    let after = invitation(&program(), folder);
    let in_time = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        opens(&binary, &after) && !opens(&binary, &before)
    });
    assert!(in_time, "the platform knows the new key and has forgotten the old one");
    let ran = program().run(&["secrets", "rotate", "--data", folder]);
    assert!(ran.code == Some(0) && key(&secrets) != next, "again, with a key of its own: {}", ran.stderr);
    binary.stop();
}

/// Whoever removes the key by mistake can put it back: the platform goes on with the one it has, and makes no other.
#[test]
fn a_key_that_goes_is_told_and_not_made_anew() {
    let data = tempfile::tempdir().unwrap();
    let (folder, secrets) = (data.path().to_str().unwrap(), data.path().join("secrets"));
    let mut binary = program().serve(data.path(), &[]).ready();
    binary.expect("the installation's key cannot be read");
    let (before, old) = (invitation(&program(), folder), key(&secrets));
    fs::remove_file(secrets.join("identity.key")).unwrap();
    let told = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        binary.log().contains("the installation's key cannot be read")
    });
    assert!(told && !secrets.join("identity.key").exists());
    assert!(opens(&binary, &before), "the one of before holds");
    fs::write(secrets.join("identity.key"), old).unwrap();
    binary.stop();
}

/// ASVS V13.3.1: systemd's credentials, or files that an orchestrator mounts.
#[test]
fn a_key_that_a_vault_gives_is_not_kept() {
    let [data, vault] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    fs::write(vault.path().join("identity.key"), [5; 32]).unwrap();
    let program = program().env("CREDENTIALS_DIRECTORY", vault.path().to_str().unwrap());
    let binary = program.serve(data.path(), &[]).ready();
    let folder = data.path().to_str().unwrap();
    assert!(!data.path().join("secrets/identity.key").exists(), "it stays in the vault");
    assert!(opens(&binary, &invitation(&program, folder)));
    let refused = program.run(&["secrets", "rotate", "--data", folder]);
    assert!(refused.code == Some(1) && refused.stderr.contains("identity.key.next"), "{}", refused.stderr);

    fs::write(vault.path().join("identity.key.next"), [6; 32]).unwrap();
    let ran = program.run(&["secrets", "rotate", "--data", folder]);
    assert!(ran.code == Some(0) && ran.stdout.contains("in place of identity.key"), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(key(vault.path()), [5; 32], "what is given is not written");
    binary.stop();

    fs::write(vault.path().join("store.url"), "mysql://nowhere\n").unwrap();
    let ran = program.run(&["serve", "--data", folder, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("store.url"), "the address is taken from there: {}", ran.stderr);
}
