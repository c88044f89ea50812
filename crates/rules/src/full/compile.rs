//! From the files of a pack to elements that refer to each other by position.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use dsntk_common::HRef;
use dsntk_feel::closure::Closure;
use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value;
use dsntk_feel::{Evaluator, FeelScope, FeelType, FunctionBody, Name};
use dsntk_model::{Definitions, DmnElement, FunctionKind, KnowledgeRequirement, NamedElement, RequiredVariable};

use super::boxed::Builder;
use super::running;
use super::types::{Declared, Types};
use crate::error::RuleError;
use crate::vet::Profile;
use crate::{guard, scan};

/// Longest chain of decisions that require each other.
const MAX_CHAIN: usize = 256;
/// Longer chains run on a thread with much stack.
pub(super) const SHORT_CHAIN: usize = 16;

/// All models of a pack.
pub(super) struct Compiled {
    pub(super) files: Vec<File>,
    /// By file: the names under every scope.
    pub(super) grounds: Vec<FeelContext>,
    pub(super) types: Types,
    pub(super) inputs: Vec<InputNode>,
    pub(super) decisions: Vec<DecisionNode>,
    pub(super) knowledge: Vec<KnowledgeNode>,
    pub(super) services: Vec<ServiceNode>,
}

/// A file.
pub(super) struct File {
    pub(super) file: String,
    pub(super) name: String,
    pub(super) namespace: String,
    /// Decisions, business knowledge models and services by name.
    pub(super) named: HashMap<String, Named>,
}

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Decision(usize),
    Knowledge(usize),
    Service(usize),
}

/// An input.
pub(super) struct InputNode {
    pub(super) name: Name,
    pub(super) declared: Declared,
    pub(super) feel_type: FeelType,
    pub(super) type_ref: Option<String>,
}

/// A decision.
pub(super) struct DecisionNode {
    pub(super) file: usize,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) variable: Name,
    pub(super) declared: Declared,
    pub(super) feel_type: FeelType,
    pub(super) inputs: Vec<Needed>,
    pub(super) decisions: Vec<Needed>,
    pub(super) knowledge: FeelContext,
    pub(super) logic: Option<Evaluator>,
    /// It or what it needs calls functions, or the chain is long.
    pub(super) deep: bool,
}

/// A business knowledge model.
pub(super) struct KnowledgeNode {
    pub(super) file: usize,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) parameters: Vec<(Name, FeelType)>,
    pub(super) feel_type: FeelType,
    pub(super) knowledge: FeelContext,
    pub(super) body: Option<Evaluator>,
}

/// A decision service.
pub(super) struct ServiceNode {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) feel_type: FeelType,
    pub(super) inputs: Vec<usize>,
    pub(super) input_decisions: Vec<usize>,
    pub(super) output_decisions: Vec<usize>,
}

/// A required element, with the name of the import that it comes through.
pub(super) struct Needed {
    pub(super) import: Option<Name>,
    pub(super) name: Name,
    pub(super) at: usize,
}

impl Needed {
    /// Puts its value where expressions look for it.
    pub(super) fn put(&self, context: &mut FeelContext, value: Value) {
        match &self.import {
            Some(import) => context.create_entries(&[import.clone(), self.name.clone()], value),
            None => context.set_entry(&self.name, value),
        }
    }
}

#[derive(Clone, Copy)]
enum Element {
    Input(usize),
    Decision(usize),
    Knowledge(usize),
    Service(usize),
}

/// A file that was read.
struct Source<'a> {
    file: &'a str,
    definitions: Definitions,
    tables: Vec<scan::Table>,
}

/// Compiles the files of a pack: `(file, xml)`.
pub(super) fn compile(files: &[(String, String)]) -> Result<Compiled, RuleError> {
    let mut sources = Vec::new();
    for (file, xml) in files {
        let tables = scan::tables(file, xml, Profile::Timed)?;
        let definitions = dsntk_model::parse(xml).map_err(|e| {
            let fix = "save it again from a DMN editor as DMN 1.3 to 1.5";
            RuleError::new(file, None, format!("the model cannot be read: {e}"), fix)
        })?;
        sources.push(Source { file, definitions, tables });
    }
    let mut linker = Linker { sources: &sources, types: Types::default(), elements: HashMap::new(), files: vec![] };
    linker.declare()?;
    let inputs = linker.inputs()?;
    let services = linker.services()?;
    let functions = linker.functions(&inputs, &services)?;
    let decisions = linker.decisions(&inputs, &functions)?;
    let knowledge = linker.knowledge(&functions)?;
    let grounds = linker.grounds();
    let Linker { types, files, .. } = linker;
    let mut compiled = Compiled { files, grounds, types, inputs, decisions, knowledge, services };
    compiled.measure()?;
    Ok(compiled)
}

struct Linker<'a> {
    sources: &'a [Source<'a>],
    types: Types,
    /// By namespace and id: the element and the name of its variable.
    elements: HashMap<(&'a str, String), (Element, Name)>,
    files: Vec<File>,
}

impl<'a> Linker<'a> {
    /// Numbers all elements and takes all types.
    fn declare(&mut self) -> Result<(), RuleError> {
        let (mut inputs, mut decisions, mut knowledge, mut services) = (0, 0, 0, 0);
        let next = |count: &mut usize| std::mem::replace(count, *count + 1);
        for source in self.sources {
            let definitions = &source.definitions;
            let namespace = definitions.namespace();
            if self.files.iter().any(|f| f.namespace == namespace) {
                let message = format!("two models of the pack have the namespace '{namespace}'");
                return Err(RuleError::new(source.file, None, message, "give each a namespace of its own"));
            }
            let types = self.types.add(definitions);
            types.map_err(|e| RuleError::new(source.file, None, e, "correct the item definition"))?;
            let mut named = HashMap::new();
            for input in definitions.input_data() {
                let element = (Element::Input(next(&mut inputs)), input.variable().feel_name().clone());
                self.elements.insert((namespace, input.id().clone()), element);
            }
            for decision in definitions.decisions() {
                let at = next(&mut decisions);
                let element = (Element::Decision(at), decision.variable().feel_name().clone());
                self.elements.insert((namespace, decision.id().clone()), element);
                if named.insert(decision.name().to_owned(), Named::Decision(at)).is_some() {
                    let message = format!("two decisions are named '{}'", decision.name());
                    return Err(RuleError::new(source.file, None, message, "give each a name of its own"));
                }
            }
            for model in definitions.business_knowledge_models() {
                let at = next(&mut knowledge);
                let element = (Element::Knowledge(at), model.variable().feel_name().clone());
                self.elements.insert((namespace, model.id().clone()), element);
                named.entry(model.name().to_owned()).or_insert(Named::Knowledge(at));
            }
            for service in definitions.decision_services() {
                let at = next(&mut services);
                let element = (Element::Service(at), service.variable().feel_name().clone());
                self.elements.insert((namespace, service.id().clone()), element);
                named.entry(service.name().to_owned()).or_insert(Named::Service(at));
            }
            self.files.push(File {
                file: source.file.to_owned(),
                name: definitions.name().to_owned(),
                namespace: namespace.to_owned(),
                named,
            });
        }
        Ok(())
    }

    fn each<T: 'a>(&self, of: impl Fn(&'a Definitions) -> Vec<T>) -> Vec<(usize, &'a Source<'a>, T)> {
        let sources = self.sources.iter().enumerate();
        sources.flat_map(|(at, s)| of(&s.definitions).into_iter().map(move |element| (at, s, element))).collect()
    }

    fn builder<'b>(&'b self, source: &'b Source<'a>, id: &'b str, name: &'b str) -> Builder<'b> {
        let tables = source.tables.iter().filter(|table| table.element == id).collect();
        Builder {
            file: source.file,
            namespace: source.definitions.namespace(),
            element: id,
            name,
            types: &self.types,
            tables,
            functions: false,
            mentioned: vec![],
        }
    }

    fn inputs(&self) -> Result<Vec<InputNode>, RuleError> {
        let all = self.each(|d| d.input_data()).into_iter();
        all.map(|(_, source, input)| {
            let item = input.variable();
            let declared = self.types.declared(source.definitions.namespace(), item.type_ref());
            if !self.types.knows(&declared) {
                let message = format!("the type '{}' of input '{}' is not defined", item.type_ref(), input.name());
                return Err(RuleError::new(source.file, None, message, "define it as an item definition"));
            }
            let type_ref = Some(item.type_ref().clone()).filter(|t| !t.is_empty() && t != "Any");
            let feel_type = self.types.feel_type(&declared);
            Ok(InputNode { name: item.feel_name().clone(), declared, feel_type, type_ref })
        })
        .collect()
    }

    /// The element that a reference of a model leads to, and the import that it goes through.
    fn find(
        &self,
        source: &Source<'_>,
        href: (Option<&String>, &str),
        owner: &str,
    ) -> Result<(Option<Name>, Element, Name), RuleError> {
        let own = source.definitions.namespace();
        let namespace = href.0.map_or(own, String::as_str);
        let namespaces = self.elements.keys().map(|(namespace, _)| *namespace);
        let found = namespaces.into_iter().find(|n| n.trim_end_matches('/') == namespace.trim_end_matches('/'));
        let found = found.and_then(|namespace| self.elements.get(&(namespace, href.1.to_owned())));
        let (element, name) = found.cloned().ok_or_else(|| {
            let message = format!("'{owner}' requires '{}', which does not exist", href.1);
            RuleError::new(
                source.file,
                None,
                message,
                "connect it to an element of this model or of one that it imports",
            )
        })?;
        let imports = source.definitions.imports().iter();
        let same = |n: &str| n.trim_end_matches('/') == namespace.trim_end_matches('/');
        let import = imports.filter(|i| namespace != own && same(i.namespace())).map(|i| i.feel_name().clone()).next();
        Ok((import.filter(|name| !name.is_empty()), element, name))
    }

    /// A type by its reference; one that does not exist is an error.
    fn declared(&self, source: &Source<'_>, type_ref: &str, owner: &str) -> Result<(Declared, FeelType), RuleError> {
        let declared = self.types.declared(source.definitions.namespace(), type_ref);
        if !self.types.knows(&declared) {
            let message = format!("the type '{type_ref}' of '{owner}' is not defined");
            return Err(RuleError::new(source.file, None, message, "define it as an item definition"));
        }
        let feel_type = self.types.feel_type(&declared);
        Ok((declared, feel_type))
    }

    fn services(&self) -> Result<Vec<ServiceNode>, RuleError> {
        let all = self.each(|d| d.decision_services()).into_iter();
        all.map(|(_, source, service)| {
            let owner = service.name();
            let positions = |hrefs: &[_], of: fn(Element) -> Option<usize>| {
                let find = |href: &_| self.position(source, href, owner, of);
                hrefs.iter().map(find).collect::<Result<Vec<_>, _>>()
            };
            let decision = |element| if let Element::Decision(at) = element { Some(at) } else { None };
            let input = |element| if let Element::Input(at) = element { Some(at) } else { None };
            Ok(ServiceNode {
                id: service.id().clone(),
                name: owner.to_owned(),
                feel_type: self.declared(source, service.variable().type_ref(), owner)?.1,
                inputs: positions(service.input_data(), input)?,
                input_decisions: positions(service.input_decisions(), decision)?,
                output_decisions: positions(service.output_decisions(), decision)?,
            })
        })
        .collect()
    }

    fn position(
        &self,
        source: &Source<'_>,
        href: &HRef,
        owner: &str,
        of: fn(Element) -> Option<usize>,
    ) -> Result<usize, RuleError> {
        let (_, element, _) = self.find(source, (href.namespace(), href.id()), owner)?;
        of(element).ok_or_else(|| {
            let message = format!("'{owner}' requires '{}', which is of another kind", href.id());
            RuleError::new(source.file, None, message, "connect it to a decision or an input")
        })
    }

    /// Business knowledge models and services as the functions that expressions call.
    fn functions(&self, inputs: &[InputNode], services: &[ServiceNode]) -> Result<Functions, RuleError> {
        let mut functions = Functions::default();
        for (_, source, model) in self.each(|d| d.business_knowledge_models()) {
            let result = self.declared(source, model.variable().type_ref(), model.name())?.1;
            let builder = self.builder(source, model.id(), model.name());
            let logic = model.encapsulated_logic().as_ref();
            let parameters = logic.map(|logic| builder.parameters(logic)).transpose()?.unwrap_or_default();
            let at = functions.knowledge.len();
            functions.knowledge.push(function(parameters.0, result, move |scope| running::knowledge(at, scope)));
        }
        let decisions = self.each(|d| d.decisions());
        for (at, service) in services.iter().enumerate() {
            let given = service.inputs.iter().map(|i| (inputs[*i].name.clone(), inputs[*i].feel_type.clone()));
            let mut parameters: Vec<_> = given.collect();
            for input in &service.input_decisions {
                let (_, source, decision) = &decisions[*input];
                let feel_type = self.declared(source, decision.variable().type_ref(), decision.name())?.1;
                parameters.push((decision.variable().feel_name().clone(), feel_type));
            }
            let result = service.feel_type.clone();
            functions.services.push(function(parameters, result, move |scope| running::service(at, scope)));
        }
        Ok(functions)
    }

    /// The functions that an element may call, as values and as names to read.
    fn required(
        &self,
        source: &Source<'_>,
        owner: &str,
        requirements: &[KnowledgeRequirement],
        functions: &Functions,
    ) -> Result<(FeelContext, FeelContext), RuleError> {
        let (mut values, mut names) = (FeelContext::default(), FeelContext::default());
        for requirement in requirements {
            let href = requirement.required_knowledge();
            let (import, element, name) = self.find(source, (href.namespace(), href.id()), owner)?;
            let (at, value) = match element {
                Element::Knowledge(at) => (at, functions.knowledge[at].clone()),
                Element::Service(at) => (at, functions.services[at].clone()),
                Element::Input(_) | Element::Decision(_) => {
                    let message = format!("'{owner}' calls '{name}', which is no function");
                    let fix = "require a business knowledge model or a decision service";
                    return Err(RuleError::new(source.file, None, message, fix));
                }
            };
            let needed = Needed { import, name, at };
            needed.put(&mut values, value);
            needed.put(&mut names, Value::Null(None));
        }
        Ok((values, names))
    }

    fn decisions(&self, inputs: &[InputNode], functions: &Functions) -> Result<Vec<DecisionNode>, RuleError> {
        let all = self.each(|d| d.decisions());
        let types = all.iter().map(|(_, s, d)| self.declared(s, d.variable().type_ref(), d.name()));
        let types = types.collect::<Result<Vec<_>, RuleError>>()?;
        let mut nodes = Vec::new();
        for (at, (file, source, decision)) in all.iter().enumerate() {
            let owner = decision.name();
            let (knowledge, mut names) = self.required(source, owner, decision.knowledge_requirements(), functions)?;
            let (mut needed_inputs, mut needed_decisions) = (vec![], vec![]);
            for requirement in decision.information_requirements() {
                let hrefs = [requirement.required_decision(), requirement.required_input()];
                for href in hrefs.into_iter().flatten() {
                    let (import, element, name) = self.find(source, (href.namespace(), href.id()), owner)?;
                    let (at, sample, into) = match element {
                        Element::Decision(at) => (at, Types::sample(&types[at].1), &mut needed_decisions),
                        Element::Input(at) => (at, Types::sample(&inputs[at].feel_type), &mut needed_inputs),
                        Element::Knowledge(_) | Element::Service(_) => continue,
                    };
                    let needed = Needed { import, name, at };
                    needed.put(&mut names, sample);
                    into.push(needed);
                }
            }
            let mut builder = self.builder(source, decision.id(), owner);
            let scope = FeelScope::from(names);
            let logic = decision.decision_logic().as_ref().map(|logic| builder.build(&scope, logic)).transpose()?;
            let deep = builder.functions || !decision.knowledge_requirements().is_empty();
            nodes.push(DecisionNode {
                file: *file,
                id: decision.id().clone(),
                name: owner.to_owned(),
                variable: decision.variable().feel_name().clone(),
                declared: types[at].0.clone(),
                feel_type: types[at].1.clone(),
                inputs: needed_inputs,
                decisions: needed_decisions,
                knowledge,
                logic,
                deep,
            });
        }
        Ok(nodes)
    }

    fn knowledge(&self, functions: &Functions) -> Result<Vec<KnowledgeNode>, RuleError> {
        let mut nodes = Vec::new();
        for (file, source, model) in self.each(|d| d.business_knowledge_models()) {
            let owner = model.name();
            let (knowledge, names) = self.required(source, owner, model.knowledge_requirements(), functions)?;
            let mut builder = self.builder(source, model.id(), owner);
            let (mut parameters, mut body) = (vec![], None);
            if let Some(logic) = model.encapsulated_logic() {
                if *logic.kind() != FunctionKind::Feel {
                    return Err(builder.error("it is a function of another program", "write the function in FEEL"));
                }
                let (given, sample) = builder.parameters(logic)?;
                let scope = FeelScope::from(names);
                scope.push(sample);
                parameters = given;
                body = logic.body().as_ref().map(|body| builder.build(&scope, body)).transpose()?;
            }
            nodes.push(KnowledgeNode {
                file,
                id: model.id().clone(),
                name: owner.to_owned(),
                parameters,
                feel_type: self.declared(source, model.variable().type_ref(), owner)?.1,
                knowledge,
                body,
            });
        }
        Ok(nodes)
    }

    /// By file: what lies under every scope, with the types that `instance of` may name.
    fn grounds(&self) -> Vec<FeelContext> {
        let ground = |source: &Source<'_>| {
            let mut ground = guard::ground();
            let definitions = &source.definitions;
            for import in definitions.imports() {
                let imported = self.sources.iter().find(|s| s.definitions.namespace() == import.namespace());
                for item in imported.iter().flat_map(|s| s.definitions.item_definitions()) {
                    let declared = Declared::Item(import.namespace().to_owned(), item.name().to_owned());
                    let needed = Needed {
                        import: Some(import.feel_name().clone()).filter(|name| !name.is_empty()),
                        name: Name::from(item.name()),
                        at: 0,
                    };
                    needed.put(&mut ground, Value::FeelType(self.types.feel_type(&declared)));
                }
            }
            for item in definitions.item_definitions() {
                let declared = Declared::Item(definitions.namespace().to_owned(), item.name().to_owned());
                ground.set_entry(&Name::from(item.name()), Value::FeelType(self.types.feel_type(&declared)));
            }
            ground
        };
        self.sources.iter().map(ground).collect()
    }
}

#[derive(Default)]
struct Functions {
    knowledge: Vec<Value>,
    services: Vec<Value>,
}

fn function(
    parameters: Vec<(Name, FeelType)>,
    result: FeelType,
    body: impl Fn(&FeelScope) -> Value + Send + Sync + 'static,
) -> Value {
    let body = FunctionBody::LiteralExpression(Arc::new(Box::new(body) as Evaluator));
    Value::FunctionDefinition(parameters, body, false, Closure::default(), FeelContext::default(), result)
}

impl Compiled {
    /// Finds circles, and what needs a thread with much stack.
    fn measure(&mut self) -> Result<(), RuleError> {
        let mut known: HashMap<usize, (usize, bool)> = HashMap::new();
        for at in 0..self.decisions.len() {
            self.chain(at, &mut HashSet::new(), &mut known)?;
        }
        for (at, decision) in self.decisions.iter_mut().enumerate() {
            decision.deep = known.get(&at).is_none_or(|(chain, deep)| *deep || *chain > SHORT_CHAIN);
        }
        Ok(())
    }

    /// Length of the longest chain from a decision downwards, and whether anything on it calls functions.
    fn chain(
        &self,
        at: usize,
        above: &mut HashSet<usize>,
        known: &mut HashMap<usize, (usize, bool)>,
    ) -> Result<(usize, bool), RuleError> {
        if let Some(known) = known.get(&at) {
            return Ok(*known);
        }
        let decision = &self.decisions[at];
        if above.len() >= MAX_CHAIN || !above.insert(at) {
            return Err(self.too_long(decision));
        }
        let (mut longest, mut deep) = (0, decision.deep);
        for below in &decision.decisions {
            let (chain, below) = self.chain(below.at, above, known)?;
            (longest, deep) = (longest.max(chain), deep || below);
        }
        above.remove(&at);
        if longest >= MAX_CHAIN {
            return Err(self.too_long(decision));
        }
        known.insert(at, (longest + 1, deep));
        Ok((longest + 1, deep))
    }

    fn too_long(&self, decision: &DecisionNode) -> RuleError {
        let message = format!("decision '{}' requires itself or a chain of more than {MAX_CHAIN}", decision.name);
        let fix = "remove the requirement that closes the circle";
        RuleError::new(&self.files[decision.file].file, None, message, fix)
    }

    /// Inputs of a decision and of those below it.
    pub(super) fn needs(&self, at: usize, seen: &mut HashSet<usize>, into: &mut Vec<usize>) {
        if !seen.insert(at) {
            return;
        }
        for input in &self.decisions[at].inputs {
            if !into.contains(&input.at) {
                into.push(input.at);
            }
        }
        for below in &self.decisions[at].decisions {
            self.needs(below.at, seen, into);
        }
    }
}
