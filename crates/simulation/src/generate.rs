//! From a declaration and a device's state to numbers.

use svod_kernel::{Timestamp, number};

use crate::random::Dice;
use crate::spec::{Scalar, Span};

/// How much of a deviation is left at the next message: noise wanders as real air does and does not jump.
const MEMORY: f64 = 0.9;

/// What one scalar generator remembers.
#[derive(Default)]
pub(crate) struct ScalarState {
    noise: f64,
    spike_until: Option<Timestamp>,
    pub(crate) last: Option<f64>,
}

/// Begins by chance and lasts; true while it lasts.
pub(crate) fn lasting(span: Option<Span>, until: &mut Option<Timestamp>, at: Timestamp, dice: &Dice) -> bool {
    let Some(span) = span else { return false };
    if until.is_some_and(|u| at < u) {
        return true;
    }
    *until = dice.happens(span.chance).then(|| at.plus_micros(number::whole(span.minutes * 60e6)));
    until.is_some()
}

/// The next value: mean × (1 + daily + weekly + noise), raised while a spike lasts, within its bounds, rounded.
pub(crate) fn scalar(s: &Scalar, state: &mut ScalarState, at: Timestamp, offset_hours: f64, dice: &Dice) -> f64 {
    let local = at.plus_micros(number::whole(offset_hours * 3_600e6));
    state.noise = MEMORY * state.noise + (1.0 - MEMORY * MEMORY).sqrt() * dice.normal();
    let factor = 1.0 + s.daily * daily(local, s.peak_hour) + s.weekly * weekly(local) + s.noise * state.noise;
    let mut value = s.mean * factor;
    if lasting(s.spike.as_ref().map(|s| s.span), &mut state.spike_until, at, dice) {
        value *= s.spike.as_ref().map_or(1.0, |s| s.factor);
    }
    // A concentration never falls below nothing; what may be negative has a negative mean or says its min.
    let floor = s.min.or((s.mean >= 0.0).then_some(0.0)).unwrap_or(f64::MIN);
    let value = rounded(value.max(floor).min(s.max.unwrap_or(f64::MAX)), s.precision);
    state.last = Some(value);
    value
}

/// -1..1, greatest at the peak hour.
fn daily(local: Timestamp, peak_hour: f64) -> f64 {
    const DAY: i64 = 86_400_000_000;
    let hour = local.0.rem_euclid(DAY) as f64 / 3_600e6;
    (std::f64::consts::TAU * (hour - peak_hour + 6.0) / 24.0).sin()
}

/// Working days above, weekends below, nothing over a whole week.
fn weekly(local: Timestamp) -> f64 {
    const DAY: i64 = 86_400_000_000;
    // The epoch began on a Thursday: Monday is 0.
    let weekday = (local.0.div_euclid(DAY) + 3).rem_euclid(7);
    if weekday < 5 { 2.0 / 7.0 } else { -5.0 / 7.0 }
}

/// To a step, or to four significant digits.
pub(crate) fn rounded(value: f64, step: Option<f64>) -> f64 {
    let step = match step {
        Some(step) => step,
        None if value == 0.0 => return 0.0,
        None => 10f64.powf(value.abs().log10().floor() - 3.0),
    };
    let inverse = 1.0 / step;
    // Dividing by a whole number gives the shortest decimal; multiplying by 0.001 does not.
    if inverse >= 1.0 { (value * inverse.round()).round() / inverse.round() } else { (value / step).round() * step }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(s: &str) -> Timestamp {
        s.parse().unwrap()
    }

    #[test]
    fn rhythm() {
        assert!((daily(t("2026-01-15T18:00:00Z"), 18.0) - 1.0).abs() < 1e-9);
        assert!((daily(t("2026-01-15T06:00:00Z"), 18.0) + 1.0).abs() < 1e-9);
        assert!(weekly(t("2026-01-16T12:00:00Z")) > 0.0, "Friday");
        assert!(weekly(t("2026-01-17T12:00:00Z")) < 0.0, "Saturday");
        assert!(weekly(t("2026-01-19T00:00:00Z")) > 0.0, "Monday");
    }

    #[test]
    fn rounding_is_short() {
        assert_eq!(rounded(0.123_456_7, None), 0.1235);
        assert_eq!(rounded(1_234_567.0, None), 1_235_000.0);
        assert_eq!(rounded(0.019_999_9, Some(0.001)), 0.02);
        assert_eq!(rounded(-17.26, Some(0.1)), -17.3);
        assert_eq!(rounded(0.0, None), 0.0);
    }
}
