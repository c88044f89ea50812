//! The public DMN TCK (dmn-tck/tck), run against the crate itself: `SUITE=path/to/tck cargo run -p svod-rules --example
//! tck [NAME]`. Prints what fails with its reason, then counts by level. `scripts/conformance-dmn` runs the same through
//! the HTTP door.

#![allow(clippy::unwrap_used, clippy::panic)] // a tool for developers: what is wrong with the suite ends it

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value, json};
use svod_rules::{Asked, DecisionModels, Inputs};

#[derive(Default, Debug)]
struct Node {
    name: String,
    attributes: BTreeMap<String, String>,
    children: Vec<Node>,
    text: String,
}

impl Node {
    fn read(xml: &str) -> Self {
        let mut reader = Reader::from_str(xml);
        let mut open = vec![Self::default()];
        loop {
            match reader.read_event().unwrap() {
                Event::Start(tag) => open.push(Self::start(&tag)),
                Event::Empty(tag) => open.last_mut().unwrap().children.push(Self::start(&tag)),
                Event::End(_) => {
                    let node = open.pop().unwrap();
                    open.last_mut().unwrap().children.push(node);
                }
                Event::Text(text) => open.last_mut().unwrap().text.push_str(&text.xml10_content()),
                Event::CData(text) => open.last_mut().unwrap().text.push_str(&text.xml10_content()),
                Event::GeneralRef(name) => {
                    let text = quick_xml::escape::unescape(&format!("&{};", &*name)).unwrap().into_owned();
                    open.last_mut().unwrap().text.push_str(&text);
                }
                Event::Eof => return open.pop().unwrap().children.pop().unwrap(),
                _ => {}
            }
        }
    }

    fn start(tag: &BytesStart<'_>) -> Self {
        let local = |name: &str| name.rsplit(':').next().unwrap_or(name).to_owned();
        let attributes = tag.attributes().map(|a| {
            let a = a.unwrap();
            let value = a.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap().into_owned();
            (local(a.key.as_ref()), value)
        });
        Self { name: local(tag.name().as_ref()), attributes: attributes.collect(), ..Self::default() }
    }

    fn all<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'n Self> {
        self.children.iter().filter(move |c| c.name == name)
    }

    fn one(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|c| c.name == name)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    fn is_nil(&self) -> bool {
        self.get("nil") == Some("true")
    }

    /// A value of a test as the JSON that the door takes.
    fn value(&self, expected: bool) -> Value {
        if self.is_nil() {
            return Value::Null;
        }
        if let Some(list) = self.one("list") {
            return if list.is_nil() { Value::Null } else { list.all("item").map(|i| i.value(expected)).collect() };
        }
        if self.one("component").is_some() {
            let part = |c: &Self| (c.get("name").unwrap().to_owned(), c.value(expected));
            return Value::Object(self.all("component").map(part).collect());
        }
        let Some(value) = self.one("value").filter(|v| !v.is_nil()) else { return Value::Null };
        let kind = value.get("type").unwrap_or("string").rsplit(':').next().unwrap();
        let text = value.text.as_str();
        let tagged = |tag: &str| if expected { json!(text) } else { json!({ tag: text.trim() }) };
        match kind {
            "boolean" => json!(text.trim() == "true" || text.trim() == "1"),
            "decimal" | "double" | "integer" | "float" | "int" | "long" => {
                serde_json::from_str(text.trim()).unwrap_or_else(|_| json!(text.trim().parse::<f64>().unwrap()))
            }
            "date" => tagged("$date"),
            "time" => tagged("$time"),
            "dateTime" => tagged("$dateTime"),
            "duration" => tagged("$duration"),
            _ => json!(text),
        }
    }
}

/// Months and seconds of a duration.
fn duration(text: &str) -> Option<(f64, f64)> {
    let (sign, rest) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let rest = rest.strip_prefix('P')?;
    let (mut months, mut seconds, mut number, mut time) = (0.0, 0.0, String::new(), false);
    for c in rest.chars() {
        match c {
            'T' => time = true,
            '0'..='9' | '.' => number.push(c),
            _ => {
                let n: f64 = std::mem::take(&mut number).parse().ok()?;
                match (c, time) {
                    ('Y', false) => months += 12.0 * n,
                    ('M', false) => months += n,
                    ('D', false) => seconds += 86_400.0 * n,
                    ('H', true) => seconds += 3_600.0 * n,
                    ('M', true) => seconds += 60.0 * n,
                    ('S', true) => seconds += n,
                    _ => return None,
                }
            }
        }
    }
    Some((sign * months, sign * seconds))
}

/// A time or moment without what may be written either way.
fn moment(text: &str) -> String {
    text.replace("+00:00", "Z").replace("@Etc/UTC", "Z").replace("@UTC", "Z")
}

fn same(expected: &Value, given: &Value) -> bool {
    match (expected, given) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-8 * a.abs().max(1.0)
        }
        (Value::String(a), Value::String(b)) => {
            a == b || moment(a) == moment(b) || duration(a).zip(duration(b)).is_some_and(|(a, b)| a == b)
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| same(v, w)))
        }
        (a, b) => a == b,
    }
}

/// A model and those that it imports, from its folder.
fn pack(folder: &Path, model: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String, String, Vec<String>)> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "dmn") {
            let xml = std::fs::read_to_string(&path).unwrap();
            let root = Node::read(xml.trim_start_matches('\u{feff}'));
            let imports = root.all("import").filter_map(|i| i.get("namespace")).map(str::to_owned).collect();
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            all.push((file, root.get("namespace").unwrap_or_default().to_owned(), xml, imports));
        }
    }
    let mut wanted: Vec<usize> = all.iter().position(|(file, ..)| file == model).into_iter().collect();
    let mut next = 0;
    while let Some(at) = wanted.get(next).copied() {
        next += 1;
        for import in &all[at].3 {
            if let Some(found) = all.iter().position(|(_, namespace, ..)| namespace == import)
                && !wanted.contains(&found)
            {
                wanted.push(found);
            }
        }
    }
    wanted.into_iter().map(|at| (all[at].0.clone(), all[at].2.trim_start_matches('\u{feff}').to_owned())).collect()
}

struct Run {
    passed: usize,
    failed: usize,
    csv: String,
}

impl Run {
    fn case(&mut self, place: &[&str; 2], id: &str, outcome: Result<(), String>) {
        let word = if outcome.is_ok() { "SUCCESS" } else { "ERROR" };
        self.csv.push_str(&format!("\"{}\",\"{}\",\"{id}\",\"{word}\",\"\"\n", place[0], place[1]));
        match outcome {
            Ok(()) => self.passed += 1,
            Err(why) => {
                self.failed += 1;
                println!("{}/{} {id}: {why}", place[0], place[1]);
            }
        }
    }
}

fn test(models: &DecisionModels, model: &str, case: &Node) -> Result<(), String> {
    let inputs: Map<String, Value> =
        case.all("inputNode").map(|i| (i.get("name").unwrap().to_owned(), i.value(false))).collect();
    let inputs = Inputs::from_json(&inputs);
    let asked = Asked { at: Some("2026-11-23T10:15:00Z".into()), version: "tck".into(), lenient: true };
    let results: Vec<&Node> = case.all("resultNode").collect();
    for result in &results {
        let name = result.get("name").unwrap();
        let kind = case.get("type").unwrap_or("decision");
        let invocable = if kind == "decision" { name } else { case.get("invocableName").unwrap_or(name) };
        let expected = result.one("expected").map_or(Value::Null, |e| e.value(true));
        let given = models.evaluate(model, invocable, &inputs, &asked);
        let error = result.get("errorResult") == Some("true");
        match given {
            Ok(given) => {
                let value =
                    if kind != "decision" && results.len() > 1 { given.result[name].clone() } else { given.result };
                let right = if error { value.is_null() } else { same(&expected, &value) };
                if !right {
                    let reasons: Vec<_> = given.decisions.iter().filter_map(|d| d.reason.clone()).collect();
                    return Err(format!("{name}: expected {expected}, got {value} {reasons:?}"));
                }
            }
            Err(_) if error => {}
            Err(e) => return Err(format!("{name}: {e}")),
        }
    }
    Ok(())
}

fn main() {
    let Ok(suite) = std::env::var("SUITE") else {
        println!("not run: SUITE not set (a copy of github.com/dmn-tck/tck)");
        return;
    };
    let only = std::env::args().nth(1).unwrap_or_default();
    let mut csv = String::new();
    for level in ["compliance-level-2", "compliance-level-3"] {
        let mut run = Run { passed: 0, failed: 0, csv: String::new() };
        let root = PathBuf::from(&suite).join("TestCases").join(level);
        let mut folders: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).collect();
        folders.sort();
        for folder in folders.into_iter().filter(|f| f.is_dir() && f.to_string_lossy().contains(&only)) {
            let label = format!("{level}/{}", folder.file_name().unwrap().to_string_lossy());
            let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
            files.sort();
            for file in files.into_iter().filter(|f| f.extension().is_some_and(|e| e == "xml")) {
                let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
                let text = std::fs::read_to_string(&file).unwrap();
                let suite = Node::read(text.trim_start_matches('\u{feff}'));
                let model = suite.one("modelName").unwrap().text.trim().to_owned();
                let models = DecisionModels::compile(&pack(&folder, &model));
                for case in suite.all("testCase") {
                    let outcome = match &models {
                        Ok(models) => test(models, &model, case),
                        Err(e) => Err(e.to_string()),
                    };
                    run.case(&[&label, &stem], case.get("id").unwrap_or_default(), outcome);
                }
            }
        }
        println!("{level}: {} of {} pass", run.passed, run.passed + run.failed);
        csv.push_str(&run.csv);
    }
    if let Ok(out) = std::env::var("CSV") {
        std::fs::write(out, csv).unwrap();
    }
}
