//! From files to a pack.

use std::collections::BTreeMap;

use serde_json::Value;
use svod_kernel::Lang;

use super::reader::{Cx, Errors, is_inside};
use super::yaml::{self, Node};
use super::{Manifest, Pack, PackError, PackSource, Position};
use super::{
    devices, entities, exchange, feeds, layers, manifest, personas, schema, services, simulation, spaces, test_files,
    triggers,
};
use crate::nearest::suggest;

/// Largest file of a pack, in bytes.
pub const MAX_FILE: usize = 4 << 20;
/// Most files of a pack.
pub const MAX_FILES: usize = 2_000;
/// Most bytes of all files of a pack together.
pub const MAX_PACK: usize = 64 << 20;

/// Folders and the endings of the files in them; the empty folder is the pack's own.
const FOLDERS: [(&str, &[&str]); 16] = [
    ("model", &[".yaml"]),
    ("entities", &[".yaml"]),
    ("devices", &[".yaml"]),
    ("triggers", &[".yaml"]),
    ("layers", &[".yaml"]),
    ("simulation", &[".yaml"]),
    ("feeds", &[".yaml"]),
    ("imports", &[".yaml"]),
    ("tests", &[".yaml"]),
    ("decisions", &[".dmn"]),
    ("processes", &[".bpmn"]),
    ("services", &[".yaml"]),
    ("forms", &[".form.json"]),
    ("calendars", &[".yaml"]),
    ("exchange", &[".yaml"]),
    ("policies", &[".cedar", ".cedarschema"]),
];
const TOP_FILES: [&str; 6] = ["pack.yaml", "spaces.yaml", "personas.yaml", "README.md", "LICENSE", ".gitignore"];
const LOCALES: [(&str, Lang); 3] =
    [("locales/ru.ftl", Lang::Ru), ("locales/kk.ftl", Lang::Kk), ("locales/en.ftl", Lang::En)];
const START: Position = Position { line: 1, column: 1 };

/// Parses every file of a pack and checks each by itself; [`crate::check_pack`] checks the pack against others.
///
/// Limits: 2,000 files, 4 MiB each, 64 MiB together, 64 levels and 1,000,000 values in a YAML file; at most 500
/// errors are reported.
///
/// # Errors
/// Everything that is wrong, sorted by file and line.
pub fn parse_pack(source: &PackSource) -> Result<Pack, Vec<PackError>> {
    let mut errors = Errors::default();
    let mut pack = Pack::default();
    if within_limits(source, &mut errors) {
        read_manifest(source, &mut pack, &mut errors);
        for (path, text) in &source.files {
            read_file(source, path, text, &mut pack, &mut errors);
        }
    }
    if errors.0.is_empty() {
        pack.source = source.clone();
        return Ok(pack);
    }
    errors.0.sort();
    Err(errors.0)
}

fn within_limits(source: &PackSource, errors: &mut Errors) -> bool {
    if source.files.len() > MAX_FILES {
        let message = format!("{} files, at most {MAX_FILES} are read", source.files.len());
        errors.add("pack.yaml", START, "file-count", message, "split the pack".into());
    }
    for (path, text) in source.files.iter().filter(|(_, t)| t.len() > MAX_FILE) {
        let message = format!("{} bytes, at most {MAX_FILE} are read", text.len());
        errors.add(path, START, "file-size", message, "split the file".into());
    }
    if source.files.values().map(String::len).sum::<usize>() > MAX_PACK {
        let message = format!("the files have more than {MAX_PACK} bytes together");
        errors.add("pack.yaml", START, "file-size", message, "split the pack".into());
    }
    errors.0.is_empty()
}

fn read_manifest(source: &PackSource, pack: &mut Pack, errors: &mut Errors) {
    let Some(text) = source.files.get("pack.yaml") else {
        let fix = "add pack.yaml with id, version and owner".into();
        errors.add("pack.yaml", START, "missing-manifest", "pack.yaml is missing".into(), fix);
        return;
    };
    let Some(root) = tree("pack.yaml", text, errors) else { return };
    let blank = Manifest::default();
    let mut cx = Cx { file: "pack.yaml", manifest: &blank, errors, origins: &mut pack.origins };
    if let Some(read) = manifest::read(&mut cx, &root) {
        pack.manifest = read;
    }
}

fn tree(file: &str, text: &str, errors: &mut Errors) -> Option<Node> {
    match yaml::parse(text) {
        Ok(node) => Some(node),
        Err(faults) => {
            for (at, rule, message, fix) in faults {
                errors.add(file, at, rule, message, fix);
            }
            None
        }
    }
}

fn read_file(source: &PackSource, path: &str, text: &str, pack: &mut Pack, errors: &mut Errors) {
    if let Some((_, lang)) = LOCALES.iter().find(|l| l.0 == path) {
        pack.locales.insert(*lang, text.to_owned());
        return;
    }
    if TOP_FILES.contains(&path) {
        if path == "spaces.yaml" || path == "personas.yaml" {
            read_yaml(source, path, text, pack, errors);
        }
        return;
    }
    if let Err(fix) = place_of(path) {
        errors.add(path, START, "unknown-file", "the file has no meaning in a pack".into(), fix);
        return;
    }
    let (folder, name) = path.split_once('/').unwrap_or(("", path));
    let keep = |map: &mut BTreeMap<String, String>| map.insert(name.to_owned(), text.to_owned());
    match folder {
        "decisions" => keep(&mut pack.decisions),
        "processes" => keep(&mut pack.processes),
        "forms" => keep(&mut pack.forms),
        "calendars" => pack.calendars.insert(name.trim_end_matches(".yaml").to_owned(), text.to_owned()),
        "policies" => keep(&mut pack.policies),
        _ => return read_yaml(source, path, text, pack, errors),
    };
    if text.trim().is_empty() {
        errors.add(path, START, "bad-value", "the file is empty".into(), "fill it or remove it".into());
    }
}

/// May a pack have a file of that path?
///
/// # Errors
/// Where files of its kind belong.
pub fn place_of(path: &str) -> Result<(), String> {
    if TOP_FILES.contains(&path) || LOCALES.iter().any(|l| l.0 == path) {
        return Ok(());
    }
    let (folder, name) = path.split_once('/').unwrap_or(("", path));
    let endings = FOLDERS.iter().find(|f| f.0 == folder).map(|f| f.1);
    let flat = is_inside(path) && !name.contains('/');
    let ends = endings.is_some_and(|e| e.iter().any(|e| name.ends_with(e) && name.len() > e.len()));
    if flat && ends { Ok(()) } else { Err(place_for(path, endings)) }
}

fn place_for(path: &str, endings: Option<&[&str]>) -> String {
    if let Some(endings) = endings {
        return format!("put it directly into the folder and end its name with {}", endings.join(" or "));
    }
    let known = FOLDERS.iter().map(|f| f.0).chain(["locales"]).chain(TOP_FILES);
    suggest(path.split('/').next().unwrap_or_default(), known.collect::<Vec<_>>())
}

fn read_yaml(source: &PackSource, path: &str, text: &str, pack: &mut Pack, errors: &mut Errors) {
    let Some(root) = tree(path, text, errors) else { return };
    let Pack {
        manifest,
        origins,
        model,
        spaces,
        personas,
        entities,
        devices,
        triggers,
        services,
        layers,
        simulations,
        feeds,
        imports,
        exchanges,
        tests,
        ..
    } = pack;
    let mut cx = Cx { file: path, manifest, errors, origins };
    let (folder, name) = path.split_once('/').unwrap_or((path, path));
    match folder {
        "model" => {
            let files: Vec<&str> = source.files.keys().map(String::as_str).collect();
            schema::read(&mut cx, &root, &files, model);
        }
        "spaces.yaml" => *spaces = spaces::read(&mut cx, &root),
        "personas.yaml" => *personas = personas::read(&mut cx, &root),
        "entities" => entities.extend(entities::read(&mut cx, &root)),
        "devices" => devices.extend(devices::read(&mut cx, &root)),
        "triggers" => triggers.extend(triggers::read(&mut cx, &root)),
        "services" => services.extend(services::read(&mut cx, &root)),
        "exchange" => exchanges.extend(exchange::read(&mut cx, &root)),
        "layers" => layers.extend(layers::read(&mut cx, &root)),
        "simulation" => simulations.extend(simulation::read(&mut cx, &root)),
        "feeds" => feeds.extend(feeds::read(&mut cx, &root)),
        "imports" => imports.extend(feeds::read_import(&mut cx, &root)),
        _ => {
            let cases: Vec<Value> = test_files::read(&mut cx, &root);
            tests.insert(name.to_owned(), cases);
        }
    }
}
