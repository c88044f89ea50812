use svod_kernel::{SpacePath, Urn};

/// Everything that is asked of policy. A route, a command and a query each name one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// See an entity and its open attributes.
    Read,
    /// See attributes of class `internal`.
    ReadInternal,
    /// See attributes of class `personal`.
    ReadPersonal,
    /// See attributes of class `special`: health, beliefs, convictions, biometry.
    ReadSpecial,
    /// See attributes of class `secret`: of the state or of commerce.
    ReadSecret,
    /// See who did what to an entity.
    ReadJournal,
    /// Open the personal data of another, on a ground that is kept.
    Look,
    /// Say what only the person may say, or who keeps the register of it: a consent, an objection, a mandate.
    Declare,
    /// Watch over who looked at whose data, and over security.
    Oversee,
    /// Make an entity.
    Create,
    /// Change attributes.
    Update,
    /// Give an entity open attributes, or others than it has; asked beside `create` and `update`, for each class.
    Set,
    /// The same of attributes of class `internal`.
    SetInternal,
    /// The same of attributes of class `personal`.
    SetPersonal,
    /// The same of attributes of class `special`.
    SetSpecial,
    /// The same of attributes of class `secret`.
    SetSecret,
    /// Remove an entity.
    Delete,
    /// Take a task upon oneself.
    Take,
    /// Close a task with a result.
    Complete,
    /// Deliver readings.
    Ingest,
    /// Publish a pack.
    PublishPack,
    /// See refused readings.
    ReadQuarantine,
    /// Replay or discard refused readings.
    ReplayQuarantine,
    /// Spaces, metrics and the rest of running the installation.
    Administer,
}

impl Action {
    /// All, for the matrix and the coverage test.
    pub const ALL: [Self; 24] = [
        Self::Read,
        Self::ReadInternal,
        Self::ReadPersonal,
        Self::ReadSpecial,
        Self::ReadSecret,
        Self::ReadJournal,
        Self::Look,
        Self::Declare,
        Self::Oversee,
        Self::Create,
        Self::Update,
        Self::Set,
        Self::SetInternal,
        Self::SetPersonal,
        Self::SetSpecial,
        Self::SetSecret,
        Self::Delete,
        Self::Take,
        Self::Complete,
        Self::Ingest,
        Self::PublishPack,
        Self::ReadQuarantine,
        Self::ReplayQuarantine,
        Self::Administer,
    ];

    /// The name in policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::ReadInternal => "readInternal",
            Self::ReadPersonal => "readPersonal",
            Self::ReadSpecial => "readSpecial",
            Self::ReadSecret => "readSecret",
            Self::ReadJournal => "readJournal",
            Self::Look => "look",
            Self::Declare => "declare",
            Self::Oversee => "oversee",
            Self::Create => "create",
            Self::Update => "update",
            Self::Set => "set",
            Self::SetInternal => "setInternal",
            Self::SetPersonal => "setPersonal",
            Self::SetSpecial => "setSpecial",
            Self::SetSecret => "setSecret",
            Self::Delete => "delete",
            Self::Take => "take",
            Self::Complete => "complete",
            Self::Ingest => "ingest",
            Self::PublishPack => "publishPack",
            Self::ReadQuarantine => "readQuarantine",
            Self::ReplayQuarantine => "replayQuarantine",
            Self::Administer => "administer",
        }
    }
}

/// On what ground somebody looks at the personal data of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ground {
    /// A law says so.
    Law,
    /// A contract with the person.
    Contract,
    /// The person has agreed.
    Consent,
    /// Life or safety is in danger.
    Emergency,
}

impl Ground {
    /// All.
    pub const ALL: [Self; 4] = [Self::Law, Self::Contract, Self::Consent, Self::Emergency];

    /// The name in policies, and of the code list `AccessGround`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Law => "law",
            Self::Contract => "contract",
            Self::Consent => "consent",
            Self::Emergency => "emergency",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|g| g.as_str() == name)
    }
}

/// What an action is done to, as far as policies look at it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResourceRef {
    /// Type of the entity, or the resource's own word (`Pack`, `Quarantine`, `Reading`).
    pub kind: String,
    /// The space it lives in.
    pub space: SpacePath,
    /// The body it is assigned to.
    pub body: Option<Urn>,
    /// The person that it is, or is about.
    pub person: Option<Urn>,
    /// The case it belongs to; no policy asks for it, an access to one case does.
    pub case: Option<Urn>,
    /// Of a case: the one that it answers, and is open with.
    pub answers: Option<Urn>,
    /// On what ground the actor looks at the person's data; none: on none.
    pub ground: Option<Ground>,
    /// The space is open (sandbox).
    pub open: bool,
}

impl ResourceRef {
    /// A resource of that kind in that (strict) space, assigned to nobody.
    pub fn new(kind: &str, space: SpacePath) -> Self {
        Self {
            kind: kind.to_owned(),
            space,
            body: None,
            person: None,
            case: None,
            answers: None,
            ground: None,
            open: false,
        }
    }
}
