//! Bounds of an evaluation in the full profile, and the clock that it sees.
//!
//! FEEL with functions and iterations is a programming language, and dsntk has no means of stopping it. It resolves
//! names in the scope before its own functions, though: a hidden name bound to a function of ours is a way in.
//! [`crate::instrument`] puts calls of it where something may repeat; what runs away is unwound from there. `now` and
//! `today` are bound the same way, so that the machine's clock is never read.
//!
//! Steps and bytes are counted, not timed: the same inputs give the same result on every machine.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use dsntk_feel::closure::Closure;
use dsntk_feel::context::FeelContext;
use dsntk_feel::values::Value;
use dsntk_feel::{Evaluator, FeelNumber, FeelScope, FeelType, FunctionBody, Name};

use crate::external;

/// First letter of every hidden name: no FEEL text may hold it.
pub(crate) const HIDDEN: char = '\u{1}';
/// Called before a body: counts a step, looks at the stack.
pub(crate) const TICK: &str = "\u{1}tick";
/// Called with a tick and a value: counts the value's bytes and gives it back.
pub(crate) const HELD: &str = "\u{1}held";
/// Called with an argument of a function that multiplies texts: refuses a long one.
pub(crate) const SHORT: &str = "\u{1}short";
/// Called with the scale of a rounding: beyond what numbers hold, a larger one changes nothing.
pub(crate) const SCALE: &str = "\u{1}scale";
/// Called with what is compared: dsntk compares the days of two moments before it looks at their offsets.
pub(crate) const MOMENT: &str = "\u{1}moment";
/// Called with the mapping and the arguments of a function of another program.
pub(crate) const EXTERNAL: &str = "\u{1}external";
/// Called for `now` and `today` where the caller gave no time.
pub(crate) const CLOCK: [&str; 2] = ["now", "today"];

/// Steps of one evaluation: iterations, calls, rows of tables.
const MAX_STEPS: u64 = 500_000;
/// Bytes of the list that `for` carries along as `partial`, copied for each iteration, that count as a step.
const COPIED: usize = 2_048;
/// Bytes of all values that one evaluation makes in functions, iterations and decisions.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of one value.
const MAX_VALUE: usize = 4 * 1024 * 1024;
/// Longest text given to `replace` as replacement, to `string join` as delimiter.
const MAX_SHORT: usize = 1_024;
/// Largest scale that dsntk rounds to, and the largest that FEEL has (DMN 1.5, 10.3.4.5): between them nothing changes.
const MAX_SCALE: i64 = 6_144;
const LAST_SCALE: i64 = 6_176;
/// Levels of nesting of a value: what walks over it recurses.
const MAX_NESTING: usize = 64;

/// Why an evaluation was stopped; unwound to whoever started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    Steps,
    Bytes,
    Nesting,
    Stack,
    Time,
    Clock,
}

impl Stopped {
    pub(crate) const fn says(self) -> (&'static str, &'static str) {
        match self {
            Self::Steps => ("it does not end within its steps", "iterate over less, or end the recursion"),
            Self::Bytes => ("it makes too large values", "keep texts and lists within a few megabytes"),
            Self::Nesting => ("it makes values that nest too deeply", "nest at most 64 lists and contexts"),
            Self::Stack => ("functions call each other too deeply", "end the recursion, or iterate instead"),
            Self::Time => ("it takes too long", "simplify the rule"),
            Self::Clock => ("it reads the clock and no time was given", "pass the time of the decision ('at')"),
        }
    }
}

struct Run {
    steps: u64,
    bytes: usize,
    /// Lowest address that the stack may reach; it grows downwards.
    floor: usize,
    cancelled: Arc<AtomicBool>,
    now: Option<(Value, Value)>,
}

thread_local! {
    static RUN: RefCell<Option<Run>> = const { RefCell::new(None) };
}

/// What an evaluation may use.
pub(crate) struct Allowance {
    /// Bytes of stack from here downwards.
    pub(crate) stack: usize,
    /// Set by whoever waits no longer.
    pub(crate) cancelled: Arc<AtomicBool>,
    /// `now()` and `today()`; none: asking is an error.
    pub(crate) now: Option<(Value, Value)>,
}

/// Runs `work` within bounds. A panic inside, of ours or of dsntk, ends it and nothing else.
pub(crate) fn bounded<T>(allowance: Allowance, work: impl FnOnce() -> T) -> Result<T, Option<Stopped>> {
    let floor = here().saturating_sub(allowance.stack);
    let Allowance { cancelled, now, .. } = allowance;
    let run = Run { steps: MAX_STEPS, bytes: MAX_BYTES, floor, cancelled, now };
    let before = RUN.with(|r| r.borrow_mut().replace(run));
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    RUN.with(|r| *r.borrow_mut() = before);
    done.map_err(|why| why.downcast_ref::<Stopped>().copied())
}

/// About where the stack ends now.
#[inline(never)]
fn here() -> usize {
    let marker = 0u8;
    std::ptr::from_ref(std::hint::black_box(&marker)).addr()
}

fn stop(why: Stopped) -> ! {
    // Not a panic: nothing is printed, and nothing but `bounded` catches it.
    std::panic::resume_unwind(Box::new(why))
}

/// Counts steps; looks at the stack and at whether anybody still waits.
pub(crate) fn tick(steps: u64) {
    let stopped = RUN.with(|run| {
        let mut run = run.borrow_mut();
        let run = run.as_mut()?;
        if here() < run.floor {
            return Some(Stopped::Stack);
        }
        if run.cancelled.load(Ordering::Relaxed) {
            return Some(Stopped::Time);
        }
        match run.steps.checked_sub(steps) {
            Some(left) => run.steps = left,
            None => return Some(Stopped::Steps),
        }
        None
    });
    if let Some(why) = stopped {
        stop(why);
    }
}

/// Counts the bytes of a value.
pub(crate) fn hold(value: &Value) {
    let mut size = 0;
    if let Err(why) = measure(value, MAX_NESTING, &mut size) {
        stop(why);
    }
    let enough = RUN.with(|run| {
        let mut run = run.borrow_mut();
        let Some(run) = run.as_mut() else { return true };
        run.bytes.checked_sub(size).inspect(|left| run.bytes = *left).is_some()
    });
    if !enough {
        stop(Stopped::Bytes);
    }
}

/// Roughly the bytes of a value, stopping at the largest that is allowed.
fn measure(value: &Value, levels: usize, size: &mut usize) -> Result<(), Stopped> {
    *size += size_of::<Value>();
    if *size > MAX_VALUE {
        return Err(Stopped::Bytes);
    }
    let Some(below) = levels.checked_sub(1) else { return Err(Stopped::Nesting) };
    match value {
        Value::String(s) => *size += s.len(),
        Value::List(items) | Value::ExpressionList(items) => {
            for item in items {
                measure(item, below, size)?;
            }
        }
        Value::Context(context) | Value::FunctionDefinition(_, _, _, _, context, _) => {
            for (name, entry) in context.iter() {
                *size += name.as_str().len();
                measure(entry, below, size)?;
            }
        }
        Value::Range(start, _, end, _) => {
            measure(start, below, size)?;
            measure(end, below, size)?;
        }
        _ => {}
    }
    if *size > MAX_VALUE { Err(Stopped::Bytes) } else { Ok(()) }
}

fn native(parameters: &[&str], body: impl Fn(&FeelScope) -> Value + Send + Sync + 'static) -> Value {
    let parameters = parameters.iter().map(|name| (Name::from(*name), FeelType::Any)).collect();
    let body = FunctionBody::LiteralExpression(Arc::new(Box::new(body) as Evaluator));
    Value::FunctionDefinition(parameters, body, false, Closure::default(), FeelContext::default(), FeelType::Any)
}

fn clock(pick: impl Fn(&(Value, Value)) -> &Value + Send + Sync + 'static) -> Value {
    native(&[], move |_| {
        let now = RUN.with(|run| run.borrow().as_ref().and_then(|run| run.now.as_ref().map(|now| pick(now).clone())));
        now.unwrap_or_else(|| stop(Stopped::Clock))
    })
}

/// The same moment in UTC; none where it has no offset, or a year that is not written with four digits.
fn in_utc(moment: &Value) -> Option<Value> {
    let Value::DateTime(at) = moment else { return None };
    let offset = at.feel_time_offset()?;
    let second = i32::from(at.hour()) * 3_600 + i32::from(at.minute()) * 60 + i32::from(at.second()) - offset;
    let date = match second.div_euclid(86_400) {
        0 => at.date(),
        1 => at.date().add_days(1)?,
        _ => at.date().sub_days(1)?,
    };
    let of_day = second.rem_euclid(86_400);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    let nanos = at.time().nanos();
    let (year, month, day) = (0..=9_999).contains(&date.year()).then(|| (date.year(), date.month(), date.day()))?;
    let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z");
    Value::try_from_xsd_date_time(&text).ok()
}

/// The names that lie under every scope of the full profile.
pub(crate) fn ground() -> FeelContext {
    static GROUND: LazyLock<FeelContext> = LazyLock::new(laid);
    GROUND.clone()
}

fn laid() -> FeelContext {
    let [value, waste] = ["\u{1}value", "\u{1}waste"];
    let partial = Name::from("partial");
    let (held, short) = (Name::from(value), Name::from(value));
    let mut ground = FeelContext::default();
    let ticking = native(&[], move |scope| {
        let mut carried = 0;
        if let Some(list) = scope.get_value(&partial)
            && let Err(why) = measure(&list, MAX_NESTING, &mut carried)
        {
            stop(why);
        }
        tick(1 + (carried / COPIED) as u64);
        Value::Boolean(true)
    });
    ground.set_entry(&Name::from(TICK), ticking);
    let holding = native(&[waste, value], move |scope| {
        let value = scope.get_value(&held).unwrap_or(Value::Null(None));
        hold(&value);
        value
    });
    ground.set_entry(&Name::from(HELD), holding);
    let shortening = native(&[value], move |scope| match scope.get_value(&short) {
        Some(Value::String(s)) if s.len() > MAX_SHORT => stop(Stopped::Bytes),
        other => other.unwrap_or(Value::Null(None)),
    });
    ground.set_entry(&Name::from(SHORT), shortening);
    let scale = Name::from(value);
    let scaling = native(&[value], move |scope| match scope.get_value(&scale) {
        Some(Value::Number(n)) if n > FeelNumber::from(MAX_SCALE) && n <= FeelNumber::from(LAST_SCALE) => {
            Value::Number(MAX_SCALE.into())
        }
        other => other.unwrap_or(Value::Null(None)),
    });
    ground.set_entry(&Name::from(SCALE), scaling);
    let compared = Name::from(value);
    let instant = native(&[value], move |scope| match scope.get_value(&compared) {
        Some(moment @ Value::DateTime(_)) => in_utc(&moment).unwrap_or(moment),
        other => other.unwrap_or(Value::Null(None)),
    });
    ground.set_entry(&Name::from(MOMENT), instant);
    let (mapping, arguments) = (Name::from(waste), Name::from(value));
    let external =
        native(&[waste, value], move |scope| match (scope.get_value(&mapping), scope.get_value(&arguments)) {
            (Some(mapping), Some(Value::List(arguments))) => external::call(&mapping, &arguments),
            _ => Value::Null(None),
        });
    ground.set_entry(&Name::from(EXTERNAL), external);
    ground.set_entry(&Name::from(CLOCK[0]), clock(|now| &now.0));
    ground.set_entry(&Name::from(CLOCK[1]), clock(|now| &now.1));
    ground
}
