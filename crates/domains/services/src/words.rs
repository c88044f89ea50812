//! What attributes, values, people and grounds are called.

use serde_json::Value;
use svod_kernel::{OnBehalf, SpacePath, Timestamp, Urn};
use svod_model::{Metamodel, Range};
use svod_money::CURRENCY;
use svod_portal::{Html, PageContext, components};

use crate::access;
use crate::facts::Facts;
use crate::names::Names;

/// Attributes that are sums in the smallest unit, where the type has a currency.
const SUMS: [&str; 5] = ["amount", "paid", "refunded", "overpaid", "owedBack"];

/// A value as it is to be shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// A word of a code list.
    Word(String, String),
    /// Words of a code list.
    Words(String, Vec<String>),
    /// A text of the packs: key, and what stands there without it.
    Message(String, String),
    /// A moment.
    Time(Timestamp),
    /// Other entities.
    Things(Vec<Urn>),
    /// A number with the UCUM code of its unit.
    Number(f64, Option<String>),
    /// Yes or no.
    Flag(bool),
    /// Where something is.
    Place,
    /// As it was written.
    Text(String),
}

/// How an attribute (JSON as the journal keeps it) of that type is to be shown.
pub fn shown(metamodel: &Metamodel, kind: &str, name: &str, attribute: &Value) -> Shown {
    if let Some(urn) = attribute.get("object") {
        return Shown::Things(urns(std::slice::from_ref(urn)));
    }
    if let Some(all) = attribute.get("objects").and_then(Value::as_array) {
        return Shown::Things(urns(all));
    }
    let Some(value) = attribute.get("value") else { return Shown::Place };
    let text = match value {
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        v => plain(v),
    };
    let message = |stem: &str| Shown::Message(format!("{stem}-{text}"), text.clone());
    match (kind, name) {
        ("Alert" | "Task", "kind") => return message("alert"),
        ("Alert", "attribute") => return message("attr"),
        ("Case", "process") => return message("process"),
        ("Case", "pauseReason") => return message("pause"),
        // Whatever holds it: what was decided is a word of the service.
        (_, name) if value.is_string() && (name == "outcome" || name.ends_with("Outcome")) => {
            return outcome(metamodel, kind, name, text);
        }
        ("Task", "takenBy") | ("Access", "post") => return message("persona"),
        _ => {}
    }
    let declared = metamodel.attribute(kind, name);
    match (declared.map(|a| &a.range), value) {
        (Some(Range::Enum(list)), Value::String(_)) => Shown::Word(list.clone(), text),
        (Some(Range::Enum(list)), Value::Array(items)) => Shown::Words(list.clone(), items.iter().map(plain).collect()),
        (Some(Range::Datetime), _) => text.parse().map_or(Shown::Text(text), Shown::Time),
        (_, Value::Bool(b)) => Shown::Flag(*b),
        (_, Value::Number(n)) => {
            let unit = attribute.get("unit").and_then(Value::as_str);
            let unit = unit.or_else(|| declared.and_then(|a| a.unit.as_deref()));
            Shown::Number(n.as_f64().unwrap_or_default(), unit.map(str::to_owned))
        }
        _ => Shown::Text(text),
    }
}

/// A word of a code list where it is one; else of the packs' texts.
fn outcome(metamodel: &Metamodel, kind: &str, name: &str, text: String) -> Shown {
    match metamodel.attribute(kind, name).map(|a| &a.range) {
        Some(Range::Enum(list)) => Shown::Word(list.clone(), text),
        _ => Shown::Message(format!("outcome-{text}"), text),
    }
}

fn urns(all: &[Value]) -> Vec<Urn> {
    all.iter().filter_map(|v| v.as_str()?.parse().ok()).collect()
}

fn plain(v: &Value) -> String {
    v.as_str().map_or_else(|| v.to_string(), str::to_owned)
}

/// On what ground something was done, as the journal writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ground {
    /// A decision table: pack, version, file, name of the decision.
    Decision(String, String, String, String),
    /// A pack's publication: pack, version.
    Pack(String, String),
    /// The post in a body.
    Post(Urn),
    /// A post of which the body is not known.
    SomePost,
    /// Somebody asked for it.
    Application,
    /// A process of a pack: pack, version.
    Process(String, String),
    /// A word: key of the text that says it.
    Word(&'static str),
    /// As it was written.
    Other(String),
}

/// Grounds that one word says: all of it, or its beginning up to the colon.
const WORDS: [(&str, &str); 12] = [
    ("objection:", "ground-objection"),
    ("offer:", "ground-offer"),
    ("message:", "ground-message"),
    ("due:", "ground-due"),
    ("time:", "ground-time"),
    ("accrual", "ground-accrual"),
    ("payment", "ground-payment"),
    ("refund", "ground-refund"),
    ("payout", "ground-payout"),
    ("overpaid", "ground-overpaid"),
    ("file", "ground-file"),
    ("until", "ground-until"),
];

impl Ground {
    /// Reads `pack:<id>@<version>[ decisions/<file> «<name>»]`, `post[:<urn>]`, `application:<urn>` and
    /// `process:<pack>@<version>/<process>`, and the grounds that one word says.
    pub fn parse(text: &str) -> Self {
        Self::known(text).unwrap_or_else(|| Self::Other(text.to_owned()))
    }

    fn known(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("post") {
            return if rest.is_empty() { Some(Self::SomePost) } else { rest[1..].parse().ok().map(Self::Post) };
        }
        if text.starts_with("application:") {
            return Some(Self::Application);
        }
        let said = |begin: &str| if begin.ends_with(':') { text.starts_with(begin) } else { text == begin };
        if let Some((_, key)) = WORDS.iter().find(|(begin, _)| said(begin)) {
            return Some(Self::Word(key));
        }
        if let Some((pack, rest)) = text.strip_prefix("process:").and_then(|t| t.split_once('@')) {
            let (version, _) = rest.split_once('/')?;
            return Some(Self::Process(pack.into(), version.into()));
        }
        let (pack, rest) = text.strip_prefix("pack:")?.split_once('@')?;
        let Some((version, rest)) = rest.split_once(' ') else { return Some(Self::Pack(pack.into(), rest.into())) };
        let (file, name) = rest.split_once(' ')?;
        let name = name.strip_prefix('«')?.strip_suffix('»')?;
        Some(Self::Decision(pack.into(), version.into(), file.into(), name.into()))
    }
}

/// Words for one page.
pub struct Words<'a> {
    /// Language and texts.
    pub ctx: &'a PageContext,
    /// What attributes may hold.
    pub metamodel: &'a Metamodel,
    /// Names of entities.
    pub names: &'a Names,
}

impl Words<'_> {
    /// What an attribute is called.
    pub fn attribute(&self, name: &str) -> String {
        self.ctx.t_or(&format!("attr-{name}"), name)
    }

    /// The attribute's value in markup.
    pub fn value(&self, kind: &str, name: &str, attribute: &Value) -> Html {
        let ctx = self.ctx;
        match shown(self.metamodel, kind, name, attribute) {
            Shown::Word(list, word) => ctx.word(&list, &word).into(),
            Shown::Words(list, all) => {
                all.iter().map(|word| ctx.word(&list, word)).collect::<Vec<_>>().join(", ").into()
            }
            Shown::Message(key, otherwise) => ctx.t_or(&key, &otherwise).into(),
            Shown::Time(at) => components::time(ctx, at),
            Shown::Things(urns) => {
                let links = urns.iter().enumerate().map(|(i, u)| {
                    let comma = if i == 0 { "" } else { ", " };
                    Html::join([comma.into(), self.thing(u)])
                });
                Html::join(links)
            }
            Shown::Number(n, unit) => self.quantity(n, unit.as_deref()).into(),
            Shown::Flag(true) => ctx.t("value-yes").into(),
            Shown::Flag(false) => ctx.t("value-no").into(),
            Shown::Place => ctx.t("value-place").into(),
            Shown::Text(text) => Facts::new(self, self.names.programs()).written(name, &text),
        }
    }

    /// A link to an entity by its name, for who may know of it.
    pub fn thing(&self, urn: &Urn) -> Html {
        let called = self.names.called(self.ctx, urn);
        match (self.names.kind(urn), self.names.name(urn)) {
            (Some(kind @ ("Alert" | "Case" | "Task")), Some(name)) => {
                components::link(&access::address(kind, urn), format!("{} · {name}", self.kind(kind)))
            }
            (Some(kind), _) => components::link(&access::address(kind, urn), called),
            (None, _) => Html::trusted(format!(r#"<span class="muted">{}</span>"#, Html::from(called))),
        }
    }

    /// What a type is called.
    pub fn kind(&self, kind: &str) -> String {
        self.ctx.type_name(kind)
    }

    /// A number with its unit.
    pub fn quantity(&self, value: f64, unit: Option<&str>) -> String {
        let number = self.ctx.number(value);
        match unit {
            Some(u) if u != "1" => format!("{number}\u{a0}{}", self.unit(u)),
            _ => number,
        }
    }

    fn unit(&self, ucum: &str) -> String {
        self.ctx.t_or(&unit_key(ucum), ucum)
    }

    /// Who did something: a persona, the platform, or the name as it stands.
    pub fn actor(&self, name: &str) -> String {
        match name.strip_prefix("platform:") {
            Some(part) => self.ctx.t_or(&format!("actor-platform-{part}"), &self.ctx.t("actor-platform")),
            None if name == "citizen" => self.ctx.t("actor-citizen"),
            None => self.ctx.t_or(&format!("persona-{name}"), name),
        }
    }

    /// Who did something, and for whom: an operator for somebody who was present, a representative, or the doer alone.
    pub fn doer(&self, (id, name): (&str, &str), chain: &[OnBehalf], at: Timestamp) -> String {
        let (ctx, doers) = (self.ctx, self.names.doers());
        if chain.is_empty() {
            return self.actor(name);
        }
        if !doers.at_desk(chain) {
            return match doers.basis(chain) {
                "" => ctx.t("actor-representative"),
                basis => ctx.tf("actor-representative-by", &[("basis", ctx.word("MandateBasis", basis).into())]),
            };
        }
        let who = match doers.post(id, at) {
            Some(post) => ctx.tf("actor-operator-in", &[("post", post.into())]),
            None => ctx.t("actor-operator"),
        };
        let key = if chain.len() > 1 { "actor-for-representative" } else { "actor-for-present" };
        ctx.tf(key, &[("who", who.into())])
    }

    /// The currency of a sum in the smallest unit that an attribute of an entity is; none when it is no such attribute.
    pub fn currency(&self, (kind, name): (&str, &str), entity: &Urn) -> Option<&str> {
        let money = SUMS.contains(&name) && self.metamodel.attribute(kind, "currency").is_some();
        money.then(|| self.names.currency(entity).unwrap_or(CURRENCY))
    }

    /// What a space is called.
    pub fn space(&self, space: &SpacePath) -> String {
        space_name(self.ctx, space)
    }

    /// On what ground.
    pub fn ground(&self, ground: &str) -> Html {
        let ctx = self.ctx;
        match Ground::parse(ground) {
            Ground::Decision(pack, version, file, name) => {
                let args = [
                    ("name", self.decision(&name).into()),
                    ("file", file.as_str().into()),
                    ("pack", self.pack(&pack).into()),
                    ("version", version.as_str().into()),
                ];
                ctx.tf("ground-decision", &args).into()
            }
            Ground::Pack(pack, version) => {
                ctx.tf("ground-pack", &[("pack", self.pack(&pack).into()), ("version", version.as_str().into())]).into()
            }
            Ground::Post(body) => Html::join([ctx.t("ground-post-in").into(), " ".into(), self.thing(&body)]),
            Ground::SomePost => ctx.t("ground-post").into(),
            Ground::Application => ctx.t("ground-application").into(),
            Ground::Word(key) => ctx.t(key).into(),
            Ground::Process(pack, version) => {
                let args = [("pack", self.pack(&pack).into()), ("version", version.as_str().into())];
                ctx.tf("ground-process", &args).into()
            }
            Ground::Other(text) => text.into(),
        }
    }

    /// A decision is called in the packs' texts by its name in small letters: `decision-air-alert` of «Air alert».
    fn decision(&self, name: &str) -> String {
        let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
        self.ctx.t_or(&format!("decision-{}", words.join("-")), name)
    }

    fn pack(&self, id: &str) -> String {
        self.ctx.t_or(&format!("pack-{id}-title"), id)
    }
}

/// What a space is called: `space-<last segment>`.
pub fn space_name(ctx: &PageContext, space: &SpacePath) -> String {
    ctx.t_or(&format!("space-{}", space.name()), space.as_str())
}

/// `unit-mg-m3` of `mg/m3`; `unit-percent` of `%`.
fn unit_key(ucum: &str) -> String {
    let text = ucum.replace('%', "percent");
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    format!("unit-{}", words.join("-"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn grounds_are_read() {
        let decision = |p: &str, v: &str, f: &str, n: &str| Ground::Decision(p.into(), v.into(), f.into(), n.into());
        assert_eq!(
            Ground::parse("pack:kuzbass@0.1.0 decisions/air-quality.dmn «Air alert»"),
            decision("kuzbass", "0.1.0", "decisions/air-quality.dmn", "Air alert")
        );
        assert_eq!(Ground::parse("pack:base@1.2.3"), Ground::Pack("base".into(), "1.2.3".into()));
        assert_eq!(Ground::parse("post:urn:svod:body:x"), Ground::Post("urn:svod:body:x".parse().unwrap()));
        assert_eq!(Ground::parse("post"), Ground::SomePost);
        assert_eq!(Ground::parse("application:urn:svod:person:1"), Ground::Application);
        assert_eq!(Ground::parse("process:moving@0.1.0/moving"), Ground::Process("moving".into(), "0.1.0".into()));
        assert_eq!(Ground::parse("objection:urn:svod:decision:1"), Ground::Word("ground-objection"));
        assert_eq!(Ground::parse("payment"), Ground::Word("ground-payment"));
        for other in ["", "ФЗ-131, ст. 16", "pack:x", "postal", "pack:a@1 b", "payments of May", "file 7"] {
            assert_eq!(Ground::parse(other), Ground::Other(other.into()));
        }
    }

    #[test]
    fn values_are_what_they_mean() {
        let m = Metamodel::default();
        let of = |kind: &str, name: &str, v: Value| shown(&m, kind, name, &v);
        let message = |k: &str, v: &str| Shown::Message(k.into(), v.into());
        assert_eq!(
            of("Alert", "kind", json!({"value": "air-pollution"})),
            message("alert-air-pollution", "air-pollution")
        );
        assert_eq!(of("Alert", "attribute", json!({"value": "pm25"})), message("attr-pm25", "pm25"));
        let urn: Urn = "urn:svod:body:x".parse().unwrap();
        assert_eq!(of("Task", "body", json!({"object": "urn:svod:body:x"})), Shown::Things(vec![urn]));
        assert_eq!(of("X", "n", json!({"value": 2.5, "unit": "km"})), Shown::Number(2.5, Some("km".into())));
        assert_eq!(of("X", "n", json!({"value": ["a", 1]})), Shown::Text("a, 1".into()));
        let outcome = of("Statement", "accidentOutcome", json!({"value": "paid"}));
        assert_eq!(outcome, message("outcome-paid", "paid"), "whatever holds it");
        assert_eq!(of("X", "n", json!({"geometry": {}})), Shown::Place);
        assert_eq!(of("X", "n", json!({"value": false})), Shown::Flag(false));
    }

    #[test]
    fn words_of_a_list_are_words_each() {
        let base = svod_model::parse_pack(&svod_model::testing::shipped("base")).unwrap();
        let m = Metamodel::merge(&[&base]).unwrap();
        let shown = shown(&m, "Body", "subjects", &json!({"value": ["air", "traffic"]}));
        assert_eq!(shown, Shown::Words("Subject".into(), vec!["air".into(), "traffic".into()]));
    }

    #[test]
    fn units_have_keys() {
        for (unit, key) in
            [("mg/m3", "unit-mg-m3"), ("%", "unit-percent"), ("mm[Hg]", "unit-mm-Hg"), ("Cel", "unit-Cel")]
        {
            assert_eq!(unit_key(unit), key);
            assert!(crate::texts().has(svod_kernel::Lang::Kk, key), "{key}");
        }
    }
}
