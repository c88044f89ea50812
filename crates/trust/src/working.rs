//! Who works on somebody's matter sees what that somebody wrote in it, while they work on it. The person sees that they did.

use svod_kernel::{Actor, Role, Timestamp, Urn};
use svod_model::{Attribute, Entity};
use svod_registry::{Action, Change, CommandError, Edit, Ground, Operation};

use crate::Trust;

/// What is opened by it: what was written in cases, and nothing else of the person.
const OPENED: [&str; 11] = [
    "Task.input",
    "Task.proposal",
    "Task.answers",
    "Case.answers",
    "Case.files",
    "Case.comment",
    "CaseMessage.text",
    "CaseMessage.files",
    "Decision.reason",
    "Decision.inputs",
    "Payment.account",
];
/// Longest text of a ground or a reason, in characters.
const MAX_TEXT: usize = 1_000;

/// Work on somebody's matter.
#[derive(Debug, Clone)]
pub struct Work<'a> {
    /// The task: its person is whose matter it is.
    pub task: &'a Entity,
    /// The acts that the service follows.
    pub ground: &'a str,
    /// What is done, in words that the person will read.
    pub reason: &'a str,
    /// Until when.
    pub until: Timestamp,
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

impl Trust {
    /// The access that whoever takes a task has with it: to be written in the same command
    /// ([`svod_registry::Registry::look_while`]). None where there is nobody whose matter it is, or it is their own.
    pub fn for_work(&self, actor: &Actor, work: &Work<'_>) -> Option<Entity> {
        let person = work.task.object("person")?;
        if actor.is(Role::Platform) || actor.owns(person, &work.task.kind) {
            return None;
        }
        let now = self.registry.clock().now();
        let access = Entity::new(self.mint("Access"), "Access", work.task.space.clone());
        let names: Vec<serde_json::Value> = OPENED.iter().map(|n| (*n).into()).collect();
        let access = self
            .traced(access, actor, person, (now, work.until))
            .with("basis", Attribute::property(Ground::Law.as_str()))
            .with("ground", Attribute::property(cut(work.ground)))
            .with("reason", Attribute::property(cut(work.reason)))
            .with("only", Attribute::property(serde_json::Value::Array(names)));
        let case = work.task.object("case").cloned();
        Some(case.into_iter().fold(access, |access, case| access.with("case", Attribute::object(case))))
    }

    /// The rules of security are told how many people's data the actor has opened of late.
    pub async fn worked(&self, actor: &Actor, access: &Entity) {
        self.counted(actor, &access.space).await;
    }

    /// The access ends with the work; written by the platform, with the command that ends the work.
    pub fn work_ends(&self, access: &Urn) -> Change {
        work_over(access, self.registry.clock().now())
    }
}

/// The change by which an access that was opened for work is open until that moment at the most. One that had run out before was
/// not open longer because the work was: its trace says when it truly ended.
pub fn work_over(access: &Urn, now: Timestamp) -> Change {
    let id = access.clone();
    let edit = Edit::new(move |access| {
        let access = access.ok_or_else(|| CommandError::NotFound(id.clone()))?.clone();
        let over = access.time("until").is_some_and(|until| until <= now);
        Ok(if over { access } else { access.with("until", Attribute::property(now.to_string())) })
    });
    let change = Change::verb(Operation::Edit { urn: access.clone(), edit }, Action::Update, "end");
    change.by(&std::sync::Arc::new(Actor::platform("trust")))
}
