//! Every key that a template or a source file names is there, in every language.

use std::path::Path;

#[test]
fn every_key_that_is_used_exists() {
    let made = ["my-verb-", "cabinet-", "given-"];
    svod_portal::testing::check_keys(Path::new("src"), &svod_cabinet::texts(), &["ctx.t(\"", "ctx.tf(\""], &made);
}
