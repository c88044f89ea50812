use std::pin::Pin;

use svod_kernel::{Actor, OnBehalf, Role, SpacePath, Urn};

/// A post that somebody holds now, in which they may act. Powers follow the post and do not mix: who holds two acts in one of
/// them at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capacity {
    /// The appointment.
    pub appointment: Urn,
    /// What the post is called.
    pub title: String,
    /// What its holder may be asked to be.
    pub role: Role,
    /// The space in which that holds, and below.
    pub space: SpacePath,
    /// The body that the post belongs to.
    pub body: Option<Urn>,
}

/// Somebody for whom a person may act now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Represented {
    /// By which mandates, from the nearest to the one whose affairs they are.
    pub chain: Vec<OnBehalf>,
    /// How they are called.
    pub name: String,
}

impl Represented {
    /// Names the chain in a session.
    pub fn key(&self) -> String {
        self.chain.iter().map(|link| link.mandate.as_str()).collect::<Vec<_>>().join("+")
    }
}

/// Somebody who has just got an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// The person.
    pub person: Urn,
    /// How they are called.
    pub name: String,
    /// The post that they were invited to, with the space of it.
    pub post: Option<(Role, SpacePath)>,
    /// Their national identification number, where somebody has verified it.
    pub number: Option<String>,
}

/// What a site is about to learn of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteTold {
    /// The site's identifier.
    pub client: String,
    /// What it is called.
    pub name: String,
    /// Names of the claims (OpenID Connect Core, 5.1).
    pub claims: Vec<String>,
}

/// The answer of [`Directory::enrol`] and [`Directory::begun_for`].
pub type Enrolled<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// The answer of [`Directory::posts`], [`Directory::represented`] and [`Directory::returnable`].
pub type Looked<'a, T = Capacity> = Pin<Box<dyn Future<Output = Result<Vec<T>, String>> + Send + 'a>>;

/// Knows who holds which post; posts and appointments are data of the graph, which this crate stands below.
pub trait Directory: Send + Sync {
    /// The posts of a person at this moment, oldest appointment first.
    fn posts<'a>(&'a self, person: &'a Urn) -> Looked<'a>;

    /// For whom a person may act at this moment.
    fn represented<'a>(&'a self, person: &'a Urn) -> Looked<'a, Represented>;

    /// Who has that national identification number: nobody or one.
    fn numbered<'a>(&'a self, number: &'a str) -> Looked<'a, Urn>;

    /// Somebody begins to act for another, who is to see it.
    fn begun_for<'a>(&'a self, actor: &'a Actor) -> Enrolled<'a>;

    /// A site is about to learn data of a person, by these names, who is to see it.
    fn told_to<'a>(&'a self, person: &'a Urn, site: &'a SiteTold) -> Enrolled<'a> {
        let _ = (person, site);
        Box::pin(std::future::ready(Ok(())))
    }

    /// May whoever acts so invite to a post of that space; without one, to an account without a post?
    fn may_invite(&self, maker: &Actor, space: Option<&SpacePath>) -> bool;

    /// Where the person is whom that actor may invite to their account: in a territory that the actor runs, as every post that the
    /// person holds. None or one.
    fn returnable<'a>(&'a self, maker: &'a Actor, person: &'a Urn) -> Looked<'a, SpacePath>;

    /// The account of a person is about to be opened by an invitation of that actor's, and they are to see it: once for one
    /// `key`, a digest of this opening.
    fn returned<'a>(&'a self, person: &'a Urn, by: &'a Actor, key: &'a str) -> Enrolled<'a>;

    /// Somebody becomes a person of the graph, and holds the post that they were invited to.
    fn enrol<'a>(&'a self, newcomer: &'a Newcomer) -> Enrolled<'a>;
}

/// A directory in which nobody holds a post.
#[derive(Debug, Clone, Copy)]
pub struct NoPosts;

impl Directory for NoPosts {
    fn posts<'a>(&'a self, _: &'a Urn) -> Looked<'a> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn represented<'a>(&'a self, _: &'a Urn) -> Looked<'a, Represented> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn numbered<'a>(&'a self, _: &'a str) -> Looked<'a, Urn> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn begun_for<'a>(&'a self, _: &'a Actor) -> Enrolled<'a> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn may_invite(&self, _: &Actor, _: Option<&SpacePath>) -> bool {
        false
    }

    fn returnable<'a>(&'a self, _: &'a Actor, _: &'a Urn) -> Looked<'a, SpacePath> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn returned<'a>(&'a self, _: &'a Urn, _: &'a Actor, _: &'a str) -> Enrolled<'a> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn enrol<'a>(&'a self, _: &'a Newcomer) -> Enrolled<'a> {
        Box::pin(std::future::ready(Ok(())))
    }
}
