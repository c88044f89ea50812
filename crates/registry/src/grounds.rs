//! Who may look at whose personal data now, and on what ground: made from the `Access` entities of the graph, kept current from
//! the journal.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use svod_kernel::{Actor, Timestamp, Urn};
use svod_model::Entity;
use svod_policy::{Action, Ground, ResourceRef};
use svod_query::{Compare, Filter, Operand, Operation as Op, Path, Query, Types};

use crate::command::{Change, Command, CommandError, Operation, Receipt};
use crate::{Find, QueryError, Registry};

/// Accesses that are looked up at once when the platform starts.
const PAGE: usize = 1_000;

/// How long what has ended is remembered: no access that rests on a consent lasts longer.
const REMEMBERED: i64 = 2 * 3600;

/// Somebody's access to somebody's data.
#[derive(Debug, Clone)]
struct Opened {
    access: Urn,
    version: i64,
    person: Urn,
    post: String,
    body: Option<Urn>,
    ground: Ground,
    consent: Option<Urn>,
    /// In this case only.
    case: Option<Urn>,
    since: Timestamp,
    until: Timestamp,
    /// These attributes, `phone` of whatever is about the person or `Task.input` of one type; empty: all.
    only: BTreeSet<String>,
    /// A second person has found it wrong.
    refused: bool,
}

/// All that may be open now, by actor, and when consents end. What has run out is cleared away when something is learned.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grounds {
    opened: HashMap<String, Vec<Opened>>,
    ends: HashMap<Urn, Timestamp>,
}

impl Grounds {
    /// The grounds on which the actor may look at an attribute of an entity of a person now.
    pub fn of<'g>(
        &'g self,
        actor: &'g Actor,
        person: &'g Urn,
        (resource, name): (&'g ResourceRef, &'g str),
        now: Timestamp,
    ) -> impl Iterator<Item = Ground> + 'g {
        let all = self.opened.get(&actor.id).map(Vec::as_slice).unwrap_or_default();
        let holds = move |o: &&Opened| {
            let agreed = o.consent.as_ref().and_then(|c| self.ends.get(c)).is_none_or(|end| now < *end);
            let same = o.post == actor.name && o.body == actor.body && actor.on_behalf.is_empty();
            o.person == *person && same && agreed && !o.refused && o.since <= now && now < o.until
        };
        let covers = move |o: &&Opened| {
            let typed = |n: &String| n.split_once('.').is_some_and(|(k, n)| k == resource.kind && n == name);
            // What was opened with one case is closed in all others, but for what its applicant sent after it.
            if o.case.is_some() && o.case != resource.case && o.case != resource.answers {
                return false;
            }
            o.only.is_empty() || o.only.contains(name) || o.only.iter().any(typed)
        };
        all.iter().filter(holds).filter(covers).map(|o| o.ground)
    }

    /// Takes in an access as it stands, unless it is known as it stood later.
    fn learn(&mut self, access: &Entity, now: Timestamp) {
        let Some(actor) = access.text("actor") else { return };
        self.opened.retain(|_, all| {
            all.retain(|o| now < o.until);
            !all.is_empty()
        });
        let Some(opened) = opened(access) else { return };
        if now >= opened.until {
            // It has run out, or was ended before its time.
            if let Some(all) = self.opened.get_mut(actor) {
                all.retain(|o| o.access != opened.access || o.version > opened.version);
            }
            return;
        }
        let all = self.opened.entry(actor.to_owned()).or_default();
        match all.iter_mut().find(|o| o.access == opened.access) {
            Some(known) if known.version >= opened.version => {}
            Some(known) => *known = opened,
            None => all.push(opened),
        }
    }

    /// When a consent ends. One that goes on for long needs no remembering: no access outlasts what was known when it began.
    fn ends(&mut self, consent: Urn, end: Timestamp, now: Timestamp) {
        self.ends.retain(|_, end| now < end.plus_seconds(REMEMBERED));
        if end < now.plus_seconds(REMEMBERED) {
            self.ends.insert(consent, end);
        }
    }
}

/// What an access opens; nothing when it is a trace of something else.
fn opened(access: &Entity) -> Option<Opened> {
    let only = match access.value("only") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(name)) => BTreeSet::from([name.clone()]),
        _ => BTreeSet::new(),
    };
    Some(Opened {
        access: access.id.clone(),
        version: access.version,
        person: access.object("person")?.clone(),
        post: access.text("post")?.to_owned(),
        body: access.object("body").cloned(),
        ground: Ground::named(access.text("basis")?)?,
        consent: access.object("consent").cloned(),
        case: access.object("case").cloned(),
        since: access.time("since")?,
        until: access.time("until")?,
        only,
        refused: access.text("review") == Some("refused"),
    })
}

impl Registry {
    /// Opens personal data: the access is written down, and holds from then on. Whether its ground is good is the caller's to
    /// have asked.
    ///
    /// # Errors
    /// [`CommandError::Forbidden`] when policy does not let the actor look there.
    pub async fn look(&self, actor: &Actor, access: Entity) -> Result<(), CommandError> {
        let ground = access.text("ground").unwrap_or_default().to_owned();
        self.look_while(actor, Command { ground, ..Command::default() }, access).await.map(drop)
    }

    /// Opens personal data with what is done at the same moment: both are written, or neither.
    ///
    /// # Errors
    /// As [`Registry::look`] and [`Registry::execute`].
    pub async fn look_while(
        &self,
        actor: &Actor,
        mut command: Command,
        access: Entity,
    ) -> Result<Receipt, CommandError> {
        command.changes.push(Change::verb(Operation::Create(access.clone()), Action::Look, "look"));
        let receipt = self.execute(actor, command).await?;
        self.learn_grounds([&access]);
        Ok(receipt)
    }

    /// Takes in what the journal tells of accesses and consents. Where everybody may write everything, nothing is opened.
    pub(crate) fn learn_grounds<'e>(&self, entities: impl IntoIterator<Item = &'e Entity>) {
        let (now, spaces) = (self.clock.now(), self.spaces());
        let closed = |e: &&Entity| spaces.get(&e.space).is_some_and(|s| !s.open);
        let told: Vec<&Entity> = entities.into_iter().filter(closed).collect();
        if !told.iter().any(|e| ["Access", "Consent"].contains(&e.kind.as_str())) {
            return;
        }
        self.grounds.rcu(|known| {
            let mut grounds = Grounds::clone(known);
            for e in &told {
                match e.kind.as_str() {
                    "Access" => grounds.learn(e, now),
                    "Consent" => grounds.ends(e.id.clone(), e.time("until").unwrap_or(now), now),
                    _ => {}
                }
            }
            grounds
        });
    }

    /// The accesses that hold when the platform starts.
    pub(crate) async fn load_grounds(&self) -> Result<(), QueryError> {
        let (reader, now) = (Actor::platform("grounds"), self.clock.now());
        if self.catalogue().metamodel.attribute("Access", "until").is_none() {
            return Ok(());
        }
        let alive = Filter::Compare(Compare {
            path: Path::attribute("until"),
            operation: Op::Greater,
            operands: vec![Operand::Moment(now)],
        });
        let query = Query { types: Types::Is("Access".into()), filter: Some(alive), ..Query::default() };
        let tree = self.spaces();
        for top in tree.all().into_iter().filter(|s| s.path.parent().is_none() && !s.open) {
            let mut find = Find {
                space: top.path.clone(),
                below: true,
                query: query.clone(),
                order: Vec::new(),
                offset: 0,
                limit: PAGE,
                count: false,
            };
            loop {
                let found = self.find(&reader, &find).await?;
                let consents: Vec<Urn> = found.entities.iter().filter_map(|e| e.object("consent").cloned()).collect();
                self.learn_grounds(found.entities.iter().map(|e| &**e));
                let consents = self.entities(&reader, consents).await?;
                self.learn_grounds(consents.iter().map(|e| &**e));
                if !found.more {
                    break;
                }
                find.offset += PAGE;
            }
        }
        Ok(())
    }
}
