//! How the term of a case runs: those who work on it are warned, it runs out and goes up, it stands still for a reason.
//!
//! The two moments are waits of the case's first instance, `k-warn` and `k-due`, beside the timers of its process. A term in
//! working days moves on in working days: each has all its hours, a day off has none. A third wait, `k-up`, is the end of the time
//! of whoever a term that has run out was brought before: then it goes further up, as far as there is a body above.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use svod_kernel::{Actor, Timestamp, Urn};
use svod_model::{Attribute, Entity, ServiceSpec, ServiceTerm};
use svod_process::{Calendar, Span, StepError};
use svod_registry::{Action, Change, Clocks, EntityQuery, Operation, Programs, QueryError, Tenure};
use svod_store::StoreError;
use svod_store::instance::{Wait, Waits};

use super::carry::wait;
use super::deed::Deed;
use super::operations::{Answer, refused, text};
use super::{Along, CaseError, Cases, Key, TRIES};
use crate::handover::is_head;

/// The wait for the moment of the warning.
const WARN: &str = "k-warn";
/// The wait for the end of the term.
const DUE: &str = "k-due";
/// The wait for the end of the time of whoever it was brought before.
const UP: &str = "k-up";
/// How the clock of a case stands that was decided.
const MET: &str = "met";
/// Step of a task by which a term that has run out comes before whoever is above.
const ESCALATION: &str = "escalation";
/// Its title, a key of the texts.
const TITLE: &str = "task-escalated";
/// What stands in its `token` behind the instance: no place of the process waits for it.
const NO_TOKEN: &str = ":k";
/// Seconds for it where no calendar counts.
const ESCALATION_SECONDS: i64 = 24 * 3_600;
/// What it has from its case.
const FROM_CASE: [&str; 6] = ["kind", "severity", "subject", "name", "location", "service"];

/// Is the wait one of a term?
pub(super) fn is_clock(wait: &Wait) -> bool {
    wait.kind == Waits::Timer && [WARN, DUE, UP].contains(&wait.id.as_str())
}

/// Was the task made because a term has run out? Its process does not wait for it.
pub(super) fn is_escalation(task: &Entity) -> bool {
    task.text("step") == Some(ESCALATION) && task.text("token").is_some_and(|t| t.ends_with(NO_TOKEN))
}

/// The service of a case, as the version that its process has declares it.
pub(super) fn service_of<'p>(case: &Entity, programs: &'p Programs) -> Option<&'p ServiceSpec> {
    let (pack, id) = case.text("service")?.split_once('/')?;
    programs.services.get(id).filter(|_| pack == programs.pack)
}

/// How long the authorities have for a case, and how the time is counted.
struct Term<'p> {
    length: &'p ServiceTerm,
    warn: Option<i64>,
    calendar: Option<&'p Calendar>,
}

impl<'p> Term<'p> {
    fn of(case: &Entity, programs: &'p Programs, clocks: &'p Clocks) -> Option<Self> {
        let service = service_of(case, programs)?;
        let own = service.object.as_ref().and_then(|o| o.term.as_ref()).filter(|_| case.object("about").is_some());
        let length = own.unwrap_or(&service.term);
        let calendar = match length {
            ServiceTerm::WorkingDays { calendar, .. } => clocks.calendars(&case.space).get(calendar),
            ServiceTerm::Seconds(_) => None,
        };
        Some(Self { length, warn: service.warn_seconds, calendar })
    }

    /// The end of a term that begins now.
    fn end(&self, now: Timestamp) -> Option<Timestamp> {
        match self.length {
            ServiceTerm::Seconds(seconds) => Some(now.plus_seconds(*seconds)),
            ServiceTerm::WorkingDays { days, .. } => self.days(now, *days),
        }
    }

    fn days(&self, now: Timestamp, days: i64) -> Option<Timestamp> {
        self.calendar?.after(now, Span { days: u32::try_from(days).ok()?, ..Span::default() })
    }

    /// When those who work on it are warned.
    fn warn(&self, deadline: Timestamp) -> Option<Timestamp> {
        let seconds = self.warn?;
        let moved = self.calendar.and_then(|c| c.moved(deadline, -seconds.checked_mul(1_000_000)?));
        Some(moved.unwrap_or_else(|| deadline.plus_seconds(-seconds)))
    }

    /// A moment of the term later by the time between two others.
    fn later(&self, at: Timestamp, (from, to): (Timestamp, Timestamp)) -> Timestamp {
        let moved = self.calendar.and_then(|c| c.moved(at, c.worked(from, to)?));
        moved.unwrap_or_else(|| Timestamp(at.0.saturating_add(to.0 - from.0)))
    }

    /// When a task for whoever is above must be done.
    fn escalation(&self, now: Timestamp) -> Timestamp {
        self.days(now, 1).unwrap_or_else(|| now.plus_seconds(ESCALATION_SECONDS))
    }
}

/// How a term stood that is moved.
struct Before {
    deadline: Option<String>,
    /// It had run out, and was brought before whoever is above.
    overdue: bool,
}

/// A case about to begin, with its term: what the service says where nothing is given.
pub(super) fn wound(case: Entity, programs: &Programs, clocks: &Clocks, now: Timestamp) -> Entity {
    let Some(term) = Term::of(&case, programs, clocks) else { return case };
    let Some(deadline) = case.time("deadline").or_else(|| term.end(now)) else { return case };
    let moment = |at: Timestamp| Attribute::property(at.to_string());
    let case = case.with("deadline", moment(deadline)).with("clock", Attribute::property("running"));
    match term.warn(deadline) {
        Some(at) => case.with("warnAt", moment(at.max(now))),
        None => case,
    }
}

/// What the term of a case waits for as it stands.
pub(super) fn waits(case: &Entity) -> Vec<Wait> {
    let at = |id: &str, name: &str| {
        let due = Some(case.time(name)?);
        Some(Wait { due, ..wait(id.to_owned(), Waits::Timer, name.to_owned()) })
    };
    let (warn, due) = (at(WARN, "warnAt"), at(DUE, "deadline"));
    match case.text("clock") {
        Some("running") => [warn, due].into_iter().flatten().collect(),
        Some("warned") => due.into_iter().collect(),
        _ => Vec::new(),
    }
}

impl Cases {
    /// A moment of a case's term has come.
    ///
    /// # Errors
    /// See [`CaseError`]; late when the term does not run any more.
    pub(super) async fn tick(&self, actor: &Actor, key: Key, wait: &str) -> Result<(), CaseError> {
        let mut tries = 0;
        loop {
            let mut deed = Deed::new(self, Along::default());
            let done = match deed.tick(key, wait).await {
                Ok(()) => self.commit(actor, deed).await.map(drop),
                Err(e) => Err(e),
            };
            match done {
                Err(e) if e.is_conflict() && tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }
}

impl Deed<'_> {
    async fn tick(&mut self, key: Key, id: &str) -> Result<(), CaseError> {
        self.begin_at(key);
        let over = || CaseError::Step(StepError::NotWaiting(format!("'{id}'")));
        self.case_of(key).await?;
        let held = self.take(key).await?;
        let case = held.case.clone().filter(|_| !held.state.done).ok_or_else(over)?;
        if id == UP {
            return self.further(key, &case).await;
        }
        let (name, runs): (&str, &[&str]) =
            if id == WARN { ("warnAt", &["running"]) } else { ("deadline", &["running", "warned"]) };
        let due = case.time(name).filter(|_| case.text("clock").is_some_and(|c| runs.contains(&c))).ok_or_else(over)?;
        if due > self.now {
            // It was moved by other means than an operation of the case.
            let later = Wait { due: Some(due), ..wait(id.to_owned(), Waits::Timer, name.to_owned()) };
            self.take(key).await?.wait(later);
            return Ok(());
        }
        if id == DUE {
            return self.overdue(key, &case).await;
        }
        self.take(key).await?.over(WARN.to_owned());
        self.tell(key, json!({"clock": "warned", "deadline": case.text("deadline")})).await?;
        self.set_case(&case.id, [("clock", Some("warned".to_owned()))], (Action::Update, "warn"));
        self.ticked.push("warned");
        let mark = self.now.to_string();
        for task in self.open_tasks(&case).await? {
            self.mark(&task, [("warnedAt", mark.clone())], "warn");
        }
        Ok(())
    }

    /// The term has run out: what is open is brought before whoever is above.
    async fn overdue(&mut self, key: Key, case: &Arc<Entity>) -> Result<(), CaseError> {
        let held = self.take(key).await?;
        held.over(WARN.to_owned());
        held.over(DUE.to_owned());
        self.set_case(&case.id, [("clock", Some("overdue".to_owned()))], (Action::Update, "overdue"));
        self.ticked.push("overdue");
        let mark = self.now.to_string();
        for task in self.open_tasks(case).await?.iter().filter(|t| !is_escalation(t)) {
            self.mark(task, [("escalatedAt", mark.clone())], "escalate");
        }
        let above = match case.object("body").cloned() {
            Some(body) => Some(self.above(&body).await?.unwrap_or(body)),
            None => None,
        };
        let task = self.bring(key, case, above.as_ref()).await?;
        let told = json!({"clock": "overdue", "deadline": case.text("deadline"), "task": task, "body": above});
        self.tell(key, told).await
    }

    /// A case is brought before a body: a task of it, and its end where somebody is above who has it then.
    async fn bring(&mut self, key: Key, case: &Entity, body: Option<&Urn>) -> Result<Urn, CaseError> {
        let task = self.escalation(key, case, body).await?;
        let further = match body {
            Some(body) => self.above(body).await?.is_some(),
            None => false,
        };
        if let Some(due) = task.time("deadline").filter(|_| further) {
            let up = Wait { due: Some(due), ..wait(UP.to_owned(), Waits::Timer, "escalation".to_owned()) };
            self.take(key).await?.wait(up);
        }
        let urn = task.id.clone();
        self.changes.push(Change::verb(Operation::Create(task), Action::Create, "offer").by(&self.cases.process));
        Ok(urn)
    }

    /// Whoever it was brought before has not answered in their time: it goes to the body above theirs.
    async fn further(&mut self, key: Key, case: &Arc<Entity>) -> Result<(), CaseError> {
        self.take(key).await?.over(UP.to_owned());
        let open = self.open_tasks(case).await?;
        let Some(late) = open.iter().find(|t| is_escalation(t)) else { return Ok(()) };
        let above = match late.object("body").cloned() {
            Some(body) => self.above(&body).await?,
            None => None,
        };
        let Some(above) = above else { return Ok(()) };
        let now = self.now.to_string();
        self.mark(late, [("status", "withdrawn".to_owned()), ("escalatedAt", now)], "withdraw");
        self.changes.extend(late.object("access").map(|access| svod_trust::work_over(access, self.now)));
        let task = self.bring(key, case, Some(&above)).await?;
        self.ticked.push("escalated");
        self.tell(key, json!({"clock": "escalated", "from": late.id, "task": task, "body": above})).await
    }

    /// A task without a form for the head of the body above, or for anybody there where nobody is known to be its head; its
    /// process does not wait for it.
    async fn escalation(&mut self, key: Key, case: &Entity, body: Option<&Urn>) -> Result<Entity, CaseError> {
        let (now, catalogue) = (self.now, self.cases.registry.catalogue());
        let held = self.take(key).await?;
        // A case can run out more than once: its instance has another version each time.
        let urn = Urn::svod("task", &format!("{}-{}-k{}", key.0, key.1, held.row.version + 1));
        let urn = urn.map_err(|e| CaseError::Store(StoreError::Shape(e.to_string())))?;
        let term = Term::of(case, &held.programs, &catalogue.clocks);
        let until = term.map_or_else(|| now.plus_seconds(ESCALATION_SECONDS), |t| t.escalation(now)).to_string();
        let text = |value: &str| Attribute::property(value);
        let mut task = Entity::new(urn, "Task", held.space.clone())
            .with("case", Attribute::object(case.id.clone()))
            .with("step", text(ESCALATION))
            .with("title", text(TITLE))
            .with("token", text(&format!("{}{NO_TOKEN}", key.1)))
            .with("role", text("head"))
            .with("status", text("offered"))
            .with("offeredAt", text(&now.to_string()))
            .with("deadline", text(&until))
            .with("openUntil", text(&until));
        for name in FROM_CASE {
            if let Some(a) = case.attributes.get(name) {
                task = task.with(name, a.clone());
            }
        }
        // Nobody works on their own matter, above neither.
        if let Some(person) = case.attributes.get("person") {
            task = task.with("person", person.clone());
        }
        if let Some(body) = body {
            task = task.with("body", Attribute::object(body.clone()));
            if let Some(post) = self.head(body).await? {
                task = task.with("post", Attribute::object(post));
            }
        }
        Ok(task)
    }

    /// The post of who heads a body, when somebody is in it now.
    async fn head(&self, body: &Urn) -> Result<Option<Urn>, CaseError> {
        let registry = &self.cases.registry;
        if registry.catalogue().metamodel.attribute("Task", "post").is_none() {
            return Ok(None);
        }
        let space = match registry.entity(&self.cases.process, body).await {
            Ok(body) => body.space.top(),
            Err(QueryError::NotFound(_)) => return Ok(None),
            Err(e) => return Err(e.into()),
        };
        let posts = EntityQuery { limit: 1_000, ..EntityQuery::of(space.clone(), &["Post"]) };
        let posts = registry.query(&self.cases.process, posts.with("body", body.as_str())).await?.items;
        for post in posts.into_iter().filter(is_head) {
            let appointments = EntityQuery { limit: 1_000, ..EntityQuery::of(space.clone(), &["Appointment"]) };
            let all = registry.query(&self.cases.process, appointments.with("post", post.id.as_str())).await?.items;
            if all.iter().any(|a| Tenure::of(a).is_some_and(|t| t.holds(self.now))) {
                return Ok(Some(post.id));
            }
        }
        Ok(None)
    }

    /// The body above another.
    pub(super) async fn above(&self, body: &Urn) -> Result<Option<Urn>, CaseError> {
        match self.cases.registry.entity(&self.cases.process, body).await {
            Ok(body) => Ok(body.object("parent").cloned()),
            Err(QueryError::NotFound(_)) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// The case has ended: its term is over, and nobody above is asked any more.
    pub(super) async fn stop(&mut self, key: Key, case: &Arc<Entity>) -> Result<(), CaseError> {
        let Some(clock) = case.text("clock") else { return Ok(()) };
        let held = self.take(key).await?;
        held.over(WARN.to_owned());
        held.over(DUE.to_owned());
        // Only what has run out, and perhaps stood still since, was brought before anybody.
        if !["overdue", "paused"].contains(&clock) {
            return Ok(());
        }
        self.unescalate(key, case).await
    }

    async fn unescalate(&mut self, key: Key, case: &Entity) -> Result<(), CaseError> {
        self.take(key).await?.over(UP.to_owned());
        for task in self.open_tasks(case).await?.iter().filter(|t| is_escalation(t)) {
            self.mark(task, [("status", "withdrawn".to_owned())], "withdraw");
            // What was opened with it ends with it.
            self.changes.extend(task.object("access").map(|access| svod_trust::work_over(access, self.now)));
        }
        Ok(())
    }

    /// The open tasks of a case, as they are kept; without those that this very command changes.
    async fn open_tasks(&self, case: &Entity) -> Result<Vec<Entity>, CaseError> {
        let mut query = EntityQuery { below: false, limit: 1_000, ..EntityQuery::of(case.space.clone(), &["Task"]) };
        query = query.with("case", case.id.as_str());
        let mut found = Vec::new();
        loop {
            let page = self.cases.registry.query(&self.cases.process, query.clone()).await?;
            let changed = |t: &Entity| self.along.changes.iter().chain(&self.changes).any(|c| *c.urn() == t.id);
            let open = |t: &Entity| matches!(t.text("status"), Some("offered" | "taken")) && !changed(t);
            found.extend(page.items.into_iter().filter(open));
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// Of who changes a task at the same time one is refused.
    fn mark<const N: usize>(&mut self, task: &Entity, set: [(&str, String); N], verb: &'static str) {
        let set = set.into_iter().map(|(name, value)| (name.to_owned(), Attribute::property(value))).collect();
        let unset = if verb == "withdraw" { vec!["openUntil".to_owned()] } else { Vec::new() };
        let patch = Operation::Patch { urn: task.id.clone(), expected: Some(task.version), set, unset };
        self.changes.push(Change::verb(patch, Action::Update, verb).by(&self.cases.process));
    }

    /// Sets attributes of a case, or takes them away, also for whoever looks at it later in this deed.
    pub(super) fn set_case<const N: usize>(
        &mut self,
        urn: &Urn,
        set: [(&str, Option<String>); N],
        (action, verb): (Action, &'static str),
    ) {
        let (set, unset): (Vec<_>, Vec<_>) = set.into_iter().partition(|(_, value)| value.is_some());
        let set = set.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Attribute::property(value?))));
        let unset = unset.into_iter().map(|(name, _)| name.to_owned()).collect();
        self.patch_case(urn, set.collect(), unset, (action, verb));
    }

    pub(super) fn patch_case(
        &mut self,
        urn: &Urn,
        set: BTreeMap<String, Attribute>,
        unset: Vec<String>,
        (action, verb): (Action, &'static str),
    ) {
        let all = self.held.values_mut().filter_map(|h| h.case.as_mut());
        for case in all.filter(|c| c.id == *urn).map(Arc::make_mut) {
            case.attributes.extend(set.clone());
            case.attributes.retain(|name, _| !unset.contains(name));
        }
        let patch = Operation::Patch { urn: urn.clone(), expected: None, set, unset };
        self.changes.push(Change::verb(patch, action, verb).by(&self.cases.process));
    }

    /// What was asked for is decided: the term ends with it, whatever the process still does.
    pub(super) async fn met(&mut self, key: Key) -> Result<(), CaseError> {
        let Some((root, case)) = self.root_case(key).await? else { return Ok(()) };
        if case.text("clock").is_none_or(|clock| clock == MET) {
            return Ok(());
        }
        self.stop(root, &case).await?;
        self.tell(root, json!({"clock": MET, "deadline": case.text("deadline")})).await?;
        let now = Some(self.now.to_string());
        let set = [("clock", Some(MET.to_owned())), ("metAt", now), ("pausedAt", None), ("pauseReason", None)];
        self.set_case(&case.id, set, (Action::Update, MET));
        self.ticked.push(MET);
        Ok(())
    }

    /// `case.pause`: the term stands still.
    pub(super) async fn pause(&mut self, key: Key, input: &Map<String, Value>) -> Result<Answer, CaseError> {
        let reason = match text(input, "reason") {
            Ok(Some(reason)) => reason,
            Ok(None) => return Ok(Err(refused("'reason' is missing"))),
            Err(e) => return Ok(Err(e)),
        };
        let Some((root, case)) = self.root_case(key).await? else {
            return Ok(Err(refused("the process has no case")));
        };
        let clock = case.text("clock");
        if clock.is_none_or(|clock| clock == "paused" || clock == MET) {
            return Ok(Ok(Map::new()));
        }
        let programs = self.take(root).await?.programs.clone();
        let reasons = service_of(&case, &programs).map(|s| s.pause.as_slice()).unwrap_or_default();
        if !reasons.contains(&reason) {
            let known = if reasons.is_empty() { "none".to_owned() } else { reasons.join(", ") };
            return Ok(Err(refused(format!("the service knows no reason '{reason}' for a pause, but: {known}"))));
        }
        // The worker may not have come to it yet: what has run out does not stand still as if it had not.
        if clock != Some("overdue") && case.time("deadline").is_some_and(|d| d <= self.now) {
            self.overdue(root, &case).await?;
        }
        let held = self.take(root).await?;
        held.over(WARN.to_owned());
        held.over(DUE.to_owned());
        self.tell(root, json!({"clock": "paused", "reason": reason})).await?;
        let now = Some(self.now.to_string());
        let set = [("clock", Some("paused".to_owned())), ("pausedAt", now), ("pauseReason", Some(reason))];
        self.set_case(&case.id, set, (Action::Update, "pause"));
        self.ticked.push("paused");
        Ok(Ok(Map::new()))
    }

    /// `case.resume`: the term goes on, later by as much as it stood.
    pub(super) async fn resume(&mut self, key: Key) -> Result<Answer, CaseError> {
        let Some((root, case)) = self.root_case(key).await? else {
            return Ok(Err(refused("the process has no case")));
        };
        let (Some(since), Some(was), Some("paused")) =
            (case.time("pausedAt"), case.time("deadline"), case.text("clock"))
        else {
            return Ok(Ok(Map::new()));
        };
        let catalogue = self.cases.registry.catalogue();
        let programs = self.take(root).await?.programs.clone();
        let term = Term::of(&case, &programs, &catalogue.clocks);
        let later = |at: Timestamp| match &term {
            Some(term) => term.later(at, (since, self.now)),
            None => Timestamp(at.0.saturating_add(self.now.0 - since.0)),
        };
        let (deadline, warn) = (later(was), case.time("warnAt").map(later));
        let stood = (self.now.0 - since.0) / 1_000_000;
        let told =
            json!({"clock": "resumed", "stood": stood, "since": since.to_string(), "until": deadline.to_string()});
        self.tell(root, told).await?;
        self.ticked.push("resumed");
        let before = Before { deadline: case.text("deadline").map(str::to_owned), overdue: was <= since };
        self.rewind(root, &case, (deadline, warn), &before, "resume").await?;
        let answer = json!({"deadline": deadline.to_string(), "stood": stood});
        Ok(Ok(answer.as_object().cloned().unwrap_or_default()))
    }

    /// The process has given the case another deadline than it had before.
    pub(super) async fn extended(&mut self, key: Key, before: Option<String>) -> Result<(), CaseError> {
        let Some((root, case)) = self.root_case(key).await? else { return Ok(()) };
        let Some(deadline) =
            case.time("deadline").filter(|_| case.text("clock").is_some_and(|c| c != "paused" && c != MET))
        else {
            return Ok(());
        };
        let catalogue = self.cases.registry.catalogue();
        let programs = self.take(root).await?.programs.clone();
        let warn = Term::of(&case, &programs, &catalogue.clocks).and_then(|t| t.warn(deadline));
        let before = Before { deadline: before, overdue: case.text("clock") == Some("overdue") };
        self.rewind(root, &case, (deadline, warn), &before, "update").await
    }

    /// The term runs with these moments from now on; tasks that were due with it are due with it again.
    async fn rewind(
        &mut self,
        root: Key,
        case: &Arc<Entity>,
        (deadline, warn): (Timestamp, Option<Timestamp>),
        before: &Before,
        verb: &'static str,
    ) -> Result<(), CaseError> {
        // What has run out without having been told yet is told by the wait, which is due at once then.
        let clock = match warn {
            _ if deadline <= self.now => {
                if before.overdue {
                    "overdue"
                } else {
                    "warned"
                }
            }
            Some(warn) if warn <= self.now => "warned",
            _ => "running",
        };
        let until = deadline.to_string();
        let set = [
            ("clock", Some(clock.to_owned())),
            ("deadline", Some(until.clone())),
            ("warnAt", warn.map(|at| at.to_string())),
            ("pausedAt", None),
            ("pauseReason", None),
        ];
        self.set_case(&case.id, set, (Action::Update, verb));
        let held = self.take(root).await?;
        held.over(WARN.to_owned());
        held.over(DUE.to_owned());
        if let Some(case) = held.case.clone() {
            waits(&case).into_iter().for_each(|wait| held.wait(wait));
        }
        if before.overdue && clock != "overdue" {
            self.unescalate(root, case).await?;
        }
        if before.deadline.as_deref() == Some(until.as_str()) {
            return Ok(());
        }
        for task in self.open_tasks(case).await? {
            let due = |name: &str| task.text(name).is_some() && task.text(name) == before.deadline.as_deref();
            match (due("deadline"), due("openUntil")) {
                (true, true) => self.mark(&task, [("deadline", until.clone()), ("openUntil", until.clone())], verb),
                (true, false) => self.mark(&task, [("deadline", until.clone())], verb),
                _ => {}
            }
        }
        Ok(())
    }

    /// The instance that a case began with, and its entity.
    pub(super) async fn root_case(&mut self, key: Key) -> Result<Option<(Key, Arc<Entity>)>, CaseError> {
        let mut root = key;
        while let Some((parent, ..)) = self.parent(root).await? {
            root = parent;
        }
        self.case_of(root).await?;
        Ok(self.take(root).await?.case.clone().map(|case| (root, case)))
    }
}
