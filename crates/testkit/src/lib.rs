//! What tests of the whole platform stand on.
//!
//! * [`TestApp`] – an isolated platform in this process: its own store (SQLite, or a schema of PostgreSQL), simulated
//!   time, seeded chance, what it tells the outside recorded; dropping it asserts that no work is left over
//! * [`Program`], [`Binary`] – the real program on free ports; an unexpected WARN or ERROR in its log fails the test
//! * [`Device`] – a device that speaks MQTT 3.1.1 byte by byte and knows which messages were acknowledged
//! * [`packs`] – the shipped packs, and changed copies of them
//! * [`place`] – the address of a store for tests, as the program is given it

#![cfg_attr(not(test), warn(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "whatever goes wrong here fails the test that asked for it")]

mod answer;
mod app;
mod binary;
mod builder;
mod device;
pub mod packs;
pub mod place;
mod sent;

pub use answer::Answer;
pub use app::TestApp;
pub use binary::{Binary, Program, Ran};
pub use builder::TestAppBuilder;
pub use device::Device;
pub use sent::{Sent, SentMessage};

/// Makes two tests of one scenario, `sqlite` and `postgres`, in a module of its name; it is given the builder.
#[macro_export]
macro_rules! on_both_engines {
    ($(#[$about:meta])* async fn $name:ident($builder:ident: TestAppBuilder) $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "a scenario takes what it needs")]
            use super::*;

            $(#[$about])*
            async fn scenario($builder: $crate::TestAppBuilder) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                scenario($crate::TestApp::builder()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(builder) = $crate::TestApp::builder().postgres() {
                    scenario(builder).await;
                }
            }
        }
    };
}
