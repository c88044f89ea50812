//! Who somebody is.
//!
//! * [`Identity`] – the one who knows: tokens become actors
//! * `account`, `passkey`, `password`, `totp`, `sign_in` – people: invited, with passkeys, or password and code
//! * `session` – what a sign-in leaves: devices, an end for each, a fresh proof for weighty acts
//! * `persona` – the demo personas that packs declare, in demo mode only
//! * [`provider`] – other sites whose people sign in here (OpenID Connect)
//! * `directory` – who holds which post, asked of the graph
//! * `limiter`, `secret`, `begun` – what keeps guessing slow and secrets secret
//!
//! What somebody may do is asked of `svod-policy`; this crate says only who they are and which posts they hold.

mod account;
mod begun;
mod breached;
mod directory;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod identity;
mod limiter;
mod outside;
mod passkey;
mod password;
mod persona;
mod powers;
mod presence;
pub mod provider;
mod secret;
mod session;
mod sign_in;
pub mod testing;
mod totp;

pub use account::{Account, Authenticator, INVITED, Invitation};
pub use directory::{Capacity, Directory, Enrolled, Looked, Newcomer, NoPosts, Represented};
pub use error::IdentityError;
pub use identity::{Identity, IdentityDeps, Sign};
pub use limiter::network;
pub use outside::{Asked, Fetch, Fetched, Leaving, OutsideProvider, Purpose, Returned};
pub use passkey::{Ceremony, Key};
pub use password::{COST, SHORTEST};
pub use persona::{MAX_TTL_SECONDS, sign};
pub use session::{From, Known, Method, Session};
pub use totp::code;
