//! Shapes and how they lie to each other, in degrees on WGS 84; distances in metres along the surface.

use geo::{BoundingRect, Contains, Coord, Geometry, Intersects, LineString, MultiPolygon, Polygon, Rect, Relate};
use geo::{GeometryCollection, MultiLineString, MultiPoint, Point};
use serde_json::Value;

use crate::Georel;

/// Mean radius of the earth, metres.
const RADIUS: f64 = 6_371_008.8;
/// Metres of one degree of latitude.
const DEGREE: f64 = RADIUS * std::f64::consts::PI / 180.0;

/// A geometry, ready for questions.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    geometry: Geometry<f64>,
    bounds: Rect<f64>,
}

impl Shape {
    /// From GeoJSON (RFC 7946); `None` when it is no geometry.
    pub fn from_json(v: &Value) -> Option<Self> {
        let geometry = read(v)?;
        let bounds = geometry.bounding_rect()?;
        Some(Self { geometry, bounds })
    }

    /// A point.
    pub fn point(lon: f64, lat: f64) -> Self {
        let c = Coord { x: lon, y: lat };
        Self { geometry: Geometry::Point(Point(c)), bounds: Rect::new(c, c) }
    }

    /// West, south, east, north.
    pub fn bounds(&self) -> [f64; 4] {
        let (a, b) = (self.bounds.min(), self.bounds.max());
        [a.x, a.y, b.x, b.y]
    }

    /// The bounds widened by so many metres, held within the world.
    pub fn bounds_around(&self, metres: f64) -> [f64; 4] {
        let [w, s, e, n] = self.bounds();
        let dlat = metres / DEGREE * 1.001;
        let steepest = s.abs().max(n.abs()) + dlat;
        let dlon = if steepest >= 89.9 { 360.0 } else { dlat / steepest.to_radians().cos() };
        [(w - dlon).max(-180.0), (s - dlat).max(-90.0), (e + dlon).min(180.0), (n + dlat).min(90.0)]
    }

    /// Is the rectangle (west, south, east, north) touched?
    pub fn touches(&self, [w, s, e, n]: [f64; 4]) -> bool {
        self.geometry.intersects(&Rect::new(Coord { x: w, y: s }, Coord { x: e, y: n }))
    }

    /// Whether this lies so to `other`.
    pub fn lies(&self, how: Georel, other: &Self) -> bool {
        match how {
            Georel::NearMax(metres) => self.distance(other) <= metres,
            Georel::NearMin(metres) => self.distance(other) >= metres,
            Georel::Disjoint => !self.meets(other),
            Georel::Intersects => self.meets(other),
            _ if !self.bounds.intersects(&other.bounds) => false,
            Georel::Within => self.inside(other),
            Georel::Contains => other.inside(self),
            Georel::Equals => self.geometry == other.geometry || self.geometry.relate(&other.geometry).is_equal_topo(),
            Georel::Overlaps => self.geometry.relate(&other.geometry).is_overlaps(),
        }
    }

    /// Whether every point of the small rectangle (west, south, east, north) lies so to this shape, or none does;
    /// nothing when that depends on the point.
    pub fn settles(&self, how: Georel, [w, s, e, n]: [f64; 4]) -> Option<bool> {
        let rect = Rect::new(Coord { x: w, y: s }, Coord { x: e, y: n });
        match how {
            Georel::NearMax(metres) => {
                let centre = rect.center();
                let away = self.distance(&Self::point(centre.x, centre.y));
                let slack = haversine(centre, rect.min()).max(haversine(centre, rect.max())) + 0.01;
                if away + slack <= metres { Some(true) } else { (away - slack > metres).then_some(false) }
            }
            Georel::Within | Georel::Intersects => {
                let beside = |(a, b): (Coord<f64>, Coord<f64>)| {
                    a.x.max(b.x) < w || a.x.min(b.x) > e || a.y.max(b.y) < s || a.y.min(b.y) > n
                };
                // No edge comes near: all of the rectangle is inside, or all of it outside.
                let area = matches!(self.geometry, Geometry::Polygon(_) | Geometry::MultiPolygon(_));
                (area && pieces(&self.geometry).into_iter().all(beside))
                    .then(|| self.geometry.intersects(&rect.center()))
            }
            _ => None,
        }
    }

    fn meets(&self, other: &Self) -> bool {
        self.bounds.intersects(&other.bounds) && self.geometry.intersects(&other.geometry)
    }

    /// Points are by far the most common case and need no matrix of relations.
    fn inside(&self, other: &Self) -> bool {
        match (&self.geometry, &other.geometry) {
            (Geometry::Point(p), Geometry::Polygon(shape)) => shape.contains(p) || shape.intersects(p),
            (Geometry::Point(p), Geometry::MultiPolygon(shape)) => shape.contains(p) || shape.intersects(p),
            (a, b) => a.relate(b).is_coveredby(),
        }
    }

    /// Metres between the nearest points of both; 0 where they meet.
    pub fn distance(&self, other: &Self) -> f64 {
        if let (Geometry::Point(a), Geometry::Point(b)) = (&self.geometry, &other.geometry) {
            return haversine(a.0, b.0);
        }
        if self.meets(other) {
            return 0.0;
        }
        let (mine, theirs) = (pieces(&self.geometry), pieces(&other.geometry));
        let one = |from: &[(Coord<f64>, Coord<f64>)], to: &[(Coord<f64>, Coord<f64>)]| {
            let ends = from.iter().flat_map(|(a, b)| [*a, *b]);
            ends.flat_map(|p| to.iter().map(move |(a, b)| to_segment(p, *a, *b))).fold(f64::INFINITY, f64::min)
        };
        one(&mine, &theirs).min(one(&theirs, &mine))
    }
}

fn haversine(a: Coord<f64>, b: Coord<f64>) -> f64 {
    let (la, lb) = (a.y.to_radians(), b.y.to_radians());
    let (dlat, dlon) = (lb - la, (b.x - a.x).to_radians());
    let h = (dlat / 2.0).sin().powi(2) + la.cos() * lb.cos() * (dlon / 2.0).sin().powi(2);
    2.0 * RADIUS * h.sqrt().min(1.0).asin()
}

/// From a point to a segment: the nearest point is sought on the plane that touches the earth there.
fn to_segment(p: Coord<f64>, a: Coord<f64>, b: Coord<f64>) -> f64 {
    let scale = p.y.to_radians().cos();
    let flat = |c: Coord<f64>| ((c.x - p.x) * scale, c.y - p.y);
    let ((ax, ay), (bx, by)) = (flat(a), flat(b));
    let (dx, dy) = (bx - ax, by - ay);
    let length = dx * dx + dy * dy;
    let t = if length == 0.0 { 0.0 } else { (-(ax * dx + ay * dy) / length).clamp(0.0, 1.0) };
    haversine(p, Coord { x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t })
}

/// The segments of a geometry; a point is a segment of no length.
fn pieces(g: &Geometry<f64>) -> Vec<(Coord<f64>, Coord<f64>)> {
    let line = |l: &LineString<f64>| l.lines().map(|s| (s.start, s.end)).collect::<Vec<_>>();
    let polygon =
        |p: &Polygon<f64>| std::iter::once(p.exterior()).chain(p.interiors()).flat_map(line).collect::<Vec<_>>();
    match g {
        Geometry::Point(p) => vec![(p.0, p.0)],
        Geometry::MultiPoint(all) => all.iter().map(|p| (p.0, p.0)).collect(),
        Geometry::LineString(l) => line(l),
        Geometry::MultiLineString(all) => all.iter().flat_map(line).collect(),
        Geometry::Polygon(p) => polygon(p),
        Geometry::MultiPolygon(all) => all.iter().flat_map(polygon).collect(),
        Geometry::GeometryCollection(all) => all.iter().flat_map(pieces).collect(),
        _ => Vec::new(),
    }
}

fn read(v: &Value) -> Option<Geometry<f64>> {
    let kind = v.get("type")?.as_str()?;
    if kind == "GeometryCollection" {
        let parts: Option<Vec<_>> = v.get("geometries")?.as_array()?.iter().map(read).collect();
        return Some(Geometry::GeometryCollection(GeometryCollection::from(parts?)));
    }
    let c = v.get("coordinates")?;
    Some(match kind {
        "Point" => Geometry::Point(Point(coord(c)?)),
        "MultiPoint" => Geometry::MultiPoint(MultiPoint(line(c)?.0.into_iter().map(Point).collect())),
        "LineString" => Geometry::LineString(line(c)?),
        "MultiLineString" => Geometry::MultiLineString(MultiLineString(each(c, line)?)),
        "Polygon" => Geometry::Polygon(polygon(c)?),
        "MultiPolygon" => Geometry::MultiPolygon(MultiPolygon(each(c, polygon)?)),
        _ => return None,
    })
}

fn each<T>(v: &Value, f: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    v.as_array()?.iter().map(f).collect()
}

fn coord(v: &Value) -> Option<Coord<f64>> {
    let c = v.as_array().filter(|c| c.len() >= 2)?;
    Some(Coord { x: c[0].as_f64()?, y: c[1].as_f64()? })
}

fn line(v: &Value) -> Option<LineString<f64>> {
    each(v, coord).map(LineString)
}

fn polygon(v: &Value) -> Option<Polygon<f64>> {
    let mut rings = each(v, line)?.into_iter();
    Some(Polygon::new(rings.next()?, rings.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shape(kind: &str, coordinates: Value) -> Shape {
        Shape::from_json(&json!({"type": kind, "coordinates": coordinates})).unwrap()
    }

    fn square(w: f64, s: f64, e: f64, n: f64) -> Shape {
        shape("Polygon", json!([[[w, s], [e, s], [e, n], [w, n], [w, s]]]))
    }

    #[test]
    fn shapes_lie_as_the_words_say() {
        let (big, small, far) =
            (square(0.0, 0.0, 10.0, 10.0), square(2.0, 2.0, 4.0, 4.0), square(20.0, 20.0, 21.0, 21.0));
        let half = square(5.0, 5.0, 15.0, 15.0);
        let hole = shape(
            "Polygon",
            json!([[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]], [[1, 1], [1, 5], [5, 5], [5, 1], [1, 1]]]),
        );
        assert!(small.lies(Georel::Within, &big) && big.lies(Georel::Contains, &small));
        assert!(!small.lies(Georel::Within, &hole) && !Shape::point(3.0, 3.0).lies(Georel::Within, &hole));
        assert!(Shape::point(0.0, 5.0).lies(Georel::Within, &big));
        assert!(half.lies(Georel::Overlaps, &big) && !small.lies(Georel::Overlaps, &big));
        assert!(far.lies(Georel::Disjoint, &big) && half.lies(Georel::Intersects, &big));
        assert!(big.lies(Georel::Equals, &square(0.0, 0.0, 10.0, 10.0)) && !big.lies(Georel::Equals, &small));
        let line = shape("LineString", json!([[-1, 5], [11, 5]]));
        assert!(line.lies(Georel::Intersects, &big) && !line.lies(Georel::Within, &big));
    }

    #[test]
    fn a_small_rectangle_settles_the_question_for_its_points() {
        let small = |x: f64, y: f64| [x, y, x + 1e-6, y + 1e-6];
        let ring = square(0.0, 0.0, 10.0, 10.0);
        assert_eq!(ring.settles(Georel::Within, small(5.0, 5.0)), Some(true));
        assert_eq!(ring.settles(Georel::Within, small(15.0, 5.0)), Some(false));
        assert_eq!(ring.settles(Georel::Within, [9.999_999_9, 5.0, 10.000_000_1, 5.000_001]), None);
        let here = Shape::point(5.0, 5.0);
        assert_eq!(here.settles(Georel::NearMax(1_000.0), small(5.001, 5.0)), Some(true));
        assert_eq!(here.settles(Georel::NearMax(1_000.0), small(5.1, 5.0)), Some(false));
        assert_eq!(ring.settles(Georel::Overlaps, small(5.0, 5.0)), None);
    }

    #[test]
    fn distances_are_metres_to_the_nearest_point() {
        let (a, b) = (Shape::point(87.0, 53.0), Shape::point(87.0, 54.0));
        assert!((a.distance(&b) - 111_195.0).abs() < 10.0);
        let edge = square(88.0, 52.0, 89.0, 54.0);
        assert!((a.distance(&edge) - 66_900.0).abs() < 200.0, "{}", a.distance(&edge));
        assert_eq!(Shape::point(88.5, 53.0).distance(&edge), 0.0);
        assert!(a.lies(Georel::NearMax(70_000.0), &edge) && a.lies(Georel::NearMin(60_000.0), &edge));
        let [w, s, e, n] = a.bounds_around(1_000.0);
        assert!(w < 86.99 && e > 87.01 && s < 52.992 && n > 53.008);
    }
}
