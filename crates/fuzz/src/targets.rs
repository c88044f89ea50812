//! Parsers whose crates have them in their public interface.

use std::collections::BTreeMap;

use svod_forms::{Around, Draft, Form, Lists, Prefill, Sent};
use svod_kernel::{Lang, Timestamp};
use svod_ledger::{Checkpoint, Note, Receipt, Verifier};
use svod_mapping::Mapping;
use svod_model::{PackSource, parse_pack};
use svod_policy::{Policies, PolicySource};
use svod_process::{Calendars, Event, Process, State, Token, Wait};
use svod_rules::{DecisionModel, Feel, Inputs};
use svod_text::Texts;

/// Steps of a process at the most: one may go round for ever, a token at a time.
const STEPS: usize = 64;

fn text(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok()
}

/// Receipts, signed heads and keys of other logs; what is read is written as it was.
pub fn receipt(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Ok(receipt) = Receipt::parse(text) {
        let again = Receipt::parse(&receipt.to_string());
        assert!(again.is_ok_and(|r| r.to_string() == receipt.to_string()), "a receipt does not come back");
        _ = receipt.verify(b"entry", &[]);
    }
    if let Ok(note) = Note::parse(text) {
        _ = note.verify(&[]);
        _ = Checkpoint::parse(&note.text);
    }
    _ = Verifier::parse(text);
}

/// A jq expression and the payload it is applied to, with a NUL between.
pub fn mapping(bytes: &[u8]) {
    let (source, payload) = bytes.split_at(bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len()));
    let Some(source) = text(source) else { return };
    if let Ok(mapping) = Mapping::compile("mapping", source) {
        _ = mapping.apply(payload.get(1..).unwrap_or_default());
    }
}

/// The files of a pack, each behind a line `### path`.
pub fn pack(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let files = text.split("### ").filter_map(|file| file.split_once('\n'));
    let files = files.map(|(path, text)| (path.trim().to_owned(), text.to_owned())).collect();
    _ = parse_pack(&PackSource { files });
}

/// A process, and a case that goes through it.
pub fn process(bytes: &[u8]) {
    let Some(xml) = text(bytes) else { return };
    let Ok(process) = Process::parse("process.bpmn", xml) else { return };
    let calendars = Calendars::new();
    let (mut state, mut now) = (State::default(), Timestamp(0));
    let start = process.starts().next().map(|(element, _)| element.id.clone());
    let mut event = Event::Start { element: start, variables: serde_json::Map::new() };
    for _ in 0..STEPS {
        let Ok((next, _)) = process.step(&state, &event, now, &calendars) else { return };
        let Some(following) = following(&next, &mut now) else { return };
        (state, event) = (next, following);
    }
}

/// What goes on soonest: the oldest token that waits for somebody, else the first timer.
fn following(state: &State, now: &mut Timestamp) -> Option<Event> {
    let variables = serde_json::Map::new;
    let answer = |(id, token): (&u64, &Token)| {
        let (wait, token, attempt) = (&token.wait, *id, token.attempt);
        match wait {
            Wait::Task => Some(Event::Completed { token, variables: variables() }),
            Wait::Service => Some(Event::ServiceDone { token, attempt, variables: variables() }),
            Wait::Called => Some(Event::CalledDone { token, attempt, variables: variables() }),
            Wait::Decision => Some(Event::Decided { token, attempt, outcome: serde_json::Value::Null }),
            Wait::Incident(incident) => Some(Event::Retry { incident: *incident, variables: variables() }),
            _ => None,
        }
    };
    state.tokens.iter().find_map(answer).or_else(|| {
        let (timer, armed) = state.timers.iter().min_by_key(|(_, armed)| armed.due)?;
        *now = (*now).max(armed.due);
        Some(Event::TimerFired { timer: *timer })
    })
}

fn inputs() -> Inputs {
    Inputs::new().with("a", 1_i64).with("b", 2.5).with("c", "three".to_owned()).with("d", true)
}

/// An expression, evaluated.
pub fn feel(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Ok(feel) = Feel::compile(text, &["a", "b", "c", "d"]) {
        _ = feel.evaluate(&inputs());
    }
}

/// A decision model, its decisions taken.
pub fn decision(bytes: &[u8]) {
    let Some(xml) = text(bytes) else { return };
    let Ok(model) = DecisionModel::compile("model.dmn", xml) else { return };
    for needs in model.lint() {
        if let Ok(decision) = model.decision(&needs.decision) {
            _ = decision.evaluate(&inputs());
        }
    }
}

/// Policies under the schema of the platform.
pub fn policy(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let source = |file: &str, text: &str| PolicySource { file: file.to_owned(), text: text.to_owned() };
    let policies = source("pack.cedar", text);
    _ = Policies::compile(&svod_policy::schema(["Person", "Mandate"]), std::slice::from_ref(&policies));
    _ = svod_policy::types_named(&policies);
}

/// A form, and behind a NUL what somebody sends for it: lines `place=text`.
pub fn form(bytes: &[u8]) {
    let (json, sent) = bytes.split_at(bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len()));
    let (Some(json), Some(sent)) = (text(json), text(sent.get(1..).unwrap_or_default())) else { return };
    let Ok(form) = Form::parse("form.json", json) else { return };
    let mut typed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (place, text) in sent.lines().filter_map(|line| line.split_once('=')) {
        typed.entry(place.to_owned()).or_default().push(text.to_owned());
    }
    let Ok(texts) = Texts::new([]) else { return };
    let (prefill, lists, inputs) = (Prefill::new(), Lists::default(), serde_json::Map::new());
    let around = Around {
        lang: Lang::Ru,
        texts: &texts,
        now: Timestamp::from_millis(1_800_000_000_000),
        offset_hours: 7,
        prefill: &prefill,
        lists: &lists,
        inputs: &inputs,
    };
    let taken = form.accept(None, &Draft::default(), Sent::Typed(&typed), &around);
    let draft = taken.unwrap_or_else(|refused| refused.draft);
    form.view(&draft, None, &around, None);
    _ = form.accept(None, &draft, Sent::Data(&draft.data), &around);
    _ = form.finish(&draft, &around);
}

/// A provider's file of payments.
pub fn reconcile(bytes: &[u8]) {
    if let Ok(lines) = svod_money::file(bytes) {
        assert!(lines.iter().all(|line| !line.reference.is_empty()), "a line without its payment");
    }
}
