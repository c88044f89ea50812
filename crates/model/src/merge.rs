use std::collections::{BTreeMap, BTreeSet};

use crate::nearest::suggest;
use crate::{AttributeKind, AttributeType, EntityRule, EntityType, Metamodel, Pack, PackError, Range, UniqueKey};

/// Longest chain of `is_a`.
const MAX_CHAIN: usize = 32;

struct Merge<'a> {
    packs: &'a [&'a Pack],
    model: Metamodel,
    errors: Vec<PackError>,
}

impl Metamodel {
    /// The metamodel of these packs together, every type with its inherited attributes and every range resolved
    /// to a code list or a type. The order of the packs does not matter.
    ///
    /// # Errors
    /// Types declared twice, unknown parents and ranges, circles of inheritance, inherited attributes turned into
    /// something else; each at its place in its pack, whose id stands in the message.
    pub fn merge(packs: &[&Pack]) -> Result<Self, Vec<PackError>> {
        let mut m = Merge { packs, model: Self::default(), errors: Vec::new() };
        m.collect();
        m.ranges();
        m.inherit();
        if m.errors.is_empty() {
            return Ok(m.model);
        }
        m.errors.sort();
        Err(m.errors)
    }
}

impl Merge<'_> {
    fn error(&mut self, pack: &str, place: (&'static str, &str, &str), rule: &str, message: String, fix: String) {
        let found = self.packs.iter().find(|p| p.manifest.id == pack);
        let (file, position) =
            found.map_or(("pack.yaml", crate::Position::default()), |p| p.origins.find(place.0, place.1, place.2));
        self.errors.push(PackError {
            file: file.to_owned(),
            position,
            rule: rule.to_owned(),
            message: format!("pack '{pack}': {message}"),
            fix,
        });
    }

    fn collect(&mut self) {
        for pack in self.packs {
            for (name, e) in &pack.model.enums {
                if let Some(other) = self.taken(name) {
                    self.twice(&pack.manifest.id, ("enum", name), &other);
                } else {
                    self.model.enums.insert(name.clone(), e.clone());
                }
            }
            for (name, t) in &pack.model.types {
                if let Some(other) = self.taken(name) {
                    self.twice(&pack.manifest.id, ("class", name), &other);
                } else {
                    self.model.types.insert(name.clone(), t.clone());
                }
            }
        }
    }

    fn taken(&self, name: &str) -> Option<String> {
        let t = self.model.types.get(name).map(|t| t.pack.clone());
        t.or_else(|| self.model.enums.get(name).map(|e| e.pack.clone()))
    }

    fn twice(&mut self, pack: &str, (kind, name): (&'static str, &str), other: &str) {
        let message = format!("{kind} '{name}' is declared by pack '{other}' already");
        self.error(pack, (kind, name, ""), "duplicate-type", message, "choose another name or use is_a".into());
    }

    fn ranges(&mut self) {
        let names: BTreeSet<String> = self.model.types.keys().chain(self.model.enums.keys()).cloned().collect();
        let mut unknown = Vec::new();
        let Metamodel { types, enums } = &mut self.model;
        for t in types.values_mut() {
            for a in t.attributes.values_mut() {
                let Range::Entity(name) = &a.range else { continue };
                if enums.contains_key(name) {
                    a.range = Range::Enum(name.clone());
                } else if !names.contains(name) {
                    unknown.push((t.pack.clone(), format!("{}.{}", t.name, a.name), name.clone()));
                }
            }
        }
        let words = ["string", "integer", "float", "boolean", "datetime", "uri", "GeoPoint", "Geometry"];
        for (pack, place, name) in unknown {
            let fix = suggest(&name, names.iter().map(String::as_str).chain(words).collect::<Vec<_>>());
            let message = format!("range '{name}' of {place} is no type and no code list");
            self.error(&pack, ("attribute", &place, ""), "unknown-range", message, fix);
        }
    }

    fn inherit(&mut self) {
        let own = self.model.types.clone();
        for (name, t) in &own {
            let Some(chain) = self.chain(&own, t) else { continue };
            let mut all: BTreeMap<String, AttributeType> = BTreeMap::new();
            for ancestor in chain.iter().rev() {
                for (key, a) in &ancestor.attributes {
                    let inherited = all.insert(key.clone(), a.clone());
                    // Reported once, at the type that redeclares.
                    if ancestor.name == *name
                        && let Some(before) = inherited
                        && !self.narrows(&own, &before, a)
                    {
                        let place = format!("{name}.{key}");
                        let message = format!("{place} is not what it inherits: range, multivalued and kind differ");
                        let fix = "keep them as inherited, or choose another name".to_owned();
                        self.error(&t.pack, ("attribute", &place, ""), "redeclared-attribute", message, fix);
                    }
                }
            }
            let unique: Vec<UniqueKey> = chain.iter().rev().flat_map(|t| t.unique.clone()).collect();
            self.keyed(t, &unique, &mut all);
            let rules: Vec<EntityRule> = chain.iter().rev().flat_map(|t| t.rules.clone()).collect();
            self.ruled(t, &rules, &mut all);
            if let Some(merged) = self.model.types.get_mut(name) {
                merged.attributes = all;
                merged.unique = unique;
                merged.rules = rules;
            }
        }
    }

    /// Unique keys are of single facts, the first of which is found by an index.
    fn keyed(&mut self, t: &EntityType, unique: &[UniqueKey], all: &mut BTreeMap<String, AttributeType>) {
        for key in unique {
            for slot in key.slots.iter().filter(|_| key.class == t.name) {
                let fits = |a: &AttributeType| {
                    a.kind == AttributeKind::Fact
                        && !a.multivalued
                        && !matches!(a.range, Range::Point | Range::Geometry)
                };
                if all.get(slot).is_some_and(fits) {
                    continue;
                }
                let message = format!("unique key '{}' of {}: '{slot}' is no single fact of it", key.name, t.name);
                let fix = "name attributes of the class that hold one value and are no observations".to_owned();
                self.error(&t.pack, ("class", &t.name, ""), "bad-unique-key", message, fix);
            }
            if let Some(first) = key.slots.first().and_then(|slot| all.get_mut(slot)) {
                first.indexed = true;
            }
        }
        let named = |name: &String| unique.iter().any(|key| key.slots.contains(name));
        all.iter_mut().filter(|(name, _)| named(name)).for_each(|(_, a)| a.single = true);
    }

    /// What is inherited holds: no rule takes the place of one that stands above it. What rules name has one value.
    fn ruled(&mut self, t: &EntityType, rules: &[EntityRule], all: &mut BTreeMap<String, AttributeType>) {
        for word in rules.iter().flat_map(|rule| words(&rule.condition)) {
            if let Some(a) = all.get_mut(word) {
                a.single = true;
            }
        }
        for rule in rules.iter().filter(|r| r.class == t.name) {
            let above = rules.iter().find(|r| r.id == rule.id && r.class != t.name);
            let Some(above) = above.map(|r| r.class.clone()) else { continue };
            let (place, message) = (format!("{}.{}", t.name, rule.id), format!("rule '{}' is one of {above}", rule.id));
            let fix = "give it another title: both hold".to_owned();
            self.error(&t.pack, ("rule", &place, ""), "bad-rule", message, fix);
        }
    }

    /// A child may narrow the type of a relationship and tighten limits; a fact may become an observation (an
    /// asset's place is a fact, a vehicle's place flows).
    fn narrows(&self, types: &BTreeMap<String, EntityType>, before: &AttributeType, now: &AttributeType) -> bool {
        let range = match (&before.range, &now.range) {
            (Range::Entity(a), Range::Entity(b)) => {
                let mut at = Some(b);
                let mut steps = 0;
                while let Some(name) = at.filter(|n| *n != a && steps <= MAX_CHAIN) {
                    steps += 1;
                    at = types.get(name).and_then(|t| t.is_a.as_ref());
                }
                at == Some(a)
            }
            (a, b) => a == b,
        };
        range && before.multivalued == now.multivalued
    }

    /// The type and its ancestors, nearest first.
    fn chain<'t>(
        &mut self,
        types: &'t BTreeMap<String, EntityType>,
        start: &'t EntityType,
    ) -> Option<Vec<&'t EntityType>> {
        let mut chain = vec![start];
        let mut at = start;
        while let Some(parent) = &at.is_a {
            let Some(next) = types.get(parent) else {
                // Reported at the type that names it, not at every descendant.
                if at.name == start.name {
                    let fix = suggest(parent, types.keys().map(String::as_str).collect::<Vec<_>>());
                    let message = format!("'{}' is a '{parent}', which is not declared", start.name);
                    self.error(&start.pack, ("class", &start.name, ""), "unknown-parent", message, fix);
                }
                return None;
            };
            if chain.iter().any(|t| t.name == next.name) || chain.len() >= MAX_CHAIN {
                let path: Vec<&str> = chain.iter().take(8).map(|t| t.name.as_str()).collect();
                let message =
                    format!("'{}' inherits in a circle or over too many steps: {}", start.name, path.join(" → "));
                let fix = "drop one is_a of the chain".to_owned();
                self.error(&start.pack, ("class", &start.name, ""), "inheritance-cycle", message, fix);
                return None;
            }
            chain.push(next);
            at = next;
        }
        Some(chain)
    }
}

/// Words of a condition that stand outside its texts.
fn words(condition: &str) -> impl Iterator<Item = &str> {
    let code = condition.split('"').step_by(2);
    code.flat_map(|part| part.split(|c: char| !(c.is_alphanumeric() || c == '_'))).filter(|word| !word.is_empty())
}
