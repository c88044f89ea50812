use serde_json::{Map, Value};

/// Most positions one geometry may have: a region's boundary at street scale has some ten thousand.
pub const MAX_POSITIONS: usize = 200_000;

const TYPES: [&str; 7] =
    ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"];

/// What makes a geometry refused, in words.
type Fault = String;

/// Checks that the value is a GeoJSON geometry (RFC 7946, section 3.1): type, finite coordinates, longitude
/// within ±180 and latitude within ±90 degrees, rings closed, lines of two positions at least.
///
/// # Errors
/// Says what is wrong.
pub fn check_geometry(value: &Value) -> Result<(), Fault> {
    geometry(value, 0, &mut 0)
}

/// Checks one position and gives longitude and latitude.
///
/// # Errors
/// Says what is wrong.
pub fn check_position(value: &Value) -> Result<(f64, f64), Fault> {
    let list = value.as_array().filter(|l| (2..=3).contains(&l.len()));
    let list = list.ok_or("a position is [longitude, latitude] or [longitude, latitude, height]")?;
    let mut numbers = [0.0; 3];
    for (slot, v) in numbers.iter_mut().zip(list) {
        *slot = v.as_f64().filter(|n| n.is_finite()).ok_or("a coordinate is a finite number")?;
    }
    let [lon, lat, _] = numbers;
    if !(-180.0..=180.0).contains(&lon) {
        return Err(format!("longitude {lon} is outside -180..180"));
    }
    if !(-90.0..=90.0).contains(&lat) {
        return Err(format!("latitude {lat} is outside -90..90 (longitude stands first)"));
    }
    Ok((lon, lat))
}

fn geometry(value: &Value, depth: usize, count: &mut usize) -> Result<(), Fault> {
    let map = value.as_object().ok_or("a geometry is an object with 'type' and 'coordinates'")?;
    let kind = map.get("type").and_then(Value::as_str).unwrap_or_default();
    if !TYPES.contains(&kind) {
        return Err(format!("type '{}' is none of {}", kind.chars().take(40).collect::<String>(), TYPES.join(", ")));
    }
    if kind == "GeometryCollection" {
        if depth > 0 {
            return Err("a GeometryCollection holds no other GeometryCollection".into());
        }
        return parts(map, "geometries")?.iter().try_for_each(|g| geometry(g, depth + 1, count));
    }
    if kind == "Point" {
        let c = map.get("coordinates").ok_or("'coordinates' is missing")?;
        return position(c, count).map(drop);
    }
    let list = parts(map, "coordinates")?;
    match kind {
        "MultiPoint" => list.iter().try_for_each(|p| position(p, count).map(drop)),
        "LineString" => line(list, count),
        "MultiLineString" => list.iter().try_for_each(|l| line(array(l)?, count)),
        "Polygon" => polygon(list, count),
        _ => list.iter().try_for_each(|p| polygon(array(p)?, count)),
    }
}

fn parts<'a>(map: &'a Map<String, Value>, key: &str) -> Result<&'a [Value], Fault> {
    let list = map.get(key).and_then(Value::as_array).map(Vec::as_slice);
    list.filter(|l| !l.is_empty()).ok_or_else(|| format!("'{key}' is missing or empty"))
}

fn array(value: &Value) -> Result<&[Value], Fault> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| "coordinates are not nested as the type asks".into())
}

fn position(value: &Value, count: &mut usize) -> Result<(f64, f64), Fault> {
    *count += 1;
    if *count > MAX_POSITIONS {
        return Err(format!("more than {MAX_POSITIONS} positions"));
    }
    check_position(value)
}

fn line(list: &[Value], count: &mut usize) -> Result<(), Fault> {
    if list.len() < 2 {
        return Err("a line has at least two positions".into());
    }
    list.iter().try_for_each(|p| position(p, count).map(drop))
}

fn polygon(rings: &[Value], count: &mut usize) -> Result<(), Fault> {
    if rings.is_empty() {
        return Err("a polygon has at least one ring".into());
    }
    for ring in rings {
        let ring = array(ring)?;
        if ring.len() < 4 {
            return Err("a ring has at least four positions".into());
        }
        ring.iter().try_for_each(|p| position(p, count).map(drop))?;
        if check_position(&ring[0])? != check_position(&ring[ring.len() - 1])? {
            return Err("a ring's last position equals its first".into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn accepts_geojson() {
        for good in [
            json!({"type": "Point", "coordinates": [87.1, 53.7, 200]}),
            json!({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}),
            json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}),
            json!({"type": "MultiPolygon", "coordinates": [[[[0, 0], [1, 0], [1, 1], [0, 0]]]]}),
            json!({"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [1, 2]}]}),
        ] {
            assert_eq!(check_geometry(&good), Ok(()), "{good}");
        }
    }

    #[test]
    fn names_what_is_wrong() {
        for (bad, why) in [
            (json!("x"), "object"),
            (json!({"type": "Pint"}), "none of"),
            (json!({"type": "Point"}), "missing"),
            (json!({"type": "Point", "coordinates": [53.7, 187.1]}), "latitude"),
            (json!({"type": "Point", "coordinates": [187.1, 53.7]}), "longitude"),
            (json!({"type": "Point", "coordinates": ["a", 1]}), "finite"),
            (json!({"type": "LineString", "coordinates": [[0, 0]]}), "two positions"),
            (json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}), "equals its first"),
            (json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 0]]]}), "four positions"),
            (json!({"type": "MultiPolygon", "coordinates": [[]]}), "one ring"),
        ] {
            let fault = check_geometry(&bad).unwrap_err();
            assert!(fault.contains(why), "{bad}: {fault}");
        }
    }
}
