//! Which device profile a message belongs to, and who may deliver it; compiled from the catalogue.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

use svod_kernel::{Actor, SpacePath};
use svod_registry::{Action, Catalogue, CompiledProfile, INSTALLATION, Registry};

use crate::RawMessage;

/// Actors whose permissions are remembered; over it all are forgotten.
const REMEMBERED: usize = 10_000;

/// A level of a topic pattern.
const DEVICE: &str = "{device}";

#[derive(Default)]
struct Node {
    literal: HashMap<Box<str>, Node>,
    device: Option<Box<Node>>,
    here: Vec<usize>,
}

/// Actor, type, space: may the actor deliver such readings there?
type Permission = (Actor, String, SpacePath, bool);

/// The profiles of one generation of the catalogue.
pub struct Routes {
    /// What they were compiled from.
    pub catalogue: Arc<Catalogue>,
    root: Node,
    by_id: HashMap<String, Vec<usize>>,
    permitted: Mutex<HashMap<u64, Vec<Permission>>>,
}

/// A profile that a message may belong to, with the device its topic names.
pub struct Candidate<'a> {
    /// The profile.
    pub profile: &'a Arc<CompiledProfile>,
    /// External id of the device, from topic or door.
    pub device: Option<String>,
}

impl Routes {
    pub fn new(catalogue: Arc<Catalogue>) -> Self {
        let (mut root, mut by_id) = (Node::default(), HashMap::<String, Vec<usize>>::new());
        for (i, profile) in catalogue.profiles.iter().enumerate() {
            insert(&mut root, &profile.spec.topic, i);
            by_id.entry(profile.spec.id.clone()).or_default().push(i);
        }
        Self { catalogue, root, by_id, permitted: Mutex::default() }
    }

    /// The profiles a message may belong to: by the profile it names, else by its topic.
    pub fn candidates(&self, message: &RawMessage) -> Vec<Candidate<'_>> {
        let profile = |i: &usize| &self.catalogue.profiles[*i];
        match (&message.profile, &message.topic) {
            (Some(id), _) => self
                .by_id
                .get(id)
                .into_iter()
                .flatten()
                .map(|i| Candidate { profile: profile(i), device: message.device.clone() })
                .collect(),
            (None, Some(topic)) => {
                let mut found = Vec::new();
                find(&self.root, topic.split('/'), None, &mut found);
                found
                    .iter()
                    .map(|(i, device)| Candidate {
                        profile: profile(i),
                        device: message.device.clone().or_else(|| device.map(str::to_owned)),
                    })
                    .collect()
            }
            (None, None) => Vec::new(),
        }
    }

    /// May the actor deliver readings of that type to that space?
    pub fn may(&self, registry: &Registry, actor: &Actor, kind: &str, space: &SpacePath) -> bool {
        let mut hasher = DefaultHasher::new();
        (&actor.id, &actor.roles, &actor.spaces, kind, space).hash(&mut hasher);
        let key = hasher.finish();
        let known =
            |all: &Vec<Permission>| all.iter().find(|(a, k, s, _)| a == actor && k == kind && s == space).map(|x| x.3);
        if let Some(answer) = self.permitted.lock().unwrap_or_else(PoisonError::into_inner).get(&key).and_then(known) {
            return answer;
        }
        let answer = registry.may(actor, Action::Ingest, &registry.resource(kind, space));
        let mut permitted = self.permitted.lock().unwrap_or_else(PoisonError::into_inner);
        if permitted.len() >= REMEMBERED {
            permitted.clear();
        }
        permitted.entry(key).or_default().push((actor.clone(), kind.to_owned(), space.clone(), answer));
        answer
    }

    /// May the actor deliver anything anywhere in its own space? Asked for messages that nobody can place.
    pub fn may_deliver(&self, registry: &Registry, actor: &Actor) -> bool {
        let home = actor.spaces.first().cloned().or_else(|| INSTALLATION.parse().ok());
        home.is_some_and(|space| self.may(registry, actor, "Reading", &space))
    }
}

fn insert(root: &mut Node, topic: &str, profile: usize) {
    let mut node = root;
    for level in topic.split('/') {
        node = if level == DEVICE {
            node.device.get_or_insert_with(Box::default)
        } else {
            node.literal.entry(level.into()).or_default()
        };
    }
    node.here.push(profile);
}

/// Literal levels before `{device}`.
fn find<'t>(
    node: &Node,
    mut levels: std::str::Split<'t, char>,
    device: Option<&'t str>,
    found: &mut Vec<(usize, Option<&'t str>)>,
) {
    let Some(level) = levels.next() else {
        found.extend(node.here.iter().map(|i| (*i, device)));
        return;
    };
    if let Some(next) = node.literal.get(level) {
        find(next, levels.clone(), device, found);
    }
    if let Some(next) = &node.device
        && !level.is_empty()
    {
        find(next, levels, Some(level), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_find_their_profiles() {
        let mut root = Node::default();
        for (i, topic) in
            ["air/{device}/up", "air/{device}/up", "{device}/post/up", "air/post/{device}"].iter().enumerate()
        {
            insert(&mut root, topic, i);
        }
        let at = |topic: &'static str| {
            let mut found = Vec::new();
            find(&root, topic.split('/'), None, &mut found);
            found
        };
        assert_eq!(at("air/42/up"), [(0, Some("42")), (1, Some("42"))]);
        assert_eq!(at("air/post/up"), [(3, Some("up")), (0, Some("post")), (1, Some("post")), (2, Some("air"))]);
        for nothing in ["air/42", "air/42/up/x", "air//up", "", "/", "$SYS/42/up"] {
            assert_eq!(at(nothing), [], "{nothing}");
        }
    }
}
