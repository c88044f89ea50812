//! Where a case stands. Its JSON is kept with the case; what is empty is not written.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use svod_kernel::Timestamp;

/// Version of the written form of [`State`].
pub const STATE_VERSION: u32 = 2;

/// Where a case stands. Version 1 (`{"version":1,"tokens":[{"element":…}],"done":…}`) is read and becomes version 2.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct State {
    /// Version of this form: [`STATE_VERSION`].
    pub version: u32,
    /// The last id given: tokens, scopes, timers, subscriptions and incidents share one row of numbers, never used twice.
    pub next: u64,
    /// Business key of the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Scopes by id; the process itself is 0.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub scopes: BTreeMap<u64, Scope>,
    /// Tokens by id. A token is one visit to one element: who goes on gets a new id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tokens: BTreeMap<u64, Token>,
    /// Timers that run.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub timers: BTreeMap<u64, Armed>,
    /// Messages, signals and conditions waited for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub subscriptions: BTreeMap<u64, Subscription>,
    /// What an operator has to look at.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub incidents: BTreeMap<u64, Incident>,
    /// What came by itself and the executor has given up to carry out; no step touches it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stopped: BTreeMap<u64, Stopped>,
    /// Complex gateways that have let go and wait for the rest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resets: Vec<Reset>,
    /// The case has started and no token is left.
    pub done: bool,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every token reached an end.
    Completed,
    /// A terminate end event.
    Terminated,
    /// An error end event that nobody caught, with its code.
    Failed(String),
    /// An operator or the caller called it off.
    Cancelled,
}

/// A token at an element.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Id of the element.
    pub element: String,
    /// Scope it lives in.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub scope: u64,
    /// What it waits for.
    pub wait: Wait,
    /// Flow by which it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// How often its work was asked for again.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempt: u64,
    /// Token of the compensation event for which it undoes something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<u64>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands over a reference
const fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// What a token waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wait {
    /// Nothing: it moves on within the step.
    Ready,
    /// A person.
    Task,
    /// A service.
    Service,
    /// The time to ask the service again.
    Again,
    /// A decision.
    Decision,
    /// A called process.
    Called,
    /// A message, a signal, a time or a condition.
    Event,
    /// The other tokens of a gateway.
    Join,
    /// The scope that it opened.
    Body,
    /// Its instances.
    Items(Items),
    /// What is being undone.
    Undoing(Vec<Undo>),
    /// An operator, for the incident of this id.
    Incident(u64),
}

/// Instances of an activity that is done more than once.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Items {
    /// How many there are to be; 0 for loops.
    pub total: usize,
    /// How many have begun.
    pub begun: usize,
    /// How many are done.
    pub done: usize,
    /// Items that have not begun.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Value>,
    /// Outcomes, in the order of the items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outcomes: Vec<Value>,
}

/// A part of a case with variables of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// What it is.
    pub kind: ScopeKind,
    /// The sub-process or repeated activity; the process's id for the whole.
    pub element: String,
    /// The scope around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u64>,
    /// The token that waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<u64>,
    /// Its variables.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub variables: Map<String, Value>,
    /// What was done in it and can be undone, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<Entry>,
    /// Activities of a sequential ad-hoc sub-process that wait for their turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<String>,
}

/// Kinds of scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeKind {
    /// The process or a sub-process.
    Body,
    /// One round of a loop: what is set in it is set outside.
    Round,
    /// One instance of many: what is set in it stays in it. The number counts from 0.
    Item(usize),
    /// What a finished scope held, while it is undone.
    Restored,
}

/// Something done that can be undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The activity.
    pub element: String,
    /// The variables that it had for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variables: Option<Map<String, Value>>,
    /// What was done inside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inner: Vec<Entry>,
}

/// An entry to be undone, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// Scope.
    pub scope: u64,
    /// What.
    pub entry: Entry,
}

/// Who a timer or a subscription works for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// A token that waits, or whose activity has an event on its border.
    Token(u64),
    /// A scope with an event sub-process.
    Scope(u64),
}

/// A timer that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Armed {
    /// Who it works for.
    pub owner: Owner,
    /// The event that happens.
    pub element: String,
    /// When.
    pub due: Timestamp,
    /// How often it still repeats after this time; none is without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<u32>,
    /// The span between two times, where it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<String>,
}

/// A message, signal or condition waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Who waits.
    pub owner: Owner,
    /// The event that happens.
    pub element: String,
    /// For what.
    pub to: Topic,
}

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// A message of this name and key.
    Message {
        /// Name.
        name: String,
        /// Key; none takes messages without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// A signal of this name.
    Signal(String),
    /// The condition of the event; true when it held the last time it was looked at.
    Condition(bool),
}

/// Something that stands still until an operator repairs it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// The token that stands still.
    pub token: u64,
    /// Stable code.
    pub code: String,
    /// What happened.
    pub message: String,
    /// Since when.
    pub at: Timestamp,
    /// What is done again when it is retried.
    pub redo: Redo,
}

/// Something that came by itself and was tried in vain: the executor's, which knows what to do about it. It has a number of the
/// same row as incidents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stopped {
    /// The executor's name of what is not tried any more.
    pub wait: String,
    /// Space and number of the instance that keeps it, when that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<(i64, i64)>,
    /// Element, message or moment.
    pub name: String,
    /// What happened.
    pub message: String,
    /// Since when.
    pub at: Timestamp,
}

/// Where a token goes on after an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Redo {
    /// It enters its element again.
    Enter,
    /// Its work is asked for again.
    Work,
    /// The outcome that came is taken again.
    Outcome(Value),
    /// It chooses its way out again.
    Leave,
}

/// A complex gateway that has let go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// The gateway.
    pub element: String,
    /// Scope.
    pub scope: u64,
    /// Flows whose tokens still come, and are taken away.
    pub flows: Vec<String>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            version: STATE_VERSION,
            next: 0,
            key: None,
            scopes: BTreeMap::new(),
            tokens: BTreeMap::new(),
            timers: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            incidents: BTreeMap::new(),
            stopped: BTreeMap::new(),
            resets: Vec::new(),
            done: false,
            outcome: None,
        }
    }
}

impl State {
    /// True once `Start` was taken.
    pub fn started(&self) -> bool {
        self.done || !self.scopes.is_empty()
    }

    /// Variables of the case itself.
    pub fn variables(&self) -> Map<String, Value> {
        self.scopes.get(&0).map(|s| s.variables.clone()).unwrap_or_default()
    }

    /// Every variable that an element sees at a token: those of its own scope hide those around it.
    pub fn variables_at(&self, token: u64) -> Map<String, Value> {
        self.tokens.get(&token).map(|t| self.visible(t.scope)).unwrap_or_default()
    }

    /// The token that waits at an element; the oldest where there are several.
    pub fn waiting_at(&self, element: &str) -> Option<u64> {
        let waits = |t: &Token| t.element == element && !matches!(t.wait, Wait::Items(_));
        self.tokens.iter().find(|(_, t)| waits(t)).map(|(id, _)| *id)
    }

    pub(crate) fn visible(&self, scope: u64) -> Map<String, Value> {
        let mut found = Map::new();
        let mut here = Some(scope);
        while let Some(scope) = here.and_then(|id| self.scopes.get(&id)) {
            for (name, value) in &scope.variables {
                if !found.contains_key(name) {
                    found.insert(name.clone(), value.clone());
                }
            }
            here = scope.parent;
        }
        found
    }

    pub(crate) fn find(&self, scope: u64, name: &str) -> Option<&Value> {
        let mut here = Some(scope);
        while let Some(scope) = here.and_then(|id| self.scopes.get(&id)) {
            if let Some(value) = scope.variables.get(name) {
                return Some(value);
            }
            here = scope.parent;
        }
        None
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    next: u64,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    scopes: BTreeMap<u64, Scope>,
    #[serde(default)]
    tokens: BTreeMap<u64, Token>,
    #[serde(default)]
    timers: BTreeMap<u64, Armed>,
    #[serde(default)]
    subscriptions: BTreeMap<u64, Subscription>,
    #[serde(default)]
    incidents: BTreeMap<u64, Incident>,
    #[serde(default)]
    stopped: BTreeMap<u64, Stopped>,
    #[serde(default)]
    resets: Vec<Reset>,
    done: bool,
    #[serde(default)]
    outcome: Option<Outcome>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    #[serde(rename = "version")]
    _version: u32,
    tokens: Vec<FirstToken>,
    done: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FirstToken {
    element: String,
}

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let value = Value::deserialize(deserializer)?;
        match value.get("version").and_then(Value::as_u64) {
            Some(1) => serde_json::from_value(value).map(First::upgrade).map_err(D::Error::custom),
            Some(v) if v == u64::from(STATE_VERSION) => {
                serde_json::from_value(value).map(Written::state).map_err(D::Error::custom)
            }
            Some(v) => Err(D::Error::custom(format!("version {v} of the state is newer than {STATE_VERSION}"))),
            None => Err(D::Error::custom("the state has no version")),
        }
    }
}

impl Written {
    fn state(self) -> State {
        State {
            version: self.version,
            next: self.next,
            key: self.key,
            scopes: self.scopes,
            tokens: self.tokens,
            timers: self.timers,
            subscriptions: self.subscriptions,
            incidents: self.incidents,
            stopped: self.stopped,
            resets: self.resets,
            done: self.done,
            outcome: self.outcome,
        }
    }
}

impl First {
    /// Version 1 knew user tasks in a row: each token waits for a person, in the scope of the process.
    fn upgrade(self) -> State {
        let mut state = State { done: self.done, ..State::default() };
        if self.done {
            state.outcome = Some(Outcome::Completed);
        } else if !self.tokens.is_empty() {
            let root = Scope {
                kind: ScopeKind::Body,
                element: String::new(),
                parent: None,
                token: None,
                variables: Map::new(),
                log: Vec::new(),
                pending: Vec::new(),
            };
            state.scopes.insert(0, root);
        }
        for token in self.tokens {
            state.next += 1;
            let token =
                Token { element: token.element, scope: 0, wait: Wait::Task, flow: None, attempt: 0, undoes: None };
            state.tokens.insert(state.next, token);
        }
        state
    }
}
