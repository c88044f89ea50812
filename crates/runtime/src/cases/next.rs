//! What comes next in a case: from where it stands along every way of its process, as far as the first thing on it that people
//! notice: a task of somebody, a decision, a sum to be paid, the end.
//!
//! Where a way parts what lies behind is only possible. What happens when something goes wrong, the events on the border of an
//! activity, is not foretold.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use svod_kernel::Timestamp;
use svod_model::Entity;
use svod_process::{
    Activity, Begun, Calendars, Element, Flow, NodeKind, Owner, Process, State, Sub, SubKind, Timer, TimerKind,
    Trigger, Wait, Work,
};
use svod_registry::Programs;
use svod_store::StoreError;
use svod_store::instance::{InstanceRow, Status};

use super::offer::urn_of;
use super::{Cases, Key};

/// Elements that are looked at.
const LOOKED: usize = 500;
/// Things that are named.
const NAMED: usize = 3;
/// Processes that call one another.
const DEEPEST: usize = 8;

/// What people notice of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coming {
    /// Somebody does something.
    Task,
    /// It is decided.
    Decision,
    /// The applicant is to pay.
    Payment,
    /// The case ends.
    End,
}

impl Coming {
    /// As it is called in the API: `task`, `decision`, `payment`, `end`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Decision => "decision",
            Self::Payment => "payment",
            Self::End => "end",
        }
    }
}

/// One thing that comes next in a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upcoming {
    /// What it is.
    pub what: Coming,
    /// Id of the process, and of the element in its file.
    pub at: (String, String),
    /// The element as its process calls it; none where several of its kind may come (tasks are told one by one).
    pub name: Option<String>,
    /// False for one of several things of which not all come. Any case may also end before.
    pub sure: bool,
    /// By when it is expected: by the times that the process gives to what comes before it, and by the term of the case.
    pub by: Option<Timestamp>,
}

impl Cases {
    /// What comes next in an open case, at most three things, the sure ones first; nothing for a case without a process of its own.
    /// `tasks` are those of its tasks whose deadlines may be told.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next(&self, case: &Entity, tasks: &[Entity]) -> Result<Vec<Upcoming>, StoreError> {
        if case.text("status") != Some("open") {
            return Ok(Vec::new());
        }
        let mut stands = BTreeMap::new();
        for row in self.instances(&case.id).await? {
            // Of what was destroyed with a person nothing is left, and of a pack that is gone nothing can be foretold.
            let state: Option<State> = serde_json::from_str(&row.state).ok();
            let found = self.process_of(&row.process).await.ok();
            if let Some(((programs, process), state)) = found.zip(state) {
                stands.insert((row.space, row.id), Stand { row, programs, process, state });
            }
        }
        let catalogue = self.registry.catalogue();
        let runs = case.text("clock").is_some_and(|clock| ["running", "warned"].contains(&clock));
        let term = case.time("deadline").filter(|_| runs);
        let mut walk = Walk::new(catalogue.clocks.calendars(&case.space), self.registry.clock().now(), term);
        let starts = walk.starts(&stands, tasks);
        Ok(walk.run(starts))
    }
}

/// An instance of a case.
struct Stand {
    row: InstanceRow,
    programs: Arc<Programs>,
    process: Arc<Process>,
    state: State,
}

/// Behind or before an element of a process.
#[derive(Clone)]
struct Way {
    programs: Arc<Programs>,
    process: Arc<Process>,
    element: String,
    /// By when one comes there; none when nobody knows.
    at: Option<Timestamp>,
    sure: bool,
    /// Where it goes on when the process ends that was called, the innermost last.
    callers: Vec<(Arc<Process>, String)>,
}

impl Way {
    fn to(&self, element: &str) -> Self {
        Self { element: element.to_owned(), ..self.clone() }
    }
}

struct Walk<'a> {
    calendars: &'a Calendars,
    now: Timestamp,
    /// The end of the case's term, while it runs.
    term: Option<Timestamp>,
    /// By when everything that is waited for now is over, where several things are.
    all: Option<Option<Timestamp>>,
    /// When timers are due that run, by process and element.
    armed: BTreeMap<(String, String), Timestamp>,
    /// Where the case stands.
    stands: BTreeSet<(String, String)>,
    sure: VecDeque<Way>,
    possible: VecDeque<Way>,
    seen: BTreeSet<(String, String)>,
    found: Vec<Upcoming>,
    /// Something else may come than what was found.
    more: bool,
}

impl<'a> Walk<'a> {
    fn new(calendars: &'a Calendars, now: Timestamp, term: Option<Timestamp>) -> Self {
        Self {
            calendars,
            now,
            term,
            all: None,
            armed: BTreeMap::new(),
            stands: BTreeSet::new(),
            sure: VecDeque::new(),
            possible: VecDeque::new(),
            seen: BTreeSet::new(),
            found: Vec::new(),
            more: false,
        }
    }

    /// Every place at which the case waits, and by when that is over.
    fn starts(&mut self, stands: &BTreeMap<Key, Stand>, tasks: &[Entity]) -> Vec<Way> {
        let mut starts = Vec::new();
        for stand in stands.values().filter(|s| s.row.status != Status::Done && s.row.status != Status::Cancelled) {
            for (id, token) in &stand.state.tokens {
                let timers = || stand.state.timers.values().filter(|t| t.owner == Owner::Token(*id));
                let at = match token.wait {
                    Wait::Task => self.deadline(tasks, (stand.row.space, stand.row.id), *id),
                    Wait::Event => timers().filter(|t| t.element == token.element).map(|t| t.due).min(),
                    Wait::Service | Wait::Again | Wait::Decision => Some(self.now),
                    Wait::Incident(_) => None,
                    // What is inside, or comes beside, stands for it.
                    _ => continue,
                };
                let of = |element: &str| (stand.process.id().to_owned(), element.to_owned());
                self.armed.extend(timers().map(|t| (of(&t.element), t.due)));
                self.stands.insert(of(&token.element));
                starts.push(Way {
                    programs: stand.programs.clone(),
                    process: stand.process.clone(),
                    element: token.element.clone(),
                    at,
                    sure: true,
                    callers: callers(stands, stand),
                });
            }
        }
        if starts.len() > 1 {
            let latest = starts.iter().map(|s| s.at).collect::<Option<Vec<_>>>();
            self.all = Some(latest.and_then(|all| all.into_iter().max()));
        }
        starts
    }

    /// By when a task is done, if whoever has it keeps to its time.
    fn deadline(&self, tasks: &[Entity], key: Key, token: u64) -> Option<Timestamp> {
        let urn = urn_of(key, token).ok()?;
        let task = tasks.iter().find(|t| t.id == urn)?;
        task.time("deadline").map(|at| at.max(self.now))
    }

    fn run(mut self, starts: Vec<Way>) -> Vec<Upcoming> {
        for start in starts {
            self.leave(&start);
        }
        // What is sure comes first: a place that is reached so is not found anew as a possible one.
        while let Some(way) = self.sure.pop_front().or_else(|| self.possible.pop_front()) {
            if self.seen.len() >= LOOKED {
                self.more = true;
                break;
            }
            self.arrive(&way);
        }
        let mut found = self.found;
        // Every case ends: that is told where nothing else comes before.
        if found.iter().any(|u| u.what != Coming::End) {
            found.retain(|u| u.what != Coming::End);
        }
        if let [only] = found.as_mut_slice()
            && !self.more
        {
            only.sure = true;
        }
        found.sort_by_key(|u| !u.sure);
        found.truncate(NAMED);
        found
    }

    /// On, by every way that leads out of an element.
    fn leave(&mut self, way: &Way) {
        let process = way.process.clone();
        let Some(element) = process.element(&way.element) else { return };
        let out: Vec<&Flow> = process.flows().iter().filter(|f| f.source == way.element).collect();
        if out.is_empty() {
            return self.ended(way, element);
        }
        let parts = match element.kind {
            NodeKind::Parallel => false,
            NodeKind::Exclusive | NodeKind::EventBased | NodeKind::Inclusive | NodeKind::Complex { .. } => {
                out.len() > 1
            }
            _ => out.iter().any(|f| f.condition.is_some()),
        };
        for flow in out {
            let next = Way { sure: way.sure && !parts, ..way.to(&flow.target) };
            if next.sure { self.sure.push_back(next) } else { self.possible.push_back(next) }
        }
    }

    fn arrive(&mut self, way: &Way) {
        let process = way.process.clone();
        let Some(element) = process.element(&way.element) else { return };
        let place = (process.id().to_owned(), way.element.clone());
        if self.stands.contains(&place) {
            // What is waited for now may be waited for again.
            self.more = true;
            return;
        }
        if !self.seen.insert(place.clone()) {
            return;
        }
        match &element.kind {
            NodeKind::Activity(activity) => self.activity(way, element, activity),
            NodeKind::Catch(Trigger::Timer(timer)) => {
                let at = self.armed.get(&place).copied().or_else(|| self.due(timer, way.at));
                self.leave(&Way { at, ..way.clone() });
            }
            NodeKind::Catch(Trigger::None | Trigger::Link(_)) => self.leave(way),
            NodeKind::Catch(_) => self.leave(&Way { at: None, ..way.clone() }),
            NodeKind::Throw(Trigger::Link(name)) => self.jump(way, element, name),
            NodeKind::End(trigger) => self.end(way, element, trigger),
            NodeKind::Parallel | NodeKind::Inclusive | NodeKind::Complex { .. } => self.join(way),
            _ => self.leave(way),
        }
    }

    /// Behind a gateway where ways come together one is when the last of them is there.
    fn join(&mut self, way: &Way) {
        let joins = way.process.flows().iter().filter(|f| f.target == way.element).count() > 1;
        let at = match self.all.filter(|_| joins) {
            Some(all) => way.at.zip(all).map(|(one, all)| one.max(all)),
            None => way.at,
        };
        self.leave(&Way { at, ..way.clone() });
    }

    fn activity(&mut self, way: &Way, element: &Element, activity: &Activity) {
        match &activity.work {
            Work::User { deadline, .. } => {
                let by = match deadline {
                    Some(timer) => self.due(timer, way.at),
                    None => self.term,
                };
                // Done for each of a list, it may be done for none.
                let some = Way { sure: way.sure && activity.repeat.is_none(), ..way.clone() };
                self.find(Coming::Task, &some, element, by);
                if activity.repeat.is_some() {
                    self.leave(&Way { at: None, ..some });
                }
            }
            Work::Service { service, .. } if service == "decision.record" => {
                let by = match (way.at, self.term) {
                    (Some(at), Some(term)) => Some(at.min(term)),
                    (at, term) => at.or(term),
                };
                self.find(Coming::Decision, way, element, by);
            }
            Work::Service { service, .. } if service == "money.accrue" => {
                self.find(Coming::Payment, way, element, way.at);
            }
            Work::Receive(_) => self.leave(&Way { at: None, ..way.clone() }),
            Work::Call { process } => self.call(way, process),
            Work::Sub(sub) => self.inside(way, element, sub),
            _ => self.leave(way),
        }
    }

    fn find(&mut self, what: Coming, way: &Way, element: &Element, by: Option<Timestamp>) {
        let named = |u: &Upcoming| u.name.as_ref() == Some(&element.name);
        let same = |u: &&mut Upcoming| u.what == what && (what != Coming::Task || named(u));
        if let Some(found) = self.found.iter_mut().find(same) {
            found.name = found.name.take().filter(|name| *name == element.name);
            return;
        }
        let at = (way.process.id().to_owned(), element.id.clone());
        self.found.push(Upcoming { what, at, name: Some(element.name.clone()), sure: way.sure, by });
    }

    /// When a span is over that begins then; none where it is worked out from what is not known yet.
    fn due(&self, timer: &Timer, from: Option<Timestamp>) -> Option<Timestamp> {
        let begun = Begun { since: from?, last: None, times: 0 };
        let known = timer.kind != TimerKind::Cycle;
        timer.next_start(begun, self.now, self.calendars).ok().flatten().filter(|_| known)
    }

    fn jump(&mut self, way: &Way, from: &Element, name: &str) {
        let to = |e: &&Element| e.parent == from.parent && e.kind == NodeKind::Catch(Trigger::Link(name.to_owned()));
        if let Some(to) = way.process.elements().find(to) {
            self.leave(&way.to(&to.id));
        }
    }

    /// Into another process, and back when that has ended.
    fn call(&mut self, way: &Way, process: &str) {
        let called = way.programs.processes.get(process).filter(|_| way.callers.len() < DEEPEST);
        let start = called.and_then(|p| Some((p, p.starts().find(|(_, trigger)| **trigger == Trigger::None)?.0)));
        let Some((called, start)) = start else { return self.leave(&Way { at: None, ..way.clone() }) };
        let back = (way.process.clone(), way.element.clone());
        let callers = way.callers.iter().cloned().chain([back]).collect();
        self.leave(&Way { process: called.clone(), callers, ..way.to(&start.id) });
    }

    /// Into a sub-process.
    fn inside(&mut self, way: &Way, sub: &Element, kind: &Sub) {
        let within = || way.process.elements().filter(|e| e.parent.as_deref() == Some(sub.id.as_str()));
        if matches!(kind.kind, SubKind::AdHoc(_)) {
            // In the order that people choose, and not each of them.
            let first = |e: &&Element| e.activity().is_some() && way.process.flows().iter().all(|f| f.target != e.id);
            self.possible.extend(within().filter(first).map(|e| Way { sure: false, ..way.to(&e.id) }));
            return self.leave(&Way { at: None, sure: false, ..way.clone() });
        }
        let start = within().find(|e| matches!(e.kind, NodeKind::Start { .. })).map_or(&sub.id, |e| &e.id);
        self.leave(&way.to(start));
    }

    /// An end event: an error and a call-off are caught on the border of what they end.
    fn end(&mut self, way: &Way, element: &Element, trigger: &Trigger) {
        let catches = |e: &&Element| {
            let NodeKind::Boundary { on, trigger: caught, .. } = &e.kind else { return false };
            Some(on) == element.parent.as_ref() && std::mem::discriminant(caught) == std::mem::discriminant(trigger)
        };
        let process = way.process.clone();
        let mut caught = process.elements().filter(catches).peekable();
        if matches!(trigger, Trigger::Error(_) | Trigger::Cancel) && caught.peek().is_some() {
            return caught.for_each(|e| self.leave(&Way { sure: false, ..way.to(&e.id) }));
        }
        self.ended(way, element);
    }

    /// The scope of an element ends: on behind its sub-process, behind the call, or nowhere.
    fn ended(&mut self, way: &Way, element: &Element) {
        let process = way.process.clone();
        let mut at = element;
        while let Some(outer) = at.parent.as_deref().and_then(|id| process.element(id)) {
            if !matches!(outer.activity().map(|a| &a.work), Some(Work::Sub(Sub { kind: SubKind::Event, .. }))) {
                return self.leave(&way.to(&outer.id));
            }
            let interrupts = |e: &Element| {
                e.parent.as_ref() == Some(&outer.id) && matches!(e.kind, NodeKind::Start { interrupting: true, .. })
            };
            if !process.elements().any(interrupts) {
                // It went on beside; what it stood in goes its own way.
                return;
            }
            at = outer;
        }
        match way.callers.split_last() {
            Some(((process, element), rest)) => {
                self.leave(&Way { process: process.clone(), callers: rest.to_vec(), ..way.to(element) });
            }
            None => self.find(Coming::End, way, element, way.at),
        }
    }
}

/// Where it goes on when the process of an instance has ended, the innermost last.
fn callers(stands: &BTreeMap<Key, Stand>, stand: &Stand) -> Vec<(Arc<Process>, String)> {
    let (mut callers, mut at) = (Vec::new(), stand);
    while callers.len() < DEEPEST {
        let parts: Vec<i64> = at.row.parent.iter().flat_map(|p| p.split(':')).filter_map(|n| n.parse().ok()).collect();
        let [space, id, token, _] = parts[..] else { break };
        let Some(parent) = stands.get(&(space, id)) else { break };
        let Some(token) = parent.state.tokens.get(&token.unsigned_abs()) else { break };
        callers.push((parent.process.clone(), token.element.clone()));
        at = parent;
    }
    callers.reverse();
    callers
}
