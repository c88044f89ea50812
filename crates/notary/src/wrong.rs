/// Something is not as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The signed head.
    #[error("the head: {0}")]
    Head(String),
    /// The store ends before a head that was signed.
    #[error("the ledger was set back: {kept} leaves were signed here, the store has {stored}")]
    SetBack {
        /// Leaves of the head that was kept outside the store.
        kept: u64,
        /// Leaves of the store's head.
        stored: u64,
    },
    /// The store does not go on from a head that was signed.
    #[error("the ledger is another one than was signed here at {0} leaves")]
    Other(u64),
    /// A tile of hashes, or a bundle of entries (level -1).
    #[error("tile {level}/{number}, from leaf {leaf} on")]
    Tile {
        /// Level.
        level: i64,
        /// Number.
        number: u64,
        /// The first leaf under the first hash that is wrong.
        leaf: u64,
    },
    /// An event is not what its leaf says.
    #[error("leaf {leaf}: event {seq} of {space} was changed")]
    Event {
        /// Leaf.
        leaf: u64,
        /// Space.
        space: String,
        /// Number of the event.
        seq: i64,
    },
    /// An event of the log is not in the journal any more.
    #[error("leaf {leaf}: event {seq} of {space} is gone")]
    Gone {
        /// Leaf.
        leaf: u64,
        /// Space.
        space: String,
        /// Number of the event.
        seq: i64,
    },
    /// A leaf says nothing any more, and no event of erasure names it.
    #[error("leaf {leaf}: event {seq} of {space} says nothing any more, and no erasure names it")]
    Unnamed {
        /// Leaf.
        leaf: u64,
        /// Space.
        space: String,
        /// Number of the event.
        seq: i64,
    },
    /// Nobody knows which event a leaf is, or two say they are it.
    #[error("leaf {0}: not exactly one event says it is this")]
    Unknown(u64),
    /// An event stands in the journal among those of the log and is none of them.
    #[error("event {seq} of {space} came behind the log's back")]
    Inserted {
        /// Space.
        space: String,
        /// Number of the event.
        seq: i64,
    },
    /// An event of the log is not in the journal any more, nor is it known which leaf it was.
    #[error("event {seq} of {space} is gone, and so is what said which leaf it was")]
    Removed {
        /// Space.
        space: String,
        /// Number of the event.
        seq: i64,
    },
    /// A row of the table of entities is not what the journal says of it.
    #[error("{}entity {urn} of {space} {what}", at(.leaf.as_ref()))]
    Row {
        /// Leaf of the event that says otherwise; none where no leaf does.
        leaf: Option<u64>,
        /// Space.
        space: String,
        /// Identifier.
        urn: String,
        /// What is wrong, with the attribute and the number of the event.
        what: String,
    },
}

fn at(leaf: Option<&u64>) -> String {
    leaf.map_or_else(String::new, |leaf| format!("leaf {leaf}: "))
}

impl Wrong {
    /// The first leaf that it concerns.
    pub const fn leaf(&self) -> Option<u64> {
        match self {
            Self::Head(_) | Self::Other(_) | Self::Inserted { .. } | Self::Removed { .. } => None,
            Self::SetBack { stored: leaf, .. }
            | Self::Tile { leaf, .. }
            | Self::Event { leaf, .. }
            | Self::Gone { leaf, .. }
            | Self::Unnamed { leaf, .. }
            | Self::Unknown(leaf) => Some(*leaf),
            Self::Row { leaf, .. } => *leaf,
        }
    }

    /// The space of the event that it concerns.
    pub fn space(&self) -> Option<&str> {
        match self {
            Self::Event { space, .. }
            | Self::Gone { space, .. }
            | Self::Unnamed { space, .. }
            | Self::Inserted { space, .. }
            | Self::Removed { space, .. }
            | Self::Row { space, .. } => Some(space),
            _ => None,
        }
    }

    /// It is about the whole log as against a head that was signed before.
    pub(crate) const fn is_of_the_whole(&self) -> bool {
        matches!(self, Self::SetBack { .. } | Self::Other(_))
    }

    /// What it is told by once: of the head and of the whole log one thing is said, whatever the figures are by now.
    pub(crate) fn mark(&self) -> String {
        match self {
            Self::Head(_) => "head".into(),
            Self::SetBack { .. } | Self::Other(_) => "whole".into(),
            other => other.to_string(),
        }
    }
}
