//! Files that come with a form: examined and held for the case that will name them.

use serde_json::Value;
use svod_files::{FileError, FileInfo, Upload};
use svod_forms::{Lists, RefusedFile};
use svod_kernel::Urn;
use svod_portal::{PageContext, PageError, SentForm};
use svod_runtime::{Enclosed, reference};

use crate::ServicesState;
use crate::pages::filling::Desk;

/// Takes in what was sent, field by field; what is not taken is said at its field.
pub async fn take_in(
    ctx: &PageContext,
    s: &ServicesState,
    desk: &mut Desk,
    (sent, lists): (&SentForm, &mut Lists),
) -> Result<(), PageError> {
    for (place, file) in &sent.files {
        let owner = desk.owner.get_or_insert_with(|| Urn::mint("case", ctx.now, &**s.registry.rng())).clone();
        let upload = Upload { name: file.name.clone(), bytes: file.bytes.clone() };
        match Enclosed::hold(&s.files, &ctx.actor, (&owner, &desk.space), upload).await {
            Ok(info) => lists.files.entry(place.clone()).or_default().push(reference(&info)),
            Err(error) => {
                let (rule, n) = refused(s, &error).ok_or(error)?;
                lists.refused.insert(place.clone(), RefusedFile { rule, name: file.name.clone(), n });
            }
        }
    }
    Ok(())
}

/// The rule of the form that a file breaks, and its number; none for what is not the file's fault.
pub fn refused(s: &ServicesState, error: &FileError) -> Option<(&'static str, u64)> {
    Some(match error {
        FileError::Empty => ("file-empty", 0),
        FileError::TooLarge(_) => ("file-size", s.files.max_mib() as u64),
        FileError::Kind => ("file-content", 0),
        FileError::NameDiffers { .. } => ("file-name", 0),
        FileError::TooManyPixels => ("file-pixels", 0),
        FileError::Broken => ("file-broken", 0),
        FileError::Active(_) => ("file-active", 0),
        FileError::TooMany => ("files", svod_files::MAX_FILES as u64),
        FileError::Quota(seconds) => ("file-quota", seconds.div_ceil(3600)),
        _ => return None,
    })
}

/// The files that the answers of a form name: those that its sender has sent for it.
pub async fn named(
    ctx: &PageContext,
    s: &ServicesState,
    desk: &Desk,
    answers: &Value,
) -> Result<Vec<FileInfo>, PageError> {
    Ok(Enclosed::named(&s.files, &ctx.actor, (desk.owner.as_ref(), &desk.space), answers).await?)
}

/// The same for a case that begins with them.
pub async fn with(ctx: &PageContext, s: &ServicesState, desk: &Desk, answers: &Value) -> Result<Enclosed, PageError> {
    let files = named(ctx, s, desk, answers).await?;
    Ok(Enclosed::of((desk.owner.as_ref(), &desk.space), &files))
}
