//! Every key that a template or a source file names is there, in every language.

use std::path::Path;

#[test]
fn every_key_that_is_used_exists() {
    let sources = Path::new("src");
    let fields = ["devices-name-", "devices-device-", "devices-profile-", "devices-space-"];
    let cases = ["done-", "do-", "kind-", "act-", "step-", "csv-", "age-", "code-"].map(|k| format!("stuck-{k}"));
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    let own = ["reason-", "packs-done-", "packs-file-", "quarantine-status-", "design-done-", "candidate-done-"];
    let made = [&own[..], &fields, &cases].concat();
    svod_portal::testing::check_keys(sources, &svod_operations::texts(), &["ctx.t(\"", "ctx.tf(\""], &made);
}
