//! Points on the map: typed as latitude and longitude, kept as a point of GeoJSON (RFC 7946), which has them the other way round.

use serde_json::{Number, Value, json};

use crate::decimal::Decimal;

/// Digits after the point that are kept: seven are about a centimetre.
const DIGITS: usize = 7;
/// The longest text that is looked at.
const LONGEST: usize = 80;

/// A kept point: nothing else than two numbers.
pub(crate) fn sane(value: &Value) -> Option<Value> {
    let map = value.as_object()?;
    let at = map.get("coordinates")?.as_array()?;
    let good = map.get("type").and_then(Value::as_str) == Some("Point") && at.len() == 2;
    let (lon, lat) = (at.first()?.as_number()?, at.get(1)?.as_number()?);
    good.then(|| json!({"type": "Point", "coordinates": [lon, lat]}))
}

/// `55.3541, 86.0883`, `55,3541 86,0883` or `55.3541;86.0883` as it is kept; none for other text.
pub(crate) fn read(typed: &str) -> Option<Value> {
    let text = typed.trim().replace('°', "").replace('−', "-");
    if text.len() > LONGEST {
        return None;
    }
    let apart = |c: char| c.is_whitespace() || c == ';';
    let mut parts: Vec<&str> = text.split(apart).filter(|p| !p.is_empty()).collect();
    if let [one] = parts.as_slice() {
        // A comma between them, where each has a point or none has any fraction.
        parts = one.split(',').collect();
    }
    let [lat, lon] = parts.as_slice() else { return None };
    let (lat, lon) = (number(lat.strip_suffix(',').unwrap_or(lat))?, number(lon)?);
    Some(json!({"type": "Point", "coordinates": [lon, lat]}))
}

fn number(text: &str) -> Option<Number> {
    let plain = text.strip_prefix('+').unwrap_or(text).replacen(',', ".", 1);
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let kept: String = fraction.chars().take(DIGITS).collect();
    // No exponents: nobody writes a place so.
    let all_digits = whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit() || b == b'-');
    let short = if kept.is_empty() { whole.to_owned() } else { format!("{whole}.{kept}") };
    serde_json::from_str(&Decimal::parse(&short).filter(|_| all_digits)?.to_string()).ok()
}

/// As it is typed and read: latitude first.
pub(crate) fn typed(value: &Value) -> String {
    let part = |i: usize| value.get("coordinates").and_then(|c| c.get(i)).map(ToString::to_string).unwrap_or_default();
    format!("{}, {}", part(1), part(0))
}

/// True on the earth.
pub(crate) fn is_there(value: &Value) -> bool {
    let part = |i: usize| value.get("coordinates").and_then(|c| c.get(i)).and_then(Value::as_f64);
    part(1).is_some_and(|lat| (-90.0..=90.0).contains(&lat))
        && part(0).is_some_and(|lon| (-180.0..=180.0).contains(&lon))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_as_people_write_them() {
        let point = json!({"type": "Point", "coordinates": [86.0883, 55.3541]});
        for good in [
            "55.3541, 86.0883",
            "55.3541 86.0883",
            "55,3541 86,0883",
            "55,3541; 86,0883",
            " 55.3541,86.0883 ",
            "+55.3541° 86.0883°",
        ] {
            assert_eq!(read(good), Some(point.clone()), "{good}");
        }
        assert_eq!(read("-33.12345678 151"), Some(json!({"type": "Point", "coordinates": [151, -33.1234567]})));
        for bad in [
            "",
            "55.3541",
            "55,3541,86,0883",
            "55.1 86.2 3",
            "here, there",
            "55.1x 86.2",
            "55.. 86.2",
            "1e3 2",
            &"5".repeat(90),
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(typed(&point), "55.3541, 86.0883");
        assert_eq!(read(&typed(&point)), Some(point.clone()));
        assert!(is_there(&point) && !is_there(&read("91 0").unwrap()) && !is_there(&read("0 -180.1").unwrap()));
        assert_eq!(
            sane(&json!({"type": "Point", "coordinates": [1, 2], "more": 3})),
            Some(json!({"type": "Point", "coordinates": [1, 2]}))
        );
        for bad in [
            json!("1, 2"),
            json!({"type": "Point"}),
            json!({"type": "Line", "coordinates": [1, 2]}),
            json!({"type": "Point", "coordinates": [1, "2"]}),
        ] {
            assert_eq!(sane(&bad), None, "{bad}");
        }
    }
}
