//! Who may look at whose personal data now, and on what ground: made from the `Access` entities of the graph, kept current from
//! the journal.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;
use svod_kernel::{Actor, Timestamp, Urn};
use svod_model::Entity;
use svod_policy::{Action, Ground};
use svod_query::{Compare, Filter, Operand, Operation as Op, Path, Query, Types};

use crate::command::{Change, Command, CommandError, Operation};
use crate::{Find, QueryError, Registry};

/// Accesses that are looked up at once when the platform starts.
const PAGE: usize = 1_000;

/// Somebody's access to somebody's data.
#[derive(Debug, Clone)]
struct Opened {
    access: Urn,
    person: Urn,
    body: Option<Urn>,
    ground: Ground,
    consent: Option<Urn>,
    since: Timestamp,
    until: Timestamp,
    /// These attributes; empty: all.
    only: BTreeSet<String>,
}

/// All that may be open now, by actor. What has run out is cleared away when the actor opens something more.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grounds(HashMap<String, Vec<Opened>>);

impl Grounds {
    /// The grounds on which the actor may look at an attribute of a person now.
    pub fn of<'g>(
        &'g self,
        actor: &'g Actor,
        person: &'g Urn,
        name: &'g str,
        now: Timestamp,
    ) -> impl Iterator<Item = Ground> + 'g {
        let all = self.0.get(&actor.id).map(Vec::as_slice).unwrap_or_default();
        let holds = move |o: &&Opened| {
            o.person == *person && o.body == actor.body && o.since <= now && now < o.until && actor.on_behalf.is_empty()
        };
        all.iter().filter(holds).filter(move |o| o.only.is_empty() || o.only.contains(name)).map(|o| o.ground)
    }

    /// Takes in an access as it stands; whether anything has changed.
    fn learn(&mut self, access: &Entity, now: Timestamp) -> bool {
        let Some(actor) = access.text("actor") else { return false };
        let all = self.0.entry(actor.to_owned()).or_default();
        let before = all.len();
        all.retain(|o| o.access != access.id && now < o.until);
        let opened = opened(access).filter(|o| now < o.until);
        let changed = opened.is_some() || all.len() != before;
        all.extend(opened);
        if all.is_empty() {
            self.0.remove(actor);
        }
        changed
    }

    /// Everything that rests on a consent ends.
    fn end(&mut self, consent: &Urn) {
        self.0.values_mut().for_each(|all| all.retain(|o| o.consent.as_ref() != Some(consent)));
        self.0.retain(|_, all| !all.is_empty());
    }
}

/// What an access opens; nothing when it is a trace of something else, or was found wrong.
fn opened(access: &Entity) -> Option<Opened> {
    let only = match access.value("only") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(name)) => BTreeSet::from([name.clone()]),
        _ => BTreeSet::new(),
    };
    if access.text("review") == Some("refused") {
        return None;
    }
    Some(Opened {
        access: access.id.clone(),
        person: access.object("person")?.clone(),
        body: access.object("body").cloned(),
        ground: Ground::named(access.text("basis")?)?,
        consent: access.object("consent").cloned(),
        since: access.time("since")?,
        until: access.time("until")?,
        only,
    })
}

/// Is the consent over?
fn is_over(consent: &Entity, now: Timestamp) -> bool {
    consent.time("until").is_none_or(|until| until <= now)
}

impl Registry {
    /// Opens personal data: the access is written down, and holds from then on. Whether its ground is good is the caller's to
    /// have asked.
    ///
    /// # Errors
    /// [`CommandError::Forbidden`] when policy does not let the actor look there.
    pub async fn look(&self, actor: &Actor, access: Entity) -> Result<(), CommandError> {
        let ground = access.text("ground").unwrap_or_default().to_owned();
        let changes = vec![Change::verb(Operation::Create(access.clone()), Action::Look, "look")];
        self.execute(actor, Command { ground, changes, ..Command::default() }).await?;
        self.learn_grounds([&access]);
        Ok(())
    }

    /// Takes in what the journal tells of accesses and consents. Where everybody may write everything, nothing is opened.
    pub(crate) fn learn_grounds<'e>(&self, entities: impl IntoIterator<Item = &'e Entity>) {
        let (now, spaces) = (self.clock.now(), self.spaces());
        let closed = |e: &&Entity| spaces.get(&e.space).is_some_and(|s| !s.open);
        for e in entities.into_iter().filter(closed) {
            match e.kind.as_str() {
                "Access" => drop(self.grounds.rcu(|known| {
                    let mut grounds = Grounds::clone(known);
                    if grounds.learn(e, now) { Arc::new(grounds) } else { known.clone() }
                })),
                "Consent" if is_over(e, now) => drop(self.grounds.rcu(|known| {
                    let mut grounds = Grounds::clone(known);
                    grounds.end(&e.id);
                    grounds
                })),
                _ => {}
            }
        }
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
