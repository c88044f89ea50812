//! An operator's hand on running cases: what stands still is seen, retried, done by hand, moved, called off, or carried over
//! to another version.
//!
//! * here – the acts, each one command; who did it and why stands in the instance's own steps
//! * [`look`] – what there is: counts, incidents, one instance. Names of variables, never their values
//! * [`migrate`] – to the version in force, one or all
//! * `veil` – messages of incidents without values
//!
//! Whoever may administer an [`INSTANCE`] in its space may, but nobody in their own matter.

mod look;
mod migrate;
mod veil;

use serde_json::{Map, Value, json};
use svod_kernel::{Actor, Coded, FieldError, SpacePath};
use svod_process::{Event, MAX_VARIABLES, MigrationFault};
use svod_registry::{Action, CommandError};
use svod_store::StoreError;
pub use svod_store::instance::{Status, Waits};

use super::deed::Deed;
use super::stopped::Anew;
use super::{Along, CaseError, Cases, Key, TRIES};

pub(in crate::cases) use look::case_urn;
pub use look::{
    Happened, Instance, MAX_STEPS, Place, ProcessCount, Stands, Stuck, Token, Trouble, Troubles, Variable, Waited,
};
pub use migrate::{Carried, Fault, Mapping, Plan, Survey, Swept};

/// What policies know process instances by.
pub const INSTANCE: &str = "Instance";

/// Longest reason, in characters.
pub const MAX_REASON: usize = 500;

/// Incidents retried, instances carried over, by one call.
pub const MAX_SWEPT: usize = 200;

/// Why a case was not repaired. Nothing has happened then.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// The case does not take it, or it could not be read or written.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// Without a reason, or with one too long.
    #[error("say why, in 1 to {MAX_REASON} characters")]
    Reason,
    /// What is to be put right does not fit.
    #[error("the variables do not fit: {0}")]
    Variables(String),
    /// It is about the operator.
    #[error("this case is your own matter; somebody else must repair it")]
    Own,
    /// It runs on what is in force.
    #[error("the instance runs on '{0}', which is in force")]
    InForce(String),
    /// No version of it is in force.
    #[error("no version of '{0}' is in force")]
    NoVersion(String),
    /// Elements without a counterpart.
    #[error("the new version has no counterpart for {}", elements(.0))]
    Misfit(Vec<MigrationFault>),
}

fn elements(faults: &[MigrationFault]) -> String {
    let mut names: Vec<&str> = faults.iter().map(|f| f.element.as_str()).collect();
    names.dedup();
    names.join(", ")
}

impl From<StoreError> for RepairError {
    fn from(e: StoreError) -> Self {
        Self::Case(e.into())
    }
}

impl RepairError {
    /// Somebody else was faster.
    pub fn is_late(&self) -> bool {
        matches!(self, Self::Case(e) if e.is_late())
    }
}

impl Coded for RepairError {
    fn code(&self) -> &'static str {
        match self {
            Self::Case(e) => e.code(),
            Self::Reason => "repair-reason",
            Self::Variables(_) => "repair-variables",
            Self::Own => "repair-own",
            Self::InForce(_) => "version-in-force",
            Self::NoVersion(_) => "no-version-in-force",
            Self::Misfit(_) => "migration-refused",
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Case(e) => e.status(),
            Self::Reason | Self::Variables(_) => 422,
            Self::Own => 403,
            Self::InForce(_) | Self::NoVersion(_) | Self::Misfit(_) => 409,
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        let field = |field: &str, rule: &str, fix: &str| FieldError {
            field: field.to_owned(),
            rule: rule.to_owned(),
            fix: fix.to_owned(),
        };
        match self {
            Self::Case(e) => e.fields(),
            Self::Reason => vec![field("reason", "length", "say why, in 1 to 500 characters")],
            Self::Variables(fix) => vec![field("variables", "variables", fix)],
            Self::Misfit(faults) => faults.iter().map(|f| field(&f.element, &f.reason, &f.fix)).collect(),
            Self::Own | Self::InForce(_) | Self::NoVersion(_) => Vec::new(),
        }
    }
}

/// Which instance: its space and its number there.
pub type At<'a> = (&'a SpacePath, i64);

impl Cases {
    /// Lets an incident try again, after these variables were put right.
    ///
    /// # Errors
    /// See [`RepairError`]; [`RepairError::is_late`] when it is solved already.
    pub async fn retry(
        &self,
        actor: &Actor,
        at: At<'_>,
        incident: u64,
        variables: Map<String, Value>,
        reason: &str,
    ) -> Result<(), RepairError> {
        fits(&variables)?;
        let told = told(actor, "retry", reason, json!({"incident": incident, "set": variables}))?;
        if self.anew(actor, self.key_of(actor, at)?, (incident, Anew::Tried), (&told, &variables)).await? {
            return Ok(());
        }
        self.repaired(actor, at, &told, &Event::Retry { incident, variables }).await
    }

    /// The work of an incident was done by hand, with this outcome; what was tried in vain is given up.
    ///
    /// # Errors
    /// See [`RepairError`].
    pub async fn resolve(
        &self,
        actor: &Actor,
        at: At<'_>,
        incident: u64,
        outcome: Map<String, Value>,
        reason: &str,
    ) -> Result<(), RepairError> {
        fits(&outcome)?;
        let told = told(actor, "resolve", reason, json!({"incident": incident, "set": outcome}))?;
        if self.anew(actor, self.key_of(actor, at)?, (incident, Anew::Over), (&told, &outcome)).await? {
            return Ok(());
        }
        self.repaired(actor, at, &told, &Event::Resolve { incident, variables: outcome }).await
    }

    /// Puts a token at another element of its scope; what runs at it is ended.
    ///
    /// # Errors
    /// See [`RepairError`].
    pub async fn relocate(
        &self,
        actor: &Actor,
        at: At<'_>,
        token: u64,
        element: &str,
        reason: &str,
    ) -> Result<(), RepairError> {
        let told = told(actor, "move", reason, json!({"token": token, "to": element}))?;
        self.repaired(actor, at, &told, &Event::Move { token, element: element.to_owned() }).await
    }

    /// Calls an instance off, with what it called. The one that called it gets a failed call.
    ///
    /// # Errors
    /// See [`RepairError`].
    pub async fn call_off(&self, actor: &Actor, at: At<'_>, reason: &str) -> Result<(), RepairError> {
        let told = told(actor, "cancel", reason, json!({}))?;
        self.repaired(actor, at, &told, &Event::Cancel).await
    }

    /// Lets incidents try again as they are, those that [`Cases::stuck`] would list, [`MAX_SWEPT`] at the most; go on with what
    /// [`Swept::next`] says as [`Stuck::after`]. One that fails again is not tried again by going on.
    ///
    /// # Errors
    /// Not permitted, no reason, or the store failed; what one instance refuses is told with it.
    pub async fn retry_all(&self, actor: &Actor, stuck: &Stuck, reason: &str) -> Result<Swept<Place>, RepairError> {
        told(actor, "retry", reason, json!({}))?;
        let limit = stuck.limit.clamp(1, MAX_SWEPT);
        let page = self.stuck(actor, &Stuck { limit, ..stuck.clone() }).await?;
        let mut swept = Swept { done: 0, refused: Vec::new(), next: page.next };
        for trouble in page.items {
            let at = (&trouble.space, trouble.instance);
            match self.retry(actor, at, trouble.incident, Map::new(), reason).await {
                Ok(()) => swept.done += 1,
                Err(e) if e.is_late() => {}
                Err(RepairError::Case(CaseError::Store(e))) => return Err(e.into()),
                Err(e) => swept.refused.push((trouble.space.clone(), trouble.instance, e)),
            }
        }
        Ok(swept)
    }

    /// The spaces whose instances the actor looks after, by their numbers. A space that is open to everybody makes nobody an
    /// operator.
    pub fn administered(&self, actor: &Actor) -> Vec<(i64, SpacePath)> {
        let tree = self.registry.spaces();
        let theirs = tree.all().into_iter().filter(|s| self.may_repair(actor, &s.path));
        let mut spaces: Vec<(i64, SpacePath)> = theirs.map(|s| (s.id, s.path.clone())).collect();
        spaces.sort_unstable_by_key(|s| s.0);
        spaces
    }

    /// The same, for who looks after any.
    fn theirs(&self, actor: &Actor) -> Result<Vec<(i64, SpacePath)>, CaseError> {
        let spaces = self.administered(actor);
        if !spaces.is_empty() {
            return Ok(spaces);
        }
        let tree = self.registry.spaces();
        let space = actor.spaces.first().or_else(|| tree.all().first().map(|s| &s.path)).cloned();
        match space {
            Some(space) => Err(refused(space)),
            None => Ok(spaces),
        }
    }

    fn may_repair(&self, actor: &Actor, space: &SpacePath) -> bool {
        let mut strict = self.registry.resource(INSTANCE, space);
        strict.open = false;
        self.registry.may(actor, Action::Administer, &strict)
    }

    /// The instance's key, for who may repair it; others learn nothing of it.
    fn key_of(&self, actor: &Actor, (space, id): At<'_>) -> Result<Key, CaseError> {
        if !self.may_repair(actor, space) {
            return Err(refused(space.clone()));
        }
        let info = self.registry.spaces().get(space).map(|s| s.id);
        info.map(|s| (s, id)).ok_or_else(|| CaseError::Unknown(format!("{space} {id}")))
    }

    /// One event by an operator, with who and why before what comes of it.
    async fn repaired(&self, actor: &Actor, at: At<'_>, told: &Value, event: &Event) -> Result<(), RepairError> {
        let key = self.key_of(actor, at)?;
        let mut tries = 0;
        loop {
            match self.repaired_once(actor, key, told, event).await {
                Err(RepairError::Case(e)) if e.is_conflict() && tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }

    async fn repaired_once(&self, actor: &Actor, key: Key, told: &Value, event: &Event) -> Result<(), RepairError> {
        let mut deed = Deed::new(self, Along::default());
        not_own(&mut deed, actor, key).await?;
        deed.tell(key, told.clone()).await?;
        deed.queue(key, event.clone());
        deed.carry().await?;
        self.commit(actor, deed).await?;
        Ok(())
    }
}

fn refused(space: SpacePath) -> CaseError {
    CommandError::Forbidden { action: Action::Administer.as_str(), kind: INSTANCE.into(), space }.into()
}

/// Nobody repairs a case of their own, or of whom they act for.
async fn not_own(deed: &mut Deed<'_>, actor: &Actor, key: Key) -> Result<(), RepairError> {
    deed.case_of(key).await?;
    let case = deed.take(key).await?.case.clone();
    let own = case.as_ref().and_then(|c| c.object("person")).is_some_and(|person| actor.owns(person, "Case"));
    if own { Err(RepairError::Own) } else { Ok(()) }
}

/// What is kept of an act among the steps of its instance: `more` and who, what, why.
fn told(actor: &Actor, what: &str, reason: &str, more: Value) -> Result<Value, RepairError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > MAX_REASON {
        return Err(RepairError::Reason);
    }
    let mut told = more;
    told["repair"] = what.into();
    told["by"] = actor.id.as_str().into();
    told["name"] = actor.name.as_str().into();
    told["reason"] = reason.into();
    Ok(told)
}

/// Names as processes have them, and no more than a case may hold.
fn fits(variables: &Map<String, Value>) -> Result<(), RepairError> {
    let word = |name: &&String| {
        let first = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
        first && name.chars().count() <= 100 && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    if let Some(bad) = variables.keys().find(|name| !word(name)) {
        let bad: String = bad.chars().take(100).collect();
        return Err(RepairError::Variables(format!(
            "'{bad}' is no name; write letters, digits and underscores, a letter first"
        )));
    }
    if Value::Object(variables.clone()).to_string().len() > MAX_VARIABLES {
        return Err(RepairError::Variables(format!("give at most {MAX_VARIABLES} bytes")));
    }
    Ok(())
}
