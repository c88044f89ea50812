//! One simulated device: its state and its next payload.

use serde_json::{Map, Value, json};
use svod_kernel::{Timestamp, number};

use crate::generate::{self, ScalarState, lasting, rounded};
use crate::geodesy::{Pose, Route};
use crate::random::Dice;
use crate::spec::{Field, Motion, Scalar, Spec};

/// A unit that nothing in a city converts to: illuminance, sent by a device with the wrong firmware.
const WRONG_UNIT: &str = "lx";

pub(crate) struct Device {
    pub(crate) external_id: String,
    dice: Dice,
    /// Microseconds by which its messages come after the beat: devices do not speak all at once.
    phase: i64,
    pub(crate) next: Option<Timestamp>,
    scalars: Vec<ScalarState>,
    drive: Option<Drive>,
    gap_until: Option<Timestamp>,
    stuck_until: Option<Timestamp>,
}

struct Drive {
    route: Route,
    /// Metres driven since the first point.
    odometer: f64,
    stop_until: Option<Timestamp>,
}

/// One message's passing state.
struct Moment<'a> {
    at: Timestamp,
    pose: Option<Pose>,
    speed_kmh: f64,
    stuck: bool,
    /// Which scalar jumps, which one gets a wrong unit.
    jump: Option<usize>,
    wrong_unit: Option<usize>,
    spec: &'a Spec,
}

impl Device {
    pub(crate) fn new(external_id: String, route: Option<Route>, spec: &Spec, dice: Dice, interval: i64) -> Self {
        let phase = number::whole(dice.unit() * interval as f64);
        let drive = route.map(|route| Drive { odometer: dice.unit() * 2.0 * route.length(), route, stop_until: None });
        let scalars = (0..spec.scalars).map(|_| ScalarState::default()).collect();
        Self { external_id, dice, phase, next: None, scalars, drive, gap_until: None, stuck_until: None }
    }

    /// The last beat at or before `now`.
    pub(crate) fn beat_before(&self, now: Timestamp, interval: i64) -> Timestamp {
        // Tens of thousands of years both ways: beats can be counted on from here without overflow.
        const REACH: i64 = 1 << 60;
        let beats = (now.0.clamp(-REACH, REACH) - self.phase).div_euclid(interval);
        Timestamp(beats * interval + self.phase)
    }

    /// A vehicle is as far on its way as if it had driven since the epoch: a restart does not throw it back.
    pub(crate) fn begin(&mut self, at: Timestamp, spec: &Spec) {
        if let (Some(drive), Some(motion)) = (&mut self.drive, &spec.motion) {
            let driven = at.0 as f64 / 1e6 * motion.speed_kmh / 3.6;
            drive.odometer = (drive.odometer + driven).rem_euclid(2.0 * drive.route.length());
        }
    }

    /// The payload of the beat at `at`; nothing while the device is silent.
    pub(crate) fn payload(&mut self, spec: &Spec, at: Timestamp, seconds: f64) -> Option<Vec<u8>> {
        let (pose, speed_kmh) = self.advance(spec.motion.as_ref(), at, seconds);
        let silent = lasting(spec.faults.gap, &mut self.gap_until, at, &self.dice);
        let stuck = lasting(spec.faults.stuck, &mut self.stuck_until, at, &self.dice);
        let moment = Moment {
            at,
            pose,
            speed_kmh,
            stuck,
            jump: self.one_scalar(spec.faults.jump),
            wrong_unit: self.one_scalar(spec.faults.wrong_unit),
            spec,
        };
        let mut fields = self.object(&spec.payload, &moment);
        fields.insert("simulated".to_owned(), Value::Bool(true));
        let mut payload = Value::Object(fields).to_string().into_bytes();
        if self.dice.happens(spec.faults.malformed) {
            // An object cut short is never JSON.
            payload.truncate(1 + self.dice.below(payload.len() - 1));
        }
        (!silent).then_some(payload)
    }

    fn one_scalar(&self, chance: f64) -> Option<usize> {
        let happens = self.dice.happens(chance);
        let which = self.dice.below(self.scalars.len());
        (happens && !self.scalars.is_empty()).then_some(which)
    }

    fn advance(&mut self, motion: Option<&Motion>, at: Timestamp, seconds: f64) -> (Option<Pose>, f64) {
        let (Some(drive), Some(motion)) = (&mut self.drive, motion) else { return (None, 0.0) };
        let mut speed_kmh = 0.0;
        if !lasting(motion.stop, &mut drive.stop_until, at, &self.dice) {
            speed_kmh = motion.speed_kmh * (0.9 + 0.2 * self.dice.unit());
            drive.odometer = (drive.odometer + speed_kmh / 3.6 * seconds).rem_euclid(2.0 * drive.route.length());
        }
        (Some(drive.route.pose(drive.odometer)), speed_kmh)
    }

    fn object(&mut self, fields: &[(String, Field)], moment: &Moment<'_>) -> Map<String, Value> {
        fields.iter().map(|(name, field)| (name.clone(), self.field(field, moment))).collect()
    }

    fn field(&mut self, field: &Field, moment: &Moment<'_>) -> Value {
        let place = |f: fn(&Pose) -> f64, step| moment.pose.as_ref().map(|p| rounded(f(p), Some(step))).into();
        match field {
            Field::Fixed(v) => v.clone(),
            Field::Now => Value::String(moment.at.to_string()),
            Field::NowMillis => Value::from(moment.at.millis()),
            Field::Device => Value::String(self.external_id.clone()),
            Field::Lon => place(|p| p.place.lon, 1e-6),
            Field::Lat => place(|p| p.place.lat, 1e-6),
            Field::Heading => place(|p| p.heading, 1.0),
            Field::Speed => Value::from(rounded(moment.speed_kmh, Some(0.1))),
            Field::Scalar(index, scalar) => self.scalar(*index, scalar, moment),
            Field::Object(fields) => Value::Object(self.object(fields, moment)),
            Field::List(items) => items.iter().map(|f| self.field(f, moment)).collect(),
        }
    }

    fn scalar(&mut self, index: usize, scalar: &Scalar, moment: &Moment<'_>) -> Value {
        let state = &mut self.scalars[index];
        let mut value = match state.last {
            Some(last) if moment.stuck => last,
            _ => generate::scalar(scalar, state, moment.at, moment.spec.utc_offset_hours, &self.dice),
        };
        if moment.jump == Some(index) {
            let faults = &moment.spec.faults;
            value = if value == 0.0 { faults.jump_factor } else { rounded(value * faults.jump_factor, None) };
        }
        if moment.wrong_unit == Some(index) {
            return json!({"value": value, "unit": WRONG_UNIT});
        }
        Value::from(value)
    }
}
