//! Policies of the packs: under a schema with the types of the metamodel, whose names they keep to.

use svod_model::{Metamodel, Pack, PackError, Position, nearest};
use svod_policy::{Policies, PolicySource, TypeNamed, WORDS, schema, types_named, without_slots};

use crate::catalogue::Names;

/// The schema of policies under these packs.
pub fn policy_schema(metamodel: &Metamodel) -> PolicySource {
    schema(kinds(metamodel))
}

/// What an entity can be.
fn kinds(metamodel: &Metamodel) -> impl Iterator<Item = &str> {
    metamodel.types.values().filter(|kind| !kind.is_abstract).map(|kind| kind.name.as_str())
}

pub(crate) fn compile(
    (packs, metamodel): (&[&Pack], &Metamodel),
    names: Names<'_>,
    errors: &mut Vec<PackError>,
) -> Option<Policies> {
    let of = |pack: &&Pack| {
        let id = pack.manifest.id.clone();
        // Packs of before have brought the schema along; it is the platform's own.
        let policies = pack.policies.clone().into_iter().filter(|(file, _)| file.ends_with(".cedar"));
        policies.map(move |(file, text)| PolicySource { file: format!("{id}/policies/{file}"), text })
    };
    let mut sources: Vec<PolicySource> = packs.iter().flat_map(of).collect();
    if matches!(names, Names::Tell) {
        sources.iter_mut().for_each(leave_out);
    }
    if sources.is_empty() {
        return Some(Policies::none());
    }
    for source in &sources {
        for named in types_named(source).iter().filter(|named| !is_known(metamodel, &named.name)) {
            let lost = unknown(metamodel, &source.file, named);
            match names {
                Names::Refuse(_) => errors.push(lost),
                Names::Tell => tracing::error!(fault = %lost, "a policy names a type that no entity has"),
            }
        }
    }
    match Policies::compile(&policy_schema(metamodel), &sources) {
        Ok(p) => Some(p),
        Err(e) => {
            errors.extend(e.into_iter().map(|e| PackError {
                file: e.file,
                position: Position { line: e.line, column: 0 },
                rule: "cedar".into(),
                message: e.message,
                fix: "correct the policy; names must stand in the schema: `svod policy schema`".into(),
            }));
            None
        }
    }
}

/// What was published before slots were refused stays in force, without what was never asked.
fn leave_out(source: &mut PolicySource) {
    if let Some((rest, left_out)) = without_slots(source) {
        let policies = left_out.join(", ");
        tracing::error!(file = source.file, policies, "a policy with slots is never asked; it is left out");
        *source = rest;
    }
}

fn is_known(metamodel: &Metamodel, name: &str) -> bool {
    WORDS.contains(&name) || metamodel.types.get(name).is_some_and(|kind| !kind.is_abstract)
}

/// A name that no entity has as its type: what is forbidden for it is forbidden for nothing.
fn unknown(metamodel: &Metamodel, file: &str, named: &TypeNamed) -> PackError {
    let TypeNamed { policy, line, name } = named;
    let (what, fix) = if metamodel.types.contains_key(name) {
        let heirs = kinds(metamodel).filter(|kind| metamodel.is_a(kind, name));
        let heirs = heirs.collect::<Vec<_>>().join(", ");
        ("is abstract: no entity has it as its type", format!("name the types themselves: {heirs}"))
    } else {
        let fix = nearest(name, kinds(metamodel).chain(WORDS)).map_or_else(
            || "name a type of the metamodel: `svod policy schema` prints them".to_owned(),
            |near| format!("write '{near}'"),
        );
        ("is no type of the metamodel", fix)
    };
    PackError {
        file: file.to_owned(),
        position: Position { line: *line, column: 0 },
        rule: "policy-type".into(),
        message: format!("the policy '{policy}' asks for '{name}', which {what}"),
        fix,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use svod_model::testing::shipped;

    use super::*;
    use crate::catalogue::compile_with;

    /// What was let through by an earlier version of the platform is no reason for none to be in force after the upgrade.
    #[test]
    fn a_policy_with_slots_that_is_in_force_is_left_out_at_a_start() {
        let mut base = shipped("base");
        let text = "@id(\"slots\")\nforbid (principal == ?principal, action, resource);\n";
        base.files.insert("policies/slots.cedar".to_owned(), text.to_owned());
        assert!(compile_with(0, std::slice::from_ref(&base), Names::Tell).is_ok());
        let own = BTreeSet::new();
        let refused = compile_with(0, &[base], Names::Refuse(&own)).err().unwrap_or_default();
        assert!(refused.iter().any(|e| e.file == "base/policies/slots.cedar" && e.rule == "cedar"), "{refused:?}");
    }
}
