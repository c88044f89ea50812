//! Forms, filled in and checked as the pages do it: who applies, and who does a task, get the same answers.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use svod_forms::{Around, Draft, FieldError, Filled, Finished, Form, Lists, Prefill, Sent};
use svod_kernel::{Actor, Clock as _, Lang, SpacePath};
use svod_model::Entity;
use svod_runtime::plain;

use super::map;
use super::stage::{Fault, Refusal, Stage};

/// A form with all that it is filled in with.
pub struct Sheet {
    /// Its file.
    pub file: String,
    /// Its pack.
    pub pack: String,
    /// The form.
    pub form: Arc<Form>,
    /// What the graph holds.
    pub prefill: Prefill,
    /// Values beside the answers.
    pub inputs: Map<String, Value>,
    /// Whose registers are searched.
    pub space: SpacePath,
}

impl Sheet {
    /// What the register knows of the applicant: `applicant.<attribute>`.
    pub fn of_applicant(applicant: &Entity) -> (Prefill, Map<String, Value>) {
        let known = plain(applicant);
        let fields = known.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
        let filled = |(name, value): (&String, &Value)| {
            let as_of = applicant.attributes.get(name).map(|a| a.modified(applicant.created_at));
            (format!("applicant.{name}"), Filled { value: value.clone(), source: applicant.kind.clone(), as_of })
        };
        (fields.map(filled).collect(), [("applicant".to_owned(), known.clone())].into_iter().collect())
    }
}

impl Stage {
    /// The answers of a step (`answers`, `disputes`, `files`) as the form takes them.
    pub async fn fill(&self, sheet: &Sheet, actor: &Actor, step: &Value) -> Result<Finished, Fault> {
        let mut answers: Map<String, Value> = map(step, "answers").map(|(k, v)| (k.clone(), v.clone())).collect();
        answers.extend(map(step, "files").map(|(field, count)| (field.clone(), files(field, count))));
        self.known_fields(sheet, &answers)?;
        let answers = Value::Object(answers);
        let disputed = super::list(step, "disputes").filter_map(Value::as_str).map(str::to_owned).collect();
        let catalogue = self.core.registry.catalogue();
        let mut around = Around {
            lang: Lang::En,
            texts: &catalogue.texts,
            now: self.clock.now(),
            offset_hours: i32::try_from(self.offset / 3_600).unwrap_or_default(),
            prefill: &sheet.prefill,
            lists: &Lists::default(),
            inputs: &sheet.inputs,
        };
        let held = Draft { data: answers.clone(), disputed };
        let wanted = sheet.form.wanted(&held, &Default::default(), &around);
        let mut lists = Lists::default();
        for code in wanted.codes {
            let values = catalogue.metamodel.enums.get(&code).map(|e| e.values.clone()).unwrap_or_default();
            lists.codes.insert(code, values);
        }
        for (register, id) in wanted.addresses {
            let Ok(urn) = id.parse() else { continue };
            if let Ok(found) = self.core.registry.entity(actor, &urn).await
                && found.kinds().any(|kind| kind == register)
                && sheet.space.top().covers(&found.space)
            {
                lists.addresses.insert(id, found.text("name").unwrap_or(found.id.as_str()).to_owned());
            }
        }
        around.lists = &lists;
        let refused = |errors: &[FieldError]| {
            let fields = errors.iter().map(|e| (e.name.clone(), e.rule.to_owned())).collect();
            let said = "the form is not complete, or an answer is not good".to_owned();
            Fault::Refused(Refusal { code: "form".into(), fields, said, expected: false })
        };
        let blank = Draft { data: json!({}), ..held };
        let draft = sheet.form.accept(None, &blank, Sent::Data(&answers), &around).map_err(|r| refused(&r.errors))?;
        sheet.form.finish(&draft, &around).map_err(|errors| refused(&errors))
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
