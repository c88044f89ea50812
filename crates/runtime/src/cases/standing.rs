//! How a case stands, for those who look at its page: what its process waits for, and what it knows by now.

use serde_json::{Map, Value};
use svod_kernel::Urn;
use svod_process::{State, Wait};
use svod_store::StoreError;

use super::Cases;

/// What a process waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Awaits {
    /// Nothing: it goes on by itself, or somebody does a task of it.
    Nothing,
    /// What its rules say.
    Rules,
    /// The answer of another system.
    Answer,
    /// Something that happens: a message, a moment, a condition.
    Event,
    /// Somebody who puts right what went wrong.
    Repair,
}

/// How a case stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// What it waits for; of several things the last of [`Awaits`].
    pub awaits: Awaits,
    /// The elements at which that is waited for, with their processes: `birth@1.2.0/birth` and the id in its file.
    pub at: Vec<(String, String)>,
    /// Variables of the process that the case began with.
    pub variables: Map<String, Value>,
}

impl Cases {
    /// How a case stands, with the variables of these names; none where it has no process of its own. Who may see what they hold is
    /// for the caller to judge: it is what people wrote.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn standing(&self, case: &Urn, names: &[String]) -> Result<Option<Standing>, StoreError> {
        let rows = self.instances(case).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let mut standing = Standing { awaits: Awaits::Nothing, at: Vec::new(), variables: Map::new() };
        for (number, row) in rows.iter().enumerate() {
            // Of what was destroyed with a person nothing is left to be told.
            let Ok(state) = serde_json::from_str::<State>(&row.state) else { continue };
            for token in state.tokens.values() {
                let awaits = awaits(&token.wait);
                if awaits > standing.awaits {
                    (standing.awaits, standing.at) = (awaits, Vec::new());
                }
                if awaits == standing.awaits && awaits != Awaits::Nothing {
                    standing.at.push((row.process.clone(), token.element.clone()));
                }
            }
            if !state.stopped.is_empty() {
                (standing.awaits, standing.at) = (Awaits::Repair, Vec::new());
            }
            let whole = state.scopes.get(&0).filter(|_| number == 0).map(|s| &s.variables);
            let named = names.iter().filter_map(|name| Some((name.clone(), whole?.get(name)?.clone())));
            standing.variables.extend(named);
        }
        Ok(Some(standing))
    }
}

const fn awaits(wait: &Wait) -> Awaits {
    match wait {
        Wait::Incident(_) => Awaits::Repair,
        Wait::Event => Awaits::Event,
        Wait::Service | Wait::Again => Awaits::Answer,
        Wait::Decision => Awaits::Rules,
        _ => Awaits::Nothing,
    }
}
