//! A compiled jq expression and the library it may use.

use jaq_core::data::JustLut;
use jaq_core::load::parse::Def;
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::native::{Fun, bome, run, unary, v};
use jaq_core::{Compiler, Ctx, Error, Filter, Vars};

use crate::error::{FaultCode, MappingError, MappingFault};
use crate::fuel;
use crate::val::{Val, from_json};

type Data = JustLut<Val>;

/// Results of one evaluation: a batch of that many readings in one payload is still a device, more is a flood.
pub const MAX_OUTPUTS: usize = 1_000;

/// jq's own definitions let in: those that end on every input and make no updates.
const DEFINITIONS: &[&str] = &[
    "empty",
    "error",
    "true",
    "false",
    "null",
    "not",
    "select",
    "tostring",
    "range",
    "getpath",
    "map",
    "first",
    "last",
    "nth",
    "to_entries",
    "from_entries",
    "with_entries",
    "isempty",
    "all",
    "any",
    "isboolean",
    "isnumber",
    "isstring",
    "isarray",
    "isobject",
    "abs",
    "type",
    "values",
    "nulls",
    "booleans",
    "numbers",
    "strings",
    "arrays",
    "objects",
    "iterables",
    "scalars",
    "add",
    "min_by",
    "max_by",
    "min",
    "max",
    "unique_by",
    "unique",
    "keys",
    "capture_of_match",
    "test",
    "match",
    "capture",
    "split",
    "splits",
    "sub",
    "gsub",
    "todate",
    "fromdate",
    "totype",
    "tonumber",
    "toboolean",
    "in",
    "@text",
    "@json",
];

/// jq's native functions let in: pure ones, without clock, environment, time zone of the machine, log or exit.
const FUNCTIONS: &[&str] = &[
    "error_empty",
    "range",
    "keys_unsorted",
    "key_values",
    "first",
    "last",
    "limit",
    "skip",
    "floor",
    "round",
    "ceil",
    "utf8bytelength",
    "ascii_downcase",
    "ascii_upcase",
    "reverse",
    "sort",
    "sort_by",
    "group_by",
    "min_by_or_empty",
    "max_by_or_empty",
    "startswith",
    "endswith",
    "ltrimstr",
    "rtrimstr",
    "trim",
    "ltrim",
    "rtrim",
    "fabs",
    "sqrt",
    "pow",
    "exp",
    "exp2",
    "exp10",
    "log",
    "log2",
    "log10",
    "sin",
    "cos",
    "tan",
    "atan",
    "atan2",
    "trunc",
    "matches",
    "split_matches",
    "split_",
    "fromdateiso8601",
    "todateiso8601",
    "strftime",
    "gmtime",
    "strptime",
    "mktime",
];

/// An expression ready to run; never parses again.
pub(crate) struct Program(Filter<Data>);

impl Program {
    /// Compiles an expression that passed the guard.
    pub(crate) fn compile(file: &str, source: &str) -> Result<Self, MappingError> {
        let arena = Arena::default();
        let loaded = Loader::new(definitions()).load(&arena, File { code: source, path: () });
        let modules = loaded.map_err(|_| {
            MappingError::at(file, source, 0, "the expression cannot be read", "check it against the jq manual")
        })?;
        Compiler::default().with_funs(functions()).compile(modules).map(Self).map_err(|errors| {
            let first = errors.into_iter().flat_map(|(_, e)| e).next();
            let Some((name, kind)) = first else {
                return MappingError::at(file, source, 0, "the expression cannot be compiled", "simplify it");
            };
            MappingError::at(
                file,
                source,
                load::span(source, name).start,
                format!("there is no {} '{name}' in a mapping", kind.as_str()),
                "use the functions listed in docs/packs.md; environment, input and clock are not among them",
            )
        })
    }

    /// All results for one input.
    pub(crate) fn run(&self, input: Val) -> Result<Vec<Val>, MappingFault> {
        fuel::refill();
        let context = Ctx::<Data>::new(&self.0.lut, Vars::new([]));
        let mut results = Vec::new();
        for result in self.0.id.run((context, input)) {
            let value = result.map_err(|e| {
                let text = e.get_err().map_or_else(|_| "the expression stopped".to_owned(), |e| e.to_string());
                MappingFault::new(FaultCode::MappingError, text)
            })?;
            if results.len() == MAX_OUTPUTS {
                let detail = format!("the expression gives more than {MAX_OUTPUTS} results");
                return Err(MappingFault::new(FaultCode::MappingError, detail));
            }
            results.push(value);
        }
        // Collecting into arrays stops silently when the fuel is out; the truth comes out here.
        fuel::burn(0).map_err(|_| MappingFault::new(FaultCode::MappingError, fuel::MESSAGE))?;
        Ok(results)
    }
}

fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    let conversions = load::parse(
        "def totype(p; e): if p then . else fromjson | if p then . else e end end;
         def tonumber: totype(isnumber; error(\"cannot parse as number\"));
         def toboolean: totype(isboolean; error(\"cannot parse as boolean\"));
         def in(xs): . as $x | xs | has($x);
         def @json: tojson;",
        |p| p.defs(),
    );
    jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(conversions.unwrap_or_default())
        .filter(|d| DEFINITIONS.contains(&d.name))
}

fn functions() -> impl Iterator<Item = Fun<Data>> {
    jaq_core::funs().chain(jaq_std::funs()).filter(|(name, ..)| FUNCTIONS.contains(name)).chain(own())
}

/// Functions over the value itself, which jaq leaves to the owner of the value type.
fn own() -> Vec<Fun<Data>> {
    vec![
        run(("length", v(0), |cv| bome(length(&cv.1)))),
        run(("tojson", v(0), |cv| bome(Ok(Val::from(cv.1.to_json_text()))))),
        run(("fromjson", v(0), |cv| {
            bome(match &cv.1 {
                Val::Str(s) => from_json(s),
                other => Err(Error::typ(other.clone(), "string")),
            })
        })),
        run(("has", v(1), |cv| unary(cv, |x, key| has(&x, &key).map(Val::from)))),
        run(("contains", v(1), |cv| unary(cv, |x, y| contains(&x, &y).map(Val::from)))),
        run(("join", v(1), |cv| unary(cv, |x, separator| join(&x, &separator)))),
    ]
}

fn length(x: &Val) -> Result<Val, Error<Val>> {
    Ok(match x {
        Val::Null => Val::from(0usize),
        Val::Num(n) if n.as_f64().is_some_and(|n| n < 0.0) => return -x.clone(),
        Val::Num(_) => x.clone(),
        Val::Str(s) => Val::from(s.chars().count()),
        Val::Arr(a) => Val::from(a.len()),
        Val::Obj(o) => Val::from(o.len()),
        Val::Bool(_) => return Err(Error::new(Val::text("a boolean has no length"))),
    })
}

fn has(x: &Val, key: &Val) -> Result<bool, Error<Val>> {
    match (x, key) {
        (Val::Obj(o), Val::Str(k)) => Ok(o.contains_key(k)),
        (Val::Arr(a), Val::Num(n)) => Ok(n.as_u64().is_some_and(|i| i < a.len() as u64)),
        _ => Err(Error::index(x.clone(), key.clone())),
    }
}

fn contains(x: &Val, y: &Val) -> Result<bool, Error<Val>> {
    fuel::burn(1)?;
    match (x, y) {
        (Val::Str(l), Val::Str(r)) => Ok(l.contains(r.as_ref())),
        (Val::Arr(l), Val::Arr(r)) => {
            for wanted in r.iter() {
                let mut found = false;
                for item in l.iter() {
                    found = found || contains(item, wanted)?;
                }
                if !found {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Val::Obj(l), Val::Obj(r)) => {
            for (key, wanted) in r.iter() {
                match l.get(key) {
                    Some(item) if contains(item, wanted)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        _ => Ok(x == y),
    }
}

fn join(x: &Val, separator: &Val) -> Result<Val, Error<Val>> {
    let (Val::Arr(items), Val::Str(separator)) = (x, separator) else {
        return Err(Error::typ(x.clone(), "array to join with a string"));
    };
    let mut text = String::new();
    for (i, item) in items.iter().enumerate() {
        let piece = match item {
            Val::Null => String::new(),
            Val::Str(s) => s.as_ref().to_owned(),
            other => other.to_json_text(),
        };
        fuel::burn_bytes(piece.len() + separator.len())?;
        if i > 0 {
            text.push_str(separator);
        }
        text.push_str(&piece);
    }
    Ok(Val::from(text))
}
