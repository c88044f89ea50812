//! Chance of one device: its own stream, so that adding a device changes no other.

use svod_kernel::{Rng as _, SeededRng};

pub(crate) struct Dice(SeededRng);

impl Dice {
    /// The stream of a device of a simulation.
    pub(crate) fn new(seed: u64, simulation: &str, device: &str) -> Self {
        // FNV-1a, 64 bits: any mixing that never changes between versions of a library will do.
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        let names = [simulation.as_bytes(), &[0], device.as_bytes()].concat();
        for byte in seed.to_le_bytes().into_iter().chain(names) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Self(SeededRng::new(hash))
    }

    /// `0.0..1.0`.
    pub(crate) fn unit(&self) -> f64 {
        self.0.unit()
    }

    /// True once in `1 / chance` times.
    pub(crate) fn happens(&self, chance: f64) -> bool {
        self.unit() < chance
    }

    /// `0..n`.
    pub(crate) fn below(&self, n: usize) -> usize {
        usize::try_from(self.0.below(n as u64)).unwrap_or_default()
    }

    /// A number of the standard normal distribution (Box and Muller).
    pub(crate) fn normal(&self) -> f64 {
        let (u, v) = (1.0 - self.unit(), self.unit());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}
