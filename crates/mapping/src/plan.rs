//! The native fast path: a mapping that is plain construction of an object from paths needs no interpreter.
//!
//! A plan answers only when every path leads through objects, arrays and nulls; anything that jq would call an error
//! is left to jq, so that both ways give the same result by construction.

use std::borrow::Cow;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::{Opt, Part, Path};
use serde_json::{Map, Number, Value};

use crate::error::MappingFault;
use crate::shape::{self, Mapped, MappedValue};

enum Step {
    Key(String),
    Index(usize),
}

enum Expr {
    Path(Vec<Step>),
    Const(Value),
    Obj(Vec<(String, Expr)>),
    Arr(Vec<Expr>),
}

enum Target {
    Any(Expr),
    WithUnit { value: Expr, unit: Expr },
}

/// A mapping that runs natively.
pub(crate) struct Plan {
    at: Expr,
    values: Vec<(String, Target)>,
    simulated: Option<Expr>,
    device: Option<Expr>,
}

impl Plan {
    /// The plan of an expression, if it is plain enough.
    pub(crate) fn of(term: &Term<&str>) -> Option<Self> {
        let Expr::Obj(entries) = expr(term)? else { return None };
        let (mut at, mut values, mut simulated, mut device) = (None, None, None, None);
        for (key, e) in entries {
            let slot = match key.as_str() {
                "at" => &mut at,
                "values" => &mut values,
                "simulated" => &mut simulated,
                "device" => &mut device,
                _ => return None,
            };
            if slot.replace(e).is_some() {
                return None;
            }
        }
        let Expr::Obj(entries) = values? else { return None };
        let mut targets: Vec<(String, Target)> = Vec::with_capacity(entries.len());
        for (name, e) in entries {
            if targets.iter().any(|(n, _)| *n == name) {
                return None;
            }
            targets.push((name, target(e)));
        }
        Some(Self { at: at?, values: targets, simulated, device })
    }

    /// The reading, or nothing where jq has to decide.
    pub(crate) fn apply(&self, payload: &Value) -> Option<Result<Mapped, MappingFault>> {
        let at = self.at.eval(payload)?;
        let simulated = eval_opt(self.simulated.as_ref(), payload)?;
        let device = eval_opt(self.device.as_ref(), payload)?;
        let mut inputs = Vec::with_capacity(self.values.len());
        for (name, target) in &self.values {
            inputs.push((name, target.eval(payload)?));
        }
        Some(self.assemble(&at, simulated.as_deref(), device.as_deref(), inputs))
    }

    fn assemble(
        &self,
        at: &Value,
        simulated: Option<&Value>,
        device: Option<&Value>,
        inputs: Vec<(&String, Evaluated<'_>)>,
    ) -> Result<Mapped, MappingFault> {
        let at = shape::time(at)?;
        let simulated = shape::simulated(simulated)?;
        let device = shape::device(device)?;
        let mut values = Vec::with_capacity(inputs.len());
        for (name, input) in inputs {
            let value = match input {
                Evaluated::Any(v) => shape::value(name, &v)?,
                Evaluated::WithUnit(value, _) if value.is_null() => None,
                Evaluated::WithUnit(value, unit) => {
                    Some(MappedValue { unit: shape::unit(name, Some(&unit))?, value: value.into_owned() })
                }
            };
            values.extend(value.map(|v| (name.clone(), v)));
        }
        Ok(Mapped { at, values, simulated, device })
    }
}

enum Evaluated<'a> {
    Any(Cow<'a, Value>),
    WithUnit(Cow<'a, Value>, Cow<'a, Value>),
}

impl Target {
    fn eval<'a>(&'a self, payload: &'a Value) -> Option<Evaluated<'a>> {
        Some(match self {
            Self::Any(e) => Evaluated::Any(e.eval(payload)?),
            Self::WithUnit { value, unit } => Evaluated::WithUnit(value.eval(payload)?, unit.eval(payload)?),
        })
    }
}

fn eval_opt<'a>(e: Option<&'a Expr>, payload: &'a Value) -> Option<Option<Cow<'a, Value>>> {
    e.map_or(Some(None), |e| e.eval(payload).map(Some))
}

/// `{value: …, unit: …}` is taken apart once, here.
fn target(e: Expr) -> Target {
    match e {
        Expr::Obj(mut entries) if entries.len() == 2 && entries[0].0 == "value" && entries[1].0 == "unit" => {
            match (entries.pop(), entries.pop()) {
                (Some((_, unit)), Some((_, value))) => Target::WithUnit { value, unit },
                _ => Target::Any(Expr::Obj(entries)),
            }
        }
        other => Target::Any(other),
    }
}

impl Expr {
    fn eval<'a>(&'a self, payload: &'a Value) -> Option<Cow<'a, Value>> {
        match self {
            Self::Const(v) => Some(Cow::Borrowed(v)),
            Self::Path(steps) => walk(steps, payload).map(Cow::Borrowed),
            Self::Arr(items) => {
                let items: Option<Vec<Value>> = items.iter().map(|e| e.eval(payload).map(Cow::into_owned)).collect();
                items.map(|a| Cow::Owned(Value::Array(a)))
            }
            Self::Obj(entries) => {
                let mut map = Map::new();
                for (key, e) in entries {
                    map.insert(key.clone(), e.eval(payload)?.into_owned());
                }
                Some(Cow::Owned(Value::Object(map)))
            }
        }
    }
}

fn walk<'a>(steps: &[Step], payload: &'a Value) -> Option<&'a Value> {
    const NULL: &Value = &Value::Null;
    let mut here = payload;
    for step in steps {
        here = match (here, step) {
            (Value::Object(o), Step::Key(k)) => o.get(k).unwrap_or(NULL),
            (Value::Array(a), Step::Index(i)) => a.get(*i).unwrap_or(NULL),
            (Value::Null, _) => NULL,
            _ => return None,
        };
    }
    Some(here)
}

fn expr(term: &Term<&str>) -> Option<Expr> {
    match term {
        Term::Id => Some(Expr::Path(Vec::new())),
        Term::Num(n) => number(n).map(|n| Expr::Const(Value::Number(n))),
        Term::Str(..) => plain_text(term).map(|s| Expr::Const(Value::String(s))),
        Term::Call(name, arguments) if arguments.is_empty() => match *name {
            "true" => Some(Expr::Const(Value::Bool(true))),
            "false" => Some(Expr::Const(Value::Bool(false))),
            "null" => Some(Expr::Const(Value::Null)),
            _ => None,
        },
        Term::Path(head, Path(parts)) if matches!(**head, Term::Id) => {
            parts.iter().map(step).collect::<Option<Vec<Step>>>().map(Expr::Path)
        }
        Term::Arr(None) => Some(Expr::Arr(Vec::new())),
        Term::Arr(Some(inner)) => {
            let mut items = Vec::new();
            elements(inner, &mut items)?;
            Some(Expr::Arr(items))
        }
        Term::Obj(entries) => entries.iter().map(entry).collect::<Option<Vec<_>>>().map(Expr::Obj),
        _ => None,
    }
}

fn entry((key, value): &(Term<&str>, Option<Term<&str>>)) -> Option<(String, Expr)> {
    let key = plain_text(key)?;
    let value = match value {
        Some(v) => expr(v)?,
        None => Expr::Path(vec![Step::Key(key.clone())]),
    };
    Some((key, value))
}

fn elements(term: &Term<&str>, into: &mut Vec<Expr>) -> Option<()> {
    if let Term::BinOp(l, BinaryOp::Comma, r) = term {
        elements(l, into)?;
        elements(r, into)
    } else {
        into.push(expr(term)?);
        Some(())
    }
}

fn step((part, opt): &(Part<Term<&str>>, Opt)) -> Option<Step> {
    match (part, opt) {
        (Part::Index(Term::Num(n)), Opt::Essential) => n.parse().ok().map(Step::Index),
        (Part::Index(key), Opt::Essential) => plain_text(key).map(Step::Key),
        _ => None,
    }
}

fn plain_text(term: &Term<&str>) -> Option<String> {
    let Term::Str(None, parts) = term else { return None };
    parts.iter().map(|p| if let StrPart::Str(s) = p { Some(*s) } else { None }).collect()
}

fn number(n: &str) -> Option<Number> {
    n.parse::<i64>().map(Number::from).ok().or_else(|| n.parse().ok().and_then(Number::from_f64))
}
