//! Every key that a template or a source file names is there, in every language.

use std::path::Path;

#[test]
fn every_key_that_is_used_exists() {
    let sources = Path::new("src");
    let made = [
        "tasks-status-",
        "csv-",
        "verb-",
        "unit-",
        "task-done-",
        "event-",
        "problem-",
        "input-",
        "actor-platform-",
        "tasks-locked",
        "journal-locked",
        "tasks-late-",
        "tasks-kept-",
        "bulk-take-done",
        "bulk-release-done",
        "bulk-complete-done",
        "bulk-accept-done",
        "bulk-answer-done",
        "bulk-will-",
        "bulk-over-",
        "cards-forgotten",
        "cards-kept",
        "payments-accrued",
        "payments-amount-",
        "payments-currency",
        "payments-fault-",
        "payments-locked",
        "payments-notice-",
        "payments-state-",
        "payments-verdict-",
        "case-next-",
        "case-stars-",
        "case-sent",
        "case-message",
        "case-rate",
        "case-object",
        "case-accept",
        "case-withdraw",
    ];
    svod_portal::testing::check_keys(
        sources,
        &svod_services::texts(),
        &["ctx.t(\"", "ctx.tf(\"", "line(ctx, \""],
        &made,
    );
}
