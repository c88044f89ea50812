/// Every rule a pack can break: its stable code and what it asks, in the words of `docs/packs.md`.
pub const RULES: &[(&str, &str)] = &[
    // the folder and its files
    ("missing-manifest", "a pack has a pack.yaml"),
    ("file-count", "at most 2,000 files"),
    ("file-size", "at most 4 MiB a file and 64 MiB a pack"),
    ("unknown-file", "every file stands where the format knows it"),
    ("yaml-syntax", "a file is one YAML 1.2 document"),
    ("yaml-alias", "no aliases (*name)"),
    ("yaml-tag", "no tags but YAML's own (!!str, !!int …)"),
    ("yaml-depth", "at most 64 levels"),
    ("yaml-size", "at most 1,000,000 values in a file"),
    ("duplicate-key", "a key stands once in a mapping"),
    // keys and values
    ("unknown-key", "only known keys"),
    ("missing-key", "required keys are there"),
    ("wrong-kind", "a value is of the kind the key asks for"),
    ("bad-value", "a value has the form the key asks for"),
    ("duplicate-id", "an id is given once"),
    // model
    ("bad-name", "names are PascalCase (types, code lists) or camelCase (attributes)"),
    ("bad-attribute", "the keys of an attribute fit its range"),
    ("bad-annotation", "norm and precision are greater than zero"),
    ("bad-pattern", "a pattern is a regular expression"),
    ("unknown-unit", "a unit is a UCUM code of the subset"),
    ("unknown-import", "an import is linkml:types or an existing schema"),
    ("duplicate-type", "a type or code list is declared by one pack"),
    ("not-seeded", "packs bring no people, appointments, mandates, consents, or traces of who looked"),
    ("unknown-parent", "is_a names a declared type"),
    ("inheritance-cycle", "a type does not inherit from itself, and at most over 32 steps"),
    ("redeclared-attribute", "an inherited attribute may be narrowed, not turned into another"),
    ("bad-unique-key", "the attributes of a unique key are single facts of its class"),
    ("bad-rule", "a rule is a FEEL condition over single facts of its class, and takes no other's place"),
    ("unknown-range", "a range is a LinkML type of the subset, a code list or a declared type"),
    // between files and packs
    ("missing-dependency", "packs named in depends are there and do not depend in a circle"),
    ("unknown-space", "a space is declared and lies under the pack's space"),
    ("unknown-entity", "a related entity is among the seed entities"),
    ("unknown-type", "a type is declared"),
    ("abstract-type", "nothing is directly of an abstract type"),
    ("unknown-attribute", "an attribute is declared on the type"),
    ("wrong-type", "what is referred to is of the right type"),
    ("unknown-decision", "decisions that triggers, processes and open_decisions name are in decisions/"),
    ("unknown-process", "processes that triggers, services and processes name are in processes/"),
    ("unknown-form", "a service's form and the forms of its process's tasks are in forms/"),
    ("unknown-operation", "a service task asks for an operation that there is"),
    ("unknown-calendar", "a calendar is in calendars/ of this pack or one it depends on"),
    ("unknown-situation", "a life situation is a value of the code list LifeSituation"),
    ("unknown-subject", "a subject is a value of the code list Subject"),
    ("unknown-profile", "a device profile is declared"),
    ("no-device-id", "the type of a device profile has the attribute deviceId"),
    ("unknown-body", "a body is a seed entity of type Body"),
    ("unknown-persona", "who acts in a test is a persona or one of its persons"),
    ("missing-text", "every name has a text in ru, kk and en"),
    // values of entities
    ("required", "required attributes are there"),
    ("observation", "an observation comes as a reading, not as a fact"),
    ("relationship", "a relationship has 'object', a property 'value', a place 'geometry'"),
    ("range", "a value is of the attribute's range"),
    ("enum", "a word is of the code list"),
    ("pattern", "a text matches the pattern"),
    ("minimum", "a number is not below minimum_value"),
    ("maximum", "a number is not above maximum_value"),
    ("multivalued", "a list where the attribute is multivalued, one value where it is not"),
    ("unit", "a unit converts to the declared one"),
    ("geometry", "a geometry is GeoJSON with longitude and latitude in range"),
    ("too-long", "texts of at most 64 KiB, lists of at most 1,000 values, 500 attributes"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_documented() {
        let doc = include_str!("../../../../docs/packs.md");
        let mut seen = std::collections::BTreeSet::new();
        for (code, _) in RULES {
            assert!(seen.insert(code), "{code} stands twice");
            assert!(doc.contains(&format!("| `{code}` |")), "docs/packs.md lacks the rule {code}");
        }
    }
}
