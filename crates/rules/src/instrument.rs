//! Puts the guard's calls into a parsed expression, and refuses what the full profile does not run.

use dsntk_feel::Name;
use dsntk_feel_parser::AstNode;

use crate::guard::{CLOCK, EXTERNAL, HELD, HIDDEN, MOMENT, SCALE, SHORT, TICK};

/// Functions whose result may be the product of their arguments.
const MULTIPLYING: [&str; 2] = ["replace", "string join"];

/// An expression with its bounds.
pub(crate) struct Instrumented {
    pub(crate) node: AstNode,
    /// It iterates, filters or names the clock: the guard's names must lie under its scope.
    pub(crate) guarded: bool,
    /// It defines functions: only on a thread with much stack.
    pub(crate) functions: bool,
    /// How deep it nests.
    pub(crate) levels: usize,
}

/// Functions with a scale as their second argument.
const ROUNDING: [&str; 4] = ["round up", "round down", "round half up", "round half down"];

/// The same expression with its bounds; an error says what is refused.
pub(crate) fn instrumented(mut node: AstNode) -> Result<Instrumented, &'static str> {
    let mut visitor = Visitor::default();
    visitor.visit(&mut node)?;
    Ok(Instrumented { node, guarded: visitor.guarded, functions: visitor.functions, levels: visitor.deepest })
}

#[derive(Default)]
struct Visitor {
    guarded: bool,
    functions: bool,
    level: usize,
    deepest: usize,
}

fn call(name: &str, arguments: Vec<AstNode>) -> AstNode {
    let callee = AstNode::Name(Name::from(name));
    AstNode::FunctionInvocation(Box::new(callee), Box::new(AstNode::PositionalParameters(arguments)))
}

/// Takes a node out of its place and puts another there.
fn replaced(place: &mut AstNode, with: impl FnOnce(AstNode) -> AstNode) {
    let node = std::mem::replace(place, AstNode::Null);
    *place = with(node);
}

/// Counts before it evaluates, weighs the result.
fn held(node: AstNode) -> AstNode {
    call(HELD, vec![call(TICK, vec![]), node])
}

/// Counts before it evaluates.
fn ticked(node: AstNode) -> AstNode {
    AstNode::If(Box::new(call(TICK, vec![])), Box::new(node), Box::new(AstNode::Null))
}

fn known(text: &str) -> Result<(), &'static str> {
    if text.contains(HIDDEN) { Err("a control character") } else { Ok(()) }
}

/// A function of another program as one of ours that is asked with the mapping and the arguments.
fn made_internal(parameters: &AstNode, body: &mut AstNode) {
    let AstNode::FunctionBody(mapping, external @ true) = body else { return };
    *external = false;
    let AstNode::FormalParameters(parameters) = parameters else { return };
    let names = parameters.iter().filter_map(|parameter| match parameter {
        AstNode::FormalParameter(name, _) => match &**name {
            AstNode::ParameterName(name) => Some(AstNode::Name(name.clone())),
            _ => None,
        },
        _ => None,
    });
    let arguments = AstNode::List(names.collect());
    replaced(mapping, |mapping| call(EXTERNAL, vec![mapping, arguments]));
}

/// dsntk reads `a.b * 2` as the entry `b*2` of `a` where the entries of `a` are not declared.
fn calculates(name: &str) -> bool {
    let number_after = |at: usize| name[at + 1..].starts_with(|c: char| c.is_ascii_digit());
    name.contains(['*', '/', '+']) || name.match_indices('-').any(|(at, _)| number_after(at))
}

fn several(contexts: &AstNode) -> bool {
    matches!(contexts, AstNode::QuantifiedContexts(all) if all.len() > 1)
}

/// `some x in A, y in B satisfies P` as `some x in A satisfies some y in B satisfies P`: dsntk would go on through all
/// pairs after it knows the answer, without asking anybody.
fn nest(node: &mut AstNode) {
    let quantified: fn(Box<AstNode>, Box<AstNode>) -> AstNode =
        if matches!(node, AstNode::Some(..)) { AstNode::Some } else { AstNode::Every };
    let (AstNode::Some(contexts, condition) | AstNode::Every(contexts, condition)) = node else { return };
    let AstNode::QuantifiedContexts(all) = &mut **contexts else { return };
    let below = AstNode::QuantifiedContexts(all.split_off(1));
    replaced(condition, |condition| AstNode::Satisfies(Box::new(quantified(Box::new(below), Box::new(condition)))));
}

/// Both operands of a node that has two, else the node.
fn operands(node: &mut AstNode) -> Result<(&mut AstNode, &mut AstNode), &mut AstNode> {
    use AstNode as N;
    match node {
        N::Add(a, b)
        | N::And(a, b)
        | N::ContextEntry(a, b)
        | N::ContextTypeEntry(a, b)
        | N::Div(a, b)
        | N::Eq(a, b)
        | N::Every(a, b)
        | N::Exp(a, b)
        | N::FormalParameter(a, b)
        | N::FunctionType(a, b)
        | N::Ge(a, b)
        | N::Gt(a, b)
        | N::In(a, b)
        | N::InstanceOf(a, b)
        | N::IterationContextSingle(a, b)
        | N::Le(a, b)
        | N::Lt(a, b)
        | N::Mul(a, b)
        | N::NamedParameter(a, b)
        | N::Nq(a, b)
        | N::Or(a, b)
        | N::Out(a, b)
        | N::QuantifiedContext(a, b)
        | N::Range(a, b)
        | N::Some(a, b)
        | N::Sub(a, b) => Ok((a, b)),
        other => Err(other),
    }
}

/// What a node of another kind consists of.
fn parts(node: &mut AstNode) -> Vec<&mut AstNode> {
    use AstNode as N;
    match node {
        N::If(a, b, c) | N::Between(a, b, c) | N::IterationContextInterval(a, b, c) => vec![a, b, c],
        N::EvaluatedExpression(a)
        | N::IntervalEnd(a, _)
        | N::IntervalStart(a, _)
        | N::ListType(a)
        | N::Neg(a)
        | N::RangeType(a)
        | N::UnaryEq(a)
        | N::UnaryGe(a)
        | N::UnaryGt(a)
        | N::UnaryLe(a)
        | N::UnaryLt(a)
        | N::UnaryNe(a) => vec![a],
        N::CommaList(nodes)
        | N::Context(nodes)
        | N::ContextType(nodes)
        | N::ExpressionList(nodes)
        | N::FormalParameters(nodes)
        | N::IterationContexts(nodes)
        | N::List(nodes)
        | N::NamedParameters(nodes)
        | N::NegatedList(nodes)
        | N::ParameterTypes(nodes)
        | N::PositionalParameters(nodes)
        | N::QualifiedName(nodes)
        | N::QuantifiedContexts(nodes) => nodes.iter_mut().collect(),
        _ => vec![],
    }
}

impl Visitor {
    fn visit_two(&mut self, a: &mut AstNode, b: &mut AstNode) -> Result<(), &'static str> {
        self.visit(a)?;
        self.visit(b)
    }

    fn visit(&mut self, node: &mut AstNode) -> Result<(), &'static str> {
        self.level += 1;
        self.deepest = self.deepest.max(self.level);
        self.visit_below(node)?;
        self.level -= 1;
        Ok(())
    }

    fn visit_below(&mut self, node: &mut AstNode) -> Result<(), &'static str> {
        use AstNode as N;
        match node {
            N::FunctionBody(body, _) => {
                self.visit(body)?;
                replaced(body, held);
            }
            N::For(contexts, body) => {
                self.guarded = true;
                self.visit_two(contexts, body)?;
                replaced(body, held);
            }
            N::Some(contexts, _) | N::Every(contexts, _) if several(contexts) => {
                nest(node);
                return self.visit(node);
            }
            N::Satisfies(condition) => {
                self.guarded = true;
                self.visit(condition)?;
                replaced(condition, ticked);
            }
            N::Filter(list, condition) => {
                self.guarded = true;
                self.visit_two(list, condition)?;
                replaced(condition, ticked);
            }
            N::FunctionDefinition(parameters, body) => {
                (self.guarded, self.functions) = (true, true);
                self.visit_two(parameters, body)?;
                made_internal(parameters, body);
                replaced(node, held);
            }
            N::FunctionInvocation(callee, arguments) => return self.invocation(callee, arguments),
            N::Name(name) if MULTIPLYING.contains(&name.as_str()) => {
                return Err("a function that makes long texts, not called in place");
            }
            N::Name(name) if CLOCK.contains(&name.as_str()) => self.guarded = true,
            N::ContextEntryKey(name) | N::ParameterName(name) | N::Name(name) => return known(name.as_str()),
            N::String(text) | N::At(text) => return known(text),
            // What stands behind the dot is a name and nothing to look up.
            N::Path(a, name) => {
                if matches!(&**name, N::Name(name) if calculates(name.as_str())) {
                    return Err("a sign after a dot, which would be read as part of a name");
                }
                self.visit(a)?;
            }
            N::Ge(..) | N::Gt(..) | N::Le(..) | N::Lt(..) | N::Between(..) => {
                self.visit_parts(node)?;
                self.compared(node);
            }
            other => self.visit_parts(other)?,
        }
        Ok(())
    }

    fn visit_parts(&mut self, node: &mut AstNode) -> Result<(), &'static str> {
        match operands(node) {
            Ok((a, b)) => self.visit_two(a, b),
            Err(other) => parts(other).into_iter().try_for_each(|part| self.visit(part)),
        }
    }

    /// What is compared may be moments, unless a number, a text or the like stands there.
    fn compared(&mut self, node: &mut AstNode) {
        let all = match operands(node) {
            Ok((a, b)) => vec![a, b],
            Err(other) => parts(other),
        };
        let plain = |node: &AstNode| match node {
            AstNode::Neg(inner) => matches!(**inner, AstNode::Numeric(..)),
            other => matches!(other, AstNode::Numeric(..) | AstNode::String(_) | AstNode::Boolean(_) | AstNode::Null),
        };
        if all.iter().any(|node| plain(node)) {
            return;
        }
        self.guarded = true;
        all.into_iter().for_each(|node| replaced(node, |node| call(MOMENT, vec![node])));
    }

    fn invocation(&mut self, callee: &mut AstNode, arguments: &mut AstNode) -> Result<(), &'static str> {
        self.visit(arguments)?;
        if let (AstNode::Name(name), AstNode::PositionalParameters(all)) = (&*callee, &mut *arguments)
            && ROUNDING.contains(&name.as_str())
            && let [_, scale] = all.as_mut_slice()
            && !matches!(scale, AstNode::Numeric(whole, ..) if whole.len() < 4)
        {
            self.guarded = true;
            replaced(scale, |scale| call(SCALE, vec![scale]));
        }
        let multiplying = matches!(callee, AstNode::Name(name) if MULTIPLYING.contains(&name.as_str()));
        if !multiplying {
            return self.visit(callee);
        }
        self.guarded = true;
        match arguments {
            // The text that is searched and the list that is joined may be long, what is put in may not.
            AstNode::PositionalParameters(all) => {
                all.iter_mut().skip(1).for_each(|argument| replaced(argument, |a| call(SHORT, vec![a])));
            }
            AstNode::NamedParameters(all) => {
                for argument in all {
                    if let AstNode::NamedParameter(name, value) = argument
                        && !matches!(&**name, AstNode::ParameterName(n) if ["input", "list"].contains(&n.as_str()))
                    {
                        replaced(value, |a| call(SHORT, vec![a]));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}
