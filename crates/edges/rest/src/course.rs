//! The course of a case: what comes next in it, what was issued, what happened last.

use serde::Serialize;
use svod_kernel::{Actor, Lang, Timestamp, Urn};
use svod_model::Entity;
use svod_registry::{Action, JournalEvent, JournalQuery, QueryError};
use svod_runtime::cases::{Acting, Issued, Upcoming};
use svod_runtime::step_name;
use svod_trust::TrustError;
use utoipa::ToSchema;

use crate::RestState;

/// Events of its journal that are told of one case.
const EVENTS: usize = 50;

/// One thing that comes next.
#[derive(Serialize, ToSchema)]
pub struct Step {
    /// `task`: somebody does something; `decision`: it is decided; `payment`: the applicant is to pay; `end`: the case ends.
    kind: &'static str,
    /// The element of the process, as the packs call it in the language that `Accept-Language` asks for, else as the process does;
    /// null where several of its kind may come (tasks are told one by one).
    name: Option<String>,
    /// False for one of several things of which not all come.
    sure: bool,
    /// By when it is expected, by the times of the process and the term, RFC 3339; null where that is not known.
    #[schema(value_type = Option<String>)]
    by: Option<Timestamp>,
}

/// Something that was issued in a case.
#[derive(Serialize, ToSchema)]
pub struct Issue {
    /// The entity as it is now.
    #[schema(value_type = Object)]
    entity: Entity,
    /// Where the proof of the event that made it is read; null where it is not the caller's to have.
    receipt: Option<String>,
    /// Whose it is, where it is not the caller's and they may act for them, as a parent for a child: it is told as who acts for
    /// them, which they see among the accesses to their data. Null: it is told in the caller's own right.
    acting: Option<ActingFor>,
}

/// One for whom the caller may act.
#[derive(Serialize, ToSchema)]
pub struct ActingFor {
    /// The person or organization.
    #[schema(value_type = String)]
    person: Urn,
    /// What they are called.
    name: String,
    /// By which mandate.
    #[schema(value_type = String)]
    mandate: Urn,
}

/// What comes next, of a case that somebody asked for.
pub async fn next(
    s: &RestState,
    (case, tasks): (&Entity, &[Entity]),
    lang: Option<Lang>,
) -> Result<Vec<Step>, QueryError> {
    if case.object("person").is_none() {
        return Ok(Vec::new());
    }
    let catalogue = s.registry.catalogue();
    let step = |u: Upcoming| Step {
        kind: u.what.word(),
        name: u.name.map(|name| match lang {
            Some(lang) => step_name(&catalogue.texts, lang, (u.at.0.as_str(), u.at.1.as_str()), &name),
            None => name,
        }),
        sure: u.sure,
        by: u.by,
    };
    Ok(s.cases.next(case, tasks).await?.into_iter().map(step).collect())
}

/// What was issued, as far as the caller may see it, themselves or for those whom they may act for.
pub async fn issued(s: &RestState, actor: &Actor, case: &Entity) -> Result<Vec<Issue>, TrustError> {
    let made = s.cases.made(case).await?;
    let issue = |issued: Issued| {
        let receipt = issued.receipt.map(|seq| format!("/api/v1/ledger/receipts?space={}&seq={seq}", case.space));
        let acting = issued.acting.and_then(|Acting { mut chain, name }| {
            let last = chain.pop()?;
            Some(ActingFor { person: last.person, name, mandate: last.mandate })
        });
        Issue { entity: Entity::clone(&issued.entity), receipt, acting }
    };
    Ok(s.cases.issued(actor, case, &made).await?.into_iter().map(issue).collect())
}

/// The last of its journal, for who may read that; the latest last.
pub async fn events(s: &RestState, actor: &Actor, case: &Entity) -> Result<Vec<JournalEvent>, QueryError> {
    if !s.registry.may(actor, Action::ReadJournal, &s.registry.resource_of(case)) {
        return Ok(Vec::new());
    }
    let query = JournalQuery {
        space: case.space.clone(),
        below: false,
        entity: None,
        cause: Some(case.id.clone()),
        newest_first: true,
        after: None,
        limit: EVENTS,
    };
    let mut events = s.registry.journal(actor, query).await?.items;
    events.reverse();
    Ok(events)
}
