use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};
use std::str::FromStr;
use std::sync::{PoisonError, RwLock};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicyId, PolicySet, Request,
    RestrictedExpression, Schema, Template, ValidationMode, Validator,
};
use svod_kernel::Actor;

use crate::names::line_at;
use crate::{Action, Ground, ResourceRef};

/// Decisions kept; the cache is emptied when it is full and whenever packs are published.
const MAX_CACHED: usize = 100_000;

/// One file of policies.
#[derive(Debug, Clone)]
pub struct PolicySource {
    /// Pack and path, for messages and policy ids.
    pub file: String,
    /// Cedar text.
    pub text: String,
}

/// A policy that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct PolicyError {
    /// Pack and path.
    pub file: String,
    /// Line from 1, 0 when unknown.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// Who, what, to what, and is that their own: of the person alone that counts, so that the persons of a register do not fill
/// the cache.
type Asked = (u64, Action, ResourceRef, bool);

/// Compiled policies of all published packs. Nothing is permitted unless a policy permits it.
pub struct Policies {
    set: PolicySet,
    authorizer: Authorizer,
    cache: RwLock<HashMap<Asked, bool>>,
    /// Actors are told apart by a number that nobody can foresee: identifiers are chosen by those who bear them.
    keys: RandomState,
}

impl Policies {
    /// Compiles policies and validates them strictly against the schema.
    ///
    /// # Errors
    /// Every policy that does not parse or does not fit the schema.
    pub fn compile(schema: &PolicySource, sources: &[PolicySource]) -> Result<Self, Vec<PolicyError>> {
        let (schema_value, _) = Schema::from_cedarschema_str(&schema.text)
            .map_err(|e| vec![PolicyError { file: schema.file.clone(), line: 0, message: e.to_string() }])?;
        let (mut set, mut lines) = (PolicySet::new(), HashMap::new());
        let mut errors = Vec::new();
        for source in sources {
            if let Err(e) = add((&mut set, &mut lines), source) {
                errors.push(e);
            }
        }
        let outcome = Validator::new(schema_value).validate(&set, ValidationMode::Strict);
        errors.extend(outcome.validation_errors().map(|e| {
            let id: &str = e.policy_id().as_ref();
            let file = id.split('#').next().unwrap_or_default().to_owned();
            PolicyError { file, line: lines.get(id).copied().unwrap_or(0), message: e.to_string() }
        }));
        if errors.is_empty() {
            Ok(Self { set, authorizer: Authorizer::new(), cache: RwLock::default(), keys: RandomState::new() })
        } else {
            Err(errors)
        }
    }

    /// No policy at all: nothing is permitted.
    pub fn none() -> Self {
        let (set, authorizer) = (PolicySet::new(), Authorizer::new());
        Self { set, authorizer, cache: RwLock::default(), keys: RandomState::new() }
    }

    /// May this actor do this? Anything that goes wrong on the way means no.
    pub fn allows(&self, actor: &Actor, action: Action, resource: &ResourceRef) -> bool {
        let own = resource.person.as_ref().is_some_and(|p| actor.owns(p, &resource.kind));
        let key = (self.fingerprint(actor), action, ResourceRef { person: None, case: None, ..resource.clone() }, own);
        if let Some(known) = self.cache.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return *known;
        }
        let allowed = self.decide(actor, action, resource, own).unwrap_or(false);
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        cache.insert(key, allowed);
        allowed
    }

    fn fingerprint(&self, actor: &Actor) -> u64 {
        let mut h = self.keys.build_hasher();
        actor.id.hash(&mut h);
        actor.roles.hash(&mut h);
        actor.spaces.hash(&mut h);
        actor.body.hash(&mut h);
        (actor.on_behalf.is_empty(), actor.heads()).hash(&mut h);
        h.finish()
    }

    fn decide(&self, actor: &Actor, action: Action, resource: &ResourceRef, own: bool) -> Option<bool> {
        let principal = uid("Actor", &actor.id)?;
        let target = uid("Entity", &resource.kind)?;
        let strings =
            |items: Vec<String>| RestrictedExpression::new_set(items.into_iter().map(RestrictedExpression::new_string));
        let text = |s: String| RestrictedExpression::new_string(s);
        let body = |b: &Option<svod_kernel::Urn>| text(b.as_ref().map(ToString::to_string).unwrap_or_default());
        let who = HashMap::from([
            ("roles".to_owned(), strings(actor.roles.iter().map(|r| r.as_str().to_owned()).collect())),
            ("spaces".to_owned(), strings(actor.spaces.iter().map(ToString::to_string).collect())),
            ("body".to_owned(), body(&actor.body)),
            ("acting".to_owned(), RestrictedExpression::new_bool(!actor.on_behalf.is_empty())),
            ("heads".to_owned(), RestrictedExpression::new_bool(actor.heads())),
        ]);
        let what = HashMap::from([
            ("type".to_owned(), text(resource.kind.clone())),
            ("kind".to_owned(), RestrictedExpression::new_entity_uid(uid("Type", &resource.kind)?)),
            ("space".to_owned(), text(resource.space.to_string())),
            ("spaces".to_owned(), strings(resource.space.lineage().map(|s| s.to_string()).collect())),
            ("body".to_owned(), body(&resource.body)),
            ("own".to_owned(), RestrictedExpression::new_bool(own)),
            ("ground".to_owned(), text(resource.ground.map_or("", Ground::as_str).to_owned())),
            ("open".to_owned(), RestrictedExpression::new_bool(resource.open)),
        ]);
        let entities = Entities::from_entities(
            [
                Entity::new(principal.clone(), who, HashSet::new()).ok()?,
                Entity::new(target.clone(), what, HashSet::new()).ok()?,
            ],
            None,
        )
        .ok()?;
        let request = Request::new(principal, uid("Action", action.as_str())?, target, Context::empty(), None).ok()?;
        Some(self.authorizer.is_authorized(&request, &self.set, &entities).decision() == Decision::Allow)
    }
}

/// Adds the policies of a file; where each begins, by its id.
fn add((set, lines): (&mut PolicySet, &mut HashMap<String, usize>), source: &PolicySource) -> Result<(), PolicyError> {
    let fail = |message: String| PolicyError { file: source.file.clone(), line: line_of(&message), message };
    let parsed = PolicySet::from_str(&source.text).map_err(|e| fail(whole(&e)))?;
    // Nothing fills the slots of templates: what they forbid would be forbidden to nobody.
    if parsed.num_of_templates() > 0 {
        return Err(fail("a policy with ?principal or ?resource is never asked; write it without slots".to_owned()));
    }
    for (n, policy) in parsed.policies().enumerate() {
        let name = policy.annotation("id").map_or_else(|| n.to_string(), str::to_owned);
        let id = format!("{}#{name}", source.file);
        let begins =
            policy.to_cedar().and_then(|text| source.text.find(&text)).map_or(0, |at| line_at(&source.text, at));
        lines.insert(id.clone(), begins);
        set.add(policy.new_id(PolicyId::new(id))).map_err(|e| fail(e.to_string()))?;
    }
    Ok(())
}

/// A file without its policies with slots, and the names of those; none where it has none of them. So a file of before goes on
/// being asked for the rest: such a policy never was.
pub fn without_slots(source: &PolicySource) -> Option<(PolicySource, Vec<String>)> {
    let parsed = PolicySet::from_str(&source.text).ok().filter(|all| all.num_of_templates() > 0)?;
    let named = |template: &Template| template.annotation("id").unwrap_or_else(|| template.id().as_ref()).to_owned();
    let left_out = parsed.templates().map(named).collect();
    let text: Vec<String> = parsed.policies().filter_map(cedar_policy::Policy::to_cedar).collect();
    Some((PolicySource { file: source.file.clone(), text: text.join("\n") }, left_out))
}

fn whole(e: &dyn std::error::Error) -> String {
    let mut text = e.to_string();
    let mut cause = e.source();
    while let Some(c) = cause {
        text.push_str(": ");
        text.push_str(&c.to_string());
        cause = c.source();
    }
    text
}

fn line_of(message: &str) -> usize {
    message
        .split("line ")
        .nth(1)
        .and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
        .unwrap_or(0)
}

fn uid(kind: &str, id: &str) -> Option<EntityUid> {
    Some(EntityUid::from_type_name_and_id(EntityTypeName::from_str(kind).ok()?, EntityId::new(id)))
}

#[cfg(test)]
mod tests {
    use svod_kernel::{Role, SpacePath};

    use super::*;
    use crate::schema;

    /// Types of a metamodel.
    const KINDS: [&str; 2] = ["Person", "Task"];
    const POLICY: &str = r#"
        @id("own-space")
        permit (principal, action == Action::"read", resource)
        when { principal.roles.contains("official") && principal.spaces.containsAny(resource.spaces) };
    "#;

    fn source(text: &str) -> PolicySource {
        PolicySource { file: "t.cedar".into(), text: text.into() }
    }

    fn official(space: &str) -> Actor {
        Actor {
            id: "o".into(),
            roles: [Role::Official].into(),
            spaces: vec![space.parse().unwrap()],
            ..Actor::anonymous()
        }
    }

    #[test]
    fn permits_only_what_a_policy_permits() {
        let p = Policies::compile(&schema(KINDS), &[source(POLICY)]).unwrap();
        let target = ResourceRef::new("Task", "kuzbass/kemerovo".parse::<SpacePath>().unwrap());
        for _ in 0..2 {
            assert!(p.allows(&official("kuzbass"), Action::Read, &target));
            assert!(!p.allows(&official("kuzbass/belovo"), Action::Read, &target));
            assert!(!p.allows(&official("kuzbass"), Action::Take, &target));
            assert!(!p.allows(&Actor::anonymous(), Action::Read, &target));
        }
    }

    #[test]
    fn what_is_ones_own_is_told_apart_from_the_same_of_another() {
        let own = r#"permit (principal, action == Action::"read", resource) when { resource.own };"#;
        let p = Policies::compile(&schema(KINDS), &[source(own)]).unwrap();
        let of = |id: &str| {
            let of = ResourceRef::new("Person", "kuzbass".parse::<SpacePath>().unwrap());
            ResourceRef { person: Some(id.parse().unwrap()), ..of }
        };
        let me = Actor { id: "urn:svod:person:me".into(), ..Actor::anonymous() };
        for _ in 0..2 {
            assert!(p.allows(&me, Action::Read, &of("urn:svod:person:me")));
            assert!(!p.allows(&me, Action::Read, &of("urn:svod:person:other")));
        }
    }

    #[test]
    fn names_the_file_of_a_bad_policy() {
        let bad = Policies::compile(&schema(KINDS), &[source("permit (principal, action, resource) when { 1 };;")]);
        assert_eq!(bad.err().unwrap()[0].file, "t.cedar");
        let unknown = Policies::compile(&schema(KINDS), &[source(&POLICY.replace("roles", "rolls"))]);
        assert_eq!(unknown.err().unwrap()[0].file, "t.cedar");
    }

    #[test]
    fn a_kind_is_a_type_of_the_metamodel() {
        let closed = |name: &str| {
            let text = format!(
                "permit (principal, action, resource);\n@id(\"closed\")\nforbid (principal, action, resource)\nwhen {{ resource.kind == Type::\"{name}\" }};"
            );
            Policies::compile(&schema(KINDS), &[source(&text)])
        };
        let errors = closed("Persn").err().unwrap();
        assert_eq!((errors.len(), errors[0].file.as_str(), errors[0].line), (1, "t.cedar", 2), "{errors:?}");
        assert!(errors[0].message.contains("Persn"), "{}", errors[0].message);
        let p = closed("Person").unwrap();
        let may = |kind: &str| {
            p.allows(
                &Actor::anonymous(),
                Action::Read,
                &ResourceRef::new(kind, "kuzbass".parse::<SpacePath>().unwrap()),
            )
        };
        assert!(may("Task") && !may("Person"));
        assert!(may("NoType"), "open spaces have types that nobody has declared");
    }

    #[test]
    fn a_policy_with_slots_is_no_policy() {
        let text = "permit (principal, action, resource);\nforbid (principal == ?principal, action, resource);";
        let errors = Policies::compile(&schema(KINDS), &[source(text)]).err().unwrap();
        assert!(errors[0].message.contains("slots"), "{errors:?}");
        // What stands beside it is asked on where the file was published before.
        let text = format!("{text}\n@id(\"shut\")\nforbid (principal, action, resource == ?resource);");
        let (rest, left_out) = without_slots(&source(&text)).unwrap();
        assert!(left_out.len() == 2 && left_out.contains(&"shut".to_owned()), "{left_out:?}");
        let p = Policies::compile(&schema(KINDS), std::slice::from_ref(&rest)).unwrap_or_else(|e| panic!("{e:?}"));
        let resource = ResourceRef::new("Task", "kuzbass".parse::<SpacePath>().unwrap());
        assert!(p.allows(&Actor::anonymous(), Action::Read, &resource));
        assert!(without_slots(&rest).is_none());
    }
}
