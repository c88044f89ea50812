//! An event and all that follows from it.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use svod_kernel::{Actor, Timestamp, Urn};
use svod_model::Attribute;
use svod_process::{Effect, Event, Outcome, StepError, Topic};
use svod_registry::{Action, Change, Operation};
use svod_store::instance::{Wait, Waits};

use super::deed::{Deed, Held, Next};
use super::{CaseError, Key, NewCase};

/// Events that may follow from one.
const MOST: usize = 2_000;
/// Messages of one name and key that are kept, looked through for who sent them from within reach.
const MOST_SENT: i64 = 50;
/// What a message that nobody waits for keeps.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Sent {
    pub payload: Map<String, Value>,
    /// Until when, in microseconds.
    pub until: i64,
}

/// How long a message that nobody waits for is kept.
const KEPT_SECONDS: i64 = 7 * 24 * 3_600;

impl Deed<'_> {
    /// Until nothing follows any more. The first event must be taken; those that follow may be late.
    pub async fn carry(&mut self) -> Result<(), CaseError> {
        if let Some((key, wait)) = self.along.over.take() {
            self.over(key, wait).await?;
        }
        if let Some((key, wait)) = self.along.claims.take()
            && !self.claim(key, &wait).await?
        {
            return Err(StepError::NotWaiting(format!("'{wait}' of instance {}-{}", key.0, key.1)).into());
        }
        let mut count = 0;
        while let Some(Next { key, event, sent }) = self.queue.pop_front() {
            count += 1;
            if count > MOST {
                return Err(CaseError::Endless(MOST));
            }
            let now = self.now;
            let catalogue = self.cases.registry.catalogue();
            let did = self.did(key, &event).await?;
            if sent.is_some() && matches!(self.take(key).await, Err(CaseError::NoProcess(_))) {
                // Whoever waits for it has no process that runs any more: that keeps nobody who sends. The worker tries to bring it.
                if let (Event::Message { name, key, payload }, Some((sender, own))) = (event, sent) {
                    self.keep(sender, (name, key.unwrap_or_default(), payload), &own, now).await?;
                }
                continue;
            }
            self.told_whose(key).await?;
            let held = self.take(key).await?;
            let (state, effects) =
                match held.process.step(&held.state, &event, now, catalogue.clocks.calendars(&held.space)) {
                    Ok(moved) => moved,
                    Err(e) if e.is_late() && count > 1 => {
                        // Another one was faster: a message looks for whoever waits next, or is kept.
                        if let (Event::Message { name, key, payload }, Some((sender, own))) = (event, sent) {
                            self.send(sender, name, key, payload, &own).await?;
                        }
                        continue;
                    }
                    Err(e) => return Err(e.into()),
                };
            held.state = state;
            held.moved = true;
            held.told.extend(did);
            for effect in effects {
                self.effect(key, effect).await?;
            }
        }
        Ok(())
    }

    async fn effect(&mut self, key: Key, effect: Effect) -> Result<(), CaseError> {
        match effect {
            Effect::Entered { token, element, flow } => {
                self.tell(key, json!({"in": element, "token": token, "flow": flow})).await
            }
            Effect::Left { token, element, cancelled } => {
                self.tell(key, json!({"out": element, "token": token, "cancelled": cancelled})).await
            }
            Effect::OfferTask { .. } => self.offer(key, effect).await,
            Effect::WithdrawTask { token, .. } => self.withdraw(key, token).await,
            Effect::CallService { token, attempt, element, service, input, key: name } => {
                self.call(key, (token, attempt), &element, &service, input, &name).await
            }
            Effect::CancelService { token } => self.over(key, format!("c{token}")).await,
            Effect::Decide { token, attempt, element, decision, inputs } => {
                self.decide(key, (token, attempt), &element, &decision, &inputs).await
            }
            Effect::ArmTimer { timer, element, due } => {
                let wait = wait(format!("t{timer}"), Waits::Timer, element);
                self.wait(key, Wait { due: Some(due), ..wait }).await
            }
            Effect::DisarmTimer { timer } => self.over(key, format!("t{timer}")).await,
            Effect::Subscribe { subscription, to } => self.subscribe(key, subscription, to).await,
            Effect::Unsubscribe { subscription } => self.over(key, format!("s{subscription}")).await,
            Effect::SendMessage { name, correlation, payload, key: own, .. } => {
                self.send(key, name, correlation, payload, &own).await
            }
            Effect::BroadcastSignal { name, payload, key: own, .. } => {
                let told = self.cases.called(&name, payload, None);
                let body = serde_json::to_string(&told).unwrap_or_default();
                let wait = Wait { due: Some(self.now), body, ..wait(format!("b{own}"), Waits::Broadcast, name) };
                self.wait(key, wait).await
            }
            Effect::CallProcess { token, attempt, process, variables, .. } => {
                self.call_process(key, (token, attempt), &process, variables).await
            }
            Effect::CancelCalled { token } => self.cancel_called(key, token).await,
            Effect::Escalated { code, .. } => self.escalated(key, code).await,
            Effect::EnableActivities { token, elements } => {
                self.tell(key, json!({"enabled": elements, "token": token})).await
            }
            Effect::IncidentRaised { incident, token, element, code, message } => {
                tracing::warn!(instance = format!("{}-{}", key.0, key.1), element, code, "a case stands still");
                metrics::counter!("svod_case_incidents_total").increment(1);
                let told =
                    json!({"incident": incident, "token": token, "element": element, "code": code, "message": message});
                self.tell(key, told).await
            }
            Effect::IncidentSolved { incident } => self.tell(key, json!({"solved": incident})).await,
            Effect::Finished { outcome, variables } => self.finished(key, &outcome, variables).await,
        }
    }

    pub(super) async fn tell(&mut self, key: Key, told: Value) -> Result<(), CaseError> {
        self.take(key).await?.told.push(told);
        Ok(())
    }

    async fn wait(&mut self, key: Key, wait: Wait) -> Result<(), CaseError> {
        self.take(key).await?.wait(wait);
        Ok(())
    }

    async fn over(&mut self, key: Key, id: String) -> Result<(), CaseError> {
        self.take(key).await?.over(id);
        Ok(())
    }

    /// A service: within this command when it is one of the graph, else by the worker after it.
    async fn call(
        &mut self,
        key: Key,
        (token, attempt): (u64, u64),
        element: &str,
        service: &str,
        input: Map<String, Value>,
        own: &str,
    ) -> Result<(), CaseError> {
        if let Some(answered) = self.operate(key, token, service, &input).await? {
            let event = match answered {
                Ok(variables) => Event::ServiceDone { token, attempt, variables },
                Err(refused) => {
                    Event::ServiceFailed { token, attempt, error: refused.code, message: refused.message, retry: false }
                }
            };
            self.queue.push_front(Next { key, event, sent: None });
            return Ok(());
        }
        let body =
            json!({"token": token, "attempt": attempt, "element": element, "input": input, "key": own}).to_string();
        let wait = Wait { due: Some(self.now), body, ..wait(format!("c{token}"), Waits::Service, service.to_owned()) };
        self.wait(key, wait).await
    }

    /// A decision: taken at once; its rules and inputs are kept with the case.
    async fn decide(
        &mut self,
        key: Key,
        (token, attempt): (u64, u64),
        element: &str,
        decision: &str,
        inputs: &Map<String, Value>,
    ) -> Result<(), CaseError> {
        let now = (self.now, self.offset_of(key).await?);
        let held = self.take(key).await?;
        let event = match held.programs.decide(decision, inputs, now) {
            Ok(evaluation) => {
                held.told.push(json!({"decided": element, "token": token, "evaluation": evaluation}));
                Event::Decided { token, attempt, outcome: evaluation.result }
            }
            Err(message) => Event::ServiceFailed { token, attempt, error: None, message, retry: false },
        };
        self.queue.push_front(Next { key, event, sent: None });
        Ok(())
    }

    async fn subscribe(&mut self, key: Key, subscription: u64, to: Topic) -> Result<(), CaseError> {
        let id = format!("s{subscription}");
        match to {
            Topic::Message { name, key: by } => {
                let by = by.unwrap_or_default();
                if let Some((sender, sent)) = self.sent(key.0, &name, &by).await?
                    && self.claim(sender, &sent.id).await?
                {
                    let own = sent.id.trim_start_matches('m').to_owned();
                    let Sent { payload, .. } = serde_json::from_str(&sent.body).unwrap_or_default();
                    let correlation = (!by.is_empty()).then(|| by.clone());
                    let event = Event::Message { name: name.clone(), key: correlation, payload };
                    self.queue.push_back(Next { key, event, sent: Some((sender, own)) });
                }
                self.wait(key, Wait { key: by, ..wait(id, Waits::Message, name) }).await
            }
            Topic::Signal(name) => self.wait(key, wait(id, Waits::Signal, name)).await,
            Topic::Condition(_) => Ok(()), // the process itself watches it
        }
    }

    /// Takes what an instance keeps for whoever comes first; whether it is still there. The instance moves with it, so that
    /// of two who take it one is refused.
    async fn claim(&mut self, key: Key, id: &str) -> Result<bool, CaseError> {
        let held = self.take(key).await?;
        let there = match (held.waits.contains_key(id), held.over.iter().any(|o| o == id)) {
            (true, _) => true,
            (false, true) => false,
            (false, false) => {
                // Read after the instance: a change in between is one of its version.
                let read = move |conn: &mut dyn svod_store::Conn| svod_store::instance::waits_of(conn, key.0, key.1);
                self.cases.store.read(read).await?.iter().any(|w| w.id == id)
            }
        };
        if there {
            self.over(key, id.to_owned()).await?;
        }
        Ok(there)
    }

    /// A message that was sent before anybody waited for it.
    async fn sent(&self, space: i64, name: &str, by: &str) -> Result<Option<(Key, Wait)>, CaseError> {
        let fits = |w: &&Wait| w.kind == Waits::Sent && w.name == name && w.key == by;
        for (key, held) in self.held.iter().filter(|(key, _)| self.cases.is_near(key.0, space)) {
            if let Some(found) = held.waits.values().find(fits) {
                return Ok(Some((*key, found.clone())));
            }
        }
        let (name, by) = (name.to_owned(), by.to_owned());
        let read = move |conn: &mut dyn svod_store::Conn| {
            svod_store::instance::awaiting(conn, Waits::Sent, &name, &by, MOST_SENT)
        };
        let found = self.cases.store.read(read).await?;
        let free = |w: &svod_store::instance::Waiting| {
            self.cases.is_near(w.space, space)
                && !self.held.get(&(w.space, w.instance)).is_some_and(|h| h.over.contains(&w.wait.id))
        };
        Ok(found.into_iter().find(free).map(|w| ((w.space, w.instance), w.wait)))
    }

    /// To whoever waits for it; else it begins what begins with it; else it is kept for a while.
    async fn send(
        &mut self,
        key: Key,
        name: String,
        correlation: Option<String>,
        payload: Map<String, Value>,
        own: &str,
    ) -> Result<(), CaseError> {
        let by = correlation.clone().unwrap_or_default();
        let fits = |w: &Wait| w.kind == Waits::Message && w.name == name && w.key == by;
        let near = |(at, h): &(&Key, &Held)| self.cases.is_near(at.0, key.0) && h.waits.values().any(fits);
        let here = self.held.iter().find(near).map(|(key, _)| *key);
        let receiver = match here {
            Some(key) => Some(key),
            None => {
                let found =
                    self.cases.receiver_near(&name, &by, key.0).await?.map(|w| ((w.space, w.instance), w.wait.id));
                found.filter(|(key, id)| !self.held.get(key).is_some_and(|h| h.over.contains(id))).map(|f| f.0)
            }
        };
        if let Some(receiver) = receiver {
            let event = Event::Message { name, key: correlation, payload };
            self.queue.push_back(Next { key: receiver, event, sent: Some((key, own.to_owned())) });
            return Ok(());
        }
        if self.begins(key, &name, &payload).await? {
            return Ok(());
        }
        self.keep(key, (name, by, payload), own, self.now.plus_seconds(KEPT_SECONDS)).await
    }

    /// Keeps a message for a while, looked at again at that moment.
    async fn keep(
        &mut self,
        key: Key,
        (name, by, payload): (String, String, Map<String, Value>),
        own: &str,
        due: Timestamp,
    ) -> Result<(), CaseError> {
        let until = self.now.plus_seconds(KEPT_SECONDS);
        let body = json!({"payload": payload, "until": until.0}).to_string();
        let sent = wait(format!("m{own}"), Waits::Sent, name);
        self.wait(key, Wait { key: by, due: Some(due), body, ..sent }).await
    }

    async fn call_process(
        &mut self,
        key: Key,
        (token, attempt): (u64, u64),
        process: &str,
        variables: Map<String, Value>,
    ) -> Result<(), CaseError> {
        let held = self.take(key).await?;
        let new = NewCase {
            process: held.programs.name_of(process),
            element: None,
            variables: Map::new(),
            space: held.space.clone(),
            case: None,
        };
        let urn: Urn = held.row.urn.parse().map_err(|_| CaseError::Unknown(held.row.urn.clone()))?;
        let parent = format!("{}:{}:{token}:{attempt}", key.0, key.1);
        match self.open(&new, Some((parent, urn))).await {
            Ok((child, _)) => {
                let held = self.take(key).await?;
                let (case, person) = (held.case.clone(), held.row.person.clone());
                let called = self.take(child).await?;
                (called.case, called.row.person) = (case, person);
                self.wait(key, wait(format!("x{token}"), Waits::Called, child.1.to_string())).await?;
                self.queue(child, Event::Start { element: None, variables });
            }
            Err(e @ CaseError::NoProcess(_)) => {
                let event = Event::CalledFailed { token, attempt, error: None, message: e.to_string() };
                self.queue.push_front(Next { key, event, sent: None });
            }
            Err(e) => return Err(e),
        }
        Ok(())
    }

    async fn cancel_called(&mut self, key: Key, token: u64) -> Result<(), CaseError> {
        let id = format!("x{token}");
        let kept = self.take(key).await?.waits.get(&id).cloned();
        let child = match kept {
            Some(wait) => Some(wait),
            None => {
                let read = move |conn: &mut dyn svod_store::Conn| svod_store::instance::waits_of(conn, key.0, key.1);
                self.cases.store.read(read).await?.into_iter().find(|w| w.id == id)
            }
        };
        self.over(key, id).await?;
        if let Some(number) = child.and_then(|w| w.name.parse().ok()) {
            self.queue((key.0, number), Event::Cancel);
        }
        Ok(())
    }

    /// Who called this instance: key, token and attempt.
    pub(super) async fn parent(&mut self, key: Key) -> Result<Option<(Key, u64, u64)>, CaseError> {
        let parent = self.take(key).await?.row.parent.clone();
        let parts = parent.as_deref().map(|p| p.split(':').filter_map(|n| n.parse::<i64>().ok()).collect::<Vec<_>>());
        Ok(match parts.as_deref() {
            Some([space, id, token, attempt]) => Some(((*space, *id), token.unsigned_abs(), attempt.unsigned_abs())),
            _ => None,
        })
    }

    async fn escalated(&mut self, key: Key, code: String) -> Result<(), CaseError> {
        self.tell(key, json!({"escalated": code})).await?;
        if let Some((parent, token, _)) = self.parent(key).await? {
            self.queue(parent, Event::Escalated { token, code });
        }
        Ok(())
    }

    async fn finished(&mut self, key: Key, outcome: &Outcome, variables: Map<String, Value>) -> Result<(), CaseError> {
        self.tell(key, json!({"finished": outcome})).await?;
        if let Some((parent, token, attempt)) = self.parent(key).await? {
            self.over(parent, format!("x{token}")).await?;
            let event = match outcome {
                Outcome::Completed | Outcome::Terminated => Event::CalledDone { token, attempt, variables },
                Outcome::Failed(code) => Event::CalledFailed {
                    token,
                    attempt,
                    error: Some(code.clone()),
                    message: format!("ended with error '{code}'"),
                },
                Outcome::Cancelled => {
                    Event::CalledFailed { token, attempt, error: None, message: "it was called off".to_owned() }
                }
            };
            self.queue(parent, event);
            return Ok(());
        }
        let Some(case) = self.case_of(key).await? else { return Ok(()) };
        if let Some(case) = self.take(key).await?.case.clone() {
            self.stop(key, &case).await?;
            self.unreviewed(&case).await?;
        }
        let how = match outcome {
            Outcome::Completed | Outcome::Terminated => "completed",
            Outcome::Failed(_) => "failed",
            Outcome::Cancelled => "cancelled",
        };
        let set = [("status", "closed".to_owned()), ("closedAt", self.now.to_string()), ("outcome", how.to_owned())];
        let set = set.into_iter().map(|(name, value)| (name.to_owned(), Attribute::property(value)));
        let patch = Operation::Patch { urn: case, expected: None, set: set.collect(), unset: vec!["stage".to_owned()] };
        self.changes.push(Change::verb(patch, Action::Complete, "close").by(&self.cases.process));
        Ok(())
    }

    /// The URN of the entity of an instance's case; none for processes without one.
    pub(super) async fn case_of(&mut self, key: Key) -> Result<Option<Urn>, CaseError> {
        let held = self.take(key).await?;
        if let Some(case) = &held.case {
            return Ok(Some(case.id.clone()));
        }
        let urn: Option<Urn> = held.row.urn.parse().ok();
        let Some(urn) = urn.filter(|u| !u.as_str().starts_with("urn:svod:instance:")) else { return Ok(None) };
        // As another instance of the same case has it in hand: changed, perhaps.
        let in_hand = self.held.values().filter_map(|h| h.case.clone()).find(|c| c.id == urn);
        if in_hand.is_some() {
            self.take(key).await?.case = in_hand;
            return Ok(Some(urn));
        }
        let case = self.cases.registry.entity(&Actor::platform("process"), &urn).await;
        match case {
            Ok(case) => {
                let case = self.with_whose(case).await?;
                self.take(key).await?.case = Some(case);
                Ok(Some(urn))
            }
            Err(svod_registry::QueryError::NotFound(_)) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }
}

pub(super) fn wait(id: String, kind: Waits, name: String) -> Wait {
    Wait { id, kind, name, key: String::new(), due: None, attempts: 0, body: "{}".to_owned() }
}
