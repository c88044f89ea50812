//! What can be done with a task: on its page, and with many at once.

use serde_json::Map;
use svod_forms::{Around, Form, Lists, Prefill};
use svod_kernel::Urn;
use svod_portal::{PageContext, PageError};
use svod_registry::{Action, CommandError, QueryError};
use svod_runtime::{
    AcceptError, CaseError, FillingError, HandoverError, TaskError, Template, TemplateError, To, let_go,
};

use super::May;
use crate::ServicesState;
use crate::worklist::mine;

/// What a task must be whose matter is closed to who has it, as the platform says it.
const AGAIN: &str = "taken again";

/// What somebody does with a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Takes it upon themselves.
    Take,
    /// Gives it back.
    Release,
    /// Closes it with what was done.
    Complete(String),
    /// Does it as the rules propose, and takes it for that where it is offered.
    Accept,
    /// Does it by its form, with answers that are kept.
    Answer(Box<Template>),
    /// Disposes of what somebody has who is away.
    Over(To),
}

impl Act {
    /// By its word; `result` is what was written. What is answered with is found by [`Act::Answer`] alone.
    pub fn named(word: &str, result: &str) -> Option<Self> {
        let all = [
            Self::Take,
            Self::Release,
            Self::Complete(result.trim().to_owned()),
            Self::Accept,
            Self::Over(To::Me),
            Self::Over(To::Body),
        ];
        all.into_iter().find(|act| act.word() == word)
    }

    /// As it stands in forms and in keys of the texts.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Take => "take",
            Self::Release => "release",
            Self::Complete(_) => "complete",
            Self::Accept => "accept",
            Self::Answer(_) => "answer",
            Self::Over(To::Me) => "over-me",
            Self::Over(To::Body) => "over-body",
        }
    }

    /// Something is decided with it, which nobody undoes: what will happen is shown first.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Accept | Self::Answer(_))
    }

    /// Would it be done, as far as that is known before? Nothing is.
    ///
    /// # Errors
    /// Why it would not.
    pub async fn would(&self, ctx: &PageContext, s: &ServicesState, urn: &Urn) -> Result<(), Undone> {
        match self {
            Self::Answer(template) => {
                s.templates(ctx.offset_hours).fits(&ctx.actor, urn, template).await?;
            }
            Self::Accept => would_accept(ctx, s, urn).await?,
            _ => {}
        }
        Ok(())
    }

    /// Does it.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn carry_out(&self, ctx: &PageContext, s: &ServicesState, task: &Urn) -> Result<(), Undone> {
        match self {
            Self::Take => s.tasks.take(&ctx.actor, task).await.map(drop)?,
            Self::Release => s.tasks.release(&ctx.actor, task).await.map(drop)?,
            Self::Complete(result) => s.tasks.complete(&ctx.actor, task, result).await.map(drop)?,
            Self::Accept => {
                s.acceptance(ctx.offset_hours).accept(&ctx.actor, task).await?;
                // What the visitor had begun to answer otherwise is nobody's any more.
                let_go(&s.applications, &ctx.actor, task).await;
            }
            Self::Answer(template) => {
                s.templates(ctx.offset_hours).answer(&ctx.actor, task, template).await?;
            }
            Self::Over(to) => s.handover().hand_over(&ctx.actor, task, *to).await?,
        }
        Ok(())
    }
}

/// Would a proposal be accepted, as far as that is known before what it is is open?
async fn would_accept(ctx: &PageContext, s: &ServicesState, urn: &Urn) -> Result<(), Undone> {
    let task = s.registry.entity(&ctx.actor, urn).await.map_err(TaskError::from)?;
    if task.kind != "Task" {
        return Err(TaskError::from(QueryError::NotFound(format!("task {urn}"))).into());
    }
    let resource = s.registry.resource_of(&task);
    let forbidden = |action: Action| {
        let (action, kind) = (action.as_str(), task.kind.clone());
        TaskError::from(CommandError::Forbidden { action, kind, space: task.space.clone() })
    };
    let may = |action: &Action| s.registry.may(&ctx.actor, *action, &resource);
    if let Some(action) = [Action::Take, Action::Complete].into_iter().find(|action| !may(action)) {
        return Err(forbidden(action).into());
    }
    let found = task.text("status").unwrap_or_default().to_owned();
    if found != "offered" && found != "taken" {
        return Err(TaskError::State { found, needed: "taken" }.into());
    }
    if found == "taken" && !mine(&task, &ctx.actor) {
        return Err(TaskError::NotYours(task.text("takenBy").unwrap_or_default().to_owned()).into());
    }
    if !s.cases.may_review(&ctx.actor, &task).await.map_err(TaskError::from)? {
        return Err(TaskError::from(CaseError::OwnDecision).into());
    }
    match May::of(ctx, s, &task).await.map_err(TaskError::from)? {
        May { accept: true, .. } => Ok(()),
        May { other: true, .. } => Err(forbidden(Action::Take).into()),
        May { reopen: true, .. } => Err(TaskError::State { found, needed: AGAIN }.into()),
        _ => Err(AcceptError::None.into()),
    }
}

/// Why something was not done with a task.
pub enum Undone {
    /// The task is not for that now, or not for the visitor.
    Task(TaskError),
    /// What is proposed is not accepted as it stands: why, for who writes forms.
    Proposal(AcceptError),
    /// What is kept does not answer it.
    Template(TemplateError),
    /// Anything else.
    Other(PageError),
}

impl From<TaskError> for Undone {
    fn from(e: TaskError) -> Self {
        Self::Task(e)
    }
}

impl From<HandoverError> for Undone {
    fn from(e: HandoverError) -> Self {
        match e {
            HandoverError::Task(e) => Self::Task(e),
            e @ HandoverError::NotForYou(_) => Self::Other(e.into()),
        }
    }
}

impl From<AcceptError> for Undone {
    fn from(e: AcceptError) -> Self {
        match e {
            AcceptError::Task(e) | AcceptError::Form(FillingError::Task(e)) => Self::Task(e),
            AcceptError::Form(FillingError::Query(e)) => Self::Task(e.into()),
            e => Self::Proposal(e),
        }
    }
}

impl From<TemplateError> for Undone {
    fn from(e: TemplateError) -> Self {
        match e {
            TemplateError::Task(e) | TemplateError::Form(FillingError::Task(e)) => Self::Task(e),
            TemplateError::Form(FillingError::Query(e)) => Self::Task(e.into()),
            e => Self::Template(e),
        }
    }
}

impl From<PageError> for Undone {
    fn from(e: PageError) -> Self {
        Self::Other(e)
    }
}

/// What a form calls its fields, in a line; by their own names where no form is at hand.
pub fn called<'n>(ctx: &PageContext, form: Option<&Form>, names: impl Iterator<Item = &'n str>) -> String {
    let (prefill, lists, inputs) = (Prefill::new(), Lists::default(), Map::new());
    let around = Around {
        lang: ctx.lang,
        texts: &ctx.texts,
        now: ctx.now,
        offset_hours: ctx.offset_hours,
        prefill: &prefill,
        lists: &lists,
        inputs: &inputs,
    };
    let label = |name: &str| form?.field(name, &around).map(|(label, _)| label).filter(|label| !label.is_empty());
    names.map(|name| label(name).unwrap_or_else(|| name.to_owned())).collect::<Vec<_>>().join(", ")
}

/// Why a form was not answered with what is kept.
pub fn unanswered(ctx: &PageContext, error: &TemplateError, form: Option<&Form>) -> Option<String> {
    Some(match error {
        TemplateError::OtherForm | TemplateError::Form(FillingError::NoForm(_)) => ctx.t("bulk-why-other-form"),
        TemplateError::OtherVersion(_) => ctx.t("bulk-why-other-version"),
        TemplateError::Signed => ctx.t("bulk-why-signed"),
        TemplateError::Files(names) => {
            let fields = called(ctx, form, names.iter().map(String::as_str));
            ctx.tf("bulk-why-files", &[("fields", fields.into())])
        }
        TemplateError::Unasked(names) => {
            let fields = called(ctx, form, names.iter().map(String::as_str));
            ctx.tf("bulk-why-unasked", &[("fields", fields.into())])
        }
        TemplateError::Form(FillingError::Answers(errors)) => {
            let fields = called(ctx, form, errors.iter().map(|e| e.field.as_str()));
            ctx.tf("bulk-why-answers", &[("fields", fields.into())])
        }
        _ => return None,
    })
}

/// Why one task among many was left as it is, in a line; `form` is what it was to be answered by.
pub fn refusal(ctx: &PageContext, error: &Undone, form: Option<&Form>) -> String {
    let error = match error {
        Undone::Task(error) => error,
        Undone::Template(error) => {
            return unanswered(ctx, error, form).unwrap_or_else(|| ctx.t("bulk-why-other"));
        }
        Undone::Proposal(AcceptError::None) => return ctx.t("bulk-why-unproposed"),
        Undone::Proposal(_) => return ctx.t("bulk-why-proposal"),
        Undone::Other(e) if e.problem().status == 403 => return ctx.t("bulk-why-theirs"),
        Undone::Other(_) => return ctx.t("bulk-why-other"),
    };
    ctx.t(match error {
        TaskError::State { needed, .. } if *needed == AGAIN => "bulk-why-closed",
        TaskError::State { found, .. } if found == "done" => "bulk-why-done",
        TaskError::State { found, .. } if found == "taken" => "bulk-why-taken",
        TaskError::State { .. } => "bulk-why-offered",
        TaskError::NotYours(_) => "bulk-why-theirs",
        TaskError::Result => "bulk-why-result",
        TaskError::Form => "bulk-why-form",
        TaskError::Command(CommandError::Conflict { .. }) => "bulk-why-faster",
        TaskError::Command(CommandError::Forbidden { .. }) => "bulk-why-forbidden",
        TaskError::Case(CaseError::OwnDecision) => "bulk-why-own",
        TaskError::Query(_) => "bulk-why-unknown",
        error => {
            tracing::info!(%error, "a task among many was refused");
            "bulk-why-other"
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_found_by_their_words_and_have_texts() {
        for word in ["take", "release", "complete", "accept", "over-me", "over-body"] {
            let act = Act::named(word, " done ").unwrap();
            assert_eq!(act.word(), word);
            let key = format!("bulk-{word}-done");
            assert!(svod_kernel::Lang::ALL.iter().all(|l| crate::texts().has(*l, &key)), "{key}");
        }
        assert_eq!(Act::named("complete", " done "), Some(Act::Complete("done".into())));
        assert_eq!(Act::named("fly", "x"), None);
        assert_eq!(Act::named("answer", "x"), None, "with what, nobody has said");
    }
}
