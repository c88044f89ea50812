//! What happens to a case, and what the runtime has to do about it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use svod_kernel::Timestamp;

use crate::state::{Outcome, Topic};

/// What happened. Every event may come late or twice: it then ends in a [`crate::StepError`] that `is_late` and
/// changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The case begins.
    Start {
        /// The start event; the one without a trigger where none is named.
        element: Option<String>,
        /// Variables of the case: what the trigger, the form or the message brings.
        variables: Map<String, Value>,
    },
    /// A person has done a task; or says that an ad-hoc sub-process is done.
    Completed {
        /// Token.
        token: u64,
        /// What the form holds.
        variables: Map<String, Value>,
    },
    /// A service has answered.
    ServiceDone {
        /// Token.
        token: u64,
        /// Attempt, as the effect named it: an answer to an earlier one is late.
        attempt: u64,
        /// Its answer.
        variables: Map<String, Value>,
    },
    /// A service, a decision or a called process could not be had, and the runtime does not try further by itself.
    ServiceFailed {
        /// Token.
        token: u64,
        /// Attempt, as the effect named it: an answer to an earlier one is late.
        attempt: u64,
        /// Error code of the business, for error events.
        error: Option<String>,
        /// What happened.
        message: String,
        /// False when asking again cannot help: the repetition that the task declares is left out.
        retry: bool,
    },
    /// A decision was taken.
    Decided {
        /// Token.
        token: u64,
        /// Attempt, as the effect named it: an answer to an earlier one is late.
        attempt: u64,
        /// Its outcome.
        outcome: Value,
    },
    /// A message came for this case.
    Message {
        /// Name.
        name: String,
        /// Key.
        key: Option<String>,
        /// What it holds.
        payload: Map<String, Value>,
    },
    /// A signal was called.
    Signal {
        /// Name.
        name: String,
        /// What it holds.
        payload: Map<String, Value>,
    },
    /// The time of a timer has come.
    TimerFired {
        /// Timer.
        timer: u64,
    },
    /// The data of the case changed from outside.
    VariablesChanged {
        /// What is set.
        variables: Map<String, Value>,
    },
    /// A called process has ended.
    CalledDone {
        /// Token.
        token: u64,
        /// Attempt, as the effect named it: an answer to an earlier one is late.
        attempt: u64,
        /// Its variables.
        variables: Map<String, Value>,
    },
    /// A called process has failed.
    CalledFailed {
        /// Token.
        token: u64,
        /// Attempt, as the effect named it: an answer to an earlier one is late.
        attempt: u64,
        /// Code of its error end event; none when it was cancelled.
        error: Option<String>,
        /// What happened.
        message: String,
    },
    /// A called process, or the person at a task, reports upwards.
    Escalated {
        /// Token.
        token: u64,
        /// Code.
        code: String,
    },
    /// A person begins an activity of an ad-hoc sub-process.
    Activate {
        /// Token of the sub-process.
        token: u64,
        /// Activity.
        element: String,
    },
    /// An operator lets an incident try again.
    Retry {
        /// Incident.
        incident: u64,
        /// Variables repaired first.
        variables: Map<String, Value>,
    },
    /// An operator has done by hand what failed.
    Resolve {
        /// Incident.
        incident: u64,
        /// The outcome.
        variables: Map<String, Value>,
    },
    /// An operator puts a token elsewhere in its scope; what runs at it is ended.
    Move {
        /// Token.
        token: u64,
        /// Element.
        element: String,
    },
    /// What follows from an event is refused outside, however often it is tried: the event is taken, and each token that it
    /// reaches stands still before it goes on.
    Fail {
        /// The answer of a service or a called process, a message, a signal or a timer.
        event: Box<Event>,
        /// Why it is refused.
        message: String,
    },
    /// The case is called off.
    Cancel,
}

/// What the runtime has to do, in this order. Keys for repetition are unique within a case: put the case's id before.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// History: a token entered an element.
    Entered {
        /// Token.
        token: u64,
        /// Element.
        element: String,
        /// Flow it came by.
        flow: Option<String>,
    },
    /// History: a token left an element.
    Left {
        /// Token.
        token: u64,
        /// Element.
        element: String,
        /// It was ended, not done.
        cancelled: bool,
    },
    /// Offer a task.
    OfferTask {
        /// Token.
        token: u64,
        /// Id of the user task.
        element: String,
        /// Its name.
        name: String,
        /// Role that may do it: its own, or that of its lane.
        role: Option<String>,
        /// Body that must do it.
        body: Option<String>,
        /// When it must be done.
        deadline: Option<Timestamp>,
        /// What the task declares to be shown; the runtime may add the variables seen at the token.
        input: Map<String, Value>,
        /// Its `urn:svod:bpmn` attributes (`form` …).
        attributes: BTreeMap<String, String>,
    },
    /// Take a task back.
    WithdrawTask {
        /// Token.
        token: u64,
        /// Id of the user task.
        element: String,
    },
    /// Ask a service.
    CallService {
        /// Token.
        token: u64,
        /// How often it was asked for before: comes back with the answer.
        attempt: u64,
        /// Id of the task.
        element: String,
        /// Name of the operation.
        service: String,
        /// What it is given.
        input: Map<String, Value>,
        /// The same while the same call is repeated.
        key: String,
    },
    /// The answer of a service is no longer wanted.
    CancelService {
        /// Token.
        token: u64,
    },
    /// Take a decision and come back with `Decided`.
    Decide {
        /// Token.
        token: u64,
        /// How often it was asked for before: comes back with the answer.
        attempt: u64,
        /// Id of the task.
        element: String,
        /// File and name.
        decision: String,
        /// Inputs.
        inputs: Map<String, Value>,
    },
    /// Fire a timer at this moment.
    ArmTimer {
        /// Timer.
        timer: u64,
        /// Event or task it is for.
        element: String,
        /// When.
        due: Timestamp,
    },
    /// A timer is no longer wanted.
    DisarmTimer {
        /// Timer.
        timer: u64,
    },
    /// Bring messages or signals to this case.
    Subscribe {
        /// Subscription.
        subscription: u64,
        /// To what; conditions are watched by the engine itself.
        to: Topic,
    },
    /// They are no longer wanted.
    Unsubscribe {
        /// Subscription.
        subscription: u64,
    },
    /// Send a message to the case that waits for it, or that it starts.
    SendMessage {
        /// Element that sends.
        element: String,
        /// Name.
        name: String,
        /// Key for correlation.
        correlation: Option<String>,
        /// What it holds.
        payload: Map<String, Value>,
        /// The same while the same sending is repeated.
        key: String,
    },
    /// Call a signal to every case, this one included.
    BroadcastSignal {
        /// Element that calls.
        element: String,
        /// Name.
        name: String,
        /// What it holds.
        payload: Map<String, Value>,
        /// The same while the same call is repeated.
        key: String,
    },
    /// Start another process.
    CallProcess {
        /// Token.
        token: u64,
        /// How often it was asked for before: comes back with the answer.
        attempt: u64,
        /// Id of the activity.
        element: String,
        /// Id of the process.
        process: String,
        /// Its variables.
        variables: Map<String, Value>,
        /// The same while the same call is repeated.
        key: String,
    },
    /// Call a called process off.
    CancelCalled {
        /// Token.
        token: u64,
    },
    /// Nobody in this case caught an escalation: the case that called it may.
    Escalated {
        /// Element that escalates.
        element: String,
        /// Code.
        code: String,
    },
    /// People may begin these activities, by `Activate`.
    EnableActivities {
        /// Token of the ad-hoc sub-process.
        token: u64,
        /// Activities.
        elements: Vec<String>,
    },
    /// Something stands still.
    IncidentRaised {
        /// Incident.
        incident: u64,
        /// Token.
        token: u64,
        /// Element.
        element: String,
        /// Stable code.
        code: String,
        /// What happened.
        message: String,
    },
    /// It goes on, or is gone.
    IncidentSolved {
        /// Incident.
        incident: u64,
    },
    /// The case has ended.
    Finished {
        /// How.
        outcome: Outcome,
        /// Its variables.
        variables: Map<String, Value>,
    },
}

impl Event {
    /// The case begins at the start event without a trigger, with nothing known.
    pub fn start() -> Self {
        Self::Start { element: None, variables: Map::new() }
    }

    /// The variables that it brings.
    pub(crate) fn brings(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Start { variables, .. }
            | Self::Completed { variables, .. }
            | Self::ServiceDone { variables, .. }
            | Self::VariablesChanged { variables }
            | Self::CalledDone { variables, .. }
            | Self::Retry { variables, .. }
            | Self::Resolve { variables, .. }
            | Self::Message { payload: variables, .. }
            | Self::Signal { payload: variables, .. } => Some(variables),
            Self::Fail { event, .. } => event.brings(),
            _ => None,
        }
    }
}
