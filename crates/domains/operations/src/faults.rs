//! Faults of a pack on a page: file, line, rule and fix.

use svod_model::PackError;
use svod_portal::{PageContext, PageError};
use svod_registry::PublishError;

/// Faults shown at once.
pub const MAX_SHOWN: usize = 100;

/// What was wrong with a publication, one text each; an error that is not the pack's becomes its own page.
///
/// # Errors
/// Not permitted, or the store failed.
pub fn of_publication(ctx: &PageContext, error: PublishError) -> Result<Vec<String>, PageError> {
    match error {
        PublishError::Faults(all) => Ok(texts(ctx, &all)),
        PublishError::VersionTaken { id, version } => {
            Ok(vec![ctx.tf("packs-version-taken", &[("id", id.into()), ("version", version.into())])])
        }
        PublishError::Seed(e) => Ok(vec![ctx.tf("packs-seed-refused", &[("detail", e.to_string().into())])]),
        other => Err(other.into()),
    }
}

/// The faults in words.
pub fn texts(ctx: &PageContext, faults: &[PackError]) -> Vec<String> {
    let mut all: Vec<String> = faults.iter().take(MAX_SHOWN).map(|f| text(ctx, f)).collect();
    if let Some(rest @ 1..) = faults.len().checked_sub(MAX_SHOWN) {
        all.push(ctx.tf("packs-faults-more", &[("n", rest.into())]));
    }
    all
}

/// One fault in words.
pub fn text(ctx: &PageContext, fault: &PackError) -> String {
    let line = fault.position.line.to_string();
    let args = [
        ("file", fault.file.as_str().into()),
        ("line", line.as_str().into()),
        ("message", fault.message.as_str().into()),
        ("rule", fault.rule.as_str().into()),
        ("fix", fault.fix.as_str().into()),
    ];
    // Some faults are of a whole file.
    ctx.tf(if fault.position.line == 0 { "packs-fault-file" } else { "packs-fault" }, &args)
}
