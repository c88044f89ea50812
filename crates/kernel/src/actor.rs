use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{SpacePath, Urn};

/// What an actor may be asked to be. Which acts a role allows stands in the packs' Cedar policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Nobody has said who they are.
    Anonymous,
    /// A person in their own matters.
    Citizen,
    /// Holds a post in a body.
    Official,
    /// Head of the region.
    Governor,
    /// Runs the installation: packs, quarantine, spaces.
    Administrator,
    /// Watches over who looked at whose data and over security; sees no personal data.
    Auditor,
    /// A device or system that delivers readings.
    Device,
    /// The platform itself: runtime, pack seeding.
    Platform,
}

impl Role {
    /// The word used in policies, packs and tokens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Citizen => "citizen",
            Self::Official => "official",
            Self::Governor => "governor",
            Self::Administrator => "administrator",
            Self::Auditor => "auditor",
            Self::Device => "device",
            Self::Platform => "platform",
        }
    }
}

/// One link of the chain from who acts to whose affairs they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OnBehalf {
    /// For whom: a person or an organization.
    pub person: Urn,
    /// What entitles to it.
    pub mandate: Urn,
    /// By what right, a value of the code list `MandateBasis`; empty where nobody has said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub basis: String,
    /// Only in matters of these types; empty: in all.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub scope: BTreeSet<String>,
}

/// Who acts: the answer of identity, the principal of policy, the "who" of a journal event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Stable id: a persona, later a person's URN.
    pub id: String,
    /// Name shown in journals; a post or a persona, never more than the journal needs.
    pub name: String,
    /// What they may be asked to be.
    pub roles: BTreeSet<Role>,
    /// Spaces in which the roles hold, and below. Empty means none; the platform's own actor holds all.
    pub spaces: Vec<SpacePath>,
    /// The body whose post they hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Urn>,
    /// For whom they act, from the nearest to the one whose affairs they are; empty: for themselves or in their post.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_behalf: Vec<OnBehalf>,
}

impl Actor {
    /// Somebody who has not said who they are.
    pub fn anonymous() -> Self {
        Self {
            id: "anonymous".into(),
            name: "anonymous".into(),
            roles: BTreeSet::from([Role::Anonymous]),
            spaces: Vec::new(),
            body: None,
            on_behalf: Vec::new(),
        }
    }

    /// The platform acting by a declared rule; `part` names the room (`runtime`, `packs`).
    pub fn platform(part: &str) -> Self {
        Self {
            id: format!("platform:{part}"),
            name: format!("platform:{part}"),
            roles: BTreeSet::from([Role::Platform]),
            spaces: Vec::new(),
            body: None,
            on_behalf: Vec::new(),
        }
    }

    /// Names the actor in the capacity in which they act: what somebody was shown in one is not theirs in another.
    pub fn capacity(&self) -> String {
        let mut name = format!("{}|{}|{}", self.id, self.name, self.body.as_ref().map_or("", Urn::as_str));
        for link in &self.on_behalf {
            name.push('|');
            name.push_str(link.mandate.as_str());
        }
        name
    }

    /// Whose affairs they act in.
    pub fn subject(&self) -> &str {
        self.on_behalf.last().map_or(&self.id, |link| link.person.as_str())
    }

    /// Is a matter of that type, of that person, the actor's own, or of whom they act for?
    pub fn owns(&self, person: &Urn, kind: &str) -> bool {
        let within = |link: &OnBehalf| link.scope.is_empty() || link.scope.contains(kind);
        person.as_str() == self.subject() && self.on_behalf.iter().all(within)
    }

    /// Do they act for an organization as its head, themselves and in all its matters?
    pub fn heads(&self) -> bool {
        matches!(self.on_behalf.as_slice(), [link] if link.basis == "head" && link.scope.is_empty())
    }

    /// True when the actor has that role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// True when the actor's roles hold in `space`.
    pub fn holds_in(&self, space: &SpacePath) -> bool {
        self.is(Role::Platform) || self.spaces.iter().any(|s| s.covers(space))
    }
}
