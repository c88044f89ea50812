//! Functions that a model declares as Java (DMN 1.5, 10.3.2.13.3). No other program is ever asked: a handful of pure
//! functions of Java's own library are calculated here, any other is null with a reason.

use std::str::FromStr;

use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value;
use dsntk_feel::{FeelNumber, Name};

/// Calls what a mapping names: `{java: {class: …, method signature: …}}`, or its inner context.
pub(crate) fn call(mapping: &Value, arguments: &[Value]) -> Value {
    known(mapping, arguments)
        .unwrap_or_else(|| Value::Null(Some("the function is of another program, which is not asked".to_owned())))
}

fn known(mapping: &Value, arguments: &[Value]) -> Option<Value> {
    let Value::Context(mapping) = mapping else { return None };
    let java = match mapping.get_entry(&Name::from("java")) {
        Some(Value::Context(java)) => java,
        _ => mapping,
    };
    let (class, signature) = (text(java, "class")?, text(java, "method signature")?);
    let (method, types) = signature.trim().strip_suffix(')')?.split_once('(')?;
    let types: Vec<&str> = types.split(',').map(str::trim).filter(|t| !t.is_empty()).collect();
    let fit = types.len() == arguments.len() && types.iter().zip(arguments).all(|(of, given)| fits(of, given));
    let numbers: Option<Vec<FeelNumber>> = arguments.iter().map(number).collect();
    match (class.strip_prefix("java.lang.")?, method.trim(), fit) {
        ("Math", method, true) => numbers.and_then(|numbers| math(method, &numbers)).map(Value::Number),
        ("Byte" | "Short" | "Integer" | "Long" | "Float" | "Double", "valueOf", true) => match arguments {
            [Value::String(s)] => FeelNumber::from_str(s.trim()).ok().map(Value::Number),
            [number] => Some(number.clone()),
            _ => None,
        },
        ("String", "valueOf", true) => match arguments {
            [Value::String(s)] => Some(Value::String(s.clone())),
            [other] => Some(Value::String(other.to_string())),
            _ => None,
        },
        ("String", "format", true) => format(arguments).map(Value::String),
        _ => None,
    }
}

fn text<'c>(context: &'c FeelContext, name: &str) -> Option<&'c str> {
    match context.get_entry(&Name::from(name)) {
        Some(Value::String(s)) => Some(s),
        _ => None,
    }
}

fn fits(of: &str, given: &Value) -> bool {
    match of.trim_start_matches("java.lang.") {
        "char" => matches!(given, Value::String(s) if s.chars().count() == 1),
        "String" => given.is_string(),
        "boolean" | "Boolean" => matches!(given, Value::Boolean(_)),
        "byte" | "short" | "int" | "long" | "Byte" | "Short" | "Integer" | "Long" => {
            number(given).is_some_and(|n| n.is_integer())
        }
        "float" | "double" | "Float" | "Double" => given.is_number(),
        "Object" | "[Ljava.lang.Object;" => true,
        _ => false,
    }
}

fn number(value: &Value) -> Option<FeelNumber> {
    if let Value::Number(n) = value { Some(*n) } else { None }
}

fn math(method: &str, numbers: &[FeelNumber]) -> Option<FeelNumber> {
    match (method, numbers) {
        ("max", [a, b]) => Some(if a >= b { *a } else { *b }),
        ("min", [a, b]) => Some(if a <= b { *a } else { *b }),
        ("pow", [a, b]) => a.pow(b),
        ("abs", [a]) => Some(a.abs()),
        ("ceil", [a]) => a.ceiling(0).ok(),
        ("floor", [a]) => a.floor(0).ok(),
        ("sqrt", [a]) => a.sqrt(),
        ("exp", [a]) => a.exp(),
        ("log", [a]) => a.ln(),
        ("sin", [a]) => by_float(a, f64::sin),
        ("cos", [a]) => by_float(a, f64::cos),
        ("tan", [a]) => by_float(a, f64::tan),
        _ => None,
    }
}

fn by_float(number: &FeelNumber, of: impl Fn(f64) -> f64) -> Option<FeelNumber> {
    let result = of(number.to_string().parse().ok()?);
    result.is_finite().then(|| FeelNumber::from_str(&result.to_string()).ok()).flatten()
}

/// `%s` and `%d` in turn; anything else after `%` is not known here.
fn format(arguments: &[Value]) -> Option<String> {
    let (Value::String(pattern), given) = arguments.split_first()? else { return None };
    let given = given.iter().flat_map(|one| match one {
        Value::List(items) => items.clone(),
        one => vec![one.clone()],
    });
    let mut given = given.map(|one| if let Value::String(s) = one { s } else { one.to_string() });
    let mut out = String::new();
    let mut rest = pattern.as_str();
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        match after.chars().next()? {
            's' | 'd' => out.push_str(&given.next()?),
            '%' => out.push('%'),
            _ => return None,
        }
        rest = &after[1..];
    }
    out.push_str(rest);
    Some(out)
}
