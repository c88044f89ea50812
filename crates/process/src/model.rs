//! A process that passed every check.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::expression::Expression;
use crate::text::Text;

/// A process that passed every check. Immutable; share it in an `Arc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) business_key: Option<Expression>,
    pub(crate) elements: BTreeMap<String, Element>,
    pub(crate) flows: Vec<Flow>,
    pub(crate) data: Vec<DataObject>,
    pub(crate) references: Vec<Reference>,
}

/// A node of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Id, unique in the file.
    pub id: String,
    /// What it is.
    pub kind: NodeKind,
    /// Name as drawn; the id where none is given.
    pub name: String,
    /// Attributes in the namespace `urn:svod:bpmn`, by local name (`form`, `role` …).
    pub attributes: BTreeMap<String, String>,
    /// The sub-process it stands in; none for the process itself.
    pub parent: Option<String>,
    /// Name or `svod:role` of the innermost lane it stands in.
    pub lane: Option<String>,
    /// What is worked out before it begins.
    pub inputs: Vec<Mapping>,
    /// What is kept of its outcome.
    pub outputs: Vec<Mapping>,
    /// Variable that takes the whole outcome.
    pub result: Option<String>,
    /// Line in the file, from 1.
    pub line: usize,
    /// Places in the list of flows, in the order of the file.
    pub(crate) incoming: Vec<usize>,
    pub(crate) outgoing: Vec<usize>,
    /// The flow taken when no condition holds.
    pub(crate) default: Option<usize>,
    /// Events on its border.
    pub(crate) boundary: Vec<String>,
    /// Nodes inside it.
    pub(crate) children: Vec<String>,
}

/// A sequence flow (8.4.13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Id, unique in the file.
    pub id: String,
    /// Element it leaves.
    pub source: String,
    /// Element it enters.
    pub target: String,
    /// Taken only when this is true.
    pub condition: Option<Expression>,
    /// Line in the file, from 1.
    pub line: usize,
}

/// What a node of the process is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// Where a case, a sub-process or an event sub-process begins (BPMN 2.0.2, 10.5.2).
    Start {
        /// What starts it.
        trigger: Trigger,
        /// Ends the rest of its scope first; event sub-processes only.
        interrupting: bool,
    },
    /// Where a token ends (10.5.3).
    End(Trigger),
    /// Waits on the way (10.5.4).
    Catch(Trigger),
    /// Tells something on the way (10.5.4).
    Throw(Trigger),
    /// Waits while an activity runs (10.5.4).
    Boundary {
        /// The activity.
        on: String,
        /// What it waits for.
        trigger: Trigger,
        /// Ends the activity.
        interrupting: bool,
        /// The activity that undoes `on`, for compensation.
        handler: Option<String>,
    },
    /// Work (10.3).
    Activity(Box<Activity>),
    /// One way (10.6.2).
    Exclusive,
    /// All ways (10.6.4).
    Parallel,
    /// Every way whose condition holds (10.6.3).
    Inclusive,
    /// The way of what happens first (10.6.6).
    EventBased,
    /// As many as a rule says (10.6.5).
    Complex {
        /// When enough have come; `activationCount` says how many did.
        activation: Option<Expression>,
    },
}

/// What an event waits for or tells (10.5.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// Nothing.
    None,
    /// One message to one case.
    Message(Message),
    /// Time.
    Timer(Timer),
    /// A call to everybody.
    Signal(String),
    /// A failure, by code; catching without a code catches every one.
    Error(Option<String>),
    /// A report upwards, by code; catching without a code catches every one.
    Escalation(Option<String>),
    /// A change of the data.
    Condition(Expression),
    /// What was done is undone: all of the scope, or one activity.
    Compensation(Option<String>),
    /// The transaction is called off.
    Cancel,
    /// The scope ends at once.
    Terminate,
    /// Goes on where the link of this name stands.
    Link(String),
}

/// A message and how it finds its case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Name, the same at both ends.
    pub name: String,
    /// Key that must be the same at both ends; the business key of the case where none is given.
    pub correlation: Option<Expression>,
}

/// When something happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Which of the three.
    pub kind: TimerKind,
    /// A moment (RFC 3339), a span (`P3D`) or a cycle (`R3/PT1H`).
    pub text: Text,
    /// Calendar in whose working days and hours a span counts.
    pub calendar: Option<String>,
}

/// The three ways to say a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimerKind {
    /// At a moment.
    Date,
    /// After a span.
    Duration,
    /// Again and again.
    Cycle,
}

/// Work, and how often it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// What is done.
    pub work: Work,
    /// How often.
    pub repeat: Option<Repeat>,
    /// Runs only to undo another activity.
    pub compensates: bool,
}

/// What an activity does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Nothing that a machine sees: manual and plain tasks (10.3.3).
    Pass,
    /// Work of a person.
    User {
        /// Role that may do it.
        role: Option<Text>,
        /// Body that must do it.
        body: Option<Text>,
        /// Time for it, from the offer on.
        deadline: Option<Timer>,
    },
    /// An operation of a connector.
    Service {
        /// Its name.
        service: String,
        /// Repeated by itself after failures, such as `R3/PT5M`.
        retry: Option<String>,
    },
    /// A message goes out.
    Send(Message),
    /// A message is awaited.
    Receive(Message),
    /// FEEL.
    Script(Expression),
    /// A decision.
    Decision {
        /// File and name: `fees.dmn#Fee`.
        decision: String,
    },
    /// Another process.
    Call {
        /// Its id.
        process: String,
    },
    /// Nodes of its own.
    Sub(Sub),
}

/// A sub-process (10.3.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sub {
    /// Which kind.
    pub kind: SubKind,
    /// Its data objects.
    pub data: Vec<DataObject>,
}

/// Kinds of sub-process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubKind {
    /// Runs when it is reached.
    Embedded,
    /// Runs when its start event happens (10.3.5).
    Event,
    /// Undone as a whole when called off (10.3.5).
    Transaction,
    /// In the order that people choose.
    AdHoc(AdHoc),
}

/// How an ad-hoc sub-process runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdHoc {
    /// One activity after the other.
    pub sequential: bool,
    /// Done when this is true after an activity.
    pub completion: Option<Expression>,
    /// What still runs is then ended.
    pub cancels: bool,
    /// Ids of the activities begun at once.
    pub activate: Option<Expression>,
}

/// How often an activity is done (10.3.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repeat {
    /// While a condition holds.
    Loop {
        /// The condition; none is true.
        condition: Option<Expression>,
        /// Asked before the first time.
        before: bool,
        /// At the most.
        maximum: Option<u32>,
    },
    /// Once for each item.
    Items {
        /// One after the other.
        sequential: bool,
        /// A list, or a number.
        items: Expression,
        /// Variable that holds the item.
        element: Option<String>,
        /// Enough is done when this is true after an item.
        completion: Option<Expression>,
        /// Variable that takes the list of outcomes.
        output: Option<String>,
        /// Outcome of an item; all of its own variables where none is given.
        value: Option<Expression>,
    },
}

/// A variable worked out from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Variable set.
    pub name: String,
    /// Its value.
    pub value: Expression,
}

/// A data object: a variable that exists from the beginning of its scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataObject {
    /// Variable.
    pub name: String,
    /// What it is at first: null, or an empty list for collections.
    pub initial: Value,
    /// Worked out at the beginning.
    pub value: Option<Expression>,
}

/// Something outside of the file that the process needs: checked when a pack is published.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// Form of a user task.
    Form(String),
    /// Decision `file.dmn#Name`.
    Decision(String),
    /// Operation of a connector.
    Service(String),
    /// Process called.
    Process(String),
    /// Calendar.
    Calendar(String),
}

impl Process {
    /// Id of the process: what a trigger names.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Name of the process; its id where none is given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All nodes, by id.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.elements.values()
    }

    /// One node.
    pub fn element(&self, id: &str) -> Option<&Element> {
        self.elements.get(id)
    }

    /// All flows, in the order of the file.
    pub fn flows(&self) -> &[Flow] {
        &self.flows
    }

    /// What must exist beside the file, and the line that names it first is not kept: each once, in order.
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// Start events of the process itself, with what starts them: the runtime listens for messages, signals and time.
    pub fn starts(&self) -> impl Iterator<Item = (&Element, &Trigger)> {
        self.elements.values().filter(|e| e.parent.is_none()).filter_map(|e| match &e.kind {
            NodeKind::Start { trigger, .. } => Some((e, trigger)),
            _ => None,
        })
    }

    /// Nodes of a scope: those of a sub-process, or of the process itself.
    pub(crate) fn nodes_in<'a>(&'a self, scope: &'a str) -> impl Iterator<Item = &'a Element> {
        let parent = if self.elements.contains_key(scope) { Some(scope) } else { None };
        self.elements.values().filter(move |e| e.parent.as_deref() == parent)
    }

    /// Event sub-processes of a scope, with their start event.
    pub(crate) fn event_subs<'a>(&'a self, scope: &'a str) -> impl Iterator<Item = (&'a Element, &'a Element)> {
        self.nodes_in(scope).filter(|e| e.is_event_sub()).filter_map(|e| {
            let start = e.children.iter().filter_map(|c| self.elements.get(c));
            start.into_iter().find(|c| matches!(c.kind, NodeKind::Start { .. })).map(|s| (e, s))
        })
    }
}

impl Element {
    /// The activity that it is.
    pub fn activity(&self) -> Option<&Activity> {
        match &self.kind {
            NodeKind::Activity(activity) => Some(activity),
            _ => None,
        }
    }

    /// The sub-process that it is.
    pub(crate) fn sub(&self) -> Option<&Sub> {
        match self.activity().map(|a| &a.work) {
            Some(Work::Sub(sub)) => Some(sub),
            _ => None,
        }
    }

    pub(crate) fn is_event_sub(&self) -> bool {
        self.sub().is_some_and(|s| s.kind == SubKind::Event)
    }

    pub(crate) fn ad_hoc(&self) -> Option<&AdHoc> {
        match self.sub().map(|s| &s.kind) {
            Some(SubKind::AdHoc(ad_hoc)) => Some(ad_hoc),
            _ => None,
        }
    }

    /// What it needs outside of the file, in no particular order.
    pub fn references(&self) -> Vec<Reference> {
        let form = self.attributes.get("form").cloned().map(Reference::Form);
        let calendar = self.attributes.get("calendar").cloned().map(Reference::Calendar);
        let work = match self.activity().map(|a| &a.work) {
            Some(Work::Service { service, .. }) => Some(Reference::Service(service.clone())),
            Some(Work::Decision { decision }) => Some(Reference::Decision(decision.clone())),
            Some(Work::Call { process }) => Some(Reference::Process(process.clone())),
            _ => None,
        };
        [form, calendar, work].into_iter().flatten().collect()
    }

    /// What it waits for or tells, when it is an event.
    pub fn trigger(&self) -> Option<&Trigger> {
        match &self.kind {
            NodeKind::Start { trigger, .. }
            | NodeKind::Boundary { trigger, .. }
            | NodeKind::End(trigger)
            | NodeKind::Catch(trigger)
            | NodeKind::Throw(trigger) => Some(trigger),
            _ => None,
        }
    }

    /// Its name in a BPMN file.
    pub fn tag(&self) -> &'static str {
        match &self.kind {
            NodeKind::Start { .. } => "startEvent",
            NodeKind::End(_) => "endEvent",
            NodeKind::Catch(_) => "intermediateCatchEvent",
            NodeKind::Throw(_) => "intermediateThrowEvent",
            NodeKind::Boundary { .. } => "boundaryEvent",
            NodeKind::Exclusive => "exclusiveGateway",
            NodeKind::Parallel => "parallelGateway",
            NodeKind::Inclusive => "inclusiveGateway",
            NodeKind::EventBased => "eventBasedGateway",
            NodeKind::Complex { .. } => "complexGateway",
            NodeKind::Activity(activity) => activity.work.tag(),
        }
    }
}

impl Work {
    const fn tag(&self) -> &'static str {
        match self {
            Self::Pass => "task",
            Self::User { .. } => "userTask",
            Self::Service { .. } => "serviceTask",
            Self::Send(_) => "sendTask",
            Self::Receive(_) => "receiveTask",
            Self::Script(_) => "scriptTask",
            Self::Decision { .. } => "businessRuleTask",
            Self::Call { .. } => "callActivity",
            Self::Sub(Sub { kind: SubKind::Transaction, .. }) => "transaction",
            Self::Sub(Sub { kind: SubKind::AdHoc(_), .. }) => "adHocSubProcess",
            Self::Sub(_) => "subProcess",
        }
    }
}
