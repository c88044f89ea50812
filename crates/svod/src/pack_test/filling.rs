//! Forms, filled in and checked as programs do it by the API: who applies, and who does a task, get the same answers.

use std::collections::BTreeSet;

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use svod_forms::Finished;
use svod_kernel::Actor;
use svod_runtime::{Filling, Sheet as Paper};

use super::map;
use super::stage::{Fault, Stage};

/// A form with where it stands.
pub struct Sheet {
    /// Its file.
    pub file: String,
    /// Its pack.
    pub pack: String,
    /// The form, with all that it is filled in with.
    pub paper: Paper,
}

impl Stage {
    /// The answers of a step (`answers`, `disputes`, `files`) as the form takes them.
    pub async fn fill(&self, sheet: &Sheet, actor: &Actor, step: &Value) -> Result<Finished, Fault> {
        let mut answers: Map<String, Value> = map(step, "answers").map(|(k, v)| (k.clone(), v.clone())).collect();
        answers.extend(map(step, "files").map(|(field, count)| (field.clone(), files(field, count))));
        self.known_fields(sheet, &answers)?;
        let disputed = super::list(step, "disputes").filter_map(Value::as_str).map(str::to_owned).collect();
        let offset = i32::try_from(self.offset / 3_600).unwrap_or_default();
        let filling = Filling::new(self.core.registry.clone(), offset);
        filling.fill(actor, &sheet.paper, answers, disputed).await.map_err(Fault::of)
    }

    /// An answer to a question that is not asked is a slip of whoever wrote the situation.
    fn known_fields(&self, sheet: &Sheet, answers: &Map<String, Value>) -> anyhow::Result<()> {
        let catalogue = self.core.registry.catalogue();
        let Some(json) = catalogue.pack(&sheet.pack).and_then(|p| p.forms.get(&sheet.file)) else { return Ok(()) };
        let mut known = BTreeSet::new();
        keys(&serde_json::from_str(json).context("the form is no JSON")?, &mut known);
        let strange = answers.keys().find(|k| !known.contains(*k));
        let listed = || known.iter().cloned().collect::<Vec<_>>().join(", ");
        strange.map_or(Ok(()), |k| Err(anyhow::anyhow!("{} has no field '{k}'; it has: {}", sheet.file, listed())))
    }
}

/// First steps of the places of a form's fields.
fn keys(component: &Value, known: &mut BTreeSet<String>) {
    for place in ["key", "path"] {
        let name = component.get(place).and_then(Value::as_str).filter(|n| !n.is_empty());
        known.extend(name.and_then(|n| n.split('.').next()).map(str::to_owned));
    }
    super::list(component, "components").for_each(|c| keys(c, known));
}

/// So many files that somebody sends.
fn files(field: &str, count: &Value) -> Value {
    let one = |n: u64| json!({"file": format!("{field}-{n}"), "name": format!("{field}-{n}.pdf"), "type": "application/pdf", "size": 1_000});
    (1..=count.as_u64().unwrap_or_default()).map(one).collect()
}
