//! Decisions of cases: on what ground, by whom or by which rules; how they are objected to and looked at again.

use serde_json::{Map, Value, json};
use svod_kernel::{Actor, Timestamp, Urn, number};
use svod_model::{Attribute, Entity, MAX_TEXT, ObjectSpec, ServiceSpec};
use svod_process::{Event, NodeKind, Work};
use svod_registry::{Action, Change, Edit, Operation, Programs, QueryError};
use svod_text::Texts;

use super::clock::service_of;
use super::deed::Deed;
use super::grounds::{Basis, Said, grounded};
use super::notice::written;
use super::offer::urn_of;
use super::operations::{Answer, Refused, plain, refused, text, urn};
use super::{Along, CaseError, Cases, Key, NewCase, TRIES};
use crate::enclosed::Enclosed;
use crate::place::number_of;

/// The variable by which rules propose what to answer.
pub(super) const PROPOSAL: &str = "proposal";
/// What stands about who decided: their identifier, beside the name of the post.
pub(super) const ACTOR: &str = "actor";

/// What the rules propose to whoever answers: the variable `proposal`, when it is a context by the names of the form.
pub fn proposal_of(variables: &Map<String, Value>) -> Option<String> {
    proposed(variables).map(|proposal| Value::Object(proposal.clone()).to_string())
}

fn proposed(variables: &Map<String, Value>) -> Option<&Map<String, Value>> {
    variables.get(PROPOSAL)?.as_object().filter(|proposal| !proposal.is_empty())
}

/// Was answered otherwise than proposed? What is proposed and not answered counts; what is answered beside it does not.
pub fn overridden(proposal: &Map<String, Value>, answers: &Map<String, Value>) -> bool {
    let same = |a: &Value, b: &Value| match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() < f64::EPSILON,
        _ => a == b,
    };
    proposal.iter().any(|(name, value)| !same(value, answers.get(name).unwrap_or(&Value::Null)))
}

/// What a process says of what decided: the business rule task, the user task, and whether what the rules were given is told.
fn said(input: &Map<String, Value>) -> Result<(Option<String>, Option<String>, bool), Refused> {
    let with_inputs = match input.get("inputs") {
        None | Some(Value::Null | Value::Bool(true)) => true,
        Some(Value::Bool(false)) => false,
        Some(_) => return Err(refused("'inputs' must be true or false")),
    };
    Ok((text(input, "element")?, text(input, "act")?, with_inputs))
}

fn is_user_task(programs: &Programs, id: &str) -> bool {
    let at = programs.processes.values().filter_map(|process| process.element(id));
    at.into_iter().any(
        |element| matches!(&element.kind, NodeKind::Activity(activity) if matches!(activity.work, Work::User { .. })),
    )
}

impl Deed<'_> {
    /// What is kept of a person's act: who, in which post, and whether they followed what was proposed.
    pub(super) async fn did(&mut self, key: Key, event: &Event) -> Result<Option<Value>, CaseError> {
        let Event::Completed { token, variables } = event else { return Ok(None) };
        let Some(actor) = self.actor.clone() else { return Ok(None) };
        self.not_by_who_decided(key, &actor).await?;
        let state = &self.take(key).await?.state;
        let Some(at) = state.tokens.get(token) else { return Ok(None) };
        let mut did =
            json!({"did": at.element, "token": token, "by": actor.id, "post": actor.name, "body": actor.body});
        if let Some(proposal) = proposed(&state.variables_at(*token)) {
            did["overridden"] = overridden(proposal, variables).into();
        }
        did["process"] = self.take(key).await?.row.process.as_str().into();
        // What they answered is kept with their task, whose personal data it is, and not once more here.
        let task = urn_of(key, *token)?;
        did["task"] = task.as_str().into();
        self.answered.insert(task, variables.clone());
        Ok(Some(did))
    }

    /// Nobody looks again at what they have decided.
    async fn not_by_who_decided(&mut self, key: Key, actor: &Actor) -> Result<(), CaseError> {
        self.case_of(key).await?;
        let about = self.take(key).await?.case.as_ref().and_then(|c| c.object("about").cloned());
        match about {
            Some(decision) if self.cases.decided(actor, &decision).await? => Err(CaseError::OwnDecision),
            _ => Ok(()),
        }
    }

    /// `decision.record`: what was decided, on what ground and from what; with `endsTerm` the term of the case ends with it.
    pub(super) async fn record(
        &mut self,
        key: Key,
        token: u64,
        input: &Map<String, Value>,
    ) -> Result<Answer, CaseError> {
        let Some((_, case)) = self.root_case(key).await? else {
            return Ok(Err(refused("the process has no case")));
        };
        let (element, act, with_inputs) = match said(input) {
            Ok(said) => said,
            Err(e) => return Ok(Err(e)),
        };
        let held = self.take(key).await?;
        let (programs, variables) = (held.programs.clone(), held.state.variables_at(token));
        if let Some(act) = act.as_deref().filter(|act| !is_user_task(&programs, act)) {
            return Ok(Err(refused(format!("'act': '{act}' is no user task of this pack"))));
        }
        let automatic = input.get("automatic").and_then(Value::as_bool);
        let basis = self.basis(key, &Said { element: element.as_deref(), act: act.as_deref(), automatic }).await?;
        if let Some(element) = element.filter(|_| basis.evaluation.is_none()) {
            return Ok(Err(refused(format!("'{element}' is no business rule task that has decided in this case"))));
        }
        let catalogue = self.cases.registry.catalogue();
        let made = Urn::svod("decision", &format!("{}-{}-{token}", key.0, key.1))
            .map_err(|e| refused(e.to_string()))
            .and_then(|urn| decision(&case, urn, service_of(&case, &programs), (input, &*catalogue.texts), self.now))
            .and_then(|decision| grounded(decision, &basis, with_inputs, self.actor.as_ref(), &self.cases.process))
            .and_then(|decision| compared(decision, &basis, &variables, input));
        let made = match made {
            Ok(made) => made,
            Err(e) => return Ok(Err(e)),
        };
        match input.get("endsTerm") {
            None | Some(Value::Null | Value::Bool(false)) => {}
            Some(Value::Bool(true)) => self.met(key).await?,
            Some(_) => return Ok(Err(refused("'endsTerm' must be true or false"))),
        }
        let urn = made.id.clone();
        self.tell(key, json!({"recorded": urn, "outcome": made.text("outcome"), "token": token})).await?;
        self.changes.push(Change::verb(Operation::Create(made), Action::Create, "decide").by(&self.cases.process));
        Ok(Ok([("decision".to_owned(), Value::from(urn.as_str()))].into_iter().collect()))
    }

    /// `decision.review`: it was looked at again.
    pub(super) async fn review(&mut self, key: Key, input: &Map<String, Value>) -> Result<Answer, CaseError> {
        let case = self.root_case(key).await?.map(|(_, case)| case);
        let about = case.as_ref().and_then(|c| c.object("about").cloned());
        let given = match (input.get("decision").is_some_and(|d| !d.is_null()), about) {
            (false, Some(about)) => Ok(about),
            _ => urn(input, "decision"),
        };
        let status = match text(input, "result") {
            Ok(Some(word)) if word == "uphold" => Ok("upheld"),
            Ok(Some(word)) if word == "revise" => Ok("revised"),
            Ok(_) => Err(refused("'result' is uphold or revise")),
            Err(e) => Err(e),
        };
        let (decision, status) = match (given, status) {
            (Ok(decision), Ok(status)) => (decision, status),
            (Err(e), _) | (_, Err(e)) => return Ok(Err(e)),
        };
        match self.cases.registry.entity(&self.cases.process, &decision).await {
            Ok(found) if found.kind == "Decision" => {}
            Ok(_) | Err(QueryError::NotFound(_)) => {
                return Ok(Err(refused(format!("there is no decision {decision}"))));
            }
            Err(e) => return Err(e.into()),
        }
        self.tell(key, json!({"reviewed": decision, "status": status})).await?;
        let set = [("status".to_owned(), Attribute::property(status))].into_iter().collect();
        let patch = Operation::Patch { urn: decision, expected: None, set, unset: Vec::new() };
        self.changes.push(Change::verb(patch, Action::Update, "review").by(&self.cases.process));
        Ok(Ok(Map::new()))
    }

    /// A case that objects ends: what was not looked at again holds as before.
    pub(super) async fn unreviewed(&mut self, case: &Entity) -> Result<(), CaseError> {
        let Some(decision) = case.object("about").cloned() else { return Ok(()) };
        match self.cases.registry.entity(&self.cases.process, &decision).await {
            // Nothing is left that could hold again; the case ends all the same.
            Err(QueryError::NotFound(_)) => return Ok(()),
            Err(e) => return Err(e.into()),
            Ok(_) => {}
        }
        let id = decision.clone();
        let edit = Edit::new(move |now| {
            let now = now.ok_or_else(|| svod_registry::CommandError::NotFound(id.clone()))?.clone();
            let holds = now.text("status") != Some("objected");
            Ok(if holds { now } else { now.with("status", Attribute::property("inForce")) })
        });
        let change = Change::verb(Operation::Edit { urn: decision, edit }, Action::Update, "review");
        self.changes.push(change.by(&self.cases.process));
        Ok(())
    }
}

/// The decision as it is given, without what it rests on.
fn decision(
    case: &Entity,
    id: Urn,
    service: Option<&ServiceSpec>,
    (input, texts): (&Map<String, Value>, &Texts),
    now: Timestamp,
) -> Result<Entity, Refused> {
    let property = |value: &str| Attribute::property(value);
    let outcome = text(input, "outcome")?.filter(|o| !o.is_empty()).ok_or_else(|| refused("'outcome' is missing"))?;
    let mut made = Entity::new(id, "Decision", case.space.clone())
        .with("name", property(case.text("name").unwrap_or_default()))
        .with("case", Attribute::object(case.id.clone()))
        .with("outcome", property(&outcome))
        .with("madeAt", property(&now.to_string()))
        .with("status", property("inForce"));
    for name in ["person", "body", "service"] {
        if let Some(a) = case.attributes.get(name) {
            made = made.with(name, a.clone());
        }
    }
    if let Some(reason) = written(texts, input, "reason")? {
        made = made.with("reason", reason);
    }
    let acts = match input.get("acts") {
        None | Some(Value::Null) => service.map(|s| s.acts.clone()).unwrap_or_default(),
        Some(Value::String(act)) => vec![act.clone()],
        Some(Value::Array(acts)) => acts.iter().filter_map(|a| a.as_str().map(str::to_owned)).collect(),
        Some(_) => return Err(refused("'acts' must be a list of texts")),
    };
    if !acts.is_empty() {
        made = made.with("acts", Attribute::property(json!(acts)));
    }
    let days = match input.get("objectDays") {
        None | Some(Value::Null) => service.and_then(|s| s.object.as_ref()).map(|o| o.days),
        Some(days) => Some(
            days.as_f64()
                .filter(|d| (0.0..=3_660.0).contains(d))
                .map(|d| number::whole(d.round()))
                .ok_or_else(|| refused("'objectDays' is a number of days from 0 to 3,660"))?,
        ),
    };
    Ok(match days {
        Some(days) => made.with("objectUntil", property(&now.plus_seconds(days * 24 * 3_600).to_string())),
        None => made,
    })
}

/// With what was proposed to whoever decided, and whether they followed it.
fn compared(
    made: Entity,
    basis: &Basis,
    variables: &Map<String, Value>,
    input: &Map<String, Value>,
) -> Result<Entity, Refused> {
    let otherwise = basis.act.as_ref().and_then(|act| act.get("overridden")?.as_bool());
    let word = text(input, "proposed")?;
    let differs = word.as_deref().map(|word| Some(word) != made.text("outcome"));
    let shown = word.or_else(|| otherwise.and_then(|_| proposal_of(variables)).filter(|text| text.len() <= MAX_TEXT));
    let made = match shown {
        Some(shown) => made.with("proposed", Attribute::property(shown)),
        None => made,
    };
    Ok(match (differs, otherwise) {
        (None, None) => made,
        (word, answers) => {
            let differs = word.unwrap_or(false) || answers.unwrap_or(false);
            made.with("overridden", Attribute::property(differs))
        }
    })
}

impl Cases {
    /// Objects to a decision: a case of its own begins, in which it is looked at again. The URN of that case.
    ///
    /// # Errors
    /// [`CaseError::NotObjectable`] when it is too late, somebody has objected before, or the service knows no way; else see
    /// [`CaseError`].
    pub async fn object(&self, actor: &Actor, decision: &Urn, data: Map<String, Value>) -> Result<Urn, CaseError> {
        self.object_with(actor, decision, data, Enclosed::default()).await
    }

    /// The same with files that are held for the case that begins.
    ///
    /// # Errors
    /// As [`Cases::object`].
    pub async fn object_with(
        &self,
        actor: &Actor,
        decision: &Urn,
        data: Map<String, Value>,
        enclosed: Enclosed,
    ) -> Result<Urn, CaseError> {
        let mut tries = 0;
        loop {
            let (new, along) = self.objection(actor, decision, (data.clone(), &enclosed)).await?;
            match self.begin(actor, new, along).await {
                Err(e) if e.is_conflict() && tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }

    /// May the decision be objected to now, by the actor? Its service's way, with the version of the pack; pages show a way where
    /// there is one.
    ///
    /// # Errors
    /// As [`Cases::object`].
    pub async fn objectable(&self, actor: &Actor, decision: &Urn) -> Result<(ServiceSpec, ObjectSpec), CaseError> {
        self.objectable_at(actor, decision).await.map(|(_, service, object)| (service, object))
    }

    /// The same with the version of the decision that was looked at: what is written must find it unchanged.
    async fn objectable_at(&self, actor: &Actor, decision: &Urn) -> Result<(i64, ServiceSpec, ObjectSpec), CaseError> {
        let shown = self.registry.entity(actor, decision).await?;
        let unknown = || CaseError::Query(QueryError::NotFound(format!("decision {decision}")));
        if shown.kind != "Decision" || !self.registry.may(actor, Action::Declare, &self.registry.resource_of(&shown)) {
            return Err(unknown());
        }
        match shown.text("status") {
            Some("inForce" | "upheld") => {}
            Some("objected") => {
                return Err(CaseError::NotObjectable("somebody has objected to it, and it is looked at"));
            }
            _ => return Err(CaseError::NotObjectable("another decision has taken its place")),
        }
        let until = shown.time("objectUntil").ok_or(CaseError::NotObjectable("its service knows no objection"))?;
        if until < self.registry.clock().now() {
            return Err(CaseError::NotObjectable("its time is over"));
        }
        let key = shown.text("service").unwrap_or_default();
        let service = self.service_objected(key, &shown).await?;
        let none = CaseError::NotObjectable("its service knows no objection");
        let object = service.as_ref().and_then(|s| s.object.clone());
        let (service, object) = service.zip(object).ok_or(none)?;
        Ok((shown.version, service, object))
    }

    /// The service in force; where it is not any more, as the case had it.
    async fn service_objected(&self, key: &str, decision: &Entity) -> Result<Option<ServiceSpec>, CaseError> {
        let Some((pack, id)) = key.split_once('/') else { return Ok(None) };
        let way = |programs: &Programs| programs.services.get(id).filter(|s| s.object.is_some()).cloned();
        if let Some(found) = self.registry.programs_in_force(pack).await?.and_then(|p| way(&p)) {
            return Ok(Some(found));
        }
        let Some(case) = decision.object("case") else { return Ok(None) };
        let case = self.registry.entity(&self.process, case).await?;
        let version = case.text("processVersion").and_then(|v| v.split_once('@')?.1.split_once('/'));
        match version {
            Some((version, _)) => Ok(self.registry.programs(pack, version).await?.and_then(|p| way(&p))),
            None => Ok(None),
        }
    }

    async fn objection(
        &self,
        actor: &Actor,
        decision: &Urn,
        (data, enclosed): (Map<String, Value>, &Enclosed),
    ) -> Result<(NewCase, Along), CaseError> {
        let (version, service, object) = self.objectable_at(actor, decision).await?;
        let found = self.registry.entity(&self.process, decision).await?;
        let person = found.object("person").ok_or(CaseError::NotObjectable("it is about nobody"))?.clone();
        let applicant = self.registry.entity(&self.process, &person).await?;
        let process = format!("{}@{}/{}", service.pack, service.version, object.process);
        let now = self.registry.clock().now();
        let urn = enclosed.case.clone().unwrap_or_else(|| Urn::mint("case", now, self.registry.rng().as_ref()));
        let case = objection_case((urn, now), &found, &process, &service, &object.process);
        let case = match &enclosed.files {
            Some(files) => case.with(svod_files::ATTRIBUTE, files.clone()),
            None => case,
        };
        // Offered to the body above: who decided does not look at it again. At the top the same body does, by somebody else.
        let case = match found.object("body") {
            Some(body) => {
                let above = self.registry.entity(&self.process, body).await.ok();
                let above = above.and_then(|b| b.object("parent").cloned());
                case.with("body", Attribute::object(above.unwrap_or_else(|| body.clone())))
            }
            None => case,
        };
        let mut variables = data;
        variables.insert("asked".into(), self.asked_for(&found).await?);
        variables.insert("decision".into(), plain(&found));
        variables.insert("applicant".into(), plain(&applicant));
        variables.insert("case".into(), case.id.as_str().into());
        let set = [("status".to_owned(), Attribute::property("objected"))].into_iter().collect();
        let patch = Operation::Patch { urn: decision.clone(), expected: Some(version), set, unset: Vec::new() };
        let along = Along {
            ground: Some(format!("objection:{decision}")),
            changes: vec![Change::verb(patch, Action::Declare, "object")],
            ..Along::default()
        };
        let new = NewCase { process, element: None, variables, space: found.space.clone(), case: Some(case) };
        Ok((new, along))
    }

    /// What was asked for in the case of a decision: its answers by the names of their form; nothing where none are kept.
    async fn asked_for(&self, decision: &Entity) -> Result<Value, QueryError> {
        let Some(case) = decision.object("case") else { return Ok(json!({})) };
        match self.registry.entity(&self.process, case).await {
            Ok(case) => {
                let answers = case.text("answers").and_then(|text| serde_json::from_str::<Value>(text).ok());
                Ok(answers.filter(Value::is_object).unwrap_or_else(|| json!({})))
            }
            Err(QueryError::NotFound(_)) => Ok(json!({})),
            Err(e) => Err(e),
        }
    }

    /// May the actor take a task of a case that objects to a decision? Not who decided.
    ///
    /// # Errors
    /// When something cannot be read.
    pub async fn may_review(&self, actor: &Actor, task: &Entity) -> Result<bool, CaseError> {
        let Some(case) = task.object("case") else { return Ok(true) };
        let about = match self.registry.entity(&self.process, case).await {
            Ok(case) => case.object("about").cloned(),
            Err(QueryError::NotFound(_)) => None,
            Err(e) => return Err(e.into()),
        };
        match about {
            Some(decision) => Ok(!self.decided(actor, &decision).await?),
            None => Ok(true),
        }
    }

    /// Has the actor taken this decision?
    async fn decided(&self, actor: &Actor, decision: &Urn) -> Result<bool, CaseError> {
        let found = match self.registry.entity(&self.process, decision).await {
            Ok(found) => found,
            Err(QueryError::NotFound(_)) => return Ok(false),
            Err(e) => return Err(e.into()),
        };
        let by = found.attributes.get("madeBy").and_then(|a| a.about.get(ACTOR));
        Ok(
            matches!(by.map(|a| &a.value), Some(svod_model::AttributeValue::Value(id)) if id.as_str() == Some(&actor.id)),
        )
    }
}

fn objection_case(
    (urn, now): (Urn, Timestamp),
    decision: &Entity,
    process: &str,
    service: &ServiceSpec,
    id: &str,
) -> Entity {
    let number = number_of(&urn);
    let text = |value: &str| Attribute::property(value);
    let mut case = Entity::new(urn, "Case", decision.space.clone())
        .with("name", text(&number))
        .with("number", text(&number))
        .with("process", text(id))
        .with("processVersion", text(process))
        .with("status", text("open"))
        .with("subject", text(&service.subject))
        .with("about", Attribute::object(decision.id.clone()))
        .with("openedAt", text(&now.to_string()));
    for name in ["person", "service"] {
        if let Some(a) = decision.attributes.get(name) {
            case = case.with(name, a.clone());
        }
    }
    case
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_proposal_is_a_context() {
        assert_eq!(
            proposal_of(&map(json!({"proposal": {"decision": "register"}, "x": 1}))).as_deref(),
            Some("{\"decision\":\"register\"}")
        );
        for none in [json!({}), json!({"proposal": {}}), json!({"proposal": "register"}), json!({"proposal": null})] {
            assert_eq!(proposal_of(&map(none)), None);
        }
    }

    #[test]
    fn what_is_proposed_is_compared_with_what_is_answered() {
        let proposal = map(json!({"decision": "register", "sum": 10, "note": null}));
        assert!(!overridden(&proposal, &map(json!({"decision": "register", "sum": 10.0, "reason": "so it is"}))));
        assert!(overridden(&proposal, &map(json!({"decision": "refuse", "sum": 10}))));
        assert!(overridden(&proposal, &map(json!({"decision": "register"}))));
        assert!(overridden(&proposal, &map(json!({"decision": "register", "sum": 10, "note": "x"}))));
    }
}
