//! The pack of the load: one type, one profile, sensors on a grid, so that the whole pipeline works for every reading.

use crate::load;
use anyhow::{Context, Result};
use std::fmt::Write;
use std::fs;
use std::path::Path;

const PACK: &str = "id: bench
version: 0.1.0
owner: urn:svod:body:svod:platform
depends: [base, kuzbass]
space: kuzbass
";

const SPACES: &str = "- path: kuzbass/bench\n";

const MODEL: &str = "id: https://svod.example/packs/bench
name: bench
description: Sensors of the load generator.
prefixes:
  linkml: https://w3id.org/linkml/
  svod: https://svod.example/packs/base/
  bench: https://svod.example/packs/bench/
default_prefix: bench
default_range: string
imports:
  - linkml:types

classes:
  BenchSensor:
    is_a: Asset
    description: A sensor that exists only for the load generator.
    attributes:
      value:
        range: float
        description: A counter.
        annotations:
          svod_kind: observation
";

const PROFILE: &str = "id: bench-post
topic: bench/{device}/up
type: BenchSensor
mapping: |
  {at: .ts, values: {value: .value}}
max_future: PT5M
";

const LAYER: &str = "id: bench
type: BenchSensor
geometry: location
order: 90
visible: true
style: {kind: circle}
";

const PERSONAS: &str = "- id: bench
  name: \"bench\"
  roles: [device]
  spaces: [kuzbass]
";

const TEXTS: [(&str, [&str; 7]); 3] = [
    (
        "ru",
        [
            "Нагрузка",
            "Датчики генератора нагрузки",
            "Датчик нагрузки",
            "Значение",
            "Датчики нагрузки",
            "Нагрузка",
            "Устройство нагрузки",
        ],
    ),
    (
        "kk",
        [
            "Жүктеме",
            "Жүктеме генераторының датчиктері",
            "Жүктеме датчигі",
            "Мәні",
            "Жүктеме датчиктері",
            "Жүктеме",
            "Жүктеме құрылғысы",
        ],
    ),
    ("en", ["Load", "Sensors of the load generator", "Load sensor", "Value", "Load sensors", "Load", "Load device"]),
];

const KEYS: [&str; 7] = [
    "pack-bench-title",
    "pack-bench-description",
    "type-BenchSensor",
    "attr-value",
    "layer-bench",
    "space-bench",
    "persona-bench",
];

/// Sensors in one file: a pack's file has a limit.
const FILE_DEVICES: u32 = 10_000;

/// Writes the folder. Errors: it cannot be written.
pub fn write(folder: &Path, devices: u32) -> Result<()> {
    let mut files: Vec<(String, String)> = Vec::new();
    for number in 0..devices {
        if number % FILE_DEVICES == 0 {
            files.push((format!("entities/sensors-{:03}.yaml", number / FILE_DEVICES), String::new()));
        }
        let Some((_, entities)) = files.last_mut() else { continue };
        let (lon, lat) = (84.0 + f64::from(number % 400) * 0.01, 52.0 + f64::from(number / 400 % 400) * 0.01);
        let device = load::device(number);
        writeln!(
            entities,
            "- id: urn:svod:bench:{device}\n  type: BenchSensor\n  space: kuzbass/bench\n  attributes:\n    name: \"{device}\"\n    \
             deviceId: \"{device}\"\n    location: {{point: [{lon:.2}, {lat:.2}]}}\n    simulated: true"
        )?;
    }
    let texts = TEXTS.map(|(lang, texts)| {
        let lines: Vec<String> = KEYS.iter().zip(texts).map(|(key, text)| format!("{key} = {text}\n")).collect();
        (format!("locales/{lang}.ftl"), lines.concat())
    });
    let fixed = [
        ("pack.yaml", PACK),
        ("spaces.yaml", SPACES),
        ("personas.yaml", PERSONAS),
        ("model/bench.yaml", MODEL),
        ("devices/bench.yaml", PROFILE),
        ("layers/bench.yaml", LAYER),
    ];
    for (path, text) in
        fixed.into_iter().chain(texts.iter().chain(&files).map(|(path, text)| (path.as_str(), text.as_str())))
    {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_has_as_many_sensors_as_asked_and_every_text_in_three_languages() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), 3).unwrap();
        let entities = fs::read_to_string(folder.path().join("entities/sensors-000.yaml")).unwrap();
        assert_eq!(entities.matches("- id: urn:svod:bench:b").count(), 3);
        for lang in ["ru", "kk", "en"] {
            let texts = fs::read_to_string(folder.path().join(format!("locales/{lang}.ftl"))).unwrap();
            assert!(KEYS.iter().all(|key| texts.lines().any(|line| line.starts_with(&format!("{key} = ")))), "{lang}");
        }
    }
}
