//! Forms answered by programs: the answers come as JSON at once, and are held to the same rules as on a page.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use svod_forms::{Around, Draft, Filled, Finished, Form, Lists, Own, Prefill, Sent, Wanted};
use svod_kernel::{Actor, Coded, FieldError, Lang, SpacePath, Urn};
use svod_model::{Entity, ServiceSpec, StartSpec};
use svod_registry::{EntityQuery, QueryError, Registry};
use svod_store::StoreError;
use svod_text::{Arg, Texts};

use crate::cases::plain;
use crate::tasks::{TaskError, mine, needs, shown_to};

/// Why a form is not filled in.
#[derive(Debug, thiserror::Error)]
pub enum FillingError {
    /// There is no form here.
    #[error("{0} asks for no form")]
    NoForm(String),
    /// Answers that are not good, or are missing.
    #[error("the form is not complete, or an answer is not good")]
    Answers(Vec<FieldError>),
    /// The task is not the actor's to do now.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// Something could not be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for FillingError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoForm(_) => "no-form",
            Self::Answers(_) => "form",
            Self::Task(e) => e.code(),
            Self::Query(e) => e.code(),
            Self::Store(e) => e.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::NoForm(_) => 409,
            Self::Answers(_) => 422,
            Self::Task(e) => e.status(),
            Self::Query(e) => e.status(),
            Self::Store(e) => e.status(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Answers(errors) => errors.clone(),
            Self::Task(e) => e.fields(),
            _ => Vec::new(),
        }
    }
}

/// A form with all that it is filled in with.
pub struct Sheet {
    /// The form.
    pub form: Arc<Form>,
    /// What the graph holds.
    pub prefill: Prefill,
    /// Values beside the answers.
    pub inputs: Map<String, Value>,
    /// Whose registers are searched: its top-level space.
    pub space: SpacePath,
    /// What stands in it before anybody answers, by its names: of an offer, what that has filled in. Answers stand before it where
    /// the form lets them.
    pub held: Map<String, Value>,
}

impl Sheet {
    /// A form of whom the register knows: `applicant.<attribute>`.
    pub fn of_applicant(form: Arc<Form>, applicant: &Entity) -> Self {
        let known = plain(applicant);
        let fields = known.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
        let filled = |(name, value): (&String, &Value)| {
            let as_of = applicant.attributes.get(name).map(|a| a.modified(applicant.created_at));
            (format!("applicant.{name}"), Filled { value: value.clone(), source: applicant.kind.clone(), as_of })
        };
        let prefill = fields.map(filled).collect();
        let inputs = [("applicant".to_owned(), known)].into_iter().collect();
        Self { form, prefill, inputs, space: applicant.space.clone(), held: Map::new() }
    }
}

/// What is kept of a form until it is sent: between its pages, and between the requests of a program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// What is filled in.
    #[serde(flatten)]
    pub draft: Draft,
    /// The case that its files are held for; none while there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Urn>,
    /// Names of the fields that stood on pages that were sent, answered or not.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub asked: BTreeSet<String>,
}

impl Default for Kept {
    fn default() -> Self {
        Self { draft: Draft::of(json!({})), owner: None, asked: BTreeSet::new() }
    }
}

impl Kept {
    /// From what stands in a draft; none where something else does.
    pub fn parse(doc: &str) -> Option<Self> {
        serde_json::from_str(doc).ok()
    }

    /// As a draft holds it.
    pub fn doc(&self) -> String {
        serde_json::to_value(self).unwrap_or_default().to_string()
    }

    /// The answers by the names of the form.
    pub fn answers(&self) -> Map<String, Value> {
        self.draft.data.as_object().cloned().unwrap_or_default()
    }
}

/// The file of the form by which a service is asked for; none: it begins with an event.
pub fn form_of(service: &ServiceSpec) -> Option<&str> {
    service.start.iter().find_map(|s| match s {
        StartSpec::Form(file) => Some(file.as_str()),
        StartSpec::Event { .. } => None,
    })
}

/// Answers of programs. Cheap to clone.
#[derive(Clone)]
pub struct Filling {
    registry: Arc<Registry>,
    offset_hours: i32,
}

impl Filling {
    /// Over the registry; days are those of a territory that is so many hours ahead of UTC.
    pub const fn new(registry: Arc<Registry>, offset_hours: i32) -> Self {
        Self { registry, offset_hours }
    }

    /// The form by which an applicant asks for a service in force.
    ///
    /// # Errors
    /// [`FillingError::NoForm`] for a service that begins with an event.
    pub async fn of_service(&self, service: &ServiceSpec, applicant: &Entity) -> Result<Sheet, FillingError> {
        let file = form_of(service).ok_or_else(|| none(&service.id))?;
        self.of_pack(service, file, applicant).await
    }

    /// A form of a service's pack in the version of the service: that of an objection, say.
    ///
    /// # Errors
    /// [`FillingError::NoForm`] when the pack has no such form.
    pub async fn of_pack(&self, service: &ServiceSpec, file: &str, applicant: &Entity) -> Result<Sheet, FillingError> {
        let form = self.form(&service.pack, &service.version, file).await?;
        Ok(Sheet::of_applicant(form, applicant))
    }

    /// The form of a task that the actor has taken, in the version of the pack that its case began with.
    ///
    /// # Errors
    /// Not found also when the actor may not know of it; [`FillingError::Task`] when it is not theirs to do now;
    /// [`FillingError::NoForm`] for a task that is done in words.
    pub async fn of_task(&self, actor: &Actor, task: &Urn) -> Result<Sheet, FillingError> {
        let task = self.registry.entity(actor, task).await?;
        if task.kind != "Task" {
            return Err(QueryError::NotFound(format!("task {}", task.id)).into());
        }
        needs(&task, "taken")?;
        mine(actor, &task)?;
        let task = shown_to(&self.registry, actor, task).await?;
        self.is_open(&task).await?;
        let missing = || none(task.id.as_str());
        let (named, case) = task.text("form").zip(task.object("case")).ok_or_else(missing)?;
        let case = self.registry.entity(actor, case).await?;
        let process = case.text("processVersion").unwrap_or_default();
        let version = process.split_once('@').and_then(|(pack, rest)| Some((pack, rest.split_once('/')?.0)));
        let (pack, version) = version.ok_or_else(missing)?;
        let file = if named.ends_with(".form.json") { named.to_owned() } else { format!("{named}.form.json") };
        Ok(Sheet {
            form: self.form(pack, version, &file).await?,
            prefill: Prefill::new(),
            inputs: task.text("input").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
            space: task.space.clone(),
            held: Map::new(),
        })
    }

    /// What the task shows must be there to be judged by: after its time it is opened anew by taking the task again.
    async fn is_open(&self, task: &Entity) -> Result<(), FillingError> {
        let whole = self.registry.entity(&Actor::platform("filling"), &task.id).await?;
        if whole.text("input").is_some() && task.text("input").is_none() {
            let found = "taken, and what it shows is closed by now".to_owned();
            return Err(TaskError::State { found, needed: "taken again" }.into());
        }
        Ok(())
    }

    async fn form(&self, pack: &str, version: &str, file: &str) -> Result<Arc<Form>, FillingError> {
        let programs = self.registry.programs(pack, version).await?;
        programs.and_then(|p| p.forms.get(file).cloned()).ok_or_else(|| none(file))
    }

    /// Takes the answers, an object by the names of the form, and what of the graph the sender says is wrong. What the form does
    /// not ask, hides or has from the graph is left out.
    ///
    /// # Errors
    /// [`FillingError::Answers`] with every field that is missing or not good.
    pub async fn fill(
        &self,
        actor: &Actor,
        sheet: &Sheet,
        answers: Map<String, Value>,
        disputed: BTreeSet<String>,
    ) -> Result<Finished, FillingError> {
        let inputs = self.inputs(actor, sheet).await?;
        let (held, lists) = self.looked_up(actor, (sheet, &inputs), answers, disputed).await;
        let catalogue = self.registry.catalogue();
        let around = self.around((sheet, &inputs), &catalogue.texts, &lists);
        let first = Draft { data: Value::Object(sheet.held.clone()), disputed: held.disputed };
        let draft = sheet.form.accept(None, &first, Sent::Data(&held.data), &around).map_err(|r| refused(&r.errors))?;
        sheet.form.finish(&draft, &around).map_err(|errors| refused(&errors))
    }

    /// What of the answers can be kept of a form that need not be whole, and all that is missing or not good so far.
    pub async fn sketch(
        &self,
        actor: &Actor,
        sheet: &Sheet,
        answers: Map<String, Value>,
        disputed: BTreeSet<String>,
    ) -> (Draft, Vec<FieldError>) {
        // A draft is kept although what its applicant owns cannot be read.
        let inputs = self.inputs(actor, sheet).await.unwrap_or_else(|_| sheet.inputs.clone());
        let (held, lists) = self.looked_up(actor, (sheet, &inputs), answers, disputed).await;
        let catalogue = self.registry.catalogue();
        let around = self.around((sheet, &inputs), &catalogue.texts, &lists);
        let first = Draft { data: Value::Object(sheet.held.clone()), disputed: held.disputed };
        match sheet.form.accept(None, &first, Sent::Data(&held.data), &around) {
            Ok(draft) => (draft, Vec::new()),
            Err(refused) => (refused.draft, refused.errors.iter().map(told).collect()),
        }
    }

    /// Values beside the answers, with what somebody owns.
    async fn inputs(&self, actor: &Actor, sheet: &Sheet) -> Result<Map<String, Value>, QueryError> {
        let mut inputs = sheet.inputs.clone();
        inputs.extend(own(&self.registry, actor, &sheet.form, &sheet.space).await?);
        Ok(inputs)
    }

    fn around<'a>(
        &self,
        (sheet, inputs): (&'a Sheet, &'a Map<String, Value>),
        texts: &'a Texts,
        lists: &'a Lists,
    ) -> Around<'a> {
        Around {
            lang: Lang::En,
            texts,
            now: self.registry.clock().now(),
            offset_hours: self.offset_hours,
            prefill: &sheet.prefill,
            lists,
            inputs,
        }
    }

    /// Answers as a draft, with what the registers have for them.
    async fn looked_up(
        &self,
        actor: &Actor,
        (sheet, inputs): (&Sheet, &Map<String, Value>),
        answers: Map<String, Value>,
        disputed: BTreeSet<String>,
    ) -> (Draft, Lists) {
        let mut data = sheet.held.clone();
        data.extend(answers);
        let held = Draft { data: Value::Object(data), disputed };
        let (catalogue, nothing) = (self.registry.catalogue(), Lists::default());
        let wanted =
            sheet.form.wanted(&held, &BTreeMap::new(), &self.around((sheet, inputs), &catalogue.texts, &nothing));
        let lists = self.lists(actor, sheet, wanted).await;
        (held, lists)
    }

    /// What the registers have for the answers. An address that cannot be read is no address.
    async fn lists(&self, actor: &Actor, sheet: &Sheet, wanted: Wanted) -> Lists {
        let catalogue = self.registry.catalogue();
        let mut lists = Lists::default();
        for code in wanted.codes {
            let values = catalogue.metamodel.enums.get(&code).map(|e| e.values.clone()).unwrap_or_default();
            lists.codes.insert(code, values);
        }
        for (register, id) in wanted.addresses {
            let Ok(urn) = id.parse() else { continue };
            if let Ok(found) = self.registry.entity(actor, &urn).await
                && found.kinds().any(|kind| kind == register)
                && sheet.space.top().covers(&found.space)
            {
                lists.addresses.insert(id, found.text("name").unwrap_or(found.id.as_str()).to_owned());
            }
        }
        lists
    }
}

/// Things of one list of `svod.own`.
const OWNED: usize = 100;
/// Pages of so many that are gone through for those of them that a list is of.
const PAGES: usize = 50;

/// What somebody owns, or for whom they act, as a form offers it (`svod.own`): lists of values and labels by their names. Nothing
/// that they may not see.
///
/// # Errors
/// When the register cannot be read.
pub async fn own(
    registry: &Registry,
    actor: &Actor,
    form: &Form,
    space: &SpacePath,
) -> Result<Map<String, Value>, QueryError> {
    let mut out = Map::new();
    for list in form.own() {
        let mut found = Vec::new();
        if let Ok(person) = actor.subject().parse::<Urn>() {
            let mut query = EntityQuery::of(space.top(), &[&list.kind]).with(&list.by, person.as_str());
            for (name, words) in &list.among {
                if let [word] = words.as_slice() {
                    query = query.with(name, word);
                }
            }
            for _ in 0..PAGES {
                let page = registry.query(actor, EntityQuery { limit: OWNED, ..query.clone() }).await?;
                let fitting = |e: &Entity| list.among.iter().all(|(name, words)| has_one(e, name, words));
                found.extend(page.items.into_iter().filter(fitting));
                query.after = page.next;
                if query.after.is_none() || found.len() >= OWNED {
                    break;
                }
            }
            found.truncate(OWNED);
        }
        let mut choices: Vec<(String, Value)> = found.iter().filter_map(|e| choice(list, e)).collect();
        choices.sort_by(|(a, _), (b, _)| a.cmp(b));
        // Several things may say the same, such as payments to one account.
        let mut seen = BTreeSet::new();
        choices.retain(|(label, value)| seen.insert((label.clone(), value.to_string())));
        if let (false, Some((value, label))) = (choices.is_empty(), &list.other) {
            choices.push((label.clone(), value.as_str().into()));
        }
        let choices = choices.into_iter().map(|(label, value)| json!({"value": value, "label": label}));
        out.insert(list.name.clone(), choices.collect());
    }
    Ok(out)
}

/// Is the attribute one of these words?
fn has_one(entity: &Entity, name: &str, words: &[String]) -> bool {
    let is = entity.text(name).or_else(|| entity.object(name).map(Urn::as_str));
    is.is_some_and(|is| words.iter().any(|w| w == is))
}

/// One thing that is owned, with the words by which it is told apart; none where its value may not be seen.
fn choice(list: &Own, entity: &Entity) -> Option<(String, Value)> {
    let all = plain(entity);
    let words = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let value = all.get(list.value.as_deref().unwrap_or("urn"))?.clone();
    let label: Vec<String> = list.label.iter().filter_map(|name| all.get(name)).map(words).collect();
    Some((if label.is_empty() { words(&value) } else { label.join(", ") }, value))
}

fn none(what: &str) -> FillingError {
    FillingError::NoForm(what.to_owned())
}

fn refused(errors: &[svod_forms::FieldError]) -> FillingError {
    FillingError::Answers(errors.iter().map(told).collect())
}

fn told(error: &svod_forms::FieldError) -> FieldError {
    FieldError { field: error.name.clone(), rule: error.rule.into(), fix: fix(error) }
}

/// What to do about an answer, in words for who writes the program.
fn fix(error: &svod_forms::FieldError) -> String {
    let said = |name: &str| error.args.iter().find(|(n, _)| *n == name).map(|(_, arg)| shown(arg)).unwrap_or_default();
    let n = said("n");
    match error.rule {
        "required" => "give an answer".into(),
        "required-check" => "give true".into(),
        "required-choice" => "give one of the values that are offered".into(),
        "required-choices" => "give a list with at least one of the values that are offered".into(),
        "required-file" => "give a list with at least one file".into(),
        "kind" => "give a value of the kind that the field has in the form".into(),
        "number" => "give a number, such as 1234.5".into(),
        "long-number" => format!("give at most {n} digits"),
        "integer" => "give a whole number".into(),
        "digits" => format!("give at most {n} digits after the point"),
        "step" => format!("give a multiple of {n}"),
        "min" => format!("give {n} or more"),
        "max" => format!("give {n} or less"),
        "min-length" => format!("write at least {n} characters"),
        "max-length" => format!("write at most {n} characters"),
        "pattern" => "write it as the pattern of the field has it".into(),
        "said" => said("text"),
        "email" => "give an e-mail address, such as name@example.org".into(),
        "phone" => "give a telephone number with + and the country's code, such as +73842123456".into(),
        "date" => "give a date, such as 2026-12-31".into(),
        "time" => "give a time, such as 08:30".into(),
        "datetime" => "give a date and a time, such as 2026-12-31T08:30".into(),
        "past" => "give today or later".into(),
        "interval" => format!("give a time on a step of {n} minutes"),
        "choice" => "give one of the values that are offered".into(),
        "address" => "give the URN of an address of the register".into(),
        "register-busy" => "search again in a minute, with more words".into(),
        "place" => "give latitude and longitude, or a point of GeoJSON".into(),
        "place-range" => "give longitude from -180 to 180 and latitude from -90 to 90, in this order".into(),
        "files" => format!("give at most {n} files"),
        "file-kind" => format!("give files of these kinds: {}", said("kinds")),
        "items-max" => format!("give at most {n} items"),
        rule if rule.starts_with("file-") => "give another file".into(),
        rule => format!("mend it by the rule '{rule}'"),
    }
}

fn shown(arg: &Arg<'_>) -> String {
    match arg {
        Arg::Text(text) => text.to_string(),
        Arg::Number(n) => n.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_forms_has_a_fix_of_its_own() {
        for rule in svod_forms::ERRORS {
            let error = svod_forms::FieldError {
                name: "x".into(),
                label: String::new(),
                within: String::new(),
                rule,
                args: vec![
                    ("n", Arg::Number(3.0)),
                    ("text", Arg::Text("so".into())),
                    ("kinds", Arg::Text(".pdf".into())),
                ],
            };
            let fix = fix(&error);
            assert!(!fix.is_empty() && !fix.starts_with("mend it"), "{rule}: {fix}");
        }
    }
}
