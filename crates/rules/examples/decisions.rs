//! Decisions a second on one thread, for `bench/decisions`: `decisions FOLDER SECONDS` prints one line of JSON for each
//! model. Every evaluation is the whole one, with rules that fired and intermediate results, from inputs already parsed.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // a measurement: it needs the machine's clock

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use svod_rules::{Asked, DecisionModel, DecisionModels, Inputs};

fn rate(seconds: f64, mut each: impl FnMut(usize) -> Value) -> f64 {
    let warm = Instant::now();
    while warm.elapsed() < Duration::from_secs_f64(seconds / 4.0) {
        std::hint::black_box(each(0));
    }
    let (begin, mut count) = (Instant::now(), 0);
    while begin.elapsed().as_secs_f64() < seconds {
        for _ in 0..100 {
            std::hint::black_box(each(count));
            count += 1;
        }
    }
    f64::from(u32::try_from(count).unwrap()) / begin.elapsed().as_secs_f64()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let (folder, seconds) = (&arguments[1], arguments[2].parse::<f64>().unwrap());
    for name in ["benefit", "loan"] {
        let xml = std::fs::read_to_string(format!("{folder}/{name}.dmn")).unwrap();
        let cases: Vec<(Inputs, Value)> = cases(name)
            .into_iter()
            .map(|c| (Inputs::from_json(c["inputs"].as_object().unwrap()), c["expected"].clone()))
            .collect();
        let models = DecisionModels::compile(&[(format!("{name}.dmn"), &xml)]).unwrap();
        let asked = Asked::default();
        let full = |n: usize| models.evaluate(name, name, &cases[n % cases.len()].0, &asked).unwrap().result;
        cases.iter().enumerate().for_each(|(n, (_, expected))| assert_eq!(full(n), *expected, "{name} {n}"));
        let strict = DecisionModel::compile(name, &xml).ok().map(|model| {
            let decision = model.decision(name).unwrap();
            rate(seconds, |n| decision.evaluate(&cases[n % cases.len()].0).unwrap().value)
        });
        println!("{}", json!({"engine": "svod", "model": name, "rate": rate(seconds, full)}));
        if let Some(strict) = strict {
            println!("{}", json!({"engine": "svod, strict", "model": name, "rate": strict}));
        }
    }
}

fn cases(name: &str) -> Vec<Value> {
    serde_json::from_str::<Value>(include_str!("../../../bench/models/cases.json")).unwrap()[name]
        .as_array()
        .unwrap()
        .clone()
}
