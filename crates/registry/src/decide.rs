use serde_json::{Map, Value};
use svod_kernel::{Actor, Coded, FieldError, SpacePath};
use svod_policy::Action;
use svod_rules::{Asked, DecisionError, Evaluation, Inputs};

use crate::Registry;

/// A question to a decision of a pack.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// Id of the pack.
    pub pack: String,
    /// File of the model in `decisions/`, with or without `.dmn`.
    pub model: String,
    /// Name of the decision, business knowledge model or decision service.
    pub decision: String,
    /// Inputs by name, see [`Inputs`].
    pub inputs: Map<String, Value>,
    /// What `now()` gives, ISO 8601 with offset; the present when absent.
    pub at: Option<String>,
    /// What does not fit its declared type is null instead of an error.
    pub lenient: bool,
}

/// Why a decision was not made.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// No such pack, or it decides nothing.
    #[error("the pack '{0}' is not in force or has no decisions")]
    NoPack(String),
    /// Not entitled.
    #[error("not permitted: asking this decision of the pack '{0}'")]
    Forbidden(String),
    /// The question or the rule.
    #[error(transparent)]
    Decision(#[from] DecisionError),
}

impl Coded for DecideError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoPack(_) => "not-found",
            Self::Forbidden(_) => "forbidden",
            Self::Decision(e) => match e {
                DecisionError::UnknownModel { .. } => "unknown-model",
                DecisionError::UnknownDecision { .. } => "unknown-decision",
                DecisionError::BadInput { .. } => "bad-input",
                DecisionError::NoResult { .. } => "no-result",
                DecisionError::Stopped { .. } => "decision-stopped",
                DecisionError::Busy => "busy",
            },
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::NoPack(_) => 404,
            Self::Forbidden(_) => 403,
            Self::Decision(e) => match e {
                DecisionError::UnknownModel { .. } | DecisionError::UnknownDecision { .. } => 404,
                DecisionError::BadInput { .. } | DecisionError::NoResult { .. } | DecisionError::Stopped { .. } => 422,
                DecisionError::Busy => 503,
            },
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        let Self::Decision(DecisionError::BadInput { fields }) = self else { return Vec::new() };
        let field = |f: &svod_rules::FieldError| FieldError {
            field: f.field.clone(),
            rule: format!("{} is expected, {} is given", f.expected, f.given),
            fix: format!("give {}", f.expected),
        };
        fields.iter().map(field).collect()
    }
}

impl Registry {
    /// Asks a decision of a pack in force. Nothing is stored. It calculates: call it where waiting harms nobody.
    ///
    /// # Errors
    /// [`DecideError`].
    pub fn decide(&self, actor: &Actor, ask: &Ask) -> Result<Evaluation, DecideError> {
        let catalogue = self.catalogue();
        let decisions = catalogue.decisions.get(&ask.pack).ok_or_else(|| DecideError::NoPack(ask.pack.clone()))?;
        let home = match &decisions.top {
            Some(space) => self.resource("Decision", space),
            None => self.installation("Decision"),
        };
        // What holds in a region is asked by its towns: where the actor works counts, inside the pack's space.
        let inside = |space: &&SpacePath| decisions.top.as_ref().is_none_or(|top| space.top() == *top);
        let own = actor.spaces.iter().filter(inside).map(|space| self.resource("Decision", space));
        // By the file as the pack names it: nothing else of a model opens it.
        let file = format!("decisions/{}.dmn", ask.model.trim_end_matches(".dmn"));
        // What the pack opens is for everybody. No policy says so: there a `Decision` is one that was made about somebody.
        let open = decisions.open.contains(&file);
        if !open && !own.chain([home]).any(|place| self.may(actor, Action::ReadInternal, &place)) {
            return Err(DecideError::Forbidden(ask.pack.clone()));
        }
        // The day is that of where the question is asked.
        let here = actor.spaces.iter().find(inside).or(decisions.top.as_ref());
        let offset = here.and_then(|space| catalogue.clocks.offset(space)).unwrap_or_default();
        let at = ask.at.clone().unwrap_or_else(|| self.clock().now().by_clocks(offset));
        let asked = Asked { at: Some(at), version: decisions.version.clone(), lenient: ask.lenient };
        let inputs = Inputs::from_json(&ask.inputs);
        Ok(decisions.models.evaluate(&file, &ask.decision, &inputs, &asked)?)
    }
}
