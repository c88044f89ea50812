use svod_kernel::{Timestamp, number};
use svod_model::{Point, SimulationSpec};

use crate::device::Device;
use crate::error::SimulationError;
use crate::geodesy::Route;
use crate::random::Dice;
use crate::spec::{self, Spec};

/// Most missed messages that one device makes up for in a call; older ones are left out as a gap.
pub const MAX_CATCH_UP: usize = 100;

/// Most messages of one call, all devices together; each device gets at least one.
pub const MAX_MESSAGES: usize = 50_000;

/// A device to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct SimDevice {
    /// External id: the device's part of the topic.
    pub external_id: String,
    /// Line that a vehicle drives along, back and forth.
    pub route: Option<Vec<Point>>,
}

/// One payload of one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimMessage {
    /// External id of the device.
    pub topic_device: String,
    /// Moment of the message.
    pub at: Timestamp,
    /// JSON, except where the declaration wants it malformed.
    pub payload: Vec<u8>,
}

/// A running simulation.
pub struct Simulation {
    spec: Spec,
    interval: i64,
    devices: Vec<Device>,
}

impl Simulation {
    /// Begins a simulation; `seed` decides everything that is left to chance.
    ///
    /// # Errors
    /// What is wrong with the declaration, or the device that has no route and needs one.
    pub fn new(spec: &SimulationSpec, devices: Vec<SimDevice>, seed: u64) -> Result<Self, SimulationError> {
        if !(0.01..=86_400.0).contains(&spec.interval_seconds) {
            let message = format!("{} s is not between 0.01 and 86400 s", spec.interval_seconds);
            return Err(SimulationError::new("interval", message, "write it like PT2S"));
        }
        let interval = number::whole((spec.interval_seconds * 1e6).round());
        let read = spec::read(&spec.spec)?;
        let mut made = Vec::with_capacity(devices.len());
        for device in devices {
            let route = device.route.as_deref().and_then(Route::new);
            if read.moves && route.is_none() {
                let path = format!("devices.{}", device.external_id);
                let fix = "give the entity a route of at least two different points";
                return Err(SimulationError::new(path, "has no route to drive along", fix));
            }
            let dice = Dice::new(seed, &spec.id, &device.external_id);
            made.push(Device::new(device.external_id, route, &read, dice, interval));
        }
        Ok(Self { spec: read, interval, devices: made })
    }

    /// Number of devices.
    pub fn len(&self) -> usize {
        self.devices.len()
    }

    /// No devices.
    pub fn is_empty(&self) -> bool {
        self.devices.is_empty()
    }

    /// Every message due up to `now`, oldest first. The first call gives each device's latest.
    pub fn due(&mut self, now: Timestamp) -> Vec<SimMessage> {
        let share = (MAX_MESSAGES / self.devices.len().max(1)).clamp(1, MAX_CATCH_UP);
        let seconds = self.interval as f64 / 1e6;
        let mut messages = Vec::new();
        for device in &mut self.devices {
            let last = device.beat_before(now, self.interval);
            let mut beat = match device.next {
                Some(next) if next.0 <= last.0.saturating_add(self.interval) => next,
                // Just begun, or the clock was set back.
                known => {
                    if known.is_none() {
                        device.begin(last, &self.spec);
                    }
                    last
                }
            };
            let oldest = last.0.saturating_sub(self.interval.saturating_mul(number::count(share) - 1));
            beat = Timestamp(beat.0.max(oldest));
            while beat <= last {
                let payload = device.payload(&self.spec, beat, seconds);
                messages.extend(payload.map(|payload| SimMessage {
                    topic_device: device.external_id.clone(),
                    at: beat,
                    payload,
                }));
                beat = beat.plus_micros(self.interval);
            }
            device.next = Some(beat);
        }
        messages.sort_by_key(|m| m.at);
        messages
    }
}
