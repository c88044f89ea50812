//! Units of measure: the subset of UCUM (The Unified Code for Units of Measure, case sensitive) that packs use.
//!
//! * A code is one or more factors joined by `.` (times) and `/` (per), read from left to right; it may begin
//!   with `/`. There are no parentheses and no `{annotations}`.
//! * A factor is an optional prefix, a unit and an optional exponent, a whole number of 1 to 9 with an optional
//!   sign: `m3`, `s-1`, `km2`.
//! * Prefixes: `n` `u` `m` `c` `d` `h` `k` `M` `G`, on these units only: `m` `g` `s` `K` `Pa` `J` `W` `V` `A` `Hz`
//!   `L` `l` `mol` `bar` `m[Hg]`.
//! * Without prefix: `%` `1` `min` `h` `d` `t` `deg` `[ppm]`.
//! * `Cel` and `[degF]` are scales with their own zero: they stand alone, without prefix, exponent or other factor.
//!
//! Two units convert when their dimensions are equal: length, mass, time, temperature, current, amount of substance
//! and plane angle. UCUM proper counts a mole and a degree as pure numbers; here they have dimensions of their own,
//! so that an angle is never taken for a share.

use std::fmt;

/// Longest code accepted, in bytes.
const MAX_CODE: usize = 64;

const PREFIXES: [(&str, i32); 9] =
    [("n", -9), ("u", -6), ("m", -3), ("c", -2), ("d", -1), ("h", 2), ("k", 3), ("M", 6), ("G", 9)];

/// Why a conversion or a code is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// The code is not in the subset.
    #[error("'{0}' is not a UCUM code of the supported subset")]
    Unknown(String),
    /// The units measure different things.
    #[error("'{from}' ({from_dimension}) does not convert to '{to}' ({to_dimension})")]
    Dimension {
        /// Code converted from.
        from: String,
        /// What it measures: `mass.length-3`.
        from_dimension: String,
        /// Code converted to.
        to: String,
        /// What it measures.
        to_dimension: String,
    },
}

/// Exponents of length, mass, time, temperature, current, amount of substance, plane angle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Dimension([i16; 7]);

const NAMES: [&str; 7] = ["length", "mass", "time", "temperature", "current", "amount", "angle"];

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (name, e) in NAMES.iter().zip(self.0).filter(|(_, e)| *e != 0) {
            if !first {
                f.write_str(".")?;
            }
            first = false;
            if e == 1 { f.write_str(name)? } else { write!(f, "{name}{e}")? }
        }
        if first { f.write_str("pure number") } else { Ok(()) }
    }
}

/// A parsed unit: `base value = (value + offset) · mantissa · 10^exponent`. The power of ten is kept apart so that
/// decimal conversions stay exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    mantissa: f64,
    exponent: i32,
    offset: f64,
    dimension: Dimension,
}

/// A unit of the table: code, mantissa, power of ten, offset, dimension, takes prefixes.
type Row = (&'static str, f64, i32, f64, [i16; 7], bool);

// Base units: metre, gram, second, kelvin, ampere, mole, degree.
const UNITS: [Row; 25] = [
    ("m", 1.0, 0, 0.0, [1, 0, 0, 0, 0, 0, 0], true),
    ("g", 1.0, 0, 0.0, [0, 1, 0, 0, 0, 0, 0], true),
    ("s", 1.0, 0, 0.0, [0, 0, 1, 0, 0, 0, 0], true),
    ("K", 1.0, 0, 0.0, [0, 0, 0, 1, 0, 0, 0], true),
    ("A", 1.0, 0, 0.0, [0, 0, 0, 0, 1, 0, 0], true),
    ("mol", 1.0, 0, 0.0, [0, 0, 0, 0, 0, 1, 0], true),
    ("deg", 1.0, 0, 0.0, [0, 0, 0, 0, 0, 0, 1], false),
    ("Pa", 1.0, 3, 0.0, [-1, 1, -2, 0, 0, 0, 0], true),
    ("bar", 1.0, 8, 0.0, [-1, 1, -2, 0, 0, 0, 0], true),
    ("m[Hg]", 1.333_223_874_15, 8, 0.0, [-1, 1, -2, 0, 0, 0, 0], true),
    ("J", 1.0, 3, 0.0, [2, 1, -2, 0, 0, 0, 0], true),
    ("W", 1.0, 3, 0.0, [2, 1, -3, 0, 0, 0, 0], true),
    ("V", 1.0, 3, 0.0, [2, 1, -3, 0, -1, 0, 0], true),
    ("Hz", 1.0, 0, 0.0, [0, 0, -1, 0, 0, 0, 0], true),
    ("L", 1.0, -3, 0.0, [3, 0, 0, 0, 0, 0, 0], true),
    ("l", 1.0, -3, 0.0, [3, 0, 0, 0, 0, 0, 0], true),
    ("min", 6.0, 1, 0.0, [0, 0, 1, 0, 0, 0, 0], false),
    ("h", 36.0, 2, 0.0, [0, 0, 1, 0, 0, 0, 0], false),
    ("d", 864.0, 2, 0.0, [0, 0, 1, 0, 0, 0, 0], false),
    ("t", 1.0, 6, 0.0, [0, 1, 0, 0, 0, 0, 0], false),
    ("%", 1.0, -2, 0.0, [0; 7], false),
    ("[ppm]", 1.0, -6, 0.0, [0; 7], false),
    ("1", 1.0, 0, 0.0, [0; 7], false),
    ("Cel", 1.0, 0, 273.15, [0, 0, 0, 1, 0, 0, 0], false),
    ("[degF]", 5.0 / 9.0, 0, 459.67, [0, 0, 0, 1, 0, 0, 0], false),
];

impl Unit {
    /// Reads a UCUM code of the subset (see the module).
    ///
    /// # Errors
    /// [`UnitError::Unknown`] when the code is not in it.
    pub fn parse(code: &str) -> Result<Self, UnitError> {
        let unknown = || UnitError::Unknown(code.chars().take(MAX_CODE).collect());
        if code.is_empty() || code.len() > MAX_CODE {
            return Err(unknown());
        }
        let mut whole = Self { mantissa: 1.0, exponent: 0, offset: 0.0, dimension: Dimension::default() };
        let (mut rest, mut sign) = code.strip_prefix('/').map_or((code, 1), |r| (r, -1));
        let mut alone = sign == 1;
        loop {
            let end = rest.find(['.', '/']).unwrap_or(rest.len());
            let factor = Self::factor(&rest[..end]).ok_or_else(unknown)?;
            alone &= end == rest.len();
            if factor.offset != 0.0 && !alone {
                return Err(unknown());
            }
            whole.multiply(&factor, sign);
            let Some(separator) = rest[end..].chars().next() else { return Ok(whole) };
            sign = if separator == '/' { -1 } else { 1 };
            rest = &rest[end + 1..];
            alone = false;
        }
    }

    fn multiply(&mut self, factor: &Self, sign: i16) {
        self.mantissa *= factor.mantissa.powi(i32::from(sign));
        self.exponent += factor.exponent * i32::from(sign);
        self.offset = factor.offset;
        for (mine, theirs) in self.dimension.0.iter_mut().zip(factor.dimension.0) {
            *mine += theirs * sign;
        }
    }

    fn factor(text: &str) -> Option<Self> {
        if let Some(unit) = Self::simple(text) {
            return Some(unit);
        }
        // The exponent: one digit with an optional sign at the end.
        let (head, digit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let power: i16 = digit.parse().ok().filter(|p| (1..=9).contains(p))?;
        let (head, power) = match head.as_bytes().last()? {
            b'-' => (&head[..head.len() - 1], -power),
            b'+' => (&head[..head.len() - 1], power),
            _ => (head, power),
        };
        let unit = Self::simple(head).filter(|u| u.offset == 0.0 && head != "1")?;
        let dimension = Dimension(unit.dimension.0.map(|e| e * power));
        let power = i32::from(power);
        Some(Self { mantissa: unit.mantissa.powi(power), exponent: unit.exponent * power, offset: 0.0, dimension })
    }

    fn simple(text: &str) -> Option<Self> {
        let row = |code: &str| UNITS.iter().find(|u| u.0 == code);
        if let Some(u) = row(text) {
            return Some(Self { mantissa: u.1, exponent: u.2, offset: u.3, dimension: Dimension(u.4) });
        }
        PREFIXES.iter().find_map(|(prefix, power)| {
            let u = row(text.strip_prefix(prefix)?).filter(|u| u.5)?;
            Some(Self { mantissa: u.1, exponent: u.2 + power, offset: u.3, dimension: Dimension(u.4) })
        })
    }

    /// What the unit measures, in words: `mass.length-3` for `ug/m3`.
    pub fn dimension(&self) -> String {
        self.dimension.to_string()
    }

    /// True when a value in this unit can be given in the other.
    pub fn converts_to(&self, other: &Self) -> bool {
        self.dimension == other.dimension
    }

    /// The step from this unit to another, none when they measure different things.
    pub fn conversion_to(&self, to: &Self) -> Option<Conversion> {
        self.converts_to(to).then_some(Conversion { from: *self, to: *to })
    }
}

/// A prepared conversion: cheap to keep, exact for powers of ten.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conversion {
    from: Unit,
    to: Unit,
}

impl Conversion {
    /// Prepares the conversion between two codes.
    ///
    /// # Errors
    /// An unknown code, or units of different dimensions.
    pub fn between(from: &str, to: &str) -> Result<Self, UnitError> {
        let (a, b) = (Unit::parse(from)?, Unit::parse(to)?);
        a.conversion_to(&b).ok_or_else(|| UnitError::Dimension {
            from: from.into(),
            from_dimension: a.dimension(),
            to: to.into(),
            to_dimension: b.dimension(),
        })
    }

    /// The value in the other unit.
    pub fn apply(&self, value: f64) -> f64 {
        if self.from == self.to {
            return value;
        }
        let scaled = (value + self.from.offset) * (self.from.mantissa / self.to.mantissa);
        shift(scaled, self.from.exponent - self.to.exponent) - self.to.offset
    }
}

/// `value · 10^power`; up to 10^22 a power of ten is exact, and dividing by it rounds once only.
fn shift(value: f64, power: i32) -> f64 {
    match power {
        0 => value,
        1..=22 => value * 10f64.powi(power),
        -22..=-1 => value / 10f64.powi(-power),
        _ => value * 10f64.powi(power),
    }
}

/// The value given in `from`, in `to`.
///
/// # Errors
/// An unknown code, or units of different dimensions; both named.
pub fn convert(value: f64, from: &str, to: &str) -> Result<f64, UnitError> {
    if from == to {
        return Unit::parse(from).map(|_| value);
    }
    Conversion::between(from, to).map(|c| c.apply(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn converts_what_packs_use() {
        for (value, from, to, expected) in [
            (0.4, "mg/m3", "ug/m3", 400.0),
            (35.0, "ug/m3", "mg/m3", 0.035),
            (1.0, "g/L", "mg/dl", 100.0),
            (36.0, "km/h", "m/s", 10.0),
            (0.0, "Cel", "K", 273.15),
            (-40.0, "[degF]", "Cel", -40.0),
            (1013.25, "hPa", "kPa", 101.325),
            (760.0, "mm[Hg]", "hPa", 1_013.250_144),
            (1.0, "kW.h", "MJ", 3.6),
            (1.0, "t", "kg", 1000.0),
            (2.0, "d", "min", 2880.0),
            (50.0, "%", "1", 0.5),
            (1.0, "[ppm]", "%", 1e-4),
            (1.0, "/h", "Hz", 1.0 / 3600.0),
            (2.0, "L/m2", "mm", 2.0),
            (5.0, "m.s-1", "m/s", 5.0),
            (1.0, "mbar", "hPa", 1.0),
        ] {
            let got = convert(value, from, to).unwrap();
            assert!((got - expected).abs() <= 1e-6 * expected.abs().max(1e-9), "{value} {from} = {got} {to}");
        }
        assert_eq!(convert(0.4, "mg/m3", "ug/m3"), Ok(400.0), "powers of ten are exact");
        assert_eq!(convert(0.16, "mg/m3", "mg/m3"), Ok(0.16));
    }

    #[test]
    fn refuses_other_dimensions_by_name() {
        let text = convert(1.0, "mg/m3", "Cel").unwrap_err().to_string();
        assert_eq!(text, "'mg/m3' (length-3.mass) does not convert to 'Cel' (temperature)");
        assert!(convert(1.0, "deg", "%").is_err());
        assert!(convert(1.0, "mol", "1").is_err());
    }

    #[test]
    fn refuses_codes_outside_the_subset() {
        for bad in [
            "", "/", ".", "m/", "mg//m3", "kCel", "Cel2", "Cel/m", "/Cel", "m.Cel", "mmin", "k%", "km10", "m0", "(m)",
            "{x}", "µg/m3", "furlong", "мг/м3", "m-", "-2", "2", "12", "1-1", "kkg", "é",
        ] {
            assert!(matches!(Unit::parse(bad), Err(UnitError::Unknown(_))), "{bad}");
        }
        assert!(Unit::parse(&"m.".repeat(100)).is_err());
    }

    fn code() -> impl Strategy<Value = String> {
        let factor = (0..PREFIXES.len() + 1, 0..UNITS.len(), -9i32..=9).prop_map(|(p, u, e)| {
            let row = UNITS[u];
            let prefix = if row.5 { PREFIXES.get(p).map_or("", |x| x.0) } else { "" };
            if matches!(e, 0 | 1) || row.3 != 0.0 || row.0 == "1" {
                format!("{prefix}{}", row.0)
            } else {
                format!("{prefix}{}{e}", row.0)
            }
        });
        prop::collection::vec(factor, 1..4).prop_map(|f| f.join("."))
    }

    proptest! {
        #[test]
        fn there_and_back(a in 0..UNITS.len(), b in 0..UNITS.len(), p in 0..9usize, q in 0..9usize, v in -1e6f64..1e6) {
            let name = |u: &Row, p: usize| format!("{}{}", if u.5 { PREFIXES[p].0 } else { "" }, u.0);
            let (a, b) = (name(&UNITS[a], p), name(&UNITS[b], q));
            if let Ok(there) = convert(v, &a, &b) {
                let back = convert(there, &b, &a).unwrap();
                // A large offset in a small unit costs digits: compare on the scale of the numbers that took part.
                let scale = v.abs().max(1_000.0) * if a.contains("Cel") || a.contains("degF") { 10.0 } else { 1.0 };
                let eased = if b.ends_with('K') || b.contains("Cel") || b.contains("degF") { 1e-6 } else { 1e-9 };
                prop_assert!((back - v).abs() <= scale * eased, "{v} {a} = {there} {b} = {back}");
            }
        }

        #[test]
        fn products_parse_and_never_panic(c in code(), d in "\\PC{0,12}") {
            let parsed = Unit::parse(&c);
            let scale_stands_alone = !(c.contains("Cel") || c.contains("[degF]")) || !c.contains('.');
            if c.len() <= MAX_CODE && scale_stands_alone {
                prop_assert!(parsed.is_ok(), "{c}");
            }
            let _ = Unit::parse(&d);
        }
    }
}
