use std::collections::BTreeMap;

use svod_forms::{Around, Draft, Form, Lists, Prefill, Sent};
use svod_kernel::{Lang, Timestamp};
use svod_text::Texts;

fn text(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok()
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

#[test]
fn seeds() {
    for f in std::fs::read_dir("../fuzz/seeds/form").unwrap() {
        let p = f.unwrap().path();
        let b = std::fs::read(&p).unwrap();
        let json = b.split(|c| *c == 0).next().unwrap();
        assert!(
            Form::parse("x", std::str::from_utf8(json).unwrap()).is_ok(),
            "{p:?} {:?}",
            Form::parse("x", std::str::from_utf8(json).unwrap())
        );
        form(&b);
    }
    // Bytes of the seeds, mixed up.
    let seed = std::fs::read("../fuzz/seeds/form/small").unwrap();
    let mut state = 7_u64;
    let t = std::time::Instant::now();
    let mut n = 0;
    while t.elapsed().as_secs() < 40 {
        let mut b = seed.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let at = (state >> 33) as usize % b.len();
            let from = (state >> 20) as usize % b.len();
            match state % 3 {
                0 => b[at] = b[from],
                1 => {
                    b.remove(at);
                }
                _ => b.insert(at, b[from]),
            }
        }
        let s = std::time::Instant::now();
        form(&b);
        if s.elapsed().as_millis() > 500 {
            println!("slow {:?}: {}", s.elapsed(), String::from_utf8_lossy(&b));
        }
        n += 1;
    }
    println!("{n} mixed");
}
