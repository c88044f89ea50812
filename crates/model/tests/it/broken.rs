use svod_model::{Metamodel, PackSource, check_pack, parse_pack};

use crate::{changed, errors, list, parse, source};

#[test]
fn the_small_pack_is_sound() {
    assert_eq!(list(&errors(&source(&[]))), "");
    let pack = parse(&source(&[]));
    let model = Metamodel::merge(&[&pack]).unwrap();
    let station = &model.types["Station"];
    assert!(station.attributes.contains_key("deviceId"), "inherited");
    assert!(!station.attributes.contains_key("id"), "the identifier is no attribute");
    assert!(!model.types.contains_key("GeoPoint"), "a geometry is no type");
    assert_eq!(pack.devices[0].max_future_seconds, 300);
    assert_eq!(pack.simulations[0].interval_seconds, 2.0);
    assert_eq!(pack.layers[0].order, 100);
    assert_eq!(pack.imports.len(), 1);
    assert_eq!(pack.tests["air.yaml"].len(), 1);
}

/// One change of the small pack, and the error it must give: file, line, rule, part of the fix.
fn gives(path: &str, from: &str, to: &str, file: &str, line: usize, rule: &str, fix: &str) {
    let found = errors(&changed(path, from, to));
    let hit = found.iter().any(|e| e.file == file && e.position.line == line && e.rule == rule && e.fix.contains(fix));
    assert!(hit, "expected {file}:{line} {rule} '{fix}' for '{to}', found:\n{}", list(&found));
}

#[test]
fn files_and_keys() {
    gives("devices/post.yaml", "topic:", "tpoic:", "devices/post.yaml", 2, "unknown-key", "write 'topic'");
    gives("devices/post.yaml", "topic: air/{device}/up\n", "", "devices/post.yaml", 1, "missing-key", "topic");
    gives("devices/post.yaml", "PT5M", "5 min", "devices/post.yaml", 6, "bad-value", "ISO 8601");
    gives("pack.yaml", "0.1.0", "1", "pack.yaml", 2, "wrong-kind", "quotes");
    gives("pack.yaml", "space: town", "space: town/mill", "pack.yaml", 4, "bad-value", "town");
    gives("spaces.yaml", "town/mill", "city/mill", "spaces.yaml", 2, "unknown-space", "town");
    gives("spaces.yaml", "town/mill", "town/mill\n  clock: \"7\"", "spaces.yaml", 3, "bad-value", "+07:00");
    gives(
        "triggers/high.yaml",
        "attributes: [pm25]",
        "every: PT1M",
        "triggers/high.yaml",
        4,
        "bad-value",
        "attributes",
    );
    gives("layers/air.yaml", "circle", "circel", "layers/air.yaml", 4, "bad-value", "circle");
    gives("layers/air.yaml", "#2e7d32", "green", "layers/air.yaml", 4, "bad-value", "#2e7d32");
    gives("feeds/air.yaml", "town/air.csv.gz", "../air.csv", "feeds/air.yaml", 2, "bad-value", ".csv");
    gives("personas.yaml", "[official]", "[oficial]", "personas.yaml", 1, "bad-value", "official");
    gives("personas.yaml", "[official]", "[platform]", "personas.yaml", 1, "bad-value", "one of");
    gives("tests/air.yaml", "wait: PT5M", "wiat: PT5M", "tests/air.yaml", 5, "unknown-key", "wait");
    gives(
        "simulation/air.yaml",
        "mean: 0.02",
        "mean: 0.02, nosie: 1",
        "simulation/air.yaml",
        5,
        "unknown-key",
        "noise",
    );
    gives("entities/seed.yaml", "{point: [87.1, 53.7]}", "{pt: 1}", "entities/seed.yaml", 10, "unknown-key", "one of");
    let extra = errors(&source(&[("model/deep/x.yaml", "id: x"), ("mdoel/x.yaml", "id: x")]));
    assert!(extra.iter().any(|e| e.file == "mdoel/x.yaml" && e.rule == "unknown-file" && e.fix.contains("model")));
    assert!(extra.iter().any(|e| e.file == "model/deep/x.yaml" && e.rule == "unknown-file"));
    assert_eq!(errors(&PackSource::default())[0].rule, "missing-manifest");
}

#[test]
fn model() {
    let file = "model/core.yaml";
    gives(file, "is_a: Asset", "is_a: Aset", file, 25, "unknown-parent", "write 'Asset'");
    gives(file, "range: Body", "range: Bdoy", file, 16, "unknown-range", "write 'Body'");
    gives(file, "abstract: true", "is_a: Station", file, 9, "inheritance-cycle", "is_a");
    gives(file, "mg/m3", "мг/м3", file, 33, "unknown-unit", "UCUM");
    gives(file, "[0-9]{8}", "[0-9{8}", file, 22, "bad-pattern", "regular expression");
    gives(file, "minimum_value: 0}", "minimum_value: 0, maximum_value: -1}", file, 23, "bad-attribute", "exchange");
    gives(
        file,
        "simulated: {range: boolean}",
        "simulated: {pattern: x, range: boolean}",
        file,
        17,
        "bad-attribute",
        "drop",
    );
    gives(file, "svod_norm: 0.16", "svod_norm: -1", file, 34, "bad-annotation", "positive");
    gives(file, "svod_norm: 0.16", "svod_nrom: 1", file, 34, "unknown-key", "svod_norm");
    gives(
        file,
        "      height:",
        "      name: {range: integer}\n      height:",
        file,
        28,
        "redeclared-attribute",
        "inherited",
    );
    gives(file, "  Station:", "  station:", file, 25, "bad-name", "PascalCase");
    gives(file, "linkml:types", "elsewhere", file, 4, "unknown-import", "linkml:types");
    gives(file, "    is_a: Asset", "    mixins: [Asset]", file, 26, "unknown-key", "one of");
}

#[test]
fn between_files() {
    let seed = "entities/seed.yaml";
    gives(seed, "type: Station", "type: Staton", seed, 6, "unknown-type", "write 'Station'");
    gives(seed, "type: Station", "type: Asset", seed, 6, "abstract-type", "Station");
    gives(seed, "deviceId", "devieId", seed, 11, "unknown-attribute", "write 'deviceId'");
    gives(seed, "    name: Mill\n", "", seed, 5, "required", "value");
    gives(seed, "subjects: [air]", "subjects: [aer]", seed, 4, "enum", "write 'air'");
    gives(seed, "subjects: [air]", "subjects: air", seed, 4, "multivalued", "list");
    gives(seed, "\"12345678\"", "\"123\"", seed, 4, "pattern", "form");
    gives(seed, "unit: cm", "unit: kg", seed, 13, "unit", "in m");
    gives(seed, "value: 250", "value: 250000", seed, 13, "maximum", "500");
    gives(seed, "[87.1, 53.7]", "[53.7, 187.1]", seed, 10, "geometry", "longitude first");
    gives(seed, "town:office\"}", "town:ofice\"}", seed, 12, "unknown-body", "urn:svod:body:town:office");
    gives(
        seed,
        "{object: \"urn:svod:body:town:office\"}",
        "{object: \"urn:svod:station:1\"}",
        seed,
        12,
        "wrong-type",
        "Body",
    );
    gives(seed, "space: town/mill", "space: town/mlil", seed, 7, "unknown-space", "town/mill");
    gives(seed, "height: {value: 250, unit: cm}", "pm25: 0.1", seed, 13, "observation", "reading");
    gives("devices/post.yaml", "type: Station", "type: Body", "devices/post.yaml", 3, "no-device-id", "Asset");
    let trigger = "triggers/high.yaml";
    gives(trigger, "[pm25]", "[pm24]", trigger, 4, "unknown-attribute", "pm25");
    gives(trigger, "[pm25]", "[height]", trigger, 4, "wrong-type", "observation");
    gives(trigger, "air.dmn", "aer.dmn", trigger, 5, "unknown-decision", "air.dmn");
    gives(trigger, "process: respond", "process: respnd", trigger, 7, "unknown-process", "id");
    gives(trigger, "subject: air", "subject: aer", trigger, 6, "unknown-subject", "air");
    gives("layers/air.yaml", "geometry: location", "geometry: name", "layers/air.yaml", 3, "wrong-type", "GeoPoint");
    gives("layers/air.yaml", "worstRatio", "worst", "layers/air.yaml", 4, "unknown-attribute", "");
    gives("simulation/air.yaml", "profile: post", "profile: past", "simulation/air.yaml", 2, "unknown-profile", "post");
    gives("feeds/air.yaml", "profile: post", "profile: past", "feeds/air.yaml", 4, "unknown-profile", "post");
    gives("imports/borders.yaml", "{name: .n}", "{nmae: .n}", "imports/borders.yaml", 7, "unknown-attribute", "name");
    gives("personas.yaml", "town:office", "town:ofice", "personas.yaml", 1, "unknown-body", "office");
    gives("tests/air.yaml", "persona: clerk", "persona: clark", "tests/air.yaml", 1, "unknown-persona", "clerk");
    let act = "act: {persona: clerk, take: task}";
    let steps = "tests/air.yaml";
    gives(steps, act, "task: {by: clark, take: only}", steps, 1, "unknown-persona", "clerk");
    gives(steps, act, "task: {by: clerk, take: only, result: x}", steps, 6, "bad-value", "keep one of");
    gives(steps, act, "task: {by: clerk}", steps, 6, "missing-key", "answers");
    gives(steps, act, "apply: {as: clerk}", steps, 6, "missing-key", "service");
    gives(steps, act, "expect: {case: {name: one}}", steps, 6, "missing-key", "status");
    gives(steps, act, "expect: {refused: [1]}", steps, 6, "wrong-kind", "quotes");
    gives("pack.yaml", "space: town", "depends: [base]\nspace: town", "pack.yaml", 1, "missing-dependency", "");
    gives("locales/kk.ftl", "layer-air = x\n", "", "layers/air.yaml", 1, "missing-text", "locales/kk.ftl");
}

#[test]
fn every_error_is_collected_at_once() {
    let mut s = changed("devices/post.yaml", "topic:", "tpoic:");
    s.files.insert("layers/air.yaml".into(), "id: Air\nx: 1\n".into());
    let found = errors(&s);
    assert!(found.len() >= 6, "{}", list(&found));
    assert!(found.is_sorted());
}

#[test]
fn limits_hold() {
    let big = source(&[("model/big.yaml", &" ".repeat((4 << 20) + 1))]);
    assert_eq!(errors(&big)[0].rule, "file-size");
    let mut many = source(&[]);
    many.files.extend((0..2_000).map(|i| (format!("tests/{i}.yaml"), "[]".to_owned())));
    assert_eq!(errors(&many)[0].rule, "file-count");
    let flood = "x: 1\n".repeat(1_000) + &(0..2_000).map(|i| format!("k{i}: 1\n")).collect::<String>();
    assert_eq!(parse_pack(&source(&[("spaces.yaml", &flood)])).unwrap_err().len(), 500);
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b]\n";
    assert_eq!(errors(&source(&[("spaces.yaml", bomb)]))[0].rule, "yaml-alias");
}

#[test]
fn packs_meet_in_one_metamodel() {
    let base = parse(&source(&[]));
    let child = |model: &str| {
        let manifest = "id: child\nversion: 1.0.0\nowner: urn:svod:body:x\ndepends: [town]\n";
        let files = [("pack.yaml", manifest), ("model/m.yaml", model), ("locales/ru.ftl", "a = b\n")];
        parse(&PackSource { files: files.map(|(p, t)| (p.to_owned(), t.to_owned())).into() })
    };
    let head = "id: https://x.example/m\nname: m\nimports: [linkml:types, ../../town/model/core]\nclasses:\n";
    let good = child(&format!("{head}  Tall:\n    is_a: Station\n    attributes:\n      mast: {{range: Subject}}\n"));
    let model = Metamodel::merge(&[&good, &base]).unwrap();
    assert!(model.is_a("Tall", "Asset"));
    assert_eq!(model.attribute("Tall", "mast").unwrap().range, svod_model::Range::Enum("Subject".into()));
    assert!(model.attribute("Tall", "pm25").is_some());
    let missing = check_pack(&good, &model, &[&good, &base]);
    assert!(missing.iter().all(|e| e.rule == "missing-text"), "{}", list(&missing));

    let keyed =
        format!("{head}  Tall:\n    is_a: Station\n    unique_keys: {{mast: {{unique_key_slots: [height, name]}}}}\n");
    let model = Metamodel::merge(&[&child(&keyed), &base]).unwrap();
    assert_eq!(model.types["Tall"].unique[0].slots, ["height", "name"]);
    assert!(model.types["Tall"].attributes["height"].indexed && !model.types["Station"].attributes["height"].indexed);
    for slot in ["nothing", "pm25", "location"] {
        let bad = keyed.replace("[height,", &format!("[{slot},"));
        assert_eq!(Metamodel::merge(&[&child(&bad), &base]).unwrap_err()[0].rule, "bad-unique-key", "{slot}");
    }

    let twice = child(&format!("{head}  Station: {{}}\n"));
    let found = Metamodel::merge(&[&base, &twice]).unwrap_err();
    assert_eq!((found[0].rule.as_str(), found[0].file.as_str()), ("duplicate-type", "model/m.yaml"));
    assert!(found[0].message.contains("pack 'child'"));
}

#[test]
fn rules_have_texts_are_inherited_and_take_no_others_place() {
    let rule =
        |title: &str| format!("    rules: [{{title: {title}, annotations: {{svod_condition: \"height > 1\"}}}}]\n");
    let head = "id: https://x.example/m\nname: m\nimports: [linkml:types]\nclasses:\n  Mast:\n    attributes: {height: {range: float}}\n";
    let pack = |own: &str, heir: &str| {
        let model = format!("{head}{own}  Tall:\n    is_a: Mast\n{heir}");
        let manifest = "id: masts\nversion: 1.0.0\nowner: urn:svod:body:x\n";
        let texts = "type-Mast = a\ntype-Tall = a\nattr-height = a\npack-masts-title = a\npack-masts-description = a\n";
        let locales = ["ru", "kk", "en"].map(|l| (format!("locales/{l}.ftl"), texts.to_owned()));
        let files = [("pack.yaml".to_owned(), manifest.to_owned()), ("model/m.yaml".to_owned(), model)];
        parse_pack(&PackSource { files: files.into_iter().chain(locales).collect() })
    };
    let good = pack(&rule("stands"), &rule("stands-high")).unwrap();
    let model = Metamodel::merge(&[&good]).unwrap();
    let ids = |kind: &str| model.types[kind].rules.iter().map(|r| (r.id.clone(), r.class.clone())).collect::<Vec<_>>();
    assert_eq!(ids("Mast"), [("stands".to_owned(), "Mast".to_owned())]);
    assert_eq!(ids("Tall"), [("stands".to_owned(), "Mast".to_owned()), ("stands-high".to_owned(), "Tall".to_owned())]);
    let missing = check_pack(&good, &model, &[&good]);
    assert_eq!(missing.len(), 6, "{}", list(&missing));
    let owed = |e: &svod_model::PackError| e.rule == "missing-text" && e.message.contains("'rule-stands");
    assert!(missing.iter().all(owed), "{}", list(&missing));

    let found = Metamodel::merge(&[&pack(&rule("stands"), &rule("stands")).unwrap()]).unwrap_err();
    let one = (found[0].rule.as_str(), found[0].file.as_str(), found[0].position.line);
    assert_eq!(one, ("bad-rule", "model/m.yaml", 10), "{}", list(&found));
    for (broken, fault) in [("Stands", "bad-value"), ("stands, slots: x", "unknown-key")] {
        let found = pack(&rule(broken), "").unwrap_err();
        assert!(found.iter().any(|e| e.rule == fault && e.position.line == 7), "{}", list(&found));
    }
}
