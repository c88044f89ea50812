use std::sync::Arc;

use svod::config::Config;
use svod_kernel::{SimClock, Timestamp};
use svod_model::PackSource;
use svod_store::testing::TestPlace;

use crate::app::{Setup, TestApp};
use crate::packs;

/// When simulated time begins: the morning of a winter's day in Kuzbass.
const BEGINNING: &str = "2026-01-15T08:00:00+07:00";

/// What a [`TestApp`] is to be.
pub struct TestAppBuilder {
    place: TestPlace,
    packs: Vec<PackSource>,
    at: Timestamp,
    seed: u64,
    doors: bool,
    demo: bool,
    leftovers: bool,
    configured: fn(&mut Config),
}

impl Default for TestAppBuilder {
    fn default() -> Self {
        Self {
            place: TestPlace::sqlite(),
            packs: vec![packs::shipped("base"), packs::shipped("kuzbass")],
            at: BEGINNING.parse().expect("a literal in RFC 3339"),
            seed: 1,
            doors: false,
            demo: true,
            leftovers: false,
            configured: |_| {},
        }
    }
}

impl TestAppBuilder {
    /// On a schema of PostgreSQL; none, with the reason printed, when the machine has no server for tests.
    ///
    /// # Panics
    /// As [`TestPlace::postgres`].
    pub fn postgres(self) -> Option<Self> {
        Some(Self { place: TestPlace::postgres()?, ..self })
    }

    /// With this pack, in the place of one of the same id.
    #[must_use]
    pub fn pack(mut self, source: PackSource) -> Self {
        let id = packs::id(&source);
        match self.packs.iter_mut().find(|p| packs::id(p) == id) {
            Some(known) => *known = source,
            None => self.packs.push(source),
        }
        self
    }

    /// With these packs and no others.
    #[must_use]
    pub fn packs(self, packs: Vec<PackSource>) -> Self {
        Self { packs, ..self }
    }

    /// With the second, invented region.
    #[must_use]
    pub fn neighbour(self) -> Self {
        self.pack(packs::shipped("neighbour"))
    }

    /// Simulated time begins then.
    #[must_use]
    pub fn at(self, at: Timestamp) -> Self {
        Self { at, ..self }
    }

    /// The seed of chance.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// With pages, API and broker on free ports of this machine, and the runtime working by itself.
    #[must_use]
    pub fn doors(self) -> Self {
        Self { doors: true, ..self }
    }

    /// With doors of another configuration.
    #[must_use]
    pub fn configured(self, configured: fn(&mut Config)) -> Self {
        Self { doors: true, configured, ..self }
    }

    /// Outside demo mode: personas are refused.
    #[must_use]
    pub fn without_demo(self) -> Self {
        Self { demo: false, ..self }
    }

    /// Work left over at the end is what this test is about.
    #[must_use]
    pub fn leftovers(self) -> Self {
        Self { leftovers: true, ..self }
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(self) -> TestApp {
        let setup = Setup {
            place: self.place,
            packs: self.packs,
            clock: Arc::new(SimClock::new(self.at)),
            seed: self.seed,
            doors: self.doors,
            demo: self.demo,
            leftovers: self.leftovers,
            configured: self.configured,
            data: tempfile::tempdir().unwrap(),
        };
        TestApp::start_on(setup).await
    }
}
