//! One evaluation: each decision of the requirement graph once, business knowledge models and decision services as
//! functions. Functions find the evaluation that they belong to on their thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use dsntk_feel::FeelScope;
use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value;

use super::compile::{Compiled, Named, Needed};
use super::evaluation::{DecisionResult, TableResult};
use super::types::typed;
use crate::guard;
use crate::inputs::Inputs;
use crate::value::to_json_full;

/// Decisions and tables that an evaluation lists at the most.
const MAX_LISTED: usize = 1_000;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Running>>> = const { RefCell::new(None) };
}

/// An evaluation.
pub(super) struct Running {
    compiled: Arc<Compiled>,
    /// Scopes by file, ground laid: laying it costs more than most decisions.
    scopes: RefCell<Vec<Vec<FeelScope>>>,
    listed: RefCell<Listed>,
}

/// What it did.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) decisions: Vec<DecisionResult>,
    pub(super) tables: Vec<TableResult>,
    pub(super) shortened: bool,
}

/// Inputs, and what was decided with them.
struct Frame {
    inputs: Source,
    /// Results of decisions that were given instead of made: input decisions of a service.
    given: HashMap<usize, Value>,
    made: RefCell<HashMap<usize, Value>>,
}

enum Source {
    /// As they came: texts may stand for dates.
    Outside(Inputs),
    Inside(FeelContext),
}

/// Notes a table that was read.
pub(super) fn read(table: impl FnOnce() -> TableResult) {
    with(|running| {
        let mut listed = running.listed.borrow_mut();
        if listed.tables.len() < MAX_LISTED {
            listed.tables.push(table());
        } else {
            listed.shortened = true;
        }
    });
}

fn with<T>(work: impl FnOnce(&Rc<Running>) -> T) -> Option<T> {
    let running = CURRENT.with(|current| current.borrow().clone());
    running.as_ref().map(work)
}

/// Puts back what was current, also when the evaluation is unwound.
struct Restored(Option<Rc<Running>>);

impl Drop for Restored {
    fn drop(&mut self) {
        CURRENT.with(|current| *current.borrow_mut() = self.0.take());
    }
}

/// Evaluates one element; everything that an evaluation holds is left on this thread.
pub(super) fn evaluate(compiled: &Arc<Compiled>, element: Named, inputs: Inputs) -> (Value, Listed) {
    let scopes = compiled.grounds.iter().map(|_| Vec::new()).collect();
    let running = Rc::new(Running {
        compiled: Arc::clone(compiled),
        scopes: RefCell::new(scopes),
        listed: RefCell::new(Listed::default()),
    });
    let before = CURRENT.with(|current| current.borrow_mut().replace(Rc::clone(&running)));
    let _restored = Restored(before);
    let frame = Frame { inputs: Source::Outside(inputs), given: HashMap::new(), made: RefCell::default() };
    let value = match element {
        Named::Decision(at) => running.decision(&frame, at),
        Named::Knowledge(at) => running.asked_knowledge(&frame, at),
        Named::Service(at) => running.asked_service(&frame, at),
    };
    let listed = running.listed.take();
    (value, listed)
}

/// The body of a business knowledge model; the scope's last context holds the arguments.
pub(super) fn knowledge(at: usize, scope: &FeelScope) -> Value {
    let arguments = scope.peek().unwrap_or_default();
    with(|running| running.knowledge(at, arguments)).unwrap_or(Value::Null(None))
}

/// The body of a decision service; the scope's last context holds the arguments.
pub(super) fn service(at: usize, scope: &FeelScope) -> Value {
    let arguments = scope.peek().unwrap_or_default();
    with(|running| running.service(at, Source::Inside(arguments))).unwrap_or(Value::Null(None))
}

impl Running {
    /// Asks within a scope over the ground of a file.
    fn scoped(&self, file: usize, contexts: [FeelContext; 2], ask: impl FnOnce(&FeelScope) -> Value) -> Value {
        let kept = self.scopes.borrow_mut().get_mut(file).and_then(Vec::pop);
        let scope = kept.unwrap_or_else(|| FeelScope::from(self.compiled.grounds[file].clone()));
        let [below, above] = contexts;
        scope.push(below);
        scope.push(above);
        let value = ask(&scope);
        scope.pop();
        scope.pop();
        if let Some(scopes) = self.scopes.borrow_mut().get_mut(file) {
            scopes.push(scope);
        }
        value
    }

    fn decision(&self, frame: &Frame, at: usize) -> Value {
        if let Some(value) = frame.given.get(&at) {
            return value.clone();
        }
        let made = frame.made.borrow().get(&at).cloned();
        if let Some(value) = made {
            return value;
        }
        guard::tick(1);
        let decision = &self.compiled.decisions[at];
        let mut context = decision.knowledge.clone();
        for required in &decision.decisions {
            let value = match frame.within(&required.import) {
                Some(inner) => self.decision(&inner, required.at),
                None => self.decision(frame, required.at),
            };
            required.put(&mut context, value);
        }
        for required in &decision.inputs {
            required.put(&mut context, self.input(frame, required));
        }
        let value = match &decision.logic {
            Some(logic) => self.scoped(decision.file, [FeelContext::default(), context], |scope| logic(scope)),
            None => Value::Null(Some("the decision has no logic".to_owned())),
        };
        let value = value.coerced(&decision.feel_type);
        guard::hold(&value);
        self.decided(&decision.id, &decision.name, &value);
        frame.made.borrow_mut().insert(at, value.clone());
        value
    }

    fn decided(&self, id: &str, name: &str, value: &Value) {
        let mut listed = self.listed.borrow_mut();
        if listed.decisions.len() >= MAX_LISTED {
            listed.shortened = true;
            return;
        }
        let reason = if let Value::Null(reason) = value { reason.clone() } else { None };
        let result = to_json_full(value).unwrap_or_default();
        listed.decisions.push(DecisionResult { id: id.to_owned(), name: name.to_owned(), result, reason });
    }

    fn input(&self, frame: &Frame, required: &Needed) -> Value {
        let input = &self.compiled.inputs[required.at];
        let value = match &frame.inputs {
            Source::Outside(inputs) => {
                let under = required.import.as_ref().and_then(|import| match inputs.get(import.as_str()) {
                    Some(crate::Input::Context(entries)) => entries.get(input.name.as_str()),
                    _ => None,
                });
                match under.or_else(|| inputs.get(input.name.as_str())) {
                    Some(given) => typed(&input.feel_type, given),
                    None => return Value::Null(None),
                }
            }
            Source::Inside(inputs) => {
                let under = required.import.as_ref().and_then(|import| match inputs.get_entry(import) {
                    Some(Value::Context(entries)) => entries.get_entry(&input.name),
                    _ => None,
                });
                match under.or_else(|| inputs.get_entry(&input.name)) {
                    Some(given) => given.clone(),
                    None => return Value::Null(None),
                }
            }
        };
        self.compiled.types.checked(&input.declared, value)
    }

    fn knowledge(&self, at: usize, arguments: FeelContext) -> Value {
        guard::tick(1);
        let model = &self.compiled.knowledge[at];
        let Some(body) = &model.body else { return Value::Null(Some("the model has no body".to_owned())) };
        let value = self.scoped(model.file, [model.knowledge.clone(), arguments], |scope| {
            let value = body(scope);
            // A function that is given away takes along what it names here.
            let Value::FunctionDefinition(parameters, body, external, closure, mut taken, result) = value else {
                return value;
            };
            for name in closure.iter() {
                if let Some(value) = scope.search_entry(name) {
                    taken.create_entry(name, value);
                }
            }
            Value::FunctionDefinition(parameters, body, external, closure, taken, result)
        });
        guard::hold(&value);
        value
    }

    fn service(&self, at: usize, inputs: Source) -> Value {
        guard::tick(1);
        let service = &self.compiled.services[at];
        let mut given = HashMap::new();
        for input in &service.input_decisions {
            let decision = &self.compiled.decisions[*input];
            let value = match &inputs {
                Source::Outside(inputs) => {
                    inputs.get(decision.variable.as_str()).map(|i| typed(&decision.feel_type, i))
                }
                Source::Inside(inputs) => inputs.get_entry(&decision.variable).cloned(),
            };
            let value = value.unwrap_or(Value::Null(None));
            given.insert(*input, self.compiled.types.checked(&decision.declared, value));
        }
        let frame = Frame { inputs, given, made: RefCell::default() };
        let value = match service.output_decisions.as_slice() {
            [one] => self.decision(&frame, *one),
            several => {
                let mut context = FeelContext::default();
                for output in several {
                    context.set_entry(&self.compiled.decisions[*output].variable, self.decision(&frame, *output));
                }
                Value::Context(context)
            }
        };
        value.coerced(&service.feel_type)
    }

    /// A business knowledge model that is asked by its name: the inputs are its arguments.
    fn asked_knowledge(&self, frame: &Frame, at: usize) -> Value {
        let model = &self.compiled.knowledge[at];
        let Source::Outside(inputs) = &frame.inputs else { return Value::Null(None) };
        let mut arguments = FeelContext::default();
        for (name, feel_type) in &model.parameters {
            let value = inputs.get(name.as_str()).map_or(Value::Null(None), |input| typed(feel_type, input));
            arguments.set_entry(name, value.coerced(feel_type));
        }
        let value = self.knowledge(at, arguments).coerced(&model.feel_type);
        self.decided(&model.id, &model.name, &value);
        value
    }

    fn asked_service(&self, frame: &Frame, at: usize) -> Value {
        let Source::Outside(inputs) = &frame.inputs else { return Value::Null(None) };
        let value = self.service(at, Source::Outside(inputs.clone()));
        let service = &self.compiled.services[at];
        self.decided(&service.id, &service.name, &value);
        value
    }
}

impl Frame {
    /// The frame of an imported model, where the inputs have a context under the import's name.
    fn within(&self, import: &Option<dsntk_feel::Name>) -> Option<Self> {
        let import = import.as_ref()?;
        let inputs = match &self.inputs {
            Source::Outside(inputs) => {
                let Some(crate::Input::Context(entries)) = inputs.get(import.as_str()) else { return None };
                let mut merged = inputs.clone();
                entries.iter().for_each(|(name, entry)| merged.set(name.clone(), entry.clone()));
                Source::Outside(merged)
            }
            Source::Inside(inputs) => {
                let Some(Value::Context(entries)) = inputs.get_entry(import) else { return None };
                let mut merged = inputs.clone();
                merged.zip(entries);
                Source::Inside(merged)
            }
        };
        Some(Self { inputs, given: self.given.clone(), made: RefCell::default() })
    }
}
