use std::collections::BTreeMap;

use svod_kernel::{Actor, Role, SpacePath, Urn};

use crate::{Action, Policies, ResourceRef};

/// Who may do what to what, asked of the policies themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// The roles, in order of their columns.
    pub roles: Vec<Role>,
    /// Types that are the same to policy, and for each action what each role may.
    pub groups: Vec<(Vec<String>, Rows)>,
}

/// For each action how far each role's permission goes.
pub type Rows = Vec<(Action, Vec<Reach>)>;

/// How far a permission goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Not at all.
    Never,
    /// What is, or is about, the actor.
    Own,
    /// In the actor's territory, what belongs to their body or to none.
    OwnBody,
    /// In the actor's territory.
    OwnTerritory,
    /// Everywhere.
    Everywhere,
    /// Something else than these: the policies say when.
    Other,
}

impl Reach {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Never => "–",
            Self::Own => "own",
            Self::OwnBody => "own body",
            Self::OwnTerritory => "territory",
            Self::Everywhere => "everywhere",
            Self::Other => "see policies",
        }
    }
}

/// The roles of people and systems.
const ROLES: [Role; 8] = [
    Role::Anonymous,
    Role::Citizen,
    Role::Official,
    Role::Governor,
    Role::Administrator,
    Role::Auditor,
    Role::Device,
    Role::Platform,
];

impl Matrix {
    /// Of these types.
    pub fn of<'k>(policies: &Policies, kinds: impl IntoIterator<Item = &'k str>) -> Self {
        let mut groups: BTreeMap<Rows, Vec<String>> = BTreeMap::new();
        for kind in kinds {
            let row = |action| (action, ROLES.map(|role| reach(policies, role, action, kind)).to_vec());
            groups.entry(Action::ALL.map(row).to_vec()).or_default().push(kind.to_owned());
        }
        let mut groups: Vec<_> = groups.into_iter().map(|(rows, kinds)| (kinds, rows)).collect();
        groups.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
        Self { roles: ROLES.to_vec(), groups }
    }

    /// As Markdown, one table for each group of types.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        for (kinds, rows) in &self.groups {
            out.push_str(&format!("\n## {}\n\n| |", kinds.join(", ")));
            for role in &self.roles {
                out.push_str(&format!(" {} |", role.as_str()));
            }
            out.push_str("\n| --- |");
            out.push_str(&" --- |".repeat(self.roles.len()));
            for (action, cells) in rows {
                let words: Vec<&str> = cells.iter().map(|r| r.words()).collect();
                out.push_str(&format!("\n| {} | {} |", action.as_str(), words.join(" | ")));
            }
            out.push('\n');
        }
        out
    }
}

/// How far the role's permission goes, by asking of a thing in each place.
fn reach(policies: &Policies, role: Role, action: Action, kind: &str) -> Reach {
    let urn = |text: &str| -> Option<Urn> { text.parse().ok() };
    let (Ok(here), Ok(elsewhere)) = ("here".parse::<SpacePath>(), "elsewhere".parse::<SpacePath>()) else {
        return Reach::Other;
    };
    let is_person =
        matches!(role, Role::Citizen | Role::Official | Role::Governor | Role::Administrator | Role::Auditor);
    let actor = Actor {
        id: if is_person { "urn:svod:person:self" } else { role.as_str() }.into(),
        name: role.as_str().into(),
        roles: [role].into(),
        // Nobody has territories but those who hold a post, devices, and citizens of a demonstration.
        spaces: if role == Role::Anonymous { Vec::new() } else { vec![here.clone()] },
        body: urn("urn:svod:body:own"),
        on_behalf: Vec::new(),
    };
    let ask = |space: &SpacePath, body: Option<&str>, own: bool| {
        let resource = ResourceRef {
            body: body.and_then(urn),
            person: own.then(|| urn("urn:svod:person:self")).flatten(),
            ..ResourceRef::new(kind, space.clone())
        };
        policies.allows(&actor, action, &resource)
    };
    let (mine, none) = (ask(&here, Some("urn:svod:body:own"), false), ask(&here, None, false));
    let (other, far) = (ask(&here, Some("urn:svod:body:other"), false), ask(&elsewhere, None, false));
    match (mine, none, other, far, ask(&elsewhere, None, true)) {
        (false, false, false, false, false) => Reach::Never,
        (false, false, false, false, true) => Reach::Own,
        (true, true, false, false, _) => Reach::OwnBody,
        (true, true, true, false, _) => Reach::OwnTerritory,
        (true, true, true, true, true) => Reach::Everywhere,
        _ => Reach::Other,
    }
}
