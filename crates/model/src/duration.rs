/// Seconds of an ISO 8601 duration of days, hours, minutes and seconds (`P1DT2H`, `PT5M`, `PT0.5S`); months and
/// years have no fixed length and are refused, as is a duration of zero.
pub fn parse_duration(text: &str) -> Option<f64> {
    let rest = text.strip_prefix('P')?;
    let (days, time) = match rest.split_once('T') {
        Some((d, t)) if !t.is_empty() => (d, t),
        Some(_) => return None,
        None => (rest, ""),
    };
    let mut seconds = 0.0;
    let mut units: &[(char, f64)] = &[('D', 86_400.0)];
    for part in [days, time] {
        let mut number = String::new();
        for c in part.chars() {
            if c.is_ascii_digit() || c == '.' {
                number.push(c);
                continue;
            }
            // Units stand in falling order, each at most once.
            let at = units.iter().position(|u| u.0 == c)?;
            if number.starts_with('.') || number.ends_with('.') || number.len() > 12 {
                return None;
            }
            seconds += number.parse::<f64>().ok()? * units[at].1;
            units = &units[at + 1..];
            number.clear();
        }
        if !number.is_empty() {
            return None;
        }
        units = &[('H', 3_600.0), ('M', 60.0), ('S', 1.0)];
    }
    (seconds > 0.0).then_some(seconds)
}

/// Seconds without a fraction, as a number that is counted with: at most as many as there are.
#[allow(clippy::cast_possible_truncation, reason = "a float beyond is cut to the last whole number")]
pub(crate) fn whole(seconds: f64) -> i64 {
    seconds as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations() {
        assert_eq!(parse_duration("PT5M"), Some(300.0));
        assert_eq!(parse_duration("P1DT2H3M4.5S"), Some(86_400.0 + 7_384.5));
        assert_eq!(parse_duration("PT0.5S"), Some(0.5));
        for bad in ["", "P", "PT", "5M", "PT5", "PT5M3H", "P1M", "PT0S", "PT-5M", "PT.5S", "PT5M5M", "P1DT", "PTM"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }
}
