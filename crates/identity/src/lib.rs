//! Who somebody is.
//!
//! * [`Identity`] – the one who knows: tokens become actors
//! * `account`, `passkey`, `password`, `totp`, `sign_in` – people: invited, with passkeys, or password and code
//! * `invitation` – invitations that nobody has used yet: listed, taken back, over with the powers of who made them; `again` – of
//!   somebody who is in the graph already
//! * `removed` – what keeps an invitation of before from opening an account that was removed
//! * `session` – what a sign-in leaves: devices, an end for each, a fresh proof for weighty acts
//! * `device` – devices with credentials of their own: made, let in, revoked
//! * `persona` – the demo personas that packs declare, in demo mode only
//! * [`provider`] – other sites whose people sign in here (OpenID Connect)
//! * `directory` – who holds which post, asked of the graph
//! * `ring` – the installation's keys, and how one takes the other's place
//! * `limiter`, `secret`, `begun` – what keeps guessing slow and secrets secret
//!
//! What somebody may do is asked of `svod-policy`; this crate says only who they are and which posts they hold.

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]

mod account;
mod acts;
mod again;
mod begun;
mod breached;
mod device;
mod directory;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod identity;
mod invitation;
mod limiter;
mod outside;
mod passkey;
mod password;
mod persona;
mod powers;
mod presence;
pub mod provider;
mod removed;
mod ring;
mod secret;
mod session;
mod sign_in;
pub mod testing;
mod totp;
mod unused;

pub use account::{Account, Authenticator, INVITED, Invitation, LONGEST_INVITED};
pub use device::{DEVICE_SECRET, Deliverer, Device, NewDevice, device_place};
pub use directory::{Capacity, Directory, Enrolled, Looked, Newcomer, NoPosts, Represented, SiteTold};
pub use error::IdentityError;
pub use identity::{Identity, IdentityDeps, Sign};
pub use invitation::OpenInvitation;
pub use limiter::network;
pub use outside::{Asked, Fetch, Fetched, Leaving, OutsideProvider, Purpose, Returned};
pub use passkey::{Ceremony, Key, shut_out};
pub use password::{COST, SHORTEST};
pub use persona::{MAX_TTL_SECONDS, sign};
pub use ring::Resealed;
pub use session::{FRESH, From, Known, Method, PROVE, Session};
pub use svod_store::device::DeviceQuery;
pub use totp::code;
