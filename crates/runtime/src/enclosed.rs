//! Files that come with answers: held for the case that will name them. Answers name only those that their sender has sent for it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use svod_files::{FileError, FileInfo, Files, Upload};
use svod_forms::FileRef;
use svod_kernel::{Actor, Coded, FieldError, SpacePath, Urn};
use svod_model::{Attribute, Entity};

/// How the identifiers of files begin.
const FILE: &str = "urn:svod:file:";

/// What belongs to an application beside its answers.
#[derive(Debug, Clone, Default)]
pub struct Enclosed {
    /// What its case will be known by, where files are held for it; minted where there are none.
    pub case: Option<Urn>,
    /// The files, as the case names them.
    pub files: Option<Attribute>,
}

/// Why the files of answers are not taken.
#[derive(Debug, thiserror::Error)]
pub enum EnclosedError {
    /// Answers name files that their sender has not sent for this.
    #[error("an answer names a file that was not sent for it")]
    Unknown(Vec<FieldError>),
    /// A file is not taken.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Coded for EnclosedError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "form",
            Self::File(e) => e.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Unknown(_) => 422,
            Self::File(e) => e.status(),
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Unknown(_) => None,
            Self::File(e) => e.retry_after(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Unknown(fields) => fields.clone(),
            Self::File(e) => e.fields(),
        }
    }
}

/// The case for which files are held, none while there are none, and its space.
pub type Place<'a> = (Option<&'a Urn>, &'a SpacePath);

impl Enclosed {
    /// Takes in a file for a case, which names it later.
    ///
    /// # Errors
    /// As [`Files::may_send`], [`Files::examine`] and [`Files::hold`].
    pub async fn hold(
        files: &Files,
        actor: &Actor,
        at: (&Urn, &SpacePath),
        upload: Upload,
    ) -> Result<FileInfo, FileError> {
        files.may_send(actor, upload.bytes.len()).await?;
        let examined = files.examine(upload).await?;
        files.hold(actor, at, examined).await
    }

    /// Answers of a program, in which each file is named as it was taken in, whatever they say of it.
    ///
    /// # Errors
    /// [`EnclosedError::Unknown`] with each field that names a file which the actor has not sent for the case; malware.
    pub async fn bind(
        files: &Files,
        actor: &Actor,
        place: Place<'_>,
        mut answers: Map<String, Value>,
    ) -> Result<Map<String, Value>, EnclosedError> {
        let known = known(files, actor, place, answers.values()).await?;
        let strange: Vec<FieldError> = answers
            .iter()
            .filter(|(_, value)| named(std::iter::once(*value)).iter().any(|id| !known.contains_key(id)))
            .map(|(field, _)| FieldError {
                field: field.clone(),
                rule: "files".into(),
                fix: "send the file for this draft, offer, task or objection first, and name it as it was answered"
                    .into(),
            })
            .collect();
        if !strange.is_empty() {
            return Err(EnclosedError::Unknown(strange));
        }
        answers.values_mut().for_each(|value| rename(value, &known));
        Ok(answers)
    }

    /// The files that the answers of a form name.
    ///
    /// # Errors
    /// As [`Enclosed::bind`].
    pub async fn named(
        files: &Files,
        actor: &Actor,
        place: Place<'_>,
        answers: &Value,
    ) -> Result<Vec<FileInfo>, EnclosedError> {
        let known = known(files, actor, place, std::iter::once(answers)).await?;
        let all = named(std::iter::once(answers));
        if all.iter().any(|id| !known.contains_key(id)) {
            let fix = "take the file away and send it once more".to_owned();
            return Err(EnclosedError::Unknown(vec![FieldError { field: String::new(), rule: "files".into(), fix }]));
        }
        Ok(known.into_values().collect())
    }

    /// These files of a case that is not there yet.
    pub fn of((case, space): Place<'_>, files: &[FileInfo]) -> Self {
        let Some(case) = case.filter(|_| !files.is_empty()) else { return Self::default() };
        let files = Files::naming(&Entity::new(case.clone(), "Case", space.clone()), files);
        Self { case: Some(case.clone()), files }
    }
}

/// How the answers of a form name a file.
pub fn reference(file: &FileInfo) -> FileRef {
    FileRef {
        file: file.id.to_string(),
        name: file.name.clone(),
        media: file.kind.media_type().to_owned(),
        size: file.size.unsigned_abs(),
    }
}

/// Those of the files that answers name which the actor has sent for the case.
async fn known<'v>(
    files: &Files,
    actor: &Actor,
    (case, space): Place<'_>,
    answers: impl Iterator<Item = &'v Value>,
) -> Result<BTreeMap<String, FileInfo>, FileError> {
    let all: Vec<String> = named(answers).into_iter().collect();
    let Some(case) = case.filter(|_| !all.is_empty()) else { return Ok(BTreeMap::new()) };
    let held = files.held(actor, (case, space), &all).await?;
    Ok(held.into_iter().map(|file| (file.id.to_string(), file)).collect())
}

/// Whatever says of itself that it is a file.
pub(crate) fn id(map: &Map<String, Value>) -> Option<&str> {
    map.get("file").and_then(Value::as_str).filter(|id| id.starts_with(FILE) || map.contains_key("size"))
}

fn named<'v>(answers: impl Iterator<Item = &'v Value>) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    answers.for_each(|value| collect(value, &mut ids));
    ids
}

fn collect(value: &Value, ids: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => match id(map) {
            Some(id) => _ = ids.insert(id.to_owned()),
            None => map.values().for_each(|v| collect(v, ids)),
        },
        Value::Array(items) => items.iter().for_each(|v| collect(v, ids)),
        _ => {}
    }
}

fn rename(value: &mut Value, known: &BTreeMap<String, FileInfo>) {
    match value {
        Value::Object(map) => match id(map).and_then(|id| known.get(id)) {
            Some(file) => *value = serde_json::to_value(reference(file)).unwrap_or_default(),
            None => map.values_mut().for_each(|v| rename(v, known)),
        },
        Value::Array(items) => items.iter_mut().for_each(|v| rename(v, known)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_says_that_it_is_a_file_is_found_wherever_it_stands() {
        let answers = json!({
            "scan": [{"file": "urn:svod:file:1"}, {"file": "x", "size": 1}],
            "children": [{"papers": {"birth": [{"file": "urn:svod:file:2", "name": "a.pdf"}]}}],
            "file": "a text", "group": {"file": "urn:svod:case:1"}, "none": [{"name": "no file"}],
        });
        let ids: Vec<String> = named(std::iter::once(&answers)).into_iter().collect();
        assert_eq!(ids, ["urn:svod:file:1", "urn:svod:file:2", "x"]);
    }
}
