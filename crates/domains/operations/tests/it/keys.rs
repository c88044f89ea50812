//! Every key that a template or a source file names is there, in every language.

use std::path::Path;

#[test]
fn every_key_that_is_used_exists() {
    let sources = Path::new("src");
    let fields = ["devices-name-", "devices-device-", "devices-profile-", "devices-space-"];
    let cases = ["stuck-done-", "stuck-do-", "stuck-kind-", "stuck-act-", "stuck-step-", "stuck-csv-", "stuck-age-", "stuck-code-"];
    let made = [&["reason-", "packs-done-", "packs-file-", "quarantine-status-", "design-done-"][..], &fields, &cases].concat();
    svod_portal::testing::check_keys(sources, &svod_operations::texts(), &["ctx.t(\"", "ctx.tf(\""], &made);
}
