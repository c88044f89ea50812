//! Systems outside that answer as a situation tells them to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};
use svod_runtime::cases::{Answer, Connector, ConnectorError, ServiceCall};

use crate::exchange::{CALL, Exchange};

/// What a system says to a call.
#[derive(Clone)]
pub enum Says {
    /// These fields.
    Fields(Map<String, Value>),
    /// An error of the business, by its code.
    Code(String),
    /// Nothing, so many times.
    Silence(u64),
}

/// What each system says, by its name and operation (empty: whichever): one after the other, the last from then on. Of whom nothing
/// is said, their sandbox answers.
#[derive(Default)]
pub struct Scripted {
    script: Mutex<BTreeMap<(String, String), VecDeque<Says>>>,
    others: Option<Exchange>,
}

impl Scripted {
    /// Before those that answer by their sandbox.
    pub fn beside(others: Exchange) -> Self {
        Self { others: Some(others), ..Self::default() }
    }

    /// The system says so next.
    pub fn script(&self, system: &str, operation: &str, says: Says) {
        let mut all = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry((system.to_owned(), operation.to_owned())).or_default().push_back(says);
    }

    fn next(&self, system: &str, operation: &str) -> Option<Says> {
        let mut all = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        let key =
            [operation, ""].map(|o| (system.to_owned(), o.to_owned())).into_iter().find(|k| all.contains_key(k))?;
        let said = all.get_mut(&key)?;
        if let Some(Says::Silence(times)) = said.front_mut() {
            *times = times.saturating_sub(1);
            let says = Says::Silence(*times);
            if *times == 0 {
                said.pop_front();
            }
            return Some(says);
        }
        if said.len() > 1 { said.pop_front() } else { said.front().cloned() }
    }

    /// What the situation says of a call; none: nothing.
    fn answer(&self, call: &ServiceCall) -> Option<Result<Map<String, Value>, ConnectorError>> {
        let word = |key: &str| call.input.get(key).and_then(Value::as_str).unwrap_or_default();
        let (system, operation) = (word("system"), word("operation"));
        let fails = |code: Option<String>, message: String, again| Err(ConnectorError { code, message, again });
        Some(match self.next(system, operation)? {
            Says::Fields(fields) => Ok(fields),
            Says::Code(code) => fails(Some(code.clone()), format!("'{system}' answers '{code}'"), false),
            Says::Silence(_) => fails(None, format!("'{system}' does not answer"), true),
        })
    }
}

impl Connector for Scripted {
    fn services(&self) -> Vec<&'static str> {
        vec![CALL]
    }

    fn call<'a>(&'a self, call: &'a ServiceCall) -> Answer<'a> {
        match (self.answer(call), &self.others) {
            (Some(answer), _) => Box::pin(async move { answer }),
            (None, Some(others)) => others.call(call),
            (None, None) => {
                let message = "no step 'exchange' says what the system answers".to_owned();
                Box::pin(async move { Err(ConnectorError { code: None, message, again: false }) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(operation: &str) -> ServiceCall {
        let Value::Object(input) = json!({"system": "insurer", "operation": operation}) else { unreachable!() };
        ServiceCall { service: CALL.into(), input, key: "1".into(), case: "1-1".into(), attempts: 0 }
    }

    #[test]
    fn answers_come_in_their_order_and_the_last_one_stays() {
        let scripted = Scripted::default();
        let fields = |n: i64| Says::Fields([("n".to_owned(), n.into())].into_iter().collect());
        scripted.script("insurer", "", Says::Silence(2));
        scripted.script("insurer", "", fields(1));
        scripted.script("insurer", "", Says::Code("unknown".into()));
        scripted.script("insurer", "find", fields(7));
        for _ in 0..2 {
            assert!(scripted.answer(&call("ask")).unwrap().is_err_and(|e| e.again && e.code.is_none()));
        }
        assert_eq!(scripted.answer(&call("ask")).unwrap().unwrap()["n"], 1);
        for _ in 0..2 {
            assert!(
                scripted.answer(&call("ask")).unwrap().is_err_and(|e| !e.again && e.code.as_deref() == Some("unknown"))
            );
        }
        assert_eq!(scripted.answer(&call("find")).unwrap().unwrap()["n"], 7);
        let other = ServiceCall { input: Map::new(), ..call("") };
        assert!(scripted.answer(&other).is_none(), "nothing is said of it");
    }
}
