use svod_kernel::Coded;
use svod_store::StoreError;

/// Why somebody is not let in, or may not do something with an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Not a token of this installation.
    #[error("the token is not one of this installation; sign in again")]
    Invalid,
    /// Its time is over.
    #[error("the token has expired; sign in again")]
    Expired,
    /// No such persona in the published packs.
    #[error("there is no persona '{0}' in the published packs")]
    UnknownPersona(String),
    /// Personas exist in demo mode only.
    #[error("demo personas are refused outside demo mode; start the platform with --demo to use them")]
    NotDemo,
    /// Login, password, code or passkey: which of them, nobody is told.
    #[error("the sign-in did not succeed; check the login, the password and the code")]
    Refused,
    /// Too many tries.
    #[error("too many tries; wait {0} seconds, or sign in with a passkey")]
    TooMany(u64),
    /// What was begun is over, or was taken already.
    #[error("this step has expired or was used already; begin again")]
    Over,
    /// The login is taken.
    #[error("there is an account with the login '{0}' already")]
    Taken(String),
    /// Something sent is not as it must be: field, rule and what to do.
    #[error("{0}: {2}")]
    Field(&'static str, &'static str, String),
    /// A weighty act needs a fresh proof.
    #[error("prove again who you are: the last time is too long ago")]
    Unconfirmed,
    /// The installation has no address of its own for passkeys.
    #[error("passkeys need an address of the installation: set identity.origin")]
    NoOrigin,
    /// The last way to sign in cannot be taken away.
    #[error("this is the only way to sign in; add another one first")]
    LastWay,
    /// No such account, passkey or session.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// An outside provider cannot be reached, or what it says cannot be believed.
    #[error("the other provider did not answer as it should; try again, or sign in another way")]
    Outside,
    /// An outside provider has asked for less than is demanded of it.
    #[error("the other provider has asked you for too little; sign in there with two factors, or here in another way")]
    Weak,
    /// Nobody is known by what an outside provider says.
    #[error("nobody here is known by that identity; sign in another way and link it, or ask for an invitation")]
    Unknown,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for IdentityError {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid => "token-invalid",
            Self::Expired => "token-expired",
            Self::UnknownPersona(_) => "persona-unknown",
            Self::NotDemo => "demo-only",
            Self::Refused => "sign-in-refused",
            Self::TooMany(_) => "sign-in-too-many",
            Self::Over => "sign-in-over",
            Self::Taken(_) => "login-taken",
            Self::Field(..) => "account-field",
            Self::Unconfirmed => "confirm-first",
            Self::NoOrigin => "passkeys-no-origin",
            Self::LastWay => "account-last-way",
            Self::Missing(_) => "account-missing",
            Self::Outside => "outside-provider",
            Self::Weak => "outside-weak",
            Self::Unknown => "outside-unknown",
            Self::Store(e) => e.code(),
        }
    }

    fn status(&self) -> u16 {
        match self {
            Self::Invalid | Self::Expired | Self::UnknownPersona(_) | Self::NotDemo | Self::Refused => 401,
            Self::TooMany(_) => 429,
            Self::Outside => 502,
            Self::Weak | Self::Unknown => 403,
            Self::Over => 410,
            Self::Taken(_) | Self::LastWay => 409,
            Self::Field(..) => 422,
            Self::Unconfirmed => 403,
            Self::NoOrigin => 501,
            Self::Missing(_) => 404,
            Self::Store(e) => e.status(),
        }
    }
}
