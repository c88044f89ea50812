//! Tasks for people: an entity of type `Task` for each token that waits for somebody.

use serde_json::{Map, Value, json};
use svod_kernel::Urn;
use svod_model::{Attribute, Entity};
use svod_process::Effect;
use svod_registry::{Action, Change, Operation};
use svod_store::StoreError;

use super::deed::Deed;
use super::{CaseError, Key};

/// Hours for a task when nothing says how long it may take.
const DEFAULT_HOURS: i64 = 24;
/// What a task has from its case.
const FROM_CASE: [&str; 9] = ["alert", "body", "kind", "severity", "subject", "name", "location", "service", "person"];

/// Which token of which instance a task is for: its attribute `token`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offered {
    /// Number of the instance in the space of the task.
    pub instance: i64,
    /// Token.
    pub token: u64,
}

impl Offered {
    /// As it is written: `17:4`.
    pub fn text(self) -> String {
        format!("{}:{}", self.instance, self.token)
    }

    /// From what is written.
    pub fn parse(text: &str) -> Option<Self> {
        let (instance, token) = text.split_once(':')?;
        Some(Self { instance: instance.parse().ok()?, token: token.parse().ok()? })
    }
}

/// The task of a token.
pub(super) fn urn_of(key: Key, token: u64) -> Result<Urn, CaseError> {
    let urn = Urn::svod("task", &format!("{}-{}-{token}", key.0, key.1));
    urn.map_err(|e| CaseError::Store(StoreError::Shape(e.to_string())))
}

impl Deed<'_> {
    /// A task for the body that answers for the case, or the one that the process names.
    pub(super) async fn offer(&mut self, key: Key, effect: Effect) -> Result<(), CaseError> {
        let Effect::OfferTask { token, element, name, role, body, deadline, input, attributes } = effect else {
            return Ok(());
        };
        self.case_of(key).await?;
        let now = self.now;
        let held = self.take(key).await?;
        let mut task = Entity::new(urn_of(key, token)?, "Task", held.space.clone())
            .with("process", Attribute::property(held.process.id()))
            .with("step", Attribute::property(element.as_str()))
            .with("title", Attribute::property(name))
            .with("token", Attribute::property(Offered { instance: key.1, token }.text()))
            .with("status", Attribute::property("offered"))
            .with("offeredAt", Attribute::property(now.to_string()));
        if let Some(case) = &held.case {
            task = task.with("case", Attribute::object(case.id.clone()));
            for name in FROM_CASE {
                if let Some(a) = case.attributes.get(name) {
                    task = task.with(name, a.clone());
                }
            }
        }
        let given = held.case.as_ref().and_then(|c| c.time("deadline"));
        let deadline = deadline.or(given).unwrap_or_else(|| now.plus_seconds(DEFAULT_HOURS * 3_600));
        let until = Attribute::property(deadline.to_string());
        task = task.with("openUntil", until.clone()).with("deadline", until);
        if let Some(body) = body.and_then(|b| b.parse::<Urn>().ok()) {
            task = task.with("body", Attribute::object(body));
        }
        if let Some(role) = role {
            task = task.with("role", Attribute::property(role));
        }
        if let Some(form) = attributes.get("form") {
            task = task.with("form", Attribute::property(form.as_str()));
        }
        if let Some(proposal) = super::decision::proposal_of(&held.state.variables_at(token)) {
            task = task.with("proposal", Attribute::property(proposal));
        }
        if !input.is_empty() {
            task = task.with("input", Attribute::property(Value::Object(input).to_string()));
        }
        held.told.push(json!({"offered": element, "token": token, "task": task.id, "until": deadline.to_string()}));
        let change = Change::verb(Operation::Create(task), Action::Create, "offer");
        self.changes.push(change.by(&self.cases.process));
        Ok(())
    }

    /// The task is not wanted any more. One that was completed with this very event stays completed.
    pub(super) async fn withdraw(&mut self, key: Key, token: u64) -> Result<(), CaseError> {
        let urn = urn_of(key, token)?;
        let task = self.cases.registry.entity(&self.cases.process, &urn).await.ok();
        if let Some(access) = task.as_ref().and_then(|t| t.object("access")) {
            // What was opened with it ends with it, unless who completed it has ended it in this very command.
            if !self.along.changes.iter().any(|c| c.urn() == access) {
                self.changes.push(svod_trust::work_over(access, self.now));
            }
        }
        let set: Map<String, Value> = [("status".to_owned(), "withdrawn".into())].into_iter().collect();
        let patch = Operation::Patch {
            urn,
            expected: None,
            set: set.into_iter().map(|(name, value)| (name, Attribute::property(value))).collect(),
            unset: vec!["openUntil".to_owned()],
        };
        self.changes.push(Change::verb(patch, Action::Update, "withdraw").by(&self.cases.process));
        Ok(())
    }
}
