//! How long a weakness may stand: the days of `docs/security-policy.md`, *Libraries*, and how bad a weakness is (CVSS 3.1, base
//! score).

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

const POLICY: &str = "docs/security-policy.md";

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// 9 and more.
    Critical,
    /// 7 and more, and what nobody has measured.
    High,
    /// Below; packages that their authors have given up.
    Other,
}

impl Weight {
    /// By a vector; one that is absent or of another version is taken for high.
    pub fn of_vector(vector: Option<&str>) -> Self {
        match vector.and_then(score) {
            Some(score) if score >= 9.0 => Self::Critical,
            Some(score) if score < 7.0 => Self::Other,
            _ => Self::High,
        }
    }
}

/// CVSS 3.0 and 3.1, section 7.1: the base score.
fn score(vector: &str) -> Option<f64> {
    let metrics = vector.strip_prefix("CVSS:3.0/").or_else(|| vector.strip_prefix("CVSS:3.1/"))?;
    let of = |name: &str| metrics.split('/').find_map(|m| m.strip_prefix(name)?.strip_prefix(':'));
    let pick = |name: &str, known: &[(&str, f64)]| {
        let word = of(name)?;
        known.iter().find(|(value, _)| *value == word).map(|(_, weight)| *weight)
    };
    let changed = of("S")? == "C";
    let loss = [("H", 0.56), ("L", 0.22), ("N", 0.0)];
    let kept = (1.0 - pick("C", &loss)?) * (1.0 - pick("I", &loss)?) * (1.0 - pick("A", &loss)?);
    let lost = 1.0 - kept;
    let impact = if changed { 7.52 * (lost - 0.029) - 3.25 * (lost - 0.02_f64).powi(15) } else { 6.42 * lost };
    let powers: &[(&str, f64)] =
        if changed { &[("N", 0.85), ("L", 0.68), ("H", 0.5)] } else { &[("N", 0.85), ("L", 0.62), ("H", 0.27)] };
    let ease = 8.22
        * pick("AV", &[("N", 0.85), ("A", 0.62), ("L", 0.55), ("P", 0.2)])?
        * pick("AC", &[("L", 0.77), ("H", 0.44)])?
        * pick("PR", powers)?
        * pick("UI", &[("N", 0.85), ("R", 0.62)])?;
    if impact <= 0.0 {
        return Some(0.0);
    }
    let sum = if changed { 1.08 * (impact + ease) } else { impact + ease };
    // Upwards to one decimal, past what floats add.
    Some((sum.min(10.0) * 10.0 - 1e-6).ceil() / 10.0)
}

/// Days that a weakness may stand.
#[derive(Debug, PartialEq, Eq)]
pub struct Terms([i64; 3]);

impl Terms {
    /// From the policy. Errors: it is not there, or does not say.
    pub fn read(root: &Path) -> Result<Self> {
        let text = fs::read_to_string(root.join(POLICY)).with_context(|| format!("{POLICY} is missing"))?;
        Self::parse(&text)
            .with_context(|| format!("{POLICY}, Libraries, names no days for critical, high and other weaknesses"))
    }

    /// Rows `| Critical … | 2 days |` of *Libraries*.
    pub fn parse(text: &str) -> Option<Self> {
        let days = |first: &str| row(text, first);
        Some(Self([days("Critical")?, days("High")?, days("Other weaknesses")?]))
    }

    /// For a weakness of that weight.
    pub const fn days(&self, weight: Weight) -> i64 {
        let [critical, high, other] = self.0;
        match weight {
            Weight::Critical => critical,
            Weight::High => high,
            Weight::Other => other,
        }
    }
}

/// Days that a version without a known weakness may stand beside a newer one.
///
/// # Errors
/// The policy is not there, or does not say.
pub fn newer(root: &Path) -> Result<i64> {
    let text = fs::read_to_string(root.join(POLICY)).with_context(|| format!("{POLICY} is missing"))?;
    row(&text, "Every other newer version")
        .with_context(|| format!("{POLICY}, Libraries, names no days for newer versions"))
}

/// The figure of a row `| Critical … | 2 days |` of *Libraries*.
fn row(text: &str, first: &str) -> Option<i64> {
    let (_, section) = text.split_once("## Libraries")?;
    let row = section.lines().find(|line| line.strip_prefix("| ").is_some_and(|row| row.starts_with(first)))?;
    row.trim_end_matches([' ', '|']).rsplit('|').next()?.trim().strip_suffix(" days")?.parse().ok()
}

/// A day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i64);

impl Day {
    /// The present one, in UTC.
    #[allow(clippy::disallowed_methods, reason = "a tool asks its machine; nothing here is simulated")]
    pub fn today() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self(since.map_or(0, |d| i64::try_from(d.as_secs() / 86_400).unwrap_or(0)))
    }

    /// `2026-01-31`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-').map(|part| part.parse::<i64>().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        // Years begin in March, so that the leap day is the last.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        Some(Self(year * 365 + leaps + (153 * month + 2) / 5 + day - 1 - 719_468))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_of_the_standard() {
        for (vector, wanted) in [
            ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N", 5.9),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 7.5),
            ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:N", 0.0),
        ] {
            let is = score(vector).unwrap();
            assert!((is - wanted).abs() < 1e-9, "{vector}: {is}");
        }
        assert_eq!(Weight::of_vector(Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")), Weight::Critical);
        assert_eq!(Weight::of_vector(Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H")), Weight::High);
        assert_eq!(Weight::of_vector(Some("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N")), Weight::Other);
        for unmeasured in [None, Some("CVSS:4.0/AV:N"), Some("CVSS:3.1/AV:X")] {
            assert_eq!(Weight::of_vector(unmeasured), Weight::High);
        }
    }

    #[test]
    fn days_are_counted() {
        let of = |text| Day::parse(text).map(|d| d.0);
        assert_eq!([of("1970-01-01"), of("2000-02-29"), of("2026-01-15")], [Some(0), Some(11_016), Some(20_468)]);
        assert_eq!([of("2026-13-01"), of("soon"), of("2026-01")], [None; 3]);
    }

    #[test]
    fn the_policy_of_the_repository_has_terms() {
        let policy = include_str!("../../../../docs/security-policy.md");
        assert_eq!(Terms::parse(policy), Some(Terms([2, 7, 30])));
        assert_eq!(Terms::parse("## Libraries\n| Critical | soon |\n"), None);
        assert_eq!(row(policy, "Every other newer version"), Some(90));
    }
}
