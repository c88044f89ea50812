//! Files that come with a form: examined and held for the case that will name them.

use serde_json::Value;
use svod_files::{FileError, FileInfo, Upload};
use svod_forms::{FileRef, Lists, RefusedFile};
use svod_kernel::Urn;
use svod_portal::{PageContext, PageError, SentForm};
use svod_registry::QueryError;

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
        match held(ctx, s, desk, (&owner, upload)).await {
            Ok(info) => lists.files.entry(place.clone()).or_default().push(FileRef {
                file: info.id.to_string(),
                name: info.name,
                media: info.kind.media_type().to_owned(),
                size: info.size.unsigned_abs(),
            }),
            Err(error) => {
                let (rule, n) = refused(s, &error).ok_or(error)?;
                lists.refused.insert(place.clone(), RefusedFile { rule, name: file.name.clone(), n });
            }
        }
    }
    Ok(())
}

async fn held(
    ctx: &PageContext,
    s: &ServicesState,
    desk: &Desk,
    (owner, upload): (&Urn, Upload),
) -> Result<FileInfo, FileError> {
    s.files.may_send(&ctx.actor, upload.bytes.len()).await?;
    let examined = s.files.examine(upload).await?;
    s.files.hold(&ctx.actor, (owner, &desk.space), examined).await
}

/// The rule of the form that a file breaks, and its number; none for what is not the file's fault.
fn refused(s: &ServicesState, error: &FileError) -> Option<(&'static str, u64)> {
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
    let mut ids = Vec::new();
    collect(answers, &mut ids);
    let Some(owner) = desk.owner.as_ref().filter(|_| !ids.is_empty()) else { return Ok(Vec::new()) };
    ids.sort();
    ids.dedup();
    let found = s.files.held(&ctx.actor, (owner, &desk.space), &ids).await?;
    if found.len() != ids.len() {
        return Err(QueryError::NotFound("a file of the form".to_owned()).into());
    }
    Ok(found)
}

fn collect(answers: &Value, ids: &mut Vec<String>) {
    match answers {
        Value::Object(map) => match map.get("file").and_then(Value::as_str) {
            Some(id) if id.starts_with("urn:svod:file:") => ids.push(id.to_owned()),
            _ => map.values().for_each(|v| collect(v, ids)),
        },
        Value::Array(items) => items.iter().for_each(|v| collect(v, ids)),
        _ => {}
    }
}
