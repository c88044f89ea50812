//! For random people, data and policies no way of looking shows an attribute that the policies, asked directly, deny; and the
//! card shows all that they allow (issue 4, D6 E11). `SVOD_SEEDS=100` tries more.
//!
//! * `probe` – the random pack, and what becomes of its entities
//! * `told` – subscriptions, over HTTP and by the stream
//! * `past` – what was: values of before, the removed, the journal and its receipts
//! * `readings` – what devices tell
//! * `errors` – what a refusal says

mod errors;
mod past;
mod probe;
mod readings;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde_json::{Value, json};
use svod_identity::{From, Invitation};
use svod_kernel::{Actor, Clock as _, Rng, Role, SeededRng, Urn};
use svod_model::Entity;
use svod_registry::{Action, Ground, ResourceRef};
use svod_testkit::{Answer, TestApp};
use svod_trust::Looking;

use probe::Life;

const KINDS: [&str; 3] = ["ProbeHouse", "ProbePaper", "ProbeVisit"];
const CLASSES: [&str; 5] = ["open", "internal", "personal", "special", "secret"];
const ATTRIBUTES: usize = 6;
const SPACES: [&str; 3] = ["kuzbass", "kuzbass/novokuznetsk", "kuzbass/kemerovo"];
const BODIES: [&str; 2] = ["urn:svod:body:kuzbass:ecology", "urn:svod:body:novokuznetsk:ecology"];
const ROLES: [&str; 4] = ["official", "governor", "administrator", "citizen"];

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

/// What the policies said: they are the same throughout, and a debug build takes a millisecond for each question.
type Known = Mutex<BTreeMap<(String, &'static str, ResourceKey), bool>>;

/// All that one resource of the probe differs from another in.
type ResourceKey = (String, String, Option<Urn>, Option<Urn>, Option<Ground>);

/// May they, by the policies alone?
struct Oracle<'a> {
    app: &'a TestApp,
    known: Known,
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
        let (body, person) = (resource.body.clone(), resource.person.clone());
        let key = (entity.kind.clone(), entity.space.to_string(), body, person, ground);
        let mut known = self.known.lock().unwrap();
        *known
            .entry((actor.id.clone(), action.as_str(), key))
            .or_insert_with(|| self.app.core.registry.catalogue().policies.allows(actor, action, &resource))
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

/// People with accounts: citizens, and one in a post.
async fn people(app: &TestApp) -> Vec<(Urn, Asking)> {
    let mut all = Vec::new();
    for (n, post) in [None, None, Some((Role::Official, "kuzbass"))].into_iter().enumerate() {
        let expires = app.clock.now().plus_seconds(60);
        let mut invitation = Invitation::new(&format!("probe{n}"), "Probe", expires).unwrap();
        invitation.post = post.map(|(role, space): (Role, &str)| (role, space.parse().unwrap()));
        let invitation = app.core.identity.invite(&invitation);
        let (account, token) = app.core.identity.accept(&invitation, &From::default()).await.unwrap();
        let token = app.proved(&token).await;
        let actor = app.core.identity.authenticate(&token).await.unwrap();
        all.push((account.person, Asking { actor, token }));
    }
    all
}

/// Some of them open the data of some people.
async fn grounds(app: &TestApp, dice: &Dice, asking: &[Asking], people: &[Urn]) -> Given {
    let mut given = Given::new();
    for who in asking {
        for person in people {
            let ground = [Ground::Law, Ground::Contract][dice.below(2)];
            if dice.below(2) == 0 {
                continue;
            }
            let looking =
                Looking { whom: person.to_string(), ground, reference: "random".into(), reason: "random".into() };
            if app.core.trust.look(&who.actor, &looking).await.is_ok() {
                given.entry((who.actor.id.clone(), person.to_string())).or_default().insert(ground);
            }
        }
    }
    given
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

/// Judges what somebody was shown.
struct Court<'a> {
    seed: u64,
    app: &'a TestApp,
    dice: &'a Dice,
    oracle: Oracle<'a>,
    lives: &'a [Life],
    last: &'a [Entity],
}

impl Court<'_> {
    /// Everything that they may see of what there is.
    fn present(&self, who: &Asking) -> BTreeSet<&str> {
        let living = self.lives.iter().filter(|l| !l.gone).map(|l| &l.last);
        living.flat_map(|e| self.oracle.allowed(&who.actor, e, Action::Read)).collect()
    }

    /// Everything that they may see of an entity as it was and is, with that right.
    fn of_life(&self, who: &Asking, life: &Life, with: Action) -> BTreeSet<String> {
        let both = [&life.made, &life.last].into_iter();
        both.flat_map(|e| self.oracle.allowed(&who.actor, e, with)).map(str::to_owned).collect()
    }

    /// The same of everything there ever was.
    fn ever(&self, who: &Asking, with: Action) -> BTreeSet<String> {
        let last = self.last.iter().flat_map(|e| self.oracle.allowed(&who.actor, e, with)).map(str::to_owned);
        self.lives.iter().flat_map(|l| self.of_life(who, l, with)).chain(last).collect()
    }

    fn hint(&self, who: &Asking, path: &str) -> String {
        format!("seed {}, {} {:?}, {path}", self.seed, who.actor.id, who.actor.roles)
    }

    /// Nothing in the text is denied.
    #[track_caller]
    fn judge<M: AsRef<str>>(&self, who: &Asking, path: &str, text: &str, allowed: &BTreeSet<M>) {
        for marker in markers(text) {
            let fine = allowed.iter().any(|a| a.as_ref() == marker);
            assert!(fine, "{}: {marker} is denied\n{text}", self.hint(who, path));
        }
    }

    /// One request; no answer is a failure of the platform.
    async fn ask(&self, who: &Asking, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut headers = who.headers();
        if body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        let body = body.map(|b| b.to_string().into_bytes()).unwrap_or_default();
        let answer = self.app.request(method, path, &headers, body).await;
        assert!(answer.status < 500, "{}: {}", self.hint(who, path), answer.text);
        answer
    }

    /// Takes away what somebody could make.
    async fn end(&self, id: &str) {
        let changes = vec![svod_registry::Operation::Delete { urn: id.parse().unwrap(), expected: None }.into()];
        let command = svod_registry::Command { ground: "test".into(), changes, ..Default::default() };
        self.app.core.registry.execute(&Actor::platform("test"), command).await.unwrap();
    }

    async fn get(&self, who: &Asking, path: &str) -> String {
        self.ask(who, "GET", path, None).await.text
    }

    /// Lists, tables, cards: what there is.
    async fn lists(&self, who: &Asking) {
        let (present, ever) = (self.present(who), self.ever(who, Action::Read));
        let kinds = KINDS.join(",");
        let mut paths = vec![
            format!("/api/v1/entities?space=kuzbass&type={kinds}&limit=1000"),
            format!("/ngsi-ld/v1/entities?type={kinds}&limit=1000&count=true"),
            format!("/ngsi-ld/v1/entities?type={kinds}&limit=1000&options=keyValues"),
            "/ngsi-ld/v1/attributes?details=true".to_owned(),
        ];
        for kind in KINDS {
            paths.push(format!("/entities?space=kuzbass&type={kind}"));
            paths.push(format!("/entities.csv?space=kuzbass&type={kind}"));
            paths.push(format!("/vocabulary/{kind}?space=kuzbass"));
        }
        for path in &paths {
            self.judge(who, path, &self.get(who, path).await, &present);
        }
        self.counts(who, &kinds).await;
        self.doors(who, &ever).await;
        // The picture of the map follows a moment later.
        self.judge(who, "/table", &self.get(who, "/table?space=kuzbass").await, &ever);
        let question = json!({"space": "kuzbass", "types": KINDS, "limit": 1000});
        let found = self.ask(who, "POST", "/api/v1/query", Some(question)).await;
        self.judge(who, "/api/v1/query", &found.text, &present);
    }

    /// How many there are is how many they may see: a number tells of none that is hidden.
    async fn counts(&self, who: &Asking, kinds: &str) {
        let living = self.lives.iter().filter(|l| !l.gone).map(|l| &l.last);
        let readable = living.filter(|e| self.oracle.permits(&who.actor, Action::Read, e, None)).count();
        let path = format!("/ngsi-ld/v1/entities?type={kinds}&limit=1000&count=true");
        let answer = self.ask(who, "GET", &path, None).await;
        if answer.status == 200 {
            let shown: Vec<Value> = serde_json::from_str(&answer.text).unwrap();
            assert_eq!(shown.len(), readable, "{}", self.hint(who, &path));
            assert_eq!(answer.header("ngsild-results-count"), readable.to_string(), "{}", self.hint(who, &path));
        }
        let path = format!("/api/v1/entities?space=kuzbass&type={kinds}&limit=1000");
        let answer = self.ask(who, "GET", &path, None).await;
        assert_eq!(answer.json()["items"].as_array().map(Vec::len), Some(readable), "{}", self.hint(who, &path));
    }

    /// Pages and files of other rooms: the map's, the work's, the journal of all, and the books.
    async fn doors(&self, who: &Asking, ever: &BTreeSet<String>) {
        // The journal shows what things are called now as well.
        let told: BTreeSet<String> =
            self.ever(who, Action::ReadJournal).into_iter().chain(ever.iter().cloned()).collect();
        for path in [
            "/api/v1/layers",
            "/api/v1/geometry?layer=municipalities",
            "/tasks",
            "/tasks.csv",
            "/journal?space=kuzbass",
            "/operations/payments",
            "/operations/payments.csv",
            "/services",
            "/my",
        ] {
            self.judge(who, path, &self.get(who, path).await, &told);
        }
    }

    /// The entity itself, wherever it is shown; and what is hidden answers no question about itself either.
    async fn card(&self, who: &Asking, e: &Entity) {
        let may = self.oracle.allowed(&who.actor, e, Action::Read);
        let path = format!("/api/v1/entities/{}", e.id);
        let text = self.get(who, &path).await;
        let shown = markers(&text);
        assert_eq!(shown.iter().map(String::as_str).collect::<BTreeSet<_>>(), may, "{}\n{text}", self.hint(who, &path));
        let present = self.present(who);
        for path in [format!("/entities/{}", e.id), format!("/ngsi-ld/v1/entities/{}", e.id)] {
            self.judge(who, &path, &self.get(who, &path).await, &present);
        }
        for (name, value) in e.attributes.keys().filter_map(|n| Some((n, e.text(n)?))) {
            if name == "deviceId" || self.dice.below(4) > 0 || may.contains(value) {
                continue;
            }
            let path = format!("/ngsi-ld/v1/entities?type={}&q={name}==%22{value}%22&count=true&limit=0", e.kind);
            let mut answer = self.app.request("GET", &path, &who.headers(), Vec::new()).await;
            if answer.status == 400 {
                // What is about people is asked for in a body.
                let q = format!("{name}==\"{value}\"");
                let body = json!({"type": "Query", "entities": [{"type": e.kind}], "q": q});
                let path = "/ngsi-ld/v1/entityOperations/query?count=true&limit=0";
                answer = self.ask(who, "POST", path, Some(body)).await;
            }
            assert_eq!(answer.header("ngsild-results-count"), "0", "{}", self.hint(who, &path));
        }
    }
}

async fn judge(seed: u64) {
    let dice = Dice(SeededRng::new(seed));
    let (pack, personas, classes) = probe::pack(&dice);
    let reaching = |c: &mut svod::Config| {
        c.outbound.hosts = vec!["127.0.0.1".to_owned()];
        c.outbound.private = true;
    };
    let app = TestApp::builder().pack(pack).configured(reaching).start().await;
    let people = people(&app).await;
    let urns: Vec<Urn> = people.iter().map(|(urn, _)| urn.clone()).collect();
    let mut asking: Vec<Asking> =
        personas.iter().map(|p| Asking { actor: app.actor(p), token: app.token(p) }).collect();
    asking.extend(people.into_iter().map(|(_, who)| who));
    asking.push(Asking { actor: Actor::anonymous(), token: String::new() });
    let given = grounds(&app, &dice, &asking, &urns).await;

    let from = told::place(&app);
    let told = told::Told::begin(&app, &asking).await;
    let mut lives = probe::born(&app, &dice, &urns).await;
    let then = app.clock_plus(30);
    let last = probe::grown(&app, &dice, &mut lives).await;
    let events = past::events(&app, &lives).await;

    let oracle = Oracle { app: &app, known: Known::default(), classes: &classes, given: &given };
    let court = Court { seed, app: &app, dice: &dice, oracle, lives: &lives, last: &last };
    for (n, who) in asking.iter().enumerate() {
        court.lists(who).await;
        for life in lives.iter().filter(|l| !l.gone) {
            court.card(who, &life.last).await;
        }
        past::judge(&court, who, &then).await;
        past::receipts(&court, who, &events).await;
        readings::judge(&court, who).await;
        errors::judge(&court, who).await;
        told.judge(&court, (n, who), &from).await;
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
