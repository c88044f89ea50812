//! For random people, data and policies no way of looking shows an attribute that the policies, asked directly, deny; and the
//! card shows all that they allow (issue 4, D6 E11). `SVOD_SEEDS=100` tries more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use svod_identity::{From, Invitation};
use svod_kernel::{Actor, Rng, Role, SeededRng, Urn};
use svod_model::{Attribute, Entity, PackSource};
use svod_registry::{Action, Change, Command, Ground, Operation, ResourceRef};
use svod_testkit::TestApp;
use svod_trust::Looking;

const KINDS: [&str; 3] = ["ProbeHouse", "ProbePaper", "ProbeVisit"];
const CLASSES: [&str; 5] = ["open", "internal", "personal", "special", "secret"];
const ATTRIBUTES: usize = 6;
const ENTITIES: usize = 14;
const SPACES: [&str; 3] = ["kuzbass", "kuzbass/novokuznetsk", "kuzbass/kemerovo"];
const BODIES: [&str; 2] = ["urn:svod:body:kuzbass:ecology", "urn:svod:body:novokuznetsk:ecology"];
const ROLES: [&str; 4] = ["official", "governor", "administrator", "citizen"];
const ACTIONS: [&str; 6] = ["read", "readInternal", "readPersonal", "readSpecial", "readSecret", "readJournal"];

struct Dice(SeededRng);

impl Dice {
    fn below(&self, n: usize) -> usize {
        (self.0.next_u64() % n as u64) as usize
    }

    fn one<'a>(&self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn some(&self, of: &[&'static str]) -> Vec<&'static str> {
        let taken: Vec<_> = of.iter().copied().filter(|_| self.below(2) == 0).collect();
        if taken.is_empty() { vec![self.one(of)] } else { taken }
    }
}

/// Classes of the attributes, by type and name.
type Classes = BTreeMap<(String, String), &'static str>;

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
    }
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
    text
}

fn probe(dice: &Dice) -> (PackSource, Vec<String>, Classes) {
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
    files.extend(["ru", "kk", "en"].map(|lang| (format!("locales/{lang}.ftl"), texts.clone())));
    (PackSource { files }, ids, classes)
}

/// Somebody who asks.
struct Asking {
    actor: Actor,
    token: String,
}

impl Asking {
    fn headers(&self) -> Vec<(&'static str, String)> {
        let named = (!self.token.is_empty()).then(|| ("authorization", format!("Bearer {}", self.token)));
        named.into_iter().collect()
    }
}

/// Grounds that were given: actor and person.
type Given = BTreeMap<(String, String), BTreeSet<Ground>>;

/// May they, by the policies alone?
struct Oracle<'a> {
    app: &'a TestApp,
    classes: &'a Classes,
    given: &'a Given,
}

impl Oracle<'_> {
    fn permits(&self, actor: &Actor, action: Action, entity: &Entity, ground: Option<Ground>) -> bool {
        let resource = ResourceRef {
            body: entity.object("body").cloned(),
            person: entity.object("person").cloned(),
            ground,
            ..ResourceRef::new(&entity.kind, entity.space.clone())
        };
        self.app.core.registry.catalogue().policies.allows(actor, action, &resource)
    }

    fn attribute(&self, actor: &Actor, entity: &Entity, name: &str) -> bool {
        let plain = |action| self.permits(actor, action, entity, None);
        match self.classes.get(&(entity.kind.clone(), name.to_owned())).copied() {
            Some("open") => true,
            Some("internal") => plain(Action::ReadInternal),
            Some("secret") => plain(Action::ReadSecret),
            Some(class) => {
                let action = if class == "special" { Action::ReadSpecial } else { Action::ReadPersonal };
                match entity.object("person") {
                    None => plain(action),
                    Some(person) if person.as_str() == actor.id => plain(action),
                    Some(person) => {
                        let given = self.given.get(&(actor.id.clone(), person.to_string()));
                        given.is_some_and(|all| all.iter().any(|g| self.permits(actor, action, entity, Some(*g))))
                    }
                }
            }
            None => false,
        }
    }

    /// The markers of an entity that may be seen; `with` is the right that is needed besides.
    fn allowed<'e>(&self, actor: &Actor, entity: &'e Entity, with: Action) -> BTreeSet<&'e str> {
        if !self.permits(actor, with, entity, None) {
            return BTreeSet::new();
        }
        let seen = entity.attributes.keys().filter(|name| self.attribute(actor, entity, name));
        seen.filter_map(|name| entity.text(name)).collect()
    }
}

async fn entities(app: &TestApp, dice: &Dice, people: &[Urn]) -> Vec<Entity> {
    let metamodel = app.core.registry.catalogue();
    let mut all = Vec::new();
    for n in 0..ENTITIES {
        let (kind, space) = (dice.one(&KINDS), dice.one(&SPACES));
        let mut e = Entity::new(format!("urn:probe:{n}").parse().unwrap(), kind, space.parse().unwrap());
        for name in metamodel.metamodel.types[kind].attributes.keys() {
            let value = match name.as_str() {
                "person" => Attribute::object(people[dice.below(people.len())].clone()),
                "body" => Attribute::object(dice.one(&BODIES).parse().unwrap()),
                _ => Attribute::property(format!("mark{n}of{name}end")),
            };
            if dice.below(8) > 0 {
                e.attributes.insert(name.clone(), value);
            }
        }
        all.push(e);
    }
    let changes = all.iter().cloned().map(|e| Change::from(Operation::Create(e))).collect();
    let command = Command { ground: "test".into(), changes, ..Command::default() };
    app.core.registry.execute(&Actor::platform("test"), command).await.unwrap();
    all
}

/// People with accounts: citizens, and one in a post.
async fn people(app: &TestApp) -> Vec<(Urn, Asking)> {
    let mut all = Vec::new();
    for (n, post) in [None, None, Some((Role::Official, "kuzbass"))].into_iter().enumerate() {
        let mut invitation = Invitation::new(&format!("probe{n}"), "Probe", app.clock.now_plus(60)).unwrap();
        invitation.post = post.map(|(role, space): (Role, &str)| (role, space.parse().unwrap()));
        let invitation = app.core.identity.invite(&invitation);
        let (account, token) = app.core.identity.accept(&invitation, &From::default()).await.unwrap();
        app.proved(&token).await;
        let actor = app.core.identity.authenticate(&token).await.unwrap();
        all.push((account.person, Asking { actor, token }));
    }
    all
}

trait Later {
    fn now_plus(&self, seconds: i64) -> svod_kernel::Timestamp;
}

impl Later for svod_kernel::SimClock {
    fn now_plus(&self, seconds: i64) -> svod_kernel::Timestamp {
        svod_kernel::Clock::now(self).plus_seconds(seconds)
    }
}

async fn get(app: &TestApp, who: &Asking, path: &str, query: Option<serde_json::Value>) -> String {
    let mut headers = who.headers();
    let method = if query.is_some() { "POST" } else { "GET" };
    if query.is_some() {
        headers.push(("content-type", "application/json".to_owned()));
    }
    let body = query.map(|q| q.to_string().into_bytes()).unwrap_or_default();
    let answer = app.request(method, path, &headers, body).await;
    assert!(answer.status < 500, "{path}: {}", answer.text);
    answer.text
}

/// Every marker in a text.
fn markers(text: &str) -> BTreeSet<String> {
    let ends = text.match_indices("mark").filter_map(|(at, _)| {
        let rest = &text[at..];
        let end = rest.find("end")? + 3;
        let one = &rest[..end];
        one.bytes().all(|b| b.is_ascii_alphanumeric()).then(|| one.to_owned())
    });
    ends.collect()
}

async fn judge(seed: u64) {
    let dice = Dice(SeededRng::new(seed));
    let (pack, personas, classes) = probe(&dice);
    let app = TestApp::builder().pack(pack).doors().start().await;
    let people = people(&app).await;
    let urns: Vec<Urn> = people.iter().map(|(urn, _)| urn.clone()).collect();
    let all = entities(&app, &dice, &urns).await;
    let mut asking: Vec<Asking> =
        personas.iter().map(|p| Asking { actor: app.actor(p), token: app.token(p) }).collect();
    asking.extend(people.into_iter().map(|(_, who)| who));
    asking.push(Asking { actor: Actor::anonymous(), token: String::new() });
    let mut given = Given::new();
    for who in &asking {
        for person in &urns {
            let ground = [Ground::Law, Ground::Contract][dice.below(2)];
            if dice.below(2) == 0 {
                let looking =
                    Looking { whom: person.to_string(), ground, reference: "random".into(), reason: "random".into() };
                if app.core.trust.look(&who.actor, &looking).await.is_ok() {
                    given.entry((who.actor.id.clone(), person.to_string())).or_default().insert(ground);
                }
            }
        }
    }
    let oracle = Oracle { app: &app, classes: &classes, given: &given };
    for who in &asking {
        let allowed: BTreeSet<&str> = all.iter().flat_map(|e| oracle.allowed(&who.actor, e, Action::Read)).collect();
        let told: BTreeSet<&str> =
            all.iter().flat_map(|e| oracle.allowed(&who.actor, e, Action::ReadJournal)).collect();
        let hint = |path: &str| format!("seed {seed}, {} {:?}, {path}", who.actor.id, who.actor.roles);
        let judge = |path: &str, text: &str, allowed: &BTreeSet<&str>| {
            for marker in markers(text) {
                assert!(allowed.contains(marker.as_str()), "{}: {marker} is denied\n{text}", hint(path));
            }
        };
        let kinds = KINDS.join(",");
        let mut paths = vec![
            format!("/api/v1/entities?space=kuzbass&type={kinds}&limit=1000"),
            format!("/ngsi-ld/v1/entities?type={kinds}&limit=1000&count=true"),
            format!("/ngsi-ld/v1/entities?type={kinds}&limit=1000&options=keyValues"),
            format!("/ngsi-ld/v1/temporal/entities?type={kinds}&timerel=after&timeAt=2000-01-01T00:00:00Z"),
            "/ngsi-ld/v1/attributes?details=true".to_owned(),
            "/table?space=kuzbass".to_owned(),
        ];
        for kind in KINDS {
            paths.push(format!("/entities?space=kuzbass&type={kind}"));
            paths.push(format!("/entities.csv?space=kuzbass&type={kind}"));
            paths.push(format!("/vocabulary/{kind}?space=kuzbass"));
        }
        for e in &all {
            paths.push(format!("/entities/{}", e.id));
            paths.push(format!("/ngsi-ld/v1/entities/{}", e.id));
            paths.push(format!("/ngsi-ld/v1/temporal/entities/{}", e.id));
        }
        for path in &paths {
            judge(path, &get(&app, who, path, None).await, &allowed);
        }
        let question = serde_json::json!({"space": "kuzbass", "types": KINDS, "limit": 1000});
        judge("/api/v1/query", &get(&app, who, "/api/v1/query", Some(question)).await, &allowed);
        let path = "/api/v1/journal?space=kuzbass&limit=1000";
        judge(path, &get(&app, who, path, None).await, &told);
        for e in &all {
            let path = format!("/api/v1/entities/{}", e.id);
            let text = get(&app, who, &path, None).await;
            let shown = markers(&text);
            let may = oracle.allowed(&who.actor, e, Action::Read);
            assert_eq!(shown.iter().map(String::as_str).collect::<BTreeSet<_>>(), may, "{}\n{text}", hint(&path));
            // What is hidden answers no question about itself either.
            for (name, value) in e.attributes.keys().filter_map(|n| Some((n, e.text(n)?))) {
                if dice.below(4) > 0 || may.contains(value) {
                    continue;
                }
                let path = format!("/ngsi-ld/v1/entities?type={}&q={name}==%22{value}%22&count=true&limit=0", e.kind);
                let answer = app.request("GET", &path, &who.headers(), Vec::new()).await;
                assert_eq!(answer.header("ngsild-results-count"), "0", "{}", hint(&path));
            }
        }
    }
    app.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_way_of_looking_shows_what_the_policies_deny() {
    let seeds = std::env::var("SVOD_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    for seed in 1..=seeds {
        judge(seed).await;
    }
}
