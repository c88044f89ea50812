use std::cmp::Ordering;
use std::fmt;

/// Digits that a number of a form may have.
const DIGITS: usize = 30;
/// Digits after the point.
const SCALE: u32 = 18;

/// An exact decimal number: 0.1 is 0.1, and 0.3 is three steps of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    /// The digits without their point, in lowest terms: no zeros at the end after the point.
    digits: i128,
    /// How many of them stand after the point.
    scale: u32,
}

impl Decimal {
    /// From plain text: `-12.5`, `7`, `1e3`. Nothing for other text and for more digits than a form keeps.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |t| (true, t));
        let (number, exponent) = match rest.split_once(['e', 'E']) {
            Some((number, e)) => (number, e.strip_prefix('+').unwrap_or(e).parse::<i32>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let all_digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty()
            || (fraction.is_empty() && number.contains('.'))
            || !all_digits(whole)
            || !all_digits(fraction)
        {
            return None;
        }
        if !(-40..=40).contains(&exponent) || whole.len() + fraction.len() > 2 * DIGITS {
            return None;
        }
        let mut text = format!("{whole}{fraction}");
        let mut scale = i32::try_from(fraction.len()).ok()? - exponent;
        while scale < 0 {
            text.push('0');
            scale += 1;
        }
        let significant = text.trim_start_matches('0');
        if significant.len() > DIGITS + SCALE as usize {
            return None;
        }
        let mut digits: i128 = if significant.is_empty() { 0 } else { significant.parse().ok()? };
        let mut scale = u32::try_from(scale).ok()?;
        while scale > 0 && digits % 10 == 0 {
            digits /= 10;
            scale -= 1;
        }
        let fits = scale <= SCALE && digits.to_string().len() <= DIGITS;
        fits.then_some(Self { digits: if negative { -digits } else { digits }, scale })
    }

    /// Digits after the point.
    pub(crate) const fn decimals(self) -> u32 {
        self.scale
    }

    /// Digits altogether.
    pub(crate) fn length(self) -> usize {
        self.digits.unsigned_abs().to_string().len()
    }

    /// True for zero.
    pub(crate) const fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// Both as whole numbers of the same, smaller unit; nothing when that has too many digits.
    fn aligned(self, other: Self) -> Option<(i128, i128)> {
        let scale = self.scale.max(other.scale);
        let at = |d: Self| d.digits.checked_mul(10_i128.checked_pow(scale - d.scale)?);
        Some((at(self)?, at(other)?))
    }

    /// Which is the larger.
    pub(crate) fn compare(self, other: Self) -> Ordering {
        match self.aligned(other) {
            Some((a, b)) => a.cmp(&b),
            // One is so long that the other cannot be written beside it: the whole parts decide.
            None => self.whole().cmp(&other.whole()),
        }
    }

    const fn whole(self) -> i128 {
        self.digits / 10_i128.pow(self.scale)
    }

    /// True when it is a whole number of steps.
    pub(crate) fn is_multiple_of(self, step: Self) -> bool {
        step.is_zero() || self.aligned(step).is_some_and(|(a, b)| a % b == 0)
    }
}

impl fmt::Display for Decimal {
    /// As JSON writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.digits.unsigned_abs().to_string();
        let scale = self.scale as usize;
        let text = format!("{text:0>width$}", width = scale + 1);
        let (whole, fraction) = text.split_at(text.len() - scale);
        let sign = if self.digits < 0 { "-" } else { "" };
        if fraction.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{fraction}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Decimal {
        Decimal::parse(text).expect(text)
    }

    #[test]
    fn reads_and_writes() {
        for (text, written) in [
            ("0", "0"),
            ("-0", "0"),
            ("007", "7"),
            ("12.50", "12.5"),
            ("-0.05", "-0.05"),
            ("1e3", "1000"),
            ("1.5e-7", "0.00000015"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
        ] {
            assert_eq!(of(text).to_string(), written, "{text}");
        }
        for bad in ["", "-", ".5", "5.", "1,5", "1e99", "0x1", "١", "1.0000000000000000001", &"9".repeat(31), "1e"] {
            assert_eq!(Decimal::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn steps_are_exact() {
        assert!(of("0.3").is_multiple_of(of("0.1")));
        assert!(!of("0.35").is_multiple_of(of("0.1")));
        assert!(of("5").is_multiple_of(of("0")));
        assert_eq!(of("0.1").compare(of("0.10")), Ordering::Equal);
        assert_eq!(of("-2").compare(of("1.5")), Ordering::Less);
        let long = of("123456789012345678901234567890");
        assert_eq!(long.compare(of("0.000000000000000001")), Ordering::Greater);
    }
}
