//! Packs as files: the shipped ones are sound, broken ones name file, line, rule and fix, nothing panics.

// Helpers of tests are tests: what they unwrap is what the test asserts.
#![allow(clippy::unwrap_used, clippy::panic)]

mod broken;
mod fuzz;
mod services;
mod shipped;
mod values;

use svod_model::{Metamodel, Pack, PackError, PackSource, check_pack, parse_pack};

/// A small complete pack.
pub const FILES: &[(&str, &str)] = &[
    ("pack.yaml", "id: town\nversion: 0.1.0\nowner: urn:svod:body:town:office\nspace: town\n"),
    ("spaces.yaml", "- path: town\n- path: town/mill\n"),
    (
        "model/core.yaml",
        r#"id: https://svod.example/schema/town
name: town
prefixes: {linkml: "https://w3id.org/linkml/"}
imports: [linkml:types]
default_range: string
classes:
  GeoPoint:
    class_uri: geojson:Point
  Asset:
    abstract: true
    attributes:
      id: {identifier: true, range: uri}
      name: {required: true}
      location: {range: GeoPoint}
      deviceId: {annotations: {svod_index: true}}
      owner: {range: Body}
      simulated: {range: boolean}
  Body:
    attributes:
      name: {required: true}
      subjects: {range: Subject, multivalued: true}
      code: {pattern: "[0-9]{8}"}
      people: {range: integer, minimum_value: 0}
      founded: {range: datetime}
  Station:
    is_a: Asset
    attributes:
      height: {range: float, unit: {ucum_code: m}, maximum_value: 500, annotations: {svod_precision: 0.01}}
      pm25:
        range: float
        minimum_value: 0
        maximum_value: 10
        unit: {ucum_code: mg/m3}
        annotations: {svod_kind: observation, svod_norm: 0.16, svod_precision: 0.001}
      count: {range: integer, annotations: {svod_kind: observation}}
      place: {range: GeoPoint, annotations: {svod_kind: observation}}
      state: {range: Subject, annotations: {svod_kind: observation}}
      on: {range: boolean, annotations: {svod_kind: observation}}
enums:
  Subject:
    permissible_values: {air: , roads: {description: streets}}
"#,
    ),
    (
        "entities/seed.yaml",
        r#"- id: urn:svod:body:town:office
  type: Body
  space: town
  attributes: {name: Office, subjects: [air], code: "12345678"}
- id: urn:svod:station:1
  type: Station
  space: town/mill
  attributes:
    name: Mill
    location: {point: [87.1, 53.7]}
    deviceId: "1"
    owner: {object: "urn:svod:body:town:office"}
    height: {value: 250, unit: cm}
"#,
    ),
    (
        "devices/post.yaml",
        "id: post\ntopic: air/{device}/up\ntype: Station\nmapping: |\n  {at: .ts, values: {pm25: .pm25}}\nmax_future: PT5M\n",
    ),
    (
        "triggers/high.yaml",
        "id: high\ntype: Station\non: observation\nattributes: [pm25]\ndecision: {file: air.dmn, name: Air}\n\
         alert: {kind: air, subject: air}\nprocess: respond\n",
    ),
    ("decisions/air.dmn", "<definitions/>"),
    ("processes/respond.bpmn", "<process id=\"respond\"/>"),
    (
        "layers/air.yaml",
        "id: air\ntype: Station\ngeometry: location\nstyle: {kind: circle, colour-by: worstRatio, stops: [[0, \"#2e7d32\"]]}\n",
    ),
    (
        "simulation/air.yaml",
        "id: air\nprofile: post\ninterval: PT2S\ndevices: {type: Station}\npayload: {ts: $now, pm25: {mean: 0.02}}\n",
    ),
    (
        "feeds/air.yaml",
        "id: air\nfile: town/air.csv.gz\nformat: csv\nprofile: post\ndevice: .d\npayload: .\ntime: .t\nattribution: me\n",
    ),
    (
        "imports/borders.yaml",
        "id: borders\nfile: town/borders.geojson\nformat: geojson\ntype: Station\nmatch: .id\nspace: '\"town\"'\nset: {name: .n}\nattribution: me\n",
    ),
    (
        "personas.yaml",
        "- {id: clerk, name: Clerk, roles: [official], spaces: [town/mill], body: \"urn:svod:body:town:office\"}\n",
    ),
    (
        "tests/air.yaml",
        "- name: one\n  at: 2026-01-15T08:00:00+07:00\n  when:\n    - reading: {device: \"1\", profile: post, payload: {}}\n    \
         - wait: PT5M\n    - act: {persona: clerk, take: task}\n  then:\n    - alerts: {kind: air, open: 1}\n",
    ),
    ("policies/town.cedar", "permit(principal, action, resource);"),
];

/// Texts for everything the small pack names.
fn texts() -> String {
    let keys = "pack-town-title pack-town-description type-Asset type-Body type-Station attr-name attr-location \
        attr-deviceId attr-owner attr-simulated attr-subjects attr-code attr-people attr-founded attr-height attr-pm25 \
        attr-count attr-place attr-state attr-on enum-Subject-air enum-Subject-roads space-town space-mill layer-air \
        alert-air persona-clerk";
    keys.split_whitespace().map(|k| format!("{k} = x\n")).collect()
}

/// The small pack, with some files replaced (an empty text removes the file).
pub fn source(changes: &[(&str, &str)]) -> PackSource {
    let mut s = PackSource::default();
    for (path, text) in FILES.iter().chain(changes) {
        s.files.insert((*path).to_owned(), (*text).to_owned());
    }
    for lang in ["ru", "kk", "en"] {
        s.files.entry(format!("locales/{lang}.ftl")).or_insert_with(texts);
    }
    s.files.retain(|_, t| !t.is_empty());
    s
}

/// The small pack with one text replaced in one file.
pub fn changed(path: &str, from: &str, to: &str) -> PackSource {
    let original = source(&[]).files[path].clone();
    assert!(original.contains(from), "{path} has no '{from}'");
    source(&[(path, &original.replacen(from, to, 1))])
}

/// The parsed pack; its errors end the test.
pub fn parse(s: &PackSource) -> Pack {
    parse_pack(s).unwrap_or_else(|e| panic!("{}", list(&e)))
}

/// Every error of the pack: parsing, merging, checking.
pub fn errors(s: &PackSource) -> Vec<PackError> {
    let pack = match parse_pack(s) {
        Ok(p) => p,
        Err(e) => return e,
    };
    match Metamodel::merge(&[&pack]) {
        Ok(m) => check_pack(&pack, &m, &[&pack]),
        Err(e) => e,
    }
}

/// Errors, one a line.
pub fn list(errors: &[PackError]) -> String {
    errors.iter().map(|e| format!("{e}\n")).collect()
}
