//! A random pack: types whose attributes have random classes, random policies, personas; and what becomes of its entities.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::json;
use svod_kernel::{Actor, Urn};
use svod_model::{Attribute, Entity, PackSource};
use svod_registry::{Change, Command, Operation};
use svod_testkit::TestApp;

use super::{ATTRIBUTES, BODIES, CLASSES, Classes, Dice, KINDS, ROLES, SPACES};

const ENTITIES: usize = 14;
const ACTIONS: [&str; 6] = ["read", "readInternal", "readPersonal", "readSpecial", "readSecret", "readJournal"];
/// Comes last in each space, for everybody to see: what came before it was told before it.
pub const LAST: &str = "ProbeLast";
/// What the device of the first entity tells; that of the next one more. No other number is like it.
const LEVEL: u32 = 7_000_001;

/// One entity through its life.
pub struct Life {
    /// As it was made.
    pub made: Entity,
    /// As it stands, or as it was when it was removed.
    pub last: Entity,
    /// It was removed.
    pub gone: bool,
    /// What its device has told.
    pub level: u32,
}

impl Life {
    /// The attribute that its device tells.
    pub fn observed(&self) -> String {
        format!("level{}", number(&self.made.kind))
    }
}

fn number(kind: &str) -> usize {
    KINDS.iter().position(|k| *k == kind).unwrap()
}

/// Types, their texts, and the class of each attribute.
fn model(dice: &Dice) -> (String, String, Classes) {
    let mut text = "id: https://svod.example/packs/probe/model\nname: probe\ndescription: Random types.\nprefixes:\n  linkml: https://w3id.org/linkml/\n  probe: https://svod.example/packs/probe/\ndefault_prefix: probe\ndefault_range: string\nimports:\n  - linkml:types\n  - ../../base/model/base\n\nclasses:\n".to_owned();
    let (mut texts, mut classes) = (String::new(), Classes::new());
    for (n, kind) in KINDS.iter().enumerate() {
        write!(text, "  {kind}:\n    class_uri: probe:{kind}\n    description: Random.\n    attributes:\n").unwrap();
        writeln!(texts, "type-{kind} = {kind}").unwrap();
        for (link, range) in [("person", "Party"), ("body", "Body")].into_iter().filter(|_| dice.below(4) > 0) {
            write!(text, "      {link}:\n        range: {range}\n        description: Random.\n").unwrap();
        }
        for i in 0..ATTRIBUTES {
            let (name, class) = (format!("probe{n}x{i}"), dice.one(&CLASSES));
            write!(text, "      {name}:\n        description: Random.\n        annotations:\n          svod_class: {class}\n          svod_index: {}\n", dice.below(2) == 0).unwrap();
            writeln!(texts, "attr-{name} = {name}").unwrap();
            classes.insert(((*kind).to_owned(), name), class);
        }
        let (name, class) = (format!("level{n}"), dice.one(&CLASSES));
        write!(text, "      deviceId:\n        description: Its device.\n      {name}:\n        range: float\n        description: Random.\n        annotations:\n          svod_kind: observation\n          svod_class: {class}\n").unwrap();
        writeln!(texts, "attr-{name} = {name}").unwrap();
        classes.insert(((*kind).to_owned(), name), class);
    }
    write!(text, "  {LAST}:\n    class_uri: probe:{LAST}\n    description: The end.\n    attributes:\n      probeLast:\n        description: The end.\n").unwrap();
    write!(texts, "type-{LAST} = {LAST}\nattr-probeLast = probeLast\n").unwrap();
    classes.insert((LAST.to_owned(), "probeLast".to_owned()), "open");
    (text, texts, classes)
}

fn policies(dice: &Dice) -> String {
    const WHEN: [&str; 7] = [
        "resource.spaces.containsAny(principal.spaces)",
        "resource.body == principal.body",
        "resource.own",
        "resource.ground != \"\"",
        "resource.ground == \"law\"",
        "true",
        "!principal.acting",
    ];
    let mut text = String::new();
    for n in 0..6 {
        let actions: Vec<String> = dice.some(&ACTIONS).iter().map(|a| format!("Action::\"{a}\"")).collect();
        let effect = if dice.below(5) == 0 { "forbid" } else { "permit" };
        write!(
            text,
            "@id(\"random-{n}\")\n{effect} (principal, action in [{}], resource)\nwhen {{ principal.roles.contains(\"{}\") && {} && resource.type == \"{}\" }};\n",
            actions.join(", "),
            dice.one(&ROLES),
            dice.one(&WHEN),
            dice.one(&KINDS)
        )
        .unwrap();
    }
    // Everybody may ask to be told: what they are told is the question.
    text.push_str(
        "@id(\"listen\")\npermit (principal, action in [Action::\"create\", Action::\"read\"], resource)\nwhen { resource.type == \"Subscription\" };\n",
    );
    text
}

/// The pack, its personas, and the class of each attribute.
pub fn pack(dice: &Dice) -> (PackSource, Vec<String>, Classes) {
    let (model, mut texts, classes) = model(dice);
    let (mut personas, mut ids) = (String::new(), Vec::new());
    for n in 0..5 {
        let id = format!("probe-{n}");
        let (role, space, body) = (dice.one(&ROLES), dice.one(&SPACES), dice.one(&BODIES));
        write!(personas, "- id: {id}\n  name: \"{id}\"\n  roles: [{role}]\n  spaces: [{space}]\n  body: {body}\n")
            .unwrap();
        writeln!(texts, "persona-{id} = {id}").unwrap();
        ids.push(id);
    }
    texts.push_str("pack-probe-title = Probe\npack-probe-description = Random.\n");
    let manifest =
        "id: probe\nversion: 0.1.0\nowner: urn:svod:body:kuzbass:digital\ndepends: [base, kuzbass]\nspace: kuzbass\n";
    let mut files = BTreeMap::from([
        ("pack.yaml".to_owned(), manifest.to_owned()),
        ("model/probe.yaml".to_owned(), model),
        ("policies/random.cedar".to_owned(), policies(dice)),
        ("personas.yaml".to_owned(), personas),
    ]);
    for (n, kind) in KINDS.iter().enumerate() {
        let profile = format!(
            "id: gauge-{n}\ntopic: probe{n}/{{device}}/up\ntype: {kind}\nmapping: |\n  {{at: .ts, values: {{level{n}: .level}}}}\n"
        );
        files.insert(format!("devices/gauge-{n}.yaml"), profile);
    }
    files.extend(["ru", "kk", "en"].map(|lang| (format!("locales/{lang}.ftl"), texts.clone())));
    (PackSource { files }, ids, classes)
}

async fn execute(app: &TestApp, changes: Vec<Change>) {
    let command = Command { ground: "test".into(), changes, ..Command::default() };
    app.core.registry.execute(&Actor::platform("test"), command).await.unwrap();
}

/// Random entities, each with a value from its device.
pub async fn born(app: &TestApp, dice: &Dice, people: &[Urn]) -> Vec<Life> {
    let catalogue = app.core.registry.catalogue();
    let mut lives = Vec::new();
    for n in 0..ENTITIES {
        let (kind, space) = (dice.one(&KINDS), dice.one(&SPACES));
        let mut e = Entity::new(format!("urn:probe:{n}").parse().unwrap(), kind, space.parse().unwrap());
        for name in catalogue.metamodel.types[kind].attributes.keys() {
            let value = match name.as_str() {
                "person" => Attribute::object(people[dice.below(people.len())].clone()),
                "body" => Attribute::object(dice.one(&BODIES).parse().unwrap()),
                _ => Attribute::property(format!("mark{n}of{name}end")),
            };
            if !name.starts_with("level") && name != "deviceId" && dice.below(8) > 0 {
                e.attributes.insert(name.clone(), value);
            }
        }
        e.attributes.insert("deviceId".into(), Attribute::property(format!("probe-{n}")));
        lives.push(Life { made: e.clone(), last: e, gone: false, level: LEVEL + n as u32 });
    }
    let known = app.core.ingest.devices().len() + lives.len();
    execute(app, lives.iter().map(|l| Change::from(Operation::Create(l.made.clone()))).collect()).await;
    app.until("their devices are known", async || app.core.ingest.devices().len() >= known).await;
    for (n, life) in lives.iter().enumerate() {
        let profile = format!("gauge-{}", number(&life.made.kind));
        let told = app.deliver(&profile, &format!("probe-{n}"), json!({"ts": app.ts(), "level": life.level})).await;
        assert_eq!(told.stored, 1, "{told:?}");
    }
    lives
}

/// Other values, values taken away, the end of some; then the last of each space, which are given back.
pub async fn grown(app: &TestApp, dice: &Dice, lives: &mut [Life]) -> Vec<Entity> {
    app.clock.advance(60);
    let changes = lives.iter_mut().enumerate().filter_map(|(n, life)| changed(dice, n, life)).collect();
    execute(app, changes).await;
    app.clock.advance(60);
    let mut ends = Vec::new();
    for (n, life) in lives.iter_mut().enumerate() {
        life.gone = n == 0 || dice.below(3) == 0;
        if life.gone {
            ends.push(Change::from(Operation::Delete { urn: life.made.id.clone(), expected: None }));
        }
    }
    execute(app, ends).await;
    let last = SPACES.iter().enumerate().map(|(n, space)| {
        let e = Entity::new(format!("urn:probe:last:{n}").parse().unwrap(), LAST, space.parse().unwrap());
        e.with("probeLast", Attribute::property(format!("mark{n}lastend")))
    });
    let last: Vec<Entity> = last.collect();
    execute(app, last.iter().map(|e| Change::from(Operation::Create(e.clone()))).collect()).await;
    last
}

/// Each of the probe's attributes stays, is given another value, or is taken away.
fn changed(dice: &Dice, n: usize, life: &mut Life) -> Option<Change> {
    let names: BTreeSet<String> = life.made.attributes.keys().filter(|a| a.starts_with("probe")).cloned().collect();
    let (mut set, mut unset) = (BTreeMap::new(), Vec::new());
    for name in names {
        match dice.below(4) {
            0 => drop(set.insert(name.clone(), Attribute::property(format!("mark{n}of{name}newend")))),
            1 => unset.push(name),
            _ => {}
        }
    }
    if set.is_empty() && unset.is_empty() {
        return None;
    }
    life.last.attributes.extend(set.clone());
    life.last.attributes.retain(|name, _| !unset.contains(name));
    Some(Change::from(Operation::Patch { urn: life.made.id.clone(), expected: None, set, unset }))
}

/// A text with all that is told last?
pub fn is_over(text: &str) -> bool {
    (0..SPACES.len()).all(|n| text.contains(&format!("mark{n}lastend")))
}
