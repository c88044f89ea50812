//! What a list of tasks is narrowed to: as it stands in addresses, and as the registry is asked.

use svod_kernel::{Actor, Timestamp, Urn};
use svod_query::{Filter as Condition, Path, words};

use crate::bounded::{any_of, before, between, is, is_at, since};
use crate::place::numbers_meant;

/// Longest text that is looked for, in characters.
const MAX_WORDS: usize = 60;
/// Longest name of a service or of a kind of alerts, in bytes.
pub const MAX_NAME: usize = 200;
/// What is due within so many seconds is due soon.
const SOON_SECONDS: i64 = 86_400;

/// What the list is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// With what status.
    pub status: StatusFilter,
    /// Whose.
    pub whose: Whose,
    /// Of this severity.
    pub severity: Option<String>,
    /// Of this service, as pack/service.
    pub service: Option<String>,
    /// Of this kind of alert.
    pub kind: Option<String>,
    /// Of this person's matters.
    pub person: Option<Urn>,
    /// Offered to this post.
    pub post: Option<Urn>,
    /// How its term stands.
    pub late: Option<Late>,
    /// With these words, or of the case of this number; empty for all.
    pub words: String,
}

/// Statuses shown together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StatusFilter {
    /// Offered and taken.
    #[default]
    Open,
    /// Waiting for somebody.
    Offered,
    /// Somebody works on it.
    Taken,
    /// Closed, the latest first.
    Done,
}

/// Whose tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Whose {
    /// Of every body.
    #[default]
    All,
    /// Of the visitor's own body.
    Body,
    /// Taken by the visitor.
    Me,
}

/// How terms stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// Run out.
    Overdue,
    /// Run out within a day.
    Soon,
    /// Brought before the body above.
    Escalated,
}

impl StatusFilter {
    /// All, in the order in which a select shows them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Offered, Self::Taken, Self::Done];

    /// As in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Offered => "offered",
            Self::Taken => "taken",
            Self::Done => "done",
        }
    }

    /// From an address; anything else means open.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|s| s.as_str() == text).unwrap_or_default()
    }

    fn condition(self) -> Condition {
        match self {
            Self::Open => any_of("status", ["offered", "taken"].map(str::to_owned)),
            one => is("status", one.as_str()),
        }
    }
}

impl Whose {
    /// All, in the order in which a select shows them.
    pub const ALL: [Self; 3] = [Self::All, Self::Body, Self::Me];

    /// As in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Body => "mine",
            Self::Me => "me",
        }
    }

    /// From an address; anything else means all.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|w| w.as_str() == text).unwrap_or_default()
    }
}

impl Late {
    /// All, in the order in which a select shows them.
    pub const ALL: [Self; 3] = [Self::Overdue, Self::Soon, Self::Escalated];

    /// As in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Soon => "soon",
            Self::Escalated => "escalated",
        }
    }

    /// From an address.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.as_str() == text)
    }
}

impl Filter {
    /// From the fields of an address, whatever stands in them.
    pub fn parse<'f>(of: impl Fn(&str) -> Option<&'f str>) -> Self {
        let text = |name: &str| of(name).map(str::trim).filter(|t| !t.is_empty());
        Self {
            status: StatusFilter::parse(text("status").unwrap_or_default()),
            whose: Whose::parse(text("body").unwrap_or_default()),
            severity: text("severity").filter(|s| ["warning", "danger"].contains(s)).map(str::to_owned),
            service: text("service").filter(|s| s.len() <= MAX_NAME).map(str::to_owned),
            kind: text("kind").filter(|s| s.len() <= MAX_NAME).map(str::to_owned),
            person: text("person").and_then(|u| u.parse().ok()),
            post: text("post").and_then(|u| u.parse().ok()),
            late: text("late").and_then(Late::parse),
            words: text("q").unwrap_or_default().chars().take(MAX_WORDS).collect(),
        }
    }

    /// As it stands in addresses: names and values, not encoded, those that say something; the status always.
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        let mut fields = vec![
            ("body", self.whose.as_str()),
            ("severity", self.severity.as_deref().unwrap_or_default()),
            ("service", self.service.as_deref().unwrap_or_default()),
            ("kind", self.kind.as_deref().unwrap_or_default()),
            ("person", self.person.as_ref().map_or("", Urn::as_str)),
            ("post", self.post.as_ref().map_or("", Urn::as_str)),
            ("late", self.late.map_or("", Late::as_str)),
            ("q", &self.words),
        ];
        fields.retain(|(_, value)| !value.is_empty());
        fields.insert(0, ("status", self.status.as_str()));
        fields
    }

    /// What must hold but the words, for who asks at a moment. `term` names the attribute that holds the deadline.
    pub fn conditions(&self, actor: &Actor, now: Timestamp, term: &str) -> Vec<Condition> {
        let mut all = Vec::new();
        match (self.whose, &actor.body) {
            (Whose::Body, Some(body)) => all.push(is("body", body.as_str())),
            (Whose::Me, _) => all.extend(taken_by(actor)),
            _ => {}
        }
        all.extend(self.person.iter().map(|person| is("person", person.as_str())));
        all.extend(self.post.iter().map(|post| is("post", post.as_str())));
        let named = [("service", &self.service), ("kind", &self.kind), ("severity", &self.severity)];
        all.extend(named.iter().filter_map(|(name, value)| Some(is(name, value.as_deref()?))));
        all.push(self.status.condition());
        if self.status != StatusFilter::Done {
            all.extend(self.late.map(|late| match late {
                Late::Overdue => before(term, now),
                Late::Soon => between(term, now, now.plus_seconds(SOON_SECONDS)),
                Late::Escalated => since("escalatedAt", Timestamp(0)),
            }));
        }
        all
    }

    /// That the words stand in it, or that it is of the case whose number they are, however it is typed.
    pub fn worded(&self) -> Vec<Condition> {
        let all = |text: &str| Condition::All(words::of_text(text).map(Condition::Word).collect());
        let meant = numbers_meant(&self.words).into_iter().filter(|number| *number != self.words);
        let ways: Vec<Condition> = std::iter::once(all(&self.words)).chain(meant.map(|number| all(&number))).collect();
        if words::of_text(&self.words).next().is_none() { Vec::new() } else { vec![Condition::Any(ways)] }
    }
}

/// Taken by the actor, as [`is_taken_by`](crate::is_taken_by) has it: under their name, which has an index, and by nobody else of that
/// name; of what was taken before it was written who, the name is all there is.
fn taken_by(actor: &Actor) -> [Condition; 2] {
    let who = Path { about: vec!["actor".to_owned()], ..Path::attribute("takenBy") };
    [is("takenBy", &actor.name), Condition::Any(vec![is_at(who.clone(), &actor.id), Condition::Missing(who)])]
}

#[cfg(test)]
mod tests {
    use svod_model::{Attribute, Entity};

    use super::*;

    #[test]
    fn a_filter_goes_into_its_address_and_comes_back() {
        assert_eq!(Filter::default().fields(), [("status", "open")]);
        let all = Filter {
            status: StatusFilter::Done,
            whose: Whose::Body,
            severity: Some("danger".into()),
            service: Some("moving/moving".into()),
            kind: Some("air-pollution".into()),
            person: Some("urn:svod:person:1".parse().unwrap()),
            post: Some("urn:svod:post:1".parse().unwrap()),
            late: Some(Late::Escalated),
            words: "Кирова & 1".into(),
        };
        let fields = [
            ("status", "done"),
            ("body", "mine"),
            ("severity", "danger"),
            ("service", "moving/moving"),
            ("kind", "air-pollution"),
            ("person", "urn:svod:person:1"),
            ("post", "urn:svod:post:1"),
            ("late", "escalated"),
            ("q", "Кирова & 1"),
        ];
        assert_eq!(all.fields(), fields);
        assert_eq!(Filter::parse(|name| fields.iter().find(|(n, _)| *n == name).map(|(_, v)| *v)), all);
        assert_eq!(Filter::parse(|_| Some(" Кирова & 1 ")).words, "Кирова & 1");
        assert_eq!(Filter::parse(|_| Some("nonsense")).status, StatusFilter::Open);
    }

    #[test]
    fn a_namesake_has_tasks_of_their_own() {
        let actor = Actor { id: "urn:svod:person:1".into(), name: "Clerk".into(), ..Actor::anonymous() };
        let task = |name: &str, who: Option<&str>| {
            let about = who.map(|id| ("actor".to_owned(), Attribute::property(id)));
            let by = Attribute { about: about.into_iter().collect(), ..Attribute::property(name) };
            let urn = Urn::svod("task", "1").unwrap();
            Entity::new(urn, "Task", "k".parse().unwrap())
                .with("takenBy", by)
                .with("status", Attribute::property("taken"))
        };
        let me = Filter { whose: Whose::Me, ..Filter::default() };
        let all = Condition::All(me.conditions(&actor, Timestamp(1), "openUntil"));
        for (task, fits) in [
            (task("Clerk", Some("urn:svod:person:1")), true),
            (task("Clerk", Some("urn:svod:person:2")), false),
            (task("Clerk", None), true),
            (task("Chief", None), false),
        ] {
            assert_eq!(all.holds(&task, &|_| None), fits, "{task:?}");
            assert_eq!(crate::is_taken_by(&task, &actor), fits, "the same as for whoever works on it");
        }
    }

    #[test]
    fn what_is_done_is_not_late() {
        let actor = Actor::anonymous();
        let of = |status| Filter { status, late: Some(Late::Overdue), ..Filter::default() };
        assert_eq!(of(StatusFilter::Open).conditions(&actor, Timestamp(1), "deadline").len(), 2);
        assert_eq!(of(StatusFilter::Done).conditions(&actor, Timestamp(1), "deadline").len(), 1);
    }
}
