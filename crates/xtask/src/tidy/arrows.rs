//! Arrows only point down: every manifest against `layers.toml`.

use super::Finding;
use super::workspace::{Member, Workspace};
use crate::tree::Tree;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

const TABLE: &str = "crates/xtask/layers.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layers {
    layer: Vec<Layer>,
    #[serde(default)]
    ban: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer {
    name: String,
    sideways: bool,
    crates: Vec<String>,
}

/// A rule with its own name, beside the order of the layers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ban {
    rule: String,
    layer: String,
    crates: Vec<String>,
    why: String,
}

/// Errors: the table is missing or malformed.
pub fn check(tree: &Tree, workspace: &Workspace) -> Result<Vec<Finding>> {
    let table = tree.get(TABLE).with_context(|| format!("{TABLE} is missing"))?;
    let layers: Layers = toml::from_str(&table.text).with_context(|| format!("{TABLE} is malformed"))?;
    let mut ranks = BTreeMap::new();
    for (rank, layer) in layers.layer.iter().enumerate() {
        for name in &layer.crates {
            ranks.insert(name.as_str(), rank);
        }
    }
    let mut findings = strangers(&ranks, workspace);
    for member in &workspace.members {
        if let Some(&rank) = ranks.get(member.name.as_str()) {
            findings.extend(upward(member, rank, &ranks, &layers));
            findings.extend(banned(member, rank, &layers));
        }
    }
    Ok(findings)
}

/// Crates without a layer, and names in the table that no crate bears.
fn strangers(ranks: &BTreeMap<&str, usize>, workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in &workspace.members {
        if !ranks.contains_key(member.name.as_str()) {
            let what = format!("{} stands in no layer", member.name);
            findings.push(Finding::new(
                &format!("{}/Cargo.toml", member.folder),
                1,
                what,
                format!("add it to its layer in {TABLE}"),
            ));
        }
    }
    for name in ranks.keys() {
        if !workspace.members.iter().any(|member| member.name == *name) {
            findings.push(Finding::new(TABLE, 1, format!("{name} is no crate of the workspace"), "remove the name"));
        }
    }
    findings
}

fn upward(member: &Member, rank: usize, ranks: &BTreeMap<&str, usize>, layers: &Layers) -> Vec<Finding> {
    let mut findings = Vec::new();
    for dependency in &member.dependencies {
        let Some(&other) = ranks.get(dependency.package.as_str()) else { continue };
        let (own, theirs) = (&layers.layer[rank], &layers.layer[other]);
        let arrow = format!("{} ({}) imports {} ({})", member.name, own.name, dependency.package, theirs.name);
        let file = format!("{}/Cargo.toml", member.folder);
        if other > rank {
            let fix = "turn the arrow: move what is needed into a lower layer, or let the upper crate call this one";
            findings.push(Finding::new(&file, dependency.line, format!("{arrow}: the arrow points up"), fix));
        } else if other == rank && !own.sideways {
            let fix = "meet in the registry and its journal, or move what both need into a lower layer";
            findings.push(Finding::new(&file, dependency.line, format!("{arrow}: the arrow points sideways"), fix));
        }
    }
    findings
}

fn banned(member: &Member, rank: usize, layers: &Layers) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ban in layers.ban.iter().filter(|ban| ban.layer == layers.layer[rank].name) {
        for dependency in member.dependencies.iter().filter(|dependency| ban.crates.contains(&dependency.package)) {
            let what = format!("{}: {} imports {}", ban.rule, member.name, dependency.package);
            findings.push(Finding::new(
                &format!("{}/Cargo.toml", member.folder),
                dependency.line,
                what,
                ban.why.clone(),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    const LAYERS: &str = r#"
[[layer]]
name = "ground"
sideways = true
crates = ["store", "history"]
[[layer]]
name = "domains"
sideways = false
crates = ["votes", "maps"]
[[layer]]
name = "edges"
sideways = false
crates = ["rest"]
[[ban]]
rule = "no edge crate depends on the store"
layer = "edges"
crates = ["store"]
why = "use the door"
"#;

    fn findings(manifests: &[(&str, &str)]) -> Vec<String> {
        let mut files: Vec<(String, String)> = vec![(TABLE.into(), LAYERS.into())];
        let members: Vec<String> = manifests.iter().map(|(name, _)| format!("\"crates/{name}\"")).collect();
        files.push((
            "Cargo.toml".into(),
            format!(
                "[workspace]\nmembers = [{}]\n[workspace.dependencies]\nbase = {{ package = \"store\" }}\n",
                members.join(",")
            ),
        ));
        for (name, rest) in manifests {
            files.push((format!("crates/{name}/Cargo.toml"), format!("[package]\nname = \"{name}\"\n{rest}")));
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let (_folder, tree) = fixture::tree(&files);
        fixture::lines(&check(&tree, &Workspace::read(&tree).unwrap()).unwrap())
    }

    const SOUND: [(&str, &str); 5] = [
        ("store", ""),
        ("history", "[dependencies]\nstore.workspace = true\n[dev-dependencies]\nrest.workspace = true\n"),
        ("votes", "[dependencies]\nstore.workspace = true\n"),
        ("maps", ""),
        ("rest", "[dependencies]\nhistory.workspace = true\nvotes.workspace = true\n"),
    ];

    fn with(name: &'static str, rest: &'static str) -> Vec<String> {
        findings(&SOUND.map(|pair| if pair.0 == name { (name, rest) } else { pair }))
    }

    #[test]
    fn a_sound_house_has_no_finding_and_tests_may_use_anything() {
        assert_eq!(findings(&SOUND), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_up_is_found_in_every_kind_of_dependency() {
        let what = "crates/store/Cargo.toml:4: store (ground) imports maps (domains): the arrow points up";
        assert_eq!(with("store", "[dependencies]\nmaps.workspace = true\n"), [what]);
        assert_eq!(with("store", "[build-dependencies]\nmaps = { path = \"../maps\" }\n"), [what]);
        assert_eq!(
            with("store", "[target.'cfg(unix)'.dependencies.maps]\nworkspace = true\n"),
            [what.replace(":4:", ":3:")]
        );
    }

    #[test]
    fn domains_do_not_import_each_other() {
        assert_eq!(
            with("maps", "[dependencies]\nvotes.workspace = true\n"),
            ["crates/maps/Cargo.toml:4: maps (domains) imports votes (domains): the arrow points sideways"]
        );
    }

    #[test]
    fn no_edge_reaches_the_store_even_under_another_name() {
        let what = "crates/rest/Cargo.toml:4: no edge crate depends on the store: rest imports store";
        assert_eq!(with("rest", "[dependencies]\nstore.workspace = true\n"), [what]);
        assert_eq!(with("rest", "[dependencies]\nground = { package = \"store\", path = \"../store\" }\n"), [what]);
        assert_eq!(with("rest", "[dependencies]\nbase.workspace = true\n"), [what]);
    }

    #[test]
    fn a_crate_without_layer_and_a_layer_without_crate_are_found() {
        let mut manifests = SOUND.to_vec();
        manifests[3].0 = "charts";
        assert_eq!(
            findings(&manifests),
            [
                "crates/charts/Cargo.toml:1: charts stands in no layer",
                "crates/xtask/layers.toml:1: maps is no crate of the workspace"
            ]
        );
    }
}
