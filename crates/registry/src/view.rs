use std::collections::BTreeMap;
use std::sync::Arc;

use svod_kernel::{Actor, Role, SpacePath, Timestamp};
use svod_model::{Entity, SecrecyClass};
use svod_policy::{Action, ResourceRef};

use crate::grounds::Grounds;
use crate::{Catalogue, SpaceId, SpaceTree};

/// What of a type somebody may know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Any entity, perhaps.
    Any,
    /// What is their own, or theirs for whom they act.
    Own,
    /// None.
    Nothing,
}

/// What is in force at one moment: packs and spaces, and with them who may see and do what.
#[derive(Clone)]
pub(crate) struct View {
    pub catalogue: Arc<Catalogue>,
    pub spaces: Arc<SpaceTree>,
    pub grounds: Arc<Grounds>,
    /// What has ceased to be by then is not there.
    pub now: Timestamp,
    /// The present, which grounds are judged by: who asks of the past asks now.
    pub present: Timestamp,
}

impl View {
    pub fn may(&self, actor: &Actor, action: Action, resource: &ResourceRef) -> bool {
        resource.open || self.catalogue.policies.allows(actor, action, resource)
    }

    /// A resource of that kind in that space, with the space's openness filled in.
    pub fn resource(&self, kind: &str, space: &SpacePath) -> ResourceRef {
        ResourceRef { open: self.is_open(space), ..ResourceRef::new(kind, space.clone()) }
    }

    pub fn is_open(&self, space: &SpacePath) -> bool {
        self.spaces.get(space).is_some_and(|s| s.open)
    }

    /// The entity as policy sees it.
    pub fn resource_of(&self, entity: &Entity) -> ResourceRef {
        let person = if is_party(&entity.kind) { Some(&entity.id) } else { entity.object("person") };
        let case = if entity.kind == "Case" { Some(&entity.id) } else { entity.object("case") };
        let answers = entity.object("answersTo").filter(|_| entity.kind == "Case").cloned();
        let (body, person, case) = (entity.object("body").cloned(), person.cloned(), case.cloned());
        ResourceRef { body, person, case, answers, ..self.resource(&entity.kind, &entity.space) }
    }

    /// True when every entity of the kind in the space is the same to policy.
    pub fn is_uniform(&self, kind: &str, space: &SpacePath) -> bool {
        let told_apart = |name: &str| self.catalogue.metamodel.attribute(kind, name).is_some();
        self.is_open(space) || !(is_party(kind) || told_apart("body") || told_apart("person"))
    }

    /// Which entities of a type that is about people somebody may know of in a space, told without a look at them: what they may not know of costs no
    /// more time, however many there are.
    pub fn reach(&self, actor: &Actor, kind: &str, space: &SpacePath) -> Reach {
        let metamodel = &self.catalogue.metamodel;
        let told_apart = |name: &str| metamodel.attribute(kind, name).is_some();
        // Where bodies are told apart, each is looked at; what is nobody's is not asked for so often that it would matter.
        let theirs = metamodel.types.contains_key(kind) && (is_party(kind) || told_apart("person"));
        if self.is_open(space) || !theirs || told_apart("body") {
            return Reach::Any;
        }
        let resource = self.resource(kind, space);
        if self.may(actor, Action::Read, &resource) {
            return Reach::Any;
        }
        let own = ResourceRef { person: actor.subject().parse().ok(), ..resource };
        match own.person.is_some() && self.may(actor, Action::Read, &own) {
            true => Reach::Own,
            false => Reach::Nothing,
        }
    }

    /// The spaces of these in which somebody may know of any entity of these types, and whether that can only be their own.
    pub fn known(&self, actor: &Actor, kinds: &[&str], spaces: Vec<SpaceId>) -> (Vec<SpaceId>, bool) {
        let mut own = true;
        let some = |id: &SpaceId| {
            let Some(space) = self.spaces.by_id(*id) else { return false };
            let all: Vec<Reach> = kinds.iter().map(|kind| self.reach(actor, kind, &space.path)).collect();
            own &= !all.contains(&Reach::Any);
            all.iter().any(|reach| *reach != Reach::Nothing)
        };
        let known = spaces.into_iter().filter(some).collect();
        (known, own)
    }

    pub fn may_see(&self, actor: &Actor, kind: &str, name: &str, resource: &ResourceRef) -> bool {
        resource.open
            || match class_of(&self.catalogue, kind, name) {
                SecrecyClass::Open => true,
                SecrecyClass::Internal => self.may(actor, Action::ReadInternal, resource),
                SecrecyClass::Personal => self.may_look(actor, (Action::ReadPersonal, name), resource),
                SecrecyClass::Special => self.may_look(actor, (Action::ReadSpecial, name), resource),
                SecrecyClass::Secret => self.may(actor, Action::ReadSecret, resource),
            }
    }

    /// May they see the attribute of that name? Policy is asked once for each class whose attributes are judged alike.
    pub fn sees<'v>(&'v self, actor: &'v Actor, kind: &'v str, resource: &'v ResourceRef) -> impl FnMut(&str) -> bool {
        let mut asked: BTreeMap<SecrecyClass, bool> = BTreeMap::new();
        move |name| {
            let class = class_of(&self.catalogue, kind, name);
            let look = matches!(class, SecrecyClass::Personal | SecrecyClass::Special);
            // An access may be to some attributes only.
            let whose = resource.person.as_ref().filter(|_| look && !actor.is(Role::Platform));
            if whose.is_some_and(|person| !actor.owns(person, kind)) {
                return self.may_see(actor, kind, name, resource);
            }
            *asked.entry(class).or_insert_with(|| self.may_see(actor, kind, name, resource))
        }
    }

    /// A person's data: to the person; to others on a ground that was written down, whatever the policies of packs say.
    fn may_look(&self, actor: &Actor, (action, name): (Action, &str), resource: &ResourceRef) -> bool {
        let Some(person) = &resource.person else { return self.may(actor, action, resource) };
        if actor.is(Role::Platform) || actor.owns(person, &resource.kind) {
            return self.may(actor, action, resource);
        }
        let on = |ground| ResourceRef { ground: Some(ground), ..resource.clone() };
        self.grounds
            .of(actor, person, (resource, name), self.present)
            .any(|ground| self.may(actor, action, &on(ground)))
    }

    /// The entity as the actor may see it; none when they may not know of it.
    pub fn redact(&self, actor: &Actor, entity: Arc<Entity>) -> Option<Arc<Entity>> {
        let entity = match entity.next_expiry() {
            Some(at) if at <= self.now => Arc::new(Arc::unwrap_or_clone(entity).living(self.now)?),
            _ => entity,
        };
        if self.is_open(&entity.space) {
            return Some(entity);
        }
        let resource = self.resource_of(&entity);
        if !self.may(actor, Action::Read, &resource) {
            return None;
        }
        let seen = {
            let mut shown = self.sees(actor, &entity.kind, &resource);
            let hides = entity.attributes.keys().any(|name| !shown(name));
            hides.then(|| {
                let mut seen = Entity::clone(&entity);
                seen.attributes.retain(|name, _| shown(name));
                Arc::new(seen)
            })
        };
        Some(seen.unwrap_or(entity))
    }
}

/// The types of whom data are about.
pub(crate) fn is_party(kind: &str) -> bool {
    ["Person", "Organization"].contains(&kind)
}

/// The class of an attribute; what no pack declares (any more) is as closed as can be, packs' own entries excepted.
pub(crate) fn class_of(catalogue: &Catalogue, kind: &str, name: &str) -> SecrecyClass {
    match catalogue.metamodel.attribute(kind, name) {
        Some(a) => a.class,
        None if kind == "Pack" => SecrecyClass::Open,
        None => SecrecyClass::Personal,
    }
}
