//! Places on a sphere: enough for a city, where the ellipsoid differs by less than half a percent.

use svod_model::Point;

/// Mean radius of the Earth in metres (IUGG).
const RADIUS: f64 = 6_371_008.8;

/// Great-circle distance in metres (haversine).
pub fn distance_metres(a: Point, b: Point) -> f64 {
    let (lat_a, lat_b) = (a.lat.to_radians(), b.lat.to_radians());
    let half_lat = ((lat_b - lat_a) / 2.0).sin();
    let half_lon = ((b.lon - a.lon).to_radians() / 2.0).sin();
    let h = half_lat * half_lat + lat_a.cos() * lat_b.cos() * half_lon * half_lon;
    2.0 * RADIUS * h.sqrt().clamp(0.0, 1.0).asin()
}

/// Direction from `a` to `b` in degrees clockwise from north, `0.0..360.0`.
pub fn bearing_degrees(a: Point, b: Point) -> f64 {
    let (lat_a, lat_b) = (a.lat.to_radians(), b.lat.to_radians());
    let lon = (b.lon - a.lon).to_radians();
    let y = lon.sin() * lat_b.cos();
    let x = lat_a.cos() * lat_b.sin() - lat_a.sin() * lat_b.cos() * lon.cos();
    y.atan2(x).to_degrees().rem_euclid(360.0)
}

/// A line that is driven along, back and forth.
pub(crate) struct Route {
    points: Vec<Point>,
    /// Metres from the first point to each point.
    marks: Vec<f64>,
}

/// Where a vehicle is and where it looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pose {
    pub(crate) place: Point,
    pub(crate) heading: f64,
}

impl Route {
    /// A route of at least two different points.
    pub(crate) fn new(points: &[Point]) -> Option<Self> {
        let sane = |p: &Point| p.lon.abs() <= 180.0 && p.lat.abs() <= 90.0;
        if !points.iter().all(sane) {
            return None;
        }
        let (mut kept, mut marks, mut total) = (Vec::new(), Vec::new(), 0.0);
        for point in points {
            if let Some(last) = kept.last() {
                let step = distance_metres(*last, *point);
                if step == 0.0 {
                    continue;
                }
                total += step;
            }
            kept.push(*point);
            marks.push(total);
        }
        (kept.len() > 1).then_some(Self { points: kept, marks })
    }

    pub(crate) fn length(&self) -> f64 {
        self.marks.last().copied().unwrap_or_default()
    }

    /// The pose after `odometer` metres from the first point, turning at both ends.
    pub(crate) fn pose(&self, odometer: f64) -> Pose {
        let along = odometer.rem_euclid(2.0 * self.length());
        let back = along > self.length();
        let mark = if back { 2.0 * self.length() - along } else { along };
        let to = self.marks.partition_point(|m| *m < mark).clamp(1, self.points.len() - 1);
        let (a, b) = (self.points[to - 1], self.points[to]);
        let share = ((mark - self.marks[to - 1]) / (self.marks[to] - self.marks[to - 1])).clamp(0.0, 1.0);
        let place = Point { lon: a.lon + (b.lon - a.lon) * share, lat: a.lat + (b.lat - a.lat) * share };
        Pose { place, heading: if back { bearing_degrees(b, a) } else { bearing_degrees(a, b) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(lon: f64, lat: f64) -> Point {
        Point { lon, lat }
    }

    #[test]
    fn distances_and_bearings() {
        // Novokuznetsk to Kemerovo.
        let d = distance_metres(at(87.136, 53.757), at(86.088, 55.355));
        assert!((d - 190_300.0).abs() < 1_500.0, "{d}");
        assert_eq!(distance_metres(at(87.0, 53.0), at(87.0, 53.0)), 0.0);
        assert!((bearing_degrees(at(87.0, 53.0), at(87.0, 54.0)) - 0.0).abs() < 1e-9);
        assert!((bearing_degrees(at(0.0, 0.0), at(-1.0, 0.0)) - 270.0).abs() < 1e-9);
    }

    #[test]
    fn a_route_turns_at_its_ends() {
        let r = Route::new(&[at(87.0, 53.0), at(87.0, 53.0), at(87.0, 53.1), at(87.1, 53.1)]).unwrap();
        let l = r.length();
        assert_eq!(r.pose(0.0).place, at(87.0, 53.0));
        assert_eq!(r.pose(l).place, at(87.1, 53.1));
        let (there, back) = (r.pose(l * 0.3), r.pose(l * 1.7));
        assert!(distance_metres(there.place, back.place) < 0.01);
        assert!(((there.heading - back.heading).rem_euclid(360.0) - 180.0).abs() < 1e-6);
        assert!(distance_metres(r.pose(l * 2.0).place, at(87.0, 53.0)) < 0.01);
    }

    #[test]
    fn what_is_no_line_is_no_route() {
        for bad in [vec![], vec![at(1.0, 1.0)], vec![at(1.0, 1.0); 3], vec![at(1.0, 1.0), at(f64::NAN, 2.0)]] {
            assert!(Route::new(&bad).is_none(), "{bad:?}");
        }
    }
}
