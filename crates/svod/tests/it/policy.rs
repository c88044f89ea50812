//! Who may do what stands in the documents as the policies have it.

use svod::command::policy::{matrix, shipped};

#[test]
fn the_matrix_is_what_the_policies_say() {
    let made = matrix(&svod_registry::compile(0, &shipped()).unwrap());
    let path = crate::repository("docs/policy-matrix.md");
    if std::env::var_os("UPDATE_MATRIX").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(made, kept, "run UPDATE_MATRIX=1 cargo nextest run -p svod the_matrix, and read what has changed");
}
