use std::collections::BTreeMap;

use svod_kernel::{Actor, Role, SpacePath, Urn};

use crate::{Action, Ground, Policies, ResourceRef};

/// Who may do what to what, asked of the policies themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// The roles, in order of their columns.
    pub roles: Vec<Role>,
    /// Types that are the same to policy, and for each action what each role may.
    pub groups: Vec<(Vec<String>, Rows)>,
}

/// For each action how far each role's permission goes.
pub type Rows = Vec<(Action, Vec<Cell>)>;

/// How far a role's permission goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// By itself.
    pub reach: Reach,
    /// Further on a ground that was written down: how far, and on which.
    pub grounded: Vec<(Reach, Vec<Ground>)>,
}

impl Cell {
    /// In words: `own; territory on law, consent`.
    pub fn words(&self) -> String {
        let on = |(reach, grounds): &(Reach, Vec<Ground>)| {
            let grounds: Vec<&str> = grounds.iter().map(|g| g.as_str()).collect();
            format!("; {} on {}", reach.words(), grounds.join(", "))
        };
        let grounded: String = self.grounded.iter().map(on).collect();
        format!("{}{grounded}", self.reach.words())
    }
}

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
    /// Of these types, each with the name under which it stands in the table.
    pub fn of<'k>(policies: &Policies, kinds: impl IntoIterator<Item = (&'k str, String)>) -> Self {
        let mut groups: BTreeMap<Rows, Vec<String>> = BTreeMap::new();
        for (kind, name) in kinds {
            let row = |action| (action, ROLES.map(|role| cell(policies, role, action, kind)).to_vec());
            groups.entry(Action::ALL.map(row).to_vec()).or_default().push(name);
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
                let words: Vec<String> = cells.iter().map(Cell::words).collect();
                out.push_str(&format!("\n| {} | {} |", action.as_str(), words.join(" | ")));
            }
            out.push('\n');
        }
        out
    }
}

/// How far the role's permission goes, without a ground and on each.
fn cell(policies: &Policies, role: Role, action: Action, kind: &str) -> Cell {
    let own = reach(policies, role, (action, None), kind);
    let mut grounded: Vec<(Reach, Vec<Ground>)> = Vec::new();
    // Of nothing else a ground is asked.
    let grounds = Ground::ALL.into_iter().filter(|_| matches!(action, Action::ReadPersonal | Action::ReadSpecial));
    for ground in grounds {
        let further = reach(policies, role, (action, Some(ground)), kind);
        match grounded.iter_mut().find(|(reach, _)| *reach == further) {
            _ if further == own => {}
            Some((_, grounds)) => grounds.push(ground),
            None => grounded.push((further, vec![ground])),
        }
    }
    Cell { reach: own, grounded }
}

/// How far the role's permission goes on that ground, by asking of a thing in each place.
fn reach(policies: &Policies, role: Role, (action, ground): (Action, Option<Ground>), kind: &str) -> Reach {
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
            ground,
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
