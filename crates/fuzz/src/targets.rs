//! Parsers whose crates have them in their public interface.

use std::collections::BTreeMap;

use svod_forms::{Around, Draft, Form, Lists, Prefill, Sent};
use svod_kernel::{Lang, Timestamp};
use svod_ledger::{Checkpoint, Note, Receipt, Verifier};
use svod_mapping::Mapping;
use svod_model::{PackSource, parse_pack};
use svod_policy::{Policies, PolicySource};
use svod_process::{Effect, Event, Process, State};
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
    let (mut state, mut event) = (State::default(), Event::Start);
    for _ in 0..STEPS {
        let Ok((next, effects)) = process.step(&state, &event) else { return };
        let task = effects.iter().find_map(|effect| match effect {
            Effect::OfferTask { element, .. } => Some(element.clone()),
            Effect::Finished => None,
        });
        let waiting = task.or_else(|| next.tokens.first().map(|token| token.element.clone()));
        let Some(element) = waiting else { return };
        (state, event) = (next, Event::Completed { element });
    }
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
    let schema = source("schema.cedarschema", include_str!("../../../packs/base/policies/schema.cedarschema"));
    _ = Policies::compile(&schema, &[source("pack.cedar", text)]);
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
